/* typical - keep the most typical tokens that have mass P together; see typical(1) */
#include <math.h>
#include <stdlib.h>

#include "logprob.h"
#include "select.h"
#include "softmax.h"

/* What is worked out of a record. */
struct work {
	struct logprob l;
	float *near; /* (l.n) minus how far a surprisal is from the entropy */
	size_t cap;
};

/* False when nothing can be drawn. */
static bool
typical(struct dist *d, struct work *w, double mass)
{
	const struct logprob *l = &w->l;
	float least = -INFINITY;
	size_t ties = 0;

	if (!logprob_of(&w->l, d->kind, d->val, d->n))
		return false;
	w->near = xgrow(w->near, &w->cap, d->n, sizeof(*w->near));
	for (uint32_t i = 0; i < d->n; i++) {
		w->near[i] = (float)-fabs(l->mean - logprob_log(l, i));
		d->prob[i] = (float)logprob_prob(l, i);
	}
	if (mass < 1)
		least = select_least(w->near, d->prob, d->n, 0.5, mass, &ties);
	select_keep(d, w->near, least, ties);
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	struct work w = { 0 };
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
		if (!typical(&d, &w, mass))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	logprob_free(&w.l);
	free(w.near);
	return 0;
}
