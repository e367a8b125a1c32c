/* dist - a stream of random bytes is refused, or its records are what they are
 * when written in either form and read again */
#include <stdlib.h>
#include <string.h>

#include "dist.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

/* Write d as `form`, read that, write what was read in binary: b. */
static void
again(struct buf *b, const struct dist *d, char form)
{
	struct buf first = { 0 };
	struct dist back = { 0 };
	size_t size = 0;
	char err[ERRLEN];

	dist_format(&first, d, form, NULL);
	check(dist_parse(&back, (unsigned char *)first.p, first.len, true,
	    &size, err) == 1);
	check(size == first.len);
	dist_format(b, &back, 'b', NULL);
	dist_free(&back);
	buf_free(&first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	struct dist d = { 0 };
	struct buf binary = { 0 }, text = { 0 };
	char err[ERRLEN];
	size_t pos = 0, len = 0;

	while (dist_parse(&d, p + pos, size - pos, true, &len, err) == 1) {
		check(len > 0 && len <= size - pos);
		pos += len;
		len = 0;
		binary.len = text.len = 0;
		again(&binary, &d, 'b');
		again(&text, &d, 't');
		check(binary.len == text.len &&
		    memcmp(binary.p, text.p, text.len) == 0);
	}
	dist_free(&d);
	buf_free(&binary);
	buf_free(&text);
	return 0;
}
