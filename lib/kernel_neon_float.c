/* kernel_neon_float - products with float weights; see kern.h. */
#include "kernel_neon.h"

#ifdef NEON

/* a tile: 24 registers of sums */
enum { ROWS = 2, COLS = 3 };
enum element { F32, F16, BF16 };

INLINE size_t
element_size(enum element e)
{
	return e == F32 ? 4 : 2;
}

INLINE float32x4_t
load4(const unsigned char *w, enum element e)
{
	uint16x4_t h;

	if (e == F32)
		return vreinterpretq_f32_u8(vld1q_u8(w));
	h = vreinterpret_u16_u8(vld1_u8(w));
	return e == F16 ? half4(h) : bhalf4(h);
}

/* An output is four registers of four lanes. Nothing is asked for ahead: no
 * use was measured. */
INLINE void
tile(float *y, size_t ldy, const unsigned char *w, size_t apart, const float *x,
    size_t ldx, size_t k, enum element e, size_t R, size_t T, bool fetch)
{
	const size_t size = element_size(e), stride = apart * k * size;
	float32x4_t a[6][4];

	(void)fetch;
	for (size_t o = 0; o < R * T; o++)
		a[o][0] = a[o][1] = a[o][2] = a[o][3] = vdupq_n_f32(0);
	for (size_t i = 0; i < k; i += 16)
		for (size_t l = 0; l < 4; l++)
			for (size_t o = 0; o < R * T; o++)
				a[o][l] = vfmaq_f32(a[o][l],
				    load4(w + o % R * stride +
				    (i + 4 * l) * size, e),
				    vld1q_f32(x + o / R * ldx + i + 4 * l));
	for (size_t o = 0; o < R * T; o++)
		y[o / R * ldy + o % R * apart] = tree16(a[o][0], a[o][1],
		    a[o][2], a[o][3]);
}

#include "kernel_float.inc"

void
neon_matmul_f32(float *y, size_t ldy, const float *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, ldx, rows, n, k, F32);
	else
		kernel_scalar()->matmul_f32(y, ldy, w, x, ldx, rows, n,
		    k);
}

void
neon_matmul_f16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, ldx, rows, n, k, F16);
	else
		kernel_scalar()->matmul_f16(y, ldy, w, x, ldx, rows, n,
		    k);
}

void
neon_matmul_bf16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, ldx, rows, n, k, BF16);
	else
		kernel_scalar()->matmul_bf16(y, ldy, w, x, ldx, rows, n,
		    k);
}

#else
typedef int no_neon; /* a file may not be empty */
#endif
