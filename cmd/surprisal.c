/* surprisal - how much each token of a text surprises; see surprisal(1) */
#include <math.h>
#include <stdlib.h>

#include "fmath.h"
#include "pieces.h"
#include "scored.h"

/* What is gathered of a text, its scored tokens only. */
struct sum {
	uint32_t seq;
	uint64_t tokens, bytes;
	double bits, rank;
};

/* %.6f would print as -0 what is nearly 0. */
static double
tidy(double x)
{
	return fabs(x) < 5e-7 ? 0 : x;
}

static void
put_token(struct buf *b, struct pieces *pieces, const struct scored *t)
{
	size_t top = t->l->top;

	buf_printf(b, "%lu\t%lu\t%ld\t", (unsigned long)t->seq,
	    (unsigned long)t->pos, (long)t->token);
	pieces_show(pieces, t->token, b);
	buf_printf(b, "\t%.6f\t%.6f\t%lu\t%.6f\t%ld\t", tidy(t->logprob),
	    tidy(-t->logprob / LOGPROB_BIT), (unsigned long)t->rank,
	    tidy(-t->l->mean / LOGPROB_BIT), (long)t->id[top]);
	pieces_show(pieces, t->id[top], b);
	buf_printf(b, "\t%.6f\n", logprob_prob(t->l, top));
}

static void
add(struct sum *sum, const struct sum *a)
{
	sum->tokens += a->tokens;
	sum->bytes += a->bytes;
	sum->bits += a->bits;
	sum->rank += a->rank;
}

/* A share of something, or - when there is nothing. */
static void
put_share(struct buf *b, double x, uint64_t of)
{
	if (of > 0)
		buf_printf(b, "\t%.6f", tidy(x / (double)of));
	else
		buf_printf(b, "\t-");
}

static void
put_sum(struct buf *b, const struct sum *s)
{
	double nats = s->tokens > 0
	    ? s->bits * LOGPROB_BIT / (double)s->tokens : 0;

	buf_printf(b, "\t%llu\t%llu\t%.6f", (unsigned long long)s->tokens,
	    (unsigned long long)s->bytes, tidy(s->bits));
	put_share(b, s->bits, s->tokens);
	put_share(b, s->bits, s->bytes);
	put_share(b, fm_exp(nats) * (double)s->tokens, s->tokens);
	put_share(b, s->rank, s->tokens);
	buf_printf(b, "\n");
}

static void
put_sums(struct buf *b, const struct sum *sum, size_t n)
{
	struct sum all = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_printf(b, "%lu", (unsigned long)sum[i].seq);
		put_sum(b, &sum[i]);
		add(&all, &sum[i]);
	}
	if (n > 1) {
		buf_printf(b, "all");
		put_sum(b, &all);
	}
}

static void
surprisal(struct dist_reader *in, struct output *out, struct pieces *pieces,
    bool summary)
{
	struct scorer s = { 0 };
	struct scored t;
	struct sum *sum = NULL;
	struct buf b = { 0 };
	size_t cap = 0;

	buf_printf(&b, summary
	    ? "seq\ttokens\tbytes\tbits\tper_token\tper_byte\tperplexity\t"
	      "rank\n"
	    : "seq\tpos\tid\tpiece\tlogprob\tbits\trank\tentropy\ttop\t"
	      "top_piece\ttop_prob\n");
	output_put(out, b.p, b.len);
	while (scorer_next(&s, in, &t)) {
		b.len = 0;
		if (t.rank > 0 && !summary)
			put_token(&b, pieces, &t);
		output_put(out, b.p, b.len);
		sum = scored_room(sum, &cap, &t, sizeof(*sum));
		sum[t.text].seq = t.seq;
		if (t.rank > 0)
			add(&sum[t.text], &(struct sum) { .tokens = 1,
			    .bytes = pieces_get(pieces, t.token)->len,
			    .bits = -t.logprob / LOGPROB_BIT,
			    .rank = t.rank });
	}
	b.len = 0;
	if (summary)
		put_sums(&b, sum, s.texts);
	output_put(out, b.p, b.len);
	scorer_free(&s);
	free(sum);
	buf_free(&b);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct output out;
	struct pieces pieces;
	const char *model = NULL;
	bool summary = false;
	int c;

	start(argc, argv, "surprisal", "[-s] [-m model] [file]");
	while ((c = option(argc, argv, "m:s")) != -1)
		if (c == 's')
			summary = true;
		else
			model = optarg;
	if (argc - optind > 1)
		usage();

	pieces_open(&pieces, model);
	output_open(&out, STDOUT_FILENO, "stdout");
	dist_open_for(&in, argv[optind], &out);
	surprisal(&in, &out, &pieces, summary);
	dist_close(&in);
	output_close(&out);
	pieces_close(&pieces);
	return 0;
}
