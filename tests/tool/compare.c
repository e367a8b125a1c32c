/*
 * compare - a stream of logits (binary, dense) on stdin against reference
 * logits, little-endian float32 rows, in a file:
 *
 *	compare FILE [ROW...]
 *
 * ROW: which of the stream's records the file's rows are, from 0 (default: all).
 * Prints: rows, the largest difference, the mean KL(reference || stream) in
 * nats, and in how many rows the likeliest token is the same. Arithmetic by
 * libm, in double: nothing of what is tested.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
u32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

/* log of the sum of exp */
static double
lse(const float *x, size_t n)
{
	double top = -INFINITY, sum = 0;

	for (size_t i = 0; i < n; i++)
		top = fmax(top, (double)x[i]);
	for (size_t i = 0; i < n; i++)
		sum += exp((double)x[i] - top);
	return top + log(sum);
}

static void *
need(size_t bytes)
{
	void *p = malloc(bytes + 1);

	if (p == NULL)
		exit(2);
	return p;
}

int
main(int argc, char **argv)
{
	unsigned char head[32];
	FILE *ref = argc > 1 ? fopen(argv[1], "rb") : NULL;
	double worst = 0, kl = 0;
	long row = -1, rows = 0, same = 0;

	if (ref == NULL)
		return 2;
	while (fread(head, 1, 32, stdin) == 32) {
		uint32_t v = u32(head + 8), n = u32(head + 12);
		size_t skip = 4 * ((size_t)u32(head + 16) + u32(head + 20));
		size_t top = 0, ours = 0;
		float *x = need(4 * (size_t)n), *y = need(4 * (size_t)n);
		char *rest = need(skip);
		double a, b;
		if (memcmp(head, "DIST\1L", 6) != 0 || n != v ||
		    fread(rest, 1, skip, stdin) != skip ||
		    fread(x, 4, n, stdin) != n)
			return 2;
		free(rest);
		row++;
		if (argc > 2 && (rows + 2 >= argc ||
		    atol(argv[rows + 2]) != row)) {
			free(x);
			free(y);
			continue;
		}
		if (fread(y, 4, n, ref) != n)
			return 2;
		a = lse(y, n);
		b = lse(x, n);
		for (size_t i = 0; i < n; i++) {
			double d = fabs((double)x[i] - (double)y[i]);
			if (!(d <= worst))
				worst = d;
			kl += exp((double)y[i] - a) *
			    ((double)y[i] - a - ((double)x[i] - b));
			top = y[i] > y[top] ? i : top;
			ours = x[i] > x[ours] ? i : ours;
		}
		same += top == ours;
		rows++;
		free(x);
		free(y);
	}
	if (rows == 0 || fgetc(ref) != EOF)
		return 2;
	printf("%ld %.3g %.3g %ld\n", rows, worst, kl / (double)rows, same);
	return 0;
}
