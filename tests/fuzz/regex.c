/* regex - any bytes are refused as an expression, or run over any bytes; what
 * is quoted is matched by itself */
#include <stdlib.h>
#include <string.h>

#include "dfa.h"
#include "ere.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static uint32_t
run(struct dfa *d, const uint8_t *p, size_t n)
{
	uint32_t state = d->start;

	for (size_t i = 0; i < n; i++) {
		state = dfa_step(d, state, p[i]);
		check(state != DFA_DEAD || !dfa_matches(d, state));
		if (i % 64 == 63)
			dfa_trim(d, 1 << 16, &state, 1);
	}
	return state;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(p, '\0', size) : NULL;
	size_t n = end != NULL ? (size_t)(end - p) : size;
	struct buf quoted = { 0 };
	char err[ERRLEN];
	struct dfa d;

	/* the expression, a NUL, the text */
	if (dfa_open(&d, p, n, err) == 0) {
		(void)run(&d, p + n, size - n);
		dfa_close(&d);
	}
	ere_quote(&quoted, p, size);
	if (dfa_open(&d, quoted.p, quoted.len, err) == 0) {
		check(dfa_matches(&d, run(&d, p, size)));
		dfa_close(&d);
	}
	buf_free(&quoted);
	return 0;
}
