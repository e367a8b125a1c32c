/*
 * isa - which registers for vectors the processor has, and the system keeps.
 */
#ifndef ISA_H
#define ISA_H

/* Each has what those before it have. */
enum isa {
	ISA_BASE,
	ISA_AVX2,   /* and FMA, F16C, SSE4.2, PCLMULQDQ */
	ISA_AVX512, /* F, BW, DQ, VL */
	ISA_VNNI,
};

/* The best that can be used here; ISA_BASE where it is not x86-64. The processor
 * is asked once: that takes microseconds in a virtual machine. */
enum isa isa_best(void);

#endif
