/*
 * kernel_avx2_q_panel - products of rows of blocks with many inputs; see
 * kern.h, and kernel_avx512_q_panel, whose plan this is.
 *
 * Eight rows and 256 columns are unpacked to a panel; a lane is a row. Products
 * of bytes come as 16-bit sums of pairs; as many of them are added as fit, and
 * these are multiplied by the integer scale while they become 32 bits.
 */
#include "kernel_avx2_q.h"
#include "kernel_scalar.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum {
	ROWS = 8,
	DEPTH = 256,         /* columns of a panel */
	BLOCKS = DEPTH / QK, /* blocks of 32 in it */
	TILE = 4,            /* inputs at a time */
	MANY = 7,            /* inputs from which panels pay */
	INPUTS = 128,        /* inputs that are prepared together */
};

/* Values in fours of neighbours, [column / 4][row][column % 4]. */
struct panel {
	uint8_t q[DEPTH / 4][ROWS][4]; /* as bytes32 and bytes256 give them */
	float d[BLOCKS][ROWS], m[BLOCKS][ROWS];
	int16_t s[DEPTH / 16][ROWS][2];   /* scales of groups, twice */
	int16_t min[DEPTH / 32][ROWS][2]; /* corrections of pairs of groups */
};

/* What stands against panels, beside the activations themselves. */
struct inputs {
	int32_t sum[BLOCKS][INPUTS];      /* of blocks of 32 */
	float total[BLOCKS][INPUTS];      /* that times their scales */
	int32_t pair[DEPTH / 32][INPUTS]; /* of two groups each, words */
};

/* How many 16-bit sums of pairs can be added: the largest is 2 * 127 * the
 * largest byte. */
INLINE size_t
run(int type)
{
	switch (type) {
	case DTYPE_Q5_0:
	case DTYPE_Q5_1:
	case DTYPE_Q5_K:
		return 4;
	case DTYPE_Q6_K:
		return 2;
	default:
		return is_wide(type) ? 1 : group_size(type) / 4;
	}
}

/* 32 values of eight rows to fours. */
INLINE void
place(uint8_t q[8][ROWS][4], const __m256i v[8])
{
	__m256i t[8], u[8];

	for (int i = 0; i < 8; i += 2) {
		t[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
		t[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
	}
	for (int i = 0; i < 8; i += 4)
		for (int j = 0; j < 2; j++) {
			u[i + 2 * j] = _mm256_unpacklo_epi64(t[i + j],
			    t[i + j + 2]);
			u[i + 2 * j + 1] = _mm256_unpackhi_epi64(t[i + j],
			    t[i + j + 2]);
		}
	for (int i = 0; i < 4; i++) {
		_mm256_storeu_si256((void *)q[i],
		    _mm256_permute2x128_si256(u[i], u[i + 4], 0x20));
		_mm256_storeu_si256((void *)q[i + 4],
		    _mm256_permute2x128_si256(u[i], u[i + 4], 0x31));
	}
}

/* f16, at the same place in each row's block, as floats. */
INLINE void
halves(float *f, const unsigned char *const w[ROWS], size_t at)
{
	uint16_t h[ROWS];

	for (int r = 0; r < ROWS; r++)
		memcpy(&h[r], w[r] + at, 2);
	_mm256_storeu_ps(f,
	    _mm256_cvtph_ps(_mm_loadu_si128((const void *)h)));
}

/* n blocks of 32 from w[8]. */
INLINE void
unpack32(int type, struct panel *p, const unsigned char *const w[ROWS],
    size_t n)
{
	for (size_t b = 0; b < n; b++) {
		const unsigned char *at[ROWS];
		__m256i v[ROWS];

		for (int r = 0; r < ROWS; r++) {
			at[r] = w[r] + b * block_bytes(type);
			v[r] = bytes32(type, at[r]);
		}
		place(p->q + 8 * b, v);
		halves(p->d[b], at, 0);
		if (has_min(type))
			halves(p->m[b], at, 2);
	}
}

/* The super-blocks w[8]. */
INLINE void
unpack256(int type, struct panel *p, const unsigned char *const w[ROWS])
{
	for (int i = 0; i < 8; i++) {
		__m256i v[ROWS];
		for (int r = 0; r < ROWS; r++)
			v[r] = bytes256(type, w[r], i);
		place(p->q + 8 * i, v);
	}
	for (int r = 0; r < ROWS; r++) {
		__m256i s = scales256(type, w[r]);
		int16_t word[2][16];

		_mm256_storeu_si256((void *)word[0], s);
		_mm256_storeu_si256((void *)word[1],
		    corrections256(type, s, w[r]));
		for (size_t g = 0; g < DEPTH / group_size(type); g++) {
			p->s[g][r][0] = p->s[g][r][1] = word[0][g];
			p->min[g / 2][r][g % 2] = word[1][g];
		}
	}
	halves(p->d[0], w, d256_at(type));
	if (has_min(type))
		halves(p->m[0], w, dmin256_at(type));
}

/* n inputs, columns from.. of k. */
INLINE void
prepare(int type, struct inputs *a, const struct acts *x, size_t n, size_t from,
    size_t depth, size_t k)
{
	for (size_t t = 0; t < n; t++) {
		const int16_t *sum = x->sum + (t * k + from) / 16;

		for (size_t i = 0; i < depth / QK; i++) {
			int16_t both[2] = { sum[2 * i], sum[2 * i + 1] };
			a->sum[i][t] = both[0] + both[1];
			if (has_min(type) && !is_super(type))
				a->total[i][t] = x->d[(t * k + from) / QK + i] *
				    (float)a->sum[i][t];
			if (is_super(type) && group_size(type) == 32) {
				if (i % 2 != 0)
					continue;
				both[0] = (int16_t)(both[0] + both[1]);
				both[1] = (int16_t)(sum[2 * i + 2] +
				    sum[2 * i + 3]);
				memcpy(&a->pair[i / 2][t], both, 4);
			} else {
				memcpy(&a->pair[i][t], both, 4);
			}
		}
	}
}

INLINE __m256i
four(const int8_t *q)
{
	int32_t x;

	memcpy(&x, q, 4);
	return _mm256_set1_epi32(x);
}

/* Have v now: added in another order, sums take more registers than there
 * are. */
INLINE __m256i
now(__m256i v)
{
	__asm__("" : "+x"(v));
	return v;
}

/* s[n] += scale * (fours at..at+many-1 of the panel times those of n inputs, k
 * apart). */
INLINE void
multiply(int type, __m256i *s, const struct panel *p, const int8_t *q, size_t k,
    size_t n, size_t at, size_t many, __m256i scale)
{
	for (size_t i = at; i < at + many; i += run(type)) {
		__m256i sum[TILE];
		for (size_t l = i; l < i + run(type); l++) {
			__m256i w = _mm256_loadu_si256((const void *)p->q[l]);
			for (size_t j = 0; j < n; j++) {
				__m256i v = pairs(type, w,
				    four(q + j * k + 4 * l));
				sum[j] = now(l == i
				    ? v : _mm256_add_epi16(sum[j], v));
			}
		}
		for (size_t j = 0; j < n; j++)
			s[j] = _mm256_add_epi32(s[j],
			    _mm256_madd_epi16(sum[j], scale));
	}
}

/* y += the panel times inputs t..t+n-1, whose values are q and scales d; blocks
 * of 32 in order. */
INLINE void
tile32(int type, __m256 *acc, const struct panel *p, const struct inputs *a,
    const int8_t *q, const float *d, size_t k, size_t t, size_t n,
    size_t blocks)
{
	for (size_t b = 0; b < blocks; b++) {
		__m256i s[TILE];

		for (size_t j = 0; j < n; j++)
			s[j] = is_wide(type) ? _mm256_setzero_si256()
			    : _mm256_set1_epi32(-byte_offset(type) *
			        a->sum[b][t + j]);
		multiply(type, s, p, q, k, n, 8 * b, 8,
		    _mm256_set1_epi16(1));
		for (size_t j = 0; j < n; j++) {
			__m256 xd = _mm256_set1_ps(d[j * (k / QK) + b]);
			acc[j] = _mm256_fmadd_ps(_mm256_mul_ps(xd,
			    _mm256_loadu_ps(p->d[b])),
			    _mm256_cvtepi32_ps(s[j]), acc[j]);
			if (has_min(type))
				acc[j] = _mm256_fmadd_ps(
				    _mm256_loadu_ps(p->m[b]),
				    _mm256_set1_ps(a->total[b][t + j]), acc[j]);
		}
	}
}

/* The same for a super-block. */
INLINE void
tile256(int type, __m256 *acc, const struct panel *p, const struct inputs *a,
    const int8_t *q, const float *d, size_t k, size_t t, size_t n)
{
	const size_t groups = DEPTH / group_size(type), fours = 64 / groups;
	__m256i s[TILE];

	for (size_t j = 0; j < n; j++)
		s[j] = _mm256_setzero_si256();
	for (size_t g = 0; g < groups; g++)
		multiply(type, s, p, q, k, n, g * fours, fours,
		    _mm256_loadu_si256((const void *)p->s[g]));
	for (size_t j = 0; j < n; j++) {
		__m256 xd = _mm256_set1_ps(d[j * (k / QK_K)]);
		__m256i c = _mm256_setzero_si256();

		for (size_t i = 0; i < groups / 2 && !is_wide(type); i++)
			c = _mm256_add_epi32(c, _mm256_madd_epi16(
			    _mm256_loadu_si256((const void *)p->min[i]),
			    _mm256_set1_epi32(a->pair[i][t + j])));
		if (!has_min(type) && !is_wide(type))
			s[j] = _mm256_sub_epi32(s[j], _mm256_mullo_epi32(c,
			    _mm256_set1_epi32(byte_offset(type))));
		acc[j] = _mm256_fmadd_ps(_mm256_mul_ps(xd,
		    _mm256_loadu_ps(p->d[0])), _mm256_cvtepi32_ps(s[j]),
		    acc[j]);
		if (has_min(type))
			acc[j] = _mm256_fnmadd_ps(_mm256_loadu_ps(p->m[0]),
			    _mm256_mul_ps(xd, _mm256_cvtepi32_ps(c)), acc[j]);
	}
}

/* y[t*ldy..] of eight rows go on from what they are, from 0 when this is the
 * first panel; columns from..from+depth-1 of k. */
INLINE void
tile(int type, float *y, size_t ldy, const struct panel *p,
    const struct inputs *a, const struct acts *x, size_t k, size_t t, size_t n,
    size_t from, size_t depth)
{
	const size_t block = is_super(type) ? QK_K : QK;
	const int8_t *q = x->q + t * k + from;
	const float *d = x->d + (t * k + from) / block;
	__m256 acc[TILE];

	for (size_t j = 0; j < n; j++)
		acc[j] = from == 0 ? _mm256_setzero_ps()
		                   : _mm256_loadu_ps(y + (t + j) * ldy);
	if (is_super(type))
		tile256(type, acc, p, a, q, d, k, t, n);
	else
		tile32(type, acc, p, a, q, d, k, t, n, depth / QK);
	for (size_t j = 0; j < n; j++)
		_mm256_storeu_ps(y + (t + j) * ldy, acc[j]);
}

/* All inputs, for the types of one kind. */
typedef void tiles(float *y, size_t ldy, const struct panel *p,
    const struct inputs *a, const struct acts *x, size_t k, size_t n,
    size_t from, size_t depth);

#define TILES(name, type)                                                      \
	AVX2 static void name(float *y, size_t ldy, const struct panel *p,     \
	    const struct inputs *a, const struct acts *x, size_t k, size_t n,  \
	    size_t from, size_t depth)                                         \
	{                                                                      \
		size_t t = 0;                                                  \
		for (; t + TILE <= n; t += TILE)                               \
			tile(type, y, ldy, p, a, x, k, t, TILE, from, depth);  \
		for (; t < n; t++)                                             \
			tile(type, y, ldy, p, a, x, k, t, 1, from, depth);     \
	}

TILES(tiles_q4_0, DTYPE_Q4_0)
TILES(tiles_q4_1, DTYPE_Q4_1)
TILES(tiles_q5_0, DTYPE_Q5_0)
TILES(tiles_q5_1, DTYPE_Q5_1)
TILES(tiles_q8_0, DTYPE_Q8_0) /* and IQ4_NL */
TILES(tiles_q2_k, DTYPE_Q2_K)
TILES(tiles_q3_k, DTYPE_Q3_K)
TILES(tiles_q4_k, DTYPE_Q4_K)
TILES(tiles_q5_k, DTYPE_Q5_K)
TILES(tiles_q6_k, DTYPE_Q6_K)
TILES(tiles_iq4_xs, DTYPE_IQ4_XS)

/* Fetch n bytes of each of the rows that come next while these are multiplied:
 * eight streams, cut short, are more than the processor foresees. */
INLINE void
fetch(const unsigned char *const row[ROWS], size_t n, size_t stride)
{
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < n + 63; j += 64)
			_mm_prefetch((const void *)(row[i] + ROWS * stride +
			    j), _MM_HINT_T1);
}

/* Whole eights of rows, at most INPUTS inputs. */
INLINE void
panels(int type, tiles *f, float *y, size_t ldy, const unsigned char *w,
    const struct acts *x, size_t rows, size_t n, size_t k)
{
	const size_t block = is_super(type) ? QK_K : QK;
	struct panel p;
	struct inputs a;

	for (size_t from = 0; from < k; from += DEPTH) {
		size_t depth = k - from < DEPTH ? k - from : DEPTH;
		prepare(type, &a, x, n, from, depth, k);
		for (size_t r = 0; r < rows; r += ROWS) {
			const unsigned char *row[ROWS];
			for (size_t i = 0; i < ROWS; i++)
				row[i] = w + ((r + i) * k + from) / block *
				    block_bytes(type);
			if (is_super(type))
				unpack256(type, &p, row);
			else
				unpack32(type, &p, row, depth / QK);
			fetch(row, depth / block * block_bytes(type),
			    k / block * block_bytes(type));
			f(y + r, ldy, &p, &a, x, k, n, from, depth);
		}
	}
}

/* Many inputs by panels, few and what is left of the rows by rows. */
INLINE void
matmul(int type, tiles *f, kern_matmul_q *by_rows, float *y, size_t ldy,
    uint32_t number, const void *w, const struct acts *x, size_t rows, size_t n,
    size_t k)
{
	const size_t block = is_super(type) ? QK_K : QK;
	size_t whole = rows - rows % ROWS;
	const unsigned char *rest = w;

	rest += whole * k / block * block_bytes(type);
	for (size_t t = 0; t < n; t += INPUTS, y += INPUTS * ldy) {
		size_t some = n - t < INPUTS ? n - t : INPUTS;
		struct acts a = { .q = x->q + t * k,
			.d = x->d + t * (k / block),
			.sum = x->sum + t * (k / 16),
			.more = (struct prepared *)x->more + t * (k / QK) };
		if (some < MANY) {
			by_rows(y, ldy, number, w, &a, rows, some, k);
			continue;
		}
		panels(type, f, y, ldy, w, &a, whole, some, k);
		if (whole < rows)
			by_rows(y + whole, ldy, number, rest, &a, rows - whole,
			    some, k);
	}
}

/* n sums, from place t of to[] on, take in the panel's block. */
INLINE void
add_tile(int type, float *y, size_t ldy, const struct panel *p,
    const struct inputs *a, const struct acts *x, const uint32_t *to, size_t t,
    size_t n)
{
	__m256 acc[TILE];

	for (size_t j = 0; j < n; j++)
		acc[j] = _mm256_loadu_ps(y + to[t + j] * ldy);
	if (is_super(type))
		tile256(type, acc, p, a, x->q + t * QK_K, x->d + t, QK_K, t, n);
	else
		tile32(type, acc, p, a, x->q + t * QK, x->d + t, QK, t, n, 1);
	for (size_t j = 0; j < n; j++)
		_mm256_storeu_ps(y + to[t + j] * ldy, acc[j]);
}

/* Whole eights of rows, at most INPUTS blocks of inputs. */
INLINE void
add_some(int type, float *y, size_t ldy, const unsigned char *w, size_t stride,
    const struct acts *x, const uint32_t *to, size_t rows, size_t n)
{
	const size_t block = is_super(type) ? QK_K : QK;
	struct panel p;
	struct inputs a;

	prepare(type, &a, x, n, 0, block, block);
	for (size_t r = 0; r < rows; r += ROWS) {
		const unsigned char *row[ROWS];
		size_t t = 0;

		for (size_t i = 0; i < ROWS; i++)
			row[i] = w + (r + i) * stride;
		if (is_super(type))
			unpack256(type, &p, row);
		else
			unpack32(type, &p, row, 1);
		for (; t + TILE <= n; t += TILE)
			add_tile(type, y + r, ldy, &p, &a, x, to, t, TILE);
		for (; t < n; t++)
			add_tile(type, y + r, ldy, &p, &a, x, to, t, 1);
	}
}

INLINE void
add(int type, float *y, size_t ldy, uint32_t number, const unsigned char *w,
    size_t stride, const struct acts *x, const uint32_t *to, size_t rows,
    size_t n)
{
	const size_t block = is_super(type) ? QK_K : QK;
	size_t whole = rows - rows % ROWS;

	if (whole < rows)
		scalar_add_q(y + whole, ldy, number, w + whole * stride, stride,
		    x, to, rows - whole, n);
	for (size_t t = 0; t < n; t += INPUTS) {
		struct acts a = { .q = x->q + t * block, .d = x->d + t,
			.sum = x->sum + t * (block / 16) };
		add_some(type, y, ldy, w, stride, &a, to + t, whole,
		    n - t < INPUTS ? n - t : INPUTS);
	}
}

#define SLOT(name, type, f)                                                    \
	AVX2 static void add_##name(float *y, size_t ldy, uint32_t number,     \
	    const void *w, size_t stride, const struct acts *x,                \
	    const uint32_t *to, size_t rows, size_t n)                         \
	{                                                                      \
		add(type, y, ldy, number, w, stride, x, to, rows, n);          \
	}                                                                      \
	AVX2 static void name(float *y, size_t ldy, uint32_t number,           \
	    const void *w, const struct acts *x, size_t rows, size_t n,        \
	    size_t k)                                                          \
	{                                                                      \
		matmul(type, f, avx2_rows_##name, y, ldy, number, w, x, rows,  \
		    n, k);                                                     \
	}

SLOT(q4_0, DTYPE_Q4_0, tiles_q4_0)
SLOT(q4_1, DTYPE_Q4_1, tiles_q4_1)
SLOT(q5_0, DTYPE_Q5_0, tiles_q5_0)
SLOT(q5_1, DTYPE_Q5_1, tiles_q5_1)
SLOT(q8_0, DTYPE_Q8_0, tiles_q8_0)
SLOT(q2_k, DTYPE_Q2_K, tiles_q2_k)
SLOT(q3_k, DTYPE_Q3_K, tiles_q3_k)
SLOT(q4_k, DTYPE_Q4_K, tiles_q4_k)
SLOT(q5_k, DTYPE_Q5_K, tiles_q5_k)
SLOT(q6_k, DTYPE_Q6_K, tiles_q6_k)
SLOT(iq4_nl, DTYPE_IQ4_NL, tiles_q8_0)
SLOT(iq4_xs, DTYPE_IQ4_XS, tiles_iq4_xs)

void
avx2_set_q(struct kern *k)
{
	k->prepare = avx2_prepare;
	k->matmul_q[DTYPE_Q4_0] = q4_0;
	k->add_q[DTYPE_Q4_0] = add_q4_0;
	k->matmul_q[DTYPE_Q4_1] = q4_1;
	k->add_q[DTYPE_Q4_1] = add_q4_1;
	k->matmul_q[DTYPE_Q5_0] = q5_0;
	k->add_q[DTYPE_Q5_0] = add_q5_0;
	k->matmul_q[DTYPE_Q5_1] = q5_1;
	k->add_q[DTYPE_Q5_1] = add_q5_1;
	k->matmul_q[DTYPE_Q8_0] = q8_0;
	k->add_q[DTYPE_Q8_0] = add_q8_0;
	k->matmul_q[DTYPE_Q2_K] = q2_k;
	k->add_q[DTYPE_Q2_K] = add_q2_k;
	k->matmul_q[DTYPE_Q3_K] = q3_k;
	k->add_q[DTYPE_Q3_K] = add_q3_k;
	k->matmul_q[DTYPE_Q4_K] = q4_k;
	k->add_q[DTYPE_Q4_K] = add_q4_k;
	k->matmul_q[DTYPE_Q5_K] = q5_k;
	k->add_q[DTYPE_Q5_K] = add_q5_k;
	k->matmul_q[DTYPE_Q6_K] = q6_k;
	k->add_q[DTYPE_Q6_K] = add_q6_k;
	k->matmul_q[DTYPE_IQ4_NL] = iq4_nl;
	k->add_q[DTYPE_IQ4_NL] = add_iq4_nl;
	k->matmul_q[DTYPE_IQ4_XS] = iq4_xs;
	k->add_q[DTYPE_IQ4_XS] = add_iq4_xs;
}

#else
typedef int no_avx2; /* a file may not be empty */
#endif
