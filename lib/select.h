/*
 * select - the likeliest entries without a full sort. The order is by value,
 * the largest first, and by id among equals. Since entries stand in ascending
 * order of id, the first K of that order are those above some value and the
 * first few of those equal to it: two numbers describe them.
 *
 *	least = select_least(d->val, NULL, d->n, 0, k, &ties);
 *	select_keep(d, d->val, least, ties);
 *
 * "First K" can also be a matter of mass: the shortest run of likeliest that
 * has so much of it together.
 */
#ifndef SELECT_H
#define SELECT_H

#include "dist.h"

/*
 * The value of the last entry of the shortest run that weighs at least `want`;
 * *ties is how many of those equal to it belong to the run. v[n] holds no NaN.
 * w is NULL: each entry weighs 1, and want is 1 to n. Else entry i weighs w[i] *
 * scale, w[i] >= 0, rounded to a multiple of 2^-52, and want is a part of the
 * whole, 0 to 1. The scale is a power of 2 that makes the sum of w less than 1:
 * weights then add up exactly, so that what a run weighs is not a matter of how
 * that is computed.
 */
float select_least(const float *v, const float *w, size_t n, double scale,
    double want, size_t *ties);

/* count[i]: how many of the likeliest weigh part[i] of the whole, as above with
 * v = w; at most SELECT_SHARES parts. */
enum { SELECT_SHARES = 4 };
void select_shares(size_t *count, const double *part, size_t parts,
    const float *w, size_t n, double scale);

/* Keep the entries of d whose by[i] (by[d->n], d->val or another measure) is
 * above `least`, and the first `ties` of those equal to it. */
void select_keep(struct dist *d, const float *by, float least, size_t ties);

/*
 * Keep the shortest run of d's likeliest entries that has so much mass, below 1,
 * of the probabilities p[d->n], which need not sum to 1. These may come in parts,
 * which are looked at while others are awaited:
 *
 *	select_start(&r);
 *	select_see(&r, p, n);		(any number of times, n never less than
 *					 before; the first n are there)
 *	select_mass(d, p, mass, &r);	(all are; r is started again)
 *
 * p may be elsewhere each time, its values are the same; none is negative, infinite
 * or NaN. What was seen is of no use when d->n is above SELECT_MOST.
 */
enum {
	SELECT_LANES = 32, SELECT_BLOCK = 64, SELECT_BLOCKS = 1 << 13,
	SELECT_MOST = SELECT_BLOCK * SELECT_BLOCKS,
};
struct select_run {
	size_t seen; /* what follows is of so many from the first on */
	double sum[SELECT_LANES], tail; /* of what they weigh */
	float top[SELECT_BLOCKS];       /* the largest of each block */
};
void select_start(struct select_run *r);
void select_see(struct select_run *r, const float *p, size_t n);
void select_mass(struct dist *d, const float *p, double mass,
    struct select_run *r);

/* Keep the entries of d that can be drawn and whose probability p[i] is at least
 * `least`; where there is none, the likeliest (lowest id of equals). p[d->n]
 * has one above 0. */
void select_from(struct dist *d, const float *p, double least);

#endif
