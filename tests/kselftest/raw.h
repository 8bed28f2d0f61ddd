/* SPDX-License-Identifier: MIT */
/*
 * Packets of the peer's that no socket of it would send: IP and L4 headers are the
 * test's own.
 */
#ifndef UNET_TEST_RAW_H
#define UNET_TEST_RAW_H

#include "chan.h"
#include "topo.h"

/* A socket of the peer's that sends whole packets, by send_to() with port 0. */
static inline int raw_socket(struct topo *t, int family)
{
	int fd, on = 1;

	if (setns(t->ns_peer, CLONE_NEWNET))
		return -1;
	fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on)))
		abort();
	return fd;
}

static inline uint32_t raw_add(uint32_t sum, const uint8_t *p, uint32_t bytes)
{
	uint32_t i;

	for (i = 0; i < bytes; i++)
		sum += p[i] << (i & 1 ? 0 : 8);
	return sum;
}

/*
 * The checksum of @bytes behind an IP header of @ip bytes, in which its field is 0.
 * In network order, and not 0.
 */
static inline uint16_t raw_l4_sum(const uint8_t *p, uint32_t ip, int proto,
				  uint32_t bytes)
{
	uint32_t sum = raw_add(proto + bytes, p + (ip == 20 ? 12 : 8),
			       ip == 20 ? 8 : 32);

	sum = raw_add(sum, p + ip, bytes);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(sum == 0xffff ? sum : ~sum);
}

#endif
