/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The packet-type registry of a network namespace.
 *
 *   unet_types ──> unet_type ──> unet_type_version (the rule in force)
 *   (a namespace)  (id, owner)      ▲
 *        nexus ──> unet_type_table ─┘   compiled, immutable, read under RCU
 *
 * A rule (struct unet_type) has an id, an owner and flows to deliver to. What it
 * selects and does is a version, which never changes: to modify a rule is to make
 * another version, compile the tables that it is in, and swap each table's pointer and
 * the rule's own, which sends are held against. A change that is refused on the way was
 * never in force. A packet sees the one table or the other. Then the flow tables' generations move
 * on, so that nothing found before is used after (flowswitch_rx.c).
 *
 * A channel's rule is for the nexus of the channel, whatever its device is called,
 * and dies with the file, before the channel's flows do. The administrator's rules
 * are for any device, or for whichever device has a name now; they wait where there
 * is none, and live as long as the namespace.
 *
 * A rule of a flow (UNET_TYPE_OF_FLOW) is in no table but in an array at its parent,
 * which is swapped likewise. It has no flow of its own, only that of who joined it,
 * and ends with its parent.
 *
 * A rule that died is dead at once: tables that still have it pass it over. They
 * are compiled anew, and if memory is short then, again later.
 */
#ifndef _UNET_TYPE_H
#define _UNET_TYPE_H

#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/uidgid.h>
#include <linux/unet.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include "core/type_match.h"

struct bpf_prog;
struct pid;
struct unet_channel;
struct unet_extension;
struct unet_flow;
struct unet_nexus;
struct unet_port;
struct unet_type;

/**
 * struct unet_types - the registry of a namespace
 * @lock:	guards all of it; inside channel.ctl
 * @rules:	struct unet_type.node, in the order packets meet them
 * @by_id:	the same; RCU to read
 * @next_id:	where the search for a free id goes on
 * @total:	entries
 * @policies:	struct unet_type_policy.node
 * @next_policy: id of the next
 * @refresh:	compiles again what could not be compiled for want of memory
 * @net:	the namespace
 */
struct unet_types {
	struct mutex lock;
	struct list_head rules;
	struct xarray by_id;
	u32 next_id;
	u32 total;
	struct list_head policies;
	u32 next_policy;
	struct delayed_work refresh;
	struct net *net;
};

/**
 * struct unet_type_stats - what a rule did itself, on one CPU
 * @packets:	dropped or passed to the host; delivered ones are counted by flow
 * @bytes:	of them
 */
struct unet_type_stats {
	u64 packets;
	u64 bytes;
};

/**
 * struct unet_type - a rule
 * @node:	in unet_types.rules
 * @owned:	in unet_channel.types; guarded by channel.ctl
 * @id:		of it
 * @dead:	passed over from now on
 * @ch:		owner, or NULL: the administrator. Valid until it is dead
 * @ch_id:	id of @ch, or 0
 * @nx:		nexus of @ch, or NULL; a reference
 * @ifname:	of the administrator's: the device, or "": any
 * @uid:	of the owner
 * @pid:	of the owner; a reference
 * @comm:	of the owner
 * @now:	the version in force; RCU to read
 * @coming:	the version that is to be compiled in its place, or NULL
 * @parent:	flow of @ch whose packets it is asked for, or NULL: no flow's; a
 *		reference, constant
 * @flow:	to deliver to: the owner's, then the members'. References; RCU to read.
 *		They stay while the rule delivers nothing, and send nothing then
 * @member:	channels of the members, from 1 on; references
 * @ports:	holders of the ports, or NULL
 * @num_ports:	entries
 * @first_port:	number of the first
 * @stats:	per CPU
 * @types:	the registry
 * @members:	takes leave of the members
 * @ref:	registry, versions, members, dump steps
 * @rcu:	for freeing
 *
 * Guarded by unet_types.lock where nothing else is said.
 */
struct unet_type {
	struct list_head node;
	struct list_head owned;
	u32 id;
	bool dead;
	struct unet_channel *ch;
	u32 ch_id;
	struct unet_nexus *nx;
	char ifname[UNET_NAME_LEN];
	kuid_t uid;
	struct pid *pid;
	char comm[TASK_COMM_LEN];
	struct unet_type_version __rcu *now;
	struct unet_type_version *coming;
	struct unet_flow *parent;
	struct unet_flow __rcu *flow[1 + UNET_TYPE_MEMBERS];
	struct unet_channel *member[1 + UNET_TYPE_MEMBERS];
	struct unet_port **ports;
	u32 num_ports;
	u16 first_port;
	struct unet_type_stats __percpu *stats;
	struct unet_types *types;
	struct work_struct members;
	refcount_t ref;
	struct rcu_head rcu;
};

/**
 * struct unet_type_version - what a rule selects and does; constant
 * @generation:	1, and one more for each version of the rule
 * @imposed:	generation of the last that its channel did not ask for, or 0
 * @rule:	what it selects
 * @spec:	as it was granted
 * @type:	whose it is; a reference
 * @prog:	of UNET_TYPE_BPF; a reference
 * @ext:	of UNET_TYPE_EXTENSION; a reference
 * @ref:	the rule while it is in force, each table
 * @rcu:	for freeing
 */
struct unet_type_version {
	u32 generation;
	u32 imposed;
	struct unet_type_rule rule;
	struct unet_type_spec spec;
	struct unet_type *type;
	struct bpf_prog *prog;
	struct unet_extension *ext;
	refcount_t ref;
	struct rcu_head rcu;
};

/*
 * What a rule selects and does, for whoever changes rules: while it is replaced, what is
 * to come. Who holds packets and sends against it reads @now, which changes only when the
 * tables do. Context: the registry's lock held.
 */
static inline struct unet_type_version *
unet_type_version_of(const struct unet_type *type)
{
	return type->coming ?:
	       rcu_dereference_protected(type->now,
					 lockdep_is_held(&type->types->lock));
}

/* May packets that a rule selects come to its channel? Else its flow lies idle. */
static inline bool unet_type_delivers(const struct unet_type_spec *spec)
{
	return spec->action == UNET_TYPE_DELIVER ||
	       spec->action == UNET_TYPE_BPF ||
	       spec->action == UNET_TYPE_EXTENSION;
}

struct unet_types *unet_types_of(struct net *net);

/* ---- calls on a channel -------------------------------------------------- */

/*
 * UNET_IOC_TYPE_*; private copies of the requests, answers are filled in, with an
 * error too. Context: process, ch->ctl held, LIVE. Return: as the structs name.
 */
int unet_type_add(struct unet_channel *ch, struct unet_type_req *req);
int unet_type_modify(struct unet_channel *ch, struct unet_type_req *req);
int unet_type_priority(struct unet_channel *ch, struct unet_type_ref *ref);
int unet_type_del(struct unet_channel *ch, struct unet_type_ref *ref);
int unet_type_join(struct unet_channel *ch, struct unet_type_ref *ref);

/**
 * unet_type_channel_ends() - its rules end, and it leaves those of others
 * @ch: channel, bound
 *
 * Context: process, ch->ctl held.
 */
void unet_type_channel_ends(struct unet_channel *ch);

/**
 * unet_type_flow_ends() - rules of a flow end before it
 * @flow: of a channel, made by no rule
 *
 * Context: process, ctl of its channel held.
 */
void unet_type_flow_ends(struct unet_flow *flow);

/* ---- calls of the administrator ------------------------------------------ */

/**
 * struct unet_type_order - what an administrator wants
 * @net:	namespace
 * @ifname:	device, or "": any
 * @spec:	in: wanted; out: in force
 * @id:		in: which, to change or remove one; out: of a new one
 * @generation:	out
 * @reason:	out: enum unet_type_reason
 * @conflict:	out: the rule that @reason is about, or 0
 * @priority_only: leave the rest of the rule as it is
 */
struct unet_type_order {
	struct net *net;
	char ifname[UNET_NAME_LEN];
	struct unet_type_spec spec;
	u32 id;
	u32 generation;
	u32 reason;
	u32 conflict;
	bool priority_only;
};

/* Context: process; the caller has CAP_NET_ADMIN. Return: 0 or -errno. */
int unet_type_order_add(struct unet_type_order *order);
int unet_type_order_modify(struct unet_type_order *order);

/**
 * unet_type_order_del() - remove any rule of a namespace, channels' too
 * @net:	namespace
 * @id:		of the rule
 *
 * A channel whose rule it was keeps running; its handle says UNET_RX_END.
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOENT.
 */
int unet_type_order_del(struct net *net, u32 id);

/* ---- what befalls a nexus ------------------------------------------------ */

/**
 * unet_type_nexus_begins() - compile what the namespace's rules say of it
 * @nx: published
 *
 * Context: process, RTNL held.
 * Return: 0 or -ENOMEM.
 */
int unet_type_nexus_begins(struct unet_nexus *nx);

/**
 * unet_type_nexus_renamed() - it has another name, and other rules are for it now
 * @nx:		published
 * @name:	the new one
 *
 * Which rules are for a nexus does not change under who goes through them: the name
 * is written with the registry's lock.
 *
 * Context: process, RTNL held.
 */
void unet_type_nexus_renamed(struct unet_nexus *nx, const char *name);

/**
 * unet_type_nexus_ends() - no more rules for it
 * @nx: without channels, and without receive
 *
 * Context: process, RTNL held.
 */
void unet_type_nexus_ends(struct unet_nexus *nx);

/* ---- inspection ---------------------------------------------------------- */

/**
 * unet_type_next() - walk the rules of a namespace by id, resumable
 * @net:	namespace
 * @id:		in: smallest wanted; out: of the one returned
 *
 * Context: process.
 * Return: rule with a reference for the caller, or NULL at the end.
 */
struct unet_type *unet_type_next(struct net *net, u32 *id);

/**
 * unet_type_sum() - packets and bytes a rule has decided about
 * @type:	rule
 * @packets:	out
 * @bytes:	out
 *
 * Context: process.
 */
void unet_type_sum(struct unet_type *type, u64 *packets, u64 *bytes);

void unet_type_get(struct unet_type *type);
void unet_type_put(struct unet_type *type);

/* version references; Context: any */
void unet_type_version_get(struct unet_type_version *version);
void unet_type_version_put(struct unet_type_version *version);

int unet_type_init(void);
void unet_type_exit(void);

#endif /* _UNET_TYPE_H */
