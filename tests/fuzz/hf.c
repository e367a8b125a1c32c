/* hf - config.json and a safetensors file, a NUL between them: refused, or
 * translated to keys and tensors that can be read to their ends */
#include <stdlib.h>
#include <string.h>

#include "hfconfig.h"
#include "hftensor.h"
#include "safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size);

static volatile unsigned char sink;

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(p, '\0', size) : NULL;
	struct modelfile f = { 0 };
	struct json j;
	char err[ERRLEN];
	bool tied = false;

	if (nul == NULL || json_parse(&j, p, (size_t)(nul - p), err) != 0)
		return 0;
	if (j.node[0].type == JSON_OBJECT &&
	    hf_config(&f, &j, NULL, &tied, err) == 0 &&
	    safetensors_parse(&f, nul + 1, size - 1 - (size_t)(nul - p),
	        err) == 0 &&
	    mf_sort(&f, err) == 0 && hf_tensors(&f, tied, err) == 0)
		for (size_t i = 0; i < f.ntensor; i++)
			if (f.tensor[i].size > 0)
				sink = f.tensor[i].data[f.tensor[i].size - 1];
	json_free(&j);
	modelfile_close(&f);
	return 0;
}
