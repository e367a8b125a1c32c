/* utf8 - strict UTF-8: no overlong forms, no surrogates, nothing above
 * U+10FFFF. The Unicode Standard, section 3.9, table 3-7. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The character at the beginning of p[0..n): its length, 1 to 4, and the
 * character in *c. 0 when the bytes end before the character does (so it may
 * yet become whole; also for n == 0), -1 when p[0] begins no character. *c is
 * set only on success.
 */
int utf8_decode(uint32_t *c, const void *p, size_t n);

/* Write character c to p[0..4): its length. c must be a valid character. */
int utf8_encode(void *p, uint32_t c);

/* The length of the character at the beginning of p[0..n), n > 0; a byte that
 * begins none is one by itself. And how many there are in p[0..n) so. */
size_t utf8_length(const void *p, size_t n);
size_t utf8_count(const void *p, size_t n);

/* How many bytes at the end of p[0..n) are the beginning of a character that
 * is not yet whole: 0 to 3. */
size_t utf8_tail(const void *p, size_t n);

#endif
