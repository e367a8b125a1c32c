#include "vocab.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define BLANK "\xE2\x96\x81" /* U+2581 */

/*
 * GPT-2's alphabet (bytes_to_unicode in its encoder.py): a byte that is
 * printable in Latin-1 is the character of the same number, the 68 others are
 * U+0100 and up, in order: 0x00..0x20, 0x7F..0xA0, 0xAD.
 */
int
vocab_spell(void *p, unsigned char byte)
{
	uint32_t c = byte;

	if (c <= 0x20)
		c += 0x100;
	else if (c >= 0x7F && c <= 0xA0)
		c += 0x121 - 0x7F;
	else if (c == 0xAD)
		c = 0x143;
	return utf8_encode(p, c);
}

/* The byte that character c spells, or -1. */
static int
spelled(uint32_t c)
{
	if (c > 0x143)
		return -1;
	if (c == 0x143)
		return 0xAD;
	if (c >= 0x121)
		return (int)(c - 0x121 + 0x7F);
	if (c >= 0x100)
		return (int)(c - 0x100);
	if (c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD)
		return -1;
	return (int)c;
}

int32_t
vocab_odd(const struct vocab *v, int32_t id)
{
	enum { RUN = 512 }; /* of most of which all are normal */
	int32_t n = (int32_t)v->n, stop;

	for (; v->type != NULL && id < n; id = stop) {
		stop = n - id < RUN ? n : id + RUN;
		if (vocab_type(v, id) == TOKEN_NORMAL && all_same32(v->type +
		    4 * (size_t)id, (size_t)(stop - id)))
			continue;
		while (vocab_type(v, id) == TOKEN_NORMAL)
			id++;
		return id;
	}
	return n;
}

bool
vocab_is_control(const struct vocab *v, int32_t id)
{
	enum token_type t = vocab_type(v, id);

	return t == TOKEN_CONTROL || t == TOKEN_UNKNOWN || t == TOKEN_UNUSED;
}

bool
vocab_is_eog(const struct vocab *v, int32_t id)
{
	for (size_t i = 0; i < v->neog; i++)
		if (v->eog[i] == id)
			return true;
	return false;
}

/* Append what a spelling in GPT-2's alphabet means. */
static void
put_bytes(struct mf_str s, struct buf *b)
{
	size_t start = b->len;

	buf_room(b, s.len);
	for (size_t i = 0; i < s.len;) {
		uint32_t c;
		int len = utf8_decode(&c, s.p + i, s.len - i);
		int byte = len > 0 ? spelled(c) : -1;
		if (byte < 0) {
			b->len = start;
			buf_put(b, s.p, s.len);
			return;
		}
		b->p[b->len++] = (char)byte;
		i += (size_t)len;
	}
}

/* Append a spelling with U+2581 for blank. */
static void
put_text(struct mf_str s, struct buf *b)
{
	buf_room(b, s.len);
	for (size_t i = 0; i < s.len; i++) {
		bool blank = s.len - i >= 3 && memcmp(s.p + i, BLANK, 3) == 0;
		b->p[b->len++] = blank ? ' ' : s.p[i];
		i += blank ? 2 : 0;
	}
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
vocab_byte(struct mf_str s)
{
	if (s.len != 6 || memcmp(s.p, "<0x", 3) != 0 || s.p[5] != '>' ||
	    hex(s.p[3]) < 0 || hex(s.p[4]) < 0)
		return -1;
	return hex(s.p[3]) << 4 | hex(s.p[4]);
}

void
vocab_piece(const struct vocab *v, int32_t id, struct buf *b)
{
	enum token_type type = vocab_type(v, id);
	struct mf_str s = vocab_token(v, id);
	char byte;

	if (type == TOKEN_NORMAL && v->model == VOCAB_GPT2) {
		put_bytes(s, b);
	} else if (type == TOKEN_NORMAL) {
		put_text(s, b);
	} else if (type == TOKEN_BYTE && v->model != VOCAB_GPT2) {
		byte = (char)vocab_byte(s);
		buf_put(b, &byte, 1);
	} else {
		buf_put(b, s.p, s.len);
	}
}

void
vocab_bytes(const struct vocab *v, int32_t id[256])
{
	for (int i = 0; i < 256; i++)
		id[i] = -1;
	for (int32_t i = vocab_odd(v, 0); i < (int32_t)v->n;
	    i = vocab_odd(v, i + 1))
		if (vocab_type(v, i) == TOKEN_BYTE)
			id[vocab_byte(vocab_token(v, i))] = i;
}

void
vocab_spell_text(const struct vocab *v, const void *text, size_t n,
    struct buf *b)
{
	const unsigned char *p = text;
	char *to = buf_room(b, 3 * n);

	for (size_t i = 0; i < n; i++)
		if (v->model == VOCAB_GPT2) {
			to += vocab_spell(to, p[i]);
		} else if (p[i] == ' ') {
			memcpy(to, BLANK, 3);
			to += 3;
		} else {
			*to++ = (char)p[i];
		}
	b->len = (size_t)(to - b->p);
}

/* The id that a key names, if it is there: 1, 0, -1 as mf_uint. */
static int
read_id(const struct vocab *v, const struct modelfile *g, const char *key,
    int32_t *id, char *err)
{
	uint64_t u;
	int r = mf_uint(g, key, &u, err);

	if (r != 1)
		return r;
	if (u >= v->n)
		return fail(err, "key %s: id %llu is not in the vocabulary of "
		    "%zu", key, (unsigned long long)u, v->n);
	*id = (int32_t)u;
	return 1;
}

static int
read_eog(struct vocab *v, const struct modelfile *g, char *err)
{
	int r = mf_end_ids(g, v->n, v->eog, err);

	v->neog = r > 0 ? (size_t)r : 0;
	return r < 0 ? -1 : 0;
}

static int
check_types(const struct vocab *v, char *err)
{
	for (int32_t i = vocab_odd(v, 0); i < (int32_t)v->n;
	    i = vocab_odd(v, i + 1)) {
		int32_t type = get_i32(v->type + 4 * (size_t)i);
		struct mf_str s;
		if (type < TOKEN_NORMAL || type > TOKEN_BYTE)
			return fail(err, "token %ld: unknown type %ld", (long)i,
			    (long)type);
		if (type != TOKEN_BYTE || v->model == VOCAB_GPT2)
			continue;
		s = vocab_token(v, i);
		if (vocab_byte(s) < 0)
			return fail(err, "token %ld: '%.*s' is no byte",
			    (long)i, s.len > 64 ? 64 : (int)s.len, s.p);
	}
	return 0;
}

static int
read_tokens(struct vocab *v, const struct modelfile *g, char *err)
{
	const struct mf_kv *tokens, *types = NULL;
	int r = mf_array(g, "tokenizer.ggml.tokens", MF_STR, &tokens, err);

	if (r == 0)
		fail(err, "key tokenizer.ggml.tokens: missing");
	if (r != 1)
		return -1;
	if (tokens->n == 0 || tokens->n > INT32_MAX)
		return fail(err, "key tokenizer.ggml.tokens: %llu tokens",
		    (unsigned long long)tokens->n);
	if (mf_array(g, "tokenizer.ggml.token_type", MF_I32, &types,
	        err) < 0)
		return -1;
	if (types != NULL && types->n != tokens->n)
		return fail(err, "%llu tokens, but %llu token types",
		    (unsigned long long)tokens->n, (unsigned long long)types->n);
	v->n = (size_t)tokens->n;
	v->spelled = tokens;
	v->type = types == NULL ? NULL : types->p;
	return check_types(v, err);
}

static int
read_model(struct vocab *v, const struct modelfile *g, char *err)
{
	static const char *const name[] = { [VOCAB_GPT2] = "gpt2",
		[VOCAB_LLAMA] = "llama", [VOCAB_GEMMA4] = "gemma4" };
	struct mf_str model;
	int r = mf_string(g, "pipelm.tokenizer.refused", &model, err);

	if (r == 1)
		return fail(err, "%.*s", (int)(model.len > 240 ? 240 : model.len),
		    model.p);
	r = mf_string(g, "tokenizer.ggml.model", &model, err);
	if (r == 0)
		return fail(err, "key tokenizer.ggml.model: missing");
	if (r < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		if (model.len == strlen(name[i]) &&
		    memcmp(model.p, name[i], model.len) == 0) {
			v->model = (enum vocab_model)i;
			return 0;
		}
	return fail(err, "tokenizer '%.*s' is not known (gpt2, llama and gemma4 "
	    "are)", (int)(model.len > 64 ? 64 : model.len), model.p);
}

static int
read_all(struct vocab *v, const struct modelfile *g, char *err)
{
	int r;

	if (read_model(v, g, err) != 0 || read_tokens(v, g, err) != 0 ||
	    read_eog(v, g, err) != 0 ||
	    (r = read_id(v, g, "tokenizer.ggml.bos_token_id", &v->bos, err)) < 0)
		return -1;
	/* what holds when the file does not say */
	v->add_bos = v->model != VOCAB_GPT2 && r == 1;
	v->add_space = v->model == VOCAB_LLAMA;
	if (mf_bool(g, "tokenizer.ggml.add_bos_token", &v->add_bos, err) < 0 ||
	    mf_bool(g, v->model == VOCAB_GPT2 ? "pipelm.tokenizer.add_space" :
	    "tokenizer.ggml.add_space_prefix", &v->add_space, err) < 0)
		return -1;
	if (v->add_bos && v->bos < 0)
		return fail(err, "texts begin with a BOS token, but key "
		    "tokenizer.ggml.bos_token_id is missing");
	return 0;
}

int
vocab_open(struct vocab *v, const struct modelfile *g, char *err)
{
	*v = (struct vocab) { .bos = -1 };
	if (read_all(v, g, err) == 0)
		return 0;
	vocab_close(v);
	return -1;
}

void
vocab_close(struct vocab *v)
{
	*v = (struct vocab) { .bos = -1 };
}
