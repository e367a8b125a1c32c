#include "isa.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <stdatomic.h>
#include <stdbool.h>

struct regs {
	unsigned a, b, c, d;
};

static struct regs
cpuid(unsigned leaf)
{
	struct regs r;

	__cpuid_count(leaf, 0, r.a, r.b, r.c, r.d);
	return r;
}

static bool
all(unsigned have, unsigned want)
{
	return (have & want) == want;
}

/* Intel's manual, volume 1, 14.3 and 15.2. Not __builtin_cpu_supports, which
 * asks for all that there is, at the start of each program. */
static enum isa
ask(void)
{
	const unsigned ymm = 6, zmm = 0xe6; /* bits of XCR0 */
	unsigned kept, high;
	struct regs r;

	if (cpuid(0).a < 7)
		return ISA_BASE;
	r = cpuid(1);
	if (!all(r.c, bit_SSE4_2 | bit_PCLMUL | bit_OSXSAVE | bit_AVX |
	    bit_FMA | bit_F16C))
		return ISA_BASE;
	__asm__("xgetbv" : "=a"(kept), "=d"(high) : "c"(0));
	r = cpuid(7);
	if (!all(kept, ymm) || !all(r.b, bit_AVX2))
		return ISA_BASE;
	if (!all(kept, zmm) || !all(r.b, bit_AVX512F | bit_AVX512BW |
	    bit_AVX512DQ | bit_AVX512VL))
		return ISA_AVX2;
	return all(r.c, bit_AVX512VNNI) ? ISA_VNNI : ISA_AVX512;
}

/* Threads that ask at once find the same. */
enum isa
isa_best(void)
{
	static atomic_int known = -1;
	int best = atomic_load_explicit(&known, memory_order_relaxed);

	if (best < 0) {
		best = (int)ask();
		atomic_store_explicit(&known, best, memory_order_relaxed);
	}
	return (enum isa)best;
}

#else

enum isa
isa_best(void)
{
	return ISA_BASE;
}

#endif
