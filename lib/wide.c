#include "wide.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)

int
wide(void)
{
	static int known;
	const char *isa;

	if (known != 0)
		return known;
	isa = getenv("PIPELM_ISA");
	__builtin_cpu_init();
	known = 16;
	if (isa != NULL && strcmp(isa, "scalar") == 0)
		return known;
	if (__builtin_cpu_supports("avx2"))
		known = 32;
	if (isa != NULL && strcmp(isa, "avx2") == 0)
		return known;
	if (__builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512dq"))
		known = 64;
	return known;
}

#else
typedef int no_width; /* a file may not be empty */
#endif
