#include "utf8.h"

int
utf8_decode(uint32_t *c, const void *p, size_t n)
{
	const unsigned char *s = p;
	/* the bounds of the second byte leave out what the lead byte alone
	 * does not: overlong forms, surrogates, what is above U+10FFFF */
	unsigned lo = 0x80, hi = 0xBF;
	uint32_t v;
	int len;

	if (n == 0)
		return 0;
	if (s[0] < 0x80) {
		*c = s[0];
		return 1;
	}
	if (s[0] < 0xC2 || s[0] > 0xF4)
		return -1;
	len = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
	if (s[0] == 0xE0)
		lo = 0xA0;
	else if (s[0] == 0xED)
		hi = 0x9F;
	else if (s[0] == 0xF0)
		lo = 0x90;
	else if (s[0] == 0xF4)
		hi = 0x8F;
	v = s[0] & (0x7Fu >> len);
	for (int i = 1; i < len; i++) {
		if ((size_t)i == n)
			return 0;
		if (s[i] < lo || s[i] > hi)
			return -1;
		v = v << 6 | (s[i] & 0x3F);
		lo = 0x80;
		hi = 0xBF;
	}
	*c = v;
	return len;
}

int
utf8_encode(void *p, uint32_t c)
{
	unsigned char *s = p;
	int len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (len == 1) {
		s[0] = (unsigned char)c;
		return 1;
	}
	for (int i = len - 1; i > 0; i--, c >>= 6)
		s[i] = (unsigned char)(0x80 | (c & 0x3F));
	s[0] = (unsigned char)(0xF00u >> len | c);
	return len;
}

size_t
utf8_length(const void *p, size_t n)
{
	uint32_t c;
	int len = utf8_decode(&c, p, n);

	return len > 0 ? (size_t)len : 1;
}

size_t
utf8_count(const void *p, size_t n)
{
	const unsigned char *s = p;
	size_t count = 0;

	for (size_t i = 0; i < n; i += utf8_length(s + i, n - i))
		count++;
	return count;
}

size_t
utf8_tail(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint32_t c;

	for (size_t i = 1; i <= 3 && i <= n; i++)
		if (utf8_decode(&c, s + n - i, i) == 0)
			return i;
	return 0;
}
