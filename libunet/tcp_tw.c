// SPDX-License-Identifier: MIT
/*
 * TIME-WAIT: a small object per connection, not a pcb. All last equally long, so
 * one list in order of ending and one timer serve them all. When flows run
 * short, the oldest makes room early and the kernel keeps its port instead.
 */
#include <stdlib.h>

#include "tcp_internal.h"

/**
 * struct unet_tcp_tw - what is left of a connection
 * @flow:	first, as in struct unet_tcp_pcb
 * @state:	UNET_TCP_TIME_WAIT; at the same place as in struct unet_tcp_pcb
 * @ts_on:	timestamps were in use
 * @tos:	IP_TOS
 * @wnd:	last window field
 * @snd_nxt:	sequence number of our segments
 * @rcv_nxt:	behind the peer's FIN
 * @ts_recent:	RFC 7323
 * @ts_offset:	of our clock
 * @answered_us: last answer
 * @ends_us:	when it is over
 * @next:	ends after this one
 * @prev:	ends before this one
 */
struct unet_tcp_tw {
	struct unet_flow flow;
	u8 state;
	bool ts_on;
	u8 tos;
	u8 pad;
	u16 wnd;
	u16 pad2;
	u32 snd_nxt;
	u32 rcv_nxt;
	u32 ts_recent;
	u32 ts_offset;
	u64 answered_us;
	u64 ends_us;
	struct unet_tcp_tw *next;
	struct unet_tcp_tw *prev;
};

_Static_assert(offsetof(struct unet_tcp_tw, state) ==
	       offsetof(struct unet_tcp_pcb, state),
	       "input tells a TIME-WAIT from a pcb by its state");

#define ANSWERS_US	1000u	/* least time between answers */

static struct unet_tcp_tw *tw_of(struct unet_flow *f)
{
	return container_of(f, struct unet_tcp_tw, flow);
}

static void list_add(struct unet_tcp *tcp, struct unet_tcp_tw *tw)
{
	tw->next = NULL;
	tw->prev = tcp->tw_last;
	if (tcp->tw_last)
		tcp->tw_last->next = tw;
	else
		tcp->tw_first = tw;
	tcp->tw_last = tw;
	tcp->n_tw++;
}

static void list_del(struct unet_tcp *tcp, struct unet_tcp_tw *tw)
{
	if (tw->prev)
		tw->prev->next = tw->next;
	else
		tcp->tw_first = tw->next;
	if (tw->next)
		tw->next->prev = tw->prev;
	else
		tcp->tw_last = tw->prev;
	tcp->n_tw--;
}

static void arm(struct unet_stack *st)
{
	struct unet_tcp *tcp = tcp_of(st);

	if (tcp->tw_first && !unet_timer_pending(&tcp->tw_timer))
		unet_timer_set(st, &tcp->tw_timer, tcp->tw_first->ends_us);
}

static void tw_free(struct unet_stack *st, struct unet_tcp_tw *tw,
		    u32 del_flags)
{
	list_del(tcp_of(st), tw);
	unet_flow_remove(st, &tw->flow, del_flags);
	free(tw);
}

static void expired(struct unet_stack *st, struct unet_timer *t)
{
	struct unet_tcp *tcp = container_of(t, struct unet_tcp, tw_timer);

	while (tcp->tw_first && tcp->tw_first->ends_us <= st->now)
		tw_free(st, tcp->tw_first, 0);
	arm(st);
}

static void restart(struct unet_stack *st, struct unet_tcp_tw *tw)
{
	tw->ends_us = st->now + UNET_TCP_MSL2_US;
	list_del(tcp_of(st), tw);
	list_add(tcp_of(st), tw);
	arm(st);
}

/**
 * unet_tcp_tw_recycle() - end the oldest TIME-WAIT before its time
 * @st:		stack
 *
 * Return: false when there is none.
 */
bool unet_tcp_tw_recycle(struct unet_stack *st)
{
	struct unet_tcp *tcp = tcp_of(st);

	if (!tcp->tw_first)
		return false;
	tw_free(st, tcp->tw_first, UNET_DEL_LINGER);
	return true;
}

/**
 * unet_tcp_tw_enter() - a connection goes into TIME-WAIT
 * @pcb:	done; freed when nobody holds it
 */
void unet_tcp_tw_enter(struct unet_tcp_pcb *pcb)
{
	struct unet_stack *st = pcb->st;
	struct unet_tcp_tw *tw = calloc(1, sizeof(*tw));

	unet_count(st, UNET_STAT_TCP_TIME_WAIT);
	if (!tw) {
		unet_count(st, UNET_STAT_NO_MEMORY);
		unet_tcp_done(pcb, 0, UNET_DEL_LINGER);
		return;
	}
	if (tcp_of(st)->n_tw >= UNET_TCP_TW_MAX)
		unet_tcp_tw_recycle(st);
	unet_flow_move(st, &tw->flow, &pcb->flow);
	tw->state = UNET_TCP_TIME_WAIT;
	tw->ts_on = pcb->flags & UNET_TCPF_TS;
	tw->tos = pcb->tos;
	tw->snd_nxt = pcb->snd_nxt;
	tw->rcv_nxt = pcb->rcv_nxt;
	tw->wnd = min(tcp_rcv_wnd(pcb) >> pcb->rcv_wscale, 65535u);
	tw->ts_recent = pcb->ts_recent;
	tw->ts_offset = pcb->ts_offset;
	tw->ends_us = st->now + UNET_TCP_MSL2_US;
	list_add(tcp_of(st), tw);
	arm(st);
	unet_tcp_done(pcb, 0, 0);
}

static void answer(struct unet_stack *st, struct unet_tcp_tw *tw)
{
	struct unet_tcp_reply r = {
		.key = &tw->flow.key, .seq = tw->snd_nxt, .ack = tw->rcv_nxt,
		.wnd = tw->wnd, .flags = UNET_TCP_ACK,
	};

	if (tw->answered_us && st->now - tw->answered_us < ANSWERS_US)
		return;
	tw->answered_us = st->now;
	if (tw->ts_on) {
		r.opts.present = UNET_TCPOPT_TS;
		r.opts.tsval = (u32)(st->now / 1000) + tw->ts_offset;
		r.opts.tsecr = tw->ts_recent;
	}
	unet_tcp_send_reply(st, &tw->flow, &r);
}

/* RFC 9293 section 3.10.7.4 and RFC 6191: may this SYN open the next one? */
static bool may_reopen(const struct unet_tcp_tw *tw,
		       const struct unet_tcp_seg *seg)
{
	if ((seg->flags & (UNET_TCP_SYN | UNET_TCP_ACK | UNET_TCP_FIN)) !=
	    UNET_TCP_SYN)
		return false;
	if (tw->ts_on && seg->opts.present & UNET_TCPOPT_TS)
		return seq_gt(seg->opts.tsval, tw->ts_recent) ||
		       (seg->opts.tsval == tw->ts_recent &&
			seq_gt(seg->seq, tw->rcv_nxt));
	return seq_gt(seg->seq, tw->rcv_nxt);
}

/* RFC 7323 section 5.3, R1: it is answered, but is nobody's who still sends. */
static bool is_old(const struct unet_tcp_tw *tw, const struct unet_tcp_seg *seg)
{
	return tw->ts_on && seg->opts.present & UNET_TCPOPT_TS &&
	       seq_lt(seg->opts.tsval, tw->ts_recent);
}

/*
 * A listener without room drops the SYN: the TIME-WAIT is kept for the next. It does not
 * answer with a cookie, whose number need not be above the last one (RFC 9293, MAY-2).
 */
static void reopen(struct unet_stack *st, struct unet_tcp_tw *tw,
		   struct unet_tcp_seg *seg)
{
	u32 above = tw->snd_nxt + 65536;
	struct unet_tcp_pcb *lst;
	struct unet_flow_key key;
	struct unet_flow *f;

	unet_ip_key(seg->info, seg->pkt, &key);
	f = unet_flow_find_listener(st, &key);
	if (!f || f->proto_ops != &unet_tcp_proto) {
		answer(st, tw);
		return;
	}
	lst = tcp_pcb_of(f);
	if (!unet_tcp_listen_has_room(lst)) {
		unet_count(st, UNET_STAT_TCP_LISTEN_FULL);
		return;
	}
	tw_free(st, tw, 0);
	unet_tcp_listen_syn(lst, seg, &key, above);
}

/**
 * unet_tcp_tw_input() - a segment for TIME-WAIT
 * @st:		stack
 * @f:		lies in the object
 * @seg:	its packet is still at the TCP header
 *
 * A reset does nothing (RFC 1337): it may be old. The FIN again means that our
 * last ACK was lost: answer and wait the whole time again.
 */
void unet_tcp_tw_input(struct unet_stack *st, struct unet_flow *f,
		       struct unet_tcp_seg *seg)
{
	struct unet_tcp_tw *tw = tw_of(f);

	if (seg->flags & UNET_TCP_RST)
		return;
	if (may_reopen(tw, seg)) {
		reopen(st, tw, seg);
		return;
	}
	if (seg->flags & UNET_TCP_FIN && !is_old(tw, seg) &&
	    seg->seq + seg->len + 1 == tw->rcv_nxt)
		restart(st, tw);
	if (seg->len || seg->flags & (UNET_TCP_SYN | UNET_TCP_FIN) ||
	    seg->seq != tw->rcv_nxt)
		answer(st, tw);
}

/**
 * unet_tcp_tw_gone() - the kernel removed the flow
 * @st:		stack
 * @f:		lies in the object
 */
void unet_tcp_tw_gone(struct unet_stack *st, struct unet_flow *f)
{
	tw_free(st, tw_of(f), 0);
}

/**
 * unet_tcp_tw_init() - no TIME-WAITs yet
 * @st:		stack
 */
void unet_tcp_tw_init(struct unet_stack *st)
{
	unet_timer_init(&tcp_of(st)->tw_timer, expired);
}

/**
 * unet_tcp_tw_exit() - end all of them; the kernel keeps their ports
 * @st:		stack
 */
void unet_tcp_tw_exit(struct unet_stack *st)
{
	while (unet_tcp_tw_recycle(st))
		;
	unet_timer_cancel(st, &tcp_of(st)->tw_timer);
}
