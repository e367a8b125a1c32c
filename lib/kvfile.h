/*
 * kvfile - the KV-cache file, an append-only log; see kvcache(5).
 *
 * Header, 72 bytes, little-endian:
 *
 *	offset size
 *	 0     16  "pipelm kvcache", two NUL
 *	16      4  format version, 1
 *	20      4  header size, 72
 *	24      8  record size
 *	32      8  fingerprint of the model
 *	40      4  layers
 *	44      4  key/value heads
 *	48      4  head size
 *	52      4  element type: 0 F32, 1 F16
 *	56      4  version of the arithmetic, 1
 *	60      4  1 in exact mode, else 0
 *	64      4  0
 *	68      4  CRC-32C of bytes 0..67
 *
 * A record per position follows, in order:
 *
 *	 0      4  token
 *	 4      4  CRC-32C of: the previous record's CRC (the header's, for the
 *	           first), token, data
 *	 8         for every layer K[heads][head size], V[heads][head size]
 *
 * Appends are one write each; nothing is rewritten in place. Bad records at the
 * end are a torn tail: a writer cuts it (and warns), a reader ignores it.
 *
 * All functions end the program on failure, `prog: FILE: what is wrong`, with
 * the file as it was. A process opens a cache file once: closing any descriptor
 * of a file drops the process's locks on it.
 */
#ifndef KVFILE_H
#define KVFILE_H

#include <sys/types.h>

#include "buf.h"
#include "kern.h"
#include "seq.h"

enum { KVFILE_HEADER = 72 };

struct kvfile_header {
	uint64_t fingerprint;
	struct kv_geometry geo;
	uint32_t arithmetic;
	bool exact;
};

struct kvfile {
	int fd;
	const char *path; /* not owned */
	const struct kern *kern;
	struct kvfile_header h;
	bool writer, sync;
	size_t record;  /* bytes of a record */
	uint64_t n;     /* committed positions */
	uint64_t tail;  /* bytes of the torn tail that were found */
	uint32_t crc;   /* of the last record */
	struct buf buf; /* records being read or written */
};

enum kvfile_mode {
	KVFILE_READ,  /* share: others may append meanwhile */
	KVFILE_WRITE, /* the one writer; creates the file */
	KVFILE_CUT,   /* the one writer of a file that exists */
};

/*
 * Open a cache. want: the header that it must have, and that a new one gets;
 * NULL: take what the file says. Reads the header only. Takes the locks: byte 0
 * for the one writer, until kvfile_close; byte 1 shared, until the records are
 * loaded, which whoever cuts the file takes alone.
 */
void kvfile_open(struct kvfile *f, const char *path, enum kvfile_mode mode,
    const struct kvfile_header *want, const struct kern *kern, bool sync);

/*
 * Read and verify all records: each(arg, pos, token, data) for the good ones.
 * Sets f->n and f->tail. A bad record before a good one is an error, or, with
 * `lenient`, the end.
 */
void kvfile_load(struct kvfile *f, bool lenient,
    void (*each)(void *arg, uint64_t pos, int32_t token,
    const unsigned char *data), void *arg);

/* Where the data of the next i-th record to append goes; then append n. */
unsigned char *kvfile_record(struct kvfile *f, size_t i, int32_t token);
void kvfile_append(struct kvfile *f, size_t n);
/* Keep the first n records; cuts a torn tail too. */
void kvfile_cut(struct kvfile *f, uint64_t n);
/* Copy header and good records to a new file. */
void kvfile_copy(struct kvfile *f, const char *to);
void kvfile_close(struct kvfile *f);

#endif
