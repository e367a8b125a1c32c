#!/usr/bin/env python3
"""Make tokenize.txt and tokenize.tok: texts, one a line (escaped as for
`tokenize -l`), and their tokens in the vocabulary of examples/tiny.gguf, by
Hugging Face's tokenizers from the same tokens and merges.

    pip install gguf tokenizers         (made with tokenizers 0.23.3)
    ./make-tokenize.py
"""
import os
from gguf import GGUFReader
from tokenizers import Tokenizer, models, pre_tokenizers

here = os.path.dirname(os.path.abspath(__file__))
fields = GGUFReader(here + "/../../examples/tiny.gguf").fields
tokens = fields["tokenizer.ggml.tokens"].contents()
merges = fields["tokenizer.ggml.merges"].contents()
t = Tokenizer(models.BPE({s: i for i, s in enumerate(tokens)},
                         [tuple(m.split(" ")) for m in merges]))
t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)

texts = [
    "", " ", "  ", "   ", "\n", "\n\n", "\t", "\t\n", " \n ", "\r\n", "\\",
    "\\n", "Once upon a time there was a rabbit.", " leading", "trailing ",
    "two  blanks", "three   blanks", "  and   so   on  ", "a\tb\t\tc \td",
    "one\ntwo\n\nthree\n\n\nfour", "line\r\nline\r\n", " \n x\n\t y \n",
    "I'm, you're, he's, we've, they'll, she'd, don't", "I'M YOU'RE HE'S",
    "'s't're've'm'll'd", " 's 't 're", "'sit 'tis 'red 'velvet 'my 'llama",
    "''s", "'", "' '", "'\u2019s", "it\u2019s", "o'clock", "x'y'z",
    "0 1 12 123 1234 12345", "3.14159", "1,000,000", "a1b2c3", "2nd",
    "\u00b2\u00bd\u2167\u0663\u0966\u3007\uff11",
    "caf\u00e9 na\u00efve \u00fcber \u00c5ngstr\u00f6m", "cafe\u0301",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!",
    "\u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5 \u03ba\u03cc\u03c3\u03bc\u03b5",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u0661\u0662\u0663",
    "\u4f60\u597d\uff0c\u4e16\u754c\u3002 \u3053\u3093\u306b\u3061\u306f",
    "\uc548\ub155\ud558\uc138\uc694 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u1780\u17b6\u1793\u17cb\u178f\u17c2",
    "\U0001f999 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f"
    "\u200d\U0001f308 \U0001f1e9\U0001f1ea \u2705",
    "\u00a0nbsp\u00a0\u00a0x", "a\u3000b\u2003c\u2028d\u2029e\u0085f",
    "\u200bzero\u200dwidth\ufeff", "\u180e x", "\x00\x01\x1f\x7f\x80",
    "a\x00b", "\u01c5\u02b0\u00aa\ufb01\U0001d400\U00010400", "\ufffd",
    "!!! ??? ... --- *** ((( )))", "<|endoftext|>", "a_b __init__ x==y",
    "https://example.org/a?b=c&d=%20", "#include <stdio.h>\n\tint x = 0;",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "the the the thethethe therethere hisherits",
    "antidisestablishmentarianism", "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
]
escape = str.maketrans({"\n": "\\n", "\t": "\\t", "\\": "\\\\"})
with open(here + "/tokenize.txt", "w", newline="") as f:
    f.writelines(s.translate(escape) + "\n" for s in texts)
with open(here + "/tokenize.tok", "w") as f:
    f.writelines(" ".join(map(str, t.encode(s).ids)) + "\n" for s in texts)
