/*
 * kernq: kernels of quantised weights, and the rounding of what they multiply, on
 * sizes that are no multiple of anything; and whether the definition is a product.
 */
#include "fmath.h"
#include "levels.h"

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

static void
compare(const struct kern *s, const struct kern *k)
{
	rounding(s, k);
	blocked(s, k);
}

int
main(void)
{
	levels(compare);
	return 0;
}
