#include "bpe.h"

#include <stdlib.h>
#include <string.h>

#include "chosen.h"
#include "utf8.h"

/* The slot of a pair: its own, or the free one where it would go. */
static struct bpe_merge *
merge_slot(const struct bpe *b, int32_t left, int32_t right)
{
	uint64_t h = (uint64_t)left << 32 | (uint32_t)right;

	h *= 0x9E3779B97F4A7C15;
	for (size_t i = (size_t)(h ^ h >> 32);; i++) {
		struct bpe_merge *m = &b->slot[i & b->mask];
		if (m->rank == 0 || (m->left == left && m->right == right))
			return m;
	}
}

/* Whether the token is spelled by these two parts. */
static bool
is_joined(struct mf_str s, struct mf_str a, struct mf_str b)
{
	return s.len == a.len + b.len && memcmp(s.p, a.p, a.len) == 0 &&
	    memcmp(s.p + a.len, b.p, b.len) == 0;
}

/* What a merge makes is looked for first in the token behind what the last one
 * made: so it is in most lists. */
struct guess {
	uint32_t first; /* the token of the first merge, if always so */
	struct mf_walk token;
};

/* The token that two parts spell together, or -1. */
static int32_t
find_joined(struct bpe *b, struct mf_str left, struct mf_str right,
    uint32_t rank, struct guess *g)
{
	const uint32_t guess = g->first + rank;

	if (guess < b->vocab->n &&
	    is_joined(mf_walk(&g->token, guess), left, right))
		return (int32_t)guess;
	b->spelled.len = 0;
	buf_put(&b->spelled, left.p, left.len);
	buf_put(&b->spelled, right.p, right.len);
	return spelling_find(&b->spelling, b->spelled.p, b->spelled.len);
}

static int
bad_merge(uint32_t rank, struct mf_str s, const char *what, char *err)
{
	return fail(err, "merge %lu: '%.*s': %s is not in the vocabulary",
	    (unsigned long)rank, (int)(s.len > 64 ? 64 : s.len), s.p, what);
}

/* What "left right" may mean: there may be blanks in the tokens as well. */
struct parts {
	struct mf_str left, right;
	int32_t l, r; /* -1: no token */
	bool outside; /* no text that is to come needs them */
};

/* What counts is the first blank that has tokens on both sides. False when there
 * is none. Where more than one stands, what they make has a blank, which no word
 * has: what is outside needs no second try. */
static bool
find_parts(const struct bpe *b, struct mf_str s, const struct pairs *of,
    struct parts *x)
{
	const char *blank = s.p, *end = s.p + s.len;

	*x = (struct parts) { .l = -1 };
	while (blank + 1 < end && (blank = memchr(blank + 1, ' ',
	    (size_t)(end - blank - 1))) != NULL && blank + 1 < end) {
		x->left = (struct mf_str) { s.p, (size_t)(blank - s.p) };
		x->right = (struct mf_str) { blank + 1,
			(size_t)(end - blank - 1) };
		x->l = spelling_find(&b->spelling, x->left.p, x->left.len);
		x->r = spelling_find(&b->spelling, x->right.p, x->right.len);
		if (x->l >= 0 && x->r >= 0)
			break;
		x->outside = of != NULL &&
		    !(pairs_allow(of, x->left.p, x->left.len) &&
		    pairs_allow(of, x->right.p, x->right.len));
		if (x->outside)
			break;
	}
	return x->left.p != NULL;
}

/* Add the merge "left right" of this rank. */
static int
add_merge(struct bpe *b, struct mf_str s, uint32_t rank,
    const struct pairs *of, struct guess *g, char *err)
{
	struct bpe_merge *slot;
	struct parts x;
	int32_t into;

	if (!find_parts(b, s, of, &x))
		return fail(err, "merge %lu: not two tokens: '%.*s'",
		    (unsigned long)rank, (int)(s.len > 64 ? 64 : s.len), s.p);
	if (x.l < 0 || x.r < 0)
		return x.outside ? 0 : bad_merge(rank, s,
		    x.l < 0 ? "the first" : "the second", err);
	into = find_joined(b, x.left, x.right, rank, g);
	if (into < 0)
		return bad_merge(rank, s, "the result", err);
	g->first = (uint32_t)into - rank;
	slot = merge_slot(b, x.l, x.r);
	if (slot->rank != 0)
		return fail(err, "merges %lu and %lu are both '%.*s'",
		    (unsigned long)slot->rank - 1, (unsigned long)rank,
		    (int)(s.len > 64 ? 64 : s.len), s.p);
	*slot = (struct bpe_merge) { x.l, x.r, into, rank + 1 };
	return 0;
}

/* Whether a text with such pairs may hold what "left right" makes. */
static inline bool
is_wanted(const struct pairs *of, struct mf_str s)
{
	const unsigned char *p = (const unsigned char *)s.p, *end = p + s.len;

	if (s.len < 3)
		return true;
	/* behind a first byte, and before a last one, the blank that parts */
	return pairs_has(of, p[0], p[p[1] == ' ' ? 2 : 1]) &
	    pairs_has(of, end[end[-2] == ' ' ? -3 : -2], end[-1]);
}

static int
read_merges(struct bpe *b, const struct modelfile *g, const struct pairs *of,
    char *err)
{
	const struct mf_kv *kv;
	struct chosen *list = NULL;
	struct guess guess = { .token = { .kv = b->vocab->spelled } };
	const unsigned char *at;
	size_t size = 16, n;
	int r = mf_array(g, "tokenizer.ggml.merges", MF_STR, &kv, err);

	if (r == 0)
		return fail(err, "key tokenizer.ggml.merges: missing");
	if (r < 0)
		return -1;
	if (kv->n > INT32_MAX)
		return fail(err, "key tokenizer.ggml.merges: %llu merges",
		    (unsigned long long)kv->n);
	at = kv->p;
	n = (size_t)kv->n;
	if (of != NULL)
		list = chosen(kv, of, is_wanted, &n);
	while (size < n + n / 2)
		size *= 2;
	b->mask = size - 1;
	b->slot = xaligned(size, sizeof(*b->slot));
	r = 0;
	for (uint32_t i = 0; i < n && r == 0; i++)
		r = of == NULL
		    ? add_merge(b, mf_next_str(&at), i, of, &guess, err)
		    : add_merge(b, list[i].s, list[i].number, of, &guess, err);
	free(list);
	return r;
}

/* The tokens of bytes by themselves. */
static void
find_bytes(struct bpe *b)
{
	if (b->vocab->model != VOCAB_GPT2) {
		vocab_bytes(b->vocab, b->byte);
		return;
	}
	for (int i = 0; i < 256; i++) {
		char p[2];
		int n = vocab_spell(p, (unsigned char)i);
		int32_t id = spelling_find(&b->spelling, p, (size_t)n);
		b->byte[i] = id >= 0 && vocab_type(b->vocab, id) == TOKEN_NORMAL
		    ? id : -1;
	}
}

int
bpe_open(struct bpe *b, const struct vocab *v, const struct modelfile *g,
    bool whole, const struct pairs *of, char *err)
{
	*b = (struct bpe) { .vocab = v, .whole = whole };
	if (spelling_open(&b->spelling, v, ~0u, of, err) == 0 &&
	    read_merges(b, g, of, err) == 0) {
		find_bytes(b);
		return 0;
	}
	bpe_close(b);
	return -1;
}

void
bpe_close(struct bpe *b)
{
	free(b->slot);
	spelling_close(&b->spelling);
	merge_free(&b->merge);
	buf_free(&b->spelled);
	*b = (struct bpe) { 0 };
}

static void
rank(void *arg, struct symbol *x, const struct symbol *y, uint32_t end)
{
	const struct bpe *b = arg;
	const struct bpe_merge *m = merge_slot(b, x->id, y->id);

	(void)end;
	if (m->rank == 0)
		return;
	x->rank = m->rank - 1;
	x->into = m->into;
}

/* The token of a normal token's text, or -1. */
static int32_t
find_whole(struct bpe *b, const unsigned char *word, size_t n)
{
	int32_t id;

	b->spelled.len = 0;
	vocab_spell_text(b->vocab, word, n, &b->spelled);
	id = spelling_find(&b->spelling, b->spelled.p, b->spelled.len);
	return id < 0 || vocab_type(b->vocab, id) != TOKEN_NORMAL ? -1 : id;
}

/* The characters of the word that are tokens, the bytes of all others, to
 * s: how many. */
static size_t
characters(const struct bpe *b, struct symbol *s, const unsigned char *word,
    size_t n)
{
	size_t k = 0, len;

	for (size_t i = 0; i < n; i += len) {
		int32_t id;
		len = utf8_length(word + i, n - i);
		id = spelling_find(&b->spelling, word + i, len);
		if (id >= 0 && vocab_type(b->vocab, id) != TOKEN_NORMAL)
			id = -1;
		for (size_t j = 0; j < (id < 0 ? len : 1); j++, k++) {
			s[k].at = (uint32_t)(i + j);
			s[k].id = id < 0 ? b->byte[word[i + j]] : id;
		}
	}
	return k;
}

static size_t
bytes(const struct bpe *b, struct symbol *s, const unsigned char *word, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s[i].at = (uint32_t)i;
		s[i].id = b->byte[word[i]];
	}
	return n;
}

int
bpe_encode(struct bpe *b, const unsigned char *word, size_t n, struct ids *out,
    char *err)
{
	int32_t id = b->whole ? find_whole(b, word, n) : -1;
	struct symbol *s;

	if (id >= 0) {
		ids_add(out, id);
		return 0;
	}
	s = merge_begin(&b->merge, n);
	merge_cut(&b->merge, b->vocab->model == VOCAB_GPT2 ?
	    bytes(b, s, word, n) : characters(b, s, word, n));
	for (size_t i = 0; i < b->merge.n; i++)
		if (s[i].id < 0)
			return fail(err, "the vocabulary has no token for byte "
			    "0x%02X", word[s[i].at]);
	merge_run(&b->merge, rank, b);
	for (uint32_t i = 0; i != MERGE_END; i = s[i].next)
		ids_add(out, s[i].id);
	return 0;
}
