/* detokenize - token ids to text; see detokenize(1) */
#include <stdlib.h>

#include "bundled.h"
#include "escape.h"
#include "texts.h"
#include "tokens.h"

struct job {
	struct vocab vocab;
	struct texts texts;
	struct output out;
	bool lines; /* -l */
	bool plain; /* sequence 0 is there */
	struct buf late; /* lines that wait for its end */
};

/* The whole text so far on a line of its own. */
static void
put_line(struct job *j, const struct text *t)
{
	struct buf line = { 0 };

	if (t->seq != 0)
		buf_printf(&line, "@%lu\t", (unsigned long)t->seq);
	escape_put(&line, t->buf.p, t->buf.len);
	buf_put(&line, "\n", 1);
	if (j->plain && !j->lines)
		buf_put(&j->late, line.p, line.len);
	else
		output_put(&j->out, line.p, line.len);
	buf_free(&line);
}

/* A token line has been read: write what of its text is sure. */
static void
step(struct job *j, const struct tokens *in)
{
	struct text *t = texts_get(&j->texts, in->seq);
	size_t n;

	if (t->ended)
		return;
	text_add(&j->texts, t, in->id, in->n);
	if (j->lines) {
		put_line(j, t);
		text_restart(&j->texts, t);
	} else if (t->seq == 0) {
		j->plain = true;
		n = text_ready(t);
		output_put(&j->out, t->buf.p, n);
		text_take(t, n);
	} else if (t->ended) {
		put_line(j, t);
	} else if (in->n > 0 && vocab_is_eog(&j->vocab, in->id[in->n - 1])) {
		put_line(j, t);
		if (j->texts.stop != NULL)
			text_end(&j->texts, t);
		else
			text_restart(&j->texts, t);
	}
}

/* The end: what was held back, a newline, the sequences that have not ended. */
static void
finish(struct job *j, bool exact)
{
	for (size_t i = 0; i < j->texts.map.n; i++) {
		struct text *t = &j->texts.text[i];
		if (t->seq == 0 && j->plain)
			output_put(&j->out, t->buf.p, t->buf.len);
		else if (t->open && !t->ended)
			put_line(j, t);
	}
	if (j->plain && (!exact || j->late.len > 0))
		output_put(&j->out, "\n", 1);
	output_put(&j->out, j->late.p, j->late.len);
}

int
main(int argc, char **argv)
{
	const char *model = NULL, *stop = NULL;
	bool special = false, exact = false;
	struct job j = { 0 };
	struct tokens t = { 0 };
	struct input in;
	struct modelfile g;
	char err[ERRLEN], *path;
	int c;

	start(argc, argv, "detokenize", "[-lsx] [-m model] [-u stop]");
	while ((c = option(argc, argv, "lsxm:u:")) != -1) {
		j.lines |= c == 'l';
		special |= c == 's';
		exact |= c == 'x';
		if (c == 'm')
			model = optarg;
		if (c == 'u')
			stop = optarg;
	}
	if (argc > optind)
		usage();
	if (stop != NULL && *stop == '\0')
		bad_usage("-u: the string is empty");
	path = bundled_model(model);
	if (modelfile_open(&g, path, err) != 0 || vocab_open(&j.vocab, &g, err) != 0)
		die("%s: %s", path, err);
	texts_open(&j.texts, &j.vocab, stop);
	j.texts.control = special;
	output_open(&j.out, STDOUT_FILENO, "stdout");
	input_open(&in, NULL, &j.out);
	while (tokens_read(&in, &t)) {
		tokens_check(&in, &t, j.vocab.n);
		step(&j, &t);
		/* sequences of one batch come together: take in all of it */
		if (texts_ended(&j.texts) && (t.seq == 0 || !tokens_ready(&in)))
			break;
	}
	finish(&j, exact);
	input_close(&in);
	output_close(&j.out);
	tokens_free(&t);
	texts_close(&j.texts);
	vocab_close(&j.vocab);
	modelfile_close(&g);
	buf_free(&j.late);
	free(path);
	return 0;
}
