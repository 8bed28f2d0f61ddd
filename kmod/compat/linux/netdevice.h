/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Before 6.10 a device that only carries a NAPI was made by hand. It is left
 * unregistered there, which is what free_netdev() wants of one that never was.
 */
#ifndef _UNET_COMPAT_LINUX_NETDEVICE_H
#define _UNET_COMPAT_LINUX_NETDEVICE_H

#include <linux/version.h>
#include_next <linux/netdevice.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
static inline void unet_compat_dummy_setup(struct net_device *dev)
{
	set_bit(__LINK_STATE_PRESENT, &dev->state);
	set_bit(__LINK_STATE_START, &dev->state);
}

static inline struct net_device *alloc_netdev_dummy(int sizeof_priv)
{
	return alloc_netdev(sizeof_priv, "dummy#", NET_NAME_UNKNOWN,
			    unet_compat_dummy_setup);
}
#endif

#endif /* _UNET_COMPAT_LINUX_NETDEVICE_H */
