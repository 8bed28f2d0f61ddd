/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flow: a key of the nexus' table, owned by one channel.
 *
 * Life: unet_flow_add() (channel.ctl held) makes it findable; from then on the
 * receive path may hold it under RCU. unet_flow_remove() takes it out of table and
 * channel; what is still on a CPU's list is closed there and finds it dead. Freed
 * after the last reference and a grace period.
 *
 * References: the table and channel together hold one, a CPU's list of open
 * batches one, each send in flight one, a dump step one. A flow holds one of its
 * channel.
 */
#ifndef _UNET_FLOW_H
#define _UNET_FLOW_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/unet.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include "batch.h"
#include "core/flow_key.h"
#include "core/tx_check.h"

struct dst_entry;
struct net_device;
struct unet_channel;
struct unet_flow;
struct unet_nexus;
struct unet_port;
struct unet_stats;

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
 * @secret:	makes the hash unpredictable
 * @ids:	struct unet_flow by unet_flow.id, for dumps
 * @next_id:	guarded by nexus.lock
 * @gen:	advanced by every add, remove and address change, so that what was
 *		looked up before it is not used after it
 * @count:	entries of @hash by family (0: v4, 1: v6) and mask: masks without
 *		entries are not looked up
 */
struct unet_flow_table {
	struct rhashtable hash;
	struct unet_flow_secret secret;
	struct xarray ids;
	u64 next_id;
	atomic_t gen;
	atomic_t count[2][UNET_MASK_COUNT];
};

/**
 * struct unet_flow_tcp - what the kernel knows of a TCP connection
 * @tracked:	@snd_nxt and @rcv_nxt mean something
 * @snd_nxt:	next sequence number the owner will send: from validated sends
 * @rcv_nxt:	last acknowledgment number the owner sent
 * @fin_sent:	the owner closed its side
 * @fin_seen:	the peer closed its side
 * @reset:	either side reset the connection: nothing is left to reset
 *
 * Written by TX under channel.tx_lock, @fin_seen and @reset also by receive: each
 * a byte of its own, only ever set.
 */
struct unet_flow_tcp {
	u8 tracked;
	u8 fin_sent;
	u8 fin_seen;
	u8 reset;
	u32 snd_nxt;
	u32 rcv_nxt;
};

/**
 * struct unet_flow - see the top of this file
 * @lock:	(bh) guards @batch and the rx_* counters; inside channel.rx_lock
 * @dead:	removed; set under @lock, so nothing joins @batch afterwards
 * @exclusive:	every packet is closed under channel.rx_lock: batch limit or
 *		UNET_META_NO_BATCH
 * @batch:	the open batch
 * @touched:	in unet_channel_cpu.flows of the CPU that opened the batch
 * @meta:	what the application registered; guarded by @lock
 * @rx_packets:	delivered
 * @rx_batches:	released
 * @rx_bytes:	delivered
 * @rx_drops:	packets lost for want of buffer or slot
 * @ce_count:	packets received with a CE mark
 * @channel:	owner; a reference
 * @handle:	generation << 16 | index in the owner's flows
 * @id:		unique in the nexus
 * @adv:	entry of the advisory array; kernel writes, user reads
 * @ref:	references
 * @node:	table entries, @num_nodes of them: two for a dual-stack wildcard
 * @num_nodes:	1 or 2
 * @flags:	UNET_FLOW_* it was made with
 * @family:	4 or 6, as asked for
 * @tx:		what it may send; constant
 * @port:	the port holder, NULL with UNET_FLOW_NO_PORTS
 * @local_addr:	last address found to be local, for wildcard flows: {address,
 *		generation}; receive-side cache guarded by @local_seq
 * @local_seq:	writers are whoever gets it, readers retry never: a torn read is a
 *		miss
 * @dst:	route of a connected flow; guarded by channel.tx_lock
 * @dst_cookie:	for dst_check()
 * @src_gen:	nexus.addr_gen for which the source was last found configured;
 *		guarded by channel.tx_lock
 * @tcp:	state for a reset after the owner's death
 * @in_flight:	bytes handed to the device and not completed
 * @suspended:	bit 0: UNET_ADV_SUSPENDED is set
 * @tx_packets:	after cutting; guarded by channel.tx_lock
 * @tx_bytes:	likewise
 * @tx_refused:	refused or dropped; likewise
 * @rcu:	for freeing
 */
struct unet_flow {
	/* receive, in the order it is touched */
	spinlock_t lock;
	bool dead;
	bool exclusive;
	struct unet_batch batch;
	struct list_head touched;
	struct unet_channel *channel;
	struct unet_flow_meta meta;
	u32 handle;
	u32 ce_count;
	u64 rx_packets;
	u64 rx_batches;
	u64 rx_bytes;
	u64 rx_drops;
	struct unet_flow_tcp tcp;
	seqcount_t local_seq;
	u32 local_gen;
	__be32 local_addr[4];

	refcount_t ref ____cacheline_aligned_in_smp;
	struct unet_flow_adv *adv;
	struct unet_tx_flow tx;
	struct dst_entry *dst;
	u32 dst_cookie;
	u32 src_gen;
	bool src_valid;
	atomic_t in_flight;
	unsigned long suspended;
	u64 tx_packets;
	u64 tx_bytes;
	u64 tx_refused;

	u64 id;
	u32 flags;
	u8 family;
	u8 num_nodes;
	struct unet_flow_node node[2];
	struct unet_port *port;
	struct rcu_head rcu;
};

int unet_flow_table_init(struct unet_flow_table *table);
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
 * @key:	complete key of the packet, UNET_MASK_5TUPLE or UNET_MASK_IP_BOTH
 * @counter:	out: why NULL, UNET_CNT_RX_HOST or UNET_CNT_RX_HOST_NOT_LOCAL
 *
 * A flow that takes any local address is only found when the packet's is local.
 *
 * Context: RCU read side; the flow is valid until it ends.
 * Return: flow or NULL.
 */
struct unet_flow *unet_flow_find(struct unet_nexus *nx,
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
 * unet_flow_remove() - take a flow away from its channel
 * @flow:	flow, still in ch->flows
 * @flags:	UNET_DEL_*
 *
 * Context: process, ch->ctl held; not tx_lock.
 */
void unet_flow_remove(struct unet_flow *flow, u32 flags);

/**
 * unet_flow_set() - UNET_IOC_FLOW_SET
 * @flow:	flow
 * @meta:	private copy, checked here
 *
 * Context: process, ch->ctl held.
 * Return: 0 or -EINVAL.
 */
int unet_flow_set(struct unet_flow *flow, const struct unet_flow_meta *meta);

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
