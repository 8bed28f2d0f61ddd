/* SPDX-License-Identifier: MIT */
/* Tables of what a TCP connection does in some state; see tcp_expect.h. */
#ifndef TCP_ROWS_H
#define TCP_ROWS_H

#include "tcp_expect.h"

#define STEPS_MAX 6

/* A segment: flags, sequence number, acknowledgement, length, others by name. */
#define S(f, s, a, l, ...)	\
	{ .flags = (f), .seq = (s), .ack = (a), .len = (l), __VA_ARGS__ }
#define SILENCE	{ .flags = 0 }
/* What comes, what is sent then. */
#define STEP(i, o, ...)	{ .in = i, .out = o, __VA_ARGS__ }
/* What is called, what it returns, what is sent then. */
#define CALL(c, r, o, ...)	\
	{ .call = (c), .ret = (r), .out = o, __VA_ARGS__ }
#define STEPS(...)	{ __VA_ARGS__ }
#define AT(st, ...)	{ .state = (st), __VA_ARGS__ }
#define ROW(n, f, to, s, ...)	\
	.name = n, .from = f, .next = (to), .step = s, __VA_ARGS__

/**
 * struct step - something happens
 * @in:		this segment comes; without flags and text: none, unless @bare
 * @out:	then this is sent; without flags: nothing
 * @or:		or this, if it has flags
 * @bare:	@in has neither on purpose
 * @maybe:	or nothing
 * @late:	within 40 ms
 * @above:	the sequence number may be any above this one
 * @ms:		before, so much time passes
 * @read:	before, so many bytes are read
 * @call:	before, this is called
 * @ret:	and returns this
 * @una:	afterwards, the oldest number that is not acknowledged; 0: any
 * @wnd:	afterwards, the peer's window; SCRIPT_ZERO: 0, 0: any
 */
struct step {
	struct script_seg in;
	struct script_seg out;
	struct script_seg or;
	bool bare;
	bool maybe;
	bool late;
	u32 above;
	u32 ms;
	u32 read;
	ssize_t (*call)(struct script *s);
	ssize_t ret;
	u32 una;
	u32 wnd;
};

/**
 * struct row - a test
 * @name:	"STATE: sentence"
 * @from:	where it begins
 * @step:	what happens, and what comes of it
 * @next:	the state afterwards
 * @text:	bytes of the peer's there to read afterwards
 * @err:	what the end of the connection is told as
 * @why:	what the RFC says, and why the code does otherwise
 */
struct row {
	const char *name;
	struct start from;
	struct step step[STEPS_MAX];
	u8 next;
	u32 text;
	int err;
	const char *why;
};

/* A row as a test of its own; what it began is ended by row_tear_down(). */
void row_test(void **state);
int row_tear_down(void **state);
struct CMUnitTest row_as_test(const struct row *row);

/* The script of the present test. */
extern struct script *row_script;

#endif /* TCP_ROWS_H */
