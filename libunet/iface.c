// SPDX-License-Identifier: MIT
#include "iface.h"

static u32 addr_bytes(u8 family)
{
	return family == 4 ? 4 : 16;
}

/**
 * unet_iface_add() - one more address of ours
 * @i: the interface
 * @family: 4 or 6
 * @addr: 4 or 16 bytes
 *
 * Return: 0 or -ENOSPC.
 */
int unet_iface_add(struct unet_iface *i, u8 family, const void *addr)
{
	if (i->n == UNET_IFACE_ADDRS)
		return -ENOSPC;
	memset(i->addr[i->n], 0, sizeof(i->addr[i->n]));
	memcpy(i->addr[i->n], addr, addr_bytes(family));
	i->family[i->n++] = family;
	return 0;
}

/**
 * unet_iface_is_local() - is this address ours
 * @i: the interface
 * @family: 4 or 6
 * @addr: IPv4 in the first word with the others zero
 */
bool unet_iface_is_local(const struct unet_iface *i, u8 family,
			 const __be32 addr[4])
{
	u32 n;

	for (n = 0; n < i->n; n++) {
		if (i->family[n] == family && !memcmp(i->addr[n], addr, 16))
			return true;
	}
	return false;
}

/**
 * unet_addr_is_any() - the unspecified address, of either family
 * @addr: IPv4 in the first word with the others zero
 */
bool unet_addr_is_any(const __be32 addr[4])
{
	return !(addr[0] | addr[1] | addr[2] | addr[3]);
}

/**
 * unet_addr_is_unicast() - can a single host have this address
 * @family: 4 or 6
 * @addr: IPv4 in the first word with the others zero
 *
 * Refuses unspecified, multicast, IPv4 limited broadcast and class E addresses.
 */
bool unet_addr_is_unicast(u8 family, const __be32 addr[4])
{
	u8 first = *(const u8 *)addr;

	if (unet_addr_is_any(addr))
		return false;
	return family == 4 ? first < 224 && first != 0 : first != 0xff;
}
