/*
 * spmkeys - a list of merges as scores; see ggufkeys.h. What SentencePiece
 * trained (Llama 2, Mistral, Gemma) Transformers has as merges: for each token,
 * best score first, every way to make it of two others. With scores any two
 * neighbours merge that make a token; so scores say the same when the list has
 * all of these pairs, those of a token one behind the other.
 */
#include <stdlib.h>
#include <string.h>

#include "ggufkeys.h"
#include "spelling.h"
#include "utf8.h"

static const char blank[] = "\xE2\x96\x81"; /* U+2581 */

/* How many pairs of tokens make one. */
static uint64_t
count_pairs(const struct spelling *x)
{
	const struct vocab *v = x->vocab;
	uint64_t n = 0;

	for (int32_t id = 0; id < (int32_t)v->n; id++) {
		struct mf_str s = vocab_token(v, id);
		const unsigned char *p = (const unsigned char *)s.p;
		if ((1u << vocab_type(v, id) & VOCAB_TEXT_TYPES) == 0)
			continue;
		for (size_t at = 0; at < s.len;) {
			at += utf8_length(p + at, s.len - at);
			n += at < s.len && spelling_find(x, p, at) >= 0 &&
			    spelling_find(x, p + at, s.len - at) >= 0;
		}
	}
	return n;
}

/* The token that the merge "left right" makes, or -1. */
static int32_t
made_by(const struct spelling *x, struct mf_str merge, struct buf *b)
{
	for (size_t i = 1; i + 1 < merge.len; i++) {
		size_t rest = merge.len - i - 1;
		if (merge.p[i] != ' ' || spelling_find(x, merge.p, i) < 0 ||
		    spelling_find(x, merge.p + i + 1, rest) < 0)
			continue;
		b->len = 0;
		buf_put(b, merge.p, i);
		buf_put(b, merge.p + i + 1, rest);
		return spelling_find(x, b->p, b->len);
	}
	return -1;
}

/* Minus the number of the token's run of merges; 0 for what none makes. False
 * when a token has two runs. */
static bool
score(float *to, const struct spelling *x, const struct mf_kv *merges)
{
	const unsigned char *p = merges->p;
	int32_t last = -1, id;
	struct buf b = { 0 };
	float runs = 0;
	bool good = merges->n < 1 << 24; /* as many as a float can tell apart */

	for (uint64_t i = 0; i < merges->n && good; i++) {
		id = made_by(x, mf_next_str(&p), &b);
		good = id >= 0 && (id == last || to[id] == 0);
		if (good && id != last)
			to[id] = -++runs;
		last = id;
	}
	buf_free(&b);
	return good;
}

/* Whether a token goes on behind a blank in it: where texts are split at
 * blanks first, none is made of such. */
static bool
has_inner_blank(const struct vocab *v)
{
	const size_t n = sizeof(blank) - 1;

	for (int32_t id = 0; id < (int32_t)v->n; id++) {
		struct mf_str s = vocab_token(v, id);
		for (size_t i = 1; i + n <= s.len; i++)
			if (vocab_type(v, id) == TOKEN_NORMAL &&
			    memcmp(s.p + i, blank, n) == 0)
				return true;
	}
	return false;
}

static bool
is(const struct modelfile *f, const char *key, const char *word)
{
	struct mf_str s;
	char err[ERRLEN];

	return mf_string(f, key, &s, err) == 1 && s.len == strlen(word) &&
	    memcmp(s.p, word, s.len) == 0;
}

float *
ggufkeys_scores(const struct modelfile *f)
{
	const struct mf_kv *merges;
	struct spelling x = { 0 };
	struct vocab v;
	float *to = NULL;
	char err[ERRLEN];
	bool whole = false;

	if (!is(f, "tokenizer.ggml.model", "gemma4") ||
	    mf_bool(f, "pipelm.tokenizer.ignore_merges", &whole, err) < 0 ||
	    whole || vocab_open(&v, f, err) != 0)
		return NULL;
	if (mf_array(f, "tokenizer.ggml.merges", MF_STR, &merges, err) == 1 &&
	    (is(f, "tokenizer.ggml.pre", "none") || !has_inner_blank(&v)) &&
	    spelling_open(&x, &v, VOCAB_TEXT_TYPES, NULL, err) == 0) {
		to = xcalloc(v.n, sizeof(*to));
		if (!score(to, &x, merges) || count_pairs(&x) != merges->n) {
			free(to);
			to = NULL;
		}
		spelling_close(&x);
	}
	vocab_close(&v);
	return to;
}
