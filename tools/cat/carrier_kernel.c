// SPDX-License-Identifier: MIT
#include <errno.h>
#include <netdb.h>
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

/* "[2001:db8::1]:80", "192.0.2.1:80" or ":80" */
static struct addrinfo *resolve(const struct unet_carrier_want *want)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = want->udp ? SOCK_DGRAM : SOCK_STREAM,
	}, *addr = NULL;
	const char *colon = strrchr(want->addr, ':');
	char host[128];
	size_t len;

	if (!colon || colon - want->addr >= (long)sizeof(host))
		return NULL;
	len = colon - want->addr;
	memcpy(host, want->addr, len);
	host[len] = '\0';
	if (len > 1 && *host == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		memmove(host, host + 1, len - 1);
		hints.ai_family = AF_INET6;
	}
	return getaddrinfo(*host ? host : NULL, colon + 1, &hints, &addr) ?
		NULL : addr;
}

static int listen_on(struct unet_carrier_end *end, const struct addrinfo *addr)
{
	int on = 1;

	setsockopt(end->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(end->fd, addr->ai_addr, addr->ai_addrlen))
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

static int open_socket(struct unet_carrier_end *end, const struct addrinfo *addr,
		       bool to_listen)
{
	end->fd = socket(addr->ai_family, addr->ai_socktype | SOCK_NONBLOCK |
			 SOCK_CLOEXEC, 0);
	if (end->fd < 0)
		return -errno;
	if (to_listen)
		return listen_on(end, addr);
	if (connect(end->fd, addr->ai_addr, addr->ai_addrlen) &&
	    errno != EINPROGRESS)
		return -errno;
	return 0;
}

static struct unet_carrier_end *open_end(const struct unet_carrier_want *want)
{
	struct unet_carrier_end *end = calloc(1, sizeof(*end));
	struct addrinfo *addr = resolve(want);
	int err;

	if (!addr || !end) {
		fprintf(stderr, "unet-cat: %s: not an address "
			"(192.0.2.1:80, [2001:db8::1]:80 or :80)\n", want->addr);
		free(end);
		return NULL;
	}
	end->udp = want->udp;
	end->listener = -1;
	err = open_socket(end, addr, want->listen);
	freeaddrinfo(addr);
	if (err) {
		fprintf(stderr, "unet-cat: %s: %s\n", want->addr, strerror(-err));
		close_end(end);
		return NULL;
	}
	return end;
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
	.turn = turn,
	.connected = connected,
	.send = send_some,
	.recv = recv_some,
	.finish = finish,
	.finished = finished,
	.poll = poll_end,
	.close = close_end,
};
