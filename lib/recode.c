#include "recode.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtype.h"
#include "encode.h"
#include "hparam.h"

enum { PIECE = 4 << 20 }; /* bytes that are made, and put, at a time */

static bool
has(struct mf_str s, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; i + n <= s.len; i++)
		if (memcmp(s.p + i, part, n) == 0)
			return true;
	return false;
}

/* How many heads' rows are to be put in pairs. */
static int
find_pairs(struct recode *r, char *err)
{
	const struct family *y;
	uint64_t q = 0, k;
	char key[128];

	if (!r->file->rope_half)
		return 0;
	if ((y = hparam_family(r->file, err)) == NULL)
		return -1;
	if (y->half || y->learned)
		return 0;
	snprintf(key, sizeof(key), "%s.attention.head_count", y->name);
	if (mf_uint(r->file, key, &q, err) < 0)
		return -1;
	k = q;
	snprintf(key, sizeof(key), "%s.attention.head_count_kv", y->name);
	if (mf_uint(r->file, key, &k, err) < 0)
		return -1;
	r->pairs_q = (size_t)q;
	r->pairs_k = (size_t)k;
	return 0;
}

int
recode_init(struct recode *r, const struct modelfile *f, uint32_t type,
    size_t threads, char *err)
{
	*r = (struct recode) { .file = f, .type = type };
	if (kern_get(&r->kern, err) != 0 || find_pairs(r, err) != 0)
		return -1;
	r->pool = pool_open(threads);
	return 0;
}

void
recode_free(struct recode *r)
{
	pool_close(r->pool);
	free(r->scratch);
}

/* Whether a tensor is a matrix of weights: what stays F32 is what llama.cpp's
 * converter and quantiser leave so. */
static bool
is_matrix(const struct mf_tensor *t)
{
	static const char *const kept[] = { "norm", "position_embd",
		"token_types", "ffn_gate_inp", "ssm_conv1d", "shortconv.conv",
		"time_mix_", "altup", "laurel" };
	size_t dims = 0;

	for (uint32_t i = 0; i < 4; i++)
		dims += t->ne[i] > 1;
	if (dims < 2 || t->ndim < 2 || !mf_ends(t->name, ".weight"))
		return false;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (has(t->name, kept[i]))
			return false;
	return true;
}

static bool
is_output(const struct recode *r, const struct mf_tensor *t)
{
	return mf_is(t->name, "output.weight") ||
	    (mf_is(t->name, "token_embd.weight") &&
	        mf_tensor(r->file, "output.weight") == NULL);
}

uint32_t
recode_type(struct recode *r, const struct mf_tensor *t)
{
	uint32_t to = r->type, want;

	if (dtype_get(t->type) == NULL)
		return t->type;
	if (!is_matrix(t))
		return DTYPE_F32;
	if (is_output(r, t) && (to == DTYPE_Q4_0 || to == DTYPE_Q4_1 ||
	    to == DTYPE_Q5_0 || to == DTYPE_Q4_K))
		to = DTYPE_Q6_K;
	want = to;
	if (t->ne[0] % dtype_get(to)->block != 0)
		to = to == DTYPE_Q4_K ? DTYPE_Q5_0 : DTYPE_Q8_0;
	if (t->ne[0] % dtype_get(to)->block != 0)
		to = DTYPE_F16;
	if (to != want)
		r->fallbacks[to]++;
	return to;
}

size_t
recode_size(const struct mf_tensor *t, uint32_t type)
{
	const struct dtype *d = dtype_get(type);

	if (type == t->type)
		return t->size;
	return (size_t)(t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3]) / d->block *
	    d->bytes;
}

/* A tensor as rows. Some of them are made at a time. */
struct job {
	struct recode *r;
	const struct mf_tensor *t;
	uint32_t type;
	size_t cols, rows;
	size_t in, out; /* bytes of a row */
	size_t head;    /* rows that are put in pairs together, or 0 */
	size_t first;   /* row that stands at made */
	unsigned char *made;
	float limit;
	atomic_bool bad;
};

/* Which row of the model the file's row i is: rows 2j and 2j + 1 of a head are
 * j and head/2 + j. */
static size_t
source(const struct job *j, size_t i)
{
	size_t at;

	if (j->head == 0)
		return i;
	at = i % j->head;
	return i - at + at / 2 + at % 2 * (j->head / 2);
}

/* n elements, of whole blocks, as floats: in place, or in x. */
static const float *
floats(const struct job *j, float *x, const unsigned char *p)
{
	const struct kern *k = &j->r->kern;
	const void *from = p;

	switch (j->t->type) {
	case DTYPE_F32:
		return from;
	case DTYPE_F16:
		k->from_f16(x, from, j->cols);
		return x;
	case DTYPE_BF16:
		k->from_bf16(x, from, j->cols);
		return x;
	default:
		k->dequant[j->t->type](x, j->t->type, from, j->cols);
		return x;
	}
}

static void
make_rows(void *arg, size_t from, size_t to, size_t worker)
{
	struct job *j = arg;
	const struct encoder *e = encode_get(j->type);

	for (size_t i = from; i < to; i++) {
		const unsigned char *p = j->t->data +
		    source(j, j->first + i) * j->in;
		unsigned char *y = j->made + i * j->out;
		const float *x;
		bool bad = false;
		if (j->type == j->t->type) {
			memcpy(y, p, j->out);
			continue;
		}
		x = floats(j, j->r->scratch + worker * j->cols, p);
		for (size_t c = 0; c < j->cols; c++)
			bad |= !(fabsf(x[c]) <= j->limit);
		if (bad)
			atomic_store(&j->bad, true);
		else
			e->row(y, x, j->cols);
	}
}

static int
cannot_hold(const struct job *j, char *err)
{
	return fail(err, "tensor %.*s: has a value that %s cannot hold (above "
	    "%g, or none)", MF_SHOW(j->t->name), dtype_name(j->type),
	    (double)j->limit);
}

/* As rows; a vector whose elements are reordered is rows of one. */
static int
plan(struct job *j, struct recode *r, const struct mf_tensor *t, uint32_t type,
    char *err)
{
	const struct dtype *from = dtype_get(t->type), *to = dtype_get(type);
	size_t heads = mf_ends(t->name, ".attn_q.weight") ||
	    mf_ends(t->name, ".attn_q.bias") ? r->pairs_q :
	    mf_ends(t->name, ".attn_k.weight") || mf_ends(t->name, ".attn_k.bias")
	    ? r->pairs_k : 0;

	*j = (struct job) { .r = r, .t = t, .type = type,
		.cols = (size_t)t->ne[0],
		.rows = (size_t)(t->ne[1] * t->ne[2] * t->ne[3]) };
	if (heads > 0 && t->ndim == 1) {
		j->rows = j->cols;
		j->cols = 1;
	}
	if (heads > 0) {
		j->head = j->rows / heads;
		if (j->rows % heads != 0 || j->head % 2 != 0)
			return fail(err, "tensor %.*s: %zu rows are not %zu "
			    "heads of pairs", MF_SHOW(t->name), j->rows, heads);
	}
	j->in = j->cols / from->block * from->bytes;
	j->out = j->cols / to->block * to->bytes;
	j->limit = encode_get(type) != NULL ? encode_get(type)->limit : 0;
	return 0;
}

int
recode_tensor(struct recode *r, const struct mf_tensor *t, uint32_t type,
    void (*put)(void *arg, const void *p, size_t n), void *arg, char *err)
{
	size_t threads = pool_threads(r->pool), some, need;
	struct job j;

	if (dtype_get(t->type) == NULL)
		return fail(err, "tensor %.*s: type %s is not one that can be "
		    "read", MF_SHOW(t->name), dtype_name(t->type) != NULL
		    ? dtype_name(t->type) : "of this number");
	if (plan(&j, r, t, type, err) != 0)
		return -1;
	if (type == t->type && j.head == 0) {
		put(arg, t->data, t->size);
		return 0;
	}
	need = threads * j.cols;
	if (need > r->cap) {
		free(r->scratch);
		r->scratch = xscratch(need, sizeof(*r->scratch));
		r->cap = need;
	}
	some = PIECE / j.out > 0 ? PIECE / j.out : 1;
	j.made = xscratch(some < j.rows ? some : j.rows, j.out);
	for (; j.first < j.rows && !j.bad; j.first += some) {
		size_t n = j.rows - j.first < some ? j.rows - j.first : some;
		pool_run(r->pool, make_rows, &j, n, 1 + n / (8 * threads));
		if (!j.bad)
			put(arg, j.made, n * j.out);
	}
	free(j.made);
	return j.bad ? cannot_hold(&j, err) : 0;
}
