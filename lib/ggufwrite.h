/*
 * ggufwrite - a new GGUF file, version 3
 * (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): all keys, then
 * all tensors' descriptions, then their data in that order.
 *
 *	ggufwrite_create(&w, path);
 *	ggufwrite_key(&w, &kv);				each key
 *	ggufwrite_tensor(&w, name, type, ndim, ne);	each tensor
 *	ggufwrite_data(&w, p, n);			its bytes, in any pieces
 *	ggufwrite_close(&w);
 *
 * It is written under another name beside the path and takes the path's place
 * in one step at the end, on disk by then: the path never names half a file.
 * What is not finished is removed when the program ends, also by die and by a
 * signal that can be caught. One file at a time, created before there are
 * threads. Failed system calls end the program, `prog: PATH: reason`.
 *
 *	0      "GGUF", u32 version, u64 tensors, u64 keys
 *	24     of each key: its name, u32 type, its value (of an array: u32 type
 *	       of the elements, u64 how many, these)
 *	       of each tensor: its name, u32 dimensions, u64 each of them, the
 *	       fastest first, u32 type, u64 offset into the data
 *	       zeros up to a multiple of 32
 *	       the data, each tensor's followed by zeros up to a multiple of 32
 *
 * A string is a u64 length and its bytes.
 */
#ifndef GGUFWRITE_H
#define GGUFWRITE_H

#include "buf.h"
#include "modelfile.h"

struct ggufwriter {
	const char *path; /* not owned */
	int fd;
	struct buf keys, tensors;
	uint64_t nkeys, ntensors;
	uint64_t size;    /* of the data so far described, with padding */
	uint64_t written; /* of it */
	bool began;       /* the header is written */
};

void ggufwrite_create(struct ggufwriter *w, const char *path);
/* A key as a model has it: name, type, elements. */
void ggufwrite_key(struct ggufwriter *w, const struct mf_kv *kv);
void ggufwrite_string(struct ggufwriter *w, const char *key, struct mf_str v);
void ggufwrite_u32(struct ggufwriter *w, const char *key, uint32_t v);
void ggufwrite_f32(struct ggufwriter *w, const char *key, float v);
/* The next tensor; its data are of this many bytes. */
void ggufwrite_tensor(struct ggufwriter *w, struct mf_str name, uint32_t type,
    uint32_t ndim, const uint64_t ne[4], size_t size);
/* The next bytes of the data; the first call ends the descriptions. */
void ggufwrite_data(struct ggufwriter *w, const void *p, size_t n);
/* Zeros up to where the next tensor begins. */
void ggufwrite_pad(struct ggufwriter *w);
/* All is written: sync, and rename. */
void ggufwrite_close(struct ggufwriter *w);

#endif
