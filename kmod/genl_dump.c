// SPDX-License-Identifier: GPL-2.0
/* Dumps of nexuses, counters, channels and flows. */
#include <linux/build_bug.h>
#include <linux/netlink.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "channel.h"
#include "flow.h"
#include "genl_dump.h"
#include "genl_msg.h"
#include "nexus.h"
#include "type.h"
#include "type_policy.h"

/**
 * struct cursor - where a dump goes on; in netlink_callback.ctx
 * @flow:	smallest flow id wanted, of the nexus @flow_of
 * @flow_of:	ifindex
 * @ifindex:	smallest nexus wanted
 * @channel:	smallest channel id wanted
 * @type:	smallest id of a rule, or of a policy entry
 * @begun:	what is asked for has been found to exist
 */
struct cursor {
	u64 flow;
	int flow_of;
	int ifindex;
	u32 channel;
	u32 type;
	bool begun;
};

static struct cursor *cursor_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct cursor) > sizeof(cb->ctx));
	return (struct cursor *)cb->ctx;
}

static struct net *net_of(const struct netlink_callback *cb)
{
	return sock_net(cb->skb->sk);
}

static struct unet_genl_head head_of(const struct netlink_callback *cb, u8 cmd)
{
	return (struct unet_genl_head) {
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.cmd = cmd,
	};
}

static const char *wanted_name(struct netlink_callback *cb)
{
	const struct nlattr *attr = unet_genl_dump_attrs(cb)[UNET_A_IFNAME];

	return attr ? nla_data(attr) : NULL;
}

/* Without a filter, or with one that fits. */
static bool name_fits(const struct unet_nexus *nx, const char *name)
{
	return !name || !strncmp(nx->name, name, UNET_NAME_LEN);
}

int unet_genl_dump_begin(struct netlink_callback *cb, const struct nlattr *name,
			 bool *begun)
{
	struct unet_nexus *nx;

	if (*begun || !name)
		return 0;
	nx = unet_nexus_find(net_of(cb), nla_data(name));
	if (!nx) {
		NL_SET_ERR_MSG_ATTR(cb->extack, name,
				    "IFNAME is not an attached device of this network namespace");
		return -ENODEV;
	}
	unet_nexus_put(nx);
	*begun = true;
	return 0;
}

static int begin(struct netlink_callback *cb)
{
	return unet_genl_dump_begin(cb, unet_genl_dump_attrs(cb)[UNET_A_IFNAME],
				    &cursor_of(cb)->begun);
}

/* ---- nexuses and their counters ---------------------------------------- */

static int dump_by_nexus(struct sk_buff *skb, struct netlink_callback *cb,
			 u8 cmd,
			 int (*put)(struct sk_buff *skb,
				    const struct unet_genl_head *head,
				    struct unet_nexus *nx))
{
	struct unet_genl_head head = head_of(cb, cmd);
	const char *name = wanted_name(cb);
	struct cursor *at = cursor_of(cb);
	struct unet_nexus *nx;
	int err = begin(cb);

	while (!err && (nx = unet_nexus_next(net_of(cb), &at->ifindex))) {
		if (name_fits(nx, name))
			err = put(skb, &head, nx);
		if (!err)
			at->ifindex++;
		unet_nexus_put(nx);
	}
	return skb->len ?: err;
}

int unet_genl_dump_nexuses(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_by_nexus(skb, cb, UNET_CMD_NEXUS_GET, unet_genl_put_nexus);
}

int unet_genl_dump_stats(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_by_nexus(skb, cb, UNET_CMD_STATS_GET, unet_genl_put_stats);
}

/* ---- channels ---------------------------------------------------------- */

int unet_genl_dump_channels(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct unet_genl_head head = head_of(cb, UNET_CMD_CHANNEL_GET);
	const char *name = wanted_name(cb);
	struct cursor *at = cursor_of(cb);
	struct unet_channel *ch;
	int err = begin(cb);

	while (!err && (ch = unet_channel_next(net_of(cb), &at->channel))) {
		if (name_fits(ch->nexus, name))
			err = unet_genl_put_channel(skb, &head, ch);
		if (!err)
			at->channel++;
		unet_channel_put(ch);
	}
	return skb->len ?: err;
}

/* ---- flows ------------------------------------------------------------- */

static bool addr_fits(const struct nlattr *attr, const __be32 *addr, u8 family)
{
	int len = family == 4 ? 4 : 16;

	return !attr || (nla_len(attr) == len &&
			 !memcmp(nla_data(attr), addr, len));
}

static bool port_fits(const struct nlattr *attr, __be16 port)
{
	return !attr || nla_get_be16(attr) == port;
}

static bool owner_fits(const struct nlattr *attr, struct pid *pid)
{
	return !attr || nla_get_u32(attr) == pid_vnr(pid);
}

static bool flow_fits(struct nlattr **attrs, const struct unet_flow *flow)
{
	const struct unet_flow_key *key = &flow->node[0].key;
	const struct nlattr *proto = attrs[UNET_A_PROTO];

	return (!proto || nla_get_u8(proto) == key->proto) &&
	       port_fits(attrs[UNET_A_LOCAL_PORT], key->local_port) &&
	       port_fits(attrs[UNET_A_REMOTE_PORT], key->remote_port) &&
	       addr_fits(attrs[UNET_A_LOCAL_ADDR], key->local, key->family) &&
	       addr_fits(attrs[UNET_A_REMOTE_ADDR], key->remote, key->family) &&
	       owner_fits(attrs[UNET_A_PID], flow->channel->pid);
}

/*
 * A filter may pass over millions: give the CPU away and let a signal end it.
 * Return: 0 at the end of @nx; -EMSGSIZE: @skb is full; -EINTR.
 */
static int dump_flows_of(struct sk_buff *skb, struct netlink_callback *cb,
			 struct unet_nexus *nx)
{
	struct unet_genl_head head = head_of(cb, UNET_CMD_FLOW_GET);
	struct nlattr **attrs = unet_genl_dump_attrs(cb);
	struct cursor *at = cursor_of(cb);
	struct unet_flow *flow;
	int err = 0;

	while (!err && (flow = unet_flow_next(nx, &at->flow))) {
		if (flow_fits(attrs, flow))
			err = unet_genl_put_flow(skb, &head, nx, flow);
		if (!err)
			at->flow++;
		unet_flow_put(flow);
		cond_resched();
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
	}
	return err;
}

int unet_genl_dump_flows(struct sk_buff *skb, struct netlink_callback *cb)
{
	const char *name = wanted_name(cb);
	struct cursor *at = cursor_of(cb);
	struct unet_nexus *nx;
	int err = begin(cb);

	while (!err && (nx = unet_nexus_next(net_of(cb), &at->ifindex))) {
		if (at->flow_of != at->ifindex) {
			at->flow_of = at->ifindex;
			at->flow = 0;
		}
		if (name_fits(nx, name))
			err = dump_flows_of(skb, cb, nx);
		if (!err)
			at->ifindex++;
		unet_nexus_put(nx);
	}
	return skb->len ?: err;
}

/* ---- packet types ------------------------------------------------------ */

/* A rule for any device is one for this one, too; it need not be attached, or be. */
static bool type_fits(const struct unet_type *type, const char *name)
{
	if (!name)
		return true;
	if (type->nx)
		return name_fits(type->nx, name);
	return !type->ifname[0] || !strcmp(type->ifname, name);
}

int unet_genl_dump_types(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct unet_genl_head head = head_of(cb, UNET_CMD_TYPE_GET);
	const char *name = wanted_name(cb);
	struct cursor *at = cursor_of(cb);
	struct unet_type *type;
	int err = 0;

	while (!err && (type = unet_type_next(net_of(cb), &at->type))) {
		if (type_fits(type, name))
			err = unet_genl_put_type(skb, &head, type);
		if (!err)
			at->type++;
		unet_type_put(type);
	}
	return skb->len ?: err;
}

int unet_genl_dump_policies(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct unet_genl_head head = head_of(cb, UNET_CMD_POLICY_GET);
	struct cursor *at = cursor_of(cb);
	struct unet_type_policy policy;
	int err = 0;

	while (!err && unet_type_policy_next(net_of(cb), &at->type, &policy)) {
		err = unet_genl_put_policy(skb, &head, &policy);
		if (!err)
			at->type++;
	}
	return skb->len ?: err;
}
