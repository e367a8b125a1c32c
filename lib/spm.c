#include "spm.h"

#include <math.h>
#include <string.h>

#include "utf8.h"

/* The order of scores, the highest first: the bits of a float in an order that
 * is that of the numbers, turned round. */
static uint32_t
rank_of(float score)
{
	uint32_t u;

	score += 0.0f; /* -0 is 0 */
	memcpy(&u, &score, 4);
	return u & 0x80000000 ? u : ~(u | 0x80000000);
}

int
spm_open(struct spm *s, const struct vocab *v, const struct modelfile *g,
    const struct pairs *of, char *err)
{
	const struct mf_kv *scores;
	uint32_t numbers = 0;
	int r = mf_array(g, "tokenizer.ggml.scores", MF_F32, &scores, err);

	*s = (struct spm) { 0 };
	if (r == 0)
		return fail(err, "key tokenizer.ggml.scores: missing");
	if (r < 0)
		return -1;
	if (scores->n != v->n)
		return fail(err, "%zu tokens, but %llu scores", v->n,
		    (unsigned long long)scores->n);
	for (size_t i = 0; i < v->n; i++)
		numbers += isnan(get_f32(scores->p + 4 * i)) ? 0 : 1;
	for (size_t i = 0; numbers < v->n; i++)
		if (isnan(get_f32(scores->p + 4 * i)))
			return fail(err, "token %zu: its score is not a number",
			    i);
	s->score = scores->p;
	vocab_bytes(v, s->byte);
	return spelling_open(&s->spelling, v, VOCAB_TEXT_TYPES, of, err);
}

void
spm_close(struct spm *s)
{
	spelling_close(&s->spelling);
	merge_free(&s->merge);
}

static void
rank(void *arg, struct symbol *a, const struct symbol *b, uint32_t end)
{
	struct spm *s = arg;
	size_t to = end == MERGE_END ? s->n : end;

	(void)b;
	a->into = spelling_find(&s->spelling, s->word + a->at, to - a->at);
	if (a->into >= 0)
		a->rank = rank_of(get_f32(s->score + 4 * (size_t)a->into));
}

/* A character that nothing was merged with. */
static int
put_character(struct spm *s, size_t at, size_t n, struct ids *out, char *err)
{
	int32_t id = spelling_find(&s->spelling, s->word + at, n);

	if (id >= 0) {
		ids_add(out, id);
		return 0;
	}
	for (; n > 0; at++, n--) {
		id = s->byte[s->word[at]];
		if (id < 0)
			return fail(err, "the vocabulary has no token for byte "
			    "0x%02X", s->word[at]);
		ids_add(out, id);
	}
	return 0;
}

int
spm_encode(struct spm *s, const unsigned char *word, size_t n, struct ids *out,
    char *err)
{
	struct symbol *sym = merge_begin(&s->merge, utf8_count(word, n));
	size_t start = out->n, len;
	uint32_t next;

	s->word = word;
	s->n = n;
	for (size_t at = 0, i = 0; at < n; at += len, i++) {
		len = utf8_length(word + at, n - at);
		sym[i].id = -1;
		sym[i].at = (uint32_t)at;
	}
	merge_run(&s->merge, rank, s);
	for (uint32_t i = 0; i != MERGE_END; i = next) {
		next = sym[i].next;
		len = (next == MERGE_END ? n : sym[next].at) - sym[i].at;
		if (sym[i].id >= 0) {
			ids_add(out, sym[i].id);
		} else if (put_character(s, sym[i].at, len, out, err) != 0) {
			out->n = start;
			return -1;
		}
	}
	return 0;
}
