// SPDX-License-Identifier: MIT
/*
 * Segments in: acceptability, RST and SYN inside and outside the window (RFC
 * 5961), ACK ranges, PAWS, text that overlaps edges, FINs in every state, URG.
 */
#include "tcp_expect.h"
#include "udp.h"

static struct script *open_plain(void)
{
	struct script *s = script_open(0);

	OPEN(s, PLAIN);
	return s;
}

/* ---- text ---- */

static void text_in_order_is_read_as_sent(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	assert_int_equal(script_events_take(s), SCRIPT_EV_READABLE);
	NONE(s);
	IN(s, ACK, .seq = 1461, .ack = 1, .len = 1460);
	OUT(s, ACK, .seq = 1, .ack = 2921);	/* every second full one */
	expect_read(s, 1, 2920);
	NONE(s);
	script_close(s);
}

static void old_text_is_acknowledged_and_dropped(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 1, .ack = 1, .len = 100);
	script_after(s, 40000);
	OUT(s, ACK, .seq = 1, .ack = 101);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 100);
	OUT(s, ACK, .seq = 1, .ack = 101);
	IN(s, ACK, .seq = 51, .ack = 1, .len = 100);	/* half of it is new */
	script_after(s, 40000);
	OUT(s, ACK, .seq = 1, .ack = 151);
	expect_read(s, 1, 150);
	script_close(s);
}

static void text_beyond_the_window_is_cut(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_RCVBUF, 4096);
	IN(s, SYN, .seq = 0, PLAIN);
	OUT(s, SYN | ACK, .seq = 0, .ack = 1, .wnd = 4096);
	IN(s, ACK, .seq = 1, .ack = 1);
	take_accepted(s);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	IN(s, ACK, .seq = 1461, .ack = 1, .len = 1460);
	ignore_out(s);
	IN(s, ACK | FIN, .seq = 2921, .ack = 1, .len = 1460);
	OUT(s, ACK, .seq = 1, .ack = 4097, .wnd = SCRIPT_ZERO);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	IN(s, ACK, .seq = 4097, .ack = 1, .len = 100);
	OUT(s, ACK, .seq = 1, .ack = 4097, .wnd = SCRIPT_ZERO);
	expect_read(s, 1, 4096);
	OUT(s, ACK, .seq = 1, .ack = 4097, .wnd = 4096);	/* smoltcp#199 */
	script_close(s);
}

/* With a scaled window less than a unit is nothing, and must not be earned again. */
static void small_segments_fill_the_buffer_and_no_more(void **state)
{
	struct script *s = script_open(0);
	u32 seq = 1, wnd = 1, i;

	script_listen(s, 10);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_RCVBUF, 1 << 20);
	IN(s, SYN, .seq = 0, FULL);
	IN(s, ACK, .seq = 1, .ack = 1);
	ignore_out(s);
	take_accepted(s);
	s->pcb->quick = 255;
	for (i = 0; i < 20000 && wnd; i++) {
		IN(s, ACK, .seq = seq, .ack = 1, .len = 127);
		seq = s->pcb->rcv_nxt - SCRIPT_IRS;
		if (s->n_out)
			wnd = s->out[s->n_out - 1].wnd;
		ignore_out(s);
		assert_in_range(s->pcb->rcvq.bytes, 0, 1 << 20);
	}
	assert_int_equal(wnd, 0);
	IN(s, ACK, .seq = seq, .ack = 1, .len = 127);
	assert_in_range(s->pcb->rcvq.bytes, (1 << 20) - 1460, 1 << 20);
	script_close(s);
}

static void a_super_packet_is_acknowledged_at_once(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 1, .ack = 1, .len = 14600, .segs = 10,
	   .seg_size = 1460);
	OUT(s, ACK, .seq = 1, .ack = 14601);
	NONE(s);
	expect_read(s, 1, 14600);
	script_close(s);
}

static void a_small_segment_is_acknowledged_within_40_ms(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK | PSH, .seq = 1, .ack = 1, .len = 10);
	script_after(s, 39999);
	NONE(s);
	script_after(s, 1);
	OUT(s, ACK, .seq = 1, .ack = 11);
	script_close(s);
}

static u32 unread_truesize(const struct script *s)
{
	const struct unet_pkt *p;
	u32 busy = 0;

	for (p = s->pcb->rcvq.head; p; p = p->next)
		busy += unet_pkt_truesize(p);
	return busy;
}

/* @flags and @len, two of them: are they acknowledged at once? */
static bool pair_is_answered(struct script *s, u8 flags, u32 len)
{
	bool answered;
	u32 i;

	for (i = 0; i < 2; i++)
		IN(s, flags, .seq = s->pcb->rcv_nxt - SCRIPT_IRS, .ack = 1,
		   .len = len);
	answered = s->n_out;
	script_after(s, 40000);
	assert_int_equal(s->n_out, 1);
	ignore_out(s);
	return answered;
}

/* The path became narrower, or the peer sends less: what is full-size is smaller. */
static void full_size_is_what_the_peer_sends_now(void **state)
{
	struct script *s = open_plain();

	assert_true(pair_is_answered(s, ACK, 1460));
	assert_true(pair_is_answered(s, ACK, 1400));
	assert_int_equal(s->pcb->rcv_mss, 1400);
	assert_true(pair_is_answered(s, ACK | PSH, 536));
	assert_true(pair_is_answered(s, ACK, 1460));
	assert_int_equal(s->pcb->rcv_mss, 1460);
	assert_true(pair_is_answered(s, ACK, 88));
	script_close(s);
}

static void small_writes_are_not_full_size(void **state)
{
	struct script *s = open_plain();

	assert_true(pair_is_answered(s, ACK, 1460));
	assert_false(pair_is_answered(s, ACK | PSH, 535));
	assert_false(pair_is_answered(s, ACK, 87));
	assert_false(pair_is_answered(s, ACK | PSH, 1));
	/* nor is the rest of a larger one, time and again */
	for (u32 i = 0; i < 4; i++) {
		IN(s, ACK, .seq = s->pcb->rcv_nxt - SCRIPT_IRS, .ack = 1,
		   .len = 1460);
		IN(s, ACK, .seq = s->pcb->rcv_nxt - SCRIPT_IRS, .ack = 1,
		   .len = 1000);
	}
	assert_int_equal(s->pcb->rcv_mss, 1460);
	script_close(s);
}

/* CVE-2018-5390's kin: the window counts bytes, memory is what they lie in. */
static void single_bytes_cost_a_sleeping_reader_little(void **state)
{
	struct script *s = open_plain();

	for (u32 i = 0; i < 4000; i++)
		IN(s, ACK, .seq = 1 + i, .ack = 1, .len = 1);
	assert_true(unread_truesize(s) < 8000);
	expect_read(s, 1, 4000);
	script_close(s);
}

static void single_bytes_out_of_order_cost_no_more(void **state)
{
	struct script *s = open_plain();

	for (u32 i = 1; i < 4000; i++)
		IN(s, ACK, .seq = 1 + i, .ack = 1, .len = 1);
	assert_int_equal(s->pcb->rcvq.bytes, 0);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 1);
	assert_int_equal(s->pcb->rcvq.bytes, 4000);
	assert_true(unread_truesize(s) < 8000);
	expect_read(s, 1, 4000);
	script_close(s);
}

/* The application may take its time to close: buffers of the ring are not held. */
static void what_came_with_the_end_does_not_stay_in_ring_memory(void **state)
{
	struct script *s = open_plain();

	PUT(s, ACK, .seq = 1, .ack = 1, .len = 10);
	IN(s, RST, .seq = 11);
	assert_int_equal(s->closed_err, ECONNRESET);
	assert_null(s->pcb->rcv_fresh);
	assert_int_equal(s->pcb->rcvq.packets, 1);
	assert_int_equal(s->pcb->rcvq.head->block->size, UNET_TCP_UNREAD_BLOCK);
	NONE(s);
	expect_read(s, 1, 10);
	script_close(s);
}

static void urgent_bytes_stay_in_line(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK | URG, .seq = 1, .ack = 1, .len = 10);
	expect_read(s, 1, 10);
	script_close(s);
}

/* ---- sequence ---- */

static void unacceptable_segments_are_answered_but_not_at_line_rate(void **state)
{
	struct script *s = open_plain();

	for (int i = 0; i < 10; i++)
		IN(s, ACK, .seq = 70000, .ack = 1);
	OUT(s, ACK, .seq = 1, .ack = 1);
	NONE(s);
	script_after(s, 500000);
	IN(s, ACK, .seq = 0, .ack = 1);
	OUT(s, ACK, .seq = 1, .ack = 1);
	IN(s, ACK, .seq = 70000, .ack = 1, .len = 1);
	OUT(s, ACK, .seq = 1, .ack = 1);	/* text is always answered */
	script_close(s);
}

static void a_keepalive_is_answered(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 0, .ack = 1);
	OUT(s, ACK, .seq = 1, .ack = 1);
	NONE(s);
	script_close(s);
}

/* ---- RST and SYN, RFC 5961 ---- */

static void an_exact_reset_ends_the_connection(void **state)
{
	struct script *s = open_plain();

	IN(s, RST, .seq = 1);
	NONE(s);
	assert_int_equal(script_events_take(s), SCRIPT_EV_CLOSED);
	assert_int_equal(s->closed_err, ECONNRESET);
	assert_int_equal(s->flows, 0);
	script_close(s);
}

/* The peer's FIN came, ours is queued or out; up to @ack is acknowledged, then a reset. */
static int reset_at_last(u32 ack)
{
	struct script *s = open_plain();
	int err;

	IN(s, FIN | ACK, .seq = 1, .ack = 1);
	script_send(s, 10000);
	unet_tcp_shutdown(s->pcb, SHUT_WR);
	script_turn(s);
	assert_int_equal(s->pcb->state, UNET_TCP_LAST_ACK);
	IN(s, ACK, .seq = 2, .ack = ack);
	IN(s, RST, .seq = 2);
	assert_true(script_events_take(s) & SCRIPT_EV_CLOSED);
	assert_int_equal(s->pcb->err, s->closed_err);
	err = s->closed_err;
	script_close(s);
	return err;
}

static void a_reset_before_the_last_byte_arrived_is_an_error(void **state)
{
	assert_int_equal(reset_at_last(1001), ECONNRESET);
	assert_int_equal(reset_at_last(10000), ECONNRESET);
	/* the peer has it all, though it did not say so of our FIN */
	assert_int_equal(reset_at_last(10001), 0);
}

static void a_reset_after_the_end_of_the_stream_leaves_it_an_end(void **state)
{
	struct script *s = open_plain();

	IN(s, FIN | ACK, .seq = 1, .ack = 1, .len = 10);
	IN(s, RST, .seq = 12);
	assert_int_equal(s->closed_err, EPIPE);
	expect_read(s, 1, 10);
	assert_int_equal(unet_tcp_recv(s->pcb, NULL, 0, false), 0);
	assert_int_equal(unet_tcp_recv(s->pcb, NULL, 0, false), 0);
	assert_true(unet_tcp_poll(s->pcb) & UNET_READABLE);
	assert_int_equal(unet_tcp_send(s->pcb, NULL, 0, false), -EPIPE);
	script_close(s);
}

static void a_reset_in_the_window_is_challenged(void **state)
{
	struct script *s = open_plain();

	IN(s, RST, .seq = 2);
	OUT(s, ACK, .seq = 1, .ack = 1);
	IN(s, RST, .seq = 0);
	IN(s, RST, .seq = 70000);
	NONE(s);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	script_close(s);
}

static void a_syn_on_an_open_connection_is_challenged(void **state)
{
	struct script *s = open_plain();

	IN(s, SYN, .seq = 100, PLAIN);
	OUT(s, ACK, .seq = 1, .ack = 1);
	IN(s, SYN, .seq = 99999, PLAIN);	/* the peer rebooted */
	OUT(s, ACK, .seq = 1, .ack = 1);
	IN(s, SYN | ACK, .seq = 1, .ack = 1);
	OUT(s, ACK, .seq = 1, .ack = 1);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	script_close(s);
}

static void challenges_are_few_and_per_connection(void **state)
{
	struct script *s = open_plain();
	u64 first;

	for (int i = 0; i < 100; i++)
		IN(s, RST, .seq = 2);
	first = stat(s, UNET_STAT_TCP_CHALLENGE);
	assert_in_range(first, 5, 12);
	script_after(s, 1000000);
	IN(s, RST, .seq = 2);
	assert_int_equal(stat(s, UNET_STAT_TCP_CHALLENGE), first + 1);
	script_close(s);
}

static void a_syn_outside_the_window_is_a_challenge_too(void **state)
{
	struct script *s = open_plain();
	u32 sent;

	for (int i = 0; i < 100; i++)
		IN(s, SYN, .seq = 99999, PLAIN);
	sent = s->n_out;
	assert_in_range(sent, 5, 12);
	assert_int_equal(stat(s, UNET_STAT_TCP_CHALLENGE), sent);
	script_close(s);
}

/* ---- ACK ---- */

static void an_ack_of_what_was_not_sent_is_challenged(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 1, .ack = 2, .len = 10);
	OUT(s, ACK, .seq = 1, .ack = 1);
	assert_int_equal(s->pcb->rcvq.bytes, 0);
	script_close(s);
}

static void an_ack_from_long_ago_is_challenged(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 1, .ack = 1 - 65536, .len = 10);
	OUT(s, ACK, .seq = 1, .ack = 1);
	assert_int_equal(s->pcb->rcvq.bytes, 0);
	IN(s, ACK, .seq = 1, .ack = 1 - 65535, .len = 10);
	assert_int_equal(s->pcb->rcvq.bytes, 10);
	script_close(s);
}

static void a_segment_without_ack_is_dropped(void **state)
{
	struct script *s = open_plain();

	IN(s, 0, .seq = 1, .len = 10);
	IN(s, FIN, .seq = 1);
	IN(s, URG | PSH | FIN, .seq = 1);
	NONE(s);
	assert_int_equal(s->pcb->rcvq.bytes, 0);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	script_close(s);
}

static void an_older_segment_does_not_change_the_window(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 1, .ack = 1, .len = 100, .wnd = 5000);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 100);
	assert_int_equal(s->pcb->snd_wnd, 5000);
	IN(s, ACK, .seq = 101, .ack = 1, .wnd = 200);
	assert_int_equal(s->pcb->snd_wnd, 200);
	IN(s, ACK, .seq = 301, .ack = 1, .len = 10, .wnd = 9000);
	IN(s, ACK, .seq = 201, .ack = 1, .len = 10, .wnd = 300);
	assert_int_equal(s->pcb->snd_wnd, 9000);
	script_close(s);
}

/* ---- timestamps ---- */

static struct script *open_ts(void)
{
	return enter(&(struct start){ .state = EST, .ts = true });
}

static void an_old_timestamp_is_refused(void **state)
{
	struct script *s = open_ts();

	IN(s, ACK, .seq = 1, .ack = 1, .len = 10, .ts = 999);
	OUT(s, ACK, .seq = 1, .ack = 1, .tsecr = 1000);
	assert_int_equal(s->pcb->rcvq.bytes, 0);
	assert_int_equal(stat(s, UNET_STAT_TCP_PAWS), 1);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 10, .ts = 1001);
	assert_int_equal(s->pcb->rcvq.bytes, 10);
	script_close(s);
}

static void a_missing_timestamp_is_refused(void **state)
{
	struct script *s = open_ts();

	IN(s, ACK, .seq = 1, .ack = 1, .len = 10);
	NONE(s);
	assert_int_equal(s->pcb->rcvq.bytes, 0);
	IN(s, RST, .seq = 1);		/* resets need none */
	assert_int_equal(s->pcb->state, UNET_TCP_CLOSED);
	script_close(s);
}

/* RFC 5961 section 4: a peer that has restarted is told, whatever its SYN lacks. */
static void a_syn_without_a_timestamp_is_a_challenge(void **state)
{
	struct script *s = open_ts();

	IN(s, SYN, .seq = 50, PLAIN);
	OUT(s, ACK, .seq = 1, .ack = 1);
	IN(s, SYN, .seq = 100000000, PLAIN);
	OUT(s, ACK, .seq = 1, .ack = 1);
	assert_int_equal(stat(s, UNET_STAT_TCP_CHALLENGE), 2);
	IN(s, RST, .seq = 1);
	assert_int_equal(s->pcb->state, UNET_TCP_CLOSED);
	script_close(s);
}

/* CVE-2005-0356: a forged timestamp must not poison TS.Recent. */
static void only_acceptable_segments_move_the_timestamp(void **state)
{
	struct script *s = open_ts();

	IN(s, ACK, .seq = 100000000, .ack = 1, .ts = 0x7fff0000);
	assert_int_equal(s->pcb->ts_recent, 1000);
	IN(s, ACK, .seq = 101, .ack = 1, .len = 10, .ts = 2000);
	assert_int_equal(s->pcb->ts_recent, 1000);	/* not at the left edge */
	IN(s, ACK, .seq = 1, .ack = 1, .len = 10, .ts = 2001);
	assert_int_equal(s->pcb->ts_recent, 2001);
	script_close(s);
}

/* RFC 5961 section 5: nor may one that only guessed the sequence number. */
static void a_bad_acknowledgement_does_not_move_the_timestamp(void **state)
{
	struct script *s = open_ts();

	IN(s, ACK, .seq = 1, .ack = 1, .len = 100, .ts = 1001);
	script_after(s, 40000);
	ignore_out(s);
	IN(s, ACK, .seq = 91, .ack = 0x40000000, .len = 20, .ts = 0x40000000);
	assert_int_equal(s->pcb->ts_recent, 1001);
	IN(s, ACK, .seq = 101, .ack = 1, .len = 10, .ts = 1002);
	assert_int_equal(s->pcb->rcvq.bytes, 110);
	assert_int_equal(s->pcb->ts_recent, 1002);
	script_close(s);
}

static void timestamps_wrap(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	IN(s, SYN, .seq = 0, FULL, .ts = 0xffffffff);
	IN(s, ACK, .seq = 1, .ack = 1, .ts = 0xffffffff, .tsecr = 1);
	take_accepted(s);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 10, .ts = 3, .tsecr = 1);
	assert_int_equal(s->pcb->rcvq.bytes, 10);
	assert_int_equal(s->pcb->ts_recent, 3);
	script_close(s);
}

/* RFC 7323 section 5.5 */
static void after_24_days_any_timestamp_is_good(void **state)
{
	struct script *s = open_ts();

	s->now += 25ull * 24 * 3600 * 1000000;
	IN(s, ACK, .seq = 1, .ack = 1, .len = 10, .ts = 5);
	assert_int_equal(s->pcb->rcvq.bytes, 10);
	assert_int_equal(s->pcb->ts_recent, 5);
	IN(s, ACK, .seq = 11, .ack = 1, .len = 10, .ts = 4);
	assert_int_equal(s->pcb->rcvq.bytes, 10);
	IN(s, RST, .seq = 15, .ts = 1);	/* resets say nothing of time */
	assert_int_equal(s->pcb->ts_recent, 5);
	script_close(s);
}

/* ---- closing ---- */

static void text_behind_a_fin_is_forgotten(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 101, .ack = 1, .len = 100);
	ignore_out(s);
	IN(s, FIN | ACK, .seq = 1, .ack = 1, .len = 10);
	OUT(s, ACK, .seq = 1, .ack = 12);
	assert_null(s->pcb->ooo);
	script_close(s);
}

static void the_peer_may_close_first(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK | FIN, .seq = 1, .ack = 1, .len = 10);
	OUT(s, ACK, .seq = 1, .ack = 12);
	assert_int_equal(s->pcb->state, UNET_TCP_CLOSE_WAIT);
	expect_read(s, 1, 10);
	assert_int_equal(unet_tcp_recv(s->pcb, NULL, 0, false), 0);
	script_send(s, 5);		/* half-closed: we may go on */
	OUT(s, ACK, .seq = 1, .ack = 12, .len = 5);
	IN(s, ACK, .seq = 12, .ack = 6);
	unet_tcp_close(s->pcb);
	script_turn(s);
	OUT(s, FIN | ACK, .seq = 6, .ack = 12);
	assert_int_equal(s->pcb->state, UNET_TCP_LAST_ACK);
	s->pcb = NULL;
	IN(s, ACK, .seq = 12, .ack = 7);
	NONE(s);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 0);
	assert_int_equal(s->flows, 0);
	script_close(s);
}

static void we_may_close_first(void **state)
{
	struct script *s = open_plain();

	assert_int_equal(unet_tcp_shutdown(s->pcb, SHUT_WR), 0);
	script_turn(s);
	OUT(s, FIN | ACK, .seq = 1, .ack = 1);
	assert_int_equal(s->pcb->state, UNET_TCP_FIN_WAIT_1);
	IN(s, ACK, .seq = 1, .ack = 2);
	assert_int_equal(s->pcb->state, UNET_TCP_FIN_WAIT_2);
	IN(s, ACK, .seq = 1, .ack = 2, .len = 10);
	expect_read(s, 1, 10);
	ignore_out(s);
	IN(s, ACK | FIN, .seq = 11, .ack = 2);
	OUT(s, ACK, .seq = 2, .ack = 12);
	assert_int_equal(s->pcb->state, UNET_TCP_CLOSED);
	assert_int_equal(tcp_of(s->st)->n_tw, 1);
	assert_true(script_events_take(s) & SCRIPT_EV_CLOSED);
	assert_int_equal(s->closed_err, 0);
	assert_int_equal(unet_tcp_recv(s->pcb, NULL, 0, false), 0);
	script_close(s);
}

static void both_may_close_at_once(void **state)
{
	struct script *s = open_plain();

	unet_tcp_close(s->pcb);
	script_turn(s);
	OUT(s, FIN | ACK, .seq = 1, .ack = 1);
	IN(s, FIN | ACK, .seq = 1, .ack = 1);
	OUT(s, ACK, .seq = 2, .ack = 2);
	assert_int_equal(s->pcb->state, UNET_TCP_CLOSING);
	s->pcb = NULL;
	IN(s, ACK, .seq = 2, .ack = 2);
	NONE(s);
	assert_int_equal(tcp_of(s->st)->n_tw, 1);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 0);
	script_close(s);
}

static void both_may_close_within_one_turn(void **state)
{
	struct script *s = open_plain();

	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	script_turn(s);
	OUT(s, FIN | ACK, .seq = 1, .ack = 1);
	PUT(s, FIN | ACK, .seq = 1, .ack = 1);
	IN(s, ACK, .seq = 2, .ack = 2);
	OUT(s, ACK, .seq = 2, .ack = 2);
	NONE(s);
	assert_int_equal(tcp_of(s->st)->n_tw, 1);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 0);
	script_close(s);
}

static void fin_and_ack_of_ours_in_one_go_to_time_wait(void **state)
{
	struct script *s = open_plain();

	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	script_turn(s);
	ignore_out(s);
	IN(s, FIN | ACK, .seq = 1, .ack = 2);
	OUT(s, ACK, .seq = 2, .ack = 2);
	assert_int_equal(tcp_of(s->st)->n_tw, 1);
	script_close(s);
}

static void a_fin_out_of_order_waits_for_the_text(void **state)
{
	struct script *s = open_plain();

	IN(s, FIN | ACK, .seq = 101, .ack = 1, .len = 100);
	OUT(s, ACK, .seq = 1, .ack = 1);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 100);
	OUT(s, ACK, .seq = 1, .ack = 202);
	assert_int_equal(s->pcb->state, UNET_TCP_CLOSE_WAIT);
	expect_read(s, 1, 200);
	script_close(s);
}

static void text_after_a_fin_does_not_exist(void **state)
{
	struct script *s = open_plain();

	IN(s, FIN | ACK, .seq = 11, .ack = 1);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 100);
	ignore_out(s);
	assert_int_equal(s->pcb->state, UNET_TCP_CLOSE_WAIT);
	IN(s, ACK, .seq = 12, .ack = 1, .len = 100);
	expect_read(s, 1, 10);
	script_close(s);
}

static void a_repeated_fin_is_acknowledged_again(void **state)
{
	struct script *s = open_plain();

	IN(s, FIN | ACK, .seq = 1, .ack = 1);
	OUT(s, ACK, .seq = 1, .ack = 2);
	IN(s, FIN | ACK, .seq = 1, .ack = 1);
	OUT(s, ACK, .seq = 1, .ack = 2);
	script_close(s);
}

static void closing_with_unread_bytes_resets(void **state)
{
	struct script *s = open_plain();

	IN(s, ACK, .seq = 1, .ack = 1, .len = 10);
	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	OUT(s, RST | ACK, .seq = 1, .ack = 11);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 0);
	script_close(s);
}

static void lingering_for_no_time_resets(void **state)
{
	struct script *s = open_plain();

	unet_tcp_set(s->pcb, UNET_TCP_OPT_LINGER0, 1);
	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	OUT(s, RST | ACK, .seq = 1, .ack = 1);
	script_close(s);
}

static void text_for_a_closed_socket_resets(void **state)
{
	struct script *s = open_plain();

	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	script_turn(s);
	ignore_out(s);
	IN(s, ACK, .seq = 1, .ack = 2, .len = 10);
	OUT(s, RST | ACK, .seq = 2, .ack = 1);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 0);
	script_close(s);
}

static void a_reader_that_stopped_does_not_stop_the_peer(void **state)
{
	struct script *s = open_plain();

	unet_tcp_shutdown(s->pcb, SHUT_RD);
	for (u32 i = 0; i < 2000; i++) {
		IN(s, ACK, .seq = 1 + i * 1460, .ack = 1, .len = 1460);
		ignore_out(s);
	}
	assert_int_equal(s->pcb->rcv_nxt, SCRIPT_IRS + 1 + 2000 * 1460);
	assert_int_equal(unet_tcp_recv(s->pcb, NULL, 0, false), 0);
	script_close(s);
}

/* ---- TIME-WAIT ---- */

static struct script *open_time_wait(bool ts)
{
	struct script *s = enter(&(struct start){
		.state = TW, .ts = ts, .orphan = true,
	});

	assert_int_equal(tcp_of(s->st)->n_tw, 1);
	return s;
}

static void time_wait_answers_a_repeated_fin_and_starts_over(void **state)
{
	struct script *s = open_time_wait(false);

	script_after(s, 30000000);
	IN(s, FIN | ACK, .seq = 1, .ack = 2);
	OUT(s, ACK, .seq = 2, .ack = 2);
	script_after(s, 59999999);
	assert_int_equal(tcp_of(s->st)->n_tw, 1);
	script_after(s, 1);
	assert_int_equal(tcp_of(s->st)->n_tw, 0);
	assert_int_equal(s->flows, 0);
	script_close(s);
}

/* RFC 1337 */
static void time_wait_is_not_assassinated(void **state)
{
	struct script *s = open_time_wait(false);

	IN(s, RST, .seq = 2);
	IN(s, RST, .seq = 9);
	IN(s, RST | SYN, .seq = 9);
	NONE(s);
	assert_int_equal(tcp_of(s->st)->n_tw, 1);
	script_close(s);
}

static void two_time_waits_do_not_talk_for_ever(void **state)
{
	struct script *s = open_time_wait(false);

	IN(s, ACK, .seq = 2, .ack = 2);
	NONE(s);
	for (int i = 0; i < 100; i++)
		IN(s, ACK, .seq = 1, .ack = 2);
	OUT(s, ACK, .seq = 2, .ack = 2);
	NONE(s);
	script_close(s);
}

static void a_new_syn_reopens_a_time_wait(void **state)
{
	struct script *s = open_time_wait(false);
	struct script_seg seg;

	script_listen(s, 10);
	IN(s, SYN, .seq = 1, PLAIN);		/* old */
	OUT(s, ACK, .seq = 2, .ack = 2);
	IN(s, SYN, .seq = 3, PLAIN);
	seg = script_take(s);
	assert_int_equal(seg.flags, SYN | ACK);
	assert_int_equal(seg.ack, 4);
	assert_true(seq_gt(seg.seq, 2));	/* above what was used */
	assert_int_equal(tcp_of(s->st)->n_tw, 0);
	script_close(s);
}

/* RFC 6191 */
static void a_newer_timestamp_reopens_a_time_wait(void **state)
{
	struct script *s = open_time_wait(true);

	script_listen(s, 10);
	IN(s, SYN, .seq = -500000u, FULL, .ts = 1000);
	assert_int_equal(script_take(s).flags, ACK);
	IN(s, SYN, .seq = -500000u, FULL, .ts = 1002);
	assert_int_equal(script_take(s).flags, SYN | ACK);
	script_close(s);
}

static void a_full_listener_leaves_the_time_wait(void **state)
{
	struct script *s = open_time_wait(false);

	script_listen(s, 1);
	IN(s, SYN, .port = 9, .seq = 0, PLAIN);
	IN(s, ACK, .port = 9, .seq = 1, .ack = 1);
	ignore_out(s);
	IN(s, SYN, .seq = 3, PLAIN);
	NONE(s);
	assert_int_equal(tcp_of(s->st)->n_tw, 1);
	assert_int_equal(stat(s, UNET_STAT_TCP_LISTEN_FULL), 1);
	script_close(s);
}

static void a_time_wait_makes_room_when_flows_run_short(void **state)
{
	struct script *s = open_time_wait(false);

	s->flow_max = 2;
	script_listen(s, 10);
	IN(s, SYN, .port = 9, .seq = 0, PLAIN);
	IN(s, ACK, .port = 9, .seq = 1, .ack = 1);
	assert_int_equal(tcp_of(s->st)->n_tw, 0);
	assert_int_equal(s->del_flags, UNET_DEL_LINGER);
	assert_int_equal(stat(s, UNET_STAT_TCP_PASSIVE), 2);
	script_close(s);
}

static void a_time_wait_makes_room_for_a_listener(void **state)
{
	struct script *s = open_time_wait(false);

	s->flow_max = 1;
	script_listen(s, 10);
	assert_int_equal(s->pcb->state, UNET_TCP_LISTEN);
	assert_int_equal(tcp_of(s->st)->n_tw, 0);
	assert_int_equal(s->del_flags, UNET_DEL_LINGER);
	script_close(s);
}

static void a_time_wait_makes_room_for_udp(void **state)
{
	static const struct unet_udp_events events;
	struct unet_flow_key key = { .family = 4, .local_port = 53 };
	struct script *s = open_time_wait(false);
	struct unet_udp *u[2];

	s->flow_max = 1;
	unet_stack_add_proto(s->st, &unet_udp_proto);
	for (int i = 0; i < 2; i++)
		u[i] = unet_udp_create(s->st, 4, &events, NULL);
	assert_int_equal(unet_udp_install(u[0], &key, 0), 0);
	assert_int_equal(tcp_of(s->st)->n_tw, 0);
	assert_int_equal(unet_udp_install(u[1], &key, 0), -ENOSPC);
	for (int i = 0; i < 2; i++)
		unet_udp_destroy(u[i]);
	script_close(s);
}

/* ---- ICMP ---- */

static void icmp(struct script *s, enum unet_icmp_kind kind, u32 seq, u32 mtu,
		 int err)
{
	struct unet_icmp_info i = {
		.kind = kind, .err = err, .mtu = mtu,
		.tcp_seq = SCRIPT_ISS + seq,
	};

	unet_tcp_proto.icmp_error(s->st, &s->pcb->flow, &i);
	script_turn(s);
	expect_sound(s);
}

static void icmp_does_not_end_an_open_connection(void **state)
{
	struct script *s = open_plain();

	script_send(s, 10);
	icmp(s, UNET_ICMP_HARD, 1, 0, ECONNREFUSED);
	assert_int_equal(s->pcb->state, UNET_TCP_ESTABLISHED);
	assert_int_equal(s->pcb->soft_err, ECONNREFUSED);
	script_close(s);
}

static void icmp_ends_a_connection_that_is_being_opened(void **state)
{
	struct script *s = script_open(0);

	script_connect(s);
	icmp(s, UNET_ICMP_HARD, 5, 0, ECONNREFUSED);	/* not in flight */
	assert_int_equal(s->pcb->state, UNET_TCP_SYN_SENT);
	icmp(s, UNET_ICMP_HARD, 0, 0, ECONNREFUSED);
	assert_int_equal(s->closed_err, ECONNREFUSED);
	script_close(s);
}

static void too_big_is_believed_only_for_what_is_in_flight(void **state)
{
	struct script *s = open_plain();

	icmp(s, UNET_ICMP_TOO_BIG, 1, 1000, EMSGSIZE);
	assert_int_equal(s->pcb->mss, 1460);
	script_send(s, 2920);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 1460);
	icmp(s, UNET_ICMP_TOO_BIG, 2921, 1000, EMSGSIZE);
	assert_int_equal(s->pcb->mss, 1460);
	icmp(s, UNET_ICMP_TOO_BIG, 1461, 1000, EMSGSIZE);
	assert_int_equal(s->pcb->mss, 960);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 960);	/* again, and smaller */
	OUT(s, ACK, .seq = 961, .ack = 1, .len = 500);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 960);
	OUT(s, ACK, .seq = 2421, .ack = 1, .len = 500);
	assert_int_equal(s->pcb->cc.cwnd, 14600);
	icmp(s, UNET_ICMP_TOO_BIG, 1, 68, EMSGSIZE);	/* nobody is that narrow */
	assert_int_equal(s->pcb->mss, 552 - 40);
	script_close(s);
}

/* RFC 8201 section 4: less than 1280 says nothing, nor does no number at all. */
static void too_big_for_ipv6_has_to_be_possible(void **state)
{
	struct script *s = open_plain();

	script_send(s, 1460);
	ignore_out(s);
	s->pcb->flow.key.family = 6;
	icmp(s, UNET_ICMP_TOO_BIG, 1, 0, EMSGSIZE);
	icmp(s, UNET_ICMP_TOO_BIG, 1, 1279, EMSGSIZE);
	assert_int_equal(stat(s, UNET_STAT_PMTU_REFUSED), 2);
	s->pcb->flow.key.family = 4;
	assert_int_equal(unet_flow_path_mtu(&s->pcb->flow), 1500);
	NONE(s);
	script_close(s);
}

static void a_narrow_path_is_tried_again_after_10_minutes(void **state)
{
	struct script *s = open_plain();

	script_send(s, 1460);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	icmp(s, UNET_ICMP_TOO_BIG, 1, 1000, EMSGSIZE);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 960);
	OUT(s, ACK, .seq = 961, .ack = 1, .len = 500);
	IN(s, ACK, .seq = 1, .ack = 1461);
	script_after(s, 599000000);
	script_send(s, 960);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 960);
	IN(s, ACK, .seq = 1, .ack = 2421);
	script_after(s, 1000000);
	script_send(s, 1460);
	OUT(s, ACK, .seq = 2421, .ack = 1, .len = 1460);
	NONE(s);
	script_close(s);
}

/* The host's own stack hears of it, too, and may be faster. */
static void too_big_counts_when_the_kernel_knew_before(void **state)
{
	struct script *s = open_plain();

	script_send(s, 1460);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	s->adv.mtu = 1000;
	icmp(s, UNET_ICMP_TOO_BIG, 1, 1000, EMSGSIZE);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 960);
	OUT(s, ACK, .seq = 961, .ack = 1, .len = 500);
	NONE(s);
	script_close(s);
}

static void a_malformed_header_is_counted(void **state)
{
	struct script *s = open_plain();
	struct script_seg seg = { .flags = ACK, .seq = 1, .ack = 1 };
	u8 *p;

	for (u8 off = 0; off < 16; off++) {
		if (off == 5)
			continue;
		script_put(s, &seg);
		p = s->arrived.head->data + 20;
		p[12] = off << 4;
		script_turn(s);
	}
	assert_int_equal(stat(s, UNET_STAT_TCP_BAD), 15);
	NONE(s);
	script_close(s);
}

static void a_removed_flow_ends_the_connection(void **state)
{
	struct script *s = open_plain();

	unet_tcp_proto.flow_gone(s->st, &s->pcb->flow);
	assert_int_equal(s->closed_err, ENETDOWN);
	script_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_in_order_is_read_as_sent),
		cmocka_unit_test(old_text_is_acknowledged_and_dropped),
		cmocka_unit_test(text_beyond_the_window_is_cut),
		cmocka_unit_test(small_segments_fill_the_buffer_and_no_more),
		cmocka_unit_test(a_super_packet_is_acknowledged_at_once),
		cmocka_unit_test(a_small_segment_is_acknowledged_within_40_ms),
		cmocka_unit_test(full_size_is_what_the_peer_sends_now),
		cmocka_unit_test(small_writes_are_not_full_size),
		cmocka_unit_test(single_bytes_cost_a_sleeping_reader_little),
		cmocka_unit_test(single_bytes_out_of_order_cost_no_more),
		cmocka_unit_test(what_came_with_the_end_does_not_stay_in_ring_memory),
		cmocka_unit_test(urgent_bytes_stay_in_line),
		cmocka_unit_test(unacceptable_segments_are_answered_but_not_at_line_rate),
		cmocka_unit_test(a_keepalive_is_answered),
		cmocka_unit_test(an_exact_reset_ends_the_connection),
		cmocka_unit_test(a_reset_before_the_last_byte_arrived_is_an_error),
		cmocka_unit_test(a_reset_after_the_end_of_the_stream_leaves_it_an_end),
		cmocka_unit_test(a_reset_in_the_window_is_challenged),
		cmocka_unit_test(a_syn_on_an_open_connection_is_challenged),
		cmocka_unit_test(challenges_are_few_and_per_connection),
		cmocka_unit_test(a_syn_outside_the_window_is_a_challenge_too),
		cmocka_unit_test(an_ack_of_what_was_not_sent_is_challenged),
		cmocka_unit_test(an_ack_from_long_ago_is_challenged),
		cmocka_unit_test(a_segment_without_ack_is_dropped),
		cmocka_unit_test(an_older_segment_does_not_change_the_window),
		cmocka_unit_test(an_old_timestamp_is_refused),
		cmocka_unit_test(a_missing_timestamp_is_refused),
		cmocka_unit_test(a_syn_without_a_timestamp_is_a_challenge),
		cmocka_unit_test(only_acceptable_segments_move_the_timestamp),
		cmocka_unit_test(a_bad_acknowledgement_does_not_move_the_timestamp),
		cmocka_unit_test(timestamps_wrap),
		cmocka_unit_test(after_24_days_any_timestamp_is_good),
		cmocka_unit_test(text_behind_a_fin_is_forgotten),
		cmocka_unit_test(the_peer_may_close_first),
		cmocka_unit_test(we_may_close_first),
		cmocka_unit_test(both_may_close_at_once),
		cmocka_unit_test(both_may_close_within_one_turn),
		cmocka_unit_test(fin_and_ack_of_ours_in_one_go_to_time_wait),
		cmocka_unit_test(a_fin_out_of_order_waits_for_the_text),
		cmocka_unit_test(text_after_a_fin_does_not_exist),
		cmocka_unit_test(a_repeated_fin_is_acknowledged_again),
		cmocka_unit_test(closing_with_unread_bytes_resets),
		cmocka_unit_test(lingering_for_no_time_resets),
		cmocka_unit_test(text_for_a_closed_socket_resets),
		cmocka_unit_test(a_reader_that_stopped_does_not_stop_the_peer),
		cmocka_unit_test(time_wait_answers_a_repeated_fin_and_starts_over),
		cmocka_unit_test(time_wait_is_not_assassinated),
		cmocka_unit_test(two_time_waits_do_not_talk_for_ever),
		cmocka_unit_test(a_new_syn_reopens_a_time_wait),
		cmocka_unit_test(a_newer_timestamp_reopens_a_time_wait),
		cmocka_unit_test(a_full_listener_leaves_the_time_wait),
		cmocka_unit_test(a_time_wait_makes_room_when_flows_run_short),
		cmocka_unit_test(a_time_wait_makes_room_for_a_listener),
		cmocka_unit_test(a_time_wait_makes_room_for_udp),
		cmocka_unit_test(icmp_does_not_end_an_open_connection),
		cmocka_unit_test(icmp_ends_a_connection_that_is_being_opened),
		cmocka_unit_test(too_big_is_believed_only_for_what_is_in_flight),
		cmocka_unit_test(too_big_for_ipv6_has_to_be_possible),
		cmocka_unit_test(a_narrow_path_is_tried_again_after_10_minutes),
		cmocka_unit_test(too_big_counts_when_the_kernel_knew_before),
		cmocka_unit_test(a_malformed_header_is_counted),
		cmocka_unit_test(a_removed_flow_ends_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
