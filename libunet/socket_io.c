// SPDX-License-Identifier: MIT
/*
 * Sending and receiving: the families of calls, reduced to one form each.
 */
#include "addr.h"
#include "socket.h"

#define SEND_FLAGS	(MSG_MORE | MSG_NOSIGNAL | MSG_DONTWAIT)
#define RECV_FLAGS	(MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT)

ssize_t unet_sendv(struct unet_sock *s, const struct iovec *iov, int n,
		   int flags)
{
	if (n < 0 || flags & ~SEND_FLAGS)
		return -EINVAL;
	return s->ops->sendv(s, iov, n, flags);
}

ssize_t unet_send(struct unet_sock *s, const void *buf, size_t len, int flags)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };

	return unet_sendv(s, &iov, 1, flags);
}

ssize_t unet_sendto(struct unet_sock *s, const void *buf, size_t len,
		    uint16_t seg_size, const struct sockaddr *to,
		    socklen_t tolen)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct unet_endpoint e;
	int err;

	if (s->kind != UNET_SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (!to)
		return unet_sock_udp_sendto(s, &iov, NULL, seg_size);
	err = unet_endpoint_from(to, tolen, &e);
	return err ? err : unet_sock_udp_sendto(s, &iov, &e, seg_size);
}

ssize_t unet_recv(struct unet_sock *s, void *buf, size_t len, int flags)
{
	if (flags & ~RECV_FLAGS)
		return -EINVAL;
	return s->ops->recv(s, buf, len, flags);
}

ssize_t unet_recvfrom(struct unet_sock *s, void *buf, size_t len, int flags,
		      struct sockaddr *from, socklen_t *fromlen)
{
	struct unet_endpoint e;
	ssize_t ret;

	if (!from)
		return unet_recv(s, buf, len, flags);
	if (flags & ~RECV_FLAGS || !fromlen)
		return -EINVAL;
	if (s->kind != UNET_SOCK_DGRAM) {
		*fromlen = 0;
		return s->ops->recv(s, buf, len, flags);
	}
	ret = unet_sock_udp_recvfrom(s, buf, len, flags, &e);
	if (ret < 0)
		return ret;
	if (e.family)
		unet_endpoint_to(&e, from, fromlen);
	else
		*fromlen = 0;
	return ret;
}

int unet_peek(struct unet_sock *s, struct iovec *iov, int n)
{
	return n < 1 ? -EINVAL : s->ops->peek(s, iov, n);
}

int unet_consume(struct unet_sock *s, size_t len)
{
	return s->ops->consume(s, len);
}
