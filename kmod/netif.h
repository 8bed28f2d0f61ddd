/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a nexus meets its net_device: the receive hook, and what befalls the
 * device.
 */
#ifndef _UNET_NETIF_H
#define _UNET_NETIF_H

#include <linux/netfilter.h>
#include <linux/types.h>

struct net_device;
struct netlink_ext_ack;
struct unet_nexus;

/**
 * enum unet_hook - how received packets are got at
 * @UNET_HOOK_NONE:	not at all
 * @UNET_HOOK_RX_HANDLER: the device's rx_handler
 * @UNET_HOOK_INGRESS:	netfilter's ingress hook of the device, because another
 *			(bridge, bond, macvlan, ...) has the rx_handler
 */
enum unet_hook {
	UNET_HOOK_NONE,
	UNET_HOOK_RX_HANDLER,
	UNET_HOOK_INGRESS,
};

/**
 * struct unet_netif - a nexus' hold on its device; netif.c's, under RTNL
 * @hook:	which hook is taken
 * @nf:		for UNET_HOOK_INGRESS
 */
struct unet_netif {
	enum unet_hook hook;
	struct nf_hook_ops nf;
};

int unet_netif_attach(struct net_device *dev, struct netlink_ext_ack *extack);
void unet_netif_detach(struct unet_nexus *nx);
const char *unet_netif_hook_name(const struct unet_nexus *nx);

int unet_netif_init(void);
void unet_netif_exit(void);

#endif /* _UNET_NETIF_H */
