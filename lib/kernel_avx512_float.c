/* kernel_avx512_float - products with float weights; see kern.h. */
#include "kernel_avx512.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum { ROWS = 4, COLS = 4 };
enum element { F32, F16, BF16 };

INLINE size_t
element_size(enum element e)
{
	return e == F32 ? 4 : 2;
}

INLINE __m512
load16(const unsigned char *w, enum element e)
{
	if (e == F32)
		return _mm512_loadu_ps((const void *)w);
	if (e == F16)
		return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w));
	return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(
	    _mm256_loadu_si256((const void *)w)), 16));
}

/* Lanes 0-7 plus lanes 8-15. */
INLINE __m256
half(__m512 a)
{
	return _mm256_add_ps(_mm512_castps512_ps256(a),
	    _mm512_extractf32x8_ps(a, 1));
}

/* An output is one register. */
INLINE void
tile(float *y, size_t ldy, const unsigned char *w, size_t apart, const float *x,
    size_t ldx, size_t k, enum element e, size_t R, size_t T, bool fetch)
{
	const size_t size = element_size(e), stride = apart * k * size;
	const unsigned char *next = w + R * stride;
	__m512 a[4][COLS];

	for (size_t r = 0; r < R; r++)
		for (size_t t = 0; t < T; t++)
			a[r][t] = _mm512_setzero_ps();
	for (size_t i = 0; i < k; i += 16) {
		for (size_t l = 0; fetch && l < R * 16 * size; l += 64)
			_mm_prefetch((const char *)next + R * i * size + l,
			    _MM_HINT_T0);
		for (size_t r = 0; r < R; r++) {
			__m512 u = load16(w + r * stride + i * size, e);
			for (size_t t = 0; t < T; t++)
				a[r][t] = _mm512_fmadd_ps(u,
				    _mm512_loadu_ps(x + t * ldx + i), a[r][t]);
		}
	}
	for (size_t t = 0; t < T; t++) {
		float y4[4];
		if (R == 4)
			_mm_storeu_ps(y4, trees4(half(a[0][t]), half(a[1][t]),
			    half(a[2][t]), half(a[3][t])));
		else
			y4[0] = tree512(a[0][t]);
		for (size_t r = 0; r < R; r++)
			y[t * ldy + r * apart] = y4[r];
	}
}

#include "kernel_float.inc"

AVX512 void
avx512_matmul_f32(float *y, size_t ldy, const float *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, ldx, rows, n, k, F32);
	else
		kernel_scalar()->matmul_f32(y, ldy, w, x, ldx, rows, n,
		    k);
}

AVX512 void
avx512_matmul_f16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, ldx, rows, n, k, F16);
	else
		kernel_scalar()->matmul_f16(y, ldy, w, x, ldx, rows, n,
		    k);
}

AVX512 void
avx512_matmul_bf16(float *y, size_t ldy, const uint16_t *w,
    const float *x, size_t ldx, size_t rows, size_t n, size_t k)
{
	if (k % 16 == 0)
		matmul(y, ldy, w, x, ldx, rows, n, k, BF16);
	else
		kernel_scalar()->matmul_bf16(y, ldy, w, x, ldx, rows, n,
		    k);
}

#else
typedef int no_avx512; /* a file may not be empty */
#endif
