/*
 * tokenizer - text to token ids, as a model's GGUF file says: its vocabulary,
 * its rule for splitting text into words, its merges. The way back is
 * vocab_piece alone, which needs none of this.
 *
 *	if (modelfile_open(&g, path, err) != 0 ||
 *	    tokenizer_open(&t, &g, special, err) != 0 ||
 *	    tokenizer_read(&t, &g, NULL, 0, err) != 0)
 *		die("%s: %s", path, err);
 *	tokenizer_encode(&t, text, n, true, &ids, err);
 *	tokenizer_close(&t);
 *
 * Tokens that the model's makers added (user-defined) are recognised wherever
 * they stand in a text, before it is split, as in llama.cpp and in Hugging
 * Face's tokenizers: they are ways to write text (runs of blanks, markup), and
 * the model has never seen their spellings in pieces. Control tokens, which are
 * structure, are recognised only with `special`: a text that quotes one must
 * not become one unasked. At each place the longest spelling counts.
 */
#ifndef TOKENIZER_H
#define TOKENIZER_H

#include "bpe.h"
#include "cuts.h"
#include "known.h"
#include "pretok.h"
#include "spm.h"

/* A recognised token swallows the spaces before, or behind it. */
enum { TOKENIZER_LSTRIP = 1, TOKENIZER_RSTRIP = 2 };

struct tokenizer {
	struct vocab vocab;
	const struct pretok *rule;
	struct bpe bpe;   /* gpt2, gemma4 */
	struct spm spm;   /* llama */
	struct cuts cuts; /* not gpt2; made when texts are long */
	size_t seen;      /* bytes of texts so far */
	struct known known;
	struct buf text;  /* at work, as tokens spell it */
	struct buf form;  /* and before, in form NFC */
	bool nfc;         /* texts are put in it first */
	bool space_first; /* the added blank is for the beginning alone, */
	bool space_once;  /* and not for what begins with one */
	bool whole_words; /* a word that is a token is taken unmerged */
	bool special;     /* control tokens are recognised */
	unsigned char *strip; /* (tokens) TOKENIZER_LSTRIP, _RSTRIP; or NULL */
	struct tokenizer_whole {
		struct mf_str s;
		int32_t id;
	} *whole;         /* (nwhole) recognised tokens, by spelling */
	size_t nwhole;
	uint32_t begin[2048]; /* bits: two bytes that one of them begins with */
};

/* All but the tables for encoding: 0, or -1 with the reason in err. The file must
 * outlive the tokenizer. */
int tokenizer_open(struct tokenizer *t, const struct modelfile *g, bool special,
    char *err);
/* Read these from the same file: 0, or -1 with the reason in err. Unless text is
 * NULL, text[0..n) is the only one that will be encoded; if it is short, only
 * those tokens and merges are read, and checked, that it can need. */
int tokenizer_read(struct tokenizer *t, const struct modelfile *g,
    const void *text, size_t n, char *err);
void tokenizer_close(struct tokenizer *t);

/*
 * Append the tokens of text[0..n), any bytes; no BOS is added. 0, or -1 with
 * the reason in err when a byte is not in the vocabulary. The bytes of the
 * tokens are the bytes of the text, always, but for the blank that a model may
 * want in front (vocab.add_space): at the beginning of a text, unless it
 * continues another (`first` is false), and behind every recognised token; and
 * but for what form NFC changes, and spaces that a recognised token swallows,
 * where a model has that.
 */
int tokenizer_encode(struct tokenizer *t, const void *text, size_t n,
    bool first, struct ids *out, char *err);

#endif
