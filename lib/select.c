#include "select.h"

#include "fmath.h"

#include <float.h>

/* Unsigned integers in the order of the numbers; -0 equals 0. */
static uint32_t
key(float v)
{
	uint32_t u = fm_bits(v + 0.0f);

	return u >> 31 ? ~u : u | 0x80000000u;
}

static float
value(uint32_t k)
{
	return fm_float(k >> 31 ? k & 0x7fffffffu : ~k);
}

/* Such multiples of 2^-52 add up exactly, in whatever order, as long as they
 * stay below 2 together. */
static double
weight(float v, double scale)
{
	return scale > 0 ? (v * scale + 1) - 1 : 1;
}

/* This part of sum[0..mask], and of nothing still something. */
static double
share(double part, const double *sum, uint32_t mask)
{
	double whole = 0;

	for (uint32_t b = 0; b <= mask; b++)
		whole += sum[b];
	return part > 0 ? part * whole : DBL_MIN;
}

float
select_least(const float *v, size_t n, double scale, double want,
    size_t *ties)
{
	/* many entries: two digits of 16 bits, few entries: four of 8 */
	const int width = n > 8192 ? 16 : 8;
	const uint32_t mask = (1u << width) - 1;
	double sum[1 << 16]; /* of the weights of entries with each digit */
	double each;
	uint32_t found = 0, known = 0;

	/* From the highest digit: which of its values does the run end in? */
	for (int shift = 32 - width; shift >= 0; shift -= width) {
		uint32_t b = mask;

		memset(sum, 0, sizeof(*sum) << width);
		for (size_t i = 0; i < n; i++) {
			uint32_t u = key(v[i]);
			if ((u & known) == found)
				sum[u >> shift & mask] += weight(v[i], scale);
		}
		if (known == 0 && scale > 0)
			want = share(want, sum, mask);
		for (; b > 0 && sum[b] < want; b--)
			want -= sum[b];
		found |= b << shift;
		known |= mask << shift;
	}
	each = weight(value(found), scale);
	for (*ties = 1; (double)*ties * each < want;)
		++*ties;
	return value(found);
}

void
select_keep(struct dist *d, const float *by, float least, size_t ties)
{
	uint32_t n = 0;

	/* No branch, which nobody could foresee: an entry that is not kept is
	 * overwritten by the next. */
	for (uint32_t i = 0; i < d->n; i++) {
		uint32_t above = by[i] > least;
		uint32_t tie = (by[i] == least) & (ties > 0);

		d->id[n] = d->id[i];
		d->val[n] = d->val[i];
		n += above | tie;
		ties -= tie;
	}
	d->n = n;
}

void
select_from(struct dist *d, const float *p, double least)
{
	uint32_t top = 0, n = 0;

	for (uint32_t i = 1; i < d->n; i++)
		if (p[i] > p[top])
			top = i;
	for (uint32_t i = 0; i < d->n; i++) {
		if (i != top && (!(p[i] > 0) || p[i] < least))
			continue;
		d->id[n] = d->id[i];
		d->val[n++] = d->val[i];
	}
	d->n = n;
}
