/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dumps. Each remembers only the numbers of what comes next, so entries may come
 * and go between two reads: what was there all the time is told exactly once.
 */
#ifndef _UNET_GENL_DUMP_H
#define _UNET_GENL_DUMP_H

#include <linux/types.h>

struct netlink_callback;
struct nlattr;
struct sk_buff;

/**
 * unet_genl_dump_begin() - refuse a device that is not attached, once
 * @cb:		of the dump
 * @name:	IFNAME of the request, or NULL
 * @begun:	false at first; then it was there, and may go in the midst of the dump
 *
 * Not in a start function, because older kernels have no words for errors there.
 *
 * Return: 0, or -ENODEV with the reason in @cb.
 */
int unet_genl_dump_begin(struct netlink_callback *cb, const struct nlattr *name,
			 bool *begun);

int unet_genl_dump_nexuses(struct sk_buff *skb, struct netlink_callback *cb);
int unet_genl_dump_stats(struct sk_buff *skb, struct netlink_callback *cb);
int unet_genl_dump_channels(struct sk_buff *skb, struct netlink_callback *cb);
int unet_genl_dump_flows(struct sk_buff *skb, struct netlink_callback *cb);
int unet_genl_dump_types(struct sk_buff *skb, struct netlink_callback *cb);
int unet_genl_dump_policies(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _UNET_GENL_DUMP_H */
