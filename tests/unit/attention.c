/*
 * attention: kernels of attention, over pages that are seen in part, by many
 * queries at once, row by row, and in two steps.
 */
#include "levels.h"

/* What attention reads: nq queries; keys, then values. */
struct page {
	size_t nq, hd;
	float *q, *kv;
	uint16_t *half; /* kv; NULL: of floats */
};

static void
attention_of(const struct kern *k, float *o, float *m, float *l, const float *q,
    const struct page *x, size_t key, size_t nq, const struct kern_attn *a)
{
	size_t value = KERN_PAGE * x->hd - key;

	if (x->half != NULL)
		k->attn_f16(o, m, l, q, x->half + key, x->half + value, nq, a);
	else
		k->attn_f32(o, m, l, q, x->kv + key, x->kv + value, nq, a);
}

/* Scores first, then values in two parts of their dimensions: the first with what
 * is not to be touched by the second. */
static void
attend_apart(const struct kern *k, float *o, const struct page *x, size_t key,
    struct kern_attn a, float *again)
{
	size_t nq = x->nq, hd = x->hd, mid = hd / 2 / 16 * 16;
	float *score = malloc(nq * KERN_PAGE * sizeof(float));
	float *m = o + nq * hd, *l = m + nq;

	if (score == NULL)
		exit(2);
	memset(score, 0xff, nq * KERN_PAGE * sizeof(float)); /* NaN */
	a.s = score;
	attention_of(k, NULL, NULL, NULL, x->q, x, key, nq, &a);
	a.hi = mid;
	attention_of(k, o, again, again + nq, NULL, x, key, nq, &a);
	a.lo = mid;
	a.hi = hd;
	attention_of(k, o, m, l, NULL, x, key, nq, &a);
	if (memcmp(again, m, nq * sizeof(float)) != 0 ||
	    memcmp(again + nq, l, nq * sizeof(float)) != 0)
		o[0] = 12345;
	free(score);
}

enum way { AT_ONCE, BY_ROWS, APART };

/* o[hd], m, l for each query, one behind the other in o: of all at once, or
 * called for those of each row, or in steps. Every other page has keys and values
 * change places, so that what is left of the last one is wrong. */
static void
attend(const struct kern *k, float *o, const struct page *x, size_t each,
    enum way way)
{
	static const struct kern_attn at[] = {
		{ .from = 0, .to = 64, .scale = 0.2f },
		{ .from = 0, .to = 17, .scale = 0.2f },
		{ .from = 0, .to = 1, .scale = 0.2f },
		{ .from = 16, .to = 63, .scale = 0.2f },
		{ .from = 63, .to = 64, .scale = 0.2f, .cap = 2 },
		{ .from = 5, .to = 8, .scale = 0.2f, .cap = 1.5f },
		{ .from = 7, .to = 33, .scale = 0.2f },
		{ .from = 40, .to = 46, .scale = 0.2f },
	};
	size_t nq = x->nq, hd = x->hd;
	float *m = o + nq * hd, *l = m + nq, *again = floats(2 * nq);

	memset(o, 0, nq * hd * 4);
	for (size_t j = 0; j < nq; j++) {
		m[j] = again[j] = -INFINITY;
		l[j] = again[nq + j] = 0;
	}
	for (size_t p = 0; p < sizeof(at) / sizeof(at[0]); p++)
		for (size_t j = 0, some; j < nq; j += some) {
			struct kern_attn a = at[p];
			size_t key = p % 2 * KERN_PAGE * hd;
			some = way != BY_ROWS ? nq : nq - j < each ? nq - j
			                                           : each;
			a.next = p % 2 ? NULL : x->kv;
			a.hd = a.hi = hd;
			a.each = way == BY_ROWS ? 0 : each;
			if (way == BY_ROWS && a.to + j / each < KERN_PAGE)
				a.to += j / each;
			else if (way == BY_ROWS)
				a.to = KERN_PAGE;
			if (way == APART)
				attend_apart(k, o, x, key, a, again);
			else
				attention_of(k, o + j * hd, m + j, l + j,
				    x->q + j * hd, x, key, some, &a);
		}
	free(again);
}

/* Against the definition, and all at once against row by row; with odd, some
 * positions hold what must not touch those that do not see them. */
static bool
attention(const struct kern *s, const struct kern *k, bool f16, size_t nq,
    size_t hd, size_t each, bool odd)
{
	struct page x = { nq, hd, floats(nq * hd), floats(2 * 64 * hd), NULL };
	uint16_t *half = malloc(2 * 64 * hd * 2);
	bool good;

	if (half == NULL)
		exit(2);
	for (size_t i = 0; odd && i < hd; i++) {
		x.kv[(64 + 50) * hd + i] = INFINITY;
		x.kv[(64 + 19) * hd + i] = INFINITY;
		x.kv[i * 16 + 3] = INFINITY;
	}
	s->to_f16(half, x.kv, 2 * 64 * hd);
	x.half = f16 ? half : NULL;
	begin();
	attend(s, out[0] + GUARD, &x, each, AT_ONCE);
	attend(k, out[1] + GUARD, &x, each, AT_ONCE);
	good = same(4 * (nq * hd + 2 * nq));
	if (each > 0) {
		attend(s, out[0] + GUARD, &x, each, BY_ROWS);
		good &= same(4 * (nq * hd + 2 * nq));
	}
	attend(k, out[1] + GUARD, &x, each, APART);
	good &= same(4 * (nq * hd + 2 * nq));
	free(x.q);
	free(x.kv);
	free(half);
	return good;
}

static void
attentions(const struct kern *s, const struct kern *k)
{
	static const size_t hd[] = { 1, 7, 8, 20, 32, 64, 80, 256 };
	static const size_t many[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19 };
	bool good = true, rows = true;

	for (int i = 0; i < 11; i++)
		for (int j = 0; j < 8; j++)
			for (int h = 0; h < 2; h++) {
				good &= attention(s, k, h, many[i], hd[j], 0,
				    false);
				for (size_t each = 1; each < 4; each += 2)
					rows &= attention(s, k, h, many[i],
					    hd[j], each, false) &&
					    attention(s, k, h, many[i], hd[j],
					    each, true);
			}
	ok(good, "attn_f16, attn_f32");
	ok(rows, "attn_f16, attn_f32 of rows that see ever more");
}

static void
compare(const struct kern *s, const struct kern *k)
{
	attentions(s, k);
}

int
main(void)
{
	levels(compare);
	return 0;
}
