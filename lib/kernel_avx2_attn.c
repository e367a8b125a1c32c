/* kernel_avx2_attn - attention over a page; see kern.h. */
#include "kernel_avx2.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <math.h>
#include <string.h>

#include "fmath.h"

typedef __m256 vec;

enum { LANES = 8, SUMS = 8 };

INLINE vec
vset(float x)
{
	return _mm256_set1_ps(x);
}

INLINE vec
vadd(vec a, vec b)
{
	return _mm256_add_ps(a, b);
}

INLINE vec
vsub(vec a, vec b)
{
	return _mm256_sub_ps(a, b);
}

INLINE vec
vmul(vec a, vec b)
{
	return _mm256_mul_ps(a, b);
}

INLINE vec
vfma(vec a, vec b, vec c)
{
	return _mm256_fmadd_ps(a, b, c);
}

INLINE vec
vmax(vec a, vec b)
{
	return _mm256_max_ps(a, b);
}

INLINE vec
vload(const float *p)
{
	return loaded(p);
}

INLINE vec
vsome(const float *p, size_t n)
{
	return _mm256_maskload_ps(p, first(n));
}

INLINE vec
vhalf(const uint16_t *p)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const void *)p));
}

INLINE vec
vhalves(const uint16_t *p, size_t n)
{
	uint16_t all[8] = { 0 };

	memcpy(all, p, n * sizeof(*p));
	return vhalf(all);
}

INLINE void
vstore(float *p, vec a)
{
	_mm256_storeu_ps(p, a);
}

INLINE void
vput(float *p, size_t n, vec a)
{
	_mm256_maskstore_ps(p, first(n), a);
}

INLINE vec
vseen(vec a, size_t from, size_t to)
{
	return _mm256_blendv_ps(vset(-INFINITY), a, _mm256_castsi256_ps(
	    _mm256_andnot_si256(first(from), first(to))));
}

INLINE float
vtop(vec a)
{
	__m128 h = _mm_max_ps(_mm256_castps256_ps128(a),
	    _mm256_extractf128_ps(a, 1));

	h = _mm_max_ps(h, _mm_movehl_ps(h, h));
	return _mm_cvtss_f32(_mm_max_ss(h, _mm_movehdup_ps(h)));
}

INLINE float
vtree(const vec a[2])
{
	return tree16(a[0], a[1]);
}

#define vfetch(p) _mm_prefetch((const void *)(p), _MM_HINT_T1)
#define OUTLINE AVX2 __attribute__((noinline)) static
#include "kernel_attn.inc"

AVX2 void
avx2_attn_f16(float *o, float *m, float *l, const float *q,
    const uint16_t *k, const uint16_t *v, size_t nq, const struct kern_attn *a)
{
	attention(o, m, l, q, k, v, nq, a, true);
}

AVX2 void
avx2_attn_f32(float *o, float *m, float *l, const float *q, const float *k,
    const float *v, size_t nq, const struct kern_attn *a)
{
	attention(o, m, l, q, k, v, nq, a, false);
}

#else
typedef int no_avx2; /* a file may not be empty */
#endif
