/* SPDX-License-Identifier: MIT */
#ifndef UNET_ROUTE_H
#define UNET_ROUTE_H

#include "core_os.h"

#define UNET_ROUTE_CACHE	64u

/**
 * struct unet_route - which of the host's addresses a packet leaves with
 * @fd:		kernel UDP socket for each family, -1: not opened yet
 * @dev:	device that packets leave by
 * @gen:	addresses and routes that the cache was filled under
 * @entry:	by hash of the destination
 */
struct unet_route {
	int fd[2];
	char dev[16];
	u32 gen;
	struct unet_route_entry {
		__be32 dst[4];
		__be32 src[4];
		u8 family;
	} entry[UNET_ROUTE_CACHE];
};

void unet_route_init(struct unet_route *r, const char *dev);
void unet_route_exit(struct unet_route *r);
int unet_route_source(struct unet_route *r, u32 gen, u8 family,
		      const __be32 *dst, __be32 *src);
u32 unet_route_mtu(struct unet_route *r);

#endif /* UNET_ROUTE_H */
