/* SPDX-License-Identifier: MIT */
#ifndef UNET_IP_REASS_H
#define UNET_IP_REASS_H

#include "ip.h"

#define UNET_REASS_BYTES	(1u << 20)	/* memory for all datagrams */
#define UNET_REASS_DATAGRAMS	256u		/* in the making at a time */
#define UNET_REASS_PER_SOURCE	16u		/* of them from one address */
#define UNET_REASS_FRAGMENTS	64u		/* of one datagram */
#define UNET_REASS_TIMEOUT_US	(30ull * 1000 * 1000)

/**
 * struct unet_frag - what a fragment says of itself
 * @id:		identification
 * @offset:	bytes of the datagram before this fragment
 * @more:	not the last
 */
struct unet_frag {
	u32 id;
	u32 offset;
	bool more;
};

int unet_reass_init(struct unet_stack *st);
void unet_reass_exit(struct unet_stack *st);
struct unet_pkt *unet_reass_add(struct unet_stack *st, struct unet_pkt *pkt,
				struct unet_ip_info *info,
				const struct unet_frag *frag);
u32 unet_reass_bytes(const struct unet_stack *st);
u32 unet_reass_datagrams(const struct unet_stack *st);

#endif /* UNET_IP_REASS_H */
