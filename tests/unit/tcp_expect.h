/* SPDX-License-Identifier: MIT */
/* Expectations of TCP unit tests; see tcp_script.h. */
#ifndef TCP_EXPECT_H
#define TCP_EXPECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "tcp_script.h"

#include <cmocka.h>

static inline void expect_sound(struct script *s)
{
	const struct unet_tcp_pcb *p;

	for (p = tcp_of(s->st)->pcbs; p; p = p->next) {
		const char *why = script_check(p);

		if (why)
			fail_msg("%s", why);
	}
	assert_false(s->bad_bytes);
}

static inline void expect_out(struct script *s, const struct script_seg *want,
			      const char *file, int line)
{
	struct script_seg got;
	char why[600];

	if (!s->n_out) {
		script_text(want, why, sizeof(why));
		print_error("%s:%d: nothing was sent, wanted %s\n", file, line,
			    why);
		_fail(file, line);
	}
	got = script_take(s);
	if (!script_same(&got, want, why, sizeof(why))) {
		print_error("%s:%d: another segment was sent:%s\n", file, line,
			    why);
		_fail(file, line);
	}
}

static inline void expect_none(struct script *s, const char *file, int line)
{
	char text[256];

	if (!s->n_out)
		return;
	script_text(&s->out[0], text, sizeof(text));
	print_error("%s:%d: sent without being asked for: %s\n", file, line,
		    text);
	_fail(file, line);
}

/* A segment of the peer, there for the next turn. */
#define PUT(s, f, ...)							\
	script_put(s, &(struct script_seg){ .flags = (f), __VA_ARGS__ })

/* A segment of the peer arrives. */
#define IN(s, f, ...) do {						\
	PUT(s, f, __VA_ARGS__);						\
	script_turn(s);							\
	expect_sound(s);						\
} while (0)

/* The next segment sent is this. */
#define OUT(s, f, ...)							\
	expect_out(s, &(struct script_seg){ .flags = (f), __VA_ARGS__ },	\
		   __FILE__, __LINE__)

/* Nothing more was sent. */
#define NONE(s)		expect_none(s, __FILE__, __LINE__)

/* Forget what was sent. */
static inline void ignore_out(struct script *s)
{
	s->n_out = 0;
}

static inline u64 stat(struct script *s, enum unet_stack_counter c)
{
	return s->st->counter[c];
}

/* What the peer says of itself in its SYN. */
#define PLAIN	.mss = 1460
#define SACKS	.mss = 1460, .sack_ok = true
#define FULL	.mss = 1460, .sack_ok = true, .wscale = 8

/* A passive open to ESTABLISHED; the test's pcb is the accepted connection. */
#define OPEN(s, ...) do {						\
	script_listen(s, 10);						\
	IN(s, SYN, .seq = 0, __VA_ARGS__);				\
	OUT(s, SYN | ACK, .seq = 0, .ack = 1);				\
	IN(s, ACK, .seq = 1, .ack = 1);					\
	NONE(s);							\
	take_accepted(s);						\
} while (0)

/* The listener ends here, its connection goes on. */
static inline void take_accepted(struct script *s)
{
	struct unet_tcp_pcb *pcb = unet_tcp_accept(s->pcb);

	assert_non_null(pcb);
	unet_tcp_close(s->pcb);
	s->pcb = pcb;
	unet_tcp_set_events(pcb, &script_events, s);
	pcb->quick = 0;		/* delayed acknowledgements from the start */
	script_events_take(s);
}

/* Everything there is to read is the peer's stream from @seq on. */
static inline void expect_read(struct script *s, u32 seq, u32 len)
{
	u8 buf[2000];
	u32 done = 0;

	while (done < len) {
		ssize_t n = unet_tcp_recv(s->pcb, buf,
					  min(len - done, (u32)sizeof(buf)),
					  false);

		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], script_byte(seq + done + i));
		done += n;
	}
	assert_int_equal(s->pcb->rcvq.bytes, 0);
	script_turn(s);
}

/* ---- a connection in any state ---- */

/* Short names for tables. */
enum {
	CLOSED = UNET_TCP_CLOSED, LISTEN = UNET_TCP_LISTEN,
	SYN_SENT = UNET_TCP_SYN_SENT, SYN_RCVD = UNET_TCP_SYN_RECEIVED,
	EST = UNET_TCP_ESTABLISHED, FW1 = UNET_TCP_FIN_WAIT_1,
	FW2 = UNET_TCP_FIN_WAIT_2, CW = UNET_TCP_CLOSE_WAIT,
	CLG = UNET_TCP_CLOSING, LA = UNET_TCP_LAST_ACK, TW = UNET_TCP_TIME_WAIT,
};

/**
 * struct start - where a test begins
 * @state:	one of the above
 * @active:	SYN_RCVD: we connected, and the peer did at the same time
 * @ts:		timestamps; TS.Recent is 1000, in TIME-WAIT 1001
 * @rcvbuf:	0: as it is
 * @unread:	bytes of the peer's, from 1 on
 * @shut:	the peer's window is 0
 * @send:	bytes of ours, from 1 on, before a FIN of ours
 * @orphan:	the application closed instead of shutting down
 * @listen:	backlog of a listener beside TIME-WAIT, 0: none
 * @half:	half-open connections that it has
 */
struct start {
	u8 state;
	bool active;
	bool ts;
	u32 rcvbuf;
	u32 unread;
	bool shut;
	u32 send;
	bool orphan;
	u32 listen;
	u32 half;
};

/* The connection with SCRIPT_PEER, whoever holds it; NULL when it is over. */
static inline struct unet_tcp_pcb *connection(const struct script *s)
{
	struct unet_tcp_pcb *p = tcp_of(s->st)->pcbs;

	while (p && (p->state == CLOSED || p->state == LISTEN ||
		     p->flow.key.remote_port != cpu_to_be16(SCRIPT_PEER)))
		p = p->next;
	return p;
}

static inline u8 state_now(const struct script *s)
{
	const struct unet_tcp_pcb *p = connection(s);

	if (p)
		return p->state;
	if (tcp_of(s->st)->n_tw)
		return TW;
	return s->pcb ? s->pcb->state : CLOSED;
}

static inline void enter_by_connect(struct script *s, const struct start *to)
{
	script_connect(s);
	if (to->state == SYN_RCVD)
		IN(s, SYN, .seq = 0, PLAIN);
}

static inline void enter_by_listen(struct script *s, const struct start *to)
{
	script_listen(s, 10);
	if (to->rcvbuf)
		unet_tcp_set(s->pcb, UNET_TCP_OPT_RCVBUF, to->rcvbuf);
	if (to->state == LISTEN)
		return;
	if (to->ts)
		IN(s, SYN, .seq = 0, FULL, .ts = 1000);
	else
		IN(s, SYN, .seq = 0, PLAIN);
	if (to->state == SYN_RCVD)
		return;
	IN(s, ACK, .seq = 1, .ack = 1, .ts = to->ts ? 1000 : 0);
	take_accepted(s);
	if (to->shut)
		IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
}

static inline void enter_half_closed(struct script *s, const struct start *to)
{
	u32 at = 1 + to->unread, end = 2 + to->send, ts = to->ts ? 1000 : 0;
	u32 wnd = to->shut ? SCRIPT_ZERO : 0;

	if (to->unread)
		IN(s, ACK, .seq = 1, .ack = 1, .len = to->unread, .ts = ts,
		   .wnd = wnd);
	if (to->state == CW || to->state == LA)
		IN(s, FIN | ACK, .seq = at, .ack = 1, .ts = ts, .wnd = wnd);
	if (to->send)
		assert_int_equal(script_send(s, to->send), to->send);
	if (to->state == EST || to->state == CW)
		return;
	if (to->orphan)
		unet_tcp_close(s->pcb);
	else
		unet_tcp_shutdown(s->pcb, SHUT_WR);
	script_turn(s);
	if (to->orphan)
		s->pcb = NULL;
	if (to->state == FW2)
		IN(s, ACK, .seq = at, .ack = end, .ts = ts);
	if (to->state == CLG)
		IN(s, FIN | ACK, .seq = at, .ack = 1, .ts = ts, .wnd = wnd);
	if (to->state == TW)
		IN(s, FIN | ACK, .seq = at, .ack = end, .ts = to->ts ? 1001 : 0);
}

static inline void enter_beside_listener(struct script *s,
					 const struct start *to)
{
	unet_tcp_close(s->pcb);
	script_listen(s, to->listen);
	for (u32 i = 0; i < to->half; i++)
		IN(s, SYN, .port = 5000 + i, .seq = 0, PLAIN);
}

/* A fresh script gets there; what it sent and told on the way is forgotten. */
static inline struct script *enter(const struct start *to)
{
	struct script *s = script_open(0);

	if (to->state == SYN_SENT || to->active)
		enter_by_connect(s, to);
	else
		enter_by_listen(s, to);
	if (to->state >= EST)
		enter_half_closed(s, to);
	if (to->listen)
		enter_beside_listener(s, to);
	if (to->unread)
		script_after(s, 40000);	/* acknowledged */
	ignore_out(s);
	script_events_take(s);
	return s;
}

#endif /* TCP_EXPECT_H */
