/* ids - a growing run of token ids; zero-initialised is empty, free(p)
 * releases. */
#ifndef IDS_H
#define IDS_H

#include <stddef.h>
#include <stdint.h>

struct ids {
	int32_t *p;
	size_t n, cap;
};

void ids_put(struct ids *ids, const int32_t *id, size_t n);

#endif
