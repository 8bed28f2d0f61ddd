// SPDX-License-Identifier: MIT
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <unet/unet.h>

#include "carrier.h"

#define STATE_CLOSED	0	/* struct unet_tcp_info.state */
#define STATE_TIME_WAIT	10

struct unet_carrier_end {
	struct unet_stack *stack;
	struct unet_sock *listener;
	struct unet_sock *sock;
	bool udp;
	bool bound;			/* UDP: answers whoever sent last */
	struct sockaddr_storage peer;
	socklen_t peer_len;
};

static void complain(const char *what)
{
	int err = errno;
	const char *detail = unet_error_detail();

	fprintf(stderr, "unet-cat: %s: %s\n", what,
		*detail ? detail : unet_strerror(err));
}

static void close_end(struct unet_carrier_end *end)
{
	if (!end)
		return;
	unet_close(end->sock);
	unet_close(end->listener);
	if (end->stack) {
		unet_stack_run(end->stack, 0);
		unet_stack_close(end->stack);
	}
	free(end);
}

/* ":7000" is an address of AF_INET6: of both families. */
static int open_udp(struct unet_carrier_end *end, const struct unet_carrier_want *want)
{
	int err;

	end->bound = true;
	end->sock = unet_udp_open(end->stack, want->sa.ss_family);
	if (!end->sock)
		return -errno;
	err = unet_udp_bind(end->sock, want->addr);
	if (err)
		errno = -err;
	return err;
}

static struct unet_carrier_end *open_end(const struct unet_carrier_want *want)
{
	struct unet_carrier_end *end = calloc(1, sizeof(*end));
	bool failed;

	if (!end)
		return NULL;
	end->udp = want->udp;
	end->stack = unet_stack_open(want->dev, NULL);
	if (!end->stack) {
		complain(want->dev);
		close_end(end);
		return NULL;
	}
	if (want->listen && want->udp) {
		failed = open_udp(end, want) != 0;
	} else if (want->listen) {
		end->listener = unet_listen(end->stack, "tcp", want->addr, 1);
		failed = !end->listener;
	} else {
		end->sock = unet_connect(end->stack, want->udp ? "udp" : "tcp",
					 want->addr, NULL);
		failed = !end->sock;
	}
	if (failed) {
		complain(want->addr);
		close_end(end);
		return NULL;
	}
	return end;
}

static int name(struct unet_carrier_end *end, struct sockaddr *addr,
		socklen_t *len)
{
	return unet_getsockname(end->listener ? end->listener : end->sock, addr,
				len);
}

static int turn(struct unet_carrier_end *end)
{
	int ret = unet_stack_run(end->stack, 0);

	if (ret < 0 && ret != -EINTR)
		return ret;
	if (end->listener) {
		end->sock = unet_accept(end->listener);
		if (end->sock) {	/* the first is the only one */
			unet_close(end->listener);
			end->listener = NULL;
		}
	}
	return 0;
}

static bool connected(struct unet_carrier_end *end)
{
	uint32_t events = end->sock ? unet_sock_events(end->sock) : 0;

	return end->udp || (!(events & UNET_ERROR) && events &
			    (UNET_READABLE | UNET_WRITABLE | UNET_CLOSED));
}

static ssize_t send_some(struct unet_carrier_end *end, const void *buf, size_t len)
{
	if (!end->sock || (end->bound && !end->peer_len))
		return -EAGAIN;
	if (end->bound)
		return unet_sendto(end->sock, buf, len, 0,
				   (struct sockaddr *)&end->peer, end->peer_len);
	return unet_send(end->sock, buf, len, 0);
}

static ssize_t recv_some(struct unet_carrier_end *end, void *buf, size_t len)
{
	socklen_t peer_len = sizeof(end->peer);
	ssize_t n;

	if (!end->sock)
		return -EAGAIN;
	if (!end->bound)
		return unet_recv(end->sock, buf, len, 0);
	n = unet_recvfrom(end->sock, buf, len, 0, (struct sockaddr *)&end->peer,
			  &peer_len);
	if (n >= 0)
		end->peer_len = peer_len;
	return n;
}

static int finish(struct unet_carrier_end *end)
{
	if (end->udp)
		return 0;
	return end->sock ? unet_shutdown(end->sock, SHUT_WR) : -EAGAIN;
}

/* Is there a TCP connection, and how is it? */
static bool look(struct unet_carrier_end *end, struct unet_tcp_info *info)
{
	socklen_t len = sizeof(*info);

	return !end->udp && end->sock &&
	       !unet_getsockopt(end->sock, IPPROTO_TCP, UNET_SO_TCP_INFO, info,
				&len);
}

static unsigned int resent(struct unet_carrier_end *end)
{
	struct unet_tcp_info info;

	return look(end, &info) ? info.retrans : 0;
}

static bool finished(struct unet_carrier_end *end)
{
	struct unet_tcp_info info;

	return !look(end, &info) || info.state == STATE_CLOSED ||
	       info.state == STATE_TIME_WAIT;
}

/* Whatever is wanted, the stack must go on: it shows at the same descriptor. */
static int poll_end(struct unet_carrier_end *end, bool to_send, bool to_receive,
		    struct pollfd *fd)
{
	uint64_t now, deadline = unet_stack_deadline(end->stack);
	struct timespec ts;

	(void)to_send;
	(void)to_receive;
	fd->fd = unet_stack_fd(end->stack);
	fd->events = POLLIN;
	if (deadline == UNET_NEVER)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
	if (deadline <= now)
		return 0;
	deadline = (deadline - now + 999) / 1000;
	return deadline < 1000000 ? deadline : 1000000;
}

const struct unet_carrier_ops unet_carrier_unet = {
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
