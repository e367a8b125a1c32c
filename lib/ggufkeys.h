/*
 * ggufkeys - the keys of a GGUF file that is made of another model: its own,
 * except what tells of the old file (its type, parts, alignment), and, for a
 * model that was translated (hf.h), in the types and with the additions that
 * llama.cpp asks for: whole numbers are u32, others f32; a tokenizer "none"
 * when there is none; as many tokens as the embedding has rows; and a
 * vocabulary of characters with a list of merges as one with scores wherever
 * both say the same, which is how readers know it (see spmkeys.c).
 */
#ifndef GGUFKEYS_H
#define GGUFKEYS_H

#include "ggufwrite.h"

/* name: for general.name, when the model has none. */
void ggufkeys_write(struct ggufwriter *w, const struct modelfile *f,
    uint32_t type, const char *name);

/*
 * The scores, by id, of a vocabulary of kind gemma4 as one of kind llama, or
 * NULL when its merges are not what scores can say. Malloced.
 */
float *ggufkeys_scores(const struct modelfile *f);

#endif
