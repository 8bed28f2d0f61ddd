/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's tables as a channel needs them: which addresses are the host's, where
 * a packet goes, and the neighbour that takes it.
 *
 * Addresses are four words, IPv4 in the first with the others zero; families are 4
 * and 6, as in struct unet_flow_key.
 */
#ifndef _UNET_ROUTE_H
#define _UNET_ROUTE_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct dst_entry;
struct sk_buff;
struct unet_nexus;

/**
 * struct unet_local - the address last asked about, and the answer
 * @addr:	address
 * @gen:	unet_nexus.addr_gen before the question
 * @family:	0: nothing was asked yet
 * @local:	it is one of the host's
 */
struct unet_local {
	__be32 addr[4];
	u32 gen;
	u8 family;
	bool local;
};

/**
 * unet_local_check() - is this one of the host's own unicast addresses?
 * @cache:	asked first; the caller serializes its use
 * @nx:		nexus whose namespace and device are meant
 * @family:	4 or 6
 * @addr:	address
 *
 * Context: any but hard interrupt; @nx attached.
 */
bool unet_local_check(struct unet_local *cache, struct unet_nexus *nx, u8 family,
		      const __be32 *addr);

/**
 * struct unet_route_want - where something is to go
 * @src:	source, all zero: the host picks one, which is then told here
 * @dst:	destination
 * @src_port:	network order, may be 0
 * @dst_port:	network order, may be 0
 * @family:	4 or 6
 * @proto:	IP protocol
 * @uid:	whose packet it is, for rules by user
 */
struct unet_route_want {
	__be32 src[4];
	__be32 dst[4];
	__be16 src_port;
	__be16 dst_port;
	u8 family;
	u8 proto;
	kuid_t uid;
};

/**
 * struct unet_route - the last route found
 * @dst:	reference, or NULL
 * @cookie:	for dst_check()
 * @family:	of @dst
 * @from:	source it was found for
 * @to:		destination it was found for
 */
struct unet_route {
	struct dst_entry *dst;
	u32 cookie;
	u8 family;
	__be32 from[4];
	__be32 to[4];
};

/**
 * unet_route_find() - a route that leaves through the nexus' device
 * @r:		cache; filled in
 * @nx:		attached nexus
 * @want:	what is looked for
 *
 * Context: process; @r's lock (channel.tx_lock, or not shared yet).
 * Return: route, r->dst, good until @r is used again; or ERR_PTR: -ENETUNREACH there
 * is none, it leaves elsewhere, or IPsec or a tunnel would have to see the packet;
 * -ENOMEM.
 */
struct dst_entry *unet_route_find(struct unet_route *r, struct unet_nexus *nx,
				  struct unet_route_want *want);

/**
 * unet_route_drop() - forget
 * @r: cache
 */
void unet_route_drop(struct unet_route *r);

/**
 * unet_route_mtu() - largest L3 packet
 * @r: cache with a route
 */
u32 unet_route_mtu(const struct unet_route *r);

/**
 * unet_route_takes() - is a packet small enough, or each of its segments?
 * @dst:	its route
 * @bytes:	L3 bytes
 * @header:	IP and L4 header bytes
 * @seg_size:	of a super packet, else 0
 *
 * Context: any, with a reference of @dst.
 */
bool unet_route_takes(const struct dst_entry *dst, u32 bytes, u32 header,
		      u16 seg_size);

/**
 * unet_route_output() - hand a packet to the neighbour layer
 * @r:		cache with the packet's route
 * @skb:	complete packet, L3 at data; consumed
 *
 * From here the host does what it does with its own: resolves the neighbour, adds
 * the link layer header, queues, shows it to tc and taps.
 *
 * Context: process, RCU read side, @r's lock.
 * Return: NET_XMIT_* or -errno.
 */
int unet_route_output(struct unet_route *r, struct sk_buff *skb);

/**
 * unet_route_forward() - the same for a packet that has its route with it
 * @skb: complete packet, L3 at data, skb_dst() set; consumed
 *
 * Context: BH off, RCU read side.
 * Return: NET_XMIT_* or -errno.
 */
int unet_route_forward(struct sk_buff *skb);

#endif /* _UNET_ROUTE_H */
