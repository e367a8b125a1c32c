/* typical - keep the most typical tokens that have mass P together; see typical(1) */
#include <math.h>
#include <stdlib.h>

#include "logprob.h"
#include "select.h"
#include "softmax.h"

/* An entry and how far its surprisal is from the entropy. */
struct entry {
	double off, prob;
	uint32_t at;
};

/* The order of the run: the most typical first, equals by id. */
static bool
before(const struct entry *a, const struct entry *b)
{
	return a->off < b->off || (!(a->off > b->off) && a->at < b->at);
}

static void
swap(struct entry *a, struct entry *b)
{
	struct entry e = *a;

	*a = *b;
	*b = e;
}

/*
 * Bring the shortest run with at least this mass to the front of e[n], in
 * any order; returns its length, at least 1. Quickselect by mass (Hoare 1961):
 * only the part in which the run ends is divided further.
 */
static size_t
run(struct entry *e, size_t n, double mass)
{
	size_t from = 0, to = n;

	while (to - from > 1) {
		size_t mid = from + (to - from) / 2, at = from;
		double sum = 0;

		/* the median of three as pivot, kept at the end */
		if (before(&e[mid], &e[from]))
			swap(&e[mid], &e[from]);
		if (before(&e[to - 1], &e[from]))
			swap(&e[to - 1], &e[from]);
		if (before(&e[mid], &e[to - 1]))
			swap(&e[mid], &e[to - 1]);
		for (size_t i = from; i < to - 1; i++)
			if (before(&e[i], &e[to - 1])) {
				sum += e[i].prob;
				swap(&e[i], &e[at++]);
			}
		swap(&e[at], &e[to - 1]);
		if (sum >= mass && at > from) {
			to = at;
		} else if (sum + e[at].prob >= mass || at + 1 == to) {
			return at + 1;
		} else {
			mass -= sum + e[at].prob;
			from = at + 1;
		}
	}
	return to;
}

/* False when nothing can be drawn. */
static bool
typical(struct dist *d, struct logprob *l, double mass)
{
	struct entry *e = xcalloc(d->n, sizeof(*e));
	size_t n = 0, length;
	uint32_t kept = 0;

	if (!logprob_of(l, d->kind, d->val, d->n)) {
		free(e);
		return false;
	}
	for (uint32_t i = 0; i < d->n; i++)
		if (l->log[i] > -INFINITY)
			e[n++] = (struct entry) { fabs(l->mean - l->log[i]),
				l->prob[i], i };
	length = run(e, n, mass);
	for (uint32_t i = 0; i < d->n; i++)
		d->work[i] = 0;
	for (size_t i = 0; i < length; i++)
		d->work[e[i].at] = 1;
	for (uint32_t i = 0; i < d->n; i++)
		if (d->work[i] > 0) {
			d->id[kept] = d->id[i];
			d->val[kept++] = d->val[i];
		}
	d->n = kept;
	free(e);
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	struct logprob l = { 0 };
	double mass;
	char form = 0;
	int c;

	start(argc, argv, "typical", "[-bt] P [file]");
	while ((c = option(argc, argv, "bt")) != -1)
		form = (char)c;
	if (argc - optind < 1 || argc - optind > 2)
		usage();
	mass = arg_num("P", argv[optind], 0, 1);

	dist_create(&out, form);
	dist_open(&in, argv[optind + 1], &out);
	while (dist_read(&in, &d)) {
		if (!typical(&d, &l, mass))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	logprob_free(&l);
	return 0;
}
