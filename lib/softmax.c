#include "softmax.h"

#include "fmath.h"

#include <math.h>

bool
softmax(float *p, double *x, size_t n, double t)
{
	double max = -INFINITY, sum = 0;

	for (size_t i = 0; i < n; i++)
		max = x[i] > max ? x[i] : max;
	if (max == -INFINITY)
		return false;
	for (size_t i = 0; i < n; i++)
		x[i] = fm_exp((x[i] - max) / t);
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	for (size_t i = 0; i < n; i++)
		p[i] = (float)(x[i] / sum);
	return true;
}

static double
mass(const struct dist *d)
{
	double sum = 0;

	for (uint32_t i = 0; i < d->n; i++)
		sum += d->val[i];
	return sum;
}

const float *
dist_probs(struct dist *d)
{
	if (d->kind == 'P')
		return mass(d) > 0 ? d->val : NULL;
	for (uint32_t i = 0; i < d->n; i++)
		d->work[i] = d->val[i];
	return softmax(d->prob, d->work, d->n, 1) ? d->prob : NULL;
}

bool
dist_normalise(struct dist *d)
{
	double sum = mass(d);

	if (d->kind == 'L') {
		for (uint32_t i = 0; i < d->n; i++)
			if (d->val[i] > -INFINITY)
				return true;
		return false;
	}
	for (uint32_t i = 0; i < d->n; i++)
		d->val[i] = (float)(d->val[i] / sum);
	return sum > 0;
}
