#!/usr/bin/env python3
"""Record what Transformers makes of the models that get-model brings.

	python3 make.py [smollm2 | gemma3]...

The weights are dequantised by the gguf package and evaluated by PyTorch in
float32 (eager attention, no cache); ids are from the tokenizer that Transformers
builds of the GGUF file. For each model a folder beside this file gets

	passage.tok	the first 2048 tokens of passage.txt
	passage.logprob	the log of the probability of each but the first
	passage.rows	of every 64th position, as "position id logit": the 40
			likeliest tokens, in this order, and every so manyth;
			with "sum" for an id the log of the sum of exp
	greedy.tok	the prompts of prompts.txt, each with the 100 tokens that
			are the likeliest in turn
	greedy.rows	"line position id gap" of these 100: by how much its logit
			is above the next best

Positions count the tokens that came before. Transformers' own GGUF reader gives
the same logits, which is tested before anything is written.

	pip install torch transformers gguf accelerate sentencepiece

Made with torch 2.15.0, transformers 5.24.0, gguf 0.19.0, Python 3.11.
"""
import os
import sys

import gguf
import numpy as np
import torch
import transformers as tf

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(os.environ.get('XDG_CACHE_HOME') or
                     os.path.expanduser('~/.cache'), 'pipelm')
FILES = {'smollm2': 'SmolLM2-135M-Instruct.Q4_1.gguf',
         'gemma3': 'gemma-3-270m-q4_k_m.gguf'}
N, EVERY, TOP, SOME, STEPS = 2048, 64, 40, 60, 100

LAYER = {'attn_norm': 'input_layernorm', 'attn_q': 'self_attn.q_proj',
         'attn_k': 'self_attn.k_proj', 'attn_v': 'self_attn.v_proj',
         'attn_q_norm': 'self_attn.q_norm', 'attn_k_norm': 'self_attn.k_norm',
         'attn_output': 'self_attn.o_proj', 'ffn_gate': 'mlp.gate_proj',
         'ffn_up': 'mlp.up_proj', 'ffn_down': 'mlp.down_proj',
         'post_attention_norm': 'post_attention_layernorm',
         'post_ffw_norm': 'post_feedforward_layernorm'}


def halves(x, heads):
    """Rows of Q and K from pairs (llama.cpp) to half-split rotary order."""
    n = x.shape[0] // heads
    return x.reshape(heads, n // 2, 2, -1).transpose(1, 2).reshape(x.shape)


def config(meta, tensors):
    arch = meta['general.architecture']
    get = {k[len(arch) + 1:]: v for k, v in meta.items()
           if k.startswith(arch + '.')}
    common = dict(
        vocab_size=tensors['token_embd.weight'].shape[0],
        hidden_size=get['embedding_length'],
        intermediate_size=get['feed_forward_length'],
        num_hidden_layers=get['block_count'],
        num_attention_heads=get['attention.head_count'],
        num_key_value_heads=get['attention.head_count_kv'],
        max_position_embeddings=get['context_length'],
        rms_norm_eps=get['attention.layer_norm_rms_epsilon'],
        tie_word_embeddings=True, attn_implementation='eager')
    turn = dict(rope_type='default', rope_theta=get['rope.freq_base'])
    if arch == 'llama':
        return tf.LlamaConfig(**common, rope_parameters=turn)
    return tf.Gemma3TextConfig(
        **common, head_dim=get['attention.key_length'],
        query_pre_attn_scalar=get['attention.key_length'],
        sliding_window=get['attention.sliding_window'],
        hidden_activation='gelu_pytorch_tanh',
        rope_parameters=dict(full_attention=turn, sliding_attention=dict(
            turn, rope_theta=10000.0)))


def load(path):
    reader = gguf.GGUFReader(path)
    meta = {k: v.contents() for k, v in reader.fields.items()
            if not k.startswith('tokenizer.')}
    w = {t.name: torch.from_numpy(np.array(
        gguf.dequantize(t.data, t.tensor_type), dtype=np.float32))
        for t in reader.tensors}
    c = config(meta, w)
    gemma = c.model_type != 'llama'
    state = {}
    for name, x in w.items():
        if gemma and name.endswith('norm.weight'):
            x = x - 1
        if name.startswith('blk.'):
            _, i, part, _ = name.split('.')
            if not gemma and part in ('attn_q', 'attn_k'):
                x = halves(x, c.num_attention_heads if part == 'attn_q'
                           else c.num_key_value_heads)
            if part == 'ffn_norm':
                part = ('pre_feedforward_layernorm' if gemma
                        else 'post_attention_layernorm')
            name = f'layers.{i}.{LAYER.get(part, part)}.weight'
        elif name == 'token_embd.weight':
            name = 'embed_tokens.weight'
            state['lm_head.weight'] = x
        else:
            name = name.replace('output_norm', 'norm')
        state['model.' + name] = x
    model = (tf.Gemma3ForCausalLM if gemma else tf.LlamaForCausalLM)(c)
    model.load_state_dict(state, strict=True)
    return model.eval()


@torch.no_grad()
def logits(model, ids):
    return model(torch.tensor([ids])).logits[0]


def check(model, path, ids):
    folder, file = os.path.split(path)
    other = tf.AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=file, dtype=torch.float32,
        attn_implementation='eager').eval()
    assert torch.equal(logits(model, ids), logits(other, ids))


def passage(model, ids, out):
    ids = ids[:N]
    assert len(ids) == N
    print(*ids, file=out('passage.tok'))
    x = logits(model, ids)
    total = [torch.logsumexp(row.double(), -1) for row in x]
    with out('passage.logprob') as f:
        for i, t in enumerate(ids[1:]):
            print('%.5f' % (x[i, t].double() - total[i]), file=f)
    with out('passage.rows') as f:
        for i in range(EVERY - 1, N, EVERY):
            top = x[i].topk(TOP).indices.tolist()
            step = x.shape[1] // SOME
            print(i + 1, 'sum', '%.6f' % total[i], file=f)
            for t in top + [t for t in range(i % step, x.shape[1], step)
                            if t not in top]:
                print(i + 1, t, '%.6f' % x[i, t], file=f)


def greedy(model, prompts, out):
    # all at once, padded on the left; then each is evaluated by itself
    width = max(map(len, prompts))
    short = [width - len(p) for p in prompts]
    with torch.no_grad():
        found = model.generate(
            torch.tensor([[0] * n + p for n, p in zip(short, prompts)]),
            attention_mask=torch.tensor(
                [[0] * n + [1] * len(p) for n, p in zip(short, prompts)]),
            do_sample=False, eos_token_id=None, pad_token_id=0,
            min_new_tokens=STEPS, max_new_tokens=STEPS)
    with out('greedy.tok') as tok, out('greedy.rows') as rows:
        for line, p in enumerate(prompts):
            n, ids = len(p), found[line, short[line]:].tolist()
            assert ids[:n] == p and len(ids) == n + STEPS
            print(*ids, file=tok)
            best = logits(model, ids[:-1])[n - 1:].topk(2)
            for i in range(STEPS):
                assert best.indices[i, 0] == ids[n + i]
                print(line + 1, n + i, ids[n + i], '%.5f' % (
                    best.values[i, 0] - best.values[i, 1]), file=rows)


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or FILES:
        path = os.path.join(CACHE, FILES[name])
        tokenizer = tf.AutoTokenizer.from_pretrained(
            CACHE, gguf_file=FILES[name])
        model = load(path)

        def out(file):
            return open(os.path.join(HERE, name, file), 'w')

        with open(os.path.join(HERE, 'passage.txt')) as f:
            ids = tokenizer(f.read())['input_ids']
        check(model, path, ids[:40])
        passage(model, ids, out)
        with open(os.path.join(HERE, name, 'prompts.txt')) as f:
            prompts = [line.rstrip('\n').replace('\\n', '\n') for line in f]
        greedy(model, [tokenizer(p)['input_ids'] for p in prompts], out)


main()
