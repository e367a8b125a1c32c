/*
 * stage - what a program costs in the middle of a pipe of distributions.
 *
 *	stage [-f] [-p] RUNS VOCAB COMMAND [ARG ...]
 *
 * Prints the processor time, user and system, in microseconds that the command
 * takes for a record of VOCAB entries: of 65 records, less that of 1, by 64; the
 * least of so many runs. A record is dense; its logits are normal, of standard
 * deviation 2.5, with a head of 20 that stand out (-f: all near 0, so that
 * nothing stands out), or probabilities (-p). Both ends of the command are pipes;
 * what they are fed also stands in the file `records`, for commands that read
 * two streams.
 */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEAD = 20, RECORDS = 64 };

/* Uniform in (0, 1): xorshift64*, Vigna 2016. */
static double
uniform(void)
{
	static uint64_t s = 88172645463325252u;

	s ^= s >> 12;
	s ^= s << 25;
	s ^= s >> 27;
	return ((double)(s * 2685821657736338717u >> 11) + 0.5) * 0x1p-53;
}

static void
fill(float *x, uint32_t vocab, int flat, int probs)
{
	double sum = 0;

	for (uint32_t i = 0; i < vocab; i++) {
		double normal = sqrt(-2 * log(uniform())) *
		    cos(6.283185307179586 * uniform());
		x[i] = (float)(flat ? 0.01 * normal : 2.5 * normal);
	}
	for (uint32_t i = 0; i < HEAD && !flat; i++)
		x[(uint32_t)(uniform() * vocab)] = (float)(18 - 0.4 * i);
	if (!probs)
		return;
	for (uint32_t i = 0; i < vocab; i++)
		sum += exp((double)x[i]);
	for (uint32_t i = 0; i < vocab; i++)
		x[i] = (float)(exp((double)x[i]) / sum);
}

static void
must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

/* n records of one sequence, each with the token that came before it; for each
 * the entries are moved on, so that no two are alike. */
static void
put_records(FILE *f, const float *x, uint32_t vocab, int probs, uint32_t n)
{
	for (uint32_t r = 0; r < n; r++) {
		uint32_t shift = (uint32_t)(r * UINT64_C(7919) % vocab);
		const uint32_t word[] = { vocab, vocab, 1, 1, 0, r + 1,
			r % vocab, vocab - 1 };
		const char head[] = { 'D', 'I', 'S', 'T', 1,
			probs ? 'P' : 'L', r == 0 ? 2 : 0, 0 };

		fwrite(head, 1, sizeof(head), f);
		fwrite(word, 4, sizeof(word) / 4, f);
		fwrite(x + shift, 4, vocab - shift, f);
		fwrite(x, 4, shift, f);
	}
}

/* A command between two descriptors, which are closed here. */
static pid_t
start(char **argv, int in, int out)
{
	pid_t pid = fork();

	must(pid >= 0, "fork");
	if (pid > 0) {
		close(in);
		close(out);
		return pid;
	}
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static double
used(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Microseconds of processor time for the file `records`. */
static double
run(char **argv)
{
	char name[] = "cat", *cat[] = { name, NULL };
	int from = open("records", O_RDONLY), to = open("/dev/null", O_WRONLY);
	int in[2], out[2], status;
	pid_t pid;
	double us = used();

	must(from >= 0 && to >= 0 && pipe(in) == 0 && pipe(out) == 0, "pipe");
	/* who waits for an end must not be kept by another's copy */
	fcntl(in[0], F_SETFD, FD_CLOEXEC);
	fcntl(in[1], F_SETFD, FD_CLOEXEC);
	fcntl(out[0], F_SETFD, FD_CLOEXEC);
	fcntl(out[1], F_SETFD, FD_CLOEXEC);
	start(cat, from, in[1]);
	pid = start(argv, in[0], out[1]);
	start(cat, out[0], to);
	/* what is not waited for does not count yet */
	must(waitpid(pid, &status, 0) == pid, "wait");
	us = used() - us;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "stage: %s: failed\n", argv[0]);
		exit(1);
	}
	while (wait(&status) > 0)
		;
	return us;
}

int
main(int argc, char **argv)
{
	int flat = 0, probs = 0, c, runs;
	double least[2] = { HUGE_VAL, HUGE_VAL };
	uint32_t vocab;
	float *x;

	while ((c = getopt(argc, argv, "+fp")) != -1) {
		flat |= c == 'f';
		probs |= c == 'p';
	}
	if (argc - optind < 3) {
		fprintf(stderr, "usage: stage [-fp] runs vocab command ...\n");
		return 2;
	}
	runs = atoi(argv[optind]);
	vocab = (uint32_t)atol(argv[optind + 1]);
	x = malloc(vocab * sizeof(*x));
	must(x != NULL, "stage");
	fill(x, vocab, flat, probs);
	for (int many = 0; many < 2; many++) {
		FILE *f = fopen("records", "w");
		must(f != NULL, "records");
		put_records(f, x, vocab, probs, many ? RECORDS + 1 : 1);
		must(fclose(f) == 0, "records");
		for (int i = 0; i < runs; i++)
			least[many] = fmin(least[many],
			    run(argv + optind + 2));
	}
	unlink("records");
	free(x);
	printf("%.0f\n", (least[1] - least[0]) / RECORDS);
	return 0;
}
