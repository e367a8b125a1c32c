#define _DEFAULT_SOURCE /* for madvise, which POSIX has not */
#include "map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef MADV_HUGEPAGE
/*
 * Map where a huge page may begin, and ask for huge pages: what of the file
 * lies together in memory then comes in at once and not page by page.
 */
static void *
map_file(int fd, size_t size)
{
	const size_t huge = LARGE_PAGE;
	size_t head, page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *room = MAP_FAILED, *p;

	if (size < SIZE_MAX - 2 * huge)
		room = mmap(NULL, size + huge, PROT_NONE, MAP_SHARED, fd, 0);
	if (room == MAP_FAILED)
		return mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	head = (huge - (uintptr_t)room % huge) % huge;
	p = mmap(room + head, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	if (p == MAP_FAILED) {
		munmap(room, size + huge);
		return p;
	}
	if (head > 0)
		munmap(room, head);
	if (head < huge) {
		size_t whole = (size + page - 1) / page * page;
		munmap(p + whole, huge - head);
	}
	madvise(p, size, MADV_HUGEPAGE);
	return p;
}
#else
static void *
map_file(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
}
#endif

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
	else if ((p = map_file(fd, (size_t)st.st_size)) == MAP_FAILED)
		r = fail(err, "%s", strerror(errno));
	else
		*m = (struct map) { p, (size_t)st.st_size, st.st_dev,
			st.st_ino };
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
