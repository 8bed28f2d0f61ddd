// SPDX-License-Identifier: MIT
/*
 * Packets that hooks make, and all that is sent while there are hooks for it: both
 * wait in queues of the stack until a batch of them passes the chain.
 *
 * What is sent waits until the stack syncs, or 64 are there: so hooks see batches.
 * In @tag and @tstamp of an injected packet is the place it goes on behind.
 */
#include "hook.h"
#include "ip.h"
#include "stack.h"

static void transmit(struct unet_stack *st, struct unet_pktq *q)
{
	struct unet_pkt *pkt;

	while ((pkt = unet_pktq_take(q))) {
		union unet_hook_sent sent = { .word = pkt->priv };

		pkt->priv = 0;
		unet_ip_transmit(st, sent.handle, pkt, sent.header_len);
	}
}

/**
 * unet_hook_send() - a packet on its way down
 * @st: the stack
 * @pkt: data at the IP header; taken over
 * @sent: where to
 */
void unet_hook_send(struct unet_stack *st, struct unet_pkt *pkt,
		    union unet_hook_sent sent)
{
	struct unet_hooks *hs = &st->hooks;

	pkt->priv = sent.word;
	unet_pktq_add(&hs->sent, pkt);
	st->unsynced = true;
	if (hs->sent.packets >= UNET_HOOK_BATCH)
		unet_hook_flush(st);
}

/* The packet goes on behind its place. Return: what is left of it, in @q. */
static void go_on(struct unet_stack *st, enum unet_hook_dir dir,
		  struct unet_pkt *pkt, struct unet_pktq *q)
{
	struct unet_hook_place place = {
		.priority = (s32)pkt->tstamp, .id = pkt->tag,
	};

	pkt->tag = 0;
	pkt->tstamp = 0;
	unet_pktq_init(q);
	unet_pktq_add(q, pkt);
	unet_hook_run_behind(st, dir, q, &place);
}

/**
 * unet_hook_flush() - what waits to be sent passes the chain and leaves
 * @st: the stack
 *
 * What hooks inject meanwhile, for the same direction, is sent with the next.
 */
void unet_hook_flush(struct unet_stack *st)
{
	struct unet_pktq *injected = &st->hooks.injected[UNET_HOOKS_TX];
	struct unet_pktq q = st->hooks.sent;
	u32 n;

	if (st->hooks.inside)
		return;
	unet_pktq_init(&st->hooks.sent);
	if (!unet_pktq_empty(&q))
		unet_hook_run(st, UNET_HOOKS_TX, &q, 0);
	transmit(st, &q);
	for (n = injected->packets; n; n--) {
		go_on(st, UNET_HOOKS_TX, unet_pktq_take(injected), &q);
		transmit(st, &q);
	}
	if (!unet_pktq_empty(injected))
		st->unsynced = true;
}

/**
 * unet_hook_input_injected() - what hooks have injected is received
 * @st: the stack, in its input step
 *
 * Return: how many packets there were; those injected meanwhile wait for the
 * next turn.
 */
u32 unet_hook_input_injected(struct unet_stack *st)
{
	struct unet_pktq *injected = &st->hooks.injected[UNET_HOOKS_RX];
	u32 n = injected->packets;
	struct unet_pktq q;
	u32 i;

	for (i = 0; i < n; i++) {
		go_on(st, UNET_HOOKS_RX, unet_pktq_take(injected), &q);
		unet_ip_input_tagged(st, &q);
	}
	return n;
}

/* Who may send this? Its handle and limits, or -ENOTCONN. */
static int find_sender(struct unet_stack *st, struct unet_pkt *pkt,
		       const struct unet_flow_key *key,
		       const struct unet_flow_info *info)
{
	u32 one = pkt->seg_size ? info->payload + pkt->seg_size : pkt->total;
	struct unet_flow *f = unet_flow_find(st, key);
	union unet_hook_sent sent;
	u32 mtu;

	if (!f)
		f = unet_flow_find_listener(st, key);
	if (!f || !unet_flow_tx_handle(f))
		return -ENOTCONN;
	mtu = min(unet_flow_path_mtu(f), UNET_TX_MAX_BYTES);
	if (one > mtu)
		return -EMSGSIZE;
	sent.handle = unet_flow_tx_handle(f);
	sent.header_len = info->payload;
	sent.mtu = (u16)mtu;
	pkt->priv = sent.word;
	return 0;
}

/* What it does not say yet, or not rightly, is filled in. */
static int complete(struct unet_hook *h, bool rx, struct unet_pkt *pkt)
{
	struct unet_flow_info info;
	struct unet_flow_key key;
	int err = unet_hook_complete(pkt, rx, &key, &info);

	if (err)
		return err == -ENOMEM ? err : -EINVAL;
	if (info.flags & UNET_PKT_FRAGMENT)
		return -EINVAL;
	return rx ? 0 : find_sender(h->st, pkt, &key, &info);
}

/* What is wrong with it is still to be found out by who receives it. */
static int as_received(const struct unet_pkt *pkt)
{
	u8 version = pkt->data[0] >> 4;

	return version == 4 || version == 6 ? 0 : -EINVAL;
}

static int accept(struct unet_hook *h, u32 dir, struct unet_pkt *pkt,
		  bool as_it_is)
{
	bool rx = dir == UNET_HOOK_RX;
	struct unet_pktq *q;
	int err;

	if (dir != UNET_HOOK_RX && dir != UNET_HOOK_TX)
		return -EINVAL;
	/* Its first bytes are an address, which may look like IP. */
	if (pkt->flags & UNET_PF_FRAME)
		return -EINVAL;
	q = &h->st->hooks.injected[rx ? UNET_HOOKS_RX : UNET_HOOKS_TX];
	if (q->packets >= UNET_HOOKS_WAITING)
		return -ENOBUFS;
	err = as_it_is ? as_received(pkt) : complete(h, rx, pkt);
	if (err)
		return err;
	pkt->tag = h->id;
	pkt->tstamp = (u64)(s64)READ_ONCE(h->priority);
	unet_pktq_add(q, pkt);
	if (rx)
		h->st->more_input = true;
	else
		h->st->unsynced = true;
	return 0;
}

static int inject(struct unet_hook *h, u32 dir, struct unet_pkt *pkt,
		  bool as_it_is)
{
	int err = accept(h, dir, pkt, as_it_is);
	uint64_t *counter = err ? &h->count.refused : &h->count.injected;

	WRITE_ONCE(*counter, *counter + 1);
	if (err)
		unet_pkt_free(pkt);
	else
		unet_count(h->st, UNET_STAT_HOOK_INJECTED);
	return err;
}

int unet_hook_inject(struct unet_hook *h, uint32_t dir, const void *packet,
		     size_t len)
{
	struct unet_pkt *pkt;

	if (len > UNET_TX_MAX_BYTES)
		return -EMSGSIZE;
	pkt = unet_pkt_heap(&h->st->pool, 0, (u32)len);
	if (!pkt)
		return -ENOMEM;
	memcpy(unet_pkt_put(pkt, (u32)len), packet, len);
	return inject(h, dir, pkt, false);
}

int unet_hook_inject_held(struct unet_hook *h, uint32_t dir,
			  struct unet_held *held)
{
	struct unet_pkt *pkt = (struct unet_pkt *)held;
	bool changed = pkt->flags & UNET_PF_CHANGED;

	pkt->flags &= (u16)~UNET_PF_CHANGED;
	return inject(h, dir, pkt, dir == UNET_HOOK_RX && !changed);
}
