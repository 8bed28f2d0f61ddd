/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flow batch: packets of one flow in the order they came, chained through
 * DESC, from the first packet until the slot that names it is written.
 *
 * Per burst a CPU gathers: flows it opened a batch of, by channel
 * (unet_channel_cpu), and those channels (unet_rx_cpu). Closing walks both once.
 */
#ifndef _UNET_BATCH_H
#define _UNET_BATCH_H

#include <linux/types.h>

struct unet_channel;
struct unet_flow;
struct unet_rx_cpu;

#define UNET_CACHE_MAX	64

/**
 * struct unet_piece - packets in buffers: one that arrived, or all of a batch
 * @first:	buffer of the first packet; valid when @packets
 * @last:	last buffer of the chain
 * @packets:	packets, a super packet counts once
 * @segments:	packets as they were on the wire
 * @bytes:	L3 bytes
 * @flags:	UNET_RX_*
 * @seg_size:	payload of a full segment of the first super packet, or 0
 * @ce_count:	packets marked CE
 */
struct unet_piece {
	u32 first;
	u32 last;
	u32 packets;
	u32 segments;
	u32 bytes;
	u32 flags;
	u32 seg_size;
	u32 ce_count;
};

/**
 * struct unet_batch - what a slot will say; guarded by unet_flow.lock
 * @open:	the flow is on a CPU's list
 * @all:	its packets
 * @tstamp:	when the first of them came, CLOCK_MONOTONIC ns
 */
struct unet_batch {
	bool open;
	struct unet_piece all;
	u64 tstamp;
};

/**
 * struct unet_channel_cpu - what one CPU holds of a channel; its softirq's alone
 * @next:	in the list that unet_rx_cpu.touched begins
 * @listed:	it is in that list
 * @first:	first flow whose batch this CPU opened, by unet_flow.next
 * @last:	the last one
 * @packets:	delivered in this burst; likewise
 * @bytes:	likewise
 * @batches:	likewise
 * @channel:	the channel
 * @num_small:	small buffers at hand
 * @small:	their indices
 */
struct unet_channel_cpu {
	struct unet_channel_cpu *next;
	bool listed;
	struct unet_flow *first;
	struct unet_flow *last;
	u64 packets;
	u64 bytes;
	u64 batches;
	struct unet_channel *channel;
	u32 num_small;
	u32 small[UNET_CACHE_MAX];
};

/**
 * unet_batch_add() - a packet joins its flow's open batch
 * @rx:		this CPU
 * @flow:	flow
 * @piece:	the packet; its buffers become the batch's
 *
 * Context: softirq, RCU read side, no lock held.
 * Return: UNET_CNT_NONE, or why not (then the buffers are the caller's again).
 */
u32 unet_batch_add(struct unet_rx_cpu *rx, struct unet_flow *flow,
		   const struct unet_piece *piece);

/**
 * unet_batch_begin() - a batch has its first packet
 * @rx:		this CPU
 * @cc:		its part of the flow's channel
 * @flow:	flow; its batch.all is written
 *
 * Context: softirq, RCU read side, flow->lock held.
 */
void unet_batch_begin(struct unet_rx_cpu *rx, struct unet_channel_cpu *cc,
		      struct unet_flow *flow);

/**
 * unet_batch_release() - close and publish all that this CPU touched
 * @rx: this CPU
 *
 * One publish and at most one wakeup per channel.
 *
 * Context: softirq, no lock held.
 */
void unet_batch_release(struct unet_rx_cpu *rx);

/**
 * unet_batch_end() - tell the owner that the kernel removed a flow
 * @flow: dead flow of a channel that is still LIVE
 *
 * Puts and publishes a slot with UNET_RX_END if there is room, and wakes a sleeper.
 *
 * Context: process; no lock held but channel.ctl.
 */
void unet_batch_end(struct unet_flow *flow);

/**
 * unet_batch_resumed() - tell the owner that a flow may send again
 * @flow: flow that was suspended
 *
 * Puts and publishes a slot with UNET_RX_RESUMED, and wakes a sleeper. Where there is
 * no room for it the owner has slots to take, and will look.
 *
 * Context: softirq or process; no lock held.
 */
void unet_batch_resumed(struct unet_flow *flow);

#endif /* _UNET_BATCH_H */
