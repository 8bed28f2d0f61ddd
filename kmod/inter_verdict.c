// SPDX-License-Identifier: GPL-2.0
/*
 * Verdicts: from the TX ring of an intermediary to the packets it was shown.
 *
 * A verdict is copied, then checked; bytes it names are copied before they are judged
 * and never read again. What is not modified goes on from the kernel's own copy.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/checksum.h>
#include <net/dsfield.h>
#include <net/dst.h>

#include "arena.h"
#include "channel.h"
#include "core/wire.h"
#include "flow.h"
#include "intermediary.h"
#include "kring.h"
#include "live.h"
#include "nexus.h"
#include "packet.h"
#include "route.h"
#include "trace.h"

#define CHUNK	64u	/* packets decided on with BH off */

/* ---- mark -------------------------------------------------------------- */

/* Context: the lock of @h's grant held. Return: its IP header can be written, as @bytes. */
static bool make_writable(struct unet_held *h, u32 bytes)
{
	struct sk_buff *own;

	if (skb_shared(h->skb)) {
		own = skb_clone(h->skb, GFP_ATOMIC);
		if (!own)
			return false;
		consume_skb(h->skb);
		h->skb = own;
	}
	return !skb_ensure_writable(h->skb, bytes);
}

/* The header's checksum makes up for it. */
static void mark4(struct iphdr *ip, const struct unet_inter_verdict *v)
{
	__be16 *word = (__be16 *)&ip->ttl, old = *word;

	if (v->tos_mask)
		ipv4_change_dsfield(ip, ~v->tos_mask, v->tos);
	if (!v->ttl)
		return;
	ip->ttl = v->ttl;
	csum_replace2(&ip->check, old, *word);
}

/* There is no checksum that would, but the device's of the packet. */
static void mark6(struct sk_buff *skb, const struct unet_inter_verdict *v)
{
	struct ipv6hdr *ip = (struct ipv6hdr *)skb->data;

	if (v->tos_mask)
		ipv6_change_dsfield(ip, ~v->tos_mask, v->tos);
	if (v->ttl)
		ip->hop_limit = v->ttl;
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
}

/* Context: the lock of @h's grant held. Return: false: without memory it stays as it is. */
static bool mark(struct unet_held *h, const struct unet_inter_verdict *v)
{
	bool v4 = h->family == 4;

	if (!make_writable(h, v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)))
		return false;
	if (v4)
		mark4((struct iphdr *)h->skb->data, v);
	else
		mark6(h->skb, v);
	h->info.flags &= ~UNET_PKT_CE;
	if ((unet_ip_tos(h->skb->data) & UNET_ECN_MASK) == UNET_ECN_CE)
		h->info.flags |= UNET_PKT_CE;
	return true;
}

/* ---- accept, drop, duplicate ------------------------------------------- */

/* Context: in->lock held. Is this still @ch's claim? */
static bool serves(const struct unet_inter *in, const struct unet_channel *ch)
{
	return in->channel == ch && in->state == UNET_INTER_SERVING;
}

/* What the owner sends has no other owner. */
static bool fits(const struct unet_held *h, u16 action)
{
	return action != UNET_VERDICT_REDIRECT || !h->link->lane->outbound;
}

/* The held packet of a good token. Context: in->lock held. */
static struct unet_held *find(struct unet_inter *in, u64 token,
			      enum unet_inter_stat *bad)
{
	u32 index;

	*bad = unet_inter_token_find(&in->window, token, &index);
	if (!*bad)
		return in->held[index];
	unet_inter_blame(in, *bad);
	return NULL;
}

static void decide(struct unet_inter *in, struct unet_held *h, u64 token,
		   u16 action)
{
	static const u8 stats[UNET_VERDICT_COUNT] = {
		[UNET_VERDICT_ACCEPT] = UNET_INTER_CNT_ACCEPTED,
		[UNET_VERDICT_DROP] = UNET_INTER_CNT_DROPPED,
		[UNET_VERDICT_MODIFY] = UNET_INTER_CNT_MODIFIED,
		[UNET_VERDICT_DUPLICATE] = UNET_INTER_CNT_DUPLICATED,
		[UNET_VERDICT_REDIRECT] = UNET_INTER_CNT_REDIRECTED,
		[UNET_VERDICT_MARK] = UNET_INTER_CNT_MODIFIED,
	};
	/* Two that redirect to each other's flows are no loop. */
	bool lost = action == UNET_VERDICT_REDIRECT && h->moved;

	h->twice = action == UNET_VERDICT_DUPLICATE;
	h->away = action == UNET_VERDICT_REDIRECT && !lost;
	unet_inter_decide(in, h, UNET_TOKEN_ANSWERED,
			  action == UNET_VERDICT_DROP || lost);
	in->stats[lost ? UNET_INTER_CNT_REDIRECT_LOST : stats[action]]++;
	trace_unet_inter_verdict(in->id, token, action);
}

/**
 * struct answer - verdicts on their way, one after the other
 * @ch:		whose
 * @in:		its grant
 * @lane:	packets of it were decided on and have not gone on, or NULL. A lane is
 *		freed a grace period after it was seen, and BH are off until they have
 * @v:		the verdict, a private copy
 * @total:	L3 bytes it names
 * @at:		packets decided on
 * @bad:	first refusal
 */
struct answer {
	struct unet_channel *ch;
	struct unet_inter *in;
	struct unet_lane *lane;
	struct unet_inter_verdict v;
	u32 total;
	u32 at;
	enum unet_inter_stat bad;
};

static void refuse(struct answer *a, enum unet_inter_stat why)
{
	if (!a->bad)
		a->bad = why;
}

/*
 * What its token stands for; NULL: a->bad says why, or the claim has ended. Context:
 * in->lock held.
 */
static struct unet_held *held_of(struct answer *a)
{
	return serves(a->in, a->ch) ? find(a->in, a->v.token, &a->bad) : NULL;
}

/* What it comes to: what cannot be marked is accepted. Context: in->lock held. */
static u16 action_on(struct answer *a, struct unet_held *h)
{
	const struct unet_inter_verdict *v = &a->v;

	if (v->action != UNET_VERDICT_MARK || mark(h, v))
		return v->action;
	a->in->stats[UNET_INTER_CNT_NO_MEMORY]++;
	return UNET_VERDICT_ACCEPT;
}

/* Decide on packets of one lane. Return: it, or NULL: none of them was held. */
static struct unet_lane *decide_some(struct answer *a)
{
	struct unet_inter *in = a->in;
	u32 end = min(a->v.count, a->at + CHUNK);
	struct unet_lane *lane = NULL;
	enum unet_inter_stat bad;
	struct unet_held *h;

	spin_lock(&in->lock);
	for (; a->at < end; a->at++) {
		if (!serves(in, a->ch)) {
			a->at = a->v.count;
			break;
		}
		h = find(in, a->v.token + a->at, &bad);
		if (!bad && !fits(h, a->v.action)) {
			bad = UNET_INTER_CNT_BAD_VERDICT;
			unet_inter_blame(in, bad);
		}
		if (bad) {
			refuse(a, bad);
			continue;
		}
		if (lane && h->link->lane != lane)
			break;
		lane = h->link->lane;
		decide(in, h, a->v.token + a->at, action_on(a, h));
	}
	spin_unlock(&in->lock);
	return lane;
}

static void go_on(struct answer *a)
{
	struct unet_inter_burst burst = { };
	struct unet_lane *lane = a->lane;

	if (!lane)
		return;
	a->lane = NULL;
	spin_lock(&lane->lock);
	unet_inter_settle(lane, &burst);
	spin_unlock(&lane->lock);
	unet_inter_release(a->in->nexus, &burst);
}

/* Packets of @lane were, or of none: they go on with those decided on next. */
static void decided(struct answer *a, struct unet_lane *lane)
{
	if (!lane || lane == a->lane)
		return;
	go_on(a);
	a->lane = lane;
}

/*
 * What goes on inbound is released by the poll that follows once BH are on: with them
 * off over many verdicts, it is one batch.
 */
static void let_others(struct answer *a)
{
	go_on(a);
	rcu_read_unlock_bh();
	cond_resched();
	rcu_read_lock_bh();
}

static void plain_verdict(struct answer *a)
{
	while (a->at < a->v.count) {
		decided(a, decide_some(a));
		if (a->at < a->v.count)
			let_others(a);
	}
}

/* ---- modify, inject ---------------------------------------------------- */

/**
 * struct rewrite - bytes that are to take the place of a packet, or go before it
 * @old:	the packet: borrowed under in->lock, or a clone of ours, since the packet
 *		may go on, and lose what is not its bytes, while it is looked at
 * @info:	of it
 * @proto:	of it, as unet_rx_packet.proto
 * @outbound:	its lane
 * @old_hdr:	its headers
 * @new_hdr:	those wanted, a private copy
 * @bytes:	L3 bytes of what comes
 * @tx:		what the new header says
 * @skb:	what comes
 */
struct rewrite {
	struct sk_buff *old;
	struct unet_flow_info info;
	u8 proto;
	bool outbound;
	u8 old_hdr[UNET_TX_MAX_HEADER] __aligned(8);
	u8 new_hdr[UNET_TX_MAX_HEADER] __aligned(8);
	u32 bytes;
	struct unet_tx_info tx;
	struct sk_buff *skb;
};

static void look_at(struct rewrite *w, const struct unet_held *h)
{
	w->old = h->skb;
	w->info = h->info;
	w->proto = h->proto;
	w->outbound = h->link->lane->outbound;
}

static enum unet_inter_stat blame(struct answer *a, enum unet_inter_stat why)
{
	if (!why)
		return why;
	spin_lock(&a->in->lock);
	if (serves(a->in, a->ch))
		unet_inter_blame(a->in, why);
	spin_unlock(&a->in->lock);
	return why;
}

/* The kernel vouches for what it sends on: not for what came damaged. */
static bool undamaged(const struct rewrite *w)
{
	struct unet_rx_packet p = {
		.skb = w->old,
		.l3 = w->old_hdr,
		.info = w->info,
		.proto = w->proto,
	};

	return unet_packet_sum_good(&p);
}

/* May it be put there? */
static enum unet_inter_stat check_rewrite(struct answer *a, struct rewrite *w,
					  struct unet_inter_change *c)
{
	if (a->v.action == UNET_VERDICT_INJECT) {
		c->seg_size = 0;
		return unet_inter_inject_check(c, &w->tx);
	}
	if (!undamaged(w))
		return UNET_INTER_CNT_BAD_CSUM;
	return unet_inter_change_check(c, &w->bytes, &w->tx);
}

static enum unet_inter_stat judge(struct answer *a, struct rewrite *w)
{
	const u8 *tx = a->ch->arena->region[UNET_REGION_TX].addr;
	enum unet_inter_stat why;
	struct unet_inter_change c = {
		.rights = a->in->terms.rights,
		.old = w->old_hdr,
		.new = w->new_hdr,
		.old_header = w->info.payload,
		.new_header = a->v.header_len,
		.old_total = w->info.bytes,
		.new_total = a->total,
		.seg_size = skb_shinfo(w->old)->gso_size,
	};

	if (c.old_header > UNET_TX_MAX_HEADER ||
	    skb_copy_bits(w->old, 0, w->old_hdr, c.old_header))
		return UNET_INTER_CNT_UNSENDABLE;
	memcpy(w->new_hdr, tx + a->v.extent[0].offset, c.new_header);
	w->bytes = a->total;
	why = check_rewrite(a, w, &c);
	/*
	 * What is as long as it was is asked when it goes: the way may be narrower now.
	 * A packet of its own is not what was there: that may have been many.
	 */
	if (!why && w->outbound &&
	    (a->v.action == UNET_VERDICT_INJECT || w->bytes > w->info.bytes) &&
	    !unet_route_takes(skb_dst(w->old), w->bytes, w->tx.header_len,
			      c.seg_size))
		why = UNET_INTER_CNT_BAD_LENGTH;
	return why;
}

/* ---- the new packet ---------------------------------------------------- */

static void copy_from_tx(struct answer *a, struct sk_buff *skb)
{
	const u8 *tx = a->ch->arena->region[UNET_REGION_TX].addr;
	u32 i, to = a->v.header_len, skip = a->v.header_len;

	for (i = 0; i < a->v.extents; i++) {
		const struct unet_extent *e = &a->v.extent[i];

		skb_store_bits(skb, to, tx + e->offset + skip, e->len - skip);
		to += e->len - skip;
		skip = 0;
	}
}

static void copy_from_old(struct rewrite *w, struct sk_buff *skb)
{
	u8 some[512];
	u32 at, n;

	for (at = w->info.payload; at < w->bytes; at += n) {
		n = min_t(u32, w->bytes - at, sizeof(some));
		skb_copy_bits(w->old, at, some, n);
		skb_store_bits(skb, at, some, n);
	}
}

static struct sk_buff *alloc_like(const struct rewrite *w)
{
	u32 header = w->tx.header_len, room = skb_headroom(w->old);
	struct sk_buff *skb;
	int err;

	rcu_read_unlock_bh();
	skb = alloc_skb_with_frags(room + header, w->tx.payload,
				   PAGE_ALLOC_COSTLY_ORDER, &err,
				   GFP_KERNEL_ACCOUNT);
	rcu_read_lock_bh();
	if (!skb)
		return NULL;
	skb_reserve(skb, room);
	skb_put(skb, header);
	skb->data_len = w->tx.payload;
	skb->len += w->tx.payload;
	return skb;
}

static void put_header(const struct rewrite *w, struct sk_buff *skb)
{
	memcpy(skb->data, w->new_hdr, w->tx.header_len);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, w->tx.l4_offset);
	skb->ip_summed = CHECKSUM_NONE;
	if (w->tx.csum_offset)
		skb_partial_csum_set(skb, w->tx.l4_offset, w->tx.csum_offset);
}

static void dress(struct answer *a, struct rewrite *w, struct sk_buff *skb)
{
	skb->dev = w->old->dev;
	skb->protocol = w->old->protocol;
	skb_dst_copy(skb, w->old);
	put_header(w, skb);
	if (a->v.action == UNET_VERDICT_INJECT)
		return;
	skb_shinfo(skb)->gso_size = skb_shinfo(w->old)->gso_size;
	skb_shinfo(skb)->gso_segs = skb_shinfo(w->old)->gso_segs;
	skb_shinfo(skb)->gso_type = skb_shinfo(w->old)->gso_type;
}

static enum unet_inter_stat build(struct answer *a, struct rewrite *w)
{
	struct sk_buff *skb = alloc_like(w);

	if (!skb)
		return UNET_INTER_CNT_NO_MEMORY;
	unet_tx_header_fix(w->new_hdr, &w->tx);
	if (a->total > a->v.header_len)
		copy_from_tx(a, skb);
	else if (a->v.action == UNET_VERDICT_MODIFY)
		copy_from_old(w, skb);
	dress(a, w, skb);
	w->skb = skb;
	return UNET_INTER_CNT_NONE;
}

static void describe(struct unet_held *h, const struct rewrite *w)
{
	h->info = (struct unet_flow_info){
		.bytes = w->bytes,
		.l4_offset = w->tx.l4_offset,
		.payload = w->tx.header_len,
		.flags = (w->tx.tos & UNET_ECN_MASK) == UNET_ECN_CE ?
			 UNET_PKT_CE : 0,
		.tcp_flags = w->tx.tcp_flags,
	};
	h->proto = w->tx.csum_offset ? w->tx.proto : 0;
	h->changed = true;
}

/* The packet that is held becomes another. Context: in->lock held. */
static void become(struct unet_inter *in, struct unet_held *h, const struct rewrite *w)
{
	in->bytes_held += w->bytes - h->info.bytes;
	describe(h, w);
}

/* ---- putting it in place ----------------------------------------------- */

/* It may have to wait for others, longer than it was. Context: in->lock held. */
static bool may_grow(struct unet_inter *in, const struct unet_held *h,
		     const struct rewrite *w)
{
	return w->bytes <= h->info.bytes ||
	       (u64)in->bytes_held - h->info.bytes + w->bytes <= in->terms.backlog_bytes;
}

/* Return: the lane, or NULL when its time is over. Context: BH off, RCU. */
static struct unet_lane *replace(struct answer *a, struct rewrite *w)
{
	struct unet_inter *in = a->in;
	struct unet_lane *lane = NULL;
	struct unet_held *h;

	spin_lock(&in->lock);
	h = held_of(a);
	if (h && !may_grow(in, h, w)) {
		a->bad = UNET_INTER_CNT_BACKLOG;
		unet_inter_blame(in, a->bad);
	} else if (h) {
		lane = h->link->lane;
		decide(in, h, a->v.token, UNET_VERDICT_MODIFY);
		swap(h->skb, w->skb);
		become(in, h, w);
	}
	spin_unlock(&in->lock);
	return lane;
}

static struct unet_lane *lane_of(struct answer *a)
{
	struct unet_inter *in = a->in;
	struct unet_held *h;
	struct unet_lane *lane;

	spin_lock(&in->lock);
	h = held_of(a);
	lane = h ? h->link->lane : NULL;
	spin_unlock(&in->lock);
	return lane;
}

/*
 * What waits behind a packet that is held takes memory, whoever it is of. The packet
 * that it goes before does not count: one fits with a backlog of one.
 */
static bool has_room(const struct unet_inter *in, const struct rewrite *w)
{
	u64 bytes = (u64)in->bytes_held + in->bytes_unseen + w->bytes;

	return in->num_held + in->num_unseen <= in->terms.backlog &&
	       bytes <= in->terms.backlog_bytes;
}

/* Context: both locks of @h's place held. Return: 0, or why not. */
static enum unet_inter_stat put_before(struct answer *a, struct unet_held *h,
				       struct rewrite *w)
{
	struct unet_inter *in = a->in;
	struct unet_held *own;

	if (!has_room(in, w)) {
		unet_inter_blame(in, UNET_INTER_CNT_BACKLOG);
		return UNET_INTER_CNT_BACKLOG;
	}
	own = unet_inter_put_before(h, w->skb);
	if (!own)
		return UNET_INTER_CNT_NO_MEMORY;
	w->skb = NULL;
	describe(own, w);
	unet_inter_unseen(in, own);
	in->stats[UNET_INTER_CNT_INJECTED]++;
	trace_unet_inter_verdict(in->id, a->v.token, UNET_VERDICT_INJECT);
	return UNET_INTER_CNT_NONE;
}

/* Before the packet, behind all that came before that. */
static struct unet_lane *insert(struct answer *a, struct rewrite *w)
{
	struct unet_lane *lane = lane_of(a);
	struct unet_inter *in = a->in;
	struct unet_held *h;

	if (!lane)
		return NULL;
	spin_lock(&lane->lock);
	spin_lock(&in->lock);
	h = held_of(a);
	if (h)
		a->bad = put_before(a, h, w);
	spin_unlock(&in->lock);
	spin_unlock(&lane->lock);
	return lane;
}

/* Headers alone change, nobody else has these bytes, and they are in one piece. */
static bool is_editable(const struct answer *a, const struct unet_held *h)
{
	const struct sk_buff *skb = h->skb;

	return a->v.action == UNET_VERDICT_MODIFY &&
	       !(a->in->terms.rights & UNET_INTER_MODIFY_PAYLOAD) &&
	       a->total == a->v.header_len && !skb_shared(skb) &&
	       !skb_cloned(skb) && !skb_has_frag_list(skb) &&
	       h->info.payload <= skb_headlen(skb);
}

/* The checksum of what follows stays the sender's, or none. */
static void put_ip_header(const struct rewrite *w, struct sk_buff *skb)
{
	memcpy(skb->data, w->new_hdr, w->tx.l4_offset);
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
}

static bool is_l4_as_it_was(const struct rewrite *w)
{
	u32 l4 = w->tx.l4_offset;

	return l4 == w->info.l4_offset && l4 < w->tx.header_len &&
	       !memcmp(w->old_hdr + l4, w->new_hdr + l4, w->tx.header_len - l4);
}

static void put_where_it_was(struct rewrite *w, struct unet_held *h)
{
	bool ip_only = is_l4_as_it_was(w);

	unet_tx_header_fix(w->new_hdr, &w->tx);
	become(h->link->inter, h, w);
	if (ip_only) {
		h->proto = w->proto;
		put_ip_header(w, h->skb);
	} else {
		put_header(w, h->skb);
	}
}

/* Where they are. Context: in->lock held. */
static struct unet_lane *edit(struct answer *a, struct rewrite *w,
			      struct unet_held *h)
{
	a->bad = judge(a, w);
	w->old = NULL;
	if (a->bad) {
		unet_inter_blame(a->in, a->bad);
		return NULL;
	}
	put_where_it_was(w, h);
	decide(a->in, h, a->v.token, UNET_VERDICT_MODIFY);
	return h->link->lane;
}

/*
 * Done at once if it can be; else @w->old is a clone, unless @a->bad says why not.
 * The packet may be decided on meanwhile, and is asked for again.
 */
static struct unet_lane *edit_or_clone(struct answer *a, struct rewrite *w)
{
	struct unet_inter *in = a->in;
	struct unet_lane *lane = NULL;
	struct unet_held *h;

	a->bad = UNET_INTER_CNT_TOKEN_STALE;
	spin_lock(&in->lock);
	h = held_of(a);
	if (!h)
		goto out;
	look_at(w, h);
	if (is_editable(a, h)) {
		lane = edit(a, w, h);
		goto out;
	}
	w->old = skb_clone(h->skb, GFP_ATOMIC);
	if (!w->old) {
		a->bad = UNET_INTER_CNT_NO_MEMORY;
		unet_inter_blame(in, a->bad);
	}
out:
	spin_unlock(&in->lock);
	return lane;
}

/* Another packet takes its place, or goes before it: for that memory is waited for. */
static void put_other(struct answer *a, struct rewrite *w)
{
	go_on(a);
	a->bad = blame(a, judge(a, w));
	if (!a->bad)
		a->bad = blame(a, build(a, w));
	if (a->bad)
		return;
	decided(a, a->v.action == UNET_VERDICT_MODIFY ? replace(a, w) :
							insert(a, w));
}

static void byte_verdict(struct answer *a)
{
	struct rewrite w;

	/* The rest is written before it is read: it is large. */
	w.old = NULL;
	w.skb = NULL;
	decided(a, edit_or_clone(a, &w));
	if (w.old)
		put_other(a, &w);
	kfree_skb(w.skb);
	consume_skb(w.old);
}

/* ---- taking verdicts --------------------------------------------------- */

static void answer_one(struct answer *a)
{
	u32 tx_bytes = a->ch->arena->region[UNET_REGION_TX].bytes;

	a->bad = blame(a, unet_inter_verdict_check(&a->v, a->in->terms.rights,
						   tx_bytes, &a->total));
	if (!a->bad) {
		unet_arena_bar(a->v.extent, a->v.extents, tx_bytes);
		if (a->v.extents)
			byte_verdict(a);
		else
			plain_verdict(a);
	}
	unet_channel_done(a->ch, a->v.cookie, a->bad);
}

static void take(struct answer *a)
{
	struct unet_tx_slot slot;

	BUILD_BUG_ON(sizeof(slot) != sizeof(a->v));
	unet_krings_tx_take(&a->ch->rings, &slot);
	memcpy(&a->v, &slot, sizeof(a->v));
	a->at = 0;
}

/* Context: BH off, RCU read side. */
static int take_verdicts(struct unet_channel *ch, u32 waiting)
{
	struct answer a = { .ch = ch, .in = ch->inter };
	int room = 1;
	u32 taken;

	for (taken = 0; taken < waiting && unet_channel_live(ch); taken++) {
		if (taken % CHUNK == CHUNK - 1)
			let_others(&a);
		if (fatal_signal_pending(current))
			break;
		room = unet_channel_done_reserve(ch);
		if (room <= 0)
			break;
		take(&a);
		answer_one(&a);
	}
	go_on(&a);
	if (room < 0) {
		unet_channel_poison(ch, UNET_POISON_DONE_CURSOR);
		return -EIO;
	}
	unet_krings_tx_publish(&ch->rings);
	return taken;
}

int unet_inter_answer(struct unet_channel *ch)
{
	int waiting, taken;

	lockdep_assert_held(&ch->tx_lock);
	waiting = unet_krings_tx_filled(&ch->rings);
	if (waiting < 0) {
		unet_channel_poison(ch, UNET_POISON_TX_CURSOR);
		return -EIO;
	}
	rcu_read_lock_bh();
	taken = take_verdicts(ch, waiting);
	rcu_read_unlock_bh();
	if (taken > 0)
		unet_channel_wake(ch);
	return taken;
}
