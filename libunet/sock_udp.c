// SPDX-License-Identifier: MIT
/*
 * Datagram sockets: fronts of UDP endpoints.
 */
#include "addr.h"
#include "internal.h"
#include "socket.h"
#include "udp.h"

#define SHUT_READ	(1u << 0)
#define SHUT_WRITE	(1u << 1)

static void readable(void *ctx)
{
	unet_sock_mark(ctx, UNET_READABLE);
}

static void writable(void *ctx)
{
	unet_sock_mark(ctx, UNET_WRITABLE);
}

static void error(void *ctx)
{
	unet_sock_mark(ctx, UNET_ERROR | UNET_READABLE);
}

static const struct unet_udp_events events = {
	.readable = readable,
	.writable = writable,
	.error = error,
};

static u8 install_flags(const struct unet_sock *s)
{
	return (s->flags & UNET_SOCK_V6ONLY ? UNET_INSTALL_V6ONLY : 0) |
	       (s->flags & UNET_SOCK_REUSEADDR ? UNET_INSTALL_REUSEADDR : 0);
}

/**
 * unet_sock_udp_open() - a socket without an address
 * @st: the stack
 * @family: AF_INET or AF_INET6
 *
 * Return: the socket, or NULL with errno ENOMEM.
 */
struct unet_sock *unet_sock_udp_open(struct unet_stack *st, int family)
{
	struct unet_sock *s = unet_sock_new(st, UNET_SOCK_DGRAM, family);

	if (s)
		s->udp = unet_udp_create(st, family == AF_INET ? 4 : 6, &events,
					 s);
	if (s && s->udp)
		return s;
	if (s)
		unet_sock_free(s);
	errno = ENOMEM;
	return NULL;
}

/**
 * unet_sock_udp_connect() - a socket with one peer
 * @st: the stack
 * @remote: the peer
 * @local: zero parts are chosen by routing and kernel
 * @opts: checked, may be NULL
 *
 * Return: the socket, or NULL with errno.
 */
struct unet_sock *unet_sock_udp_connect(struct unet_stack *st,
					const struct unet_endpoint *remote,
					const struct unet_endpoint *local,
					const struct unet_connect_opts *opts)
{
	struct unet_sock *s = unet_sock_udp_open(st, remote->family == 4 ?
						 AF_INET : AF_INET6);
	struct unet_flow_key key = { .family = 0 };
	int err;

	if (!s)
		return NULL;
	if (opts)
		s->flags = opts->flags;
	if (opts && opts->rcvbuf)
		s->udp->rcvbuf = opts->rcvbuf;
	unet_endpoint_set_local(&key, local);
	unet_endpoint_set_remote(&key, remote);
	err = unet_udp_install(s->udp, &key, install_flags(s));
	if (!err)
		return s;
	unet_close(s);
	errno = -err;
	return NULL;
}

/**
 * unet_sock_udp_bind() - give a socket its address
 * @s: the socket
 * @local: the address; of the socket's family, or IPv4 on an IPv6 socket
 *
 * Return: 0, -EINVAL no UDP socket or bound already, -EAFNOSUPPORT, or -errno
 * of the flow.
 */
int unet_sock_udp_bind(struct unet_sock *s, const struct unet_endpoint *local)
{
	struct unet_flow_key key = { .family = 0 };
	struct unet_endpoint e = *local;

	if (s->kind != UNET_SOCK_DGRAM)
		return -EINVAL;
	/* ":53" on an IPv4 socket means any IPv4 address */
	if (s->family == AF_INET && e.family == 6) {
		if (!unet_addr_is_any(e.addr))
			return -EAFNOSUPPORT;
		e.family = 4;
	}
	unet_endpoint_set_local(&key, &e);
	return unet_udp_install(s->udp, &key, install_flags(s));
}

/**
 * unet_sock_udp_sendto() - send to an address
 * @s: the socket
 * @iov: one entry
 * @to: where to, NULL: the peer
 * @seg_size: see unet_sendto()
 *
 * Return: bytes or -errno.
 */
ssize_t unet_sock_udp_sendto(struct unet_sock *s, const struct iovec *iov,
			     const struct unet_endpoint *to, u16 seg_size)
{
	struct unet_flow_key key = { .family = 0 };

	if (s->shut & SHUT_WRITE)
		return -EPIPE;
	if (!to)
		return unet_udp_sendv(s->udp, iov, 1, NULL, seg_size);
	if (!to->port)
		return -EINVAL;
	unet_endpoint_set_remote(&key, to);
	s->udp->first = install_flags(s);
	return unet_udp_sendv(s->udp, iov, 1, &key, seg_size);
}

/**
 * unet_sock_udp_recvfrom() - receive and tell from where
 * @s: the socket
 * @buf: where to
 * @len: room
 * @flags: MSG_PEEK, MSG_TRUNC
 * @from: filled in, may be NULL; @family 0 at the end of a shut down socket
 *
 * Return: bytes or -errno.
 */
ssize_t unet_sock_udp_recvfrom(struct unet_sock *s, void *buf, size_t len,
			       int flags, struct unet_endpoint *from)
{
	struct unet_flow_key key;
	ssize_t ret;

	if (from)
		memset(from, 0, sizeof(*from));
	if (s->shut & SHUT_READ)
		return 0;
	ret = unet_udp_take(s->udp, buf, len, flags & MSG_PEEK,
			    flags & MSG_TRUNC, from ? &key : NULL);
	if (ret >= 0 && from)
		unet_endpoint_remote(&key, from);
	return ret;
}

static ssize_t udp_sendv(struct unet_sock *s, const struct iovec *iov, int n,
			 int flags)
{
	if (s->shut & SHUT_WRITE)
		return -EPIPE;
	return unet_udp_sendv(s->udp, iov, n, NULL, 0);
}

static ssize_t udp_recv(struct unet_sock *s, void *buf, size_t len, int flags)
{
	return unet_sock_udp_recvfrom(s, buf, len, flags, NULL);
}

static int udp_peek(struct unet_sock *s, struct iovec *iov, int n)
{
	return s->shut & SHUT_READ ? 0 : unet_udp_peek(s->udp, iov, n);
}

static int udp_consume(struct unet_sock *s, size_t len)
{
	return unet_udp_drop(s->udp);
}

static int udp_shutdown(struct unet_sock *s, int how)
{
	if (!unet_udp_connected(s->udp))
		return -ENOTCONN;
	if (how != SHUT_WR)
		s->shut |= SHUT_READ;
	if (how != SHUT_RD)
		s->shut |= SHUT_WRITE;
	unet_sock_mark(s, s->ops->poll(s) & (UNET_CLOSED | UNET_READABLE));
	return 0;
}

static void udp_close(struct unet_sock *s)
{
	unet_udp_destroy(s->udp);
}

static u32 udp_poll(const struct unet_sock *s)
{
	const struct unet_udp *u = s->udp;
	u32 events = 0;

	if (!unet_pktq_empty(&u->rcvq) || s->shut & SHUT_READ)
		events |= UNET_READABLE;
	if (s->shut & SHUT_READ)
		events |= UNET_CLOSED;
	if (u->error)
		events |= UNET_ERROR | UNET_READABLE;
	if (!unet_work_pending(&u->tx_work))
		events |= UNET_WRITABLE;
	return events;
}

static int udp_error(struct unet_sock *s)
{
	return unet_udp_error(s->udp);
}

static const struct unet_flow *udp_flow(const struct unet_sock *s)
{
	return &s->udp->flow;
}

const struct unet_sock_ops unet_sock_udp_ops = {
	.sendv = udp_sendv,
	.recv = udp_recv,
	.peek = udp_peek,
	.consume = udp_consume,
	.shutdown = udp_shutdown,
	.close = udp_close,
	.abort = udp_close,
	.poll = udp_poll,
	.error = udp_error,
	.flow = udp_flow,
};
