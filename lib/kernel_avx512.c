/* kernel_avx512 - the kernels for x86-64 with AVX-512 F, BW, VL, DQ and VNNI;
 * kern.h defines what each computes and in which order. */
#include "kernel_avx512.h"
#include "kernel_scalar.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <string.h>

AVX512 static float
dot(const float *x, const float *y, size_t n)
{
	__m512 a = _mm512_setzero_ps();
	size_t i = 0;

	for (; i + 16 <= n; i += 16)
		a = _mm512_fmadd_ps(_mm512_loadu_ps(x + i),
		    _mm512_loadu_ps(y + i), a);
	if (i < n) {
		__mmask16 m = first16(n - i);
		a = _mm512_mask3_fmadd_ps(_mm512_maskz_loadu_ps(m, x + i),
		    _mm512_maskz_loadu_ps(m, y + i), a, m);
	}
	return tree512(a);
}

AVX512 static float
sum(const float *x, size_t n)
{
	__m512 a = _mm512_setzero_ps();
	size_t i = 0;

	for (; i + 16 <= n; i += 16)
		a = _mm512_add_ps(a, _mm512_loadu_ps(x + i));
	if (i < n) {
		__mmask16 m = first16(n - i);
		a = _mm512_mask_add_ps(a, m, a,
		    _mm512_maskz_loadu_ps(m, x + i));
	}
	return tree512(a);
}

AVX512 static void
silu_mul(float *y, const float *g, size_t n)
{
	const __m512 one = _mm512_set1_ps(1), zero = _mm512_set1_ps(-0.0f);

	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = n - i < 16 ? first16(n - i) : 0xffff;
		__m512 v = _mm512_maskz_loadu_ps(m, g + i);
		__m512 e = vexp16(_mm512_xor_ps(v, zero));
		_mm512_mask_storeu_ps(y + i, m, _mm512_mul_ps(_mm512_div_ps(v,
		    _mm512_add_ps(one, e)), _mm512_maskz_loadu_ps(m, y + i)));
	}
}

AVX512 static void
gelu(float *x, size_t n)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = n - i < 16 ? first16(n - i) : 0xffff;
		__m512 v = _mm512_maskz_loadu_ps(m, x + i);
		__m512 u = _mm512_mul_ps(_mm512_set1_ps(0.044715f), v);
		u = _mm512_mul_ps(_mm512_mul_ps(u, v), v);
		u = _mm512_mul_ps(_mm512_set1_ps(0.79788456f),
		    _mm512_add_ps(v, u));
		u = vexp16(_mm512_mul_ps(_mm512_set1_ps(-2), u));
		_mm512_mask_storeu_ps(x + i, m, _mm512_div_ps(v,
		    _mm512_add_ps(_mm512_set1_ps(1), u)));
	}
}

/* Sixteen activations to int8; *sum is theirs. */
INLINE __m128i
round16(int16_t *sum, __m512 x, __m512 inv)
{
	__m512i v = _mm512_cvtps_epi32(_mm512_mul_ps(x, inv));

	*sum = (int16_t)_mm512_reduce_add_epi32(v);
	return _mm512_cvtepi32_epi8(v);
}

AVX512 static void
quant_q8(const struct acts *to, const float *x, size_t k, size_t block)
{
	const __m512i abs = _mm512_set1_epi32(0x7fffffff);

	for (size_t at = 0, b = 0; at < k; at += block, b++) {
		__m512i m = _mm512_setzero_si512();
		float inv;

		for (size_t i = at; i < at + block; i += 16)
			m = _mm512_max_epu32(m, _mm512_and_si512(abs,
			    _mm512_loadu_si512(x + i)));
		inv = quant_inverse(&to->d[b], _mm512_reduce_max_epu32(m));
		for (size_t i = at; i < at + block; i += 16)
			_mm_storeu_si128((void *)(to->q + i),
			    inv == 0 ? _mm_setzero_si128()
			             : round16(&to->sum[i / 16],
			    _mm512_loadu_ps(x + i), _mm512_set1_ps(inv)));
		if (inv == 0)
			memset(to->sum + at / 16, 0, block / 16 * 2);
	}
}

bool
kernel_avx512(struct kern *k)
{
	__builtin_cpu_init(); /* asks the system as well */
	if (!__builtin_cpu_supports("avx512f") ||
	    !__builtin_cpu_supports("avx512bw") ||
	    !__builtin_cpu_supports("avx512vl") ||
	    !__builtin_cpu_supports("avx512dq") ||
	    !__builtin_cpu_supports("avx512vnni"))
		return false;
	k->name = "avx512";
	k->dot = dot;
	k->sum = sum;
	k->matmul_f32 = avx512_matmul_f32;
	k->matmul_f16 = avx512_matmul_f16;
	k->matmul_bf16 = avx512_matmul_bf16;
	k->silu_mul = silu_mul;
	k->gelu = gelu;
	k->quant_q8 = quant_q8;
	k->attn_f16 = avx512_attn_f16;
	k->attn_f32 = avx512_attn_f32;
	avx512_set_q(k);
	avx512_set_add(k);
	return true;
}

#else

bool
kernel_avx512(struct kern *k)
{
	(void)k;
	return false;
}

#endif
