#include "wide.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)

static int
find_width(void)
{
	const char *isa = getenv("PIPELM_ISA");
	int width = 16;

	__builtin_cpu_init();
	if (isa != NULL && strcmp(isa, "scalar") == 0)
		return width;
	if (__builtin_cpu_supports("avx2"))
		width = 32;
	if (isa != NULL && strcmp(isa, "avx2") == 0)
		return width;
	if (__builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512dq"))
		width = 64;
	return width;
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
