#include "tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "nfc.h"
#include "unidata.h"
#include "utf8.h"

enum {
	CUTS_FROM = 16384, /* bytes of text from which on cutting it pays for
	                      the table that it takes */
	SHORT = 16384,     /* and up to which to read what it needs alone */
};

static int
cmp_whole(const void *a, const void *b)
{
	struct mf_str s = ((const struct tokenizer_whole *)a)->s;
	struct mf_str t = ((const struct tokenizer_whole *)b)->s;
	int r = memcmp(s.p, t.p, s.len < t.len ? s.len : t.len);

	return r ? r : (s.len > t.len) - (s.len < t.len);
}

/* A token of one byte begins with that and any other. */
static void
set_begin(struct tokenizer *t, struct mf_str s)
{
	size_t i = (size_t)(unsigned char)s.p[0] << 8;

	if (s.len == 1) {
		memset(&t->begin[i / 32], 0xFF, 256 / 8);
		return;
	}
	i |= (unsigned char)s.p[1];
	t->begin[i / 32] |= (uint32_t)1 << i % 32;
}

/* May a recognised token begin at p[0..n), n > 0? */
static bool
may_begin(const struct tokenizer *t, const unsigned char *p, size_t n)
{
	size_t i = (size_t)p[0] << 8 | (n > 1 ? p[1] : 0);

	return t->begin[i / 32] >> i % 32 & 1;
}

/* The tokens that are recognised in texts, of such as `of` allows, if it is not
 * NULL. */
static void
find_whole(struct tokenizer *t, const struct pairs *of)
{
	const struct vocab *v = &t->vocab;
	struct mf_walk token = { .kv = v->spelled };
	struct tokenizer_whole *w = NULL;
	size_t n = 0, cap = 0;

	for (int32_t id = vocab_odd(v, 0); id < (int32_t)v->n;
	    id = vocab_odd(v, id + 1)) {
		enum token_type type = vocab_type(v, id);
		struct mf_str s;
		if (type != TOKEN_USER && !(t->special &&
		    (type == TOKEN_CONTROL || type == TOKEN_UNKNOWN)))
			continue;
		s = mf_walk(&token, (uint64_t)id);
		if (s.len == 0 || (of != NULL && !pairs_allow(of, s.p, s.len)))
			continue;
		w = xgrow(w, &cap, n + 1, sizeof(*w));
		w[n++] = (struct tokenizer_whole) { s, id };
		set_begin(t, s);
	}
	if (n > 0)
		qsort(w, n, sizeof(*w), cmp_whole);
	t->whole = w;
	t->nwhole = n;
}

/* The first of whole[lo..hi), which agree in d bytes, whose byte d is at least
 * c; one that ends before it counts as less. */
static size_t
lower(const struct tokenizer *t, size_t lo, size_t hi, size_t d, int c)
{
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		struct mf_str s = t->whole[mid].s;
		if (s.len <= d || (unsigned char)s.p[d] < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The longest recognised token that p[0..n) begins with, or -1. */
static int32_t
match(const struct tokenizer *t, const unsigned char *p, size_t n)
{
	size_t lo = 0, hi = t->nwhole;
	int32_t best = -1;

	for (size_t d = 0; d < n && lo < hi; d++) {
		lo = lower(t, lo, hi, d, p[d]);
		hi = lower(t, lo, hi, d, p[d] + 1);
		/* the shortest stands first */
		if (lo < hi && t->whole[lo].s.len == d + 1)
			best = t->whole[lo].id;
	}
	return best;
}

static int
encode_word(struct tokenizer *t, const unsigned char *p, size_t n,
    struct ids *out, char *err)
{
	size_t start = out->n;
	int r;

	if (known_find(&t->known, p, n, out))
		return 0;
	if (n >= MERGE_END)
		return fail(err, "a word of %zu bytes is too long", n);
	r = t->vocab.model == VOCAB_LLAMA ?
	    spm_encode(&t->spm, p, n, out, err) :
	    bpe_encode(&t->bpe, p, n, out, err);
	if (r == 0)
		known_add(&t->known, p, n, out->p + start, out->n - start);
	return r;
}

/* Append a text as it is split: bytes, or with U+2581 for blank. */
static void
put_text(struct tokenizer *t, const void *p, size_t n)
{
	if (t->vocab.model == VOCAB_GPT2)
		buf_put(&t->text, p, n);
	else
		vocab_spell_text(&t->vocab, p, n, &t->text);
}

/* A text in which no token is recognised; with `space` one goes in front. */
static int
encode_text(struct tokenizer *t, const unsigned char *p, size_t n, bool space,
    struct ids *out, char *err)
{
	struct words w;
	size_t k, part;

	if (n == 0)
		return 0;
	if (t->nfc && !nfc_is(p, n)) {
		t->form.len = 0;
		nfc_put(&t->form, p, n);
		p = (const unsigned char *)t->form.p;
		n = t->form.len;
	}
	space = space && !(t->space_once && p[0] == ' ');
	if (t->vocab.model != VOCAB_GPT2 || space) {
		t->text.len = 0;
		put_text(t, " ", space);
		put_text(t, p, n);
		p = (const unsigned char *)t->text.p;
		n = t->text.len;
	}
	t->seen += n;
	if (t->vocab.model != VOCAB_GPT2 && t->cuts.bits == NULL &&
	    t->seen > CUTS_FROM)
		cuts_open(&t->cuts, &t->vocab);
	words_begin(&w, t->rule, p, n);
	while ((k = words_next(&w)) > 0)
		for (size_t at = w.at; at < w.at + k; at += part) {
			part = w.at + k - at;
			if (t->cuts.bits != NULL)
				part = cuts_next(&t->cuts, p + at, part);
			if (encode_word(t, p + at, part, out, err) != 0)
				return -1;
		}
	return 0;
}

/* Is p[0..n), n > 0, a space at its beginning? And the character's length. */
static bool
is_space(const unsigned char *p, size_t n, size_t *len)
{
	uint32_t c = UINT32_MAX;

	*len = utf8_length(p, n);
	return utf8_decode(&c, p, n) > 0 && (unidata(c) & UNI_SPACE);
}

/* Where the spaces end that p[0..n) begins with, and those begin that it ends
 * with. */
static size_t
after_spaces(const unsigned char *p, size_t n)
{
	size_t i = 0, len;

	while (i < n && is_space(p + i, n - i, &len))
		i += len;
	return i;
}

static size_t
before_spaces(const unsigned char *p, size_t n)
{
	size_t end = 0, len;

	for (size_t i = 0; i < n; i += len)
		if (!is_space(p + i, n - i, &len))
			end = i + len;
	return end;
}

int
tokenizer_encode(struct tokenizer *t, const void *text, size_t n, bool first,
    struct ids *out, char *err)
{
	const unsigned char *p = text;
	bool space = t->vocab.add_space;
	size_t from = 0, i = 0, k;
	int strip;

	first = first && space;
	while (i < n) {
		int32_t id = -1;
		if (may_begin(t, p + i, n - i))
			id = match(t, p + i, n - i);
		if (id < 0) {
			i++;
			continue;
		}
		strip = t->strip == NULL ? 0 : t->strip[id];
		k = i - from;
		if (strip & TOKENIZER_LSTRIP)
			k = before_spaces(p + from, k);
		if (encode_text(t, p + from, k, first, out, err) != 0)
			return -1;
		ids_add(out, id);
		i += vocab_token(&t->vocab, id).len;
		if (strip & TOKENIZER_RSTRIP)
			i += after_spaces(p + i, n - i);
		from = i;
		first = space && !t->space_first;
	}
	return encode_text(t, p + from, n - from, first, out, err);
}

/* The rule that splits texts, and what depends on it. */
static int
find_rule(struct tokenizer *t, const struct modelfile *g, char *err)
{
	struct vocab *v = &t->vocab;
	struct mf_str pre = { "gemma4", 6 };
	int r = 1;

	if (v->model == VOCAB_LLAMA) {
		t->rule = pretok_find("none", 4);
		return 0;
	}
	r = mf_string(g, "tokenizer.ggml.pre", &pre, err);
	if (r == 0 && v->model == VOCAB_GPT2)
		fail(err, "key tokenizer.ggml.pre: missing");
	if (r < 0 || (r == 0 && v->model == VOCAB_GPT2))
		return -1;
	if ((t->rule = pretok_find(pre.p, pre.len)) == NULL)
		return fail(err, "pre-tokenizer '%.*s' is not known",
		    (int)(pre.len > 64 ? 64 : pre.len), pre.p);
	if (mf_find(g, "tokenizer.ggml.add_bos_token") == NULL)
		v->add_bos = v->add_bos || (t->rule->add_bos && v->bos >= 0);
	return 0;
}

/* The keys that GGUF does not have: see hftok.h. */
static int
read_strip(struct tokenizer *t, const struct modelfile *g, const char *key,
    int strip, char *err)
{
	const struct mf_kv *kv;
	int r = mf_array(g, key, MF_I32, &kv, err);

	if (r <= 0)
		return r;
	if (t->strip == NULL)
		t->strip = xcalloc(t->vocab.n, 1);
	for (uint64_t i = 0; i < kv->n; i++) {
		int32_t id = get_i32(kv->p + 4 * i);
		if (id < 0 || (size_t)id >= t->vocab.n)
			return fail(err, "key %s: id %ld is not in the "
			    "vocabulary of %zu", key, (long)id, t->vocab.n);
		t->strip[id] |= (unsigned char)strip;
	}
	return 0;
}

static int
read_own(struct tokenizer *t, const struct modelfile *g, char *err)
{
	t->whole_words = t->rule->whole;
	if (mf_bool(g, "pipelm.tokenizer.nfc", &t->nfc, err) < 0 ||
	    mf_bool(g, "pipelm.tokenizer.space_first", &t->space_first,
	        err) < 0 ||
	    mf_bool(g, "pipelm.tokenizer.space_once", &t->space_once,
	        err) < 0 ||
	    mf_bool(g, "pipelm.tokenizer.ignore_merges", &t->whole_words,
	        err) < 0 ||
	    read_strip(t, g, "pipelm.tokenizer.lstrip", TOKENIZER_LSTRIP,
	        err) < 0)
		return -1;
	return read_strip(t, g, "pipelm.tokenizer.rstrip", TOKENIZER_RSTRIP,
	    err);
}

int
tokenizer_open(struct tokenizer *t, const struct modelfile *g, bool special,
    char *err)
{
	*t = (struct tokenizer) { .special = special };
	if (vocab_open(&t->vocab, g, err) != 0)
		return -1;
	known_open(&t->known);
	if (find_rule(t, g, err) != 0 || read_own(t, g, err) != 0) {
		tokenizer_close(t);
		return -1;
	}
	return 0;
}

/* The pairs of bytes that the tokens of a text are spelled with, and those that
 * they are merged of, to x, and some more. False when the text is long, or would
 * have to be put into form NFC first. */
static bool
find_pairs(struct tokenizer *t, struct pairs *x, const void *text, size_t n)
{
	unsigned char blank;

	if (text == NULL || n > SHORT || (t->nfc && !nfc_is(text, n)))
		return false;
	t->text.len = 0;
	vocab_spell_text(&t->vocab, " ", 1, &t->text);
	blank = (unsigned char)t->text.p[t->text.len - 1];
	vocab_spell_text(&t->vocab, text, n, &t->text);
	pairs_add(x, t->text.p, t->text.len);
	/* what stands behind a recognised token may get one in front */
	for (size_t i = 0; t->vocab.add_space && i < t->text.len; i++)
		pairs_put(x, blank, (unsigned char)t->text.p[i]);
	/* what begins or ends as <0x61>: a byte may be merged with others */
	for (int i = 0; t->vocab.model == VOCAB_GEMMA4 && i < 256; i++) {
		pairs_put(x, '<', (unsigned char)i);
		pairs_put(x, '>', (unsigned char)i);
		pairs_put(x, (unsigned char)i, '<');
		pairs_put(x, (unsigned char)i, '>');
	}
	return true;
}

int
tokenizer_read(struct tokenizer *t, const struct modelfile *g,
    const void *text, size_t n, char *err)
{
	struct pairs plain = { { 0 } }, x = { { 0 } };
	const struct pairs *of = find_pairs(t, &x, text, n) ? &x : NULL;

	if (of != NULL)
		pairs_add(&plain, text, n);
	find_whole(t, of != NULL ? &plain : NULL);
	if (t->vocab.model == VOCAB_LLAMA)
		return spm_open(&t->spm, &t->vocab, g, of, err);
	return bpe_open(&t->bpe, &t->vocab, g, t->whole_words, of, err);
}

void
tokenizer_close(struct tokenizer *t)
{
	bpe_close(&t->bpe);
	spm_close(&t->spm);
	cuts_close(&t->cuts);
	known_close(&t->known);
	vocab_close(&t->vocab);
	buf_free(&t->text);
	buf_free(&t->form);
	free(t->strip);
	free(t->whole);
	*t = (struct tokenizer) { 0 };
}
