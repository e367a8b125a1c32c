/*
 * trie - the pieces of a vocabulary as a tree of their bytes, so that what is
 * common to many tokens is looked at once. The nodes stand in preorder: behind
 * a node all that its bytes begin, in order of bytes.
 *
 *	trie_open(&t, &vocab);
 *	for (size_t i = 0; i < t.n; i = more ? i + 1 : t.node[i].end)
 *		... the piece that ends with t.node[i].byte ...
 *	trie_close(&t);
 */
#ifndef TRIE_H
#define TRIE_H

#include "vocab.h"

struct trie_node {
	unsigned char byte;
	uint32_t depth; /* from 1 */
	uint32_t end;   /* the next node that does not begin with these bytes */
	uint32_t first; /* its tokens: id[first], up to the first of the next */
};

struct trie {
	struct trie_node *node; /* node[n], and node[n].first is all */
	size_t n, cap;
	uint32_t depth; /* of the deepest node */
	int32_t *id;
};

/* The tokens that are text: neither control tokens nor those that end
 * generation, nor any without bytes. */
void trie_open(struct trie *t, const struct vocab *v);
void trie_close(struct trie *t);

#endif
