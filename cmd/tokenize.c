/* tokenize - text to token ids; see tokenize(1) */
#include <stdlib.h>
#include <string.h>

#include "bundled.h"
#include "escape.h"
#include "tokenizer.h"
#include "tokens.h"

struct job {
	struct tokenizer tokenizer;
	struct output out;
	bool bos, continued, table;
	struct ids ids;
};

/* One token a line: position, id, piece. */
static void
put_table(struct job *j)
{
	struct buf line = { 0 }, piece = { 0 };

	for (size_t i = 0; i < j->ids.n; i++) {
		line.len = piece.len = 0;
		buf_printf(&line, "%zu\t%ld\t", i, (long)j->ids.p[i]);
		vocab_piece(&j->tokenizer.vocab, j->ids.p[i], &piece);
		escape_show(&line, piece.p, piece.len);
		buf_put(&line, "\n", 1);
		output_put(&j->out, line.p, line.len);
	}
	buf_free(&line);
	buf_free(&piece);
}

/* Tokenize and write a text: 0, or -1 with the reason in err. */
static int
put_text(struct job *j, uint32_t seq, const void *text, size_t n, char *err)
{
	j->ids.n = 0;
	if (j->bos)
		ids_put(&j->ids, &j->tokenizer.vocab.bos, 1);
	if (tokenizer_encode(&j->tokenizer, text, n, !j->continued, &j->ids,
	    err) != 0)
		return -1;
	if (j->table)
		put_table(j);
	else
		tokens_write(&j->out, seq, j->ids.p, j->ids.n);
	return 0;
}

/* Each line of standard input is a text. */
static void
put_lines(struct job *j, bool number)
{
	struct input in;
	struct buf text = { 0 };
	uint32_t line = 0;
	char err[ERRLEN];
	size_t n;

	input_open(&in, NULL, &j->out);
	while ((n = input_line(&in)) > 0) {
		const unsigned char *s = in.p + in.pos;
		in.pos += n;
		text.len = 0;
		if (++line == 0)
			die("stdin: too many lines");
		if (escape_undo(&text, s, n - (s[n - 1] == '\n'), err) != 0 ||
		    put_text(j, number ? line : 0, text.p, text.len, err) != 0)
			die("stdin: line %lu: %s", (unsigned long)line, err);
	}
	input_close(&in);
	buf_free(&text);
}

/* The operands, with blanks between. */
static void
join(struct buf *text, char **argv)
{
	for (int i = 0; argv[i] != NULL; i++) {
		buf_put(text, " ", i > 0);
		buf_put(text, argv[i], strlen(argv[i]));
	}
}

/* All of standard input, in `in`. */
static size_t
read_stdin(struct input *in, bool exact)
{
	input_open(in, NULL, NULL);
	input_fill(in, SIZE_MAX);
	return in->len - (!exact && in->len > 0 && in->p[in->len - 1] == '\n');
}

/* The operands or, if there are none, standard input are one text. */
static void
put_one(struct job *j, const struct modelfile *g, const char *path,
    char **argv, bool exact)
{
	struct input in = { .fd = STDIN_FILENO };
	struct buf joined = { 0 };
	const void *text;
	char err[ERRLEN];
	size_t n;

	if (argv[0] != NULL) {
		join(&joined, argv);
		n = joined.len;
		text = n > 0 ? joined.p : "";
	} else {
		n = read_stdin(&in, exact);
		text = n > 0 ? (const char *)in.p : "";
	}
	if (tokenizer_read(&j->tokenizer, g, text, n, err) != 0)
		die("%s: %s", path, err);
	if (put_text(j, 0, text, n, err) != 0)
		die("%s: %s", argv[0] != NULL ? path : "stdin", err);
	input_close(&in);
	buf_free(&joined);
}

int
main(int argc, char **argv)
{
	bool given[128] = { false };
	const char *model = NULL;
	struct job j = { 0 };
	struct modelfile g;
	char err[ERRLEN], *path;
	int c;

	start(argc, argv, "tokenize", "[-bclNpsx] [-m model] [text ...]");
	while ((c = option(argc, argv, "bclNpsxm:")) != -1) {
		given[c] = true;
		if (c == 'm')
			model = optarg;
	}
	argv += optind;
	if (given['b'] && given['c'])
		bad_usage("-b and -c exclude each other");
	if (given['N'] && given['p'])
		bad_usage("-N and -p exclude each other");
	if (argv[0] != NULL && strcmp(argv[0], "-") == 0 && argv[1] == NULL)
		argv++;
	if ((given['l'] || given['N']) && argv[0] != NULL)
		bad_usage("-l and -N read standard input, not operands");
	path = bundled_model(model);
	if (modelfile_open(&g, path, err) != 0 ||
	    tokenizer_open(&j.tokenizer, &g, given['s'], err) != 0)
		die("%s: %s", path, err);
	if (given['b'] && j.tokenizer.vocab.bos < 0)
		die("%s: the vocabulary has no BOS token", path);
	j.bos = given['b'] || (!given['c'] && j.tokenizer.vocab.add_bos);
	j.continued = given['c'];
	j.table = given['p'];
	output_open(&j.out, STDOUT_FILENO, "stdout");
	if (given['l'] || given['N']) {
		if (tokenizer_read(&j.tokenizer, &g, NULL, 0, err) != 0)
			die("%s: %s", path, err);
		put_lines(&j, given['N']);
	} else {
		put_one(&j, &g, path, argv, given['x']);
	}
	output_close(&j.out);
	tokenizer_close(&j.tokenizer);
	modelfile_close(&g);
	free(j.ids.p);
	free(path);
	return 0;
}
