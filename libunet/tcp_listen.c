// SPDX-License-Identifier: MIT
/*
 * Listeners: a bounded queue of half-open connections, a bounded queue of open
 * ones that wait for unet_tcp_accept().
 *
 *   SYN -> half-open (SYN_RECEIVED, hashed only, sends through the listener's
 *          flow) -> ACK: a flow of its own -> accept queue -> owner
 *
 * With the half-open queue full, a SYN is answered with a cookie and nothing is
 * remembered (tcp_cookie.c). With the accept queue full, SYNs and the last ACK
 * of handshakes are dropped; both come again.
 */
#include <stdlib.h>

#include "tcp_internal.h"

#define HALF_OPEN_MIN	16u
#define HALF_OPEN_MAX	1024u
#define BACKLOG_MAX	65535u
#define COOKIE_LIFE_US	128000000u

/**
 * struct unet_tcp_listener - the queues of a listener
 * @half:	half-open connections
 * @first:	accept queue, oldest first
 * @last:	where the next one is hung on
 * @n_half:	length of @half
 * @n_waiting:	length of the accept queue
 * @half_max:	above it, cookies
 * @backlog:	above it, drops
 */
struct unet_tcp_listener {
	struct unet_tcp_pcb *half;
	struct unet_tcp_pcb *first;
	struct unet_tcp_pcb **last;
	u32 n_half;
	u32 n_waiting;
	u32 half_max;
	u32 backlog;
};

/* ---- half-open ---- */

static void half_add(struct unet_tcp_pcb *lst, struct unet_tcp_pcb *child)
{
	struct unet_tcp_listener *l = lst->listener;

	child->listener = l;
	child->flags |= UNET_TCPF_MINE;
	child->q_next = l->half;
	if (l->half)
		l->half->q_pprev = &child->q_next;
	child->q_pprev = &l->half;
	l->half = child;
	l->n_half++;
}

/**
 * unet_tcp_listen_forget() - a half-open connection leaves its listener
 * @child:	half-open
 */
void unet_tcp_listen_forget(struct unet_tcp_pcb *child)
{
	*child->q_pprev = child->q_next;
	if (child->q_next)
		child->q_next->q_pprev = child->q_pprev;
	child->listener->n_half--;
	child->listener = NULL;
	child->flags &= ~UNET_TCPF_MINE;
}

/* What a connection has of its listener. */
static void inherit(struct unet_tcp_pcb *child, const struct unet_tcp_pcb *lst)
{
	child->flags |= lst->flags & (UNET_TCPF_NODELAY | UNET_TCPF_KEEPALIVE |
				      UNET_TCPF_QUICKACK | UNET_TCPF_LINGER0);
	child->rcvbuf = lst->rcvbuf;
	child->sndbuf = lst->sndbuf;
	child->keep_idle_s = lst->keep_idle_s;
	child->keep_intvl_s = lst->keep_intvl_s;
	child->keep_cnt = lst->keep_cnt;
	child->user_timeout_ms = lst->user_timeout_ms;
	child->mss_user = lst->mss_user;
	child->tos = lst->tos;
	child->ttl = lst->ttl;
	child->cc.ops = lst->cc.ops;
}

/* A pcb for the other end of @seg, found by its addresses from now on. */
static struct unet_tcp_pcb *child_new(struct unet_tcp_pcb *lst,
				      const struct unet_flow_key *key,
				      const struct unet_tcp_seg *seg)
{
	struct unet_tcp_pcb *child = unet_tcp_pcb_new(lst->st, key->family);

	if (!child)
		return NULL;
	unet_flow_key_mask(key, UNET_MASK_5TUPLE, &child->flow.key);
	child->flow.parent = &lst->flow;
	if (unet_flow_hash(lst->st, &child->flow)) {
		unet_tcp_pcb_free(child);
		return NULL;
	}
	inherit(child, lst);
	child->state = UNET_TCP_SYN_RECEIVED;
	child->ts_offset = unet_tcp_ts_offset(lst->st, &child->flow.key);
	unet_tcp_rtt_init(&child->rtt, tcp_of(lst->st)->rto_min_us);
	unet_tcp_peer_syn(child, seg);
	half_add(lst, child);
	return child;
}

static void child_numbers(struct unet_tcp_pcb *child, u32 iss)
{
	child->iss = iss;
	child->snd_una = iss;
	child->snd_nxt = iss + 1;
	child->snd_end = iss + 1;
	child->snd_sml = iss;
}

/* ---- SYN ---- */

static void answer_with_cookie(struct unet_tcp_pcb *lst,
			       const struct unet_tcp_seg *seg,
			       const struct unet_flow_key *key)
{
	struct unet_tcp_reply r = {
		.key = key, .ack = seg->seq + 1,
		.flags = UNET_TCP_SYN | UNET_TCP_ACK,
		.opts.present = UNET_TCPOPT_MSS,
		.opts.mss = unet_tcp_mss_limit(&lst->flow),
	};

	r.wnd = min(lst->rcvbuf, UNET_TCP_WND_MAX);
	r.seq = unet_tcp_cookie_make(lst->st, key, seg);
	if (seg->opts.present & UNET_TCPOPT_TS) {
		/* the others are remembered in the timestamp alone */
		r.opts.present = UNET_TCPOPT_MSS | seg->opts.present;
		r.opts.wscale = UNET_TCP_RCV_WSCALE;
		r.opts.tsval = unet_tcp_cookie_ts(lst->st, key, &seg->opts);
		r.opts.tsecr = seg->opts.tsval;
	}
	tcp_of(lst->st)->cookie_us = lst->st->now;
	unet_count(lst->st, UNET_STAT_TCP_COOKIE_SENT);
	unet_tcp_send_reply(lst->st, &lst->flow, &r);
}

/**
 * unet_tcp_listen_syn() - a SYN for a listener
 * @lst:	listener
 * @seg:	SYN without ACK, RST or FIN
 * @key:	its addresses
 * @above:	our initial sequence number is to be above this one, 0: any
 */
void unet_tcp_listen_syn(struct unet_tcp_pcb *lst, struct unet_tcp_seg *seg,
			 const struct unet_flow_key *key, u32 above)
{
	struct unet_tcp_listener *l = lst->listener;
	struct unet_tcp_pcb *child;
	u32 iss = unet_tcp_isn(lst->st, key);

	if (unet_tcp_listen_full(lst)) {
		unet_count(lst->st, UNET_STAT_TCP_LISTEN_FULL);
		return;
	}
	if (l->n_half >= l->half_max) {
		answer_with_cookie(lst, seg, key);
		return;
	}
	child = child_new(lst, key, seg);
	if (!child)
		return;
	child_numbers(child, above && seq_leq(iss, above) ? above + 1 : iss);
	child->stall_us = lst->st->now;
	child->snd_wnd = seg->wnd;
	unet_tcp_send_syn(child);
	unet_tcp_rtx_set(child, UNET_TCP_RTX_RTO, unet_tcp_rtt_rto(&child->rtt));
	unet_tcp_timers_arm(child);
}

/* ---- an ACK that no half-open connection claims ---- */

static bool cookies_out(const struct unet_stack *st)
{
	u64 sent = tcp_of(st)->cookie_us;

	return sent && st->now - sent < COOKIE_LIFE_US;
}

/* A valid cookie: the connection comes into being as if it had been half-open. */
static bool cookie_ack(struct unet_tcp_pcb *lst, struct unet_tcp_seg *seg,
		       const struct unet_flow_key *key,
		       const struct unet_ip_info *info)
{
	struct unet_tcp_seg syn = *seg;
	struct unet_tcp_pcb *child;
	struct unet_pkt *pkt = seg->pkt;

	if (!unet_tcp_cookie_check(lst->st, key, seg, &syn.opts))
		return false;
	unet_count(lst->st, UNET_STAT_TCP_COOKIE_OK);
	syn.seq = seg->seq - 1;
	child = child_new(lst, key, &syn);
	if (!child)
		return true;
	child_numbers(child, seg->ack - 1);
	child->rcv_acked = child->rcv_nxt;
	child->rcv_adv = child->rcv_nxt + min(child->rcvbuf, UNET_TCP_WND_MAX);
	child->flags |= UNET_TCPF_COOKIE;
	seg->pkt = NULL;
	unet_tcp_input_for(lst->st, pkt, info, &child->flow);
	return true;
}

static void stray_ack(struct unet_tcp_pcb *lst, struct unet_tcp_seg *seg,
		      const struct unet_flow_key *key)
{
	struct unet_tcp_listener *l = lst->listener;

	/* only the ACK of a handshake ends one: of a SYN the child would wait */
	if (cookies_out(lst->st) && !(seg->flags & UNET_TCP_SYN)) {
		if (l->n_waiting >= l->backlog) {
			unet_count(lst->st, UNET_STAT_TCP_LISTEN_FULL);
			return;
		}
		if (cookie_ack(lst, seg, key, seg->info))
			return;
		unet_count(lst->st, UNET_STAT_TCP_COOKIE_BAD);
	}
	unet_tcp_send_reset_for(lst->st, &lst->flow, seg, key);
}

/**
 * unet_tcp_listen_input() - a segment for LISTEN, RFC 9293 section 3.10.7.2
 * @lst:	listener
 * @seg:	segment; its packet is still at the TCP header
 */
void unet_tcp_listen_input(struct unet_tcp_pcb *lst, struct unet_tcp_seg *seg)
{
	struct unet_flow_key key;

	unet_ip_key(seg->info, seg->pkt, &key);
	if (seg->flags & UNET_TCP_RST)
		return;
	if (seg->flags & UNET_TCP_ACK)
		stray_ack(lst, seg, &key);
	else if ((seg->flags & (UNET_TCP_SYN | UNET_TCP_FIN)) == UNET_TCP_SYN)
		unet_tcp_listen_syn(lst, seg, &key, 0);
}

/* ---- the accept queue ---- */

/**
 * unet_tcp_listen_full() - is there no room in the accept queue?
 * @pcb:	listener, or half-open
 */
bool unet_tcp_listen_full(const struct unet_tcp_pcb *pcb)
{
	return pcb->listener->n_waiting >= pcb->listener->backlog;
}

/**
 * unet_tcp_listen_has_room() - is there room for one more half-open connection?
 * @lst:	listener
 */
bool unet_tcp_listen_has_room(const struct unet_tcp_pcb *lst)
{
	return !unet_tcp_listen_full(lst) &&
	       lst->listener->n_half < lst->listener->half_max;
}

/**
 * unet_tcp_listen_waiting() - does a connection wait to be accepted?
 * @lst:	listener
 */
bool unet_tcp_listen_waiting(const struct unet_tcp_pcb *lst)
{
	return lst->listener->n_waiting;
}

/**
 * unet_tcp_listen_promote() - a half-open connection becomes an open one
 * @child:	half-open; gets a flow of its own
 *
 * Return: 0, or -errno of the flow: the caller resets it.
 */
int unet_tcp_listen_promote(struct unet_tcp_pcb *child)
{
	struct unet_tcp_listener *l = child->listener;
	struct unet_tcp_pcb *lst = tcp_pcb_of(child->flow.parent);
	int err;

	err = unet_flow_install_child(child->st, &child->flow, child->snd_nxt,
				      child->rcv_nxt);
	if (err)
		return err;
	unet_tcp_listen_forget(child);
	child->flags |= UNET_TCPF_QUEUED;
	child->listener = l;
	child->q_next = NULL;
	*l->last = child;
	l->last = &child->q_next;
	l->n_waiting++;
	unet_count(child->st, UNET_STAT_TCP_PASSIVE);
	if (lst->ev && lst->ev->accepted)
		lst->ev->accepted(lst->ctx);
	return 0;
}

struct unet_tcp_pcb *unet_tcp_accept(struct unet_tcp_pcb *listener)
{
	struct unet_tcp_listener *l = listener->listener;
	struct unet_tcp_pcb *child;

	if (listener->state != UNET_TCP_LISTEN || !l->first)
		return NULL;
	child = l->first;
	l->first = child->q_next;
	if (!l->first)
		l->last = &l->first;
	l->n_waiting--;
	child->q_next = NULL;
	child->listener = NULL;
	child->flags &= ~UNET_TCPF_QUEUED;
	return child;
}

/* ---- the listener itself ---- */

int unet_tcp_listen(struct unet_tcp_pcb *pcb, const struct unet_flow_key *key,
		    u32 backlog, u32 flags)
{
	struct unet_tcp_listener *l;
	u32 how = 0;
	int err;

	if (pcb->state != UNET_TCP_CLOSED)
		return -EINVAL;
	if (flags & UNET_TCP_REUSEADDR)
		how |= UNET_INSTALL_REUSEADDR;
	if (flags & UNET_TCP_V6ONLY)
		how |= UNET_INSTALL_V6ONLY;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	pcb->flow.key = *key;
	pcb->flow.key.proto = unet_tcp_proto.proto;
	err = unet_flow_install(pcb->st, &pcb->flow, how);
	if (err) {
		free(l);
		return err;
	}
	l->backlog = clamp(backlog, 1u, BACKLOG_MAX);
	l->half_max = clamp(l->backlog, HALF_OPEN_MIN, HALF_OPEN_MAX);
	l->last = &l->first;
	pcb->listener = l;
	pcb->state = UNET_TCP_LISTEN;
	return 0;
}

/**
 * unet_tcp_listen_gone() - the kernel took the listener's flow away
 * @lst:	listener
 * @err:	positive errno
 *
 * Half-open connections sent and received through it; those that wait to be
 * accepted have flows of their own. The listener stays until it is closed.
 */
void unet_tcp_listen_gone(struct unet_tcp_pcb *lst, int err)
{
	struct unet_tcp_listener *l = lst->listener;

	while (l->half)
		unet_tcp_done(l->half, err, 0);
	lst->err = err;
	if (lst->ev && lst->ev->closed)
		lst->ev->closed(lst->ctx, err);
}

/**
 * unet_tcp_listen_close() - end a listener and all that hangs on it
 * @lst:	listener; freed
 *
 * Connections nobody has accepted are reset.
 */
void unet_tcp_listen_close(struct unet_tcp_pcb *lst)
{
	struct unet_tcp_listener *l = lst->listener;
	struct unet_tcp_pcb *child;

	while (l->half)
		unet_tcp_reset(l->half, ECONNABORTED);
	while ((child = unet_tcp_accept(lst)))
		unet_tcp_abort(child);
	free(l);
	lst->listener = NULL;
	unet_tcp_done(lst, 0, 0);
}
