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
	static const char *const rule[] = { "gpt-2", "llama-bpe", "qwen35",
		"gpt-4o", "smollm", "falcon", "deepseek-llm", "deepseek-coder",
		"deepseek-v3", "viking", "gemma4" };
	struct buf line = { 0 }, back = { 0 };
	char err[ERRLEN];
	struct words w;
	size_t k;

	for (size_t r = 0; r < sizeof(rule) / sizeof(rule[0]); r++) {
		words_begin(&w, pretok_find(rule[r], strlen(rule[r])), p, size);
		for (size_t at = 0; (k = words_next(&w)) > 0; at += k)
			check(w.at == at && k <= size - at);
		check(w.at == size);
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
