// SPDX-License-Identifier: MIT
/*
 * The timer wheel against a list that is searched from end to end: every timer
 * fires once, in order, exactly when it should, whatever is set and cancelled
 * meanwhile, near the wheel's end too.
 */
#include "helpers.h"
#include "timer.h"

#define N	200

static struct unet_wheel w;
static struct unet_timer t[N];
static u64 fired_when[N];
static u32 n_fired;
static int last;

static void note(struct unet_stack *st, struct unet_timer *timer)
{
	int i = (int)(timer - t);

	assert_false(unet_timer_pending(timer));
	fired_when[i] = timer->when;
	if (last >= 0)
		assert_true(t[last].when <= timer->when);
	last = i;
	n_fired++;
}

static int set_up(void **state)
{
	int i;

	unet_wheel_init(&w, 1000);
	memset(fired_when, 0, sizeof(fired_when));
	n_fired = 0;
	last = -1;
	for (i = 0; i < N; i++)
		unet_timer_init(&t[i], note);
	return 0;
}

static u32 run(u64 now)
{
	last = -1;
	return unet_wheel_run(&w, NULL, now);
}

static void a_timer_fires_at_its_time_and_not_before(void **state)
{
	static const u64 after[] = {
		1, 2, 63, 64, 65, 4095, 4096, 4097, 262143, 262144, 1000000,
		16777216, 3600000000ull, 7ull * 24 * 3600 * 1000000,
		1ull << 42, 1ull << 47,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(after); i++) {
		u64 when;

		unet_wheel_init(&w, 987654);
		when = 987654 + after[i];
		unet_wheel_set(&w, &t[0], when);
		assert_int_equal(run(when - 1), 0);
		assert_true(unet_timer_pending(&t[0]));
		assert_int_equal(run(when), 1);
		assert_false(unet_timer_pending(&t[0]));
	}
}

static void a_time_gone_by_fires_in_the_next_run(void **state)
{
	unet_wheel_set(&w, &t[0], 10);
	assert_int_equal(unet_wheel_next(&w), 0);
	assert_int_equal(run(1000), 1);
	assert_int_equal(unet_wheel_next(&w), UINT64_MAX);
}

static void a_cancelled_timer_does_not_fire(void **state)
{
	unet_wheel_set(&w, &t[0], 2000);
	unet_wheel_set(&w, &t[1], 2000);
	unet_wheel_set(&w, &t[2], 5);
	unet_wheel_cancel(&w, &t[0]);
	unet_wheel_cancel(&w, &t[0]);
	unet_wheel_cancel(&w, &t[2]);
	assert_int_equal(run(3000), 1);
	assert_int_equal(fired_when[1], 2000);
	unet_wheel_set(&w, &t[1], 900000);
	unet_wheel_cancel(&w, &t[1]);
	assert_int_equal(unet_wheel_next(&w), UINT64_MAX);
}

static void setting_again_moves_it(void **state)
{
	unet_wheel_set(&w, &t[0], 2000);
	unet_wheel_set(&w, &t[0], 900000);
	assert_int_equal(run(2000), 0);
	unet_wheel_set(&w, &t[0], 2500);
	assert_int_equal(run(2500), 1);
	assert_int_equal(run(1000000), 0);
}

static void again(struct unet_stack *st, struct unet_timer *timer)
{
	n_fired++;
	unet_wheel_set(&w, timer, timer->when);
}

static void a_timer_that_sets_itself_for_now_does_not_hang_the_run(void **state)
{
	unet_timer_init(&t[0], again);
	unet_wheel_set(&w, &t[0], 1500);
	assert_int_equal(unet_wheel_run(&w, NULL, 1500), 1);
	assert_int_equal(unet_wheel_next(&w), 0);
	assert_int_equal(unet_wheel_run(&w, NULL, 1500), 1);
}

static void cancel_next(struct unet_stack *st, struct unet_timer *timer)
{
	n_fired++;
	unet_wheel_cancel(&w, timer + 1);
	unet_wheel_cancel(&w, timer + 2);
}

static void a_timer_may_cancel_others_that_are_due_with_it(void **state)
{
	unet_timer_init(&t[0], cancel_next);
	unet_wheel_set(&w, &t[0], 1500);
	unet_wheel_set(&w, &t[1], 1501);
	unet_wheel_set(&w, &t[2], 999999);
	unet_wheel_set(&w, &t[3], 1502);
	assert_int_equal(unet_wheel_run(&w, NULL, 2000), 2);
	assert_false(unet_timer_pending(&t[1]));
	assert_false(unet_timer_pending(&t[2]));
	assert_int_equal(fired_when[3], 1502);
}

static void a_clock_that_goes_back_does_nothing(void **state)
{
	unet_wheel_set(&w, &t[0], 5000);
	run(4000);
	assert_int_equal(run(2000), 0);
	assert_int_equal(run(4999), 0);
	assert_int_equal(run(5000), 1);
}

static void times_beyond_the_wheel_wait_at_its_end(void **state)
{
	const u64 end = 1ull << 48;

	unet_wheel_set(&w, &t[0], UINT64_MAX - 1);
	unet_wheel_set(&w, &t[1], UINT64_MAX - 1);
	unet_wheel_set(&w, &t[2], end - 2);
	assert_int_equal(run(end - 3), 0);
	assert_int_equal(run(end - 2), 1);
	assert_int_equal(run(UINT64_MAX), 2);
	unet_wheel_set(&w, &t[0], UINT64_MAX);
	assert_int_equal(run(UINT64_MAX), 1);
}

static u64 model_next(void)
{
	u64 next = UINT64_MAX;
	int i;

	for (i = 0; i < N; i++) {
		if (unet_timer_pending(&t[i]) && t[i].when < next)
			next = t[i].when;
	}
	return next;
}

static void check_all(u64 now)
{
	int i;

	for (i = 0; i < N; i++) {
		if (unet_timer_pending(&t[i]))
			assert_true(t[i].when > now);
	}
}

static void any_mix_fires_all_in_order(void **state)
{
	u64 rnd = 7;
	u64 now = 1000;
	u32 set = 0;
	int i;

	for (i = 0; i < 50000; i++) {
		struct unet_timer *timer = &t[unit_random(&rnd) % N];
		u64 next;

		switch (unit_random(&rnd) % 4) {
		case 0:
		case 1:
			set += !unet_timer_pending(timer);
			unet_wheel_set(&w, timer, now + 1 + unit_random(&rnd) %
				       (1ull << unit_random(&rnd) % 40));
			break;
		case 2:
			set -= unet_timer_pending(timer);
			unet_wheel_cancel(&w, timer);
			break;
		default:
			now += unit_random(&rnd) %
			       (1ull << unit_random(&rnd) % 30);
			set -= run(now);
			check_all(now);
			break;
		}
		next = unet_wheel_next(&w);
		assert_true(next <= model_next());
		assert_true(next > now);
		assert_int_equal(next == UINT64_MAX, !set);
	}
}

static void a_few_timers_are_not_waited_for_in_steps(void **state)
{
	int i;

	for (i = 0; i < 10; i++)
		unet_wheel_set(&w, &t[i], 900000 + (u64)i);
	assert_int_equal(unet_wheel_next(&w), 900000);
	/* of many the first is not looked for, but never missed */
	for (; i < 100; i++)
		unet_wheel_set(&w, &t[i], 900000 + (u64)i);
	assert_true(unet_wheel_next(&w) <= 900000);
}

static void following_next_reaches_a_timer_in_few_steps(void **state)
{
	u64 rnd = 3;
	int i;

	for (i = 0; i < 1000; i++) {
		u64 when = w.now + 1 + unit_random(&rnd) %
			   (1ull << unit_random(&rnd) % 44);
		int steps = 0;
		int k;

		unet_wheel_set(&w, &t[0], when);
		for (k = 1; k < 40; k++)
			unet_wheel_set(&w, &t[k], when);
		while (!run(unet_wheel_next(&w)))
			steps++;
		assert_true(steps < UNET_WHEEL_LEVELS);
		assert_int_equal(w.now, when);
	}
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_timer_fires_at_its_time_and_not_before),
		TEST(a_time_gone_by_fires_in_the_next_run),
		TEST(a_cancelled_timer_does_not_fire),
		TEST(setting_again_moves_it),
		TEST(a_timer_that_sets_itself_for_now_does_not_hang_the_run),
		TEST(a_timer_may_cancel_others_that_are_due_with_it),
		TEST(a_clock_that_goes_back_does_nothing),
		TEST(times_beyond_the_wheel_wait_at_its_end),
		TEST(any_mix_fires_all_in_order),
		TEST(a_few_timers_are_not_waited_for_in_steps),
		TEST(following_next_reaches_a_timer_in_few_steps),
	};

	return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
