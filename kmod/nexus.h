/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A nexus: a network device whose flows channels may own.
 *
 * Life, all steps under RTNL:
 *
 *   unet_nexus_create(dev)      memory, kind's own state; nobody sees it
 *   (netif takes the device's receive hook)
 *   unet_nexus_publish(nx)      channels may bind
 *   ...
 *   (netif gives the hook back and waits for RCU: no more receive)
 *   unet_nexus_detach(nx)       channels DETACHED, flows gone, device let go
 *   unet_nexus_put(nx)          freed when the last channel's file is closed
 *
 * Locks, outermost first; a lock may be taken while those before it are held:
 *
 *   RTNL > channel.ctl > unet_types.lock, unet_inters.lock > channel.tx_lock
 *        > nexus.lock > (bh) unet_lane.lock > unet_inter.lock > channel.rx_lock
 *        > flow.lock
 *
 * Leaves, under any of them: pool.lock (bh), channel.done_lock (irqsave),
 * flow table buckets. copy_from_user() and mmap_lock are never taken inside any.
 */
#ifndef _UNET_NEXUS_H
#define _UNET_NEXUS_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/refcount.h>
#include <linux/unet.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include "flow.h"
#include "intermediary.h"
#include "netif.h"
#include "stats.h"

struct unet_channel;
struct unet_nexus;
struct unet_type_table_of;

/**
 * struct unet_nexus_ops - what a kind of nexus does its own way
 * @name:	kind, for messages
 * @alloc:	memory with a zeroed struct unet_nexus at its start
 * @init:	kind's own state; @nx's common part is ready
 * @quiesce:	no packet enters any more: finish what is under way, so that
 *		no flow of @nx is on any CPU's list afterwards. Sleeps.
 * @exit:	free what @init made; called once, after @quiesce
 * @free:	mirror of @alloc
 * @send:	take published TX slots of @ch; ch->tx_lock held. Returns slots taken,
 *		or -EIO when the channel was poisoned.
 * @send_reset:	send a reset, a header only, for @flow, and count it as such when it goes;
 *		tx_lock of its channel held
 * @pass_in:	a packet has left the flow's intermediaries: deliver it. BH off, the
 *		lane's lock held; h->skb stays the caller's
 * @pass_out:	likewise: send it. BH off, no lock held; h->skb is consumed
 * @pass_anew:	a packet was redirected, or its flow is gone: as if it had just come.
 *		BH off, no lock held, RCU read side; h->skb stays the caller's. Returns
 *		false: no flow's
 */
struct unet_nexus_ops {
	const char *name;
	struct unet_nexus *(*alloc)(void);
	int (*init)(struct unet_nexus *nx);
	void (*quiesce)(struct unet_nexus *nx);
	void (*exit)(struct unet_nexus *nx);
	void (*free)(struct unet_nexus *nx);
	int (*send)(struct unet_nexus *nx, struct unet_channel *ch);
	void (*send_reset)(struct unet_flow *flow, void *hdr, u32 bytes);
	void (*pass_in)(struct unet_flow *flow, struct unet_held *h);
	void (*pass_out)(struct unet_flow *flow, struct unet_held *h);
	bool (*pass_anew)(struct unet_nexus *nx, struct unet_held *h,
			  struct unet_inter_burst *burst);
};

/**
 * struct unet_nexus - see the top of this file
 * @list:	among the published of its namespace; RCU readers, RTNL to write
 * @ops:	the kind
 * @dev:	the device; one reference from create to detach. Readers outside of
 *		RTNL and the receive hook: rcu_dereference(); NULL after detach
 * @net:	namespace of the device when attached; compared, never followed
 *		once @dying (a dying namespace detaches its nexuses first)
 * @ifindex:	of the device, kept after detach
 * @name:	of the device, changed by unet_nexus_rename() under RTNL and
 *		unet_types.lock
 * @netif:	how the device is hooked; netif.c's
 * @flows:	the flow table
 * @inters:	grants of intermediaries
 * @lock:	guards @channels, @num_channels and @dying
 * @channels:	bound channels, by unet_channel.nexus_node; RCU readers
 * @num_channels: entries of @channels
 * @dying:	no more binds and no more flows
 * @addr_gen:	counts changes of the host's addresses and routes
 * @types:	packet types: the rules that select its packets, compiled; NULL:
 *		none. RCU readers, unet_types.lock to write
 * @types_closed: it gets no more of them; guarded by unet_types.lock
 * @stats:	per-CPU counters, enum unet_counter
 * @ref:	one of the publisher, one of each bound channel, one per dump step
 * @free_work:	frees from process context, whoever drops the last reference
 */
struct unet_nexus {
	struct list_head list;
	const struct unet_nexus_ops *ops;
	struct net_device __rcu *dev;
	struct net *net;
	int ifindex;
	char name[UNET_NAME_LEN];
	struct unet_netif netif;
	struct unet_flow_table flows;
	struct unet_inters inters;
	struct mutex lock;
	struct list_head channels;
	u32 num_channels;
	bool dying;
	atomic_t addr_gen;
	struct unet_type_table_of __rcu *types;
	bool types_closed;
	struct unet_stats __percpu *stats;
	refcount_t ref;
	struct work_struct free_work;
};

/**
 * unet_nexus_create() - a nexus for a device, not visible yet
 * @dev:	device; a reference is taken
 * @ops:	kind (unet_flowswitch_ops)
 *
 * Context: process, RTNL held.
 * Return: the nexus with one reference, or ERR_PTR(-ENOMEM).
 */
struct unet_nexus *unet_nexus_create(struct net_device *dev,
				     const struct unet_nexus_ops *ops);

/**
 * unet_nexus_publish() - let channels find it
 * @nx: from unet_nexus_create(), its device hooked
 *
 * Context: process, RTNL held.
 * Return: 0, or -EEXIST when the device has a nexus.
 */
int unet_nexus_publish(struct unet_nexus *nx);

/**
 * unet_nexus_detach() - take it out of service; also undoes a create without
 *			 publish
 * @nx: nexus whose device's receive hook is gone and RCU readers of it finished
 *
 * Every channel becomes DETACHED (poll: EPOLLERR|EPOLLHUP), every flow and port is
 * let go, established TCP flows get their reset while the device still can send
 * it. Afterwards nothing refers to the device. The caller's reference stays.
 *
 * Context: process, RTNL held; sleeps.
 */
void unet_nexus_detach(struct unet_nexus *nx);

/**
 * unet_nexus_find() - by name in a namespace
 * @net:	namespace
 * @name:	NUL terminated
 *
 * Context: process.
 * Return: nexus with a reference for the caller, or NULL.
 */
struct unet_nexus *unet_nexus_find(struct net *net, const char *name);

/**
 * unet_nexus_of() - the nexus of a device
 * @dev: device
 *
 * Context: process, RTNL held, which keeps the nexus published.
 * Return: nexus without a reference, or NULL.
 */
struct unet_nexus *unet_nexus_of(const struct net_device *dev);

/**
 * unet_nexus_next() - walk the nexuses of a namespace, resumable
 * @net:	namespace
 * @ifindex:	in: smallest wanted; out: of the one returned
 *
 * Context: process.
 * Return: nexus with a reference for the caller, or NULL at the end.
 */
struct unet_nexus *unet_nexus_next(struct net *net, int *ifindex);

void unet_nexus_get(struct unet_nexus *nx);

/**
 * unet_nexus_put() - drop a reference
 * @nx: nexus
 *
 * Context: any; memory is freed from a work item.
 */
void unet_nexus_put(struct unet_nexus *nx);

/**
 * unet_nexus_rename() - the device has a new name
 * @nx:		nexus
 * @name:	new name of the device
 *
 * Context: process, RTNL held.
 */
void unet_nexus_rename(struct unet_nexus *nx, const char *name);

/**
 * unet_nexus_addr_changed() - addresses or routes of a namespace changed
 * @net: namespace
 *
 * Cached answers ("is this address local", source checks, last flows) become stale at
 * once, and again when who holds RTNL has let it go: he may tell of a change before he
 * makes it. Then unet_info.addr_gen of every channel in @net is advanced.
 *
 * Context: any (address notifiers may be atomic); not from hard interrupts.
 */
void unet_nexus_addr_changed(struct net *net);

/**
 * unet_nexus_mtu() - largest L3 packet of the device
 * @nx: nexus
 *
 * Context: any.
 * Return: bytes; 0 after detach.
 */
u32 unet_nexus_mtu(struct unet_nexus *nx);

/**
 * unet_nexus_mtu_changed() - the device's MTU changed
 * @nx: nexus
 *
 * Refreshes unet_flow_adv.mtu of its flows.
 *
 * Context: process, RTNL held.
 */
void unet_nexus_mtu_changed(struct unet_nexus *nx);

/* Everything that is freed or undone later; flushed by unet_nexus_exit(). */
extern struct workqueue_struct *unet_nexus_wq;

int unet_nexus_init(void);

/**
 * unet_nexus_exit() - wait until every nexus has been freed
 *
 * For module exit, after all were detached and no file is open.
 * Context: process; sleeps.
 */
void unet_nexus_exit(void);

#endif /* _UNET_NEXUS_H */
