/* Preloaded into a server: a disk that refuses writes and a clock that is wrong, both as a shared file says.

   The file named by BROKEN_SYSTEM holds two int64: the errno of every write below BROKEN_DIRECTORY (0: none fails), and
   nanoseconds to add to the wall clock. Tests change it while the server runs. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *state;
static const char *directory;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("BROKEN_SYSTEM");
    directory = getenv("BROKEN_DIRECTORY");
    if (!path) return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
    if (fd < 0) return;
    void *at = mmap(NULL, 16, PROT_READ, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) state = at;
    syscall(SYS_close, fd);
}

static int inside(const char *path) { return directory && !strncmp(path, directory, strlen(directory)); }

static int fails_at(const char *path) {
    if (!state || !state[0] || !inside(path)) return 0;
    errno = (int)state[0];
    return 1;
}

static int fails_on(int fd) {
    char link[64], path[4096];
    if (!state || !state[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return fails_at(path);
}

ssize_t write(int fd, const void *data, size_t size) { return fails_on(fd) ? -1 : syscall(SYS_write, fd, data, size); }

ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) {
    return fails_on(fd) ? -1 : syscall(SYS_pwrite64, fd, data, size, at);
}

int ftruncate64(int fd, off_t size) { return fails_on(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size); }

static int opened(int at, const char *path, int flags, mode_t mode) {
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) && fails_at(path)) return -1;
    return (int)syscall(SYS_openat, at, path, flags, mode);
}

#define MODE(last)                       \
    mode_t mode = 0;                     \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest;                    \
        va_start(rest, last);            \
        mode = va_arg(rest, mode_t);     \
        va_end(rest);                    \
    }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }

int rename(const char *from, const char *to) {
    return fails_at(to) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path) { return fails_at(path) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }

int mkdir(const char *path, mode_t mode) {
    return fails_at(path) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (!result && state && state[1] && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ns = now->tv_sec * 1000000000LL + now->tv_nsec + state[1];
        now->tv_sec = ns / 1000000000;
        now->tv_nsec = ns % 1000000000;
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
