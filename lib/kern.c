#include "kern.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static const struct {
	const char *name;
	bool (*set)(struct kern *k);
} level[] = { { "avx2", kernel_avx2 }, { "avx512", kernel_avx512 },
	{ "neon", kernel_neon }, { "dotprod", kernel_dotprod } };

enum { LEVELS = sizeof(level) / sizeof(level[0]) };

int
kern_get(struct kern *k, char *err)
{
	const char *want = getenv("PIPELM_ISA");

	if (want != NULL && *want == '\0')
		want = NULL;
	*k = *kernel_scalar();
	for (size_t i = 0; i < LEVELS; i++) {
		if (want != NULL && strcmp(want, k->name) == 0)
			break;
		level[i].set(k); /* or not, where it is not there */
	}
	if (want == NULL || strcmp(want, k->name) == 0)
		return 0;
	for (size_t i = 0; i < LEVELS; i++)
		if (strcmp(want, level[i].name) == 0)
			return fail(err, "PIPELM_ISA: %s is not supported here",
			    want);
	return fail(err, "PIPELM_ISA: '%s' is not one of scalar, avx2, avx512, "
	    "neon, dotprod", want);
}
