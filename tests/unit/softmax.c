/* softmax: floats that come in parts give the bits of those that come at once,
 * and both those of doubles. */
#include "softmax.h"

#include "mt19937.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 3000, TIMES = 400, PARTS = 8 };

static int n;

static void
ok(bool pass, const char *what)
{
	printf("%sok %d - %s\n", pass ? "" : "not ", ++n, what);
}

static double
unit(struct mt19937 *r)
{
	return mt19937_next(r) / 4294967296.0;
}

static size_t
below(struct mt19937 *r, size_t end)
{
	return mt19937_next(r) % end;
}

/* slope: how values rise or fall from the first to the last. */
static bool
same(struct mt19937 *r, double slope)
{
	static float v[MOST], moved[MOST], p[MOST], q[MOST], whole[MOST];
	static double x[MOST];
	size_t some = 0, size = 1 + below(r, MOST);
	double t = 0.1 + 2 * unit(r);
	struct softmax_run s, once;

	for (size_t i = 0; i < size; i++) {
		v[i] = (float)(20 * unit(r) + slope * (double)i);
		if (unit(r) < 0.05)
			v[i] = -INFINITY;
	}
	v[below(r, size)] = 1;
	for (size_t i = 0; i < size; i++)
		x[i] = v[i];
	softmax_start(&s, p, t);
	for (size_t k = below(r, PARTS); k > 0; k--) {
		some += below(r, size - some + 1);
		memcpy(moved, v, some * sizeof(*v));
		for (size_t i = some; i < size; i++)
			moved[i] = NAN; /* not there yet */
		if (unit(r) < 0.7)
			softmax_some(&s, moved, some);
		else
			softmax_see(&s, moved, some);
	}
	softmax_start(&once, whole, t);
	if (!softmax_end(&s, v, size) || !softmax_end(&once, v, size))
		return false;
	for (size_t from = 0, to; from < size; from = to) {
		to = from + 1 + below(r, size - from);
		softmax_shares(&s, from, to);
	}
	softmax_shares(&once, 0, size);
	return softmax(q, x, size, t) &&
	    memcmp(s.lane, once.lane, sizeof(s.lane)) == 0 &&
	    memcmp(p, q, size * sizeof(*p)) == 0 &&
	    memcmp(whole, q, size * sizeof(*p)) == 0;
}

static bool
always(double slope)
{
	struct mt19937 r;
	bool good = true;

	mt19937_seed(&r, 1);
	for (int i = 0; i < TIMES; i++)
		good &= same(&r, slope);
	return good;
}

static bool
nothing(void)
{
	const float v[] = { -INFINITY, -INFINITY };
	struct softmax_run s;
	float p[2];

	softmax_start(&s, p, 1);
	softmax_some(&s, v, 1);
	return !softmax_end(&s, v, 2);
}

int
main(void)
{
	printf("1..4\n");
	ok(always(0), "the largest anywhere");
	ok(always(0.1), "larger and larger ones");
	ok(always(-0.1), "the largest first");
	ok(nothing(), "nothing that can be drawn");
	return 0;
}
