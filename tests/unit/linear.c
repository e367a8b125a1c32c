/* linear: rows in order are told of when they are there, and all in the end. */
#include "linear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 40003, COLS = 256, ROUNDS = 20, THREADS = 4 };

static int n;

static void
ok(bool pass, const char *what, size_t threads)
{
	printf("%sok %d - %s: %zu threads\n", pass ? "" : "not ", ++n, what,
	    threads);
}

struct seen {
	const float *y, *want;
	size_t rows;
	bool bad;
};

static void
ready(void *arg, size_t rows)
{
	struct seen *s = arg;

	s->bad |= rows <= s->rows || rows > ROWS ||
	    memcmp(s->y + s->rows, s->want + s->rows,
	        (rows - s->rows) * sizeof(*s->y)) != 0;
	s->rows = rows;
}

/* Whether rounds in order give what one run gave. */
static bool
in_order(struct compute *c, const struct linear_job *job, struct linear_in *in,
    const float *want)
{
	bool good = true;

	for (int round = 0; round < ROUNDS; round++) {
		struct seen s = { .y = job->y, .want = want };
		const struct linear_watch watch = { ready, &s };

		memset(job->y, 0, ROWS * sizeof(*job->y));
		linear_run_in_order(c, job, in, &watch);
		good = good && !s.bad && s.rows == ROWS;
	}
	return good;
}

int
main(void)
{
	float *w = xreallocarray(NULL, ROWS * COLS, sizeof(*w));
	float *y = xreallocarray(NULL, ROWS, sizeof(*y));
	float *want = xreallocarray(NULL, ROWS, sizeof(*want));
	float x[COLS];
	const struct linear map = { .w = { .type = DTYPE_F32, .rows = ROWS,
		.cols = COLS, .stride = COLS * sizeof(*w),
		.data = (const unsigned char *)w } };
	struct linear_job job = { want, ROWS, &map };
	struct kern kern;
	struct linear_in in;
	char err[ERRLEN];

	if (kern_get(&kern, err) != 0)
		die("%s", err);
	for (size_t i = 0; i < ROWS * COLS; i++)
		w[i] = (float)(i * 2654435761u % 1000) / 1000;
	for (size_t i = 0; i < COLS; i++)
		x[i] = (float)(i % 7) - 3;
	linear_in_init(&in, 1, COLS);
	linear_input(&in, x, COLS, 1, COLS);
	printf("1..%d\n", THREADS);
	for (size_t threads = 1; threads <= THREADS; threads++) {
		struct compute c = { .kern = &kern,
			.pool = pool_open(threads), .max_cols = COLS,
			.panel = xreallocarray(NULL, threads * 16 * COLS,
			    sizeof(float)) };

		if (threads == 1)
			linear_run(&c, &job, 1, &in);
		job.y = y;
		ok(in_order(&c, &job, &in, want), "rows in order", threads);
		pool_close(c.pool);
		free(c.panel);
	}
	linear_in_free(&in);
	free(w);
	free(y);
	free(want);
	return 0;
}
