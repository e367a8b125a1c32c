/* kernel_avx2_q8 - products with Q8_0 weights, and activations as int8; see
 * kern.h. */
#include "kernel_avx2.h"
#include "kernel_scalar.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <string.h>

/* The sums of eight vectors of eight integers, in order. */
INLINE __m256i
sums8(const __m256i v[8])
{
	__m256i a = _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]),
	    _mm256_hadd_epi32(v[2], v[3]));
	__m256i b = _mm256_hadd_epi32(_mm256_hadd_epi32(v[4], v[5]),
	    _mm256_hadd_epi32(v[6], v[7]));

	return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
	    _mm256_permute2x128_si256(a, b, 0x31));
}

/* The scales of block b of eight rows, nb blocks apart. */
INLINE __m256
scales8(const struct q8_0 *w, size_t nb)
{
	return _mm256_cvtph_ps(_mm_set_epi16((short)w[7 * nb].d,
	    (short)w[6 * nb].d, (short)w[5 * nb].d, (short)w[4 * nb].d,
	    (short)w[3 * nb].d, (short)w[2 * nb].d, (short)w[nb].d,
	    (short)w[0].d));
}

/* y[0..7] for eight rows of nb blocks and one column, in place: lanes are rows.
 * Products go through |w| * (a with w's sign), pairs of which fit 16 bits, as a
 * is never -128. */
AVX2 static void
q8_rows8(float *y, const struct q8_0 *w, const int8_t *q, const float *d,
    size_t nb)
{
	const __m256i one = _mm256_set1_epi16(1);
	__m256 acc = _mm256_setzero_ps();

	for (size_t b = 0; b < nb; b++, w++) {
		__m256i a = _mm256_loadu_si256((const void *)(q + b * 32));
		__m256i s[8];
		for (size_t r = 0; r < 8; r++) {
			__m256i v = _mm256_loadu_si256(
			    (const void *)w[r * nb].q);
			s[r] = _mm256_madd_epi16(one, _mm256_maddubs_epi16(
			    _mm256_abs_epi8(v), _mm256_sign_epi8(a, v)));
		}
		acc = _mm256_fmadd_ps(_mm256_mul_ps(scales8(w, nb),
		    _mm256_set1_ps(d[b])), _mm256_cvtepi32_ps(sums8(s)), acc);
	}
	_mm256_storeu_ps(y, acc);
}

/*
 * Panels, for many columns: Q8_ROWS rows and Q8_BLOCKS blocks at a time, as
 * 16-bit integers, two of each row side by side:
 *
 *	w[block][pair of columns][row][2], d[block][row]
 */
enum { Q8_ROWS = 16, Q8_BLOCKS = 16, Q8_COLS = 4 };

struct q8_panel {
	int16_t w[Q8_BLOCKS][16][Q8_ROWS][2];
	float d[Q8_BLOCKS][Q8_ROWS];
};

/* Rows of eight 16-bit units to columns. */
INLINE void
transpose8(__m128i v[8])
{
	__m128i t[8];

	for (int i = 0; i < 4; i++) {
		t[2 * i] = _mm_unpacklo_epi16(v[2 * i], v[2 * i + 1]);
		t[2 * i + 1] = _mm_unpackhi_epi16(v[2 * i], v[2 * i + 1]);
	}
	for (int i = 0; i < 2; i++) {
		v[4 * i] = _mm_unpacklo_epi32(t[4 * i], t[4 * i + 2]);
		v[4 * i + 1] = _mm_unpackhi_epi32(t[4 * i], t[4 * i + 2]);
		v[4 * i + 2] = _mm_unpacklo_epi32(t[4 * i + 1], t[4 * i + 3]);
		v[4 * i + 3] = _mm_unpackhi_epi32(t[4 * i + 1], t[4 * i + 3]);
	}
	for (int i = 0; i < 4; i++) {
		t[2 * i] = _mm_unpacklo_epi64(v[i], v[i + 4]);
		t[2 * i + 1] = _mm_unpackhi_epi64(v[i], v[i + 4]);
	}
	memcpy(v, t, sizeof(t));
}

AVX2 static void
q8_unpack(struct q8_panel *p, const struct q8_0 *w, size_t nb, size_t blocks)
{
	for (size_t b = 0; b < blocks; b++, w++)
		for (size_t r = 0; r < Q8_ROWS; r += 8) {
			for (size_t h = 0; h < 2; h++) {
				__m128i v[8];
				for (size_t i = 0; i < 8; i++)
					v[i] = _mm_loadu_si128((const void *)
					    (w[(r + i) * nb].q + 16 * h));
				transpose8(v);
				for (size_t i = 0; i < 8; i++)
					_mm256_storeu_si256((void *)
					    p->w[b][8 * h + i][r],
					    _mm256_cvtepi8_epi16(v[i]));
			}
			_mm256_storeu_ps(&p->d[b][r], scales8(w + r * nb, nb));
		}
}

/* Blocks of a panel and Q8_COLS columns: y[t*ldy + r] goes on from what it is.
 * (The integer sums of a block take the registers; the floats stay in y.) */
AVX2 static void
q8_panel_tile(float *y, size_t ldy, const struct q8_panel *p, const int8_t *q,
    const float *d, size_t nb, size_t blocks)
{
	for (size_t b = 0; b < blocks; b++) {
		__m256i s[Q8_COLS][2];
		int32_t a[Q8_COLS][16]; /* pairs of 16 bits */
		for (size_t t = 0; t < Q8_COLS; t++) {
			const int8_t *qt = q + (t * nb + b) * 32;
			for (size_t i = 0; i < 2; i++)
				_mm256_storeu_si256((void *)(a[t] + 8 * i),
				    _mm256_cvtepi8_epi16(_mm_loadu_si128(
				    (const void *)(qt + 16 * i))));
			s[t][0] = s[t][1] = _mm256_setzero_si256();
		}
		for (size_t i = 0; i < 16; i++) {
			__m256i u = _mm256_loadu_si256(
			    (const void *)p->w[b][i][0]);
			__m256i v = _mm256_loadu_si256(
			    (const void *)p->w[b][i][8]);
			for (int t = 0; t < Q8_COLS; t++) {
				__m256i x = _mm256_set1_epi32(a[t][i]);
				s[t][0] = _mm256_add_epi32(s[t][0],
				    _mm256_madd_epi16(u, x));
				s[t][1] = _mm256_add_epi32(s[t][1],
				    _mm256_madd_epi16(v, x));
			}
		}
		for (size_t t = 0; t < Q8_COLS; t++)
			for (size_t r = 0; r < 2; r++) {
				float *yt = y + t * ldy + 8 * r;
				_mm256_storeu_ps(yt, _mm256_fmadd_ps(
				    _mm256_mul_ps(_mm256_loadu_ps(&p->d[b][8 * r]),
				    _mm256_set1_ps(d[t * nb + b])),
				    _mm256_cvtepi32_ps(s[t][r]),
				    _mm256_loadu_ps(yt)));
			}
	}
}

/* Columns 0..n-1, n a multiple of Q8_COLS, of Q8_ROWS rows. */
AVX2 static void
q8_rows16(float *y, size_t ldy, const struct q8_0 *w, const int8_t *q,
    const float *d, size_t n, size_t nb)
{
	struct q8_panel p;

	for (size_t t = 0; t < n; t++)
		memset(y + t * ldy, 0, Q8_ROWS * sizeof(*y));
	for (size_t b = 0; b < nb; b += Q8_BLOCKS) {
		size_t blocks = nb - b < Q8_BLOCKS ? nb - b : Q8_BLOCKS;
		q8_unpack(&p, w + b, nb, blocks);
		for (size_t t = 0; t < n; t += Q8_COLS)
			q8_panel_tile(y + t * ldy, ldy, &p,
			    q + (t * nb + b) * 32, d + t * nb + b, nb, blocks);
	}
}

AVX2 void
avx2_matmul_q8_0(float *y, size_t ldy, uint32_t type, const void *blocks,
    const struct acts *x, size_t rows, size_t n, size_t k)
{
	size_t nb = k / QK, r = 0, many = n - n % Q8_COLS;
	const struct q8_0 *w = blocks;

	for (; r + 8 <= rows; r += 8) {
		size_t t = 0;
		if (many > 0 && r + Q8_ROWS <= rows && r % Q8_ROWS == 0)
			q8_rows16(y + r, ldy, w + r * nb, x->q, x->d, many, nb);
		if (r / Q8_ROWS * Q8_ROWS + Q8_ROWS <= rows)
			t = many;
		for (; t < n; t++)
			q8_rows8(y + t * ldy + r, w + r * nb, x->q + t * k,
			    x->d + t * nb, nb);
	}
	if (r < rows)
		scalar_matmul_q(y + r, ldy, type, w + r * nb, x, rows - r, n,
		    k);
}

AVX2 void
avx2_dequant_q8_0(float *y, uint32_t type, const void *blocks, size_t n)
{
	const struct q8_0 *w = blocks;

	(void)type;
	for (size_t b = 0; b < n / QK; b++)
		for (size_t i = 0; i < 32; i += 8)
			_mm256_storeu_ps(y + b * 32 + i, _mm256_mul_ps(
			    _mm256_set1_ps(_cvtsh_ss(w[b].d)),
			    _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(
			    _mm_loadl_epi64((const void *)(w[b].q + i))))));
}

/* Eight activations, rounded, as integers. */
INLINE __m256i
round8(const float *x, float inv)
{
	return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x),
	    _mm256_set1_ps(inv)));
}

/* A block's 32 activations to q, and their two sums. */
INLINE void
round32(int8_t *q, int16_t *sum, const float *x, float inv)
{
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
	const __m256i one = _mm256_set1_epi16(1);
	__m256i a = round8(x, inv), b = round8(x + 8, inv);
	__m256i c = round8(x + 16, inv), d = round8(x + 24, inv);
	__m256i s;

	_mm256_storeu_si256((void *)q, _mm256_permutevar8x32_epi32(
	    _mm256_packs_epi16(_mm256_packs_epi32(a, b),
	    _mm256_packs_epi32(c, d)), order));
	s = _mm256_hadd_epi32(_mm256_add_epi32(a, b), _mm256_add_epi32(c, d));
	s = _mm256_madd_epi16(_mm256_packs_epi32(s, s), one);
	sum[0] = (int16_t)(_mm256_extract_epi32(s, 0) +
	    _mm256_extract_epi32(s, 4));
	sum[1] = (int16_t)(_mm256_extract_epi32(s, 1) +
	    _mm256_extract_epi32(s, 5));
}

AVX2 void
avx2_quant_q8(const struct acts *to, const float *x, size_t k, size_t block)
{
	const __m256i abs = _mm256_set1_epi32(0x7fffffff);

	for (size_t at = 0, b = 0; at < k; at += block, b++) {
		__m256i m = _mm256_setzero_si256();
		__m128i h;
		float inv;

		for (size_t i = at; i < at + block; i += 8)
			m = _mm256_max_epu32(m, _mm256_and_si256(abs,
			    _mm256_loadu_si256((const void *)(x + i))));
		h = _mm_max_epu32(_mm256_castsi256_si128(m),
		    _mm256_extracti128_si256(m, 1));
		h = _mm_max_epu32(h, _mm_shuffle_epi32(h, 0x4e));
		h = _mm_max_epu32(h, _mm_shuffle_epi32(h, 0xb1));
		inv = quant_inverse(&to->d[b], (uint32_t)_mm_cvtsi128_si32(h));
		if (inv == 0) {
			memset(to->q + at, 0, block);
			memset(to->sum + at / 16, 0, block / 16 * 2);
			continue;
		}
		for (size_t i = at; i < at + block; i += 32)
			round32(to->q + i, to->sum + i / 16, x + i, inv);
	}
}

#else
typedef int no_avx2; /* a file may not be empty */
#endif
