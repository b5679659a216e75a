/* Writes the calls by which files are synced and renamed into the file that FILE_CALLS names, one line each; and those by
   which files are written whose names say that they are not in their place yet (.xmedia-new). Where DIRECTORY_SYNC_FAILS is
   the number of an error, directories are not synced and this is the error. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(const char *call, const char *first, const char *second) {
    const char *path = getenv("FILE_CALLS");
    FILE *log = path ? fopen(path, "a") : NULL;
    if (log) {
        fprintf(log, "%s\t%s\t%s\n", call, first, second);
        fclose(log);
    }
}

/* Where a file stands; in the static memory of its thread. */
static const char *path_of(int descriptor) {
    static __thread char path[4096];
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t len = readlink(link, path, sizeof path - 1);
    path[len > 0 ? len : 0] = 0;
    return path;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    ssize_t (*real)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    const char *path = path_of(descriptor);
    if (strstr(path, ".xmedia-new")) {
        note("write", path, "");
    }
    return real(descriptor, bytes, count);
}

int fsync(int descriptor) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    const char *number = getenv("DIRECTORY_SYNC_FAILS");
    struct stat found;
    if (number && fstat(descriptor, &found) == 0 && S_ISDIR(found.st_mode)) {
        errno = atoi(number);
        return -1;
    }
    note("sync", path_of(descriptor), "");
    return real(descriptor);
}

int fdatasync(int descriptor) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    note("sync", path_of(descriptor), "");
    return real(descriptor);
}

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    note("rename", from, to);
    return real(from, to);
}
