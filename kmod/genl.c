// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family "unet": control and inspection. A request sees and
 * touches only what is in the network namespace of its socket.
 *
 * The family is parallel: attach and detach are serialized by RTNL, changes of packet
 * types by their registry, the rest only reads.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "genl.h"
#include "genl_dump.h"
#include "genl_msg.h"
#include "genl_policy.h"
#include "genl_type.h"
#include "inter_genl.h"
#include "netif.h"
#include "netif_addr.h"
#include "nexus.h"

/* Return: the attribute, or NULL after saying that it is missing. */
static const struct nlattr *need_ifname(struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, UNET_A_IFNAME)) {
		GENL_SET_ERR_MSG(info,
				 "IFNAME is missing: which device of this network namespace?");
		return NULL;
	}
	return info->attrs[UNET_A_IFNAME];
}

/* ---- attach and detach ------------------------------------------------- */

/* Context: RTNL held. */
static struct net_device *find_device(struct genl_info *info,
				      const struct nlattr *ifname)
{
	struct net_device *dev;

	dev = __dev_get_by_name(genl_info_net(info), nla_data(ifname));
	if (!dev)
		NL_SET_ERR_MSG_ATTR(info->extack, ifname,
				    "IFNAME is not a device of this network namespace");
	return dev;
}

static int nexus_attach(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *ifname = need_ifname(info);
	struct net_device *dev;
	int err = -ENODEV;

	if (!ifname)
		return -EINVAL;
	unet_netif_addr_watch(genl_info_net(info));
	rtnl_lock();
	dev = find_device(info, ifname);
	if (dev)
		err = unet_netif_attach(dev, info->extack);
	rtnl_unlock();
	if (err)
		NL_SET_BAD_ATTR(info->extack, ifname);
	return err;
}

static int nexus_detach(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *ifname = need_ifname(info);
	struct unet_nexus *nx = NULL;
	struct net_device *dev;

	if (!ifname)
		return -EINVAL;
	rtnl_lock();
	dev = find_device(info, ifname);
	if (dev)
		nx = unet_nexus_of(dev);
	if (nx)
		unet_netif_detach(nx);
	else if (dev)
		NL_SET_ERR_MSG_ATTR(info->extack, ifname,
				    "IFNAME is not attached");
	rtnl_unlock();
	return nx ? 0 : -ENODEV;
}

/* ---- answers of one message -------------------------------------------- */

static struct unet_genl_head head_of(const struct genl_info *info)
{
	return (struct unet_genl_head) {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.cmd = info->genlhdr->cmd,
	};
}

static int reply(struct genl_info *info, struct sk_buff *skb, int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return genlmsg_reply(skb, info);
}

static int nexus_get(struct sk_buff *request, struct genl_info *info)
{
	const struct nlattr *ifname = need_ifname(info);
	struct unet_genl_head head = head_of(info);
	struct unet_nexus *nx;
	struct sk_buff *skb;
	int err = -ENOMEM;

	if (!ifname)
		return -EINVAL;
	nx = unet_nexus_find(genl_info_net(info), nla_data(ifname));
	if (!nx) {
		NL_SET_ERR_MSG_ATTR(info->extack, ifname,
				    "IFNAME is not an attached device of this network namespace");
		return -ENODEV;
	}
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (skb)
		err = reply(info, skb, unet_genl_put_nexus(skb, &head, nx));
	unet_nexus_put(nx);
	return err;
}

static int version_get(struct sk_buff *request, struct genl_info *info)
{
	struct unet_genl_head head = head_of(info);
	struct sk_buff *skb;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	return reply(info, skb, unet_genl_put_version(skb, &head));
}

/* ---- the family -------------------------------------------------------- */

static const struct genl_ops ops[] = {
	{
		.cmd = UNET_CMD_NEXUS_ATTACH,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = unet_genl_ifname_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.doit = nexus_attach,
	},
	{
		.cmd = UNET_CMD_NEXUS_DETACH,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = unet_genl_ifname_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.doit = nexus_detach,
	},
	{
		.cmd = UNET_CMD_NEXUS_GET,
		.policy = unet_genl_ifname_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.doit = nexus_get,
		.dumpit = unet_genl_dump_nexuses,
	},
	{
		.cmd = UNET_CMD_CHANNEL_GET,
		.policy = unet_genl_ifname_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.dumpit = unet_genl_dump_channels,
	},
	{
		.cmd = UNET_CMD_FLOW_GET,
		.policy = unet_genl_flow_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.dumpit = unet_genl_dump_flows,
	},
	{
		.cmd = UNET_CMD_STATS_GET,
		.policy = unet_genl_ifname_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.dumpit = unet_genl_dump_stats,
	},
	{
		.cmd = UNET_CMD_VERSION_GET,
		.policy = unet_genl_no_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.doit = version_get,
	},
	{
		.cmd = UNET_CMD_TYPE_ADD,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = unet_genl_type_add_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.doit = unet_genl_type_add,
	},
	{
		.cmd = UNET_CMD_TYPE_MODIFY,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = unet_genl_type_modify_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.doit = unet_genl_type_modify,
	},
	{
		.cmd = UNET_CMD_TYPE_PRIORITY,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = unet_genl_type_priority_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.doit = unet_genl_type_priority,
	},
	{
		.cmd = UNET_CMD_TYPE_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = unet_genl_type_del_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.doit = unet_genl_type_del,
	},
	{
		.cmd = UNET_CMD_TYPE_GET,
		.policy = unet_genl_ifname_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.dumpit = unet_genl_dump_types,
	},
	{
		.cmd = UNET_CMD_POLICY_ADD,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = unet_genl_policy_add_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.doit = unet_genl_policy_add,
	},
	{
		.cmd = UNET_CMD_POLICY_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = unet_genl_policy_del_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.doit = unet_genl_policy_del,
	},
	{
		.cmd = UNET_CMD_POLICY_GET,
		.policy = unet_genl_no_policy,
		.maxattr = UNET_GENL_MAX_ATTR,
		.dumpit = unet_genl_dump_policies,
	},
	{
		.cmd = UNET_CMD_INTER_GRANT,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = unet_inter_grant_policy,
		.maxattr = UNET_INTER_MAX_ATTR,
		.doit = unet_inter_genl_grant,
	},
	{
		.cmd = UNET_CMD_INTER_REVOKE,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = unet_inter_revoke_policy,
		.maxattr = UNET_INTER_MAX_ATTR,
		.doit = unet_inter_genl_revoke,
	},
	{
		.cmd = UNET_CMD_INTER_GET,
		.policy = unet_inter_get_policy,
		.maxattr = UNET_INTER_MAX_ATTR,
		.dumpit = unet_inter_genl_dump,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = UNET_GENL_GROUP },
};

struct genl_family unet_genl_family __ro_after_init = {
	.name = UNET_GENL_NAME,
	.version = UNET_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/**
 * unet_genl_init() - register the family
 *
 * Return: 0 or -errno.
 */
int unet_genl_init(void)
{
	return genl_register_family(&unet_genl_family);
}

/**
 * unet_genl_exit() - unregister it; requests under way are waited for
 */
void unet_genl_exit(void)
{
	genl_unregister_family(&unet_genl_family);
}
