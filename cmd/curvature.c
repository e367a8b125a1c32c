/* curvature - was this text drawn from the model? see curvature(1) */
#include <math.h>
#include <stdlib.h>

#include "scored.h"

/* Sums over the scored tokens of a text. */
struct sum {
	uint32_t seq;
	uint64_t tokens;
	double logprob, mean, variance;
};

static void
put(struct output *out, const struct sum *s)
{
	struct buf b = { 0 };

	buf_printf(&b, "%lu\t%llu\t", (unsigned long)s->seq,
	    (unsigned long long)s->tokens);
	if (s->variance > 0)
		buf_printf(&b, "%.6f\n",
		    (s->logprob - s->mean) / sqrt(s->variance));
	else
		buf_printf(&b, "-\n");
	output_put(out, b.p, b.len);
	buf_free(&b);
}

static void
curvature(struct dist_reader *in, struct output *out)
{
	static const char head[] = "seq\ttokens\tcurvature\n";
	struct scorer s = { 0 };
	struct scored t;
	struct sum *sum = NULL, *x;
	size_t cap = 0;

	output_put(out, head, sizeof(head) - 1);
	while (scorer_next(&s, in, &t)) {
		sum = scored_room(sum, &cap, &t, sizeof(*sum));
		x = &sum[t.text];
		x->seq = t.seq;
		if (t.rank == 0)
			continue;
		x->tokens++;
		x->logprob += t.logprob;
		x->mean += t.l->mean;
		x->variance += t.l->variance;
	}
	for (size_t i = 0; i < s.texts; i++)
		put(out, &sum[i]);
	scorer_free(&s);
	free(sum);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct output out;

	start(argc, argv, "curvature", "[file]");
	while (option(argc, argv, "") != -1)
		;
	if (argc - optind > 1)
		usage();

	output_open(&out, STDOUT_FILENO, "stdout");
	dist_open_for(&in, argv[optind], &out);
	curvature(&in, &out);
	dist_close(&in);
	output_close(&out);
	return 0;
}
