#define _DEFAULT_SOURCE /* for madvise, where there is one */
#include "seq.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static size_t
element(const struct kv_geometry *g)
{
	return g->f16 ? 2 : 4;
}

/* Bytes of the keys, or of the values, of one layer and head in a page. */
static size_t
half(const struct kv_geometry *g)
{
	return KERN_PAGE * g->head_dim * element(g);
}

static size_t
page_size(const struct kv_geometry *g)
{
	return 2 * half(g) * g->n_kv * g->n_layer;
}

size_t
seq_record_size(const struct kv_geometry *g)
{
	return 2 * g->n_kv * g->head_dim * element(g) * g->n_layer;
}

/*
 * Room for pages that are worth it comes in slabs, which the system may back by
 * pages of its own of 2 MiB: a process that lives for one token spends less on
 * being given memory.
 */
enum { SLAB = 4 * LARGE_PAGE, WORTH = LARGE_PAGE / 4 };

struct seq_slab {
	struct seq_slab *next;
	unsigned char *room;
	unsigned char *fresh; /* the next page that never was in use */
};

static bool
in_slabs(const struct seq_pages *p)
{
	return page_size(&p->geo) >= WORTH;
}

/* So much is had as zeros from the system, which are not written once more. */
static void
slab_new(struct seq_pages *p)
{
	size_t page = page_size(&p->geo), size = page > SLAB ? page : SLAB;
	struct seq_slab *s = xmalloc(sizeof(*s));
	unsigned char *room;

	if (size > SIZE_MAX - LARGE_PAGE)
		die("out of memory");
	room = xcalloc(1, size + LARGE_PAGE);
	*s = (struct seq_slab) { p->slab, room, room +
		(LARGE_PAGE - (uintptr_t)room % LARGE_PAGE) % LARGE_PAGE };
#ifdef MADV_HUGEPAGE
	madvise(s->fresh, size, MADV_HUGEPAGE);
#endif
	p->slab = s;
	p->left = size / page;
}

static struct seq_page *
page_new(struct seq_pages *from)
{
	size_t size = page_size(&from->geo);
	struct seq_page *p = from->spare;

	if (p != NULL) {
		from->spare = p->next;
		memset(p->data, 0, size);
	} else {
		p = xmalloc(sizeof(*p));
		if (in_slabs(from)) {
			if (from->left == 0)
				slab_new(from);
			p->data = from->slab->fresh;
			from->slab->fresh += size;
			from->left--;
		} else {
			p->data = xaligned(size, 1);
		}
	}
	p->refs = 1;
	return p;
}

static void
page_release(struct seq_page *p, struct seq_pages *to)
{
	if (--p->refs > 0)
		return;
	p->next = to->spare;
	to->spare = p;
}

void
seq_pages_free(struct seq_pages *p)
{
	while (p->spare != NULL) {
		struct seq_page *next = p->spare->next;
		if (!in_slabs(p))
			free(p->spare->data);
		free(p->spare);
		p->spare = next;
	}
	while (p->slab != NULL) {
		struct seq_slab *next = p->slab->next;
		free(p->slab->room);
		free(p->slab);
		p->slab = next;
	}
	p->left = 0;
}

void
seq_init(struct seq *s, struct seq_pages *pages)
{
	*s = (struct seq) { .pages = pages };
}

void
seq_fork(struct seq *dst, const struct seq *src)
{
	seq_init(dst, src->pages);
	dst->tok = xgrow(NULL, &dst->cap, src->n, sizeof(*dst->tok));
	dst->page = xgrow(NULL, &dst->cap_page, src->npage, sizeof(*dst->page));
	if (src->n > 0)
		memcpy(dst->tok, src->tok, src->n * sizeof(*dst->tok));
	for (size_t i = 0; i < src->npage; i++) {
		dst->page[i] = src->page[i];
		dst->page[i]->refs++;
	}
	dst->n = src->n;
	dst->npage = src->npage;
}

void
seq_append(struct seq *s, const int32_t *tok, size_t n)
{
	size_t last = s->n / KERN_PAGE, need;

	if (n == 0)
		return;
	s->tok = xgrow(s->tok, &s->cap, s->n + n, sizeof(*s->tok));
	memcpy(s->tok + s->n, tok, n * sizeof(*tok));
	if (last < s->npage && s->page[last]->refs > 1) {
		struct seq_page *p = page_new(s->pages);
		memcpy(p->data, s->page[last]->data, page_size(&s->pages->geo));
		page_release(s->page[last], s->pages);
		s->page[last] = p;
	}
	s->n += n;
	need = (s->n + KERN_PAGE - 1) / KERN_PAGE;
	s->page = xgrow(s->page, &s->cap_page, need, sizeof(*s->page));
	while (s->npage < need)
		s->page[s->npage++] = page_new(s->pages);
}

void
seq_cut(struct seq *s, size_t n)
{
	s->n = n;
	while (s->npage > (n + KERN_PAGE - 1) / KERN_PAGE)
		page_release(s->page[--s->npage], s->pages);
}

void
seq_free(struct seq *s)
{
	seq_cut(s, 0);
	free(s->tok);
	free(s->page);
	*s = (struct seq) { 0 };
}

static unsigned char *
head_data(const struct seq *s, size_t page, size_t layer, size_t head)
{
	const struct kv_geometry *g = &s->pages->geo;

	return s->page[page]->data + 2 * half(g) * (layer * g->n_kv + head);
}

const void *
seq_keys(const struct seq *s, size_t page, size_t layer, size_t head)
{
	return head_data(s, page, layer, head);
}

const void *
seq_values(const struct seq *s, size_t page, size_t layer, size_t head)
{
	return head_data(s, page, layer, head) + half(&s->pages->geo);
}

/* Elements of size e: K goes to [pos/16][i][pos%16], V to [pos][i]. */
static void
scatter(unsigned char *data, const struct kv_geometry *g, size_t pos,
    const unsigned char *k, const unsigned char *v)
{
	size_t hd = g->head_dim, e = element(g), p = pos % KERN_PAGE;
	unsigned char *to = data + (p / 16 * 16 * hd + p % 16) * e;

	if (e == 2)
		for (size_t i = 0; i < hd; i++)
			memcpy(to + i * 32, k + i * 2, 2);
	else
		for (size_t i = 0; i < hd; i++)
			memcpy(to + i * 64, k + i * 4, 4);
	memcpy(data + half(g) + p * hd * e, v, hd * e);
}

void
seq_store(struct seq *s, const struct kern *kern, size_t pos, size_t layer,
    size_t head, const float *k, const float *v)
{
	const struct kv_geometry *g = &s->pages->geo;
	unsigned char *to = head_data(s, pos / KERN_PAGE, layer, head);
	size_t hd = g->head_dim, p = pos % KERN_PAGE;
	uint16_t *vt = (uint16_t *)(void *)(to + half(g)) + p * hd;
	uint16_t *kt = (uint16_t *)(void *)to + p / 16 * 16 * hd + p % 16;

	if (!g->f16) {
		scatter(to, g, pos, (const void *)k, (const void *)v);
		return;
	}
	/* the value's place serves as scratch for the rounded key */
	kern->to_f16(vt, k, hd);
	for (size_t i = 0; i < hd; i++)
		kt[16 * i] = vt[i];
	kern->to_f16(vt, v, hd);
}

void
seq_get(const struct seq *s, size_t pos, unsigned char *record)
{
	const struct kv_geometry *g = &s->pages->geo;
	size_t hd = g->head_dim, e = element(g), p = pos % KERN_PAGE;

	for (size_t l = 0; l < g->n_layer; l++) {
		unsigned char *k = record + 2 * l * g->n_kv * hd * e;
		unsigned char *v = k + g->n_kv * hd * e;
		for (size_t h = 0; h < g->n_kv; h++) {
			const unsigned char *from = head_data(s,
			    pos / KERN_PAGE, l, h);
			const unsigned char *fk = from +
			    (p / 16 * 16 * hd + p % 16) * e;
			for (size_t i = 0; i < hd; i++)
				memcpy(k + (h * hd + i) * e, fk + i * 16 * e,
				    e);
			memcpy(v + h * hd * e, from + half(g) + p * hd * e,
			    hd * e);
		}
	}
}

void
seq_put(struct seq *s, size_t pos, const unsigned char *record)
{
	const struct kv_geometry *g = &s->pages->geo;
	size_t row = g->head_dim * element(g);

	for (size_t l = 0; l < g->n_layer; l++)
		for (size_t h = 0; h < g->n_kv; h++) {
			const unsigned char *k = record +
			    (2 * l * g->n_kv + h) * row;
			scatter(head_data(s, pos / KERN_PAGE, l, h), g, pos, k,
			    k + g->n_kv * row);
		}
}
