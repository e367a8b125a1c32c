#include "hfsteps.h"

#include <stdlib.h>
#include <string.h>

#define BLANK "\xE2\x96\x81" /* U+2581 */
#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

#define POST "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define LETTERS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define OTHERS "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
#define SPACES "|\\s+(?!\\S)|\\s+"
#define ENDS "|\\s*[\\r\\n]+" SPACES
#define LEAD "[^\\r\\n\\p{L}\\p{N}]?"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define CASED(post) LEAD UPPER "*" LOWER "+" post "|" LEAD UPPER "+" LOWER "*" post
#define HAN "\xE4\xB8\x80-\xE9\xBE\xA5"   /* U+4E00-U+9FA5 */

/*
 * What is done to a text before it is merged, a line for each step, and the name
 * of the rule that it is: "words" and "bytes" are ByteLevel with and without
 * GPT-2's expression, "digit" and "digits" Digits, one by one and not, "blanks"
 * makes blanks U+2581, "prepend" puts one in front, "spaces" splits at each.
 */
static const struct {
	const char *rule, *steps;
} known[] = {
	{ "none", "blanks\n" },
	{ "none", "prepend\nblanks\n" },
	{ "metaspace", "blanks\nspaces\n" },
	{ "gpt-2", "words\n" },
	{ "smollm", "digit\nwords\n" },
	{ "llama-bpe", "split " POST LETTERS "|\\p{N}{1,3}" OTHERS ENDS
	    "\nbytes\n" },
	{ "llama-bpe", "split '(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+"
	    "\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]"
	    "|\\s+(?!\\S)|\\s+\nbytes\n" },
	{ "qwen2", "split " POST LETTERS "|\\p{N}" OTHERS ENDS "\nbytes\n" },
	{ "qwen2", "split '(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+"
	    "\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]"
	    "|\\s+(?!\\S)|\\s+\nbytes\n" },
	{ "qwen35", "split " POST "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
	    "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" ENDS "\nbytes\n" },
	{ "seed-coder", "split " POST LETTERS "|\\p{N}{1}"
	    "| ?[^\\s\\p{L}\\p{N}\\r\\n]+" ENDS "\nbytes\n" },
	{ "gpt-4o", "split " CASED(POST "?") "|\\p{N}{1,3}"
	    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" ENDS "\nbytes\n" },
	{ "tekken", "split " CASED("") "|\\p{N}"
	    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" ENDS "\nbytes\n" },
	{ "deepseek-v3", "split \\p{N}{1,3}\n"
	    /* U+3040-U+309F, U+30A0-U+30FF */
	    "split [" HAN "\xE3\x81\x80-\xE3\x82\x9F\xE3\x82\xA0-\xE3\x83\xBF]+\n"
	    "split [!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
	    "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
	    "| ?[\\p{P}\\p{S}]+[\\r\\n]*" ENDS "\nbytes\n" },
	{ "deepseek-coder", "split [\\r\\n]\nsplit \\s?\\p{L}+\n"
	    "split \\s?\\p{P}+\n"
	    /* U+0800-U+4E00, U+AC00-U+D7FF */
	    "split [" HAN "\xE0\xA0\x80-\xE4\xB8\x80\xEA\xB0\x80-\xED\x9F\xBF]+\n"
	    "digit\nbytes\n" },
	{ "falcon", "punctuation\nwords\ndigits\nsplit [0-9][0-9][0-9]\n" },
	{ "bloom", "split  ?[^(\\s|[.,!?"
	    /* U+2026 U+3002 U+FF0C U+3001 U+0964 U+06D4 U+060C */
	    "\xE2\x80\xA6\xE3\x80\x82\xEF\xBC\x8C\xE3\x80\x81\xE0\xA5\xA4"
	    "\xDB\x94\xD8\x8C])]+\nbytes\n" },
};

/* Node v's member `key` as a string of its own, CR and LF as \r and \n, as
 * expressions may have them either way; or NULL. */
static char *
member(const struct json *j, size_t v, const char *key)
{
	size_t at = json_get(j, v, key), n;
	struct buf b = { 0 };
	char *s;

	if (at == 0 || j->node[at].type != JSON_STRING)
		return NULL;
	s = xmalloc((size_t)j->node[at].len + 1);
	n = json_string(j, at, s);
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\r' || s[i] == '\n')
			buf_put(&b, s[i] == '\r' ? "\\r" : "\\n", 2);
		else if (s[i] != '\0')
			buf_put(&b, &s[i], 1);
	buf_put(&b, "", 1);
	free(s);
	return b.p;
}

static bool
is(const struct json *j, size_t v, const char *key, const char *s)
{
	size_t at = json_get(j, v, key);

	return at != 0 && json_equal(j, at, s);
}

static bool
is_true(const struct json *j, size_t v, const char *key)
{
	size_t at = json_get(j, v, key);

	return at != 0 && j->node[at].type == JSON_TRUE;
}

static bool
is_null(const struct json *j, size_t v)
{
	return v == 0 || j->node[v].type == JSON_NULL;
}

/* The reason: this step of this part is not known. */
static int
unknown(const struct json *j, size_t v, const char *part, char *err)
{
	char *type = member(j, v, "type");
	size_t at = json_get(j, v, "pattern");
	char *regex = at != 0 ? member(j, at, "Regex") : NULL;

	fail(err, "%s: %.40s%s%.120s is not known", part,
	    type != NULL ? type : "what has no type", regex != NULL ? " " : "",
	    regex != NULL ? regex : "");
	free(type);
	free(regex);
	return -1;
}

typedef int step(struct hf_steps *s, struct buf *b, const struct json *j,
    size_t v, char *err);

/* Do f for node v, or for each step of the Sequence that it is, whose array has
 * this name. */
static int
each(struct hf_steps *s, struct buf *b, const struct json *j, size_t v,
    const char *name, step *f, char *err)
{
	size_t list, n, e;

	if (is_null(j, v))
		return 0;
	if (!is(j, v, "type", "Sequence"))
		return f(s, b, j, v, err);
	list = json_get(j, v, name);
	if (list == 0 || j->node[list].type != JSON_ARRAY)
		return fail(err, "a Sequence has no %s", name);
	n = j->node[list].len;
	e = list + 1;
	for (size_t i = 0; i < n; i++, e = j->node[e].next)
		if (each(s, b, j, e, name, f, err) != 0)
			return -1;
	return 0;
}

/* Is v a Replace of `from` by `to`? */
static bool
is_replace(const struct json *j, size_t v, const char *from, const char *to)
{
	size_t pattern = json_get(j, v, "pattern");

	return is(j, v, "type", "Replace") && pattern != 0 &&
	    is(j, pattern, "String", from) && is(j, v, "content", to);
}

static int
normalizer(struct hf_steps *s, struct buf *b, const struct json *j, size_t v,
    char *err)
{
	if (is(j, v, "type", "NFC"))
		s->nfc = true;
	else if (is(j, v, "type", "Prepend") && is(j, v, "prepend", BLANK))
		buf_printf(b, "prepend\n");
	else if (is_replace(j, v, " ", BLANK))
		buf_printf(b, "blanks\n");
	else
		return unknown(j, v, "normalizer", err);
	s->space |= is(j, v, "type", "Prepend");
	return 0;
}

/* Metaspace: blanks become U+2581, and one is put in front. */
static int
metaspace(struct hf_steps *s, struct buf *b, const struct json *j, size_t v,
    char *err)
{
	size_t scheme = json_get(j, v, "prepend_scheme");
	size_t old = json_get(j, v, "add_prefix_space");
	bool split = json_get(j, v, "split") == 0 || is_true(j, v, "split");

	if (!is(j, v, "replacement", BLANK))
		return unknown(j, v, "pre_tokenizer", err);
	s->space = scheme != 0 ? !json_equal(j, scheme, "never") :
	    old == 0 || j->node[old].type == JSON_TRUE;
	s->space_first = scheme != 0 && json_equal(j, scheme, "first");
	s->space_once = true;
	if (scheme != 0 && s->space && !s->space_first &&
	    !json_equal(j, scheme, "always"))
		return unknown(j, v, "pre_tokenizer", err);
	buf_printf(b, split ? "blanks\nspaces\n" : "blanks\n");
	return 0;
}

static int
split(struct buf *b, const struct json *j, size_t v, char *err)
{
	size_t pattern = json_get(j, v, "pattern");
	bool invert = is_true(j, v, "invert");
	char *regex = pattern != 0 ? member(j, pattern, "Regex") : NULL;

	/* by blanks, of which the normalizer has left none */
	if (regex == NULL && pattern != 0 && !invert &&
	    is(j, pattern, "String", " ") &&
	    is(j, v, "behavior", "MergedWithPrevious"))
		return 0;
	/* Removed, inverted: what is not matched is lost. The expressions that
	 * it is used with match everything. */
	if (regex == NULL || !(is(j, v, "behavior", "Isolated") ? !invert :
	    invert && is(j, v, "behavior", "Removed") &&
	    strstr(regex, SPACES) != NULL)) {
		free(regex);
		return unknown(j, v, "pre_tokenizer", err);
	}
	buf_printf(b, "split %s\n", regex);
	free(regex);
	return 0;
}

static int
pre_tokenizer(struct hf_steps *s, struct buf *b, const struct json *j, size_t v,
    char *err)
{
	if (is(j, v, "type", "Metaspace"))
		return metaspace(s, b, j, v, err);
	if (is(j, v, "type", "Split"))
		return split(b, j, v, err);
	if (is(j, v, "type", "ByteLevel")) {
		bool space = is_true(j, v, "add_prefix_space");
		bool words = json_get(j, v, "use_regex") == 0 ||
		    is_true(j, v, "use_regex");
		/* each piece of an earlier step would have one */
		if (space && b->len > 0)
			return unknown(j, v, "pre_tokenizer", err);
		s->space = s->space_once = space;
		s->bytes = true;
		buf_printf(b, words ? "words\n" : "bytes\n");
	} else if (is(j, v, "type", "Digits")) {
		buf_printf(b, is_true(j, v, "individual_digits") ? "digit\n" :
		    "digits\n");
	} else if (is(j, v, "type", "Punctuation") &&
	    is(j, v, "behavior", "Contiguous")) {
		buf_printf(b, "punctuation\n");
	} else {
		return unknown(j, v, "pre_tokenizer", err);
	}
	return 0;
}

static int
decoder(struct hf_steps *s, struct buf *b, const struct json *j, size_t v,
    char *err)
{
	(void)b;
	if (is(j, v, "type", "ByteLevel") == s->bytes)
		return s->bytes || is(j, v, "type", "Metaspace") ||
		    is(j, v, "type", "ByteFallback") ||
		    is(j, v, "type", "Fuse") || is(j, v, "type", "Strip") ||
		    is_replace(j, v, BLANK, " ") ? 0 :
		    unknown(j, v, "decoder", err);
	return unknown(j, v, "decoder", err);
}

/* The tokens around a text: at most BOS in front. */
static int
template(struct hf_steps *s, const struct json *j, size_t v, char *err)
{
	size_t single = json_get(j, v, "single"), n, e;

	if (single == 0 || j->node[single].type != JSON_ARRAY)
		return fail(err, "post_processor: no template");
	n = j->node[single].len;
	e = single + 1;
	for (size_t i = 0; i < n; i++, e = j->node[e].next) {
		size_t special = json_get(j, e, "SpecialToken");
		char *name;
		if (special == 0)
			return 0; /* the text; what follows is never added */
		name = member(j, special, "id");
		special = json_get(j, v, "special_tokens");
		special = special != 0 && name != NULL ?
		    json_get(j, special, name) : 0;
		free(name);
		special = special != 0 ? json_get(j, special, "ids") : 0;
		if (special == 0 || j->node[special].len != 1 ||
		    !json_int(j, special + 1, &s->bos))
			return fail(err, "post_processor: no id");
		if (i > 0)
			return fail(err, "post_processor: %s", "more than one "
			    "token in front of a text");
	}
	return fail(err, "post_processor: no text in the template");
}

static int
post_processor(struct hf_steps *s, struct buf *b, const struct json *j,
    size_t v, char *err)
{
	(void)b;
	if (is(j, v, "type", "TemplateProcessing"))
		return template(s, j, v, err);
	if (!is(j, v, "type", "ByteLevel"))
		return unknown(j, v, "post_processor", err);
	return 0;
}

/* The rule that a list of steps is. */
static int
find_rule(struct hf_steps *s, const struct buf *b, char *err)
{
	struct buf list = { 0 };

	for (size_t i = 0; i < NELEM(known); i++)
		if (strlen(known[i].steps) == b->len &&
		    memcmp(known[i].steps, b->p, b->len) == 0) {
			s->rule = known[i].rule;
			return 0;
		}
	for (size_t i = 0; i + 1 < b->len; i++)
		buf_put(&list, b->p[i] == '\n' ? ", " : &b->p[i],
		    b->p[i] == '\n' ? 2 : 1);
	fail(err, "pre_tokenizer: not known: %.*s",
	    (int)(list.len > 180 ? 180 : list.len), b->len > 0 ? list.p : "none");
	buf_free(&list);
	return -1;
}

int
hf_steps(struct hf_steps *s, const struct json *t, char *err)
{
	struct buf b = { 0 };
	int r;

	*s = (struct hf_steps) { .bos = -1 };
	r = each(s, &b, t, json_get(t, 0, "normalizer"), "normalizers",
	    normalizer, err);
	if (r == 0)
		r = each(s, &b, t, json_get(t, 0, "pre_tokenizer"),
		    "pretokenizers", pre_tokenizer, err);
	if (r == 0)
		r = find_rule(s, &b, err);
	if (r == 0)
		r = each(s, &b, t, json_get(t, 0, "decoder"), "decoders",
		    decoder, err);
	if (r == 0)
		r = each(s, &b, t, json_get(t, 0, "post_processor"),
		    "processors", post_processor, err);
	buf_free(&b);
	return r;
}
