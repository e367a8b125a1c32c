/* topp - keep the likeliest tokens that have mass P together; see topp(1) */
#include "select.h"
#include "softmax.h"

/* The first n values are there. */
static void
begin(void *arg, const struct dist *d, const float *v, size_t n)
{
	if (d->kind == 'P' && d->n <= SELECT_MOST)
		select_see(arg, v, n);
}

/* False when nothing can be drawn. */
static bool
topp(struct dist *d, double mass, struct select_run *r)
{
	const float *p = dist_probs(d);

	if (p == NULL)
		return false;
	if (mass < 1)
		select_mass(d, p, mass, r);
	else
		select_keep(d, p, 0, 0);
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	struct select_run run;
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
	select_start(&run);
	in.arg = &run;
	in.some = mass < 1 ? begin : NULL;
	while (dist_read(&in, &d)) {
		if (!topp(&d, mass, &run))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	return 0;
}
