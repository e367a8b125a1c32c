#include "model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "dtype.h"
#include "fmath.h"

/* What the loader carries along: once err is set nothing more is done. */
struct load {
	struct model *m;
	char *arch;
	bool *used; /* by tensor of the file */
	char *err;
	bool bad;
};

static void
refuse(struct load *l, const char *fmt, ...) PRINTF(2, 3);

static void
refuse(struct load *l, const char *fmt, ...)
{
	va_list ap;

	if (l->bad)
		return;
	l->bad = true;
	va_start(ap, fmt);
	vsnprintf(l->err, ERRLEN, fmt, ap);
	va_end(ap);
}

/* A key of the architecture, "llama." before it. */
static const char *
arch_key(const struct load *l, char key[128], const char *name)
{
	snprintf(key, 128, "%s.%s", l->arch, name);
	return key;
}

/* A whole number in [1, max]; `none` (0: required) when the key is missing. */
static size_t
number(struct load *l, const char *name, uint64_t max, size_t none)
{
	char key[128];
	uint64_t v = none;
	int r;

	if (l->bad)
		return 1;
	r = mf_uint(&l->m->file, arch_key(l, key, name), &v, l->err);
	if (r < 0)
		l->bad = true;
	else if (r == 0 && none == 0)
		refuse(l, "key %s: missing", key);
	else if (v < 1 || v > max)
		refuse(l, "key %s: %llu is not between 1 and %llu", key,
		    (unsigned long long)v, (unsigned long long)max);
	return l->bad ? 1 : (size_t)v;
}

static double
real(struct load *l, const char *name, double none)
{
	char key[128];
	double v = none;
	int r;

	if (l->bad)
		return 1;
	r = mf_float(&l->m->file, arch_key(l, key, name), &v, l->err);
	if (r < 0)
		l->bad = true;
	else if (r == 0 && !(none > 0))
		refuse(l, "key %s: missing", key);
	else if (!(v > 0))
		refuse(l, "key %s: %g is not positive", key, v);
	return l->bad ? 1 : v;
}

/* The tensor blk.N.NAME (or NAME when n < 0) of shape (rows, cols). When it is
 * missing: an error if needed, else data NULL. */
static struct matrix
matrix(struct load *l, int n, const char *name, size_t rows, size_t cols,
    bool needed)
{
	struct matrix w = { 0 };
	const struct mf_tensor *t;
	const struct dtype *d;
	char full[96];

	if (l->bad)
		return w;
	if (n >= 0)
		snprintf(full, sizeof(full), "blk.%d.%s", n, name);
	else
		snprintf(full, sizeof(full), "%s", name);
	if ((t = mf_tensor(&l->m->file, full)) == NULL) {
		if (needed)
			refuse(l, "tensor %s: missing", full);
		return w;
	}
	l->used[t - l->m->file.tensor] = true;
	if ((d = dtype_get(t->type)) == NULL) {
		const char *type = dtype_name(t->type);
		if (type == NULL)
			refuse(l, "tensor %s: type %lu is not known", full,
			    (unsigned long)t->type);
		else
			refuse(l, "tensor %s: type %s is not one that can be "
			    "read", full, type);
		return w;
	}
	if (t->ne[0] != cols || t->ne[1] != rows || t->ne[2] * t->ne[3] != 1) {
		refuse(l, "tensor %s: its shape is %llu x %llu, not %zu x %zu",
		    full, (unsigned long long)t->ne[0],
		    (unsigned long long)t->ne[1], cols, rows);
		return w;
	}
	return (struct matrix) { .data = t->data, .type = t->type,
		.rows = rows, .cols = cols,
		.stride = cols / d->block * d->bytes };
}

/* A vector as floats: in place when it is aligned F32, as the norms of most
 * files are, else a copy. */
static const float *
vector(struct load *l, int n, const char *name, size_t len, bool needed)
{
	struct matrix w = matrix(l, n, name, 1, len, needed);
	struct model *m = l->m;
	struct buf *copy;
	float *v;

	if (w.data == NULL)
		return NULL;
	if (w.type != DTYPE_F32 && w.type != DTYPE_F16 &&
	    w.type != DTYPE_BF16) {
		refuse(l, "tensor %s: quantised, which a vector cannot be",
		    name);
		return NULL;
	}
	if (w.type == DTYPE_F32 && (uintptr_t)w.data % sizeof(float) == 0)
		return (const float *)(const void *)w.data;
	m->copies = xreallocarray(m->copies, m->n_copies + 1, sizeof(*copy));
	copy = &m->copies[m->n_copies++];
	*copy = (struct buf) { 0 };
	v = (float *)(void *)buf_room(copy, len * sizeof(*v));
	for (size_t i = 0; i < len; i++) {
		uint16_t h;
		memcpy(&h, w.data + i * w.stride / len, sizeof(h));
		if (w.type == DTYPE_F32)
			v[i] = get_f32(w.data + 4 * i);
		else
			v[i] = w.type == DTYPE_F16 ? fm_from_f16(h)
			                           : fm_from_bf16(h);
	}
	return v;
}

static struct norm
norm(struct load *l, int n, const char *name)
{
	struct norm s = { 0 };
	char full[64];

	snprintf(full, sizeof(full), "%s.weight", name);
	s.w = vector(l, n, full, l->m->n_embd, true);
	snprintf(full, sizeof(full), "%s.bias", name);
	s.b = vector(l, n, full, l->m->n_embd, l->m->layer_norm);
	return s;
}

static struct linear
linear(struct load *l, int n, const char *name, size_t out, size_t in,
    bool needed)
{
	struct linear s = { 0 };
	char full[64];

	snprintf(full, sizeof(full), "%s.weight", name);
	s.w = matrix(l, n, full, out, in, needed);
	snprintf(full, sizeof(full), "%s.bias", name);
	if (s.w.data != NULL)
		s.b = vector(l, n, full, out, false);
	return s;
}

/* Rows from.. of a linear map. */
static struct linear
rows(struct linear s, size_t from, size_t n)
{
	if (s.w.data != NULL)
		s.w.data += from * s.w.stride;
	s.w.rows = n;
	if (s.b != NULL)
		s.b += from;
	return s;
}

/* One row of one tensor after the other: a fused q, k, v is three views. */
static void
attention(struct load *l, int n, struct layer *y)
{
	size_t d = l->m->n_embd, q = l->m->n_head * l->m->head_dim;
	size_t kv = l->m->n_kv * l->m->head_dim;
	struct linear all = linear(l, n, "attn_qkv", q + 2 * kv, d, false);

	if (all.w.data != NULL) {
		y->q = rows(all, 0, q);
		y->k = rows(all, q, kv);
		y->v = rows(all, q + kv, kv);
	} else {
		y->q = linear(l, n, "attn_q", q, d, true);
		y->k = linear(l, n, "attn_k", kv, d, true);
		y->v = linear(l, n, "attn_v", kv, d, true);
	}
	y->o = linear(l, n, "attn_output", d, q, true);
}

static void
tensors(struct load *l)
{
	struct model *m = l->m;

	m->tok_embd = matrix(l, -1, "token_embd.weight", m->n_vocab, m->n_embd,
	    true);
	if (m->rope_dim == 0)
		m->pos_embd = matrix(l, -1, "position_embd.weight", m->n_ctx,
		    m->n_embd, true);
	m->out_norm = norm(l, -1, "output_norm");
	m->output = linear(l, -1, "output", m->n_vocab, m->n_embd, false);
	if (m->output.w.data == NULL)
		m->output.w = m->tok_embd;
	m->layer = xcalloc(m->n_layer, sizeof(*m->layer));
	for (size_t i = 0; i < m->n_layer && !l->bad; i++) {
		struct layer *y = &m->layer[i];
		int n = (int)i;
		y->attn_norm = norm(l, n, "attn_norm");
		attention(l, n, y);
		y->ffn_norm = norm(l, n, "ffn_norm");
		if (!m->gelu)
			y->gate = linear(l, n, "ffn_gate", m->n_ff, m->n_embd,
			    true);
		y->up = linear(l, n, "ffn_up", m->n_ff, m->n_embd, true);
		y->down = linear(l, n, "ffn_down", m->n_embd, m->n_ff, true);
	}
	for (size_t i = 0; i < m->file.ntensor; i++)
		if (!l->used[i]) {
			struct mf_str s = m->file.tensor[i].name;
			refuse(l, "tensor %.*s: unknown to the architecture %s",
			    (int)(s.len > 64 ? 64 : s.len), s.p, l->arch);
		}
}

/* Rotary positions: pair i turns by base^(-2i/dim) a position, taken in double
 * and rounded (Su et al. 2021), divided by the file's factor where it has
 * some. */
static void
rope(struct load *l)
{
	struct model *m = l->m;
	double base = real(l, "rope.freq_base", 10000);
	const float *factor;

	m->rope_dim = number(l, "rope.dimension_count", m->head_dim,
	    m->head_dim);
	if (m->rope_dim % 2 != 0)
		refuse(l, "rope.dimension_count: %zu is odd", m->rope_dim);
	factor = vector(l, -1, "rope_freqs.weight", m->rope_dim / 2, false);
	m->rope_freq = xcalloc(m->rope_dim / 2, sizeof(float));
	for (size_t i = 0; i < m->rope_dim / 2 && !l->bad; i++) {
		double e = -2.0 * (double)i / (double)m->rope_dim;
		double f = fm_exp(e * fm_log(base));
		if (factor != NULL)
			f /= (double)factor[i];
		m->rope_freq[i] = (float)f;
		if (!isfinite(m->rope_freq[i]))
			refuse(l, "rope_freqs.weight: not a usable factor");
	}
}

/* Keys that would change the result and are not implemented. */
static void
unsupported(struct load *l)
{
	static const char *const name[] = { "expert_count",
		"rope.scaling.type", "rope.scaling.factor",
		"attention.sliding_window", "attn_logit_softcapping",
		"final_logit_softcapping", "attention.clamp_kqv",
		"attention.max_alibi_bias", "logit_scale", "residual_scale",
		"embedding_scale", "attention.scale", "rope.scale_linear",
		"attention.causal", "use_parallel_residual" };
	const struct modelfile *g = &l->m->file;
	char key[128];

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		const struct mf_kv *kv = mf_find(g,
		    arch_key(l, key, name[i]));
		struct mf_str s;
		uint64_t v;
		bool b;
		if (kv == NULL)
			continue;
		/* spelled out, but saying "as usual" */
		if (mf_string(g, key, &s, l->err) == 1 && s.len == 4 &&
		    memcmp(s.p, "none", 4) == 0)
			continue;
		if (mf_uint(g, key, &v, l->err) == 1 && v == 0)
			continue;
		if (mf_bool(g, key, &b, l->err) == 1 && b &&
		    strcmp(name[i], "attention.causal") == 0)
			continue;
		refuse(l, "key %s: not supported", key);
	}
}

static int
cmp_id(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* What the tokenizer's keys say to the model: how many ids there are, and
 * which of them end a text. */
static void
vocabulary(struct load *l)
{
	static const char *const end[] = { "tokenizer.ggml.eos_token_id",
		"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id" };
	struct model *m = l->m;
	const struct mf_kv *kv;
	uint64_t v;
	int r;

	m->n_token = m->n_vocab;
	r = mf_array(&m->file, "tokenizer.ggml.tokens", MF_STR, &kv,
	    l->err);
	if (r < 0)
		l->bad = true;
	if (r == 1 && (kv->n == 0 || kv->n > m->n_vocab))
		refuse(l, "%llu tokens, but %zu rows in token_embd.weight",
		    (unsigned long long)kv->n, m->n_vocab);
	else if (r == 1)
		m->n_token = (size_t)kv->n;
	for (size_t i = 0; i < 3 && !l->bad; i++) {
		bool have = false;
		r = mf_uint(&m->file, end[i], &v, l->err);
		if (r < 0)
			l->bad = true;
		if (r != 1 || (i > 0 && v == UINT32_MAX))
			continue;
		if (v >= m->n_token)
			refuse(l, "key %s: %llu is not an id", end[i],
			    (unsigned long long)v);
		for (size_t j = 0; j < m->n_eog; j++)
			have |= (uint64_t)m->eog[j] == v;
		if (!have && !l->bad)
			m->eog[m->n_eog++] = (int32_t)v;
	}
	qsort(m->eog, m->n_eog, sizeof(m->eog[0]), cmp_id);
}

static void
hyperparameters(struct load *l)
{
	const uint64_t big = 1u << 24;
	struct model *m = l->m;
	const struct mf_tensor *t;
	bool gpt2 = strcmp(l->arch, "gpt2") == 0;

	m->layer_norm = m->gelu = gpt2;
	m->n_layer = number(l, "block_count", 1 << 14, 0);
	m->n_embd = number(l, "embedding_length", big, 0);
	m->n_head = number(l, "attention.head_count", 1 << 14, 0);
	m->n_kv = number(l, "attention.head_count_kv", m->n_head, m->n_head);
	m->n_ff = number(l, "feed_forward_length", big, 0);
	m->n_ctx = number(l, "context_length", big, 0);
	m->eps = (float)real(l, gpt2 ? "attention.layer_norm_epsilon"
	                             : "attention.layer_norm_rms_epsilon", 0);
	if (m->n_head > m->n_embd)
		refuse(l, "%zu heads are more than the width %zu", m->n_head,
		    m->n_embd);
	m->head_dim = number(l, "attention.key_length", 1 << 14,
	    m->n_embd / m->n_head);
	if (number(l, "attention.value_length", 1 << 14, m->head_dim) !=
	    m->head_dim)
		refuse(l, "keys and values of different sizes");
	if (m->n_head % m->n_kv != 0)
		refuse(l, "%zu heads are not a multiple of %zu key/value heads",
		    m->n_head, m->n_kv);
	if (!gpt2 && !l->bad)
		rope(l);
	t = mf_tensor(&m->file, "token_embd.weight");
	if (t == NULL)
		refuse(l, "tensor token_embd.weight: missing");
	else if (t->ne[1] > INT32_MAX)
		refuse(l, "tensor token_embd.weight: too many rows");
	else
		m->n_vocab = (size_t)t->ne[1];
}

int
model_open(struct model *m, const char *path, char *err)
{
	static const char *const known[] = { "llama", "gpt2" };
	struct load l = { .m = m, .err = err };
	struct mf_str s = { 0 };
	int r;

	*m = (struct model) { .path = path };
	if (modelfile_open(&m->file, path, err) != 0)
		return -1;
	r = mf_string(&m->file, "general.architecture", &s, err);
	if (r == 0)
		refuse(&l, "key general.architecture: missing");
	l.bad |= r < 0;
	l.arch = xcalloc(s.len + 1, 1);
	if (s.len > 0)
		memcpy(l.arch, s.p, s.len);
	l.used = xcalloc(m->file.ntensor, sizeof(*l.used));
	if (strcmp(l.arch, known[0]) != 0 && strcmp(l.arch, known[1]) != 0)
		refuse(&l, "architecture %.64s: not one that can be run",
		    l.arch);
	if (!l.bad)
		unsupported(&l);
	if (!l.bad)
		hyperparameters(&l);
	if (!l.bad)
		vocabulary(&l);
	if (!l.bad)
		tensors(&l);
	free(l.arch);
	free(l.used);
	if (!l.bad)
		return 0;
	model_close(m);
	return -1;
}

void
model_close(struct model *m)
{
	for (size_t i = 0; i < m->n_copies; i++)
		buf_free(&m->copies[i]);
	free(m->copies);
	free(m->rope_freq);
	free(m->layer);
	modelfile_close(&m->file);
	*m = (struct model) { 0 };
}

/* A simple mixing hash, eight bytes at a time; not meant against malice. */
static uint64_t
mix(uint64_t h, const void *p, size_t n)
{
	const unsigned char *s = p;

	for (; n > 0; s += n < 8 ? n : 8, n -= n < 8 ? n : 8) {
		unsigned char w[8] = { 0 };
		memcpy(w, s, n < 8 ? n : 8);
		h = (h ^ get_u64(w)) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return h;
}

static uint64_t
mix_u64(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

uint64_t
model_fingerprint(const struct model *m)
{
	const uint64_t hyper[] = { m->n_layer, m->n_embd, m->n_head, m->n_kv,
		m->head_dim, m->n_ff, m->n_vocab, m->n_token, m->n_ctx,
		fm_bits(m->eps), m->layer_norm, m->gelu, m->rope_dim };
	const size_t some = 1024;
	uint64_t h = 1;

	for (size_t i = 0; i < sizeof(hyper) / sizeof(hyper[0]); i++)
		h = mix_u64(h, hyper[i]);
	for (size_t i = 0; i < m->rope_dim / 2; i++)
		h = mix_u64(h, fm_bits(m->rope_freq[i]));
	for (size_t i = 0; i < m->file.ntensor; i++) {
		const struct mf_tensor *t = &m->file.tensor[i];
		h = mix(mix_u64(h, t->name.len), t->name.p, t->name.len);
		h = mix_u64(h, t->type);
		for (int j = 0; j < 4; j++)
			h = mix_u64(h, t->ne[j]);
		if (t->size <= 3 * some) {
			h = mix(h, t->data, t->size);
			continue;
		}
		h = mix(h, t->data, some);
		h = mix(h, t->data + t->size / 2, some);
		h = mix(h, t->data + t->size - some, some);
	}
	return h;
}
