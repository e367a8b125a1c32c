/* logits-to-probs - penalties, temperature, softmax; see logits-to-probs(1) */
#include "fmath.h"
#include "history.h"
#include "softmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct options {
	double temp;
	double range, exponent;    /* of a temperature that follows entropy */
	double freq, pres;         /* multiplicative */
	double sub_freq, sub_pres; /* subtractive */
	double rep;
	uint64_t last, from; /* the window: the last tokens, from a position */
	bool penalties, plain; /* are there any; is there but a temperature */
};

struct work {
	const struct options *o;
	struct dist_reader *in;
	struct dist_writer *out;
	/* What is known of a record that still comes in, where there is but a
	 * temperature; run.p is NULL when nothing is worked out. */
	struct softmax_run run;
};

/* The distinct tokens of a window of the context, and how often each stands
 * there. */
struct counts {
	int32_t *token;
	size_t n, cap;
};

static int
compare(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* c->token: the tokens of the window, sorted. */
static void
window(struct counts *c, const struct context *h, const struct options *o)
{
	uint64_t from = o->from > h->first ? o->from - h->first : 0;

	if (h->n > o->last && from < h->n - o->last)
		from = h->n - o->last;
	c->n = from < h->n ? (size_t)(h->n - from) : 0;
	c->token = xgrow(c->token, &c->cap, c->n, sizeof(*c->token));
	if (c->n == 0)
		return;
	memcpy(c->token, h->id + from, c->n * sizeof(*c->token));
	qsort(c->token, c->n, sizeof(*c->token), compare);
}

/* Call the penalties for each entry of d that is in the window. */
static void
penalise(struct dist *d, const struct counts *c, const struct options *o,
    void (*penalty)(double *x, double count, const struct options *o))
{
	size_t i = 0;

	/* both ascend: walk them together */
	for (uint32_t e = 0; e < d->n && i < c->n; e++) {
		size_t count = 0;

		while (i < c->n && c->token[i] < dist_id(d, e))
			i++;
		for (; i < c->n && c->token[i] == dist_id(d, e); i++)
			count++;
		if (count > 0)
			penalty(&d->work[e], (double)count, o);
	}
}

static void
repetition_and_subtractive(double *x, double count, const struct options *o)
{
	*x = *x > 0 ? *x / o->rep : *x * o->rep;
	*x -= o->sub_freq * count + o->sub_pres;
}

static void
multiplicative(double *x, double count, const struct options *o)
{
	*x /= 1 + o->freq * count + o->pres;
}

/* Move x[n] so that the smallest finite one is 0. */
static void
move_to_zero(double *x, size_t n)
{
	double min = INFINITY;

	for (size_t i = 0; i < n; i++)
		if (x[i] > -INFINITY && x[i] < min)
			min = x[i];
	for (size_t i = 0; i < n && min < INFINITY; i++)
		x[i] -= min;
}

/* The temperature for x[n]: o->temp, or as much of temp - range to temp + range
 * as the entropy is of the largest that so many entries can have. */
static double
temperature(const double *x, size_t n, const struct options *o)
{
	double low = fmax(0, o->temp - o->range), high = o->temp + o->range;
	double drawable = 0, part;

	for (size_t i = 0; o->range > 0 && i < n; i++)
		drawable += x[i] > -INFINITY;
	if (drawable < 2)
		return o->temp;
	part = fmin(1, softmax_entropy(x, n) / fm_log(drawable));
	if (!(part > 0))
		return low;
	return low + (high - low) * fm_exp(o->exponent * fm_log(part));
}

/* All mass on the largest, the first of equals. */
static bool
all_on_largest(float *p, const double *x, size_t n)
{
	double max = -INFINITY;
	size_t best = 0;

	for (size_t i = 0; i < n; i++) {
		p[i] = 0;
		if (x[i] > max) {
			max = x[i];
			best = i;
		}
	}
	if (max > -INFINITY)
		p[best] = 1;
	return max > -INFINITY;
}

/* The first n logits of d are there. When they are few, d->n may be a mistake,
 * and is no reason for so much memory. */
static void
begin(void *arg, const struct dist *d, const float *v, size_t n)
{
	struct work *w = arg;

	if (d->kind != 'L')
		return;
	if (n < d->n / 16 || n == d->n || !input_waits(&w->in->in)) {
		softmax_see(&w->run, v, n);
		return;
	}
	if (w->run.p == NULL)
		w->run.p = dist_space(w->out, 1, d->n);
	softmax_some(&w->run, v, n);
}

/* Exponentials to probabilities; where nothing else waits to be read, whoever reads
 * these waits for them, and can begin with some. */
static void
scale(struct dist *d, struct work *w)
{
	const bool parts = d->n > DIST_PART && !input_ready(&w->in->in);

	for (uint32_t i = 0, n; i < d->n; i = n) {
		n = d->n - i < DIST_PART ? d->n : i + DIST_PART;
		softmax_shares(&w->run, i, n);
		if (parts)
			dist_write_part(w->out, d, n);
	}
}

/* False when nothing can be drawn. */
static bool
divide(struct dist *d, struct work *w)
{
	if (w->run.p == NULL)
		w->run.p = dist_space(w->out, 1, d->n);
	d->kind = 'P';
	if (!softmax_end(&w->run, d->val, d->n))
		return false;
	d->val = w->run.p;
	scale(d, w);
	softmax_start(&w->run, NULL, w->o->temp);
	return true;
}

/* False when nothing can be drawn. */
static bool
logits_to_probs(struct dist *d, const struct counts *c, struct work *w)
{
	const struct options *o = w->o;
	double *x = d->work, temp;

	if (d->kind == 'L' && o->plain)
		return divide(d, w);
	if (d->kind == 'P')
		fm_log_floats(x, d->val, d->n);
	for (uint32_t i = 0; d->kind == 'L' && i < d->n; i++)
		x[i] = d->val[i];
	penalise(d, c, o, repetition_and_subtractive);
	if (o->freq > 0 || o->pres > 0) {
		move_to_zero(x, d->n);
		penalise(d, c, o, multiplicative);
	}
	d->kind = 'P';
	d->val = dist_space(w->out, 1, d->n);
	temp = temperature(x, d->n, o);
	if (!(temp > 0))
		return all_on_largest(d->val, x, d->n);
	return softmax(d->val, x, d->n, temp);
}

static void
parse_options(int argc, char **argv, struct options *o, char *form)
{
	int c;

	while ((c = option(argc, argv, "bd:e:f:F:n:o:p:P:r:tT:")) != -1)
		switch (c) {
		case 'd':
			o->range = arg_num("-d", optarg, 0, 1e6);
			break;
		case 'e':
			o->exponent = arg_num("-e", optarg, 1e-6, 1e6);
			break;
		case 'f':
			o->freq = arg_num("-f", optarg, 0, 1e6);
			break;
		case 'F':
			o->sub_freq = arg_num("-F", optarg, -1e6, 1e6);
			break;
		case 'n':
			o->last = arg_uint("-n", optarg, 0, UINT64_MAX);
			break;
		case 'o':
			o->from = arg_uint("-o", optarg, 0, UINT64_MAX);
			break;
		case 'p':
			o->pres = arg_num("-p", optarg, 0, 1e6);
			break;
		case 'P':
			o->sub_pres = arg_num("-P", optarg, -1e6, 1e6);
			break;
		case 'r':
			o->rep = arg_num("-r", optarg, 1e-6, 1e6);
			break;
		case 'T':
			o->temp = arg_num("-T", optarg, 0, 1e6);
			break;
		default:
			*form = (char)c;
		}
	if (argc - optind > 1)
		usage();
}

int
main(int argc, char **argv)
{
	struct options o = { .temp = 1, .exponent = 1, .rep = 1,
		.last = UINT64_MAX };
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	struct history h = { 0 };
	struct counts seen = { 0 };
	struct work w = { .o = &o, .in = &in, .out = &out };
	char form = 0;

	start(argc, argv, "logits-to-probs", "[-bt] [-d range] [-e exponent] "
	    "[-f freq] [-F freq] [-n last] [-o from] [-p pres] [-P pres] "
	    "[-r rep] [-T temp] [file]");
	parse_options(argc, argv, &o, &form);
	o.penalties = o.freq > 0 || o.pres > 0 || o.rep < 1 || o.rep > 1 ||
	    o.sub_freq < 0 || o.sub_freq > 0 || o.sub_pres < 0 ||
	    o.sub_pres > 0;
	o.plain = !o.penalties && !(o.range > 0) && o.temp > 0;

	dist_create(&out, form);
	dist_open(&in, argv[optind], &out);
	softmax_start(&w.run, NULL, o.temp);
	in.arg = &w;
	in.some = o.plain ? begin : NULL;
	while (dist_read(&in, &d)) {
		if (o.penalties) {
			const struct context *c = history_add(&h, &d);
			if (c == NULL)
				dist_bad(&in, HISTORY_GAP,
				    (unsigned long)d.seq);
			window(&seen, c, &o);
		}
		if (!logits_to_probs(&d, &seen, &w))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	history_free(&h);
	free(seen.token);
	return 0;
}
