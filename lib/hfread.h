/*
 * hfread - values out of config.json for the translator (see hfconfig.h). Each
 * that is asked for counts as heeded; the first error ends the reading, and
 * what is returned after it is harmless.
 *
 *	n = hf_number(c, c->root, "hidden_size", 0);
 *	hf_put_uint(c, "embedding_length", n);
 */
#ifndef HFREAD_H
#define HFREAD_H

#include "json.h"
#include "modelfile.h"

/* What differs between families, and what holds when config.json is silent. */
struct hf_family {
	const char *type; /* model_type */
	const char *arch; /* general.architecture */
	const char *eps_key;
	double eps;
	const char *act; /* words that hidden_act may be */
	double theta;    /* base of rotary positions; 0: they are learned */
	double partial;  /* part of a head that turns; 0: all, always */
	size_t head_dim; /* 0: hidden_size / num_attention_heads */
	size_t n_kv;     /* 0: num_attention_heads */
	bool tied;
};

struct hf_reader {
	struct modelfile *f; /* gets the keys */
	const struct json *j;
	const struct hf_family *family;
	size_t root;      /* the object that tells of the language model */
	bool *used;       /* (j->n) values that are heeded */
	size_t n_layer, head_dim, n_ctx;
	char *err;
	bool bad;
};

/* Format the message, unless there is one, and set bad. */
void hf_refuse(struct hf_reader *c, const char *fmt, ...) PRINTF(2, 3);

/* The value of a member of object `in`; 0 when it is missing or null. */
size_t hf_find(struct hf_reader *c, size_t in, const char *name);

/* The family's own name for what others call `name`, as GPT-2's n_embd is for
 * hidden_size; or `name`. */
const char *hf_name(const struct hf_reader *c, const char *name);

/* A whole number in [1, 2^31), a number > 0; `none` when it is missing, which
 * is an error when that is 0. */
size_t hf_number(struct hf_reader *c, size_t in, const char *name,
    size_t none);
double hf_real(struct hf_reader *c, size_t in, const char *name, double none);
/* true or false, of the root. */
bool hf_truth(struct hf_reader *c, const char *name, bool none);
/* Which of the words, separated by single blanks, the string is; 0 when it is
 * missing; -1 after refusing what is none of them. */
int hf_word(struct hf_reader *c, size_t in, const char *name,
    const char *words);

/* Keys of GGUF, the architecture before them. */
const char *hf_key(const struct hf_reader *c, char key[128],
    const char *name);
void hf_put_uint(struct hf_reader *c, const char *name, uint64_t v);
void hf_put_real(struct hf_reader *c, const char *name, double v);

/* Text of node v for a message's %.*s. */
#define HF_SHOW(c, v) (int)((c)->j->node[v].len > 64 ? 64 \
	: (c)->j->node[v].len), (c)->j->text + (c)->j->node[v].at

#endif
