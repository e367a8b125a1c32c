/*
 * kernel_q - what the kernels for blocks know of their types; see quant.h.
 * Every function is inlined with a constant type, so that its switch is gone.
 */
#ifndef KERNEL_Q_H
#define KERNEL_Q_H

#include <stdbool.h>
#include <stddef.h>

#include "dtype.h"

#ifdef __GNUC__

#define FACT static inline __attribute__((always_inline, unused))

FACT size_t
block_bytes(int type)
{
	switch (type) {
	case DTYPE_Q4_1:
		return sizeof(struct q4_1);
	case DTYPE_Q5_0:
		return sizeof(struct q5_0);
	case DTYPE_Q5_1:
		return sizeof(struct q5_1);
	case DTYPE_Q8_0:
		return sizeof(struct q8_0);
	case DTYPE_Q2_K:
		return sizeof(struct q2_k);
	case DTYPE_Q3_K:
		return sizeof(struct q3_k);
	case DTYPE_Q4_K:
		return sizeof(struct q4_k);
	case DTYPE_Q5_K:
		return sizeof(struct q5_k);
	case DTYPE_Q6_K:
		return sizeof(struct q6_k);
	case DTYPE_IQ4_XS:
		return sizeof(struct iq4_xs);
	default:
		return sizeof(struct q4_0);
	}
}

/* What is added to a value to make it unsigned. */
FACT int
byte_offset(int type)
{
	switch (type) {
	case DTYPE_Q3_K:
		return 4;
	case DTYPE_Q4_0:
		return 8;
	case DTYPE_Q5_0:
		return 16;
	case DTYPE_Q6_K:
		return 32;
	case DTYPE_Q8_0:
	case DTYPE_IQ4_NL:
	case DTYPE_IQ4_XS:
		return 128;
	default:
		return 0;
	}
}

/* Whether blocks are of 256. */
FACT bool
is_super(int type)
{
	return (type >= DTYPE_Q2_K && type <= DTYPE_Q6_K) ||
	    type == DTYPE_IQ4_XS;
}

/* Values to a scale. */
FACT size_t
group_size(int type)
{
	return type == DTYPE_Q2_K || type == DTYPE_Q3_K || type == DTYPE_Q6_K
	    ? 16 : 32;
}

/* Whether products come with a minimum term. */
FACT bool
has_min(int type)
{
	return type == DTYPE_Q4_1 || type == DTYPE_Q5_1 ||
	    type == DTYPE_Q2_K || type == DTYPE_Q4_K || type == DTYPE_Q5_K;
}

/* Where a super-block has its float scale, and its minimum. */
FACT size_t
d256_at(int type)
{
	return type == DTYPE_Q2_K ? offsetof(struct q2_k, d)
	    : type == DTYPE_Q3_K  ? offsetof(struct q3_k, d)
	    : type == DTYPE_Q6_K  ? offsetof(struct q6_k, d)
	                          : 0;
}

FACT size_t
dmin256_at(int type)
{
	return type == DTYPE_Q2_K ? offsetof(struct q2_k, dmin) : 2;
}

#endif
#endif
