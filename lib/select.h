/*
 * select - the likeliest entries without a full sort. The order is by value,
 * the largest first, and by id among equals. Since entries stand in ascending
 * order of id, the first K of that order are those above some value and the
 * first few of those equal to it: two numbers describe them.
 *
 *	least = select_least(d->val, d->n, 0, k, &ties);
 *	select_keep(d, d->val, least, ties);
 *
 * "First K" can also be a matter of mass: the shortest run of likeliest that
 * has so much of it together.
 */
#ifndef SELECT_H
#define SELECT_H

#include "dist.h"

/*
 * A number's weight: 1 when scale is 0, else the number times scale to the
 * nearest multiple of 2^-52. Such weights add up exactly, in whatever order,
 * as long as they stay below 2 together: so that what a run weighs is not a
 * matter of how it is computed.
 */
static inline double
select_weight(float v, double scale)
{
	return scale > 0 ? (v * scale + 1) - 1 : 1;
}

/* The value of the last entry of the shortest run whose weight is at least
 * `want`; *ties is how many of those equal to it belong to the run. v[n] holds
 * no NaN, and with a scale > 0 nothing negative; 0 < want <= the sum of the
 * weights. */
float select_least(const float *v, size_t n, double scale, double want,
    size_t *ties);

/* Keep the entries of d whose by[i] (by[d->n], d->val or another measure) is
 * above `least`, and the first `ties` of those equal to it. */
void select_keep(struct dist *d, const float *by, float least, size_t ties);

#endif
