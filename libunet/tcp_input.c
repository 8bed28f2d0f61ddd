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

static void simultaneous_open(struct unet_tcp_pcb *pcb)
{
	pcb->state = UNET_TCP_SYN_RECEIVED;
	pcb->retries = 0;	/* of the SYN alone */
	unet_tcp_send_syn(pcb);
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_RTO, unet_tcp_rtt_rto(&pcb->rtt));
	unet_tcp_timers_arm(pcb);
}

/* Text and FIN on a SYN-ACK follow the SYN. */
static void syn_ack_came(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	unet_tcp_handshake_rtt(pcb);
	pcb->snd_una = seg->ack;
	unet_tcp_established(pcb);
	unet_tcp_heard(pcb);
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

	/* a reset may have text (SHLD-2), which is not taken */
	if (!wnd)
		return (!len || seg->flags & UNET_TCP_RST) &&
		       seg->seq == pcb->rcv_nxt;
	if (!len)
		return seq_in(seg->seq, pcb->rcv_nxt, wnd);
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
 * peers that disagree must not do so at line rate. A SYN may be forged as well
 * outside the window as in it (RFC 5961 sections 4.2 and 7).
 */
static void answer_unacceptable(struct unet_tcp_pcb *pcb,
				const struct unet_tcp_seg *seg)
{
	u64 now = pcb->st->now;

	if (seg->flags & UNET_TCP_RST)
		return;
	if (seg->flags & UNET_TCP_SYN) {
		unet_tcp_challenge(pcb);
		return;
	}
	if (!seg->len && !(seg->flags & UNET_TCP_FIN)) {
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
		/* RFC 7323 section 3.2; a SYN may be of a peer that forgot us */
		if (!(seg->opts.present & UNET_TCPOPT_TS) &&
		    !(seg->flags & UNET_TCP_SYN)) {
			unet_count(pcb->st, UNET_STAT_TCP_PAWS);
			return false;
		}
	}
	if (acceptable(pcb, seg))
		return true;
	unet_count(pcb->st, UNET_STAT_TCP_UNACCEPTABLE);
	note_old_text(pcb, seg);
	if (pcb->state == UNET_TCP_SYN_RECEIVED && seg->seq == pcb->irs &&
	    (seg->flags & (UNET_TCP_SYN | UNET_TCP_RST)) == UNET_TCP_SYN)
		return unet_tcp_step_syn(pcb, seg);	/* the SYN again */
	if (tcp_synchronized(pcb) && only_ack_counts(pcb, seg)) {
		/* should its ACK end the connection, this is said before */
		if (seq_len(seg))
			pcb->flags |= UNET_TCPF_ACK_NOW;
		if (!unet_tcp_step_ack(pcb, seg))
			return false;
	}
	answer_unacceptable(pcb, seg);
	return false;
}

/*
 * RFC 7323 section 4.3, (2) and (3): only from what passed the first step, which
 * let an older value pass after 24 days only, and the fifth: with the check of the
 * acknowledgement (RFC 5961 section 5) a blind attacker has to guess that, too,
 * before he can have PAWS refuse the peer.
 */
static void take_timestamp(struct unet_tcp_pcb *pcb,
			   const struct unet_tcp_seg *seg)
{
	if (!(pcb->flags & UNET_TCPF_TS) ||
	    !(seg->opts.present & UNET_TCPOPT_TS) ||
	    seg->flags & UNET_TCP_RST || seq_gt(seg->seq, pcb->rcv_acked))
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
		/* its text alone may reach into the window */
		if (seq_gt(seg->seq, pcb->rcv_nxt))
			unet_tcp_challenge(pcb);
		return false;
	}
	unet_count(pcb->st, UNET_STAT_TCP_RST_IN);
	if (pcb->state == UNET_TCP_SYN_RECEIVED)
		err = ECONNREFUSED;
	else if (pcb->state == UNET_TCP_CLOSE_WAIT)
		err = EPIPE;
	else if (pcb->state >= UNET_TCP_CLOSING && !tcp_snd_queued(pcb))
		err = 0;	/* all but our FIN is known to have arrived */
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

/*
 * What waited out of order lies in blocks of its own size, with no room for the
 * next: each byte would get a block for itself at the end of the turn.
 */
static bool make_packable(struct unet_pkt *pkt)
{
	return pkt->total <= PACK_BELOW && unet_pkt_tailroom(pkt) < PACK_BELOW &&
	       !unet_pkt_own(pkt, UNET_TCP_UNREAD_BLOCK);
}

/**
 * unet_tcp_rcvq_add() - bytes in order for the reader
 * @pcb:	connection
 * @pkt:	payload only; taken over
 */
void unet_tcp_rcvq_add(struct unet_tcp_pcb *pcb, struct unet_pkt *pkt)
{
	bool owned;

	pcb->bytes_in += pkt->total;
	if (pcb->flags & UNET_TCPF_RCV_SHUT) {
		unet_pkt_free(pkt);
		return;
	}
	if (pack(pcb, pkt))
		return;
	owned = make_packable(pkt);
	unet_pktq_add(&pcb->rcvq, pkt);
	if (!pcb->rcv_fresh && !owned)
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

/* May a segment be all that the path takes, and not what somebody had to say? */
static bool maybe_full(const struct unet_tcp_seg *seg, u32 size)
{
	return size >= UNET_TCP_MSS_DEFAULT ||
	       (size >= UNET_TCP_MSS_MIN && !(seg->flags & UNET_TCP_PSH));
}

/*
 * The largest segment lately; a super packet says what its segments were. Two of
 * the same smaller size in a row: that is the largest now.
 */
static void note_rcv_mss(struct unet_tcp_pcb *pcb,
			 const struct unet_tcp_seg *seg)
{
	u32 size = seg->seg_size ? seg->seg_size : seg->len;

	size = min(size, pcb->mss + 12u);
	if (size > pcb->rcv_mss ||
	    (size == pcb->rcv_last && maybe_full(seg, size)))
		pcb->rcv_mss = size;
	pcb->rcv_last = size;
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
	if (pcb->rcv_nxt != pcb->rcv_fin) {
		/* without text nobody else has acknowledged it (RFC 5681 section 4.2) */
		if (seg->flags & UNET_TCP_FIN && !seg->len)
			pcb->flags |= UNET_TCPF_ACK_NOW;
		return;
	}
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
	       seg->wnd == pcb->snd_wnd;
}

static void fast_text(struct unet_tcp_pcb *pcb, struct unet_tcp_seg *seg)
{
	unet_tcp_heard(pcb);
	take_timestamp(pcb, seg);
	pcb->snd_wl1 = seg->seq;
	pcb->snd_wl2 = seg->ack;
	note_rcv_mss(pcb, seg);
	text_in_order(pcb, seg);
}

/* ---- the way through ---- */

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
	pcb->segs_in += seg->segs;
	if (!(seg->flags & UNET_TCP_SYN))	/* RFC 7323 section 2.2 */
		seg->wnd <<= pcb->snd_wscale;
	if (predicted(pcb, seg)) {
		fast_text(pcb, seg);
		finish(pcb);
		return;
	}
	if (!step_sequence(pcb, seg))
		return;
	if (!step_rst(pcb, seg) || !unet_tcp_step_syn(pcb, seg) ||
	    !unet_tcp_step_ack(pcb, seg))
		return;
	take_timestamp(pcb, seg);
	if (unet_tcp_step_text(pcb, seg))
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
	/* there is no port 0 that could be answered */
	if (!unet_load_u16(p) || !unet_load_u16(p + 2))
		return false;
	seg->pkt = pkt;
	seg->info = info;
	seg->seq = unet_load_u32(p + 4);
	seg->ack = unet_load_u32(p + 8);
	seg->flags = p[13];
	seg->wnd = unet_load_u16(p + 14);
	seg->hlen = hlen;
	seg->len = pkt->total - hlen;
	seg->segs = max_t(u16, pkt->segs, 1);
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
