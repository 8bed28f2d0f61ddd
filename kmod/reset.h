/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Answering for a TCP connection whose owner is gone (R7.7).
 */
#ifndef _UNET_RESET_H
#define _UNET_RESET_H

struct unet_flow;
struct unet_nexus;

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
