/*
 * kernel_avx512_q_lane - products of rows of blocks of 32 with 4, about 8 or about
 * 16 inputs; see kern.h.
 *
 * A lane is an input with one of R = 4, 2 or 1 rows, and its sum stays in a register
 * until the row ends. Rows need not be turned to panels, which pays where they meet
 * more inputs.
 */
#include "kernel_avx512_q_add.h"

#if defined(__x86_64__) && defined(__GNUC__)

/* Vectors of lanes at a time: of sixteen rows, or eight. */
enum { SUMS = 8 };
INLINE size_t
sums(size_t R)
{
	return R == 4 ? ROWS / 4 : SUMS;
}

/* A block of R rows for each: values, unsigned, in fours of neighbours, those of
 * all rows side by side, fours standing as four_at() says; factors, and above them
 * minima, if any, as they are and as floats. */
struct blocks {
	uint8_t q[SUMS][4 * QK];
	uint32_t head[ROWS];
	float d[ROWS], m[ROWS];
};

/* The values of a block, byte_offset(type) added. */
INLINE __m256i
row_bytes32(int type, const unsigned char *p)
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

/* Where in q[] four i of eight stands: such fours of rows are put together as a
 * vector's halves have them. */
INLINE size_t
four_at(size_t i, size_t R)
{
	switch (R) {
	case 1:
		return 4 * i;
	case 2:
		return i % 2 * 8 + i / 4 * 16 + i / 2 % 2 * 32;
	default:
		return i / 4 * 16 + i % 4 * 32;
	}
}

/* R rows to fours side by side. */
INLINE void
interleave(uint8_t *q, const __m256i *v, size_t R)
{
	__m256i a[4];

	for (size_t i = 0; i + 1 < R; i += 2) {
		a[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
		a[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
	}
	for (size_t i = 0; i < R; i++) {
		__m256i x = R == 1 ? v[0] : a[i];
		if (R == 4)
			x = i % 2 == 0
			    ? _mm256_unpacklo_epi64(a[i / 2], a[i / 2 + 2])
			    : _mm256_unpackhi_epi64(a[i / 2], a[i / 2 + 2]);
		_mm256_storeu_si256((void *)(q + QK * i), x);
	}
}

/* The block at w of each row. */
INLINE void
unpack(int type, struct blocks *to, const unsigned char *w, size_t stride,
    size_t R)
{
	for (size_t i = 0; i < sums(R); i++) {
		__m256i v[4];
		for (size_t r = 0; r < R; r++, w += stride) {
			uint32_t head;
			memcpy(&head, w, sizeof(head));
			/* by way of memory: else vectors are put together of
			 * these, which have enough to do */
			__asm__("" : "+r"(head), "+r"(w));
			to->head[i * R + r] = head;
			v[r] = row_bytes32(type, w);
		}
		interleave(to->q[i], v, R);
	}
}

/* Their factors to floats. */
INLINE void
factors(int type, struct blocks *b)
{
	__m512i h = _mm512_loadu_si512(b->head);

	_mm512_storeu_ps(b->d, _mm512_cvtph_ps(_mm512_cvtepi32_epi16(h)));
	if (has_min(type))
		_mm512_storeu_ps(b->m, _mm512_cvtph_ps(_mm512_cvtepi32_epi16(
		    _mm512_srli_epi32(h, 16))));
}

/* Four bytes at p, or a float, of R rows, to all inputs. */
INLINE __m512i
spread(const void *p, size_t R)
{
	long long two;

	if (R == 1)
		return _mm512_set1_epi32(four(p));
	if (R == 4)
		return _mm512_broadcast_i32x4(_mm_loadu_si128(p));
	memcpy(&two, p, sizeof(two));
	return _mm512_set1_epi64(two);
}

/* acc[] take in block b. */
INLINE void
add(int type, __m512 acc[SUMS], struct blocks *w, const struct sixteen *x,
    size_t b, size_t R)
{
	const int8_t *q = x->q + b * QK * LANES;
	__m512i sum = _mm512_loadu_si512(x->sum + b * LANES);
	__m512 xd = _mm512_loadu_ps(x->d + b * LANES);
	__m512 total = _mm512_mul_ps(xd, _mm512_cvtepi32_ps(sum));
	__m512i s[SUMS], less = _mm512_mullo_epi32(sum,
	    _mm512_set1_epi32(-byte_offset(type)));

	factors(type, w);
	for (size_t i = 0; i < sums(R); i++)
		s[i] = less;
	for (size_t c = 0; c < QK / 4; c++) {
		__m512i v = _mm512_loadu_si512(q + 4 * c * LANES);
		for (size_t i = 0; i < sums(R); i++)
			s[i] = _mm512_dpbusd_epi32(s[i],
			    spread(w->q[i] + four_at(c, R), R), v);
	}
	for (size_t i = 0; i < sums(R); i++) {
		__m512 d = _mm512_castsi512_ps(spread(w->d + i * R, R));
		acc[i] = _mm512_fmadd_ps(_mm512_mul_ps(d, xd),
		    _mm512_cvtepi32_ps(s[i]), acc[i]);
		if (has_min(type))
			acc[i] = _mm512_fmadd_ps(_mm512_castsi512_ps(
			    spread(w->m + i * R, R)), total, acc[i]);
	}
}

/* acc[i] = R rows from number i * R on, of nb blocks, times each input. A block is
 * unpacked while the one before it is multiplied, and its like of the rows that
 * follow is fetched. */
INLINE void
some_rows(int type, __m512 acc[SUMS], const unsigned char *w,
    const struct sixteen *x, size_t nb, size_t R)
{
	const size_t size = block_bytes(type), stride = nb * size;
	const unsigned char *next = w + sums(R) * R * stride;
	struct blocks two[2];

	for (size_t i = 0; i < sums(R); i++)
		acc[i] = _mm512_setzero_ps();
	unpack(type, &two[0], w, stride, R);
	for (size_t b = 0; b < nb; b++, next += sums(R) * R * size) {
		for (size_t i = 0; i < sums(R) * R * size; i += 64)
			_mm_prefetch((const void *)(next + i), _MM_HINT_T1);
		if (b + 1 < nb)
			unpack(type, &two[(b + 1) % 2], w + (b + 1) * size,
			    stride, R);
		add(type, acc, &two[b % 2], x, b, R);
	}
}

/* Second terms of sixteen rows. */
INLINE void
add_more(int type, float *y, size_t ldy, const unsigned char *w,
    const struct kern_more *more, size_t nb)
{
	const size_t size = block_bytes(type);

	for (size_t b = 0; b < nb; b++) {
		const unsigned char *p[ROWS];
		struct acts x = more_acts(more, b, QK);
		struct panel32 panel;

		if (more->first[b + 1] == more->first[b])
			continue;
		for (size_t r = 0; r < ROWS; r++)
			p[r] = w + (r * nb + b) * size;
		unpack32(type, &panel, p);
		add_panel32(type, y, ldy, &panel, &x,
		    more->of + more->first[b], 0xffff,
		    more->first[b + 1] - more->first[b]);
	}
}

/* Lanes of 128 bits of four vectors: of each the first to the first, and so on. */
INLINE void
transpose4(__m512i *a, __m512i *b, __m512i *c, __m512i *d)
{
	__m512i ab = _mm512_shuffle_i32x4(*a, *b, 0x44);
	__m512i cd = _mm512_shuffle_i32x4(*c, *d, 0x44);
	__m512i ab2 = _mm512_shuffle_i32x4(*a, *b, 0xee);
	__m512i cd2 = _mm512_shuffle_i32x4(*c, *d, 0xee);

	*a = _mm512_shuffle_i32x4(ab, cd, 0x88);
	*b = _mm512_shuffle_i32x4(ab, cd, 0xdd);
	*c = _mm512_shuffle_i32x4(ab2, cd2, 0x88);
	*d = _mm512_shuffle_i32x4(ab2, cd2, 0xdd);
}

/* Vectors of lanes to inputs with all sixteen rows. */
INLINE void
gather(__m512i v[ROWS], size_t R)
{
	if (R == 1)
		transpose16(v);
	for (int i = 0; i < 8 && R == 2; i += 2) {
		__m512i a = v[i], b = v[i + 1];
		v[i] = _mm512_unpacklo_epi64(a, b);
		v[i + 1] = _mm512_unpackhi_epi64(a, b);
	}
	if (R == 2) {
		transpose4(v, v + 2, v + 4, v + 6);
		transpose4(v + 1, v + 3, v + 5, v + 7);
	}
	if (R == 4)
		transpose4(v, v + 1, v + 2, v + 3);
}

/* At least sixteen rows; the last ones may be done twice. */
INLINE void
all_rows(int type, float *y, size_t ldy, const unsigned char *w,
    const struct acts *x, const struct kern_more *more, size_t rows, size_t n,
    size_t k, size_t R)
{
	const size_t nb = k / QK, stride = nb * block_bytes(type);
	const struct sixteen in = sixteen(x, k);

	for (size_t r = 0; r < rows; r += ROWS) {
		size_t first = r + ROWS <= rows ? r : rows - ROWS;
		__m512i v[ROWS] = { 0 };

		for (size_t i = 0; i < ROWS; i += sums(R) * R) {
			__m512 acc[SUMS];
			some_rows(type, acc, w + (first + i) * stride, &in, nb,
			    R);
			for (size_t j = 0; j < sums(R); j++)
				v[i / R + j] = _mm512_castps_si512(acc[j]);
		}
		gather(v, R);
		for (size_t t = 0; t < n; t++)
			_mm512_storeu_si512(y + t * ldy + first, v[t]);
		if (more != NULL)
			add_more(type, y + first, ldy, w + first * stride, more,
			    nb);
	}
}

#define SLOT(name, type)                                                       \
	AVX512 void avx512_lanes_##name(float *y, size_t ldy, const void *w,   \
	    const struct acts *x, const struct kern_more *more, size_t rows,   \
	    size_t n, size_t k)                                                \
	{                                                                      \
		switch (lane_rows(n, QK)) {                                    \
		case 1:                                                        \
			all_rows(type, y, ldy, w, x, more, rows, n, k, 1);     \
			break;                                                 \
		case 2:                                                        \
			all_rows(type, y, ldy, w, x, more, rows, n, k, 2);     \
			break;                                                 \
		default:                                                       \
			all_rows(type, y, ldy, w, x, more, rows, n, k, 4);     \
		}                                                              \
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
