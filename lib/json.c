#include "json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

struct reader {
	struct json *j;
	const char *p, *end;
	size_t cap;      /* of the nodes */
	uint32_t *table; /* of find_twice; owned */
	size_t ntable;
	struct buf a, b; /* unescaped keys */
	const char *why; /* once set, nothing more is read */
};

static bool
bad(struct reader *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	return false;
}

static void
skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' ||
	    *r->p == '\r' || *r->p == '\t'))
		r->p++;
}

static size_t
new_node(struct reader *r, enum json_type type)
{
	struct json *j = r->j;

	j->node = xgrow(j->node, &r->cap, j->n + 1, sizeof(*j->node));
	j->node[j->n] = (struct json_node) { .type = (uint8_t)type,
		.at = (uint32_t)(r->p - j->text), .next = (uint32_t)j->n + 1 };
	return j->n++;
}

/* The four hexadecimal digits at p, or -1. */
static long
hex4(const char *p, const char *end)
{
	long v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int c = p[i], low = c | 0x20;
		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (low >= 'a' && low <= 'f')
			v = v << 4 | (low - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/* The escape at p, whose backslash p[0] is: its length and its character in
 * *c; 0 when it is none, -1 for a surrogate that is not one of a pair. */
static int
escape(const char *p, const char *end, uint32_t *c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	long high, low;

	if (end - p < 2)
		return 0;
	if (p[1] != 'u') {
		if (p[1] == '\0' || (at = strchr(from, p[1])) == NULL)
			return 0;
		*c = (unsigned char)to[at - from];
		return 2;
	}
	if ((high = hex4(p + 2, end)) < 0)
		return 0;
	*c = (uint32_t)high;
	if (high < 0xD800 || high > 0xDFFF)
		return 6;
	if (high > 0xDBFF || end - p < 12 || p[6] != '\\' || p[7] != 'u' ||
	    (low = hex4(p + 8, end)) < 0xDC00 || low > 0xDFFF)
		return -1;
	*c = 0x10000 + ((uint32_t)(high - 0xD800) << 10 |
	    (uint32_t)(low - 0xDC00));
	return 12;
}

/* Printable ASCII, the quote and the backslash excepted. */
static bool
plain(char c)
{
	return (unsigned char)(c - ' ') < 0x60 && c != '"' && c != '\\';
}

/* A string, r->p behind its opening quote. */
static bool
read_string(struct reader *r)
{
	size_t v = new_node(r, JSON_STRING);
	struct json_node *node = &r->j->node[v];
	const char *p = r->p;
	uint32_t ch;
	int n;

	for (;; p += n) {
		while (p < r->end && plain(*p))
			p++;
		r->p = p;
		if (p == r->end)
			return bad(r, "a string that does not end");
		if (*p == '"')
			break;
		if (*p == '\\') {
			node->escaped = true;
			if ((n = escape(p, r->end, &ch)) == 0)
				return bad(r, "an unknown escape");
			if (n < 0)
				return bad(r, "half of a surrogate pair");
		} else if ((unsigned char)*p < ' ') {
			return bad(r, "a control character in a string");
		} else if ((n = utf8_decode(&ch, p, (size_t)(r->end - p))) <=
		    0) {
			return bad(r, "bytes that are not UTF-8");
		}
	}
	node->len = (uint32_t)(p - (r->j->text + node->at));
	r->p++;
	return true;
}

static bool
digits(struct reader *r)
{
	const char *p = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return r->p > p;
}

static bool
read_number(struct reader *r)
{
	size_t v = new_node(r, JSON_NUMBER);
	struct json_node *node = &r->j->node[v];
	bool zero;

	if (*r->p == '-')
		r->p++;
	zero = r->p < r->end && *r->p == '0';
	if (zero)
		r->p++;
	else if (!digits(r))
		return bad(r, "not a value");
	if (zero && r->p < r->end && *r->p >= '0' && *r->p <= '9')
		return bad(r, "a number that begins with 0");
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		if (!digits(r))
			return bad(r, "a number without digits after its "
			    "point");
	}
	if (r->p < r->end && (*r->p | 0x20) == 'e') {
		r->p++;
		if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
			r->p++;
		if (!digits(r))
			return bad(r, "a number without digits in its "
			    "exponent");
	}
	node->len = (uint32_t)(r->p - (r->j->text + node->at));
	return true;
}

static bool
read_word(struct reader *r, enum json_type type, const char *word)
{
	size_t n = strlen(word), v = new_node(r, type);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return bad(r, "not a value");
	r->j->node[v].len = (uint32_t)n;
	r->p += n;
	return true;
}

/* The characters of string v: in place, or unescaped in b. */
static const char *
characters(const struct json *j, size_t v, struct buf *b, size_t *n)
{
	const struct json_node *node = &j->node[v];

	*n = node->len;
	if (!node->escaped)
		return j->text + node->at;
	b->len = 0;
	buf_room(b, node->len);
	*n = json_string(j, v, b->p);
	return b->p;
}

static bool
same_key(struct reader *r, size_t v, size_t w)
{
	size_t nv, nw;
	const char *pv = characters(r->j, v, &r->a, &nv);
	const char *pw = characters(r->j, w, &r->b, &nw);

	return nv == nw && memcmp(pv, pw, nv) == 0;
}

/* FNV-1a; begun with where the memory lies, so that a file cannot be made to
 * collide. */
static size_t
hash_key(struct reader *r, size_t v)
{
	uint64_t h = 0xcbf29ce484222325u ^ (uintptr_t)r->j->node;
	size_t n;
	const char *p = characters(r->j, v, &r->a, &n);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

/* The key of object v that stands twice, or 0. */
static size_t
find_twice(struct reader *r, size_t v)
{
	const struct json_node *node = r->j->node;
	size_t n = node[v].len, k = v + 1, size = 32, at;

	if (n <= 16) {
		for (; n > 1; n--, k = node[k + 1].next)
			for (size_t i = 1, w = k; i < n; i++) {
				w = node[w + 1].next;
				if (same_key(r, k, w))
					return w;
			}
		return 0;
	}
	while (size < 2 * n)
		size *= 2;
	if (size > r->ntable) {
		free(r->table);
		r->table = xcalloc(size, sizeof(*r->table));
		r->ntable = size;
	} else {
		memset(r->table, 0, size * sizeof(*r->table));
	}
	for (; n > 0; n--, k = node[k + 1].next) {
		at = hash_key(r, k) & (size - 1);
		for (; r->table[at] != 0; at = (at + 1) & (size - 1))
			if (same_key(r, k, r->table[at]))
				return k;
		r->table[at] = (uint32_t)k;
	}
	return 0;
}

static bool read_value(struct reader *r, int depth);

/* The elements of an array or the members of an object, r->p at its bracket. */
static bool
read_inside(struct reader *r, enum json_type type, int depth)
{
	const char close = type == JSON_ARRAY ? ']' : '}';
	size_t v = new_node(r, type), twice;
	uint32_t n = 0;

	if (depth == JSON_DEPTH)
		return bad(r, "nested too deeply");
	r->p++;
	for (;; n++) {
		skip_space(r);
		if (r->p < r->end && *r->p == close)
			break;
		if (n > 0) {
			if (r->p == r->end || *r->p != ',')
				return bad(r, "neither a comma nor a closing "
				    "bracket");
			r->p++;
			skip_space(r);
		}
		if (type == JSON_OBJECT) {
			if (r->p == r->end || *r->p != '"')
				return bad(r, "not a key");
			r->p++;
			if (!read_string(r))
				return false;
			skip_space(r);
			if (r->p == r->end || *r->p != ':')
				return bad(r, "no colon behind a key");
			r->p++;
			skip_space(r);
		}
		if (!read_value(r, depth + 1))
			return false;
	}
	r->p++;
	r->j->node[v].len = n;
	r->j->node[v].next = (uint32_t)r->j->n;
	if (type == JSON_OBJECT && (twice = find_twice(r, v)) != 0) {
		r->p = r->j->text + r->j->node[twice].at;
		return bad(r, "a key that stands twice");
	}
	return true;
}

static bool
read_value(struct reader *r, int depth)
{
	switch (r->p == r->end ? '\0' : *r->p) {
	case '{':
		return read_inside(r, JSON_OBJECT, depth);
	case '[':
		return read_inside(r, JSON_ARRAY, depth);
	case '"':
		r->p++;
		return read_string(r);
	case 't':
		return read_word(r, JSON_TRUE, "true");
	case 'f':
		return read_word(r, JSON_FALSE, "false");
	case 'n':
		return read_word(r, JSON_NULL, "null");
	default:
		if (r->p < r->end && (*r->p == '-' ||
		    (*r->p >= '0' && *r->p <= '9')))
			return read_number(r);
		return bad(r, "not a value");
	}
}

int
json_parse(struct json *j, const void *p, size_t n, char *err)
{
	struct reader r = { .j = j, .p = p };
	size_t line = 1, column = 1;

	*j = (struct json) { .text = p };
	if (n >= UINT32_MAX)
		return fail(err, "too long");
	r.end = r.p + n;
	skip_space(&r);
	if (read_value(&r, 0)) {
		skip_space(&r);
		if (r.p < r.end)
			bad(&r, "more than one value");
	}
	free(r.table);
	buf_free(&r.a);
	buf_free(&r.b);
	if (r.why == NULL)
		return 0;
	json_free(j);
	for (const char *s = p; s < r.p; s++) {
		column = *s == '\n' ? 1 : column + 1;
		line += *s == '\n';
	}
	return fail(err, "line %zu, column %zu: %s", line, column, r.why);
}

void
json_free(struct json *j)
{
	free(j->node);
	*j = (struct json) { 0 };
}

size_t
json_get(const struct json *j, size_t v, const char *key)
{
	size_t k = v + 1;

	if (j->node[v].type != JSON_OBJECT)
		return 0;
	for (size_t n = j->node[v].len; n > 0; n--, k = j->node[k + 1].next)
		if (json_equal(j, k, key))
			return k + 1;
	return 0;
}

bool
json_equal(const struct json *j, size_t v, const char *s)
{
	const struct json_node *node = &j->node[v];
	struct buf b = { 0 };
	size_t len = strlen(s), n;
	const char *p;
	bool equal;

	if (node->type != JSON_STRING || node->len < len)
		return false;
	p = characters(j, v, &b, &n);
	equal = n == len && memcmp(p, s, n) == 0;
	buf_free(&b);
	return equal;
}

size_t
json_string(const struct json *j, size_t v, char *out)
{
	const struct json_node *node = &j->node[v];
	const char *p = j->text + node->at, *end = p + node->len;
	char *start = out;

	if (!node->escaped) {
		memcpy(out, p, node->len);
		return node->len;
	}
	while (p < end) {
		uint32_t c = 0;
		if (*p != '\\') {
			*out++ = *p++;
			continue;
		}
		p += escape(p, end, &c);
		out += utf8_encode(out, c);
	}
	return (size_t)(out - start);
}

bool
json_double(const struct json *j, size_t v, double *out)
{
	const struct json_node *node = &j->node[v];
	char small[64], *s = small;

	if (node->type != JSON_NUMBER)
		return false;
	if (node->len >= sizeof(small))
		s = xmalloc((size_t)node->len + 1);
	memcpy(s, j->text + node->at, node->len);
	s[node->len] = '\0';
	*out = strtod(s, NULL);
	if (s != small)
		free(s);
	return isfinite(*out);
}

bool
json_int(const struct json *j, size_t v, int64_t *out)
{
	const struct json_node *node = &j->node[v];
	const char *p = j->text + node->at, *end = p + node->len;
	bool minus = node->type == JSON_NUMBER && *p == '-';
	uint64_t u = 0, max = (uint64_t)INT64_MAX + minus;
	double d;

	if (node->type != JSON_NUMBER)
		return false;
	for (p += minus; p < end && *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');
		if (u > (max - digit) / 10)
			return false;
		u = u * 10 + digit;
	}
	if (p < end) {
		if (!json_double(j, v, &d) || d != rint(d) ||
		    fabs(d) > 0x1p53)
			return false;
		*out = (int64_t)d;
	} else {
		*out = minus ? (int64_t)(0 - u) : (int64_t)u;
	}
	return true;
}
