/*
 * io - buffered input and output of a filter, with the rule that keeps a loop
 * of pipes from stalling: before a read that would block, the output that
 * belongs to the input is flushed. Otherwise output gathers, so that what was
 * read together leaves together.
 *
 *	struct output out;
 *	struct input in;
 *	output_open(&out, STDOUT_FILENO, "stdout");
 *	input_open(&in, argv[optind], &out);	(NULL and "-" are stdin)
 *	while (input_fill(&in, n)) ...
 *	input_close(&in);
 *	output_close(&out);
 *
 * Failed system calls end the program: `prog: subject: reason`, status 1. What
 * is buffered when a program ends by exit (as die does) is still written, so
 * an error never swallows complete records that came before it: put only whole
 * records.
 */
#ifndef IO_H
#define IO_H

#include "buf.h"

#include <sys/types.h>

/* Memory of an output that is lent to its reader; see lend.h. */
struct space {
	unsigned char *p;
	size_t size;
	uint64_t end; /* of the last bytes lent, in the stream; 0: none are */
	pid_t reader; /* to whom */
};

struct output {
	int fd;
	const char *name; /* for messages; not owned */
	struct buf buf;   /* not yet written */
	bool failed;
	struct space space[2]; /* the one in use, and one still being read */
	int turn;
	uint64_t sent; /* bytes */
};

struct input {
	int fd;
	const char *name;   /* for messages; not owned */
	struct output *out; /* flushed before blocking; may be NULL */
	unsigned char *p;   /* bytes pos..len are unread */
	size_t pos, len, cap;
	bool eof;
};

/* The one output of a program (a later call takes its place in the flush at
 * exit). `name` must outlive it. */
void output_open(struct output *o, int fd, const char *name);
void output_put(struct output *o, const void *p, size_t n);
/* Flush if much is buffered: to be called by who adds to `buf` itself. */
void output_room(struct output *o);
void output_flush(struct output *o);
/* Write what is buffered and these n > 0 bytes, too many to be buffered as well; a
 * reader may see some of them before the others. */
void output_through(struct output *o, void *p, size_t n);
/* Memory for n bytes, of which output_through need not even make a copy in a pipe.
 * It may be changed until then, each byte goes through once at most, and all of
 * it is gone with the next call, or when something else goes through. */
void *output_space(struct output *o, size_t n);
/* Flush, close and check the close. */
void output_close(struct output *o);

/* Where fd is a pipe, and the system can, let it hold a MiB, so that a record
 * goes through in few turns. */
void pipe_widen(int fd);

/* Write all n bytes to fd, going on after short writes: 0, or -1 and errno. */
int write_all(int fd, const void *p, size_t n);

/* NULL and "-" are standard input. What comes from a pipe is copied, and its writer
 * is told so (lend.h). */
void input_open(struct input *in, const char *path, struct output *out);
/* Make at least n unread bytes available: false at an end of file that comes
 * first (what there is stays available). */
bool input_fill(struct input *in, size_t n);
/* Read once, when fewer than n are: false at the end of file. */
bool input_some(struct input *in, size_t n);
/* Whether a read would have to wait. */
bool input_waits(const struct input *in);
/* Whether a read would return at once: unread bytes, data waiting, or the end
 * of file. */
bool input_ready(struct input *in);
/* Find the end of the unread line: the length with its LF, or, at the end of
 * file, the length of what is left (0: nothing). The line is at in->p +
 * in->pos; the caller advances in->pos. */
size_t input_line(struct input *in);
/* As input_line, but 0 as well when finding the end would block. */
size_t input_line_ready(struct input *in);
void input_close(struct input *in);

#endif
