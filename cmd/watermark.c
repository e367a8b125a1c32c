/* watermark - make green tokens likelier; see watermark(1) */
#include "fmath.h"
#include "green.h"
#include "history.h"
#include "softmax.h"

struct options {
	uint64_t key;
	double gamma, delta;
};

/* False when nothing can be drawn. */
static bool
watermark(struct dist *d, const unsigned char *mark, double delta)
{
	const double factor = fm_exp(delta);
	double sum = 0;

	if (d->kind == 'L') {
		for (uint32_t i = 0; i < d->n; i++)
			if (mark[dist_id(d, i)])
				d->val[i] += (float)delta;
		return dist_normalise(d);
	}
	for (uint32_t i = 0; i < d->n; i++)
		sum += d->work[i] = mark[dist_id(d, i)]
		    ? d->val[i] * factor : d->val[i];
	for (uint32_t i = 0; i < d->n && sum > 0; i++)
		d->val[i] = (float)(d->work[i] / sum);
	return sum > 0;
}

/* Which tokens are green in d; NULL when it is the first of its text, so that
 * none is. */
static const unsigned char *
green(struct green *g, const struct options *o, struct history *h,
    const struct dist_reader *in, const struct dist *d)
{
	const struct context *c = history_add(h, d);

	if (c == NULL)
		dist_bad(in, HISTORY_GAP, (unsigned long)d->seq);
	if (d->vocab != g->vocab) {
		if (d->vocab > GREEN_VOCAB)
			dist_bad(in, "a vocabulary of %lu is too large",
			    (unsigned long)d->vocab);
		green_close(g);
		green_open(g, o->key, o->gamma, d->vocab);
	}
	if (c->n == 0 && d->pos > 0)
		dist_bad(in, "sequence %lu: the token before is not known",
		    (unsigned long)d->seq);
	return c->n > 0 ? green_after(g, c->id[c->n - 1]) : NULL;
}

int
main(int argc, char **argv)
{
	struct options o = { .gamma = 0.25, .delta = 2 };
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	struct history h = { 0 };
	struct green g = { 0 };
	bool keyed = false;
	char form = 0;
	int c;

	start(argc, argv, "watermark",
	    "[-bt] [-d delta] [-g gamma] -k key [file]");
	while ((c = option(argc, argv, "bd:g:k:t")) != -1)
		switch (c) {
		case 'd':
			o.delta = arg_num("-d", optarg, 0, 100);
			break;
		case 'g':
			o.gamma = arg_num("-g", optarg, 0.001, 0.999);
			break;
		case 'k':
			o.key = arg_uint("-k", optarg, 0, UINT64_MAX);
			keyed = true;
			break;
		default:
			form = (char)c;
		}
	if (argc - optind > 1 || !keyed)
		usage();

	dist_create(&out, form);
	dist_open(&in, argv[optind], &out);
	while (dist_read(&in, &d)) {
		const unsigned char *mark = green(&g, &o, &h, &in, &d);
		if (!(mark != NULL ? watermark(&d, mark, o.delta)
		                   : dist_normalise(&d)))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	history_free(&h);
	green_close(&g);
	return 0;
}
