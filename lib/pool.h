/*
 * pool - threads that share out a range of equal pieces of work.
 *
 *	struct pool *p = pool_open(threads);
 *	pool_run(p, work, arg, 96, 4);
 *	pool_close(p);
 *
 * The caller is worker 0. Each begins with its own part of the range, so that
 * the same memory comes to the same processor, and then helps with the rest.
 * Between runs workers spin for some microseconds and then sleep, so that a
 * program that waits on a pipe burns nothing; one that wakes late, because it
 * slept or others use its processor, finds the work done and is not waited for.
 * One that was held up at its work, because others use its processor, is done
 * without for some milliseconds.
 * Which worker does which piece is left to chance: a piece must not depend on
 * it.
 */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>

struct pool;

/* Places that are read side by side, n bytes from each on. */
struct pool_ahead {
	const unsigned char *at[4];
	size_t n;
};

/* Do pieces from..to-1; worker (0..threads-1) is for scratch memory. */
typedef void pool_work(void *arg, size_t from, size_t to, size_t worker);

/* Never NULL. Threads are made when there is work for them; where one cannot be
 * made the program ends. */
struct pool *pool_open(size_t threads);
size_t pool_threads(const struct pool *p);
/* Do pieces 0..n-1 in chunks of `chunk`, and return when all are done. A range
 * of one chunk is done by the caller alone. */
void pool_run(struct pool *p, pool_work *work, void *arg, size_t n,
    size_t chunk);
/* What a worker reads behind each run from now on that it took part in, until the
 * next begins: so much of what it is about to need comes into its processor's
 * caches while it waits. It must stay there, and nobody write to it, until
 * pool_close. n is 0: nothing. */
void pool_ahead(struct pool *p, size_t worker, const struct pool_ahead *a);
void pool_close(struct pool *p);

#endif
