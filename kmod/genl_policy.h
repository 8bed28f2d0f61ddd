/* SPDX-License-Identifier: GPL-2.0 */
/* Which attributes a request may have, and what is said of a wrong one. */
#ifndef _UNET_GENL_POLICY_H
#define _UNET_GENL_POLICY_H

#include <linux/unet.h>
#include <net/netlink.h>

#define UNET_GENL_MAX_ATTR	(UNET_A_COUNT - 1)

extern const struct nla_policy unet_genl_no_policy[UNET_A_COUNT];
extern const struct nla_policy unet_genl_ifname_policy[UNET_A_COUNT];
extern const struct nla_policy unet_genl_flow_policy[UNET_A_COUNT];
extern const struct nla_policy unet_genl_type_add_policy[UNET_A_COUNT];
extern const struct nla_policy unet_genl_type_modify_policy[UNET_A_COUNT];
extern const struct nla_policy unet_genl_type_priority_policy[UNET_A_COUNT];
extern const struct nla_policy unet_genl_type_del_policy[UNET_A_COUNT];
extern const struct nla_policy unet_genl_policy_add_policy[UNET_A_COUNT];
extern const struct nla_policy unet_genl_policy_del_policy[UNET_A_COUNT];

/*
 * What is said of attributes that more than one family of requests has: 0, or -EINVAL
 * with what is allowed in @extack.
 */
int unet_genl_check_ifname(const struct nlattr *attr,
			   struct netlink_ext_ack *extack);
int unet_genl_check_local_addr(const struct nlattr *attr,
			       struct netlink_ext_ack *extack);
int unet_genl_check_remote_addr(const struct nlattr *attr,
				struct netlink_ext_ack *extack);
int unet_genl_check_local_port(const struct nlattr *attr,
			       struct netlink_ext_ack *extack);
int unet_genl_check_remote_port(const struct nlattr *attr,
				struct netlink_ext_ack *extack);
int unet_genl_check_proto(const struct nlattr *attr,
			  struct netlink_ext_ack *extack);
int unet_genl_check_patterns(const struct nlattr *attr,
			     struct netlink_ext_ack *extack);

#endif /* _UNET_GENL_POLICY_H */
