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

/* Values that are worth a write of their own. */
enum { DIST_PART = 1 << 14 };

/* The vocabulary and the position are at most this. */
#define DIST_MAX INT32_MAX

/*
 * Entries stand in ascending order of id, which dist_id gives. Arrays are valid
 * until the next dist_read, also one that finds the end, or dist_close; they are
 * owned by the struct but for val, which may be what a reader has in its own
 * memory.
 *
 * Whoever drops entries moves the others to the front, values in val and ids to
 * own_id, and ends with dist_kept:
 *
 *	for (uint32_t i = 0; i < d->n; i++)
 *		if (...) {
 *			d->own_id[n] = dist_id(d, i);
 *			d->val[n++] = d->val[i];
 *		}
 *	dist_kept(d, n);
 */
struct dist {
	char kind;       /* 'L' logits, 'P' probabilities */
	unsigned flags;  /* DIST_START, DIST_ONCE; SPARSE is n < vocab */
	uint32_t vocab;  /* vocabulary size */
	uint32_t n;      /* entries */
	uint32_t nctx;   /* context tokens carried */
	uint32_t neog;   /* end-of-generation ids carried */
	uint32_t seq;    /* sequence number */
	uint32_t pos;    /* tokens that this distribution is conditioned on */
	int32_t *ctx;    /* ctx[nctx]: added since the sequence's last record */
	int32_t *eog;    /* eog[neog] */
	const int32_t *id; /* id[n]: own_id, or NULL: i of entry i */
	float *val;      /* val[n]: to be changed at will */
	float *prob;     /* prob[n] and */
	double *work;    /* work[n]: room for what a filter works out */
	int32_t *own_id;
	float *own_val;
	size_t cap_ctx, cap_eog, cap_n; /* capacities, kept by dist_reserve */
};

/* What distcat adds behind an entry of the text form: put() appends it. */
struct dist_column {
	void (*put)(struct buf *b, int32_t id, void *arg);
	void *arg;
};

struct dist_writer {
	struct output out;
	char form;                 /* 't', 'b', or 0: as read */
	char read;                 /* the form last read, or 0 */
	struct dist_column column; /* put is NULL: none */
	struct buf record;         /* being put together */
	uint32_t begun;            /* values of a record that are written */
};

struct dist_reader {
	struct input in;
	struct dist_writer *writer;
	/* If not NULL, called while dist_read reads a dense binary record, where
	 * it has to read more than once: the first n values are there, at v for
	 * now, and checked; n never less than before. Of d only what stands in
	 * the header is known. */
	void (*some)(void *arg, const struct dist *d, const float *v, size_t n);
	void *arg;
	unsigned long record; /* number of the record last read, from 1 */
	uint32_t good;        /* its first values that dist_read has checked */
};

/* Standard output. */
void dist_create(struct dist_writer *w, char form);
/* A file; NULL and "-" are stdin. writer may be NULL. */
void dist_open(struct dist_reader *r, const char *path, struct dist_writer *w);
/* The same for a program that writes something else: to `out`. */
void dist_open_for(struct dist_reader *r, const char *path,
    struct output *out);
/* The next record, blocking (after flushing the writer); false at the end. */
bool dist_read(struct dist_reader *r, struct dist *d);
/* Buffered; written at the latest before dist_read blocks. A writer that has
 * read nothing and has no form forced writes binary. */
void dist_write(struct dist_writer *w, const struct dist *d);
/* Of d, whose first n values are known, write what is worth it, so that a reader
 * can begin. dist_write of the same d must follow. */
void dist_write_part(struct dist_writer *w, const struct dist *d, uint32_t n);
/* Memory for n values of each of records >= 1 that are to be written next, whose
 * val it is then: if they are many, they are lent to the reader in place of being
 * copied where that can be (lend.h). It is the writer's, and lost with the next
 * call, or when a record whose values are elsewhere is written. */
float *dist_space(struct dist_writer *w, size_t records, size_t n);
void dist_close(struct dist_reader *r);
void dist_finish(struct dist_writer *w);

/* End the program: `prog: FILE: record N: what is wrong`, status 1. */
_Noreturn void dist_bad(const struct dist_reader *r, const char *fmt, ...)
    PRINTF(2, 3);
/* The same for a record that has, or would keep, nothing to draw. */
_Noreturn void dist_stuck(const struct dist_reader *r, const struct dist *d);

/* The first n ids are those of own_id now, and these are all entries. */
void dist_kept(struct dist *d, uint32_t n);

/* The id of entry i. */
static inline int32_t
dist_id(const struct dist *d, uint32_t i)
{
	return d->id == NULL ? (int32_t)i : d->id[i];
}

/* Room for this many entries, context tokens and end-of-generation ids. Where
 * entries are asked for, id and val are the struct's own from then on: they
 * stay if they were, else they are lost. */
void dist_reserve(struct dist *d, size_t n, size_t nctx, size_t neog);
void dist_free(struct dist *d);

/*
 * The layer without a file. A record at p[0..len), `eof` telling that nothing
 * follows: 1 when it is whole, *size its length; 0 when it is not (*size is a
 * length to try again with; at eof: there is no record); -1 when it is
 * malformed, the reason in err[ERRLEN]. *size is 0 at first, and passed on as
 * it was left when the same record is tried again.
 */
int dist_parse(struct dist *d, const unsigned char *p, size_t len, bool eof,
    size_t *size, char *err);
/* Append the record in this form ('t' or 'b') to b; column may be NULL. In
 * text, entries stand as they do in d. */
void dist_format(struct buf *b, const struct dist *d, char form,
    const struct dist_column *column);

#endif
