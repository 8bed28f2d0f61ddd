// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <net/ip.h>

#include "batch.h"
#include "bufpool.h"
#include "channel.h"
#include "core/flow_key.h"
#include "core/wire.h"
#include "flow.h"
#include "flowswitch.h"
#include "intermediary.h"
#include "packet.h"
#include "reset.h"
#include "stats.h"
#include "trace.h"
#include "type.h"
#include "type_table.h"

/* Super packets whose payload is one run behind one header. */
#define GSO_TYPES	(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_UDP_L4 |	\
			 SKB_GSO_TCP_ECN | SKB_GSO_TCP_ACCECN |			\
			 SKB_GSO_TCP_FIXEDID | SKB_GSO_DODGY)

/* ---- reading ----------------------------------------------------------- */

/* The first @need bytes, or all there are, in one piece. */
static const void *headers(struct unet_rx_cpu *rx, const struct sk_buff *skb,
			   u32 *need)
{
	*need = min_t(u32, *need, skb->len);
	if (*need <= skb_headlen(skb))
		return skb->data;
	return skb_copy_bits(skb, 0, rx->headers, *need) ? NULL : rx->headers;
}

/* What the frame says it carries, of the two that for_us() lets by: 4 or 6. */
static u8 family_of(const struct sk_buff *skb)
{
	return likely(skb->protocol == htons(ETH_P_IP)) ? 4 : 6;
}

static int parse(struct unet_rx_cpu *rx, struct unet_rx_packet *p,
		 struct unet_flow_key *key)
{
	const struct sk_buff *skb = p->skb;
	u32 need = UNET_FLOW_MAX_NEED;
	int err;

	err = unet_flow_key_parse(p->l3, skb_headlen(skb), skb->len, true, key,
				  &p->info);
	if (likely(err != -EAGAIN))
		return err;
	p->l3 = headers(rx, skb, &need);
	return p->l3 ? unet_flow_key_parse(p->l3, need, skb->len, true, key,
					   &p->info) : -EBADMSG;
}

/*
 * A tag of VLAN 0 tells a priority only, and the host ignores it, unless a device was
 * made for that VLAN. The rx_handler comes after that device, ingress before it.
 */
static bool of_a_vlan(const struct sk_buff *skb)
{
	if (likely(!skb_vlan_tag_present(skb)))
		return false;
	return skb_vlan_tag_get_id(skb) ||
	       __vlan_find_dev_deep_rcu(skb->dev, skb->vlan_proto, 0);
}

/* Only a host's own unicast; and of super packets those we can describe. */
static bool for_us(const struct sk_buff *skb)
{
	if (skb->pkt_type != PACKET_HOST || of_a_vlan(skb))
		return false;
	if (skb->protocol != htons(ETH_P_IP) &&
	    skb->protocol != htons(ETH_P_IPV6))
		return false;
	return !(skb_shinfo(skb)->gso_type & ~GSO_TYPES);
}

/* ---- delivering -------------------------------------------------------- */

static void count_drop(struct unet_channel *ch, struct unet_flow *flow,
		       u32 bytes, u32 why)
{
	unet_count(ch->nexus, why);
	trace_unet_rx_drop(ch->id, flow->handle, bytes, why);
	spin_lock(&flow->lock);
	flow->rx_drops++;
	spin_unlock(&flow->lock);
}

static void put_in(struct unet_rx_cpu *rx, struct unet_flow *flow,
		   const struct unet_rx_packet *p, u32 flags)
{
	struct unet_channel *ch = flow->channel;
	struct unet_piece piece;
	u32 why;

	why = unet_packet_in(ch, this_cpu_ptr(ch->cpu), p, &piece);
	if (likely(!why)) {
		piece.flags |= flags;
		why = unet_batch_add(rx, flow, &piece);
		if (unlikely(why))
			unet_bufpool_give(&ch->pool, piece.first, piece.last);
	}
	if (unlikely(why))
		count_drop(ch, flow, p->info.bytes, why);
	unet_reset_seen(flow, p->info.tcp_flags);
}

/* ICMP errors are about the flow, not of it: no intermediary sees them. */
static void deliver(struct unet_rx_cpu *rx, struct unet_flow *flow,
		    const struct unet_rx_packet *p, u32 flags)
{
	if (unlikely(unet_flow_chained(flow)) && !flags &&
	    unet_inter_rx(flow, p, &rx->burst)) {
		napi_schedule(&rx->napi);
		return;
	}
	put_in(rx, flow, p, flags);
}

/* Rules of a flow look at what is delivered: those of the parent, if it is of one. */
static struct unet_flow *find_anew(struct unet_flow *flow,
				   const struct unet_rx_packet *p)
{
	struct unet_flow *parent = flow->type ? flow->type->parent : flow;

	return parent && rcu_access_pointer(parent->children) ?
	       unet_type_child(parent, p) : flow;
}

/* ---- delivering the plain ---------------------------------------------- */

/*
 * Most packets, most of the time: TCP or UDP, one piece of memory, small, the
 * checksum vouched for, and the caller knows that they end no batch. What deliver()
 * does, without its questions.
 */
static bool plain(const struct sk_buff *skb, const struct unet_flow_info *info)
{
	return info->bytes <= min(skb_headlen(skb), UNET_RX_SMALL_BYTES) &&
	       !skb_shinfo(skb)->gso_size &&
	       (skb->ip_summed == CHECKSUM_UNNECESSARY ||
		skb->ip_summed == CHECKSUM_PARTIAL);
}

static void fill_plain(struct unet_bufpool *pool, u32 buf,
		       const struct sk_buff *skb,
		       const struct unet_flow_info *info)
{
	memcpy(pool->small_addr + (size_t)buf * UNET_RX_SMALL_BYTES, skb->data,
	       info->bytes);
	pool->desc[buf] = (struct unet_desc){
		.next = UNET_NO_BUF,
		.len = info->bytes,
		.segments = 1,
		.flags = UNET_DESC_CSUM_OK,
		.l4_offset = info->l4_offset,
	};
}

/* The flow's lock is held, and it is not dead. */
static void join_plain(struct unet_rx_cpu *rx, struct unet_channel_cpu *cc,
		       struct unet_flow *flow, u32 buf,
		       const struct unet_flow_info *info)
{
	struct unet_piece *all = &flow->batch.all;
	u32 ce = !!(info->flags & UNET_PKT_CE);

	if (all->packets) {
		cc->channel->pool.desc[all->last].next = buf;
		all->last = buf;
		all->packets++;
		all->segments++;
		all->bytes += info->bytes;
		all->ce_count += ce;
		return;
	}
	*all = (struct unet_piece){
		.first = buf,
		.last = buf,
		.packets = 1,
		.segments = 1,
		.bytes = info->bytes,
		.ce_count = ce,
	};
	unet_batch_begin(rx, cc, flow);
}

/* Return: false when nothing was done: it is not plain, or the flow is gone. */
static bool deliver_plain(struct unet_rx_cpu *rx, struct unet_flow *flow,
			  const struct sk_buff *skb,
			  const struct unet_flow_info *info)
{
	struct unet_channel *ch = flow->channel;
	struct unet_channel_cpu *cc = this_cpu_ptr(ch->cpu);
	bool alive;
	u32 buf;

	if (unlikely(!cc->num_small) || unlikely(!plain(skb, info)))
		return false;
	buf = cc->small[cc->num_small - 1];
	fill_plain(&ch->pool, buf, skb, info);
	spin_lock(&flow->lock);
	alive = !flow->dead;
	if (likely(alive))
		join_plain(rx, cc, flow, buf, info);
	spin_unlock(&flow->lock);
	cc->num_small -= alive;
	unet_reset_seen(flow, info->tcp_flags);
	return alive;
}

/* ---- ICMP errors ------------------------------------------------------- */

/*
 * The flow gets a copy, the host the packet. Finding no socket for it the host's
 * route learns nothing of a smaller MTU: that is the owner's to heed. An error whose
 * checksum is wrong is left to the host to refuse.
 */
static void copy_icmp_error(struct unet_rx_cpu *rx, struct unet_rx_packet *p)
{
	struct unet_nexus *nx = &rx->fs->nx;
	u32 need = UNET_ICMP_MAX_NEED;
	struct unet_icmp_error err;
	struct unet_flow_key key;
	struct unet_flow *flow;
	enum unet_counter why;

	p->l3 = headers(rx, p->skb, &need);
	if (!p->l3 || unet_flow_key_icmp_error(p->l3, need, p->skb->len,
					       &p->info, &key, &err))
		return;
	flow = unet_flow_find(nx, &rx->local[key.family == 6], &key, &why);
	if (!flow || !unet_packet_l4_good(p))
		return;
	p->proto = 0;
	unet_count(nx, UNET_CNT_RX_ICMP_ERROR);
	deliver(rx, flow, p, UNET_RX_ICMP_ERROR);
}

/* ---- classifying ------------------------------------------------------- */

static enum unet_counter parse_counter(int err)
{
	return err == -EPROTO ? UNET_CNT_RX_HOST_OTHER :
				UNET_CNT_RX_HOST_MALFORMED;
}

/**
 * struct outcome - of a look-up
 * @flow:	with UNET_CNT_NONE
 * @type:	else: the rule that said so, or NULL
 * @why:	UNET_CNT_NONE, or why there is no flow
 * @alike:	it is the same for all packets with the key
 */
struct outcome {
	struct unet_flow *flow;
	struct unet_type *type;
	u32 why;
	bool alike;
};

static void find_flow(struct unet_rx_cpu *rx, struct unet_rx_packet *p,
		      const struct unet_flow_key *key, struct outcome *out)
{
	enum unet_counter why = UNET_CNT_RX_HOST;

	if (unlikely(p->info.flags & UNET_PKT_ICMP_ERROR)) {
		copy_icmp_error(rx, p);
		out->alike = false;
	} else {
		out->flow = unet_flow_find(&rx->fs->nx,
					   &rx->local[key->family == 6], key, &why);
	}
	if (out->flow && unlikely(rcu_access_pointer(out->flow->children))) {
		out->flow = unet_type_child(out->flow, p);
		out->alike = false;
	}
	out->why = out->flow ? UNET_CNT_NONE : why;
}

static void obey_rule(struct unet_rx_packet *p,
		      const struct unet_type_version *version,
		      struct outcome *out)
{
	struct sk_buff *skb = (struct sk_buff *)p->skb;

	out->why = unet_type_run(version, skb, &out->flow, &out->alike);
	if (out->why)
		out->type = version->type;
}

/* Of the administrator's first rules, flows and other rules the first that wants it. */
static noinline void find_by_rules(struct unet_rx_cpu *rx,
				   struct unet_rx_packet *p,
				   const struct unet_flow_key *key,
				   struct outcome *out)
{
	const struct unet_type_version *version;

	version = unet_type_find(&rx->fs->nx, &rx->local[key->family == 6], p,
				 key, &out->alike);
	if (version && unet_type_early(&version->rule)) {
		obey_rule(p, version, out);
		return;
	}
	find_flow(rx, p, key, out);
	if (version && out->why)
		obey_rule(p, version, out);
}

static void find(struct unet_rx_cpu *rx, struct unet_rx_packet *p,
		 const struct unet_flow_key *key, struct outcome *out)
{
	if (unlikely(unet_flow_key_martian(key)))
		out->why = UNET_CNT_RX_HOST_MARTIAN;
	else if (likely(!rcu_access_pointer(rx->fs->nx.types)))
		find_flow(rx, p, key, out);
	else
		find_by_rules(rx, p, key, out);
}

static void note(struct unet_rx_known *known, const struct unet_flow_key *key,
		 const struct unet_flow_info *info, const struct outcome *out,
		 u64 gen)
{
	if (unlikely(!out->alike)) {
		known->fast.family = 0;	/* nothing is the same */
		return;
	}
	unet_flow_fast_set(&known->fast, key, info);
	if (out->why)
		known->type = out->type;
	else
		known->flow = out->flow;
	known->why = out->why;
	known->gen = gen;
}

/*
 * Parse and look up. What is found is noted in @known. A frame that says it carries the
 * other version of IP has passed rules for that one, and the host drops it.
 */
static void classify(struct unet_rx_cpu *rx, struct unet_rx_packet *p,
		     struct unet_rx_known *known, struct outcome *out)
{
	struct unet_nexus *nx = &rx->fs->nx;
	/* pairs with the release in unet_flow_table_changed() */
	u64 gen = atomic64_read_acquire(&nx->flows.gen);
	struct unet_flow_key key;
	int err;

	err = parse(rx, p, &key);
	if (!err && unlikely(key.family != family_of(p->skb)))
		err = -EBADMSG;
	if (unlikely(err)) {
		out->why = parse_counter(err);
		return;
	}
	if (unlikely(p->info.flags & UNET_PKT_FRAGMENT)) {
		out->why = UNET_CNT_RX_HOST_FRAGMENT;
		return;
	}
	p->proto = key.mask == UNET_MASK_5TUPLE ? key.proto : 0;
	find(rx, p, &key, out);
	note(known, &key, &p->info, out, gen);
}

/*
 * Where the likes of a packet would have been noted. Only a place to look: what is
 * there is compared in full.
 */
static __always_inline struct unet_rx_known *
place_of(struct unet_rx_cpu *rx, const struct sk_buff *skb)
{
	bool ip4 = family_of(skb) == 4;
	const u8 *l3 = skb->data;
	u32 mix;

	if (unlikely(skb_headlen(skb) < (ip4 ? 24 : 44)))
		return rx->known;
	if (likely(ip4))
		mix = unet_load_raw32(l3 + 12) ^ unet_load_raw32(l3 + 20);
	else
		mix = unet_load_raw32(l3 + 20) ^ unet_load_raw32(l3 + 40);
	/* The end of a port that counts up goes to the middle: it spreads evenly. */
	return &rx->known[hash_32(ror32(mix, 16), UNET_KNOWN_BITS)];
}

/*
 * What was found for the last such packet holds as long as the table's generation
 * does: flows and rules are freed a grace period after that moved on, and we are in
 * one.
 */
static bool is_known(const struct unet_nexus *nx,
		     const struct unet_rx_known *known,
		     const struct sk_buff *skb, struct unet_flow_info *info)
{
	return likely(known->gen == atomic64_read(&nx->flows.gen)) &&
	       likely(unet_flow_fast_same(&known->fast, family_of(skb), skb->data,
					  skb_headlen(skb), skb->len, info));
}

static void recall(const struct unet_rx_known *known, struct unet_rx_packet *p,
		   struct outcome *out)
{
	p->proto = known->fast.proto;
	out->why = known->why;
	if (known->why)
		out->type = known->type;
	else
		out->flow = known->flow;
}

/*
 * Do what was found. Return: false: it is the host's; what a rule drops is gone.
 */
static bool carry_out(struct unet_rx_cpu *rx, struct sk_buff *skb,
		      const struct unet_rx_packet *p, const struct outcome *out,
		      u32 flags)
{
	if (!out->why) {
		deliver(rx, out->flow, p, flags);
		napi_consume_skb(skb, 1);
		return true;
	}
	unet_count_add(&rx->fs->nx, out->why, 1);
	if (unlikely(out->type))
		unet_type_count(out->type, skb->len);
	if (likely(out->why != UNET_CNT_RX_TYPE_DROP))
		return false;
	kfree_skb(skb);
	return true;
}

/* ---- fragments --------------------------------------------------------- */

/* Of the host's fragment queues: one that none of enum ip_defrag_users comes to. */
#define GATHERER	0x756e6574u

/* From the first flow on, or the first fragment that meets a rule. */
static bool gathers(struct unet_nexus *nx)
{
	if (likely(READ_ONCE(nx->flows.used)))
		return true;
	if (!rcu_access_pointer(nx->types))
		return false;
	WRITE_ONCE(nx->flows.used, true);
	return true;
}

/*
 * Whose a datagram is only its first fragment says. The host would put together what
 * is for itself, and then find nobody there; what it routes on stays as it came. The
 * skb must stay the one that its device is asked about afterwards.
 */
static bool may_gather(struct unet_rx_cpu *rx, const struct unet_rx_packet *p)
{
	struct unet_nexus *nx = &rx->fs->nx;
	const struct iphdr *ip = p->l3;
	__be32 local[4] = { ip->daddr };

	return ip->version == 4 && !skb_shared(p->skb) && gathers(nx) &&
	       unet_local_check(&rx->local[0], nx, 4, local);
}

/*
 * The host's memory and time for fragments bound it, its counters tell of it, and
 * the sender hears of what never was whole. What waits there must keep nobody
 * else's pages.
 *
 * Return: @skb is the whole datagram; else it is gone.
 */
static bool gather(struct unet_rx_cpu *rx, struct sk_buff *skb)
{
	unet_count(&rx->fs->nx, UNET_CNT_RX_FRAGMENT);
	if (skb_orphan_frags_rx(skb, GFP_ATOMIC)) {
		kfree_skb(skb);
		return false;
	}
	return ip_check_defrag(dev_net(skb->dev), skb, GATHERER);
}

/* ---- whatever it is ---------------------------------------------------- */

/* The long way, for what is not known. */
static noinline bool receive(struct unet_rx_cpu *rx, struct sk_buff *skb,
			     struct unet_rx_known *known)
{
	struct unet_rx_packet p = { .skb = skb, .l3 = skb->data };
	struct outcome out = { .alike = true };

	classify(rx, &p, known, &out);
	if (unlikely(out.why == UNET_CNT_RX_HOST_FRAGMENT) &&
	    may_gather(rx, &p)) {
		if (!gather(rx, skb))
			return true;
		p = (struct unet_rx_packet){ .skb = skb, .l3 = skb->data };
		out = (struct outcome){ .alike = true };
		classify(rx, &p, place_of(rx, skb), &out);
	}
	return carry_out(rx, skb, &p, &out, 0);
}

/* ... and for what is, but is not plain, or no flow's. */
static noinline bool receive_known(struct unet_rx_cpu *rx, struct sk_buff *skb,
				   struct unet_rx_known *known,
				   const struct unet_flow_info *info)
{
	struct unet_rx_packet p = { .skb = skb, .l3 = skb->data, .info = *info };
	struct outcome out = { .alike = true };

	/* It ended just now: another may want what it does not. */
	if (unlikely(!known->why && READ_ONCE(known->flow->dead)))
		return receive(rx, skb, known);
	recall(known, &p, &out);
	return carry_out(rx, skb, &p, &out, 0);
}

/* ---- from intermediaries ------------------------------------------------- */

/* What rules say is obeyed, too: only that the host has no part in it. */
static struct unet_flow *whose(struct unet_rx_cpu *rx, struct unet_rx_packet *p)
{
	struct outcome out = { .why = UNET_CNT_RX_HOST };
	struct unet_flow_key key;

	if (parse(rx, p, &key) || key.mask != UNET_MASK_5TUPLE)
		return NULL;
	p->proto = key.proto;
	find(rx, p, &key, &out);
	if (out.type)
		unet_type_count(out.type, p->skb->len);
	return out.why || READ_ONCE(out.flow->dead) ? NULL : out.flow;
}

/* Any context with BH off: what it adds is released by the poll, once they are on. */
void unet_flowswitch_pass_in(struct unet_flow *flow, struct unet_held *h)
{
	struct unet_flowswitch *fs = container_of(flow->channel->nexus,
						  struct unet_flowswitch, nx);
	struct unet_rx_cpu *rx = this_cpu_ptr(fs->rx);
	struct unet_rx_packet p = {
		.skb = h->skb,
		.info = h->info,
		.proto = h->proto,
	};
	u32 need = UNET_FLOW_MAX_NEED;

	p.l3 = headers(rx, h->skb, &need);
	if (!p.l3)
		return;
	rcu_read_lock();
	flow = h->changed ? find_anew(flow, &p) : flow;
	if (h->proto && !READ_ONCE(flow->exclusive) &&
	    deliver_plain(rx, flow, h->skb, &h->info)) {
		rcu_read_unlock();
		return;
	}
	/* Of a listener that went when its connection had come. */
	if (unlikely(READ_ONCE(flow->dead)))
		flow = whose(rx, &p) ?: flow;
	put_in(rx, flow, &p, 0);
	rcu_read_unlock();
}

bool unet_flowswitch_pass_anew(struct unet_nexus *nx, struct unet_held *h,
			       struct unet_inter_burst *burst)
{
	struct unet_flowswitch *fs = container_of(nx, struct unet_flowswitch, nx);
	struct unet_rx_cpu *rx = this_cpu_ptr(fs->rx);
	struct unet_rx_packet p = {
		.skb = h->skb,
		.l3 = h->skb->data,
		.moved = h->moved,
		.again = h->again,
	};
	struct unet_flow *flow = whose(rx, &p);

	if (!flow)
		return false;
	if (unet_flow_chained(flow) && unet_inter_rx(flow, &p, burst))
		return true;
	/* pairs with the release in unet_flow_set_chained() */
	smp_rmb();
	/* Who had to see it was taken out with all others. */
	if (READ_ONCE(nx->inters.closed))
		return false;
	put_in(rx, flow, &p, 0);
	return true;
}

/* ---- frames that are not IP -------------------------------------------- */

/* Of no VLAN, to us or to many, whole, with an Ethernet header before it. */
static bool plain_frame(const struct sk_buff *skb)
{
	switch (skb->pkt_type) {
	case PACKET_HOST:
	case PACKET_BROADCAST:
	case PACKET_MULTICAST:
		break;
	default:
		return false;
	}
	return !of_a_vlan(skb) && !skb_is_gso(skb) &&
	       skb->dev->type == ARPHRD_ETHER &&
	       skb->data - skb_mac_header(skb) == ETH_HLEN;
}

static noinline bool receive_frame(struct unet_rx_cpu *rx, struct sk_buff *skb)
{
	struct unet_rx_packet p = {
		.skb = skb,
		.info.bytes = skb->len + ETH_HLEN,
		.info.l4_offset = ETH_HLEN,
		.info.payload = ETH_HLEN,
		.back = ETH_HLEN,
	};
	const struct unet_type_version *version = NULL;
	struct outcome out = { .why = UNET_CNT_RX_HOST_OTHER };

	if (plain_frame(skb))
		version = unet_type_find_frame(&rx->fs->nx, skb);
	if (version)
		obey_rule(&p, version, &out);
	return carry_out(rx, skb, &p, &out, UNET_RX_L2);
}

/* ---- the hook ---------------------------------------------------------- */

bool unet_flowswitch_rx(struct unet_nexus *nx, struct sk_buff *skb)
{
	struct unet_flowswitch *fs = container_of(nx, struct unet_flowswitch, nx);
	struct unet_rx_cpu *rx = this_cpu_ptr(fs->rx);
	struct unet_rx_known *known;
	struct unet_flow_info info;

	unet_count(nx, UNET_CNT_RX_PACKETS);
	if (unlikely(!for_us(skb)))
		return receive_frame(rx, skb);
	known = place_of(rx, skb);
	if (unlikely(!is_known(nx, known, skb, &info)))
		return receive(rx, skb, known);
	if (known->why || unlikely(READ_ONCE(known->flow->detour)) ||
	    unlikely(!deliver_plain(rx, known->flow, skb, &info)))
		return receive_known(rx, skb, known, &info);
	/* in softirq; frees many at a time */
	napi_consume_skb(skb, 1);
	return true;
}
