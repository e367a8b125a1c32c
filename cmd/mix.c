/* mix - combine distributions record by record; see mix(1) */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "softmax.h"

struct options {
	double weight, alpha;
};

struct stream {
	struct dist_reader in;
	struct dist d;
};

/* A sum over the vocabulary, and which ids it has. */
struct sums {
	double *sum;
	bool *has;
	size_t cap, cap_has;
};

/* Read a record of each stream, which must go together. False at the end of
 * all of them. */
static bool
read_all(struct stream *s, size_t n)
{
	bool more = dist_read(&s[0].in, &s[0].d);

	for (size_t i = 1; i < n; i++) {
		const struct dist *a = &s[0].d, *b = &s[i].d;
		if (dist_read(&s[i].in, &s[i].d) != more)
			die("%s: ends before %s", s[more ? i : 0].in.in.name,
			    s[more ? 0 : i].in.in.name);
		if (!more)
			continue;
		if (a->kind != b->kind)
			dist_bad(&s[i].in, "logits and probabilities do not "
			    "mix");
		if (a->vocab != b->vocab)
			dist_bad(&s[i].in, "a vocabulary of %lu, not %lu",
			    (unsigned long)b->vocab, (unsigned long)a->vocab);
		if (a->seq != b->seq || a->pos != b->pos)
			dist_bad(&s[i].in, "sequence %lu, position %lu, not "
			    "%lu and %lu", (unsigned long)b->seq,
			    (unsigned long)b->pos, (unsigned long)a->seq,
			    (unsigned long)a->pos);
	}
	return more;
}

/* The first stream's record becomes the average of all: 1 - weight of the
 * first, the rest in equal parts of the others. */
static void
average(struct stream *s, size_t n, double weight, struct sums *t)
{
	struct dist *a = &s[0].d;
	uint32_t kept = 0;

	t->sum = xgrow(t->sum, &t->cap, a->vocab, sizeof(*t->sum));
	t->has = xgrow(t->has, &t->cap_has, a->vocab, sizeof(*t->has));
	memset(t->has, 0, a->vocab * sizeof(*t->has));
	for (size_t i = 0; i < n; i++) {
		const struct dist *d = &s[i].d;
		double share = i == 0 ? 1 - weight : weight / (double)(n - 1);
		for (uint32_t e = 0; e < d->n; e++) {
			int32_t id = d->id[e];
			if (!t->has[id])
				t->sum[id] = 0;
			t->has[id] = true;
			t->sum[id] += share * (double)d->val[e];
		}
	}
	dist_reserve(a, a->vocab, a->nctx, a->neog);
	for (uint32_t id = 0; id < a->vocab; id++)
		if (t->has[id]) {
			a->id[kept] = (int32_t)id;
			a->val[kept++] = (float)t->sum[id];
		}
	a->n = kept;
}

/* a + weight (a - b). What b lacks, or cannot draw, counts as its smallest
 * finite logit. */
static void
contrast(struct dist *a, const struct dist *b, double weight)
{
	double least = INFINITY;
	uint32_t j = 0;

	for (uint32_t i = 0; i < b->n; i++)
		if (b->val[i] > -INFINITY && (double)b->val[i] < least)
			least = (double)b->val[i];
	if (!(least < INFINITY))
		return; /* b says nothing */
	for (uint32_t i = 0; i < a->n; i++) {
		double x = (double)a->val[i], y = least;
		while (j < b->n && b->id[j] < a->id[i])
			j++;
		if (j < b->n && b->id[j] == a->id[i] &&
		    b->val[j] > -INFINITY)
			y = (double)b->val[j];
		if (x > -INFINITY)
			a->val[i] = (float)(x + weight * (x - y));
	}
}

/* Drop the entries of d that are less likely than alpha times the likeliest. */
static void
cut(struct dist *d, double alpha)
{
	const float *p = dist_probs(d);
	uint32_t kept = 0;
	float top = 0;

	for (uint32_t i = 0; p != NULL && i < d->n; i++)
		top = p[i] > top ? p[i] : top;
	for (uint32_t i = 0; p != NULL && i < d->n; i++)
		if ((double)p[i] >= alpha * (double)top) {
			d->id[kept] = d->id[i];
			d->val[kept++] = d->val[i];
		}
	d->n = kept;
}

/* False when nothing can be drawn. */
static bool
mix(struct stream *s, size_t n, const struct options *o, struct sums *t)
{
	if (s[0].d.kind == 'P') {
		average(s, n, o->weight, t);
		return dist_normalise(&s[0].d);
	}
	if (n != 2)
		die("logits mix in pairs; these are %zu streams", n);
	if (o->alpha > 0)
		cut(&s[0].d, o->alpha);
	contrast(&s[0].d, &s[1].d, o->weight);
	return dist_normalise(&s[0].d);
}

int
main(int argc, char **argv)
{
	struct options o = { .weight = 0.5 };
	struct dist_writer out;
	struct stream *s;
	struct sums t = { 0 };
	char form = 0;
	size_t n;
	int c;

	start(argc, argv, "mix", "[-bt] [-a alpha] [-w weight] file ...");
	while ((c = option(argc, argv, "a:btw:")) != -1)
		switch (c) {
		case 'a':
			o.alpha = arg_num("-a", optarg, 0, 1);
			break;
		case 'w':
			o.weight = arg_num("-w", optarg, -1000, 1000);
			break;
		default:
			form = (char)c;
		}
	if (optind == argc)
		usage();
	/* one file is mixed into standard input */
	n = (size_t)(argc - optind);
	if (n == 1)
		argv[--optind] = NULL;
	n = (size_t)(argc - optind);

	dist_create(&out, form);
	s = xcalloc(n, sizeof(*s));
	dist_open(&s[0].in, argv[optind], &out);
	for (size_t i = 1; i < n; i++)
		dist_open_for(&s[i].in, argv[optind + (int)i], &out.out);
	while (read_all(s, n)) {
		if (s[0].d.kind == 'P' && (o.weight < 0 || o.weight > 1))
			bad_usage("-w: %g is no share of probabilities",
			    o.weight);
		if (!mix(s, n, &o, &t))
			dist_stuck(&s[0].in, &s[0].d);
		dist_write(&out, &s[0].d);
	}
	for (size_t i = 0; i < n; i++) {
		dist_close(&s[i].in);
		dist_free(&s[i].d);
	}
	dist_finish(&out);
	free(s);
	free(t.sum);
	free(t.has);
	return 0;
}
