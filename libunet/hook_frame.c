// SPDX-License-Identifier: MIT
/*
 * Frames that are not IP: the application has them on a channel of its own, by a rule
 * for their ethertype, and shows them to the hooks of a stack on their way.
 *
 * In @tstamp of a packet is which frame it is.
 */
#include "hook.h"
#include "internal.h"
#include "rcu.h"
#include "stack.h"

static int check(const struct unet_stack *st, u32 dir,
		 const struct unet_hook_frame *f, u32 n)
{
	u32 i;

	if (st->hooks.inside || unet_rcu_reading()) {
		unet_detail("unet_hook_frames: not from within a hook");
		return -EDEADLK;
	}
	if (dir != UNET_HOOK_RX && dir != UNET_HOOK_TX) {
		unet_detail("unet_hook_frames: dir %#x: must be UNET_HOOK_RX or UNET_HOOK_TX",
			    dir);
		return -EINVAL;
	}
	for (i = 0; i < n; i++) {
		if (f[i].len >= UNET_HOOK_ETH && f[i].len <= f[i].room &&
		    f[i].len <= UNET_TX_MAX_BYTES)
			continue;
		unet_detail("unet_hook_frames: frame %u: len %u: must be %u to room %u, at most %u",
			    i, f[i].len, UNET_HOOK_ETH, f[i].room,
			    UNET_TX_MAX_BYTES);
		return -EINVAL;
	}
	return 0;
}

static int fill(struct unet_stack *st, const struct unet_hook_frame *f, u32 n,
		struct unet_pktq *q)
{
	u32 i;

	for (i = 0; i < n; i++) {
		union unet_hook_sent sent = {
			.mtu = (u16)min(f[i].room, UNET_TX_MAX_BYTES),
		};
		struct unet_pkt *pkt = unet_pkt_heap(&st->pool, 0, f[i].len);

		if (!pkt) {
			unet_pktq_purge(q);
			unet_detail("unet_hook_frames: no memory for frame %u", i);
			return -ENOMEM;
		}
		memcpy(unet_pkt_put(pkt, f[i].len), f[i].bytes, f[i].len);
		pkt->tstamp = i;
		pkt->priv = sent.word;
		unet_pktq_add(q, pkt);
	}
	return 0;
}

/* What is left is in order, and no larger than there is room for. */
static int put_back(struct unet_pktq *q, struct unet_hook_frame *f, u32 n)
{
	int left = (int)q->packets;
	struct unet_pkt *pkt;
	u32 i;

	for (i = 0; i < n; i++)
		f[i].len = 0;
	while ((pkt = unet_pktq_take(q))) {
		struct unet_hook_frame *to = &f[pkt->tstamp];

		to->len = pkt->total;
		unet_pkt_copy_out(pkt, 0, to->bytes, pkt->total);
		pkt->priv = 0;
		unet_pkt_free(pkt);
	}
	return left;
}

int unet_hook_frames(struct unet_stack *st, uint32_t dir,
		     struct unet_hook_frame *frames, uint32_t n)
{
	enum unet_hook_dir d = dir == UNET_HOOK_RX ? UNET_HOOKS_RX : UNET_HOOKS_TX;
	struct unet_pktq q;
	int err;

	unet_detail_clear();
	err = check(st, dir, frames, n);
	if (err)
		return err;
	if (!n || !READ_ONCE(st->hooks.chain[d]))
		return (int)n;
	unet_pktq_init(&q);
	err = fill(st, frames, n, &q);
	if (err)
		return err;
	unet_hook_run_frames(st, d, &q);
	return put_back(&q, frames, n);
}
