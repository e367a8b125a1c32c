/*
 * kernel_avx512_q_panel - sixteen rows of blocks as panels: a lane is a row, and
 * values stand in fours of neighbours, as vpdpbusd takes them.
 */
#ifndef KERNEL_AVX512_Q_PANEL_H
#define KERNEL_AVX512_Q_PANEL_H

#include "kernel_avx512_q.h"

#if defined(__x86_64__) && defined(__GNUC__)

enum { ROWS = 16 };

/* A block of 32 of sixteen rows. Values stand in fours of neighbours, [column /
 * 4][row][column % 4]. */
struct panel32 {
	int8_t q[QK / 4][ROWS][4];
	int32_t less[ROWS]; /* -128 * the sum of the values */
	float d[ROWS], m[ROWS];
};

/* A super-block of sixteen rows. */
struct panel256 {
	int8_t q[QK_K / 4][ROWS][4];
	int32_t less[ROWS]; /* -128 * the sum of the scaled values */
	float d[ROWS], m[ROWS];
	int32_t s[QK_K / 16][ROWS];      /* scales of groups */
	int16_t min[QK_K / 32][ROWS][2]; /* of each two groups of 16 */
};

/* Rows of 16 integers to columns. */
INLINE void
transpose16(__m512i v[16])
{
	__m512i t[16];

	for (int i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
	}
	for (int i = 0; i < 16; i += 4)
		for (int j = 0; j < 2; j++) {
			v[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j],
			    t[i + j + 2]);
			v[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j],
			    t[i + j + 2]);
		}
	for (int i = 0; i < 16; i += 8)
		for (int j = 0; j < 4; j++) {
			t[i + j] = _mm512_shuffle_i32x4(v[i + j], v[i + j + 4],
			    0x88);
			t[i + j + 4] = _mm512_shuffle_i32x4(v[i + j],
			    v[i + j + 4], 0xdd);
		}
	for (int i = 0; i < 8; i++) {
		v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
		v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
	}
}

/* One vector of each row, four groups of 16 columns, each to the panel at its
 * to[], or left out where that is NULL. */
INLINE void
place(int8_t (*const to[4])[ROWS][4], int type, const __m512i *row)
{
	const __m512i by = _mm512_set1_epi8((char)byte_offset(type));
	__m512i v[16];

	for (int r = 0; r < 16; r++)
		v[r] = _mm512_sub_epi8(row[r], by);
	transpose16(v);
	for (int i = 0; i < 16; i++)
		if (to[i / 4] != NULL)
			_mm512_storeu_si512(to[i / 4][i % 4], v[i]);
}

/* -128 times the sum of the values of n fours. */
INLINE __m512i
less128(int8_t (*q)[ROWS][4], size_t n)
{
	__m512i s = _mm512_setzero_si512();

	for (size_t i = 0; i < n; i++)
		s = _mm512_dpbusd_epi32(s, _mm512_set1_epi8(-128),
		    _mm512_loadu_si512(q[i]));
	return _mm512_sub_epi32(_mm512_setzero_si512(), s);
}

/* Four lanes of 16 bytes as one. */
INLINE __m512i
lanes(__m128i a, __m128i b, __m128i c, __m128i d)
{
	return _mm512_inserti64x4(_mm512_castsi256_si512(
	    _mm256_set_m128i(b, a)), _mm256_set_m128i(d, c), 1);
}

/* Sixteen bytes of each row, `at` behind p[16], to columns of four: what
 * transpose16 does to four lanes, two steps of its four being in the loads. */
INLINE void
fours16(__m512i v[4], const unsigned char *const p[ROWS], size_t at)
{
	__m512i x[4], t[4];

	for (int i = 0; i < 4; i++) {
		__m128i in[4];
		for (int l = 0; l < 4; l++)
			in[l] = _mm_loadu_si128(
			    (const void *)(p[4 * l + i] + at));
		x[i] = lanes(in[0], in[1], in[2], in[3]);
	}
	for (int i = 0; i < 4; i += 2) {
		t[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
	}
	for (int i = 0; i < 2; i++) {
		v[2 * i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
		v[2 * i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
	}
}

INLINE int
four(const void *p)
{
	int v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Four bytes of each row, `at` behind p[16]. */
INLINE __m512i
fours(const unsigned char *const p[ROWS], size_t at)
{
	__m128i v[4];

	for (int i = 0; i < 4; i++, p += 4)
		v[i] = _mm_setr_epi32(four(p[0] + at), four(p[1] + at),
		    four(p[2] + at), four(p[3] + at));
	return lanes(v[0], v[1], v[2], v[3]);
}

/* The values of a block of each row, unsigned, in columns of four. */
INLINE void
columns32(int type, __m512i v[QK / 4], const unsigned char *const p[ROWS])
{
	const size_t at = block_bytes(type) - (type == DTYPE_Q8_0 ? QK
	    : QK / 2);
	const __m512i spread = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0,
	    4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12));
	__m512i h = _mm512_setzero_si512();

	fours16(v, p, at);
	if (type == DTYPE_Q8_0) {
		fours16(v + 4, p, at + QK / 2);
		return;
	}
	for (int i = 0; i < 4; i++) {
		v[i + 4] = high4(v[i]);
		v[i] = low4(v[i]);
	}
	if (type == DTYPE_IQ4_NL)
		for (int i = 0; i < 8; i++)
			v[i] = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(
			    _mm_loadu_si128((const void *)quant_iq4)), v[i]);
	if (type != DTYPE_Q5_0 && type != DTYPE_Q5_1)
		return;
	h = fours(p, at - 4);
	for (int i = 0; i < 8; i++) {
		__m512i byte = _mm512_shuffle_epi8(h, _mm512_add_epi8(spread,
		    _mm512_set1_epi8((char)(i / 2))));
		v[i] = _mm512_mask_add_epi8(v[i], _mm512_test_epi8_mask(byte,
		    _mm512_set1_epi32(i % 2 ? (int)0x80402010u : 0x08040201)),
		    v[i], _mm512_set1_epi8(16));
	}
}

/* A block of each row, at w[16]. */
INLINE void
unpack32(int type, struct panel32 *p, const unsigned char *const w[ROWS])
{
	const bool is_signed = type == DTYPE_Q8_0 || type == DTYPE_IQ4_NL;
	const __m512i by = _mm512_set1_epi8(
	    (char)(is_signed ? 0 : byte_offset(type)));
	__m512i v[QK / 4], less = _mm512_setzero_si512(), d;

	columns32(type, v, w);
	for (size_t i = 0; i < QK / 4; i++) {
		v[i] = _mm512_sub_epi8(v[i], by);
		_mm512_storeu_si512(p->q[i], v[i]);
		less = _mm512_dpbusd_epi32(less, _mm512_set1_epi8(-128), v[i]);
	}
	_mm512_storeu_si512(p->less,
	    _mm512_sub_epi32(_mm512_setzero_si512(), less));
	d = fours(w, 0); /* the scale, and above it the minimum, if any */
	_mm512_storeu_ps(p->d, _mm512_cvtph_ps(_mm512_cvtepi32_epi16(d)));
	if (has_min(type))
		_mm512_storeu_ps(p->m, _mm512_cvtph_ps(
		    _mm512_cvtepi32_epi16(_mm512_srli_epi32(d, 16))));
}

/* The super-blocks w[16]. */
INLINE void
unpack256(int type, struct panel256 *p, const unsigned char *const w[ROWS])
{
	const size_t groups = QK_K / group_size(type);
	__m512i z[4][ROWS], less = _mm512_setzero_si512();
	uint16_t d[ROWS], m[ROWS];

	for (size_t r = 0; r < ROWS; r++) {
		__m512i v[4];
		__m256i s = scales256(type, w[r]);
		int16_t word[2][16];

		bytes256(type, v, w[r]);
		for (int i = 0; i < 4; i++)
			z[i][r] = v[i];
		_mm256_storeu_si256((void *)word[0], s);
		_mm256_storeu_si256((void *)word[1],
		    corrections256(type, s, w[r]));
		for (size_t g = 0; g < groups; g++)
			p->s[g][r] = word[0][g];
		for (size_t g = 0; has_min(type) && g < QK_K / 16; g++)
			p->min[g / 2][r][g % 2] =
			    word[1][g * 16 / group_size(type)];
		memcpy(&d[r], w[r] + d256_at(type), 2);
		memcpy(&m[r], w[r] + dmin256_at(type), 2);
	}
	_mm512_storeu_ps(p->d,
	    _mm512_cvtph_ps(_mm256_loadu_si256((const void *)d)));
	_mm512_storeu_ps(p->m,
	    _mm512_cvtph_ps(_mm256_loadu_si256((const void *)m)));
	for (int i = 0; i < 4; i++) {
		int8_t (*to[4])[ROWS][4];
		for (int l = 0; l < 4; l++)
			to[l] = p->q + 4 * group_at(type, 4 * i + l);
		place(to, type, z[i]);
	}
	for (size_t g = 0; g < groups; g++)
		less = _mm512_add_epi32(less, _mm512_mullo_epi32(
		    less128(p->q + g * 64 / groups, 64 / groups),
		    _mm512_loadu_si512(p->s[g])));
	_mm512_storeu_si512(p->less, less);
}

#endif
#endif
