#include "ids.h"

#include <string.h>

#include "util.h"

void
ids_put(struct ids *ids, const int32_t *id, size_t n)
{
	if (n == 0)
		return;
	ids->p = xgrow(ids->p, &ids->cap, ids->n + n, sizeof(*ids->p));
	memcpy(ids->p + ids->n, id, n * sizeof(*id));
	ids->n += n;
}
