/* json: what RFC 8259 allows is read as it says, all else refused with its
 * place. */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int n;

static void
ok(bool pass, const char *what)
{
	printf("%sok %d - %s\n", pass ? "" : "not ", ++n, what);
}

/* Parsed from memory of just that size, so that a byte too many is found. */
static int
parse(struct json *j, char **copy, const char *text, size_t len, char *err)
{
	*copy = malloc(len ? len : 1);
	memcpy(*copy, text, len);
	return json_parse(j, *copy, len, err);
}

static void
refused(const char *text, const char *want)
{
	struct json j;
	char err[ERRLEN] = "", *copy;
	bool pass = parse(&j, &copy, text, strlen(text), err) != 0 &&
	    strcmp(err, want) == 0;

	ok(pass, want);
	if (!pass)
		printf("# %s: %s\n", text, err);
	free(copy);
}

static void
grammar(void)
{
	static const char *const good[] = { "1", " \t\r\n0 ", "-0", "\"\"",
		"[]", "{}", "[ ]", "{ }", "null", "[[],{}]", "1.5e-3", "1E+9",
		"{\"a\":1,\"b\":[true,false,null]}", "\"\x7f\"",
		"{\"\":1,\"a\":2,\"aa\":3}" };
	struct json j;
	char err[ERRLEN], *copy;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ok(parse(&j, &copy, good[i], strlen(good[i]), err) == 0 &&
		        j.node[0].next == j.n,
		    good[i]);
		json_free(&j);
		free(copy);
	}
	refused("", "line 1, column 1: not a value");
	refused(" \n x", "line 2, column 2: not a value");
	refused("nul", "line 1, column 1: not a value");
	refused("1 2", "line 1, column 3: more than one value");
	refused("[1,]", "line 1, column 4: not a value");
	refused("[,1]", "line 1, column 2: not a value");
	refused("[1 2]", "line 1, column 4: neither a comma nor a closing "
	    "bracket");
	refused("[1", "line 1, column 3: neither a comma nor a closing "
	    "bracket");
	refused("[", "line 1, column 2: not a value");
	refused("{\"a\":1,}", "line 1, column 8: not a key");
	refused("{1:1}", "line 1, column 2: not a key");
	refused("{\"a\" 1}", "line 1, column 6: no colon behind a key");
	refused("{\"a\"", "line 1, column 5: no colon behind a key");
	refused("{\"a\":", "line 1, column 6: not a value");
	refused("01", "line 1, column 2: a number that begins with 0");
	refused("-", "line 1, column 2: not a value");
	refused("+1", "line 1, column 1: not a value");
	refused("1.", "line 1, column 3: a number without digits after its "
	    "point");
	refused("1e+", "line 1, column 4: a number without digits in its "
	    "exponent");
	refused("NaN", "line 1, column 1: not a value");
	refused("'a'", "line 1, column 1: not a value");
	refused("\"a", "line 1, column 3: a string that does not end");
	refused("\"a\tb\"", "line 1, column 3: a control character in a "
	    "string");
	refused("\"\\x\"", "line 1, column 2: an unknown escape");
	refused("\"\\u12g4\"", "line 1, column 2: an unknown escape");
	refused("\"\\u123", "line 1, column 2: an unknown escape");
	refused("\"\\ud800\"", "line 1, column 2: half of a surrogate pair");
	refused("\"\\ud800\\u0041\"", "line 1, column 2: half of a surrogate "
	    "pair");
	refused("\"\\udc00\\ud800\"", "line 1, column 2: half of a surrogate "
	    "pair");
	refused("\"\xc0\x80\"", "line 1, column 2: bytes that are not UTF-8");
	refused("\"\xed\xa0\x80\"", "line 1, column 2: bytes that are not "
	    "UTF-8");
	refused("\"\xe2\x82", "line 1, column 2: bytes that are not UTF-8");
	refused("\xef\xbb\xbf{}", "line 1, column 1: not a value");
}

static void
keys(void)
{
	struct json j;
	char err[ERRLEN], *copy, text[4096] = "{";
	size_t at = 1;
	bool pass = true;

	refused("{\"a\":1,\n\"a\":2}", "line 2, column 2: a key that stands "
	    "twice");
	refused("{\"a\":{},\"b\":{\"c\":1,\"c\":1}}", "line 1, column 21: a key "
	    "that stands twice");
	refused("{\"\\u0061\":1,\"a\":2}", "line 1, column 14: a key that "
	    "stands twice");
	for (int i = 0; i < 200; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
		    "%s\"k%d\":%d", i ? "," : "", i, i);
	snprintf(text + at, sizeof(text) - at, "}");
	pass = parse(&j, &copy, text, strlen(text), err) == 0;
	for (int i = 0; i < 200 && pass; i++) {
		char key[16];
		int64_t v = -1;
		size_t value;
		snprintf(key, sizeof(key), "k%d", i);
		value = json_get(&j, 0, key);
		pass = value != 0 && json_int(&j, value, &v) && v == i;
	}
	ok(pass && json_get(&j, 0, "k") == 0 && json_get(&j, 0, "k2000") == 0,
	    "a large object");
	json_free(&j);
	free(copy);
	snprintf(text + at, sizeof(text) - at, ",\"\\u006b7\":1}");
	ok(parse(&j, &copy, text, strlen(text), err) != 0 &&
	        strstr(err, "twice") != NULL,
	    "a key that stands twice in a large object");
	free(copy);
}

static void
strings(void)
{
	static const char text[] = "[\"plain\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\","
	    "\"\\u0000\\u00e9\\u20AC\\ud83d\\ude00x\",\"\xf0\x9f\x98\x80\"]";
	static const struct {
		const char *p;
		size_t len;
	} want[] = { { "plain", 5 }, { "\"\\/\b\f\n\r\t", 8 },
		{ "\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x", 11 },
		{ "\xf0\x9f\x98\x80", 4 } };
	struct json j;
	char err[ERRLEN], *copy, out[64];
	bool pass = parse(&j, &copy, text, strlen(text), err) == 0;
	size_t v = 1;

	for (size_t i = 0; i < 4 && pass; i++, v = j.node[v].next) {
		size_t len = json_string(&j, v, out);
		pass = len == want[i].len && memcmp(out, want[i].p, len) == 0 &&
		    len <= j.node[v].len;
	}
	ok(pass, "strings, unescaped");
	ok(json_equal(&j, 1, "plain") && !json_equal(&j, 1, "plai") &&
	        !json_equal(&j, 2, "plain") && !json_equal(&j, 0, ""),
	    "strings, compared");
	json_free(&j);
	free(copy);
}

static void
number(const char *text, bool whole, int64_t want, double real)
{
	struct json j;
	char err[ERRLEN], *copy;
	int64_t v = 0;
	double d = 0;
	bool pass = parse(&j, &copy, text, strlen(text), err) == 0 &&
	    json_int(&j, 0, &v) == whole && (!whole || v == want) &&
	    json_double(&j, 0, &d) == (bool)isfinite(real);

	ok(pass && (!isfinite(real) || (d <= real && d >= real)), text);
	json_free(&j);
	free(copy);
}

static void
numbers(void)
{
	number("0", true, 0, 0);
	number("-17", true, -17, -17);
	number("9223372036854775807", true, INT64_MAX, 0x1p63);
	number("9223372036854775808", false, 0, 0x1p63);
	number("-9223372036854775808", true, INT64_MIN, -0x1p63);
	number("-9223372036854775809", false, 0, -0x1p63);
	number("1e6", true, 1000000, 1e6);
	number("32.0", true, 32, 32);
	number("0.1", false, 0, 0.1);
	number("1e-05", false, 0, 1e-5);
	number("1e300", false, 0, 1e300);
	number("1e400", false, 0, INFINITY);
	number("2.2250738585072011e-308", false, 0, 0x0.fffffffffffffp-1022);
	number("0.1000000000000000055511151231257827021181583404541015625000000"
	    "0000000000000000000000000000000000000000000000000000000000001",
	    false, 0, 0.1);
}

static void
depth(void)
{
	char text[2 * JSON_DEPTH + 3];
	struct json j;
	char err[ERRLEN], *copy;

	memset(text, '[', JSON_DEPTH);
	memset(text + JSON_DEPTH, ']', JSON_DEPTH);
	ok(parse(&j, &copy, text, 2 * JSON_DEPTH, err) == 0, "nested deeply");
	json_free(&j);
	free(copy);
	memset(text, '[', JSON_DEPTH + 1);
	text[JSON_DEPTH + 1] = '\0';
	refused(text, "line 1, column 65: nested too deeply");
}

int
main(void)
{
	grammar();
	keys();
	strings();
	numbers();
	depth();
	printf("1..%d\n", n);
	return 0;
}
