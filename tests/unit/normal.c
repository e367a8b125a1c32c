/* normal: against libm's erfc, and published values. */
#include "normal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

static int n;

static void
ok(int pass, const char *what, double found)
{
	printf("%sok %d - %s (%g)\n", pass ? "" : "not ", ++n, what, found);
}

static double
off(double got, double want)
{
	return fabs(got / want - 1);
}

int
main(void)
{
	double worst = 0, least = 1, e;

	for (int i = -9000; i <= 37500; i++) {
		double z = i / 1000.0, p = normal_above(z);
		e = off(p, 0.5 * erfc(z * 0.70710678118654752440));
		worst = e <= worst ? worst : e;
	}
	ok(worst < 1e-11, "as libm's erfc, -9 to 37.5", worst);
	ok(normal_above(0) == 0.5, "half of it is above 0", normal_above(0));
	/* Abramowitz and Stegun, tables 26.1 (P) and 26.2 (-log10 Q) */
	e = off(1 - normal_above(1), 0.841344746068543);
	ok(e < 1e-14, "P(1)", e);
	e = off(1 - normal_above(2), 0.977249868051821);
	ok(e < 1e-14, "P(2)", e);
	e = fabs(-log10(normal_above(5)) - 6.54265);
	ok(e < 1e-5, "Q(5)", e);
	for (double z = 37.5; z < 100; z += 0.25) {
		double p = normal_above(z);
		if (!(p >= 0 && p <= least))
			worst = 1;
		least = p;
	}
	ok(worst < 1 && least == 0, "falls to 0 beyond", least);
	printf("1..%d\n", n);
	return 0;
}
