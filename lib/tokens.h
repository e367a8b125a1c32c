/*
 * tokens - the token stream; see tokens(5). A line is `[@N ]id id ...`, ended
 * by LF: a step of sequence N (0 when untagged).
 *
 *	struct tokens t = { 0 };
 *	while (tokens_read(&in, &t))
 *		tokens_write(&out, t.seq, t.id, t.n);
 *	tokens_free(&t);
 *
 * A malformed line ends the program with its line and column.
 */
#ifndef TOKENS_H
#define TOKENS_H

#include "io.h"

struct tokens {
	uint32_t seq;       /* the tag, 0 without one */
	int32_t *id;        /* the line's ids, owned; valid until the next read */
	size_t n, cap;
	bool tagged;        /* a tag was written */
	unsigned long line; /* number of this line, from 1 */
};

/* Read the next line, blocking: false at the end of file. Ids are 0..2^31-1;
 * whether the model has them is the caller's question. */
bool tokens_read(struct input *in, struct tokens *t);
/* The same for programs that have something to finish first: 1, 0 at the end of
 * file, -1 when the line is malformed, the reason (without the file's name) in
 * err[ERRLEN]. */
int tokens_next(struct input *in, struct tokens *t, char *err);
/* End the program unless every id of the line is in a vocabulary of n. */
void tokens_check(const struct input *in, const struct tokens *t, size_t n);
/* Whether a whole line (or the end of file) is there without blocking. */
bool tokens_ready(struct input *in);
/* Write a line, with a tag when seq is not 0. */
void tokens_write(struct output *o, uint32_t seq, const int32_t *id, size_t n);
void tokens_free(struct tokens *t);

#endif
