/* SPDX-License-Identifier: MIT */
/* Expectations of TCP unit tests; see tcp_script.h. */
#ifndef TCP_EXPECT_H
#define TCP_EXPECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

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

#endif /* TCP_EXPECT_H */
