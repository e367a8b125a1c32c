#include "ere.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define CHARACTER_MAX 0x10FFFF

enum { DEPTH = 200 }; /* groups in groups */

struct parser {
	const unsigned char *p, *end;
	char *err;
	int depth;
	struct ere_part *part;
	size_t npart, cap_part;
	struct ere_range *range;
	size_t nrange, cap_range;
	uint32_t set; /* first range of the set at work */
};

/* What stands at `at` is refused. */
static int
refuse(const struct parser *s, const unsigned char *at, const char *why)
{
	enum { SHOWN = 20 };
	size_t left = (size_t)(s->end - at), n = left < SHOWN ? left : SHOWN;

	n -= utf8_tail(at, n);
	return fail(s->err, "'%.*s%s': %s", (int)n, (const char *)at,
	    n < left ? "..." : "", why);
}

static uint32_t
add_part(struct parser *s, struct ere_part part)
{
	s->part = xgrow(s->part, &s->cap_part, s->npart + 1, sizeof(part));
	s->part[s->npart] = part;
	return (uint32_t)s->npart++;
}

static void
add_range(struct parser *s, uint32_t lo, uint32_t hi)
{
	s->range = xgrow(s->range, &s->cap_range, s->nrange + 1,
	    sizeof(*s->range));
	s->range[s->nrange++] = (struct ere_range) { lo, hi };
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = ((const struct ere_range *)a)->lo;
	uint32_t y = ((const struct ere_range *)b)->lo;

	return (x > y) - (x < y);
}

/* Put the ranges from `first` on in order, apart from each other. */
static void
merge_ranges(struct parser *s, size_t first)
{
	struct ere_range *r = s->range + first;
	size_t n = s->nrange - first, kept = 0;

	if (n == 0)
		return;
	qsort(r, n, sizeof(*r), compare);
	for (size_t i = 1; i < n; i++) {
		if (r[i].lo > r[kept].hi + 1)
			r[++kept] = r[i];
		else if (r[i].hi > r[kept].hi)
			r[kept].hi = r[i].hi;
	}
	s->nrange = first + kept + 1;
}

/* Replace the ranges from `first` on by what lies between them. */
static void
negate_ranges(struct parser *s, size_t first)
{
	uint32_t next = 0;
	size_t n;

	merge_ranges(s, first);
	n = s->nrange;
	for (size_t i = first; i < n; i++) {
		struct ere_range r = s->range[i];
		if (r.lo > next)
			add_range(s, next, r.lo - 1);
		next = r.hi + 1;
	}
	if (next <= CHARACTER_MAX)
		add_range(s, next, CHARACTER_MAX);
	memmove(s->range + first, s->range + n,
	    (s->nrange - n) * sizeof(*s->range));
	s->nrange -= n - first;
}

/* The set that the ranges from s->set on make up, as a part. */
static struct ere_part
set_part(struct parser *s)
{
	merge_ranges(s, s->set);
	return (struct ere_part) { .kind = ERE_SET, .inside = s->set,
		.nrange = (uint32_t)(s->nrange - s->set) };
}

/* Sets that have a name. POSIX.1-2008, 7.3.1, the locale being "POSIX". */
static const struct named {
	const char *name;
	int n;
	struct ere_range range[4];
} named[] = {
	{ "alnum", 3, { { '0', '9' }, { 'A', 'Z' }, { 'a', 'z' } } },
	{ "alpha", 2, { { 'A', 'Z' }, { 'a', 'z' } } },
	{ "blank", 2, { { ' ', ' ' }, { '\t', '\t' } } },
	{ "cntrl", 2, { { 0, 0x1F }, { 0x7F, 0x7F } } },
	{ "digit", 1, { { '0', '9' } } },
	{ "graph", 1, { { '!', '~' } } },
	{ "lower", 1, { { 'a', 'z' } } },
	{ "print", 1, { { ' ', '~' } } },
	{ "punct", 4, { { '!', '/' }, { ':', '@' }, { '[', '`' },
	    { '{', '~' } } },
	{ "space", 2, { { '\t', '\r' }, { ' ', ' ' } } },
	{ "upper", 1, { { 'A', 'Z' } } },
	{ "xdigit", 3, { { '0', '9' }, { 'A', 'F' }, { 'a', 'f' } } },
	{ "word", 4, { { '0', '9' }, { 'A', 'Z' }, { '_', '_' },
	    { 'a', 'z' } } },
};

/* Add the set of this name; false when there is none. */
static bool
add_named(struct parser *s, const void *name, size_t len)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
		const struct named *set = &named[i];
		if (strlen(set->name) != len ||
		    memcmp(set->name, name, len) != 0)
			continue;
		for (int k = 0; k < set->n; k++)
			add_range(s, set->range[k].lo, set->range[k].hi);
		return true;
	}
	return false;
}

static int
hex(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
letter_or_digit(unsigned char c)
{
	unsigned char small = c | 0x20;

	return (c >= '0' && c <= '9') || (small >= 'a' && small <= 'z');
}

/* What an element of a set or of a sequence can be. */
enum { BAD = -1, ONE, SEVERAL };

/* \d, \w, \s are SEVERAL and added; \D, \W, \S are all others. */
static int
escaped_set(struct parser *s, unsigned char c)
{
	size_t first = s->nrange;
	unsigned char small = c | 0x20;

	if (small == 'd')
		add_named(s, "digit", 5);
	else if (small == 'w')
		add_named(s, "word", 4);
	else
		add_named(s, "space", 5);
	if (c != small)
		negate_ranges(s, first);
	return SEVERAL;
}

/* Behind a backslash: ONE, the character in *c, or SEVERAL, added. */
static int
parse_escape(struct parser *s, uint32_t *c)
{
	static const char name[] = "nrtfv", value[] = "\n\r\t\f\v";
	const unsigned char *at = s->p - 1;
	const char *known;
	int len;

	if (s->p == s->end)
		return refuse(s, at, "nothing follows the backslash");
	len = utf8_decode(c, s->p, (size_t)(s->end - s->p));
	if (len <= 0)
		return refuse(s, at, "it is not UTF-8");
	s->p += len;
	if (*c == '<' || *c == '>' || *c == 'b' || *c == 'B')
		return refuse(s, at, "word boundaries are not supported");
	if (*c > 0x7F || !letter_or_digit((unsigned char)*c))
		return ONE;
	if (strchr("dDwWsS", (int)*c) != NULL)
		return escaped_set(s, (unsigned char)*c);
	if ((known = strchr(name, (int)*c)) != NULL) {
		*c = (unsigned char)value[known - name];
		return ONE;
	}
	if (*c == 'x') {
		if (s->end - s->p < 2 || hex(s->p[0]) < 0 || hex(s->p[1]) < 0)
			return refuse(s, at, "two hexadecimal digits must "
			    "follow");
		*c = (uint32_t)(hex(s->p[0]) * 16 + hex(s->p[1]));
		s->p += 2;
		return ONE;
	}
	if (*c >= '1' && *c <= '9')
		return refuse(s, at, "back-references are not supported");
	return refuse(s, at, "this escape is not known");
}

/* A character that stands for itself, or an escape. */
static int
parse_character(struct parser *s, uint32_t *c)
{
	int len = utf8_decode(c, s->p, (size_t)(s->end - s->p));

	if (len <= 0)
		return refuse(s, s->p, "it is not UTF-8");
	s->p += len;
	return *c == '\\' ? parse_escape(s, c) : ONE;
}

/* An element of [...]. */
static int
parse_element(struct parser *s, uint32_t *c)
{
	const unsigned char *at = s->p, *close;

	if (s->end - at < 2 || at[0] != '[' || strchr(":.=", at[1]) == NULL ||
	    at[1] == '\0')
		return parse_character(s, c);
	if (at[1] != ':')
		return refuse(s, at, "collating elements are not supported");
	close = memchr(at + 2, ':', (size_t)(s->end - at) - 2);
	if (close == NULL || s->end - close < 2 || close[1] != ']' ||
	    !add_named(s, at + 2, (size_t)(close - at) - 2))
		return refuse(s, at, "no set has this name");
	s->p = close + 2;
	return SEVERAL;
}

/* Behind the bracket of [...]. */
static int
parse_set(struct parser *s, struct ere_part *part)
{
	const unsigned char *open = s->p - 1, *at;
	bool negate = s->p < s->end && *s->p == '^', first = true;
	uint32_t lo, hi;
	int got;

	s->p += negate;
	for (;; first = false) {
		if (s->p == s->end)
			return refuse(s, open, "the set is not closed");
		if (*s->p == ']' && !first)
			break;
		at = s->p;
		if ((got = parse_element(s, &lo)) == BAD)
			return BAD;
		hi = lo;
		if (s->end - s->p > 1 && s->p[0] == '-' && s->p[1] != ']') {
			s->p++;
			if (got == ONE && (got = parse_element(s, &hi)) == BAD)
				return BAD;
			if (got == SEVERAL)
				return refuse(s, at, "a range needs two "
				    "characters");
			if (hi < lo)
				return refuse(s, at, "the range runs "
				    "backwards");
		}
		if (got == ONE)
			add_range(s, lo, hi);
	}
	s->p++;
	if (negate)
		negate_ranges(s, s->set);
	*part = set_part(s);
	return 0;
}

/* A number of {m,n}; at most ERE_TIMES + 1, which is too large. */
static bool
number(const unsigned char **p, const unsigned char *end, uint32_t *n)
{
	const unsigned char *from = *p;

	for (*n = 0; *p < end && **p >= '0' && **p <= '9'; ++*p)
		if ((*n = *n * 10 + (uint32_t)(**p - '0')) > ERE_TIMES)
			*n = ERE_TIMES + 1;
	return *p > from;
}

/* {m}, {m,}, {,n}, {m,n}: its length, 0 when this is none of them. */
static size_t
bound(const struct parser *s, uint32_t *min, uint32_t *max)
{
	const unsigned char *p = s->p;
	bool some;

	if (p == s->end || *p++ != '{')
		return 0;
	some = number(&p, s->end, min);
	*max = *min;
	if (p < s->end && *p == ',') {
		p++;
		if (!number(&p, s->end, max))
			*max = ERE_MANY;
		else
			some = true;
	}
	return some && p < s->end && *p == '}' ? (size_t)(p + 1 - s->p) : 0;
}

/* *, +, ?, {m,n}: its length, 0 when there is none. */
static size_t
quantifier(const struct parser *s, uint32_t *min, uint32_t *max)
{
	if (s->p == s->end)
		return 0;
	*min = *s->p == '+';
	*max = *s->p == '?' ? 1 : ERE_MANY;
	if (*s->p == '*' || *s->p == '+' || *s->p == '?')
		return 1;
	return bound(s, min, max);
}

static int
parse_quantifier(struct parser *s, struct ere_part *part)
{
	const unsigned char *at = s->p;
	uint32_t min, max;
	size_t len = quantifier(s, &part->min, &part->max);

	if (len == 0) {
		part->min = part->max = 1;
		return 0;
	}
	s->p += len;
	if (part->min > ERE_TIMES ||
	    (part->max > ERE_TIMES && part->max != ERE_MANY))
		return refuse(s, at, "too many times");
	if (part->min > part->max)
		return refuse(s, at, "the bounds run backwards");
	if (quantifier(s, &min, &max) > 0)
		return refuse(s, at, "two quantifiers in a row");
	return 0;
}

static int parse_alternatives(struct parser *s, uint32_t *last);

/* Behind the parenthesis of a group. */
static int
parse_group(struct parser *s, struct ere_part *part)
{
	const unsigned char *open = s->p - 1;

	*part = (struct ere_part) { .kind = ERE_GROUP };
	if (s->p < s->end && *s->p == '?') {
		size_t left = (size_t)(s->end - s->p);
		unsigned char c = left > 1 ? s->p[1] : 0;
		unsigned char d = left > 2 ? s->p[2] : 0;
		if (c == '=' || c == '!' ||
		    (c == '<' && (d == '=' || d == '!')))
			return refuse(s, open, "lookaround is not supported");
		if (c != ':')
			return refuse(s, open, "of groups with ? only (?: is "
			    "supported");
		s->p += 2;
	}
	if (++s->depth > DEPTH)
		return refuse(s, open, "too many groups in groups");
	if (parse_alternatives(s, &part->inside) != 0)
		return -1;
	s->depth--;
	if (s->p == s->end)
		return refuse(s, open, "the group is not closed");
	s->p++;
	return 0;
}

static int
parse_part(struct parser *s, struct ere_part *part)
{
	uint32_t c, min, max;

	s->set = (uint32_t)s->nrange;
	if (quantifier(s, &min, &max) > 0)
		return refuse(s, s->p, "there is nothing to repeat");
	switch (*s->p) {
	case '(':
		s->p++;
		return parse_group(s, part);
	case '[':
		s->p++;
		return parse_set(s, part);
	case '.':
		s->p++;
		add_range(s, '\n', '\n');
		negate_ranges(s, s->set);
		break;
	case '^':
	case '$':
		return refuse(s, s->p, "it is the whole text that matches: ^ "
		    "may only begin it, $ only end it");
	default:
		switch (parse_character(s, &c)) {
		case BAD:
			return -1;
		case ONE:
			add_range(s, c, c);
		}
	}
	*part = set_part(s);
	return 0;
}

/* Whether a sequence ends here; a $ that ends all of them is passed over. */
static bool
sequence_ends(struct parser *s)
{
	if (s->depth == 0 && s->p < s->end && *s->p == '$' &&
	    (s->p + 1 == s->end || s->p[1] == '|'))
		s->p++;
	return s->p == s->end || *s->p == '|' || (*s->p == ')' && s->depth > 0);
}

static int
parse_sequence(struct parser *s, uint32_t *last)
{
	struct ere_part part;

	if (s->depth == 0 && s->p < s->end && *s->p == '^')
		s->p++;
	*last = 0;
	while (!sequence_ends(s)) {
		if (*s->p == ')')
			return refuse(s, s->p, "no group is open");
		if (parse_part(s, &part) != 0 ||
		    parse_quantifier(s, &part) != 0)
			return -1;
		part.prev = *last;
		*last = add_part(s, part);
	}
	return 0;
}

static int
parse_alternatives(struct parser *s, uint32_t *last)
{
	uint32_t inside;

	for (*last = 0;; s->p++) {
		if (parse_sequence(s, &inside) != 0)
			return -1;
		*last = add_part(s, (struct ere_part) { .kind = ERE_ALTERNATIVE,
		    .prev = *last, .inside = inside });
		if (s->p == s->end || *s->p != '|')
			return 0;
	}
}

int
ere_parse(struct ere *e, const void *p, size_t n, char *err)
{
	struct parser s = { .p = n > 0 ? p : "", .err = err };
	int status;

	s.end = s.p + n;
	add_part(&s, (struct ere_part) { .kind = ERE_SET });
	status = parse_alternatives(&s, &e->last);
	e->part = s.part;
	e->range = s.range;
	if (status != 0)
		ere_free(e);
	return status;
}

void
ere_free(struct ere *e)
{
	free(e->part);
	free(e->range);
	*e = (struct ere) { 0 };
}

void
ere_quote(struct buf *b, const void *p, size_t n)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < 0x80 && !letter_or_digit(s[i]) && s[i] != '<' &&
		    s[i] != '>')
			buf_put(b, "\\", 1);
		buf_put(b, s + i, 1);
	}
}
