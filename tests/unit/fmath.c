/* fmath: against libm, in the last place; and what must be exact. */
#include "fmath.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MANY = 200000 };

static int n;
static uint64_t state = 1;

static void
ok(int pass, const char *what, double found)
{
	printf("%sok %d - %s (%g)\n", pass ? "" : "not ", ++n, what, found);
}

/* Uniform in [a, b); a linear congruential generator, always the same. */
static double
uniform(double a, double b)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return a + (b - a) * (double)(state >> 11) * 0x1p-53;
}

static double
worst_of(double worst, double got, double want, double unit)
{
	double e = fabs(got - want) / unit;

	return e <= worst ? worst : e; /* NaN is worst of all */
}

static void
against_libm(void)
{
	double exps = 0, logs = 0, turns = 0, floats = 0;
	double tanhs = 0, erfs = 0;

	for (int i = 0; i < MANY; i++) {
		double x = uniform(-700, 700), y = exp(uniform(-300, 300));
		double z = uniform(-1e5, 1e5), s, c;
		float f = (float)uniform(-87, 88);

		exps = worst_of(exps, fm_exp(x), exp(x), exp(x) * DBL_EPSILON);
		if (i % 2 == 0)
			y = 1 + uniform(-1e-2, 1e-2);
		logs = worst_of(logs, fm_log(y), log(y),
		    fabs(log(y)) * DBL_EPSILON);
		fm_sincos(z, &s, &c);
		turns = worst_of(turns, s, sin(z), DBL_EPSILON);
		turns = worst_of(turns, c, cos(z), DBL_EPSILON);
		tanhs = worst_of(tanhs, (double)fm_tanhf(f / 20),
		    tanh((double)(f / 20)), 1e-7);
		erfs = worst_of(erfs, (double)fm_erff(f / 20),
		    erf((double)(f / 20)), 1e-7);
		floats = worst_of(floats, (double)fm_expf(f), exp((double)f),
		    exp((double)f) * (double)FLT_EPSILON);
	}
	ok(exps < 2, "exp: units in the last place", exps);
	ok(logs < 2, "log", logs);
	ok(turns < 2, "sine and cosine", turns);
	ok(floats < 1.01, "exp in float", floats);
	ok(tanhs < 2, "tanh in float: units of 1e-7", tanhs);
	ok(erfs < 7, "erf in float", erfs);
}

/* Every half there and back; every float that a half rounds from, near ties. */
static void
halves(void)
{
	long wrong = 0;

	for (uint32_t h = 0; h < 65536; h++) {
		float f = fm_from_f16((uint16_t)h), next;
		int e = (int)(h >> 10 & 31), m = (int)(h & 1023);
		float want = ldexpf((float)(e ? m + 1024 : m),
		    (e ? e : 1) - 25);

		if (e == 31) {
			wrong += m ? !isnan(f) : !isinf(f);
			wrong += m == 0 && fm_to_f16(f) != h;
			continue;
		}
		wrong += f != (h & 0x8000 ? -want : want);
		wrong += fm_to_f16(f) != h;
		/* half way to the next: to even; a hair beyond: up */
		next = fm_from_f16((uint16_t)(h + 1));
		if (e == 30 && m == 1023)
			continue;
		f = f / 2 + next / 2;
		wrong += fm_to_f16(f) != (h & 1 ? h + 1 : h);
		wrong += fm_to_f16(nextafterf(f, next)) != h + 1;
		wrong += fm_to_f16(nextafterf(f, 0)) != h;
	}
	ok(wrong == 0, "halves", (double)wrong);
	ok(fm_to_f16(65519.996f) == 0x7bff && fm_to_f16(65520.0f) == 0x7c00 &&
	    fm_to_f16(-1e30f) == 0xfc00 && fm_to_f16(1e-30f) == 0,
	    "beyond what halves hold", 0);
}

/* Many at once: the bits of one at a time, over all exponents of floats. */
static void
arrays(void)
{
	enum { LEN = 1001 };
	static float x[LEN];
	static double y[LEN];
	long wrong = 0;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < LEN; i++)
			x[i] = (float)exp(uniform(-103, 88));
		x[0] = 0;
		x[1] = 0x1p-149f;
		x[LEN - 1] = 1;
		fm_log_floats(y, x, LEN);
		for (int i = 0; i < LEN; i++) {
			double want = fm_log((double)x[i]);
			wrong += memcmp(&y[i], &want, sizeof(want)) != 0;
		}
	}
	ok(wrong == 0, "logarithms of an array", (double)wrong);
}

/* The same of exponentials, and those that are right to 3 in 10^10. */
static void
exponentials(void)
{
	enum { LEN = 1001 };
	static double x[LEN], y[LEN];
	long wrong = 0;
	double worst = 0;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < LEN; i++)
			x[i] = -exp(uniform(-40, log(700)));
		x[0] = 0;
		x[LEN - 1] = -700;
		fm_exp_row(y, x, LEN);
		for (int i = 0; i < LEN; i++) {
			double want = fm_exp(x[i]);
			wrong += memcmp(&y[i], &want, sizeof(want)) != 0;
		}
		fm_exp_row_short(y, x, LEN);
		for (int i = 0; i < LEN; i++)
			worst = worst_of(worst, y[i], exp(x[i]), exp(x[i]));
	}
	ok(wrong == 0, "exponentials of an array", (double)wrong);
	ok(worst < 3e-10, "short ones", worst);
	fm_exp_row(y, x, LEN);
	fm_exp_row(x, x, LEN);
	ok(memcmp(x, y, sizeof(x)) == 0, "in place", 0);
}

/* The least and the largest, at every place of rows of several lengths. */
static void
ranges(void)
{
	enum { LEN = 100 };
	float x[LEN] = { 0 }, least, most;
	long wrong = 0;

	fm_range(x, 0, &least, &most);
	wrong += least != INFINITY || most != -INFINITY;
	for (size_t len = 1; len <= LEN; len++)
		for (size_t at = 0; at < len; at++) {
			for (size_t i = 0; i < len; i++)
				x[i] = (float)uniform(-1, 1);
			x[at] = -2;
			x[(at + len / 2) % len] = len > 1 ? 3 : -2;
			fm_range(x, len, &least, &most);
			wrong += least != -2 || most != (len > 1 ? 3 : -2);
		}
	x[0] = -INFINITY;
	fm_range(x, 1, &least, &most);
	wrong += least != -INFINITY || most != -INFINITY;
	ok(wrong == 0, "the range of a row", (double)wrong);
}

int
main(void)
{
	printf("1..17\n");
	against_libm();
	ok(fm_expf(0) == 1 && fm_expf(-0.0f) == 1 && fm_exp(0) == 1,
	    "exp(0) is 1", 0);
	ok(fm_expf(-INFINITY) == 0 && fm_expf(INFINITY) == INFINITY &&
	    isnan(fm_expf(NAN)) && fm_exp(-INFINITY) == 0 &&
	    fm_exp(INFINITY) == INFINITY && isnan(fm_exp(NAN)),
	    "exp at the ends", 0);
	ok(fm_log(1) == 0 && fm_log(0) == -INFINITY && isnan(fm_log(-1)) &&
	    fm_log(INFINITY) == INFINITY && isnan(fm_log(NAN)) &&
	    fabs(fm_log(5e-324) - log(5e-324)) < 1e-12, "log at the ends", 0);
	ok(fm_expf(-100) > 0 && fm_expf(-104) == 0 && fm_expf(89) == INFINITY &&
	    fm_exp(-745) > 0 && fm_exp(-746) == 0, "exp of the smallest", 0);
	halves();
	arrays();
	exponentials();
	ranges();
	return 0;
}
