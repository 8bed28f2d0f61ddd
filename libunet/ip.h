/* SPDX-License-Identifier: MIT */
/*
 * IPv4 and IPv6 as the protocols above see them. Only L3 channels: link layer,
 * neighbours and routes are the kernel's.
 */
#ifndef UNET_IP_H
#define UNET_IP_H

#include "core_os.h"
#include "flow.h"
#include "packet.h"

struct unet_stack;
struct unet_rx_batch;

#define UNET_IP_DEFAULT_TTL	64

/**
 * struct unet_ip_info - what the IP header of a received packet said
 * @src:	source address, IPv4 in the first word with the others zero
 * @dst:	destination address, likewise
 * @family:	4 or 6
 * @proto:	of what follows
 * @tos:	TOS or traffic class, ECN in the low two bits
 * @ttl:	TTL or hop limit
 * @l4_len:	bytes of L4 header and payload; of a super packet, all
 */
struct unet_ip_info {
	__be32 src[4];
	__be32 dst[4];
	u8 family;
	u8 proto;
	u8 tos;
	u8 ttl;
	u32 l4_len;
};

/**
 * struct unet_ip_out - how a packet is to be sent
 * @key:	addresses, NULL: the flow's own
 * @tos:	TOS or traffic class, ECN in the low two bits
 * @ttl:	TTL or hop limit, 0: UNET_IP_DEFAULT_TTL
 */
struct unet_ip_out {
	const struct unet_flow_key *key;
	u8 tos;
	u8 ttl;
};

/* What an ICMP error means to a flow, RFC 1122 section 4.2.3.9, RFC 5461 */
enum unet_icmp_kind {
	UNET_ICMP_SOFT,		/* note it, keep trying */
	UNET_ICMP_HARD,		/* port or protocol unreachable, prohibited */
	UNET_ICMP_TOO_BIG,	/* path MTU: @mtu */
};

/**
 * struct unet_icmp_info - an ICMP error about something a flow sent
 * @kind:	see there
 * @err:	errno it stands for, positive
 * @mtu:	UNET_ICMP_TOO_BIG: next-hop MTU, 0 when not told (RFC 1191 s. 4)
 * @tcp_seq:	TCP: sequence number quoted; check it against what is in flight
 *		(RFC 5927) before believing anything
 * @key:	key of the quoted packet, local side is ours
 */
struct unet_icmp_info {
	enum unet_icmp_kind kind;
	int err;
	u32 mtu;
	u32 tcp_seq;
	struct unet_flow_key key;
};

void unet_ip_input(struct unet_stack *st, struct unet_rx_batch *b);
void unet_ip_input_tagged(struct unet_stack *st, struct unet_pktq *q);
int unet_ip_transmit(struct unet_stack *st, u32 handle, struct unet_pkt *pkt,
		     u16 header_len);
void unet_ip_deliver(struct unet_stack *st, struct unet_pkt *pkt,
		     const struct unet_ip_info *info, struct unet_flow *hint);
int unet_ip_output(struct unet_stack *st, struct unet_flow *f,
		   const struct unet_ip_out *out, struct unet_pkt *pkt,
		   u16 l4_header);
bool unet_ip_csum_ok(const struct unet_pkt *pkt,
		     const struct unet_ip_info *info);
void unet_ip_key(const struct unet_ip_info *info, const struct unet_pkt *pkt,
		 struct unet_flow_key *key);

static inline u32 unet_ip_header_len(u8 family)
{
	return family == 4 ? 20 : 40;
}

#endif /* UNET_IP_H */
