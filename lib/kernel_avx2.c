/* kernel_avx2 - the kernels for x86-64 with AVX2, FMA, F16C, SSE4.2; kern.h
 * defines what each computes and in which order. */
#include "kern.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "fmath.h"

#define AVX2 __attribute__((target("avx2,fma,f16c,sse4.2")))
#define INLINE static inline __attribute__((always_inline)) AVX2

/* Lanes 0..n-1 set, 0 <= n <= 8. */
INLINE __m256i
first(size_t n)
{
	const __m256i i = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

	return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), i);
}

/* The tree of the 16-lane rule; a holds lanes 0-7, b 8-15. */
INLINE float
tree16(__m256 a, __m256 b)
{
	__m256 v = _mm256_add_ps(a, b);
	__m128 w = _mm_add_ps(_mm256_castps256_ps128(v),
	    _mm256_extractf128_ps(v, 1));

	w = _mm_add_ps(w, _mm_movehl_ps(w, w));
	w = _mm_add_ss(w, _mm_movehdup_ps(w));
	return _mm_cvtss_f32(w);
}

/* acc += x * y where the mask is set; elsewhere acc stays, to the sign of 0. */
INLINE __m256
fma_some(__m256 acc, const float *x, const float *y, __m256i mask)
{
	__m256 v = _mm256_fmadd_ps(_mm256_maskload_ps(x, mask),
	    _mm256_maskload_ps(y, mask), acc);

	return _mm256_blendv_ps(acc, v, _mm256_castsi256_ps(mask));
}

AVX2 static float
dot(const float *x, const float *y, size_t n)
{
	__m256 a = _mm256_setzero_ps(), b = a;
	size_t i = 0, rest = n % 16;

	for (; i + 16 <= n; i += 16) {
		a = _mm256_fmadd_ps(_mm256_loadu_ps(x + i),
		    _mm256_loadu_ps(y + i), a);
		b = _mm256_fmadd_ps(_mm256_loadu_ps(x + i + 8),
		    _mm256_loadu_ps(y + i + 8), b);
	}
	if (rest > 0)
		a = fma_some(a, x + i, y + i, first(rest > 8 ? 8 : rest));
	if (rest > 8)
		b = fma_some(b, x + i + 8, y + i + 8, first(rest - 8));
	return tree16(a, b);
}

AVX2 static float
sum(const float *x, size_t n)
{
	__m256 a = _mm256_setzero_ps(), b = a;
	float lane[16];
	size_t i = 0;

	for (; i + 16 <= n; i += 16) {
		a = _mm256_add_ps(a, _mm256_loadu_ps(x + i));
		b = _mm256_add_ps(b, _mm256_loadu_ps(x + i + 8));
	}
	if (i == n)
		return tree16(a, b);
	_mm256_storeu_ps(lane, a);
	_mm256_storeu_ps(lane + 8, b);
	for (size_t j = 0; i + j < n; j++)
		lane[j] += x[i + j];
	return tree16(_mm256_loadu_ps(lane), _mm256_loadu_ps(lane + 8));
}

/* A tile of R rows and T columns of matmul_f32. */
#define TILE(R, T)                                                             \
	AVX2 static void tile_##R##_##T(float *y, size_t ldy, const float *w,  \
	    const float *x, size_t k)                                          \
	{                                                                      \
		__m256 a[R][T], b[R][T];                                       \
		size_t i = 0;                                                  \
		for (int r = 0; r < R; r++)                                    \
			for (int t = 0; t < T; t++)                            \
				a[r][t] = b[r][t] = _mm256_setzero_ps();       \
		for (; i + 16 <= k; i += 16)                                   \
			for (int r = 0; r < R; r++) {                          \
				const float *wr = w + (size_t)r * k + i;       \
				__m256 u = _mm256_loadu_ps(wr);                \
				__m256 v = _mm256_loadu_ps(wr + 8);            \
				for (int t = 0; t < T; t++) {                  \
					const float *xt = x + (size_t)t * k + i; \
					a[r][t] = _mm256_fmadd_ps(u,           \
					    _mm256_loadu_ps(xt), a[r][t]);     \
					b[r][t] = _mm256_fmadd_ps(v,           \
					    _mm256_loadu_ps(xt + 8), b[r][t]); \
				}                                              \
			}                                                      \
		for (int r = 0; r < R; r++)                                    \
			for (int t = 0; t < T; t++)                            \
				y[(size_t)t * ldy + (size_t)r] =               \
				    tree16(a[r][t], b[r][t]);                  \
	}

TILE(1, 1)
TILE(2, 1)
TILE(1, 3)
TILE(2, 3)

AVX2 static void
matmul_f32(float *y, size_t ldy, const float *w, const float *x, size_t rows,
    size_t n, size_t k)
{
	size_t r = 0;

	if (k % 16 != 0) {
		for (size_t t = 0; t < n; t++)
			for (r = 0; r < rows; r++)
				y[t * ldy + r] = dot(w + r * k, x + t * k, k);
		return;
	}
	for (; r < rows; r += 2) {
		size_t t = 0, two = rows - r >= 2;
		const float *wr = w + r * k;
		for (; t + 3 <= n; t += 3)
			(two ? tile_2_3 : tile_1_3)(y + t * ldy + r, ldy, wr,
			    x + t * k, k);
		for (; t < n; t++)
			(two ? tile_2_1 : tile_1_1)(y + t * ldy + r, ldy, wr,
			    x + t * k, k);
	}
}

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

AVX2 static void
matmul_q8_0(float *y, size_t ldy, const struct q8_0 *w, const int8_t *q,
    const float *d, size_t rows, size_t n, size_t k)
{
	size_t nb = k / QK8_0, r = 0, many = n - n % Q8_COLS;

	for (; r + 8 <= rows; r += 8) {
		size_t t = 0;
		if (many > 0 && r + Q8_ROWS <= rows && r % Q8_ROWS == 0)
			q8_rows16(y + r, ldy, w + r * nb, q, d, many, nb);
		if (r / Q8_ROWS * Q8_ROWS + Q8_ROWS <= rows)
			t = many;
		for (; t < n; t++)
			q8_rows8(y + t * ldy + r, w + r * nb, q + t * k,
			    d + t * nb, nb);
	}
	if (r < rows)
		kernel_scalar()->matmul_q8_0(y + r, ldy, w + r * nb, q, d,
		    rows - r, n, k);
}

AVX2 static void
quant_q8(int8_t *q, float *d, const float *x, size_t k)
{
	const __m256i abs = _mm256_set1_epi32(0x7fffffff);
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);

	for (size_t b = 0; b < k / 32; b++, x += 32, q += 32) {
		__m256i m = _mm256_setzero_si256(), v[4];
		__m128i h;
		uint32_t top;
		float inv;

		for (int i = 0; i < 4; i++) {
			v[i] = _mm256_loadu_si256((const void *)(x + 8 * i));
			m = _mm256_max_epu32(m, _mm256_and_si256(v[i], abs));
		}
		h = _mm_max_epu32(_mm256_castsi256_si128(m),
		    _mm256_extracti128_si256(m, 1));
		h = _mm_max_epu32(h, _mm_shuffle_epi32(h, 0x4e));
		h = _mm_max_epu32(h, _mm_shuffle_epi32(h, 0xb1));
		top = (uint32_t)_mm_cvtsi128_si32(h);
		d[b] = fm_float(top) / 127;
		inv = 1 / d[b];
		if (top >= 0x7f800000u)
			d[b] = fm_float(0x7fc00000u);
		if (top >= 0x7f800000u || inv > FLT_MAX) {
			memset(q, 0, 32);
			continue;
		}
		for (int i = 0; i < 4; i++)
			v[i] = _mm256_cvtps_epi32(_mm256_mul_ps(
			    _mm256_castsi256_ps(v[i]), _mm256_set1_ps(inv)));
		m = _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]),
		    _mm256_packs_epi32(v[2], v[3]));
		_mm256_storeu_si256((void *)q,
		    _mm256_permutevar8x32_epi32(m, order));
	}
}

AVX2 static void
from_f16(float *y, const uint16_t *w, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		_mm256_storeu_ps(y + i, _mm256_cvtph_ps(
		    _mm_loadu_si128((const void *)(w + i))));
	for (; i < n; i++)
		y[i] = fm_from_f16(w[i]);
}

AVX2 static void
from_bf16(float *y, const uint16_t *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fm_from_bf16(w[i]);
}

AVX2 static void
from_q8_0(float *y, const struct q8_0 *w, size_t n)
{
	for (size_t b = 0; b < n / QK8_0; b++)
		for (size_t i = 0; i < 32; i += 8)
			_mm256_storeu_ps(y + b * 32 + i, _mm256_mul_ps(
			    _mm256_set1_ps(_cvtsh_ss(w[b].d)),
			    _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(
			    _mm_loadl_epi64((const void *)(w[b].q + i))))));
}

AVX2 static void
to_f16(uint16_t *y, const float *x, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		_mm_storeu_si128((void *)(y + i), _mm256_cvtps_ph(
		    _mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
	for (; i < n; i++)
		y[i] = fm_to_f16(x[i]);
}

/* fm_expf, operation by operation. */
INLINE __m256
vexp(__m256 x)
{
	const __m256 magic = _mm256_set1_ps(12582912.0f);
	const __m256i bias = _mm256_set1_epi32(127);
	/* operands so ordered that NaN stays */
	__m256 d = _mm256_min_ps(_mm256_set1_ps(90.0f),
	    _mm256_max_ps(_mm256_set1_ps(-105.0f), x));
	__m256 t = _mm256_add_ps(
	    _mm256_mul_ps(d, _mm256_set1_ps(1.44269504f)), magic);
	__m256 f = _mm256_sub_ps(t, magic);
	__m256 r = _mm256_sub_ps(_mm256_sub_ps(d,
	    _mm256_mul_ps(f, _mm256_set1_ps(0.693359375f))),
	    _mm256_mul_ps(f, _mm256_set1_ps(-2.12194440e-4f)));
	__m256i n = _mm256_sub_epi32(_mm256_castps_si256(t),
	    _mm256_castps_si256(magic));
	__m256i half = _mm256_srai_epi32(n, 1);
	static const float c[] = { 1.0f / 720, 1.0f / 120, 1.0f / 24,
		1.0f / 6, 0.5f, 1.0f, 1.0f };
	__m256 p = _mm256_set1_ps(1.0f / 5040);

	for (int i = 0; i < 7; i++)
		p = _mm256_add_ps(_mm256_mul_ps(p, r), _mm256_set1_ps(c[i]));
	p = _mm256_mul_ps(p, _mm256_castsi256_ps(_mm256_slli_epi32(
	    _mm256_add_epi32(half, bias), 23)));
	return _mm256_mul_ps(p, _mm256_castsi256_ps(_mm256_slli_epi32(
	    _mm256_add_epi32(_mm256_sub_epi32(n, half), bias), 23)));
}

/* As in kernel_scalar: scores to weights, with m, l and o brought along. s has
 * KERN_PAGE places, those from n on holding -inf. */
AVX2 static void
attn_weights(float *s, float *o, float *m, float *l, size_t hd)
{
	__m256 top = _mm256_set1_ps(*m), a = _mm256_setzero_ps(), b = a, v;
	__m128 h;
	size_t i = 0;
	float c;

	for (int j = 0; j < KERN_PAGE; j += 8) /* a NaN is passed over */
		top = _mm256_max_ps(_mm256_loadu_ps(s + j), top);
	h = _mm_max_ps(_mm256_castps256_ps128(top),
	    _mm256_extractf128_ps(top, 1));
	h = _mm_max_ps(h, _mm_movehl_ps(h, h));
	h = _mm_max_ss(h, _mm_movehdup_ps(h));
	c = fm_expf(*m - _mm_cvtss_f32(h));
	*m = _mm_cvtss_f32(h);
	top = _mm256_set1_ps(*m);
	for (int j = 0; j < KERN_PAGE; j += 16) {
		v = vexp(_mm256_sub_ps(_mm256_loadu_ps(s + j), top));
		a = _mm256_add_ps(a, v);
		_mm256_storeu_ps(s + j, v);
		v = vexp(_mm256_sub_ps(_mm256_loadu_ps(s + j + 8), top));
		b = _mm256_add_ps(b, v);
		_mm256_storeu_ps(s + j + 8, v);
	}
	*l = fmaf(*l, c, tree16(a, b));
	for (; i + 8 <= hd; i += 8)
		_mm256_storeu_ps(o + i, _mm256_mul_ps(_mm256_loadu_ps(o + i),
		    _mm256_set1_ps(c)));
	for (; i < hd; i++)
		o[i] *= c;
}

/* Eight values of the cache, by its element type. */
INLINE __m256
load_f32(const float *p)
{
	return _mm256_loadu_ps(p);
}

INLINE __m256
load_f16(const uint16_t *p)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const void *)p));
}

INLINE float
one_f32(const float *p)
{
	return *p;
}

INLINE float
one_f16(const uint16_t *p)
{
	return fm_from_f16(*p);
}

/* Scores of G queries with the page's positions, 16 at a time, and the sum of
 * values by G weights, 8 dimensions at a time: G shares each load. */
#define ATTN_GROUP(T, NAME, G)                                                 \
	AVX2 static void scores_##NAME##_##G(float (*s)[KERN_PAGE],            \
	    const float *q, const T *k, size_t n, size_t hd, float scale)      \
	{                                                                      \
		const __m256 none = _mm256_set1_ps(-INFINITY);                 \
		const __m256 sc = _mm256_set1_ps(scale);                       \
		for (size_t j = 0; j < KERN_PAGE; j += 16, k += 16 * hd) {     \
			__m256 a[G], b[G];                                     \
			size_t see = n > j ? n - j : 0;                        \
			__m256 in = _mm256_castsi256_ps(first(see > 8 ? 8 : see)); \
			__m256 in2 = _mm256_castsi256_ps(first(                \
			    see > 16 ? 8 : see > 8 ? see - 8 : 0));            \
			for (int g = 0; g < G; g++)                            \
				a[g] = b[g] = _mm256_setzero_ps();             \
			for (size_t i = 0; see > 0 && i < hd; i++) {           \
				__m256 u = load_##NAME(k + 16 * i);            \
				__m256 v = load_##NAME(k + 16 * i + 8);        \
				for (size_t g = 0; g < G; g++) {               \
					__m256 x = _mm256_set1_ps(             \
					    q[g * hd + i]);                    \
					a[g] = _mm256_fmadd_ps(x, u, a[g]);    \
					b[g] = _mm256_fmadd_ps(x, v, b[g]);    \
				}                                              \
			}                                                      \
			for (int g = 0; g < G; g++) {                          \
				a[g] = _mm256_mul_ps(a[g], sc);                \
				b[g] = _mm256_mul_ps(b[g], sc);                \
				_mm256_storeu_ps(&s[g][j],                     \
				    _mm256_blendv_ps(none, a[g], in));         \
				_mm256_storeu_ps(&s[g][j + 8],                 \
				    _mm256_blendv_ps(none, b[g], in2));        \
			}                                                      \
		}                                                              \
	}                                                                      \
	AVX2 static void values_##NAME##_##G(float *o,                         \
	    const float (*s)[KERN_PAGE], const T *v, size_t n, size_t hd)      \
	{                                                                      \
		size_t i = 0;                                                  \
		for (; i + 8 <= hd; i += 8) {                                  \
			__m256 a[G];                                           \
			for (size_t g = 0; g < G; g++)                         \
				a[g] = _mm256_loadu_ps(o + g * hd + i);        \
			for (size_t j = 0; j < n; j++) {                       \
				__m256 u = load_##NAME(v + j * hd + i);        \
				for (int g = 0; g < G; g++)                    \
					a[g] = _mm256_fmadd_ps(                \
					    _mm256_set1_ps(s[g][j]), u, a[g]); \
			}                                                      \
			for (size_t g = 0; g < G; g++)                         \
				_mm256_storeu_ps(o + g * hd + i, a[g]);        \
		}                                                              \
		for (; i < hd; i++)                                            \
			for (size_t g = 0; g < G; g++)                         \
				for (size_t j = 0; j < n; j++)                 \
					o[g * hd + i] = fmaf(s[g][j],          \
					    one_##NAME(v + j * hd + i),        \
					    o[g * hd + i]);                    \
	}                                                                      \
	AVX2 static void group_##NAME##_##G(float *o, float *m, float *l,      \
	    const float *q, const T *k, const T *v, size_t n, size_t hd,       \
	    float scale)                                                       \
	{                                                                      \
		float s[G][KERN_PAGE];                                         \
		scores_##NAME##_##G(s, q, k, n, hd, scale);                    \
		for (size_t g = 0; g < G; g++)                                 \
			attn_weights(s[g], o + g * hd, m + g, l + g, hd);      \
		values_##NAME##_##G(o, (const float(*)[KERN_PAGE])s, v, n, hd); \
	}

#define ATTN(T, NAME)                                                          \
	ATTN_GROUP(T, NAME, 1)                                                 \
	ATTN_GROUP(T, NAME, 2)                                                 \
	ATTN_GROUP(T, NAME, 3)                                                 \
	ATTN_GROUP(T, NAME, 4)                                                 \
	AVX2 static void attn_##NAME(float *o, float *m, float *l,             \
	    const float *q, const T *k, const T *v, size_t nq, size_t n,       \
	    size_t hd, float scale)                                            \
	{                                                                      \
		while (nq > 0) {                                               \
			size_t g = nq > 4 ? 4 : nq;                            \
			(g == 4 ? group_##NAME##_4 : g == 3 ? group_##NAME##_3 \
			    : g == 2 ? group_##NAME##_2 : group_##NAME##_1)(   \
			    o, m, l, q, k, v, n, hd, scale);                   \
			o += g * hd;                                           \
			q += g * hd;                                           \
			m += g;                                                \
			l += g;                                                \
			nq -= g;                                               \
		}                                                              \
	}

ATTN(float, f32)
ATTN(uint16_t, f16)

AVX2 static void
silu_mul(float *y, const float *g, size_t n)
{
	const __m256 one = _mm256_set1_ps(1), zero = _mm256_set1_ps(-0.0f);
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		__m256 v = _mm256_loadu_ps(g + i);
		__m256 e = vexp(_mm256_xor_ps(v, zero));
		_mm256_storeu_ps(y + i, _mm256_mul_ps(_mm256_div_ps(v,
		    _mm256_add_ps(one, e)), _mm256_loadu_ps(y + i)));
	}
	kernel_scalar()->silu_mul(y + i, g + i, n - i);
}

AVX2 static void
gelu(float *x, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		__m256 v = _mm256_loadu_ps(x + i);
		__m256 u = _mm256_mul_ps(_mm256_set1_ps(0.044715f), v);
		u = _mm256_mul_ps(_mm256_mul_ps(u, v), v);
		u = _mm256_mul_ps(_mm256_set1_ps(0.79788456f),
		    _mm256_add_ps(v, u));
		u = vexp(_mm256_mul_ps(_mm256_set1_ps(-2), u));
		_mm256_storeu_ps(x + i, _mm256_div_ps(v,
		    _mm256_add_ps(_mm256_set1_ps(1), u)));
	}
	kernel_scalar()->gelu(x + i, n - i);
}

AVX2 static uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t c = ~crc, word;

	for (; n >= 8; n -= 8, s += 8) {
		memcpy(&word, s, sizeof(word));
		c = _mm_crc32_u64(c, word);
	}
	for (; n > 0; n--, s++)
		c = _mm_crc32_u8((uint32_t)c, *s);
	return ~(uint32_t)c;
}

static const struct kern avx2 = {
	.name = "avx2",
	.dot = dot,
	.sum = sum,
	.matmul_f32 = matmul_f32,
	.matmul_q8_0 = matmul_q8_0,
	.quant_q8 = quant_q8,
	.from_f16 = from_f16,
	.from_bf16 = from_bf16,
	.from_q8_0 = from_q8_0,
	.to_f16 = to_f16,
	.attn_f16 = attn_f16,
	.attn_f32 = attn_f32,
	.silu_mul = silu_mul,
	.gelu = gelu,
	.crc32c = crc32c,
};

const struct kern *
kernel_avx2(void)
{
	/* F16C came before AVX2 on every processor; not all compilers can ask
	 * for it */
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx2") &&
	    __builtin_cpu_supports("fma") && __builtin_cpu_supports("sse4.2")
	    ? &avx2 : NULL;
}

#else

const struct kern *
kernel_avx2(void)
{
	return NULL;
}

#endif
