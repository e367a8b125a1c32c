/* topp - keep the likeliest tokens that have mass P together; see topp(1) */
#include "select.h"
#include "softmax.h"

#include <float.h>
#include <stdlib.h>

/* run[n]: the probabilities that can be among the likeliest of mass `want`.
 * What is below an n-th of the mass left over cannot: all such together have
 * less. Half of that, and only where it is more than sums may be rounded by. */
static size_t
candidates(float *run, const float *p, size_t n, double want, double sum)
{
	double rest = (sum - want) / 2;
	double floor = rest > sum * DBL_EPSILON * (double)n ? rest / (double)n : 0;
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i] > 0 && p[i] >= floor)
			run[k++] = p[i];
	return k;
}

/* run[2 * d->n] is scratch. False when nothing can be drawn. */
static bool
topp(struct dist *d, double mass, float *run)
{
	const float *p = dist_probs(d);
	double sum = 0, have = 0;
	size_t n, last = 0, ties = 0;

	if (p == NULL)
		return false;
	for (uint32_t i = 0; i < d->n; i++)
		sum += p[i];
	n = candidates(run, p, d->n, mass * sum, sum);
	select_sort(run, run + n, n);
	for (have = run[0]; last + 1 < n && have < mass * sum;)
		have += run[++last];
	if (mass >= 1)
		last = n - 1; /* a sum may be reached early by rounding */
	for (size_t i = 0; i <= last; i++)
		ties += run[i] == run[last];
	select_keep(d, p, run[last], ties);
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	float *run = NULL;
	size_t cap = 0;
	char form = 0;
	double mass;
	int c;

	start(argc, argv, "topp", "[-bt] P [file]");
	while ((c = option(argc, argv, "bt")) != -1)
		form = (char)c;
	if (argc - optind < 1 || argc - optind > 2)
		usage();
	mass = arg_num("P", argv[optind], 0, 1);

	dist_create(&out, form);
	dist_open(&in, argv[optind + 1], &out);
	while (dist_read(&in, &d)) {
		run = xgrow(run, &cap, 2 * (size_t)d.n, sizeof(*run));
		if (!topp(&d, mass, run))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	free(run);
	return 0;
}
