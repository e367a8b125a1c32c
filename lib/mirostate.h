/*
 * mirostate - what mirostat(1) knows of each sequence between two of its
 * records, and the file that keeps it between two processes; see mirostat(1).
 *
 *	struct mirostate m = { 0 };
 *	mirostate_load(&m, path);
 *	while (dist_read(&in, &d)) {
 *		struct mirostate_seq *s = mirostate_of(&m, d.seq);
 *		step = mirostate_follow(s, &d, &token);
 *		... learn from the token, truncate d ...
 *		mirostate_keep(s, &d);
 *		mirostate_save(&m, path);
 *		dist_write(&out, &d);
 *	}
 *	mirostate_free(&m);
 */
#ifndef MIROSTATE_H
#define MIROSTATE_H

#include "dist.h"
#include "seqmap.h"

struct mirostate_seq {
	bool known; /* there was a record; else the rest means nothing */
	double mu;
	/* What was kept of its last record: probabilities that need not sum
	 * to 1. ctx is all of the context that is known, up to pos. */
	struct dist last;
};

struct mirostate {
	struct seqmap map;
	struct mirostate_seq *seq; /* seq[map.n] */
	size_t cap;
};

/* How a record stands to the one before it in its sequence. */
enum mirostate_step {
	MIROSTATE_NEW,  /* it begins the sequence, or begins it anew */
	MIROSTATE_SAME, /* the same position again */
	MIROSTATE_NEXT, /* further: *token came next */
	MIROSTATE_GAP   /* its context does not follow what is known */
};

/* The sequence of this number, valid until the next call. */
struct mirostate_seq *mirostate_of(struct mirostate *m, uint32_t seq);

/* What d is to s; the token that stands at the position of the last record
 * goes to *token when that is MIROSTATE_NEXT. */
enum mirostate_step mirostate_follow(const struct mirostate_seq *s,
    const struct dist *d, int32_t *token);

/* The bits of surprise that token was under what was last kept, -1 when it
 * could not be drawn. */
double mirostate_surprise(const struct mirostate_seq *s, int32_t token);

/* Remember d's entries, with the probabilities in d->prob, and its context. */
void mirostate_keep(struct mirostate_seq *s, const struct dist *d);

/* Forget a sequence. */
void mirostate_forget(struct mirostate_seq *s);

/* What mirostate_save wrote, at p[0..len): 0, or -1 with the reason in
 * err[ERRLEN]. */
int mirostate_parse(struct mirostate *m, const unsigned char *p, size_t len,
    char *err);

/* Read a file, if it is there and not empty; replace it, by rename(2), so that
 * it is there whole at any time. They end the program on failure. */
void mirostate_load(struct mirostate *m, const char *path);
void mirostate_save(const struct mirostate *m, const char *path);

void mirostate_free(struct mirostate *m);

#endif
