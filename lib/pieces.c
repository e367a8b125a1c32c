#include "pieces.h"

#include <stdlib.h>

#include "bundled.h"
#include "escape.h"

void
pieces_open(struct pieces *p, const char *model)
{
	char err[ERRLEN];

	*p = (struct pieces) { .path = bundled_model(model) };
	if (modelfile_open(&p->model, p->path, err) != 0 ||
	    vocab_open(&p->vocab, &p->model, err) != 0)
		die("%s: %s", p->path, err);
}

void
pieces_close(struct pieces *p)
{
	vocab_close(&p->vocab);
	modelfile_close(&p->model);
	buf_free(&p->piece);
	free(p->path);
}

const struct buf *
pieces_get(struct pieces *p, int32_t id)
{
	p->piece.len = 0;
	if ((size_t)id < p->vocab.n)
		vocab_piece(&p->vocab, id, &p->piece);
	return &p->piece;
}

void
pieces_show(struct pieces *p, int32_t id, struct buf *b)
{
	const struct buf *piece = pieces_get(p, id);

	escape_show(b, piece->p, piece->len);
}
