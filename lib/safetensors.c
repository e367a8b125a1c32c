#include "safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "dtype.h"
#include "json.h"

static const struct {
	const char *name;
	size_t bits;
	uint32_t type;
} types[] = {
	{ "F32", 32, DTYPE_F32 },
	{ "F16", 16, DTYPE_F16 },
	{ "BF16", 16, DTYPE_BF16 },
	{ "F64", 64, SAFETENSORS_OTHER },
	{ "C64", 64, SAFETENSORS_OTHER },
	{ "I64", 64, SAFETENSORS_OTHER },
	{ "U64", 64, SAFETENSORS_OTHER },
	{ "I32", 32, SAFETENSORS_OTHER },
	{ "U32", 32, SAFETENSORS_OTHER },
	{ "I16", 16, SAFETENSORS_OTHER },
	{ "U16", 16, SAFETENSORS_OTHER },
	{ "I8", 8, SAFETENSORS_OTHER },
	{ "U8", 8, SAFETENSORS_OTHER },
	{ "BOOL", 8, SAFETENSORS_OTHER },
	{ "F8_E4M3", 8, SAFETENSORS_OTHER },
	{ "F8_E5M2", 8, SAFETENSORS_OTHER },
	{ "F8_E8M0", 8, SAFETENSORS_OTHER },
	{ "F8_E4M3FNUZ", 8, SAFETENSORS_OTHER },
	{ "F8_E5M2FNUZ", 8, SAFETENSORS_OTHER },
	{ "F6_E2M3", 6, SAFETENSORS_OTHER },
	{ "F6_E3M2", 6, SAFETENSORS_OTHER },
	{ "F4", 4, SAFETENSORS_OTHER },
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

const char *
safetensors_type(uint32_t type)
{
	return type - SAFETENSORS_OTHER < TYPES
	    ? types[type - SAFETENSORS_OTHER].name : NULL;
}

struct place {
	uint64_t from, to;
	size_t tensor;
};

/* What the parser carries along. */
struct reader {
	const struct json *j;
	struct modelfile *f;
	const unsigned char *data;
	size_t room;         /* bytes of data */
	struct place *place; /* (n), of the tensors so far */
	size_t n;
	char *err;
};

/* The shape of the object v, the file's order turned round; *n its elements. */
static int
read_shape(const struct reader *r, size_t v, struct mf_tensor *t, size_t *n)
{
	const struct json *j = r->j;
	size_t shape = json_get(j, v, "shape"), e = shape + 1, dims;
	int64_t d = 0;

	if (shape == 0 || j->node[shape].type != JSON_ARRAY)
		return fail(r->err, "tensor %.*s: no shape", MF_SHOW(t->name));
	dims = j->node[shape].len;
	if (dims > 4)
		return fail(r->err, "tensor %.*s: %zu dimensions",
		    MF_SHOW(t->name), dims);
	t->ndim = dims > 0 ? (uint32_t)dims : 1;
	t->ne[0] = t->ne[1] = t->ne[2] = t->ne[3] = *n = 1;
	for (size_t i = dims; i-- > 0; e = j->node[e].next) {
		if (!json_int(j, e, &d) || d < 0 || (uint64_t)d > SIZE_MAX ||
		    !size_mul(n, *n, (size_t)d))
			return fail(r->err, "tensor %.*s: impossible shape",
			    MF_SHOW(t->name));
		t->ne[i] = (uint64_t)d;
	}
	return 0;
}

/* The tensor that the object v describes, its name at key. */
static int
read_tensor(struct reader *r, size_t key, size_t v)
{
	const struct json *j = r->j;
	struct mf_tensor *t = &r->f->tensor[r->f->ntensor];
	size_t off = json_get(j, v, "data_offsets"), n, type = 0, bits;
	size_t dtype = json_get(j, v, "dtype");
	struct place *at = &r->place[r->n];
	int64_t from = -1, to = -1;

	*t = (struct mf_tensor) { .name = { j->text + j->node[key].at,
		j->node[key].len } };
	if (j->node[key].escaped)
		return fail(r->err, "tensor %.*s: an escape in its name",
		    MF_SHOW(t->name));
	if (read_shape(r, v, t, &n) != 0)
		return -1;
	while (type < TYPES && (dtype == 0 ||
	    !json_equal(j, dtype, types[type].name)))
		type++;
	if (type == TYPES)
		return fail(r->err, "tensor %.*s: unknown type",
		    MF_SHOW(t->name));
	if (!size_mul(&bits, n, types[type].bits) || bits % 8 != 0)
		return fail(r->err, "tensor %.*s: impossible shape",
		    MF_SHOW(t->name));
	if (off == 0 || j->node[off].type != JSON_ARRAY ||
	    j->node[off].len != 2 || !json_int(j, off + 1, &from) ||
	    !json_int(j, off + 2, &to) || from < 0 || to < from ||
	    (uint64_t)to > r->room)
		return fail(r->err, "tensor %.*s: its data lie outside the "
		    "file", MF_SHOW(t->name));
	if ((uint64_t)(to - from) != bits / 8)
		return fail(r->err, "tensor %.*s: %lld bytes for %zu elements "
		    "of %s", MF_SHOW(t->name), (long long)(to - from), n,
		    types[type].name);
	*at = (struct place) { (uint64_t)from, (uint64_t)to, r->f->ntensor };
	t->type = types[type].type;
	t->offset = (uint64_t)from;
	if (t->type == SAFETENSORS_OTHER) {
		t->type += (uint32_t)type;
	} else if (bits > 0) {
		t->size = bits / 8;
		t->data = r->data + from;
	}
	r->f->ntensor++;
	r->n++;
	return 0;
}

static int
cmp_place(const void *a, const void *b)
{
	const struct place *s = a, *t = b;

	if (s->from != t->from)
		return s->from < t->from ? -1 : 1;
	return (s->to > t->to) - (s->to < t->to);
}

/* The tensors' data lie one behind the other, from the first byte to the
 * last. */
static int
check_places(struct reader *r)
{
	uint64_t end = 0;

	if (r->n > 0)
		qsort(r->place, r->n, sizeof(*r->place), cmp_place);
	for (size_t i = 0; i < r->n; i++) {
		struct mf_str name = r->f->tensor[r->place[i].tensor].name;
		if (r->place[i].from < end)
			return fail(r->err, "tensor %.*s: its data overlap "
			    "another's", MF_SHOW(name));
		if (r->place[i].from > end)
			return fail(r->err, "tensor %.*s: a hole before its "
			    "data", MF_SHOW(name));
		end = r->place[i].to;
	}
	return end == r->room ? 0 : fail(r->err, "%llu bytes behind the last "
	    "tensor", (unsigned long long)(r->room - end));
}

static int
read_header(struct reader *r)
{
	const struct json *j = r->j;
	size_t n = j->node[0].len, k = 1;
	struct modelfile *f = r->f;

	if (j->node[0].type != JSON_OBJECT)
		return fail(r->err, "its header is not an object");
	f->tensor = xreallocarray(f->tensor, f->ntensor + n + 1,
	    sizeof(*f->tensor));
	r->place = xcalloc(n, sizeof(*r->place));
	for (; n > 0; n--, k = j->node[k + 1].next)
		if (!json_equal(j, k, "__metadata__") &&
		    read_tensor(r, k, k + 1) != 0)
			return -1;
	return check_places(r);
}

int
safetensors_parse(struct modelfile *f, const void *p, size_t size, char *err)
{
	const unsigned char *s = p;
	struct reader r = { .f = f, .err = err };
	struct json j;
	char why[ERRLEN];
	uint64_t n;
	int result;

	if (size < 8)
		return fail(err, "not a safetensors file");
	n = get_u64(s);
	if (n > size - 8)
		return fail(err, "its header ends outside the file");
	if (json_parse(&j, s + 8, (size_t)n, why) != 0)
		return fail(err, "its header: %.200s", why);
	r.j = &j;
	r.data = s + 8 + n;
	r.room = size - 8 - (size_t)n;
	result = read_header(&r);
	free(r.place);
	json_free(&j);
	return result;
}
