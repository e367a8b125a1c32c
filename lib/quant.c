#include "quant.h"

#include <string.h>

#include "fmath.h"

const int8_t quant_iq4[16] = { -127, -104, -83, -65, -49, -35, -22, -10, 1, 13,
	25, 38, 53, 69, 89, 113 };

/* A block of 32 without scales of its own. */
static void
plain(struct quant *b, uint16_t d)
{
	b->d = fm_from_f16(d);
	b->m = 0;
	b->s[0] = b->s[1] = 1;
	b->min[0] = b->min[1] = 0;
}

/* One with a minimum that is added. */
static void
based(struct quant *b, uint16_t d, uint16_t m)
{
	plain(b, d);
	b->m = -fm_from_f16(m);
	b->min[0] = b->min[1] = 1;
}

/* Nibble `high` of a byte. */
static int
nibble(uint8_t v, int high)
{
	return high ? v >> 4 : v & 15;
}

/* 32 nibbles, the low ones first. */
static void
nibbles(int8_t *q, const uint8_t *q4)
{
	for (int i = 0; i < QK; i++)
		q[i] = (int8_t)nibble(q4[i % 16], i / 16);
}

/* Their fifth bits. */
static void
fifth(int8_t *q, const uint8_t *h)
{
	for (int i = 0; i < QK; i++)
		q[i] = (int8_t)(q[i] | (h[i / 8] >> i % 8 & 1) << 4);
}

static void
less(int8_t *q, int n, int by)
{
	for (int i = 0; i < n; i++)
		q[i] = (int8_t)(q[i] - by);
}

void
quant_q8_0(struct quant *b, const void *p)
{
	const struct q8_0 *w = p;

	plain(b, w->d);
	memcpy(b->q, w->q, sizeof(w->q));
}

void
quant_q4_0(struct quant *b, const void *p)
{
	const struct q4_0 *w = p;

	plain(b, w->d);
	nibbles(b->q, w->q4);
	less(b->q, QK, 8);
}

void
quant_q4_1(struct quant *b, const void *p)
{
	const struct q4_1 *w = p;

	based(b, w->d, w->m);
	nibbles(b->q, w->q4);
}

void
quant_q5_0(struct quant *b, const void *p)
{
	const struct q5_0 *w = p;

	plain(b, w->d);
	nibbles(b->q, w->q4);
	fifth(b->q, w->h);
	less(b->q, QK, 16);
}

void
quant_q5_1(struct quant *b, const void *p)
{
	const struct q5_1 *w = p;

	based(b, w->d, w->m);
	nibbles(b->q, w->q4);
	fifth(b->q, w->h);
}

void
quant_iq4_nl(struct quant *b, const void *p)
{
	const struct q4_0 *w = p;

	plain(b, w->d);
	for (int i = 0; i < QK; i++)
		b->q[i] = quant_iq4[nibble(w->q4[i % 16], i / 16)];
}

/* The two bits of Q2_K, Q3_K. */
static int
crumb(const uint8_t *q2, int i)
{
	return q2[i / 128 * 32 + i % 32] >> 2 * (i / 32 % 4) & 3;
}

void
quant_q2_k(struct quant *b, const void *p)
{
	const struct q2_k *w = p;

	*b = (struct quant) { .d = fm_from_f16(w->d),
		.m = fm_from_f16(w->dmin) };
	for (int j = 0; j < QK_K / 16; j++) {
		b->s[j] = w->sm[j] & 15;
		b->min[j] = w->sm[j] >> 4;
	}
	for (int i = 0; i < QK_K; i++)
		b->q[i] = (int8_t)crumb(w->q2, i);
}

void
quant_q3_k(struct quant *b, const void *p)
{
	const struct q3_k *w = p;

	*b = (struct quant) { .d = fm_from_f16(w->d) };
	for (int j = 0; j < QK_K / 16; j++)
		b->s[j] = (int8_t)((nibble(w->sc[j % 8], j / 8) |
		    (w->sc[8 + j % 4] >> 2 * (j / 4) & 3) << 4) - 32);
	for (int i = 0; i < QK_K; i++)
		b->q[i] = (int8_t)(crumb(w->q2, i) -
		    (w->h[i % 32] >> i / 32 & 1 ? 0 : 4));
}

/* The scales and mins of Q4_K and Q5_K, each for two groups of 16. */
static void
scales_k(struct quant *b, const uint8_t *sc)
{
	for (int j = 0; j < 4; j++) {
		const int s[2] = { sc[j] & 63,
			(sc[8 + j] & 15) | sc[j] >> 6 << 4 };
		const int m[2] = { sc[4 + j] & 63,
			sc[8 + j] >> 4 | sc[4 + j] >> 6 << 4 };
		for (int i = 0; i < 4; i++) {
			int at = i / 2 * 8 + 2 * j + i % 2;
			b->s[at] = (int8_t)s[i / 2];
			b->min[at] = (uint8_t)m[i / 2];
		}
	}
}

void
quant_q4_k(struct quant *b, const void *p)
{
	const struct q4_k *w = p;

	b->d = fm_from_f16(w->d);
	b->m = fm_from_f16(w->dmin);
	scales_k(b, w->sc);
	for (int i = 0; i < QK_K; i++)
		b->q[i] = (int8_t)nibble(w->q4[i / 64 * 32 + i % 32],
		    i / 32 % 2);
}

void
quant_q5_k(struct quant *b, const void *p)
{
	const struct q5_k *w = p;

	b->d = fm_from_f16(w->d);
	b->m = fm_from_f16(w->dmin);
	scales_k(b, w->sc);
	for (int i = 0; i < QK_K; i++)
		b->q[i] = (int8_t)(nibble(w->q4[i / 64 * 32 + i % 32],
		    i / 32 % 2) | (w->h[i % 32] >> i / 32 & 1) << 4);
}

void
quant_q6_k(struct quant *b, const void *p)
{
	const struct q6_k *w = p;

	*b = (struct quant) { .d = fm_from_f16(w->d) };
	memcpy(b->s, w->s, sizeof(b->s));
	for (int i = 0; i < QK_K; i++) {
		int half = i / 128, j = i % 128;
		b->q[i] = (int8_t)((nibble(w->q4[half * 64 + j % 64], j / 64) |
		    (w->q2[half * 32 + j % 32] >> 2 * (j / 32) & 3) << 4) -
		    32);
	}
}

void
quant_iq4_xs(struct quant *b, const void *p)
{
	const struct iq4_xs *w = p;

	*b = (struct quant) { .d = fm_from_f16(w->d) };
	for (int j = 0; j < QK_K / 32; j++)
		b->s[2 * j] = b->s[2 * j + 1] =
		    (int8_t)((nibble(w->sl[j / 2], j % 2) |
		    (w->sh >> 2 * j & 3) << 4) - 32);
	for (int i = 0; i < QK_K; i++)
		b->q[i] = quant_iq4[nibble(w->q4[i / 32 * 16 + i % 16],
		    i % 32 / 16)];
}
