/* kernel_neon - the kernels for AArch64; kern.h defines what each computes and
 * in which order. */
#include "kernel_neon.h"

#ifdef NEON

#include <math.h>
#include <string.h>

#ifdef __linux__
#include <sys/auxv.h>
#endif

#include "fmath.h"

/* Terms 0..n-1 of the last lanes, n < 16: of x times y, or of x alone. */
INLINE float
end16(const float32x4_t a[4], const float *x, const float *y, size_t n)
{
	float lane[16];

	for (size_t i = 0; i < 4; i++)
		vst1q_f32(lane + 4 * i, a[i]);
	for (size_t i = 0; i < n; i++)
		lane[i] = y != NULL ? fmaf(x[i], y[i], lane[i])
		                    : lane[i] + x[i];
	return tree16(vld1q_f32(lane), vld1q_f32(lane + 4),
	    vld1q_f32(lane + 8), vld1q_f32(lane + 12));
}

static float
dot(const float *x, const float *y, size_t n)
{
	float32x4_t a[4];
	size_t i = 0;

	a[0] = a[1] = a[2] = a[3] = vdupq_n_f32(0);
	for (; i + 16 <= n; i += 16)
		for (size_t j = 0; j < 4; j++)
			a[j] = vfmaq_f32(a[j], vld1q_f32(x + i + 4 * j),
			    vld1q_f32(y + i + 4 * j));
	return i == n ? tree16(a[0], a[1], a[2], a[3])
	              : end16(a, x + i, y + i, n - i);
}

static float
sum(const float *x, size_t n)
{
	float32x4_t a[4];
	size_t i = 0;

	a[0] = a[1] = a[2] = a[3] = vdupq_n_f32(0);
	for (; i + 16 <= n; i += 16)
		for (size_t j = 0; j < 4; j++)
			a[j] = vaddq_f32(a[j], vld1q_f32(x + i + 4 * j));
	return i == n ? tree16(a[0], a[1], a[2], a[3])
	              : end16(a, x + i, NULL, n - i);
}

static void
from_f16(float *y, const uint16_t *w, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint16x8_t v = vld1q_u16(w + i);
		vst1q_f32(y + i, half4(vget_low_u16(v)));
		vst1q_f32(y + i + 4, half4(vget_high_u16(v)));
	}
	for (; i < n; i++)
		y[i] = fm_from_f16(w[i]);
}

static void
from_bf16(float *y, const uint16_t *w, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint16x8_t v = vld1q_u16(w + i);
		vst1q_f32(y + i, bhalf4(vget_low_u16(v)));
		vst1q_f32(y + i + 4, bhalf4(vget_high_u16(v)));
	}
	for (; i < n; i++)
		y[i] = fm_from_bf16(w[i]);
}

static void
to_f16(uint16_t *y, const float *x, size_t n)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		vst1_u16(y + i, vreinterpret_u16_f16(
		    vcvt_f16_f32(vld1q_f32(x + i))));
	for (; i < n; i++)
		y[i] = fm_to_f16(x[i]);
}

static void
softcap(float *x, size_t n, float cap)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		vst1q_f32(x + i, vcap(vld1q_f32(x + i), vdupq_n_f32(cap)));
	kernel_scalar()->softcap(x + i, n - i, cap);
}

static void
silu_mul(float *y, const float *g, size_t n)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		float32x4_t v = vld1q_f32(g + i);
		float32x4_t e = vaddq_f32(vdupq_n_f32(1), vexp(vnegq_f32(v)));
		vst1q_f32(y + i, vmulq_f32(vdivq_f32(v, e),
		    vld1q_f32(y + i)));
	}
	kernel_scalar()->silu_mul(y + i, g + i, n - i);
}

static void
gelu(float *x, size_t n)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		float32x4_t v = vld1q_f32(x + i);
		float32x4_t u = vmulq_f32(vdupq_n_f32(0.044715f), v);
		u = vmulq_f32(vmulq_f32(u, v), v);
		u = vmulq_f32(vdupq_n_f32(0.79788456f), vaddq_f32(v, u));
		u = vexp(vmulq_f32(vdupq_n_f32(-2), u));
		vst1q_f32(x + i, vdivq_f32(v,
		    vaddq_f32(vdupq_n_f32(1), u)));
	}
	kernel_scalar()->gelu(x + i, n - i);
}

static void
gelu_erf(float *x, size_t n)
{
	static const float c[] = { -1.453152027f, 1.421413741f,
		-0.284496736f, 0.254829592f };
	const float32x4_t one = vdupq_n_f32(1), half = vdupq_n_f32(0.5f);
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		float32x4_t v = vld1q_f32(x + i);
		float32x4_t y = vmulq_f32(v, vdupq_n_f32(0.70710678f));
		float32x4_t a = vabsq_f32(y), p = vdupq_n_f32(1.061405429f);
		float32x4_t t = vdivq_f32(one, vaddq_f32(one,
		    vmulq_f32(vdupq_n_f32(0.3275911f), a)));
		for (int j = 0; j < 4; j++)
			p = vaddq_f32(vmulq_f32(p, t), vdupq_n_f32(c[j]));
		p = vsubq_f32(one, vmulq_f32(vmulq_f32(p, t),
		    vexp(vmulq_f32(vnegq_f32(a), a))));
		p = vbslq_f32(vcltzq_f32(y), vnegq_f32(p), p);
		vst1q_f32(x + i, vmulq_f32(v,
		    vaddq_f32(half, vmulq_f32(half, p))));
	}
	kernel_scalar()->gelu_erf(x + i, n - i);
}

CRC static uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t word;

	crc = ~crc;
	for (; n >= 8; n -= 8, s += 8) {
		memcpy(&word, s, sizeof(word));
		crc = __crc32cd(crc, word);
	}
	for (; n > 0; n--, s++)
		crc = __crc32cb(crc, *s);
	return ~crc;
}

static bool
has_crc(void)
{
#if defined(__linux__) && defined(HWCAP_CRC32)
	return CRC_GRANTED || (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#else
	return CRC_GRANTED;
#endif
}

static bool
has_dotprod(void)
{
#if defined(__linux__) && defined(HWCAP_ASIMDDP)
	return DOTPROD_GRANTED || (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
	return DOTPROD_GRANTED;
#endif
}

bool
kernel_neon(struct kern *k)
{
	k->name = "neon";
	k->dot = dot;
	k->sum = sum;
	k->matmul_f32 = neon_matmul_f32;
	k->matmul_f16 = neon_matmul_f16;
	k->matmul_bf16 = neon_matmul_bf16;
	neon_set_q(k);
	k->quant_q8 = neon_quant_q8;
	k->from_f16 = from_f16;
	k->from_bf16 = from_bf16;
	k->dequant[DTYPE_Q8_0] = neon_dequant_q8_0;
	k->to_f16 = to_f16;
	k->attn_f16 = neon_attn_f16;
	k->attn_f32 = neon_attn_f32;
	k->softcap = softcap;
	k->silu_mul = silu_mul;
	k->gelu = gelu;
	k->gelu_erf = gelu_erf;
	if (has_crc())
		k->crc32c = crc32c;
	return true;
}

bool
kernel_dotprod(struct kern *k)
{
	if (!has_dotprod())
		return false;
	k->name = "dotprod";
	dotprod_set_q(k);
	return true;
}

#else

bool
kernel_neon(struct kern *k)
{
	(void)k;
	return false;
}

bool
kernel_dotprod(struct kern *k)
{
	(void)k;
	return false;
}

#endif
