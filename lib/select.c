#include "select.h"

#include "fmath.h"

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
static inline double
weight(float w, double scale)
{
	return (w * scale + 1) - 1;
}

enum { BLOCK = 64, BITS = 11, DIGITS = 1 << BITS, FEW = 64 };

/* Whether one of v[n] is from least to most; a NaN there is no bound. No branch,
 * so that a compiler may look at several at once. */
static bool
any(const float *v, size_t n, float least, float most)
{
	uint32_t found = 0;

	for (size_t i = 0; i < n; i++)
		found |= !(v[i] < least) & !(v[i] > most);
	return found;
}

/*
 * sum[d]: what those of v weigh whose digit, at `shift`, is d, and that differ
 * from `found` in the bits `low` alone. Two sums each, turn and turn about, since
 * equals often stand together and an addition takes a while to be seen by the
 * next.
 */
static void
weigh(double *sum, const float *v, const float *w, size_t n, double scale,
    uint32_t found, uint32_t low, int shift)
{
	const float least = value(found & ~low), most = value(found | low);
	double other[DIGITS] = { 0 };

	memset(sum, 0, DIGITS * sizeof(*sum));
	for (size_t b = 0; b < n; b += BLOCK) {
		size_t end = n - b < BLOCK ? n : b + BLOCK;

		if (low < UINT32_MAX && !any(v + b, end - b, least, most))
			continue;
		for (size_t i = b; i < end; i++) {
			uint32_t u = key(v[i]);
			if ((u ^ found) <= low)
				(i & 1 ? other : sum)[u >> shift &
				    (DIGITS - 1)] += w != NULL
				    ? weight(w[i], scale) : 1;
		}
	}
	for (size_t d = 0; d < DIGITS; d++)
		sum[d] += other[d];
}

/* This part of sum[DIGITS], and of nothing still something. */
static double
share(double part, const double *sum)
{
	double whole = 0;

	for (size_t d = 0; d < DIGITS; d++)
		whole += sum[d];
	return part > 0 ? part * whole : DBL_MIN;
}

/* How many of those of v[n] that are `least` weigh `want` together. */
static size_t
count_ties(const float *v, const float *w, size_t n, double scale,
    double want, float least)
{
	size_t ties = 0;

	for (size_t i = 0; i < n && (want > 0 || ties == 0); i++)
		if (v[i] == least) {
			want -= w != NULL ? weight(w[i], scale) : 1;
			ties++;
		}
	return ties;
}

/* The search for a run: `found` are the highest bits of the value it ends in,
 * all but `low`; it wants so much of what has them. */
struct search {
	uint32_t found;
	double want;
};

/* Which digit, at `shift`, does the run end in? */
static void
narrow(struct search *r, const double *sum, int shift)
{
	uint32_t d = DIGITS - 1;

	for (; d > 0 && sum[d] < r->want; d--)
		r->want -= sum[d];
	r->found |= d << shift;
}

/* From the highest digit on. Searches that are still at one value take the same
 * sums. */
static void
search(struct search *r, size_t searches, const float *v, const float *w,
    size_t n, double scale)
{
	double sum[DIGITS];
	uint32_t low = UINT32_MAX;

	for (int shift = 32 - BITS; low > 0; shift -= BITS) {
		uint32_t at = 0;

		shift = shift > 0 ? shift : 0; /* the last one overlaps */
		for (size_t i = 0; i < searches; i++) {
			if (i == 0 || r[i].found != at)
				weigh(sum, v, w, n, scale, r[i].found, low,
				    shift);
			at = r[i].found;
			if (low == UINT32_MAX && w != NULL)
				r[i].want = share(r[i].want, sum);
			narrow(&r[i], sum, shift);
		}
		low = (1u << shift) - 1;
	}
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

float
select_least(const float *v, const float *w, size_t n, double scale,
    double want, size_t *ties)
{
	struct search r = { .want = want };

	if (w == NULL && want >= 1 && want <= FEW)
		return least_of_few(v, n, (size_t)want, ties);
	search(&r, 1, v, w, n, scale);
	*ties = count_ties(v, w, n, scale, r.want, value(r.found));
	return value(r.found);
}

void
select_shares(size_t *count, const double *part, size_t parts, const float *w,
    size_t n, double scale)
{
	struct search r[SELECT_SHARES];

	for (size_t i = 0; i < parts; i++)
		r[i] = (struct search) { .want = part[i] };
	search(r, parts, w, w, n, scale);
	for (size_t i = 0; i < parts; i++) {
		float least = value(r[i].found);
		uint32_t above = 0;

		for (size_t k = 0; k < n; k++)
			above += w[k] > least;
		count[i] = above + count_ties(w, w, n, scale, r[i].want, least);
	}
}

void
select_keep(struct dist *d, const float *by, float least, size_t ties)
{
	uint32_t n = 0;

	for (uint32_t b = 0; b < d->n; b += BLOCK) {
		uint32_t end = d->n - b < BLOCK ? d->n : b + BLOCK;

		if (!any(by + b, end - b, least, INFINITY))
			continue;
		/* No branch, which nobody could foresee: an entry that is not
		 * kept is overwritten by the next. */
		for (uint32_t i = b; i < end; i++) {
			uint32_t above = by[i] > least;
			uint32_t tie = (by[i] == least) & (ties > 0);

			d->id[n] = d->id[i];
			d->val[n] = d->val[i];
			n += above | tie;
			ties -= tie;
		}
	}
	d->n = n;
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
	float top = 0, from = at_least(least);

	for (uint32_t i = 0; i < d->n; i++)
		top = p[i] > top ? p[i] : top;
	if (top < from)
		select_keep(d, p, top, 1);
	else
		select_keep(d, p, from, SIZE_MAX);
}
