/*
 * scored - the tokens of a distribution stream, each with the distribution that
 * it was foretold by. The record at position p tells of the token that is added
 * next, which the sequence's following record carries as the first of its
 * context tokens; so a record is kept until that one comes.
 *
 *	struct scorer s = { 0 };
 *	struct scored t;
 *	while (scorer_next(&s, &in, &t))
 *		if (t.rank > 0)
 *			... -t.logprob / LOGPROB_BIT bits ...
 *	scorer_free(&s);
 *
 * A token without a distribution before it is given all the same, with rank 0:
 * those of a START record, which begins a text; those that a record adds after
 * its first; those that a stream's first record of a sequence carries. The last
 * record of a text foretells a token that never comes and counts for nothing.
 */
#ifndef SCORED_H
#define SCORED_H

#include "dist.h"
#include "logprob.h"
#include "seqmap.h"

struct scored {
	size_t text;    /* number of the text, by the order of first tokens */
	uint32_t seq;   /* of the text */
	uint32_t pos;   /* tokens before this one */
	int32_t token;
	/* the rest when rank is not 0 */
	uint32_t rank;  /* 1: the likeliest; of equals the lower id comes first,
	                 * and all that can be drawn before what cannot */
	double logprob; /* natural logarithm; -inf: could not be drawn */
	uint32_t n;
	const int32_t *id;       /* (n) ascending */
	const struct logprob *l; /* of the n entries */
};

struct scorer {
	struct dist d; /* the record last read */
	uint32_t at;   /* its next context token */
	struct seqmap map;
	struct scorer_seq {
		bool known; /* had a record, and not its last */
		bool begun; /* had a token, which gave the text its number */
		size_t text;
		/* the record that foretells the next token */
		char kind;
		uint32_t pos, n;
		int32_t *id;
		float *val;
		size_t cap;
	} *seq; /* (map.n) */
	size_t cap, texts;
	bool reading;
	struct logprob l;
};

/* The next token of any sequence, in order of the stream; false at its end.
 * What t points to is valid until the next call. Ends the program when a
 * record's context does not follow that of its sequence's record before. */
bool scorer_next(struct scorer *s, struct dist_reader *in, struct scored *t);
void scorer_free(struct scorer *s);

/* Where a token stands in id[n], which ascends; n: nowhere. id is NULL: they are
 * 0..n-1. */
uint32_t scored_find(const int32_t *id, uint32_t n, int32_t token);

/* Room for what is gathered of each text: the array p[*cap] of elements of
 * `size` bytes, made longer, with zeros, to hold that of t's. */
void *scored_room(void *p, size_t *cap, const struct scored *t, size_t size);

#endif
