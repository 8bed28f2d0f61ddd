// SPDX-License-Identifier: GPL-2.0
/*
 * Verdicts: from the TX ring of an intermediary to the packets it was shown.
 *
 * A verdict is copied, then checked; bytes it names are copied before they are judged
 * and never read again. What is not modified goes on from the kernel's own copy.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/dsfield.h>
#include <net/dst.h>
#include <net/ip6_checksum.h>

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

/* With BH off, and as much again of the verdict that comes to be too much. */
#define CHUNK		64u	/* packets decided on */
#define CHUNK_BYTES	131072u	/* of those changed; of any, the checksum may be asked for */

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

static void note_ce(struct unet_held *h)
{
	h->info.flags &= ~UNET_PKT_CE;
	if ((unet_ip_tos(h->skb->data) & UNET_ECN_MASK) == UNET_ECN_CE)
		h->info.flags |= UNET_PKT_CE;
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
	note_ce(h);
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
 * @total:	L3 bytes it names, of each packet
 * @at:		packets decided on
 * @bad:	refusal to be told
 * @packets:	decided on, and verdicts taken, since others were let
 * @bytes:	changed since then
 */
struct answer {
	struct unet_channel *ch;
	struct unet_inter *in;
	struct unet_lane *lane;
	struct unet_inter_verdict v;
	u32 total;
	u32 at;
	enum unet_inter_stat bad;
	u32 packets;
	u32 bytes;
};

/* The first is told, but what the packet is to blame for only if there is nothing else. */
static void refuse(struct answer *a, enum unet_inter_stat why)
{
	if (!a->bad || (unet_inter_no_fault(a->bad) && !unet_inter_no_fault(why)))
		a->bad = why;
}

static u64 token_at(const struct answer *a)
{
	return a->v.token + a->at;
}

/* Context: in->lock held. Return: the claim has ended, and with it the verdict. */
static bool is_over(struct answer *a)
{
	if (serves(a->in, a->ch))
		return false;
	refuse(a, UNET_INTER_CNT_TOKEN_STALE);
	a->at = a->v.count;
	return true;
}

/*
 * What the token stands for whose turn it is; NULL: refused, or the claim has ended.
 * Context: in->lock held.
 */
static struct unet_held *held_of(struct answer *a)
{
	enum unet_inter_stat bad;
	struct unet_held *h;

	if (is_over(a))
		return NULL;
	h = find(a->in, token_at(a), &bad);
	if (!h)
		refuse(a, bad);
	return h;
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
		h = find(in, token_at(a), &bad);
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
		decide(in, h, token_at(a), action_on(a, h));
		a->packets++;
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
	a->packets = 0;
	a->bytes = 0;
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
 * @old:	the packet, under in->lock, or @clone
 * @clone:	ours, or NULL: the packet may go on, and lose what is not its bytes, while
 *		it is looked at
 * @info:	of it
 * @proto:	of it, as unet_rx_packet.proto
 * @outbound:	its lane
 * @old_hdr:	its headers, where they lie or in @old_copy
 * @old_copy:	of headers that may not be in one piece
 * @new_hdr:	those wanted, a private copy
 * @bytes:	L3 bytes of what comes
 * @tx:		what the new header says
 * @skb:	what comes
 */
struct rewrite {
	struct sk_buff *old;
	struct sk_buff *clone;
	struct unet_flow_info info;
	u8 proto;
	bool outbound;
	const u8 *old_hdr;
	u8 old_copy[UNET_TX_MAX_HEADER] __aligned(8);
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

/* Of many, which one could not be changed would not be told: it does not wait for more. */
static bool stays(const struct answer *a, enum unet_inter_stat why)
{
	return a->v.count == 1 || !unet_inter_no_fault(why);
}

/* Context: in->lock held. */
static struct unet_lane *let_be(struct answer *a, struct unet_held *h)
{
	bool drops = a->in->terms.rights & UNET_INTER_DROP;

	decide(a->in, h, token_at(a), drops ? UNET_VERDICT_DROP : UNET_VERDICT_ACCEPT);
	return h->link->lane;
}

/* Context: in->lock held. Return: its lane, if it has been decided on. */
static struct unet_lane *blame(struct answer *a, struct unet_held *h,
			       enum unet_inter_stat why)
{
	refuse(a, why);
	unet_inter_blame(a->in, why);
	return stays(a, why) ? NULL : let_be(a, h);
}

/* Likewise, where its time may be over. */
static struct unet_lane *blame_late(struct answer *a, enum unet_inter_stat why)
{
	struct unet_lane *lane = NULL;
	struct unet_held *h = NULL;

	refuse(a, why);
	spin_lock(&a->in->lock);
	if (serves(a->in, a->ch)) {
		unet_inter_blame(a->in, why);
		h = stays(a, why) ? NULL : held_of(a);
	}
	if (h)
		lane = let_be(a, h);
	spin_unlock(&a->in->lock);
	return lane;
}

static bool sum_good(const struct rewrite *w)
{
	struct unet_rx_packet p = {
		.skb = w->old,
		.l3 = w->old_hdr,
		.info = w->info,
		.proto = w->proto,
	};

	return unet_packet_sum_good(&p);
}

/*
 * The kernel vouches for what it sends on: not for what came damaged. Most of what comes
 * was looked at before.
 */
static bool undamaged(const struct rewrite *w)
{
	return w->old->ip_summed == CHECKSUM_UNNECESSARY || sum_good(w);
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

/* Each of many lies behind the one before it. */
static const u8 *bytes_at(const struct answer *a)
{
	const u8 *tx = a->ch->arena->region[UNET_REGION_TX].addr;

	return tx + a->v.extent[0].offset + a->at * a->total;
}

static void copy_header(const struct answer *a, struct rewrite *w)
{
	memcpy(w->new_hdr, bytes_at(a), a->v.header_len);
}

static struct unet_inter_change change_of(const struct answer *a,
					  const struct rewrite *w)
{
	return (struct unet_inter_change){
		.rights = a->in->terms.rights,
		.old = w->old_hdr,
		.new = w->new_hdr,
		.old_header = w->info.payload,
		.new_header = a->v.header_len,
		.old_total = w->info.bytes,
		.new_total = a->total,
		.seg_size = skb_shinfo(w->old)->gso_size,
	};
}

static enum unet_inter_stat judge(struct answer *a, struct rewrite *w)
{
	struct unet_inter_change c = change_of(a, w);
	enum unet_inter_stat why;

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

/* Of a packet that may be in pieces. */
static enum unet_inter_stat judge_copy(struct answer *a, struct rewrite *w)
{
	w->old_hdr = w->old_copy;
	if (w->info.payload > UNET_TX_MAX_HEADER ||
	    skb_copy_bits(w->old, 0, w->old_copy, w->info.payload))
		return UNET_INTER_CNT_UNSENDABLE;
	copy_header(a, w);
	return judge(a, w);
}

/* ---- the new packet ---------------------------------------------------- */

static void store(struct sk_buff *skb, u32 to, const u8 *from, u32 len)
{
	if (to + len <= skb_headlen(skb))
		memcpy(skb->data + to, from, len);
	else
		skb_store_bits(skb, to, from, len);
}

/* What is behind the headers: of many packets one has a part of an extent, else all are its. */
static void copy_from_tx(struct answer *a, struct sk_buff *skb)
{
	const u8 *tx = a->ch->arena->region[UNET_REGION_TX].addr;
	const struct unet_extent *e = a->v.extent;
	u32 i, to = a->v.header_len, first = min(a->total, e->len);

	store(skb, to, bytes_at(a) + to, first - to);
	to = first;
	for (i = 1; i < a->v.extents; i++) {
		store(skb, to, tx + e[i].offset, e[i].len);
		to += e[i].len;
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
		lane = blame(a, h, UNET_INTER_CNT_BACKLOG);
	} else if (h) {
		lane = h->link->lane;
		decide(in, h, token_at(a), UNET_VERDICT_MODIFY);
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

/* Context: both locks of @h's place held. */
static void put_before(struct answer *a, struct unet_held *h, struct rewrite *w)
{
	struct unet_inter *in = a->in;
	struct unet_held *own;

	if (!has_room(in, w)) {
		blame(a, h, UNET_INTER_CNT_BACKLOG);
		return;
	}
	own = unet_inter_put_before(h, w->skb);
	if (!own) {
		refuse(a, UNET_INTER_CNT_NO_MEMORY);
		return;
	}
	w->skb = NULL;
	describe(own, w);
	unet_inter_unseen(in, own);
	in->stats[UNET_INTER_CNT_INJECTED]++;
	trace_unet_inter_verdict(in->id, a->v.token, UNET_VERDICT_INJECT);
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
		put_before(a, h, w);
	spin_unlock(&in->lock);
	spin_unlock(&lane->lock);
	return lane;
}

/* The packet's own bytes come along, not headers alone. */
static bool has_payload(const struct answer *a)
{
	return a->in->terms.rights & UNET_INTER_MODIFY_PAYLOAD;
}

/*
 * Nobody else has these bytes, and those that change are in one piece: headers, or a
 * packet as long as it was, and so small that it can be copied under a lock.
 */
static bool is_editable(const struct answer *a, const struct unet_held *h)
{
	const struct sk_buff *skb = h->skb;
	u32 bytes = has_payload(a) ? h->info.bytes : h->info.payload;

	if (a->v.action != UNET_VERDICT_MODIFY || skb_shared(skb) ||
	    skb_cloned(skb) || skb_has_frag_list(skb) || bytes > skb_headlen(skb))
		return false;
	return has_payload(a) ? a->total == bytes && bytes <= UNET_RX_SMALL_BYTES :
				a->total == a->v.header_len;
}

/* The checksum of what follows stays the sender's, or none. */
static void put_ip_header(const struct rewrite *w, struct sk_buff *skb, u32 bytes)
{
	memcpy(skb->data, w->new_hdr, bytes);
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
}

static bool is_l4_as_it_was(const struct rewrite *w)
{
	u32 l4 = w->tx.l4_offset;

	return l4 == w->info.l4_offset && l4 < w->tx.header_len &&
	       !memcmp(w->old_hdr + l4, w->new_hdr + l4, w->tx.header_len - l4);
}

static void put_where_it_was(struct answer *a, struct rewrite *w, struct unet_held *h)
{
	bool ip_only = !has_payload(a) && is_l4_as_it_was(w);

	unet_tx_header_fix(w->new_hdr, &w->tx);
	if (has_payload(a))
		copy_from_tx(a, h->skb);
	become(h->link->inter, h, w);
	if (ip_only) {
		h->proto = w->proto;
		put_ip_header(w, h->skb, w->tx.l4_offset);
	} else {
		put_header(w, h->skb);
	}
}

/* Of a packet that is as long as it was. Return: the sum of the pseudo header. */
static __sum16 fix4(struct iphdr *ip, u32 bytes)
{
	ip->tot_len = htons(bytes);
	ip->check = 0;
	ip->check = ip_fast_csum(ip, ip->ihl);
	return ~csum_tcpudp_magic(ip->saddr, ip->daddr, bytes - sizeof(*ip),
				  ip->protocol, 0);
}

static __sum16 fix6(struct ipv6hdr *ip, u32 bytes)
{
	u32 l4_bytes = bytes - sizeof(*ip);

	ip->payload_len = htons(l4_bytes);
	return ~csum_ipv6_magic(&ip->saddr, &ip->daddr, l4_bytes, ip->nexthdr, 0);
}

/* The checksum of what follows is made when it is needed. */
static void put_payload(struct answer *a, struct rewrite *w, struct unet_held *h,
			__sum16 pseudo)
{
	w->tx.header_len = w->info.payload;
	w->tx.l4_offset = w->info.l4_offset;
	w->tx.csum_offset = h->proto == IPPROTO_UDP ? offsetof(struct udphdr, check) :
						      offsetof(struct tcphdr, check);
	memcpy(w->new_hdr + w->tx.l4_offset + w->tx.csum_offset, &pseudo,
	       sizeof(pseudo));
	copy_from_tx(a, h->skb);
	put_header(w, h->skb);
}

/* Context: the lock of @h's grant held. */
static void put_plain(struct answer *a, struct rewrite *w, struct unet_held *h)
{
	bool v4 = h->family == 4;
	__sum16 pseudo = v4 ? fix4((struct iphdr *)w->new_hdr, w->info.bytes) :
			      fix6((struct ipv6hdr *)w->new_hdr, w->info.bytes);

	if (has_payload(a))
		put_payload(a, w, h, pseudo);
	else
		put_ip_header(w, h->skb, w->info.l4_offset);
	h->changed = true;
	note_ce(h);
}

static bool is_plain(const struct answer *a, const struct rewrite *w)
{
	struct unet_inter_change c = change_of(a, w);

	return w->proto && unet_inter_change_plain(&c, w->info.l4_offset);
}

/* Where they are. Context: in->lock held. Return: its lane, when decided on. */
static struct unet_lane *edit(struct answer *a, struct rewrite *w,
			      struct unet_held *h)
{
	enum unet_inter_stat why;
	bool plain;

	w->old_hdr = h->skb->data;
	copy_header(a, w);
	plain = is_plain(a, w);
	if (plain)
		why = undamaged(w) ? UNET_INTER_CNT_NONE : UNET_INTER_CNT_BAD_CSUM;
	else
		why = judge(a, w);
	if (why)
		return blame(a, h, why);
	if (plain)
		put_plain(a, w, h);
	else
		put_where_it_was(a, w, h);
	decide(a->in, h, token_at(a), UNET_VERDICT_MODIFY);
	return h->link->lane;
}

/* To be looked at without the lock. Return: as edit(). Context: in->lock held. */
static struct unet_lane *borrow(struct answer *a, struct rewrite *w,
				struct unet_held *h)
{
	w->clone = skb_clone(h->skb, GFP_ATOMIC);
	w->old = w->clone;
	return w->clone ? NULL : blame(a, h, UNET_INTER_CNT_NO_MEMORY);
}

/*
 * Packets of one lane, as far as it can be done at once; of what stopped it @w->clone is
 * one. That may be decided on meanwhile, and is asked for again.
 *
 * Return: the lane, or NULL: none was decided on.
 */
static struct unet_lane *edit_some(struct answer *a, struct rewrite *w)
{
	struct unet_lane *lane = NULL, *done;
	u32 end = min(a->v.count, a->at + CHUNK);
	struct unet_held *h;

	spin_lock(&a->in->lock);
	for (; a->at < end && a->bytes < CHUNK_BYTES; a->at++) {
		h = held_of(a);
		if (!h)
			continue;
		if (lane && h->link->lane != lane)
			break;
		a->bytes += h->info.bytes;
		a->packets++;
		look_at(w, h);
		done = is_editable(a, h) ? edit(a, w, h) : borrow(a, w, h);
		if (w->clone)
			break;
		lane = done ?: lane;
	}
	spin_unlock(&a->in->lock);
	return lane;
}

/* Another packet takes its place, or goes before it: for that memory is waited for. */
static void put_other(struct answer *a, struct rewrite *w)
{
	enum unet_inter_stat why;

	go_on(a);
	why = judge_copy(a, w);
	if (!why)
		why = build(a, w);
	if (why)
		decided(a, blame_late(a, why));
	else if (a->v.action == UNET_VERDICT_MODIFY)
		decided(a, replace(a, w));
	else
		decided(a, insert(a, w));
}

static void change_some(struct answer *a)
{
	struct rewrite w;

	/* The rest is written before it is read: it is large. */
	w.clone = NULL;
	w.skb = NULL;
	decided(a, edit_some(a, &w));
	if (w.clone) {
		put_other(a, &w);
		a->at++;
	}
	kfree_skb(w.skb);
	consume_skb(w.clone);
}

static void byte_verdict(struct answer *a)
{
	for (;;) {
		change_some(a);
		if (a->at >= a->v.count || fatal_signal_pending(current))
			return;
		let_others(a);
	}
}

/* ---- taking verdicts --------------------------------------------------- */

static void answer_one(struct answer *a)
{
	u32 tx_bytes = a->ch->arena->region[UNET_REGION_TX].bytes;
	enum unet_inter_stat why;

	why = unet_inter_verdict_check(&a->v, a->in->terms.rights, tx_bytes,
				       &a->total);
	if (why) {
		blame_late(a, why);
	} else {
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
	a->bad = UNET_INTER_CNT_NONE;
}

/* Context: BH off, RCU read side. */
static int take_verdicts(struct unet_channel *ch, u32 waiting)
{
	struct answer a = { .ch = ch, .in = ch->inter };
	int room = 1;
	u32 taken;

	for (taken = 0; taken < waiting && unet_channel_live(ch); taken++) {
		if (a.packets >= 2 * CHUNK || a.bytes >= CHUNK_BYTES)
			let_others(&a);
		if (fatal_signal_pending(current))
			break;
		room = unet_channel_done_reserve(ch);
		if (room <= 0)
			break;
		take(&a);
		a.packets++;
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
