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

/* An average while it is added up: n entries, in order of id. */
struct sums {
	int32_t *id, *next_id;
	double *sum, *next;
	size_t n, cap[4];
};

/* Whether two records follow the same tokens. What a text begins with (guidance
 * leaves the prompt out of one) may differ, what was added since may not. */
static bool
go_together(const struct dist *a, const struct dist *b)
{
	if (a->seq != b->seq)
		return false;
	if (((a->flags | b->flags) & DIST_START) != 0)
		return true;
	return a->nctx == b->nctx && (a->nctx == 0 ||
	    memcmp(a->ctx, b->ctx, a->nctx * sizeof(*a->ctx)) == 0);
}

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
		if (!go_together(a, b))
			dist_bad(&s[i].in, "sequence %lu, position %lu does "
			    "not go with %lu, %lu of %s", (unsigned long)b->seq,
			    (unsigned long)b->pos, (unsigned long)a->seq,
			    (unsigned long)a->pos, s[0].in.in.name);
	}
	return more;
}

/* Add share times the entries of d. */
static void
add(struct sums *t, const struct dist *d, double share)
{
	size_t most = t->n + d->n, n = 0, i = 0;
	uint32_t e = 0;
	struct sums old;

	t->next_id = xgrow(t->next_id, &t->cap[0], most, sizeof(*t->next_id));
	t->next = xgrow(t->next, &t->cap[1], most, sizeof(*t->next));
	while (i < t->n || e < d->n) {
		int32_t id = e < d->n ? dist_id(d, e) : -1;
		bool first = e == d->n || (i < t->n && t->id[i] < id);
		bool both = !first && i < t->n && t->id[i] == id;

		t->next_id[n] = first ? t->id[i] : id;
		t->next[n] = first || both ? t->sum[i++] : 0;
		if (!first)
			t->next[n] += share * (double)d->val[e++];
		n++;
	}
	old = *t;
	*t = (struct sums) { .id = old.next_id, .sum = old.next,
		.next_id = old.id, .next = old.sum, .n = n,
		.cap = { old.cap[2], old.cap[3], old.cap[0], old.cap[1] } };
}

/* The first stream's record becomes the average of all: 1 - weight of the
 * first, the rest in equal parts of the others. */
static void
average(struct stream *s, size_t n, double weight, struct sums *t)
{
	struct dist *a = &s[0].d;

	t->n = 0;
	for (size_t i = 0; i < n; i++)
		add(t, &s[i].d, i == 0 ? 1 - weight : weight / (double)(n - 1));
	dist_reserve(a, t->n, a->nctx, a->neog);
	for (size_t i = 0; i < t->n; i++) {
		a->own_id[i] = t->id[i];
		a->val[i] = (float)t->sum[i];
	}
	dist_kept(a, (uint32_t)t->n);
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
		while (j < b->n && dist_id(b, j) < dist_id(a, i))
			j++;
		if (j < b->n && dist_id(b, j) == dist_id(a, i) &&
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
			d->own_id[kept] = dist_id(d, i);
			d->val[kept++] = d->val[i];
		}
	dist_kept(d, kept);
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
	free(t.id);
	free(t.sum);
	free(t.next_id);
	free(t.next);
	return 0;
}
