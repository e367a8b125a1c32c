#include "mt19937.h"

enum { N = MT19937_N, M = 397 };

void
mt19937_seed(struct mt19937 *mt, uint32_t seed)
{
	uint32_t *s = mt->state;

	s[0] = seed;
	for (uint32_t i = 1; i < N; i++)
		s[i] = 1812433253u * (s[i - 1] ^ s[i - 1] >> 30) + i;
	mt->used = N;
}

/* The recurrence: a word of the new state from two neighbours of the old and
 * the word M further on. */
static uint32_t
twist(uint32_t here, uint32_t next, uint32_t further)
{
	uint32_t y = (here & 0x80000000u) | (next & 0x7fffffffu);

	return further ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0);
}

static void
renew(uint32_t *s)
{
	size_t i = 0;

	for (; i < N - M; i++)
		s[i] = twist(s[i], s[i + 1], s[i + M]);
	for (; i < N - 1; i++)
		s[i] = twist(s[i], s[i + 1], s[i + M - N]);
	s[i] = twist(s[i], s[0], s[M - 1]);
}

uint32_t
mt19937_next(struct mt19937 *mt)
{
	uint32_t y;

	if (mt->used == N) {
		renew(mt->state);
		mt->used = 0;
	}
	y = mt->state[mt->used++];
	y ^= y >> 11;
	y ^= y << 7 & 0x9d2c5680u;
	y ^= y << 15 & 0xefc60000u;
	return y ^ y >> 18;
}
