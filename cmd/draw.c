/* draw - draw the next token from each distribution; see draw(1) */
#include "dist.h"
#include "rng.h"
#include "seqmap.h"
#include "softmax.h"
#include "tokens.h"

#include <math.h>
#include <stdlib.h>

struct options {
	uint64_t seed, limit, count; /* limit: 0 is none */
	uint32_t draws;              /* 0: one, which may end its sequence */
	bool greedy, ignore_eog;
};

/* What is known of the sequences. */
struct sequences {
	struct seqmap map;
	struct {
		uint64_t steps;
		bool ended;
	} *seq; /* seq[map.n] */
	size_t cap;
	uint64_t ended;
};

/* The likeliest entry. */
static bool
greedy(const struct dist *d, int32_t *token)
{
	float best = d->kind == 'L' ? -INFINITY : 0;
	bool found = false;

	for (uint32_t i = 0; i < d->n; i++)
		if (d->val[i] > best) {
			best = d->val[i];
			*token = dist_id(d, i);
			found = true;
		}
	return found;
}

/* work[i]: the probability of entry i and those before it, in order of id. */
static bool
accumulate(struct dist *d)
{
	const float *p = dist_probs(d);
	double sum = 0;

	for (uint32_t i = 0; p != NULL && i < d->n; i++)
		d->work[i] = sum += p[i];
	return p != NULL;
}

/* The first entry that takes the running sum above u of the whole: never one of
 * probability 0, which adds nothing. There is one, since u <= 1 - 2^-53 and so
 * u * sum rounds to less than sum. */
static int32_t
pick(const struct dist *d, double u)
{
	double at = u * d->work[d->n - 1];
	uint32_t low = 0, high = d->n - 1;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (d->work[mid] > at)
			high = mid;
		else
			low = mid + 1;
	}
	return dist_id(d, low);
}

static bool
is_eog(const struct dist *d, int32_t token)
{
	for (uint32_t i = 0; i < d->neog; i++)
		if (d->eog[i] == token)
			return true;
	return false;
}

/* Write the token or tokens drawn from d, the last of them to *token. */
static bool
draw(struct output *out, struct dist *d, const struct options *o,
    int32_t *token)
{
	uint32_t draws = o->draws ? o->draws : 1;

	if (!(o->greedy ? greedy(d, token) : accumulate(d)))
		return false;
	for (uint32_t i = 0; i < draws; i++) {
		if (!o->greedy)
			*token = pick(d, rng_uniform(o->seed, d->pos, d->seq, i,
			    RNG_DRAW));
		tokens_write(out, d->seq, token, 1);
	}
	return true;
}

/* The number of d's sequence in s->seq. */
static size_t
sequence(struct sequences *s, uint32_t seq)
{
	size_t new = s->map.n, i = seqmap_number(&s->map, seq);

	s->seq = xgrow(s->seq, &s->cap, s->map.n, sizeof(*s->seq));
	if (i == new) {
		s->seq[i].steps = 0;
		s->seq[i].ended = false;
	}
	return i;
}

static void
draw_all(struct dist_reader *in, struct output *out, const struct options *o)
{
	struct dist d = { 0 };
	struct sequences s = { 0 };
	int32_t token;

	while (s.ended < o->count && dist_read(in, &d)) {
		bool lasting = o->draws == 0 && !(d.flags & DIST_ONCE);
		size_t i = lasting ? sequence(&s, d.seq) : 0;

		if (lasting && s.seq[i].ended)
			continue;
		if (!draw(out, &d, o, &token))
			dist_stuck(in, &d);
		if (lasting && (++s.seq[i].steps == o->limit ||
		    (!o->ignore_eog && is_eog(&d, token)))) {
			s.seq[i].ended = true;
			s.ended++;
		}
	}
	free(s.seq);
	seqmap_free(&s.map);
	dist_free(&d);
}

int
main(int argc, char **argv)
{
	struct options o = { .count = 1 };
	struct dist_reader in;
	struct output out;
	bool seeded = false, verbose = false;
	int c;

	start(argc, argv, "draw", "[-giv] [-l limit] [-n draws] [-q count] "
	    "[-s seed] [file]");
	while ((c = option(argc, argv, "gil:n:q:s:v")) != -1)
		switch (c) {
		case 'g':
			o.greedy = true;
			break;
		case 'i':
			o.ignore_eog = true;
			break;
		case 'l':
			o.limit = arg_uint("-l", optarg, 1, UINT64_MAX);
			break;
		case 'n':
			o.draws = (uint32_t)arg_uint("-n", optarg, 1,
			    UINT32_MAX);
			break;
		case 'q':
			o.count = arg_uint("-q", optarg, 1, UINT64_MAX);
			break;
		case 's':
			o.seed = arg_uint("-s", optarg, 0, UINT64_MAX);
			seeded = true;
			break;
		case 'v':
			verbose = true;
			break;
		}
	if (argc - optind > 1)
		usage();
	if (!seeded && !o.greedy) {
		if (!rng_seed(&o.seed))
			die_errno("/dev/urandom");
		if (verbose)
			warn("seed: %llu", (unsigned long long)o.seed);
	}

	output_open(&out, STDOUT_FILENO, "stdout");
	dist_open_for(&in, argv[optind], &out);
	draw_all(&in, &out, &o);
	dist_close(&in);
	output_close(&out);
	return 0;
}
