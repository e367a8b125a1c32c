#include "logprob.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fmath.h"

/* Below this, e^x counts as 0. */
#define LEAST -700.0

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

/* log[n], which are logarithms up to a constant, to prob and log as they are
 * to be, and their moments. */
static void
normalise(struct logprob *l, double max)
{
	double *log = l->log, *prob = l->prob;
	double sum = 0, first = 0, second = 0, log_sum;

	/* in loops of their own, which a compiler makes better use of */
	for (size_t i = 0; i < l->n; i++) {
		log[i] -= max;
		prob[i] = log[i] > LEAST ? log[i] : LEAST;
	}
	for (size_t i = 0; i < l->n; i++)
		prob[i] = exp_below(prob[i]);
	for (size_t i = 0; i < l->n; i++) {
		double x = log[i] > LEAST ? log[i] : LEAST;

		sum += prob[i];
		first += prob[i] * x;
		second += prob[i] * x * x;
	}
	log_sum = fm_log(sum);
	sum = 1 / sum;
	for (size_t i = 0; i < l->n; i++) {
		prob[i] = log[i] > LEAST ? prob[i] * sum : 0;
		log[i] -= log_sum;
	}
	first *= sum;
	second *= sum;
	l->mean = first - log_sum;
	l->variance = second > first * first ? second - first * first : 0;
}

bool
logprob_of(struct logprob *l, char kind, const float *val, size_t n)
{
	double max = -INFINITY;
	size_t cap = l->cap;

	l->log = xgrow(l->log, &cap, n, sizeof(*l->log));
	l->prob = xgrow(l->prob, &l->cap, n, sizeof(*l->prob));
	l->n = n;
	for (size_t i = 0; i < n; i++) {
		double x = kind == 'L' ? (double)val[i] : fm_log(val[i]);

		l->log[i] = x;
		if (x > max) {
			max = x;
			l->top = i;
		}
	}
	if (!(max > -INFINITY))
		return false;
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
