#include "pretok.h"

#include <stdint.h>
#include <string.h>

#include "unidata.h"
#include "utf8.h"

/* The properties of the character at p[0..n), n > 0, and its length. */
static uint32_t
look(const unsigned char *p, size_t n, size_t *len)
{
	uint32_t c = p[0];
	int k = 1;

	if (c >= 0x80 && (k = utf8_decode(&c, p, n)) <= 0) {
		*len = 1;
		return UNI_CN;
	}
	*len = (size_t)k;
	return unidata(c);
}

/* The end of the run of characters from i on that have (or, with `not`, have
 * not) a property of the set. */
static size_t
run(const unsigned char *p, size_t n, size_t i, uint32_t set, int not)
{
	size_t len;

	while (i < n && ((look(p + i, n - i, &len) & set) == 0) == not)
		i += len;
	return i;
}

/* 's 't 're 've 'm 'll 'd: the length, 0 when p begins with none of them. */
static size_t
contraction(const unsigned char *p, size_t n)
{
	if (n < 2 || p[0] != '\'')
		return 0;
	if (strchr("stmd", p[1]) != NULL && p[1] != '\0')
		return 2;
	if (n >= 3 && ((p[1] == 'r' && p[2] == 'e') ||
	    (p[1] == 'v' && p[2] == 'e') || (p[1] == 'l' && p[2] == 'l')))
		return 3;
	return 0;
}

/* \s+(?!\S)|\s+ : a run of spaces, less its last one when a word follows. */
static size_t
spaces(const unsigned char *p, size_t n)
{
	size_t end = 0, last = 0, len;

	while (end < n && (look(p + end, n - end, &len) & UNI_SPACE)) {
		last = end;
		end += len;
	}
	return end < n && last > 0 ? last : end;
}

/*
 * 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * (GPT-2: https://github.com/openai/gpt-2/blob/master/src/encoder.py)
 */
static size_t
gpt2(const unsigned char *p, size_t n)
{
	size_t i = contraction(p, n), len;
	uint32_t is;

	if (i > 0)
		return i;
	i = p[0] == ' ' && n > 1;
	is = look(p + i, n - i, &len);
	if (is & UNI_SPACE)
		return spaces(p, n);
	if (is & UNI_L)
		return run(p, n, i + len, UNI_L, 0);
	if (is & UNI_N)
		return run(p, n, i + len, UNI_N, 0);
	return run(p, n, i + len, UNI_SPACE | UNI_L | UNI_N, 1);
}

pretok *
pretok_find(const char *name, size_t len)
{
	static const struct {
		const char *name;
		pretok *rule;
	} known[] = {
		{ "gpt-2", gpt2 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (len == strlen(known[i].name) &&
		    memcmp(name, known[i].name, len) == 0)
			return known[i].rule;
	return NULL;
}
