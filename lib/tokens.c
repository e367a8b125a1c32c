#include "tokens.h"

#include <stdlib.h>

static _Noreturn void
bad(struct input *in, struct tokens *t, size_t col, const char *what)
{
	die("%s: line %lu, column %zu: %s", in->name, t->line, col + 1, what);
}

/* A decimal number of at most `max` at s[*i]; advances *i. */
static uint32_t
number(struct input *in, struct tokens *t, const unsigned char *s, size_t *i,
    uint32_t max, const char *what)
{
	uint64_t v = 0;
	size_t from = *i;

	for (; s[*i] >= '0' && s[*i] <= '9'; ++*i) {
		v = v * 10 + (s[*i] - '0');
		if (v > max)
			bad(in, t, from, what);
	}
	if (*i == from)
		bad(in, t, from, "not a token id");
	return (uint32_t)v;
}

bool
tokens_ready(struct input *in)
{
	return input_line_ready(in) > 0 || in->eof;
}

bool
tokens_read(struct input *in, struct tokens *t)
{
	size_t len = input_line(in), i = 0;
	const unsigned char *s = in->p + in->pos;

	t->n = 0;
	t->seq = 0;
	t->tagged = false;
	if (len == 0)
		return false;
	t->line++;
	if (s[len - 1] != '\n')
		bad(in, t, len, "the line does not end");
	in->pos += len;
	while (s[i] == ' ')
		i++;
	if (s[i] == '@') {
		i++;
		t->seq = number(in, t, s, &i, UINT32_MAX, "tag too large");
		t->tagged = true;
		if (s[i] != ' ' && s[i] != '\r' && s[i] != '\n')
			bad(in, t, i, "not a token id");
	}
	for (;;) {
		while (s[i] == ' ' || (s[i] == '\r' && s[i + 1] == '\n'))
			i++;
		if (s[i] == '\n')
			return true;
		t->id = xgrow(t->id, &t->cap, t->n + 1, sizeof(*t->id));
		t->id[t->n++] = (int32_t)number(in, t, s, &i, INT32_MAX,
		    "token id too large");
		if (s[i] != ' ' && s[i] != '\r' && s[i] != '\n')
			bad(in, t, i, "not a token id");
	}
}

void
tokens_write(struct output *o, uint32_t seq, const int32_t *id, size_t n)
{
	struct buf line = { 0 };

	if (seq != 0)
		buf_printf(&line, n ? "@%lu " : "@%lu", (unsigned long)seq);
	for (size_t i = 0; i < n; i++)
		buf_printf(&line, i ? " %ld" : "%ld", (long)id[i]);
	buf_put(&line, "\n", 1);
	output_put(o, line.p, line.len);
	buf_free(&line);
}

void
tokens_free(struct tokens *t)
{
	free(t->id);
	*t = (struct tokens) { 0 };
}
