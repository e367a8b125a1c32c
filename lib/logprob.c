#include "logprob.h"

#include <math.h>
#include <stdlib.h>

#include "fmath.h"

enum { BLOCK = 64 };

/* Sums over the entries of a record: of weights w, of w x, of w x^2. */
struct moments {
	double zero, one, two;
};

static void
add(struct moments *m, const double *w, const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		m->zero += w[i];
		m->one += w[i] * x[i];
		m->two += w[i] * x[i] * x[i];
	}
}

/*
 * From a block of logits to what they are less than max, and e^x of that. A
 * block is short, so that a processor sums while it begins with the next.
 */
static void
block_of_logits(struct moments *m, double *less, double *weight,
    const float *val, size_t n, double max)
{
	double x[BLOCK];

	for (size_t i = 0; i < n; i++) {
		less[i] = (double)val[i] - max;
		x[i] = less[i] > LOGPROB_LEAST ? less[i] : LOGPROB_LEAST;
	}
	fm_exp_row(weight, x, n);
	add(m, weight, x, n);
}

/* The same of probabilities: their logarithms, and themselves. */
static void
block_of_probs(struct moments *m, double *less, double *weight,
    const float *val, size_t n)
{
	double x[BLOCK];

	fm_log_floats(less, val, n);
	for (size_t i = 0; i < n; i++) {
		weight[i] = (double)val[i];
		x[i] = less[i] > LOGPROB_LEAST ? less[i] : LOGPROB_LEAST;
	}
	add(m, weight, x, n);
}

/* The first of the largest; n when it has nothing that can be drawn. */
static size_t
find_top(char kind, const float *val, size_t n)
{
	float least, top;
	size_t i = 0;

	fm_range(val, n, &least, &top);
	if (!(top > (kind == 'L' ? -INFINITY : 0)))
		return n;
	while (val[i] < top)
		i++;
	return i;
}

bool
logprob_of(struct logprob *l, char kind, const float *val, size_t n)
{
	struct moments m = { 0 };
	size_t cap = l->cap;
	double one, two;

	l->top = find_top(kind, val, n);
	if (l->top == n)
		return false;
	l->less = xgrow(l->less, &cap, n, sizeof(*l->less));
	l->weight = xgrow(l->weight, &l->cap, n, sizeof(*l->weight));
	l->n = n;
	for (size_t i = 0; i < n; i += BLOCK) {
		size_t few = n - i < BLOCK ? n - i : BLOCK;
		if (kind == 'L')
			block_of_logits(&m, l->less + i, l->weight + i,
			    val + i, few, (double)val[l->top]);
		else
			block_of_probs(&m, l->less + i, l->weight + i, val + i,
			    few);
	}
	l->log_sum = fm_log(m.zero);
	l->scale = 1 / m.zero;
	one = m.one * l->scale;
	two = m.two * l->scale;
	l->mean = one - l->log_sum;
	l->variance = two > one * one ? two - one * one : 0;
	return true;
}

void
logprob_free(struct logprob *l)
{
	free(l->less);
	free(l->weight);
	*l = (struct logprob) { 0 };
}
