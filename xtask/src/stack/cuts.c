/* Preloaded into servers that `cargo xtask faults` cuts off from each other: drops what arrives from some senders.
 *
 * The folder ES_CUTS has a file for each of them, named ADDRESS:PORT, port 0 for all of an address. A filter on this
 * process' sockets takes their packets away before TCP sees them, so that nobody hears of them, and whoever sent them
 * sends them again, as on a line that is broken. The file `seen` there says what is in force.
 *
 * All on loopback have one address for what they connect to. So connections of this process come from ES_FROM.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <linux/filter.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SENDERS 16
struct sender {
    unsigned address, port;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sender senders[SENDERS];
static int count;

/* Under the lock. With no senders, it lets all through. */
static void filter(int socket) {
    /* Offsets are from the header of TCP on, and from this one on of IP. */
    const unsigned ip = SKF_NET_OFF;
    struct sock_filter code[5 * SENDERS + 1];
    unsigned short size = 0;
    for (int i = 0; i < count; i++) {
        const int has_port = senders[i].port != 0;
        code[size++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 12);
        code[size++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, senders[i].address, 0, has_port ? 3 : 1);
        if (has_port) {
            code[size++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0);
            code[size++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, senders[i].port, 0, 1);
        }
        code[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    }
    code[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
    struct sock_fprog program = {size, code};
    int protocol = 0;
    socklen_t length = sizeof protocol;
    if (getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) == 0 && protocol == IPPROTO_TCP)
        setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* Reads the folder. Whether it says something else than before. */
static int look(const char *folder) {
    struct sender found[SENDERS] = {0};
    int size = 0;
    DIR *files = opendir(folder);
    for (struct dirent *file; files && (file = readdir(files)) && size < SENDERS;) {
        char address[16];
        unsigned port;
        struct in_addr parsed;
        if (sscanf(file->d_name, "%15[0-9.]:%u", address, &port) == 2 && inet_pton(AF_INET, address, &parsed) == 1)
            found[size++] = (struct sender){ntohl(parsed.s_addr), port};
    }
    if (files)
        closedir(files);
    pthread_mutex_lock(&lock);
    int is_new = size != count || memcmp(found, senders, sizeof found) != 0;
    memcpy(senders, found, sizeof found);
    count = size;
    pthread_mutex_unlock(&lock);
    return is_new;
}

static void filter_all(void) {
    DIR *files = opendir("/proc/self/fd");
    pthread_mutex_lock(&lock);
    for (struct dirent *file; files && (file = readdir(files));)
        if (file->d_name[0] != '.')
            filter(atoi(file->d_name));
    pthread_mutex_unlock(&lock);
    if (files)
        closedir(files);
}

static void say(const char *folder) {
    char fresh[4096], seen[4096];
    snprintf(fresh, sizeof fresh, "%.4000s/seen.new", folder);
    snprintf(seen, sizeof seen, "%.4000s/seen", folder);
    FILE *out = fopen(fresh, "we");
    for (int i = 0; out && i < count; i++) {
        struct in_addr address = {htonl(senders[i].address)};
        fprintf(out, "%s:%u\n", inet_ntoa(address), senders[i].port);
    }
    if (out && fclose(out) == 0)
        rename(fresh, seen);
}

static void *watch(void *folder) {
    /* A connection that is just being accepted is met the next time. */
    for (int again = 1;; usleep(50000)) {
        if (look(folder))
            again = 3;
        if (again > 0) {
            filter_all();
            say(folder);
            again--;
        }
    }
    return NULL;
}

__attribute__((constructor)) static void begin(void) {
    pthread_t thread;
    sigset_t all, before;
    char *folder = getenv("ES_CUTS");
    if (!folder)
        return;
    /* Signals are for the program's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, watch, folder) != 0)
        abort();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Gives a socket that is to connect on loopback the address ES_FROM, unless it has one. */
static void come_from(int socket, const struct sockaddr *to, const char *from) {
    const struct sockaddr_in6 *to_six = (const struct sockaddr_in6 *)to;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_storage mine;
    socklen_t length = sizeof mine;
    if (getsockname(socket, (struct sockaddr *)&mine, &length) != 0 || ((struct sockaddr_in *)&mine)->sin_port != 0)
        return;
    if (to->sa_family == AF_INET && *(const unsigned char *)&((const struct sockaddr_in *)to)->sin_addr == 127) {
        if (inet_pton(AF_INET, from, &four.sin_addr) == 1)
            bind(socket, (struct sockaddr *)&four, sizeof four);
    } else if (to->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&to_six->sin6_addr) &&
               to_six->sin6_addr.s6_addr[12] == 127) {
        memset(six.sin6_addr.s6_addr + 10, 0xff, 2);
        if (inet_pton(AF_INET, from, six.sin6_addr.s6_addr + 12) == 1)
            bind(socket, (struct sockaddr *)&six, sizeof six);
    }
}

int connect(int socket, const struct sockaddr *to, socklen_t length) {
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    int protocol = 0;
    socklen_t size = sizeof protocol;
    const char *from = getenv("ES_FROM");
    if (from && getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == IPPROTO_TCP) {
        come_from(socket, to, from);
        pthread_mutex_lock(&lock);
        if (count)
            filter(socket);
        pthread_mutex_unlock(&lock);
    }
    return real(socket, to, length);
}
