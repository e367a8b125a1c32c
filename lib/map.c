#include "map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int
map_open(struct map *m, const char *path, char *err)
{
	/* O_NONBLOCK: a FIFO is to be refused, not waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *p;
	int r = 0;

	if (fd < 0)
		return fail(err, "%s", strerror(errno));
	if (fstat(fd, &st) != 0)
		r = fail(err, "%s", strerror(errno));
	else if (S_ISDIR(st.st_mode))
		r = fail(err, "is a directory");
	else if (!S_ISREG(st.st_mode))
		r = fail(err, "not a regular file");
	else if (st.st_size == 0)
		r = fail(err, "empty file");
	else if ((uintmax_t)st.st_size > SIZE_MAX)
		r = fail(err, "too large for this machine");
	else if ((p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd,
	    0)) == MAP_FAILED)
		r = fail(err, "%s", strerror(errno));
	else
		*m = (struct map) { p, (size_t)st.st_size };
	close(fd);
	return r;
}

void
map_close(struct map *m)
{
	if (m->p != NULL)
		munmap((void *)(uintptr_t)m->p, m->size);
	*m = (struct map) { 0 };
}
