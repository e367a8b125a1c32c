#include "kvfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#if defined(__linux__) && defined(__has_include)
#if __has_include(<linux/fs.h>) /* the kernel's, not the C library's */
#include <linux/fs.h>
#include <sys/ioctl.h>
#endif
#endif

#include "modelfile.h"
#include "io.h"

enum { CHUNK = 1 << 20, LOAD = 1 << 18 };

static void
put_u32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static void
put_u64(unsigned char *p, uint64_t v)
{
	put_u32(p, (uint32_t)v);
	put_u32(p + 4, (uint32_t)(v >> 32));
}

static void
header_encode(unsigned char p[KVFILE_HEADER], const struct kvfile_header *h,
    const struct kern *kern)
{
	memset(p, 0, KVFILE_HEADER);
	memcpy(p, "pipelm kvcache", 14);
	put_u32(p + 16, 1);
	put_u32(p + 20, KVFILE_HEADER);
	put_u64(p + 24, 8 + seq_record_size(&h->geo));
	put_u64(p + 32, h->fingerprint);
	put_u32(p + 40, (uint32_t)h->geo.n_layer);
	put_u32(p + 44, (uint32_t)h->geo.n_kv);
	put_u32(p + 48, (uint32_t)h->geo.head_dim);
	put_u32(p + 52, h->geo.f16);
	put_u32(p + 56, h->arithmetic);
	put_u32(p + 60, h->exact);
	put_u32(p + 68, kern->crc32c(0, p, 68));
}

/* Decode and check a whole header. */
static void
header_decode(struct kvfile *f, const unsigned char *p)
{
	struct kvfile_header *h = &f->h;

	if (memcmp(p, "pipelm kvcache\0", 16) != 0)
		die("%s: not a KV cache", f->path);
	if (get_u32(p + 16) != 1)
		die("%s: version %lu of the format, not 1", f->path,
		    (unsigned long)get_u32(p + 16));
	if (get_u32(p + 20) != KVFILE_HEADER ||
	    get_u32(p + 68) != f->kern->crc32c(0, p, 68))
		die("%s: the header is damaged", f->path);
	*h = (struct kvfile_header) {
		.fingerprint = get_u64(p + 32),
		.geo = { get_u32(p + 40), get_u32(p + 44), get_u32(p + 48),
		    get_u32(p + 52) == 1 },
		.arithmetic = get_u32(p + 56),
		.exact = get_u32(p + 60),
	};
	/* bounds that keep every product below far from overflow */
	if (h->geo.n_layer - 1 >= 1 << 14 || h->geo.n_kv - 1 >= 1 << 14 ||
	    h->geo.head_dim - 1 >= 1 << 14 || get_u32(p + 52) > 1 ||
	    get_u64(p + 24) != 8 + seq_record_size(&h->geo) ||
	    8 + seq_record_size(&h->geo) > 1u << 30)
		die("%s: the header is damaged", f->path);
}

static void
header_compare(const struct kvfile *f, const struct kvfile_header *want)
{
	const struct kvfile_header *h = &f->h;

	if (h->fingerprint != want->fingerprint)
		die("%s: made by another model", f->path);
	if (h->geo.n_layer != want->geo.n_layer ||
	    h->geo.n_kv != want->geo.n_kv ||
	    h->geo.head_dim != want->geo.head_dim)
		die("%s: made for a model of another shape", f->path);
	if (h->geo.f16 != want->geo.f16)
		die("%s: holds %s, not %s (-k)", f->path,
		    h->geo.f16 ? "f16" : "f32", h->geo.f16 ? "f32" : "f16");
	if (h->arithmetic != want->arithmetic)
		die("%s: version %lu of the arithmetic, not %lu", f->path,
		    (unsigned long)h->arithmetic,
		    (unsigned long)want->arithmetic);
	if (h->exact != want->exact)
		die("%s: made %s exact mode (-x)", f->path,
		    h->exact ? "in" : "without");
}

/* Lock a byte without waiting. */
static void
lock(struct kvfile *f, short type, off_t byte)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET,
		.l_start = byte, .l_len = 1 };

	if (fcntl(f->fd, F_SETLK, &l) == 0)
		return;
	if (errno != EACCES && errno != EAGAIN)
		die_errno("%s: cannot lock", f->path);
	if (fcntl(f->fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK)
		die("%s: in use by process %ld", f->path, (long)l.l_pid);
	die("%s: in use", f->path);
}

static void
unlock(struct kvfile *f, off_t byte)
{
	struct flock l = { .l_type = F_UNLCK, .l_whence = SEEK_SET,
		.l_start = byte, .l_len = 1 };

	if (fcntl(f->fd, F_SETLK, &l) != 0)
		die_errno("%s: cannot unlock", f->path);
}

/* Up to n bytes at an offset; fewer only at the end of the file. */
static size_t
read_at(struct kvfile *f, void *p, size_t n, off_t at)
{
	size_t have = 0;

	while (have < n) {
		ssize_t k = pread(f->fd, (char *)p + have, n - have,
		    at + (off_t)have);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			die_errno("%s", f->path);
		if (k == 0)
			break;
		have += (size_t)k;
	}
	return have;
}

static int
write_at(int fd, const void *p, size_t n, off_t at)
{
	const char *s = p;

	while (n > 0) {
		ssize_t k = pwrite(fd, s, n, at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		s += k;
		at += k;
		n -= (size_t)k;
	}
	return 0;
}

static void
sync_folder(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		die_errno("%s: cannot sync its folder", path);
	close(fd);
	free(copy);
}

static off_t
offset(const struct kvfile *f, uint64_t n)
{
	return (off_t)(KVFILE_HEADER + n * f->record);
}

/* Write bytes at the end that the file has, or leave it as it was. */
static void
extend(struct kvfile *f, const void *p, size_t n, off_t at)
{
	int e;

	if (write_at(f->fd, p, n, at) == 0 &&
	    (!f->sync || fdatasync(f->fd) == 0))
		return;
	e = errno;
	if (ftruncate(f->fd, at) != 0)
		die_errno("%s: cannot cut it back", f->path);
	errno = e;
	die_errno("%s", f->path);
}

void
kvfile_open(struct kvfile *f, const char *path, enum kvfile_mode mode,
    const struct kvfile_header *want, const struct kern *kern, bool sync)
{
	static const int flags[] = { O_RDONLY, O_RDWR | O_CREAT, O_RDWR };
	unsigned char have[KVFILE_HEADER], made[KVFILE_HEADER];
	struct stat st;
	size_t n;

	*f = (struct kvfile) { .path = path, .kern = kern, .sync = sync,
		.writer = mode != KVFILE_READ };
	/* O_NONBLOCK: a FIFO is to be refused, not waited for */
	f->fd = open(path, flags[mode] | O_CLOEXEC | O_NONBLOCK, 0666);
	if (f->fd < 0 || fstat(f->fd, &st) != 0)
		die_errno("%s", path);
	if (!S_ISREG(st.st_mode))
		die("%s: not a regular file", path);
	if (f->writer)
		lock(f, F_WRLCK, 0);
	lock(f, mode == KVFILE_CUT ? F_WRLCK : F_RDLCK, 1);
	n = read_at(f, have, sizeof(have), 0);
	if (want != NULL) {
		header_encode(made, want, kern);
		f->h = *want;
	}
	if (want != NULL && n < sizeof(have) && memcmp(have, made, n) == 0) {
		if (f->writer) {
			extend(f, made, sizeof(made), 0);
			if (sync)
				sync_folder(path);
		}
		memcpy(have, made, sizeof(have));
	} else if (n < sizeof(have)) {
		die(n == 0 ? "%s: empty file" : "%s: not a KV cache", path);
	}
	header_decode(f, have);
	if (want != NULL)
		header_compare(f, want);
	f->crc = get_u32(have + 68);
	f->record = 8 + seq_record_size(&f->h.geo);
}

static uint32_t
record_crc(const struct kvfile *f, uint32_t previous, const unsigned char *r)
{
	unsigned char head[8];

	put_u32(head, previous);
	memcpy(head + 4, r, 4);
	return f->kern->crc32c(f->kern->crc32c(0, head, 8), r + 8,
	    f->record - 8);
}

void
kvfile_load(struct kvfile *f, bool lenient,
    void (*each)(void *arg, uint64_t pos, int32_t token,
    const unsigned char *data), void *arg)
{
	size_t many = f->record < LOAD ? LOAD / f->record : 1, got;
	unsigned char *p;
	uint64_t i = 0, bad = UINT64_MAX, end;
	uint32_t previous = f->crc;
	struct stat st;

	if (fstat(f->fd, &st) != 0)
		die_errno("%s", f->path);
	f->buf.len = 0;
	p = (unsigned char *)buf_room(&f->buf, many * f->record);
	do {
		got = read_at(f, p, many * f->record, offset(f, i));
		for (size_t j = 0; j + f->record <= got; j += f->record, i++) {
			unsigned char *r = p + j;
			bool good = get_u32(r) <= INT32_MAX &&
			    get_u32(r + 4) == record_crc(f, previous, r);
			previous = get_u32(r + 4);
			if (good && bad == UINT64_MAX) {
				f->crc = previous;
				if (each != NULL)
					each(arg, i, get_i32(r), r + 8);
			} else if (!good && bad == UINT64_MAX) {
				bad = i;
			} else if (good && !lenient) {
				die("%s: position %llu is damaged (kvcache trim "
				    "%llu keeps what precedes it)", f->path,
				    (unsigned long long)bad,
				    (unsigned long long)bad);
			}
		}
	} while (got == many * f->record);
	f->n = bad == UINT64_MAX ? i : bad;
	end = (uint64_t)offset(f, i) + got % f->record;
	f->tail = end - (uint64_t)offset(f, f->n);
	if (f->writer && f->tail > 0 && !lenient) {
		warn("%s: cut a torn tail of %llu bytes after %llu positions",
		    f->path, (unsigned long long)f->tail,
		    (unsigned long long)f->n);
		kvfile_cut(f, f->n);
	}
	unlock(f, 1);
}

unsigned char *
kvfile_record(struct kvfile *f, size_t i, int32_t token)
{
	unsigned char *r;

	f->buf.len = i * f->record;
	r = (unsigned char *)buf_room(&f->buf, f->record);
	put_u32(r, (uint32_t)token);
	return r + 8;
}

void
kvfile_append(struct kvfile *f, size_t n)
{
	uint32_t crc = f->crc;

	for (size_t i = 0; i < n; i++) {
		unsigned char *r = (unsigned char *)f->buf.p + i * f->record;
		crc = record_crc(f, crc, r);
		put_u32(r + 4, crc);
	}
	extend(f, f->buf.p, n * f->record, offset(f, f->n));
	f->n += n;
	f->crc = crc;
}

void
kvfile_cut(struct kvfile *f, uint64_t n)
{
	unsigned char crc[4];

	lock(f, F_WRLCK, 1);
	if (read_at(f, crc, 4, n > 0 ? offset(f, n - 1) + 4 : 68) != 4)
		die("%s: shorter than %llu positions", f->path,
		    (unsigned long long)n);
	if (ftruncate(f->fd, offset(f, n)) != 0 ||
	    (f->sync && fdatasync(f->fd) != 0))
		die_errno("%s", f->path);
	unlock(f, 1);
	f->crc = get_u32(crc);
	f->n = n;
	f->tail = 0;
}

/* Share the blocks of the file, where the file system can. */
static bool
reflink(int to, int from)
{
#ifdef FICLONE
	return ioctl(to, FICLONE, from) == 0;
#else
	(void)to, (void)from;
	return false;
#endif
}

void
kvfile_copy(struct kvfile *f, const char *to)
{
	uint64_t left = (uint64_t)offset(f, f->n);
	off_t at = 0;
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		die_errno("%s", to);
	if (reflink(fd, f->fd) && ftruncate(fd, (off_t)left) == 0)
		left = 0;
	f->buf.len = 0;
	while (left > 0) {
		size_t n = left < CHUNK ? (size_t)left : CHUNK;
		char *p = buf_room(&f->buf, n);
		if (read_at(f, p, n, at) != n) {
			unlink(to);
			die("%s: cut short while it was copied", f->path);
		}
		if (write_all(fd, p, n) != 0)
			break;
		at += (off_t)n;
		left -= n;
	}
	if (left > 0 || close(fd) != 0) {
		int e = errno;
		unlink(to);
		errno = e;
		die_errno("%s", to);
	}
}

void
kvfile_close(struct kvfile *f)
{
	if (f->writer && close(f->fd) != 0)
		die_errno("%s", f->path);
	if (!f->writer)
		close(f->fd);
	buf_free(&f->buf);
}
