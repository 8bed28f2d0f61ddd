// SPDX-License-Identifier: MIT
/*
 * The turn: its order, what is left for the next one, when it sleeps and for how
 * long, and that it makes no system call it could do without.
 */
#include <unet/unet.h>
#include "catcher.h"
#include "forge.h"
#include "helpers.h"
#include "work.h"

static char trail[64];

static void note(char c)
{
	size_t n = strlen(trail);

	if (n + 1 < sizeof(trail))
		trail[n] = c;
}

static struct unet_work out_work;
static struct unet_work event_work;
static struct unet_work again_work;
static struct unet_timer timer;

static void on_output(struct unet_stack *st, struct unet_work *w) { note('o'); }
static void on_event(struct unet_stack *st, struct unet_work *w) { note('e'); }

static void on_timer(struct unet_stack *st, struct unet_timer *t)
{
	note('t');
	unet_stack_defer_event(st, &event_work);
	unet_stack_defer(st, &out_work);
}

static void on_again(struct unet_stack *st, struct unet_work *w)
{
	note('a');
	unet_stack_defer(st, w);
}

static int open(void **state)
{
	memset(trail, 0, sizeof(trail));
	unet_work_init(&out_work, on_output);
	unet_work_init(&event_work, on_event);
	unet_work_init(&again_work, on_again);
	unet_timer_init(&timer, on_timer);
	return catcher_open(state);
}

static void timers_come_before_events_and_those_before_output(void **state)
{
	u64 now = caught.st->now;

	unet_timer_set(caught.st, &timer, now + 5);
	unet_stack_turn(caught.st, now + 4);
	assert_string_equal(trail, "");
	unet_stack_turn(caught.st, now + 5);
	assert_string_equal(trail, "teo");
}

static void work_put_off_again_waits_for_the_next_turn(void **state)
{
	unet_stack_defer(caught.st, &again_work);
	assert_int_equal(unet_stack_deadline(caught.st), 0);
	unet_stack_turn(caught.st, 1);
	assert_string_equal(trail, "a");
	assert_int_equal(unet_stack_deadline(caught.st), 0);
	unet_stack_turn(caught.st, 1);
	assert_string_equal(trail, "aa");
	unet_work_cancel(&again_work);
	unet_work_cancel(&again_work);
	assert_int_equal(unet_stack_deadline(caught.st), UNET_NEVER);
}

static void who_waits_for_room_is_called_when_there_is_some(void **state)
{
	caught.fake.room = 0;
	unet_stack_wait_tx(caught.st, &out_work);
	unet_stack_turn(caught.st, 1);
	assert_string_equal(trail, "");
	caught.fake.room = 1;
	unet_stack_turn(caught.st, 1);
	assert_string_equal(trail, "o");
}

static void the_clock_does_not_go_back(void **state)
{
	unet_stack_turn(caught.st, 5000000);
	unet_stack_turn(caught.st, 3000000);
	assert_int_equal(unet_stack_now(caught.st), 5000000);
}

static void take_long(struct unet_stack *st, struct unet_work *w)
{
	caught.fake.clock += 700000;
}

static void look_at_time(struct unet_stack *st, struct unet_work *w)
{
	assert_int_equal(unet_stack_now(st), caught.fake.clock);
	note('n');
}

static void output_comes_after_the_time_that_callbacks_took(void **state)
{
	struct unet_work event, out;
	u64 then;

	unet_work_init(&event, take_long);
	unet_work_init(&out, look_at_time);
	unet_stack_defer_event(caught.st, &event);
	unet_stack_defer(caught.st, &out);
	unet_stack_run(caught.st, 0);
	assert_string_equal(trail, "n");
	/* a turn at a time that was given stays there */
	then = caught.fake.clock;
	unet_stack_defer_event(caught.st, &event);
	unet_stack_turn(caught.st, then + 1);
	assert_int_equal(unet_stack_now(caught.st), then + 1);
}

static void run_sleeps_until_the_next_timer_and_no_longer(void **state)
{
	struct fake *f = &caught.fake;

	unet_stack_run(caught.st, -1);
	assert_int_equal(f->syncs, 1);
	assert_true(f->waited == UNET_NEVER);
	unet_stack_run(caught.st, 20);
	assert_int_equal(f->waited, 20000);
	unet_timer_set(caught.st, &timer, f->clock + 7000);
	unet_stack_run(caught.st, 20);
	assert_int_equal(f->waited, 7000);
	unet_stack_run(caught.st, 3);
	assert_int_equal(f->waited, 3000);
	unet_timer_cancel(caught.st, &timer);
	assert_int_equal(f->syncs, 4);
}

static void run_does_not_sleep_when_something_is_planned_for_now(void **state)
{
	struct fake *f = &caught.fake;

	unet_stack_defer_event(caught.st, &event_work);
	assert_int_equal(unet_stack_run(caught.st, -1), 1);
	assert_int_equal(f->syncs, 0);
	assert_string_equal(trail, "e");
	unet_timer_set(caught.st, &timer, 5);
	unet_stack_run(caught.st, -1);
	assert_int_equal(f->syncs, 0);
	assert_string_equal(trail, "eteo");
}

static void what_the_application_sent_goes_out_with_the_sleep(void **state)
{
	unet_stack_defer(caught.st, &out_work);
	caught.st->unsynced = true;
	unet_stack_run(caught.st, -1);
	/* output before the one system call, not behind it */
	assert_string_equal(trail, "o");
	assert_int_equal(caught.fake.syncs, 1);
	assert_true(caught.fake.waited == UNET_NEVER);
}

static void send_something(struct unet_stack *st, struct unet_work *w)
{
	st->unsynced = true;
}

static void what_a_turn_sends_is_gone_when_run_returns(void **state)
{
	struct unet_work w;

	unet_work_init(&w, send_something);
	unet_stack_defer_event(caught.st, &w);
	unet_stack_run(caught.st, -1);
	assert_int_equal(caught.fake.syncs, 1);
	assert_int_equal(caught.fake.waited, 0);
	/* or leaves with the next call, when the stack is a lazy one */
	caught.st->lazy = true;
	unet_stack_defer_event(caught.st, &w);
	unet_stack_run(caught.st, -1);
	assert_int_equal(caught.fake.syncs, 1);
	unet_stack_run(caught.st, -1);
	assert_int_equal(caught.fake.syncs, 2);
	assert_true(caught.fake.waited == UNET_NEVER);
	unet_stack_defer_event(caught.st, &w);
	unet_stack_run(caught.st, 0);
	assert_int_equal(caught.fake.syncs, 3);
}

static void run_0_publishes_and_never_sleeps(void **state)
{
	unet_stack_run(caught.st, 0);
	assert_int_equal(caught.fake.syncs, 0);
	caught.st->unsynced = true;
	assert_int_equal(unet_stack_deadline(caught.st), 0);
	unet_stack_run(caught.st, 0);
	assert_int_equal(caught.fake.syncs, 1);
	assert_int_equal(caught.fake.waited, 0);
	assert_int_equal(unet_stack_deadline(caught.st), UNET_NEVER);
}

static void run_answers_how_much_there_was(void **state)
{
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, "192.0.2.2", 7, "192.0.2.1", 8, "x", 1);

	assert_int_equal(unet_stack_run(caught.st, 0), 0);
	fake_receive(&caught.fake, caught.st, 0, 0, packet, len);
	fake_receive(&caught.fake, caught.st, 0, 0, packet, len);
	assert_int_equal(unet_stack_run(caught.st, 0), 2);
	assert_int_equal(caught.n, 2);
}

static void a_dead_channel_is_told(void **state)
{
	caught.fake.state = UNET_CHANNEL_POISONED;
	assert_int_equal(unet_stack_run(caught.st, 0), -EIO);
	caught.fake.state = UNET_CHANNEL_DETACHED;
	assert_int_equal(unet_stack_run(caught.st, -1), -ENODEV);
	assert_int_equal(unet_stack_channel_state(caught.st, NULL),
			 UNET_CHANNEL_DETACHED);
}

static void recurse(struct unet_stack *st, struct unet_work *w)
{
	assert_int_equal(unet_stack_run(st, 0), -EDEADLK);
	assert_int_equal(unet_stack_input(st, 1, "x", 1), -EDEADLK);
	note('r');
	/* ignored, or there would be nothing left to close */
	unet_stack_close(st);
}

static void a_callback_cannot_run_feed_or_close_the_stack(void **state)
{
	struct unet_work w;

	unet_work_init(&w, recurse);
	unet_stack_defer_event(caught.st, &w);
	unet_stack_turn(caught.st, 1);
	assert_string_equal(trail, "r");
	assert_false(caught.fake.closed);
}

static void a_long_queue_is_left_for_the_next_turn(void **state)
{
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, "192.0.2.2", 7, "192.0.2.1", 8, "x", 1);
	u32 i;

	for (i = 0; i < FAKE_BATCHES; i++)
		fake_receive(&caught.fake, caught.st, 0, 0, packet, len);
	i = (u32)unet_stack_run(caught.st, 0);
	assert_true(i >= 16 && i < FAKE_BATCHES);
	assert_int_equal(unet_stack_deadline(caught.st), 0);
	/* it does not sleep over it either */
	assert_int_equal(unet_stack_run(caught.st, -1), FAKE_BATCHES - i);
	assert_int_equal(caught.fake.syncs, 0);
	assert_int_equal(unet_stack_deadline(caught.st), UNET_NEVER);
}

static void input_by_hand_is_a_turn(void **state)
{
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, "192.0.2.2", 7, "192.0.2.1", 8, "x", 1);

	unet_timer_set(caught.st, &timer, 2000000);
	assert_int_equal(unet_stack_input(caught.st, 2000000, packet, len), 0);
	assert_int_equal(caught.n, 1);
	assert_string_equal(trail, "teo");
	assert_int_equal(unet_stack_now(caught.st), 2000000);
	assert_int_equal(unet_stack_input(caught.st, 2000001, packet, 65536),
			 -EMSGSIZE);
	assert_int_equal(unet_stack_input(caught.st, 2000001, packet, 0), 0);
	assert_int_equal(catcher_count(UNET_STAT_IP_TRUNCATED), 1);
}

static void options_are_checked(void **state)
{
	struct unet_stack_opts opts = { .size = sizeof(opts) };
	struct fake f;

	fake_init(&f);
	opts.size--;
	assert_null(unet_stack_create(&f.be, &opts, "x", 1));
	assert_int_equal(errno, EINVAL);
	assert_true(f.closed);
	assert_non_null(strstr(unet_error_detail(), "unet_stack_opts"));
	opts.size++;
	opts.flags = 2;
	assert_null(unet_stack_create(&f.be, &opts, "x", 1));
	assert_null(unet_stack_open("nosuch", &(struct unet_stack_opts){ 0 }));
	assert_int_equal(errno, EINVAL);
}

static void options_of_a_newer_program_ask_for_nothing_unknown(void **state)
{
	struct {
		struct unet_stack_opts opts;
		u8 more[9];
	} newer = { .opts.size = sizeof(newer.opts) + sizeof(newer.more) };
	struct unet_stack *st;
	struct fake f;
	size_t i;

	fake_init(&f);
	for (i = 0; i < sizeof(newer.more); i++) {
		newer.more[i] = 1;
		errno = 0;
		assert_null(unet_stack_create(&f.be, &newer.opts, "x", 1));
		assert_int_equal(errno, E2BIG);
		assert_null(unet_stack_open("nosuch", &newer.opts));
		assert_int_equal(errno, E2BIG);
		assert_non_null(strstr(unet_error_detail(), "must be zero"));
		newer.more[i] = 0;
	}
	st = unet_stack_create(&f.be, &newer.opts, "x", 1);
	assert_non_null(st);
	unet_stack_close(st);
	newer.opts.size = SIZE_MAX;	/* nobody reads that far */
	assert_null(unet_stack_create(&f.be, &newer.opts, "x", 1));
	assert_int_equal(errno, E2BIG);
}

static char logged[128];

static void take_log(void *arg, int level, const char *line)
{
	strncpy(logged, line, sizeof(logged) - 1);
	*(int *)arg = level;
}

static void log_lines_reach_their_taker_by_level(void **state)
{
	struct unet_stack_opts opts = { .size = sizeof(opts) };
	struct unet_stack *st;
	struct fake f;
	int level = -1;

	fake_init(&f);
	opts.log = take_log;
	opts.log_arg = &level;
	opts.log_level = UNET_LOG_ERROR;
	st = unet_stack_create(&f.be, &opts, "x", 1);
	st->running = true;
	unet_stack_close(st);
	st->running = false;
	assert_int_equal(level, UNET_LOG_ERROR);
	assert_non_null(strstr(logged, "unet_stack_close"));
	unet_stack_close(st);
}

static void counters_have_names(void **state)
{
	uint64_t v[UNET_STAT_COUNT + 1];
	unsigned int i;
	unsigned int j;

	v[UNET_STAT_COUNT] = 77;
	unet_stack_turn(caught.st, 1);
	assert_int_equal(unet_stack_stats(caught.st, v, UNET_STAT_COUNT + 1),
			 UNET_STAT_COUNT);
	assert_int_equal(v[UNET_STAT_TURNS], 1);
	assert_int_equal(v[UNET_STAT_COUNT], 77);
	v[1] = 78;
	assert_int_equal(unet_stack_stats(caught.st, v, 1), UNET_STAT_COUNT);
	assert_int_equal(v[1], 78);
	for (i = 0; i < UNET_STAT_COUNT; i++) {
		assert_non_null(unet_stat_name(i));
		assert_non_null(unet_stat_text(i));
		for (j = 0; j < i; j++)
			assert_string_not_equal(unet_stat_name(i),
						unet_stat_name(j));
	}
	assert_null(unet_stat_name(UNET_STAT_COUNT));
	assert_null(unet_stat_text(UNET_STAT_COUNT));
}

static void errors_have_text(void **state)
{
	int err;

	for (err = 0; err < 200; err++) {
		assert_non_null(unet_strerror(err));
		assert_string_equal(unet_strerror(err), unet_strerror(-err));
	}
	assert_non_null(strstr(unet_strerror(-ENODEV), "nexus"));
	assert_string_equal(unet_version(), UNET_VERSION);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open, catcher_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(timers_come_before_events_and_those_before_output),
		TEST(work_put_off_again_waits_for_the_next_turn),
		TEST(who_waits_for_room_is_called_when_there_is_some),
		TEST(the_clock_does_not_go_back),
		TEST(output_comes_after_the_time_that_callbacks_took),
		TEST(run_sleeps_until_the_next_timer_and_no_longer),
		TEST(run_does_not_sleep_when_something_is_planned_for_now),
		TEST(what_the_application_sent_goes_out_with_the_sleep),
		TEST(what_a_turn_sends_is_gone_when_run_returns),
		TEST(run_0_publishes_and_never_sleeps),
		TEST(run_answers_how_much_there_was),
		TEST(a_dead_channel_is_told),
		TEST(a_callback_cannot_run_feed_or_close_the_stack),
		TEST(a_long_queue_is_left_for_the_next_turn),
		TEST(input_by_hand_is_a_turn),
		TEST(options_are_checked),
		TEST(options_of_a_newer_program_ask_for_nothing_unknown),
		TEST(log_lines_reach_their_taker_by_level),
		TEST(counters_have_names),
		TEST(errors_have_text),
	};

	return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
