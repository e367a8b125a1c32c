/* kernel_avx2 - what the AVX2 kernels share; see kern.h. */
#ifndef KERNEL_AVX2_H
#define KERNEL_AVX2_H

#include "kern.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

/* Code for one processor by function, so that no file needs flags. */
#define AVX2 __attribute__((target("avx2,fma,f16c,sse4.2")))
#define INLINE static inline __attribute__((always_inline, unused)) AVX2

/* The slots of products with blocks. */
void avx2_set_q(struct kern *k);
void avx2_set_both(struct kern *k);

/* Slots that stand in files of their own. */
void avx2_matmul_f32(float *y, size_t ldy, const float *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k);
void avx2_matmul_f16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k);
void avx2_matmul_bf16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k);
kern_dequant avx2_dequant_q8_0;
void avx2_quant_q8(const struct acts *to, const float *x, size_t k,
    size_t block);
void avx2_attn_f16(float *o, float *m, float *l, const float *q,
    const uint16_t *k, const uint16_t *v, size_t nq,
    const struct kern_attn *a);
void avx2_attn_f32(float *o, float *m, float *l, const float *q,
    const float *k, const float *v, size_t nq, const struct kern_attn *a);

/* Lanes 0..n-1 set, 0 <= n <= 8. */
INLINE __m256i
first(size_t n)
{
	const __m256i i = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

	return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), i);
}

/* Loaded once: a compiler may put the load into each use, and it is loads that
 * there are too many of. */
INLINE __m256
loaded(const float *p)
{
	__m256 v = _mm256_loadu_ps(p);

	__asm__("" : "+x"(v));
	return v;
}

/* The tree of the 16-lane rule; a holds lanes 0-7, b 8-15. */
INLINE float
tree16(__m256 a, __m256 b)
{
	__m256 v = _mm256_add_ps(a, b);
	__m128 w = _mm_add_ps(_mm256_castps256_ps128(v),
	    _mm256_extractf128_ps(v, 1));

	w = _mm_add_ps(w, _mm_movehl_ps(w, w));
	w = _mm_add_ss(w, _mm_movehdup_ps(w));
	return _mm_cvtss_f32(w);
}

/* The tree for four, whose lanes 0-7 and 8-15 have been added. */
INLINE __m128
trees4(__m256 a, __m256 b, __m256 c, __m256 d)
{
	__m256 ab = _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20),
	    _mm256_permute2f128_ps(a, b, 0x31));
	__m256 cd = _mm256_add_ps(_mm256_permute2f128_ps(c, d, 0x20),
	    _mm256_permute2f128_ps(c, d, 0x31));
	/* two lanes of a, two of c; the same of b and d */
	__m256 v = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44),
	    _mm256_shuffle_ps(ab, cd, 0xee));
	__m128 ac = _mm256_castps256_ps128(v);
	__m128 bd = _mm256_extractf128_ps(v, 1);

	ac = _mm_add_ps(ac, _mm_movehdup_ps(ac));
	bd = _mm_add_ps(bd, _mm_movehdup_ps(bd));
	return _mm_shuffle_ps(_mm_unpacklo_ps(ac, bd),
	    _mm_unpackhi_ps(ac, bd), 0x44);
}

/* fm_expf, operation by operation. */
INLINE __m256
vexp(__m256 x)
{
	const __m256 magic = _mm256_set1_ps(12582912.0f);
	const __m256i bias = _mm256_set1_epi32(127);
	/* operands so ordered that NaN stays */
	__m256 d = _mm256_min_ps(_mm256_set1_ps(90.0f),
	    _mm256_max_ps(_mm256_set1_ps(-105.0f), x));
	__m256 t = _mm256_add_ps(
	    _mm256_mul_ps(d, _mm256_set1_ps(1.44269504f)), magic);
	__m256 f = _mm256_sub_ps(t, magic);
	__m256 r = _mm256_sub_ps(_mm256_sub_ps(d,
	    _mm256_mul_ps(f, _mm256_set1_ps(0.693359375f))),
	    _mm256_mul_ps(f, _mm256_set1_ps(-2.12194440e-4f)));
	__m256i n = _mm256_sub_epi32(_mm256_castps_si256(t),
	    _mm256_castps_si256(magic));
	__m256i half = _mm256_srai_epi32(n, 1);
	static const float c[] = { 1.0f / 720, 1.0f / 120, 1.0f / 24,
		1.0f / 6, 0.5f, 1.0f, 1.0f };
	__m256 p = _mm256_set1_ps(1.0f / 5040);

	for (int i = 0; i < 7; i++)
		p = _mm256_add_ps(_mm256_mul_ps(p, r), _mm256_set1_ps(c[i]));
	p = _mm256_mul_ps(p, _mm256_castsi256_ps(_mm256_slli_epi32(
	    _mm256_add_epi32(half, bias), 23)));
	return _mm256_mul_ps(p, _mm256_castsi256_ps(_mm256_slli_epi32(
	    _mm256_add_epi32(_mm256_sub_epi32(n, half), bias), 23)));
}

/* cap * fm_tanhf(x / cap) */
INLINE __m256
vcap(__m256 x, __m256 cap)
{
	const __m256 one = _mm256_set1_ps(1), two = _mm256_set1_ps(2);
	__m256 e = vexp(_mm256_mul_ps(two, _mm256_div_ps(x, cap)));

	return _mm256_mul_ps(cap, _mm256_sub_ps(one,
	    _mm256_div_ps(two, _mm256_add_ps(e, one))));
}

#endif
#endif
