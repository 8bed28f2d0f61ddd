// SPDX-License-Identifier: MIT
/*
 * UDP, RFC 768 and RFC 8085: binding, ICMP errors, the receive queue. Sending is
 * udp_send.c.
 */
#include <stdlib.h>
#include <sys/uio.h>
#include <linux/unet.h>
#include "core/wire.h"
#include "ip_version.h"
#include "udp.h"
#include "udp_send.h"

static void drop(struct unet_stack *st, struct unet_pkt *pkt,
		 enum unet_stack_counter why)
{
	unet_count(st, why);
	unet_pkt_free(pkt);
}

/* Length field against what there is; a super packet's may be one segment's. */
static bool length_ok(struct unet_pkt *pkt)
{
	u32 len = unet_load_u16(pkt->data + 4);

	if (len < UNET_UDP_HEADER || len > pkt->total)
		return false;
	if (!pkt->seg_size && len < pkt->total)
		unet_pkt_trim(pkt, len);
	return true;
}

/* A packet that came in fragments has no IP header before it any more. */
static struct unet_pkt *with_header(struct unet_stack *st,
				    struct unet_pkt *pkt,
				    const struct unet_ip_info *info)
{
	const struct unet_ip_out out = { .tos = info->tos, .ttl = info->ttl };
	u32 header = unet_ip_header_len(info->family);
	struct unet_flow_key key;
	struct unet_pkt *copy;
	u8 *at;

	copy = unet_pkt_heap(&st->pool, header, pkt->total);
	if (!copy)
		return NULL;
	unet_pkt_copy_out(pkt, 0, unet_pkt_put(copy, pkt->total), pkt->total);
	/* as it was on the wire: sender first */
	memcpy(key.local, info->src, sizeof(key.local));
	memcpy(key.remote, info->dst, sizeof(key.remote));
	key.proto = info->proto;
	at = copy->block->base;
	if (info->family == 4)
		unet_ip4_build(at, &key, &out, header + pkt->total);
	else
		unet_ip6_build(at, &key, &out, header + pkt->total, 0);
	copy->l3_offset = (u16)header;
	copy->seg_size = pkt->seg_size;
	copy->segs = pkt->segs;
	copy->tstamp = pkt->tstamp;
	unet_pkt_free(pkt);
	return copy;
}

static void udp_input(struct unet_stack *st, struct unet_pkt *pkt,
		      const struct unet_ip_info *info, struct unet_flow *f)
{
	struct unet_pkt *kept = pkt;
	struct unet_udp *u;

	if (!f) {
		drop(st, pkt, UNET_STAT_RX_NO_FLOW);
		return;
	}
	u = container_of(f, struct unet_udp, flow);
	if (!length_ok(pkt)) {
		drop(st, pkt, UNET_STAT_UDP_BAD);
		return;
	}
	if (u->rcv_busy >= u->rcvbuf) {
		drop(st, pkt, UNET_STAT_UDP_FULL);
		return;
	}
	if (!pkt->l3_offset)
		kept = with_header(st, pkt, info);
	if (!kept) {
		drop(st, pkt, UNET_STAT_NO_MEMORY);
		return;
	}
	kept->priv = 0;
	unet_count_add(st, UNET_STAT_UDP_IN, kept->segs);
	u->rcv_busy += unet_pkt_truesize(kept);
	unet_pktq_add(&u->rcvq, kept);
	u->ev->readable(u->ctx);
}

/* An unconnected endpoint has many peers: one's trouble is not its trouble. */
static void udp_icmp_error(struct unet_stack *st, struct unet_flow *f,
			   const struct unet_icmp_info *icmp)
{
	struct unet_udp *u = container_of(f, struct unet_udp, flow);

	if (!unet_udp_connected(u))
		return;
	if (icmp->kind == UNET_ICMP_TOO_BIG) {
		unet_flow_lower_mtu(st, f, icmp->mtu);
		return;
	}
	if (icmp->kind != UNET_ICMP_HARD)
		return;
	u->error = icmp->err;
	u->ev->error(u->ctx);
}

static void udp_flow_gone(struct unet_stack *st, struct unet_flow *f)
{
	struct unet_udp *u = container_of(f, struct unet_udp, flow);

	u->dead = true;
	u->error = ENETDOWN;
	u->ev->error(u->ctx);
}

const struct unet_proto unet_udp_proto = {
	.proto = UNET_PROTO_UDP,
	.input = udp_input,
	.icmp_error = udp_icmp_error,
	.flow_gone = udp_flow_gone,
	.min_header = UNET_UDP_HEADER,
};

/**
 * unet_udp_create() - an endpoint without address
 * @st: the stack
 * @family: 4 or 6
 * @ev: lives as long as the endpoint
 * @ctx: passed to the events
 *
 * Return: the endpoint, or NULL: no memory.
 */
struct unet_udp *unet_udp_create(struct unet_stack *st, u8 family,
				 const struct unet_udp_events *ev, void *ctx)
{
	struct unet_udp *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	unet_flow_init(&u->flow, &unet_udp_proto, family);
	u->st = st;
	u->ev = ev;
	u->ctx = ctx;
	u->rcvbuf = UNET_UDP_RCVBUF;
	unet_pktq_init(&u->rcvq);
	unet_work_init(&u->tx_work, unet_udp_room);
	return u;
}

/**
 * unet_udp_destroy() - end an endpoint
 * @u: gone afterwards
 */
void unet_udp_destroy(struct unet_udp *u)
{
	unet_work_cancel(&u->tx_work);
	unet_flow_remove(u->st, &u->flow, 0);
	unet_pktq_purge(&u->rcvq);
	free(u);
}

/**
 * unet_udp_install() - bind (no remote side in @key) or connect
 * @u: not installed yet
 * @key: ports and addresses; what is zero is chosen by the kernel
 * @flags: UNET_INSTALL_*
 *
 * Return: 0, -EINVAL installed already, or -errno of the flow.
 */
int unet_udp_install(struct unet_udp *u, const struct unet_flow_key *key,
		     u32 flags)
{
	const struct unet_flow_key before = u->flow.key;
	int err;

	if (unet_udp_bound(u))
		return -EINVAL;
	u->flow.key = *key;
	u->flow.key.proto = UNET_PROTO_UDP;
	err = unet_flow_install(u->st, &u->flow, flags);
	if (err)
		u->flow.key = before;
	return err;
}

/* Bytes of the next datagram, and where they start behind @data. */
static u32 next_datagram(const struct unet_pkt *pkt, u32 *offset)
{
	u32 left = pkt->total - UNET_UDP_HEADER - (u32)pkt->priv;

	*offset = UNET_UDP_HEADER + (u32)pkt->priv;
	return pkt->seg_size ? min_t(u32, left, pkt->seg_size) : left;
}

static void read_from(const struct unet_pkt *pkt, struct unet_flow_key *from)
{
	const u8 *l3 = pkt->data - pkt->l3_offset;

	memset(from, 0, sizeof(*from));
	from->family = l3[0] >> 4;
	from->proto = UNET_PROTO_UDP;
	from->remote_port = unet_load_be16(pkt->data);
	from->local_port = unet_load_be16(pkt->data + 2);
	if (from->family == 4) {
		memcpy(from->remote, l3 + 12, 4);
		memcpy(from->local, l3 + 16, 4);
	} else {
		memcpy(from->remote, l3 + 8, 16);
		memcpy(from->local, l3 + 24, 16);
	}
}

static int nothing_there(struct unet_udp *u)
{
	int err = unet_udp_error(u);

	return err ? -err : -EAGAIN;
}

/* An error of the network is told at once, the end after what came before it. */
static bool error_first(const struct unet_udp *u)
{
	return u->error && !u->dead;
}

/**
 * unet_udp_take() - receive one datagram
 * @u: the endpoint
 * @buf: where to
 * @len: room
 * @peek: leave it
 * @whole_len: answer with its length, not with what was copied
 * @from: receives both sides' addresses; may be NULL
 *
 * Return: bytes, or -EAGAIN, or a pending error.
 */
ssize_t unet_udp_take(struct unet_udp *u, void *buf, size_t len, bool peek,
		      bool whole_len, struct unet_flow_key *from)
{
	struct unet_pkt *pkt = u->rcvq.head;
	u32 offset;
	u32 bytes;
	u32 room;

	if (!pkt || error_first(u))
		return nothing_there(u);
	bytes = next_datagram(pkt, &offset);
	room = len < bytes ? (u32)len : bytes;
	unet_pkt_copy_out(pkt, offset, buf, room);
	if (from)
		read_from(pkt, from);
	if (!peek)
		unet_udp_drop(u);
	return whole_len ? bytes : room;
}

/**
 * unet_udp_peek() - where the next datagram lies
 * @u: the endpoint
 * @iov: filled in
 * @n: entries
 *
 * Return: entries filled in (one for an empty datagram), -EAGAIN or a pending
 * error.
 */
int unet_udp_peek(struct unet_udp *u, struct iovec *iov, int n)
{
	struct unet_pkt *pkt = u->rcvq.head;
	u32 offset;
	u32 bytes;
	int i;

	if (!pkt || error_first(u))
		return nothing_there(u);
	bytes = next_datagram(pkt, &offset);
	n = unet_pkt_iov(pkt, offset, iov, n);
	for (i = 0; i < n && iov[i].iov_len < bytes; i++)
		bytes -= (u32)iov[i].iov_len;
	if (i < n) {
		iov[i].iov_len = bytes;
		return i + 1;
	}
	if (!n) {
		iov[0].iov_base = pkt->data;
		iov[0].iov_len = 0;
		n = 1;
	}
	return n;
}

/**
 * unet_udp_drop() - done with the next datagram
 * @u: the endpoint
 *
 * Return: 0, or -EINVAL when there is none.
 */
int unet_udp_drop(struct unet_udp *u)
{
	struct unet_pkt *pkt = u->rcvq.head;
	u32 offset;

	if (!pkt)
		return -EINVAL;
	pkt->priv += next_datagram(pkt, &offset);
	if (pkt->priv < pkt->total - UNET_UDP_HEADER)
		return 0;
	unet_pktq_take(&u->rcvq);
	u->rcv_busy -= unet_pkt_truesize(pkt);
	unet_pkt_free(pkt);
	return 0;
}

/**
 * unet_udp_error() - take the pending error
 * @u: the endpoint; one whose flow is gone keeps its error
 *
 * Return: positive errno or 0.
 */
int unet_udp_error(struct unet_udp *u)
{
	int err = u->error;

	if (!u->dead)
		u->error = 0;
	return err;
}
