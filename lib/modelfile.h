/*
 * modelfile - a model as it lies in its files: metadata and tensors by name, in
 * place. One interface over all formats; names and values are those of GGUF
 * (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), to which the
 * loader of another format translates.
 *
 *	struct modelfile f;
 *	if (modelfile_open(&f, path, err) != 0)
 *		die("%s: %s", path, err);
 *	mf_uint(&f, "llama.block_count", &n, err);
 *	t = mf_tensor(&f, "token_embd.weight");
 *	modelfile_close(&f);
 *
 * A loader checks every count, length, type, offset and overlap against the
 * files, so that nothing above has to check bounds again. What the functions
 * return points into the mappings and lives until modelfile_close.
 */
#ifndef MODELFILE_H
#define MODELFILE_H

#include <string.h>

#include "map.h"

enum mf_type {
	MF_U8, MF_I8, MF_U16, MF_I16, MF_U32, MF_I32, MF_F32,
	MF_BOOL, MF_STR, MF_ARR, MF_U64, MF_I64, MF_F64,
};

/* Of the elements of tokenizer.ggml.token_type. */
enum token_type {
	TOKEN_NORMAL = 1,
	TOKEN_UNKNOWN, /* what other tokenizers put for what they cannot spell */
	TOKEN_CONTROL, /* structure, not text: <|endoftext|> */
	TOKEN_USER,    /* added by the model's makers: text, never split */
	TOKEN_UNUSED,
	TOKEN_BYTE,
};

struct mf_str {
	const char *p; /* not terminated; may hold NUL */
	size_t len;
};

struct mf_kv {
	struct mf_str key;
	enum mf_type type; /* of the value, or of the array's elements */
	bool array;
	uint64_t n;             /* elements; 1 for a scalar */
	const unsigned char *p; /* the first element, unaligned */
	const size_t *mark;     /* of an array of strings: where behind p each
	                           MF_MARK-th stands */
};

enum { MF_MARK = 16 };

struct mf_tensor {
	struct mf_str name;
	uint32_t type; /* a dtype; unknown types have size 0 */
	uint32_t ndim;
	uint64_t ne[4];            /* ne[0] varies fastest; 1 beyond ndim */
	uint64_t offset;           /* from the start of the tensor data */
	const unsigned char *data; /* NULL when the type is unknown */
	size_t size;               /* bytes */
};

struct modelfile {
	struct map *map; /* (nmap) owned */
	size_t nmap;
	void **made; /* (nmade) memory that loaders made; owned */
	size_t nmade;
	struct mf_kv *kv; /* ascending by key; owned */
	size_t nkv;
	struct mf_tensor *tensor; /* ascending by name; owned */
	size_t ntensor;
	bool rope_half; /* the rows of q and k are in Transformers' order, in
	                   which rotary pairs are i, i + dim/2, whatever is
	                   usual for GGUF files of the family */
};

/* Whether a string is a word, begins with it, ends with it. */
static inline bool
mf_is(struct mf_str s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.p, word, s.len) == 0;
}

static inline bool
mf_begins(struct mf_str s, const char *word)
{
	size_t n = strlen(word);

	return s.len >= n && memcmp(s.p, word, n) == 0;
}

static inline bool
mf_ends(struct mf_str s, const char *word)
{
	size_t n = strlen(word);

	return s.len >= n && memcmp(s.p + s.len - n, word, n) == 0;
}

/* A string of a model for a message's %.*s. */
#define MF_SHOW(s) (int)((s).len > 100 ? 100 : (s).len), (s).p

/*
 * Open a GGUF file, or the first of several that a model was split into
 * (NAME-00001-of-0000N.gguf; the others beside it), or a Hugging Face directory
 * (or the config.json in it, or the tokenizer.json alone; see hf.h). 0, or -1 with the reason in err (the
 * path is not in it).
 */
int modelfile_open(struct modelfile *f, const char *path, char *err);
void modelfile_close(struct modelfile *f);

const struct mf_kv *mf_find(const struct modelfile *f, const char *key);
const struct mf_tensor *mf_tensor(const struct modelfile *f, const char *name);

/* Scalars. 1 when found, 0 when there is no such key, -1 (reason in err) when
 * it is of another type or out of range. *v is set only on 1. */
int mf_uint(const struct modelfile *f, const char *key, uint64_t *v, char *err);
int mf_float(const struct modelfile *f, const char *key, double *v, char *err);
int mf_bool(const struct modelfile *f, const char *key, bool *v, char *err);
int mf_string(const struct modelfile *f, const char *key, struct mf_str *v,
    char *err);

/* An array of this element type: 1, 0, -1 as above. */
int mf_array(const struct modelfile *f, const char *key, enum mf_type type,
    const struct mf_kv **v, char *err);
/*
 * The ids that end a text, ascending: of the keys tokenizer.ggml.eos_token_id,
 * eot_token_id and eom_token_id, of a list, eog_token_ids, that Hugging Face
 * models may have, and tokens known by their spelling, since files of chat models
 * often name the end of a text alone and not that of a turn. How many, or -1 with the reason in err, as when one is
 * not below n_token.
 */
enum { MF_END_IDS = 16 };
int mf_end_ids(const struct modelfile *f, size_t n_token,
    int32_t id[MF_END_IDS], char *err);

/* For loaders: bytes of a scalar (0 for strings, arrays, unknown types); put
 * both lists in order, or -1 with the reason in err when a name stands
 * twice. */
size_t mf_size(uint32_t type);
int mf_sort(struct modelfile *f, char *err);

/*
 * For loaders that translate: zeroed memory, a key, a tensor that live until
 * modelfile_close. Names and values are copied; a tensor's elements are the
 * caller's to fill in, or to point to. The lists are no longer in order then.
 */
void *mf_make(struct modelfile *f, size_t n, size_t size);
void mf_put_uint(struct modelfile *f, const char *key, uint64_t v);
void mf_put_float(struct modelfile *f, const char *key, double v);
void mf_put_bool(struct modelfile *f, const char *key, bool v);
void mf_put_string(struct modelfile *f, const char *key, const char *v);
/* An array of n U32 (MF_U32), or of BOOL, of which each byte is one of v. */
void mf_put_uints(struct modelfile *f, const char *key, const uint32_t *v,
    size_t n);
void mf_put_bools(struct modelfile *f, const char *key, const bool *v,
    size_t n);
/* An array of n elements as GGUF has them, in `size` bytes, little-endian; a
 * string is its length, a u64, and its bytes. */
void mf_put_array(struct modelfile *f, const char *key, enum mf_type type,
    size_t n, const void *p, size_t size);
/* A new F32 tensor of n elements, to be filled in. */
float *mf_put_floats(struct modelfile *f, const char *name, size_t n);

/* Little-endian loads from unaligned memory. */
static inline uint32_t
get_u32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static inline uint64_t
get_u64(const unsigned char *p)
{
	return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

static inline int32_t
get_i32(const unsigned char *p)
{
	uint32_t u = get_u32(p);
	int32_t v;

	memcpy(&v, &u, sizeof(v));
	return v;
}

static inline float
get_f32(const unsigned char *p)
{
	uint32_t u = get_u32(p);
	float v;

	memcpy(&v, &u, sizeof(v));
	return v;
}

/* Whether all of n > 0 32-bit numbers are the same. */
static inline bool
all_same32(const unsigned char *p, size_t n)
{
	return memcmp(p, p + 4, 4 * (n - 1)) == 0;
}

/* Walk an array of strings: *cursor begins as kv->p and is advanced. At most
 * kv->n calls. */
static inline struct mf_str
mf_next_str(const unsigned char **cursor)
{
	struct mf_str s = { (const char *)*cursor + 8,
		(size_t)get_u64(*cursor) };

	*cursor += 8 + s.len;
	return s;
}

/* The cursor for elements from number i on, i < kv->n. */
static inline const unsigned char *
mf_str_at(const struct mf_kv *kv, uint64_t i)
{
	const unsigned char *at = kv->p + kv->mark[i / MF_MARK];

	for (i %= MF_MARK; i > 0; i--)
		mf_next_str(&at);
	return at;
}

/* Strings by number, for those who mostly ask for the next: begins with kv alone. */
struct mf_walk {
	const struct mf_kv *kv;
	uint64_t next; /* string, which stands */
	const unsigned char *at; /* there, unless NULL */
};

static inline struct mf_str
mf_walk(struct mf_walk *w, uint64_t i)
{
	if (i != w->next || w->at == NULL)
		w->at = mf_str_at(w->kv, i);
	w->next = i + 1;
	return mf_next_str(&w->at);
}

#endif
