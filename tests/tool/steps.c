/*
 * steps - feed a command lines one at a time and tell how long each takes.
 *
 *	steps [-lu] [-a OTHER] [-n LINES] COMMAND [ARG ...] <LINES
 *
 * The command answers each line with a binary record of dist(5), or, with -l,
 * with a line of text. A line is written when the answer to the one before has
 * come, as in a loop; with -n so many are written at once, and so many answers
 * waited for. A record's values are thrown away, on Linux without a copy: what
 * is timed is the command, not its reader. Prints the microseconds of each step,
 * a line each: wall time or, with -u, processor time of the command.
 *
 * OTHER is a line of sh that answers with lines of text. It is given each step too,
 * one time before COMMAND and the next time after it, so that both find the same
 * machine; its microseconds stand behind those of COMMAND.
 */
#define _GNU_SOURCE /* for splice, which POSIX has not */
#include <fcntl.h>
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

struct step {
	char *p, *line;
	size_t len, cap, line_cap;
};

/* Read the lines of a step, n of them: false when there are no more. */
static int
next(struct step *s, size_t n)
{
	size_t lines = 0;
	ssize_t got;

	s->len = 0;
	while (lines < n && (got = getline(&s->line, &s->line_cap, stdin)) > 0) {
		if (s->len + (size_t)got > s->cap && (s->p = realloc(s->p,
		    s->cap = 2 * (s->len + (size_t)got))) == NULL)
			fail("out of memory");
		memcpy(s->p + s->len, s->line, (size_t)got);
		s->len += (size_t)got;
		lines++;
	}
	return lines == n;
}

struct command {
	pid_t pid;
	int to, from;
	void (*answer)(int fd);
	clockid_t clock;
};

static void
start(struct command *c, char **argv)
{
	int in[2], out[2];

	if (pipe(in) != 0 || pipe(out) != 0 || (c->pid = fork()) < 0)
		fail("no pipe or process");
	if (c->pid == 0) {
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
	c->to = in[1];
	c->from = out[0];
	fcntl(c->to, F_SETFD, FD_CLOEXEC);
	fcntl(c->from, F_SETFD, FD_CLOEXEC);
}

/* Microseconds until a step of so many lines is answered. */
static double
take_step(const struct command *c, const struct step *s, size_t lines)
{
	double begin = now(c->clock);

	if (write(c->to, s->p, s->len) != (ssize_t)s->len)
		fail("the command does not read");
	for (size_t i = 0; i < lines; i++)
		c->answer(c->from);
	return now(c->clock) - begin;
}

static void
end(struct command *c)
{
	int status;

	close(c->to);
	if (waitpid(c->pid, &status, 0) != c->pid || status != 0)
		fail("the command failed");
}

int
main(int argc, char **argv)
{
	struct command one = { .answer = record, .clock = CLOCK_MONOTONIC };
	struct command two = { .answer = text, .clock = CLOCK_MONOTONIC };
	char sh[] = "sh", line[] = "-c", *other[] = { sh, line, NULL, NULL };
	struct step s = { 0 };
	size_t many = 1;
	int cpu = 0, c;

	while ((c = getopt(argc, argv, "+a:ln:u")) != -1)
		switch (c) {
		case 'a': other[2] = optarg; break;
		case 'l': one.answer = text; break;
		case 'n': many = strtoul(optarg, NULL, 10); break;
		case 'u': cpu = 1; break;
		default: return 2;
		}
	if (optind == argc || many == 0) {
		fprintf(stderr, "usage: steps [-lu] [-a other] [-n lines] "
		    "command [arg ...]\n");
		return 2;
	}
	start(&one, argv + optind);
	if (cpu && clock_getcpuclockid(one.pid, &one.clock) != 0)
		fail("no clock of another process");
	if (other[2] != NULL)
		start(&two, other);
	for (int turn = 0; next(&s, many); turn = !turn) {
		double t[2] = { 0 };

		if (turn && other[2] != NULL)
			t[1] = take_step(&two, &s, many);
		t[0] = take_step(&one, &s, many);
		if (!turn && other[2] != NULL)
			t[1] = take_step(&two, &s, many);
		if (other[2] != NULL)
			printf("%.1f %.1f\n", t[0], t[1]);
		else
			printf("%.1f\n", t[0]);
	}
	end(&one);
	if (other[2] != NULL)
		end(&two);
	return 0;
}
