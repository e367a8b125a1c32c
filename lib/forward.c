#include "forward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fmath.h"
#include "wide.h"

enum {
	CHUNK = 512,       /* rows at a time, at most, and */
	SCRATCH = 1 << 22, /* values of the widest scratch */
	/* Products of a run that are worth a second thread: one that is awake;
	 * and one that has to wake, since steps of a model of fewer weights
	 * than TINY end before that pays. */
	AWAKE = 1 << 18,
	ASLEEP = 1 << 20,
	TINY = 1 << 24,
};

void
forward_open(struct forward *f, const struct model *m, const struct kern *kern,
    struct pool *pool, bool exact, bool f16)
{
	size_t q = m->n_head * m->head_dim, kv = m->n_kv * m->head_dim;
	size_t threads = pool_threads(pool);
	size_t cols = m->n_embd > m->n_ff ? m->n_embd : m->n_ff;

	size_t n;

	cols = cols > q ? cols : q;
	n = SCRATCH / cols < 1 ? 1 : SCRATCH / cols < CHUNK ? SCRATCH / cols
	                                                    : CHUNK;
	*f = (struct forward) { .m = m, .c = { .kern = kern, .pool = pool,
	    .exact = exact, .max_cols = cols,
	    .alone = m->weights < TINY ? ASLEEP : AWAKE },
		.geo = { m->n_layer, m->n_kv, m->head_dim, f16 },
		.chunk = n };
	f->c.panel = xscratch(threads * 16, f->c.max_cols * sizeof(float));
	f->x = xscratch(n, m->n_embd * sizeof(float));
	f->norm = xscratch(n, m->n_embd * sizeof(float));
	f->out = xscratch(n, linear_apart(m->n_embd) * sizeof(float));
	f->q = xscratch(n, linear_apart(q) * sizeof(float));
	f->k = xscratch(n, linear_apart(kv) * sizeof(float));
	f->v = xscratch(n, linear_apart(kv) * sizeof(float));
	f->gate = xscratch(n, linear_apart(m->n_ff) * sizeof(float));
	f->up = xscratch(n, linear_apart(m->n_ff) * sizeof(float));
	for (size_t i = 0; i < 2; i++)
		f->turn[i] = xscratch(n, m->rope[i].dim * sizeof(float));
	for (size_t i = m->n_layer; i-- > 0;)
		if (m->layer[i].rope != NULL)
			f->first[m->layer[i].rope - m->rope] = i;
	attention_open(&f->attention, m, kern, pool, f16);
	linear_in_init(&f->in, n, cols);
}

void
forward_close(struct forward *f)
{
	free(f->c.panel);
	free(f->x);
	free(f->norm);
	free(f->out);
	free(f->q);
	free(f->k);
	free(f->v);
	free(f->gate);
	free(f->up);
	free(f->turn[0]);
	free(f->turn[1]);
	attention_close(&f->attention);
	linear_in_free(&f->in);
}

/* What the pieces of a region, which are rows or rows with a head, work on. */
struct region {
	struct forward *f;
	const struct forward_row *row;
	size_t layer;
	const struct norm *norm;
	size_t n; /* rows */
};

/* y[i] = y[i] * scale * w[i] */
static void scale_row(float *y, float scale, const float *w, size_t n);
WIDE_VOID(scale_row, (float *y, float scale, const float *w, size_t n),
    (y, scale, w, n))
{
	for (size_t i = 0; i < n; i++)
		y[i] = y[i] * scale * w[i];
}

static void add_row(float *y, const float *x, size_t n);
WIDE_VOID(add_row, (float *y, const float *x, size_t n), (y, x, n))
{
	for (size_t i = 0; i < n; i++)
		y[i] += x[i];
}

static void multiply_row(float *y, const float *x, size_t n);
WIDE_VOID(multiply_row, (float *y, const float *x, size_t n), (y, x, n))
{
	for (size_t i = 0; i < n; i++)
		y[i] *= x[i];
}

/*
 * y = x / rms(x) * w (Zhang, Sennrich 2019), or (x - mean(x)) / std(x) * w + b
 * (Ba et al. 2016), of each group of s->len values; x, y: (n), which may be the
 * same. Sums by the 16-lane rule, then rounded operation by operation.
 */
static void
normalise(const struct forward *f, float *y, const float *x, size_t n,
    const struct norm *s)
{
	const struct kern *k = f->c.kern;
	size_t len = s->len;

	for (size_t at = 0; at < n; at += len, x += len, y += len) {
		const float *w = s->w + at % s->n;
		float mean = 0, scale;
		if (f->m->layer_norm)
			mean = k->sum(x, len) / (float)len;
		else if (x != y)
			memcpy(y, x, len * sizeof(*y));
		for (size_t i = 0; f->m->layer_norm && i < len; i++)
			y[i] = x[i] - mean;
		scale = 1 / sqrtf(k->dot(y, y, len) / (float)len + f->m->eps);
		scale_row(y, scale, w, len);
		if (s->b != NULL)
			add_row(y, s->b + at % s->n, len);
	}
}

/* What goes into a block's part: x, normalised where there is a norm. */
static void
normalise_rows(void *arg, size_t from, size_t to, size_t worker)
{
	struct region *r = arg;
	size_t d = r->f->m->n_embd;

	(void)worker;
	if (r->norm->w == NULL)
		memcpy(r->f->norm + from * d, r->f->x + from * d,
		    (to - from) * d * sizeof(float));
	for (size_t t = from; t < to && r->norm->w != NULL; t++)
		normalise(r->f, r->f->norm + t * d, r->f->x + t * d, d,
		    r->norm);
}

/* x += what a block's part adds, normalised and scaled where that is so. */
static void
add_rows(void *arg, size_t from, size_t to, size_t worker)
{
	struct region *r = arg;
	struct forward *f = r->f;
	size_t d = f->m->n_embd;
	float scale = f->m->residual_scale;

	(void)worker;
	for (size_t t = from; t < to; t++) {
		float *x = f->x + t * d, *y = f->out + t * linear_apart(d);
		if (r->norm->w != NULL)
			normalise(f, y, y, d, r->norm);
		if (scale != 1)
			for (size_t i = 0; i < d; i++)
				y[i] *= scale;
		add_row(x, y, d);
	}
}

/* x = token embedding, plus the position's where positions are learned. */
static void
embed_rows(void *arg, size_t from, size_t to, size_t worker)
{
	struct region *r = arg;
	struct forward *f = r->f;
	size_t d = f->m->n_embd;

	(void)worker;
	for (size_t t = from; t < to; t++) {
		const struct forward_row *row = &r->row[t];
		float *x = f->x + t * d, *pos = f->norm + t * d;
		linear_row(&f->c, x, &f->m->tok_embd,
		    (size_t)row->seq->tok[row->pos]);
		if (f->m->embd_scale != 1)
			for (size_t i = 0; i < d; i++)
				x[i] *= f->m->embd_scale;
		if (f->m->pos_embd.data == NULL)
			continue;
		linear_row(&f->c, pos, &f->m->pos_embd, row->pos);
		add_row(x, pos, d);
	}
}

/* The cosines and sines of a position's angles: (dim / 2) each. */
static void
angles(float *turn, const struct rope *rope, size_t pos)
{
	for (size_t i = 0; i < rope->dim / 2; i++) {
		float angle = (float)pos * rope->freq[i];
		double s, c;
		fm_sincos((double)angle, &s, &c);
		turn[i] = (float)c * rope->scale;
		turn[rope->dim / 2 + i] = (float)s * rope->scale;
	}
}

/* Turn n pairs (a, b), `next` apart, by the angles of cosines c and sines s. */
static inline void
turn_pairs(float *restrict a, float *restrict b, size_t next,
    const float *restrict c, const float *restrict s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float x = a[i * next], y = b[i * next];
		a[i * next] = x * c[i] - y * s[i];
		b[i * next] = x * s[i] + y * c[i];
	}
}

/* Turn the pairs of each of a row's heads by the position's angles. */
static void
rotate(const struct model *m, float *x, size_t heads, const float *turn,
    size_t dim)
{
	const float *c = turn, *s = turn + dim / 2;

	for (; heads-- > 0; x += m->head_dim)
		if (m->rope_half)
			turn_pairs(x, x + dim / 2, 1, c, s, dim / 2);
		else
			turn_pairs(x, x + 1, 2, c, s, dim / 2);
}

/* Normalise and rotate queries and keys; store keys and values. */
static void
store_rows(void *arg, size_t from, size_t to, size_t worker)
{
	struct region *r = arg;
	struct forward *f = r->f;
	const struct model *m = f->m;
	const struct layer *y = &m->layer[r->layer];
	const struct rope *rope = y->rope;
	size_t hd = m->head_dim, nq = m->n_head * hd, nk = m->n_kv * hd;

	(void)worker;
	for (size_t t = from; t < to; t++) {
		const struct forward_row *row = &r->row[t];
		float *q = f->q + t * linear_apart(nq);
		float *k = f->k + t * linear_apart(nk);
		float *v = f->v + t * linear_apart(nk);
		if (y->q_norm.w != NULL)
			normalise(f, q, q, nq, &y->q_norm);
		if (y->k_norm.w != NULL)
			normalise(f, k, k, nk, &y->k_norm);
		if (rope != NULL) {
			float *turn = f->turn[rope - m->rope] + t * rope->dim;
			/* layer by layer the angles are the same */
			if (r->layer == f->first[rope - m->rope])
				angles(turn, rope, row->pos);
			rotate(m, q, m->n_head, turn, rope->dim);
			rotate(m, k, m->n_kv, turn, rope->dim);
		}
		for (size_t h = 0; h < m->n_kv; h++)
			seq_store(row->seq, f->c.kern, row->pos, r->layer, h,
			    k + h * hd, v + h * hd);
	}
}

static void
activate_rows(void *arg, size_t from, size_t to, size_t worker)
{
	struct region *r = arg;
	struct forward *f = r->f;
	size_t n = f->m->n_ff, ld = linear_apart(n);
	const struct kern *k = f->c.kern;
	bool gated = f->m->layer[r->layer].gate.w.data != NULL;

	(void)worker;
	for (size_t t = from; t < to; t++) {
		float *up = f->up + t * ld, *gate = f->gate + t * ld;
		if (f->m->act == ACT_SILU && gated) {
			k->silu_mul(up, gate, n);
			continue;
		}
		(f->m->act == ACT_GELU ? k->gelu : k->gelu_erf)(
		    gated ? gate : up, n);
		if (gated)
			multiply_row(up, gate, n);
	}
}

/* A row alone is bound by memory: threads that wait read what comes next. */
static void
read_ahead(struct forward *f, const struct linear_job *job, size_t jobs,
    size_t n)
{
	linear_ahead(&f->c, job, n == 1 ? jobs : 0, false);
}

/* Of what comes after a layer. */
static void
read_ahead_of_next(struct forward *f, size_t layer, size_t n)
{
	const struct model *m = f->m;
	const struct layer *y = &m->layer[layer + 1];
	const struct linear_job output[] = { { .map = &m->output } };

	if (layer + 1 == m->n_layer) {
		linear_ahead(&f->c, output, n == 1, true);
	} else {
		const struct linear_job qkv[] = { { .map = &y->q },
			{ .map = &y->k }, { .map = &y->v } };
		read_ahead(f, qkv, 3, n);
	}
}

/*
 * One decoder block over n rows: x += attention(norm(x)), x += ffn(norm(x)),
 * where parallel both of the same x. (f->norm, f->in, f->out pass from step to
 * step.)
 */
static void
block(struct forward *f, const struct forward_row *row, size_t n, size_t layer)
{
	const struct model *m = f->m;
	const struct layer *y = &m->layer[layer];
	struct region in = { f, row, layer, &y->attn_norm, n };
	struct region ffn_in = { f, row, layer, &y->ffn_norm, n };
	struct region out = { f, row, layer, &y->attn_post, n };
	struct region ffn_out = { f, row, layer, &y->ffn_post, n };
	struct pool *pool = f->c.pool;
	size_t d = m->n_embd, q = m->n_head * m->head_dim;
	size_t q_ld = linear_apart(q), ff_ld = linear_apart(m->n_ff);
	size_t kv_ld = linear_apart(m->n_kv * m->head_dim);
	const struct linear_job qkv[] = { { f->q, q_ld, &y->q },
		{ f->k, kv_ld, &y->k }, { f->v, kv_ld, &y->v } };
	const struct linear_job o[] = { { f->out, linear_apart(d), &y->o } };
	const struct linear_job up[] = { { f->up, ff_ld, &y->up },
		{ f->gate, ff_ld, &y->gate } };
	const struct linear_job down[] = { { f->out, linear_apart(d),
		&y->down } };
	size_t ups = y->gate.w.data != NULL ? 2 : 1;

	pool_run(pool, normalise_rows, &in, n, 16);
	linear_input(&f->in, f->norm, d, n, d);
	read_ahead(f, o, 1, n);
	linear_run(&f->c, qkv, 3, &f->in);
	pool_run(pool, store_rows, &in, n, 8);
	attention_run(&f->attention, f->q, row, n, layer);
	linear_input(&f->in, f->q, q_ld, n, q);
	read_ahead(f, up, ups, n);
	linear_run(&f->c, o, 1, &f->in);
	if (m->parallel)
		pool_run(pool, normalise_rows, &ffn_in, n, 16);
	pool_run(pool, add_rows, &out, n, 16);

	if (!m->parallel)
		pool_run(pool, normalise_rows, &ffn_in, n, 16);
	linear_input(&f->in, f->norm, d, n, d);
	read_ahead(f, down, 1, n);
	linear_run(&f->c, up, ups, &f->in);
	pool_run(pool, activate_rows, &in, n, 8);
	linear_input(&f->in, f->up, ff_ld, n, m->n_ff);
	read_ahead_of_next(f, layer, n);
	linear_run(&f->c, down, 1, &f->in);
	pool_run(pool, add_rows, &ffn_out, n, 16);
}

void
forward_run(struct forward *f, const struct forward_row *row, size_t n)
{
	for (size_t at = 0; at < n; at += f->chunk, row += f->chunk) {
		size_t k = n - at < f->chunk ? n - at : f->chunk;
		struct region r = { f, row, 0, NULL, k };
		pool_run(f->c.pool, embed_rows, &r, k, 16);
		for (size_t i = 0; i < f->m->n_layer; i++)
			block(f, row, k, i);
		for (size_t t = 0; t < k; t++)
			if (row[t].hidden != NULL)
				normalise(f, row[t].hidden,
				    f->x + t * f->m->n_embd, f->m->n_embd,
				    &f->m->out_norm);
	}
}

/* Whether all of x[n] are below infinity, and so none is NaN. */
static bool all_below(const float *x, size_t n);
WIDE(bool, all_below, (const float *x, size_t n), (x, n))
{
	uint32_t good = 0;

	for (size_t i = 0; i < n; i++)
		good += x[i] < INFINITY;
	return good == n;
}

/* The logits of a row that are being finished. */
struct logits {
	struct forward *f;
	float *l;    /* (n_vocab) */
	size_t done; /* the first are */
	bool bad;    /* one is no finite number */
	const struct linear_watch *watch;
};

/* What there is to do to the first n as they come from the map. */
static void
finish(void *arg, size_t n)
{
	struct logits *x = arg;
	const struct model *m = x->f->m;
	size_t from = x->done, tokens = n < m->n_token ? n : m->n_token;

	for (size_t i = from; m->logit_scale != 1 && i < n; i++)
		x->l[i] *= m->logit_scale;
	if (m->logit_cap > 0)
		x->f->c.kern->softcap(x->l + from, n - from, m->logit_cap);
	if (from < tokens && !all_below(x->l + from, tokens - from))
		x->bad = true;
	for (size_t i = from < tokens ? tokens : from; i < n; i++)
		x->l[i] = -INFINITY;
	x->done = n;
	if (x->watch != NULL && !x->bad)
		x->watch->ready(x->watch->arg, n);
}

size_t
forward_logits(struct forward *f, float *logits, const float *hidden, size_t n)
{
	const struct model *m = f->m;

	for (size_t at = 0; at < n; at += f->chunk) {
		size_t k = n - at < f->chunk ? n - at : f->chunk;
		struct linear_job job = { logits + at * m->n_vocab,
			m->n_vocab, &m->output };
		linear_input(&f->in, hidden + at * m->n_embd, m->n_embd, k,
		    m->n_embd);
		read_ahead(f, NULL, 0, k);
		linear_run(&f->c, &job, 1, &f->in);
	}
	for (size_t t = 0; t < n; t++) {
		struct logits x = { .f = f, .l = logits + t * m->n_vocab };
		finish(&x, m->n_vocab);
		if (x.bad)
			return t;
	}
	return n;
}

bool
forward_logits_in_order(struct forward *f, float *logits, const float *hidden,
    const struct linear_watch *watch)
{
	struct logits x = { .f = f, .l = logits, .watch = watch };
	const struct linear_watch w = { finish, &x };
	const struct linear_job job = { logits, f->m->n_vocab, &f->m->output };

	linear_input(&f->in, hidden, f->m->n_embd, 1, f->m->n_embd);
	read_ahead(f, NULL, 0, 1);
	linear_run_in_order(&f->c, &job, &f->in, &w);
	return !x.bad;
}
