/*
 * kernel_avx2_q - rows of blocks as bytes, 32 neighbouring values to a vector;
 * see quant.h and kern.h.
 */
#ifndef KERNEL_AVX2_Q_H
#define KERNEL_AVX2_Q_H

#include "kernel_x86_q.h"

#if defined(__x86_64__) && defined(__GNUC__)

/* What is prepared of inputs in blocks of 32: of each block its sum, and that
 * times its scale. */
struct prepared {
	int32_t sum;
	float total;
};
void avx2_prepare(const struct acts *x, size_t t, size_t n, size_t k,
    size_t block);

/* Products with few inputs, by rows. */
kern_matmul_q avx2_rows_q4_0, avx2_rows_q4_1, avx2_rows_q5_0, avx2_rows_q5_1,
    avx2_rows_q8_0, avx2_rows_q2_k, avx2_rows_q3_k, avx2_rows_q4_k,
    avx2_rows_q5_k, avx2_rows_q6_k, avx2_rows_iq4_nl, avx2_rows_iq4_xs;

/* Whether bytes are signed, q itself; else they are q + byte_offset(type). */
INLINE bool
is_wide(int type)
{
	return byte_offset(type) == 128;
}

/* Products of bytes with activations, pairs of them added: they fit 16 bits,
 * as no activation is -128. */
INLINE __m256i
pairs(int type, __m256i w, __m256i a)
{
	return is_wide(type)
	    ? _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w))
	    : _mm256_maddubs_epi16(w, a);
}

INLINE __m256i
low4(__m256i v)
{
	return _mm256_and_si256(v, _mm256_set1_epi8(15));
}

INLINE __m256i
high4(__m256i v)
{
	return low4(_mm256_srli_epi16(v, 4));
}

/* The low nibbles of 16 bytes, and then the high ones. */
INLINE __m256i
nibbles(const unsigned char *p)
{
	__m256i v = _mm256_broadcastsi128_si256(
	    _mm_loadu_si128((const void *)p));

	return low4(_mm256_srlv_epi32(v, _mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4,
	    4)));
}

INLINE __m256i
iq4(__m256i v)
{
	return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(
	    _mm_loadu_si128((const void *)quant_iq4)), v);
}

/* n where a byte of h has a bit of `bit`, else 0. */
INLINE __m256i
where(__m256i h, __m256i bit, int n)
{
	return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(h, bit),
	    bit), _mm256_set1_epi8((char)n));
}

/* 16 for each of 32 bits that is set. */
INLINE __m256i
fifth(const unsigned char *p)
{
	const __m256i byte = _mm256_setr_epi64x(0, 0x0101010101010101,
	    0x0202020202020202, 0x0303030303030303);
	const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201u);
	int h;

	memcpy(&h, p, 4);
	return where(_mm256_shuffle_epi8(_mm256_set1_epi32(h), byte), bit, 16);
}

/* The values of a block of 32. */
INLINE __m256i
bytes32(int type, const unsigned char *p)
{
	switch (type) {
	case DTYPE_Q8_0:
		return _mm256_loadu_si256((const void *)(p + 2));
	case DTYPE_Q4_1:
		return nibbles(p + 4);
	case DTYPE_Q5_0:
		return _mm256_or_si256(nibbles(p + 6), fifth(p + 2));
	case DTYPE_Q5_1:
		return _mm256_or_si256(nibbles(p + 8), fifth(p + 4));
	case DTYPE_IQ4_NL:
		return iq4(nibbles(p + 2));
	default:
		return nibbles(p + 2);
	}
}

/* Bits 2i and 2i + 1 of each byte. */
INLINE __m256i
crumbs(__m256i v, int i)
{
	return _mm256_and_si256(_mm256_srli_epi16(v, 2 * i),
	    _mm256_set1_epi8(3));
}

/* Values 32i.. of a super-block. */
INLINE __m256i
bytes256(int type, const unsigned char *p, int i)
{
	const __m256i bit = _mm256_set1_epi8((char)(1 << i));
#define LOAD(at) _mm256_loadu_si256((const void *)(p + (at)))

	switch (type) {
	case DTYPE_Q2_K:
		return crumbs(LOAD(16 + i / 4 * 32), i % 4);
	case DTYPE_Q3_K:
		return _mm256_or_si256(crumbs(LOAD(32 + i / 4 * 32), i % 4),
		    where(LOAD(0), bit, 4));
	case DTYPE_Q4_K:
		return i % 2 ? high4(LOAD(16 + i / 2 * 32))
		             : low4(LOAD(16 + i / 2 * 32));
	case DTYPE_Q5_K:
		return _mm256_or_si256(i % 2 ? high4(LOAD(48 + i / 2 * 32))
		    : low4(LOAD(48 + i / 2 * 32)), where(LOAD(16), bit, 16));
	case DTYPE_Q6_K:
		return _mm256_or_si256(i / 2 % 2
		    ? high4(LOAD(i / 4 * 64 + i % 2 * 32))
		    : low4(LOAD(i / 4 * 64 + i % 2 * 32)),
		    _mm256_slli_epi16(crumbs(LOAD(128 + i / 4 * 32), i % 4), 4));
	default:
		return iq4(nibbles(p + 8 + 16 * i));
	}
#undef LOAD
}

#endif
#endif
