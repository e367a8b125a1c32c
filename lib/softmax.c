#include "softmax.h"

#include "fmath.h"
#include "wide.h"

#include <math.h>

/* Below this, e^x is 0 as a float. */
#define LEAST -105.0

enum { BLOCK = 256, LANES = 16 };

/* In lanes, which need not wait for each other; so many that a compiler keeps
 * the loop over them. */
WIDE(double, softmax_top, (const double *x, size_t n), (x, n))
{
	enum { MANY = 4 * LANES };
	double max[MANY];
	size_t i = 0;

	for (size_t k = 0; k < MANY; k++)
		max[k] = -INFINITY;
	for (; i + MANY <= n; i += MANY)
		for (size_t k = 0; k < MANY; k++)
			max[k] = x[i + k] > max[k] ? x[i + k] : max[k];
	for (; i < n; i++)
		max[0] = x[i] > max[0] ? x[i] : max[0];
	for (size_t k = 1; k < MANY; k++)
		max[0] = max[k] > max[0] ? max[k] : max[0];
	return max[0];
}

/* A sum by the 16-lane rule goes on with x[n]; all but the last n are multiples
 * of LANES. Eight steps at once, for a compiler that keeps the loop over lanes
 * then, and does several at once. */
WIDE_INLINE void
add_lanes(double *lane, const double *x, size_t n)
{
	enum { MANY = 8 * LANES };
	size_t i = 0;

	for (; i + MANY <= n; i += MANY)
		for (size_t k = 0; k < LANES; k++) {
			double sum = lane[k];
			for (size_t j = 0; j < MANY; j += LANES)
				sum += x[i + j + k];
			lane[k] = sum;
		}
	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			lane[k] += x[i + k];
	for (size_t k = 0; i + k < n; k++)
		lane[k] += x[i + k];
}

WIDE_INLINE double
add_tree(double *lane)
{
	for (size_t half = LANES / 2; half > 0; half /= 2)
		for (size_t k = 0; k < half; k++)
			lane[k] += lane[k + half];
	return lane[0];
}

/* p from x[n] or, unless v is NULL, from v[n]. Nothing is as long as a vocabulary
 * but p: what had been written for the last token has left the caches by now,
 * and to fetch it takes longer than the exponentials do. */
WIDE_INLINE bool
normalise(float *p, const double *x, const float *v, size_t n, double max,
    double t)
{
	/* such that 0 times it is 0 */
	const double inverse = 1 / (t > 1e-300 ? t : 1e-300);
	double sum[LANES] = { 0 }, e[BLOCK], scale;

	if (max == -INFINITY)
		return false;
	for (size_t b = 0, m; b < n; b += m) {
		m = n - b < BLOCK ? n - b : BLOCK;
		if (v != NULL)
			for (size_t i = 0; i < m; i++)
				e[i] = v[b + i];
		else
			for (size_t i = 0; i < m; i++)
				e[i] = x[b + i];
		for (size_t i = 0; i < m; i++) {
			e[i] = (e[i] - max) * inverse;
			e[i] = e[i] > LEAST ? e[i] : LEAST;
		}
		fm_exp_row_short(e, e, m);
		add_lanes(sum, e, m);
		for (size_t i = 0; i < m; i++)
			p[b + i] = (float)e[i];
	}
	scale = 1 / add_tree(sum);
	for (size_t i = 0; i < n; i++)
		p[i] = (float)(p[i] * scale);
	return true;
}

WIDE(bool, softmax, (float *p, const double *x, size_t n, double t),
    (p, x, n, t))
{
	return normalise(p, x, NULL, n, softmax_top(x, n), t);
}

WIDE(bool, softmax_floats, (float *p, const float *v, size_t n, double t),
    (p, v, n, t))
{
	float least, top;

	fm_range(v, n, &least, &top);
	return normalise(p, NULL, v, n, top, t);
}

double
softmax_entropy(const double *x, size_t n)
{
	double max = softmax_top(x, n), sum[LANES] = { 0 }, first[LANES] = { 0 };
	double y[BLOCK], e[BLOCK], all;

	/* with y = x - max: the sum of p ln p is that of p y, less ln(sum) */
	for (size_t i = 0; i < n; i += BLOCK) {
		size_t m = n - i < BLOCK ? n - i : BLOCK;

		for (size_t k = 0; k < m; k++) {
			y[k] = x[i + k] - max;
			y[k] = y[k] > LEAST ? y[k] : LEAST;
		}
		fm_exp_row_short(e, y, m);
		add_lanes(sum, e, m);
		for (size_t k = 0; k < m; k++)
			e[k] *= y[k];
		add_lanes(first, e, m);
	}
	all = add_tree(sum);
	return fm_log(all) - add_tree(first) / all;
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
	softmax_floats(d->prob, d->val, d->n, 1);
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
