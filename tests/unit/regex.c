/* regex: lib/dfa against the C library's regexec, and characters against what
 * they are said to be. */
#include "dfa.h"
#include "ere.h"
#include "utf8.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int n;

static void
ok(bool pass, const char *what, const char *found)
{
	printf("%sok %d - %s%s%s\n", pass ? "" : "not ", ++n, what,
	    pass ? "" : ": ", pass ? "" : found);
}

/* Numbers that are the same everywhere: xorshift (Marsaglia 2003). */
static uint32_t
rnd(uint32_t below)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % below;
}

static struct dfa
compiled(const char *expression)
{
	struct dfa d;
	char err[ERRLEN];

	if (dfa_open(&d, expression, strlen(expression), err) != 0) {
		printf("Bail out! %s: %s\n", expression, err);
		exit(1);
	}
	return d;
}

static uint32_t
run(struct dfa *d, const void *text, size_t len)
{
	uint32_t state = d->start;

	for (size_t i = 0; i < len; i++)
		state = dfa_step(d, state, ((const unsigned char *)text)[i]);
	return state;
}

static bool
matches(const char *expression, const char *text)
{
	struct dfa d = compiled(expression);
	bool m = dfa_matches(&d, run(&d, text, strlen(text)));

	dfa_close(&d);
	return m;
}

/* Append a random expression over a, b and c that POSIX defines too. */
static void
random_expression(struct buf *b, int depth)
{
	static const char *const atom[] = { "a", "b", "c", "a", "b", ".",
		"[ab]", "[^a]", "[b-c]", "\\.", "[^[:space:]c]" };
	static const char *const times[] = { "*", "+", "?", "{2}", "{1,2}",
		"{0,2}", "{2,}", "{0}" };
	int parts = 1 + (int)rnd(3);

	for (int i = 0; i < parts; i++) {
		if (depth > 0 && rnd(3) == 0) {
			buf_printf(b, "(");
			random_expression(b, depth - 1);
			buf_printf(b, ")");
		} else {
			buf_printf(b, "%s", atom[rnd(11)]);
		}
		if (rnd(3) == 0)
			buf_printf(b, "%s", times[rnd(8)]);
	}
	if (rnd(4) == 0) {
		buf_printf(b, "|");
		random_expression(b, depth);
	}
}

enum { LONGEST = 6, LETTERS = 4 };

/* The number'th text over a, b, c, d; shorter ones have lower numbers. */
static const char *
text_of(size_t number)
{
	static char text[32];
	char *p = text + sizeof(text) - 1;

	for (*p = '\0'; number > 0; number = (number - 1) / LETTERS)
		*--p = (char)('a' + (number - 1) % LETTERS);
	return p;
}

/* Find how the text, whose state is not dead, can be completed to a match, by
 * searching breadth first through the automaton; append it to b. */
static void
complete(struct buf *b, struct dfa *d, uint32_t state)
{
	struct step {
		uint32_t state;
		size_t from;
		char c;
	} *queue = NULL;
	size_t cap = 0, end = 1, at = 0;
	bool seen[4096] = { false };
	char back[4096];
	size_t len = 0;

	queue = xgrow(queue, &cap, 1, sizeof(*queue));
	queue[0] = (struct step) { state, 0, 0 };
	for (; at < end && !dfa_matches(d, queue[at].state); at++)
		for (char c = 'a'; c < 'a' + LETTERS + 1; c++) {
			unsigned char byte = c < 'a' + LETTERS ?
			    (unsigned char)c : '.';
			uint32_t to = dfa_step(d, queue[at].state, byte);
			if (to == DFA_DEAD || to >= 4096 || seen[to])
				continue;
			seen[to] = true;
			queue = xgrow(queue, &cap, end + 1, sizeof(*queue));
			queue[end++] = (struct step) { to, at, (char)byte };
		}
	for (; at < end && at > 0; at = queue[at].from)
		back[len++] = queue[at].c;
	while (len > 0)
		buf_put(b, &back[--len], 1);
	buf_put(b, "", 1);
	free(queue);
}

/* One expression: each text matches here if it does there; from what is dead
 * none goes on to a match, from what is not one does. False, and what is wrong
 * in `wrong`, if not. */
static bool
agrees(const char *expression, char *wrong)
{
	enum { ALL = 5461 }; /* (4^7 - 1) / 3 texts of up to six letters */
	static bool alive[ALL];
	struct dfa d = compiled(expression);
	struct buf anchored = { 0 };
	regex_t posix;
	bool good = true;

	buf_printf(&anchored, "^(%s)$", expression);
	if (regcomp(&posix, anchored.p, REG_EXTENDED | REG_NOSUB) != 0) {
		printf("Bail out! regcomp: %s\n", expression);
		exit(1);
	}
	memset(alive, 0, sizeof(alive));
	for (size_t i = ALL; i-- > 0;) {
		const char *text = text_of(i);
		uint32_t state = run(&d, text, strlen(text));
		bool match = regexec(&posix, text, 0, NULL, 0) == 0;

		alive[i] |= match;
		if (i > 0)
			alive[(i - 1) / LETTERS] |= alive[i];
		if (match == dfa_matches(&d, state) &&
		    (state != DFA_DEAD || !alive[i]))
			continue;
		snprintf(wrong, ERRLEN, "%s on '%s'", expression, text);
		good = false;
	}
	for (size_t i = 0; good && i < 85; i++) {
		const char *text = text_of(i);
		uint32_t state = run(&d, text, strlen(text));
		struct buf whole = { 0 };

		if (state == DFA_DEAD)
			continue;
		buf_printf(&whole, "%s", text);
		complete(&whole, &d, state);
		if (regexec(&posix, whole.p, 0, NULL, 0) != 0) {
			snprintf(wrong, ERRLEN, "%s: '%s' is no way to go on",
			    expression, whole.p);
			good = false;
		}
		buf_free(&whole);
	}
	regfree(&posix);
	buf_free(&anchored);
	dfa_close(&d);
	return good;
}

static void
against_posix(void)
{
	char wrong[ERRLEN] = "";
	bool good = true;

	for (int i = 0; good && i < 300; i++) {
		struct buf b = { 0 };
		random_expression(&b, 2);
		good = agrees(b.p, wrong);
		buf_free(&b);
	}
	ok(good, "random expressions agree with regexec", wrong);
}

/* That the set has the characters lo..hi or, negated, all others, and that
 * bytes which spell no character are dead. */
static void
characters(const char *set, uint32_t lo, uint32_t hi, bool negated)
{
	struct dfa d = compiled(set);
	char wrong[ERRLEN] = "";
	bool good = true;

	for (uint32_t c = 0; c <= 0x10FFFF; c++) {
		unsigned char p[4];
		uint32_t state;
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		state = run(&d, p, (size_t)utf8_encode(p, c));
		if (dfa_matches(&d, state) == ((c >= lo && c <= hi) != negated))
			continue;
		snprintf(wrong, sizeof(wrong), "U+%04lX", (unsigned long)c);
		good = false;
	}
	ok(good, set, wrong);
	dfa_close(&d);
}

static void
no_characters(void)
{
	static const char *const bad[] = { "\x80", "\xC0", "\xC1\x80",
		"\xE0\x9F", "\xED\xA0", "\xF0\x8F", "\xF4\x90", "\xF5", "\xFF",
		"\xE2\x82\x61", "\xC3\xC3" };
	static const char *const begun[] = { "\xC2", "\xE0\xA0", "\xED\x9F",
		"\xEE", "\xF0\x90\x80", "\xF4\x8F\xBF" };
	struct dfa d = compiled("[^x]");
	bool good = true;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		good &= run(&d, bad[i], strlen(bad[i])) == DFA_DEAD;
	ok(good, "bytes that spell no character are dead", "");
	good = true;
	for (size_t i = 0; i < sizeof(begun) / sizeof(*begun); i++) {
		uint32_t s = run(&d, begun[i], strlen(begun[i]));
		good &= s != DFA_DEAD && !dfa_matches(&d, s);
	}
	ok(good, "bytes that begin a character are not", "");
	dfa_close(&d);
}

static void
by_hand(void)
{
	static const struct {
		const char *expression, *text;
		bool match;
	} is[] = {
		{ "", "", true }, { "", "a", false }, { "a|", "", true },
		{ "()", "", true }, { "(|a)b", "b", true },
		{ "^ab$", "ab", true }, { "^a|b$", "b", true },
		{ "(?:ab)+", "abab", true }, { "a{,2}", "aa", true },
		{ "a{,2}", "aaa", false }, { "a{2,}", "aaaa", true },
		{ "a{2,}", "a", false }, { "a{0}", "", true },
		{ "a{0}", "a", false }, { "{", "{", true },
		{ "{\"a\": [0-9]}", "{\"a\": 7}", true },
		{ "a{x}", "a{x}", true },
		{ "a{,}", "a{,}", true }, { "a}]", "a}]", true },
		{ "\\d\\w\\s", "7_\t", true },
		{ "\\D\\W\\S", "x-\xC3\xA9", true },
		{ "\\D", "7", false }, { "[\\d-]+", "1-2", true },
		{ "[\\D]", "7", false }, { "[\\D7]", "7", true },
		{ "\\n\\t\\r\\f\\v", "\n\t\r\f\v", true },
		{ "\\x41\\x7e", "A~", true }, { "\\xe9", "\xC3\xA9", true },
		{ "[\\x00-\\xff]", "\xC3\xBF", true },
		{ "[\\x00-\\xff]", "\xC4\x80", false },
		{ "\\.\\*\\(\\)\\[\\]\\|\\\\", ".*()[]|\\", true },
		{ "[]a]+", "]a", true }, { "[^]a]", "]", false },
		{ "[a-]+", "-a", true }, { "[-a]+", "-a", true },
		{ "[a^]+", "^a", true }, { "[.*$(]+", "$(.*", true },
		{ "[[:upper:][:digit:]x]+", "Z9x", true }, { "[[]", "[", true },
		{ "[[:punct:]]+", "!/:@[`{~", true },
		{ ".", "\n", false }, { "[^a]", "\n", true },
		{ "\xC3\xA9+", "\xC3\xA9\xC3\xA9", true },
		{ "\xC3\xA9?", "\xC3", false },
		{ "[\xE2\x82\xAC\xC2\xA3]", "\xE2\x82\xAC", true },
		{ "\\\xC3\xA9", "\xC3\xA9", true }, { "\\ \\-", " -", true },
	};

	for (size_t i = 0; i < sizeof(is) / sizeof(*is); i++)
		ok(matches(is[i].expression, is[i].text) == is[i].match,
		    "by hand", is[i].expression);
}

static void
refused(void)
{
	static const char *const is[][2] = {
		{ "(a", "'(a': the group is not closed" },
		{ "a)", "')': no group is open" },
		{ "x[a", "'[a': the set is not closed" },
		{ "[]", "'[]': the set is not closed" },
		{ "[z-a]", "'z-a]': the range runs backwards" },
		{ "[a-\\d]", "'a-\\d]': a range needs two characters" },
		{ "[\\d-z]", "'\\d-z]': a range needs two characters" },
		{ "[[:alfa:]]", "'[:alfa:]]': no set has this name" },
		{ "[[=a=]]", "'[=a=]]': collating elements are not supported" },
		{ "*a", "'*a': there is nothing to repeat" },
		{ "a|+", "'+': there is nothing to repeat" },
		{ "({2})", "'{2})': there is nothing to repeat" },
		{ "a**", "'**': two quantifiers in a row" },
		{ "a+?", "'+?': two quantifiers in a row" },
		{ "a{2}{3}", "'{2}{3}': two quantifiers in a row" },
		{ "a{3,2}", "'{3,2}': the bounds run backwards" },
		{ "a{99999999999}", "'{99999999999}': too many times" },
		{ "((a{1000}){1000}){1000}", "the expression is too large" },
		{ "((((){100000}){100000}){100000}){100000}",
		    "the expression is too large" },
		{ "(a)\\1", "'\\1': back-references are not supported" },
		{ "a\\b", "'\\b': word boundaries are not supported" },
		{ "\\<a", "'\\<a': word boundaries are not supported" },
		{ "\\pL", "'\\pL': this escape is not known" },
		{ "\\x4", "'\\x4': two hexadecimal digits must follow" },
		{ "a\\", "'\\': nothing follows the backslash" },
		{ "a(?=b)", "'(?=b)': lookaround is not supported" },
		{ "(?<!b)a", "'(?<!b)a': lookaround is not supported" },
		{ "(?i)a", "'(?i)a': of groups with ? only (?: is supported" },
		{ "(?", "'(?': of groups with ? only (?: is supported" },
		{ "a^", "'^': it is the whole text that matches: ^ may only "
		    "begin it, $ only end it" },
		{ "($)", "'$)': it is the whole text that matches: ^ may only "
		    "begin it, $ only end it" },
		{ "a\xFF", "'\xFF': it is not UTF-8" },
		{ "[\xC3]", "'\xC3]': it is not UTF-8" },
		{ "(abcdefghijklmnopqrs\xC3\xA9z",
		    "'(abcdefghijklmnopqrs...': the group is not closed" },
	};
	struct buf deep = { 0 };
	char err[ERRLEN];

	for (size_t i = 0; i < sizeof(is) / sizeof(*is); i++) {
		struct dfa d;
		bool good = dfa_open(&d, is[i][0], strlen(is[i][0]), err) != 0;
		ok(good && strcmp(err, is[i][1]) == 0, "refused",
		    good ? err : is[i][0]);
	}
	for (int i = 0; i < 100000; i++)
		buf_put(&deep, "(", 1);
	struct dfa d;
	ok(dfa_open(&d, deep.p, deep.len, err) != 0 &&
	    strstr(err, "too many groups in groups") != NULL, "refused", err);
	buf_free(&deep);
}

/* What takes time exponential in the length where it is searched for by
 * trying, and states that never come again. */
static void
large(void)
{
	struct dfa d = compiled("(a*)*(a|aa)+(a?){200}b"), e;
	uint32_t state = d.start, other;
	size_t most = 0;
	bool good = true;

	for (int i = 0; i < 1000000; i++)
		state = dfa_step(&d, state, 'a');
	ok(state != DFA_DEAD && !dfa_matches(&d, state) &&
	    dfa_matches(&d, dfa_step(&d, state, 'b')), "a million bytes", "");
	dfa_close(&d);

	d = compiled("(a|b)*a(a|b){12}");
	e = compiled("(a|b)*a(a|b){12}");
	state = d.start;
	other = e.start;
	for (int i = 0; good && i < 20000; i++) {
		unsigned char c = rnd(2) ? 'a' : 'b';
		state = dfa_step(&d, state, c);
		other = dfa_step(&e, other, c);
		good = dfa_matches(&d, state) == dfa_matches(&e, other);
		dfa_trim(&d, 10000, &state, 1);
		most = d.made.n > most ? d.made.n : most;
	}
	ok(good && most < 1000 && e.made.n > 4000,
	    "forgotten states are made again", "");
	dfa_close(&d);
	dfa_close(&e);
}

/* Any text quoted is matched by itself alone. */
static void
quoted(void)
{
	static const char *const is[] = { "", "a.b", "<a|b>*{2}\\d[x]^$()?+",
		"na\xC3\xAFve\n\t", "-_/\"'" };

	for (size_t i = 0; i < sizeof(is) / sizeof(*is); i++) {
		struct buf b = { 0 };
		ere_quote(&b, is[i], strlen(is[i]));
		buf_put(&b, "", 1);
		ok(matches(b.p, is[i]) && !matches(b.p, "ab") &&
		    !matches(b.p, "a.bb"), "quoted", b.p);
		buf_free(&b);
	}
}

int
main(void)
{
	against_posix();
	characters(".", '\n', '\n', true);
	characters("[^\\x00-\x7F]", 0, 0x7F, true);
	characters("[\xC3\xA0-\xC3\xBF]", 0xE0, 0xFF, false);
	characters("[~-\xF0\x90\x8D\x88]", '~', 0x10348, false);
	characters("[\xDF\xBF-\xE0\xA0\x81]", 0x7FF, 0x801, false);
	characters("[^\xE1\x88\xB4-\xF4\x80\x80\x81]", 0x1234, 0x100001, true);
	characters("[\xED\x9F\xBE-\xEE\x80\x81]", 0xD7FE, 0xE001, false);
	characters("\\W|\\w", 0, 0x10FFFF, false);
	no_characters();
	by_hand();
	refused();
	large();
	quoted();
	printf("1..%d\n", n);
	return 0;
}
