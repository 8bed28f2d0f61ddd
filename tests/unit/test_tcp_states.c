// SPDX-License-Identifier: MIT
/*
 * Each kind of segment in each state, as RFC 9293 section 3.10.7 has it, amended by
 * RFC 5961 (challenges), RFC 7323 (timestamps), RFC 1337 and RFC 6191 (TIME-WAIT).
 * Expectations are the RFCs', not the code's: where the code does otherwise on
 * purpose, the row asserts what it does, and its last column says what the RFC says
 * and why.
 */
#include <stdio.h>

#include "tcp_rows.h"

/* ---- what is the same in each synchronized state ---- */

/**
 * struct base - a state and its numbers
 * @name:	for the names of tests
 * @state:	which
 * @una:	SND.UNA
 * @nxt:	SND.NXT
 * @rcv:	RCV.NXT
 * @reads:	text is taken
 * @reset:	what a reset is told as
 * @why:	of @reset
 */
struct base {
	const char *name;
	u8 state;
	u32 una;
	u32 nxt;
	u32 rcv;
	bool reads;
	int reset;
	const char *why;
};

static const struct base bases[] = {
	{ "ESTABLISHED", EST, 1, 1, 1, true, ECONNRESET, NULL },
	{ "FIN-WAIT-1", FW1, 1, 2, 1, true, ECONNRESET, NULL },
	{ "FIN-WAIT-2", FW2, 2, 2, 1, true, ECONNRESET, NULL },
	{ "CLOSE-WAIT", CW, 1, 1, 2, false, EPIPE,
	  "connection reset; the stream was complete, and what fails is writing" },
	{ "CLOSING", CLG, 1, 2, 2, false, 0, NULL },
	{ "LAST-ACK", LA, 1, 2, 2, false, 0, NULL },
};

#define EDGE 65536	/* RCV.NXT + RCV.WND, in each of them */

enum from { R, E, ZERO };		/* RCV.NXT, EDGE, the peer's ISS */
enum outcome { NOTHING, ANSWER, ENDS, TAKEN };

/**
 * struct common - a segment and what comes of it
 * @name:	sentence
 * @flags:	of the segment
 * @from:	@seq counts from here
 * @seq:	sequence number
 * @sent:	@ack counts from SND.NXT, otherwise from SND.UNA
 * @ack:	acknowledgement
 * @len:	bytes
 * @then:	NOTHING; ANSWER: our present numbers are sent; ENDS: CLOSED without an
 *		answer; TAKEN: text is, in states that take any
 * @ts:		the connection uses timestamps
 * @tsval:	of the segment, 0: it has none
 */
struct common {
	const char *name;
	u8 flags;
	enum from from;
	int seq;
	bool sent;
	int ack;
	u32 len;
	enum outcome then;
	bool ts;
	u32 tsval;
};

static const struct common commons[] = {
	/* first: the sequence number (tables 6 and 10.4) */
	{ "a keepalive is answered", ACK, R, -1, 0, 0, 0, ANSWER, 0, 0 },
	{ "an ACK at the edge of the window is answered", ACK, E, 0, 0, 0, 0, ANSWER, 0, 0 },
	{ "the last number of the window is inside", ACK, E, -1, 0, 0, 0, NOTHING, 0, 0 },
	{ "text beyond the window is answered and not taken", ACK, E, 1000, 0, 0, 10, ANSWER, 0, 0 },
	{ "old text is answered and not taken", ACK, R, -10, 0, 0, 10, ANSWER, 0, 0 },
	{ "outside the window no ACK is needed for an answer", 0, R, -1, 0, 0, 0, ANSWER, 0, 0 },
	{ "a FIN before the window is answered", FIN, R, -1, 0, 0, 0, ANSWER, 0, 0 },

	/* second: RST (RFC 5961 section 3) */
	{ "an exact reset ends", RST, R, 0, 0, 0, 0, ENDS, 0, 0 },
	{ "the ACK of a reset does not matter", RST | ACK, R, 0, 0, 5000, 0, ENDS, 0, 0 },
	{ "a reset in the window is challenged", RST, R, 100, 0, 0, 0, ANSWER, 0, 0 },
	{ "a reset at the end of the window is challenged", RST, E, -1, 0, 0, 0, ANSWER, 0, 0 },
	{ "a reset behind the window is dropped", RST, E, 0, 0, 0, 0, NOTHING, 0, 0 },
	{ "a reset before the window is dropped", RST, R, -1, 0, 0, 0, NOTHING, 0, 0 },
	{ "a reset that begins before the window is dropped", RST, R, -5, 0, 0, 10, NOTHING, 0, 0 },
	{ "a reset may have text", RST, R, 0, 0, 0, 10, ENDS, 0, 0 },
	{ "a reset with SYN is a reset", RST | SYN, R, 0, 0, 0, 0, ENDS, 0, 0 },
	{ "a reset with FIN is a reset", RST | FIN, R, 0, 0, 0, 0, ENDS, 0, 0 },
	{ "a reset with SYN outside is dropped", RST | SYN, E, 9, 0, 0, 0, NOTHING, 0, 0 },

	/* fourth: SYN (RFC 5961 section 4) */
	{ "a SYN is challenged", SYN, R, 0, 0, 0, 0, ANSWER, 0, 0 },
	{ "a SYN in the window is challenged", SYN, R, 99, 0, 0, 0, ANSWER, 0, 0 },
	{ "the first SYN again is challenged", SYN, ZERO, 0, 0, 0, 0, ANSWER, 0, 0 },
	{ "a SYN outside is challenged", SYN, E, 9, 0, 0, 0, ANSWER, 0, 0 },
	{ "a SYN-ACK again is answered", SYN | ACK, ZERO, 0, 0, 0, 0, ANSWER, 0, 0 },
	{ "a SYN with FIN is challenged", SYN | FIN, R, 0, 0, 0, 0, ANSWER, 0, 0 },
	{ "a SYN comes before its ACK", SYN | ACK, R, 0, 1, 9, 0, ANSWER, 0, 0 },

	/* fifth: ACK (RFC 5961 section 5) */
	{ "text without ACK is dropped", 0, R, 0, 0, 0, 10, NOTHING, 0, 0 },
	{ "a FIN without ACK is dropped", FIN, R, 0, 0, 0, 0, NOTHING, 0, 0 },
	{ "a Christmas tree is dropped", URG | PSH | FIN, R, 0, 0, 0, 0, NOTHING, 0, 0 },
	{ "an ACK of what was not sent is challenged", ACK, R, 0, 1, 1, 10, ANSWER, 0, 0 },
	{ "an ACK older than a window is challenged", ACK, R, 0, 0, -65536, 10, ANSWER, 0, 0 },
	{ "an ACK of a window ago is good", ACK, R, 0, 0, -65535, 10, TAKEN, 0, 0 },

	/* timestamps (RFC 7323 section 5.3, RFC 5961) */
	{ "text with an old timestamp is answered", ACK, R, 0, 0, 0, 10, ANSWER, 1, 999 },
	{ "a FIN with an old timestamp is answered", FIN | ACK, R, 0, 0, 0, 0, ANSWER, 1, 999 },
	{ "a SYN with an old timestamp is answered", SYN, R, 0, 0, 0, 0, ANSWER, 1, 999 },
	{ "text with the same timestamp is good", ACK, R, 0, 0, 0, 10, TAKEN, 1, 1000 },
	{ "text without a timestamp is dropped", ACK, R, 0, 0, 0, 10, NOTHING, 1, 0 },
	{ "a FIN without a timestamp is dropped", FIN | ACK, R, 0, 0, 0, 0, NOTHING, 1, 0 },
	{ "a reset without a timestamp ends", RST, R, 0, 0, 0, 0, ENDS, 1, 0 },
	{ "a reset with an old timestamp ends", RST, R, 0, 0, 0, 0, ENDS, 1, 1 },
	{ "a reset without a timestamp is challenged", RST, R, 9, 0, 0, 0, ANSWER, 1, 0 },
	{ "a SYN without a timestamp is challenged", SYN, R, 0, 0, 0, 0, ANSWER, 1, 0 },
};

/* A common row in one state, as a row of its own. */
static void expand(const struct base *b, const struct common *c, struct row *row)
{
	static const u32 origin[] = { [E] = EDGE, [ZERO] = 0 };
	struct step *step = row->step;

	row->from = (struct start){ .state = b->state, .ts = c->ts };
	row->next = c->then == ENDS ? CLOSED : b->state;
	row->err = c->then == ENDS ? b->reset : 0;
	row->text = c->then == TAKEN && b->reads ? c->len : 0;
	step->in = (struct script_seg){
		.flags = c->flags, .len = c->len, .ts = c->tsval,
		.seq = (c->from == R ? b->rcv : origin[c->from]) + c->seq,
		.ack = (c->sent ? b->nxt : b->una) + c->ack,
	};
	step->bare = !c->flags && !c->len;
	step->late = row->text;
	if (c->then == ANSWER || row->text)
		step->out = (struct script_seg){
			.flags = ACK, .seq = b->nxt, .ack = b->rcv + row->text,
			.tsecr = c->ts ? 1000 : 0,
		};
}

#define N_COMMON (ARRAY_SIZE(bases) * ARRAY_SIZE(commons))

static struct row common_rows[N_COMMON];
static char common_names[N_COMMON][80];

static void expand_all(void)
{
	struct row *row = common_rows;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		for (j = 0; j < ARRAY_SIZE(commons); j++, row++) {
			row->name = common_names[row - common_rows];
			snprintf(common_names[row - common_rows], 80, "%s: %s",
				 bases[i].name, commons[j].name);
			expand(&bases[i], &commons[j], row);
		}
	}
}

/* ---- what is not ---- */

/* Peers that wait; the numbers of each are those of the comment at its rows. */
#define ZERO_WINDOW	AT(EST, .rcvbuf = 4096, .unread = 4096, .send = 100)
#define SMALL		AT(EST, .rcvbuf = 4096)
#define SHUT(seq, ack)	S(ACK, seq, ack, 0, .wnd = SCRIPT_ZERO)

static const struct row rows[] = {
	/* section 3.10.7.2 */
	{ ROW("LISTEN: a FIN with ACK is reset", AT(LISTEN), LISTEN, STEPS(STEP(S(FIN | ACK, 5, 79, 0), S(RST, 79, 0, 0)))) },
	{ ROW("LISTEN: text with ACK is reset", AT(LISTEN), LISTEN, STEPS(STEP(S(ACK, 5, 80, 10), S(RST, 80, 0, 0)))) },
	{ ROW("LISTEN: a SYN with ACK is reset", AT(LISTEN), LISTEN, STEPS(STEP(S(SYN | ACK, 5, 80, 0), S(RST, 80, 0, 0)))) },
	{ ROW("LISTEN: a reset is dropped", AT(LISTEN), LISTEN, STEPS(STEP(S(RST, 5, 0, 0), SILENCE), STEP(S(RST | ACK, 5, 9, 0), SILENCE))) },
	{ ROW("LISTEN: a reset with SYN is dropped", AT(LISTEN), LISTEN, STEPS(STEP(S(RST | SYN, 5, 0, 0), SILENCE))) },
	{ ROW("LISTEN: text on a SYN may be sent again", AT(LISTEN), EST, STEPS(STEP(S(SYN, 0, 0, 10), S(SYN | ACK, 0, 1, 0)), STEP(S(ACK, 1, 1, 10), S(ACK, 1, 11, 0), .late = true)), .text = 10) },
	{ ROW("LISTEN: a SYN with PSH is a SYN", AT(LISTEN), SYN_RCVD, STEPS(STEP(S(SYN | PSH, 0, 0, 0), S(SYN | ACK, 0, 1, 0)))) },
	{ ROW("LISTEN: a SYN with URG is a SYN", AT(LISTEN), SYN_RCVD, STEPS(STEP(S(SYN | URG, 0, 0, 0), S(SYN | ACK, 0, 1, 0)))) },
	{ ROW("LISTEN: a SYN that offers ECN gets none", AT(LISTEN), SYN_RCVD, STEPS(STEP(S(SYN | 0xc0, 0, 0, 0), S(SYN | ACK, 0, 1, 0)))) },
	{ ROW("LISTEN: a SYN with FIN is dropped", AT(LISTEN), LISTEN, STEPS(STEP(S(SYN | FIN, 0, 0, 0), SILENCE)), .why = "a SYN, and the FIN counts in SYN-RECEIVED; only who feels out filters sends one") },
	{ ROW("LISTEN: URG alone is dropped", AT(LISTEN), LISTEN, STEPS(STEP(S(URG, 0, 0, 0), SILENCE))) },
	{ ROW("LISTEN: PSH alone is dropped", AT(LISTEN), LISTEN, STEPS(STEP(S(PSH, 0, 0, 0), SILENCE))) },
	{ ROW("LISTEN: a FIN alone is dropped", AT(LISTEN), LISTEN, STEPS(STEP(S(FIN, 0, 0, 0), SILENCE))) },
	{ ROW("LISTEN: a SYN may come without a window", AT(LISTEN), SYN_RCVD, STEPS(STEP(S(SYN, 0, 0, 0, .wnd = SCRIPT_ZERO), S(SYN | ACK, 0, 1, 0)))) },

	/* section 3.10.7.3 */
	{ ROW("SYN-SENT: an ACK without SYN is dropped", AT(SYN_SENT), SYN_SENT, STEPS(STEP(S(ACK, 0, 1, 0), SILENCE))) },
	{ ROW("SYN-SENT: an ACK of less is reset", AT(SYN_SENT), SYN_SENT, STEPS(STEP(S(ACK, 0, 0, 0), S(RST, 0, 0, 0)))) },
	{ ROW("SYN-SENT: an ACK of more is reset", AT(SYN_SENT), SYN_SENT, STEPS(STEP(S(ACK, 0, 2, 0), S(RST, 2, 0, 0)))) },
	{ ROW("SYN-SENT: a SYN-ACK of less is reset", AT(SYN_SENT), SYN_SENT, STEPS(STEP(S(SYN | ACK, 0, 0, 0), S(RST, 0, 0, 0)))) },
	{ ROW("SYN-SENT: a SYN-ACK of more is reset", AT(SYN_SENT), SYN_SENT, STEPS(STEP(S(SYN | ACK, 0, 2, 0), S(RST, 2, 0, 0)))) },
	{ ROW("SYN-SENT: a reset without ACK is dropped", AT(SYN_SENT), SYN_SENT, STEPS(STEP(S(RST, 0, 0, 0), SILENCE))) },
	{ ROW("SYN-SENT: a reset of another ACK is dropped", AT(SYN_SENT), SYN_SENT, STEPS(STEP(S(RST | ACK, 0, 0, 0), SILENCE), STEP(S(RST | ACK, 0, 2, 0), SILENCE))) },
	{ ROW("SYN-SENT: a reset with our ACK ends", AT(SYN_SENT), CLOSED, STEPS(STEP(S(RST | ACK, 0, 1, 0), SILENCE)), .err = ECONNREFUSED) },
	{ ROW("SYN-SENT: a reset with SYN is a reset", AT(SYN_SENT), CLOSED, STEPS(STEP(S(RST | SYN | ACK, 0, 1, 0), SILENCE)), .err = ECONNREFUSED) },
	{ ROW("SYN-SENT: a reset may have text", AT(SYN_SENT), CLOSED, STEPS(STEP(S(RST | ACK, 0, 1, 10), SILENCE)), .err = ECONNREFUSED) },
	{ ROW("SYN-SENT: a FIN is dropped", AT(SYN_SENT), SYN_SENT, STEPS(STEP(S(FIN | ACK, 0, 1, 0), SILENCE), STEP(S(FIN, 0, 0, 0), SILENCE))) },
	{ ROW("SYN-SENT: text alone is dropped", AT(SYN_SENT), SYN_SENT, STEPS(STEP(S(0, 0, 0, 10), SILENCE))) },
	{ ROW("SYN-SENT: a SYN-ACK opens", AT(SYN_SENT), EST, STEPS(STEP(S(SYN | ACK, 0, 1, 0), S(ACK, 1, 1, 0), .una = 1))) },
	{ ROW("SYN-SENT: text on a SYN-ACK is read", AT(SYN_SENT), EST, STEPS(STEP(S(SYN | ACK, 0, 1, 10), S(ACK, 1, 11, 0))), .text = 10) },
	{ ROW("SYN-SENT: a FIN on a SYN-ACK closes", AT(SYN_SENT), CW, STEPS(STEP(S(SYN | ACK | FIN, 0, 1, 0), S(ACK, 1, 2, 0)))) },
	{ ROW("SYN-SENT: text and FIN on a SYN-ACK both count", AT(SYN_SENT), CW, STEPS(STEP(S(SYN | ACK | FIN, 0, 1, 10), S(ACK, 1, 12, 0))), .text = 10) },
	{ ROW("SYN-SENT: a SYN-ACK with URG opens", AT(SYN_SENT), EST, STEPS(STEP(S(SYN | ACK | URG, 0, 1, 0), S(ACK, 1, 1, 0)))) },
	{ ROW("SYN-SENT: a SYN-ACK may come without a window", AT(SYN_SENT), EST, STEPS(STEP(S(SYN | ACK, 0, 1, 0, .wnd = SCRIPT_ZERO), S(ACK, 1, 1, 0), .wnd = SCRIPT_ZERO))) },
	{ ROW("SYN-SENT: a SYN opens from both sides", AT(SYN_SENT), SYN_RCVD, STEPS(STEP(S(SYN, 0, 0, 0), S(SYN | ACK, 0, 1, 0)))) },
	{ ROW("SYN-SENT: text on a SYN may be sent again", AT(SYN_SENT), EST, STEPS(STEP(S(SYN, 0, 0, 10), S(SYN | ACK, 0, 1, 0)), STEP(S(ACK, 1, 1, 10), S(ACK, 1, 11, 0), .late = true)), .text = 10) },
	{ ROW("SYN-SENT: a FIN on a SYN may be sent again", AT(SYN_SENT), CW, STEPS(STEP(S(SYN | FIN, 0, 0, 0), S(SYN | ACK, 0, 1, 0)), STEP(S(FIN | ACK, 1, 1, 0), S(ACK, 1, 2, 0))), .why = "the FIN is to be queued; nothing before the handshake is, the peer repeats it") },

	/* section 3.10.7.4, SYN-RECEIVED: SND.UNA 0, SND.NXT 1, RCV.NXT 1 */
	{ ROW("SYN-RECEIVED: an ACK opens", AT(SYN_RCVD), EST, STEPS(STEP(S(ACK, 1, 1, 0), SILENCE, .una = 1))) },
	{ ROW("SYN-RECEIVED: text with the ACK is read", AT(SYN_RCVD), EST, STEPS(STEP(S(ACK, 1, 1, 10), S(ACK, 1, 11, 0), .late = true)), .text = 10) },
	{ ROW("SYN-RECEIVED: a FIN with the ACK closes", AT(SYN_RCVD), CW, STEPS(STEP(S(FIN | ACK, 1, 1, 0), S(ACK, 1, 2, 0)))) },
	{ ROW("SYN-RECEIVED: text and FIN with the ACK both count", AT(SYN_RCVD), CW, STEPS(STEP(S(FIN | ACK, 1, 1, 10), S(ACK, 1, 12, 0))), .text = 10) },
	{ ROW("SYN-RECEIVED: an ACK from farther on in the window opens", AT(SYN_RCVD), EST, STEPS(STEP(S(ACK, 101, 1, 10), S(ACK, 1, 1, 0)))) },
	{ ROW("SYN-RECEIVED: an ACK of more is reset", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(ACK, 1, 2, 10), S(RST, 2, 0, 0)))) },
	{ ROW("SYN-RECEIVED: an ACK of nothing is reset", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(ACK, 1, 0, 0), S(RST, 0, 0, 0)))) },
	{ ROW("SYN-RECEIVED: an ACK before the window is answered", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(ACK, 0, 1, 0), S(ACK, 1, 1, 0)))) },
	{ ROW("SYN-RECEIVED: an ACK behind the window is answered", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(ACK, 70000, 1, 0), S(ACK, 1, 1, 0)))) },
	{ ROW("SYN-RECEIVED: text without ACK is dropped", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(0, 1, 0, 10), SILENCE))) },
	{ ROW("SYN-RECEIVED: a FIN without ACK is dropped", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(FIN, 1, 0, 0), SILENCE))) },
	{ ROW("SYN-RECEIVED: the SYN again is answered", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(SYN, 0, 0, 0), S(ACK, 1, 1, 0), .or = S(SYN | ACK, 0, 1, 0)))) },
	{ ROW("SYN-RECEIVED: the SYN again with text is answered", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(SYN, 0, 0, 10), S(ACK, 1, 1, 0), .or = S(SYN | ACK, 0, 1, 0)))) },
	{ ROW("SYN-RECEIVED: another SYN in the window is challenged", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(SYN, 100, 0, 0), S(ACK, 1, 1, 0))), .why = "back to LISTEN; it may be forged, and the reset of a peer that began anew ends it") },
	{ ROW("SYN-RECEIVED: another SYN outside is challenged", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(SYN, 99999, 0, 0), S(ACK, 1, 1, 0)))) },
	{ ROW("SYN-RECEIVED: a SYN-ACK of a SYN-ACK opens", AT(SYN_RCVD), EST, STEPS(STEP(S(SYN | ACK, 0, 1, 0), S(ACK, 1, 1, 0), .maybe = true)), .why = "outside the window, answered; it proves as much as an ACK does, and the same code serves both who open at once") },
	{ ROW("SYN-RECEIVED: a SYN-ACK in the window is challenged", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(SYN | ACK, 1, 1, 0), S(ACK, 1, 1, 0))), .why = "back to LISTEN; as another SYN in the window") },
	{ ROW("SYN-RECEIVED: a reset outside is dropped", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(RST, 0, 0, 0), SILENCE), STEP(S(RST, 65536, 0, 0), SILENCE))) },
	{ ROW("SYN-RECEIVED: a reset in the window is challenged", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(RST, 2, 0, 0), S(ACK, 1, 1, 0)))) },
	{ ROW("SYN-RECEIVED: an exact reset goes back to LISTEN", AT(SYN_RCVD), LISTEN, STEPS(STEP(S(RST, 1, 0, 0), SILENCE))) },
	{ ROW("SYN-RECEIVED: so does one with an ACK", AT(SYN_RCVD), LISTEN, STEPS(STEP(S(RST | ACK, 1, 1, 0), SILENCE))) },
	{ ROW("SYN-RECEIVED: so does one with text", AT(SYN_RCVD), LISTEN, STEPS(STEP(S(RST, 1, 0, 10), SILENCE))) },
	{ ROW("SYN-RECEIVED: a reset with the SYN again is dropped", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(RST | SYN, 0, 0, 0), SILENCE))) },
	{ ROW("SYN-RECEIVED: a reset with a SYN-ACK is dropped", AT(SYN_RCVD), SYN_RCVD, STEPS(STEP(S(RST | SYN | ACK, 0, 1, 0), SILENCE))) },
	{ ROW("SYN-RECEIVED: an ACK with an old timestamp is answered", AT(SYN_RCVD, .ts = true), SYN_RCVD, STEPS(STEP(S(ACK, 1, 1, 0, .ts = 999), S(ACK, 1, 1, 0, .tsecr = 1000)))) },
	{ ROW("SYN-RECEIVED: an ACK without a timestamp is dropped", AT(SYN_RCVD, .ts = true), SYN_RCVD, STEPS(STEP(S(ACK, 1, 1, 0), SILENCE))) },

	/* the same, opened from both sides */
	{ ROW("SYN-RECEIVED, active: an ACK opens", AT(SYN_RCVD, .active = true), EST, STEPS(STEP(S(ACK, 1, 1, 0), SILENCE, .una = 1))) },
	{ ROW("SYN-RECEIVED, active: a FIN with the ACK closes", AT(SYN_RCVD, .active = true), CW, STEPS(STEP(S(FIN | ACK, 1, 1, 0), S(ACK, 1, 2, 0)))) },
	{ ROW("SYN-RECEIVED, active: an ACK of nothing is reset", AT(SYN_RCVD, .active = true), SYN_RCVD, STEPS(STEP(S(ACK, 1, 0, 0), S(RST, 0, 0, 0)))) },
	{ ROW("SYN-RECEIVED, active: an ACK of more is reset", AT(SYN_RCVD, .active = true), SYN_RCVD, STEPS(STEP(S(ACK, 1, 2, 0), S(RST, 2, 0, 0)))) },
	{ ROW("SYN-RECEIVED, active: an exact reset refuses", AT(SYN_RCVD, .active = true), CLOSED, STEPS(STEP(S(RST, 1, 0, 0), SILENCE)), .err = ECONNREFUSED) },
	{ ROW("SYN-RECEIVED, active: a reset in the window is challenged", AT(SYN_RCVD, .active = true), SYN_RCVD, STEPS(STEP(S(RST, 2, 0, 0), S(ACK, 1, 1, 0)))) },
	{ ROW("SYN-RECEIVED, active: a reset outside is dropped", AT(SYN_RCVD, .active = true), SYN_RCVD, STEPS(STEP(S(RST, 0, 0, 0), SILENCE), STEP(S(RST, 65536, 0, 0), SILENCE))) },
	{ ROW("SYN-RECEIVED, active: the SYN again is answered", AT(SYN_RCVD, .active = true), SYN_RCVD, STEPS(STEP(S(SYN, 0, 0, 0), S(ACK, 1, 1, 0), .or = S(SYN | ACK, 0, 1, 0)))) },
	{ ROW("SYN-RECEIVED, active: another SYN is challenged", AT(SYN_RCVD, .active = true), SYN_RCVD, STEPS(STEP(S(SYN, 100, 0, 0), S(ACK, 1, 1, 0)))) },
	{ ROW("SYN-RECEIVED, active: a SYN-ACK with text opens", AT(SYN_RCVD, .active = true), EST, STEPS(STEP(S(SYN | ACK, 0, 1, 10), S(ACK, 1, 11, 0), .late = true)), .text = 10) },
	{ ROW("SYN-RECEIVED, active: a SYN-ACK of more opens nothing", AT(SYN_RCVD, .active = true), SYN_RCVD, STEPS(STEP(S(SYN | ACK, 0, 9, 0), S(RST, 9, 0, 0), .or = S(ACK, 1, 1, 0)))) },

	/* ESTABLISHED: 1, 1, 1 */
	{ ROW("ESTABLISHED: text is read", AT(EST), EST, STEPS(STEP(S(ACK, 1, 1, 10), S(ACK, 1, 11, 0), .late = true)), .text = 10) },
	{ ROW("ESTABLISHED: a FIN closes", AT(EST), CW, STEPS(STEP(S(FIN | ACK, 1, 1, 0), S(ACK, 1, 2, 0)))) },
	{ ROW("ESTABLISHED: text and FIN both count", AT(EST), CW, STEPS(STEP(S(FIN | ACK, 1, 1, 10), S(ACK, 1, 12, 0))), .text = 10) },
	{ ROW("ESTABLISHED: a FIN ahead is answered", AT(EST), EST, STEPS(STEP(S(FIN | ACK, 101, 1, 0), S(ACK, 1, 1, 0)))) },
	{ ROW("ESTABLISHED: a FIN ahead waits for the text", AT(EST), CW, STEPS(STEP(S(FIN | ACK, 11, 1, 0), S(ACK, 1, 1, 0)), STEP(S(ACK, 1, 1, 10), S(ACK, 1, 12, 0))), .text = 10) },
	{ ROW("ESTABLISHED: text that overlaps a FIN ends at it", AT(EST), CW, STEPS(STEP(S(FIN | ACK, 11, 1, 0), S(ACK, 1, 1, 0)), STEP(S(ACK, 1, 1, 100), S(ACK, 1, 12, 0))), .text = 10) },
	{ ROW("ESTABLISHED: text that waits behind a FIN is none", AT(EST), CW, STEPS(STEP(S(ACK, 101, 1, 100), S(ACK, 1, 1, 0)), STEP(S(FIN | ACK, 1, 1, 10), S(ACK, 1, 12, 0))), .text = 10) },
	{ ROW("ESTABLISHED: a FIN counts though its text is old", AT(EST, .unread = 10), CW, STEPS(STEP(S(FIN | ACK, 1, 1, 10), S(ACK, 1, 12, 0))), .text = 10) },
	{ ROW("ESTABLISHED: text that waits across a FIN ends at it", AT(EST), CW, STEPS(STEP(S(ACK, 41, 1, 20), S(ACK, 1, 1, 0)), STEP(S(FIN | ACK, 51, 1, 0), S(ACK, 1, 1, 0)), STEP(S(ACK, 1, 1, 40), S(ACK, 1, 52, 0))), .text = 50) },
	{ ROW("ESTABLISHED: a FIN just behind the window counts", SMALL, CW, STEPS(STEP(S(FIN | ACK, 1, 1, 4096), S(ACK, 1, 4098, 0))), .text = 4096, .why = "outside the window, to be cut off; it takes no room, and taking it saves a round trip") },
	{ ROW("ESTABLISHED: a FIN behind text that is cut does not", SMALL, EST, STEPS(STEP(S(FIN | ACK, 1, 1, 4097), S(ACK, 1, 4097, 0, .wnd = SCRIPT_ZERO))), .text = 4096) },
	{ ROW("ESTABLISHED: the window moves with the newest segment", AT(EST, .send = 100), EST, STEPS(STEP(S(ACK, 1, 51, 0, .wnd = 3000), SILENCE, .una = 51, .wnd = 3000),
			STEP(S(ACK, 1, 51, 0, .wnd = 2000), SILENCE, .una = 51, .wnd = 2000),
			STEP(S(ACK, 1, 1, 0, .wnd = 9000), SILENCE, .una = 51, .wnd = 2000),
			STEP(S(ACK, 102, 51, 0, .wnd = 4000), SILENCE, .una = 51, .wnd = 4000),
			STEP(S(ACK, 1, 101, 0, .wnd = 7000), SILENCE, .una = 101, .wnd = 4000),
			STEP(S(ACK, 103, 50, 0, .wnd = 8000), SILENCE, .una = 101, .wnd = 4000))) },

	/* without a window: 1, 101, 4097; 4096 bytes are unread */
	{ ROW("no window: an ACK is good", ZERO_WINDOW, EST, STEPS(STEP(S(ACK, 4097, 101, 0), SILENCE, .una = 101)), .text = 4096) },
	{ ROW("no window: the ACK of a probe is good", ZERO_WINDOW, EST, STEPS(STEP(S(ACK, 4097, 101, 1), S(ACK, 101, 4097, 0, .wnd = SCRIPT_ZERO), .una = 101)), .text = 4096) },
	{ ROW("no window: a keepalive is answered", ZERO_WINDOW, EST, STEPS(STEP(S(ACK, 4096, 1, 0), S(ACK, 101, 4097, 0, .wnd = SCRIPT_ZERO))), .text = 4096) },
	{ ROW("no window: an exact reset ends", ZERO_WINDOW, CLOSED, STEPS(STEP(S(RST, 4097, 0, 0), SILENCE)), .text = 4096, .err = ECONNRESET) },
	{ ROW("no window: a reset may have text", ZERO_WINDOW, CLOSED, STEPS(STEP(S(RST, 4097, 0, 10), SILENCE)), .text = 4096, .err = ECONNRESET) },
	{ ROW("no window: another reset is dropped", ZERO_WINDOW, EST, STEPS(STEP(S(RST, 4098, 0, 0), SILENCE)), .text = 4096) },
	{ ROW("no window: a FIN is answered", ZERO_WINDOW, EST, STEPS(STEP(S(FIN | ACK, 4097, 1, 0), S(ACK, 101, 4097, 0, .wnd = SCRIPT_ZERO))), .text = 4096) },
	{ ROW("no window: a FIN counts when there is one again", ZERO_WINDOW, CW, STEPS({ .read = 4096, .out = S(ACK, 101, 4097, 0, .wnd = 4096) }, STEP(S(FIN | ACK, 4097, 1, 0), S(ACK, 101, 4098, 0)))) },
	{ ROW("no window: a SYN is challenged", ZERO_WINDOW, EST, STEPS(STEP(S(SYN, 4097, 0, 0), S(ACK, 101, 4097, 0))), .text = 4096) },
	{ ROW("no window: an ACK from ahead is answered and not taken", ZERO_WINDOW, EST, STEPS(STEP(S(ACK, 4098, 101, 0), S(ACK, 101, 4097, 0), .una = 1)), .text = 4096) },
	{ ROW("no window: the peer's window is good", ZERO_WINDOW, EST, STEPS(STEP(S(ACK, 4097, 1, 0, .wnd = 50), SILENCE, .wnd = 50)), .text = 4096) },

	/* FIN-WAIT-1: 1, 2, 1 */
	{ ROW("FIN-WAIT-1: the ACK of our FIN", AT(FW1), FW2, STEPS(STEP(S(ACK, 1, 2, 0), SILENCE, .una = 2))) },
	{ ROW("FIN-WAIT-1: an ACK of less", AT(FW1), FW1, STEPS(STEP(S(ACK, 1, 1, 0), SILENCE))) },
	{ ROW("FIN-WAIT-1: a FIN", AT(FW1), CLG, STEPS(STEP(S(FIN | ACK, 1, 1, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("FIN-WAIT-1: a FIN with the ACK of ours", AT(FW1), TW, STEPS(STEP(S(FIN | ACK, 1, 2, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("FIN-WAIT-1: text is read", AT(FW1), FW1, STEPS(STEP(S(ACK, 1, 1, 10), S(ACK, 2, 11, 0), .late = true)), .text = 10) },
	{ ROW("FIN-WAIT-1: text with the ACK of our FIN is read", AT(FW1), FW2, STEPS(STEP(S(ACK, 1, 2, 10), S(ACK, 2, 11, 0), .late = true)), .text = 10) },
	{ ROW("FIN-WAIT-1: text and FIN both count", AT(FW1), CLG, STEPS(STEP(S(FIN | ACK, 1, 1, 10), S(ACK, 2, 12, 0))), .text = 10) },
	{ ROW("FIN-WAIT-1: text, FIN and ACK all count", AT(FW1), TW, STEPS(STEP(S(FIN | ACK, 1, 2, 10), S(ACK, 2, 12, 0))), .text = 10) },
	{ ROW("FIN-WAIT-1: a FIN ahead is answered", AT(FW1), FW2, STEPS(STEP(S(FIN | ACK, 101, 2, 0), S(ACK, 2, 1, 0)))) },
	{ ROW("FIN-WAIT-1: the ACK of the text is not that of the FIN", AT(FW1, .send = 10), FW1, STEPS(STEP(S(ACK, 1, 11, 0), SILENCE, .una = 11))) },
	{ ROW("FIN-WAIT-1: the ACK of the text, then that of the FIN", AT(FW1, .send = 10), FW2, STEPS(STEP(S(ACK, 1, 11, 0), SILENCE), STEP(S(ACK, 1, 12, 0), SILENCE, .una = 12))) },
	{ ROW("FIN-WAIT-1: a FIN with the ACK of the text", AT(FW1, .send = 10), CLG, STEPS(STEP(S(FIN | ACK, 1, 11, 0), S(ACK, 12, 2, 0), .una = 11))) },
	{ ROW("FIN-WAIT-1: a FIN while ours waits for a window", AT(FW1, .shut = true, .send = 10), CLG, STEPS(STEP(S(FIN | ACK, 1, 1, 0, .wnd = SCRIPT_ZERO), S(ACK, 1, 2, 0)))) },
	{ ROW("FIN-WAIT-1: and ours goes out when there is one", AT(FW1, .shut = true, .send = 10), TW, STEPS(STEP(S(FIN | ACK, 1, 1, 0, .wnd = SCRIPT_ZERO), S(ACK, 1, 2, 0)), STEP(S(ACK, 2, 1, 0), S(FIN | ACK, 1, 2, 10)), STEP(S(ACK, 2, 12, 0), SILENCE))) },
	{ ROW("FIN-WAIT-1: text for nobody is reset", AT(FW1, .orphan = true), CLOSED, STEPS(STEP(S(ACK, 1, 2, 10), S(RST | ACK, 2, 1, 0)))) },

	/* FIN-WAIT-2: 2, 2, 1 */
	{ ROW("FIN-WAIT-2: text is read", AT(FW2), FW2, STEPS(STEP(S(ACK, 1, 2, 10), S(ACK, 2, 11, 0), .late = true)), .text = 10) },
	{ ROW("FIN-WAIT-2: a FIN", AT(FW2), TW, STEPS(STEP(S(FIN | ACK, 1, 2, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("FIN-WAIT-2: text and FIN both count", AT(FW2), TW, STEPS(STEP(S(FIN | ACK, 1, 2, 10), S(ACK, 2, 12, 0))), .text = 10) },
	{ ROW("FIN-WAIT-2: a FIN with an older ACK", AT(FW2), TW, STEPS(STEP(S(FIN | ACK, 1, 1, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("FIN-WAIT-2: a FIN ahead is answered", AT(FW2), FW2, STEPS(STEP(S(FIN | ACK, 101, 2, 0), S(ACK, 2, 1, 0)))) },
	{ ROW("FIN-WAIT-2: text for nobody is reset", AT(FW2, .orphan = true), CLOSED, STEPS(STEP(S(ACK, 1, 2, 10), S(RST | ACK, 2, 1, 0)))) },
	{ ROW("FIN-WAIT-2: a FIN for nobody", AT(FW2, .orphan = true), TW, STEPS(STEP(S(FIN | ACK, 1, 2, 0), S(ACK, 2, 2, 0)))) },

	/* CLOSE-WAIT: 1, 1, 2 */
	{ ROW("CLOSE-WAIT: text behind the FIN is none", AT(CW), CW, STEPS(STEP(S(ACK, 2, 1, 10), SILENCE))) },
	{ ROW("CLOSE-WAIT: the FIN again is answered", AT(CW), CW, STEPS(STEP(S(FIN | ACK, 1, 1, 0), S(ACK, 1, 2, 0)))) },
	{ ROW("CLOSE-WAIT: another FIN is answered", AT(CW), CW, STEPS(STEP(S(FIN | ACK, 2, 1, 0), S(ACK, 1, 2, 0)))) },
	{ ROW("CLOSE-WAIT: text and FIN again are answered", AT(CW), CW, STEPS(STEP(S(FIN | ACK, -9, 1, 10), S(ACK, 1, 2, 0)))) },
	{ ROW("CLOSE-WAIT: what we send is acknowledged", AT(CW, .send = 10), CW, STEPS(STEP(S(ACK, 2, 11, 0), SILENCE, .una = 11))) },
	{ ROW("CLOSE-WAIT: by the FIN again, too", AT(CW, .send = 10), CW, STEPS(STEP(S(FIN | ACK, 1, 11, 0), S(ACK, 11, 2, 0), .una = 11))) },

	/* CLOSING: 1, 2, 2 */
	{ ROW("CLOSING: the ACK of our FIN", AT(CLG), TW, STEPS(STEP(S(ACK, 2, 2, 0), SILENCE))) },
	{ ROW("CLOSING: an ACK of less", AT(CLG), CLG, STEPS(STEP(S(ACK, 2, 1, 0), SILENCE))) },
	{ ROW("CLOSING: text behind the FIN is none", AT(CLG), CLG, STEPS(STEP(S(ACK, 2, 1, 10), SILENCE))) },
	{ ROW("CLOSING: the FIN again is answered", AT(CLG), CLG, STEPS(STEP(S(FIN | ACK, 1, 1, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("CLOSING: the FIN again with the ACK of ours is answered", AT(CLG), TW, STEPS(STEP(S(FIN | ACK, 1, 2, 0), S(ACK, 2, 2, 0))), .why = "outside the window, the ACK does not count; it is as good as on the next segment") },
	{ ROW("CLOSING: text with the ACK of our FIN is none", AT(CLG), TW, STEPS(STEP(S(ACK, 2, 2, 10), SILENCE))) },

	/* LAST-ACK: 1, 2, 2 */
	{ ROW("LAST-ACK: the ACK of our FIN", AT(LA), CLOSED, STEPS(STEP(S(ACK, 2, 2, 0), SILENCE))) },
	{ ROW("LAST-ACK: an ACK of less", AT(LA), LA, STEPS(STEP(S(ACK, 2, 1, 0), SILENCE))) },
	{ ROW("LAST-ACK: the FIN again is answered", AT(LA), LA, STEPS(STEP(S(FIN | ACK, 1, 1, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("LAST-ACK: the FIN again with the ACK of ours", AT(LA), CLOSED, STEPS(STEP(S(FIN | ACK, 1, 2, 0), S(ACK, 2, 2, 0), .maybe = true)), .why = "outside the window, answered, and the ACK does not count; a peer in TIME-WAIT says it again") },
	{ ROW("LAST-ACK: text behind the FIN is none", AT(LA), LA, STEPS(STEP(S(ACK, 2, 1, 10), SILENCE))) },

	/* TIME-WAIT: SND.NXT 2, RCV.NXT 2 */
	{ ROW("TIME-WAIT: ends after twice the life of a segment", AT(TW), CLOSED, STEPS({ .ms = 60000 })) },
	{ ROW("TIME-WAIT: the FIN again has it begin anew", AT(TW), TW, STEPS(STEP(S(FIN | ACK, 1, 2, 0), S(ACK, 2, 2, 0), .ms = 30000), { .ms = 59999 })) },
	{ ROW("TIME-WAIT: so has the FIN again with its text", AT(TW, .unread = 10), TW, STEPS(STEP(S(FIN | ACK, 1, 2, 10), S(ACK, 2, 12, 0), .ms = 30000), { .ms = 59999 }), .text = 10) },
	{ ROW("TIME-WAIT: an old timestamp has it not", AT(TW, .ts = true), CLOSED, STEPS(STEP(S(FIN | ACK, 1, 2, 0, .ts = 999), S(ACK, 2, 2, 0), .ms = 30000), { .ms = 30000 })) },
	{ ROW("TIME-WAIT: an exact ACK is not answered", AT(TW), TW, STEPS(STEP(S(ACK, 2, 2, 0), SILENCE))) },
	{ ROW("TIME-WAIT: an old ACK is answered", AT(TW), TW, STEPS(STEP(S(ACK, 1, 2, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("TIME-WAIT: text is answered", AT(TW), TW, STEPS(STEP(S(ACK, 2, 2, 10), S(ACK, 2, 2, 0))), .why = "dropped; there is no window any more that it could be in") },
	{ ROW("TIME-WAIT: an ACK ahead is answered", AT(TW), TW, STEPS(STEP(S(ACK, 102, 2, 0), S(ACK, 2, 2, 0))), .why = "dropped; as text") },
	{ ROW("TIME-WAIT: a reset is dropped", AT(TW), TW, STEPS(STEP(S(RST, 2, 0, 0), SILENCE), STEP(S(RST, 9, 0, 0), SILENCE)), .why = "ends; RFC 1337 asks for this") },
	{ ROW("TIME-WAIT: a reset with SYN is dropped", AT(TW, .listen = 10), TW, STEPS(STEP(S(RST | SYN, 9, 0, 0), SILENCE))) },
	{ ROW("TIME-WAIT: an old SYN is answered", AT(TW, .listen = 10), TW, STEPS(STEP(S(SYN, 1, 0, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("TIME-WAIT: a new SYN opens the next", AT(TW, .listen = 10), SYN_RCVD, STEPS(STEP(S(SYN, 3, 0, 0), S(SYN | ACK, 0, 4, 0), .above = 2))) },
	{ ROW("TIME-WAIT: a SYN just behind the FIN is answered", AT(TW, .listen = 10), TW, STEPS(STEP(S(SYN, 2, 0, 0), S(ACK, 2, 2, 0))), .why = "is above the last number, opens; so would a segment that nobody sends but one who knows both numbers") },
	{ ROW("TIME-WAIT: a new SYN without a listener is answered", AT(TW), TW, STEPS(STEP(S(SYN, 3, 0, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("TIME-WAIT: a SYN-ACK is answered", AT(TW, .listen = 10), TW, STEPS(STEP(S(SYN | ACK, 3, 2, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("TIME-WAIT: a SYN with FIN is answered", AT(TW, .listen = 10), TW, STEPS(STEP(S(SYN | FIN, 3, 0, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("TIME-WAIT: a newer timestamp opens the next", AT(TW, .ts = true, .listen = 10), SYN_RCVD, STEPS(STEP(S(SYN, -500000, 0, 0, .ts = 1002), S(SYN | ACK, 0, -499999, 0), .above = 2))) },
	{ ROW("TIME-WAIT: an older timestamp does not", AT(TW, .ts = true, .listen = 10), TW, STEPS(STEP(S(SYN, 3, 0, 0, .ts = 1000), S(ACK, 2, 2, 0)))) },
	{ ROW("TIME-WAIT: the same timestamp and a new number open", AT(TW, .ts = true, .listen = 10), SYN_RCVD, STEPS(STEP(S(SYN, 3, 0, 0, .ts = 1001), S(SYN | ACK, 0, 4, 0), .above = 2))) },
	{ ROW("TIME-WAIT: the same timestamp and an old number do not", AT(TW, .ts = true, .listen = 10), TW, STEPS(STEP(S(SYN, 1, 0, 0, .ts = 1001), S(ACK, 2, 2, 0)))) },
	{ ROW("TIME-WAIT: without a timestamp any more a new number opens", AT(TW, .ts = true, .listen = 10), SYN_RCVD, STEPS(STEP(S(SYN, 3, 0, 0), S(SYN | ACK, 0, 4, 0), .above = 2))) },
	{ ROW("TIME-WAIT: without a timestamp any more an old number does not", AT(TW, .ts = true, .listen = 10), TW, STEPS(STEP(S(SYN, 1, 0, 0), S(ACK, 2, 2, 0)))) },
	{ ROW("TIME-WAIT: a timestamp after none does not count", AT(TW, .listen = 10), TW, STEPS(STEP(S(SYN, 1, 0, 0, .ts = 5000), S(ACK, 2, 2, 0))), .why = "RFC 6191 has it open; the number is old, and nothing says that the peer is not") },
	{ ROW("TIME-WAIT: stays when only a cookie could answer", AT(TW, .listen = 1, .half = 16), TW, STEPS(STEP(S(SYN, 3, 0, 0), SILENCE))) },
};

/* A SYN-ACK is sent as often as a SYN, though SYNs were lost before (RFC 9293 section 3.8.3). */
static void syns_lost_before_both_opened(void **state)
{
	struct script *s = enter(&(struct start)AT(SYN_SENT));
	u32 i;

	row_script = s;
	for (i = 0; i < 5; i++) {
		while (!s->n_out)
			script_after(s, 100000);
		OUT(s, SYN, .seq = 0);
	}
	IN(s, SYN, .seq = 0, PLAIN);
	OUT(s, SYN | ACK, .seq = 0, .ack = 1);
	for (i = 0; i < 1000 && !s->n_out; i++)
		script_after(s, 100000);
	OUT(s, SYN | ACK, .seq = 0, .ack = 1);
	assert_int_equal(state_now(s), SYN_RCVD);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows) + N_COMMON + 1];
	size_t n = 0, i;

	expand_all();
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		tests[n++] = row_as_test(&rows[i]);
	for (i = 0; i < N_COMMON; i++)
		tests[n++] = row_as_test(&common_rows[i]);
	tests[n] = (struct CMUnitTest){
		"SYN-RECEIVED, active: a SYN-ACK is repeated though SYNs were lost",
		syns_lost_before_both_opened, NULL, row_tear_down, NULL
	};
	return cmocka_run_group_tests_name("segments in each state", tests, NULL,
					   NULL);
}
