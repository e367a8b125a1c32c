/*
 * dtype - the tensor element types of GGUF files: names, block sizes, how a
 * block is unpacked. Numbers are those of the GGUF specification (ggml_type).
 */
#ifndef DTYPE_H
#define DTYPE_H

#include <stddef.h>
#include <stdint.h>

#include "quant.h"

enum {
	DTYPE_F32 = 0,
	DTYPE_F16 = 1,
	DTYPE_Q4_0 = 2,
	DTYPE_Q4_1 = 3,
	DTYPE_Q5_0 = 6,
	DTYPE_Q5_1 = 7,
	DTYPE_Q8_0 = 8,
	DTYPE_Q2_K = 10,
	DTYPE_Q3_K = 11,
	DTYPE_Q4_K = 12,
	DTYPE_Q5_K = 13,
	DTYPE_Q6_K = 14,
	DTYPE_IQ4_NL = 20,
	DTYPE_IQ4_XS = 23,
	DTYPE_BF16 = 30,
	DTYPES = 31, /* one more than the last that can be read */
};

struct dtype {
	const char *name;
	size_t block; /* elements in a block; of quantised types, also how many
	                 activations share a scale */
	size_t bytes; /* bytes of a block */
	quant_unpack *unpack; /* NULL for floats */
};

/* The type of this number, or NULL when pipelm does not read it. */
const struct dtype *dtype_get(uint32_t type);
/* Its name, also when pipelm does not read it; NULL when it is not known. */
const char *dtype_name(uint32_t type);

#endif
