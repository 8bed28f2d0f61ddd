// SPDX-License-Identifier: MIT
/* A unet channel with a UDP listener on the port, by the ring itself. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unet/channel.h>
#include <unet/ring.h>

#include "rx.h"

#define BATCH	64	/* slots between two publishes, as the rivals do */

struct rx {
	struct unet_channel *ch;
	struct unet_rings *r;
	uint64_t slots;
	volatile uint32_t touched;
};

static void *unet_open(const struct rx_args *args)
{
	struct unet_params params = { .rx_slots = 4096, .rx_small = 4096,
				      .rx_large = UNET_PARAM_NONE };
	struct unet_flow_req req = { .flags = UNET_FLOW_LOCAL_PORT,
				     .family = AF_INET,
				     .proto = IPPROTO_UDP,
				     .local_port = htons(RX_PORT) };
	struct rx *rx = calloc(1, sizeof(*rx));
	int err;

	rx->ch = unet_channel_open(args->dev, &params);
	if (!rx->ch)
		return NULL;
	err = unet_channel_flow_add(rx->ch, &req);
	if (err) {
		errno = -err;
		return NULL;
	}
	rx->r = unet_channel_rings(rx->ch);
	return rx;
}

static int unet_fd(void *p)
{
	return unet_channel_fd(((struct rx *)p)->ch);
}

static uint32_t take_batch(struct rx *rx, const struct unet_rx_slot *slot)
{
	uint32_t buf = slot->first, next;

	for (; buf != UNET_NO_BUF; buf = next) {
		next = rx->r->desc[buf].next;
		rx->touched += unet_rx_buffer(rx->r, buf)[rx->r->desc[buf].offset];
		unet_free_put(rx->r, buf);
	}
	rx->slots++;
	return slot->packets;
}

static uint32_t unet_take(void *p)
{
	struct rx *rx = p;
	const struct unet_rx_slot *slot;
	uint32_t n = 0, left = BATCH;

	while (left-- && (slot = unet_rx_peek(rx->r))) {
		n += take_batch(rx, slot);
		unet_rx_next(rx->r);
	}
	if (n) {
		unet_free_publish(rx->r);
		unet_rx_release(rx->r);
	}
	return n;
}

static uint64_t unet_batches(void *p)
{
	return ((struct rx *)p)->slots;
}

const struct rx_way rx_unet = {
	.name = "unet",
	.open = unet_open,
	.fd = unet_fd,
	.take = unet_take,
	.batches = unet_batches,
};
