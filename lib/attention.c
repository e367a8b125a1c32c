#include "attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forward.h"

enum {
	MANY = 32,       /* rows from which on several attend together */
	WORTH = 1 << 16, /* products that are worth a thread's waking */
	NARROW = 32,     /* dimensions that are worth a piece */
};

void
attention_open(struct attention *a, const struct model *m,
    const struct kern *kern, struct pool *pool, bool f16)
{
	size_t group = m->n_head / m->n_kv;
	size_t rows = 64 / group < 1 ? 1 : 64 / group < 16 ? 64 / group : 16;

	*a = (struct attention) { .m = m, .kern = kern, .pool = pool,
		.f16 = f16, .rows = rows,
		.size = rows * group * (2 * m->head_dim + 2) };
	a->own = xscratch(pool_threads(pool), a->size * sizeof(float));
}

void
attention_close(struct attention *a)
{
	free(a->own);
	free(a->score);
}

/* What pieces work on. */
struct region {
	struct attention *a;
	float *q;
	size_t width; /* how far its rows are apart */
	const struct forward_row *row;
	size_t n, layer;
	size_t pages; /* that a row sees, at most, */
	size_t parts; /* and of dimensions, where these are shared out */
};

/* The first position that a row at `pos` sees. */
static size_t
first_seen(const struct region *r, size_t pos)
{
	size_t window = r->a->m->layer[r->layer].window;

	return window > 0 && window <= pos ? pos + 1 - window : 0;
}

/* The positions of a page that it sees; false: none. */
static bool
sees(struct kern_attn *at, const struct region *r, size_t pos, size_t page)
{
	size_t first = page * KERN_PAGE, to = pos + 1;
	size_t from = first_seen(r, pos);

	at->from = from > first ? from - first : 0;
	at->to = to > first ? to - first : 0;
	if (at->to > KERN_PAGE)
		at->to = KERN_PAGE;
	return at->from < at->to;
}

/* Queries that attend together: of heads that share keys and values, from rows
 * of a sequence that follow each other. */
struct queries {
	float *q, *o;     /* (rows, heads, head_dim) */
	float *max, *sum; /* (rows, heads) */
	size_t rows, pos; /* position of the first row */
	size_t heads;
};

/* n queries from number i on attend to a page: without o their scores are made and
 * no more, without q these are there. */
static void
attend(const struct attention *a, const struct queries *x, size_t i, size_t n,
    const void *k, const void *v, const struct kern_attn *at)
{
	float *q = x->q == NULL ? NULL : x->q + i * at->hd;
	float *o = x->o == NULL ? NULL : x->o + i * at->hd;
	float *max = x->max == NULL ? NULL : x->max + i;
	float *sum = x->sum == NULL ? NULL : x->sum + i;

	if (a->f16)
		a->kern->attn_f16(o, max, sum, q, k, v, n, at);
	else
		a->kern->attn_f32(o, max, sum, q, k, v, n, at);
}

static struct kern_attn
attn(const struct attention *a, size_t each)
{
	return (struct kern_attn) { .hd = a->m->head_dim, .each = each,
		.scale = a->m->attn_scale, .cap = a->m->attn_cap,
		.hi = a->m->head_dim };
}

static void
begin(struct queries *x, size_t hd)
{
	memset(x->o, 0, x->rows * x->heads * hd * sizeof(float));
	for (size_t i = 0; i < x->rows * x->heads; i++) {
		x->max[i] = -INFINITY;
		x->sum[i] = 0;
	}
}

/* All at once, unless a window ends what they see of the page at different
 * positions. */
static void
attend_page(const struct region *r, const struct queries *x, size_t head,
    size_t page)
{
	const struct seq *seq = r->row->seq;
	size_t group = x->heads, first = page * KERN_PAGE;
	size_t i = first > x->pos ? first - x->pos : 0; /* the row */
	struct kern_attn at = attn(r->a, group), last = at;
	const void *k = seq_keys(seq, page, r->layer, head);
	const void *v = seq_values(seq, page, r->layer, head);
	bool same = sees(&at, r, x->pos + i, page) &&
	    sees(&last, r, x->pos + x->rows - 1, page) && at.from == last.from;
	size_t step = same ? x->rows - i : 1;

	if (first + KERN_PAGE < x->pos + x->rows)
		at.next = seq_keys(seq, page + 1, r->layer, head);
	for (; i < x->rows; i += step)
		if (sees(&at, r, x->pos + i, page))
			attend(r->a, x, i * group, step * group, k, v, &at);
}

/* The heads that share key/value head `head`, and rows that follow each other,
 * the first being r->row; `own` is a thread's scratch. */
static void
attend_rows(const struct region *r, float *q, size_t rows, size_t head,
    float *own)
{
	const struct model *m = r->a->m;
	size_t group = m->n_head / m->n_kv, hd = m->head_dim, n = rows * group;
	size_t pos = r->row->pos;
	struct queries x = { own, own + n * hd, own + 2 * n * hd,
		own + 2 * n * hd + n, rows, pos, group };

	q += head * group * hd;
	for (size_t i = 0; i < rows; i++)
		memcpy(x.q + i * group * hd, q + i * r->width,
		    group * hd * sizeof(float));
	begin(&x, hd);
	for (size_t page = first_seen(r, pos) / KERN_PAGE;
	    page * KERN_PAGE < pos + rows; page++)
		attend_page(r, &x, head, page);
	for (size_t i = 0; i < n; i++) {
		float *to = q + i / group * r->width + i % group * hd;
		for (size_t j = 0; j < hd; j++)
			to[j] = x.o[i * hd + j] / x.sum[i];
	}
}

/* Of n rows, those that attend together. */
static size_t
together(const struct attention *a, size_t n)
{
	return n < MANY ? 1 : a->rows;
}

/* Pieces are (rows together, key/value head). */
static void
attend_piece(void *arg, size_t from, size_t to, size_t worker)
{
	const struct region *r = arg;
	float *own = r->a->own + worker * r->a->size;
	size_t n_kv = r->a->m->n_kv, rows = together(r->a, r->n);

	for (; from < to; from++) {
		size_t t = from / n_kv * rows;
		size_t end = t + rows < r->n ? t + rows : r->n;
		while (t < end) {
			const struct forward_row *row = r->row + t;
			struct region here = *r;
			size_t n = 1;
			while (t + n < end && row[n].seq == row->seq &&
			    row[n].pos == row->pos + n)
				n++;
			here.row = row;
			attend_rows(&here, r->q + t * r->width, n, from % n_kv,
			    own);
			t += n;
		}
	}
}

/* A row with a key/value head: the pages that it sees, and their scores. */
struct apart {
	const struct forward_row *row;
	float *q;     /* (heads, head_dim) queries */
	size_t head;
	size_t page, end; /* of them the first, and behind the last */
	float *score; /* (pages, heads, 64) */
};

static struct apart
apart(const struct region *r, size_t i)
{
	const struct model *m = r->a->m;
	size_t group = m->n_head / m->n_kv;
	size_t t = i / m->n_kv, head = i % m->n_kv;
	const struct forward_row *row = r->row + t;

	return (struct apart) { row, r->q + t * r->width +
		    head * group * m->head_dim, head,
		first_seen(r, row->pos) / KERN_PAGE, row->pos / KERN_PAGE + 1,
		r->a->score + i * r->pages * group * KERN_PAGE };
}

/* Pieces are (row, key/value head, page). */
static void
make_scores(void *arg, size_t from, size_t to, size_t worker)
{
	const struct region *r = arg;
	size_t group = r->a->m->n_head / r->a->m->n_kv;

	(void)worker;
	for (; from < to; from++) {
		struct apart p = apart(r, from / r->pages);
		struct queries x = { .q = p.q };
		size_t page = p.page + from % r->pages;
		struct kern_attn at = attn(r->a, 0);
		if (page >= p.end)
			continue;
		sees(&at, r, p.row->pos, page);
		at.s = p.score + from % r->pages * group * KERN_PAGE;
		if (page + 1 < p.end)
			at.next = seq_keys(p.row->seq, page + 1, r->layer,
			    p.head);
		attend(r->a, &x, 0, group, seq_keys(p.row->seq, page, r->layer,
		    p.head), NULL, &at);
	}
}

/* Pieces are (row, key/value head, part of its dimensions). */
static void
sum_values(void *arg, size_t from, size_t to, size_t worker)
{
	const struct region *r = arg;
	size_t hd = r->a->m->head_dim, group = r->a->m->n_head / r->a->m->n_kv;
	float *own = r->a->own + worker * r->a->size;

	for (; from < to; from++) {
		struct apart p = apart(r, from / r->parts);
		size_t part = from % r->parts;
		struct queries x = { NULL, own, own + group * hd,
			own + group * hd + group, 1, 0, group };
		struct kern_attn at = attn(r->a, 0);
		at.lo = hd * part / r->parts / 16 * 16;
		if (part + 1 < r->parts)
			at.hi = hd * (part + 1) / r->parts / 16 * 16;
		begin(&x, hd);
		at.s = p.score;
		for (size_t page = p.page; page < p.end; page++) {
			sees(&at, r, p.row->pos, page);
			at.next = page + 1 < p.end ? seq_values(p.row->seq,
			    page + 1, r->layer, p.head) : NULL;
			attend(r->a, &x, 0, group, NULL, seq_values(p.row->seq,
			    page, r->layer, p.head), &at);
			at.s += group * KERN_PAGE;
		}
		for (size_t i = 0; i < group; i++)
			for (size_t j = at.lo; j < at.hi; j++)
				p.q[i * hd + j] = x.o[i * hd + j] / x.sum[i];
	}
}

static void
run_apart(struct region *r)
{
	struct attention *a = r->a;
	const struct model *m = a->m;
	size_t threads = pool_threads(a->pool), group = m->n_head / m->n_kv;
	size_t n = r->n * m->n_kv, size = group * m->head_dim;

	for (size_t t = 0; t < r->n; t++) {
		size_t pos = r->row[t].pos;
		size_t pages = pos / KERN_PAGE + 1 -
		    first_seen(r, pos) / KERN_PAGE;
		r->pages = pages > r->pages ? pages : r->pages;
	}
	while (n * r->parts % threads != 0 &&
	    (r->parts + 1) * NARROW <= m->head_dim)
		r->parts++;
	a->score = xgrow(a->score, &a->cap, n * r->pages * group * KERN_PAGE,
	    sizeof(float));
	pool_run(a->pool, make_scores, r, n * r->pages,
	    1 + WORTH / (KERN_PAGE * size));
	pool_run(a->pool, sum_values, r, n * r->parts,
	    1 + WORTH / (r->pages * KERN_PAGE * size / r->parts));
}

/* Whether a row sees more than a page. */
static bool
any_is_long(const struct forward_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (row[i].pos >= KERN_PAGE)
			return true;
	return false;
}

void
attention_run(struct attention *a, float *q, const struct forward_row *row,
    size_t n, size_t layer)
{
	const struct model *m = a->m;
	struct region r = { .a = a, .q = q, .row = row, .n = n, .layer = layer,
		.width = linear_apart(m->n_head * m->head_dim), .parts = 1 };
	size_t rows = together(a, n), pieces = (n + rows - 1) / rows * m->n_kv;
	size_t work = rows * (row[n - 1].pos + 1) * m->head_dim *
	    (m->n_head / m->n_kv);

	if (pieces < pool_threads(a->pool) && rows == 1 && any_is_long(row, n))
		run_apart(&r);
	else
		pool_run(a->pool, attend_piece, &r, pieces, 1 + WORTH / work);
}
