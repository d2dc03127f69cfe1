/* A kernel on which what tells of changes never runs empty once it has told something, for programs on Linux: LD_PRELOAD
 * has these calls in the C library's place. A program that reads until nothing is left does not come back. `FLOODED` is
 * a file that is made when something was told. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define MOST 256
#define ROOM 4096

static struct {
	int tells;
	ssize_t size;
	char last[ROOM];
} known[MOST];

static void *next(const char *name) {
	return dlsym(RTLD_NEXT, name);
}

static void mark(void) {
	const char *path = getenv("FLOODED");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : -1;
	int (*call)(int) = next("close");
	if (fd >= 0)
		call(fd);
}

static int tells(int fd) {
	if (fd >= 0 && fd < MOST) {
		known[fd].tells = 1;
		known[fd].size = 0;
	}
	return fd;
}

int inotify_init1(int flags) {
	int (*call)(int) = next("inotify_init1");
	return tells(call(flags));
}

int signalfd(int fd, const sigset_t *set, int flags) {
	int (*call)(int, const sigset_t *, int) = next("signalfd");
	return tells(call(fd, set, flags));
}

int close(int fd) {
	int (*call)(int) = next("close");
	if (fd >= 0 && fd < MOST)
		known[fd].tells = 0;
	return call(fd);
}

/* What was told last is told again. */
ssize_t read(int fd, void *bytes, size_t room) {
	ssize_t (*call)(int, void *, size_t) = next("read");
	ssize_t got = call(fd, bytes, room);
	if (fd < 0 || fd >= MOST || !known[fd].tells)
		return got;
	if (got > 0 && got <= ROOM) {
		mark();
		memcpy(known[fd].last, bytes, got);
		known[fd].size = got;
	} else if (got < 0 && errno == EAGAIN && known[fd].size && known[fd].size <= (ssize_t)room) {
		got = known[fd].size;
		memcpy(bytes, known[fd].last, got);
	}
	return got;
}

/* Another child has ended, or a rescan is wanted, if that is asked for. */
int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *time) {
	int (*call)(const sigset_t *, siginfo_t *, const struct timespec *) = next("sigtimedwait");
	int got = call(set, info, time);
	if (got > 0 || errno != EAGAIN)
		return got;
	mark();
	if (sigismember(set, SIGCHLD) == 1)
		return SIGCHLD;
	if (sigismember(set, SIGALRM) == 1)
		return SIGALRM;
	errno = EAGAIN;
	return -1;
}
