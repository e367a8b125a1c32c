/* only - let nothing come but given texts, or what matches; see only(1) */
#include <stdlib.h>
#include <string.h>

#include "dfa.h"
#include "ere.h"
#include "pieces.h"
#include "seqmap.h"
#include "softmax.h"
#include "trie.h"

/* Bytes that the states of the automaton may take from record to record. */
#define ROOM ((size_t)64 << 20)

/* The text of a sequence: what of its context is not prompt. */
struct text {
	bool known;    /* a record of the sequence was seen */
	bool ended;    /* by a token that ends generation */
	uint32_t from; /* the position where it begins */
	uint32_t pos;  /* tokens of the context */
};

struct only {
	struct pieces pieces;
	struct trie trie;
	struct dfa dfa;
	bool fixed;    /* every text begins */
	uint32_t from; /* at this position */
	struct seqmap map;
	struct text *text; /* text[map.n] */
	uint32_t *state;   /* state[map.n]: where its text has led the dfa */
	size_t cap, cap_state;
	uint32_t *path; /* path[trie.depth + 1]: states along a piece */
	bool *allowed;  /* allowed[pieces.vocab.n] */
};

/* The number of a sequence, whose text is not known when it is new. */
static size_t
number_of(struct only *o, uint32_t seq)
{
	size_t n = o->map.n, i = seqmap_number(&o->map, seq);

	if (i == n) {
		o->text = xgrow(o->text, &o->cap, n + 1, sizeof(*o->text));
		o->state = xgrow(o->state, &o->cap_state, n + 1,
		    sizeof(*o->state));
		o->text[i] = (struct text) { 0 };
		o->state[i] = DFA_DEAD;
	}
	return i;
}

/* Add a token to text i. Behind its end is the next prompt. */
static void
add(struct only *o, size_t i, int32_t id)
{
	const struct vocab *v = &o->pieces.vocab;
	const struct buf *piece = pieces_get(&o->pieces, id);

	if (o->text[i].ended)
		return;
	if ((size_t)id >= v->n) {
		o->state[i] = DFA_DEAD;
	} else if (vocab_is_eog(v, id)) {
		o->text[i].ended = true;
	} else if (vocab_is_control(v, id)) {
		o->state[i] = DFA_DEAD;
	} else {
		for (size_t k = 0; k < piece->len; k++)
			o->state[i] = dfa_step(&o->dfa, o->state[i],
			    (unsigned char)piece->p[k]);
	}
}

/* Bring text i up to the context that d is conditioned on. */
static void
follow(struct only *o, size_t i, const struct dist *d, struct dist_reader *in)
{
	struct text *t = &o->text[i];

	if (!t->known || d->flags & DIST_START) {
		*t = (struct text) { .known = true, .pos = d->pos - d->nctx,
			.from = o->fixed ? o->from : d->pos };
		o->state[i] = o->dfa.start;
		if (t->pos > t->from)
			dist_bad(in, "the text from position %lu on is not "
			    "known", (unsigned long)t->from);
	}
	if (t->pos + d->nctx != d->pos)
		dist_bad(in, "sequence %lu: its context does not follow",
		    (unsigned long)d->seq);
	for (uint32_t k = 0; k < d->nctx; k++)
		if (t->pos++ >= t->from)
			add(o, i, d->ctx[k]);
	if (t->ended && d->nctx > 0 &&
	    !vocab_is_eog(&o->pieces.vocab, d->ctx[d->nctx - 1])) {
		t->ended = false;
		t->from = d->pos;
		o->state[i] = o->dfa.start;
	}
}

/* Allow what a match can still be reached with, and the end of a match. */
static void
allow(struct only *o, uint32_t state)
{
	const struct vocab *v = &o->pieces.vocab;
	const struct trie_node *node = o->trie.node;

	memset(o->allowed, 0, v->n * sizeof(*o->allowed));
	o->path[0] = state;
	for (size_t i = 0; i < o->trie.n;) {
		uint32_t to = dfa_step(&o->dfa, o->path[node[i].depth - 1],
		    node[i].byte);
		if (to == DFA_DEAD) {
			i = node[i].end;
			continue;
		}
		o->path[node[i].depth] = to;
		for (size_t k = node[i].first; k < node[i + 1].first; k++)
			o->allowed[o->trie.id[k]] = true;
		i++;
	}
	for (size_t i = 0; i < v->neog && dfa_matches(&o->dfa, state); i++)
		o->allowed[v->eog[i]] = true;
}

/* Keep what is allowed; behind the vocabulary is padding. */
static void
keep(const struct only *o, struct dist *d)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		size_t id = (size_t)dist_id(d, i);
		if (id >= o->pieces.vocab.n)
			break;
		d->own_id[n] = dist_id(d, i);
		d->val[n] = d->val[i];
		n += o->allowed[id];
	}
	dist_kept(d, n);
}

static void
only(struct only *o, struct dist_reader *in, struct dist_writer *out)
{
	struct dist d = { 0 };

	while (dist_read(in, &d)) {
		size_t i = number_of(o, d.seq), n = o->pieces.vocab.n;
		struct text *t = &o->text[i];

		if (d.vocab < n)
			dist_bad(in, "its vocabulary of %lu is smaller than "
			    "the model's of %zu", (unsigned long)d.vocab, n);
		follow(o, i, &d, in);
		if (d.pos >= t->from && !t->ended) {
			allow(o, o->state[i]);
			keep(o, &d);
		}
		if (!dist_normalise(&d))
			dist_stuck(in, &d);
		t->known = !(d.flags & DIST_ONCE);
		dfa_trim(&o->dfa, ROOM, o->state, o->map.n);
		dist_write(out, &d);
	}
	dist_free(&d);
}

/* The texts as one expression. */
static void
quote(struct buf *b, char *const *text, int n)
{
	for (int i = 0; i < n; i++) {
		buf_put(b, "|", i > 0);
		ere_quote(b, text[i], strlen(text[i]));
	}
}

static void
only_open(struct only *o, const struct buf *expression, const char *model)
{
	char err[ERRLEN];

	if (dfa_open(&o->dfa, expression->p, expression->len, err) != 0)
		bad_usage("%s", err);
	if (o->dfa.start == DFA_DEAD)
		bad_usage("'%.*s': nothing matches", (int)expression->len,
		    expression->p);
	pieces_open(&o->pieces, model);
	trie_open(&o->trie, &o->pieces.vocab);
	o->path = xcalloc((size_t)o->trie.depth + 1, sizeof(*o->path));
	o->allowed = xcalloc(o->pieces.vocab.n, sizeof(*o->allowed));
}

static void
only_close(struct only *o)
{
	trie_close(&o->trie);
	pieces_close(&o->pieces);
	dfa_close(&o->dfa);
	seqmap_free(&o->map);
	free(o->text);
	free(o->state);
	free(o->path);
	free(o->allowed);
}

int
main(int argc, char **argv)
{
	struct only o = { .fixed = false };
	struct dist_reader in;
	struct dist_writer out;
	struct buf expression = { 0 };
	const char *model = NULL, *regex = NULL, *file = NULL;
	char form = 0;
	int c;

	start(argc, argv, "only", "[-bt] [-m model] [-o from] text ... | "
	    "[-bt] [-m model] [-o from] -r regex [file]");
	while ((c = option(argc, argv, "bm:o:r:t")) != -1)
		switch (c) {
		case 'm':
			model = optarg;
			break;
		case 'o':
			o.fixed = true;
			o.from = (uint32_t)arg_uint("-o", optarg, 0, DIST_MAX);
			break;
		case 'r':
			regex = optarg;
			break;
		default:
			form = (char)c;
		}
	if (regex == NULL ? argc == optind : argc - optind > 1)
		usage();
	if (regex == NULL) {
		quote(&expression, argv + optind, argc - optind);
	} else {
		buf_put(&expression, regex, strlen(regex));
		file = argv[optind];
	}
	only_open(&o, &expression, model);

	dist_create(&out, form);
	dist_open(&in, file, &out);
	only(&o, &in, &out);
	dist_close(&in);
	dist_finish(&out);
	only_close(&o);
	buf_free(&expression);
	return 0;
}
