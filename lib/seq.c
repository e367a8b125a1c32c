#define _DEFAULT_SOURCE /* for MAP_ANONYMOUS, and madvise where there is one */
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
 * being given memory. What is released is kept for the next.
 */
enum { HUGE = 1 << 21, SLAB = 4 * HUGE, WORTH = HUGE / 4 };

static struct {
	size_t size;            /* of a page: those of other sizes go alone */
	unsigned char *fresh;   /* what is left of the last slab */
	size_t left;            /* pages there */
	struct seq_page *spare;
} pool;

/* Zeros, from the system: they need not be written once more. */
static unsigned char *
slab_new(size_t size)
{
	unsigned char *p = MAP_FAILED;

	if (size <= SIZE_MAX - HUGE)
		p = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		die("out of memory");
	p += (HUGE - (uintptr_t)p % HUGE) % HUGE;
#ifdef MADV_HUGEPAGE
	madvise(p, size, MADV_HUGEPAGE);
#endif
	return p;
}

static struct seq_page *
page_new(const struct kv_geometry *g)
{
	size_t size = page_size(g);
	struct seq_page *p = pool.spare;

	if (pool.size == 0 && size >= WORTH)
		pool.size = size;
	if (pool.size != size) {
		p = xmalloc(sizeof(*p));
		p->data = xaligned(size, 1);
	} else if (p != NULL) {
		pool.spare = p->next;
		memset(p->data, 0, size);
	} else {
		if (pool.left == 0) {
			size_t whole = size > SLAB ? size : SLAB;
			pool.left = whole / size;
			pool.fresh = slab_new(whole);
		}
		p = xmalloc(sizeof(*p));
		p->data = pool.fresh;
		pool.fresh += size;
		pool.left--;
	}
	p->refs = 1;
	return p;
}

static void
page_release(struct seq_page *p, const struct kv_geometry *g)
{
	if (--p->refs > 0)
		return;
	if (page_size(g) == pool.size) {
		p->next = pool.spare;
		pool.spare = p;
		return;
	}
	free(p->data);
	free(p);
}

void
seq_init(struct seq *s, const struct kv_geometry *geo)
{
	*s = (struct seq) { .geo = geo };
}

void
seq_fork(struct seq *dst, const struct seq *src)
{
	seq_init(dst, src->geo);
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
		struct seq_page *p = page_new(s->geo);
		memcpy(p->data, s->page[last]->data, page_size(s->geo));
		page_release(s->page[last], s->geo);
		s->page[last] = p;
	}
	s->n += n;
	need = (s->n + KERN_PAGE - 1) / KERN_PAGE;
	s->page = xgrow(s->page, &s->cap_page, need, sizeof(*s->page));
	while (s->npage < need)
		s->page[s->npage++] = page_new(s->geo);
}

void
seq_cut(struct seq *s, size_t n)
{
	s->n = n;
	while (s->npage > (n + KERN_PAGE - 1) / KERN_PAGE)
		page_release(s->page[--s->npage], s->geo);
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
	return s->page[page]->data +
	    2 * half(s->geo) * (layer * s->geo->n_kv + head);
}

const void *
seq_keys(const struct seq *s, size_t page, size_t layer, size_t head)
{
	return head_data(s, page, layer, head);
}

const void *
seq_values(const struct seq *s, size_t page, size_t layer, size_t head)
{
	return head_data(s, page, layer, head) + half(s->geo);
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
	unsigned char *to = head_data(s, pos / KERN_PAGE, layer, head);
	size_t hd = s->geo->head_dim, p = pos % KERN_PAGE;
	uint16_t *vt = (uint16_t *)(void *)(to + half(s->geo)) + p * hd;
	uint16_t *kt = (uint16_t *)(void *)to + p / 16 * 16 * hd + p % 16;

	if (!s->geo->f16) {
		scatter(to, s->geo, pos, (const void *)k, (const void *)v);
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
	const struct kv_geometry *g = s->geo;
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
	const struct kv_geometry *g = s->geo;
	size_t row = g->head_dim * element(g);

	for (size_t l = 0; l < g->n_layer; l++)
		for (size_t h = 0; h < g->n_kv; h++) {
			const unsigned char *k = record +
			    (2 * l * g->n_kv + h) * row;
			scatter(head_data(s, pos / KERN_PAGE, l, h), g, pos, k,
			    k + g->n_kv * row);
		}
}
