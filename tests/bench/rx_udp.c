// SPDX-License-Identifier: MIT
/* The host's own way: a UDP socket and recvmmsg(). */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "rx.h"

#define BATCH	64
#define BYTES	128

struct rx {
	int fd;
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	uint8_t buf[BATCH][BYTES];
	volatile uint32_t touched;
};

static void *udp_open(const struct rx_args *args)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(RX_PORT) };
	struct rx *rx = calloc(1, sizeof(*rx));
	int bytes = 8 << 20, i;

	rx->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (setsockopt(rx->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
	    bind(rx->fd, (struct sockaddr *)&a, sizeof(a)))
		return NULL;
	for (i = 0; i < BATCH; i++) {
		rx->iov[i].iov_base = rx->buf[i];
		rx->iov[i].iov_len = BYTES;
		rx->msg[i].msg_hdr.msg_iov = &rx->iov[i];
		rx->msg[i].msg_hdr.msg_iovlen = 1;
	}
	return rx;
}

static int udp_fd(void *p)
{
	return ((struct rx *)p)->fd;
}

static uint32_t udp_take(void *p)
{
	struct rx *rx = p;
	int i, n = recvmmsg(rx->fd, rx->msg, BATCH, MSG_DONTWAIT, NULL);

	for (i = 0; i < n; i++)
		rx->touched += rx->buf[i][0];
	return n > 0 ? n : 0;
}

const struct rx_way rx_udp = {
	.name = "udp",
	.open = udp_open,
	.fd = udp_fd,
	.take = udp_take,
};
