#include "seqmap.h"

#include <stdlib.h>

/* The slot of seq: its own, or the free one where it would go. */
static struct seqmap_slot *
find(const struct seqmap *m, uint32_t seq)
{
	/* multiplicative hashing; then the next slots in order */
	size_t i = seq * (size_t)2654435769u;

	for (i ^= i >> 16;; i++) {
		struct seqmap_slot *s = &m->slot[i & (m->cap - 1)];
		if (s->number == 0 || s->seq == seq)
			return s;
	}
}

static void
grow(struct seqmap *m)
{
	struct seqmap old = *m;

	m->cap = old.cap ? old.cap * 2 : 16;
	m->slot = xcalloc(m->cap, sizeof(*m->slot));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slot[i].number != 0)
			*find(m, old.slot[i].seq) = old.slot[i];
	free(old.slot);
}

size_t
seqmap_number(struct seqmap *m, uint32_t seq)
{
	struct seqmap_slot *s;

	if (m->n >= m->cap / 2) {
		if (m->n == UINT32_MAX)
			die("too many sequences");
		grow(m);
	}
	s = find(m, seq);
	if (s->number == 0)
		*s = (struct seqmap_slot) { seq, (uint32_t)++m->n };
	return s->number - 1;
}

void
seqmap_free(struct seqmap *m)
{
	free(m->slot);
	*m = (struct seqmap) { 0 };
}
