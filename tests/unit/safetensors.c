/* safetensors: what the format allows is read in place, all else refused. */
#include "safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtype.h"

static int n;

static void
ok(bool pass, const char *what)
{
	printf("%sok %d - %s\n", pass ? "" : "not ", ++n, what);
}

/* A file with this header and so many bytes of data, in memory of just its
 * size. */
static unsigned char *
build(const char *header, size_t data, size_t *size)
{
	size_t len = strlen(header);
	unsigned char *p;

	*size = 8 + len + data;
	p = calloc(*size, 1);
	for (size_t i = 0; i < 8; i++)
		p[i] = (unsigned char)((uint64_t)len >> (8 * i));
	memcpy(p + 8, header, len);
	for (size_t i = 0; i < data; i++)
		p[8 + len + i] = (unsigned char)i;
	return p;
}

static void
refused(const char *header, size_t data, const char *want)
{
	struct modelfile f = { 0 };
	char err[ERRLEN] = "";
	size_t size;
	unsigned char *p = build(header, data, &size);
	bool pass = safetensors_parse(&f, p, size, err) != 0 &&
	    strcmp(err, want) == 0;

	ok(pass, want);
	if (!pass)
		printf("# %s: %s\n", header, err);
	modelfile_close(&f);
	free(p);
}

static void
good(void)
{
	static const char header[] = "{\"__metadata__\":{\"format\":\"pt\"},"
	    "\"b\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[8,20]},"
	    "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
	    "\"e\":{\"dtype\":\"F16\",\"shape\":[4,0],\"data_offsets\":[4,4]},"
	    "\"c\":{\"data_offsets\":[4,8],\"shape\":[4],\"dtype\":\"BOOL\"},"
	    "\"d\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[20,22]}"
	    "}   ";
	struct modelfile f = { 0 };
	const struct mf_tensor *t;
	char err[ERRLEN] = "";
	size_t size;
	unsigned char *p = build(header, 22, &size);
	bool pass = safetensors_parse(&f, p, size, err) == 0 &&
	    f.ntensor == 5 && mf_sort(&f, err) == 0;

	ok(pass, "a good file");
	t = mf_tensor(&f, "a");
	ok(pass && t->type == DTYPE_F32 && t->ne[0] == 1 && t->size == 4 &&
	        t->data == p + size - 22,
	    "a scalar");
	t = mf_tensor(&f, "b");
	ok(pass && t->type == DTYPE_BF16 && t->ndim == 2 && t->ne[0] == 3 &&
	        t->ne[1] == 2 && t->ne[2] == 1 && t->size == 12 &&
	        t->data == p + size - 14,
	    "a matrix, its last dimension first");
	t = mf_tensor(&f, "c");
	ok(pass && t->type >= SAFETENSORS_OTHER && t->data == NULL &&
	        strcmp(safetensors_type(t->type), "BOOL") == 0,
	    "a type that is not read");
	t = mf_tensor(&f, "e");
	ok(pass && t->type == DTYPE_F16 && t->size == 0 && t->data == NULL,
	    "no elements");
	modelfile_close(&f);
	free(p);
}

#define T(type, shape, at) "\"t\":{\"dtype\":\"" type "\",\"shape\":" shape \
	",\"data_offsets\":" at "}"

static void
bad(void)
{
	static const char outside[] = "tensor t: its data lie outside the file";

	refused("[]", 0, "its header is not an object");
	refused("{", 0, "its header: line 1, column 2: not a key");
	refused("{\"t\":1}", 0, "tensor t: no shape");
	refused("{\"t\":{\"shape\":[1]}}", 0, "tensor t: unknown type");
	refused("{" T("F31", "[1]", "[0,4]") "}", 4, "tensor t: unknown type");
	refused("{" T("F32", "1", "[0,4]") "}", 4, "tensor t: no shape");
	refused("{" T("F32", "[1,1,1,1,1]", "[0,4]") "}", 4,
	    "tensor t: 5 dimensions");
	refused("{" T("F32", "[-1]", "[0,4]") "}", 4,
	    "tensor t: impossible shape");
	refused("{" T("F32", "[1.5]", "[0,4]") "}", 4,
	    "tensor t: impossible shape");
	refused("{" T("F32", "[4294967296,4294967296]", "[0,4]") "}", 4,
	    "tensor t: impossible shape");
	refused("{" T("F32", "[9223372036854775807]", "[0,4]") "}", 4,
	    "tensor t: impossible shape");
	refused("{" T("F4", "[3]", "[0,2]") "}", 2,
	    "tensor t: impossible shape");
	refused("{" T("F32", "[1]", "4") "}", 4, outside);
	refused("{" T("F32", "[1]", "[0]") "}", 4, outside);
	refused("{" T("F32", "[1]", "[0,4,8]") "}", 4, outside);
	refused("{" T("F32", "[1]", "[0,5]") "}", 4, outside);
	refused("{" T("F32", "[1]", "[4,0]") "}", 4, outside);
	refused("{" T("F32", "[1]", "[-4,0]") "}", 4, outside);
	refused("{" T("F32", "[1]", "[0,4]") "}", 3, outside);
	refused("{" T("F32", "[2]", "[0,4]") "}", 4,
	    "tensor t: 4 bytes for 2 elements of F32");
	refused("{" T("F32", "[1]", "[4,8]") "}", 8,
	    "tensor t: a hole before its data");
	refused("{" T("F32", "[1]", "[0,4]") "}", 8,
	    "4 bytes behind the last tensor");
	refused("{" T("F32", "[1]", "[0,4]") ",\"s\":{\"dtype\":\"F16\","
	    "\"shape\":[2],\"data_offsets\":[2,6]}}", 6,
	    "tensor s: its data overlap another's");
	refused("{" T("F32", "[1]", "[0,4]") "," T("F32", "[1]", "[4,8]") "}",
	    8, "its header: line 1, column 56: a key that stands twice");
	refused("{\"\\u0074\":{\"dtype\":\"F32\",\"shape\":[1],"
	    "\"data_offsets\":[0,4]}}", 4,
	    "tensor \\u0074: an escape in its name");
}

int
main(void)
{
	good();
	bad();
	printf("1..%d\n", n);
	return 0;
}
