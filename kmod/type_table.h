/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules as packets meet them: for each nexus a compiled table, swapped as a whole,
 * read under RCU.
 */
#ifndef _UNET_TYPE_TABLE_H
#define _UNET_TYPE_TABLE_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include "core/type_match.h"

struct sk_buff;
struct unet_channel;
struct unet_flow;
struct unet_flow_key;
struct unet_local;
struct unet_nexus;
struct unet_rx_packet;
struct unet_tx_info;
struct unet_type;
struct unet_type_version;
struct unet_types;

/**
 * struct unet_type_table_of - the table of a nexus
 * @rcu:	for freeing
 * @set:	compiled
 * @num:	entries of @version
 * @version:	references, in their order
 */
struct unet_type_table_of {
	struct rcu_head rcu;
	struct unet_type_set set;
	u32 num;
	struct unet_type_version *version[];
};

/**
 * struct unet_type_children - rules of a flow
 * @rcu:	for freeing
 * @num:	entries of @version
 * @version:	references, in their order
 */
struct unet_type_children {
	struct rcu_head rcu;
	u32 num;
	struct unet_type_version *version[];
};

/* ---- changing ------------------------------------------------------------ */

/**
 * unet_type_tables_prepare() - compile the tables that a change is about
 * @types:	registry, changed already, nothing published
 * @changed:	the rule that is new, or has a new version
 * @fresh:	it is new
 * @made:	list, empty; out: what was made
 * @culprit:	out: id of the rule there was no room for
 *
 * Those of its nexus, or of each that has its name; if there is none yet, one is tried.
 * Neither @changed nor any rule that has a place may be without one then; those that
 * were left out before may stay so.
 *
 * Context: process, types->lock held.
 * Return: 0; -ENOSPC (@culprit), -E2BIG too many rules for a device, -ENOMEM; then
 * @made is empty.
 */
int unet_type_tables_prepare(struct unet_types *types,
			     const struct unet_type *changed, bool fresh,
			     struct list_head *made, u32 *culprit);

/**
 * unet_type_tables_publish() - from now on packets meet them
 * @made: from unet_type_tables_prepare()
 *
 * Context: process, types->lock held.
 */
void unet_type_tables_publish(struct list_head *made);

/* or nobody does; they are freed */
void unet_type_tables_discard(struct list_head *made);

/**
 * unet_type_tables_refresh() - compile and publish, as far as it goes
 * @types:	registry
 * @only:	the one nexus concerned, or NULL: all of the namespace
 *
 * What finds no room is left out, and the kernel's log says so. When memory is short it
 * is done again later.
 *
 * Context: process, types->lock held.
 * Return: 0 or -ENOMEM.
 */
int unet_type_tables_refresh(struct unet_types *types, struct unet_nexus *only);

/**
 * unet_type_table_end() - a nexus goes
 * @nx: no packet meets its table any more
 *
 * Context: process, types->lock held.
 */
void unet_type_table_end(struct unet_nexus *nx);

/**
 * unet_type_children_set() - from now on packets of a flow meet its rules
 * @types:	registry
 * @parent:	flow
 * @culprit:	out: id of the rule there was no room for
 *
 * Context: process, types->lock held.
 * Return: 0; -ENOSPC (@culprit), -ENOMEM: packets meet the rules of before, of which
 * those that are dead are passed over. It is always 0 when there are none.
 */
int unet_type_children_set(struct unet_types *types, struct unet_flow *parent,
			   u32 *culprit);

/* ---- packets ------------------------------------------------------------- */

/**
 * unet_type_find() - the rule that counts for a received packet
 * @nx:		nexus with a table
 * @local:	the caller's cache for "is this address local"
 * @p:		parsed
 * @key:	complete
 * @alike:	out: it is the same one for all packets with such a key
 *
 * Context: softirq, RCU read side.
 * Return: valid under RCU, or NULL.
 */
const struct unet_type_version *
unet_type_find(struct unet_nexus *nx, struct unet_local *local,
	       const struct unet_rx_packet *p, const struct unet_flow_key *key,
	       bool *alike);

/**
 * unet_type_find_frame() - likewise, of what is not IP
 * @nx:		nexus
 * @skb:	frame, data behind the Ethernet header
 *
 * Context: softirq, RCU read side.
 * Return: valid under RCU, or NULL.
 */
const struct unet_type_version *
unet_type_find_frame(struct unet_nexus *nx, struct sk_buff *skb);

/**
 * unet_type_child() - who gets a packet that was found to be of a flow
 * @flow:	has children
 * @p:		parsed
 *
 * Context: softirq, RCU read side.
 * Return: flow of whoever joined the first rule whose patterns hold, or @flow.
 */
struct unet_flow *unet_type_child(struct unet_flow *flow,
				  const struct unet_rx_packet *p);

/* does it come before flows? */
static inline bool unet_type_early(const struct unet_type_rule *rule)
{
	return rule->priority < UNET_TYPE_RESERVED;
}

/**
 * unet_type_run() - what becomes of a packet
 * @version:	found
 * @skb:	packet
 * @flow:	out: to deliver to, with UNET_CNT_NONE
 * @alike:	in, out: it is the same for all packets that find this rule
 *
 * Context: softirq, RCU read side.
 * Return: UNET_CNT_NONE, or UNET_CNT_RX_TYPE_*.
 */
u32 unet_type_run(const struct unet_type_version *version, struct sk_buff *skb,
		  struct unet_flow **flow, bool *alike);

/**
 * unet_type_count() - a packet was dropped or passed by a rule
 * @type:	rule
 * @bytes:	of the packet
 *
 * Context: softirq.
 */
void unet_type_count(struct unet_type *type, u32 bytes);

/**
 * unet_type_check_send() - may this flow of a rule send this?
 * @flow:	made by a rule
 * @hdr:	private copy of the header
 * @hdr_len:	bytes of it
 * @total:	bytes of the send
 * @seg_size:	of the slot
 * @info:	out; family 0: a frame
 *
 * Context: process, channel.tx_lock held.
 * Return: UNET_CNT_NONE or why not.
 */
u32 unet_type_check_send(struct unet_flow *flow, const void *hdr, u32 hdr_len,
			 u32 total, u16 seg_size, struct unet_tx_info *info);

/**
 * unet_type_forgives() - may a refused send be older than the rule is so?
 * @flow:	made by a rule, which refused it
 *
 * Who changes a rule does not ask whoever else sends by it: as many as were on their
 * way at most are no abuse. Of what the owner's channel changes itself it is forgiven
 * nothing.
 *
 * Context: process, channel.tx_lock held.
 */
bool unet_type_forgives(struct unet_flow *flow);

/**
 * unet_type_check_sent() - does a rule drop this send?
 * @ch:		whose send it is, bound
 * @hdr:	of the send
 * @info:	of the send
 *
 * Of the rules that select it the first counts, users' rules but for their own sends left
 * out.
 *
 * Context: process.
 * Return: UNET_CNT_NONE or UNET_CNT_TX_TYPE_DROP.
 */
u32 unet_type_check_sent(const struct unet_channel *ch, const void *hdr,
			 const struct unet_tx_info *info);

#endif /* _UNET_TYPE_TABLE_H */
