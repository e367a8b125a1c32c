/*
 * seq - a sequence in memory: its tokens, and the keys and values that every
 * layer computed for them, in pages of 64 positions. Sequences share pages:
 * a fork costs a pointer a page, and a shared page is copied when it is next
 * written to.
 *
 *	struct seq_pages pages = { .geo = geometry };
 *	struct seq s, t;
 *	seq_init(&s, &pages);
 *	seq_append(&s, ids, n);		(then fill its positions: seq_store)
 *	seq_fork(&t, &s);
 *	seq_cut(&s, 10);
 *	seq_free(&s);
 *	...
 *	seq_pages_free(&pages);
 *
 * A page holds, for each layer and key/value head, the keys in blocks of 16
 * positions, so that a processor computes 16 scores at once, and the values
 * row by row (elements are f16 or f32):
 *
 *	[layer][head] { K [64/16][head_dim][16]; V [64][head_dim] }
 */
#ifndef SEQ_H
#define SEQ_H

#include "kern.h"
#include "util.h"

struct kv_geometry {
	size_t n_layer, n_kv, head_dim;
	bool f16; /* else f32 */
};

struct seq_page {
	size_t refs;
	unsigned char *data;
	struct seq_page *next; /* of those that are not in use */
};

/* Where sequences of one geometry take their pages from; what one of them
 * releases is kept for the next. All but the geometry begins as zeros. */
struct seq_pages {
	struct kv_geometry geo;
	struct seq_page *spare;
	struct seq_slab *slab; /* memory for several pages; the newest first */
	size_t left;           /* pages of it that never were in use */
};

struct seq {
	struct seq_pages *pages; /* not owned */
	int32_t *tok;            /* tok[n] */
	size_t n, cap;
	struct seq_page **page;
	size_t npage, cap_page;
};

void seq_init(struct seq *s, struct seq_pages *pages);
/* Make dst (not initialised) a copy of src. */
void seq_fork(struct seq *dst, const struct seq *src);
/* Append tokens; the pages of the new positions become writable. */
void seq_append(struct seq *s, const int32_t *tok, size_t n);
/* Forget all but the first n positions (n <= s->n). */
void seq_cut(struct seq *s, size_t n);
void seq_free(struct seq *s);
/* When no sequence is left. */
void seq_pages_free(struct seq_pages *p);

/* Put the key and value (head_dim floats each) of a position; rounds to the
 * element type. Different positions, layers and heads may be stored at once. */
void seq_store(struct seq *s, const struct kern *kern, size_t pos, size_t layer,
    size_t head, const float *k, const float *v);
/* The keys and values of a page, for the attention kernels. */
const void *seq_keys(const struct seq *s, size_t page, size_t layer,
    size_t head);
const void *seq_values(const struct seq *s, size_t page, size_t layer,
    size_t head);

/* A position as the cache file holds it: for every layer K[n_kv][head_dim],
 * then V[n_kv][head_dim]. */
size_t seq_record_size(const struct kv_geometry *geo);
void seq_get(const struct seq *s, size_t pos, unsigned char *record);
void seq_put(struct seq *s, size_t pos, const unsigned char *record);

#endif
