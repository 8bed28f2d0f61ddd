/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many objects of each kind the module has made and not yet freed, readable
 * as /sys/module/unet/parameters/live. Equal before and after means no leak.
 */
#ifndef _UNET_LIVE_H
#define _UNET_LIVE_H

#include <linux/atomic.h>

/* In the order they are shown. */
enum unet_live_kind {
	UNET_LIVE_NEXUS,
	UNET_LIVE_CHANNEL,
	UNET_LIVE_FLOW,
	UNET_LIVE_PORT,
	UNET_LIVE_ARENA_PAGE,
	UNET_LIVE_TYPE,
	UNET_LIVE_GRANT,
	UNET_LIVE_HELD,
	UNET_LIVE_SEND,
	UNET_LIVE_COUNT
};

extern atomic_long_t unet_live[UNET_LIVE_COUNT];

static inline void unet_live_add(enum unet_live_kind kind, long n)
{
	atomic_long_add(n, &unet_live[kind]);
}

#endif /* _UNET_LIVE_H */
