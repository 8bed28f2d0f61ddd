// SPDX-License-Identifier: MIT
/*
 * What a hook may do to a packet. Nothing is written but by unet_hook_write() and
 * unet_hook_splice(): they copy what others hold, and note what was there. When
 * the hook has returned, lengths and checksums are put right and the result is
 * checked as if it came from outside.
 */
#include "core/csum.h"
#include "core/ip4_options.h"
#include "core/wire.h"
#include "hook.h"
#include "stack.h"

/* ---- reading ------------------------------------------------------------- */

static const void *read_bytes(const struct unet_pkt *pkt, u32 offset, u32 len,
			      void *buf)
{
	if (offset > pkt->total || len > pkt->total - offset)
		return NULL;
	if (offset <= pkt->len && len <= pkt->len - offset)
		return pkt->data + offset;
	unet_pkt_copy_out(pkt, offset, buf, len);
	return buf;
}

const void *unet_hook_read(const struct unet_hook_pkt *p, uint32_t offset,
			   uint32_t len, void *buf)
{
	return read_bytes(unet_hook_slot_of(p)->pkt, offset, len, buf);
}

/* ---- lengths and checksums ------------------------------------------------- */

/* Where the checksum is from the L4 header on, 0: none that we know. */
static u32 csum_at(u8 proto, u32 l4_bytes)
{
	if (proto == UNET_PROTO_TCP && l4_bytes >= UNET_TCP_HEADER)
		return 16;
	if (proto == UNET_PROTO_UDP && l4_bytes >= UNET_UDP_HEADER)
		return 6;
	if (proto == UNET_PROTO_ICMP || proto == UNET_PROTO_ICMP6)
		return l4_bytes >= UNET_ICMP_HEADER ? 2 : 0;
	return 0;
}

/* A UDP datagram may end before its packet does, both before the frame. */
static u32 end_of(const struct unet_pkt *pkt, const struct unet_flow_key *key,
		  const struct unet_flow_info *info)
{
	u32 l4 = info->l4_offset;

	if (key->proto == UNET_PROTO_UDP && !pkt->seg_size &&
	    info->payload > l4)
		return l4 + unet_load_u16(pkt->data + l4 + 4);
	return info->bytes;
}

/* From @l4 to @end, what stands in the checksum field included. */
static u16 l4_sum(const struct unet_pkt *pkt, const struct unet_flow_key *key,
		  u32 l4, u32 end)
{
	u32 bytes = end - l4;
	u64 sum = 0;

	if (key->family == 6)
		sum = unet_csum_pseudo6(pkt->data + 8, pkt->data + 24,
					key->proto, bytes);
	else if (key->proto != UNET_PROTO_ICMP)
		sum = unet_csum_pseudo4(pkt->data + 12, pkt->data + 16,
					key->proto, bytes);
	return unet_csum_finish(unet_pkt_csum(pkt, l4, bytes, sum));
}

static bool l4_good(const struct unet_pkt *pkt, const struct unet_flow_key *key,
		    const struct unet_flow_info *info)
{
	u32 end = end_of(pkt, key, info);
	u32 at = csum_at(key->proto, end - info->l4_offset);

	if (pkt->flags & (UNET_PF_CSUM_OK | UNET_PF_CSUM_BAD))
		return pkt->flags & UNET_PF_CSUM_OK;
	if (!at || (key->proto == UNET_PROTO_UDP && key->family == 4 &&
		    !unet_load_raw16(pkt->data + info->l4_offset + at)))
		return true;
	return !l4_sum(pkt, key, info->l4_offset, end);
}

static void write_l4_sum(struct unet_pkt *pkt, const struct unet_flow_key *key,
			 u32 l4)
{
	u32 at = csum_at(key->proto, pkt->total - l4);
	u16 sum;

	if (!at)
		return;
	unet_store_raw16(pkt->data + l4 + at, 0);
	sum = l4_sum(pkt, key, l4, pkt->total);
	if (key->proto == UNET_PROTO_UDP && !sum)
		sum = 0xffff;
	unet_store_raw16(pkt->data + l4 + at, sum);
}

/* Super packets of the host may be longer than the field can say: then it is 0. */
static void store_length(u8 *at, u32 bytes)
{
	unet_store_u16(at, bytes > 0xffff ? 0 : (u16)bytes);
}

static void ip6_length(struct unet_pkt *pkt)
{
	static const u8 jumbo[2] = { 0xc2, 4 };	/* RFC 2675 */
	u32 bytes = pkt->total - UNET_IP6_HEADER;
	u8 *h = pkt->data;

	store_length(h + 4, bytes);
	/* where the host puts it */
	if (bytes > 0xffff && h[6] == UNET_PROTO_HOPOPTS &&
	    pkt->len >= UNET_IP6_HEADER + 8 && !memcmp(h + 42, jumbo, 2))
		unet_store_u32(h + 44, bytes);
}

static int ip_lengths(struct unet_pkt *pkt)
{
	u8 *h = pkt->data;
	u32 n;

	if (h[0] >> 4 == 6 && pkt->len >= UNET_IP6_HEADER) {
		ip6_length(pkt);
		return 0;
	}
	n = (h[0] & 15u) * 4;
	if (h[0] >> 4 != 4 || n < UNET_IP4_HEADER || n > pkt->len)
		return -EBADMSG;
	store_length(h + 2, pkt->total);
	unet_store_raw16(h + 10, 0);
	unet_store_raw16(h + 10, unet_csum_finish(unet_csum_add(h, n, 0)));
	return 0;
}

/* Of a super packet it may be one segment's, and stays. */
static void udp_length(struct unet_pkt *pkt, bool rx)
{
	struct unet_hook_pkt p = {
		.data = pkt->data, .len = pkt->len, .total = pkt->total,
	};
	struct unet_hook_headers h;

	unet_hook_parse(&p, rx, &h);
	if (h.proto == UNET_PROTO_UDP && h.payload > h.l4 && !pkt->seg_size &&
	    !(h.flags & UNET_HOOK_FRAGMENT))
		unet_store_u16(pkt->data + h.l4 + 4,
			       (u16)(pkt->total - h.l4));
}

static int parse(struct unet_pkt *pkt, bool rx, struct unet_flow_key *key,
		 struct unet_flow_info *info)
{
	if (!pkt->total ||
	    unet_pkt_linear(pkt, min(pkt->total, UNET_FLOW_MAX_NEED)))
		return -EBADMSG;
	return unet_flow_key_parse(pkt->data, pkt->len, pkt->total, rx, key,
				   info);
}

/**
 * unet_hook_complete() - put lengths and checksums of a packet right and read it
 * @pkt: data at the IP header; to be sent: at most 65535 bytes
 * @rx: it is received: the L4 checksum too, which else the backend fills in
 * @key: out
 * @info: out
 *
 * Return: 0, -ENOMEM, or -EBADMSG no packet can be made of that.
 */
int unet_hook_complete(struct unet_pkt *pkt, bool rx,
		       struct unet_flow_key *key, struct unet_flow_info *info)
{
	u32 need = min(pkt->total, UNET_FLOW_MAX_NEED);
	int err;

	if (!need || (!rx && pkt->total > UNET_TX_MAX_BYTES))
		return -EBADMSG;
	if (unet_pkt_linear(pkt, need) || unet_pkt_writable_range(pkt, 0, need))
		return -ENOMEM;
	err = ip_lengths(pkt);
	if (err)
		return err;
	udp_length(pkt, rx);
	if (parse(pkt, rx, key, info))
		return -EBADMSG;
	if (!rx)
		return 0;
	if (!pkt->seg_size)
		write_l4_sum(pkt, key, info->l4_offset);
	pkt->flags = (pkt->flags & (u16)~UNET_PF_CSUM_BAD) | UNET_PF_CSUM_OK;
	return 0;
}

/* ---- changing --------------------------------------------------------------- */

static void trim(struct unet_pkt *pkt, const struct unet_flow_key *key,
		 const struct unet_flow_info *info)
{
	u32 end = end_of(pkt, key, info);

	if (end < pkt->total)
		unet_pkt_trim(pkt, end);
}

static int read_received(struct unet_hook_slot *s)
{
	struct unet_flow_info info;
	int err = parse(s->pkt, true, &s->before, &info);

	/* of a packet vouched for the header's sum may be out of date */
	if (err && s->pkt->flags & UNET_PF_CSUM_OK)
		return unet_hook_complete(s->pkt, true, &s->before, &info);
	if (err || !l4_good(s->pkt, &s->before, &info))
		return -EBADMSG;
	trim(s->pkt, &s->before, &info);
	return 0;
}

static int read_frame(struct unet_hook_slot *s)
{
	s->ethertype = unet_hook_headers(&s->v)->ethertype;
	return 0;
}

static int read_to_send(struct unet_hook_slot *s)
{
	struct unet_flow_info info;

	return unet_hook_complete(s->pkt, false, &s->before, &info);
}

/* What a packet is before it is changed: nothing bad is made good. */
static int prepare(struct unet_hook_slot *s)
{
	int err;

	if (s->v.library & UNET_HOOK_DIRTY)
		return 0;
	if (unet_hook_headers(&s->v)->flags & UNET_HOOK_FRAGMENT)
		return -EOPNOTSUPP;
	if (s->pass->frames)
		err = read_frame(s);
	else
		err = s->pass->dir == UNET_HOOK_RX ? read_received(s) :
						     read_to_send(s);
	if (err)
		return err;
	s->was = s->pkt->total;
	s->v.library |= UNET_HOOK_DIRTY;
	s->pass->dirty = true;
	unet_hook_view(s);
	return 0;
}

int unet_hook_write(struct unet_hook_pkt *p, uint32_t offset, const void *bytes,
		    uint32_t len)
{
	struct unet_hook_slot *s = unet_hook_slot_of(p);
	int err = prepare(s);

	if (err)
		return err;
	if (offset > p->total || len > p->total - offset)
		return -EINVAL;
	if (unet_pkt_writable_range(s->pkt, offset, len))
		return -ENOMEM;
	unet_pkt_copy_in(s->pkt, offset, bytes, len);
	unet_hook_view(s);
	return 0;
}

static int no_room(struct unet_hook *h)
{
	WRITE_ONCE(h->count.no_room, h->count.no_room + 1);
	unet_count(h->st, UNET_STAT_HOOK_NO_ROOM);
	return -EMSGSIZE;
}

static int may_splice(const struct unet_hook_pkt *p, u32 offset, u32 cut,
		      u32 len)
{
	const struct unet_hook_headers *h = unet_hook_headers(p);
	bool tcp = h->proto == UNET_PROTO_TCP && h->payload;

	if (offset > p->total || cut > p->total - offset)
		return -EINVAL;
	if ((tcp || p->seg_size) && offset + cut > h->payload)
		return -EOPNOTSUPP;
	if (p->seg_size && offset == h->payload)
		return -EOPNOTSUPP;
	if (tcp && offset == h->payload && len != cut)
		return -EOPNOTSUPP;
	if (len > cut && len - cut > unet_hook_room(p))
		return no_room(unet_hook_slot_of(p)->pass->link->hook);
	return 0;
}

/* Headers of what is sent lie where the backend need not move them from. */
static struct unet_block *block_for(const struct unet_hook_slot *s, u32 bytes)
{
	struct unet_backend *be = s->pass->link->hook->st->be;
	struct unet_block *blk = NULL;

	if (s->pass->dir == UNET_HOOK_TX && !s->pass->frames &&
	    bytes <= UNET_TX_HEADER_BYTES)
		blk = be->ops->tx_header(be);
	return blk ? blk : unet_block_heap(bytes);
}

/* The first @keep bytes are written anew, the rest stays where it is. */
static int replace_front(struct unet_hook_slot *s, u32 keep, u32 offset, u32 cut,
			 const void *bytes, u32 len)
{
	struct unet_pkt *pkt = s->pkt;
	struct unet_pkt *rest = NULL;
	struct unet_block *blk;
	u8 *to;

	if (keep < pkt->total)
		rest = unet_pkt_clone_range(pkt, keep, pkt->total - keep);
	if (keep < pkt->total && !rest)
		return -ENOMEM;
	blk = block_for(s, keep - cut + len);
	if (!blk) {
		unet_pkt_free(rest);
		return -ENOMEM;
	}
	to = blk->base;
	unet_pkt_copy_out(pkt, 0, to, offset);
	if (len)
		memcpy(to + offset, bytes, len);
	unet_pkt_copy_out(pkt, offset + cut, to + offset + len,
			  keep - offset - cut);
	unet_pkt_replace(pkt, blk, keep - cut + len);
	if (rest)
		unet_pkt_append(pkt, rest);
	return 0;
}

int unet_hook_splice(struct unet_hook_pkt *p, uint32_t offset, uint32_t cut,
		     const void *bytes, uint32_t len)
{
	struct unet_hook_slot *s = unet_hook_slot_of(p);
	int err = prepare(s);
	u32 keep;

	if (!err)
		err = may_splice(p, offset, cut, len);
	if (err)
		return err;
	keep = unet_hook_headers(p)->payload;
	if (offset >= keep || cut > keep - offset)
		keep = p->total;
	err = replace_front(s, keep, offset, cut, bytes, len);
	if (!err)
		unet_hook_view(s);
	return err;
}

/* Is it still what its flow may send? The kernel would refuse it, and count it
 * against the channel.
 */
static bool settle_sent(struct unet_pkt *pkt, const struct unet_flow_key *key,
			const struct unet_flow_info *info)
{
	union unet_hook_sent sent = { .word = pkt->priv };
	u32 one = pkt->seg_size ? info->payload + pkt->seg_size : pkt->total;

	if (one > sent.mtu || info->payload > UNET_TX_MAX_HEADER)
		return false;
	if (key->family == 6 ? info->l4_offset != UNET_IP6_HEADER :
	    !unet_ip4_options_sendable(pkt->data + UNET_IP4_HEADER,
				       info->l4_offset - UNET_IP4_HEADER))
		return false;
	sent.header_len = info->payload;
	pkt->priv = sent.word;
	return true;
}

/* All of it may be another but the ethertype: whoever waits for it knows no other. */
static bool settle_frame(struct unet_hook_slot *s)
{
	if (s->pkt->total < UNET_HOOK_ETH ||
	    unet_pkt_linear(s->pkt, UNET_HOOK_ETH))
		return false;
	unet_hook_view(s);
	return s->v.headers.ethertype == s->ethertype;
}

/**
 * unet_hook_settle() - a hook has changed a packet and returned
 * @s: the packet
 *
 * Return: false when it may not go on.
 */
bool unet_hook_settle(struct unet_hook_slot *s)
{
	bool rx = s->pass->dir == UNET_HOOK_RX;
	struct unet_flow_info info;
	struct unet_flow_key key;
	bool same;

	s->v.library &= (u8)~UNET_HOOK_DIRTY;
	if (s->pass->frames)
		return settle_frame(s);
	if (unet_hook_complete(s->pkt, rx, &key, &info) ||
	    info.flags & UNET_PKT_FRAGMENT)
		return false;
	same = unet_flow_key_equal(&key, &s->before);
	if (!rx && (!same || !settle_sent(s->pkt, &key, &info)))
		return false;
	/* what it was tagged with is not whom it names any more */
	if (rx && !same)
		s->pkt->tag = 0;
	unet_hook_view(s);
	return true;
}

/* ---- keeping ------------------------------------------------------------------ */

struct unet_held *unet_hook_keep(const struct unet_hook_pkt *p)
{
	const struct unet_hook_slot *s = unet_hook_slot_of(p);
	struct unet_pkt *pkt = unet_pkt_clone(s->pkt);

	if (pkt && p->library & UNET_HOOK_DIRTY)
		pkt->flags |= UNET_PF_CHANGED;
	if (pkt && s->pass->frames)
		pkt->flags |= UNET_PF_FRAME;
	return (struct unet_held *)pkt;
}

const void *unet_held_read(const struct unet_held *held, uint32_t offset,
			   uint32_t len, void *buf)
{
	return read_bytes((const struct unet_pkt *)held, offset, len, buf);
}

uint32_t unet_held_bytes(const struct unet_held *held)
{
	return ((const struct unet_pkt *)held)->total;
}

void unet_held_free(struct unet_held *held)
{
	unet_pkt_free((struct unet_pkt *)held);
}
