// SPDX-License-Identifier: MIT
/*
 * Time. A connection has three deadlines (retransmission class, delayed
 * acknowledgement, keepalive class) and one timer, which fires at or before the
 * first of them: a deadline that moves away, as each acknowledgement moves the
 * retransmission timeout, costs a store and not a move in the wheel.
 */
#include "tcp_internal.h"
#include "tcp_recovery.h"

static u64 first_deadline(const struct unet_tcp_pcb *pcb)
{
	return min(min(pcb->rtx_at, pcb->ack_at), pcb->keep_at);
}

/**
 * unet_tcp_timers_arm() - make sure that the timer fires in time
 * @pcb:	connection whose deadlines may have changed
 */
void unet_tcp_timers_arm(struct unet_tcp_pcb *pcb)
{
	u64 at = first_deadline(pcb);

	if (at == UNET_NEVER)
		unet_timer_cancel(pcb->st, &pcb->timer);
	else if (!unet_timer_pending(&pcb->timer) || pcb->timer.when > at)
		unet_timer_set(pcb->st, &pcb->timer, at);
}

/**
 * unet_tcp_timers_stop() - no deadline any more
 * @pcb:	connection
 */
void unet_tcp_timers_stop(struct unet_tcp_pcb *pcb)
{
	pcb->rtx_kind = UNET_TCP_RTX_NONE;
	pcb->rtx_at = UNET_NEVER;
	pcb->ack_at = UNET_NEVER;
	pcb->keep_at = UNET_NEVER;
	unet_timer_cancel(pcb->st, &pcb->timer);
}

/* ---- TCP_USER_TIMEOUT (RFC 5482 section 3) ---- */

static u64 user_timeout_us(const struct unet_tcp_pcb *pcb)
{
	return pcb->user_timeout_ms * 1000ull;
}

/*
 * Does it bound the present wait? What was sent has been sent again, or the peer
 * shut its window on it; or what waits was asked about, and it still is shut. Of a
 * handshake all counts that was sent again: also a SYN before the peer's came.
 */
static bool user_timeout_on(const struct unet_tcp_pcb *pcb)
{
	bool shut = !pcb->snd_wnd;

	if (!pcb->user_timeout_ms)
		return false;
	if (!tcp_synchronized(pcb))
		return pcb->retries || pcb->retrans;
	return pcb->rec.first ? pcb->retries || shut : pcb->retries && shut;
}

static bool user_timeout_over(const struct unet_tcp_pcb *pcb)
{
	return user_timeout_on(pcb) &&
	       pcb->st->now - pcb->stall_us >= user_timeout_us(pcb);
}

/* @in_us, or what is left; when nothing was left before the first try, all of it. */
static u64 within_user_timeout(const struct unet_tcp_pcb *pcb, u64 since,
			       u64 in_us)
{
	u64 most = user_timeout_us(pcb), waited = pcb->st->now - since;

	return min(in_us, waited < most ? most - waited : most);
}

/**
 * unet_tcp_rtx_set() - set the retransmission-class deadline
 * @pcb:	connection
 * @kind:	what for; UNET_TCP_RTX_NONE: off
 * @in_us:	from now; less when the user timeout is over before
 */
void unet_tcp_rtx_set(struct unet_tcp_pcb *pcb, enum unet_tcp_rtx_kind kind,
		      u64 in_us)
{
	if ((kind == UNET_TCP_RTX_RTO || kind == UNET_TCP_RTX_PERSIST) &&
	    user_timeout_on(pcb))
		in_us = within_user_timeout(pcb, pcb->stall_us, in_us);
	pcb->rtx_kind = kind;
	pcb->rtx_at = kind == UNET_TCP_RTX_NONE ? UNET_NEVER :
						  pcb->st->now + in_us;
}

/* ---- what is awaited ---- */

/* Doubled each time, RFC 9293 section 3.8.6.1. */
static u64 persist_delay(const struct unet_tcp_pcb *pcb)
{
	u64 us = max(unet_tcp_rtt_rto(&pcb->rtt), UNET_TCP_RTO_MIN_US);

	return min_t(u64, us << min_t(u8, pcb->retries, 16),
		     UNET_TCP_PROBE_MAX_US);
}

/* A window, Nagle's rule or a cork holds data back and nothing is in flight. */
static void persist(struct unet_tcp_pcb *pcb)
{
	if (pcb->rtx_kind == UNET_TCP_RTX_PERSIST)
		return;
	pcb->stall_us = pcb->st->now;
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_PERSIST, persist_delay(pcb));
}

/**
 * unet_tcp_rtx_restart() - after sending or progress: what is awaited now?
 * @pcb:	synchronized connection
 *
 * Timeout, or probe of the tail before it, while something is outstanding;
 * persist while something is held back; else nothing.
 */
void unet_tcp_rtx_restart(struct unet_tcp_pcb *pcb)
{
	u64 rto = unet_tcp_rtt_rto(&pcb->rtt), pto;

	pcb->rto_at = pcb->st->now + rto;
	if (pcb->rec.first) {
		pto = unet_tcp_tlp_delay(pcb);
		if (pto)
			unet_tcp_rtx_set(pcb, UNET_TCP_RTX_TLP, pto);
		else
			unet_tcp_rtx_set(pcb, UNET_TCP_RTX_RTO, rto);
	} else if (tcp_unsent(pcb)) {
		persist(pcb);
	} else {
		unet_tcp_rtx_set(pcb, UNET_TCP_RTX_NONE, 0);
	}
}

/**
 * unet_tcp_rtx_sent() - new data went out
 * @pcb:	synchronized connection
 *
 * A running timeout goes on (RFC 6298 (5.1)); a probe is put off, but not
 * beyond the timeout it comes before (RFC 8985 section 7.2).
 */
void unet_tcp_rtx_sent(struct unet_tcp_pcb *pcb)
{
	u64 rto_at = pcb->rto_at;

	if (pcb->rtx_kind == UNET_TCP_RTX_RTO ||
	    pcb->rtx_kind == UNET_TCP_RTX_REO)
		return;
	if (pcb->rtx_kind == UNET_TCP_RTX_PERSIST)
		pcb->retries = 0;	/* those were probes */
	if (pcb->rtx_kind != UNET_TCP_RTX_TLP) {
		unet_tcp_rtx_restart(pcb);
		return;
	}
	unet_tcp_rtx_restart(pcb);
	pcb->rto_at = rto_at;
	pcb->rtx_at = min(pcb->rtx_at, max(rto_at, pcb->st->now));
}

/**
 * unet_tcp_heard() - the peer is alive
 * @pcb:	connection; a segment of it was found acceptable, its acknowledgement,
 *		too
 */
void unet_tcp_heard(struct unet_tcp_pcb *pcb)
{
	pcb->last_in_us = pcb->st->now;
	unet_tcp_keep_restart(pcb);
}

/**
 * unet_tcp_keep_restart() - the peer was heard, or an option changed
 * @pcb:	connection
 */
void unet_tcp_keep_restart(struct unet_tcp_pcb *pcb)
{
	pcb->keep_probes = 0;
	if (pcb->state == UNET_TCP_FIN_WAIT_2 &&
	    pcb->flags & UNET_TCPF_ORPHAN)
		return;		/* its own deadline, heard or not */
	pcb->keep_at = UNET_NEVER;
	if (pcb->flags & UNET_TCPF_KEEPALIVE)
		pcb->keep_at = pcb->st->now + pcb->keep_idle_s * 1000000ull;
}

/**
 * unet_tcp_ack_delay() - an acknowledgement may wait a little
 * @pcb:	connection
 */
void unet_tcp_ack_delay(struct unet_tcp_pcb *pcb)
{
	if (pcb->flags & UNET_TCPF_ACK_LATER)
		return;
	pcb->flags |= UNET_TCPF_ACK_LATER;
	pcb->ack_at = pcb->st->now + UNET_TCP_DELACK_US;
}

/* ---- giving up ---- */

static u32 retries_max(const struct unet_tcp_pcb *pcb)
{
	if (pcb->state == UNET_TCP_SYN_SENT)
		return UNET_TCP_SYN_RETRIES;
	if (pcb->state == UNET_TCP_SYN_RECEIVED)
		return UNET_TCP_SYNACK_RETRIES;
	if (pcb->flags & UNET_TCPF_ORPHAN)
		return UNET_TCP_ORPHAN_RETRIES;
	return UNET_TCP_RETRIES;
}

static void give_up(struct unet_tcp_pcb *pcb)
{
	unet_count(pcb->st, UNET_STAT_TCP_TIMEOUT);
	if (tcp_synchronized(pcb))
		unet_tcp_send_rst(pcb);
	unet_tcp_done(pcb, pcb->soft_err ? pcb->soft_err : ETIMEDOUT, 0);
}

/*
 * A peer that answers probes may keep its window shut for as long as it likes
 * (RFC 9293 section 3.8.6.1), but not when nobody waits for it here, and not for
 * longer than the user timeout.
 */
static bool persist_over(const struct unet_tcp_pcb *pcb)
{
	u32 most = retries_max(pcb);

	if (pcb->flags & UNET_TCPF_ORPHAN && pcb->retries >= most)
		return true;
	if (pcb->user_timeout_ms)
		return user_timeout_over(pcb);
	return pcb->keep_probes >= most;
}

/* RFC 9293 section 3.8.3; the user timeout takes the place of the count. */
static bool rtx_over(const struct unet_tcp_pcb *pcb)
{
	/* the peer shut its window on what was under way */
	if (tcp_synchronized(pcb) && !pcb->snd_wnd)
		return persist_over(pcb);
	if (pcb->user_timeout_ms)
		return user_timeout_over(pcb);
	return pcb->retries >= retries_max(pcb);
}

/* ---- expiries: each returns false when the pcb may be gone ---- */

static bool syn_expired(struct unet_tcp_pcb *pcb)
{
	unet_tcp_rtt_back_off(&pcb->rtt);
	pcb->retrans++;
	unet_count(pcb->st, UNET_STAT_TCP_RETRANS);
	unet_tcp_send_syn(pcb);
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_RTO, unet_tcp_rtt_rto(&pcb->rtt));
	return true;
}

static bool rto_expired(struct unet_tcp_pcb *pcb)
{
	if (rtx_over(pcb)) {
		give_up(pcb);
		return false;
	}
	if (!tcp_synchronized(pcb)) {
		pcb->retries++;
		return syn_expired(pcb);
	}
	pcb->keep_probes += !pcb->snd_wnd;
	pcb->retries += pcb->snd_wnd || pcb->flags & UNET_TCPF_ORPHAN;
	unet_tcp_recovery_timeout(pcb);
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_RTO, unet_tcp_rtt_rto(&pcb->rtt));
	unet_tcp_output(pcb);
	return true;
}

static bool tlp_expired(struct unet_tcp_pcb *pcb)
{
	u64 rto = unet_tcp_rtt_rto(&pcb->rtt);

	if (pcb->rec.first)
		unet_tcp_tlp_send(pcb);
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_RTO, rto);
	return true;
}

static bool reo_expired(struct unet_tcp_pcb *pcb)
{
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_NONE, 0);
	unet_tcp_recovery_reo(pcb);
	unet_tcp_output(pcb);
	return true;
}

/* Send what fits whatever the rules say, or ask with an empty segment. */
static bool persist_expired(struct unet_tcp_pcb *pcb)
{
	u32 nxt = pcb->snd_nxt;

	pcb->rtx_at = UNET_NEVER;
	pcb->flags |= UNET_TCPF_FORCE;
	unet_tcp_output(pcb);
	pcb->flags &= ~UNET_TCPF_FORCE;
	if (pcb->snd_nxt != nxt || pcb->rec.first) {
		pcb->retries = 0;
		return true;
	}
	if (persist_over(pcb)) {
		give_up(pcb);
		return false;
	}
	if (pcb->retries < UINT8_MAX)
		pcb->retries++;
	pcb->keep_probes++;
	unet_count(pcb->st, UNET_STAT_TCP_ZWP);
	unet_tcp_send_probe(pcb);
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_PERSIST, persist_delay(pcb));
	return true;
}

static bool rtx_expired(struct unet_tcp_pcb *pcb)
{
	switch (pcb->rtx_kind) {
	case UNET_TCP_RTX_RTO:
		return rto_expired(pcb);
	case UNET_TCP_RTX_TLP:
		return tlp_expired(pcb);
	case UNET_TCP_RTX_REO:
		return reo_expired(pcb);
	case UNET_TCP_RTX_PERSIST:
		return persist_expired(pcb);
	default:
		pcb->rtx_at = UNET_NEVER;
		return true;
	}
}

static bool keep_over(const struct unet_tcp_pcb *pcb)
{
	if (pcb->user_timeout_ms && pcb->keep_probes)
		return pcb->st->now - pcb->last_in_us >= user_timeout_us(pcb);
	return pcb->keep_probes >= pcb->keep_cnt;
}

static u64 keep_delay(const struct unet_tcp_pcb *pcb)
{
	u64 us = pcb->keep_intvl_s * 1000000ull;

	if (pcb->user_timeout_ms)
		us = within_user_timeout(pcb, pcb->last_in_us, us);
	return us;
}

/* RFC 9293 section 3.8.4; in FIN-WAIT-2 without an owner, the end. */
static bool keep_expired(struct unet_tcp_pcb *pcb)
{
	pcb->keep_at = UNET_NEVER;
	if (pcb->state == UNET_TCP_FIN_WAIT_2 &&
	    pcb->flags & UNET_TCPF_ORPHAN) {
		unet_count(pcb->st, UNET_STAT_TCP_TIMEOUT);
		unet_tcp_done(pcb, 0, UNET_DEL_LINGER);
		return false;
	}
	if (!(pcb->flags & UNET_TCPF_KEEPALIVE) || !tcp_synchronized(pcb))
		return true;
	if (pcb->rec.first || tcp_unsent(pcb)) {
		pcb->keep_at = pcb->st->now + pcb->keep_idle_s * 1000000ull;
		return true;	/* data is its own probe */
	}
	if (keep_over(pcb)) {
		unet_count(pcb->st, UNET_STAT_TCP_TIMEOUT);
		unet_tcp_reset(pcb, ETIMEDOUT);
		return false;
	}
	pcb->keep_probes++;
	unet_count(pcb->st, UNET_STAT_TCP_KEEPALIVE);
	unet_tcp_send_probe(pcb);
	pcb->keep_at = pcb->st->now + keep_delay(pcb);
	return true;
}

/**
 * unet_tcp_timer() - the timer of a connection fired
 * @st:		stack
 * @t:		lies in the pcb
 */
void unet_tcp_timer(struct unet_stack *st, struct unet_timer *t)
{
	struct unet_tcp_pcb *pcb = container_of(t, struct unet_tcp_pcb, timer);

	if (pcb->ack_at <= st->now) {
		pcb->ack_at = UNET_NEVER;
		pcb->flags &= ~UNET_TCPF_ACK_LATER;
		unet_tcp_send_ack(pcb);
	}
	if (pcb->rtx_at <= st->now && !rtx_expired(pcb))
		return;
	if (pcb->keep_at <= st->now && !keep_expired(pcb))
		return;
	unet_tcp_timers_arm(pcb);
}
