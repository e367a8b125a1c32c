#include "kern.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static const struct {
	const char *name;
	const struct kern *(*get)(void); /* NULL when not supported here */
} isa[] = { { "avx2", kernel_avx2 }, { "scalar", kernel_scalar } };

const struct kern *
kern_get(char *err)
{
	const char *want = getenv("PIPELM_ISA");

	for (size_t i = 0; i < sizeof(isa) / sizeof(isa[0]); i++) {
		const struct kern *k;
		if (want != NULL && *want != '\0' &&
		    strcmp(want, isa[i].name) != 0)
			continue;
		if ((k = isa[i].get()) != NULL)
			return k;
		if (want != NULL && *want != '\0') {
			fail(err, "PIPELM_ISA: %s is not supported here", want);
			return NULL;
		}
	}
	fail(err, "PIPELM_ISA: '%s' is not one of scalar, avx2", want);
	return NULL;
}
