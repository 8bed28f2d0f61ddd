// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched.h>

#include "arena.h"
#include "batch.h"
#include "bufpool.h"
#include "channel.h"

#define COLLECT_MAX	256u	/* FREE entries taken in one go with BH off */

int unet_bufpool_init(struct unet_bufpool *pool, const struct unet_layout *layout,
		      struct unet_arena *arena)
{
	u32 i, num;

	spin_lock_init(&pool->lock);
	pool->num_small = layout->params.rx_small;
	pool->num_large = layout->params.rx_large;
	num = pool->num_small + pool->num_large;
	pool->small = kvcalloc(num, sizeof(*pool->small), GFP_KERNEL_ACCOUNT);
	pool->user = kvzalloc(num, GFP_KERNEL_ACCOUNT);
	if (!pool->small || !pool->user) {
		unet_bufpool_exit(pool);
		return -ENOMEM;
	}
	pool->large = pool->small + pool->num_small;
	/* Lowest indices on top: a quiet channel stays in few pages. */
	for (i = 0; i < pool->num_small; i++)
		pool->small[i] = pool->num_small - 1 - i;
	for (i = 0; i < pool->num_large; i++)
		pool->large[i] = num - 1 - i;
	pool->free_small = pool->num_small;
	pool->free_large = pool->num_large;
	/* A small pool must not be spread over caches nobody draws from. */
	pool->cache_max = clamp_t(u32, pool->num_small / (4 * num_online_cpus()),
				  1, UNET_CACHE_MAX);
	pool->desc = arena->region[UNET_REGION_DESC].addr;
	pool->small_addr = arena->region[UNET_REGION_RX_SMALL].addr;
	pool->large_addr = arena->region[UNET_REGION_RX_LARGE].addr;
	return 0;
}

void unet_bufpool_exit(struct unet_bufpool *pool)
{
	kvfree(pool->user);
	kvfree(pool->small);
	pool->user = NULL;
	pool->small = NULL;
}

static void push(struct unet_bufpool *pool, u32 buf)
{
	if (buf < pool->num_small)
		pool->small[pool->free_small++] = buf;
	else
		pool->large[pool->free_large++] = buf;
}

/* ---- FREE: what the user hands back ------------------------------------ */

/*
 * @user is what makes an index believable: it is set for a buffer exactly from the
 * slot that named it until here.
 *
 * Return: false at an index that may not be given back.
 */
static bool take_back(struct unet_bufpool *pool, struct unet_krings *r, u32 num)
{
	u32 num_small = pool->num_small, total = num_small + pool->num_large;
	u32 *small = pool->small + pool->free_small;
	struct unet_ring_view free = r->free;
	const u32 *entry = r->free_entry;
	u8 *user = pool->user;
	u32 buf, end = free.head + num;

	for (; free.head != end; free.head++) {
		buf = unet_krings_free_entry(entry, &free);
		if (unlikely(buf >= total))
			return false;
		buf = array_index_nospec(buf, total);
		/* pairs with unet_bufpool_pass() */
		if (unlikely(!smp_load_acquire(&user[buf])))
			return false;
		user[buf] = 0;
		if (likely(buf < num_small))
			*small++ = buf;
		else
			pool->large[pool->free_large++] = buf;
	}
	pool->free_small = small - pool->small;
	unet_krings_free_taken(r, num);
	return true;
}

/* Return: entries left on FREE, or why the channel is to be poisoned, negative. */
static int collect(struct unet_channel *ch)
{
	struct unet_krings *r = &ch->rings;
	int num, waiting;

	lockdep_assert_held(&ch->pool.lock);
	waiting = unet_krings_free_filled(r);
	if (waiting < 0)
		return -UNET_POISON_FREE_CURSOR;
	if (!waiting)
		return 0;
	num = min_t(u32, waiting, COLLECT_MAX);
	if (!take_back(&ch->pool, r, num))
		return -UNET_POISON_FREE_INDEX;
	return waiting - num;
}

void unet_bufpool_collect(struct unet_channel *ch)
{
	int left;

	do {
		spin_lock_bh(&ch->pool.lock);
		left = unet_channel_live(ch) ? collect(ch) : 0;
		spin_unlock_bh(&ch->pool.lock);
		cond_resched();
	} while (left > 0);
	if (left < 0)
		unet_channel_poison(ch, -left);
}

/* ---- taking ------------------------------------------------------------ */

/* Fill a CPU's empty cache. Return: 0, or minus why to poison. */
static int refill(struct unet_channel *ch, struct unet_channel_cpu *cc)
{
	struct unet_bufpool *pool = &ch->pool;
	int err = 0;
	u32 num;

	spin_lock(&pool->lock);
	do {
		if (pool->free_small)
			break;
		err = collect(ch);
	} while (err > 0);
	num = min(pool->free_small, pool->cache_max);
	pool->free_small -= num;
	memcpy(cc->small, &pool->small[pool->free_small], num * sizeof(u32));
	cc->num_small = num;
	spin_unlock(&pool->lock);
	return min(err, 0);
}

u32 unet_bufpool_small_slow(struct unet_channel *ch, struct unet_channel_cpu *cc)
{
	int err = refill(ch, cc);

	if (err)
		unet_channel_poison(ch, -err);
	return cc->num_small ? cc->small[--cc->num_small] : UNET_NO_BUF;
}

u32 unet_bufpool_large(struct unet_channel *ch)
{
	struct unet_bufpool *pool = &ch->pool;
	u32 buf = UNET_NO_BUF;
	int err = 0;

	if (!pool->num_large)
		return UNET_NO_BUF;
	spin_lock(&pool->lock);
	do {
		if (pool->free_large)
			break;
		err = collect(ch);
	} while (err > 0);
	if (pool->free_large)
		buf = pool->large[--pool->free_large];
	spin_unlock(&pool->lock);
	if (err < 0)
		unet_channel_poison(ch, -err);
	return buf;
}

/* ---- giving ------------------------------------------------------------ */

void unet_bufpool_give(struct unet_bufpool *pool, u32 first, u32 last)
{
	u32 buf = first;

	spin_lock(&pool->lock);
	while (buf != last) {
		push(pool, buf);
		buf = pool->desc[buf].next;
	}
	push(pool, last);
	spin_unlock(&pool->lock);
}
