/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Loads and stores in packets, at any alignment, and the numbers of the
 * protocols core knows. A constant-size memcpy() is one instruction on
 * machines that can and the right ones on those that cannot.
 */
#ifndef _UNET_CORE_WIRE_H
#define _UNET_CORE_WIRE_H

#include "core_os.h"

#define UNET_PROTO_HOPOPTS	0
#define UNET_PROTO_ICMP		1
#define UNET_PROTO_TCP		6
#define UNET_PROTO_UDP		17
#define UNET_PROTO_ROUTING	43
#define UNET_PROTO_FRAGMENT	44
#define UNET_PROTO_AH		51
#define UNET_PROTO_ICMP6	58
#define UNET_PROTO_DSTOPTS	60
#define UNET_PROTO_MOBILITY	135
#define UNET_PROTO_HIP		139
#define UNET_PROTO_SHIM6	140

#define UNET_IP4_HEADER		20u
#define UNET_IP6_HEADER		40u
#define UNET_TCP_HEADER		20u
#define UNET_UDP_HEADER		8u
#define UNET_ICMP_HEADER	8u

#define UNET_IP4_DF		0x4000u
#define UNET_IP4_MF		0x2000u
#define UNET_IP4_OFFSET		0x1fffu

#define UNET_TCP_FIN		0x01u
#define UNET_TCP_SYN		0x02u
#define UNET_TCP_RST		0x04u
#define UNET_TCP_PSH		0x08u
#define UNET_TCP_ACK		0x10u
#define UNET_TCP_URG		0x20u
#define UNET_TCP_ECE		0x40u
#define UNET_TCP_CWR		0x80u

#define UNET_ECN_MASK		0x03u
#define UNET_ECN_CE		0x03u

/*
 * Numbers of IPv6 extension headers (RFC 7045): behind one of them there is another
 * protocol's packet, in plain. Not ESP: what is behind that only who has its keys can say.
 */
static inline bool unet_ip6_extension(u8 proto)
{
	switch (proto) {
	case UNET_PROTO_HOPOPTS:
	case UNET_PROTO_ROUTING:
	case UNET_PROTO_FRAGMENT:
	case UNET_PROTO_AH:
	case UNET_PROTO_DSTOPTS:
	case UNET_PROTO_MOBILITY:
	case UNET_PROTO_HIP:
	case UNET_PROTO_SHIM6:
		return true;
	default:
		return false;
	}
}

/* as they are in memory */
static __always_inline __be16 unet_load_be16(const void *p)
{
	__be16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline __be32 unet_load_be32(const void *p)
{
	__be32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline u16 unet_load_raw16(const void *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline u32 unet_load_raw32(const void *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline u64 unet_load_raw64(const void *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline void unet_store_raw16(void *p, u16 v)
{
	memcpy(p, &v, sizeof(v));
}

/* as numbers */
static __always_inline u16 unet_load_u16(const void *p)
{
	return be16_to_cpu(unet_load_be16(p));
}

static __always_inline u32 unet_load_u32(const void *p)
{
	return be32_to_cpu(unet_load_be32(p));
}

static __always_inline void unet_store_u16(void *p, u16 v)
{
	__be16 be = cpu_to_be16(v);

	memcpy(p, &be, sizeof(be));
}

static __always_inline void unet_store_u32(void *p, u32 v)
{
	__be32 be = cpu_to_be32(v);

	memcpy(p, &be, sizeof(be));
}

/* ---- IP, of either version; @l3 is a whole IP header ---- */

static __always_inline bool unet_ip_is4(const u8 *l3)
{
	return l3[0] >> 4 == 4;
}

/* Of the header, IPv4's options included; of IPv6 without those that may follow. */
static __always_inline u32 unet_ip_bytes(const u8 *l3)
{
	return unet_ip_is4(l3) ? (l3[0] & 15) * 4u : UNET_IP6_HEADER;
}

/* The traffic class, IPv4's TOS. */
static __always_inline u8 unet_ip_tos(const u8 *l3)
{
	return unet_ip_is4(l3) ? l3[1] : (u8)(unet_load_u16(l3) >> 4);
}

/* IPv6's hop limit. */
static __always_inline u8 unet_ip_ttl(const u8 *l3)
{
	return unet_ip_is4(l3) ? l3[8] : l3[7];
}

/* Of IPv6 that of the first header behind it. */
static __always_inline u8 unet_ip_proto(const u8 *l3)
{
	return unet_ip_is4(l3) ? l3[9] : l3[6];
}

#endif /* _UNET_CORE_WIRE_H */
