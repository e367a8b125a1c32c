#include "select.h"

#include "fmath.h"

/* Keys of 32 bits are looked at in three digits. */
enum { DIGITS = 3, BUCKETS = 1 << 11 };
static const int shift[DIGITS] = { 21, 10, 0 };
static const uint32_t mask[DIGITS] = { 2047, 2047, 1023 };

/* Unsigned integers in the order of the numbers; -0 equals 0. */
static uint32_t
key(float v)
{
	uint32_t u = fm_bits(v + 0.0f);

	return u >> 31 ? ~u : u | 0x80000000u;
}

static float
value(uint32_t k)
{
	return fm_float(k >> 31 ? k & 0x7fffffffu : ~k);
}

float
select_least(const float *v, size_t n, size_t k, size_t *ties)
{
	uint32_t found = 0, known = 0;

	/* From the highest digit: which of its values holds the k-th? */
	for (int digit = 0; digit < DIGITS; digit++) {
		size_t count[BUCKETS] = { 0 };
		uint32_t b = mask[digit];

		for (size_t i = 0; i < n; i++) {
			uint32_t u = key(v[i]);
			if ((u & known) == found)
				count[u >> shift[digit] & mask[digit]]++;
		}
		for (; count[b] < k; b--)
			k -= count[b];
		found |= b << shift[digit];
		known |= mask[digit] << shift[digit];
	}
	*ties = k;
	return value(found);
}

/* One pass of a radix sort, stable, descending in this digit. */
static void
sort_digit(float *to, const float *from, size_t n, int digit)
{
	size_t start[BUCKETS] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		start[fm_bits(from[i]) >> shift[digit] & mask[digit]]++;
	for (uint32_t b = mask[digit] + 1; b-- > 0;) {
		size_t count = start[b];
		start[b] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[start[fm_bits(from[i]) >> shift[digit] & mask[digit]]++] =
		    from[i];
}

void
select_sort(float *v, float *tmp, size_t n)
{
	sort_digit(tmp, v, n, 2);
	sort_digit(v, tmp, n, 1);
	sort_digit(tmp, v, n, 0);
	if (n > 0)
		memcpy(v, tmp, n * sizeof(*v));
}

void
select_keep(struct dist *d, const float *by, float least, size_t ties)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		if (!(by[i] > least) && (by[i] != least || ties == 0))
			continue;
		ties -= by[i] == least;
		d->id[n] = d->id[i];
		d->val[n++] = d->val[i];
	}
	d->n = n;
}
