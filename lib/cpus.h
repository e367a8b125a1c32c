/*
 * cpus - how many cores there are for this process, and threads on them.
 */
#ifndef CPUS_H
#define CPUS_H

#include <pthread.h>
#include <stddef.h>

/*
 * The cores, at least 1, that this process may run on: of those that run
 * several threads each is one, since such threads share what computes. Where
 * the system does not tell (elsewhere than in Linux's /proc and /sys), the
 * processors that are online.
 */
size_t cpus_cores(void);

/*
 * pthread_create(), of a thread with a stack of 4 MiB that begins on another
 * processor than the caller's, where the system allows one and can be told; from
 * there it may go anywhere. Linux often puts it on the caller's, in a process that
 * has just been started as one of a pipe, and there it waits for milliseconds while
 * others idle.
 */
int cpus_thread(pthread_t *thread, void *(*work)(void *), void *arg);

#endif
