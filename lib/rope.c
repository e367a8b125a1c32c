#include "rope.h"

#include <math.h>

#include "fmath.h"
#include "util.h"

static double
turn(size_t i, size_t dim, double base)
{
	return fm_exp(-2.0 * (double)i / (double)dim * fm_log(base));
}

void
rope_init(struct rope *r, size_t dim, double base)
{
	*r = (struct rope) { dim, xcalloc(dim / 2, sizeof(float)), 1 };
	for (size_t i = 0; i < dim / 2; i++)
		r->freq[i] = (float)turn(i, dim, base);
}

void
rope_linear(struct rope *r, double factor)
{
	for (size_t i = 0; i < r->dim / 2; i++)
		r->freq[i] = (float)((double)r->freq[i] / factor);
}

/* The pair that turns n times in ctx positions. */
static double
pair_of(double n, size_t dim, double base, double ctx)
{
	return (double)dim * fm_log(ctx / (n * 6.283185307179586)) /
	    (2 * fm_log(base));
}

void
rope_yarn(struct rope *r, double base, double factor, double ctx, double fast,
    double slow)
{
	double low = floor(pair_of(fast, r->dim, base, ctx));
	double high = ceil(pair_of(slow, r->dim, base, ctx));

	low = low < 0 ? 0 : low;
	high = high > (double)r->dim - 1 ? (double)r->dim - 1 : high;
	if (!(high > low))
		high = low + 0.001;
	for (size_t i = 0; i < r->dim / 2; i++) {
		double f = turn(i, r->dim, base);
		double ramp = ((double)i - low) / (high - low);
		ramp = ramp < 0 ? 0 : ramp > 1 ? 1 : ramp;
		r->freq[i] = (float)(f / factor * ramp + f * (1 - ramp));
	}
	r->scale = (float)(0.1 * fm_log(factor) + 1);
}
