/*
 * gguf - the loader of GGUF files (version 2 or 3, little-endian). The format:
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
#ifndef GGUF_H
#define GGUF_H

#include "modelfile.h"

/* The file in p[0..size), which must outlive f and which modelfile_close leaves
 * alone. 0, or -1 with the reason in err. */
int gguf_parse(struct modelfile *f, const void *p, size_t size, char *err);

#endif
