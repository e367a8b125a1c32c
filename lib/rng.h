/*
 * rng - Philox4x32-10, a random number that is a function of its coordinates:
 * J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011. There is no state, so a draw depends neither on the draws
 * before it nor on the process that makes it.
 */
#ifndef RNG_H
#define RNG_H

#include <stdbool.h>
#include <stdint.h>

/* What keeps programs that draw independent of each other under one seed: a
 * constant of each, its name in ASCII. */
enum { RNG_DRAW = 0x64726177, RNG_XTC = 0x78746320 };

void rng_philox(uint32_t out[4], const uint32_t counter[4],
    const uint32_t key[2]);

/* The 53 bits of (out[1] << 32 | out[0]) >> 11 as a number in [0, 1), `out`
 * being Philox of the counter (pos, seq, index, program) under the seed (its
 * lower half first). */
double rng_uniform(uint64_t seed, uint32_t pos, uint32_t seq, uint32_t index,
    uint32_t program);

/* A seed from the system; false and errno when it has none. */
bool rng_seed(uint64_t *seed);

#endif
