/* Q4_K.blocks and Q6_K.blocks by ggml's own quantiser; see make.py. Run where
 * values.gguf is, whose last bytes are the values. */
#include <ggml.h>
#include <stdio.h>

int
main(void)
{
	static const struct {
		enum ggml_type type;
		const char *name;
	} want[] = { { GGML_TYPE_Q4_K, "Q4_K.blocks" },
		{ GGML_TYPE_Q6_K, "Q6_K.blocks" } };
	static float x[12 * 512];
	static char to[sizeof(x)];
	FILE *f = fopen("values.gguf", "rb");

	if (f == NULL || fseek(f, -(long)sizeof(x), SEEK_END) != 0 ||
	    fread(x, sizeof(x), 1, f) != 1)
		return 1;
	fclose(f);
	for (int i = 0; i < 2; i++) {
		size_t n = ggml_quantize_chunk(want[i].type, x, to, 0, 12, 512,
		    NULL);
		f = fopen(want[i].name, "wb");
		if (f == NULL || fwrite(to, n, 1, f) != 1 || fclose(f) != 0)
			return 1;
	}
	return 0;
}
