#include "spelling.h"

#include <stdlib.h>

#include "bytes.h"
#include "chosen.h"

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
		const unsigned char *at;
		struct mf_str s;
		if (x->tag[i] == 0)
			return i;
		if (x->tag[i] != tag_of(hash))
			continue;
		at = x->vocab->spelled->p + x->slot[i].at;
		s = mf_next_str(&at);
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
	return x->tag[i] == 0 ? -1 : (int32_t)x->slot[i].id;
}

static inline bool
is_allowed(const struct pairs *of, struct mf_str s)
{
	return pairs_allow(of, s.p, s.len);
}

/* Add a token, if it has a spelling: 0, or -1 when another is spelled alike. */
static int
add(struct spelling *x, int32_t id, struct mf_str s, char *err)
{
	size_t at = (size_t)(s.p - (const char *)x->vocab->spelled->p) - 8;
	uint64_t hash = bytes_hash(s.p, s.len);
	size_t i;

	if (s.len == 0)
		return 0;
	if (at > UINT32_MAX)
		return fail(err, "key tokenizer.ggml.tokens: too large");
	i = find(x, s.p, s.len, hash);
	if (x->tag[i] != 0)
		return fail(err, "tokens %lu and %ld are both '%.*s'",
		    (unsigned long)x->slot[i].id, (long)id,
		    (int)(s.len > 64 ? 64 : s.len), s.p);
	x->tag[i] = tag_of(hash);
	x->slot[i] = (struct spelling_slot) { (uint32_t)id, (uint32_t)at };
	if (s.len > x->longest)
		x->longest = s.len;
	return 0;
}

int
spelling_open(struct spelling *x, const struct vocab *v, unsigned types,
    const struct pairs *of, char *err)
{
	size_t size = 16, n = v->n;
	struct chosen *list = of == NULL ? NULL
	                                 : chosen(v->spelled, of, is_allowed, &n);
	const unsigned char *at = v->spelled->p;
	int r = 0;

	while (size < n + n / 2)
		size *= 2;
	*x = (struct spelling) { .vocab = v, .mask = size - 1,
		.tag = xaligned(size, 1),
		.slot = xreallocarray(NULL, size, sizeof(*x->slot)) };
	for (size_t i = 0; i < n && r == 0; i++) {
		int32_t id = (int32_t)(of == NULL ? i : list[i].number);
		struct mf_str s = of == NULL ? mf_next_str(&at) : list[i].s;
		if (types >> vocab_type(v, id) & 1)
			r = add(x, id, s, err);
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
	free(x->slot);
	*x = (struct spelling) { 0 };
}
