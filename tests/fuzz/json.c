/* json - any text is refused, or every value of it can be taken out */
#include <stdlib.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size);

static volatile size_t sink;

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	struct json j;
	char err[ERRLEN];

	if (json_parse(&j, p, size, err) != 0)
		return 0;
	for (size_t v = 0; v < j.n; v++) {
		char *out = xmalloc((size_t)j.node[v].len + 1);
		int64_t i;
		double d;

		if (j.node[v].type == JSON_STRING)
			sink = json_string(&j, v, out);
		sink = json_int(&j, v, &i) + json_double(&j, v, &d);
		sink = json_get(&j, v, "key");
		if (j.node[v].next <= v || j.node[v].next > j.n)
			abort();
		free(out);
	}
	json_free(&j);
	return 0;
}
