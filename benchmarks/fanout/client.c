/* The load client: many WebSocket connections in one thread, as little work per frame as possible.

   client PORT PATH CONNECTIONS STALLED EVENTS DEADLINE_S HELLO COMPRESSED

   Opens CONNECTIONS + STALLED sockets; with a HELLO sends it on each and waits for a frame with "ok". Prints "ready". The stalled
   ones are never read again until the end. Then reads until each other connection got EVENTS events, DEADLINE_S passed, or standard
   input ends. COMPRESSED is 1 to offer permessage-deflate; what many connections get is inflated once. EVENTS 0 only holds the connections until standard input ends. An event is a text frame with "t=<19 digits>", the
   monotonic time in ns at which it was published. Prints one line of JSON. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { BUFFER = 1 << 20, CARRY = 1 << 16, PARALLEL = 64, LONGEST_WAIT_S = 15, INFLATED = 32, WINDOW_BITS = 12 };
enum state { CONNECTING, UPGRADING, GREETING, OPEN, CLOSED };

struct connection {
    int fd, state, stalled, events, close_code;
    size_t carried;
    char *carry; /* an incomplete frame */
};

struct inflated {
    size_t size;
    char frame[CARRY], stamp[20];
};

static const char *path, *hello;
static struct inflated inflated[INFLATED];
static int compressed, inflated_at, port, wanted, epoll, opened, ready, done;
static struct connection *connections;
static uint32_t *latencies; /* in us */
static size_t delivered, room, bytes;
static uint64_t first_at, last_at;
static char buffer[BUFFER];

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void watch(struct connection *c, uint32_t events, int operation) {
    struct epoll_event e = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll, operation, c->fd, &e)) fail("epoll_ctl");
}

/* A whole masked frame; with the mask 0 the payload stays as it is. */
static void send_frame(struct connection *c, int opcode, const char *payload, size_t size) {
    unsigned char frame[8 + 65536];
    size_t at = 0;
    frame[at++] = 0x80 | (unsigned char)opcode;
    if (size < 126) {
        frame[at++] = 0x80 | (unsigned char)size;
    } else {
        frame[at++] = 0x80 | 126;
        frame[at++] = (unsigned char)(size >> 8);
        frame[at++] = (unsigned char)size;
    }
    memset(frame + at, 0, 4);
    memcpy(frame + at + 4, payload, size);
    if (send(c->fd, frame, at + 4 + size, MSG_NOSIGNAL) < 0) fail("send");
}

static void start(struct connection *c) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) fail("socket");
    int one = 1, small = 4096;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (c->stalled) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) fail("connect");
    c->state = CONNECTING;
    watch(c, EPOLLOUT, EPOLL_CTL_ADD);
}

static void upgrade(struct connection *c) {
    char request[512];
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", path, port,
                        compressed ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "");
    if (send(c->fd, request, (size_t)size, MSG_NOSIGNAL) != size) fail("send");
    c->state = UPGRADING;
    watch(c, EPOLLIN, EPOLL_CTL_MOD);
}

static void begin(struct connection *c) {
    c->state = OPEN;
    ready++;
    if (c->stalled) epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
}

static void end(struct connection *c) {
    if (c->state == OPEN && c->events < wanted) done++;
    c->state = CLOSED;
    close(c->fd);
}

static void take_event(struct connection *c, const char *stamp, size_t size) {
    uint64_t time = now();
    if (!first_at) first_at = time;
    last_at = time;
    bytes += size;
    if (delivered < room) latencies[delivered++] = (uint32_t)((time - strtoull(stamp, NULL, 10)) / 1000);
    if (++c->events == wanted) done++;
}

static const char *find_stamp(const char *text, size_t size) {
    const char *found = memmem(text, size, "\"t=", 3);
    return found ? found + 3 : NULL;
}

/* The stamp in a compressed frame: of those that came lately the one that is alike, else it is inflated. */
static const char *inflate_stamp(const char *payload, size_t size) {
    for (int i = 0; i < INFLATED; i++)
        if (inflated[i].size == size && !memcmp(inflated[i].frame, payload, size)) return inflated[i].stamp;
    static char text[CARRY];
    z_stream stream = {.next_in = (unsigned char *)payload, .avail_in = (unsigned)size,
                       .next_out = (unsigned char *)text, .avail_out = sizeof text};
    if (inflateInit2(&stream, -WINDOW_BITS) != Z_OK || inflate(&stream, Z_SYNC_FLUSH) != Z_OK) {
        fprintf(stderr, "a frame that cannot be inflated\n");
        exit(1);
    }
    inflateEnd(&stream);
    const char *stamp = find_stamp(text, stream.total_out);
    if (!stamp) return NULL;
    struct inflated *entry = &inflated[inflated_at++ % INFLATED];
    entry->size = size;
    memcpy(entry->frame, payload, size);
    memcpy(entry->stamp, stamp, 19);
    return entry->stamp;
}

static void take_frame(struct connection *c, int opcode, int is_compressed, const char *payload, size_t size) {
    if (opcode == 1 && c->state == OPEN) {
        const char *stamp = is_compressed ? inflate_stamp(payload, size) : find_stamp(payload, size);
        if (stamp) take_event(c, stamp, size);
    } else if (opcode == 1 && c->state == GREETING && memmem(payload, size, "\"ok\"", 4)) {
        begin(c);
    } else if (opcode == 9) {
        send_frame(c, 10, payload, size);
    } else if (opcode == 8) {
        c->close_code = size < 2 ? 1005 : (unsigned char)payload[0] << 8 | (unsigned char)payload[1];
    }
}

/* Whole frames at the start of the data; how many bytes they were. */
static size_t take_frames(struct connection *c, const char *data, size_t size) {
    size_t at = 0;
    while (size - at >= 2) {
        const unsigned char *head = (const unsigned char *)data + at;
        size_t length = head[1], start = 2;
        if (length == 126) {
            if (size - at < 4) break;
            length = (size_t)head[2] << 8 | head[3];
            start = 4;
        } else if (length == 127) {
            fprintf(stderr, "a frame longer than events are\n");
            exit(1);
        }
        if (size - at < start + length) break;
        take_frame(c, head[0] & 15, head[0] & 0x40, data + at + start, length);
        at += start + length;
    }
    return at;
}

static size_t finish_upgrade(struct connection *c, const char *data, size_t size) {
    const char *over = memmem(data, size, "\r\n\r\n", 4);
    if (!over) return 0;
    if (memcmp(data, "HTTP/1.1 101", 12)) {
        fprintf(stderr, "refused: %.*s\n", 60, data);
        exit(1);
    }
    c->state = GREETING;
    if (*hello)
        send_frame(c, 1, hello, strlen(hello));
    else
        begin(c);
    return (size_t)(over + 4 - data);
}

static void receive(struct connection *c) {
    memcpy(buffer, c->carry, c->carried);
    ssize_t got = recv(c->fd, buffer + c->carried, BUFFER - c->carried, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        end(c);
        return;
    }
    size_t size = c->carried + (size_t)got, used = 0;
    if (c->state == UPGRADING) used = finish_upgrade(c, buffer, size);
    if (c->state != UPGRADING) used += take_frames(c, buffer + used, size - used);
    c->carried = size - used;
    if (c->carried > CARRY) {
        fprintf(stderr, "a frame longer than events are\n");
        exit(1);
    }
    if (c->carried && !c->carry) c->carry = malloc(CARRY);
    if (c->carried) memcpy(c->carry, buffer + used, c->carried);
}

static int input_ended(void) {
    struct pollfd in = {.fd = 0, .events = POLLIN};
    return poll(&in, 1, 0) > 0;
}

static void step(int timeout_ms) {
    struct epoll_event events[512];
    int count = epoll_wait(epoll, events, 512, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct connection *c = events[i].data.ptr;
        if (c->state == CONNECTING) upgrade(c);
        else if (c->state != CLOSED) receive(c);
    }
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile(double share) {
    return delivered ? latencies[(size_t)((double)(delivered - 1) * share)] / 1000.0 : 0;
}

/* How the stalled connections ended: all that waits for them is read now. */
static void report_stalled(int from, int to) {
    uint64_t until = now() + LONGEST_WAIT_S * 1000000000ull;
    printf(", \"stalled\": [");
    for (int i = from; i < to; i++) {
        struct connection *c = &connections[i];
        while (c->state == OPEN && now() < until) {
            struct pollfd in = {.fd = c->fd, .events = POLLIN};
            if (poll(&in, 1, 1000) > 0) receive(c);
            if (c->close_code) break;
        }
        printf("%s%d", i > from ? ", " : "", c->close_code);
    }
    printf("]");
}

int main(int argc, char **argv) {
    if (argc != 9) return 2;
    port = atoi(argv[1]);
    path = argv[2];
    int readers = atoi(argv[3]), total = readers + atoi(argv[4]);
    wanted = atoi(argv[5]);
    uint64_t wait = (uint64_t)atoi(argv[6]) * 1000000000u;
    hello = argv[7];
    compressed = atoi(argv[8]);
    epoll = epoll_create1(0);
    room = (size_t)readers * (size_t)wanted;
    latencies = malloc((room + 1) * sizeof *latencies);
    connections = calloc((size_t)total, sizeof *connections);
    for (int i = readers; i < total; i++) connections[i].stalled = 1;

    uint64_t begun = now();
    while (ready < total && now() - begun < wait) {
        while (opened < total && opened - ready < PARALLEL) start(&connections[opened++]);
        step(100);
    }
    if (ready < total) {
        fprintf(stderr, "%d of %d connections were opened\n", ready, total);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);

    begun = now();
    while ((!wanted || done < readers) && now() - begun < wait && !input_ended()) step(50);
    qsort(latencies, delivered, sizeof *latencies, by_size);
    printf("{\"delivered\": %zu, \"bytes\": %zu, \"seconds\": %.6f, \"p50_ms\": %.3f, \"p99_ms\": %.3f", delivered, bytes,
           (double)(last_at - first_at) / 1e9, percentile(0.5), percentile(0.99));
    report_stalled(readers, total);
    printf("}\n");
    return 0;
}
