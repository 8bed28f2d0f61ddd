// SPDX-License-Identifier: MIT
/*
 * TCP: theory, and the life of a connection block.
 *
 * Input is a pure step: a segment and the time go in, the pcb changes, segments
 * come out (tcp_input.c, one function for each step of RFC 9293 section
 * 3.10.7). What is to be sent is decided once a turn (tcp_output.c). Time enters
 * by one timer a pcb (tcp_timers.c). Nothing here calls the OS or knows a clock.
 *
 * Who holds a pcb:
 *
 *   its owner        from unet_tcp_open() or unet_tcp_accept() until
 *                    unet_tcp_close() or unet_tcp_abort()
 *   its listener     from the SYN to unet_tcp_accept()
 *   nobody (ORPHAN)  after close, until TCP is done with it
 *
 * unet_tcp_done() is where every connection ends, whatever ended it. It leaves a
 * CLOSED pcb without flow, buffers and timers; one that nobody holds is freed.
 * TIME-WAIT does not need the pcb: a small object takes its flow over
 * (tcp_tw.c).
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "tcp_internal.h"
#include "tcp_recovery.h"

#define KEEP_IDLE_S	7200
#define KEEP_INTVL_S	75
#define KEEP_CNT	9
#define QUICK_SEGMENTS	16	/* acknowledged one by one while the peer's window is small */

/* ---- making and ending ---- */

static void pcb_defaults(struct unet_tcp_pcb *pcb)
{
	pcb->rcvbuf = UNET_TCP_BUF_DEFAULT;
	pcb->sndbuf = UNET_TCP_BUF_DEFAULT;
	pcb->keep_idle_s = KEEP_IDLE_S;
	pcb->keep_intvl_s = KEEP_INTVL_S;
	pcb->keep_cnt = KEEP_CNT;
	pcb->rtx_at = UNET_NEVER;
	pcb->ack_at = UNET_NEVER;
	pcb->keep_at = UNET_NEVER;
	pcb->cc.ops = unet_tcp_cc_find(NULL);
}

/*
 * Bytes that stay unread beyond the turn give ring memory back. Small packets
 * get room for those that follow, or a peer that sends single bytes would have a
 * hundred times as much memory kept busy as the window says.
 */
static void own_unread(struct unet_tcp_pcb *pcb)
{
	struct unet_pkt *pkt = pcb->rcv_fresh;

	for (; pkt; pkt = pkt->next) {
		if (unet_pkt_own(pkt, UNET_TCP_UNREAD_BLOCK))
			break;
		unet_count(pcb->st, UNET_STAT_RX_COPIED);
	}
	pcb->rcv_fresh = pkt;
}

/* Calling a writer back without memory would have him turn in circles. */
static void writer_waits(struct unet_tcp_pcb *pcb)
{
	if (pcb->flags & UNET_TCPF_NO_MEMORY) {
		if (!unet_tcp_sndbuf_memory(pcb)) {
			unet_stack_wait_tx(pcb->st, &pcb->work);
			return;
		}
		pcb->flags &= ~UNET_TCPF_NO_MEMORY;
	}
	unet_tcp_note_writable(pcb);
}

static void work(struct unet_stack *st, struct unet_work *w)
{
	struct unet_tcp_pcb *pcb = container_of(w, struct unet_tcp_pcb, work);

	(void)st;
	own_unread(pcb);
	if (pcb->state == UNET_TCP_CLOSED)
		return;
	unet_tcp_output(pcb);
	if (pcb->flags & UNET_TCPF_WANT_WRITE)
		writer_waits(pcb);
}

/**
 * unet_tcp_pcb_new() - a CLOSED pcb that belongs to nobody yet
 * @st:		stack
 * @family:	4 or 6
 *
 * Return: the pcb, or NULL: no memory.
 */
struct unet_tcp_pcb *unet_tcp_pcb_new(struct unet_stack *st, u8 family)
{
	struct unet_tcp_pcb *pcb = calloc(1, sizeof(*pcb));
	struct unet_tcp *tcp = tcp_of(st);

	if (!pcb) {
		unet_count(st, UNET_STAT_NO_MEMORY);
		return NULL;
	}
	pcb->st = st;
	unet_flow_init(&pcb->flow, &unet_tcp_proto, family);
	unet_timer_init(&pcb->timer, unet_tcp_timer);
	unet_work_init(&pcb->work, work);
	unet_pktq_init(&pcb->rcvq);
	unet_pktq_init(&pcb->sndq);
	pcb_defaults(pcb);
	pcb->next = tcp->pcbs;
	if (pcb->next)
		pcb->next->pprev = &pcb->next;
	pcb->pprev = &tcp->pcbs;
	tcp->pcbs = pcb;
	tcp->n_pcbs++;
	return pcb;
}

/**
 * unet_tcp_pcb_free() - the end
 * @pcb:	CLOSED, without a flow
 */
void unet_tcp_pcb_free(struct unet_tcp_pcb *pcb)
{
	*pcb->pprev = pcb->next;
	if (pcb->next)
		pcb->next->pprev = pcb->pprev;
	tcp_of(pcb->st)->n_pcbs--;
	unet_work_cancel(&pcb->work);
	unet_pktq_purge(&pcb->rcvq);
	free(pcb);
}

static void release(struct unet_tcp_pcb *pcb, u32 del_flags)
{
	unet_tcp_timers_stop(pcb);
	unet_work_cancel(&pcb->work);
	unet_tcp_rec_purge(pcb);
	unet_tcp_sndbuf_purge(pcb);
	unet_tcp_reass_purge(pcb);
	unet_flow_remove(pcb->st, &pcb->flow, del_flags);
}

/**
 * unet_tcp_done() - a connection is over
 * @pcb:	not a listener; freed when nobody holds it
 * @err:	positive errno, 0: in good order
 * @del_flags:	UNET_DEL_* for the flow
 *
 * What was received stays readable.
 */
void unet_tcp_done(struct unet_tcp_pcb *pcb, int err, u32 del_flags)
{
	bool told = pcb->state == UNET_TCP_CLOSED;

	release(pcb, del_flags);
	pcb->state = UNET_TCP_CLOSED;
	if (err && !pcb->err)
		pcb->err = err;
	if (pcb->flags & UNET_TCPF_MINE) {
		unet_tcp_listen_forget(pcb);
		pcb->flags |= UNET_TCPF_ORPHAN;
	}
	if (pcb->flags & UNET_TCPF_ORPHAN) {
		unet_tcp_pcb_free(pcb);
		return;
	}
	if (pcb->rcv_fresh)	/* the work that was taken off */
		unet_stack_defer(pcb->st, &pcb->work);
	if (!told && pcb->ev && pcb->ev->closed)
		pcb->ev->closed(pcb->ctx, err);
}

/**
 * unet_tcp_reset() - reset the peer and be done
 * @pcb:	connection; may be gone afterwards
 * @err:	positive errno for the owner
 */
void unet_tcp_reset(struct unet_tcp_pcb *pcb, int err)
{
	if (tcp_synchronized(pcb) || pcb->state == UNET_TCP_SYN_RECEIVED)
		unet_tcp_send_rst(pcb);
	unet_tcp_done(pcb, err, 0);
}

/* ---- events ---- */

/**
 * unet_tcp_note_readable() - bytes or the end of the stream came
 * @pcb:	connection
 */
void unet_tcp_note_readable(struct unet_tcp_pcb *pcb)
{
	if (pcb->ev && pcb->ev->readable)
		pcb->ev->readable(pcb->ctx);
}

static bool has_room(const struct unet_tcp_pcb *pcb)
{
	return pcb->sndbuf - min(pcb->sndbuf, tcp_snd_queued(pcb)) >=
	       pcb->sndbuf / 4;
}

/**
 * unet_tcp_note_writable() - tell a writer who was turned away of room
 * @pcb:	connection
 */
void unet_tcp_note_writable(struct unet_tcp_pcb *pcb)
{
	if (!(pcb->flags & UNET_TCPF_WANT_WRITE) ||
	    pcb->flags & UNET_TCPF_NO_MEMORY || !has_room(pcb))
		return;
	pcb->flags &= ~UNET_TCPF_WANT_WRITE;
	if (pcb->ev && pcb->ev->writable)
		pcb->ev->writable(pcb->ctx);
}

/* ---- segment sizes ---- */

static u16 mss_of(const struct unet_flow *f, u32 mtu)
{
	u32 header = unet_ip_header_len(f->key.family) + UNET_TCP_HEADER;

	mtu = min(mtu, UNET_TX_MAX_BYTES);
	return max(mtu > header ? mtu - header : 0, UNET_TCP_MSS_MIN);
}

/**
 * unet_tcp_mss_limit() - the MSS that fits the path, to be told to the peer
 * @f:		flow
 *
 * Return: bytes of TCP options and payload (RFC 6691).
 */
u16 unet_tcp_mss_limit(const struct unet_flow *f)
{
	return mss_of(f, unet_flow_path_mtu(f));
}

/**
 * unet_tcp_set_mss() - reckon the segment size from path, peer and options
 * @pcb:	connection
 */
void unet_tcp_set_mss(struct unet_tcp_pcb *pcb)
{
	u32 mss = min(mss_of(&pcb->flow, unet_flow_mtu(&pcb->flow)),
		      pcb->mss_peer);

	if (pcb->mss_user)
		mss = min(mss, (u32)pcb->mss_user);
	mss = max(mss, UNET_TCP_MSS_MIN);
	if (pcb->flags & UNET_TCPF_TS)
		mss -= UNET_TCPOPT_TS_BYTES;
	pcb->path_mtu = unet_flow_mtu(&pcb->flow);
	pcb->mss = mss;
	if (pcb->cc.mss)
		unet_tcp_cc_set_mss(&pcb->cc, mss);
}

/* ---- opening ---- */

/**
 * unet_tcp_peer_syn() - take over what the peer's SYN says
 * @pcb:	connection
 * @seg:	has SYN
 */
void unet_tcp_peer_syn(struct unet_tcp_pcb *pcb, const struct unet_tcp_seg *seg)
{
	const struct unet_tcp_opts *o = &seg->opts;

	pcb->irs = seg->seq;
	pcb->rcv_nxt = seg->seq + 1;
	pcb->rcv_adv = pcb->rcv_nxt + min(pcb->rcvbuf, UNET_TCP_WND_MAX);
	pcb->mss_peer = pcb->flow.key.family == 4 ? UNET_TCP_MSS_DEFAULT :
						    UNET_TCP_MSS_DEFAULT6;
	if (o->present & UNET_TCPOPT_MSS)
		pcb->mss_peer = max_t(u16, o->mss, UNET_TCP_MSS_MIN);
	if (o->present & UNET_TCPOPT_SACK_OK)
		pcb->flags |= UNET_TCPF_SACK;
	if (o->present & UNET_TCPOPT_WSCALE) {
		pcb->flags |= UNET_TCPF_WSCALE;
		pcb->snd_wscale = o->wscale;
		pcb->rcv_wscale = UNET_TCP_RCV_WSCALE;
	}
	if (o->present & UNET_TCPOPT_TS) {
		pcb->flags |= UNET_TCPF_TS;
		pcb->ts_recent = o->tsval;
		pcb->ts_recent_ms = pcb->st->now / 1000;
	}
	unet_tcp_set_mss(pcb);
	pcb->rcv_mss = min_t(u16, pcb->mss, UNET_TCP_MSS_DEFAULT);
}

/*
 * A SYN or SYN-ACK was lost, or is on a path of more than the initial timeout: no
 * more than one segment to begin with (RFC 5681 section 3.1).
 */
static void lossy_start(struct unet_tcp_pcb *pcb)
{
	unet_tcp_rtt_lossy_start(&pcb->rtt);
	pcb->cc.cwnd = pcb->mss;
}

/**
 * unet_tcp_established() - the handshake is complete
 * @pcb:	SYN_SENT or SYN_RECEIVED; windows and numbers are set
 */
void unet_tcp_established(struct unet_tcp_pcb *pcb)
{
	bool lossy = pcb->retries || pcb->retrans;

	pcb->state = UNET_TCP_ESTABLISHED;
	pcb->flags |= UNET_TCPF_COUNTED;
	pcb->retries = 0;
	pcb->rtt.backoff = 0;
	pcb->quick = QUICK_SEGMENTS;
	pcb->rec.recover = pcb->iss;
	pcb->rec.fack = pcb->snd_una;
	pcb->rec.usage_seq = pcb->snd_una;
	pcb->rec.dsack_round = pcb->snd_una;
	unet_tcp_cc_init(&pcb->cc, pcb->cc.ops, pcb->mss);
	if (unlikely(lossy))
		lossy_start(pcb);
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_NONE, 0);
	unet_tcp_keep_restart(pcb);
	unet_count(pcb->st, UNET_STAT_TCP_ESTABLISHED);
	if (pcb->flags & UNET_TCPF_FIN_QUEUED)
		pcb->state = UNET_TCP_FIN_WAIT_1;
	unet_tcp_output_later(pcb);
	unet_tcp_timers_arm(pcb);
	if (pcb->ev && pcb->ev->established)
		pcb->ev->established(pcb->ctx);
}

static void connect_start(struct unet_tcp_pcb *pcb)
{
	pcb->iss = unet_tcp_isn(pcb->st, &pcb->flow.key);
	pcb->ts_offset = unet_tcp_ts_offset(pcb->st, &pcb->flow.key);
	pcb->snd_una = pcb->iss;
	pcb->snd_nxt = pcb->iss + 1;
	pcb->snd_end = pcb->iss + 1;
	pcb->snd_sml = pcb->iss;
	pcb->state = UNET_TCP_SYN_SENT;
	pcb->flags |= UNET_TCPF_ACTIVE;
	pcb->stall_us = pcb->st->now;
	unet_tcp_rtt_init(&pcb->rtt, tcp_of(pcb->st)->rto_min_us);
	unet_tcp_send_syn(pcb);
	unet_tcp_rtx_set(pcb, UNET_TCP_RTX_RTO, unet_tcp_rtt_rto(&pcb->rtt));
	unet_tcp_timers_arm(pcb);
	unet_count(pcb->st, UNET_STAT_TCP_ACTIVE);
}

int unet_tcp_connect(struct unet_tcp_pcb *pcb, const struct unet_flow_key *key,
		     u32 flags)
{
	u32 how = flags & UNET_TCP_REUSEADDR ? UNET_INSTALL_REUSEADDR : 0;
	int err;

	if (pcb->state != UNET_TCP_CLOSED || pcb->flags & UNET_TCPF_COUNTED)
		return -EISCONN;
	if (!key->remote_port)
		return -EINVAL;
	pcb->flow.key = *key;
	pcb->flow.key.proto = unet_tcp_proto.proto;
	err = unet_flow_install(pcb->st, &pcb->flow, how);
	if (err)
		return err;
	pcb->err = 0;
	connect_start(pcb);
	return 0;
}

struct unet_tcp_pcb *unet_tcp_open(struct unet_stack *st, u8 family,
				   const struct unet_tcp_events *ev, void *ctx)
{
	struct unet_tcp_pcb *pcb = unet_tcp_pcb_new(st, family);

	if (pcb)
		unet_tcp_set_events(pcb, ev, ctx);
	return pcb;
}

void unet_tcp_set_events(struct unet_tcp_pcb *pcb,
			 const struct unet_tcp_events *ev, void *ctx)
{
	pcb->ev = ev;
	pcb->ctx = ctx;
}

/* ---- closing ---- */

/* Our FIN follows what is queued. */
static void queue_fin(struct unet_tcp_pcb *pcb)
{
	if (pcb->flags & UNET_TCPF_FIN_QUEUED)
		return;
	pcb->flags |= UNET_TCPF_FIN_QUEUED;
	pcb->flags &= ~(UNET_TCPF_CORK | UNET_TCPF_MORE);
	if (pcb->state == UNET_TCP_ESTABLISHED)
		pcb->state = UNET_TCP_FIN_WAIT_1;
	else if (pcb->state == UNET_TCP_CLOSE_WAIT)
		pcb->state = UNET_TCP_LAST_ACK;
	if (tcp_synchronized(pcb))
		unet_tcp_output_later(pcb);
}

static void stop_reading(struct unet_tcp_pcb *pcb)
{
	pcb->flags |= UNET_TCPF_RCV_SHUT;
	unet_pktq_purge(&pcb->rcvq);
	pcb->rcv_fresh = NULL;
	if (tcp_synchronized(pcb) && unet_tcp_window_opened(pcb))
		unet_tcp_send_ack(pcb);
}

int unet_tcp_shutdown(struct unet_tcp_pcb *pcb, int how)
{
	if (pcb->state < UNET_TCP_SYN_RECEIVED)
		return -ENOTCONN;
	if (how != SHUT_WR)
		stop_reading(pcb);
	if (how != SHUT_RD)
		queue_fin(pcb);
	return 0;
}

static bool must_reset(const struct unet_tcp_pcb *pcb)
{
	return pcb->flags & UNET_TCPF_LINGER0 ||
	       !unet_pktq_empty(&pcb->rcvq) || pcb->ooo;
}

static void limit_fin_wait_2(struct unet_tcp_pcb *pcb)
{
	pcb->keep_at = pcb->st->now + UNET_TCP_FIN_WAIT_2_US;
	unet_tcp_timers_arm(pcb);
}

void unet_tcp_close(struct unet_tcp_pcb *pcb)
{
	pcb->ev = NULL;
	pcb->flags |= UNET_TCPF_ORPHAN;
	if (pcb->state == UNET_TCP_LISTEN)
		unet_tcp_listen_close(pcb);
	else if (pcb->state <= UNET_TCP_SYN_SENT)
		unet_tcp_done(pcb, 0, 0);
	else if (must_reset(pcb))
		unet_tcp_reset(pcb, ECONNABORTED);
	else if (pcb->state == UNET_TCP_FIN_WAIT_2)
		limit_fin_wait_2(pcb);
	else
		queue_fin(pcb);
}

void unet_tcp_abort(struct unet_tcp_pcb *pcb)
{
	pcb->ev = NULL;
	pcb->flags |= UNET_TCPF_ORPHAN;
	if (pcb->state == UNET_TCP_LISTEN)
		unet_tcp_listen_close(pcb);
	else
		unet_tcp_reset(pcb, ECONNABORTED);
}

/* ---- the stack's side ---- */

static void flow_gone(struct unet_stack *st, struct unet_flow *f)
{
	struct unet_tcp_pcb *pcb = tcp_pcb_of(f);

	if (pcb->state == UNET_TCP_TIME_WAIT)
		unet_tcp_tw_gone(st, f);
	else if (pcb->state == UNET_TCP_LISTEN)
		unet_tcp_listen_gone(pcb, ENETDOWN);
	else
		unet_tcp_done(pcb, ENETDOWN, 0);
}

static int tcp_init(struct unet_stack *st)
{
	struct unet_tcp *tcp = calloc(1, sizeof(*tcp));

	if (!tcp)
		return -ENOMEM;
	st->tcp = tcp;
	tcp->prio = unet_stack_random(st) | 1;
	tcp->rto_min_us = UNET_TCP_RTO_MIN_US;
	unet_tcp_tw_init(st);
	return 0;
}

/* Whoever is left has no owner: what was closed but had not finished. */
static void tcp_exit(struct unet_stack *st)
{
	struct unet_tcp *tcp = tcp_of(st);

	while (tcp->pcbs)
		unet_tcp_abort(tcp->pcbs);
	unet_tcp_tw_exit(st);
	unet_tcp_pool_exit(st);
	free(tcp);
	st->tcp = NULL;
}

const struct unet_proto unet_tcp_proto = {
	.proto = UNET_PROTO_TCP,
	.input = unet_tcp_input,
	.icmp_error = unet_tcp_icmp_error,
	.flow_gone = flow_gone,
	.make_room = unet_tcp_tw_recycle,
	.children = true,
	.min_header = UNET_TCP_HEADER,
	.init = tcp_init,
	.exit = tcp_exit,
};
