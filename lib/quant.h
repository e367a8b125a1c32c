/*
 * quant - the blocks of quantised tensors as they lie in the file.
 *
 * Q8_0: 32 weights, w[i] = d * q[i]
 *
 *	byte  0      2                                33
 *	     | d f16 | q[0] s8 | q[1] s8 | ... | q[31] s8 |
 */
#ifndef QUANT_H
#define QUANT_H

#include <stdint.h>

enum { QK8_0 = 32 };

struct q8_0 {
	uint16_t d;
	int8_t q[QK8_0];
};
_Static_assert(sizeof(struct q8_0) == 34, "q8_0 has no padding");

#endif
