/* watermark-detect - too many green tokens? see watermark-detect(1) */
#include <math.h>
#include <stdlib.h>

#include "bundled.h"
#include "green.h"
#include "model.h"
#include "normal.h"
#include "seqmap.h"
#include "tokens.h"

/* A text: its neighbours, the token before in the upper half. */
struct text {
	uint32_t seq;
	bool began;
	int32_t last;
	uint64_t *pair; /* (n) */
	size_t n, cap;
};

struct texts {
	struct seqmap map;
	struct text *text; /* (map.n) */
	size_t cap;
};

static struct text *
text_of(struct texts *ts, uint32_t seq)
{
	size_t known = ts->map.n, i = seqmap_number(&ts->map, seq);

	ts->text = xgrow(ts->text, &ts->cap, ts->map.n, sizeof(*ts->text));
	if (i == known)
		ts->text[i] = (struct text) { .seq = seq };
	return &ts->text[i];
}

static void
add(struct text *t, int32_t token)
{
	if (t->began) {
		t->pair = xgrow(t->pair, &t->cap, t->n + 1, sizeof(*t->pair));
		t->pair[t->n++] = (uint64_t)t->last << 32 | (uint32_t)token;
	}
	t->began = true;
	t->last = token;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Count the green among the text's tokens, of equal pairs one or all. Sorted,
 * so that each green list is made once. */
static void
count(struct text *t, struct green *g, bool all, size_t *scored,
    size_t *green)
{
	*scored = *green = 0;
	if (t->n > 0)
		qsort(t->pair, t->n, sizeof(*t->pair), compare);
	for (size_t i = 0; i < t->n; i++) {
		if (!all && i > 0 && t->pair[i] == t->pair[i - 1])
			continue;
		++*scored;
		*green += green_after(g, (int32_t)(t->pair[i] >> 32))
		    [t->pair[i] & 0xffffffffu];
	}
}

static void
put(struct output *out, uint32_t seq, size_t scored, size_t green,
    double gamma)
{
	double n = (double)scored, z;
	struct buf b = { 0 };

	z = ((double)green - gamma * n) / sqrt(n * gamma * (1 - gamma));
	if (fabs(z) < 5e-7) /* for printf: not -0 */
		z = 0;
	buf_printf(&b, "%lu\t%zu\t%zu\t", (unsigned long)seq, scored, green);
	if (scored > 0)
		buf_printf(&b, "%.6f\t%.6g\n", z, normal_above(z));
	else
		buf_printf(&b, "-\t-\n");
	output_put(out, b.p, b.len);
	buf_free(&b);
}

static void
detect(struct input *in, struct output *out, struct green *g, double gamma,
    bool all)
{
	static const char head[] = "seq\ttokens\tgreen\tz\tp\n";
	struct tokens t = { 0 };
	struct texts ts = { 0 };

	while (tokens_read(in, &t)) {
		struct text *x = text_of(&ts, t.seq);
		tokens_check(in, &t, g->vocab);
		for (size_t i = 0; i < t.n; i++)
			add(x, t.id[i]);
	}
	output_put(out, head, sizeof(head) - 1);
	for (size_t i = 0; i < ts.map.n; i++) {
		size_t scored, green;
		count(&ts.text[i], g, all, &scored, &green);
		put(out, ts.text[i].seq, scored, green, gamma);
		free(ts.text[i].pair);
	}
	free(ts.text);
	seqmap_free(&ts.map);
	tokens_free(&t);
}

/* The size of the vocabulary of a model, as its records have it. */
static uint32_t
vocabulary(const char *name)
{
	char err[ERRLEN], *path = bundled_model(name);
	struct model m;
	size_t n;

	if (model_open(&m, path, 0, err) != 0)
		die("%s: %s", path, err);
	n = m.n_vocab;
	if (n > GREEN_VOCAB)
		die("%s: a vocabulary of %zu is too large", path, n);
	model_close(&m);
	free(path);
	return (uint32_t)n;
}

int
main(int argc, char **argv)
{
	struct input in;
	struct output out;
	struct green g;
	uint64_t key = 0;
	uint32_t vocab = 0;
	double gamma = 0.25;
	const char *model = NULL;
	bool keyed = false, all = false;
	int c;

	start(argc, argv, "watermark-detect",
	    "[-a] [-g gamma] -k key [-m model | -n vocab] [file]");
	while ((c = option(argc, argv, "ag:k:m:n:")) != -1)
		switch (c) {
		case 'a':
			all = true;
			break;
		case 'g':
			gamma = arg_num("-g", optarg, 0.001, 0.999);
			break;
		case 'k':
			key = arg_uint("-k", optarg, 0, UINT64_MAX);
			keyed = true;
			break;
		case 'm':
			model = optarg;
			break;
		case 'n':
			vocab = (uint32_t)arg_uint("-n", optarg, 1,
			    GREEN_VOCAB);
			break;
		}
	if (argc - optind > 1 || !keyed)
		usage();
	if (model != NULL && vocab != 0)
		bad_usage("-m and -n exclude each other");

	green_open(&g, key, gamma, vocab != 0 ? vocab : vocabulary(model));
	output_open(&out, STDOUT_FILENO, "stdout");
	input_open(&in, argv[optind], &out);
	detect(&in, &out, &g, gamma, all);
	input_close(&in);
	output_close(&out);
	green_close(&g);
	return 0;
}
