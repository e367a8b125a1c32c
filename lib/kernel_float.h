/*
 * kernel_float - products with float weights: the loops around a tile, which
 * the instruction sets share by including this after they have defined
 *
 *	INLINE	what begins an inline function for the instruction set
 *	ROWS	rows of a tile of several columns
 *	COLS	columns of a tile, at most 4
 *	tile	y[t*ldy + r*apart] for R (1, ROWS; 4 of one column) rows that
 *		lie `apart` rows from each other, and T columns; k is a multiple
 *		of 16; with `fetch` it brings the R rows after these near
 *
 * One column is bound by memory, and what that likes was measured: one linear
 * stream of F32 rows, which overlap in the processor; several rows of F16 at
 * once (one chain of additions is too slow for their bytes), asking ahead; and
 * of long rows several far from each other, each a stream of its own.
 */
INLINE void
tiles(float *y, size_t ldy, const unsigned char *w, const float *x, size_t n,
    size_t k, enum element e, size_t R, bool fetch)
{
	if (n >= COLS)
		tile(y, ldy, w, 1, x, k, e, R, COLS, fetch);
	else if (n == 3)
		tile(y, ldy, w, 1, x, k, e, R, 3, fetch);
	else if (n == 2)
		tile(y, ldy, w, 1, x, k, e, R, 2, fetch);
	else
		tile(y, ldy, w, 1, x, k, e, R, 1, fetch);
}

/* Some rows and all columns. */
INLINE void
matmul_rows(float *y, size_t ldy, const unsigned char *w, const float *x,
    size_t rows, size_t n, size_t k, enum element e)
{
	const size_t row = k * element_size(e), many = rows - rows % ROWS;

	for (size_t r = 0; r < many; r += ROWS)
		tiles(y + r, ldy, w + r * row, x, n, k, e, ROWS, true);
	for (size_t t = COLS; t < n; t += COLS)
		for (size_t r = 0; r < many; r += ROWS)
			tiles(y + t * ldy + r, ldy, w + r * row, x + t * k,
			    n - t, k, e, ROWS, false);
	for (size_t t = 0; t < n; t += COLS)
		for (size_t r = many; r < rows; r++)
			tiles(y + t * ldy + r, ldy, w + r * row, x + t * k,
			    n - t, k, e, 1, false);
}

/* All rows, one column. */
INLINE void
matvec(float *y, const unsigned char *w, const float *x, size_t rows, size_t k,
    enum element e)
{
	const size_t row = k * element_size(e), apart = rows / 4;
	size_t r = 0;

	if (row > 8192)
		for (; r < apart; r++)
			tile(y + r, 0, w + r * row, apart, x, k, e, 4, 1, false);
	else if (e != F32)
		for (; r < apart; r++)
			tile(y + 4 * r, 0, w + 4 * r * row, 1, x, k, e, 4, 1,
			    true);
	for (r *= 4; r < rows; r++)
		tile(y + r, 0, w + r * row, 1, x, k, e, 1, 1, false);
}

INLINE void
matmul(float *y, size_t ldy, const void *weights, const float *x, size_t rows,
    size_t n, size_t k, enum element e)
{
	const unsigned char *w = weights;

	if (n == 1)
		matvec(y, w, x, rows, k, e);
	else /* rows that stay in the cache */
		for (size_t r = 0; r < rows; r += 32)
			matmul_rows(y + r, ldy, w + r * k * element_size(e), x,
			    rows - r < 32 ? rows - r : 32, n, k, e);
}
