/*
 * kernel_avx512_q_add - sums of sixteen rows that take in one more block of some
 * inputs, to[]; see kern.h.
 */
#ifndef KERNEL_AVX512_Q_ADD_H
#define KERNEL_AVX512_Q_ADD_H

#include "kernel_avx512_q_panel.h"

#if defined(__x86_64__) && defined(__GNUC__)

/* Inputs that share what is loaded of super-blocks. */
enum { TOGETHER = 4 };

/* Second terms of blocks at place b. */
INLINE struct acts
more_acts(const struct kern_more *more, size_t b, size_t block)
{
	size_t i = more->first[b];

	return (struct acts) { .q = more->x.q + i * block, .d = more->x.d + i,
		.sum = more->x.sum + i * (block / 16) };
}

/* Values v[] have `offset` added, and inputs take away what that brings. */
INLINE void
terms32(int type, float *y, size_t ldy, const __m512i v[QK / 4], int offset,
    __m512 d, __m512 m, const struct acts *x, const uint32_t *to,
    __mmask16 rows, size_t n)
{
	for (size_t e = 0; e < n; e++) {
		int sum = x->sum[2 * e] + x->sum[2 * e + 1];
		float *acc = y + to[e] * ldy;
		__m512 a = _mm512_maskz_loadu_ps(rows, acc);
		__m512i s = _mm512_set1_epi32(-offset * sum);

		for (size_t i = 0; i < QK / 4; i++)
			s = _mm512_dpbusd_epi32(s, v[i], _mm512_set1_epi32(
			    four(x->q + e * QK + 4 * i)));
		a = _mm512_fmadd_ps(_mm512_mul_ps(d, _mm512_set1_ps(x->d[e])),
		    _mm512_cvtepi32_ps(s), a);
		if (has_min(type))
			a = _mm512_fmadd_ps(m, _mm512_set1_ps(x->d[e] *
			    (float)sum), a);
		_mm512_mask_storeu_ps(acc, rows, a);
	}
}

/* A block of 32 of each row, unpacked. */
INLINE void
add_panel32(int type, float *y, size_t ldy, const struct panel32 *p,
    const struct acts *x, const uint32_t *to, __mmask16 rows, size_t n)
{
	__m512i v[QK / 4];

	for (int i = 0; i < QK / 4; i++)
		v[i] = _mm512_xor_si512(_mm512_loadu_si512(p->q[i]),
		    _mm512_set1_epi8(-128));
	terms32(type, y, ldy, v, 128, _mm512_loadu_ps(p->d),
	    _mm512_loadu_ps(p->m), x, to, rows, n);
}

/* all[n] = scaled products of a super-block with values u[], 128 added. */
INLINE void
products256(int type, __m512i *all, const struct panel256 *p,
    uint8_t (*u)[QK_K], size_t n)
{
	const size_t groups = QK_K / group_size(type), many = 64 / groups;

	for (size_t j = 0; j < n; j++)
		all[j] = _mm512_loadu_si512(p->less);
	for (size_t g = 0; g < groups; g++) {
		__m512i s[TOGETHER];
		for (size_t j = 0; j < n; j++)
			s[j] = _mm512_setzero_si512();
		for (size_t i = g * many; i < (g + 1) * many; i++) {
			__m512i v = _mm512_loadu_si512(p->q[i]);
			for (size_t j = 0; j < n; j++)
				s[j] = _mm512_dpbusd_epi32(s[j],
				    _mm512_set1_epi32(four(u[j] + 4 * i)), v);
		}
		for (size_t j = 0; j < n; j++)
			all[j] = _mm512_add_epi32(all[j], _mm512_mullo_epi32(
			    s[j], _mm512_loadu_si512(p->s[g])));
	}
}

/* n <= TOGETHER inputs from e on. */
INLINE void
some256(int type, float *y, size_t ldy, const struct panel256 *p,
    const struct acts *x, const uint32_t *to, __mmask16 rows, size_t e,
    size_t n)
{
	uint8_t u[TOGETHER][QK_K];
	__m512i all[TOGETHER];

	for (size_t j = 0; j < n; j++)
		for (size_t i = 0; i < QK_K; i += 64)
			_mm512_storeu_si512(u[j] + i, _mm512_xor_si512(
			    _mm512_set1_epi8(-128), _mm512_loadu_si512(x->q +
			    (e + j) * QK_K + i)));
	products256(type, all, p, u, n);
	for (size_t j = 0; j < n; j++) {
		const int16_t *sum = x->sum + (e + j) * (QK_K / 16);
		__m512 xd = _mm512_set1_ps(x->d[e + j]);
		float *acc = y + to[e + j] * ldy;
		__m512 a = _mm512_maskz_loadu_ps(rows, acc);
		__m512i v = _mm512_setzero_si512();

		a = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_loadu_ps(p->d), xd),
		    _mm512_cvtepi32_ps(all[j]), a);
		for (size_t g = 0; has_min(type) && g < QK_K / 32; g++)
			v = _mm512_dpwssd_epi32(v,
			    _mm512_loadu_si512(p->min[g]),
			    _mm512_set1_epi32(four(sum + 2 * g)));
		if (has_min(type))
			a = _mm512_fnmadd_ps(_mm512_loadu_ps(p->m),
			    _mm512_mul_ps(xd, _mm512_cvtepi32_ps(v)), a);
		_mm512_mask_storeu_ps(acc, rows, a);
	}
}

/* A super-block of each row, unpacked. */
INLINE void
add_panel256(int type, float *y, size_t ldy, const struct panel256 *p,
    const struct acts *x, const uint32_t *to, __mmask16 rows, size_t n)
{
	size_t e = 0;

	for (; e + TOGETHER <= n; e += TOGETHER)
		some256(type, y, ldy, p, x, to, rows, e, TOGETHER);
	for (; e < n; e++)
		some256(type, y, ldy, p, x, to, rows, e, 1);
}

#endif
#endif
