/*
 * vocab - a model's vocabulary: token ids and the bytes that they stand for.
 * Read from the keys tokenizer.ggml.* of a GGUF file. What turns text into ids
 * is tokenizer.h; this half is all that decoding needs.
 *
 *	if (modelfile_open(&g, path, err) != 0 || vocab_open(&v, &g, err) != 0)
 *		die("%s: %s", path, err);
 *	vocab_piece(&v, id, &buf);
 *	vocab_close(&v);
 *
 * How a normal token is spelled depends on the tokenizer. With gpt2 it is in
 * GPT-2's alphabet, in which each byte is a printable character (blank is
 * U+0120, newline U+010A); a spelling with any other character in it stands for
 * itself. With the others it is the text, with U+2581 for blank, and a byte
 * token is <0x0A>. Tokens of every other type are spelled as the text that they
 * are. The file must outlive the vocabulary.
 */
#ifndef VOCAB_H
#define VOCAB_H

#include "buf.h"
#include "modelfile.h"

/* The types whose spelling is text. */
#define VOCAB_TEXT_TYPES \
	(1u << TOKEN_NORMAL | 1u << TOKEN_USER | 1u << TOKEN_UNUSED)

enum vocab_model {
	VOCAB_GPT2,   /* pairs of bytes, a list of merges */
	VOCAB_LLAMA,  /* SentencePiece: pairs of characters, scores */
	VOCAB_GEMMA4, /* pairs of characters, a list of merges */
};

struct vocab {
	enum vocab_model model;
	size_t n;                  /* tokens: ids are 0..n-1 */
	const struct mf_kv *spelled; /* the spellings, in the file */
	const unsigned char *type; /* (n) i32 in the file; NULL: all normal */
	int32_t bos;               /* begins a text; -1: there is none */
	bool add_bos;              /* the model wants texts to begin with it */
	bool add_space;            /* and a blank is put in front of them */
	int32_t eog[MF_END_IDS];   /* (neog) end generation */
	size_t neog;
};

/* 0, or -1 with the reason in err. The ids that end generation are those of
 * the keys eos_token_id, eot_token_id and eom_token_id. */
int vocab_open(struct vocab *v, const struct modelfile *g, char *err);
void vocab_close(struct vocab *v);

/* The rest takes ids in 0..n-1 only. */

/* How a token is spelled. (Tokens that come in order: mf_walk.) */
static inline struct mf_str
vocab_token(const struct vocab *v, int32_t id)
{
	const unsigned char *at = mf_str_at(v->spelled, (uint64_t)id);

	return mf_next_str(&at);
}

static inline enum token_type
vocab_type(const struct vocab *v, int32_t id)
{
	return v->type == NULL ? TOKEN_NORMAL
	                       : (enum token_type)get_i32(v->type + 4 * (size_t)id);
}

/* The first token from `id` on that is not a normal one, or n. */
int32_t vocab_odd(const struct vocab *v, int32_t id);
bool vocab_is_eog(const struct vocab *v, int32_t id);
/* Whether the token is structure, not text: control, unknown, unused. */
bool vocab_is_control(const struct vocab *v, int32_t id);
/* Append the token's bytes; those of a control token are its spelling. */
void vocab_piece(const struct vocab *v, int32_t id, struct buf *b);

/* The byte that a spelling <0x0A> stands for, or -1. */
int vocab_byte(struct mf_str s);

/* The byte token of each byte, the last of several, -1 where there is none; not
 * for gpt2, where bytes are normal tokens. */
void vocab_bytes(const struct vocab *v, int32_t id[256]);

/* Append a text as normal tokens spell it: its bytes in GPT-2's alphabet, or
 * U+2581 for blanks. */
void vocab_spell_text(const struct vocab *v, const void *p, size_t n,
    struct buf *b);

/* The spelling of one byte in GPT-2's alphabet, to p[0..2): its length. */
int vocab_spell(void *p, unsigned char byte);

#endif
