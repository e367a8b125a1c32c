/* kernel_avx512 - what the AVX-512 kernels share; see kern.h. */
#ifndef KERNEL_AVX512_H
#define KERNEL_AVX512_H

#include "kern.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include "kernel_avx2.h"

#define AVX512                                                                 \
	__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,"       \
	                      "avx512dq,avx512vnni")))
#undef INLINE
#define INLINE static inline __attribute__((always_inline, unused)) AVX512

/* The slots of products with blocks. */
void avx512_set_q(struct kern *k);
void avx512_set_add(struct kern *k);
void avx512_set_both(struct kern *k);

/* Slots that stand in files of their own. */
void avx512_matmul_f32(float *y, size_t ldy, const float *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k);
void avx512_matmul_f16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k);
void avx512_matmul_bf16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k);
void avx512_attn_f16(float *o, float *m, float *l, const float *q,
    const uint16_t *k, const uint16_t *v, size_t nq,
    const struct kern_attn *a);
void avx512_attn_f32(float *o, float *m, float *l, const float *q,
    const float *k, const float *v, size_t nq,
    const struct kern_attn *a);

/* Lanes 0..n-1 set, 0 <= n <= 16. */
INLINE __mmask16
first16(size_t n)
{
	return (__mmask16)((1u << n) - 1);
}

/* The tree of the 16-lane rule. */
INLINE float
tree512(__m512 a)
{
	return tree16(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
}

/* vexp and vcap for sixteen. */
INLINE __m512
vexp16(__m512 x)
{
	const __m512 magic = _mm512_set1_ps(12582912.0f);
	static const float c[] = { 1.0f / 720, 1.0f / 120, 1.0f / 24,
		1.0f / 6, 0.5f, 1.0f, 1.0f };
	/* operands so ordered that NaN stays */
	__m512 d = _mm512_min_ps(_mm512_set1_ps(90.0f),
	    _mm512_max_ps(_mm512_set1_ps(-105.0f), x));
	__m512 t = _mm512_add_ps(
	    _mm512_mul_ps(d, _mm512_set1_ps(1.44269504f)), magic);
	__m512 f = _mm512_sub_ps(t, magic), p = _mm512_set1_ps(1.0f / 5040);
	__m512 r = _mm512_sub_ps(_mm512_sub_ps(d,
	    _mm512_mul_ps(f, _mm512_set1_ps(0.693359375f))),
	    _mm512_mul_ps(f, _mm512_set1_ps(-2.12194440e-4f)));

	for (int i = 0; i < 7; i++)
		p = _mm512_add_ps(_mm512_mul_ps(p, r), _mm512_set1_ps(c[i]));
	/* the power of two by one rounding, as there */
	return _mm512_scalef_ps(p, f);
}

INLINE __m512
vcap16(__m512 x, __m512 cap)
{
	const __m512 one = _mm512_set1_ps(1), two = _mm512_set1_ps(2);
	__m512 e = vexp16(_mm512_mul_ps(two, _mm512_div_ps(x, cap)));

	return _mm512_mul_ps(cap, _mm512_sub_ps(one,
	    _mm512_div_ps(two, _mm512_add_ps(e, one))));
}

#endif
#endif
