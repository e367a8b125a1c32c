/* binoculars - a text as two models see it; see binoculars(1) */
#include <math.h>
#include <stdlib.h>

#include "scored.h"

/* Sums over the scored tokens of a text, in nats. */
struct sum {
	uint32_t seq;
	uint64_t tokens;
	double text;  /* surprise at the text */
	double cross; /* the performer's at what the observer expects */
};

struct view {
	struct dist_reader in;
	struct scorer s;
	struct scored t;
};

/* - sum of p_observer(i) log p_performer(i) over the ids of both. */
static double
cross_entropy(const struct scored *observer, const struct scored *performer)
{
	double sum = 0;
	uint32_t j = 0;

	for (uint32_t i = 0; i < observer->n; i++) {
		double p = logprob_prob(observer->l, i);

		while (j < performer->n && performer->id[j] < observer->id[i])
			j++;
		if (!(p > 0))
			continue;
		if (j < performer->n && performer->id[j] == observer->id[i])
			sum -= p * logprob_log(performer->l, j);
		else
			sum += INFINITY;
	}
	return sum;
}

static bool
same(const struct view *a, const struct view *b)
{
	return a->t.text == b->t.text && a->t.seq == b->t.seq &&
	    a->t.pos == b->t.pos && a->t.token == b->t.token &&
	    (a->t.rank > 0) == (b->t.rank > 0) &&
	    a->s.d.vocab == b->s.d.vocab;
}

static void
put(struct output *out, const struct sum *s)
{
	struct buf b = { 0 };

	buf_printf(&b, "%lu\t%llu\t", (unsigned long)s->seq,
	    (unsigned long long)s->tokens);
	if (s->cross > 0)
		buf_printf(&b, "%.6f\n", s->text / s->cross);
	else
		buf_printf(&b, "-\n");
	output_put(out, b.p, b.len);
	buf_free(&b);
}

static void
binoculars(struct view *o, struct view *p, struct output *out, bool performer)
{
	static const char head[] = "seq\ttokens\tscore\n";
	struct sum *sum = NULL, *x;
	size_t cap = 0;

	output_put(out, head, sizeof(head) - 1);
	for (;;) {
		bool more = scorer_next(&o->s, &o->in, &o->t);
		if (scorer_next(&p->s, &p->in, &p->t) != more ||
		    (more && !same(o, p)))
			dist_bad(&p->in, "its text is not that of the "
			    "observer");
		if (!more)
			break;
		sum = scored_room(sum, &cap, &o->t, sizeof(*sum));
		x = &sum[o->t.text];
		x->seq = o->t.seq;
		if (o->t.rank == 0)
			continue;
		x->tokens++;
		x->text -= performer ? p->t.logprob : o->t.logprob;
		x->cross += cross_entropy(&o->t, &p->t);
	}
	for (size_t i = 0; i < o->s.texts; i++)
		put(out, &sum[i]);
	free(sum);
}

int
main(int argc, char **argv)
{
	struct view observer = { 0 }, performer = { 0 };
	struct output out;
	bool by_performer = false;

	start(argc, argv, "binoculars", "[-p] observer performer");
	while (option(argc, argv, "p") != -1)
		by_performer = true;
	if (argc - optind != 2)
		usage();

	output_open(&out, STDOUT_FILENO, "stdout");
	dist_open_for(&observer.in, argv[optind], &out);
	dist_open_for(&performer.in, argv[optind + 1], &out);
	binoculars(&observer, &performer, &out, by_performer);
	scorer_free(&observer.s);
	scorer_free(&performer.s);
	dist_close(&observer.in);
	dist_close(&performer.in);
	output_close(&out);
	return 0;
}
