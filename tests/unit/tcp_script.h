/* SPDX-License-Identifier: MIT */
/*
 * A TCP peer made of calls: segments are put in and looked for, time is set by
 * hand. Sequence numbers are relative: ours to SCRIPT_ISS, the peer's to
 * SCRIPT_IRS, both shortly before 2^32, so every test wraps.
 *
 *   struct script *s = script_open(0);
 *   script_listen(s, 10);
 *   IN(s, SYN, .seq = 0, .mss = 1460);
 *   OUT(s, SYN | ACK, .seq = 0, .ack = 1);
 *   script_at(s, 200);
 *   NONE(s);
 */
#ifndef TCP_SCRIPT_H
#define TCP_SCRIPT_H

#include "packet.h"
#include "stack.h"
#include "tcp.h"
#include "tcp_internal.h"
#include "tcp_recovery.h"

#define SCRIPT_ISS	0xffffff00u
#define SCRIPT_IRS	0xfffffe80u
#define SCRIPT_PORT	80		/* ours */
#define SCRIPT_PEER	4000		/* the peer's first port */
#define SCRIPT_START	1000000u	/* microseconds */
#define SCRIPT_SEGS	512

/* Short names for tests. */
enum {
	FIN = UNET_TCP_FIN, SYN = UNET_TCP_SYN, RST = UNET_TCP_RST,
	PSH = UNET_TCP_PSH, ACK = UNET_TCP_ACK, URG = UNET_TCP_URG,
};

/* script_open() flags */
#define SCRIPT_SUPER	(1u << 0)	/* the backend takes super packets */
#define SCRIPT_RANDOM	(1u << 1)	/* our numbers are not fixed */

/**
 * struct script_seg - a segment, numbers relative
 * @flags:	UNET_TCP_*; PSH is not compared
 * @port:	the peer's port, 0: SCRIPT_PEER
 * @seq:	of the sender
 * @ack:	relative to the receiver's first; compared with ACK
 * @len:	bytes of payload
 * @wnd:	as in the header; in: 0 means 65535, SCRIPT_ZERO: 0
 * @any_wnd:	out: not compared when 0 here
 * @mss:	0: no option
 * @wscale:	0: no option; the shift plus 1
 * @sack_ok:	SACK-permitted
 * @ts:		timestamp option: value; 0: none
 * @tsecr:	echo
 * @sacks:	used blocks
 * @sack:	relative
 * @segs:	in: packets it stands for, 0: 1
 * @seg_size:	of a super packet
 * @fill:	in: byte that the payload consists of; 0: counted by @seq
 * @raw:	in: @seq and @ack are absolute
 */
struct script_seg {
	u8 flags;
	u16 port;
	u32 seq;
	u32 ack;
	u32 len;
	u32 wnd;
	u16 mss;
	u8 wscale;
	bool sack_ok;
	u32 ts;
	u32 tsecr;
	u8 sacks;
	struct unet_tcp_sack sack[4];
	u16 segs;
	u16 seg_size;
	bool raw;
};

#define SCRIPT_ZERO	0x10000u

/**
 * struct script - one stack and what it sent
 * @be:		backend
 * @st:		stack
 * @pcb:	connection or listener of the test
 * @now:	microseconds
 * @out:	segments sent and not yet looked at
 * @bad_bytes:	a payload byte sent was not the stream's
 * @from_queue:	payload bytes sent that lay in the send queue of @pcb itself
 * @tx_room:	sends the backend takes, UINT32_MAX: any
 * @tx_memory:	bytes of payload memory left
 * @no_headers:	no memory for headers is left
 * @flows:	flows in the backend
 * @flow_max:	most of them
 * @flow_err:	what adding one answers, 0: works
 * @del_flags:	of the last flow removed
 * @adv:	advice on all flows
 * @events:	SCRIPT_EV_* seen
 * @closed_err:	of the closed event
 * @v6:		addresses are IPv6
 */
struct script {
	struct unet_backend be;
	struct unet_stack *st;
	struct unet_tcp_pcb *pcb;
	u64 now;
	struct unet_pktq arrived;
	struct script_seg out[SCRIPT_SEGS];
	u32 n_out;
	bool bad_bytes;
	u32 from_queue;
	u32 tx_room;
	u32 tx_memory;
	bool no_headers;
	u32 flows;
	u32 flow_max;
	int flow_err;
	u32 del_flags;
	u32 handles;
	struct unet_flow_adv adv;
	u32 events;
	int closed_err;
};

#define SCRIPT_EV_ACCEPTED	(1u << 0)
#define SCRIPT_EV_ESTABLISHED	(1u << 1)
#define SCRIPT_EV_READABLE	(1u << 2)
#define SCRIPT_EV_WRITABLE	(1u << 3)
#define SCRIPT_EV_CLOSED	(1u << 4)

extern const struct unet_tcp_events script_events;

struct script *script_open(u32 flags);
void script_close(struct script *s);

void script_put(struct script *s, const struct script_seg *seg);
void script_turn(struct script *s);
void script_at(struct script *s, u32 ms);
void script_after(struct script *s, u64 us);
u32 script_events_take(struct script *s);
bool script_same(const struct script_seg *got, const struct script_seg *want,
		 char *why, size_t len);
void script_text(const struct script_seg *seg, char *buf, size_t len);
struct script_seg script_take(struct script *s);

void script_listen(struct script *s, u32 backlog);
void script_connect(struct script *s);
ssize_t script_send(struct script *s, u32 bytes);
u8 script_byte(u32 seq);
const char *script_check(const struct unet_tcp_pcb *pcb);

#endif /* TCP_SCRIPT_H */
