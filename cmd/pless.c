/* pless - keep tokens likelier than a guess is to be right; see pless(1) */
#include "select.h"
#include "softmax.h"

/* False when nothing can be drawn. */
static bool
pless(struct dist *d)
{
	const float *p = dist_probs(d);
	double sum = 0, squares = 0;

	if (p == NULL)
		return false;
	for (uint32_t i = 0; i < d->n; i++) {
		sum += (double)p[i];
		squares += (double)p[i] * (double)p[i];
	}
	/* p / sum >= squares / sum^2 */
	select_from(d, p, squares / sum);
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	char form = 0;
	int c;

	start(argc, argv, "pless", "[-bt] [file]");
	while ((c = option(argc, argv, "bt")) != -1)
		form = (char)c;
	if (argc - optind < 0 || argc - optind > 1)
		usage();

	dist_create(&out, form);
	dist_open(&in, argv[optind], &out);
	while (dist_read(&in, &d)) {
		if (!pless(&d))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	return 0;
}
