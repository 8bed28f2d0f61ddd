// SPDX-License-Identifier: GPL-2.0
/* Counters of a nexus. */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/string.h>

#include "stats.h"

/**
 * unet_stats_create() - counters at zero
 *
 * Context: process; may sleep.
 * Return: what a nexus keeps as its @stats, or NULL.
 */
struct unet_stats __percpu *unet_stats_create(void)
{
	return alloc_percpu_gfp(struct unet_stats,
				GFP_KERNEL_ACCOUNT | __GFP_ZERO);
}

/**
 * unet_stats_destroy() - forget the counters
 * @stats: from unet_stats_create(), or NULL; nobody counts any more
 *
 * Context: any but hard interrupt.
 */
void unet_stats_destroy(struct unet_stats __percpu *stats)
{
	free_percpu(stats);
}

/**
 * unet_stats_sum() - what all CPUs counted together
 * @stats:	counters
 * @sums:	out: UNET_CNT_COUNT of them, by enum unet_counter
 *
 * CPUs go on counting meanwhile: a sum is exact once they have stopped.
 *
 * Context: any.
 */
void unet_stats_sum(const struct unet_stats __percpu *stats, u64 *sums)
{
	const struct unet_stats *one;
	int cpu, i;

	memset(sums, 0, UNET_CNT_COUNT * sizeof(*sums));
	for_each_possible_cpu(cpu) {
		one = per_cpu_ptr(stats, cpu);
		for (i = 0; i < UNET_CNT_COUNT; i++)
			sums[i] += READ_ONCE(one->count[i]);
	}
}
