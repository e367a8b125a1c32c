/*
 * recode - a model's tensors in other types, on their way from one file to
 * another: which type each gets, and its elements, some rows at a time.
 *
 *	recode_init(&r, &file, DTYPE_Q4_K, threads);
 *	to = recode_type(&r, t);		each tensor t
 *	if (recode_tensor(&r, t, to, put, arg, err) != 0)
 *		die("%s: %s", path, err);
 *	recode_free(&r);
 *
 * Only matrices of weights get the type that is asked for: vectors, norms,
 * positions and the gates of experts are small and matter much, so they are
 * F32, as llama.cpp has them. The output matrix (or the embedding, where it is
 * that too) gets Q6_K for a type of 4 or 5 bits. A matrix whose rows are no
 * multiple of the type's block gets another: Q5_0 for Q4_K, Q8_0 for Q6_K, and
 * F16 where 32 does not divide them either.
 */
#ifndef RECODE_H
#define RECODE_H

#include "kern.h"
#include "modelfile.h"
#include "pool.h"

struct recode {
	const struct modelfile *file; /* not owned */
	uint32_t type;
	struct kern kern;
	struct pool *pool;
	float *scratch;    /* (threads, cols) */
	size_t cap;
	size_t pairs_q, pairs_k; /* heads whose rows are put in pairs, or 0 */
	size_t fallbacks[DTYPES]; /* of recode_type: how many got this one */
};

/* 0, or -1 with the reason in err. */
int recode_init(struct recode *r, const struct modelfile *f, uint32_t type,
    size_t threads, char *err);
void recode_free(struct recode *r);

/* The type that a tensor gets; its own when its elements cannot be read. */
uint32_t recode_type(struct recode *r, const struct mf_tensor *t);

/* Bytes of a tensor in a type that recode_type gave. */
size_t recode_size(const struct mf_tensor *t, uint32_t type);

/*
 * A tensor's elements in that type: put(arg, p, n) gets the bytes, in order. Of
 * families whose rotary pairs are neighbours in a GGUF file and halves apart in
 * Transformers' order (modelfile.rope_half), the rows of q and k are reordered.
 * 0, or -1 with the reason in err: a value that the type cannot hold.
 */
int recode_tensor(struct recode *r, const struct mf_tensor *t, uint32_t type,
    void (*put)(void *arg, const void *p, size_t n), void *arg, char *err);

#endif
