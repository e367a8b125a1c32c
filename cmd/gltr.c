/* gltr - a text, each token coloured by its rank; see gltr(1) */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "pieces.h"
#include "scored.h"
#include "unidata.h"
#include "utf8.h"

enum { CLASSES = 5, TOP = 5, BAR = 40 };

/* What a token is shown as, by its rank: class 0 has no distribution. */
static const struct {
	uint32_t rank; /* the last one */
	const char *name, *html, *colour, *open, *close;
} class[CLASSES] = {
	{ 0, "not scored", "n", "", "", "" },
	{ 10, "top 10", "a", "\033[32m", "", "" },
	{ 100, "top 100", "b", "\033[33m", "(", ")" },
	{ 1000, "top 1000", "c", "\033[31m", "[", "]" },
	{ UINT32_MAX, "beyond", "d", "\033[35m", "{", "}" },
};

struct text {
	uint32_t seq;
	struct buf out; /* not yet written */
	/* tokens that share a character which is not yet whole */
	struct buf bytes, about;
	size_t class;
};

struct page {
	struct output *out;
	struct pieces pieces;
	bool html, colour;
	struct text *text;
	size_t cap;
	uint64_t count[CLASSES];
};

static void
put(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

static void
put_html(struct buf *b, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		switch (p[i]) {
		case '&': put(b, "&amp;"); break;
		case '<': put(b, "&lt;"); break;
		case '>': put(b, "&gt;"); break;
		case '"': put(b, "&quot;"); break;
		default: buf_put(b, p + i, 1);
		}
}

/* A text's bytes: newlines and tabs as they are, what is no printable character
 * as escape_show writes it. */
static void
put_text(struct buf *b, const struct page *g, const char *p, size_t n)
{
	struct buf shown = { 0 };

	for (size_t i = 0; i < n;) {
		uint32_t c;
		int len = utf8_decode(&c, p + i, n - i);

		len = len > 0 ? len : 1;
		if (strchr("\n\t\\", p[i]) != NULL && p[i] != '\0')
			buf_put(&shown, p + i, 1);
		else
			escape_show(&shown, p + i, (size_t)len);
		i += (size_t)len;
	}
	if (g->html)
		put_html(b, shown.p, shown.len);
	else if (shown.len > 0)
		buf_put(b, shown.p, shown.len);
	buf_free(&shown);
}

/* Bytes in front that are blank, unless all are: marks look better behind
 * them. */
static size_t
blanks(const struct buf *b)
{
	size_t n = 0;

	while (n < b->len && (b->p[n] == ' ' || b->p[n] == '\n'))
		n++;
	return n < b->len ? n : 0;
}

/* Append the tokens that are waiting to the text. */
static void
put_group(struct page *g, struct text *x)
{
	size_t front = blanks(&x->bytes), c = x->class;
	struct buf *b = &x->out;

	if (x->bytes.len == 0)
		return;
	put_text(b, g, x->bytes.p, front);
	if (g->html) {
		buf_printf(b, "<span class=\"%s\" data-t=\"", class[c].html);
		put_html(b, x->about.p, x->about.len);
		put(b, "\">");
	} else {
		put(b, g->colour ? class[c].colour : class[c].open);
	}
	put_text(b, g, x->bytes.p + front, x->bytes.len - front);
	if (g->html)
		put(b, "</span>");
	else
		put(b, !g->colour ? class[c].close : c > 0 ? "\033[0m" : "");
	x->bytes.len = x->about.len = x->class = 0;
}

/* What hovering over a token shows: it, and the likeliest. */
static void
put_about(struct page *g, struct buf *b, const struct scored *t)
{
	size_t top[TOP], n = 0;

	if (b->len > 0)
		put(b, "\n");
	put(b, "\"");
	pieces_show(&g->pieces, t->token, b);
	if (t->rank == 0) {
		put(b, "\"  not scored");
		return;
	}
	buf_printf(b, "\"  rank %lu, %.4f", (unsigned long)t->rank,
	    t->logprob > -INFINITY
	    ? logprob_prob(t->l, scored_find(t->id, t->n, t->token)) : 0);
	for (size_t i = 0; i < t->n; i++) {
		size_t at = n < TOP ? n++ : TOP;
		double log = logprob_log(t->l, i);

		/* later ones go behind their equals */
		for (; at > 0 && log > logprob_log(t->l, top[at - 1]); at--)
			if (at < TOP)
				top[at] = top[at - 1];
		if (at < TOP)
			top[at] = i;
	}
	for (size_t i = 0; i < n && logprob_prob(t->l, top[i]) > 0; i++) {
		buf_printf(b, "\n%.4f  \"", logprob_prob(t->l, top[i]));
		pieces_show(&g->pieces, t->id[top[i]], b);
		put(b, "\"");
	}
}

static void
add(struct page *g, struct text *x, const struct scored *t)
{
	const struct buf *piece = pieces_get(&g->pieces, t->token);
	size_t c = 0;

	if (t->rank > 0)
		for (c = 1; t->rank > class[c].rank;)
			c++;
	g->count[c]++;
	buf_put(&x->bytes, piece->p, piece->len);
	x->class = c > x->class ? c : x->class;
	if (g->html)
		put_about(g, &x->about, t);
	if (utf8_tail(x->bytes.p, x->bytes.len) == 0)
		put_group(g, x);
}

static void
put_head(struct buf *b)
{
	put(b, "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>Tokens by rank</title>\n<style>\n"
	    ":root { color-scheme: light dark;\n"
	    "  --a: #c5e8c0; --b: #fbe9a3; --c: #f9c0b4; --d: #dcc8f2 }\n"
	    "@media (prefers-color-scheme: dark) { :root {\n"
	    "  --a: #23502a; --b: #5f500f; --c: #7a2b22; --d: #55347c } }\n"
	    "body { display: flex; flex-direction: column; max-width: 45em;\n"
	    "  margin: 2em auto 11em; padding: 0 1em;\n"
	    "  font: 17px/1.7 Georgia, serif }\n"
	    "table { order: -1; border-spacing: 0; margin-bottom: 1.5em;\n"
	    "  font: 14px/1.6 system-ui, sans-serif }\n"
	    "th { font-weight: normal; text-align: left; width: 6em }\n"
	    "td { text-align: right; width: 4em }\n"
	    "td.bar { text-align: left; width: auto; padding-left: 1em }\n"
	    "td.bar span { display: inline-block; height: 1em;\n"
	    "  vertical-align: middle }\n"
	    ".text { white-space: pre-wrap; overflow-wrap: anywhere }\n"
	    "h2 { font: bold 14px system-ui, sans-serif; margin: 2em 0 0 }\n"
	    ".n { opacity: .6 }\n"
	    ".a { background: var(--a) } .b { background: var(--b) }\n"
	    ".c { background: var(--c) } .d { background: var(--d) }\n"
	    ".text span:hover { outline: 1px solid }\n"
	    ".text span:hover::after { content: attr(data-t);\n"
	    "  position: fixed; left: 1em; bottom: 1em; padding: .6em 1em;\n"
	    "  font: 13px/1.5 ui-monospace, monospace; white-space: pre;\n"
	    "  color: #eee; background: #222; border-radius: 4px }\n"
	    "</style>\n</head>\n<body>\n");
}

static void
put_counts(struct buf *b, const struct page *g)
{
	uint64_t scored = 0, most = 0;

	for (size_t c = 1; c < CLASSES; c++) {
		scored += g->count[c];
		most = g->count[c] > most ? g->count[c] : most;
	}
	put(b, g->html ? "<table>\n" : "\n");
	for (size_t c = scored > 0 ? 1 : CLASSES; c < CLASSES; c++) {
		double share = 100 * (double)g->count[c] / (double)scored;
		int bar = (int)(BAR * (double)g->count[c] / (double)most + 0.5);

		if (g->html) {
			buf_printf(b, "<tr><th>%s</th><td>%llu</td>"
			    "<td>%.1f&nbsp;%%</td><td class=\"bar\"><span "
			    "class=\"%s\" style=\"width:%.1fem\"></span></td>"
			    "</tr>\n", class[c].name,
			    (unsigned long long)g->count[c], share,
			    class[c].html, bar / 2.0);
			continue;
		}
		buf_printf(b, "%-10s %6llu  %5.1f%%  ", class[c].name,
		    (unsigned long long)g->count[c], share);
		put(b, g->colour ? class[c].colour : "");
		while (bar-- > 0)
			put(b, "#");
		put(b, g->colour ? "\033[0m\n" : "\n");
	}
	if (g->html)
		put(b, "</table>\n</body>\n</html>\n");
}

/* Begin a text: its number is shown unless it is 0. */
static void
put_begin(struct page *g, struct text *x)
{
	if (x->seq != 0)
		buf_printf(&x->out, g->html ? "<h2>@%lu</h2>\n" : "@%lu\n",
		    (unsigned long)x->seq);
	if (g->html)
		put(&x->out, "<div class=\"text\">");
}

static void
gltr(struct page *g, struct dist_reader *in)
{
	struct scorer s = { 0 };
	struct scored t;
	struct buf b = { 0 };
	size_t begun = 0;

	if (g->html)
		put_head(&b);
	output_put(g->out, b.p, b.len);
	while (scorer_next(&s, in, &t)) {
		struct text *x;
		g->text = scored_room(g->text, &g->cap, &t, sizeof(*g->text));
		x = &g->text[t.text];
		if (t.text == begun) {
			begun++;
			x->seq = t.seq;
			put_begin(g, x);
		}
		add(g, x, &t);
		if (t.text > 0)
			continue;
		/* the first is written as it comes, the others behind it */
		output_put(g->out, x->out.p, x->out.len);
		x->out.len = 0;
	}
	for (size_t i = 0; i < begun; i++) {
		put_group(g, &g->text[i]);
		put(&g->text[i].out, g->html ? "</div>\n" : "\n");
		output_put(g->out, g->text[i].out.p, g->text[i].out.len);
		buf_free(&g->text[i].out);
		buf_free(&g->text[i].bytes);
		buf_free(&g->text[i].about);
	}
	b.len = 0;
	put_counts(&b, g);
	output_put(g->out, b.p, b.len);
	buf_free(&b);
	free(g->text);
	scorer_free(&s);
}

int
main(int argc, char **argv)
{
	struct page g = { 0 };
	struct dist_reader in;
	struct output out;
	const char *model = NULL, *plain = getenv("NO_COLOR");
	bool forced = false;
	int c;

	start(argc, argv, "gltr", "[-cH] [-m model] [file]");
	while ((c = option(argc, argv, "cHm:")) != -1)
		if (c == 'c')
			forced = true;
		else if (c == 'H')
			g.html = true;
		else
			model = optarg;
	if (argc - optind > 1)
		usage();

	g.colour = (forced || isatty(STDOUT_FILENO)) &&
	    (plain == NULL || *plain == '\0');
	pieces_open(&g.pieces, model);
	g.out = &out;
	output_open(&out, STDOUT_FILENO, "stdout");
	dist_open_for(&in, argv[optind], &out);
	gltr(&g, &in);
	dist_close(&in);
	output_close(&out);
	pieces_close(&g.pieces);
	return 0;
}
