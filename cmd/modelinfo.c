/* modelinfo - what a model is, needs, and whether it runs; see modelinfo(1) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundled.h"
#include "dtype.h"
#include "escape.h"
#include "hf.h"
#include "io.h"
#include "kvfile.h"
#include "model.h"
#include "safetensors.h"
#include "tokenizer.h"

enum { FEW = 64 }; /* elements of an array that are shown */

static void
put_number(struct buf *b, const struct mf_kv *kv, const unsigned char *p)
{
	size_t size = mf_size(kv->type);
	uint64_t u = 0;
	double d;

	for (size_t i = size; i-- > 0;)
		u = u << 8 | p[i];
	memcpy(&d, &u, sizeof(d));
	if (kv->type == MF_BOOL)
		buf_printf(b, u != 0 ? "true" : "false");
	else if (kv->type == MF_F32)
		buf_printf(b, "%.9g", (double)get_f32(p));
	else if (kv->type == MF_F64)
		buf_printf(b, "%.17g", d);
	else if (kv->type == MF_U8 || kv->type == MF_U16 ||
	    kv->type == MF_U32 || kv->type == MF_U64 ||
	    u >> (8 * size - 1) == 0)
		buf_printf(b, "%" PRIu64, u);
	else /* the two's complement of size bytes */
		buf_printf(b, "-%" PRIu64, (~u + 1) & (size < 8
		    ? ((uint64_t)1 << 8 * size) - 1 : UINT64_MAX));
}

/* key<TAB>value; of a long array, and of one of strings, how many there are */
static void
put_kv(struct buf *b, const struct mf_kv *kv)
{
	const unsigned char *p = kv->p;
	struct mf_str s;

	escape_show(b, kv->key.p, kv->key.len);
	buf_put(b, "\t", 1);
	if (kv->array && (kv->type == MF_STR || kv->n > FEW)) {
		buf_printf(b, "[%" PRIu64 "]", kv->n);
	} else if (kv->type == MF_STR) {
		s = mf_next_str(&p);
		escape_show(b, s.p, s.len);
	} else {
		for (uint64_t i = 0; i < kv->n; i++) {
			buf_put(b, " ", i > 0);
			put_number(b, kv, p + i * mf_size(kv->type));
		}
	}
	buf_put(b, "\n", 1);
}

static void
put_fact(struct buf *b, const char *name, uint64_t v)
{
	buf_printf(b, "%s\t%" PRIu64 "\n", name, v);
}

/* One that is 0 when it is not known. */
static void
put_known(struct buf *b, const char *name, uint64_t v)
{
	if (v > 0)
		put_fact(b, name, v);
}

static const char *
type_name(uint32_t type, char number[16])
{
	const char *name = type >= SAFETENSORS_OTHER ? safetensors_type(type)
	                                             : dtype_name(type);

	snprintf(number, 16, "%lu", (unsigned long)type);
	return name != NULL ? name : number;
}

static uint64_t
elements(const struct mf_tensor *t)
{
	return t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3];
}

/* name, type, shape, bytes (0 when the type is not one that can be read) */
static void
put_tensor(struct buf *b, const struct mf_tensor *t)
{
	char number[16];

	buf_printf(b, "tensor\t");
	escape_show(b, t->name.p, t->name.len);
	buf_printf(b, "\t%s\t%" PRIu64, type_name(t->type, number), t->ne[0]);
	for (uint32_t i = 1; i < t->ndim; i++)
		buf_printf(b, "x%" PRIu64, t->ne[i]);
	buf_printf(b, "\t%zu\n", t->size);
}

static int
by_type(const void *a, const void *b)
{
	uint32_t s = (*(const struct mf_tensor *const *)a)->type;
	uint32_t t = (*(const struct mf_tensor *const *)b)->type;

	return (s > t) - (s < t);
}

/* A line for each type: tensors, weights, bytes; then all of them. */
static void
put_types(struct buf *b, const struct modelfile *f)
{
	const struct mf_tensor **t = xcalloc(f->ntensor, sizeof(*t));
	uint64_t weights = 0, bytes = 0;
	char number[16];

	for (size_t i = 0; i < f->ntensor; i++)
		t[i] = &f->tensor[i];
	if (f->ntensor > 0)
		qsort(t, f->ntensor, sizeof(*t), by_type);
	for (size_t i = 0, k; i < f->ntensor; i = k) {
		uint64_t many = 0, size = 0;
		for (k = i; k < f->ntensor && t[k]->type == t[i]->type; k++) {
			many += elements(t[k]);
			size += t[k]->size;
		}
		buf_printf(b, "type\t%s\t%zu\t%" PRIu64 "\t%" PRIu64 "\n",
		    type_name(t[i]->type, number), k - i, many, size);
		weights += many;
		bytes += size;
	}
	free(t);
	put_fact(b, "tensors", f->ntensor);
	put_fact(b, "weights", weights);
	put_fact(b, "tensor-bytes", bytes);
}

/* Bytes of weights that a decoded token reads: of tables that are looked up, a
 * row. */
static uint64_t
token_bytes(const struct modelfile *f)
{
	const struct mf_tensor *table[] = {
		mf_tensor(f, "output.weight") == NULL ? NULL
		    : mf_tensor(f, "token_embd.weight"),
		mf_tensor(f, "position_embd.weight") };
	uint64_t n = 0;

	for (size_t i = 0; i < f->ntensor; i++)
		n += f->tensor[i].size;
	for (int i = 0; i < 2; i++)
		if (table[i] != NULL && table[i]->ne[1] > 0)
			n -= table[i]->size - table[i]->size / table[i]->ne[1];
	return n;
}

/* A whole number of the architecture, whether or not it can be run; 0 when it
 * is missing. */
static uint64_t
hyper(const struct modelfile *f, const char *name)
{
	char key[128], err[ERRLEN];
	struct mf_str arch;
	uint64_t v = 0;

	if (mf_string(f, "general.architecture", &arch, err) != 1)
		return 0;
	snprintf(key, sizeof(key), "%.*s.%s", MF_SHOW(arch), name);
	return mf_uint(f, key, &v, err) == 1 ? v : 0;
}

/* What keys and values of a context of n positions take: in memory, where
 * pages of KERN_PAGE positions are whole, and in a cache file. */
static void
put_cache(struct buf *b, const struct model *m, const struct kv_geometry *geo,
    uint64_t n)
{
	const char *type = geo->f16 ? "f16" : "f32";
	uint64_t record = seq_record_size(geo), seen = 0;

	buf_printf(b, "%s-position-bytes\t%" PRIu64 "\n", type, record);
	buf_printf(b, "%s-context-bytes\t%" PRIu64 "\n", type,
	    (n + KERN_PAGE - 1) / KERN_PAGE * KERN_PAGE * record);
	buf_printf(b, "%s-file-position-bytes\t%" PRIu64 "\n", type,
	    8 + record);
	buf_printf(b, "%s-file-context-bytes\t%" PRIu64 "\n", type,
	    KVFILE_HEADER + n * (8 + record));
	for (size_t i = 0; i < geo->n_layer; i++) {
		size_t w = m->layer != NULL ? m->layer[i].window : 0;
		seen += w > 0 && w < n ? w : n;
	}
	buf_printf(b, "%s-context-read-bytes\t%" PRIu64 "\n", type,
	    seen * (record / geo->n_layer));
}

static void
put_hyper(struct buf *b, const struct model *m, bool runs, uint64_t limit)
{
	const struct modelfile *f = &m->file;
	uint64_t width = hyper(f, "embedding_length"), context;
	uint64_t heads = hyper(f, "attention.head_count");
	uint64_t kv = hyper(f, "attention.head_count_kv");
	uint64_t each = hyper(f, "attention.key_length");
	struct kv_geometry geo = { .n_layer = hyper(f, "block_count") };
	size_t windowed = 0;

	kv = kv > 0 ? kv : heads;
	each = each > 0 ? each : heads > 0 ? width / heads : 0;
	context = hyper(f, "context_length");
	put_known(b, "layers", geo.n_layer);
	put_known(b, "width", width);
	put_known(b, "heads", heads);
	put_known(b, "kv-heads", kv);
	put_known(b, "head-size", each);
	put_known(b, "feed-forward", hyper(f, "feed_forward_length"));
	put_known(b, "trained-context", context);
	if (runs) {
		context = m->n_ctx;
		put_fact(b, "rows", m->n_vocab);
		put_fact(b, "tokens", m->n_token);
		for (size_t i = 0; i < m->n_layer; i++)
			windowed += m->layer[i].window > 0;
		put_fact(b, "windowed-layers", windowed);
	} else if (limit > 0 && (context == 0 || limit < context)) {
		context = limit;
	}
	put_fact(b, "token-bytes", token_bytes(f));
	put_known(b, "context", context);
	/* what cannot be is not foretold */
	if (geo.n_layer == 0 || geo.n_layer > 1 << 14 || kv == 0 ||
	    kv > 1 << 14 || each == 0 || each > 1 << 14 || context == 0 ||
	    context > INT32_MAX)
		return;
	geo.n_kv = (size_t)kv;
	geo.head_dim = (size_t)each;
	if (seq_record_size(&geo) > 1u << 30)
		return;
	for (int i = 0; i < 2; i++) {
		geo.f16 = i == 0;
		put_cache(b, runs ? m : &(struct model) { 0 }, &geo, context);
	}
}

static void
put_answer(struct buf *b, const char *what, bool yes, const char *why)
{
	buf_printf(b, "%s\t%s\n", what, yes ? "yes" : "no");
	if (!yes) {
		buf_printf(b, "%s-not\t", what);
		escape_show(b, why, strlen(why));
		buf_put(b, "\n", 1);
	}
}

static void
put_files(struct buf *b, const char *path, const struct modelfile *f,
    const char *format)
{
	uint64_t size = 0;

	buf_printf(b, "model\t");
	escape_show(b, path, strlen(path));
	buf_printf(b, "\nformat\t%s\n", format);
	for (size_t i = 0; i < f->nmap; i++)
		size += f->map[i].size;
	put_fact(b, "files", f->nmap);
	put_fact(b, "file-bytes", size);
}

int
main(int argc, char **argv)
{
	struct buf b = { 0 };
	struct tokenizer t;
	struct model m = { 0 };
	struct output out;
	char err[ERRLEN], why[ERRLEN], *path;
	bool list = false, runs, listed = false;
	uint64_t limit = 0;
	int c;

	start(argc, argv, "modelinfo", "[-t] [-C context] [model]");
	while ((c = option(argc, argv, "C:t")) != -1)
		switch (c) {
		case 'C':
			limit = arg_uint("context", optarg, 1, INT32_MAX);
			break;
		case 't':
			list = true;
			break;
		}
	if (argc - optind > 1)
		usage();
	path = bundled_model(argc > optind ? argv[optind] : NULL);

	if (modelfile_open(&m.file, path, err) != 0) {
		listed = hf_list(&m.file, path, why) == 0;
		if (!listed)
			die("%s: %s", path, err);
	}
	put_files(&b, path, &m.file, listed || m.file.rope_half
	        ? "Hugging Face" : "GGUF");
	for (size_t i = 0; i < m.file.nkv; i++)
		put_kv(&b, &m.file.kv[i]);
	runs = !listed && model_bind(&m, (size_t)limit, err) == 0;
	put_answer(&b, "runs", runs, err);
	if (!listed) {
		bool opens = tokenizer_open(&t, &m.file, false, err) == 0;
		bool reads = opens &&
		    tokenizer_read(&t, &m.file, NULL, 0, err) == 0;
		put_answer(&b, "tokenizes", reads, err);
		if (opens)
			tokenizer_close(&t);
	}
	if (list)
		for (size_t i = 0; i < m.file.ntensor; i++)
			put_tensor(&b, &m.file.tensor[i]);
	put_types(&b, &m.file);
	put_hyper(&b, &m, runs, limit);
	output_open(&out, STDOUT_FILENO, "stdout");
	output_put(&out, b.p, b.len);
	output_close(&out);
	model_close(&m);
	buf_free(&b);
	free(path);
	return 0;
}
