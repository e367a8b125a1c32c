#include "disttext.h"

#include "wide.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Offsets in the header behind the magic; see dist(5). */
enum {
	VERSION = 4, KIND = 5, FLAGS = 6, VOCAB = 8, N = 12, NCTX = 16,
	NEOG = 20, SEQ = 24, POS = 28, HEADER = 32
};

enum {
	LARGE = 1 << 16, /* bytes of values that are not buffered first */
	PIECE = 1 << 18, /* bytes of a dense record that are read at a time */
};

static bool
little_endian(void)
{
	const uint16_t one = 1;

	return *(const unsigned char *)&one == 1;
}

/* n 32-bit numbers between memory and little-endian bytes, either way. */
static void
copy32(void *to, const void *from, size_t n)
{
	unsigned char *p = to;

	if (n > 0)
		memcpy(p, from, 4 * n);
	if (little_endian())
		return;
	for (size_t i = 0; i < 4 * n; i += 4) {
		unsigned char a = p[i], b = p[i + 1];
		p[i] = p[i + 3];
		p[i + 1] = p[i + 2];
		p[i + 2] = b;
		p[i + 3] = a;
	}
}

static uint32_t
u32_at(const unsigned char *p)
{
	uint32_t v;

	copy32(&v, p, 1);
	return v;
}

void
dist_reserve(struct dist *d, size_t n, size_t nctx, size_t neog)
{
	d->ctx = xgrow(d->ctx, &d->cap_ctx, nctx, sizeof(*d->ctx));
	d->eog = xgrow(d->eog, &d->cap_eog, neog, sizeof(*d->eog));
	if (n > d->cap_n) {
		d->own_id = xgrow(d->own_id, &d->cap_n, n, sizeof(*d->own_id));
		d->own_val = xreallocarray(d->own_val, d->cap_n,
		    sizeof(*d->own_val));
		d->prob = xreallocarray(d->prob, d->cap_n, sizeof(*d->prob));
		free(d->work); /* nothing that must stay */
		d->work = xscratch(d->cap_n, sizeof(*d->work));
	}
	if (n > 0) {
		d->id = d->own_id;
		d->val = d->own_val;
	}
}

void
dist_kept(struct dist *d, uint32_t n)
{
	d->id = d->own_id;
	d->n = n;
}

void
dist_free(struct dist *d)
{
	free(d->ctx);
	free(d->eog);
	free(d->own_id);
	free(d->own_val);
	free(d->prob);
	free(d->work);
	*d = (struct dist) { 0 };
}

int
dist_check_header(const struct dist *d, char *err)
{
	if (d->kind != 'L' && d->kind != 'P')
		return fail(err, "the kind is neither L nor P");
	if (d->vocab < 1 || d->vocab > DIST_MAX)
		return fail(err, "the vocabulary is not of 1 to %ld tokens",
		    (long)DIST_MAX);
	if (d->pos > DIST_MAX)
		return fail(err, "position %lu is too large",
		    (unsigned long)d->pos);
	if (d->nctx > d->pos)
		return fail(err, "more context (%lu tokens) than position %lu "
		    "can have", (unsigned long)d->nctx, (unsigned long)d->pos);
	if (d->flags & DIST_START && d->nctx != d->pos)
		return fail(err, "it starts a sequence, with %lu of %lu "
		    "context tokens", (unsigned long)d->nctx, (unsigned long)d->pos);
	if (d->neog > d->vocab)
		return fail(err, "more end-of-generation ids than tokens");
	return 0;
}

/* How many of v[n] are from `least` on, but finite. */
static uint32_t count_good(const float *v, uint32_t n, float least);
WIDE(uint32_t, count_good, (const float *v, uint32_t n, float least),
    (v, n, least))
{
	uint32_t good = 0;

	for (uint32_t i = 0; i < n; i++)
		good += (v[i] >= least) & (v[i] < INFINITY);
	return good;
}

/* The least value of its kind; NaN is not even that. */
static float
least_of(const struct dist *d)
{
	return d->kind == 'L' ? -INFINITY : 0;
}

/* The first `good` values are known to be right. */
static int
check_values(const struct dist *d, uint32_t good, char *err)
{
	const float least = least_of(d);
	uint32_t i = good;

	if (i == d->n ||
	    count_good(d->val + i, d->n - i, least) == d->n - i)
		return 0;
	while (d->val[i] >= least && d->val[i] < INFINITY)
		i++;
	return fail(err, "id %ld: a %s cannot be %s", (long)dist_id(d, i),
	    d->kind == 'L' ? "logit" : "probability",
	    isnan(d->val[i]) ? "NaN" : d->val[i] < 0 ? "negative" : "infinite");
}

static int
check_ids(const struct dist *d, char *err)
{
	const int32_t *id = d->id;
	uint32_t n = d->n, ordered = n > 0;

	for (uint32_t i = 1; i < n; i++)
		ordered += id[i - 1] < id[i];
	if (n > 0 && ordered != n)
		return fail(err, "the ids are not in ascending order");
	if (n > 0 && (id[0] < 0 || (uint32_t)id[n - 1] >= d->vocab))
		return fail(err, "id %ld is not in the vocabulary",
		    (long)id[id[0] < 0 ? 0 : n - 1]);
	return 0;
}

int
dist_check_arrays(const struct dist *d, uint32_t good, char *err)
{
	for (uint32_t i = 0; i < d->nctx; i++)
		if ((uint32_t)d->ctx[i] >= d->vocab)
			return fail(err, "context token %ld is not in the "
			    "vocabulary", (long)d->ctx[i]);
	for (uint32_t i = 0; i < d->neog; i++)
		if ((uint32_t)d->eog[i] >= d->vocab)
			return fail(err, "end-of-generation id %ld is not in "
			    "the vocabulary", (long)d->eog[i]);
	if (d->id != NULL && check_ids(d, err) != 0)
		return -1;
	return check_values(d, good, err);
}

/* The values at p: used where they stand, if that is lent. */
static void
take_values(struct dist *d, const unsigned char *p, void *lent)
{
	if (lent != NULL && little_endian() &&
	    (uintptr_t)lent % sizeof(*d->val) == 0)
		d->val = lent;
	else
		copy32(d->val, p, d->n);
}

/* `lent`: NULL, or p where it may be written to. The first `good` values of a dense
 * record are checked. */
static int
parse_binary(struct dist *d, const unsigned char *p, size_t len, bool eof,
    size_t *size, unsigned char *lent, uint32_t good, char *err)
{
	const unsigned char *start = p;
	bool sparse = false;
	uint64_t need = HEADER;

	if (memcmp(p, "DIST", len < 4 ? len : 4) != 0)
		return fail(err, "not a distribution");
	if (len >= HEADER) {
		unsigned flags = p[FLAGS] | (unsigned)p[FLAGS + 1] << 8;

		if (p[VERSION] != 1)
			return fail(err, "unknown version %d", p[VERSION]);
		if (flags & ~(unsigned)(DIST_SPARSE | DIST_START | DIST_ONCE))
			return fail(err, "unknown flags 0x%x", flags);
		sparse = flags & DIST_SPARSE;
		d->kind = (char)p[KIND];
		d->flags = flags & (DIST_START | DIST_ONCE);
		d->vocab = u32_at(p + VOCAB);
		d->n = u32_at(p + N);
		d->nctx = u32_at(p + NCTX);
		d->neog = u32_at(p + NEOG);
		d->seq = u32_at(p + SEQ);
		d->pos = u32_at(p + POS);
		if (dist_check_header(d, err) != 0)
			return -1;
		if (d->n > d->vocab || (!sparse && d->n != d->vocab))
			return fail(err, "%lu entries for a vocabulary of %lu",
			    (unsigned long)d->n, (unsigned long)d->vocab);
		need += 4 * ((uint64_t)d->nctx + d->neog);
		need += 4 * (uint64_t)d->n * (sparse ? 2 : 1);
	}
	*size = (size_t)need;
	if (*size != need)
		return fail(err, "the record is too long");
	if (len < HEADER || len < *size)
		return eof ? fail(err, "the record ends early") : 0;

	dist_reserve(d, d->n, d->nctx, d->neog);
	p += HEADER;
	copy32(d->ctx, p, d->nctx);
	p += 4 * (size_t)d->nctx;
	copy32(d->eog, p, d->neog);
	p += 4 * (size_t)d->neog;
	if (sparse) {
		copy32(d->own_id, p, d->n);
		p += 4 * (size_t)d->n;
	} else {
		d->id = NULL;
	}
	take_values(d, p, lent != NULL ? lent + (p - start) : NULL);
	return dist_check_arrays(d, good, err) == 0 ? 1 : -1;
}

static int
parse(struct dist *d, const unsigned char *p, size_t len, bool eof,
    size_t *size, unsigned char *lent, uint32_t good, char *err)
{
	size_t skip = 0;
	int got;

	if (len > 0 && p[0] == 'D')
		return parse_binary(d, p, len, eof, size, lent, good, err);
	while (skip < len && (p[skip] == '\n' || p[skip] == '\r'))
		skip++;
	if (skip == len) {
		*size = len + 1;
		return 0;
	}
	if (p[skip] != '#')
		return fail(err, "not a distribution");
	*size = *size > skip ? *size - skip : 0;
	got = disttext_parse(d, p + skip, len - skip, eof, skip > 0, size, err);
	*size += skip;
	return got;
}

int
dist_parse(struct dist *d, const unsigned char *p, size_t len, bool eof,
    size_t *size, char *err)
{
	return parse(d, p, len, eof, size, NULL, 0, err);
}

static void
put32(struct buf *b, const void *p, size_t n)
{
	copy32(buf_room(b, 4 * n), p, n);
	b->len += 4 * n;
}

/* Everything but the values. */
static void
put_start(struct buf *b, const struct dist *d)
{
	unsigned flags = d->flags & (DIST_START | DIST_ONCE);
	const uint32_t word[] = { d->vocab, d->n, d->nctx, d->neog, d->seq,
		d->pos };
	unsigned char head[VOCAB] = { 'D', 'I', 'S', 'T', 1 };
	size_t numbers = (size_t)d->nctx + d->neog;

	if (d->n < d->vocab) {
		flags |= DIST_SPARSE;
		numbers += d->n;
	}
	buf_room(b, HEADER + 4 * numbers);
	head[KIND] = (unsigned char)d->kind;
	head[FLAGS] = (unsigned char)flags;
	buf_put(b, head, sizeof(head));
	put32(b, word, 6);
	put32(b, d->ctx, d->nctx);
	put32(b, d->eog, d->neog);
	if (flags & DIST_SPARSE)
		put32(b, d->id, d->n);
}

static void
put_binary(struct buf *b, const struct dist *d)
{
	put_start(b, d);
	put32(b, d->val, d->n);
}

void
dist_format(struct buf *b, const struct dist *d, char form,
    const struct dist_column *column)
{
	if (form == 't')
		disttext_put(b, d, column);
	else
		put_binary(b, d);
}

void
dist_create(struct dist_writer *w, char form)
{
	*w = (struct dist_writer) { .form = form };
	output_open(&w->out, STDOUT_FILENO, "stdout");
	pipe_widen(STDOUT_FILENO);
}

void
dist_open(struct dist_reader *r, const char *path, struct dist_writer *w)
{
	dist_open_for(r, path, w ? &w->out : NULL);
	r->writer = w;
}

void
dist_open_for(struct dist_reader *r, const char *path, struct output *out)
{
	*r = (struct dist_reader) { .writer = NULL };
	input_open(&r->in, path, out);
	pipe_widen(r->in.fd);
}

/* Check those values of a dense record that are there, and tell of them; false when
 * one is bad. They stand at the front of the input's memory, aligned: this is right
 * after a read. */
static bool
look(struct dist_reader *r, const struct dist *d, size_t size)
{
	const struct input *in = &r->in;
	const size_t before = size - 4 * (size_t)d->n;
	const size_t have = in->len < size ? in->len : size;
	const float *v = (const void *)(in->p + before);
	uint32_t n;

	if (have <= before || !little_endian())
		return true;
	n = (uint32_t)((have - before) / sizeof(*v));
	if (count_good(v + r->good, n - r->good, least_of(d)) != n - r->good)
		return false;
	r->good = n;
	if (r->some != NULL)
		r->some(r->arg, d, v, n);
	return true;
}

/* Of `size` bytes of a dense record, d its header, read those that are not there:
 * in pieces, which are looked at while a cache has them. */
static void
fill_dense(struct dist_reader *r, const struct dist *d, size_t size)
{
	struct input *in = &r->in;
	bool good = true;
	size_t have;

	while ((have = in->len - in->pos) < size) {
		if (!input_some(in, size - have < PIECE ? size : have + PIECE))
			return;
		good = good && look(r, d, size);
	}
}

bool
dist_read(struct dist_reader *r, struct dist *d)
{
	struct input *in = &r->in;
	char err[ERRLEN];
	size_t size = 0;
	int got;

	r->record++;
	r->good = 0;
	if (!input_fill(in, 1))
		return false;
	while ((got = parse(d, in->p + in->pos, in->len - in->pos, in->eof,
	    &size, in->p + in->pos, r->good, err)) == 0) {
		const unsigned char *p = in->p + in->pos;

		if (in->eof)
			return false;
		if (p[0] == 'D' && size > HEADER && !(p[FLAGS] & DIST_SPARSE))
			fill_dense(r, d, size);
		else
			input_fill(in, size);
	}
	if (got < 0)
		dist_bad(r, "%s", err);
	if (r->writer != NULL)
		r->writer->read = in->p[in->pos] == 'D' ? 'b' : 't';
	in->pos += size;
	return true;
}

static bool
in_text(const struct dist_writer *w)
{
	return (w->form ? w->form : w->read) == 't';
}

/* Whether values are written without being buffered. */
static bool
goes_through(const struct dist *d)
{
	return 4 * (size_t)d->n >= LARGE && little_endian();
}

/* The first n values, as far as they are not, and what stands before them. */
static void
write_through(struct dist_writer *w, const struct dist *d, uint32_t n)
{
	if (w->begun == 0) {
		output_room(&w->out);
		put_start(&w->out.buf, d);
	}
	if (n > w->begun)
		output_through(&w->out, d->val + w->begun,
		    4 * (size_t)(n - w->begun));
	w->begun = n;
}

void
dist_write_part(struct dist_writer *w, const struct dist *d, uint32_t n)
{
	if (!in_text(w) && goes_through(d) && n - w->begun >= DIST_PART)
		write_through(w, d, n);
}

/* What is put together in the output's own buffer must not end half-way, which
 * would be written: so apart, or where there is room for all of it. */
void
dist_write(struct dist_writer *w, const struct dist *d)
{
	struct output *o = &w->out;
	size_t size = 4 * (size_t)d->n;

	if (in_text(w)) {
		disttext_put(&w->record, d, &w->column);
		output_put(o, w->record.p, w->record.len);
		w->record.len = 0;
		return;
	}
	if (goes_through(d)) {
		write_through(w, d, d->n);
		w->begun = 0;
	} else {
		output_room(o);
		buf_room(&o->buf, HEADER + 2 * size +
		    4 * ((size_t)d->nctx + d->neog));
		put_binary(&o->buf, d);
	}
}

float *
dist_space(struct dist_writer *w, size_t records, size_t n)
{
	if (n > SIZE_MAX / sizeof(float) / records)
		die("out of memory");
	return output_space(&w->out, records * n * sizeof(float));
}

void
dist_close(struct dist_reader *r)
{
	input_close(&r->in);
}

void
dist_finish(struct dist_writer *w)
{
	output_close(&w->out);
	buf_free(&w->record);
}

void
dist_bad(const struct dist_reader *r, const char *fmt, ...)
{
	char what[ERRLEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	die("%s: record %lu: %s", r->in.name, r->record, what);
}

void
dist_stuck(const struct dist_reader *r, const struct dist *d)
{
	dist_bad(r, "nothing can be drawn at position %lu",
	    (unsigned long)d->pos);
}
