/* text - any bytes are split into words, escaped and restored without loss */
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "pretok.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	pretok *split = pretok_find("gpt-2", 5);
	struct buf line = { 0 }, back = { 0 };
	char err[ERRLEN];
	size_t k;

	for (size_t i = 0; i < size; i += k) {
		k = split(p + i, size - i);
		check(k > 0 && k <= size - i);
	}
	check(utf8_tail(p, size) <= 3);
	escape_show(&line, p, size);
	check(line.len == 0 || memchr(line.p, '\n', line.len) == NULL);
	line.len = 0;
	escape_put(&line, p, size);
	check(line.len == 0 || memchr(line.p, '\n', line.len) == NULL);
	check(escape_undo(&back, line.p, line.len, err) == 0);
	check(back.len == size && (size == 0 || memcmp(back.p, p, size) == 0));
	back.len = 0;
	(void)escape_undo(&back, p, size, err);
	buf_free(&line);
	buf_free(&back);
	return 0;
}
