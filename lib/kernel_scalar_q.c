/* kernel_scalar_q - the definition of what is done with blocks; see kern.h. */
#include <float.h>
#include <math.h>

#include "fmath.h"
#include "kernel_scalar.h"

/* One more block of a dot product: acc and the activations q, d, sum. */
static float
add_block(float acc, const struct quant *w, size_t block, const int8_t *q,
    float d, const int16_t *sum)
{
	int32_t s = 0, min = 0;

	for (size_t j = 0; j < block / 16; j++, q += 16) {
		int32_t group = 0;
		for (size_t i = 0; i < 16; i++)
			group += w->q[j * 16 + i] * q[i];
		s += w->s[j] * group;
		min += w->min[j] * sum[j];
	}
	acc = fmaf(w->d * d, (float)s, acc);
	/* without a minimum this adds -0, which changes nothing */
	return fmaf(-w->m, d * (float)min, acc);
}

void
scalar_matmul_q(float *y, size_t ldy, uint32_t type, const void *w,
    const struct acts *x, size_t rows, size_t n, size_t k)
{
	const struct dtype *d = dtype_get(type);
	const unsigned char *p = w;
	size_t nb = k / d->block;

	for (size_t r = 0; r < rows; r++) {
		for (size_t t = 0; t < n; t++)
			y[t * ldy + r] = 0;
		for (size_t b = 0; b < nb; b++, p += d->bytes) {
			struct quant q;
			d->unpack(&q, p);
			for (size_t t = 0; t < n; t++) {
				size_t at = t * k + b * d->block;
				float *acc = &y[t * ldy + r];
				*acc = add_block(*acc, &q, d->block, x->q + at,
				    x->d[t * nb + b], x->sum + at / 16);
			}
		}
	}
}

void
scalar_add_q(float *y, size_t ldy, uint32_t type, const void *w, size_t stride,
    const struct acts *x, const uint32_t *to, size_t rows, size_t n)
{
	const struct dtype *d = dtype_get(type);
	const unsigned char *p = w;

	for (size_t r = 0; r < rows; r++, p += stride) {
		struct quant q;
		d->unpack(&q, p);
		for (size_t i = 0; i < n; i++) {
			float *acc = &y[to[i] * ldy + r];
			*acc = add_block(*acc, &q, d->block,
			    x->q + i * d->block, x->d[i],
			    x->sum + i * d->block / 16);
		}
	}
}

void
scalar_both_q(float *y, uint32_t type, const void *w, const struct acts *x,
    const struct acts *more, const uint32_t *at, size_t n, size_t rows,
    size_t k)
{
	const struct dtype *d = dtype_get(type);
	const unsigned char *p = w;
	const uint32_t first = 0;

	scalar_matmul_q(y, rows, type, w, x, rows, 1, k);
	for (size_t i = 0; i < n; i++) {
		const struct acts one = { .q = more->q + i * d->block,
			.d = more->d + i,
			.sum = more->sum + i * (d->block / 16) };
		scalar_add_q(y, 0, type, p + at[i] * d->bytes,
		    k / d->block * d->bytes, &one, &first, rows, 1);
	}
}

void
scalar_dequant(float *y, uint32_t type, const void *w, size_t n)
{
	const struct dtype *d = dtype_get(type);
	const unsigned char *p = w;

	for (size_t b = 0; b < n / d->block; b++, p += d->bytes) {
		struct quant q;
		d->unpack(&q, p);
		for (size_t i = 0; i < d->block; i++)
			*y++ = q.d * (float)q.s[i / 16] * (float)q.q[i] -
			    q.m * (float)q.min[i / 16];
	}
}

float
quant_inverse(float *d, uint32_t top)
{
	float inv;

	*d = fm_float(top) / 127;
	inv = 1 / *d;
	if (top >= 0x7f800000u)
		*d = fm_float(0x7fc00000u);
	return top >= 0x7f800000u || inv > FLT_MAX ? 0 : inv;
}

void
scalar_quant_q8(const struct acts *to, const float *x, size_t k, size_t block)
{
	for (size_t i = 0; i < k / 16; i++)
		to->sum[i] = 0;
	for (size_t b = 0; b < k / block; b++) {
		uint32_t top = 0;
		float inv;

		/* as integers: magnitudes in order, infinity and NaN on top */
		for (size_t i = b * block; i < (b + 1) * block; i++) {
			uint32_t a = fm_bits(x[i]) & 0x7fffffffu;
			top = a > top ? a : top;
		}
		inv = quant_inverse(&to->d[b], top);
		for (size_t i = b * block; i < (b + 1) * block; i++) {
			to->q[i] = inv == 0 ? 0 : (int8_t)rintf(x[i] * inv);
			to->sum[i / 16] = (int16_t)(to->sum[i / 16] + to->q[i]);
		}
	}
}
