/*
 * dtype - the tensor element types of GGUF files: their names and block sizes.
 * Numbers are those of the GGUF specification (ggml_type).
 */
#ifndef DTYPE_H
#define DTYPE_H

#include <stddef.h>
#include <stdint.h>

enum {
	DTYPE_F32 = 0,
	DTYPE_F16 = 1,
	DTYPE_Q8_0 = 8,
	DTYPE_BF16 = 30,
};

struct dtype {
	const char *name;
	size_t block; /* elements in a block */
	size_t bytes; /* bytes of a block */
};

/* The type of this number, or NULL when pipelm does not read it. */
const struct dtype *dtype_get(uint32_t type);

#endif
