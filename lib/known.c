#include "known.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

enum { WORDS = 1 << 15, WORD_BYTES = 30, WORD_IDS = 8 };

/* One line of a processor's cache. */
struct known_word {
	unsigned char len, n; /* n == 0: free */
	unsigned char text[WORD_BYTES];
	int32_t id[WORD_IDS];
};

_Static_assert(sizeof(struct known_word) == 64, "a line of 64 bytes");

void
known_open(struct known *k)
{
	/* not touched before it is used: most texts are short */
	k->room = xcalloc(WORDS + 1, sizeof(*k->word));
	k->word = (struct known_word *)(((uintptr_t)k->room + 63) &
	    ~(uintptr_t)63);
}

void
known_close(struct known *k)
{
	free(k->room);
}

bool
known_find(const struct known *k, const unsigned char *word, size_t n,
    struct ids *out)
{
	const struct known_word *w;

	if (n > WORD_BYTES)
		return false;
	w = &k->word[bytes_hash(word, n) % WORDS];
	if (w->n == 0 || w->len != n || !bytes_equal(w->text, word, n))
		return false;
	/* of a known size, so without a call */
	memcpy(ids_room(out, WORD_IDS), w->id, sizeof(w->id));
	out->n += w->n;
	return true;
}

void
known_add(struct known *k, const unsigned char *word, size_t n,
    const int32_t *id, size_t nid)
{
	struct known_word *w;

	if (n > WORD_BYTES || nid > WORD_IDS)
		return;
	w = &k->word[bytes_hash(word, n) % WORDS];
	w->len = (unsigned char)n;
	w->n = (unsigned char)nid;
	memcpy(w->text, word, n);
	memcpy(w->id, id, nid * sizeof(*id));
}
