#!/usr/bin/env python3
# What Transformers makes of chat templates: NAME.want of NAME.jinja, and
# NAME.system.want where the template has a place for a system prompt; and a tiny
# random model of the kind, model/, with token ids of what is said to it. Needs
# transformers, tokenizers, torch (made with 5.24.0).
#
#	python3 make.py
#
# The templates are those that were published with SmolLM2-135M-Instruct,
# Qwen2.5-7B-Instruct, Llama-2-7b-chat-hf, Meta-Llama-3-8B-Instruct, gemma-2-2b-it,
# gemma-3-4b-it, Mistral-7B-Instruct-v0.2, Mistral-Nemo-Instruct-2407,
# Phi-3-mini-4k-instruct (at first), Phi-3.5-mini-instruct, zephyr-7b-beta. The
# tokens BOS and EOS are spelled as those of examples/tiny.gguf.
import glob
import os
import shutil

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (LlamaConfig, LlamaForCausalLM,
                          PreTrainedTokenizerFast)

os.chdir(os.path.dirname(os.path.abspath(__file__)))
USER1, ANSWER = 'What is the capital of France?', 'Paris.'
USER2, SYSTEM = 'How many people live there?', 'Be brief.'
TALK = [{'role': 'user', 'content': USER1},
        {'role': 'assistant', 'content': ANSWER},
        {'role': 'user', 'content': USER2}]


def tokenizer(end):
    bytes_ = sorted(pre_tokenizers.ByteLevel.alphabet())
    t = Tokenizer(models.BPE({c: i for i, c in enumerate(bytes_)}, []))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([AddedToken(s, special=True) for s in
                          ('<|endoftext|>', '<|im_start|>', '<|im_end|>')])
    return PreTrainedTokenizerFast(tokenizer_object=t, eos_token=end,
                                   bos_token='<|endoftext|>')


for path in sorted(glob.glob('*.jinja')):
    name = path[:-len('.jinja')]
    tok = tokenizer('<|endoftext|>')
    tok.chat_template = open(path).read()
    for suffix, first in (('', []), ('.system', [{'role': 'system',
                                                  'content': SYSTEM}])):
        try:
            text = tok.apply_chat_template(first + TALK, tokenize=False,
                                           add_generation_prompt=True)
        except Exception as e:
            print(name + suffix, e)
            continue
        if first and USER1 not in text.partition(SYSTEM)[2]:
            print(name + suffix, 'has no place for it at the beginning')
            continue
        open(name + suffix + '.want', 'w').write(text)

torch.manual_seed(1)
tok = tokenizer('<|im_end|>')
tok.chat_template = open('smollm2.jinja').read()
config = LlamaConfig(vocab_size=len(tok), hidden_size=16, intermediate_size=24,
                     num_hidden_layers=1, num_attention_heads=2,
                     num_key_value_heads=1, max_position_embeddings=512,
                     bos_token_id=tok.bos_token_id,
                     eos_token_id=tok.eos_token_id, tie_word_embeddings=True)
model = LlamaForCausalLM(config).half()
shutil.rmtree('model', ignore_errors=True)
model.save_pretrained('model')
tok.save_pretrained('model')
with open('model/ids', 'w') as f:
    ids = tok.apply_chat_template(TALK, tokenize=True, return_dict=False,
                                  add_generation_prompt=True)
    f.write(' '.join(map(str, ids)) + '\n')
