/*
 * kern - the loops that take the time, as a table of functions: the scalar
 * ones are the definition, and a processor's own overwrite those slots that
 * they speed up. Every slot fixes one order of operations (given here), so
 * that every path, tile and thread count gives the same bits.
 *
 *	struct kern k;
 *	if (kern_get(&k, err) != 0)
 *		die("%s", err);
 *
 * The 16-lane rule: a sum over i puts term i into lane i mod 16, in order of
 * i, each lane beginning at 0; the lanes are then added as a tree: l += l+8,
 * l += l+4, l += l+2, l += l+1.
 *
 * fma is one rounding; everything else is rounded operation by operation.
 */
#ifndef KERN_H
#define KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quant.h"

enum { KERN_PAGE = 64 }; /* positions in a page of keys and values */

/* How a head attends to a page. */
struct kern_attn {
	size_t hd;       /* the head's dimensions */
	size_t from, to; /* positions of the page that are seen, from < to */
	float scale;     /* of scores */
	float cap;       /* softcap of scores; 0: none */
};

struct kern {
	const char *name; /* scalar, avx2, avx512 */

	/* sum of x[i] * y[i]: fma into 16 lanes */
	float (*dot)(const float *x, const float *y, size_t n);

	/* sum of x[i]: additions into 16 lanes */
	float (*sum)(const float *x, size_t n);

	/* y[t*ldy + r] = dot(w[r*k], x[t*k]), r < rows, t < n */
	void (*matmul_f32)(float *y, size_t ldy, const float *w, const float *x,
	    size_t rows, size_t n, size_t k);

	/*
	 * The same for Q8_0 rows and activations from quant_q8. For each block
	 * b in order: acc = fma(w[r][b].d * d[t][b], S, acc), acc beginning at
	 * 0, S the exact integer sum of the products as a float.
	 */
	void (*matmul_q8_0)(float *y, size_t ldy, const struct q8_0 *w,
	    const int8_t *q, const float *d, size_t rows, size_t n, size_t k);

	/*
	 * Activations to int8 by blocks of 32: d = max|x| / 127, q = rint(x *
	 * (1/d)), half to even; q = 0 where 1/d is not finite. A block that
	 * holds an infinity or NaN gets d = NaN, so that it is not lost.
	 */
	void (*quant_q8)(int8_t *q, float *d, const float *x, size_t k);

	/* Weights to float, exactly. */
	void (*from_f16)(float *y, const uint16_t *w, size_t n);
	void (*from_bf16)(float *y, const uint16_t *w, size_t n);
	void (*from_q8_0)(float *y, const struct q8_0 *w, size_t n);
	/* To nearest, ties to even. */
	void (*to_f16)(uint16_t *y, const float *x, size_t n);

	/*
	 * One page of attention for nq queries that share a key/value head,
	 * "Online normalizer calculation for softmax" (Milakov, Gimelshein
	 * 2018). k[64/16][hd][16], v[64][hd]; positions from..to-1 of the page
	 * are seen, at least one. For each query: score s = fma over the head's
	 * dimensions in order, then s * scale, then softcap; M = max(m, all s);
	 * c = exp(m - M); p = exp(s - M); l = fma(l, c, sum of p by the 16-lane
	 * rule, position i of the page being term i); o *= c; then o = fma(p,
	 * v, o), positions in order. Begin with m = -inf, l = 0, o = 0; the
	 * result is o / l.
	 *
	 *	q[nq][hd] o[nq][hd] m[nq] l[nq]
	 */
	void (*attn_f16)(float *o, float *m, float *l, const float *q,
	    const uint16_t *k, const uint16_t *v, size_t nq,
	    const struct kern_attn *a);
	void (*attn_f32)(float *o, float *m, float *l, const float *q,
	    const float *k, const float *v, size_t nq,
	    const struct kern_attn *a);

	/* x[i] = cap * tanh(x[i] / cap), tanh as in fmath.h */
	void (*softcap)(float *x, size_t n, float cap);

	/* y[i] = g[i] / (1 + exp(-g[i])) * y[i]: SwiGLU's gate */
	void (*silu_mul)(float *y, const float *g, size_t n);
	/* x[i] = x[i] / (1 + exp(-2 u)), u = sqrt(2/pi) (x + 0.044715 x^3):
	 * GELU in its tanh form (Hendrycks, Gimpel 2016) */
	void (*gelu)(float *x, size_t n);
	/* x[i] = x[i] * (0.5 + 0.5 erf(x[i] / sqrt(2))), erf as in fmath.h */
	void (*gelu_erf)(float *x, size_t n);

	/* CRC-32C (Castagnoli) of n bytes, going on from crc (0 to begin) */
	uint32_t (*crc32c)(uint32_t crc, const void *p, size_t n);
};

/*
 * Fill k with the best for this processor, or with the path that PIPELM_ISA
 * names (scalar, avx2, avx512). 0, or -1 when that one is unknown or not
 * supported here, reason in err[ERRLEN].
 */
int kern_get(struct kern *k, char *err);

/* The definition. */
const struct kern *kernel_scalar(void);

/*
 * The levels: each puts what it does faster, and its name, into k, which holds
 * the level below (AVX-512's is AVX2). false, and k is unchanged, where the
 * processor, the system or the compiler does not have it.
 */
bool kernel_avx2(struct kern *k);
bool kernel_avx512(struct kern *k);

#endif
