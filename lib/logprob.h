/*
 * logprob - the logarithms of a record's probabilities, in double, and what
 * follows from them. Logits go through softmax at temperature 1, probabilities
 * are divided by their sum. Sums are taken in ascending order of id.
 *
 *	struct logprob l = { 0 };
 *	if (!logprob_of(&l, d.kind, d.val, d.n))
 *		dist_stuck(&in, &d);
 *	... logprob_log(&l, i), -l.mean / LOGPROB_BIT bits ...
 *	logprob_free(&l);
 */
#ifndef LOGPROB_H
#define LOGPROB_H

#include "util.h"

/* ln 2: natural logarithms are divided by it to be in bits */
#define LOGPROB_BIT 0x1.62e42fefa39efp-1

/* A weight whose logarithm is not above this counts as 0. */
#define LOGPROB_LEAST -700.0

struct logprob {
	/* weights that do not sum to 1 yet, and their logarithms: logprob_log
	 * and logprob_prob tell what becomes of them */
	double *less;   /* (n) -inf: cannot be drawn */
	double *weight; /* (n) */
	double log_sum, scale; /* ln of the weights' sum, and 1 by it */
	size_t n, cap;
	size_t top;      /* the likeliest entry, the first of equals */
	double mean;     /* of the logarithm, over draws: minus the entropy */
	double variance; /* of the same */
};

/* The natural logarithm of entry i's probability; -inf: cannot be drawn. */
static inline double
logprob_log(const struct logprob *l, size_t i)
{
	return l->less[i] - l->log_sum;
}

/* Its probability. */
static inline double
logprob_prob(const struct logprob *l, size_t i)
{
	double p = l->weight[i] * l->scale;

	return l->less[i] > LOGPROB_LEAST ? p : 0;
}

/* False when nothing can be drawn. */
bool logprob_of(struct logprob *l, char kind, const float *val, size_t n);
void logprob_free(struct logprob *l);

#endif
