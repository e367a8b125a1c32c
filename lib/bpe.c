#include "bpe.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

enum { WORDS = 8192, WORD_BYTES = 22, WORD_IDS = 10 };

/* A word that has been encoded; a later one may take its place. */
struct bpe_word {
	unsigned char len, n; /* n == 0: free */
	unsigned char text[WORD_BYTES];
	int32_t id[WORD_IDS];
};

/* A part of the word at work, in a list in the order of the text. */
struct bpe_symbol {
	int32_t id;
	uint32_t prev, next; /* NONE at the ends */
	uint32_t rank;       /* of merging it with the next one, or NONE */
};

/* The vocabulary by spelling: id + 1, or 0, in a hash table. */
struct index {
	const struct vocab *vocab;
	uint32_t *slot;
	size_t mask;
};

void
ids_put(struct ids *ids, const int32_t *id, size_t n)
{
	if (n == 0)
		return;
	ids->p = xgrow(ids->p, &ids->cap, ids->n + n, sizeof(*ids->p));
	memcpy(ids->p + ids->n, id, n * sizeof(*id));
	ids->n += n;
}

/* FNV-1a, its high bits folded in. */
static size_t
hash(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = 0xCBF29CE484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * 0x100000001B3;
	return (size_t)(h ^ h >> 32);
}

/* A power of two in which n entries leave a third free. */
static size_t
table_size(size_t n)
{
	size_t size = 16;

	while (size < n + n / 2)
		size *= 2;
	return size;
}

/* The slot of a spelling: its own, or the free one where it would go. */
static uint32_t *
index_slot(const struct index *x, const char *p, size_t n)
{
	for (size_t i = hash(p, n);; i++) {
		uint32_t *slot = &x->slot[i & x->mask];
		struct mf_str s;
		if (*slot == 0)
			return slot;
		s = x->vocab->token[*slot - 1];
		if (s.len == n && memcmp(s.p, p, n) == 0)
			return slot;
	}
}

/* The token that is spelled so, or -1. */
static int32_t
index_find(const struct index *x, const char *p, size_t n)
{
	return (int32_t)*index_slot(x, p, n) - 1;
}

static int
index_fill(struct index *x, const struct vocab *v, char *err)
{
	size_t size = table_size(v->n);

	*x = (struct index) { v, xcalloc(size, sizeof(*x->slot)), size - 1 };
	for (size_t i = 0; i < v->n; i++) {
		struct mf_str s = v->token[i];
		uint32_t *slot = index_slot(x, s.p, s.len);
		if (*slot != 0)
			return fail(err, "tokens %lu and %zu are both '%.*s'",
			    (unsigned long)*slot - 1, i,
			    (int)(s.len > 64 ? 64 : s.len), s.p);
		*slot = (uint32_t)i + 1;
	}
	return 0;
}

/* The slot of a pair: its own, or the free one where it would go. */
static uint32_t *
merge_slot(const struct bpe *b, int32_t left, int32_t right)
{
	uint64_t h = (uint64_t)left << 32 | (uint32_t)right;

	h *= 0x9E3779B97F4A7C15;
	for (size_t i = (size_t)(h ^ h >> 32);; i++) {
		uint32_t *slot = &b->slot[i & b->mask];
		const struct bpe_merge *m;
		if (*slot == 0)
			return slot;
		m = &b->merge[*slot - 1];
		if (m->left == left && m->right == right)
			return slot;
	}
}

/* Whether the token is spelled by these two parts. */
static bool
is_joined(const struct vocab *v, int32_t id, struct mf_str a,
    struct mf_str b)
{
	const struct mf_str *s = &v->token[id];

	return s->len == a.len + b.len && memcmp(s->p, a.p, a.len) == 0 &&
	    memcmp(s->p + a.len, b.p, b.len) == 0;
}

/* Add the merge "left right" of this rank. *into is the token that the merge
 * before made; most lists make the next one next. */
static int
add_merge(struct bpe *b, const struct index *x, struct mf_str s,
    uint32_t rank, int32_t *into, char *err)
{
	const char *blank = s.len < 3 ? NULL : memchr(s.p + 1, ' ', s.len - 2);
	struct mf_str left = { s.p, 0 }, right;
	struct buf both = { 0 };
	uint32_t *slot;
	int32_t l, r;

	if (blank == NULL)
		return fail(err, "merge %lu: not two tokens: '%.*s'",
		    (unsigned long)rank, (int)(s.len > 64 ? 64 : s.len), s.p);
	left.len = (size_t)(blank - s.p);
	right = (struct mf_str) { blank + 1, s.len - left.len - 1 };
	l = index_find(x, left.p, left.len);
	r = index_find(x, right.p, right.len);
	if ((size_t)++*into >= x->vocab->n ||
	    !is_joined(x->vocab, *into, left, right)) {
		buf_put(&both, left.p, left.len);
		buf_put(&both, right.p, right.len);
		*into = index_find(x, both.p, both.len);
		buf_free(&both);
	}
	if (l < 0 || r < 0 || *into < 0)
		return fail(err, "merge %lu: '%.*s': %s is not in the "
		    "vocabulary", (unsigned long)rank,
		    (int)(s.len > 64 ? 64 : s.len), s.p, l < 0 ? "the first" :
		    r < 0 ? "the second" : "the result");
	slot = merge_slot(b, l, r);
	if (*slot != 0)
		return fail(err, "merges %lu and %lu are both '%.*s'",
		    (unsigned long)*slot - 1, (unsigned long)rank,
		    (int)(s.len > 64 ? 64 : s.len), s.p);
	b->merge[rank] = (struct bpe_merge) { l, r, *into };
	*slot = rank + 1;
	return 0;
}

static int
read_merges(struct bpe *b, const struct index *x, const struct modelfile *g,
    char *err)
{
	const struct mf_kv *kv;
	const unsigned char *at;
	int32_t into = -1;
	int r = mf_array(g, "tokenizer.ggml.merges", MF_STR, &kv, err);

	if (r == 0)
		return fail(err, "key tokenizer.ggml.merges: missing");
	if (r < 0)
		return -1;
	if (kv->n > INT32_MAX)
		return fail(err, "key tokenizer.ggml.merges: %llu merges",
		    (unsigned long long)kv->n);
	b->merge = xreallocarray(NULL, (size_t)kv->n, sizeof(*b->merge));
	b->mask = table_size((size_t)kv->n) - 1;
	b->slot = xcalloc(b->mask + 1, sizeof(*b->slot));
	at = kv->p;
	for (uint32_t i = 0; i < kv->n; i++)
		if (add_merge(b, x, mf_next_str(&at), i, &into, err) != 0)
			return -1;
	return 0;
}

/* Only a normal token's spelling is in the alphabet of bytes. */
static void
find_bytes(struct bpe *b, const struct index *x)
{
	for (int i = 0; i < 256; i++) {
		char s[2];
		int n = vocab_spell(s, (unsigned char)i);
		b->byte[i] = index_find(x, s, (size_t)n);
		if (b->byte[i] >= 0 &&
		    vocab_type(x->vocab, b->byte[i]) != TOKEN_NORMAL)
			b->byte[i] = -1;
	}
}

int
bpe_open(struct bpe *b, const struct vocab *v, const struct modelfile *g, char *err)
{
	struct index x;
	int r;

	*b = (struct bpe) { 0 };
	r = index_fill(&x, v, err);
	if (r == 0)
		r = read_merges(b, &x, g, err);
	if (r == 0) {
		find_bytes(b, &x);
		b->known = xcalloc(WORDS, sizeof(*b->known));
	} else {
		bpe_close(b);
	}
	free(x.slot);
	return r;
}

void
bpe_close(struct bpe *b)
{
	free(b->merge);
	free(b->slot);
	free(b->known);
	free(b->symbol);
	free(b->heap);
	*b = (struct bpe) { 0 };
}

/* The heap holds rank << 32 | place: the smallest is the next to merge. */
static void
heap_push(struct bpe *b, uint64_t e)
{
	size_t i = b->nheap++;

	b->heap = xgrow(b->heap, &b->cap_heap, b->nheap, sizeof(*b->heap));
	for (; i > 0 && b->heap[(i - 1) / 2] > e; i = (i - 1) / 2)
		b->heap[i] = b->heap[(i - 1) / 2];
	b->heap[i] = e;
}

static uint64_t
heap_pop(struct bpe *b)
{
	uint64_t top = b->heap[0], e = b->heap[--b->nheap];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < b->nheap) {
		if (child + 1 < b->nheap && b->heap[child + 1] < b->heap[child])
			child++;
		if (b->heap[child] >= e)
			break;
		b->heap[i] = b->heap[child];
		i = child;
	}
	b->heap[i] = e;
	return top;
}

/* Look up what symbol i and the next one make, and queue it. */
static void
rate(struct bpe *b, uint32_t i)
{
	struct bpe_symbol *s = &b->symbol[i];
	uint32_t slot;

	s->rank = NONE;
	if (s->next == NONE)
		return;
	slot = *merge_slot(b, s->id, b->symbol[s->next].id);
	if (slot == 0)
		return;
	s->rank = slot - 1;
	heap_push(b, (uint64_t)s->rank << 32 | i);
}

/* Merge symbol i with the next one. */
static void
merge(struct bpe *b, uint32_t i)
{
	struct bpe_symbol *s = &b->symbol[i], *gone = &b->symbol[s->next];

	s->id = b->merge[s->rank].into;
	s->next = gone->next;
	gone->rank = NONE;
	if (s->next != NONE)
		b->symbol[s->next].prev = i;
	rate(b, i);
	if (s->prev != NONE)
		rate(b, s->prev);
}

static void
encode(struct bpe *b, const unsigned char *word, uint32_t n, struct ids *out)
{
	b->symbol = xgrow(b->symbol, &b->cap_symbol, n, sizeof(*b->symbol));
	b->nheap = 0;
	for (uint32_t i = 0; i < n; i++)
		b->symbol[i] = (struct bpe_symbol) { .id = b->byte[word[i]],
			.prev = i == 0 ? NONE : i - 1,
			.next = i + 1 == n ? NONE : i + 1 };
	for (uint32_t i = 0; i < n; i++)
		rate(b, i);
	while (b->nheap > 0) {
		uint64_t e = heap_pop(b);
		uint32_t i = (uint32_t)e;
		/* an entry whose pair has changed since is stale */
		if (b->symbol[i].rank == e >> 32)
			merge(b, i);
	}
	for (uint32_t i = 0; i != NONE; i = b->symbol[i].next)
		ids_put(out, &b->symbol[i].id, 1);
}

int
bpe_encode(struct bpe *b, const unsigned char *word, size_t n, struct ids *out,
    char *err)
{
	struct bpe_word *w = NULL;
	size_t start = out->n;

	if (n <= WORD_BYTES) {
		w = &b->known[hash(word, n) % WORDS];
		if (w->n > 0 && w->len == n && memcmp(w->text, word, n) == 0) {
			ids_put(out, w->id, w->n);
			return 0;
		}
	}
	if (n >= NONE)
		return fail(err, "a word of %zu bytes is too long", n);
	for (size_t i = 0; i < n; i++)
		if (b->byte[word[i]] < 0)
			return fail(err, "the vocabulary has no token for byte "
			    "0x%02X", word[i]);
	encode(b, word, (uint32_t)n, out);
	if (w != NULL && out->n - start <= WORD_IDS) {
		w->len = (unsigned char)n;
		w->n = (unsigned char)(out->n - start);
		memcpy(w->text, word, n);
		memcpy(w->id, out->p + start, w->n * sizeof(*w->id));
	}
	return 0;
}
