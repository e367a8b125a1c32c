/* kernel_avx2 - the kernels for x86-64 with AVX2, FMA, F16C, SSE4.2, PCLMULQDQ;
 * kern.h defines what each computes and in which order. */
#include "kernel_avx2.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <string.h>

#include "fmath.h"
#include "isa.h"

/* acc += x * y where the mask is set; elsewhere acc stays, to the sign of 0. */
INLINE __m256
fma_some(__m256 acc, const float *x, const float *y, __m256i mask)
{
	__m256 v = _mm256_fmadd_ps(_mm256_maskload_ps(x, mask),
	    _mm256_maskload_ps(y, mask), acc);

	return _mm256_blendv_ps(acc, v, _mm256_castsi256_ps(mask));
}

AVX2 static float
dot(const float *x, const float *y, size_t n)
{
	__m256 a = _mm256_setzero_ps(), b = a;
	size_t i = 0, rest = n % 16;

	for (; i + 16 <= n; i += 16) {
		a = _mm256_fmadd_ps(_mm256_loadu_ps(x + i),
		    _mm256_loadu_ps(y + i), a);
		b = _mm256_fmadd_ps(_mm256_loadu_ps(x + i + 8),
		    _mm256_loadu_ps(y + i + 8), b);
	}
	if (rest > 0)
		a = fma_some(a, x + i, y + i, first(rest > 8 ? 8 : rest));
	if (rest > 8)
		b = fma_some(b, x + i + 8, y + i + 8, first(rest - 8));
	return tree16(a, b);
}

AVX2 static float
sum(const float *x, size_t n)
{
	__m256 a = _mm256_setzero_ps(), b = a;
	float lane[16];
	size_t i = 0;

	for (; i + 16 <= n; i += 16) {
		a = _mm256_add_ps(a, _mm256_loadu_ps(x + i));
		b = _mm256_add_ps(b, _mm256_loadu_ps(x + i + 8));
	}
	if (i == n)
		return tree16(a, b);
	_mm256_storeu_ps(lane, a);
	_mm256_storeu_ps(lane + 8, b);
	for (size_t j = 0; i + j < n; j++)
		lane[j] += x[i + j];
	return tree16(_mm256_loadu_ps(lane), _mm256_loadu_ps(lane + 8));
}

AVX2 static void
from_f16(float *y, const uint16_t *w, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		_mm256_storeu_ps(y + i, _mm256_cvtph_ps(
		    _mm_loadu_si128((const void *)(w + i))));
	for (; i < n; i++)
		y[i] = fm_from_f16(w[i]);
}

AVX2 static void
from_bf16(float *y, const uint16_t *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fm_from_bf16(w[i]);
}

AVX2 static void
to_f16(uint16_t *y, const float *x, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		_mm_storeu_si128((void *)(y + i), _mm256_cvtps_ph(
		    _mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
	for (; i < n; i++)
		y[i] = fm_to_f16(x[i]);
}

AVX2 static void
silu_mul(float *y, const float *g, size_t n)
{
	const __m256 one = _mm256_set1_ps(1), zero = _mm256_set1_ps(-0.0f);
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		__m256 v = _mm256_loadu_ps(g + i);
		__m256 e = vexp(_mm256_xor_ps(v, zero));
		_mm256_storeu_ps(y + i, _mm256_mul_ps(_mm256_div_ps(v,
		    _mm256_add_ps(one, e)), _mm256_loadu_ps(y + i)));
	}
	kernel_scalar()->silu_mul(y + i, g + i, n - i);
}

AVX2 static void
gelu(float *x, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		__m256 v = _mm256_loadu_ps(x + i);
		__m256 u = _mm256_mul_ps(_mm256_set1_ps(0.044715f), v);
		u = _mm256_mul_ps(_mm256_mul_ps(u, v), v);
		u = _mm256_mul_ps(_mm256_set1_ps(0.79788456f),
		    _mm256_add_ps(v, u));
		u = vexp(_mm256_mul_ps(_mm256_set1_ps(-2), u));
		_mm256_storeu_ps(x + i, _mm256_div_ps(v,
		    _mm256_add_ps(_mm256_set1_ps(1), u)));
	}
	kernel_scalar()->gelu(x + i, n - i);
}

AVX2 static void
gelu_erf(float *x, size_t n)
{
	static const float c[] = { -1.453152027f, 1.421413741f,
		-0.284496736f, 0.254829592f };
	const __m256 one = _mm256_set1_ps(1), half = _mm256_set1_ps(0.5f);
	const __m256 minus = _mm256_set1_ps(-0.0f);
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		__m256 v = _mm256_loadu_ps(x + i);
		__m256 y = _mm256_mul_ps(v, _mm256_set1_ps(0.70710678f));
		__m256 a = _mm256_andnot_ps(minus, y);
		__m256 t = _mm256_div_ps(one, _mm256_add_ps(one,
		    _mm256_mul_ps(_mm256_set1_ps(0.3275911f), a)));
		__m256 p = _mm256_set1_ps(1.061405429f);
		for (int j = 0; j < 4; j++)
			p = _mm256_add_ps(_mm256_mul_ps(p, t),
			    _mm256_set1_ps(c[j]));
		p = _mm256_sub_ps(one, _mm256_mul_ps(_mm256_mul_ps(p, t),
		    vexp(_mm256_mul_ps(_mm256_xor_ps(minus, a), a))));
		p = _mm256_xor_ps(p, _mm256_and_ps(minus, _mm256_cmp_ps(y,
		    _mm256_setzero_ps(), _CMP_LT_OQ)));
		_mm256_storeu_ps(x + i, _mm256_mul_ps(v,
		    _mm256_add_ps(half, _mm256_mul_ps(half, p))));
	}
	kernel_scalar()->gelu_erf(x + i, n - i);
}

static uint64_t
load64(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

#define CRC __attribute__((target("sse4.2,pclmul")))

/* The checksum c of some bytes, after n zeros more; by is x^(8 n - 33) modulo the
 * polynomial, its bits reversed. */
CRC static uint64_t
crc_zeros(uint64_t c, uint32_t by)
{
	__m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)c),
	    _mm_cvtsi32_si128((int)by), 0);

	return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

/* An instruction waits three cycles for the one before it: so three parts side
 * by side (Gopal and others, Fast CRC computation for iSCSI polynomial using
 * CRC32 instruction, Intel 2011). */
CRC static uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	enum { PART = 512 };
	const uint32_t part = 0xdd7e3b0c, two_parts = 0x170076fa;
	const unsigned char *s = p;
	uint64_t c = (uint32_t)~crc, d, e;

	for (; n >= 3 * PART; n -= 3 * PART, s += 3 * PART) {
		d = e = 0;
		for (size_t i = 0; i < PART; i += 8) {
			c = _mm_crc32_u64(c, load64(s + i));
			d = _mm_crc32_u64(d, load64(s + PART + i));
			e = _mm_crc32_u64(e, load64(s + 2 * PART + i));
		}
		c = crc_zeros(c, two_parts) ^ crc_zeros(d, part) ^ e;
	}
	for (; n >= 8; n -= 8, s += 8)
		c = _mm_crc32_u64(c, load64(s));
	for (; n > 0; n--, s++)
		c = _mm_crc32_u8((uint32_t)c, *s);
	return ~(uint32_t)c;
}

AVX2 static void
softcap(float *x, size_t n, float cap)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		_mm256_storeu_ps(x + i, vcap(_mm256_loadu_ps(x + i),
		    _mm256_set1_ps(cap)));
	kernel_scalar()->softcap(x + i, n - i, cap);
}

bool
kernel_avx2(struct kern *k)
{
	if (isa_best() < ISA_AVX2)
		return false;
	k->name = "avx2";
	k->dot = dot;
	k->sum = sum;
	k->matmul_f32 = avx2_matmul_f32;
	k->matmul_f16 = avx2_matmul_f16;
	k->matmul_bf16 = avx2_matmul_bf16;
	avx2_set_q(k);
	avx2_set_both(k);
	k->quant_q8 = avx2_quant_q8;
	k->from_f16 = from_f16;
	k->from_bf16 = from_bf16;
	k->dequant[DTYPE_Q8_0] = avx2_dequant_q8_0;
	k->to_f16 = to_f16;
	k->attn_f16 = avx2_attn_f16;
	k->attn_f32 = avx2_attn_f32;
	k->silu_mul = silu_mul;
	k->softcap = softcap;
	k->gelu = gelu;
	k->gelu_erf = gelu_erf;
	k->crc32c = crc32c;
	return true;
}

#else

bool
kernel_avx2(struct kern *k)
{
	(void)k;
	return false;
}

#endif
