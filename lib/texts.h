/*
 * texts - the texts of the sequences of a token stream, as their tokens
 * arrive, and a string that ends them.
 *
 *	texts_open(&ts, &vocab, stop);		(NULL: nothing ends them)
 *	t = texts_get(&ts, seq);
 *	text_add(&ts, t, id, n);
 *	n = text_ready(t);
 *	... t->buf.p[0..n) ...
 *	text_take(t, n);
 *	texts_close(&ts);
 */
#ifndef TEXTS_H
#define TEXTS_H

#include "buf.h"
#include "seqmap.h"
#include "vocab.h"

struct text {
	uint32_t seq;
	struct buf buf; /* added and not yet taken */
	size_t match;   /* bytes at its end that begin the stop string */
	bool bos;       /* the last token was BOS */
	bool open;      /* asked for since it was begun */
	bool ended;     /* as by the stop string: nothing is added any more */
};

struct texts {
	const struct vocab *vocab; /* not owned, as is stop */
	bool control;              /* control tokens are shown as spelled */
	const char *stop;
	size_t nstop;
	size_t *border; /* (nstop) see texts.c */
	struct seqmap map;
	struct text *text; /* (map.n) in order of appearance */
	size_t cap, nended;
	struct buf piece; /* of the token at work */
};

/* `stop` is not empty, or NULL; both outlive the texts. */
void texts_open(struct texts *ts, const struct vocab *v, const char *stop);
void texts_close(struct texts *ts);

/* The text of a sequence, empty the first time; valid until the next call. */
struct text *texts_get(struct texts *ts, uint32_t seq);

/* Whether the text of every sequence seen has ended, at least one. */
bool texts_ended(const struct texts *ts);

/* Add tokens, which the vocabulary has. Once they complete the stop string the
 * text has ended: the string and what follows are no part of it. The blank that
 * a model has in front of a text is left out behind BOS, and only there: without
 * BOS the tokens may be a part of a text. */
void text_add(struct texts *ts, struct text *t, const int32_t *id, size_t n);

/* How many bytes from the front are sure, whatever follows: no beginning of
 * the stop string, no character that is not yet whole. All of them when the
 * text has ended. */
size_t text_ready(const struct text *t);

/* Remove n bytes from the front, at most text_ready(). */
void text_take(struct text *t, size_t n);

/* End the text: the stop string does this too. */
void text_end(struct texts *ts, struct text *t);

/* Begin the text anew, empty. */
void text_restart(struct texts *ts, struct text *t);

#endif
