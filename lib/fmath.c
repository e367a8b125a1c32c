#include "fmath.h"

#include <math.h>

static uint64_t
bits64(double x)
{
	uint64_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

static double
double64(uint64_t u)
{
	double x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

/* ln 2 in two parts; the first has 32 bits, so that n times it is exact */
static const double ln2_hi = 0x1.62e42feep-1, ln2_lo = 0x1.a39ef35793c76p-33;

double
fm_exp(double x)
{
	/* 1/n!, n = 13 down to 2 */
	static const double c[] = { 1.0 / 6227020800, 1.0 / 479001600,
		1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
		1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5 };
	const double magic = 0x1.8p52;
	double d = x < -760 ? -760 : x > 720 ? 720 : x;
	double t = d * 0x1.71547652b82fep+0 + magic;
	double f = t - magic, r = (d - f * ln2_hi) - f * ln2_lo, p = c[0];
	uint64_t n = bits64(t) - 0x4338000000000000u;
	uint64_t half = (uint64_t)((int64_t)n >> 1);

	for (int i = 1; i < 12; i++)
		p = p * r + c[i];
	p = p * (r * r) + r + 1;
	return p * double64((half + 1023) << 52) *
	    double64((n - half + 1023) << 52);
}

/* The logarithm of x 2^e, DBL_MIN <= x <= DBL_MAX. No branch, so that a compiler
 * may do several at once. */
static inline double
log_normal(double x, double e)
{
	const double magic = 0x1p52;
	const uint64_t root = 0x3fe6a09e667f3bcdu; /* of sqrt(1/2) */
	uint64_t u = bits64(x) - root;
	double s, s2, p;

	/* x = m 2^e, m in [sqrt(1/2), sqrt(2)); 1022 + e, never negative, is
	 * made a double as the last bits of a large one */
	e += double64((u + (UINT64_C(1022) << 52)) >> 52 | bits64(magic)) -
	    (magic + 1022);
	s = double64((u & 0xfffffffffffffu) + root);
	/* ln m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...), |s| < 0.172 */
	s = (s - 1) / (s + 1);
	s2 = s * s;
	p = 1.0 / 23 * s2;
	p = (p + 1.0 / 21) * s2;
	p = (p + 1.0 / 19) * s2;
	p = (p + 1.0 / 17) * s2;
	p = (p + 1.0 / 15) * s2;
	p = (p + 1.0 / 13) * s2;
	p = (p + 1.0 / 11) * s2;
	p = (p + 1.0 / 9) * s2;
	p = (p + 1.0 / 7) * s2;
	p = (p + 1.0 / 5) * s2;
	p = (p + 1.0 / 3) * s2;
	return e * ln2_hi + (2 * s + (2 * s * p + e * ln2_lo));
}

double
fm_log(double x)
{
	if (!(x > 0) || x > DBL_MAX)
		return x < 0 ? NAN : x == 0 ? -INFINITY : x;
	return x < DBL_MIN ? log_normal(x * 0x1p54, -54) : log_normal(x, 0);
}

void
fm_log_floats(double *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = log_normal((double)x[i], 0);
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] > 0 ? y[i] : -INFINITY;
}

void
fm_sincos(double x, double *sine, double *cosine)
{
	/* x = n pi/2 + r; pi/2 in three parts, the first two of 33 bits */
	const double magic = 0x1.8p52;
	double t = x * 0x1.45f306dc9c883p-1 + magic, f = t - magic;
	double r = ((x - f * 0x1.921fb544p+0) - f * 0x1.0b4611a6p-34) -
	    f * 0x1.3198a2e037073p-69;
	double r2 = r * r, s = 0, c = 0;
	unsigned n = (unsigned)(bits64(t) & 3);

	/* r^17/17! and r^18/18! are the last terms */
	for (int k = 17; k >= 3; k -= 2)
		s = (s + 1) * (-r2 / (k * (k - 1)));
	for (int k = 18; k >= 2; k -= 2)
		c = (c + 1) * (-r2 / (k * (k - 1)));
	s = r + r * s;
	c = 1 + c;
	*sine = n == 0 ? s : n == 1 ? c : n == 2 ? -s : -c;
	*cosine = n == 0 ? c : n == 1 ? -s : n == 2 ? -c : s;
}
