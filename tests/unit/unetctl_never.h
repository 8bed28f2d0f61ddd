/* SPDX-License-Identifier: MIT */
/* unetctl's table of commands points at them; nothing that includes this runs them. */
#ifndef TEST_UNETCTL_NEVER_H
#define TEST_UNETCTL_NEVER_H

#define NEVER(name) \
	int name(struct unet_run *run) { (void)run; return -ENOSYS; }
NEVER(unet_cmd_attach)
NEVER(unet_cmd_detach)
NEVER(unet_cmd_nexus)
NEVER(unet_cmd_channels)
NEVER(unet_cmd_flows)
NEVER(unet_cmd_stats)
NEVER(unet_cmd_monitor)
NEVER(unet_cmd_type)
NEVER(unet_cmd_policy)
NEVER(unet_cmd_intermediary)
NEVER(unet_cmd_version)

#endif
