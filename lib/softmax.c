#include "softmax.h"

#include "fmath.h"
#include "wide.h"

#include <math.h>
#include <string.h>

/* Below this, e^x is 0 as a float. */
#define LEAST -105.0

enum {
	BLOCK = 256,
	LANES = SOFTMAX_LANES,
	LOST = 2, /* times that it is worth to begin again for a larger one */
};

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

/* p[i] = exp((x[i] - max) / t), of x[n] or, unless v is NULL, of v[n]; their sum
 * goes on in lane[LANES]. In blocks, so that caches hold all but p. */
WIDE_INLINE void
exponentials(float *p, const double *x, const float *v, size_t n, double max,
    double t, double *lane)
{
	/* such that 0 times it is 0 */
	const double inverse = 1 / (t > 1e-300 ? t : 1e-300);
	double e[BLOCK];

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
		add_lanes(lane, e, m);
		for (size_t i = 0; i < m; i++)
			p[b + i] = (float)e[i];
	}
}

WIDE_INLINE void
scale_row(float *p, size_t n, double scale)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (float)(p[i] * scale);
}

WIDE(bool, softmax, (float *p, const double *x, size_t n, double t),
    (p, x, n, t))
{
	double lane[LANES] = { 0 }, max = softmax_top(x, n);

	if (max == -INFINITY)
		return false;
	exponentials(p, x, NULL, n, max, t, lane);
	scale_row(p, n, 1 / add_tree(lane));
	return true;
}

static void go_on(struct softmax_run *s, const float *v, size_t n);
WIDE_VOID(go_on, (struct softmax_run *s, const float *v, size_t n), (s, v, n))
{
	exponentials(s->p + s->done, NULL, v + s->done, n - s->done, s->max,
	    s->t, s->lane);
	s->done = n;
}

WIDE_VOID(softmax_shares, (struct softmax_run *s, size_t from, size_t to),
    (s, from, to))
{
	scale_row(s->p + from, to - from, s->scale);
}

void
softmax_start(struct softmax_run *s, float *p, double t)
{
	*s = (struct softmax_run) { .p = p, .t = t, .max = -INFINITY };
}

/* What is done is so for the largest of the first s->seen. */
void
softmax_see(struct softmax_run *s, const float *v, size_t n)
{
	float least, top;

	fm_range(v + s->seen, n - s->seen, &least, &top);
	s->seen = n;
	if (!(top > s->max))
		return;
	s->max = top;
	s->lost += s->done > 0;
	s->done = 0;
	memset(s->lane, 0, sizeof(s->lane));
}

void
softmax_some(struct softmax_run *s, const float *v, size_t n)
{
	softmax_see(s, v, n);
	n -= n % BLOCK;
	if (s->lost <= LOST && s->max > -INFINITY && n > s->done)
		go_on(s, v, n);
}

bool
softmax_end(struct softmax_run *s, const float *v, size_t n)
{
	softmax_see(s, v, n);
	if (!(s->max > -INFINITY))
		return false;
	go_on(s, v, n);
	s->scale = 1 / add_tree(s->lane);
	return true;
}

bool
softmax_floats(float *p, const float *v, size_t n, double t)
{
	struct softmax_run s;

	softmax_start(&s, p, t);
	if (!softmax_end(&s, v, n))
		return false;
	softmax_shares(&s, 0, n);
	return true;
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
