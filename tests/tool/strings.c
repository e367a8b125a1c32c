/*
 * strings SEED COUNT [bytes] - texts that are hard to split, a line each,
 * escaped as for tokenize -l. The same everywhere for the same arguments. With
 * `bytes` some hold bytes that are no UTF-8.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parts of texts. All characters were in Unicode 10 already, so that no
 * tokenizer's tables are too old for them. */
static const char *const part[] = {
	" ", " ", " ", " ", " ", " ", "  ", "   ", "        ", "\t", "\t\t",
	"\n", "\n", "\n\n", "\r\n", "\r", " \n", "\n ", "\n\t", "\r\n\r\n",
	"\v", "\f", "\302\205", "\u00A0", "\u1680", "\u2003", "\u2028", "\u2029",
	"\u202F", "\u205F", "\u3000", "\u200B", "\u180E", "\uFEFF",
	"a", "b", "the", "The", "THE", "and", "Word", "camelCase", "HTTPServer",
	"iPhone", "XMLHttp", "naïve", "Über", "ÀÉ", "straße", "é", "Łódź",
	"'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'Ve",
	"'M", "'lL", "'D", "'ſ", "'", "''", "’s", "'x", "'r", "'l", "n't",
	"don't", "DON'T", "I'll", "we'Ve", "'sun", "'Tom",
	"0", "1", "7", "12", "123", "1234", "12345", "123456789", "1.5", "3,141",
	"²", "½", "Ⅷ", "٣٤٥٦", "१२३४", "１２３４", "㊿", "3rd", "x2", "0xFF",
	".", ",", "!", "?", "...", "!!!", "?!", "-", "--", "_", "__", "/", "//",
	"\\", "(", ")", "()", "[", "]", "{", "}", "{}", "\"", "#", "##", "$",
	"%", "&", "*", "**", "+", "++", "<", ">", "=", "==", "=>", "@", "^",
	"`", "```", "|", "||", "~", ":", "::", ";", "</", "/>", "./", "/\n",
	".\n", ";\n\n", "!\r\n", "$x", "+a", "^b", "<c", "`d`", "|e", "~f",
	"«", "»", "“", "”", "‘", "’", "—", "–", "…", "¿", "¡", "§", "©", "€",
	"£", "±", "×", "÷", "→", "∑", "≤", "♠", "°", "´", "¨", "。", "，", "、",
	"！", "？", "：", "（", "）", "「", "」", "～", "।", "۔", "،", "·",
	"привет", "Мир", "МИР", "Привет", "дом", "Ελλάδα", "ΕΛΛΑΣ", "λόγος",
	"Հայ", "ქართული", "שלום", "مرحبا", "العَرَبِيَّة", "नमस्ते", "हिन्दी", "বাংলা",
	"தமிழ்", "ไทย", "สวัสดี", "ខ្មែរ", "မြန်မာ", "བོད", "አማርኛ",
	"你好", "世界", "中", "龥", "漢字", "ひらがな", "カタカナ", "ｶﾀｶﾅ", "ー",
	"々", "〇", "한국어", "가", "한글", "ㅎㅎ", "Ａ", "ｂ", "ǅ", "ǈ", "ʰ", "ʼ", "ª",
	"ﬁ", "ﬆ", "ı", "İ", "ſ", "ᎠᎡ", "ꭰ", "Ა", "𐐀𐐨", "𝐀𝐛", "𝟙𝟚",
	"e\u0301", "a\u0300\u0323", "\u0301", "\u20DD", "\u0903", "x\u0338",
	"\u0301\u0302", "A\u0301B", "क्ष", "\u093F",
	"😀", "👍🏽", "👨‍👩‍👧", "🏳️‍🌈", "🇩🇪", "✅", "❤️", "🦙", "🤷🏻‍♂️", "☃",
	"\u200D", "\uFE0F", "\u200E", "\u00AD", "\u2060", "\uE000", "\uFFFD",
	"\x01", "\x1B", "\x7F", "\302\200", "\302\237",
	"int main(void)\n{\n\treturn 0;\n}\n", "for (i=0;i<10;++i)", "a_b.c->d",
	"https://example.org/a?b=c&d=%20", "<|end|>", "<s>", "#include",
	"def f(x):\n    return x**2\n", "\\n", "$HOME/.profile", "key: value",
};

/* Where any character may be taken from. */
static const uint32_t block[][2] = { { 0x20, 0x7E }, { 0xA0, 0x24F },
	{ 0x300, 0x36F }, { 0x400, 0x45F }, { 0x5D0, 0x5EA }, { 0x620, 0x669 },
	{ 0x904, 0x94D }, { 0xE01, 0xE3A }, { 0x1E00, 0x1EFF },
	{ 0x2000, 0x206F - 10 }, { 0x2190, 0x2211 }, { 0x2460, 0x24FF },
	{ 0x2600, 0x266F }, { 0x3001, 0x303F }, { 0x3041, 0x3096 },
	{ 0x30A1, 0x30FA }, { 0x4E00, 0x9FA5 }, { 0xAC00, 0xD7A3 },
	{ 0xFF01, 0xFF60 }, { 0x1D400, 0x1D433 }, { 0x1F300, 0x1F5FF },
	{ 0x20000, 0x200FF } };

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t state;

/* Knuth's linear congruential generator of MMIX. */
static unsigned
draw(size_t n)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (unsigned)((state >> 33) % n);
}

static void
put_byte(unsigned c)
{
	if (c == '\n' || c == '\t' || c == '\\') {
		putchar('\\');
		c = c == '\n' ? 'n' : c == '\t' ? 't' : '\\';
	}
	putchar((int)c);
}

static void
put_character(uint32_t c)
{
	if (c < 0x80) {
		put_byte(c);
		return;
	}
	if (c < 0x800) {
		putchar((int)(0xC0 | c >> 6));
	} else {
		if (c < 0x10000) {
			putchar((int)(0xE0 | c >> 12));
		} else {
			putchar((int)(0xF0 | c >> 18));
			putchar((int)(0x80 | (c >> 12 & 0x3F)));
		}
		putchar((int)(0x80 | (c >> 6 & 0x3F)));
	}
	putchar((int)(0x80 | (c & 0x3F)));
}

static void
put_part(void)
{
	size_t times = draw(40) == 0 ? 1 + draw(40) : 1, k;
	const char *s = part[draw(NELEM(part))];

	if (draw(8) == 0) {
		k = draw(NELEM(block));
		put_character(block[k][0] +
		    draw(block[k][1] - block[k][0] + 1));
		return;
	}
	for (; times > 0; times--)
		for (size_t i = 0; s[i] != '\0'; i++)
			put_byte((unsigned char)s[i]);
}

int
main(int argc, char **argv)
{
	long count;
	int bytes = argc == 4 && strcmp(argv[3], "bytes") == 0;

	if (argc != 3 && !bytes) {
		fputs("usage: strings seed count [bytes]\n", stderr);
		return 2;
	}
	state = strtoull(argv[1], NULL, 10);
	for (count = strtol(argv[2], NULL, 10); count > 0; count--) {
		for (unsigned n = draw(12) + 1; n > 0; n--) {
			if (bytes && draw(4) == 0)
				put_byte(draw(256));
			else
				put_part();
		}
		putchar('\n');
	}
	return fflush(stdout) != 0 || ferror(stdout);
}
