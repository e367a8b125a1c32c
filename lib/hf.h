/*
 * hf - the loader of Hugging Face directories: config.json (and
 * generation_config.json, if it is there) and model.safetensors, or the shards
 * that model.safetensors.index.json names. Keys and tensors are translated to
 * what llama.cpp's convert_hf_to_gguf.py writes; tensors stay in place in their
 * files where that is possible. tokenizer.json, tokenizer_config.json and
 * chat_template.jinja, if they are there, are translated too (hftok.h); a
 * tokenizer that is not known is a key pipelm.tokenizer.refused with the
 * reason, since much can be done with a model without it.
 */
#ifndef HF_H
#define HF_H

#include "modelfile.h"

/* The directory, or the config.json in it, or the tokenizer.json in it, which
 * is then all that is read, with what belongs to it. 0, or -1 with the reason
 * in err (the path is not in it). modelfile_close closes it. */
int hf_open(struct modelfile *f, const char *path, char *err);

/*
 * What there is to see of a directory that hf_open refuses: the files' tensors
 * under their own names, and the plain members of config.json, also those of
 * objects in it, as keys config.NAME, config.NAME.NAME. 0, or -1 with the
 * reason in err.
 */
int hf_list(struct modelfile *f, const char *path, char *err);

#endif
