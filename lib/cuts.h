/*
 * cuts - where a text can be cut without changing its tokens. What is merged is
 * always a token, so a place is safe between two characters that no token has
 * side by side: between most words. So a tokenizer that takes its text whole
 * need not hold it whole, and meets the same short parts again and again.
 *
 *	cuts_open(&c, &vocab);
 *	for (; n > 0; p += k, n -= k)
 *		k = cuts_next(&c, p, n);
 *	cuts_close(&c);
 */
#ifndef CUTS_H
#define CUTS_H

#include "vocab.h"

/* The pairs of characters that tokens have, in a table of bits by hash: one that
 * seems to be there costs time, not correctness. */
struct cuts {
	uint32_t *bits;
	size_t mask;
};

void cuts_open(struct cuts *c, const struct vocab *v);
void cuts_close(struct cuts *c);

/* The length of the first part of p[0..n), n > 0: at least 1. */
size_t cuts_next(const struct cuts *c, const unsigned char *p, size_t n);

#endif
