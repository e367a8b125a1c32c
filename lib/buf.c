#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
buf_room(struct buf *b, size_t more)
{
	if (more > SIZE_MAX - b->len)
		die("out of memory");
	b->p = xgrow(b->p, &b->cap, b->len + more, 1);
	return b->p + b->len;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), p, n);
	b->len += n;
}

void
buf_put_u32(struct buf *b, uint32_t v)
{
	unsigned char s[4];

	for (int i = 0; i < 4; i++)
		s[i] = (unsigned char)(v >> 8 * i);
	buf_put(b, s, 4);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("cannot format a number");
	buf_room(b, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf) { 0 };
}
