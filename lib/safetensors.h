/*
 * safetensors - the loader of safetensors files
 * (https://github.com/huggingface/safetensors, "Format"):
 *
 *	0      u64   n, bytes of the header
 *	8      text  a JSON object: of each tensor by its name dtype, shape (the
 *	             last dimension varies fastest) and data_offsets (first,
 *	             end) into what follows the header; __metadata__ is a map of
 *	             strings; spaces may pad it
 *	8 + n        the data, without holes or overlap
 */
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include "modelfile.h"

/*
 * Append the tensors of the file in p[0..size), which must outlive f, to f's
 * list, with the file's own names. Those whose type is not F32, F16 or BF16
 * have type SAFETENSORS_OTHER or above and data NULL. 0, or -1 with the reason
 * in err (f then holds some of the tensors, fit to be closed).
 */
int safetensors_parse(struct modelfile *f, const void *p, size_t size,
    char *err);

enum { SAFETENSORS_OTHER = 1 << 16 };

/* The name of a type that is SAFETENSORS_OTHER or above; NULL when it is none. */
const char *safetensors_type(uint32_t type);

#endif
