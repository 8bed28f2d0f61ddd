// SPDX-License-Identifier: MIT
#include <linux/unet.h>
#include "core/csum.h"
#include "core/wire.h"
#include "icmp.h"
#include "ip.h"
#include "ip_version.h"
#include "stack.h"

static void drop(struct unet_stack *st, struct unet_pkt *pkt,
		 enum unet_stack_counter why)
{
	unet_count(st, why);
	unet_pkt_free(pkt);
}

/**
 * unet_ip_key() - key of a received packet
 * @info: from its IP header
 * @pkt: data at the L4 header, its first four bytes in one piece
 * @key: filled in
 */
void unet_ip_key(const struct unet_ip_info *info, const struct unet_pkt *pkt,
		 struct unet_flow_key *key)
{
	memcpy(key->local, info->dst, sizeof(key->local));
	memcpy(key->remote, info->src, sizeof(key->remote));
	key->remote_port = unet_load_be16(pkt->data);
	key->local_port = unet_load_be16(pkt->data + 2);
	key->proto = info->proto;
	key->family = info->family;
	key->mask = UNET_MASK_5TUPLE;
	key->zero = 0;
}

static const struct unet_proto *find_proto(const struct unet_stack *st,
					   u8 proto)
{
	u32 i;

	for (i = 0; i < st->n_protos; i++) {
		if (st->protos[i]->proto == proto)
			return st->protos[i];
	}
	return NULL;
}

/* What is summed: a UDP datagram may end before its packet does (RFC 768). */
static u32 summed_bytes(const struct unet_pkt *pkt,
			const struct unet_ip_info *info)
{
	u32 len;

	if (info->proto != UNET_PROTO_UDP || pkt->seg_size ||
	    pkt->len < UNET_UDP_HEADER)
		return pkt->total;
	len = unet_load_u16(pkt->data + 4);
	return len >= UNET_UDP_HEADER && len < pkt->total ? len : pkt->total;
}

/**
 * unet_ip_csum_ok() - is the L4 checksum right
 * @pkt: data at the L4 header
 * @info: of its IP header
 *
 * What the backend has verified is not summed again. IPv4 allows UDP to go
 * without one (RFC 768), IPv6 does not (RFC 8200 section 8.1).
 */
bool unet_ip_csum_ok(const struct unet_pkt *pkt, const struct unet_ip_info *info)
{
	u32 bytes;
	u64 sum;

	if (pkt->flags & (UNET_PF_CSUM_OK | UNET_PF_CSUM_BAD))
		return pkt->flags & UNET_PF_CSUM_OK;
	if (info->proto == UNET_PROTO_UDP && pkt->len >= UNET_UDP_HEADER &&
	    !unet_load_raw16(pkt->data + 6))
		return info->family == 4;
	bytes = summed_bytes(pkt, info);
	if (info->proto == UNET_PROTO_ICMP)
		sum = 0;
	else if (info->family == 4)
		sum = unet_csum_pseudo4(info->src, info->dst, info->proto, bytes);
	else
		sum = unet_csum_pseudo6(info->src, info->dst, info->proto, bytes);
	return !unet_csum_finish(unet_pkt_csum(pkt, 0, bytes, sum));
}

/* Whose packet is it? A connection comes before the listener it came from. */
static struct unet_flow *flow_of(struct unet_stack *st, struct unet_pkt *pkt,
				 const struct unet_ip_info *info,
				 const struct unet_proto *p,
				 struct unet_flow *hint)
{
	struct unet_flow_key key;
	struct unet_flow *f;

	if (hint) {
		unet_count(st, UNET_STAT_RX_TAGGED);
		if (!p->children || !(hint->flags & UNET_FLOW_F_LISTENER))
			return hint;
	} else {
		unet_count(st, UNET_STAT_RX_LOOKUP);
	}
	unet_ip_key(info, pkt, &key);
	f = unet_flow_find(st, &key);
	if (f)
		return f;
	return hint ? hint : unet_flow_find_listener(st, &key);
}

/**
 * unet_ip_deliver() - give a packet to its protocol
 * @st: the stack
 * @pkt: data at the L4 header, trimmed to the IP length; taken over
 * @info: of its IP header
 * @hint: flow it was tagged with, or NULL
 */
void unet_ip_deliver(struct unet_stack *st, struct unet_pkt *pkt,
		     const struct unet_ip_info *info, struct unet_flow *hint)
{
	const struct unet_proto *p;

	if (info->proto == UNET_PROTO_ICMP || info->proto == UNET_PROTO_ICMP6) {
		unet_icmp_input(st, pkt, info, hint);
		return;
	}
	p = find_proto(st, info->proto);
	if (!p) {
		drop(st, pkt, UNET_STAT_IP_BAD_PROTO);
		return;
	}
	if (unet_pkt_linear(pkt, p->min_header)) {
		drop(st, pkt, UNET_STAT_IP_TRUNCATED);
		return;
	}
	if (!unet_ip_csum_ok(pkt, info)) {
		drop(st, pkt, UNET_STAT_L4_BAD_CSUM);
		return;
	}
	/* a tag of another protocol's flow would be the backend's mistake */
	if (hint && hint->proto_ops != p)
		hint = NULL;
	p->input(st, pkt, info, flow_of(st, pkt, info, p, hint));
}

/* Check and take off the IP headers. NULL: dropped, or waits for fragments. */
static __always_inline struct unet_pkt *strip(struct unet_stack *st,
					      struct unet_pkt *pkt,
					      struct unet_ip_info *info)
{
	u8 version = pkt->len ? pkt->data[0] >> 4 : 0;

	if (version == 4)
		return unet_ip4_input(st, pkt, info);
	if (version == 6)
		return unet_ip6_input(st, pkt, info);
	drop(st, pkt, pkt->len ? UNET_STAT_IP_MALFORMED : UNET_STAT_IP_TRUNCATED);
	return NULL;
}

static struct unet_pkt *pkt_lost(struct unet_stack *st, struct unet_pkt *pkt)
{
	drop(st, pkt, UNET_STAT_NO_MEMORY);
	return NULL;
}

/* A datagram of fragments gets an IP header again. NULL: no memory. */
static struct unet_pkt *whole_packet(struct unet_stack *st,
				     const struct unet_pkt *pkt,
				     const struct unet_ip_info *info)
{
	u32 header = unet_ip_header_len(info->family);
	struct unet_pkt *head = unet_pkt_heap(&st->pool, 0, header);
	struct unet_ip_out out = { .tos = info->tos, .ttl = info->ttl };
	struct unet_flow_key key = { .proto = info->proto };
	u8 *at;

	if (!head)
		return NULL;
	at = unet_pkt_put(head, header);
	memcpy(key.local, info->src, sizeof(key.local));
	memcpy(key.remote, info->dst, sizeof(key.remote));
	if (info->family == 6) {
		unet_ip6_build(at, &key, &out, header + pkt->total, 0);
	} else {
		unet_ip4_build(at, &key, &out, header + pkt->total);
		unet_store_u16(at + 6, 0);
		unet_store_raw16(at + 10,
				 unet_csum_finish(unet_csum_add(at, header, 0)));
	}
	head->tstamp = pkt->tstamp;
	return head;
}

/**
 * unet_ip_whole() - hooks of ports and sockets see a datagram that was fragmented
 * @st: the stack
 * @pkt: data at the L4 header; taken over
 * @info: of the datagram; of what hooks have made of it
 *
 * Return: the packet, data at the L4 header again, @tag of its flow; NULL when it was
 * dropped.
 */
struct unet_pkt *unet_ip_whole(struct unet_stack *st, struct unet_pkt *pkt,
			       struct unet_ip_info *info)
{
	struct unet_pkt *head;
	u64 tag = pkt->tag;
	struct unet_pktq q;

	if (!unet_hooks_receiving(&st->hooks))
		return pkt;
	head = whole_packet(st, pkt, info);
	if (!head)
		return pkt_lost(st, pkt);
	unet_pkt_append(head, pkt);
	/* they want to see ports */
	if (unet_pkt_linear(head, min(head->total, UNET_FLOW_MAX_NEED)))
		return pkt_lost(st, head);
	unet_pktq_init(&q);
	unet_pktq_add(&q, head);
	unet_hook_run_whole(st, &q, tag);
	head = unet_pktq_take(&q);
	return head ? strip(st, head, info) : NULL;
}

static __always_inline void input_one(struct unet_stack *st,
				      struct unet_pkt *pkt)
{
	struct unet_ip_info info;

	unet_count(st, UNET_STAT_RX_PACKETS);
	unet_count_add(st, UNET_STAT_RX_SEGMENTS, pkt->segs);
	unet_count_add(st, UNET_STAT_RX_BYTES, pkt->total);
	pkt = strip(st, pkt, &info);
	if (pkt)
		unet_ip_deliver(st, pkt, &info, unet_flow_by_tag(st, pkt->tag));
}

/**
 * unet_ip_input_tagged() - process packets
 * @st: the stack
 * @q: packets with their flow's tag, data at the IP header; empty afterwards
 *
 * The tag is looked at again for each packet: the one before may have ended the
 * flow.
 */
void unet_ip_input_tagged(struct unet_stack *st, struct unet_pktq *q)
{
	struct unet_pkt *pkt;

	while ((pkt = unet_pktq_take(q)))
		input_one(st, pkt);
}

/**
 * unet_ip_input() - process a flow batch
 * @st: the stack
 * @b: packets with data at the IP header; empty afterwards
 */
void unet_ip_input(struct unet_stack *st, struct unet_rx_batch *b)
{
	struct unet_flow *f;
	struct unet_pkt *pkt;

	if (unlikely(unet_hooks_receiving(&st->hooks))) {
		unet_hook_run(st, UNET_HOOKS_RX, &b->packets, b->tag);
		unet_ip_input_tagged(st, &b->packets);
	}
	while ((pkt = unet_pktq_take(&b->packets))) {
		pkt->tag = b->tag;
		input_one(st, pkt);
	}
	f = b->flags & UNET_RX_END ? unet_flow_by_tag(st, b->tag) : NULL;
	if (f)
		unet_flow_ended(st, f);
}

/**
 * unet_ip_addr_ok() - may a packet with these addresses be for us
 * @st: the stack
 * @pkt: the packet
 * @info: its addresses
 */
bool unet_ip_addr_ok(const struct unet_stack *st, const struct unet_pkt *pkt,
		     const struct unet_ip_info *info)
{
	if (!unet_addr_is_unicast(info->family, info->src) ||
	    !unet_addr_is_unicast(info->family, info->dst))
		return false;
	/* the kernel's flow lookup has looked at the address already */
	if (pkt->tag || !st->be->iface.n)
		return true;
	return unet_iface_is_local(&st->be->iface, info->family, info->dst);
}

/* That the path takes; hooks may make packets as large. */
static u32 path_mtu(const struct unet_stack *st, const struct unet_flow *f)
{
	u32 mtu = f ? unet_flow_path_mtu(f) : 0;

	return mtu ? mtu : st->be->mtu;
}

static u32 largest(const struct unet_stack *st, const struct unet_flow *f)
{
	u32 mtu = f ? unet_flow_mtu(f) : 0;

	return mtu ? mtu : st->be->mtu;
}

static int check_size(struct unet_stack *st, const struct unet_flow *f,
		      const struct unet_pkt *pkt, u32 header)
{
	u32 one = pkt->seg_size ? pkt->seg_size + header : pkt->total;

	if (pkt->total > UNET_TX_MAX_BYTES || header > UNET_TX_MAX_HEADER ||
	    one > largest(st, f))
		return -EMSGSIZE;
	return 0;
}

static __always_inline int transmit(struct unet_stack *st, u32 handle,
				    struct unet_pkt *pkt, u16 header_len)
{
	u32 bytes = pkt->total;
	u32 super = !!pkt->seg_size;
	int err = st->be->ops->tx(st->be, handle, pkt, header_len);

	if (err) {
		unet_count(st, err == -ENOBUFS ? UNET_STAT_TX_FULL :
			   UNET_STAT_TX_REFUSED);
		return err;
	}
	st->unsynced = true;
	unet_count(st, UNET_STAT_TX_PACKETS);
	unet_count_add(st, UNET_STAT_TX_SUPER, super);
	unet_count_add(st, UNET_STAT_TX_BYTES, bytes);
	return 0;
}

/**
 * unet_ip_transmit() - give a packet to the backend
 * @st: the stack
 * @handle: of its flow
 * @pkt: data at the IP header; taken over in any case
 * @header_len: IP and L4 headers
 *
 * Return: 0 or -errno of the backend.
 */
int unet_ip_transmit(struct unet_stack *st, u32 handle, struct unet_pkt *pkt,
		     u16 header_len)
{
	return transmit(st, handle, pkt, header_len);
}

/* What is sent passes the hooks in batches, later. */
static noinline int by_the_hooks(struct unet_stack *st,
				 const struct unet_flow *f,
				 struct unet_pkt *pkt, u16 header_len)
{
	union unet_hook_sent sent = {
		.handle = f ? unet_flow_tx_handle(f) : 0,
		.header_len = header_len,
		.mtu = (u16)min(path_mtu(st, f), UNET_TX_MAX_BYTES),
	};

	unet_hook_send(st, pkt, sent);
	return 0;
}

/**
 * unet_ip_output() - send an L4 packet
 * @st: the stack
 * @f: flow it belongs to; its handle, or its listener's, is sent with. NULL only
 *	works on an in-memory wire
 * @out: how
 * @pkt: data at the L4 header, with headroom for an IP header; taken over in any
 *	case. @pkt->seg_size above 0: cut into segments of so many payload bytes
 * @l4_header: bytes of L4 header, all in the first piece
 *
 * Checksums are left to the backend. The packet is on its way with the next
 * sync.
 *
 * Return: 0; -ENOBUFS no room now: see unet_stack_wait_tx(); -EMSGSIZE larger
 * than the path MTU or 65535 bytes; another -errno: refused.
 */
int unet_ip_output(struct unet_stack *st, struct unet_flow *f,
		   const struct unet_ip_out *out, struct unet_pkt *pkt,
		   u16 l4_header)
{
	const struct unet_flow_key *key = out->key ? out->key : &f->key;
	u16 ip_header = (u16)unet_ip_header_len(key->family);
	u8 *at = unet_pkt_push(pkt, ip_header);
	int err = at ? 0 : -ENOMEM;

	if (!err)
		err = check_size(st, f, pkt, ip_header + l4_header);
	if (err) {
		unet_pkt_free(pkt);
		return err;
	}
	if (key->family == 4)
		unet_ip4_build(at, key, out, pkt->total);
	else
		unet_ip6_build(at, key, out, pkt->total, f ? f->label : 0);
	if (unlikely(unet_hooks_sending(&st->hooks)))
		return by_the_hooks(st, f, pkt, ip_header + l4_header);
	return transmit(st, f ? unet_flow_tx_handle(f) : 0, pkt,
			ip_header + l4_header);
}
