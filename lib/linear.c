#include "linear.h"

#include <stdlib.h>
#include <string.h>

#include "dtype.h"

enum {
	GROUP = 16,         /* rows that are shared out together */
	FEW = 4,            /* inputs: fewer take F16 and BF16 in place */
	SMALL = 256 * 1024, /* products below which one thread is faster */
};

void
linear_in_init(struct linear_in *in, size_t n, size_t max_cols)
{
	size_t size;

	if (!size_mul(&n, n, 2) || !size_mul(&size, (n + 3) / 4 * 4, max_cols))
		die("out of memory");
	*in = (struct linear_in) { .x = NULL };
	for (int i = 0; i < LINEAR_ROUNDS; i++)
		in->round[i] = (struct acts) { .q = xscratch(size, 1),
			.d = xscratch(size / QK + n, sizeof(float)),
			.sum = xscratch(size / 16 + n, sizeof(int16_t)),
			.more = xscratch(size + size / 4, 1) };
}

void
linear_in_free(struct linear_in *in)
{
	for (int i = 0; i < LINEAR_ROUNDS; i++) {
		free(in->round[i].q);
		free(in->round[i].d);
		free(in->round[i].sum);
		free(in->round[i].more);
	}
}

void
linear_input(struct linear_in *in, const float *x, size_t n, size_t cols)
{
	in->x = x;
	in->n = n;
	in->cols = cols;
	memset(in->rounded, 0, sizeof(in->rounded));
}

/* Which of the roundings of its input a map takes. */
static int
rounding(const struct linear *map)
{
	bool big = dtype_get(map->w.type)->block == QK_K;

	return (map->fine ? ROUND_FINE : 0) | (big ? ROUND_BIG : 0);
}

struct round {
	const struct compute *c;
	const struct linear_in *in;
	int kind;
};

/* Row i of roundings of k values, to be filled in. */
static struct acts
row_of(const struct acts *all, size_t i, size_t k, size_t block)
{
	return (struct acts) { .q = all->q + i * k,
		.d = all->d + i * (k / block), .sum = all->sum + i * (k / 16) };
}

/* What rounding left of x. */
static void
residual(float *left, const float *x, const struct acts *row, size_t k,
    size_t block)
{
	for (size_t b = 0; b < k / block; b++)
		for (size_t i = b * block; i < (b + 1) * block; i++)
			left[i] = x[i] - row->d[b] * row->q[i];
}

/* Pieces are four rows of int8, which are prepared together. First terms come
 * first, and behind them the second ones. */
static void
round_work(void *arg, size_t from, size_t to, size_t worker)
{
	struct round *r = arg;
	size_t k = r->in->cols, block = r->kind & ROUND_BIG ? QK_K : QK;
	size_t n = r->kind & ROUND_FINE ? 2 * r->in->n : r->in->n;
	const struct kern *kern = r->c->kern;
	const struct acts *all = &r->in->round[r->kind];
	float *left = r->c->panel + worker * GROUP * r->c->max_cols;

	for (; from < to; from++) {
		size_t t = 4 * from, end = t + 4 < n ? t + 4 : n;
		for (size_t i = t; i < end; i++) {
			const float *x = r->in->x + i % r->in->n * k;
			struct acts row = row_of(all, i, k, block);
			kern->quant_q8(&row, x, k, block);
			if (i < r->in->n)
				continue;
			residual(left, x, &row, k, block);
			kern->quant_q8(&row, left, k, block);
		}
		if (kern->prepare != NULL)
			kern->prepare(all, t, n, k, block);
	}
}

/* Whether a map takes rounded activations. */
static bool
rounds(const struct compute *c, const struct matrix *w)
{
	return !c->exact && c->kern->matmul_q[w->type] != NULL;
}

/* Round the input as a map wants it, unless that was done. */
static void
round_input(struct compute *c, struct linear_in *in, const struct linear *map)
{
	struct round r = { c, in, rounding(map) };
	size_t n = r.kind & ROUND_FINE ? 2 * in->n : in->n;

	if (!rounds(c, &map->w) || in->rounded[r.kind])
		return;
	pool_run(c->pool, round_work, &r, (n + 3) / 4, 4);
	in->rounded[r.kind] = true;
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
float_rows(struct compute *c, float *y, const struct matrix *w, size_t r,
    size_t n, const struct linear_in *in, size_t worker)
{
	float *panel = c->panel + worker * GROUP * c->max_cols;
	const void *p = w->data + r * w->stride;

	if (w->type == DTYPE_F32) {
		c->kern->matmul_f32(y, w->rows, p, in->x, n, in->n, w->cols);
		return;
	}
	if (w->type == DTYPE_F16 && in->n < FEW) {
		c->kern->matmul_f16(y, w->rows, p, in->x, n, in->n, w->cols);
		return;
	}
	if (w->type == DTYPE_BF16 && in->n < FEW) {
		c->kern->matmul_bf16(y, w->rows, p, in->x, n, in->n, w->cols);
		return;
	}
	for (size_t done = 0; done < n; done += GROUP) {
		size_t some = n - done < GROUP ? n - done : GROUP;
		for (size_t i = 0; i < some; i++)
			linear_row(c, panel + i * w->cols, w, r + done + i);
		c->kern->matmul_f32(y + done, w->rows, panel, in->x, some,
		    in->n, w->cols);
	}
}

/* Rows r..r+n-1 of a map whose input is rounded to two terms: a product with
 * each, as many rows at a time as the panel holds, and their sums. */
static void
fine_rows(struct compute *c, float *y, const struct linear *map, size_t r,
    size_t n, const struct linear_in *in, size_t worker)
{
	size_t room = GROUP * c->max_cols;
	size_t most = room / (2 * in->n) / GROUP * GROUP;
	float *sum = c->panel + worker * room;
	const struct matrix *w = &map->w;

	for (size_t done = 0; done < n; done += most) {
		size_t some = n - done < most ? n - done : most;
		c->kern->matmul_q[w->type](sum, some, w->type,
		    w->data + (r + done) * w->stride,
		    &in->round[rounding(map)], some, 2 * in->n, w->cols);
		for (size_t t = 0; t < in->n; t++) {
			float *to = y + t * w->rows + done;
			const float *s = sum + t * some;
			for (size_t i = 0; i < some; i++)
				to[i] = s[i] + s[in->n * some + i];
		}
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
		float_rows(c, y, w, r, n, in, worker);
	else if (job->map->fine)
		fine_rows(c, y, job->map, r, n, in, worker);
	else
		c->kern->matmul_q[w->type](y, w->rows, w->type,
		    w->data + r * w->stride,
		    &in->round[rounding(job->map)], n, in->n, w->cols);
	if (b != NULL)
		for (size_t t = 0; t < in->n; t++)
			for (size_t i = 0; i < n; i++)
				y[t * w->rows + i] += b[r + i];
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

/* Pieces are groups of rows, the jobs' one after the other; those of a job are
 * done together, since kernels like long runs of rows. */
static void
run_work(void *arg, size_t from, size_t to, size_t worker)
{
	struct run *r = arg;
	const struct linear_job *job = r->job;
	size_t first = 0; /* of this job */

	for (; from < to; job++) {
		size_t end = first + groups(job), last = to < end ? to : end;
		if (from < end) {
			size_t row = (from - first) * GROUP;
			size_t stop = (last - first) * GROUP;
			size_t all = job->map->w.rows;
			rows(r->c, job, row, (stop < all ? stop : all) - row,
			    r->in, worker);
			from = last;
		}
		first = end;
	}
}

void
linear_run(struct compute *c, const struct linear_job *job, size_t jobs,
    struct linear_in *in)
{
	struct run r = { c, job, in };
	size_t n = 0, chunk;

	for (size_t i = 0; i < jobs; i++) {
		round_input(c, in, job[i].map);
		n += groups(&job[i]);
	}
	chunk = n / (4 * pool_threads(c->pool)) + 1;
	if (n * GROUP * in->n * in->cols < SMALL)
		chunk = n;
	pool_run(c->pool, run_work, &r, n, chunk);
}
