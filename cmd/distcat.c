/* distcat - concatenate and convert distributions; see distcat(1) */
#include "dist.h"

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
		r[i] = (struct rank) { d->val[i], d->id[i] };
	qsort(r, d->n, sizeof(*r), compare);
	for (uint32_t i = 0; i < d->n; i++) {
		d->val[i] = r[i].val;
		d->id[i] = r[i].id;
	}
	free(r);
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
	char form = 't';
	bool sort = false;
	int c;

	start(argc, argv, "distcat", "[-bst] [file ...]");
	while ((c = option(argc, argv, "bst")) != -1)
		if (c == 's')
			sort = true;
		else
			form = (char)c;
	if (sort && form == 'b')
		bad_usage("-s: only the text form can be sorted");

	dist_create(&out, form);
	do
		cat(&out, argv[optind], sort);
	while (optind < argc && argv[++optind] != NULL);
	dist_finish(&out);
	return 0;
}
