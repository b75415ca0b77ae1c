/* What the kernel asks for at least: events come as lines on standard input, each becomes a frame once, and is sent to each socket.

   loop each|joined     one send() per event and socket, or one for all events that came together

   Listens on a free port of the loopback address and prints it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 20000, INPUT = 1 << 20 };

struct connection {
    int fd, open;
    char *waiting; /* what the kernel did not take */
    size_t size;
};

static struct connection *connections[MOST];
static int count, epoll, joined;

static uint32_t turn(uint32_t x, int by) { return x << by | x >> (32 - by); }

/* SHA-1 of less than 119 bytes (RFC 3174). */
static void sha1(const char *text, unsigned char digest[20]) {
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    unsigned char data[128] = {0};
    size_t size = strlen(text), blocks = size < 56 ? 1 : 2;
    memcpy(data, text, size);
    data[size] = 0x80;
    data[blocks * 64 - 2] = (unsigned char)(size * 8 >> 8);
    data[blocks * 64 - 1] = (unsigned char)(size * 8);
    for (size_t block = 0; block < blocks; block++) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++) {
            unsigned char *p = data + block * 64 + i * 4;
            w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        }
        for (int i = 16; i < 80; i++) w[i] = turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
            uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
            uint32_t next = turn(a, 5) + f + e + k + w[i];
            e = d, d = c, c = turn(b, 30), b = a, a = next;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - i % 4 * 8));
}

static void base64(const unsigned char digest[20], char text[29]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char padded[21] = {0};
    memcpy(padded, digest, 20);
    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)padded[i * 3] << 16 | (uint32_t)padded[i * 3 + 1] << 8 | padded[i * 3 + 2];
        for (int j = 0; j < 4; j++) text[i * 4 + j] = digits[three >> (18 - 6 * j) & 63];
    }
    text[27] = '=';
    text[28] = 0;
}

static void watch(struct connection *c, uint32_t events, int operation) {
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(epoll, operation, c->fd, &e);
}

static void forget(struct connection *c) {
    for (int i = 0; i < count; i++)
        if (connections[i] == c) connections[i] = connections[--count];
    close(c->fd);
    free(c->waiting);
    free(c);
}

static void keep(struct connection *c, const char *data, size_t size) {
    c->waiting = realloc(c->waiting, c->size + size);
    memcpy(c->waiting + c->size, data, size);
    c->size += size;
    watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static void flush(struct connection *c) {
    ssize_t sent = send(c->fd, c->waiting, c->size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return;
    c->size -= (size_t)sent;
    memmove(c->waiting, c->waiting + sent, c->size);
    if (!c->size) watch(c, EPOLLIN, EPOLL_CTL_MOD);
}

static void send_to_all(const char *data, size_t size) {
    for (int i = 0; i < count; i++) {
        struct connection *c = connections[i];
        if (!c->open) continue;
        ssize_t sent = c->size ? 0 : send(c->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN) continue; /* its end is read later */
        if (sent < 0) sent = 0;
        if ((size_t)sent < size) keep(c, data + sent, size - (size_t)sent);
    }
}

static void take_input(void) {
    static char input[INPUT], frames[INPUT];
    static size_t filled;
    ssize_t got = read(0, input + filled, INPUT - filled);
    if (got <= 0) exit(0);
    filled += (size_t)got;
    size_t used = 0, out = 0;
    for (char *line = input, *over; (over = memchr(line, '\n', filled - used)); line = over + 1) {
        size_t size = (size_t)(over - line);
        frames[out++] = (char)0x81;
        frames[out++] = 126;
        frames[out++] = (char)(size >> 8);
        frames[out++] = (char)size;
        memcpy(frames + out, line, size);
        out += size;
        used += size + 1;
        if (!joined) {
            send_to_all(frames, out);
            out = 0;
        }
    }
    if (out) send_to_all(frames, out);
    memmove(input, input + used, filled -= used);
}

static void greet(struct connection *c) {
    char request[4096], text[128], accept[29], answer[256];
    unsigned char digest[20];
    ssize_t got = recv(c->fd, request, sizeof request - 1, 0);
    if (got <= 0) {
        forget(c);
        return;
    }
    if (c->open) return; /* frames of clients say nothing here */
    request[got] = 0;
    char *key = strstr(request, "Sec-WebSocket-Key: ");
    if (!key) {
        forget(c);
        return;
    }
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 19);
    sha1(text, digest);
    base64(digest, accept);
    int size = snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
    if (send(c->fd, answer, (size_t)size, MSG_NOSIGNAL) != size) forget(c);
    else c->open = 1;
}

static void admit(int listener) {
    for (int fd; count < MOST && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        struct connection *c = calloc(1, sizeof *c);
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        c->fd = fd;
        connections[count++] = c;
        watch(c, EPOLLIN, EPOLL_CTL_ADD);
    }
}

int main(int argc, char **argv) {
    joined = argc > 1 && !strcmp(argv[1], "joined");
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    struct connection listener = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)}, input = {.fd = 0};
    epoll = epoll_create1(0);
    if (bind(listener.fd, (struct sockaddr *)&at, size) || listen(listener.fd, 2048)) return 1;
    getsockname(listener.fd, (struct sockaddr *)&at, &size);
    watch(&listener, EPOLLIN, EPOLL_CTL_ADD);
    watch(&input, EPOLLIN, EPOLL_CTL_ADD);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[512];
        int got = epoll_wait(epoll, events, 512, -1);
        for (int i = 0; i < got; i++) {
            struct connection *c = events[i].data.ptr;
            if (c == &listener) admit(listener.fd);
            else if (c == &input) take_input();
            else if (events[i].events & EPOLLIN) greet(c);
            else if (events[i].events & EPOLLOUT) flush(c);
            else forget(c);
        }
    }
}
