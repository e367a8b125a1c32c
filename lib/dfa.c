#include "dfa.h"

#include <stdlib.h>
#include <string.h>

/* The classes of bytes: they change where a range begins or has ended. */
static void
classify(struct dfa *d)
{
	bool edge[257] = { false };

	for (size_t i = 0; i < d->nfa.n; i++) {
		const struct nfa_node *node = &d->nfa.node[i];
		if (node->kind == NFA_RANGE)
			edge[node->lo] = edge[node->hi + 1] = true;
	}
	d->nclass = 1;
	for (int i = 0; i < 256; i++) {
		d->nclass += edge[i] && i > 0;
		d->class[i] = (unsigned char)(d->nclass - 1);
	}
}

/* Begin a new set. */
static void
clear(struct dfa *d)
{
	d->nset = 0;
	if (++d->round == 0) {
		memset(d->seen, 0, d->nfa.n * sizeof(*d->seen));
		d->round = 1;
	}
}

/* Add to the set what the node leads to without a byte. */
static void
add(struct dfa *d, uint32_t node)
{
	size_t n = 0;

	d->stack[n++] = node;
	while (n > 0) {
		uint32_t at = d->stack[--n];
		const struct nfa_node *a = &d->nfa.node[at];
		if (a->kind == NFA_FAIL || d->seen[at] == d->round)
			continue;
		d->seen[at] = d->round;
		if (a->kind == NFA_SPLIT) {
			d->stack[n++] = a->other;
			d->stack[n++] = a->out;
		} else {
			d->set[d->nset++] = at;
		}
	}
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The slot of the state with these nodes, or the free one where it would go.
 * FNV-1a, over words. */
static uint32_t *
find(const struct dfa_made *m, const uint32_t *set, size_t n)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ set[i]) * 1099511628211u;
	for (hash ^= hash >> 32;; hash++) {
		uint32_t *slot = &m->slot[hash & (m->nslot - 1)];
		const struct dfa_state *s;
		if (*slot == 0)
			return slot;
		s = &m->state[*slot - 1];
		if (s->n == n && memcmp(m->pool + s->first, set,
		    n * sizeof(*set)) == 0)
			return slot;
	}
}

static void
grow_slots(struct dfa_made *m)
{
	free(m->slot);
	m->nslot = m->nslot > 0 ? 2 * m->nslot : 64;
	m->slot = xcalloc(m->nslot, sizeof(*m->slot));
	for (size_t i = 0; i < m->n; i++)
		*find(m, m->pool + m->state[i].first, m->state[i].n) =
		    (uint32_t)i + 1;
}

/* A new state of the set's nodes. */
static uint32_t
new_state(struct dfa *d)
{
	struct dfa_made *m = &d->made;
	struct dfa_state s = { .first = m->npool, .n = (uint32_t)d->nset };

	if (m->n >= DFA_UNKNOWN - 1)
		die("the regular expression has too many states");
	m->pool = xgrow(m->pool, &m->cap_pool, m->npool + d->nset + 1,
	    sizeof(*m->pool));
	for (size_t i = 0; i < d->nset; i++) {
		s.matches |= d->nfa.node[d->set[i]].kind == NFA_MATCH;
		m->pool[m->npool++] = d->set[i];
	}
	m->state = xgrow(m->state, &m->cap, m->n + 1, sizeof(*m->state));
	m->next = xgrow(m->next, &m->cap_next, (m->n + 1) * d->nclass,
	    sizeof(*m->next));
	m->state[m->n] = s;
	memset(m->next + m->n * d->nclass, 0xFF, d->nclass * sizeof(*m->next));
	return (uint32_t)m->n++;
}

/* The state of the set's nodes, made if need be. */
static uint32_t
state_of_set(struct dfa *d)
{
	uint32_t *slot;

	qsort(d->set, d->nset, sizeof(*d->set), compare);
	if (2 * d->made.n >= d->made.nslot)
		grow_slots(&d->made);
	slot = find(&d->made, d->set, d->nset);
	if (*slot == 0)
		*slot = new_state(d) + 1;
	return *slot - 1;
}

/* The states that there are at first: the dead one, with no nodes, and the
 * one to begin with, which is the same when nothing matches. */
static void
first_states(struct dfa *d)
{
	clear(d);
	state_of_set(d);
	memset(d->made.next, 0, d->nclass * sizeof(*d->made.next));
	add(d, d->nfa.start);
	d->start = state_of_set(d);
}

int
dfa_open(struct dfa *d, const void *p, size_t n, char *err)
{
	*d = (struct dfa) { 0 };
	if (nfa_parse(&d->nfa, p, n, err) != 0)
		return -1;
	classify(d);
	d->set = xcalloc(d->nfa.n, sizeof(*d->set));
	d->seen = xcalloc(d->nfa.n, sizeof(*d->seen));
	/* each node is opened once, and leaves one more than it takes */
	d->stack = xcalloc(d->nfa.n + 1, sizeof(*d->stack));
	first_states(d);
	return 0;
}

uint32_t
dfa_make(struct dfa *d, uint32_t state, unsigned char byte)
{
	const struct dfa_state s = d->made.state[state];
	uint32_t to;

	clear(d);
	for (size_t i = s.first; i < s.first + s.n; i++) {
		const struct nfa_node *a = &d->nfa.node[d->made.pool[i]];
		if (a->kind == NFA_RANGE && a->lo <= byte && byte <= a->hi)
			add(d, a->out);
	}
	to = state_of_set(d);
	d->made.next[state * d->nclass + d->class[byte]] = to;
	return to;
}

bool
dfa_matches(const struct dfa *d, uint32_t state)
{
	return d->made.state[state].matches;
}

static void
made_free(struct dfa_made *m)
{
	free(m->state);
	free(m->next);
	free(m->pool);
	free(m->slot);
}

void
dfa_trim(struct dfa *d, size_t room, uint32_t *keep, size_t n)
{
	struct dfa_made old = d->made;

	if (old.n * (d->nclass * sizeof(*old.next) + sizeof(*old.state)) +
	    old.npool * sizeof(*old.pool) <= room)
		return;
	d->made = (struct dfa_made) { 0 };
	first_states(d);
	for (size_t i = 0; i < n; i++) {
		const struct dfa_state *s = &old.state[keep[i]];
		memcpy(d->set, old.pool + s->first, s->n * sizeof(*d->set));
		d->nset = s->n;
		keep[i] = state_of_set(d);
	}
	made_free(&old);
}

void
dfa_close(struct dfa *d)
{
	made_free(&d->made);
	nfa_free(&d->nfa);
	free(d->set);
	free(d->stack);
	free(d->seen);
	*d = (struct dfa) { 0 };
}
