/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UNET_NETIF_ADDR_H
#define _UNET_NETIF_ADDR_H

struct net;

void unet_netif_addr_watch(struct net *net);

/**
 * unet_netif_addr_init() - tell nexuses when addresses or routes change
 *
 * Return: 0 or -errno.
 */
int unet_netif_addr_init(void);
void unet_netif_addr_exit(void);

#endif /* _UNET_NETIF_ADDR_H */
