/* kernel_avx2_attn - attention over a page; see kern.h. */
#include "kernel_avx2.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <math.h>
#include <stdbool.h>

#include "fmath.h"

/* As in kernel_scalar: scores to weights, with m, l and o brought along. s has
 * KERN_PAGE places, those of positions not seen holding -inf. */
AVX2 static void
attn_weights(float *s, float *o, float *m, float *l, size_t hd)
{
	__m256 top = _mm256_set1_ps(*m), a = _mm256_setzero_ps(), b = a, v;
	__m128 h;
	size_t i = 0;
	float c;

	for (int j = 0; j < KERN_PAGE; j += 8) /* a NaN is passed over */
		top = _mm256_max_ps(_mm256_loadu_ps(s + j), top);
	h = _mm_max_ps(_mm256_castps256_ps128(top),
	    _mm256_extractf128_ps(top, 1));
	h = _mm_max_ps(h, _mm_movehl_ps(h, h));
	h = _mm_max_ss(h, _mm_movehdup_ps(h));
	c = fm_expf(*m - _mm_cvtss_f32(h));
	*m = _mm_cvtss_f32(h);
	top = _mm256_set1_ps(*m);
	for (int j = 0; j < KERN_PAGE; j += 16) {
		v = vexp(_mm256_sub_ps(_mm256_loadu_ps(s + j), top));
		a = _mm256_add_ps(a, v);
		_mm256_storeu_ps(s + j, v);
		v = vexp(_mm256_sub_ps(_mm256_loadu_ps(s + j + 8), top));
		b = _mm256_add_ps(b, v);
		_mm256_storeu_ps(s + j + 8, v);
	}
	*l = fmaf(*l, c, tree16(a, b));
	for (; i + 8 <= hd; i += 8)
		_mm256_storeu_ps(o + i, _mm256_mul_ps(_mm256_loadu_ps(o + i),
		    _mm256_set1_ps(c)));
	for (; i < hd; i++)
		o[i] *= c;
}

/* Eight values of the cache, by its element type. */
INLINE __m256
load_f32(const float *p)
{
	return _mm256_loadu_ps(p);
}

INLINE __m256
load_f16(const uint16_t *p)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const void *)p));
}

INLINE float
one_f32(const float *p)
{
	return *p;
}

INLINE float
one_f16(const uint16_t *p)
{
	return fm_from_f16(*p);
}

/* Those of positions j..j+7 that are seen. */
INLINE __m256
seen(const struct kern_attn *a, size_t j)
{
	size_t to = a->to > j + 8 ? 8 : a->to > j ? a->to - j : 0;
	size_t from = a->from > j + 8 ? 8 : a->from > j ? a->from - j : 0;

	return _mm256_castsi256_ps(_mm256_andnot_si256(first(from), first(to)));
}

/* Scores of G queries with the page's positions, 16 at a time, and the sum of
 * values by G weights, 8 dimensions at a time: G shares each load. */
#define ATTN_GROUP(T, NAME, G)                                                 \
	AVX2 static void scores_##NAME##_##G(float (*s)[KERN_PAGE],            \
	    const float *q, const T *k, const struct kern_attn *at)            \
	{                                                                      \
		const __m256 none = _mm256_set1_ps(-INFINITY);                 \
		const __m256 sc = _mm256_set1_ps(at->scale);                   \
		const __m256 cap = _mm256_set1_ps(at->cap);                    \
		size_t hd = at->hd;                                            \
		for (size_t j = 0; j < KERN_PAGE; j += 16, k += 16 * hd) {     \
			__m256 a[G], b[G];                                     \
			bool see = at->from < j + 16 && at->to > j;            \
			__m256 in = seen(at, j), in2 = seen(at, j + 8);        \
			for (int g = 0; g < G; g++)                            \
				a[g] = b[g] = _mm256_setzero_ps();             \
			for (size_t i = 0; see && i < hd; i++) {               \
				__m256 u = load_##NAME(k + 16 * i);            \
				__m256 v = load_##NAME(k + 16 * i + 8);        \
				for (size_t g = 0; g < G; g++) {               \
					__m256 x = _mm256_set1_ps(             \
					    q[g * hd + i]);                    \
					a[g] = _mm256_fmadd_ps(x, u, a[g]);    \
					b[g] = _mm256_fmadd_ps(x, v, b[g]);    \
				}                                              \
			}                                                      \
			for (int g = 0; g < G; g++) {                          \
				a[g] = _mm256_mul_ps(a[g], sc);                \
				b[g] = _mm256_mul_ps(b[g], sc);                \
				if (at->cap > 0) {                             \
					a[g] = vcap(a[g], cap);                \
					b[g] = vcap(b[g], cap);                \
				}                                              \
				_mm256_storeu_ps(&s[g][j],                     \
				    _mm256_blendv_ps(none, a[g], in));         \
				_mm256_storeu_ps(&s[g][j + 8],                 \
				    _mm256_blendv_ps(none, b[g], in2));        \
			}                                                      \
		}                                                              \
	}                                                                      \
	AVX2 static void values_##NAME##_##G(float *o,                         \
	    const float (*s)[KERN_PAGE], const T *v,                           \
	    const struct kern_attn *at)                                        \
	{                                                                      \
		size_t i = 0, hd = at->hd;                                     \
		for (; i + 8 <= hd; i += 8) {                                  \
			__m256 a[G];                                           \
			for (size_t g = 0; g < G; g++)                         \
				a[g] = _mm256_loadu_ps(o + g * hd + i);        \
			for (size_t j = at->from; j < at->to; j++) {           \
				__m256 u = load_##NAME(v + j * hd + i);        \
				for (int g = 0; g < G; g++)                    \
					a[g] = _mm256_fmadd_ps(                \
					    _mm256_set1_ps(s[g][j]), u, a[g]); \
			}                                                      \
			for (size_t g = 0; g < G; g++)                         \
				_mm256_storeu_ps(o + g * hd + i, a[g]);        \
		}                                                              \
		for (; i < hd; i++)                                            \
			for (size_t g = 0; g < G; g++)                         \
				for (size_t j = at->from; j < at->to; j++)     \
					o[g * hd + i] = fmaf(s[g][j],          \
					    one_##NAME(v + j * hd + i),        \
					    o[g * hd + i]);                    \
	}                                                                      \
	AVX2 static void group_##NAME##_##G(float *o, float *m, float *l,      \
	    const float *q, const T *k, const T *v,                            \
	    const struct kern_attn *at)                                        \
	{                                                                      \
		float s[G][KERN_PAGE];                                         \
		scores_##NAME##_##G(s, q, k, at);                              \
		for (size_t g = 0; g < G; g++)                                 \
			attn_weights(s[g], o + g * at->hd, m + g, l + g,       \
			    at->hd);                                           \
		values_##NAME##_##G(o, (const float(*)[KERN_PAGE])s, v, at);   \
	}

#define ATTN(T, NAME)                                                          \
	ATTN_GROUP(T, NAME, 1)                                                 \
	ATTN_GROUP(T, NAME, 2)                                                 \
	ATTN_GROUP(T, NAME, 3)                                                 \
	ATTN_GROUP(T, NAME, 4)                                                 \
	AVX2 void avx2_attn_##NAME(float *o, float *m, float *l,               \
	    const float *q, const T *k, const T *v, size_t nq,                 \
	    const struct kern_attn *at)                                        \
	{                                                                      \
		while (nq > 0) {                                               \
			size_t g = nq > 4 ? 4 : nq;                            \
			(g == 4 ? group_##NAME##_4 : g == 3 ? group_##NAME##_3 \
			    : g == 2 ? group_##NAME##_2 : group_##NAME##_1)(   \
			    o, m, l, q, k, v, at);                             \
			o += g * at->hd;                                       \
			q += g * at->hd;                                       \
			m += g;                                                \
			l += g;                                                \
			nq -= g;                                               \
		}                                                              \
	}

ATTN(float, f32)
ATTN(uint16_t, f16)

#else
typedef int no_avx2; /* a file may not be empty */
#endif
