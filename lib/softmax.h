/*
 * softmax - from logits to probabilities, one definition for all programs.
 * Exponentials and sums are taken in double, sums of exponentials by the 16-lane
 * rule (kern.h); exponentials are rounded to float, and so are their shares of the
 * sum. So a program that reads logits decides exactly as it would behind
 * logits-to-probs(1).
 */
#ifndef SOFTMAX_H
#define SOFTMAX_H

#include "dist.h"

/* The largest of x[n], which holds no NaN; -inf when n is 0. */
double softmax_top(const double *x, size_t n);

/* p[i] = exp((x[i] - max x) / t) / sum, t > 0. False when no x is above -inf;
 * x holds no NaN and no +inf. */
bool softmax(float *p, const double *x, size_t n, double t);

/* The same of floats, v[n]; p may be v. */
bool softmax_floats(float *p, const float *v, size_t n, double t);

/*
 * The same of floats that come in parts, worked out while others are awaited, and
 * in parts that go on while others are worked out:
 *
 *	softmax_start(&s, p, t);
 *	softmax_see(&s, v, n);		(the first n are there)
 *	softmax_some(&s, v, n);		(they are, and others must be waited for)
 *	if (softmax_end(&s, v, n))	(all are)
 *		softmax_shares(&s, 0, n);	(p[0..n), or one part after the other)
 *
 * The second and the third any number of times, n never less than before: one looks
 * for the largest, the other also works out exponentials, for the largest so far.
 * s.p may be NULL until there are any. v may be elsewhere each time, its values are
 * the same, none NaN or +inf; it is not p, unless softmax_some is left out.
 */
enum { SOFTMAX_LANES = 16 };
struct softmax_run {
	float *p;    /* exponentials of the first `done` */
	double t;
	float max;   /* of the first `seen` */
	size_t seen, done;
	int lost;    /* times that what was done had been for a smaller one */
	double lane[SOFTMAX_LANES];
	double scale; /* from exponentials to shares */
};
void softmax_start(struct softmax_run *s, float *p, double t);
void softmax_see(struct softmax_run *s, const float *v, size_t n);
void softmax_some(struct softmax_run *s, const float *v, size_t n);
bool softmax_end(struct softmax_run *s, const float *v, size_t n);
void softmax_shares(struct softmax_run *s, size_t from, size_t to);

/* The entropy of the softmax of x[n] at t = 1, in nats. One x at least is above
 * -inf, as above. */
double softmax_entropy(const double *x, size_t n);

/* The probabilities of d's entries, p[d->n]: its values when they are such,
 * else their softmax, in d->prob. NULL when nothing can be drawn. */
const float *dist_probs(struct dist *d);

/* Make probabilities sum to 1; logits are left as they are. False when nothing
 * can be drawn. */
bool dist_normalise(struct dist *d);

#endif
