#include "ids.h"

#include <string.h>

void
ids_put(struct ids *ids, const int32_t *id, size_t n)
{
	if (n == 0)
		return;
	memcpy(ids_room(ids, n), id, n * sizeof(*id));
	ids->n += n;
}
