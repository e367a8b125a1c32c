/*
 * linear - y = W x + b for several x at once, on all threads.
 *
 *	linear_input(&in, x, cols, n, cols);
 *	linear_run(c, jobs, 3, &in);
 *
 * Block-quantised weights take the activations rounded to int8 by blocks of
 * their size (once for all maps that share the input), unless `exact`; float
 * weights, and all in exact mode, take them as they are. Every output is one
 * sum in the order of kern.h, however rows, inputs and threads are grouped.
 *
 * A value many times larger than the rest, an outlier, spoils the scale of its
 * block. Where the largest of a block is more than eight times the root mean
 * square of the input, what rounding left of the block is rounded again, and
 * its products enter the sums behind all others, in order of blocks:
 * y = W q(x) + W q(x - q(x)). That such values are few and matter most is
 * known from "LLM.int8(): 8-bit Matrix Multiplication for Transformers at
 * Scale" (Dettmers, Lewis, Belkada, Zettlemoyer 2022), where they are kept as
 * floats. A map that is `coarse` goes without (model.h: the output, where it
 * is more than all layers).
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
	size_t max_cols; /* of any map */
	size_t alone; /* products of a run up to which one thread is faster */
	float *panel; /* (threads, 16, max_cols) rows as float; owned */
};

/* An input rounded by blocks of one size. Outliers' blocks stand by their place
 * in the input, and of one place by input. */
struct rounded {
	struct acts x;
	struct acts out;   /* second terms of blocks with outliers, */
	uint32_t *of, *at; /* the input of each, its place, */
	size_t *first;     /* (blocks + 1) and the first of each place */
	unsigned char *is; /* (blocks, n) whether there is an outlier */
	bool done;
};

struct linear_in {
	const float *x;          /* (n, cols), ld apart */
	struct rounded round[2]; /* by 32, by 256; owned */
	size_t ld, n, cols;
};

struct linear_job {
	float *y; /* (n, rows), ld apart */
	size_t ld;
	const struct linear *map;
};

/* Who is told that the first `rows` rows are there: more each time, at last
 * all. */
struct linear_watch {
	void (*ready)(void *arg, size_t rows);
	void *arg;
};

/* How far apart rows of n values are best: at a multiple of 1 KiB what a map
 * gives n inputs would share few sets of a cache. */
static inline size_t
linear_apart(size_t n)
{
	return n % 256 == 0 ? n + 16 : n;
}

/* Room for n inputs of at most max_cols. */
void linear_in_init(struct linear_in *in, size_t n, size_t max_cols);
void linear_in_free(struct linear_in *in);
/* Set x[n][cols], rows ld apart, n and cols > 0, as the input, to be used by
 * maps whose weights are of any type. x must stay until the last run. */
void linear_input(struct linear_in *in, const float *x, size_t ld, size_t n,
    size_t cols);
/* All jobs on one input. */
void linear_run(struct compute *c, const struct linear_job *job, size_t jobs,
    struct linear_in *in);
/* The same with rows that come in order: watch is told of them, by the thread that
 * called, while others go on. */
void linear_run_in_order(struct compute *c, const struct linear_job *job,
    struct linear_in *in, const struct linear_watch *watch);
/* Threads that wait, from now on, read what they will begin with of these jobs,
 * which one input is to come to, and which may be run in order; jobs is 0:
 * nothing. */
void linear_ahead(struct compute *c, const struct linear_job *job, size_t jobs,
    bool in_order);
/* Row r of w to float, exactly. */
void linear_row(const struct compute *c, float *y, const struct matrix *w,
    size_t r);

#endif
