/* kvcache - look at, cut, copy and verify KV-cache files; see kvcache(1) */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "kvfile.h"

/* What a verb prints goes to b; operand: what its mode asks for. */
typedef void verb(struct kvfile *f, struct buf *b, const char *operand);

static void
info(struct kvfile *f, struct buf *b, const char *operand)
{
	(void)operand;
	kvfile_load(f, false, NULL, NULL);
	buf_printf(b, "positions\t%" PRIu64 "\ntail\t%" PRIu64 " bytes\n"
	    "model\t%016" PRIx64 "\nlayers\t%zu\nheads\t%zu\nhead size\t%zu\n"
	    "type\t%s\nexact\t%s\nrecord\t%zu bytes\n", f->n, f->tail,
	    f->h.fingerprint, f->h.geo.n_layer, f->h.geo.n_kv,
	    f->h.geo.head_dim, f->h.geo.f16 ? "f16" : "f32",
	    f->h.exact ? "yes" : "no", f->record);
}

static void
put_token(void *arg, uint64_t pos, int32_t token, const unsigned char *data)
{
	(void)data;
	buf_printf(arg, pos ? " %" PRId32 : "%" PRId32, token);
}

static void
tokens(struct kvfile *f, struct buf *b, const char *operand)
{
	(void)operand;
	kvfile_load(f, false, put_token, b);
	buf_put(b, "\n", 1);
}

static void
check(struct kvfile *f, struct buf *b, const char *operand)
{
	(void)operand;
	kvfile_load(f, false, NULL, NULL);
	buf_printf(b, "%s: %" PRIu64 " positions", f->path, f->n);
	if (f->tail > 0)
		buf_printf(b, ", a torn tail of %" PRIu64 " bytes", f->tail);
	buf_put(b, "\n", 1);
}

static void
copy(struct kvfile *f, struct buf *b, const char *operand)
{
	(void)b;
	kvfile_load(f, false, NULL, NULL);
	kvfile_copy(f, operand);
}

static void
trim(struct kvfile *f, struct buf *b, const char *operand)
{
	uint64_t n = arg_uint("positions", operand, 0, INT32_MAX);

	(void)b;
	kvfile_load(f, true, NULL, NULL);
	if (n > f->n)
		die("%s: has %" PRIu64 " good positions, not %" PRIu64,
		    f->path, f->n, n);
	kvfile_cut(f, n);
}

static const struct {
	const char *name;
	verb *run;
	enum kvfile_mode mode;
	int operands; /* besides the verb */
	int file;     /* which of them is the cache */
} verbs[] = {
	{ "info", info, KVFILE_READ, 1, 1 },
	{ "tokens", tokens, KVFILE_READ, 1, 1 },
	{ "check", check, KVFILE_READ, 1, 1 },
	{ "copy", copy, KVFILE_READ, 2, 1 },
	{ "trim", trim, KVFILE_CUT, 2, 2 },
};

int
main(int argc, char **argv)
{
	const size_t many = sizeof(verbs) / sizeof(verbs[0]);
	struct kern kern;
	struct output out;
	struct kvfile f;
	struct buf b = { 0 };
	char err[ERRLEN];
	size_t v = 0;

	start(argc, argv, "kvcache", "info file | tokens file | check file | "
	    "copy file new | trim positions file");
	while (option(argc, argv, "") != -1)
		;
	argc -= optind;
	argv += optind;
	while (argc > 0 && v < many && strcmp(argv[0], verbs[v].name) != 0)
		v++;
	if (argc == 0 || v == many || argc != 1 + verbs[v].operands)
		usage();
	if (kern_get(&kern, err) != 0)
		die("%s", err);

	output_open(&out, STDOUT_FILENO, "stdout");
	kvfile_open(&f, argv[verbs[v].file], verbs[v].mode, NULL, &kern, false);
	verbs[v].run(&f, &b, argv[3 - verbs[v].file]);
	kvfile_close(&f);
	output_put(&out, b.p, b.len);
	output_close(&out);
	buf_free(&b);
	return 0;
}
