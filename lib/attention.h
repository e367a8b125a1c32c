/*
 * attention - what the queries of rows see of their sequences' keys and values.
 *
 *	attention_open(&a, m, kern, pool, f16);
 *	attention_run(&a, q, row, n, layer);
 *	attention_close(&a);
 *
 * Pieces that threads share out are rows with a key/value head, many rows of a
 * prompt together, since they share what they read. Where these would be too few
 * for all threads to be busy, as with one row, scores are shared out by pages
 * first, and then values by dimensions. The order of operations is the same
 * (kern.h), and so are the results.
 */
#ifndef ATTENTION_H
#define ATTENTION_H

#include "kern.h"
#include "model.h"
#include "pool.h"
#include "seq.h"

struct forward_row;

struct attention {
	const struct model *m;
	const struct kern *kern;
	struct pool *pool;
	bool f16;     /* keys and values are of F16, not F32 */
	size_t rows;  /* that attend together, of a prompt */
	size_t size;  /* values of a thread's scratch */
	float *own;   /* (threads, size) scratch */
	float *score; /* (rows, n_kv, pages, heads of one, 64) */
	size_t cap;   /* values there */
};

/* All must outlive a. */
void attention_open(struct attention *a, const struct model *m,
    const struct kern *kern, struct pool *pool, bool f16);
void attention_close(struct attention *a);

/* q[n][n_head * head_dim], rows linear_apart: queries of rows, whose keys and
 * values are stored; the results take their place. */
void attention_run(struct attention *a, float *q, const struct forward_row *row,
    size_t n, size_t layer);

#endif
