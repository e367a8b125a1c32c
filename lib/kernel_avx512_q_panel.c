/*
 * kernel_avx512_q_panel - products of rows of blocks with many inputs; see
 * kern.h.
 *
 * Sixteen rows and 256 columns are unpacked to a panel that stays in the first
 * cache; a lane is a row. vpdpbusd wants one side unsigned: the activations
 * are, 128 added, and the panel brings what that added with its sums.
 */
#include "kernel_avx512_q.h"
#include "kernel_scalar.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum {
	ROWS = 16,
	DEPTH = 256,         /* columns of a panel */
	BLOCKS = DEPTH / QK, /* blocks of 32 in it */
	TILE = 8,            /* inputs at a time */
	MANY = 8,            /* inputs from which panels pay */
	INPUTS = 128,        /* inputs that are prepared together */
};

/* Values in fours of neighbours, [column / 4][row][column % 4]. */
struct panel {
	int8_t q[DEPTH / 4][ROWS][4];
	int32_t less[BLOCKS][ROWS]; /* by block of 32, or [0] of 256: -128 *
	                               the sum of the (scaled) values */
	float d[BLOCKS][ROWS], m[BLOCKS][ROWS];
	int32_t s[DEPTH / 16][ROWS];        /* scales of groups */
	int16_t min[DEPTH / 32][ROWS][2]; /* pairs of groups' */
};

/* The activations that stand against panels. */
struct inputs {
	uint8_t q[INPUTS][DEPTH]; /* 128 added */
	float d[BLOCKS][INPUTS];
	float sum[BLOCKS][INPUTS];        /* of blocks of 32 */
	int32_t pair[DEPTH / 32][INPUTS]; /* of two groups each, words */
};

/* Rows of 16 integers to columns. */
INLINE void
transpose16(__m512i v[16])
{
	__m512i t[16];

	for (int i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
	}
	for (int i = 0; i < 16; i += 4)
		for (int j = 0; j < 2; j++) {
			v[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j],
			    t[i + j + 2]);
			v[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j],
			    t[i + j + 2]);
		}
	for (int i = 0; i < 16; i += 8)
		for (int j = 0; j < 4; j++) {
			t[i + j] = _mm512_shuffle_i32x4(v[i + j], v[i + j + 4],
			    0x88);
			t[i + j + 4] = _mm512_shuffle_i32x4(v[i + j],
			    v[i + j + 4], 0xdd);
		}
	for (int i = 0; i < 8; i++) {
		v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
		v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
	}
}

/* One vector of each row, groups g[4] of 16 columns, to the panel; a group
 * that is negative is left out. */
INLINE void
place(struct panel *p, int type, const __m512i *row, const int g[4])
{
	const __m512i by = _mm512_set1_epi8((char)byte_offset(type));
	__m512i v[16];

	for (int r = 0; r < 16; r++)
		v[r] = _mm512_sub_epi8(row[r], by);
	transpose16(v);
	for (int i = 0; i < 16; i++)
		if (g[i / 4] >= 0)
			_mm512_storeu_si512(p->q[4 * g[i / 4] + i % 4], v[i]);
}

/* 128 times the sum of the values of n fours from `at`. */
INLINE __m512i
sum128(const struct panel *p, size_t at, size_t n)
{
	__m512i s = _mm512_setzero_si512();

	for (size_t i = at; i < at + n; i++)
		s = _mm512_dpbusd_epi32(s, _mm512_set1_epi8(-128),
		    _mm512_loadu_si512(p->q[i]));
	return s;
}

/* Blocks from..from+n-1 of rows w[16] of nb >= 4 blocks of 32. */
INLINE void
unpack32(int type, struct panel *p, const unsigned char *const w[ROWS],
    size_t from, size_t n, size_t nb)
{
	for (size_t at = from; at < from + n; at += 4) {
		size_t b = at + 4 <= nb ? at : nb - 4; /* as in rows32 */
		__m512i z[2][ROWS];
		const unsigned char *s[ROWS];
		int g[4];

		for (size_t r = 0; r < ROWS; r++) {
			__m512i v[2];
			s[r] = w[r] + b * block_bytes(type);
			bytes32(type, v, s[r]);
			z[0][r] = v[0];
			z[1][r] = v[1];
		}
		for (int half = 0; half < 2; half++) {
			for (size_t i = 0; i < 4; i++)
				g[i] = b + i < at
				    ? -1 : (int)(b + i - from) * 2 + half;
			place(p, type, z[half], g);
		}
		for (size_t r = 0; r < ROWS; r += 4) {
			__m512 d, m;
			float f[2][16];
			factors32(type, &d, &m, packed32(type, s + r));
			_mm512_storeu_ps(f[0], d);
			_mm512_storeu_ps(f[1], m);
			for (size_t i = at - b; i < 4; i++) {
				size_t to = b + i - from;
				memcpy(&p->d[to][r], f[0] + 4 * i, 16);
				memcpy(&p->m[to][r], f[1] + 4 * i, 16);
			}
		}
	}
	for (size_t b = 0; b < n; b++)
		_mm512_storeu_si512(p->less[b], _mm512_sub_epi32(
		    _mm512_setzero_si512(), sum128(p, 8 * b, 8)));
}

/* The super-blocks w[16]. */
INLINE void
unpack256(int type, struct panel *p, const unsigned char *const w[ROWS])
{
	const size_t groups = DEPTH / group_size(type);
	__m512i z[4][ROWS], less = _mm512_setzero_si512();
	uint16_t d[ROWS], m[ROWS];

	for (size_t r = 0; r < ROWS; r++) {
		__m512i v[4];
		__m256i s = scales256(type, w[r]);
		int16_t word[2][16];

		bytes256(type, v, w[r]);
		for (int i = 0; i < 4; i++)
			z[i][r] = v[i];
		_mm256_storeu_si256((void *)word[0], s);
		_mm256_storeu_si256((void *)word[1],
		    corrections256(type, s, w[r]));
		for (size_t g = 0; g < groups; g++) {
			p->s[g][r] = word[0][g];
			if (has_min(type))
				p->min[g / 2][r][g % 2] = word[1][g];
		}
		memcpy(&d[r], w[r] + d256_at(type), 2);
		memcpy(&m[r], w[r] + dmin256_at(type), 2);
	}
	_mm512_storeu_ps(p->d[0],
	    _mm512_cvtph_ps(_mm256_loadu_si256((const void *)d)));
	_mm512_storeu_ps(p->m[0],
	    _mm512_cvtph_ps(_mm256_loadu_si256((const void *)m)));
	for (int i = 0; i < 4; i++) {
		int g[4];
		for (int l = 0; l < 4; l++)
			g[l] = group_at(type, 4 * i + l);
		place(p, type, z[i], g);
	}
	for (size_t g = 0; g < groups; g++)
		less = _mm512_sub_epi32(less, _mm512_mullo_epi32(
		    sum128(p, g * 64 / groups, 64 / groups),
		    _mm512_loadu_si512(p->s[g])));
	_mm512_storeu_si512(p->less[0], less);
}

/* n inputs, columns from.. of k. */
INLINE void
prepare(int type, struct inputs *a, const struct acts *x, size_t n, size_t from,
    size_t depth, size_t k)
{
	const size_t block = is_super(type) ? QK_K : QK;
	const __m256i more = _mm256_set1_epi8(-128);

	for (size_t t = 0; t < n; t++) {
		const int8_t *q = x->q + t * k + from;
		const int16_t *sum = x->sum + (t * k + from) / 16;

		for (size_t i = 0; i < depth; i += 32)
			_mm256_storeu_si256((void *)(a->q[t] + i),
			    _mm256_xor_si256(more,
			    _mm256_loadu_si256((const void *)(q + i))));
		for (size_t i = 0; i < depth / block; i++)
			a->d[i][t] = x->d[(t * k + from) / block + i];
		if (has_min(type) && !is_super(type))
			for (size_t i = 0; i < depth / QK; i++)
				a->sum[i][t] = (float)(sum[2 * i] +
				    sum[2 * i + 1]);
		if (has_min(type) && group_size(type) == 16)
			for (size_t i = 0; i < DEPTH / 32; i++)
				memcpy(&a->pair[i][t], sum + 2 * i, 4);
		if (has_min(type) && is_super(type) && group_size(type) == 32)
			for (size_t i = 0; i < DEPTH / 64; i++) {
				int16_t both[] = {
					(int16_t)(sum[4 * i] + sum[4 * i + 1]),
					(int16_t)(sum[4 * i + 2] +
					    sum[4 * i + 3]) };
				memcpy(&a->pair[i][t], both, 4);
			}
	}
}

/* s[n] += fours at..at+many-1 of the panel times those of inputs t.. */
INLINE void
multiply(__m512i *s, const struct panel *p, const struct inputs *a, size_t t,
    size_t n, size_t at, size_t many)
{
	for (size_t i = at; i < at + many; i++) {
		__m512i w = _mm512_loadu_si512(p->q[i]);
		for (size_t j = 0; j < n; j++) {
			int32_t x;
			memcpy(&x, a->q[t + j] + 4 * i, 4);
			s[j] = _mm512_dpbusd_epi32(s[j], _mm512_set1_epi32(x),
			    w);
		}
	}
}

/* acc[n] += panel times inputs t..t+n-1, blocks of 32 in order. */
INLINE void
tile32(int type, __m512 *acc, const struct panel *p, const struct inputs *a,
    size_t t, size_t n, size_t blocks)
{
	for (size_t b = 0; b < blocks; b++) {
		__m512 d = _mm512_loadu_ps(p->d[b]);
		__m512 m = _mm512_loadu_ps(p->m[b]);
		__m512i s[TILE];

		for (size_t j = 0; j < n; j++)
			s[j] = _mm512_loadu_si512(p->less[b]);
		multiply(s, p, a, t, n, 8 * b, 8);
		for (size_t j = 0; j < n; j++) {
			__m512 xd = _mm512_set1_ps(a->d[b][t + j]);
			acc[j] = _mm512_fmadd_ps(_mm512_mul_ps(d, xd),
			    _mm512_cvtepi32_ps(s[j]), acc[j]);
			if (has_min(type))
				acc[j] = _mm512_fmadd_ps(_mm512_mul_ps(m, xd),
				    _mm512_set1_ps(a->sum[b][t + j]), acc[j]);
		}
	}
}

/* The same for a super-block. */
INLINE void
tile256(int type, __m512 *acc, const struct panel *p, const struct inputs *a,
    size_t t, size_t n)
{
	const size_t groups = DEPTH / group_size(type), fours = 64 / groups;
	__m512 d = _mm512_loadu_ps(p->d[0]), m = _mm512_loadu_ps(p->m[0]);
	__m512i all[TILE];

	for (size_t j = 0; j < n; j++)
		all[j] = _mm512_loadu_si512(p->less[0]);
	for (size_t g = 0; g < groups; g++) {
		__m512i scale = _mm512_loadu_si512(p->s[g]), s[TILE];
		for (size_t j = 0; j < n; j++)
			s[j] = _mm512_setzero_si512();
		multiply(s, p, a, t, n, g * fours, fours);
		for (size_t j = 0; j < n; j++)
			all[j] = _mm512_add_epi32(all[j],
			    _mm512_mullo_epi32(s[j], scale));
	}
	for (size_t j = 0; j < n; j++) {
		__m512 xd = _mm512_set1_ps(a->d[0][t + j]);
		__m512i s = _mm512_setzero_si512();
		acc[j] = _mm512_fmadd_ps(_mm512_mul_ps(d, xd),
		    _mm512_cvtepi32_ps(all[j]), acc[j]);
		if (!has_min(type))
			continue;
		for (size_t i = 0; i < groups / 2; i++)
			s = _mm512_dpwssd_epi32(s,
			    _mm512_loadu_si512(p->min[i]),
			    _mm512_set1_epi32(a->pair[i][t + j]));
		acc[j] = _mm512_fnmadd_ps(_mm512_mul_ps(m, xd),
		    _mm512_cvtepi32_ps(s), acc[j]);
	}
}

/* y[t*ldy..] of the rows of mask go on from what they are, from 0 when this is
 * the first panel. */
INLINE void
tile(int type, float *y, size_t ldy, __mmask16 mask, const struct panel *p,
    const struct inputs *a, size_t t, size_t n, size_t depth, bool first)
{
	__m512 acc[TILE];

	for (size_t j = 0; j < n; j++)
		acc[j] = _mm512_maskz_loadu_ps(first ? 0 : mask,
		    y + (t + j) * ldy);
	if (is_super(type))
		tile256(type, acc, p, a, t, n);
	else
		tile32(type, acc, p, a, t, n, depth / QK);
	for (size_t j = 0; j < n; j++)
		_mm512_mask_storeu_ps(y + (t + j) * ldy, mask, acc[j]);
}

/* All inputs, for the types of one kind. */
typedef void tiles(float *y, size_t ldy, __mmask16 mask, const struct panel *p,
    const struct inputs *a, size_t n, size_t depth, bool first);

#define TILES(name, type)                                                      \
	AVX512 static void name(float *y, size_t ldy, __mmask16 mask,          \
	    const struct panel *p, const struct inputs *a, size_t n,           \
	    size_t depth, bool first)                                          \
	{                                                                      \
		size_t t = 0;                                                  \
		for (; t + TILE <= n; t += TILE)                               \
			tile(type, y, ldy, mask, p, a, t, TILE, depth, first); \
		for (; t + 4 <= n; t += 4)                                     \
			tile(type, y, ldy, mask, p, a, t, 4, depth, first);    \
		for (; t < n; t++)                                             \
			tile(type, y, ldy, mask, p, a, t, 1, depth, first);    \
	}

TILES(blocks, DTYPE_Q8_0)
TILES(blocks_min, DTYPE_Q4_1)
TILES(groups16, DTYPE_Q6_K)
TILES(groups16_min, DTYPE_Q2_K)
TILES(groups32, DTYPE_IQ4_XS)
TILES(groups32_min, DTYPE_Q4_K)

/* At most INPUTS inputs. */
INLINE void
panels(int type, tiles *f, float *y, size_t ldy, const unsigned char *w,
    const struct acts *x, size_t rows, size_t n, size_t k)
{
	const size_t block = is_super(type) ? QK_K : QK;
	size_t nb = k / block, stride = nb * block_bytes(type);
	struct panel p;
	struct inputs a;

	for (size_t from = 0; from < k; from += DEPTH) {
		size_t depth = k - from < DEPTH ? k - from : DEPTH;
		prepare(type, &a, x, n, from, depth, k);
		for (size_t r = 0; r < rows; r += ROWS) {
			const unsigned char *row[ROWS];
			size_t some = rows - r < ROWS ? rows - r : ROWS;

			for (size_t i = 0; i < ROWS; i++)
				row[i] = w + (r + (i < some ? i : 0)) * stride;
			if (is_super(type)) {
				for (size_t i = 0; i < ROWS; i++)
					row[i] += from / QK_K *
					    block_bytes(type);
				unpack256(type, &p, row);
			} else {
				unpack32(type, &p, row, from / QK, depth / QK,
				    nb);
			}
			f(y + r, ldy, first16(some), &p, &a, n, depth,
			    from == 0);
		}
	}
}

/* Many inputs by panels, few by rows. */
INLINE void
matmul(int type, tiles *f, kern_matmul_q *by_rows, float *y, size_t ldy,
    uint32_t number, const void *w, const struct acts *x, size_t rows, size_t n, size_t k)
{
	const size_t block = is_super(type) ? QK_K : QK;

	if (k < 4 * QK) { /* four blocks are taken at a time */
		scalar_matmul_q(y, ldy, number, w, x, rows, n, k);
		return;
	}
	for (size_t t = 0; t < n; t += INPUTS) {
		size_t some = n - t < INPUTS ? n - t : INPUTS;
		struct acts a = { x->q + t * k, x->d + t * (k / block),
			x->sum + t * (k / 16) };
		if (some >= MANY)
			panels(type, f, y + t * ldy, ldy, w, &a, rows, some, k);
		else
			by_rows(y + t * ldy, ldy, number, w, &a, rows, some, k);
	}
}

#define SLOT(name, type, f)                                                     \
	AVX512 static void name(float *y, size_t ldy, uint32_t number,         \
	    const void *w, const struct acts *x, size_t rows, size_t n,        \
	    size_t k)                                                          \
	{                                                                      \
		matmul(type, f, avx512_rows_##name, y, ldy, number, w, x,      \
		    rows, n, k);                                               \
	}

SLOT(q4_0, DTYPE_Q4_0, blocks)
SLOT(q4_1, DTYPE_Q4_1, blocks_min)
SLOT(q5_0, DTYPE_Q5_0, blocks)
SLOT(q5_1, DTYPE_Q5_1, blocks_min)
SLOT(q8_0, DTYPE_Q8_0, blocks)
SLOT(q2_k, DTYPE_Q2_K, groups16_min)
SLOT(q3_k, DTYPE_Q3_K, groups16)
SLOT(q4_k, DTYPE_Q4_K, groups32_min)
SLOT(q5_k, DTYPE_Q5_K, groups32_min)
SLOT(q6_k, DTYPE_Q6_K, groups16)
SLOT(iq4_nl, DTYPE_IQ4_NL, blocks)
SLOT(iq4_xs, DTYPE_IQ4_XS, groups32)

void
avx512_set_q(struct kern *k)
{
	k->matmul_q[DTYPE_Q4_0] = q4_0;
	k->matmul_q[DTYPE_Q4_1] = q4_1;
	k->matmul_q[DTYPE_Q5_0] = q5_0;
	k->matmul_q[DTYPE_Q5_1] = q5_1;
	k->matmul_q[DTYPE_Q8_0] = q8_0;
	k->matmul_q[DTYPE_Q2_K] = q2_k;
	k->matmul_q[DTYPE_Q3_K] = q3_k;
	k->matmul_q[DTYPE_Q4_K] = q4_k;
	k->matmul_q[DTYPE_Q5_K] = q5_k;
	k->matmul_q[DTYPE_Q6_K] = q6_k;
	k->matmul_q[DTYPE_IQ4_NL] = iq4_nl;
	k->matmul_q[DTYPE_IQ4_XS] = iq4_xs;
}

#else
typedef int no_avx512; /* a file may not be empty */
#endif
