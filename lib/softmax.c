#include "softmax.h"

#include "fmath.h"

#include <math.h>
#include <string.h>

/* Below this, e^x is 0 as a float. */
#define LEAST -105.0

/*
 * e^x, LEAST <= x <= 0, to 3 in 10^10: it is rounded to float next, and half as
 * long as fm_exp. The method is that of fmath.h. No branch, so that a compiler
 * may do several at once.
 */
static inline double
exp_below(double x)
{
	const double magic = 0x1.8p52;
	double t = x * 0x1.71547652b82fep+0 + magic, f = t - magic;
	double r = x - f * 0x1.62e42fefa39efp-1, p = 1.0 / 40320, power;
	uint64_t n;

	p = p * r + 1.0 / 5040;
	p = p * r + 1.0 / 720;
	p = p * r + 1.0 / 120;
	p = p * r + 1.0 / 24;
	p = p * r + 1.0 / 6;
	p = p * r + 0.5;
	p = p * r + 1;
	p = p * r + 1;
	memcpy(&n, &t, sizeof(n));
	n = (n - 0x4338000000000000u + 1023) << 52;
	memcpy(&power, &n, sizeof(power));
	return p * power;
}

bool
softmax(float *p, double *x, size_t n, double t)
{
	double max = -INFINITY, sum = 0;

	for (size_t i = 0; i < n; i++)
		max = x[i] > max ? x[i] : max;
	if (max == -INFINITY)
		return false;
	for (size_t i = 0; i < n; i++) {
		x[i] = (x[i] - max) / t;
		x[i] = x[i] > LEAST ? x[i] : LEAST;
	}
	for (size_t i = 0; i < n; i++)
		x[i] = exp_below(x[i]);
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	sum = 1 / sum;
	for (size_t i = 0; i < n; i++)
		p[i] = (float)(x[i] * sum);
	return true;
}

double
softmax_entropy(const double *x, size_t n)
{
	double max = -INFINITY, sum = 0, first = 0;

	for (size_t i = 0; i < n; i++)
		max = x[i] > max ? x[i] : max;
	/* with y = x - max: the sum of p ln p is that of p y, less ln(sum) */
	for (size_t i = 0; i < n; i++) {
		double y = x[i] - max > LEAST ? x[i] - max : LEAST;
		double e = exp_below(y);

		sum += e;
		first += e * y;
	}
	return fm_log(sum) - first / sum;
}

/* Whether one of d's entries can be drawn. */
static bool
alive(const struct dist *d)
{
	const float none = d->kind == 'L' ? -INFINITY : 0;

	for (uint32_t i = 0; i < d->n; i++)
		if (d->val[i] > none)
			return true;
	return false;
}

const float *
dist_probs(struct dist *d)
{
	if (!alive(d))
		return NULL;
	if (d->kind == 'P')
		return d->val;
	for (uint32_t i = 0; i < d->n; i++)
		d->work[i] = d->val[i];
	softmax(d->prob, d->work, d->n, 1);
	return d->prob;
}

bool
dist_normalise(struct dist *d)
{
	double sum = 0;

	if (!alive(d))
		return false;
	if (d->kind == 'L')
		return true;
	for (uint32_t i = 0; i < d->n; i++)
		sum += d->val[i];
	for (uint32_t i = 0; i < d->n; i++)
		d->val[i] = (float)(d->val[i] / sum);
	return true;
}
