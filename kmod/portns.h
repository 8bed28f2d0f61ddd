/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ports, shared fairly with the host: whoever holds one here has bound a kernel
 * socket to it, so that bind() of a host program and a flow of ours exclude each
 * other by the host's own rules, and nothing of them is written twice.
 */
#ifndef _UNET_PORTNS_H
#define _UNET_PORTNS_H

#include <linux/types.h>

struct net;
struct unet_port;

/**
 * struct unet_port_want - what is to be held
 * @local:	address, IPv4 in the first word; all zero: any
 * @ifindex:	the device: its VRF's ports are meant, and an IPv6 link-local address has
 *		its scope
 * @port:	network order; 0: the host picks one of its ephemeral range
 * @family:	AF_INET or AF_INET6
 * @proto:	IPPROTO_TCP or IPPROTO_UDP
 * @v6only:	AF_INET6 and any address: leave IPv4 alone
 * @takeover:	a port that lingers may be taken over by the user it was held for
 */
struct unet_port_want {
	__be32 local[4];
	int ifindex;
	__be16 port;
	u8 family;
	u8 proto;
	bool v6only;
	bool takeover;
};

struct unet_port *unet_port_hold(struct net *net,
				 const struct unet_port_want *want);
bool unet_port_covers(const struct unet_port *port,
		      const struct unet_port_want *want);
bool unet_port_in_way(struct net *net, const struct unet_port *port,
		      const struct unet_port_want *want);
struct unet_port *unet_port_get(struct unet_port *port);
bool unet_port_put(struct unet_port *port);
void unet_port_linger(struct unet_port *port);
__be16 unet_port_number(const struct unet_port *port);

int unet_portns_init(void);
void unet_portns_exit(void);

#endif /* _UNET_PORTNS_H */
