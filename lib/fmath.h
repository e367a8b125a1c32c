/*
 * fmath - elementary functions with the same bits on every machine: libm's
 * differ by library and processor. Each is one sequence of IEEE operations
 * (multiplications and additions, never fused), so that a compiler may do
 * several at once without a change of bits. Errors are below 2 units in the
 * last place. Sources: argument reduction by Cody and Waite, "Software Manual
 * for the Elementary Functions" (1980); the series are Taylor's.
 */
#ifndef FMATH_H
#define FMATH_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(FLT_EVAL_METHOD == 0, "float expressions must round to float");

static inline uint32_t
fm_bits(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

static inline float
fm_float(uint32_t u)
{
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

/*
 * e^x in float; fm_expf(0) is 1. x = n ln 2 + r, |r| <= ln 2 / 2, n by adding
 * 1.5 * 2^23, whose last bits then hold n; 2^n in two halves, so that results
 * down to the smallest denormal come out right. Branch-free. NaN gives NaN.
 */
static inline float
fm_expf(float x)
{
	const float magic = 12582912.0f;
	float c = x < -105.0f ? -105.0f : x;
	float d = c > 90.0f ? 90.0f : c;
	float t = d * 1.44269504f + magic;
	float f = t - magic;
	/* ln 2 in two parts: f * 0.693359375 is exact */
	float r = (d - f * 0.693359375f) - f * -2.12194440e-4f;
	uint32_t n = fm_bits(t) - 0x4b400000u;
	uint32_t half = (uint32_t)((int32_t)n >> 1);
	float p = 1.0f / 5040;

	p = p * r + 1.0f / 720;
	p = p * r + 1.0f / 120;
	p = p * r + 1.0f / 24;
	p = p * r + 1.0f / 6;
	p = p * r + 0.5f;
	p = p * r + 1.0f;
	p = p * r + 1.0f;
	return p * fm_float((half + 127) << 23) *
	    fm_float((n - half + 127) << 23);
}

/* tanh x = 1 - 2 / (e^2x + 1): right to 1e-7, absolutely. */
static inline float
fm_tanhf(float x)
{
	return 1 - 2 / (fm_expf(2 * x) + 1);
}

/* The error function, right to 7e-7, absolutely: Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 7.1.26. */
static inline float
fm_erff(float x)
{
	float a = x < 0 ? -x : x, t = 1 / (1 + 0.3275911f * a);
	float p = 1.061405429f;

	p = p * t - 1.453152027f;
	p = p * t + 1.421413741f;
	p = p * t - 0.284496736f;
	p = p * t + 0.254829592f;
	p = 1 - p * t * fm_expf(-a * a);
	return x < 0 ? -p : p;
}

/* e^x in double. */
double fm_exp(double x);
/* The natural logarithm: -inf of 0, NaN of a negative number. */
double fm_log(double x);
/* y[i] = fm_exp(x[i]), -700 <= x[i] <= 0; y may be x. */
void fm_exp_row(double *y, const double *x, size_t n);
/* The same to 3 in 10^10, for what is rounded to float next. */
void fm_exp_row_short(double *y, const double *x, size_t n);
/* y[i] = fm_log(x[i]); x[n] holds nothing negative, no infinity, no NaN. */
void fm_log_floats(double *y, const float *x, size_t n);
/* The least and the largest of x[n], which holds no NaN; inf and -inf when n is
 * 0. */
void fm_range(const float *x, size_t n, float *least, float *most);
/* Sine and cosine, |x| up to 2^20. */
void fm_sincos(double x, double *sin, double *cos);

/* IEEE half and bfloat16: exact to float; from float to nearest, ties to
 * even. */
static inline float
fm_from_f16(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
	uint32_t e = h >> 10 & 31, m = h & 1023u;

	if (e == 31) /* a NaN is made quiet, as processors do */
		return fm_float(sign | 0x7f800000u | m << 13 |
		    (m ? 0x400000u : 0));
	if (e == 0) {
		float f = (float)m * 0x1p-24f;
		return sign ? -f : f;
	}
	return fm_float(sign | (e + 112) << 23 | m << 13);
}

static inline uint16_t
fm_to_f16(float x)
{
	uint32_t u = fm_bits(x), sign = u >> 16 & 0x8000u, a = u & 0x7fffffffu;

	if (a > 0x7f800000u)
		return (uint16_t)(sign | 0x7e00u | (a >> 13 & 0x3ffu));
	if (a >= 0x477ff000u) /* rounds to 65536 or more */
		return (uint16_t)(sign | 0x7c00u);
	if (a < 0x38800000u) { /* below 2^-14: let the addition round */
		float f = fm_float(a) + 0.5f;
		return (uint16_t)(sign | (fm_bits(f) - 0x3f000000u));
	}
	a += 0xfffu + (a >> 13 & 1);
	return (uint16_t)(sign | ((a >> 13) - (112u << 10)));
}

static inline float
fm_from_bf16(uint16_t h)
{
	return fm_float((uint32_t)h << 16);
}

static inline uint16_t
fm_to_bf16(float x)
{
	uint32_t u = fm_bits(x);

	if ((u & 0x7fffffffu) > 0x7f800000u) /* a NaN stays one */
		return (uint16_t)(u >> 16 | 0x40u);
	return (uint16_t)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
}

#endif
