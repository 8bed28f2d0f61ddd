// SPDX-License-Identifier: MIT
/*
 * Out of order: every order of arrival gives the same bytes, SACK and DSACK
 * blocks say what is held, memory is bounded whatever the peer sends.
 */
#include "tcp_expect.h"
#include "helpers.h"
#include "tcp_range.h"

static struct script *open_sack(void)
{
	struct script *s = script_open(0);

	OPEN(s, SACKS);
	return s;
}

#define BLOCK(a, b)	{ .start = (a), .end = (b) }

static void each_segment_out_of_order_is_answered_at_once(void **state)
{
	struct script *s = open_sack();

	IN(s, ACK, .seq = 101, .ack = 1, .len = 100);
	OUT(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(101, 201) });
	IN(s, ACK, .seq = 301, .ack = 1, .len = 100);
	OUT(s, ACK, .seq = 1, .ack = 1, .sacks = 2,
	    .sack = { BLOCK(301, 401), BLOCK(101, 201) });
	IN(s, ACK, .seq = 201, .ack = 1, .len = 100);
	OUT(s, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = { BLOCK(101, 401) });
	IN(s, ACK, .seq = 1, .ack = 1, .len = 100);
	OUT(s, ACK, .seq = 1, .ack = 401);
	NONE(s);
	expect_read(s, 1, 400);
	script_close(s);
}

static void the_newest_four_blocks_are_reported(void **state)
{
	struct script *s = open_sack();

	for (u32 i = 1; i <= 6; i++)
		IN(s, ACK, .seq = 1 + i * 100, .ack = 1, .len = 50);
	s->n_out = 0;
	IN(s, ACK, .seq = 401, .ack = 1, .len = 60);
	OUT(s, ACK, .seq = 1, .ack = 1, .sacks = 4,
	    .sack = { BLOCK(401, 451), BLOCK(401, 461), BLOCK(601, 651),
		      BLOCK(501, 551) });
	script_close(s);
}

static void without_sack_nothing_is_reported(void **state)
{
	struct script *s = script_open(0);

	OPEN(s, PLAIN);
	IN(s, ACK, .seq = 101, .ack = 1, .len = 100);
	OUT(s, ACK, .seq = 1, .ack = 1);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 100);
	OUT(s, ACK, .seq = 1, .ack = 201);
	script_close(s);
}

/* RFC 2883 */
static void duplicates_are_reported_first(void **state)
{
	struct script *s = open_sack();

	IN(s, ACK, .seq = 1, .ack = 1, .len = 100);
	script_after(s, 40000);
	ignore_out(s);
	IN(s, ACK, .seq = 1, .ack = 1, .len = 100);	/* below the edge */
	OUT(s, ACK, .seq = 1, .ack = 101, .sacks = 1, .sack = { BLOCK(1, 101) });
	IN(s, ACK, .seq = 201, .ack = 1, .len = 100);
	ignore_out(s);
	IN(s, ACK, .seq = 201, .ack = 1, .len = 100);	/* above it */
	OUT(s, ACK, .seq = 1, .ack = 101, .sacks = 2,
	    .sack = { BLOCK(201, 301), BLOCK(201, 301) });
	IN(s, ACK, .seq = 51, .ack = 1, .len = 100);	/* across it */
	OUT(s, ACK, .seq = 1, .ack = 151, .sacks = 2,
	    .sack = { BLOCK(51, 101), BLOCK(201, 301) });
	NONE(s);
	script_close(s);
}

static void a_segment_over_everything_replaces_what_it_covers(void **state)
{
	struct script *s = open_sack();

	IN(s, ACK, .seq = 201, .ack = 1, .len = 50);
	IN(s, ACK, .seq = 301, .ack = 1, .len = 50);
	IN(s, ACK, .seq = 401, .ack = 1, .len = 50);
	ignore_out(s);
	IN(s, ACK, .seq = 101, .ack = 1, .len = 320);
	OUT(s, ACK, .seq = 1, .ack = 1, .sacks = 2,
	    .sack = { BLOCK(201, 251), BLOCK(101, 451) });
	IN(s, ACK, .seq = 1, .ack = 1, .len = 400);	/* overlaps them all */
	OUT(s, ACK, .seq = 1, .ack = 451, .sacks = 0);
	expect_read(s, 1, 450);
	script_close(s);
}

/* Any order, any overlap: the stream comes out as it was. */
static void every_shuffle_gives_the_same_bytes(void **state)
{
	u64 rng = 1;

	for (int run = 0; run < 300; run++) {
		struct script *s = open_sack();
		u32 total = 2000 + unit_random(&rng) % 20000, n = 0;

		while (s->pcb->rcv_nxt != SCRIPT_IRS + 1 + total) {
			u32 at = unit_random(&rng) % total, len;

			if (++n > 300)	/* then what is missing, in order */
				at = s->pcb->rcv_nxt - SCRIPT_IRS - 1;
			len = 1 + unit_random(&rng) % 1460;
			len = min(len, total - at);
			IN(s, ACK, .seq = 1 + at, .ack = 1, .len = len);
			ignore_out(s);
		}
		assert_null(s->pcb->ooo);
		expect_read(s, 1, total);
		script_close(s);
	}
}

/* SegmentSmack: thousands of tiny segments with holes. */
static void tiny_segments_are_charged_what_they_cost(void **state)
{
	struct script *s = script_open(0);
	struct unet_tcp_ooo *q;

	script_listen(s, 10);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_RCVBUF, 65535);
	IN(s, SYN, .seq = 0, SACKS);
	IN(s, ACK, .seq = 1, .ack = 1);
	take_accepted(s);
	for (u32 i = 0; i < 30000; i++) {
		script_put(s, &(struct script_seg){ .flags = ACK, .len = 1,
			   .seq = 3 + 2 * i, .ack = 1 });
		if (i % 64 == 63)
			script_turn(s);
		s->n_out = 0;
	}
	script_turn(s);
	expect_sound(s);
	q = s->pcb->ooo;
	assert_true(q->truesize <= 2 * 65535);
	assert_true(q->ranges > 100);
	assert_true(stat(s, UNET_STAT_TCP_OOO_DROP) > 20000);
	/* what is nearest is what is kept */
	assert_int_equal(q->first->node.seq, SCRIPT_IRS + 3);
	script_close(s);
}

static void nearer_bytes_push_farther_ones_out(void **state)
{
	struct script *s = script_open(0);

	script_listen(s, 10);
	unet_tcp_set(s->pcb, UNET_TCP_OPT_RCVBUF, 65535);
	IN(s, SYN, .seq = 0, SACKS);
	IN(s, ACK, .seq = 1, .ack = 1);
	take_accepted(s);
	for (u32 i = 0; i < 2000; i++) {
		IN(s, ACK, .seq = 60000 - 2 * i, .ack = 1, .len = 1);
		s->n_out = 0;
	}
	assert_true(s->pcb->ooo->truesize <= 2 * 65535);
	assert_int_equal(s->pcb->ooo->first->node.seq,
			 SCRIPT_IRS + 60000 - 2 * 1999);
	script_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_segment_out_of_order_is_answered_at_once),
		cmocka_unit_test(the_newest_four_blocks_are_reported),
		cmocka_unit_test(without_sack_nothing_is_reported),
		cmocka_unit_test(duplicates_are_reported_first),
		cmocka_unit_test(a_segment_over_everything_replaces_what_it_covers),
		cmocka_unit_test(every_shuffle_gives_the_same_bytes),
		cmocka_unit_test(tiny_segments_are_charged_what_they_cost),
		cmocka_unit_test(nearer_bytes_push_farther_ones_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
