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

#include "dtype.h"

enum {
	KERN_PAGE = 64, /* positions in a page of keys and values */
	KERN_BOTH = 64, /* blocks that both_q adds, at most */
};

/* How a head attends to a page. */
struct kern_attn {
	size_t hd;       /* the head's dimensions */
	size_t from, to; /* positions of the page that are seen, from < to */
	size_t each; /* queries after which one position more is seen, as far
	                as the page goes; 0: all see the same */
	float scale;     /* of scores */
	float cap;       /* softcap of scores; 0: none */
	const void *next; /* what is read next, fetched meanwhile: keys, or where
	                     only values are read, values; or NULL */
	float *s;        /* (nq, 64) scores, where only they are made (o is
	                    NULL), or are there already (q is NULL) */
	size_t lo, hi;   /* dimensions of values that are summed up: multiples
	                    of 16, or hd */
};

/* The end of what query i sees of a page. */
static inline size_t
kern_attn_to(const struct kern_attn *a, size_t i)
{
	size_t to = a->each > 0 ? a->to + i / a->each : a->to;

	return to < KERN_PAGE ? to : KERN_PAGE;
}

/* Activations as int8, one input behind the other: (n, k) values, a scale for
 * each block, the sum of each 16. */
struct acts {
	int8_t *q;    /* (n, k) */
	float *d;     /* (n, k / block) */
	int16_t *sum; /* (n, k / 16) */
	void *more;   /* what prepare made of them: at most 5/4 bytes for each
	                 value, n rounded up to a multiple of 16 */
};

/* Second terms of inputs (linear.h): blocks of one size, by their place in the
 * input and of one place by input. */
struct kern_more {
	struct acts x;
	const uint32_t *of;  /* the input of each */
	const size_t *first; /* (k / block + 1) and the first of each place */
};

typedef void kern_matmul_q(float *y, size_t ldy, uint32_t type, const void *w,
    const struct acts *x, size_t rows, size_t n, size_t k);
typedef void kern_add_q(float *y, size_t ldy, uint32_t type, const void *w,
    size_t stride, const struct acts *x, const uint32_t *to, size_t rows,
    size_t n);
typedef void kern_both_q(float *y, uint32_t type, const void *w,
    const struct acts *x, const struct acts *more, const uint32_t *at, size_t n,
    size_t rows, size_t k);
typedef bool kern_many_q(float *y, size_t ldy, const void *w,
    const struct acts *x, const struct kern_more *more, size_t rows, size_t n,
    size_t k);
typedef void kern_dequant(float *y, uint32_t type, const void *w, size_t n);

struct kern {
	const char *name; /* scalar, avx2, avx512, neon, dotprod */

	/* sum of x[i] * y[i]: fma into 16 lanes */
	float (*dot)(const float *x, const float *y, size_t n);

	/* sum of x[i]: additions into 16 lanes */
	float (*sum)(const float *x, size_t n);

	/* y[t*ldy + r] = dot(w[r*k], x[t*ldx]) of k values, r < rows, t < n */
	void (*matmul_f32)(float *y, size_t ldy, const float *w,
	    const float *x, size_t ldx, size_t rows, size_t n, size_t k);

	/* The same with the weights taken to float: for few columns (for many,
	 * convert a row once) */
	void (*matmul_f16)(float *y, size_t ldy, const uint16_t *w,
	    const float *x, size_t ldx, size_t rows, size_t n, size_t k);
	void (*matmul_bf16)(float *y, size_t ldy, const uint16_t *w,
	    const float *x, size_t ldx, size_t rows, size_t n, size_t k);

	/*
	 * The same for rows of blocks (by dtype, NULL for floats; quant.h has
	 * the names): x are activations from quant_q8. For each block in order,
	 * with the x that stand against it,
	 *
	 *	acc = fma(d * x.d, sum of s[j] * q[i] * x.q[i], acc)
	 *	acc = fma(-m, x.d * sum of min[j] * x.sum[j], acc)
	 *
	 * acc beginning at 0. The sums are exact integers, then made floats;
	 * a type without a minimum goes without the second line.
	 */
	kern_matmul_q *matmul_q[DTYPES];

	/*
	 * Sums that go on: of rows that are `stride` bytes apart one block,
	 * at w, against n blocks x[n][block] of inputs: by the same lines,
	 * y[to[i]*ldy + r] takes in x[i] with row r's. to[] is ascending.
	 */
	kern_add_q *add_q[DTYPES];

	/*
	 * One input alone: what matmul_q makes of it, which then takes in, as
	 * by add_q, more[i] against block at[i] of each row, i < n <=
	 * KERN_BOTH, at[] ascending, none twice. NULL: there is none, and
	 * these two do it.
	 */
	kern_both_q *both_q[DTYPES];

	/*
	 * Many inputs: what matmul_q makes of them, which then takes in, as by
	 * add_q, all of `more`, places in order. False, and nothing is done,
	 * where these two are to do it; NULL: always.
	 */
	kern_many_q *many_q[DTYPES];

	/*
	 * Put into x->more what this path's matmul_q wants of inputs t..t+3 of
	 * n, which quant_q8 made: values laid out anew, sums; t is a multiple
	 * of 4. NULL where it wants nothing.
	 */
	void (*prepare)(const struct acts *x, size_t t, size_t n, size_t k,
	    size_t block);

	/*
	 * A row of activations to int8 by blocks of 32 or 256: d = max|x| /
	 * 127, q = rint(x * (1/d)), half to even; q = 0 where 1/d is not
	 * finite. A block that holds an infinity or NaN gets d = NaN, so that
	 * it is not lost.
	 */
	void (*quant_q8)(const struct acts *to, const float *x, size_t k,
	    size_t block);

	/* Weights to float, exactly. */
	void (*from_f16)(float *y, const uint16_t *w, size_t n);
	void (*from_bf16)(float *y, const uint16_t *w, size_t n);
	/* The same from blocks, by dtype: (d * s[j]) * q[i] - m * min[j]. */
	kern_dequant *dequant[DTYPES];
	/* To nearest, ties to even. */
	void (*to_f16)(uint16_t *y, const float *x, size_t n);

	/*
	 * One page of attention for nq queries that share a key/value head,
	 * "Online normalizer calculation for softmax" (Milakov, Gimelshein
	 * 2018). k[64/16][hd][16], v[64][hd]; positions from..to-1 of the page
	 * are seen, at least one; where later queries see more (`each`), the
	 * others leave that out. For each query: score s = fma over the head's
	 * dimensions in order, then s * scale, then softcap; M = max(m, all s);
	 * c = exp(m - M); p = exp(s - M); l = fma(l, c, sum of p by the 16-lane
	 * rule, position i of the page being term i); o *= c; then o = fma(p,
	 * v, o), positions in order, for dimensions lo..hi-1. Begin with m =
	 * -inf, l = 0, o = 0; the result is o / l. Scores can be made for
	 * themselves, so that pages are shared out, and then values be summed,
	 * so that dimensions are.
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
 * names (one of the above). 0, or -1 when that one is unknown or not supported
 * here, reason in err[ERRLEN].
 */
int kern_get(struct kern *k, char *err);

/* The definition. */
const struct kern *kernel_scalar(void);

/*
 * The levels: each puts what it does faster, and its name, into k, which holds
 * the level below (AVX-512's is AVX2; that of NEON with products of bytes is
 * NEON). false, and k is unchanged, where the processor, the system or the
 * compiler does not have it.
 */
bool kernel_avx2(struct kern *k);
bool kernel_avx512(struct kern *k);
bool kernel_neon(struct kern *k);
bool kernel_dotprod(struct kern *k);

#endif
