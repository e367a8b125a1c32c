/*
 * kernel_neon - what the kernels for AArch64 share; see kern.h. NEON is always
 * there; products of bytes (FEAT_DotProd) and CRC-32C are asked for.
 */
#ifndef KERNEL_NEON_H
#define KERNEL_NEON_H

#include "kern.h"

#if defined(__aarch64__) && defined(__GNUC__) &&                               \
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NEON

/*
 * Code for one processor by function, so that no file needs flags: DOTPROD and
 * CRC, nothing where the compiler takes them for granted. Before version 16
 * clang's headers hold only what the command line allows, whatever a function
 * says.
 */
#ifdef __ARM_FEATURE_DOTPROD
#define DOTPROD
#define DOTPROD_GRANTED 1
#elif defined(__clang__)
#define DOTPROD __attribute__((target("dotprod")))
#define DOTPROD_GRANTED 0
#define __ARM_FEATURE_DOTPROD 1
#else
#define DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#define DOTPROD_GRANTED 0
#endif

#ifdef __ARM_FEATURE_CRC32
#define CRC
#define CRC_GRANTED 1
#elif defined(__clang__)
#define CRC __attribute__((target("crc")))
#define CRC_GRANTED 0
#define __ARM_FEATURE_CRC32 1
#else
#define CRC __attribute__((target("+crc")))
#define CRC_GRANTED 0
#endif

#include <arm_acle.h>
#include <arm_neon.h>

#define INLINE static inline __attribute__((always_inline, unused))

/* Before a loop of which every turn is to be code of its own, with constants
 * for what depends on the turn. */
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* The slots of products with blocks. */
void neon_set_q(struct kern *k);
void dotprod_set_q(struct kern *k);

/* Slots that stand in files of their own. */
void neon_matmul_f32(float *y, size_t ldy, const float *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k);
void neon_matmul_f16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k);
void neon_matmul_bf16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k);
kern_dequant neon_dequant_q8_0;
void neon_quant_q8(const struct acts *to, const float *x, size_t k,
    size_t block);
void neon_attn_f16(float *o, float *m, float *l, const float *q,
    const uint16_t *k, const uint16_t *v, size_t nq,
    const struct kern_attn *a);
void neon_attn_f32(float *o, float *m, float *l, const float *q,
    const float *k, const float *v, size_t nq, const struct kern_attn *a);

/* F16 to float. */
INLINE float32x4_t
half4(uint16x4_t h)
{
	return vcvt_f32_f16(vreinterpret_f16_u16(h));
}

/* BF16 to float. */
INLINE float32x4_t
bhalf4(uint16x4_t h)
{
	return vreinterpretq_f32_u32(vshll_n_u16(h, 16));
}

/* The tree of the 16-lane rule. */
INLINE float
tree16(float32x4_t a, float32x4_t b, float32x4_t c, float32x4_t d)
{
	float32x4_t v = vaddq_f32(vaddq_f32(a, c), vaddq_f32(b, d));

	return vpadds_f32(vadd_f32(vget_low_f32(v), vget_high_f32(v)));
}

/* fm_expf, operation by operation. */
INLINE float32x4_t
vexp(float32x4_t x)
{
	static const float c[] = { 1.0f / 720, 1.0f / 120, 1.0f / 24,
		1.0f / 6, 0.5f, 1.0f, 1.0f };
	const float32x4_t magic = vdupq_n_f32(12582912.0f);
	const int32x4_t bias = vdupq_n_s32(127);
	/* these keep NaN */
	float32x4_t d = vminq_f32(vmaxq_f32(x, vdupq_n_f32(-105.0f)),
	    vdupq_n_f32(90.0f));
	float32x4_t t = vaddq_f32(vmulq_f32(d, vdupq_n_f32(1.44269504f)),
	    magic);
	float32x4_t f = vsubq_f32(t, magic), p = vdupq_n_f32(1.0f / 5040);
	float32x4_t r = vsubq_f32(vsubq_f32(d,
	    vmulq_f32(f, vdupq_n_f32(0.693359375f))),
	    vmulq_f32(f, vdupq_n_f32(-2.12194440e-4f)));
	int32x4_t n = vsubq_s32(vreinterpretq_s32_f32(t),
	    vreinterpretq_s32_f32(magic));
	int32x4_t half = vshrq_n_s32(n, 1);

	for (int i = 0; i < 7; i++)
		p = vaddq_f32(vmulq_f32(p, r), vdupq_n_f32(c[i]));
	p = vmulq_f32(p, vreinterpretq_f32_s32(vshlq_n_s32(
	    vaddq_s32(half, bias), 23)));
	return vmulq_f32(p, vreinterpretq_f32_s32(vshlq_n_s32(
	    vaddq_s32(vsubq_s32(n, half), bias), 23)));
}

/* cap * fm_tanhf(x / cap) */
INLINE float32x4_t
vcap(float32x4_t x, float32x4_t cap)
{
	const float32x4_t one = vdupq_n_f32(1), two = vdupq_n_f32(2);
	float32x4_t e = vexp(vmulq_f32(two, vdivq_f32(x, cap)));

	return vmulq_f32(cap, vsubq_f32(one,
	    vdivq_f32(two, vaddq_f32(e, one))));
}

#endif
#endif
