#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpus.h"
#include "util.h"

enum { LINE = 64 }; /* of a cache, or less */

/* Nanoseconds. */
enum {
	SPIN = 50 * 1000,        /* to wait before sleeping */
	HELD = 1000 * 1000,      /* that only a worker whose processor others
	                            use makes one wait */
	REST = 10 * 1000 * 1000, /* to do without it then, at the least, */
	LONG_REST = 16 * REST,   /* and at the most */
};

/* A worker's own part of the range; what is left of it others take. */
struct part {
	atomic_size_t next;
	size_t end;
	bool off;           /* the worker rests in this run */
	int64_t back, rest; /* till when; how long the last time */
	struct pool_ahead ahead;
	char apart[128 - 8 * sizeof(size_t) - 2 * sizeof(int64_t)]; /* no cache
	                                                 line in common */
};

/* What threads that sleep are woken by. */
struct bell {
	pthread_cond_t cond;
	atomic_size_t sleeping;
};

struct pool {
	size_t threads;
	pthread_t *thread;
	struct part *part; /* (threads) */
	/* the current run; written while it is closed and nobody is inside */
	pool_work *work;
	void *arg;
	size_t chunk;
	atomic_uint run; /* odd: open, counted up by each opening and closing */
	atomic_size_t inside; /* workers that may be at it */
	atomic_size_t last; /* worker to leave */
	atomic_bool quit;
	pthread_mutex_t lock;
	struct bell open, empty; /* a run is open; nobody is inside */
	size_t workers; /* that there are by now */
};

struct worker {
	struct pool *pool;
	size_t index;
};

/* Do one's own part, then what is left of the others'. */
static void
take(struct pool *p, size_t worker)
{
	for (size_t i = 0; i < p->threads; i++) {
		struct part *part = &p->part[(worker + i) % p->threads];
		size_t from, end = part->end;
		while ((from = atomic_fetch_add(&part->next, p->chunk)) < end)
			p->work(p->arg, from, end - from > p->chunk
			    ? from + p->chunk : end, worker);
	}
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Whether a run other than `seen` is open, or the end has come. */
static bool
is_open(struct pool *p, unsigned seen)
{
	unsigned run = atomic_load(&p->run);

	return (run % 2 == 1 && run != seen) || atomic_load(&p->quit);
}

static bool
is_empty(struct pool *p, unsigned seen)
{
	(void)seen;
	return atomic_load(&p->inside) == 0;
}

/* Wait for what `so` tells: at first awake, then for the bell. */
static void
await(struct pool *p, bool (*so)(struct pool *, unsigned), unsigned seen,
    struct bell *b)
{
	int64_t start = 0;

	for (int i = 1; !so(p, seen); i++) {
		if (i % 64 != 0)
			continue;
		if (start == 0)
			start = now();
		else if (now() - start > SPIN)
			break;
	}
	if (so(p, seen))
		return;
	pthread_mutex_lock(&p->lock);
	atomic_fetch_add(&b->sleeping, 1);
	while (!so(p, seen))
		pthread_cond_wait(&b->cond, &p->lock);
	atomic_fetch_sub(&b->sleeping, 1);
	pthread_mutex_unlock(&p->lock);
}

/* To be rung after the change: whoever falls asleep looks after having said so,
 * and so either sees it or is woken. */
static void
ring(struct pool *p, struct bell *b)
{
	if (atomic_load(&b->sleeping) == 0)
		return;
	pthread_mutex_lock(&p->lock);
	pthread_cond_broadcast(&b->cond);
	pthread_mutex_unlock(&p->lock);
}

/* Read ahead until a run other than `seen` is open. */
static void
read_ahead(struct pool *p, const struct pool_ahead *a, unsigned seen)
{
	for (size_t i = 0; i < a->n; i += LINE) {
		if (i % (8 * LINE) == 0 && is_open(p, seen))
			return;
		for (size_t k = 0; k < sizeof(a->at) / sizeof(*a->at); k++)
			(void)*(const volatile unsigned char *)(a->at[k] + i);
	}
}

static void *
worker(void *arg)
{
	struct worker w = *(struct worker *)arg;
	struct pool *p = w.pool;
	struct pool_ahead ahead = { .n = 0 };
	unsigned seen = 0;

	free(arg);
	for (;;) {
		read_ahead(p, &ahead, seen);
		await(p, is_open, seen, &p->open);
		if (atomic_load(&p->quit))
			return NULL;
		/* while somebody is inside, nothing of a run changes */
		atomic_fetch_add(&p->inside, 1);
		seen = atomic_load(&p->run);
		ahead.n = 0;
		if (seen % 2 == 1 && !p->part[w.index].off) {
			take(p, w.index);
			ahead = p->part[w.index].ahead;
			atomic_store(&p->last, w.index);
		}
		if (atomic_fetch_sub(&p->inside, 1) == 1)
			ring(p, &p->empty);
	}
}

struct pool *
pool_open(size_t threads)
{
	struct pool *p = xcalloc(1, sizeof(*p));

	p->threads = threads;
	p->thread = xcalloc(threads, sizeof(*p->thread));
	p->part = xaligned(threads, sizeof(*p->part));
	if (pthread_mutex_init(&p->lock, NULL) != 0 ||
	    pthread_cond_init(&p->open.cond, NULL) != 0 ||
	    pthread_cond_init(&p->empty.cond, NULL) != 0)
		die("out of memory");
	return p;
}

/* Not before there is work: by then the programs of a pipe have started. */
static void
start_workers(struct pool *p)
{
	int e;

	for (; p->workers < p->threads - 1; p->workers++) {
		struct worker *w = xmalloc(sizeof(*w));
		size_t i = p->workers + 1;

		*w = (struct worker) { p, i };
		if ((e = cpus_thread(&p->thread[i], worker, w)) != 0)
			die("thread %zu: %s", i, strerror(e));
	}
}

size_t
pool_threads(const struct pool *p)
{
	return p->threads;
}

/* A worker was held up until time t: do without it for a while, and for longer
 * when that happens again as soon as it is back. */
static void
send_off(struct part *w, int64_t t)
{
	if (t - w->back > w->rest)
		w->rest = REST;
	else if (w->rest < LONG_REST)
		w->rest *= 2;
	w->back = t + w->rest;
}

void
pool_run(struct pool *p, pool_work *work, void *arg, size_t n, size_t chunk)
{
	int64_t start = 0, own, end;
	size_t off = 0;

	if (p->threads > 1 && n > chunk) {
		start = now();
		for (size_t i = 1; i < p->threads; i++)
			off += p->part[i].off = start < p->part[i].back;
	}
	if (n <= chunk || off + 1 == p->threads) {
		if (n > 0)
			work(arg, 0, n, 0);
		return;
	}
	start_workers(p);
	p->work = work;
	p->arg = arg;
	p->chunk = chunk;
	for (size_t i = 0; i < p->threads; i++) {
		atomic_store(&p->part[i].next, n * i / p->threads);
		p->part[i].end = n * (i + 1) / p->threads;
	}
	atomic_fetch_add(&p->run, 1);
	ring(p, &p->open);
	take(p, 0);
	/* whoever has not come by now is not waited for */
	atomic_fetch_add(&p->run, 1);
	if (is_empty(p, 0))
		return;
	own = now();
	await(p, is_empty, 0, &p->empty);
	end = now();
	if (end - own > HELD && end - own > own - start)
		send_off(&p->part[atomic_load(&p->last)], end);
}

void
pool_ahead(struct pool *p, size_t worker, const struct pool_ahead *a)
{
	p->part[worker].ahead = *a;
}

void
pool_close(struct pool *p)
{
	atomic_store(&p->quit, true);
	ring(p, &p->open);
	for (size_t i = 1; i <= p->workers; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->empty.cond);
	pthread_cond_destroy(&p->open.cond);
	pthread_mutex_destroy(&p->lock);
	free(p->part);
	free(p->thread);
	free(p);
}
