/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family "unet". */
#ifndef _UNET_GENL_H
#define _UNET_GENL_H

#include <linux/unet.h>

struct unet_channel;
struct unet_nexus;

void unet_genl_notify_nexus(const struct unet_nexus *nx, enum unet_event event);
void unet_genl_notify_channel(const struct unet_channel *ch,
			      enum unet_event event);

int unet_genl_init(void);
void unet_genl_exit(void);

#endif /* _UNET_GENL_H */
