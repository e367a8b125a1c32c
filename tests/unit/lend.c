/*
 * lend: a pipe's reader gets what was written, however far behind it is, and
 * memory is lent to one that promised, to no other.
 */
#define _GNU_SOURCE /* for splice */
#include "lend.h"

#include "io.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* So little that BEHIND + 1 times SIZE fits into a pipe of large pages too. */
enum { HEAD = 24, SIZE = 100000, MANY = 40, BEHIND = 2, END = 255 };

static int n;

static void
ok(bool pass, const char *what)
{
	printf("%sok %d - %s\n", pass ? "" : "not ", ++n, what);
	fflush(stdout);
}

/* Whether the next bytes of fd, SIZE at most, are all of this value. */
static bool
reads_some(int fd, unsigned char value, size_t size)
{
	static unsigned char buf[SIZE];
	size_t got = 0;
	ssize_t k;

	while (got < size && (k = read(fd, buf + got, size - got)) > 0)
		got += (size_t)k;
	for (size_t i = 0; i < got; i++)
		if (buf[i] != value)
			return false;
	return got == size;
}

static bool
reads(int fd, unsigned char value)
{
	return reads_some(fd, value, SIZE);
}

/* A process that reads our pipe when it is told to. */
struct reader {
	pid_t pid;
	int order, answer; /* our ends */
};

/* Asked by a byte whether the next bytes have its value, it answers 1 if so; told
 * 0, it promises, told END, it ends. (Memory that is lent before a fork is no test: a writer that
 * changes it gets a copy.) */
static bool
start_reader(struct reader *r, int data)
{
	unsigned char byte = 1;
	int order[2], answer[2];

	if (pipe(order) != 0 || pipe(answer) != 0 || (r->pid = fork()) < 0)
		return false;
	if (r->pid > 0) {
		close(order[0]);
		close(answer[1]);
		r->order = order[1];
		r->answer = answer[0];
		return read(r->answer, &byte, 1) == 1;
	}
	close(order[1]);
	close(answer[0]);
	while (write(answer[1], &byte, 1) == 1 &&
	    read(order[0], &byte, 1) == 1 && byte != END) {
		if (byte == 0)
			lend_promise(data);
		byte = byte == 0 || reads(data, byte);
	}
	_exit(0);
}

static bool
ask(struct reader *r, unsigned char value)
{
	return write(r->order, &value, 1) == 1 &&
	    read(r->answer, &value, 1) == 1 && value == 1;
}

static bool
end_reader(struct reader *r)
{
	const unsigned char byte = END;
	int status;

	if (write(r->order, &byte, 1) != 1)
		return false;
	close(r->order);
	close(r->answer);
	return waitpid(r->pid, &status, 0) == r->pid && status == 0;
}

/* SIZE bytes of this value: some buffered, the others in the output's memory, in
 * two parts. Returns that memory. */
static unsigned char *
put(struct output *o, unsigned char value)
{
	enum { LEFT = SIZE - HEAD, FIRST = LEFT / 3 };
	unsigned char head[HEAD], *p = output_space(o, LEFT);

	memset(head, value, sizeof(head));
	memset(p, value, LEFT);
	output_put(o, head, sizeof(head));
	output_through(o, p, FIRST);
	output_through(o, p + FIRST, LEFT - FIRST);
	return p;
}

/* The same from memory that is the caller's, and changed at once. */
static void
put_own(struct output *o, unsigned char value)
{
	static unsigned char own[SIZE];

	memset(own, value, sizeof(own));
	output_through(o, own, sizeof(own));
	memset(own, 0, sizeof(own));
}

/* The same twice, of one piece of memory. */
static void
put_two(struct output *o, unsigned char first)
{
	enum { LEFT = SIZE - HEAD };
	unsigned char head[HEAD], *p = output_space(o, (size_t)2 * LEFT);

	for (int i = 0; i < 2; i++)
		memset(p + i * LEFT, first + i, LEFT);
	for (int i = 0; i < 2; i++) {
		memset(head, first + i, sizeof(head));
		output_put(o, head, sizeof(head));
		output_through(o, p + i * LEFT, LEFT);
	}
}

static bool
copies(struct output *o, int data)
{
	struct reader r;

	if (!start_reader(&r, data))
		return false;
	memset(put(o, 1), 2, SIZE - HEAD);
	return ask(&r, 1) && end_reader(&r);
}

/* The memory is used again where the reader keeps up. */
static bool
each_after_each(struct output *o, struct reader *r)
{
	unsigned char *first = put(o, 1);
	bool good = ask(r, 1);

	for (unsigned char i = 2; i < MANY; i++)
		good &= put(o, i) == first && ask(r, i);
	return good;
}

static bool
far_behind(struct output *o, struct reader *r)
{
	bool good = true;

	for (unsigned char i = 1; i < MANY + BEHIND; i++) {
		if (i < MANY && i % 3 == 0)
			put_own(o, i);
		else if (i < MANY)
			put(o, i);
		if (i > BEHIND)
			good &= ask(r, (unsigned char)(i - BEHIND));
	}
	return good;
}

/* All but a byte was read, by us, of what was lent to the reader. */
static bool
all_but_a_byte(struct output *o, int data)
{
	bool good;

	put(o, 1);
	good = reads_some(data, 1, SIZE - 1);
	put(o, 2);
	put(o, 3);
	good &= reads_some(data, 1, 1);
	good &= reads(data, 2);
	return good && reads(data, 3);
}

/* Changed behind the writer's back it reaches the reader changed. */
static bool
lends(struct output *o, struct reader *r)
{
	unsigned char *p = put(o, 1);

	memset(p - HEAD, 2, SIZE);
	return ask(r, 2);
}

static bool
several(struct output *o, struct reader *r)
{
	bool good = true;

	for (unsigned char i = 1; i < MANY; i += 2) {
		put_two(o, i);
		good &= ask(r, i);
		good &= ask(r, (unsigned char)(i + 1));
	}
	return good;
}

/* Move SIZE bytes from a pipe to another without a copy, where that can be. */
static bool
move(int from, int to)
{
#ifdef SPLICE_F_MOVE
	ssize_t k;

	for (size_t left = SIZE; left > 0; left -= (size_t)k)
		if ((k = splice(from, NULL, to, NULL, left, 0)) <= 0)
			return false;
	return true;
#else
	static unsigned char buf[SIZE];

	return read(from, buf, SIZE) == SIZE && write_all(to, buf, SIZE) == 0;
#endif
}

/* The reader ends before it has read. Another, which promised nothing, moves the
 * first bytes elsewhere, and then there is one more that promises. */
static bool
gone(struct output *o, struct reader *r, int data)
{
	struct reader next;
	int other[2];
	bool good = pipe(other) == 0;

	pipe_widen(other[1]);
	good &= start_reader(&next, data);
	put(o, 1);
	put(o, 2);
	good &= end_reader(r) && move(data, other[1]) && move(data, other[1]);
	good &= ask(&next, 0);
	put(o, 3);
	put(o, 4);
	return good && reads(other[0], 1) && reads(other[0], 2) &&
	    ask(&next, 3) && ask(&next, 4) && end_reader(&next);
}

/* Whether a pipe can hold what is written before somebody reads. */
static bool
wide(int fd)
{
#ifdef F_GETPIPE_SZ
	return fcntl(fd, F_GETPIPE_SZ) >= 1 << 20;
#else
	(void)fd;
	return false;
#endif
}

/* Whether the system lends at all; some boxes refuse vmsplice. */
static bool
can_lend(int fd)
{
	int own[2];

	return lend_reader(fd) != 0 && pipe(own) == 0 &&
	    lend_bytes(own[1], "", 1) == 1;
}

int
main(void)
{
	static struct output o;
	struct reader r;
	int data[2];

	if (pipe(data) != 0)
		return 1;
	pipe_widen(data[1]);
	if (!wide(data[1])) {
		printf("1..1\n");
		ok(true, "# SKIP no wide pipes here");
		return 0;
	}
	printf("1..7\n");
	fflush(stdout);
	output_open(&o, data[1], "the pipe");
	ok(copies(&o, data[0]), "nothing is lent without a promise");
	if (!start_reader(&r, data[0]) || !ask(&r, 0))
		return 1;
	ok(each_after_each(&o, &r), "a reader that keeps up");
	ok(far_behind(&o, &r), "a reader that is behind");
	ok(all_but_a_byte(&o, data[0]), "a byte that is still to be read");
	ok(several(&o, &r), "several records of one piece of memory");
	if (can_lend(data[1]))
		ok(lends(&o, &r), "with a promise it is the memory that is read");
	else
		ok(true, "# SKIP nothing is lent here");
	ok(gone(&o, &r, data[0]), "a reader that ends before it has read");
	output_close(&o);
	return 0;
}
