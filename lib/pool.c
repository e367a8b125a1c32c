#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { SPIN = 4000 }; /* about 10 microseconds */

struct pool {
	size_t threads;
	pthread_t *thread;
	pthread_mutex_t lock;
	pthread_cond_t wake, idle;
	/* the current run; written by the caller while nobody works */
	pool_work *work;
	void *arg;
	size_t n, chunk;
	atomic_size_t next;  /* first piece that nobody has taken */
	atomic_uint run;     /* number of the current run */
	atomic_size_t busy;  /* workers that have not finished it */
	bool quit;
};

struct worker {
	struct pool *pool;
	size_t index;
};

static void
take(struct pool *p, size_t worker)
{
	for (;;) {
		size_t from = atomic_fetch_add(&p->next, p->chunk);
		size_t to;
		if (from >= p->n)
			return;
		to = p->n - from > p->chunk ? from + p->chunk : p->n;
		p->work(p->arg, from, to, worker);
	}
}

/* Wait until a run other than `seen` is on. */
static unsigned
await(struct pool *p, unsigned seen)
{
	for (int i = 0; i < SPIN; i++)
		if (atomic_load(&p->run) != seen)
			return atomic_load(&p->run);
	pthread_mutex_lock(&p->lock);
	while (atomic_load(&p->run) == seen)
		pthread_cond_wait(&p->wake, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return atomic_load(&p->run);
}

static void *
worker(void *arg)
{
	struct worker w = *(struct worker *)arg;
	struct pool *p = w.pool;
	unsigned seen = 0;

	free(arg);
	for (;;) {
		seen = await(p, seen);
		if (p->quit)
			return NULL;
		take(p, w.index);
		if (atomic_fetch_sub(&p->busy, 1) == 1) {
			pthread_mutex_lock(&p->lock);
			pthread_cond_signal(&p->idle);
			pthread_mutex_unlock(&p->lock);
		}
	}
}

struct pool *
pool_open(size_t threads)
{
	struct pool *p = xcalloc(1, sizeof(*p));
	int e;

	p->threads = threads;
	p->thread = xcalloc(threads, sizeof(*p->thread));
	if (pthread_mutex_init(&p->lock, NULL) != 0 ||
	    pthread_cond_init(&p->wake, NULL) != 0 ||
	    pthread_cond_init(&p->idle, NULL) != 0)
		die("out of memory");
	for (size_t i = 1; i < threads; i++) {
		struct worker *w = xmalloc(sizeof(*w));
		*w = (struct worker) { p, i };
		if ((e = pthread_create(&p->thread[i], NULL, worker, w)) != 0)
			die("thread %zu: %s", i, strerror(e));
	}
	return p;
}

size_t
pool_threads(const struct pool *p)
{
	return p->threads;
}

static void
begin(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	atomic_fetch_add(&p->run, 1);
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

void
pool_run(struct pool *p, pool_work *work, void *arg, size_t n, size_t chunk)
{
	if (p->threads == 1 || n <= chunk) {
		if (n > 0)
			work(arg, 0, n, 0);
		return;
	}
	p->work = work;
	p->arg = arg;
	p->n = n;
	p->chunk = chunk;
	atomic_store(&p->next, 0);
	atomic_store(&p->busy, p->threads - 1);
	begin(p);
	take(p, 0);
	for (int i = 0; i < SPIN; i++)
		if (atomic_load(&p->busy) == 0)
			return;
	pthread_mutex_lock(&p->lock);
	while (atomic_load(&p->busy) != 0)
		pthread_cond_wait(&p->idle, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

void
pool_close(struct pool *p)
{
	if (p->threads > 1) {
		p->quit = true;
		begin(p);
	}
	for (size_t i = 1; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->idle);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p->thread);
	free(p);
}
