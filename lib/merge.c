#include "merge.h"

#include <stdlib.h>

#include "util.h"

/* From this many symbols on a heap is faster than a look at all. */
enum { FEW = 24 };

struct symbol *
merge_begin(struct merge *m, size_t n)
{
	m->symbol = xgrow(m->symbol, &m->cap_symbol, n, sizeof(*m->symbol));
	m->n = n;
	for (uint32_t i = 0; i < n; i++) {
		m->symbol[i].prev = i == 0 ? MERGE_END : i - 1;
		m->symbol[i].next = i + 1 == n ? MERGE_END : i + 1;
	}
	return m->symbol;
}

void
merge_cut(struct merge *m, size_t n)
{
	m->n = n;
	m->symbol[n - 1].next = MERGE_END;
}

void
merge_free(struct merge *m)
{
	free(m->symbol);
	free(m->heap);
	*m = (struct merge) { 0 };
}

static void
push(struct merge *m, uint64_t e)
{
	size_t i = m->nheap++;

	m->heap = xgrow(m->heap, &m->cap_heap, m->nheap, sizeof(*m->heap));
	for (; i > 0 && m->heap[(i - 1) / 2] > e; i = (i - 1) / 2)
		m->heap[i] = m->heap[(i - 1) / 2];
	m->heap[i] = e;
}

static uint64_t
pop(struct merge *m)
{
	uint64_t top = m->heap[0], e = m->heap[--m->nheap];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < m->nheap) {
		if (child + 1 < m->nheap && m->heap[child + 1] < m->heap[child])
			child++;
		if (m->heap[child] >= e)
			break;
		m->heap[i] = m->heap[child];
		i = child;
	}
	m->heap[i] = e;
	return top;
}

/* Find what symbol i and the next one make. */
static void
rate(struct merge *m, uint32_t i, merge_rank *rank, void *arg)
{
	struct symbol *a = &m->symbol[i], *b;

	a->rank = MERGE_NONE;
	if (a->next == MERGE_END)
		return;
	b = &m->symbol[a->next];
	rank(arg, a, b, b->next == MERGE_END ? MERGE_END :
	    m->symbol[b->next].at);
	if (m->queue && a->rank != MERGE_NONE)
		push(m, (uint64_t)a->rank << 32 | i);
}

/* The pair to merge next, or MERGE_END. Of few symbols the list is looked
 * through, of many the heap knows. */
static uint32_t
best(struct merge *m)
{
	uint32_t found = MERGE_END, rank = MERGE_NONE;

	while (m->queue && m->nheap > 0) {
		uint64_t e = pop(m);
		/* an entry whose pair has changed since is stale */
		if (m->symbol[(uint32_t)e].rank == e >> 32)
			return (uint32_t)e;
	}
	for (uint32_t i = 0; !m->queue && i != MERGE_END; i = m->symbol[i].next)
		if (m->symbol[i].rank < rank) {
			found = i;
			rank = m->symbol[i].rank;
		}
	return found;
}

void
merge_run(struct merge *m, merge_rank *rank, void *arg)
{
	uint32_t i;

	m->nheap = 0;
	m->queue = m->n > FEW;
	for (i = 0; i < m->n; i++)
		rate(m, i, rank, arg);
	while ((i = best(m)) != MERGE_END) {
		struct symbol *s = &m->symbol[i];
		s->id = s->into;
		m->symbol[s->next].rank = MERGE_NONE;
		s->next = m->symbol[s->next].next;
		if (s->next != MERGE_END)
			m->symbol[s->next].prev = i;
		rate(m, i, rank, arg);
		if (s->prev != MERGE_END)
			rate(m, s->prev, rank, arg);
	}
}
