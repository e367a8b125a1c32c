#include "gguf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dtype.h"

struct cursor {
	const unsigned char *p, *end;
};

static size_t
left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

uint32_t
get_u32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

uint64_t
get_u64(const unsigned char *p)
{
	return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

int32_t
get_i32(const unsigned char *p)
{
	uint32_t u = get_u32(p);
	int32_t v;

	memcpy(&v, &u, sizeof(v));
	return v;
}

float
get_f32(const unsigned char *p)
{
	uint32_t u = get_u32(p);
	float v;

	memcpy(&v, &u, sizeof(v));
	return v;
}

static bool
take_u32(struct cursor *c, uint32_t *v)
{
	if (left(c) < 4)
		return false;
	*v = get_u32(c->p);
	c->p += 4;
	return true;
}

static bool
take_u64(struct cursor *c, uint64_t *v)
{
	if (left(c) < 8)
		return false;
	*v = get_u64(c->p);
	c->p += 8;
	return true;
}

static bool
take_str(struct cursor *c, struct gguf_str *s)
{
	uint64_t len;

	if (!take_u64(c, &len) || len > left(c))
		return false;
	*s = (struct gguf_str) { (const char *)c->p, (size_t)len };
	c->p += len;
	return true;
}

struct gguf_str
gguf_next_str(const unsigned char **cursor)
{
	struct gguf_str s = { (const char *)*cursor + 8,
		(size_t)get_u64(*cursor) };

	*cursor += 8 + s.len;
	return s;
}

/* Bytes of a scalar; 0 for strings, arrays and unknown types. */
static size_t
scalar_size(uint32_t type)
{
	static const unsigned char size[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8,
		8, 8 };

	return type < sizeof(size) ? size[type] : 0;
}

static int
parse_kv(struct cursor *c, struct gguf_kv *kv, char *err)
{
	uint32_t type;
	size_t size;

	if (!take_str(c, &kv->key) || !take_u32(c, &type))
		return fail(err, "the metadata ends early");
	kv->array = type == GGUF_ARR;
	kv->n = 1;
	if (kv->array && (!take_u32(c, &type) || !take_u64(c, &kv->n)))
		return fail(err, "the metadata ends early");
	if (type > GGUF_F64 || type == GGUF_ARR)
		return fail(err, "key %.*s: unknown type %lu",
		    (int)(kv->key.len > 64 ? 64 : kv->key.len), kv->key.p,
		    (unsigned long)type);
	kv->type = (enum gguf_type)type;
	kv->p = c->p;
	if ((size = scalar_size(type)) != 0) {
		if (kv->n > left(c) / size)
			return fail(err, "the metadata ends early");
		c->p += kv->n * size;
		return 0;
	}
	for (uint64_t i = 0; i < kv->n; i++) {
		struct gguf_str s;
		if (!take_str(c, &s))
			return fail(err, "the metadata ends early");
	}
	return 0;
}

static int
parse_tensor(struct cursor *c, struct gguf_tensor *t, char *err)
{
	const struct dtype *d;
	size_t n = 1;
	int len;

	if (!take_str(c, &t->name) || !take_u32(c, &t->ndim))
		return fail(err, "the list of tensors ends early");
	len = (int)(t->name.len > 64 ? 64 : t->name.len);
	if (t->ndim < 1 || t->ndim > 4)
		return fail(err, "tensor %.*s: %lu dimensions", len, t->name.p,
		    (unsigned long)t->ndim);
	for (uint32_t i = 0; i < 4; i++) {
		t->ne[i] = 1;
		if (i >= t->ndim)
			continue;
		if (!take_u64(c, &t->ne[i]))
			return fail(err, "the list of tensors ends early");
		if (t->ne[i] == 0 || t->ne[i] > SIZE_MAX ||
		    !size_mul(&n, n, (size_t)t->ne[i]))
			return fail(err, "tensor %.*s: impossible shape", len,
			    t->name.p);
	}
	if (!take_u32(c, &t->type) || !take_u64(c, &t->offset))
		return fail(err, "the list of tensors ends early");
	if ((d = dtype_get(t->type)) == NULL)
		return 0;
	if (t->ne[0] % d->block != 0)
		return fail(err, "tensor %.*s: rows of %llu are not whole %s "
		    "blocks", len, t->name.p, (unsigned long long)t->ne[0],
		    d->name);
	if (!size_mul(&t->size, n / d->block, d->bytes))
		return fail(err, "tensor %.*s: impossible shape", len,
		    t->name.p);
	return 0;
}

static int
cmp_str(struct gguf_str a, struct gguf_str b)
{
	int r = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	return r ? r : (a.len > b.len) - (a.len < b.len);
}

static int
cmp_kv(const void *a, const void *b)
{
	return cmp_str(((const struct gguf_kv *)a)->key,
	    ((const struct gguf_kv *)b)->key);
}

static int
cmp_tensor(const void *a, const void *b)
{
	return cmp_str(((const struct gguf_tensor *)a)->name,
	    ((const struct gguf_tensor *)b)->name);
}

static int
cmp_offset(const void *a, const void *b)
{
	const struct gguf_tensor *s = *(struct gguf_tensor *const *)a;
	const struct gguf_tensor *t = *(struct gguf_tensor *const *)b;

	return (s->offset > t->offset) - (s->offset < t->offset);
}

/* Put each tensor's data inside the file and apart from the others'. */
static int
place_tensors(struct gguf *g, const unsigned char *data, size_t room,
    uint64_t align, char *err)
{
	struct gguf_tensor **by = xcalloc(g->ntensor, sizeof(*by));
	uint64_t end = 0;
	int r = 0;

	for (size_t i = 0; i < g->ntensor; i++)
		by[i] = &g->tensor[i];
	qsort(by, g->ntensor, sizeof(*by), cmp_offset);
	for (size_t i = 0; i < g->ntensor && r == 0; i++) {
		struct gguf_tensor *t = by[i];
		int len = (int)(t->name.len > 64 ? 64 : t->name.len);
		if (t->offset % align != 0)
			r = fail(err, "tensor %.*s: misaligned offset %llu",
			    len, t->name.p, (unsigned long long)t->offset);
		else if (t->offset > room || t->size > room - t->offset)
			r = fail(err, "tensor %.*s: its data lie outside the "
			    "file", len, t->name.p);
		else if (t->offset < end)
			r = fail(err, "tensor %.*s: its data overlap another's",
			    len, t->name.p);
		if (r == 0 && t->size > 0) {
			end = t->offset + t->size;
			t->data = data + t->offset;
		}
	}
	free(by);
	return r;
}

static int
parse(struct gguf *g, struct cursor c, char *err)
{
	const unsigned char *start = c.p;
	uint64_t nkv, ntensor, align = 32;
	size_t at, pad;

	if (left(&c) < 4 || memcmp(c.p, "GGUF", 4) != 0)
		return fail(err, "not a GGUF file");
	c.p += 4;
	if (!take_u32(&c, &g->version))
		return fail(err, "the header ends early");
	if (g->version == 2u << 24 || g->version == 3u << 24)
		return fail(err, "a big-endian GGUF file");
	if (g->version != 2 && g->version != 3)
		return fail(err, "GGUF version %lu (2 and 3 are read)",
		    (unsigned long)g->version);
	if (!take_u64(&c, &ntensor) || !take_u64(&c, &nkv))
		return fail(err, "the header ends early");
	/* a key takes at least 13 bytes, a tensor 32: so counts are bounded by
	 * the file before anything is allocated */
	if (nkv > left(&c) / 13)
		return fail(err, "%llu keys cannot be in this file",
		    (unsigned long long)nkv);
	if (ntensor > left(&c) / 32)
		return fail(err, "%llu tensors cannot be in this file",
		    (unsigned long long)ntensor);
	g->kv = xcalloc((size_t)nkv, sizeof(*g->kv));
	for (; g->nkv < nkv; g->nkv++)
		if (parse_kv(&c, &g->kv[g->nkv], err) != 0)
			return -1;
	qsort(g->kv, g->nkv, sizeof(*g->kv), cmp_kv);
	for (size_t i = 1; i < g->nkv; i++)
		if (cmp_kv(&g->kv[i - 1], &g->kv[i]) == 0)
			return fail(err, "key %.*s: stands twice",
			    (int)(g->kv[i].key.len > 64 ? 64 : g->kv[i].key.len),
			    g->kv[i].key.p);
	if (gguf_uint(g, "general.alignment", &align, err) < 0)
		return -1;
	if (align < 8 || align > 1 << 20 || (align & (align - 1)) != 0)
		return fail(err, "general.alignment: %llu is not a power of "
		    "two from 8 to 1048576", (unsigned long long)align);
	g->tensor = xcalloc((size_t)ntensor, sizeof(*g->tensor));
	for (; g->ntensor < ntensor; g->ntensor++)
		if (parse_tensor(&c, &g->tensor[g->ntensor], err) != 0)
			return -1;
	qsort(g->tensor, g->ntensor, sizeof(*g->tensor), cmp_tensor);
	for (size_t i = 1; i < g->ntensor; i++)
		if (cmp_tensor(&g->tensor[i - 1], &g->tensor[i]) == 0)
			return fail(err, "tensor %.*s: stands twice",
			    (int)(g->tensor[i].name.len > 64
			            ? 64 : g->tensor[i].name.len),
			    g->tensor[i].name.p);
	if (ntensor == 0)
		return 0;
	at = (size_t)(c.p - start);
	pad = (size_t)(align - at % align) % (size_t)align;
	if (pad > left(&c))
		return fail(err, "the file ends before the tensors' data");
	return place_tensors(g, c.p + pad, left(&c) - pad, align, err);
}

int
gguf_parse(struct gguf *g, const void *p, size_t size, char *err)
{
	struct cursor c = { p, (const unsigned char *)p + size };

	*g = (struct gguf) { 0 };
	if (parse(g, c, err) == 0)
		return 0;
	gguf_close(g);
	return -1;
}

int
gguf_open(struct gguf *g, const char *path, char *err)
{
	struct map m;

	if (map_open(&m, path, err) != 0)
		return -1;
	if (gguf_parse(g, m.p, m.size, err) != 0) {
		map_close(&m);
		return -1;
	}
	g->map = m;
	return 0;
}

void
gguf_close(struct gguf *g)
{
	free(g->kv);
	free(g->tensor);
	map_close(&g->map);
	*g = (struct gguf) { 0 };
}

const struct gguf_kv *
gguf_find(const struct gguf *g, const char *key)
{
	struct gguf_kv want = { .key = { key, strlen(key) } };

	return g->nkv == 0 ? NULL : bsearch(&want, g->kv, g->nkv,
	    sizeof(*g->kv), cmp_kv);
}

const struct gguf_tensor *
gguf_tensor(const struct gguf *g, const char *name)
{
	struct gguf_tensor want = { .name = { name, strlen(name) } };

	return g->ntensor == 0 ? NULL : bsearch(&want, g->tensor, g->ntensor,
	    sizeof(*g->tensor), cmp_tensor);
}

static int
wrong(const char *key, const char *want, char *err)
{
	return fail(err, "key %s: not %s", key, want);
}

int
gguf_uint(const struct gguf *g, const char *key, uint64_t *v, char *err)
{
	const struct gguf_kv *kv = gguf_find(g, key);
	uint64_t u = 0;
	size_t size;
	bool sign;

	if (kv == NULL)
		return 0;
	size = scalar_size(kv->type);
	if (kv->array || kv->type == GGUF_STR || kv->type == GGUF_F32 ||
	    kv->type == GGUF_F64 || kv->type == GGUF_BOOL)
		return wrong(key, "a whole number", err);
	for (size_t i = size; i-- > 0;)
		u = u << 8 | kv->p[i];
	sign = kv->type == GGUF_I8 || kv->type == GGUF_I16 ||
	    kv->type == GGUF_I32 || kv->type == GGUF_I64;
	if (sign && u >> (8 * size - 1) != 0)
		return wrong(key, "a positive number", err);
	*v = u;
	return 1;
}

int
gguf_float(const struct gguf *g, const char *key, double *v, char *err)
{
	const struct gguf_kv *kv = gguf_find(g, key);
	double d;

	if (kv == NULL)
		return 0;
	if (kv->array || (kv->type != GGUF_F32 && kv->type != GGUF_F64))
		return wrong(key, "a floating-point number", err);
	if (kv->type == GGUF_F32) {
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
gguf_bool(const struct gguf *g, const char *key, bool *v, char *err)
{
	const struct gguf_kv *kv = gguf_find(g, key);

	if (kv == NULL)
		return 0;
	if (kv->array || kv->type != GGUF_BOOL || kv->p[0] > 1)
		return wrong(key, "true or false", err);
	*v = kv->p[0];
	return 1;
}

int
gguf_string(const struct gguf *g, const char *key, struct gguf_str *v,
    char *err)
{
	const struct gguf_kv *kv = gguf_find(g, key);
	const unsigned char *p;

	if (kv == NULL)
		return 0;
	if (kv->array || kv->type != GGUF_STR)
		return wrong(key, "a string", err);
	p = kv->p;
	*v = gguf_next_str(&p);
	return 1;
}

int
gguf_array(const struct gguf *g, const char *key, enum gguf_type type,
    const struct gguf_kv **v, char *err)
{
	static const char *const name[] = { "u8", "i8", "u16", "i16", "u32",
		"i32", "f32", "bool", "string", "array", "u64", "i64", "f64" };
	const struct gguf_kv *kv = gguf_find(g, key);

	if (kv == NULL)
		return 0;
	if (!kv->array || kv->type != type)
		return fail(err, "key %s: not an array of %s", key,
		    name[type]);
	*v = kv;
	return 1;
}
