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

int
cpus_thread(pthread_t *thread, void *(*work)(void *), void *arg)
{
	struct beginning *b = xmalloc(sizeof(*b));
	pthread_attr_t attr;
	cpu_set_t others;
	int e = -1;

	*b = (struct beginning) { .work = work, .arg = arg };
	if (other_cpus(&b->all, &others) && pthread_attr_init(&attr) == 0) {
		if (pthread_attr_setaffinity_np(&attr, sizeof(others),
		    &others) == 0)
			e = pthread_create(thread, &attr, begin, b);
		pthread_attr_destroy(&attr);
	}
	if (e == 0)
		return 0;
	free(b);
	return pthread_create(thread, NULL, work, arg);
}
#else
int
cpus_thread(pthread_t *thread, void *(*work)(void *), void *arg)
{
	return pthread_create(thread, NULL, work, arg);
}
#endif
