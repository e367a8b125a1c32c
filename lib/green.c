#include "green.h"

#include <stdlib.h>
#include <string.h>

void
green_open(struct green *g, uint64_t key, double gamma, uint32_t vocab)
{
	g->key = key;
	g->vocab = vocab;
	g->size = (uint32_t)(vocab * gamma);
	g->order = xcalloc(vocab, sizeof(*g->order));
	g->mark = xcalloc(vocab, 1);
	g->token = -1;
}

void
green_close(struct green *g)
{
	free(g->order);
	free(g->mark);
}

/* The low 32 bits of key * token mod (2^64 - 1): the product is high * 2^64 +
 * low, and 2^64 counts as 1. */
static uint32_t
seed(uint64_t key, uint32_t token)
{
	uint64_t high = ((key >> 32) * token +
	    ((key & 0xffffffffu) * token >> 32)) >> 32;
	uint64_t low = key * token, sum = low + high;

	if (sum < low)
		sum++;
	return sum == UINT64_MAX ? 0 : (uint32_t)sum;
}

const unsigned char *
green_after(struct green *g, int32_t token)
{
	int32_t *order = g->order;

	if (token == g->token)
		return g->mark;
	g->token = token;
	mt19937_seed(&g->mt, seed(g->key, (uint32_t)token));
	for (uint32_t i = 0; i < g->vocab; i++)
		order[i] = (int32_t)i;
	memset(g->mark, 0, g->vocab);
	for (uint32_t i = 0; i < g->size; i++) {
		uint32_t j = i + mt19937_next(&g->mt) % (g->vocab - i);
		int32_t green = order[j];

		order[j] = order[i];
		g->mark[green] = 1;
	}
	return g->mark;
}
