/*
 * known - short words that have been encoded already, and their tokens: most
 * of a text is made of few words.
 *
 *	known_open(&k);
 *	if (!known_find(&k, word, n, &out)) {
 *		... append the word's tokens to out, from `start` on ...
 *		known_add(&k, word, n, out.p + start, out.n - start);
 *	}
 *	known_close(&k);
 */
#ifndef KNOWN_H
#define KNOWN_H

#include <stdbool.h>

#include "ids.h"

struct known {
	struct known_word *word; /* by hash; a later word may take its place */
	void *room;              /* where they are */
};

void known_open(struct known *k);
void known_close(struct known *k);

/* Append the tokens of a word that is known. */
bool known_find(const struct known *k, const unsigned char *word, size_t n,
    struct ids *out);
/* Remember a word, unless it or its list of tokens is long. */
void known_add(struct known *k, const unsigned char *word, size_t n,
    const int32_t *id, size_t nid);

#endif
