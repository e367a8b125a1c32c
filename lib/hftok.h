/*
 * hftok - Hugging Face's tokenizer.json as keys of GGUF: tokens, types, merges,
 * the name of the splitting rule, BOS and EOS, the chat template. What has no
 * key in GGUF has one of ours:
 *
 *	pipelm.tokenizer.ignore_merges	bool	a word that is a token is not
 *						merged
 *	pipelm.tokenizer.nfc		bool	text is put in form NFC first
 *	pipelm.tokenizer.add_space	bool	a blank is added, with pairs of
 *						bytes
 *	pipelm.tokenizer.space_first	bool	the added blank is for the
 *						beginning of a text alone
 *	pipelm.tokenizer.space_once	bool	and not for one that has a blank
 *						there
 *	pipelm.tokenizer.lstrip, .rstrip	i32[]	tokens that swallow the
 *						spaces before, behind them
 *
 * Known are BPE models on bytes (ByteLevel) and on characters (blanks as
 * U+2581, byte fallback). Normalizers, pre-tokenizers, post-processors and
 * decoders are recognised by what is published; any other is refused by name,
 * since all that a guess could give is tokens that are slightly wrong. Tokens
 * that are `special` are looked for in the text as it is, whatever they say of
 * normalization; EOS is never added.
 */
#ifndef HFTOK_H
#define HFTOK_H

#include "json.h"
#include "modelfile.h"

/* Append the keys of tokenizer.json (t) and tokenizer_config.json (c, NULL when
 * there is none) to f; an end-of-generation id that is there already is kept. 0,
 * or -1 with the reason in err. */
int hf_tokenizer(struct modelfile *f, const struct json *t,
    const struct json *c, char *err);

#endif
