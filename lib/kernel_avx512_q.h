/*
 * kernel_avx512_q - rows of blocks as bytes, for the kernels that multiply
 * them; see quant.h and kern.h.
 *
 * A vector holds four groups of 16 neighbouring values, a lane each; which
 * ones is the type's order (below). Bytes are unsigned: q + byte_offset(type).
 * Every function is inlined with a constant type, so that its switch is gone.
 */
#ifndef KERNEL_AVX512_Q_H
#define KERNEL_AVX512_Q_H

#include "kernel_avx512.h"
#include "kernel_x86_q.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum {
	MANY = 5,   /* inputs that panels are for; fewer go by rows */
	LANES = 16, /* of a vector */
};

/* Rows of blocks of 32 go by lanes where n inputs fill nearly all, each with so
 * many rows; else 0. */
INLINE size_t
lane_rows(size_t n, size_t block)
{
	if (block != QK)
		return 0;
	return n > 12 && n <= 16 ? 1 : n > 4 && n <= 8 ? 2 : n == 4 ? 4 : 0;
}

/* What is prepared of few inputs for blocks of 32. */
struct halves {
	const int8_t *first, *second; /* (n, k / 32, 16) of each block */
	const float *total; /* (n, k / 32) factors times sums of blocks */
};

/* Where prepare puts that. */
INLINE struct halves
halves(const struct acts *x, size_t n, size_t k)
{
	const int8_t *p = x->more;

	return (struct halves) { p, p + n * k / 2, (const void *)(p + n * k) };
}

/* What is prepared of inputs that are lanes: values in fours of neighbours,
 * factors, sums of blocks; of each input as often as it has rows. */
struct sixteen {
	int8_t *q;    /* (k / 4, LANES, 4) */
	float *d;     /* (k / 32, LANES) */
	int32_t *sum; /* (k / 32, LANES) */
};

INLINE struct sixteen
sixteen(const struct acts *x, size_t k)
{
	int8_t *p = x->more;

	return (struct sixteen) { p, (void *)(p + LANES * k),
		(void *)(p + LANES * k + LANES * (k / QK) * sizeof(float)) };
}

/* Lanes of 128 bits of v, `next` bytes apart. */
INLINE void
store_lanes(void *to, size_t next, __m512i v)
{
	char *p = to;

	_mm_storeu_si128((void *)p, _mm512_castsi512_si128(v));
	_mm_storeu_si128((void *)(p + next), _mm512_extracti32x4_epi32(v, 1));
	_mm_storeu_si128((void *)(p + 2 * next),
	    _mm512_extracti32x4_epi32(v, 2));
	_mm_storeu_si128((void *)(p + 3 * next),
	    _mm512_extracti32x4_epi32(v, 3));
}

/* Products with few inputs, by rows. k is at least 128. */
kern_matmul_q avx512_rows_q4_0, avx512_rows_q4_1, avx512_rows_q5_0,
    avx512_rows_q5_1, avx512_rows_q8_0, avx512_rows_q2_k, avx512_rows_q3_k,
    avx512_rows_q4_k, avx512_rows_q5_k, avx512_rows_q6_k, avx512_rows_iq4_nl,
    avx512_rows_iq4_xs;

/* Products of sixteen rows or more with inputs that are lanes, and second terms,
 * unless more is NULL. */
typedef void avx512_lanes(float *y, size_t ldy, const void *w,
    const struct acts *x, const struct kern_more *more, size_t rows, size_t n,
    size_t k);
avx512_lanes avx512_lanes_q4_0, avx512_lanes_q4_1, avx512_lanes_q5_0,
    avx512_lanes_q5_1, avx512_lanes_q8_0, avx512_lanes_iq4_nl;

/* The same of add_q, for super-blocks of at most FEW inputs. */
enum { FEW = 4 };
kern_add_q avx512_add_rows_q2_k, avx512_add_rows_q3_k, avx512_add_rows_q4_k,
    avx512_add_rows_q5_k, avx512_add_rows_q6_k, avx512_add_rows_iq4_xs;

/*
 * The orders. Of each 128 values, which are groups 0-7, the first vector holds
 * groups and the second
 *
 *	0 1 2 3		4 5 6 7		where two bits were taken at a time
 *	0 1 4 5		2 3 6 7		nibbles of 32 bytes
 *	0 2 4 6		1 3 5 7		nibbles of 16 bytes, and Q8_0
 */
INLINE int
group_at(int type, int i)
{
	switch (type) {
	case DTYPE_Q2_K:
	case DTYPE_Q3_K:
	case DTYPE_Q6_K:
		return i;
	case DTYPE_Q4_K:
	case DTYPE_Q5_K:
		return i / 8 * 8 + i % 2 + i / 4 % 2 * 2 + i / 2 % 2 * 4;
	default:
		return i / 8 * 8 + i % 4 * 2 + i / 4 % 2;
	}
}

/* 128 activations in a type's order. */
INLINE void
in_order(int type, __m512i a[2], const int8_t *q)
{
	__m512i x = _mm512_loadu_si512(q), y = _mm512_loadu_si512(q + 64);

	switch (group_at(type, 1)) {
	case 2:
		a[0] = _mm512_permutex2var_epi64(x,
		    _mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13), y);
		a[1] = _mm512_permutex2var_epi64(x,
		    _mm512_setr_epi64(2, 3, 6, 7, 10, 11, 14, 15), y);
		break;
	default:
		if (group_at(type, 2) == 2) {
			a[0] = x;
			a[1] = y;
			break;
		}
		a[0] = _mm512_shuffle_i64x2(x, y, 0x44);
		a[1] = _mm512_shuffle_i64x2(x, y, 0xee);
	}
}

/* The low nibbles of bytes, and the high ones. */
INLINE __m512i
low4(__m512i v)
{
	return _mm512_and_si512(v, _mm512_set1_epi8(15));
}

INLINE __m512i
high4(__m512i v)
{
	return low4(_mm512_srli_epi16(v, 4));
}

/* The values of IQ4, made unsigned, that nibbles stand for. */
INLINE __m512i
iq4(__m512i v)
{
	__m512i table = _mm512_broadcast_i32x4(
	    _mm_loadu_si128((const void *)quant_iq4));

	return _mm512_shuffle_epi8(_mm512_xor_si512(table,
	    _mm512_set1_epi8(-128)), v);
}

/*
 * Blocks of 32, four at a time. Two loads of 32 words, the second `skip` words
 * on, hold all that is wanted of them; WORD is word `at` among both.
 */
#define WORD(at, skip) ((at) < 32 ? (at) : 32 + (at) - (skip))
#define EIGHT(at, skip)                                                        \
	WORD(at, skip), WORD((at) + 1, skip), WORD((at) + 2, skip),            \
	    WORD((at) + 3, skip), WORD((at) + 4, skip), WORD((at) + 5, skip),  \
	    WORD((at) + 6, skip), WORD((at) + 7, skip)
/* Of each block of `size` words, f of `at`. */
#define OF_FOUR(f, size, at, skip)                                               \
	{ f(at, skip), f((at) + (size), skip), f((at) + 2 * (size), skip),     \
		f((at) + 3 * (size), skip) }

INLINE __m512i
words(const unsigned char *p, const int16_t *table, size_t skip)
{
	return _mm512_permutex2var_epi16(_mm512_loadu_si512(p),
	    _mm512_loadu_si512(table), _mm512_loadu_si512(p + 2 * skip));
}

/* Add 16 to the bytes whose bits are set in the words at p, a word from each of
 * four blocks. */
INLINE __m512i
add_fifth(__m512i q, const unsigned char *p, size_t size)
{
	uint64_t bits = 0;

	for (int i = 0; i < 4; i++) {
		uint16_t word;
		memcpy(&word, p + (size_t)i * size, sizeof(word));
		bits |= (uint64_t)word << 16 * i;
	}
	return _mm512_mask_add_epi8(q, bits, q, _mm512_set1_epi8(16));
}

/* The values of four blocks: their first halves, their second halves. */
INLINE void
bytes32(int type, __m512i z[2], const unsigned char *p)
{
	static const int16_t w9[] = OF_FOUR(EIGHT, 9, 1, 4);
	static const int16_t w10[] = OF_FOUR(EIGHT, 10, 2, 8);
	static const int16_t w11[] = OF_FOUR(EIGHT, 11, 3, 12);
	static const int16_t w12[] = OF_FOUR(EIGHT, 12, 4, 16);
	static const int16_t first[] = OF_FOUR(EIGHT, 17, 1, 32);
	static const int16_t last[] = OF_FOUR(EIGHT, 17, 9, 32);
	__m512i v;

	switch (type) {
	case DTYPE_Q8_0:
		z[0] = _mm512_xor_si512(words(p, first, 32),
		    _mm512_set1_epi8(-128));
		/* the last lies behind the two loads */
		v = _mm512_mask_broadcast_i32x4(words(p, last, 32), 0xf000,
		    _mm_loadu_si128((const void *)(p + 120)));
		z[1] = _mm512_xor_si512(v, _mm512_set1_epi8(-128));
		return;
	case DTYPE_Q4_1:
		v = words(p, w10, 8);
		break;
	case DTYPE_Q5_0:
		v = words(p, w11, 12);
		break;
	case DTYPE_Q5_1:
		v = words(p, w12, 16);
		break;
	default:
		v = words(p, w9, 4);
	}
	z[0] = low4(v);
	z[1] = high4(v);
	for (int i = 0; i < 2; i++) {
		if (type == DTYPE_Q5_0)
			z[i] = add_fifth(z[i], p + 2 + 2 * i, 22);
		if (type == DTYPE_Q5_1)
			z[i] = add_fifth(z[i], p + 4 + 2 * i, 24);
		if (type == DTYPE_IQ4_NL)
			z[i] = iq4(z[i]);
	}
}

/* Word or integer 0 of each block of `size`, four times each. */
#define FOUR(at, skip)                                                         \
	WORD(at, skip), WORD(at, skip), WORD(at, skip), WORD(at, skip)

/* Four blocks' scales, of four rows: words [block][row]. v begins as the table: a
 * word that is not yet taken is still its index. */
INLINE __m512i
scales32(const unsigned char *const p[4], const int16_t *table, size_t skip)
{
	__m512i v = _mm512_loadu_si512(table);

	for (int r = 0; r < 4; r++)
		v = _mm512_mask2_permutex2var_epi16(_mm512_loadu_si512(p[r]),
		    v, 0x1111u << r, _mm512_loadu_si512(p[r] + 2 * skip));
	return v;
}

/* The same of scales and minima, which stand side by side. */
INLINE __m512i
both32(const unsigned char *const p[4], __m512i table, size_t skip)
{
	__m512i v = table;

	for (int r = 0; r < 4; r++)
		v = _mm512_mask2_permutex2var_epi32(_mm512_loadu_si512(p[r]),
		    v, (__mmask16)(0x1111u << r),
		    _mm512_loadu_si512(p[r] + 4 * skip));
	return v;
}

/* Scales of four blocks of four rows, [block][row]: words, or, with minima
 * above them, integers. */
INLINE __m512i
packed32(int type, const unsigned char *const p[4])
{
	static const int16_t w9[32] = OF_FOUR(FOUR, 9, 0, 4);
	static const int16_t w11[32] = OF_FOUR(FOUR, 11, 0, 12);
	static const int16_t w17[32] = OF_FOUR(FOUR, 17, 0, 32);

	switch (type) {
	case DTYPE_Q8_0:
		return scales32(p, w17, 32);
	case DTYPE_Q5_0:
		return scales32(p, w11, 12);
	case DTYPE_Q4_1:
		return both32(p, _mm512_setr_epi32(0, 0, 0, 0, 5, 5, 5, 5, 10,
		    10, 10, 10, 15, 15, 15, 15), 4);
	case DTYPE_Q5_1:
		return both32(p, _mm512_setr_epi32(0, 0, 0, 0, 6, 6, 6, 6, 12,
		    12, 12, 12, 26, 26, 26, 26), 8);
	default:
		return scales32(p, w9, 4);
	}
}

/* The same as floats. */
INLINE void
factors32(int type, __m512 *d, __m512 *m, __m512i v)
{
	if (has_min(type)) {
		*d = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v));
		*m = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(
		    _mm512_srli_epi32(v, 16)));
	} else {
		*d = *m = _mm512_cvtph_ps(_mm512_castsi512_si256(v));
	}
}

/* Super-blocks of 256. */

/* Bits 0 and 2 of the lower and the upper half, and so on, of 32 bytes. */
INLINE __m512i
crumbs(__m512i v, int from)
{
	__m512i shift = _mm512_inserti64x4(_mm512_set1_epi16((short)from),
	    _mm256_set1_epi16((short)(from + 2)), 1);

	return _mm512_and_si512(_mm512_srlv_epi16(v, shift),
	    _mm512_set1_epi8(3));
}

/* Both halves the 32 bytes at p. */
INLINE __m512i
twice(const unsigned char *p)
{
	return _mm512_broadcast_i64x4(_mm256_loadu_si256((const void *)p));
}

/* Add n to the bytes that have bit `lower` (lower half) or `upper` set in h. */
INLINE __m512i
add_where(__m512i q, __m512i h, int lower, int upper, int n)
{
	__m512i bit = _mm512_inserti64x4(_mm512_set1_epi8((char)(1 << lower)),
	    _mm256_set1_epi8((char)(1 << upper)), 1);

	return _mm512_mask_add_epi8(q, _mm512_test_epi8_mask(h, bit), q,
	    _mm512_set1_epi8((char)n));
}

/* The 256 values of a super-block. */
INLINE void
bytes256(int type, __m512i z[4], const unsigned char *p)
{
	for (int i = 0; i < 2; i++, z += 2) {
		__m512i v, h;
		switch (type) {
		case DTYPE_Q2_K:
			v = twice(p + 16 + 32 * i);
			z[0] = crumbs(v, 0);
			z[1] = crumbs(v, 4);
			break;
		case DTYPE_Q3_K:
			v = twice(p + 32 + 32 * i);
			h = twice(p);
			z[0] = add_where(crumbs(v, 0), h, 4 * i, 4 * i + 1, 4);
			z[1] = add_where(crumbs(v, 4), h, 4 * i + 2, 4 * i + 3,
			    4);
			break;
		case DTYPE_Q4_K:
			v = _mm512_loadu_si512(p + 16 + 64 * i);
			z[0] = low4(v);
			z[1] = high4(v);
			break;
		case DTYPE_Q5_K:
			v = _mm512_loadu_si512(p + 48 + 64 * i);
			h = twice(p + 16);
			z[0] = add_where(low4(v), h, 4 * i, 4 * i + 2, 16);
			z[1] = add_where(high4(v), h, 4 * i + 1, 4 * i + 3,
			    16);
			break;
		case DTYPE_Q6_K:
			v = _mm512_loadu_si512(p + 64 * i);
			h = twice(p + 128 + 32 * i);
			z[0] = _mm512_or_si512(low4(v),
			    _mm512_slli_epi16(crumbs(h, 0), 4));
			z[1] = _mm512_or_si512(high4(v),
			    _mm512_slli_epi16(crumbs(h, 4), 4));
			break;
		case DTYPE_IQ4_XS:
			v = _mm512_loadu_si512(p + 8 + 64 * i);
			z[0] = iq4(low4(v));
			z[1] = iq4(high4(v));
			break;
		}
	}
}

#endif
#endif
