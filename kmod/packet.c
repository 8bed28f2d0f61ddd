// SPDX-License-Identifier: GPL-2.0
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

#include "advice.h"
#include "arena.h"
#include "batch.h"
#include "bufpool.h"
#include "channel.h"
#include "core/wire.h"
#include "flow.h"
#include "live.h"
#include "nexus.h"
#include "packet.h"
#include "stats.h"

#define COPY_MAX	512u	/* less payload is copied: cheaper than completion */

/* ---- in: checksums ----------------------------------------------------- */

/* The sum of the pseudo header; @bytes of L4. */
static __wsum pseudo_sum(const struct unet_rx_packet *p, u32 bytes, u8 proto)
{
	const struct iphdr *ip = p->l3;
	const struct ipv6hdr *ip6 = p->l3;

	if (ip->version == 4)
		return csum_tcpudp_nofold(ip->saddr, ip->daddr, bytes, proto, 0);
	return csum_unfold((__force __sum16)~(__force u16)
			   csum_ipv6_magic(&ip6->saddr, &ip6->daddr, bytes,
					   proto, 0));
}

/* What its checksum covers: a datagram may end before its packet does (RFC 768). */
static u32 summed_bytes(const struct unet_rx_packet *p)
{
	u32 bytes = p->info.bytes - p->info.l4_offset;

	if (p->proto != IPPROTO_UDP)
		return bytes;
	/* Not too short, and no longer than that: it was parsed. */
	return min_t(u32, bytes, unet_load_u16(p->l3 + p->info.l4_offset +
					       offsetof(struct udphdr, len)));
}

static bool no_udp_checksum(const struct unet_rx_packet *p)
{
	return p->proto == IPPROTO_UDP && *(const u8 *)p->l3 >> 4 == 4 &&
	       !unet_load_raw16(p->l3 + p->info.l4_offset +
				offsetof(struct udphdr, check));
}

/* Does the device's sum over the whole packet hold? */
static bool complete_good(const struct unet_rx_packet *p)
{
	u32 l4 = p->info.l4_offset, bytes = summed_bytes(p);
	__wsum sum;

	/* Padding is in it, and cannot be told apart here. */
	if (p->skb->len != l4 + bytes)
		return false;
	sum = csum_sub(p->skb->csum, csum_partial(p->l3, l4, 0));
	return !csum_fold(csum_add(sum, pseudo_sum(p, bytes, p->proto)));
}

/* Return: UNET_DESC_CSUM_OK, or 0: compute it. */
static u32 vouched(const struct unet_rx_packet *p)
{
	switch (p->skb->ip_summed) {
	case CHECKSUM_UNNECESSARY:
	case CHECKSUM_PARTIAL:
		return UNET_DESC_CSUM_OK;
	case CHECKSUM_COMPLETE:
		if (complete_good(p))
			return UNET_DESC_CSUM_OK;
		break;
	}
	return skb_is_gso(p->skb) || no_udp_checksum(p) ? UNET_DESC_CSUM_OK : 0;
}

bool unet_packet_has(const struct sk_buff *skb,
		     const struct unet_pattern *pattern, u32 num, u32 from,
		     u32 end)
{
	const struct unet_pattern *p;
	u8 copy[UNET_PATTERN_BYTES];

	for (p = pattern; p < pattern + num; p++) {
		const void *bytes = NULL;

		if (from + p->offset + p->bytes <= end)
			bytes = skb_header_pointer(skb, from + p->offset,
						   p->bytes, copy);
		if (!bytes || !unet_pattern_holds(p, bytes))
			return false;
	}
	return true;
}

bool unet_packet_segments_have(const struct sk_buff *skb,
			       const struct unet_flow_info *info,
			       const struct unet_pattern *pattern, u32 num,
			       bool all)
{
	u32 size = skb_shinfo(skb)->gso_size ?: info->bytes;
	u32 from = info->payload;

	do {
		if (unet_packet_has(skb, pattern, num, from,
				    min(from + size, info->bytes)) != all)
			return !all;
		from += size;
	} while (from < info->bytes);
	return all;
}

struct sk_buff *unet_packet_to_port(struct sk_buff *skb, u32 l4_offset,
				    __be16 port)
{
	struct udphdr *uh;

	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb || skb_ensure_writable(skb, l4_offset + sizeof(*uh))) {
		kfree_skb(skb);
		return NULL;
	}
	uh = (struct udphdr *)(skb->data + l4_offset);
	if (uh->check || skb->ip_summed == CHECKSUM_PARTIAL) {
		inet_proto_csum_replace2(&uh->check, skb, uh->dest, port, false);
		if (!uh->check)
			uh->check = CSUM_MANGLED_0;
	}
	uh->dest = port;
	skb_clear_hash(skb);
	return skb;
}

bool unet_packet_sum_good(const struct unet_rx_packet *p)
{
	u32 l4 = p->info.l4_offset, bytes = summed_bytes(p);

	if (!p->proto || vouched(p))
		return true;
	return !csum_fold(skb_checksum(p->skb, l4, bytes,
				       pseudo_sum(p, bytes, p->proto)));
}

bool unet_packet_l4_good(const struct unet_rx_packet *p)
{
	u32 l4 = p->info.l4_offset, bytes = p->info.bytes - l4;
	const struct iphdr *ip = p->l3;
	__wsum sum = 0;

	if (ip->version == 6)
		sum = pseudo_sum(p, bytes, IPPROTO_ICMPV6);
	return !csum_fold(skb_checksum(p->skb, l4, bytes, sum));
}

/* ---- in: copying ------------------------------------------------------- */

/**
 * struct copy - a packet on its way into buffers
 * @p:		packet
 * @at:		bytes copied
 * @hide:	so many of the first bytes are zero instead
 * @summing:	@sum is wanted
 * @end:	with @summing: what it does not cover begins here
 * @sum:	of L4 so far
 */
struct copy {
	const struct unet_rx_packet *p;
	u32 at;
	u32 hide;
	bool summing;
	u32 end;
	__wsum sum;
};

/* Who has the buffers mapped is not to see them even for a moment. */
static u32 hide_some(struct copy *c, void *dst, u32 len)
{
	u32 n = min(c->hide - c->at, len);

	memset(dst, 0, n);
	c->at += n;
	return n;
}

static void copy_plain(struct copy *c, void *dst, u32 len)
{
	const struct sk_buff *skb = c->p->skb;
	int from = (int)c->at - c->p->back;

	if (likely(from + (int)len <= (int)skb_headlen(skb)))
		memcpy(dst, skb->data + from, len);
	else
		skb_copy_bits(skb, from, dst, len);
	c->at += len;
}

static void copy_covered(struct copy *c, void *dst, u32 len)
{
	const struct sk_buff *skb = c->p->skb;
	u32 from_l4 = c->at - c->p->info.l4_offset;
	__wsum part;

	if (likely(c->at + len <= skb_headlen(skb)))
		part = csum_partial_copy_nocheck(skb->data + c->at, dst, len);
	else
		part = skb_copy_and_csum_bits(skb, c->at, dst, len);
	c->sum = csum_block_add(c->sum, part, from_l4);
	c->at += len;
}

static void copy_summed(struct copy *c, void *dst, u32 len)
{
	u32 covered = min(len, c->end - min(c->at, c->end));

	if (likely(covered))
		copy_covered(c, dst, covered);
	if (unlikely(covered < len))
		copy_plain(c, dst + covered, len - covered);
}

static void copy_some(struct copy *c, void *dst, u32 len)
{
	u32 l3 = c->at ? 0 : c->p->info.l4_offset, hidden;

	if (unlikely(c->at < c->hide)) {
		hidden = hide_some(c, dst, len);
		dst += hidden;
		len -= hidden;
	}
	if (!c->summing) {
		copy_plain(c, dst, len);
		return;
	}
	if (l3)
		copy_plain(c, dst, l3);
	copy_summed(c, dst + l3, len - l3);
}

/* Return: UNET_DESC_CSUM_*, or 0 for a protocol we know no checksum of. */
static u32 verdict(const struct copy *c)
{
	u32 bytes = c->end - c->p->info.l4_offset;

	if (!c->p->proto)
		return 0;
	if (!c->summing)
		return UNET_DESC_CSUM_OK;
	return csum_fold(csum_add(c->sum, pseudo_sum(c->p, bytes, c->p->proto))) ?
	       UNET_DESC_CSUM_BAD : UNET_DESC_CSUM_OK;
}

/* ---- in: buffers ------------------------------------------------------- */

static void write_desc(struct unet_desc *d, const struct unet_piece *piece,
		       u32 len, u32 l4_offset, u32 flags)
{
	d->next = UNET_NO_BUF;
	d->len = len;
	d->offset = 0;
	d->seg_size = piece->seg_size;
	d->segments = piece->segments;
	d->flags = flags;
	d->l4_offset = l4_offset;
	d->reserved = 0;
}

static u32 into_one(struct unet_channel *ch, struct copy *c, u32 buf,
		    struct unet_piece *piece)
{
	u32 flags;

	copy_some(c, unet_bufpool_addr(&ch->pool, buf), piece->bytes);
	flags = verdict(c);
	write_desc(&ch->pool.desc[buf], piece, piece->bytes,
		   c->p->info.l4_offset, flags);
	piece->first = buf;
	piece->last = buf;
	return flags;
}

/* Small buffers for all of it, linked; or none. */
static u32 take_chain(struct unet_channel *ch, struct unet_channel_cpu *cc,
		      struct unet_piece *piece)
{
	struct unet_desc *desc = ch->pool.desc;
	u32 left = max(DIV_ROUND_UP(piece->bytes, UNET_RX_SMALL_BYTES), 1u);
	u32 buf, last = UNET_NO_BUF;

	if (left > ch->pool.num_small)
		return UNET_CNT_RX_DROP_TOO_BIG;
	for (; left; left--) {
		buf = unet_bufpool_small(ch, cc);
		if (buf == UNET_NO_BUF) {
			if (last != UNET_NO_BUF)
				unet_bufpool_give(&ch->pool, piece->first, last);
			return UNET_CNT_RX_DROP_NO_BUFFER;
		}
		if (last == UNET_NO_BUF)
			piece->first = buf;
		else
			desc[last].next = buf;
		last = buf;
	}
	piece->last = last;
	return UNET_CNT_NONE;
}

static void fill_chain(struct unet_channel *ch, struct copy *c,
		       struct unet_piece *piece)
{
	u32 buf = piece->first, next, len;

	for (;;) {
		len = min(piece->bytes - c->at, UNET_RX_SMALL_BYTES);
		copy_some(c, unet_bufpool_addr(&ch->pool, buf), len);
		next = ch->pool.desc[buf].next;
		write_desc(&ch->pool.desc[buf], piece, len,
			   c->p->info.l4_offset, UNET_DESC_MORE);
		if (buf == piece->last)
			break;
		ch->pool.desc[buf].next = next;
		buf = next;
	}
	ch->pool.desc[buf].flags = 0;
}

static void flag_chain(struct unet_channel *ch, struct unet_piece *piece,
		       u32 flags)
{
	u32 buf;

	for (buf = piece->first; ; buf = ch->pool.desc[buf].next) {
		ch->pool.desc[buf].flags |= flags;
		if (buf == piece->last)
			return;
	}
}

static u32 into_chain(struct unet_channel *ch, struct unet_channel_cpu *cc,
		      struct copy *c, struct unet_piece *piece, u32 *flags)
{
	u32 why = take_chain(ch, cc, piece);

	if (why)
		return why;
	fill_chain(ch, c, piece);
	*flags = verdict(c);
	flag_chain(ch, piece, *flags);
	return UNET_CNT_NONE;
}

/* A small packet likes a small buffer, a large one a large: else what there is. */
static u32 into_buffers(struct unet_channel *ch, struct unet_channel_cpu *cc,
			struct copy *c, struct unet_piece *piece, u32 *flags)
{
	u32 buf = UNET_NO_BUF;

	if (likely(piece->bytes <= UNET_RX_SMALL_BYTES))
		buf = unet_bufpool_small(ch, cc);
	if (buf == UNET_NO_BUF && piece->bytes <= UNET_RX_LARGE_BYTES)
		buf = unet_bufpool_large(ch);
	if (unlikely(buf == UNET_NO_BUF))
		return into_chain(ch, cc, c, piece, flags);
	*flags = into_one(ch, c, buf, piece);
	return UNET_CNT_NONE;
}

static void describe(const struct unet_rx_packet *p, struct unet_piece *piece)
{
	const struct skb_shared_info *sh = skb_shinfo(p->skb);

	piece->bytes = p->info.bytes;
	piece->packets = 1;
	piece->ce_count = !!(p->info.flags & UNET_PKT_CE);
	piece->flags = 0;
	piece->seg_size = 0;
	piece->segments = 1;
	if (likely(!sh->gso_size))
		return;
	/* Who made it may have left the number of segments open. */
	piece->flags = UNET_RX_SUPER;
	piece->seg_size = sh->gso_size;
	piece->segments = max(DIV_ROUND_UP(p->info.bytes - p->info.payload,
					   sh->gso_size), 1u);
}

u32 unet_packet_in(struct unet_channel *ch, struct unet_channel_cpu *cc,
		   const struct unet_rx_packet *p, struct unet_piece *piece)
{
	struct copy c = { .p = p };
	u32 why, flags;

	describe(p, piece);
	c.summing = p->proto && !vouched(p);
	if (c.summing)
		c.end = p->info.l4_offset + summed_bytes(p);
	why = into_buffers(ch, cc, &c, piece, &flags);
	if (unlikely(why))
		return why;
	if (unlikely(flags & UNET_DESC_CSUM_BAD)) {
		piece->flags |= UNET_RX_CSUM_BAD;
		unet_count(ch->nexus, UNET_CNT_RX_CSUM_BAD);
	}
	if (piece->seg_size)
		unet_count(ch->nexus, UNET_CNT_RX_SUPER);
	return UNET_CNT_NONE;
}

u32 unet_packet_show(struct unet_channel *ch, struct unet_channel_cpu *cc,
		     const struct unet_rx_packet *p, u32 bytes, u32 hide,
		     struct unet_piece *piece)
{
	struct copy c = { .p = p, .hide = hide };
	u32 why, flags;

	describe(p, piece);
	piece->bytes = bytes;
	why = into_buffers(ch, cc, &c, piece, &flags);
	piece->bytes = p->info.bytes;
	return why;
}

/* ---- out: a send whose payload stays in place -------------------------- */

/**
 * struct unet_request - one TX slot until its DONE
 * @ubuf:	counts the skbs that carry the payload, and the sender; first
 * @flow:	reference
 * @cookie:	of the slot
 * @bytes:	in flight
 * @status:	for DONE
 */
struct unet_request {
	struct ubuf_info ubuf;
	struct unet_flow *flow;
	u32 cookie;
	u32 bytes;
	u16 status;
};

static void request_put(struct unet_request *req)
{
	struct unet_flow *flow = req->flow;

	if (!refcount_dec_and_test(&req->ubuf.refcnt))
		return;
	unet_advice_completed(flow, req->bytes);
	unet_channel_done(flow->channel, req->cookie, req->status);
	unet_channel_wake(flow->channel);
	kfree(req);
	unet_live_add(UNET_LIVE_SEND, -1);
	unet_flow_put(flow);
}

static void ubuf_complete(struct sk_buff *skb, struct ubuf_info *ubuf,
			  bool zerocopy)
{
	request_put(container_of(ubuf, struct unet_request, ubuf));
}

static const struct ubuf_info_ops ubuf_ops = {
	.complete = ubuf_complete,
};

static struct unet_request *request_create(struct unet_flow *flow, u32 cookie,
					   u32 bytes)
{
	struct unet_request *req = kzalloc(sizeof(*req), GFP_KERNEL);

	if (!req)
		return NULL;
	unet_live_add(UNET_LIVE_SEND, 1);
	unet_ubuf_set_ops(&req->ubuf, &ubuf_ops);
	refcount_set(&req->ubuf.refcnt, 1);
	req->ubuf.flags = SKBFL_ZEROCOPY_FRAG;
	unet_flow_get(flow);
	req->flow = flow;
	req->cookie = cookie;
	req->bytes = bytes;
	unet_advice_in_flight(flow, bytes);
	return req;
}

void unet_request_end(struct unet_request *req, u16 status)
{
	req->status = status;
	request_put(req);
}

/* ---- out: the payload -------------------------------------------------- */

/**
 * struct walk - through the payload of a slot, contiguous run by run
 * @pages:	of the TX region
 * @slot:	private copy, checked
 * @extent:	where we are
 * @at:		offset in it
 */
struct walk {
	struct page **pages;
	const struct unet_tx_slot *slot;
	u32 extent;
	u32 at;
};

/**
 * struct run - bytes of one compound page
 * @page:	its head
 * @offset:	in it
 * @len:	bytes; 0 at the end of the walk
 */
struct run {
	struct page *page;
	u32 offset;
	u32 len;
};

static struct walk walk_payload(struct unet_channel *ch,
				const struct unet_tx_slot *slot)
{
	return (struct walk){
		.pages = ch->arena->region[UNET_REGION_TX].pages,
		.slot = slot,
		.at = slot->header_len,
	};
}

static struct run next_run(struct walk *w)
{
	const struct unet_extent *e;
	struct run r = { };
	struct page *page;
	u32 offset;

	while (w->extent < w->slot->extents &&
	       w->at == w->slot->extent[w->extent].len) {
		w->extent++;
		w->at = 0;
	}
	if (w->extent == w->slot->extents)
		return r;
	e = &w->slot->extent[w->extent];
	offset = e->offset + w->at;
	page = w->pages[offset >> PAGE_SHIFT];
	r.page = compound_head(page);
	r.offset = (page - r.page) * PAGE_SIZE + offset_in_page(offset);
	r.len = min_t(u32, e->len - w->at, page_size(r.page) - r.offset);
	w->at += r.len;
	return r;
}

static u32 count_runs(struct unet_channel *ch, const struct unet_tx_slot *slot)
{
	struct walk w = walk_payload(ch, slot);
	u32 n = 0;

	while (next_run(&w).len)
		n++;
	return n;
}

static void attach_runs(struct unet_channel *ch, struct sk_buff *skb,
			const struct unet_tx_slot *slot)
{
	struct walk w = walk_payload(ch, slot);
	struct run r;
	int i = 0;

	for (r = next_run(&w); r.len; r = next_run(&w)) {
		get_page(r.page);
		skb_add_rx_frag(skb, i++, r.page, r.offset, r.len, r.len);
	}
}

/* Copy the payload behind what @skb has; its memory is there. */
static void copy_payload(struct unet_channel *ch, struct sk_buff *skb,
			 const struct unet_tx_slot *slot)
{
	const u8 *tx = ch->arena->region[UNET_REGION_TX].addr;
	u32 i, to = slot->header_len, skip = slot->header_len;

	for (i = 0; i < slot->extents; i++) {
		const struct unet_extent *e = &slot->extent[i];

		skb_store_bits(skb, to, tx + e->offset + skip, e->len - skip);
		to += e->len - skip;
		skip = 0;
	}
}

/* ---- out: the packet --------------------------------------------------- */

static struct sk_buff *alloc_linear(struct net_device *dev, u32 bytes, gfp_t gfp)
{
	u32 room = LL_RESERVED_SPACE(dev);
	struct sk_buff *skb = alloc_skb(room + bytes + dev->needed_tailroom, gfp);

	if (!skb)
		return NULL;
	skb_reserve(skb, room);
	skb_put(skb, bytes);
	return skb;
}

static struct sk_buff *alloc_paged(struct net_device *dev, u32 header, u32 data,
				   gfp_t gfp)
{
	u32 room = LL_RESERVED_SPACE(dev);
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(room + header, data, PAGE_ALLOC_COSTLY_ORDER,
				   &err, gfp);
	if (!skb)
		return NULL;
	skb_reserve(skb, room);
	skb_put(skb, header);
	skb->data_len = data;
	skb->len += data;
	return skb;
}

static struct sk_buff *out_copied(struct unet_channel *ch, struct net_device *dev,
				  const struct unet_tx_slot *slot, u32 payload,
				  gfp_t gfp)
{
	struct sk_buff *skb;

	if (payload <= COPY_MAX)
		skb = alloc_linear(dev, slot->header_len + payload, gfp);
	else
		skb = alloc_paged(dev, slot->header_len, payload, gfp);
	if (skb)
		copy_payload(ch, skb, slot);
	return skb;
}

static struct sk_buff *out_in_place(struct unet_flow *flow,
				    struct net_device *dev,
				    const struct unet_tx_slot *slot,
				    u32 payload, struct unet_request **req)
{
	struct sk_buff *skb = alloc_linear(dev, slot->header_len, GFP_KERNEL);

	if (!skb)
		return NULL;
	*req = request_create(flow, slot->cookie, payload);
	if (!*req) {
		kfree_skb(skb);
		return NULL;
	}
	attach_runs(flow->channel, skb, slot);
	skb_zcopy_set(skb, &(*req)->ubuf, NULL);
	return skb;
}

static u32 gso_type(const struct unet_tx_info *info)
{
	u32 ecn = info->tcp_flags & UNET_TCP_CWR ? SKB_GSO_TCP_ECN : 0;

	if (info->proto == IPPROTO_UDP)
		return SKB_GSO_UDP_L4;
	return ecn | (info->family == 4 ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6);
}

/* As the device will see it: the link layer's header first. */
static void dress_frame(struct sk_buff *skb)
{
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb->protocol = eth_hdr(skb)->h_proto;
}

static void dress(struct sk_buff *skb, struct net_device *dev,
		  const struct unet_tx_slot *slot,
		  const struct unet_tx_info *info)
{
	skb->dev = dev;
	if (!info->family) {
		dress_frame(skb);
		return;
	}
	skb->protocol = htons(info->family == 4 ? ETH_P_IP : ETH_P_IPV6);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, info->l4_offset);
	if (info->csum_offset)
		skb_partial_csum_set(skb, info->l4_offset, info->csum_offset);
	if (info->segments < 2)
		return;
	skb_shinfo(skb)->gso_size = slot->seg_size;
	skb_shinfo(skb)->gso_segs = info->segments;
	skb_shinfo(skb)->gso_type = gso_type(info);
}

struct sk_buff *unet_packet_out(struct unet_flow *flow, struct net_device *dev,
				const struct unet_tx_slot *slot,
				const void *hdr, const struct unet_tx_info *info,
				bool copy, struct unet_request **req)
{
	struct unet_channel *ch = flow->channel;
	u32 payload = info->payload;
	/* What may be held for long is charged to who sends it. */
	gfp_t gfp = copy ? GFP_KERNEL_ACCOUNT : GFP_KERNEL;
	struct sk_buff *skb;

	*req = NULL;
	if (copy || payload <= COPY_MAX || count_runs(ch, slot) > MAX_SKB_FRAGS)
		skb = out_copied(ch, dev, slot, payload, gfp);
	else
		skb = out_in_place(flow, dev, slot, payload, req);
	if (!skb)
		return NULL;
	memcpy(skb->data, hdr, slot->header_len);
	dress(skb, dev, slot, info);
	return skb;
}
