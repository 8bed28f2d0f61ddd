// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/in.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>

#include "batch.h"
#include "bufpool.h"
#include "channel.h"
#include "core/flow_key.h"
#include "flow.h"
#include "flowswitch.h"
#include "packet.h"
#include "reset.h"
#include "stats.h"
#include "trace.h"

/* Super packets whose payload is one run behind one header. */
#define GSO_TYPES	(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_UDP_L4 |	\
			 SKB_GSO_TCP_ECN | SKB_GSO_TCP_FIXEDID | SKB_GSO_DODGY)

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

/* Only a host's own unicast; and of super packets those we can describe. */
static bool for_us(const struct sk_buff *skb)
{
	if (skb->pkt_type != PACKET_HOST || skb_vlan_tag_present(skb))
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

static void deliver(struct unet_rx_cpu *rx, struct unet_flow *flow,
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

/* The long way: parse and look up. Remembered for the next packet. */
static struct unet_flow *classify(struct unet_rx_cpu *rx,
				  struct unet_rx_packet *p, u64 gen,
				  enum unet_counter *why)
{
	struct unet_flow_key key;
	struct unet_flow *flow;
	int err;

	rx->fast.family = 0;
	err = parse(rx, p, &key);
	if (unlikely(err)) {
		*why = parse_counter(err);
		return NULL;
	}
	if (unlikely(p->info.flags & UNET_PKT_FRAGMENT)) {
		*why = UNET_CNT_RX_HOST_FRAGMENT;
		return NULL;
	}
	if (unlikely(p->info.flags & UNET_PKT_ICMP_ERROR)) {
		copy_icmp_error(rx, p);
		*why = UNET_CNT_RX_HOST;
		return NULL;
	}
	*why = UNET_CNT_RX_HOST_MARTIAN;
	flow = unlikely(unet_flow_key_martian(&key)) ? NULL :
	       unet_flow_find(&rx->fs->nx, &rx->local[key.family == 6], &key,
			      why);
	p->proto = key.mask == UNET_MASK_5TUPLE ? key.proto : 0;
	unet_flow_fast_set(&rx->fast, &key, &p->info);
	rx->flow = flow;
	rx->why = *why;
	rx->gen = gen;
	return flow;
}

/*
 * What was found for the last packet holds as long as the table's generation does:
 * a flow is freed a grace period after that moved on, and we are in one.
 */
static struct unet_flow *flow_of(struct unet_rx_cpu *rx,
				 struct unet_rx_packet *p,
				 enum unet_counter *why)
{
	/* pairs with the release in unet_flow_table_changed() */
	u64 gen = atomic64_read_acquire(&rx->fs->nx.flows.gen);

	if (likely(rx->gen == gen) &&
	    likely(unet_flow_fast_same(&rx->fast, p->l3, skb_headlen(p->skb),
				       p->skb->len, &p->info))) {
		p->proto = rx->fast.proto;
		*why = rx->why;
		return rx->flow;
	}
	return classify(rx, p, gen, why);
}

bool unet_flowswitch_rx(struct unet_nexus *nx, struct sk_buff *skb)
{
	struct unet_flowswitch *fs = container_of(nx, struct unet_flowswitch, nx);
	struct unet_rx_packet p = { .skb = skb, .l3 = skb->data };
	enum unet_counter why = UNET_CNT_RX_HOST_OTHER;
	struct unet_flow *flow = NULL;
	struct unet_rx_cpu *rx = this_cpu_ptr(fs->rx);

	unet_count(nx, UNET_CNT_RX_PACKETS);
	if (likely(for_us(skb)))
		flow = flow_of(rx, &p, &why);
	if (!flow) {
		unet_count_add(nx, why, 1);
		return false;
	}
	deliver(rx, flow, &p, 0);
	/* in softirq; frees many at a time */
	napi_consume_skb(skb, 1);
	return true;
}
