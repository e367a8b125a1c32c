#include "forward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fmath.h"

enum {
	CHUNK = 128,       /* rows at a time, at most, and */
	SCRATCH = 1 << 22, /* values of the widest scratch */
};

void
forward_open(struct forward *f, const struct model *m, const struct kern *kern,
    struct pool *pool, bool exact, bool f16)
{
	size_t q = m->n_head * m->head_dim, kv = m->n_kv * m->head_dim;
	size_t threads = pool_threads(pool), group = m->n_head / m->n_kv;
	size_t cols = m->n_embd > m->n_ff ? m->n_embd : m->n_ff;

	size_t n;

	cols = cols > q ? cols : q;
	n = SCRATCH / cols < 1 ? 1 : SCRATCH / cols < CHUNK ? SCRATCH / cols
	                                                    : CHUNK;
	*f = (struct forward) { .m = m, .c = { .kern = kern, .pool = pool,
	    .exact = exact, .max_cols = cols },
		.geo = { m->n_layer, m->n_kv, m->head_dim, f16 },
		.chunk = n };
	f->c.panel = xaligned(threads * 16, cols * sizeof(float));
	f->x = xaligned(n, m->n_embd * sizeof(float));
	f->norm = xaligned(n, m->n_embd * sizeof(float));
	f->out = xaligned(n, m->n_embd * sizeof(float));
	f->q = xaligned(n, q * sizeof(float));
	f->k = xaligned(n, kv * sizeof(float));
	f->v = xaligned(n, kv * sizeof(float));
	f->gate = xaligned(n, m->n_ff * sizeof(float));
	f->up = xaligned(n, m->n_ff * sizeof(float));
	f->turn = xaligned(n, m->rope_dim * sizeof(float));
	f->ml = xaligned(threads * 2, group * sizeof(float));
	f->o = xaligned(threads * group, m->head_dim * sizeof(float));
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
	free(f->turn);
	free(f->ml);
	free(f->o);
	linear_in_free(&f->in);
}

/* What the pieces of a region, which are rows or (row, head) pairs, work on. */
struct region {
	struct forward *f;
	const struct forward_row *row;
	size_t layer;
	const struct norm *norm;
};

/*
 * y = x / rms(x) * w (Zhang, Sennrich 2019), or (x - mean(x)) / std(x) * w + b
 * (Ba et al. 2016); x, y: (n_embd). Sums by the 16-lane rule, then rounded
 * operation by operation.
 */
static void
normalise(const struct forward *f, float *y, const float *x,
    const struct norm *s)
{
	const struct kern *k = f->c.kern;
	size_t n = f->m->n_embd;
	float mean = f->m->layer_norm ? k->sum(x, n) / (float)n : 0, scale;

	for (size_t i = 0; i < n; i++)
		y[i] = x[i] - mean;
	scale = 1 / sqrtf(k->dot(y, y, n) / (float)n + f->m->eps);
	for (size_t i = 0; i < n; i++)
		y[i] = y[i] * scale * s->w[i];
	if (s->b != NULL)
		for (size_t i = 0; i < n; i++)
			y[i] += s->b[i];
}

static void
normalise_rows(void *arg, size_t from, size_t to, size_t worker)
{
	struct region *r = arg;
	size_t d = r->f->m->n_embd;

	(void)worker;
	for (size_t t = from; t < to; t++)
		normalise(r->f, r->f->norm + t * d, r->f->x + t * d, r->norm);
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
		if (f->m->pos_embd.data == NULL)
			continue;
		linear_row(&f->c, pos, &f->m->pos_embd, row->pos);
		for (size_t i = 0; i < d; i++)
			x[i] += pos[i];
	}
}

/* Turn the pairs (x[2i], x[2i+1]) of a head by the position's angles: sine and
 * cosine, (rope_dim / 2) each. */
static void
rotate(float *x, const float *cosine, const float *sine, size_t dim)
{
	for (size_t i = 0; i < dim / 2; i++) {
		float a = x[2 * i], b = x[2 * i + 1];
		x[2 * i] = a * cosine[i] - b * sine[i];
		x[2 * i + 1] = a * sine[i] + b * cosine[i];
	}
}

/* Rotate queries and keys; store keys and values. */
static void
store_rows(void *arg, size_t from, size_t to, size_t worker)
{
	struct region *r = arg;
	struct forward *f = r->f;
	const struct model *m = f->m;
	size_t hd = m->head_dim, dim = m->rope_dim;

	(void)worker;
	for (size_t t = from; t < to; t++) {
		const struct forward_row *row = &r->row[t];
		float *q = f->q + t * m->n_head * hd;
		float *k = f->k + t * m->n_kv * hd;
		float *v = f->v + t * m->n_kv * hd;
		float *cosine = f->turn + t * dim, *sine = cosine + dim / 2;
		for (size_t i = 0; i < dim / 2; i++) {
			float angle = (float)row->pos * m->rope_freq[i];
			double s, c;
			fm_sincos((double)angle, &s, &c);
			cosine[i] = (float)c;
			sine[i] = (float)s;
		}
		for (size_t h = 0; h < m->n_head; h++)
			rotate(q + h * hd, cosine, sine, dim);
		for (size_t h = 0; h < m->n_kv; h++) {
			rotate(k + h * hd, cosine, sine, dim);
			seq_store(row->seq, f->c.kern, row->pos, r->layer, h,
			    k + h * hd, v + h * hd);
		}
	}
}

/* Pieces are (row, key/value head): the queries that share the head see all
 * positions up to the row's, page by page. The result takes q's place. */
static void
attend(void *arg, size_t from, size_t to, size_t worker)
{
	struct region *r = arg;
	struct forward *f = r->f;
	const struct model *m = f->m;
	size_t hd = m->head_dim, group = m->n_head / m->n_kv;
	float *max = f->ml + worker * 2 * group, *sum = max + group;
	float *o = f->o + worker * group * hd;
	struct kern_attn at = { .hd = hd, .scale = 1 / sqrtf((float)hd) };

	for (size_t piece = from; piece < to; piece++) {
		const struct forward_row *row = &r->row[piece / m->n_kv];
		size_t head = piece % m->n_kv, see = row->pos + 1;
		float *q = f->q + piece * group * hd;
		memset(o, 0, group * hd * sizeof(*o));
		for (size_t g = 0; g < group; g++) {
			max[g] = -INFINITY;
			sum[g] = 0;
		}
		for (size_t page = 0; page * KERN_PAGE < see; page++) {
			const void *k = seq_keys(row->seq, page, r->layer, head);
			const void *v = seq_values(row->seq, page, r->layer,
			    head);
			at.to = see - page * KERN_PAGE;
			at.to = at.to > KERN_PAGE ? KERN_PAGE : at.to;
			if (f->geo.f16)
				f->c.kern->attn_f16(o, max, sum, q, k, v,
				    group, &at);
			else
				f->c.kern->attn_f32(o, max, sum, q, k, v,
				    group, &at);
		}
		for (size_t i = 0; i < group * hd; i++)
			q[i] = o[i] / sum[i / hd];
	}
}

static void
activate_rows(void *arg, size_t from, size_t to, size_t worker)
{
	struct region *r = arg;
	struct forward *f = r->f;
	size_t n = f->m->n_ff, at = from * n, many = (to - from) * n;

	(void)worker;
	if (f->m->gelu)
		f->c.kern->gelu(f->up + at, many);
	else
		f->c.kern->silu_mul(f->up + at, f->gate + at, many);
}

static void
add(float *x, const float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] += y[i];
}

/* One decoder block over n rows: x += attention(norm(x)), x += ffn(norm(x)). */
static void
block(struct forward *f, const struct forward_row *row, size_t n, size_t layer)
{
	const struct model *m = f->m;
	const struct layer *y = &m->layer[layer];
	struct region r = { f, row, layer, &y->attn_norm };
	struct pool *pool = f->c.pool;
	const struct linear_job qkv[] = { { f->q, &y->q }, { f->k, &y->k },
		{ f->v, &y->v } };
	const struct linear_job o[] = { { f->out, &y->o } };
	const struct linear_job up[] = { { f->up, &y->up },
		{ f->gate, &y->gate } };
	const struct linear_job down[] = { { f->out, &y->down } };
	size_t work = (row[n - 1].pos + 1) * m->head_dim * (m->n_head / m->n_kv);

	pool_run(pool, normalise_rows, &r, n, 16);
	linear_input(&f->in, f->norm, n, m->n_embd);
	linear_run(&f->c, qkv, 3, &f->in);
	pool_run(pool, store_rows, &r, n, 8);
	/* a chunk of pieces that is worth a thread's waking */
	pool_run(pool, attend, &r, n * m->n_kv, 1 + 65536 / work);
	linear_input(&f->in, f->q, n, m->n_head * m->head_dim);
	linear_run(&f->c, o, 1, &f->in);
	add(f->x, f->out, n * m->n_embd);

	r.norm = &y->ffn_norm;
	pool_run(pool, normalise_rows, &r, n, 16);
	linear_input(&f->in, f->norm, n, m->n_embd);
	linear_run(&f->c, up, y->gate.w.data != NULL ? 2 : 1, &f->in);
	pool_run(pool, activate_rows, &r, n, 8);
	linear_input(&f->in, f->up, n, m->n_ff);
	linear_run(&f->c, down, 1, &f->in);
	add(f->x, f->out, n * m->n_embd);
}

void
forward_run(struct forward *f, const struct forward_row *row, size_t n)
{
	for (size_t at = 0; at < n; at += f->chunk, row += f->chunk) {
		size_t k = n - at < f->chunk ? n - at : f->chunk;
		struct region r = { f, row, 0, NULL };
		pool_run(f->c.pool, embed_rows, &r, k, 16);
		for (size_t i = 0; i < f->m->n_layer; i++)
			block(f, row, k, i);
		for (size_t t = 0; t < k; t++)
			if (row[t].hidden != NULL)
				normalise(f, row[t].hidden,
				    f->x + t * f->m->n_embd, &f->m->out_norm);
	}
}

size_t
forward_logits(struct forward *f, float *logits, const float *hidden, size_t n)
{
	const struct model *m = f->m;

	for (size_t at = 0; at < n; at += f->chunk) {
		size_t k = n - at < f->chunk ? n - at : f->chunk;
		struct linear_job job = { logits + at * m->n_vocab,
			&m->output };
		linear_input(&f->in, hidden + at * m->n_embd, k,
		    m->n_embd);
		linear_run(&f->c, &job, 1, &f->in);
	}
	for (size_t t = 0; t < n; t++, logits += m->n_vocab) {
		for (size_t i = 0; i < m->n_token; i++)
			if (!(logits[i] < INFINITY))
				return t;
		for (size_t i = m->n_token; i < m->n_vocab; i++)
			logits[i] = -INFINITY;
	}
	return n;
}
