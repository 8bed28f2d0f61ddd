/* SPDX-License-Identifier: MIT */
#ifndef UNET_UDP_SEND_H
#define UNET_UDP_SEND_H

#include "stack.h"

void unet_udp_room(struct unet_stack *st, struct unet_work *w);

#endif /* UNET_UDP_SEND_H */
