#!/usr/bin/env python3
"""Make bytes.json, chars.json and hf.cases: two small models for Hugging Face's
tokenizer.json, and what may stand around them, with checksums of the tokens that
Hugging Face's tokenizers make of many texts.

    pip install tokenizers      (made with tokenizers 0.23.3)
    make units && tests/data/tokenizers/make-hf.py
    tests/data/tokenizers/make-hf.py CASE       the tokens themselves

A line of hf.cases is: name, model, two numbers of cksum(1), the members of
tokenizer.json besides "model", separated by tabs. The texts are those of
`strings 2 2000`, with <bos> for <s> and <|u|> for <|end|>.
"""
import importlib.util
import json
import os
import sys
from tokenizers import Tokenizer, models, pre_tokenizers as pre, trainers

here = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("rules", here + "/make-rules.py")
rules = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rules)
BLANK = "\u2581"


def added(id_, content, special=True, **more):
    return {"id": id_, "content": content, "single_word": False,
            "lstrip": False, "rstrip": False, "normalized": False,
            "special": special, **more}


def seq(kind, *steps):
    return {"type": "Sequence", kind: list(steps)}


def split(regex, **more):
    return {"type": "Split", "pattern": {"Regex": regex},
            "behavior": "Isolated", "invert": False, **more}


def level(words, **more):
    return {"type": "ByteLevel", "add_prefix_space": False,
            "trim_offsets": True, "use_regex": words, **more}


def template(*special):
    return {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": s, "type_id": 0}}
                       for s, _ in special] +
            [{"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {s: {"id": s, "ids": [i], "tokens": [s]}
                               for s, i in special}}


def replace(a, b):
    return {"type": "Replace", "pattern": {"String": a}, "content": b}


def digits(one):
    return {"type": "Digits", "individual_digits": one}


def metaspace(scheme, cut):
    return {"type": "Metaspace", "replacement": BLANK,
            "prepend_scheme": scheme, "split": cut}


def train(texts, pre_tokenizer, alphabet, size):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizer
    t.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, show_progress=False, max_token_length=10,
        initial_alphabet=alphabet, limit_alphabet=300))
    return json.loads(t.to_str())["model"]


def bytes_model(texts):
    m = train(texts, rules.bytes_, pre.ByteLevel.alphabet(), 700)
    m["merges"] = [" ".join(p) for p in m["merges"]]
    return m


def chars_model(texts):
    m = train([t.replace(" ", BLANK) for t in texts], None, [BLANK], 600)
    for i in range(256):
        m["vocab"]["<0x%02X>" % i] = len(m["vocab"])
    m["byte_fallback"] = True
    return m


def cases(nb, nc):
    """The members beside the model, for nb and nc tokens in the two."""
    bos_b, bos_c = ("<bos>", nb), ("<bos>", nc)
    add_b = [added(nb, "<bos>"), added(nb + 1, "<|u|>", special=False)]
    add_c = [added(nc, "<bos>"), added(nc + 1, "<|u|>", special=False)]
    bytes_ = {"decoder": level(True), "added_tokens": add_b,
              "normalizer": None, "post_processor": level(False)}
    text = {"added_tokens": add_c, "post_processor": template(bos_c),
            "decoder": seq("decoders", replace(BLANK, " "),
                           {"type": "ByteFallback"}, {"type": "Fuse"})}
    strip = seq("decoders", replace(BLANK, " "), {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0})

    def words(*steps, **more):
        return {**bytes_, "pre_tokenizer": seq("pretokenizers", *steps), **more}

    both = level(False)
    yield "gpt2", "bytes", {**bytes_, "pre_tokenizer": level(True)}
    yield "neox", "bytes", {**bytes_, "pre_tokenizer": level(True),
                            "normalizer": {"type": "NFC"}}
    yield "roberta", "bytes", {**bytes_, "pre_tokenizer":
                               level(True, add_prefix_space=True)}
    yield "llama3", "bytes", words(
        split(rules.LLAMA3), both, post_processor=seq(
            "processors", level(False), template(bos_b)))
    yield "cl100k", "bytes", words(split(
        rules.LLAMA3.replace(rules.POST, "'(?i:[sdmt]|ll|ve|re)")
        .replace("]?", "]?+").replace("N}]+", "N}]++")
        .replace(r"\s*[\r\n]+", r"\s*[\r\n]")), both)
    yield "qwen2", "bytes", words(split(rules.QWEN2), both,
                                  normalizer={"type": "NFC"})
    yield "qwen2-lines", "bytes", words(split(
        rules.QWEN2.replace(r"\r", "\r").replace(r"\n", "\n")), both)
    yield "qwen35", "bytes", words(split(rules.QWEN35), both)
    yield "smollm", "bytes", words(digits(True), level(True))
    yield "gpt-4o", "bytes", words(split(
        rules.O200K, behavior="Removed", invert=True), both)
    yield "tekken", "bytes", words(split(rules.TEKKEN), both)
    yield "deepseek-v3", "bytes", words(
        split(r"\p{N}{1,3}"), split(rules.KANA_HAN), split(
            rules.V3.replace('\\"', '"')), both)
    yield "deepseek-coder", "bytes", words(
        split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"),
        split(rules.HAN), digits(True), both)
    yield "falcon", "bytes", words(
        {"type": "Punctuation", "behavior": "Contiguous"}, level(True),
        digits(False), split("[0-9][0-9][0-9]"))
    yield "bloom", "bytes", words(split(
        rules.BLOOM.replace("|.", "|[.").replace(")]+", "])]+")), both)
    yield "llama2", "chars", {**text, "decoder": strip, "normalizer": seq(
        "normalizers", {"type": "Prepend", "prepend": BLANK},
        replace(" ", BLANK)), "pre_tokenizer": None}
    yield "phi3", "chars", {**text, "decoder": strip, "normalizer": seq(
        "normalizers", {"type": "Prepend", "prepend": BLANK},
        replace(" ", BLANK)), "pre_tokenizer": None, "added_tokens": [
            added(nc, "<bos>", rstrip=True, lstrip=True),
            added(nc + 1, "<|u|>", special=False, rstrip=True)]}
    yield "gemma", "chars", {**text, "normalizer": replace(" ", BLANK),
                             "pre_tokenizer": {
        "type": "Split", "pattern": {"String": " "},
        "behavior": "MergedWithPrevious", "invert": False}}
    for scheme in "always", "first", "never":
        for cut in True, False:
            yield scheme + ("-split" if cut else ""), "chars", {
                **text, "normalizer": None,
                "decoder": metaspace(scheme, cut),
                "pre_tokenizer": metaspace(scheme, cut)}


def main():
    model = {"bytes": bytes_model(list(rules.texts("1", "3000"))),
             "chars": chars_model(list(rules.texts("1", "3000")))}
    texts = [t.replace("<s>", "<bos>").replace("<|end|>", "<|u|>")
             for t in rules.texts("2", "2000")]
    out = []
    for name, kind, rest in cases(*(len(model[k]["vocab"])
                                    for k in ("bytes", "chars"))):
        if len(sys.argv) > 1 and name != sys.argv[1]:
            continue
        t = Tokenizer.from_str(json.dumps({"version": "1.0", **rest,
                                           "model": model[kind]}))
        ids = rules.lines(lambda s: t.encode(s).ids, texts)
        if len(sys.argv) > 1:
            sys.stdout.write(ids)
        out.append("\t".join([name, kind, *rules.cksum(ids).split(),
                              json.dumps(rest)[1:-1]]) + "\n")
    if len(sys.argv) > 1:
        return
    for kind in model:
        with open(here + "/" + kind + ".json", "w") as f:
            json.dump(model[kind], f, ensure_ascii=False,
                      separators=(",", ":"))
            f.write("\n")
    with open(here + "/hf.cases", "w") as f:
        f.writelines(out)


main()
