/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Receive buffers of a channel. An index names a buffer: small ones first, large
 * ones behind, as in DESC. Who owns one stands in kernel memory:
 *
 *   KERNEL   on a free stack, in a CPU's cache, or in an open batch
 *   USER     named by a slot that was written; comes back by FREE
 *
 * Small buffers are moved to a CPU's cache many at a time, so a packet pays for
 * neither lock nor atomic.
 */
#ifndef _UNET_BUFPOOL_H
#define _UNET_BUFPOOL_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/unet.h>
#include "batch.h"

struct unet_arena;
struct unet_channel;
struct unet_channel_cpu;

/**
 * struct unet_bufpool - buffers and their owners
 * @lock:	(bh) guards the stacks and the FREE ring's view
 * @num_small:	small buffers in all
 * @num_large:	large buffers in all
 * @cache_max:	how many a CPU takes at once
 * @free_small:	indices on the small stack
 * @free_large:	indices on the large stack
 * @small:	stack of small ones
 * @large:	stack of large ones
 * @user:	by index: 1 when the user's. Set under channel.rx_lock, cleared under
 *		@lock
 * @desc:	shared, kernel writes
 * @small_addr:	kernel address of small buffer 0
 * @large_addr:	kernel address of large buffer 0
 */
struct unet_bufpool {
	spinlock_t lock;
	u32 num_small;
	u32 num_large;
	u32 cache_max;
	u32 free_small;
	u32 free_large;
	u32 *small;
	u32 *large;
	u8 *user;
	struct unet_desc *desc;
	u8 *small_addr;
	u8 *large_addr;
};

/**
 * unet_bufpool_init() - all buffers free and the kernel's
 * @pool:	zeroed
 * @layout:	of the channel
 * @arena:	of the channel
 *
 * Return: 0 or -ENOMEM, with nothing to undo.
 */
int unet_bufpool_init(struct unet_bufpool *pool, const struct unet_layout *layout,
		      struct unet_arena *arena);
void unet_bufpool_exit(struct unet_bufpool *pool);

/* the cache is empty; see unet_bufpool_small() */
u32 unet_bufpool_small_slow(struct unet_channel *ch, struct unet_channel_cpu *cc);

/**
 * unet_bufpool_large() - take a large buffer
 * @ch: channel
 *
 * Context: softirq, no lock held.
 * Return: index, or UNET_NO_BUF.
 */
u32 unet_bufpool_large(struct unet_channel *ch);

/**
 * unet_bufpool_give() - put a chain the user has not seen back
 * @pool:	pool
 * @first:	first buffer
 * @last:	last buffer; its next is not looked at
 *
 * Context: BH off; pool->lock not held.
 */
void unet_bufpool_give(struct unet_bufpool *pool, u32 first, u32 last);

/**
 * unet_bufpool_pass() - a chain becomes the user's
 * @pool:	pool
 * @first:	first buffer
 * @last:	last buffer
 *
 * A buffer that is the user's may be back on FREE before this returns, guessed,
 * and another CPU's again: nothing of it is looked at after the store.
 *
 * Context: rx_lock held, before the slot is published.
 */
static inline void unet_bufpool_pass(struct unet_bufpool *pool, u32 first,
				     u32 last)
{
	u32 next;

	for (; first != last; first = next) {
		next = pool->desc[first].next;
		/* pairs with take_back(): read before it may be written */
		smp_store_release(&pool->user[first], 1);
	}
	/* likewise */
	smp_store_release(&pool->user[last], 1);
}

/**
 * unet_bufpool_collect() - take all that is on FREE
 * @ch: channel; poisoned when FREE does not hold what it may
 *
 * Context: process; no lock held.
 */
void unet_bufpool_collect(struct unet_channel *ch);

/**
 * unet_bufpool_small() - take a small buffer
 * @ch:		channel
 * @cc:		this CPU's part of it
 *
 * Context: softirq, no lock held.
 * Return: index, or UNET_NO_BUF.
 */
static inline u32 unet_bufpool_small(struct unet_channel *ch,
				     struct unet_channel_cpu *cc)
{
	if (likely(cc->num_small))
		return cc->small[--cc->num_small];
	return unet_bufpool_small_slow(ch, cc);
}

/* kernel address of a buffer */
static inline void *unet_bufpool_addr(const struct unet_bufpool *pool, u32 buf)
{
	if (buf < pool->num_small)
		return pool->small_addr + (size_t)buf * UNET_RX_SMALL_BYTES;
	return pool->large_addr +
	       (size_t)(buf - pool->num_small) * UNET_RX_LARGE_BYTES;
}

#endif /* _UNET_BUFPOOL_H */
