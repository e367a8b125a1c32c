/* ids - a growing run of token ids; zero-initialised is empty, free(p)
 * releases. */
#ifndef IDS_H
#define IDS_H

#include <stddef.h>
#include <stdint.h>

#include "util.h"

struct ids {
	int32_t *p;
	size_t n, cap;
};

void ids_put(struct ids *ids, const int32_t *id, size_t n);

/* Room for `more` ids behind the end; returns where they go (n is not
 * changed). */
static inline int32_t *
ids_room(struct ids *ids, size_t more)
{
	if (ids->cap - ids->n < more)
		ids->p = xgrow(ids->p, &ids->cap, ids->n + more,
		    sizeof(*ids->p));
	return ids->p + ids->n;
}

static inline void
ids_add(struct ids *ids, int32_t id)
{
	*ids_room(ids, 1) = id;
	ids->n++;
}

#endif
