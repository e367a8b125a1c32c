/* kernel_scalar - the definition of every kernel, in portable C; see kern.h. */
#include <math.h>
#include <string.h>

#include "fmath.h"
#include "kernel_scalar.h"

static float
tree16(float *lane)
{
	for (int step = 8; step > 0; step /= 2)
		for (int i = 0; i < step; i++)
			lane[i] += lane[i + step];
	return lane[0];
}

static float
dot(const float *x, const float *y, size_t n)
{
	float lane[16] = { 0 };

	for (size_t i = 0; i < n; i++)
		lane[i % 16] = fmaf(x[i], y[i], lane[i % 16]);
	return tree16(lane);
}

static float
sum(const float *x, size_t n)
{
	float lane[16] = { 0 };

	for (size_t i = 0; i < n; i++)
		lane[i % 16] += x[i];
	return tree16(lane);
}

static void
matmul_f32(float *y, size_t ldy, const float *w, const float *x,
    size_t ldx, size_t rows, size_t n, size_t k)
{
	for (size_t t = 0; t < n; t++)
		for (size_t r = 0; r < rows; r++)
			y[t * ldy + r] = dot(w + r * k, x + t * ldx, k);
}

static void
matmul_f16(float *y, size_t ldy, const uint16_t *w, const float *x,
    size_t ldx, size_t rows, size_t n, size_t k)
{
	for (size_t t = 0; t < n; t++)
		for (size_t r = 0; r < rows; r++) {
			float lane[16] = { 0 };
			for (size_t i = 0; i < k; i++)
				lane[i % 16] = fmaf(fm_from_f16(w[r * k + i]),
				    x[t * ldx + i], lane[i % 16]);
			y[t * ldy + r] = tree16(lane);
		}
}

static void
matmul_bf16(float *y, size_t ldy, const uint16_t *w, const float *x,
    size_t ldx, size_t rows, size_t n, size_t k)
{
	for (size_t t = 0; t < n; t++)
		for (size_t r = 0; r < rows; r++) {
			float lane[16] = { 0 };
			for (size_t i = 0; i < k; i++)
				lane[i % 16] = fmaf(fm_from_bf16(w[r * k + i]),
				    x[t * ldx + i], lane[i % 16]);
			y[t * ldy + r] = tree16(lane);
		}
}

static void
from_f16(float *y, const uint16_t *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fm_from_f16(w[i]);
}

static void
from_bf16(float *y, const uint16_t *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fm_from_bf16(w[i]);
}

static void
to_f16(uint16_t *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fm_to_f16(x[i]);
}

static void
softcap(float *x, size_t n, float cap)
{
	for (size_t i = 0; i < n; i++)
		x[i] = cap * fm_tanhf(x[i] / cap);
}

/* Scores s[64] of the query with positions from..to-1. */
static void
attn_scores(float *s, const float *q, const void *k, size_t to,
    const struct kern_attn *a, float element(const void *p, size_t i))
{
	for (size_t j = a->from; j < to; j++) {
		size_t at = j / 16 * a->hd * 16 + j % 16;
		s[j] = 0;
		for (size_t i = 0; i < a->hd; i++)
			s[j] = fmaf(q[i], element(k, at + i * 16), s[j]);
		s[j] *= a->scale;
	}
	if (a->cap > 0)
		softcap(s + a->from, to - a->from, a->cap);
}

/* What comes of them. */
static void
attn_values(float *o, float *m, float *l, const float *scores, const void *v,
    size_t to, const struct kern_attn *a, float element(const void *p, size_t i))
{
	float s[KERN_PAGE] = { 0 }, top = *m, c;

	for (size_t j = a->from; j < to; j++)
		top = scores[j] > top ? scores[j] : top;
	c = fm_expf(*m - top);
	for (size_t j = a->from; j < to; j++)
		s[j] = fm_expf(scores[j] - top);
	*l = fmaf(*l, c, sum(s, to));
	*m = top;
	for (size_t i = a->lo; i < a->hi; i++)
		o[i] *= c;
	for (size_t j = a->from; j < to; j++)
		for (size_t i = a->lo; i < a->hi; i++)
			o[i] = fmaf(s[j], element(v, j * a->hd + i), o[i]);
}

static void
attend(float *o, float *m, float *l, const float *q, const void *k,
    const void *v, size_t nq, const struct kern_attn *a,
    float element(const void *p, size_t i))
{
	for (size_t h = 0; h < nq; h++) {
		size_t to = kern_attn_to(a, h);
		float own[KERN_PAGE], *s = q == NULL || o == NULL
		    ? a->s + h * KERN_PAGE : own;
		if (q != NULL)
			attn_scores(s, q + h * a->hd, k, to, a, element);
		if (o != NULL)
			attn_values(o + h * a->hd, m + h, l + h, s, v, to, a,
			    element);
	}
}

static float
element_f32(const void *p, size_t i)
{
	return ((const float *)p)[i];
}

static float
element_f16(const void *p, size_t i)
{
	return fm_from_f16(((const uint16_t *)p)[i]);
}

static void
attn_f32(float *o, float *m, float *l, const float *q, const float *k,
    const float *v, size_t nq, const struct kern_attn *a)
{
	attend(o, m, l, q, k, v, nq, a, element_f32);
}

static void
attn_f16(float *o, float *m, float *l, const float *q, const uint16_t *k,
    const uint16_t *v, size_t nq, const struct kern_attn *a)
{
	attend(o, m, l, q, k, v, nq, a, element_f16);
}

static void
silu_mul(float *y, const float *g, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = g[i] / (1 + fm_expf(-g[i])) * y[i];
}

static void
gelu(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float u = 0.79788456f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
		x[i] = x[i] / (1 + fm_expf(-2 * u));
	}
}

static void
gelu_erf(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] *= 0.5f + 0.5f * fm_erff(x[i] * 0.70710678f);
}

static uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	/* i times x^28 modulo the reflected polynomial 0x82f63b78 */
	static const uint32_t by4[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede,
		0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4,
		0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };
	const unsigned char *s = p;

	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= s[i];
		crc = crc >> 4 ^ by4[crc & 15];
		crc = crc >> 4 ^ by4[crc & 15];
	}
	return ~crc;
}

/* One function for every type of blocks. */
#define BLOCKS(f)                                                              \
	{                                                                      \
		[DTYPE_Q4_0] = f, [DTYPE_Q4_1] = f, [DTYPE_Q5_0] = f,          \
		[DTYPE_Q5_1] = f, [DTYPE_Q8_0] = f, [DTYPE_Q2_K] = f,          \
		[DTYPE_Q3_K] = f, [DTYPE_Q4_K] = f, [DTYPE_Q5_K] = f,          \
		[DTYPE_Q6_K] = f, [DTYPE_IQ4_NL] = f, [DTYPE_IQ4_XS] = f,      \
	}

static const struct kern scalar = {
	.name = "scalar",
	.dot = dot,
	.sum = sum,
	.matmul_f32 = matmul_f32,
	.matmul_f16 = matmul_f16,
	.matmul_bf16 = matmul_bf16,
	.matmul_q = BLOCKS(scalar_matmul_q),
	.add_q = BLOCKS(scalar_add_q),
	.quant_q8 = scalar_quant_q8,
	.from_f16 = from_f16,
	.from_bf16 = from_bf16,
	.dequant = BLOCKS(scalar_dequant),
	.to_f16 = to_f16,
	.attn_f16 = attn_f16,
	.attn_f32 = attn_f32,
	.softcap = softcap,
	.silu_mul = silu_mul,
	.gelu = gelu,
	.gelu_erf = gelu_erf,
	.crc32c = crc32c,
};

const struct kern *
kernel_scalar(void)
{
	return &scalar;
}
