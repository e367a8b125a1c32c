/* kernel_neon_q8 - activations to int8, and back from Q8_0; see kern.h. */
#include "kernel_neon.h"
#include "kernel_scalar.h"

#ifdef NEON

#include <string.h>

void
neon_dequant_q8_0(float *y, uint32_t type, const void *blocks, size_t n)
{
	const struct q8_0 *w = blocks;

	(void)type;
	for (size_t b = 0; b < n / QK; b++) {
		float32x4_t d = half4(vdup_n_u16(w[b].d));
		for (size_t i = 0; i < QK; i += 8) {
			int16x8_t v = vmovl_s8(vld1_s8(w[b].q + i));
			float *to = y + b * QK + i;
			vst1q_f32(to, vmulq_f32(d, vcvtq_f32_s32(
			    vmovl_s16(vget_low_s16(v)))));
			vst1q_f32(to + 4, vmulq_f32(d, vcvtq_f32_s32(
			    vmovl_high_s16(v))));
		}
	}
}

/* Eight activations, rounded, as integers. */
INLINE int16x8_t
round8(const float *x, float inv)
{
	int32x4_t a = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x), inv));
	int32x4_t b = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + 4), inv));

	return vmovn_high_s32(vmovn_s32(a), b);
}

void
neon_quant_q8(const struct acts *to, const float *x, size_t k, size_t block)
{
	for (size_t at = 0, b = 0; at < k; at += block, b++) {
		uint32x4_t m = vdupq_n_u32(0);
		float inv;

		for (size_t i = at; i < at + block; i += 4)
			m = vmaxq_u32(m, vreinterpretq_u32_f32(vabsq_f32(
			    vld1q_f32(x + i))));
		inv = quant_inverse(&to->d[b], vmaxvq_u32(m));
		if (inv == 0) {
			memset(to->q + at, 0, block);
			memset(to->sum + at / 16, 0, block / 16 * 2);
			continue;
		}
		for (size_t i = at; i < at + block; i += 16) {
			int8x16_t q = vmovn_high_s16(vmovn_s16(
			    round8(x + i, inv)), round8(x + i + 8, inv));
			vst1q_s8(to->q + i, q);
			to->sum[i / 16] = vaddlvq_s8(q);
		}
	}
}

#else
typedef int no_neon; /* a file may not be empty */
#endif
