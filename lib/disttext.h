/*
 * disttext - the text form of distributions, for dist.c; see dist(5).
 */
#ifndef DISTTEXT_H
#define DISTTEXT_H

#include "dist.h"

/*
 * As dist_parse, from the header line on. `before`: an empty line stood before
 * the record. Sorted with its entries, it is the one that ends the record,
 * which then the end of the file does.
 */
int disttext_parse(struct dist *d, const unsigned char *p, size_t len, bool eof,
    bool before, size_t *size, char *err);
/* Append the record; column may be NULL. */
void disttext_put(struct buf *b, const struct dist *d,
    const struct dist_column *column);

/*
 * What both forms must hold, of the header, where n is not known yet in text,
 * and of the arrays, whose first `good` values are checked. 0, or -1 with the
 * reason in err.
 */
int dist_check_header(const struct dist *d, char *err);
int dist_check_arrays(const struct dist *d, uint32_t good, char *err);

#endif
