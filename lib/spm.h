/*
 * spm - byte-pair encoding as SentencePiece does it: a word begins as its
 * characters; of all neighbours whose joined text is a token, the pair whose
 * token has the highest score is merged (the leftmost of equals), until none is
 * left. A character that is no token becomes the tokens of its bytes.
 * (Kudo & Richardson 2018, https://arxiv.org/abs/1808.06226.)
 *
 *	if (spm_open(&s, &vocab, &g, NULL, err) != 0)
 *		die("%s: %s", path, err);
 *	spm_encode(&s, word, n, &out, err);
 *	spm_close(&s);
 */
#ifndef SPM_H
#define SPM_H

#include "ids.h"
#include "merge.h"
#include "spelling.h"

struct spm {
	struct spelling spelling; /* of the tokens that are text */
	const unsigned char *score; /* (tokens) f32 in the file */
	int32_t byte[256];
	struct merge merge;
	const unsigned char *word; /* at work, and its length */
	size_t n;
};

/* Read the scores of a vocabulary: 0, or -1 with the reason in err. Unless `of`
 * is NULL, only words with no other pairs of bytes may be encoded. */
int spm_open(struct spm *s, const struct vocab *v, const struct modelfile *g,
    const struct pairs *of, char *err);
void spm_close(struct spm *s);

/* Append the tokens of a word: 0, or -1 with the reason in err and nothing
 * appended, when the vocabulary lacks a byte of it. */
int spm_encode(struct spm *s, const unsigned char *word, size_t n,
    struct ids *out, char *err);

#endif
