/*
 * hftensor - the tensors of Transformers under the names and in the layout of
 * GGUF. In place, except: GPT-2's matrices, which are transposed; GPT-NeoX's
 * fused q, k and v, which stand head by head; the norms of Gemma, of which
 * w + 1 is used; StableLM's norms of heads, each a tensor.
 */
#ifndef HFTENSOR_H
#define HFTENSOR_H

#include "modelfile.h"

/*
 * Translate f's tensors, in order by name, and check them against f's keys.
 * With `tied` the output matrix is the embedding's, whatever else is in the
 * file. 0, or -1 with the reason in err.
 */
int hf_tensors(struct modelfile *f, bool tied, char *err);

#endif
