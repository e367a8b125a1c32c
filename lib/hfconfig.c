#include "hfconfig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hfread.h"
#include "hfrope.h"

static const char rms[] = "rms_norm_eps", silu[] = "silu swish",
	tanh_gelu[] = "gelu_pytorch_tanh gelu";

static const struct hf_family families[] = {
	{ "llama", "llama", rms, 1e-6, silu, 1e4, 0, 0, 0, false },
	{ "mistral", "llama", rms, 1e-6, silu, 1e4, 0, 0, 8, false },
	{ "smollm3", "smollm3", rms, 1e-6, silu, 2e6, 0, 0, 4, true },
	{ "qwen2", "qwen2", rms, 1e-6, silu, 1e4, 0, 0, 32, false },
	{ "qwen3", "qwen3", rms, 1e-6, silu, 1e4, 0, 128, 32, false },
	{ "gemma", "gemma", rms, 1e-6, tanh_gelu, 1e4, 0, 256, 16, true },
	{ "gemma2", "gemma2", rms, 1e-6, tanh_gelu, 1e4, 0, 256, 4, true },
	{ "gemma3_text", "gemma3", rms, 1e-6, tanh_gelu, 1e6, 0, 256, 4,
	    true },
	{ "phi3", "phi3", rms, 1e-5, silu, 1e4, 1, 0, 0, false },
	{ "gpt_neox", "gptneox", "layer_norm_eps", 1e-5, "gelu", 1e4, 0.25, 0,
	    0, false },
	{ "olmo2", "olmo2", rms, 1e-5, silu, 1e4, 0, 0, 0, false },
	{ "granite", "granite", rms, 1e-6, silu, 1e4, 0, 0, 0, false },
	{ "stablelm", "stablelm", "layer_norm_eps", 1e-5, silu, 1e4, 0.25, 0,
	    32, false },
	{ "gpt2", "gpt2", "layer_norm_epsilon", 1e-5,
	    "gelu_new gelu_pytorch_tanh", 0, 0, 0, 0, true },
};

/* Names that change nothing when a model is run. The biases and norms that
 * some of them promise are told by the tensors. */
static const char *const harmless[] = { "architectures", "model_type",
	"transformers_version", "dtype", "torch_dtype", "auto_map",
	"_name_or_path", "initializer_range", "initializer_factor",
	"use_cache", "cache_implementation", "attn_implementation",
	"_attn_implementation", "_attn_implementation_autoset",
	"gradient_checkpointing", "pretraining_tp", "bos_token_id",
	"eos_token_id", "pad_token_id", "sep_token_id", "unk_token_id",
	"decoder_start_token_id", "tokenizer_class", "task_specific_params",
	"id2label", "label2id", "num_labels", "_num_labels", "problem_type",
	"is_decoder", "return_dict", "chunk_size_feed_forward", "pruned_heads",
	"attention_bias", "mlp_bias", "use_qkv_bias", "qk_layernorm",
	"reorder_and_upcast_attn", "n_ctx", "summary_type",
	"summary_use_proj", "summary_activation", "summary_proj_to_labels",
	"max_sequence_length", "full_attn_mod", "interpolate_factor",
	"is_llama_config", "unsloth_version", "unsloth_fixed",
	"transformers.js_config", "_sliding_window_pattern", "max_length",
	"min_length", "do_sample", "temperature", "top_k", "top_p",
	"typical_p", "num_beams", "num_beam_groups", "num_return_sequences",
	"length_penalty", "repetition_penalty", "diversity_penalty",
	"no_repeat_ngram_size", "encoder_no_repeat_ngram_size" };

static void
sizes(struct hf_reader *c)
{
	bool gpt2 = strcmp(c->family->type, "gpt2") == 0;
	/* those that see pictures leave out more of what is usual */
	bool gemma3 = strcmp(c->family->type, "gemma3_text") == 0;
	size_t n_embd = hf_number(c, c->root, hf_name(c, "hidden_size"), 0);
	size_t n_head = hf_number(c, c->root, hf_name(c,
	    "num_attention_heads"), gemma3 ? 8 : 0);
	size_t each = n_embd / n_head > 0 ? n_embd / n_head : 1;
	bool has_kv = json_get(c->j, c->root, "num_key_value_heads") != 0;

	c->n_layer = hf_number(c, c->root, hf_name(c, "num_hidden_layers"), 0);
	if (c->n_layer > 1 << 14)
		hf_refuse(c, "%zu layers", c->n_layer);
	c->n_ctx = hf_number(c, c->root, hf_name(c, "max_position_embeddings"),
	    gemma3 ? 131072 : 0);
	c->head_dim = hf_number(c, c->root, "head_dim",
	    c->family->head_dim > 0 ? c->family->head_dim : each);
	if (c->head_dim > 1 << 14)
		hf_refuse(c, "heads of %zu dimensions", c->head_dim);
	hf_put_uint(c, "embedding_length", n_embd);
	hf_put_uint(c, "block_count", c->n_layer);
	hf_put_uint(c, "context_length", c->n_ctx);
	hf_put_uint(c, "feed_forward_length", hf_number(c, c->root,
	    hf_name(c, "intermediate_size"), gpt2 ? 4 * n_embd : 0));
	hf_put_uint(c, "vocab_size", hf_number(c, c->root, "vocab_size",
	    gemma3 ? 262208 : 0));
	hf_put_uint(c, "attention.head_count", n_head);
	hf_put_uint(c, "attention.head_count_kv", hf_number(c, c->root,
	    "num_key_value_heads", has_kv || c->family->n_kv == 0 ? n_head
	        : c->family->n_kv));
	hf_put_uint(c, "attention.key_length", c->head_dim);
	hf_put_uint(c, "attention.value_length", c->head_dim);
	hf_put_real(c, c->family->eps_key == rms
	        ? "attention.layer_norm_rms_epsilon"
	        : "attention.layer_norm_epsilon",
	    hf_real(c, c->root, c->family->eps_key, c->family->eps));
}

/* Whether a layer sees a window only, where layer_types does not say so. */
static bool
windowed(struct hf_reader *c, size_t layer, size_t from, size_t period)
{
	const char *type = c->family->type;

	if (strcmp(type, "gemma2") == 0 || strcmp(type, "gemma3_text") == 0)
		return (layer + 1) % period != 0;
	if (strcmp(type, "smollm3") == 0)
		return (layer + 1) % period == 0;
	return layer >= from;
}

static void
layer_types(struct hf_reader *c, size_t list, bool *window)
{
	size_t e = list + 1;

	if (c->j->node[list].type != JSON_ARRAY ||
	    c->j->node[list].len != c->n_layer) {
		hf_refuse(c, "layer_types: not %zu names", c->n_layer);
		return;
	}
	for (size_t i = 0; i < c->n_layer; i++, e = c->j->node[e].next) {
		window[i] = json_equal(c->j, e, "sliding_attention");
		if (!window[i] && !json_equal(c->j, e, "full_attention"))
			hf_refuse(c, "layer_types: %.*s: not supported",
			    HF_SHOW(c, e));
	}
}

/* Which layers see only a window of the last positions, and how wide it is. */
static void
windows(struct hf_reader *c, size_t no_rope)
{
	const char *type = c->family->type;
	bool gemma2 = strcmp(type, "gemma2") == 0;
	bool gemma3 = strcmp(type, "gemma3_text") == 0;
	bool may = strncmp(type, "qwen", 4) == 0 ||
	    strcmp(type, "smollm3") == 0;
	bool has = gemma2 || gemma3 || may || strcmp(type, "phi3") == 0 ||
	    strcmp(type, "mistral") == 0;
	size_t size, from = 0, period = 2, list = 0;
	bool *window, some = false;
	char key[128];

	if (!has)
		return;
	/* null is none; left out, it is 4096, but none for Phi-3 */
	size = hf_number(c, c->root, "sliding_window",
	    strcmp(type, "phi3") == 0 ||
	    json_get(c->j, c->root, "sliding_window") != 0 ? SIZE_MAX : 4096);
	if (may) {
		from = hf_number(c, c->root, "max_window_layers", 28);
		if (!hf_truth(c, "use_sliding_window", false))
			size = SIZE_MAX;
		if (no_rope > 0)
			period = no_rope;
	}
	if (gemma3)
		period = hf_number(c, c->root, "sliding_window_pattern", 6);
	if (gemma2 || gemma3 || may)
		list = hf_find(c, c->root, "layer_types");
	window = xcalloc(c->n_layer, sizeof(*window));
	for (size_t i = 0; i < c->n_layer; i++)
		window[i] = windowed(c, i, from, period);
	if (list != 0)
		layer_types(c, list, window);
	for (size_t i = 0; i < c->n_layer; i++)
		some |= window[i];
	if (size < c->n_ctx && some) {
		hf_put_uint(c, "attention.sliding_window", size);
		mf_put_bools(c->f, hf_key(c, key,
		    "attention.sliding_window_pattern"), window, c->n_layer);
	}
	free(window);
}

/* SmolLM3: every so manyth layer has no rotary positions. */
static size_t
no_rope_layers(struct hf_reader *c)
{
	size_t every = hf_number(c, c->root, "no_rope_layer_interval", 4), e;
	size_t list = hf_find(c, c->root, "no_rope_layers");
	size_t first = c->n_layer + 1;
	int64_t rope = 0;

	if (list != 0 && (c->j->node[list].type != JSON_ARRAY ||
	    c->j->node[list].len < c->n_layer)) {
		hf_refuse(c, "no_rope_layers: not %zu numbers", c->n_layer);
		list = 0;
	}
	for (size_t pass = 0; list != 0 && pass < 2; pass++) {
		e = list + 1;
		for (size_t i = 1; i <= c->n_layer; i++) {
			if (!json_int(c->j, e, &rope))
				hf_refuse(c, "no_rope_layers: not numbers");
			if (pass == 0 && rope == 0 && first > i)
				first = i;
			if (pass == 1 && (rope == 0) != (i % first == 0))
				hf_refuse(c, "no_rope_layers: not every so "
				    "manyth: not supported");
			e = c->j->node[e].next;
		}
		every = first;
	}
	hf_put_uint(c, "no_rope_layer_interval", every);
	return every;
}

/* A soft cap; null is none, `none` what holds when it is missing. */
static void
cap(struct hf_reader *c, const char *name, const char *key, double none)
{
	size_t v = json_get(c->j, c->root, name);

	if (v != 0 && hf_find(c, c->root, name) == 0)
		return;
	if (v != 0 || none > 0)
		hf_put_real(c, key, hf_real(c, c->root, name, none));
}

/* What only some families have. */
static void
others(struct hf_reader *c)
{
	const char *arch = c->family->arch;
	bool gemma2 = strcmp(arch, "gemma2") == 0;
	char key[128];

	hf_word(c, c->root, hf_name(c, "hidden_act"), c->family->act);
	if (strncmp(arch, "gemma", 5) == 0)
		hf_word(c, c->root, "hidden_activation", "gelu_pytorch_tanh");
	if (gemma2 || strcmp(arch, "gemma3") == 0) {
		hf_put_real(c, "attention.scale", 1 / sqrt(hf_real(c, c->root,
		    "query_pre_attn_scalar", 256)));
		cap(c, "attn_logit_softcapping", "attn_logit_softcapping",
		    gemma2 ? 50 : 0);
		cap(c, "final_logit_softcapping", "final_logit_softcapping",
		    gemma2 ? 30 : 0);
	}
	if (strcmp(arch, "granite") == 0) {
		hf_put_real(c, "embedding_scale", hf_real(c, c->root,
		    "embedding_multiplier", 1));
		hf_put_real(c, "residual_scale", hf_real(c, c->root,
		    "residual_multiplier", 1));
		hf_put_real(c, "attention.scale", hf_real(c, c->root,
		    "attention_multiplier", 1));
		hf_put_real(c, "logit_scale", hf_real(c, c->root,
		    "logits_scaling", 1));
	}
	if (strcmp(arch, "gptneox") == 0 || strcmp(arch, "stablelm") == 0)
		mf_put_bool(c->f, hf_key(c, key, "use_parallel_residual"),
		    hf_truth(c, "use_parallel_residual", arch[0] == 'g'));
	if (strcmp(arch, "gpt2") == 0 &&
	    !hf_truth(c, "scale_attn_weights", true))
		hf_refuse(c, "scale_attn_weights: false: not supported");
}

static void
add_id(struct hf_reader *c, const struct json *j, size_t v, uint32_t *id,
    size_t *n)
{
	int64_t i = 0;

	if (!json_int(j, v, &i) || i < 0 || i > INT32_MAX) {
		hf_refuse(c, "eos_token_id: not an id");
		return;
	}
	for (size_t k = 0; k < *n; k++)
		if (id[k] == (uint32_t)i)
			return;
	if (*n == MF_END_IDS)
		hf_refuse(c, "eos_token_id: more than %d ids", MF_END_IDS);
	else
		id[(*n)++] = (uint32_t)i;
}

/* The ids that end a text: those of both files, a number or a list in each. */
static void
end_ids(struct hf_reader *c, const struct json *g)
{
	const struct json *from[2] = { c->j, g };
	uint32_t id[MF_END_IDS];
	size_t n = 0;

	for (int i = 0; i < 2 && from[i] != NULL; i++) {
		const struct json *j = from[i];
		size_t v = json_get(j, 0, "eos_token_id"), e = v + 1;
		if (v == 0 || j->node[v].type == JSON_NULL)
			continue;
		if (j->node[v].type != JSON_ARRAY) {
			add_id(c, j, v, id, &n);
			continue;
		}
		for (size_t k = j->node[v].len; k > 0; k--) {
			add_id(c, j, e, id, &n);
			e = j->node[e].next;
		}
	}
	if (n > 0)
		mf_put_uint(c->f, "tokenizer.ggml.eos_token_id", id[0]);
	if (n > 1)
		mf_put_uints(c->f, "tokenizer.ggml.eog_token_ids", id, n);
}

static bool
is_harmless(const struct hf_reader *c, size_t k)
{
	const struct json_node *node = c->j->node;
	const char *name = c->j->text + node[k].at;
	size_t n = node[k].len;

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (json_equal(c->j, k, harmless[i]))
			return true;
	/* training's */
	return (n >= 7 && memcmp(name + n - 7, "dropout", 7) == 0) ||
	    (n >= 6 && memcmp(name + n - 6, "_pdrop", 6) == 0);
}

static void
unheeded(struct hf_reader *c)
{
	const struct json_node *node = c->j->node;
	size_t k = c->root + 1;

	for (size_t n = node[c->root].len; n > 0; n--, k = node[k + 1].next)
		if (!c->used[k + 1] && node[k + 1].type != JSON_NULL &&
		    node[k + 1].type != JSON_FALSE && !is_harmless(c, k))
			hf_refuse(c, "%.*s: not supported", HF_SHOW(c, k));
}

/* The family, and the object that tells of the language model: of Gemma 3's
 * models that see pictures it stands beside others. */
static bool
find_family(struct hf_reader *c)
{
	size_t v = json_get(c->j, 0, "model_type");

	if (v != 0 && json_equal(c->j, v, "gemma3")) {
		c->root = json_get(c->j, 0, "text_config");
		v = c->root != 0 ? json_get(c->j, c->root, "model_type") : 0;
	}
	if (v == 0 || c->j->node[v].type != JSON_STRING) {
		hf_refuse(c, "model_type: missing");
		return false;
	}
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (json_equal(c->j, v, families[i].type))
			c->family = &families[i];
	if (c->family == NULL)
		hf_refuse(c, "model_type %.*s: not one that can be run",
		    HF_SHOW(c, v));
	return c->family != NULL;
}

int
hf_config(struct modelfile *f, const struct json *j, const struct json *g,
    bool *tied, char *err)
{
	struct hf_reader c = { .f = f, .j = j, .err = err };

	c.used = xcalloc(j->n, sizeof(*c.used));
	if (find_family(&c)) {
		mf_put_string(f, "general.architecture", c.family->arch);
		sizes(&c);
		if (!c.bad && c.family->theta > 0)
			hf_rotary(&c);
		if (!c.bad)
			windows(&c, strcmp(c.family->type, "smollm3") == 0
			        ? no_rope_layers(&c) : 0);
		others(&c);
		*tied = hf_truth(&c, "tie_word_embeddings", c.family->tied);
		end_ids(&c, g);
		unheeded(&c);
	}
	free(c.used);
	return c.bad ? -1 : 0;
}
