/* SPDX-License-Identifier: MIT */
/*
 * What only tcp_*.c may call. A received segment becomes a struct unet_tcp_seg
 * on the stack and is led through the steps of RFC 9293 section 3.10.7 with it.
 */
#ifndef UNET_TCP_INTERNAL_H
#define UNET_TCP_INTERNAL_H

#include "core/wire.h"
#include "seq.h"
#include "tcp.h"
#include "tcp_pcb.h"

#define UNET_TCP_HEADER_MAX	60u
#define UNET_TCP_MSS_DEFAULT	536u	/* RFC 9293 MUST-15 */
#define UNET_TCP_MSS_DEFAULT6	1220u
#define UNET_TCP_MSS_MIN	88u	/* a peer that says less is not believed */
#define UNET_TCP_RCV_WSCALE	7
#define UNET_TCP_WND_MAX	65535u	/* without scaling, and in a SYN */
#define UNET_TCP_BUF_DEFAULT	(1u << 20)
#define UNET_TCP_BUF_MIN	4096u
#define UNET_TCP_BUF_MAX	(8u << 20)	/* 65535 << UNET_TCP_RCV_WSCALE */
#define UNET_TCP_UNREAD_BLOCK	1024u	/* least memory of bytes that wait for a reader */
#define UNET_TCP_DELACK_US	40000u
#define UNET_TCP_MSL2_US	60000000u
#define UNET_TCP_FIN_WAIT_2_US	60000000u
#define UNET_TCP_PROBE_MAX_US	60000000u
#define UNET_TCP_SYN_RETRIES	7	/* 3 minutes at least (MUST-23): 247 s */
#define UNET_TCP_SYNACK_RETRIES	5
#define UNET_TCP_RETRIES	15	/* R2 of RFC 9293 section 3.8.3 */
#define UNET_TCP_ORPHAN_RETRIES	8
#define UNET_TCP_TW_MAX		8192

struct unet_tcp_tw;

/**
 * struct unet_tcp_seg - a received segment
 * @pkt:	at the TCP header, then at the payload; NULL once somebody took it
 * @info:	of the IP header
 * @seq:	sequence number of the first byte, SYN included
 * @ack:	acknowledgement number
 * @wnd:	window as it stands in the header; scaled once a connection has it
 * @len:	bytes of payload
 * @segs:	packets this one was on the wire
 * @seg_size:	payload bytes of the largest of them
 * @hlen:	bytes of header
 * @flags:	UNET_TCP_*
 * @opts:	options
 */
struct unet_tcp_seg {
	struct unet_pkt *pkt;
	const struct unet_ip_info *info;
	u32 seq;
	u32 ack;
	u32 wnd;
	u32 len;
	u16 segs;
	u16 seg_size;
	u8 hlen;
	u8 flags;
	struct unet_tcp_opts opts;
};

/**
 * struct unet_tcp_reply - a segment that belongs to no pcb's sequence space
 * @key:	addresses to answer with
 * @seq:	sequence number
 * @ack:	acknowledgement number, with UNET_TCP_ACK
 * @wnd:	window, as it stands in the header
 * @flags:	UNET_TCP_*
 * @opts:	options
 */
struct unet_tcp_reply {
	const struct unet_flow_key *key;
	u32 seq;
	u32 ack;
	u16 wnd;
	u8 flags;
	struct unet_tcp_opts opts;
};

/**
 * struct unet_tcp - TCP's own state of a stack
 * @pcbs:	all of them
 * @n_pcbs:	how many
 * @n_xmit:	transmission records in use
 * @xmit_free:	records not in use, by @t_next
 * @range_free:	out-of-order ranges not in use
 * @chunks:	what both were cut from
 * @prio:	generator of their priorities, never 0
 * @tw_first:	TIME-WAITs, soonest to end first
 * @tw_last:	see @tw_first
 * @n_tw:	how many
 * @tw_timer:	for the first
 * @cookie_us:	when a SYN cookie was last sent
 * @rto_min_us:	least variance term of timeouts
 * @fixed_isn:	initial sequence number for all, 0: RFC 6528; only tests set it
 * @fixed_ts:	timestamp offset for all, likewise
 */
struct unet_tcp {
	struct unet_tcp_pcb *pcbs;
	u32 n_pcbs;
	u32 n_xmit;
	struct unet_tcp_xmit *xmit_free;
	struct unet_tcp_range *range_free;
	void *chunks;
	u64 prio;
	struct unet_tcp_tw *tw_first;
	struct unet_tcp_tw *tw_last;
	u32 n_tw;
	struct unet_timer tw_timer;
	u64 cookie_us;
	u32 rto_min_us;
	u32 fixed_isn;
	u32 fixed_ts;
};

static inline struct unet_tcp *tcp_of(const struct unet_stack *st)
{
	return st->tcp;
}

static inline struct unet_tcp_pcb *tcp_pcb_of(struct unet_flow *f)
{
	return container_of(f, struct unet_tcp_pcb, flow);
}

/* Bytes of a record's payload: its FIN is not one. */
static inline u32 tcp_xmit_bytes(const struct unet_tcp_xmit *x)
{
	return x->end - x->node.seq - !!(x->flags & UNET_TCPX_FIN);
}

/* Millisecond clock of RFC 7323, with the connection's own offset. */
static inline u32 tcp_ts_now(const struct unet_tcp_pcb *pcb)
{
	return (u32)(pcb->st->now / 1000) + pcb->ts_offset;
}

/* What is left of the window we advertised; a FIN may lie behind its edge. */
static inline u32 tcp_rcv_wnd(const struct unet_tcp_pcb *pcb)
{
	return seq_gt(pcb->rcv_adv, pcb->rcv_nxt) ?
	       pcb->rcv_adv - pcb->rcv_nxt : 0;
}

/* Queued bytes that are not acknowledged; what is, may still lie in a piece. */
static inline u32 tcp_snd_queued(const struct unet_tcp_pcb *pcb)
{
	return seq_lt(pcb->snd_una, pcb->snd_end) ?
	       pcb->snd_end - pcb->snd_una : 0;
}

/* Queued bytes wait to be sent; behind our FIN, which snd_nxt counts, there are none. */
static inline bool tcp_unsent(const struct unet_tcp_pcb *pcb)
{
	return pcb->snd_end != pcb->snd_nxt &&
	       !(pcb->flags & UNET_TCPF_FIN_SENT);
}

static inline bool tcp_synchronized(const struct unet_tcp_pcb *pcb)
{
	return pcb->state >= UNET_TCP_ESTABLISHED;
}

/* tcp.c */
struct unet_tcp_pcb *unet_tcp_pcb_new(struct unet_stack *st, u8 family);
void unet_tcp_pcb_free(struct unet_tcp_pcb *pcb);
void unet_tcp_done(struct unet_tcp_pcb *pcb, int err, u32 del_flags);
void unet_tcp_reset(struct unet_tcp_pcb *pcb, int err);
void unet_tcp_established(struct unet_tcp_pcb *pcb);
void unet_tcp_set_mss(struct unet_tcp_pcb *pcb);
void unet_tcp_peer_syn(struct unet_tcp_pcb *pcb, const struct unet_tcp_seg *seg);
u16 unet_tcp_mss_limit(const struct unet_flow *f);
void unet_tcp_note_readable(struct unet_tcp_pcb *pcb);
void unet_tcp_note_writable(struct unet_tcp_pcb *pcb);

/* tcp_sndbuf.c */
#define UNET_TCP_SHARE_MIN	8192u	/* bytes a connection may always queue */

u32 unet_tcp_sndbuf_add(struct unet_tcp_pcb *pcb, const u8 *bytes, u32 len);
bool unet_tcp_sndbuf_memory(struct unet_tcp_pcb *pcb);
void unet_tcp_sndbuf_acked(struct unet_tcp_pcb *pcb);
void unet_tcp_sndbuf_purge(struct unet_tcp_pcb *pcb);
struct unet_pkt *unet_tcp_sndbuf_seek(struct unet_pkt *piece, u32 seq);
u32 unet_tcp_sndbuf_span(const struct unet_pkt *piece, u32 seq, u32 len);
int unet_tcp_sndbuf_clone(struct unet_pkt *to, const struct unet_pkt *piece,
			  u32 seq, u32 len);

/* tcp_isn.c */
u32 unet_tcp_isn(const struct unet_stack *st, const struct unet_flow_key *key);
u32 unet_tcp_ts_offset(const struct unet_stack *st,
		       const struct unet_flow_key *key);

/* tcp_cookie.c */
u32 unet_tcp_cookie_make(struct unet_stack *st, const struct unet_flow_key *key,
			 const struct unet_tcp_seg *syn);
u32 unet_tcp_cookie_ts(struct unet_stack *st, const struct unet_flow_key *key,
		       const struct unet_tcp_opts *opts);
bool unet_tcp_cookie_check(struct unet_stack *st,
			   const struct unet_flow_key *key,
			   const struct unet_tcp_seg *ack,
			   struct unet_tcp_opts *opts);

/* tcp_listen.c */
void unet_tcp_listen_input(struct unet_tcp_pcb *lst, struct unet_tcp_seg *seg);
void unet_tcp_listen_syn(struct unet_tcp_pcb *lst, struct unet_tcp_seg *seg,
			 const struct unet_flow_key *key, u32 above);
void unet_tcp_listen_gone(struct unet_tcp_pcb *lst, int err);
void unet_tcp_listen_close(struct unet_tcp_pcb *lst);
bool unet_tcp_listen_full(const struct unet_tcp_pcb *pcb);
bool unet_tcp_listen_has_room(const struct unet_tcp_pcb *lst);
bool unet_tcp_listen_waiting(const struct unet_tcp_pcb *lst);
int unet_tcp_listen_promote(struct unet_tcp_pcb *child);
void unet_tcp_listen_forget(struct unet_tcp_pcb *child);

/* tcp_tw.c */
void unet_tcp_tw_enter(struct unet_tcp_pcb *pcb);
void unet_tcp_tw_input(struct unet_stack *st, struct unet_flow *f,
		       struct unet_tcp_seg *seg);
bool unet_tcp_tw_recycle(struct unet_stack *st);
void unet_tcp_tw_gone(struct unet_stack *st, struct unet_flow *f);
void unet_tcp_tw_init(struct unet_stack *st);
void unet_tcp_tw_exit(struct unet_stack *st);

/* tcp_output.c */
void unet_tcp_output(struct unet_tcp_pcb *pcb);
void unet_tcp_output_later(struct unet_tcp_pcb *pcb);
int unet_tcp_send_ack(struct unet_tcp_pcb *pcb);
int unet_tcp_send_probe(struct unet_tcp_pcb *pcb);
int unet_tcp_send_syn(struct unet_tcp_pcb *pcb);
void unet_tcp_send_rst(struct unet_tcp_pcb *pcb);
bool unet_tcp_resend(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x);
bool unet_tcp_send_some(struct unet_tcp_pcb *pcb, u32 most);
int unet_tcp_send_reply(struct unet_stack *st, struct unet_flow *f,
			const struct unet_tcp_reply *r);
void unet_tcp_send_reset_for(struct unet_stack *st, struct unet_flow *f,
			     const struct unet_tcp_seg *seg,
			     const struct unet_flow_key *key);
void unet_tcp_challenge(struct unet_tcp_pcb *pcb);
bool unet_tcp_window_opened(const struct unet_tcp_pcb *pcb);

/* tcp_timers.c */
void unet_tcp_timer(struct unet_stack *st, struct unet_timer *t);
void unet_tcp_timers_arm(struct unet_tcp_pcb *pcb);
void unet_tcp_timers_stop(struct unet_tcp_pcb *pcb);
void unet_tcp_rtx_set(struct unet_tcp_pcb *pcb, enum unet_tcp_rtx_kind kind,
		      u64 in_us);
void unet_tcp_rtx_restart(struct unet_tcp_pcb *pcb);
void unet_tcp_rtx_sent(struct unet_tcp_pcb *pcb);
void unet_tcp_heard(struct unet_tcp_pcb *pcb);
void unet_tcp_keep_restart(struct unet_tcp_pcb *pcb);
void unet_tcp_ack_delay(struct unet_tcp_pcb *pcb);

/* tcp_reass.c */
bool unet_tcp_reass_add(struct unet_tcp_pcb *pcb, struct unet_pkt *pkt,
			u32 seq);
void unet_tcp_reass_take(struct unet_tcp_pcb *pcb);
void unet_tcp_reass_purge(struct unet_tcp_pcb *pcb);
unsigned int unet_tcp_reass_sacks(const struct unet_tcp_pcb *pcb,
				  struct unet_tcp_sack *sack, unsigned int room);

/* tcp_input.c */
void unet_tcp_input(struct unet_stack *st, struct unet_pkt *pkt,
		    const struct unet_ip_info *info, struct unet_flow *f);
void unet_tcp_input_for(struct unet_stack *st, struct unet_pkt *pkt,
			const struct unet_ip_info *info, struct unet_flow *f);
void unet_tcp_rcvq_add(struct unet_tcp_pcb *pcb, struct unet_pkt *pkt);

/* tcp_icmp.c */
void unet_tcp_icmp_error(struct unet_stack *st, struct unet_flow *f,
			 const struct unet_icmp_info *icmp);

/* tcp_pool.c */
struct unet_tcp_xmit *unet_tcp_xmit_new(struct unet_stack *st);
void unet_tcp_xmit_put(struct unet_stack *st, struct unet_tcp_xmit *x);
struct unet_tcp_range *unet_tcp_range_new(struct unet_stack *st);
void unet_tcp_range_put(struct unet_stack *st, struct unet_tcp_range *r);
void unet_tcp_pool_exit(struct unet_stack *st);

#endif /* UNET_TCP_INTERNAL_H */
