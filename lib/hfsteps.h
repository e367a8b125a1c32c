/*
 * hfsteps - the normalizer, pre_tokenizer, post_processor and decoder of a
 * Hugging Face tokenizer.json, recognised: see hftok.h.
 */
#ifndef HFSTEPS_H
#define HFSTEPS_H

#include "json.h"

struct hf_steps {
	bool nfc;         /* normalize to form NFC */
	bool bytes;       /* tokens are spelled in bytes, else in characters */
	const char *rule; /* the name that pretok.h has for the splitting rule */
	bool space;       /* a blank is added in front of a text, */
	bool space_first; /* only at its beginning, */
	bool space_once;  /* only if there is none */
	int64_t bos;      /* id of the token before a text, or -1 */
};

/* 0, or -1 with the reason in err: the name of what is not known. */
int hf_steps(struct hf_steps *s, const struct json *t, char *err);

#endif
