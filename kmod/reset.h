/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Answering for a TCP connection whose owner is gone (R7.7).
 */
#ifndef _UNET_RESET_H
#define _UNET_RESET_H

#include <linux/compiler.h>
#include "core/wire.h"
#include "flow.h"

struct unet_nexus;
struct unet_tx_info;

/**
 * unet_reset_track() - a checked TCP send was accepted
 * @flow:	its flow
 * @info:	from the check
 *
 * Context: process, tx_lock of the flow's channel held.
 */
void unet_reset_track(struct unet_flow *flow, const struct unet_tx_info *info);

/**
 * unet_reset_seen() - a TCP segment was received
 * @flow:	its flow
 * @tcp_flags:	UNET_TCP_*
 *
 * Context: softirq.
 */
static inline void unet_reset_seen(struct unet_flow *flow, u8 tcp_flags)
{
	if (unlikely(tcp_flags & UNET_TCP_FIN))
		WRITE_ONCE(flow->tcp.fin_seen, 1);
}

/**
 * unet_reset_wanted() - is there a peer that would wait for ever?
 * @flow: flow
 *
 * Return: true for a connected TCP flow the kernel knows the numbers of, not
 * reset and not closed by both sides.
 */
bool unet_reset_wanted(const struct unet_flow *flow);

/**
 * unet_reset_send() - one RST, from tracked state, by the normal route
 * @nx:		nexus, its device still there
 * @flow:	flow, already out of the table
 *
 * Context: process, tx_lock of the flow's channel held.
 */
void unet_reset_send(struct unet_nexus *nx, struct unet_flow *flow);

#endif /* _UNET_RESET_H */
