#include "spelling.h"

#include <stdlib.h>
#include <string.h>

/* Eight bytes at a time, each multiplied in; the constants are odd and without
 * pattern (of Weyl sequences, after the golden ratio). */
uint64_t
hash_bytes(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = n * 0x9E3779B97F4A7C15, w;

	for (; n >= 8; s += 8, n -= 8) {
		memcpy(&w, s, 8);
		h = (h ^ w) * 0xD1B54A32D192ED03;
		h ^= h >> 32;
	}
	w = 0;
	memcpy(&w, s, n);
	h = (h ^ w) * 0xD1B54A32D192ED03;
	return h ^ h >> 32;
}

/* The slot of a spelling: its own, or the free one where it would go. */
static uint32_t *
find_slot(const struct spelling *x, const void *p, size_t n)
{
	for (uint64_t i = hash_bytes(p, n);; i++) {
		uint32_t *slot = &x->slot[i & x->mask];
		struct mf_str s;
		if (*slot == 0)
			return slot;
		s = x->vocab->token[*slot - 1];
		if (s.len == n && memcmp(s.p, p, n) == 0)
			return slot;
	}
}

int32_t
spelling_find(const struct spelling *x, const void *p, size_t n)
{
	if (n > x->longest)
		return -1;
	return (int32_t)*find_slot(x, p, n) - 1;
}

/* Add a token: 0, or -1 when another one is spelled alike. */
static int
add(struct spelling *x, int32_t id, char *err)
{
	struct mf_str s = x->vocab->token[id];
	uint32_t *slot = find_slot(x, s.p, s.len);

	if (*slot != 0)
		return fail(err, "tokens %lu and %ld are both '%.*s'",
		    (unsigned long)*slot - 1, (long)id,
		    (int)(s.len > 64 ? 64 : s.len), s.p);
	*slot = (uint32_t)id + 1;
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
