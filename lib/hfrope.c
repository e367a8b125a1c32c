#include "hfrope.h"

#include <math.h>
#include <string.h>

#include "fmath.h"

/* By how much each pair of Llama 3 turns slower: those with a wavelength above
 * original/low by factor, those below original/high not at all, between them a
 * ramp. */
static void
llama3_factors(struct hf_reader *c, size_t in, size_t dim, double base,
    double orig)
{
	double factor = hf_real(c, in, "factor", 0);
	double low = hf_real(c, in, "low_freq_factor", 0);
	double high = hf_real(c, in, "high_freq_factor", 0);
	float *v = mf_put_floats(c->f, "rope_freqs.weight", dim / 2);

	if (!c->bad && !(high > low))
		hf_refuse(c, "high_freq_factor: not above low_freq_factor");
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
yarn(struct hf_reader *c, size_t in, double orig)
{
	double factor = hf_real(c, in, "factor", (double)c->n_ctx / orig);
	double fast = hf_real(c, in, "beta_fast", 32);
	double slow = hf_real(c, in, "beta_slow", 1);
	double ln = factor > 1 ? fm_log(factor) : 0, scale = 0;
	size_t truncate = hf_find(c, in, "truncate");

	if (truncate != 0 && c->j->node[truncate].type != JSON_TRUE)
		hf_refuse(c, "truncate: not supported");
	if (hf_find(c, in, "mscale") != 0 &&
	    hf_find(c, in, "mscale_all_dim") != 0)
		scale = (0.1 * hf_real(c, in, "mscale", 0) * ln + 1) /
		    (0.1 * hf_real(c, in, "mscale_all_dim", 0) * ln + 1);
	if (hf_find(c, in, "attention_factor") != 0)
		scale = hf_real(c, in, "attention_factor", 0);
	hf_put_real(c, "rope.scaling.factor", factor);
	hf_put_real(c, "rope.scaling.yarn_beta_fast", fast);
	hf_put_real(c, "rope.scaling.yarn_beta_slow", slow);
	if (scale > 0)
		hf_put_real(c, "rope.scaling.yarn_attn_factor", scale);
}

/* One number a pair: the tensor of that name. */
static void
longrope_factors(struct hf_reader *c, size_t in, const char *name, size_t n,
    const char *tensor)
{
	size_t list = hf_find(c, in, name), e = list + 1;
	float *v = mf_put_floats(c->f, tensor, n);
	double d = 0;

	if (list == 0 || c->j->node[list].type != JSON_ARRAY ||
	    c->j->node[list].len != n) {
		hf_refuse(c, "%s: not %zu numbers", name, n);
		return;
	}
	for (size_t i = 0; i < n; i++, e = c->j->node[e].next) {
		if (!json_double(c->j, e, &d) || !(d > 0))
			hf_refuse(c, "%s: not %zu numbers above 0", name, n);
		v[i] = (float)d;
	}
}

static void
longrope(struct hf_reader *c, size_t in, size_t dim, double orig)
{
	double factor = hf_real(c, in, "factor", (double)c->n_ctx / orig);
	double scale = 1;

	longrope_factors(c, in, "short_factor", dim / 2,
	    "rope_factors_short.weight");
	longrope_factors(c, in, "long_factor", dim / 2,
	    "rope_factors_long.weight");
	if (factor > 1)
		scale = sqrt(1 + fm_log(factor) / fm_log(orig));
	scale = hf_real(c, in, "attention_factor", scale);
	hf_put_real(c, "rope.scaling.attn_factor", scale);
}

/* Everything in an object of rotary positions must have been heeded. */
static void
all_used(struct hf_reader *c, size_t in)
{
	const struct json_node *node = c->j->node;
	size_t k = in + 1;

	if (node[in].type != JSON_OBJECT) {
		hf_refuse(c, "rope_scaling: not an object");
		return;
	}
	for (size_t n = node[in].len; n > 0; n--, k = node[k + 1].next)
		if (!c->used[k + 1] && node[k + 1].type != JSON_NULL)
			hf_refuse(c, "rope_scaling: %.*s: not supported",
			    HF_SHOW(c, k));
}

static void
rope_scaling(struct hf_reader *c, size_t in, size_t dim, double base)
{
	enum { NONE, LINEAR, DYNAMIC, LLAMA3, YARN, LONGROPE, SU };
	static const char types[] = "default linear dynamic llama3 yarn "
	    "longrope su";
	static const char context[] = "original_max_position_embeddings";
	bool phi3 = strcmp(c->family->type, "phi3") == 0;
	const char *name = hf_find(c, in, "rope_type") != 0 ? "rope_type"
	                                                    : "type";
	size_t own = hf_number(c, in, context, phi3 ? 4096 : c->n_ctx);
	/* what stands beside the object is heeded rather than what is in it */
	size_t orig = hf_number(c, c->root, context, own);
	int type = hf_word(c, in, name, types);
	char key[128];

	hf_find(c, in, "type");
	/* an old name of Phi-3's */
	if (phi3 && type == YARN)
		type = LONGROPE;
	if (type == LINEAR || type == YARN)
		mf_put_string(c->f, hf_key(c, key, "rope.scaling.type"),
		    type == LINEAR ? "linear" : "yarn");
	if (type == LINEAR)
		hf_put_real(c, "rope.scaling.factor",
		    hf_real(c, in, "factor", 0));
	else if (type == DYNAMIC) /* matters beyond n_ctx only */
		hf_real(c, in, "factor", 0);
	else if (type == LLAMA3)
		llama3_factors(c, in, dim, base, (double)orig);
	else if (type == YARN)
		yarn(c, in, (double)orig);
	else if (type >= LONGROPE && phi3)
		longrope(c, in, dim, (double)orig);
	else if (type != NONE)
		hf_refuse(c, "%s: not supported for %s", name, c->family->type);
	if (type >= YARN)
		hf_put_uint(c, "rope.scaling.original_context_length", orig);
}

/* The windowed layers of Gemma 3 have a base of their own, and are not
 * scaled. */
static void
local_base(struct hf_reader *c, size_t in)
{
	double base = hf_real(c, c->root, "rope_local_base_freq", 1e4);

	if (in != 0) {
		base = hf_real(c, in, "rope_theta", base);
		hf_word(c, in, "rope_type", "default");
		all_used(c, in);
	}
	hf_put_real(c, "rope.freq_base_swa", base);
}

void
hf_rotary(struct hf_reader *c)
{
	const struct hf_family *y = c->family;
	bool gemma3 = strcmp(y->arch, "gemma3") == 0;
	size_t scaling = hf_find(c, c->root, "rope_scaling"), local = 0, dim;
	size_t in = hf_find(c, c->root, "rope_parameters"), both = in;
	double base = hf_real(c, c->root, hf_name(c, "rope_theta"), y->theta);
	double part = hf_real(c, c->root, hf_name(c, "partial_rotary_factor"),
	    y->partial > 0 ? y->partial : 1);

	/* heeded where a scaling asks for it */
	hf_find(c, c->root, "original_max_position_embeddings");
	if (gemma3 && in != 0 && json_get(c->j, in, "full_attention") != 0) {
		in = hf_find(c, both, "full_attention");
		local = hf_find(c, both, "sliding_attention");
		all_used(c, both);
	}
	if (scaling != 0)
		in = scaling;
	if (in != 0) {
		base = hf_real(c, in, "rope_theta", base);
		part = hf_real(c, in, "partial_rotary_factor", part);
	}
	if (part > 1 || (y->partial <= 0 && part < 1))
		hf_refuse(c, "partial_rotary_factor: %g: not supported", part);
	dim = (size_t)((double)c->head_dim * part);
	hf_put_uint(c, "rope.dimension_count", dim);
	hf_put_real(c, "rope.freq_base", base);
	if (in != 0 && !c->bad) {
		rope_scaling(c, in, dim, base);
		all_used(c, in);
	}
	if (gemma3)
		local_base(c, local);
}
