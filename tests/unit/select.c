/* select: against a full sort, with weights added up in whole numbers. */
#include "select.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 20000, ROUNDS = 1500 };

static int n;
static uint64_t state = 1;

static void
ok(int pass, const char *what, double found)
{
	printf("%sok %d - %s (%g)\n", pass ? "" : "not ", ++n, what, found);
}

static double
uniform(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (double)(state >> 11) * 0x1p-53;
}

/* Random numbers: spread over many binades, close together, many equal, all
 * equal, some 0; as large as there are, of either sign. */
static void
fill(float *x, size_t len, int kind)
{
	for (size_t i = 0; i < len; i++) {
		double u = uniform();

		x[i] = (float)(kind == 0 ? exp(-60 * u) :
		    kind == 1 ? 1 + 1e-3 * u : kind == 2 ? floor(8 * u) :
		    kind == 3 ? 1 : kind == 4 ? (u < 0.5 ? 0 : u * u) :
		    (2 * u - 1) * 3.4e38);
	}
	x[0] = x[0] > 0 ? x[0] : 1;
}

struct item {
	float v;
	size_t at;
	uint64_t weight; /* in units of 2^-52 */
};

static int
likelier(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->v > y->v || x->v < y->v)
		return x->v > y->v ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* The items in order; `whole` is what they weigh. */
static void
sort(struct item *t, uint64_t *whole, const float *v, const float *w,
    size_t len, double scale)
{
	*whole = 0;
	for (size_t i = 0; i < len; i++) {
		double units = w[i] * scale * 0x1p52;

		t[i] = (struct item) { v[i], i, (uint64_t)nearbyint(units) };
		*whole += t[i].weight;
	}
	qsort(t, len, sizeof(*t), likelier);
}

/* How many from the front weigh `part` of the whole; one at least. */
static size_t
run_of(const struct item *t, size_t len, uint64_t whole, double part)
{
	double want = part * ((double)whole * 0x1p-52);
	uint64_t have = 0;
	size_t k = 0;

	do
		have += t[k++].weight;
	while (k < len && (double)have * 0x1p-52 < want);
	return k;
}

/* A power of 2 that brings the sum of w to between 1/4 and 1/2. */
static double
scale_of(const float *w, size_t len)
{
	double sum = 0;
	int e;

	for (size_t i = 0; i < len; i++)
		sum += (double)w[i];
	frexp(sum, &e);
	return ldexp(1, -e - 1);
}

/* select_least's two numbers describe the first k of t. */
static bool
describes(const struct item *t, size_t k, float least, size_t ties)
{
	size_t equal = 0;

	for (size_t i = 0; i < k; i++)
		equal += t[i].v == t[k - 1].v;
	return least == t[k - 1].v && ties == equal;
}

static long
wrong_shares(const float *w, size_t len, struct item *t)
{
	static const double fixed[] = { 0.5, 0.9, 0.99 };
	double part[SELECT_SHARES], scale = scale_of(w, len);
	size_t parts = 1 + (size_t)(uniform() * SELECT_SHARES);
	size_t count[SELECT_SHARES];
	uint64_t whole;
	long wrong = 0;

	for (size_t i = 0; i < parts; i++)
		part[i] = i < 3 && uniform() < 0.5 ? fixed[i] : uniform();
	sort(t, &whole, w, w, len, scale);
	select_shares(count, part, parts, w, len, scale);
	for (size_t i = 0; i < parts; i++)
		wrong += count[i] != run_of(t, len, whole, part[i]);
	return wrong;
}

static long
wrong_least(const float *v, const float *w, size_t len, struct item *t)
{
	double scale = scale_of(w, len), part = uniform();
	size_t ties, k = 1 + (size_t)(uniform() * (double)len);
	float least;
	uint64_t whole;
	long wrong = 0;

	sort(t, &whole, v, w, len, scale);
	least = select_least(v, w, len, scale, part, &ties);
	wrong += !describes(t, run_of(t, len, whole, part), least, ties);
	k = uniform() < 0.5 && len > 80 ? 1 + k % 80 : k;
	least = select_least(v, NULL, len, 0, (double)k, &ties);
	wrong += !describes(t, k, least, ties);
	return wrong;
}

/* d becomes entries of v[len]; every third id is one. */
static void
put(struct dist *d, const float *v, size_t len)
{
	dist_reserve(d, (uint32_t)len, 0, 0);
	d->n = (uint32_t)len;
	for (size_t i = 0; i < len; i++) {
		d->own_id[i] = (int32_t)(3 * i);
		d->val[i] = v[i];
	}
}

/* Whether d is the first k of t, by id. */
static bool
is_first(const struct dist *d, const float *v, size_t len, const struct item *t,
    size_t k)
{
	static bool in[MOST];
	size_t kept = 0;

	for (size_t i = 0; i < len; i++)
		in[t[i].at] = i < k;
	for (size_t i = 0; i < len; i++) {
		if (!in[i])
			continue;
		if (kept == d->n || d->id[kept] != (int32_t)(3 * i) ||
		    d->val[kept] != v[i])
			return false;
		kept++;
	}
	return kept == d->n;
}

static bool
wrong_keep(const float *v, size_t len, const struct item *t, struct dist *d)
{
	size_t k = 1 + (size_t)(uniform() * (double)len), ties;
	float least = select_least(v, NULL, len, 0, (double)k, &ties);

	put(d, v, len);
	select_keep(d, d->val, least, ties);
	return !is_first(d, v, len, t, k);
}

/* Of a sum of about 1, or of another; some of them in parts. */
static bool
wrong_mass(float *w, size_t len, struct item *t, struct dist *d,
    struct select_run *r)
{
	static float moved[MOST];
	double sum = 0, part = uniform(), by = uniform() < 0.5 ? 1 : 8 * uniform();
	uint64_t whole;
	int e;

	for (size_t i = 0; i < len; i++)
		sum += (double)w[i];
	for (size_t i = 0; i < len; i++)
		w[i] = (float)((double)w[i] / sum * by);
	frexp(1.5 * by, &e);
	sort(t, &whole, w, w, len, ldexp(1, -e));
	for (size_t some = 0; some < len && uniform() < 0.7;) {
		some += 1 + (size_t)(uniform() * (double)(len - some));
		for (size_t i = 0; i < len; i++)
			moved[i] = i < some ? w[i] : 1e30f; /* not there yet */
		select_see(r, moved, some);
	}
	put(d, w, len);
	select_mass(d, d->val, part, r);
	return !is_first(d, w, len, t, run_of(t, len, whole, part));
}

int
main(void)
{
	static float v[MOST], w[MOST];
	static struct item t[MOST];
	static struct select_run r;
	struct dist d = { 0 };
	long shares = 0, least = 0, keep = 0, mass = 0;

	select_start(&r);
	for (int round = 0; round < ROUNDS; round++) {
		size_t len = 1 + (size_t)(uniform() *
		    (round % 2 == 0 ? 130 : round % 16 == 1 ? MOST : 3000));

		fill(w, len, round % 5);
		shares += wrong_shares(w, len, t);
		fill(v, len, round / 5 % 6);
		for (size_t i = 0; i < len && round % 3 == 0; i++)
			v[i] = uniform() < 0.1 ? -INFINITY : -v[i];
		least += wrong_least(v, w, len, t);
		keep += wrong_keep(v, len, t, &d);
		mass += wrong_mass(w, len, t, &d, &r);
	}
	ok(shares == 0, "shares: how many weigh so much", (double)shares);
	ok(least == 0, "the last of a run", (double)least);
	ok(keep == 0, "what is kept", (double)keep);
	ok(mass == 0, "what has so much mass", (double)mass);
	printf("1..%d\n", n);
	dist_free(&d);
	return 0;
}
