/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a channel may send: the rules of a TX slot, the rules of its header
 * against the flow, and the fields only the kernel fills in.
 *
 * Everything here works on private copies. The caller copies the slot, checks it,
 * copies header_len bytes of the first extent, checks them, fixes them and
 * sends the fixed copy. Neither is read from shared memory again.
 */
#ifndef _UNET_CORE_TX_CHECK_H
#define _UNET_CORE_TX_CHECK_H

#include <linux/unet.h>
#include "core_os.h"

/**
 * unet_tx_slot_check() - are the numbers of a TX slot sound?
 * @slot:	private copy
 * @tx_bytes:	bytes of the TX region
 * @total:	out: L3 bytes of the send; header_len <= total <= UNET_TX_MAX_BYTES
 *
 * Context: any.
 * Return: UNET_CNT_NONE when sound; else the counter that says what is wrong:
 * UNET_CNT_TX_BAD_SLOT, _BAD_EXTENT or _BAD_LENGTH.
 */
enum unet_counter unet_tx_slot_check(const struct unet_tx_slot *slot,
				     u32 tx_bytes, u32 *total);

#define UNET_TX_FLOW_IP4	0x01u	/* may send IPv4 */
#define UNET_TX_FLOW_IP6	0x02u	/* may send IPv6; both: a dual-stack wildcard */
#define UNET_TX_FLOW_LOCAL	0x04u	/* @local is the only source address */
#define UNET_TX_FLOW_REMOTE	0x08u	/* @remote and @remote_port are the only destination */
#define UNET_TX_FLOW_NO_PORTS	0x10u	/* @proto has no ports: only the IP header is known */

/**
 * struct unet_tx_flow - what a flow may send
 * @local:	source, with UNET_TX_FLOW_LOCAL; IPv4 in the first word, rest zero
 * @remote:	destination, with UNET_TX_FLOW_REMOTE; likewise
 * @local_port:	source port, unless UNET_TX_FLOW_NO_PORTS
 * @remote_port: destination port, with UNET_TX_FLOW_REMOTE
 * @proto:	TCP or UDP, or any with UNET_TX_FLOW_NO_PORTS
 * @flags:	UNET_TX_FLOW_*
 */
struct unet_tx_flow {
	__be32 local[4];
	__be32 remote[4];
	__be16 local_port;
	__be16 remote_port;
	u8 proto;
	u8 flags;
};

/**
 * struct unet_tx_info - what a checked header says
 * @src:	source address, IPv4 in the first word, rest zero
 * @dst:	destination address, likewise
 * @src_port:	0 when there are no ports
 * @dst_port:	likewise
 * @family:	4 or 6
 * @proto:	IP protocol
 * @tcp_flags:	UNET_TCP_*, 0 unless TCP
 * @tos:	TOS or traffic class
 * @header_len:	IP and L4 header
 * @l4_offset:	L4 header from the start
 * @csum_offset: of the checksum field from the L4 header; 0 when the kernel
 *		does not fill one in
 * @dont_fragment: IPv4 DF is set, or IPv6
 * @payload:	bytes after the headers
 * @segments:	packets the send is cut into, at least 1
 * @seq:	TCP sequence number
 * @ack:	TCP acknowledgment number; valid with UNET_TCP_ACK
 */
struct unet_tx_info {
	__be32 src[4];
	__be32 dst[4];
	__be16 src_port;
	__be16 dst_port;
	u8 family;
	u8 proto;
	u8 tcp_flags;
	u8 tos;
	u16 header_len;
	u16 l4_offset;
	u16 csum_offset;
	bool dont_fragment;
	u32 payload;
	u32 segments;
	u32 seq;
	u32 ack;
};

/**
 * unet_tx_header_check() - may this flow send this header?
 * @hdr:	private copy of the first @hdr_len bytes of the send
 * @hdr_len:	header_len of a sound slot
 * @total:	L3 bytes of the send, from unet_tx_slot_check()
 * @seg_size:	of the slot
 * @flow:	what is allowed
 * @info:	out, when UNET_CNT_NONE
 *
 * @hdr_len must be just what the headers say. Refused are fragments, IPv4 options
 * that are not anybody's to send, IPv6 extension headers (by a flow of their number,
 * too: see unet_ip6_extension()), a zero TTL, ports or destination, and a send that is
 * to be cut but is not TCP or UDP or carries SYN, RST or URG. Length and checksum
 * fields may hold anything. Not checked here, for they need the host's
 * tables: a wildcard flow's source being local, and whether the destination may be
 * multicast or broadcast.
 *
 * Context: any.
 * Return: UNET_CNT_NONE when it may; else UNET_CNT_TX_BAD_HEADER, _BAD_LENGTH,
 * _SPOOF_PROTO, _SPOOF_SOURCE, _SPOOF_PORT or _SPOOF_DEST.
 */
enum unet_counter unet_tx_header_check(const void *hdr, u32 hdr_len, u32 total,
				       u16 seg_size,
				       const struct unet_tx_flow *flow,
				       struct unet_tx_info *info);

/**
 * unet_tx_header_fix() - fill in what only the kernel fills in
 * @hdr:	the private copy that was checked
 * @info:	from unet_tx_header_check()
 *
 * Writes IPv4 total length and header checksum or IPv6 payload length, the UDP
 * length, and the pseudo header's sum into the L4 checksum field, so that
 * CHECKSUM_PARTIAL from the L4 header on finishes it. Lengths are those of the whole
 * send: segmentation adjusts them for each packet.
 *
 * Context: any.
 */
void unet_tx_header_fix(void *hdr, const struct unet_tx_info *info);

#endif /* _UNET_CORE_TX_CHECK_H */
