#include "cuts.h"

#include <stdlib.h>

#include "utf8.h"

/* The character at p[0..n), n > 0, and its length; a byte that begins none has a
 * number that no character has. */
static uint32_t
character(const unsigned char *p, size_t n, size_t *len)
{
	uint32_t c = p[0];
	int k = 1;

	if (c >= 0x80 && (k = utf8_decode(&c, p, n)) <= 0) {
		*len = 1;
		return 0x110000 + p[0];
	}
	*len = (size_t)k;
	return c;
}

/* The place of a pair in the table. */
static size_t
place(const struct cuts *c, uint32_t left, uint32_t right)
{
	uint64_t h = ((uint64_t)left << 32 | right) * 0x9E3779B97F4A7C15;

	return (size_t)(h ^ h >> 32) & c->mask;
}

void
cuts_open(struct cuts *c, const struct vocab *v)
{
	const unsigned char *token = v->spelled->p;
	size_t bits = 1024;

	while (bits < 16 * v->n)
		bits *= 2;
	*c = (struct cuts) { xcalloc(bits / 32, sizeof(*c->bits)), bits - 1 };
	for (size_t i = 0; i < v->n; i++) {
		struct mf_str s = mf_next_str(&token);
		const unsigned char *p = (const unsigned char *)s.p;
		size_t n = s.len, len;
		uint32_t left = 0, right;
		for (size_t at = 0; at < n; at += len, left = right) {
			right = character(p + at, n - at, &len);
			if (at > 0) {
				size_t b = place(c, left, right);
				c->bits[b / 32] |= (uint32_t)1 << b % 32;
			}
		}
	}
}

void
cuts_close(struct cuts *c)
{
	free(c->bits);
}

size_t
cuts_next(const struct cuts *c, const unsigned char *p, size_t n)
{
	size_t at, len;
	uint32_t left = character(p, n, &at), right;

	for (; at < n; at += len, left = right) {
		size_t b;
		right = character(p + at, n - at, &len);
		b = place(c, left, right);
		if ((c->bits[b / 32] >> b % 32 & 1) == 0)
			break;
	}
	return at;
}
