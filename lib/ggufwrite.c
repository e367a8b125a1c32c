#include "ggufwrite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io.h"

enum { ALIGN = 32 };

/* The file that is not finished, to be removed by whatever ends the program. */
static char *volatile unfinished;

static void
discard(void)
{
	if (unfinished != NULL)
		unlink(unfinished);
}

static void
on_signal(int signo)
{
	discard();
	signal(signo, SIG_DFL);
	raise(signo);
}

/* Signals that the parent has had ignored stay so. A limit on the size of
 * files is an error of write(2) and not a signal. */
static void
catch_signals(void)
{
	static const int caught[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
		SIGPIPE, SIGXCPU };
	struct sigaction old, new = { .sa_handler = on_signal };

	sigfillset(&new.sa_mask);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		if (sigaction(caught[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_DFL)
			sigaction(caught[i], &new, NULL);
	signal(SIGXFSZ, SIG_IGN);
}

static void
put_u64(struct buf *b, uint64_t v)
{
	buf_put_u32(b, (uint32_t)v);
	buf_put_u32(b, (uint32_t)(v >> 32));
}

static void
put_str(struct buf *b, struct mf_str s)
{
	put_u64(b, s.len);
	buf_put(b, s.p, s.len);
}

static uint64_t
aligned(uint64_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

void
ggufwrite_create(struct ggufwriter *w, const char *path)
{
	size_t size = strlen(path) + sizeof(".XXXXXX");
	char *temp = xmalloc(size);
	mode_t mask = umask(0);
	sigset_t all, before;

	umask(mask);
	sigfillset(&all);
	*w = (struct ggufwriter) { .path = path };
	snprintf(temp, size, "%s.XXXXXX", path);
	catch_signals();
	atexit(discard);
	/* none comes between the file and its being known */
	sigprocmask(SIG_BLOCK, &all, &before);
	if ((w->fd = mkstemp(temp)) < 0)
		die_errno("%s", path);
	unfinished = temp;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (fchmod(w->fd, 0666 & ~mask) != 0)
		die_errno("%s", path);
}

static void
begin_key(struct ggufwriter *w, const char *key, enum mf_type type)
{
	put_str(&w->keys, (struct mf_str) { key, strlen(key) });
	buf_put_u32(&w->keys, type);
	w->nkeys++;
}

void
ggufwrite_string(struct ggufwriter *w, const char *key, struct mf_str v)
{
	begin_key(w, key, MF_STR);
	put_str(&w->keys, v);
}

void
ggufwrite_u32(struct ggufwriter *w, const char *key, uint32_t v)
{
	begin_key(w, key, MF_U32);
	buf_put_u32(&w->keys, v);
}

void
ggufwrite_f32(struct ggufwriter *w, const char *key, float v)
{
	uint32_t u;

	memcpy(&u, &v, sizeof(u));
	begin_key(w, key, MF_F32);
	buf_put_u32(&w->keys, u);
}

void
ggufwrite_key(struct ggufwriter *w, const struct mf_kv *kv)
{
	const unsigned char *p = kv->p;

	put_str(&w->keys, kv->key);
	buf_put_u32(&w->keys, kv->array ? MF_ARR : kv->type);
	if (kv->array) {
		buf_put_u32(&w->keys, kv->type);
		put_u64(&w->keys, kv->n);
	}
	w->nkeys++;
	if (kv->type != MF_STR) {
		buf_put(&w->keys, p, kv->n * mf_size(kv->type));
		return;
	}
	for (uint64_t i = 0; i < kv->n; i++)
		mf_next_str(&p);
	buf_put(&w->keys, kv->p, (size_t)(p - kv->p));
}

void
ggufwrite_tensor(struct ggufwriter *w, struct mf_str name, uint32_t type,
    uint32_t ndim, const uint64_t ne[4], size_t size)
{
	put_str(&w->tensors, name);
	buf_put_u32(&w->tensors, ndim);
	for (uint32_t i = 0; i < ndim; i++)
		put_u64(&w->tensors, ne[i]);
	buf_put_u32(&w->tensors, type);
	put_u64(&w->tensors, w->size);
	w->size = aligned(w->size + size);
	w->ntensors++;
}

static void
write_or_die(struct ggufwriter *w, const void *p, size_t n)
{
	if (write_all(w->fd, p, n) != 0)
		die_errno("%s", w->path);
}

/* Header, keys, descriptions. */
static void
begin(struct ggufwriter *w)
{
	static const char zero[ALIGN];
	struct buf b = { 0 };
	size_t n;

	buf_put(&b, "GGUF", 4);
	buf_put_u32(&b, 3);
	put_u64(&b, w->ntensors);
	put_u64(&b, w->nkeys);
	n = b.len + w->keys.len + w->tensors.len;
	write_or_die(w, b.p, b.len);
	write_or_die(w, w->keys.p, w->keys.len);
	write_or_die(w, w->tensors.p, w->tensors.len);
	write_or_die(w, zero, (size_t)(aligned(n) - n));
	buf_free(&b);
	w->began = true;
}

void
ggufwrite_data(struct ggufwriter *w, const void *p, size_t n)
{
	if (!w->began)
		begin(w);
	write_or_die(w, p, n);
	w->written += n;
}

void
ggufwrite_pad(struct ggufwriter *w)
{
	static const char zero[ALIGN];

	ggufwrite_data(w, zero, (size_t)(aligned(w->written) - w->written));
}

void
ggufwrite_close(struct ggufwriter *w)
{
	char *temp = unfinished;

	if (!w->began)
		begin(w);
	if (w->written != w->size)
		die("%s: %llu bytes of data were described, %llu written",
		    w->path, (unsigned long long)w->size,
		    (unsigned long long)w->written);
	if (fsync(w->fd) != 0 && errno != EINVAL)
		die_errno("%s", w->path);
	if (close(w->fd) != 0)
		die_errno("%s", w->path);
	if (rename(temp, w->path) != 0)
		die_errno("%s", w->path);
	unfinished = NULL;
	free(temp);
	buf_free(&w->keys);
	buf_free(&w->tensors);
}
