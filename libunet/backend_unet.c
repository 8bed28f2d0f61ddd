// SPDX-License-Identifier: MIT
/*
 * A stack on a channel.
 *
 * Received packets stay in the channel's buffers until they are consumed; what is
 * consumed goes back on FREE, published in batches. When the application is slow
 * and half the buffers of a size are held, further packets are copied to the heap
 * on arrival, so that a reader that sleeps costs memory, not reception.
 *
 * A last part of TX memory is kept for moving bytes that are not in it: what a
 * connection may always queue lies on the heap when the others have taken all
 * there is (see tcp_sndbuf.c), and has to get out; so do datagrams (udp_send.c).
 *
 * Sent packets are referenced from @pending until their cookie is on DONE. There
 * are as many cookies as DONE has entries, so DONE cannot overflow.
 */
#include <stdlib.h>
#include <time.h>
#include <unet/channel.h>
#include <unet/packet.h>
#include <unet/ring.h>
#include <unet/stack.h>
#include <unet/stats.h>
#include "backend.h"
#include "route.h"
#include "txmem.h"

#define SPARE_MAX	131072u	/* bytes of TX memory that are kept for moving */
#define SPARE_PART	8	/* and one of so many parts at most */

/**
 * struct chan_backend - a channel as a backend
 * @be:		for the stack
 * @ch:		the channel
 * @r:		its rings
 * @rx:		blocks by buffer index
 * @held:	buffers we have, small and large
 * @hold_max:	from here on packets are copied
 * @tx:		TX memory
 * @spare:	the part of it for moving bytes, when @tx has no more
 * @pending:	packets by cookie
 * @cookie:	free cookies, a stack
 * @n_cookies:	used entries of @cookie
 * @freed:	buffers were put on FREE and not published
 * @taken:	RX slots were taken and not released
 * @route:	source addresses
 */
struct chan_backend {
	struct unet_backend be;
	struct unet_channel *ch;
	struct unet_rings *r;
	struct unet_block *rx;
	u32 held[2];
	u32 hold_max[2];
	struct unet_txmem tx;
	struct unet_txmem spare;
	struct unet_pkt **pending;
	u32 *cookie;
	u32 n_cookies;
	bool freed;
	bool taken;
	struct unet_route route;
};

static struct chan_backend *chan_of(struct unet_backend *be)
{
	return container_of(be, struct chan_backend, be);
}

static void count(struct chan_backend *c, enum unet_stack_counter id)
{
	if (c->be.counters)
		c->be.counters[id]++;
}

/* ---- receiving ---------------------------------------------------------- */

static void rx_release(struct unet_block *blk)
{
	struct chan_backend *c = blk->owner;

	unet_free_put(c->r, blk->id);
	c->held[blk->id >= c->r->n_small]--;
	c->freed = true;
}

static struct unet_pkt *piece_over(struct chan_backend *c,
				   struct unet_pkt_pool *pool,
				   const struct unet_piece *p)
{
	struct unet_block *blk = &c->rx[p->buffer];

	blk->refs = 1;
	blk->used = blk->size;
	c->held[p->buffer >= c->r->n_small]++;
	return unet_pkt_over(pool, blk, (u32)(p->data - blk->base), p->len);
}

static void describe(struct unet_pkt *pkt, const struct unet_piece *p,
		     const struct unet_rx_slot *slot)
{
	pkt->seg_size = (u16)p->seg_size;
	pkt->segs = (u16)p->segments;
	pkt->tstamp = slot->tstamp;
	if (p->flags & UNET_DESC_CSUM_BAD)
		pkt->flags = UNET_PF_CSUM_BAD;
	else if (p->flags & UNET_DESC_CSUM_OK)
		pkt->flags = UNET_PF_CSUM_OK;
	if (slot->flags & UNET_RX_ICMP_ERROR)
		pkt->flags |= UNET_PF_ICMP_ERROR;
}

/* Buffers are getting scarce: let this packet's go at once. */
static void relieve(struct chan_backend *c, struct unet_pkt *pkt)
{
	bool large = pkt->block->id >= c->r->n_small;

	if (c->held[large] > c->hold_max[large] && !unet_pkt_own(pkt, 0))
		count(c, UNET_STAT_RX_COPIED);
}

/* One packet from the chain; NULL with the packet's buffers handed back. */
static struct unet_pkt *next_packet(struct chan_backend *c,
				    struct unet_pkt_pool *pool,
				    const struct unet_rx_slot *slot, u32 *at)
{
	struct unet_pkt *head = NULL;
	struct unet_piece p;
	bool lost = false;

	do {
		struct unet_pkt *piece;

		if (!unet_piece_get(c->r, *at, &p))
			break;
		*at = p.next;
		piece = piece_over(c, pool, &p);
		if (!piece) {
			lost = true;
		} else if (head) {
			unet_pkt_append(head, piece);
		} else {
			head = piece;
			describe(head, &p, slot);
		}
	} while (p.flags & UNET_DESC_MORE);
	if (lost) {
		unet_pkt_free(head);
		count(c, UNET_STAT_NO_MEMORY);
		return NULL;
	}
	if (head)
		relieve(c, head);
	return head;
}

static int chan_rx(struct unet_backend *be, struct unet_pkt_pool *pool,
		   struct unet_rx_batch *b)
{
	struct chan_backend *c = chan_of(be);
	const struct unet_rx_slot *slot = unet_rx_peek(c->r);
	u32 at;

	if (!slot)
		return 0;
	unet_pktq_init(&b->packets);
	b->tag = slot->tag;
	b->flags = slot->flags;
	at = slot->first;
	while (at < c->r->n_bufs) {
		struct unet_pkt *pkt = next_packet(c, pool, slot, &at);

		if (pkt)
			unet_pktq_add(&b->packets, pkt);
	}
	unet_rx_next(c->r);
	c->taken = true;
	return 1;
}

static void publish_free(struct chan_backend *c)
{
	if (!c->freed)
		return;
	unet_free_publish(c->r);
	c->freed = false;
}

/* ---- sending ------------------------------------------------------------ */

static void reap(struct chan_backend *c)
{
	const struct unet_done *done;
	u32 n = 0;

	while ((done = unet_done_peek(c->r))) {
		u32 cookie = done->cookie;

		if (done->status)
			count(c, UNET_STAT_TX_REFUSED);
		if (cookie <= c->r->done_mask && c->pending[cookie]) {
			unet_pkt_free(c->pending[cookie]);
			c->pending[cookie] = NULL;
			c->cookie[c->n_cookies++] = cookie;
		}
		unet_done_next(c->r);
		n++;
	}
	if (n)
		unet_done_release(c->r);
}

/* Once a turn, DONE too: the descriptor polls readable as long as it has entries. */
static void chan_rx_done(struct unet_backend *be)
{
	struct chan_backend *c = chan_of(be);

	if (c->taken)
		unet_rx_release(c->r);
	c->taken = false;
	publish_free(c);
	reap(c);
}

/* Let the kernel take what is on TX, in the middle of a turn: the ring is full. */
static void kick(struct chan_backend *c)
{
	if (unet_tx_pending(c->r) && unet_tx_publish(c->r)) {
		count(c, UNET_STAT_SYNCS);
		unet_channel_sync(c->ch, UNET_SYNC_TX, 0, NULL);
	}
	reap(c);
}

static u32 room(struct chan_backend *c)
{
	return min(unet_tx_space(c->r), c->n_cookies);
}

static u32 chan_tx_room(struct unet_backend *be)
{
	struct chan_backend *c = chan_of(be);
	u32 n = room(c);

	if (n)
		return n;
	kick(c);
	return room(c);
}

/* Extents of a packet; 0 when it does not go as it is. */
static u16 extents_of(const struct chan_backend *c, const struct unet_pkt *pkt,
		      struct unet_extent *x)
{
	u16 n = 0;

	for (; pkt; pkt = pkt->more) {
		u32 offset = (u32)(pkt->data - c->tx.base);

		if (!unet_txmem_owns(&c->tx, pkt->block) &&
		    !unet_txmem_owns(&c->spare, pkt->block))
			return 0;
		if (!pkt->len)
			continue;
		if (n && x[n - 1].offset + x[n - 1].len == offset) {
			x[n - 1].len += pkt->len;
			continue;
		}
		if (n == UNET_TX_EXTENTS)
			return 0;
		x[n].offset = offset;
		x[n].len = pkt->len;
		n++;
	}
	return n;
}

static struct unet_block *try_block(struct chan_backend *c, u32 bytes)
{
	struct unet_block *blk = unet_txmem_alloc(&c->tx, bytes, bytes);

	return blk ? blk : unet_txmem_alloc(&c->spare, bytes, bytes);
}

static struct unet_block *spare_block(struct chan_backend *c, u32 bytes)
{
	struct unet_block *blk = try_block(c, bytes);

	if (blk)
		return blk;
	kick(c);
	return try_block(c, bytes);
}

/* Move a packet's bytes into one run of TX memory. */
static int bounce(struct chan_backend *c, struct unet_pkt *pkt)
{
	struct unet_block *blk = spare_block(c, pkt->total);

	if (!blk)
		return -ENOBUFS;
	unet_pkt_copy_out(pkt, 0, blk->base, pkt->total);
	blk->used = pkt->total;
	unet_pkt_free(pkt->more);
	unet_block_put(pkt->block);
	pkt->more = NULL;
	pkt->block = blk;
	pkt->data = blk->base;
	pkt->len = pkt->total;
	count(c, UNET_STAT_TX_BOUNCED);
	return 0;
}

static int chan_tx(struct unet_backend *be, u32 handle, struct unet_pkt *pkt,
		   u16 header_len)
{
	struct chan_backend *c = chan_of(be);
	struct unet_tx_slot *slot;
	struct unet_extent x[UNET_TX_EXTENTS];
	u16 n;
	int err = 0;

	if (handle == UNET_NO_FLOW)
		err = -ENOTCONN;
	else if (!chan_tx_room(be))
		err = -ENOBUFS;
	n = err ? 0 : extents_of(c, pkt, x);
	if (!err && !n) {
		err = bounce(c, pkt);
		n = err ? 0 : extents_of(c, pkt, x);
	}
	if (err) {
		unet_pkt_free(pkt);
		return err;
	}
	slot = unet_tx_slot(c->r);
	slot->flow = handle;
	slot->cookie = c->cookie[--c->n_cookies];
	slot->seg_size = pkt->seg_size;
	slot->header_len = header_len;
	slot->extents = n;
	slot->flags = 0;
	memcpy(slot->extent, x, sizeof(x[0]) * n);
	c->pending[slot->cookie] = pkt;
	unet_tx_next(c->r);
	return 0;
}

static struct unet_block *chan_tx_alloc(struct unet_backend *be, u32 min,
					u32 want)
{
	struct chan_backend *c = chan_of(be);
	struct unet_block *blk = unet_txmem_alloc(&c->tx, min, want);

	if (blk)
		return blk;
	reap(c);
	return unet_txmem_alloc(&c->tx, min, want);
}

static bool chan_tx_moves(struct unet_backend *be, u32 bytes)
{
	struct unet_block *blk = spare_block(chan_of(be), bytes);

	if (blk)
		unet_block_put(blk);
	return blk;
}

static struct unet_block *chan_tx_header(struct unet_backend *be)
{
	struct chan_backend *c = chan_of(be);
	struct unet_block *blk = unet_txmem_header(&c->tx);

	if (blk)
		return blk;
	reap(c);
	return unet_txmem_header(&c->tx);
}

/* ---- the rest ------------------------------------------------------------ */

static int chan_flow_add(struct unet_backend *be, struct unet_flow_req *req)
{
	return unet_channel_flow_add(chan_of(be)->ch, req);
}

static int chan_flow_del(struct unet_backend *be, u32 handle, u32 flags)
{
	return unet_channel_flow_del(chan_of(be)->ch, handle, flags);
}

static int chan_flow_set(struct unet_backend *be, u32 handle,
			 const struct unet_flow_meta *meta)
{
	return unet_channel_flow_set(chan_of(be)->ch, handle, meta);
}

static const volatile struct unet_flow_adv *chan_adv(struct unet_backend *be,
						     u32 index)
{
	return unet_channel_adv(chan_of(be)->ch, index);
}

static int chan_source(struct unet_backend *be, u8 family, const __be32 *dst,
		       __be32 *src)
{
	struct chan_backend *c = chan_of(be);

	return unet_route_source(&c->route, unet_channel_addr_gen(c->ch),
				 family, dst, src);
}

static int chan_sync(struct unet_backend *be, u64 wait_us)
{
	struct chan_backend *c = chan_of(be);
	u32 flags = 0;
	u64 ns = 0;
	int err = 0;

	reap(c);
	publish_free(c);
	if (unet_tx_pending(c->r) && unet_tx_publish(c->r))
		flags |= UNET_SYNC_TX;
	if (wait_us && !unet_rx_peek(c->r)) {
		flags |= UNET_SYNC_WAIT;
		ns = wait_us > UINT64_MAX / 1000 ? UINT64_MAX : wait_us * 1000;
	}
	if (flags) {
		count(c, UNET_STAT_SYNCS);
		err = unet_channel_sync(c->ch, flags, ns, NULL);
	}
	reap(c);
	return err;
}

static u64 chan_now(struct unet_backend *be)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000 + (u64)ts.tv_nsec / 1000;
}

static int chan_fd(struct unet_backend *be)
{
	return unet_channel_fd(chan_of(be)->ch);
}

static int chan_state(struct unet_backend *be, u32 *reason)
{
	return unet_channel_state(chan_of(be)->ch, reason);
}

static void chan_close(struct unet_backend *be)
{
	struct chan_backend *c = chan_of(be);
	u32 i;

	for (i = 0; c->pending && i <= c->r->done_mask; i++)
		unet_pkt_free(c->pending[i]);
	unet_route_exit(&c->route);
	unet_txmem_exit(&c->spare);
	unet_txmem_exit(&c->tx);
	free(c->pending);
	free(c->cookie);
	free(c->rx);
	unet_channel_close(c->ch);
	free(c);
}

static u64 chan_tx_free(struct unet_backend *be)
{
	return chan_of(be)->tx.free_bytes;
}

static const struct unet_backend_ops chan_ops = {
	.tx_free = chan_tx_free,
	.rx = chan_rx,
	.rx_done = chan_rx_done,
	.tx = chan_tx,
	.tx_room = chan_tx_room,
	.tx_alloc = chan_tx_alloc,
	.tx_moves = chan_tx_moves,
	.tx_header = chan_tx_header,
	.flow_add = chan_flow_add,
	.flow_del = chan_flow_del,
	.flow_set = chan_flow_set,
	.adv = chan_adv,
	.source = chan_source,
	.sync = chan_sync,
	.now_us = chan_now,
	.fd = chan_fd,
	.state = chan_state,
	.close = chan_close,
};

static void rx_blocks(struct chan_backend *c)
{
	u32 i;

	for (i = 0; i < c->r->n_bufs; i++) {
		struct unet_block *blk = &c->rx[i];

		blk->base = unet_rx_buffer(c->r, i);
		blk->size = i < c->r->n_small ? UNET_RX_SMALL_BYTES :
			    UNET_RX_LARGE_BYTES;
		blk->id = i;
		blk->release = rx_release;
		blk->owner = c;
	}
	c->hold_max[0] = c->r->n_small / 2;
	c->hold_max[1] = (c->r->n_bufs - c->r->n_small) / 2;
}

static int tx_memory(struct chan_backend *c, u32 sends)
{
	u64 bytes = c->r->tx_bytes, spare;
	int err;

	spare = min_t(u64, SPARE_MAX, bytes / SPARE_PART);
	spare = max_t(u64, spare - spare % UNET_TX_BUF_BYTES, UNET_TX_BUF_BYTES);
	err = unet_txmem_init(&c->tx, c->r->tx_mem, bytes - spare, sends + 64);
	if (err)
		return err;
	return unet_txmem_init(&c->spare, c->r->tx_mem + bytes - spare, spare, 0);
}

static int set_up(struct chan_backend *c)
{
	u32 sends = c->r->done_mask + 1;
	u32 i;

	c->rx = calloc(c->r->n_bufs, sizeof(*c->rx));
	c->pending = calloc(sends, sizeof(struct unet_pkt *));
	c->cookie = calloc(sends, sizeof(*c->cookie));
	if (!c->rx || !c->pending || !c->cookie)
		return -ENOMEM;
	for (i = 0; i < sends; i++)
		c->cookie[c->n_cookies++] = sends - 1 - i;
	rx_blocks(c);
	return tx_memory(c, sends);
}

/**
 * unet_backend_chan() - a backend over a channel
 * @ch: belongs to the backend, in case of failure too
 * @dev: name of its device
 *
 * Return: the backend, or NULL with errno.
 */
struct unet_backend *unet_backend_chan(struct unet_channel *ch,
				       const char *dev)
{
	struct chan_backend *c = calloc(1, sizeof(*c));
	int err;

	if (!c) {
		unet_channel_close(ch);
		return NULL;
	}
	c->be.ops = &chan_ops;
	c->ch = ch;
	c->r = unet_channel_rings(ch);
	unet_route_init(&c->route, dev);
	err = set_up(c);
	if (err) {
		chan_close(&c->be);
		errno = -err;
		return NULL;
	}
	c->be.mtu = unet_route_mtu(&c->route);
	return &c->be;
}

/**
 * unet_backend_unet_open() - open a channel as a backend
 * @dev: name of an attached device
 * @params: sizes, may be NULL
 *
 * Return: the backend, or NULL with errno.
 */
struct unet_backend *unet_backend_unet_open(const char *dev,
					    const struct unet_params *params)
{
	struct unet_channel *ch = unet_channel_open(dev, params);

	return ch ? unet_backend_chan(ch, dev) : NULL;
}
