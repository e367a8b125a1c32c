/*
 * quant: decode blocks.
 *
 *	quant TYPE <BLOCKS >FLOATS
 *
 * tests/quants.bats compares with another decoder. Without TYPE: every type
 * has what the others have.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtype.h"
#include "kern.h"

static int
decode(const char *name)
{
	const struct kern *k = kernel_scalar();
	unsigned char block[QK_K];
	float y[QK_K];

	for (uint32_t type = 0; type < DTYPES; type++) {
		const struct dtype *d = dtype_get(type);
		if (d == NULL || strcmp(d->name, name) != 0)
			continue;
		while (fread(block, d->bytes, 1, stdin) == 1) {
			k->dequant[type](y, type, block, d->block);
			fwrite(y, sizeof(*y), d->block, stdout);
		}
		return 0;
	}
	return 1;
}

int
main(int argc, char **argv)
{
	const struct kern *k = kernel_scalar();
	int n = 0;

	if (argc > 1)
		return decode(argv[1]);
	for (uint32_t type = 0; type < DTYPES; type++) {
		const struct dtype *d = dtype_get(type);
		if (d == NULL || d->unpack == NULL)
			continue;
		printf("%sok %d - %s has kernels\n", k->matmul_q[type] != NULL &&
		    k->dequant[type] != NULL && d->bytes <= QK_K &&
		    strcmp(dtype_name(type), d->name) == 0 ? "" : "not ", ++n,
		    d->name);
	}
	printf("1..%d\n", n);
	return 0;
}
