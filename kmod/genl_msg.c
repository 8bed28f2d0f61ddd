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
#include "netif.h"
#include "nexus.h"
#include "stats.h"
#include "version.h"

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
static int put_dev(struct sk_buff *skb, const struct unet_nexus *nx)
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
	return finish(skb, msg, put_dev(skb, nx) ?:
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
	return finish(skb, msg, put_dev(skb, nx) ?:
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
	return finish(skb, msg, put_dev(skb, ch->nexus) ?:
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
	return finish(skb, msg, put_dev(skb, nx) ?:
		      put_u64(skb, UNET_A_FLOW_ID, flow->id) ?:
		      nla_put_u32(skb, UNET_A_FLOW, flow->handle) ?:
		      put_key(skb, flow) ?:
		      nla_put_u32(skb, UNET_A_FLOW_STATE,
				  unet_flow_state(flow)) ?:
		      put_owner(skb, flow->channel) ?:
		      put_traffic(skb, flow));
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
