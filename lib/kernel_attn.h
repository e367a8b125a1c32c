/*
 * kernel_attn - attention over a page of keys and values: what the instruction
 * sets' files share by including it after they have defined
 *
 *	INLINE		what begins an inline function for the instruction set
 *	vec		a register of LANES floats, LANES being 8 or 16
 *	SUMS		sums that the registers have room for
 *	vset vadd vsub vmul vfma vmax vexp vcap
 *			lane by lane; vmax gives its second operand for NaN;
 *			fm_expf, softcap as in kern.h
 *	vload vstore	LANES floats; the first n only, the others being 0:
 *	vsome vput	(vsome loads, vput stores)
 *	vhalf vhalves	the same loads from F16
 *	vseen		lanes from..to-1 of a vector, -inf elsewhere
 *	vtop vtree	largest lane; the tree of the 16-lane rule
 *
 * See kern.h for what it computes. G queries share each load, and several sums
 * go on at once, since each is a chain in which one addition waits for another.
 */
enum {
	BLOCK = 16, /* positions that lie together in the keys */
	GROUP = 4,  /* queries at once, at most */
};

INLINE vec
element(const void *p, size_t i, bool half)
{
	return half ? vhalf((const uint16_t *)p + i)
	            : vload((const float *)p + i);
}

INLINE vec
elements(const void *p, size_t i, size_t n, bool half)
{
	return half ? vhalves((const uint16_t *)p + i, n)
	            : vsome((const float *)p + i, n);
}

/* Position i of the page as a lane of the vector that begins at j. */
INLINE size_t
clip(size_t i, size_t j)
{
	return i < j ? 0 : i - j < LANES ? i - j : LANES;
}

/* Scores of G queries with B blocks of positions from j on. */
INLINE void
scores(float (*s)[KERN_PAGE], size_t j, const float *q, const void *k,
    const struct kern_attn *at, bool half, size_t G, size_t B)
{
	const size_t V = B * BLOCK / LANES, hd = at->hd;
	vec a[GROUP][KERN_PAGE / LANES];

	for (size_t g = 0; g < G; g++)
		for (size_t v = 0; v < V; v++)
			a[g][v] = vset(0);
	for (size_t i = 0; i < hd; i++) {
		vec u[KERN_PAGE / LANES];
		for (size_t v = 0; v < V; v++) {
			size_t at16 = j + v * LANES;
			u[v] = element(k, at16 / BLOCK * BLOCK * hd +
			    i * BLOCK + at16 % BLOCK, half);
		}
		for (size_t g = 0; g < G; g++)
			for (size_t v = 0; v < V; v++)
				a[g][v] = vfma(vset(q[g * hd + i]), u[v],
				    a[g][v]);
	}
	for (size_t g = 0; g < G; g++)
		for (size_t v = 0; v < V; v++) {
			size_t from = j + v * LANES;
			a[g][v] = vmul(a[g][v], vset(at->scale));
			if (at->cap > 0)
				a[g][v] = vcap(a[g][v], vset(at->cap));
			vstore(s[g] + from, vseen(a[g][v],
			    clip(at->from, from), clip(at->to, from)));
		}
}

/* Scores to weights, with m and l brought along; what o is to be multiplied
 * with. */
INLINE float
weights(float *s, float *m, float *l)
{
	vec top = vset(*m), sum[BLOCK / LANES];
	float old = *m, c;

	for (size_t j = 0; j < KERN_PAGE; j += LANES) /* passing over NaN */
		top = vmax(vload(s + j), top);
	*m = vtop(top);
	c = fm_expf(old - *m);
	for (size_t i = 0; i < BLOCK / LANES; i++)
		sum[i] = vset(0);
	for (size_t j = 0; j < KERN_PAGE; j += LANES) {
		vec p = vexp(vsub(vload(s + j), vset(*m)));
		sum[j % BLOCK / LANES] = vadd(sum[j % BLOCK / LANES], p);
		vstore(s + j, p);
	}
	*l = fmaf(*l, c, vtree(sum));
	return c;
}

/* o = o * c + sum of weight times value, in D vectors of dimensions from i on;
 * with `part` a vector of n < LANES. */
INLINE void
values(float *o, const float *c, float (*s)[KERN_PAGE], const void *v, size_t i,
    const struct kern_attn *at, bool half, size_t G, size_t D, bool part)
{
	const size_t hd = at->hd, n = hd - i;
	vec a[GROUP][64 / LANES];

	for (size_t g = 0; g < G; g++)
		for (size_t d = 0; d < D; d++) {
			const float *from = o + g * hd + i + d * LANES;
			a[g][d] = vmul(vset(c[g]),
			    part ? vsome(from, n) : vload(from));
		}
	for (size_t j = at->from; j < at->to; j++)
		for (size_t d = 0; d < D; d++) {
			size_t from = j * hd + i + d * LANES;
			vec u = part ? elements(v, from, n, half)
			             : element(v, from, half);
			for (size_t g = 0; g < G; g++)
				a[g][d] = vfma(vset(s[g][j]), u, a[g][d]);
		}
	for (size_t g = 0; g < G; g++)
		for (size_t d = 0; d < D; d++)
			if (part)
				vput(o + g * hd + i, n, a[g][d]);
			else
				vstore(o + g * hd + i + d * LANES, a[g][d]);
}

/* A page and G queries. */
INLINE void
attend(float *o, float *m, float *l, const float *q, const void *k,
    const void *v, const struct kern_attn *at, bool half, size_t G)
{
	const size_t blocks = SUMS * LANES / BLOCK / G; /* at once */
	const size_t B = blocks < 1 ? 1 : blocks < 4 ? blocks : 4;
	const size_t D = SUMS / G < 64 / LANES ? SUMS / G : 64 / LANES;
	float s[GROUP][KERN_PAGE], c[GROUP];
	size_t i = 0, j = 0;

	while (j < KERN_PAGE)
		if (j + BLOCK <= at->from || j >= at->to) {
			for (size_t g = 0; g < G; g++)
				for (size_t n = 0; n < BLOCK; n++)
					s[g][j + n] = -INFINITY;
			j += BLOCK;
		} else if (j + (B - 1) * BLOCK < at->to &&
		    j + B * BLOCK <= KERN_PAGE) {
			scores(s, j, q, k, at, half, G, B);
			j += B * BLOCK;
		} else {
			scores(s, j, q, k, at, half, G, 1);
			j += BLOCK;
		}
	for (size_t g = 0; g < G; g++)
		c[g] = weights(s[g], m + g, l + g);
	for (; i + D * LANES <= at->hd; i += D * LANES)
		values(o, c, s, v, i, at, half, G, D, false);
	for (; D > 2 && i + D / 2 * LANES <= at->hd; i += D / 2 * LANES)
		values(o, c, s, v, i, at, half, G, D / 2, false);
	for (; i + LANES <= at->hd; i += LANES)
		values(o, c, s, v, i, at, half, G, 1, false);
	if (i < at->hd)
		values(o, c, s, v, i, at, half, G, 1, true);
}

/* nq queries, in groups. */
INLINE void
attention(float *o, float *m, float *l, const float *q, const void *k,
    const void *v, size_t nq, const struct kern_attn *at, bool half)
{
	for (size_t n; nq > 0; nq -= n) {
		n = nq < GROUP ? nq : GROUP;
		if (n == 4)
			attend(o, m, l, q, k, v, at, half, 4);
		else if (n == 3)
			attend(o, m, l, q, k, v, at, half, 3);
		else if (n == 2)
			attend(o, m, l, q, k, v, at, half, 2);
		else
			attend(o, m, l, q, k, v, at, half, 1);
		o += n * at->hd;
		q += n * at->hd;
		m += n;
		l += n;
	}
}
