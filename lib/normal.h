/* normal - the tail of the normal distribution: p-values of z-scores. */
#ifndef NORMAL_H
#define NORMAL_H

/*
 * The probability that a standard normal number is above z, erfc(z / sqrt 2) /
 * 2, to a relative error below 1e-11 as long as the result is a normal double
 * (z < 37.5). Between -3 and 3 by the series of G. Marsaglia, "Evaluating the
 * Normal Distribution", J. Stat. Soft. 11(4), 2004; further out by Laplace's
 * continued fraction, Abramowitz and Stegun 26.2.14.
 */
double normal_above(double z);

#endif
