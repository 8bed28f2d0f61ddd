// SPDX-License-Identifier: MIT
/* The three services. A connection that fails is closed; the client notices. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "net.h"
#include "tcp.h"

/* A connection to the source: what is left of what was asked for. */
struct source {
	uint64_t left;
	int asked;
};

static void sink(struct net_sock *s, uint32_t events, void *arg)
{
	ssize_t n;

	do {
		n = net_recv(s, tcp_chunk, sizeof(tcp_chunk));
	} while (n > 0);
	if (n != -EAGAIN)
		net_close(s);
}

static void pour(struct net_sock *s, struct source *src)
{
	ssize_t n;

	while (src->left) {
		size_t len = src->left < CHUNK_BYTES ? src->left : CHUNK_BYTES;

		n = net_send(s, tcp_chunk, len);
		if (n == -EAGAIN)
			return;
		if (n < 0)
			break;
		src->left -= n;
	}
	net_close(s);
	free(src);
}

static void source(struct net_sock *s, uint32_t events, void *arg)
{
	struct source *src = arg;

	ssize_t n;

	if (src->asked) {
		pour(s, src);
		return;
	}
	/* Eight bytes in a segment of their own: they come whole. */
	n = net_recv(s, &src->left, sizeof(src->left));
	if (n == -EAGAIN)
		return;
	if (n != sizeof(src->left))
		src->left = 0;
	src->asked = 1;
	pour(s, src);
}

/* A short read means that no more is there, unless the end of stream is. */
static void echo(struct net_sock *s, uint32_t events, void *arg)
{
	ssize_t n;

	if (events == NET_WRITABLE)
		return;
	do {
		n = net_recv(s, tcp_chunk, sizeof(tcp_chunk));
		if (n == -EAGAIN)
			return;
		if (n <= 0 || net_send(s, tcp_chunk, n) != n) {
			net_close(s);
			return;
		}
	} while (n == sizeof(tcp_chunk) || events & NET_CLOSED);
}

static void accept_sink(struct net_sock *listener, uint32_t events, void *arg)
{
	struct net_sock *s;

	while ((s = net_accept(listener)))
		net_on(s, sink, NULL);
}

static void accept_source(struct net_sock *listener, uint32_t events, void *arg)
{
	struct net_sock *s;

	while ((s = net_accept(listener)))
		net_on(s, source, calloc(1, sizeof(struct source)));
}

static void accept_echo(struct net_sock *listener, uint32_t events, void *arg)
{
	struct net_sock *s;

	while ((s = net_accept(listener)))
		net_on(s, echo, NULL);
}

void tcp_serve(const char *addr)
{
	net_on(net_listen(addr, SINK_PORT), accept_sink, NULL);
	net_on(net_listen(addr, SOURCE_PORT), accept_source, NULL);
	net_on(net_listen(addr, ECHO_PORT), accept_echo, NULL);
	puts("ready");
	fflush(stdout);
	for (;;)
		net_run();
}
