// SPDX-License-Identifier: GPL-2.0
/*
 * Barriers. The kernel produces on RX and DONE, and consumes on TX and FREE:
 *
 *   kernel                        user
 *   write entry                   load tail, acquire      matches A
 *   store tail, release   A       read entry
 *   load head, acquire    B       store head, release     matches B
 *
 *   load tail, acquire    C       write entry
 *   read entry                    store tail, release     matches C
 *   store head, release   D       load head, acquire      matches D
 *
 * B and C are in core/ring_check.c.
 */
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "arena.h"
#include "kring.h"

static void *region_addr(struct unet_arena *arena, int id, u32 offset)
{
	return arena->region[id].addr + offset;
}

void unet_krings_init(struct unet_krings *r, const struct unet_layout *layout,
		      struct unet_arena *arena)
{
	r->kring = region_addr(arena, UNET_REGION_KRING, 0);
	r->uring = region_addr(arena, UNET_REGION_URING, 0);
	r->rx_slot = region_addr(arena, UNET_REGION_KRING,
				 layout->rx_slots_offset);
	r->done_entry = region_addr(arena, UNET_REGION_KRING,
				    layout->done_offset);
	r->tx_slot = region_addr(arena, UNET_REGION_URING,
				 layout->tx_slots_offset);
	r->free_entry = region_addr(arena, UNET_REGION_URING,
				    layout->free_offset);
	r->rx.entries = layout->params.rx_slots;
	r->done.entries = layout->done_entries;
	r->tx.entries = layout->params.tx_slots;
	r->free.entries = layout->free_entries;
	WRITE_ONCE(r->kring->flags, UNET_KRING_NEED_KICK);
}

/* ---- RX ---------------------------------------------------------------- */

int unet_krings_rx_look(struct unet_krings *r)
{
	int err = unet_ring_taken(&r->rx, &r->uring->rx_head);

	return err < 0 ? err : unet_ring_free(&r->rx);
}

bool unet_krings_rx_publish(struct unet_krings *r)
{
	if (r->rx_published == r->rx.tail)
		return false;
	r->rx_published = r->rx.tail;
	smp_store_release(&r->kring->rx_tail, r->rx.tail); /* A */
	return true;
}

int unet_krings_rx_ready(struct unet_krings *r)
{
	int ready, err = unet_ring_taken(&r->rx, &r->uring->rx_head);

	if (err < 0)
		return err;
	/* Slots that are put but not published are not the user's to take. */
	ready = (int)(r->rx_published - r->rx.head);
	return ready < 0 ? -EINVAL : ready;
}

/* ---- DONE -------------------------------------------------------------- */

void unet_krings_done_put(struct unet_krings *r, u32 cookie, u16 status)
{
	struct unet_done *d = &r->done_entry[unet_ring_index(&r->done,
							     r->done.tail)];

	d->cookie = cookie;
	d->status = status;
	d->reserved = 0;
	WRITE_ONCE(r->done.tail, r->done.tail + 1);
	smp_store_release(&r->kring->done_tail, r->done.tail); /* A */
}

int unet_krings_done_taken(struct unet_krings *r)
{
	int err = unet_ring_taken(&r->done, &r->uring->done_head);

	return err < 0 ? err : (int)(r->done.tail - r->done.head);
}

/* ---- TX ---------------------------------------------------------------- */

int unet_krings_tx_filled(struct unet_krings *r)
{
	return unet_ring_filled(&r->tx, &r->uring->tx_tail);
}

void unet_krings_tx_take(struct unet_krings *r, struct unet_tx_slot *slot)
{
	const u64 *from = (const u64 *)&r->tx_slot[unet_ring_index(&r->tx,
								   r->tx.head)];
	u64 *to = (u64 *)slot;
	unsigned int i;

	BUILD_BUG_ON(sizeof(*slot) != UNET_CACHELINE);
	for (i = 0; i < sizeof(*slot) / sizeof(*to); i++)
		to[i] = READ_ONCE(from[i]);
	WRITE_ONCE(r->tx.head, r->tx.head + 1);
}

void unet_krings_tx_publish(struct unet_krings *r)
{
	smp_store_release(&r->kring->tx_head, r->tx.head); /* D */
}

bool unet_krings_tx_room(const struct unet_krings *r)
{
	u32 used = READ_ONCE(r->uring->tx_tail) - READ_ONCE(r->tx.head);

	return used < r->tx.entries;
}

/* ---- FREE -------------------------------------------------------------- */

int unet_krings_free_filled(struct unet_krings *r)
{
	return unet_ring_filled(&r->free, &r->uring->free_tail);
}

void unet_krings_free_taken(struct unet_krings *r, u32 num)
{
	r->free.head += num;
	smp_store_release(&r->kring->free_head, r->free.head); /* D */
}
