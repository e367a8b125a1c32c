#!/usr/bin/env python3
"""Make rules.gguf, rules.sum, spm.gguf, spm.sum: two small vocabularies, and
checksums of the tokens of many texts, by Hugging Face's tokenizers and Google's
sentencepiece.

    pip install gguf tokenizers sentencepiece
        (made with gguf 0.19.0, tokenizers 0.23.3, sentencepiece 0.2.3)
    make units && tests/data/tokenizers/make-rules.py
    tests/data/tokenizers/make-rules.py RULE        the tokens themselves

The texts are those of `strings 1 3000` (tests/tool/strings.c). The merges of
rules.gguf were learned without any splitting, so that nearly every place where
two rules split differently shows in the tokens. Under each rule's name are the
steps of the tokenizer.json of the models that have it. A checksum is that of
cksum(1), for the token lines of one rule.
"""
import io
import os
import subprocess
import sys
import gguf
import sentencepiece
from tokenizers import Regex, Tokenizer, models, pre_tokenizers as pre
from tokenizers import decoders, trainers

here = os.path.dirname(os.path.abspath(__file__))
top = here + "/../../.."
tools = os.environ.get("PIPELM_TOOLS", top + "/build/tests")

POST = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
ENDS = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT2 = (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
        r"|\s+(?!\S)|\s+")
LLAMA3 = (POST + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*" + ENDS)
QWEN2 = LLAMA3.replace("{1,3}", "")
QWEN35 = (POST + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
          r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + ENDS)
SEED = (POST + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}"
        r"| ?[^\s\p{L}\p{N}" + "\r\n" + r"]+" + ENDS)
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = (r"[^\r\n\p{L}\p{N}]?" + UPPER + "*" + LOWER + "+" + POST + "?"
         r"|[^\r\n\p{L}\p{N}]?" + UPPER + "+" + LOWER + "*" + POST + "?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + ENDS)
TEKKEN = O200K.replace(POST + "?", "").replace("{1,3}", "")
V3 = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"
      r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*" + ENDS)
KANA_HAN = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
HAN = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
SIGNS = r"\s?[!-/:-~" "\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"
BLOOM = r" ?[^(\s|.,!?" "\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+"
# DeepSeek LLM spells out the letters of the scripts that have case
LETTERS = """41-5A 61-7A B5 C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-293 295-2AF 370-373
376 377 37B-37D 37F 386 388-38A 38C 38E-3A1 3A3-3F5 3F7-481 48A-52F 531-556
10A0-10C5 13A0-13F5 13F8-13FD 1C90-1CBA 1CBD-1CBF 1D00-1D2B 1D6B-1D77 1D79-1D9A
1E00-1F15 1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D
1F80-1FB4 1FB6-1FBC 1FBE 1FC2-1FC4 1FC6-1FCC 1FD0-1FD3 1FD6-1FDB 1FE0-1FEC
1FF2-1FF4 1FF6-1FFC 2102 2107 210A-2113 2115 2119-211D 2124 2126 2128 212A-212D
212F-2134 2139 213C-213F 2145-2149 214E 2183 2184 2C00-2C7B 2C7E-2CE4 2CEB-2CEE
2CF2 2CF3 A640-A66D A680-A69B A722-A76F A771-A787 A78B-A78E AB70-ABBF FB00-FB06
FB13-FB17 FF21-FF3A FF41-FF5A 10400-1044F 104B0-104D3 104D8-104FB 10C80-10CB2
10CC0-10CF2 118A0-118DF 1E900-1E943"""
CASED = r"\s?[" + "".join("-".join(chr(int(x, 16)) for x in r.split("-"))
                          for r in LETTERS.split()) + "]+"


def split(regex):
    return pre.Split(Regex(regex), "isolated")


bytes_ = pre.ByteLevel(add_prefix_space=False, use_regex=False)
one = pre.Digits(individual_digits=True)
three = split("[0-9][0-9][0-9]")
RULES = {
    "gpt-2": [pre.ByteLevel(add_prefix_space=False, use_regex=True)],
    "llama-bpe": [split(LLAMA3), bytes_],
    "dbrx": [split(LLAMA3), bytes_],
    "qwen2": [split(QWEN2), bytes_],
    "qwen35": [split(QWEN35), bytes_],
    "seed-coder": [split(SEED), bytes_],
    "gpt-4o": [split(O200K), bytes_],
    "tekken": [split(TEKKEN), bytes_],
    "smollm": [one, pre.ByteLevel(add_prefix_space=False, use_regex=True)],
    "falcon": [pre.Punctuation("contiguous"), pre.ByteLevel(
        add_prefix_space=False, use_regex=True), pre.Digits(
            individual_digits=False), three],
    "default": [split(r"[\p{P}\$\+<=>\^~\|]+"), split(GPT2), split(r"\p{N}+"),
                three, bytes_],
    "deepseek-llm": [split("[\r\n]"), split(CASED), split(SIGNS),
                     split(r"\s+$"), split(HAN), split(r"\p{N}+"), bytes_],
    "deepseek-coder": [split("[\r\n]"), split(r"\s?\p{L}+"),
                       split(r"\s?\p{P}+"), split(HAN), one, bytes_],
    "deepseek-v3": [split(r"\p{N}{1,3}"), split(KANA_HAN), split(V3), bytes_],
    "bloom": [split(BLOOM), bytes_],
    "viking": [split(BLOOM), one, bytes_],
}
WHOLE = ["llama-bpe", "tekken"]     # ignore_merges


def texts(seed, count):
    lines = subprocess.run([tools + "/strings", seed, count], check=True,
                           stdout=subprocess.PIPE).stdout.decode()
    undo = {"n": "\n", "t": "\t", "\\": "\\"}
    for line in lines.split("\n")[:-1]:
        parts = line.split("\\\\")
        yield "\\".join(p.replace("\\n", "\n").replace("\\t", "\t")
                        for p in parts)


def lines(encode, texts):
    return "".join(" ".join(map(str, encode(t))) + "\n" for t in texts)


def cksum(s):
    return subprocess.run(["cksum"], input=s.encode(), check=True,
                          stdout=subprocess.PIPE).stdout.decode().strip()


def write(path, model, tokens, types, merges=None, scores=None, bos=None):
    w = gguf.GGUFWriter(path, "llama")
    w.add_tokenizer_model(model)
    w.add_tokenizer_pre("default")
    w.add_token_list(tokens)
    w.add_token_types(types)
    if merges:
        w.add_token_merges(merges)
    if scores:
        w.add_token_scores(scores)
    if bos:
        w.add_bos_token_id(bos)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.close()


def rules(texts):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = bytes_
    t.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=900, show_progress=False, max_token_length=12,
        initial_alphabet=pre.ByteLevel.alphabet()))
    state = __import__("json").loads(t.to_str())["model"]
    tokens = sorted(state["vocab"], key=state["vocab"].get)
    merges = [tuple(m) for m in state["merges"]]
    write(here + "/rules.gguf", "gpt2", tokens, [1] * len(tokens),
          [" ".join(m) for m in merges])
    for rule in RULES:
        t = Tokenizer(models.BPE(state["vocab"], merges,
                                 ignore_merges=rule in WHOLE))
        t.pre_tokenizer = pre.Sequence(RULES[rule])
        yield rule, lines(lambda s: t.encode(s).ids, texts)


def spm(texts):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(t for t in texts), model_writer=model,
        model_type="bpe", vocab_size=1200, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False,
        character_coverage=0.98, split_by_unicode_script=False,
        split_by_number=False, allow_whitespace_only_pieces=True,
        max_sentencepiece_length=12, num_threads=1, minloglevel=2)
    p = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    n = p.get_piece_size()
    types = [2 if p.is_unknown(i) else 3 if p.is_control(i) else
             6 if p.is_byte(i) else 1 for i in range(n)]
    write(here + "/spm.gguf", "llama", [p.id_to_piece(i) for i in range(n)],
          types, scores=[p.get_score(i) for i in range(n)], bos=p.bos_id())
    yield "spm", lines(lambda s: [p.bos_id()] + p.encode(s), texts)


def main():
    all_ = list(texts("1", "3000"))
    got = {f: list(make(all_)) for f, make in
           (("rules", rules), ("spm", spm))}
    for f, pairs in got.items():
        if len(sys.argv) > 1:
            sys.stdout.write("".join(l for r, l in pairs if r == sys.argv[1]))
            continue
        with open(here + "/" + f + ".sum", "w") as out:
            out.writelines(r + " " + cksum(l) + "\n" for r, l in pairs)


if __name__ == "__main__":
    main()
