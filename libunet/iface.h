/* SPDX-License-Identifier: MIT */
#ifndef UNET_IFACE_H
#define UNET_IFACE_H

#include "core_os.h"

#define UNET_IFACE_ADDRS	16

/**
 * struct unet_iface - addresses that are ours
 * @n:		used entries; none: do not ask, the kernel has checked
 * @family:	4 or 6
 * @addr:	IPv4 in the first word with the others zero
 */
struct unet_iface {
	u32 n;
	u8 family[UNET_IFACE_ADDRS];
	__be32 addr[UNET_IFACE_ADDRS][4];
};

int unet_iface_add(struct unet_iface *i, u8 family, const void *addr);
bool unet_iface_is_local(const struct unet_iface *i, u8 family,
			 const __be32 addr[4]);
bool unet_addr_is_any(const __be32 addr[4]);
bool unet_addr_is_unicast(u8 family, const __be32 addr[4]);

#endif /* UNET_IFACE_H */
