/*
 * nfc - text in Unicode's normalization form C: characters that are canonically
 * equivalent become the same ones, composed where that is possible. The Unicode
 * Standard, section 3.11; of version 15.0.0.
 *
 *	if (!nfc_is(p, n))
 *		nfc_put(&b, p, n);
 *
 * Bytes that are no UTF-8 stay as they are, and nothing combines across them.
 */
#ifndef NFC_H
#define NFC_H

#include "buf.h"

/* Whether p[0..n) is surely in the form already; it may be if not. */
bool nfc_is(const void *p, size_t n);

/* Append p[0..n) in the form. */
void nfc_put(struct buf *b, const void *p, size_t n);

#endif
