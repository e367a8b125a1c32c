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

#include "map.h"

enum mf_type {
	MF_U8, MF_I8, MF_U16, MF_I16, MF_U32, MF_I32, MF_F32,
	MF_BOOL, MF_STR, MF_ARR, MF_U64, MF_I64, MF_F64,
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
};

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
	struct mf_kv *kv; /* ascending by key; owned */
	size_t nkv;
	struct mf_tensor *tensor; /* ascending by name; owned */
	size_t ntensor;
	bool rope_half; /* the rows of q and k are in Transformers' order, in
	                   which rotary pairs are i, i + dim/2, whatever is
	                   usual for GGUF files of the family */
};

/*
 * Open a GGUF file, or the first of several that a model was split into
 * (NAME-00001-of-0000N.gguf; the others beside it). 0, or -1 with the reason in
 * err (the path is not in it).
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
/* Walk an array of strings: *cursor begins as kv->p and is advanced. At most
 * kv->n calls. */
struct mf_str mf_next_str(const unsigned char **cursor);

/* For loaders: bytes of a scalar (0 for strings, arrays, unknown types); put
 * both lists in order, or -1 with the reason in err when a name stands twice. */
size_t mf_size(uint32_t type);
int mf_sort(struct modelfile *f, char *err);

/* Little-endian loads from unaligned memory. */
uint32_t get_u32(const unsigned char *p);
uint64_t get_u64(const unsigned char *p);
int32_t get_i32(const unsigned char *p);
float get_f32(const unsigned char *p);

#endif
