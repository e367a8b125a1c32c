#include "disttext.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	return dist_check_header(d, err);
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
	d->own_id[d->n] = (int32_t)id;
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

	while (i < d->n && d->own_id[i - 1] < d->own_id[i])
		i++;
	if (i >= d->n)
		return 0;
	key = xreallocarray(NULL, d->n, sizeof(*key));
	for (i = 0; i < d->n; i++) {
		memcpy(&bits, &d->val[i], sizeof(bits));
		key[i] = (uint64_t)d->own_id[i] << 32 | bits;
	}
	qsort(key, d->n, sizeof(*key), compare);
	for (i = 0; i < d->n; i++) {
		bits = (uint32_t)key[i];
		memcpy(&d->val[i], &bits, sizeof(bits));
		d->own_id[i] = (int32_t)(key[i] >> 32);
	}
	free(key);
	for (i = 1; i < d->n; i++)
		if (d->own_id[i - 1] == d->own_id[i])
			return fail(err, "id %ld comes twice",
			    (long)d->own_id[i]);
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

int
disttext_parse(struct dist *d, const unsigned char *p, size_t len, bool eof,
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
	if (sort_entries(d, err) != 0 || dist_check_arrays(d, 0, err) != 0)
		return -1;
	return 1;
}

static void
put_list(struct buf *b, const char *key, const int32_t *id, uint32_t n)
{
	buf_printf(b, " %s=", key);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(b, i ? ",%ld" : "%ld", (long)id[i]);
}

void
disttext_put(struct buf *b, const struct dist *d,
    const struct dist_column *column)
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
		    "%ld\t%.9g", (long)dist_id(d, i), (double)d->val[i]);
		if (column != NULL && column->put != NULL) {
			buf_put(b, "\t", 1);
			column->put(b, dist_id(d, i), column->arg);
		}
		buf_put(b, "\n", 1);
	}
	buf_put(b, "\n", 1);
}
