/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Intermediaries: processes in flows of others (R4).
 *
 *   grant ---- claimed by ----> channel (rings, buffers: one for each grant)
 *     |
 *     +-- link -- link -- ...     one for each flow and direction it is in
 *          |
 *         lane                    one direction of a flow: its links in order,
 *          |                      each with the packets it holds
 *        chain of a flow
 *
 * A lane is a pipeline under one lock: a packet enters at the first link, is held
 * there, goes on to the next when its fate is known and all before it have gone, and
 * leaves by the flow's normal way. So what comes first leaves first, whatever comes,
 * goes or dies in between. Priorities order inbound lanes from the device to the owner,
 * outbound ones the other way round.
 *
 * Life of a grant: unet_inter_grant(), from then on in nexus.inters; the first claim
 * puts it into the chains of all flows it is about, and of those that come later.
 * The claim ends with its channel; the policy acts until the next claim, or until
 * unet_inter_revoke() takes grant and links away. A nexus that is detached revokes
 * all.
 *
 * References of a grant: nexus.inters one, each link one, the channel that claimed it
 * one, a burst one, a dump step one, the work item behind its timer one.
 */
#ifndef _UNET_INTERMEDIARY_H
#define _UNET_INTERMEDIARY_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uidgid.h>
#include <linux/unet.h>
#include <linux/workqueue.h>
#include "batch.h"
#include "core/flow_key.h"
#include "core/inter_check.h"

struct bpf_prog;
struct net;
struct netlink_ext_ack;
struct sk_buff;
struct unet_channel;
struct unet_flow;
struct unet_inter;
struct unet_lane;
struct unet_nexus;
struct unet_rx_packet;

#define UNET_INTER_MAX_GRANTS	64	/* of a nexus */

/**
 * struct unet_inters - the grants of a nexus
 * @lock:	guards what is here, all lists of links, and who is in which chain
 * @list:	struct unet_inter by priority, then age
 * @num:	how many
 * @closed:	the nexus goes: no more grants, claims and links
 * @ending:	chains whose flow was removed with packets held
 * @reap:	takes those apart that hold none any more
 * @moved_lock:	(bh) guards what follows; inside of a lane's lock, nothing is inside
 * @moved:	struct unet_held to be looked up anew
 * @num_moved:	entries of @moved
 * @moving:	somebody does
 * @move_work:	does what is too much for who came first; holds the nexus
 */
struct unet_inters {
	struct mutex lock;
	struct list_head list;
	u32 num;
	bool closed;
	struct list_head ending;
	struct work_struct reap;
	spinlock_t moved_lock;
	struct list_head moved;
	u32 num_moved;
	bool moving;
	struct work_struct move_work;
};

/**
 * struct unet_held - a packet on its way through a lane
 * @queue:	in unet_link.queue; guarded by the lane's lock; then in unet_inters.moved
 * @wait:	in unet_inter.waiting while @waits
 * @link:	where it is
 * @skb:	L3 at data; a reference of ours, bytes nobody else can write
 * @info:	from parsing
 * @proto:	as unet_rx_packet.proto
 * @family:	4 or 6
 * @index:	entry of the window while @waits
 * @deadline:	jiffies; while @waits
 * @addr_gen:	unet_nexus.addr_gen when its source was checked; outbound
 * @reset:	the kernel's own, for an owner that is gone: no policy is about it
 * @waits:	for a verdict; guarded by inter.lock, as the rest
 * @shown:	it is in a queue, and was shown: counted in unet_inter.num_held
 * @unseen:	it is in a queue, and was not: counted in unet_inter.num_unseen
 * @drop:	its fate, once it does not wait
 * @twice:	likewise
 * @away:	likewise: to another port
 * @moved:	it was redirected before
 * @passed:	an intermediary that was shown it has let it go on, or made it
 * @again:	it was looked up anew because its flow was gone
 * @changed:	its bytes are not those that came: rules of its flow are asked again
 * @mover:	reference of who redirects it, while it is in unet_inters.moved; NULL: its
 *		flow is gone
 * @spare:	next that is kept, when it is none
 */
struct unet_held {
	struct list_head queue;
	struct hlist_node wait;
	struct unet_link *link;
	struct sk_buff *skb;
	struct unet_flow_info info;
	u8 proto;
	u8 family;
	u32 index;
	unsigned long deadline;
	u32 addr_gen;
	bool waits;
	bool shown;
	bool unseen;
	bool drop;
	bool twice;
	bool away;
	bool moved;
	bool passed;
	bool again;
	bool changed;
	bool reset;
	union {
		struct unet_inter *mover;
		struct unet_held *spare;
	};
};

/**
 * struct unet_link - an intermediary's place in a lane
 * @lane_node:	in unet_lane.links
 * @inter_node:	in unet_inter.links
 * @inter:	reference
 * @lane:	lane
 * @queue:	struct unet_held in the order they came; guarded by the lane's lock
 * @some:	the terms are about some packets of the flow only
 */
struct unet_link {
	struct list_head lane_node;
	struct list_head inter_node;
	struct unet_inter *inter;
	struct unet_lane *lane;
	struct list_head queue;
	bool some;
};

/**
 * struct unet_lane - one direction of a flow
 * @lock:	(bh) see the top of this file; outside of inter.lock and all that
 *		delivery takes
 * @links:	in the order packets meet them; changed under both @lock and
 *		unet_inters.lock
 * @held:	packets in all queues
 * @reset:	goes when nothing is held any more, or NULL; outbound
 * @out:	struct unet_held to be sent; outbound
 * @num_out:	entries of @out
 * @sending:	somebody does, and takes all there is or leaves it to the chain's work item
 * @flow:	whose it is
 * @outbound:	what the owner sends
 */
struct unet_lane {
	spinlock_t lock;
	struct list_head links;
	u32 held;
	struct unet_held *reset;
	struct list_head out;
	u32 num_out;
	bool sending;
	struct unet_flow *flow;
	bool outbound;
};

/**
 * struct unet_chain - both lanes of a flow; from the first link until the flow is freed
 * @lane:	inbound, outbound
 * @ending:	in unet_inters.ending; guarded by unet_inters.lock
 * @work:	lets go on what is too much for who came first; holds the flow
 * @num_links:	of both; likewise
 * @gone:	the flow was removed; guarded by the outbound lane's lock
 * @stays:	and is in the table until its reset goes, or the last link; likewise
 *
 * While there are links a reference of the flow is held.
 */
struct unet_chain {
	struct unet_lane lane[2];
	struct list_head ending;
	struct work_struct work;
	u32 num_links;
	bool gone;
	bool stays;
};

/**
 * struct unet_inter_run - packets shown and not yet put into a slot
 * @piece:	buffers
 * @token:	of the first
 * @flow:	id of their flow
 * @lane:	whose packets they are; only compared
 * @tstamp:	CLOCK_MONOTONIC ns of the first
 */
struct unet_inter_run {
	struct unet_piece piece;
	u64 token;
	u32 flow;
	const struct unet_lane *lane;
	u64 tstamp;
};

/**
 * struct unet_inter - a grant
 * @list:	in unet_inters.list
 * @ref:	see the top of this file
 * @id:		unique on the host
 * @nexus:	reference
 * @terms:	constant
 * @prog:	tells which packets are meant, or NULL; constant
 * @uid:	who may claim it
 * @armed:	was claimed once: flows have links; guarded by unet_inters.lock
 * @claimant:	the channel that is being made for it, or serves; only compared;
 *		likewise
 * @links:	struct unet_link; likewise
 * @num_flows:	flows they are in, one way or both; likewise
 * @free_work:	frees from process context
 * @lock:	(bh) guards all that follows; inside of a lane's lock, outside of
 *		channel.rx_lock
 * @state:	enum unet_inter_state
 * @dead:	revoked, or the nexus goes
 * @channel:	while SERVING; the channel's own end sees to it
 * @failed_at:	jiffies, when it came to be FAILED or BARRED, or the first packet went
 *		without a verdict, could not be shown, or was too much to wait behind
 *		others, since it last gave one
 * @silent:	there are such packets
 * @window:	tokens, while claimed
 * @held:	struct unet_held by index of @window
 * @waiting:	those that wait for a verdict, in the order they were shown
 * @last:	where the next comes in there
 * @num_held:	packets in queues that it was shown: they wait for a verdict, or for
 *		those before them
 * @bytes_held:	L3 bytes of them
 * @num_unseen:	packets in queues that it was not shown
 * @bytes_unseen: L3 bytes of them
 * @run:	see there
 * @next:	in a burst
 * @listed:	in a burst
 * @sins:	violations since the claim
 * @excused:	jiffies until which being slow is no further violation
 * @timer:	runs out when the oldest packet was held for too long
 * @expire_work: goes on where the timer ended, when many were
 * @stats:	enum unet_inter_stat
 */
struct unet_inter {
	struct list_head list;
	refcount_t ref;
	u32 id;
	struct unet_nexus *nexus;
	struct unet_inter_terms terms;
	struct bpf_prog *prog;
	kuid_t uid;
	bool armed;
	const struct unet_channel *claimant;
	struct list_head links;
	u32 num_flows;
	struct work_struct free_work;

	spinlock_t lock ____cacheline_aligned_in_smp;
	u32 state;
	bool dead;
	struct unet_channel *channel;
	unsigned long failed_at;
	bool silent;
	struct unet_inter_window window;
	struct unet_held **held;
	struct hlist_head waiting;
	struct hlist_node **last;
	u32 num_held;
	u32 bytes_held;
	u32 num_unseen;
	u32 bytes_unseen;
	struct unet_inter_run run;
	struct unet_inter *next;
	bool listed;
	u32 sins;
	unsigned long excused;
	struct timer_list timer;
	struct work_struct expire_work;
	u64 stats[UNET_INTER_CNT_COUNT];
};

/**
 * struct unet_inter_burst - intermediaries with something new to be told of
 * @first: by unet_inter.next
 *
 * One for each CPU's poll; elsewhere on the stack, with BH off from the first use
 * until unet_inter_release().
 */
struct unet_inter_burst {
	struct unet_inter *first;
};

/* ---- grants: intermediary.c -------------------------------------------- */

void unet_inters_init(struct unet_inters *inters);

/**
 * unet_inters_close() - the nexus goes: revoke all, drop what they hold
 * @nx: nexus; no packet enters any more
 *
 * Context: process, RTNL held; sleeps.
 */
void unet_inters_close(struct unet_nexus *nx);

/**
 * unet_inter_grant() - make a grant
 * @nx:		nexus; a reference is taken
 * @terms:	checked
 * @uid:	who may claim it
 * @prog:	a reference, which is taken over, or NULL
 * @id:		out
 *
 * Context: process.
 * Return: 0; -ENODEV the nexus goes; -ENOSPC UNET_INTER_MAX_GRANTS; -ENOMEM.
 */
int unet_inter_grant(struct unet_nexus *nx, const struct unet_inter_terms *terms,
		     kuid_t uid, struct bpf_prog *prog, u32 *id);

/**
 * unet_inter_revoke() - take a grant back
 * @net:	namespace of the caller
 * @id:		hostile
 *
 * Held packets go on, in order, before later ones pass. Its channel is poisoned.
 *
 * Context: process; sleeps.
 * Return: 0, or -ENOENT.
 */
int unet_inter_revoke(struct net *net, u32 id);

/**
 * unet_inter_reserve() - first step of a claim
 * @ch:		UNBOUND channel that claims
 * @net:	namespace of the caller
 * @open:	private copy of the request; answers are filled in
 *
 * Context: process; sleeps.
 * Return: grant with a reference for the caller, reserved for it; or ERR_PTR: the
 * errors struct unet_inter_open names.
 */
struct unet_inter *unet_inter_reserve(const struct unet_channel *ch,
				      struct net *net,
				      struct unet_inter_open *open);

/**
 * unet_inter_start() - last step: packets come from here on
 * @in:	reserved
 * @ch:	LIVE channel of the grant's nexus
 *
 * Context: process, ch->ctl held; sleeps.
 * Return: 0, -ENOMEM, -ENODEV the grant was revoked meanwhile.
 */
int unet_inter_start(struct unet_inter *in, struct unet_channel *ch);

/**
 * unet_inter_stop() - the claim ends; also undoes a reservation
 * @in:	grant
 * @ch:	whose claim; when it is another's by now, nothing happens
 *
 * What it holds goes the way its policy says.
 *
 * Context: process; sleeps.
 */
void unet_inter_stop(struct unet_inter *in, const struct unet_channel *ch);

/**
 * unet_inter_whose() - UNET_IOC_INTER_FLOW
 * @ch:	channel
 * @q:	private copy; answers are filled in
 *
 * Context: process; sleeps.
 * Return: 0 or the errors struct unet_inter_flow names.
 */
int unet_inter_whose(struct unet_channel *ch, struct unet_inter_flow *q);

/**
 * unet_inter_next() - walk the grants of a namespace, resumable
 * @net:	namespace
 * @id:		in: smallest wanted; out: of the one returned
 *
 * Context: process.
 * Return: grant with a reference for the caller, or NULL at the end.
 */
struct unet_inter *unet_inter_next(struct net *net, u32 *id);

void unet_inter_get(struct unet_inter *in);

/**
 * unet_inter_put() - drop a reference
 * @in: grant
 *
 * Context: any.
 */
void unet_inter_put(struct unet_inter *in);

/* ---- held packets: inter_held.c ---------------------------------------- */

/**
 * unet_held_create() - hold a packet
 * @skb: L3 at data, bytes nobody else can write; taken over when there is memory
 *
 * Context: BH off, as for those below.
 * Return: all but @skb zero, or NULL: no memory.
 */
struct unet_held *unet_held_create(struct sk_buff *skb);

/* another of the same bytes, in no queue, or NULL: no memory */
struct unet_held *unet_held_clone(const struct unet_held *h);

/* with its skb, if it still has one */
void unet_held_free(struct unet_held *h);

/* the module goes, and nothing is held */
void unet_held_exit(void);

/* ---- flows: inter_lane.c ----------------------------------------------- */

/**
 * unet_inter_flow_add() - a flow comes: put those it concerns into its chain
 * @flow: flow with its id, in no table yet
 *
 * Context: process, channel.ctl held.
 * Return: 0; -EPERM it is of low latency, and one must see it; -ENOMEM.
 */
int unet_inter_flow_add(struct unet_flow *flow);

/**
 * unet_inter_flow_stays() - a flow is about to be removed: may its chain hold on to it?
 * @flow: flow in the table
 *
 * Context: process, channel.ctl held.
 * Return: true: it is to stay in the table, and leaves it when its reset goes, or with the
 * last link.
 */
bool unet_inter_flow_stays(struct unet_flow *flow);

/**
 * unet_inter_flow_gone() - a flow was removed
 * @flow: dead flow, in no table any more unless it stays
 *
 * What was held on the way to its owner comes as if just now. What the owner sent goes on.
 *
 * Context: process, channel.ctl held.
 * Return: such is held.
 */
bool unet_inter_flow_gone(struct unet_flow *flow);

/* mirror of the first link; for the end of a flow */
void unet_inter_chain_free(struct unet_flow *flow);

/**
 * unet_inter_must_see() - is there one whom packets of a rule are not to pass by?
 * @nx:		nexus
 * @rule:	of packet types, that delivers
 *
 * Claimed or not: any grant counts whose policy is not to fail open.
 *
 * Context: process, unet_inters.lock held.
 */
bool unet_inter_must_see(struct unet_nexus *nx,
			 const struct unet_type_rule *rule);

/**
 * unet_inter_chain_text() - a flow's chain as text, "3:logger[812],7:-"
 * @flow:	flow
 * @buf:	where to; "" without a chain; of a longer one the first entries that fit
 * @size:	of @buf
 *
 * Context: process; pids are in the caller's terms.
 */
void unet_inter_chain_text(struct unet_flow *flow, char *buf, size_t size);

int unet_inter_link_flow(struct unet_inter *in, struct unet_flow *flow);
void unet_inter_unlink_all(struct unet_inter *in);
void unet_inter_settle_all(struct unet_inter *in);
void unet_inter_reap(struct work_struct *work);
struct unet_held *unet_inter_put_before(struct unet_held *h, struct sk_buff *skb);
void unet_inter_unseen(struct unet_inter *in, struct unet_held *h);

/**
 * unet_inter_settle() - let go on what may
 * @lane:	lane, its lock held
 * @burst:	of the caller
 *
 * Some hundred packets; when there are more, a work item goes on. The lock is given up
 * and taken again while packets are sent.
 *
 * Context: BH off, RCU read side.
 */
void unet_inter_settle(struct unet_lane *lane, struct unet_inter_burst *burst);

/**
 * unet_inter_rx() - a packet came for a flow with a chain
 * @flow:	flow
 * @p:		packet; a reference of its skb is taken
 * @burst:	of this CPU
 *
 * Context: softirq, RCU read side.
 * Return: true: taken; false: there is no chain, the packet is to be delivered.
 */
bool unet_inter_rx(struct unet_flow *flow, const struct unet_rx_packet *p,
		   struct unet_inter_burst *burst);

/**
 * unet_inter_move_on() - find the flows of what was redirected
 * @nx:		nexus
 * @burst:	of the caller
 *
 * One at a time does, whoever redirected it: so order is kept, and a packet that lets
 * others go on in its new flow, which are redirected in turn, takes no more stack. Of
 * many a work item does the rest.
 *
 * Context: BH off, no lock held.
 */
void unet_inter_move_on(struct unet_nexus *nx, struct unet_inter_burst *burst);
void unet_inter_move_work(struct work_struct *work);

/**
 * unet_inter_tx() - a checked packet of a flow with a chain goes out
 * @flow:	flow
 * @skb:	private packet, its route in skb_dst(); consumed
 * @info:	from the check
 * @reset:	the kernel's own, once for a flow: nobody is shown it, and it goes when
 *		all has gone that the owner sent
 *
 * Context: process, channel.tx_lock held.
 * Return: UNET_CNT_NONE or UNET_CNT_TX_NO_MEMORY.
 */
enum unet_counter unet_inter_tx(struct unet_flow *flow, struct sk_buff *skb,
				const struct unet_tx_info *info, bool reset);

/* ---- showing: inter_show.c --------------------------------------------- */

/**
 * unet_inter_show() - hold a packet, and show it to the process
 * @in:		grant, SERVING; its lock held
 * @h:		packet, which then waits
 * @burst:	of the caller
 *
 * Context: BH off.
 * Return: false: over the limits, or no room in ring or buffers.
 */
bool unet_inter_show(struct unet_inter *in, struct unet_held *h,
		     struct unet_inter_burst *burst);

/**
 * unet_inter_withdraw() - a packet does not wait any more, and nothing was decided
 * @in:		grant; its lock held
 * @h:		packet that waits
 *
 * Context: BH off.
 */
void unet_inter_withdraw(struct unet_inter *in, struct unet_held *h);

/**
 * unet_inter_decide() - a packet's wait is over
 * @in:		grant; its lock held
 * @h:		packet that waits
 * @how:	what becomes of its token
 * @drop:	its fate
 *
 * Context: BH off.
 */
void unet_inter_decide(struct unet_inter *in, struct unet_held *h,
		       enum unet_inter_token how, bool drop);

/**
 * unet_inter_blame() - count a refusal; too many violations end the claim
 * @in:		grant; its lock held
 * @why:	reason
 *
 * Being slow, which is a packet not answered in time or a backlog that is full, is
 * one violation for each hold limit it lasts, however many packets there are. A
 * verdict that comes too late is none: the packet was counted when its time was over.
 *
 * Context: BH off.
 */
void unet_inter_blame(struct unet_inter *in, enum unet_inter_stat why);

/* @h goes on, or is dropped, without a verdict: it counts; inter.lock held */
void unet_inter_miss(struct unet_inter *in, const struct unet_held *h, bool drop);

/*
 * It lets packets go without a verdict: what is granted for some time after a failure
 * counts from now, if it was not so before; inter.lock held
 */
void unet_inter_falls_behind(struct unet_inter *in);

/* what the policy says now; inter.lock held */
bool unet_inter_closed(const struct unet_inter *in);

/**
 * unet_inter_release() - the end of a burst
 * @nx:		nexus
 * @burst:	of the caller
 *
 * Sends on what was redirected; publishes what was shown, with at most one wakeup for
 * each intermediary.
 *
 * Context: BH off, no lock held.
 */
void unet_inter_release(struct unet_nexus *nx, struct unet_inter_burst *burst);

/* the hold limit acts; on many packets in the work item, which has a reference */
void unet_inter_timer(struct timer_list *timer);
void unet_inter_expire_work(struct work_struct *work);

/* ---- verdicts: inter_verdict.c ----------------------------------------- */

/**
 * unet_inter_answer() - take published verdicts
 * @ch: channel of an intermediary
 *
 * Context: process, ch->tx_lock held.
 * Return: verdicts taken, or -EIO when the channel was poisoned.
 */
int unet_inter_answer(struct unet_channel *ch);

#endif /* _UNET_INTERMEDIARY_H */
