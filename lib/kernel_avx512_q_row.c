/*
 * kernel_avx512_q_row - products of rows of blocks with few inputs; see kern.h.
 *
 * Four rows at a time, far apart, each read as one long stream: that is what a
 * processor's prefetching follows. Of blocks of 32, sixteen rows' sums are put
 * together so that a lane is a row, and enter the accumulators block by block;
 * of super-blocks, four rows'.
 */
#include "kernel_avx512_q_panel.h"
#include "kernel_scalar.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum {
	STREAMS = 4, /* rows at a time, and */
	MOST = FEW,  /* inputs, at most */
	AHEAD = 256, /* bytes that are fetched ahead of each row, */
	FAR = 1152,  /* and to the second cache, */
	FARTHER = 3200, /* where second terms break the streams */
};

/* Fetch n bytes ahead of p, of a stream that is read n bytes at a time. */
INLINE void
fetch(const unsigned char *p, size_t n, size_t far)
{
	for (size_t i = 0; i < n; i += 64) {
		_mm_prefetch((const void *)(p + AHEAD + i), _MM_HINT_T0);
		_mm_prefetch((const void *)(p + far + i), _MM_HINT_T1);
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
	int32_t sum[SLICE][NEXT][STREAMS];  /* by block, and input */
	int16_t factor[SLICE][NEXT][2 * STREAMS]; /* packed32 */
};

/* The integer sums of four blocks from b on at w[], rows r of the streams; x
 * are inputs' at the same place. */
INLINE void
sums(int type, struct slice *s, size_t r, const unsigned char *const w[STREAMS],
    const struct halves *x, size_t inputs, size_t nb, size_t b, size_t far)
{
	const size_t size = block_bytes(type);
	__m512i z[STREAMS][2], v[STREAMS], f;
	const unsigned char *p[STREAMS];

	for (size_t j = 0; j < STREAMS; j++) {
		p[j] = w[j] + b * size;
		fetch(p[j], 4 * size, far);
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
		for (size_t j = 0; j < STREAMS; j++)
			v[j] = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(
			    _mm512_setzero_si512(), z[j][0], first),
			    z[j][1], second);
		store_lanes(s->sum[b * inputs + t][r],
		    inputs * sizeof(s->sum[0]), sums4(v));
	}
}

/* acc takes in a block of sixteen rows: its sums v, factors d and m, the input's
 * d, sums of 16, and d times these. */
INLINE __m512
take32(int type, __m512 acc, __m512i v, __m512 d, __m512 m, float xd,
    const int16_t *sum, float total)
{
	int32_t two;

	memcpy(&two, sum, sizeof(two));
	if (byte_offset(type) != 0)
		v = _mm512_dpwssd_epi32(v,
		    _mm512_set1_epi16((short)-byte_offset(type)),
		    _mm512_set1_epi32(two));
	acc = _mm512_fmadd_ps(_mm512_mul_ps(d, _mm512_set1_ps(xd)),
	    _mm512_cvtepi32_ps(v), acc);
	if (has_min(type))
		acc = _mm512_fmadd_ps(m, _mm512_set1_ps(total), acc);
	return acc;
}

/* acc[inputs] += blocks from..to-1 of sixteen rows, in order; x and total are
 * inputs' at the same place. */
INLINE void
add(int type, __m512 *acc, const struct slice *s, const struct acts *x,
    const float *total, size_t inputs, size_t nb, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		__m512 d, m;

		factors32(type, &d, &m, _mm512_loadu_si512(s->factor[i]));
		for (size_t t = 0; t < inputs; t++) {
			size_t at = t * nb + i;
			acc[t] = take32(type, acc[t],
			    _mm512_loadu_si512(s->sum[i * inputs + t]), d, m,
			    x->d[at], x->sum + 2 * at, total[at]);
		}
	}
}

/* What one input adds to blocks, behind all others: x[i] to block at[i]. */
struct second {
	const struct acts *x;
	const uint32_t *at;
	size_t n;
};

/* Sixteen bytes of each of four rows. */
INLINE __m512i
bytes16(const unsigned char *const p[STREAMS], size_t at)
{
	__m128i v[STREAMS];

	for (size_t j = 0; j < STREAMS; j++)
		v[j] = _mm_loadu_si128((const void *)(p[j] + at));
	return lanes(v[0], v[1], v[2], v[3]);
}

/* The values of a block of four rows, as bytes32 has those of four blocks. */
INLINE void
block_bytes32(int type, __m512i z[2], const unsigned char *const p[STREAMS])
{
	const size_t at = block_bytes(type) - QK / 2;

	if (type == DTYPE_Q8_0) {
		z[0] = _mm512_xor_si512(bytes16(p, at - QK / 2),
		    _mm512_set1_epi8(-128));
		z[1] = _mm512_xor_si512(bytes16(p, at), _mm512_set1_epi8(-128));
		return;
	}
	z[1] = bytes16(p, at);
	z[0] = low4(z[1]);
	z[1] = high4(z[1]);
	for (size_t i = 0; i < 2; i++) {
		uint64_t bits = 0;
		uint16_t word;
		if (type == DTYPE_IQ4_NL)
			z[i] = iq4(z[i]);
		if (type != DTYPE_Q5_0 && type != DTYPE_Q5_1)
			continue;
		for (size_t j = 0; j < STREAMS; j++) {
			memcpy(&word, p[j] + at - 4 + 2 * i, sizeof(word));
			bits |= (uint64_t)word << 16 * j;
		}
		z[i] = _mm512_mask_add_epi8(z[i], bits, z[i],
		    _mm512_set1_epi8(16));
	}
}

/* What second terms gave in sixteen rows, as in a slice. */
struct seconds {
	__m512i sum[KERN_BOTH], factor[KERN_BOTH];
};

/* The integer sums of a block of sixteen rows, p[] of the first, against q[32]. */
INLINE __m512i
block_sums(int type, const unsigned char *const p[STREAMS], size_t stride,
    const int8_t *q)
{
	const __m512i turn = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6,
	    10, 14, 3, 7, 11, 15);
	const __m512i first = _mm512_broadcast_i32x4(
	    _mm_loadu_si128((const void *)q));
	const __m512i second = _mm512_broadcast_i32x4(
	    _mm_loadu_si128((const void *)(q + QK / 2)));
	__m512i v[NEXT];

	for (size_t r = 0; r < NEXT; r++) {
		const unsigned char *at[STREAMS];
		__m512i z[2];

		for (size_t j = 0; j < STREAMS; j++)
			at[j] = p[j] + r * stride;
		block_bytes32(type, z, at);
		v[r] = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(
		    _mm512_setzero_si512(), z[0], first), z[1], second);
	}
	return _mm512_permutexvar_epi32(turn, sums4(v));
}

/* Second terms from number `done` on of blocks before `end`, w[] being of block 0
 * and the slice from block `from` on; returns the number of the next. */
INLINE size_t
make_seconds(int type, struct seconds *to, size_t done, const struct slice *s,
    const unsigned char *const w[STREAMS], const struct second *more,
    size_t nb, size_t from, size_t end)
{
	const size_t size = block_bytes(type);

	for (; done < more->n && more->at[done] < end; done++) {
		const unsigned char *p[STREAMS];

		for (size_t j = 0; j < STREAMS; j++)
			p[j] = w[j] + more->at[done] * size;
		to->sum[done] = block_sums(type, p, nb * size,
		    more->x->q + QK * done);
		to->factor[done] = _mm512_loadu_si512(
		    s->factor[more->at[done] - from]);
	}
	return done;
}

/* acc takes them in. */
INLINE __m512
add_seconds(int type, __m512 acc, const struct seconds *s,
    const struct second *more)
{
	for (size_t i = 0; i < more->n; i++) {
		const int16_t *sum = more->x->sum + 2 * i;
		float xd = more->x->d[i];
		__m512 d, m;

		factors32(type, &d, &m, s->factor[i]);
		acc = take32(type, acc, s->sum[i], d, m, xd, sum,
		    xd * (float)(sum[0] + sum[1]));
	}
	return acc;
}

/* acc[inputs] += n >= 4 blocks, from the one number `from` on, of NEXT rows from
 * each of w[], in order. Sums of the last rows are added while those behind them
 * are made: one waits for the other. Of second terms those before `done` are
 * made; returns how many are now. They come behind all rows, since what breaks
 * the streams costs more than what it does. */
INLINE size_t
slice(int type, __m512 *acc, struct seconds *keep, size_t done,
    const unsigned char *const w[STREAMS], const struct acts *x,
    const struct halves *h, const struct second *more, size_t inputs,
    size_t nb, size_t from, size_t n)
{
	const size_t size = block_bytes(type);
	const struct acts a = { .d = x->d + from, .sum = x->sum + 2 * from };
	const struct halves at = { h->first + from * (QK / 2),
		h->second + from * (QK / 2), h->total + from };
	size_t added = 0;
	struct slice s;

	for (size_t r = 0; r < NEXT; r++) {
		const unsigned char *p[STREAMS];

		for (size_t j = 0; j < STREAMS; j++)
			p[j] = w[j] + (r * nb + from) * size;
		/* the last four may overlap what came before */
		for (size_t b = 0, step; ; b += step) {
			sums(type, &s, r, p, &at, inputs, nb, b,
			    more != NULL ? FARTHER : FAR);
			if (r == NEXT - 1) {
				add(type, acc, &s, &a, at.total, inputs, nb,
				    added, b);
				added = b;
			}
			if (b + 4 >= n)
				break;
			step = b + 8 <= n ? 4 : n - 4 - b;
		}
	}
	add(type, acc, &s, &a, at.total, inputs, nb, added, n);
	return more == NULL ? 0 :
	    make_seconds(type, keep, done, &s, w, more, nb, from, from + n);
}

/* NEXT rows from each of w[], of nb >= 4 blocks of 32; y[] of their first. Here
 * and above `more` is NULL, or of one input. */
INLINE void
rows32(int type, float *const y[STREAMS], size_t ldy,
    const unsigned char *const w[STREAMS], const struct acts *x,
    const struct halves *h, const struct second *more, size_t n, size_t nb)
{
	const size_t most = SLICE / n;
	struct seconds keep;
	size_t done = 0;
	__m512 acc[MOST];

	for (size_t t = 0; t < n; t++)
		acc[t] = _mm512_setzero_ps();
	for (size_t b = 0, some; b < nb; b += some) {
		some = nb - b;
		if (some > most) /* and no slice is smaller than four */
			some = some < most + 4 ? most - 4 : most;
		done = slice(type, acc, &keep, done, w, x, h, more, n, nb, b,
		    some);
	}
	if (more != NULL)
		acc[0] = add_seconds(type, acc[0], &keep, more);
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

/* An input's super-block i: values in the type's order, and sums. */
INLINE void
super_in(int type, __m512i a[4], __m256i *sum, const struct acts *x, size_t i)
{
	const int8_t *q = x->q + i * QK_K;

	in_order(type, a, q);
	in_order(type, a + 2, q + 128);
	*sum = _mm256_loadu_si256(
	    (const void *)(x->sum + i * (QK_K / 16)));
	if (group_size(type) == 32) { /* words again, below */
		*sum = _mm256_madd_epi16(*sum, _mm256_set1_epi16(1));
		*sum = _mm256_castsi128_si256(_mm_packs_epi32(
		    _mm256_castsi256_si128(*sum),
		    _mm256_extracti128_si256(*sum, 1)));
	}
}

/* What a super-block gave in four rows: integers, those that stand against the
 * minimum or correct for the bytes' offset, and factors. */
struct super_out {
	__m128i s, k;
	__m128 d, m;
};

/* Super-block b of each of w[] against n inputs. */
INLINE void
super_block(int type, struct super_out *out, __m512i (*a)[4],
    const __m256i *sum, const unsigned char *const w[STREAMS], size_t b,
    size_t n)
{
	const __m512i zero = _mm512_setzero_si512();
	__m512i v[MOST][STREAMS];
	__m256i c[MOST][STREAMS];
	uint16_t half[2][STREAMS];
	__m128 d, m;

	for (size_t r = 0; r < STREAMS; r++) {
		const unsigned char *p = w[r] + b * block_bytes(type);
		__m512i z[4], s[2];
		__m256i scales = scales256(type, p);
		__m256i k = corrections256(type, scales, p);

		fetch(p, block_bytes(type), FAR);
		bytes256(type, z, p);
		against(type, s, scales);
		memcpy(&half[0][r], p + d256_at(type), 2);
		memcpy(&half[1][r], p + dmin256_at(type), 2);
		for (size_t t = 0; t < n; t++) {
			__m512i u[4];
			for (int i = 0; i < 4; i++)
				u[i] = _mm512_dpbusd_epi32(
				    type == DTYPE_IQ4_XS && i % 2 ? u[i - 1]
				    : zero, z[i], a[t][i]);
			if (type == DTYPE_IQ4_XS)
				v[t][r] = _mm512_add_epi32(
				    _mm512_mullo_epi32(u[1], s[0]),
				    _mm512_mullo_epi32(u[3], s[1]));
			else
				v[t][r] = _mm512_dpwssd_epi32(
				    _mm512_dpwssd_epi32(zero,
				    _mm512_packs_epi32(u[0], u[1]), s[0]),
				    _mm512_packs_epi32(u[2], u[3]), s[1]);
			c[t][r] = _mm256_madd_epi16(k, sum[t]);
		}
	}
	d = _mm_cvtph_ps(_mm_loadl_epi64((const void *)half[0]));
	m = _mm_cvtph_ps(_mm_loadl_epi64((const void *)half[1]));
	for (size_t t = 0; t < n; t++)
		out[t] = (struct super_out) { total4(v[t]),
			total4_256(c[t], group_size(type) == 16), d, m };
}

/* acc takes that in; xd is the input's factor. */
INLINE __m128
take_super(int type, __m128 acc, const struct super_out *o, float xd)
{
	const __m128 by = _mm_set1_ps(xd);
	__m128i s = o->s;

	if (!has_min(type) && byte_offset(type) != 0)
		s = _mm_sub_epi32(s, _mm_mullo_epi32(o->k,
		    _mm_set1_epi32(byte_offset(type))));
	acc = _mm_fmadd_ps(_mm_mul_ps(o->d, by), _mm_cvtepi32_ps(s), acc);
	if (has_min(type))
		acc = _mm_fnmadd_ps(o->m, _mm_mul_ps(by,
		    _mm_cvtepi32_ps(o->k)), acc);
	return acc;
}

/* acc[n], a lane for each of w[], take in nb super-blocks of 256; second terms,
 * of one input, are made with their block's own and taken in behind all. */
INLINE void
supers(int type, __m128 *acc, const unsigned char *const w[STREAMS],
    const struct acts *x, const struct second *more, size_t n, size_t nb)
{
	struct super_out second[KERN_BOTH];
	size_t done = 0;

	for (size_t b = 0; b < nb; b++) {
		__m512i a[MOST][4];
		__m256i sum[MOST];
		struct super_out out[MOST];

		for (size_t t = 0; t < n; t++)
			super_in(type, a[t], &sum[t], x, t * nb + b);
		if (more != NULL && done < more->n && more->at[done] == b) {
			super_in(type, a[1], &sum[1], more->x, done);
			super_block(type, out, a, sum, w, b, 2);
			second[done++] = out[1];
		} else {
			super_block(type, out, a, sum, w, b, n);
		}
		for (size_t t = 0; t < n; t++)
			acc[t] = take_super(type, acc[t], &out[t],
			    x->d[t * nb + b]);
	}
	for (size_t i = 0; more != NULL && i < more->n; i++)
		acc[0] = take_super(type, acc[0], &second[i], more->x->d[i]);
}

/* Rows w[] of nb super-blocks. */
INLINE void
rows256(int type, float *const y[STREAMS], size_t ldy,
    const unsigned char *const w[STREAMS], const struct acts *x,
    const struct second *more, size_t n, size_t nb)
{
	__m128 acc[MOST];

	for (size_t t = 0; t < n; t++)
		acc[t] = _mm_setzero_ps();
	supers(type, acc, w, x, more, n, nb);
	for (size_t t = 0; t < n; t++) {
		float out[STREAMS];
		_mm_storeu_ps(out, acc[t]);
		for (size_t r = 0; r < STREAMS; r++)
			y[r][t * ldy] = out[r];
	}
}

INLINE void
some_rows(int type, float *const y[STREAMS], size_t ldy,
    const unsigned char *const w[STREAMS], const struct acts *x,
    const struct halves *h, const struct second *more, size_t n, size_t nb)
{
	if (is_super(type))
		rows256(type, y, ldy, w, x, more, n, nb);
	else
		rows32(type, y, ldy, w, x, h, more, n, nb);
}

/* All rows, from four places at a time: the last ones may be done twice. */
INLINE void
all_rows(int type, float *y, size_t ldy, const unsigned char *w,
    const struct acts *x, const struct second *more, size_t rows, size_t n,
    size_t k)
{
	const size_t block = is_super(type) ? QK_K : QK;
	const size_t next = is_super(type) ? 1 : NEXT;
	size_t nb = k / block, each = (rows + STREAMS - 1) / STREAMS;
	size_t stride = nb * block_bytes(type);
	struct halves all = halves(x, n, k);

	for (size_t i = 0; i < each; i += next)
		for (size_t t = 0; t < n; t += MOST) {
			const unsigned char *p[STREAMS];
			float *to[STREAMS];
			size_t some = n - t < MOST ? n - t : MOST;
			struct acts a = { .q = x->q + t * k,
				.d = x->d + t * nb,
				.sum = x->sum + t * k / 16 };
			struct halves b = { all.first + t * k / 2,
				all.second + t * k / 2, all.total + t * nb };
			for (size_t r = 0; r < STREAMS; r++) {
				size_t at = r * each + each <= rows
				    ? r * each : rows - each;
				at += i + next <= each ? i : each - next;
				p[r] = w + at * stride;
				to[r] = y + t * ldy + at;
			}
			switch (some) { /* what is common, unrolled */
			case 1:
				some_rows(type, to, ldy, p, &a, &b, more, 1,
				    nb);
				break;
			case 2:
				some_rows(type, to, ldy, p, &a, &b, NULL, 2,
				    nb);
				break;
			default:
				some_rows(type, to, ldy, p, &a, &b, NULL,
				    some, nb);
			}
		}
}

/* All inputs; one with its second terms. */
#define SLOT(name, type)                                                       \
	AVX512 void avx512_rows_##name(float *y, size_t ldy, uint32_t number,  \
	    const void *w, const struct acts *x, size_t rows, size_t n,        \
	    size_t k)                                                          \
	{                                                                      \
		if (rows >= (is_super(type) ? STREAMS : ROWS))                 \
			all_rows(type, y, ldy, w, x, NULL, rows, n, k);        \
		else                                                           \
			scalar_matmul_q(y, ldy, number, w, x, rows, n, k);     \
	}                                                                      \
	AVX512 static void both_##name(float *y, uint32_t number,              \
	    const void *w, const struct acts *x, const struct acts *more,      \
	    const uint32_t *at, size_t n, size_t rows, size_t k)               \
	{                                                                      \
		const struct second second = { more, at, n };                  \
		if (rows >= (is_super(type) ? STREAMS : ROWS) && k >= 4 * QK)  \
			all_rows(type, y, 0, w, x, &second, rows, 1, k);       \
		else                                                           \
			scalar_both_q(y, number, w, x, more, at, n, rows, k);  \
	}

/* Sums of rows that take in one more super-block of n <= MOST inputs. */
INLINE void
add_rows256(int type, float *y, size_t ldy, const unsigned char *w,
    size_t stride, const struct acts *x, const uint32_t *to, size_t rows,
    size_t n)
{
	for (size_t r = 0; r < rows; r += STREAMS, y += STREAMS) {
		size_t some = rows - r < STREAMS ? rows - r : STREAMS;
		__mmask8 mask = (__mmask8)first16(some);
		const unsigned char *p[STREAMS];
		__m128 acc[MOST];

		for (size_t i = 0; i < STREAMS; i++)
			p[i] = w + (r + (i < some ? i : 0)) * stride;
		for (size_t t = 0; t < n; t++)
			acc[t] = _mm_maskz_loadu_ps(mask, y + to[t] * ldy);
		supers(type, acc, p, x, NULL, n, 1);
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

void
avx512_set_both(struct kern *k)
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
typedef int no_avx512; /* a file may not be empty */
#endif
