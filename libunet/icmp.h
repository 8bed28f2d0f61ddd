/* SPDX-License-Identifier: MIT */
#ifndef UNET_ICMP_H
#define UNET_ICMP_H

#include "core/flow_key.h"
#include "ip.h"

void unet_icmp_input(struct unet_stack *st, struct unet_pkt *pkt,
		     const struct unet_ip_info *info, struct unet_flow *hint);
bool unet_icmp4_classify(const struct unet_icmp_error *e,
			 struct unet_icmp_info *out);
bool unet_icmp6_classify(const struct unet_icmp_error *e,
			 struct unet_icmp_info *out);
u32 unet_icmp4_plateau(u32 quoted_total);

#endif /* UNET_ICMP_H */
