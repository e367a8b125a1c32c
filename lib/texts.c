#include "texts.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/*
 * The search is Knuth, Morris & Pratt's (1977): border[i] is the length of the
 * longest proper prefix of stop[0..i] that is also its suffix. It looks at each
 * byte once, and its state is just what has to be held back.
 */
void
texts_open(struct texts *ts, const struct vocab *v, const char *stop)
{
	*ts = (struct texts) { .vocab = v, .stop = stop };
	if (stop == NULL)
		return;
	ts->nstop = strlen(stop);
	ts->border = xcalloc(ts->nstop, sizeof(*ts->border));
	for (size_t i = 1, k = 0; i < ts->nstop; i++) {
		while (k > 0 && stop[i] != stop[k])
			k = ts->border[k - 1];
		k += stop[i] == stop[k];
		ts->border[i] = k;
	}
}

void
texts_close(struct texts *ts)
{
	for (size_t i = 0; i < ts->map.n; i++)
		buf_free(&ts->text[i].buf);
	free(ts->text);
	free(ts->border);
	buf_free(&ts->piece);
	seqmap_free(&ts->map);
}

struct text *
texts_get(struct texts *ts, uint32_t seq)
{
	size_t n = ts->map.n, i = seqmap_number(&ts->map, seq);

	if (i == n) {
		ts->text = xgrow(ts->text, &ts->cap, n + 1, sizeof(*ts->text));
		ts->text[i] = (struct text) { .seq = seq };
	}
	ts->text[i].open = true;
	return &ts->text[i];
}

bool
texts_ended(const struct texts *ts)
{
	return ts->nended > 0 && ts->nended == ts->map.n;
}

static void
add(struct texts *ts, struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n && ts->stop != NULL; i++) {
		while (t->match > 0 && s[i] != ts->stop[t->match])
			t->match = ts->border[t->match - 1];
		t->match += s[i] == ts->stop[t->match];
		if (t->match == ts->nstop) {
			buf_put(&t->buf, s, i + 1);
			t->buf.len -= ts->nstop;
			t->match = 0;
			text_end(ts, t);
			return;
		}
	}
	buf_put(&t->buf, s, n);
}

void
text_add(struct texts *ts, struct text *t, const int32_t *id, size_t n)
{
	const struct vocab *v = ts->vocab;

	for (size_t i = 0; i < n && !t->ended; i++) {
		bool after_bos = t->bos, blank;
		t->bos = id[i] == v->bos;
		if (vocab_is_control(v, id[i]) && !ts->control)
			continue;
		ts->piece.len = 0;
		vocab_piece(v, id[i], &ts->piece);
		blank = after_bos && v->add_space && !t->bos &&
		    ts->piece.len > 0 && ts->piece.p[0] == ' ';
		add(ts, t, ts->piece.p + blank, ts->piece.len - blank);
	}
}

size_t
text_ready(const struct text *t)
{
	size_t n = t->buf.len, tail;

	if (t->ended || n == 0)
		return n;
	tail = utf8_tail(t->buf.p, n);
	return n - (tail > t->match ? tail : t->match);
}

void
text_take(struct text *t, size_t n)
{
	if (n == 0)
		return;
	t->buf.len -= n;
	memmove(t->buf.p, t->buf.p + n, t->buf.len);
}

void
text_end(struct texts *ts, struct text *t)
{
	ts->nended += !t->ended;
	t->ended = true;
}

void
text_restart(struct texts *ts, struct text *t)
{
	ts->nended -= t->ended;
	t->ended = t->open = t->bos = false;
	t->match = t->buf.len = 0;
}
