/* Preloaded into Cassandra: writes down how far each segment of the commit log is on the disk.
 *
 * A segment is a mapped file, and what is in it outlives its process without having been synced. A power cut takes
 * what is behind the last sync away; so that `cargo xtask faults` can do the same, each msync notes, in a file of the
 * folder ES_SYNCED named like the segment, where the last section ended that it found complete when it began.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct segment {
    unsigned char *start;
    size_t length;
    size_t synced;
    int note;
};

#define SEGMENTS 64
static struct segment segments[SEGMENTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t big_endian(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Under the lock. */
static void forget(unsigned char *start, size_t length) {
    for (int i = 0; i < SEGMENTS; i++) {
        struct segment *one = &segments[i];
        if (one->start && one->start < start + length && start < one->start + one->length) {
            close(one->note);
            memset(one, 0, sizeof *one);
        }
    }
}

/* Under the lock. */
static void remember(unsigned char *start, size_t length, int file) {
    char link[64], path[4096], name[4096];
    const char *folder = getenv("ES_SYNCED");
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (!folder || size < 0)
        return;
    path[size] = 0;
    const char *base = strrchr(path, '/');
    if (!base || strncmp(base, "/CommitLog-", 11) != 0)
        return;
    snprintf(name, sizeof name, "%.2000s%.2000s", folder, base);
    int note = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    for (int i = 0; i < SEGMENTS && note >= 0; i++)
        if (!segments[i].start) {
            segments[i] = (struct segment){start, length, 0, note};
            return;
        }
    if (note >= 0)
        close(note);
}

/* The end of the last whole section: each begins with the place of the next one. */
static size_t end_of_sections(const struct segment *of) {
    size_t at = of->synced;
    /* Version, id, the length of its parameters, these, and a checksum. */
    if (at == 0)
        at = 4 + 8 + 2 + ((size_t)of->start[12] << 8 | of->start[13]) + 4;
    while (at + 8 <= of->length) {
        size_t next = big_endian(of->start + at);
        if (next <= at || next > of->length)
            break;
        at = next;
    }
    return at;
}

static void *map(const char *as, void *at, size_t length, int access, int flags, int file, off_t from) {
    void *(*real)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_NEXT, as);
    void *start = real(at, length, access, flags, file, from);
    if (start != MAP_FAILED && file >= 0 && from == 0 && (access & PROT_WRITE) && (flags & MAP_SHARED)) {
        pthread_mutex_lock(&lock);
        forget(start, length);
        remember(start, length, file);
        pthread_mutex_unlock(&lock);
    }
    return start;
}

void *mmap(void *at, size_t length, int access, int flags, int file, off_t from) {
    return map("mmap", at, length, access, flags, file, from);
}

void *mmap64(void *at, size_t length, int access, int flags, int file, off_t from) {
    return map("mmap64", at, length, access, flags, file, from);
}

int munmap(void *start, size_t length) {
    int (*real)(void *, size_t) = dlsym(RTLD_NEXT, "munmap");
    pthread_mutex_lock(&lock);
    forget(start, length);
    pthread_mutex_unlock(&lock);
    return real(start, length);
}

int msync(void *start, size_t length, int flags) {
    int (*real)(void *, size_t, int) = dlsym(RTLD_NEXT, "msync");
    unsigned char *from = start;
    int which = -1;
    size_t end = 0;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < SEGMENTS; i++)
        if (segments[i].start && segments[i].start <= from && from < segments[i].start + segments[i].length) {
            which = i;
            end = end_of_sections(&segments[i]);
        }
    from = which < 0 ? NULL : segments[which].start;
    pthread_mutex_unlock(&lock);
    int result = real(start, length, flags);
    pthread_mutex_lock(&lock);
    /* What was complete when the sync began is on the disk now. */
    if (which >= 0 && result == 0 && segments[which].start == from && segments[which].synced < end) {
        char text[24];
        int digits = snprintf(text, sizeof text, "%zu\n", end);
        segments[which].synced = end;
        if (pwrite(segments[which].note, text, digits, 0) != digits)
            abort();
    }
    pthread_mutex_unlock(&lock);
    return result;
}
