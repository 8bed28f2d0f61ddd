/* SPDX-License-Identifier: MIT */
/*
 * What differs between IPv4 and IPv6, for ip.c.
 */
#ifndef UNET_IP_VERSION_H
#define UNET_IP_VERSION_H

#include "ip.h"

struct unet_pkt *unet_ip4_input(struct unet_stack *st, struct unet_pkt *pkt,
				struct unet_ip_info *info);
struct unet_pkt *unet_ip6_input(struct unet_stack *st, struct unet_pkt *pkt,
				struct unet_ip_info *info);
void unet_ip4_build(u8 *at, const struct unet_flow_key *key,
		    const struct unet_ip_out *out, u32 total);
void unet_ip6_build(u8 *at, const struct unet_flow_key *key,
		    const struct unet_ip_out *out, u32 total, u32 label);
struct unet_pkt *unet_ip_whole(struct unet_stack *st, struct unet_pkt *pkt,
			       struct unet_ip_info *info);
bool unet_ip_addr_ok(const struct unet_stack *st, const struct unet_pkt *pkt,
		     const struct unet_ip_info *info);

#endif /* UNET_IP_VERSION_H */
