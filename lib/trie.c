#include "trie.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD = 8 };

struct piece {
	uint64_t head; /* its first bytes as a number, 0 behind its end */
	const unsigned char *p;
	uint32_t len;
	int32_t id;
};

/* In order of bytes; most are told apart by their heads. */
static int
compare(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = 0;

	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	if (len > HEAD)
		order = memcmp(x->p + HEAD, y->p + HEAD, len - HEAD);
	if (order == 0)
		order = (x->len > y->len) - (x->len < y->len);
	return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* The pieces of the tokens that are text, their bytes in b: how many. */
static size_t
collect(struct piece *piece, struct buf *b, const struct vocab *v)
{
	size_t n = 0, at;

	for (int32_t id = 0; (size_t)id < v->n; id++) {
		if (vocab_is_control(v, id) || vocab_is_eog(v, id))
			continue;
		at = b->len;
		vocab_piece(v, id, b);
		if (b->len > UINT32_MAX)
			die("the texts of the vocabulary are too long");
		if (b->len > at)
			piece[n++] = (struct piece) { .id = id,
			    .len = (uint32_t)(b->len - at) };
	}
	at = 0;
	for (size_t i = 0; i < n; i++) {
		struct piece *p = &piece[i];
		p->p = (unsigned char *)b->p + at;
		at += p->len;
		for (size_t k = 0; k < HEAD; k++)
			p->head = p->head << 8 | (k < p->len ? p->p[k] : 0);
	}
	return n;
}

static size_t
common(const struct piece *a, const struct piece *b)
{
	size_t n = 0;

	while (n < a->len && n < b->len && a->p[n] == b->p[n])
		n++;
	return n;
}

static void
add_node(struct trie *t, unsigned char byte, size_t depth, size_t first)
{
	t->node = xgrow(t->node, &t->cap, t->n + 1, sizeof(*t->node));
	t->node[t->n++] = (struct trie_node) { .byte = byte,
		.depth = (uint32_t)depth, .first = (uint32_t)first };
}

/* The nodes of pieces in order. open[d] is the node of depth d + 1 on the way
 * to the last one. */
static void
build(struct trie *t, const struct piece *piece, size_t n)
{
	uint32_t *open = NULL;
	size_t cap = 0, depth = 0;

	for (size_t i = 0; i < n; i++) {
		size_t keep = i > 0 ? common(&piece[i - 1], &piece[i]) : 0;

		while (depth > keep)
			t->node[open[--depth]].end = (uint32_t)t->n;
		open = xgrow(open, &cap, piece[i].len, sizeof(*open));
		while (depth < piece[i].len) {
			open[depth] = (uint32_t)t->n;
			add_node(t, piece[i].p[depth], depth + 1, i);
			depth++;
		}
		t->depth = depth > t->depth ? (uint32_t)depth : t->depth;
		t->id[i] = piece[i].id;
	}
	while (depth > 0)
		t->node[open[--depth]].end = (uint32_t)t->n;
	add_node(t, 0, 0, n);
	t->n--;
	free(open);
}

void
trie_open(struct trie *t, const struct vocab *v)
{
	struct piece *piece = xcalloc(v->n, sizeof(*piece));
	struct buf bytes = { 0 };
	size_t n = collect(piece, &bytes, v);

	*t = (struct trie) { .id = xcalloc(n, sizeof(*t->id)) };
	if (n > 0)
		qsort(piece, n, sizeof(*piece), compare);
	build(t, piece, n);
	free(piece);
	buf_free(&bytes);
}

void
trie_close(struct trie *t)
{
	free(t->node);
	free(t->id);
	*t = (struct trie) { 0 };
}
