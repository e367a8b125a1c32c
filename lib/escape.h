/*
 * escape - text on one line. Escapes are \n, \t and \\ for newline, tab and
 * backslash; all other bytes stand as they are, so that escape_put and
 * escape_undo invert each other on any bytes.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include "buf.h"

/* Append p[0..n), escaped. */
void escape_put(struct buf *b, const void *p, size_t n);

/* Append p[0..n), escaped for the eye: what is no printable character (control
 * bytes, bytes of a broken character) is \xNN. */
void escape_show(struct buf *b, const void *p, size_t n);

/* Append the text that p[0..n) is the escaped form of: 0, or -1 with the
 * reason in err when a backslash begins no escape. */
int escape_undo(struct buf *b, const void *p, size_t n, char *err);

#endif
