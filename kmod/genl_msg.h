/* SPDX-License-Identifier: GPL-2.0 */
/* Messages of the family "unet": one object each, from kernel to user. */
#ifndef _UNET_GENL_MSG_H
#define _UNET_GENL_MSG_H

#include <linux/types.h>
#include <linux/unet.h>

struct genl_family;
struct net;
struct sk_buff;
struct unet_channel;
struct unet_flow;
struct unet_nexus;
struct unet_type;
struct unet_type_policy;

extern struct genl_family unet_genl_family;

/**
 * struct unet_genl_head - what a message starts with
 * @portid:	of who asked
 * @seq:	of the question
 * @flags:	NLM_F_*
 * @cmd:	enum unet_genl_cmd
 */
struct unet_genl_head {
	u32 portid;
	u32 seq;
	int flags;
	u8 cmd;
};

/* Appends the device's name and number. Context: any but hard interrupt. */
int unet_genl_put_dev(struct sk_buff *skb, const struct unet_nexus *nx);

/*
 * Each appends one message to @skb.
 *
 * Context: process, in the task that reads: pids and uids are put in its terms.
 * Return: 0, or -EMSGSIZE with @skb unchanged.
 */
int unet_genl_put_nexus(struct sk_buff *skb, const struct unet_genl_head *head,
			struct unet_nexus *nx);
int unet_genl_put_stats(struct sk_buff *skb, const struct unet_genl_head *head,
			struct unet_nexus *nx);
int unet_genl_put_channel(struct sk_buff *skb,
			  const struct unet_genl_head *head,
			  struct unet_channel *ch);
int unet_genl_put_flow(struct sk_buff *skb, const struct unet_genl_head *head,
		       struct unet_nexus *nx, struct unet_flow *flow);
int unet_genl_put_version(struct sk_buff *skb,
			  const struct unet_genl_head *head);
int unet_genl_put_type(struct sk_buff *skb, const struct unet_genl_head *head,
		       struct unet_type *type);
int unet_genl_put_policy(struct sk_buff *skb, const struct unet_genl_head *head,
			 const struct unet_type_policy *policy);

#endif /* _UNET_GENL_MSG_H */
