/* kernel_neon_q - products with blocks, by multiplications of bytes to 16 bits
 * that are added up in pairs; see kern.h. */
#include "kernel_neon.h"

#ifdef NEON

#include "kernel_neon_q.h"
#include "kernel_scalar.h"

#define FOR /* every processor */

/* s + 16 products, each lane two of them. */
INLINE int16x8_t
more16(int16x8_t s, int8x16_t z, int8x16_t x)
{
	return vmlal_high_s8(vmlal_s8(s, vget_low_s8(z), vget_low_s8(x)), z, x);
}

/* 16 products: two always fit 16 bits, as no activation is -128. */
INLINE int16x8_t
pairs16(int8x16_t z, int8x16_t x)
{
	return vmlal_high_s8(vmull_s8(vget_low_s8(z), vget_low_s8(x)), z, x);
}

INLINE int32x4_t
products16(int8x16_t z, int8x16_t x)
{
	return vpaddlq_s16(pairs16(z, x));
}

INLINE int32x4_t
products32(int type, int8x16_t z0, int8x16_t z1, int8x16_t x0, int8x16_t x1)
{
	int16x8_t s = pairs16(z0, x0);

	return is_wide(type) ? vpadalq_s16(vpaddlq_s16(s), pairs16(z1, x1))
	                     : vpaddlq_s16(more16(s, z1, x1));
}

#include "kernel_neon_q_row.inc"

enum { TILE = 2 };

/* Four activations, twice. */
INLINE int8x8_t
twice(const int8_t *q)
{
	return vreinterpret_s8_u32(vdup_n_u32(word((const void *)q)));
}

/* Sums of pairs of products, of two rows in a register: `many` fours from w. */
INLINE void
pairs(int16x8_t (*v)[4], const struct fours *w, const int8_t *q, size_t k,
    size_t n, size_t many)
{
	for (size_t r = 0; r < 4; r++)
		for (size_t j = 0; j < n; j++)
			v[j][r] = vmull_s8(vld1_s8(w->row[2 * r]),
			    twice(q + j * k));
	for (size_t l = 1; l < many; l++)
		for (size_t r = 0; r < 4; r++)
			for (size_t j = 0; j < n; j++)
				v[j][r] = vmlal_s8(v[j][r],
				    vld1_s8(w[l].row[2 * r]),
				    twice(q + j * k + 4 * l));
}

/* 16 bits hold the pairs of a whole group, or of two fours if bytes are of all
 * sizes. */
INLINE void
sums(int type, int32x4_t (*s)[2], const struct fours *w, const int8_t *q,
    size_t k, size_t n, size_t at, size_t many)
{
	const size_t run = is_wide(type) ? 2 : many;
	int32x4_t all[TILE][4];
	int16x8_t v[TILE][4];

	pairs(v, w + at, q + 4 * at, k, n, run);
	for (size_t j = 0; j < n; j++)
		for (size_t r = 0; r < 4; r++)
			all[j][r] = vpaddlq_s16(v[j][r]);
	for (size_t i = at + run; i < at + many; i += run) {
		pairs(v, w + i, q + 4 * i, k, n, run);
		for (size_t j = 0; j < n; j++)
			for (size_t r = 0; r < 4; r++)
				all[j][r] = vpadalq_s16(all[j][r], v[j][r]);
	}
	for (size_t j = 0; j < n; j++)
		for (size_t h = 0; h < 2; h++)
			s[j][h] = vpaddq_s32(all[j][2 * h], all[j][2 * h + 1]);
}

#include "kernel_neon_q_panel.inc"

void
neon_set_q(struct kern *k)
{
	set_q(k);
}

#else
typedef int no_neon; /* a file may not be empty */
#endif
