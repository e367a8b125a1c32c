#include "history.h"

#include <stdlib.h>
#include <string.h>

static struct context *
context_of(struct history *h, uint32_t seq)
{
	size_t i = seqmap_number(&h->map, seq);

	if (i >= h->cap) {
		size_t from = h->cap;
		h->seq = xgrow(h->seq, &h->cap, i + 1, sizeof(*h->seq));
		memset(h->seq + from, 0, (h->cap - from) * sizeof(*h->seq));
	}
	return &h->seq[i];
}

static void
forget(struct context *c)
{
	free(c->id);
	*c = (struct context) { 0 };
}

const struct context *
history_add(struct history *h, const struct dist *d)
{
	struct context *c = context_of(h, d->seq);

	if (h->over != 0)
		forget(&h->seq[h->over - 1]);
	if (d->flags & DIST_START || !c->known) {
		c->first = d->pos - d->nctx;
		c->n = 0;
		c->known = true;
	}
	if (c->first + c->n + d->nctx != d->pos)
		return NULL;
	c->id = xgrow(c->id, &c->cap, c->n + d->nctx, sizeof(*c->id));
	if (d->nctx > 0)
		memcpy(c->id + c->n, d->ctx, d->nctx * sizeof(*c->id));
	c->n += d->nctx;
	h->over = d->flags & DIST_ONCE ? (size_t)(c - h->seq) + 1 : 0;
	return c;
}

void
history_free(struct history *h)
{
	for (size_t i = 0; i < h->map.n; i++)
		free(h->seq[i].id);
	free(h->seq);
	seqmap_free(&h->map);
	*h = (struct history) { 0 };
}
