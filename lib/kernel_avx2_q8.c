/* kernel_avx2_q8 - activations to int8, and back from Q8_0; see kern.h. */
#include "kernel_avx2.h"
#include "kernel_scalar.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <string.h>

AVX2 void
avx2_dequant_q8_0(float *y, uint32_t type, const void *blocks, size_t n)
{
	const struct q8_0 *w = blocks;

	(void)type;
	for (size_t b = 0; b < n / QK; b++)
		for (size_t i = 0; i < 32; i += 8)
			_mm256_storeu_ps(y + b * 32 + i, _mm256_mul_ps(
			    _mm256_set1_ps(_cvtsh_ss(w[b].d)),
			    _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(
			    _mm_loadl_epi64((const void *)(w[b].q + i))))));
}

/* Eight activations, rounded, as integers. */
INLINE __m256i
round8(const float *x, float inv)
{
	return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x),
	    _mm256_set1_ps(inv)));
}

/* A block's 32 activations to q, and their two sums. */
INLINE void
round32(int8_t *q, int16_t *sum, const float *x, float inv)
{
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
	const __m256i one = _mm256_set1_epi16(1);
	__m256i a = round8(x, inv), b = round8(x + 8, inv);
	__m256i c = round8(x + 16, inv), d = round8(x + 24, inv);
	__m256i s;

	_mm256_storeu_si256((void *)q, _mm256_permutevar8x32_epi32(
	    _mm256_packs_epi16(_mm256_packs_epi32(a, b),
	    _mm256_packs_epi32(c, d)), order));
	s = _mm256_hadd_epi32(_mm256_add_epi32(a, b), _mm256_add_epi32(c, d));
	s = _mm256_madd_epi16(_mm256_packs_epi32(s, s), one);
	sum[0] = (int16_t)(_mm256_extract_epi32(s, 0) +
	    _mm256_extract_epi32(s, 4));
	sum[1] = (int16_t)(_mm256_extract_epi32(s, 1) +
	    _mm256_extract_epi32(s, 5));
}

AVX2 void
avx2_quant_q8(const struct acts *to, const float *x, size_t k, size_t block)
{
	const __m256i abs = _mm256_set1_epi32(0x7fffffff);

	for (size_t at = 0, b = 0; at < k; at += block, b++) {
		__m256i m = _mm256_setzero_si256();
		__m128i h;
		float inv;

		for (size_t i = at; i < at + block; i += 8)
			m = _mm256_max_epu32(m, _mm256_and_si256(abs,
			    _mm256_loadu_si256((const void *)(x + i))));
		h = _mm_max_epu32(_mm256_castsi256_si128(m),
		    _mm256_extracti128_si256(m, 1));
		h = _mm_max_epu32(h, _mm_shuffle_epi32(h, 0x4e));
		h = _mm_max_epu32(h, _mm_shuffle_epi32(h, 0xb1));
		inv = quant_inverse(&to->d[b], (uint32_t)_mm_cvtsi128_si32(h));
		if (inv == 0) {
			memset(to->q + at, 0, block);
			memset(to->sum + at / 16, 0, block / 16 * 2);
			continue;
		}
		for (size_t i = at; i < at + block; i += 32)
			round32(to->q + i, to->sum + i / 16, x + i, inv);
	}
}

#else
typedef int no_avx2; /* a file may not be empty */
#endif
