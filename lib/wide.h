/*
 * wide - a loop in plain C, compiled for each width of registers and chosen
 * when it runs: for filters, whose loops are over a whole vocabulary and need
 * no intrinsics.
 *
 *	static double least(const double *x, size_t n);
 *	WIDE(double, least, (const double *x, size_t n), (x, n))
 *	{
 *		...
 *	}
 *
 * defines least(), which calls what fits the processor, or what PIPELM_ISA
 * names where the processor has it. Operations and their order are those that
 * are written, so the bits are the same. What the body calls must be WIDE_INLINE.
 */
#ifndef WIDE_H
#define WIDE_H

#include "util.h"

#if defined(__x86_64__) && defined(__GNUC__)

/* Bytes in a register: 16, 32 or 64. */
int wide(void);

#ifdef __clang__
#define WIDE_64 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#else
#define WIDE_64                                                                \
	__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,"            \
	                      "prefer-vector-width=512")))
#endif
#define WIDE_32 __attribute__((target("avx2")))
#define WIDE_INLINE static inline __attribute__((always_inline))
#define WIDE(type, name, params, args)                                         \
	WIDE_INLINE type name##_loop params;                                   \
	WIDE_64 static type name##_64 params                                   \
	{                                                                      \
		return name##_loop args;                                       \
	}                                                                      \
	WIDE_32 static type name##_32 params                                   \
	{                                                                      \
		return name##_loop args;                                       \
	}                                                                      \
	type name params                                                       \
	{                                                                      \
		switch (wide()) {                                              \
		case 64: return name##_64 args;                                \
		case 32: return name##_32 args;                                \
		default: return name##_loop args;                              \
		}                                                              \
	}                                                                      \
	WIDE_INLINE type name##_loop params

/* The same where nothing is returned. */
#define WIDE_VOID(name, params, args)                                          \
	WIDE_INLINE void name##_loop params;                                   \
	WIDE_64 static void name##_64 params                                   \
	{                                                                      \
		name##_loop args;                                              \
	}                                                                      \
	WIDE_32 static void name##_32 params                                   \
	{                                                                      \
		name##_loop args;                                              \
	}                                                                      \
	void name params                                                       \
	{                                                                      \
		switch (wide()) {                                              \
		case 64: name##_64 args; return;                               \
		case 32: name##_32 args; return;                               \
		default: name##_loop args;                                     \
		}                                                              \
	}                                                                      \
	WIDE_INLINE void name##_loop params

#else

#define WIDE_INLINE static inline
#define WIDE(type, name, params, args) type name params
#define WIDE_VOID(name, params, args) void name params

#endif
#endif
