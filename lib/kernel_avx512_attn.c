/* kernel_avx512_attn - attention over a page; see kern.h. */
#include "kernel_avx512.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <math.h>
#include <string.h>

#include "fmath.h"

typedef __m512 vec;

enum { LANES = 16, SUMS = 16 };

INLINE vec
vset(float x)
{
	return _mm512_set1_ps(x);
}

INLINE vec
vadd(vec a, vec b)
{
	return _mm512_add_ps(a, b);
}

INLINE vec
vsub(vec a, vec b)
{
	return _mm512_sub_ps(a, b);
}

INLINE vec
vmul(vec a, vec b)
{
	return _mm512_mul_ps(a, b);
}

INLINE vec
vfma(vec a, vec b, vec c)
{
	return _mm512_fmadd_ps(a, b, c);
}

INLINE vec
vmax(vec a, vec b)
{
	return _mm512_max_ps(a, b);
}

INLINE vec
vload(const float *p)
{
	vec v = _mm512_loadu_ps(p);

	__asm__("" : "+v"(v)); /* loaded once: see loaded() */
	return v;
}

INLINE vec
vsome(const float *p, size_t n)
{
	return _mm512_maskz_loadu_ps(first16(n), p);
}

INLINE vec
vhalf(const uint16_t *p)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)p));
}

INLINE vec
vhalves(const uint16_t *p, size_t n)
{
	return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first16(n), p));
}

INLINE void
vstore(float *p, vec a)
{
	_mm512_storeu_ps(p, a);
}

INLINE void
vput(float *p, size_t n, vec a)
{
	_mm512_mask_storeu_ps(p, first16(n), a);
}

INLINE vec
vseen(vec a, size_t from, size_t to)
{
	return _mm512_mask_mov_ps(vset(-INFINITY),
	    first16(to) & (__mmask16)~first16(from), a);
}

INLINE float
vtop(vec a)
{
	return _mm512_reduce_max_ps(a);
}

INLINE float
vtree(const vec a[1])
{
	return tree512(a[0]);
}

#define vexp vexp16
#define vcap vcap16
#define vfetch(p) _mm_prefetch((const void *)(p), _MM_HINT_T1)
#define OUTLINE AVX512 __attribute__((noinline)) static
#include "kernel_attn.inc"

AVX512 void
avx512_attn_f16(float *o, float *m, float *l, const float *q,
    const uint16_t *k, const uint16_t *v, size_t nq, const struct kern_attn *a)
{
	attention(o, m, l, q, k, v, nq, a, true);
}

AVX512 void
avx512_attn_f32(float *o, float *m, float *l, const float *q, const float *k,
    const float *v, size_t nq, const struct kern_attn *a)
{
	attention(o, m, l, q, k, v, nq, a, false);
}

#else
typedef int no_avx512; /* a file may not be empty */
#endif
