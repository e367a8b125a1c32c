/*
 * kernel_x86_q - the integer scales of super-blocks, for x86; see quant.h.
 * Every function is inlined with a constant type, so that its switch is gone.
 */
#ifndef KERNEL_X86_Q_H
#define KERNEL_X86_Q_H

#include "kernel_avx2.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <string.h>

#include "kernel_q.h"

/* For AVX2, and so for all that comes after it. */
#define INLINE_Q static inline __attribute__((always_inline, unused)) AVX2

/* The integer scales of a super-block, and its minima where it has some, as
 * words: 16 scales of groups of 16, or 8 of groups of 32. */
INLINE_Q __m256i
scales256(int type, const unsigned char *p)
{
	const uint32_t two = 0x03030303u, four = 0x0f0f0f0fu;
	__m128i v, w;
	uint32_t a, b, c;

	switch (type) {
	case DTYPE_Q2_K:
		v = _mm_and_si128(_mm_loadu_si128((const void *)p),
		    _mm_set1_epi8(15));
		return _mm256_cvtepu8_epi16(v);
	case DTYPE_Q3_K:
		memcpy(&a, p + 96, 4);
		memcpy(&b, p + 100, 4);
		memcpy(&c, p + 104, 4);
		v = _mm_setr_epi32((int)((a & four) | (c & two) << 4),
		    (int)((b & four) | (c >> 2 & two) << 4),
		    (int)((a >> 4 & four) | (c >> 4 & two) << 4),
		    (int)((b >> 4 & four) | (c >> 6 & two) << 4));
		return _mm256_sub_epi16(_mm256_cvtepu8_epi16(v),
		    _mm256_set1_epi16(32));
	case DTYPE_Q4_K:
	case DTYPE_Q5_K: /* the minima behind the scales */
		memcpy(&a, p + 4, 4);
		memcpy(&b, p + 8, 4);
		memcpy(&c, p + 12, 4);
		v = _mm_setr_epi32((int)(a & 0x3f3f3f3fu),
		    (int)((c & four) | (a >> 2 & 0x30303030u)),
		    (int)(b & 0x3f3f3f3fu),
		    (int)((c >> 4 & four) | (b >> 2 & 0x30303030u)));
		return _mm256_cvtepu8_epi16(v);
	case DTYPE_Q6_K:
		return _mm256_cvtepi8_epi16(
		    _mm_loadu_si128((const void *)(p + 192)));
	default: /* IQ4_XS: nibbles, and above them two bits each */
		memcpy(&a, p + 4, 4);
		memcpy(&b, p, 4);
		v = _mm_cvtepu8_epi16(_mm_unpacklo_epi8(
		    _mm_cvtsi32_si128((int)(a & four)),
		    _mm_cvtsi32_si128((int)(a >> 4 & four))));
		w = _mm_mullo_epi16(_mm_set1_epi16((short)(b >> 16)),
		    _mm_setr_epi16(1 << 14, 1 << 12, 1 << 10, 1 << 8, 1 << 6,
		    1 << 4, 1 << 2, 1));
		w = _mm_and_si128(_mm_srli_epi16(w, 10), _mm_set1_epi16(48));
		return _mm256_castsi128_si256(_mm_sub_epi16(
		    _mm_or_si128(v, w), _mm_set1_epi16(32)));
	}
}

/* What a super-block's sums of activations are multiplied with: its minima;
 * or its scales, for what the offset added. */
INLINE_Q __m256i
corrections256(int type, __m256i scales, const unsigned char *p)
{
	switch (type) {
	case DTYPE_Q2_K:
		return _mm256_and_si256(_mm256_srli_epi16(_mm256_cvtepu8_epi16(
		    _mm_loadu_si128((const void *)p)), 4),
		    _mm256_set1_epi16(15));
	case DTYPE_Q4_K:
	case DTYPE_Q5_K:
		return _mm256_castsi128_si256(
		    _mm256_extracti128_si256(scales, 1));
	default:
		return scales;
	}
}

#endif
#endif
