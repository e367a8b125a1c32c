/*
 * hfrope - the rotary positions of config.json as keys of GGUF and tensors of
 * factors. Transformers 5 writes rope_parameters, with all that there is, for
 * Gemma 3 once for each kind of layer; before, rope_theta and others stood
 * beside rope_scaling. Read are the kinds linear, llama3, yarn, longrope
 * (Phi-3's), and dynamic, which only matters beyond the context.
 */
#ifndef HFROPE_H
#define HFROPE_H

#include "hfread.h"

/* head_dim and n_ctx of c must be known. */
void hf_rotary(struct hf_reader *c);

#endif
