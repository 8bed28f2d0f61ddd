/* SPDX-License-Identifier: MIT */
/*
 * Packets made by hand, with right lengths and checksums unless spoilt afterwards.
 * Addresses are text; a colon makes them IPv6.
 */
#ifndef _UNET_UNIT_FORGE_H
#define _UNET_UNIT_FORGE_H

#include "core_os.h"

#define FORGE_MAX	70000

/**
 * forge_addr() - an address from text
 * @text:	IPv4 or IPv6
 * @addr:	IPv4 in the first word with the others zero
 *
 * Return: 4 or 6.
 */
u8 forge_addr(const char *text, __be32 addr[4]);

/**
 * forge_ip() - an IP header and what follows it
 * @out:	FORGE_MAX bytes
 * @src:	source
 * @dst:	destination, of the same family
 * @proto:	of @l4
 * @l4:		L4 header and payload
 * @len:	bytes of @l4
 *
 * Return: bytes of the packet; checksums are filled in.
 */
u32 forge_ip(u8 *out, const char *src, const char *dst, u8 proto,
	     const void *l4, u32 len);

/**
 * forge_udp() - a UDP packet
 *
 * Return: its bytes.
 */
u32 forge_udp(u8 *out, const char *src, u16 sport, const char *dst, u16 dport,
	      const void *payload, u32 len);

/**
 * forge_pad() - bytes behind the datagram that the IP length counts
 * @packet:	IP header without options or extension headers, room for @n more
 * @len:	its bytes
 * @n:		padding
 *
 * Return: the packet's new length; no checksum but the header's is touched.
 */
u32 forge_pad(u8 *packet, u32 len, u32 n);

/**
 * forge_icmp_error() - an ICMP or ICMPv6 error
 * @out:	FORGE_MAX bytes
 * @router:	who says it
 * @dst:	who it is said to
 * @type:	of the family
 * @code:	of the family
 * @mtu:	for "too big"
 * @quote:	packet it is about, from the IP header on
 * @len:	how much of it is quoted
 */
u32 forge_icmp_error(u8 *out, const char *router, const char *dst, u8 type,
		     u8 code, u32 mtu, const u8 *quote, u32 len);

/**
 * forge_fragment() - a fragment of a packet
 * @out:	FORGE_MAX bytes
 * @whole:	packet without options or extension headers
 * @offset:	first byte of what follows the IP header
 * @len:	bytes of it
 * @more:	more fragments follow
 * @id:		identification
 */
u32 forge_fragment(u8 *out, const u8 *whole, u32 offset, u32 len, bool more,
		   u32 id);

/**
 * forge_fix() - right lengths and checksums after a change
 * @packet:	IP header without options or extension headers
 * @len:	its bytes
 */
void forge_fix(u8 *packet, u32 len);

/**
 * forge_fix_ip4() - right header checksum, lengths as they are
 */
void forge_fix_ip4(u8 *packet);

/**
 * forge_extension() - put an IPv6 extension header before what is there
 * @packet:	an IPv6 packet, FORGE_MAX bytes
 * @len:	its bytes
 * @type:	next header value of the extension
 * @ext:	its bytes; the first is filled in with what follows
 * @ext_len:	how many, a multiple of 8
 *
 * Return: the packet's new length.
 */
u32 forge_extension(u8 *packet, u32 len, u8 type, const u8 *ext, u32 ext_len);

#endif /* _UNET_UNIT_FORGE_H */
