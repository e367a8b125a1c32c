#include "dist.h"

#include "wide.h"

#include <ctype.h>
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

enum { LARGE = 1 << 16 }; /* bytes of values that are written without a copy */

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
	if (n <= d->cap_n)
		return;
	d->id = xgrow(d->id, &d->cap_n, n, sizeof(*d->id));
	d->val = xreallocarray(d->val, d->cap_n, sizeof(*d->val));
	d->prob = xreallocarray(d->prob, d->cap_n, sizeof(*d->prob));
	free(d->work); /* nothing that must stay */
	d->work = xscratch(d->cap_n, sizeof(*d->work));
}

void
dist_free(struct dist *d)
{
	free(d->ctx);
	free(d->eog);
	free(d->id);
	free(d->val);
	free(d->prob);
	free(d->work);
	*d = (struct dist) { 0 };
}

/* What both forms must hold; n is not known yet in text. */
static int
check_header(const struct dist *d, char *err)
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

static int
check_values(const struct dist *d, char *err)
{
	/* -inf and 0 are the least of the two kinds; NaN is not even that */
	const float least = d->kind == 'L' ? -INFINITY : 0;
	uint32_t i = 0;

	if (count_good(d->val, d->n, least) == d->n)
		return 0;
	while (d->val[i] >= least && d->val[i] < INFINITY)
		i++;
	return fail(err, "id %ld: a %s cannot be %s", (long)d->id[i],
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

/* What holds of the arrays of both forms. `dense`: the ids are our own. */
static int
check_arrays(const struct dist *d, bool dense, char *err)
{
	for (uint32_t i = 0; i < d->nctx; i++)
		if ((uint32_t)d->ctx[i] >= d->vocab)
			return fail(err, "context token %ld is not in the "
			    "vocabulary", (long)d->ctx[i]);
	for (uint32_t i = 0; i < d->neog; i++)
		if ((uint32_t)d->eog[i] >= d->vocab)
			return fail(err, "end-of-generation id %ld is not in "
			    "the vocabulary", (long)d->eog[i]);
	if (!dense && check_ids(d, err) != 0)
		return -1;
	return check_values(d, err);
}

/* id[i] = i */
static void
number_ids(int32_t *id, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		id[i] = (int32_t)i;
}

static int
parse_binary(struct dist *d, const unsigned char *p, size_t len, bool eof,
    size_t *size, char *err)
{
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
		if (check_header(d, err) != 0)
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
		copy32(d->id, p, d->n);
		p += 4 * (size_t)d->n;
	} else {
		number_ids(d->id, d->n);
	}
	copy32(d->val, p, d->n);
	return check_arrays(d, !sparse, err) == 0 ? 1 : -1;
}

/* A decimal number of at most max that ends at `end`; false if it is not. */
static bool
number(uint32_t *v, const char *s, const char *end, uint32_t max)
{
	uint64_t x = 0;

	if (s == end)
		return false;
	for (; s < end; s++) {
		if (*s < '0' || *s > '9')
			return false;
		x = x * 10 + (uint64_t)(*s - '0');
		if (x > max)
			return false;
	}
	*v = (uint32_t)x;
	return true;
}

/* Ids separated by commas. */
static bool
list(int32_t **id, size_t *cap, uint32_t *n, const char *s, const char *end)
{
	*n = 0;
	while (s < end) {
		const char *comma = memchr(s, ',', (size_t)(end - s));
		uint32_t v;

		if (comma == end - 1 || *n == DIST_MAX ||
		    !number(&v, s, comma ? comma : end, INT32_MAX))
			return false;
		*id = xgrow(*id, cap, (size_t)*n + 1, sizeof(**id));
		(*id)[(*n)++] = (int32_t)v;
		s = comma ? comma + 1 : end;
	}
	return true;
}

static bool
flag(unsigned *flags, unsigned bit, const char *s, const char *end)
{
	uint32_t v;

	if (!number(&v, s, end, 1))
		return false;
	*flags = v ? *flags | bit : *flags & ~bit;
	return true;
}

static bool
is(const char *s, size_t len, const char *key)
{
	return len == strlen(key) && memcmp(s, key, len) == 0;
}

/* One key=value; false when the value is wrong. Unknown keys are ignored. */
static bool
field(struct dist *d, const char *s, const char *end)
{
	const char *v = memchr(s, '=', (size_t)(end - s));
	size_t len = v == NULL ? 0 : (size_t)(v++ - s);

	if (is(s, len, "kind")) {
		d->kind = *v;
		return end - v == 1;
	}
	if (is(s, len, "vocab"))
		return number(&d->vocab, v, end, DIST_MAX);
	if (is(s, len, "seq"))
		return number(&d->seq, v, end, UINT32_MAX);
	if (is(s, len, "pos"))
		return number(&d->pos, v, end, DIST_MAX);
	if (is(s, len, "start"))
		return flag(&d->flags, DIST_START, v, end);
	if (is(s, len, "once"))
		return flag(&d->flags, DIST_ONCE, v, end);
	if (is(s, len, "ctx"))
		return list(&d->ctx, &d->cap_ctx, &d->nctx, v, end);
	if (is(s, len, "eog"))
		return list(&d->eog, &d->cap_eog, &d->neog, v, end);
	return true;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* `#dist key=value ...` at s, which ends before `end`. */
static int
parse_header(struct dist *d, const char *s, const char *end, char *err)
{
	if (end - s < 5 || memcmp(s, "#dist", 5) != 0 ||
	    (end - s > 5 && !blank(s[5])))
		return fail(err, "not a distribution");
	d->kind = 0;
	d->flags = 0;
	d->vocab = d->n = d->nctx = d->neog = d->seq = d->pos = 0;
	for (s += 5; s < end;) {
		const char *word = s;

		while (s < end && !blank(*s))
			s++;
		if (!field(d, word, s))
			return fail(err, "'%.*s' is wrong",
			    s - word < 40 ? (int)(s - word) : 40, word);
		while (s < end && blank(*s))
			s++;
	}
	return check_header(d, err);
}

/* `id value [anything]` at s; the line's LF is at or behind `end`. */
static int
parse_entry(struct dist *d, const char *s, const char *end, char *err)
{
	const char *line = s, *from;
	char *rest = NULL;
	uint32_t id = 0;
	float v = 0;
	bool ok;

	while (s < end && blank(*s))
		s++;
	for (from = s; s < end && !blank(*s);)
		s++;
	ok = number(&id, from, s, INT32_MAX);
	while (s < end && blank(*s))
		s++;
	/* strtof stops at the LF, but not at white space before the number */
	if (ok && s < end && !isspace((unsigned char)*s))
		v = strtof(s, &rest);
	if (rest == NULL || rest == s || (rest < end && !blank(*rest)))
		return fail(err, "'%.*s' is not an entry",
		    end - line < 40 ? (int)(end - line) : 40, line);
	if (d->n == d->vocab)
		return fail(err, "more entries than the vocabulary's %lu",
		    (unsigned long)d->vocab);
	dist_reserve(d, (size_t)d->n + 1, 0, 0);
	d->id[d->n] = (int32_t)id;
	d->val[d->n++] = v;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Entries may come in any order, an id once. */
static int
sort_entries(struct dist *d, char *err)
{
	uint64_t *key;
	uint32_t i = 1, bits;

	while (i < d->n && d->id[i - 1] < d->id[i])
		i++;
	if (i >= d->n)
		return 0;
	key = xreallocarray(NULL, d->n, sizeof(*key));
	for (i = 0; i < d->n; i++) {
		memcpy(&bits, &d->val[i], sizeof(bits));
		key[i] = (uint64_t)d->id[i] << 32 | bits;
	}
	qsort(key, d->n, sizeof(*key), compare);
	for (i = 0; i < d->n; i++) {
		bits = (uint32_t)key[i];
		memcpy(&d->val[i], &bits, sizeof(bits));
		d->id[i] = (int32_t)(key[i] >> 32);
	}
	free(key);
	for (i = 1; i < d->n; i++)
		if (d->id[i - 1] == d->id[i])
			return fail(err, "id %ld comes twice", (long)d->id[i]);
	return 0;
}

/* The length up to and with the empty line that ends a text record; 0 when it
 * is not there. The first `seen` bytes are known not to hold its end. */
static size_t
find_empty(const unsigned char *p, size_t len, size_t seen)
{
	size_t i = seen > 3 ? seen - 3 : 0;

	for (;;) {
		const unsigned char *lf = i < len ?
		    memchr(p + i, '\n', len - i) : NULL;

		if (lf == NULL)
			return 0;
		i = (size_t)(lf - p) + 1;
		if (i < len && p[i] == '\n')
			return i + 1;
		if (i + 1 < len && p[i] == '\r' && p[i + 1] == '\n')
			return i + 2;
	}
}

/* `before`: an empty line stood before the record. Sorted with its entries, it
 * is the one that ends the record, which then the end of the file does. */
static int
parse_text(struct dist *d, const unsigned char *p, size_t len, bool eof,
    bool before, size_t *size, char *err)
{
	const char *s = (const char *)p, *end;
	size_t whole = find_empty(p, len, *size);
	bool header = true;

	if (whole == 0 && eof && before && p[len - 1] == '\n')
		whole = len;
	if (whole == 0) {
		*size = len + 1;
		return eof ? fail(err, "the record ends early") : 0;
	}
	for (end = s + whole; s < end; header = false) {
		const char *lf = memchr(s, '\n', (size_t)(end - s));
		const char *stop = lf > s && lf[-1] == '\r' ? lf - 1 : lf;

		if (stop == s && !header)
			break;
		if ((header ? parse_header(d, s, stop, err) :
		    parse_entry(d, s, stop, err)) != 0)
			return -1;
		s = lf + 1;
	}
	*size = whole;
	if (sort_entries(d, err) != 0 || check_arrays(d, false, err) != 0)
		return -1;
	return 1;
}

int
dist_parse(struct dist *d, const unsigned char *p, size_t len, bool eof,
    size_t *size, char *err)
{
	size_t skip = 0;
	int got;

	if (len > 0 && p[0] == 'D')
		return parse_binary(d, p, len, eof, size, err);
	while (skip < len && (p[skip] == '\n' || p[skip] == '\r'))
		skip++;
	if (skip == len) {
		*size = len + 1;
		return 0;
	}
	if (p[skip] != '#')
		return fail(err, "not a distribution");
	*size = *size > skip ? *size - skip : 0;
	got = parse_text(d, p + skip, len - skip, eof, skip > 0, size, err);
	*size += skip;
	return got;
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

static void
put_list(struct buf *b, const char *key, const int32_t *id, uint32_t n)
{
	buf_printf(b, " %s=", key);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(b, i ? ",%ld" : "%ld", (long)id[i]);
}

static void
put_text(struct buf *b, const struct dist *d, const struct dist_column *column)
{
	buf_printf(b, "#dist kind=%c vocab=%lu n=%lu seq=%lu pos=%lu start=%d "
	    "once=%d", d->kind, (unsigned long)d->vocab, (unsigned long)d->n,
	    (unsigned long)d->seq, (unsigned long)d->pos,
	    (d->flags & DIST_START) != 0, (d->flags & DIST_ONCE) != 0);
	put_list(b, "ctx", d->ctx, d->nctx);
	put_list(b, "eog", d->eog, d->neog);
	buf_put(b, "\n", 1);
	for (uint32_t i = 0; i < d->n; i++) {
		enum { ROOM = 40 }; /* 10 digits, 15 of the value */

		b->len += (size_t)snprintf(buf_room(b, ROOM), ROOM,
		    "%ld\t%.9g", (long)d->id[i], (double)d->val[i]);
		if (column != NULL && column->put != NULL) {
			buf_put(b, "\t", 1);
			column->put(b, d->id[i], column->arg);
		}
		buf_put(b, "\n", 1);
	}
	buf_put(b, "\n", 1);
}

void
dist_format(struct buf *b, const struct dist *d, char form,
    const struct dist_column *column)
{
	if (form == 't')
		put_text(b, d, column);
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

bool
dist_read(struct dist_reader *r, struct dist *d)
{
	struct input *in = &r->in;
	char err[ERRLEN];
	size_t size = 0;
	int got;

	r->record++;
	if (!input_fill(in, 1))
		return false;
	while ((got = dist_parse(d, in->p + in->pos, in->len - in->pos,
	    in->eof, &size, err)) == 0) {
		if (in->eof)
			return false;
		input_fill(in, size);
	}
	if (got < 0)
		dist_bad(r, "%s", err);
	if (r->writer != NULL)
		r->writer->read = in->p[in->pos] == 'D' ? 'b' : 't';
	in->pos += size;
	return true;
}

/* What is put together in the output's own buffer must not end half-way, which
 * would be written: so apart, or where there is room for all of it. */
void
dist_write(struct dist_writer *w, const struct dist *d)
{
	struct output *o = &w->out;
	size_t size = 4 * (size_t)d->n;

	if ((w->form ? w->form : w->read) == 't') {
		put_text(&w->record, d, &w->column);
		output_put(o, w->record.p, w->record.len);
		w->record.len = 0;
		return;
	}
	output_room(o);
	if (size >= LARGE && little_endian()) {
		put_start(&o->buf, d);
		output_through(o, d->val, size);
	} else {
		buf_room(&o->buf, HEADER + 2 * size +
		    4 * ((size_t)d->nctx + d->neog));
		put_binary(&o->buf, d);
	}
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
