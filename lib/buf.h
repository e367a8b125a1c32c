/* buf - a growable run of bytes. Zero-initialised is empty; buf_free releases.
 * Running out of memory ends the program. */
#ifndef BUF_H
#define BUF_H

#include "util.h"

struct buf {
	char *p;
	size_t len, cap;
};

/* Room for `more` bytes behind the end; returns where they go (len is not
 * changed). */
char *buf_room(struct buf *b, size_t more);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_u32(struct buf *b, uint32_t v); /* little-endian */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_free(struct buf *b);

#endif
