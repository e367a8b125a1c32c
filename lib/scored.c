#include "scored.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

/* p[*cap], made longer, with zeros, to hold p[i]. */
static void *
room(void *p, size_t *cap, size_t i, size_t size)
{
	size_t from = *cap;

	if (i >= from) {
		p = xgrow(p, cap, i + 1, size);
		memset((char *)p + from * size, 0, (*cap - from) * size);
	}
	return p;
}

static struct scorer_seq *
sequence(struct scorer *s, uint32_t seq)
{
	size_t i = seqmap_number(&s->map, seq);

	s->seq = room(s->seq, &s->cap, i, sizeof(*s->seq));
	return &s->seq[i];
}

static void
forget(struct scorer_seq *q)
{
	free(q->id);
	free(q->val);
	*q = (struct scorer_seq) { 0 };
}

/* Keep the record that was read until its token comes. */
static void
keep(struct scorer *s)
{
	const struct dist *d = &s->d;
	struct scorer_seq *q = sequence(s, d->seq);
	size_t cap = q->cap;

	if (d->flags & DIST_ONCE) {
		forget(q);
		return;
	}
	q->id = xgrow(q->id, &cap, d->n, sizeof(*q->id));
	q->val = xgrow(q->val, &q->cap, d->n, sizeof(*q->val));
	for (uint32_t i = 0; i < d->n; i++)
		q->id[i] = dist_id(d, i);
	memcpy(q->val, d->val, d->n * sizeof(*q->val));
	q->kind = d->kind;
	q->n = d->n;
	q->pos = d->pos;
}

static bool
can_be_drawn(const struct dist *d)
{
	const float none = d->kind == 'L' ? -INFINITY : 0;

	for (uint32_t i = 0; i < d->n; i++)
		if (d->val[i] > none)
			return true;
	return false;
}

/* Read a record; q->n is 0 when it begins a text. */
static bool
take(struct scorer *s, struct dist_reader *in)
{
	struct dist *d = &s->d;
	struct scorer_seq *q;

	if (!dist_read(in, d))
		return false;
	if (!can_be_drawn(d))
		dist_stuck(in, d);
	q = sequence(s, d->seq);
	if (d->flags & DIST_START || !q->known) {
		q->known = true;
		q->begun = false;
		q->n = 0;
	} else if (d->pos - d->nctx != q->pos) {
		dist_bad(in, HISTORY_GAP, (unsigned long)d->seq);
	}
	s->at = 0;
	return true;
}

uint32_t
scored_find(const int32_t *id, uint32_t n, int32_t token)
{
	uint32_t low = 0, high = n;

	if (id == NULL)
		return (uint32_t)token < n ? (uint32_t)token : n;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (id[mid] < token)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && id[low] == token ? low : n;
}

static void
score(struct scorer *s, const struct scorer_seq *q, struct scored *t)
{
	const struct logprob *l = &s->l;
	uint32_t at = scored_find(q->id, q->n, t->token);

	logprob_of(&s->l, q->kind, q->val, q->n);
	t->logprob = at < q->n ? logprob_log(l, at) : -INFINITY;
	t->rank = 1;
	for (uint32_t i = 0; i < q->n; i++)
		t->rank += logprob_log(l, i) > t->logprob;
	for (uint32_t i = 0; i < at && t->logprob > -INFINITY; i++)
		t->rank += logprob_log(l, i) == t->logprob;
	t->n = q->n;
	t->id = q->id;
	t->l = l;
}

bool
scorer_next(struct scorer *s, struct dist_reader *in, struct scored *t)
{
	struct scorer_seq *q;

	while (s->at == s->d.nctx) {
		if (s->reading)
			keep(s);
		s->reading = take(s, in);
		if (!s->reading)
			return false;
	}
	q = sequence(s, s->d.seq);
	if (!q->begun)
		q->text = s->texts++;
	q->begun = true;
	*t = (struct scored) { .text = q->text, .seq = s->d.seq,
		.pos = s->d.pos - s->d.nctx + s->at, .token = s->d.ctx[s->at] };
	if (s->at++ == 0 && q->n > 0)
		score(s, q, t);
	return true;
}

void
scorer_free(struct scorer *s)
{
	for (size_t i = 0; i < s->cap; i++)
		forget(&s->seq[i]);
	free(s->seq);
	seqmap_free(&s->map);
	dist_free(&s->d);
	logprob_free(&s->l);
	*s = (struct scorer) { 0 };
}

void *
scored_room(void *p, size_t *cap, const struct scored *t, size_t size)
{
	return room(p, cap, t->text, size);
}
