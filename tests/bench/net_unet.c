// SPDX-License-Identifier: MIT
/* libunet. Its sockets are the bench's: only the names differ. */
#define net_sock unet_sock

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unet/unet.h>

#include "net.h"

#define BACKLOG	1024
#define ADDR_MAX 64

_Static_assert(NET_READABLE == UNET_READABLE && NET_WRITABLE == UNET_WRITABLE &&
	       NET_CLOSED == UNET_CLOSED && NET_ERROR == UNET_ERROR,
	       "events are passed on as they are");

static struct unet_stack *stack;

static void die(const char *what, int err)
{
	fprintf(stderr, "bench_tcp_unet: %s: %s (%s)\n", what,
		unet_strerror(err), unet_error_detail());
	exit(1);
}

static void no_delay(struct unet_sock *s)
{
	int one = 1;

	unet_setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* The loop does nothing else, as the rival's. */
void net_open(const char *dev)
{
	struct unet_stack_opts opts = {
		.size = sizeof(opts),
		.flags = UNET_STACK_LAZY,
	};

	stack = unet_stack_open(dev, &opts);
	if (!stack)
		die(dev, errno);
}

/* SO_REUSEADDR as the rival's: the server before us was killed. */
struct net_sock *net_listen(const char *addr, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct unet_sock *s;

	if (inet_pton(AF_INET, addr, &a.sin_addr) != 1)
		die(addr, EINVAL);
	s = unet_listen_addr(stack, (struct sockaddr *)&a, sizeof(a), BACKLOG,
			     UNET_SOCK_REUSEADDR);
	if (!s)
		die("listen", errno);
	return s;
}

struct net_sock *net_connect(const char *addr, uint16_t port)
{
	struct unet_sock *s;
	char text[ADDR_MAX];

	snprintf(text, sizeof(text), "%s:%u", addr, port);
	s = unet_connect(stack, "tcp", text, NULL);
	if (!s)
		die(text, errno);
	no_delay(s);
	return s;
}

struct net_sock *net_accept(struct net_sock *listener)
{
	struct unet_sock *s = unet_accept(listener);

	if (s)
		no_delay(s);
	return s;
}

void net_on(struct net_sock *s, net_fn fn, void *arg)
{
	unet_sock_on(s, UNET_READABLE | UNET_WRITABLE | UNET_CLOSED | UNET_ERROR,
		     fn, arg);
}

void net_run(void)
{
	int n = unet_stack_run(stack, -1);

	if (n < 0 && n != -EINTR)
		die("unet_stack_run", n);
}

ssize_t net_send(struct net_sock *s, const void *buf, size_t len)
{
	return unet_send(s, buf, len, 0);
}

ssize_t net_recv(struct net_sock *s, void *buf, size_t len)
{
	return unet_recv(s, buf, len, 0);
}

void net_shutdown(struct net_sock *s)
{
	unet_shutdown(s, SHUT_WR);
}

void net_close(struct net_sock *s)
{
	unet_close(s);
}
