/*
 * chosen - of an array of strings, those that a text may need: few of many.
 *
 *	list = chosen(kv, &pairs, allow, &n);
 *	for (i = 0; i < n; i++)
 *		... list[i].s, which is string number list[i].number ...
 *	free(list);
 */
#ifndef CHOSEN_H
#define CHOSEN_H

#include "modelfile.h"
#include "pairs.h"
#include "util.h"

struct chosen {
	struct mf_str s;
	uint32_t number;
};

/* Those of kv, which are fewer than 2^32, that `allow` allows, in order; *n is how
 * many. To be freed. */
static inline struct chosen *
chosen(const struct mf_kv *kv, const struct pairs *of,
    bool (*allow)(const struct pairs *of, struct mf_str s), size_t *n)
{
	const unsigned char *at = kv->p;
	struct chosen *list = NULL;
	size_t cap = 0;

	*n = 0;
	for (uint32_t i = 0; i < kv->n; i++) {
		struct mf_str s = mf_next_str(&at);
		if (!allow(of, s))
			continue;
		if (*n == cap)
			list = xgrow(list, &cap, *n + 1, sizeof(*list));
		list[(*n)++] = (struct chosen) { s, i };
	}
	return list;
}

#endif
