#include "logprob.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fmath.h"

/* Below this, e^x counts as 0. */
#define LEAST -700.0

enum { BLOCK = 64 };

/* fm_exp(x) for LEAST <= x <= 0, the same bits. No branch, so that a compiler
 * may do several at once. */
static inline double
exp_below(double x)
{
	const double magic = 0x1.8p52;
	double t = x * 0x1.71547652b82fep+0 + magic, f = t - magic;
	double r = (x - f * 0x1.62e42feep-1) - f * 0x1.a39ef35793c76p-33;
	double p = 1.0 / 6227020800, power;
	uint64_t n;

	p = p * r + 1.0 / 479001600;
	p = p * r + 1.0 / 39916800;
	p = p * r + 1.0 / 3628800;
	p = p * r + 1.0 / 362880;
	p = p * r + 1.0 / 40320;
	p = p * r + 1.0 / 5040;
	p = p * r + 1.0 / 720;
	p = p * r + 1.0 / 120;
	p = p * r + 1.0 / 24;
	p = p * r + 1.0 / 6;
	p = p * r + 0.5;
	p = p * (r * r) + r + 1;
	memcpy(&n, &t, sizeof(n));
	n = (n - 0x4338000000000000u + 1023) << 52;
	memcpy(&power, &n, sizeof(power));
	return p * power;
}

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
 * From a block of logits to x, what they are less than max, and e^x. The loops
 * are apart, for a compiler that does several steps at once, and a block is
 * short, for a processor that sums while it begins with the next.
 */
static void
block_of_logits(struct moments *m, double *log, double *prob,
    const float *val, size_t n, double max)
{
	double x[BLOCK];

	for (size_t i = 0; i < n; i++) {
		log[i] = (double)val[i] - max;
		x[i] = log[i] > LEAST ? log[i] : LEAST;
	}
	for (size_t i = 0; i < n; i++)
		prob[i] = exp_below(x[i]);
	add(m, prob, x, n);
}

/* The same of probabilities: x are their logarithms. */
static void
block_of_probs(struct moments *m, double *log, double *prob,
    const float *val, size_t n)
{
	double x[BLOCK];

	fm_log_floats(log, val, n);
	for (size_t i = 0; i < n; i++) {
		prob[i] = (double)val[i];
		x[i] = log[i] > LEAST ? log[i] : LEAST;
	}
	add(m, prob, x, n);
}

/* The first of the largest; n when it has nothing that can be drawn. */
static size_t
find_top(char kind, const float *val, size_t n)
{
	float top = kind == 'L' ? -INFINITY : 0;
	size_t at = n;

	for (size_t i = 0; i < n; i++)
		if (val[i] > top) {
			top = val[i];
			at = i;
		}
	return at;
}

bool
logprob_of(struct logprob *l, char kind, const float *val, size_t n)
{
	struct moments m = { 0 };
	size_t cap = l->cap;
	double log_sum, scale, *log, *prob;

	l->top = find_top(kind, val, n);
	if (l->top == n)
		return false;
	log = l->log = xgrow(l->log, &cap, n, sizeof(*log));
	prob = l->prob = xgrow(l->prob, &l->cap, n, sizeof(*prob));
	l->n = n;
	for (size_t i = 0; i < n; i += BLOCK) {
		size_t few = n - i < BLOCK ? n - i : BLOCK;
		if (kind == 'L')
			block_of_logits(&m, log + i, prob + i, val + i, few,
			    (double)val[l->top]);
		else
			block_of_probs(&m, log + i, prob + i, val + i, few);
	}
	log_sum = fm_log(m.zero);
	scale = 1 / m.zero;
	for (size_t i = 0; i < n; i++) {
		prob[i] *= scale;
		prob[i] = log[i] > LEAST ? prob[i] : 0;
		log[i] -= log_sum;
	}
	m.one *= scale;
	m.two *= scale;
	l->mean = m.one - log_sum;
	l->variance = m.two > m.one * m.one ? m.two - m.one * m.one : 0;
	return true;
}

void
logprob_free(struct logprob *l)
{
	free(l->log);
	free(l->prob);
	*l = (struct logprob) { 0 };
}
