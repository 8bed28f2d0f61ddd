/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between sk_buff and a channel's memory, both ways.
 */
#ifndef _UNET_PACKET_H
#define _UNET_PACKET_H

#include <linux/unet.h>
#include "core/flow_key.h"
#include "core/tx_check.h"

struct sk_buff;
struct unet_channel;
struct unet_channel_cpu;
struct unet_flow;
struct unet_piece;

/**
 * unet_packet_in() - copy a received packet into buffers of a channel
 * @ch:		channel
 * @cc:		this CPU's part of it
 * @skb:	packet, only read
 * @key:	its key; NULL when nothing beyond the protocol of the fast compare
 * @info:	from parsing
 * @piece:	out
 *
 * A super packet goes whole into one large buffer if one is free, else over small
 * ones. The checksum is taken from the device or computed while copying.
 *
 * Context: softirq, no lock held.
 * Return: UNET_CNT_NONE, UNET_CNT_RX_DROP_NO_BUFFER or UNET_CNT_RX_DROP_TOO_BIG.
 */
u32 unet_packet_in(struct unet_channel *ch, struct unet_channel_cpu *cc,
		   const struct sk_buff *skb, u8 proto,
		   const struct unet_flow_info *info, struct unet_piece *piece);

/**
 * unet_packet_out() - make an skb of a checked send
 * @ch:		channel
 * @flow:	flow; a reference is taken when the payload stays in place
 * @slot:	private copy, checked
 * @hdr:	header_len bytes, checked and fixed
 * @info:	from the check
 * @room:	headroom the device wants
 * @held:	out: true: the payload is still the user's until the skb is freed,
 *		and DONE is posted then; false: all was copied, DONE is the caller's
 *
 * Context: process, tx_lock held.
 * Return: skb with L3 at data, or NULL: no memory.
 */
struct sk_buff *unet_packet_out(struct unet_channel *ch, struct unet_flow *flow,
				const struct unet_tx_slot *slot, const void *hdr,
				const struct unet_tx_info *info, u32 room,
				bool *held);

#endif /* _UNET_PACKET_H */
