#define _DEFAULT_SOURCE /* for madvise, where there is one */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static struct {
	const char *name, *synopsis, *argv0;
} prog = { "pipelm", "", NULL };

/* A closed standard stream must not become the number of a file that is opened
 * later, a cache say: put something there that cannot be used. */
static void
hold_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			exit(1);
}

void
start(int argc, char **argv, const char *name, const char *synopsis)
{
	hold_streams();
	prog.name = name;
	prog.synopsis = synopsis;
	prog.argv0 = argc > 0 ? argv[0] : NULL;
	signal(SIGPIPE, SIG_DFL);
	opterr = 0;
}

/* One line, one write: so that messages of concurrent stages do not mix. */
static void
message(const char *fmt, va_list ap, int error)
{
	char what[768], line[1024];
	int n;

	vsnprintf(what, sizeof(what), fmt, ap);
	n = snprintf(line, sizeof(line) - 1, "%s: %s%s%s", prog.name, what,
	    error ? ": " : "", error ? strerror(error) : "");
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 127)
			line[i] = '?';
	line[n] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n + 1) < 0)
		return; /* there is nowhere left to complain to */
}

void
warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap, 0);
	va_end(ap);
}

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap, 0);
	va_end(ap);
	exit(1);
}

void
die_errno(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap, error);
	va_end(ap);
	exit(1);
}

void
bad_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap, 0);
	va_end(ap);
	exit(2);
}

void
usage(void)
{
	fprintf(stderr, "usage: %s %s\n", prog.name, prog.synopsis);
	exit(2);
}

int
fail(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, ERRLEN, fmt, ap);
	va_end(ap);
	return -1;
}

static _Noreturn void
say(const char *fmt, const char *a, const char *b)
{
	printf(fmt, a, b);
	if (fflush(stdout) != 0)
		die_errno("stdout");
	exit(0);
}

int
option(int argc, char **argv, const char *letters)
{
	char all[80];
	int c;

	if (optind < argc && strcmp(argv[optind], "--help") == 0)
		say("usage: %s %s\n", prog.name, prog.synopsis);
	if (optind < argc && strcmp(argv[optind], "--version") == 0)
		say("%s (pipelm) %s\n", prog.name, PIPELM_VERSION);
	/* '+': glibc must not permute operands such as -5; others stop anyway */
	snprintf(all, sizeof(all), "+:hV%s", letters);
	c = getopt(argc, argv, all);
	switch (c) {
	case 'h':
		say("usage: %s %s\n", prog.name, prog.synopsis);
	case 'V':
		say("%s (pipelm) %s\n", prog.name, PIPELM_VERSION);
	case ':':
		bad_usage("-%c: needs a value", optopt);
	case '?':
		bad_usage("-%c: unknown option", optopt);
	default:
		return c;
	}
}

static char *
join(const char *dir, size_t len, const char *name)
{
	char *s = xmalloc(len + strlen(name) + 2);

	memcpy(s, dir, len);
	s[len] = '/';
	strcpy(s + len + 1, name);
	return s;
}

char *
program_dir(void)
{
	const char *path = getenv("PATH");
	char *file = NULL, *real = NULL, *slash;
	struct stat st;

	if (prog.argv0 == NULL)
		return NULL;
	if (strchr(prog.argv0, '/') != NULL) {
		real = realpath(prog.argv0, NULL);
	} else {
		while (path != NULL && real == NULL) {
			size_t len = strcspn(path, ":");
			file = join(len ? path : ".", len ? len : 1, prog.argv0);
			if (access(file, X_OK) == 0 && stat(file, &st) == 0 &&
			    S_ISREG(st.st_mode))
				real = realpath(file, NULL);
			free(file);
			path = path[len] ? path + len + 1 : NULL;
		}
	}
	if (real != NULL && (slash = strrchr(real, '/')) != NULL)
		slash[slash == real] = '\0';
	return real;
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (p == NULL)
		die("out of memory");
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (p == NULL)
		die("out of memory");
	return p;
}

bool
size_mul(size_t *out, size_t a, size_t b)
{
	if (b != 0 && a > SIZE_MAX / b)
		return false;
	*out = a * b;
	return true;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (!size_mul(&bytes, n, size) ||
	    (p = realloc(p, bytes ? bytes : 1)) == NULL)
		die("out of memory");
	return p;
}

void *
xgrow(void *p, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return p;
	if (*cap > SIZE_MAX / 2)
		die("out of memory");
	*cap = need > *cap * 2 ? need : *cap * 2;
	return xreallocarray(p, *cap, size);
}

static size_t
product(size_t n, size_t size)
{
	size_t bytes;

	if (!size_mul(&bytes, n, size))
		die("out of memory");
	return bytes;
}

static void *
aligned(size_t bytes, size_t to)
{
	void *p;

	if (bytes > SIZE_MAX - to ||
	    posix_memalign(&p, to, bytes ? bytes : to) != 0)
		die("out of memory");
	return p;
}

void *
xscratch(size_t n, size_t size)
{
	return aligned(product(n, size), 64);
}

/* All of it is touched: better at once, where the system has larger pages. */
void *
xaligned(size_t n, size_t size)
{
	size_t bytes = product(n, size);
	void *p = aligned(bytes, bytes < LARGE_PAGE ? 64 : LARGE_PAGE);

#ifdef MADV_HUGEPAGE
	if (bytes >= LARGE_PAGE)
		madvise(p, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
#endif
	return memset(p, 0, bytes);
}

char *
xstrdup(const char *s)
{
	return strcpy(xmalloc(strlen(s) + 1), s);
}

uint64_t
arg_uint(const char *what, const char *s, uint64_t min, uint64_t max)
{
	unsigned long long v = 0;
	char *end = NULL;

	errno = 0;
	if (*s >= '0' && *s <= '9')
		v = strtoull(s, &end, 10);
	if (end == NULL || *end != '\0')
		bad_usage("%s: '%s' is not a whole number", what, s);
	if (errno != 0 || v < min || v > max)
		bad_usage("%s: %s is not between %llu and %llu", what, s,
		    (unsigned long long)min, (unsigned long long)max);
	return v;
}

double
arg_num(const char *what, const char *s, double min, double max)
{
	double v = 0;
	char *end = NULL;

	/* strtod would also take blanks, hexadecimal, inf and nan */
	if (*s != '\0' && s[strspn(s, "+-.0123456789eE")] == '\0')
		v = strtod(s, &end);
	if (end == NULL || end == s || *end != '\0')
		bad_usage("%s: '%s' is not a number", what, s);
	if (!isfinite(v) || v < min || v > max)
		bad_usage("%s: %s is not between %g and %g", what, s, min, max);
	return v;
}
