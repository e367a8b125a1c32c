#include "escape.h"

#include <string.h>

#include "unidata.h"
#include "utf8.h"

/* The letter of the escape for this byte, or 0. */
static char
letter(char c)
{
	return c == '\n' ? 'n' : c == '\t' ? 't' : c == '\\' ? '\\' : 0;
}

void
escape_put(struct buf *b, const void *p, size_t n)
{
	const char *s = p;
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		char e[2] = { '\\', letter(s[i]) };
		if (e[1] == 0)
			continue;
		buf_put(b, s + from, i - from);
		buf_put(b, e, 2);
		from = i + 1;
	}
	if (n > from)
		buf_put(b, s + from, n - from);
}

void
escape_show(struct buf *b, const void *p, size_t n)
{
	const char *s = p;

	for (size_t i = 0; i < n;) {
		uint32_t c;
		int len = utf8_decode(&c, s + i, n - i);
		if (len > 0 && (letter(s[i]) != 0 || !(unidata(c) &
		        (UNI_CC | UNI_ZL | UNI_ZP)))) {
			escape_put(b, s + i, (size_t)len);
			i += (size_t)len;
		} else {
			buf_printf(b, "\\x%02x", (unsigned char)s[i]);
			i++;
		}
	}
}

int
escape_undo(struct buf *b, const void *p, size_t n, char *err)
{
	static const char from[] = "nt\\", to[] = "\n\t\\";
	const char *s = p, *e;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\\') {
			buf_put(b, s + i, 1);
			continue;
		}
		if (++i == n)
			return fail(err, "a backslash ends the line");
		if (s[i] == '\0' || (e = strchr(from, s[i])) == NULL)
			return fail(err, "\\%c is not an escape (\\n, \\t and "
			    "\\\\ are)", s[i]);
		buf_put(b, &to[e - from], 1);
	}
	return 0;
}
