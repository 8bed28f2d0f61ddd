/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dumps. Each remembers only the numbers of what comes next, so entries may come
 * and go between two reads: what was there all the time is told exactly once.
 */
#ifndef _UNET_GENL_DUMP_H
#define _UNET_GENL_DUMP_H

struct netlink_callback;
struct sk_buff;

int unet_genl_dump_nexuses(struct sk_buff *skb, struct netlink_callback *cb);
int unet_genl_dump_stats(struct sk_buff *skb, struct netlink_callback *cb);
int unet_genl_dump_channels(struct sk_buff *skb, struct netlink_callback *cb);
int unet_genl_dump_flows(struct sk_buff *skb, struct netlink_callback *cb);
int unet_genl_dump_types(struct sk_buff *skb, struct netlink_callback *cb);
int unet_genl_dump_policies(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _UNET_GENL_DUMP_H */
