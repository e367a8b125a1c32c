#include "linear.h"

#include <stdlib.h>
#include <string.h>

#include "dtype.h"

enum {
	GROUP = 16,           /* rows that a kernel takes together */
	SMALL = 256 * 1024,   /* products below which one thread is faster */
};

void
linear_in_init(struct linear_in *in, size_t n, size_t max_cols)
{
	size_t size;

	if (!size_mul(&size, n, max_cols))
		die("out of memory");
	*in = (struct linear_in) { .q = xaligned(size, 1),
		.d = xaligned(size / QK8_0 + n, sizeof(float)) };
}

void
linear_in_free(struct linear_in *in)
{
	free(in->q);
	free(in->d);
}

struct round {
	struct compute *c;
	struct linear_in *in;
};

static void
round_work(void *arg, size_t from, size_t to, size_t worker)
{
	struct round *r = arg;
	size_t k = r->in->cols;

	(void)worker;
	for (size_t t = from; t < to; t++)
		r->c->kern->quant_q8(r->in->q + t * k,
		    r->in->d + t * (k / QK8_0), r->in->x + t * k, k);
}

void
linear_input(struct compute *c, struct linear_in *in, const float *x, size_t n,
    size_t cols)
{
	struct round r = { c, in };

	in->x = x;
	in->n = n;
	in->cols = cols;
	if (!c->exact && cols % QK8_0 == 0)
		pool_run(c->pool, round_work, &r, n, 16);
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
	case DTYPE_Q8_0:
		c->kern->from_q8_0(y, p, w->cols);
		break;
	}
}

/* Rows r..r+n-1 of a map, n <= GROUP. */
static void
group(struct compute *c, const struct linear_job *job, size_t r, size_t n,
    const struct linear_in *in, size_t worker)
{
	const struct matrix *w = &job->map->w;
	const void *p = w->data + r * w->stride;
	float *panel = c->panel + worker * GROUP * c->max_cols;
	float *y = job->y + r;

	if (w->type == DTYPE_Q8_0 && !c->exact) {
		c->kern->matmul_q8_0(y, w->rows, p, in->q, in->d, n, in->n,
		    w->cols);
	} else if (w->type == DTYPE_F32) {
		c->kern->matmul_f32(y, w->rows, p, in->x, n, in->n, w->cols);
	} else {
		for (size_t i = 0; i < n; i++)
			linear_row(c, panel + i * w->cols, w, r + i);
		c->kern->matmul_f32(y, w->rows, panel, in->x, n, in->n,
		    w->cols);
	}
	if (job->map->b != NULL)
		for (size_t t = 0; t < in->n; t++)
			for (size_t i = 0; i < n; i++)
				y[t * w->rows + i] += job->map->b[r + i];
}

struct run {
	struct compute *c;
	const struct linear_job *job;
	const struct linear_in *in;
};

/* Pieces are groups of rows, the jobs' one after the other. */
static void
run_work(void *arg, size_t from, size_t to, size_t worker)
{
	struct run *r = arg;
	const struct linear_job *job = r->job;
	size_t first = 0;

	for (size_t g = from; g < to; g++) {
		size_t groups, row;
		while (g - first >= (groups = (job->map->w.rows + GROUP - 1) /
		    GROUP)) {
			first += groups;
			job++;
		}
		row = (g - first) * GROUP;
		group(r->c, job, row, job->map->w.rows - row < GROUP
		        ? job->map->w.rows - row : GROUP, r->in, worker);
	}
}

void
linear_run(struct compute *c, const struct linear_job *job, size_t jobs,
    const struct linear_in *in)
{
	struct run r = { c, job, in };
	size_t groups = 0, chunk;

	for (size_t i = 0; i < jobs; i++)
		groups += (job[i].map->w.rows + GROUP - 1) / GROUP;
	chunk = groups / (4 * pool_threads(c->pool)) + 1;
	if (groups * GROUP * in->n * in->cols < SMALL)
		chunk = groups;
	pool_run(c->pool, run_work, &r, groups, chunk);
}
