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
