// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include "backend_loop.h"
#include "core/wire.h"

#define BATCH_PACKETS	64u
#define TX_ROOM		1024u

static struct unet_loop_end *end_of(struct unet_backend *be)
{
	return container_of(be, struct unet_loop_end, be);
}

/* Packets that arrived one behind the other for the same flow. */
static int loop_rx(struct unet_backend *be, struct unet_pkt_pool *pool,
		   struct unet_rx_batch *b)
{
	struct unet_loop_end *e = end_of(be);

	if (unet_pktq_empty(&e->arrived))
		return 0;
	unet_pktq_init(&b->packets);
	b->tag = e->arrived.head->tag;
	b->flags = 0;
	while (!unet_pktq_empty(&e->arrived) &&
	       b->packets.packets < BATCH_PACKETS &&
	       e->arrived.head->tag == b->tag)
		unet_pktq_add(&b->packets, unet_pktq_take(&e->arrived));
	return 1;
}

static void loop_rx_done(struct unet_backend *be)
{
}

static int loop_tx(struct unet_backend *be, u32 handle, struct unet_pkt *pkt,
		   u16 header_len)
{
	struct unet_loop_end *e = end_of(be);
	struct unet_loop_flow *f = NULL;
	int err;

	if (handle) {
		f = unet_loop_flow_get(e, handle);
		if (!f) {
			unet_pkt_free(pkt);
			return -ENOENT;
		}
	}
	err = unet_wire_cut(e->wire, e->side, pkt, header_len);
	unet_pkt_free(pkt);
	if (f)
		f->adv.sent += !err;
	return err;
}

static u32 loop_tx_room(struct unet_backend *be)
{
	return TX_ROOM;
}

static struct unet_block *loop_tx_alloc(struct unet_backend *be, u32 min,
					u32 want)
{
	return unet_block_heap(want);
}

static struct unet_block *loop_tx_header(struct unet_backend *be)
{
	return unet_block_heap(UNET_TX_HEADER_BYTES);
}

static int loop_source(struct unet_backend *be, u8 family, const __be32 *dst,
		       __be32 *src)
{
	u32 i;

	for (i = 0; i < be->iface.n; i++) {
		if (be->iface.family[i] == family) {
			memcpy(src, be->iface.addr[i], 16);
			return 0;
		}
	}
	return -ENETUNREACH;
}

static int loop_sync(struct unet_backend *be, u64 wait_us)
{
	return 0;
}

static u64 loop_now(struct unet_backend *be)
{
	return unet_wire_clock(end_of(be)->wire);
}

static int loop_fd(struct unet_backend *be)
{
	return -ENOTSUP;
}

static int loop_state(struct unet_backend *be, u32 *reason)
{
	*reason = UNET_POISON_NONE;
	return UNET_CHANNEL_LIVE;
}

static void loop_close(struct unet_backend *be)
{
	struct unet_loop_end *e = end_of(be);

	unet_pktq_purge(&e->arrived);
	unet_loop_flow_exit(e);
	unet_wire_end_closed(e->wire, e->side);
}

static const struct unet_backend_ops loop_ops = {
	.rx = loop_rx,
	.rx_done = loop_rx_done,
	.tx = loop_tx,
	.tx_room = loop_tx_room,
	.tx_alloc = loop_tx_alloc,
	.tx_header = loop_tx_header,
	.flow_add = unet_loop_flow_add,
	.flow_del = unet_loop_flow_del,
	.flow_set = unet_loop_flow_set,
	.adv = unet_loop_adv,
	.source = loop_source,
	.sync = loop_sync,
	.now_us = loop_now,
	.fd = loop_fd,
	.state = loop_state,
	.close = loop_close,
};

/**
 * unet_loop_end_init() - an end without addresses
 * @e: zeroed
 * @w: the wire
 * @side: 0 or 1
 */
void unet_loop_end_init(struct unet_loop_end *e, struct unet_wire *w, int side)
{
	e->be.ops = &loop_ops;
	e->wire = w;
	e->side = side;
	e->generation = 1;
	unet_pktq_init(&e->arrived);
}

/**
 * unet_loop_arrive() - a packet has come to the end of the wire
 * @e: where it came out
 * @pkt: one piece, data at the IP header; taken over
 *
 * Does what a nexus does: looks the flow up, and leaves to the host what no flow
 * wants. Fragments and the like reach the stack without a tag.
 */
void unet_loop_arrive(struct unet_loop_end *e, struct unet_pkt *pkt)
{
	struct unet_loop_flow *f;

	f = unet_loop_flow_of(e, pkt->data, pkt->len);
	if (!f && unet_loop_host(e, pkt->data, pkt->len)) {
		unet_pkt_free(pkt);
		return;
	}
	pkt->tag = f ? f->meta.tag : 0;
	if (f && pkt->len > 1 && (unet_load_u16(pkt->data) >>
	    (pkt->data[0] >> 4 == 6 ? 4 : 0) & UNET_ECN_MASK) == UNET_ECN_CE)
		f->adv.ce_count++;
	unet_pktq_add(&e->arrived, pkt);
}
