/*
 * cpus - how many processor cores there are for this process.
 */
#ifndef CPUS_H
#define CPUS_H

#include <stddef.h>

/*
 * The cores, at least 1, that this process may run on: of those that run
 * several threads each is one, since such threads share what computes. Where
 * the system does not tell (elsewhere than in Linux's /proc and /sys), the
 * processors that are online.
 */
size_t cpus_cores(void);

#endif
