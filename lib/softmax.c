#include "softmax.h"

#include "fmath.h"
#include "wide.h"

#include <math.h>

/* Below this, e^x is 0 as a float. */
#define LEAST -105.0

enum { BLOCK = 32 };

/* In lanes, which need not wait for each other. */
WIDE(double, softmax_top, (const double *x, size_t n), (x, n))
{
	enum { LANES = 16 };
	double max[LANES];
	size_t i = 0;

	for (size_t k = 0; k < LANES; k++)
		max[k] = -INFINITY;
	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			max[k] = x[i + k] > max[k] ? x[i + k] : max[k];
	for (; i < n; i++)
		max[0] = x[i] > max[0] ? x[i] : max[0];
	for (size_t k = 1; k < LANES; k++)
		max[0] = max[k] > max[0] ? max[k] : max[0];
	return max[0];
}

/* x[i] = e^((x[i] - max) / t), i < n. The loops are apart, for a compiler that
 * does several steps at once. */
WIDE_INLINE void
exps(double *x, size_t n, double max, double t)
{
	for (size_t i = 0; i < n; i++) {
		x[i] = (x[i] - max) / t;
		x[i] = x[i] > LEAST ? x[i] : LEAST;
	}
	fm_exp_row_short(x, x, n);
}

/* p from x, whose values v has, or x itself where v is NULL. The blocks are
 * short, for a processor that sums while it begins with the next one. */
WIDE_INLINE bool
normalise(float *p, double *x, const float *v, size_t n, double max, double t)
{
	double sum = 0;

	if (max == -INFINITY)
		return false;
	for (size_t b = 0, m; b < n; b += m) {
		m = n - b < BLOCK ? n - b : BLOCK;
		for (size_t i = b; v != NULL && i < b + m; i++)
			x[i] = v[i];
		exps(x + b, m, max, t);
		for (size_t i = b; i < b + m; i++)
			sum += x[i];
	}
	sum = 1 / sum;
	for (size_t i = 0; i < n; i++)
		p[i] = (float)(x[i] * sum);
	return true;
}

WIDE(bool, softmax, (float *p, double *x, size_t n, double t), (p, x, n, t))
{
	return normalise(p, x, NULL, n, softmax_top(x, n), t);
}

WIDE(bool, softmax_floats, (float *p, double *x, const float *v, size_t n,
    double t), (p, x, v, n, t))
{
	float least, top;

	fm_range(v, n, &least, &top);
	return normalise(p, x, v, n, top, t);
}

double
softmax_entropy(const double *x, size_t n)
{
	double max = softmax_top(x, n), sum = 0, first = 0;
	double y[BLOCK], e[BLOCK];

	/* with y = x - max: the sum of p ln p is that of p y, less ln(sum) */
	for (size_t i = 0; i < n; i += BLOCK) {
		size_t m = n - i < BLOCK ? n - i : BLOCK;

		for (size_t k = 0; k < m; k++) {
			y[k] = x[i + k] - max;
			y[k] = y[k] > LEAST ? y[k] : LEAST;
		}
		fm_exp_row_short(e, y, m);
		for (size_t k = 0; k < m; k++) {
			sum += e[k];
			first += e[k] * y[k];
		}
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
	softmax_floats(d->prob, d->work, d->val, d->n, 1);
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
