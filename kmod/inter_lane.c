// SPDX-License-Identifier: GPL-2.0
/*
 * Lanes: which intermediaries are in a flow, and how packets go from one to the
 * next. Packets only ever move forward, so one pass over the links of a lane lets go
 * all that may.
 */
#include <linux/ctype.h>
#include <linux/filter.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "advice.h"
#include "channel.h"
#include "flow.h"
#include "intermediary.h"
#include "nexus.h"
#include "packet.h"
#include "stats.h"
#include "type.h"

/* Packets a link keeps that could not be shown, as a multiple of its backlog. */
#define UNSEEN_FACTOR	2

/* Packets that go on in one go with BH off: through a link, to the device, elsewhere. */
#define SETTLE_MAX	256u
#define SEND_MAX	256u
#define MOVE_MAX	256u

/* Those that nobody held and the device is too slow for; those redirected. */
#define OUT_MAX		UNET_INTER_MAX_BACKLOG
#define MOVED_MAX	UNET_INTER_MAX_BACKLOG

/* ---- packets ----------------------------------------------------------- */

/**
 * unet_inter_put_before() - a packet of the intermediary's own
 * @h:		held packet, before which it goes
 * @skb:	consumed, when true
 *
 * It is described, and counted as unseen, by the caller.
 *
 * Context: both locks of @h's place held.
 * Return: it, or NULL: no memory.
 */
struct unet_held *unet_inter_put_before(struct unet_held *h, struct sk_buff *skb)
{
	struct unet_held *own = unet_held_create(skb);

	if (!own)
		return NULL;
	own->link = h->link;
	own->family = h->family;
	own->addr_gen = h->addr_gen;
	own->moved = h->moved;
	own->passed = true;
	list_add_tail(&own->queue, &h->queue);
	h->link->lane->held++;
	return own;
}

static bool others_write(struct sk_buff *skb)
{
	struct sk_buff *part;

	if (skb_zcopy(skb) || skb_has_shared_frag(skb))
		return true;
	/* GRO and reassembly leave what each part is with the part. */
	skb_walk_frags(skb, part)
		if (skb_zcopy(part) || skb_has_shared_frag(part))
			return true;
	return false;
}

/*
 * What was received may lie in pages that somebody can still write: a file's, or a
 * sender's. What is judged must be what goes on.
 */
static struct sk_buff *own(struct sk_buff *skb)
{
	if (others_write(skb))
		return skb_copy(skb, GFP_ATOMIC);
	/* A socket that tc chose for it may have no reference: it is good under RCU. */
	if (skb_sk_is_prefetched(skb))
		skb_orphan(skb);
	return skb_get(skb);
}

static void drop(struct unet_lane *lane, struct unet_held *h)
{
	struct unet_flow *flow = lane->flow;

	unet_count(flow->channel->nexus, lane->outbound ?
		   UNET_CNT_TX_DROP_INTER : UNET_CNT_RX_DROP_INTER);
	if (!lane->outbound) {
		spin_lock(&flow->lock);
		flow->rx_drops++;
		spin_unlock(&flow->lock);
	}
	unet_held_free(h);
}

/* ---- moving on --------------------------------------------------------- */

static bool concerns(const struct unet_inter *in, const struct unet_held *h,
		     bool outbound)
{
	u8 l3[UNET_FLOW_MAX_NEED];
	u32 need = min_t(u32, sizeof(l3), h->skb->len);
	struct unet_flow_info info;
	struct unet_flow_key key;

	return !skb_copy_bits(h->skb, 0, l3, need) &&
	       !unet_flow_key_parse(l3, need, h->skb->len, !outbound, &key,
				    &info) &&
	       unet_inter_match(&in->terms, &key) != UNET_MATCH_NO;
}

/* Does it want just this packet of a flow that it is about? */
static bool wants(const struct unet_inter *in, struct unet_held *h)
{
	const struct unet_inter_terms *t = &in->terms;

	/* Of a super packet one segment is enough: what is in it is to be seen. */
	return (!t->num_patterns ||
		unet_packet_segments_have(h->skb, &h->info, t->pattern,
					  t->num_patterns, false)) &&
	       (!in->prog || bpf_prog_run_save_cb(in->prog, h->skb));
}

/**
 * unet_inter_unseen() - a packet is in the queue that the process is not shown
 * @in:	grant; its lock held
 * @h:	described
 */
void unet_inter_unseen(struct unet_inter *in, struct unet_held *h)
{
	lockdep_assert_held(&in->lock);
	h->unseen = true;
	in->num_unseen++;
	in->bytes_unseen += h->info.bytes;
}

/* So many wait behind those that are held that there is no room for one more. */
static bool is_full(const struct unet_inter *in)
{
	return in->num_unseen >= UNSEEN_FACTOR * in->terms.backlog ||
	       in->bytes_unseen >= in->terms.backlog_bytes;
}

/* The oldest that is held need not be waited for: it, and those behind it, go on. */
static void hurry(struct unet_link *link)
{
	struct unet_held *h;

	list_for_each_entry(h, &link->queue, queue) {
		if (!h->waits)
			continue;
		unet_inter_decide(link->inter, h, UNET_TOKEN_GONE, false);
		return;
	}
}

/*
 * A packet that is not shown waits its turn all the same: order is kept. When too many
 * do, who is to let nothing pass unseen loses it, and who is to lose nothing passes on
 * one for one.
 *
 * Return: it does; false: it is lost, and takes no memory until those before it have
 * gone.
 */
static bool line_up(struct unet_link *link, struct unet_held *h)
{
	struct unet_inter *in = link->inter;

	if (is_full(in)) {
		if (in->state == UNET_INTER_SERVING)
			unet_inter_falls_behind(in);
		if (unet_inter_closed(in)) {
			unet_inter_miss(in, h, true);
			return false;
		}
		hurry(link);
	}
	unet_inter_unseen(in, h);
	return true;
}

/* It could not be shown: the policy says what becomes of it. Return: as line_up(). */
static bool pass_over(struct unet_link *link, struct unet_held *h)
{
	struct unet_inter *in = link->inter;
	bool lost = unet_inter_closed(in);

	unet_inter_miss(in, h, lost);
	return !lost && line_up(link, h);
}

/* It leaves the queue. Context: inter.lock held. */
static void uncount(struct unet_inter *in, struct unet_held *h)
{
	if (h->shown) {
		in->num_held--;
		in->bytes_held -= h->info.bytes;
	}
	if (h->unseen) {
		in->num_unseen--;
		in->bytes_unseen -= h->info.bytes;
	}
	h->shown = false;
	h->unseen = false;
}

/* Whoever was shown it is done with it. Context: inter.lock held. */
static void let_pass(struct unet_inter *in, struct unet_held *h)
{
	h->passed |= h->shown;
	uncount(in, h);
}

/* Return: it waits for a verdict or its turn; false: lost. Context: inter.lock held. */
static bool take_in(struct unet_link *link, struct unet_held *h, bool wanted,
		    struct unet_inter_burst *burst)
{
	struct unet_inter *in = link->inter;

	if (!wanted)
		return line_up(link, h);
	if (in->state == UNET_INTER_SERVING) {
		if (unet_inter_show(in, h, burst))
			return true;
		unet_inter_falls_behind(in);
		/* Who ends, and is not known to have, is not slow. */
		if (unet_channel_live(in->channel))
			unet_inter_blame(in, UNET_INTER_CNT_BACKLOG);
	}
	return pass_over(link, h);
}

/* Into the queue of a link. Return: it waits for a verdict. */
static bool enter(struct unet_link *link, struct unet_held *h, bool wanted,
		  struct unet_inter_burst *burst)
{
	struct unet_inter *in = link->inter;
	bool stays, waits;

	h->link = link;
	h->twice = false;
	h->away = false;
	spin_lock(&in->lock);
	stays = take_in(link, h, wanted, burst);
	waits = h->waits;
	spin_unlock(&in->lock);
	if (!stays) {
		drop(link->lane, h);
		return false;
	}
	list_add_tail(&h->queue, &link->queue);
	link->lane->held++;
	return waits;
}

/* Out of the last link: the flow's normal way. What was held there is room for. */
static void leave(struct unet_lane *lane, struct unet_held *h)
{
	struct unet_nexus *nx = lane->flow->channel->nexus;

	if (lane->outbound && lane->num_out < OUT_MAX) {
		list_add_tail(&h->queue, &lane->out);
		lane->num_out++;
		return;
	}
	if (lane->outbound)
		unet_count(nx, UNET_CNT_TX_DROP_DEVICE);
	else
		nx->ops->pass_in(lane->flow, h);
	unet_held_free(h);
}

static struct unet_chain *chain_of(struct unet_lane *lane)
{
	return container_of(lane - lane->outbound, struct unet_chain, lane[0]);
}

/* Context: the outbound lane's lock held. */
static void leave_table(struct unet_chain *chain)
{
	if (!chain->stays)
		return;
	chain->stays = false;
	unet_flow_leave_table(chain->lane[1].flow);
}

/* Devices are not called under the lock: some come back with the packet. */
static void send_one(struct unet_lane *lane, struct unet_held *h)
{
	struct unet_nexus *nx = lane->flow->channel->nexus;

	list_del(&h->queue);
	lane->num_out--;
	/* If some of what went before it was dropped, the host has to repeat it. */
	if (h->reset)
		leave_table(chain_of(lane));
	spin_unlock(&lane->lock);
	rcu_read_lock();
	nx->ops->pass_out(lane->flow, h);
	rcu_read_unlock();
	h->skb = NULL;
	unet_held_free(h);
	spin_lock(&lane->lock);
}

/*
 * One at a time sends what is there, the others have left theirs to it.
 *
 * Return: nothing is left that nobody sends.
 */
static bool send_out(struct unet_lane *lane)
{
	struct unet_held *h;
	u32 n;

	if (lane->sending)
		return true;
	lane->sending = true;
	for (n = 0; n < SEND_MAX; n++) {
		h = list_first_entry_or_null(&lane->out, struct unet_held, queue);
		if (!h)
			break;
		send_one(lane, h);
	}
	lane->sending = false;
	return list_empty(&lane->out);
}

/*
 * To @link, or the first behind it that it concerns; NULL: there is none. What is
 * not wanted does not overtake what was held before it.
 *
 * Return: it waits for a verdict.
 */
static bool place(struct unet_lane *lane, struct unet_link *link,
		  struct unet_held *h, struct unet_inter_burst *burst)
{
	list_for_each_entry_from(link, &lane->links, lane_node) {
		bool wanted;

		if (link->some && !concerns(link->inter, h, lane->outbound))
			continue;
		wanted = wants(link->inter, h);
		if (!wanted && list_empty(&link->queue))
			continue;
		return enter(link, h, wanted, burst);
	}
	leave(lane, h);
	return false;
}

/* Is its fate known? It is, when nobody is there to wait for. */
static bool settled(struct unet_inter *in, struct unet_held *h)
{
	bool known;

	spin_lock(&in->lock);
	if (h->waits && in->state != UNET_INTER_SERVING)
		unet_inter_decide(in, h, UNET_TOKEN_GONE, unet_inter_closed(in));
	known = !h->waits;
	if (known)
		let_pass(in, h);
	spin_unlock(&in->lock);
	return known;
}

static void go_on(struct unet_link *link, struct unet_held *h,
		  struct unet_inter_burst *burst)
{
	struct unet_link *next = list_next_entry(link, lane_node);
	struct unet_held *twin = h->twice ? unet_held_clone(h) : NULL;

	place(link->lane, next, h, burst);
	if (twin)
		place(link->lane, next, twin, burst);
}

static void count_lost(struct unet_inter *in)
{
	spin_lock(&in->lock);
	in->stats[UNET_INTER_CNT_REDIRECT_LOST]++;
	spin_unlock(&in->lock);
	unet_count(in->nexus, UNET_CNT_RX_DROP_INTER);
}

/* Which flow it is for is found once no lane's lock is held. Return: there is room. */
static bool find_later(struct unet_inters *inters, struct unet_held *h)
{
	bool room;

	spin_lock(&inters->moved_lock);
	room = inters->num_moved < MOVED_MAX;
	if (room) {
		list_add_tail(&h->queue, &inters->moved);
		inters->num_moved++;
	}
	spin_unlock(&inters->moved_lock);
	return room;
}

/* As if it came just now, which it does once; what was on its way out does not. */
static void come_again(struct unet_lane *lane, struct unet_held *h)
{
	struct unet_nexus *nx = lane->flow->channel->nexus;
	bool may = !lane->outbound && !h->passed && !h->again;

	h->again = true;
	if (may && find_later(&nx->inters, h))
		return;
	unet_count(nx, UNET_CNT_RX_DROP_DEAD);
	unet_held_free(h);
}

/* Into another flow. */
static void move(struct unet_link *link, struct unet_held *h)
{
	unet_inter_get(link->inter);
	h->mover = link->inter;
	h->moved = true;
	if (find_later(&link->inter->nexus->inters, h))
		return;
	count_lost(link->inter);
	unet_inter_put(link->inter);
	unet_held_free(h);
}

static void pass(struct unet_link *link, struct unet_held *h,
		 struct unet_inter_burst *burst)
{
	list_del(&h->queue);
	link->lane->held--;
	if (h->drop)
		drop(link->lane, h);
	else if (h->away)
		move(link, h);
	else
		go_on(link, h, burst);
}

/* Before the device, what waits its turn waits in its link, where it counts. */
static bool out_is_full(const struct unet_lane *lane)
{
	return lane->num_out >= SEND_MAX;
}

/* @left: packets that may go on, and those that then still may. Return: all did. */
static bool settle_link(struct unet_link *link, struct unet_inter_burst *burst,
			u32 *left)
{
	struct unet_held *h;

	while ((h = list_first_entry_or_null(&link->queue, struct unet_held,
					     queue))) {
		if (!*left || out_is_full(link->lane))
			return false;
		if (!settled(link->inter, h))
			break;
		--*left;
		pass(link, h, burst);
	}
	return true;
}

/* A peer that were reset first would not take what its end sent before it died. */
static void reset_last(struct unet_lane *lane)
{
	if (!lane->reset || lane->held)
		return;
	list_add_tail(&lane->reset->queue, &lane->out);
	lane->num_out++;
	lane->reset = NULL;
}

/* The flow was removed and nothing is left: time to take the chain apart. */
static void look_for_end(struct unet_lane *lane)
{
	struct unet_nexus *nx = lane->flow->channel->nexus;

	if (lane->held || !lane->outbound || !chain_of(lane)->gone)
		return;
	unet_nexus_get(nx);
	if (!queue_work(unet_nexus_wq, &nx->inters.reap))
		unet_nexus_put(nx);
}

/* Return: all went on that may. */
static bool settle_some(struct unet_lane *lane, struct unet_inter_burst *burst)
{
	struct unet_link *link;
	u32 left = SETTLE_MAX;
	bool all = true;

	list_for_each_entry(link, &lane->links, lane_node)
		all &= settle_link(link, burst, &left);
	reset_last(lane);
	all &= send_out(lane);
	look_for_end(lane);
	return all;
}

void unet_inter_settle(struct unet_lane *lane, struct unet_inter_burst *burst)
{
	lockdep_assert_held(&lane->lock);
	if (settle_some(lane, burst))
		return;
	unet_flow_get(lane->flow);
	if (!queue_work(unet_nexus_wq, &chain_of(lane)->work))
		unet_flow_put(lane->flow);
}

/* Context: process; the lane stays. Return: as settle_some(). */
static bool settle_turn(struct unet_lane *lane)
{
	struct unet_inter_burst burst = { };
	bool all;

	rcu_read_lock_bh();
	spin_lock(&lane->lock);
	all = settle_some(lane, &burst);
	spin_unlock(&lane->lock);
	unet_inter_release(lane->flow->channel->nexus, &burst);
	rcu_read_unlock_bh();
	cond_resched();
	return all;
}

static void chain_work(struct work_struct *work)
{
	struct unet_chain *chain = container_of(work, struct unet_chain, work);
	struct unet_flow *flow = chain->lane[0].flow;
	bool all;

	do {
		all = settle_turn(&chain->lane[0]);
		all &= settle_turn(&chain->lane[1]);
	} while (!all);
	unet_flow_put(flow);
}

void unet_inter_settle_all(struct unet_inter *in)
{
	struct unet_link *link;

	lockdep_assert_held(&in->nexus->inters.lock);
	list_for_each_entry(link, &in->links, inter_node)
		while (!settle_turn(link->lane))
			;
}

/* ---- packets come ------------------------------------------------------ */

/*
 * To an owner that is gone, or past those who are taken out of all flows: who had to see
 * it may not be there any more. Context: the lane's lock held, as when they go.
 */
static bool leads_nowhere(const struct unet_lane *lane)
{
	return !lane->outbound &&
	       (READ_ONCE(lane->flow->dead) ||
		READ_ONCE(lane->flow->channel->nexus->inters.closed));
}

/* Context: the lane's lock held. */
static void go_in(struct unet_lane *lane, struct unet_held *h,
		  struct unet_inter_burst *burst)
{
	struct unet_link *first;
	bool waits = false;

	first = list_first_entry(&lane->links, struct unet_link, lane_node);
	if (h->reset)
		lane->reset = h;
	else
		waits = place(lane, first, h, burst);
	/* What waits lets nothing go, and whoever decides on it settles. */
	if (!waits)
		unet_inter_settle(lane, burst);
}

static void come(struct unet_lane *lane, struct unet_held *h,
		 struct unet_inter_burst *burst)
{
	spin_lock(&lane->lock);
	if (unlikely(leads_nowhere(lane)))
		come_again(lane, h);
	else
		go_in(lane, h, burst);
	spin_unlock(&lane->lock);
}

bool unet_inter_rx(struct unet_flow *flow, const struct unet_rx_packet *p,
		   struct unet_inter_burst *burst)
{
	struct unet_chain *chain = rcu_dereference(flow->chain);
	struct sk_buff *skb;
	struct unet_held *h;

	/* It is being put there: whoever does not see it was first. */
	if (!chain)
		return false;
	skb = own((struct sk_buff *)p->skb);
	h = skb ? unet_held_create(skb) : NULL;
	if (!h) {
		kfree_skb(skb);
		unet_count(flow->channel->nexus, UNET_CNT_RX_DROP_NO_BUFFER);
		return true;
	}
	h->info = p->info;
	h->proto = p->proto;
	h->family = *(const u8 *)p->l3 >> 4;
	h->moved = p->moved;
	h->again = p->again;
	come(&chain->lane[0], h, burst);
	return true;
}

enum unet_counter unet_inter_tx(struct unet_flow *flow, struct sk_buff *skb,
				const struct unet_tx_info *info, bool reset)
{
	struct unet_inter_burst burst = { };
	struct unet_chain *chain;
	struct unet_held *h;

	lockdep_assert_held(&flow->channel->tx_lock);
	rcu_read_lock_bh();
	h = unet_held_create(skb);
	if (!h) {
		rcu_read_unlock_bh();
		kfree_skb(skb);
		return UNET_CNT_TX_NO_MEMORY;
	}
	h->info = (struct unet_flow_info){
		.bytes = info->header_len + info->payload,
		.l4_offset = info->l4_offset,
		.payload = info->header_len,
		.tcp_flags = info->tcp_flags,
	};
	h->proto = info->csum_offset ? info->proto : 0;
	h->family = info->family;
	h->reset = reset;
	/* What was asked then: the host's addresses may have changed since. */
	h->addr_gen = flow->source.gen;
	chain = rcu_dereference_bh(flow->chain);
	come(&chain->lane[1], h, &burst);
	unet_inter_release(flow->channel->nexus, &burst);
	rcu_read_unlock_bh();
	return UNET_CNT_NONE;
}

/* ---- packets move ------------------------------------------------------ */

static void redirect(struct unet_nexus *nx, struct unet_held *h,
		     struct unet_inter_burst *burst)
{
	struct unet_inter *in = h->mover;

	h->skb = unet_packet_to_port(h->skb, h->info.l4_offset,
				     in->terms.redirect_port);
	if (!h->skb || !nx->ops->pass_anew(nx, h, burst))
		count_lost(in);
	unet_inter_put(in);
}

static void move_one(struct unet_nexus *nx, struct unet_held *h,
		     struct unet_inter_burst *burst)
{
	rcu_read_lock();
	if (h->mover)
		redirect(nx, h, burst);
	else if (!nx->ops->pass_anew(nx, h, burst))
		unet_count(nx, UNET_CNT_RX_DROP_DEAD);
	rcu_read_unlock();
	unet_held_free(h);
}

/* Return: nothing is left that nobody moves. Context: moved_lock held; given up meanwhile. */
static bool move_some(struct unet_nexus *nx, struct unet_inter_burst *burst)
{
	struct unet_inters *inters = &nx->inters;
	struct unet_held *h;
	u32 n;

	for (n = 0; n < MOVE_MAX && !inters->moving; n++) {
		h = list_first_entry_or_null(&inters->moved, struct unet_held, queue);
		if (!h)
			break;
		list_del(&h->queue);
		inters->num_moved--;
		inters->moving = true;
		spin_unlock(&inters->moved_lock);
		move_one(nx, h, burst);
		spin_lock(&inters->moved_lock);
		inters->moving = false;
	}
	return inters->moving || list_empty(&inters->moved);
}

void unet_inter_move_on(struct unet_nexus *nx, struct unet_inter_burst *burst)
{
	struct unet_inters *inters = &nx->inters;
	bool all;

	/* What this CPU put there it sees. */
	if (likely(list_empty(&inters->moved)))
		return;
	spin_lock(&inters->moved_lock);
	all = move_some(nx, burst);
	spin_unlock(&inters->moved_lock);
	if (all)
		return;
	unet_nexus_get(nx);
	if (!queue_work(unet_nexus_wq, &inters->move_work))
		unet_nexus_put(nx);
}

/**
 * unet_inter_move_work() - go on where unet_inter_move_on() ended
 * @work: of struct unet_inters
 */
void unet_inter_move_work(struct work_struct *work)
{
	struct unet_inters *inters = container_of(work, struct unet_inters, move_work);
	struct unet_nexus *nx = container_of(inters, struct unet_nexus, inters);
	struct unet_inter_burst burst = { };

	/* When there is still more it is queued anew. */
	rcu_read_lock_bh();
	unet_inter_release(nx, &burst);
	rcu_read_unlock_bh();
	unet_nexus_put(nx);
}

/* ---- chains ------------------------------------------------------------ */

static struct unet_chain *chain_create(struct unet_flow *flow)
{
	struct unet_chain *chain = kzalloc(sizeof(*chain), GFP_KERNEL_ACCOUNT);
	int i;

	if (!chain)
		return NULL;
	INIT_LIST_HEAD(&chain->ending);
	INIT_WORK(&chain->work, chain_work);
	for (i = 0; i < 2; i++) {
		spin_lock_init(&chain->lane[i].lock);
		INIT_LIST_HEAD(&chain->lane[i].links);
		INIT_LIST_HEAD(&chain->lane[i].out);
		chain->lane[i].flow = flow;
		chain->lane[i].outbound = i;
	}
	return chain;
}

static struct unet_chain *chain_get(struct unet_flow *flow)
{
	struct unet_inters *inters = &flow->channel->nexus->inters;

	return rcu_dereference_protected(flow->chain,
					 lockdep_is_held(&inters->lock));
}

void unet_inter_chain_free(struct unet_flow *flow)
{
	/* The last reference is gone, and a grace period over. */
	kfree(rcu_dereference_protected(flow->chain, true));
}

/* ---- links ------------------------------------------------------------- */

/* Does a link of @in come before @other's? Outbound is just the other way round. */
static bool before(const struct unet_inter *in, const struct unet_link *other,
		   bool outbound)
{
	const struct unet_inter *that = other->inter;
	bool first = in->terms.priority < that->terms.priority ||
		     (in->terms.priority == that->terms.priority &&
		      in->id < that->id);

	return first != outbound;
}

static void insert(struct unet_lane *lane, struct unet_link *link)
{
	struct unet_link *other;

	spin_lock_bh(&lane->lock);
	list_for_each_entry(other, &lane->links, lane_node)
		if (before(link->inter, other, lane->outbound))
			break;
	list_add_tail(&link->lane_node, &other->lane_node);
	spin_unlock_bh(&lane->lock);
}

static bool is_linked(const struct unet_inter *in, const struct unet_lane *lane)
{
	struct unet_link *link;

	list_for_each_entry(link, &lane->links, lane_node)
		if (link->inter == in)
			return true;
	return false;
}

/* Is it in the flow's other direction, too? */
static bool is_linked_back(const struct unet_inter *in, struct unet_chain *chain,
			   const struct unet_lane *lane)
{
	return is_linked(in, &chain->lane[!lane->outbound]);
}

static int link_create(struct unet_inter *in, struct unet_chain *chain,
		       struct unet_lane *lane, bool some)
{
	struct unet_link *link = kzalloc(sizeof(*link), GFP_KERNEL_ACCOUNT);

	if (!link)
		return -ENOMEM;
	INIT_LIST_HEAD(&link->queue);
	unet_inter_get(in);
	link->inter = in;
	link->lane = lane;
	link->some = some;
	list_add_tail(&link->inter_node, &in->links);
	in->num_flows += !is_linked_back(in, chain, lane);
	if (!chain->num_links++)
		unet_flow_get(lane->flow);
	insert(lane, link);
	return 0;
}

/* What the last link let go has gone before anything passes by the side. */
static void wait_sent(struct unet_lane *lane)
{
	bool left = true;

	while (left) {
		spin_lock_bh(&lane->lock);
		send_out(lane);
		left = lane->sending || !list_empty(&lane->out);
		spin_unlock_bh(&lane->lock);
		cond_resched();
	}
}

/*
 * Who was shown it and has not answered need not. Context: the lane's lock held.
 *
 * Return: there was nothing to answer, or no answer; false: that is its fate.
 */
static bool withdraw(struct unet_inter *in, struct unet_held *h)
{
	bool open;

	spin_lock(&in->lock);
	open = h->waits || !h->shown;
	if (h->waits)
		unet_inter_withdraw(in, h);
	if (open)
		uncount(in, h);
	else
		let_pass(in, h);
	spin_unlock(&in->lock);
	return open;
}

/*
 * Of a flow that is gone. What nobody has let go on comes as if just now: a connection
 * may have a flow of its own meanwhile, and its listener none. Verdicts are obeyed.
 */
static void leave_flow(struct unet_link *link, struct unet_inter_burst *burst)
{
	struct unet_held *h, *next;

	list_for_each_entry_safe(h, next, &link->queue, queue) {
		if (!withdraw(link->inter, h)) {
			pass(link, h, burst);
			continue;
		}
		list_del(&h->queue);
		link->lane->held--;
		come_again(link->lane, h);
	}
}

/*
 * Nobody is waited for: what is left goes on, however much waits before the device.
 * Context: BH off, RCU read side, the lane's lock held.
 */
static void let_go(struct unet_link *link, struct unet_inter_burst *burst)
{
	struct unet_held *h;

	while ((h = list_first_entry_or_null(&link->queue, struct unet_held,
					     queue)) && settled(link->inter, h))
		pass(link, h, burst);
}

/* What came to it last goes on, but on its way to a flow that is being removed. */
static void take_out(struct unet_link *link)
{
	struct unet_lane *lane = link->lane;
	struct unet_inter_burst burst = { };

	rcu_read_lock_bh();
	spin_lock(&lane->lock);
	if (lane->outbound || !READ_ONCE(lane->flow->dead))
		let_go(link, &burst);
	leave_flow(link, &burst);
	list_del(&link->lane_node);
	unet_inter_settle(lane, &burst);
	spin_unlock(&lane->lock);
	unet_inter_release(link->inter->nexus, &burst);
	rcu_read_unlock_bh();
}

/* The flow may be gone after this. */
static void link_destroy(struct unet_link *link)
{
	struct unet_lane *lane = link->lane;
	struct unet_chain *chain = chain_of(lane);
	struct unet_flow *flow = lane->flow;

	take_out(link);
	list_del(&link->inter_node);
	link->inter->num_flows -= !is_linked_back(link->inter, chain, lane);
	unet_inter_put(link->inter);
	kfree(link);
	if (--chain->num_links)
		return;
	list_del_init(&chain->ending);
	wait_sent(&chain->lane[1]);
	spin_lock_bh(&chain->lane[1].lock);
	leave_table(chain);
	spin_unlock_bh(&chain->lane[1].lock);
	unet_flow_set_chained(flow, false);
	unet_flow_put(flow);
}

static int link_lanes(struct unet_inter *in, struct unet_chain *chain, bool some)
{
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++)
		if (in->terms.directions & (i ? UNET_INTER_OUTBOUND :
						UNET_INTER_INBOUND) &&
		    !is_linked(in, &chain->lane[i]))
			err = link_create(in, chain, &chain->lane[i], some);
	return err;
}

/* What a flow's rule takes away is still that flow's to whoever is in its way. */
static const struct unet_flow *matched_as(const struct unet_flow *flow)
{
	return flow->type ? flow->type->parent : flow;
}

/* A dual-stack listener has two keys: what concerns one of them concerns some. */
static enum unet_inter_match match_flow(const struct unet_inter *in,
					const struct unet_flow *flow)
{
	enum unet_inter_match a, b;

	flow = matched_as(flow);
	/* What another rule of packet types delivers has no key of its own. */
	if (!flow)
		return UNET_MATCH_NO;
	a = unet_inter_match(&in->terms, &flow->node[0].key);
	if (flow->num_nodes < 2)
		return a;
	b = unet_inter_match(&in->terms, &flow->node[1].key);
	return a == b ? a : UNET_MATCH_SOME;
}

static bool low_latency(const struct unet_flow *flow)
{
	return READ_ONCE(flow->meta.flags) & UNET_META_LOW_LATENCY;
}

/**
 * unet_inter_link_flow() - into the chain of a flow, if that is concerned
 * @in:		armed grant
 * @flow:	flow with a reference of the caller's
 *
 * One of low latency that was there before stays as it is.
 *
 * Context: process, unet_inters.lock held.
 * Return: 0 or -ENOMEM.
 */
int unet_inter_link_flow(struct unet_inter *in, struct unet_flow *flow)
{
	enum unet_inter_match match = match_flow(in, flow);
	struct unet_chain *chain;
	int err;

	lockdep_assert_held(&in->nexus->inters.lock);
	if (match == UNET_MATCH_NO || READ_ONCE(flow->dead) ||
	    low_latency(flow))
		return 0;
	chain = chain_get(flow);
	if (!chain) {
		chain = chain_create(flow);
		if (!chain)
			return -ENOMEM;
		rcu_assign_pointer(flow->chain, chain);
	}
	err = link_lanes(in, chain, match == UNET_MATCH_SOME);
	if (chain->num_links)
		unet_flow_set_chained(flow, true);
	return err;
}

/**
 * unet_inter_unlink_all() - out of all chains
 * @in: grant that is dead, and settled
 *
 * Context: process, unet_inters.lock held.
 */
void unet_inter_unlink_all(struct unet_inter *in)
{
	struct unet_link *link, *next;

	lockdep_assert_held(&in->nexus->inters.lock);
	list_for_each_entry_safe(link, next, &in->links, inter_node) {
		link_destroy(link);
		cond_resched();
	}
}

/* ---- flows come and go ------------------------------------------------- */

/* What must be seen is not to pass by as a flow of low latency. */
static bool must_see(const struct unet_inter *in, const struct unet_flow *flow)
{
	return low_latency(flow) && in->terms.policy != UNET_INTER_FAIL_OPEN &&
	       match_flow(in, flow) != UNET_MATCH_NO;
}

bool unet_inter_must_see(struct unet_nexus *nx,
			 const struct unet_type_rule *rule)
{
	struct unet_inter *in;
	bool must = false;

	lockdep_assert_held(&nx->inters.lock);
	list_for_each_entry(in, &nx->inters.list, list)
		must |= in->terms.policy != UNET_INTER_FAIL_OPEN &&
			unet_inter_meets(&in->terms, rule);
	return must;
}

static int add_locked(struct unet_inters *inters, struct unet_flow *flow)
{
	struct unet_inter *in;
	int err = 0;

	list_for_each_entry(in, &inters->list, list) {
		if (must_see(in, flow))
			err = -EPERM;
		else if (in->armed)
			err = unet_inter_link_flow(in, flow);
		if (err)
			break;
	}
	return err;
}

int unet_inter_flow_add(struct unet_flow *flow)
{
	struct unet_inters *inters = &flow->channel->nexus->inters;
	int err;

	mutex_lock(&inters->lock);
	err = add_locked(inters, flow);
	mutex_unlock(&inters->lock);
	return err;
}

static void unlink_lane(struct unet_lane *lane)
{
	struct unet_link *link, *next;

	list_for_each_entry_safe(link, next, &lane->links, lane_node)
		link_destroy(link);
}

static bool end_lane(struct unet_chain *chain, struct unet_lane *lane)
{
	bool empty;

	spin_lock_bh(&lane->lock);
	chain->gone = true;
	empty = !lane->held;
	spin_unlock_bh(&lane->lock);
	if (empty)
		unlink_lane(lane);
	return empty;
}

bool unet_inter_flow_stays(struct unet_flow *flow)
{
	struct unet_inters *inters = &flow->channel->nexus->inters;
	struct unet_chain *chain;
	bool stays;

	if (!unet_flow_chained(flow))
		return false;
	mutex_lock(&inters->lock);
	chain = chain_get(flow);
	stays = chain->num_links;
	spin_lock_bh(&chain->lane[1].lock);
	chain->stays = stays;
	spin_unlock_bh(&chain->lane[1].lock);
	mutex_unlock(&inters->lock);
	return stays;
}

bool unet_inter_flow_gone(struct unet_flow *flow)
{
	struct unet_inters *inters = &flow->channel->nexus->inters;
	struct unet_chain *chain;
	bool held = false;

	mutex_lock(&inters->lock);
	chain = chain_get(flow);
	if (chain && chain->num_links) {
		unlink_lane(&chain->lane[0]);
		held = !end_lane(chain, &chain->lane[1]);
		if (held)
			list_add_tail(&chain->ending, &inters->ending);
	}
	mutex_unlock(&inters->lock);
	return held;
}

/**
 * unet_inter_reap() - take chains of removed flows apart that hold nothing any more
 * @work: of struct unet_inters
 */
void unet_inter_reap(struct work_struct *work)
{
	struct unet_inters *inters = container_of(work, struct unet_inters, reap);
	struct unet_nexus *nx = container_of(inters, struct unet_nexus, inters);
	struct unet_chain *chain, *next;

	mutex_lock(&inters->lock);
	list_for_each_entry_safe(chain, next, &inters->ending, ending) {
		struct unet_flow *flow = chain->lane[1].flow;

		unet_flow_get(flow);
		end_lane(chain, &chain->lane[1]);
		unet_flow_put(flow);
	}
	mutex_unlock(&inters->lock);
	unet_nexus_put(nx);
}

/* ---- inspection -------------------------------------------------------- */

/* A process may call itself anything: no part of the text's grammar comes from that. */
static void put_name(char *name, const char *comm)
{
	for (; *comm; comm++) {
		bool plain = isascii(*comm) && isprint(*comm) &&
			     !strchr(",:[]", *comm);

		*name++ = plain ? *comm : '?';
	}
	*name = '\0';
}

static int put_one(char *buf, size_t size, struct unet_inter *in, bool first)
{
	struct unet_channel *ch;
	char name[TASK_COMM_LEN];
	int n;

	spin_lock_bh(&in->lock);
	ch = in->channel;
	if (ch) {
		put_name(name, ch->comm);
		n = scnprintf(buf, size, "%s%u:%s[%d]", first ? "" : ",", in->id,
			      name, pid_vnr(ch->pid));
	} else {
		n = scnprintf(buf, size, "%s%u:-", first ? "" : ",", in->id);
	}
	spin_unlock_bh(&in->lock);
	return n;
}

/* Of a grant, with who serves it: 10 digits twice, a name and what is between them. */
#define ONE_TEXT	(2 * 10 + TASK_COMM_LEN + 5)

void unet_inter_chain_text(struct unet_flow *flow, char *buf, size_t size)
{
	struct unet_inters *inters = &flow->channel->nexus->inters;
	struct unet_chain *chain;
	struct unet_inter *in;
	char one[ONE_TEXT];
	int n = 0, len;

	buf[0] = '\0';
	if (!READ_ONCE(flow->chained))
		return;
	mutex_lock(&inters->lock);
	chain = chain_get(flow);
	list_for_each_entry(in, &inters->list, list) {
		if (!is_linked(in, &chain->lane[0]) && !is_linked(in, &chain->lane[1]))
			continue;
		len = put_one(one, sizeof(one), in, !n);
		/* half of one would be another one's */
		if (n + len >= size)
			break;
		memcpy(buf + n, one, len + 1);
		n += len;
	}
	mutex_unlock(&inters->lock);
}
