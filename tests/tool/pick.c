/*
 * pick - logits of a stream (binary, dense) on stdin beside those of a file:
 *
 *	pick FILE
 *
 * The file's lines are "position id logit" or "sequence position id gap", the
 * position being how many tokens came before. In the first form the line is
 * printed with the stream's logit behind it, and "sum" for an id is the log of
 * the sum of exp; in the second with the id that the stream has as the
 * likeliest. Arithmetic by libm, in double: nothing of what is tested.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
	char text[80];
	char id[16];
	uint32_t seq, pos;
	int fields;
	double found;
};

static uint32_t
u32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static void *
need(void *old, size_t bytes)
{
	void *p = realloc(old, bytes + 1);

	if (p == NULL)
		exit(2);
	return p;
}

static struct line *
wanted(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	struct line *all = NULL, l;
	char a[16], b[16], c[16], d[16];

	if (f == NULL)
		exit(2);
	for (*n = 0; fgets(l.text, sizeof(l.text), f) != NULL; ++*n) {
		l.fields = sscanf(l.text, "%15s %15s %15s %15s", a, b, c, d);
		l.text[strcspn(l.text, "\n")] = 0;
		if (l.fields < 3)
			exit(2);
		l.seq = l.fields == 4 ? (uint32_t)atol(a) : 0;
		l.pos = (uint32_t)atol(l.fields == 4 ? b : a);
		memcpy(l.id, b, sizeof(b));
		l.found = NAN;
		all = need(all, (*n + 1) * sizeof(*all));
		all[*n] = l;
	}
	fclose(f);
	return all;
}

static double
look(const struct line *l, const float *x, uint32_t n)
{
	uint32_t top = 0;
	double sum = 0;

	if (l->fields == 3 && strcmp(l->id, "sum") != 0)
		return (size_t)atol(l->id) < n ? (double)x[atol(l->id)] : NAN;
	for (uint32_t i = 1; i < n; i++)
		top = x[i] > x[top] ? i : top;
	if (l->fields == 4)
		return top;
	for (uint32_t i = 0; i < n; i++)
		sum += exp((double)x[i] - (double)x[top]);
	return (double)x[top] + log(sum);
}

int
main(int argc, char **argv)
{
	unsigned char head[32];
	size_t lines;
	struct line *line = wanted(argc > 1 ? argv[1] : "", &lines);
	float *x = NULL;

	while (fread(head, 1, 32, stdin) == 32) {
		uint32_t n = u32(head + 12);
		size_t skip = 4 * ((size_t)u32(head + 16) + u32(head + 20));
		x = need(x, skip + 4 * (size_t)n);
		if (memcmp(head, "DIST\1L", 6) != 0 || n != u32(head + 8) ||
		    fread(x, 1, skip, stdin) != skip ||
		    fread(x, 4, n, stdin) != n)
			return 2;
		for (size_t i = 0; i < lines; i++)
			if (line[i].seq == u32(head + 24) &&
			    line[i].pos == u32(head + 28))
				line[i].found = look(&line[i], x, n);
	}
	for (size_t i = 0; i < lines; i++)
		printf("%s %.9g\n", line[i].text, line[i].found);
	return 0;
}
