/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flowswitch: the kind of nexus that shares a device with the host.
 *
 * In (flowswitch_rx.c): the device's receive hook hands every packet to
 * unet_flowswitch_rx(). A packet of a flow is copied into its channel's memory and
 * joins the flow's open batch; all else stays the host's. The first packet puts
 * the flow on this CPU's list and schedules this CPU's NAPI, whose poll runs after
 * the device's own in the same softirq and releases every open batch.
 *
 * Out (flowswitch_tx.c): UNET_IOC_SYNC takes TX slots, checks private copies of
 * slot and header against the flow, and hands skbs whose payload is the arena's own
 * pages to the host's neighbour and queueing layers.
 */
#ifndef _UNET_FLOWSWITCH_H
#define _UNET_FLOWSWITCH_H

#include <linux/netdevice.h>
#include "core/flow_key.h"
#include "nexus.h"

struct sk_buff;
struct unet_channel;
struct unet_flow;
struct unet_type;

#define UNET_KNOWN_BITS	11	/* 2,048 flows, 128 KiB for each CPU */

/**
 * struct unet_rx_known - what a packet was found to belong to, for the next like it
 * @fast:	addresses and ports, as in the packet
 * @flow:	with UNET_CNT_NONE
 * @type:	else: the rule that said so, or NULL
 * @gen:	unet_flow_table.gen before the look-up; @flow and @type are valid while
 *		it stands
 * @why:	UNET_CNT_NONE, or why there is no flow
 */
struct unet_rx_known {
	struct unet_flow_fast fast;
	union {
		struct unet_flow *flow;
		struct unet_type *type;
	};
	u64 gen;
	u32 why;
} ____cacheline_aligned;

/**
 * struct unet_rx_cpu - receive state of one CPU, touched only by its softirq
 * @napi:	closes the batches at the end of a burst
 * @fs:		the flowswitch
 * @touched:	first channel touched in this burst, by unet_channel_cpu.next
 * @last:	the last one
 * @burst:	intermediaries that were shown something
 * @known:	by a hash of addresses and ports, 1 << UNET_KNOWN_BITS
 * @tstamp:	CLOCK_MONOTONIC ns, read at the first packet of a burst
 * @local:	last local addresses, IPv4 and IPv6
 * @headers:	where headers that are not in one piece are put together
 */
struct unet_rx_cpu {
	struct napi_struct napi;
	struct unet_flowswitch *fs;
	struct unet_channel_cpu *touched;
	struct unet_channel_cpu *last;
	struct unet_inter_burst burst;
	struct unet_rx_known *known;
	u64 tstamp;
	struct unet_local local[2];
	u8 headers[UNET_ICMP_MAX_NEED];
};

/**
 * struct unet_flowswitch - see the top of this file
 * @nx:		common part, first
 * @rx:		per-CPU receive state
 * @napi_dev:	dummy device that carries the NAPIs
 */
struct unet_flowswitch {
	struct unet_nexus nx;
	struct unet_rx_cpu __percpu *rx;
	struct net_device *napi_dev;
};

extern const struct unet_nexus_ops unet_flowswitch_ops;

/**
 * unet_flowswitch_rx() - a packet came in
 * @nx:		nexus of the device
 * @skb:	packet, skb->data at the L3 header; may be shared: only read
 *
 * Context: softirq (or BH off), RCU read side; between publish and the end of the
 * hook's last reader.
 * Return: true: consumed, @skb is gone; false: it is the host's, untouched.
 */
bool unet_flowswitch_rx(struct unet_nexus *nx, struct sk_buff *skb);

/* unet_nexus_ops.send, .send_reset, .pass_in, .pass_out and .pass_anew */
int unet_flowswitch_send(struct unet_nexus *nx, struct unet_channel *ch);
void unet_flowswitch_send_reset(struct unet_flow *flow, void *hdr, u32 bytes);
void unet_flowswitch_pass_in(struct unet_flow *flow, struct unet_held *h);
void unet_flowswitch_pass_out(struct unet_flow *flow, struct unet_held *h);
bool unet_flowswitch_pass_anew(struct unet_nexus *nx, struct unet_held *h,
			       struct unet_inter_burst *burst);

#endif /* _UNET_FLOWSWITCH_H */
