/* gguf - a model file of random bytes is refused, or read to its end */
#include <stdlib.h>
#include <string.h>

#include "gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size);

static volatile unsigned char sink;

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	struct modelfile g;
	char err[ERRLEN];

	if (gguf_parse(&g, p, size, err) != 0)
		return 0;
	for (size_t i = 0; i < g.nkv; i++) {
		const unsigned char *cursor = g.kv[i].p;
		const struct mf_kv *kv = &g.kv[i];
		struct mf_str s;

		for (uint64_t j = 0; kv->type == MF_STR && j < kv->n; j++) {
			s = mf_next_str(&cursor);
			if (s.len > 0)
				sink = (unsigned char)s.p[s.len - 1];
		}
	}
	for (size_t i = 0; i < g.ntensor; i++)
		if (g.tensor[i].data != NULL && g.tensor[i].size > 0)
			sink = g.tensor[i].data[g.tensor[i].size - 1];
	modelfile_close(&g);
	return 0;
}
