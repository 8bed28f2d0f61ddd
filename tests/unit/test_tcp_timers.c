// SPDX-License-Identifier: MIT
/*
 * Time: retransmission with backoff and its end, persist, delayed
 * acknowledgement, keepalive, user timeout, FIN-WAIT-2 without an owner.
 */
#include "tcp_expect.h"

static struct script *open_plain(void)
{
	struct script *s = script_open(0);

	OPEN(s, PLAIN);
	return s;
}

/* A round trip of @ms, so that timeouts are known: @ms + 200 after many. */
static void know_rtt(struct script *s, u32 ms)
{
	for (int i = 0; i < 300; i++)
		unet_tcp_rtt_sample(&s->pcb->rtt, s->now, ms * 1000);
}

static void a_lost_segment_is_sent_again_with_backoff(void **state)
{
	struct script *s = open_plain();
	u32 wait = 300000;

	know_rtt(s, 100);
	script_send(s, 100);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 100);
	for (int i = 0; i < 6; i++, wait *= 2) {
		script_after(s, wait - 1100);
		NONE(s);
		script_after(s, 1100);
		OUT(s, ACK, .seq = 1, .ack = 1, .len = 100);
		expect_sound(s);
	}
	IN(s, ACK, .seq = 1, .ack = 101);
	assert_int_equal(s->pcb->rtt.backoff, 6);	/* Karn: no new sample */
	script_send(s, 100);
	ignore_out(s);
	script_after(s, 10000);
	IN(s, ACK, .seq = 1, .ack = 201);
	assert_int_equal(s->pcb->rtt.backoff, 0);
	script_close(s);
}

/* RFC 6298 (5.7), RFC 5681 section 3.1 */
static void after_a_lost_handshake_data_begin_with_care(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	IN(s, SYN, .seq = 0, PLAIN);
	OUT(s, SYN | ACK, .seq = 0, .ack = 1);
	script_after(s, 1001000);
	OUT(s, SYN | ACK, .seq = 0, .ack = 1);
	IN(s, ACK, .seq = 1, .ack = 1);
	NONE(s);
	take_accepted(s);
	script_send(s, 14600);
	script_turn(s);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	NONE(s);			/* one segment */
	script_after(s, 2900000);
	NONE(s);			/* three seconds */
	script_after(s, 200000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1461);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 1460);
	script_close(s);
}

static struct script *dawdler;

static void dawdle(struct unet_stack *st, struct unet_work *w)
{
	u8 byte = script_byte(1);
	struct iovec iov = { &byte, 1 };

	dawdler->now += 1000000;
	assert_int_equal(unet_tcp_send(dawdler->pcb, &iov, 1, false), 1);
}

/* The time that a callback took is none that the peer had. */
static void what_a_slow_callback_sends_is_not_late(void **state)
{
	struct script *s = script_open(0);
	struct unet_work w;

	OPEN(s, SACKS);
	know_rtt(s, 100);
	dawdler = s;
	unet_work_init(&w, dawdle);
	unet_stack_defer_event(s->st, &w);
	unet_stack_run(s->st, 0);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1);
	unet_stack_run(s->st, 0);
	NONE(s);
	assert_int_equal(stat(s, UNET_STAT_TCP_TLP), 0);
	script_after(s, 100000);
	IN(s, ACK, .seq = 1, .ack = 2);
	assert_int_equal(s->pcb->rtt.latest_us, 100000);
	script_close(s);
}

static void acknowledgements_put_the_timeout_off(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 100);
	script_send(s, 14600);
	ignore_out(s);
	for (u32 i = 1; i <= 9; i++) {
		script_after(s, 250000);
		IN(s, ACK, .seq = 1, .ack = 1 + i * 1460);
	}
	assert_int_equal(stat(s, UNET_STAT_TCP_RTO), 0);
	script_close(s);
}

/* smoltcp#62: duplicates must not put it off. */
static void duplicates_do_not_put_the_timeout_off(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 100);
	script_send(s, 100);
	ignore_out(s);
	for (u32 i = 0; i < 2; i++) {
		script_after(s, 100000);
		IN(s, ACK, .seq = 1, .ack = 1);
	}
	script_after(s, 101000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 100);
	script_close(s);
}

static void a_dead_peer_is_given_up(void **state)
{
	struct script *s = open_plain();
	u64 start = s->now;

	know_rtt(s, 1);
	script_send(s, 100);
	while (s->pcb->state != UNET_TCP_CLOSED) {
		script_after(s, 1000000);
		assert_true(s->now - start < 1200 * 1000000ull);
	}
	assert_true(s->now - start > 900 * 1000000ull);
	assert_int_equal(s->closed_err, ETIMEDOUT);
	assert_int_equal(stat(s, UNET_STAT_TCP_RTO), 15);
	assert_int_equal(s->out[s->n_out - 1].flags, RST | ACK);
	script_close(s);
}

/* ---- the user timeout ---- */

static void ends_in(struct script *s, u64 us)
{
	script_after(s, us - 1000);
	assert_int_not_equal(s->pcb->state, UNET_TCP_CLOSED);
	script_after(s, 2000);
	assert_int_equal(s->pcb->state, UNET_TCP_CLOSED);
	assert_int_equal(s->closed_err, ETIMEDOUT);
}

/* Between two retransmissions, the latter of which would be late by twice as much. */
static void a_user_timeout_ends_it_in_time(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_USER_TIMEOUT, 3500);
	script_send(s, 100);
	ends_in(s, 3500000);
	assert_int_equal(stat(s, UNET_STAT_TCP_RTO), 4);
	script_close(s);
}

static void a_user_timeout_begins_with_the_last_progress(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_USER_TIMEOUT, 3500);
	script_after(s, 3600 * 1000000ull);	/* idle is not stalled */
	script_send(s, 100);
	script_after(s, 3000000);
	IN(s, ACK, .seq = 1, .ack = 51);
	ends_in(s, 3500000);
	script_close(s);
}

/* It is shorter than the first timeout: what may just be lost is sent again. */
static void a_short_user_timeout_leaves_one_more_try(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_USER_TIMEOUT, 50);
	script_send(s, 100);
	ignore_out(s);
	script_after(s, 201000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 100);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	ends_in(s, 50000);
	script_close(s);
}

/* That something else was sent again, long ago, is not that this was. */
static void a_short_user_timeout_leaves_one_more_try_each_time(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	script_send(s, 100);
	ignore_out(s);
	script_after(s, 201000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 100);
	IN(s, ACK, .seq = 1, .ack = 101);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_USER_TIMEOUT, 50);
	script_send(s, 100);
	ignore_out(s);
	script_after(s, 60000);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	script_after(s, 1000000);
	assert_true(s->n_out > 0);
	OUT(s, ACK, .seq = 101, .ack = 1, .len = 100);
	script_close(s);
}

static void a_user_timeout_ends_a_handshake_in_time(void **state)
{
	struct script *s = script_open(0);

	script_connect(s);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_USER_TIMEOUT, 5000);
	ends_in(s, 5000000);
	script_close(s);
}

/* Though the peer's SYN came before that, and what answers it was sent once only. */
static void a_user_timeout_ends_a_simultaneous_open_in_time(void **state)
{
	struct script *s = script_open(0);

	script_connect(s);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_USER_TIMEOUT, 5000);
	script_after(s, 4000000);
	IN(s, SYN, .seq = 0, PLAIN);
	ends_in(s, 1000000);
	script_close(s);
}

/* The peer answers each probe, and each says that its window is shut. */
static void ends_though_shut_out(struct script *s, u64 us)
{
	u64 end = s->now + us;
	u32 probes = 0;

	while (s->now + 10000 < end) {
		script_after(s, 10000);
		assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
		if (s->n_out)
			IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
		probes += s->n_out;
		ignore_out(s);
	}
	assert_true(probes >= 2);
	ends_in(s, end - s->now);
}

static void a_user_timeout_bounds_a_shut_window(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_USER_TIMEOUT, 3500);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
	script_after(s, 3600 * 1000000ull);
	script_send(s, 100);
	ends_though_shut_out(s, 3500000);
	script_close(s);
}

static void a_user_timeout_bounds_a_window_shut_on_what_is_under_way(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_USER_TIMEOUT, 3500);
	script_send(s, 100);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
	ends_though_shut_out(s, 3500000);
	script_close(s);
}

static void a_window_that_opens_begins_the_user_timeout_anew(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_USER_TIMEOUT, 3500);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
	script_send(s, 100);
	script_after(s, 3000000);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 100);
	script_after(s, 100000);
	IN(s, ACK, .seq = 1, .ack = 101, .wnd = SCRIPT_ZERO);
	script_after(s, 100000);
	script_send(s, 100);
	ends_in(s, 3500000);
	script_close(s);
}

/* ---- what a timeout leads to ---- */

static void a_soft_error_becomes_the_reason(void **state)
{
	struct script *s = open_plain();

	script_send(s, 100);
	s->pcb->soft_err = EHOSTUNREACH;
	script_after(s, 1200 * 1000000ull);
	assert_int_equal(s->closed_err, EHOSTUNREACH);
	script_close(s);
}

static void a_lost_fin_is_sent_again(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	script_turn(s);
	OUT(s, FIN | ACK, .seq = 1, .ack = 1);
	script_after(s, 250000);
	OUT(s, FIN | ACK, .seq = 1, .ack = 1);
	script_after(s, 200 * 1000000ull);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 0);	/* orphans wait less */
	script_close(s);
}

static void data_and_fin_are_sent_again_together(void **state)
{
	struct script *s = open_plain();

	script_send(s, 10);
	unet_tcp_close(s->pcb);
	script_turn(s);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 10);
	OUT(s, FIN | ACK, .seq = 11, .ack = 1);
	script_after(s, 1000000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 10);
	IN(s, ACK, .seq = 1, .ack = 11);
	OUT(s, FIN | ACK, .seq = 11, .ack = 1);
	IN(s, ACK, .seq = 1, .ack = 12);
	assert_int_equal(s->pcb->state, UNET_TCP_FIN_WAIT_2);
	s->pcb = NULL;
	script_close(s);
}

/* mbed-os#4140: the peer acknowledges the middle of a segment. */
static void what_is_left_of_a_segment_is_sent_again(void **state)
{
	struct script *s = open_plain();

	script_send(s, 1000);
	ignore_out(s);
	IN(s, ACK, .seq = 1, .ack = 301);
	script_after(s, 1100000);
	OUT(s, ACK, .seq = 301, .ack = 1, .len = 700);
	IN(s, ACK, .seq = 1, .ack = 1001);
	expect_sound(s);
	script_close(s);
}

/* ---- zero windows ---- */

static void a_zero_window_is_probed_with_backoff(void **state)
{
	struct script *s = open_plain();
	u64 last = s->now, wait = 0;

	know_rtt(s, 1);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
	script_send(s, 100);
	NONE(s);
	for (int i = 0; i < 12; i++) {
		while (!s->n_out)
			script_after(s, 1000);
		OUT(s, ACK, .seq = 0, .ack = 1);
		assert_true(s->now - last >= wait || wait > 59000000);
		wait = s->now - last;
		assert_true(wait <= 60010000);
		last = s->now;
		IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
	}
	assert_true(wait > 50000000);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 5000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 100);
	expect_sound(s);
	script_close(s);
}

static void a_lost_window_update_is_found_by_the_probe(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
	script_send(s, 100);
	while (!s->n_out)
		script_after(s, 1000);
	OUT(s, ACK, .seq = 0, .ack = 1);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 1000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 100);
	script_close(s);
}

static void a_peer_that_answers_may_stay_shut(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
	script_send(s, 100);
	for (int i = 0; i < 1000; i++) {
		script_after(s, 10000000);
		if (s->n_out)
			IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
		s->n_out = 0;
	}
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	script_close(s);
}

/* Probes do not use up the patience that retransmissions have. */
static void a_loss_after_a_long_shut_window_is_repaired(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
	script_send(s, 100);
	for (int i = 0; i < 1000; i++) {
		script_after(s, 10000000);
		if (s->n_out)
			IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
		s->n_out = 0;
	}
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 5000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 100);
	script_after(s, 1000000);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 100);
	script_close(s);
}

static void a_window_may_be_shut_on_what_is_under_way(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	script_send(s, 100);
	for (int i = 0; i < 1000; i++) {
		IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
		s->n_out = 0;
		script_after(s, 10000000);
	}
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 5000);
	script_after(s, 300 * 1000000ull);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	script_after(s, 3600 * 1000000ull);	/* but it has to answer */
	assert_int_equal(s->closed_err, ETIMEDOUT);
	script_close(s);
}

static void a_peer_that_does_not_answer_probes_is_given_up(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
	script_send(s, 100);
	script_after(s, 1800 * 1000000ull);
	assert_int_equal(s->pcb->state, UNET_TCP_CLOSED);
	assert_int_equal(s->closed_err, ETIMEDOUT);
	script_close(s);
}

/* CVE-2008-4609: a shut window does not keep what nobody owns for ever. */
static void an_orphan_before_a_shut_window_ends(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
	script_send(s, 100);
	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	for (int i = 0; i < 1000 && tcp_of(s->st)->n_pcbs; i++) {
		script_after(s, 1000000);
		if (s->n_out)
			IN(s, ACK, .seq = 1, .ack = 1, .wnd = SCRIPT_ZERO);
		s->n_out = 0;
	}
	assert_int_equal(tcp_of(s->st)->n_pcbs, 0);
	script_close(s);
}

/* Sent right behind a full window: the peer has no room even for the FIN. */
static void shut_out_fin(struct script *s)
{
	unet_tcp_rtt_init(&s->pcb->rtt, 0);	/* forget that of the handshake */
	know_rtt(s, 20);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 1000);
	script_send(s, 1000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1000);
	script_after(s, 20000);
	IN(s, ACK, .seq = 1, .ack = 1001, .wnd = SCRIPT_ZERO);
	unet_tcp_shutdown(s->pcb, SHUT_WR);
	script_turn(s);
	OUT(s, FIN | ACK, .seq = 1001, .ack = 1);
}

static void a_fin_before_a_shut_window_leaves_when_it_opens(void **state)
{
	struct script *s = open_plain();

	shut_out_fin(s);
	for (int i = 0; i < 5; i++) {
		while (!s->n_out)
			script_after(s, 1000);
		OUT(s, FIN | ACK, .seq = 1001, .ack = 1);
		IN(s, ACK, .seq = 1, .ack = 1001, .wnd = SCRIPT_ZERO);
	}
	script_after(s, 100000);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1001, .wnd = 5000);
	OUT(s, FIN | ACK, .seq = 1001, .ack = 1);
	script_after(s, 1000000);	/* lost: the patience begins anew */
	OUT(s, FIN | ACK, .seq = 1001, .ack = 1);
	IN(s, ACK, .seq = 1, .ack = 1002);
	assert_int_equal(s->pcb->state, UNET_TCP_FIN_WAIT_2);
	script_close(s);
}

/* The window opened before the FIN came: what says so is no answer to it. */
static void a_fin_that_meets_an_opening_window_is_sent_once(void **state)
{
	struct script *s = open_plain();

	shut_out_fin(s);
	script_after(s, 19000);
	IN(s, ACK, .seq = 1, .ack = 1001, .wnd = 5000);
	NONE(s);
	script_after(s, 1000);
	IN(s, ACK, .seq = 1, .ack = 1002);
	NONE(s);
	assert_int_equal(s->pcb->state, UNET_TCP_FIN_WAIT_2);
	script_close(s);
}

/* A window that never reaches a segment is used in the end. */
static void crumbs_are_used_after_a_while(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 100);
	script_send(s, 1000);
	NONE(s);
	script_after(s, 300000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 100);
	script_close(s);
}

static void a_window_taken_back_is_respected(void **state)
{
	struct script *s = open_plain();

	know_rtt(s, 1);
	script_send(s, 14600);
	ignore_out(s);
	IN(s, ACK, .seq = 1, .ack = 1461, .wnd = SCRIPT_ZERO);
	ignore_out(s);
	for (int i = 0; i < 20; i++) {
		script_after(s, 300000);
		for (u32 k = 0; k < s->n_out; k++)
			assert_int_equal(s->out[k].seq, 1461);
		s->n_out = 0;
		expect_sound(s);
	}
	for (u32 i = 2; i <= 10; i++)
		IN(s, ACK, .seq = 1, .ack = 1 + i * 1460, .wnd = 30000);
	assert_int_equal(s->n_out, 8);
	assert_null(s->pcb->rec.first);
	script_close(s);
}

/* Nothing is sent behind an edge that was taken back, not even an ACK. */
static void nothing_goes_behind_a_window_taken_back(void **state)
{
	struct script *s = script_open(0);

	OPEN(s, SACKS);
	know_rtt(s, 1);
	script_send(s, 14600);
	ignore_out(s);
	script_after(s, 1000);
	IN(s, ACK, .seq = 1, .ack = 1461, .wnd = 2000, .sacks = 1,
	   .sack = { { 13141, 14601 } });
	script_after(s, 5000);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 1460);
	OUT(s, ACK, .seq = 2921, .ack = 1, .len = 1460);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1461, .len = 3000, .wnd = 2000);
	OUT(s, ACK, .seq = 3461, .ack = 3001);
	script_close(s);
}

/* ---- keepalive ---- */

static void keepalive_probes_and_gives_up(void **state)
{
	struct script *s = open_plain();

	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPIDLE, 10);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPINTVL, 2);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPCNT, 3);
	script_after(s, 3600 * 1000000ull);
	NONE(s);			/* off until asked for */
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPALIVE, 1);
	script_after(s, 9999999);
	NONE(s);
	script_after(s, 1);
	OUT(s, ACK, .seq = 0, .ack = 1);
	IN(s, ACK, .seq = 1, .ack = 1);
	script_after(s, 9999999);
	NONE(s);
	script_after(s, 1);
	OUT(s, ACK, .seq = 0, .ack = 1);
	script_after(s, 2000000);
	OUT(s, ACK, .seq = 0, .ack = 1);
	script_after(s, 2000000);
	OUT(s, ACK, .seq = 0, .ack = 1);
	script_after(s, 2000000);
	OUT(s, RST | ACK, .seq = 1, .ack = 1);
	assert_int_equal(s->closed_err, ETIMEDOUT);
	script_close(s);
}

/* Our FIN is acknowledged, the peer's does not come: has it died? */
static void keepalive_finds_a_peer_that_died_half_closed(void **state)
{
	struct script *s = open_plain();

	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPIDLE, 10);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPINTVL, 2);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPCNT, 2);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPALIVE, 1);
	unet_tcp_shutdown(s->pcb, SHUT_WR);
	script_turn(s);
	OUT(s, FIN | ACK, .seq = 1, .ack = 1);
	IN(s, ACK, .seq = 1, .ack = 2);
	assert_int_equal(s->pcb->state, UNET_TCP_FIN_WAIT_2);
	script_after(s, 10000000);
	OUT(s, ACK, .seq = 1, .ack = 1);
	IN(s, ACK, .seq = 1, .ack = 2);
	script_after(s, 9999999);
	NONE(s);
	script_after(s, 1);
	OUT(s, ACK, .seq = 1, .ack = 1);
	script_after(s, 2000000);
	OUT(s, ACK, .seq = 1, .ack = 1);
	script_after(s, 2000000);
	OUT(s, RST | ACK, .seq = 2, .ack = 1);
	assert_int_equal(s->closed_err, ETIMEDOUT);
	script_close(s);
}

/* With 100 bytes acknowledged and timestamps from 1000 on, none is the peer's. */
static const struct script_seg not_the_peers[] = {
	{ .flags = ACK, .seq = 100000000, .ack = 101, .ts = 2000 },
	{ .flags = ACK, .seq = 101, .ack = 1, .ts = 2000 },
	{ .flags = ACK, .seq = 1, .ack = 1, .ts = 2000 },
	{ .flags = ACK, .seq = 1, .ack = 102, .ts = 2000 },
	{ .flags = ACK, .seq = 1, .ack = 101, .ts = 999 },
	{ .flags = ACK, .seq = 1, .ack = 101 },
	{ .flags = SYN, .seq = 1, .ts = 2000 },
	{ .flags = RST, .seq = 2 },
};

/* Is the connection given up, though @seg comes now and then? */
static bool given_up_in_spite_of(const struct script_seg *seg)
{
	struct script *s = script_open(0);
	bool over;

	script_listen(s, 10);
	IN(s, SYN, .seq = 0, PLAIN, .ts = 1000);
	IN(s, ACK, .seq = 1, .ack = 1, .ts = 1000, .tsecr = 0x10000);
	take_accepted(s);
	script_send(s, 100);
	IN(s, ACK, .seq = 1, .ack = 101, .ts = 1000, .tsecr = 0x10000);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPIDLE, 10);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPINTVL, 2);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPCNT, 3);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPALIVE, 1);
	for (int i = 0; i < 17; i++) {
		script_put(s, seg);
		script_turn(s);
		script_after(s, 1000000);
	}
	over = s->closed_err == ETIMEDOUT;
	script_close(s);
	return over;
}

static void only_the_peer_keeps_a_connection_alive(void **state)
{
	static const struct script_seg alive = {
		.flags = ACK, .seq = 1, .ack = 101, .ts = 2000,
	};

	for (u32 i = 0; i < ARRAY_SIZE(not_the_peers); i++)
		if (!given_up_in_spite_of(&not_the_peers[i]))
			fail_msg("row %u keeps it alive", i);
	assert_false(given_up_in_spite_of(&alive));
}

/* A user timeout takes the place of the count; the SYN-ACK was a sign of life. */
static void keepalive_has_the_user_timeout_from_the_handshake_on(void **state)
{
	struct script *s = script_open(0);

	script_after(s, 100 * 1000000ull);
	script_connect(s);
	IN(s, SYN | ACK, .seq = 0, .ack = 1, PLAIN);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPIDLE, 10);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPINTVL, 75);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPCNT, 1);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_USER_TIMEOUT, 20000);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPALIVE, 1);
	ends_in(s, 20000000);
	script_close(s);
}

/* ---- closing ---- */

static void fin_wait_2_without_an_owner_ends(void **state)
{
	struct script *s = open_plain();

	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	script_turn(s);
	IN(s, ACK, .seq = 1, .ack = 2);
	ignore_out(s);
	script_after(s, 30000000);
	IN(s, ACK, .seq = 1, .ack = 2);		/* being heard is no excuse */
	script_after(s, 29999999);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 1);
	script_after(s, 2);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 0);
	assert_int_equal(s->del_flags, UNET_DEL_LINGER);
	script_close(s);
}

static void fin_wait_2_with_an_owner_waits(void **state)
{
	struct script *s = open_plain();

	unet_tcp_shutdown(s->pcb, SHUT_WR);
	script_turn(s);
	IN(s, ACK, .seq = 1, .ack = 2);
	script_after(s, 3600 * 1000000ull);
	assert_int_equal(s->pcb->state, UNET_TCP_FIN_WAIT_2);
	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	script_after(s, 61000000);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 0);
	script_close(s);
}

static void an_idle_connection_has_no_timer(void **state)
{
	struct script *s = open_plain();

	script_send(s, 100);
	ignore_out(s);
	IN(s, ACK, .seq = 1, .ack = 101, .len = 10);
	script_after(s, 3000000);
	assert_true(unet_stack_deadline(s->st) == UNET_NEVER);
	assert_int_equal(tcp_of(s->st)->n_xmit, 0);
	script_close(s);
}

/* gVisor#6113: microsecond round trips. */
static void a_tiny_round_trip_does_not_bring_the_timeout_to_nothing(void **state)
{
	struct script *s = script_open(0);

	OPEN(s, SACKS);
	for (u32 i = 0; i < 100; i++) {
		script_send(s, 100);
		s->now += 3;
		IN(s, ACK, .seq = 1, .ack = 101 + i * 100);
	}
	ignore_out(s);
	script_send(s, 100);
	ignore_out(s);
	script_after(s, 100000);
	NONE(s);
	script_after(s, 110000);
	assert_true(s->n_out >= 1);
	script_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lost_segment_is_sent_again_with_backoff),
		cmocka_unit_test(after_a_lost_handshake_data_begin_with_care),
		cmocka_unit_test(what_a_slow_callback_sends_is_not_late),
		cmocka_unit_test(acknowledgements_put_the_timeout_off),
		cmocka_unit_test(duplicates_do_not_put_the_timeout_off),
		cmocka_unit_test(a_dead_peer_is_given_up),
		cmocka_unit_test(a_user_timeout_ends_it_in_time),
		cmocka_unit_test(a_user_timeout_begins_with_the_last_progress),
		cmocka_unit_test(a_short_user_timeout_leaves_one_more_try),
		cmocka_unit_test(a_short_user_timeout_leaves_one_more_try_each_time),
		cmocka_unit_test(a_user_timeout_ends_a_handshake_in_time),
		cmocka_unit_test(a_user_timeout_ends_a_simultaneous_open_in_time),
		cmocka_unit_test(a_user_timeout_bounds_a_shut_window),
		cmocka_unit_test(a_user_timeout_bounds_a_window_shut_on_what_is_under_way),
		cmocka_unit_test(a_window_that_opens_begins_the_user_timeout_anew),
		cmocka_unit_test(a_soft_error_becomes_the_reason),
		cmocka_unit_test(a_lost_fin_is_sent_again),
		cmocka_unit_test(data_and_fin_are_sent_again_together),
		cmocka_unit_test(what_is_left_of_a_segment_is_sent_again),
		cmocka_unit_test(a_zero_window_is_probed_with_backoff),
		cmocka_unit_test(a_lost_window_update_is_found_by_the_probe),
		cmocka_unit_test(a_peer_that_answers_may_stay_shut),
		cmocka_unit_test(a_loss_after_a_long_shut_window_is_repaired),
		cmocka_unit_test(a_window_may_be_shut_on_what_is_under_way),
		cmocka_unit_test(a_peer_that_does_not_answer_probes_is_given_up),
		cmocka_unit_test(an_orphan_before_a_shut_window_ends),
		cmocka_unit_test(a_fin_before_a_shut_window_leaves_when_it_opens),
		cmocka_unit_test(a_fin_that_meets_an_opening_window_is_sent_once),
		cmocka_unit_test(crumbs_are_used_after_a_while),
		cmocka_unit_test(a_window_taken_back_is_respected),
		cmocka_unit_test(nothing_goes_behind_a_window_taken_back),
		cmocka_unit_test(keepalive_probes_and_gives_up),
		cmocka_unit_test(keepalive_finds_a_peer_that_died_half_closed),
		cmocka_unit_test(only_the_peer_keeps_a_connection_alive),
		cmocka_unit_test(keepalive_has_the_user_timeout_from_the_handshake_on),
		cmocka_unit_test(fin_wait_2_without_an_owner_ends),
		cmocka_unit_test(fin_wait_2_with_an_owner_waits),
		cmocka_unit_test(an_idle_connection_has_no_timer),
		cmocka_unit_test(a_tiny_round_trip_does_not_bring_the_timeout_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
