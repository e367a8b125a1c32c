/*
 * pretok - pre-tokenizers: the rules, known by name, that split a text into
 * the words which byte-pair encoding then works on one by one. The published
 * rules are regular expressions; here they are scanners written by hand, each
 * under the expression that it equals. Names and aliases are those of the key
 * tokenizer.ggml.pre as llama.cpp writes it; the expressions are those of the
 * models' own tokenizer.json.
 *
 *	rule = pretok_find(name, len);
 *	words_begin(&w, rule, p, n);
 *	while ((k = words_next(&w)) > 0)
 *		... a word of k bytes, w.at bytes into p ...
 *
 * A rule has stages: each splits every piece that the one before it made, and
 * sees nothing beyond the piece. Where an expression leaves text unmatched, all
 * of it up to the next match is a piece.
 *
 * A byte that is not part of a valid UTF-8 character is a character of its own
 * that is neither letter nor mark nor number nor space nor punctuation nor
 * symbol. So a text of any bytes is split, and nothing is lost.
 */
#ifndef PRETOK_H
#define PRETOK_H

#include <stdbool.h>
#include <stddef.h>

enum { PRETOK_STAGES = 6 };

struct pretok {
	const char *names; /* separated by blanks */
	const struct stage *stage[PRETOK_STAGES + 1]; /* up to a NULL */
	bool whole;   /* a word that is a token is taken as it is, unmerged */
	bool add_bos; /* texts begin with BOS unless the model says otherwise */
};

/* The rule of this name (len bytes), or NULL when there is none. */
const struct pretok *pretok_find(const char *name, size_t len);

/* A text being split. */
struct words {
	const struct pretok *rule;
	const unsigned char *p;
	size_t at, next;               /* where the word begins, and ends */
	size_t end[PRETOK_STAGES + 1]; /* of the text, of each stage's piece */
};

void words_begin(struct words *w, const struct pretok *rule, const void *p,
    size_t n);
/* The length of the next word, which begins at w->at; 0 when there is none. */
size_t words_next(struct words *w);

#endif
