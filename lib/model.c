#include "model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "dtype.h"
#include "fmath.h"
#include "hparam.h"

/* What the loader carries along: once err is set nothing more is done. */
struct load {
	struct model *m;
	const struct family *family;
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

/* A vector, or some one behind the other, as floats: in place when it is aligned
 * F32, as the norms of most files are, else a copy. */
static const float *
vector(struct load *l, int n, const char *name, size_t rows, size_t cols,
    bool needed)
{
	struct matrix w = matrix(l, n, name, rows, cols, needed);
	struct model *m = l->m;
	size_t len = rows * cols;
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
		memcpy(&h, w.data + i * (w.stride / cols), sizeof(h));
		if (w.type == DTYPE_F32)
			v[i] = get_f32(w.data + 4 * i);
		else
			v[i] = w.type == DTYPE_F16 ? fm_from_f16(h)
			                           : fm_from_bf16(h);
	}
	return v;
}

/* A norm over the width; LayerNorm has a bias. */
static struct norm
norm(struct load *l, int n, const char *name, bool needed)
{
	size_t d = l->m->n_embd;
	struct norm s = { .len = d, .n = d };
	char full[64];

	snprintf(full, sizeof(full), "%s.weight", name);
	s.w = vector(l, n, full, 1, d, needed);
	snprintf(full, sizeof(full), "%s.bias", name);
	if (s.w != NULL)
		s.b = vector(l, n, full, 1, d, l->m->layer_norm);
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
		s.b = vector(l, n, full, 1, out, false);
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

/* A norm of queries or keys: one for each head, one that all heads have in
 * common, or one over all of them together. */
static struct norm
head_norm(struct load *l, int n, const char *name, size_t heads)
{
	bool all = l->family->qk_norm_all;
	size_t hd = l->m->head_dim, each = 1;
	const struct mf_tensor *t;
	struct norm s;
	char full[96];

	snprintf(full, sizeof(full), "blk.%d.%s.weight", n, name);
	if ((t = mf_tensor(&l->m->file, full)) != NULL && t->ne[1] == heads)
		each = heads;
	snprintf(full, sizeof(full), "%s.weight", name);
	s = (struct norm) { .len = all ? heads * hd : hd,
		.n = all ? heads * hd : each * hd };
	s.w = all ? vector(l, n, full, 1, s.n, true)
	          : vector(l, n, full, each, hd, l->family->qk_norm);
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
	y->q_norm = head_norm(l, n, "attn_q_norm", l->m->n_head);
	y->k_norm = head_norm(l, n, "attn_k_norm", l->m->n_kv);
}

/* Where there is a gate it may stand before up in one tensor. */
static void
feed_forward(struct load *l, int n, struct layer *y)
{
	size_t d = l->m->n_embd, ff = l->m->n_ff;
	const struct mf_tensor *t;
	struct linear both;
	char full[64];

	snprintf(full, sizeof(full), "blk.%d.ffn_up.weight", n);
	t = mf_tensor(&l->m->file, full);
	if (!l->family->ungated && t != NULL && t->ne[1] == 2 * ff) {
		both = linear(l, n, "ffn_up", 2 * ff, d, true);
		y->gate = rows(both, 0, ff);
		y->up = rows(both, ff, ff);
	} else {
		if (!l->family->ungated)
			y->gate = linear(l, n, "ffn_gate", ff, d, true);
		y->up = linear(l, n, "ffn_up", ff, d, true);
	}
	y->down = linear(l, n, "ffn_down", d, ff, true);
}

/* Weights of a layer's maps. */
static size_t
weights(const struct layer *y)
{
	const struct linear *map[] = { &y->q, &y->k, &y->v, &y->o, &y->gate,
		&y->up, &y->down };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		n += map[i]->w.rows * map[i]->w.cols;
	return n;
}

/* How many weights a step meets; an output that is more than all layers takes
 * most of its time. */
static void
count_weights(struct model *m)
{
	size_t output = m->output.w.rows * m->output.w.cols, layers = 0;

	for (size_t i = 0; i < m->n_layer; i++)
		layers += weights(&m->layer[i]);
	m->weights = layers + output;
	m->output.coarse = output > layers;
}

static void
layer(struct load *l, int n, struct layer *y)
{
	const struct family *f = l->family;
	struct model *m = l->m;
	bool alone; /* one norm is before both parts: StableLM's way */

	if (!f->post_only)
		y->attn_norm = norm(l, n, "attn_norm", true);
	attention(l, n, y);
	if (f->post_norm)
		y->attn_post = norm(l, n, "post_attention_norm", true);
	alone = strcmp(f->name, "stablelm") == 0;
	if (!f->post_only)
		y->ffn_norm = norm(l, n, "ffn_norm", !alone);
	if (alone)
		m->parallel = y->ffn_norm.w == NULL;
	if (alone && m->parallel)
		y->ffn_norm = y->attn_norm;
	feed_forward(l, n, y);
	if (f->post_norm)
		y->ffn_post = norm(l, n, "post_ffw_norm", true);
}

/* Divide the rotary frequencies by the file's factors. Of two sets, for short
 * and for long contexts, the one that the wanted context takes (Phi-3). */
static void
rope_factors(struct load *l, size_t ctx)
{
	struct model *m = l->m;
	size_t n = m->rope[0].dim / 2;
	const float *factor, *little, *large;
	char key[128], why[ERRLEN];
	uint64_t orig = m->n_ctx;

	factor = vector(l, -1, "rope_freqs.weight", 1, n, false);
	little = vector(l, -1, "rope_factors_short.weight", 1, n, false);
	large = vector(l, -1, "rope_factors_long.weight", 1, n, false);
	if (little != NULL && large != NULL) {
		snprintf(key, sizeof(key), "%s.rope.scaling."
		    "original_context_length", l->family->name);
		mf_uint(&m->file, key, &orig, why);
		factor = ctx > orig ? large : little;
		if (ctx <= orig && m->n_ctx > orig)
			m->n_ctx = (size_t)orig;
	} else if (little != NULL || large != NULL) {
		refuse(l, "one of rope_factors_short, rope_factors_long: "
		    "missing");
	}
	for (size_t i = 0; i < n && factor != NULL; i++) {
		m->rope[0].freq[i] = (float)((double)m->rope[0].freq[i] /
		    (double)factor[i]);
		if (!isfinite(m->rope[0].freq[i]))
			refuse(l, "rotary factors: not usable");
	}
}

static void
tensors(struct load *l, size_t ctx)
{
	struct model *m = l->m;

	m->tok_embd = matrix(l, -1, "token_embd.weight", m->n_vocab, m->n_embd,
	    true);
	if (l->family->learned)
		m->pos_embd = matrix(l, -1, "position_embd.weight", m->n_ctx,
		    m->n_embd, true);
	else
		rope_factors(l, ctx);
	m->out_norm = norm(l, -1, "output_norm", true);
	m->output = linear(l, -1, "output", m->n_vocab, m->n_embd, false);
	if (m->output.w.data == NULL)
		m->output.w = m->tok_embd;
	for (size_t i = 0; i < m->n_layer && !l->bad; i++)
		layer(l, (int)i, &m->layer[i]);
	count_weights(m);
	for (size_t i = 0; i < m->file.ntensor; i++)
		if (!l->used[i]) {
			struct mf_str s = m->file.tensor[i].name;
			refuse(l, "tensor %.*s: unknown to the architecture %s",
			    (int)(s.len > 64 ? 64 : s.len), s.p,
			    l->family->name);
		}
}

/* What the tokenizer's keys say to the model: how many ids there are, and
 * which of them end a text. */
static void
vocabulary(struct load *l)
{
	struct model *m = l->m;
	const struct mf_kv *kv;
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
	if (l->bad)
		return;
	r = mf_end_ids(&m->file, m->n_token, m->eog, l->err);
	l->bad = r < 0;
	m->n_eog = r > 0 ? (size_t)r : 0;
}

int
model_bind(struct model *m, size_t ctx, char *err)
{
	struct load l = { .m = m, .err = err };

	l.family = hparam_read(m, err);
	l.bad = l.family == NULL;
	l.used = xcalloc(m->file.ntensor, sizeof(*l.used));
	if (!l.bad)
		vocabulary(&l);
	if (!l.bad)
		tensors(&l, ctx);
	free(l.used);
	if (!l.bad && ctx > 0 && ctx < m->n_ctx)
		m->n_ctx = ctx;
	return l.bad ? -1 : 0;
}

int
model_open(struct model *m, const char *path, size_t ctx, char *err)
{
	*m = (struct model) { .path = path };
	if (modelfile_open(&m->file, path, err) != 0)
		return -1;
	if (model_bind(m, ctx, err) == 0)
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
	free(m->rope[0].freq);
	free(m->rope[1].freq);
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

/* Of the first, middle and last bytes of a tensor: side by side, since each step
 * of one waits for the step before it. */
static uint64_t
mix_some(uint64_t h, const struct mf_tensor *t, size_t some)
{
	const unsigned char *at[3] = { t->data, t->data + t->size / 2,
		t->data + t->size - some };
	uint64_t part[3] = { 1, 2, 3 };

	for (size_t i = 0; i < some; i += 8)
		for (int k = 0; k < 3; k++)
			part[k] = mix_u64(part[k], get_u64(at[k] + i));
	for (int k = 0; k < 3; k++)
		h = mix_u64(h, part[k]);
	return h;
}

uint64_t
model_fingerprint(const struct model *m)
{
	const uint64_t hyper[] = { m->n_layer, m->n_embd, m->n_head, m->n_kv,
		m->head_dim, m->n_ff, m->n_vocab, m->n_token, fm_bits(m->eps),
		m->layer_norm, m->parallel, m->act, fm_bits(m->embd_scale),
		fm_bits(m->residual_scale), fm_bits(m->attn_scale),
		fm_bits(m->attn_cap), fm_bits(m->logit_scale),
		fm_bits(m->logit_cap), m->rope_half };
	const size_t some = 1024;
	uint64_t h = 1;

	for (size_t i = 0; i < sizeof(hyper) / sizeof(hyper[0]); i++)
		h = mix_u64(h, hyper[i]);
	for (size_t i = 0; i < m->n_layer; i++)
		h = mix_u64(mix_u64(h, m->layer[i].window),
		    m->layer[i].rope == NULL);
	for (int r = 0; r < 2; r++) {
		h = mix_u64(mix_u64(h, m->rope[r].dim),
		    fm_bits(m->rope[r].scale));
		for (size_t i = 0; i < m->rope[r].dim / 2; i++)
			h = mix_u64(h, fm_bits(m->rope[r].freq[i]));
	}
	for (size_t i = 0; i < m->file.ntensor; i++) {
		const struct mf_tensor *t = &m->file.tensor[i];
		h = mix(mix_u64(h, t->name.len), t->name.p, t->name.len);
		h = mix_u64(h, t->type);
		for (int j = 0; j < 4; j++)
			h = mix_u64(h, t->ne[j]);
		h = t->size > 3 * some ? mix_some(h, t, some)
		                       : mix(h, t->data, t->size);
	}
	return h;
}
