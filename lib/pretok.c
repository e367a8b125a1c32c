#include "pretok.h"

#include <stdint.h>
#include <string.h>

#include "unidata.h"
#include "utf8.h"

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

enum {
	UNI_M = UNI_MN | UNI_MC | UNI_ME,
	UNI_P = UNI_PC | UNI_PD | UNI_PS | UNI_PE | UNI_PI | UNI_PF | UNI_PO,
	UNI_S = UNI_SM | UNI_SC | UNI_SK | UNI_SO,
	/* what a word that goes on in upper, or in lower case is made of */
	UNI_UPPER = UNI_LU | UNI_LT | UNI_LM | UNI_LO | UNI_M,
	UNI_LOWER = UNI_LL | UNI_LM | UNI_LO | UNI_M,
};

/* First and last character of a range. */
struct range {
	uint32_t from, to;
};

/* One step of a rule: an expression and its parameters. */
struct stage {
	/* the length of the first piece of p[0..n), n > 0: at least 1 */
	size_t (*piece)(const struct stage *s, const unsigned char *p, size_t n);
	/* for isolate(): of the match that p[0..n) begins with, 0: none */
	size_t (*match)(const struct stage *s, const unsigned char *p, size_t n);
	/* a set of characters: some categories and some ranges; or, with
	 * `except`, all others */
	uint32_t set;
	const struct range *range; /* (nrange) ascending */
	size_t nrange;
	bool except;
	enum { NO_LEAD, BLANK, SPACE } lead; /* what may stand in front, once */
	size_t min, max; /* how many of the set; max 0: any number */
	const char *tail; /* what follows a run of other characters */
	enum { NO_SUFFIX, FIRST, LAST } suffix; /* where 's and the like stand */
};

/* The character at p[0..n), n > 0, and its length; a byte that begins none is
 * above all characters. */
static inline uint32_t
character(const unsigned char *p, size_t n, size_t *len)
{
	uint32_t c = p[0];
	int k = 1;

	if (c >= 0x80 && (k = utf8_decode(&c, p, n)) <= 0) {
		k = 1;
		c = UINT32_MAX;
	}
	*len = (size_t)k;
	return c;
}

/* The properties of the character at p[0..n), n > 0, and its length. */
static inline uint32_t
look(const unsigned char *p, size_t n, size_t *len)
{
	return unidata(character(p, n, len));
}

/* The end of the run of characters from i on that have (or, with `not`, have
 * not) a property of the set. */
static size_t
run(const unsigned char *p, size_t n, size_t i, uint32_t set, int not)
{
	size_t len;

	while (i < n && ((look(p + i, n - i, &len) & set) == 0) == not)
		i += len;
	return i;
}

static bool
is_newline(const unsigned char *p)
{
	return *p == '\r' || *p == '\n';
}

/* 's 't 're 've 'm 'll 'd: the length, 0 when p begins with none of them. */
static size_t
contraction(const unsigned char *p, size_t n)
{
	if (n < 2 || p[0] != '\'')
		return 0;
	if (strchr("stmd", p[1]) != NULL && p[1] != '\0')
		return 2;
	if (n >= 3 && ((p[1] == 'r' && p[2] == 'e') ||
	    (p[1] == 'v' && p[2] == 'e') || (p[1] == 'l' && p[2] == 'l')))
		return 3;
	return 0;
}

/* The same in any case: (?i:'s|'t|'re|'ve|'m|'ll|'d). The long s, U+017F, is a
 * lower case of S too. */
static size_t
contraction_i(const unsigned char *p, size_t n)
{
	unsigned char low[3] = { '\'' };

	if (n < 2 || p[0] != '\'')
		return 0;
	if (n >= 3 && p[1] == 0xC5 && p[2] == 0xBF)
		return 3;
	for (size_t i = 1; i < n && i < 3; i++)
		low[i] = p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i];
	return contraction(low, n);
}

/* \s+(?!\S)|\s+ : a run of spaces, less its last one when a word follows. */
static size_t
spaces(const unsigned char *p, size_t n)
{
	size_t end = 0, last = 0, len;

	while (end < n && (look(p + end, n - end, &len) & UNI_SPACE)) {
		last = end;
		end += len;
	}
	return end < n && last > 0 ? last : end;
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ : a run of spaces up to its last newline, if there
 * is one. */
static size_t
spaces_lines(const unsigned char *p, size_t n)
{
	size_t end = 0, last = 0, line = 0, len;

	while (end < n && (look(p + end, n - end, &len) & UNI_SPACE)) {
		last = end;
		end += len;
		if (is_newline(p + last))
			line = end;
	}
	if (line > 0)
		return line;
	return end < n && last > 0 ? last : end;
}

/*
 * 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * (GPT-2: https://github.com/openai/gpt-2/blob/master/src/encoder.py)
 */
static size_t
gpt2(const struct stage *s, const unsigned char *p, size_t n)
{
	size_t i = contraction(p, n), len;
	uint32_t is;

	(void)s;
	if (i > 0)
		return i;
	i = p[0] == ' ' && n > 1;
	is = look(p + i, n - i, &len);
	if (is & UNI_SPACE)
		return spaces(p, n);
	if (is & UNI_L)
		return run(p, n, i + len, UNI_L, 0);
	if (is & UNI_N)
		return run(p, n, i + len, UNI_N, 0);
	return run(p, n, i + len, UNI_SPACE | UNI_L | UNI_N, 1);
}

/* At most s->max numbers, of which the first takes len bytes. */
static size_t
numbers(const struct stage *s, const unsigned char *p, size_t n, size_t len)
{
	size_t i = len;

	for (size_t k = 1; i < n && (s->max == 0 || k < s->max); k++) {
		if ((look(p + i, n - i, &len) & UNI_N) == 0)
			break;
		i += len;
	}
	return i;
}

/*
 *  ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * where the first set is the complement of `not` and the second is s->tail: the
 * end of the two rules below.
 */
static size_t
others(const struct stage *s, uint32_t not, const unsigned char *p, size_t n)
{
	size_t i = p[0] == ' ' && n > 1, len;

	if (look(p + i, n - i, &len) & not)
		return spaces_lines(p, n);
	i = run(p, n, i + len, not, 1);
	while (i < n && p[i] != '\0' && strchr(s->tail, p[i]) != NULL)
		i++;
	return i;
}

/*
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 *  ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * (cl100k_base of https://github.com/openai/tiktoken, as Llama 3 has it.) \p{L}
 * is s->set, 3 is s->max, [\r\n]* is s->tail.
 */
static size_t
cl100k(const struct stage *s, const unsigned char *p, size_t n)
{
	size_t i = s->suffix == FIRST ? contraction_i(p, n) : 0, len, next;
	uint32_t is = look(p, n, &len);

	if (i > 0)
		return i;
	if (is & s->set)
		return run(p, n, len, s->set, 0);
	if (is & UNI_N)
		return numbers(s, p, n, len);
	if (!is_newline(p) && len < n &&
	    (look(p + len, n - len, &next) & s->set))
		return run(p, n, len + next, s->set, 0);
	return others(s, UNI_SPACE | UNI_N | s->set, p, n);
}

/*
 * [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+ from i on: its end,
 * or 0. *upper is the end of the first part at its longest.
 */
static size_t
mixed_case(const unsigned char *p, size_t n, size_t i, size_t *upper)
{
	size_t end = 0, len;
	uint32_t is = 0;

	for (*upper = i; *upper < n; *upper += len) {
		is = look(p + *upper, n - *upper, &len);
		if ((is & UNI_UPPER) == 0)
			break;
		/* it may have to give back all from here on but this one */
		if (is & UNI_LOWER)
			end = *upper + len;
	}
	if (*upper < n && (is & UNI_LOWER))
		return run(p, n, *upper, UNI_LOWER, 0);
	return end;
}

/* A word without what may follow it: see o200k. 0 when there is none. */
static size_t
cased_word(const unsigned char *p, size_t n)
{
	size_t len, lead, end, upper, bare;
	uint32_t is = look(p, n, &len);

	lead = is_newline(p) || (is & (UNI_L | UNI_N)) ? 0 : len;
	if ((end = mixed_case(p, n, lead, &upper)) > 0)
		return end;
	/* a mark may be the lead, or else part of the word */
	if (lead > 0 && (end = mixed_case(p, n, 0, &bare)) > 0)
		return end;
	return upper > lead ? run(p, n, upper, UNI_LOWER, 0) : 0;
}

/*
 * [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
 *     (?i:'s|'t|'re|'ve|'m|'ll|'d)?|
 * [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*
 *     (?i:'s|'t|'re|'ve|'m|'ll|'d)?|
 * \p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * (o200k_base of tiktoken.) 3 is s->max, [\r\n/]* is s->tail.
 */
static size_t
o200k(const struct stage *s, const unsigned char *p, size_t n)
{
	size_t i = cased_word(p, n), len;

	if (i > 0 && s->suffix == LAST)
		i += contraction_i(p + i, n - i);
	if (i > 0)
		return i;
	if (look(p, n, &len) & UNI_N)
		return numbers(s, p, n, len);
	return others(s, UNI_SPACE | UNI_L | UNI_N, p, n);
}

/* \p{N}{1,s->max}: what matches, and what lies between, are pieces. */
static size_t
by_number(const struct stage *s, const unsigned char *p, size_t n)
{
	size_t len;

	return look(p, n, &len) & UNI_N ? numbers(s, p, n, len) :
	    run(p, n, len, UNI_N, 1);
}

/* What an expression matches, and what lies between, are pieces. */
static size_t
isolate(const struct stage *s, const unsigned char *p, size_t n)
{
	size_t i = s->match(s, p, n), len;

	if (i > 0)
		return i;
	do {
		look(p + i, n - i, &len);
		i += len;
	} while (i < n && s->match(s, p + i, n - i) == 0);
	return i;
}

/*
 * [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|
 * [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|
 * \s*[\r\n]+|\s+(?!\S)|\s+
 * (DeepSeek V3)
 */
static size_t
deepseek3(const struct stage *s, const unsigned char *p, size_t n)
{
	size_t i = 1, len, next;
	uint32_t is = look(p, n, &len);

	if (p[0] < 0x80 && (is & (UNI_P | UNI_S))) {
		while (i < n && ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z'))
			i++;
		if (i > 1)
			return i;
	}
	if (is & (UNI_L | UNI_M))
		return run(p, n, len, UNI_L | UNI_M, 0);
	if ((is & (UNI_P | UNI_S)) == 0 && !is_newline(p) && len < n &&
	    (look(p + len, n - len, &next) & (UNI_L | UNI_M)))
		return run(p, n, len + next, UNI_L | UNI_M, 0);
	i = p[0] == ' ' && n > 1;
	if (look(p + i, n - i, &next) & (UNI_P | UNI_S)) {
		i = run(p, n, i + next, UNI_P | UNI_S, 0);
		while (i < n && strchr(s->tail, p[i]) != NULL && p[i] != '\0')
			i++;
		return i;
	}
	return is & UNI_SPACE ? spaces_lines(p, n) : 0;
}

/* Whether the character at p[0..n) is in the stage's set. */
static bool
in_set(const struct stage *s, const unsigned char *p, size_t n, size_t *len)
{
	uint32_t c = character(p, n, len), is = unidata(c);
	size_t lo = 0, hi = s->nrange;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->range[mid].to < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return s->except != ((is & s->set) != 0 ||
	    (lo < s->nrange && s->range[lo].from <= c));
}

/* [set]{min,max}, perhaps after a blank or any space */
static size_t
set_run(const struct stage *s, const unsigned char *p, size_t n)
{
	size_t i = 0, k = 0, len;

	if ((s->lead == BLANK && p[0] == ' ') ||
	    (s->lead == SPACE && (look(p, n, &len) & UNI_SPACE)))
		i = in_set(s, p, n, &len) ? 0 : len;
	while (i < n && (s->max == 0 || k < s->max) &&
	    in_set(s, p + i, n - i, &len)) {
		i += len;
		k++;
	}
	return k > 0 && k >= s->min ? i : 0;
}

/* \s+$ : what matches, and what stands in front of it, are pieces. */
static size_t
trailing(const struct stage *s, const unsigned char *p, size_t n)
{
	size_t from = n, len;

	(void)s;
	for (size_t i = 0; i < n; i += len)
		if ((look(p + i, n - i, &len) & UNI_SPACE) == 0)
			from = n;
		else if (from == n)
			from = i;
	return from == 0 ? n : from;
}

/* A word begins at each U+2581, and is its only one. */
static size_t
spaces_each(const struct stage *s, const unsigned char *p, size_t n)
{
	size_t i = utf8_length(p, n);

	(void)s;
	while (i < n && (n - i < 3 || memcmp(p + i, "\xE2\x96\x81", 3) != 0))
		i++;
	return i;
}

static bool
is_byte_number(unsigned char c)
{
	return (c >= '0' && c <= '9') || c == 0xB2 || c == 0xB3 || c == 0xB9 ||
	    (c >= 0xBC && c <= 0xBE);
}

/*
 * \p{N}+ among the bytes' characters of GPT-2's alphabet, after which Falcon
 * looks for it: the digits, and the bytes 0xB2, 0xB3, 0xB9 and 0xBC to 0xBE, since
 * Latin-1 has superscripts and fractions there.
 */
static size_t
byte_numbers(const struct stage *s, const unsigned char *p, size_t n)
{
	size_t i = 0;
	bool is = is_byte_number(p[0]);

	(void)s;
	while (i < n && is_byte_number(p[i]) == is)
		i++;
	return i;
}

static const struct range newline[] = { { '\n', '\n' }, { '\r', '\r' } };
static const struct range digit[] = { { '0', '9' } };
/* [$+<=>^~|] and, in the second, ` too: ASCII's punctuation that is not in \p{P} */
static const struct range ascii_sign[] = { { '$', '$' }, { '+', '+' },
	{ '<', '>' }, { '^', '^' }, { '|', '|' }, { '~', '~' } };
static const struct range ascii_sign_grave[] = { { '$', '$' }, { '+', '+' },
	{ '<', '>' }, { '^', '^' }, { '`', '`' }, { '|', '|' }, { '~', '~' } };
/* [(|.,!?)] and ellipsis, the stops and commas of some scripts */
static const struct range bloom_stop[] = { { '!', '!' }, { '(', ')' },
	{ ',', ',' }, { '.', '.' }, { '?', '?' }, { '|', '|' }, { 0x60C, 0x60C },
	{ 0x6D4, 0x6D4 }, { 0x964, 0x964 }, { 0x2026, 0x2026 },
	{ 0x3001, 0x3002 }, { 0xFF0C, 0xFF0C } };
/* Hiragana, Katakana, Han */
static const struct range kana_han[] = { { 0x3040, 0x30FF },
	{ 0x4E00, 0x9FA5 } };
static const struct range deepseek_han[] = { { 0x800, 0x9FA5 },
	{ 0xAC00, 0xD7FF } };
/* [!-/:-~] and their full-width forms, quotation marks, ideographic stops */
static const struct range deepseek_sign[] = { { 0x21, 0x2F }, { 0x3A, 0x7E },
	{ 0x2018, 0x201F }, { 0x3000, 0x3002 }, { 0xFF01, 0xFF0F },
	{ 0xFF1A, 0xFF5E } };
/* The letters of the scripts that have case, as DeepSeek LLM lists them. */
static const struct range deepseek_letter[] = {
	{ 0x41, 0x5A }, { 0x61, 0x7A }, { 0xB5, 0xB5 }, { 0xC0, 0xD6 },
	{ 0xD8, 0xF6 }, { 0xF8, 0x1BA }, { 0x1BC, 0x1BF }, { 0x1C4, 0x293 },
	{ 0x295, 0x2AF }, { 0x370, 0x373 }, { 0x376, 0x377 },
	{ 0x37B, 0x37D }, { 0x37F, 0x37F }, { 0x386, 0x386 }, { 0x388, 0x38A },
	{ 0x38C, 0x38C }, { 0x38E, 0x3A1 }, { 0x3A3, 0x3F5 }, { 0x3F7, 0x481 },
	{ 0x48A, 0x52F }, { 0x531, 0x556 }, { 0x10A0, 0x10C5 },
	{ 0x13A0, 0x13F5 }, { 0x13F8, 0x13FD }, { 0x1C90, 0x1CBA },
	{ 0x1CBD, 0x1CBF }, { 0x1D00, 0x1D2B }, { 0x1D6B, 0x1D77 },
	{ 0x1D79, 0x1D9A }, { 0x1E00, 0x1F15 }, { 0x1F18, 0x1F1D },
	{ 0x1F20, 0x1F45 }, { 0x1F48, 0x1F4D }, { 0x1F50, 0x1F57 },
	{ 0x1F59, 0x1F59 }, { 0x1F5B, 0x1F5B }, { 0x1F5D, 0x1F5D },
	{ 0x1F5F, 0x1F7D }, { 0x1F80, 0x1FB4 }, { 0x1FB6, 0x1FBC },
	{ 0x1FBE, 0x1FBE }, { 0x1FC2, 0x1FC4 }, { 0x1FC6, 0x1FCC },
	{ 0x1FD0, 0x1FD3 }, { 0x1FD6, 0x1FDB }, { 0x1FE0, 0x1FEC },
	{ 0x1FF2, 0x1FF4 }, { 0x1FF6, 0x1FFC }, { 0x2102, 0x2102 },
	{ 0x2107, 0x2107 }, { 0x210A, 0x2113 }, { 0x2115, 0x2115 },
	{ 0x2119, 0x211D }, { 0x2124, 0x2124 }, { 0x2126, 0x2126 },
	{ 0x2128, 0x2128 }, { 0x212A, 0x212D }, { 0x212F, 0x2134 },
	{ 0x2139, 0x2139 }, { 0x213C, 0x213F }, { 0x2145, 0x2149 },
	{ 0x214E, 0x214E }, { 0x2183, 0x2184 }, { 0x2C00, 0x2C7B },
	{ 0x2C7E, 0x2CE4 }, { 0x2CEB, 0x2CEE }, { 0x2CF2, 0x2CF3 },
	{ 0xA640, 0xA66D }, { 0xA680, 0xA69B }, { 0xA722, 0xA76F },
	{ 0xA771, 0xA787 }, { 0xA78B, 0xA78E }, { 0xAB70, 0xABBF },
	{ 0xFB00, 0xFB06 }, { 0xFB13, 0xFB17 }, { 0xFF21, 0xFF3A },
	{ 0xFF41, 0xFF5A }, { 0x10400, 0x1044F }, { 0x104B0, 0x104D3 },
	{ 0x104D8, 0x104FB }, { 0x10C80, 0x10CB2 }, { 0x10CC0, 0x10CF2 },
	{ 0x118A0, 0x118DF }, { 0x1E900, 0x1E943 },
};

#define SET(...) { .piece = isolate, .match = set_run, __VA_ARGS__ }
#define RANGES(r) .range = r, .nrange = NELEM(r)

static const struct stage
/* stages that cover all of a text */
    words = { .piece = gpt2 },
    llama3 = { .piece = cl100k, .set = UNI_L, .max = 3, .tail = "\r\n",
	.suffix = FIRST },
    qwen2 = { .piece = cl100k, .set = UNI_L, .max = 1, .tail = "\r\n",
	.suffix = FIRST },
    qwen35 = { .piece = cl100k, .set = UNI_L | UNI_M, .max = 1,
	.tail = "\r\n", .suffix = FIRST },
    seed_coder = { .piece = cl100k, .set = UNI_L, .max = 1, .tail = "",
	.suffix = FIRST },
    gpt4o = { .piece = o200k, .max = 3, .tail = "\r\n/", .suffix = LAST },
    tekken = { .piece = o200k, .max = 1, .tail = "\r\n/" },
    byte_digits = { .piece = byte_numbers },
    blanks = { .piece = spaces_each },
    text_end = { .piece = trailing }, /* \s+$ */
/* stages that isolate what matches */
    deepseek_v3 = { .piece = isolate, .match = deepseek3, .tail = "\r\n" },
    number = { .piece = by_number, .max = 1 },  /* \p{N} */
    number3 = { .piece = by_number, .max = 3 }, /* \p{N}{1,3} */
    number_run = { .piece = by_number },        /* \p{N}+ */
    digit3 = SET(RANGES(digit), .min = 3, .max = 3), /* [0-9][0-9][0-9] */
    line = SET(.range = newline, .nrange = 1, .except = true), /* [^\n]+ */
    lines = SET(RANGES(newline), .max = 1),          /* [\r\n] */
    punctuation = SET(.set = UNI_P, RANGES(ascii_sign)),
    punctuation_all = SET(.set = UNI_P, RANGES(ascii_sign_grave)),
    cjk = SET(RANGES(kana_han)),
    han = SET(RANGES(deepseek_han)),
    space_letters = SET(.lead = SPACE, .set = UNI_L), /* \s?\p{L}+ */
    space_signs = SET(.lead = SPACE, .set = UNI_P),   /* \s?\p{P}+ */
    space_deepseek_letters = SET(.lead = SPACE, RANGES(deepseek_letter)),
    space_deepseek_signs = SET(.lead = SPACE, RANGES(deepseek_sign)),
    bloom = SET(.lead = BLANK, .set = UNI_SPACE, RANGES(bloom_stop),
	.except = true);

static const struct pretok known[] = {
	{ "gpt-2 phi-2 mpt olmo jais trillion granite-docling exaone4 gigachat "
	  "a.x-4.0 mellum", { &words }, false, false },
	{ "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2",
	    { &llama3 }, true, true },
	{ "dbrx smaug-bpe chatglm-bpe", { &llama3 }, false, false },
	{ "glm4 glm5", { &llama3 }, true, false },
	{ "qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan "
	  "solar-open grok-2 bailingmoe bailingmoe2 llada-moe",
	    { &qwen2 }, false, false },
	{ "qwen35", { &qwen35 }, false, false },
	{ "seed-coder", { &seed_coder }, false, false },
	{ "gpt-4o llama4 kanana2 talkie minimax-m2", { &gpt4o }, false, false },
	{ "tekken", { &tekken }, true, true },
	{ "smollm starcoder refact command-r codeshell exaone minerva-7b mellum2",
	    { &number, &words }, false, false },
	{ "falcon", { &punctuation_all, &words, &byte_digits,
	    &digit3 }, false, false },
	{ "default", { &punctuation, &words, &number_run, &digit3 }, false,
	    false },
	{ "deepseek-llm", { &lines, &space_deepseek_letters,
	    &space_deepseek_signs, &text_end, &han, &number_run }, false,
	    false },
	{ "deepseek-coder", { &lines, &space_letters, &space_signs, &han,
	    &number }, false, false },
	{ "deepseek-v3 hunyuan-dense joyai-llm hy_v4", { &number3, &cjk,
	    &deepseek_v3 }, false, false },
	{ "gemma4", { &line }, false, true },
	/* of Hugging Face's tokenizers: the whole text is a word; Metaspace */
	{ "none", { NULL }, false, false },
	{ "metaspace", { &blanks }, false, false },
	{ "bloom poro-chat gpt3-finnish", { &bloom }, false, false },
	{ "viking", { &bloom, &number }, false, false },
};

/* Whether the name is one of a list, separated by blanks. */
static bool
is_named(const char *names, const char *name, size_t len)
{
	for (;;) {
		size_t n = strcspn(names, " ");
		if (n == len && memcmp(names, name, n) == 0)
			return true;
		if (names[n] == '\0')
			return false;
		names += n + 1;
	}
}

const struct pretok *
pretok_find(const char *name, size_t len)
{
	for (size_t i = 0; i < NELEM(known); i++)
		if (is_named(known[i].names, name, len))
			return &known[i];
	return NULL;
}

void
words_begin(struct words *w, const struct pretok *rule, const void *p, size_t n)
{
	*w = (struct words) { .rule = rule, .p = p, .end = { n } };
}

size_t
words_next(struct words *w)
{
	size_t i, at = w->at = w->next;

	if (at == w->end[0])
		return 0;
	for (i = 0; w->rule->stage[i] != NULL; i++) {
		const struct stage *s = w->rule->stage[i];
		if (w->end[i + 1] <= at)
			w->end[i + 1] = at + s->piece(s, w->p + at,
			    w->end[i] - at);
	}
	w->next = w->end[i];
	return w->next - at;
}
