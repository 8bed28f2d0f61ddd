// SPDX-License-Identifier: MIT
/*
 * Opening: three-way handshakes both ways, simultaneous open, retransmitted and
 * refused SYNs, bounded queues, SYN cookies, listeners that go away.
 */
#include "tcp_expect.h"

static void a_syn_is_answered_with_our_options(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	IN(s, SYN, .seq = 0, FULL, .ts = 5000);
	OUT(s, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460, .wscale = 8,
	    .sack_ok = true, .ts = 0x10000, .tsecr = 5000, .wnd = 65535);
	NONE(s);
	assert_int_equal(s->flows, 1);
	IN(s, ACK, .seq = 1, .ack = 1, .ts = 5001, .tsecr = 0x10000);
	NONE(s);
	assert_int_equal(s->flows, 2);
	assert_int_equal(script_events_take(s), SCRIPT_EV_ACCEPTED);
	script_close(s);
}

static void options_that_were_not_offered_are_not_used(void **state)
{
	struct script *s = script_open(0);
	struct script_seg seg;

	script_listen(s, 10);
	IN(s, SYN, .seq = 0);
	seg = script_take(s);
	assert_int_equal(seg.mss, 1460);
	assert_int_equal(seg.wscale, 0);
	assert_int_equal(seg.ts, 0);
	assert_false(seg.sack_ok);
	IN(s, ACK, .seq = 1, .ack = 1);
	take_accepted(s);
	assert_int_equal(s->pcb->mss, 536);
	script_close(s);
}

static void connecting_sends_syn_and_ends_with_ack(void **state)
{
	struct script *s = script_open(0);

	script_connect(s);
	OUT(s, SYN, .seq = 0, .mss = 1460, .wscale = 8, .sack_ok = true,
	    .ts = 0x10000);
	assert_int_equal(unet_tcp_poll(s->pcb), 0);
	script_at(s, 20);
	IN(s, SYN | ACK, .seq = 0, .ack = 1, FULL, .ts = 7, .tsecr = 0x10000);
	OUT(s, ACK, .seq = 1, .ack = 1, .ts = 0x10014, .tsecr = 7);
	NONE(s);
	assert_int_equal(script_events_take(s), SCRIPT_EV_ESTABLISHED);
	assert_int_equal(unet_tcp_poll(s->pcb), UNET_WRITABLE);
	assert_int_equal(tcp_rtt_smoothed(&s->pcb->rtt), 20000);
	script_close(s);
}

static void a_lost_syn_is_sent_again_with_backoff(void **state)
{
	struct script *s = script_open(0);
	static const u32 at[] = { 1000, 3000, 7000, 15000, 31000, 63000,
				127000 };

	script_connect(s);
	OUT(s, SYN, .seq = 0);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		script_at(s, at[i] - 1);
		NONE(s);
		script_at(s, at[i]);
		OUT(s, SYN, .seq = 0);
	}
	script_at(s, 246999);
	assert_int_equal(script_events_take(s), 0);
	script_at(s, 247000);
	NONE(s);
	assert_int_equal(script_events_take(s), SCRIPT_EV_CLOSED);
	assert_int_equal(s->closed_err, ETIMEDOUT);
	assert_int_equal(s->flows, 0);
	script_close(s);
}

/* The kernel sends nothing to port 0, and ends who tries too often. */
static void nobody_is_at_port_0(void **state)
{
	static const u8 flags[] = { SYN, ACK, SYN | ACK, FIN | ACK };
	struct script *s = script_open(0);

	script_listen(s, 10);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(flags); i++) {
		PUT(s, flags[i / 2], .seq = 5, .ack = 77);
		memset(s->arrived.head->data + 20 + i % 2 * 2, 0, 2);
		script_turn(s);
		NONE(s);
	}
	assert_int_equal(stat(s, UNET_STAT_TCP_BAD), 4 + 4);
	script_close(s);
}

static void resets_in_syn_sent_need_our_number(void **state)
{
	struct script *s = script_open(0);

	script_connect(s);
	OUT(s, SYN, .seq = 0);
	IN(s, RST, .seq = 0);
	IN(s, RST | ACK, .seq = 0, .ack = 0);
	IN(s, RST | ACK, .seq = 0, .ack = 2);
	NONE(s);
	assert_int_equal(script_events_take(s), 0);
	IN(s, RST | ACK, .seq = 0, .ack = 1);
	NONE(s);
	assert_int_equal(script_events_take(s), SCRIPT_EV_CLOSED);
	assert_int_equal(s->closed_err, ECONNREFUSED);
	assert_int_equal(unet_tcp_error(s->pcb), ECONNREFUSED);
	script_close(s);
}

static void a_wrong_ack_in_syn_sent_is_reset(void **state)
{
	struct script *s = script_open(0);

	script_connect(s);
	OUT(s, SYN, .seq = 0);
	IN(s, SYN | ACK, .seq = 0, .ack = 7, PLAIN);
	OUT(s, RST, .seq = 7);
	NONE(s);
	IN(s, SYN | ACK, .seq = 0, .ack = 1, PLAIN);
	OUT(s, ACK, .seq = 1, .ack = 1);
	script_close(s);
}

static void both_sides_may_open_at_once(void **state)
{
	struct script *s = script_open(0);

	script_connect(s);
	OUT(s, SYN, .seq = 0);
	IN(s, SYN, .seq = 0, SACKS);
	OUT(s, SYN | ACK, .seq = 0, .ack = 1, .sack_ok = true);
	IN(s, SYN | ACK, .seq = 0, .ack = 1, SACKS);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	assert_int_equal(script_events_take(s), SCRIPT_EV_ESTABLISHED);
	script_close(s);
}

/* RFC 7323 section 2.2: what a SYN says is never scaled, not even at the second time. */
static void a_simultaneous_open_scales_no_syn(void **state)
{
	struct script *s = script_open(0);

	script_connect(s);
	OUT(s, SYN, .seq = 0, .wscale = 8);
	IN(s, SYN, .seq = 0, FULL, .wnd = 20000);
	OUT(s, SYN | ACK, .seq = 0, .ack = 1, .wscale = 8);
	IN(s, SYN | ACK, .seq = 0, .ack = 1, FULL, .wnd = 20000);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	assert_int_equal(s->pcb->snd_wnd, 20000);
	assert_int_equal(s->pcb->snd_max_wnd, 20000);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 20000);
	assert_int_equal(s->pcb->snd_wnd, 20000 << 7);
	script_close(s);
}

static void a_plain_ack_ends_a_simultaneous_open_too(void **state)
{
	struct script *s = script_open(0);

	script_connect(s);
	IN(s, SYN, .seq = 0, PLAIN);
	ignore_out(s);
	IN(s, ACK, .seq = 1, .ack = 1);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	script_close(s);
}

static void a_lost_syn_ack_is_sent_again(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	IN(s, SYN, .seq = 0, PLAIN);
	OUT(s, SYN | ACK, .seq = 0, .ack = 1);
	script_at(s, 500);
	IN(s, SYN, .seq = 0, PLAIN);	/* the peer asks again */
	OUT(s, SYN | ACK, .seq = 0, .ack = 1);
	NONE(s);
	script_at(s, 1000);
	OUT(s, SYN | ACK, .seq = 0, .ack = 1);
	script_at(s, 200000);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 1);	/* the listener */
	script_close(s);
}

static void data_with_the_last_ack_is_taken(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	IN(s, SYN, .seq = 0, PLAIN);
	ignore_out(s);
	IN(s, ACK | PSH, .seq = 1, .ack = 1, .len = 100);
	take_accepted(s);
	expect_read(s, 1, 100);
	script_close(s);
}

static void data_and_fin_with_the_syn_ack_are_taken(void **state)
{
	struct script *s = script_open(0);

	script_connect(s);
	ignore_out(s);
	IN(s, SYN | ACK | FIN, .seq = 0, .ack = 1, .len = 10, PLAIN);
	OUT(s, ACK, .seq = 1, .ack = 12);
	expect_read(s, 1, 10);
	assert_int_equal(s->pcb->state, UNET_TCP_CLOSE_WAIT);
	script_close(s);
}

static void the_wrong_ack_of_a_handshake_is_reset(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	IN(s, SYN, .seq = 0, PLAIN);
	ignore_out(s);
	IN(s, ACK, .seq = 1, .ack = 9);
	OUT(s, RST, .seq = 9);
	IN(s, ACK, .seq = 1, .ack = 0);
	OUT(s, RST, .seq = 0);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1);
	NONE(s);
	assert_int_equal(script_events_take(s), SCRIPT_EV_ACCEPTED);
	script_close(s);
}

static void a_reset_ends_a_half_open_connection(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	IN(s, SYN, .seq = 0, PLAIN);
	ignore_out(s);
	IN(s, RST, .seq = 2);		/* in the window, not exact */
	OUT(s, ACK, .seq = 1, .ack = 1);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 2);
	IN(s, RST, .seq = 1);
	NONE(s);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 1);
	script_close(s);
}

static void strange_segments_do_not_open_anything(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	IN(s, RST, .seq = 0);
	IN(s, RST | ACK, .seq = 0, .ack = 1);
	IN(s, RST | SYN, .seq = 0);
	IN(s, SYN | FIN, .seq = 0);
	IN(s, 0, .seq = 0);
	IN(s, FIN, .seq = 0);
	NONE(s);
	IN(s, ACK, .seq = 5, .ack = 77);
	OUT(s, RST, .seq = 77);
	IN(s, SYN | ACK, .seq = 5, .ack = 78);
	OUT(s, RST, .seq = 78);
	NONE(s);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 1);
	script_close(s);
}

/* Handshakes from many ports. */
static void open_many(struct script *s, u16 first, u16 n)
{
	for (u16 i = 0; i < n; i++) {
		IN(s, SYN, .port = first + i, .seq = 0, PLAIN);
		IN(s, ACK, .port = first + i, .seq = 1, .ack = 1);
	}
}

static void a_full_accept_queue_drops_and_recovers(void **state)
{
	struct script *s = script_open(0);
	struct unet_tcp_pcb *c;

	script_listen(s, 3);
	IN(s, SYN, .port = 9, .seq = 0, PLAIN);	/* half-open before it is full */
	open_many(s, 5000, 3);
	ignore_out(s);
	IN(s, SYN, .port = 6000, .seq = 0, PLAIN);
	IN(s, ACK, .port = 9, .seq = 1, .ack = 1);
	NONE(s);
	assert_int_equal(stat(s, UNET_STAT_TCP_LISTEN_FULL), 2);
	c = unet_tcp_accept(s->pcb);
	assert_non_null(c);
	unet_tcp_close(c);
	ignore_out(s);
	IN(s, ACK, .port = 9, .seq = 1, .ack = 1);
	assert_int_equal(s->pcb->state, UNET_TCP_LISTEN);
	assert_int_equal(stat(s, UNET_STAT_TCP_PASSIVE), 4);
	script_close(s);
}

static void a_syn_flood_is_answered_with_cookies(void **state)
{
	struct script *s = script_open(0);
	struct script_seg seg;
	struct unet_tcp_pcb *c;

	script_listen(s, 20);
	for (u16 i = 0; i < 100; i++)
		IN(s, SYN, .port = 5000 + i, .seq = 0, PLAIN);
	assert_int_equal(stat(s, UNET_STAT_TCP_COOKIE_SENT), 80);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 21);
	ignore_out(s);
	IN(s, SYN, .port = 7000, .seq = 0, .mss = 1300, .sack_ok = true,
	   .wscale = 6, .ts = 99);
	seg = script_take(s);
	assert_int_equal(seg.flags, SYN | ACK);
	assert_true(seg.sack_ok && seg.wscale == 8 && seg.ts);
	script_after(s, 30000);
	IN(s, ACK, .port = 7000, .seq = 1, .ack = seg.seq + 2, .ts = 100,
	   .tsecr = seg.ts);
	OUT(s, RST, .seq = seg.seq + 2);	/* not the cookie */
	IN(s, ACK, .port = 7000, .seq = 1, .ack = seg.seq + 1, .ts = 100,
	   .tsecr = seg.ts, .len = 5);
	assert_int_equal(stat(s, UNET_STAT_TCP_COOKIE_OK), 1);
	assert_int_equal(stat(s, UNET_STAT_TCP_COOKIE_BAD), 1);
	c = unet_tcp_accept(s->pcb);
	assert_non_null(c);
	assert_int_equal(c->mss, 1300 - 12);
	assert_int_equal(c->snd_wscale, 5);
	assert_true(c->flags & UNET_TCPF_SACK);
	assert_int_equal(c->rcvq.bytes, 5);
	/* nothing says that anything was lost, nor how long the path is */
	assert_int_equal(c->cc.cwnd, 10 * c->mss);
	assert_int_equal(c->retrans, 0);
	assert_int_equal(tcp_rtt_smoothed(&c->rtt), 0);
	assert_int_equal(unet_tcp_rtt_rto(&c->rtt), UNET_TCP_RTO_INITIAL_US);
	unet_tcp_abort(c);
	script_close(s);
}

/* It would leave a half-open connection without a timer behind. */
static void a_cookie_on_a_syn_opens_nothing(void **state)
{
	struct script *s = script_open(0);
	struct script_seg seg;

	script_listen(s, 1);
	for (u16 i = 0; i < 17; i++)
		IN(s, SYN, .port = 5000 + i, .seq = 0, PLAIN);
	seg = s->out[s->n_out - 1];
	ignore_out(s);
	IN(s, SYN | ACK, .port = 5016, .seq = 1, .ack = seg.seq + 1);
	OUT(s, RST, .seq = seg.seq + 1);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 17);
	script_close(s);
}

static void an_old_cookie_is_worth_nothing(void **state)
{
	struct script *s = script_open(0);
	struct script_seg seg;

	script_listen(s, 1);
	for (u16 i = 0; i < 17; i++)
		IN(s, SYN, .port = 5000 + i, .seq = 0, PLAIN);
	seg = s->out[s->n_out - 1];
	script_after(s, 129 * 1000000ull);
	IN(s, SYN, .port = 6000, .seq = 0, PLAIN);	/* cookies are still out */
	tcp_of(s->st)->cookie_us = s->now;
	ignore_out(s);
	IN(s, ACK, .port = 5016, .seq = 1, .ack = seg.seq + 1);
	OUT(s, RST, .seq = seg.seq + 1);
	assert_int_equal(stat(s, UNET_STAT_TCP_COOKIE_BAD), 1);
	script_close(s);
}

static void closing_a_listener_resets_what_hangs_on_it(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	open_many(s, 5000, 2);
	IN(s, SYN, .port = 6000, .seq = 0, PLAIN);
	ignore_out(s);
	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	OUT(s, RST | ACK, .port = 6000, .seq = 1, .ack = 1);
	OUT(s, RST | ACK, .port = 5000, .seq = 1, .ack = 1);
	OUT(s, RST | ACK, .port = 5001, .seq = 1, .ack = 1);
	NONE(s);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 0);
	assert_int_equal(s->flows, 0);
	script_close(s);
}

static void without_a_flow_a_connection_is_reset(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	s->flow_max = 1;
	IN(s, SYN, .seq = 0, PLAIN);
	ignore_out(s);
	IN(s, ACK, .seq = 1, .ack = 1);
	OUT(s, RST | ACK, .seq = 1, .ack = 1);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 1);
	script_close(s);
}

static void a_reset_connection_can_still_be_accepted(void **state)
{
	struct script *s = script_open(0);
	struct unet_tcp_pcb *c;

	script_listen(s, 10);
	open_many(s, 5000, 1);
	IN(s, RST, .port = 5000, .seq = 1);
	c = unet_tcp_accept(s->pcb);
	assert_non_null(c);
	assert_int_equal(unet_tcp_error(c), ECONNRESET);
	unet_tcp_close(c);
	script_close(s);
}

/* NUMBER:JACK: numbers of other tuples and times tell nothing. */
static void initial_numbers_differ_per_tuple(void **state)
{
	struct script *s = script_open(SCRIPT_RANDOM);
	u32 last = 0, steps[200];

	script_listen(s, 500);
	for (u16 i = 0; i < 200; i++) {
		struct script_seg seg;

		IN(s, SYN, .port = 5000 + i, .seq = 0, PLAIN);
		seg = script_take(s);
		steps[i] = seg.seq - last;
		last = seg.seq;
		for (u16 j = 0; j < i; j++)
			assert_true(steps[i] != steps[j]);
	}
	script_close(s);
}

/* RFC 6528: a clock of 4 us, and what a secret makes of the tuple. */
static void an_initial_number_is_a_clock_and_a_secret(void **state)
{
	struct script *s = script_open(SCRIPT_RANDOM);
	struct unet_flow_key key = { .family = 4, .proto = UNET_PROTO_TCP,
				     .remote_port = 1 };
	u32 first = unet_tcp_isn(s->st, &key), other;

	assert_int_equal(unet_tcp_isn(s->st, &key), first);
	s->st->now += 4000;
	assert_int_equal(unet_tcp_isn(s->st, &key), first + 1000);
	s->st->now -= 4000;
	key.remote_port = 2;
	other = unet_tcp_isn(s->st, &key);
	assert_int_not_equal(other, first);
	key.remote_port = 1;
	s->st->sip_key[0] ^= 1;
	assert_int_not_equal(unet_tcp_isn(s->st, &key), first);
	s->st->sip_key[0] ^= 1;
	assert_int_equal(unet_tcp_isn(s->st, &key), first);
	script_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_is_answered_with_our_options),
		cmocka_unit_test(options_that_were_not_offered_are_not_used),
		cmocka_unit_test(connecting_sends_syn_and_ends_with_ack),
		cmocka_unit_test(a_lost_syn_is_sent_again_with_backoff),
		cmocka_unit_test(nobody_is_at_port_0),
		cmocka_unit_test(resets_in_syn_sent_need_our_number),
		cmocka_unit_test(a_wrong_ack_in_syn_sent_is_reset),
		cmocka_unit_test(both_sides_may_open_at_once),
		cmocka_unit_test(a_simultaneous_open_scales_no_syn),
		cmocka_unit_test(a_plain_ack_ends_a_simultaneous_open_too),
		cmocka_unit_test(a_lost_syn_ack_is_sent_again),
		cmocka_unit_test(data_with_the_last_ack_is_taken),
		cmocka_unit_test(data_and_fin_with_the_syn_ack_are_taken),
		cmocka_unit_test(the_wrong_ack_of_a_handshake_is_reset),
		cmocka_unit_test(a_reset_ends_a_half_open_connection),
		cmocka_unit_test(strange_segments_do_not_open_anything),
		cmocka_unit_test(a_full_accept_queue_drops_and_recovers),
		cmocka_unit_test(a_syn_flood_is_answered_with_cookies),
		cmocka_unit_test(a_cookie_on_a_syn_opens_nothing),
		cmocka_unit_test(an_old_cookie_is_worth_nothing),
		cmocka_unit_test(closing_a_listener_resets_what_hangs_on_it),
		cmocka_unit_test(without_a_flow_a_connection_is_reset),
		cmocka_unit_test(a_reset_connection_can_still_be_accepted),
		cmocka_unit_test(initial_numbers_differ_per_tuple),
		cmocka_unit_test(an_initial_number_is_a_clock_and_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
