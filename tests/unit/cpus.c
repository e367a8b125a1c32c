/* cpus: a thread gets its argument and may run wherever its maker may. */
#define _GNU_SOURCE
#include "cpus.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static int n;

static void
ok(int pass, const char *what)
{
	printf("%sok %d - %s\n", pass ? "" : "not ", ++n, what);
}

#ifdef __linux__
static void *
own_mask(void *arg)
{
	return sched_getaffinity(0, sizeof(cpu_set_t), arg) == 0 ? arg : NULL;
}

static int
same_mask(void)
{
	cpu_set_t mine, its;
	pthread_t thread;
	void *back = NULL;

	memset(&its, 0, sizeof(its));
	if (sched_getaffinity(0, sizeof(mine), &mine) != 0 ||
	    cpus_thread(&thread, own_mask, &its) != 0 ||
	    pthread_join(thread, &back) != 0)
		return 0;
	return back == &its && CPU_EQUAL(&mine, &its);
}
#else
static void *
give_back(void *arg)
{
	return arg;
}

static int
same_mask(void)
{
	pthread_t thread;
	void *back = NULL;

	return cpus_thread(&thread, give_back, &n) == 0 &&
	    pthread_join(thread, &back) == 0 && back == &n;
}
#endif

int
main(void)
{
	printf("1..2\n");
	ok(same_mask(), "a thread of a process that may run anywhere");
#ifdef __linux__
	cpu_set_t here;
	int cpu = sched_getcpu();

	CPU_ZERO(&here);
	CPU_SET((size_t)cpu, &here);
	ok(sched_setaffinity(0, sizeof(here), &here) == 0 && same_mask(),
	    "of one that may run on one processor");
#else
	ok(1, "of one that may run on one processor # SKIP not to be said here");
#endif
	return 0;
}
