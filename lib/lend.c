#define _GNU_SOURCE /* for F_GETPIPE_SZ and vmsplice, which POSIX has not */
#include "lend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#ifdef __linux__

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>

static bool
is_pipe(int fd)
{
	return fcntl(fd, F_GETPIPE_SZ) >= 0;
}

void
lend_promise(int fd)
{
	struct flock f = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	if (is_pipe(fd))
		fcntl(fd, F_SETLK, &f);
}

pid_t
lend_reader(int fd)
{
	struct flock f = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (!is_pipe(fd) || fcntl(fd, F_GETLK, &f) != 0 || f.l_type != F_RDLCK)
		return 0;
	return f.l_pid > 0 ? f.l_pid : 0;
}

ssize_t
lend_bytes(int fd, const void *p, size_t n)
{
	const struct iovec v = { (void *)(uintptr_t)p, n };

	return vmsplice(fd, &v, 1, 0);
}

uint64_t
lend_unread(int fd)
{
	int n;

	return ioctl(fd, FIONREAD, &n) == 0 ? (uint64_t)n : UINT64_MAX;
}

void *
lend_memory(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("out of memory");
	return p;
}

void
lend_give_up(void *p, size_t n)
{
	munmap(p, n);
}

#else

void
lend_promise(int fd)
{
	(void)fd;
}

pid_t
lend_reader(int fd)
{
	(void)fd;
	return 0;
}

ssize_t
lend_bytes(int fd, const void *p, size_t n)
{
	(void)fd, (void)p, (void)n;
	errno = ENOSYS;
	return -1;
}

uint64_t
lend_unread(int fd)
{
	(void)fd;
	return UINT64_MAX;
}

void *
lend_memory(size_t n)
{
	return xmalloc(n);
}

void
lend_give_up(void *p, size_t n)
{
	(void)n;
	free(p);
}

#endif
