/*
 * pieces - the texts of tokens, for tables and for people.
 *
 *	pieces_open(&p, model);		(the argument of -m, or NULL)
 *	pieces_show(&p, id, &buf);
 *	pieces_close(&p);
 *
 * Without a model the bundled one's vocabulary is used. What cannot be opened
 * ends the program.
 */
#ifndef PIECES_H
#define PIECES_H

#include "vocab.h"

struct pieces {
	char *path;
	struct modelfile model;
	struct vocab vocab;
	struct buf piece; /* of the token at work */
};

void pieces_open(struct pieces *p, const char *model);
void pieces_close(struct pieces *p);

/* The bytes of a token: none for an id that the vocabulary does not have, as
 * rows have that pad a model's matrix. Valid until the next call. */
const struct buf *pieces_get(struct pieces *p, int32_t id);

/* Append them as escape_show does. */
void pieces_show(struct pieces *p, int32_t id, struct buf *b);

#endif
