#include "hfconfig.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmath.h"

/* What differs between families, and what holds when config.json is silent. */
struct family {
	const char *type; /* model_type */
	const char *arch; /* general.architecture */
	const char *eps_key;
	double eps;
	const char *act; /* words that hidden_act may be */
	double theta;    /* base of rotary positions; 0: they are learned */
	double partial;  /* part of a head that turns; 0: all, always */
	size_t head_dim; /* 0: hidden_size / num_attention_heads */
	bool tied;
};

static const char rms[] = "rms_norm_eps", silu[] = "silu swish",
	tanh_gelu[] = "gelu_pytorch_tanh gelu";

static const struct family families[] = {
	{ "llama", "llama", rms, 1e-6, silu, 1e4, 0, 0, false },
	{ "mistral", "llama", rms, 1e-6, silu, 1e4, 0, 0, false },
	{ "smollm3", "smollm3", rms, 1e-6, silu, 2e6, 0, 0, true },
	{ "qwen2", "qwen2", rms, 1e-6, silu, 1e4, 0, 0, false },
	{ "qwen3", "qwen3", rms, 1e-6, silu, 1e4, 0, 128, false },
	{ "gemma", "gemma", rms, 1e-6, tanh_gelu, 1e4, 0, 256, true },
	{ "gemma2", "gemma2", rms, 1e-6, tanh_gelu, 1e4, 0, 256, true },
	{ "gemma3_text", "gemma3", rms, 1e-6, tanh_gelu, 1e6, 0, 256, true },
	{ "phi3", "phi3", rms, 1e-5, silu, 1e4, 1, 0, false },
	{ "gpt_neox", "gptneox", "layer_norm_eps", 1e-5, "gelu", 1e4, 0.25, 0,
	    false },
	{ "olmo2", "olmo2", rms, 1e-5, silu, 1e4, 0, 0, false },
	{ "granite", "granite", rms, 1e-6, silu, 1e4, 0, 0, false },
	{ "stablelm", "stablelm", "layer_norm_eps", 1e-5, silu, 1e4, 0.25, 0,
	    false },
	{ "gpt2", "gpt2", "layer_norm_epsilon", 1e-5,
	    "gelu_new gelu_pytorch_tanh", 0, 0, 0, true },
};

/* Names that a family has for what others call otherwise. */
static const struct {
	const char *type, *usual, *name;
} aliases[] = {
	{ "gpt2", "hidden_size", "n_embd" },
	{ "gpt2", "num_hidden_layers", "n_layer" },
	{ "gpt2", "num_attention_heads", "n_head" },
	{ "gpt2", "intermediate_size", "n_inner" },
	{ "gpt2", "max_position_embeddings", "n_positions" },
	{ "gpt2", "hidden_act", "activation_function" },
	{ "gpt_neox", "rope_theta", "rotary_emb_base" },
	{ "gpt_neox", "partial_rotary_factor", "rotary_pct" },
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
	"is_llama_config", "unsloth_version", "unsloth_fixed",
	"transformers.js_config", "_sliding_window_pattern", "max_length",
	"min_length", "do_sample", "temperature", "top_k", "top_p",
	"typical_p", "num_beams", "num_beam_groups", "num_return_sequences",
	"length_penalty", "repetition_penalty", "diversity_penalty",
	"no_repeat_ngram_size", "encoder_no_repeat_ngram_size" };

/* What the reader carries along: once err is set nothing more is done. */
struct config {
	struct modelfile *f;
	const struct json *j;
	const struct family *family;
	bool *used; /* (j->n) values that are heeded */
	size_t n_layer, head_dim, n_ctx;
	char *err;
	bool bad;
};

static void
refuse(struct config *c, const char *fmt, ...) PRINTF(2, 3);

static void
refuse(struct config *c, const char *fmt, ...)
{
	va_list ap;

	if (c->bad)
		return;
	c->bad = true;
	va_start(ap, fmt);
	vsnprintf(c->err, ERRLEN, fmt, ap);
	va_end(ap);
}

/* A key of GGUF, the architecture before it. */
static const char *
arch_key(const struct config *c, char key[128], const char *name)
{
	snprintf(key, 128, "%s.%s", c->family->arch, name);
	return key;
}

static void
put_uint(struct config *c, const char *name, uint64_t v)
{
	char key[128];

	mf_put_uint(c->f, arch_key(c, key, name), v);
}

static void
put_real(struct config *c, const char *name, double v)
{
	char key[128];

	mf_put_float(c->f, arch_key(c, key, name), v);
}

/* The family's name for a member of config.json. */
static const char *
own_name(const struct config *c, const char *name)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].type, c->family->type) == 0 &&
		    strcmp(aliases[i].usual, name) == 0)
			return aliases[i].name;
	return name;
}

/* The value of a member of object `in` (0 is config.json itself), which is
 * heeded now; 0 when it is missing or null. */
static size_t
find(struct config *c, size_t in, const char *name)
{
	size_t v = json_get(c->j, in, name);

	c->used[v] = true;
	return c->j->node[v].type == JSON_NULL ? 0 : v;
}

/* A whole number in [1, 2^31); `none` (0: required) when it is missing. */
static size_t
number(struct config *c, size_t in, const char *name, size_t none)
{
	size_t v = find(c, in, name);
	int64_t n = 0;

	if (v == 0 && none == 0)
		refuse(c, "%s: missing", name);
	else if (v != 0 && (!json_int(c->j, v, &n) || n < 1 || n > INT32_MAX))
		refuse(c, "%s: not a whole number from 1 to 2147483647", name);
	return c->bad ? 1 : v == 0 ? none : (size_t)n;
}

/* A number > 0; `none` (0: required) when it is missing. */
static double
real(struct config *c, size_t in, const char *name, double none)
{
	size_t v = find(c, in, name);
	double d = none;

	if (v == 0 && !(none > 0))
		refuse(c, "%s: missing", name);
	else if (v != 0 && (!json_double(c->j, v, &d) || !(d > 0)))
		refuse(c, "%s: not a number above 0", name);
	return c->bad ? 1 : d;
}

static bool
truth(struct config *c, const char *name, bool none)
{
	size_t v = find(c, 0, name);
	int type = v == 0 ? none ? JSON_TRUE : JSON_FALSE : c->j->node[v].type;

	if (type != JSON_TRUE && type != JSON_FALSE)
		refuse(c, "%s: not true or false", name);
	return type == JSON_TRUE;
}

/* String v for a message's %.*s. */
#define SHOW(c, v) (int)((c)->j->node[v].len > 64 ? 64 : (c)->j->node[v].len), \
	(c)->j->text + (c)->j->node[v].at

/* Which of the words, separated by single blanks, the string is; -1 after
 * refusing what is none of them; 0 when it is missing. */
static int
word(struct config *c, size_t in, const char *name, const char *words)
{
	size_t v = find(c, in, name), n;
	char one[32];

	for (int i = 0; v != 0; i++, words += n + (words[n] == ' ')) {
		if ((n = strcspn(words, " ")) == 0) {
			refuse(c, "%s: %.*s: not supported", name, SHOW(c, v));
			return -1;
		}
		snprintf(one, sizeof(one), "%.*s", (int)n, words);
		if (json_equal(c->j, v, one))
			return i;
	}
	return 0;
}

static void
sizes(struct config *c)
{
	bool gpt2 = strcmp(c->family->type, "gpt2") == 0;
	size_t n_embd = number(c, 0, own_name(c, "hidden_size"), 0);
	size_t n_head = number(c, 0, own_name(c, "num_attention_heads"), 0);

	c->n_layer = number(c, 0, own_name(c, "num_hidden_layers"), 0);
	if (c->n_layer > 1 << 14)
		refuse(c, "%zu layers", c->n_layer);
	c->n_ctx = number(c, 0, own_name(c, "max_position_embeddings"), 0);
	c->head_dim = number(c, 0, "head_dim", c->family->head_dim > 0
	        ? c->family->head_dim : n_embd / n_head > 0
	            ? n_embd / n_head : 1);
	if (c->head_dim > 1 << 14)
		refuse(c, "heads of %zu dimensions", c->head_dim);
	put_uint(c, "embedding_length", n_embd);
	put_uint(c, "block_count", c->n_layer);
	put_uint(c, "context_length", c->n_ctx);
	put_uint(c, "feed_forward_length", number(c, 0,
	    own_name(c, "intermediate_size"), gpt2 ? 4 * n_embd : 0));
	put_uint(c, "vocab_size", number(c, 0, "vocab_size", 0));
	put_uint(c, "attention.head_count", n_head);
	put_uint(c, "attention.head_count_kv", number(c, 0,
	    "num_key_value_heads", n_head));
	put_uint(c, "attention.key_length", c->head_dim);
	put_uint(c, "attention.value_length", c->head_dim);
	put_real(c, strcmp(c->family->eps_key, rms) == 0
	        ? "attention.layer_norm_rms_epsilon"
	        : "attention.layer_norm_epsilon",
	    real(c, 0, c->family->eps_key, c->family->eps));
}

/* By how much each pair of Llama 3 turns slower: those with a wavelength above
 * original/low by factor, those below original/high not at all, between them a
 * ramp. */
static void
llama3_factors(struct config *c, size_t in, size_t dim, double base,
    double orig)
{
	double factor = real(c, in, "factor", 0);
	double low = real(c, in, "low_freq_factor", 0);
	double high = real(c, in, "high_freq_factor", 0);
	float *v = mf_put_floats(c->f, "rope_freqs.weight", dim / 2);

	if (!c->bad && !(high > low))
		refuse(c, "high_freq_factor: not above low_freq_factor");
	for (size_t i = 0; i < dim / 2 && !c->bad; i++) {
		double turn = fm_exp(-2.0 * (double)i / (double)dim *
		    fm_log(base));
		double turns = orig * turn / 6.283185307179586;
		double smooth = (turns - low) / (high - low);
		if (turns > high)
			v[i] = 1;
		else if (turns < low)
			v[i] = (float)factor;
		else
			v[i] = (float)(1 / ((1 - smooth) / factor + smooth));
	}
}

static void
yarn(struct config *c, size_t in, double orig)
{
	double factor = real(c, in, "factor", (double)c->n_ctx / orig);
	size_t all = find(c, in, "mscale_all_dim"), v = find(c, in, "truncate");
	double scale = all != 0 ? real(c, in, "mscale_all_dim", 0) : 0;
	double mscale = real(c, in, "mscale", 1), ln = fm_log(factor);

	put_real(c, "rope.scaling.factor", factor);
	if (v != 0 && c->j->node[v].type != JSON_TRUE)
		refuse(c, "truncate: not supported");
	put_real(c, "rope.scaling.yarn_beta_fast", real(c, in, "beta_fast",
	    32));
	put_real(c, "rope.scaling.yarn_beta_slow", real(c, in, "beta_slow",
	    1));
	if (find(c, in, "attention_factor") != 0)
		put_real(c, "rope.scaling.yarn_attn_factor",
		    real(c, in, "attention_factor", 0));
	else if (all != 0 && find(c, in, "mscale") != 0)
		put_real(c, "rope.scaling.yarn_attn_factor", factor <= 1 ? 1
		    : (0.1 * mscale * ln + 1) / (0.1 * scale * ln + 1));
}

/* One number a pair: the tensor of that name. */
static void
longrope_factors(struct config *c, size_t in, const char *name, size_t n,
    const char *tensor)
{
	size_t list = find(c, in, name), e = list + 1;
	float *v = mf_put_floats(c->f, tensor, n);
	double d = 0;

	if (list == 0 || c->j->node[list].type != JSON_ARRAY ||
	    c->j->node[list].len != n) {
		refuse(c, "%s: not %zu numbers", name, n);
		return;
	}
	for (size_t i = 0; i < n; i++, e = c->j->node[e].next) {
		if (!json_double(c->j, e, &d) || !(d > 0))
			refuse(c, "%s: not %zu numbers above 0", name, n);
		v[i] = (float)d;
	}
}

static void
longrope(struct config *c, size_t in, size_t dim, double orig)
{
	double factor = real(c, in, "factor", (double)c->n_ctx / orig);
	double scale = 1;

	longrope_factors(c, in, "short_factor", dim / 2,
	    "rope_factors_short.weight");
	longrope_factors(c, in, "long_factor", dim / 2,
	    "rope_factors_long.weight");
	if (factor > 1)
		scale = sqrt(1 + fm_log(factor) / fm_log(orig));
	put_real(c, "rope.scaling.attn_factor", real(c, in, "attention_factor",
	    scale));
}

/* Everything in the object of rotary positions must have been heeded. */
static void
all_used(struct config *c, size_t in)
{
	const struct json_node *node = c->j->node;
	size_t k = in + 1;

	for (size_t n = node[in].len; n > 0; n--, k = node[k + 1].next)
		if (!c->used[k + 1] && node[k + 1].type != JSON_NULL)
			refuse(c, "rope_scaling: %.*s: not supported",
			    SHOW(c, k));
}

static void
rope_scaling(struct config *c, size_t in, size_t dim, double base)
{
	enum { NONE, LINEAR, DYNAMIC, LLAMA3, YARN, LONGROPE, SU };
	static const char types[] = "default linear dynamic llama3 yarn "
	    "longrope su";
	const char *name = find(c, in, "rope_type") != 0 ? "rope_type" : "type";
	bool phi3 = strcmp(c->family->type, "phi3") == 0;
	size_t own = number(c, in, "original_max_position_embeddings",
	    phi3 ? 4096 : c->n_ctx);
	/* what stands beside the object is heeded rather than what is in it */
	size_t orig = number(c, 0, "original_max_position_embeddings", own);
	int type = word(c, in, name, types);
	char key[128];

	find(c, in, "type");
	/* an old name of Phi-3's */
	if (phi3 && type == YARN)
		type = LONGROPE;
	if (type == LINEAR || type == YARN)
		mf_put_string(c->f, arch_key(c, key, "rope.scaling.type"),
		    type == LINEAR ? "linear" : "yarn");
	if (type == LINEAR)
		put_real(c, "rope.scaling.factor", real(c, in, "factor", 0));
	else if (type == DYNAMIC) /* matters beyond n_ctx only */
		real(c, in, "factor", 0);
	else if (type == LLAMA3)
		llama3_factors(c, in, dim, base, (double)orig);
	else if (type == YARN)
		yarn(c, in, (double)orig);
	else if (type >= LONGROPE && phi3)
		longrope(c, in, dim, (double)orig);
	else if (type != NONE)
		refuse(c, "%s: not supported for %s", name, c->family->type);
	if (type >= YARN)
		put_uint(c, "rope.scaling.original_context_length", orig);
}

/*
 * Rotary positions. Transformers 5 writes rope_parameters, with all of it, for
 * Gemma 3 once for each kind of layer; before, rope_theta and others stood
 * beside rope_scaling.
 */
static void
rotary(struct config *c)
{
	const struct family *y = c->family;
	bool gemma3 = strcmp(y->arch, "gemma3") == 0;
	double base = real(c, 0, own_name(c, "rope_theta"), y->theta), local;
	double part = y->partial > 0 ? y->partial : 1;
	size_t scaling = find(c, 0, "rope_scaling"), dim;
	size_t in = find(c, 0, "rope_parameters"), windowed = 0;

	/* heeded where a scaling asks for it */
	find(c, 0, "original_max_position_embeddings");
	part = real(c, 0, own_name(c, "partial_rotary_factor"), part);
	if (gemma3 && json_get(c->j, in, "full_attention") != 0 && in != 0) {
		windowed = find(c, in, "sliding_attention");
		size_t both = in;
		in = find(c, in, "full_attention");
		all_used(c, both);
	}
	if (scaling != 0)
		in = scaling;
	if (in != 0) {
		base = real(c, in, "rope_theta", base);
		part = real(c, in, "partial_rotary_factor", part);
	}
	if (part > 1 || (y->partial <= 0 && part < 1))
		refuse(c, "partial_rotary_factor: %g: not supported", part);
	dim = (size_t)((double)c->head_dim * part);
	put_uint(c, "rope.dimension_count", dim);
	put_real(c, "rope.freq_base", base);
	if (in != 0 && !c->bad) {
		rope_scaling(c, in, dim, base);
		all_used(c, in);
	}
	if (!gemma3)
		return;
	local = real(c, 0, "rope_local_base_freq", 1e4);
	if (windowed != 0) {
		local = real(c, windowed, "rope_theta", local);
		if (word(c, windowed, "rope_type", "default") == 0)
			all_used(c, windowed);
	}
	put_real(c, "rope.freq_base_swa", local);
}

/* Whether a layer sees a window only, where layer_types does not say so. */
static bool
windowed(struct config *c, size_t layer, size_t from, size_t period)
{
	const char *type = c->family->type;

	if (strcmp(type, "gemma2") == 0 || strcmp(type, "gemma3_text") == 0)
		return (layer + 1) % period != 0;
	if (strcmp(type, "smollm3") == 0)
		return (layer + 1) % period == 0;
	return layer >= from;
}

static void
layer_types(struct config *c, size_t list, bool *window)
{
	size_t e = list + 1;

	if (c->j->node[list].type != JSON_ARRAY ||
	    c->j->node[list].len != c->n_layer) {
		refuse(c, "layer_types: not %zu names", c->n_layer);
		return;
	}
	for (size_t i = 0; i < c->n_layer; i++, e = c->j->node[e].next) {
		window[i] = json_equal(c->j, e, "sliding_attention");
		if (!window[i] && !json_equal(c->j, e, "full_attention"))
			refuse(c, "layer_types: %.*s: not supported",
			    SHOW(c, e));
	}
}

/* Which layers see only a window of the last positions, and how wide it is. */
static void
windows(struct config *c, size_t no_rope)
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
	size = number(c, 0, "sliding_window", strcmp(type, "phi3") == 0 ||
	    json_get(c->j, 0, "sliding_window") != 0 ? SIZE_MAX : 4096);
	if (may) {
		from = number(c, 0, "max_window_layers", 28);
		if (!truth(c, "use_sliding_window", false))
			size = SIZE_MAX;
		if (no_rope > 0)
			period = no_rope;
	}
	if (gemma3)
		period = number(c, 0, "sliding_window_pattern", 6);
	if (gemma2 || gemma3 || may)
		list = find(c, 0, "layer_types");
	window = xcalloc(c->n_layer, sizeof(*window));
	for (size_t i = 0; i < c->n_layer; i++)
		window[i] = windowed(c, i, from, period);
	if (list != 0)
		layer_types(c, list, window);
	for (size_t i = 0; i < c->n_layer; i++)
		some |= window[i];
	if (size < c->n_ctx && some) {
		put_uint(c, "attention.sliding_window", size);
		mf_put_bools(c->f, arch_key(c, key,
		    "attention.sliding_window_pattern"), window, c->n_layer);
	}
	free(window);
}

/* SmolLM3: every so manyth layer has no rotary positions. */
static size_t
no_rope_layers(struct config *c)
{
	size_t every = number(c, 0, "no_rope_layer_interval", 4), e;
	size_t list = find(c, 0, "no_rope_layers"), first = c->n_layer + 1;
	int64_t rope = 0;

	if (list != 0 && (c->j->node[list].type != JSON_ARRAY ||
	    c->j->node[list].len < c->n_layer)) {
		refuse(c, "no_rope_layers: not %zu numbers", c->n_layer);
		list = 0;
	}
	for (size_t pass = 0; list != 0 && pass < 2; pass++) {
		e = list + 1;
		for (size_t i = 1; i <= c->n_layer; i++) {
			if (!json_int(c->j, e, &rope))
				refuse(c, "no_rope_layers: not numbers");
			if (pass == 0 && rope == 0 && first > i)
				first = i;
			if (pass == 1 && (rope == 0) != (i % first == 0))
				refuse(c, "no_rope_layers: not every so "
				    "manyth: not supported");
			e = c->j->node[e].next;
		}
		every = first;
	}
	put_uint(c, "no_rope_layer_interval", every);
	return every;
}

/* A soft cap; null is none, `none` what holds when it is missing. */
static void
cap(struct config *c, const char *name, const char *key, double none)
{
	size_t v = json_get(c->j, 0, name);

	if (v != 0 && find(c, 0, name) == 0)
		return;
	if (v != 0 || none > 0)
		put_real(c, key, real(c, 0, name, none));
}

/* What only some families have. */
static void
others(struct config *c)
{
	const char *arch = c->family->arch;
	bool gemma2 = strcmp(arch, "gemma2") == 0;
	char key[128];

	word(c, 0, own_name(c, "hidden_act"), c->family->act);
	if (strncmp(arch, "gemma", 5) == 0)
		word(c, 0, "hidden_activation", "gelu_pytorch_tanh");
	if (gemma2 || strcmp(arch, "gemma3") == 0) {
		put_real(c, "attention.scale", 1 / sqrt(real(c, 0,
		    "query_pre_attn_scalar", 256)));
		cap(c, "attn_logit_softcapping", "attn_logit_softcapping",
		    gemma2 ? 50 : 0);
		cap(c, "final_logit_softcapping", "final_logit_softcapping",
		    gemma2 ? 30 : 0);
	}
	if (strcmp(arch, "granite") == 0) {
		put_real(c, "embedding_scale", real(c, 0,
		    "embedding_multiplier", 1));
		put_real(c, "residual_scale", real(c, 0,
		    "residual_multiplier", 1));
		put_real(c, "attention.scale", real(c, 0,
		    "attention_multiplier", 1));
		put_real(c, "logit_scale", real(c, 0, "logits_scaling", 1));
	}
	if (strcmp(arch, "gptneox") == 0 || strcmp(arch, "stablelm") == 0)
		mf_put_bool(c->f, arch_key(c, key, "use_parallel_residual"),
		    truth(c, "use_parallel_residual", arch[0] == 'g'));
	if (strcmp(arch, "gpt2") == 0 && !truth(c, "scale_attn_weights", true))
		refuse(c, "scale_attn_weights: false: not supported");
}

static void
add_id(struct config *c, const struct json *j, size_t v, uint32_t *id,
    size_t *n)
{
	int64_t i = 0;

	if (!json_int(j, v, &i) || i < 0 || i > INT32_MAX) {
		refuse(c, "eos_token_id: not an id");
		return;
	}
	for (size_t k = 0; k < *n; k++)
		if (id[k] == (uint32_t)i)
			return;
	if (*n == MF_END_IDS)
		refuse(c, "eos_token_id: more than %d ids", MF_END_IDS);
	else
		id[(*n)++] = (uint32_t)i;
}

/* The ids that end a text: those of both files, a number or a list in each. */
static void
end_ids(struct config *c, const struct json *g)
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
is_harmless(const struct config *c, size_t k)
{
	const struct json_node *node = c->j->node;
	const char *name = c->j->text + node[k].at;
	size_t n = node[k].len;

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (json_equal(c->j, k, harmless[i]))
			return true;
	/* training's */
	return (n >= 7 && memcmp(name + n - 7, "dropout", 7) == 0) ||
	    (n >= 6 && memcmp(name + n - 6, "_pdrop", 6) == 0) ||
	    (n >= 14 && memcmp(name + n - 14, "_first_dropout", 14) == 0);
}

static void
unheeded(struct config *c)
{
	const struct json_node *node = c->j->node;
	size_t k = 1;

	for (size_t n = node[0].len; n > 0; n--, k = node[k + 1].next)
		if (!c->used[k + 1] && node[k + 1].type != JSON_NULL &&
		    node[k + 1].type != JSON_FALSE && !is_harmless(c, k))
			refuse(c, "%.*s: not supported", SHOW(c, k));
}

static bool
find_family(struct config *c)
{
	size_t v = json_get(c->j, 0, "model_type");

	if (v == 0 || c->j->node[v].type != JSON_STRING)
		refuse(c, "model_type: missing");
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (!c->bad && json_equal(c->j, v, families[i].type))
			c->family = &families[i];
	if (c->family == NULL)
		refuse(c, "model_type %.*s: not one that can be run",
		    SHOW(c, v));
	return c->family != NULL;
}

int
hf_config(struct modelfile *f, const struct json *j, const struct json *g,
    bool *tied, char *err)
{
	struct config c = { .f = f, .j = j, .err = err };

	c.used = xcalloc(j->n, sizeof(*c.used));
	if (find_family(&c)) {
		mf_put_string(f, "general.architecture", c.family->arch);
		sizes(&c);
		if (!c.bad && c.family->theta > 0)
			rotary(&c);
		if (!c.bad)
			windows(&c, strcmp(c.family->type, "smollm3") == 0
			        ? no_rope_layers(&c) : 0);
		others(&c);
		*tied = truth(&c, "tie_word_embeddings", c.family->tied);
		end_ids(&c, g);
		unheeded(&c);
	}
	free(c.used);
	return c.bad ? -1 : 0;
}
