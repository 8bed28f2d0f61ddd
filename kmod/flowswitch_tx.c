// SPDX-License-Identifier: GPL-2.0
/*
 * A send, step by step, each with the reason it may be refused for:
 *
 *   slot        numbers sound                            TX_BAD_*
 *   flow        a live one of this channel               TX_BAD_FLOW
 *   header      copied, then checked against the flow    TX_BAD_*, TX_SPOOF_*
 *   types       no rule drops it                         TX_TYPE_DROP
 *   device      up                                       TX_DROP_DOWN
 *   source      still the host's                         TX_SOURCE_GONE
 *   route       through this device, large enough        TX_NO_ROUTE, TX_TOO_BIG
 *   packet      header fixed, payload attached           TX_NO_MEMORY
 *   (chain      intermediaries, if the flow has any)
 *   neighbour, qdisc, device                             TX_DROP_DEVICE
 *
 * From the second copy on nothing is read from shared memory but the payload, and
 * that decides nothing.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/netdevice.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/dst.h>

#include "advice.h"
#include "arena.h"
#include "channel.h"
#include "core/tx_check.h"
#include "flow.h"
#include "flowswitch.h"
#include "intermediary.h"
#include "kring.h"
#include "nexus.h"
#include "packet.h"
#include "reset.h"
#include "route.h"
#include "stats.h"
#include "trace.h"
#include "type_table.h"

/**
 * struct send - one send on its way through the steps
 * @slot:	private copy
 * @flow:	NULL until it is known
 * @dev:	device of the nexus
 * @total:	L3 bytes
 * @hdr:	private copy of the headers
 * @info:	what they say
 * @held:	DONE will be posted by completion
 * @reset:	the kernel's own: no intermediary sees it, and no policy is about it
 */
struct send {
	struct unet_tx_slot slot;
	struct unet_flow *flow;
	struct net_device *dev;
	u32 total;
	u8 hdr[UNET_TX_MAX_HEADER] __aligned(8);
	struct unet_tx_info info;
	bool held;
	bool reset;
};

/* ---- steps ------------------------------------------------------------- */

static enum unet_counter check_slot(struct unet_channel *ch, struct send *s)
{
	const struct unet_arena_region *tx = &ch->arena->region[UNET_REGION_TX];
	enum unet_counter why;

	why = unet_tx_slot_check(&s->slot, tx->bytes, &s->total);
	if (why)
		return why;
	unet_arena_bar(s->slot.extent, s->slot.extents, tx->bytes);
	s->flow = unet_channel_flow(ch, s->slot.flow);
	if (!s->flow)
		return UNET_CNT_TX_BAD_FLOW;
	memcpy(s->hdr, tx->addr + s->slot.extent[0].offset, s->slot.header_len);
	return UNET_CNT_NONE;
}

static enum unet_counter check_header(struct send *s)
{
	if (s->flow->type)
		return unet_type_check_send(s->flow, s->hdr, s->slot.header_len,
					    s->total, s->slot.seg_size,
					    &s->info);
	return unet_tx_header_check(s->hdr, s->slot.header_len, s->total,
				    s->slot.seg_size, &s->flow->tx, &s->info);
}

static enum unet_counter check_types(struct send *s)
{
	struct unet_channel *ch = s->flow->channel;

	if (likely(!rcu_access_pointer(ch->nexus->types)))
		return UNET_CNT_NONE;
	return unet_type_check_sent(ch, s->hdr, &s->info);
}

static enum unet_counter check_host(struct send *s)
{
	struct unet_flow *flow = s->flow;
	struct unet_channel *ch = flow->channel;
	struct unet_nexus *nx = ch->nexus;

	/* A flow is found only while its nexus is attached. */
	s->dev = rcu_dereference_protected(nx->dev,
					   lockdep_is_held(&ch->tx_lock));
	if (!netif_running(s->dev))
		return UNET_CNT_TX_DROP_DOWN;
	if (!s->info.family)
		return UNET_CNT_NONE;	/* a frame: its source is the device */
	if (!unet_local_check(&flow->source, nx, s->info.family, s->info.src))
		return UNET_CNT_TX_SOURCE_GONE;
	return UNET_CNT_NONE;
}

static enum unet_counter check_route(struct send *s)
{
	struct unet_flow *flow = s->flow;
	struct unet_route_want want = {
		.src_port = s->info.src_port,
		.dst_port = s->info.dst_port,
		.family = s->info.family,
		.proto = s->info.proto,
		.uid = flow->channel->uid,
	};
	struct dst_entry *dst;
	u32 mtu, largest;

	if (!s->info.family)
		return UNET_CNT_NONE;
	memcpy(want.src, s->info.src, sizeof(want.src));
	memcpy(want.dst, s->info.dst, sizeof(want.dst));
	dst = unet_route_find(&flow->route, flow->channel->nexus, &want);
	if (IS_ERR(dst))
		return PTR_ERR(dst) == -ENOMEM ? UNET_CNT_TX_NO_MEMORY :
						 UNET_CNT_TX_NO_ROUTE;
	mtu = unet_route_mtu(&flow->route);
	unet_advice_mtu(flow, mtu);
	largest = s->info.segments > 1 ?
		  s->slot.header_len + s->slot.seg_size : s->total;
	return largest > mtu ? UNET_CNT_TX_TOO_BIG : UNET_CNT_NONE;
}

static int output(struct send *s, struct sk_buff *skb)
{
	int rc;

	if (!s->info.family)
		return dev_queue_xmit(skb);
	/* The neighbour is looked up under RCU of BH before Linux 6.3, plain RCU since. */
	rcu_read_lock_bh();
	rcu_read_lock();
	rc = unet_route_output(&s->flow->route, skb);
	rcu_read_unlock();
	rcu_read_unlock_bh();
	return rc;
}

/* NET_XMIT_CN: this one was taken, an earlier one of the flow dropped for it. */
static enum unet_counter output_counter(int rc)
{
	if (!rc || rc == NET_XMIT_CN)
		return UNET_CNT_NONE;
	return rc == -ENETDOWN ? UNET_CNT_TX_DROP_DOWN : UNET_CNT_TX_DROP_DEVICE;
}

/* With a route of its own: it may go when the flow has another, or is gone. */
static enum unet_counter into_chain(struct send *s)
{
	struct unet_request *none;
	struct sk_buff *skb;

	skb = unet_packet_out(s->flow, s->dev, &s->slot, s->hdr, &s->info, true,
			      &none);
	if (!skb)
		return UNET_CNT_TX_NO_MEMORY;
	skb_dst_set(skb, dst_clone(s->flow->route.dst));
	unet_reset_track(s->flow, &s->info);
	return unet_inter_tx(s->flow, skb, &s->info, s->reset);
}

/*
 * Its intermediaries may have left the chain because the nexus goes: nothing is to
 * pass where they were.
 */
static bool must_stay(const struct send *s)
{
	/* pairs with the release in unet_flow_set_chained() */
	smp_rmb();
	return READ_ONCE(s->flow->channel->nexus->inters.closed) && !s->reset;
}

static void count_reset(struct unet_nexus *nx, bool reset, enum unet_counter why)
{
	if (unlikely(reset) && !why)
		unet_count(nx, UNET_CNT_FLOW_RESET);
}

static enum unet_counter hand_over(struct send *s)
{
	struct unet_request *req;
	enum unet_counter why;
	struct sk_buff *skb;
	int rc;

	if (s->info.family)
		unet_tx_header_fix(s->hdr, &s->info);
	if (unlikely(unet_flow_chained(s->flow)))
		return into_chain(s);
	if (unlikely(must_stay(s)))
		return UNET_CNT_TX_DROP_DOWN;
	skb = unet_packet_out(s->flow, s->dev, &s->slot, s->hdr, &s->info, false,
			      &req);
	if (!skb)
		return UNET_CNT_TX_NO_MEMORY;
	unet_reset_track(s->flow, &s->info);
	rc = output(s, skb);
	why = output_counter(rc);
	if (rc)
		unet_advice_push_back(s->flow);
	count_reset(s->flow->channel->nexus, s->reset, why);
	if (req) {
		s->held = true;
		unet_request_end(req, why);
	}
	return why;
}

/* ---- outcome ----------------------------------------------------------- */

static void count_sent(struct send *s)
{
	struct unet_flow *flow = s->flow;
	struct unet_nexus *nx = flow->channel->nexus;

	flow->tx_packets += s->info.segments;
	flow->tx_bytes += s->total;
	unet_advice_sent(flow);
	unet_count_add(nx, UNET_CNT_TX_PACKETS, s->info.segments);
	unet_count_add(nx, UNET_CNT_TX_BYTES, s->total);
	trace_unet_tx_send(flow->channel->id, flow->handle, s->total,
			   s->slot.seg_size);
}

/* What was queued when its flow ended, or the flow's rule was changed by others. */
static bool belated(const struct unet_channel *ch, const struct send *s,
		    enum unet_counter why)
{
	if (why == UNET_CNT_TX_BAD_FLOW)
		return s->flow || unet_channel_flow_ended(ch, s->slot.flow);
	return s->flow && s->flow->type && unet_type_forgives(s->flow);
}

/* What no sound program sends: malformed, spoofed, another's flow. */
static bool abuse(const struct unet_channel *ch, const struct send *s,
		  enum unet_counter why)
{
	return why >= UNET_CNT_TX_BAD_SLOT && why <= UNET_CNT_TX_SPOOF_DEST &&
	       !belated(ch, s, why);
}

static void count_refused(struct unet_channel *ch, struct send *s,
			  enum unet_counter why)
{
	unet_count_add(ch->nexus, why, 1);
	trace_unet_tx_refuse(ch->id, s->slot.flow, s->total, why);
	if (s->flow)
		unet_advice_dropped(s->flow);
	if (abuse(ch, s, why) && ++ch->abuse >= UNET_ABUSE_LIMIT)
		unet_channel_poison(ch, UNET_POISON_TX_ABUSE);
}

static void send_one(struct unet_channel *ch, struct send *s)
{
	enum unet_counter why;

	why = check_slot(ch, s);
	if (!why)
		why = check_header(s);
	if (!why)
		why = check_types(s);
	if (!why)
		why = check_host(s);
	if (!why)
		why = check_route(s);
	if (!why)
		why = hand_over(s);
	if (why)
		count_refused(ch, s, why);
	else
		count_sent(s);
	if (!s->held)
		unet_channel_done(ch, s->slot.cookie, why);
}

/* ---- taking slots ------------------------------------------------------ */

/*
 * A slot is taken only with a DONE entry to answer it. A full ring of large sends
 * takes its time: it neither keeps the CPU from others nor outlives its owner.
 *
 * Return: taken, or -EIO.
 */
static int take_slots(struct unet_channel *ch, u32 waiting)
{
	u32 taken;

	for (taken = 0; taken < waiting && unet_channel_live(ch); taken++) {
		struct send s = { };
		int room;

		cond_resched();
		if (fatal_signal_pending(current))
			break;
		room = unet_channel_done_reserve(ch);
		if (room < 0) {
			unet_channel_poison(ch, UNET_POISON_DONE_CURSOR);
			return -EIO;
		}
		if (!room)
			break;
		unet_krings_tx_take(&ch->rings, &s.slot);
		send_one(ch, &s);
	}
	unet_krings_tx_publish(&ch->rings);
	unet_count_add(ch->nexus, UNET_CNT_TX_SLOTS, taken);
	return taken;
}

int unet_flowswitch_send(struct unet_nexus *nx, struct unet_channel *ch)
{
	int waiting, taken;

	lockdep_assert_held(&ch->tx_lock);
	waiting = unet_krings_tx_filled(&ch->rings);
	if (waiting < 0) {
		unet_channel_poison(ch, UNET_POISON_TX_CURSOR);
		return -EIO;
	}
	if (!waiting)
		return 0;
	taken = take_slots(ch, waiting);
	if (taken > 0)
		unet_channel_wake(ch);
	return taken;
}

void unet_flowswitch_send_reset(struct unet_flow *flow, void *hdr, u32 bytes)
{
	struct send s = {
		.slot = {
			.header_len = bytes,
			.extents = 1,
			.extent[0].len = bytes,
		},
		.flow = flow,
		.total = bytes,
		.reset = true,
	};
	enum unet_counter why;

	lockdep_assert_held(&flow->channel->tx_lock);
	memcpy(s.hdr, hdr, bytes);
	why = check_header(&s);
	if (!why)
		why = check_host(&s);
	if (!why)
		why = check_route(&s);
	if (!why)
		hand_over(&s);
}

/* ---- out of a chain ---------------------------------------------------- */

/* It may have been held for long: is the source address still the host's? */
static bool source_there(struct unet_nexus *nx, const struct unet_held *h)
{
	const void *l3 = skb_network_header(h->skb);
	struct unet_local fresh = { };
	__be32 src[4] = { };

	if (h->addr_gen == atomic_read(&nx->addr_gen))
		return true;
	memcpy(src, l3 + (h->family == 4 ? 12 : 8), h->family == 4 ? 4 : 16);
	return unet_local_check(&fresh, nx, h->family, src);
}

static enum unet_counter check_held(struct unet_nexus *nx,
				    const struct unet_held *h)
{
	/* Of what has no chain any more some was to be dropped. */
	if (READ_ONCE(nx->inters.closed) && !h->reset)
		return UNET_CNT_TX_DROP_DOWN;
	if (!source_there(nx, h))
		return UNET_CNT_TX_SOURCE_GONE;
	/* It may have been changed. */
	return unet_route_takes(skb_dst(h->skb), h->info.bytes, h->info.payload,
				skb_shinfo(h->skb)->gso_size) ?
	       UNET_CNT_NONE : UNET_CNT_TX_TOO_BIG;
}

void unet_flowswitch_pass_out(struct unet_flow *flow, struct unet_held *h)
{
	struct unet_nexus *nx = flow->channel->nexus;
	enum unet_counter why = check_held(nx, h);

	if (why)
		kfree_skb(h->skb);
	else
		why = output_counter(unet_route_forward(h->skb));
	count_reset(nx, h->reset, why);
	if (why)
		unet_count_add(nx, why, 1);
}
