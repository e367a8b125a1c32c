/* topnsigma - keep logits within N standard deviations of the largest; see topnsigma(1) */
#include <math.h>

#include "fmath.h"
#include "select.h"
#include "softmax.h"

/* False when nothing can be drawn. */
static bool
topnsigma(struct dist *d, double many)
{
	double *x = d->work, top = -INFINITY, sum = 0, squares = 0, sigma;
	uint32_t n = 0, kept = 0;

	if (d->kind == 'P')
		fm_log_floats(x, d->val, d->n);
	for (uint32_t i = 0; i < d->n; i++) {
		if (d->kind == 'L')
			x[i] = (double)d->val[i];
		if (!(x[i] > -INFINITY))
			continue;
		top = x[i] > top ? x[i] : top;
		sum += x[i];
		n++;
	}
	if (n == 0)
		return false;
	for (uint32_t i = 0; i < d->n; i++)
		if (x[i] > -INFINITY)
			squares += (x[i] - sum / n) * (x[i] - sum / n);
	sigma = sqrt(squares / n);
	for (uint32_t i = 0; i < d->n; i++)
		if (x[i] > -INFINITY && x[i] >= top - many * sigma) {
			d->own_id[kept] = dist_id(d, i);
			d->val[kept++] = d->val[i];
		}
	dist_kept(d, kept);
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	double many;
	char form = 0;
	int c;

	start(argc, argv, "topnsigma", "[-bt] N [file]");
	while ((c = option(argc, argv, "bt")) != -1)
		form = (char)c;
	if (argc - optind < 1 || argc - optind > 2)
		usage();
	many = arg_num("N", argv[optind], 0, 1e6);

	dist_create(&out, form);
	dist_open(&in, argv[optind + 1], &out);
	while (dist_read(&in, &d)) {
		if (!topnsigma(&d, many))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	return 0;
}
