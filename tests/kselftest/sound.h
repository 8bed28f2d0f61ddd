/* SPDX-License-Identifier: MIT */
/*
 * What the kernel fills into a packet of UDP without options, looked at by hand: both
 * lengths, the IPv4 checksum, and in the place of the UDP checksum either it or, as
 * the checksum is vouched for, the sum of the pseudo header that a device would begin
 * with.
 */
#ifndef UNET_TEST_SOUND_H
#define UNET_TEST_SOUND_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>

/* One's complement sum of @n bytes, begun with @sum. */
static inline uint32_t sound_sum(const uint8_t *p, uint32_t n, uint32_t sum)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline uint32_t sound_be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* @h: bytes of its headers. Return: what is wrong, or NULL. */
static inline const char *sound_fault(const uint8_t *p, uint32_t bytes, uint32_t h)
{
	bool v4 = h == 28;
	uint32_t ip = h - 8, addr = v4 ? 12 : 8, sum;

	if (v4 && sound_be16(p + 2) != bytes)
		return "IPv4 length";
	if (!v4 && sound_be16(p + 4) != bytes - ip)
		return "IPv6 length";
	if (v4 && sound_sum(p, ip, 0) != 0xffff)
		return "IPv4 checksum";
	if (sound_be16(p + ip + 4) != bytes - ip)
		return "UDP length";
	sum = sound_sum(p + addr, ip - addr, IPPROTO_UDP + bytes - ip);
	if (sound_be16(p + ip + 6) != sum &&
	    sound_sum(p + ip, bytes - ip, sum) != 0xffff)
		return "UDP checksum";
	return NULL;
}

#endif
