// SPDX-License-Identifier: MIT
/*
 * The in-memory wire: virtual time, and what happens to packets between two
 * stacks. Everything random comes from one seed in one order, so a run repeats
 * exactly.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include "backend_loop.h"
#include "core/wire.h"
#include "internal.h"
#include "lib.h"
#include "stack.h"

#define START_US	1000000ull
#define DEFAULT_MTU	1500u
#define MIN_MTU		68u
#define PER_MILLION	1000000u

/**
 * struct flight - a packet under way
 * @next:	later
 * @prev:	earlier
 * @when:	it arrives, microseconds
 * @to:		end
 * @pkt:	the packet
 */
struct flight {
	struct flight *next;
	struct flight *prev;
	u64 when;
	int to;
	struct unet_pkt *pkt;
};

/**
 * struct unet_wire - two ends and what is between them
 * @opts:	what is done to packets
 * @now:	virtual microseconds
 * @random:	state
 * @flights:	head of a ring of packets under way, by time of arrival
 * @free_at_ns:	when the bandwidth is free again, for each direction
 * @end:	the two ends
 * @st:		their stacks, NULL when closed
 * @pool:	metadata of packets under way
 * @tap:	looks at packets
 * @tap_arg:	for @tap
 * @open:	ends not closed yet, and one for the owner
 * @running:	time is passing: not to be entered again
 */
struct unet_wire {
	struct unet_wire_opts opts;
	u64 now;
	u64 random;
	struct flight flights;
	u64 free_at_ns[2];
	struct unet_loop_end end[2];
	struct unet_stack *st[2];
	struct unet_pkt_pool pool;
	unet_wire_tap tap;
	void *tap_arg;
	int open;
	bool running;
};

u64 unet_wire_clock(const struct unet_wire *w)
{
	return w->now;
}

u32 unet_wire_flags(const struct unet_wire *w)
{
	return w->opts.flags;
}

void unet_wire_count(struct unet_wire *w, int side, unsigned int counter)
{
	w->end[side].be.counters[counter]++;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static u64 draw(struct unet_wire *w)
{
	u64 z = w->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static bool happens(struct unet_wire *w, u32 ppm)
{
	return ppm && draw(w) % PER_MILLION < ppm;
}

/* How long until the bandwidth has let the packet through; -ENOBUFS: dropped. */
static int serialize(struct unet_wire *w, int from, u8 *l3, u32 len, u64 *us)
{
	const struct unet_wire_opts *o = &w->opts;
	u64 now = w->now * 1000;
	u64 free_at = max(w->free_at_ns[from], now);
	u64 waiting;
	u8 tos;

	*us = 0;
	if (!o->bits_per_s)
		return 0;
	waiting = (u64)((double)(free_at - now) * (double)o->bits_per_s / 8e9);
	if (o->queue_bytes && waiting + len > o->queue_bytes)
		return -ENOBUFS;
	tos = unet_ip_tos(l3);
	if (o->ce_bytes && waiting >= o->ce_bytes && tos & UNET_ECN_MASK) {
		l3[1] |= unet_ip_is4(l3) ? UNET_ECN_CE : UNET_ECN_CE << 4;
		unet_wire_ip_csum(l3);
	}
	free_at += (u64)len * 8 * 1000000000ull / o->bits_per_s;
	w->free_at_ns[from] = free_at;
	*us = (free_at - now + 999) / 1000;
	return 0;
}

static void launch(struct unet_wire *w, int to, struct unet_pkt *pkt, u64 when)
{
	struct flight *f = malloc(sizeof(*f));
	struct flight *after = w->flights.prev;

	if (!f) {
		unet_pkt_free(pkt);
		return;
	}
	f->when = when;
	f->to = to;
	f->pkt = pkt;
	while (after != &w->flights && after->when > when)
		after = after->prev;
	f->prev = after;
	f->next = after->next;
	after->next->prev = f;
	after->next = f;
}

static struct unet_pkt *copy_of(struct unet_wire *w, const u8 *l3, u32 len,
				const struct unet_pkt *meta)
{
	struct unet_pkt *pkt = unet_pkt_heap(&w->pool, 0, len);

	if (!pkt)
		return NULL;
	memcpy(unet_pkt_put(pkt, len), l3, len);
	if (meta) {
		pkt->seg_size = meta->seg_size;
		pkt->segs = meta->segs;
	}
	if (!(w->opts.flags & UNET_WIRE_CSUM))
		pkt->flags = UNET_PF_CSUM_OK;
	return pkt;
}

static void send_copy(struct unet_wire *w, int from, const u8 *l3, u32 len,
		      const struct unet_pkt *meta, u64 when)
{
	struct unet_pkt *pkt = copy_of(w, l3, len, meta);

	if (!pkt)
		return;
	if (happens(w, w->opts.corrupt_ppm)) {
		u64 bit = draw(w) % ((u64)len * 8);

		pkt->data[bit / 8] ^= (u8)(1u << bit % 8);
	}
	launch(w, !from, pkt, when);
}

/* A send from outside of a turn is something to be in the middle of, too. */
static int tapped(struct unet_wire *w, int from, u8 *l3, u32 len)
{
	bool before = w->running;
	int taken;

	w->running = true;
	taken = w->tap(w->tap_arg, from, w->now, l3, len);
	w->running = before;
	return taken;
}

/**
 * unet_wire_put() - a packet leaves an end
 * @w: the wire
 * @from: end
 * @l3: the packet, with a byte of room to spare; may be changed
 * @len: its bytes
 * @meta: segment size and count of a super packet, else NULL
 */
void unet_wire_put(struct unet_wire *w, int from, u8 *l3, u32 len,
		   const struct unet_pkt *meta)
{
	const struct unet_wire_opts *o = &w->opts;
	u64 when = w->now + max(o->delay_us, 1u);
	u64 us;

	if (w->tap && tapped(w, from, l3, len))
		return;
	if (serialize(w, from, l3, len, &us)) {
		unet_wire_count(w, from, UNET_STAT_WIRE_OVERFLOW);
		return;
	}
	when += us;
	if (happens(w, o->loss_ppm)) {
		unet_wire_count(w, from, UNET_STAT_WIRE_LOST);
		return;
	}
	if (o->jitter_us)
		when += draw(w) % ((u64)o->jitter_us + 1);
	if (happens(w, o->dup_ppm)) {
		unet_wire_count(w, from, UNET_STAT_WIRE_DUP);
		send_copy(w, from, l3, len, meta, when);
	}
	if (happens(w, o->reorder_ppm)) {
		unet_wire_count(w, from, UNET_STAT_WIRE_REORDERED);
		when += o->reorder_us;
	}
	send_copy(w, from, l3, len, meta, when);
}

static int check_opts(const struct unet_wire_opts *o)
{
	int err = unet_opts_check(o, sizeof(*o), "unet_wire_opts");

	if (err || !o)
		return err;
	if (o->flags & ~(UNET_WIRE_SUPER | UNET_WIRE_CSUM))
		return -EINVAL;
	if (o->mtu && (o->mtu < MIN_MTU || o->mtu > UNET_TX_MAX_BYTES))
		return -EINVAL;
	return 0;
}

static void addresses(struct unet_wire *w)
{
	static const u8 none[16];
	int i;

	for (i = 0; i < 2; i++) {
		struct unet_iface *iface = &w->end[i].be.iface;
		u32 a4 = w->opts.addr4[i] ? w->opts.addr4[i] :
			 htonl(0xc0000201u + (u32)i);
		u8 a6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = (u8)(1 + i) };

		if (memcmp(w->opts.addr6[i], none, 16))
			memcpy(a6, w->opts.addr6[i], 16);
		unet_iface_add(iface, 4, &a4);
		unet_iface_add(iface, 6, a6);
	}
}

static void init(struct unet_wire *w, const struct unet_wire_opts *opts)
{
	int i;

	if (opts)
		w->opts = *opts;
	if (!w->opts.mtu)
		w->opts.mtu = DEFAULT_MTU;
	w->now = START_US;
	w->random = w->opts.seed;
	w->flights.next = &w->flights;
	w->flights.prev = &w->flights;
	w->open = 1;
	unet_pkt_pool_init(&w->pool, 0);
	for (i = 0; i < 2; i++) {
		unet_loop_end_init(&w->end[i], w, i);
		w->end[i].be.mtu = w->opts.mtu;
		w->end[i].be.gso_max = UNET_TX_MAX_BYTES;
	}
	addresses(w);
}

struct unet_wire *unet_wire_open(const struct unet_wire_opts *opts,
				 struct unet_stack *ends[2])
{
	int err = check_opts(opts);
	struct unet_wire *w;
	int i;

	if (err) {
		errno = -err;
		return NULL;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	init(w, opts);
	for (i = 0; i < 2; i++) {
		u64 seed[2] = { w->opts.seed, (u64)i };

		w->open++;
		w->st[i] = unet_stack_assemble(&w->end[i].be, NULL, seed,
					       sizeof(seed));
		if (!w->st[i]) {
			int err = errno;

			unet_wire_close(w);
			errno = err;
			return NULL;
		}
		ends[i] = w->st[i];
	}
	return w;
}

int unet_wire_set(struct unet_wire *w, const struct unet_wire_opts *opts)
{
	struct unet_wire_opts keep = w->opts;
	int err = opts ? check_opts(opts) : -EINVAL;

	if (err)
		return err;
	w->opts = *opts;
	w->opts.seed = keep.seed;
	w->opts.mtu = keep.mtu;
	return 0;
}

uint64_t unet_wire_now(const struct unet_wire *w)
{
	return w->now;
}

void unet_wire_on_packet(struct unet_wire *w, unet_wire_tap tap, void *arg)
{
	w->tap = tap;
	w->tap_arg = arg;
}

static u64 stack_due(const struct unet_wire *w, int side)
{
	if (!w->st[side])
		return UNET_NEVER;
	if (!unet_pktq_empty(&w->end[side].arrived))
		return 0;
	return unet_stack_deadline(w->st[side]);
}

static u64 next_event(const struct unet_wire *w)
{
	u64 next = min(stack_due(w, 0), stack_due(w, 1));

	if (w->flights.next != &w->flights)
		next = min(next, w->flights.next->when);
	return next == UNET_NEVER ? next : max(next, w->now);
}

static void deliver(struct unet_wire *w, struct flight *f)
{
	f->prev->next = f->next;
	f->next->prev = f->prev;
	if (w->st[f->to])
		unet_loop_arrive(&w->end[f->to], f->pkt);
	else
		unet_pkt_free(f->pkt);
	free(f);
}

static void happen(struct unet_wire *w, u64 when)
{
	int i;

	w->now = when;
	while (w->flights.next != &w->flights && w->flights.next->when <= when)
		deliver(w, w->flights.next);
	for (i = 0; i < 2; i++) {
		if (stack_due(w, i) <= when) {
			unet_stack_turn(w->st[i], when);
			unet_stack_sync(w->st[i], 0);
		}
	}
}

/* A callback or a tap has called: the turn it comes from is not over. */
static bool entered(const struct unet_wire *w)
{
	return w->running || (w->st[0] && w->st[0]->running) ||
	       (w->st[1] && w->st[1]->running);
}

int unet_wire_step(struct unet_wire *w)
{
	u64 next = next_event(w);

	if (entered(w))
		return -EDEADLK;
	if (next == UNET_NEVER)
		return 0;
	w->running = true;
	happen(w, next);
	w->running = false;
	return 1;
}

uint64_t unet_wire_run(struct unet_wire *w, uint64_t until_us)
{
	u64 next;

	if (entered(w))
		return w->now;
	w->running = true;
	while ((next = next_event(w)) <= until_us && next != UNET_NEVER)
		happen(w, next);
	w->running = false;
	if (next != UNET_NEVER && until_us != UNET_NEVER)
		w->now = max(w->now, until_us);
	return w->now;
}

static void let_go(struct unet_wire *w)
{
	if (--w->open)
		return;
	while (w->flights.next != &w->flights) {
		struct flight *f = w->flights.next;

		w->flights.next = f->next;
		unet_pkt_free(f->pkt);
		free(f);
	}
	unet_pkt_pool_exit(&w->pool);
	free(w);
}

/**
 * unet_wire_end_closed() - a stack has let go of its end
 * @w: gone when it was the last
 * @side: which
 */
void unet_wire_end_closed(struct unet_wire *w, int side)
{
	w->st[side] = NULL;
	let_go(w);
}

void unet_wire_close(struct unet_wire *w)
{
	int i;

	if (!w || entered(w))
		return;
	for (i = 0; i < 2; i++)
		unet_stack_close(w->st[i]);
	let_go(w);
}
