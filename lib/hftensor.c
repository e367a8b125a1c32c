#include "hftensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtype.h"
#include "fmath.h"
#include "safetensors.h"

enum layout {
	KEEP,
	TRANSPOSE, /* the weight is (in, out) */
	BY_HEAD,   /* q, k and v of the first head, of the second, ... */
};

struct rename {
	const char *hf, *gguf;
	enum layout layout;
};

static const struct rename whole[] = {
	{ "embed_tokens", "token_embd", KEEP },
	{ "embed_in", "token_embd", KEEP },
	{ "wte", "token_embd", KEEP },
	{ "wpe", "position_embd", KEEP },
	{ "norm", "output_norm", KEEP },
	{ "final_layer_norm", "output_norm", KEEP },
	{ "ln_f", "output_norm", KEEP },
	{ "lm_head", "output", KEEP },
	{ "embed_out", "output", KEEP },
	/* what was made from config.json */
	{ "rope_freqs", "rope_freqs", KEEP },
	{ "rope_factors_long", "rope_factors_long", KEEP },
	{ "rope_factors_short", "rope_factors_short", KEEP },
	{ NULL, NULL, KEEP },
};

static const struct rename block[] = {
	{ "self_attn.q_proj", "attn_q", KEEP },
	{ "self_attn.k_proj", "attn_k", KEEP },
	{ "self_attn.v_proj", "attn_v", KEEP },
	{ "self_attn.o_proj", "attn_output", KEEP },
	{ "self_attn.q_norm", "attn_q_norm", KEEP },
	{ "self_attn.k_norm", "attn_k_norm", KEEP },
	{ "mlp.gate_proj", "ffn_gate", KEEP },
	{ "mlp.up_proj", "ffn_up", KEEP },
	{ "mlp.down_proj", "ffn_down", KEEP },
	{ "input_layernorm", "attn_norm", KEEP },
	{ "post_attention_layernorm", "ffn_norm", KEEP },
	{ "pre_feedforward_layernorm", "ffn_norm", KEEP },
	{ "post_feedforward_layernorm", "post_ffw_norm", KEEP },
	/* Phi-3 */
	{ "self_attn.qkv_proj", "attn_qkv", KEEP },
	{ "mlp.gate_up_proj", "ffn_up", KEEP },
	/* GPT-NeoX */
	{ "attention.query_key_value", "attn_qkv", BY_HEAD },
	{ "attention.dense", "attn_output", KEEP },
	{ "mlp.dense_h_to_4h", "ffn_up", KEEP },
	{ "mlp.dense_4h_to_h", "ffn_down", KEEP },
	/* GPT-2 */
	{ "ln_1", "attn_norm", KEEP },
	{ "ln_2", "ffn_norm", KEEP },
	{ "attn.c_attn", "attn_qkv", TRANSPOSE },
	{ "attn.c_proj", "attn_output", TRANSPOSE },
	{ "mlp.c_fc", "ffn_up", TRANSPOSE },
	{ "mlp.c_proj", "ffn_down", TRANSPOSE },
	{ NULL, NULL, KEEP },
};

/* What the translator carries along. */
struct reader {
	struct modelfile *f;
	struct mf_tensor *out; /* (n) the translated; becomes f->tensor */
	size_t n;
	size_t n_head, n_kv;
	bool tied;
	bool plus_one;  /* norms are used as w + 1 */
	bool post_norm; /* post_attention_layernorm is of what attention adds */
	char *err;
};

/* Take `prefix` off the beginning. */
static bool
take(struct mf_str *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->len < n || memcmp(s->p, prefix, n) != 0)
		return false;
	s->p += n;
	s->len -= n;
	return true;
}

/* Take a number of at most 5 digits and the dot behind it. */
static bool
take_number(struct mf_str *s, unsigned *v)
{
	size_t i = 0;

	*v = 0;
	for (; i < s->len && i < 5 && s->p[i] >= '0' && s->p[i] <= '9'; i++)
		*v = *v * 10 + (unsigned)(s->p[i] - '0');
	if (i == 0 || i == s->len || s->p[i] != '.')
		return false;
	s->p += i + 1;
	s->len -= i + 1;
	return true;
}

/* Element i of a tensor as a float. */
static float
element(const struct mf_tensor *t, size_t i)
{
	uint16_t h;

	if (t->type == DTYPE_F32)
		return get_f32(t->data + 4 * i);
	h = (uint16_t)(t->data[2 * i] | t->data[2 * i + 1] << 8);
	return t->type == DTYPE_F16 ? fm_from_f16(h) : fm_from_bf16(h);
}

static size_t
width(const struct mf_tensor *t)
{
	return t->type == DTYPE_F32 ? 4 : 2;
}

/* y[cols][rows] of x[rows][cols], elements of w bytes, in tiles that a cache
 * holds. */
static inline void
turn(unsigned char *y, const unsigned char *x, size_t rows, size_t cols,
    size_t w)
{
	const size_t tile = 64 / w;

	for (size_t i0 = 0; i0 < rows; i0 += tile)
		for (size_t j = 0; j < cols; j++)
			for (size_t i = i0; i < rows && i < i0 + tile; i++)
				memcpy(y + (j * rows + i) * w,
				    x + (i * cols + j) * w, w);
}

/* The file has (in, out): make it (out, in). */
static void
transpose(struct modelfile *f, struct mf_tensor *t)
{
	size_t cols = (size_t)t->ne[0], rows = (size_t)t->ne[1];
	unsigned char *y = mf_make(f, t->size, 1);

	if (width(t) == 4)
		turn(y, t->data, rows, cols, 4);
	else
		turn(y, t->data, rows, cols, 2);
	t->data = y;
	t->ne[0] = rows;
	t->ne[1] = cols;
}

/* The file's rows are of (head, 3, head_dim): make them (3, head, head_dim). A
 * bias is a row of one column each. */
static int
by_head(struct reader *r, struct mf_tensor *t)
{
	size_t rows = (size_t)(t->ndim == 1 ? t->ne[0] : t->ne[1]);
	size_t each = rows / (3 * r->n_head), run;
	unsigned char *y;

	if (rows % (3 * r->n_head) != 0)
		return fail(r->err, "tensor %.*s: %zu rows are not q, k and v "
		    "of %zu heads", MF_SHOW(t->name), rows, r->n_head);
	run = rows > 0 ? t->size / rows * each : 0; /* bytes of a head's q */
	y = mf_make(r->f, t->size, 1);
	for (size_t h = 0; h < r->n_head; h++)
		for (size_t i = 0; i < 3; i++)
			memcpy(y + (i * r->n_head + h) * run,
			    t->data + (h * 3 + i) * run, run);
	t->data = y;
	return 0;
}

/* Floats in place of t's elements. */
static float *
remake(struct modelfile *f, struct mf_tensor *t, size_t n)
{
	float *v = mf_make(f, n, sizeof(*v));

	t->data = (unsigned char *)v;
	t->type = DTYPE_F32;
	t->size = n * sizeof(*v);
	return v;
}

static void
add_one(struct modelfile *f, struct mf_tensor *t)
{
	struct mf_tensor old = *t;
	size_t n = t->size / width(t);
	float *v = remake(f, t, n);

	for (size_t i = 0; i < n; i++)
		v[i] = element(&old, i) + 1;
}

/* Stack the norms of all heads, of which t is the first: a row each. */
static int
stack(struct reader *r, struct mf_tensor *t, size_t heads)
{
	size_t hd = (size_t)t->ne[0], stem = t->name.len - strlen("0.weight");
	float *v;
	char name[128];

	if (t->ndim != 1 || t->name.len >= sizeof(name) - 8)
		return fail(r->err, "tensor %.*s: not a vector",
		    MF_SHOW(t->name));
	if (heads > r->f->ntensor)
		return fail(r->err, "tensors %.*s: fewer than %zu heads",
		    MF_SHOW(t->name), heads);
	v = mf_make(r->f, heads * hd, sizeof(*v));
	for (size_t h = 0; h < heads; h++) {
		const struct mf_tensor *s;
		snprintf(name, sizeof(name), "%.*s%zu.weight", (int)stem,
		    t->name.p, h);
		s = mf_tensor(r->f, name);
		if (s == NULL || s->data == NULL || s->ndim != 1 ||
		    s->ne[0] != hd)
			return fail(r->err, "tensor %.100s: missing, or not "
			    "like that of the first head", name);
		for (size_t i = 0; i < hd; i++)
			v[h * hd + i] = element(s, i);
	}
	t->data = (unsigned char *)v;
	t->type = DTYPE_F32;
	t->size = heads * hd * sizeof(*v);
	t->ndim = 2;
	t->ne[1] = heads;
	return 0;
}

/* What is not used: buffers that are saved with some models (masks, rotary
 * frequencies), an output matrix that is the embedding's, the part of a model
 * that sees pictures. */
static bool
is_unused(const struct reader *r, struct mf_str name)
{
	take(&name, "model.");
	return mf_begins(name, "vision_tower.") ||
	    mf_begins(name, "multi_modal_projector.") ||
	    mf_ends(name, ".rotary_emb.inv_freq") ||
	    mf_ends(name, ".attn.bias") || mf_ends(name, ".attn.masked_bias") ||
	    mf_ends(name, ".attention.bias") ||
	    mf_ends(name, ".attention.masked_bias") ||
	    (r->tied && (mf_ends(name, "lm_head.weight") ||
	                    mf_is(name, "embed_out.weight")));
}

/* Put t among the translated under this name. */
static void
emit(struct reader *r, struct mf_tensor *t, int layer, const char *stem,
    const char *suffix)
{
	char *name = mf_make(r->f, 64, 1);

	if (layer >= 0)
		snprintf(name, 64, "blk.%d.%s%s", layer, stem, suffix);
	else
		snprintf(name, 64, "%s%s", stem, suffix);
	t->name = (struct mf_str) { name, strlen(name) };
	r->out[r->n++] = *t;
}

/* Of StableLM's norms of heads the first stands for all. */
static int
head_norm(struct reader *r, struct mf_tensor *t, struct mf_str rest, int layer)
{
	bool q = take(&rest, "self_attn.q_layernorm.norms.");
	size_t heads = q ? r->n_head : r->n_kv;
	unsigned head;

	if ((!q && !take(&rest, "self_attn.k_layernorm.norms.")) ||
	    !take_number(&rest, &head) || !mf_is(rest, "weight") || head >= heads)
		return fail(r->err, "tensor %.*s: unknown", MF_SHOW(t->name));
	if (head > 0)
		return 0;
	if (stack(r, t, heads) != 0)
		return -1;
	emit(r, t, layer, q ? "attn_q_norm" : "attn_k_norm", ".weight");
	return 0;
}

/* Whether t can be used, in place when its elements are aligned. */
static int
usable(struct reader *r, struct mf_tensor *t)
{
	if (t->type >= SAFETENSORS_OTHER)
		return fail(r->err, "tensor %.*s: type %s is not one that can "
		    "be read", MF_SHOW(t->name), safetensors_type(t->type));
	if (t->data == NULL)
		return fail(r->err, "tensor %.*s: no elements",
		    MF_SHOW(t->name));
	if ((uintptr_t)t->data % width(t) != 0)
		t->data = memcpy(mf_make(r->f, t->size, 1), t->data, t->size);
	return 0;
}

static int
translate(struct reader *r, struct mf_tensor t)
{
	struct mf_str s = t.name;
	const char *suffix = mf_ends(s, ".weight") ? ".weight" : ".bias", *stem;
	const struct rename *name = whole;
	unsigned layer = 0;
	int n = -1;

	if (is_unused(r, s))
		return 0;
	if (usable(r, &t) != 0)
		return -1;
	take(&s, "language_model.");
	if (!take(&s, "model.language_model.") && !take(&s, "model.") &&
	    !take(&s, "transformer."))
		take(&s, "gpt_neox.");
	if ((take(&s, "layers.") || take(&s, "h.")) &&
	    take_number(&s, &layer)) {
		name = block;
		n = (int)layer;
	}
	if (n >= 0 && (mf_begins(s, "self_attn.q_layernorm.") ||
	    mf_begins(s, "self_attn.k_layernorm.")))
		return head_norm(r, &t, s, n);
	s.len -= mf_ends(s, suffix) ? strlen(suffix) : s.len;
	while (name->hf != NULL && !mf_is(s, name->hf))
		name++;
	if (name->hf == NULL)
		return fail(r->err, "tensor %.*s: unknown", MF_SHOW(t.name));
	stem = name->gguf;
	if (r->post_norm && strcmp(name->hf, "post_attention_layernorm") == 0)
		stem = "post_attention_norm";
	if (name->layout == TRANSPOSE && t.ndim == 2)
		transpose(r->f, &t);
	else if (name->layout == BY_HEAD && by_head(r, &t) != 0)
		return -1;
	else if (r->plus_one && strstr(stem, "norm") != NULL)
		add_one(r->f, &t);
	emit(r, &t, n, stem, suffix);
	return 0;
}

/* What GGUF leaves to be told by which tensors there are, and config.json
 * says. */
static int
check(const struct modelfile *f, bool tied, struct mf_str arch, char *err)
{
	const struct mf_tensor *t = mf_tensor(f, "token_embd.weight");
	uint64_t vocab = 0;
	bool parallel = false;
	char key[64];

	if (!tied && mf_tensor(f, "output.weight") == NULL)
		return fail(err, "tensor lm_head.weight: missing");
	snprintf(key, sizeof(key), "%.*s.vocab_size", MF_SHOW(arch));
	if (t != NULL && mf_uint(f, key, &vocab, err) == 1 &&
	    t->ne[1] != vocab)
		return fail(err, "%llu rows of embeddings for a vocabulary of "
		    "%llu", (unsigned long long)t->ne[1],
		    (unsigned long long)vocab);
	if (mf_is(arch, "stablelm") &&
	    mf_bool(f, "stablelm.use_parallel_residual", &parallel,
	        err) == 1 &&
	    parallel != (mf_tensor(f, "blk.0.ffn_norm.weight") == NULL))
		return fail(err, "config.json: use_parallel_residual: not what "
		    "the tensors say");
	return 0;
}

int
hf_tensors(struct modelfile *f, bool tied, char *err)
{
	struct reader r = { .f = f, .tied = tied, .err = err };
	struct mf_str arch = { 0 };
	uint64_t n_head = 1, n_kv = 1;
	char key[64];

	mf_string(f, "general.architecture", &arch, err);
	snprintf(key, sizeof(key), "%.*s.attention.head_count", MF_SHOW(arch));
	mf_uint(f, key, &n_head, err);
	snprintf(key, sizeof(key), "%.*s.attention.head_count_kv",
	    MF_SHOW(arch));
	mf_uint(f, key, &n_kv, err);
	r.n_head = (size_t)n_head;
	r.n_kv = (size_t)n_kv;
	r.plus_one = mf_begins(arch, "gemma");
	r.post_norm = mf_is(arch, "gemma2") || mf_is(arch, "gemma3") ||
	    mf_is(arch, "olmo2");
	r.out = xcalloc(f->ntensor, sizeof(*r.out));
	for (size_t i = 0; i < f->ntensor; i++)
		if (translate(&r, f->tensor[i]) != 0) {
			free(r.out);
			return -1;
		}
	free(f->tensor);
	f->tensor = r.out;
	f->ntensor = r.n;
	return mf_sort(f, err) == 0 ? check(f, tied, arch, err) : -1;
}
