#include "select.h"

#include "fmath.h"
#include "wide.h"

#include <float.h>
#include <math.h>

/* Unsigned integers in the order of the numbers; -0 equals 0. */
static inline uint32_t
key(float v)
{
	uint32_t u = fm_bits(v + 0.0f);

	return u ^ (u >> 31 ? UINT32_MAX : 0x80000000u);
}

static float
value(uint32_t k)
{
	return fm_float(k >> 31 ? k & 0x7fffffffu : ~k);
}

/* Such multiples of 2^-52 add up exactly, in whatever order, as long as they
 * stay below 2 together. */
WIDE_INLINE double
weight(float w, double scale)
{
	return (w * scale + 1) - 1;
}

/* The scale of a sum that is 1, as it mostly is, however that is rounded. */
#define USUAL 0.5

enum {
	BLOCK = SELECT_BLOCK, FEW = 64,
	DIGITS = 1 << 11, /* that a search tells apart at a time, and */
	SOME = 1 << 7,    /* in few items, where sums would be most of the work */
	BLOCKS = SELECT_BLOCKS, /* that are looked at by their largest */
	MOST = 1 << 12,   /* entries that are gathered from these */
	LANES = SELECT_LANES, /* sums that need not wait for each other; so many
	                         that a compiler keeps the loop over them */
};

/* Whether one of v[n] is from least to most; a NaN there is no bound. No
 * branch, so that a compiler may look at several at once. */
WIDE_INLINE bool
any(const float *v, size_t n, float least, float most)
{
	uint32_t found = 0;

	for (size_t i = 0; i < n; i++)
		found |= !(v[i] < least) & !(v[i] > most);
	return found;
}

/* What a search adds up: values, and what each weighs. */
struct items {
	const float *v, *w; /* w is NULL: each 1 */
	size_t n;
	double scale;
};

/* How much item i weighs. */
static inline double
weight_of(const struct items *t, size_t i)
{
	return t->w != NULL ? weight(t->w[i], t->scale) : 1;
}

/* sum[d]: what those of n items from `at` on weigh whose key, less `from`, has
 * the digit d at `shift`. No key is below `from`; n is at most BLOCK. */
static inline void
weigh_block(double *sum, double *other, const struct items *t, size_t at,
    size_t n, uint32_t from, int shift)
{
	uint32_t digit[BLOCK];
	double w[BLOCK];

	for (size_t i = 0; i < n; i++)
		digit[i] = (key(t->v[at + i]) - from) >> shift;
	for (size_t i = 0; i < n; i++)
		w[i] = weight_of(t, at + i);
	for (size_t i = 0; i < n; i++)
		(i & 1 ? other : sum)[digit[i]] += w[i];
}

/*
 * The same of all items, or of those whose keys are `from` to `from` + low. Two
 * sums each, turn and turn about, since equals often stand together and an
 * addition takes a while to be seen by the next.
 */
static void
weigh(double *sum, size_t digits, const struct items *t, bool all,
    uint32_t from, uint32_t low, int shift)
{
	const float least = value(from);
	/* the last digit's keys may go beyond the largest number's */
	const float most = from > UINT32_MAX - low ? INFINITY
	                                           : value(from + low);
	double other[DIGITS];

	memset(sum, 0, digits * sizeof(*sum));
	memset(other, 0, digits * sizeof(*other));
	for (size_t b = 0; b < t->n; b += BLOCK) {
		size_t end = t->n - b < BLOCK ? t->n : b + BLOCK;

		if (all) {
			weigh_block(sum, other, t, b, end - b, from, shift);
			continue;
		}
		if (!any(t->v + b, end - b, least, most))
			continue;
		for (size_t i = b; i < end; i++) {
			uint32_t u = key(t->v[i]) - from;
			if (u <= low)
				(i & 1 ? other : sum)[u >> shift] +=
				    weight_of(t, i);
		}
	}
	for (size_t d = 0; d < digits; d++)
		sum[d] += other[d];
}

/* x[LANES] and the tail as one. */
WIDE_INLINE double
add_lanes(const double *x, double tail)
{
	for (size_t i = 0; i < LANES; i++)
		tail += x[i];
	return tail;
}

/* What w[n] weighs. */
static double weigh_all(const float *w, size_t n, double scale);
WIDE(double, weigh_all, (const float *w, size_t n, double scale),
    (w, n, scale))
{
	double sum[LANES] = { 0 }, tail = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (size_t l = 0; l < LANES; l++)
			sum[l] += weight(w[i + l], scale);
	for (; i < n; i++)
		tail += weight(w[i], scale);
	return add_lanes(sum, tail);
}

/* The sum of w[n], for a first idea of it. */
static double about(const float *w, size_t n);
WIDE(double, about, (const float *w, size_t n), (w, n))
{
	double sum[LANES] = { 0 }, tail = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (size_t l = 0; l < LANES; l++)
			sum[l] += w[i + l];
	for (; i < n; i++)
		tail += w[i];
	return add_lanes(sum, tail);
}

/* A power of 2 that brings the sum of w[n] to between 1/3 and 2/3. */
static double
scale_of(const float *w, size_t n)
{
	int e;

	frexp(1.5 * about(w, n), &e);
	return ldexp(1, -e);
}

/* This part of the whole, and of nothing still something. */
static double
share(double part, double whole)
{
	return part > 0 ? part * whole : DBL_MIN;
}

/* How many of those that are `least` weigh `want` together. */
static size_t
count_ties(const struct items *t, double want, float least)
{
	size_t ties = 0;

	for (size_t b = 0; b < t->n && (want > 0 || ties == 0); b += BLOCK) {
		size_t end = t->n - b < BLOCK ? t->n : b + BLOCK;

		if (!any(t->v + b, end - b, least, least))
			continue;
		for (size_t i = b; i < end && (want > 0 || ties == 0); i++)
			if (t->v[i] == least) {
				want -= weight_of(t, i);
				ties++;
			}
	}
	return ties;
}

/* The search for a run: the key of the value that it ends in is `found` or up
 * to `low` more; it wants so much of what has those. */
struct search {
	uint32_t found;
	double want;
};

/* Which digit, at `shift`, does the run end in? */
static void
narrow(struct search *r, const double *sum, uint32_t digits, int shift)
{
	uint32_t d = digits - 1;

	for (; d > 0 && sum[d] < r->want; d--)
		r->want -= sum[d];
	r->found += d << shift;
}

/* From the highest digit on of what keys are above the least. Searches that are
 * still at one value take the same sums. */
static void
search(struct search *r, size_t searches, const struct items *t)
{
	const uint32_t digits = t->n <= MOST ? SOME : DIGITS;
	double sum[DIGITS];
	float least, most;
	uint32_t low;
	bool all = true;

	fm_range(t->v, t->n, &least, &most);
	low = key(most) - key(least);
	for (size_t i = 0; i < searches; i++)
		r[i].found = key(least);
	do {
		uint32_t at = 0;
		int shift = 0;

		while (low >> shift >= digits)
			shift++;
		for (size_t i = 0; i < searches; i++) {
			if (i == 0 || r[i].found != at)
				weigh(sum, digits, t, all, r[i].found, low,
				    shift);
			at = r[i].found;
			narrow(&r[i], sum, digits, shift);
		}
		all = false;
		low = (1u << shift) - 1;
	} while (low > 0);
}

/* Put v into the place of the least in heap[n], which stands first. */
static void
replace_least(float *heap, size_t n, float v)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < n) {
		child += child + 1 < n && heap[child + 1] < heap[child];
		if (!(heap[child] < v))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = v;
}

/* The last of the k largest of v[n], k at most FEW. */
static float
least_of_few(const float *v, size_t n, size_t k, size_t *ties)
{
	float heap[FEW];

	for (size_t i = 0; i < FEW; i++)
		heap[i] = -INFINITY;
	for (size_t b = 0; b < n; b += BLOCK) {
		size_t end = n - b < BLOCK ? n : b + BLOCK;

		if (!any(v + b, end - b, heap[0], INFINITY))
			continue;
		for (size_t i = b; i < end; i++)
			if (v[i] > heap[0])
				replace_least(heap, k, v[i]);
	}
	*ties = 0;
	for (size_t i = 0; i < k; i++)
		*ties += heap[i] == heap[0];
	return heap[0] + 0.0f;
}

void
select_start(struct select_run *r)
{
	r->seen = 0;
	r->tail = 0;
	memset(r->sum, 0, sizeof(r->sum));
}

/* See entries r->seen to n of v and w; all but the last n are multiples of BLOCK. */
static void survey(struct select_run *r, const float *v, const float *w,
    size_t n, double scale);
WIDE_VOID(survey, (struct select_run *r, const float *v, const float *w,
    size_t n, double scale), (r, v, w, n, scale))
{
	double sum[LANES], tail = r->tail;

	memcpy(sum, r->sum, sizeof(sum));
	for (size_t b = r->seen; b < n; b += BLOCK) {
		float max[LANES];
		size_t end = n - b < BLOCK ? n : b + BLOCK, i = b;
		for (size_t l = 0; l < LANES; l++)
			max[l] = -INFINITY;
		for (; i + LANES <= end; i += LANES)
			for (size_t l = 0; l < LANES; l++) {
				max[l] = v[i + l] > max[l] ? v[i + l] : max[l];
				sum[l] += weight(w[i + l], scale);
			}
		for (; i < end; i++) {
			max[0] = v[i] > max[0] ? v[i] : max[0];
			tail += weight(w[i], scale);
		}
		for (size_t half = LANES / 2; half > 0; half /= 2)
			for (size_t l = 0; l < half; l++)
				max[l] = max[l + half] > max[l] ? max[l + half]
				                                : max[l];
		r->top[b / BLOCK] = max[0];
	}
	memcpy(r->sum, sum, sizeof(sum));
	r->tail = tail;
	r->seen = n;
}

struct gathered {
	float v[MOST], w[MOST];
};

/* Those of t's items that are at least `least`, in order: how many, or 0 when that
 * may be more than MOST. top is of their blocks. */
static size_t
gather(struct gathered *g, const struct items *t, const float *top, float least)
{
	size_t m = 0;

	for (size_t b = 0; b < t->n; b += BLOCK) {
		size_t end = t->n - b < BLOCK ? t->n : b + BLOCK;

		if (top[b / BLOCK] < least)
			continue;
		if (m + BLOCK > MOST)
			return 0;
		for (size_t i = b; i < end; i++) {
			g->v[m] = t->v[i];
			g->w[m] = t->w[i];
			m += t->v[i] >= least;
		}
	}
	return m;
}

/* Try to gather such of t's items, the likeliest, as weigh `want`: how many, or
 * 0. */
static size_t
gather_run(struct gathered *g, const struct items *t, const float *top,
    double want)
{
	size_t blocks = (t->n + BLOCK - 1) / BLOCK, ties;

	for (size_t k = FEW / 4; k <= blocks; k *= 4) {
		float least = select_least(top, NULL, blocks, 0, (double)k,
		    &ties);
		size_t m = gather(g, t, top, least);
		if (m == 0 || weigh_all(g->w, m, t->scale) >= want)
			return m;
	}
	return 0;
}

/* The value of the last of the shortest run of t's items that weighs `want`, and how
 * many of those equal to it belong to that. top is of their blocks, or NULL. */
static float
end_of_run(const struct items *t, const float *top, double want, size_t *ties)
{
	struct search r = { .want = want };
	struct gathered g;
	size_t m = top != NULL && t->n >= FEW * BLOCK
	    ? gather_run(&g, t, top, want) : 0;
	const struct items few = { g.v, g.w, m, t->scale };

	if (m > 0)
		t = &few;
	search(&r, 1, t);
	*ties = count_ties(t, r.want, value(r.found));
	return value(r.found);
}

float
select_least(const float *v, const float *w, size_t n, double scale,
    double want, size_t *ties)
{
	const struct items t = { v, w, n, scale };
	struct select_run r;

	if (w == NULL && want >= 1 && want <= FEW)
		return least_of_few(v, n, (size_t)want, ties);
	if (w == NULL)
		return end_of_run(&t, NULL, want, ties);
	if (n > SELECT_MOST)
		return end_of_run(&t, NULL, share(want, weigh_all(w, n, scale)),
		    ties);
	select_start(&r);
	survey(&r, v, w, n, scale);
	want = share(want, add_lanes(r.sum, r.tail));
	return end_of_run(&t, r.top, want, ties);
}

void
select_shares(size_t *count, const double *part, size_t parts, const float *w,
    size_t n, double scale)
{
	const struct items t = { w, w, n, scale };
	struct search r[SELECT_SHARES];
	double whole = weigh_all(w, n, scale);

	for (size_t i = 0; i < parts; i++)
		r[i] = (struct search) { .want = share(part[i], whole) };
	search(r, parts, &t);
	for (size_t i = 0; i < parts; i++) {
		float least = value(r[i].found);
		uint32_t above = 0;

		for (size_t k = 0; k < n; k++)
			above += w[k] > least;
		count[i] = above + count_ties(&t, r[i].want, least);
	}
}

/* Up to where in by[n] the first `ties` of those equal to `least` stand. */
static uint32_t
end_of_ties(const float *by, uint32_t n, float least, size_t ties)
{
	for (uint32_t b = 0; b < n; b += BLOCK) {
		uint32_t end = n - b < BLOCK ? n : b + BLOCK, found = 0;

		for (uint32_t i = b; i < end; i++)
			found += by[i] == least;
		if (found < ties) {
			ties -= found;
			continue;
		}
		while (ties > 0)
			ties -= by[b++] == least;
		return b;
	}
	return n;
}

/* Move those of d's entries from b to `end` whose by[i] is at least `least` to
 * where d->n is. top is of the blocks of `by`, or NULL. */
static void keep(struct dist *d, const float *by, const float *top, uint32_t b,
    uint32_t end, float least);
WIDE_VOID(keep, (struct dist *d, const float *by, const float *top, uint32_t b,
    uint32_t end, float least), (d, by, top, b, end, least))
{
	uint32_t n = d->n;

	for (uint32_t stop; b < end; b = stop) {
		stop = b - b % BLOCK + BLOCK;
		stop = stop < end ? stop : end;
		if (top != NULL ? top[b / BLOCK] < least
		                : !any(by + b, stop - b, least, INFINITY))
			continue;
		/* No branch, which nobody could foresee: an entry that is not
		 * kept is overwritten by the next. */
		for (uint32_t i = b; i < stop; i++) {
			uint32_t kept = by[i] >= least;

			d->own_id[n] = dist_id(d, i);
			d->val[n] = d->val[i];
			n += kept;
		}
	}
	d->n = n;
}

/* select_keep, where top is of the blocks of `by`, or NULL. */
static void
keep_run(struct dist *d, const float *by, const float *top, float least,
    size_t ties)
{
	uint32_t n = d->n, end = 0;

	if (ties > 0)
		end = ties < n ? end_of_ties(by, n, least, ties) : n;
	d->n = 0;
	keep(d, by, top, 0, end, least);
	keep(d, by, top, end, n, value(key(least) + 1)); /* above it */
	dist_kept(d, d->n);
}

void
select_keep(struct dist *d, const float *by, float least, size_t ties)
{
	keep_run(d, by, NULL, least, ties);
}

void
select_see(struct select_run *r, const float *p, size_t n)
{
	n -= n % BLOCK;
	if (n > r->seen && n <= SELECT_MOST)
		survey(r, p, p, n, USUAL);
}

/* select_mass of more than r has room for. */
static void
select_large(struct dist *d, const float *p, double mass)
{
	size_t ties;
	float least = select_least(p, p, d->n, scale_of(p, d->n), mass, &ties);

	select_keep(d, p, least, ties);
}

void
select_mass(struct dist *d, const float *p, double mass, struct select_run *r)
{
	struct items t = { p, p, d->n, USUAL };
	float least;
	double whole;
	size_t ties;

	if (d->n > SELECT_MOST) {
		select_large(d, p, mass);
		select_start(r);
		return;
	}
	survey(r, p, p, d->n, t.scale);
	whole = add_lanes(r->sum, r->tail);
	if (whole < 1.0 / 3 || whole >= 2.0 / 3) {
		t.scale = scale_of(p, d->n);
		whole = weigh_all(p, d->n, t.scale);
	}
	least = end_of_run(&t, r->top, share(mass, whole), &ties);
	keep_run(d, p, r->top, least, ties);
	select_start(r);
}

/* The least float above 0 that is at least x. */
static float
at_least(double x)
{
	float f = x < FLT_MAX ? (float)x : FLT_MAX;

	if (!(f > 0))
		return fm_float(1);
	return (double)f < x ? fm_float(fm_bits(f) + 1) : f;
}

void
select_from(struct dist *d, const float *p, double least)
{
	float top, from = at_least(least), low;

	fm_range(p, d->n, &low, &top);
	if (top < from)
		select_keep(d, p, top, 1);
	else
		select_keep(d, p, from, SIZE_MAX);
}
