/*
 * forward - the decoder: tokens to hidden states to logits.
 *
 *	struct forward f;
 *	forward_open(&f, &model, kern, pool, exact, f16);
 *	seq_init(&s, &pages);		(of f.geo)
 *	seq_append(&s, ids, n);
 *	rows[i] = (struct forward_row) { &s, i, i == n - 1 ? hidden : NULL };
 *	forward_run(&f, rows, n);
 *	forward_logits(&f, logits, hidden, 1);
 *	forward_close(&f);
 *
 * A row is one position of one sequence. Rows are independent but for attention,
 * where a row sees its sequence's positions up to its own; so prompts, steps and
 * batches are all lists of rows, with the same bits however they are cut.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include "attention.h"
#include "linear.h"
#include "seq.h"

/* Counts up when a change alters the bits of any result. */
enum { FORWARD_ARITHMETIC = 3 };

struct forward_row {
	struct seq *seq;
	size_t pos;    /* seq->tok[pos] is evaluated */
	float *hidden; /* where the final hidden state goes: (n_embd), or NULL */
};

struct forward {
	const struct model *m;
	struct compute c;
	struct kv_geometry geo;
	/* scratch for a chunk of rows, each with its width; what maps give is
	 * linear_apart: q, k, v, gate, up, out */
	float *x;    /* (n_embd) residual stream */
	float *norm; /* (n_embd) */
	float *q;    /* (n_head * head_dim) queries, then attention's result */
	float *k, *v; /* (n_kv * head_dim) */
	float *gate, *up; /* (n_ff) */
	float *out;  /* (n_embd) what a branch adds to x */
	float *turn[2]; /* (rope[i].dim) cosines, then sines, of a position */
	size_t first[2]; /* layer that fills turn[i] for those after it */
	struct attention attention;
	struct linear_in in;
	size_t chunk; /* rows that the scratch has room for */
};

/* pool must outlive f, and m the pool, whose threads read weights ahead. f16: the element type of keys and values. */
void forward_open(struct forward *f, const struct model *m,
    const struct kern *kern, struct pool *pool, bool exact, bool f16);
void forward_close(struct forward *f);

/*
 * Evaluate rows: stores their keys and values in their sequences and the final
 * hidden states that are asked for. A sequence's rows must come in order of
 * position, and all earlier positions be evaluated or before them in the list.
 */
void forward_run(struct forward *f, const struct forward_row *row, size_t n);

/*
 * logits[n][n_vocab] from hidden[n][n_embd]. -inf where the vocabulary has no
 * token. Returns the number of rows before the first that holds a NaN or +inf
 * (n: all are good).
 */
size_t forward_logits(struct forward *f, float *logits, const float *hidden,
    size_t n);

/* The same of one state, telling of logits while others are worked out: watch is
 * told of none from the first on that is a NaN or +inf, and false returned. */
bool forward_logits_in_order(struct forward *f, float *logits,
    const float *hidden, const struct linear_watch *watch);

#endif
