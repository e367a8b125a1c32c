/*
 * dist - the distribution stream; see dist(5). A record is one next-token
 * distribution of one sequence, with the context tokens that were added since
 * that sequence's previous record.
 *
 *	struct dist_reader in;
 *	struct dist_writer out;
 *	struct dist d = { 0 };
 *
 *	dist_create(&out, form);		(form: 0, 't' or 'b')
 *	dist_open(&in, argv[optind], &out);
 *	while (dist_read(&in, &d)) {
 *		... change d ...
 *		dist_write(&out, &d);
 *	}
 *	dist_close(&in);
 *	dist_finish(&out);
 *	dist_free(&d);
 *
 * The reader takes binary and text records (told by their first byte, so that
 * the two may even alternate); the writer writes the form that was read, unless
 * one is forced. Malformed input and failed output end the program:
 * `prog: FILE: record N: what is wrong`, status 1, after the whole records
 * before it have been written.
 */
#ifndef DIST_H
#define DIST_H

#include "io.h"

enum { DIST_SPARSE = 1, DIST_START = 2, DIST_ONCE = 4 };

/* Entries stand in ascending order of id. In memory id is always filled, also
 * when dense (id[i] == i). Arrays are owned by the struct and valid until the
 * next read. */
struct dist {
	char kind;       /* 'L' logits, 'P' probabilities */
	unsigned flags;  /* DIST_START, DIST_ONCE; SPARSE is derived: n < vocab */
	uint32_t vocab;  /* vocabulary size */
	uint32_t n;      /* entries */
	uint32_t nctx;   /* context tokens carried */
	uint32_t neog;   /* end-of-generation ids carried */
	uint32_t seq;    /* sequence number */
	uint32_t pos;    /* tokens that this distribution is conditioned on */
	int32_t *ctx;    /* ctx[nctx]: added since the sequence's last record */
	int32_t *eog;    /* eog[neog] */
	int32_t *id;     /* id[n] */
	float *val;      /* val[n] */
	size_t cap_ctx, cap_eog, cap_n; /* capacities, kept by dist_reserve */
};

struct dist_writer {
	struct output out;
	char form; /* 't', 'b', or 0: as read */
};

struct dist_reader {
	struct input in;
	struct dist_writer *writer;
	unsigned long record; /* number of the record last read, from 1 */
};

/* Standard output. */
void dist_create(struct dist_writer *w, char form);
/* A file; NULL and "-" are stdin. writer may be NULL. */
void dist_open(struct dist_reader *r, const char *path, struct dist_writer *w);
/* The next record, blocking (after flushing the writer); false at the end. */
bool dist_read(struct dist_reader *r, struct dist *d);
/* Buffered; written at the latest before dist_read blocks. A writer that has
 * read nothing and has no form forced writes binary. */
void dist_write(struct dist_writer *w, const struct dist *d);
void dist_close(struct dist_reader *r);
void dist_finish(struct dist_writer *w);

/* Room for this many entries, context tokens and end-of-generation ids. */
void dist_reserve(struct dist *d, size_t n, size_t nctx, size_t neog);
void dist_free(struct dist *d);

#endif
