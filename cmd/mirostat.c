/* mirostat - keep surprise at TAU bits, learning from what is drawn; see
 * mirostat(1) */
#include "fmath.h"
#include "history.h"
#include "mirostate.h"
#include "softmax.h"

#include <math.h>

/* 2^-x, exact for whole x; what is beyond all floats need not be. */
static double
negative_power(double x)
{
	double near = fmax(-1100, fmin(x, 1100)), whole = floor(near);

	return ldexp(fm_exp((whole - near) * fm_log(2)), -(int)whole);
}

/* Keep the entries of at most mu bits of surprise, at least the likeliest;
 * d->prob[d->n] is what their probabilities were. False when nothing can be
 * drawn. */
static bool
truncate_at(struct dist *d, double mu)
{
	const float *p = dist_probs(d);
	double sum = 0, least;
	uint32_t top = 0, n = 0;

	if (p == NULL)
		return false;
	for (uint32_t i = 0; i < d->n; i++) {
		sum += p[i];
		top = p[i] > p[top] ? i : top;
	}
	least = sum * negative_power(mu);
	for (uint32_t i = 0; i < d->n; i++) {
		if (i != top && (!(p[i] > 0) || p[i] < least))
			continue;
		d->own_id[n] = dist_id(d, i);
		d->prob[n] = p[i];
		d->val[n++] = d->val[i];
	}
	dist_kept(d, n);
	return true;
}

/* Learn from the token that d shows was drawn, then truncate d. */
static bool
mirostat(struct mirostate_seq *s, struct dist *d, enum mirostate_step step,
    int32_t token, double tau, double rate)
{
	double surprise;

	if (step == MIROSTATE_NEW)
		s->mu = 2 * tau;
	if (step == MIROSTATE_NEXT) {
		surprise = mirostate_surprise(s, token);
		if (!(surprise < 0))
			s->mu -= rate * (surprise - tau);
	}
	if (!truncate_at(d, s->mu))
		return false;
	mirostate_keep(s, d);
	return dist_normalise(d);
}

static void
mirostat_all(struct dist_reader *in, struct dist_writer *out, double tau,
    double rate, const char *state)
{
	struct mirostate m = { 0 };
	struct dist d = { 0 };

	if (state != NULL)
		mirostate_load(&m, state);
	while (dist_read(in, &d)) {
		struct mirostate_seq *s = mirostate_of(&m, d.seq);
		int32_t token = -1;
		enum mirostate_step step = mirostate_follow(s, &d, &token);

		if (step == MIROSTATE_GAP)
			dist_bad(in, HISTORY_GAP, (unsigned long)d.seq);
		if (!mirostat(s, &d, step, token, tau, rate))
			dist_stuck(in, &d);
		if (d.flags & DIST_ONCE)
			mirostate_forget(s);
		/* first, so that nothing is drawn that is not learned from */
		if (state != NULL)
			mirostate_save(&m, state);
		dist_write(out, &d);
	}
	mirostate_free(&m);
	dist_free(&d);
}

int
main(int argc, char **argv)
{
	struct dist_reader in;
	struct dist_writer out;
	const char *state = NULL;
	double tau, rate;
	char form = 0;
	int c;

	start(argc, argv, "mirostat", "[-bt] [-S state] TAU RATE [file]");
	while ((c = option(argc, argv, "bS:t")) != -1)
		if (c == 'S')
			state = optarg;
		else
			form = (char)c;
	if (argc - optind < 2 || argc - optind > 3)
		usage();
	tau = arg_num("TAU", argv[optind], 0, 1000);
	rate = arg_num("RATE", argv[optind + 1], 0, 1000);

	dist_create(&out, form);
	dist_open(&in, argv[optind + 2], &out);
	mirostat_all(&in, &out, tau, rate, state);
	dist_close(&in);
	dist_finish(&out);
	return 0;
}
