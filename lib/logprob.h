/*
 * logprob - the logarithms of a record's probabilities, in double, and what
 * follows from them. Logits go through softmax at temperature 1, probabilities
 * are divided by their sum. Sums are taken in ascending order of id.
 *
 *	struct logprob l = { 0 };
 *	if (!logprob_of(&l, d.kind, d.val, d.n))
 *		dist_stuck(&in, &d);
 *	bits = -l.mean / LOGPROB_BIT;
 *	logprob_free(&l);
 */
#ifndef LOGPROB_H
#define LOGPROB_H

#include "util.h"

/* ln 2: natural logarithms are divided by it to be in bits */
#define LOGPROB_BIT 0x1.62e42fefa39efp-1

struct logprob {
	double *log;  /* (n) natural logarithms; -inf: cannot be drawn */
	double *prob; /* (n) */
	size_t n, cap;
	size_t top;      /* the likeliest entry, the first of equals */
	double mean;     /* of the logarithm, over draws: minus the entropy */
	double variance; /* of the same */
};

/* False when nothing can be drawn. */
bool logprob_of(struct logprob *l, char kind, const float *val, size_t n);
void logprob_free(struct logprob *l);

#endif
