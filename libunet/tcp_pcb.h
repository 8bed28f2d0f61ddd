/* SPDX-License-Identifier: MIT */
/*
 * The connection block. RFC 9293's names wherever it has one.
 *
 * Send sequence space, and what lies where:
 *
 *      snd_una            snd_nxt           snd_end
 *         v                  v                 v
 *   ------|=== xmit records =|--- not yet sent |  FIN when queued
 *         [ pieces of the send queue ..........]
 *
 * A transmission record (struct unet_tcp_xmit) stands for one send: a segment or
 * a super packet. It points at the piece of the send queue where its bytes
 * begin; what is sent, first or again, is a clone of those bytes. Pieces and
 * records go when snd_una passes them.
 *
 * Each record is in exactly one of three conditions:
 *   in flight    on the list by time of sending
 *   lost         on the lost list, waiting to be sent again
 *   sacked       on neither: the receiver has it
 *
 * Receive sequence space:
 *
 *      rcv_nxt                        rcv_adv
 *         v                              v
 *   rcvq -|   [range]   [range]          |  ranges: struct unet_tcp_ooo
 */
#ifndef UNET_TCP_PCB_H
#define UNET_TCP_PCB_H

#include "core_os.h"
#include "flow.h"
#include "packet.h"
#include "seq_tree.h"
#include "stack.h"
#include "tcp_cc.h"
#include "tcp_opts.h"
#include "tcp_rtt.h"
#include "timer.h"

struct unet_tcp_events;
struct unet_tcp_listener;
struct unet_tcp_ooo;

/*
 * RFC 9293 section 3.3.2, numbered as in struct unet_tcp_info. Who leads on:
 *
 *   CLOSED        no flow. From here: unet_tcp_listen(), unet_tcp_connect()
 *   LISTEN        tcp_listen.c; has unet_tcp_pcb.listener and nothing else
 *   SYN_SENT      SYN is out: tcp_input.c syn_sent()
 *   SYN_RECEIVED  SYN-ACK is out; on its listener's list when passive. Flow is
 *                 hashed only: it is installed at the ACK
 *   ESTABLISHED   data both ways
 *   FIN_WAIT_1    our FIN is queued or out, not acknowledged
 *   FIN_WAIT_2    our FIN is acknowledged, the peer's is to come
 *   CLOSE_WAIT    the peer's FIN came, ours is to come
 *   CLOSING       both FINs are out, ours is not acknowledged
 *   LAST_ACK      as CLOSING, but the peer was first
 *   TIME_WAIT     never a pcb's: a struct unet_tcp_tw takes the flow over and the
 *                 pcb is CLOSED
 */
enum unet_tcp_state {
	UNET_TCP_CLOSED,
	UNET_TCP_LISTEN,
	UNET_TCP_SYN_SENT,
	UNET_TCP_SYN_RECEIVED,
	UNET_TCP_ESTABLISHED,
	UNET_TCP_FIN_WAIT_1,
	UNET_TCP_FIN_WAIT_2,
	UNET_TCP_CLOSE_WAIT,
	UNET_TCP_CLOSING,
	UNET_TCP_LAST_ACK,
	UNET_TCP_TIME_WAIT,
};

/* struct unet_tcp_pcb.flags */
#define UNET_TCPF_TS		(1u << 0)	/* timestamps are in use */
#define UNET_TCPF_SACK		(1u << 1)	/* both sides do SACK */
#define UNET_TCPF_WSCALE	(1u << 2)	/* window scaling is in use */
#define UNET_TCPF_NODELAY	(1u << 3)
#define UNET_TCPF_CORK		(1u << 4)
#define UNET_TCPF_MORE		(1u << 5)	/* the last send said: more follows */
#define UNET_TCPF_KEEPALIVE	(1u << 6)
#define UNET_TCPF_QUICKACK	(1u << 7)
#define UNET_TCPF_LINGER0	(1u << 8)	/* close resets */
#define UNET_TCPF_FIN_QUEUED	(1u << 9)	/* FIN follows snd_end */
#define UNET_TCPF_FIN_SENT	(1u << 10)	/* snd_nxt is snd_end + 1 */
#define UNET_TCPF_FIN_SEEN	(1u << 11)	/* rcv_fin is valid */
#define UNET_TCPF_FIN_RCVD	(1u << 12)	/* rcv_nxt is rcv_fin + 1 */
#define UNET_TCPF_RCV_SHUT	(1u << 13)	/* the reader wants no more */
#define UNET_TCPF_ORPHAN	(1u << 14)	/* no owner: free when done */
#define UNET_TCPF_WANT_WRITE	(1u << 15)	/* tell when there is room */
#define UNET_TCPF_ACK_NOW	(1u << 16)	/* an ACK goes out this turn */
#define UNET_TCPF_ACK_LATER	(1u << 17)	/* an ACK goes out at ack_at */
#define UNET_TCPF_DSACK		(1u << 18)	/* dsack is to be reported */
#define UNET_TCPF_ACTIVE	(1u << 19)	/* we sent the first SYN */
#define UNET_TCPF_CWND_LIMITED	(1u << 20)	/* the window held sending back */
#define UNET_TCPF_MINE		(1u << 21)	/* on its listener's list */
#define UNET_TCPF_QUEUED	(1u << 22)	/* on its listener's accept queue */
#define UNET_TCPF_FORCE		(1u << 23)	/* send what there is, whatever Nagle says */
#define UNET_TCPF_NO_MEMORY	(1u << 24)	/* there was no TX memory for the writer */
#define UNET_TCPF_COUNTED	(1u << 25)	/* was ESTABLISHED once */
#define UNET_TCPF_COOKIE	(1u << 26)	/* of a SYN cookie: nobody timed the handshake */

/* What the one retransmission-class timer is set for; they exclude each other. */
enum unet_tcp_rtx_kind {
	UNET_TCP_RTX_NONE,
	UNET_TCP_RTX_RTO,	/* retransmission timeout */
	UNET_TCP_RTX_TLP,	/* tail loss probe, RFC 8985 section 7 */
	UNET_TCP_RTX_REO,	/* RACK's reordering window ends */
	UNET_TCP_RTX_PERSIST,	/* zero window, silly window, cork */
};

/* struct unet_tcp_xmit.flags */
#define UNET_TCPX_LOST		(1u << 0)	/* on the lost list */
#define UNET_TCPX_SACKED	(1u << 1)
#define UNET_TCPX_RETX		(1u << 2)	/* was sent more than once */
#define UNET_TCPX_FIN		(1u << 3)	/* the last number is the FIN's */
#define UNET_TCPX_APP_LIMITED	(1u << 4)	/* sent while there was nothing more */

/**
 * struct unet_tcp_xmit - one send
 * @node:	@node.seq: first sequence number; in the index when there is one
 * @next:	by sequence number
 * @prev:	by sequence number
 * @t_next:	on the list by time, or the lost list
 * @t_prev:	likewise
 * @piece:	of the send queue, holds the first byte; NULL for a bare FIN
 * @sent_us:	last time it was sent
 * @delivered_us: when @delivered was reached
 * @delivered:	bytes delivered when it was sent
 * @end:	one past the last sequence number
 * @seg_size:	payload bytes of its segments
 * @flags:	UNET_TCPX_*
 */
struct unet_tcp_xmit {
	struct unet_seq_node node;
	struct unet_tcp_xmit *next;
	struct unet_tcp_xmit *prev;
	struct unet_tcp_xmit *t_next;
	struct unet_tcp_xmit *t_prev;
	struct unet_pkt *piece;
	u64 sent_us;
	u64 delivered_us;
	u32 delivered;
	u32 end;
	u16 seg_size;
	u8 flags;
};

/**
 * struct unet_tcp_xmit_list - records linked by @t_next
 */
struct unet_tcp_xmit_list {
	struct unet_tcp_xmit *first;
	struct unet_tcp_xmit *last;
};

enum unet_tcp_phase {
	UNET_TCP_OPEN,		/* nothing known to be lost */
	UNET_TCP_RECOVERY,	/* repairing, found by acknowledgements */
	UNET_TCP_LOSS,		/* repairing after a timeout */
};

/**
 * struct unet_tcp_recovery - what was sent and what became of it
 * @first:	records by sequence number
 * @last:	see @first
 * @index:	the same as a tree; built at the first SACK of a busy period
 * @sent:	records in flight by time of sending
 * @lost:	records to be sent again
 * @in_flight:	bytes of records in flight
 * @sacked:	bytes of records sacked
 * @lost_bytes: bytes of records lost
 * @recover:	snd_nxt when this phase began; it ends when that is acknowledged
 * @base:	RecoverFS of RFC 9937
 * @prr_delivered: bytes delivered in this phase
 * @prr_out:	bytes sent in this phase
 * @dupacks:	duplicate acknowledgements in a row (peers without SACK)
 * @undo_una:	snd_una when the window was reduced, for undo
 * @undo_retx:	retransmitted bytes not yet reported as duplicates; those that were
 *		under way when the window was reduced count
 * @retx_ts:	our timestamp of the first retransmission of this phase
 * @rack_us:	when the newest segment known to be delivered was sent
 * @rack_end:	its end
 * @rack_rtt:	its round trip, microseconds
 * @fack:	highest sequence number known to be delivered
 * @tlp_end:	snd_nxt when the probe was sent
 * @delivered:	bytes delivered in all, modulo 2^32
 * @delivered_us: when the last of them were
 * @usage_seq:	snd_nxt when @max_out was taken
 * @max_out:	most bytes in flight lately
 * @dsack_round: snd_nxt when the reordering window was last widened
 * @tlp_retx:	bytes that the last probe sent again, 0: it was new data
 * @phase:	enum unet_tcp_phase
 * @reo_mult:	reordering window in quarters of the smallest round trip
 * @reo_persist: recoveries until @reo_mult falls back to 1
 * @reordering: segments have been seen out of order
 * @indexed:	@index holds all records
 * @tlp_out:	a tail loss probe is unanswered
 * @undo_on:	@undo_una is valid
 * @fresh:	nothing was sent in this phase yet
 */
struct unet_tcp_recovery {
	struct unet_tcp_xmit *first;
	struct unet_tcp_xmit *last;
	struct unet_seq_node *index;
	struct unet_tcp_xmit_list sent;
	struct unet_tcp_xmit_list lost;
	u32 in_flight;
	u32 sacked;
	u32 lost_bytes;
	u32 recover;
	u32 base;
	u32 prr_delivered;
	u32 prr_out;
	u32 dupacks;
	u32 undo_una;
	u32 undo_retx;
	u32 retx_ts;
	u32 rack_end;
	u64 rack_us;
	u32 rack_rtt;
	u32 fack;
	u32 tlp_end;
	u32 delivered;
	u64 delivered_us;
	u32 usage_seq;
	u32 max_out;
	u32 dsack_round;
	u32 tlp_retx;
	u8 phase;
	u8 reo_mult;
	u8 reo_persist;
	bool reordering;
	bool indexed;
	bool tlp_out;
	bool undo_on;
	bool fresh;
};

/**
 * struct unet_tcp_pcb - a connection or a listener
 * @flow:	first, so that input finds the pcb; key and path
 * @state:	enum unet_tcp_state; at the same place in struct unet_tcp_tw
 * @rtx_kind:	what @rtx_at is for
 * @snd_wscale: shift of windows we receive
 * @rcv_wscale: shift of windows we send
 * @flags:	UNET_TCPF_*
 * @st:		stack
 *
 * -- hot: looked at for each segment --
 * @snd_una:	oldest unacknowledged sequence number
 * @snd_nxt:	next to be sent; the FIN counts
 * @snd_end:	one past the last queued byte
 * @snd_wnd:	peer's window, scaled
 * @snd_wl1:	segment sequence number of the last window update
 * @snd_wl2:	acknowledgement number of the last window update
 * @snd_max_wnd: largest window the peer ever had
 * @snd_sml:	end of the last short segment sent (Minshall's Nagle)
 * @rcv_nxt:	next expected
 * @rcv_adv:	right edge of the window as advertised; never moves left
 * @rcv_acked:	last acknowledgement sent: RFC 7323's Last.ACK.sent
 * @rcvbuf:	bytes we hold for the reader at most
 * @ts_recent:	RFC 7323's TS.Recent
 * @ts_recent_ms: when it was set
 * @ts_offset:	added to our millisecond clock
 * @path_mtu:	what @mss was reckoned from
 * @mss:	payload bytes of a full segment without SACK blocks
 * @rcv_mss:	largest segment received lately
 * @rcv_last:	size of the last one
 * @rcv_segs:	full-size segments not yet acknowledged
 * @rcvq:	bytes in order, for the reader
 * @rcv_fresh:	first packet of @rcvq whose bytes lie in ring memory
 * @ooo:	bytes out of order, NULL: none
 * @sndq:	pieces; @priv of each is the sequence number it starts with
 * @snd_piece:	piece that holds @snd_nxt, NULL: none does yet
 * @rtx_at:	deadline, UNET_NEVER: off
 * @rto_at:	when the retransmission timeout would be, were it not probed before
 * @ack_at:	delayed acknowledgement
 * @keep_at:	keepalive, FIN-WAIT-2
 * @timer:	fires at or before the first of the three
 * @work:	output at the end of the turn
 * @rec:	transmission records and recovery
 * @rtt:	estimator
 * @cc:		congestion control
 *
 * -- cold --
 * @ev:		owner's events, NULL: nobody listens
 * @ctx:	for @ev
 * @next:	all pcbs of the stack
 * @pprev:	see @next
 * @listener:	LISTEN: its queues; else the listener it belongs to, or NULL
 * @q_next:	on the listener's list or accept queue
 * @q_pprev:	see @q_next
 * @iss:	initial send sequence number
 * @irs:	initial receive sequence number
 * @rcv_fin:	sequence number of the peer's FIN
 * @dsack:	block of duplicate data, with UNET_TCPF_DSACK
 * @sndbuf:	bytes we take from the writer at most
 * @mss_peer:	largest segment the peer takes, options included
 * @mss_user:	TCP_MAXSEG, 0: none
 * @err:	errno the connection ended with
 * @soft_err:	errno of the last ICMP error while established
 * @retries:	of the timer in force
 * @keep_probes: keepalives without answer
 * @keep_cnt:	TCP_KEEPCNT
 * @tos:	IP_TOS
 * @ttl:	IP_TTL, 0: default
 * @challenges: challenge ACKs left in this second (RFC 5961)
 * @quick:	segments still to be acknowledged at once
 * @keep_idle_s: TCP_KEEPIDLE
 * @keep_intvl_s: TCP_KEEPINTVL
 * @user_timeout_ms: TCP_USER_TIMEOUT, 0: by count of retries
 * @retrans:	segments sent again
 * @challenge_us: when this second began
 * @dupack_us:	last answer to a segment outside the window
 * @last_in_us: last acceptable segment of the peer
 * @last_out_us: last data sent
 * @stall_us:	since when nothing was acknowledged though data was sent, or waits
 *		for a window
 * @bytes_sent: payload, retransmissions included
 * @bytes_acked: payload
 * @bytes_in:	payload in order
 * @segs_in:	received
 * @segs_out:	sent
 */
struct unet_tcp_pcb {
	struct unet_flow flow;
	u8 state;
	u8 rtx_kind;
	u8 snd_wscale;
	u8 rcv_wscale;
	u32 flags;
	struct unet_stack *st;

	u32 snd_una;
	u32 snd_nxt;
	u32 snd_end;
	u32 snd_wnd;
	u32 snd_wl1;
	u32 snd_wl2;
	u32 snd_max_wnd;
	u32 snd_sml;
	u32 rcv_nxt;
	u32 rcv_adv;
	u32 rcv_acked;
	u32 rcvbuf;
	u32 ts_recent;
	u32 ts_recent_ms;
	u32 ts_offset;
	u32 path_mtu;
	u16 mss;
	u16 rcv_mss;
	u16 rcv_last;
	u16 rcv_segs;
	struct unet_pktq rcvq;
	struct unet_pkt *rcv_fresh;
	struct unet_tcp_ooo *ooo;
	struct unet_pktq sndq;
	struct unet_pkt *snd_piece;
	u64 rtx_at;
	u64 rto_at;
	u64 ack_at;
	u64 keep_at;
	struct unet_timer timer;
	struct unet_work work;
	struct unet_tcp_recovery rec;
	struct unet_tcp_rtt rtt;
	struct unet_tcp_cc cc;

	const struct unet_tcp_events *ev;
	void *ctx;
	struct unet_tcp_pcb *next;
	struct unet_tcp_pcb **pprev;
	struct unet_tcp_listener *listener;
	struct unet_tcp_pcb *q_next;
	struct unet_tcp_pcb **q_pprev;
	u32 iss;
	u32 irs;
	u32 rcv_fin;
	struct unet_tcp_sack dsack;
	u32 sndbuf;
	u16 mss_peer;
	u16 mss_user;
	u16 err;
	u16 soft_err;
	u8 retries;
	u8 keep_probes;
	u8 keep_cnt;
	u8 tos;
	u8 ttl;
	u8 challenges;
	u16 quick;
	u32 keep_idle_s;
	u32 keep_intvl_s;
	u32 user_timeout_ms;
	u32 retrans;
	u64 challenge_us;
	u64 dupack_us;
	u64 last_in_us;
	u64 last_out_us;
	u64 stall_us;
	u64 bytes_sent;
	u64 bytes_acked;
	u64 bytes_in;
	u64 segs_in;
	u64 segs_out;
};

#endif /* UNET_TCP_PCB_H */
