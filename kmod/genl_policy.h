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

#endif /* _UNET_GENL_POLICY_H */
