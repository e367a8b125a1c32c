/* mt19937: the published sequence; green: PyTorch's permutations. */
#include "mt19937.h"

#include <stdio.h>

#include "green.h"

static int n;

static void
ok(int pass, const char *what)
{
	printf("%sok %d - %s\n", pass ? "" : "not ", ++n, what);
}

static uint32_t
output(uint32_t seed, int number)
{
	struct mt19937 mt;
	uint32_t u = 0;

	mt19937_seed(&mt, seed);
	for (int i = 0; i < number; i++)
		u = mt19937_next(&mt);
	return u;
}

/* That the green list after `token`, shortened by the one that came last into
 * it, lacks exactly `last`: so the order is checked, not only the set. */
static int
ends_with(uint64_t key, int32_t token, uint32_t vocab, uint32_t size,
    int32_t last)
{
	struct green g;
	int have[2];

	green_open(&g, key, 0.5, vocab);
	for (uint32_t i = 0; i < 2; i++) {
		g.size = size - i;
		g.token = -1;
		have[i] = green_after(&g, token)[last];
	}
	green_close(&g);
	return have[0] && !have[1];
}

int
main(void)
{
	/* ISO C++ 2011, 26.5.5: the 10000th output of the default seed */
	ok(output(5489, 10000) == 4123659995u, "the 10000th of seed 5489");
	/* numpy.random.RandomState(seed).randint(0, 2**32, 700,
	 * dtype='uint32'): the first and the last */
	ok(output(0, 1) == 2357136044u && output(0, 700) == 747805126u,
	    "seed 0");
	ok(output(4294967295u, 700) == 1315897766u, "seed 2^32 - 1");

	/* torch.randperm(n, generator=g.manual_seed(key * token %
	 * (2**64 - 1)))[size - 1], torch 2.15.0 */
	ok(ends_with(15485863u, 439, 4096, 1024, 410),
	    "green: the default key");
	ok(ends_with(15485863u, 0, 4096, 700, 3833),
	    "green: token 0, seed 0");
	ok(ends_with(18446744073709551615u, 4095, 50257, 25000, 19022),
	    "green: a product that is 0");
	ok(ends_with(18446744073709551614u, 50256, 50257, 9999, 285),
	    "green: a product beyond 2^64");
	ok(ends_with(18364758544493064720u, 199999, 200000, 50000, 137222),
	    "green: a large vocabulary");
	ok(ends_with(4611686029164806149u, 2147483647, 300, 150, 37),
	    "green: the halves of the product sum to more than 2^64");
	printf("1..%d\n", n);
	return 0;
}
