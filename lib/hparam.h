/*
 * hparam - a model's hyperparameters from its keys, and what tells one family
 * of models from another: a row of a table each. Keys are those of GGUF
 * (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) and of
 * llama.cpp's gguf-py/gguf/constants.py.
 */
#ifndef HPARAM_H
#define HPARAM_H

#include "model.h"

/* What all of a family's models have in common. The tensors named are needed
 * there, and refused elsewhere only by having no role. */
struct family {
	const char *name; /* general.architecture */
	enum activation act;
	bool layer_norm;   /* LayerNorm; else RMSNorm */
	bool half;         /* rotary pairs are i, i + dim/2 */
	bool learned;      /* positions are learned, not rotary */
	bool ungated;      /* no ffn_gate */
	bool post_only;    /* no norms before a block's parts */
	bool post_norm;    /* norms after a block's parts */
	bool qk_norm;      /* of each head's queries and keys */
	bool qk_norm_all;  /* of all heads' together */
	bool embd_sqrt;    /* embeddings are scaled by sqrt(n_embd) */
	unsigned period;   /* of windowed layers only the last of so many sees
	                      all; 0: all are windowed */
	unsigned no_rope;  /* every so manyth layer has no rotary positions */
	unsigned wide;     /* the family's one model with so many layers scales
	                      scores by n_embd / n_head, not head_dim */
	double local_base; /* of windowed layers' rotary positions */
};

/* The family of general.architecture, or NULL with the reason in err. */
const struct family *hparam_family(const struct modelfile *f, char *err);

/*
 * Read the hyperparameters of m->file into m: all fields before tok_embd;
 * n_layer layers are allocated, with rope and window set. The caller divides
 * rope[0] by factors that stand in tensors. NULL with the reason in err when a
 * key is missing, wrong, or would change the result and is not heeded.
 */
const struct family *hparam_read(struct model *m, char *err);

#endif
