// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <sys/socket.h>
#include "fake_backend.h"
#include "forge.h"

static struct fake *fake_of(struct unet_backend *be)
{
	return container_of(be, struct fake, be);
}

static int fake_rx(struct unet_backend *be, struct unet_pkt_pool *pool,
		   struct unet_rx_batch *b)
{
	struct fake *f = fake_of(be);

	if (f->taken == f->n_batches) {
		f->taken = 0;
		f->n_batches = 0;
		return 0;
	}
	*b = f->batch[f->taken++];
	return 1;
}

static void fake_rx_done(struct unet_backend *be)
{
}

static int fake_tx(struct unet_backend *be, u32 handle, struct unet_pkt *pkt,
		   u16 header_len)
{
	struct fake *f = fake_of(be);
	struct fake_sent *s = &f->sent[f->n_sent];

	if (!f->room || f->n_sent == FAKE_SENT) {
		unet_pkt_free(pkt);
		return -ENOBUFS;
	}
	f->room--;
	f->n_sent++;
	s->handle = handle;
	s->header_len = header_len;
	s->seg_size = pkt->seg_size;
	s->pieces = (u16)unet_pkt_pieces(pkt);
	s->len = pkt->total;
	s->bytes = malloc(pkt->total);
	unet_pkt_copy_out(pkt, 0, s->bytes, pkt->total);
	unet_pkt_free(pkt);
	return 0;
}

static u32 fake_tx_room(struct unet_backend *be)
{
	return fake_of(be)->room;
}

static struct unet_block *fake_tx_alloc(struct unet_backend *be, u32 min,
					u32 want)
{
	return fake_of(be)->tx_memory ? unet_block_heap(want) : NULL;
}

static bool fake_tx_moves(struct unet_backend *be, u32 bytes)
{
	return bytes <= fake_of(be)->tx_moves;
}

static struct unet_block *fake_tx_header(struct unet_backend *be)
{
	return unet_block_heap(UNET_TX_HEADER_BYTES);
}

static int fake_flow_add(struct unet_backend *be, struct unet_flow_req *req)
{
	struct fake *f = fake_of(be);

	f->req = *req;
	if (f->add_error)
		return f->add_error;
	if (f->no_ipv6 && req->family != AF_INET)
		return -EAFNOSUPPORT;
	req->flow = ++f->adds;
	req->adv = f->adds % ARRAY_SIZE(f->adv);
	memset(&f->adv[req->adv], 0, sizeof(f->adv[0]));
	req->mtu = be->mtu;
	req->gso_max = be->gso_max;
	req->local_port_out = req->local_port ? req->local_port :
			      cpu_to_be16((u16)(40000 + f->adds));
	memcpy(req->local_out, req->flags & UNET_FLOW_LOCAL_ADDR ? req->local :
	       req->family == 2 ? (void *)f->source4 : (void *)f->source6, 16);
	return 0;
}

static int fake_flow_del(struct unet_backend *be, u32 handle, u32 flags)
{
	fake_of(be)->deleted = handle;
	fake_of(be)->deleted_flags = flags;
	return 0;
}

static int fake_flow_set(struct unet_backend *be, u32 handle,
			 const struct unet_flow_meta *meta)
{
	return 0;
}

static const volatile struct unet_flow_adv *fake_adv(struct unet_backend *be,
						     u32 index)
{
	return &fake_of(be)->adv[index];
}

static int fake_source(struct unet_backend *be, u8 family, const __be32 *dst,
		       __be32 *src)
{
	struct fake *f = fake_of(be);

	memcpy(src, family == 4 ? f->source4 : f->source6, 16);
	return 0;
}

static int fake_sync(struct unet_backend *be, u64 wait_us)
{
	struct fake *f = fake_of(be);

	f->syncs++;
	f->waited = wait_us;
	if (wait_us && f->on_wait)
		f->on_wait(f);
	return 0;
}

static u64 fake_now(struct unet_backend *be)
{
	return fake_of(be)->clock;
}

static int fake_fd(struct unet_backend *be)
{
	return -ENOTSUP;
}

static int fake_state(struct unet_backend *be, u32 *reason)
{
	*reason = 0;
	return fake_of(be)->state;
}

static void fake_close(struct unet_backend *be)
{
	fake_of(be)->closed = true;
}

static const struct unet_backend_ops fake_ops = {
	.rx = fake_rx,
	.rx_done = fake_rx_done,
	.tx = fake_tx,
	.tx_room = fake_tx_room,
	.tx_alloc = fake_tx_alloc,
	.tx_moves = fake_tx_moves,
	.tx_header = fake_tx_header,
	.flow_add = fake_flow_add,
	.flow_del = fake_flow_del,
	.flow_set = fake_flow_set,
	.adv = fake_adv,
	.source = fake_source,
	.sync = fake_sync,
	.now_us = fake_now,
	.fd = fake_fd,
	.state = fake_state,
	.close = fake_close,
};

void fake_init(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	f->be.ops = &fake_ops;
	f->be.mtu = 1500;
	f->be.gso_max = 65535;
	f->room = 1000;
	f->tx_memory = true;
	f->clock = 1000000;
	f->state = UNET_CHANNEL_LIVE;
	forge_addr("192.0.2.1", f->source4);
	forge_addr("2001:db8::1", f->source6);
}

void fake_forget_sent(struct fake *f)
{
	while (f->n_sent)
		free(f->sent[--f->n_sent].bytes);
}

void fake_exit(struct fake *f)
{
	fake_forget_sent(f);
}

struct unet_stack *fake_stack(struct fake *f)
{
	return unet_stack_create(&f->be, NULL, "seed", 4);
}

void fake_receive(struct fake *f, struct unet_stack *st, u64 tag, u32 flags,
		  const u8 *packet, u32 len)
{
	struct unet_rx_batch *b = &f->batch[f->n_batches++];
	struct unet_pkt *pkt;

	unet_pktq_init(&b->packets);
	b->tag = tag;
	b->flags = flags;
	if (!len)
		return;
	pkt = unet_pkt_heap(&st->pool, 0, len);
	memcpy(unet_pkt_put(pkt, len), packet, len);
	unet_pktq_add(&b->packets, pkt);
}

struct unet_pkt *fake_last(struct fake *f)
{
	return f->batch[f->n_batches - 1].packets.tail;
}
