// SPDX-License-Identifier: MIT
/*
 * Segments in: RFC 9293 section 3.10.7 in its own order, one function a step.
 *
 * A step answers true: go on with the next, or false: the segment is dealt with
 * (and the pcb may be gone). RFC 5961 and RFC 7323 are woven in where they amend
 * a step. A super packet is one segment with a long text; only the policy of
 * acknowledging looks at how many it was on the wire.
 */
#include "tcp_input.h"

#include "tcp_internal.h"
#include "tcp_recovery.h"

#define PAWS_OLD_MS	(24u * 24 * 3600 * 1000)	/* RFC 7323 section 5.5 */
#define ANSWER_US	500000u	/* between answers to what is outside the window */

/* ---- SYN-SENT, section 3.10.7.3 ---- */

static bool syn_sent_ack_ok(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	if (!(seg->flags & UNET_TCP_ACK) || seg->ack == pcb->snd_nxt)
		return true;
	unet_tcp_send_reset_for(pcb->st, &pcb->flow, seg, &pcb->flow.key);
	return false;
}

static void handshake_rtt(struct unet_tcp_pcb *pcb)
{
	if (!pcb->retries && !pcb->retrans)
		unet_tcp_rtt_sample(&pcb->rtt, pcb->st->now,
				    pcb->st->now - pcb->stall_us);
}

static void simultaneous_open(struct unet_tcp_pcb *pcb)
{
	pcb->state = UNET_TCP_SYN_RECEIVED;
	unet_tcp_send_syn(pcb);
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_RTO, unet_tcp_rtt_rto(&pcb->rtt));
	unet_tcp_timers_arm(pcb);
}

/* Text and FIN on a SYN-ACK follow the SYN. */
static void syn_ack_came(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	handshake_rtt(pcb);
	pcb->snd_una = seg->ack;
	unet_tcp_established(pcb);
	pcb->flags |= UNET_TCPF_ACK_NOW;
	seg->seq++;
	seg->flags &= ~UNET_TCP_SYN;
	if (unet_tcp_step_text(pcb, seg))
		unet_tcp_step_fin(pcb, seg);
}

static void syn_sent(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	if (!syn_sent_ack_ok(pcb, seg))
		return;
	if (seg->flags & UNET_TCP_RST) {
		if (seg->flags & UNET_TCP_ACK) {
			unet_count(pcb->st, UNET_STAT_TCP_RST_IN);
			unet_tcp_done(pcb, ECONNREFUSED, 0);
		}
		return;
	}
	if (!(seg->flags & UNET_TCP_SYN))
		return;
	unet_tcp_peer_syn(pcb, seg);
	pcb->snd_wnd = seg->wnd;
	pcb->snd_max_wnd = seg->wnd;
	pcb->snd_wl1 = seg->seq;
	pcb->snd_wl2 = seg->ack;
	if (seg->flags & UNET_TCP_ACK)
		syn_ack_came(pcb, seg);
	else
		simultaneous_open(pcb);
}

/* ---- first: check the sequence number ---- */

static u32 seq_len(const struct unet_tcp_seg *seg)
{
	return seg->len + !!(seg->flags & UNET_TCP_SYN) +
	       !!(seg->flags & UNET_TCP_FIN);
}

/* RFC 9293 table 6. */
static bool acceptable(const struct unet_tcp_pcb *pcb,
		       const struct unet_tcp_seg *seg)
{
	u32 wnd = tcp_rcv_wnd(pcb), len = seq_len(seg);

	if (!len)
		return wnd ? seq_in(seg->seq, pcb->rcv_nxt, wnd) :
			     seg->seq == pcb->rcv_nxt;
	if (!wnd)
		return false;
	return seq_in(seg->seq, pcb->rcv_nxt, wnd) ||
	       seq_in(seg->seq + len - 1, pcb->rcv_nxt, wnd) ||
	       (seq_lt(seg->seq, pcb->rcv_nxt) &&
		seq_geq(seg->seq + len, pcb->rcv_adv));
}

/* RFC 7323 section 5.3, R1. */
static bool paws_refuses(const struct unet_tcp_pcb *pcb,
			 const struct unet_tcp_seg *seg)
{
	u32 age = (u32)(pcb->st->now / 1000) - pcb->ts_recent_ms;

	if (!(seg->opts.present & UNET_TCPOPT_TS))
		return false;
	return seq_lt(seg->opts.tsval, pcb->ts_recent) && age < PAWS_OLD_MS;
}

/*
 * An answer to a segment outside the window, but no answer to an answer: two
 * peers that disagree must not do so at line rate.
 */
static void answer_unacceptable(struct unet_tcp_pcb *pcb,
				const struct unet_tcp_seg *seg)
{
	u64 now = pcb->st->now;

	if (seg->flags & UNET_TCP_RST)
		return;
	if (!seg->len && !(seg->flags & (UNET_TCP_SYN | UNET_TCP_FIN))) {
		if (pcb->dupack_us && now - pcb->dupack_us < ANSWER_US)
			return;
		pcb->dupack_us = now;
	}
	unet_tcp_send_ack(pcb);
}

static void note_old_text(struct unet_tcp_pcb *pcb,
			  const struct unet_tcp_seg *seg)
{
	u32 end = seg->seq + seg->len;

	if (!seg->len || seq_gt(end, pcb->rcv_nxt) ||
	    !(pcb->flags & UNET_TCPF_SACK))
		return;
	unet_count(pcb->st, UNET_STAT_TCP_DUP_IN);
	pcb->flags |= UNET_TCPF_DSACK;
	pcb->dsack.start = seg->seq;
	pcb->dsack.end = end;
}

/*
 * RFC 9293: with a zero window, and for the peer's view of ours, valid ACKs and
 * RSTs are still to be taken; so is the ACK of a keepalive.
 */
static bool only_ack_counts(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	if (!(seg->flags & UNET_TCP_ACK) ||
	    seg->flags & (UNET_TCP_SYN | UNET_TCP_RST))
		return false;
	if (seg->seq != pcb->rcv_nxt && seg->seq != pcb->rcv_nxt - 1 &&
	    seg->seq != pcb->rcv_adv)
		return false;
	return seq_geq(seg->ack, pcb->snd_una) &&
	       seq_leq(seg->ack, pcb->snd_nxt);
}

static bool step_sequence(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	if (pcb->flags & UNET_TCPF_TS && !(seg->flags & UNET_TCP_RST)) {
		if (paws_refuses(pcb, seg)) {
			unet_count(pcb->st, UNET_STAT_TCP_PAWS);
			note_old_text(pcb, seg);
			answer_unacceptable(pcb, seg);
			return false;
		}
		if (!(seg->opts.present & UNET_TCPOPT_TS)) {
			unet_count(pcb->st, UNET_STAT_TCP_PAWS);
			return false;	/* RFC 7323 section 3.2 */
		}
	}
	if (acceptable(pcb, seg))
		return true;
	unet_count(pcb->st, UNET_STAT_TCP_UNACCEPTABLE);
	note_old_text(pcb, seg);
	if (pcb->state == UNET_TCP_SYN_RECEIVED && seg->seq == pcb->irs &&
	    seg->flags & UNET_TCP_SYN)
		return unet_tcp_step_syn(pcb, seg);	/* the SYN again */
	if (tcp_synchronized(pcb) && only_ack_counts(pcb, seg) &&
	    !unet_tcp_step_ack(pcb, seg))
		return false;
	answer_unacceptable(pcb, seg);
	return false;
}

/* RFC 7323 section 4.3, (2) and (3): only from what passed the first step. */
static void take_timestamp(struct unet_tcp_pcb *pcb,
			   const struct unet_tcp_seg *seg)
{
	if (!(pcb->flags & UNET_TCPF_TS) ||
	    !(seg->opts.present & UNET_TCPOPT_TS) ||
	    seq_gt(seg->seq, pcb->rcv_acked))
		return;
	if (seq_lt(seg->opts.tsval, pcb->ts_recent))
		return;
	pcb->ts_recent = seg->opts.tsval;
	pcb->ts_recent_ms = pcb->st->now / 1000;
}

/* ---- second: check the RST bit (RFC 5961 section 3) ---- */

static bool step_rst(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	int err = ECONNRESET;

	if (!(seg->flags & UNET_TCP_RST))
		return true;
	if (seg->seq != pcb->rcv_nxt) {
		unet_tcp_challenge(pcb);
		return false;
	}
	unet_count(pcb->st, UNET_STAT_TCP_RST_IN);
	if (pcb->state == UNET_TCP_SYN_RECEIVED)
		err = ECONNREFUSED;
	else if (pcb->state == UNET_TCP_CLOSE_WAIT)
		err = EPIPE;
	else if (pcb->state >= UNET_TCP_CLOSING)
		err = 0;
	unet_tcp_done(pcb, err, 0);
	return false;
}

/* ---- fourth: check the SYN bit (RFC 5961 section 4) ---- */

/* Steps are named after the RFC's; the third, security, does not exist here. */
bool unet_tcp_step_syn(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	if (!(seg->flags & UNET_TCP_SYN))
		return true;
	if (pcb->state != UNET_TCP_SYN_RECEIVED) {
		unet_tcp_challenge(pcb);
		return false;
	}
	if (seg->seq != pcb->irs) {
		unet_tcp_challenge(pcb);
		return false;
	}
	if (!(seg->flags & UNET_TCP_ACK)) {
		unet_tcp_send_syn(pcb);	/* our SYN-ACK got lost */
		return false;
	}
	/* the SYN-ACK of a simultaneous open */
	seg->flags &= ~UNET_TCP_SYN;
	seg->seq++;
	return true;
}

/* ---- fifth: check the ACK field ---- */

/* SYN-RECEIVED: the handshake ends here. */
static bool ack_syn_received(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	if (seq_leq(seg->ack, pcb->snd_una) || seq_gt(seg->ack, pcb->snd_nxt)) {
		unet_tcp_send_reset_for(pcb->st, &pcb->flow, seg,
					&pcb->flow.key);
		return false;
	}
	if (pcb->flags & UNET_TCPF_MINE && unet_tcp_listen_full(pcb)) {
		unet_count(pcb->st, UNET_STAT_TCP_LISTEN_FULL);
		return false;	/* SYN-ACK again, the peer ACK again */
	}
	handshake_rtt(pcb);
	pcb->snd_una = pcb->iss + 1;
	pcb->snd_wnd = seg->wnd << pcb->snd_wscale;
	pcb->snd_max_wnd = pcb->snd_wnd;
	pcb->snd_wl1 = seg->seq;
	pcb->snd_wl2 = seg->ack;
	if (pcb->flags & UNET_TCPF_MINE && unet_tcp_listen_promote(pcb)) {
		unet_tcp_reset(pcb, ENOBUFS);
		return false;
	}
	unet_tcp_established(pcb);
	return true;
}

/* RFC 5961 section 5.2: too old or not sent yet. */
static bool ack_in_range(struct unet_tcp_pcb *pcb,
			 const struct unet_tcp_seg *seg)
{
	if (seq_geq(seg->ack, pcb->snd_una - pcb->snd_max_wnd) &&
	    seq_leq(seg->ack, pcb->snd_nxt))
		return true;
	unet_tcp_challenge(pcb);
	return false;
}

/* Returns true when the window changed. */
static bool take_window(struct unet_tcp_pcb *pcb,
			const struct unet_tcp_seg *seg)
{
	u32 wnd = seg->wnd << pcb->snd_wscale;
	bool changed = wnd != pcb->snd_wnd;

	if (seq_lt(seg->ack, pcb->snd_una) || seq_gt(pcb->snd_wl1, seg->seq) ||
	    (pcb->snd_wl1 == seg->seq && seq_gt(pcb->snd_wl2, seg->ack)))
		return false;
	pcb->snd_wnd = wnd;
	pcb->snd_max_wnd = max(pcb->snd_max_wnd, wnd);
	pcb->snd_wl1 = seg->seq;
	pcb->snd_wl2 = seg->ack;
	return changed;
}

static void measure(struct unet_tcp_pcb *pcb, const struct unet_tcp_seg *seg,
		    struct unet_tcp_ack_in *in)
{
	u32 echoed;

	if (!in->seq_rtt_us && in->acked && pcb->flags & UNET_TCPF_TS &&
	    seg->opts.tsecr) {
		echoed = tcp_ts_now(pcb) - seg->opts.tsecr;
		if (echoed < UNET_TCP_RTO_MAX_US / 1000)
			in->seq_rtt_us = max(echoed, 1u) * 1000;
	}
	if (in->seq_rtt_us)
		unet_tcp_rtt_sample(&pcb->rtt, pcb->st->now, in->seq_rtt_us);
}

static void fill_rate(struct unet_tcp_pcb *pcb, struct unet_tcp_ack_in *in)
{
	struct unet_tcp_rate *r = &in->rate;
	u64 now = pcb->st->now;

	r->now = now;
	r->acked = in->acked;
	r->rtt_us = in->last_rtt_us;
	r->srtt_us = tcp_rtt_smoothed(&pcb->rtt);
	r->min_rtt_us = unet_tcp_rtt_min(&pcb->rtt);
	r->snd_nxt = pcb->snd_nxt;
	r->snd_una = pcb->snd_una;
	r->app_limited = in->app_limited;
	if (in->rate_us) {
		r->interval_us = min_t(u64, now - in->rate_us, UINT32_MAX);
		r->interval_bytes = pcb->rec.delivered - in->rate_delivered;
	}
	if (r->delivered)
		pcb->rec.delivered_us = now;
}

/* Everything that was sent up to @ack has arrived. */
static void advance(struct unet_tcp_pcb *pcb, u32 ack,
		    struct unet_tcp_ack_in *in)
{
	u32 before = pcb->snd_una, end = seq_min(ack, pcb->snd_end);

	in->acked = seq_gt(end, before) ? end - before : 0;
	pcb->bytes_acked += in->acked;
	unet_tcp_rec_acked(pcb, ack, in);
	pcb->snd_una = ack;
	if (seq_lt(pcb->snd_sml, ack))
		pcb->snd_sml = ack;
	unet_tcp_sndbuf_acked(pcb);
	pcb->retries = 0;
}

static bool is_dupack(const struct unet_tcp_pcb *pcb,
		      const struct unet_tcp_seg *seg, bool window_changed)
{
	return seg->ack == pcb->snd_una && !seg->len && !window_changed &&
	       !(seg->flags & UNET_TCP_FIN) && pcb->rec.first;
}

static void process_ack(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	struct unet_tcp_ack_in in = {
		.rate.in_flight = pcb->rec.in_flight, .fack = pcb->rec.fack,
		.ts = seg->opts.present & UNET_TCPOPT_TS,
		.tsecr = seg->opts.tsecr,
	};
	u32 delivered = pcb->rec.delivered;
	bool fresh = seq_gt(seg->ack, pcb->snd_una), changed, dupack;

	changed = take_window(pcb, seg);
	dupack = is_dupack(pcb, seg, changed);
	if (!pcb->rec.first && !seg->opts.sacks)
		return;
	if (fresh)
		advance(pcb, seg->ack, &in);
	if (pcb->flags & UNET_TCPF_SACK && seg->opts.sacks)
		unet_tcp_rec_sacked(pcb, seg, &in);
	in.rate.delivered = pcb->rec.delivered - delivered;
	measure(pcb, seg, &in);
	fill_rate(pcb, &in);
	if (pcb->rtx_kind == UNET_TCP_RTX_REO)
		unet_tcp_rtx_set(pcb, UNET_TCP_RTX_NONE, 0);
	unet_tcp_recovery_ack(pcb, seg, dupack, &in);
	if (pcb->rtx_kind == UNET_TCP_RTX_NONE ||
	    (pcb->rtx_kind != UNET_TCP_RTX_REO && (fresh || in.sacked)))
		unet_tcp_rtx_restart(pcb);
	if (fresh)
		unet_tcp_note_writable(pcb);
}

static bool fin_acked(const struct unet_tcp_pcb *pcb)
{
	return pcb->flags & UNET_TCPF_FIN_SENT && pcb->snd_una == pcb->snd_nxt;
}

/* Our FIN is acknowledged: what that does to each state. */
static bool ack_of_fin(struct unet_tcp_pcb *pcb)
{
	if (!fin_acked(pcb))
		return true;
	switch (pcb->state) {
	case UNET_TCP_FIN_WAIT_1:
		pcb->state = UNET_TCP_FIN_WAIT_2;
		if (pcb->flags & UNET_TCPF_ORPHAN)
			pcb->keep_at = pcb->st->now + UNET_TCP_FIN_WAIT_2_US;
		return true;
	case UNET_TCP_CLOSING:
		unet_tcp_tw_enter(pcb);
		return false;
	case UNET_TCP_LAST_ACK:
		unet_tcp_done(pcb, 0, 0);
		return false;
	default:
		return true;
	}
}

bool unet_tcp_step_ack(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	if (!(seg->flags & UNET_TCP_ACK))
		return false;
	if (pcb->state == UNET_TCP_SYN_RECEIVED) {
		if (!ack_syn_received(pcb, seg))
			return false;
	} else if (!ack_in_range(pcb, seg)) {
		return false;
	}
	process_ack(pcb, seg);
	if (!ack_of_fin(pcb))
		return false;
	unet_tcp_output_later(pcb);
	return true;
}

/* ---- seventh: the segment text (the sixth, URG, leaves bytes in line) ---- */

/* Small ones are put behind the last packet, into its buffer. */
#define PACK_BELOW	512u

static bool pack(struct unet_tcp_pcb *pcb, struct unet_pkt *pkt)
{
	struct unet_pkt *last = pcb->rcvq.tail;
	u32 len = pkt->total;

	if (len > PACK_BELOW || unet_pktq_empty(&pcb->rcvq) ||
	    unet_pkt_tailroom(last) < len)
		return false;
	unet_pkt_copy_out(pkt, 0, unet_pkt_put(last, len), len);
	pcb->rcvq.bytes += len;
	unet_pkt_free(pkt);
	return true;
}

/**
 * unet_tcp_rcvq_add() - bytes in order for the reader
 * @pcb:	connection
 * @pkt:	payload only; taken over
 */
void unet_tcp_rcvq_add(struct unet_tcp_pcb *pcb, struct unet_pkt *pkt)
{
	pcb->bytes_in += pkt->total;
	if (pcb->flags & UNET_TCPF_RCV_SHUT) {
		unet_pkt_free(pkt);
		return;
	}
	if (pack(pcb, pkt))
		return;
	unet_pktq_add(&pcb->rcvq, pkt);
	if (!pcb->rcv_fresh)
		pcb->rcv_fresh = pkt;
}

/* Leave of the text what lies in the window and before a known FIN. */
static bool trim_text(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	u32 edge = pcb->rcv_adv, end, old;

	if (pcb->flags & UNET_TCPF_FIN_SEEN)
		edge = seq_min(edge, pcb->rcv_fin);
	if (seq_lt(seg->seq, pcb->rcv_nxt)) {
		old = min(pcb->rcv_nxt - seg->seq, seg->len);
		unet_pkt_pull(seg->pkt, old);
		seg->seq += old;
		seg->len -= old;
	}
	end = seg->seq + seg->len;
	if (seq_gt(end, edge)) {
		seg->flags &= ~UNET_TCP_FIN;
		pcb->flags |= UNET_TCPF_ACK_NOW;	/* to tell where it ends */
		if (seq_geq(seg->seq, edge))
			seg->len = 0;
		else
			seg->len = edge - seg->seq;
		unet_pkt_trim(seg->pkt, seg->len);
	}
	return seg->len;
}

/* The largest segment lately; a super packet says what its segments were. */
static void note_rcv_mss(struct unet_tcp_pcb *pcb,
			 const struct unet_tcp_seg *seg)
{
	u32 size = seg->seg_size ? seg->seg_size : seg->len;

	pcb->rcv_mss = max_t(u32, pcb->rcv_mss, min(size, pcb->mss + 12u));
}

/*
 * RFC 9293 section 3.8.6.3: every second full-size segment, or as many bytes, at
 * once, others within 40 ms. A super packet is as many segments as it was on the
 * wire.
 */
static void ack_in_order(struct unet_tcp_pcb *pcb,
			 const struct unet_tcp_seg *seg)
{
	u32 owed = pcb->rcv_nxt + seg->len - pcb->rcv_acked;

	pcb->rcv_segs += seg->len >= pcb->rcv_mss ? seg->segs : 0;
	if (pcb->rcv_segs >= 2 || owed >= 2u * pcb->rcv_mss || pcb->quick ||
	    pcb->flags & (UNET_TCPF_QUICKACK | UNET_TCPF_DSACK) || pcb->ooo)
		pcb->flags |= UNET_TCPF_ACK_NOW;
	else
		unet_tcp_ack_delay(pcb);
}

static void text_in_order(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	ack_in_order(pcb, seg);
	pcb->rcv_nxt += seg->len;
	unet_tcp_rcvq_add(pcb, seg->pkt);
	seg->pkt = NULL;
	if (pcb->ooo)
		unet_tcp_reass_take(pcb);
	unet_tcp_note_readable(pcb);
}

/* RFC 5681 section 4.2: an acknowledgement for each that is out of order. */
static void text_out_of_order(struct unet_tcp_pcb *pcb,
			      struct unet_tcp_seg *seg)
{
	unet_count(pcb->st, UNET_STAT_TCP_OOO_IN);
	unet_tcp_reass_add(pcb, seg->pkt, seg->seq);
	seg->pkt = NULL;
	unet_tcp_send_ack(pcb);
}

/* Data for nobody (RFC 9293 section 3.6.1): the peer should know. */
static bool nobody_reads(struct unet_tcp_pcb *pcb,
			 const struct unet_tcp_seg *seg)
{
	if (!(pcb->flags & UNET_TCPF_ORPHAN) ||
	    seq_leq(seg->seq + seg->len, pcb->rcv_nxt))
		return false;
	unet_tcp_reset(pcb, ECONNABORTED);
	return true;
}

bool unet_tcp_step_text(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	if (!seg->len)
		return true;
	if (pcb->flags & UNET_TCPF_FIN_RCVD)
		return true;	/* after a FIN there is no text */
	if (nobody_reads(pcb, seg))
		return false;
	note_rcv_mss(pcb, seg);
	if (seq_lt(seg->seq, pcb->rcv_nxt) && pcb->flags & UNET_TCPF_SACK) {
		pcb->flags |= UNET_TCPF_DSACK;
		pcb->dsack.start = seg->seq;
		pcb->dsack.end = seq_min(seg->seq + seg->len, pcb->rcv_nxt);
	}
	if (!trim_text(pcb, seg))
		pcb->flags |= UNET_TCPF_ACK_NOW;
	else if (seg->seq == pcb->rcv_nxt)
		text_in_order(pcb, seg);
	else
		text_out_of_order(pcb, seg);
	return true;
}

/* ---- eighth: check the FIN bit ---- */

static void fin_state(struct unet_tcp_pcb *pcb)
{
	switch (pcb->state) {
	case UNET_TCP_ESTABLISHED:
		pcb->state = UNET_TCP_CLOSE_WAIT;
		break;
	case UNET_TCP_FIN_WAIT_1:	/* had our FIN been acknowledged ... */
		pcb->state = UNET_TCP_CLOSING;
		break;
	case UNET_TCP_FIN_WAIT_2:
		unet_tcp_send_ack(pcb);
		unet_tcp_note_readable(pcb);
		unet_tcp_tw_enter(pcb);
		return;
	}
	unet_tcp_note_readable(pcb);
}

void unet_tcp_step_fin(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	if (seg->flags & UNET_TCP_FIN && !(pcb->flags & UNET_TCPF_FIN_SEEN)) {
		pcb->flags |= UNET_TCPF_FIN_SEEN;
		pcb->rcv_fin = seg->seq + seg->len;
	}
	if (!(pcb->flags & UNET_TCPF_FIN_SEEN))
		return;
	if (pcb->flags & UNET_TCPF_FIN_RCVD) {
		if (seg->flags & UNET_TCP_FIN)
			pcb->flags |= UNET_TCPF_ACK_NOW;
		return;
	}
	if (pcb->rcv_nxt != pcb->rcv_fin)
		return;
	pcb->rcv_nxt++;
	pcb->flags |= UNET_TCPF_FIN_RCVD | UNET_TCPF_ACK_NOW;
	unet_tcp_reass_purge(pcb);
	fin_state(pcb);
}

/* ---- header prediction ---- */

/* Plain text in order, or a plain acknowledgement, of an open connection. */
static bool predicted(const struct unet_tcp_pcb *pcb,
		      const struct unet_tcp_seg *seg)
{
	if (pcb->state != UNET_TCP_ESTABLISHED ||
	    (seg->flags & ~UNET_TCP_PSH) != UNET_TCP_ACK ||
	    seg->seq != pcb->rcv_nxt || pcb->ooo || seg->opts.sacks ||
	    pcb->flags & (UNET_TCPF_FIN_SEEN | UNET_TCPF_ORPHAN))
		return false;
	if (pcb->flags & UNET_TCPF_TS &&
	    (!(seg->opts.present & UNET_TCPOPT_TS) ||
	     seq_lt(seg->opts.tsval, pcb->ts_recent)))
		return false;
	if (seq_gt(seg->seq + seg->len, pcb->rcv_adv))
		return false;
	return seg->len && seg->ack == pcb->snd_una && !pcb->rec.first &&
	       seg->wnd << pcb->snd_wscale == pcb->snd_wnd;
}

static void fast_text(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	take_timestamp(pcb, seg);
	pcb->snd_wl1 = seg->seq;
	pcb->snd_wl2 = seg->ack;
	note_rcv_mss(pcb, seg);
	text_in_order(pcb, seg);
}

/* ---- the way through ---- */

static void heard(struct unet_tcp_pcb *pcb, const struct unet_tcp_seg *seg)
{
	pcb->last_in_us = pcb->st->now;
	pcb->segs_in += seg->segs;
	unet_tcp_keep_restart(pcb);
}

/* What every surviving pcb needs after a segment. */
static void finish(struct unet_tcp_pcb *pcb)
{
	if (pcb->state == UNET_TCP_CLOSED)
		return;
	if (pcb->flags & UNET_TCPF_ACK_NOW || pcb->rcv_fresh)
		unet_tcp_output_later(pcb);
	unet_tcp_timers_arm(pcb);
}

static void segment_arrives(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	heard(pcb, seg);
	if (predicted(pcb, seg)) {
		fast_text(pcb, seg);
		finish(pcb);
		return;
	}
	if (!step_sequence(pcb, seg))
		return;
	take_timestamp(pcb, seg);
	if (!step_rst(pcb, seg) || !unet_tcp_step_syn(pcb, seg) ||
	    !unet_tcp_step_ack(pcb, seg) || !unet_tcp_step_text(pcb, seg))
		return;
	unet_tcp_step_fin(pcb, seg);
}

static bool parse(struct unet_tcp_seg *seg, struct unet_pkt *pkt,
		  const struct unet_ip_info *info)
{
	const u8 *p = pkt->data;
	u32 hlen = (p[12] >> 4) * 4u;

	if (hlen < UNET_TCP_HEADER || hlen > pkt->total ||
	    unet_pkt_linear(pkt, hlen))
		return false;
	p = pkt->data;
	seg->pkt = pkt;
	seg->info = info;
	seg->seq = unet_load_u32(p + 4);
	seg->ack = unet_load_u32(p + 8);
	seg->flags = p[13];
	seg->wnd = unet_load_u16(p + 14);
	seg->hlen = hlen;
	seg->len = pkt->total - hlen;
	seg->segs = max(pkt->segs, (u16)1);
	seg->seg_size = pkt->seg_size;
	unet_tcp_opts_parse(&seg->opts, p + UNET_TCP_HEADER,
			    hlen - UNET_TCP_HEADER,
			    seg->flags & UNET_TCP_SYN);
	return true;
}

static void dispatch(struct unet_stack *st, struct unet_flow *f,
		     struct unet_tcp_seg *seg)
{
	struct unet_tcp_pcb *pcb = tcp_pcb_of(f);

	switch (pcb->state) {
	case UNET_TCP_LISTEN:
		unet_tcp_listen_input(pcb, seg);
		return;
	case UNET_TCP_TIME_WAIT:
		unet_tcp_tw_input(st, f, seg);
		return;
	case UNET_TCP_CLOSED:
		return;
	}
	unet_pkt_pull(seg->pkt, seg->hlen);
	if (pcb->state == UNET_TCP_SYN_SENT)
		syn_sent(pcb, seg);
	else
		segment_arrives(pcb, seg);
}

/**
 * unet_tcp_input_for() - a packet whose flow is known now
 * @st:		stack
 * @pkt:	at the TCP header; taken over
 * @info:	of the IP header
 * @f:		its flow, NULL: nobody's, then the kernel answers
 */
void unet_tcp_input_for(struct unet_stack *st, struct unet_pkt *pkt,
			const struct unet_ip_info *info, struct unet_flow *f)
{
	struct unet_tcp_seg seg;

	if (!parse(&seg, pkt, info)) {
		unet_count(st, UNET_STAT_TCP_BAD);
		unet_pkt_free(pkt);
		return;
	}
	if (f)
		dispatch(st, f, &seg);
	unet_pkt_free(seg.pkt);
}

/**
 * unet_tcp_input() - a TCP packet arrived
 * @st:		stack
 * @pkt:	at the TCP header, which is whole if it is of minimal size; taken
 *		over
 * @info:	of the IP header
 * @f:		its flow, NULL: nobody's
 */
void unet_tcp_input(struct unet_stack *st, struct unet_pkt *pkt,
		    const struct unet_ip_info *info, struct unet_flow *f)
{
	unet_count_add(st, UNET_STAT_TCP_IN, pkt->segs);
	unet_tcp_input_for(st, pkt, info, f);
}
