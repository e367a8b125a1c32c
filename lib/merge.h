/*
 * merge - the loop of byte-pair encoding: of all neighbours that make a token,
 * the pair of the lowest rank is merged (the leftmost of equals), until none is
 * left. (Sennrich, Haddow & Birch 2016, https://arxiv.org/abs/1508.07909.)
 * Where they are many, neighbours wait in a heap, so that n symbols take
 * O(n log n).
 *
 *	s = merge_begin(&m, n);
 *	... s[i].id, s[i].at for each i in 0..n-1 ...
 *	merge_run(&m, rank, arg);
 *	for (i = 0; i != MERGE_END; i = m.symbol[i].next)
 *		... m.symbol[i].id ...
 *	merge_free(&m);
 */
#ifndef MERGE_H
#define MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MERGE_NONE UINT32_MAX /* no rank: the two make no token */
#define MERGE_END UINT32_MAX

/* A part of a word, in a list in the order of the text. */
struct symbol {
	int32_t id;          /* of its token, or -1 */
	uint32_t at;         /* where it begins, in bytes */
	uint32_t prev, next; /* places in the array, MERGE_END at the ends */
	uint32_t rank;       /* of merging it with the next one */
	int32_t into;        /* what that makes */
};

/* Zero-initialised is empty; it is used again for many words. */
struct merge {
	struct symbol *symbol; /* (n) */
	uint64_t *heap;        /* rank << 32 | place */
	size_t n, nheap, cap_symbol, cap_heap;
	bool queue;            /* there are enough symbols for the heap */
};

/* The rank of merging two neighbours and what they make, in a->rank and
 * a->into. `end` is where the second one ends: MERGE_END at the end of the
 * word. */
typedef void merge_rank(void *arg, struct symbol *a, const struct symbol *b,
    uint32_t end);

/* Room for n symbols, 0 < n < MERGE_END, already in a list; it may then be
 * made shorter, not empty. */
struct symbol *merge_begin(struct merge *m, size_t n);
void merge_cut(struct merge *m, size_t n);
void merge_run(struct merge *m, merge_rank *rank, void *arg);
void merge_free(struct merge *m);

#endif
