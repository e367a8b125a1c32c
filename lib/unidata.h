/*
 * unidata - properties of characters: general category and White_Space, of
 * Unicode 15.0.0. unidata.c is made by unidata.awk, which says how.
 *
 *	if (unidata(c) & (UNI_L | UNI_SPACE)) ...
 */
#ifndef UNIDATA_H
#define UNIDATA_H

#include <stdint.h>

/* A character has one category's bit, and UNI_SPACE if it is White_Space. */
enum {
	UNI_CN = 1 << 0, /* unassigned */
	UNI_LU = 1 << 1, UNI_LL = 1 << 2, UNI_LT = 1 << 3, UNI_LM = 1 << 4,
	UNI_LO = 1 << 5,
	UNI_MN = 1 << 6, UNI_MC = 1 << 7, UNI_ME = 1 << 8,
	UNI_ND = 1 << 9, UNI_NL = 1 << 10, UNI_NO = 1 << 11,
	UNI_PC = 1 << 12, UNI_PD = 1 << 13, UNI_PS = 1 << 14, UNI_PE = 1 << 15,
	UNI_PI = 1 << 16, UNI_PF = 1 << 17, UNI_PO = 1 << 18,
	UNI_SM = 1 << 19, UNI_SC = 1 << 20, UNI_SK = 1 << 21, UNI_SO = 1 << 22,
	UNI_ZS = 1 << 23, UNI_ZL = 1 << 24, UNI_ZP = 1 << 25,
	UNI_CC = 1 << 26, UNI_CF = 1 << 27, UNI_CS = 1 << 28, UNI_CO = 1 << 29,
	UNI_SPACE = 1 << 30,

	UNI_L = UNI_LU | UNI_LL | UNI_LT | UNI_LM | UNI_LO,
	UNI_N = UNI_ND | UNI_NL | UNI_NO,
};

/* By c / 128, the block of cells; by that, a category's number, and 32 for
 * White_Space. */
extern const uint16_t unidata_block[];
extern const unsigned char unidata_cell[];

/* The bits of character c; above U+10FFFF it is unassigned. */
static inline uint32_t
unidata(uint32_t c)
{
	unsigned v;

	if (c > 0x10FFFF)
		return UNI_CN;
	v = unidata_cell[unidata_block[c / 128] * 128 + c % 128];
	return (uint32_t)1 << v % 32 | (v >= 32 ? UNI_SPACE : 0);
}

#endif
