/* SPDX-License-Identifier: MIT */
/* The traffic class of packets, IPv4's TOS, wherever somebody looks at it. */
#ifndef UNET_TEST_TOS_H
#define UNET_TEST_TOS_H

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

/* Of a packet, from its IP header on. */
static inline uint8_t tos_of(const uint8_t *p)
{
	return p[0] >> 4 == 4 ? p[1] : p[0] << 4 | p[1] >> 4;
}

/* A checksum of IPv4 stays as it was. */
static inline void tos_put(uint8_t *p, uint8_t tos)
{
	if (p[0] >> 4 == 4) {
		p[1] = tos;
		return;
	}
	p[0] = (p[0] & 0xf0) | tos >> 4;
	p[1] = (p[1] & 0x0f) | tos << 4;
}

/* A datagram socket is told of each with the next. */
static inline int tos_wanted(int fd, int family)
{
	int on = 1;

	return family == AF_INET ?
	       setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)) :
	       setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on));
}

/* That "hello" came with; -1: something else came. */
static inline int tos_of_hello(int fd)
{
	char buf[16], ctl[64];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl,
		.msg_controllen = sizeof(ctl),
	};

	if (recvmsg(fd, &msg, 0) != 5 || memcmp(buf, "hello", 5) ||
	    !CMSG_FIRSTHDR(&msg))
		return -1;
	return *(uint8_t *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
}

/* A packet socket that sees what va receives; -1: none. */
static inline int tos_tap(void)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex("va"),
		.sll_protocol = htons(ETH_P_ALL),
	};
	struct timeval tv = { .tv_sec = 5 };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (!bind(fd, (void *)&sll, sizeof(sll)))
		return fd;
	close(fd);
	return -1;
}

#endif
