/*
 * util - what every program needs: its name, its messages, its options,
 * memory that is there or ends the program.
 *
 *	start(argc, argv, "topk", "[-bt] K [file]");
 *	while ((c = option(argc, argv, "bt")) != -1)
 *		switch (c) { ... }
 *	if (argc - optind < 1)
 *		usage();
 *	k = arg_uint("K", argv[optind], 1, UINT32_MAX);
 *
 * A message is one line, "prog: subject: what is wrong", written to stderr by
 * one write(2); control bytes in it are shown as '?'. Exit status: 1 for bad
 * data and failed system calls (die, die_errno), 2 for wrong usage (usage,
 * bad_usage). The program's name and usage are the only state kept here.
 */
#ifndef UTIL_H
#define UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#define PIPELM_VERSION "0.1"

/* Parsers report failure by -1 and a message in a buffer of this size. */
#define ERRLEN 256

#if defined(__GNUC__)
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define PRINTF(fmt, args)
#endif

/*
 * Begin a program: remember its name and its synopsis (what follows the name
 * in the usage line), restore SIGPIPE (a parent may have had it ignored),
 * hold the places of closed standard streams, silence getopt. Call first in main. The strings must outlive the program.
 */
void start(int argc, char **argv, const char *name, const char *synopsis);

/*
 * getopt(3) with what all programs share: -h, --help (usage to stdout, exit 0),
 * -V, --version, and messages for an unknown option or a missing value
 * (exit 2). Returns the option's letter, or -1 after the last one.
 */
int option(int argc, char **argv, const char *letters);

/* The directory that the running program's file is in, or NULL when it cannot
 * be told. Malloced; the caller frees it. */
char *program_dir(void);

_Noreturn void usage(void);
_Noreturn void bad_usage(const char *fmt, ...) PRINTF(1, 2);
_Noreturn void die(const char *fmt, ...) PRINTF(1, 2);
/* die("subject: strerror(errno)") */
_Noreturn void die_errno(const char *fmt, ...) PRINTF(1, 2);
void warn(const char *fmt, ...) PRINTF(1, 2);

/* Format a message into err[ERRLEN]; always returns -1. */
int fail(char *err, const char *fmt, ...) PRINTF(2, 3);

/* Memory, or die("out of memory"). The product of xcalloc and xreallocarray is
 * checked. xgrow makes room for `need` elements of `size` bytes in *cap,
 * doubling. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
void *xgrow(void *p, size_t *cap, size_t need, size_t size);
/* Bytes of a large page of memory, where the system has such. */
enum { LARGE_PAGE = 1 << 21 };

/* 64-byte aligned memory, zeroed or (and so not touched) not; free with free. */
void *xaligned(size_t n, size_t size);
void *xscratch(size_t n, size_t size);
char *xstrdup(const char *s);

/* *out = a * b; false when it does not fit. */
bool size_mul(size_t *out, size_t a, size_t b);

/*
 * The value of an option or operand, `what` being its name for the message:
 * a decimal integer in [min, max], a finite decimal number in [min, max].
 * Anything else is wrong usage (exit 2).
 */
uint64_t arg_uint(const char *what, const char *s, uint64_t min, uint64_t max);
double arg_num(const char *what, const char *s, double min, double max);

#endif
