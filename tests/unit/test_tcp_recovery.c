// SPDX-License-Identifier: MIT
/*
 * Loss: the scoreboard's bookkeeping against a naive one, RACK, tail loss
 * probes, PRR, duplicates without SACK, needless retransmissions undone,
 * reneging, hostile SACK patterns.
 */
#include "helpers.h"
#include "tcp_expect.h"

#define M	1460u
#define SEQ(n)	(1 + (n) * M)	/* of segment n, from 0 */
#define BLOCK(a, b)	{ .start = SEQ(a), .end = SEQ(b) }

static void know_rtt(struct script *s)
{
	unet_tcp_rtt_init(&s->pcb->rtt, 0);
	for (int i = 0; i < 300; i++)
		unet_tcp_rtt_sample(&s->pcb->rtt, s->now, 100000);
}

/* Ten segments out, round trips of 100 ms known. */
static struct script *open_flight(bool sack, u32 flags)
{
	struct script *s = script_open(flags);

	if (sack)
		OPEN(s, SACKS);
	else
		OPEN(s, PLAIN);
	know_rtt(s);
	script_send(s, 10 * M);
	ignore_out(s);
	script_after(s, 100000);
	return s;
}

static void three_segments_of_sack_start_recovery(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(1, 2) });
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(1, 3) });
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(1, 4) });
	OUT(s, ACK, .seq = 1, .ack = 1, .len = M);
	NONE(s);
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_RECOVERY);
	assert_int_equal(s->pcb->cc.ssthresh, 10 * M * 7 / 10);
	script_close(s);
}

/* RFC 8985: what was sent a reordering window earlier than what arrived. */
static void rack_waits_a_quarter_of_a_round_trip(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(1, 2) });
	script_after(s, 24000);
	NONE(s);
	script_after(s, 2000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = M);
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_RECOVERY);
	script_close(s);
}

static void reordering_is_not_taken_for_loss(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(1, 2) });
	script_after(s, 10000);
	IN(s, ACK, .seq = 1, .ack = SEQ(2));
	assert_true(s->pcb->rec.reordering);
	/* from now on three do not suffice */
	IN(s, ACK, .seq = 1, .ack = SEQ(2), .sacks = 1, .sack = { BLOCK(3, 7) });
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_OPEN);
	assert_int_equal(stat(s, UNET_STAT_TCP_RETRANS), 0);
	script_close(s);
}

static void holes_are_repaired_in_one_round_trip(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 3,
	   .sack = { BLOCK(9, 10), BLOCK(5, 8), BLOCK(1, 4) });
	assert_int_equal(s->pcb->rec.sacked, 7 * M);
	OUT(s, ACK, .seq = SEQ(0), .ack = 1, .len = M);
	OUT(s, ACK, .seq = SEQ(4), .ack = 1, .len = M);
	OUT(s, ACK, .seq = SEQ(8), .ack = 1, .len = M);
	NONE(s);
	script_after(s, 100000);
	IN(s, ACK, .seq = 1, .ack = SEQ(4), .sacks = 2,
	   .sack = { BLOCK(5, 8), BLOCK(9, 10) });
	IN(s, ACK, .seq = 1, .ack = SEQ(8), .sacks = 1, .sack = { BLOCK(9, 10) });
	IN(s, ACK, .seq = 1, .ack = SEQ(10));
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_OPEN);
	assert_int_equal(s->pcb->cc.cwnd, 10 * M * 7 / 10);
	assert_int_equal(stat(s, UNET_STAT_TCP_RTO), 0);
	script_close(s);
}

/* However little was in flight at the end, recovery leaves the threshold. */
static void after_recovery_the_window_is_the_threshold(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(7, 10) });
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_RECOVERY);
	assert_int_equal(s->pcb->cc.cwnd, 3 * M);
	IN(s, ACK, .seq = 1, .ack = SEQ(10));
	assert_int_equal(s->pcb->cc.cwnd, 7 * M);
	script_close(s);
}

/* RFC 8985 section 7.2: writes put a probe off, but not beyond the timeout. */
static void writing_on_does_not_put_the_probe_off_for_ever(void **state)
{
	struct script *s = open_flight(true, 0);
	u32 i;

	unet_tcp_set(s->pcb, UNET_TCP_OPT_NODELAY, 1);
	s->pcb->cc.cwnd = 100 * M;
	for (i = 0; i < 40 && !stat(s, UNET_STAT_TCP_TLP); i++) {
		script_send(s, 10);
		script_after(s, 10000);
	}
	assert_in_range(i, 19, 21);	/* 300 ms after the first, not 500 */
	script_close(s);
}

static void new_data_keeps_the_clock_ticking_in_recovery(void **state)
{
	struct script *s = open_flight(true, 0);

	script_send(s, 100 * M);
	NONE(s);
	for (u32 i = 2; i <= 10; i++)
		IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1,
		   .sack = { BLOCK(1, i) });
	/* 9 delivered of 10; 0.7 of them may go out */
	assert_int_equal(s->n_out, 7);
	OUT(s, ACK, .seq = SEQ(10), .ack = 1, .len = M);	/* limited transmit */
	OUT(s, ACK, .seq = SEQ(11), .ack = 1, .len = M);
	OUT(s, ACK, .seq = SEQ(0), .ack = 1, .len = M);
	script_close(s);
}

static void a_lost_retransmission_is_found_by_time(void **state)
{
	struct script *s = open_flight(true, 0);

	script_send(s, 100 * M);
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(1, 10) });
	OUT(s, ACK, .seq = SEQ(0), .ack = 1, .len = M);
	OUT(s, ACK, .seq = SEQ(10), .ack = 1, .len = M);
	script_after(s, 101000);
	s->n_out = 0;
	/* what was sent after the retransmission arrived, it did not */
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(1, 11) });
	OUT(s, ACK, .seq = SEQ(0), .ack = 1, .len = M);
	assert_int_equal(stat(s, UNET_STAT_TCP_RTO), 0);
	script_close(s);
}

static void the_tail_is_probed_before_the_timeout(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = SEQ(8));
	script_after(s, 202500);
	OUT(s, ACK, .seq = SEQ(9), .ack = 1, .len = M);	/* the last one */
	NONE(s);
	assert_int_equal(stat(s, UNET_STAT_TCP_TLP), 1);
	script_after(s, 100000);
	IN(s, ACK, .seq = 1, .ack = SEQ(8), .sacks = 1,
	   .sack = { BLOCK(9, 10) });
	script_after(s, 30000);
	OUT(s, ACK, .seq = SEQ(8), .ack = 1, .len = M);
	assert_int_equal(stat(s, UNET_STAT_TCP_RTO), 0);
	script_close(s);
}

static void a_probe_that_repaired_a_loss_reduces_the_window(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = SEQ(9));
	script_after(s, 301000);
	OUT(s, ACK, .seq = SEQ(9), .ack = 1, .len = M);
	assert_int_equal(stat(s, UNET_STAT_TCP_TLP), 1);
	script_after(s, 100000);
	IN(s, ACK, .seq = 1, .ack = SEQ(10));
	assert_int_equal(s->pcb->cc.ssthresh, UNET_TCP_CC_CWND_MAX);
	script_send(s, M);
	IN(s, ACK, .seq = 1, .ack = SEQ(11));	/* no duplicate was reported */
	assert_true(s->pcb->cc.ssthresh < 20 * M);
	script_close(s);
}

static void a_probe_that_was_needless_does_not(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = SEQ(9));
	script_after(s, 301000);
	OUT(s, ACK, .seq = SEQ(9), .ack = 1, .len = M);
	IN(s, ACK, .seq = 1, .ack = SEQ(10));
	IN(s, ACK, .seq = 1, .ack = SEQ(10), .sacks = 1, .sack = { BLOCK(9, 10) });
	script_send(s, M);
	IN(s, ACK, .seq = 1, .ack = SEQ(11));
	assert_int_equal(s->pcb->cc.ssthresh, UNET_TCP_CC_CWND_MAX);
	script_close(s);
}

static void a_timeout_repairs_everything_in_slow_start(void **state)
{
	struct script *s = open_flight(false, 0);

	script_after(s, 201000);
	OUT(s, ACK, .seq = SEQ(0), .ack = 1, .len = M);
	NONE(s);
	assert_int_equal(s->pcb->cc.cwnd, M);
	IN(s, ACK, .seq = 1, .ack = SEQ(1));
	OUT(s, ACK, .seq = SEQ(1), .ack = 1, .len = M);
	OUT(s, ACK, .seq = SEQ(2), .ack = 1, .len = M);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = SEQ(10));
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_OPEN);
	assert_int_equal(s->pcb->cc.ssthresh, 10 * M * 7 / 10);
	script_close(s);
}

/* ---- without SACK: RFC 6582 ---- */

static void three_duplicates_start_recovery_without_sack(void **state)
{
	struct script *s = open_flight(false, 0);

	script_send(s, 100 * M);
	IN(s, ACK, .seq = 1, .ack = 1);
	OUT(s, ACK, .seq = SEQ(10), .ack = 1, .len = M);	/* RFC 3042 */
	IN(s, ACK, .seq = 1, .ack = 1);
	OUT(s, ACK, .seq = SEQ(11), .ack = 1, .len = M);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1);
	OUT(s, ACK, .seq = SEQ(0), .ack = 1, .len = M);
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_RECOVERY);
	script_close(s);
}

static void a_partial_acknowledgement_shows_the_next_hole(void **state)
{
	struct script *s = open_flight(false, 0);

	for (int i = 0; i < 3; i++)
		IN(s, ACK, .seq = 1, .ack = 1);
	OUT(s, ACK, .seq = SEQ(0), .ack = 1, .len = M);
	script_after(s, 100000);
	IN(s, ACK, .seq = 1, .ack = SEQ(4));
	OUT(s, ACK, .seq = SEQ(4), .ack = 1, .len = M);
	IN(s, ACK, .seq = 1, .ack = SEQ(10));
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_OPEN);
	script_close(s);
}

static void window_updates_are_no_duplicates(void **state)
{
	struct script *s = open_flight(false, 0);

	for (u32 i = 0; i < 10; i++)
		IN(s, ACK, .seq = 1, .ack = 1, .wnd = 40000 + i);
	for (u32 i = 0; i < 10; i++)
		IN(s, ACK, .seq = 1 + i * 10, .ack = 1, .len = 10, .wnd = 40009);
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_OPEN);
	assert_int_equal(stat(s, UNET_STAT_TCP_RETRANS), 0);
	script_close(s);
}

/* ---- round trips ---- */

/* A millisecond is the least that timestamps can tell, and twenty times too much. */
static void an_ack_within_a_super_packet_is_a_round_trip(void **state)
{
	struct script *s = script_open(SCRIPT_SUPER);

	script_listen(s, 1);
	IN(s, SYN, .seq = 0, FULL, .ts = 1);
	IN(s, ACK, .seq = 1, .ack = 1, .ts = 1, .tsecr = 0x10000);
	ignore_out(s);
	take_accepted(s);
	unet_tcp_rtt_init(&s->pcb->rtt, 0);
	script_send(s, 10 * 1448);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 10 * 1448, .seg_size = 1448);
	script_after(s, 50);
	for (u32 i = 1; i < 5; i++, script_after(s, 10))
		IN(s, ACK, .seq = 1, .ack = 1 + 2 * i * 1448, .ts = 2,
		   .tsecr = 0x10000);
	assert_int_equal(s->pcb->rtt.latest_us, 80);
	assert_in_range(tcp_rtt_smoothed(&s->pcb->rtt), 50, 80);
	script_close(s);
}

/* Karn, and what was delivered before: neither tells how long it took. */
static void an_ack_within_what_was_sent_again_is_none(void **state)
{
	struct script *s = open_flight(true, SCRIPT_SUPER);

	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(4, 10) });
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 4 * M);
	s->pcb->rtt.latest_us = 7;
	script_after(s, 1000);
	IN(s, ACK, .seq = 1, .ack = SEQ(2), .sacks = 1, .sack = { BLOCK(4, 10) });
	assert_int_equal(s->pcb->rtt.latest_us, 7);
	IN(s, ACK, .seq = 1, .ack = SEQ(7));
	assert_int_equal(s->pcb->rtt.latest_us, 7);
	script_close(s);
}

/* ---- for nothing ---- */

static struct script *open_ts_flight(void)
{
	struct script *s = script_open(0);

	script_listen(s, 1);
	IN(s, SYN, .seq = 0, FULL, .ts = 1);
	IN(s, ACK, .seq = 1, .ack = 1, .ts = 1, .tsecr = 0x10000);
	ignore_out(s);
	take_accepted(s);
	know_rtt(s);
	script_send(s, 10 * 1448);
	ignore_out(s);
	return s;
}

/* RFC 3522: the answer echoes a time before the retransmission. */
static void a_needless_timeout_is_undone(void **state)
{
	struct script *s = open_ts_flight();

	script_after(s, 1000000);
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_LOSS);
	s->n_out = 0;
	IN(s, ACK, .seq = 1, .ack = 1 + 1448, .ts = 2, .tsecr = 0x10000);
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_OPEN);
	assert_int_equal(s->pcb->rec.lost_bytes, 0);
	assert_true(s->pcb->cc.cwnd >= 10 * 1448);
	assert_int_equal(stat(s, UNET_STAT_TCP_SPURIOUS), 1);
	NONE(s);
	script_close(s);
}

static void a_needed_timeout_is_not_undone(void **state)
{
	struct script *s = open_ts_flight();

	script_after(s, 310000);	/* probe, then timeout */
	script_after(s, 300000);
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_LOSS);
	IN(s, ACK, .seq = 1, .ack = 1 + 1448, .ts = 2,
	   .tsecr = s->pcb->rec.retx_ts);
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_LOSS);
	script_close(s);
}

/* RFC 2883: everything sent again was there already. */
static void a_reported_duplicate_undoes_the_reduction(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(1, 5) });
	OUT(s, ACK, .seq = 1, .ack = 1, .len = M);
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_RECOVERY);
	IN(s, ACK, .seq = 1, .ack = SEQ(5));
	IN(s, ACK, .seq = 1, .ack = SEQ(5), .sacks = 1, .sack = { BLOCK(0, 1) });
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_OPEN);
	assert_int_equal(s->pcb->cc.cwnd, 10 * M);
	assert_int_equal(stat(s, UNET_STAT_TCP_SPURIOUS), 1);
	assert_int_equal(s->pcb->rec.reo_mult, 1);	/* and be more patient */
	script_close(s);
}

/* A probe was needless, then segment 0 turns out to be lost: @sacked ones are not. */
static void lose_behind_a_probe(u32 sacked)
{
	struct script *s = open_flight(true, 0);

	script_after(s, 103000);
	OUT(s, ACK, .seq = SEQ(9), .ack = 1, .len = M);
	assert_int_equal(stat(s, UNET_STAT_TCP_TLP), 1);
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1,
	   .sack = { BLOCK(1, sacked) });
	OUT(s, ACK, .seq = SEQ(0), .ack = 1, .len = M);
	NONE(s);
	/* the probe is a duplicate, what repairs the loss is none */
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 2,
	   .sack = { BLOCK(9, 10), BLOCK(1, 10) });
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_RECOVERY);
	assert_int_equal(stat(s, UNET_STAT_TCP_SPURIOUS), 0);
	IN(s, ACK, .seq = 1, .ack = SEQ(10));
	assert_int_equal(s->pcb->cc.cwnd, 10 * M * 7 / 10);
	/* had it been one, too, there was no loss */
	IN(s, ACK, .seq = 1, .ack = SEQ(10), .sacks = 1, .sack = { BLOCK(0, 1) });
	assert_int_equal(stat(s, UNET_STAT_TCP_SPURIOUS), 1);
	assert_int_equal(s->pcb->cc.cwnd, 10 * M);
	script_close(s);
}

static void a_duplicate_of_a_probe_undoes_no_reduction(void **state)
{
	lose_behind_a_probe(4);		/* the probe itself is in flight */
	lose_behind_a_probe(10);	/* its first sending has arrived */
}

/* Probe, timeout: the duplicate of the probe says nothing of what came after it. */
static void a_duplicate_of_a_probe_undoes_no_timeout(void **state)
{
	struct script *s = open_flight(true, 0);

	script_after(s, 103000);
	OUT(s, ACK, .seq = SEQ(9), .ack = 1, .len = M);
	script_after(s, 300000);
	OUT(s, ACK, .seq = SEQ(0), .ack = 1, .len = M);
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_LOSS);
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 2,
	   .sack = { BLOCK(9, 10), BLOCK(1, 10) });
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_LOSS);
	assert_int_equal(stat(s, UNET_STAT_TCP_SPURIOUS), 0);
	script_close(s);
}

/* ---- hostile receivers ---- */

static void a_reneging_receiver_gets_everything_again(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(1, 10) });
	ignore_out(s);
	IN(s, ACK, .seq = 1, .ack = SEQ(1));	/* and forgot the rest */
	assert_int_equal(s->pcb->rec.sacked, 9 * M);
	for (int i = 0; i < 30 && s->pcb->rec.sacked; i++)
		script_after(s, 100000);
	assert_int_equal(s->pcb->rec.sacked, 0);
	s->n_out = 0;
	for (u32 i = 2; i <= 10; i++)
		IN(s, ACK, .seq = 1, .ack = SEQ(i));
	assert_null(s->pcb->rec.first);
	script_close(s);
}

static void blocks_outside_what_is_in_flight_mean_nothing(void **state)
{
	struct script *s = open_flight(true, 0);

	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(5, 11) });
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(7, 5) });
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(5, 5) });
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(-9, -5) });
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 2,
	   .sack = { BLOCK(3, 4), BLOCK(0x40000, 4) });
	assert_int_equal(s->pcb->rec.sacked, M);
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 4,
	   .sack = { BLOCK(8, 9), BLOCK(8, 9), BLOCK(8, 9), BLOCK(8, 9) });
	expect_sound(s);
	script_close(s);
}

/* CVE-2019-11478: a byte here and a byte there must not grind records to dust. */
static void records_are_cut_on_segments_only(void **state)
{
	struct script *s = open_flight(true, SCRIPT_SUPER);
	u64 rng = 3;

	assert_int_equal(tcp_of(s->st)->n_xmit, 1);
	for (int i = 0; i < 2000; i++) {
		u32 a = 1 + unit_random(&rng) % (10 * M - 1);
		u32 n = 1 + unit_random(&rng) % 3000;

		IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1,
		   .sack = { { a, min(a + n, SEQ(10)) } });
		for (const struct unet_tcp_xmit *x = s->pcb->rec.first; x;
		     x = x->next)
			assert_int_equal((x->node.seq - SCRIPT_ISS - 1) % M, 0);
		s->n_out = 0;
	}
	script_close(s);
}

static void sacked_neighbours_become_one_record(void **state)
{
	struct script *s = open_flight(true, 0);

	for (u32 i = 9; i >= 1; i--)
		IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1,
		   .sack = { BLOCK(i, i + 1) });
	assert_int_equal(tcp_of(s->st)->n_xmit, 2);
	script_close(s);
}

/* Halves of a super packet keep their place by time; others come behind. */
static void a_cut_record_keeps_its_place(void **state)
{
	struct script *s = open_flight(true, SCRIPT_SUPER);

	s->pcb->cc.cwnd = 100 * M;
	script_send(s, M);
	IN(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(4, 5) });
	assert_int_equal(s->pcb->rec.sent.first->node.seq, SCRIPT_ISS + SEQ(0));
	assert_int_equal(s->pcb->rec.sent.first->t_next->node.seq,
			 SCRIPT_ISS + SEQ(5));
	assert_int_equal(s->pcb->rec.sent.last->node.seq, SCRIPT_ISS + SEQ(10));
	script_close(s);
}

/* RFC 6582: duplicates of what a timeout sent twice mean nothing. */
static void duplicates_after_a_timeout_start_nothing(void **state)
{
	struct script *s = open_flight(false, 0);
	u64 retrans;

	script_after(s, 201000);
	IN(s, ACK, .seq = 1, .ack = SEQ(10));
	script_send(s, 2 * M);
	retrans = stat(s, UNET_STAT_TCP_RETRANS);
	for (int i = 0; i < 5; i++)
		IN(s, ACK, .seq = 1, .ack = SEQ(10));
	assert_int_equal(s->pcb->rec.phase, UNET_TCP_OPEN);
	assert_int_equal(stat(s, UNET_STAT_TCP_RETRANS), retrans);
	script_close(s);
}

/* Thousands of segments, SACKs from the far end on. */
static void a_long_flight_sacked_backwards_is_cheap(void **state)
{
	struct script *s = script_open(SCRIPT_SUPER);
	u32 n = 5700, i;

	script_listen(s, 1);
	IN(s, SYN, .seq = 0, .mss = 88, .sack_ok = true, .wscale = 8);
	IN(s, ACK, .seq = 1, .ack = 1);
	take_accepted(s);
	s->pcb->cc.cwnd = 10000000;
	script_send(s, n * 88);
	ignore_out(s);
	s->pcb->cc.cwnd = 88;
	for (i = n - 1; i > 0; i -= 2) {
		script_put(s, &(struct script_seg){ .flags = ACK, .seq = 1,
			   .ack = 1, .sacks = 1,
			   .sack = { { 1 + i * 88, 89 + i * 88 } } });
		script_turn(s);
		s->n_out = 0;
		if (i <= 2)
			break;
	}
	expect_sound(s);
	assert_true(tcp_of(s->st)->n_xmit <= n);
	IN(s, ACK, .seq = 1, .ack = 1 + n * 88);
	assert_int_equal(tcp_of(s->st)->n_xmit, 0);
	script_close(s);
}

/* Random ACKs and SACKs: sums, lists and order hold (script_check()). */
static void the_scoreboard_stays_sound(void **state)
{
	for (u64 seed = 1; seed <= 200; seed++) {
		struct script *s = open_flight(true, seed & 1 ? SCRIPT_SUPER : 0);
		u64 rng = seed;

		script_send(s, 60 * M);
		for (int i = 0; i < 60; i++) {
			u32 una = s->pcb->snd_una - SCRIPT_ISS;
			u32 span = s->pcb->snd_nxt - s->pcb->snd_una + 1;
			struct script_seg seg = { .flags = ACK, .seq = 1 };

			seg.ack = una;
			if (!(unit_random(&rng) % 4))
				seg.ack += unit_random(&rng) % span;
			seg.sacks = unit_random(&rng) % 5;
			for (int k = 0; k < seg.sacks; k++) {
				seg.sack[k].start = una + unit_random(&rng) % span;
				seg.sack[k].end = seg.sack[k].start +
						  unit_random(&rng) % (5 * M);
			}
			script_put(s, &seg);
			script_turn(s);
			expect_sound(s);
			if (!(unit_random(&rng) % 3))
				script_after(s, unit_random(&rng) % 400000);
			expect_sound(s);
			s->n_out = 0;
			if (s->pcb->state == UNET_TCP_CLOSED)
				break;
		}
		script_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_segments_of_sack_start_recovery),
		cmocka_unit_test(rack_waits_a_quarter_of_a_round_trip),
		cmocka_unit_test(reordering_is_not_taken_for_loss),
		cmocka_unit_test(holes_are_repaired_in_one_round_trip),
		cmocka_unit_test(after_recovery_the_window_is_the_threshold),
		cmocka_unit_test(writing_on_does_not_put_the_probe_off_for_ever),
		cmocka_unit_test(new_data_keeps_the_clock_ticking_in_recovery),
		cmocka_unit_test(a_lost_retransmission_is_found_by_time),
		cmocka_unit_test(the_tail_is_probed_before_the_timeout),
		cmocka_unit_test(a_probe_that_repaired_a_loss_reduces_the_window),
		cmocka_unit_test(a_probe_that_was_needless_does_not),
		cmocka_unit_test(a_timeout_repairs_everything_in_slow_start),
		cmocka_unit_test(three_duplicates_start_recovery_without_sack),
		cmocka_unit_test(a_partial_acknowledgement_shows_the_next_hole),
		cmocka_unit_test(window_updates_are_no_duplicates),
		cmocka_unit_test(an_ack_within_a_super_packet_is_a_round_trip),
		cmocka_unit_test(an_ack_within_what_was_sent_again_is_none),
		cmocka_unit_test(a_needless_timeout_is_undone),
		cmocka_unit_test(a_needed_timeout_is_not_undone),
		cmocka_unit_test(a_reported_duplicate_undoes_the_reduction),
		cmocka_unit_test(a_duplicate_of_a_probe_undoes_no_reduction),
		cmocka_unit_test(a_duplicate_of_a_probe_undoes_no_timeout),
		cmocka_unit_test(a_reneging_receiver_gets_everything_again),
		cmocka_unit_test(blocks_outside_what_is_in_flight_mean_nothing),
		cmocka_unit_test(records_are_cut_on_segments_only),
		cmocka_unit_test(sacked_neighbours_become_one_record),
		cmocka_unit_test(a_cut_record_keeps_its_place),
		cmocka_unit_test(duplicates_after_a_timeout_start_nothing),
		cmocka_unit_test(a_long_flight_sacked_backwards_is_cheap),
		cmocka_unit_test(the_scoreboard_stays_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
