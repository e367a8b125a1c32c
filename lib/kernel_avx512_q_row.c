/*
 * kernel_avx512_q_row - products of rows of blocks with few inputs; see kern.h.
 *
 * Four rows at a time, far apart, each read as one long stream: that is what a
 * processor's prefetching follows. Sums of their blocks are put together so
 * that a lane is a row, and enter the accumulators block by block.
 */
#include "kernel_avx512_q.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum { ROWS = 4, MOST = 4, AHEAD = 1024 };

/* The sums of four vectors, by lanes of 128 bits: lane l is {a, b, c, d}. */
INLINE __m512i
sums4(const __m512i v[4])
{
	__m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(v[0], v[1]),
	    _mm512_unpackhi_epi32(v[0], v[1]));
	__m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2], v[3]),
	    _mm512_unpackhi_epi32(v[2], v[3]));

	return _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd),
	    _mm512_unpackhi_epi64(ab, cd));
}

/* The sum of each of four vectors. */
INLINE __m128i
total4(const __m512i v[4])
{
	__m512i s = sums4(v);
	__m256i h = _mm256_add_epi32(_mm512_castsi512_si256(s),
	    _mm512_extracti64x4_epi64(s, 1));

	return _mm_add_epi32(_mm256_castsi256_si128(h),
	    _mm256_extracti128_si256(h, 1));
}

/* The same of 256 bits, or of their lower half alone. */
INLINE __m128i
total4_256(const __m256i v[4], bool upper)
{
	__m128i a[4];

	for (int i = 0; i < 4; i++) {
		a[i] = _mm256_castsi256_si128(v[i]);
		if (upper)
			a[i] = _mm_add_epi32(a[i],
			    _mm256_extracti128_si256(v[i], 1));
	}
	return _mm_hadd_epi32(_mm_hadd_epi32(a[0], a[1]),
	    _mm_hadd_epi32(a[2], a[3]));
}

/* Lane l is element l of x. */
INLINE __m512i
spread(__m128i x)
{
	const __m512i lane = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
	    2, 3, 3, 3, 3);

	return _mm512_permutexvar_epi32(lane, _mm512_castsi128_si512(x));
}

/* Four rows w[] of nb >= 4 blocks of 32, inputs 0..n-1; y[r] of each row. */
INLINE void
rows32(int type, float *const y[ROWS], size_t ldy,
    const unsigned char *const w[ROWS], const struct acts *x, size_t n,
    size_t nb)
{
	const size_t size = block_bytes(type);
	const __m512i less = _mm512_set1_epi16((short)-byte_offset(type));
	__m128 acc[MOST];

	for (size_t t = 0; t < n; t++)
		acc[t] = _mm_setzero_ps();
	for (size_t at = 0; at < nb; at += 4) {
		/* the last four overlap what came before, which is left out */
		size_t b = at + 4 <= nb ? at : nb - 4;
		__m512i z[ROWS][2];
		const unsigned char *p[ROWS];
		__m512 d, m = _mm512_setzero_ps();

		for (size_t r = 0; r < ROWS; r++) {
			p[r] = w[r] + b * size;
			_mm_prefetch((const void *)(p[r] + AHEAD),
			    _MM_HINT_T0);
			if (type == DTYPE_Q8_0)
				_mm_prefetch((const void *)(p[r] + AHEAD + 64),
				    _MM_HINT_T0);
			bytes32(type, z[r], p[r]);
		}
		factors32(type, &d, &m, p);
		for (size_t t = 0; t < n; t++) {
			size_t i = t * nb + b;
			__m512i a[2], s[ROWS], sum;
			__m512 f, e, mf = _mm512_setzero_ps(), me = mf, xd;

			in_order(type, a, x->q + i * QK);
			for (size_t r = 0; r < ROWS; r++)
				s[r] = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(
				    _mm512_setzero_si512(), z[r][0], a[0]),
				    z[r][1], a[1]);
			sum = spread(_mm_loadu_si128(
			    (const void *)(x->sum + 2 * i)));
			s[0] = sums4(s);
			if (byte_offset(type) != 0)
				s[0] = _mm512_dpwssd_epi32(s[0], sum, less);
			xd = _mm512_castsi512_ps(spread(_mm_loadu_si128(
			    (const void *)(x->d + i))));
			e = _mm512_mul_ps(d, xd);
			f = _mm512_cvtepi32_ps(s[0]);
			if (has_min(type)) {
				me = _mm512_mul_ps(m, xd);
				mf = _mm512_cvtepi32_ps(_mm512_madd_epi16(sum,
				    _mm512_set1_epi16(1)));
			}
#define STEP(l)                                                                \
	if (b + (l) >= at) {                                                   \
		acc[t] = _mm_fmadd_ps(_mm512_extractf32x4_ps(e, l),            \
		    _mm512_extractf32x4_ps(f, l), acc[t]);                     \
		if (has_min(type))                                             \
			acc[t] = _mm_fmadd_ps(_mm512_extractf32x4_ps(me, l),   \
			    _mm512_extractf32x4_ps(mf, l), acc[t]);            \
	}
			STEP(0)
			STEP(1)
			STEP(2)
			STEP(3)
#undef STEP
		}
	}
	for (size_t t = 0; t < n; t++) {
		float out[ROWS];
		_mm_storeu_ps(out, acc[t]);
		for (size_t r = 0; r < ROWS; r++)
			y[r][t * ldy] = out[r];
	}
}

/* Integer scales of a super-block to words (or, for IQ4_XS, whose products do
 * not fit words, integers) that stand against packed pairs of vectors. */
INLINE void
against(int type, __m512i s[2], __m256i scales)
{
	__m512i all = _mm512_castsi256_si512(scales);

	for (int i = 0; i < 2; i++) {
		int16_t at[32];
		for (int j = 0; j < 32; j++) {
			int vector = 2 * i + j / 4 % 2, lane = j / 8;
			int group = group_at(type, 4 * vector + lane);
			at[j] = (int16_t)(group_size(type) == 16 ? group
			                                         : group / 2);
		}
		s[i] = _mm512_permutexvar_epi16(_mm512_loadu_si512(at), all);
		if (type == DTYPE_IQ4_XS)
			s[i] = _mm512_srai_epi32(_mm512_slli_epi32(s[i], 16),
			    16);
	}
}

/* The same for nb super-blocks of 256. */
INLINE void
rows256(int type, float *const y[ROWS], size_t ldy,
    const unsigned char *const w[ROWS], const struct acts *x, size_t n,
    size_t nb)
{
	const size_t size = block_bytes(type);
	const __m256i one = _mm256_set1_epi16(1);
	__m128 acc[MOST];

	for (size_t t = 0; t < n; t++)
		acc[t] = _mm_setzero_ps();
	for (size_t b = 0; b < nb; b++) {
		__m512i a[MOST][4], v[MOST][ROWS];
		__m256i sum[MOST], c[MOST][ROWS];
		uint16_t half[2][ROWS];
		__m128 d, m;

		for (size_t t = 0; t < n; t++) {
			size_t i = (t * nb + b) * QK_K;
			in_order(type, a[t], x->q + i);
			in_order(type, a[t] + 2, x->q + i + 128);
			sum[t] = _mm256_loadu_si256(
			    (const void *)(x->sum + i / 16));
			if (group_size(type) == 32) { /* words again, below */
				sum[t] = _mm256_madd_epi16(sum[t], one);
				sum[t] = _mm256_castsi128_si256(_mm_packs_epi32(
				    _mm256_castsi256_si128(sum[t]),
				    _mm256_extracti128_si256(sum[t], 1)));
			}
		}
		for (size_t r = 0; r < ROWS; r++) {
			const unsigned char *p = w[r] + b * size;
			__m512i z[4], s[2];
			__m256i scales = scales256(type, p);
			__m256i k = corrections256(type, scales, p);

			for (size_t i = 0; i < size; i += 64)
				_mm_prefetch((const void *)(p + AHEAD + i),
				    _MM_HINT_T0);
			bytes256(type, z, p);
			against(type, s, scales);
			memcpy(&half[0][r], p + d256_at(type), 2);
			memcpy(&half[1][r], p + dmin256_at(type), 2);
			for (size_t t = 0; t < n; t++) {
				const __m512i zero = _mm512_setzero_si512();
				__m512i u[4];
				for (int i = 0; i < 4; i++)
					u[i] = _mm512_dpbusd_epi32(
					    type == DTYPE_IQ4_XS && i % 2
					        ? u[i - 1] : zero, z[i],
					    a[t][i]);
				if (type == DTYPE_IQ4_XS)
					v[t][r] = _mm512_add_epi32(
					    _mm512_mullo_epi32(u[1], s[0]),
					    _mm512_mullo_epi32(u[3], s[1]));
				else
					v[t][r] = _mm512_dpwssd_epi32(
					    _mm512_dpwssd_epi32(zero,
					    _mm512_packs_epi32(u[0], u[1]),
					    s[0]),
					    _mm512_packs_epi32(u[2], u[3]),
					    s[1]);
				c[t][r] = _mm256_madd_epi16(k, sum[t]);
			}
		}
		d = _mm_cvtph_ps(_mm_loadl_epi64((const void *)half[0]));
		m = _mm_cvtph_ps(_mm_loadl_epi64((const void *)half[1]));
		for (size_t t = 0; t < n; t++) {
			__m128 xd = _mm_set1_ps(x->d[t * nb + b]);
			__m128i s = total4(v[t]);
			__m128i k = total4_256(c[t], group_size(type) == 16);
			if (!has_min(type) && byte_offset(type) != 0)
				s = _mm_sub_epi32(s, _mm_mullo_epi32(k,
				    _mm_set1_epi32(byte_offset(type))));
			acc[t] = _mm_fmadd_ps(_mm_mul_ps(d, xd),
			    _mm_cvtepi32_ps(s), acc[t]);
			if (has_min(type))
				acc[t] = _mm_fnmadd_ps(_mm_mul_ps(m, xd),
				    _mm_cvtepi32_ps(k), acc[t]);
		}
	}
	for (size_t t = 0; t < n; t++) {
		float out[ROWS];
		_mm_storeu_ps(out, acc[t]);
		for (size_t r = 0; r < ROWS; r++)
			y[r][t * ldy] = out[r];
	}
}

/* All rows, four from four places at a time: the last ones may be done twice. */
INLINE void
all_rows(int type, float *y, size_t ldy, const unsigned char *w,
    const struct acts *x, size_t rows, size_t n, size_t k)
{
	const size_t block = is_super(type) ? QK_K : QK;
	size_t nb = k / block, each = (rows + ROWS - 1) / ROWS;
	size_t stride = nb * block_bytes(type);

	for (size_t i = 0; i < each; i++)
		for (size_t t = 0; t < n; t += MOST) {
			const unsigned char *p[ROWS];
			float *to[ROWS];
			size_t some = n - t < MOST ? n - t : MOST;
			struct acts a = { x->q + t * k, x->d + t * nb,
				x->sum + t * k / 16 };
			for (size_t r = 0; r < ROWS; r++) {
				size_t at = r * each + each <= rows
				    ? r * each : rows - each;
				p[r] = w + (at + i) * stride;
				to[r] = y + t * ldy + at + i;
			}
			if (block == QK_K && n == 1)
				rows256(type, to, ldy, p, &a, 1, nb);
			else if (block == QK_K)
				rows256(type, to, ldy, p, &a, some, nb);
			else if (n == 1)
				rows32(type, to, ldy, p, &a, 1, nb);
			else
				rows32(type, to, ldy, p, &a, some, nb);
		}
}

#define SLOT(name, type)                                                       \
	AVX512 void avx512_rows_##name(float *y, size_t ldy, uint32_t number,  \
	    const void *w, const struct acts *x, size_t rows, size_t n,        \
	    size_t k)                                                          \
	{                                                                      \
		(void)number;                                                  \
		all_rows(type, y, ldy, w, x, rows, n, k);                      \
	}

SLOT(q4_0, DTYPE_Q4_0)
SLOT(q4_1, DTYPE_Q4_1)
SLOT(q5_0, DTYPE_Q5_0)
SLOT(q5_1, DTYPE_Q5_1)
SLOT(q8_0, DTYPE_Q8_0)
SLOT(q2_k, DTYPE_Q2_K)
SLOT(q3_k, DTYPE_Q3_K)
SLOT(q4_k, DTYPE_Q4_K)
SLOT(q5_k, DTYPE_Q5_K)
SLOT(q6_k, DTYPE_Q6_K)
SLOT(iq4_nl, DTYPE_IQ4_NL)
SLOT(iq4_xs, DTYPE_IQ4_XS)

#else
typedef int no_avx512; /* a file may not be empty */
#endif
