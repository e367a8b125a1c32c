/* map - a file mapped read-only. Models only: a file that is cut short while
 * mapped ends the program with SIGBUS. */
#ifndef MAP_H
#define MAP_H

#include <sys/stat.h>

#include "util.h"

struct map {
	const unsigned char *p;
	size_t size;
	dev_t dev; /* which file it is */
	ino_t ino;
};

/* Map a regular file that is not empty: 0, or -1 with the reason in err. */
int map_open(struct map *m, const char *path, char *err);
void map_close(struct map *m);

#endif
