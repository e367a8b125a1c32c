/*
 * bpe - byte-level byte-pair encoding: a word begins as the tokens of its
 * bytes; of all neighbours that the list of merges knows, the pair that stands
 * first in the list is merged (the leftmost of equals), until none is left.
 * (Sennrich, Haddow & Birch 2016, https://arxiv.org/abs/1508.07909, on bytes as
 * in GPT-2.) Neighbours wait in a heap, so that a word of n bytes takes
 * O(n log n); short words are remembered.
 *
 *	if (bpe_open(&b, &vocab, &g, err) != 0)
 *		die("%s: %s", path, err);
 *	bpe_encode(&b, word, n, &out, err);
 *	bpe_close(&b);
 */
#ifndef BPE_H
#define BPE_H

#include "vocab.h"

/* A growing run of token ids; zero-initialised is empty, free(p) releases. */
struct ids {
	int32_t *p;
	size_t n, cap;
};

void ids_put(struct ids *ids, const int32_t *id, size_t n);

struct bpe {
	int32_t byte[256]; /* the token of each byte, or -1 */
	struct bpe_merge {
		int32_t left, right, into;
	} *merge;       /* by rank, the place in the list */
	uint32_t *slot; /* (mask + 1) rank + 1 by pair, in a hash table */
	size_t mask;
	struct bpe_word *known; /* short words already encoded */
	/* the word at work */
	struct bpe_symbol *symbol;
	uint64_t *heap;
	size_t nheap, cap_symbol, cap_heap;
};

/*
 * Read the merges of a vocabulary: 0, or -1 with the reason in err. Refused: no
 * list, a merge of what are not two tokens or whose result is none, a merge or
 * a token that stands twice.
 */
int bpe_open(struct bpe *b, const struct vocab *v, const struct modelfile *g,
    char *err);
void bpe_close(struct bpe *b);

/* Append the tokens of a word: 0, or -1 with the reason in err and nothing
 * appended, when the vocabulary lacks a byte of it. */
int bpe_encode(struct bpe *b, const unsigned char *word, size_t n,
    struct ids *out, char *err);

#endif
