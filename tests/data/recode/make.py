#!/usr/bin/env python3
"""Make what quantize is tested with.

    pip install torch transformers gguf numpy
    python make.py
    cc -I GGML/include ggml.c -L GGML/lib -lggml-base -lm && ./a.out

values.gguf: a matrix of 12 rows of 512 floats, of several kinds. TYPE.blocks:
its rows as the gguf package quantises them; of Q4_K and Q6_K, which it cannot,
as ggml does (ggml.c). model/: a tiny llama (config.json, model.safetensors) with
more rows than the vocabularies of ../tokenizers have tokens. spm.json: the
"model" of a tokenizer.json, made of ../tokenizers/spm.gguf as Transformers makes
it of a SentencePiece vocabulary: for each token, best score first, all pairs of
tokens that it is joined from.

Made with gguf 0.19.0, numpy 2.4.6, torch 2.15.0, transformers 5.23.0.
"""
import json
import os

import gguf
import numpy as np
import torch
import transformers as tf
from gguf.quants import quantize

HERE = os.path.dirname(os.path.abspath(__file__))
TYPE = gguf.GGMLQuantizationType


def values():
    rng = np.random.RandomState(11)
    x = rng.standard_normal((12, 512)).astype(np.float32) * 0.05
    x[1] *= 100                         # large
    x[2] *= 1e-6                        # scales that are denormal in f16
    x[3] = 0                            # nothing
    x[4] = 0.25                         # all alike
    x[5] = np.abs(x[5])                 # on one side
    x[6] = -np.abs(x[6]) - 1            # far from 0
    x[7, ::37] *= 40                    # outliers
    x[8] = rng.laplace(size=512) * 0.02
    x[9] = rng.randint(-8, 8, 512) / 8  # on a grid: halves to round
    x[10] = np.where(rng.random_sample(512) < 0.9, 0, x[10])  # sparse
    x[11] *= np.repeat(2.0 ** rng.randint(-6, 6, 16), 32)  # uneven blocks
    return x


def make_values():
    x = values()
    out = gguf.GGUFWriter(f'{HERE}/values.gguf', 'llama')
    out.add_tensor('blk.0.ffn_up.weight', x)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    for t in TYPE.F16, TYPE.BF16, TYPE.Q8_0, TYPE.Q5_0, TYPE.Q4_0, TYPE.Q4_1:
        quantize(x, t).tofile(f'{HERE}/{t.name}.blocks')


def make_model():
    torch.manual_seed(12)
    model = tf.LlamaForCausalLM(tf.LlamaConfig(
        vocab_size=1216, hidden_size=8, intermediate_size=12,
        num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1,
        max_position_embeddings=128, tie_word_embeddings=True)).half()
    model.save_pretrained(f'{HERE}/model')
    os.remove(f'{HERE}/model/generation_config.json')


def make_spm():
    r = gguf.GGUFReader(f'{HERE}/../tokenizers/spm.gguf')
    tokens = r.get_field('tokenizer.ggml.tokens').contents()
    scores = r.get_field('tokenizer.ggml.scores').contents()
    vocab = {t: i for i, t in enumerate(tokens)}
    merges = []
    for t, score in sorted(zip(tokens, scores), key=lambda p: -p[1]):
        merges += sorted(
            ((t[:i], t[i:]) for i in range(1, len(t))
             if t[:i] in vocab and t[i:] in vocab),
            key=lambda p: (vocab[p[0]], vocab[p[1]]))
    model = {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True,
             "byte_fallback": True, "vocab": vocab,
             "merges": [f'{a} {b}' for a, b in merges]}
    with open(f'{HERE}/spm.json', 'w') as f:
        json.dump(model, f, ensure_ascii=False, separators=(',', ':'))
        f.write('\n')


if __name__ == '__main__':
    make_values()
    make_model()
    make_spm()
