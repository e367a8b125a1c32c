#include "dtype.h"

/* Types of which only the name is known have no block. */
static const struct dtype table[] = {
	[DTYPE_F32] = { "F32", 1, 4, NULL },
	[DTYPE_F16] = { "F16", 1, 2, NULL },
	[DTYPE_Q4_0] = { "Q4_0", QK, sizeof(struct q4_0), quant_q4_0 },
	[DTYPE_Q4_1] = { "Q4_1", QK, sizeof(struct q4_1), quant_q4_1 },
	[DTYPE_Q5_0] = { "Q5_0", QK, sizeof(struct q5_0), quant_q5_0 },
	[DTYPE_Q5_1] = { "Q5_1", QK, sizeof(struct q5_1), quant_q5_1 },
	[DTYPE_Q8_0] = { "Q8_0", QK, sizeof(struct q8_0), quant_q8_0 },
	[9] = { .name = "Q8_1" },
	[DTYPE_Q2_K] = { "Q2_K", QK_K, sizeof(struct q2_k), quant_q2_k },
	[DTYPE_Q3_K] = { "Q3_K", QK_K, sizeof(struct q3_k), quant_q3_k },
	[DTYPE_Q4_K] = { "Q4_K", QK_K, sizeof(struct q4_k), quant_q4_k },
	[DTYPE_Q5_K] = { "Q5_K", QK_K, sizeof(struct q5_k), quant_q5_k },
	[DTYPE_Q6_K] = { "Q6_K", QK_K, sizeof(struct q6_k), quant_q6_k },
	[15] = { .name = "Q8_K" },
	[16] = { .name = "IQ2_XXS" },
	[17] = { .name = "IQ2_XS" },
	[18] = { .name = "IQ3_XXS" },
	[19] = { .name = "IQ1_S" },
	[DTYPE_IQ4_NL] = { "IQ4_NL", QK, sizeof(struct q4_0), quant_iq4_nl },
	[21] = { .name = "IQ3_S" },
	[22] = { .name = "IQ2_S" },
	[DTYPE_IQ4_XS] = { "IQ4_XS", QK_K, sizeof(struct iq4_xs),
		quant_iq4_xs },
	[24] = { .name = "I8" },
	[25] = { .name = "I16" },
	[26] = { .name = "I32" },
	[27] = { .name = "I64" },
	[28] = { .name = "F64" },
	[29] = { .name = "IQ1_M" },
	[DTYPE_BF16] = { "BF16", 1, 2, NULL },
	[34] = { .name = "TQ1_0" },
	[35] = { .name = "TQ2_0" },
	[39] = { .name = "MXFP4" },
	[40] = { .name = "NVFP4" },
	[41] = { .name = "Q1_0" },
};

enum { KNOWN = sizeof(table) / sizeof(table[0]) };

const struct dtype *
dtype_get(uint32_t type)
{
	return type < KNOWN && table[type].block > 0 ? &table[type] : NULL;
}

const char *
dtype_name(uint32_t type)
{
	return type < KNOWN ? table[type].name : NULL;
}
