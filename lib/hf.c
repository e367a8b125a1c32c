#include "hf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hfconfig.h"
#include "hftok.h"
#include "hftensor.h"
#include "json.h"
#include "safetensors.h"

static const char index_name[] = "model.safetensors.index.json";

/* Is this the path of a tokenizer.json? */
static bool
is_tokenizer(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash != NULL ? slash + 1 : path, "tokenizer.json") == 0;
}

/* The directory, ending in a slash: malloced. */
static char *
directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t n = strlen(path);
	char *dir = xcalloc(n + 2, 1);

	if (strcmp(name, "config.json") == 0 || is_tokenizer(path))
		n = (size_t)(name - path);
	memcpy(dir, path, n);
	if (n > 0 && dir[n - 1] != '/')
		dir[n] = '/';
	return dir;
}

/* Map DIR/NAME; the reason for failing has the name before it. */
static int
map_in(struct map *m, const char *dir, const char *name, char *err)
{
	size_t size = strlen(dir) + strlen(name) + 1;
	char *path = xmalloc(size), why[ERRLEN];
	int r;

	snprintf(path, size, "%s%s", dir, name);
	if ((r = map_open(m, path, why)) != 0)
		fail(err, "%.100s: %.120s", name, why);
	free(path);
	return r;
}

static bool
is_there(const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 1;
	char *path = xmalloc(size);
	bool there;

	snprintf(path, size, "%s%s", dir, name);
	there = access(path, F_OK) == 0;
	free(path);
	return there;
}

/* Map and parse DIR/NAME, which must be an object. On failure both are
 * released. */
static int
read_json(struct map *m, struct json *j, const char *dir, const char *name,
    char *err)
{
	char why[ERRLEN];

	if (map_in(m, dir, name, err) != 0)
		return -1;
	if (json_parse(j, m->p, m->size, why) != 0)
		fail(err, "%.64s: %.180s", name, why);
	else if (j->node[0].type != JSON_OBJECT)
		fail(err, "%.64s: not an object", name);
	else
		return 0;
	json_free(j);
	map_close(m);
	return -1;
}

static int
add_shard(struct modelfile *f, const char *dir, const char *name, char *err)
{
	struct map m;
	char why[ERRLEN];

	if (map_in(&m, dir, name, err) != 0)
		return -1;
	f->map = xreallocarray(f->map, f->nmap + 1, sizeof(*f->map));
	f->map[f->nmap++] = m;
	if (safetensors_parse(f, m.p, m.size, why) != 0)
		return fail(err, "%.64s: %.180s", name, why);
	return 0;
}

/* String v of j, terminated: malloced, or NULL when it is none or has a NUL. */
static char *
string(const struct json *j, size_t v)
{
	char *s;
	size_t n;

	if (j->node[v].type != JSON_STRING)
		return NULL;
	s = xcalloc((size_t)j->node[v].len + 1, 1);
	n = json_string(j, v, s);
	if (strlen(s) == n)
		return s;
	free(s);
	return NULL;
}

/* Add the shard that string v of the index names, unless an earlier member of
 * the map (its first value is `first`) names it too. */
static int
add_named(struct modelfile *f, const struct json *j, size_t first, size_t v,
    const char *dir, char *err)
{
	char *name = string(j, v);
	int r = 0;

	/* names only: the index must not lead out of the directory */
	if (name == NULL || name[0] == '.' || name[0] == '\0' ||
	    strchr(name, '/') != NULL)
		r = fail(err, "%s: not a file's name: %.64s", index_name,
		    name != NULL ? name : "?");
	for (size_t w = first; r == 0 && w < v; w = j->node[w].next + 1)
		if (json_equal(j, w, name))
			goto out;
	if (r == 0)
		r = add_shard(f, dir, name, err);
out:
	free(name);
	return r;
}

static int
add_shards(struct modelfile *f, const struct json *j, const char *dir,
    char *err)
{
	size_t map = json_get(j, 0, "weight_map"), n, k;

	if (map == 0 || j->node[map].type != JSON_OBJECT)
		return fail(err, "%s: no weight_map", index_name);
	n = j->node[map].len;
	k = map + 1;
	for (size_t i = 0; i < n; i++, k = j->node[k + 1].next)
		if (add_named(f, j, map + 2, k + 1, dir, err) != 0)
			return -1;
	if (mf_sort(f, err) != 0)
		return -1;
	k = map + 1;
	for (size_t i = 0; i < n; i++, k = j->node[k + 1].next) {
		char *name = string(j, k);
		bool there = name != NULL && mf_tensor(f, name) != NULL;
		if (!there)
			fail(err, "%s: tensor %.100s: in none of the files",
			    index_name, name != NULL ? name : "?");
		free(name);
		if (!there)
			return -1;
	}
	return 0;
}

static int
open_tensors(struct modelfile *f, const char *dir, char *err)
{
	struct map m;
	struct json j;
	int r;

	if (is_there(dir, "model.safetensors"))
		return add_shard(f, dir, "model.safetensors", err) == 0
		    ? mf_sort(f, err) : -1;
	if (!is_there(dir, index_name))
		return fail(err, "no model.safetensors%s",
		    is_there(dir, "pytorch_model.bin") ||
		    is_there(dir, "pytorch_model.bin.index.json")
		        ? " (pytorch_model.bin is not read)" : "");
	if (read_json(&m, &j, dir, index_name, err) != 0)
		return -1;
	r = add_shards(f, &j, dir, err);
	json_free(&j);
	map_close(&m);
	return r;
}

static int
open_config(struct modelfile *f, const char *dir, bool *tied, char *err)
{
	static const char generation[] = "generation_config.json";
	struct map m, gm = { 0 };
	struct json j, g = { 0 };
	char why[ERRLEN];
	int r = 0;

	if (read_json(&m, &j, dir, "config.json", err) != 0)
		return -1;
	if (is_there(dir, generation))
		r = read_json(&gm, &g, dir, generation, err);
	if (r == 0 && hf_config(f, &j, g.n > 0 ? &g : NULL, tied, why) != 0)
		r = fail(err, "config.json: %.220s", why);
	json_free(&j);
	map_close(&m);
	json_free(&g);
	map_close(&gm);
	return r;
}

/* The chat template, if it is a file: it is preferred to the one in
 * tokenizer_config.json. */
static int
open_template(struct modelfile *f, const char *dir, char *err)
{
	static const char name[] = "chat_template.jinja";
	struct map m;
	char *s;

	if (!is_there(dir, name))
		return 0;
	if (map_in(&m, dir, name, err) != 0)
		return -1;
	s = xcalloc(m.size + 1, 1);
	memcpy(s, m.p, m.size);
	map_close(&m);
	mf_put_string(f, "tokenizer.chat_template", s);
	free(s);
	return 0;
}

/* The tokenizer, if there is one. */
static int
open_tokenizer(struct modelfile *f, const char *dir, char *err)
{
	static const char config[] = "tokenizer_config.json";
	struct map m, cm = { 0 };
	struct json j, c = { 0 };
	char why[ERRLEN];
	size_t nkv;
	int r = 0;

	if (!is_there(dir, "tokenizer.json"))
		return 0;
	if (open_template(f, dir, err) != 0 ||
	    read_json(&m, &j, dir, "tokenizer.json", err) != 0)
		return -1;
	nkv = f->nkv;
	if (is_there(dir, config))
		r = read_json(&cm, &c, dir, config, err);
	if (r == 0 && hf_tokenizer(f, &j, c.n > 0 ? &c : NULL, why) != 0) {
		fail(err, "tokenizer.json: %.220s", why);
		f->nkv = nkv;
		mf_put_string(f, "pipelm.tokenizer.refused", err);
	}
	json_free(&j);
	map_close(&m);
	json_free(&c);
	map_close(&cm);
	return r;
}

int
hf_open(struct modelfile *f, const char *path, char *err)
{
	char *dir = directory(path);
	bool tied = false;
	int r;

	*f = (struct modelfile) { .rope_half = true };
	if (is_tokenizer(path)) {
		r = open_tokenizer(f, dir, err);
		if (r == 0 && f->nkv == 0)
			r = fail(err, "No such file or directory");
		if (r == 0)
			r = mf_sort(f, err);
	} else {
		r = open_config(f, dir, &tied, err);
		if (r == 0)
			r = open_tokenizer(f, dir, err);
		if (r == 0)
			r = open_tensors(f, dir, err);
		if (r == 0)
			r = hf_tensors(f, tied, err);
	}
	free(dir);
	if (r != 0)
		modelfile_close(f);
	return r;
}

/* The plain members of object v as keys, their names behind a prefix. */
static void
list_config(struct modelfile *f, const struct json *j, size_t v,
    const char *prefix)
{
	size_t k = v + 1;

	for (size_t n = j->node[v].len; n > 0; n--, k = j->node[k + 1].next) {
		const struct json_node *value = &j->node[k + 1];
		char *name = string(j, k), *text = NULL;
		struct buf key = { 0 };
		if (name == NULL)
			continue;
		buf_printf(&key, "%s.%s", prefix, name);
		free(name);
		if (value->type == JSON_OBJECT)
			list_config(f, j, k + 1, key.p);
		else if (value->type == JSON_STRING)
			text = string(j, k + 1);
		else if (value->type != JSON_ARRAY &&
		    value->type != JSON_NULL) {
			text = xcalloc((size_t)value->len + 1, 1);
			memcpy(text, j->text + value->at, value->len);
		}
		if (text != NULL)
			mf_put_string(f, key.p, text);
		free(text);
		buf_free(&key);
	}
}

int
hf_list(struct modelfile *f, const char *path, char *err)
{
	char *dir = directory(path);
	struct map m;
	struct json j;
	int r;

	*f = (struct modelfile) { 0 };
	if ((r = read_json(&m, &j, dir, "config.json", err)) == 0) {
		list_config(f, &j, 0, "config");
		json_free(&j);
		map_close(&m);
		r = open_tensors(f, dir, err);
	}
	if (r == 0)
		r = mf_sort(f, err);
	if (r != 0)
		modelfile_close(f);
	free(dir);
	return r;
}
