/* What other kernels answer, for programs on Linux: LD_PRELOAD has these calls in the C library's place. What was seen
 * of them, and where, is in docs/platforms.md and docs/porting.md. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <time.h>

static void *next(const char *name) {
	return dlsym(RTLD_NEXT, name);
}

/* FreeBSD, OpenBSD, NetBSD, macOS: the writing end of a FIFO does not know what waits in it. */
int ioctl(int fd, unsigned long what, ...) {
	va_list rest;
	va_start(rest, what);
	void *room = va_arg(rest, void *);
	va_end(rest);
	int how = fcntl(fd, F_GETFL);
	int (*call)(int, unsigned long, void *) = next("ioctl");
	int done = call(fd, what, room);
	if (done == 0 && what == FIONREAD && (how & O_ACCMODE) == O_WRONLY)
		*(int *)room = 0;
	return done;
}

/* NetBSD, illumos, macOS: of a descriptor of which nothing is asked nothing is told, whether its reader is gone or it is
 * closed (macOS). */
static struct pollfd *asked(const struct pollfd *all, nfds_t count) {
	struct pollfd *some = calloc(count + 1, sizeof *some);
	if (!some)
		abort();
	for (nfds_t at = 0; at < count; at++) {
		some[at] = all[at];
		if (all[at].events == 0)
			some[at].fd = -1;
	}
	return some;
}

static int told(int done, struct pollfd *all, struct pollfd *some, nfds_t count) {
	int errnum = errno;
	for (nfds_t at = 0; at < count; at++)
		all[at].revents = some[at].revents;
	free(some);
	errno = errnum;
	return done;
}

int poll(struct pollfd *all, nfds_t count, int timeout) {
	int (*call)(struct pollfd *, nfds_t, int) = next("poll");
	struct pollfd *some = asked(all, count);
	return told(call(some, count, timeout), all, some, count);
}

int ppoll(struct pollfd *all, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
	int (*call)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *) = next("ppoll");
	struct pollfd *some = asked(all, count);
	return told(call(some, count, timeout, mask), all, some, count);
}

/* The BSDs: a lock of flock(2) and one of fcntl(2) on the same file exclude each other, within one process too. Linux's
 * locks of open files do that. */
int flock(int fd, int how) {
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if ((how & ~LOCK_NB) == LOCK_UN)
		whole.l_type = F_UNLCK;
	else if ((how & ~LOCK_NB) == LOCK_SH)
		whole.l_type = F_RDLCK;
	int done = fcntl(fd, how & LOCK_NB ? F_OFD_SETLK : F_OFD_SETLKW, &whole);
	/* These want to be able to write. */
	int (*call)(int, int) = next("flock");
	return done < 0 && errno == EBADF ? call(fd, how) : done;
}
