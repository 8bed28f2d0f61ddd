// SPDX-License-Identifier: MIT
/*
 * Stream sockets and listeners: fronts of TCP pcbs.
 */
#include "addr.h"
#include "internal.h"
#include "socket.h"
#include "tcp.h"

static void accepted(void *ctx)
{
	unet_sock_mark(ctx, UNET_READABLE);
}

static void established(void *ctx)
{
	unet_sock_mark(ctx, UNET_WRITABLE);
}

static void readable(void *ctx)
{
	unet_sock_mark(ctx, UNET_READABLE);
}

static void writable(void *ctx)
{
	unet_sock_mark(ctx, UNET_WRITABLE);
}

static void closed(void *ctx, int err)
{
	u32 events = UNET_READABLE | UNET_CLOSED;

	unet_sock_mark(ctx, err ? events | UNET_ERROR | UNET_WRITABLE : events);
}

static const struct unet_tcp_events events = {
	.accepted = accepted,
	.established = established,
	.readable = readable,
	.writable = writable,
	.closed = closed,
};

static void *fail(struct unet_sock *s, int err)
{
	if (s) {
		if (s->tcp)
			unet_tcp_abort(s->tcp);
		unet_sock_free(s);
	}
	errno = -err;
	return NULL;
}

static struct unet_sock *new_sock(struct unet_stack *st,
				  enum unet_sock_kind kind, u8 family)
{
	struct unet_sock *s = unet_sock_new(st, kind, family == 4 ? AF_INET :
					    AF_INET6);

	if (!s)
		return NULL;
	s->tcp = unet_tcp_open(st, family, &events, s);
	if (s->tcp)
		return s;
	unet_sock_free(s);
	return NULL;
}

/**
 * unet_sock_tcp_listen() - a listener
 * @st: the stack
 * @local: where
 * @backlog: at least 1
 * @flags: UNET_SOCK_*
 *
 * Return: the socket, or NULL with errno.
 */
struct unet_sock *unet_sock_tcp_listen(struct unet_stack *st,
				       const struct unet_endpoint *local,
				       int backlog, u32 flags)
{
	struct unet_flow_key key = { .family = 0 };
	struct unet_sock *s;
	int err;

	if (backlog < 1) {
		unet_detail("backlog %d: must be at least 1", backlog);
		return fail(NULL, -EINVAL);
	}
	s = new_sock(st, UNET_SOCK_LISTENER, local->family);
	if (!s)
		return fail(NULL, -ENOMEM);
	s->flags = flags;
	unet_endpoint_set_local(&key, local);
	err = unet_tcp_listen(s->tcp, &key, (u32)backlog,
			      (flags & UNET_SOCK_V6ONLY ? UNET_TCP_V6ONLY : 0) |
			      (flags & UNET_SOCK_REUSEADDR ?
			       UNET_TCP_REUSEADDR : 0));
	return err ? fail(s, err) : s;
}

/**
 * unet_sock_tcp_connect() - open a connection
 * @st: the stack
 * @remote: where to
 * @local: zero parts are chosen by routing and kernel
 * @opts: checked, may be NULL
 *
 * Return: the socket, or NULL with errno.
 */
struct unet_sock *unet_sock_tcp_connect(struct unet_stack *st,
					const struct unet_endpoint *remote,
					const struct unet_endpoint *local,
					const struct unet_connect_opts *opts)
{
	struct unet_sock *s = new_sock(st, UNET_SOCK_STREAM, remote->family);
	struct unet_flow_key key = { .family = 0 };
	u32 flags = 0;
	int err = 0;

	if (!s)
		return fail(NULL, -ENOMEM);
	if (opts && opts->flags & UNET_SOCK_REUSEADDR)
		flags |= UNET_TCP_REUSEADDR;
	if (opts && opts->sndbuf)
		err = unet_tcp_set(s->tcp, UNET_TCP_OPT_SNDBUF, opts->sndbuf);
	if (!err && opts && opts->rcvbuf)
		err = unet_tcp_set(s->tcp, UNET_TCP_OPT_RCVBUF, opts->rcvbuf);
	if (!err && opts && opts->congestion) {
		if (unet_tcp_set_congestion(s->tcp, opts->congestion))
			err = -EINVAL;
		if (err)
			unet_detail("congestion control \"%.40s\": not known "
				    "(allowed: cubic, reno)", opts->congestion);
	}
	if (!err) {
		unet_endpoint_set_local(&key, local);
		unet_endpoint_set_remote(&key, remote);
		unet_stack_read_clock(st);
		err = unet_tcp_connect(s->tcp, &key, flags);
	}
	return err ? fail(s, err) : s;
}

/**
 * unet_sock_tcp_accept() - a socket for the oldest waiting connection
 * @listener: the listener
 *
 * Return: the socket, or NULL with errno EAGAIN, ENOMEM, or what the listener
 * ended with.
 */
struct unet_sock *unet_sock_tcp_accept(struct unet_sock *listener)
{
	struct unet_tcp_pcb *pcb = unet_tcp_accept(listener->tcp);
	struct unet_sock *s;

	if (!pcb) {
		int err = unet_tcp_error(listener->tcp);

		return fail(NULL, err ? -err : -EAGAIN);
	}
	s = unet_sock_new(listener->st, UNET_SOCK_STREAM,
			  unet_tcp_flow(pcb)->key.family == 4 ? AF_INET :
			  AF_INET6);
	if (!s) {
		unet_tcp_abort(pcb);
		return fail(NULL, -ENOMEM);
	}
	s->tcp = pcb;
	unet_tcp_set_events(pcb, &events, s);
	return s;
}

static ssize_t tcp_sendv(struct unet_sock *s, const struct iovec *iov, int n,
			 int flags)
{
	if (s->kind == UNET_SOCK_LISTENER)
		return -ENOTCONN;
	return unet_tcp_send(s->tcp, iov, n, flags & MSG_MORE);
}

static ssize_t tcp_recv(struct unet_sock *s, void *buf, size_t len, int flags)
{
	if (s->kind == UNET_SOCK_LISTENER)
		return -ENOTCONN;
	return unet_tcp_recv(s->tcp, buf, len, flags & MSG_PEEK);
}

static int tcp_peek(struct unet_sock *s, struct iovec *iov, int n)
{
	if (s->kind == UNET_SOCK_LISTENER)
		return -ENOTCONN;
	return unet_tcp_peek(s->tcp, iov, n);
}

static int tcp_consume(struct unet_sock *s, size_t len)
{
	if (s->kind == UNET_SOCK_LISTENER)
		return -ENOTCONN;
	return unet_tcp_consume(s->tcp, len);
}

static int tcp_shutdown(struct unet_sock *s, int how)
{
	if (s->kind == UNET_SOCK_LISTENER)
		return -ENOTCONN;
	return unet_tcp_shutdown(s->tcp, how);
}

static void tcp_close(struct unet_sock *s)
{
	unet_tcp_close(s->tcp);
}

static void tcp_abort(struct unet_sock *s)
{
	unet_tcp_abort(s->tcp);
}

static u32 tcp_poll(const struct unet_sock *s)
{
	return unet_tcp_poll(s->tcp);
}

static int tcp_error(struct unet_sock *s)
{
	return unet_tcp_error(s->tcp);
}

static const struct unet_flow *tcp_flow(const struct unet_sock *s)
{
	return unet_tcp_flow(s->tcp);
}

const struct unet_sock_ops unet_sock_tcp_ops = {
	.sendv = tcp_sendv,
	.recv = tcp_recv,
	.peek = tcp_peek,
	.consume = tcp_consume,
	.shutdown = tcp_shutdown,
	.close = tcp_close,
	.abort = tcp_abort,
	.poll = tcp_poll,
	.error = tcp_error,
	.flow = tcp_flow,
};
