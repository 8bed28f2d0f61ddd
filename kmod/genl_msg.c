// SPDX-License-Identifier: GPL-2.0
/* Objects as netlink messages. */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "arena.h"
#include "channel.h"
#include "flow.h"
#include "genl_msg.h"
#include "intermediary.h"
#include "netif.h"
#include "nexus.h"
#include "stats.h"
#include "type.h"
#include "type_policy.h"
#include "version.h"

#define CHAIN_TEXT	256	/* of a longer chain the end is not told */

static void *start(struct sk_buff *skb, const struct unet_genl_head *head)
{
	return genlmsg_put(skb, head->portid, head->seq, &unet_genl_family,
			   head->flags, head->cmd);
}

/* An attribute that did not fit takes its whole message with it. */
static int finish(struct sk_buff *skb, void *msg, int err)
{
	if (err) {
		genlmsg_cancel(skb, msg);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, msg);
	return 0;
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, UNET_A_PAD);
}

/* The name may be changed while it is read: take a copy that surely ends. */
int unet_genl_put_dev(struct sk_buff *skb, const struct unet_nexus *nx)
{
	char name[UNET_NAME_LEN];

	memcpy(name, nx->name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	return nla_put_string(skb, UNET_A_IFNAME, name) ?:
	       nla_put_u32(skb, UNET_A_IFINDEX, nx->ifindex);
}

static int put_owner(struct sk_buff *skb, const struct unet_channel *ch)
{
	u32 pid = pid_vnr(ch->pid);
	u32 uid = from_kuid_munged(current_user_ns(), ch->uid);

	return nla_put_u32(skb, UNET_A_CHANNEL, ch->id) ?:
	       nla_put_u32(skb, UNET_A_PID, pid) ?:
	       nla_put_u32(skb, UNET_A_UID, uid) ?:
	       nla_put_string(skb, UNET_A_COMM, ch->comm);
}

/* ---- nexus ------------------------------------------------------------- */

static u32 count_flows(struct unet_nexus *nx, u32 *channels)
{
	struct unet_channel *ch;
	u32 flows = 0;

	mutex_lock(&nx->lock);
	list_for_each_entry(ch, &nx->channels, nexus_node)
		flows += READ_ONCE(ch->num_flows);
	*channels = nx->num_channels;
	mutex_unlock(&nx->lock);
	return flows;
}

int unet_genl_put_nexus(struct sk_buff *skb, const struct unet_genl_head *head,
			struct unet_nexus *nx)
{
	u32 channels, flows = count_flows(nx, &channels);
	void *msg = start(skb, head);

	if (!msg)
		return -EMSGSIZE;
	return finish(skb, msg, unet_genl_put_dev(skb, nx) ?:
		      nla_put_string(skb, UNET_A_HOOK,
				     unet_netif_hook_name(nx)) ?:
		      nla_put_u32(skb, UNET_A_CHANNELS, channels) ?:
		      nla_put_u32(skb, UNET_A_FLOWS, flows));
}

int unet_genl_put_stats(struct sk_buff *skb, const struct unet_genl_head *head,
			struct unet_nexus *nx)
{
	u64 sums[UNET_CNT_COUNT];
	void *msg = start(skb, head);

	if (!msg)
		return -EMSGSIZE;
	unet_stats_sum(nx->stats, sums);
	return finish(skb, msg, unet_genl_put_dev(skb, nx) ?:
		      nla_put_64bit(skb, UNET_A_COUNTERS, sizeof(sums), sums,
				    UNET_A_PAD));
}

/* ---- channel ----------------------------------------------------------- */

int unet_genl_put_channel(struct sk_buff *skb,
			  const struct unet_genl_head *head,
			  struct unet_channel *ch)
{
	const struct unet_arena *arena;
	void *msg = start(skb, head);

	if (!msg)
		return -EMSGSIZE;
	arena = smp_load_acquire(&ch->arena); /* pairs with bind's release */
	return finish(skb, msg, unet_genl_put_dev(skb, ch->nexus) ?:
		      put_owner(skb, ch) ?:
		      nla_put_u32(skb, UNET_A_STATE, atomic_read(&ch->state)) ?:
		      nla_put_u32(skb, UNET_A_REASON, READ_ONCE(ch->reason)) ?:
		      nla_put_u32(skb, UNET_A_FLOWS, READ_ONCE(ch->num_flows)) ?:
		      put_u64(skb, UNET_A_ARENA_BYTES,
			      arena ? arena->bytes : 0));
}

/* ---- flow -------------------------------------------------------------- */

static int put_local(struct sk_buff *skb, const struct unet_flow_key *key)
{
	int len = key->family == 4 ? 4 : 16;
	int err = 0;

	if (memchr_inv(key->local, 0, sizeof(key->local)))
		err = nla_put(skb, UNET_A_LOCAL_ADDR, len, key->local);
	if (!err && key->local_port)
		err = nla_put_be16(skb, UNET_A_LOCAL_PORT, key->local_port);
	return err;
}

static int put_remote(struct sk_buff *skb, const struct unet_flow_key *key)
{
	int len = key->family == 4 ? 4 : 16;
	int err = 0;

	if (memchr_inv(key->remote, 0, sizeof(key->remote)))
		err = nla_put(skb, UNET_A_REMOTE_ADDR, len, key->remote);
	if (!err && key->remote_port)
		err = nla_put_be16(skb, UNET_A_REMOTE_PORT, key->remote_port);
	return err;
}

static int put_chain(struct sk_buff *skb, struct unet_flow *flow)
{
	char text[CHAIN_TEXT];

	unet_inter_chain_text(flow, text, sizeof(text));
	return text[0] ? nla_put_string(skb, UNET_A_CHAIN, text) : 0;
}

/* What a key leaves out has no attribute. */
static int put_key(struct sk_buff *skb, const struct unet_flow *flow)
{
	const struct unet_flow_key *key = &flow->node[0].key;
	u8 family = flow->family == 4 ? AF_INET : AF_INET6;

	return nla_put_u8(skb, UNET_A_FAMILY, family) ?:
	       nla_put_u8(skb, UNET_A_PROTO, key->proto) ?:
	       put_local(skb, key) ?: put_remote(skb, key);
}

static int put_traffic(struct sk_buff *skb, const struct unet_flow *flow)
{
	u64 drops = READ_ONCE(flow->rx_drops) + READ_ONCE(flow->tx_dropped);

	return put_u64(skb, UNET_A_RX_PACKETS, READ_ONCE(flow->rx_packets)) ?:
	       put_u64(skb, UNET_A_RX_BATCHES, READ_ONCE(flow->rx_batches)) ?:
	       put_u64(skb, UNET_A_RX_BYTES, READ_ONCE(flow->rx_bytes)) ?:
	       put_u64(skb, UNET_A_TX_PACKETS, READ_ONCE(flow->tx_packets)) ?:
	       put_u64(skb, UNET_A_TX_BYTES, READ_ONCE(flow->tx_bytes)) ?:
	       put_u64(skb, UNET_A_DROPS, drops);
}

int unet_genl_put_flow(struct sk_buff *skb, const struct unet_genl_head *head,
		       struct unet_nexus *nx, struct unet_flow *flow)
{
	void *msg = start(skb, head);

	if (!msg)
		return -EMSGSIZE;
	return finish(skb, msg, unet_genl_put_dev(skb, nx) ?:
		      put_u64(skb, UNET_A_FLOW_ID, flow->id) ?:
		      nla_put_u32(skb, UNET_A_FLOW, flow->handle) ?:
		      put_key(skb, flow) ?:
		      nla_put_u32(skb, UNET_A_FLOW_STATE,
				  unet_flow_state(flow)) ?:
		      put_owner(skb, flow->channel) ?:
		      put_chain(skb, flow) ?:
		      put_traffic(skb, flow));
}

/* ---- packet types ------------------------------------------------------ */

static int put_numbers(struct sk_buff *skb, u8 layer, u8 proto, u16 first,
		       u16 last)
{
	return nla_put_u8(skb, UNET_A_LAYER, layer) ?:
	       (proto ? nla_put_u8(skb, UNET_A_PROTO, proto) : 0) ?:
	       nla_put_u32(skb, UNET_A_FIRST, first) ?:
	       nla_put_u32(skb, UNET_A_LAST, last);
}

static int put_end(struct sk_buff *skb, const struct unet_type_spec *spec,
		   int addr, const u8 *bytes, int bits, u8 num)
{
	if (!num)
		return 0;
	return nla_put(skb, addr, spec->family == AF_INET ? 4 : 16, bytes) ?:
	       nla_put_u8(skb, bits, num);
}

static int put_selection(struct sk_buff *skb, const struct unet_type_spec *spec)
{
	return put_numbers(skb, spec->layer, spec->proto, spec->first,
			   spec->last) ?:
	       nla_put_u8(skb, UNET_A_DIRECTION, spec->direction) ?:
	       (spec->family ? nla_put_u8(skb, UNET_A_FAMILY, spec->family) : 0) ?:
	       put_end(skb, spec, UNET_A_LOCAL_ADDR, spec->local,
		       UNET_A_LOCAL_BITS, spec->local_bits) ?:
	       put_end(skb, spec, UNET_A_REMOTE_ADDR, spec->remote,
		       UNET_A_REMOTE_BITS, spec->remote_bits) ?:
	       (spec->num_patterns ?
		nla_put(skb, UNET_A_PATTERNS,
			spec->num_patterns * sizeof(spec->pattern[0]),
			spec->pattern) : 0);
}

static int put_spec(struct sk_buff *skb, const struct unet_type_spec *spec)
{
	return put_selection(skb, spec) ?:
	       nla_put_u8(skb, UNET_A_ACTION, spec->action) ?:
	       (spec->extension[0] ?
		nla_put_string(skb, UNET_A_EXTENSION, spec->extension) : 0) ?:
	       nla_put_u32(skb, UNET_A_PRIORITY, spec->priority) ?:
	       nla_put_u32(skb, UNET_A_TYPE_FLAGS, spec->flags);
}

/* An administrator's rule has no channel. */
static int put_type_owner(struct sk_buff *skb, const struct unet_type *type)
{
	u32 uid = from_kuid_munged(current_user_ns(), type->uid);

	return (type->ch_id ? nla_put_u32(skb, UNET_A_CHANNEL, type->ch_id) : 0) ?:
	       nla_put_u32(skb, UNET_A_PID, pid_vnr(type->pid)) ?:
	       nla_put_u32(skb, UNET_A_UID, uid) ?:
	       nla_put_string(skb, UNET_A_COMM, type->comm);
}

static int put_type_dev(struct sk_buff *skb, const struct unet_type *type)
{
	if (type->nx)
		return unet_genl_put_dev(skb, type->nx);
	return type->ifname[0] ?
	       nla_put_string(skb, UNET_A_IFNAME, type->ifname) : 0;
}

static int put_sums(struct sk_buff *skb, struct unet_type *type)
{
	u64 packets, bytes;

	unet_type_sum(type, &packets, &bytes);
	return put_u64(skb, UNET_A_RX_PACKETS, packets) ?:
	       put_u64(skb, UNET_A_RX_BYTES, bytes);
}

int unet_genl_put_type(struct sk_buff *skb, const struct unet_genl_head *head,
		       struct unet_type *type)
{
	const struct unet_type_version *now;
	void *msg = start(skb, head);
	int err = 0;

	if (!msg)
		return -EMSGSIZE;
	rcu_read_lock();
	now = rcu_dereference(type->now);
	if (now && !READ_ONCE(type->dead))
		err = put_spec(skb, &now->spec) ?: put_type_dev(skb, type) ?:
		      nla_put_u32(skb, UNET_A_GENERATION, now->generation);
	else
		err = -ENOENT;
	rcu_read_unlock();
	if (err == -ENOENT) {
		genlmsg_cancel(skb, msg);
		return 0;
	}
	return finish(skb, msg, err ?:
		      nla_put_u32(skb, UNET_A_TYPE, type->id) ?:
		      (type->parent ? put_u64(skb, UNET_A_FLOW_ID,
					      type->parent->id) : 0) ?:
		      put_type_owner(skb, type) ?:
		      put_sums(skb, type));
}

static int put_whom(struct sk_buff *skb, const struct unet_type_policy *p)
{
	struct user_namespace *ns = current_user_ns();

	return (uid_valid(p->uid) ?
		nla_put_u32(skb, UNET_A_UID, from_kuid_munged(ns, p->uid)) : 0) ?:
	       (gid_valid(p->gid) ?
		nla_put_u32(skb, UNET_A_GID, from_kgid_munged(ns, p->gid)) : 0) ?:
	       (p->ifname[0] ?
		nla_put_string(skb, UNET_A_IFNAME, p->ifname) : 0);
}

int unet_genl_put_policy(struct sk_buff *skb, const struct unet_genl_head *head,
			 const struct unet_type_policy *policy)
{
	u8 both = UNET_TYPE_RX | UNET_TYPE_TX;
	void *msg = start(skb, head);

	if (!msg)
		return -EMSGSIZE;
	return finish(skb, msg,
		      nla_put_u32(skb, UNET_A_POLICY, policy->id) ?:
		      put_whom(skb, policy) ?:
		      put_numbers(skb, policy->layer, policy->proto,
				  policy->first, policy->last) ?:
		      nla_put_u8(skb, UNET_A_DIRECTION,
				 policy->read_only ? UNET_TYPE_RX : both) ?:
		      nla_put_u32(skb, UNET_A_ACTIONS, policy->actions) ?:
		      nla_put_u32(skb, UNET_A_MAX_TYPES, policy->max));
}

/* ---- version ----------------------------------------------------------- */

int unet_genl_put_version(struct sk_buff *skb,
			  const struct unet_genl_head *head)
{
	void *msg = start(skb, head);

	if (!msg)
		return -EMSGSIZE;
	return finish(skb, msg,
		      nla_put_string(skb, UNET_A_VERSION, UNET_VERSION) ?:
		      nla_put_u32(skb, UNET_A_ABI, UNET_ABI_VERSION));
}
