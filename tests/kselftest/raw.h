/* SPDX-License-Identifier: MIT */
/*
 * Packets of the peer's that no socket of it would send: IP and L4 headers are the
 * test's own.
 */
#ifndef UNET_TEST_RAW_H
#define UNET_TEST_RAW_H

#include "chan.h"
#include "sound.h"
#include "topo.h"

/* A socket of the peer's that sends whole packets, by send_to() with port 0. */
static inline int raw_socket(struct topo *t, int family)
{
	int fd = peer_socket_of(t, family, SOCK_RAW, IPPROTO_RAW), on = 1;

	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on)))
		abort();
	return fd;
}

/*
 * The checksum of @bytes behind an IP header of @ip bytes, in which its field is 0.
 * In network order, and not 0.
 */
static inline uint16_t raw_l4_sum(const uint8_t *p, uint32_t ip, int proto,
				  uint32_t bytes)
{
	uint32_t sum = sound_sum(p + (ip == 20 ? 12 : 8), ip == 20 ? 8 : 32,
				 proto + bytes);

	sum = sound_sum(p + ip, bytes, sum);
	return htons(sum == 0xffff ? sum : ~sum);
}

#endif
