/*
 * spelling - the tokens of a vocabulary by how they are spelled.
 *
 *	if (spelling_open(&x, &vocab, types, NULL, err) != 0)
 *		die("%s: %s", path, err);
 *	id = spelling_find(&x, "abc", 3);
 *	spelling_close(&x);
 */
#ifndef SPELLING_H
#define SPELLING_H

#include "pairs.h"
#include "vocab.h"

/*
 * A hash table. Of most spellings that are none, the tags say so, which are
 * small enough to stay near the processor. The vocabulary must outlive it.
 */
struct spelling {
	const struct vocab *vocab;
	unsigned char *tag; /* (mask + 1) 7 bits of the hash, and 0x80; 0: free */
	struct spelling_slot {
		uint32_t id, at; /* which token; where it is spelled */
	} *slot;            /* (mask + 1) those that are not free */
	size_t mask;
	size_t longest; /* bytes of the longest one */
};

/*
 * The tokens of some types: `types` has bit 1 << t for each type t. Tokens that
 * have no spelling are left out, and unless `of` is NULL those that it does not
 * allow. 0, or -1 with the reason in err when two are spelled alike.
 */
int spelling_open(struct spelling *x, const struct vocab *v, unsigned types,
    const struct pairs *of, char *err);
void spelling_close(struct spelling *x);

/* The token that is spelled so, or -1. */
int32_t spelling_find(const struct spelling *x, const void *p, size_t n);

#endif
