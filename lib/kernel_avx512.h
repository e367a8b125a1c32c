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

/* Slots that stand in files of their own. */
void avx512_matmul_f32(float *y, size_t ldy, const float *w, const float *x,
    size_t rows, size_t n, size_t k);
void avx512_matmul_f16(float *y, size_t ldy, const uint16_t *w, const float *x,
    size_t rows, size_t n, size_t k);
void avx512_matmul_bf16(float *y, size_t ldy, const uint16_t *w, const float *x,
    size_t rows, size_t n, size_t k);

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

#endif
#endif
