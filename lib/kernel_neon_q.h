/*
 * kernel_neon_q - rows of blocks as bytes, 32 neighbouring values to two
 * vectors, and the integer scales of super-blocks; see quant.h and kern.h.
 * Every function is inlined with a constant type, so that its switch is gone.
 */
#ifndef KERNEL_NEON_Q_H
#define KERNEL_NEON_Q_H

#include "kernel_neon.h"

#ifdef NEON

#include <string.h>

#include "kernel_q.h"

enum { PANEL = 8 }; /* rows of a panel */

/* Four neighbouring columns of a panel. */
struct fours {
	int8_t row[PANEL][4];
};

/* Whether bytes are signed, q itself; else they are q + byte_offset(type). */
INLINE bool
is_wide(int type)
{
	return byte_offset(type) == 128;
}

INLINE uint32_t
word(const unsigned char *p)
{
	uint32_t u;

	memcpy(&u, p, sizeof(u));
	return u;
}

/* Shifted to the left, or to the right when n < 0. */
INLINE uint8x16_t
shifted(uint8x16_t v, int n)
{
	return n < 0 ? v >> -n : v << n;
}

/* v with those bits of w that are set in `bits`. */
INLINE uint8x16_t
with(uint8x16_t v, uint8x16_t w, uint8_t bits)
{
	return vbslq_u8(vdupq_n_u8(bits), w, v);
}

/* The low nibbles, or the high ones. */
INLINE uint8x16_t
nibbles(const unsigned char *p, bool high)
{
	uint8x16_t v = vld1q_u8(p);

	return high ? vshrq_n_u8(v, 4) : vandq_u8(v, vdupq_n_u8(15));
}

/* With a fifth bit from h, of which the eights are spread over 32 values: bits
 * of byte `from` to the first eight, of the next one to the others. */
INLINE uint8x16_t
fifth(uint8x16_t v, uint32_t h, uint8_t from)
{
	static const uint8_t bit[16] = { 1, 2, 4, 8, 16, 32, 64, 128,
		1, 2, 4, 8, 16, 32, 64, 128 };
	uint8x16_t byte = vcombine_u8(vdup_n_u8(from),
	    vdup_n_u8((uint8_t)(from + 1)));

	return with(v, vtstq_u8(vqtbl1q_u8(vreinterpretq_u8_u32(
	    vdupq_n_u32(h)), byte), vld1q_u8(bit)), 16);
}

INLINE uint8x16_t
iq4(uint8x16_t v)
{
	return vreinterpretq_u8_s8(vqtbl1q_s8(vld1q_s8(quant_iq4), v));
}

/* Values 16h.. of a block of 32. */
INLINE int8x16_t
bytes32(int type, const unsigned char *p, int h)
{
	uint8x16_t v;

	switch (type) {
	case DTYPE_Q8_0:
		v = vld1q_u8(p + 2 + 16 * h);
		break;
	case DTYPE_Q4_1:
		v = nibbles(p + 4, h);
		break;
	case DTYPE_Q5_0:
		v = fifth(nibbles(p + 6, h), word(p + 2), (uint8_t)(2 * h));
		break;
	case DTYPE_Q5_1:
		v = fifth(nibbles(p + 8, h), word(p + 4), (uint8_t)(2 * h));
		break;
	case DTYPE_IQ4_NL:
		v = iq4(nibbles(p + 2, h));
		break;
	default:
		v = nibbles(p + 2, h);
		break;
	}
	return vreinterpretq_s8_u8(v);
}

/* Values 16j.. of a super-block. */
INLINE int8x16_t
bytes256(int type, const unsigned char *p, int j)
{
	int i = j / 2, h = j % 2 * 16;
	uint8x16_t v;

	switch (type) {
	case DTYPE_Q2_K:
		v = vandq_u8(shifted(vld1q_u8(p + 16 + i / 4 * 32 + h),
		    -2 * (i % 4)), vdupq_n_u8(3));
		break;
	case DTYPE_Q3_K:
		v = vandq_u8(shifted(vld1q_u8(p + 32 + i / 4 * 32 + h),
		    -2 * (i % 4)), vdupq_n_u8(3));
		v = with(v, shifted(vld1q_u8(p + h), 2 - i), 4);
		break;
	case DTYPE_Q4_K:
		v = nibbles(p + 16 + i / 2 * 32 + h, i % 2);
		break;
	case DTYPE_Q5_K:
		v = nibbles(p + 48 + i / 2 * 32 + h, i % 2);
		v = with(v, shifted(vld1q_u8(p + 16 + h), 4 - i), 16);
		break;
	case DTYPE_Q6_K:
		v = nibbles(p + i / 4 * 64 + i % 2 * 32 + h, i / 2 % 2);
		v = with(v, shifted(vld1q_u8(p + 128 + i / 4 * 32 + h),
		    4 - 2 * (i % 4)), 48);
		break;
	default:
		v = iq4(nibbles(p + 8 + 16 * i, j % 2));
		break;
	}
	return vreinterpretq_s8_u8(v);
}

/* The integer scales of a super-block, 16 of groups of 16 or 8 of groups of
 * 32; behind the latter the minima where it has some. */
INLINE int16x8x2_t
scales256(int type, const unsigned char *p)
{
	static const int16_t place[8] = { 0, -2, -4, -6, -8, -10, -12, -14 };
	const uint32_t two = 0x03030303u, four = 0x0f0f0f0fu;
	uint32_t a, b, c, u[4];
	uint16x8_t high;
	uint16_t sh;
	uint8x16_t v;
	int8x16_t s;

	switch (type) {
	case DTYPE_Q2_K:
		v = vandq_u8(vld1q_u8(p), vdupq_n_u8(15));
		s = vreinterpretq_s8_u8(v);
		break;
	case DTYPE_Q3_K:
		a = word(p + 96);
		b = word(p + 100);
		c = word(p + 104);
		u[0] = (a & four) | (c & two) << 4;
		u[1] = (b & four) | (c >> 2 & two) << 4;
		u[2] = (a >> 4 & four) | (c >> 4 & two) << 4;
		u[3] = (b >> 4 & four) | (c >> 6 & two) << 4;
		s = vsubq_s8(vreinterpretq_s8_u32(vld1q_u32(u)),
		    vdupq_n_s8(32));
		break;
	case DTYPE_Q4_K:
	case DTYPE_Q5_K:
		a = word(p + 4);
		b = word(p + 8);
		c = word(p + 12);
		u[0] = a & 0x3f3f3f3fu;
		u[1] = (c & four) | (a >> 2 & 0x30303030u);
		u[2] = b & 0x3f3f3f3fu;
		u[3] = (c >> 4 & four) | (b >> 2 & 0x30303030u);
		s = vreinterpretq_s8_u32(vld1q_u32(u));
		break;
	case DTYPE_Q6_K:
		s = vreinterpretq_s8_u8(vld1q_u8(p + 192));
		break;
	default: /* IQ4_XS: nibbles, and above them two bits each */
		a = word(p + 4);
		memcpy(&sh, p + 2, 2);
		v = vreinterpretq_u8_u32(vdupq_n_u32(a & four));
		v = vzip1q_u8(v, vreinterpretq_u8_u32(
		    vdupq_n_u32(a >> 4 & four)));
		high = vandq_u16(vshlq_u16(vdupq_n_u16(sh), vld1q_s16(place)),
		    vdupq_n_u16(3));
		v = vorrq_u8(v, vcombine_u8(vmovn_u16(vshlq_n_u16(high, 4)),
		    vdup_n_u8(0)));
		s = vsubq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(32));
		break;
	}
	return (int16x8x2_t) { { vmovl_s8(vget_low_s8(s)),
		vmovl_high_s8(s) } };
}

/* What a super-block's sums of activations are multiplied with: its minima;
 * or its scales, for what the offset added. */
INLINE int16x8x2_t
corrections256(int type, int16x8x2_t scales, const unsigned char *p)
{
	uint8x16_t v;

	switch (type) {
	case DTYPE_Q2_K:
		v = vshrq_n_u8(vld1q_u8(p), 4);
		return (int16x8x2_t) { {
			vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(v))),
			vreinterpretq_s16_u16(vmovl_high_u8(v)) } };
	case DTYPE_Q4_K:
	case DTYPE_Q5_K:
		scales.val[0] = scales.val[1];
		return scales;
	default:
		return scales;
	}
}

/* The sums of a super-block's activations, by its groups. */
INLINE int16x8x2_t
sums256(int type, const int16_t *sum)
{
	int16x8x2_t s = { { vld1q_s16(sum), vld1q_s16(sum + 8) } };

	if (group_size(type) == 32)
		s.val[0] = vpaddq_s16(s.val[0], s.val[1]);
	return s;
}

/* F16, at the same place in each of four blocks. */
INLINE float32x4_t
halves4(const unsigned char *const w[4], size_t at)
{
	uint16x4_t v = vdup_n_u16(0);
	uint16_t h[4];

	for (int r = 0; r < 4; r++)
		memcpy(&h[r], w[r] + at, 2);
	v = vset_lane_u16(h[0], v, 0);
	v = vset_lane_u16(h[1], v, 1);
	v = vset_lane_u16(h[2], v, 2);
	v = vset_lane_u16(h[3], v, 3);
	return half4(v);
}

#endif
#endif
