/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flow: a key of the nexus' table, owned by one channel.
 *
 * Life: unet_flow_add() (channel.ctl held) makes it findable; from then on the
 * receive path may hold it under RCU. unet_flow_remove() takes it out of table and
 * channel; what is still on a CPU's list is closed there and finds it dead. A TCP flow
 * whose reset waits behind what its chain holds stays in the table, dead, for so long. Freed
 * after the last reference and a grace period.
 *
 * References: the table and channel together hold one, each send in flight one, a
 * dump step one; and, once it is dead, the CPU that still has it on its list of
 * open batches. A flow holds one of its channel.
 */
#ifndef _UNET_FLOW_H
#define _UNET_FLOW_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/unet.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include "batch.h"
#include "core/flow_key.h"
#include "core/tx_check.h"
#include "route.h"

struct unet_chain;
struct unet_channel;
struct unet_flow;
struct unet_nexus;
struct unet_port;
struct unet_type;
struct unet_type_children;
struct unet_type_version;

/**
 * struct unet_flow_node - one entry of the table
 * @node:	in the table
 * @key:	masked; constant
 * @flow:	whose it is
 */
struct unet_flow_node {
	struct rhash_head node;
	struct unet_flow_key key;
	struct unet_flow *flow;
};

/**
 * struct unet_flow_table - flows of a nexus by key
 * @hash:	struct unet_flow_node by key
 * @ids:	struct unet_flow by unet_flow.id, for dumps
 * @next_id:	guarded by nexus.lock
 * @gen:	advanced by every add, remove and address change, so that what was
 *		looked up before it is not used after it; 64 bits, which nobody can
 *		make wrap
 * @total:	entries of @hash
 * @used:	there was an entry, or a rule when a fragment came: what begins to be
 *		gathered then is gathered to the end, though they come and go
 * @count:	entries of @hash by family (0: v4, 1: v6) and mask: masks without
 *		entries are not looked up
 */
struct unet_flow_table {
	struct rhashtable hash;
	struct xarray ids;
	u64 next_id;
	atomic64_t gen;
	atomic_t total;
	bool used;
	atomic_t count[2][UNET_MASK_COUNT];
};

/**
 * struct unet_flow_tcp - what the kernel knows of a TCP connection
 * @tracked:	@snd_nxt and @rcv_nxt mean something
 * @snd_nxt:	next sequence number the owner will send: from validated sends
 * @rcv_nxt:	last acknowledgment number the owner sent
 * @syn_sent:	@snd_nxt means something
 * @fin_sent:	the owner closed its side
 * @fin_seen:	the peer closed its side
 * @reset:	the owner reset the connection: nothing is left to reset
 *
 * Written by TX under channel.tx_lock, @fin_seen by receive.
 */
struct unet_flow_tcp {
	u8 tracked;
	u8 syn_sent;
	u8 fin_sent;
	u8 fin_seen;
	u8 reset;
	u32 snd_nxt;
	u32 rcv_nxt;
};

/**
 * struct unet_flow - see the top of this file
 * @lock:	(bh) guards @batch, @dead, @meta and the rx_* counters; inside
 *		channel.rx_lock
 * @dead:	removed: nothing joins @batch any more
 * @exclusive:	packets may end the batch: a batch limit, UNET_FLOW_UNBATCHED
 * @detour:	packets that come may not take the short way: that, or @chained
 * @chained:	intermediaries are in it
 * @chain:	from the first of them on; RCU
 * @children:	rules that take packets away by their payload, or NULL; RCU to read,
 *		unet_types.lock to write
 * @batch:	the open batch
 * @next:	in the list of the CPU that opened the batch (unet_channel_cpu.first)
 * @channel:	owner; a reference
 * @meta:	what the application registered
 * @handle:	generation << 16 | index in the owner's flows
 * @addr_gen:	unet_nexus.addr_gen when its local address was known to be the host's
 * @ce_count:	packets received with a CE mark
 * @rx_packets:	delivered
 * @rx_batches:	released
 * @rx_bytes:	delivered
 * @rx_drops:	packets lost for want of buffer or slot
 * @tcp:	state for a reset after the owner's death
 * @ref:	references
 * @adv:	entry of the advisory array: kernel writes, user reads
 * @adv_flags:	what is in @adv; guarded by channel.done_lock
 * @in_flight:	bytes handed to the device and not completed
 * @resume:	runs out when a suspended flow has nothing in flight to wait for
 * @tx:		what it may send; constant
 * @source:	last source address found configured; guarded by channel.tx_lock
 * @route:	last route; guarded by channel.tx_lock
 * @tx_packets:	after cutting; guarded by channel.tx_lock
 * @tx_bytes:	likewise
 * @tx_sends:	slots; likewise
 * @tx_dropped:	refused or dropped slots; likewise
 * @id:		unique in the nexus
 * @flags:	UNET_FLOW_* it was made with
 * @family:	4 or 6, as asked for
 * @num_nodes:	1, or 2 for a dual-stack wildcard; 0: made by a rule, @type
 * @node:	entries of the table
 * @port:	the port holder, NULL with UNET_FLOW_NO_PORTS; guarded by channel.ctl
 * @type:	the rule of packet types that delivers to it, or NULL; constant
 * @type_gen:	generation of @type, by others, that sends were last refused by; guarded by
 *		channel.tx_lock
 * @forgiven:	refused sends that may be older than that; likewise
 * @rcu:	for freeing
 */
struct unet_flow {
	/* receive, in the order it is touched */
	spinlock_t lock;
	bool dead;
	bool exclusive;
	bool detour;
	bool chained;
	struct unet_batch batch;
	struct unet_flow *next;
	struct unet_channel *channel;
	struct unet_flow_meta meta;
	u32 handle;
	u32 addr_gen;
	u32 ce_count;
	u64 rx_packets;
	u64 rx_batches;
	u64 rx_bytes;
	u64 rx_drops;
	struct unet_flow_tcp tcp;
	struct unet_chain __rcu *chain;
	struct unet_type_children __rcu *children;

	/* transmit */
	refcount_t ref ____cacheline_aligned_in_smp;
	u32 adv_flags;
	struct unet_flow_adv *adv;
	atomic_t in_flight;
	struct timer_list resume;
	struct unet_tx_flow tx;
	struct unet_local source;
	struct unet_route route;
	u64 tx_packets;
	u64 tx_bytes;
	u64 tx_sends;
	u64 tx_dropped;

	u64 id;
	u32 flags;
	u8 family;
	u8 num_nodes;
	struct unet_flow_node node[2];
	struct unet_port *port;
	struct unet_type *type;
	u32 type_gen;
	u32 forgiven;
	struct rcu_head rcu;
};

/**
 * unet_flow_table_init() - an empty table
 * @table: of a nexus
 *
 * Return: 0 or -ENOMEM.
 */
int unet_flow_table_init(struct unet_flow_table *table);

/* mirror; every flow was removed before */
void unet_flow_table_exit(struct unet_flow_table *table);

/**
 * unet_flow_table_changed() - forget what was looked up before
 * @table: table of a nexus
 *
 * Context: any.
 */
void unet_flow_table_changed(struct unet_flow_table *table);

/**
 * unet_flow_find() - the most specific flow of a received packet
 * @nx:		nexus
 * @local:	cache of the caller's for the question whether an address is local
 * @key:	complete key of the packet, UNET_MASK_5TUPLE or UNET_MASK_IP_BOTH
 * @counter:	out: why NULL, UNET_CNT_RX_HOST or UNET_CNT_RX_HOST_NOT_LOCAL
 *
 * A flow is only found when the packet's local address is the host's, at this time.
 *
 * Context: RCU read side; the flow is valid until it ends.
 * Return: flow or NULL.
 */
struct unet_flow *unet_flow_find(struct unet_nexus *nx,
				 struct unet_local *local,
				 const struct unet_flow_key *key,
				 enum unet_counter *counter);

/**
 * unet_flow_add() - UNET_IOC_FLOW_ADD
 * @ch:		LIVE channel
 * @req:	private copy of the request; answers are filled in
 *
 * Context: process, ch->ctl held.
 * Return: 0 or the errors struct unet_flow_req names.
 */
int unet_flow_add(struct unet_channel *ch, struct unet_flow_req *req);

/**
 * unet_flow_add_type() - a flow that a rule of packet types delivers to
 * @ch:		LIVE channel
 * @version:	of the rule, which says what it selects for those who look
 * @meta:	checked here
 *
 * It is not in the table. To send on it is to send what the rule in force selects.
 *
 * Context: process, ch->ctl held.
 * Return: the flow, with a reference that unet_flow_remove() drops, or ERR_PTR():
 * -EINVAL, -ENOSPC, -ENOMEM.
 */
struct unet_flow *unet_flow_add_type(struct unet_channel *ch,
				     const struct unet_type_version *version,
				     const struct unet_flow_meta *meta);

/* unet_flow_remove() flag beside UNET_DEL_*: the owner did not ask for it */
#define UNET_FLOW_OWNER_GONE	BIT(31)

/* of unet_flow_meta.flags: each packet is a batch of its own */
#define UNET_FLOW_UNBATCHED	(UNET_META_NO_BATCH | UNET_META_LOW_LATENCY)

/**
 * unet_flow_remove() - take a flow away from its channel
 * @flow:	flow, still in ch->flows
 * @flags:	UNET_DEL_*, UNET_FLOW_OWNER_GONE: peers that would wait for ever get a
 *		reset, ports of TCP linger, the owner's advice and ring say so
 *
 * Context: process, ch->ctl held; not tx_lock.
 */
void unet_flow_remove(struct unet_flow *flow, u32 flags);

/**
 * unet_flow_leave_table() - packets do not find it any more
 * @flow: flow in the table
 *
 * Context: any but hardirq.
 */
void unet_flow_leave_table(struct unet_flow *flow);

/**
 * unet_flow_set() - UNET_IOC_FLOW_SET
 * @flow:	flow
 * @meta:	private copy, checked here
 *
 * Context: process, ch->ctl held.
 * Return: 0 or -EINVAL.
 */
int unet_flow_set(struct unet_flow *flow, const struct unet_flow_meta *meta);

/**
 * unet_flow_set_chained() - intermediaries are in the flow, or not any more
 * @flow:	flow
 * @chained:	which; its owner is told
 *
 * Context: process, unet_inters.lock held.
 */
void unet_flow_set_chained(struct unet_flow *flow, bool chained);

/* a racy look is enough: who does not see it was first */
static inline bool unet_flow_chained(const struct unet_flow *flow)
{
	return unlikely(READ_ONCE(flow->chained)) &&
	       rcu_access_pointer(flow->chain);
}

void unet_flow_get(struct unet_flow *flow);

/**
 * unet_flow_put() - drop a reference
 * @flow: flow
 *
 * Context: any.
 */
void unet_flow_put(struct unet_flow *flow);

/**
 * unet_flow_next() - walk the flows of a nexus in the order of their ids
 * @nx:	nexus
 * @id:	in: smallest wanted; out: of the one returned
 *
 * Context: process.
 * Return: flow with a reference for the caller, or NULL at the end.
 */
struct unet_flow *unet_flow_next(struct unet_nexus *nx, u64 *id);

/**
 * unet_flow_state() - for dumps
 * @flow: flow
 *
 * Return: enum unet_flow_state.
 */
u32 unet_flow_state(const struct unet_flow *flow);

#endif /* _UNET_FLOW_H */
