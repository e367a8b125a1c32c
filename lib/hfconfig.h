/*
 * hfconfig - the hyperparameters of Transformers as keys of GGUF. What is left
 * out of config.json is what Transformers takes then. Whatever would change the
 * result and is not translated is refused by its name, as is a name that is not
 * known to be harmless, unless its value is null or false.
 */
#ifndef HFCONFIG_H
#define HFCONFIG_H

#include "json.h"
#include "modelfile.h"

/*
 * Append to f what config.json (j) and generation_config.json (g, NULL when
 * there is none) say: keys, and tensors of rotary factors. *tied: the output
 * matrix is the embedding's. 0, or -1 with the reason in err.
 */
int hf_config(struct modelfile *f, const struct json *j, const struct json *g,
    bool *tied, char *err);

#endif
