// SPDX-License-Identifier: MIT
/*
 * A hostile packet meets a hook that does to it whatever it can think of: reads,
 * writes, splices, keeps, injects, gives any verdict. Nothing is touched outside of
 * the packet, what goes on is a sound packet, nothing is left behind.
 *
 * A hostile frame meets it, too, and stays one of its ethertype, within its room.
 *
 *   data: number of deeds, + 8: a frame, + 16: to be sent; four bytes for each; packet
 */
#include <stdlib.h>
#include <unet/unet.h>
#include "stack.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const u8 *deed;
static u32 deeds;
static struct unet_held *held[8];
static u32 n_held;

static void offsets_lie_inside(const struct unet_hook_pkt *p)
{
	const struct unet_hook_headers *h = unet_hook_headers(p);

	if (h->l4 > p->total || h->payload > p->total || p->len > p->total ||
	    (h->payload && h->payload < h->l4))
		abort();
}

static void do_deed(struct unet_hook_batch *b, struct unet_hook_pkt *p)
{
	u32 offset = deed[1] * 3u;
	u32 len = deed[2];
	u8 buf[256];
	const u8 *at;

	memset(buf, deed[3], sizeof(buf));
	switch (deed[0] % 8) {
	case 0:
		at = unet_hook_read(p, offset, len, buf);
		if (at && offset + len > p->total)
			abort();
		if (at)
			memmove(buf, at, len);	/* ASan looks */
		break;
	case 1:
	case 2:
		unet_hook_write(p, offset, buf, len);
		break;
	case 3:
		unet_hook_splice(p, offset, deed[3], buf, len);
		break;
	case 4:
		if (n_held < 8) {
			held[n_held] = unet_hook_keep(p);
			n_held += !!held[n_held];
		}
		break;
	case 5:
		unet_hook_inject(b->hook, deed[3] & 3, p->data, p->len);
		break;
	case 6:
		unet_hook_inject(b->hook, UNET_HOOK_RX, buf, len);
		break;
	case 7:
		p->verdict = deed[3] % 8;
		break;
	}
	offsets_lie_inside(p);
	deed += 4;
	deeds--;
}

static void whatever(struct unet_hook_batch *b, void *arg)
{
	u32 i;

	for (i = 0; i < b->n; i++) {
		offsets_lie_inside(b->pkt[i]);
		while (deeds)
			do_deed(b, b->pkt[i]);
	}
}

static void side(struct unet_hook_batch *b, void *arg)
{
	whatever(b, arg);
}

static void put_back(struct unet_hook *hook)
{
	u32 dir = n_held & 1 ? UNET_HOOK_RX : UNET_HOOK_TX;

	unet_hook_inject_held(hook, dir, held[--n_held]);
}

static void frame_passes(struct unet_stack *st, u32 dir, const u8 *data, size_t size)
{
	struct unet_hook_frame f = {
		.bytes = malloc(size + 40), .len = (u32)size, .room = (u32)size + 40,
	};
	int left;

	memcpy(f.bytes, data, size);
	left = unet_hook_frames(st, dir, &f, 1);
	if (size < 14 ? left != -EINVAL : left != !!f.len)
		abort();
	if (left == 1 && (f.len < 14 || f.len > f.room ||
			  memcmp((u8 *)f.bytes + 12, data + 12, 2)))
		abort();
	free(f.bytes);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct unet_wire_opts o = { .size = sizeof(o), .flags = UNET_WIRE_CSUM };
	struct unet_hook_opts h = { .size = sizeof(h), .side = side };
	struct unet_stack *end[2];
	struct unet_hook *hook;
	struct unet_wire *w;
	struct unet_sock *s;
	bool frame;
	u32 dir;

	if (!size || size < 1 + data[0] % 8 * 4u)
		return 0;
	deeds = data[0] % 8;
	frame = data[0] & 8;
	dir = data[0] & 16 ? UNET_HOOK_TX : UNET_HOOK_RX;
	deed = data + 1;
	data += 1 + deeds * 4;
	size -= 1 + deeds * 4;
	if (frame && size >= 14 && (data[12] << 8 | data[13]) >= 0x600) {
		h.match = UNET_HOOK_ETHERTYPE;
		h.ethertype = (u16)(data[12] << 8 | data[13]);
	}
	w = unet_wire_open(&o, end);
	s = unet_udp_open(end[1], AF_INET6);
	unet_udp_bind(s, ":7");
	unet_listen(end[1], "tcp", ":80", 2);
	hook = unet_hook_add(end[1], whatever, NULL, &h);
	if (frame)
		frame_passes(end[1], dir, data, size);
	else
		unet_stack_input(end[1], 1000000, data, size);
	unet_wire_run(w, 1100000);
	while (n_held)
		put_back(hook);
	unet_wire_run(w, 1200000);
	unet_hook_del(hook);
	unet_wire_close(w);
	return 0;
}
