#include "ggufkeys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtype.h"
#include "fmath.h"
#include "vocab.h"

/* general.file_type (llama.h, enum llama_ftype) */
static uint32_t
file_type(uint32_t type)
{
	static const uint32_t number[DTYPES] = { [DTYPE_F32] = 0,
		[DTYPE_F16] = 1, [DTYPE_Q4_0] = 2, [DTYPE_Q4_1] = 3,
		[DTYPE_Q8_0] = 7, [DTYPE_Q5_0] = 8, [DTYPE_Q4_K] = 14,
		[DTYPE_Q6_K] = 18, [DTYPE_BF16] = 32 };

	return number[type];
}

/* Whether a key tells of the old file. */
static bool
is_old(struct mf_str key)
{
	static const char *const old[] = { "general.architecture",
		"general.file_type", "general.quantization_version",
		"general.alignment" };

	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		if (mf_is(key, old[i]))
			return true;
	return mf_begins(key, "split.");
}

/* An array of n elements in b. */
static void
put_array(struct ggufwriter *w, const char *key, enum mf_type type, size_t n,
    struct buf *b)
{
	struct mf_kv kv = { .key = { key, strlen(key) }, .type = type,
		.array = true, .n = n, .p = (const unsigned char *)b->p };

	ggufwrite_key(w, &kv);
	buf_free(b);
}

/* Tokens, and their types, up to as many as there are rows: what is added is
 * never used. Scores, if there are any. */
static void
put_tokens(struct ggufwriter *w, const struct vocab *v, size_t rows,
    const float *score)
{
	struct buf s = { 0 }, type = { 0 }, scores = { 0 };
	char pad[32];

	for (size_t i = 0; i < rows; i++) {
		struct mf_str t = { pad, 0 };
		uint32_t bits = 0;
		if (i < v->n)
			t = vocab_token(v, (int32_t)i);
		else
			t.len = (size_t)snprintf(pad, sizeof(pad), "[PAD%zu]",
			    i);
		buf_put_u32(&s, (uint32_t)t.len);
		buf_put_u32(&s, (uint32_t)(t.len >> 32));
		buf_put(&s, t.p, t.len);
		buf_put_u32(&type, i < v->n ? vocab_type(v, (int32_t)i)
		                        : TOKEN_UNUSED);
		if (score != NULL && i < v->n)
			memcpy(&bits, &score[i], sizeof(bits));
		buf_put_u32(&scores, bits);
	}
	put_array(w, "tokenizer.ggml.tokens", MF_STR, rows, &s);
	put_array(w, "tokenizer.ggml.token_type", MF_I32, rows, &type);
	if (score != NULL)
		put_array(w, "tokenizer.ggml.scores", MF_F32, rows, &scores);
	buf_free(&scores);
}

/* A translated model's tokenizer; what put_key leaves out. */
static void
put_tokenizer(struct ggufwriter *w, const struct modelfile *f,
    const float *score)
{
	const struct mf_tensor *t = mf_tensor(f, "token_embd.weight");
	char err[ERRLEN];
	struct vocab v;

	if (vocab_open(&v, f, err) != 0) {
		ggufwrite_string(w, "tokenizer.ggml.model",
		    (struct mf_str) { "none", 4 });
		return;
	}
	ggufwrite_string(w, "tokenizer.ggml.model", v.model == VOCAB_GPT2
	        ? (struct mf_str) { "gpt2", 4 } : score != NULL
	        ? (struct mf_str) { "llama", 5 }
	        : (struct mf_str) { "gemma4", 6 });
	put_tokens(w, &v, t != NULL && t->ne[1] > v.n ? (size_t)t->ne[1] : v.n,
	    score);
	vocab_close(&v);
}

/* YaRN's own scale, which stands in place of 1 + ln(factor) / 10: llama.cpp
 * knows only a further factor. Whether the key was that. */
static bool
put_yarn(struct ggufwriter *w, const struct modelfile *f, const char *key)
{
	static const char tail[] = ".rope.scaling.yarn_attn_factor";
	size_t n = strlen(key), stem = n - (sizeof(tail) - 1);
	char other[256], err[ERRLEN];
	double scale, factor;

	if (n < sizeof(tail) || strcmp(key + stem, tail) != 0)
		return false;
	snprintf(other, sizeof(other), "%.*s.rope.scaling.factor", (int)stem,
	    key);
	if (mf_float(f, key, &scale, err) != 1 ||
	    mf_float(f, other, &factor, err) != 1)
		return false;
	snprintf(other, sizeof(other), "%.*s.rope.scaling.attn_factor",
	    (int)stem, key);
	ggufwrite_f32(w, other, (float)(scale / (0.1 * fm_log(factor) + 1)));
	return true;
}

/* A key of a translated model. */
static void
put_key(struct ggufwriter *w, const struct modelfile *f, const struct mf_kv *kv,
    bool scored)
{
	char key[256];
	uint64_t u;
	double d;

	if (mf_is(kv->key, "tokenizer.ggml.model") ||
	    mf_is(kv->key, "tokenizer.ggml.tokens") ||
	    mf_is(kv->key, "tokenizer.ggml.token_type") ||
	    (scored && (mf_is(kv->key, "tokenizer.ggml.merges") ||
	    mf_is(kv->key, "tokenizer.ggml.pre"))))
		return;
	snprintf(key, sizeof(key), "%.*s", (int)kv->key.len, kv->key.p);
	if (put_yarn(w, f, key))
		return;
	u = kv->type == MF_U64 || kv->type == MF_F64 ? get_u64(kv->p) : 0;
	memcpy(&d, &u, sizeof(d));
	if (kv->type == MF_U64 && !kv->array && u <= UINT32_MAX)
		ggufwrite_u32(w, key, (uint32_t)u);
	else if (kv->type == MF_F64 && !kv->array)
		ggufwrite_f32(w, key, (float)d);
	else
		ggufwrite_key(w, kv);
}

void
ggufkeys_write(struct ggufwriter *w, const struct modelfile *f, uint32_t type,
    const char *name)
{
	bool translated = f->rope_half;
	float *score = translated ? ggufkeys_scores(f) : NULL;
	struct mf_str arch;
	char err[ERRLEN];

	if (mf_string(f, "general.architecture", &arch, err) == 1)
		ggufwrite_string(w, "general.architecture", arch);
	if (translated)
		ggufwrite_string(w, "general.type",
		    (struct mf_str) { "model", 5 });
	if (translated && mf_find(f, "general.name") == NULL)
		ggufwrite_string(w, "general.name",
		    (struct mf_str) { name, strlen(name) });
	ggufwrite_u32(w, "general.file_type", file_type(type));
	ggufwrite_u32(w, "general.quantization_version", 2);
	if (translated)
		put_tokenizer(w, f, score);
	for (size_t i = 0; i < f->nkv; i++)
		if (is_old(f->kv[i].key))
			;
		else if (translated)
			put_key(w, f, &f->kv[i], score != NULL);
		else
			ggufwrite_key(w, &f->kv[i]);
	free(score);
}
