/* kernel_avx2_float - products with float weights; see kern.h. */
#include "kernel_avx2.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum { ROWS = 2, COLS = 3 };
enum element { F32, F16, BF16 };

INLINE size_t
element_size(enum element e)
{
	return e == F32 ? 4 : 2;
}

INLINE __m256
load8(const unsigned char *w, enum element e)
{
	if (e == F32)
		return _mm256_loadu_ps((const void *)w);
	if (e == F16)
		return _mm256_cvtph_ps(_mm_loadu_si128((const void *)w));
	return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(
	    _mm_loadu_si128((const void *)w)), 16));
}

/* An output is two registers: lanes 0-7 and 8-15. */
INLINE void
tile(float *y, size_t ldy, const unsigned char *w, size_t apart, const float *x,
    size_t ldx, size_t k, enum element e, size_t R, size_t T, bool fetch)
{
	const size_t size = element_size(e), stride = apart * k * size;
	const unsigned char *next = w + R * stride;
	__m256 a[2][4][COLS], u[4];

	for (size_t r = 0; r < R; r++)
		for (size_t t = 0; t < T; t++)
			a[0][r][t] = a[1][r][t] = _mm256_setzero_ps();
	for (size_t i = 0; i < k; i += 16) {
		for (size_t l = 0; fetch && l < R * 16 * size; l += 64)
			_mm_prefetch((const char *)next + R * i * size + l,
			    _MM_HINT_T0);
		for (size_t h = 0; h < 2; h++) {
			const unsigned char *wi = w + (i + 8 * h) * size;
			for (size_t r = 0; r < R; r++)
				u[r] = load8(wi + r * stride, e);
			for (size_t t = 0; t < T; t++) {
				__m256 v = loaded(x + t * ldx + i + 8 * h);
				for (size_t r = 0; r < R; r++)
					a[h][r][t] = _mm256_fmadd_ps(u[r], v,
					    a[h][r][t]);
			}
		}
	}
	for (size_t t = 0; t < T; t++)
		for (size_t r = 0; r < R; r++)
			y[t * ldy + r * apart] = tree16(a[0][r][t],
			    a[1][r][t]);
}

#include "kernel_float.inc"

AVX2 void
avx2_matmul_f32(float *y, size_t ldy, const float *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, ldx, rows, n, k, F32);
	else
		kernel_scalar()->matmul_f32(y, ldy, w, x, ldx, rows, n,
		    k);
}

AVX2 void
avx2_matmul_f16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, ldx, rows, n, k, F16);
	else
		kernel_scalar()->matmul_f16(y, ldy, w, x, ldx, rows, n,
		    k);
}

AVX2 void
avx2_matmul_bf16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, ldx, rows, n, k, BF16);
	else
		kernel_scalar()->matmul_bf16(y, ldy, w, x, ldx, rows, n,
		    k);
}

#else
typedef int no_avx2; /* a file may not be empty */
#endif
