/* forward - token lines to next-token distributions; see forward(1) */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bundled.h"
#include "cpus.h"
#include "dist.h"
#include "forward.h"
#include "kvfile.h"
#include "seqmap.h"
#include "tokens.h"

enum {
	BATCH = 512, /* positions that are gathered into one evaluation */
	OUTPUT = 16, /* records whose logits are in memory at a time */
};

struct sequence {
	struct seq s;
	uint32_t tag;
	size_t told; /* context tokens that its records have carried */
	bool began, busy; /* had a record; has a step in this batch */
};

/* A line: positions from..n-1 of a sequence are evaluated. */
struct step {
	size_t number; /* of the sequence */
	size_t from, n;
	unsigned long line;
};

struct session {
	struct model m;
	struct forward f;
	struct pool *pool;
	struct kvfile cache;
	struct seq_pages pages;
	struct seq base; /* the cache's context at the start */
	const char *path; /* of the cache, or NULL */
	bool all, each, whole;

	struct seqmap map;
	struct sequence *seq; /* seq[map.n] */
	size_t cap_seq;
	struct step *step; /* the batch */
	size_t nstep, cap_step, positions;
	struct forward_row *row;
	size_t cap_row;
	float *hidden, *logits; /* of the outputs; of OUTPUT of them */
	bool sound; /* there was a record whose logits are good */
	size_t cap_hidden;

	struct input in;
	struct dist_writer out;
	struct dist d;
	struct { size_t tokens, steps; double seconds; } longs, shorts;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The sequence of a tag; a new one continues the cache's context. */
static size_t
sequence(struct session *x, uint32_t tag)
{
	size_t known = x->map.n, i = seqmap_number(&x->map, tag);

	if (i < known)
		return i;
	x->seq = xgrow(x->seq, &x->cap_seq, i + 1, sizeof(*x->seq));
	x->seq[i] = (struct sequence) { .tag = tag };
	seq_fork(&x->seq[i].s, &x->base);
	return i;
}

/* Whether the sequence is the one that the cache file holds. */
static bool
is_cached(const struct session *x, const struct sequence *q)
{
	return x->path != NULL && !x->each && q->tag == 0;
}

/*
 * Take a line into the batch: append its tokens to its sequence and note which
 * positions to evaluate. 0, or -1 when it cannot be (nothing has changed then).
 */
static int
take(struct session *x, const struct tokens *t, char *err)
{
	size_t i = sequence(x, x->each ? (uint32_t)t->line : t->seq);
	struct sequence *q = &x->seq[i];
	const int32_t *id = t->id;
	size_t n = t->n, keep = q->s.n, from;
	int32_t last;

	for (size_t j = 0; j < n; j++)
		if ((size_t)id[j] >= x->m.n_token)
			return fail(err, "line %lu: id %ld is not in the "
			    "vocabulary of %zu", t->line, (long)id[j],
			    x->m.n_token);
	if (x->whole)
		for (keep = 0; keep < n && keep < q->s.n &&
		    id[keep] == q->s.tok[keep];)
			keep++;
	if (n + (x->whole ? 0 : keep) == 0)
		return fail(err, "line %lu: the context is empty", t->line);
	if (n + (x->whole ? 0 : keep) > x->m.n_ctx)
		return fail(err, "line %lu: the context is full: %zu tokens, "
		    "the limit is %zu", t->line, n + (x->whole ? 0 : keep),
		    x->m.n_ctx);
	if (x->whole) {
		if (is_cached(x, q) && keep < x->cache.n)
			kvfile_cut(&x->cache, keep);
		from = x->all ? 0 : keep;
		id += from;
		n -= from;
		q->told = 0;
		q->began = false;
	} else {
		from = keep;
	}
	last = from > 0 ? q->s.tok[from - 1] : 0;
	if (n == 0) { /* all known: evaluate the last position again */
		id = &last;
		n = 1;
		from--;
	}
	seq_cut(&q->s, from);
	seq_append(&q->s, id, n);
	q->busy = true;
	x->step = xgrow(x->step, &x->cap_step, x->nstep + 1, sizeof(*x->step));
	x->step[x->nstep++] = (struct step) { i, from, q->s.n, t->line };
	x->positions += n;
	return 0;
}

/* Write the cached sequence's new positions to the file, in one write. */
static void
commit(struct session *x, const struct sequence *q)
{
	size_t from = (size_t)x->cache.n;

	if (!is_cached(x, q) || q->s.n == from)
		return;
	for (size_t i = from; i < q->s.n; i++)
		seq_get(&q->s, i, kvfile_record(&x->cache, i - from,
		    q->s.tok[i]));
	kvfile_append(&x->cache, q->s.n - from);
}

/* x->d is the record of a position, but for its values. */
static void
head(struct session *x, struct sequence *q, size_t pos, bool last)
{
	struct dist *d = &x->d;

	d->seq = q->tag;
	d->pos = (uint32_t)(pos + 1);
	d->flags = (q->began ? 0 : DIST_START) |
	    (x->each && last ? DIST_ONCE : 0);
	if (!q->began)
		q->told = 0;
	d->nctx = q->told < pos + 1 ? (uint32_t)(pos + 1 - q->told) : 0;
	dist_reserve(d, 0, d->nctx, d->neog);
	if (d->nctx > 0)
		memcpy(d->ctx, q->s.tok + q->told,
		    d->nctx * sizeof(*d->ctx));
	q->told = pos + 1;
	q->began = true;
}

/* The first n logits of x->d are there. */
static void
write_part(void *arg, size_t n)
{
	struct session *x = arg;

	dist_write_part(&x->out, &x->d, (uint32_t)n);
}

/* The logits of n outputs: how many are good. Of one alone the first are written
 * while others are worked out; but the weights must have given a good record
 * before, so that none ends half-way for what they are. */
static size_t
logits(struct session *x, const float *hidden, size_t n)
{
	const struct linear_watch watch = { write_part, x };
	size_t good;

	x->d.val = x->logits = dist_space(&x->out, n, x->m.n_vocab);
	if (n == 1 && x->sound && pool_threads(x->pool) > 1)
		good = forward_logits_in_order(&x->f, x->logits, hidden,
		    &watch);
	else
		good = forward_logits(&x->f, x->logits, hidden, n);
	x->sound = x->sound || good > 0;
	return good;
}

/* Logits and records of rows whose hidden states are there: OUTPUT at a time. */
static void
emit_all(struct session *x)
{
	size_t outputs = 0, at = 0, have = 0, vocab = x->m.n_vocab;
	const float *hidden = x->hidden;

	for (size_t i = 0; i < x->nstep; i++)
		outputs += x->all ? x->step[i].n - x->step[i].from : 1;
	for (size_t i = 0; i < x->nstep; i++) {
		const struct step *s = &x->step[i];
		struct sequence *q = &x->seq[s->number];
		for (size_t p = x->all ? s->from : s->n - 1; p < s->n; p++) {
			head(x, q, p, p == s->n - 1);
			if (at == have) {
				size_t n = outputs < OUTPUT ? outputs : OUTPUT;
				have = logits(x, hidden, n);
				if (have == 0)
					die("%s: position %zu: the logits are "
					    "not finite numbers", x->m.path, p + 1);
				hidden += have * x->m.n_embd;
				outputs -= have;
				at = 0;
			}
			x->d.val = x->logits + at++ * vocab; /* no copy */
			dist_write(&x->out, &x->d);
		}
	}
}

/* Evaluate the batch, commit it, emit its records. */
static void
evaluate(struct session *x)
{
	size_t n = 0, outputs = 0, d = x->m.n_embd;
	double start = now();

	if (x->nstep == 0)
		return;
	x->row = xgrow(x->row, &x->cap_row, x->positions, sizeof(*x->row));
	x->hidden = xgrow(x->hidden, &x->cap_hidden,
	    x->all ? x->positions : x->nstep, d * sizeof(float));
	for (size_t i = 0; i < x->nstep; i++) {
		const struct step *s = &x->step[i];
		for (size_t p = s->from; p < s->n; p++) {
			float *h = x->all || p == s->n - 1
			    ? x->hidden + outputs++ * d : NULL;
			x->row[n++] = (struct forward_row) {
				&x->seq[s->number].s, p, h };
		}
	}
	forward_run(&x->f, x->row, n);
	for (size_t i = 0; i < x->nstep; i++)
		commit(x, &x->seq[x->step[i].number]);
	emit_all(x);
	for (size_t i = 0; i < x->nstep; i++)
		x->seq[x->step[i].number].busy = false;
	for (size_t i = 0; x->each && i < x->nstep; i++)
		seq_free(&x->seq[x->step[i].number].s);
	if (n > x->nstep) {
		x->longs.tokens += n;
		x->longs.steps += x->nstep;
		x->longs.seconds += now() - start;
	} else {
		x->shorts.tokens += n;
		x->shorts.steps += x->nstep;
		x->shorts.seconds += now() - start;
	}
	x->nstep = x->positions = 0;
	if (x->each) {
		seqmap_free(&x->map);
		x->map = (struct seqmap) { 0 };
	}
}

/* Whether the line must wait for the batch: it evaluates a position that is in
 * it, or rewrites what is. */
static bool
must_wait(struct session *x, const struct tokens *t)
{
	size_t known = x->map.n, i;

	if (x->each || known == 0)
		return false;
	i = sequence(x, t->seq);
	return x->seq[i].busy && (x->whole || t->n == 0);
}

static void
run(struct session *x)
{
	struct tokens t = { 0 };
	char err[ERRLEN];
	int r;

	while ((r = tokens_next(&x->in, &t, err)) > 0) {
		if (x->each && t.tagged) {
			r = fail(err, "line %lu: tagged, which lines of -e "
			    "cannot be", t.line);
			break;
		}
		if (must_wait(x, &t))
			evaluate(x);
		if ((r = take(x, &t, err)) != 0)
			break;
		if (x->positions >= BATCH || !tokens_ready(&x->in))
			evaluate(x);
	}
	/* what came before a bad line is good */
	evaluate(x);
	if (r < 0)
		die("%s: %s", x->in.name, err);
	tokens_free(&t);
}

static void
load(void *arg, uint64_t pos, int32_t token, const unsigned char *data)
{
	struct session *x = arg;

	if ((size_t)token >= x->m.n_token)
		die("%s: position %llu: id %ld is not in the vocabulary",
		    x->path, (unsigned long long)pos, (long)token);
	seq_append(&x->base, &token, 1);
	seq_put(&x->base, (size_t)pos, data);
}

static void
open_cache(struct session *x, bool sync)
{
	struct kvfile_header want = { .fingerprint = model_fingerprint(&x->m),
		.geo = x->f.geo, .arithmetic = FORWARD_ARITHMETIC,
		.exact = x->f.c.exact };

	kvfile_open(&x->cache, x->path, x->each ? KVFILE_READ : KVFILE_WRITE,
	    &want, x->f.c.kern, sync);
	kvfile_load(&x->cache, false, load, x);
}

static void
tell(const struct session *x, double load)
{
	fprintf(stderr, "forward: %s, %zu thread%s; load %.1f ms; "
	    "%zu tokens in %zu long steps, %.1f ms, %.0f tokens/s; "
	    "%zu tokens in short steps, %.1f ms, %.0f tokens/s\n",
	    x->f.c.kern->name, pool_threads(x->pool),
	    pool_threads(x->pool) == 1 ? "" : "s", load * 1e3,
	    x->longs.tokens, x->longs.steps, x->longs.seconds * 1e3,
	    x->longs.seconds > 0 ? (double)x->longs.tokens / x->longs.seconds
	                         : 0,
	    x->shorts.tokens, x->shorts.seconds * 1e3,
	    x->shorts.seconds > 0
	        ? (double)x->shorts.tokens / x->shorts.seconds : 0);
}

int
main(int argc, char **argv)
{
	struct session x = { 0 };
	bool text = false, exact = false, sync = false, verbose = false;
	bool f16 = true;
	struct kern kern;
	const char *model = NULL;
	size_t threads = cpus_cores(), limit = 0;
	double begin = now();
	char err[ERRLEN], *path;
	int c;

	start(argc, argv, "forward", "[-aeStvwx] [-C context] [-c cache] "
	    "[-j threads] [-k f16|f32] [-m model]");
	while ((c = option(argc, argv, "aeStvwxC:c:j:k:m:")) != -1)
		switch (c) {
		case 'a': x.all = true; break;
		case 'e': x.each = true; break;
		case 'S': sync = true; break;
		case 't': text = true; break;
		case 'v': verbose = true; break;
		case 'w': x.whole = true; break;
		case 'x': exact = true; break;
		case 'C':
			limit = (size_t)arg_uint("context", optarg, 1,
			    INT32_MAX);
			break;
		case 'c': x.path = optarg; break;
		case 'j':
			threads = (size_t)arg_uint("threads", optarg, 1, 256);
			break;
		case 'k':
			f16 = strcmp(optarg, "f16") == 0;
			if (!f16 && strcmp(optarg, "f32") != 0)
				bad_usage("-k: '%s' is not f16 or f32", optarg);
			break;
		case 'm': model = optarg; break;
		}
	if (argc > optind)
		usage();
	if (x.each && x.whole)
		bad_usage("-e and -w exclude each other");

	if (kern_get(&kern, err) != 0)
		die("%s", err);
	path = bundled_model(model);
	if (model_open(&x.m, path, limit, err) != 0)
		die("%s: %s", path, err);
	x.pool = pool_open(threads);
	forward_open(&x.f, &x.m, &kern, x.pool, exact, f16);
	x.pages.geo = x.f.geo;
	seq_init(&x.base, &x.pages);
	if (x.path != NULL)
		open_cache(&x, sync);
	x.d = (struct dist) { .kind = 'L', .vocab = (uint32_t)x.m.n_vocab,
		.n = (uint32_t)x.m.n_vocab, .neog = (uint32_t)x.m.n_eog };
	dist_reserve(&x.d, 0, 0, x.d.neog);
	for (uint32_t i = 0; i < x.d.neog; i++)
		x.d.eog[i] = x.m.eog[i];
	dist_create(&x.out, text ? 't' : 'b');
	input_open(&x.in, NULL, &x.out.out);
	begin = now() - begin;

	run(&x);

	dist_finish(&x.out);
	if (verbose)
		tell(&x, begin);
	if (x.path != NULL)
		kvfile_close(&x.cache);
	for (size_t i = 0; i < x.map.n; i++)
		seq_free(&x.seq[i].s);
	seq_free(&x.base);
	seq_pages_free(&x.pages);
	seqmap_free(&x.map);
	free(x.seq);
	free(x.step);
	free(x.row);
	free(x.hidden);
	dist_free(&x.d);
	input_close(&x.in);
	forward_close(&x.f);
	pool_close(x.pool);
	model_close(&x.m);
	free(path);
	return 0;
}
