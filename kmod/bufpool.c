// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
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
 * One entry of FREE. @user is what makes the index believable: it is set for a
 * buffer exactly from the slot that named it until here.
 */
static bool take_back(struct unet_bufpool *pool, u32 buf)
{
	if (buf >= pool->num_small + pool->num_large)
		return false;
	/* pairs with unet_bufpool_pass() */
	if (!smp_load_acquire(&pool->user[buf]))
		return false;
	pool->user[buf] = 0;
	push(pool, buf);
	return true;
}

/* Return: entries left on FREE, or why the channel is to be poisoned, negative. */
static int collect(struct unet_channel *ch)
{
	struct unet_bufpool *pool = &ch->pool;
	struct unet_krings *r = &ch->rings;
	int i, num, waiting;

	lockdep_assert_held(&pool->lock);
	waiting = unet_krings_free_filled(r);
	if (waiting < 0)
		return -UNET_POISON_FREE_CURSOR;
	if (!waiting)
		return 0;
	num = min_t(u32, waiting, COLLECT_MAX);
	for (i = 0; i < num; i++)
		if (!take_back(pool, unet_krings_free_take(r)))
			return -UNET_POISON_FREE_INDEX;
	unet_krings_free_publish(r);
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

/* ---- giving and passing ------------------------------------------------ */

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

/*
 * A buffer that is the user's may be back on FREE before this returns, guessed,
 * and another CPU's again: nothing of it is looked at after the store.
 */
void unet_bufpool_pass(struct unet_bufpool *pool, u32 first, u32 last)
{
	u32 buf = first, next;

	while (buf != last) {
		next = pool->desc[buf].next;
		/* pairs with take_back(): read before it may be written */
		smp_store_release(&pool->user[buf], 1);
		buf = next;
	}
	/* likewise */
	smp_store_release(&pool->user[last], 1);
}
