// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/sysfs.h>

#include "live.h"

atomic_long_t unet_live[UNET_LIVE_COUNT];

static const char *const names[UNET_LIVE_COUNT] = {
	[UNET_LIVE_NEXUS] = "nexuses",
	[UNET_LIVE_CHANNEL] = "channels",
	[UNET_LIVE_FLOW] = "flows",
	[UNET_LIVE_PORT] = "ports",
	[UNET_LIVE_ARENA_PAGE] = "arena_pages",
	[UNET_LIVE_TYPE] = "types",
	[UNET_LIVE_GRANT] = "grants",
	[UNET_LIVE_HELD] = "held",
	[UNET_LIVE_SEND] = "sends",
};

static int live_get(char *buffer, const struct kernel_param *kp)
{
	int i, len = 0;

	for (i = 0; i < UNET_LIVE_COUNT; i++)
		len += sysfs_emit_at(buffer, len, "%s%s=%ld", i ? " " : "",
				     names[i], atomic_long_read(&unet_live[i]));
	return len + sysfs_emit_at(buffer, len, "\n");
}

static const struct kernel_param_ops live_ops = {
	.get = live_get,
};

module_param_cb(live, &live_ops, NULL, 0444);
MODULE_PARM_DESC(live, "objects made and not yet freed (read only)");
