// SPDX-License-Identifier: MIT
/*
 * Phases of recovery: when one begins, how much may be sent in it (PRR, RFC
 * 9937), when it ends, and when it turns out to have been for nothing.
 *
 * Detection is RACK's (tcp_rack.c) with SACK, and RFC 6582's counting of
 * duplicates without; both only mark records lost. Congestion control is told of
 * reductions here and nowhere else.
 */
#include "tcp_recovery.h"

#include "tcp_internal.h"

#define DUP_THRESH	3

/*
 * Bytes sent again before this phase that are still under way, and may be reported
 * as duplicates in it. A probe is, whatever became of its first sending.
 */
static u32 resent_before(const struct unet_tcp_recovery *rec)
{
	u32 probe = rec->tlp_out ? rec->tlp_retx : 0, bytes = probe;
	const struct unet_tcp_xmit *x;

	for (x = rec->sent.first; x; x = x->t_next)
		if (x->flags & UNET_TCPX_RETX &&
		    !(probe && x->end == rec->tlp_end))
			bytes += x->end - x->node.seq;
	return bytes;
}

static void undo_start(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	rec->undo_on = true;
	rec->undo_una = pcb->snd_una;
	rec->undo_retx = resent_before(rec);
	rec->retx_ts = 0;
}

/**
 * unet_tcp_recovery_enter() - loss was found by acknowledgements
 * @pcb:	connection, not in a phase
 * @before:	bytes outstanding before this acknowledgement, sacked ones left out
 */
void unet_tcp_recovery_enter(struct unet_tcp_pcb *pcb, u32 before)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	struct unet_tcp_rate rate = {
		.now = pcb->st->now, .in_flight = before,
	};

	undo_start(pcb);
	rec->phase = UNET_TCP_RECOVERY;
	rec->recover = pcb->snd_nxt;
	rec->base = max_t(u32, before, pcb->mss);
	rec->prr_delivered = 0;
	rec->prr_out = 0;
	rec->fresh = true;
	rec->tlp_out = false;
	unet_tcp_cc_loss(&pcb->cc, &rate);
	unet_count(pcb->st, UNET_STAT_TCP_FAST_RECOVERY);
}

/* RFC 9937 section 5: what this acknowledgement lets us send. */
static void prr(struct unet_tcp_pcb *pcb, const struct unet_tcp_ack_in *in,
		u32 delivered)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	u32 pipe = unet_tcp_pipe(pcb), ssthresh = pcb->cc.ssthresh;
	u64 quota, limit;

	rec->prr_delivered += delivered;
	if (pipe > ssthresh) {
		quota = ((u64)rec->prr_delivered * ssthresh + rec->base - 1) /
			rec->base;
		quota = quota > rec->prr_out ? quota - rec->prr_out : 0;
	} else {
		limit = rec->prr_delivered > rec->prr_out ?
			rec->prr_delivered - rec->prr_out : 0;
		limit = max_t(u64, limit, delivered);
		if (in->acked && !in->lost)
			limit += pcb->mss;
		quota = min_t(u64, ssthresh - pipe, limit);
	}
	if (rec->fresh)
		quota = max_t(u64, quota, pcb->mss);
	pcb->cc.cwnd = max_t(u64, pipe + quota, pcb->mss);
}

/* ---- was it for nothing? ---- */

static void undo(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	rec->undo_on = false;
	rec->phase = UNET_TCP_OPEN;
	unet_tcp_cc_undo(&pcb->cc);
	pcb->rtt.backoff = 0;
	unet_count(pcb->st, UNET_STAT_TCP_SPURIOUS);
	unet_tcp_rec_found(pcb);
}

/*
 * Eifel (RFC 3522): the acknowledgement echoes a timestamp older than our first
 * retransmission, so it answers the first sending. Or every retransmission has
 * been reported as a duplicate (RFC 2883).
 */
static bool spurious(const struct unet_tcp_pcb *pcb,
		     const struct unet_tcp_seg *seg,
		     const struct unet_tcp_ack_in *in)
{
	const struct unet_tcp_recovery *rec = &pcb->rec;

	if (!rec->undo_on || !rec->retx_ts)
		return false;
	if (in->acked && seg->opts.present & UNET_TCPOPT_TS &&
	    seg->opts.tsecr && seq_lt(seg->opts.tsecr, rec->retx_ts))
		return true;
	return in->dsack && !rec->undo_retx;
}

/* ---- peers without SACK: RFC 6582 ---- */

static struct unet_tcp_xmit *first_segment(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_xmit *x = pcb->rec.first;

	if (x && x->seg_size && tcp_xmit_bytes(x) > x->seg_size)
		unet_tcp_rec_split(pcb, x, x->node.seq + x->seg_size);
	return x;
}

static void lose_first(struct unet_tcp_pcb *pcb, struct unet_tcp_ack_in *in)
{
	struct unet_tcp_xmit *x = first_segment(pcb);

	if (!x || x->flags & (UNET_TCPX_LOST | UNET_TCPX_SACKED))
		return;
	in->lost += x->end - x->node.seq;
	unet_tcp_rec_lose(pcb, x);
}

static void detect_by_count(struct unet_tcp_pcb *pcb, bool dupack,
			    struct unet_tcp_ack_in *in)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	bool partial = in->acked && rec->phase == UNET_TCP_RECOVERY &&
		       seq_lt(pcb->snd_una, rec->recover);

	if (in->acked) {
		u32 gone = in->acked / pcb->mss;

		rec->dupacks = partial && rec->dupacks > gone ?
			       rec->dupacks - gone : 0;
	} else if (dupack) {
		rec->dupacks++;
	}
	if (partial || (dupack && rec->dupacks == DUP_THRESH &&
			rec->phase == UNET_TCP_OPEN &&
			seq_gt(pcb->snd_una, rec->recover)))
		lose_first(pcb, in);
}

/* ---- each acknowledgement ---- */

static void leave_phase(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	if (rec->phase == UNET_TCP_RECOVERY)
		pcb->cc.cwnd = max_t(u32, pcb->cc.ssthresh, pcb->mss);
	rec->phase = UNET_TCP_OPEN;
	rec->dupacks = 0;
	if (rec->reo_persist && !--rec->reo_persist)
		rec->reo_mult = 0;
}

static void grow(struct unet_tcp_pcb *pcb, struct unet_tcp_ack_in *in)
{
	in->rate.after_rto = pcb->rec.phase == UNET_TCP_LOSS;
	in->rate.cwnd_limited = pcb->flags & UNET_TCPF_CWND_LIMITED ||
				(pcb->cc.cwnd < pcb->cc.ssthresh &&
				 pcb->cc.cwnd < 2 * pcb->rec.max_out);
	unet_tcp_cc_acked(&pcb->cc, &in->rate);
}

static void detect(struct unet_tcp_pcb *pcb, bool dupack,
		   struct unet_tcp_ack_in *in, u64 *again_us)
{
	*again_us = 0;
	if (pcb->flags & UNET_TCPF_SACK)
		in->lost += unet_tcp_rack_detect(pcb, again_us);
	else
		detect_by_count(pcb, dupack, in);
	in->rate.lost = in->lost;
}

/**
 * unet_tcp_recovery_ack() - an acceptable acknowledgement was accounted for
 * @pcb:	connection; scoreboard and estimator are up to date
 * @seg:	segment
 * @dupack:	it is a duplicate in the sense of RFC 5681
 * @in:		what it changed
 */
void unet_tcp_recovery_ack(struct unet_tcp_pcb *pcb,
			   const struct unet_tcp_seg *seg, bool dupack,
			   struct unet_tcp_ack_in *in)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	u32 delivered = in->acked + in->sacked;
	u64 again_us;

	if (rec->phase != UNET_TCP_OPEN && seq_geq(pcb->snd_una, rec->recover))
		leave_phase(pcb);
	if (spurious(pcb, seg, in))
		undo(pcb);
	detect(pcb, dupack, in, &again_us);
	unet_tcp_tlp_acked(pcb, seg, in);
	if (in->lost && rec->phase == UNET_TCP_OPEN)
		unet_tcp_recovery_enter(pcb, in->rate.in_flight);
	if (rec->phase == UNET_TCP_RECOVERY)
		prr(pcb, in, in->rate.delivered ? in->rate.delivered :
						  dupack ? pcb->mss : delivered);
	else
		grow(pcb, in);
	if (again_us)
		unet_tcp_rtx_set(pcb, UNET_TCP_RTX_REO, again_us);
}

/**
 * unet_tcp_recovery_reo() - the reordering window of the oldest record is over
 * @pcb:	connection
 */
void unet_tcp_recovery_reo(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_ack_in in = { .rate.now = pcb->st->now };
	u32 before = pcb->rec.in_flight;
	u64 again_us;

	detect(pcb, false, &in, &again_us);
	if (in.lost && pcb->rec.phase == UNET_TCP_OPEN)
		unet_tcp_recovery_enter(pcb, before);
	if (pcb->rec.phase == UNET_TCP_RECOVERY)
		prr(pcb, &in, 0);
	if (again_us)
		unet_tcp_rtx_set(pcb, UNET_TCP_RTX_REO, again_us);
	else
		unet_tcp_rtx_restart(pcb);
}

/* In order of sequence numbers, so that the oldest goes out first. */
static void lose_all(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	struct unet_tcp_xmit *x, *next;

	for (x = rec->first; x; x = next) {
		next = x->next;
		if (x->flags & UNET_TCPX_LOST)
			unet_tcp_rec_lose_again(pcb, x);
		else if (!(x->flags & UNET_TCPX_SACKED) &&
			 (x == rec->first || unet_tcp_rack_old(pcb, x)))
			unet_tcp_rec_lose(pcb, x);
	}
}

/**
 * unet_tcp_recovery_timeout() - the retransmission timer expired
 * @pcb:	connection with something outstanding
 *
 * RFC 5681 section 3.1 and RFC 6298 (5.4) to (5.6). The window falls once per
 * episode. A head that is sacked but not acknowledged means a reneging receiver.
 */
void unet_tcp_recovery_timeout(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	struct unet_tcp_rate rate = {
		.now = pcb->st->now, .in_flight = unet_tcp_pipe(pcb),
	};

	if (rec->phase != UNET_TCP_LOSS || seq_geq(pcb->snd_una, rec->recover)) {
		undo_start(pcb);	/* while what is in flight counts as that */
		unet_tcp_cc_timeout(&pcb->cc, &rate);
	} else {
		pcb->cc.cwnd = pcb->cc.mss;
	}
	if (rec->first->flags & UNET_TCPX_SACKED)
		unet_tcp_rec_renege(pcb);
	lose_all(pcb);
	rec->phase = UNET_TCP_LOSS;
	rec->recover = pcb->snd_nxt;
	rec->dupacks = 0;
	rec->tlp_out = false;
	unet_tcp_rtt_back_off(&pcb->rtt);
	unet_count(pcb->st, UNET_STAT_TCP_RTO);
}
