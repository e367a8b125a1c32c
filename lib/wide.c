#include "wide.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "isa.h"

#if defined(__x86_64__) && defined(__GNUC__)

static int
find_width(void)
{
	const char *want = getenv("PIPELM_ISA");
	enum isa best;

	if (want != NULL && strcmp(want, "scalar") == 0)
		return 16;
	best = isa_best();
	if (best > ISA_AVX2 && want != NULL && strcmp(want, "avx2") == 0)
		best = ISA_AVX2;
	return best > ISA_AVX2 ? 64 : best == ISA_AVX2 ? 32 : 16;
}

/* Threads that ask at once find the same. */
int
wide(void)
{
	static atomic_int known;
	int width = atomic_load_explicit(&known, memory_order_relaxed);

	if (width == 0) {
		width = find_width();
		atomic_store_explicit(&known, width, memory_order_relaxed);
	}
	return width;
}

#else
typedef int no_width; /* a file may not be empty */
#endif
