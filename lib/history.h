/*
 * history - the context of each sequence, gathered from what the records of a
 * distribution stream add to it.
 *
 *	struct history h = { 0 };
 *	while (dist_read(&in, &d)) {
 *		const struct context *c = history_add(&h, &d);
 *		if (c == NULL)
 *			dist_bad(&in, HISTORY_GAP, (unsigned long)d.seq);
 *		...
 *	}
 *	history_free(&h);
 *
 * A stream may begin in the middle of a sequence: what was before is not known
 * then, only how long it was.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include "dist.h"
#include "seqmap.h"

#define HISTORY_GAP "sequence %lu: its context does not follow"

struct context {
	int32_t *id;    /* id[n]: the tokens known, */
	size_t n, cap;
	uint32_t first; /* of which id[0] is at this position */
	bool known;     /* a record of the sequence was seen */
};

struct history {
	struct seqmap map;
	struct context *seq; /* seq[map.n] */
	size_t cap;
	size_t over; /* number + 1 of the sequence whose last record was read */
};

/* The context that d is conditioned on, or NULL when what d adds does not
 * follow what is known. Valid until the next call. */
const struct context *history_add(struct history *h, const struct dist *d);
void history_free(struct history *h);

#endif
