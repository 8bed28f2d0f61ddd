/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A channel: one open file of /dev/unet, bound to a nexus.
 *
 * States, as in INFO:
 *
 *   UNBOUND   open() was called. No arena, no nexus.
 *   LIVE      bound. All calls work.
 *   POISONED  the owner broke a rule (unet_channel_poison(), any context). Flows
 *             are out of service at once, removed by a work item; calls: EIO.
 *   DETACHED  the nexus went. Flows are gone; calls: ENODEV.
 *
 * The last two are final. Memory stays mapped, and the arena allocated, until the
 * last reference: file, flows, sends in flight.
 */
#ifndef _UNET_CHANNEL_H
#define _UNET_CHANNEL_H

#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/unet.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "batch.h"
#include "bufpool.h"
#include "kring.h"

struct pid;
struct unet_arena;
struct unet_flow;
struct unet_inter;
struct unet_nexus;
struct vm_area_struct;

/**
 * struct unet_channel - see the top of this file
 * @ctl:	outermost lock: bind, flow add, set and remove, detach, release
 * @state:	enum unet_channel_state; atomic, mirrored to INFO
 * @reason:	enum unet_poison_reason
 * @ref:	file, flows, sends in flight, dump steps
 * @id:		unique among bound channels of the host
 * @nexus:	NULL until bound; a reference, kept until the channel is freed
 * @nexus_node:	in nexus.channels; nexus.lock to change, RCU to walk
 * @attached:	it is in nexus.channels; guarded by @ctl
 * @inter:	the grant it serves, a reference; NULL: the channel has flows. Constant
 *		once LIVE
 * @arena:	NULL until bound; store-release, so mmap() needs no lock
 * @info:	in the arena, kernel writes
 * @adv:	in the arena, kernel writes
 * @rings:	views; each member says its lock
 * @pool:	receive buffers
 * @cpu:	per-CPU: touched flows, small buffers
 * @rx_lock:	(bh) RX ring; order of a flow's slots
 * @tx_lock:	TX ring, all sending
 * @done_lock:	(irqsave) DONE ring and @done_owed
 * @done_owed:	slots taken whose DONE entry is still to come
 * @abuse:	refused sends that nothing but their sender explains; guarded by @tx_lock
 * @flows:	by index; guarded by @ctl and @tx_lock to write, either to read
 * @flow_gen:	by index: generation of the last handle; guarded by @ctl to write
 * @flow_used:	bit by index: taken; guarded by @ctl
 * @flow_hint:	where the search for a free index goes on; guarded by @ctl
 * @max_flows:	length of the three
 * @num_flows:	in use; guarded by @ctl
 * @types:	rules of packet types, struct unet_type.owned; guarded by @ctl
 * @wait:	pollers and UNET_SYNC_WAIT
 * @armed:	somebody may be asleep: the next publish wakes
 * @poison_work: removes flows of a poisoned channel
 * @free_work:	frees from process context
 * @pid:	who opened it
 * @uid:	who opened it
 * @comm:	who opened it
 */
struct unet_channel {
	struct mutex ctl;
	atomic_t state;
	u32 reason;
	refcount_t ref;
	u32 id;
	struct unet_nexus *nexus;
	struct list_head nexus_node;
	bool attached;
	struct unet_inter *inter;
	struct unet_arena *arena;
	struct unet_info *info;
	struct unet_flow_adv *adv;
	struct unet_channel_cpu __percpu *cpu;

	spinlock_t rx_lock ____cacheline_aligned_in_smp;
	struct unet_krings rings;
	struct unet_bufpool pool;
	wait_queue_head_t wait;
	int armed;

	struct mutex tx_lock ____cacheline_aligned_in_smp;
	spinlock_t done_lock;
	u32 done_owed;
	u32 abuse;
	struct unet_flow **flows;
	u16 *flow_gen;
	unsigned long *flow_used;
	u32 flow_hint;
	u32 max_flows;
	u32 num_flows;
	struct list_head types;

	struct work_struct poison_work;
	struct work_struct free_work;
	struct pid *pid;
	kuid_t uid;
	char comm[TASK_COMM_LEN];
};

/**
 * unet_channel_create() - for open()
 *
 * Context: process.
 * Return: UNBOUND channel with one reference, the file's, or ERR_PTR(-ENOMEM).
 */
struct unet_channel *unet_channel_create(void);

/**
 * unet_channel_release() - for the last close of the file
 * @ch: channel; the caller's reference goes
 *
 * Removes flows, resets what is to be reset, holds ports that must linger.
 *
 * Context: process; sleeps.
 */
void unet_channel_release(struct unet_channel *ch);

/**
 * unet_channel_bind() - UNET_IOC_BIND
 * @ch:		channel
 * @bind:	private copy; answers are filled in
 *
 * Context: process; sleeps.
 * Return: 0 or the errors struct unet_bind names.
 */
int unet_channel_bind(struct unet_channel *ch, struct unet_bind *bind);

/**
 * unet_channel_inter_open() - UNET_IOC_INTER_OPEN
 * @ch:		channel
 * @open:	private copy; answers are filled in
 *
 * Context: process; sleeps.
 * Return: 0 or the errors struct unet_inter_open names.
 */
int unet_channel_inter_open(struct unet_channel *ch,
			    struct unet_inter_open *open);

/**
 * unet_channel_mmap() - map a region
 * @ch:		channel
 * @vma:	what mmap() asked for
 *
 * Context: process, mmap_lock held.
 * Return: 0, -ENOTCONN not bound, or as unet_arena_mmap().
 */
int unet_channel_mmap(struct unet_channel *ch, struct vm_area_struct *vma);

/**
 * unet_channel_flow() - by handle
 * @ch:		channel
 * @handle:	hostile
 *
 * Context: ctl or tx_lock held.
 * Return: flow, or NULL when no flow of this channel has that handle.
 */
struct unet_flow *unet_channel_flow(const struct unet_channel *ch, u32 handle);

/**
 * unet_channel_flow_ended() - did this channel once have that handle?
 * @ch:		channel
 * @handle:	hostile; of no flow there is
 *
 * Context: any.
 */
bool unet_channel_flow_ended(const struct unet_channel *ch, u32 handle);

int unet_channel_flow_add(struct unet_channel *ch, struct unet_flow_req *req);
int unet_channel_flow_del(struct unet_channel *ch, const struct unet_flow_del *del);
int unet_channel_flow_set(struct unet_channel *ch, const struct unet_flow_set *set);

/* UNET_IOC_TYPE_*; Return: 0, or as the structs name; no LIVE channel: as others */
int unet_channel_type_add(struct unet_channel *ch, struct unet_type_req *req);
int unet_channel_type_modify(struct unet_channel *ch, struct unet_type_req *req);
int unet_channel_type_priority(struct unet_channel *ch, struct unet_type_ref *ref);
int unet_channel_type_del(struct unet_channel *ch, struct unet_type_ref *ref);
int unet_channel_type_join(struct unet_channel *ch, struct unet_type_ref *ref);

/**
 * unet_channel_sync() - UNET_IOC_SYNC
 * @ch:		channel
 * @sync:	private copy; answers are filled in
 *
 * Context: process; sleeps with UNET_SYNC_WAIT.
 * Return: 0, -EIO, -ENODEV, -EINTR, -EINVAL; -ENOTCONN not bound.
 */
int unet_channel_sync(struct unet_channel *ch, struct unet_sync *sync);

/**
 * unet_channel_poll() - arm the next wakeup and say what is ready
 * @ch:		channel
 * @file:	its file
 * @table:	from poll()
 *
 * Context: process.
 * Return: EPOLLIN: RX or DONE has entries; EPOLLOUT: TX has room; EPOLLERR |
 * EPOLLHUP: poisoned, detached or not bound.
 */
__poll_t unet_channel_poll(struct unet_channel *ch, struct file *file,
			   poll_table *table);

/**
 * unet_channel_poison() - the owner broke a rule; the channel is done for
 * @ch:		channel
 * @reason:	which rule; the first one stays
 *
 * Context: any but hard interrupts, under any lock of the channel but done_lock.
 */
void unet_channel_poison(struct unet_channel *ch, enum unet_poison_reason reason);

/**
 * unet_channel_detach() - the nexus goes
 * @ch: channel, in nexus.channels
 *
 * Context: process, RTNL held by the nexus; sleeps.
 */
void unet_channel_detach(struct unet_channel *ch);

/**
 * unet_channel_wake() - wake the owner if it may be asleep
 * @ch: channel
 *
 * Context: any; after the publish it is about.
 */
void unet_channel_wake(struct unet_channel *ch);

/**
 * unet_channel_done_reserve() - is there a DONE entry for one more TX slot?
 * @ch: channel
 *
 * When there is, it is the next unet_channel_done()'s.
 *
 * Context: process, tx_lock held.
 * Return: positive: yes; 0: no; -EINVAL: poison, UNET_POISON_DONE_CURSOR.
 */
int unet_channel_done_reserve(struct unet_channel *ch);

/**
 * unet_channel_done() - a TX slot is let go: exactly once for each taken
 * @ch:		channel
 * @cookie:	of the slot
 * @status:	0 or enum unet_counter
 *
 * Context: any, hard interrupts included. Does not wake.
 */
void unet_channel_done(struct unet_channel *ch, u32 cookie, u16 status);

/**
 * unet_channel_next() - walk the bound channels of a namespace, resumable
 * @net:	namespace
 * @id:		in: smallest wanted; out: of the one returned
 *
 * Context: process.
 * Return: channel with a reference for the caller, or NULL at the end.
 */
struct unet_channel *unet_channel_next(struct net *net, u32 *id);

void unet_channel_get(struct unet_channel *ch);

/**
 * unet_channel_put() - drop a reference
 * @ch: channel
 *
 * Context: any.
 */
void unet_channel_put(struct unet_channel *ch);

/**
 * unet_channel_errno() - may a call that needs a LIVE channel go on?
 * @ch: channel
 *
 * Context: any.
 * Return: 0, or what to answer: -ENOTCONN, -EIO poisoned, -ENODEV detached.
 */
int unet_channel_errno(const struct unet_channel *ch);

/* is it LIVE? a racy look is enough for the data path */
static inline bool unet_channel_live(const struct unet_channel *ch)
{
	return atomic_read(&ch->state) == UNET_CHANNEL_LIVE;
}

#endif /* _UNET_CHANNEL_H */
