#define _GNU_SOURCE /* for affinities, where there are some */
#include "cpus.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

enum { LIST = 1024, MOST = 4096 }; /* bytes of a list, processors at most */

/* The next range of a list like "0-3,8"; false at its end. */
static bool
next_range(const char **list, unsigned long *from, unsigned long *to)
{
	char *end;

	if (**list < '0' || **list > '9')
		return false;
	*from = *to = strtoul(*list, &end, 10);
	if (*end == '-')
		*to = strtoul(end + 1, &end, 10);
	*list = end + (*end == ',');
	return true;
}

static bool
has(const char *list, unsigned long cpu)
{
	unsigned long from, to;

	while (next_range(&list, &from, &to))
		if (from <= cpu && cpu <= to)
			return true;
	return false;
}

/* What follows `name` at the beginning of a line of a file. */
static bool
read_list(char list[LIST], const char *path, const char *name)
{
	FILE *f = fopen(path, "r");
	size_t n = strlen(name);
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fgets(list, LIST, f) != NULL)
		found = strncmp(list, name, n) == 0;
	fclose(f);
	if (found)
		memmove(list, list + n, strlen(list + n) + 1);
	return found;
}

/* Whether a processor is the first of the allowed ones of its core. */
static bool
is_first(unsigned long cpu, const char *allowed)
{
	char path[80], list[LIST];
	const char *p = list;
	unsigned long from, to;

	snprintf(path, sizeof(path),
	    "/sys/devices/system/cpu/cpu%lu/topology/thread_siblings_list",
	    cpu);
	if (!read_list(list, path, ""))
		return true;
	while (next_range(&p, &from, &to))
		for (; from <= to && from < cpu; from++)
			if (has(allowed, from))
				return false;
	return true;
}

size_t
cpus_cores(void)
{
	char allowed[LIST];
	const char *p = allowed;
	unsigned long from, to;
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = 0;

	if (read_list(allowed, "/proc/self/status", "Cpus_allowed_list:\t"))
		while (next_range(&p, &from, &to))
			for (; from <= to && from < MOST; from++)
				n += is_first(from, allowed);
	return n > 0 ? n : online > 0 ? (size_t)online : 1;
}

/* As much as a kernel's scratch may take; a C library may give 128 KiB. */
enum { STACK = 1 << 22 };

static int
create(pthread_t *thread, pthread_attr_t *attr, void *(*work)(void *), void *arg)
{
	int e = pthread_attr_setstacksize(attr, STACK);

	return e != 0 ? e : pthread_create(thread, attr, work, arg);
}

#if defined(__linux__) && defined(__GLIBC__)
struct beginning {
	void *(*work)(void *);
	void *arg;
	cpu_set_t all;
};

static void *
begin(void *arg)
{
	struct beginning b = *(struct beginning *)arg;

	free(arg);
	pthread_setaffinity_np(pthread_self(), sizeof(b.all), &b.all);
	return b.work(b.arg);
}

/* The caller's processors, and those of them that it is not on. */
static bool
other_cpus(cpu_set_t *all, cpu_set_t *others)
{
	int here = sched_getcpu();

	if (here < 0 || here >= CPU_SETSIZE ||
	    pthread_getaffinity_np(pthread_self(), sizeof(*all), all) != 0)
		return false;
	*others = *all;
	CPU_CLR((size_t)here, others);
	return CPU_COUNT(others) > 0;
}

/* What pthread_create() says, or -1 where there is no other processor. */
static int
create_elsewhere(pthread_t *thread, pthread_attr_t *attr, void *(*work)(void *),
    void *arg)
{
	struct beginning *b;
	cpu_set_t all, others;
	int e;

	if (!other_cpus(&all, &others) ||
	    pthread_attr_setaffinity_np(attr, sizeof(others), &others) != 0)
		return -1;
	b = xmalloc(sizeof(*b));
	*b = (struct beginning) { work, arg, all };
	if ((e = create(thread, attr, begin, b)) != 0)
		free(b);
	return e;
}
#else
static int
create_elsewhere(pthread_t *thread, pthread_attr_t *attr, void *(*work)(void *),
    void *arg)
{
	(void)thread, (void)attr, (void)work, (void)arg;
	return -1;
}
#endif

int
cpus_thread(pthread_t *thread, void *(*work)(void *), void *arg)
{
	pthread_attr_t attr;
	int e;

	if ((e = pthread_attr_init(&attr)) != 0)
		return e;
	if (create_elsewhere(thread, &attr, work, arg) != 0) {
		pthread_attr_destroy(&attr);
		if ((e = pthread_attr_init(&attr)) != 0)
			return e;
		e = create(thread, &attr, work, arg);
	}
	pthread_attr_destroy(&attr);
	return e;
}
