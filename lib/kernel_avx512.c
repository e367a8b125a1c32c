/* kernel_avx512 - the kernels for x86-64 with AVX-512 F, BW, VL, DQ and VNNI;
 * kern.h defines what each computes and in which order. */
#include "kernel_avx512.h"

#if defined(__x86_64__) && defined(__GNUC__)

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
	k->attn_f16 = avx512_attn_f16;
	k->attn_f32 = avx512_attn_f32;
	avx512_set_q(k);
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
