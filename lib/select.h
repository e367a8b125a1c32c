/*
 * select - the likeliest entries without a full sort. The order is by value,
 * the largest first, and by id among equals. Since entries stand in ascending
 * order of id, the first K of that order are those above some value and the
 * first few of those equal to it: two numbers describe them.
 *
 *	least = select_least(d->val, d->n, k, &ties);
 *	select_keep(d, d->val, least, ties);
 */
#ifndef SELECT_H
#define SELECT_H

#include "dist.h"

/* The k-th largest of v[n], 1 <= k <= n; *ties is how many of those equal to it
 * are among the k. v holds no NaN. */
float select_least(const float *v, size_t n, size_t k, size_t *ties);

/* Sort v[n], positive numbers, descending. tmp[n] is scratch. */
void select_sort(float *v, float *tmp, size_t n);

/* Keep the entries of d whose by[i] (by[d->n], d->val or another measure) is
 * above `least`, and the first `ties` of those equal to it. */
void select_keep(struct dist *d, const float *by, float least, size_t ties);

#endif
