/*
 * kernel_avx512_q_add - sums of sixteen rows at a time that take in one more
 * block; see kern.h.
 */
#include "kernel_avx512_q_panel.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum { TILE = 4 }; /* inputs that share what is loaded of super-blocks */

/* Blocks of 32, w[] of sixteen rows: weights are made unsigned, and inputs
 * take away what that added. */
INLINE void
add32(int type, float *y, size_t ldy, const unsigned char *const w[ROWS],
    const struct acts *x, const uint32_t *to, __mmask16 rows, size_t n)
{
	const bool is_signed = type == DTYPE_Q8_0 || type == DTYPE_IQ4_NL;
	__m512i v[QK / 4], s = fours(w, 0);
	__m512 d = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(s));
	__m512 m = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(
	    _mm512_srli_epi32(s, 16)));

	columns32(type, v, w);
	for (int i = 0; is_signed && i < QK / 4; i++)
		v[i] = _mm512_xor_si512(v[i], _mm512_set1_epi8(-128));
	for (size_t e = 0; e < n; e++) {
		int sum = x->sum[2 * e] + x->sum[2 * e + 1];
		float *acc = y + to[e] * ldy;
		__m512 a = _mm512_maskz_loadu_ps(rows, acc);

		s = _mm512_set1_epi32(-byte_offset(type) * sum);
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

/* all[n] = scaled products of a super-block with values u[], 128 added. */
INLINE void
products256(int type, __m512i *all, const struct panel256 *p,
    uint8_t (*u)[QK_K], size_t n)
{
	const size_t groups = QK_K / group_size(type), many = 64 / groups;

	for (size_t j = 0; j < n; j++)
		all[j] = _mm512_loadu_si512(p->less);
	for (size_t g = 0; g < groups; g++) {
		__m512i s[TILE];
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

/* n <= TILE inputs from e on. */
INLINE void
some256(int type, float *y, size_t ldy, const struct panel256 *p,
    const struct acts *x, const uint32_t *to, __mmask16 rows, size_t e,
    size_t n)
{
	uint8_t u[TILE][QK_K];
	__m512i all[TILE];

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

INLINE void
add256(int type, float *y, size_t ldy, const unsigned char *const w[ROWS],
    const struct acts *x, const uint32_t *to, __mmask16 rows, size_t n)
{
	struct panel256 p;
	size_t e = 0;

	unpack256(type, &p, w);
	for (; e + TILE <= n; e += TILE)
		some256(type, y, ldy, &p, x, to, rows, e, TILE);
	for (; e < n; e++)
		some256(type, y, ldy, &p, x, to, rows, e, 1);
}

INLINE void
add(int type, float *y, size_t ldy, const unsigned char *w, size_t stride,
    const struct acts *x, const uint32_t *to, size_t rows, size_t n)
{
	for (size_t r = 0; r < rows; r += ROWS, y += ROWS) {
		size_t some = rows - r < ROWS ? rows - r : ROWS;
		const unsigned char *at[ROWS];

		for (size_t i = 0; i < ROWS; i++)
			at[i] = w + (r + (i < some ? i : 0)) * stride;
		if (is_super(type))
			add256(type, y, ldy, at, x, to, first16(some), n);
		else
			add32(type, y, ldy, at, x, to, first16(some), n);
	}
}

#define SLOT(name, type)                                                       \
	AVX512 static void name(float *y, size_t ldy, uint32_t number,         \
	    const void *w, size_t stride, const struct acts *x,                \
	    const uint32_t *to, size_t rows, size_t n)                         \
	{                                                                      \
		(void)number;                                                  \
		add(type, y, ldy, w, stride, x, to, rows, n);                  \
	}

/* Few inputs go by rows: panels of super-blocks cost too much for them. */
#define SUPER(name, type)                                                      \
	SLOT(panel_##name, type)                                               \
	static void name(float *y, size_t ldy, uint32_t number, const void *w, \
	    size_t stride, const struct acts *x, const uint32_t *to,           \
	    size_t rows, size_t n)                                             \
	{                                                                      \
		kern_add_q *f = n <= FEW ? avx512_add_rows_##name              \
		                         : panel_##name;                       \
		f(y, ldy, number, w, stride, x, to, rows, n);                  \
	}

SLOT(q4_0, DTYPE_Q4_0)
SLOT(q4_1, DTYPE_Q4_1)
SLOT(q5_0, DTYPE_Q5_0)
SLOT(q5_1, DTYPE_Q5_1)
SLOT(q8_0, DTYPE_Q8_0)
SLOT(iq4_nl, DTYPE_IQ4_NL)
SUPER(q2_k, DTYPE_Q2_K)
SUPER(q3_k, DTYPE_Q3_K)
SUPER(q4_k, DTYPE_Q4_K)
SUPER(q5_k, DTYPE_Q5_K)
SUPER(q6_k, DTYPE_Q6_K)
SUPER(iq4_xs, DTYPE_IQ4_XS)

void
avx512_set_add(struct kern *k)
{
	k->add_q[DTYPE_Q4_0] = q4_0;
	k->add_q[DTYPE_Q4_1] = q4_1;
	k->add_q[DTYPE_Q5_0] = q5_0;
	k->add_q[DTYPE_Q5_1] = q5_1;
	k->add_q[DTYPE_Q8_0] = q8_0;
	k->add_q[DTYPE_Q2_K] = q2_k;
	k->add_q[DTYPE_Q3_K] = q3_k;
	k->add_q[DTYPE_Q4_K] = q4_k;
	k->add_q[DTYPE_Q5_K] = q5_k;
	k->add_q[DTYPE_Q6_K] = q6_k;
	k->add_q[DTYPE_IQ4_NL] = iq4_nl;
	k->add_q[DTYPE_IQ4_XS] = iq4_xs;
}

#else
typedef int no_avx512; /* a file may not be empty */
#endif
