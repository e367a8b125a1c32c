/*
 * kernel_avx512_q_row - products of rows of blocks with few inputs; see kern.h.
 *
 * Four rows at a time, far apart, each read as one long stream: that is what a
 * processor's prefetching follows. Of blocks of 32, sixteen rows' sums are put
 * together so that a lane is a row, and enter the accumulators block by block;
 * of super-blocks, four rows'.
 */
#include "kernel_avx512_q.h"
#include "kernel_scalar.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum {
	ROWS = 4,    /* at a time, and */
	MOST = FEW,  /* inputs, at most */
	AHEAD = 256, /* bytes that are fetched ahead of each row, */
	FAR = 1152,  /* and to the second cache */
};

/* Fetch n bytes ahead of p, of a stream that is read n bytes at a time. */
INLINE void
fetch(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i += 64) {
		_mm_prefetch((const void *)(p + AHEAD + i), _MM_HINT_T0);
		_mm_prefetch((const void *)(p + FAR + i), _MM_HINT_T1);
	}
}

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

enum {
	NEXT = 4,    /* rows of a stream that come one after the other, so that
	                there are sixteen, whose sums are added up together */
	SLICE = 256, /* blocks, times inputs, between two additions */
};

/* What blocks of sixteen rows gave: row r of stream s is number 4 r + s. */
struct slice {
	int32_t sum[SLICE][NEXT][ROWS];  /* by block, and input */
	int16_t factor[SLICE][NEXT][2 * ROWS]; /* packed32 */
};

/* Lanes of 128 bits of v, `next` bytes apart. */
INLINE void
store_lanes(void *to, size_t next, __m512i v)
{
	char *p = to;

	_mm_storeu_si128((void *)p, _mm512_castsi512_si128(v));
	_mm_storeu_si128((void *)(p + next), _mm512_extracti32x4_epi32(v, 1));
	_mm_storeu_si128((void *)(p + 2 * next),
	    _mm512_extracti32x4_epi32(v, 2));
	_mm_storeu_si128((void *)(p + 3 * next),
	    _mm512_extracti32x4_epi32(v, 3));
}

/* The integer sums of four blocks from b on at w[], rows r of the streams; x
 * are inputs' at the same place. */
INLINE void
sums(int type, struct slice *s, size_t r, const unsigned char *const w[ROWS],
    const struct halves *x, size_t inputs, size_t nb, size_t b)
{
	const size_t size = block_bytes(type);
	__m512i z[ROWS][2], v[ROWS], f;
	const unsigned char *p[ROWS];

	for (size_t j = 0; j < ROWS; j++) {
		p[j] = w[j] + b * size;
		fetch(p[j], 4 * size);
		bytes32(type, z[j], p[j]);
	}
	f = packed32(type, p);
	if (has_min(type)) {
		store_lanes(s->factor[b][r], sizeof(s->factor[0]), f);
	} else {
		__m128i lo = _mm512_castsi512_si128(f);
		__m128i hi = _mm512_extracti32x4_epi32(f, 1);
		int16_t *to = s->factor[b][0] + 4 * r;
		_mm_storel_epi64((void *)to, lo);
		_mm_storeh_pd((void *)(to + 32), _mm_castsi128_pd(lo));
		_mm_storel_epi64((void *)(to + 64), hi);
		_mm_storeh_pd((void *)(to + 96), _mm_castsi128_pd(hi));
	}
	for (size_t t = 0; t < inputs; t++) {
		size_t half = (t * nb + b) * (QK / 2);
		__m512i first = _mm512_loadu_si512(x->first + half);
		__m512i second = _mm512_loadu_si512(x->second + half);
		for (size_t j = 0; j < ROWS; j++)
			v[j] = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(
			    _mm512_setzero_si512(), z[j][0], first),
			    z[j][1], second);
		store_lanes(s->sum[b * inputs + t][r],
		    inputs * sizeof(s->sum[0]), sums4(v));
	}
}

/* acc[inputs] += blocks from..to-1 of sixteen rows, in order; x and total are
 * inputs' at the same place. */
INLINE void
add(int type, __m512 *acc, const struct slice *s, const struct acts *x,
    const float *total, size_t inputs, size_t nb, size_t from, size_t to)
{
	const __m512i less = _mm512_set1_epi16((short)-byte_offset(type));

	for (size_t i = from; i < to; i++) {
		__m512 d, m;

		factors32(type, &d, &m, _mm512_loadu_si512(s->factor[i]));
		for (size_t t = 0; t < inputs; t++) {
			size_t at = t * nb + i;
			__m512i v = _mm512_loadu_si512(s->sum[i * inputs + t]);
			__m512 xd = _mm512_set1_ps(x->d[at]);
			int32_t two;

			memcpy(&two, x->sum + 2 * at, 4);
			if (byte_offset(type) != 0)
				v = _mm512_dpwssd_epi32(v, less,
				    _mm512_set1_epi32(two));
			acc[t] = _mm512_fmadd_ps(_mm512_mul_ps(d, xd),
			    _mm512_cvtepi32_ps(v), acc[t]);
			if (has_min(type))
				acc[t] = _mm512_fmadd_ps(m,
				    _mm512_set1_ps(total[at]), acc[t]);
		}
	}
}

/* acc[inputs] += n >= 4 blocks of NEXT rows from each of w[], in order. Sums of
 * the last rows are added while those behind them are made: one waits for the
 * other. */
INLINE void
slice(int type, __m512 *acc, const unsigned char *const w[ROWS],
    const struct acts *x, const struct halves *h, size_t inputs, size_t nb,
    size_t n)
{
	const size_t stride = nb * block_bytes(type);
	struct slice s;
	size_t added = 0;

	for (size_t r = 0; r < NEXT; r++) {
		const unsigned char *p[ROWS];

		for (size_t j = 0; j < ROWS; j++)
			p[j] = w[j] + r * stride;
		/* the last four may overlap what came before */
		for (size_t b = 0, step; ; b += step) {
			sums(type, &s, r, p, h, inputs, nb, b);
			if (r == NEXT - 1) {
				add(type, acc, &s, x, h->total, inputs, nb,
				    added, b);
				added = b;
			}
			if (b + 4 >= n)
				break;
			step = b + 8 <= n ? 4 : n - 4 - b;
		}
	}
	add(type, acc, &s, x, h->total, inputs, nb, added, n);
}

/* NEXT rows from each of w[], of nb >= 4 blocks of 32; y[] of their first. */
INLINE void
rows32(int type, float *const y[ROWS], size_t ldy,
    const unsigned char *const w[ROWS], const struct acts *x,
    const struct halves *h, size_t n, size_t nb)
{
	const size_t most = SLICE / n;
	__m512 acc[MOST];

	for (size_t t = 0; t < n; t++)
		acc[t] = _mm512_setzero_ps();
	for (size_t b = 0, some; b < nb; b += some) {
		const struct acts a = { .d = x->d + b, .sum = x->sum + 2 * b };
		const struct halves at = { h->first + b * (QK / 2),
			h->second + b * (QK / 2), h->total + b };
		const unsigned char *p[ROWS];

		for (size_t j = 0; j < ROWS; j++)
			p[j] = w[j] + b * block_bytes(type);
		some = nb - b;
		if (some > most) /* and no slice is smaller than four */
			some = some < most + 4 ? most - 4 : most;
		slice(type, acc, p, &a, &at, n, nb, some);
	}
	for (size_t t = 0; t < n; t++) { /* from [row][stream] */
		__m512 v = _mm512_permutexvar_ps(_mm512_setr_epi32(0, 4, 8, 12,
		    1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), acc[t]);
		_mm_storeu_ps(y[0] + t * ldy, _mm512_castps512_ps128(v));
		_mm_storeu_ps(y[1] + t * ldy, _mm512_extractf32x4_ps(v, 1));
		_mm_storeu_ps(y[2] + t * ldy, _mm512_extractf32x4_ps(v, 2));
		_mm_storeu_ps(y[3] + t * ldy, _mm512_extractf32x4_ps(v, 3));
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

/* acc[n], a lane for each of w[], take in nb super-blocks of 256. */
INLINE void
supers(int type, __m128 *acc, const unsigned char *const w[ROWS],
    const struct acts *x, size_t n, size_t nb)
{
	const size_t size = block_bytes(type);
	const __m256i one = _mm256_set1_epi16(1);

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

			fetch(p, size);
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
				acc[t] = _mm_fnmadd_ps(m, _mm_mul_ps(xd,
				    _mm_cvtepi32_ps(k)), acc[t]);
		}
	}
}

/* Rows w[] of nb super-blocks. */
INLINE void
rows256(int type, float *const y[ROWS], size_t ldy,
    const unsigned char *const w[ROWS], const struct acts *x, size_t n,
    size_t nb)
{
	__m128 acc[MOST];

	for (size_t t = 0; t < n; t++)
		acc[t] = _mm_setzero_ps();
	supers(type, acc, w, x, n, nb);
	for (size_t t = 0; t < n; t++) {
		float out[ROWS];
		_mm_storeu_ps(out, acc[t]);
		for (size_t r = 0; r < ROWS; r++)
			y[r][t * ldy] = out[r];
	}
}

INLINE void
some_rows(int type, float *const y[ROWS], size_t ldy,
    const unsigned char *const w[ROWS], const struct acts *x,
    const struct halves *h, size_t n, size_t nb)
{
	if (is_super(type))
		rows256(type, y, ldy, w, x, n, nb);
	else
		rows32(type, y, ldy, w, x, h, n, nb);
}

/* All rows, from four places at a time: the last ones may be done twice. */
INLINE void
all_rows(int type, float *y, size_t ldy, uint32_t number,
    const unsigned char *w, const struct acts *x, size_t rows, size_t n,
    size_t k)
{
	const size_t block = is_super(type) ? QK_K : QK;
	const size_t next = is_super(type) ? 1 : NEXT;
	size_t nb = k / block, each = (rows + ROWS - 1) / ROWS;
	size_t stride = nb * block_bytes(type);
	struct halves all = halves(x, n, k);

	if (rows < ROWS * next) {
		scalar_matmul_q(y, ldy, number, w, x, rows, n, k);
		return;
	}
	for (size_t i = 0; i < each; i += next)
		for (size_t t = 0; t < n; t += MOST) {
			const unsigned char *p[ROWS];
			float *to[ROWS];
			size_t some = n - t < MOST ? n - t : MOST;
			struct acts a = { .q = x->q + t * k,
				.d = x->d + t * nb,
				.sum = x->sum + t * k / 16 };
			struct halves b = { all.first + t * k / 2,
				all.second + t * k / 2, all.total + t * nb };
			for (size_t r = 0; r < ROWS; r++) {
				size_t at = r * each + each <= rows
				    ? r * each : rows - each;
				at += i + next <= each ? i : each - next;
				p[r] = w + at * stride;
				to[r] = y + t * ldy + at;
			}
			switch (some) { /* what is common, unrolled */
			case 1:
				some_rows(type, to, ldy, p, &a, &b, 1, nb);
				break;
			case 2:
				some_rows(type, to, ldy, p, &a, &b, 2, nb);
				break;
			default:
				some_rows(type, to, ldy, p, &a, &b, some, nb);
			}
		}
}

#define SLOT(name, type)                                                       \
	AVX512 void avx512_rows_##name(float *y, size_t ldy, uint32_t number,  \
	    const void *w, const struct acts *x, size_t rows, size_t n,        \
	    size_t k)                                                          \
	{                                                                      \
		all_rows(type, y, ldy, number, w, x, rows, n, k);              \
	}

/* Sums of rows that take in one more super-block of n <= MOST inputs. */
INLINE void
add_rows256(int type, float *y, size_t ldy, const unsigned char *w,
    size_t stride, const struct acts *x, const uint32_t *to, size_t rows,
    size_t n)
{
	for (size_t r = 0; r < rows; r += ROWS, y += ROWS) {
		size_t some = rows - r < ROWS ? rows - r : ROWS;
		__mmask8 mask = (__mmask8)first16(some);
		const unsigned char *p[ROWS];
		__m128 acc[MOST];

		for (size_t i = 0; i < ROWS; i++)
			p[i] = w + (r + (i < some ? i : 0)) * stride;
		for (size_t t = 0; t < n; t++)
			acc[t] = _mm_maskz_loadu_ps(mask, y + to[t] * ldy);
		supers(type, acc, p, x, n, 1);
		for (size_t t = 0; t < n; t++)
			_mm_mask_storeu_ps(y + to[t] * ldy, mask, acc[t]);
	}
}

#define ADD(name, type)                                                        \
	AVX512 void avx512_add_rows_##name(float *y, size_t ldy,               \
	    uint32_t number, const void *w, size_t stride,                     \
	    const struct acts *x, const uint32_t *to, size_t rows, size_t n)   \
	{                                                                      \
		(void)number;                                                  \
		if (n == 1)                                                    \
			add_rows256(type, y, ldy, w, stride, x, to, rows, 1);  \
		else                                                           \
			add_rows256(type, y, ldy, w, stride, x, to, rows, n);  \
	}

ADD(q2_k, DTYPE_Q2_K)
ADD(q3_k, DTYPE_Q3_K)
ADD(q4_k, DTYPE_Q4_K)
ADD(q5_k, DTYPE_Q5_K)
ADD(q6_k, DTYPE_Q6_K)
ADD(iq4_xs, DTYPE_IQ4_XS)

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
