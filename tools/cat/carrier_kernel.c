// SPDX-License-Identifier: MIT
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "carrier.h"

struct unet_carrier_end {
	int listener;
	int fd;
	bool udp;
	bool bound;			/* UDP: answers whoever sent last */
	bool connected;
	struct sockaddr_storage peer;
	socklen_t peer_len;
};

static void close_end(struct unet_carrier_end *end)
{
	if (!end)
		return;
	if (end->fd >= 0)
		close(end->fd);
	if (end->listener >= 0)
		close(end->listener);
	free(end);
}

static int listen_on(struct unet_carrier_end *end,
		     const struct unet_carrier_want *want)
{
	int on = 1;

	setsockopt(end->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(end->fd, (const struct sockaddr *)&want->sa, want->sa_len))
		return -errno;
	if (end->udp) {
		end->bound = true;
		return 0;
	}
	if (listen(end->fd, 1))
		return -errno;
	end->listener = end->fd;
	end->fd = -1;
	return 0;
}

static int open_socket(struct unet_carrier_end *end,
		       const struct unet_carrier_want *want)
{
	end->fd = socket(want->sa.ss_family, SOCK_NONBLOCK | SOCK_CLOEXEC |
			 (want->udp ? SOCK_DGRAM : SOCK_STREAM), 0);
	if (end->fd < 0)
		return -errno;
	if (want->listen)
		return listen_on(end, want);
	if (connect(end->fd, (const struct sockaddr *)&want->sa, want->sa_len) &&
	    errno != EINPROGRESS)
		return -errno;
	return 0;
}

static struct unet_carrier_end *open_end(const struct unet_carrier_want *want)
{
	struct unet_carrier_end *end = calloc(1, sizeof(*end));
	int err;

	if (!end) {
		fprintf(stderr, "unet-cat: %s\n", strerror(ENOMEM));
		return NULL;
	}
	end->udp = want->udp;
	end->listener = -1;
	err = open_socket(end, want);
	if (err) {
		fprintf(stderr, "unet-cat: %s: %s\n", want->addr, strerror(-err));
		close_end(end);
		return NULL;
	}
	return end;
}

static int name(struct unet_carrier_end *end, struct sockaddr *addr,
		socklen_t *len)
{
	return getsockname(end->listener >= 0 ? end->listener : end->fd, addr,
			   len) ? -errno : 0;
}

static int take_connection(struct unet_carrier_end *end)
{
	end->fd = accept4(end->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (end->fd < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	close(end->listener);
	end->listener = -1;
	end->connected = true;
	return 0;
}

static int turn(struct unet_carrier_end *end)
{
	struct pollfd fd = { .fd = end->fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err = 0;

	if (end->listener >= 0)
		return take_connection(end);
	if (end->connected || end->udp || poll(&fd, 1, 0) <= 0)
		return 0;
	getsockopt(end->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	end->connected = !err;
	return -err;
}

static bool connected(struct unet_carrier_end *end)
{
	return end->connected || end->udp;
}

static ssize_t send_some(struct unet_carrier_end *end, const void *buf, size_t len)
{
	ssize_t n;

	if (!connected(end) || (end->bound && !end->peer_len))
		return -EAGAIN;
	if (end->bound)
		n = sendto(end->fd, buf, len, MSG_NOSIGNAL,
			   (struct sockaddr *)&end->peer, end->peer_len);
	else
		n = send(end->fd, buf, len, MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static ssize_t recv_some(struct unet_carrier_end *end, void *buf, size_t len)
{
	socklen_t peer_len = sizeof(end->peer);
	ssize_t n;

	if (!connected(end))
		return -EAGAIN;
	if (!end->bound)
		n = recv(end->fd, buf, len, 0);
	else
		n = recvfrom(end->fd, buf, len, 0, (struct sockaddr *)&end->peer,
			     &peer_len);
	if (n >= 0 && end->bound)
		end->peer_len = peer_len;
	return n < 0 ? -errno : n;
}

static unsigned int resent(struct unet_carrier_end *end)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (!end->udp)
		getsockopt(end->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_total_retrans;
}

static int finish(struct unet_carrier_end *end)
{
	if (end->udp)
		return 0;
	return shutdown(end->fd, SHUT_WR) ? -errno : 0;
}

/* The kernel goes on sending after close(). */
static bool finished(struct unet_carrier_end *end)
{
	(void)end;
	return true;
}

static int poll_end(struct unet_carrier_end *end, bool to_send, bool to_receive,
		    struct pollfd *fd)
{
	fd->fd = end->listener >= 0 ? end->listener : end->fd;
	fd->events = to_receive ? POLLIN : 0;
	if (to_send || (end->listener < 0 && !connected(end)))
		fd->events |= POLLOUT;
	return -1;
}

const struct unet_carrier_ops unet_carrier_kernel = {
	.open = open_end,
	.name = name,
	.turn = turn,
	.connected = connected,
	.send = send_some,
	.recv = recv_some,
	.finish = finish,
	.finished = finished,
	.resent = resent,
	.poll = poll_end,
	.close = close_end,
};
