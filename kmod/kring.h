/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's side of a channel's four rings.
 *
 * Cursors and entry counts live in kernel memory (struct unet_ring_view); shared
 * memory is only published to, or read once through core/ring_check. Nothing read
 * from it is ever read again.
 */
#ifndef _UNET_KRING_H
#define _UNET_KRING_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/unet.h>
#include "core/ring_check.h"

struct unet_arena;

/**
 * struct unet_krings - private views and where the shared parts are
 * @kring:	shared, kernel writes
 * @uring:	shared, user writes: hostile
 * @rx:		guarded by channel.rx_lock
 * @rx_slot:	shared slots
 * @rx_published: rx tail that was last published
 * @done:	guarded by channel.done_lock
 * @done_entry:	shared entries
 * @tx:		guarded by channel.tx_lock
 * @tx_slot:	shared slots, hostile
 * @free:	guarded by pool.lock
 * @free_entry:	shared entries, hostile
 */
struct unet_krings {
	struct unet_kring *kring;
	const struct unet_uring *uring;
	struct unet_ring_view rx;
	struct unet_rx_slot *rx_slot;
	u32 rx_published;
	struct unet_ring_view done;
	struct unet_done *done_entry;
	struct unet_ring_view tx;
	const struct unet_tx_slot *tx_slot;
	struct unet_ring_view free;
	const u32 *free_entry;
};

void unet_krings_init(struct unet_krings *r, const struct unet_layout *layout,
		      struct unet_arena *arena);

/* the ring seems full; see unet_krings_rx_room() */
int unet_krings_rx_look(struct unet_krings *r);

/**
 * unet_krings_rx_room() - is there a slot to write?
 * @r: rings
 *
 * Looks at the user's cursor only when the ring seems full.
 *
 * Context: rx_lock held.
 * Return: free slots (0: full), or -EINVAL: poison, UNET_POISON_RX_CURSOR.
 */
static inline int unet_krings_rx_room(struct unet_krings *r)
{
	u32 room = unet_ring_free(&r->rx);

	return likely(room) ? room : unet_krings_rx_look(r);
}

/* the next RX slot of a ring with room, to be written; rx_lock held */
static inline struct unet_rx_slot *unet_krings_rx_slot(struct unet_krings *r)
{
	BUILD_BUG_ON(sizeof(*r->rx_slot) != UNET_CACHELINE);
	return &r->rx_slot[unet_ring_index(&r->rx, r->rx.tail)];
}

/* it is written, and unseen until published; rx_lock held */
static inline void unet_krings_rx_put(struct unet_krings *r)
{
	r->rx.tail++;
}

/**
 * unet_krings_rx_publish() - let the user see what was put
 * @r: rings
 *
 * Context: rx_lock held.
 * Return: true when there was something new.
 */
bool unet_krings_rx_publish(struct unet_krings *r);

/**
 * unet_krings_rx_ready() - published and not taken by the user
 * @r: rings
 *
 * Context: rx_lock held.
 * Return: slots, or -EINVAL: poison.
 */
int unet_krings_rx_ready(struct unet_krings *r);

/**
 * unet_krings_done_put() - write and publish one DONE entry
 * @r:		rings; there is room by the rule of unet_krings_tx_room()
 * @cookie:	of the TX slot
 * @status:	0 or enum unet_counter
 *
 * Context: done_lock held.
 */
void unet_krings_done_put(struct unet_krings *r, u32 cookie, u16 status);

/**
 * unet_krings_done_taken() - learn what the user took from DONE
 * @r: rings
 *
 * Context: done_lock held.
 * Return: entries not yet taken, or -EINVAL: poison, UNET_POISON_DONE_CURSOR.
 */
int unet_krings_done_taken(struct unet_krings *r);

/**
 * unet_krings_tx_filled() - learn what the user published on TX
 * @r: rings
 *
 * Context: tx_lock held.
 * Return: slots waiting, or -EINVAL: poison, UNET_POISON_TX_CURSOR.
 */
int unet_krings_tx_filled(struct unet_krings *r);

/**
 * unet_krings_tx_take() - copy the next TX slot, once
 * @r:		rings with a slot waiting
 * @slot:	private copy
 *
 * Context: tx_lock held.
 */
void unet_krings_tx_take(struct unet_krings *r, struct unet_tx_slot *slot);

/* let the user reuse the TX slots taken so far; tx_lock held */
void unet_krings_tx_publish(struct unet_krings *r);

/**
 * unet_krings_tx_room() - could the user put a slot on TX?
 * @r: rings
 *
 * Context: any, no lock: only an answer for poll(), nothing is believed.
 */
bool unet_krings_tx_room(const struct unet_krings *r);

/**
 * unet_krings_free_filled() - learn what the user put on FREE
 * @r: rings
 *
 * Context: pool.lock held.
 * Return: entries waiting, or -EINVAL: poison, UNET_POISON_FREE_CURSOR.
 */
int unet_krings_free_filled(struct unet_krings *r);

/* read the entry at the head of a view of FREE, once; pool.lock held */
static inline u32 unet_krings_free_entry(const u32 *entry,
					 const struct unet_ring_view *free)
{
	return READ_ONCE(entry[unet_ring_index(free, free->head)]);
}

/* @num entries were read: let the user reuse them; pool.lock held */
void unet_krings_free_taken(struct unet_krings *r, u32 num);

#endif /* _UNET_KRING_H */
