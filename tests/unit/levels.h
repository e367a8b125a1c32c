/*
 * levels - what tests of kernels share: every kernel of this processor goes against
 * the scalar definition, to the bit. Outputs stand between guards that must not
 * change.
 */
#ifndef LEVELS_H
#define LEVELS_H

#include "kern.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 16, GUARD = 16 };

static int n;
static const char *path; /* whose kernels are tried */
static uint64_t state = 2;
static float out[2][ROOM + 2 * GUARD];

static inline void
ok(bool pass, const char *what)
{
	printf("%sok %d - %s: %s\n", pass ? "" : "not ", ++n, path, what);
}

static inline float
uniform(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (float)(state >> 40) * 0x1p-23f - 1;
}

static inline float *
floats(size_t many)
{
	float *x = malloc((many + 1) * sizeof(*x));

	if (x == NULL)
		exit(2);
	for (size_t i = 0; i < many; i++)
		x[i] = uniform() * (i % 7 ? 1 : 30);
	return x;
}

/* Fresh outputs, the same in both. */
static inline void
begin(void)
{
	for (int i = 0; i < ROOM + 2 * GUARD; i++)
		out[0][i] = out[1][i] = 42;
}

/* The outputs are the same, and the guards around `many` bytes are whole. */
static inline bool
same(size_t many)
{
	float *o = out[1];
	bool good = memcmp(out[0], out[1], sizeof(out[0])) == 0;

	for (int i = 0; i < GUARD; i++)
		good &= o[i] == 42;
	for (size_t i = GUARD + (many + 3) / 4; i < ROOM + 2 * GUARD; i++)
		good &= o[i] == 42;
	return good;
}

/* compare(definition, kernels) of each level that there is, then the plan. */
static inline void
levels(void (*compare)(const struct kern *s, const struct kern *k))
{
	static bool (*const level[])(struct kern *) = { kernel_avx2,
		kernel_avx512, kernel_neon, kernel_dotprod };
	const struct kern *s = kernel_scalar();
	struct kern k = *s;
	bool any = false;

	for (size_t i = 0; i < sizeof(level) / sizeof(level[0]); i++)
		if (level[i](&k)) {
			any = true;
			path = k.name;
			compare(s, &k);
		}
	if (!any) {
		printf("# no other kernels here: scalar against itself\n");
		path = k.name;
		compare(s, &k);
	}
	printf("1..%d\n", n);
}

#endif
