// SPDX-License-Identifier: MIT
/* Retransmission timeout: RFC 6298's arithmetic, its bounds, tiny round trips. */
#include <setjmp.h>
#include <stdarg.h>

#include "tcp_rtt.h"

#include <cmocka.h>

static void before_a_sample_the_timeout_is_a_second(void **state)
{
	struct unet_tcp_rtt r;

	unet_tcp_rtt_init(&r, 0);
	assert_int_equal(unet_tcp_rtt_rto(&r), 1000000);
	assert_int_equal(unet_tcp_rtt_min(&r), UINT32_MAX);
}

static void the_first_sample_sets_both_terms(void **state)
{
	struct unet_tcp_rtt r;

	unet_tcp_rtt_init(&r, 0);
	unet_tcp_rtt_sample(&r, 0, 400000);
	assert_int_equal(tcp_rtt_smoothed(&r), 400000);
	/* 400 ms + 4 * 200 ms */
	assert_int_equal(unet_tcp_rtt_rto(&r), 1200000);
}

static void later_samples_are_smoothed(void **state)
{
	struct unet_tcp_rtt r;

	unet_tcp_rtt_init(&r, 0);
	unet_tcp_rtt_sample(&r, 0, 400000);
	unet_tcp_rtt_sample(&r, 1, 800000);
	/* 7/8 * 400 + 1/8 * 800; 4 * (3/4 * 200 + 1/4 * 400) */
	assert_int_equal(tcp_rtt_smoothed(&r), 450000);
	assert_int_equal(unet_tcp_rtt_rto(&r), 450000 + 1000000);
	unet_tcp_rtt_sample(&r, 2, 50000);
	assert_int_equal(tcp_rtt_smoothed(&r), 400000);
	assert_int_equal(unet_tcp_rtt_min(&r), 50000);
}

static void steady_round_trips_keep_the_floor(void **state)
{
	static const u32 rtt_us[] = { 0, 1, 2, 20, 1000, 100000 };

	for (size_t i = 0; i < ARRAY_SIZE(rtt_us); i++) {
		struct unet_tcp_rtt r;

		unet_tcp_rtt_init(&r, 0);
		for (int n = 0; n < 1000; n++)
			unet_tcp_rtt_sample(&r, n, rtt_us[i]);
		assert_in_range(unet_tcp_rtt_rto(&r), rtt_us[i] + 200000,
				rtt_us[i] + 200001);
		assert_true(tcp_rtt_smoothed(&r) >= 1);
	}
}

static void the_floor_can_be_set(void **state)
{
	struct unet_tcp_rtt r;

	unet_tcp_rtt_init(&r, 5000);
	for (int n = 0; n < 1000; n++)
		unet_tcp_rtt_sample(&r, n, 10);
	assert_int_equal(unet_tcp_rtt_rto(&r), 5010);
}

static void backing_off_doubles_up_to_the_limit(void **state)
{
	struct unet_tcp_rtt r;
	u32 last;

	unet_tcp_rtt_init(&r, 0);
	last = unet_tcp_rtt_rto(&r);
	for (int n = 0; n < 300; n++) {
		unet_tcp_rtt_back_off(&r);
		assert_int_equal(unet_tcp_rtt_rto(&r),
				 min(2 * last, UNET_TCP_RTO_MAX_US));
		last = unet_tcp_rtt_rto(&r);
	}
	unet_tcp_rtt_sample(&r, 0, 1000);
	assert_true(unet_tcp_rtt_rto(&r) < 250000);
}

static void absurd_samples_are_bounded(void **state)
{
	struct unet_tcp_rtt r;

	unet_tcp_rtt_init(&r, 0);
	for (int n = 0; n < 100; n++) {
		unet_tcp_rtt_sample(&r, n, n & 1 ? UINT64_MAX : 1);
		assert_true(unet_tcp_rtt_rto(&r) <= UNET_TCP_RTO_MAX_US);
		assert_true(tcp_rtt_smoothed(&r) <= UNET_TCP_RTO_MAX_US);
	}
}

static void an_old_minimum_is_forgotten(void **state)
{
	struct unet_tcp_rtt r;
	u64 now = 0xfffff000;	/* the 32-bit clock wraps on the way */

	unet_tcp_rtt_init(&r, 0);
	r.min_since = now;
	unet_tcp_rtt_sample(&r, now, 100);
	for (int i = 0; i < 30; i++)
		unet_tcp_rtt_sample(&r, now += 1000000, 900);
	assert_int_equal(unet_tcp_rtt_min(&r), 100);
	for (int i = 0; i < 62; i++)
		unet_tcp_rtt_sample(&r, now += 1000000, 900);
	assert_int_equal(unet_tcp_rtt_min(&r), 900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_a_sample_the_timeout_is_a_second),
		cmocka_unit_test(the_first_sample_sets_both_terms),
		cmocka_unit_test(later_samples_are_smoothed),
		cmocka_unit_test(steady_round_trips_keep_the_floor),
		cmocka_unit_test(the_floor_can_be_set),
		cmocka_unit_test(backing_off_doubles_up_to_the_limit),
		cmocka_unit_test(absurd_samples_are_bounded),
		cmocka_unit_test(an_old_minimum_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
