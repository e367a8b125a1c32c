/* kernel_neon_attn - attention over a page; see kern.h. */
#include "kernel_neon.h"

#ifdef NEON

#include <math.h>
#include <string.h>

#include "fmath.h"

typedef float32x4_t vec;

enum { LANES = 4, SUMS = 16 };

INLINE vec
vset(float x)
{
	return vdupq_n_f32(x);
}

INLINE vec
vadd(vec a, vec b)
{
	return vaddq_f32(a, b);
}

INLINE vec
vsub(vec a, vec b)
{
	return vsubq_f32(a, b);
}

INLINE vec
vmul(vec a, vec b)
{
	return vmulq_f32(a, b);
}

INLINE vec
vfma(vec a, vec b, vec c)
{
	return vfmaq_f32(c, a, b);
}

INLINE vec
vmax(vec a, vec b)
{
	return vbslq_f32(vcgtq_f32(a, b), a, b);
}

INLINE vec
vload(const float *p)
{
	return vld1q_f32(p);
}

INLINE vec
vsome(const float *p, size_t n)
{
	float all[4] = { 0 };

	memcpy(all, p, n * sizeof(*p));
	return vload(all);
}

INLINE vec
vhalf(const uint16_t *p)
{
	return half4(vld1_u16(p));
}

INLINE vec
vhalves(const uint16_t *p, size_t n)
{
	uint16_t all[4] = { 0 };

	memcpy(all, p, n * sizeof(*p));
	return vhalf(all);
}

INLINE void
vstore(float *p, vec a)
{
	vst1q_f32(p, a);
}

INLINE void
vput(float *p, size_t n, vec a)
{
	float all[4];

	vstore(all, a);
	memcpy(p, all, n * sizeof(*p));
}

INLINE vec
vseen(vec a, size_t from, size_t to)
{
	static const uint32_t lanes[4] = { 0, 1, 2, 3 };
	uint32x4_t i = vld1q_u32(lanes);

	return vbslq_f32(vandq_u32(vcgeq_u32(i, vdupq_n_u32((uint32_t)from)),
	    vcltq_u32(i, vdupq_n_u32((uint32_t)to))), a, vset(-INFINITY));
}

INLINE float
vtop(vec a)
{
	return vmaxvq_f32(a);
}

INLINE float
vtree(const vec a[4])
{
	return tree16(a[0], a[1], a[2], a[3]);
}

#define vfetch(p) __builtin_prefetch(p, 0, 2)
#define OUTLINE __attribute__((noinline)) static
#include "kernel_attn.inc"

void
neon_attn_f16(float *o, float *m, float *l, const float *q,
    const uint16_t *k, const uint16_t *v, size_t nq, const struct kern_attn *a)
{
	attention(o, m, l, q, k, v, nq, a, true);
}

void
neon_attn_f32(float *o, float *m, float *l, const float *q, const float *k,
    const float *v, size_t nq, const struct kern_attn *a)
{
	attention(o, m, l, q, k, v, nq, a, false);
}

#else
typedef int no_neon; /* a file may not be empty */
#endif
