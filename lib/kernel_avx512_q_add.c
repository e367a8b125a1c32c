/*
 * kernel_avx512_q_add - sums of sixteen rows at a time that take in one more
 * block; see kern.h.
 */
#include "kernel_avx512_q_add.h"

#if defined(__x86_64__) && defined(__GNUC__)

/* Blocks of 32, w[] of sixteen rows. */
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
	terms32(type, y, ldy, v, byte_offset(type), d, m, x, to, rows, n);
}

INLINE void
add256(int type, float *y, size_t ldy, const unsigned char *const w[ROWS],
    const struct acts *x, const uint32_t *to, __mmask16 rows, size_t n)
{
	struct panel256 p;

	unpack256(type, &p, w);
	add_panel256(type, y, ldy, &p, x, to, rows, n);
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
