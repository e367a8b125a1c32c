/* rng: the published vectors, and numbers worked out elsewhere. */
#include "rng.h"

#include <stdio.h>
#include <string.h>

/* Random123 1.14, tests/kat_vectors, lines "philox4x32 10": counter, key,
 * result. */
static const struct {
	const char *name;
	uint32_t counter[4], key[2], out[4];
} kat[] = {
	{ "zeros", { 0, 0, 0, 0 }, { 0, 0 },
	    { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
	{ "ones", { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
	    { 0xffffffff, 0xffffffff },
	    { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
	{ "the digits of pi",
	    { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
	    { 0xa4093822, 0x299f31d0 },
	    { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
};

static int n;

static void
ok(int pass, const char *what)
{
	printf("%sok %d - %s\n", pass ? "" : "not ", ++n, what);
}

int
main(void)
{
	uint64_t a = 0, b = 0;
	double u;

	printf("1..6\n");
	for (int i = 0; i < 3; i++) {
		uint32_t out[4];

		rng_philox(out, kat[i].counter, kat[i].key);
		ok(memcmp(out, kat[i].out, sizeof(out)) == 0, kat[i].name);
	}
	/* (0x94fdccebd16cfe09 >> 11) / 2^53, from the last vector */
	u = rng_uniform(0x299f31d0a4093822, 0x243f6a88, 0x85a308d3, 0x13198a2e,
	    0x03707344);
	ok(u == (double)(0x94fdccebd16cfe09 >> 11) / 9007199254740992.0,
	    "53 bits of the first two words");
	ok(u > 0.58199 && u < 0.58200, "which are 0.58199...");
	ok(rng_seed(&a) && rng_seed(&b) && a != b,
	    "the system gives a seed, and then another");
	return 0;
}
