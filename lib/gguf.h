/*
 * gguf - a GGUF file (version 2 or 3, little-endian): metadata and tensors in
 * place. The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 *	struct gguf g;
 *	if (gguf_open(&g, path, err) != 0)
 *		die("%s: %s", path, err);
 *	gguf_uint(&g, "llama.block_count", &n);
 *	t = gguf_tensor(&g, "token_embd.weight");
 *	gguf_close(&g);
 *
 * gguf_open checks every count, length, type, offset and overlap against the
 * file, so that nothing above has to check bounds again. What the functions
 * return points into the mapping and lives until gguf_close.
 */
#ifndef GGUF_H
#define GGUF_H

#include "map.h"

enum gguf_type {
	GGUF_U8, GGUF_I8, GGUF_U16, GGUF_I16, GGUF_U32, GGUF_I32, GGUF_F32,
	GGUF_BOOL, GGUF_STR, GGUF_ARR, GGUF_U64, GGUF_I64, GGUF_F64,
};

struct gguf_str {
	const char *p; /* not terminated; may hold NUL */
	size_t len;
};

struct gguf_kv {
	struct gguf_str key;
	enum gguf_type type; /* of the value, or of the array's elements */
	bool array;
	uint64_t n;             /* elements; 1 for a scalar */
	const unsigned char *p; /* the first element, unaligned */
};

struct gguf_tensor {
	struct gguf_str name;
	uint32_t type; /* a dtype; unknown types have size 0 */
	uint32_t ndim;
	uint64_t ne[4];            /* ne[0] varies fastest; 1 beyond ndim */
	uint64_t offset;           /* from the start of the tensor data */
	const unsigned char *data; /* NULL when the type is unknown */
	size_t size;               /* bytes */
};

struct gguf {
	struct map map;
	uint32_t version;
	struct gguf_kv *kv; /* ascending by key */
	size_t nkv;
	struct gguf_tensor *tensor; /* ascending by name */
	size_t ntensor;
};

/* 0, or -1 with the reason in err (the path is not in it). */
int gguf_open(struct gguf *g, const char *path, char *err);
/* The same for a file in memory, which must outlive g and which gguf_close
 * leaves alone. */
int gguf_parse(struct gguf *g, const void *p, size_t size, char *err);
void gguf_close(struct gguf *g);

const struct gguf_kv *gguf_find(const struct gguf *g, const char *key);
const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name);

/* Scalars. 1 when found, 0 when there is no such key, -1 (reason in err) when
 * it is of another type or out of range. *v is set only on 1. */
int gguf_uint(const struct gguf *g, const char *key, uint64_t *v, char *err);
int gguf_float(const struct gguf *g, const char *key, double *v, char *err);
int gguf_bool(const struct gguf *g, const char *key, bool *v, char *err);
int gguf_string(const struct gguf *g, const char *key, struct gguf_str *v,
    char *err);

/* An array of this element type: 1, 0, -1 as above. */
int gguf_array(const struct gguf *g, const char *key, enum gguf_type type,
    const struct gguf_kv **v, char *err);
/* Walk an array of strings: *cursor begins as kv->p and is advanced. At most
 * kv->n calls. */
struct gguf_str gguf_next_str(const unsigned char **cursor);

/* Little-endian loads from unaligned memory. */
uint32_t get_u32(const unsigned char *p);
uint64_t get_u64(const unsigned char *p);
int32_t get_i32(const unsigned char *p);
float get_f32(const unsigned char *p);

#endif
