// SPDX-License-Identifier: GPL-2.0
/*
 * From a lane to the process: a packet that is held is shown as a copy, and given a
 * token. Packets of one lane that come one after the other share a slot.
 *
 * The ring is written by nobody else, so room that was seen under inter.lock is there
 * when the slot is put.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "bufpool.h"
#include "channel.h"
#include "flow.h"
#include "intermediary.h"
#include "kring.h"
#include "nexus.h"
#include "packet.h"
#include "trace.h"

#define EXPIRE_CHUNK	64u	/* packets that expire under one hold of the lock */
#define EXPIRE_CHUNKS	4u	/* of them for the timer; a work item does the rest */

/* ---- what the policy says ---------------------------------------------- */

bool unet_inter_closed(const struct unet_inter *in)
{
	const struct unet_inter_terms *t = &in->terms;

	lockdep_assert_held(&in->lock);
	if (in->dead)
		return READ_ONCE(in->nexus->inters.closed);
	switch (t->policy) {
	case UNET_INTER_FAIL_CLOSED:
		return true;
	case UNET_INTER_FAIL_AFTER:
		return time_before(jiffies, in->failed_at +
				   msecs_to_jiffies(t->after_ms));
	default:
		return false;
	}
}

void unet_inter_falls_behind(struct unet_inter *in)
{
	lockdep_assert_held(&in->lock);
	if (in->silent)
		return;
	in->silent = true;
	in->failed_at = jiffies;
}

static bool is_sin(struct unet_inter *in, enum unet_inter_stat why)
{
	switch (why) {
	case UNET_INTER_CNT_TOKEN_STALE:
		return false;
	case UNET_INTER_CNT_HELD_TOO_LONG:
	case UNET_INTER_CNT_BACKLOG:
		if (time_before(jiffies, in->excused))
			return false;
		in->excused = jiffies + msecs_to_jiffies(in->terms.hold_ms);
		return true;
	default:
		return why >= UNET_INTER_VIOLATIONS &&
		       why <= UNET_INTER_VIOLATIONS_LAST;
	}
}

void unet_inter_blame(struct unet_inter *in, enum unet_inter_stat why)
{
	lockdep_assert_held(&in->lock);
	in->stats[why]++;
	trace_unet_inter_blame(in->id, why);
	if (in->state != UNET_INTER_SERVING || !in->terms.violations ||
	    !is_sin(in, why) || ++in->sins < in->terms.violations)
		return;
	in->state = UNET_INTER_BARRED;
	in->failed_at = jiffies;
	unet_channel_poison(in->channel, UNET_POISON_INTER_ABUSE);
}

/* ---- holding ----------------------------------------------------------- */

/* A list that has an end; list_head's checks would be a fiftieth of what a packet costs. */
static void wait_last(struct unet_inter *in, struct unet_held *h)
{
	h->wait.next = NULL;
	h->wait.pprev = in->last;
	*in->last = &h->wait;
	in->last = &h->wait.next;
}

static void wait_no_more(struct unet_inter *in, struct unet_held *h)
{
	if (!h->wait.next)
		in->last = h->wait.pprev;
	__hlist_del(&h->wait);
}

static void wait_for_verdict(struct unet_inter *in, struct unet_held *h)
{
	unsigned long hold = msecs_to_jiffies(in->terms.hold_ms) + 1;

	h->waits = true;
	h->shown = true;
	h->deadline = jiffies + hold;
	in->held[h->index] = h;
	if (hlist_empty(&in->waiting))
		mod_timer(&in->timer, h->deadline);
	wait_last(in, h);
	in->num_held++;
	in->bytes_held += h->info.bytes;
}

void unet_inter_miss(struct unet_inter *in, const struct unet_held *h, bool drop)
{
	lockdep_assert_held(&in->lock);
	in->stats[drop ? UNET_INTER_CNT_BLOCKED : UNET_INTER_CNT_MISSED]++;
	trace_unet_inter_miss(in->id, h->link->lane->flow->handle,
			      h->info.bytes, drop);
}

static void end_wait(struct unet_inter *in, struct unet_held *h,
		     enum unet_inter_token how)
{
	unet_inter_token_end(&in->window, h->index, how);
	in->held[h->index] = NULL;
	wait_no_more(in, h);
	h->waits = false;
}

void unet_inter_withdraw(struct unet_inter *in, struct unet_held *h)
{
	lockdep_assert_held(&in->lock);
	end_wait(in, h, UNET_TOKEN_GONE);
}

void unet_inter_decide(struct unet_inter *in, struct unet_held *h,
		       enum unet_inter_token how, bool drop)
{
	lockdep_assert_held(&in->lock);
	end_wait(in, h, how);
	h->drop = drop;
	if (how == UNET_TOKEN_ANSWERED)
		in->silent = false;
	else
		unet_inter_miss(in, h, drop);
}

/* ---- showing ----------------------------------------------------------- */

static void put_run(struct unet_inter *in)
{
	struct unet_inter_run *run = &in->run;
	struct unet_channel *ch = in->channel;
	const struct unet_piece *all = &run->piece;

	if (!all->packets)
		return;
	spin_lock(&ch->rx_lock);
	unet_bufpool_pass(&ch->pool, all->first, all->last);
	*unet_krings_rx_slot(&ch->rings) = (struct unet_rx_slot){
		.flow = run->flow,
		.first = all->first,
		.packets = all->packets,
		.segments = all->segments,
		.bytes = all->bytes,
		.flags = all->flags,
		.tag = run->token,
		.tstamp = run->tstamp,
		.seg_size = all->seg_size,
		.ce_count = all->ce_count,
	};
	unet_krings_rx_put(&ch->rings);
	spin_unlock(&ch->rx_lock);
	run->piece.packets = 0;
}

/* Room for the run there is, and for one more. */
static bool ring_has_room(struct unet_inter *in)
{
	struct unet_channel *ch = in->channel;
	int room;

	spin_lock(&ch->rx_lock);
	room = unet_krings_rx_room(&ch->rings);
	if (room == 1)
		room = unet_krings_rx_look(&ch->rings);
	spin_unlock(&ch->rx_lock);
	if (room < 0)
		unet_channel_poison(ch, UNET_POISON_RX_CURSOR);
	return room > 1;
}

static void join_run(struct unet_inter *in, const struct unet_piece *piece)
{
	struct unet_piece *all = &in->run.piece;

	in->channel->pool.desc[all->last].next = piece->first;
	all->last = piece->last;
	all->packets += piece->packets;
	all->segments += piece->segments;
	all->bytes += piece->bytes;
	all->flags |= piece->flags;
	all->ce_count += piece->ce_count;
	if (!all->seg_size)
		all->seg_size = piece->seg_size;
}

static void begin_run(struct unet_inter *in, const struct unet_held *h,
		      const struct unet_piece *piece, u64 token)
{
	const struct unet_lane *lane = h->link->lane;

	put_run(in);
	in->run = (struct unet_inter_run){
		.piece = *piece,
		.token = token,
		.flow = lower_32_bits(lane->flow->id),
		.lane = lane,
		.tstamp = ktime_get_ns(),
	};
}

static bool copy_out(struct unet_inter *in, const struct unet_held *h,
		     struct unet_piece *piece)
{
	struct unet_channel *ch = in->channel;
	struct unet_inter_view view = unet_inter_view(&in->terms, &h->info);
	struct unet_rx_packet p = { .skb = h->skb, .info = h->info };

	if (unet_packet_show(ch, this_cpu_ptr(ch->cpu), &p, view.len, view.blank,
			     piece))
		return false;
	if (h->link->lane->outbound)
		piece->flags |= UNET_RX_OUTBOUND;
	return true;
}

static void enlist(struct unet_inter *in, struct unet_inter_burst *burst)
{
	if (in->listed)
		return;
	in->listed = true;
	unet_inter_get(in);
	in->next = burst->first;
	burst->first = in;
}

static bool over_limits(const struct unet_inter *in, const struct unet_held *h)
{
	return in->num_held >= in->terms.backlog ||
	       in->bytes_held + h->info.bytes > in->terms.backlog_bytes;
}

/*
 * Tokens of a slot are numbered without a gap. Room for a run was looked for when it
 * began.
 */
static bool joins(struct unet_inter *in, const struct unet_held *h)
{
	const struct unet_inter_run *run = &in->run;

	return run->piece.packets && run->lane == h->link->lane &&
	       run->token + run->piece.packets == unet_inter_token_next(&in->window);
}

bool unet_inter_show(struct unet_inter *in, struct unet_held *h,
		     struct unet_inter_burst *burst)
{
	bool joining = joins(in, h);
	struct unet_piece piece;
	u64 token;
	int index;

	lockdep_assert_held(&in->lock);
	if (over_limits(in, h) || !unet_channel_live(in->channel) ||
	    (!joining && !ring_has_room(in)) || !copy_out(in, h, &piece))
		return false;
	index = unet_inter_token_issue(&in->window, &token);
	if (index < 0) {
		unet_bufpool_give(&in->channel->pool, piece.first, piece.last);
		return false;
	}
	h->index = index;
	wait_for_verdict(in, h);
	in->stats[UNET_INTER_CNT_PACKETS]++;
	in->stats[UNET_INTER_CNT_BYTES] += h->info.bytes;
	trace_unet_inter_show(in->id, h->link->lane->flow->handle, token,
			      h->info.bytes, h->link->lane->outbound);
	if (joining)
		join_run(in, &piece);
	else
		begin_run(in, h, &piece, token);
	enlist(in, burst);
	return true;
}

/* The claim may have ended since: then nobody is to be told. */
static void publish(struct unet_inter *in)
{
	struct unet_channel *ch = NULL;

	spin_lock(&in->lock);
	in->listed = false;
	if (in->channel && in->state == UNET_INTER_SERVING) {
		ch = in->channel;
		put_run(in);
		spin_lock(&ch->rx_lock);
		unet_krings_rx_publish(&ch->rings);
		spin_unlock(&ch->rx_lock);
		unet_channel_wake(ch);
	}
	spin_unlock(&in->lock);
}

void unet_inter_release(struct unet_nexus *nx, struct unet_inter_burst *burst)
{
	struct unet_inter *in, *next;

	unet_inter_move_on(nx, burst);
	for (in = burst->first; in; in = next) {
		next = in->next;
		publish(in);
		unet_inter_put(in);
	}
	burst->first = NULL;
}

/* ---- the hold limit ---------------------------------------------------- */

static bool is_due(struct unet_inter *in, const struct unet_held *h)
{
	if (!h)
		return false;
	if (!time_before(jiffies, h->deadline))
		return true;
	mod_timer(&in->timer, h->deadline);
	return false;
}

/* Of who does not serve nothing waits for long. */
static struct unet_held *oldest(struct unet_inter *in)
{
	if (in->state != UNET_INTER_SERVING)
		return NULL;
	return hlist_entry_safe(in->waiting.first, struct unet_held, wait);
}

/* Its time is over. */
static void expire(struct unet_inter *in, struct unet_held *h)
{
	unet_inter_falls_behind(in);
	unet_inter_decide(in, h, UNET_TOKEN_GONE, unet_inter_closed(in));
	/* As in take_in(): who ends is not slow. */
	if (unet_channel_live(in->channel))
		unet_inter_blame(in, UNET_INTER_CNT_HELD_TOO_LONG);
}

/*
 * Decide on the oldest of those that are due, and those of its lane behind it; its
 * flow gets a reference.
 *
 * Return: its lane, or NULL: none is due, the timer is set for the next.
 */
static struct unet_lane *expire_some(struct unet_inter *in)
{
	struct unet_lane *lane = NULL;
	struct unet_held *h;
	u32 n;

	spin_lock(&in->lock);
	for (n = 0; n < EXPIRE_CHUNK; n++) {
		h = oldest(in);
		if (lane && (!h || h->link->lane != lane))
			break;
		if (!is_due(in, h))
			break;
		if (!lane)
			unet_flow_get(h->link->lane->flow);
		lane = h->link->lane;
		expire(in, h);
	}
	spin_unlock(&in->lock);
	return lane;
}

/* Return: nothing is due any more. Context: BH off, RCU read side. */
static bool expire_chunks(struct unet_inter *in)
{
	struct unet_inter_burst burst = { };
	struct unet_lane *lane = NULL;
	u32 n;

	for (n = 0; n < EXPIRE_CHUNKS && (lane = expire_some(in)); n++) {
		spin_lock(&lane->lock);
		unet_inter_settle(lane, &burst);
		spin_unlock(&lane->lock);
		unet_flow_put(lane->flow);
	}
	unet_inter_release(in->nexus, &burst);
	return !lane;
}

void unet_inter_expire_work(struct work_struct *work)
{
	struct unet_inter *in = container_of(work, struct unet_inter,
					     expire_work);
	bool done;

	do {
		rcu_read_lock_bh();
		done = expire_chunks(in);
		rcu_read_unlock_bh();
		cond_resched();
	} while (!done);
	unet_inter_put(in);
}

void unet_inter_timer(struct timer_list *timer)
{
	struct unet_inter *in = timer_container_of(in, timer, timer);
	bool done;

	rcu_read_lock();
	done = expire_chunks(in);
	rcu_read_unlock();
	if (done || !refcount_inc_not_zero(&in->ref))
		return;
	if (!queue_work(unet_nexus_wq, &in->expire_work))
		unet_inter_put(in);
}
