/* SPDX-License-Identifier: MIT */
/*
 * A server on the library's TCP that sends to all who connect, without end, until it is
 * killed; and its clients.
 */
#ifndef UNET_TEST_POUR_H
#define UNET_TEST_POUR_H

#include <unet/unet.h>

#include "tcp_hand.h"

#define POUR_PORT	8001

static inline void pour(struct unet_sock *s, uint32_t events, void *arg)
{
	static const char data[65536];

	(void)events;
	(void)arg;
	while (unet_send(s, data, sizeof(data), 0) > 0)
		;
}

/* For topo_start(): @arg is a struct hand, of which the family counts. */
static inline void pour_for_ever(int ready, void *arg)
{
	struct unet_stack *st = unet_stack_open("va", NULL);
	const struct hand *h = arg;
	struct unet_sock *ls, *s;
	char addr[64];

	snprintf(addr, sizeof(addr), h->family == AF_INET ? "%s:%d" : "[%s]:%d",
		 hand_ours(h), POUR_PORT);
	ls = st ? unet_listen(st, "tcp", addr, 16) : NULL;
	if (!ls || write(ready, "l", 1) != 1)
		return;
	while (unet_stack_run(st, -1) >= 0) {
		while ((s = unet_accept(ls)))
			unet_sock_on(s, UNET_WRITABLE, pour, NULL);
	}
}

/* What a blocking read of a client ends with: bytes, 0, or -errno. */
static inline ssize_t client_reads(int fd)
{
	struct timeval tv = { .tv_sec = 20 };
	char buf[4096];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	n = recv(fd, buf, sizeof(buf), 0);
	return n < 0 ? -errno : n;
}

/* Bytes until the end, which is left in @end: 0 or -errno. */
static inline size_t drain(int fd, ssize_t *end)
{
	size_t bytes = 0;

	while ((*end = client_reads(fd)) > 0)
		bytes += *end;
	return bytes;
}

/* A client that has had some of it, or -1. */
static inline int pour_client(struct topo *t, const struct hand *h)
{
	int fd = peer_socket(t, h->family, SOCK_STREAM);

	if (!connect_to(fd, hand_ours(h), POUR_PORT) && client_reads(fd) > 0)
		return fd;
	close(fd);
	return -1;
}

#endif
