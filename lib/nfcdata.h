/* nfcdata - what form NFC needs of the Unicode Character Database; nfcdata.c is
 * made by nfcdata.awk, which says how. */
#ifndef NFCDATA_H
#define NFCDATA_H

#include <stddef.h>
#include <stdint.h>

/* The canonical combining class of a range of characters; of all others it is
 * 0. Ascending. */
extern const struct nfc_class {
	uint32_t from, to;
	unsigned char class;
} nfc_class[];

/* A character that is canonically equivalent to one or two others (right 0:
 * one), and whether form NFC has it in their place. Ascending by c. */
extern const struct nfc_whole {
	uint32_t c, left, right;
	unsigned char composed;
} nfc_whole[];

/* Those that are composed once more, ascending by right, then left. */
extern const struct nfc_pair {
	uint32_t right, left, c;
} nfc_pair[];

extern const size_t nfc_nclass, nfc_nwhole, nfc_npair;

#endif
