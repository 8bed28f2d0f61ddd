// SPDX-License-Identifier: GPL-2.0
/*
 * Why the slots of a flow are never out of order, with any number of CPUs
 * receiving for it: there is one open batch, packets join it under flow->lock,
 * and from the moment it is closed until its slot is written channel.rx_lock is
 * held, which the next batch needs to be closed itself.
 */
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>

#include "batch.h"
#include "bufpool.h"
#include "channel.h"
#include "flow.h"
#include "flowswitch.h"
#include "kring.h"
#include "nexus.h"
#include "stats.h"
#include "trace.h"

/* Such a packet is alone in its slot: the slot's flags speak of it only. */
#define ALONE	(UNET_RX_CSUM_BAD | UNET_RX_ICMP_ERROR)

/* ---- closing ----------------------------------------------------------- */

static void drop_batch(struct unet_channel *ch, struct unet_flow *flow,
		       u32 reason)
{
	struct unet_piece *all = &flow->batch.all;

	unet_count_add(ch->nexus, reason, all->packets);
	trace_unet_rx_drop(ch->id, flow->handle, all->bytes, reason);
	flow->rx_drops += all->packets;
	unet_bufpool_give(&ch->pool, all->first, all->last);
	all->packets = 0;
}

/* What a slot says no more than zero of, @reserved, was zero from the start. */
static void put_slot(struct unet_channel *ch, const struct unet_flow *flow)
{
	struct unet_rx_slot *slot = unet_krings_rx_slot(&ch->rings);
	const struct unet_piece *all = &flow->batch.all;

	unet_bufpool_pass(&ch->pool, all->first, all->last);
	slot->flow = flow->handle;
	slot->first = all->first;
	slot->packets = all->packets;
	slot->segments = all->segments;
	slot->bytes = all->bytes;
	slot->flags = all->flags;
	slot->tag = flow->meta.tag;
	slot->tstamp = flow->batch.tstamp;
	slot->seg_size = all->seg_size;
	slot->ce_count = all->ce_count;
	unet_krings_rx_put(&ch->rings);
	trace_unet_rx_batch(ch->id, slot);
}

static void count_batch(struct unet_channel_cpu *cc, struct unet_flow *flow)
{
	const struct unet_piece *all = &flow->batch.all;

	flow->rx_packets += all->packets;
	flow->rx_bytes += all->bytes;
	flow->rx_batches++;
	if (all->ce_count) {
		flow->ce_count += all->ce_count;
		WRITE_ONCE(flow->adv->ce_count, flow->ce_count);
	}
	cc->packets += all->packets;
	cc->bytes += all->bytes;
	cc->batches++;
}

/* What this CPU delivered is counted before it is published. */
static void count_burst(struct unet_channel_cpu *cc)
{
	struct unet_nexus *nx = cc->channel->nexus;

	unet_count_add(nx, UNET_CNT_RX_DELIVERED, cc->packets);
	unet_count_add(nx, UNET_CNT_RX_BYTES, cc->bytes);
	unet_count_add(nx, UNET_CNT_RX_BATCHES, cc->batches);
	cc->packets = 0;
	cc->bytes = 0;
	cc->batches = 0;
}

/* Write the flow's open batch as a slot, or drop it where there is no room. */
static void close_batch(struct unet_channel_cpu *cc, struct unet_flow *flow)
{
	struct unet_channel *ch = cc->channel;
	int room;

	lockdep_assert_held(&ch->rx_lock);
	lockdep_assert_held(&flow->lock);
	if (!flow->batch.all.packets)
		return;
	if (unlikely(flow->dead || !unet_channel_live(ch))) {
		drop_batch(ch, flow, UNET_CNT_RX_DROP_DEAD);
		return;
	}
	room = unet_krings_rx_room(&ch->rings);
	if (unlikely(room <= 0)) {
		if (room < 0)
			unet_channel_poison(ch, UNET_POISON_RX_CURSOR);
		drop_batch(ch, flow, UNET_CNT_RX_DROP_RING_FULL);
		return;
	}
	put_slot(ch, flow);
	count_batch(cc, flow);
	flow->batch.all.packets = 0;
}

/* ---- adding ------------------------------------------------------------ */

/* The clock is read once a burst, which begins where the first channel is touched. */
static void touch_channel(struct unet_rx_cpu *rx, struct unet_channel_cpu *cc)
{
	cc->listed = true;
	cc->next = NULL;
	if (rx->touched) {
		rx->last->next = cc;
	} else {
		rx->touched = cc;
		rx->tstamp = ktime_get_ns();
		napi_schedule(&rx->napi);
	}
	rx->last = cc;
}

/* The first packet since the flow was last on a CPU's list: on this one's now. */
static void open_batch(struct unet_rx_cpu *rx, struct unet_channel_cpu *cc,
		       struct unet_flow *flow)
{
	if (!cc->listed)
		touch_channel(rx, cc);
	flow->batch.open = true;
	flow->next = NULL;
	if (cc->first)
		cc->last->next = flow;
	else
		cc->first = flow;
	cc->last = flow;
}

void unet_batch_begin(struct unet_rx_cpu *rx, struct unet_channel_cpu *cc,
		      struct unet_flow *flow)
{
	lockdep_assert_held(&flow->lock);
	if (likely(!flow->batch.open))
		open_batch(rx, cc, flow);
	/* Open, but on another CPU's list: this one may not know the time. */
	flow->batch.tstamp = likely(rx->touched) ? rx->tstamp : ktime_get_ns();
}

static void append(struct unet_rx_cpu *rx, struct unet_channel_cpu *cc,
		   struct unet_flow *flow, const struct unet_piece *piece)
{
	struct unet_piece *all = &flow->batch.all;

	lockdep_assert_held(&flow->lock);
	if (!all->packets) {
		*all = *piece;
		unet_batch_begin(rx, cc, flow);
		return;
	}
	cc->channel->pool.desc[all->last].next = piece->first;
	all->last = piece->last;
	all->packets += piece->packets;
	all->segments += piece->segments;
	all->bytes += piece->bytes;
	all->flags |= piece->flags;
	all->ce_count += piece->ce_count;
	if (!all->seg_size)
		all->seg_size = piece->seg_size;
}

static bool at_limit(const struct unet_flow *flow)
{
	u32 limit = flow->meta.flags & UNET_FLOW_UNBATCHED ?
		    1 : flow->meta.batch_limit;

	return limit && flow->batch.all.packets >= limit;
}

/*
 * Packets that end a batch before the poll does. The slot is written here; it is
 * published with all others, so there is still one wakeup for a poll.
 */
static u32 add_and_close(struct unet_rx_cpu *rx, struct unet_channel_cpu *cc,
			 struct unet_flow *flow, const struct unet_piece *piece)
{
	struct unet_channel *ch = cc->channel;
	bool alone = piece->flags & ALONE;
	u32 why = UNET_CNT_NONE;

	spin_lock(&ch->rx_lock);
	spin_lock(&flow->lock);
	if (flow->dead) {
		why = UNET_CNT_RX_DROP_DEAD;
	} else {
		if (alone)
			close_batch(cc, flow);
		append(rx, cc, flow, piece);
		if (alone || at_limit(flow))
			close_batch(cc, flow);
		count_burst(cc);
	}
	spin_unlock(&flow->lock);
	spin_unlock(&ch->rx_lock);
	return why;
}

u32 unet_batch_add(struct unet_rx_cpu *rx, struct unet_flow *flow,
		   const struct unet_piece *piece)
{
	struct unet_channel_cpu *cc = this_cpu_ptr(flow->channel->cpu);
	u32 why = UNET_CNT_NONE;

	if (unlikely(READ_ONCE(flow->exclusive) || piece->flags & ALONE))
		return add_and_close(rx, cc, flow, piece);
	spin_lock(&flow->lock);
	if (unlikely(flow->dead))
		why = UNET_CNT_RX_DROP_DEAD;
	else
		append(rx, cc, flow, piece);
	spin_unlock(&flow->lock);
	return why;
}

/* ---- releasing --------------------------------------------------------- */

/*
 * A flow that was removed meanwhile was left its list's reference to drop
 * (unet_flow_remove()). Under rx_lock: the last put of a flow, and with it of a
 * channel, frees nothing before the RCU grace period this softirq holds up.
 */
static void release_flows(struct unet_channel_cpu *cc)
{
	struct unet_flow *flow, *next;
	bool dead;

	for (flow = cc->first; flow; flow = next) {
		spin_lock(&flow->lock);
		close_batch(cc, flow);
		dead = flow->dead;
		/* Once it is closed another CPU may open it, or it may go. */
		next = flow->next;
		flow->batch.open = false;
		spin_unlock(&flow->lock);
		if (unlikely(dead))
			unet_flow_put(flow);
	}
	cc->first = NULL;
}

static void release_channel(struct unet_channel_cpu *cc)
{
	struct unet_channel *ch = cc->channel;
	bool news;

	spin_lock(&ch->rx_lock);
	release_flows(cc);
	count_burst(cc);
	news = unet_krings_rx_publish(&ch->rings);
	spin_unlock(&ch->rx_lock);
	if (!news)
		return;
	unet_count(ch->nexus, UNET_CNT_RX_PUBLISHES);
	unet_channel_wake(ch);
}

void unet_batch_release(struct unet_rx_cpu *rx)
{
	struct unet_channel_cpu *cc = rx->touched, *next;

	rx->touched = NULL;
	rcu_read_lock();
	for (; cc; cc = next) {
		next = cc->next;
		cc->listed = false;
		release_channel(cc);
	}
	rcu_read_unlock();
}

/* A slot without packets, where there is room; published, and told. */
static void put_note(struct unet_flow *flow, u32 flags)
{
	struct unet_rx_slot note = {
		.flow = flow->handle,
		.first = UNET_NO_BUF,
		.flags = flags,
		.tstamp = ktime_get_ns(),
	};
	struct unet_channel *ch = flow->channel;

	spin_lock_bh(&ch->rx_lock);
	spin_lock(&flow->lock);
	note.tag = flow->meta.tag;
	spin_unlock(&flow->lock);
	if (unet_krings_rx_room(&ch->rings) > 0) {
		*unet_krings_rx_slot(&ch->rings) = note;
		unet_krings_rx_put(&ch->rings);
		unet_krings_rx_publish(&ch->rings);
	}
	spin_unlock_bh(&ch->rx_lock);
	unet_channel_wake(ch);
}

void unet_batch_end(struct unet_flow *flow)
{
	put_note(flow, UNET_RX_END);
}

void unet_batch_resumed(struct unet_flow *flow)
{
	put_note(flow, UNET_RX_RESUMED);
}
