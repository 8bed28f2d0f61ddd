// SPDX-License-Identifier: MIT
/*
 * A unet channel, by the ring itself. "unet" has a connected flow for each source
 * port, so that packets of different flows come in different batches;
 * "unet-listen" has one listener that takes them all, as a UDP socket does.
 */
#include <arpa/inet.h>
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

static int add_listener(struct rx *rx, uint32_t *flow)
{
	struct unet_flow_req req = { .flags = UNET_FLOW_LOCAL_PORT,
				     .family = AF_INET,
				     .proto = IPPROTO_UDP,
				     .local_port = htons(RX_PORT) };
	int err = unet_channel_flow_add(rx->ch, &req);

	*flow = req.flow;
	return err;
}

static int add_connected(struct rx *rx, uint32_t listener, uint16_t port)
{
	struct unet_flow_req req = { .flags = UNET_FLOW_LOCAL_PORT |
					      UNET_FLOW_LOCAL_ADDR |
					      UNET_FLOW_REMOTE,
				     .family = AF_INET,
				     .proto = IPPROTO_UDP,
				     .local_port = htons(RX_PORT),
				     .remote_port = htons(port),
				     .parent = listener };

	inet_pton(AF_INET, RX_LOCAL, req.local);
	inet_pton(AF_INET, RX_SOURCE, req.remote);
	return unet_channel_flow_add(rx->ch, &req);
}

static void *open_channel(const struct rx_args *args, uint32_t connected)
{
	struct unet_params params = {
		.rx_slots = 4096,
		.rx_small = 4096,
		.rx_large = UNET_PARAM_NONE,
		.max_flows = power_of_two_above(connected + 1),
	};
	struct rx *rx = calloc(1, sizeof(*rx));
	uint32_t i, listener;
	int err;

	rx->ch = unet_channel_open(args->dev, &params);
	if (!rx->ch)
		return NULL;
	err = add_listener(rx, &listener);
	for (i = 0; !err && i < connected; i++)
		err = add_connected(rx, listener, RX_FIRST_PORT + i);
	if (err) {
		errno = -err;
		return NULL;
	}
	rx->r = unet_channel_rings(rx->ch);
	return rx;
}

static void *unet_open(const struct rx_args *args)
{
	return open_channel(args, args->flows);
}

static void *listen_open(const struct rx_args *args)
{
	return open_channel(args, 0);
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

const struct rx_way rx_unet_listen = {
	.name = "unet-listen",
	.open = listen_open,
	.fd = unet_fd,
	.take = unet_take,
	.batches = unet_batches,
};
