#!/usr/bin/env python3
"""Make the tiny random models of gpt2/ and llama/ and their reference logits.

    pip install torch transformers gguf
    python make-models.py

The models are built and evaluated by Hugging Face Transformers and written by
the gguf package, so nothing here is pipelm's own arithmetic. Weights come from
numpy's RandomState, whose streams are frozen: they are the same everywhere.
Logits may differ in their last bits between versions and machines. Everything
that README.md says about differences is printed by this script.
"""
import os
from contextlib import contextmanager
from importlib.metadata import version

import gguf
import numpy as np
import torch
from gguf.quants import dequantize, quantize
from transformers import (GPT2Config, GPT2LMHeadModel, LlamaConfig,
                          LlamaForCausalLM)
from transformers.models.llama import modeling_llama

HERE = os.path.dirname(os.path.abspath(__file__))
TYPE = gguf.GGMLQuantizationType
TOKEN = gguf.TokenType
# positions around the borders of attention's blocks of 64
ROWS = [0, 1, 63, 64, 65, 127, 128, 149]


def randomise(model, seed):
    """Weights large enough that logits are far from flat, norms that are not
    1, biases that are not 0."""
    rng = np.random.RandomState(seed)
    for name, p in sorted(model.named_parameters()):
        x = rng.standard_normal(p.shape)
        if name.endswith('bias'):
            x *= 0.3
        elif p.ndim == 1:
            x = 1 + 0.3 * x
        elif 'wpe' in name or 'wte' in name or 'embed_tokens' in name:
            x *= 0.7
        else:
            fan_in = p.shape[0] if 'transformer.h' in name else p.shape[1]
            gain = 2 if 'q_proj' in name or 'k_proj' in name else 1.4
            x *= gain / np.sqrt(fan_in)
        p.data = torch.tensor(x, dtype=torch.float32)
    return model.eval()


def round_weights(model, qtype):
    """Every matrix becomes what a file of this type holds."""
    for p in model.parameters():
        if p.ndim == 2:
            q = quantize(p.detach().numpy(), qtype)
            p.data = torch.from_numpy(dequantize(q, qtype).copy())


@torch.no_grad()
def logits(model, ids, dtype=torch.float32):
    out = model.to(dtype)(torch.tensor([ids])).logits[0].numpy()
    model.to(torch.float32)
    return out


def reference(folder, name, model, ids, rows=None, note=''):
    """NAME.f32: little-endian f32, row after row."""
    rows = list(rows or range(len(ids)))
    single = logits(model, ids)[rows]
    double = logits(model, ids, torch.float64)[rows]
    assert np.isfinite(single).all()
    single.astype('<f4').tofile(f'{HERE}/{folder}/{name}.f32')
    print(f'{folder}/{name}.f32: {len(single)} rows of {single.shape[1]}, '
          f'std {single.std():.2f}, largest {np.abs(single).max():.1f}; float64'
          f' differs by at most {np.abs(double - single).max():.1e}{note}')
    return single


def write(path, numbers, sep=' '):
    with open(f'{HERE}/{path}', 'w') as f:
        print(*numbers, sep=sep, file=f)


# How llama.cpp's converter stores what Transformers holds.

def permute(x, heads):
    """Q and K rows from half-split rotary order (i, i + n/2) to pairs."""
    return (x.reshape(heads, 2, x.shape[0] // heads // 2, x.shape[1])
            .swapaxes(1, 2).reshape(x.shape))


def export(model, path, arch, add_keys, qtype=TYPE.F32):
    c = model.config
    w = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch])
    add_keys(w, c)
    names = gguf.get_tensor_name_map(arch, c.num_hidden_layers)
    for name, p in model.named_parameters():  # a tied matrix comes once
        x = p.detach().numpy()
        if name.endswith(('c_attn.weight', 'c_proj.weight', 'c_fc.weight')):
            x = x.T
        elif name.endswith('q_proj.weight'):
            x = permute(x, c.num_attention_heads)
        elif name.endswith('k_proj.weight'):
            x = permute(x, c.num_key_value_heads)
        x = np.ascontiguousarray(x)
        t = qtype if x.ndim == 2 else TYPE.F32
        q = quantize(x, t)
        assert np.array_equal(dequantize(q, t), x), 'rounded before'
        w.add_tensor(names.get_name(name, ('.weight', '.bias')), q,
                     raw_dtype=t)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    print(f'{os.path.relpath(path, HERE)}: {os.path.getsize(path)} bytes')


# GPT-2
MERGES = '''Ġ t|Ġ a|h e|i n|r e|o n|Ġt he|e r|Ġ s|a t|Ġ w|Ġ o|e n|Ġ c|i t|i s
a n|o r|e s|Ġ b|e d|Ġ f|in g|Ġ p|o u|Ġa n|a l|a r|Ġt o|Ġ m|Ġo f|Ġ in|Ġ d|Ġ h
Ġan d|i c|a s|l e|Ġt h|i on|o m|l l|en t'''.replace('\n', '|').split('|')


def byte_alphabet():
    """GPT-2's spelling of the 256 bytes, in GPT-2's order of ids."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(b) for b in plain + list(range(256, 512 - len(plain)))]


def gpt2_keys(w, c):
    pieces = byte_alphabet() + [m.replace(' ', '') for m in MERGES]
    pieces.append('<|endoftext|>')
    assert len(pieces) == len(set(pieces)) == c.vocab_size == 300
    w.add_name('tiny random gpt2')
    w.add_block_count(c.n_layer)
    w.add_context_length(c.n_positions)
    w.add_embedding_length(c.n_embd)
    w.add_feed_forward_length(4 * c.n_embd)
    w.add_head_count(c.n_head)
    w.add_layer_norm_eps(c.layer_norm_epsilon)
    w.add_file_type(gguf.LlamaFileType.ALL_F32)
    w.add_tokenizer_model('gpt2')
    w.add_tokenizer_pre('gpt-2')
    w.add_token_list(pieces)
    w.add_token_types([TOKEN.NORMAL] * 299 + [TOKEN.CONTROL])
    w.add_token_merges(MERGES)
    w.add_bos_token_id(299)
    w.add_eos_token_id(299)


def make_gpt2():
    rng = np.random.RandomState(1)
    long = rng.randint(0, 300, 40).tolist()  # the whole context
    short = rng.randint(0, 300, 12).tolist()
    sequences = {'1': [299], '2': short, '3': long}

    # a width that is no multiple of 16 or 64, heads of 8
    config = dict(vocab_size=300, n_positions=40, bos_token_id=299,
                  eos_token_id=299, attn_implementation='eager')
    tied = GPT2LMHeadModel(GPT2Config(n_embd=24, n_layer=2, n_head=3,
                                      layer_norm_epsilon=1e-5, **config))
    randomise(tied, 2)
    export(tied, f'{HERE}/gpt2/tied.gguf', gguf.MODEL_ARCH.GPT2, gpt2_keys)
    for name, ids in sequences.items():
        write(f'gpt2/{name}.tok', ids)
        reference('gpt2', f'tied-{name}', tied, ids)

    # an output matrix of its own, as files of older converters have it (there
    # a copy of the embedding; here another, so that a mix-up shows)
    untied = GPT2LMHeadModel(GPT2Config(n_embd=20, n_layer=1, n_head=2,
                                        layer_norm_epsilon=1e-3,
                                        tie_word_embeddings=False, **config))
    randomise(untied, 3)
    export(untied, f'{HERE}/gpt2/untied.gguf', gguf.MODEL_ARCH.GPT2, gpt2_keys)
    reference('gpt2', 'untied-2', untied, short)


# Llama

PIECES = '''▁ ▁t he ▁the ▁a in er ▁w ou ▁s re on at nd ▁h ed it ing ▁o ▁to en ▁and
e t a o n i s h r'''.split()


def llama_keys(qtype):
    """The tokenizer has 290 entries, the matrices 300 rows: padding."""
    def add(w, c):
        pieces = ['<unk>', '<s>', '</s>']
        pieces += [f'<0x{b:02X}>' for b in range(256)] + PIECES
        types = [TOKEN.UNKNOWN, TOKEN.CONTROL, TOKEN.CONTROL]
        types += [TOKEN.BYTE] * 256 + [TOKEN.NORMAL] * len(PIECES)
        scores = [0.0] * 259 + [-float(i) for i in range(len(PIECES))]
        assert len(pieces) == len(set(pieces)) == 290
        head = c.head_dim
        w.add_name('tiny random llama')
        w.add_vocab_size(c.vocab_size)
        w.add_context_length(c.max_position_embeddings)
        w.add_embedding_length(c.hidden_size)
        w.add_block_count(c.num_hidden_layers)
        w.add_feed_forward_length(c.intermediate_size)
        w.add_rope_dimension_count(head)
        if head * c.num_attention_heads != c.hidden_size:
            w.add_key_length(head)
            w.add_value_length(head)
        w.add_head_count(c.num_attention_heads)
        w.add_head_count_kv(c.num_key_value_heads)
        w.add_layer_norm_rms_eps(c.rms_norm_eps)
        w.add_rope_freq_base(c.rope_parameters['rope_theta'])
        w.add_file_type(gguf.LlamaFileType['ALL_F32' if qtype == TYPE.F32
                                           else 'MOSTLY_' + qtype.name])
        if qtype == TYPE.Q8_0:
            w.add_quantization_version(gguf.GGML_QUANT_VERSION)
        w.add_tokenizer_model('llama')
        w.add_tokenizer_pre('default')
        w.add_token_list(pieces)
        w.add_token_scores(scores)
        w.add_token_types(types)
        w.add_bos_token_id(1)
        w.add_eos_token_id(2)
        w.add_unk_token_id(0)
        w.add_add_bos_token(True)
        w.add_add_eos_token(False)
    return add


def llama(seed, theta, **kw):
    config = dict(vocab_size=300, max_position_embeddings=300,
                  rms_norm_eps=1e-5, attn_implementation='eager',
                  rope_parameters={'rope_type': 'default',
                                   'rope_theta': theta})
    return randomise(LlamaForCausalLM(LlamaConfig(**config, **kw)), seed)


def rounded(blocks):
    """Each block rounded to int8."""
    d = blocks.abs().amax(-1, keepdim=True) / 127
    return torch.where(d > 0, torch.round(blocks * (1 / d)), 0) * d


def round_activations(block):
    """A hook for what enters a matrix, as lib/linear.h has it: blocks rounded to
    int8, and where a value is more than eight times the root mean square, what
    was lost, too."""
    def hook(linear, args):
        x = args[0].to(torch.float32)
        blocks = x.reshape(*x.shape[:-1], -1, block)
        first = rounded(blocks)
        most = x.pow(2).mean(-1, keepdim=True).sqrt() * 8
        second = torch.where((blocks.abs().amax(-1) > most).unsqueeze(-1),
                             rounded(blocks - first), 0)
        return ((first + second).reshape(args[0].shape).to(args[0].dtype),)
    return hook


@contextmanager
def half_cache():
    """K (after rotation) and V rounded to f16 before attention sees them."""
    repeat = modeling_llama.repeat_kv
    modeling_llama.repeat_kv = lambda x, n: repeat(
        x.to(torch.float16).to(x.dtype), n)
    yield
    modeling_llama.repeat_kv = repeat


def make_llama():
    rng = np.random.RandomState(4)
    ids = [1] + rng.randint(3, 290, 149).tolist()
    write('llama/seq.tok', ids)
    write('llama/rows', ROWS, '\n')
    shape = dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
                 num_key_value_heads=2, intermediate_size=96,
                 tie_word_embeddings=False)
    for qtype in TYPE.F32, TYPE.F16, TYPE.BF16, TYPE.Q8_0:
        name = qtype.name.lower()
        model = llama(5, 10000.0, **shape)
        round_weights(model, qtype)
        export(model, f'{HERE}/llama/{name}.gguf', gguf.MODEL_ARCH.LLAMA,
               llama_keys(qtype), qtype)
        exact = reference('llama', name, model, ids, ROWS)
        with half_cache():
            if qtype == TYPE.F32:
                reference('llama', 'f32-kv16', model, ids, ROWS)
            if qtype == TYPE.Q8_0:
                for m in model.modules():
                    if isinstance(m, torch.nn.Linear):
                        m.register_forward_pre_hook(round_activations(32))
                int8 = reference('llama', 'q8_0-int8', model, ids, ROWS,
                                 ' (roundings may fall the other way)')
                print('    rounded and float activations differ by at most '
                      f'{np.abs(int8 - exact).max():.1e}')

    # the weights of f32.gguf again: the tests set the key rope.freq_base
    other = llama(5, 500000.0, **shape)
    reference('llama', 'f32-theta500000', other, ids, ROWS)

    # three query heads to one of K and V, heads of 20 that together are wider
    # than the model, tied output
    odd = llama(6, 10000.0, hidden_size=36, num_hidden_layers=1,
                num_attention_heads=3, num_key_value_heads=1, head_dim=20,
                intermediate_size=50, tie_word_embeddings=True)
    export(odd, f'{HERE}/llama/odd.gguf', gguf.MODEL_ARCH.LLAMA,
           llama_keys(TYPE.F32))
    reference('llama', 'odd', odd, ids, ROWS)


def versions():
    torch.set_num_threads(1)
    print(*(f'{p} {version(p)}' for p in
            ('torch', 'transformers', 'gguf', 'numpy')), sep=', ')


if __name__ == '__main__':
    versions()
    make_gpt2()
    make_llama()
