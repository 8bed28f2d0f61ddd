// SPDX-License-Identifier: MIT
/*
 * Congestion control: growth and reduction by bytes, CUBIC's curve against a
 * table computed from RFC 9438 with floating point, HyStart++'s way out of slow
 * start, undo and idle restart.
 */
#include <setjmp.h>
#include <stdarg.h>

#include "tcp_cc.h"

#include <cmocka.h>

#define MSS 1000u

static struct unet_tcp_rate rate_of(u32 acked)
{
	return (struct unet_tcp_rate){
		.acked = acked, .cwnd_limited = true, .now = 1000000,
		.srtt_us = 10000, .rtt_us = 10000, .min_rtt_us = 10000,
	};
}

static void algorithms_are_found_by_name(void **state)
{
	assert_ptr_equal(unet_tcp_cc_find(NULL), &unet_tcp_cc_cubic);
	assert_ptr_equal(unet_tcp_cc_find("cubic"), &unet_tcp_cc_cubic);
	assert_ptr_equal(unet_tcp_cc_find("reno"), &unet_tcp_cc_reno);
	assert_null(unet_tcp_cc_find("vegas"));
}

static void the_initial_window_is_ten_segments_or_14600_bytes(void **state)
{
	assert_int_equal(unet_tcp_cc_initial_window(1460), 14600);
	assert_int_equal(unet_tcp_cc_initial_window(536), 5360);
	assert_int_equal(unet_tcp_cc_initial_window(4000), 14600);
	assert_int_equal(unet_tcp_cc_initial_window(8960), 17920);
}

static void slow_start_grows_by_what_is_acknowledged(void **state)
{
	const struct unet_tcp_cc_ops *ops[] = { &unet_tcp_cc_reno,
						&unet_tcp_cc_cubic };

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		struct unet_tcp_rate r = rate_of(64000);
		struct unet_tcp_cc cc;

		unet_tcp_cc_init(&cc, ops[i], MSS);
		unet_tcp_cc_acked(&cc, &r);
		assert_int_equal(cc.cwnd, 10 * MSS + 64000);
		r.after_rto = true;
		unet_tcp_cc_acked(&cc, &r);
		assert_int_equal(cc.cwnd, 11 * MSS + 64000);
		r.cwnd_limited = false;
		unet_tcp_cc_acked(&cc, &r);
		assert_int_equal(cc.cwnd, 11 * MSS + 64000);
	}
}

static void splitting_acknowledgements_gains_nothing(void **state)
{
	struct unet_tcp_rate whole = rate_of(10 * MSS), byte = rate_of(1);
	struct unet_tcp_cc a, b;

	unet_tcp_cc_init(&a, &unet_tcp_cc_reno, MSS);
	unet_tcp_cc_init(&b, &unet_tcp_cc_reno, MSS);
	a.ssthresh = 15 * MSS;
	b.ssthresh = 15 * MSS;
	for (int n = 0; n < 5; n++)
		unet_tcp_cc_acked(&a, &whole);
	for (u32 n = 0; n < 50 * MSS; n++)
		unet_tcp_cc_acked(&b, &byte);
	assert_int_equal(a.cwnd, b.cwnd);
}

static void reno_adds_a_segment_for_each_window(void **state)
{
	struct unet_tcp_rate r = rate_of(2 * MSS);
	struct unet_tcp_cc cc;

	unet_tcp_cc_init(&cc, &unet_tcp_cc_reno, MSS);
	cc.ssthresh = cc.cwnd;
	for (int n = 0; n < 5; n++)
		unet_tcp_cc_acked(&cc, &r);
	assert_int_equal(cc.cwnd, 11 * MSS);
	unet_tcp_cc_acked(&cc, &r);
	assert_int_equal(cc.cwnd, 11 * MSS);
}

static void a_loss_sets_the_threshold(void **state)
{
	struct unet_tcp_rate r = rate_of(0);
	struct unet_tcp_cc cc;

	unet_tcp_cc_init(&cc, &unet_tcp_cc_reno, MSS);
	cc.cwnd = 100 * MSS;
	unet_tcp_cc_loss(&cc, &r);
	assert_int_equal(cc.ssthresh, 50 * MSS);
	unet_tcp_cc_init(&cc, &unet_tcp_cc_cubic, MSS);
	cc.cwnd = 100 * MSS;
	unet_tcp_cc_loss(&cc, &r);
	assert_int_equal(cc.ssthresh, 70 * MSS);
	cc.cwnd = MSS;
	unet_tcp_cc_loss(&cc, &r);
	assert_int_equal(cc.ssthresh, 2 * MSS);
}

static void a_timeout_starts_from_one_segment(void **state)
{
	struct unet_tcp_rate r = rate_of(0);
	struct unet_tcp_cc cc;

	unet_tcp_cc_init(&cc, &unet_tcp_cc_cubic, MSS);
	cc.cwnd = 100 * MSS;
	unet_tcp_cc_timeout(&cc, &r);
	assert_int_equal(cc.cwnd, MSS);
	assert_int_equal(cc.ssthresh, 70 * MSS);
}

static void undo_puts_the_windows_back_once(void **state)
{
	struct unet_tcp_rate r = rate_of(0);
	struct unet_tcp_cc cc;

	unet_tcp_cc_init(&cc, &unet_tcp_cc_cubic, MSS);
	cc.cwnd = 100 * MSS;
	unet_tcp_cc_timeout(&cc, &r);
	unet_tcp_cc_undo(&cc);
	assert_int_equal(cc.cwnd, 100 * MSS);
	assert_int_equal(cc.ssthresh, UNET_TCP_CC_CWND_MAX);
	cc.cwnd = 5 * MSS;
	unet_tcp_cc_undo(&cc);
	assert_int_equal(cc.cwnd, 5 * MSS);
}

static void idling_halves_the_window_per_timeout(void **state)
{
	struct unet_tcp_cc cc;

	unet_tcp_cc_init(&cc, &unet_tcp_cc_reno, MSS);
	cc.cwnd = 160 * MSS;
	unet_tcp_cc_idle(&cc, 199999, 200000);
	assert_int_equal(cc.cwnd, 160 * MSS);
	unet_tcp_cc_idle(&cc, 400000, 200000);
	assert_int_equal(cc.cwnd, 40 * MSS);
	unet_tcp_cc_idle(&cc, UINT64_MAX, 200000);
	assert_int_equal(cc.cwnd, 10 * MSS);
	cc.cwnd = 3 * MSS;
	unet_tcp_cc_idle(&cc, 400000, 200000);
	assert_int_equal(cc.cwnd, 3 * MSS);
}

/*
 * From RFC 9438 in floating point: window lost at 1000 segments of 1000 bytes,
 * 100 ms round trips, every window acknowledged in full; window at t.
 */
static const struct {
	u32 t_ms;
	u32 cwnd;
} curve[] = {
	{ 1000, 788467 }, { 3000, 909783 }, { 6000, 988215 },
	{ 9000, 999998 }, { 12000, 1009932 },
};

static void drive(struct unet_tcp_cc *cc, u64 *now, u64 until)
{
	while (*now < until) {
		struct unet_tcp_rate r = rate_of(cc->cwnd / 10);

		r.now = *now += 10000;	/* ten acknowledgements a round trip */
		r.srtt_us = 100000;
		unet_tcp_cc_acked(cc, &r);
	}
}

static void cubic_follows_its_curve(void **state)
{
	struct unet_tcp_rate r = rate_of(0);
	u64 start = 5000000, now = start;
	struct unet_tcp_cc cc;

	unet_tcp_cc_init(&cc, &unet_tcp_cc_cubic, MSS);
	cc.cwnd = 1000 * MSS;
	unet_tcp_cc_loss(&cc, &r);
	cc.cwnd = cc.ssthresh;
	for (size_t i = 0; i < ARRAY_SIZE(curve); i++) {
		drive(&cc, &now, start + curve[i].t_ms * 1000ull);
		assert_in_range(cc.cwnd, curve[i].cwnd - curve[i].cwnd / 1000,
				curve[i].cwnd + curve[i].cwnd / 1000);
	}
}

static void cubic_is_no_slower_than_reno_on_short_paths(void **state)
{
	struct unet_tcp_rate r = rate_of(0);
	struct unet_tcp_cc cc;
	u64 now = 5000000;

	unet_tcp_cc_init(&cc, &unet_tcp_cc_cubic, MSS);
	cc.cwnd = 20 * MSS;
	unet_tcp_cc_loss(&cc, &r);
	cc.cwnd = cc.ssthresh;
	for (int n = 0; n < 100; n++) {
		r = rate_of(cc.cwnd);
		r.now = now += 1000;
		r.srtt_us = 1000;
		unet_tcp_cc_acked(&cc, &r);
	}
	/* 12 round trips at 9/17 to 20 segments, a segment each from there */
	assert_in_range(cc.cwnd, 100 * MSS, 112 * MSS);
}

static void cubic_waits_while_the_application_is_idle(void **state)
{
	struct unet_tcp_rate r = rate_of(0);
	struct unet_tcp_cc cc;
	u64 now = 5000000;
	u32 before;

	unet_tcp_cc_init(&cc, &unet_tcp_cc_cubic, MSS);
	cc.cwnd = 1000 * MSS;
	unet_tcp_cc_loss(&cc, &r);
	cc.cwnd = cc.ssthresh;
	drive(&cc, &now, now + 1000000);
	before = cc.cwnd;
	now += 3600ull * 1000000;
	drive(&cc, &now, now + 10000);
	assert_in_range(cc.cwnd, before, before + before / 50);
}

/* A window is sent and acknowledged in sixteen steps. */
static void one_round(struct unet_tcp_cc *cc, u32 *una, u32 rtt_us)
{
	u32 end = *una + cc->cwnd, step = cc->cwnd / 16;
	struct unet_tcp_rate r;

	for (int n = 0; n < 16; n++) {
		r = rate_of(step);
		r.rtt_us = rtt_us;
		r.snd_una = *una += step;
		r.snd_nxt = end + cc->cwnd;
		unet_tcp_cc_acked(cc, &r);
	}
	*una = end;
}

static void a_rising_round_trip_ends_slow_start(void **state)
{
	struct unet_tcp_cc cc;
	u32 una = 0xffffff00;	/* rounds wrap too */
	int round = 0;

	unet_tcp_cc_init(&cc, &unet_tcp_cc_cubic, MSS);
	for (; round < 20 && cc.ssthresh == UNET_TCP_CC_CWND_MAX; round++)
		one_round(&cc, &una, round < 4 ? 20000 : 30000);
	assert_in_range(round, 8, 13);
	assert_true(cc.cwnd >= cc.ssthresh);
}

/* RFC 9406: only the first, whose threshold nobody knows. */
static void a_rising_round_trip_ends_no_later_slow_start(void **state)
{
	struct unet_tcp_rate r = rate_of(0);
	struct unet_tcp_cc cc;
	u32 una = 1;
	int round = 0;

	unet_tcp_cc_init(&cc, &unet_tcp_cc_cubic, MSS);
	cc.cwnd = 10000 * MSS;
	unet_tcp_cc_timeout(&cc, &r);
	for (; round < 20 && cc.cwnd < cc.ssthresh; round++) {
		assert_int_equal(cc.ssthresh, 7000 * MSS);
		one_round(&cc, &una, round < 4 ? 20000 : 30000);
	}
	assert_int_equal(cc.ssthresh, 7000 * MSS);
	assert_int_equal(round, 13);	/* doubled each time */
}

static void no_window_overflows(void **state)
{
	const struct unet_tcp_cc_ops *ops[] = { &unet_tcp_cc_reno,
						&unet_tcp_cc_cubic };

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		struct unet_tcp_rate r = rate_of(1u << 30);
		struct unet_tcp_cc cc;

		unet_tcp_cc_init(&cc, ops[i], 65535);
		for (int n = 0; n < 2000; n++) {
			r.now += 100000;
			unet_tcp_cc_acked(&cc, &r);
			assert_in_range(cc.cwnd, 65535, UNET_TCP_CC_CWND_MAX);
			if (n % 100 == 99) {
				unet_tcp_cc_loss(&cc, &r);
				cc.cwnd = cc.ssthresh;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithms_are_found_by_name),
		cmocka_unit_test(the_initial_window_is_ten_segments_or_14600_bytes),
		cmocka_unit_test(slow_start_grows_by_what_is_acknowledged),
		cmocka_unit_test(splitting_acknowledgements_gains_nothing),
		cmocka_unit_test(reno_adds_a_segment_for_each_window),
		cmocka_unit_test(a_loss_sets_the_threshold),
		cmocka_unit_test(a_timeout_starts_from_one_segment),
		cmocka_unit_test(undo_puts_the_windows_back_once),
		cmocka_unit_test(idling_halves_the_window_per_timeout),
		cmocka_unit_test(cubic_follows_its_curve),
		cmocka_unit_test(cubic_is_no_slower_than_reno_on_short_paths),
		cmocka_unit_test(cubic_waits_while_the_application_is_idle),
		cmocka_unit_test(a_rising_round_trip_ends_slow_start),
		cmocka_unit_test(a_rising_round_trip_ends_no_later_slow_start),
		cmocka_unit_test(no_window_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
