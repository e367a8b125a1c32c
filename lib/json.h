/*
 * json - a strict reader of JSON (RFC 8259). The text stays where it is; a flat
 * array of nodes stands over it, in the order of the text.
 *
 *	struct json j;
 *	if (json_parse(&j, p, size, err) != 0)
 *		die("%s: %s", path, err);
 *	v = json_get(&j, 0, "model");            the root is node 0
 *	if ((v = json_get(&j, v, "vocab")) == 0)
 *		die("%s: no vocab", path);
 *	n = j.node[v].len;
 *	for (k = v + 1; n > 0; n--, k = j.node[k + 1].next)
 *		member with key k and value k + 1
 *	for (e = v + 1; n > 0; n--, e = j.node[e].next)
 *		element e, were v an array
 *	json_free(&j);
 *
 * Refused beyond the grammar: text that is not UTF-8, escaped surrogates that
 * are not a pair, an object with the same key twice, nesting deeper than
 * JSON_DEPTH, a text of 4 GiB or more.
 */
#ifndef JSON_H
#define JSON_H

#include "buf.h"

enum { JSON_DEPTH = 64 };

enum json_type {
	JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY,
	JSON_OBJECT,
};

struct json_node {
	uint32_t at;   /* offset of its text; of a string, behind the quote */
	uint32_t len;  /* bytes of its text; of an array its elements, of an
	                * object its members */
	uint32_t next; /* the node behind this one and all that it holds */
	uint8_t type;  /* an enum json_type */
	bool escaped;  /* a string with backslashes in its text */
};

struct json {
	const char *text;       /* not owned */
	struct json_node *node; /* (n); owned */
	size_t n;
};

/* The text p[0..n), which must outlive j: 0, or -1 with the reason and its
 * place in err. */
int json_parse(struct json *j, const void *p, size_t n, char *err);
void json_free(struct json *j);

/* The value of the member `key` of node v; 0 when there is none, or v is not an
 * object. (A key of the text is found by its characters, however written.) */
size_t json_get(const struct json *j, size_t v, const char *key);

/* Is node v this string? */
bool json_equal(const struct json *j, size_t v, const char *s);

/* A string's characters, unescaped, to out[0..node.len): how many bytes they
 * are, never more than node.len. Not terminated; may hold NUL. */
size_t json_string(const struct json *j, size_t v, char *out);

/* A number: false when v is none, or not one that fits. A whole number may be
 * written with a fraction or exponent (32.0, 1e6) when below 2^53. A double is
 * the nearest one. */
bool json_int(const struct json *j, size_t v, int64_t *out);
bool json_double(const struct json *j, size_t v, double *out);

#endif
