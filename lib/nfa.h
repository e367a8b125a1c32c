/*
 * nfa - a regular expression as a nondeterministic finite automaton over bytes
 * (K. Thompson, Regular Expression Search Algorithm, CACM 11(6), 1968). The
 * expressions are those of lib/ere.h; a set of characters becomes the sequences
 * of bytes that spell them in UTF-8.
 *
 *	struct nfa a;
 *	if (nfa_parse(&a, expression, length, err) != 0)
 *		die("%s", err);
 *	nfa_free(&a);
 */
#ifndef NFA_H
#define NFA_H

#include "util.h"

/* What takes more steps to build, each at most a node, is refused. */
#define NFA_MAX 500000

enum nfa_kind {
	NFA_FAIL,  /* nothing comes of it */
	NFA_MATCH, /* the end of the expression */
	NFA_RANGE, /* goes on at out after a byte lo..hi */
	NFA_SPLIT, /* goes on at out and at other */
};

struct nfa_node {
	unsigned char kind, lo, hi;
	uint32_t out, other;
};

/* From every node but node[0], the only NFA_FAIL, the match can be reached. */
struct nfa {
	struct nfa_node *node; /* node[n] */
	size_t n, cap;
	uint32_t start;
};

/* The expression p[0..n): 0, or -1 with the reason in err[ERRLEN]. */
int nfa_parse(struct nfa *a, const void *p, size_t n, char *err);
void nfa_free(struct nfa *a);

#endif
