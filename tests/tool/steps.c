/*
 * steps - feed a command lines one at a time and tell how long each takes.
 *
 *	steps [-lu] [-n LINES] COMMAND [ARG ...] <LINES
 *
 * The command answers each line with a binary record of dist(5), or, with -l,
 * with a line of text. A line is written when the answer to the one before has
 * come, as in a loop; with -n so many are written at once, and so many answers
 * waited for. A record's values are thrown away, on Linux without a copy: what
 * is timed is the command, not its reader. Prints the microseconds of each step,
 * a line each: wall time or, with -u, processor time of the command.
 */
#define _GNU_SOURCE /* for splice, which POSIX has not */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void
fail(const char *why)
{
	fprintf(stderr, "steps: %s\n", why);
	exit(1);
}

static double
now(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		fail("no such clock");
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
take(int fd, unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);
		if (got <= 0)
			fail("the command gave no whole record");
		p += got;
		n -= (size_t)got;
	}
}

static size_t
get32(const unsigned char *p)
{
	return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 |
	    (size_t)p[3] << 24;
}

/* Throw away n bytes. */
static void
drop(int fd, size_t n)
{
	static unsigned char rest[1 << 16];
#ifdef __linux__
	static int null = -1;
	ssize_t got;

	if (null < 0 && (null = open("/dev/null", O_WRONLY)) < 0)
		fail("no /dev/null");
	while (n > 0 && (got = splice(fd, NULL, null, NULL, n, 0)) > 0)
		n -= (size_t)got;
#endif
	for (; n > sizeof(rest); n -= sizeof(rest))
		take(fd, rest, sizeof(rest));
	take(fd, rest, n);
}

static void
record(int fd)
{
	unsigned char head[32];

	take(fd, head, sizeof(head));
	if (memcmp(head, "DIST", 4) != 0)
		fail("what came is no record");
	drop(fd, 4 * (get32(head + 16) + get32(head + 20) +
	    get32(head + 12) * (head[6] & 1 ? 2 : 1)));
}

/* A line of an answer, which nothing follows before it is read. */
static void
text(int fd)
{
	char part[4096];
	ssize_t n;

	do
		if ((n = read(fd, part, sizeof(part))) <= 0)
			fail("the command gave no whole line");
	while (part[n - 1] != '\n');
}

/* Read the lines of a step, n of them, and write them together: false when
 * there are no more. */
static int
send(int to, size_t n)
{
	static char *all, *line;
	static size_t room, length;
	size_t used = 0, lines = 0;
	ssize_t got;

	while (lines < n && (got = getline(&line, &length, stdin)) > 0) {
		if (used + (size_t)got > room && (all = realloc(all,
		    room = 2 * (used + (size_t)got))) == NULL)
			fail("out of memory");
		memcpy(all + used, line, (size_t)got);
		used += (size_t)got;
		lines++;
	}
	if (lines < n)
		return 0;
	if (write(to, all, used) != (ssize_t)used)
		fail("the command does not read");
	return 1;
}

static pid_t
start(char **argv, int *to, int *from)
{
	int in[2], out[2];
	pid_t pid = -1;

	if (pipe(in) != 0 || pipe(out) != 0 || (pid = fork()) < 0)
		fail("no pipe or process");
	if (pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		for (int i = 0; i < 2; i++) {
			close(in[i]);
			close(out[i]);
		}
		execvp(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
	return pid;
}

int
main(int argc, char **argv)
{
	int lines = 0, cpu = 0, c, to, from, status;
	clockid_t clock = CLOCK_MONOTONIC;
	size_t many = 1;
	double begin;
	pid_t pid;

	while ((c = getopt(argc, argv, "+ln:u")) != -1) {
		lines |= c == 'l';
		cpu |= c == 'u';
		many = c == 'n' ? strtoul(optarg, NULL, 10) : many;
		if (c == '?')
			return 2;
	}
	if (optind == argc || many == 0) {
		fprintf(stderr, "usage: steps [-lu] [-n lines] command "
		    "[arg ...]\n");
		return 2;
	}
	pid = start(argv + optind, &to, &from);
	if (cpu && clock_getcpuclockid(pid, &clock) != 0)
		fail("no clock of another process");
	for (begin = now(clock); send(to, many); begin = now(clock)) {
		for (size_t i = 0; i < many; i++)
			(lines ? text : record)(from);
		printf("%.1f\n", now(clock) - begin);
	}
	close(to);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail("the command failed");
	return 0;
}
