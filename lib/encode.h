/*
 * encode - floats to the blocks that quant.h describes: the way back from what
 * quant_* unpack.
 *
 *	if ((e = encode_get(type)) == NULL)
 *		... a type that is only read ...
 *	e->row(to, x, n);
 *
 * Q8_0, Q4_0, Q4_1 and Q5_0 are the bits of ggml's reference (ggml-quants.c,
 * quantize_row_*_ref; the Python package gguf, quants.py), whose scale is that
 * of the largest value. Q4_K and Q6_K have a search of their own for the least
 * squared error, in encode_k.c. All arithmetic is in float, operation by
 * operation, so that the bits are the same everywhere.
 */
#ifndef ENCODE_H
#define ENCODE_H

#include <stddef.h>
#include <stdint.h>

struct encoder {
	/* n values, a multiple of the type's block, to blocks at `to` */
	void (*row)(void *to, const float *x, size_t n);
	float limit; /* magnitudes above cannot be encoded */
};

/* The encoder to a type; NULL when there is none. */
const struct encoder *encode_get(uint32_t type);

/* Of encode_k.c. */
void encode_q4_k(void *to, const float *x, size_t n);
void encode_q6_k(void *to, const float *x, size_t n);

#endif
