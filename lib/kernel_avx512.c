/* kernel_avx512 - the kernels for x86-64 with AVX-512 F, BW, VL, DQ and VNNI;
 * kern.h defines what each computes and in which order. */
#include "kernel_avx512.h"
#include "kernel_scalar.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <string.h>

#include "isa.h"

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

/* The largest magnitudes of 8 blocks of 32, as bits: pairs of vectors become
 * one, so that the lanes of all are compared together. */
INLINE __m256i
tops8(const float *x)
{
	const __m512i abs = _mm512_set1_epi32(0x7fffffff);
	__m512i m[8];

	for (int i = 0; i < 8; i++)
		m[i] = _mm512_max_epu32(
		    _mm512_and_si512(abs, _mm512_loadu_si512(x + 32 * i)),
		    _mm512_and_si512(abs, _mm512_loadu_si512(x + 32 * i + 16)));
	for (int i = 0; i < 4; i++)
		m[i] = _mm512_max_epu32(
		    _mm512_unpacklo_epi32(m[2 * i], m[2 * i + 1]),
		    _mm512_unpackhi_epi32(m[2 * i], m[2 * i + 1]));
	for (int i = 0; i < 2; i++) /* four blocks in each quarter */
		m[i] = _mm512_max_epu32(
		    _mm512_unpacklo_epi64(m[2 * i], m[2 * i + 1]),
		    _mm512_unpackhi_epi64(m[2 * i], m[2 * i + 1]));
	m[0] = _mm512_max_epu32(_mm512_shuffle_i32x4(m[0], m[1], 0x88),
	    _mm512_shuffle_i32x4(m[0], m[1], 0xdd));
	return _mm512_castsi512_si256(_mm512_max_epu32(
	    _mm512_shuffle_i32x4(m[0], m[0], 0x88),
	    _mm512_shuffle_i32x4(m[0], m[0], 0xdd)));
}

/* quant_inverse of 8 blocks of 32; false where one wants its exceptions. */
INLINE bool
inverses8(float *d, float *inv, const float *x)
{
	const __m256i top = tops8(x), inf = _mm256_set1_epi32(0x7f800000);
	const __m256 v = _mm256_div_ps(_mm256_castsi256_ps(top),
	    _mm256_set1_ps(127));
	const __m256 u = _mm256_div_ps(_mm256_set1_ps(1), v);

	_mm256_storeu_ps(d, v);
	_mm256_storeu_ps(inv, u);
	return (_mm256_cmplt_epu32_mask(top, inf) &
	    _mm256_cmplt_epu32_mask(_mm256_castps_si256(u), inf)) == 0xff;
}

/* 256 activations to int8, each 32 with an inverse. */
INLINE void
round256(int8_t *q, int16_t *sum, const float *x, const float inv[8])
{
	const __m512i turn = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6,
	    10, 14, 3, 7, 11, 15);
	const __m512i one = _mm512_set1_epi16(1);
	__m512i s[4]; /* sums of four, those of 16 side by side */

	for (int i = 0; i < 4; i++) {
		__m512i v[4];
		for (int j = 0; j < 4; j++)
			v[j] = _mm512_cvtps_epi32(_mm512_mul_ps(
			    _mm512_loadu_ps(x + 64 * i + 16 * j),
			    _mm512_set1_ps(inv[2 * i + j / 2])));
		v[0] = _mm512_permutexvar_epi32(turn, _mm512_packs_epi16(
		    _mm512_packs_epi32(v[0], v[1]),
		    _mm512_packs_epi32(v[2], v[3])));
		_mm512_storeu_si512(q + 64 * i, v[0]);
		s[i] = _mm512_dpbusd_epi32(_mm512_setzero_si512(),
		    _mm512_set1_epi8(1), v[0]);
	}
	for (int i = 0; i < 4; i += 2)
		s[i] = _mm512_madd_epi16(_mm512_packs_epi32(s[i], s[i + 1]),
		    one);
	s[0] = _mm512_madd_epi16(_mm512_packs_epi32(s[0], s[2]), one);
	_mm256_storeu_si256((void *)sum, _mm512_cvtepi32_epi16(
	    _mm512_permutexvar_epi32(turn, s[0])));
}

/* A block of any kind. */
INLINE void
round_block(int8_t *q, float *d, int16_t *sum, const float *x, size_t block)
{
	__m512i m = _mm512_setzero_si512();
	float inv[8];

	for (size_t i = 0; i < block; i += 16)
		m = _mm512_max_epu32(m, _mm512_and_si512(
		    _mm512_set1_epi32(0x7fffffff), _mm512_loadu_si512(x + i)));
	inv[0] = quant_inverse(d, _mm512_reduce_max_epu32(m));
	if (inv[0] == 0) {
		memset(q, 0, block);
		memset(sum, 0, block / 16 * sizeof(*sum));
	} else if (block == 256) {
		_mm256_storeu_ps(inv, _mm256_set1_ps(inv[0]));
		round256(q, sum, x, inv);
	} else {
		for (size_t i = 0; i < block; i += 16)
			_mm_storeu_si128((void *)(q + i), round16(&sum[i / 16],
			    _mm512_loadu_ps(x + i), _mm512_set1_ps(inv[0])));
	}
}

AVX512 static void
quant_q8(const struct acts *to, const float *x, size_t k, size_t block)
{
	const size_t step = k < 256 ? block : 256;

	for (size_t i = 0; i < k; i += step) {
		float inv[8];
		if (k - i < step) /* some once more */
			i = k - step;
		if (block == 32 && step == 256 &&
		    inverses8(to->d + i / 32, inv, x + i))
			round256(to->q + i, to->sum + i / 16, x + i, inv);
		else
			for (size_t j = i; j < i + step; j += block)
				round_block(to->q + j, to->d + j / block,
				    to->sum + j / 16, x + j, block);
	}
}

bool
kernel_avx512(struct kern *k)
{
	if (isa_best() < ISA_VNNI)
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
	avx512_set_both(k);
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
