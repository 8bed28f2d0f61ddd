/* SPDX-License-Identifier: MIT */
/*
 * TCP as the bench's server and client use it. net_kernel.c does it with kernel
 * sockets and epoll, net_unet.c with libunet; each is linked into a program of
 * its own, bench_tcp_kernel and bench_tcp_unet, so that both run the very same
 * application code. One loop a process; nothing blocks but net_run().
 */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct net_sock;

/* As UNET_READABLE and so on. */
#define NET_READABLE	(1u << 0)
#define NET_WRITABLE	(1u << 1)
#define NET_CLOSED	(1u << 2)
#define NET_ERROR	(1u << 3)

/* Edge triggered: called for what is true at once, then when more happens. */
typedef void (*net_fn)(struct net_sock *s, uint32_t events, void *arg);

/* All of these end the process with a sentence when they fail. */
void net_open(const char *dev);
struct net_sock *net_listen(const char *addr, uint16_t port);
struct net_sock *net_connect(const char *addr, uint16_t port);
void net_on(struct net_sock *s, net_fn fn, void *arg);
void net_run(void);

/* NULL when none waits. */
struct net_sock *net_accept(struct net_sock *listener);

/* Bytes, 0 at the end of the stream, or -errno. */
ssize_t net_send(struct net_sock *s, const void *buf, size_t len);
ssize_t net_recv(struct net_sock *s, void *buf, size_t len);

void net_shutdown(struct net_sock *s);
void net_close(struct net_sock *s);

#endif /* BENCH_NET_H */
