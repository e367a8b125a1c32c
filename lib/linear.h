/*
 * linear - y = W x + b for several x at once, on all threads.
 *
 *	linear_input(c, &in, x, n, cols);
 *	linear_run(c, jobs, 3, &in);
 *
 * Block-quantised weights take the activations rounded to int8 by blocks of
 * their size (once for all maps that share the input), unless `exact`; float
 * weights, and all in exact mode, take them as they are. Every output is one
 * dot product in the order of kern.h, however rows, inputs and threads are
 * grouped, or the sum of two.
 *
 * Where rounding shows most (model.h: fine), a second product is added, with
 * what rounding left of the input, itself rounded to int8: y = W q(x) +
 * W q(x - q(x)). Few activations are many times larger than the rest, and spoil
 * the scale of their block: see "LLM.int8(): 8-bit Matrix Multiplication for
 * Transformers at Scale" (Dettmers, Lewis, Belkada, Zettlemoyer 2022), where
 * these are kept apart.
 */
#ifndef LINEAR_H
#define LINEAR_H

#include "kern.h"
#include "model.h"
#include "pool.h"

struct compute {
	const struct kern *kern;
	struct pool *pool;
	bool exact;
	size_t max_cols; /* of any map; at least twice the inputs at a time */
	float *panel; /* (threads, 16, max_cols) rows as float; owned */
};

/* How an input is rounded: in one term or, finely, in two; by blocks of 32 or
 * of 256. */
enum { ROUND_FINE = 1, ROUND_BIG = 2, LINEAR_ROUNDS = 4 };

struct linear_in {
	const float *x;                   /* (n, cols) */
	struct acts round[LINEAR_ROUNDS]; /* owned */
	bool rounded[LINEAR_ROUNDS];      /* whether they are there */
	size_t n, cols;
};

struct linear_job {
	float *y; /* (n, rows) */
	const struct linear *map;
};

/* Room for n inputs of at most max_cols. */
void linear_in_init(struct linear_in *in, size_t n, size_t max_cols);
void linear_in_free(struct linear_in *in);
/* Set x[n][cols] as the input, to be used by maps whose weights are of any
 * type. x must stay until the last run. */
void linear_input(struct linear_in *in, const float *x, size_t n, size_t cols);
/* All jobs on one input. */
void linear_run(struct compute *c, const struct linear_job *job, size_t jobs,
    struct linear_in *in);
/* Row r of w to float, exactly. */
void linear_row(const struct compute *c, float *y, const struct matrix *w,
    size_t r);

#endif
