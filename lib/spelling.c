#include "spelling.h"

#include <stdlib.h>

#include "bytes.h"

/* The slot of a spelling: its own, or the free one where it would go. */
static struct spelling_slot *
find_slot(const struct spelling *x, const void *p, size_t n, uint64_t hash)
{
	for (size_t i = (size_t)hash;; i++) {
		struct spelling_slot *slot = &x->slot[i & x->mask];
		struct mf_str s;
		if (slot->id == 0)
			return slot;
		if (slot->hash != hash >> 32)
			continue;
		s = x->vocab->token[slot->id - 1];
		if (s.len == n && bytes_equal(s.p, p, n))
			return slot;
	}
}

int32_t
spelling_find(const struct spelling *x, const void *p, size_t n)
{
	if (n > x->longest)
		return -1;
	return (int32_t)find_slot(x, p, n, bytes_hash(p, n))->id - 1;
}

/* Add a token: 0, or -1 when another one is spelled alike. */
static int
add(struct spelling *x, int32_t id, char *err)
{
	struct mf_str s = x->vocab->token[id];
	uint64_t hash = bytes_hash(s.p, s.len);
	struct spelling_slot *slot = find_slot(x, s.p, s.len, hash);

	if (slot->id != 0)
		return fail(err, "tokens %lu and %ld are both '%.*s'",
		    (unsigned long)slot->id - 1, (long)id,
		    (int)(s.len > 64 ? 64 : s.len), s.p);
	*slot = (struct spelling_slot) { (uint32_t)id + 1,
		(uint32_t)(hash >> 32) };
	if (s.len > x->longest)
		x->longest = s.len;
	return 0;
}

int
spelling_open(struct spelling *x, const struct vocab *v, unsigned types,
    char *err)
{
	size_t size = 16;

	while (size < v->n + v->n / 2)
		size *= 2;
	*x = (struct spelling) { .vocab = v, .mask = size - 1,
		.slot = xcalloc(size, sizeof(*x->slot)) };
	for (int32_t id = 0; id < (int32_t)v->n; id++) {
		if (v->token[id].len == 0 ||
		    (types >> vocab_type(v, id) & 1) == 0)
			continue;
		if (add(x, id, err) != 0) {
			spelling_close(x);
			return -1;
		}
	}
	return 0;
}

void
spelling_close(struct spelling *x)
{
	free(x->slot);
	*x = (struct spelling) { 0 };
}
