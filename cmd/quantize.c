/* quantize - a model as one GGUF file, its weights in another type; see
 * quantize(1) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cpus.h"
#include "dtype.h"
#include "encode.h"
#include "ggufkeys.h"
#include "model.h"
#include "recode.h"

struct job {
	struct recode r;
	struct ggufwriter w;
	const struct mf_tensor **order; /* as they are written */
	uint32_t *type;                 /* what they become */
	uint64_t done, total;           /* bytes of the model */
	bool terminal;
};

/* The type of a name, whatever its case. */
static uint32_t
find_type(const char *name)
{
	for (uint32_t type = 0; type < DTYPES; type++)
		if (encode_get(type) != NULL &&
		    strcasecmp(name, dtype_name(type)) == 0)
			return type;
	bad_usage("-t: '%s' is not one of F32, F16, BF16, Q8_0, Q5_0, Q4_0, "
	    "Q4_1, Q4_K, Q6_K", name);
}

/* The last part of a path, for the model's name: malloced. */
static char *
base_name(const char *path)
{
	size_t n = strlen(path), from;
	char *name = xstrdup(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	for (from = n; from > 0 && path[from - 1] != '/';)
		from--;
	memmove(name, path + from, n - from);
	name[n - from] = '\0';
	return name;
}

/* Names in order, numbers in them by value. */
static int
by_name(const void *a, const void *b)
{
	struct mf_str s = (*(const struct mf_tensor *const *)a)->name;
	struct mf_str t = (*(const struct mf_tensor *const *)b)->name;

	while (s.len > 0 && t.len > 0) {
		size_t m = 0, n = 0;
		while (m < s.len && s.p[m] >= '0' && s.p[m] <= '9')
			m++;
		while (n < t.len && t.p[n] >= '0' && t.p[n] <= '9')
			n++;
		if (m != n && m > 0 && n > 0)
			return m < n ? -1 : 1;
		if (*s.p != *t.p)
			return (unsigned char)*s.p < (unsigned char)*t.p ? -1
			                                                 : 1;
		s.p++, s.len--;
		t.p++, t.len--;
	}
	return (s.len > 0) - (t.len > 0);
}

/* Refuse to replace the model by what is made of it. */
static void
check_target(const struct modelfile *f, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return;
	if (!S_ISREG(st.st_mode))
		die("%s: %s", path, S_ISDIR(st.st_mode) ? "is a directory"
		                                        : "not a regular file");
	for (size_t i = 0; i < f->nmap; i++)
		if (f->map[i].dev == st.st_dev && f->map[i].ino == st.st_ino)
			die("%s: is the model itself", path);
}

/* Keys and descriptions. */
static void
describe(struct job *j, const struct modelfile *f, const char *path)
{
	size_t n = f->ntensor;

	j->order = xcalloc(n, sizeof(*j->order));
	j->type = xcalloc(n, sizeof(*j->type));
	for (size_t i = 0; i < n; i++)
		j->order[i] = &f->tensor[i];
	if (n > 0)
		qsort(j->order, n, sizeof(*j->order), by_name);
	for (size_t i = 0; i < n; i++) {
		const struct mf_tensor *t = j->order[i];
		const char *name = dtype_name(t->type);
		if (dtype_get(t->type) == NULL)
			die("%s: tensor %.*s: type %s is not one that can be "
			    "read", path, MF_SHOW(t->name),
			    name != NULL ? name : "unknown");
		j->type[i] = recode_type(&j->r, t);
		j->total += t->size;
		ggufwrite_tensor(&j->w, t->name, j->type[i], t->ndim, t->ne,
		    recode_size(t, j->type[i]));
	}
}

static void
put(void *arg, const void *p, size_t n)
{
	ggufwrite_data(arg, p, n);
}

static void
progress(const struct job *j, struct mf_str name)
{
	if (j->terminal)
		fprintf(stderr, "\r\033[K%3.0f %% %.*s", j->total > 0
		    ? 100 * (double)j->done / (double)j->total : 100,
		    MF_SHOW(name));
}

static void
convert(struct job *j, const struct modelfile *f, const char *path)
{
	char err[ERRLEN];

	for (size_t i = 0; i < f->ntensor; i++) {
		const struct mf_tensor *t = j->order[i];
		progress(j, t->name);
		if (recode_tensor(&j->r, t, j->type[i], put, &j->w, err) != 0)
			die("%s: %s", path, err);
		ggufwrite_pad(&j->w);
		j->done += t->size;
	}
	if (j->terminal)
		fprintf(stderr, "\r\033[K");
}

/* Tell of matrices that did not get the type that was asked for. */
static void
tell(const struct recode *r, const char *path)
{
	for (uint32_t type = 0; type < DTYPES; type++)
		if (r->fallbacks[type] > 0)
			warn("%s: matrices that are %s because their rows are "
			    "no whole blocks of the type: %zu", path,
			    dtype_name(type), r->fallbacks[type]);
}

int
main(int argc, char **argv)
{
	size_t threads = cpus_cores();
	struct job j = { .terminal = isatty(STDERR_FILENO) };
	uint32_t type = DTYPE_Q8_0;
	struct model m = { 0 };
	struct mf_str refused;
	char err[ERRLEN], *name;
	int c;

	start(argc, argv, "quantize", "[-j threads] [-t type] model new");
	while ((c = option(argc, argv, "j:t:")) != -1)
		switch (c) {
		case 'j':
			threads = (size_t)arg_uint("threads", optarg, 1, 256);
			break;
		case 't':
			type = find_type(optarg);
			break;
		}
	argc -= optind;
	argv += optind;
	if (argc != 2)
		usage();

	m.path = argv[0];
	if (modelfile_open(&m.file, argv[0], err) != 0 ||
	    (m.file.rope_half && model_bind(&m, 0, err) != 0))
		die("%s: %s", argv[0], err);
	check_target(&m.file, argv[1]);
	if (mf_string(&m.file, "pipelm.tokenizer.refused", &refused, err) == 1)
		warn("%s: %.*s: there will be no tokenizer", argv[0],
		    MF_SHOW(refused));
	ggufwrite_create(&j.w, argv[1]);
	if (recode_init(&j.r, &m.file, type, threads, err) != 0)
		die("%s: %s", argv[0], err);
	name = base_name(argv[0]);
	ggufkeys_write(&j.w, &m.file, type, name);
	describe(&j, &m.file, argv[0]);
	convert(&j, &m.file, argv[0]);
	ggufwrite_close(&j.w);
	tell(&j.r, argv[1]);
	free(name);
	free(j.order);
	free(j.type);
	recode_free(&j.r);
	model_close(&m);
	return 0;
}
