// SPDX-License-Identifier: MIT
/*
 * Sending UDP: headers and payload lie together in one run of TX memory, so a
 * datagram is one extent, and so is a super packet of up to 64 KiB.
 *
 * When connections have queued all TX memory for peers that do not read, there is
 * some left that the backend moves bytes into: datagrams of up to MOVED_MAX bytes
 * are made on the heap then.
 */
#include <limits.h>
#include <sys/uio.h>
#include <linux/unet.h>
#include "core/wire.h"
#include "udp.h"
#include "udp_send.h"

#define HEADROOM	(UNET_IP6_HEADER + UNET_UDP_HEADER)
#define MAX_BYTES	(UNET_TX_MAX_BYTES - HEADROOM)
#define MOVED_MAX	8192u

/* Where in the caller's buffers the next byte to be sent is. */
struct source {
	const struct iovec *iov;
	size_t at;		/* in iov[0] */
};

/* What waits for hooks wants to be moved first, and is not reckoned with yet. */
static bool can_move(struct unet_stack *st, u32 bytes)
{
	return bytes <= MOVED_MAX && !st->hooks.sent.head &&
	       unet_stack_tx_moves(st, bytes);
}

/* Memory for a datagram of so many bytes, headers included; NULL: there is none. */
static struct unet_block *block_for(struct unet_stack *st, u32 bytes)
{
	struct unet_block *blk = NULL;

	if (bytes <= UNET_TX_HEADER_BYTES)
		blk = st->be->ops->tx_header(st->be);
	if (!blk)
		blk = unet_stack_tx_alloc(st, bytes, bytes);
	if (!blk && can_move(st, bytes))
		blk = unet_block_heap(bytes);
	return blk;
}

/* Calling a writer back without memory would have him turn in circles. */
static bool has_memory(struct unet_udp *u)
{
	struct unet_block *blk;

	if (!u->tx_want)
		return true;
	blk = block_for(u->st, u->tx_want);
	if (blk)
		unet_block_put(blk);
	return blk;
}

/**
 * unet_udp_room() - there is room to send again; struct unet_udp.tx_work
 * @st: the stack
 * @w: the work
 */
void unet_udp_room(struct unet_stack *st, struct unet_work *w)
{
	struct unet_udp *u = container_of(w, struct unet_udp, tx_work);

	if (unet_flow_suspended(&u->flow) || !has_memory(u))
		unet_stack_wait_tx(st, w);
	else
		u->ev->writable(u->ctx);
}

static ssize_t wait_for_room(struct unet_udp *u)
{
	u->tx_want = 0;
	unet_stack_wait_tx(u->st, &u->tx_work);
	return -EAGAIN;
}

static ssize_t wait_for_memory(struct unet_udp *u, u32 len)
{
	u->tx_want = len + HEADROOM;
	unet_stack_wait_tx(u->st, &u->tx_work);
	return -EAGAIN;
}

static void gather(struct source *src, u8 *to, u32 len)
{
	while (len) {
		size_t left = src->iov->iov_len - src->at;
		size_t n = left < len ? left : len;

		if (n) {
			memcpy(to, (u8 *)src->iov->iov_base + src->at, n);
			to += n;
			len -= (u32)n;
			src->at += n;
		} else {
			src->iov++;
			src->at = 0;
		}
	}
}

/* An empty packet with headroom, and room for @len bytes of payload. */
static struct unet_pkt *packet_for(struct unet_stack *st, u32 len)
{
	struct unet_block *blk = block_for(st, len + HEADROOM);

	return blk ? unet_pkt_over(&st->pool, blk, HEADROOM, 0) : NULL;
}

static void write_header(struct unet_pkt *pkt, const struct unet_flow_key *key)
{
	u8 *h = unet_pkt_push(pkt, UNET_UDP_HEADER);

	memcpy(h, &key->local_port, 2);
	memcpy(h + 2, &key->remote_port, 2);
	unet_store_u16(h + 4, (u16)pkt->total);
	unet_store_u16(h + 6, 0);
}

/* -ENOMEM: there is none for so many bytes now; nothing was taken from @src. */
static ssize_t try_one(struct unet_udp *u, struct source *src, u32 len,
		       const struct unet_flow_key *key, u16 seg_size)
{
	const struct unet_ip_out out = {
		.key = key, .tos = u->tos, .ttl = u->ttl,
	};
	struct unet_stack *st = u->st;
	struct unet_pkt *pkt;
	u32 segs = 1;
	int err;

	unet_flow_age_mtu(st, &u->flow);
	if (!unet_stack_tx_room(st) || unet_flow_suspended(&u->flow))
		return wait_for_room(u);
	pkt = packet_for(st, len);
	if (!pkt)
		return -ENOMEM;
	gather(src, unet_pkt_put(pkt, len), len);
	if (seg_size && len > seg_size) {
		pkt->seg_size = seg_size;
		segs = DIV_ROUND_UP(len, seg_size);
	}
	pkt->segs = (u16)segs;
	write_header(pkt, key);
	err = unet_ip_output(st, &u->flow, &out, pkt, UNET_UDP_HEADER);
	if (err == -ENOBUFS)
		return wait_for_room(u);
	if (err)
		return err;
	unet_count_add(st, UNET_STAT_UDP_OUT, segs);
	return len;
}

static ssize_t send_one(struct unet_udp *u, struct source *src, u32 len,
			const struct unet_flow_key *key)
{
	ssize_t ret = try_one(u, src, len, key, 0);

	return ret == -ENOMEM ? wait_for_memory(u, len) : ret;
}

/* Most payload of a single send that is cut; one datagram when none are. */
static u32 most_at_once(const struct unet_udp *u, u16 seg_size)
{
	u32 most = unet_flow_gso_max(&u->flow);

	if (most <= HEADROOM + seg_size)
		return seg_size;
	most = min(most - HEADROOM, UNET_TX_MAX_SEGMENTS * (u32)seg_size);
	most = min(most, MAX_BYTES);
	return most / seg_size * seg_size;
}

static ssize_t send_cut(struct unet_udp *u, struct source *src, u32 len,
			const struct unet_flow_key *key, u16 seg_size)
{
	u32 most = most_at_once(u, seg_size);
	u32 done = 0;

	while (done < len) {
		u32 n = min(len - done, most);
		ssize_t ret = try_one(u, src, n, key, seg_size);

		if (ret == -ENOMEM && n > seg_size) {
			/* for fewer of them there may be */
			most = max(n / 2 / seg_size, 1u) * seg_size;
			continue;
		}
		if (ret == -ENOMEM)
			ret = wait_for_memory(u, n);
		if (ret < 0)
			return done ? (ssize_t)done : ret;
		done += n;
	}
	return done;
}

/* Addresses to send with; the endpoint is bound to a port if it is not yet. */
static int complete_key(struct unet_udp *u, const struct unet_flow_key *to,
			struct unet_flow_key *key)
{
	struct unet_flow_key any = { .family = u->flow.key.family };
	int err = 0;

	if (!unet_udp_bound(u))
		err = unet_udp_install(u, &any, u->first);
	if (err)
		return err;
	*key = *to;
	key->proto = UNET_PROTO_UDP;
	key->local_port = u->flow.key.local_port;
	memcpy(key->local, u->flow.key.local, sizeof(key->local));
	if (!unet_addr_is_any(key->local))
		return u->flow.key.family == key->family ? 0 : -EAFNOSUPPORT;
	if (key->family != u->flow.key.family &&
	    !(u->flow.flags & UNET_FLOW_F_DUAL))
		return -EAFNOSUPPORT;
	return u->st->be->ops->source(u->st->be, key->family, key->remote,
				      key->local);
}

/**
 * unet_udp_sendv() - send one datagram, or many of a size
 * @u: the endpoint; bound on the way if need be
 * @iov: payload
 * @n: entries
 * @to: remote side, NULL: the one connected to
 * @seg_size: 0: one datagram; else datagrams of so many bytes, the last may be
 *	shorter
 *
 * Return: bytes sent, -EAGAIN no room (writable will tell), -EDESTADDRREQ,
 * -EISCONN, -EMSGSIZE larger than the path MTU, a pending error, or -errno.
 */
ssize_t unet_udp_sendv(struct unet_udp *u, const struct iovec *iov, int n,
		       const struct unet_flow_key *to, u16 seg_size)
{
	struct source src = { .iov = iov };
	struct unet_flow_key key;
	size_t len = 0;
	int err = unet_udp_error(u);
	int i;

	if (err)
		return -err;
	for (i = 0; i < n; i++) {
		if (iov[i].iov_len > SSIZE_MAX - len)
			return -EMSGSIZE;
		len += iov[i].iov_len;
	}
	if (len > (seg_size ? UINT32_MAX : MAX_BYTES))
		return -EMSGSIZE;
	if (!to && !unet_udp_connected(u))
		return -EDESTADDRREQ;
	if (to && unet_udp_connected(u))
		return -EISCONN;
	if (!to)
		key = u->flow.key;
	else
		err = complete_key(u, to, &key);
	if (err)
		return err;
	if (seg_size && len)
		return send_cut(u, &src, (u32)len, &key, seg_size);
	return send_one(u, &src, (u32)len, &key);
}
