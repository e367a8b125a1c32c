/* eta - keep tokens above a bound that falls with entropy; see eta(1) */
#include <math.h>

#include "fmath.h"
#include "logprob.h"
#include "select.h"
#include "softmax.h"

/* The entropy-dependent bound (plain: its first term alone), as a probability. */
static double
bound(const struct dist *d, struct logprob *l, double epsilon, bool plain)
{
	if (plain || !logprob_of(l, d->kind, d->val, d->n))
		return epsilon;
	return fmin(epsilon, sqrt(epsilon) * fm_exp(l->mean));
}

/* False when nothing can be drawn. */
static bool
eta(struct dist *d, struct logprob *l, double epsilon, bool plain)
{
	const float *p = dist_probs(d);
	double sum = 0;

	if (p == NULL)
		return false;
	for (uint32_t i = 0; i < d->n; i++)
		sum += (double)p[i];
	select_from(d, p, bound(d, l, epsilon, plain) * sum);
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	struct logprob l = { 0 };
	bool plain = false;
	double epsilon;
	char form = 0;
	int c;

	start(argc, argv, "eta", "[-bet] E [file]");
	while ((c = option(argc, argv, "bet")) != -1)
		if (c == 'e')
			plain = true;
		else
			form = (char)c;
	if (argc - optind < 1 || argc - optind > 2)
		usage();
	epsilon = arg_num("E", argv[optind], 0, 1);

	dist_create(&out, form);
	dist_open(&in, argv[optind + 1], &out);
	while (dist_read(&in, &d)) {
		if (!eta(&d, &l, epsilon, plain))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	logprob_free(&l);
	return 0;
}
