// SPDX-License-Identifier: MIT
/*
 * What may be sent now, and building it.
 *
 * unet_tcp_output() runs once a turn for each connection that has a reason:
 * lost data first, then new data, then a bare ACK if nothing carried it. One
 * send is up to 64 KiB: one header and references to the send buffer, with a
 * segment size for kernel or device to cut by.
 */
#include "tcp_internal.h"
#include "tcp_recovery.h"

/* ---- headers ---- */

/**
 * struct head - what goes into a header
 * @seq:	sequence number
 * @ack:	acknowledgement number
 * @wnd:	as it stands in the header
 * @flags:	UNET_TCP_*
 * @opts_len:	bytes used of @opts
 * @opts:	built options
 */
struct head {
	u32 seq;
	u32 ack;
	u16 wnd;
	u8 flags;
	u8 opts_len;
	u8 opts[UNET_TCPOPT_MAX];
};

static struct unet_pkt *build(struct unet_stack *st,
			      const struct unet_flow_key *key,
			      const struct head *h)
{
	u32 len = UNET_TCP_HEADER + h->opts_len;
	struct unet_pkt *pkt = unet_stack_tx_header(st, len);
	u8 *p;

	if (!pkt)
		return NULL;
	p = unet_pkt_put(pkt, len);
	memcpy(p, &key->local_port, 2);
	memcpy(p + 2, &key->remote_port, 2);
	unet_store_u32(p + 4, h->seq);
	unet_store_u32(p + 8, h->ack);
	p[12] = (u8)(len / 4 << 4);
	p[13] = h->flags;
	unet_store_u16(p + 14, h->wnd);
	unet_store_u32(p + 16, 0);
	memcpy(p + UNET_TCP_HEADER, h->opts, h->opts_len);
	return pkt;
}

/* ---- our window ---- */

/*
 * RFC 9293 section 3.8.6.2.2: the right edge never moves left, and right only by
 * a segment's worth or half the buffer.
 */
static u32 window_now(const struct unet_tcp_pcb *pcb)
{
	u32 held = pcb->rcvq.bytes, cur = tcp_rcv_wnd(pcb), free;

	free = pcb->rcvbuf > held ? pcb->rcvbuf - held : 0;
	free = min(free, UNET_TCP_WND_MAX << pcb->rcv_wscale);
	if (free < cur || free - cur < min(pcb->rcvbuf / 2, (u32)pcb->rcv_mss))
		return cur;
	return free;
}

/**
 * unet_tcp_window_opened() - did reading open the window enough to say so?
 * @pcb:	connection
 */
bool unet_tcp_window_opened(const struct unet_tcp_pcb *pcb)
{
	u32 cur = tcp_rcv_wnd(pcb), now = window_now(pcb);
	u32 step = max(2u * pcb->rcv_mss, pcb->rcvbuf / 4);

	if (cur < pcb->rcv_mss)
		return now > cur;
	return now - cur >= min(step, pcb->rcvbuf / 2);
}

/*
 * The field for the header; remembers the edge that it promises. Rounded down, so
 * that the edge moves for room there is only: rounded up, each segment of a byte
 * would earn its sender another unit, for ever. What looks like a retracted
 * window is none (RFC 7323 section 2.4): rcv_adv stays where it was.
 */
static u16 window_field(struct unet_tcp_pcb *pcb)
{
	u32 wnd = min(window_now(pcb) >> pcb->rcv_wscale, UNET_TCP_WND_MAX);

	pcb->rcv_adv = seq_max(pcb->rcv_adv,
			       pcb->rcv_nxt + (wnd << pcb->rcv_wscale));
	return wnd;
}

/* ---- one segment or super packet of a connection ---- */

static void data_opts(struct unet_tcp_pcb *pcb, struct unet_tcp_opts *o)
{
	o->present = 0;
	o->sacks = 0;
	if (pcb->flags & UNET_TCPF_TS) {
		o->present = UNET_TCPOPT_TS;
		o->tsval = tcp_ts_now(pcb);
		o->tsecr = pcb->ts_recent;
	}
	if (pcb->flags & UNET_TCPF_SACK)
		o->sacks = unet_tcp_reass_sacks(pcb, o->sack,
						o->present ? 3 : 4);
}

static void ack_sent(struct unet_tcp_pcb *pcb)
{
	pcb->rcv_acked = pcb->rcv_nxt;
	pcb->rcv_segs = 0;
	pcb->ack_at = UNET_NEVER;
	pcb->flags &= ~(UNET_TCPF_ACK_NOW | UNET_TCPF_ACK_LATER |
			UNET_TCPF_DSACK);
	if (pcb->quick)
		pcb->quick--;
}

static void head_of(struct unet_tcp_pcb *pcb, struct head *h, u32 seq, u8 flags)
{
	struct unet_tcp_opts o;

	data_opts(pcb, &o);
	h->seq = seq;
	h->ack = pcb->rcv_nxt;
	h->wnd = window_field(pcb);
	h->flags = flags | UNET_TCP_ACK;
	h->opts_len = unet_tcp_opts_build(h->opts, &o);
}

static int transmit(struct unet_tcp_pcb *pcb, struct unet_pkt *pkt, u32 hlen)
{
	struct unet_ip_out out = { .tos = pcb->tos, .ttl = pcb->ttl };

	unet_count_add(pcb->st, UNET_STAT_TCP_OUT, pkt->segs);
	pcb->segs_out += pkt->segs;
	return unet_ip_output(pcb->st, &pcb->flow, &out, pkt, hlen);
}

/* Payload bytes of a full segment with the options of this moment. */
static u32 seg_now(const struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_sack sack[UNET_TCP_SACK_MAX];
	u32 room = pcb->flags & UNET_TCPF_TS ? 3 : 4, n = 0;

	if (pcb->ooo || pcb->flags & UNET_TCPF_DSACK)
		n = unet_tcp_reass_sacks(pcb, sack, room);
	return pcb->mss - (n ? 4 + 8 * n : 0);
}

/**
 * struct chunk - bytes of the send buffer to be sent
 * @piece:	holds the first, NULL when @len is 0
 * @seq:	its sequence number
 * @len:	how many
 * @seg:	payload bytes of a segment
 * @flags:	UNET_TCP_PSH, UNET_TCP_FIN
 */
struct chunk {
	struct unet_pkt *piece;
	u32 seq;
	u32 len;
	u32 seg;
	u8 flags;
};

static int send_chunk(struct unet_tcp_pcb *pcb, const struct chunk *c)
{
	struct unet_pkt *pkt;
	struct head h;

	head_of(pcb, &h, c->seq, c->flags);
	pkt = build(pcb->st, &pcb->flow.key, &h);
	if (!pkt)
		return -ENOMEM;
	if (c->len && unet_tcp_sndbuf_clone(pkt, c->piece, c->seq, c->len)) {
		unet_pkt_free(pkt);
		return -ENOMEM;
	}
	if (c->len > c->seg) {
		pkt->seg_size = c->seg;
		pkt->segs = (c->len + c->seg - 1) / c->seg;
	}
	pcb->bytes_sent += c->len;
	pcb->last_out_us = pcb->st->now;
	ack_sent(pcb);
	transmit(pcb, pkt, UNET_TCP_HEADER + h.opts_len);
	return 0;
}

static bool tx_room(struct unet_tcp_pcb *pcb)
{
	if (unet_stack_tx_room(pcb->st) && !unet_flow_suspended(&pcb->flow))
		return true;
	unet_stack_wait_tx(pcb->st, &pcb->work);
	return false;
}

/* Most payload of one send. */
static u32 super_max(const struct unet_tcp_pcb *pcb, u32 seg)
{
	u32 header = unet_ip_header_len(pcb->flow.key.family) +
		     UNET_TCP_HEADER_MAX;
	u32 most;

	if (unet_flow_gso_max(&pcb->flow) <= header + seg)
		return seg;
	most = min(unet_flow_gso_max(&pcb->flow) - header, seg * UNET_TX_MAX_SEGMENTS);
	return most - most % seg;
}

/* ---- again ---- */

static bool resend_bytes(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x)
{
	struct chunk c = {
		.piece = x->piece,
		.seq = x->node.seq,
		.len = tcp_xmit_bytes(x),
		.seg = seg_now(pcb),
		.flags = x->flags & UNET_TCPX_FIN ? UNET_TCP_FIN : 0,
	};
	bool lost = x->flags & UNET_TCPX_LOST;
	u32 segs = c.len ? (c.len + c.seg - 1) / c.seg : 1;

	if (c.seq + c.len == pcb->snd_end)
		c.flags |= UNET_TCP_PSH;
	if (send_chunk(pcb, &c))
		return false;
	x->seg_size = c.seg;
	unet_tcp_rec_resent(pcb, x);
	if (!pcb->rec.retx_ts)
		pcb->rec.retx_ts = tcp_ts_now(pcb);
	if (lost) {
		pcb->rec.prr_out += x->end - x->node.seq;
		pcb->rec.fresh = false;
	}
	pcb->rec.undo_retx += x->end - x->node.seq;
	pcb->retrans += segs;
	unet_count_add(pcb->st, UNET_STAT_TCP_RETRANS, segs);
	return true;
}

/**
 * unet_tcp_resend() - send a record again
 * @pcb:	connection
 * @x:		not sacked; cut when it is more than one send can carry
 *
 * Return: true when it went out; what was cut off stays as it was.
 */
bool unet_tcp_resend(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x)
{
	u32 len = tcp_xmit_bytes(x), fits = len;

	if (!tx_room(pcb))
		return false;
	if (len) {
		fits = min(len, super_max(pcb, seg_now(pcb)));
		fits = unet_tcp_sndbuf_span(x->piece, x->node.seq, fits);
	}
	if (fits < len &&
	    !unet_tcp_rec_split(pcb, x, x->node.seq + fits))
		return false;
	return resend_bytes(pcb, x);
}

static u32 cwnd_room(const struct unet_tcp_pcb *pcb)
{
	u32 pipe = unet_tcp_pipe(pcb);

	return pcb->cc.cwnd > pipe ? pcb->cc.cwnd - pipe : 0;
}

/* Bring a lost record down to what the windows allow; false: not now. */
static bool fit_lost(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x)
{
	u32 len = x->end - x->node.seq, room = cwnd_room(pcb), seg = pcb->mss;
	u32 edge = pcb->snd_una + pcb->snd_wnd;

	if (room < min(len, seg))
		return false;
	if (x->node.seq != pcb->snd_una && seq_geq(x->node.seq, edge))
		return false;	/* the peer took its window back */
	room = max(room - room % seg, seg);
	if (len <= room || tcp_xmit_bytes(x) <= room)
		return true;
	return unet_tcp_rec_split(pcb, x, x->node.seq + room);
}

static bool send_lost(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_xmit *x;

	while ((x = pcb->rec.lost.first)) {
		if (!fit_lost(pcb, x) || !unet_tcp_resend(pcb, x))
			return false;
	}
	return true;
}

/* ---- new ---- */

/* Are partial segments held back (Nagle as Minshall has it, cork)? */
static bool hold_partial(const struct unet_tcp_pcb *pcb)
{
	if (pcb->flags & (UNET_TCPF_FORCE | UNET_TCPF_FIN_QUEUED))
		return false;
	if (pcb->flags & (UNET_TCPF_CORK | UNET_TCPF_MORE))
		return true;
	return !(pcb->flags & UNET_TCPF_NODELAY) &&
	       seq_gt(pcb->snd_sml, pcb->snd_una);
}

static u32 window_room(const struct unet_tcp_pcb *pcb)
{
	u32 edge = pcb->snd_una + pcb->snd_wnd;

	return seq_gt(edge, pcb->snd_nxt) ? edge - pcb->snd_nxt : 0;
}

/*
 * How much of what is queued goes out now. Whole segments; the rest of the
 * queue unless it is held back; or, when the peer's window is what cuts it
 * short, at least half of the largest window it ever had (RFC 9293 section
 * 3.8.6.2.1).
 */
static u32 sendable(struct unet_tcp_pcb *pcb, u32 queued, u32 seg)
{
	u32 wnd = window_room(pcb), cwnd = cwnd_room(pcb);
	u32 len = min(min(queued, wnd), cwnd);

	if (cwnd < min(min(queued, wnd), seg)) {
		pcb->flags |= UNET_TCPF_CWND_LIMITED;
		return 0;
	}
	if (len >= seg && len < queued)
		return len - len % seg;
	if (len == queued) {
		if (len % seg && hold_partial(pcb))
			len -= len % seg;
		return len;
	}
	if (pcb->flags & UNET_TCPF_FORCE ||
	    (len == wnd && len && len >= pcb->snd_max_wnd / 2))
		return len;
	return 0;
}

static void sent_new(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x,
		     const struct chunk *c)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	if (!rec->first)
		pcb->stall_us = pcb->st->now;
	x->node.seq = c->seq;
	x->end = c->seq + c->len;
	x->piece = c->piece;
	x->seg_size = c->seg;
	if (c->flags & UNET_TCP_FIN) {
		x->end++;
		x->flags |= UNET_TCPX_FIN;
		pcb->flags |= UNET_TCPF_FIN_SENT;
	}
	if (c->len % c->seg)
		pcb->snd_sml = c->seq + c->len;
	pcb->snd_nxt = x->end;
	if (pcb->snd_piece)
		pcb->snd_piece = unet_tcp_sndbuf_seek(pcb->snd_piece,
						      pcb->snd_nxt);
	if (rec->phase == UNET_TCP_RECOVERY) {
		rec->prr_out += x->end - c->seq;
		rec->fresh = false;
	}
	if (pcb->snd_nxt == pcb->snd_end)
		x->flags |= UNET_TCPX_APP_LIMITED;
	unet_tcp_rec_sent(pcb, x);
}

/* RFC 5681 section 4.1: nothing was in flight for a while. */
static void restart_idle(struct unet_tcp_pcb *pcb)
{
	if (pcb->snd_una != pcb->snd_nxt || !pcb->last_out_us)
		return;
	unet_tcp_cc_idle(&pcb->cc, pcb->st->now - pcb->last_out_us,
			 unet_tcp_rtt_rto(&pcb->rtt));
	pcb->last_out_us = pcb->st->now;
}

static bool send_new_chunk(struct unet_tcp_pcb *pcb, struct chunk *c)
{
	struct unet_tcp_xmit *x = unet_tcp_xmit_new(pcb->st);

	if (x && !send_chunk(pcb, c)) {
		sent_new(pcb, x, c);
		return true;
	}
	if (x)
		unet_tcp_xmit_put(pcb->st, x);
	unet_stack_wait_tx(pcb->st, &pcb->work);
	return false;
}

/**
 * unet_tcp_send_some() - send new data
 * @pcb:	connection
 * @most:	bytes of payload at most, at least one segment
 *
 * Return: true when something went out.
 */
bool unet_tcp_send_some(struct unet_tcp_pcb *pcb, u32 most)
{
	struct chunk c = { .seq = pcb->snd_nxt, .seg = seg_now(pcb) };
	u32 queued = pcb->snd_end - pcb->snd_nxt, fits;

	if (pcb->flags & UNET_TCPF_FIN_SENT || !tx_room(pcb))
		return false;
	if (queued) {
		restart_idle(pcb);
		c.piece = pcb->snd_piece;
		c.len = sendable(pcb, queued, c.seg);
		if (!c.len)
			return false;
		c.len = min(c.len, most);
		fits = unet_tcp_sndbuf_span(c.piece, c.seq, c.len);
		if (fits < c.len)
			c.len = fits > c.seg ? fits - fits % c.seg : fits;
	}
	if (c.len == queued) {
		if (queued)
			c.flags |= UNET_TCP_PSH;
		if (pcb->flags & UNET_TCPF_FIN_QUEUED)
			c.flags |= UNET_TCP_FIN;
	}
	if (!c.len && !(c.flags & UNET_TCP_FIN))
		return false;
	return send_new_chunk(pcb, &c);
}

static void send_new(struct unet_tcp_pcb *pcb)
{
	u32 most = super_max(pcb, seg_now(pcb));

	while (unet_tcp_send_some(pcb, most))
		;
	pcb->flags &= ~UNET_TCPF_FORCE;
}

/* Is the congestion window what limits us? As Linux reckons it, per window. */
static void note_usage(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	u32 out = rec->in_flight;

	if (seq_lt(pcb->snd_una, rec->usage_seq) && out <= rec->max_out)
		return;
	rec->max_out = out;
	rec->usage_seq = pcb->snd_nxt;
	if (cwnd_room(pcb) >= pcb->mss)
		pcb->flags &= ~UNET_TCPF_CWND_LIMITED;
}

/**
 * unet_tcp_output() - send what may be sent now, and the ACK that is due
 * @pcb:	connection
 *
 * Context: output step of the turn, or a timer.
 */
void unet_tcp_output(struct unet_tcp_pcb *pcb)
{
	u32 nxt = pcb->snd_nxt;

	if (!tcp_synchronized(pcb))
		return;
	/* the kernel says at any time what the route takes now */
	unet_flow_age_mtu(pcb->st, &pcb->flow);
	if (unlikely(unet_flow_mtu(&pcb->flow) != pcb->path_mtu))
		unet_tcp_set_mss(pcb);
	if (send_lost(pcb))
		send_new(pcb);
	if (pcb->snd_nxt != nxt || pcb->rec.in_flight)
		note_usage(pcb);
	if (pcb->flags & UNET_TCPF_ACK_NOW)
		unet_tcp_send_ack(pcb);
	if (pcb->snd_nxt != nxt)
		unet_tcp_rtx_sent(pcb);
	else if (pcb->rtx_kind == UNET_TCP_RTX_NONE)
		unet_tcp_rtx_restart(pcb);
	unet_tcp_timers_arm(pcb);
}

/**
 * unet_tcp_output_later() - have unet_tcp_output() run in this turn
 * @pcb:	connection
 */
void unet_tcp_output_later(struct unet_tcp_pcb *pcb)
{
	unet_stack_defer(pcb->st, &pcb->work);
}

/* ---- segments without data ---- */

/* Never beyond a right edge that the peer has taken back. */
static u32 empty_seq(const struct unet_tcp_pcb *pcb)
{
	u32 edge = pcb->snd_una + pcb->snd_wnd;

	return seq_lt(edge, pcb->snd_nxt) ? edge : pcb->snd_nxt;
}

static int send_empty(struct unet_tcp_pcb *pcb, u32 seq, u8 flags)
{
	struct unet_pkt *pkt;
	struct head h;

	head_of(pcb, &h, seq, flags);
	pkt = build(pcb->st, &pcb->flow.key, &h);
	if (!pkt)
		return -ENOMEM;
	ack_sent(pcb);
	return transmit(pcb, pkt, UNET_TCP_HEADER + h.opts_len);
}

/**
 * unet_tcp_send_ack() - acknowledge now
 * @pcb:	connection
 *
 * Return: 0; -ENOBUFS or -ENOMEM without room or memory to send, and it follows
 * when there is some.
 */
int unet_tcp_send_ack(struct unet_tcp_pcb *pcb)
{
	int err = -ENOBUFS;

	if (unet_stack_tx_room(pcb->st))
		err = send_empty(pcb, empty_seq(pcb), 0);
	if (err == -ENOBUFS || err == -ENOMEM) {
		pcb->flags |= UNET_TCPF_ACK_NOW;
		unet_stack_wait_tx(pcb->st, &pcb->work);
	}
	return err;
}

/**
 * unet_tcp_send_probe() - make the peer say where it stands
 * @pcb:	connection
 *
 * For keepalives and zero windows: an empty segment left of the window.
 */
int unet_tcp_send_probe(struct unet_tcp_pcb *pcb)
{
	if (!unet_stack_tx_room(pcb->st))
		return -ENOBUFS;
	return send_empty(pcb, pcb->snd_una - 1, 0);
}

/**
 * unet_tcp_challenge() - RFC 5961: let the peer prove that it is the peer
 * @pcb:	connection
 *
 * A few each second and connection, how many is random: a counter shared by
 * connections could be read from outside (CVE-2016-5696).
 */
void unet_tcp_challenge(struct unet_tcp_pcb *pcb)
{
	u64 now = pcb->st->now;

	if (now - pcb->challenge_us >= 1000000 || !pcb->challenge_us) {
		pcb->challenge_us = now;
		pcb->challenges = 5 + unet_stack_random(pcb->st) % 8;
	}
	if (!pcb->challenges)
		return;
	pcb->challenges--;
	unet_count(pcb->st, UNET_STAT_TCP_CHALLENGE);
	unet_tcp_send_ack(pcb);
}

static void syn_opts(const struct unet_tcp_pcb *pcb, struct unet_tcp_opts *o)
{
	bool first = pcb->state == UNET_TCP_SYN_SENT;

	memset(o, 0, sizeof(*o));
	o->present = UNET_TCPOPT_MSS;
	o->mss = unet_tcp_mss_limit(&pcb->flow);
	if (pcb->mss_user)
		o->mss = min(o->mss, pcb->mss_user);
	if (first || pcb->flags & UNET_TCPF_TS) {
		o->present |= UNET_TCPOPT_TS;
		o->tsval = tcp_ts_now(pcb);
		o->tsecr = pcb->ts_recent;
	}
	if (first || pcb->flags & UNET_TCPF_SACK)
		o->present |= UNET_TCPOPT_SACK_OK;
	if (first || pcb->flags & UNET_TCPF_WSCALE) {
		o->present |= UNET_TCPOPT_WSCALE;
		o->wscale = UNET_TCP_RCV_WSCALE;
	}
}

/**
 * unet_tcp_send_syn() - SYN, or SYN-ACK in SYN-RECEIVED
 * @pcb:	connection
 *
 * Return: 0 or -errno; the timer sends again in any case.
 */
int unet_tcp_send_syn(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_opts o;
	struct unet_pkt *pkt;
	struct head h = { .seq = pcb->iss, .flags = UNET_TCP_SYN };

	if (!unet_stack_tx_room(pcb->st))
		return -ENOBUFS;
	if (pcb->state == UNET_TCP_SYN_RECEIVED) {
		h.flags |= UNET_TCP_ACK;
		h.ack = pcb->rcv_nxt;
		pcb->rcv_acked = pcb->rcv_nxt;
	}
	h.wnd = min(pcb->rcvbuf, UNET_TCP_WND_MAX);
	pcb->rcv_adv = pcb->rcv_nxt + h.wnd;
	syn_opts(pcb, &o);
	h.opts_len = unet_tcp_opts_build(h.opts, &o);
	pkt = build(pcb->st, &pcb->flow.key, &h);
	if (!pkt)
		return -ENOMEM;
	return transmit(pcb, pkt, UNET_TCP_HEADER + h.opts_len);
}

/**
 * unet_tcp_send_rst() - reset the peer of a connection
 * @pcb:	connection, synchronized or SYN_RECEIVED
 */
void unet_tcp_send_rst(struct unet_tcp_pcb *pcb)
{
	struct head h = {
		.seq = empty_seq(pcb), .ack = pcb->rcv_nxt,
		.flags = UNET_TCP_RST | UNET_TCP_ACK,
	};
	struct unet_pkt *pkt = build(pcb->st, &pcb->flow.key, &h);

	if (!pkt)
		return;
	unet_count(pcb->st, UNET_STAT_TCP_RST_OUT);
	transmit(pcb, pkt, UNET_TCP_HEADER);
}

/**
 * unet_tcp_send_reply() - a segment outside of any connection
 * @st:		stack
 * @f:		flow to send through
 * @r:		what
 *
 * Return: 0 or -errno.
 */
int unet_tcp_send_reply(struct unet_stack *st, struct unet_flow *f,
			const struct unet_tcp_reply *r)
{
	struct unet_ip_out out = { .key = r->key };
	struct head h = {
		.seq = r->seq, .ack = r->ack, .wnd = r->wnd, .flags = r->flags,
	};
	struct unet_pkt *pkt;

	if (!unet_stack_tx_room(st))
		return -ENOBUFS;
	h.opts_len = unet_tcp_opts_build(h.opts, &r->opts);
	pkt = build(st, r->key, &h);
	if (!pkt)
		return -ENOMEM;
	unet_count(st, UNET_STAT_TCP_OUT);
	return unet_ip_output(st, f, &out, pkt, UNET_TCP_HEADER + h.opts_len);
}

/**
 * unet_tcp_send_reset_for() - answer a segment that belongs to no connection
 * @st:		stack
 * @f:		flow to send through
 * @seg:	segment; a reset is not answered
 * @key:	its addresses
 *
 * RFC 9293 section 3.10.7.1.
 */
void unet_tcp_send_reset_for(struct unet_stack *st, struct unet_flow *f,
			     const struct unet_tcp_seg *seg,
			     const struct unet_flow_key *key)
{
	struct unet_tcp_reply r = { .key = key, .flags = UNET_TCP_RST };

	if (seg->flags & UNET_TCP_RST)
		return;
	if (seg->flags & UNET_TCP_ACK) {
		r.seq = seg->ack;
	} else {
		r.flags |= UNET_TCP_ACK;
		r.ack = seg->seq + seg->len + !!(seg->flags & UNET_TCP_SYN) +
			!!(seg->flags & UNET_TCP_FIN);
	}
	unet_count(st, UNET_STAT_TCP_RST_OUT);
	unet_tcp_send_reply(st, f, &r);
}
