// SPDX-License-Identifier: GPL-2.0
/*
 * Why the slots of a flow are never out of order, with any number of CPUs
 * receiving for it: there is one open batch, packets join it under flow->lock,
 * and from the moment it is closed until its slot is written channel.rx_lock is
 * held, which the next batch needs to be closed itself.
 */
#include <linux/ktime.h>
#include <linux/list.h>
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
	struct unet_batch *b = &flow->batch;

	unet_count_add(ch->nexus, reason, b->packets);
	trace_unet_rx_drop(ch->id, flow->handle, b->bytes, reason);
	flow->rx_drops += b->packets;
	unet_bufpool_give(&ch->pool, b->first, b->last);
	b->packets = 0;
}

static void put_slot(struct unet_channel *ch, struct unet_flow *flow)
{
	const struct unet_batch *b = &flow->batch;
	const struct unet_rx_slot slot = {
		.flow = flow->handle,
		.first = b->first,
		.packets = b->packets,
		.segments = b->segments,
		.bytes = b->bytes,
		.flags = b->flags,
		.tag = flow->meta.tag,
		.tstamp = b->tstamp,
		.seg_size = b->seg_size,
		.ce_count = b->ce_count,
	};

	unet_bufpool_pass(&ch->pool, b->first, b->last);
	unet_krings_rx_put(&ch->rings, &slot);
	trace_unet_rx_batch(ch->id, &slot);
}

static void count_batch(struct unet_channel *ch, struct unet_flow *flow)
{
	const struct unet_batch *b = &flow->batch;

	flow->rx_packets += b->packets;
	flow->rx_bytes += b->bytes;
	flow->rx_batches++;
	if (b->ce_count) {
		flow->ce_count += b->ce_count;
		WRITE_ONCE(flow->adv->ce_count, flow->ce_count);
	}
	unet_count_add(ch->nexus, UNET_CNT_RX_DELIVERED, b->packets);
	unet_count_add(ch->nexus, UNET_CNT_RX_BYTES, b->bytes);
	unet_count(ch->nexus, UNET_CNT_RX_BATCHES);
}

/* Write the flow's open batch as a slot, or drop it where there is no room. */
static void close_batch(struct unet_channel *ch, struct unet_flow *flow)
{
	int room;

	lockdep_assert_held(&ch->rx_lock);
	lockdep_assert_held(&flow->lock);
	if (!flow->batch.packets)
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
	count_batch(ch, flow);
	flow->batch.packets = 0;
}

/* ---- adding ------------------------------------------------------------ */

static void touch_channel(struct unet_rx_cpu *rx, struct unet_channel_cpu *cc)
{
	if (!list_empty(&cc->node))
		return;
	list_add_tail(&cc->node, &rx->channels);
	napi_schedule(&rx->napi);
}

/* The first packet since the flow was last on a CPU's list: on this one's now. */
static void open_batch(struct unet_rx_cpu *rx, struct unet_channel_cpu *cc,
		       struct unet_flow *flow)
{
	flow->batch.open = true;
	unet_flow_get(flow);
	list_add_tail(&flow->touched, &cc->flows);
	touch_channel(rx, cc);
}

/* The clock is read once a burst; one that touched nothing yet has no time. */
static u64 burst_time(struct unet_rx_cpu *rx)
{
	if (list_empty(&rx->channels))
		rx->tstamp = ktime_get_ns();
	return rx->tstamp;
}

static void first_packet(struct unet_rx_cpu *rx, struct unet_batch *b,
			 const struct unet_piece *piece)
{
	b->tstamp = burst_time(rx);
	b->first = piece->first;
	b->packets = 1;
	b->segments = piece->segments;
	b->bytes = piece->bytes;
	b->flags = piece->flags;
	b->seg_size = piece->seg_size;
	b->ce_count = piece->ce;
}

static void append(struct unet_rx_cpu *rx, struct unet_flow *flow,
		   const struct unet_piece *piece)
{
	struct unet_batch *b = &flow->batch;

	lockdep_assert_held(&flow->lock);
	if (!b->packets) {
		first_packet(rx, b, piece);
	} else {
		flow->channel->pool.desc[b->last].next = piece->first;
		b->packets++;
		b->segments += piece->segments;
		b->bytes += piece->bytes;
		b->flags |= piece->flags;
		b->ce_count += piece->ce;
		if (!b->seg_size)
			b->seg_size = piece->seg_size;
	}
	b->last = piece->last;
}

static bool at_limit(const struct unet_flow *flow)
{
	u32 limit = flow->meta.flags & UNET_META_NO_BATCH ?
		    1 : flow->meta.batch_limit;

	return limit && flow->batch.packets >= limit;
}

/*
 * Packets that end a batch before the poll does. The slot is written here; it is
 * published with all others, so there is still one wakeup for a poll.
 */
static u32 add_and_close(struct unet_rx_cpu *rx, struct unet_channel_cpu *cc,
			 struct unet_flow *flow, const struct unet_piece *piece)
{
	struct unet_channel *ch = flow->channel;
	bool alone = piece->flags & ALONE;
	u32 why = UNET_CNT_NONE;

	spin_lock(&ch->rx_lock);
	spin_lock(&flow->lock);
	if (flow->dead) {
		why = UNET_CNT_RX_DROP_DEAD;
	} else {
		if (alone)
			close_batch(ch, flow);
		append(rx, flow, piece);
		if (alone || at_limit(flow))
			close_batch(ch, flow);
		if (!flow->batch.open)
			open_batch(rx, cc, flow);
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
	if (unlikely(flow->dead)) {
		why = UNET_CNT_RX_DROP_DEAD;
	} else {
		append(rx, flow, piece);
		if (!flow->batch.open)
			open_batch(rx, cc, flow);
	}
	spin_unlock(&flow->lock);
	return why;
}

/* ---- releasing --------------------------------------------------------- */

/*
 * Flows are put under rx_lock: the last put of a flow, and with it of a channel,
 * frees nothing before the RCU grace period this softirq holds up.
 */
static void release_channel(struct unet_channel_cpu *cc)
{
	struct unet_channel *ch = cc->channel;
	struct unet_flow *flow, *next;
	bool news;

	spin_lock(&ch->rx_lock);
	list_for_each_entry_safe(flow, next, &cc->flows, touched) {
		spin_lock(&flow->lock);
		list_del(&flow->touched);
		flow->batch.open = false;
		close_batch(ch, flow);
		spin_unlock(&flow->lock);
		unet_flow_put(flow);
	}
	news = unet_krings_rx_publish(&ch->rings);
	spin_unlock(&ch->rx_lock);
	if (news)
		unet_channel_wake(ch);
}

void unet_batch_release(struct unet_rx_cpu *rx)
{
	struct unet_channel_cpu *cc, *next;

	rcu_read_lock();
	list_for_each_entry_safe(cc, next, &rx->channels, node) {
		list_del_init(&cc->node);
		release_channel(cc);
	}
	rcu_read_unlock();
}

/* A slot without packets, where there is room; published. */
static void put_note(struct unet_flow *flow, u32 flags)
{
	struct unet_rx_slot slot = {
		.flow = flow->handle,
		.first = UNET_NO_BUF,
		.flags = flags,
		.tstamp = ktime_get_ns(),
	};
	struct unet_channel *ch = flow->channel;

	spin_lock_bh(&ch->rx_lock);
	spin_lock(&flow->lock);
	slot.tag = flow->meta.tag;
	spin_unlock(&flow->lock);
	if (unet_krings_rx_room(&ch->rings) > 0) {
		unet_krings_rx_put(&ch->rings, &slot);
		unet_krings_rx_publish(&ch->rings);
	}
	spin_unlock_bh(&ch->rx_lock);
}

void unet_batch_end(struct unet_flow *flow)
{
	put_note(flow, UNET_RX_END);
}

void unet_batch_resumed(struct unet_flow *flow)
{
	put_note(flow, UNET_RX_RESUMED);
}
