/*
 * bytes - short runs of bytes, hashed and compared without a call: words and
 * tokens are a few bytes long, and there are millions of them.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* n <= 8 bytes in one number. Runs of the same length that differ give
 * different numbers. */
static inline uint64_t
bytes_load(const unsigned char *p, size_t n)
{
	uint32_t a, b;
	uint64_t w;

	if (n == 8) {
		memcpy(&w, p, 8);
		return w;
	}
	if (n >= 4) {
		memcpy(&a, p, 4);
		memcpy(&b, p + n - 4, 4);
		return (uint64_t)a << 32 | b;
	}
	return n == 0 ? 0 :
	    p[0] | (uint32_t)p[n / 2] << 8 | (uint32_t)p[n - 1] << 16;
}

/* A hash of n bytes, all of its bits good: eight at a time, each multiplied in,
 * the last eight whole. The constants are odd and without pattern (of Weyl
 * sequences, after the golden ratio). */
static inline uint64_t
bytes_hash(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = n * 0x9E3779B97F4A7C15;

	for (; n > 8; s += 8, n -= 8) {
		h = (h ^ bytes_load(s, 8)) * 0xD1B54A32D192ED03;
		h ^= h >> 32;
	}
	h = (h ^ bytes_load(s, n)) * 0xD1B54A32D192ED03;
	return h ^ h >> 32;
}

static inline bool
bytes_equal(const void *p, const void *q, size_t n)
{
	const unsigned char *s = p, *t = q;

	for (; n > 8; s += 8, t += 8, n -= 8)
		if (bytes_load(s, 8) != bytes_load(t, 8))
			return false;
	return bytes_load(s, n) == bytes_load(t, n);
}

#endif
