/*
 * gguf-edit - make one change to a GGUF file, to break it for a test.
 *
 *	gguf-edit COMMAND [ARG ...] <IN >OUT
 *
 *	list                    where each part of the file begins, and its end
 *	version N, tensors N, keys N    the fields of the header
 *	set KEY N               a number, in the type that the key has
 *	number KEY N            a u32, whatever the key was
 *	string KEY VALUE        a string, whatever the key was
 *	add KEY N               another key, a u32
 *	rename KEY NAME, duplicate KEY, delete KEY
 *	type KEY N              the code of its type alone
 *	length KEY N            of a string or an array, the length field alone
 *	tensor-name NAME NEW
 *	tensor-type NAME N, tensor-offset NAME N, tensor-dims NAME [N ...]
 *	nan NAME                the tensor's first element becomes NaN
 *	part I N                the I-th (from 0) of N parts that the file is
 *	                        split into: keys in the first, tensors in all
 *
 * Where the metadata grow or shrink, what follows them is aligned anew. The
 * program reads files on its own, not through lib/gguf, which it tests; it
 * expects good ones.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { U32 = 4, F32 = 6, STRING = 8, ARRAY = 9, F64 = 12 };

/* A key or a tensor's description: [name][rest], as offsets into the file. */
struct item {
	size_t at, rest, end;
};

struct file {
	unsigned char *p;
	size_t size;
	size_t cut;  /* end of the metadata */
	size_t data; /* the tensors' data */
	struct item *key, *tensor;
	size_t nkey, ntensor;
};

struct edit {
	size_t at, old, new;
	unsigned char p[4096]; /* what takes the place of p[at..at+old) */
};

_Noreturn static void
die(const char *what, const char *name)
{
	fprintf(stderr, "gguf-edit: %s%s\n", what, name);
	exit(1);
}

static uint64_t
get(const struct file *f, size_t at, size_t n)
{
	uint64_t v = 0;

	if (at > f->size || n > f->size - at)
		die("the file ends early", "");
	while (n-- > 0)
		v = v << 8 | f->p[at + n];
	return v;
}

static void
put(struct edit *e, uint64_t v, size_t n)
{
	for (; n-- > 0; v >>= 8)
		e->p[e->new ++] = (unsigned char)v;
}

static void
put_bytes(struct edit *e, const void *p, size_t n)
{
	if (n > sizeof(e->p) - e->new)
		die("too long", "");
	memcpy(e->p + e->new, p, n);
	e->new += n;
}

static void
put_str(struct edit *e, const char *s)
{
	put(e, strlen(s), 8);
	put_bytes(e, s, strlen(s));
}

static size_t
skip_str(const struct file *f, size_t at)
{
	return at + 8 + get(f, at, 8);
}

static size_t
skip_value(const struct file *f, size_t at, uint64_t type)
{
	static const unsigned char size[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8,
		8, 8 };
	uint64_t n;

	if (type == STRING)
		return skip_str(f, at);
	if (type != ARRAY)
		return at + size[type];
	type = get(f, at, 4);
	n = get(f, at + 4, 8);
	for (at += 12; n > 0; n--)
		at = skip_value(f, at, type);
	return at;
}

static void
parse(struct file *f)
{
	size_t at = 24;

	f->ntensor = get(f, 8, 8);
	f->nkey = get(f, 16, 8);
	f->key = calloc(f->nkey + 1, sizeof(*f->key));
	f->tensor = calloc(f->ntensor + 1, sizeof(*f->tensor));
	if (f->key == NULL || f->tensor == NULL)
		die("out of memory", "");
	for (size_t i = 0; i < f->nkey; i++) {
		size_t rest = skip_str(f, at);
		size_t end = skip_value(f, rest + 4, get(f, rest, 4));
		f->key[i] = (struct item) { at, rest, end };
		at = end;
	}
	for (size_t i = 0; i < f->ntensor; i++) {
		size_t rest = skip_str(f, at);
		size_t end = rest + 4 + 8 * get(f, rest, 4) + 12;
		f->tensor[i] = (struct item) { at, rest, end };
		at = end;
	}
	f->cut = at;
	f->data = (at + 31) / 32 * 32;
}

static struct item *
find(const struct file *f, struct item *item, size_t n, const char *name)
{
	for (; n > 0; n--, item++)
		if (item->rest - item->at == 8 + strlen(name) &&
		    memcmp(f->p + item->at + 8, name, strlen(name)) == 0)
			return item;
	die("no such name: ", name);
}

static void
print(const struct file *f, const struct item *i, size_t at, const char *what)
{
	printf("%zu %s %.*s\n", at, what, (int)(i->rest - i->at - 8),
	    (const char *)f->p + i->at + 8);
}

static void
list(const struct file *f)
{
	printf("0 magic\n4 version\n8 tensors\n16 keys\n");
	for (size_t i = 0; i < f->nkey; i++)
		print(f, &f->key[i], f->key[i].at, "key");
	for (size_t i = 0; i < f->ntensor; i++)
		print(f, &f->tensor[i], f->tensor[i].at, "tensor");
	if (f->data > f->cut)
		printf("%zu padding\n", f->cut);
	for (size_t i = 0; i < f->ntensor; i++)
		print(f, &f->tensor[i],
		    f->data + get(f, f->tensor[i].end - 8, 8), "data");
	printf("%zu end\n", f->size);
}

static void
set(const struct file *f, const struct item *k, const char *value,
    struct edit *e)
{
	uint64_t type = get(f, k->rest, 4);
	double d = strtod(value, NULL);
	float s = (float)d;

	e->at = k->rest + 4;
	e->old = k->end - e->at;
	if (type == STRING || type == ARRAY)
		die("not a number", "");
	else if (type == F32)
		put_bytes(e, &s, 4);
	else if (type == F64)
		put_bytes(e, &d, 8);
	else
		put(e, strtoull(value, NULL, 0), e->old);
}

/* Types as numbered by GGUF: F32, F16, Q8_0 (its scale is an F16), BF16. */
static void
set_nan(const struct file *f, const struct item *t, struct edit *e)
{
	uint64_t type = get(f, t->end - 12, 4);

	e->at = f->data + get(f, t->end - 8, 8);
	e->old = type == 0 ? 4 : 2;
	if (type == 0)
		put(e, 0x7fc00000, 4);
	else if (type == 1 || type == 8)
		put(e, 0x7e00, 2);
	else if (type == 30)
		put(e, 0x7fc0, 2);
	else
		die("a type that this program does not know", "");
}

static void
add_key(const struct file *f, char **arg, struct edit *e)
{
	if (arg[1] == NULL)
		die("a value is missing: ", "add");
	e->at = f->ntensor > 0 ? f->tensor[0].at : f->cut;
	put_str(e, arg[0]);
	put(e, U32, 4);
	put(e, strtoull(arg[1], NULL, 0), 4);
	f->p[16]++;
}

static void
edit_header(size_t at, size_t size, const char *value, struct edit *e)
{
	e->at = at;
	e->old = size;
	put(e, strtoull(value, NULL, 0), size);
}

static void
edit_key(const struct file *f, const char *what, char **arg, struct edit *e)
{
	const struct item *k = find(f, f->key, f->nkey, arg[0]);
	uint64_t type = get(f, k->rest, 4);

	*e = (struct edit) { .at = k->rest, .old = k->end - k->rest };
	if (strcmp(what, "delete") == 0) {
		e->at = k->at;
		e->old = k->end - k->at;
		f->p[16]--;
		return;
	}
	if (strcmp(what, "duplicate") == 0) {
		e->at = k->at;
		e->old = 0;
		put_bytes(e, f->p + k->at, k->end - k->at);
		f->p[16]++;
		return;
	}
	if (arg[1] == NULL)
		die("a value is missing: ", what);
	if (strcmp(what, "set") == 0) {
		set(f, k, arg[1], e);
	} else if (strcmp(what, "number") == 0) {
		put(e, U32, 4);
		put(e, strtoull(arg[1], NULL, 0), 4);
	} else if (strcmp(what, "string") == 0) {
		put(e, STRING, 4);
		put_str(e, arg[1]);
	} else if (strcmp(what, "rename") == 0) {
		e->at = k->at;
		e->old = k->rest - k->at;
		put_str(e, arg[1]);
	} else if (strcmp(what, "type") == 0) {
		e->old = 4;
		put(e, strtoull(arg[1], NULL, 0), 4);
	} else if (strcmp(what, "length") == 0) {
		e->at += type == ARRAY ? 8 : 4;
		e->old = 8;
		put(e, strtoull(arg[1], NULL, 0), 8);
	} else {
		die("no such command: ", what);
	}
}

static void
edit_tensor(const struct file *f, const char *what, char **arg, struct edit *e)
{
	const struct item *t = find(f, f->tensor, f->ntensor, arg[0]);

	if (strcmp(what, "nan") == 0) {
		set_nan(f, t, e);
		return;
	}
	if (strcmp(what, "tensor-dims") == 0) {
		e->at = t->rest;
		e->old = t->end - 12 - t->rest;
		e->new = 4;
		for (int i = 1; arg[i] != NULL; i++)
			put(e, strtoull(arg[i], NULL, 0), 8);
		e->p[0] = (unsigned char)((e->new - 4) / 8);
		return;
	}
	if (arg[1] == NULL)
		die("a value is missing: ", what);
	if (strcmp(what, "tensor-name") == 0) {
		e->at = t->at;
		e->old = t->rest - t->at;
		put_str(e, arg[1]);
	} else if (strcmp(what, "tensor-type") == 0) {
		e->at = t->end - 12;
		e->old = 4;
		put(e, strtoull(arg[1], NULL, 0), 4);
	} else if (strcmp(what, "tensor-offset") == 0) {
		e->at = t->end - 8;
		e->old = 8;
		put(e, strtoull(arg[1], NULL, 0), 8);
	} else {
		die("no such command: ", what);
	}
}

/* IN with the edit; the data are aligned anew when they have moved. */
static void
print_edited(const struct file *f, const struct edit *e)
{
	static const char zero[32];
	size_t cut = f->cut + e->new - e->old, end = e->at + e->old;

	if (e->new == e->old) {
		memcpy(f->p + e->at, e->p, e->new);
		fwrite(f->p, 1, f->size, stdout);
		return;
	}
	fwrite(f->p, 1, e->at, stdout);
	fwrite(e->p, 1, e->new, stdout);
	fwrite(f->p + end, 1, f->cut - end, stdout);
	fwrite(zero, 1, (32 - cut % 32) % 32, stdout);
	fwrite(f->p + f->data, 1, f->size - f->data, stdout);
}

/* The offset of tensor i's data, or where the last one's end. */
static size_t
offset(const struct file *f, size_t i)
{
	return i < f->ntensor ? get(f, f->tensor[i].end - 8, 8)
	                      : f->size - f->data;
}

/* Part no of n, as llama.cpp's gguf-split makes them: tensors must lie in the
 * order of their descriptions. */
static void
print_part(const struct file *f, size_t no, size_t n)
{
	static const char zero[32];
	static struct edit e;
	size_t from = f->ntensor * no / n, to = f->ntensor * (no + 1) / n;
	size_t cut;

	put_bytes(&e, f->p, 8);
	put(&e, to - from, 8);
	put(&e, (no == 0 ? f->nkey : 0) + 3, 8);
	put_str(&e, "split.no");
	put(&e, U32, 4);
	put(&e, no, 4);
	put_str(&e, "split.count");
	put(&e, U32, 4);
	put(&e, n, 4);
	put_str(&e, "split.tensors.count");
	put(&e, U32, 4);
	put(&e, f->ntensor, 4);
	fwrite(e.p, 1, cut = e.new, stdout);
	for (size_t i = 0; no == 0 && i < f->nkey; i++)
		cut += fwrite(f->p + f->key[i].at, 1,
		    f->key[i].end - f->key[i].at, stdout);
	e.new = 0;
	for (size_t i = from; i < to; i++) {
		const struct item *t = &f->tensor[i];
		put_bytes(&e, f->p + t->at, t->end - 8 - t->at);
		put(&e, offset(f, i) - offset(f, from), 8);
	}
	fwrite(e.p, 1, e.new, stdout);
	cut += e.new;
	fwrite(zero, 1, (32 - cut % 32) % 32, stdout);
	fwrite(f->p + f->data + offset(f, from), 1,
	    offset(f, to) - offset(f, from), stdout);
}

static void
slurp(struct file *f)
{
	size_t cap = 1 << 20, n;

	do {
		f->p = realloc(f->p, cap *= 2);
		if (f->p == NULL)
			die("out of memory", "");
		n = fread(f->p + f->size, 1, cap - f->size, stdin);
		f->size += n;
	} while (n > 0);
}

static void
make_edit(const struct file *f, const char *what, char **arg, struct edit *e)
{
	if (strcmp(what, "version") == 0)
		edit_header(4, 4, arg[0], e);
	else if (strcmp(what, "tensors") == 0)
		edit_header(8, 8, arg[0], e);
	else if (strcmp(what, "keys") == 0)
		edit_header(16, 8, arg[0], e);
	else if (strcmp(what, "add") == 0)
		add_key(f, arg, e);
	else if (strcmp(what, "nan") == 0 || strncmp(what, "tensor-", 7) == 0)
		edit_tensor(f, what, arg, e);
	else
		edit_key(f, what, arg, e);
}

int
main(int argc, char **argv)
{
	static struct edit e;
	struct file f = { 0 };

	if (argc < 2 || (argc < 3 && strcmp(argv[1], "list") != 0))
		die("usage: gguf-edit COMMAND [ARG ...] <IN >OUT", "");
	slurp(&f);
	parse(&f);
	if (argc == 2) {
		list(&f);
	} else if (strcmp(argv[1], "part") == 0) {
		if (argc != 4)
			die("part: I N", "");
		print_part(&f, strtoul(argv[2], NULL, 0),
		    strtoul(argv[3], NULL, 0));
	} else {
		make_edit(&f, argv[1], argv + 2, &e);
		print_edited(&f, &e);
	}
	free(f.p);
	free(f.key);
	free(f.tensor);
	if (fflush(stdout) != 0)
		die("cannot write", "");
	return 0;
}
