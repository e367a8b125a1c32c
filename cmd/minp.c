/* minp - keep tokens at least P times as likely as the likeliest; see minp(1) */
#include "select.h"
#include "softmax.h"

/* False when nothing can be drawn. */
static bool
minp(struct dist *d, double share)
{
	const float *p = dist_probs(d);
	float top = 0;

	if (p == NULL)
		return false;
	for (uint32_t i = 0; i < d->n; i++)
		top = p[i] > top ? p[i] : top;
	select_from(d, p, share * (double)top);
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	double share;
	char form = 0;
	int c;

	start(argc, argv, "minp", "[-bt] P [file]");
	while ((c = option(argc, argv, "bt")) != -1)
		form = (char)c;
	if (argc - optind < 1 || argc - optind > 2)
		usage();
	share = arg_num("P", argv[optind], 0, 1);

	dist_create(&out, form);
	dist_open(&in, argv[optind + 1], &out);
	while (dist_read(&in, &d)) {
		if (!minp(&d, share))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	return 0;
}
