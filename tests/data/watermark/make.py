#!/usr/bin/env python3
"""Watermarks by Hugging Face Transformers: what it marks, what it finds.

    pip install torch transformers gguf
    ./make.py

writes transformers.tok, texts that Transformers drew from the bundled model
with its watermark (@1 to @4) and without (@5, @6), the prompt first;
detector.want, what its WatermarkDetector says of these and of ours.tok, which
watermark.bats tells how to make: lines of file, sequence, whether repeated
pairs count (0 or 1), tokens, green ones, z, p; and logits.txt, a distribution
stream of six records over 300 tokens, with green.want, lines of record, id and
the logit that its WatermarkLogitsProcessor made of it, for the entries that it
changed. Made on a CPU with torch 2.15.0, transformers 5.23.0, gguf 0.19.0.
"""
import numpy as np
import torch
from transformers import (AutoModelForCausalLM, WatermarkDetector,
                          WatermarkingConfig, WatermarkLogitsProcessor)

KEY, GAMMA, DELTA = 15485863, 0.25, 2.0
PROMPT = [2624, 813, 258, 517]


def lines(name):
    """The texts of a token stream, by sequence."""
    texts = {}
    for line in open(name):
        words = line.split()
        seq = int(words.pop(0)[1:]) if words and words[0][0] == '@' else 0
        texts.setdefault(seq, []).extend(map(int, words))
    return texts


model = AutoModelForCausalLM.from_pretrained('../../../examples', gguf_file='tiny.gguf')
config = WatermarkingConfig(greenlist_ratio=GAMMA, bias=DELTA, hashing_key=KEY,
                            seeding_scheme='lefthash', context_width=1)
texts = []
torch.manual_seed(1)
for mark, n in ((config, 4), (None, 2)):
    texts += model.generate(torch.tensor([PROMPT] * n), do_sample=True, top_k=0,
                            min_new_tokens=120, max_new_tokens=120,
                            watermarking_config=mark).tolist()
with open('transformers.tok', 'w') as f:
    for seq, ids in enumerate(texts, 1):
        f.write(f'@{seq} {" ".join(map(str, ids))}\n')
with open('detector.want', 'w') as f:
    for name in 'transformers.tok', 'ours.tok':
        for seq, ids in lines(name).items():
            for all in 0, 1:
                d = WatermarkDetector(model.config, 'cpu', config,
                                      ignore_repeated_ngrams=not all)
                r = d(torch.tensor([ids]), return_dict=True)
                f.write(f'{name} {seq} {all} {int(r.num_tokens_scored[0])} '
                        f'{int(r.num_green_tokens[0])} {r.z_score[0]:.6f} '
                        f'{r.p_value[0]:.6g}\n')

rng = np.random.RandomState(2)
logits = np.round(rng.standard_normal((6, 300)) * 2 * 64) / 64
context = rng.randint(0, 300, (6, 3))
processor = WatermarkLogitsProcessor(300, 'cpu', greenlist_ratio=0.4, bias=1.5,
                                     hashing_key=2**63 + 11)
with open('logits.txt', 'w') as f, open('green.want', 'w') as g:
    for r, (x, ids) in enumerate(zip(logits, context)):
        f.write('#dist kind=L vocab=300 n=300 seq=0 pos=3 start=1 once=0 '
                f'ctx={",".join(map(str, ids))} eog=\n')
        f.writelines(f'{i}\t{v:.9g}\n' for i, v in enumerate(x))
        f.write('\n')
        y = processor(torch.tensor(ids[None]), torch.tensor(x[None]))[0].tolist()
        g.writelines(f'{r + 1} {i} {v:.9g}\n' for i, v in enumerate(y) if v != x[i])
