/* SPDX-License-Identifier: MIT */
/*
 * Steps of RFC 9293 section 3.10.7 that are entered from more than one place.
 * All answer true: go on, false: the segment is dealt with and the pcb may be
 * gone.
 */
#ifndef UNET_TCP_INPUT_H
#define UNET_TCP_INPUT_H

#include "core_os.h"

struct unet_tcp_pcb;
struct unet_tcp_seg;

void unet_tcp_handshake_rtt(struct unet_tcp_pcb *pcb);
bool unet_tcp_step_syn(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg);
bool unet_tcp_step_ack(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg);
bool unet_tcp_step_text(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg);
void unet_tcp_step_fin(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg);

#endif /* UNET_TCP_INPUT_H */
