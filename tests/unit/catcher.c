// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include "catcher.h"
#include "core/wire.h"

struct catcher caught;

static void catch_input(struct unet_stack *st, struct unet_pkt *pkt,
			const struct unet_ip_info *info, struct unet_flow *f)
{
	struct caught *c = &caught.got[caught.n++ % CAUGHT];

	free(c->bytes);
	c->bytes = malloc(pkt->total + 1);
	c->len = unet_pkt_copy_out(pkt, 0, c->bytes, pkt->total);
	c->info = *info;
	c->flow = f;
	c->seg_size = pkt->seg_size;
	c->flags = pkt->flags;
	unet_pkt_free(pkt);
}

static void catch_icmp(struct unet_stack *st, struct unet_flow *f,
		       const struct unet_icmp_info *icmp)
{
	caught.icmp = *icmp;
	caught.icmp_flow = f;
	caught.icmps++;
}

static void catch_gone(struct unet_stack *st, struct unet_flow *f)
{
	caught.gone++;
}

const struct unet_proto catcher_proto = {
	.proto = UNET_PROTO_UDP,
	.input = catch_input,
	.icmp_error = catch_icmp,
	.flow_gone = catch_gone,
	.min_header = 8,
	.children = true,
};

int catcher_open(void **state)
{
	memset(&caught, 0, sizeof(caught));
	fake_init(&caught.fake);
	caught.st = fake_stack(&caught.fake);
	return !caught.st || unet_stack_add_proto(caught.st, &catcher_proto);
}

void catcher_forget(void)
{
	while (caught.n) {
		struct caught *c = &caught.got[--caught.n % CAUGHT];

		free(c->bytes);
		c->bytes = NULL;
	}
}

int catcher_close(void **state)
{
	u32 live;

	catcher_forget();
	unet_reass_exit(caught.st);
	live = caught.st->pool.live;
	if (unet_reass_init(caught.st))
		return -1;
	unet_stack_destroy(caught.st);
	fake_exit(&caught.fake);
	return live ? -1 : 0;
}

u32 catcher_receive(const u8 *packet, u32 len)
{
	u32 before = caught.n;

	fake_receive(&caught.fake, caught.st, 0, 0, packet, len);
	unet_stack_turn(caught.st, caught.st->now + 1);
	return caught.n - before;
}

u64 catcher_count(enum unet_stack_counter c)
{
	return caught.st->counter[c];
}
