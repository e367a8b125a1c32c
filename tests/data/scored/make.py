#!/usr/bin/env python3
"""What PyTorch makes of the logits of the bundled model on golden/held-out.tok.

    pip install torch transformers gguf
    ./make.py

writes tokens.want, for each token but the first its position, id,
log-probability, rank, the entropy of the distribution in bits, the likeliest
token and its probability; and sums.want: the perplexity, the mean rank, the
curvature as Fast-DetectGPT's get_sampling_discrepancy_analytic defines it, and
the Binoculars scores of this model as observer and of the same at temperature 2
as performer, with the perplexity of the observer and of the performer. Made on
a CPU with torch 2.15.0, transformers 5.23.0, gguf 0.19.0; the model in float32,
what is computed of its logits in float64.
"""
import math

import torch
from transformers import AutoModelForCausalLM

ids = torch.tensor([list(map(int, open('../golden/held-out.tok').read().split()))])
model = AutoModelForCausalLM.from_pretrained('../../../examples', gguf_file='tiny.gguf')
with torch.no_grad():
    logits = model(ids).logits[0, :-1].double()
next = ids[0, 1:]
p, lp = logits.softmax(-1), logits.log_softmax(-1)
token = lp.gather(1, next[:, None])[:, 0]
rank = (lp > token[:, None]).sum(-1) + 1
mean = (p * lp).sum(-1)
variance = (p * lp * lp).sum(-1) - mean ** 2
with open('tokens.want', 'w') as f:
    for i in range(len(next)):
        f.write(f'{i + 1} {next[i]} {token[i]:.6f} {rank[i]} '
                f'{-mean[i] / math.log(2):.6f} {p[i].argmax()} {p[i].max():.6f}\n')
other = (logits / 2).log_softmax(-1)
cross = -(p * other).sum(-1).mean()
with open('sums.want', 'w') as f:
    f.write(f'perplexity {(-token.mean()).exp():.6f}\n'
            f'rank {rank.double().mean():.6f}\n'
            f'curvature {(token.sum() - mean.sum()) / variance.sum().sqrt():.6f}\n'
            f'observer {-token.mean() / cross:.6f}\n'
            f'performer {-other.gather(1, next[:, None]).mean() / cross:.6f}\n')
