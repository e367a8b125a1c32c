/*
 * spawn - run a command many times and tell how long it takes.
 *
 *	spawn N COMMAND [ARG ...]
 *
 * Prints the median wall time in microseconds, from fork to the end. Standard
 * input and output are /dev/null; a run that fails ends spawn.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
run(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[1]) : 0, out = dup(STDOUT_FILENO);
	double *us = n > 0 ? malloc((size_t)n * sizeof(*us)) : NULL;

	if (us == NULL || freopen("/dev/null", "r", stdin) == NULL ||
	    freopen("/dev/null", "w", stdout) == NULL) {
		fprintf(stderr, "usage: spawn N command [arg ...]\n");
		return 2;
	}
	for (int i = 0; i < n; i++) {
		us[i] = now();
		if (run(argv + 2) != 0) {
			fprintf(stderr, "spawn: %s: failed\n", argv[2]);
			return 1;
		}
		us[i] = now() - us[i];
	}
	qsort(us, (size_t)n, sizeof(*us), compare);
	dprintf(out, "%.0f\n", us[n / 2]);
	return 0;
}
