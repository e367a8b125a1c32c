/* kernel_neon_float - products with float weights; see kern.h. */
#include "kernel_neon.h"

#ifdef NEON

/* of a tile's 24 sums and what they are made of, all stays in registers */
enum { ROWS = 2, COLS = 3 };
enum element { F32, F16, BF16 };

INLINE size_t
element_size(enum element e)
{
	return e == F32 ? 4 : 2;
}

/* Eight weights. */
INLINE void
load8(float32x4_t u[2], const unsigned char *w, enum element e)
{
	uint16x8_t h;

	if (e == F32) {
		u[0] = vreinterpretq_f32_u8(vld1q_u8(w));
		u[1] = vreinterpretq_f32_u8(vld1q_u8(w + 16));
		return;
	}
	h = vreinterpretq_u16_u8(vld1q_u8(w));
	u[0] = e == F16 ? half4(vget_low_u16(h)) : bhalf4(vget_low_u16(h));
	u[1] = e == F16 ? half4(vget_high_u16(h)) : bhalf4(vget_high_u16(h));
}

/* An output is four registers of four lanes. Nothing is asked for ahead: no
 * use was measured. */
INLINE void
tile(float *y, size_t ldy, const unsigned char *w, size_t apart, const float *x,
    size_t k, enum element e, size_t R, size_t T, bool fetch)
{
	const size_t size = element_size(e), stride = apart * k * size;
	float32x4_t a[4][COLS][4], u[4][2];

	(void)fetch;
	for (size_t r = 0; r < R; r++)
		for (size_t t = 0; t < T; t++)
			for (size_t l = 0; l < 4; l++)
				a[r][t][l] = vdupq_n_f32(0);
	for (size_t i = 0; i < k; i += 16)
		for (size_t h = 0; h < 4; h += 2) {
			size_t at = i + 4 * h;
			for (size_t r = 0; r < R; r++)
				load8(u[r], w + r * stride + at * size, e);
			for (size_t t = 0; t < T; t++)
				for (size_t l = 0; l < 2; l++) {
					float32x4_t v = vld1q_f32(x + t * k +
					    at + 4 * l);
					for (size_t r = 0; r < R; r++)
						a[r][t][h + l] = vfmaq_f32(
						    a[r][t][h + l], u[r][l], v);
				}
		}
	for (size_t t = 0; t < T; t++)
		for (size_t r = 0; r < R; r++)
			y[t * ldy + r * apart] = tree16(a[r][t]);
}

#include "kernel_float.inc"

void
neon_matmul_f32(float *y, size_t ldy, const float *w, const float *x,
    size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, rows, n, k, F32);
	else
		kernel_scalar()->matmul_f32(y, ldy, w, x, rows, n, k);
}

void
neon_matmul_f16(float *y, size_t ldy, const uint16_t *w, const float *x,
    size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, rows, n, k, F16);
	else
		kernel_scalar()->matmul_f16(y, ldy, w, x, rows, n, k);
}

void
neon_matmul_bf16(float *y, size_t ldy, const uint16_t *w, const float *x,
    size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, rows, n, k, BF16);
	else
		kernel_scalar()->matmul_bf16(y, ldy, w, x, rows, n, k);
}

#else
typedef int no_neon; /* a file may not be empty */
#endif
