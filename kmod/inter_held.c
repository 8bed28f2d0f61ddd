// SPDX-License-Identifier: GPL-2.0
/*
 * Held packets come and go at the rate of packets, and often as many in a go as there are
 * between two verdicts. Each CPU keeps some that are free: to allocate one and free it is
 * a tenth of what a packet costs.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "intermediary.h"
#include "live.h"

#define SPARE_MAX	256u	/* of each CPU: 48 KiB, until the module goes */
#define SPARE_FEW	4u

/**
 * struct spares - held packets that are none; of the CPU, BH off
 * @first:	by unet_held.spare
 * @num:	how many
 */
struct spares {
	struct unet_held *first;
	u32 num;
};

static DEFINE_PER_CPU(struct spares, spares);

/* Of what is kept KASAN would not see that it is used after it was freed. */
static bool keeps(const struct spares *s)
{
	return s->num < (IS_ENABLED(CONFIG_KASAN) ? SPARE_FEW : SPARE_MAX);
}

static struct unet_held *take_spare(void)
{
	struct spares *s = this_cpu_ptr(&spares);
	struct unet_held *h = s->first;

	if (!h)
		return kmalloc(sizeof(*h), GFP_ATOMIC);
	s->first = h->spare;
	s->num--;
	return h;
}

struct unet_held *unet_held_create(struct sk_buff *skb)
{
	struct unet_held *h;

	lockdep_assert_in_softirq();
	h = take_spare();
	if (!h)
		return NULL;
	*h = (struct unet_held){ .skb = skb };
	unet_live_add(UNET_LIVE_HELD, 1);
	return h;
}

struct unet_held *unet_held_clone(const struct unet_held *h)
{
	struct sk_buff *skb = skb_clone(h->skb, GFP_ATOMIC);
	struct unet_held *twin = skb ? unet_held_create(skb) : NULL;

	if (!twin) {
		kfree_skb(skb);
		return NULL;
	}
	twin->info = h->info;
	twin->proto = h->proto;
	twin->family = h->family;
	twin->addr_gen = h->addr_gen;
	twin->changed = h->changed;
	twin->moved = h->moved;
	twin->passed = true;
	return twin;
}

void unet_held_free(struct unet_held *h)
{
	struct spares *s = this_cpu_ptr(&spares);

	lockdep_assert_in_softirq();
	kfree_skb(h->skb);
	unet_live_add(UNET_LIVE_HELD, -1);
	if (!keeps(s)) {
		kfree(h);
		return;
	}
	h->spare = s->first;
	s->first = h;
	s->num++;
}

void unet_held_exit(void)
{
	struct unet_held *h, *next;
	int cpu;

	for_each_possible_cpu(cpu)
		for (h = per_cpu(spares, cpu).first; h; h = next) {
			next = h->spare;
			kfree(h);
		}
}
