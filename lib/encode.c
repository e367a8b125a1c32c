#include "encode.h"

#include <float.h>
#include <math.h>

#include "dtype.h"
#include "fmath.h"

static void
to_f32(void *to, const float *x, size_t n)
{
	memcpy(to, x, n * sizeof(*x));
}

static void
to_f16(void *to, const float *x, size_t n)
{
	uint16_t *y = to;

	for (size_t i = 0; i < n; i++)
		y[i] = fm_to_f16(x[i]);
}

static void
to_bf16(void *to, const float *x, size_t n)
{
	uint16_t *y = to;

	for (size_t i = 0; i < n; i++)
		y[i] = fm_to_bf16(x[i]);
}

/* 1/d, or 0 where d is too small to have one. */
static float
inverse(float d)
{
	float id = d != 0 ? 1 / d : 0;

	return fabsf(id) <= FLT_MAX ? id : 0;
}

/* The first of the values of largest magnitude. */
static float
extreme(const float *x)
{
	float top = 0;

	for (int i = 0; i < QK; i++)
		top = fabsf(x[i]) > fabsf(top) ? x[i] : top;
	return top;
}

static void
to_q8_0(void *to, const float *x, size_t n)
{
	struct q8_0 *w = to;

	for (; n > 0; n -= QK, x += QK, w++) {
		float d = fabsf(extreme(x)) / 127, id = inverse(d);
		w->d = fm_to_f16(d);
		for (int i = 0; i < QK; i++)
			w->q[i] = (int8_t)roundf(x[i] * id);
	}
}

/* Signed values from -half to half - 1, kept with half added: the extreme one
 * becomes -half. */
static float
signed_levels(uint8_t *q, const float *x, int half)
{
	float d = extreme(x) / (float)-half, id = inverse(d);

	for (int i = 0; i < QK; i++) {
		int v = (int)(x[i] * id + ((float)half + 0.5f));
		q[i] = (uint8_t)(v < 2 * half ? v : 2 * half - 1);
	}
	return d;
}

static void
pack(uint8_t *q4, const uint8_t *q)
{
	for (int i = 0; i < QK / 2; i++)
		q4[i] = (uint8_t)((q[i] & 15) | (q[i + QK / 2] & 15) << 4);
}

static void
to_q4_0(void *to, const float *x, size_t n)
{
	struct q4_0 *w = to;
	uint8_t q[QK];

	for (; n > 0; n -= QK, x += QK, w++) {
		w->d = fm_to_f16(signed_levels(q, x, 8));
		pack(w->q4, q);
	}
}

static void
to_q5_0(void *to, const float *x, size_t n)
{
	struct q5_0 *w = to;
	uint8_t q[QK];

	for (; n > 0; n -= QK, x += QK, w++) {
		w->d = fm_to_f16(signed_levels(q, x, 16));
		pack(w->q4, q);
		memset(w->h, 0, sizeof(w->h));
		for (int i = 0; i < QK; i++)
			w->h[i / 8] = (uint8_t)(w->h[i / 8] |
			    (q[i] >> 4) << i % 8);
	}
}

static void
to_q4_1(void *to, const float *x, size_t n)
{
	struct q4_1 *w = to;
	uint8_t q[QK];

	for (; n > 0; n -= QK, x += QK, w++) {
		float low = x[0], high = x[0], d, id;
		for (int i = 1; i < QK; i++) {
			low = x[i] < low ? x[i] : low;
			high = x[i] > high ? x[i] : high;
		}
		d = (high - low) / 15;
		id = inverse(d);
		for (int i = 0; i < QK; i++) {
			int v = (int)((x[i] - low) * id + 0.5f);
			q[i] = (uint8_t)(v < 15 ? v : 15);
		}
		w->d = fm_to_f16(d);
		w->m = fm_to_f16(low);
		pack(w->q4, q);
	}
}

/* Scales are f16, which ends at 65504. */
static const struct encoder table[DTYPES] = {
	[DTYPE_F32] = { to_f32, FLT_MAX },
	[DTYPE_F16] = { to_f16, 65504 },
	[DTYPE_BF16] = { to_bf16, 0x1.fep127f },
	[DTYPE_Q8_0] = { to_q8_0, 65504 },
	[DTYPE_Q4_0] = { to_q4_0, 65504 },
	[DTYPE_Q4_1] = { to_q4_1, 65504 },
	[DTYPE_Q5_0] = { to_q5_0, 65504 },
	[DTYPE_Q4_K] = { encode_q4_k, 65504 },
	[DTYPE_Q6_K] = { encode_q6_k, 65504 },
};

const struct encoder *
encode_get(uint32_t type)
{
	return type < DTYPES && table[type].row != NULL ? &table[type] : NULL;
}
