/*
 * ere - a regular expression, taken apart. The expressions are those of
 * only(1): the extended ones of POSIX with a few of Perl's escapes, in UTF-8.
 *
 *	struct ere e;
 *	if (ere_parse(&e, expression, length, err) != 0)
 *		die("%s", err);
 *	ere_free(&e);
 */
#ifndef ERE_H
#define ERE_H

#include "buf.h"

/* A bound {m,n} of more is refused. */
#define ERE_TIMES 100000
#define ERE_MANY UINT32_MAX

/* Characters lo..hi, at most U+10FFFF. */
struct ere_range {
	uint32_t lo, hi;
};

/*
 * A part is a set of characters, a group, or one alternative of a group. The
 * parts of a sequence and the alternatives of a group are chained from the last
 * back to the first, since an automaton is built from its end. Part 0 is none.
 */
struct ere_part {
	enum { ERE_SET, ERE_GROUP, ERE_ALTERNATIVE } kind;
	uint32_t prev;
	uint32_t inside;   /* its first range; last alternative; last part */
	uint32_t nrange;   /* ranges of a set, ascending, apart */
	uint32_t min, max; /* how often it comes; max may be ERE_MANY */
};

struct ere {
	struct ere_part *part;
	struct ere_range *range;
	uint32_t last; /* the last alternative of the whole */
};

/* The expression p[0..n): 0, or -1 with the reason in err[ERRLEN]. */
int ere_parse(struct ere *e, const void *p, size_t n, char *err);
void ere_free(struct ere *e);

/* Append the expression that matches the text p[0..n) and no other. */
void ere_quote(struct buf *b, const void *p, size_t n);

#endif
