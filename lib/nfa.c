#include "nfa.h"

#include <stdlib.h>

#include "ere.h"
#include "utf8.h"

/*
 * The automaton is built from its end: each function is given the node that
 * comes after, and returns the one to begin at. So what leads nowhere is known
 * at once, and left out.
 */
struct builder {
	struct nfa *nfa;
	struct ere ere;
	uint32_t set;  /* first node of the set at work */
	uint32_t left; /* steps that may still be taken */
};

/* False when the expression has turned out too large. */
static bool
step(struct builder *b)
{
	if (b->left > 0)
		b->left--;
	return b->left > 0;
}

static uint32_t
add_node(struct builder *b, struct nfa_node node)
{
	struct nfa *a = b->nfa;

	if (!step(b))
		return NFA_FAIL;
	a->node = xgrow(a->node, &a->cap, a->n + 1, sizeof(node));
	a->node[a->n] = node;
	return (uint32_t)a->n++;
}

static uint32_t
split(struct builder *b, uint32_t one, uint32_t other)
{
	if (one == NFA_FAIL || other == NFA_FAIL || one == other)
		return one == NFA_FAIL ? other : one;
	return add_node(b, (struct nfa_node) { .kind = NFA_SPLIT, .out = one,
	    .other = other });
}

/* A byte lo..hi, then next: a node that the set has already, or a new one. */
static uint32_t
byte_range(struct builder *b, unsigned char lo, unsigned char hi, uint32_t next)
{
	for (uint32_t i = b->set; i < b->nfa->n; i++) {
		const struct nfa_node *node = &b->nfa->node[i];
		if (node->kind == NFA_RANGE && node->lo == lo &&
		    node->hi == hi && node->out == next)
			return i;
	}
	return add_node(b, (struct nfa_node) { NFA_RANGE, lo, hi, next, 0 });
}

/* Where the range lo..hi of characters must be cut so that each piece is a
 * sequence of ranges of bytes: the last character of the first piece. */
static uint32_t
first_piece(uint32_t lo, uint32_t hi)
{
	static const uint32_t last[] = { 0x7F, 0x7FF, 0xD7FF, 0xDFFF, 0xFFFF };

	for (size_t i = 0; i < sizeof(last) / sizeof(*last); i++)
		if (lo <= last[i] && hi > last[i])
			hi = last[i];
	if (hi <= 0x7F)
		return hi;
	/* of bytes behind one that differs, all or none must be free */
	for (int bits = 6; bits <= 18; bits += 6) {
		uint32_t low = (1u << bits) - 1;
		if ((lo | low) >= hi)
			break;
		if ((lo & low) != 0)
			return lo | low;
		if ((hi & low) != low)
			hi = (hi & ~low) - 1;
	}
	return hi;
}

/* The characters lo..hi, then next. Surrogates are none. */
static uint32_t
characters(struct builder *b, uint32_t lo, uint32_t hi, uint32_t next)
{
	uint32_t all = NFA_FAIL, end, node;
	unsigned char low[4], high[4];

	for (; lo <= hi && b->left > 0; lo = end + 1) {
		end = first_piece(lo, hi);
		if (lo >= 0xD800 && end <= 0xDFFF)
			continue;
		node = next;
		utf8_encode(low, lo);
		for (int i = utf8_encode(high, end); i-- > 0;)
			node = byte_range(b, low[i], high[i], node);
		all = split(b, node, all);
	}
	return all;
}

static uint32_t build_alternatives(struct builder *b, uint32_t last,
    uint32_t next);

/* The part once, then next. */
static uint32_t
build_once(struct builder *b, const struct ere_part *part, uint32_t next)
{
	uint32_t all = NFA_FAIL;

	if (next == NFA_FAIL || !step(b))
		return NFA_FAIL;
	if (part->kind == ERE_GROUP)
		return build_alternatives(b, part->inside, next);
	b->set = (uint32_t)b->nfa->n;
	for (uint32_t i = 0; i < part->nrange; i++) {
		const struct ere_range *r = &b->ere.range[part->inside + i];
		all = split(b, characters(b, r->lo, r->hi, next), all);
	}
	return all;
}

/* The part as often as it may come, then next. */
static uint32_t
build_part(struct builder *b, const struct ere_part *part, uint32_t next)
{
	uint32_t node = next, again;

	if (next == NFA_FAIL || !step(b))
		return NFA_FAIL;
	if (part->max == ERE_MANY) {
		node = add_node(b, (struct nfa_node) { .kind = NFA_SPLIT,
		    .out = next, .other = NFA_FAIL });
		again = build_once(b, part, node);
		if (node != NFA_FAIL)
			b->nfa->node[node].other = again;
	} else {
		/* x{0,3} as (x(x(x)?)?)? */
		for (uint32_t i = part->min; i < part->max && b->left > 0; i++)
			node = split(b, build_once(b, part, node), next);
	}
	for (uint32_t i = 0; i < part->min && node != NFA_FAIL; i++)
		node = build_once(b, part, node);
	return node;
}

static uint32_t
build_alternatives(struct builder *b, uint32_t last, uint32_t next)
{
	const struct ere_part *part = b->ere.part;
	uint32_t all = NFA_FAIL;

	for (uint32_t i = last; i != 0 && step(b); i = part[i].prev) {
		uint32_t node = next;
		for (uint32_t k = part[i].inside; k != 0; k = part[k].prev)
			node = build_part(b, &part[k], node);
		all = split(b, node, all);
	}
	return all;
}

int
nfa_parse(struct nfa *a, const void *p, size_t n, char *err)
{
	struct builder b = { .nfa = a, .left = NFA_MAX };

	*a = (struct nfa) { 0 };
	if (ere_parse(&b.ere, p, n, err) != 0)
		return -1;
	add_node(&b, (struct nfa_node) { .kind = NFA_FAIL });
	a->start = build_alternatives(&b, b.ere.last,
	    add_node(&b, (struct nfa_node) { .kind = NFA_MATCH }));
	ere_free(&b.ere);
	if (b.left > 0)
		return 0;
	nfa_free(a);
	return fail(err, "the expression is too large");
}

void
nfa_free(struct nfa *a)
{
	free(a->node);
	*a = (struct nfa) { 0 };
}
