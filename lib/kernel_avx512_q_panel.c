/*
 * kernel_avx512_q_panel - products of rows of blocks with many inputs; see
 * kern.h.
 *
 * Sixteen rows are unpacked to panels that stay in the first caches; a lane is
 * a row, and its sum stays in a register until the row ends. vpdpbusd wants one
 * side unsigned: the activations are, 128 added, and the panel brings what that
 * added with its sums.
 */
#include "kernel_avx512_q_add.h"
#include "kernel_scalar.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum {
	DEPTH = 2048, /* columns that are unpacked together */
	QUAD = 4,     /* inputs that are prepared together */
	TILE = 8,     /* inputs at a time */
};

union panels {
	struct panel32 b32[DEPTH / QK];
	struct panel256 b256[DEPTH / QK_K];
};

/* What is prepared of n inputs, in quads: values with 128 added, in fours of
 * neighbours; factors; sums of
 * each 32, as floats times the factors or as two words of 16 each. */
struct quads {
	uint8_t *q; /* (quads, k / 4, QUAD, 4) */
	float *d;   /* (quads, k / block, QUAD) */
	void *sum;  /* (quads, k / 32, QUAD) */
	const unsigned char *next; /* rows that are unpacked next */
};

INLINE struct quads
quads(const struct acts *x, size_t n, size_t k, size_t block)
{
	size_t all = (n + QUAD - 1) / QUAD * QUAD;
	uint8_t *p = x->more;

	return (struct quads) { p, (void *)(p + all * k),
		(void *)(p + all * k + all * (k / block) * sizeof(float)),
		NULL };
}

/* Few inputs for rows of blocks of 32. */
AVX512 static void
prepare_few(const struct acts *x, size_t n, size_t k)
{
	int8_t *first = x->more, *second = first + n * k / 2;
	float *total = (void *)(first + n * k);

	for (size_t b = 0; b < n * (k / QK); b++) {
		memcpy(first + 16 * b, x->q + QK * b, 16);
		memcpy(second + 16 * b, x->q + QK * b + 16, 16);
		total[b] = x->d[b] *
		    (float)(x->sum[2 * b] + x->sum[2 * b + 1]);
	}
}

/* Sixteen values from column c on of inputs t..t+3, of which the last stands for
 * those that are none. */
INLINE __m512i
quad(const struct acts *x, size_t t, size_t n, size_t k, size_t c)
{
	__m128i in[QUAD];

	for (size_t j = 0; j < QUAD; j++)
		in[j] = _mm_loadu_si128((const void *)(x->q +
		    (t + j < n ? t + j : n - 1) * k + c));
	return lanes(in[0], in[1], in[2], in[3]);
}

/* Many inputs t..t+3 of n, where there are that many. */
AVX512 static void
prepare_quad(const struct acts *x, size_t t, size_t n, size_t k, size_t block)
{
	struct quads to = quads(x, n, k, block);
	const __m512i more = _mm512_set1_epi8(-128);
	const __m512i turn = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6,
	    10, 14, 3, 7, 11, 15);
	float *d = to.d + t * (k / block), *total = to.sum;
	int16_t *pair = to.sum;

	total += t * (k / QK);
	pair += t * (k / 16);
	for (size_t j = 0; j < QUAD; j++) {
		size_t i = t + j < n ? t + j : n - 1;
		const int16_t *sum = x->sum + i * (k / 16);
		for (size_t b = 0; b < k / block; b++)
			d[b * QUAD + j] = x->d[i * (k / block) + b];
		for (size_t b = 0; b < k / QK; b++, sum += 2)
			if (block == QK)
				total[b * QUAD + j] = x->d[i * (k / QK) + b] *
				    (float)(sum[0] + sum[1]);
			else
				memcpy(pair + 2 * (b * QUAD + j), sum, 4);
	}
	for (size_t c = 0; c < k; c += 16)
		_mm512_storeu_si512(to.q + t * k + c * QUAD,
		    _mm512_permutexvar_epi32(turn, _mm512_xor_si512(more,
		    quad(x, t, n, k, c))));
}

/* Inputs t..t+3 of n that are lanes, each R times. */
AVX512 static void
prepare_lanes(const struct acts *x, size_t t, size_t n, size_t k, size_t R)
{
	const struct sixteen to = sixteen(x, k);
	const __mmask16 mask = first16(QUAD * R);
	int32_t column[LANES]; /* number 0 of four, of each input */
	__m512i turn;

	for (size_t i = 0; i < LANES; i++)
		column[i] = (int32_t)(i / R % QUAD * 4);
	turn = _mm512_loadu_si512(column);
	for (size_t j = t * R; j < (t + QUAD) * R; j++) {
		size_t i = j / R < n ? j / R : n - 1;
		const int16_t *sum = x->sum + i * (k / 16);
		for (size_t b = 0; b < k / QK; b++) {
			to.d[b * LANES + j] = x->d[i * (k / QK) + b];
			to.sum[b * LANES + j] = sum[2 * b] + sum[2 * b + 1];
		}
	}
	for (size_t c = 0; c < k; c += 16) {
		__m512i v = quad(x, t, n, k, c);
		for (size_t i = 0; i < 4; i++)
			_mm512_mask_storeu_epi32(to.q + ((c / 4 + i) * LANES +
			    t * R) * 4, mask, _mm512_permutexvar_epi32(
			    _mm512_add_epi32(turn, _mm512_set1_epi32((int)i)),
			    v));
	}
}

AVX512 static void
prepare(const struct acts *x, size_t t, size_t n, size_t k, size_t block)
{
	if (lane_rows(n, block) > 0)
		prepare_lanes(x, t, n, k, lane_rows(n, block));
	else if (n >= MANY)
		prepare_quad(x, t, n, k, block);
	else if (block == QK)
		prepare_few(x, n, k); /* all in one call */
}

/* s[n] += fours of values times those of inputs, from x[] of each quad on. */
INLINE void
multiply(__m512i *s, int8_t (*w)[ROWS][4], const uint8_t *const x[],
    size_t n, size_t many)
{
	for (size_t i = 0; i < many; i++) {
		__m512i v = _mm512_loadu_si512(w[i]);
		for (size_t j = 0; j < n; j++) {
			int32_t four;
			memcpy(&four, x[j / QUAD] + 16 * i + 4 * (j % QUAD), 4);
			s[j] = _mm512_dpbusd_epi32(s[j],
			    _mm512_set1_epi32(four), v);
		}
	}
}

/* The place in quads of inputs t.. and block b of k / block. */
#define AT(array, t, j, b, k, block)                                           \
	(array)[((t) + (j) / QUAD * QUAD) * ((k) / (block)) + (b) * QUAD +     \
	    (j) % QUAD]

/* While the first inputs meet a block, its like of the rows that come next is
 * fetched: sixteen streams are more than the processor foresees. */
INLINE void
fetch(int type, const struct quads *a, size_t t, size_t block)
{
	const unsigned char *p = a->next + block * ROWS * block_bytes(type);

	for (size_t i = 0; t == 0 && i < ROWS * block_bytes(type); i += 64)
		_mm_prefetch((const void *)(p + i), _MM_HINT_T1);
}

/* acc[n] += panels times inputs t..t+n-1, blocks of 32 in order. */
INLINE void
tile32(int type, __m512 *acc, struct panel32 *p, size_t blocks,
    const struct quads *a, size_t t, size_t n, size_t from, size_t k)
{
	const float *total = a->sum;

	for (size_t i = 0, b = from / QK; i < blocks; i++, b++, p++) {
		__m512 d = _mm512_loadu_ps(p->d), m = _mm512_loadu_ps(p->m);
		const uint8_t *x[TILE / QUAD];
		__m512i s[TILE];

		fetch(type, a, t, i);
		for (size_t j = 0; j < n; j += QUAD)
			x[j / QUAD] = a->q + (t + j) * k + b * QK * QUAD;
		for (size_t j = 0; j < n; j++)
			s[j] = _mm512_loadu_si512(p->less);
		multiply(s, p->q, x, n, QK / 4);
		for (size_t j = 0; j < n; j++) {
			__m512 xd = _mm512_set1_ps(AT(a->d, t, j, b, k, QK));
			acc[j] = _mm512_fmadd_ps(_mm512_mul_ps(d, xd),
			    _mm512_cvtepi32_ps(s[j]), acc[j]);
			if (has_min(type))
				acc[j] = _mm512_fmadd_ps(m, _mm512_set1_ps(
				    AT(total, t, j, b, k, QK)), acc[j]);
		}
	}
}

/* The same for super-blocks. */
INLINE void
tile256(int type, __m512 *acc, struct panel256 *p, size_t blocks,
    const struct quads *a, size_t t, size_t n, size_t from, size_t k)
{
	const size_t groups = QK_K / group_size(type), fours = 64 / groups;
	const int32_t *pair = a->sum;

	for (size_t i = 0, b = from / QK_K; i < blocks; i++, b++, p++) {
		__m512 d = _mm512_loadu_ps(p->d), m = _mm512_loadu_ps(p->m);
		const uint8_t *x[TILE / QUAD];
		__m512i all[TILE], s[TILE];

		fetch(type, a, t, i);
		for (size_t j = 0; j < n; j += QUAD)
			x[j / QUAD] = a->q + (t + j) * k + b * QK_K * QUAD;
		for (size_t j = 0; j < n; j++)
			all[j] = _mm512_loadu_si512(p->less);
		for (size_t g = 0; g < groups; g++) {
			__m512i scale = _mm512_loadu_si512(p->s[g]);
			for (size_t j = 0; j < n; j++)
				s[j] = _mm512_setzero_si512();
			multiply(s, p->q + g * fours, x, n,
			    fours);
			for (size_t j = 0; j < n; j += QUAD)
				x[j / QUAD] += fours * 4 * QUAD;
			for (size_t j = 0; j < n; j++)
				all[j] = _mm512_add_epi32(all[j],
				    _mm512_mullo_epi32(s[j], scale));
		}
		for (size_t j = 0; j < n; j++) {
			__m512 xd = _mm512_set1_ps(AT(a->d, t, j, b, k, QK_K));
			__m512i v = _mm512_setzero_si512();
			acc[j] = _mm512_fmadd_ps(_mm512_mul_ps(d, xd),
			    _mm512_cvtepi32_ps(all[j]), acc[j]);
			if (!has_min(type))
				continue;
			for (size_t g = 0; g < QK_K / 32; g++)
				v = _mm512_dpwssd_epi32(v,
				    _mm512_loadu_si512(p->min[g]),
				    _mm512_set1_epi32(AT(pair, t, j,
				    b * (QK_K / 32) + g, k, QK)));
			acc[j] = _mm512_fnmadd_ps(m, _mm512_mul_ps(xd,
			    _mm512_cvtepi32_ps(v)), acc[j]);
		}
	}
}

/* y[t*ldy..] of `many` <= n inputs and the rows of mask go on from what they
 * are, from 0 when these are the first columns. */
INLINE void
tile(int type, float *y, size_t ldy, __mmask16 mask, union panels *p,
    const struct quads *a, size_t t, size_t n, size_t many, size_t from,
    size_t depth, size_t k)
{
	__m512 acc[TILE];

	/* inputs that are none have no place either: to load nothing from where
	 * there is no page takes long */
	for (size_t j = 0; j < n; j++)
		acc[j] = _mm512_maskz_loadu_ps(from > 0 ? mask : 0,
		    y + (t + (j < many ? j : 0)) * ldy);
	if (is_super(type))
		tile256(type, acc, p->b256, depth / QK_K, a, t, n, from, k);
	else
		tile32(type, acc, p->b32, depth / QK, a, t, n, from, k);
	for (size_t j = 0; j < n; j++)
		if (j < many)
			_mm512_mask_storeu_ps(y + (t + j) * ldy, mask, acc[j]);
}

/* All inputs, for the types of one kind. */
typedef void tiles(float *y, size_t ldy, __mmask16 mask, union panels *p,
    const struct quads *a, size_t n, size_t from, size_t depth, size_t k);

#define TILES(name, type)                                                      \
	AVX512 static void name(float *y, size_t ldy, __mmask16 mask,          \
	    union panels *p, const struct quads *a, size_t n,            \
	    size_t from, size_t depth, size_t k)                               \
	{                                                                      \
		size_t t = 0;                                                  \
		for (; t + TILE <= n; t += TILE)                               \
			tile(type, y, ldy, mask, p, a, t, TILE, TILE, from,    \
			    depth, k);                                         \
		for (; t < n; t += QUAD)                                       \
			tile(type, y, ldy, mask, p, a, t, QUAD,                \
			    n - t < QUAD ? n - t : QUAD, from, depth, k);      \
	}

TILES(blocks, DTYPE_Q8_0)
TILES(blocks_min, DTYPE_Q4_1)
TILES(groups16, DTYPE_Q6_K)
TILES(groups16_min, DTYPE_Q2_K)
TILES(groups32, DTYPE_IQ4_XS)
TILES(groups32_min, DTYPE_Q4_K)

/* What y[] takes in of second terms, while the rows are unpacked. */
INLINE void
add_more(int type, float *y, size_t ldy, __mmask16 rows, const union panels *p,
    const struct kern_more *more, size_t k)
{
	const size_t block = is_super(type) ? QK_K : QK;

	for (size_t b = 0; b < k / block; b++) {
		size_t e = more->first[b], n = more->first[b + 1] - e;
		const struct acts x = more_acts(more, b, block);

		if (n == 0)
			continue;
		if (is_super(type))
			add_panel256(type, y, ldy, &p->b256[b], &x,
			    more->of + e, rows, n);
		else
			add_panel32(type, y, ldy, &p->b32[b], &x,
			    more->of + e, rows, n);
	}
}

/* With `more`, k is at most DEPTH. */
INLINE void
panels(int type, tiles *f, float *y, size_t ldy, const unsigned char *w,
    const struct acts *x, const struct kern_more *more, size_t rows, size_t n,
    size_t k)
{
	const size_t block = is_super(type) ? QK_K : QK;
	size_t stride = k / block * block_bytes(type);
	struct quads a = quads(x, n, k, block);
	union panels p;

	for (size_t r = 0; r < rows; r += ROWS) {
		size_t some = rows - r < ROWS ? rows - r : ROWS;

		for (size_t from = 0; from < k; from += DEPTH) {
			const unsigned char *at[ROWS];
			size_t depth = k - from < DEPTH ? k - from : DEPTH;

			for (size_t i = 0; i < ROWS; i++)
				at[i] = w + (r + (i < some ? i : 0)) * stride +
				    from / block * block_bytes(type);
			for (size_t b = 0; b < depth / block; b++) {
				if (is_super(type))
					unpack256(type, &p.b256[b], at);
				else
					unpack32(type, &p.b32[b], at);
				for (size_t i = 0; i < ROWS; i++)
					at[i] += block_bytes(type);
			}
			a.next = w + (r + ROWS) * stride +
			    from / block * block_bytes(type) * ROWS;
			f(y + r, ldy, first16(some), &p, &a, n, from, depth,
			    k);
		}
		if (more != NULL)
			add_more(type, y + r, ldy, first16(some), &p, more, k);
	}
}

/* Many inputs by panels, few by rows; or by lanes. */
INLINE void
matmul(int type, tiles *f, kern_matmul_q *by_rows, avx512_lanes *by_lanes,
    float *y, size_t ldy, uint32_t number, const void *w, const struct acts *x,
    size_t rows, size_t n, size_t k)
{
	const bool lanes = by_lanes != NULL && lane_rows(n, QK) > 0;

	if (k < 4 * QK || (lanes && rows < ROWS)) /* so much at a time */
		scalar_matmul_q(y, ldy, number, w, x, rows, n, k);
	else if (lanes)
		by_lanes(y, ldy, w, x, NULL, rows, n, k);
	else if (n >= MANY)
		panels(type, f, y, ldy, w, x, NULL, rows, n, k);
	else
		by_rows(y, ldy, number, w, x, rows, n, k);
}

/* Many inputs with their second terms, or false. */
INLINE bool
many(int type, tiles *f, avx512_lanes *by_lanes, float *y, size_t ldy,
    const void *w, const struct acts *x, const struct kern_more *more,
    size_t rows, size_t n, size_t k)
{
	const bool lanes = by_lanes != NULL && lane_rows(n, QK) > 0;

	if (k < 4 * QK || (lanes ? rows < ROWS : n < MANY || k > DEPTH))
		return false;
	if (lanes)
		by_lanes(y, ldy, w, x, more, rows, n, k);
	else
		panels(type, f, y, ldy, w, x, more, rows, n, k);
	return true;
}

#define SLOT(name, type, f, by_lanes)                                          \
	AVX512 static void name(float *y, size_t ldy, uint32_t number,         \
	    const void *w, const struct acts *x, size_t rows, size_t n,        \
	    size_t k)                                                          \
	{                                                                      \
		matmul(type, f, avx512_rows_##name, by_lanes, y, ldy, number,  \
		    w, x, rows, n, k);                                         \
	}                                                                      \
	AVX512 static bool many_##name(float *y, size_t ldy, const void *w,    \
	    const struct acts *x, const struct kern_more *more, size_t rows,   \
	    size_t n, size_t k)                                                \
	{                                                                      \
		return many(type, f, by_lanes, y, ldy, w, x, more, rows, n,    \
		    k);                                                        \
	}

SLOT(q4_0, DTYPE_Q4_0, blocks, avx512_lanes_q4_0)
SLOT(q4_1, DTYPE_Q4_1, blocks_min, avx512_lanes_q4_1)
SLOT(q5_0, DTYPE_Q5_0, blocks, avx512_lanes_q5_0)
SLOT(q5_1, DTYPE_Q5_1, blocks_min, avx512_lanes_q5_1)
SLOT(q8_0, DTYPE_Q8_0, blocks, avx512_lanes_q8_0)
SLOT(q2_k, DTYPE_Q2_K, groups16_min, NULL)
SLOT(q3_k, DTYPE_Q3_K, groups16, NULL)
SLOT(q4_k, DTYPE_Q4_K, groups32_min, NULL)
SLOT(q5_k, DTYPE_Q5_K, groups32_min, NULL)
SLOT(q6_k, DTYPE_Q6_K, groups16, NULL)
SLOT(iq4_nl, DTYPE_IQ4_NL, blocks, avx512_lanes_iq4_nl)
SLOT(iq4_xs, DTYPE_IQ4_XS, groups32, NULL)

static void
set(struct kern *k, int type, kern_matmul_q *matmul_q, kern_many_q *many_q)
{
	k->matmul_q[type] = matmul_q;
	k->many_q[type] = many_q;
}

void
avx512_set_q(struct kern *k)
{
	k->prepare = prepare;
	set(k, DTYPE_Q4_0, q4_0, many_q4_0);
	set(k, DTYPE_Q4_1, q4_1, many_q4_1);
	set(k, DTYPE_Q5_0, q5_0, many_q5_0);
	set(k, DTYPE_Q5_1, q5_1, many_q5_1);
	set(k, DTYPE_Q8_0, q8_0, many_q8_0);
	set(k, DTYPE_Q2_K, q2_k, many_q2_k);
	set(k, DTYPE_Q3_K, q3_k, many_q3_k);
	set(k, DTYPE_Q4_K, q4_k, many_q4_k);
	set(k, DTYPE_Q5_K, q5_k, many_q5_k);
	set(k, DTYPE_Q6_K, q6_k, many_q6_k);
	set(k, DTYPE_IQ4_NL, iq4_nl, many_iq4_nl);
	set(k, DTYPE_IQ4_XS, iq4_xs, many_iq4_xs);
}

#else
typedef int no_avx512; /* a file may not be empty */
#endif
