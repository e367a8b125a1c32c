/* xtc - now and then remove the top choices; see xtc(1) */
#include "rng.h"
#include "softmax.h"

#include <stdlib.h>

struct options {
	double threshold, chance;
	uint64_t seed;
	int32_t *spare; /* spare[n]: ids that are never removed */
	size_t n, cap;
};

static bool
spared(const struct options *o, int32_t id)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->spare[i] == id)
			return true;
	return false;
}

/* Remove the entries that have at least this probability, all but the least
 * likely of them, the last of equals. */
static void
exclude(struct dist *d, const float *p, double least, const struct options *o)
{
	uint32_t last = d->n, n = 0;

	for (uint32_t i = 0; i < d->n; i++)
		if (p[i] > 0 && p[i] >= least &&
		    (last == d->n || p[i] <= p[last]))
			last = i;
	for (uint32_t i = 0; i < d->n; i++) {
		if (p[i] > 0 && p[i] >= least && i != last &&
		    !spared(o, dist_id(d, i)))
			continue;
		d->own_id[n] = dist_id(d, i);
		d->val[n++] = d->val[i];
	}
	dist_kept(d, n);
}

/* False when nothing can be drawn. */
static bool
xtc(struct dist *d, const struct options *o)
{
	const float *p = dist_probs(d);
	double sum = 0;

	if (p == NULL)
		return false;
	if (rng_uniform(o->seed, d->pos, d->seq, 0, RNG_XTC) < o->chance) {
		for (uint32_t i = 0; i < d->n; i++)
			sum += p[i];
		exclude(d, p, o->threshold * sum, o);
	}
	return dist_normalise(d);
}

static void
spare(struct options *o, const char *id)
{
	o->spare = xgrow(o->spare, &o->cap, o->n + 1, sizeof(*o->spare));
	o->spare[o->n++] = (int32_t)arg_uint("-i", id, 0, DIST_MAX - 1);
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	bool seeded = false, verbose = false;
	char form = 0;
	int c;

	start(argc, argv, "xtc", "[-btv] [-i id] [-s seed] T P [file]");
	while ((c = option(argc, argv, "bi:s:tv")) != -1)
		switch (c) {
		case 'i':
			spare(&o, optarg);
			break;
		case 's':
			o.seed = arg_uint("-s", optarg, 0, UINT64_MAX);
			seeded = true;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			form = (char)c;
		}
	if (argc - optind < 2 || argc - optind > 3)
		usage();
	o.threshold = arg_num("T", argv[optind], 0, 1);
	o.chance = arg_num("P", argv[optind + 1], 0, 1);
	if (!seeded && !rng_seed(&o.seed))
		die_errno("/dev/urandom");
	if (!seeded && verbose)
		warn("seed: %llu", (unsigned long long)o.seed);

	dist_create(&out, form);
	dist_open(&in, argv[optind + 2], &out);
	while (dist_read(&in, &d)) {
		if (!xtc(&d, &o))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	free(o.spare);
	return 0;
}
