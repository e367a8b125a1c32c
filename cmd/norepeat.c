/* norepeat - no n-gram twice, or the DRY penalty; see norepeat(1) */
#include <math.h>
#include <stdlib.h>

#include "fmath.h"
#include "history.h"
#include "softmax.h"

struct options {
	size_t ngram;          /* 0: repeat at will */
	double multiplier, base;
	size_t allowed;        /* length that DRY lets pass unpunished */
	int32_t *breaker;      /* breaker[nbreaker]: no run goes over these */
	size_t nbreaker, cap;
};

/* What stands behind earlier places whose tokens are those at the end of the
 * context: follow[i] is how many agree before context[i]. */
struct matches {
	size_t *follow;
	size_t cap;
	/* Of each token: how many tokens the longest run has (itself the last)
	 * that it would bring again, and as far as no breaker stands in it. */
	struct run {
		int32_t id;
		size_t whole, due;
	} *run; /* run[n], in order of id */
	size_t n, cap_run;
};

/*
 * The Z-function (Gusfield 1997) of the context read backwards: z[k] is how
 * many tokens before place n - k are those at the end, so follow[n - k].
 */
static void
match(struct matches *m, const int32_t *id, size_t n)
{
	size_t left = 0, right = 0, *z;

	m->follow = xgrow(m->follow, &m->cap, n + 1, sizeof(*m->follow));
	z = m->follow;
	z[0] = 0;
	for (size_t k = 1; k < n; k++) {
		size_t len = 0;
		if (k < right) {
			size_t mirror = z[n - (k - left)];
			len = mirror < right - k ? mirror : right - k;
		}
		while (k + len < n && id[n - 1 - len] == id[n - 1 - k - len])
			len++;
		z[n - k] = len;
		if (k + len > right) {
			left = k;
			right = k + len;
		}
	}
}

static bool
breaks(const struct options *o, int32_t id)
{
	for (size_t b = 0; b < o->nbreaker; b++)
		if (id == o->breaker[b])
			return true;
	return false;
}

/* How long a match may be: as far as the last breaker. */
static size_t
limit(const struct options *o, const struct context *c)
{
	size_t len = 0;

	while (len < c->n && !breaks(o, c->id[c->n - 1 - len]))
		len++;
	return len;
}

static int
compare(const void *a, const void *b)
{
	int32_t x = ((const struct run *)a)->id;
	int32_t y = ((const struct run *)b)->id;

	return (x > y) - (x < y);
}

/* m->run[m->n]: what each token of the context would bring again, in order of
 * id; those that are due have at most `most` before it. */
static void
find_runs(struct matches *m, const struct context *c, size_t most)
{
	m->run = xgrow(m->run, &m->cap_run, c->n, sizeof(*m->run));
	for (size_t i = 0; i < c->n; i++) {
		size_t len = m->follow[i];
		m->run[i] = (struct run) { c->id[i], len + 1,
			(len < most ? len : most) + 1 };
	}
	if (c->n > 0)
		qsort(m->run, c->n, sizeof(*m->run), compare);
	m->n = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct run *r = &m->run[i];
		struct run *last = m->n > 0 ? &m->run[m->n - 1] : NULL;

		if (last == NULL || last->id != r->id) {
			m->run[m->n++] = *r;
			continue;
		}
		last->whole = r->whole > last->whole ? r->whole : last->whole;
		last->due = r->due > last->due ? r->due : last->due;
	}
}

static void
ban(struct dist *d, uint32_t i)
{
	d->val[i] = d->kind == 'L' ? -INFINITY : 0;
}

/* Lower entry i by a penalty on its logit. */
static void
lower(struct dist *d, uint32_t i, double penalty)
{
	double v = (double)d->val[i];

	if (d->kind == 'P')
		d->val[i] = (float)(v * fm_exp(-penalty));
	else if (penalty < 1e30)
		d->val[i] = (float)(v - penalty);
	else
		ban(d, i);
}

/* False when nothing can be drawn. */
static bool
norepeat(struct dist *d, const struct context *c, struct matches *m,
    const struct options *o)
{
	size_t i = 0;

	match(m, c->id, c->n);
	find_runs(m, c, limit(o, c));
	/* both ascend: walk them together */
	for (uint32_t e = 0; e < d->n && i < m->n; e++) {
		const struct run *r;
		while (i < m->n && m->run[i].id < dist_id(d, e))
			i++;
		if (i == m->n || m->run[i].id != dist_id(d, e))
			continue;
		r = &m->run[i];
		if (o->ngram > 0 && r->whole >= o->ngram)
			ban(d, e);
		else if (o->multiplier > 0 && r->due > o->allowed &&
		    !breaks(o, r->id))
			lower(d, e, o->multiplier * fm_exp((double)(r->due -
			    1 - o->allowed) * fm_log(o->base)));
	}
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct options o = { .base = 1.75, .allowed = 2 };
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	struct history h = { 0 };
	struct matches m = { 0 };
	char form = 0;
	int c;

	start(argc, argv, "norepeat", "[-bt] [-a allowed] [-B base] "
	    "[-d multiplier] [-n length] [-s id ...] [file]");
	while ((c = option(argc, argv, "a:bB:d:n:s:t")) != -1)
		switch (c) {
		case 'a':
			o.allowed = (size_t)arg_uint("-a", optarg, 1, DIST_MAX);
			break;
		case 'B':
			o.base = arg_num("-B", optarg, 1, 1000);
			break;
		case 'd':
			o.multiplier = arg_num("-d", optarg, 0, 1e6);
			break;
		case 'n':
			o.ngram = (size_t)arg_uint("-n", optarg, 1, DIST_MAX);
			break;
		case 's':
			o.breaker = xgrow(o.breaker, &o.cap, o.nbreaker + 1,
			    sizeof(*o.breaker));
			o.breaker[o.nbreaker++] = (int32_t)arg_uint("-s",
			    optarg, 0, DIST_MAX);
			break;
		default:
			form = (char)c;
		}
	if (argc - optind > 1 || (o.ngram == 0 && !(o.multiplier > 0)))
		usage();

	dist_create(&out, form);
	dist_open(&in, argv[optind], &out);
	while (dist_read(&in, &d)) {
		const struct context *context = history_add(&h, &d);
		if (context == NULL)
			dist_bad(&in, HISTORY_GAP, (unsigned long)d.seq);
		if (!norepeat(&d, context, &m, &o))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	history_free(&h);
	free(m.follow);
	free(m.run);
	free(o.breaker);
	return 0;
}
