/*
 * model - a language model's hyperparameters and tensors by role, in place in
 * its file. The only module that knows the names of keys and tensors. The
 * decoder block is one (see forward.h); what differs between families is told
 * by the fields here.
 *
 *	struct model m;
 *	if (model_open(&m, path, err) != 0)
 *		die("%s: %s", path, err);
 *	model_close(&m);
 *
 * model_open checks that every tensor has the shape that the hyperparameters
 * ask for, and that every tensor in the file has a role: a model that would
 * run wrong is refused.
 */
#ifndef MODEL_H
#define MODEL_H

#include "buf.h"
#include "modelfile.h"

/* w[rows][cols] of a type that the kernels read; data NULL: not there. */
struct matrix {
	const unsigned char *data;
	uint32_t type;
	size_t rows, cols;
	size_t stride; /* bytes of a row */
};

/* A norm: x * w + b; b NULL when there is none. */
struct norm {
	const float *w; /* (n_embd) */
	const float *b; /* (n_embd) */
};

/* y = W x + b; b NULL when there is none. */
struct linear {
	struct matrix w; /* (out, in) */
	const float *b;  /* (out) */
};

struct layer {
	struct norm attn_norm;
	struct linear q;    /* (n_head * head_dim, n_embd) */
	struct linear k, v; /* (n_kv * head_dim, n_embd) */
	struct linear o;    /* (n_embd, n_head * head_dim) */
	struct norm ffn_norm;
	struct linear gate; /* (n_ff, n_embd); not there: no gate */
	struct linear up;   /* (n_ff, n_embd) */
	struct linear down; /* (n_embd, n_ff) */
};

struct model {
	struct modelfile file;
	size_t n_layer, n_embd, n_head, n_kv, head_dim, n_ff;
	size_t n_vocab; /* rows of the output matrix */
	size_t n_token; /* ids that the tokenizer has, <= n_vocab */
	size_t n_ctx;   /* context that the model was trained for */
	float eps;      /* of the norms */
	bool layer_norm;     /* LayerNorm; else RMSNorm */
	bool gelu;           /* GELU without a gate; else SwiGLU */
	size_t rope_dim;     /* dimensions that rotate, 0: none */
	float *rope_freq;    /* (rope_dim / 2) radians a position; owned */
	struct matrix tok_embd; /* (n_vocab, n_embd) */
	struct matrix pos_embd; /* (n_ctx, n_embd), learned positions */
	struct norm out_norm;
	struct linear output; /* (n_vocab, n_embd); may be tok_embd */
	struct layer *layer;  /* (n_layer); owned */
	int32_t eog[8];       /* end-of-generation ids, ascending */
	size_t n_eog;
	struct buf *copies; /* float tensors that were not F32; owned */
	size_t n_copies;
	const char *path; /* for messages; not owned */
};

/* 0, or -1 with the reason in err. `path` must outlive m. */
int model_open(struct model *m, const char *path, char *err);
void model_close(struct model *m);

/*
 * 64 bits that tell this model from another: hyperparameters, tensor names,
 * types and shapes, and KiB of each tensor's bytes (beginning, middle, end).
 * Not the path.
 */
uint64_t model_fingerprint(const struct model *m);

#endif
