#include "bundled.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

char *
bundled_model(const char *opt)
{
	static const char *const place[] = { "/../examples/tiny.gguf",
		"/../share/pipelm/tiny.gguf" };
	const char *env = getenv("PIPELM_MODEL");
	struct buf path = { 0 };
	char *dir;

	if (opt != NULL)
		return xstrdup(opt);
	if (env != NULL && *env != '\0')
		return xstrdup(env);
	dir = program_dir();
	for (int i = 0; dir != NULL && i < 2; i++) {
		path.len = 0;
		buf_printf(&path, "%s%s", dir, place[i]);
		if (access(path.p, F_OK) == 0) {
			free(dir);
			return path.p;
		}
	}
	die("no model: name one with -m or PIPELM_MODEL (the bundled one was "
	    "not found)");
}
