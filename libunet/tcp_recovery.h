/* SPDX-License-Identifier: MIT */
/*
 * Loss: what was sent, what arrived, what is to be sent again. Decides; sending
 * itself is tcp_output.c's, and how much congestion control's.
 */
#ifndef UNET_TCP_RECOVERY_H
#define UNET_TCP_RECOVERY_H

#include "tcp_pcb.h"

struct unet_tcp_seg;

/**
 * struct unet_tcp_ack_in - what one acknowledgement changed
 * @rate:	for congestion control
 * @acked:	bytes newly acknowledged cumulatively, SYN and FIN not counted
 * @sacked:	bytes newly sacked
 * @lost:	bytes newly taken for lost
 * @seq_rtt_us:	round trip of the oldest segment acknowledged, 0: none
 * @last_rtt_us: round trip of the newest
 * @fack:	highest sequence number known to be delivered before
 * @ts:		the acknowledgement has timestamps
 * @tsecr:	what it echoes
 * @dsack:	reported duplicate data
 * @retx_acked:	something sent more than once was acknowledged
 * @rate_us:	start of the delivery rate sample
 * @rate_delivered: bytes delivered at that time
 * @app_limited: of the sample
 */
struct unet_tcp_ack_in {
	struct unet_tcp_rate rate;
	u32 acked;
	u32 sacked;
	u32 lost;
	u32 seq_rtt_us;
	u32 last_rtt_us;
	u32 rate_delivered;
	u32 fack;
	u32 tsecr;
	u64 rate_us;
	bool ts;
	bool dsack;
	bool retx_acked;
	bool app_limited;
};

/* tcp_scoreboard.c */
void unet_tcp_rec_sent(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x);
void unet_tcp_rec_resent(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x);
bool unet_tcp_rec_split(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x,
			u32 seq);
void unet_tcp_rec_lose(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x);
void unet_tcp_rec_found(struct unet_tcp_pcb *pcb);
void unet_tcp_rec_lose_again(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x);
void unet_tcp_rec_acked(struct unet_tcp_pcb *pcb, u32 ack,
			struct unet_tcp_ack_in *in);
void unet_tcp_rec_sacked(struct unet_tcp_pcb *pcb,
			 const struct unet_tcp_seg *seg,
			 struct unet_tcp_ack_in *in);
void unet_tcp_rec_renege(struct unet_tcp_pcb *pcb);
void unet_tcp_rec_purge(struct unet_tcp_pcb *pcb);
u32 unet_tcp_pipe(const struct unet_tcp_pcb *pcb);

/* tcp_rack.c */
void unet_tcp_rack_delivered(struct unet_tcp_pcb *pcb,
			     const struct unet_tcp_xmit *x,
			     const struct unet_tcp_ack_in *in);
u32 unet_tcp_rack_detect(struct unet_tcp_pcb *pcb, u64 *again_us);
void unet_tcp_rack_dsack(struct unet_tcp_pcb *pcb);
bool unet_tcp_rack_old(const struct unet_tcp_pcb *pcb,
		       const struct unet_tcp_xmit *x);
u64 unet_tcp_tlp_delay(const struct unet_tcp_pcb *pcb);
void unet_tcp_tlp_send(struct unet_tcp_pcb *pcb);
void unet_tcp_tlp_acked(struct unet_tcp_pcb *pcb, const struct unet_tcp_seg *seg,
			const struct unet_tcp_ack_in *in);

/* tcp_recovery.c */
void unet_tcp_recovery_ack(struct unet_tcp_pcb *pcb,
			   const struct unet_tcp_seg *seg, bool dupack,
			   struct unet_tcp_ack_in *in);
void unet_tcp_recovery_timeout(struct unet_tcp_pcb *pcb);
void unet_tcp_recovery_reo(struct unet_tcp_pcb *pcb);
void unet_tcp_recovery_enter(struct unet_tcp_pcb *pcb, u32 before);

#endif /* UNET_TCP_RECOVERY_H */
