/* bias - add to the logits of tokens; see bias(1) */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundled.h"
#include "escape.h"
#include "fmath.h"
#include "softmax.h"
#include "vocab.h"

/* What is added to each id; a vocabulary is opened when a text is named. */
struct biases {
	struct bias {
		int32_t id;
		double add;
	} *list;
	size_t n, cap;
	const char *model;
	char *path;
	struct modelfile file;
	struct vocab vocab;
};

/* The id of the token whose piece is the text p[0..n). */
static int32_t
text_id(struct biases *b, const char *p, size_t n)
{
	struct buf text = { 0 }, piece = { 0 };
	char err[ERRLEN];
	int32_t id = -1;

	if (b->path == NULL) {
		b->path = bundled_model(b->model);
		if (modelfile_open(&b->file, b->path, err) != 0 ||
		    vocab_open(&b->vocab, &b->file, err) != 0)
			die("%s: %s", b->path, err);
	}
	if (escape_undo(&text, p, n, err) != 0)
		die("%.*s: %s", (int)n, p, err);
	for (int32_t i = 0; id < 0 && (size_t)i < b->vocab.n; i++) {
		piece.len = 0;
		vocab_piece(&b->vocab, i, &piece);
		if (piece.len == text.len && text.len > 0 &&
		    memcmp(piece.p, text.p, text.len) == 0)
			id = i;
	}
	buf_free(&text);
	buf_free(&piece);
	return id;
}

/* `ID` or `:TEXT` at what[0..n), and the value; -1 when it is neither. */
static int
add(struct biases *b, const char *what, size_t n, const char *value)
{
	char *end = NULL;
	double v = 0;
	int32_t id = 0;

	if (strcmp(value, "-inf") == 0)
		v = -INFINITY;
	else if (value[strspn(value, "+-.0123456789eE")] == '\0')
		v = strtod(value, &end);
	if (*value == '\0' || (end != NULL && *end != '\0') ||
	    (end == NULL && v > -INFINITY) || (end != NULL && !isfinite(v)))
		return -1;
	if (n > 0 && what[0] == ':') {
		if ((id = text_id(b, what + 1, n - 1)) < 0)
			die("%.*s: not the text of one token", (int)n, what);
	} else {
		for (size_t i = 0; i < n; i++) {
			if (what[i] < '0' || what[i] > '9' ||
			    id > (INT32_MAX - 9) / 10)
				return -1;
			id = id * 10 + (what[i] - '0');
		}
		if (n == 0)
			return -1;
	}
	b->list = xgrow(b->list, &b->cap, b->n + 1, sizeof(*b->list));
	b->list[b->n++] = (struct bias) { id, v };
	return 0;
}

/* A line of a file: what, a tab, the value. */
static void
add_file(struct biases *b, const char *path)
{
	struct input in;
	unsigned long line = 0;
	size_t n;

	input_open(&in, path, NULL);
	while ((n = input_line(&in)) > 0) {
		char *s = (char *)in.p + in.pos;
		char *tab = NULL;
		line++;
		if (s[n - 1] != '\n')
			die("%s: line %lu: does not end", path, line);
		s[n - 1] = '\0';
		in.pos += n;
		if (strlen(s) == n - 1)
			tab = strrchr(s, '\t');
		if (tab == NULL || add(b, s, (size_t)(tab - s), tab + 1) != 0)
			die("%s: line %lu: not an id or :text, a tab and a "
			    "number", path, line);
	}
	input_close(&in);
}

static int
compare(const void *a, const void *b)
{
	int32_t x = ((const struct bias *)a)->id;
	int32_t y = ((const struct bias *)b)->id;

	return (x > y) - (x < y);
}

/* False when nothing can be drawn. */
static bool
bias(struct dist *d, const struct biases *b, const struct dist_reader *in)
{
	size_t i = 0;

	/* both ascend: walk them together */
	for (uint32_t e = 0; e < d->n && i < b->n; e++) {
		double sum = 0;
		while (i < b->n && b->list[i].id < dist_id(d, e))
			i++;
		if (i == b->n || b->list[i].id != dist_id(d, e))
			continue;
		for (; i < b->n && b->list[i].id == dist_id(d, e); i++)
			sum += b->list[i].add;
		d->val[e] = (float)(d->kind == 'L' ? (double)d->val[e] + sum
		                           : (double)d->val[e] * fm_exp(sum));
		if (!(d->val[e] < INFINITY))
			dist_bad(in, "id %ld: its bias of %g is too large",
			    (long)dist_id(d, e), sum);
	}
	return dist_normalise(d);
}

int
main(int argc, char **argv)
{
	struct biases b = { 0 };
	struct dist_reader in;
	struct dist_writer out;
	struct dist d = { 0 };
	char form = 0;
	int c;

	start(argc, argv, "bias", "[-bt] [-m model] file | id=value | "
	    ":text=value ...");
	while ((c = option(argc, argv, "bm:t")) != -1)
		if (c == 'm')
			b.model = optarg;
		else
			form = (char)c;
	if (optind == argc)
		usage();
	for (; optind < argc; optind++) {
		char *s = argv[optind], *equals = strrchr(s, '=');
		if (equals == NULL)
			add_file(&b, s);
		else if (add(&b, s, (size_t)(equals - s), equals + 1) != 0)
			bad_usage("%s: not an id or :text, = and a number", s);
	}
	qsort(b.list, b.n, sizeof(*b.list), compare);

	dist_create(&out, form);
	dist_open(&in, NULL, &out);
	while (dist_read(&in, &d)) {
		if (b.n > 0 && (uint32_t)b.list[b.n - 1].id >= d.vocab)
			dist_bad(&in, "id %ld of a bias is not in its "
			    "vocabulary of %lu", (long)b.list[b.n - 1].id,
			    (unsigned long)d.vocab);
		if (!bias(&d, &b, &in))
			dist_stuck(&in, &d);
		dist_write(&out, &d);
	}
	dist_close(&in);
	dist_finish(&out);
	dist_free(&d);
	free(b.list);
	if (b.path != NULL) {
		vocab_close(&b.vocab);
		modelfile_close(&b.file);
		free(b.path);
	}
	return 0;
}
