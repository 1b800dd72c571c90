/* Calls of the system that fail as the environment says, for a program that is started with this before its libraries. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Whether a file is one that is written beside the place where it is going to be. */
static int is_draft(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    const char *name = strrchr(path, '/');
    return name && strstr(name, ".tmp");
}

static int is_full(int fd) {
    return getenv("FAULT_DISK_FULL") && is_draft(fd) && (errno = ENOSPC);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    return is_full(fd) ? -1 : syscall(SYS_write, fd, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    return is_full(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, length, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    return pwrite64(fd, bytes, length, at);
}

/* A signal that comes while a draft is written. */
static void interrupt(int fd) {
    const char *number = getenv("FAULT_SIGNAL");
    if (number && is_draft(fd)) {
        kill(getpid(), atoi(number));
        usleep(300 * 1000);
    }
}

int fsync(int fd) {
    interrupt(fd);
    return syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    interrupt(fd);
    return syscall(SYS_fdatasync, fd);
}
