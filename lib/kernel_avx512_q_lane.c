/*
 * kernel_avx512_q_lane - products of rows of blocks of 32 with about sixteen
 * inputs; see kern.h.
 *
 * A lane is an input, and its sum stays in a register until the row ends. Rows
 * need not be turned to panels, which pays where they meet more inputs.
 */
#include "kernel_avx512_q_add.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum { BESIDE = 8 }; /* rows at a time */

/* A block of each row: values, unsigned, and factors. */
struct blocks {
	uint8_t q[BESIDE][QK];
	float d[BESIDE], m[BESIDE];
};

/* The values of a block, byte_offset(type) added. */
INLINE __m256i
block_bytes32(int type, const unsigned char *p)
{
	const __m256i four = _mm256_set1_epi8(15), top = _mm256_set1_epi8(-128);
	__m256i v;
	uint32_t fifth;

	if (type == DTYPE_Q8_0)
		return _mm256_xor_si256(
		    _mm256_loadu_si256((const void *)(p + 2)), top);
	p += block_bytes(type) - QK / 2;
	v = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)p));
	v = _mm256_and_si256(four, _mm256_blend_epi32(v,
	    _mm256_srli_epi16(v, 4), 0xf0));
	if (type == DTYPE_IQ4_NL)
		return _mm256_shuffle_epi8(_mm256_xor_si256(top,
		    _mm256_broadcastsi128_si256(
		    _mm_loadu_si128((const void *)quant_iq4))), v);
	if (type != DTYPE_Q5_0 && type != DTYPE_Q5_1)
		return v;
	memcpy(&fifth, p - sizeof(fifth), sizeof(fifth));
	return _mm256_mask_add_epi8(v, fifth, v, _mm256_set1_epi8(16));
}

/* Halves at the same place in each row, as floats. */
INLINE __m256
factors(const unsigned char *const w[BESIDE], size_t at)
{
	uint16_t half[BESIDE];

	for (size_t r = 0; r < BESIDE; r++)
		memcpy(&half[r], w[r] + at, sizeof(half[r]));
	return _mm256_cvtph_ps(_mm_loadu_si128((const void *)half));
}

/* Block b of each row. */
INLINE void
unpack(int type, struct blocks *to, const unsigned char *const w[BESIDE],
    size_t b)
{
	const size_t at = b * block_bytes(type);

	for (size_t r = 0; r < BESIDE; r++)
		_mm256_storeu_si256((void *)to->q[r],
		    block_bytes32(type, w[r] + at));
	_mm256_storeu_ps(to->d, factors(w, at));
	if (has_min(type))
		_mm256_storeu_ps(to->m, factors(w, at + 2));
}

/* acc[] take in block b. */
INLINE void
add(int type, __m512 acc[BESIDE], const struct blocks *w,
    const struct sixteen *x, size_t b)
{
	const int8_t *q = x->q + b * QK * LANES;
	__m512i sum = _mm512_loadu_si512(x->sum + b * LANES);
	__m512 xd = _mm512_loadu_ps(x->d + b * LANES);
	__m512 total = _mm512_mul_ps(xd, _mm512_cvtepi32_ps(sum));
	__m512i s[BESIDE], less = _mm512_mullo_epi32(sum,
	    _mm512_set1_epi32(-byte_offset(type)));

	for (size_t r = 0; r < BESIDE; r++)
		s[r] = less;
	for (size_t c = 0; c < QK; c += 4) {
		__m512i v = _mm512_loadu_si512(q + c * LANES);
		for (size_t r = 0; r < BESIDE; r++)
			s[r] = _mm512_dpbusd_epi32(s[r],
			    _mm512_set1_epi32(four(w->q[r] + c)), v);
	}
	for (size_t r = 0; r < BESIDE; r++) {
		acc[r] = _mm512_fmadd_ps(_mm512_mul_ps(
		    _mm512_set1_ps(w->d[r]), xd), _mm512_cvtepi32_ps(s[r]),
		    acc[r]);
		if (has_min(type))
			acc[r] = _mm512_fmadd_ps(_mm512_set1_ps(w->m[r]),
			    total, acc[r]);
	}
}

/* acc[r] = row w[r] of nb blocks times each input. A block is unpacked while the
 * one before it is multiplied, and the like of the rows at `next` is fetched. */
INLINE void
some_rows(int type, __m512 acc[BESIDE], const unsigned char *const w[BESIDE],
    const unsigned char *next, const struct sixteen *x, size_t nb)
{
	const size_t bytes = BESIDE * block_bytes(type);
	struct blocks two[2];

	for (size_t r = 0; r < BESIDE; r++)
		acc[r] = _mm512_setzero_ps();
	unpack(type, &two[0], w, 0);
	for (size_t b = 0; b < nb; b++, next += bytes) {
		for (size_t i = 0; i < bytes; i += 64)
			_mm_prefetch((const void *)(next + i), _MM_HINT_T1);
		if (b + 1 < nb)
			unpack(type, &two[(b + 1) % 2], w, b + 1);
		add(type, acc, &two[b % 2], x, b);
	}
}

/* Second terms of rows at[]. */
INLINE void
add_more(int type, float *y, size_t ldy, __mmask16 rows,
    const unsigned char *const at[ROWS], const struct kern_more *more, size_t nb)
{
	for (size_t b = 0; b < nb; b++) {
		const unsigned char *p[ROWS];
		struct acts x = more_acts(more, b, QK);
		struct panel32 panel;

		if (more->first[b + 1] == more->first[b])
			continue;
		for (size_t r = 0; r < ROWS; r++)
			p[r] = at[r] + b * block_bytes(type);
		unpack32(type, &panel, p);
		add_panel32(type, y, ldy, &panel, &x,
		    more->of + more->first[b], rows,
		    more->first[b + 1] - more->first[b]);
	}
}

INLINE void
all_rows(int type, float *y, size_t ldy, const unsigned char *w,
    const struct acts *x, const struct kern_more *more, size_t rows, size_t n,
    size_t k)
{
	const size_t nb = k / QK, stride = nb * block_bytes(type);
	const struct sixteen in = sixteen(x, k);

	for (size_t r = 0; r < rows; r += ROWS, w += ROWS * stride) {
		size_t some = rows - r < ROWS ? rows - r : ROWS;
		const unsigned char *at[ROWS];
		__m512i v[ROWS];

		for (size_t i = 0; i < ROWS; i++)
			at[i] = w + (i < some ? i : 0) * stride;
		for (size_t i = 0; i < ROWS; i += BESIDE) {
			__m512 acc[BESIDE];
			some_rows(type, acc, at + i,
			    w + (i + BESIDE) * stride, &in, nb);
			for (size_t j = 0; j < BESIDE; j++)
				v[i + j] = _mm512_castps_si512(acc[j]);
		}
		transpose16(v);
		for (size_t t = 0; t < n; t++)
			_mm512_mask_storeu_epi32(y + r + t * ldy, first16(some),
			    v[t]);
		if (more != NULL)
			add_more(type, y + r, ldy, first16(some), at, more, nb);
	}
}

#define SLOT(name, type)                                                       \
	AVX512 void avx512_lanes_##name(float *y, size_t ldy, const void *w,   \
	    const struct acts *x, const struct kern_more *more, size_t rows,   \
	    size_t n, size_t k)                                                \
	{                                                                      \
		all_rows(type, y, ldy, w, x, more, rows, n, k);                \
	}

SLOT(q4_0, DTYPE_Q4_0)
SLOT(q4_1, DTYPE_Q4_1)
SLOT(q5_0, DTYPE_Q5_0)
SLOT(q5_1, DTYPE_Q5_1)
SLOT(q8_0, DTYPE_Q8_0)
SLOT(iq4_nl, DTYPE_IQ4_NL)

#else
typedef int no_avx512; /* a file may not be empty */
#endif
