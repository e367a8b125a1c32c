/*
 * pairs - which bytes stand side by side in a text. Of a vocabulary's tokens and
 * merges, a short text can have but few: those of which it has the first two
 * bytes, and the last two.
 *
 *	struct pairs x = { 0 };
 *	pairs_add(&x, text, n);
 *	if (pairs_allow(&x, token.p, token.len))
 *		... the text may hold the token ...
 */
#ifndef PAIRS_H
#define PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pairs {
	uint32_t bit[(1 << 16) / 32];
};

static inline void
pairs_put(struct pairs *x, unsigned char a, unsigned char b)
{
	x->bit[a << 3 | b >> 5] |= (uint32_t)1 << (b & 31);
}

/* 1 or 0 */
static inline uint32_t
pairs_has(const struct pairs *x, unsigned char a, unsigned char b)
{
	return x->bit[a << 3 | b >> 5] >> (b & 31) & 1;
}

/* The pairs of p[n]. */
static inline void
pairs_add(struct pairs *x, const void *p, size_t n)
{
	const unsigned char *s = p;

	for (size_t i = 1; i < n; i++)
		pairs_put(x, s[i - 1], s[i]);
}

/* Whether a text with these pairs, and no others, may hold p[n]. */
static inline bool
pairs_allow(const struct pairs *x, const void *p, size_t n)
{
	const unsigned char *s = p;

	/* both, since nobody could foresee the first */
	return n < 2 ||
	    (pairs_has(x, s[0], s[1]) & pairs_has(x, s[n - 2], s[n - 1]));
}

#endif
