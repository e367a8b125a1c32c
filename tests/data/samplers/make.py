#!/usr/bin/env python3
"""Probabilities by the samplers of llama.cpp.

    pip install llama-cpp-python
    ./make.py

reads ../warpers/logits.txt (a distribution stream of six records) and writes
NAME.want for the samplers of each NAME below: lines of record, id, probability
of what can be drawn after them. Made with llama-cpp-python 0.3.36 (its own copy
of llama.cpp), in float32.

mirostat.txt is a sequence of 40 records over 40 tokens, in which the token that
llama_sampler_init_mirostat_v2 drew from each record (seed 1, TAU 3, RATE 0.3)
stands in the context of the next; mirostat.want is what it drew from.

dry-*.want are made of ../warpers/repeats.txt, whose token 3 is the dollar
of the vocabulary that is named.
"""
import ctypes

import numpy as np
import llama_cpp.llama_cpp as ll

RUNS = {
    'topnsigma-0.5': lambda: ll.llama_sampler_init_top_n_sigma(0.5),
    'topnsigma-1.5': lambda: ll.llama_sampler_init_top_n_sigma(1.5),
    # probability, threshold, least kept, seed
    'xtc-0.1': lambda: ll.llama_sampler_init_xtc(1, 0.1, 1, 1),
    'xtc-0.05': lambda: ll.llama_sampler_init_xtc(1, 0.05, 1, 1),
    # temperature, range, exponent
    'dynatemp-1-0.5-1': lambda: ll.llama_sampler_init_temp_ext(1, 0.5, 1),
    'dynatemp-0.8-1.5-2.5': lambda: ll.llama_sampler_init_temp_ext(0.8, 1.5, 2.5),
}

# multiplier, base, allowed length, sequence breakers
DRY = {
    'dry-0.8-1.75-2': (0.8, 1.75, 2, []),
    'dry-0.3-1.1-4': (0.3, 1.1, 4, []),
    'dry-0.8-1.75-2-dollar': (0.8, 1.75, 2, [b'$']),
}


def apply(sampler, logits):
    """The ids left, their probabilities, which of them is selected (or -1)."""
    n = len(logits)
    data = (ll.llama_token_data * n)()
    for i, x in enumerate(logits):
        data[i].id, data[i].logit, data[i].p = i, x, 0
    array = ll.llama_token_data_array(data, n, -1, False)
    ll.llama_sampler_apply(sampler, ctypes.byref(array))
    ids = np.array([array.data[i].id for i in range(array.size)])
    x = np.array([array.data[i].logit for i in range(array.size)], np.float64)
    p = np.exp(x - x.max())
    order = np.argsort(ids)
    drawn = ids[array.selected] if array.selected >= 0 else -1
    return ids[order], (p / p.sum())[order], int(drawn)


def write(f, record, ids, p):
    f.writelines(f'{record} {i} {q:.9g}\n' for i, q in zip(ids, p) if q > 0)


def read(path):
    """The logits and the context of each record."""
    for r in open(path).read().split('\n\n')[:-1]:
        head, *lines = r.split('\n')
        context = head.split('ctx=')[1].split()[0].split(',')
        yield [float(line.split()[1]) for line in lines], [int(i) for i in context]


for name, make in RUNS.items():
    with open(f'{name}.want', 'w') as f:
        for r, (logits, _) in enumerate(read('../warpers/logits.txt')):
            ids, p, _ = apply(make(), logits)
            write(f, r + 1, ids, p)

params = ll.llama_model_default_params()
params.vocab_only = True
model = ll.llama_model_load_from_file(b'../../../examples/tiny.gguf', params)
for name, (multiplier, base, allowed, breakers) in DRY.items():
    with open(f'{name}.want', 'w') as f:
        for r, (logits, context) in enumerate(read('../warpers/repeats.txt')):
            sampler = ll.llama_sampler_init_dry(
                ll.llama_model_get_vocab(model), multiplier, base, allowed,
                len(context), (ctypes.c_char_p * len(breakers))(*breakers),
                len(breakers))
            for token in context:
                ll.llama_sampler_accept(sampler, token)
            ids, p, _ = apply(sampler, logits)
            write(f, r + 1, ids, p)

rng = np.random.RandomState(1)
sampler = ll.llama_sampler_init_mirostat_v2(1, 3, 0.3)
with open('mirostat.txt', 'w') as txt, open('mirostat.want', 'w') as want:
    context = '0'
    for r in range(40):
        scale = rng.choice([1, 2, 4])
        logits = np.round(rng.standard_normal(40) * scale * 64) / 64
        txt.write(f'#dist kind=L vocab=40 n=40 seq=0 pos={r + 1} '
                  f'start={int(r == 0)} once=0 ctx={context} eog=\n')
        txt.writelines(f'{i}\t{v:.9g}\n' for i, v in enumerate(logits))
        txt.write('\n')
        ids, p, context = apply(sampler, logits)
        write(want, r + 1, ids, p)
