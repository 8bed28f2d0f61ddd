/* SPDX-License-Identifier: GPL-2.0 */
/* UNET_CMD_INTER_*, whose attributes are UNET_IA_*. */
#ifndef _UNET_INTER_GENL_H
#define _UNET_INTER_GENL_H

#include <linux/unet.h>
#include <net/netlink.h>

struct genl_info;
struct netlink_callback;
struct sk_buff;

#define UNET_INTER_MAX_ATTR	(UNET_IA_COUNT - 1)

extern const struct nla_policy unet_inter_grant_policy[UNET_IA_COUNT];
extern const struct nla_policy unet_inter_revoke_policy[UNET_IA_COUNT];
extern const struct nla_policy unet_inter_get_policy[UNET_IA_COUNT];

int unet_inter_genl_grant(struct sk_buff *skb, struct genl_info *info);
int unet_inter_genl_revoke(struct sk_buff *skb, struct genl_info *info);
int unet_inter_genl_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _UNET_INTER_GENL_H */
