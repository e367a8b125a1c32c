/*
 * gguf: a small file made here byte by byte after the specification, read
 * back; then the same file cut short at every byte, and with every byte
 * changed. The copies end at a page that cannot be read, so that a look past
 * the end is a crash.
 */
#include "gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "buf.h"

enum { ROOM = 1 << 21 };

static int n;
static unsigned char *guard; /* what lies at and after it cannot be read */

static void
ok(bool pass, const char *what)
{
	printf("%sok %d - %s\n", pass ? "" : "not ", ++n, what);
}

static void
put(struct buf *b, uint64_t v, int size)
{
	for (; size > 0; size--, v >>= 8) {
		unsigned char c = v & 0xff;
		buf_put(b, &c, 1);
	}
}

static void
put_str(struct buf *b, const char *s)
{
	put(b, strlen(s), 8);
	buf_put(b, s, strlen(s));
}

static void
put_key(struct buf *b, const char *key, uint32_t type)
{
	put_str(b, key);
	put(b, type, 4);
}

static void
put_tensor(struct buf *b, const char *name, uint64_t ne0, uint64_t ne1,
    uint32_t type, uint64_t offset)
{
	put_str(b, name);
	put(b, 2, 4);
	put(b, ne0, 8);
	put(b, ne1, 8);
	put(b, type, 4);
	put(b, offset, 8);
}

/* Ten keys, and tensors of F32 3x2, Q8_0 32x1 and a type of which nothing is
 * known; what follows is aligned to 32. */
static void
make(struct buf *b)
{
	put(b, 0x46554747, 4); /* "GGUF" */
	put(b, 3, 4);
	put(b, 3, 8);
	put(b, 10, 8);
	put_key(b, "u8", 0), put(b, 200, 1);
	put_key(b, "i16", 3), put(b, 0xfffe, 2);
	put_key(b, "i32", 5), put(b, 7, 4);
	put_key(b, "f32", 6), put(b, 0x3fc00000, 4);
	put_key(b, "nan", 6), put(b, 0x7fc00000, 4);
	put_key(b, "f64", 12), put(b, 0xc004000000000000, 8);
	put_key(b, "bool", 7), put(b, 1, 1);
	put_key(b, "str", 8), put_str(b, "hello");
	put_key(b, "u64", 10), put(b, 1ull << 63, 8);
	put_key(b, "strs", 9), put(b, 8, 4), put(b, 3, 8);
	put_str(b, "a"), put_str(b, ""), put_str(b, "bcd");
	put_tensor(b, "w", 3, 2, 0, 0);
	put_tensor(b, "q", 32, 1, 8, 64);
	put_tensor(b, "alien", 5, 1, 99, 32);
	while (b->len % 32 != 0)
		put(b, 0, 1);
	for (uint64_t i = 0; i < 6; i++)
		put(b, 0x3f800000 + (i << 23), 4); /* 2 to the i */
	for (int i = 0; i < 5; i++)
		put(b, 0, 8);
	put(b, 0x3c00, 2);
	for (uint64_t i = 0; i < 32; i++)
		put(b, i, 1);
	while (b->len % 32 != 0)
		put(b, 0, 1);
}

static void
test_scalars(const struct modelfile *g)
{
	char err[ERRLEN] = "";
	struct mf_str s;
	uint64_t u = 1;
	double d = 0;
	bool b = false;

	ok(mf_uint(g, "u8", &u, err) == 1 && u == 200, "u8");
	ok(mf_uint(g, "i32", &u, err) == 1 && u == 7, "i32");
	ok(mf_uint(g, "u64", &u, err) == 1 && u == 1ull << 63, "u64");
	ok(mf_uint(g, "none", &u, err) == 0 && u == 1ull << 63, "no such key");
	ok(mf_uint(g, "i16", &u, err) == -1 &&
	        strcmp(err, "key i16: not a positive number") == 0,
	    "a negative number");
	ok(mf_uint(g, "f32", &u, err) == -1 &&
	        strcmp(err, "key f32: not a whole number") == 0,
	    "a float where a whole number is wanted");
	ok(mf_uint(g, "strs", &u, err) == -1, "an array where one is wanted");
	ok(mf_float(g, "f32", &d, err) == 1 && d == 1.5, "f32");
	ok(mf_float(g, "f64", &d, err) == 1 && d == -2.5, "f64");
	ok(mf_float(g, "nan", &d, err) == -1 && d == -2.5, "NaN");
	ok(mf_float(g, "u8", &d, err) == -1, "a whole number for a float");
	ok(mf_bool(g, "bool", &b, err) == 1 && b, "bool");
	ok(mf_bool(g, "u8", &b, err) == -1, "a number for a bool");
	ok(mf_string(g, "str", &s, err) == 1 && s.len == 5 &&
	        memcmp(s.p, "hello", 5) == 0, "string");
	ok(mf_string(g, "bool", &s, err) == -1, "a bool for a string");
}

static void
test_array(const struct modelfile *g)
{
	const struct mf_kv *kv = NULL;
	const unsigned char *at;
	struct mf_str s[3] = { { NULL, 0 } };
	char err[ERRLEN] = "";

	ok(mf_array(g, "strs", MF_STR, &kv, err) == 1 && kv->n == 3,
	    "an array of strings");
	at = kv->p;
	for (int i = 0; i < 3; i++)
		s[i] = mf_next_str(&at);
	ok(s[0].len == 1 && s[1].len == 0 && s[2].len == 3 &&
	        memcmp(s[2].p, "bcd", 3) == 0, "its elements");
	ok(mf_array(g, "strs", MF_I32, &kv, err) == -1 &&
	        strcmp(err, "key strs: not an array of i32") == 0,
	    "an array of something else");
	ok(mf_array(g, "str", MF_STR, &kv, err) == -1,
	    "a string where an array is wanted");
}

static void
test_tensors(const struct modelfile *g)
{
	const struct mf_tensor *t = mf_tensor(g, "w");

	ok(t != NULL && t->type == 0 && t->ndim == 2 && t->ne[0] == 3 &&
	        t->ne[1] == 2 && t->ne[2] == 1 && t->size == 24, "a shape");
	ok(t != NULL && get_f32(t->data + 20) == 32, "its last element");
	t = mf_tensor(g, "q");
	ok(t != NULL && t->size == 34 && t->data[33] == 31, "a block of Q8_0");
	t = mf_tensor(g, "alien");
	ok(t != NULL && t->data == NULL && t->size == 0, "an unknown type");
	ok(mf_tensor(g, "e") == NULL, "no such tensor");
}

/* Parse a copy that ends at the guard: 0 or -1 as gguf_parse. A failure has a
 * reason. */
static int
parse_copy(const char *p, size_t size)
{
	struct modelfile g;
	char err[ERRLEN] = "";
	int r;

	memcpy(guard - size, p, size);
	if ((r = gguf_parse(&g, guard - size, size, err)) == 0)
		modelfile_close(&g);
	else if (err[0] == '\0')
		printf("# a failure without a reason\n");
	return r == 0 || err[0] == '\0' ? 0 : -1;
}

/* The file is whole once q's 34 bytes are there: the rest is padding. */
static void
test_cuts(const struct buf *b)
{
	size_t whole = b->len - 32 + 2, bad = 0;

	for (size_t i = 0; i < b->len; i++)
		if ((parse_copy(b->p, i) == 0) != (i >= whole)) {
			printf("# cut to %zu of %zu bytes\n", i, b->len);
			bad++;
		}
	ok(bad == 0, "cut short at every byte");
}

/* Nothing is asked but that it comes back, and that some changes matter. */
static void
test_changes(const struct buf *b)
{
	static const unsigned char with[] = { 0, 1, 9, 0x7f, 0x80, 0xff };
	size_t failed = 0;

	for (size_t i = 0; i < b->len; i++) {
		char was = b->p[i];
		for (size_t j = 0; j < sizeof(with); j++) {
			b->p[i] = (char)with[j];
			failed += parse_copy(b->p, b->len) != 0;
		}
		b->p[i] = was;
	}
	ok(failed > b->len && parse_copy(b->p, b->len) == 0,
	    "every byte changed");
}

/* An array of so many strings that there are marks, and keys that end texts far
 * behind in it. */
static void
test_many_strings(void)
{
	enum { MANY = 3077 };
	static const char end[] = "<eos>", *keys[] = { "tokenizer.ggml.tokens",
		"tokenizer.ggml.token_type" };
	struct buf b = { 0 };
	struct modelfile g;
	const struct mf_kv *kv;
	char err[ERRLEN];
	int32_t ids[MF_END_IDS];
	bool good = true;

	buf_put(&b, "GGUF", 4);
	put(&b, 3, 4);
	put(&b, 0, 8);
	put(&b, 2, 8);
	for (int k = 0; k < 2; k++) {
		put_key(&b, keys[k], MF_ARR);
		put(&b, k == 0 ? MF_STR : MF_I32, 4);
		put(&b, MANY, 8);
		for (uint32_t i = 0; i < MANY; i++) {
			char s[16];
			snprintf(s, sizeof(s), "%*u", (int)(i % 7), i);
			if (k == 0)
				put_str(&b, i == 7 || i == 2500 ? end : s);
			else
				put(&b, i == 2500 ? TOKEN_CONTROL
				                  : TOKEN_NORMAL, 4);
		}
	}
	if (gguf_parse(&g, b.p, b.len, err) != 0) {
		ok(false, err);
		return;
	}
	kv = mf_find(&g, keys[0]);
	for (uint32_t i = 0; i < MANY; i += i % 100 == 0 ? 1 : 33) {
		const unsigned char *at = mf_str_at(kv, i);
		struct mf_str s = mf_next_str(&at);
		good &= i == 7 || i == 2500 || (uint32_t)atoi(s.p) == i;
	}
	ok(good, "strings by number");
	ok(mf_end_ids(&g, MANY, ids, err) == 1 && ids[0] == 2500,
	    "a control token among many");
	modelfile_close(&g);
	buf_free(&b);
}

/* A string of so many bytes: of some, such as are strings themselves. */
static void
put_bytes(struct buf *b, uint32_t i, size_t len)
{
	put(b, len, 8);
	for (size_t k = 0; k < len; k++)
		put(b, i % 3 != 0 ? 'a' + k % 26 : k % 11 == 0 ? 3
		    : k % 11 < 8 ? 0 : 'x', 1);
}

/* So many strings that walks over them begin at guesses: short ones, none, long
 * ones, some in which a guess is wrong. Each is where it was put, and cut
 * short they are refused. */
static void
test_walks(void)
{
	enum { MANY = 40000 };
	static size_t where[MANY];
	struct buf b = { 0 };
	struct modelfile g;
	const struct mf_kv *kv;
	char err[ERRLEN];
	uint32_t seed = 1, failed = 0, cuts = 0;
	bool good = true;
	size_t first;

	buf_put(&b, "GGUF", 4);
	put(&b, 3, 4);
	put(&b, 0, 8);
	put(&b, 3, 8);
	put_key(&b, "many", MF_ARR);
	put(&b, MF_STR, 4);
	put(&b, MANY, 8);
	first = b.len;
	for (uint32_t i = 0; i < MANY; i++) {
		seed = seed * 1664525 + 1013904223;
		where[i] = b.len - first;
		put_bytes(&b, i / 5000, i / 4000 % 3 == 1 ? seed >> 28
		    : i / 4000 % 3 == 2 ? 0 : i == 25000 ? 20000
		    : i % 1500 == 0 ? 4095 + i % 3 : seed >> 27);
	}
	/* what follows could be strings as well */
	put_key(&b, "next", MF_U64);
	put(&b, 0, 8);
	put(&b, 14, 8);
	put(&b, 0, 14);
	put(&b, MF_ARR, 4);
	put(&b, MF_U8, 4);
	put(&b, 1 << 16, 8);
	put(&b, 0, 1 << 16);
	if (gguf_parse(&g, b.p, b.len, err) != 0) {
		ok(false, err);
		return;
	}
	kv = mf_find(&g, "many");
	for (uint32_t i = 0; i < MANY; i++)
		good &= mf_str_at(kv, i) == kv->p + where[i];
	ok(good && mf_find(&g, "next") != NULL,
	    "each of many strings is where it was put");
	modelfile_close(&g);
	for (size_t len = first; len < b.len; len += 1009, cuts++)
		failed += parse_copy(b.p, len) != 0;
	ok(failed == cuts, "many strings cut short");
	/* one that is longer than the file */
	for (failed = cuts = 0; cuts < 100; cuts++) {
		char *length = b.p + first + where[cuts * 397] + 7, was = *length;
		*length = 1;
		failed += parse_copy(b.p, b.len) != 0;
		*length = was;
	}
	ok(failed == cuts, "one of many strings that is too long");
	buf_free(&b);
}

/* A page that cannot be read, with room before it. */
static bool
make_guard(void)
{
	FILE *f = tmpfile();
	unsigned char *p;

	if (f == NULL || ftruncate(fileno(f), 2 * ROOM) != 0)
		return false;
	p = mmap(NULL, 2 * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE,
	    fileno(f), 0);
	fclose(f);
	guard = p + ROOM;
	return p != MAP_FAILED && mprotect(guard, ROOM, PROT_NONE) == 0;
}

int
main(void)
{
	struct buf b = { 0 };
	char err[ERRLEN] = "";
	struct modelfile g;

	printf("1..29\n");
	make(&b);
	if (b.len > ROOM || !make_guard())
		return 1;
	ok(gguf_parse(&g, b.p, b.len, err) == 0 && g.nkv == 10 &&
	        g.ntensor == 3, "a good file");
	test_scalars(&g);
	test_array(&g);
	test_tensors(&g);
	modelfile_close(&g);
	test_cuts(&b);
	test_changes(&b);
	test_many_strings();
	test_walks();
	buf_free(&b);
	return 0;
}
