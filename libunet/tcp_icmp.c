// SPDX-License-Identifier: MIT
/*
 * ICMP errors, believed only as far as RFC 5927 says: the quoted sequence number
 * has to be one that is in flight. An established connection is never ended by
 * ICMP; its error becomes the reason should it time out (RFC 5461).
 */
#include "tcp_internal.h"
#include "tcp_recovery.h"

/* For routers that do not tell the MTU: RFC 1191 section 7.1. */
static const u16 plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006 };

static u32 next_plateau(u32 mtu)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(plateaus); i++)
		if (plateaus[i] < mtu)
			return plateaus[i];
	return 0;
}

static bool in_flight(const struct unet_tcp_pcb *pcb, u32 seq)
{
	return seq_geq(seq, pcb->snd_una) && seq_lt(seq, pcb->snd_nxt);
}

/* What was too large is lost, and not by congestion: no reduction. */
static void lose_oversized(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_xmit *x, *next;

	for (x = pcb->rec.sent.first; x; x = next) {
		next = x->t_next;
		if (x->seg_size > pcb->mss &&
		    tcp_xmit_bytes(x) > pcb->mss)
			unet_tcp_rec_lose(pcb, x);
	}
}

static void too_big(struct unet_tcp_pcb *pcb, u32 mtu)
{
	u32 old = pcb->mss;

	if (!mtu && pcb->flow.key.family == 4)
		mtu = next_plateau(unet_flow_path_mtu(&pcb->flow));
	/* the kernel may have heard of it first: then nothing is lowered here */
	unet_flow_lower_mtu(pcb->st, &pcb->flow, mtu);
	if (unet_flow_mtu(&pcb->flow) == pcb->path_mtu)
		return;
	unet_tcp_set_mss(pcb);
	if (pcb->mss >= old || !tcp_synchronized(pcb))
		return;
	lose_oversized(pcb);
	unet_tcp_output_later(pcb);
}

/**
 * unet_tcp_icmp_error() - an ICMP error about a segment of ours
 * @st:		stack
 * @f:		flow that sent it
 * @icmp:	what it says
 */
void unet_tcp_icmp_error(struct unet_stack *st, struct unet_flow *f,
			 const struct unet_icmp_info *icmp)
{
	struct unet_tcp_pcb *pcb = tcp_pcb_of(f);

	if (pcb->state < UNET_TCP_SYN_SENT ||
	    pcb->state == UNET_TCP_TIME_WAIT ||
	    !in_flight(pcb, icmp->tcp_seq)) {
		unet_count(st, icmp->kind == UNET_ICMP_TOO_BIG ?
			       UNET_STAT_PMTU_REFUSED : UNET_STAT_ICMP_IGNORED);
		return;
	}
	if (icmp->kind == UNET_ICMP_TOO_BIG)
		too_big(pcb, icmp->mtu);
	else if (!tcp_synchronized(pcb) && icmp->kind == UNET_ICMP_HARD)
		unet_tcp_done(pcb, icmp->err, 0);
	else
		pcb->soft_err = icmp->err;
}
