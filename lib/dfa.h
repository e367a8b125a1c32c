/*
 * dfa - does a text match a regular expression as a whole, and can it still
 * come to? Bytes are taken one by one, each in constant time: the states of
 * the deterministic automaton are sets of nodes of lib/nfa.h, and are made
 * when they are first reached (R. Cox, Regular Expression Matching Can Be
 * Simple And Fast, 2007).
 *
 *	struct dfa d;
 *	if (dfa_open(&d, expression, length, err) != 0)
 *		die("%s", err);
 *	state = d.start;
 *	while (state != DFA_DEAD && (c = getchar()) != EOF)
 *		state = dfa_step(&d, state, (unsigned char)c);
 *	if (dfa_matches(&d, state))
 *		puts("matches");
 *	dfa_close(&d);
 */
#ifndef DFA_H
#define DFA_H

#include "nfa.h"

/* The state from which no match can be reached; from every other one can. */
#define DFA_DEAD 0

struct dfa_state {
	size_t first; /* its nodes: pool[first..first+n), ascending */
	uint32_t n;
	bool matches;
};

struct dfa {
	struct nfa nfa;
	unsigned char class[256]; /* bytes that nothing tells apart share one */
	size_t nclass;
	uint32_t start;
	/* The states that were made so far. */
	struct dfa_made {
		struct dfa_state *state; /* state[n] */
		uint32_t *next; /* (n, nclass) states, or DFA_UNKNOWN */
		uint32_t *pool; /* pool[npool] */
		uint32_t *slot; /* slot[nslot]: 0, or a state + 1, by hash */
		size_t n, npool, nslot, cap, cap_next, cap_pool;
	} made;
	/* Room to work in, for each node of the nfa. */
	uint32_t *set, *stack, *seen, round;
	size_t nset;
};

#define DFA_UNKNOWN UINT32_MAX

/* 0, or -1 with the reason in err[ERRLEN]. */
int dfa_open(struct dfa *d, const void *p, size_t n, char *err);
void dfa_close(struct dfa *d);

/* The state that `state` has after `byte`, when it was not known before. */
uint32_t dfa_make(struct dfa *d, uint32_t state, unsigned char byte);

/* The state after `byte`. */
static inline uint32_t
dfa_step(struct dfa *d, uint32_t state, unsigned char byte)
{
	uint32_t to = d->made.next[state * d->nclass + d->class[byte]];

	return to != DFA_UNKNOWN ? to : dfa_make(d, state, byte);
}

/* Whether the text that led to this state matches. */
bool dfa_matches(const struct dfa *d, uint32_t state);

/* When states take more than `room` bytes, forget all but the start and those
 * of keep[n], which get their new numbers. */
void dfa_trim(struct dfa *d, size_t room, uint32_t *keep, size_t n);

#endif
