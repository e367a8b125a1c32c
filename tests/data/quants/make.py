#!/usr/bin/env python3
"""Make blocks of every quantised type, what they decode to, and a model that
has them all.

    pip install torch transformers gguf
    python make.py

TYPE.blocks and TYPE.f32: random bits, decoded by the gguf package. mixed.gguf:
a tiny llama, each of its matrices of another type, made of random blocks (gguf
decodes the K types, but does not encode them); its logits by Transformers from
the decoded weights, as in ../make-models.py.
"""
import importlib.util
import os

import gguf
import numpy as np
import torch
from gguf.quants import dequantize

HERE = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location(
    'models', f'{HERE}/../make-models.py')
models = importlib.util.module_from_spec(spec)
spec.loader.exec_module(models)
TYPE = gguf.GGMLQuantizationType

# where a block has its scale and its minimum, and the ratio of both at which
# weights of random bits are 0 in the mean
FIELDS = {
    TYPE.Q4_0: (0,), TYPE.Q4_1: (0, 2, -7.5), TYPE.Q5_0: (0,),
    TYPE.Q5_1: (0, 2, -15.5), TYPE.Q8_0: (0,), TYPE.Q2_K: (80, 82, 1.5),
    TYPE.Q3_K: (108,), TYPE.Q4_K: (0, 2, 7.5), TYPE.Q5_K: (0, 2, 15.5),
    TYPE.Q6_K: (208,), TYPE.IQ4_NL: (0,), TYPE.IQ4_XS: (0,),
}


def fields(blocks, qtype, d):
    """Set the blocks' scales to d, their minima to match."""
    at, *rest = FIELDS[qtype]
    blocks[:, at:at + 2] = d.astype('<f2')[:, None].view(np.uint8)
    if rest:
        m = (d * rest[1]).astype('<f2')
        blocks[:, rest[0]:rest[0] + 2] = m[:, None].view(np.uint8)


def make_blocks():
    """The first block is 0, the second all ones, the others are random; scales
    are whatever comes, but finite."""
    rng = np.random.RandomState(7)
    for qtype, where in FIELDS.items():
        block, size = gguf.GGML_QUANT_SIZES[qtype]
        n = 16 if block == 32 else 5
        b = rng.randint(0, 256, (n, size)).astype(np.uint8)
        b[0], b[1] = 0, 255
        for at in where[:2]:
            b[:, at + 1] &= 0xbf  # the exponent's highest bit
        w = dequantize(b.reshape(-1), qtype)
        assert np.isfinite(w).all() and w.size == n * block
        b.tofile(f'{HERE}/{qtype.name}.blocks')
        w.astype('<f4').tofile(f'{HERE}/{qtype.name}.f32')


def weights(rng, rows, cols, qtype, std):
    """Random blocks of about this standard deviation: (blocks, decoded)."""
    if qtype == TYPE.F16:
        w = (rng.standard_normal((rows, cols)) * std).astype(np.float16)
        return w, w.astype(np.float32)
    block, size = gguf.GGML_QUANT_SIZES[qtype]
    b = rng.randint(0, 256, (rows * cols // block, size)).astype(np.uint8)
    d = 0.5 + rng.random_sample(len(b))
    fields(b, qtype, np.ones(len(b)))
    d *= std / dequantize(b.reshape(-1), qtype).std()
    fields(b, qtype, d)
    b = b.reshape(rows, -1)
    return b, dequantize(b, qtype)


KINDS = {
    'model.embed_tokens': TYPE.Q6_K,
    '0.self_attn.q_proj': TYPE.Q2_K, '0.self_attn.k_proj': TYPE.Q3_K,
    '0.self_attn.v_proj': TYPE.Q4_K, '0.mlp.gate_proj': TYPE.Q5_K,
    '0.mlp.up_proj': TYPE.IQ4_XS, '0.mlp.down_proj': TYPE.Q4_0,
    '1.self_attn.q_proj': TYPE.Q4_1, '1.self_attn.k_proj': TYPE.Q5_0,
    '1.self_attn.v_proj': TYPE.Q5_1, '1.mlp.gate_proj': TYPE.IQ4_NL,
    '1.mlp.up_proj': TYPE.Q4_K, '1.mlp.down_proj': TYPE.Q8_0,
}


def kind(name):
    short = name.replace('model.layers.', '').replace('.weight', '')
    return KINDS.get(short, TYPE.F16)


def unpermute(x, heads):
    """Q and K rows from pairs to half-split rotary order."""
    return (x.reshape(heads, x.shape[0] // heads // 2, 2, x.shape[1])
            .swapaxes(1, 2).reshape(x.shape))


def make_mixed():
    rng = np.random.RandomState(8)
    model = models.llama(9, 10000.0, hidden_size=256, num_hidden_layers=2,
                         num_attention_heads=2, num_key_value_heads=1,
                         head_dim=8, intermediate_size=64,
                         tie_word_embeddings=True)
    c = model.config
    path = f'{HERE}/mixed.gguf'
    out = gguf.GGUFWriter(path, 'llama')
    models.llama_keys(TYPE.Q8_0)(out, c)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 2)
    for name, p in model.named_parameters():
        to = names.get_name(name, ('.weight',))
        if p.ndim == 1:  # one channel so large that it is often an outlier
            p.data[100] *= 20
            out.add_tensor(to, p.detach().numpy())
            continue
        gain = 3 if 'embed' in name else 2 if 'q_proj' in name else 1.4
        raw, w = weights(rng, *p.shape, kind(name), gain / p.shape[1] ** .5)
        out.add_tensor(to, raw, raw_dtype=kind(name))
        if 'q_proj' in name or 'k_proj' in name:
            w = unpermute(w, w.shape[0] // c.head_dim)
        p.data = torch.from_numpy(w.copy())
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    print(f'mixed.gguf: {os.path.getsize(path)} bytes')
    with open(f'{HERE}/../llama/seq.tok') as f:
        ids = [int(i) for i in f.read().split()]
    models.reference('quants', 'mixed', model, ids, models.ROWS)
    with models.half_cache():
        for name, m in model.named_modules():
            qtype = kind('model.embed_tokens' if name == 'lm_head' else name)
            if isinstance(m, torch.nn.Linear) and qtype != TYPE.F16:
                m.register_forward_pre_hook(models.round_activations(
                    gguf.GGML_QUANT_SIZES[qtype][0]))
        models.reference('quants', 'mixed-int8', model, ids, models.ROWS)


if __name__ == '__main__':
    models.versions()
    make_blocks()
    make_mixed()
