// SPDX-License-Identifier: MIT
/*
 * Each call of the application in each state, as RFC 9293 sections 3.10.1 to 3.10.6
 * have it, with the errors of sockets for the RFC's sentences: "connection does not
 * exist" is ENOTCONN, "connection closing" EPIPE, "connection reset" ECONNRESET, a
 * call that is to be queued EAGAIN. Then what a reset leaves of a connection. Where
 * the code does otherwise on purpose, the row's last column says why.
 */
#include "tcp_rows.h"

/* ---- the calls ---- */

static ssize_t open_active(struct script *s)
{
	const struct unet_flow_key key = {
		.family = 4, .remote_port = cpu_to_be16(9),
	};

	return unet_tcp_connect(s->pcb, &key, 0);
}

static ssize_t open_passive(struct script *s)
{
	const struct unet_flow_key key = {
		.family = 4, .local_port = cpu_to_be16(9),
		.mask = UNET_MASK_2TUPLE,
	};

	return unet_tcp_listen(s->pcb, &key, 1, 0);
}

static ssize_t send_10(struct script *s)
{
	return script_send(s, 10);
}

static ssize_t receive(struct script *s)
{
	u8 byte;

	return unet_tcp_recv(s->pcb, &byte, 1, false);
}

static ssize_t shut(struct script *s)
{
	return unet_tcp_shutdown(s->pcb, SHUT_WR);
}

static ssize_t close_it(struct script *s)
{
	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	return 0;
}

static ssize_t abort_it(struct script *s)
{
	unet_tcp_abort(s->pcb);
	s->pcb = NULL;
	return 0;
}

static ssize_t status(struct script *s)
{
	struct unet_tcp_info info;

	unet_tcp_info(s->pcb, &info);
	return info.state;
}

/* ---- in each state ---- */

#define ACTIVE AT(SYN_RCVD, .active = true)

/* What SEND says after a shutdown that the RFC lets wait for the handshake. */
#define CLOSING_ALREADY	CALL(shut, 0, SILENCE), CALL(send_10, -EPIPE, SILENCE)

static const struct row rows[] = {
	/* OPEN, section 3.10.1 */
	{ ROW("LISTEN: connecting is refused", AT(LISTEN), LISTEN, STEPS(CALL(open_active, -EISCONN, SILENCE)), .why = "a listener becomes a connection; sockets are one or the other") },
	{ ROW("SYN-SENT: connecting is refused", AT(SYN_SENT), SYN_SENT, STEPS(CALL(open_active, -EISCONN, SILENCE))) },
	{ ROW("SYN-RECEIVED: connecting is refused", ACTIVE, SYN_RCVD, STEPS(CALL(open_active, -EISCONN, SILENCE))) },
	{ ROW("ESTABLISHED: connecting is refused", AT(EST), EST, STEPS(CALL(open_active, -EISCONN, SILENCE))) },
	{ ROW("FIN-WAIT-1: connecting is refused", AT(FW1), FW1, STEPS(CALL(open_active, -EISCONN, SILENCE))) },
	{ ROW("FIN-WAIT-2: connecting is refused", AT(FW2), FW2, STEPS(CALL(open_active, -EISCONN, SILENCE))) },
	{ ROW("CLOSE-WAIT: connecting is refused", AT(CW), CW, STEPS(CALL(open_active, -EISCONN, SILENCE))) },
	{ ROW("CLOSING: connecting is refused", AT(CLG), CLG, STEPS(CALL(open_active, -EISCONN, SILENCE))) },
	{ ROW("LAST-ACK: connecting is refused", AT(LA), LA, STEPS(CALL(open_active, -EISCONN, SILENCE))) },
	{ ROW("TIME-WAIT: connecting is refused", AT(TW), TW, STEPS(CALL(open_active, -EISCONN, SILENCE))) },
	{ ROW("LISTEN: listening is refused", AT(LISTEN), LISTEN, STEPS(CALL(open_passive, -EINVAL, SILENCE))) },
	{ ROW("SYN-SENT: listening is refused", AT(SYN_SENT), SYN_SENT, STEPS(CALL(open_passive, -EINVAL, SILENCE))) },
	{ ROW("SYN-RECEIVED: listening is refused", ACTIVE, SYN_RCVD, STEPS(CALL(open_passive, -EINVAL, SILENCE))) },
	{ ROW("ESTABLISHED: listening is refused", AT(EST), EST, STEPS(CALL(open_passive, -EINVAL, SILENCE))) },
	{ ROW("FIN-WAIT-1: listening is refused", AT(FW1), FW1, STEPS(CALL(open_passive, -EINVAL, SILENCE))) },
	{ ROW("FIN-WAIT-2: listening is refused", AT(FW2), FW2, STEPS(CALL(open_passive, -EINVAL, SILENCE))) },
	{ ROW("CLOSE-WAIT: listening is refused", AT(CW), CW, STEPS(CALL(open_passive, -EINVAL, SILENCE))) },
	{ ROW("CLOSING: listening is refused", AT(CLG), CLG, STEPS(CALL(open_passive, -EINVAL, SILENCE))) },
	{ ROW("LAST-ACK: listening is refused", AT(LA), LA, STEPS(CALL(open_passive, -EINVAL, SILENCE))) },
	{ ROW("TIME-WAIT: listening elsewhere is another matter", AT(TW), TW, STEPS(CALL(open_passive, 0, SILENCE))) },

	/* SEND, section 3.10.2 */
	{ ROW("LISTEN: sending is refused", AT(LISTEN), LISTEN, STEPS(CALL(send_10, -ENOTCONN, SILENCE)), .why = "a listener becomes a connection; sockets are one or the other") },
	{ ROW("SYN-SENT: sending has to wait", AT(SYN_SENT), SYN_SENT, STEPS(CALL(send_10, -EAGAIN, SILENCE))) },
	{ ROW("SYN-RECEIVED: sending has to wait", ACTIVE, SYN_RCVD, STEPS(CALL(send_10, -EAGAIN, SILENCE))) },
	{ ROW("SYN-RECEIVED: after a shutdown there is no sending", ACTIVE, SYN_RCVD, STEPS(CLOSING_ALREADY)) },
	{ ROW("ESTABLISHED: sending sends", AT(EST), EST, STEPS(CALL(send_10, 10, S(ACK, 1, 1, 10)))) },
	{ ROW("FIN-WAIT-1: sending is over", AT(FW1), FW1, STEPS(CALL(send_10, -EPIPE, SILENCE))) },
	{ ROW("FIN-WAIT-2: sending is over", AT(FW2), FW2, STEPS(CALL(send_10, -EPIPE, SILENCE))) },
	{ ROW("CLOSE-WAIT: sending sends", AT(CW), CW, STEPS(CALL(send_10, 10, S(ACK, 1, 2, 10)))) },
	{ ROW("CLOSING: sending is over", AT(CLG), CLG, STEPS(CALL(send_10, -EPIPE, SILENCE))) },
	{ ROW("LAST-ACK: sending is over", AT(LA), LA, STEPS(CALL(send_10, -EPIPE, SILENCE))) },
	{ ROW("TIME-WAIT: sending is over", AT(TW), TW, STEPS(CALL(send_10, -EPIPE, SILENCE))) },

	/* RECEIVE, section 3.10.3 */
	{ ROW("LISTEN: receiving is refused", AT(LISTEN), LISTEN, STEPS(CALL(receive, -ENOTCONN, SILENCE)), .why = "to wait; nothing will ever come on a listener") },
	{ ROW("SYN-SENT: receiving has to wait", AT(SYN_SENT), SYN_SENT, STEPS(CALL(receive, -EAGAIN, SILENCE))) },
	{ ROW("SYN-RECEIVED: receiving has to wait", ACTIVE, SYN_RCVD, STEPS(CALL(receive, -EAGAIN, SILENCE))) },
	{ ROW("ESTABLISHED: receiving has to wait", AT(EST), EST, STEPS(CALL(receive, -EAGAIN, SILENCE))) },
	{ ROW("FIN-WAIT-1: receiving has to wait", AT(FW1), FW1, STEPS(CALL(receive, -EAGAIN, SILENCE))) },
	{ ROW("FIN-WAIT-2: receiving has to wait", AT(FW2), FW2, STEPS(CALL(receive, -EAGAIN, SILENCE))) },
	{ ROW("CLOSE-WAIT: receiving is at the end", AT(CW), CW, STEPS(CALL(receive, 0, SILENCE))) },
	{ ROW("CLOSE-WAIT: receiving gets what is left", AT(CW, .unread = 10), CW, STEPS({ .maybe = true }), .text = 10) },
	{ ROW("CLOSING: receiving is at the end", AT(CLG), CLG, STEPS(CALL(receive, 0, SILENCE))) },
	{ ROW("CLOSING: receiving gets what is left", AT(CLG, .unread = 10), CLG, STEPS({ .maybe = true }), .text = 10, .why = "an error; what the peer sent before its FIN is not lost") },
	{ ROW("LAST-ACK: receiving is at the end", AT(LA), LA, STEPS(CALL(receive, 0, SILENCE))) },
	{ ROW("LAST-ACK: receiving gets what is left", AT(LA, .unread = 10), LA, STEPS({ .maybe = true }), .text = 10, .why = "an error; as in CLOSING") },
	{ ROW("TIME-WAIT: receiving is at the end", AT(TW), TW, STEPS(CALL(receive, 0, SILENCE))) },
	{ ROW("TIME-WAIT: receiving gets what is left", AT(TW, .unread = 10), TW, STEPS({ .maybe = true }), .text = 10, .why = "an error; as in CLOSING") },

	/* CLOSE, section 3.10.4, of which a half is SHUT_WR */
	{ ROW("LISTEN: shutting down is refused", AT(LISTEN), LISTEN, STEPS(CALL(shut, -ENOTCONN, SILENCE)), .why = "the listener ends; that is what unet_close() is for") },
	{ ROW("SYN-SENT: shutting down is refused", AT(SYN_SENT), SYN_SENT, STEPS(CALL(shut, -ENOTCONN, SILENCE)), .why = "the attempt ends; that is what unet_close() is for") },
	{ ROW("SYN-RECEIVED: shutting down sends a FIN after the handshake", ACTIVE, FW1, STEPS(CALL(shut, 0, SILENCE), STEP(S(ACK, 1, 1, 0), S(FIN | ACK, 1, 1, 0))), .why = "at once, in FIN-WAIT-1; a FIN before the ACK of our SYN confuses peers and wins nothing") },
	{ ROW("ESTABLISHED: shutting down sends a FIN", AT(EST), FW1, STEPS(CALL(shut, 0, S(FIN | ACK, 1, 1, 0)))) },
	{ ROW("ESTABLISHED: shutting down first sends what is queued", AT(EST, .shut = true, .send = 10), FW1, STEPS(CALL(shut, 0, SILENCE), STEP(S(ACK, 1, 1, 0), S(FIN | ACK, 1, 1, 10)))) },
	{ ROW("FIN-WAIT-1: shutting down again does nothing", AT(FW1), FW1, STEPS(CALL(shut, 0, SILENCE))) },
	{ ROW("FIN-WAIT-2: shutting down again does nothing", AT(FW2), FW2, STEPS(CALL(shut, 0, SILENCE))) },
	{ ROW("CLOSE-WAIT: shutting down sends a FIN", AT(CW), LA, STEPS(CALL(shut, 0, S(FIN | ACK, 1, 2, 0)))) },
	{ ROW("CLOSE-WAIT: shutting down first sends what is queued", AT(CW, .shut = true, .send = 10), LA, STEPS(CALL(shut, 0, SILENCE), STEP(S(ACK, 2, 1, 0), S(FIN | ACK, 1, 2, 10))), .why = "CLOSE-WAIT until the FIN is sent; nobody can tell") },
	{ ROW("CLOSING: shutting down again does nothing", AT(CLG), CLG, STEPS(CALL(shut, 0, SILENCE)), .why = "an error; not of a socket, where it is the second time only") },
	{ ROW("LAST-ACK: shutting down again does nothing", AT(LA), LA, STEPS(CALL(shut, 0, SILENCE)), .why = "an error; as in CLOSING") },
	{ ROW("TIME-WAIT: shutting down is refused", AT(TW), TW, STEPS(CALL(shut, -ENOTCONN, SILENCE))) },

	{ ROW("LISTEN: closing ends", AT(LISTEN), CLOSED, STEPS(CALL(close_it, 0, SILENCE))) },
	{ ROW("LISTEN: closing resets who has begun", AT(SYN_RCVD), CLOSED, STEPS(CALL(close_it, 0, S(RST | ACK, 1, 1, 0)))) },
	{ ROW("SYN-SENT: closing ends", AT(SYN_SENT), CLOSED, STEPS(CALL(close_it, 0, SILENCE))) },
	{ ROW("SYN-RECEIVED: closing sends a FIN after the handshake", ACTIVE, FW1, STEPS(CALL(close_it, 0, SILENCE), STEP(S(ACK, 1, 1, 0), S(FIN | ACK, 1, 1, 0))), .why = "at once; as of shutting down") },
	{ ROW("ESTABLISHED: closing sends a FIN", AT(EST), FW1, STEPS(CALL(close_it, 0, S(FIN | ACK, 1, 1, 0)))) },
	{ ROW("FIN-WAIT-1: closing sends nothing more", AT(FW1), FW1, STEPS(CALL(close_it, 0, SILENCE))) },
	{ ROW("FIN-WAIT-2: closing waits for the peer", AT(FW2), FW2, STEPS(CALL(close_it, 0, SILENCE), { .ms = 59999 })) },
	{ ROW("FIN-WAIT-2: but not for ever", AT(FW2), CLOSED, STEPS(CALL(close_it, 0, SILENCE), { .ms = 60000 }), .why = "RFC 9293 has no limit; a peer that is gone would be waited for without end") },
	{ ROW("CLOSE-WAIT: closing sends a FIN", AT(CW), LA, STEPS(CALL(close_it, 0, S(FIN | ACK, 1, 2, 0)))) },
	{ ROW("CLOSING: closing sends nothing more", AT(CLG), CLG, STEPS(CALL(close_it, 0, SILENCE))) },
	{ ROW("LAST-ACK: closing sends nothing more", AT(LA), LA, STEPS(CALL(close_it, 0, SILENCE))) },
	{ ROW("TIME-WAIT: closing sends nothing more", AT(TW), TW, STEPS(CALL(close_it, 0, SILENCE))) },

	/* what is not read is lost, and the peer is to know (section 3.6.1) */
	{ ROW("ESTABLISHED: closing with bytes unread resets", AT(EST, .unread = 10), CLOSED, STEPS(CALL(close_it, 0, S(RST | ACK, 1, 11, 0)))) },
	{ ROW("FIN-WAIT-1: closing with bytes unread resets", AT(FW1, .unread = 10), CLOSED, STEPS(CALL(close_it, 0, S(RST | ACK, 2, 11, 0)))) },
	{ ROW("FIN-WAIT-2: closing with bytes unread resets", AT(FW2, .unread = 10), CLOSED, STEPS(CALL(close_it, 0, S(RST | ACK, 2, 11, 0)))) },
	{ ROW("CLOSE-WAIT: closing with bytes unread resets", AT(CW, .unread = 10), CLOSED, STEPS(CALL(close_it, 0, S(RST | ACK, 1, 12, 0)))) },
	{ ROW("CLOSING: closing with bytes unread resets", AT(CLG, .unread = 10), CLOSED, STEPS(CALL(close_it, 0, S(RST | ACK, 2, 12, 0)))) },
	{ ROW("LAST-ACK: closing with bytes unread resets", AT(LA, .unread = 10), CLOSED, STEPS(CALL(close_it, 0, S(RST | ACK, 2, 12, 0)))) },
	{ ROW("TIME-WAIT: closing with bytes unread sends nothing", AT(TW, .unread = 10), TW, STEPS(CALL(close_it, 0, SILENCE))) },

	/* ABORT, section 3.10.5 */
	{ ROW("LISTEN: aborting ends", AT(LISTEN), CLOSED, STEPS(CALL(abort_it, 0, SILENCE))) },
	{ ROW("LISTEN: aborting resets who has begun", AT(SYN_RCVD), CLOSED, STEPS(CALL(abort_it, 0, S(RST | ACK, 1, 1, 0)))) },
	{ ROW("SYN-SENT: aborting ends", AT(SYN_SENT), CLOSED, STEPS(CALL(abort_it, 0, SILENCE))) },
	{ ROW("SYN-RECEIVED: aborting resets", ACTIVE, CLOSED, STEPS(CALL(abort_it, 0, S(RST | ACK, 1, 1, 0)))) },
	{ ROW("ESTABLISHED: aborting resets", AT(EST, .send = 100), CLOSED, STEPS(CALL(abort_it, 0, S(RST | ACK, 101, 1, 0)))) },
	{ ROW("FIN-WAIT-1: aborting resets", AT(FW1), CLOSED, STEPS(CALL(abort_it, 0, S(RST | ACK, 2, 1, 0)))) },
	{ ROW("FIN-WAIT-2: aborting resets", AT(FW2), CLOSED, STEPS(CALL(abort_it, 0, S(RST | ACK, 2, 1, 0)))) },
	{ ROW("CLOSE-WAIT: aborting resets", AT(CW), CLOSED, STEPS(CALL(abort_it, 0, S(RST | ACK, 1, 2, 0)))) },
	{ ROW("CLOSING: aborting resets", AT(CLG), CLOSED, STEPS(CALL(abort_it, 0, S(RST | ACK, 2, 2, 0))), .why = "nothing is sent; what of ours is under way is given up, and the peer is to know") },
	{ ROW("LAST-ACK: aborting resets", AT(LA), CLOSED, STEPS(CALL(abort_it, 0, S(RST | ACK, 2, 2, 0))), .why = "nothing is sent; as in CLOSING") },
	{ ROW("TIME-WAIT: aborting sends nothing", AT(TW), TW, STEPS(CALL(abort_it, 0, SILENCE)), .why = "CLOSED; whoever is next at these ports is still to be protected") },

	/* STATUS, section 3.10.6 */
	{ ROW("LISTEN: status", AT(LISTEN), LISTEN, STEPS(CALL(status, 1, SILENCE))) },
	{ ROW("SYN-SENT: status", AT(SYN_SENT), SYN_SENT, STEPS(CALL(status, 2, SILENCE))) },
	{ ROW("SYN-RECEIVED: status", ACTIVE, SYN_RCVD, STEPS(CALL(status, 3, SILENCE))) },
	{ ROW("ESTABLISHED: status", AT(EST), EST, STEPS(CALL(status, 4, SILENCE))) },
	{ ROW("FIN-WAIT-1: status", AT(FW1), FW1, STEPS(CALL(status, 5, SILENCE))) },
	{ ROW("FIN-WAIT-2: status", AT(FW2), FW2, STEPS(CALL(status, 6, SILENCE))) },
	{ ROW("CLOSE-WAIT: status", AT(CW), CW, STEPS(CALL(status, 7, SILENCE))) },
	{ ROW("CLOSING: status", AT(CLG), CLG, STEPS(CALL(status, 8, SILENCE))) },
	{ ROW("LAST-ACK: status", AT(LA), LA, STEPS(CALL(status, 9, SILENCE))) },
	{ ROW("TIME-WAIT: status", AT(TW), TW, STEPS(CALL(status, 0, SILENCE)), .why = "10; the connection has left for a smaller object, the socket is closed") },

	/* a reset with bytes unread and bytes not acknowledged (section 3.10.7.4, second) */
	{ ROW("ESTABLISHED: a reset leaves what was received", AT(EST, .unread = 10, .send = 100), CLOSED, STEPS(STEP(S(RST, 11, 0, 0), SILENCE), CALL(send_10, -ECONNRESET, SILENCE)), .text = 10, .err = ECONNRESET) },
	{ ROW("FIN-WAIT-1: a reset leaves what was received", AT(FW1, .unread = 10, .send = 100), CLOSED, STEPS(STEP(S(RST, 11, 0, 0), SILENCE), CALL(send_10, -ECONNRESET, SILENCE)), .text = 10, .err = ECONNRESET) },
	{ ROW("FIN-WAIT-2: a reset leaves what was received", AT(FW2, .unread = 10), CLOSED, STEPS(STEP(S(RST, 11, 0, 0), SILENCE), CALL(send_10, -ECONNRESET, SILENCE)), .text = 10, .err = ECONNRESET) },
	{ ROW("CLOSE-WAIT: a reset leaves what was received", AT(CW, .unread = 10, .send = 100), CLOSED, STEPS(STEP(S(RST, 12, 0, 0), SILENCE), CALL(send_10, -EPIPE, SILENCE)), .text = 10, .err = EPIPE, .why = "connection reset; the stream was complete, and what fails is writing") },
	{ ROW("CLOSING: a reset leaves what was received", AT(CLG, .unread = 10), CLOSED, STEPS(STEP(S(RST, 12, 0, 0), SILENCE), CALL(send_10, -EPIPE, SILENCE)), .text = 10) },
	{ ROW("CLOSING: a reset before our last byte arrived is an error", AT(CLG, .unread = 10, .send = 100), CLOSED, STEPS(STEP(S(RST, 12, 0, 0), SILENCE)), .text = 10, .err = ECONNRESET, .why = "no error; bytes that the application takes for sent are lost") },
	{ ROW("LAST-ACK: a reset leaves what was received", AT(LA, .unread = 10), CLOSED, STEPS(STEP(S(RST, 12, 0, 0), SILENCE), CALL(send_10, -EPIPE, SILENCE)), .text = 10) },
	{ ROW("LAST-ACK: a reset before our last byte arrived is an error", AT(LA, .unread = 10, .send = 100), CLOSED, STEPS(STEP(S(RST, 12, 0, 0), SILENCE)), .text = 10, .err = ECONNRESET, .why = "no error; as in CLOSING") },
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		tests[i] = row_as_test(&rows[i]);
	return cmocka_run_group_tests_name("calls in each state", tests, NULL,
					   NULL);
}
