/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel tells the owner of a flow without being asked: the advisory
 * array of INFO, and push-back.
 *
 * A flow is suspended when device or qdisc dropped a packet of it, or when more
 * than a limit of its bytes is on the way. It is resumed when half of that is
 * left, or after a tick when nothing is on the way that could tell. The bit is
 * advice: what is sent all the same is not refused.
 */
#ifndef _UNET_ADVICE_H
#define _UNET_ADVICE_H

#include <linux/types.h>

struct unet_flow;

/* the flow's entry is @flow's from now on; nobody else sees it yet */
void unet_advice_init(struct unet_flow *flow, u32 mtu);

/**
 * unet_advice_exit() - the flow is removed
 * @flow:	flow
 * @dead:	keep the entry and mark it UNET_ADV_DEAD, else clear it
 *
 * Context: process, channel.ctl held; not tx_lock.
 */
void unet_advice_exit(struct unet_flow *flow, bool dead);

/**
 * unet_advice_mtu() - the route's MTU is now this
 * @flow:	flow
 * @mtu:	L3 bytes
 *
 * Context: any.
 */
void unet_advice_mtu(struct unet_flow *flow, u32 mtu);

/* a send was handed to the device; tx_lock held */
void unet_advice_sent(struct unet_flow *flow);

/* a send was refused or dropped; tx_lock held */
void unet_advice_dropped(struct unet_flow *flow);

/**
 * unet_advice_intermediated() - intermediaries came into the flow, or left
 * @flow:	flow
 * @now:	they are there
 *
 * Context: any.
 */
void unet_advice_intermediated(struct unet_flow *flow, bool now);

/**
 * unet_advice_push_back() - device or queueing discipline dropped a send
 * @flow: flow
 *
 * Context: process, tx_lock held.
 */
void unet_advice_push_back(struct unet_flow *flow);

/**
 * unet_advice_in_flight() - bytes go out that will be completed
 * @flow:	flow
 * @bytes:	how many
 *
 * Context: process, tx_lock held.
 */
void unet_advice_in_flight(struct unet_flow *flow, u32 bytes);

/**
 * unet_advice_completed() - and are completed
 * @flow:	flow
 * @bytes:	as many as then
 *
 * Context: any, hard interrupts included.
 */
void unet_advice_completed(struct unet_flow *flow, u32 bytes);

#endif /* _UNET_ADVICE_H */
