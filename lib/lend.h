/*
 * lend - bytes that go into a pipe where they stand, without a copy: vmsplice(2)
 * of Linux; elsewhere nothing is ever lent.
 *
 * What is lent must stay as it is until it has been read, and a writer can know
 * that of a reader that copies what it reads, but not of one that moves it on
 * to another pipe (splice, tee). So a reader that copies says so: by a lock for
 * reading on its pipe (fcntl, F_SETLK), which it has while it lives; nobody who
 * moves data may read that pipe at the same time. A writer lends to a reader that
 * has promised. Bytes are back when so little is left in the pipe that they are
 * not among it, and the same reader has its lock still. Memory that is not known
 * to be back is given up: the system keeps it for the pipe.
 */
#ifndef LEND_H
#define LEND_H

#include "util.h"

#include <sys/types.h>

/* This process copies whatever it reads from fd. Nothing happens where that is
 * no pipe. */
void lend_promise(int fd);

/* The process that has promised for the pipe fd; 0 where there is none, or none
 * whose number is known. */
pid_t lend_reader(int fd);

/* As write(2), but the pipe holds the bytes where they stand, and it waits for
 * room whatever fd says. */
ssize_t lend_bytes(int fd, const void *p, size_t n);

/* Bytes that are in the pipe fd, or UINT64_MAX where that is not known. */
uint64_t lend_unread(int fd);

/* n bytes, n > 0, to be lent and at last given up, which may be while they are in
 * a pipe. Running out of memory ends the program. */
void *lend_memory(size_t n);
void lend_give_up(void *p, size_t n);

#endif
