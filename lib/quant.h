/*
 * quant - the blocks of quantised tensors as they lie in the file, and one
 * form that they all unpack to. A nibble pair is drawn high : low; d, m and
 * dmin are f16. The layouts are those of ggml (ggml-common.h, MIT).
 *
 * Blocks of 32. Value i < 16 is in a low nibble, i >= 16 in a high one.
 *
 * Q8_0: w[i] = d * q[i]
 *
 *	byte  0   2                                34
 *	     | d | q[0] s8 | q[1] s8 | ... | q[31] |
 *
 * Q4_0: w[i] = d * (q[i] - 8)
 * IQ4_NL: w[i] = d * quant_iq4[q[i]]
 *
 *	byte  0   2             3                   18
 *	     | d | q[16] : q[0] | ... | q[31] : q[15] |
 *
 * Q4_1: w[i] = d * q[i] + m
 *
 *	byte  0   2   4                             20
 *	     | d | m | q[16] : q[0] | ... | q[31] : q[15] |
 *
 * Q5_0: w[i] = d * (q[i] - 16), q[i] = nibble | h[i] << 4
 *
 *	byte  0   2        3         6                                22
 *	     | d | h[7..0] | ... | h[31..24] | [16] : [0] | ... | [31] : [15] |
 *
 * Q5_1: w[i] = d * q[i] + m
 *
 *	byte  0   2   4                       8                       24
 *	     | d | m | h[7..0] .. h[31..24] | [16] : [0] | ... | [31] : [15] |
 *
 * Super-blocks of 256, in groups of 16 or 32 with integer scales s and mins m.
 *
 * Q2_K: w[i] = d * s[i/16] * q[i] - dmin * m[i/16]; q[i] is bits 2(i/32%4)..
 * of q2[i/128*32 + i%32]
 *
 *	byte  0                               16       80  82     84
 *	     | m[0] : s[0] | .. | m[15] : s[15] | q2[64] | d | dmin |
 *
 * Q3_K: w[i] = d * s[i/16] * q[i]; q[i] is the two bits as in Q2_K, less 4
 * unless bit i/32 of h[i%32] is set; s[j] + 32 has its low nibble in nibble
 * j/8 of sc[j%8], its upper two bits in bits 2(j/4).. of sc[8 + j%4]
 *
 *	byte  0       32       96       108 110
 *	     | h[32] | q2[64] | sc[12] | d |
 *
 * Q4_K: w[i] = d * s[i/32] * q[i] - dmin * m[i/32]; q[i] is nibble i/32%2 of
 * q4[i/64*32 + i%32]
 *
 *	byte  0   2      4        16        144
 *	     | d | dmin | sc[12] | q4[128] |
 *
 *	sc    7 6     5 .. 0            sc    7 .. 4    3 .. 0
 *	0-3  | s[4+j] | s[j]     |      8-11 | m[4+j] | s[4+j] |
 *	4-7  | m[4+j] | m[j]     |      (low four bits; the upper two stand
 *	                                 above s[j] and m[j])
 *
 * Q5_K: as Q4_K, q[i] = nibble | (bit i/32 of h[i%32]) << 4
 *
 *	byte  0   2      4        16      48        176
 *	     | d | dmin | sc[12] | h[32] | q4[128] |
 *
 * Q6_K: w[i] = d * s[i/16] * (q[i] - 32); q[i] = nibble i%128/64 of
 * q4[i/128*64 + i%64] | (bits 2(i%128/32).. of q2[i/128*32 + i%32]) << 4
 *
 *	byte  0         128      192                      208 210
 *	     | q4[128] | q2[64] | s[0] s8 | .. | s[15] s8 | d |
 *
 * IQ4_XS: w[i] = d * s[i/32] * quant_iq4[q[i]]; q[i] is nibble i%32/16 of
 * q4[i/32*16 + i%16]; s[j] + 32 = nibble j%2 of sl[j/2] |
 * (bits 2j.. of sh) << 4
 *
 *	byte  0   2        4       8         136
 *	     | d | sh u16 | sl[4] | q4[128] |
 */
#ifndef QUANT_H
#define QUANT_H

#include <stdint.h>

enum { QK = 32, QK_K = 256 }; /* values in a block */

struct q8_0 {
	uint16_t d;
	int8_t q[QK];
};

struct q4_0 { /* and IQ4_NL */
	uint16_t d;
	uint8_t q4[QK / 2];
};

struct q4_1 {
	uint16_t d, m;
	uint8_t q4[QK / 2];
};

struct q5_0 {
	uint16_t d;
	uint8_t h[QK / 8], q4[QK / 2];
};

struct q5_1 {
	uint16_t d, m;
	uint8_t h[QK / 8], q4[QK / 2];
};

struct q2_k {
	uint8_t sm[QK_K / 16], q2[QK_K / 4];
	uint16_t d, dmin;
};

struct q3_k {
	uint8_t h[QK_K / 8], q2[QK_K / 4], sc[12];
	uint16_t d;
};

struct q4_k {
	uint16_t d, dmin;
	uint8_t sc[12], q4[QK_K / 2];
};

struct q5_k {
	uint16_t d, dmin;
	uint8_t sc[12], h[QK_K / 8], q4[QK_K / 2];
};

struct q6_k {
	uint8_t q4[QK_K / 2], q2[QK_K / 4];
	int8_t s[QK_K / 16];
	uint16_t d;
};

struct iq4_xs {
	uint16_t d, sh;
	uint8_t sl[4], q4[QK_K / 2];
};

_Static_assert(sizeof(struct q8_0) == 34 && sizeof(struct q4_0) == 18 &&
    sizeof(struct q4_1) == 20 && sizeof(struct q5_0) == 22 &&
    sizeof(struct q5_1) == 24 && sizeof(struct q2_k) == 84 &&
    sizeof(struct q3_k) == 110 && sizeof(struct q4_k) == 144 &&
    sizeof(struct q5_k) == 176 && sizeof(struct q6_k) == 210 &&
    sizeof(struct iq4_xs) == 136, "blocks have no padding");

/* The values of IQ4_NL and IQ4_XS. */
extern const int8_t quant_iq4[16];

/*
 * A block of any type: w[i] = d * s[i/16] * q[i] - m * min[i/16]. Types
 * without scales, or without a minimum, have s = 1, m = min = 0; the m of Q4_1
 * and Q5_1, which is added, has its sign turned and min = 1.
 */
struct quant {
	float d, m;
	int8_t s[QK_K / 16];
	uint8_t min[QK_K / 16];
	int8_t q[QK_K]; /* 32 or 256 */
};

/* Unpack the block at w. */
typedef void quant_unpack(struct quant *b, const void *w);

quant_unpack quant_q4_0, quant_q4_1, quant_q5_0, quant_q5_1, quant_q8_0,
    quant_q2_k, quant_q3_k, quant_q4_k, quant_q5_k, quant_q6_k, quant_iq4_nl,
    quant_iq4_xs;

#endif
