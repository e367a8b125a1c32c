/*
 * mt19937 - the Mersenne Twister: M. Matsumoto, T. Nishimura, "Mersenne
 * Twister: a 623-dimensionally equidistributed uniform pseudo-random number
 * generator", ACM TOMACS 8(1), 1998, with the seeding of 2002. What draws here
 * uses rng.h; this is for agreeing with programs that seed a Twister.
 *
 *	struct mt19937 mt;
 *	mt19937_seed(&mt, 5489);
 *	u = mt19937_next(&mt);		(3499211612)
 */
#ifndef MT19937_H
#define MT19937_H

#include <stddef.h>
#include <stdint.h>

enum { MT19937_N = 624 };

struct mt19937 {
	uint32_t state[MT19937_N];
	size_t used; /* words of the state that were given out */
};

void mt19937_seed(struct mt19937 *mt, uint32_t seed);
/* The next 32 bits. */
uint32_t mt19937_next(struct mt19937 *mt);

#endif
