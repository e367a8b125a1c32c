#include "hfread.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void
hf_refuse(struct hf_reader *c, const char *fmt, ...)
{
	va_list ap;

	if (c->bad)
		return;
	c->bad = true;
	va_start(ap, fmt);
	vsnprintf(c->err, ERRLEN, fmt, ap);
	va_end(ap);
}

const char *
hf_key(const struct hf_reader *c, char key[128], const char *name)
{
	snprintf(key, 128, "%s.%s", c->family->arch, name);
	return key;
}

void
hf_put_uint(struct hf_reader *c, const char *name, uint64_t v)
{
	char key[128];

	mf_put_uint(c->f, hf_key(c, key, name), v);
}

void
hf_put_real(struct hf_reader *c, const char *name, double v)
{
	char key[128];

	mf_put_float(c->f, hf_key(c, key, name), v);
}

const char *
hf_name(const struct hf_reader *c, const char *name)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].type, c->family->type) == 0 &&
		    strcmp(aliases[i].usual, name) == 0)
			return aliases[i].name;
	return name;
}

size_t
hf_find(struct hf_reader *c, size_t in, const char *name)
{
	size_t v = json_get(c->j, in, name);

	c->used[v] = true;
	return c->j->node[v].type == JSON_NULL ? 0 : v;
}

size_t
hf_number(struct hf_reader *c, size_t in, const char *name, size_t none)
{
	size_t v = hf_find(c, in, name);
	int64_t n = 0;

	if (v == 0 && none == 0)
		hf_refuse(c, "%s: missing", name);
	else if (v != 0 && (!json_int(c->j, v, &n) || n < 1 || n > INT32_MAX))
		hf_refuse(c, "%s: not a whole number from 1 to 2147483647",
		    name);
	return c->bad ? 1 : v == 0 ? none : (size_t)n;
}

double
hf_real(struct hf_reader *c, size_t in, const char *name, double none)
{
	size_t v = hf_find(c, in, name);
	double d = none;

	if (v == 0 && !(none > 0))
		hf_refuse(c, "%s: missing", name);
	else if (v != 0 && (!json_double(c->j, v, &d) || !(d > 0)))
		hf_refuse(c, "%s: not a number above 0", name);
	return c->bad ? 1 : d;
}

bool
hf_truth(struct hf_reader *c, const char *name, bool none)
{
	size_t v = hf_find(c, c->root, name);
	int type = v == 0 ? none ? JSON_TRUE : JSON_FALSE : c->j->node[v].type;

	if (type != JSON_TRUE && type != JSON_FALSE)
		hf_refuse(c, "%s: not true or false", name);
	return type == JSON_TRUE;
}

int
hf_word(struct hf_reader *c, size_t in, const char *name, const char *words)
{
	size_t v = hf_find(c, in, name), n;
	char one[32];

	for (int i = 0; v != 0; i++, words += n + (words[n] == ' ')) {
		if ((n = strcspn(words, " ")) == 0) {
			hf_refuse(c, "%s: %.*s: not supported", name,
			    HF_SHOW(c, v));
			return -1;
		}
		snprintf(one, sizeof(one), "%.*s", (int)n, words);
		if (json_equal(c->j, v, one))
			return i;
	}
	return 0;
}
