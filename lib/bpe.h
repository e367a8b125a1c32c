/*
 * bpe - byte-pair encoding by a list of merges: a word begins as the tokens of
 * its bytes (as in GPT-2) or of its characters (as in Gemma 4; a character that
 * is no token is its bytes); of all neighbours that the list knows, the pair
 * that stands first in the list is merged, until none is left: see merge.h.
 *
 *	if (bpe_open(&b, &vocab, &g, whole, NULL, err) != 0)
 *		die("%s: %s", path, err);
 *	bpe_encode(&b, word, n, &out, err);
 *	bpe_close(&b);
 */
#ifndef BPE_H
#define BPE_H

#include "ids.h"
#include "merge.h"
#include "spelling.h"

struct bpe {
	const struct vocab *vocab;
	struct spelling spelling; /* of the tokens */
	bool whole;        /* a word that is a token is taken unmerged */
	int32_t byte[256]; /* the token of each byte, or -1 */
	struct bpe_merge {
		int32_t left, right, into;
		uint32_t rank; /* the place in the list, from 1; 0: free */
	} *slot; /* (mask + 1) by pair, in a hash table */
	size_t mask;
	struct merge merge;
	struct buf spelled; /* a word in GPT-2's alphabet */
};

/*
 * Read the merges of a vocabulary: 0, or -1 with the reason in err. Refused: no
 * list, a merge of what are not two tokens or whose result is none, a merge or
 * a token that stands twice. Unless `of` is NULL, that holds of those that it
 * allows, and only words may be encoded whose tokens, and what these are merged
 * of, have no other pairs of bytes. With `whole` a word that is a token is taken
 * unmerged. The vocabulary must outlive it.
 */
int bpe_open(struct bpe *b, const struct vocab *v, const struct modelfile *g,
    bool whole, const struct pairs *of, char *err);
void bpe_close(struct bpe *b);

/* Append the tokens of a word: 0, or -1 with the reason in err and nothing
 * appended, when the vocabulary lacks a byte of it. */
int bpe_encode(struct bpe *b, const unsigned char *word, size_t n,
    struct ids *out, char *err);

#endif
