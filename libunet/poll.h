/* SPDX-License-Identifier: MIT */
#ifndef UNET_POLL_H
#define UNET_POLL_H

struct unet_sock;

void unet_sock_event_init(struct unet_sock *s);

#endif /* UNET_POLL_H */
