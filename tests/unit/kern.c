/*
 * kern: kernels of floats and of bytes, on sizes that are no multiple of anything;
 * and the definition against sums in another order, and published values.
 */
#include "levels.h"

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

static void
checksums(const struct kern *s, const struct kern *k)
{
	enum { MANY = 5000 };
	static unsigned char bytes[MANY];
	bool good = true;

	for (size_t i = 0; i < MANY; i++)
		bytes[i] = (unsigned char)(i * 77 ^ i >> 6);
	for (size_t i = 0; i < MANY - 9; i += i < 100 ? 1 : 61)
		good &= s->crc32c((uint32_t)i, bytes + i % 9, i) ==
		    k->crc32c((uint32_t)i, bytes + i % 9, i);
	ok(good, "crc32c");
}

/* RFC 3720, B.4: 32 bytes of zeros, of ones; and "123456789". */
static void
published(void)
{
	const struct kern *s = kernel_scalar();
	unsigned char bytes[32];
	bool good;

	memset(bytes, 0, 32);
	good = s->crc32c(0, bytes, 32) == 0x8a9136aa;
	memset(bytes, 255, 32);
	good &= s->crc32c(0, bytes, 32) == 0x62a8ab43;
	good &= s->crc32c(0, "123456789", 9) == 0xe3069283;
	path = s->name;
	ok(good, "crc32c: the published values");
}

static void
compare(const struct kern *s, const struct kern *k)
{
	vectors(s, k);
	conversions(s, k);
	products(s, k);
	checksums(s, k);
}

int
main(void)
{
	published();
	levels(compare);
	return 0;
}
