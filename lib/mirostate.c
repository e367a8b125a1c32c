#include "mirostate.h"

#include "fmath.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What stands before the value of mu, and that before the record. */
#define HEAD "#mirostat mu="

struct mirostate_seq *
mirostate_of(struct mirostate *m, uint32_t seq)
{
	size_t i = seqmap_number(&m->map, seq);

	if (i >= m->cap) {
		size_t from = m->cap;
		m->seq = xgrow(m->seq, &m->cap, i + 1, sizeof(*m->seq));
		memset(m->seq + from, 0, (m->cap - from) * sizeof(*m->seq));
	}
	return &m->seq[i];
}

/* Whether d's context, which is whole, begins with what is known of s. */
static bool
begins_with(const struct dist *d, const struct dist *last)
{
	return d->nctx >= last->pos && (last->nctx == 0 ||
	    memcmp(d->ctx + (last->pos - last->nctx), last->ctx,
	    last->nctx * sizeof(*d->ctx)) == 0);
}

enum mirostate_step
mirostate_follow(const struct mirostate_seq *s, const struct dist *d,
    int32_t *token)
{
	const struct dist *last = &s->last;
	uint32_t at; /* in d->ctx: what came next */

	if (!s->known)
		return MIROSTATE_NEW;
	if (d->flags & DIST_START) {
		if (!begins_with(d, last))
			return MIROSTATE_NEW;
		at = last->pos;
	} else {
		if (d->pos - d->nctx != last->pos)
			return MIROSTATE_GAP;
		at = 0;
	}
	if (at == d->nctx)
		return MIROSTATE_SAME;
	*token = d->ctx[at];
	return MIROSTATE_NEXT;
}

double
mirostate_surprise(const struct mirostate_seq *s, int32_t token)
{
	const struct dist *last = &s->last;
	double sum = 0, p = 0;

	for (uint32_t i = 0; i < last->n; i++) {
		sum += last->val[i];
		if (dist_id(last, i) == token)
			p = last->val[i];
	}
	return p > 0 ? -fm_log(p / sum) / fm_log(2) : -1;
}

void
mirostate_keep(struct mirostate_seq *s, const struct dist *d)
{
	struct dist *last = &s->last;
	size_t have = s->known && !(d->flags & DIST_START) ? last->nctx : 0;

	dist_reserve(last, d->n, have + d->nctx, 0);
	if (d->nctx > 0)
		memcpy(last->ctx + have, d->ctx, d->nctx * sizeof(*last->ctx));
	for (uint32_t i = 0; i < d->n; i++)
		last->own_id[i] = dist_id(d, i);
	memcpy(last->val, d->prob, d->n * sizeof(*last->val));
	last->kind = 'P';
	last->vocab = d->vocab;
	last->n = d->n;
	last->nctx = (uint32_t)have + d->nctx;
	last->seq = d->seq;
	last->pos = d->pos;
	last->flags = last->nctx == last->pos ? DIST_START : 0;
	s->known = true;
}

void
mirostate_forget(struct mirostate_seq *s)
{
	dist_free(&s->last);
	s->known = false;
}

/* The line with mu at p: its length, or 0 when it is another. */
static size_t
parse_mu(double *mu, const unsigned char *p, size_t len)
{
	const unsigned char *lf = memchr(p, '\n', len);
	const size_t head = strlen(HEAD);
	char number[64], *end;
	size_t n;

	if (lf == NULL || (size_t)(lf - p) <= head ||
	    memcmp(p, HEAD, head) != 0)
		return 0;
	n = (size_t)(lf - p) - head;
	if (n >= sizeof(number))
		return 0;
	memcpy(number, p + head, n);
	number[n] = '\0';
	*mu = strtod(number, &end);
	return end == number + n && isfinite(*mu) ? head + n + 1 : 0;
}

int
mirostate_parse(struct mirostate *m, const unsigned char *p, size_t len,
    char *err)
{
	for (size_t at = 0; at < len;) {
		struct mirostate_seq new = { .known = true }, *s;
		size_t size = 0, line = parse_mu(&new.mu, p + at, len - at);
		int got;

		if (line == 0)
			return fail(err, "not a state of mirostat");
		at += line;
		got = dist_parse(&new.last, p + at, len - at, true, &size,
		    err);
		if (got == 0)
			fail(err, "it ends early");
		else if (got > 0 && new.last.kind != 'P')
			got = fail(err, "a sequence has no probabilities");
		s = got > 0 ? mirostate_of(m, new.last.seq) : NULL;
		if (s != NULL && s->known)
			got = fail(err, "sequence %lu comes twice",
			    (unsigned long)new.last.seq);
		if (got <= 0) {
			dist_free(&new.last);
			return -1;
		}
		*s = new;
		at += size;
	}
	return 0;
}

/* Append the file to b; false when there is none. */
static bool
read_file(struct buf *b, const char *path)
{
	enum { CHUNK = 1 << 16 };
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return false;
	if (fd < 0 || fstat(fd, &st) != 0)
		die_errno("%s", path);
	if (!S_ISREG(st.st_mode))
		die("%s: not a regular file", path);
	do {
		n = read(fd, buf_room(b, CHUNK), CHUNK);
		if (n < 0 && errno != EINTR)
			die_errno("%s", path);
		b->len += n > 0 ? (size_t)n : 0;
	} while (n != 0);
	close(fd);
	return true;
}

void
mirostate_load(struct mirostate *m, const char *path)
{
	struct buf b = { 0 };
	char err[ERRLEN];

	if (read_file(&b, path) && mirostate_parse(m,
	    (const unsigned char *)b.p, b.len, err) != 0)
		die("%s: %s", path, err);
	buf_free(&b);
}

/* Write b to a new file beside path, then give it that name. */
static void
replace_file(const char *path, const struct buf *b)
{
	struct buf name = { 0 };
	int fd, e;

	buf_printf(&name, "%s.%ld", path, (long)getpid());
	unlink(name.p); /* of a process of this number that was killed */
	fd = open(name.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		die_errno("%s", name.p);
	e = write_all(fd, b->p, b->len) != 0 ? errno : 0;
	if (close(fd) != 0 && e == 0)
		e = errno;
	if (e == 0 && rename(name.p, path) != 0)
		e = errno;
	if (e != 0) {
		unlink(name.p);
		errno = e;
		die_errno("%s", path);
	}
	buf_free(&name);
}

void
mirostate_save(const struct mirostate *m, const char *path)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < m->map.n; i++)
		if (m->seq[i].known) {
			buf_printf(&b, HEAD "%.17g\n", m->seq[i].mu);
			dist_format(&b, &m->seq[i].last, 't', NULL);
		}
	replace_file(path, &b);
	buf_free(&b);
}

void
mirostate_free(struct mirostate *m)
{
	for (size_t i = 0; i < m->map.n; i++)
		dist_free(&m->seq[i].last);
	free(m->seq);
	seqmap_free(&m->map);
	*m = (struct mirostate) { 0 };
}
