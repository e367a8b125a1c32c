/*
 * kernel_avx2_q_row - products of rows of blocks with few inputs; see kern.h,
 * and kernel_avx512_q_row, whose plan this is.
 */
#include "kernel_avx2_q.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum { ROWS = 4, MOST = 4, AHEAD = 384 };

/* Of blocks from..end-1. */
static void
prepare_blocks(struct prepared *to, const struct acts *x, size_t from,
    size_t end)
{
	for (size_t i = from; i < end; i++) {
		to[i].sum = x->sum[2 * i] + x->sum[2 * i + 1];
		to[i].total = x->d[i] * (float)to[i].sum;
	}
}

void
avx2_prepare(const struct acts *x, size_t t, size_t n, size_t k, size_t block)
{
	n = n - t < 4 ? n : t + 4;
	if (block == QK)
		prepare_blocks(x->more, x, t * (k / QK), n * (k / QK));
}

/* The sums of four vectors, by halves of 128 bits: {a, b, c, d} of each. */
INLINE __m256i
sums4(const __m256i v[4])
{
	return _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]),
	    _mm256_hadd_epi32(v[2], v[3]));
}

/* The sum of each of four vectors. */
INLINE __m128i
total4(const __m256i v[4])
{
	__m256i s = sums4(v);

	return _mm_add_epi32(_mm256_castsi256_si128(s),
	    _mm256_extracti128_si256(s, 1));
}

/* The same of 16-bit sums of pairs, where eight products fit 16 bits: of bytes
 * up to 31, 8 * 127 * 31 = 31496. */
INLINE __m128i
total4_pairs(const __m256i v[4])
{
	__m256 ab = _mm256_castsi256_ps(_mm256_add_epi16(
	    _mm256_unpacklo_epi64(v[0], v[1]),
	    _mm256_unpackhi_epi64(v[0], v[1])));
	__m256 cd = _mm256_castsi256_ps(_mm256_add_epi16(
	    _mm256_unpacklo_epi64(v[2], v[3]),
	    _mm256_unpackhi_epi64(v[2], v[3])));
	__m256i s = _mm256_madd_epi16(_mm256_add_epi16(
	    _mm256_castps_si256(_mm256_shuffle_ps(ab, cd, 0x88)),
	    _mm256_castps_si256(_mm256_shuffle_ps(ab, cd, 0xdd))),
	    _mm256_set1_epi16(1));

	return _mm_add_epi32(_mm256_castsi256_si128(s),
	    _mm256_extracti128_si256(s, 1));
}

/* Two f16 at the same place in each row's block: the first ones, the second
 * ones. */
INLINE __m256
halves(const unsigned char *const w[ROWS], size_t at)
{
	int h[ROWS];

	for (int r = 0; r < ROWS; r++)
		memcpy(&h[r], w[r] + at, 4);
	return _mm256_cvtph_ps(_mm_shuffle_epi8(_mm_setr_epi32(h[0], h[1], h[2],
	    h[3]), _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11,
	    14, 15)));
}

/* Four rows w[] of nb blocks of 32, inputs 0..n-1. */
INLINE void
rows32(int type, __m128 *acc, const unsigned char *const w[ROWS],
    const struct acts *x, size_t n, size_t nb)
{
	const struct prepared *prepared = x->more;

	for (size_t b = 0; b < nb; b++) {
		const unsigned char *p[ROWS];
		__m256i z[ROWS];
		__m256 both;
		__m128 d, m;

		for (int r = 0; r < ROWS; r++) {
			p[r] = w[r] + b * block_bytes(type);
			_mm_prefetch((const void *)(p[r] + AHEAD),
			    _MM_HINT_T0);
			z[r] = bytes32(type, p[r]);
		}
		both = halves(p, 0);
		d = _mm256_castps256_ps128(both);
		m = _mm256_extractf128_ps(both, 1);
		for (size_t t = 0; t < n; t++) {
			size_t i = t * nb + b;
			__m256i a, s[ROWS];
			__m128i v;
			__m128 xd = _mm_set1_ps(x->d[i]);

			a = _mm256_loadu_si256((const void *)(x->q + i * QK));
			for (int r = 0; r < ROWS; r++)
				s[r] = pairs(type, z[r], a);
			if (is_wide(type)) {
				for (int r = 0; r < ROWS; r++)
					s[r] = _mm256_madd_epi16(s[r],
					    _mm256_set1_epi16(1));
				v = total4(s);
			} else {
				v = total4_pairs(s);
			}
			if (!is_wide(type) && byte_offset(type) != 0)
				v = _mm_sub_epi32(v, _mm_slli_epi32(
				    _mm_set1_epi32(prepared[i].sum),
				    type == DTYPE_Q4_0 ? 3 : 4));
			acc[t] = _mm_fmadd_ps(_mm_mul_ps(d, xd),
			    _mm_cvtepi32_ps(v), acc[t]);
			if (has_min(type))
				acc[t] = _mm_fmadd_ps(m,
				    _mm_set1_ps(prepared[i].total), acc[t]);
		}
	}
}

/* Scales of the 32 values from 32i, one by one. */
INLINE __m256i
scale_at(int type, const int16_t *s, int i)
{
	return group_size(type) == 32 ? _mm256_set1_epi16(s[i])
	    : _mm256_set_m128i(_mm_set1_epi16(s[2 * i + 1]),
	        _mm_set1_epi16(s[2 * i]));
}

/* The same for nb super-blocks of 256. */
INLINE void
rows256(int type, __m128 *acc, const unsigned char *const w[ROWS],
    const struct acts *x, size_t n, size_t nb)
{
	const bool d_is_last = d256_at(type) + 2 == block_bytes(type);

	for (size_t b = 0; b < nb; b++) {
		__m256i v[MOST][ROWS], c[MOST][ROWS];
		const unsigned char *p[ROWS];
		__m256 both;
		__m128 d, m;

		for (int r = 0; r < ROWS; r++) {
			__m256i scales, k;
			int16_t s[16];

			p[r] = w[r] + b * block_bytes(type);
			for (size_t i = 0; i < block_bytes(type); i += 64)
				_mm_prefetch((const void *)(p[r] + AHEAD + i),
				    _MM_HINT_T0);
			scales = scales256(type, p[r]);
			k = corrections256(type, scales, p[r]);
			_mm256_storeu_si256((void *)s, scales);
			for (size_t t = 0; t < n; t++) {
				__m256i sum = _mm256_loadu_si256((const void *)
				    (x->sum + (t * nb + b) * 16));
				v[t][r] = _mm256_setzero_si256();
				if (group_size(type) == 32)
					sum = _mm256_castsi128_si256(
					    _mm_hadd_epi16(
					    _mm256_castsi256_si128(sum),
					    _mm256_extracti128_si256(sum, 1)));
				c[t][r] = _mm256_madd_epi16(k, sum);
				if (group_size(type) == 32)
					c[t][r] = _mm256_zextsi128_si256(
					    _mm256_castsi256_si128(c[t][r]));
			}
			for (int i = 0; i < 8; i++) {
				__m256i z = bytes256(type, p[r], i);
				__m256i scale = scale_at(type, s, i);
				for (size_t t = 0; t < n; t++)
					v[t][r] = _mm256_add_epi32(v[t][r],
					    _mm256_madd_epi16(scale, pairs(type,
					    z, _mm256_loadu_si256((const void *)
					    (x->q + (t * nb + b) * QK_K +
					    32 * i)))));
			}
		}
		both = halves(p, d256_at(type) - (d_is_last ? 2 : 0));
		d = d_is_last ? _mm256_extractf128_ps(both, 1)
		              : _mm256_castps256_ps128(both);
		m = _mm256_extractf128_ps(both, 1);
		for (size_t t = 0; t < n; t++) {
			__m128 xd = _mm_set1_ps(x->d[t * nb + b]);
			__m128i s = total4(v[t]), k = total4(c[t]);
			if (!has_min(type) && !is_wide(type))
				s = _mm_sub_epi32(s, _mm_mullo_epi32(k,
				    _mm_set1_epi32(byte_offset(type))));
			acc[t] = _mm_fmadd_ps(_mm_mul_ps(d, xd),
			    _mm_cvtepi32_ps(s), acc[t]);
			if (has_min(type))
				acc[t] = _mm_fnmadd_ps(m, _mm_mul_ps(xd,
				    _mm_cvtepi32_ps(k)), acc[t]);
		}
	}
}

/* acc[n] += nb blocks. */
INLINE void
add_blocks(int type, __m128 *acc, const unsigned char *const w[ROWS],
    const struct acts *x, size_t n, size_t nb)
{
	if (is_super(type))
		rows256(type, acc, w, x, n, nb);
	else
		rows32(type, acc, w, x, n, nb);
}

/* What one input adds to blocks, behind all others: x[i] to block at[i]. */
struct second {
	const struct acts *x;
	struct prepared *prepared;
	const uint32_t *at;
	size_t n;
};

INLINE void
add_seconds(int type, __m128 *acc, const unsigned char *const w[ROWS],
    const struct second *more)
{
	const size_t block = is_super(type) ? QK_K : QK;

	for (size_t i = 0; i < more->n; i++) {
		const struct acts one = { .q = more->x->q + i * block,
			.d = more->x->d + i,
			.sum = more->x->sum + i * (block / 16),
			.more = more->prepared + i };
		const unsigned char *p[ROWS];
		for (size_t r = 0; r < ROWS; r++)
			p[r] = w[r] + more->at[i] * block_bytes(type);
		add_blocks(type, acc, p, &one, 1, 1);
	}
}

/* Inputs 0..n-1, n <= MOST, of four rows; `more` is NULL, or of one input. */
INLINE void
four_rows(int type, float *const y[ROWS], size_t ldy,
    const unsigned char *const w[ROWS], const struct acts *x,
    const struct second *more, size_t n, size_t nb)
{
	__m128 acc[MOST];

	for (size_t t = 0; t < n; t++)
		acc[t] = _mm_setzero_ps();
	add_blocks(type, acc, w, x, n, nb);
	if (more != NULL)
		add_seconds(type, acc, w, more);
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
    const struct acts *x, const struct second *more, size_t rows, size_t n,
    size_t k)
{
	size_t nb = k / (is_super(type) ? QK_K : QK);
	size_t each = (rows + ROWS - 1) / ROWS, stride = nb * block_bytes(type);

	for (size_t i = 0; i < each; i++)
		for (size_t t = 0; t < n; t += MOST) {
			const unsigned char *p[ROWS];
			float *to[ROWS];
			struct acts a = { .q = x->q + t * k,
				.d = x->d + t * nb,
				.sum = x->sum + t * k / 16,
				.more = (struct prepared *)x->more + t * nb };
			for (size_t r = 0; r < ROWS; r++) {
				size_t at = r * each + each <= rows
				    ? r * each : rows - each;
				p[r] = w + (at + i) * stride;
				to[r] = y + t * ldy + at + i;
			}
			if (n == 1)
				four_rows(type, to, ldy, p, &a, more, 1, nb);
			else
				four_rows(type, to, ldy, p, &a, NULL,
				    n - t < MOST ? n - t : MOST, nb);
		}
}

/* All inputs; one with its second terms. */
#define SLOT(name, type)                                                       \
	AVX2 void avx2_rows_##name(float *y, size_t ldy, uint32_t number,      \
	    const void *w, const struct acts *x, size_t rows, size_t n,        \
	    size_t k)                                                          \
	{                                                                      \
		(void)number;                                                  \
		all_rows(type, y, ldy, w, x, NULL, rows, n, k);                \
	}                                                                      \
	AVX2 static void both_##name(float *y, uint32_t number, const void *w, \
	    const struct acts *x, const struct acts *more, const uint32_t *at, \
	    size_t n, size_t rows, size_t k)                                   \
	{                                                                      \
		struct prepared prepared[KERN_BOTH];                           \
		const struct second second = { more, prepared, at, n };        \
		(void)number;                                                  \
		prepare_blocks(prepared, more, 0, is_super(type) ? 0 : n);     \
		all_rows(type, y, 0, w, x, &second, rows, 1, k);               \
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

void
avx2_set_both(struct kern *k)
{
	k->both_q[DTYPE_Q4_0] = both_q4_0;
	k->both_q[DTYPE_Q4_1] = both_q4_1;
	k->both_q[DTYPE_Q5_0] = both_q5_0;
	k->both_q[DTYPE_Q5_1] = both_q5_1;
	k->both_q[DTYPE_Q8_0] = both_q8_0;
	k->both_q[DTYPE_Q2_K] = both_q2_k;
	k->both_q[DTYPE_Q3_K] = both_q3_k;
	k->both_q[DTYPE_Q4_K] = both_q4_k;
	k->both_q[DTYPE_Q5_K] = both_q5_k;
	k->both_q[DTYPE_Q6_K] = both_q6_k;
	k->both_q[DTYPE_IQ4_NL] = both_iq4_nl;
	k->both_q[DTYPE_IQ4_XS] = both_iq4_xs;
}

#else
typedef int no_avx2; /* a file may not be empty */
#endif
