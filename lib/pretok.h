/*
 * pretok - pre-tokenizers: the rules, known by name, that split a text into
 * the words which byte-pair encoding then works on one by one. The published
 * rules are regular expressions; here they are scanners written by hand, each
 * under the expression that it equals.
 *
 *	next = pretok_find(name, len);
 *	for (; n > 0; p += k, n -= k)
 *		k = next(p, n);
 *
 * A byte that is not part of a valid UTF-8 character is a character of its own
 * that is neither letter nor number nor space (as U+FFFD, which others put in
 * its place, would be). So a text of any bytes is split, and nothing is lost.
 */
#ifndef PRETOK_H
#define PRETOK_H

#include <stddef.h>

/* The length of the first word of p[0..n), n > 0: at least 1. */
typedef size_t pretok(const unsigned char *p, size_t n);

/* The rule of this name (len bytes), or NULL when there is none. */
pretok *pretok_find(const char *name, size_t len);

#endif
