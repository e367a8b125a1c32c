/* topk - keep the k likeliest tokens; see topk(1) */
#include "select.h"
#include "softmax.h"

#include <math.h>

/* False when nothing can be drawn. */
static bool
topk(struct dist *d, size_t k)
{
	const float none = d->kind == 'L' ? -INFINITY : 0;
	float least = none;
	size_t ties = 0;

	if (k < d->n)
		least = select_least(d->val, NULL, d->n, 0, (double)k,
		    &ties);
	if (!(least > none))
		ties = 0; /* what cannot be drawn is not kept */
	select_keep(d, d->val, least, ties);
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	char form = 0;
	size_t k;
	int c;

	start(argc, argv, "topk", "[-bt] K [file]");
	while ((c = option(argc, argv, "bt")) != -1)
		form = (char)c;
	if (argc - optind < 1 || argc - optind > 2)
		usage();
	k = (size_t)arg_uint("K", argv[optind], 1, DIST_MAX);

	dist_create(&out, form);
	dist_open(&in, argv[optind + 1], &out);
	while (dist_read(&in, &d)) {
		if (!topk(&d, k))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	return 0;
}
