#!/usr/bin/env python3
"""Make tiny random models of every family, and the logits that they give.

	python3 make.py [NAME ...]

For each variant a folder beside this file gets what save_pretrained writes
(config.json, the weights as safetensors), ids.txt (a token line) and logits.f32
(positions x vocabulary, little-endian float32): the logits of Transformers in
double precision (norms, rotation and softmax in float32, as it defines them),
eager attention, no cache. Sizes are small and odd: heads whose width is not
hidden / heads where the family allows it, few key/value heads, windows and soft
caps that bite. Some config.json are rewritten as Transformers 4 wrote them.

Made with torch 2.15.0, transformers 5.23.0, Python 3.11.
"""
import json
import os
import shutil
import sys
import zlib

import torch
import transformers as tf

N = 18  # tokens
V = 47  # vocabulary
common = dict(vocab_size=V, hidden_size=24, intermediate_size=20,
              num_hidden_layers=2, num_attention_heads=3,
              num_key_value_heads=1, max_position_embeddings=64,
              bos_token_id=1, eos_token_id=2)
f32, f16, bf16 = torch.float32, torch.float16, torch.bfloat16
even = dict(num_attention_heads=4, num_key_value_heads=2)
wide = dict(hidden_size=32, intermediate_size=20, num_attention_heads=4,
            num_key_value_heads=2)
sliding, full = "sliding_attention", "full_attention"

# name: (config class, settings, type of the weights, options)
variants = {
    "gpt2": (tf.GPT2Config, dict(
        vocab_size=V, n_embd=18, n_head=3, n_layer=2, n_positions=32,
        bos_token_id=46, eos_token_id=46, layer_norm_epsilon=1e-5), f32, {}),
    "gpt2-untied": (tf.GPT2Config, dict(
        vocab_size=V, n_embd=24, n_head=3, n_layer=2, n_positions=40,
        n_inner=40, tie_word_embeddings=False, bos_token_id=46,
        eos_token_id=46), f16, {}),
    "llama": (tf.LlamaConfig, dict(
        common, head_dim=10, rms_norm_eps=1e-5), f16, {}),
    "llama-bias": (tf.LlamaConfig, dict(
        dict(common, **even), tie_word_embeddings=True, attention_bias=True,
        mlp_bias=True, rms_norm_eps=1e-5), bf16, {}),
    "llama-linear": (tf.LlamaConfig, dict(
        common, rope_parameters=dict(rope_type="linear", factor=4.0,
                                     rope_theta=5000.0)), f16, dict(old=1)),
    "llama3": (tf.LlamaConfig, dict(
        dict(common, **even), head_dim=16, tie_word_embeddings=True,
        eos_token_id=[2, 7, 9],
        rope_parameters=dict(rope_type="llama3", factor=8.0,
                             low_freq_factor=1.0, high_freq_factor=4.0,
                             original_max_position_embeddings=32,
                             rope_theta=20000.0)), f16, dict(old=1)),
    "llama-sharded": (tf.LlamaConfig, dict(
        common, rms_norm_eps=1e-5), f16, dict(shard="8KB")),
    "llama-yarn": (tf.LlamaConfig, dict(
        common, head_dim=16, rope_parameters=dict(
            rope_type="yarn", factor=4.0, attention_factor=0.7,
            beta_fast=24.0, beta_slow=2.0,
            original_max_position_embeddings=32, rope_theta=10000.0)),
        f16, {}),
    "mistral": (tf.MistralConfig, dict(
        common, head_dim=12, sliding_window=None), f16, dict(old=1)),
    "mistral-window": (tf.MistralConfig, dict(
        common, sliding_window=6), f16, {}),
    "smollm3": (tf.SmolLM3Config, dict(
        dict(common, **even, hidden_size=16), num_hidden_layers=5,
        pad_token_id=0), bf16, {}),
    "qwen2": (tf.Qwen2Config, dict(
        common, tie_word_embeddings=True, bos_token_id=1, eos_token_id=3,
        rope_parameters=dict(rope_type="default", rope_theta=1000000.0)),
        bf16, dict(old=1)),
    "qwen2-yarn": (tf.Qwen2Config, dict(
        dict(common, **even), rope_parameters=dict(
            rope_type="yarn", factor=4.0, rope_theta=1000000.0,
            original_max_position_embeddings=16)), f16, dict(old=1)),
    "qwen2-window": (tf.Qwen2Config, dict(
        common, use_sliding_window=True, sliding_window=6,
        max_window_layers=1), f16, dict(old=1)),
    "qwen3": (tf.Qwen3Config, dict(
        common, head_dim=10), f16, {}),
    "gemma": (tf.GemmaConfig, dict(
        common, head_dim=10), bf16, {}),
    "gemma2": (tf.Gemma2Config, dict(
        dict(common, **even), head_dim=8, num_hidden_layers=3,
        sliding_window=8, query_pre_attn_scalar=8,
        attn_logit_softcapping=3.0, final_logit_softcapping=4.0), bf16, {}),
    "gemma2-scale": (tf.Gemma2Config, dict(
        dict(common, **even), head_dim=8, sliding_window=8,
        query_pre_attn_scalar=6, attn_logit_softcapping=None,
        final_logit_softcapping=5.0), bf16, {}),
    "gemma3": (tf.Gemma3TextConfig, dict(
        dict(common, hidden_size=16, intermediate_size=20,
             num_attention_heads=2), head_dim=6, num_hidden_layers=7,
        sliding_window=8, query_pre_attn_scalar=6), bf16, {}),
    "gemma3-scaled": (tf.Gemma3TextConfig, dict(
        common, head_dim=16, sliding_window=8, query_pre_attn_scalar=16,
        layer_types=[sliding, full], rope_parameters={
            sliding: dict(rope_type="default", rope_theta=100.0),
            full: dict(rope_type="linear", factor=8.0,
                       rope_theta=10000.0)}), f16, {}),
    "phi3": (tf.Phi3Config, dict(
        common, pad_token_id=0), f16, {}),
    "phi3-short": (tf.Phi3Config, dict(
        common, pad_token_id=0, original_max_position_embeddings=48,
        partial_rotary_factor=0.75, tie_word_embeddings=True,
        rope_scaling=dict(type="longrope",
                          short_factor=[1.0, 1.5, 2.25],
                          long_factor=[1.0, 3.0, 9.0])), f16, {}),
    "phi3-long": (tf.Phi3Config, dict(
        dict(common, **wide), pad_token_id=0, max_position_embeddings=128,
        original_max_position_embeddings=16,
        rope_scaling=dict(type="longrope",
                          short_factor=[1.0, 1.125, 1.5, 2.5],
                          long_factor=[1.5, 3.0, 9.0, 11.0])), f16,
        dict(old=1)),
    "gptneox": (tf.GPTNeoXConfig, dict(
        common, num_key_value_heads=None, rope_parameters=dict(
            rope_type="default", rope_theta=10000.0,
            partial_rotary_factor=0.5)), f16, {}),
    "gptneox-serial": (tf.GPTNeoXConfig, dict(
        common, num_key_value_heads=None, use_parallel_residual=False,
        rotary_pct=0.25), f16, dict(old=1)),
    "olmo2": (tf.Olmo2Config, dict(
        common, pad_token_id=0), f16, {}),
    "granite": (tf.GraniteConfig, dict(
        common, embedding_multiplier=3.0, residual_multiplier=0.4,
        attention_multiplier=0.15, logits_scaling=2.5,
        tie_word_embeddings=True), bf16, {}),
    "stablelm": (tf.StableLmConfig, dict(
        common, use_qkv_bias=True, partial_rotary_factor=0.5), f16, {}),
    "stablelm-parallel": (tf.StableLmConfig, dict(
        dict(common, **wide), qk_layernorm=True,
        use_parallel_residual=True, partial_rotary_factor=0.25), f16, {}),
}


def randomise(model, seed):
    """Weights that make every part of the model matter."""
    g = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        r = torch.randn(p.shape, generator=g)
        if p.ndim > 1:
            p.data = 0.3 * r
        elif name.endswith("bias"):
            p.data = 0.2 * r
        elif model.config.model_type.startswith("gemma"):
            p.data = 0.25 * r  # used as 1 + w
        else:
            p.data = 1 + 0.25 * r


def old_style(path):
    """Rewrite config.json as Transformers 4 wrote it."""
    with open(path) as f:
        c = json.load(f)
    c["torch_dtype"] = c.pop("dtype")
    rope = dict(c.pop("rope_parameters"))
    if c["model_type"] == "gpt_neox":
        c["rotary_emb_base"] = rope.pop("rope_theta")
        c["rotary_pct"] = rope.pop("partial_rotary_factor")
    else:
        c["rope_theta"] = rope.pop("rope_theta")
    partial = rope.pop("partial_rotary_factor", 1.0)
    if partial != 1.0:
        c["partial_rotary_factor"] = partial
    if rope["rope_type"] == "default":
        c["rope_scaling"] = None
    else:
        if c["model_type"] in ("phi3", "qwen2"):
            rope["type"] = rope.pop("rope_type")
        if c["model_type"] == "phi3":
            c["original_max_position_embeddings"] = \
                rope.pop("original_max_position_embeddings")
        c["rope_scaling"] = rope
    if c["model_type"] == "qwen2":
        c.pop("layer_types", None)
    with open(path, "w") as f:
        json.dump(c, f, indent=2)
        f.write("\n")


def make(top, name):
    cls, settings, dtype, option = variants[name]
    seed = zlib.crc32(name.encode())
    d = os.path.join(top, name)
    shutil.rmtree(d, ignore_errors=True)
    model = tf.AutoModelForCausalLM.from_config(
        cls(**settings), attn_implementation="eager")
    randomise(model, seed)
    model = model.to(dtype)
    model.config.dtype = dtype
    if "shard" in option:
        model.save_pretrained(d, max_shard_size=option["shard"])
    else:
        model.save_pretrained(d)
    generation = os.path.join(d, "generation_config.json")
    if name == "llama3":
        with open(generation, "w") as f:
            f.write('{"eos_token_id": [9, 11], "temperature": 0.6}\n')
    elif os.path.exists(generation):
        os.remove(generation)
    if "old" in option:
        old_style(os.path.join(d, "config.json"))
    # what was saved is what is run
    model = tf.AutoModelForCausalLM.from_pretrained(
        d, attn_implementation="eager", dtype=torch.float64).eval()
    ids = torch.randint(0, V, (1, N),
                        generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        y = model(ids, use_cache=False).logits[0].float().numpy()
    with open(os.path.join(d, "ids.txt"), "w") as f:
        print(*ids[0].tolist(), file=f)
    y.astype("<f4").tofile(os.path.join(d, "logits.f32"))
    size = sum(os.path.getsize(os.path.join(d, x)) for x in os.listdir(d))
    print(f"{name}: {size} bytes, logits {y.std():.2f} in "
          f"[{y.min():.2f}, {y.max():.2f}]")


def main():
    print("torch", torch.__version__, "transformers", tf.__version__)
    tf.logging.set_verbosity_error()
    for name in sys.argv[1:] or variants:
        make(os.path.dirname(os.path.abspath(__file__)), name)


main()
