// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

#include "advice.h"
#include "batch.h"
#include "channel.h"
#include "flow.h"
#include "nexus.h"
#include "stats.h"

static unsigned int flight_kib = 512;
module_param(flight_kib, uint, 0644);
MODULE_PARM_DESC(flight_kib,
		 "KiB of a flow on the way to the device before it is told to wait (512)");

static u32 flight_limit(void)
{
	return min(READ_ONCE(flight_kib), 1u << 20) << 10;
}

/* Return: true when something changed. */
static bool change_flags(struct unet_flow *flow, u32 set, u32 clear)
{
	struct unet_channel *ch = flow->channel;
	unsigned long irq;
	u32 flags;

	spin_lock_irqsave(&ch->done_lock, irq);
	flags = (flow->adv_flags | set) & ~clear;
	/* A dead flow's entry may be another's already. */
	if (flow->adv_flags & UNET_ADV_DEAD || flags == flow->adv_flags) {
		spin_unlock_irqrestore(&ch->done_lock, irq);
		return false;
	}
	WRITE_ONCE(flow->adv_flags, flags);
	WRITE_ONCE(flow->adv->flags, flags);
	spin_unlock_irqrestore(&ch->done_lock, irq);
	return true;
}

/* What made room posts DONE right after this: that is what the owner hears of. */
static void resume(struct unet_flow *flow)
{
	change_flags(flow, 0, UNET_ADV_SUSPENDED);
}

static void suspend(struct unet_flow *flow)
{
	if (change_flags(flow, UNET_ADV_SUSPENDED, 0))
		unet_count(flow->channel->nexus, UNET_CNT_TX_PUSHBACK);
}

static bool drained(const struct unet_flow *flow)
{
	return (u32)atomic_read(&flow->in_flight) <= flight_limit() / 2;
}

/*
 * Nothing may be left in flight to resume it: look again in a while. There is no
 * DONE either then, so a sleeper gets a slot to wake up for.
 */
static void resume_timer(struct timer_list *timer)
{
	struct unet_flow *flow = timer_container_of(flow, timer, resume);

	if (!drained(flow) || !change_flags(flow, 0, UNET_ADV_SUSPENDED))
		return;
	unet_batch_resumed(flow);
}

void unet_advice_init(struct unet_flow *flow, u32 mtu)
{
	struct unet_flow_adv *adv = flow->adv;

	timer_setup(&flow->resume, resume_timer, 0);
	adv->flags = 0;
	adv->mtu = mtu;
	adv->ce_count = 0;
	adv->sent = 0;
	adv->dropped = 0;
	WRITE_ONCE(adv->flow, flow->handle);
}

void unet_advice_exit(struct unet_flow *flow, bool dead)
{
	/* From here on nothing but this function writes the entry. */
	change_flags(flow, UNET_ADV_DEAD, UNET_ADV_SUSPENDED);
	timer_shutdown_sync(&flow->resume);
	if (dead)
		return;
	WRITE_ONCE(flow->adv->flow, UNET_NO_FLOW);
	WRITE_ONCE(flow->adv->flags, 0);
}

void unet_advice_mtu(struct unet_flow *flow, u32 mtu)
{
	struct unet_channel *ch = flow->channel;
	unsigned long irq;

	if (READ_ONCE(flow->adv->mtu) == mtu)
		return;
	spin_lock_irqsave(&ch->done_lock, irq);
	if (!(flow->adv_flags & UNET_ADV_DEAD))
		WRITE_ONCE(flow->adv->mtu, mtu);
	spin_unlock_irqrestore(&ch->done_lock, irq);
}

void unet_advice_sent(struct unet_flow *flow)
{
	WRITE_ONCE(flow->adv->sent, ++flow->tx_sends);
}

void unet_advice_dropped(struct unet_flow *flow)
{
	WRITE_ONCE(flow->adv->dropped, ++flow->tx_dropped);
}

void unet_advice_intermediated(struct unet_flow *flow, bool now)
{
	change_flags(flow, now ? UNET_ADV_INTERMEDIATED : 0,
		     now ? 0 : UNET_ADV_INTERMEDIATED);
}

void unet_advice_push_back(struct unet_flow *flow)
{
	suspend(flow);
	mod_timer(&flow->resume, jiffies + 1);
}

void unet_advice_in_flight(struct unet_flow *flow, u32 bytes)
{
	if ((u32)atomic_add_return(bytes, &flow->in_flight) <= flight_limit())
		return;
	suspend(flow);
	/* It may all have been completed before it was suspended. */
	smp_mb(); /* pairs with the one in unet_advice_completed() */
	if (drained(flow))
		resume(flow);
}

void unet_advice_completed(struct unet_flow *flow, u32 bytes)
{
	atomic_sub_return(bytes, &flow->in_flight); /* full barrier */
	if (READ_ONCE(flow->adv_flags) & UNET_ADV_SUSPENDED && drained(flow))
		resume(flow);
}
