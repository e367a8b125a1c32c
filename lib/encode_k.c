/*
 * encode_k - the encoders of Q4_K and Q6_K; see encode.h. Both are of groups
 * whose scales (and minima) are themselves small integers times a scale that
 * the block has. First each group finds, over a range of scales, the real one
 * that leaves the least squared error; then the block's scale is that of the
 * largest; then integers beside the nearest ones are tried, with the values
 * rounded anew; then the block's scale is fitted to what was chosen, and all
 * of it done once more, for as long as the error falls.
 */
#include <float.h>
#include <math.h>

#include "dtype.h"
#include "encode.h"
#include "fmath.h"

enum {
	LANES = 16, /* sums are of so many, then added as a tree */
	PASSES = 4, /* at most, over a block */
};

static float
tree(float *v)
{
	for (int half = LANES / 2; half > 0; half /= 2)
		for (int i = 0; i < half; i++)
			v[i] += v[i + half];
	return v[0];
}

/* To the nearest integer in [low, high], |high| < 2^22: halves to even. */
static inline float
level(float x, float low, float high)
{
	const float magic = 12582912.0f; /* 1.5 * 2^23 */

	x = x < low ? low : x;
	x = x > high ? high : x;
	return (x + magic) - magic;
}

/* A float as the file will have it. */
static float
half(float x)
{
	return fm_from_f16(fm_to_f16(x));
}

/* The levels of x[n] with this step and minimum, and the squared error that
 * remains. */
static float
levels(float *q, const float *x, size_t n, float step, float min, float low,
    float high)
{
	float inverse = step != 0 ? 1 / step : 0, e[LANES] = { 0 };

	if (!(fabsf(inverse) <= FLT_MAX))
		inverse = 0;
	for (size_t j = 0; j < n; j += LANES)
		for (size_t i = 0; i < LANES; i++) {
			float v = level((x[j + i] + min) * inverse, low, high);
			float off = step * v - min - x[j + i];
			q[j + i] = v;
			e[i] += off * off;
		}
	return tree(e);
}

/* Sums that a least-squares fit of x to levels takes. */
struct sums {
	float q, qq, xq;
};

/* Those of the levels that a step of 1/inverse gives. */
static struct sums
sums(const float *x, size_t n, float inverse, float min, float low, float high)
{
	float q[LANES] = { 0 }, qq[LANES] = { 0 }, xq[LANES] = { 0 };

	for (size_t j = 0; j < n; j += LANES)
		for (size_t i = 0; i < LANES; i++) {
			float v = level((x[j + i] + min) * inverse, low, high);
			q[i] += v;
			qq[i] += v * v;
			xq[i] += v * x[j + i];
		}
	return (struct sums) { tree(q), tree(qq), tree(xq) };
}

static float
dot(const float *x, const float *y, size_t n)
{
	float s[LANES] = { 0 };

	for (size_t j = 0; j < n; j += LANES)
		for (size_t i = 0; i < LANES; i++)
			s[i] += x[j + i] * y[j + i];
	return tree(s);
}

/* Q6_K: groups of 16, x = d * s * q, q in [-32, 31]. */
enum { G6 = 16, N6 = QK_K / G6 };

/* The real step of a group. What is left of sum x^2 by the best step for given
 * levels is (sum xq)^2 / sum q^2 less. */
static float
step_q6(const float *x)
{
	float top = 0, best = 0, step = 0;

	for (int i = 0; i < G6; i++)
		top = fabsf(x[i]) > fabsf(top) ? x[i] : top;
	if (!(fabsf(1 / top) <= FLT_MAX / 64))
		return 0;
	/* from the middle: where all are as good it is a round number */
	for (int i = 0; i < 19; i++) {
		float k = (float)(i % 2 != 0 ? -(i + 1) / 2 : i / 2);
		struct sums s = sums(x, G6, -(32 + 0.1f * k) / top, 0, -32,
		    31);
		if (s.qq > 0 && s.xq * s.xq > best * s.qq) {
			best = s.xq * s.xq / s.qq;
			step = s.xq / s.qq;
		}
	}
	return step;
}

/* A block while it is tried. */
struct try_q6 {
	float d;
	float s[N6], q[QK_K];
	float error;
};

/* The scales and levels for t->d. */
static void
choose_q6(struct try_q6 *t, const float *x, const float *step)
{
	float q[G6], inverse = t->d != 0 ? 1 / t->d : 0;

	t->error = 0;
	for (int g = 0; g < N6; g++) {
		float near = level(step[g] * inverse, -128, 127);
		float best = INFINITY;
		for (int k = -1; k <= 1; k++) {
			float s = level(near + (float)k, -128, 127);
			float e = levels(q, x + g * G6, G6, t->d * s, 0, -32,
			    31);
			if (e < best) {
				best = e;
				t->s[g] = s;
				memcpy(t->q + g * G6, q, sizeof(q));
			}
		}
		t->error += best;
	}
}

/* The d that is best for t's scales and levels. */
static float
fit_q6(const struct try_q6 *t, const float *x)
{
	float xq = 0, qq = 0;

	for (int g = 0; g < N6; g++) {
		const float *q = t->q + g * G6;
		xq += t->s[g] * dot(x + g * G6, q, G6);
		qq += t->s[g] * t->s[g] * dot(q, q, G6);
	}
	return half(qq > 0 ? xq / qq : 0);
}

static void
store_q6(struct q6_k *w, const struct try_q6 *t)
{
	*w = (struct q6_k) { .d = fm_to_f16(t->d) };
	for (int g = 0; g < N6; g++)
		w->s[g] = (int8_t)t->s[g];
	for (int i = 0; i < QK_K; i++) {
		int part = i / 128, j = i % 128, q = (int)t->q[i] + 32;
		uint8_t *q4 = &w->q4[part * 64 + j % 64];
		uint8_t *q2 = &w->q2[part * 32 + j % 32];
		*q4 = (uint8_t)(*q4 | (q & 15) << 4 * (j / 64));
		*q2 = (uint8_t)(*q2 | (q >> 4) << 2 * (j / 32));
	}
}

void
encode_q6_k(void *to, const float *x, size_t n)
{
	struct q6_k *w = to;

	for (; n > 0; n -= QK_K, x += QK_K, w++) {
		struct try_q6 best, t;
		float step[N6], top = 0;
		for (int g = 0; g < N6; g++) {
			step[g] = step_q6(x + g * G6);
			top = fabsf(step[g]) > fabsf(top) ? step[g] : top;
		}
		best.d = half(top / -128);
		choose_q6(&best, x, step);
		for (int k = 1; k < PASSES; k++) {
			t.d = fit_q6(&best, x);
			choose_q6(&t, x, step);
			if (!(t.error < best.error))
				break;
			best = t;
		}
		store_q6(w, &best);
	}
}

/* Q4_K: groups of 32, x = d * s * q - dmin * m, q in [0, 15]; s, m in
 * [0, 63]. */
enum { G4 = 32, N4 = QK_K / G4 };

struct line {
	float step, min; /* x = step * q - min, both >= 0 */
};

/* The best line for given levels, and the error that it leaves. */
static float
fit_line(struct line *y, struct sums s, float x, float xx)
{
	const float n = G4;
	float det = n * s.qq - s.q * s.q;
	float min = det > 0 ? (s.q * s.xq - s.qq * x) / det : 0;

	if (det > 0 && min > 0) {
		*y = (struct line) { (n * s.xq - x * s.q) / det, min };
		return xx - y->step * s.xq + min * x;
	}
	*y = (struct line) { s.qq > 0 ? s.xq / s.qq : 0, 0 };
	return xx - y->step * s.xq;
}

/* The real step and minimum of a group. */
static struct line
line_q4(const float *x)
{
	float low = 0, high = x[0], sum[LANES] = { 0 }, xx = dot(x, x, G4), s;
	struct line best = { 0 }, y;
	float least = INFINITY, e;

	for (int i = 0; i < G4; i++) {
		low = x[i] < low ? x[i] : low;
		high = x[i] > high ? x[i] : high;
		sum[i % LANES] += x[i];
	}
	s = tree(sum);
	best.min = -low;
	if (!(fabsf(1 / (high - low)) <= FLT_MAX / 64))
		return best;
	for (int k = -12; k <= 12; k++) {
		e = fit_line(&y, sums(x, G4, (15 + 0.1f * (float)k) /
		    (high - low), -low, 0, 15), s, xx);
		if (e < least && y.step > 0) {
			least = e;
			best = y;
		}
	}
	for (int k = 0; k < 3 && best.step > 0; k++) {
		e = fit_line(&y, sums(x, G4, 1 / best.step, best.min, 0, 15),
		    s, xx);
		if (!(e < least && y.step > 0))
			break;
		least = e;
		best = y;
	}
	return best;
}

struct try_q4 {
	float d, dmin;
	float s[N4], m[N4], q[QK_K];
	float error;
};

static void
choose_q4(struct try_q4 *t, const float *x, const struct line *y)
{
	float by_d = t->d > 0 ? 1 / t->d : 0, q[G4];
	float by_min = t->dmin > 0 ? 1 / t->dmin : 0;

	t->error = 0;
	for (int g = 0; g < N4; g++) {
		float s0 = level(y[g].step * by_d, 0, 63);
		float m0 = level(y[g].min * by_min, 0, 63);
		float best = INFINITY;
		for (int k = 0; k < 9; k++) {
			float s = level(s0 + (float)(k / 3 - 1), 0, 63);
			float m = level(m0 + (float)(k % 3 - 1), 0, 63);
			float e = levels(q, x + g * G4, G4, t->d * s,
			    t->dmin * m, 0, 15);
			if (e < best) {
				best = e;
				t->s[g] = s;
				t->m[g] = m;
				memcpy(t->q + g * G4, q, sizeof(q));
			}
		}
		t->error += best;
	}
}

/* The d and dmin that are best for what b has chosen: x = d * (s q) - dmin *
 * m, by normal equations. */
static void
fit_q4(struct try_q4 *t, const struct try_q4 *b, const float *x)
{
	float aa = 0, ab = 0, bb = 0, xa = 0, xb = 0, ones[G4], det;

	for (int i = 0; i < G4; i++)
		ones[i] = 1;
	for (int g = 0; g < N4; g++) {
		const float *q = b->q + g * G4, *v = x + g * G4;
		float s = b->s[g], m = b->m[g];
		aa += s * s * dot(q, q, G4);
		ab += s * m * dot(q, ones, G4);
		bb += m * m * (float)G4;
		xa += s * dot(v, q, G4);
		xb += m * dot(v, ones, G4);
	}
	det = aa * bb - ab * ab;
	*t = *b;
	if (det > 0) {
		t->d = half((xa * bb - xb * ab) / det);
		t->dmin = half((xa * ab - xb * aa) / det);
	} else if (aa > 0) {
		t->d = half(xa / aa);
	}
	if (!(t->d > 0 && t->dmin >= 0)) {
		t->d = b->d;
		t->dmin = b->dmin;
	}
}

static void
store_q4(struct q4_k *w, const struct try_q4 *t)
{
	*w = (struct q4_k) { fm_to_f16(t->d), fm_to_f16(t->dmin), { 0 },
		{ 0 } };
	for (int j = 0; j < 4; j++) {
		int s = (int)t->s[j], s4 = (int)t->s[j + 4];
		int m = (int)t->m[j], m4 = (int)t->m[j + 4];
		w->sc[j] = (uint8_t)(s | (s4 >> 4) << 6);
		w->sc[4 + j] = (uint8_t)(m | (m4 >> 4) << 6);
		w->sc[8 + j] = (uint8_t)((s4 & 15) | (m4 & 15) << 4);
	}
	for (int i = 0; i < QK_K; i++) {
		uint8_t *q4 = &w->q4[i / 64 * 32 + i % 32];
		*q4 = (uint8_t)(*q4 | (int)t->q[i] << 4 * (i / 32 % 2));
	}
}

void
encode_q4_k(void *to, const float *x, size_t n)
{
	struct q4_k *w = to;

	for (; n > 0; n -= QK_K, x += QK_K, w++) {
		struct try_q4 best, t;
		struct line y[N4];
		float step = 0, min = 0;
		for (int g = 0; g < N4; g++) {
			y[g] = line_q4(x + g * G4);
			step = y[g].step > step ? y[g].step : step;
			min = y[g].min > min ? y[g].min : min;
		}
		best.d = half(step / 63);
		best.dmin = half(min / 63);
		choose_q4(&best, x, y);
		for (int k = 1; k < PASSES; k++) {
			fit_q4(&t, &best, x);
			choose_q4(&t, x, y);
			if (!(t.error < best.error))
				break;
			best = t;
		}
		store_q4(w, &best);
	}
}
