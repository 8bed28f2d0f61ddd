/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between sk_buff and a channel's memory, both ways.
 */
#ifndef _UNET_PACKET_H
#define _UNET_PACKET_H

#include <linux/unet.h>
#include "core/flow_key.h"
#include "core/pattern.h"
#include "core/tx_check.h"

struct net_device;
struct sk_buff;
struct unet_channel;
struct unet_channel_cpu;
struct unet_flow;
struct unet_piece;
struct unet_request;

/**
 * struct unet_rx_packet - a received packet and what is known of it
 * @skb:	only read
 * @l3:		its headers in one piece
 * @info:	from parsing
 * @proto:	L4 protocol whose checksum is to be vouched for, else 0
 * @back:	bytes before skb->data that belong to it: of a frame's header
 * @moved:	an intermediary redirected it
 * @again:	its flow went while it was held
 */
struct unet_rx_packet {
	const struct sk_buff *skb;
	const void *l3;
	struct unet_flow_info info;
	u8 proto;
	u8 back;
	bool moved;
	bool again;
};

/**
 * unet_packet_in() - copy a received packet into buffers of a channel
 * @ch:		channel
 * @cc:		this CPU's part of it
 * @p:		packet
 * @piece:	out
 *
 * A packet that needs more than a small buffer goes whole into a large one if one
 * is free, else over small ones. The checksum is the device's word, or computed
 * while copying.
 *
 * Context: softirq, no lock held.
 * Return: UNET_CNT_NONE, UNET_CNT_RX_DROP_NO_BUFFER or UNET_CNT_RX_DROP_TOO_BIG.
 */
u32 unet_packet_in(struct unet_channel *ch, struct unet_channel_cpu *cc,
		   const struct unet_rx_packet *p, struct unet_piece *piece);

/**
 * unet_packet_show() - copy a packet's first bytes into buffers, for an intermediary
 * @ch:		channel
 * @cc:		this CPU's part of it
 * @p:		packet; @proto is 0
 * @bytes:	how many, at most the packet's
 * @hide:	of them so many at the front are zero, at no moment what they are
 * @piece:	out: of the whole packet
 *
 * Nothing is counted: the packet is its flow's, and comes there later.
 *
 * Context: softirq, no lock of @ch's held.
 * Return: as unet_packet_in().
 */
u32 unet_packet_show(struct unet_channel *ch, struct unet_channel_cpu *cc,
		     const struct unet_rx_packet *p, u32 bytes, u32 hide,
		     struct unet_piece *piece);

/**
 * unet_packet_has() - does a packet have these bytes?
 * @skb:	packet
 * @pattern:	sound
 * @num:	how many, all of which must hold
 * @from:	where offsets count from, in bytes from the start of data
 * @end:	where the packet ends
 *
 * Context: any.
 */
bool unet_packet_has(const struct sk_buff *skb,
		     const struct unet_pattern *pattern, u32 num, u32 from,
		     u32 end);

/**
 * unet_packet_segments_have() - do the segments of a packet have these bytes?
 * @skb:	packet
 * @info:	of it
 * @pattern:	sound
 * @num:	how many, all of which must hold in a segment
 * @all:	asked of all segments, else of any; a plain packet is one segment
 *
 * Offsets count from each segment's payload.
 *
 * Context: any.
 */
bool unet_packet_segments_have(const struct sk_buff *skb,
			       const struct unet_flow_info *info,
			       const struct unet_pattern *pattern, u32 num,
			       bool all);

/**
 * unet_packet_to_port() - another destination port for a UDP packet
 * @skb:	L3 at data; consumed
 * @l4_offset:	of the UDP header
 * @port:	new
 *
 * The checksum stays as good, or as bad, as it was.
 *
 * Context: any.
 * Return: the packet, which nobody else reads; NULL: no memory.
 */
struct sk_buff *unet_packet_to_port(struct sk_buff *skb, u32 l4_offset,
				    __be16 port);

/**
 * unet_packet_sum_good() - does the checksum hold?
 * @p: packet
 *
 * By the device's word, or computed. Protocols that we know no checksum of are good.
 *
 * Context: any but hard interrupt.
 */
bool unet_packet_sum_good(const struct unet_rx_packet *p);

/**
 * unet_packet_l4_good() - does the checksum over all of L4 hold?
 * @p: packet whose checksum is the Internet checksum over L4, in full
 *
 * For what is looked at before it is copied: ICMP.
 *
 * Context: softirq.
 */
bool unet_packet_l4_good(const struct unet_rx_packet *p);

/**
 * unet_packet_out() - make an skb of a checked send
 * @flow:	flow
 * @dev:	device it will leave by
 * @slot:	private copy, checked
 * @hdr:	header_len bytes, checked and fixed
 * @info:	from the check
 * @copy:	leave nothing in place: what is sent is judged before
 * @req:	out: NULL when all was copied, and DONE is the caller's to post; else
 *		the payload stays in place, and unet_request_end() is to be called
 *		once the skb was handed on
 *
 * Context: process, tx_lock held; sleeps.
 * Return: skb with L3 at data, or NULL: no memory.
 */
struct sk_buff *unet_packet_out(struct unet_flow *flow, struct net_device *dev,
				const struct unet_tx_slot *slot,
				const void *hdr, const struct unet_tx_info *info,
				bool copy, struct unet_request **req);

/**
 * unet_request_end() - the skb was handed on, or was not
 * @req:	from unet_packet_out(); not to be used any more
 * @status:	for DONE, which is posted when the last user of the payload is done
 *
 * Context: process, tx_lock held.
 */
void unet_request_end(struct unet_request *req, u16 status);

#endif /* _UNET_PACKET_H */
