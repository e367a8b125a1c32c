/*
 * model - a language model's hyperparameters and tensors by role, in place in
 * its files. With hparam.c the only module that knows the names of keys and
 * tensors. The decoder block is one (see forward.h); what differs between
 * families is told by the fields here.
 *
 *	struct model m;
 *	if (model_open(&m, path, ctx, err) != 0)
 *		die("%s: %s", path, err);
 *	model_close(&m);
 *
 * model_open checks that every tensor has the shape that the hyperparameters
 * ask for, that every tensor in the file has a role, and that no key is there
 * which would change the result unheeded: a model that would run wrong is
 * refused.
 */
#ifndef MODEL_H
#define MODEL_H

#include "buf.h"
#include "modelfile.h"
#include "rope.h"

/* w[rows][cols] of a type that the kernels read; data NULL: not there. */
struct matrix {
	const unsigned char *data;
	uint32_t type;
	size_t rows, cols;
	size_t stride; /* bytes of a row */
};

/*
 * A norm of groups of len values: x / rms(x) * w, or LayerNorm's (x - mean) /
 * deviation * w + b. w NULL: there is none; b NULL: no b.
 */
struct norm {
	const float *w, *b; /* (n): groups take turns, n a multiple of len */
	size_t len, n;
};

/* y = W x + b; b NULL when there is none. */
struct linear {
	struct matrix w; /* (out, in) */
	const float *b;  /* (out) */
	bool coarse;     /* outliers of its input are not made up for: linear.h */
};

/* Norms, gate and q_norm, k_norm are there or not, as the family has it. */
struct layer {
	struct norm attn_norm;      /* before attention */
	struct linear q;            /* (n_head * head_dim, n_embd) */
	struct linear k, v;         /* (n_kv * head_dim, n_embd) */
	struct norm q_norm, k_norm; /* of heads, before they turn */
	struct linear o;            /* (n_embd, n_head * head_dim) */
	struct norm attn_post;      /* of what attention adds */
	struct norm ffn_norm;       /* before the feed-forward part */
	struct linear gate;         /* (n_ff, n_embd) */
	struct linear up;           /* (n_ff, n_embd) */
	struct linear down;         /* (n_embd, n_ff) */
	struct norm ffn_post;       /* of what it adds */
	const struct rope *rope;    /* NULL: no rotary positions */
	size_t window;              /* last positions that are seen; 0: all */
};

/* The feed-forward part's, of the gate or, where there is none, of up. */
enum activation {
	ACT_SILU,
	ACT_GELU,     /* by tanh */
	ACT_GELU_ERF,
};

struct model {
	struct modelfile file;
	size_t n_layer, n_embd, n_head, n_kv, head_dim, n_ff;
	size_t n_vocab; /* rows of the output matrix */
	size_t n_token; /* ids that the tokenizer has, <= n_vocab */
	size_t n_ctx;   /* positions that can be run */
	float eps;      /* of the norms */
	bool layer_norm;     /* LayerNorm; else RMSNorm */
	bool parallel;       /* attention and feed-forward both of one x */
	enum activation act;
	float embd_scale;    /* of token embeddings */
	float residual_scale; /* of what a block's parts add */
	float attn_scale;    /* of attention's scores */
	float attn_cap;      /* softcap of scores; 0: none */
	float logit_scale;   /* logits are multiplied by it, then capped by */
	float logit_cap;     /* 0: none */
	struct rope rope[2]; /* the second where windows are; dim 0: none */
	bool rope_half; /* pairs are i, i + dim/2; else 2i, 2i + 1 */
	struct matrix tok_embd; /* (n_vocab, n_embd) */
	struct matrix pos_embd; /* (n_ctx, n_embd), learned positions */
	struct norm out_norm;
	struct linear output; /* (n_vocab, n_embd); may be tok_embd */
	struct layer *layer;  /* (n_layer); owned */
	size_t weights; /* of all maps, which a step meets once each */
	int32_t eog[MF_END_IDS]; /* end-of-generation ids, ascending */
	size_t n_eog;
	struct buf *copies; /* float tensors that were not F32; owned */
	size_t n_copies;
	const char *path; /* for messages; not owned */
};

/*
 * Open a model to run with at most ctx positions (0: as many as it was trained
 * for; a model whose rotary factors differ for long contexts takes the short
 * ones then). 0, or -1 with the reason in err. `path` must outlive m.
 */
int model_open(struct model *m, const char *path, size_t ctx, char *err);

/*
 * The half of it that comes after m->file is opened (all else being zero). On
 * failure m has what was found until then: n_layer is 0 when that is nothing.
 */
int model_bind(struct model *m, size_t ctx, char *err);
void model_close(struct model *m);

/*
 * 64 bits that tell this model from another: hyperparameters, tensor names,
 * types and shapes, and KiB of each tensor's bytes (beginning, middle, end).
 * Not the path.
 */
uint64_t model_fingerprint(const struct model *m);

#endif
