/* until - pass token lines on until a string is complete; see until(1) */
#include <stdlib.h>

#include "bundled.h"
#include "texts.h"
#include "tokens.h"

int
main(int argc, char **argv)
{
	struct tokens t = { 0 };
	struct output out;
	struct input in;
	struct texts texts;
	struct vocab vocab;
	struct modelfile g;
	const char *model = NULL;
	char err[ERRLEN], *path;

	start(argc, argv, "until", "[-m model] string");
	while (option(argc, argv, "m:") != -1)
		model = optarg;
	if (argc - optind != 1)
		usage();
	if (*argv[optind] == '\0')
		bad_usage("the string is empty");
	path = bundled_model(model);
	if (modelfile_open(&g, path, err) != 0 || vocab_open(&vocab, &g, err) != 0)
		die("%s: %s", path, err);
	texts_open(&texts, &vocab, argv[optind]);
	output_open(&out, STDOUT_FILENO, "stdout");
	input_open(&in, NULL, &out);
	while (tokens_read(&in, &t)) {
		struct text *text = texts_get(&texts, t.seq);
		tokens_check(&in, &t, vocab.n);
		if (text->ended)
			continue;
		tokens_write(&out, t.seq, t.id, t.n);
		text_add(&texts, text, t.id, t.n);
		text_take(text, text_ready(text));
		/* sequences of one batch come together: take in all of it */
		if (texts_ended(&texts) && (t.seq == 0 || !tokens_ready(&in)))
			break;
	}
	input_close(&in);
	output_close(&out);
	tokens_free(&t);
	texts_close(&texts);
	vocab_close(&vocab);
	modelfile_close(&g);
	free(path);
	return 0;
}
