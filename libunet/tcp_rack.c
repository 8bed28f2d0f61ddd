// SPDX-License-Identifier: MIT
/*
 * RACK-TLP (RFC 8985): loss by time of sending instead of by counting, and a
 * probe at the tail instead of a timeout.
 *
 * A record is lost when one sent later has arrived and more than a round trip
 * and the reordering window have passed since it was sent. The list by time of
 * sending makes that a look at its head.
 */
#include "tcp_internal.h"
#include "tcp_recovery.h"

#define DUP_THRESH		3
#define REO_MULT_MAX		255
#define REO_PERSIST		16
#define TLP_MIN_US		2000u
#define TLP_DELACK_US		200000u

static bool sent_after(u64 us_a, u32 end_a, u64 us_b, u32 end_b)
{
	return us_a > us_b || (us_a == us_b && seq_gt(end_a, end_b));
}

/* What one acknowledgement reports has no order among itself. */
static void note_reordering(struct unet_tcp_pcb *pcb,
			    const struct unet_tcp_xmit *x, u32 fack)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	if (seq_gt(x->end, rec->fack))
		rec->fack = x->end;
	if (seq_lt(x->end, fack) && !(x->flags & UNET_TCPX_RETX))
		rec->reordering = true;
}

/* Was it the first sending that arrived, not the last? */
static bool answers_earlier(const struct unet_tcp_pcb *pcb,
			    const struct unet_tcp_xmit *x,
			    const struct unet_tcp_ack_in *in)
{
	u32 sent_ts = (u32)(x->sent_us / 1000) + pcb->ts_offset;

	if (!(x->flags & UNET_TCPX_RETX))
		return false;
	if (in->ts && in->tsecr && seq_lt(in->tsecr, sent_ts))
		return true;
	return pcb->st->now - x->sent_us < unet_tcp_rtt_min(&pcb->rtt);
}

/**
 * unet_tcp_rack_delivered() - a record is known to have arrived
 * @pcb:	connection
 * @x:		as it was while in flight
 * @in:		the acknowledgement that says so
 *
 * RFC 8985 section 6.2, steps 1 to 3.
 */
void unet_tcp_rack_delivered(struct unet_tcp_pcb *pcb,
			     const struct unet_tcp_xmit *x,
			     const struct unet_tcp_ack_in *in)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	note_reordering(pcb, x, in->fack);
	if (answers_earlier(pcb, x, in))
		return;
	rec->rack_rtt = min_t(u64, pcb->st->now - x->sent_us, UINT32_MAX);
	if (sent_after(x->sent_us, x->end, rec->rack_us, rec->rack_end)) {
		rec->rack_us = x->sent_us;
		rec->rack_end = x->end;
	}
}

/* Section 6.2, step 4. */
static u32 reo_window(const struct unet_tcp_pcb *pcb)
{
	const struct unet_tcp_recovery *rec = &pcb->rec;
	u32 least = unet_tcp_rtt_min(&pcb->rtt);

	if (!rec->reordering &&
	    (rec->phase != UNET_TCP_OPEN ||
	     rec->sacked >= DUP_THRESH * pcb->mss))
		return 0;
	if (least == UINT32_MAX)
		return 0;
	return min_t(u64, (u64)least * (rec->reo_mult + 1) / 4,
		     tcp_rtt_smoothed(&pcb->rtt));
}

/**
 * unet_tcp_rack_detect() - find what is lost by now
 * @pcb:	connection
 * @again_us:	out: when to look again, 0: not needed
 *
 * Section 6.2, step 5.
 *
 * Return: bytes newly taken for lost.
 */
u32 unet_tcp_rack_detect(struct unet_tcp_pcb *pcb, u64 *again_us)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	u32 before = rec->lost_bytes, window = reo_window(pcb);
	struct unet_tcp_xmit *x;
	u64 due;

	*again_us = 0;
	while ((x = rec->sent.first) &&
	       sent_after(rec->rack_us, rec->rack_end, x->sent_us, x->end)) {
		due = x->sent_us + rec->rack_rtt + window;
		if (due > pcb->st->now) {
			*again_us = due - pcb->st->now;
			break;
		}
		unet_tcp_rec_lose(pcb, x);
	}
	return rec->lost_bytes - before;
}

/**
 * unet_tcp_rack_old() - would a round trip have answered this record by now?
 * @pcb:	connection
 * @x:		in flight
 *
 * After a timeout, what was sent a moment ago is not yet lost.
 */
bool unet_tcp_rack_old(const struct unet_tcp_pcb *pcb,
		       const struct unet_tcp_xmit *x)
{
	return pcb->st->now - x->sent_us >= pcb->rec.rack_rtt;
}

/**
 * unet_tcp_rack_dsack() - a retransmission was needless
 * @pcb:	connection
 *
 * Once a round trip: widen the window, section 6.2 step 4.
 */
void unet_tcp_rack_dsack(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	if (seq_lt(pcb->snd_una, rec->dsack_round))
		return;
	rec->dsack_round = pcb->snd_nxt;
	if (rec->reo_mult < REO_MULT_MAX)
		rec->reo_mult++;
	rec->reo_persist = REO_PERSIST;
}

/**
 * unet_tcp_tlp_delay() - how long until the tail is probed
 * @pcb:	connection
 *
 * Section 7.2. Two round trips, and room for a delayed acknowledgement when a
 * single segment is out.
 *
 * Return: microseconds, or 0: no probe now, wait for the timeout.
 */
u64 unet_tcp_tlp_delay(const struct unet_tcp_pcb *pcb)
{
	u32 srtt = tcp_rtt_smoothed(&pcb->rtt);
	u64 pto;

	if (!(pcb->flags & UNET_TCPF_SACK) || pcb->rec.phase != UNET_TCP_OPEN ||
	    pcb->rec.sacked || pcb->rec.tlp_out || pcb->rtt.backoff || !srtt)
		return 0;
	pto = 2ull * srtt + TLP_MIN_US;
	if (pcb->rec.in_flight <= pcb->mss)
		pto += TLP_DELACK_US;
	return min_t(u64, pto, unet_tcp_rtt_rto(&pcb->rtt));
}

/* The last segment of the last record, as a record of its own. */
static struct unet_tcp_xmit *last_segment(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_xmit *x = pcb->rec.last;
	u32 bytes = tcp_xmit_bytes(x), last;

	if (!x->seg_size || bytes <= x->seg_size)
		return x;
	last = bytes % x->seg_size ? bytes % x->seg_size : x->seg_size;
	if (!unet_tcp_rec_split(pcb, x, x->node.seq + bytes - last))
		return NULL;
	return x->next;
}

/**
 * unet_tcp_tlp_send() - the probe timer expired
 * @pcb:	connection with something in flight
 *
 * Section 7.3: a segment of new data when there is some, else the last one
 * again.
 */
void unet_tcp_tlp_send(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	u32 nxt = pcb->snd_nxt;
	struct unet_tcp_xmit *x;

	rec->tlp_retx = 0;
	if (!unet_tcp_send_some(pcb, pcb->mss)) {
		x = last_segment(pcb);
		if (!x || !unet_tcp_resend(pcb, x))
			return;
		rec->tlp_retx = x->end - x->node.seq;
	}
	unet_count(pcb->st, UNET_STAT_TCP_TLP);
	rec->tlp_out = true;
	rec->tlp_end = seq_max(nxt, pcb->snd_nxt);
}

/**
 * unet_tcp_tlp_acked() - did the probe repair a loss?
 * @pcb:	connection with a probe out
 * @seg:	acknowledgement
 * @in:		what it changed
 *
 * Section 7.4: a probe that was a retransmission and was needed hid a loss from
 * congestion control, which must be told.
 */
void unet_tcp_tlp_acked(struct unet_tcp_pcb *pcb, const struct unet_tcp_seg *seg,
			const struct unet_tcp_ack_in *in)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	if (!rec->tlp_out || seq_lt(seg->ack, rec->tlp_end))
		return;
	if (!rec->tlp_retx) {
		rec->tlp_out = false;
	} else if (in->dsack) {
		rec->tlp_out = false;
	} else if (seq_gt(seg->ack, rec->tlp_end)) {
		rec->tlp_out = false;
		unet_tcp_cc_loss(&pcb->cc, &in->rate);
		pcb->cc.cwnd = min(pcb->cc.cwnd, pcb->cc.ssthresh);
	} else if (!in->acked && !in->sacked && !seg->len) {
		rec->tlp_out = false;	/* a duplicate: both copies arrived */
	}
}
