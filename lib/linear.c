#include "linear.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dtype.h"

enum {
	GROUP = 16,         /* rows that are shared out together */
	FEW = 4,            /* inputs: fewer take F16 and BF16 in place */
	LEAST = 1 << 20,    /* products that a thread takes at once: long runs of
	                       rows are read faster than short ones */
	MOST = 2 * LEAST,   /* weights, about: who takes more ends too late */
	OUTLIER = 8,        /* times the root mean square */
	NEAR = 64,          /* rows after which outliers are added, their sums */
	FAR = 1024,         /* or, with few inputs, their weights still in cache */
	AHEAD = 1 << 17,    /* bytes of the beginning of each stream */
	CHUNKS = 1 << 10,   /* of a run in order, at most */
};

static struct acts
acts_new(size_t n, size_t cols)
{
	size_t size;

	if (!size_mul(&size, (n + 15) / 16 * 16, cols))
		die("out of memory");
	return (struct acts) { .q = xscratch(size, 1),
		.d = xscratch(size / QK + n, sizeof(float)),
		.sum = xscratch(size / 16 + n, sizeof(int16_t)),
		.more = xscratch(size + size / 4, 1) };
}

static void
acts_free(struct acts *a)
{
	free(a->q);
	free(a->d);
	free(a->sum);
	free(a->more);
}

void
linear_in_init(struct linear_in *in, size_t n, size_t max_cols)
{
	const size_t blocks = max_cols / QK + 1;

	*in = (struct linear_in) { .x = NULL };
	for (int i = 0; i < 2; i++)
		in->round[i] = (struct rounded) { .x = acts_new(n, max_cols),
			.out = acts_new(n, max_cols),
			.of = xscratch(n * blocks, sizeof(uint32_t)),
			.at = xscratch(n * blocks, sizeof(uint32_t)),
			.first = xscratch(blocks + 1, sizeof(size_t)),
			.is = xscratch(n, blocks) };
}

void
linear_in_free(struct linear_in *in)
{
	for (int i = 0; i < 2; i++) {
		acts_free(&in->round[i].x);
		acts_free(&in->round[i].out);
		free(in->round[i].of);
		free(in->round[i].at);
		free(in->round[i].first);
		free(in->round[i].is);
	}
}

void
linear_input(struct linear_in *in, const float *x, size_t ld, size_t n,
    size_t cols)
{
	in->x = x;
	in->ld = ld;
	in->n = n;
	in->cols = cols;
	in->round[0].done = in->round[1].done = false;
}

struct round {
	const struct kern *kern;
	const struct linear_in *in;
	struct rounded *to;
	size_t block;
};

/* Pieces are four inputs, which are prepared together. */
static void
round_work(void *arg, size_t from, size_t to, size_t worker)
{
	const struct round *r = arg;
	const struct acts *all = &r->to->x;
	size_t n = r->in->n, k = r->in->cols, blocks = k / r->block;

	(void)worker;
	for (size_t i = 4 * from; i < 4 * to && i < n; i++) {
		const float *x = r->in->x + i * r->in->ld;
		struct acts row = { .q = all->q + i * k,
			.d = all->d + i * blocks, .sum = all->sum + i * (k / 16) };
		float most = sqrtf(r->kern->dot(x, x, k) / (float)k) *
		    (OUTLIER / 127.0f);

		r->kern->quant_q8(&row, x, k, r->block);
		for (size_t b = 0; b < blocks; b++)
			r->to->is[b * n + i] = row.d[b] > most;
		if (r->kern->prepare != NULL && (i % 4 == 3 || i == n - 1))
			r->kern->prepare(all, i / 4 * 4, n, k, r->block);
	}
}

/* Number the blocks with outliers. */
static size_t
find_outliers(struct rounded *to, size_t n, size_t blocks)
{
	size_t found = 0;

	for (size_t b = 0; b < blocks; b++) {
		to->first[b] = found;
		for (size_t i = 0; i < n; i++)
			if (to->is[b * n + i]) {
				to->at[found] = (uint32_t)b;
				to->of[found++] = (uint32_t)i;
			}
	}
	to->first[blocks] = found;
	return found;
}

/* Pieces are blocks with outliers: round what rounding left of them. */
static void
outliers_work(void *arg, size_t from, size_t to, size_t worker)
{
	const struct round *r = arg;
	const size_t size = r->block, k = r->in->cols;
	const struct rounded *all = r->to;
	size_t b = 0;

	(void)worker;
	for (; from < to; from++) {
		float left[QK_K];
		const float *x;
		const int8_t *q;
		float d;
		struct acts out = { .q = all->out.q + from * size,
			.d = all->out.d + from,
			.sum = all->out.sum + from * (size / 16) };

		while (from >= all->first[b + 1])
			b++;
		x = r->in->x + all->of[from] * r->in->ld + b * size;
		q = all->x.q + all->of[from] * k + b * size;
		d = all->x.d[all->of[from] * (k / size) + b];
		for (size_t i = 0; i < size; i++)
			left[i] = x[i] - d * q[i];
		r->kern->quant_q8(&out, left, size, size);
	}
}

/* Whether a map takes rounded activations. */
static bool
rounds(const struct compute *c, const struct matrix *w)
{
	return !c->exact && c->kern->matmul_q[w->type] != NULL;
}

/* The input as a map wants it rounded. */
static const struct rounded *
rounded(const struct linear_in *in, const struct matrix *w)
{
	return &in->round[dtype_get(w->type)->block == QK_K];
}

/* Round the input as a map wants it, unless that was done. */
static void
round_input(struct compute *c, struct linear_in *in, const struct matrix *w)
{
	size_t block = dtype_get(w->type)->block;
	struct rounded *to = &in->round[block == QK_K];
	struct round r = { c->kern, in, to, block };

	if (!rounds(c, w) || to->done)
		return;
	pool_run(c->pool, round_work, &r, (in->n + 3) / 4, 4);
	pool_run(c->pool, outliers_work, &r,
	    find_outliers(to, in->n, in->cols / block), 64);
	to->done = true;
}

void
linear_row(const struct compute *c, float *y, const struct matrix *w, size_t r)
{
	const void *p = w->data + r * w->stride;

	switch (w->type) {
	case DTYPE_F32:
		memcpy(y, p, w->stride);
		break;
	case DTYPE_F16:
		c->kern->from_f16(y, p, w->cols);
		break;
	case DTYPE_BF16:
		c->kern->from_bf16(y, p, w->cols);
		break;
	default:
		c->kern->dequant[w->type](y, w->type, p, w->cols);
		break;
	}
}

/* Rows r..r+n-1 of a map of floats, or of one that becomes floats, a group at
 * a time. */
static void
float_rows(struct compute *c, float *y, size_t ld, const struct matrix *w,
    size_t r, size_t n, const struct linear_in *in, size_t worker)
{
	float *panel = c->panel + worker * GROUP * c->max_cols;
	const void *p = w->data + r * w->stride;

	if (w->type == DTYPE_F32) {
		c->kern->matmul_f32(y, ld, p, in->x, in->ld, n, in->n,
		    w->cols);
		return;
	}
	if (w->type == DTYPE_F16 && in->n < FEW) {
		c->kern->matmul_f16(y, ld, p, in->x, in->ld, n, in->n,
		    w->cols);
		return;
	}
	if (w->type == DTYPE_BF16 && in->n < FEW) {
		c->kern->matmul_bf16(y, ld, p, in->x, in->ld, n, in->n,
		    w->cols);
		return;
	}
	for (size_t done = 0; done < n; done += GROUP) {
		size_t some = n - done < GROUP ? n - done : GROUP;
		for (size_t i = 0; i < some; i++)
			linear_row(c, panel + i * w->cols, w, r + done + i);
		c->kern->matmul_f32(y + done, ld, panel, in->x, in->ld, some,
		    in->n, w->cols);
	}
}

/* The outliers' part of n rows from `at` on, to their sums. */
static void
add_outliers(const struct kern *k, float *y, size_t ld,
    const struct matrix *w, const unsigned char *at, size_t n,
    const struct rounded *x)
{
	const struct dtype *type = dtype_get(w->type);
	size_t block = type->block;

	for (size_t b = 0; b < w->cols / block; b++, at += type->bytes) {
		size_t i = x->first[b], many = x->first[b + 1] - i;
		struct acts out = { .q = x->out.q + i * block,
			.d = x->out.d + i, .sum = x->out.sum + i * (block / 16) };
		if (many > 0)
			k->add_q[w->type](y, ld, w->type, at, w->stride,
			    &out, x->of + i, n, many);
	}
}

/* Rows r..r+n-1 of a map of blocks: where there are outliers, with these if the
 * path can, else so many at a time that they are still at hand when these are
 * added. */
static void
block_rows(struct compute *c, float *y, size_t ld, const struct linear *map,
    size_t r, size_t n, const struct linear_in *in)
{
	const struct matrix *w = &map->w;
	const struct rounded *x = rounded(in, w);
	size_t blocks = w->cols / dtype_get(w->type)->block;
	size_t found = map->coarse ? 0 : x->first[blocks];
	size_t most = found == 0 ? n : in->n < 8 ? FAR : NEAR;

	if (in->n == 1 && found > 0 && found <= KERN_BOTH &&
	    c->kern->both_q[w->type] != NULL) {
		c->kern->both_q[w->type](y, w->type, w->data + r * w->stride,
		    &x->x, &x->out, x->at, found, n, w->cols);
		return;
	}
	if (in->n > 1 && found > 0 && c->kern->many_q[w->type] != NULL) {
		const struct kern_more more = { x->out, x->of, x->first };
		if (c->kern->many_q[w->type](y, ld, w->data + r * w->stride,
		    &x->x, &more, n, in->n, w->cols))
			return;
	}
	for (size_t some; n > 0; n -= some, r += some, y += some) {
		const unsigned char *at = w->data + r * w->stride;
		some = n < most ? n : most;
		c->kern->matmul_q[w->type](y, ld, w->type, at, &x->x,
		    some, in->n, w->cols);
		if (found > 0)
			add_outliers(c->kern, y, ld, w, at, some, x);
	}
}

/* Rows r..r+n-1 of a job. */
static void
rows(struct compute *c, const struct linear_job *job, size_t r, size_t n,
    const struct linear_in *in, size_t worker)
{
	const struct matrix *w = &job->map->w;
	const float *b = job->map->b;
	float *y = job->y + r;

	if (!rounds(c, w))
		float_rows(c, y, job->ld, w, r, n, in, worker);
	else
		block_rows(c, y, job->ld, job->map, r, n, in);
	if (b != NULL)
		for (size_t t = 0; t < in->n; t++)
			for (size_t i = 0; i < n; i++)
				y[t * job->ld + i] += b[r + i];
}

struct run {
	struct compute *c;
	const struct linear_job *job;
	const struct linear_in *in;
};

/* Groups of rows in a job. */
static size_t
groups(const struct linear_job *job)
{
	return (job->map->w.rows + GROUP - 1) / GROUP;
}

/* Rows of one job, and the group behind them. */
struct span {
	const struct linear_job *job;
	size_t row, n, end;
};

/* What there is of groups from..to-1, which count through the jobs, in the job
 * that `from` is in. */
static struct span
span(const struct linear_job *job, size_t from, size_t to)
{
	size_t first = 0, end, stop;

	for (; from >= first + groups(job); job++)
		first += groups(job);
	end = first + groups(job) < to ? first + groups(job) : to;
	stop = (end - first) * GROUP;
	stop = stop < job->map->w.rows ? stop : job->map->w.rows;
	return (struct span) { job, (from - first) * GROUP,
		stop - (from - first) * GROUP, end };
}

/* Pieces are groups of rows, the jobs' one after the other; those of a job are
 * done together, since kernels like long runs of rows. */
static void
run_work(void *arg, size_t from, size_t to, size_t worker)
{
	const struct run *r = arg;

	while (from < to) {
		struct span s = span(r->job, from, to);
		rows(r->c, s.job, s.row, s.n, r->in, worker);
		from = s.end;
	}
}

/* How many of n groups of rows of so many columns are taken at once, against so
 * many inputs. */
static size_t
chunk_size(const struct compute *c, size_t n, size_t cols, size_t inputs)
{
	const size_t threads = pool_threads(c->pool);
	const size_t weights = GROUP * cols, products = weights * inputs;
	size_t chunk = n / (4 * threads) + 1;

	if (n * products < c->alone)
		return n;
	if (chunk * products < LEAST)
		chunk = LEAST / products + 1;
	if (chunk * weights > MOST)
		chunk = MOST / weights + 1;
	if (chunk > n / threads) /* a share, with which then nobody can help */
		chunk = n / threads + 1;
	return chunk;
}

void
linear_run(struct compute *c, const struct linear_job *job, size_t jobs,
    struct linear_in *in)
{
	struct run r = { c, job, in };
	size_t n = 0;

	for (size_t i = 0; i < jobs; i++) {
		round_input(c, in, &job[i].map->w);
		n += groups(&job[i]);
	}
	pool_run(c->pool, run_work, &r, n,
	    chunk_size(c, n, in->cols, in->n));
}

/* A run whose chunks are taken in order. */
struct ordered {
	struct run run;
	const struct linear_watch *watch;
	size_t n, chunk;    /* groups of rows, in all and in a chunk */
	atomic_size_t next; /* chunk to be taken */
	atomic_bool done[CHUNKS];
	size_t told; /* chunks that watch knows of */
};

static void
tell(struct ordered *o)
{
	size_t known = o->told, all = o->run.job->map->w.rows, row;

	while (known * o->chunk < o->n && atomic_load(&o->done[known]))
		known++;
	if (known == o->told)
		return;
	o->told = known;
	row = known * o->chunk * GROUP;
	o->watch->ready(o->watch->arg, row < all ? row : all);
}

/* A piece is a thread's part, whatever that comes to be. */
static void
ordered_work(void *arg, size_t from, size_t to, size_t worker)
{
	struct ordered *o = arg;
	size_t i;

	(void)from;
	(void)to;
	while ((i = atomic_fetch_add(&o->next, 1)) * o->chunk < o->n) {
		size_t first = i * o->chunk, left = o->n - first;

		run_work(&o->run, first, first + (left < o->chunk ? left
		    : o->chunk), worker);
		atomic_store(&o->done[i], true);
		if (worker == 0)
			tell(o);
	}
}

void
linear_run_in_order(struct compute *c, const struct linear_job *job,
    struct linear_in *in, const struct linear_watch *watch)
{
	size_t n = groups(job), chunk = chunk_size(c, n, in->cols, in->n);
	struct ordered o = { .run = { c, job, in }, .watch = watch, .n = n,
		.chunk = chunk > n / CHUNKS ? chunk : n / CHUNKS + 1 };

	round_input(c, in, &job->map->w);
	pool_run(c->pool, ordered_work, &o,
	    o.chunk < n ? pool_threads(c->pool) : 1, 1);
	tell(&o);
}

void
linear_ahead(struct compute *c, const struct linear_job *job, size_t jobs,
    bool in_order)
{
	const size_t threads = pool_threads(c->pool);
	size_t n = 0, chunk;

	for (size_t i = 0; i < jobs; i++)
		n += groups(&job[i]);
	chunk = jobs > 0 ? chunk_size(c, n, job->map->w.cols, 1) : n;
	for (size_t t = 1; t < threads; t++) {
		size_t from = in_order ? t * chunk : n * t / threads;
		size_t to = in_order ? n : n * (t + 1) / threads;
		struct pool_ahead a = { .n = 0 };

		if (to > from + chunk)
			to = from + chunk;
		if (chunk < n && from < to) {
			struct span s = span(job, from, to);
			const struct matrix *w = &s.job->map->w;
			a.n = s.n / 4 * w->stride; /* in four streams */
			for (size_t i = 0; i < 4; i++)
				a.at[i] = w->data + s.row * w->stride + i * a.n;
			a.n = a.n < AHEAD ? a.n : AHEAD;
		}
		pool_ahead(c->pool, t, &a);
	}
}
