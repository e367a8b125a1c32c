/*
 * kern: every kernel of this processor against the scalar definition, to the
 * bit, on sizes that are no multiple of anything; and the definition against
 * sums in another order. Outputs stand between guards that must not change.
 */
#include "kern.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmath.h"

enum { ROOM = 1 << 16, GUARD = 16 };

static int n;
static const char *path; /* whose kernels are tried */
static uint64_t state = 2;
static float out[2][ROOM + 2 * GUARD];

static void
ok(bool pass, const char *what)
{
	printf("%sok %d - %s: %s\n", pass ? "" : "not ", ++n, path, what);
}

static float
uniform(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (float)(state >> 40) * 0x1p-23f - 1;
}

static float *
floats(size_t many)
{
	float *x = malloc((many + 1) * sizeof(*x));

	if (x == NULL)
		exit(2);
	for (size_t i = 0; i < many; i++)
		x[i] = uniform() * (i % 7 ? 1 : 30);
	return x;
}

/* Fresh outputs, the same in both. */
static void
begin(void)
{
	for (int i = 0; i < ROOM + 2 * GUARD; i++)
		out[0][i] = out[1][i] = 42;
}

/* The outputs are the same, and the guards around `many` bytes are whole. */
static bool
same(size_t many)
{
	float *o = out[1];
	bool good = memcmp(out[0], out[1], sizeof(out[0])) == 0;

	for (int i = 0; i < GUARD; i++)
		good &= o[i] == 42;
	for (size_t i = GUARD + (many + 3) / 4; i < ROOM + 2 * GUARD; i++)
		good &= o[i] == 42;
	return good;
}

static void
vectors(const struct kern *s, const struct kern *k)
{
	bool dots = true, sums = true, maps = true, near = true;

	for (size_t len = 0; len < 200; len++) {
		float *x = floats(len), *y = floats(len);
		float a = s->dot(x, y, len), b = k->dot(x, y, len);
		double exact = 0, size = 0;

		dots &= memcmp(&a, &b, 4) == 0;
		for (size_t i = 0; i < len; i++) {
			exact += (double)x[i] * (double)y[i];
			size += fabs((double)x[i] * (double)y[i]);
		}
		near &= fabs(exact - (double)a) <= size * 1e-6;
		a = s->sum(x, len);
		b = k->sum(x, len);
		sums &= memcmp(&a, &b, 4) == 0;
		begin();
		memcpy(out[0] + GUARD, x, len * 4);
		memcpy(out[1] + GUARD, x, len * 4);
		s->silu_mul(out[0] + GUARD, y, len);
		k->silu_mul(out[1] + GUARD, y, len);
		maps &= same(len * 4);
		s->gelu(out[0] + GUARD, len);
		k->gelu(out[1] + GUARD, len);
		maps &= same(len * 4);
		s->softcap(out[0] + GUARD, len, 0.7f);
		k->softcap(out[1] + GUARD, len, 0.7f);
		maps &= same(len * 4);
		s->gelu_erf(out[0] + GUARD, len);
		k->gelu_erf(out[1] + GUARD, len);
		maps &= same(len * 4);
		free(x);
		free(y);
	}
	ok(dots, "dot");
	ok(near, "dot is a dot product");
	ok(sums, "sum");
	ok(maps, "silu_mul, gelu, softcap");
}

static void
conversions(const struct kern *s, const struct kern *k)
{
	uint16_t half[65536];
	bool good = true;

	for (uint32_t i = 0; i < 65536; i++)
		half[i] = (uint16_t)i;
	begin();
	s->from_f16(out[0] + GUARD, half, 65536);
	k->from_f16(out[1] + GUARD, half, 65536);
	ok(same(65536 * 4), "from_f16, all");
	begin();
	s->from_bf16(out[0] + GUARD, half, 65535);
	k->from_bf16(out[1] + GUARD, half, 65535);
	ok(same(65535 * 4), "from_bf16");
	for (size_t len = 0; len < 70; len++) {
		float *x = floats(len);
		begin();
		s->to_f16((uint16_t *)(void *)(out[0] + GUARD), x, len);
		k->to_f16((uint16_t *)(void *)(out[1] + GUARD), x, len);
		good &= same(len * 2);
		free(x);
	}
	ok(good, "to_f16");
}

/* quant_q8 of 40 rows of `block` activations: those of nothing else than a
 * peculiar value, then those with one. */
static bool
rounds(const struct kern *s, const struct kern *k, size_t block)
{
	static const float odd[] = { 0, -0.0f, 1e-45f, 1e-38f, 3e38f, INFINITY,
		NAN, 63.5f, -63.5f, 127 };
	const size_t all = 40 * block;
	float *x = floats(all), d[2][40];
	int8_t q[2][40 * QK_K];
	int16_t sum[2][40 * QK_K / 16];
	struct acts to[] = { { .q = q[0], .d = d[0], .sum = sum[0] },
		{ .q = q[1], .d = d[1], .sum = sum[1] } };
	bool good = true;

	for (size_t b = 0; b < 10; b++)
		for (size_t i = 0; i < block; i++) {
			x[b * block + i] = odd[b] * (i % 2 ? 1 : 0.5f);
			if (i == 5)
				x[(b + 10) * block + i] = odd[b];
		}
	memset(q, 1, sizeof(q));
	memset(sum, 1, sizeof(sum));
	s->quant_q8(&to[0], x, all, block);
	k->quant_q8(&to[1], x, all, block);
	good &= memcmp(q[0], q[1], sizeof(q[0])) == 0 &&
	    memcmp(d[0], d[1], sizeof(d[0])) == 0 &&
	    memcmp(sum[0], sum[1], sizeof(sum[0])) == 0;
	good &= isnan(d[0][5]) && isnan(d[0][6]) && isnan(d[0][15]) &&
	    isnan(d[0][16]) && q[0][5 * block] == 0;
	for (size_t i = 20 * block; i < all; i++)
		good &= fabsf(x[i] - d[0][i / block] * q[0][i]) <=
		    d[0][i / block] * 0.5001f && q[0][i] > -128;
	for (size_t i = 0; i < all; i += 16) {
		int total = 0;
		for (size_t j = 0; j < 16; j++)
			total += q[0][i + j];
		good &= total == sum[0][i / 16];
	}
	free(x);
	return good;
}

/* Rows of 1 to 18 blocks: nothing behind them changes. */
static bool
rows_round(const struct kern *s, const struct kern *k, size_t block)
{
	enum { MOST = 18 };
	float *x = floats(MOST * block), d[2][MOST + 1];
	int8_t q[2][MOST * QK_K + 64];
	int16_t sum[2][MOST * QK_K / 16 + 16];
	struct acts to[] = { { .q = q[0], .d = d[0], .sum = sum[0] },
		{ .q = q[1], .d = d[1], .sum = sum[1] } };
	bool good = true;

	for (size_t many = 1; many <= MOST; many++) {
		memset(q, 1, sizeof(q));
		memset(sum, 1, sizeof(sum));
		memset(d, 1, sizeof(d));
		s->quant_q8(&to[0], x, many * block, block);
		k->quant_q8(&to[1], x, many * block, block);
		good &= memcmp(q[0], q[1], sizeof(q[0])) == 0 &&
		    memcmp(d[0], d[1], sizeof(d[0])) == 0 &&
		    memcmp(sum[0], sum[1], sizeof(sum[0])) == 0;
	}
	free(x);
	return good;
}

static void
rounding(const struct kern *s, const struct kern *k)
{
	ok(rounds(s, k, QK) && rows_round(s, k, QK), "quant_q8 by 32");
	ok(rounds(s, k, QK_K) && rows_round(s, k, QK_K), "quant_q8 by 256");
}

/* Products with the bytes of w as F16 and BF16. */
static bool
halves(const struct kern *s, const struct kern *k, const float *w,
    const float *x, size_t ldx, size_t rows, size_t cols, size_t len)
{
	uint16_t *h = malloc(rows * len * 2 + 2);
	size_t ld = rows + 3, many = 4 * (ld * (cols - 1) + rows);
	bool good;

	if (h == NULL)
		exit(2);
	s->to_f16(h, w, rows * len);
	begin();
	s->matmul_f16(out[0] + GUARD, ld, h, x, ldx, rows, cols,
	    len);
	k->matmul_f16(out[1] + GUARD, ld, h, x, ldx, rows, cols,
	    len);
	good = same(many);
	begin();
	s->matmul_bf16(out[0] + GUARD, ld, h, x, ldx, rows, cols,
	    len);
	k->matmul_bf16(out[1] + GUARD, ld, h, x, ldx, rows, cols,
	    len);
	good &= same(many);
	free(h);
	return good;
}

static void
products(const struct kern *s, const struct kern *k)
{
	static const size_t rows[] = { 1, 2, 7, 8, 9, 16, 17, 24, 33 };
	static const size_t cols[] = { 1, 2, 3, 4, 5, 8, 13 };
	static const size_t inner[] = { 32, 64, 96, 544, 1120 };
	bool f32 = true, half = true;

	for (int r = 0; r < 9; r++)
		for (int c = 0; c < 7; c++)
			for (int i = 0; i < 5; i++) {
				size_t len = inner[i], ld = rows[r] + 3;
				size_t ldx = len + (size_t)(r % 3) * 5;
				size_t odd = len - (size_t)(c % 2) * 5;
				float *w = floats(rows[r] * len);
				float *x = floats(cols[c] * ldx);

				begin();
				s->matmul_f32(out[0] + GUARD, ld, w, x, ldx,
				    rows[r], cols[c], odd);
				k->matmul_f32(out[1] + GUARD, ld, w, x, ldx,
				    rows[r], cols[c], odd);
				f32 &= same(4 * (ld * (cols[c] - 1) + rows[r]));
				half &= halves(s, k, w, x, ldx, rows[r],
				    cols[c], len) && halves(s, k, w, x, ldx,
				    rows[r], cols[c], odd);
				free(w);
				free(x);
			}
	ok(f32, "matmul_f32");
	ok(half, "matmul_f16, matmul_bf16");
}

/* Blocks of random bits, or all bytes `fill`, with scales that are small. They
 * end where the memory ends, so that reading on is found out. */
static unsigned char *
blocks(uint32_t type, size_t many, int fill)
{
	static const struct {
		size_t d, m;
	} at[DTYPES] = { [DTYPE_Q4_1] = { 0, 2 }, [DTYPE_Q5_1] = { 0, 2 },
		[DTYPE_Q2_K] = { 80, 82 }, [DTYPE_Q3_K] = { 108, 108 },
		[DTYPE_Q4_K] = { 0, 2 }, [DTYPE_Q5_K] = { 0, 2 },
		[DTYPE_Q6_K] = { 208, 208 } };
	size_t size = dtype_get(type)->bytes;
	unsigned char *w = malloc(many * size);

	if (w == NULL)
		exit(2);
	for (size_t i = 0; i < many * size; i++)
		w[i] = fill != 0 ? (unsigned char)fill
		                 : (unsigned char)(uniform() * 128);
	for (size_t b = 0; b < many; b++) {
		uint16_t d = fm_to_f16(uniform() * 0.01f);
		uint16_t m = fm_to_f16(uniform() * 0.02f);
		memcpy(w + b * size + at[type].m, &m, 2);
		memcpy(w + b * size + at[type].d, &d, 2);
	}
	return w;
}

/* add_q of the last block of rows of `blocks`, to outputs that are there, of
 * some inputs; to zeros it is what matmul_q makes of rows of one block. */
static bool
added(const struct kern *s, const struct kern *k, uint32_t type,
    const unsigned char *w, const struct acts *x, size_t rows, size_t cols,
    size_t blocks)
{
	const struct dtype *d = dtype_get(type);
	size_t stride = blocks * d->bytes, ld = rows + 3, some = 0;
	const unsigned char *last = w + stride - d->bytes;
	unsigned char *one = malloc(rows * d->bytes);
	uint32_t to[256];
	bool good;

	if (one == NULL)
		exit(2);
	for (uint32_t i = 0; i < cols; i++)
		if (cols < 3 || i % 3 != 1)
			to[some++] = i;
	begin();
	for (size_t i = 0; i < ROOM; i++)
		out[0][GUARD + i] = out[1][GUARD + i] = uniform();
	s->add_q[type](out[0] + GUARD, ld, type, last, stride, x, to, rows,
	    some);
	k->add_q[type](out[1] + GUARD, ld, type, last, stride, x, to, rows,
	    some);
	good = memcmp(out[0], out[1], sizeof(out[0])) == 0;
	for (size_t r = 0; r < rows; r++)
		memcpy(one + r * d->bytes, last + r * stride, d->bytes);
	begin();
	for (uint32_t i = 0; i < cols; i++) {
		to[i] = i;
		for (size_t r = 0; r < rows; r++)
			out[0][GUARD + i * ld + r] = 0;
	}
	k->add_q[type](out[0] + GUARD, ld, type, last, stride, x, to, rows,
	    cols);
	s->matmul_q[type](out[1] + GUARD, ld, type, one, x, rows, cols,
	    d->block);
	good &= same(4 * (ld * (cols - 1) + rows));
	free(one);
	return good;
}

/* both_q is matmul_q and add_q: of the first of x, to some blocks of which its
 * own are added once more. */
static bool
both(const struct kern *s, const struct kern *k, uint32_t type,
    const unsigned char *w, const struct acts *x, size_t rows, size_t len)
{
	const struct dtype *d = dtype_get(type);
	size_t blocks = len / d->block, many = 0;
	uint32_t at[KERN_BOTH], to = 0;

	if (k->both_q[type] == NULL)
		return true;
	for (uint32_t b = 0; b < blocks && many < KERN_BOTH; b++)
		if ((b % 5 == rows % 5 || b % 7 == 0) &&
		    (blocks < 200 || b + 160 > blocks)) /* in two slices */
			at[many++] = b;
	if (k->prepare != NULL)
		k->prepare(x, 0, 1, len, d->block);
	begin();
	s->matmul_q[type](out[0] + GUARD, rows, type, w, x, rows, 1, len);
	for (size_t i = 0; i < many; i++) {
		const struct acts one = { .q = x->q + i * d->block,
			.d = x->d + i, .sum = x->sum + i * d->block / 16 };
		s->add_q[type](out[0] + GUARD, 0, type, w + at[i] * d->bytes,
		    blocks * d->bytes, &one, &to, rows, 1);
	}
	k->both_q[type](out[1] + GUARD, type, w, x, x, at, many, rows, len);
	return same(4 * rows);
}

/* many_q is matmul_q and add_q, of some blocks of some inputs, for which the first
 * blocks that there are stand in; or it does nothing. */
static bool
many_added(const struct kern *s, const struct kern *k, uint32_t type,
    const unsigned char *w, const struct acts *x, size_t rows, size_t cols,
    size_t len)
{
	const struct dtype *d = dtype_get(type);
	size_t blocks = len / d->block, ld = rows + 3, found = 0, *first;
	uint32_t *of = malloc(cols * blocks * sizeof(*of));
	struct kern_more more = { .x = *x, .of = of };
	bool good;

	if (k->many_q[type] == NULL) {
		free(of);
		return true;
	}
	more.first = first = malloc((blocks + 1) * sizeof(*first));
	if (of == NULL || first == NULL)
		exit(2);
	for (size_t b = 0; b < blocks; b++) {
		first[b] = found;
		for (uint32_t i = 0; b % 3 != 1 && i < cols; i++)
			if ((b + i) % 4 != 0)
				of[found++] = i;
	}
	first[blocks] = found;
	begin();
	if (!k->many_q[type](out[1] + GUARD, ld, w, x, &more, rows, cols, len)) {
		good = cols < 8 || rows < 16 || len < 128 || len > 2048;
	} else {
		s->matmul_q[type](out[0] + GUARD, ld, type, w, x, rows, cols,
		    len);
		good = true;
		for (size_t b = 0; b < blocks; b++) {
			size_t i = first[b];
			const struct acts these = { .q = x->q + i * d->block,
				.d = x->d + i,
				.sum = x->sum + i * d->block / 16 };
			s->add_q[type](out[0] + GUARD, ld, type,
			    w + b * d->bytes, blocks * d->bytes, &these, of + i,
			    rows, first[b + 1] - i);
		}
	}
	free(first);
	free(of);
	return good && same(4 * (ld * (cols - 1) + rows));
}

/* matmul_q, add_q, both_q, many_q and dequant of one shape; with near, whether the
 * definition is a product too, in double. */
static bool
quantised(const struct kern *s, const struct kern *k, uint32_t type,
    size_t rows, size_t cols, size_t len, bool *near)
{
	size_t block = dtype_get(type)->block, ld = rows + 3;
	/* also the largest of values, which sums have to hold */
	int fill = rows % 2 == 0 ? 0 : cols % 2 != 0 ? 0xff : 0x80;
	struct quant one;
	unsigned char *w = blocks(type, rows * len / block, fill);
	float *x = floats(cols * len), *d = floats(cols * len / block);
	float *f = floats(rows * len);
	int8_t *q = malloc(cols * len);
	int16_t *sum = malloc(cols * len / 16 * 2);
	char *more = malloc((cols + 15) / 16 * 16 * len / 4 * 5);
	struct acts a = { q, d, sum, more };
	bool good;

	if (q == NULL || sum == NULL || more == NULL)
		exit(2);
	for (size_t i = 0; fill != 0 && i < cols * len; i++)
		x[i] = i / len % 2 != 0 ? 1 : -1;
	s->quant_q8(&a, x, cols * len, block);
	for (size_t t = 0; k->prepare != NULL && t < cols; t += 4)
		k->prepare(&a, t, cols, len, block);
	begin();
	s->matmul_q[type](out[0] + GUARD, ld, type, w, &a, rows, cols, len);
	k->matmul_q[type](out[1] + GUARD, ld, type, w, &a, rows, cols, len);
	good = same(4 * (ld * (cols - 1) + rows));
	s->dequant[type](f, type, w, rows * len);
	for (size_t t = 0; t < cols && near != NULL; t++)
		for (size_t r = 0; r < rows; r++) {
			double exact = 0, size = 0;
			float *y = &out[0][GUARD + t * ld + r];
			for (size_t i = 0; i < len; i++) {
				double v = (double)f[r * len + i] *
				    (double)d[(t * len + i) / block] *
				    q[t * len + i];
				exact += v;
				if (i % block == 0)
					dtype_get(type)->unpack(&one, w +
					    (r * len + i) / block *
					    dtype_get(type)->bytes);
				size += 127 * (double)d[(t * len + i) / block] *
				    (fabs((double)one.d * one.s[i % block / 16] *
				    one.q[i % block]) + fabs((double)one.m *
				    one.min[i % block / 16]));
			}
			*near &= fabs(exact - (double)*y) <= size * 1e-6;
		}
	good &= added(s, k, type, w, &a, rows, cols, len / block);
	good &= many_added(s, k, type, w, &a, rows, cols, len);
	good &= both(s, k, type, w, &a, rows, len);
	begin();
	s->dequant[type](out[0] + GUARD, type, w, len);
	k->dequant[type](out[1] + GUARD, type, w, len);
	good &= same(4 * len);
	free(w);
	free(x);
	free(d);
	free(f);
	free(q);
	free(more);
	free(sum);
	return good;
}

static void
blocked(const struct kern *s, const struct kern *k)
{
	static const size_t rows[] = { 1, 2, 3, 7, 8, 16, 17, 33, 67 };
	static const size_t cols[] = { 1, 2, 3, 4, 5, 8, 13, 16, 19 };
	static const size_t inner[] = { 1, 2, 3, 4, 7, 18 }; /* blocks */
	static bool asked; /* once is enough */

	for (uint32_t type = 0; type < DTYPES; type++) {
		const struct dtype *d = dtype_get(type);
		bool good = true, near = true;
		char what[48];

		if (d == NULL || d->unpack == NULL)
			continue;
		for (int r = 0; r < 9; r++)
			for (int c = 0; c < 9; c++)
				for (int i = d->block == QK ? 5 : 4; i >= 0; i--)
					good &= quantised(s, k, type, rows[r],
					    cols[c], inner[i] * d->block,
					    asked || r > 4 ? NULL : &near);
		/* more blocks, and more inputs, than are taken at once */
		good &= quantised(s, k, type, 18, 5, 67 * d->block, NULL);
		good &= quantised(s, k, type, 18, 131, 4 * d->block, NULL);
		good &= quantised(s, k, type, 18, 9, 8 * QK_K, NULL);
		good &= quantised(s, k, type, 18, 15, 12 * QK_K, NULL);
		good &= quantised(s, k, type, 35, 1, 38 * QK_K, NULL);
		snprintf(what, sizeof(what), "products, dequant of %s",
		    d->name);
		ok(good, what);
		snprintf(what, sizeof(what), "%s: it is a product", d->name);
		if (!asked)
			ok(near, what);
	}
	asked = true;
}

/* What attention reads: nq queries; keys, then values. */
struct page {
	size_t nq, hd;
	float *q, *kv;
	uint16_t *half; /* kv; NULL: of floats */
};

static void
attention_of(const struct kern *k, float *o, float *m, float *l, const float *q,
    const struct page *x, size_t key, size_t nq, const struct kern_attn *a)
{
	size_t value = KERN_PAGE * x->hd - key;

	if (x->half != NULL)
		k->attn_f16(o, m, l, q, x->half + key, x->half + value, nq, a);
	else
		k->attn_f32(o, m, l, q, x->kv + key, x->kv + value, nq, a);
}

/* Scores first, then values in two parts of their dimensions: the first with what
 * is not to be touched by the second. */
static void
attend_apart(const struct kern *k, float *o, const struct page *x, size_t key,
    struct kern_attn a, float *again)
{
	size_t nq = x->nq, hd = x->hd, mid = hd / 2 / 16 * 16;
	float *score = malloc(nq * KERN_PAGE * sizeof(float));
	float *m = o + nq * hd, *l = m + nq;

	if (score == NULL)
		exit(2);
	memset(score, 0xff, nq * KERN_PAGE * sizeof(float)); /* NaN */
	a.s = score;
	attention_of(k, NULL, NULL, NULL, x->q, x, key, nq, &a);
	a.hi = mid;
	attention_of(k, o, again, again + nq, NULL, x, key, nq, &a);
	a.lo = mid;
	a.hi = hd;
	attention_of(k, o, m, l, NULL, x, key, nq, &a);
	if (memcmp(again, m, nq * sizeof(float)) != 0 ||
	    memcmp(again + nq, l, nq * sizeof(float)) != 0)
		o[0] = 12345;
	free(score);
}

enum way { AT_ONCE, BY_ROWS, APART };

/* o[hd], m, l for each query, one behind the other in o: of all at once, or
 * called for those of each row, or in steps. Every other page has keys and values
 * change places, so that what is left of the last one is wrong. */
static void
attend(const struct kern *k, float *o, const struct page *x, size_t each,
    enum way way)
{
	static const struct kern_attn at[] = {
		{ .from = 0, .to = 64, .scale = 0.2f },
		{ .from = 0, .to = 17, .scale = 0.2f },
		{ .from = 0, .to = 1, .scale = 0.2f },
		{ .from = 16, .to = 63, .scale = 0.2f },
		{ .from = 63, .to = 64, .scale = 0.2f, .cap = 2 },
		{ .from = 5, .to = 8, .scale = 0.2f, .cap = 1.5f },
		{ .from = 7, .to = 33, .scale = 0.2f },
		{ .from = 40, .to = 46, .scale = 0.2f },
	};
	size_t nq = x->nq, hd = x->hd;
	float *m = o + nq * hd, *l = m + nq, *again = floats(2 * nq);

	memset(o, 0, nq * hd * 4);
	for (size_t j = 0; j < nq; j++) {
		m[j] = again[j] = -INFINITY;
		l[j] = again[nq + j] = 0;
	}
	for (size_t p = 0; p < sizeof(at) / sizeof(at[0]); p++)
		for (size_t j = 0, some; j < nq; j += some) {
			struct kern_attn a = at[p];
			size_t key = p % 2 * KERN_PAGE * hd;
			some = way != BY_ROWS ? nq : nq - j < each ? nq - j
			                                           : each;
			a.next = p % 2 ? NULL : x->kv;
			a.hd = a.hi = hd;
			a.each = way == BY_ROWS ? 0 : each;
			if (way == BY_ROWS && a.to + j / each < KERN_PAGE)
				a.to += j / each;
			else if (way == BY_ROWS)
				a.to = KERN_PAGE;
			if (way == APART)
				attend_apart(k, o, x, key, a, again);
			else
				attention_of(k, o + j * hd, m + j, l + j,
				    x->q + j * hd, x, key, some, &a);
		}
	free(again);
}

/* Against the definition, and all at once against row by row; with odd, some
 * positions hold what must not touch those that do not see them. */
static bool
attention(const struct kern *s, const struct kern *k, bool f16, size_t nq,
    size_t hd, size_t each, bool odd)
{
	struct page x = { nq, hd, floats(nq * hd), floats(2 * 64 * hd), NULL };
	uint16_t *half = malloc(2 * 64 * hd * 2);
	bool good;

	if (half == NULL)
		exit(2);
	for (size_t i = 0; odd && i < hd; i++) {
		x.kv[(64 + 50) * hd + i] = INFINITY;
		x.kv[(64 + 19) * hd + i] = INFINITY;
		x.kv[i * 16 + 3] = INFINITY;
	}
	s->to_f16(half, x.kv, 2 * 64 * hd);
	x.half = f16 ? half : NULL;
	begin();
	attend(s, out[0] + GUARD, &x, each, AT_ONCE);
	attend(k, out[1] + GUARD, &x, each, AT_ONCE);
	good = same(4 * (nq * hd + 2 * nq));
	if (each > 0) {
		attend(s, out[0] + GUARD, &x, each, BY_ROWS);
		good &= same(4 * (nq * hd + 2 * nq));
	}
	attend(k, out[1] + GUARD, &x, each, APART);
	good &= same(4 * (nq * hd + 2 * nq));
	free(x.q);
	free(x.kv);
	free(half);
	return good;
}

static void
attentions(const struct kern *s, const struct kern *k)
{
	static const size_t hd[] = { 1, 7, 8, 20, 32, 64, 80, 256 };
	static const size_t many[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19 };
	bool good = true, rows = true;

	for (int i = 0; i < 11; i++)
		for (int j = 0; j < 8; j++)
			for (int h = 0; h < 2; h++) {
				good &= attention(s, k, h, many[i], hd[j], 0,
				    false);
				for (size_t each = 1; each < 4; each += 2)
					rows &= attention(s, k, h, many[i],
					    hd[j], each, false) &&
					    attention(s, k, h, many[i], hd[j],
					    each, true);
			}
	ok(good, "attn_f16, attn_f32");
	ok(rows, "attn_f16, attn_f32 of rows that see ever more");
}

/* All of a level against the scalar definition. */
static void
compare(const struct kern *k)
{
	const struct kern *s = kernel_scalar();
	enum { MANY = 5000 };
	static unsigned char bytes[MANY];
	bool good = true;

	path = k->name;
	vectors(s, k);
	conversions(s, k);
	rounding(s, k);
	products(s, k);
	blocked(s, k);
	attentions(s, k);
	for (size_t i = 0; i < MANY; i++)
		bytes[i] = (unsigned char)(i * 77 ^ i >> 6);
	for (size_t i = 0; i < MANY - 9; i += i < 100 ? 1 : 61)
		good &= s->crc32c((uint32_t)i, bytes + i % 9, i) ==
		    k->crc32c((uint32_t)i, bytes + i % 9, i);
	ok(good, "crc32c");
}

int
main(void)
{
	static bool (*const level[])(struct kern *) = { kernel_avx2,
		kernel_avx512, kernel_neon, kernel_dotprod };
	struct kern k = *kernel_scalar();
	unsigned char bytes[32];
	bool good = true;

	/* RFC 3720, B.4: 32 bytes of zeros, of ones; "123456789" */
	memset(bytes, 0, 32);
	good &= k.crc32c(0, bytes, 32) == 0x8a9136aa;
	memset(bytes, 255, 32);
	good &= k.crc32c(0, bytes, 32) == 0x62a8ab43;
	good &= k.crc32c(0, "123456789", 9) == 0xe3069283;
	path = k.name;
	ok(good, "crc32c: the published values");
	for (size_t i = 0; i < sizeof(level) / sizeof(level[0]); i++)
		if (level[i](&k))
			compare(&k);
	if (path == kernel_scalar()->name) {
		printf("# no other kernels here: scalar against itself\n");
		compare(&k);
	}
	printf("1..%d\n", n);
	return 0;
}
