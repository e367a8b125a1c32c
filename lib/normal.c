#include "normal.h"

#include "fmath.h"

enum { FRACTION = 80 }; /* levels that are enough from z = 3 on */

double
normal_above(double z)
{
	double x = z < 0 ? -z : z, sum = x, term = x, above;
	double density = fm_exp(-0.5 * x * x) * 0.39894228040143267794;

	if (x < 3) {
		/* x + x^3/3 + x^5/15 + x^7/105 + ... */
		for (int k = 3; sum + term > sum; k += 2) {
			term *= x * x / k;
			sum += term;
		}
		above = 0.5 - density * sum;
	} else {
		/* 1/(x + 1/(x + 2/(x + 3/(x + ...)))) */
		for (int k = FRACTION; k > 0; k--)
			sum = x + k / sum;
		above = density / sum;
	}
	return z < 0 ? 1 - above : above;
}
