#include "hftok.h"

#include <stdlib.h>
#include <string.h>

#include "hfsteps.h"
#include "ids.h"
#include "vocab.h"

enum { MAX_ID = 1 << 24 };

/* The vocabulary while it is put together, by id. */
struct tokens {
	size_t n, cap;
	struct {
		char *p; /* NULL: no token has this id */
		size_t len;
		enum token_type type;
	} *token;
	struct ids lstrip, rstrip; /* see hftok.h */
};

static void
tokens_free(struct tokens *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->token[i].p);
	free(t->token);
	free(t->lstrip.p);
	free(t->rstrip.p);
}

static bool
is_true(const struct json *j, size_t v, const char *key)
{
	size_t at = json_get(j, v, key);

	return at != 0 && j->node[at].type == JSON_TRUE;
}

/* String v, to the end of b. */
static void
put_string(struct buf *b, const struct json *j, size_t v)
{
	char *p = buf_room(b, j->node[v].len);

	b->len += json_string(j, v, p);
}

/* Token `id` is spelled as string v; it may be there already, spelled so. */
static int
add_token(struct tokens *t, const struct json *j, size_t v, int64_t id,
    enum token_type type, char *err)
{
	struct buf s = { 0 };
	size_t have = t->n;

	if (id < 0 || id >= MAX_ID)
		return fail(err, "token id %lld: out of range", (long long)id);
	put_string(&s, j, v);
	if ((size_t)id >= have) {
		t->n = (size_t)id + 1;
		t->token = xgrow(t->token, &t->cap, t->n, sizeof(*t->token));
		memset(t->token + have, 0, (t->n - have) * sizeof(*t->token));
	}
	if (t->token[id].p != NULL && (t->token[id].len != s.len ||
	    memcmp(t->token[id].p, s.p, s.len) != 0)) {
		fail(err, "token id %lld: both '%.*s' and '%.*s'",
		    (long long)id, (int)(t->token[id].len > 64 ? 64 :
		    t->token[id].len), t->token[id].p,
		    (int)(s.len > 64 ? 64 : s.len), s.p);
		buf_free(&s);
		return -1;
	}
	free(t->token[id].p);
	t->token[id].p = s.p != NULL ? s.p : xcalloc(1, 1);
	t->token[id].len = s.len;
	t->token[id].type = type;
	return 0;
}

/* model.vocab: {"spelling": id, ...} */
static int
read_vocab(struct tokens *t, const struct json *j, size_t model,
    const struct hf_steps *s, char *err)
{
	size_t vocab = json_get(j, model, "vocab"), n, k;
	int64_t id;

	if (vocab == 0 || j->node[vocab].type != JSON_OBJECT)
		return fail(err, "model: no vocab");
	n = j->node[vocab].len;
	k = vocab + 1;
	for (size_t i = 0; i < n; i++, k = j->node[k + 1].next) {
		if (!json_int(j, k + 1, &id))
			return fail(err, "model: a token's id is no number");
		if (add_token(t, j, k, id, TOKEN_NORMAL, err) != 0)
			return -1;
		if (!s->bytes && vocab_byte((struct mf_str) { t->token[id].p,
		    t->token[id].len }) >= 0)
			t->token[id].type = TOKEN_BYTE;
	}
	return 0;
}

/* One of added_tokens. */
static int
add_added(struct tokens *t, const struct json *j, size_t v, bool prepend,
    char *err)
{
	size_t content = json_get(j, v, "content"), id = json_get(j, v, "id");
	bool special = is_true(j, v, "special");
	int64_t n;
	int32_t i;

	if (content == 0 || j->node[content].type != JSON_STRING || id == 0 ||
	    !json_int(j, id, &n))
		return fail(err, "added_tokens: no content, or no id");
	if (add_token(t, j, content, n, special ? TOKEN_CONTROL : TOKEN_USER,
	    err) != 0)
		return -1;
	i = (int32_t)n;
	if (is_true(j, v, "single_word") ||
	    (!special && prepend && is_true(j, v, "normalized")))
		return fail(err, "added token '%.*s': %s is not known",
		    (int)(t->token[i].len > 64 ? 64 : t->token[i].len),
		    t->token[i].p, is_true(j, v, "single_word") ?
		    "single_word" : "normalized");
	if (is_true(j, v, "lstrip"))
		ids_put(&t->lstrip, &i, 1);
	if (is_true(j, v, "rstrip"))
		ids_put(&t->rstrip, &i, 1);
	return 0;
}

static int
read_added(struct tokens *t, const struct json *j, bool prepend, char *err)
{
	size_t added = json_get(j, 0, "added_tokens"), n, e;

	if (added == 0)
		return 0;
	if (j->node[added].type != JSON_ARRAY)
		return fail(err, "added_tokens: not an array");
	n = j->node[added].len;
	e = added + 1;
	for (size_t i = 0; i < n; i++, e = j->node[e].next)
		if (add_added(t, j, e, prepend, err) != 0)
			return -1;
	return 0;
}

/* What the model may say besides its vocabulary and its merges. */
static int
check_model(const struct json *j, size_t model, char *err)
{
	static const char *const affix[] = { "continuing_subword_prefix",
		"end_of_word_suffix" };
	size_t type = json_get(j, model, "type"), v;
	double dropout = 0;

	/* files of before it was written are BPE by their merges */
	if (type != 0 && !json_equal(j, type, "BPE"))
		return fail(err, "model: %.*s is not known (BPE is)",
		    (int)(j->node[type].len > 64 ? 64 : j->node[type].len),
		    j->text + j->node[type].at);
	v = json_get(j, model, "dropout");
	if (v != 0 && j->node[v].type != JSON_NULL &&
	    (!json_double(j, v, &dropout) || dropout != 0))
		return fail(err, "model: dropout is not known");
	for (int i = 0; i < 2; i++) {
		v = json_get(j, model, affix[i]);
		if (v != 0 && j->node[v].type != JSON_NULL &&
		    !json_equal(j, v, ""))
			return fail(err, "model: %s is not known", affix[i]);
	}
	return 0;
}

/* A string as arrays of GGUF have it: its length, its bytes. */
static void
put_counted(struct buf *b, const char *p, size_t n)
{
	unsigned char len[8];

	for (int i = 0; i < 8; i++)
		len[i] = (unsigned char)((uint64_t)n >> 8 * i);
	buf_put(b, len, 8);
	buf_put(b, p, n);
}

/* model.merges: "left right", or ["left", "right"]. */
static int
read_merges(struct modelfile *f, const struct json *j, size_t model, char *err)
{
	size_t merges = json_get(j, model, "merges"), n, e;
	struct buf all = { 0 }, one = { 0 };

	if (merges == 0 || j->node[merges].type != JSON_ARRAY)
		return fail(err, "model: no merges");
	n = j->node[merges].len;
	e = merges + 1;
	for (size_t i = 0; i < n; i++, e = j->node[e].next) {
		bool pair = j->node[e].type == JSON_ARRAY &&
		    j->node[e].len == 2 && j->node[e + 1].type == JSON_STRING &&
		    j->node[e + 2].type == JSON_STRING;
		if (!pair && j->node[e].type != JSON_STRING) {
			buf_free(&all);
			buf_free(&one);
			return fail(err, "model: merge %zu is no pair", i);
		}
		one.len = 0;
		put_string(&one, j, pair ? e + 1 : e);
		if (pair) {
			buf_put(&one, " ", 1);
			put_string(&one, j, e + 2);
		}
		put_counted(&all, one.p, one.len);
	}
	mf_put_array(f, "tokenizer.ggml.merges", MF_STR, n, all.p, all.len);
	buf_free(&all);
	buf_free(&one);
	return 0;
}

static void
put_i32(struct buf *b, int32_t v)
{
	unsigned char s[4];

	for (int i = 0; i < 4; i++)
		s[i] = (unsigned char)((uint32_t)v >> 8 * i);
	buf_put(b, s, 4);
}

static void
put_ids(struct modelfile *f, const char *key, const struct ids *ids)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < ids->n; i++)
		put_i32(&b, ids->p[i]);
	if (ids->n > 0)
		mf_put_array(f, key, MF_I32, ids->n, b.p, b.len);
	buf_free(&b);
}

static void
put_tokens(struct modelfile *f, const struct tokens *t)
{
	struct buf s = { 0 }, type = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		bool hole = t->token[i].p == NULL;
		put_counted(&s, t->token[i].p, t->token[i].len);
		put_i32(&type, hole ? TOKEN_UNUSED : (int)t->token[i].type);
	}
	mf_put_array(f, "tokenizer.ggml.tokens", MF_STR, t->n, s.p, s.len);
	mf_put_array(f, "tokenizer.ggml.token_type", MF_I32, t->n, type.p,
	    type.len);
	buf_free(&s);
	buf_free(&type);
	put_ids(f, "pipelm.tokenizer.lstrip", &t->lstrip);
	put_ids(f, "pipelm.tokenizer.rstrip", &t->rstrip);
}

/* The token that tokenizer_config.json names under a key: "</s>", or
 * {"content": "</s>", ...}; -1 when there is none. */
static int64_t
named(const struct tokens *t, const struct json *c, const char *key)
{
	size_t v = json_get(c, 0, key);
	struct buf s = { 0 };
	int64_t id = -1;

	if (v != 0 && c->node[v].type == JSON_OBJECT)
		v = json_get(c, v, "content");
	if (v == 0 || c->node[v].type != JSON_STRING)
		return -1;
	put_string(&s, c, v);
	for (size_t i = 0; i < t->n && id < 0; i++)
		if (t->token[i].p != NULL && t->token[i].len == s.len &&
		    memcmp(t->token[i].p, s.p, s.len) == 0)
			id = (int64_t)i;
	buf_free(&s);
	return id;
}

/* Whether a key that is there already has this end-of-generation id. */
static bool
has_id(const struct modelfile *f, const char *key, uint64_t id)
{
	for (size_t i = 0; i < f->nkv; i++) {
		const struct mf_kv *kv = &f->kv[i];
		if (kv->key.len != strlen(key) ||
		    memcmp(kv->key.p, key, kv->key.len) != 0)
			continue;
		for (uint64_t k = 0; k < kv->n; k++)
			if ((kv->type == MF_U64 && get_u64(kv->p + 8 * k) == id) ||
			    (kv->type == MF_U32 && get_u32(kv->p + 4 * k) == id))
				return true;
	}
	return false;
}

static bool
has_key(const struct modelfile *f, const char *key)
{
	for (size_t i = 0; i < f->nkv; i++)
		if (f->kv[i].key.len == strlen(key) &&
		    memcmp(f->kv[i].key.p, key, f->kv[i].key.len) == 0)
			return true;
	return false;
}

/* The chat template, unless there is one already: a string, or the one by the
 * name of default in a list. */
static void
put_template(struct modelfile *f, const struct json *c)
{
	static const char key[] = "tokenizer.chat_template";
	size_t v = c == NULL ? 0 : json_get(c, 0, "chat_template");
	struct buf s = { 0 };

	if (v != 0 && c->node[v].type == JSON_ARRAY) {
		size_t e = v + 1, n = c->node[v].len;
		for (v = 0; n > 0 && v == 0; n--, e = c->node[e].next)
			if (json_equal(c, json_get(c, e, "name"), "default"))
				v = json_get(c, e, "template");
	}
	if (v == 0 || c->node[v].type != JSON_STRING || has_key(f, key))
		return;
	put_string(&s, c, v);
	buf_put(&s, "", 1);
	mf_put_string(f, key, s.p);
	buf_free(&s);
}

/* What tokenizer_config.json says. */
static int
put_config(struct modelfile *f, const struct tokens *t, const struct json *c,
    int64_t bos, char *err)
{
	static const char eos_key[] = "tokenizer.ggml.eos_token_id";
	size_t v = c == NULL ? 0 : json_get(c, 0, "add_bos_token");
	int64_t eos = c == NULL ? -1 : named(t, c, "eos_token");
	bool add = bos >= 0;

	if (v != 0 && c->node[v].type != JSON_NULL)
		add = c->node[v].type == JSON_TRUE;
	if (bos < 0 && c != NULL)
		bos = named(t, c, "bos_token");
	if (bos >= (int64_t)t->n)
		return fail(err, "post_processor: id %lld is not in the "
		    "vocabulary", (long long)bos);
	if (bos >= 0)
		mf_put_uint(f, "tokenizer.ggml.bos_token_id", (uint64_t)bos);
	mf_put_bool(f, "tokenizer.ggml.add_bos_token", add && bos >= 0);
	if (eos >= 0 && !has_key(f, eos_key))
		mf_put_uint(f, eos_key, (uint64_t)eos);
	else if (eos >= 0 && !has_id(f, eos_key, (uint64_t)eos) &&
	    !has_id(f, "tokenizer.ggml.eog_token_ids", (uint64_t)eos))
		mf_put_uint(f, "tokenizer.ggml.eot_token_id", (uint64_t)eos);
	put_template(f, c);
	return 0;
}

static void
put_steps(struct modelfile *f, const struct hf_steps *s, bool whole)
{
	mf_put_string(f, "tokenizer.ggml.model", s->bytes ? "gpt2" : "gemma4");
	mf_put_string(f, "tokenizer.ggml.pre", s->rule);
	mf_put_bool(f, s->bytes ? "pipelm.tokenizer.add_space" :
	    "tokenizer.ggml.add_space_prefix", s->space);
	mf_put_bool(f, "pipelm.tokenizer.space_first", s->space_first);
	mf_put_bool(f, "pipelm.tokenizer.space_once", s->space_once);
	mf_put_bool(f, "pipelm.tokenizer.nfc", s->nfc);
	mf_put_bool(f, "pipelm.tokenizer.ignore_merges", whole);
}

int
hf_tokenizer(struct modelfile *f, const struct json *t, const struct json *c,
    char *err)
{
	size_t model = json_get(t, 0, "model");
	struct tokens tokens = { 0 };
	struct hf_steps steps;
	int r = -1;

	if (model == 0)
		return fail(err, "no model");
	if (check_model(t, model, err) == 0 && hf_steps(&steps, t, err) == 0 &&
	    read_vocab(&tokens, t, model, &steps, err) == 0 &&
	    read_added(&tokens, t, steps.space, err) == 0 &&
	    read_merges(f, t, model, err) == 0 &&
	    put_config(f, &tokens, c, steps.bos, err) == 0) {
		put_steps(f, &steps, is_true(t, model, "ignore_merges"));
		put_tokens(f, &tokens);
		r = 0;
	}
	tokens_free(&tokens);
	return r;
}
