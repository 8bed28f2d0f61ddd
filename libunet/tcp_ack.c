// SPDX-License-Identifier: MIT
/*
 * The fifth step of RFC 9293 section 3.10.7.4, check the ACK field: the end of
 * handshakes, the peer's window, what was delivered, round trips, and the
 * states that an acknowledged FIN leads to.
 */
#include "tcp_input.h"

#include "tcp_internal.h"
#include "tcp_recovery.h"

/**
 * unet_tcp_handshake_rtt() - the handshake was a round trip, if timed and sent once
 * @pcb:	SYN_SENT or SYN_RECEIVED, acknowledged now
 */
void unet_tcp_handshake_rtt(struct unet_tcp_pcb *pcb)
{
	if (!pcb->retries && !pcb->retrans && !(pcb->flags & UNET_TCPF_COOKIE))
		unet_tcp_rtt_sample(&pcb->rtt, pcb->st->now,
				    pcb->st->now - pcb->stall_us);
}

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
	unet_tcp_handshake_rtt(pcb);
	pcb->snd_una = pcb->iss + 1;
	pcb->snd_wnd = seg->wnd;
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
	bool changed = seg->wnd != pcb->snd_wnd;

	if (seq_lt(seg->ack, pcb->snd_una) || seq_gt(pcb->snd_wl1, seg->seq) ||
	    (pcb->snd_wl1 == seg->seq && seq_gt(pcb->snd_wl2, seg->ack)))
		return false;
	pcb->snd_wnd = seg->wnd;
	pcb->snd_max_wnd = max(pcb->snd_max_wnd, seg->wnd);
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
	pcb->stall_us = pcb->st->now;
	pcb->retries = 0;
}

static bool is_dupack(const struct unet_tcp_pcb *pcb,
		      const struct unet_tcp_seg *seg, bool window_changed)
{
	return seg->ack == pcb->snd_una && !seg->len && !window_changed &&
	       !(seg->flags & UNET_TCP_FIN) && pcb->rec.first;
}

/*
 * What is outstanding was sent before a shut window, as a FIN may be, or was under
 * way when it shut: the peer had no room for it. It leaves at once, and the patience
 * that timeouts have used up begins anew. What was sent less than a round trip ago
 * may have come after the window opened.
 */
static void window_opened(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_xmit *x = pcb->rec.first;

	if (x->flags & (UNET_TCPX_LOST | UNET_TCPX_SACKED) ||
	    pcb->st->now - x->sent_us < unet_tcp_rtt_min(&pcb->rtt))
		return;
	unet_tcp_rec_lose(pcb, x);
	pcb->rtt.backoff = 0;
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_NONE, 0);
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
	bool shut = !pcb->snd_wnd;

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
	if (shut && pcb->snd_wnd && pcb->rec.first && !fresh)
		window_opened(pcb);
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
		if (pcb->flags & UNET_TCPF_ACK_NOW)	/* the peer's FIN just came */
			unet_tcp_send_ack(pcb);
		unet_tcp_tw_enter(pcb);
		return false;
	case UNET_TCP_LAST_ACK:
		unet_tcp_done(pcb, 0, 0);
		return false;
	default:
		return true;
	}
}

/**
 * unet_tcp_step_ack() - fifth: check the ACK field
 * @pcb:	SYN_RECEIVED or synchronized
 * @seg:	passed the steps before
 *
 * Return: true: go on; false: the segment is dealt with, the pcb may be gone.
 */
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
	/* an older one may come from anybody, and have been under way for long */
	if (seq_geq(seg->ack, pcb->snd_una))
		unet_tcp_heard(pcb);
	process_ack(pcb, seg);
	if (!ack_of_fin(pcb))
		return false;
	unet_tcp_output_later(pcb);
	return true;
}
