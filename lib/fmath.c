#include "fmath.h"
#include "wide.h"

#include <math.h>

WIDE_INLINE uint64_t
bits64(double x)
{
	uint64_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

WIDE_INLINE double
double64(uint64_t u)
{
	double x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

/* ln 2 in two parts; the first has 32 bits, so that n times it is exact */
static const double ln2_hi = 0x1.62e42feep-1, ln2_lo = 0x1.a39ef35793c76p-33;

/* 1/n!, n = 13 down to 2 */
static const double exp_term[] = { 1.0 / 6227020800, 1.0 / 479001600,
	1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
	1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5 };

/* 1/n, odd n = 23 down to 3 */
static const double log_term[] = { 1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17,
	1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3 };

double
fm_exp(double x)
{
	const double magic = 0x1.8p52;
	double d = x < -760 ? -760 : x > 720 ? 720 : x;
	double t = d * 0x1.71547652b82fep+0 + magic;
	double f = t - magic, r = (d - f * ln2_hi) - f * ln2_lo;
	double p = exp_term[0];
	uint64_t n = bits64(t) - 0x4338000000000000u;
	uint64_t half = (uint64_t)((int64_t)n >> 1);

	for (int i = 1; i < 12; i++)
		p = p * r + exp_term[i];
	p = p * (r * r) + r + 1;
	return p * double64((half + 1023) << 52) *
	    double64((n - half + 1023) << 52);
}

/* x = m 2^e, m in [sqrt(1/2), sqrt(2)), x a normal number above 0: e, and s =
 * (m - 1) / (m + 1). No branch, so that a compiler may do several at once. */
WIDE_INLINE double
log_split(double x, double *e)
{
	const double magic = 0x1p52;
	const uint64_t root = 0x3fe6a09e667f3bcdu; /* of sqrt(1/2) */
	uint64_t u = bits64(x) - root;
	double m = double64((u & 0xfffffffffffffu) + root);

	/* 1022 + e, never negative, is made a double as the last bits of a
	 * large one */
	*e = double64((u + (UINT64_C(1022) << 52)) >> 52 | bits64(magic)) -
	    (magic + 1022);
	return (m - 1) / (m + 1);
}

/* ln m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...), |s| < 0.172; p is 1/3 +
 * s^2/5 + ... */
WIDE_INLINE double
log_join(double s, double p, double e)
{
	return e * ln2_hi + (2 * s + (2 * s * (p * (s * s)) + e * ln2_lo));
}

double
fm_log(double x)
{
	double s, e, p = log_term[0], tiny = 0;

	if (!(x > 0) || x > DBL_MAX)
		return x < 0 ? NAN : x == 0 ? -INFINITY : x;
	if (x < DBL_MIN) {
		x *= 0x1p54;
		tiny = -54;
	}
	s = log_split(x, &e);
	for (int i = 1; i < 11; i++)
		p = p * (s * s) + log_term[i];
	return log_join(s, p, e + tiny);
}

/*
 * Rows. All of a polynomial is a long chain of operations that wait for each
 * other: a loop over it fills a processor's queues with a few steps, which is
 * all that it can overlap. So a block goes through the terms in several loops.
 */
enum { BLOCK = 64, TERMS = 4 };

/* p = (((p x + c[0]) x + c[1]) x + c[2]) x + c[3] */
WIDE_INLINE void
add_terms(double *restrict p, const double *restrict x, size_t n,
    const double *c)
{
	for (size_t i = 0; i < n; i++) {
		double y = p[i];

		for (size_t k = 0; k < TERMS; k++)
			y = y * x[i] + c[k];
		p[i] = y;
	}
}

/* 2^n, n > -1023, of t = n + 1.5 2^52 */
WIDE_INLINE double
power(double t)
{
	return double64((bits64(t) - 0x4338000000000000u + 1023) << 52);
}

WIDE_INLINE void
exp_block(double *y, const double *x, size_t n)
{
	const double magic = 0x1.8p52;
	double t[BLOCK], r[BLOCK], p[BLOCK];

	for (size_t i = 0; i < n; i++) {
		t[i] = x[i] * 0x1.71547652b82fep+0 + magic;
		r[i] = (x[i] - (t[i] - magic) * ln2_hi) -
		    (t[i] - magic) * ln2_lo;
		p[i] = exp_term[0];
	}
	add_terms(p, r, n, exp_term + 1);
	add_terms(p, r, n, exp_term + 5);
	for (size_t i = 0; i < n; i++) {
		double q = p[i];

		for (int k = 9; k < 12; k++)
			q = q * r[i] + exp_term[k];
		q = q * (r[i] * r[i]) + r[i] + 1;
		y[i] = q * power(t[i]);
	}
}

/* Six terms less, ln 2 in one part. */
WIDE_INLINE void
exp_short_block(double *y, const double *x, size_t n)
{
	const double magic = 0x1.8p52;
	double t[BLOCK], r[BLOCK], p[BLOCK];

	for (size_t i = 0; i < n; i++) {
		t[i] = x[i] * 0x1.71547652b82fep+0 + magic;
		r[i] = x[i] - (t[i] - magic) * 0x1.62e42fefa39efp-1;
		p[i] = exp_term[5];
	}
	add_terms(p, r, n, exp_term + 6);
	for (size_t i = 0; i < n; i++) {
		double q = p[i];

		for (int k = 10; k < 12; k++)
			q = q * r[i] + exp_term[k];
		q = (q * r[i] + 1) * r[i] + 1;
		y[i] = q * power(t[i]);
	}
}

WIDE_INLINE void
log_block(double *y, const float *x, size_t n)
{
	double s[BLOCK], s2[BLOCK], e[BLOCK], p[BLOCK];

	for (size_t i = 0; i < n; i++) {
		s[i] = log_split((double)x[i], &e[i]);
		s2[i] = s[i] * s[i];
		p[i] = log_term[0];
	}
	add_terms(p, s2, n, log_term + 1);
	add_terms(p, s2, n, log_term + 5);
	for (size_t i = 0; i < n; i++) {
		double q = p[i];

		for (int k = 9; k < 11; k++)
			q = q * s2[i] + log_term[k];
		y[i] = log_join(s[i], q, e[i]);
	}
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] > 0 ? y[i] : -INFINITY;
}

WIDE_VOID(fm_exp_row, (double *y, const double *x, size_t n),
    (y, x, n))
{
	for (size_t i = 0; i < n; i += BLOCK)
		exp_block(y + i, x + i, n - i < BLOCK ? n - i : BLOCK);
}

WIDE_VOID(fm_exp_row_short, (double *y, const double *x, size_t n),
    (y, x, n))
{
	for (size_t i = 0; i < n; i += BLOCK)
		exp_short_block(y + i, x + i, n - i < BLOCK ? n - i : BLOCK);
}

WIDE_VOID(fm_log_floats, (double *y, const float *x, size_t n),
    (y, x, n))
{
	for (size_t i = 0; i < n; i += BLOCK)
		log_block(y + i, x + i, n - i < BLOCK ? n - i : BLOCK);
}

/* In lanes, which need not wait for each other; so many that a compiler keeps
 * the loop over them. */
WIDE_VOID(fm_range, (const float *x, size_t n, float *least, float *most),
    (x, n, least, most))
{
	enum { LANES = 64 };
	float low[LANES], high[LANES];
	size_t i = 0;

	for (size_t k = 0; k < LANES; k++) {
		low[k] = INFINITY;
		high[k] = -INFINITY;
	}
	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++) {
			low[k] = x[i + k] < low[k] ? x[i + k] : low[k];
			high[k] = x[i + k] > high[k] ? x[i + k] : high[k];
		}
	for (; i < n; i++) {
		low[0] = x[i] < low[0] ? x[i] : low[0];
		high[0] = x[i] > high[0] ? x[i] : high[0];
	}
	*least = INFINITY;
	*most = -INFINITY;
	for (size_t k = 0; k < LANES; k++) {
		*least = low[k] < *least ? low[k] : *least;
		*most = high[k] > *most ? high[k] : *most;
	}
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
