#include "nfc.h"

#include <stdlib.h>

#include "nfcdata.h"
#include "utf8.h"

/* Hangul syllables are composed by arithmetic. */
enum { L = 0x1100, V = 0x1161, T = 0x11A7, S = 0xAC00, NL = 19, NV = 21,
	NT = 28 };

struct mark {
	uint32_t c;
	unsigned char class;
	size_t place;
};

/* A starter, the marks behind it, and what may compose with it. */
struct cluster {
	struct mark *mark;
	size_t n, cap;
};

static unsigned char
class_of(uint32_t c)
{
	size_t lo = 0, hi = nfc_nclass;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (nfc_class[mid].to < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < nfc_nclass && nfc_class[lo].from <= c ?
	    nfc_class[lo].class : 0;
}

/* What c is equivalent to, or NULL. */
static const struct nfc_whole *
find_whole(uint32_t c)
{
	size_t lo = 0, hi = nfc_nwhole;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (nfc_whole[mid].c < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < nfc_nwhole && nfc_whole[lo].c == c ? &nfc_whole[lo] : NULL;
}

/* The first pair at or behind these two, or NULL. */
static const struct nfc_pair *
find_pair(uint32_t left, uint32_t right)
{
	size_t lo = 0, hi = nfc_npair;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct nfc_pair *p = &nfc_pair[mid];
		if (p->right < right || (p->right == right && p->left < left))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < nfc_npair ? &nfc_pair[lo] : NULL;
}

/* The character that two make, or 0. */
static uint32_t
compose(uint32_t a, uint32_t b)
{
	const struct nfc_pair *p;

	if (a - L < NL && b - V < NV)
		return S + ((a - L) * NV + (b - V)) * NT;
	if (a - S < NL * NV * NT && (a - S) % NT == 0 && b - T - 1 < NT - 1)
		return a + (b - T);
	p = find_pair(a, b);
	return p != NULL && p->left == a && p->right == b ? p->c : 0;
}

/* Whether c may be the second of two that make one. */
static bool
is_second(uint32_t c)
{
	const struct nfc_pair *p;

	if (c - V < NV || c - T - 1 < NT - 1)
		return true;
	p = find_pair(0, c);
	return p != NULL && p->right == c;
}

/* No character from here to the next has to do with others. */
static bool
is_plain(uint32_t c)
{
	return c < 0x300 || (c >= 0x3400 && c < 0xA66F) ||
	    c - S < NL * NV * NT;
}

bool
nfc_is(const void *text, size_t n)
{
	const unsigned char *p = text;
	uint32_t c;

	for (size_t i = 0; i < n;) {
		int len;
		if (p[i] < 0x80) {
			i++;
			continue;
		}
		len = utf8_decode(&c, p + i, n - i);
		if (len > 0 && !is_plain(c) && (class_of(c) != 0 ||
		    is_second(c) || (find_whole(c) != NULL &&
		    !find_whole(c)->composed)))
			return false;
		i += len > 0 ? (size_t)len : 1;
	}
	return true;
}

static void
add(struct cluster *k, uint32_t c, unsigned char class)
{
	k->mark = xgrow(k->mark, &k->cap, k->n + 1, sizeof(*k->mark));
	k->mark[k->n] = (struct mark) { c, class, k->n };
	k->n++;
}

static int
cmp_mark(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->class != y->class)
		return (x->class > y->class) - (x->class < y->class);
	return (x->place > y->place) - (x->place < y->place);
}

/* Put runs of marks in the order of their classes. */
static void
sort(struct cluster *k)
{
	for (size_t i = 0, end; i < k->n; i = end) {
		end = i + 1;
		if (k->mark[i].class == 0)
			continue;
		while (end < k->n && k->mark[end].class != 0)
			end++;
		qsort(k->mark + i, end - i, sizeof(*k->mark), cmp_mark);
	}
}

/* Write the cluster, composed, and begin anew. */
static void
flush(struct buf *b, struct cluster *k)
{
	struct mark *out = k->mark, *starter = NULL;
	size_t n = 0;
	unsigned char last = 0; /* class of what stands behind the starter */

	sort(k);
	for (size_t i = 0; i < k->n; i++) {
		struct mark m = k->mark[i];
		uint32_t c = starter == NULL || (last != 0 && last >= m.class) ?
		    0 : compose(starter->c, m.c);
		if (c != 0) {
			starter->c = c;
			continue;
		}
		if (m.class == 0)
			starter = &out[n];
		last = m.class;
		out[n++] = m;
	}
	for (size_t i = 0; i < n; i++)
		b->len += (size_t)utf8_encode(buf_room(b, 4), out[i].c);
	k->n = 0;
}

/* Take c apart and add its parts; a part that nothing before it has to do with
 * begins a new cluster. */
static void
decompose(struct buf *b, struct cluster *k, uint32_t c)
{
	const struct nfc_whole *w;
	unsigned char class;

	if (c - S < NL * NV * NT) {
		flush(b, k);
		add(k, L + (c - S) / NT / NV, 0);
		add(k, V + (c - S) / NT % NV, 0);
		if ((c - S) % NT != 0)
			add(k, T + (c - S) % NT, 0);
	} else if ((w = c < 0xC0 || (is_plain(c) && c >= 0x300) ? NULL : find_whole(c)) !=
	    NULL) {
		decompose(b, k, w->left);
		if (w->right != 0)
			decompose(b, k, w->right);
	} else {
		class = is_plain(c) ? 0 : class_of(c);
		if (class == 0 && (is_plain(c) || !is_second(c)))
			flush(b, k);
		add(k, c, class);
	}
}

void
nfc_put(struct buf *b, const void *text, size_t n)
{
	const unsigned char *p = text;
	struct cluster k = { 0 };
	uint32_t c;

	for (size_t i = 0; i < n;) {
		int len = utf8_decode(&c, p + i, n - i);
		if (len > 0) {
			decompose(b, &k, c);
		} else {
			flush(b, &k);
			buf_put(b, p + i, 1);
		}
		i += len > 0 ? (size_t)len : 1;
	}
	flush(b, &k);
	free(k.mark);
}
