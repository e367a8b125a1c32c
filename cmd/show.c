/* show - distributions for people; see show(1) */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pieces.h"
#include "scored.h"
#include "select.h"
#include "softmax.h"

enum { BAR = 30 }; /* characters of the longest bar */

/* A record and what is worked out of it. */
struct view {
	struct dist_reader in;
	struct dist d;
	struct logprob l;
};

struct row {
	int32_t id;
	uint32_t rank;       /* before the filter when two are compared */
	double prob, after;  /* -1: no such entry, or it cannot be drawn */
	struct buf piece;
};

struct table {
	struct output out;
	struct pieces pieces;
	bool colour;
	size_t most; /* rows that are asked for, of each record */
	struct row *row;
	size_t n, cap;
	struct buf b;
};

/* The probability of a token, or -1. */
static double
prob_of(const struct view *v, int32_t id)
{
	uint32_t at = scored_find(v->d.id, v->d.n, id);
	double p = at < v->d.n ? logprob_prob(&v->l, at) : 0;

	return p > 0 ? p : -1;
}

static int
by_id(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The likeliest first, as the first record has them, then as the second. */
static int
by_rank(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->prob > y->prob || x->prob < y->prob)
		return x->prob > y->prob ? -1 : 1;
	if (x->prob < 0 && (x->after > y->after || x->after < y->after))
		return x->after > y->after ? -1 : 1;
	return by_id(a, b);
}

/* Add rows for the likeliest of v that can be drawn: how many. */
static size_t
add_rows(struct table *t, const struct view *v)
{
	const struct dist *d = &v->d;
	size_t k = t->most < d->n ? t->most : d->n, ties, from = t->n;
	float least = select_least(d->val, NULL, d->n, 0, (double)k, &ties);

	t->row = xgrow(t->row, &t->cap, t->n + k, sizeof(*t->row));
	for (uint32_t i = 0; i < d->n; i++) {
		if (!(d->val[i] > least) && (d->val[i] != least || ties == 0))
			continue;
		ties -= d->val[i] == least;
		if (logprob_prob(&v->l, i) > 0)
			t->row[t->n++] = (struct row) { .id = dist_id(d, i) };
	}
	return t->n - from;
}

/* The place of a row that is not among the first record's likeliest. */
static uint32_t
rank_of(const struct view *v, const struct row *r)
{
	uint32_t rank = 1;

	for (uint32_t i = 0; i < v->d.n; i++) {
		double p = logprob_prob(&v->l, i);

		rank += p > r->prob ||
		    (!(p < r->prob) && dist_id(&v->d, i) < r->id);
	}
	return rank;
}

/* The rows of a record, or of one and what became of it. */
static void
make_rows(struct table *t, const struct view *v, const struct view *after)
{
	size_t first, n = 0;

	t->n = 0;
	first = add_rows(t, v);
	if (after != NULL) {
		add_rows(t, after);
		qsort(t->row, t->n, sizeof(*t->row), by_id);
	}
	for (size_t i = 0; i < t->n; i++)
		if (i == 0 || t->row[i].id != t->row[n - 1].id)
			t->row[n++] = t->row[i];
	t->n = n;
	for (size_t i = 0; i < n; i++) {
		t->row[i].prob = prob_of(v, t->row[i].id);
		t->row[i].after = after ? prob_of(after, t->row[i].id) : -1;
		pieces_show(&t->pieces, t->row[i].id, &t->row[i].piece);
	}
	qsort(t->row, n, sizeof(*t->row), by_rank);
	for (size_t i = 0; i < n; i++)
		t->row[i].rank = i < first ? (uint32_t)i + 1
		    : rank_of(v, &t->row[i]);
}

static void
put_summary(struct table *t, const char *name, struct view *v)
{
	static const double part[] = { 0.5, 0.9, 0.99 };
	size_t drawable = 0, n[3];

	for (uint32_t i = 0; i < v->d.n; i++) {
		double p = logprob_prob(&v->l, i);

		drawable += p > 0;
		v->d.prob[i] = (float)p;
	}
	select_shares(n, part, 3, v->d.prob, v->d.n, 0.5);
	buf_printf(&t->b, "%s%zu tokens, entropy %.3f bits, top %.4f; 50%% of "
	    "the mass in %zu, 90%% in %zu, 99%% in %zu\n", name, drawable,
	    fabs(v->l.mean) / LOGPROB_BIT, logprob_prob(&v->l, v->l.top), n[0],
	    n[1], n[2]);
}

/* Characters on a terminal, as far as those count that are one column wide. */
static size_t
width(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += ((unsigned char)b->p[i] & 0xc0) != 0x80;
	return n;
}

static void
put_run(struct table *t, const char *colour, char c, int n)
{
	if (n <= 0)
		return;
	if (t->colour)
		buf_printf(&t->b, "\033[%sm", colour);
	while (n-- > 0)
		buf_put(&t->b, &c, 1);
	if (t->colour)
		buf_printf(&t->b, "\033[0m");
}

static void
put_piece(struct table *t, const struct row *r, size_t widest)
{
	buf_printf(&t->b, "%7ld  \"", (long)r->id);
	buf_put(&t->b, r->piece.p, r->piece.len);
	buf_printf(&t->b, "\"%*s", (int)(widest - width(&r->piece)), "");
}

static void
put_prob(struct table *t, double p)
{
	if (p < 0)
		buf_printf(&t->b, "  %8s", "-");
	else if (p < 0.0001)
		buf_printf(&t->b, "  %8.1e", p);
	else
		buf_printf(&t->b, "  %8.4f", p);
}

/* How long the bar of a probability is. */
static int
length(double p, double most)
{
	return p > 0 ? (int)(BAR * p / most + 0.5) : 0;
}

static void
put_rows(struct table *t, bool two)
{
	size_t widest = 5;
	double sum = 0, most = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct row *r = &t->row[i];
		widest = width(&r->piece) > widest ? width(&r->piece) : widest;
		most = r->prob > most ? r->prob : most;
		most = r->after > most ? r->after : most;
	}
	buf_printf(&t->b, "%4s%9s  %-*s  %8s  %8s\n", "rank", "id",
	    (int)widest + 2, "piece", two ? "before" : "prob",
	    two ? "after" : "sum");
	for (size_t i = 0; i < t->n; i++) {
		const struct row *r = &t->row[i];
		int was = length(r->prob, most), is = length(r->after, most);

		if (r->prob < 0)
			buf_printf(&t->b, "%4s  ", "-");
		else
			buf_printf(&t->b, "%4lu  ", (unsigned long)r->rank);
		put_piece(t, r, widest);
		put_prob(t, r->prob);
		put_prob(t, two ? r->after : (sum += r->prob));
		buf_printf(&t->b, "  ");
		put_run(t, "36", '#', !two || was < is ? was : is);
		if (two) {
			put_run(t, "31", '-', was - is);
			put_run(t, "32", '+', is - was);
		}
		buf_printf(&t->b, "\n");
	}
}

/* The next record of a view, and its logarithms. */
static bool
view_read(struct view *v)
{
	if (!dist_read(&v->in, &v->d))
		return false;
	if (!logprob_of(&v->l, v->d.kind, v->d.val, v->d.n))
		dist_stuck(&v->in, &v->d);
	return true;
}

static void
show(struct table *t, struct view *v, struct view *after)
{
	t->b.len = 0;
	buf_printf(&t->b, "sequence %lu, position %lu\n",
	    (unsigned long)v->d.seq, (unsigned long)v->d.pos);
	put_summary(t, after ? "before: " : "", v);
	if (after != NULL)
		put_summary(t, "after:  ", after);
	make_rows(t, v, after);
	put_rows(t, after != NULL);
	buf_printf(&t->b, "\n");
	output_put(&t->out, t->b.p, t->b.len);
	for (size_t i = 0; i < t->n; i++)
		buf_free(&t->row[i].piece);
}

/* Every record of v, beside that of `before` when it is not NULL. */
static void
show_all(struct table *t, struct view *v, struct view *before)
{
	while (view_read(v)) {
		if (before == NULL) {
			show(t, v, NULL);
			continue;
		}
		if (!view_read(before) || before->d.seq != v->d.seq ||
		    before->d.pos != v->d.pos)
			dist_bad(&v->in, "there is no such record to compare "
			    "it with");
		show(t, before, v);
	}
	if (before != NULL && view_read(before))
		dist_bad(&before->in, "there is no such record to compare "
		    "it with");
}

static void
view_close(struct view *v)
{
	dist_close(&v->in);
	dist_free(&v->d);
	logprob_free(&v->l);
}

int
main(int argc, char **argv)
{
	struct table t = { .most = 10 };
	struct view v = { 0 }, before = { 0 };
	const char *model = NULL, *path = NULL, *plain = getenv("NO_COLOR");
	int c;

	start(argc, argv, "show", "[-c file] [-m model] [-n rows] [file]");
	while ((c = option(argc, argv, "c:m:n:")) != -1)
		if (c == 'c')
			path = optarg;
		else if (c == 'm')
			model = optarg;
		else
			t.most = (size_t)arg_uint("-n", optarg, 1, DIST_MAX);
	if (argc - optind > 1)
		usage();

	t.colour = isatty(STDOUT_FILENO) && (plain == NULL || *plain == '\0');
	pieces_open(&t.pieces, model);
	output_open(&t.out, STDOUT_FILENO, "stdout");
	dist_open_for(&v.in, argv[optind], &t.out);
	if (path != NULL)
		dist_open_for(&before.in, path, &t.out);
	show_all(&t, &v, path != NULL ? &before : NULL);
	view_close(&v);
	if (path != NULL)
		view_close(&before);
	output_close(&t.out);
	pieces_close(&t.pieces);
	buf_free(&t.b);
	free(t.row);
	return 0;
}
