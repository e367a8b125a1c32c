/* kernel_neon_dotprod - products with blocks, by the instructions that add four
 * products of bytes to a lane of 32 bits; see kern.h. */
#include "kernel_neon.h"

#ifdef NEON

#include "kernel_neon_q.h"
#include "kernel_scalar.h"

#undef INLINE
#define INLINE static inline __attribute__((always_inline, unused)) DOTPROD
#define FOR DOTPROD

INLINE int32x4_t
products16(int8x16_t z, int8x16_t x)
{
	return vdotq_s32(vdupq_n_s32(0), z, x);
}

INLINE int32x4_t
products32(int type, int8x16_t z0, int8x16_t z1, int8x16_t x0, int8x16_t x1)
{
	(void)type;
	return vdotq_s32(products16(z0, x0), z1, x1);
}

#include "kernel_neon_q_row.inc"

enum { TILE = 4 };

/* s += a four of eight rows times activations 4l.. of those in x. The weights
 * are loaded in this place: else a compiler holds so many that sums have to
 * leave their registers. */
#define FOUR(l)                                                                \
	{                                                                      \
		int8x16_t u = vld1q_s8(w[i + (l)].row[0]);                     \
		int8x16_t v = vld1q_s8(w[i + (l)].row[4]);                     \
		__asm__ volatile("" : "+w"(u), "+w"(v));                       \
		for (size_t j = 0; j < n; j++) {                               \
			s[j][0] = vdotq_laneq_s32(s[j][0], u, x[j], l);        \
			s[j][1] = vdotq_laneq_s32(s[j][1], v, x[j], l);        \
		}                                                              \
	}

INLINE void
sums(int type, int32x4_t (*s)[2], const struct fours *w, const int8_t *q,
    size_t k, size_t n, size_t at, size_t many)
{
	(void)type;
	for (size_t j = 0; j < n; j++)
		s[j][0] = s[j][1] = vdupq_n_s32(0);
	for (size_t i = at; i < at + many; i += 4) {
		int8x16_t x[TILE];

		for (size_t j = 0; j < n; j++)
			x[j] = vld1q_s8(q + j * k + 4 * i);
		FOUR(0)
		FOUR(1)
		FOUR(2)
		FOUR(3)
	}
}

#include "kernel_neon_q_panel.inc"

void
dotprod_set_q(struct kern *k)
{
	set_q(k);
}

#else
typedef int no_neon; /* a file may not be empty */
#endif
