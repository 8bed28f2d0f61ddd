/* SPDX-License-Identifier: GPL-2.0 */
/* The attributes of a dump request moved into a struct genl_info with 6.6. */
#ifndef _UNET_COMPAT_NET_GENETLINK_H
#define _UNET_COMPAT_NET_GENETLINK_H

#include <linux/version.h>
#include_next <net/genetlink.h>

static inline struct nlattr **unet_genl_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->attrs;
#else
	return genl_dumpit_info(cb)->info.attrs;
#endif
}

#endif /* _UNET_COMPAT_NET_GENETLINK_H */
