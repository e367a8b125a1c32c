#!/usr/bin/env python3
"""Logits after long contexts: positions 8191 and 32767 of one random model.

	python3 context.py

The model is llama3 with max_position_embeddings 32768; token i is
(31 i + i // 7) mod 47. context.f32 gets two rows of 47 logits, little-endian
float32: Transformers in double precision, eager attention, 512 positions at a
time through its cache of keys and values.

Made with torch 2.15.0, transformers 5.23.0, Python 3.11.
"""
import os

import torch
import transformers as tf

here = os.path.dirname(os.path.abspath(__file__))
config = tf.AutoConfig.from_pretrained(os.path.join(here, "llama3"))
config.max_position_embeddings = 32768
model = tf.AutoModelForCausalLM.from_pretrained(
    os.path.join(here, "llama3"), config=config, dtype=torch.float64,
    attn_implementation="eager")
ids = torch.tensor([[(31 * i + i // 7) % 47 for i in range(32768)]])
cache = tf.DynamicCache()
rows = []
with torch.no_grad():
    for at in range(0, 32768, 512):
        out = model(ids[:, at:at + 512], past_key_values=cache,
                    use_cache=True, logits_to_keep=1)
        if at + 512 in (8192, 32768):
            rows.append(out.logits[0, -1])
with open(os.path.join(here, "context.f32"), "wb") as f:
    f.write(torch.stack(rows).float().numpy().astype("<f4").tobytes())
