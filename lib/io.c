#define _GNU_SOURCE /* for F_SETPIPE_SZ, which POSIX has not */
#include "io.h"

#include "lend.h"

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
	                     copied; the last may be half as long again */
	FRONT = 4096, /* bytes before an output's memory, for what is buffered */
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
	o->sent += n;
}

/* Whether some of it may still have to be read. What is not in the pipe was read
 * by the one whom it was lent to, if that one is there after it was looked for. */
static bool
in_use(const struct output *o, const struct space *s)
{
	uint64_t unread;

	if (s->end == 0)
		return false;
	unread = lend_unread(o->fd);
	return unread > o->sent || o->sent - unread < s->end ||
	    lend_reader(o->fd) != s->reader;
}

static void
give_up(struct space *s)
{
	if (s->size > 0)
		lend_give_up(s->p, s->size);
	*s = (struct space) { 0 };
}

void *
output_space(struct output *o, size_t n)
{
	struct space *s;

	if (in_use(o, &o->space[o->turn]))
		o->turn = !o->turn;
	s = &o->space[o->turn];
	if (n > SIZE_MAX - FRONT)
		die("out of memory");
	n += FRONT;
	if (s->size < n || in_use(o, s)) {
		give_up(s);
		s->p = lend_memory(n);
		s->size = n;
	}
	s->end = 0;
	return s->p + FRONT;
}

/* Bytes before p in the output's memory, or SIZE_MAX if it is not there. */
static size_t
place(const struct output *o, const void *p)
{
	const struct space *s = &o->space[o->turn];
	size_t at = (uintptr_t)p - (uintptr_t)s->p;

	return at < s->size ? at : SIZE_MAX;
}

/* v[0] is what is buffered, v[1] stands in the output's memory: where it begins
 * there, the two become one. */
static void
join(struct iovec v[2], size_t at)
{
	if (at != FRONT || v[0].iov_len == 0 || v[0].iov_len > FRONT)
		return;
	v[1].iov_base = (char *)v[1].iov_base - v[0].iov_len;
	v[1].iov_len += v[0].iov_len;
	memcpy(v[1].iov_base, v[0].iov_base, v[0].iov_len);
	v[0].iov_len = 0;
}

/* How many bytes of v are written; may be 0 when they cannot be lent. What is
 * buffered is not. */
static size_t
write_some(struct output *o, const struct iovec v[2], bool *lend)
{
	const bool first = v[0].iov_len > 0, lent = *lend && !first;
	ssize_t k = lent ? lend_bytes(o->fd, v[1].iov_base, v[1].iov_len)
	                 : writev(o->fd, first ? v : v + 1,
	                       first && !*lend ? 2 : 1);

	if (k < 0 && errno == EINTR)
		return 0;
	if (k < 0 && lent && errno != EPIPE) {
		*lend = false;
		return 0;
	}
	if (k < 0) {
		o->failed = true;
		die_errno("%s", o->name);
	}
	o->sent += (uint64_t)k;
	if (lent)
		o->space[o->turn].end = o->sent;
	return (size_t)k;
}

void
output_through(struct output *o, void *p, size_t n)
{
	struct iovec v[2] = { { o->buf.p, o->buf.len }, { p, n } };
	size_t at = place(o, p);
	const pid_t reader = lend_reader(o->fd);
	struct space *s;
	bool lend = reader != 0;

	/* a copy here costs less than one in a pipe does */
	if (lend && at == SIZE_MAX) {
		v[1].iov_base = memcpy(output_space(o, n), p, n);
		at = FRONT;
	}
	s = &o->space[o->turn];
	if (lend && s->end > 0 && s->reader != reader)
		lend = false; /* parts of a space are lent to one reader */
	if (lend) {
		s->reader = reader;
		join(v, at);
	}
	o->buf.len = 0;
	n = v[1].iov_len;
	while (n > 0) {
		size_t k, first;

		v[1].iov_len = lend || n < PIECE + PIECE / 2 ? n : PIECE;
		k = write_some(o, v, &lend);
		first = k < v[0].iov_len ? k : v[0].iov_len;
		v[0].iov_base = (char *)v[0].iov_base + first;
		v[0].iov_len -= first;
		v[1].iov_base = (char *)v[1].iov_base + (k - first);
		n -= k - first;
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
	give_up(&o->space[0]);
	give_up(&o->space[1]);
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
	lend_promise(in->fd);
}

bool
input_waits(const struct input *in)
{
	struct pollfd p = { .fd = in->fd, .events = POLLIN };

	return !in->eof && poll(&p, 1, 0) <= 0;
}

bool
input_ready(struct input *in)
{
	return in->pos < in->len || !input_waits(in);
}

/* One read of so much at most, or of a CHUNK if that is more; false at the end of
 * file. */
static bool
more(struct input *in, size_t room)
{
	ssize_t n;

	if (in->eof)
		return false;
	if (in->out != NULL && in->out->buf.len > 0 && input_waits(in))
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
		n = read(in->fd, in->p + in->len, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		die_errno("%s", in->name);
	in->eof = n == 0;
	in->len += (size_t)n;
	return n > 0;
}

bool
input_some(struct input *in, size_t n)
{
	/* A length from the stream is not a reason to allocate: grow as the
	 * bytes really come, at most doubling. */
	size_t have = in->len - in->pos, most = have + FULL;

	return have >= n || more(in, n - have < most ? n - have : most);
}

bool
input_fill(struct input *in, size_t n)
{
	while (in->len - in->pos < n)
		if (!input_some(in, n))
			return false;
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

		if (lf != NULL)
			return (size_t)(lf - s) + 1;
		seen = n;
		if (!block && input_waits(in))
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
