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

static struct q8_0 *
blocks(size_t many)
{
	struct q8_0 *w = malloc((many + 1) * sizeof(*w));

	if (w == NULL)
		exit(2);
	for (size_t b = 0; b < many; b++) {
		w[b].d = fm_to_f16(uniform() * 0.01f);
		for (int i = 0; i < 32; i++) /* -128 too */
			w[b].q[i] = (int8_t)(uniform() * 128);
		w[b].q[b % 32] = -128;
	}
	return w;
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

static void
rounding(const struct kern *s, const struct kern *k)
{
	static const float odd[] = { 0, -0.0f, 1e-45f, 1e-38f, 3e38f, INFINITY,
		NAN, 63.5f, -63.5f, 127 };
	float *x = floats(32 * 40), d[2][40];
	int8_t q[2][32 * 40];
	bool good = true;

	for (int b = 0; b < 10; b++) /* blocks of nothing else, and with one */
		for (int i = 0; i < 32; i++) {
			x[b * 32 + i] = odd[b] * (i % 2 ? 1 : 0.5f);
			if (i == 5)
				x[(b + 10) * 32 + i] = odd[b];
		}
	memset(q, 1, sizeof(q));
	s->quant_q8(q[0], d[0], x, 32 * 40);
	k->quant_q8(q[1], d[1], x, 32 * 40);
	ok(memcmp(q[0], q[1], sizeof(q[0])) == 0 &&
	    memcmp(d[0], d[1], sizeof(d[0])) == 0, "quant_q8");
	ok(isnan(d[0][5]) && isnan(d[0][6]) && isnan(d[0][15]) &&
	    isnan(d[0][16]) && q[0][5 * 32] == 0, "infinity and NaN stay");
	for (int b = 20; b < 40; b++)
		for (int i = 0; i < 32; i++)
			good &= fabsf(x[b * 32 + i] - d[0][b] *
			    q[0][b * 32 + i]) <= d[0][b] * 0.5001f &&
			    q[0][b * 32 + i] > -128;
	ok(good, "and the rest is near");
	free(x);
}

static void
products(const struct kern *s, const struct kern *k)
{
	static const size_t rows[] = { 1, 2, 7, 8, 9, 16, 17, 24, 33 };
	static const size_t cols[] = { 1, 2, 3, 4, 5, 8, 13 };
	static const size_t inner[] = { 32, 64, 96, 544, 1120 };
	bool f32 = true, q8 = true, from = true;

	for (int r = 0; r < 9; r++)
		for (int c = 0; c < 7; c++)
			for (int i = 0; i < 5; i++) {
				size_t len = inner[i], ld = rows[r] + 3;
				size_t odd = len - (size_t)(c % 2) * 5;
				float *w = floats(rows[r] * len);
				float *x = floats(cols[c] * len), d[13 * 35];
				struct q8_0 *b = blocks(rows[r] * len / 32);
				int8_t *q = malloc(cols[c] * len);

				if (q == NULL)
					exit(2);
				begin();
				s->matmul_f32(out[0] + GUARD, ld, w, x, rows[r],
				    cols[c], odd);
				k->matmul_f32(out[1] + GUARD, ld, w, x, rows[r],
				    cols[c], odd);
				f32 &= same(4 * (ld * (cols[c] - 1) + rows[r]));
				s->quant_q8(q, d, x, cols[c] * len);
				begin();
				s->matmul_q8_0(out[0] + GUARD, ld, b, q, d,
				    rows[r], cols[c], len);
				k->matmul_q8_0(out[1] + GUARD, ld, b, q, d,
				    rows[r], cols[c], len);
				q8 &= same(4 * (ld * (cols[c] - 1) + rows[r]));
				begin();
				s->from_q8_0(out[0] + GUARD, b, rows[r] * len);
				k->from_q8_0(out[1] + GUARD, b, rows[r] * len);
				from &= same(4 * rows[r] * len);
				free(w);
				free(x);
				free(b);
				free(q);
			}
	ok(f32, "matmul_f32");
	ok(q8, "matmul_q8_0");
	ok(from, "from_q8_0");
}

/* o[hd], m, l for each of nq queries, one behind the other in out. */
static bool
attention(const struct kern *s, const struct kern *k, bool f16, size_t nq,
    size_t hd)
{
	float *q = floats(nq * hd), *kv = floats(2 * 64 * hd);
	uint16_t *h = malloc(2 * 64 * hd * 2);
	const struct kern *kern[] = { s, k };

	if (h == NULL)
		exit(2);
	s->to_f16(h, kv, 2 * 64 * hd);
	begin();
	for (int i = 0; i < 2; i++) {
		float *o = out[i] + GUARD, *m = o + nq * hd, *l = m + nq;
		static const struct kern_attn at[] = { { 0, 0, 64, 0.2f, 0 },
			{ 0, 0, 1, 0.2f, 0 }, { 0, 0, 17, 0.2f, 0 },
			{ 0, 16, 63, 0.2f, 0 }, { 0, 63, 64, 0.2f, 2 },
			{ 0, 5, 8, 0.2f, 1.5f }, { 0, 7, 33, 0.2f, 0 } };

		memset(o, 0, nq * hd * 4);
		for (size_t j = 0; j < nq; j++) {
			m[j] = -INFINITY;
			l[j] = 0;
		}
		for (int p = 0; p < 7; p++) {
			struct kern_attn a = at[p];
			a.hd = hd;
			if (f16)
				kern[i]->attn_f16(o, m, l, q, h, h + 64 * hd,
				    nq, &a);
			else
				kern[i]->attn_f32(o, m, l, q, kv, kv + 64 * hd,
				    nq, &a);
		}
	}
	free(q);
	free(kv);
	free(h);
	return same(4 * (nq * hd + 2 * nq));
}

static void
attentions(const struct kern *s, const struct kern *k)
{
	static const size_t hd[] = { 1, 7, 8, 20, 32, 64, 80 };
	bool good = true;

	for (size_t nq = 1; nq < 10; nq++)
		for (int i = 0; i < 7; i++)
			good &= attention(s, k, false, nq, hd[i]) &&
			    attention(s, k, true, nq, hd[i]);
	ok(good, "attn_f16, attn_f32");
}

/* All of a level against the scalar definition. */
static void
compare(const struct kern *k)
{
	const struct kern *s = kernel_scalar();
	unsigned char bytes[100];
	bool good = true;

	path = k->name;
	vectors(s, k);
	conversions(s, k);
	rounding(s, k);
	products(s, k);
	attentions(s, k);
	for (size_t i = 0; i < 100; i++) {
		bytes[i] = (unsigned char)(i * 77);
		good &= s->crc32c((uint32_t)i, bytes, i) ==
		    k->crc32c((uint32_t)i, bytes, i);
	}
	ok(good, "crc32c");
}

int
main(void)
{
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
	if (!kernel_avx2(&k))
		printf("# no other kernels here: scalar against itself\n");
	compare(&k);
	if (kernel_avx512(&k))
		compare(&k);
	printf("1..%d\n", n);
	return 0;
}
