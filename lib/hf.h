/*
 * hf - the loader of Hugging Face directories: config.json (and
 * generation_config.json, if it is there) and model.safetensors, or the shards
 * that model.safetensors.index.json names. Keys and tensors are translated to
 * what llama.cpp's convert_hf_to_gguf.py writes; tensors stay in place in their
 * files where that is possible. tokenizer.json and tokenizer_config.json, if
 * they are there, are translated by hftok.h; a tokenizer that is not known is a
 * key pipelm.tokenizer.refused with the reason, since much can be done with a
 * model without it.
 */
#ifndef HF_H
#define HF_H

#include "modelfile.h"

/* The directory, or the config.json in it, or the tokenizer.json in it, which is
 * then all that is read, with its tokenizer_config.json. 0, or -1 with the reason in err (the
 * path is not in it). modelfile_close closes it. */
int hf_open(struct modelfile *f, const char *path, char *err);

#endif
