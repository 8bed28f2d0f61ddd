// SPDX-License-Identifier: MIT
/*
 * What is sent and when: segment sizes, super packets, Nagle, cork, windows of
 * both sides, silly windows, room in the backend, FIN after data.
 */
#include "tcp_expect.h"

#include <sys/uio.h>

static struct script *open_plain(u32 flags)
{
	struct script *s = script_open(flags);

	OPEN(s, PLAIN);
	return s;
}

static void data_goes_out_in_full_segments(void **state)
{
	struct script *s = open_plain(0);

	assert_int_equal(script_send(s, 4000), 4000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 1460);
	OUT(s, ACK, .seq = 2921, .ack = 1, .len = 1080);
	NONE(s);
	expect_sound(s);
	script_close(s);
}

/* What is sent, first or again, is the queue's own memory: nothing is copied for it. */
static void segments_are_clones_of_the_send_queue(void **state)
{
	struct script *s = open_plain(0);
	struct script_seg seg;
	u32 again = 0;

	script_send(s, 4000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 1460);
	OUT(s, ACK, .seq = 2921, .ack = 1, .len = 1080);
	assert_int_equal(s->from_queue, 4000);
	IN(s, ACK, .seq = 1, .ack = 1461);
	script_after(s, 3000000);
	while ((seg = script_take(s)).len)
		again += seg.len;
	assert_true(again >= 2540);
	assert_int_equal(s->from_queue, 4000 + again);
	NONE(s);
	expect_sound(s);
	script_close(s);
}

static void small_writes_wait_for_the_one_under_way(void **state)
{
	struct script *s = open_plain(0);

	script_send(s, 10);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 10);
	script_send(s, 10);
	script_send(s, 10);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 11);
	OUT(s, ACK, .seq = 11, .ack = 1, .len = 20);
	NONE(s);
	script_close(s);
}

static void without_delay_small_writes_go_at_once(void **state)
{
	struct script *s = open_plain(0);

	unet_tcp_set(s->pcb, UNET_TCP_OPT_NODELAY, 1);
	script_send(s, 10);
	script_send(s, 10);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 10);
	OUT(s, ACK, .seq = 11, .ack = 1, .len = 10);
	NONE(s);
	script_close(s);
}

static void a_cork_holds_back_for_200_ms_at_most(void **state)
{
	struct script *s = open_plain(0);

	unet_tcp_set(s->pcb, UNET_TCP_OPT_CORK, 1);
	script_send(s, 100);
	NONE(s);
	script_send(s, 1400);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	IN(s, ACK, .seq = 1, .ack = 1461);
	NONE(s);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_CORK, 0);
	script_turn(s);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 40);
	IN(s, ACK, .seq = 1, .ack = 1501);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_CORK, 1);
	script_send(s, 7);
	script_after(s, 1000000);
	OUT(s, ACK, .seq = 1501, .ack = 1, .len = 7);
	script_close(s);
}

static void more_to_come_holds_back(void **state)
{
	struct script *s = open_plain(0);
	u8 buf[10];
	struct iovec iov = { buf, sizeof(buf) };

	for (u32 i = 0; i < 10; i++)
		buf[i] = script_byte(1 + i);
	assert_int_equal(unet_tcp_send(s->pcb, &iov, 1, true), 10);
	script_turn(s);
	NONE(s);
	script_send(s, 5);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 15);
	script_close(s);
}

static void a_fin_follows_the_last_byte(void **state)
{
	struct script *s = open_plain(0);

	script_send(s, 10);
	ignore_out(s);
	script_send(s, 1500);
	OUT(s, ACK, .seq = 11, .ack = 1, .len = 1460);
	unet_tcp_close(s->pcb);
	s->pcb = NULL;
	script_turn(s);
	OUT(s, ACK | FIN, .seq = 1471, .ack = 1, .len = 40);
	NONE(s);
	script_close(s);
}

/* What does not fit is refused on the way out: it would never arrive. */
static void segments_follow_the_mtu_of_the_route(void **state)
{
	struct script *s = open_plain(0);

	script_send(s, 1460);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	s->adv.mtu = 1000;
	script_send(s, 1000);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 960);
	OUT(s, ACK, .seq = 2421, .ack = 1, .len = 40);
	script_after(s, 300000);	/* what was lost is cut anew */
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 960);
	NONE(s);
	s->adv.mtu = 1500;
	IN(s, ACK, .seq = 1, .ack = 2461);
	script_send(s, 1460);
	OUT(s, ACK, .seq = 2461, .ack = 1, .len = 1460);
	expect_sound(s);
	script_close(s);
}

/* ---- windows ---- */

static void the_initial_window_is_ten_segments(void **state)
{
	struct script *s = open_plain(0);

	script_send(s, 100000);
	assert_int_equal(s->n_out, 10);
	assert_int_equal(s->pcb->snd_nxt, SCRIPT_ISS + 1 + 14600);
	s->n_out = 0;
	IN(s, ACK, .seq = 1, .ack = 2921);	/* slow start: two for one */
	assert_int_equal(s->n_out, 4);
	script_close(s);
}

static void the_peers_window_is_never_exceeded(void **state)
{
	struct script *s = script_open(0);

	OPEN(s, PLAIN);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 3000);
	script_send(s, 10000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 1460);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 2921, .wnd = 1500);
	OUT(s, ACK, .seq = 2921, .ack = 1, .len = 1460);
	NONE(s);
	script_close(s);
}

static void scaled_windows_are_scaled(void **state)
{
	struct script *s = script_open(0);

	OPEN(s, .mss = 1460, .wscale = 8, .wnd = 100);
	assert_int_equal(s->pcb->snd_wnd, 65535 << 7);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 3);
	assert_int_equal(s->pcb->snd_wnd, 384);
	script_close(s);
}

/* RFC 9293 section 3.8.6.2.1 */
static void crumbs_of_a_window_are_not_used(void **state)
{
	struct script *s = open_plain(0);

	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 100);
	s->pcb->snd_max_wnd = 65535;
	script_send(s, 1000);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 400);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 1000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1000);
	script_close(s);
}

/* A peer whose whole buffer is small must still be served. */
static void half_of_a_small_buffer_is_used(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 1);
	IN(s, SYN, .seq = 0, .wnd = 1000, PLAIN);
	IN(s, ACK, .seq = 1, .ack = 1, .wnd = 1000);
	ignore_out(s);
	take_accepted(s);
	script_send(s, 5000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1000);
	IN(s, ACK, .seq = 1, .ack = 1001, .wnd = 499);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1001, .wnd = 500);
	OUT(s, ACK, .seq = 1001, .ack = 1, .len = 500);
	script_close(s);
}

static void our_window_opens_in_steps(void **state)
{
	struct script *s = script_open(0);
	u8 buf[4096];

	script_listen(s, 10);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_RCVBUF, 8000);
	IN(s, SYN, .seq = 0, PLAIN);
	IN(s, ACK, .seq = 1, .ack = 1);
	ignore_out(s);
	take_accepted(s);
	for (u32 i = 0; i < 8; i++)
		IN(s, ACK, .seq = 1 + i * 1000, .ack = 1, .len = 1000);
	ignore_out(s);
	assert_int_equal(tcp_rcv_wnd(s->pcb), 0);
	for (int i = 0; i < 5; i++) {
		unet_tcp_recv(s->pcb, buf, 190, false);
		script_turn(s);
	}
	NONE(s);			/* 950 bytes: less than a segment */
	unet_tcp_recv(s->pcb, buf, 190, false);
	script_turn(s);
	OUT(s, ACK, .seq = 1, .ack = 8001, .wnd = 1140);
	NONE(s);
	script_close(s);
}

/*
 * What was promised once is taken, whatever the buffer has become. In the header the
 * edge may lie less than a unit before it: RFC 7323 section 2.4.
 */
static void our_right_edge_never_moves_left(void **state)
{
	struct script *s = script_open(0);
	u32 edge, i;

	OPEN(s, FULL);
	edge = s->pcb->rcv_adv;
	for (i = 0; i < 3000; i++) {
		IN(s, ACK, .seq = 1 + i * 300, .ack = 1, .len = 300);
		while (s->n_out) {
			struct script_seg seg = script_take(s);
			u32 now = seg.ack + SCRIPT_IRS + (seg.wnd << 7);

			assert_true(seq_gt(now + (1 << 7), edge));
			edge = seq_max(edge, now);
			assert_true(seq_geq(s->pcb->rcv_adv, edge));
		}
		if (i == 1000)
			unet_tcp_set(s->pcb, UNET_TCP_OPT_RCVBUF, 4096);
	}
	script_close(s);
}

/* ---- super packets ---- */

static void a_large_write_is_one_send(void **state)
{
	struct script *s = open_plain(SCRIPT_SUPER);

	script_send(s, 14600);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 14600, .seg_size = 1460);
	NONE(s);
	s->pcb->cc.cwnd = 200000;
	IN(s, ACK, .seq = 1, .ack = 14601);
	script_send(s, 150000);
	OUT(s, ACK, .seq = 14601, .ack = 1, .len = 64240, .seg_size = 1460);
	NONE(s);			/* the peer's window */
	script_close(s);
}

static void a_super_packet_ends_on_a_segment_unless_it_is_all(void **state)
{
	struct script *s = open_plain(SCRIPT_SUPER);

	script_send(s, 5000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 5000, .seg_size = 1460);
	IN(s, ACK, .seq = 1, .ack = 5001, .wnd = 4000);
	script_send(s, 10000);
	OUT(s, ACK, .seq = 5001, .ack = 1, .len = 2920, .seg_size = 1460);
	NONE(s);
	script_close(s);
}

static void many_small_pieces_do_not_exceed_the_extents(void **state)
{
	struct script *s = open_plain(SCRIPT_SUPER);

	unet_tcp_set(s->pcb, UNET_TCP_OPT_CORK, 1);
	for (int i = 0; i < 300; i++) {
		u8 byte = script_byte(s->pcb->snd_end - SCRIPT_ISS);
		struct iovec iov = { &byte, 1 };

		unet_tcp_send(s->pcb, &iov, 1, false);
	}
	assert_int_equal(s->pcb->sndq.packets, 1);	/* packed */
	s->pcb->cc.cwnd = 1000000;
	for (int i = 0; i < 20; i++) {
		unet_tcp_set(s->pcb, UNET_TCP_OPT_SNDBUF, 1000000);
		script_send(s, 1500);
	}
	for (u32 i = 0; i < s->n_out; i++)
		assert_true(s->out[i].len <= 5 * 2048);
	assert_false(s->bad_bytes);
	expect_sound(s);
	script_close(s);
}

/* ---- the writer ---- */

static void a_full_buffer_turns_the_writer_away_and_calls_it_back(void **state)
{
	struct script *s = open_plain(0);

	unet_tcp_set(s->pcb, UNET_TCP_OPT_SNDBUF, 10000);
	assert_int_equal(script_send(s, 20000), 10000);
	assert_int_equal(script_send(s, 1), -EAGAIN);
	assert_int_equal(script_events_take(s), 0);
	IN(s, ACK, .seq = 1, .ack = 1461);
	assert_int_equal(script_events_take(s), 0);
	IN(s, ACK, .seq = 1, .ack = 5841);
	assert_int_equal(script_events_take(s), SCRIPT_EV_WRITABLE);
	script_close(s);
}

static void without_memory_the_writer_is_called_back_when_there_is_some(void **state)
{
	struct script *s = open_plain(0);

	s->tx_memory = 12000;
	assert_int_equal(script_send(s, 20000), 12000);
	assert_int_equal(script_send(s, 2000), -EAGAIN);
	script_turn(s);
	assert_int_equal(script_events_take(s), 0);
	s->tx_memory = UINT32_MAX;
	script_turn(s);
	assert_int_equal(script_events_take(s), SCRIPT_EV_WRITABLE);
	assert_int_equal(script_send(s, 2000), 2000);
	script_close(s);
}

/* Others hold all the memory, for peers that do not read. */
static void without_memory_a_little_goes_by_the_heap(void **state)
{
	struct script *s = open_plain(0);

	s->tx_memory = 0;
	assert_int_equal(script_send(s, 10000), UNET_TCP_SHARE_MIN);
	assert_int_equal(script_send(s, 1), -EAGAIN);
	for (u32 i = 0; i < 5; i++)
		OUT(s, ACK, .seq = 1 + i * 1460, .ack = 1, .len = 1460);
	IN(s, ACK, .seq = 1, .ack = 7301);
	OUT(s, ACK, .seq = 7301, .ack = 1, .len = 892);
	assert_int_equal(script_events_take(s), SCRIPT_EV_WRITABLE);
	IN(s, ACK, .seq = 1, .ack = 8193);
	assert_int_equal(script_send(s, 10000), UNET_TCP_SHARE_MIN);
	script_close(s);
}

/* The backend moves whole packets: little when little of it is on the heap. */
static void a_send_is_all_from_the_heap_or_not_at_all(void **state)
{
	struct script *s = open_plain(SCRIPT_SUPER);
	u32 i;

	s->tx_memory = 4096;
	s->pcb->cc.cwnd = 1000000;
	assert_int_equal(script_send(s, 20000), UNET_TCP_SHARE_MIN);
	assert_true(s->n_out >= 2);
	for (i = 0; i < s->n_out; i++)
		assert_false(s->out[i].seq < 1 + 4096 &&
			     s->out[i].seq + s->out[i].len > 1 + 4096);
	assert_false(s->bad_bytes);
	script_close(s);
}

static void writing_after_the_end_is_refused(void **state)
{
	struct script *s = open_plain(0);

	unet_tcp_shutdown(s->pcb, SHUT_WR);
	assert_int_equal(script_send(s, 10), -EPIPE);
	IN(s, RST, .seq = 1);
	assert_int_equal(script_send(s, 10), -ECONNRESET);
	script_close(s);
}

static void without_room_to_send_nothing_is_lost(void **state)
{
	struct script *s = open_plain(0);

	s->tx_room = 2;
	script_send(s, 14600);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1460);
	OUT(s, ACK, .seq = 1461, .ack = 1, .len = 1460);
	NONE(s);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 2000, .segs = 2);
	NONE(s);
	s->tx_room = UINT32_MAX;
	script_turn(s);
	OUT(s, ACK, .seq = 2921, .ack = 2001, .len = 1460);
	assert_int_equal(s->n_out, 7);
	script_close(s);
}

/* The ring has room, the memory for headers is all on it. */
static void without_a_header_an_acknowledgement_follows(void **state)
{
	struct script *s = open_plain(0);

	IN(s, ACK, .seq = 1, .ack = 1, .len = 10);
	s->no_headers = true;
	script_after(s, 100000);
	NONE(s);
	s->no_headers = false;
	script_turn(s);
	OUT(s, ACK, .seq = 1, .ack = 11);
	script_close(s);
}

static void without_a_header_a_window_update_follows(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_RCVBUF, 4096);
	IN(s, SYN, .seq = 0, PLAIN);
	IN(s, ACK, .seq = 1, .ack = 1);
	take_accepted(s);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 4096);
	ignore_out(s);
	s->no_headers = true;
	expect_read(s, 1, 4096);
	NONE(s);
	s->no_headers = false;
	script_turn(s);
	OUT(s, ACK, .seq = 1, .ack = 4097, .wnd = 4096);
	NONE(s);
	script_close(s);
}

static void a_suspended_flow_waits_for_its_resumption(void **state)
{
	struct script *s = open_plain(0);

	s->adv.flags = UNET_ADV_SUSPENDED;
	unet_stack_turn(s->st, s->now);
	{
		u8 byte = script_byte(1);
		struct iovec iov = { &byte, 1 };

		unet_tcp_send(s->pcb, &iov, 1, false);
	}
	unet_stack_turn(s->st, s->now);
	NONE(s);
	s->adv.flags = 0;
	unet_stack_turn(s->st, s->now);
	unet_stack_turn(s->st, s->now);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1);
	script_close(s);
}

static void an_ack_rides_on_data(void **state)
{
	struct script *s = open_plain(0);

	IN(s, ACK, .seq = 1, .ack = 1, .len = 10);
	script_send(s, 10);
	OUT(s, ACK, .seq = 1, .ack = 11, .len = 10);
	script_after(s, 100000);
	NONE(s);
	script_close(s);
}

static void sack_blocks_make_room_in_data_segments(void **state)
{
	struct script *s = script_open(0);

	OPEN(s, SACKS);
	IN(s, ACK, .seq = 101, .ack = 1, .len = 10);
	ignore_out(s);
	script_send(s, 1448);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 1448, .sacks = 1,
	    .sack = { { 101, 111 } });
	IN(s, ACK, .seq = 1, .ack = 1449);
	script_send(s, 1460);
	OUT(s, ACK, .seq = 1449, .ack = 1, .len = 1448, .sacks = 1,
	    .sack = { { 101, 111 } });
	script_close(s);
}

static void options_are_kept_in_range(void **state)
{
	struct script *s = open_plain(0);
	u32 v;

	assert_int_equal(unet_tcp_set(s->pcb, UNET_TCP_OPT_NODELAY, 2), -EINVAL);
	assert_int_equal(unet_tcp_set(s->pcb, UNET_TCP_OPT_KEEPCNT, 0), -EINVAL);
	assert_int_equal(unet_tcp_set(s->pcb, UNET_TCP_OPT_MAXSEG, 10), -EINVAL);
	assert_int_equal(unet_tcp_set(s->pcb, 99, 1), -ENOPROTOOPT);
	assert_int_equal(unet_tcp_set(s->pcb, UNET_TCP_OPT_SNDBUF, 1), 0);
	unet_tcp_get(s->pcb, UNET_TCP_OPT_SNDBUF, &v);
	assert_int_equal(v, 4096);
	assert_int_equal(unet_tcp_set(s->pcb, UNET_TCP_OPT_MAXSEG, 500), 0);
	script_send(s, 1000);
	OUT(s, ACK, .seq = 1, .ack = 1, .len = 500);
	assert_int_equal(unet_tcp_set_congestion(s->pcb, "reno"), 0);
	assert_int_equal(unet_tcp_set_congestion(s->pcb, "no"), -ENOENT);
	assert_string_equal(unet_tcp_congestion(s->pcb), "reno");
	script_close(s);
}

static void peeked_bytes_stay_where_they_are(void **state)
{
	struct script *s = open_plain(0);
	struct iovec iov[4];

	IN(s, ACK, .seq = 1, .ack = 1, .len = 1000);
	script_events_take(s);
	assert_int_equal(unet_tcp_peek(s->pcb, iov, 4), 1);
	IN(s, ACK, .seq = 1001, .ack = 1, .len = 100);
	for (u32 i = 0; i < 1000; i++)
		assert_int_equal(((u8 *)iov[0].iov_base)[i], script_byte(1 + i));
	assert_int_equal(unet_tcp_consume(s->pcb, 1101), -EINVAL);
	assert_int_equal(unet_tcp_consume(s->pcb, 1000), 0);
	expect_read(s, 1001, 100);
	script_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_goes_out_in_full_segments),
		cmocka_unit_test(small_writes_wait_for_the_one_under_way),
		cmocka_unit_test(segments_are_clones_of_the_send_queue),
		cmocka_unit_test(without_delay_small_writes_go_at_once),
		cmocka_unit_test(a_cork_holds_back_for_200_ms_at_most),
		cmocka_unit_test(more_to_come_holds_back),
		cmocka_unit_test(a_fin_follows_the_last_byte),
		cmocka_unit_test(segments_follow_the_mtu_of_the_route),
		cmocka_unit_test(the_initial_window_is_ten_segments),
		cmocka_unit_test(the_peers_window_is_never_exceeded),
		cmocka_unit_test(scaled_windows_are_scaled),
		cmocka_unit_test(crumbs_of_a_window_are_not_used),
		cmocka_unit_test(half_of_a_small_buffer_is_used),
		cmocka_unit_test(our_window_opens_in_steps),
		cmocka_unit_test(our_right_edge_never_moves_left),
		cmocka_unit_test(a_large_write_is_one_send),
		cmocka_unit_test(a_super_packet_ends_on_a_segment_unless_it_is_all),
		cmocka_unit_test(many_small_pieces_do_not_exceed_the_extents),
		cmocka_unit_test(a_full_buffer_turns_the_writer_away_and_calls_it_back),
		cmocka_unit_test(without_memory_the_writer_is_called_back_when_there_is_some),
		cmocka_unit_test(without_memory_a_little_goes_by_the_heap),
		cmocka_unit_test(a_send_is_all_from_the_heap_or_not_at_all),
		cmocka_unit_test(writing_after_the_end_is_refused),
		cmocka_unit_test(without_room_to_send_nothing_is_lost),
		cmocka_unit_test(without_a_header_an_acknowledgement_follows),
		cmocka_unit_test(without_a_header_a_window_update_follows),
		cmocka_unit_test(a_suspended_flow_waits_for_its_resumption),
		cmocka_unit_test(an_ack_rides_on_data),
		cmocka_unit_test(sack_blocks_make_room_in_data_segments),
		cmocka_unit_test(options_are_kept_in_range),
		cmocka_unit_test(peeked_bytes_stay_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
