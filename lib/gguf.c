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
take_str(struct cursor *c, struct mf_str *s)
{
	uint64_t len;

	if (!take_u64(c, &len) || len > left(c))
		return false;
	*s = (struct mf_str) { (const char *)c->p, (size_t)len };
	c->p += len;
	return true;
}

/* Where a string ends, the next one begins: to walk over them is to wait for one
 * length after the other. So a walk is begun at some places further on as well,
 * which are guesses. One is right when the walk before it comes to it. */
enum {
	WALKS = 4,
	STEP = 4096, /* bytes of each walk, about; longer strings end them */
	SHORT = 256, /* strings that are shorter are looked for */
	ROUND = WALKS * STEP / 8 + 1, /* strings of all walks, at most */
};

/* From p on, the first place that may be where strings begin, or NULL. Reads
 * less than STEP bytes. */
static const unsigned char *
guess(const unsigned char *p)
{
	for (size_t i = 0; i < SHORT; i++) {
		const unsigned char *s = p + i;
		int n = 0;
		for (; n < 4 && get_u64(s) < SHORT; n++)
			s += 8 + get_u64(s);
		if (n == 4)
			return p + i;
	}
	return NULL;
}

/* Walk on over strings of kv, from number i on; there are more than ROUND, and
 * (WALKS + 2) * STEP bytes at least. Returns over how many, or 0 when that did not
 * work out; nothing has changed then. */
static size_t
walk_round(struct cursor *c, const struct mf_kv *kv, size_t *mark, uint64_t i)
{
	const unsigned char *at[WALKS] = { c->p }, *stop[WALKS];
	uint16_t where[WALKS][(STEP + SHORT) / 8 + 1];
	size_t n[WALKS] = { 0 }, all = 0;
	bool on = true;

	for (size_t k = 1; k < WALKS; k++)
		if ((stop[k - 1] = at[k] = guess(c->p + k * STEP)) == NULL)
			return 0;
	stop[WALKS - 1] = c->p + WALKS * STEP;
	while (on) {
		on = false;
		for (size_t k = 0; k < WALKS; k++) {
			uint64_t len;
			if (at[k] >= stop[k])
				continue;
			where[k][n[k]++] = (uint16_t)(at[k] - c->p);
			if ((len = get_u64(at[k])) > STEP)
				return 0;
			at[k] += 8 + len;
			on = true;
		}
	}
	for (size_t k = 0; k < WALKS - 1; k++)
		if (at[k] != stop[k])
			return 0;
	for (size_t k = 0; k < WALKS; all += n[k++])
		for (size_t j = -(size_t)(i + all) % MF_MARK; j < n[k];
		    j += MF_MARK)
			mark[(i + all + j) / MF_MARK] = (size_t)(c->p - kv->p) +
			    where[k][j];
	c->p = at[WALKS - 1];
	return all;
}

/* The strings of kv, and where they stand. */
static int
parse_strings(struct modelfile *f, struct cursor *c, struct mf_kv *kv,
    char *err)
{
	const unsigned char *again = c->p; /* when to try many at once */
	size_t *mark = NULL, n;
	struct mf_str s;

	if (kv->n > left(c) / 8)
		return fail(err, "the metadata ends early");
	if (kv->array)
		kv->mark = mark = mf_make(f, (size_t)kv->n / MF_MARK + 1,
		    sizeof(*mark));
	for (uint64_t i = 0; i < kv->n; i += n) {
		n = 0;
		if (c->p >= again && kv->n - i > ROUND &&
		    left(c) >= (WALKS + 2) * STEP) {
			again = c->p + WALKS * STEP;
			n = walk_round(c, kv, mark, i);
		}
		if (n > 0)
			continue;
		if (mark != NULL && i % MF_MARK == 0)
			mark[i / MF_MARK] = (size_t)(c->p - kv->p);
		if (!take_str(c, &s))
			return fail(err, "the metadata ends early");
		n = 1;
	}
	return 0;
}

static int
parse_kv(struct modelfile *f, struct cursor *c, struct mf_kv *kv, char *err)
{
	uint32_t type;
	size_t size;

	if (!take_str(c, &kv->key) || !take_u32(c, &type))
		return fail(err, "the metadata ends early");
	kv->array = type == MF_ARR;
	kv->n = 1;
	if (kv->array && (!take_u32(c, &type) || !take_u64(c, &kv->n)))
		return fail(err, "the metadata ends early");
	if (type > MF_F64 || type == MF_ARR)
		return fail(err, "key %.*s: unknown type %lu",
		    (int)(kv->key.len > 64 ? 64 : kv->key.len), kv->key.p,
		    (unsigned long)type);
	kv->type = (enum mf_type)type;
	kv->p = c->p;
	if ((size = mf_size(type)) == 0)
		return parse_strings(f, c, kv, err);
	if (kv->n > left(c) / size)
		return fail(err, "the metadata ends early");
	c->p += kv->n * size;
	return 0;
}

static int
parse_tensor(struct cursor *c, struct mf_tensor *t, char *err)
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
cmp_offset(const void *a, const void *b)
{
	const struct mf_tensor *s = *(struct mf_tensor *const *)a;
	const struct mf_tensor *t = *(struct mf_tensor *const *)b;

	return (s->offset > t->offset) - (s->offset < t->offset);
}

/* Put each tensor's data inside the file and apart from the others'. */
static int
place_tensors(struct modelfile *f, const unsigned char *data, size_t room,
    uint64_t align, char *err)
{
	struct mf_tensor **by = xcalloc(f->ntensor, sizeof(*by));
	uint64_t end = 0;
	int r = 0;

	for (size_t i = 0; i < f->ntensor; i++)
		by[i] = &f->tensor[i];
	qsort(by, f->ntensor, sizeof(*by), cmp_offset);
	for (size_t i = 0; i < f->ntensor && r == 0; i++) {
		struct mf_tensor *t = by[i];
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
parse(struct modelfile *f, struct cursor c, char *err)
{
	const unsigned char *start = c.p;
	uint32_t version;
	uint64_t nkv, ntensor, align = 32;
	size_t at, pad;

	if (left(&c) < 4 || memcmp(c.p, "GGUF", 4) != 0)
		return fail(err, "not a GGUF file");
	c.p += 4;
	if (!take_u32(&c, &version))
		return fail(err, "the header ends early");
	if (version == 2u << 24 || version == 3u << 24)
		return fail(err, "a big-endian GGUF file");
	if (version != 2 && version != 3)
		return fail(err, "GGUF version %lu (2 and 3 are read)",
		    (unsigned long)version);
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
	f->kv = xcalloc((size_t)nkv, sizeof(*f->kv));
	for (; f->nkv < nkv; f->nkv++)
		if (parse_kv(f, &c, &f->kv[f->nkv], err) != 0)
			return -1;
	f->tensor = xcalloc((size_t)ntensor, sizeof(*f->tensor));
	for (; f->ntensor < ntensor; f->ntensor++)
		if (parse_tensor(&c, &f->tensor[f->ntensor], err) != 0)
			return -1;
	if (mf_sort(f, err) != 0)
		return -1;
	if (mf_uint(f, "general.alignment", &align, err) < 0)
		return -1;
	if (align < 8 || align > 1 << 20 || (align & (align - 1)) != 0)
		return fail(err, "general.alignment: %llu is not a power of "
		    "two from 8 to 1048576", (unsigned long long)align);
	if (ntensor == 0)
		return 0;
	at = (size_t)(c.p - start);
	pad = (size_t)(align - at % align) % (size_t)align;
	if (pad > left(&c))
		return fail(err, "the file ends before the tensors' data");
	return place_tensors(f, c.p + pad, left(&c) - pad, align, err);
}

int
gguf_parse(struct modelfile *f, const void *p, size_t size, char *err)
{
	struct cursor c = { p, (const unsigned char *)p + size };

	*f = (struct modelfile) { 0 };
	if (parse(f, c, err) == 0)
		return 0;
	modelfile_close(f);
	return -1;
}

