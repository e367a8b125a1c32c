#include "logprob.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fmath.h"
#include "softmax.h"

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

/* Sums, over the entries of a record so far, of e^x, of e^x x and of e^x x^2. */
struct moments {
	double zero, one, two;
};

/* Take `max` from log[n]; prob[n] becomes the exponentials, and they are added to
 * m. The loops are apart, for a compiler that does several steps at once, and n
 * is small, for a processor that sums while it begins with the next block. */
static void
add(struct moments *m, double *log, double *prob, size_t n, double max)
{
	double x[BLOCK];

	for (size_t i = 0; i < n; i++) {
		log[i] -= max;
		x[i] = log[i] > LEAST ? log[i] : LEAST;
	}
	for (size_t i = 0; i < n; i++)
		prob[i] = exp_below(x[i]);
	for (size_t i = 0; i < n; i++) {
		m->zero += prob[i];
		m->one += prob[i] * x[i];
		m->two += prob[i] * x[i] * x[i];
	}
}

/* log[n], which are logarithms up to a constant, to prob and log as they are
 * to be, and their moments. */
static void
normalise(struct logprob *l, double max)
{
	double *log = l->log, *prob = l->prob, log_sum, scale;
	struct moments m = { 0 };

	for (size_t i = 0; i < l->n; i += BLOCK)
		add(&m, log + i, prob + i, l->n - i < BLOCK ? l->n - i : BLOCK,
		    max);
	log_sum = fm_log(m.zero);
	scale = 1 / m.zero;
	for (size_t i = 0; i < l->n; i++) {
		prob[i] = log[i] > LEAST ? prob[i] * scale : 0;
		log[i] -= log_sum;
	}
	m.one *= scale;
	m.two *= scale;
	l->mean = m.one - log_sum;
	l->variance = m.two > m.one * m.one ? m.two - m.one * m.one : 0;
}

bool
logprob_of(struct logprob *l, char kind, const float *val, size_t n)
{
	size_t cap = l->cap;
	double max;

	l->log = xgrow(l->log, &cap, n, sizeof(*l->log));
	l->prob = xgrow(l->prob, &l->cap, n, sizeof(*l->prob));
	l->n = n;
	if (kind == 'P')
		fm_log_floats(l->log, val, n);
	for (size_t i = 0; kind == 'L' && i < n; i++)
		l->log[i] = (double)val[i];
	max = softmax_top(l->log, n);
	if (!(max > -INFINITY))
		return false;
	for (l->top = 0; l->log[l->top] < max;)
		l->top++;
	normalise(l, max);
	return true;
}

void
logprob_free(struct logprob *l)
{
	free(l->log);
	free(l->prob);
	*l = (struct logprob) { 0 };
}
