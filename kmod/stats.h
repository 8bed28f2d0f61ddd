/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of a nexus: one list (UNET_COUNTERS), one set for each CPU. */
#ifndef _UNET_STATS_H
#define _UNET_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/unet.h>

/**
 * struct unet_stats - counters of one nexus on one CPU
 * @count: by enum unet_counter
 */
struct unet_stats {
	u64 count[UNET_CNT_COUNT];
};

/* Count one, or n, of UNET_CNT_* for a nexus. Context: any but NMI. */
#define unet_count(nexus, id)		this_cpu_inc((nexus)->stats->count[id])
#define unet_count_add(nexus, id, n)	this_cpu_add((nexus)->stats->count[id], n)

struct unet_stats __percpu *unet_stats_create(void);
void unet_stats_destroy(struct unet_stats __percpu *stats);
void unet_stats_sum(const struct unet_stats __percpu *stats, u64 *sums);

#endif /* _UNET_STATS_H */
