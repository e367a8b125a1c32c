#include "hparam.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct family families[] = {
	{ .name = "llama" }, /* Mistral, SmolLM2, TinyLlama, ... too */
	{ .name = "gpt2", .act = ACT_GELU, .layer_norm = true, .learned = true,
	    .ungated = true },
	{ .name = "smollm3", .no_rope = 4 },
	{ .name = "qwen2", .half = true },
	{ .name = "qwen3", .half = true, .qk_norm = true },
	{ .name = "gemma", .act = ACT_GELU, .half = true, .embd_sqrt = true },
	{ .name = "gemma2", .act = ACT_GELU, .half = true, .embd_sqrt = true,
	    .post_norm = true, .period = 2, .wide = 46 },
	{ .name = "gemma3", .act = ACT_GELU, .half = true, .embd_sqrt = true,
	    .post_norm = true, .qk_norm = true, .period = 6, .wide = 62,
	    .local_base = 10000 },
	{ .name = "phi3", .half = true },
	{ .name = "gptneox", .act = ACT_GELU_ERF, .layer_norm = true,
	    .half = true, .ungated = true },
	{ .name = "olmo2", .half = true, .post_only = true, .post_norm = true,
	    .qk_norm_all = true },
	{ .name = "granite" },
	{ .name = "stablelm", .layer_norm = true, .half = true },
};

/* What the reader carries along: once err is set nothing more is done. */
struct reader {
	struct model *m;
	const struct family *family;
	bool *used; /* by key of the file */
	char *err;
	bool bad;
};

static void
refuse(struct reader *r, const char *fmt, ...) PRINTF(2, 3);

static void
refuse(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	if (r->bad)
		return;
	r->bad = true;
	va_start(ap, fmt);
	vsnprintf(r->err, ERRLEN, fmt, ap);
	va_end(ap);
}

/* A key of the architecture, "llama." before it, which is heeded now. */
static const struct mf_kv *
find(struct reader *r, char key[128], const char *name)
{
	const struct mf_kv *kv;

	snprintf(key, 128, "%s.%s", r->family->name, name);
	if ((kv = mf_find(&r->m->file, key)) != NULL)
		r->used[kv - r->m->file.kv] = true;
	return kv;
}

/* A whole number in [1, max]; `none` (0: required) when the key is missing. */
static size_t
number(struct reader *r, const char *name, uint64_t max, size_t none)
{
	char key[128];
	uint64_t v = none;
	int found;

	if (r->bad)
		return 1;
	find(r, key, name);
	found = mf_uint(&r->m->file, key, &v, r->err);
	if (found < 0)
		r->bad = true;
	else if (found == 0 && none == 0)
		refuse(r, "key %s: missing", key);
	else if (found == 1 && (v < 1 || v > max))
		refuse(r, "key %s: %llu is not between 1 and %llu", key,
		    (unsigned long long)v, (unsigned long long)max);
	return r->bad ? 1 : (size_t)v;
}

/* A number > 0; `none` (0: required) when the key is missing. */
static double
real(struct reader *r, const char *name, double none)
{
	char key[128];
	double v = none;
	int found;

	if (r->bad)
		return 1;
	find(r, key, name);
	found = mf_float(&r->m->file, key, &v, r->err);
	if (found < 0)
		r->bad = true;
	else if (found == 0 && !(none > 0))
		refuse(r, "key %s: missing", key);
	else if (!(v > 0))
		refuse(r, "key %s: %g is not positive", key, v);
	return r->bad ? 1 : v;
}

/* The same, 0 when the key is missing or says 0: there is no such thing. */
static double
optional(struct reader *r, const char *name)
{
	char key[128];
	double v = 0;

	if (!r->bad && find(r, key, name) != NULL &&
	    mf_float(&r->m->file, key, &v, r->err) == 1 && v == 0)
		return 0;
	return !r->bad && mf_find(&r->m->file, key) != NULL
	    ? real(r, name, 0) : 0;
}

static void
sizes(struct reader *r)
{
	const uint64_t big = 1u << 24;
	struct model *m = r->m;
	const struct mf_tensor *t;

	m->n_layer = number(r, "block_count", 1 << 14, 0);
	m->n_embd = number(r, "embedding_length", big, 0);
	m->n_head = number(r, "attention.head_count", 1 << 14, 0);
	m->n_kv = number(r, "attention.head_count_kv", m->n_head, m->n_head);
	m->n_ff = number(r, "feed_forward_length", big, 0);
	m->n_ctx = number(r, "context_length", big, 0);
	m->eps = (float)real(r, r->family->layer_norm
	        ? "attention.layer_norm_epsilon"
	        : "attention.layer_norm_rms_epsilon", 0);
	if (m->n_head > m->n_embd)
		refuse(r, "%zu heads are more than the width %zu", m->n_head,
		    m->n_embd);
	m->head_dim = number(r, "attention.key_length", 1 << 14,
	    m->n_embd / m->n_head);
	if (number(r, "attention.value_length", 1 << 14, m->head_dim) !=
	    m->head_dim)
		refuse(r, "keys and values of different sizes");
	if (m->n_head % m->n_kv != 0)
		refuse(r, "%zu heads are not a multiple of %zu key/value heads",
		    m->n_head, m->n_kv);
	t = mf_tensor(&m->file, "token_embd.weight");
	if (t == NULL)
		refuse(r, "tensor token_embd.weight: missing");
	else if (t->ne[1] > INT32_MAX)
		refuse(r, "tensor token_embd.weight: too many rows");
	else
		m->n_vocab = (size_t)t->ne[1];
}

static void
scales(struct reader *r)
{
	struct model *m = r->m;
	size_t width = m->head_dim;
	char key[128];
	int found;

	if (m->n_layer == r->family->wide)
		width = m->n_embd / m->n_head;
	m->embd_scale = (float)real(r, "embedding_scale", r->family->embd_sqrt
	        ? sqrt((double)m->n_embd) : 1);
	m->residual_scale = (float)real(r, "residual_scale", 1);
	m->attn_scale = (float)real(r, "attention.scale",
	    1 / sqrt((double)width));
	m->attn_cap = (float)optional(r, "attn_logit_softcapping");
	m->logit_scale = (float)(1 / real(r, "logit_scale", 1));
	m->logit_cap = (float)optional(r, "final_logit_softcapping");
	m->act = r->family->act;
	m->layer_norm = r->family->layer_norm;
	m->rope_half = r->family->half || m->file.rope_half;
	/* of StableLM the tensors say whether it is (see model.c) */
	find(r, key, "use_parallel_residual");
	found = mf_bool(&m->file, key, &m->parallel, r->err);
	r->bad |= found < 0;
}

/* How far the context of the training is stretched, and by which rule. */
static void
rope_scaling(struct reader *r, double base)
{
	struct model *m = r->m;
	struct mf_str type = { 0 };
	double factor, ctx;
	char key[128];

	find(r, key, "rope.scaling.type");
	if (r->bad || mf_string(&m->file, key, &type, r->err) < 0) {
		r->bad = true;
		return;
	}
	factor = real(r, "rope.scaling.factor", real(r, "rope.scale_linear",
	    1));
	ctx = (double)number(r, "rope.scaling.original_context_length",
	    1u << 30, m->n_ctx);
	/* a factor alone is the old way to say linear */
	if (mf_find(&m->file, key) == NULL || mf_is(type, "linear"))
		rope_linear(&m->rope[0], factor);
	else if (mf_is(type, "yarn"))
		rope_yarn(&m->rope[0], base, factor, ctx,
		    real(r, "rope.scaling.yarn_beta_fast", 32),
		    real(r, "rope.scaling.yarn_beta_slow", 1));
	else if (!mf_is(type, "none") && !mf_is(type, "longrope"))
		refuse(r, "key %s: '%.*s' is not supported", key,
		    (int)(type.len > 32 ? 32 : type.len), type.p);
	/* in place of YaRN's own, and on top of it */
	m->rope[0].scale = (float)real(r, "rope.scaling.yarn_attn_factor",
	    (double)m->rope[0].scale);
	m->rope[0].scale *= (float)real(r, "rope.scaling.attn_factor", 1);
}

static void
rotary(struct reader *r)
{
	struct model *m = r->m;
	double base = real(r, "rope.freq_base", 10000);
	double local = r->family->local_base;
	size_t dim = number(r, "rope.dimension_count", m->head_dim,
	    m->head_dim);

	if (dim % 2 != 0)
		refuse(r, "rope.dimension_count: %zu is odd", dim);
	if (r->bad)
		return;
	rope_init(&m->rope[0], dim, base);
	rope_scaling(r, base);
	if (local > 0)
		rope_init(&m->rope[1], dim,
		    real(r, "rope.freq_base_swa", local));
	for (int i = 0; i < 2; i++)
		for (size_t j = 0; j < m->rope[i].dim / 2; j++)
			if (!isfinite(m->rope[i].freq[j]))
				refuse(r, "rope.freq_base: not a usable base");
}

/* Which layers see a window only: as a list of booleans or a period says. */
static bool
windowed(struct reader *r, size_t layer)
{
	const char *name = "attention.sliding_window_pattern";
	size_t period = r->family->period;
	const struct mf_kv *kv;
	char key[128];

	kv = r->bad ? NULL : find(r, key, name);
	if (kv != NULL && kv->array) {
		size_t size = mf_size(kv->type);
		if (size == 0 || kv->n != r->m->n_layer)
			refuse(r, "key %s: not %zu booleans", key,
			    r->m->n_layer);
		return !r->bad && kv->p[layer * size] != 0;
	}
	if (kv != NULL)
		period = number(r, name, 1 << 14, 0);
	return period == 0 || layer % period < period - 1;
}

static void
layers(struct reader *r)
{
	struct model *m = r->m;
	size_t window = 0, skip = r->family->no_rope;
	char key[128];
	const struct mf_kv *kv = find(r, key, "attention.sliding_window");
	uint64_t v = 0;

	if (kv != NULL && !(mf_uint(&m->file, key, &v, r->err) == 1 && v == 0))
		window = number(r, "attention.sliding_window", UINT32_MAX, 0);
	if (skip > 0)
		skip = number(r, "no_rope_layer_interval", 1 << 14, skip);
	m->layer = xcalloc(m->n_layer, sizeof(*m->layer));
	for (size_t i = 0; i < m->n_layer && !r->bad; i++) {
		struct layer *y = &m->layer[i];
		bool local = windowed(r, i);
		y->window = local ? window : 0;
		y->rope = m->rope[1].dim > 0 && local ? &m->rope[1]
		    : m->rope[0].dim > 0 ? &m->rope[0] : NULL;
		if (skip > 0 && (i + 1) % skip == 0)
			y->rope = NULL;
	}
}

/* Whether a value says "as usual": 0, false, "none". */
static bool
usual(const struct mf_kv *kv)
{
	const unsigned char *p = kv->p;
	struct mf_str s;

	if (kv->array)
		return false;
	if (kv->type == MF_STR) {
		s = mf_next_str(&p);
		return mf_is(s, "none");
	}
	for (size_t i = 0; i < mf_size(kv->type); i++)
		if (kv->p[i] != 0)
			return false;
	return true;
}

/* Keys of the architecture that no one has heeded and that are not known to
 * change nothing. */
static void
unheeded(struct reader *r)
{
	static const char *const harmless[] = { "vocab_size",
		"tensor_data_layout", "rope.scaling.finetuned" };
	const struct modelfile *f = &r->m->file;
	size_t len = strlen(r->family->name);
	char key[128];
	bool causal;

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		find(r, key, harmless[i]);
	find(r, key, "attention.causal");
	if (mf_bool(f, key, &causal, r->err) == 1 && !causal)
		refuse(r, "key %s: not supported", key);
	for (size_t i = 0; i < f->nkv; i++) {
		struct mf_str s = f->kv[i].key;
		if (s.len > len && memcmp(s.p, r->family->name, len) == 0 &&
		    s.p[len] == '.' && !r->used[i] && !usual(&f->kv[i]))
			refuse(r, "key %.*s: not supported",
			    (int)(s.len > 100 ? 100 : s.len), s.p);
	}
}

const struct family *
hparam_family(const struct modelfile *f, char *err)
{
	struct mf_str s = { 0 };
	int found = mf_string(f, "general.architecture", &s, err);

	if (found == 0)
		fail(err, "key general.architecture: missing");
	if (found != 1)
		return NULL;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (mf_is(s, families[i].name))
			return &families[i];
	fail(err, "architecture %.*s: not one that can be run",
	    (int)(s.len > 64 ? 64 : s.len), s.p);
	return NULL;
}

const struct family *
hparam_read(struct model *m, char *err)
{
	struct reader r = { .m = m, .err = err };

	if ((r.family = hparam_family(&m->file, err)) == NULL)
		return NULL;
	r.used = xcalloc(m->file.nkv, sizeof(*r.used));
	sizes(&r);
	if (!r.bad)
		scales(&r);
	if (!r.bad && !r.family->learned)
		rotary(&r);
	if (!r.bad)
		layers(&r);
	if (!r.bad)
		unheeded(&r);
	free(r.used);
	return r.bad ? NULL : r.family;
}
