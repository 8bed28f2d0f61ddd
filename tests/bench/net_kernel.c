// SPDX-License-Identifier: MIT
/* The rival: kernel sockets, epoll edge triggered, TCP_NODELAY. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

#define EVENTS	64
#define BACKLOG	1024

struct net_sock {
	int fd;
	net_fn fn;
	void *arg;
};

static int epoll_fd;

static void die(const char *what)
{
	fprintf(stderr, "bench_tcp_kernel: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct net_sock *make(int fd)
{
	struct net_sock *s = calloc(1, sizeof(*s));
	int one = 1;

	s->fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return s;
}

static struct sockaddr_in address(const char *addr, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, addr, &a.sin_addr) != 1) {
		errno = EINVAL;
		die(addr);
	}
	return a;
}

void net_open(const char *dev)
{
	epoll_fd = epoll_create1(0);
	if (epoll_fd < 0)
		die("epoll_create1");
}

struct net_sock *net_listen(const char *addr, uint16_t port)
{
	struct sockaddr_in a = address(addr, port);
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, BACKLOG))
		die("listen");
	return make(fd);
}

struct net_sock *net_connect(const char *addr, uint16_t port)
{
	struct sockaddr_in a = address(addr, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) && errno != EINPROGRESS)
		die("connect");
	return make(fd);
}

struct net_sock *net_accept(struct net_sock *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK);

	return fd < 0 ? NULL : make(fd);
}

void net_on(struct net_sock *s, net_fn fn, void *arg)
{
	struct epoll_event e = { EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				 { .ptr = s } };

	s->fn = fn;
	s->arg = arg;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->fd, &e))
		die("epoll_ctl");
}

static uint32_t to_net(uint32_t epoll)
{
	return (epoll & EPOLLIN ? NET_READABLE : 0) |
	       (epoll & EPOLLOUT ? NET_WRITABLE : 0) |
	       (epoll & EPOLLRDHUP ? NET_CLOSED : 0) |
	       (epoll & (EPOLLERR | EPOLLHUP) ? NET_ERROR : 0);
}

void net_run(void)
{
	struct epoll_event e[EVENTS];
	int i, n = epoll_wait(epoll_fd, e, EVENTS, -1);

	if (n < 0 && errno != EINTR)
		die("epoll_wait");
	for (i = 0; i < n; i++) {
		struct net_sock *s = e[i].data.ptr;

		s->fn(s, to_net(e[i].events), s->arg);
	}
}

ssize_t net_send(struct net_sock *s, const void *buf, size_t len)
{
	ssize_t n = send(s->fd, buf, len, MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}

ssize_t net_recv(struct net_sock *s, void *buf, size_t len)
{
	ssize_t n = recv(s->fd, buf, len, 0);

	return n < 0 ? -errno : n;
}

void net_shutdown(struct net_sock *s)
{
	shutdown(s->fd, SHUT_WR);
}

void net_close(struct net_sock *s)
{
	close(s->fd);
	free(s);
}
