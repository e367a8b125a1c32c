#include "modelfile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dtype.h"
#include "gguf.h"
#include "hf.h"

size_t
mf_size(uint32_t type)
{
	static const unsigned char size[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8,
		8, 8 };

	return type < sizeof(size) ? size[type] : 0;
}

static int
cmp_str(struct mf_str a, struct mf_str b)
{
	int r = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	return r ? r : (a.len > b.len) - (a.len < b.len);
}

static int
cmp_kv(const void *a, const void *b)
{
	return cmp_str(((const struct mf_kv *)a)->key,
	    ((const struct mf_kv *)b)->key);
}

static int
cmp_tensor(const void *a, const void *b)
{
	return cmp_str(((const struct mf_tensor *)a)->name,
	    ((const struct mf_tensor *)b)->name);
}

int
mf_sort(struct modelfile *f, char *err)
{
	const struct mf_str *s = NULL;

	if (f->nkv > 0)
		qsort(f->kv, f->nkv, sizeof(*f->kv), cmp_kv);
	if (f->ntensor > 0)
		qsort(f->tensor, f->ntensor, sizeof(*f->tensor), cmp_tensor);
	for (size_t i = 1; i < f->nkv; i++)
		if (cmp_kv(&f->kv[i - 1], &f->kv[i]) == 0)
			s = &f->kv[i].key;
	if (s != NULL)
		return fail(err, "key %.*s: stands twice", MF_SHOW(*s));
	for (size_t i = 1; i < f->ntensor; i++)
		if (cmp_tensor(&f->tensor[i - 1], &f->tensor[i]) == 0)
			s = &f->tensor[i].name;
	if (s != NULL)
		return fail(err, "tensor %.*s: stands twice", MF_SHOW(*s));
	return 0;
}

void *
mf_make(struct modelfile *f, size_t n, size_t size)
{
	f->made = xreallocarray(f->made, f->nmade + 1, sizeof(*f->made));
	return f->made[f->nmade++] = xaligned(n, size);
}

static struct mf_str
copy_str(struct modelfile *f, const char *s)
{
	struct mf_str copy = { NULL, strlen(s) };

	return (struct mf_str) { memcpy(mf_make(f, copy.len + 1, 1), s,
	    copy.len + 1), copy.len };
}

/* A new key with room for n values. */
static unsigned char *
put(struct modelfile *f, const char *key, enum mf_type type, bool array,
    size_t n, size_t size)
{
	unsigned char *p = mf_make(f, n, size);

	f->kv = xreallocarray(f->kv, f->nkv + 1, sizeof(*f->kv));
	f->kv[f->nkv++] = (struct mf_kv) { .key = copy_str(f, key),
		.type = type, .array = array, .n = n, .p = p };
	return p;
}

static void
store(unsigned char *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++, v >>= 8)
		p[i] = (unsigned char)v;
}

void
mf_put_uint(struct modelfile *f, const char *key, uint64_t v)
{
	store(put(f, key, MF_U64, false, 1, 8), v, 8);
}

void
mf_put_float(struct modelfile *f, const char *key, double v)
{
	uint64_t u;

	memcpy(&u, &v, sizeof(u));
	store(put(f, key, MF_F64, false, 1, 8), u, 8);
}

void
mf_put_bool(struct modelfile *f, const char *key, bool v)
{
	*put(f, key, MF_BOOL, false, 1, 1) = v;
}

void
mf_put_string(struct modelfile *f, const char *key, const char *v)
{
	size_t n = strlen(v);
	unsigned char *p = put(f, key, MF_STR, false, 1, n + 8);

	store(p, n, 8);
	memcpy(p + 8, v, n);
}

void
mf_put_uints(struct modelfile *f, const char *key, const uint32_t *v, size_t n)
{
	unsigned char *p = put(f, key, MF_U32, true, n, 4);

	for (size_t i = 0; i < n; i++)
		store(p + 4 * i, v[i], 4);
}

void
mf_put_bools(struct modelfile *f, const char *key, const bool *v, size_t n)
{
	unsigned char *p = put(f, key, MF_BOOL, true, n, 1);

	for (size_t i = 0; i < n; i++)
		p[i] = v[i];
}

void
mf_put_array(struct modelfile *f, const char *key, enum mf_type type, size_t n,
    const void *p, size_t size)
{
	unsigned char *to = put(f, key, type, true, size, 1);
	const unsigned char *at = to;
	size_t *mark;

	f->kv[f->nkv - 1].n = n;
	if (size > 0)
		memcpy(to, p, size);
	if (type != MF_STR)
		return;
	f->kv[f->nkv - 1].mark = mark = mf_make(f, n / MF_MARK + 1,
	    sizeof(*mark));
	for (size_t i = 0; i < n; i++) {
		if (i % MF_MARK == 0)
			mark[i / MF_MARK] = (size_t)(at - to);
		mf_next_str(&at);
	}
}

float *
mf_put_floats(struct modelfile *f, const char *name, size_t n)
{
	float *v = mf_make(f, n, sizeof(*v));

	f->tensor = xreallocarray(f->tensor, f->ntensor + 1,
	    sizeof(*f->tensor));
	f->tensor[f->ntensor++] = (struct mf_tensor) { .name = copy_str(f,
	    name), .type = DTYPE_F32, .ndim = 1, .ne = { n, 1, 1, 1 },
		.data = (unsigned char *)v, .size = n * sizeof(*v) };
	return v;
}

/* Map one GGUF file: f has its metadata and tensors. */
static int
open_gguf(struct modelfile *f, const char *path, char *err)
{
	struct map m;

	if (map_open(&m, path, err) != 0)
		return -1;
	if (gguf_parse(f, m.p, m.size, err) != 0) {
		map_close(&m);
		return -1;
	}
	f->map = xcalloc(1, sizeof(m));
	f->map[f->nmap++] = m;
	return 0;
}

/* Move part's maps and tensors to f. */
static void
join(struct modelfile *f, struct modelfile *part)
{
	f->map = xreallocarray(f->map, f->nmap + part->nmap, sizeof(*f->map));
	f->tensor = xreallocarray(f->tensor, f->ntensor + part->ntensor + 1,
	    sizeof(*f->tensor));
	for (size_t i = 0; i < part->nmap; i++)
		f->map[f->nmap++] = part->map[i];
	for (size_t i = 0; i < part->ntensor; i++)
		f->tensor[f->ntensor++] = part->tensor[i];
	part->nmap = part->ntensor = 0;
}

/* The parts that follow the first, whose name ends in -00001-of-0000N.gguf
 * (https://github.com/ggml-org/llama.cpp, tools/gguf-split). */
static int
open_parts(struct modelfile *f, const char *path, uint64_t count, char *err)
{
	size_t len = strlen(path), stem;
	char tail[32], *name;
	uint64_t want = f->ntensor, no;
	int r = 0;

	snprintf(tail, sizeof(tail), "-00001-of-%05llu.gguf",
	    (unsigned long long)count);
	stem = strlen(tail);
	if (count > 99999 || len < stem || strcmp(path + len - stem, tail) != 0)
		return fail(err, "the first of %llu parts, but its name does "
		    "not end in -00001-of-%05llu.gguf",
		    (unsigned long long)count, (unsigned long long)count);
	name = xcalloc(len + 1, 1);
	for (uint64_t i = 1; i < count && r == 0; i++) {
		struct modelfile part;
		char why[ERRLEN];
		snprintf(name, len + 1, "%.*s-%05llu%s", (int)(len - stem),
		    path, (unsigned long long)i + 1, tail + 6);
		if (open_gguf(&part, name, why) != 0) {
			r = fail(err, "part %llu: %s",
			    (unsigned long long)i + 1, why);
			continue;
		}
		if (mf_uint(&part, "split.no", &no, why) != 1 || no != i)
			r = fail(err, "part %llu: says that it is another",
			    (unsigned long long)i + 1);
		join(f, &part);
		modelfile_close(&part);
	}
	free(name);
	if (r == 0 && mf_uint(f, "split.tensors.count", &want, err) == 1 &&
	    want != f->ntensor)
		r = fail(err, "%llu tensors in all parts, not %llu",
		    (unsigned long long)f->ntensor, (unsigned long long)want);
	return r == 0 ? mf_sort(f, err) : r;
}

/* Is this the path of a directory, or of a file that one has? */
static bool
is_hf(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	struct stat st;

	return strcmp(name, "config.json") == 0 ||
	    strcmp(name, "tokenizer.json") == 0 ||
	    (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

int
modelfile_open(struct modelfile *f, const char *path, char *err)
{
	uint64_t count = 1, no = 0;

	if (is_hf(path))
		return hf_open(f, path, err);
	if (open_gguf(f, path, err) != 0)
		return -1;
	if (mf_uint(f, "split.count", &count, err) < 0 ||
	    mf_uint(f, "split.no", &no, err) < 0 ||
	    (no > 0 && fail(err, "part %llu of a model in %llu parts: name "
	        "the first", (unsigned long long)no + 1,
	        (unsigned long long)count)) ||
	    (count > 1 && open_parts(f, path, count, err) != 0)) {
		modelfile_close(f);
		return -1;
	}
	return 0;
}

void
modelfile_close(struct modelfile *f)
{
	free(f->kv);
	free(f->tensor);
	for (size_t i = 0; i < f->nmap; i++)
		map_close(&f->map[i]);
	free(f->map);
	for (size_t i = 0; i < f->nmade; i++)
		free(f->made[i]);
	free(f->made);
	*f = (struct modelfile) { 0 };
}

const struct mf_kv *
mf_find(const struct modelfile *f, const char *key)
{
	struct mf_kv want = { .key = { key, strlen(key) } };

	return f->nkv == 0 ? NULL : bsearch(&want, f->kv, f->nkv,
	    sizeof(*f->kv), cmp_kv);
}

const struct mf_tensor *
mf_tensor(const struct modelfile *f, const char *name)
{
	struct mf_tensor want = { .name = { name, strlen(name) } };

	return f->ntensor == 0 ? NULL : bsearch(&want, f->tensor, f->ntensor,
	    sizeof(*f->tensor), cmp_tensor);
}

static int
wrong(const char *key, const char *want, char *err)
{
	return fail(err, "key %s: not %s", key, want);
}

int
mf_uint(const struct modelfile *f, const char *key, uint64_t *v, char *err)
{
	const struct mf_kv *kv = mf_find(f, key);
	uint64_t u = 0;
	size_t size;
	bool sign;

	if (kv == NULL)
		return 0;
	size = mf_size(kv->type);
	if (kv->array || kv->type == MF_STR || kv->type == MF_F32 ||
	    kv->type == MF_F64 || kv->type == MF_BOOL)
		return wrong(key, "a whole number", err);
	for (size_t i = size; i-- > 0;)
		u = u << 8 | kv->p[i];
	sign = kv->type == MF_I8 || kv->type == MF_I16 ||
	    kv->type == MF_I32 || kv->type == MF_I64;
	if (sign && u >> (8 * size - 1) != 0)
		return wrong(key, "a positive number", err);
	*v = u;
	return 1;
}

int
mf_float(const struct modelfile *f, const char *key, double *v, char *err)
{
	const struct mf_kv *kv = mf_find(f, key);
	double d;

	if (kv == NULL)
		return 0;
	if (kv->array || (kv->type != MF_F32 && kv->type != MF_F64))
		return wrong(key, "a floating-point number", err);
	if (kv->type == MF_F32) {
		d = (double)get_f32(kv->p);
	} else {
		uint64_t u = get_u64(kv->p);
		memcpy(&d, &u, sizeof(d));
	}
	if (!isfinite(d))
		return wrong(key, "a finite number", err);
	*v = d;
	return 1;
}

int
mf_bool(const struct modelfile *f, const char *key, bool *v, char *err)
{
	const struct mf_kv *kv = mf_find(f, key);

	if (kv == NULL)
		return 0;
	if (kv->array || kv->type != MF_BOOL || kv->p[0] > 1)
		return wrong(key, "true or false", err);
	*v = kv->p[0];
	return 1;
}

int
mf_string(const struct modelfile *f, const char *key, struct mf_str *v,
    char *err)
{
	const struct mf_kv *kv = mf_find(f, key);
	const unsigned char *p;

	if (kv == NULL)
		return 0;
	if (kv->array || kv->type != MF_STR)
		return wrong(key, "a string", err);
	p = kv->p;
	*v = mf_next_str(&p);
	return 1;
}

int
mf_array(const struct modelfile *f, const char *key, enum mf_type type,
    const struct mf_kv **v, char *err)
{
	static const char *const name[] = { "u8", "i8", "u16", "i16", "u32",
		"i32", "f32", "bool", "string", "array", "u64", "i64", "f64" };
	const struct mf_kv *kv = mf_find(f, key);

	if (kv == NULL)
		return 0;
	if (!kv->array || kv->type != type)
		return fail(err, "key %s: not an array of %s", key,
		    name[type]);
	*v = kv;
	return 1;
}

static int
cmp_id(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* Put v among the n ids, if it is not: how many there are then. */
static int
add_end_id(int32_t *id, int n, const char *key, uint64_t v, size_t n_token,
    char *err)
{
	if (v >= n_token || v > INT32_MAX)
		return fail(err, "key %s: id %llu is not in the vocabulary of "
		    "%zu", key, (unsigned long long)v, n_token);
	for (int i = 0; i < n; i++)
		if (id[i] == (int32_t)v)
			return n;
	if (n == MF_END_IDS)
		return fail(err, "key %s: more than %d ids", key, MF_END_IDS);
	id[n] = (int32_t)v;
	return n + 1;
}

/* Does a control token of this spelling end a text, or a turn? (As text, </s> is
 * markup.) */
static bool
is_end(struct mf_str s)
{
	static const char *const end[] = { "<|endoftext|>", "<|im_end|>",
		"<|end_of_text|>", "<|eot_id|>", "<|eom_id|>", "<|end|>",
		"<end_of_turn>", "<eos>", "</s>" };

	if (s.len < 4 || s.len > 15 || s.p[0] != '<')
		return false;
	for (size_t i = 0; i < sizeof(end) / sizeof(end[0]); i++)
		if (strlen(end[i]) == s.len && memcmp(end[i], s.p, s.len) == 0)
			return true;
	return false;
}

/* Add the ids of tokens that are spelled so. */
static int
add_spelled(const struct modelfile *f, int32_t *id, int n, size_t n_token,
    char *err)
{
	static const char tokens[] = "tokenizer.ggml.tokens";
	enum { RUN = 1024 }; /* of most of which all are of one type */
	const struct mf_kv *kv = NULL, *type = NULL;
	uint64_t end, stop;

	if (mf_array(f, tokens, MF_STR, &kv, err) != 1 ||
	    mf_array(f, "tokenizer.ggml.token_type", MF_I32, &type, err) != 1 ||
	    type->n != kv->n)
		return n; /* whoever needs them will say so */
	end = kv->n < n_token ? kv->n : n_token;
	for (uint64_t i = 0; i < end && n >= 0; i = stop) {
		const unsigned char *t = type->p + 4 * i, *at;
		stop = end - i < RUN ? end : i + RUN;
		if (get_i32(t) != TOKEN_CONTROL &&
		    all_same32(t, (size_t)(stop - i)))
			continue;
		for (at = mf_str_at(kv, i); i < stop && n >= 0; i++) {
			struct mf_str s = mf_next_str(&at);
			if (get_i32(type->p + 4 * i) == TOKEN_CONTROL &&
			    is_end(s))
				n = add_end_id(id, n, tokens, i, n_token, err);
		}
	}
	return n;
}

int
mf_end_ids(const struct modelfile *f, size_t n_token,
    int32_t id[MF_END_IDS], char *err)
{
	static const char *const key[] = { "tokenizer.ggml.eos_token_id",
		"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id" };
	static const char list[] = "tokenizer.ggml.eog_token_ids";
	const struct mf_kv *kv = NULL;
	uint64_t v;
	int n = 0, r;

	for (int i = 0; i < 3 && n >= 0; i++) {
		if ((r = mf_uint(f, key[i], &v, err)) < 0)
			return -1;
		/* an old way to say that there is none */
		if (r == 1 && (i == 0 || v != UINT32_MAX))
			n = add_end_id(id, n, key[i], v, n_token, err);
	}
	if (n < 0 || (r = mf_array(f, list, MF_U32, &kv, err)) < 0)
		return -1;
	for (uint64_t i = 0; r == 1 && i < kv->n && n >= 0; i++)
		n = add_end_id(id, n, list, get_u32(kv->p + 4 * i), n_token,
		    err);
	if (n >= 0)
		n = add_spelled(f, id, n, n_token, err);
	if (n > 0)
		qsort(id, (size_t)n, sizeof(*id), cmp_id);
	return n;
}
