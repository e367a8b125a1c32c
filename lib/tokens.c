#include "tokens.h"

#include <stdlib.h>

static int
bad(const struct tokens *t, size_t col, const char *what, char *err)
{
	return fail(err, "line %lu, column %zu: %s", t->line, col + 1, what);
}

/* A decimal number of at most `max` at s[*i]; advances *i. 0, or -1. */
static int
number(const struct tokens *t, const unsigned char *s, size_t *i, uint32_t max,
    uint32_t *v, char *err)
{
	uint64_t u = 0;
	size_t from = *i;

	for (; s[*i] >= '0' && s[*i] <= '9'; ++*i) {
		u = u * 10 + (s[*i] - '0');
		if (u > max)
			return bad(t, from, "number too large", err);
	}
	if (*i == from || (s[*i] != ' ' && s[*i] != '\r' && s[*i] != '\n'))
		return bad(t, *i, "not a token id", err);
	*v = (uint32_t)u;
	return 0;
}

bool
tokens_ready(struct input *in)
{
	return input_line_ready(in) > 0 || in->eof;
}

int
tokens_next(struct input *in, struct tokens *t, char *err)
{
	size_t len = input_line(in), i = 0;
	const unsigned char *s = in->p + in->pos;
	uint32_t v;

	t->n = 0;
	t->seq = 0;
	t->tagged = false;
	if (len == 0)
		return 0;
	t->line++;
	if (s[len - 1] != '\n')
		return bad(t, len, "the line does not end", err);
	in->pos += len;
	while (s[i] == ' ')
		i++;
	if (s[i] == '@') {
		i++;
		t->tagged = true;
		if (number(t, s, &i, UINT32_MAX, &t->seq, err) != 0)
			return -1;
	}
	for (;;) {
		while (s[i] == ' ' || (s[i] == '\r' && s[i + 1] == '\n'))
			i++;
		if (s[i] == '\n')
			return 1;
		if (number(t, s, &i, INT32_MAX, &v, err) != 0)
			return -1;
		t->id = xgrow(t->id, &t->cap, t->n + 1, sizeof(*t->id));
		t->id[t->n++] = (int32_t)v;
	}
}

bool
tokens_read(struct input *in, struct tokens *t)
{
	char err[ERRLEN];
	int r = tokens_next(in, t, err);

	if (r < 0)
		die("%s: %s", in->name, err);
	return r > 0;
}

void
tokens_check(const struct input *in, const struct tokens *t, size_t n)
{
	for (size_t i = 0; i < t->n; i++)
		if ((size_t)t->id[i] >= n)
			die("%s: line %lu: id %ld is not in the vocabulary of "
			    "%zu", in->name, t->line, (long)t->id[i], n);
}

/* Write a number to p: where it ends. Long lines are many numbers, and printf
 * is slow. */
static char *
put_number(char *p, uint32_t v)
{
	char digit[10];
	size_t i = sizeof(digit);

	do
		digit[--i] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	while (i < sizeof(digit))
		*p++ = digit[i++];
	return p;
}

void
tokens_write(struct output *o, uint32_t seq, const int32_t *id, size_t n)
{
	char part[4096], *p = part;

	if (seq != 0) {
		*p++ = '@';
		p = put_number(p, seq);
	}
	for (size_t i = 0; i < n; i++) {
		if (p > part + sizeof(part) - 16) {
			output_put(o, part, (size_t)(p - part));
			p = part;
		}
		if (i > 0 || seq != 0)
			*p++ = ' ';
		p = put_number(p, (uint32_t)id[i]);
	}
	*p++ = '\n';
	output_put(o, part, (size_t)(p - part));
}

void
tokens_free(struct tokens *t)
{
	free(t->id);
	*t = (struct tokens) { 0 };
}
