#define _GNU_SOURCE /* for F_SETPIPE_SZ, which POSIX has not */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

enum {
	CHUNK = 1 << 16,
	FULL = 1 << 20,
	PIECE = 96 << 10, /* the first of many wakes the reader while the rest is
	                     copied */
};

static struct output *at_exit; /* what exit() still has to write */

int
write_all(int fd, const void *p, size_t n)
{
	const char *s = p;

	while (n > 0) {
		ssize_t k = write(fd, s, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		s += k;
		n -= (size_t)k;
	}
	return 0;
}

static void
flush_at_exit(void)
{
	struct output *o = at_exit;

	if (o != NULL && !o->failed && write_all(o->fd, o->buf.p, o->buf.len))
		warn("%s: %s", o->name, strerror(errno));
}

void
output_open(struct output *o, int fd, const char *name)
{
	*o = (struct output) { .fd = fd, .name = name };
	if (at_exit == NULL && atexit(flush_at_exit) != 0)
		die("out of memory");
	at_exit = o;
}

void
output_room(struct output *o)
{
	if (o->buf.len > FULL - CHUNK)
		output_flush(o);
}

void
output_put(struct output *o, const void *p, size_t n)
{
	output_room(o);
	buf_put(&o->buf, p, n);
}

void
output_flush(struct output *o)
{
	size_t n = o->buf.len;

	o->buf.len = 0;
	if (n > 0 && write_all(o->fd, o->buf.p, n) != 0) {
		o->failed = true;
		die_errno("%s", o->name);
	}
}

void
output_through(struct output *o, void *p, size_t n)
{
	struct iovec v[2] = { { o->buf.p, o->buf.len }, { .iov_base = p } };

	o->buf.len = 0;
	while (n > 0) {
		bool both = v[0].iov_len > 0;
		size_t first;
		ssize_t k;

		v[1].iov_len = n < PIECE ? n : PIECE;
		k = writev(o->fd, both ? v : v + 1, both ? 2 : 1);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			o->failed = true;
			die_errno("%s", o->name);
		}
		first = (size_t)k < v[0].iov_len ? (size_t)k : v[0].iov_len;
		v[0].iov_base = (char *)v[0].iov_base + first;
		v[0].iov_len -= first;
		v[1].iov_base = (char *)v[1].iov_base + ((size_t)k - first);
		n -= (size_t)k - first;
	}
}

void
output_close(struct output *o)
{
	output_flush(o);
	if (close(o->fd) != 0) {
		o->failed = true;
		die_errno("%s", o->name);
	}
	at_exit = NULL;
	buf_free(&o->buf);
}

#ifdef F_SETPIPE_SZ
void
pipe_widen(int fd)
{
	int size = fcntl(fd, F_GETPIPE_SZ);

	if (size >= 0 && size < FULL)
		fcntl(fd, F_SETPIPE_SZ, FULL);
}
#else
void
pipe_widen(int fd)
{
	(void)fd;
}
#endif

void
input_open(struct input *in, const char *path, struct output *out)
{
	*in = (struct input) { .name = path, .out = out };
	if (path == NULL || strcmp(path, "-") == 0)
		in->name = "stdin";
	else if ((in->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		die_errno("%s", path);
}

bool
input_ready(struct input *in)
{
	struct pollfd p = { .fd = in->fd, .events = POLLIN };

	return in->pos < in->len || in->eof || poll(&p, 1, 0) > 0;
}

/* One read; false at the end of file. */
static bool
more(struct input *in, size_t room)
{
	struct pollfd p = { .fd = in->fd, .events = POLLIN };
	ssize_t n;

	if (in->eof)
		return false;
	if (in->out != NULL && in->out->buf.len > 0 && poll(&p, 1, 0) <= 0)
		output_flush(in->out);
	if (in->pos > 0) {
		memmove(in->p, in->p + in->pos, in->len - in->pos);
		in->len -= in->pos;
		in->pos = 0;
	}
	if (room < CHUNK)
		room = CHUNK;
	if (room > SIZE_MAX - in->len)
		die("out of memory");
	in->p = xgrow(in->p, &in->cap, in->len + room, 1);
	do
		n = read(in->fd, in->p + in->len, in->cap - in->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		die_errno("%s", in->name);
	in->eof = n == 0;
	in->len += (size_t)n;
	return n > 0;
}

bool
input_fill(struct input *in, size_t n)
{
	/* A length from the stream is not a reason to allocate: grow as the
	 * bytes really come, at most doubling. */
	while (in->len - in->pos < n) {
		size_t need = n - (in->len - in->pos);
		size_t have = in->len - in->pos + FULL;
		if (!more(in, need < have ? need : have))
			return false;
	}
	return true;
}

static size_t
line(struct input *in, bool block)
{
	size_t seen = 0;

	for (;;) {
		size_t n = in->len - in->pos;
		unsigned char *s = n == 0 ? NULL : in->p + in->pos;
		unsigned char *lf = n == seen ? NULL
		                              : memchr(s + seen, '\n', n - seen);
		struct pollfd p = { .fd = in->fd, .events = POLLIN };

		if (lf != NULL)
			return (size_t)(lf - s) + 1;
		seen = n;
		if (!block && !in->eof && poll(&p, 1, 0) <= 0)
			return 0;
		if (!more(in, CHUNK))
			return block || in->eof ? seen : 0;
	}
}

size_t
input_line(struct input *in)
{
	return line(in, true);
}

size_t
input_line_ready(struct input *in)
{
	return line(in, false);
}

void
input_close(struct input *in)
{
	if (in->fd != STDIN_FILENO)
		close(in->fd);
	free(in->p);
	in->p = NULL;
}
