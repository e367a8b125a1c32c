/*
 * green - the green lists of a watermark: J. Kirchenbauer, J. Geiping, Y. Wen,
 * J. Katz, I. Miers, T. Goldstein, "A Watermark for Large Language Models",
 * ICML 2023, https://arxiv.org/abs/2301.10226. The token before seeds a random
 * order of the vocabulary, whose first part is green.
 *
 *	green_open(&g, key, gamma, vocab);
 *	mark = green_after(&g, token);
 *	if (mark[next]) ...
 *	green_close(&g);
 *
 * The lists are those of Hugging Face Transformers on a CPU (seeding scheme
 * lefthash, context width 1): a Mersenne Twister is seeded with the low 32 bits
 * of key * token mod (2^64 - 1) and shuffles 0 .. vocab - 1 as PyTorch's
 * randperm does: place i is exchanged with place i + (next 32 bits) mod
 * (vocab - i), i = 0, 1, ... The first int(vocab * gamma) are green.
 */
#ifndef GREEN_H
#define GREEN_H

#include "mt19937.h"
#include "util.h"

/* From 2^32 / 20 on, PyTorch shuffles in another way. */
enum { GREEN_VOCAB = UINT32_MAX / 20 - 1 };

struct green {
	uint64_t key;
	uint32_t vocab, size; /* tokens, and how many of them are green */
	int32_t *order;       /* (vocab) */
	unsigned char *mark;  /* (vocab) 1: green */
	int32_t token;        /* that mark is for, or -1 */
	struct mt19937 mt;
};

/* vocab is 1 to GREEN_VOCAB, gamma 0 to 1. */
void green_open(struct green *g, uint64_t key, double gamma, uint32_t vocab);
void green_close(struct green *g);

/* Which tokens are green after this one, which is not negative: mark[vocab],
 * valid until the next call. */
const unsigned char *green_after(struct green *g, int32_t token);

#endif
