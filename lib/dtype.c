#include "dtype.h"
#include "quant.h"

static const struct dtype table[] = {
	[DTYPE_F32] = { "F32", 1, 4 },
	[DTYPE_F16] = { "F16", 1, 2 },
	[DTYPE_Q8_0] = { "Q8_0", QK8_0, sizeof(struct q8_0) },
	[DTYPE_BF16] = { "BF16", 1, 2 },
};

const struct dtype *
dtype_get(uint32_t type)
{
	if (type >= sizeof(table) / sizeof(table[0]) ||
	    table[type].name == NULL)
		return NULL;
	return &table[type];
}
