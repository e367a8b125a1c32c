/* kernel_avx512 - what the AVX-512 kernels share; see kern.h. */
#ifndef KERNEL_AVX512_H
#define KERNEL_AVX512_H

#include "kern.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define AVX512                                                                 \
	__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,"       \
	                      "avx512dq,avx512vnni")))
#define INLINE512 static inline __attribute__((always_inline, unused)) AVX512

/* Lanes 0..n-1 set, 0 <= n <= 16. */
INLINE512 __mmask16
first16(size_t n)
{
	return (__mmask16)((1u << n) - 1);
}

/* The tree of the 16-lane rule. */
INLINE512 float
tree512(__m512 a)
{
	__m256 v = _mm256_add_ps(_mm512_castps512_ps256(a),
	    _mm512_extractf32x8_ps(a, 1));
	__m128 w = _mm_add_ps(_mm256_castps256_ps128(v),
	    _mm256_extractf128_ps(v, 1));

	w = _mm_add_ps(w, _mm_movehl_ps(w, w));
	w = _mm_add_ss(w, _mm_movehdup_ps(w));
	return _mm_cvtss_f32(w);
}

#endif
#endif
