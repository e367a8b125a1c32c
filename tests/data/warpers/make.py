#!/usr/bin/env python3
"""Probabilities by the logits processors of Hugging Face Transformers.

    pip install torch transformers
    ./make.py

writes logits.txt, a distribution stream of six records over 40 tokens with ten
tokens of context each, and NAME.want for the processors of each NAME below:
lines of record, id, probability, of what can be drawn. Made with torch 2.15.0,
transformers 5.23.0, in float64. Logits are multiples of 1/64, so that they are
the same in text and in float32.

pless is not in Transformers: it is worked out here, from its paper's definition.

repeats.txt has the same logits, in another order, behind contexts of 60 tokens
that repeat a lot; in guidance-*.want its records stand for what the model says
without the prompt.
"""
import numpy as np
import torch
from transformers import (EpsilonLogitsWarper, EtaLogitsWarper, MinPLogitsWarper,
                          NoBadWordsLogitsProcessor, NoRepeatNGramLogitsProcessor,
                          RepetitionPenaltyLogitsProcessor,
                          SequenceBiasLogitsProcessor, TemperatureLogitsWarper,
                          TopKLogitsWarper, TopPLogitsWarper, TypicalLogitsWarper,
                          UnbatchedClassifierFreeGuidanceLogitsProcessor)
from transformers.modeling_outputs import CausalLMOutput


def guidance(scale):
    """Its model is one that says, of all records, what repeats.txt has."""
    def model(ids, **_):
        return CausalLMOutput(logits=other[:, None])
    return UnbatchedClassifierFreeGuidanceLogitsProcessor(scale, model)


RUNS = {
    'softmax': [],
    'temperature-0.7': [TemperatureLogitsWarper(0.7)],
    'repetition-1.3': [RepetitionPenaltyLogitsProcessor(1.3)],
    'topk-5': [TopKLogitsWarper(5)],
    'topp-0.9': [TopPLogitsWarper(0.9)],
    'topp-0.3': [TopPLogitsWarper(0.3)],
    'minp-0.1': [MinPLogitsWarper(0.1)],
    'minp-0.5': [MinPLogitsWarper(0.5)],
    'typical-0.3': [TypicalLogitsWarper(0.3)],
    'typical-0.9': [TypicalLogitsWarper(0.9)],
    'eta-0.2': [EtaLogitsWarper(0.2, device='cpu')],
    'eta-0.002': [EtaLogitsWarper(0.002, device='cpu')],
    'epsilon-0.03': [EpsilonLogitsWarper(0.03)],
    'all': [RepetitionPenaltyLogitsProcessor(1.3), TemperatureLogitsWarper(0.7),
            TopKLogitsWarper(12), TopPLogitsWarper(0.8)],
    'bias': [SequenceBiasLogitsProcessor([[[3], 1.5], [[7], -2.25], [[39], 0.5]])],
    'bad-words': [NoBadWordsLogitsProcessor([[0], [12], [31]])],
    'guidance-1.5': [guidance(1.5)],
    'guidance-3': [guidance(3)],
}

def pless(_, x):
    """The definition in Tan, Wu and Howard, p-less Sampling (2025), section 3:
    what has at least the probability that two draws agree."""
    p = x.softmax(-1)
    return x.masked_fill(p < p.square().sum(-1, keepdim=True), -torch.inf)


RUNS['pless'] = [pless]
REPEATS = {f'norepeat-{n}': [NoRepeatNGramLogitsProcessor(n)] for n in (1, 2, 3, 5)}


def write_logits(path, logits, context):
    with open(path, 'w') as f:
        for x, ids in zip(logits, context):
            f.write(f'#dist kind=L vocab=40 n=40 seq=0 pos={len(ids)} start=1 once=0 '
                    f'ctx={",".join(map(str, ids))} eog=\n')
            f.writelines(f'{i}\t{v:.9g}\n' for i, v in enumerate(x))
            f.write('\n')


def write_wants(runs, logits, context):
    for name, processors in runs.items():
        x, ids = torch.tensor(logits), torch.tensor(context)
        for p in processors:
            x = p(ids, x)
        with open(f'{name}.want', 'w') as f:
            for r, row in enumerate(torch.softmax(x, -1).tolist()):
                f.writelines(f'{r + 1} {i} {p:.17g}\n'
                             for i, p in enumerate(row) if p > 0)


rng = np.random.RandomState(1)
logits = np.round(rng.standard_normal((6, 40)) * 2 * 64) / 64
context = rng.randint(0, 40, (6, 10))
repeats = rng.choice(5, (6, 60), p=[0.4, 0.05, 0.25, 0.15, 0.15])
other = torch.tensor(logits[::-1].copy())

write_logits('logits.txt', logits, context)
write_logits('repeats.txt', logits[::-1], repeats)
write_wants(RUNS, logits, context)
write_wants(REPEATS, logits[::-1].copy(), repeats)
