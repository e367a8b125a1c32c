#include "spelling.h"

#include <stdlib.h>

#include "bytes.h"

static unsigned char
tag_of(uint64_t hash)
{
	return (unsigned char)(0x80 | hash >> 57);
}

/* The place of a spelling: its own, or the free one where it would go. */
static size_t
find(const struct spelling *x, const void *p, size_t n, uint64_t hash)
{
	for (size_t i = (size_t)hash & x->mask;; i = (i + 1) & x->mask) {
		struct mf_str s;
		if (x->tag[i] == 0)
			return i;
		if (x->tag[i] != tag_of(hash))
			continue;
		s = vocab_token(x->vocab, (int32_t)x->id[i]);
		if (s.len == n && bytes_equal(s.p, p, n))
			return i;
	}
}

int32_t
spelling_find(const struct spelling *x, const void *p, size_t n)
{
	size_t i;

	if (n > x->longest)
		return -1;
	i = find(x, p, n, bytes_hash(p, n));
	return x->tag[i] == 0 ? -1 : (int32_t)x->id[i];
}

/* The tokens that `of` allows; to be freed. */
static int32_t *
choose(const struct vocab *v, const struct pairs *of, size_t *n)
{
	int32_t *list = NULL;
	size_t cap = 0;

	*n = 0;
	for (int32_t id = 0; id < (int32_t)v->n; id++) {
		struct mf_str s = vocab_token(v, id);
		if (!pairs_allow(of, s.p, s.len))
			continue;
		if (*n == cap)
			list = xgrow(list, &cap, *n + 1, sizeof(*list));
		list[(*n)++] = id;
	}
	return list;
}

/* Add a token, if it has a spelling: 0, or -1 when another is spelled alike. */
static int
add(struct spelling *x, int32_t id, char *err)
{
	struct mf_str s = vocab_token(x->vocab, id);
	uint64_t hash = bytes_hash(s.p, s.len);
	size_t i;

	if (s.len == 0)
		return 0;
	i = find(x, s.p, s.len, hash);
	if (x->tag[i] != 0)
		return fail(err, "tokens %lu and %ld are both '%.*s'",
		    (unsigned long)x->id[i], (long)id,
		    (int)(s.len > 64 ? 64 : s.len), s.p);
	x->tag[i] = tag_of(hash);
	x->id[i] = (uint32_t)id;
	if (s.len > x->longest)
		x->longest = s.len;
	return 0;
}

int
spelling_open(struct spelling *x, const struct vocab *v, unsigned types,
    const struct pairs *of, char *err)
{
	size_t size = 16, n = v->n;
	int32_t *list = of == NULL ? NULL : choose(v, of, &n);
	int r = 0;

	while (size < n + n / 2)
		size *= 2;
	*x = (struct spelling) { .vocab = v, .mask = size - 1,
		.tag = xaligned(size, 1),
		.id = xreallocarray(NULL, size, sizeof(*x->id)) };
	for (size_t i = 0; i < n && r == 0; i++) {
		int32_t id = of == NULL ? (int32_t)i : list[i];
		if (types >> vocab_type(v, id) & 1)
			r = add(x, id, err);
	}
	free(list);
	if (r != 0)
		spelling_close(x);
	return r;
}

void
spelling_close(struct spelling *x)
{
	free(x->tag);
	free(x->id);
	*x = (struct spelling) { 0 };
}
