/*
 * seqmap - numbers the sequences of a stream 0, 1, 2, ... in order of first
 * appearance, so that what is known of each can stand in an array.
 * Zero-initialised is empty; seqmap_free releases.
 */
#ifndef SEQMAP_H
#define SEQMAP_H

#include "util.h"

struct seqmap {
	struct seqmap_slot {
		uint32_t seq, number; /* number + 1; 0: free */
	} *slot;
	size_t cap; /* slots, a power of two */
	size_t n;   /* sequences */
};

/* This sequence's number; the first time, it is m->n as it was before. */
size_t seqmap_number(struct seqmap *m, uint32_t seq);
void seqmap_free(struct seqmap *m);

#endif
