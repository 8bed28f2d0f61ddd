/* SPDX-License-Identifier: GPL-2.0 */
/* Packet types and their policy: an administrator's requests. */
#ifndef _UNET_GENL_TYPE_H
#define _UNET_GENL_TYPE_H

struct genl_info;
struct sk_buff;

int unet_genl_type_add(struct sk_buff *skb, struct genl_info *info);
int unet_genl_type_modify(struct sk_buff *skb, struct genl_info *info);
int unet_genl_type_priority(struct sk_buff *skb, struct genl_info *info);
int unet_genl_type_del(struct sk_buff *skb, struct genl_info *info);
int unet_genl_policy_add(struct sk_buff *skb, struct genl_info *info);
int unet_genl_policy_del(struct sk_buff *skb, struct genl_info *info);

#endif /* _UNET_GENL_TYPE_H */
