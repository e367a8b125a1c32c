/* distcat - concatenate and convert distributions; see distcat(1) */
#include "dist.h"
#include "escape.h"
#include "vocab.h"

#include <stdlib.h>

struct rank {
	float val;
	int32_t id;
};

static int
compare(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->val > y->val || x->val < y->val)
		return x->val > y->val ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* The likeliest first, for people: programs take any order of the text form. */
static void
rank(struct dist *d)
{
	struct rank *r = xreallocarray(NULL, d->n, sizeof(*r));

	for (uint32_t i = 0; i < d->n; i++)
		r[i] = (struct rank) { d->val[i], dist_id(d, i) };
	qsort(r, d->n, sizeof(*r), compare);
	for (uint32_t i = 0; i < d->n; i++) {
		d->val[i] = r[i].val;
		d->own_id[i] = r[i].id;
	}
	dist_kept(d, d->n);
	free(r);
}

/* The third column: the token's text. Rows that pad a model's matrix to a
 * round number have none. */
static void
piece(struct buf *b, int32_t id, void *arg)
{
	const struct vocab *v = arg;
	struct buf text = { 0 };

	if ((size_t)id < v->n)
		vocab_piece(v, id, &text);
	escape_show(b, text.p, text.len);
	buf_free(&text);
}

static void
open_vocab(struct vocab *v, struct modelfile *g, const char *path)
{
	char err[ERRLEN];

	if (modelfile_open(g, path, err) != 0 || vocab_open(v, g, err) != 0)
		die("%s: %s", path, err);
}

static void
cat(struct dist_writer *out, const char *path, bool sort)
{
	struct dist_reader in;
	struct dist d = { 0 };

	dist_open(&in, path, out);
	while (dist_read(&in, &d)) {
		if (sort)
			rank(&d);
		dist_write(out, &d);
	}
	dist_close(&in);
	dist_free(&d);
}

int
main(int argc, char **argv)
{
	struct dist_writer out;
	struct vocab vocab;
	struct modelfile model;
	const char *path = NULL;
	bool sort = false;
	char form = 't';
	int c;

	start(argc, argv, "distcat", "[-bst] [-m model] [file ...]");
	while ((c = option(argc, argv, "bm:st")) != -1)
		if (c == 'm')
			path = optarg;
		else if (c == 's')
			sort = true;
		else
			form = (char)c;
	if (form == 'b' && (sort || path != NULL))
		bad_usage("-b: goes with neither -m nor -s");

	dist_create(&out, form);
	if (path != NULL) {
		open_vocab(&vocab, &model, path);
		out.column = (struct dist_column) { piece, &vocab };
	}
	do
		cat(&out, argv[optind], sort);
	while (optind < argc && argv[++optind] != NULL);
	dist_finish(&out);
	if (path != NULL) {
		vocab_close(&vocab);
		modelfile_close(&model);
	}
	return 0;
}
