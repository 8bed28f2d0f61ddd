// SPDX-License-Identifier: MIT
/*
 * Hooks by ethertype (R3.2): frames of an ethertype of their own, which a channel has by
 * a rule, pass the hooks that match it, both ways, in their order, with every verdict;
 * no hook that expects IP sees one, and these see no IP.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <unet/unet.h>
#include "forge.h"
#include "helpers.h"
#include "stack.h"

#define OWN	0x88b5

static struct unet_wire *w;
static struct unet_stack *st;
static char trail[64];

static int set_up(void **state)
{
	struct unet_wire_opts o = { .size = sizeof(o), .delay_us = 100 };
	struct unet_stack *end[2];

	w = unet_wire_open(&o, end);
	assert_non_null(w);
	st = end[0];
	trail[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	unet_wire_close(w);
	return 0;
}

#define FRAMES	200

static u8 memory[FRAMES][100];
static struct unet_hook_frame frame[FRAMES];

/* Frames of this ethertype, "frame N" in them, with room for 20 bytes more. */
static void make_frames(u32 n, u16 ethertype)
{
	u32 i;

	for (i = 0; i < n; i++) {
		memset(memory[i], 0x46, 12);	/* looks like IPv4 */
		memory[i][12] = (u8)(ethertype >> 8);
		memory[i][13] = (u8)ethertype;
		frame[i].bytes = memory[i];
		frame[i].len = 14 + (u32)sprintf((char *)memory[i] + 14, "frame %u", i);
		frame[i].room = frame[i].len + 20;
	}
}

struct doing {
	const char *name;
	u8 verdict;
	u32 dir;
	u32 batches;
	u32 sides;
};

static void note(struct unet_hook_batch *b, void *arg)
{
	struct doing *d = arg;
	u32 i;

	d->batches++;
	if (strlen(trail) < sizeof(trail) - 2)
		strcat(trail, d->name);
	assert_int_equal(b->dir, d->dir);
	for (i = 0; i < b->n; i++) {
		const struct unet_hook_headers *h = unet_hook_headers(b->pkt[i]);

		assert_int_equal(b->pkt[i]->flags, UNET_HOOK_FRAME);
		assert_int_equal(h->ethertype, OWN);
		assert_int_equal(h->payload, 14);
		assert_int_equal(h->proto, 0);
		assert_int_equal(h->local_port, 0);
		assert_memory_equal(b->pkt[i]->data + 14, "frame ", 6);
		b->pkt[i]->verdict = d->verdict;
	}
}

static void aside(struct unet_hook_batch *b, void *arg)
{
	struct doing *d = arg;

	d->sides += b->n;
	assert_memory_equal(b->pkt[0]->data + 14, "frame ", 6);
	assert_int_equal(unet_hook_room(b->pkt[0]), 20);
}

static struct unet_hook *hang(unet_hook_fn fn, void *arg, u32 dir, s32 priority)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .match = UNET_HOOK_ETHERTYPE, .ethertype = OWN,
		.dirs = dir, .priority = priority, .side = aside,
	};
	struct unet_hook *h = unet_hook_add(st, fn, arg, &o);

	assert_non_null(h);
	return h;
}

static void hooks_of_an_ethertype_see_its_frames_both_ways(void **state)
{
	struct doing rx[2] = { { "a", .dir = UNET_HOOK_RX }, { "b", .dir = UNET_HOOK_RX } };
	struct doing tx[2] = { { "a", .dir = UNET_HOOK_TX }, { "b", .dir = UNET_HOOK_TX } };
	u32 i;

	for (i = 0; i < 2; i++) {
		hang(note, &rx[i], UNET_HOOK_RX, (s32)i);
		hang(note, &tx[i], UNET_HOOK_TX, (s32)i);
	}
	make_frames(3, OWN);
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, 3), 3);
	assert_string_equal(trail, "ab");
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_TX, frame, 3), 3);
	assert_string_equal(trail, "abba");
	make_frames(FRAMES, OWN);
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, FRAMES), FRAMES);
	assert_int_equal(rx[0].batches, 1 + 4);
	for (i = 0; i < FRAMES; i++)
		assert_int_equal(frame[i].len, frame[i].room - 20);
}

static void never(struct unet_hook_batch *b, void *arg)
{
	fail();
}

static int never_asked(const struct unet_hook_pkt *p, void *arg)
{
	fail();
	return 1;
}

static void no_other_hook_does(void **state)
{
	static const struct unet_hook_opts others[] = {
		{ .match = 0 },
		{ .predicate = never_asked },
		{ .match = UNET_HOOK_PROTO },
		{ .match = UNET_HOOK_ETHERTYPE, .ethertype = 0x0800 },
		{ .match = UNET_HOOK_ETHERTYPE, .ethertype = 0x86dd },
		{ .match = UNET_HOOK_ETHERTYPE, .ethertype = OWN + 1 },
		{ .match = UNET_HOOK_ETHERTYPE | UNET_HOOK_PROTO, .ethertype = OWN,
		  .proto = IPPROTO_UDP },
	};
	struct doing d = { "a", .dir = UNET_HOOK_RX };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		struct unet_hook_opts o = others[i];

		o.size = sizeof(o);
		assert_non_null(unet_hook_add(st, never, NULL, &o));
	}
	hang(note, &d, UNET_HOOK_RX, 0);
	make_frames(2, OWN);
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, 2), 2);
	assert_int_equal(d.batches, 1);
	/* nor are frames that say to be IP */
	make_frames(2, 0x0800);
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_TX, frame, 2), 2);
	assert_int_equal(d.batches, 1);
}

static void they_see_no_packet_of_ip(void **state)
{
	struct unet_sock *s = unet_connect(st, "udp", "192.0.2.2:7", NULL);

	hang(never, NULL, UNET_HOOK_TX | UNET_HOOK_RX, 0);
	assert_int_equal(unet_send(s, "x", 1, 0), 1);
	unet_wire_run(w, unet_wire_now(w) + 10000);
}

static void every_verdict_is_good(void **state)
{
	static const u32 dirs[] = { UNET_HOOK_RX, UNET_HOOK_TX };
	u8 verdict;
	u32 i;

	for (i = 0; i < 2; i++) {
		for (verdict = 0; verdict < UNET_HOOK_VERDICTS; verdict++) {
			struct doing d = { "x", verdict, dirs[i] };
			struct unet_hook *h = hang(note, &d, dirs[i], 0);
			bool ends = verdict == UNET_HOOK_DROP ||
				    verdict == UNET_HOOK_CONSUME;

			make_frames(2, OWN);
			assert_int_equal(unet_hook_frames(st, dirs[i], frame, 2),
					 ends ? 0 : 2);
			assert_int_equal(!frame[0].len, ends);
			assert_int_equal(!frame[1].len, ends);
			assert_int_equal(d.sides, verdict == UNET_HOOK_CLONE ? 2 : 0);
			assert_int_equal(unet_hook_del(h), 0);
		}
	}
	assert_int_equal(st->counter[UNET_STAT_HOOK_DROPPED], 4);
}

/* Of three frames the first grows, the second ends, the third stays. */
static void change(struct unet_hook_batch *b, void *arg)
{
	static const char more[] = "one that is much longer";

	assert_int_equal(b->n, 3);
	assert_int_equal(unet_hook_room(b->pkt[0]), 20);
	assert_int_equal(unet_hook_splice(b->pkt[0], 14, 7, "a ", 2), 0);
	assert_int_equal(unet_hook_write(b->pkt[0], 0, "abcdef", 6), 0);
	assert_int_equal(unet_hook_splice(b->pkt[0], 16, 0, more, 23), 0);
	assert_int_equal(unet_hook_room(b->pkt[0]), 2);
	assert_int_equal(unet_hook_splice(b->pkt[0], 16, 0, more, 3), -EMSGSIZE);
	b->pkt[1]->verdict = UNET_HOOK_DROP;
}

static void frames_may_be_changed_and_grow_to_their_room(void **state)
{
	static const u32 dirs[] = { UNET_HOOK_RX, UNET_HOOK_TX };
	u32 i;

	hang(change, NULL, UNET_HOOK_TX | UNET_HOOK_RX, 0);
	for (i = 0; i < 2; i++) {
		make_frames(3, OWN);
		assert_int_equal(unet_hook_frames(st, dirs[i], frame, 3), 2);
		assert_int_equal(frame[0].len, frame[0].room - 2);
		assert_memory_equal(frame[0].bytes, "abcdef", 6);
		assert_memory_equal(memory[0] + 12,
				    "\x88\xb5" "a one that is much longer", 2 + 25);
		assert_int_equal(frame[1].len, 0);
		assert_memory_equal(memory[2] + 14, "frame 2", 7);
	}
}

/* What is tried with a frame so that it is one no more. */
static void break_it(struct unet_hook_batch *b, void *arg)
{
	const int *how = arg;
	struct unet_hook_pkt *p = b->pkt[0];

	if (*how == 0)
		unet_hook_write(p, 12, "\x08\x00", 2);
	else if (*how == 1)
		unet_hook_splice(p, 0, 12, NULL, 0);
	else
		unet_hook_splice(p, 4, p->total - 4, NULL, 0);
}

static void a_frame_stays_one_of_its_ethertype(void **state)
{
	int how;

	hang(break_it, &how, UNET_HOOK_RX, 0);
	for (how = 0; how < 3; how++) {
		make_frames(1, OWN);
		assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, 1), 0);
		assert_int_equal(frame[0].len, 0);
		assert_int_equal(st->counter[UNET_STAT_HOOK_REFUSED], how + 1);
	}
}

static u32 ended;

static void at_end(void *arg)
{
	ended++;
}

/* Takes a hook off, itself if there is no other. */
struct exit_deed {
	struct unet_hook *victim;
	u32 calls;
	u32 packets;
};

static void take_off(struct unet_hook_batch *b, void *arg)
{
	struct exit_deed *x = arg;

	x->calls++;
	x->packets += b->n;
	unet_hook_del_later(x->victim ? x->victim : b->hook);
	x->victim = NULL;
}

static struct unet_hook *hang_for_once(struct exit_deed *x, s32 priority)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .match = UNET_HOOK_ETHERTYPE, .ethertype = OWN,
		.dirs = UNET_HOOK_RX, .priority = priority, .destroy = at_end,
	};

	return unet_hook_add(st, take_off, x, &o);
}

static void what_took_itself_off_is_not_called_for_the_rest(void **state)
{
	struct exit_deed x = { NULL };

	ended = 0;
	hang_for_once(&x, 0);
	make_frames(FRAMES, OWN);
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, FRAMES), FRAMES);
	assert_int_equal(x.calls, 1);
	assert_int_equal(x.packets, UNET_HOOK_BATCH);
	assert_int_equal(unet_hook_list(st, NULL, 0), 0);
	unet_stack_run(st, 0);
	assert_int_equal(ended, 1);
}

/* It is met by this batch, takes itself off too, and wants another place. */
static void meddle(struct unet_hook_batch *b, void *arg)
{
	u32 *calls = arg;

	++*calls;
	assert_int_equal(unet_hook_prioritize(b->hook, 7), -ENOENT);
	assert_int_equal(unet_hook_modify(b->hook, NULL), -ENOENT);
	unet_hook_del_later(b->hook);
}

static void what_was_taken_off_may_be_so_once_more(void **state)
{
	struct exit_deed x = { NULL };
	struct doing d = { "-", .dir = UNET_HOOK_RX };
	u32 calls = 0;

	ended = 0;
	hang_for_once(&x, 0);
	x.victim = hang(meddle, &calls, UNET_HOOK_RX, 1);
	hang(note, &d, UNET_HOOK_RX, 2);
	make_frames(FRAMES, OWN);
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, FRAMES), FRAMES);
	assert_int_equal(calls, 1);
	assert_int_equal(x.calls, 2);
	assert_int_equal(d.batches, 4);
	unet_stack_run(st, 0);
	assert_int_equal(ended, 1);
	assert_int_equal(unet_hook_list(st, NULL, 0), 1);
}

static struct unet_held *kept;

static void keep(struct unet_hook_batch *b, void *arg)
{
	kept = unet_hook_keep(b->pkt[0]);
	assert_non_null(kept);
	b->pkt[0]->verdict = UNET_HOOK_CONSUME;
}

/* From its first byte on it is a packet that a socket here could send, too. */
static void a_kept_frame_is_not_put_among_packets(void **state)
{
	static const u32 dirs[] = { UNET_HOOK_RX, UNET_HOOK_TX };
	struct unet_hook_opts o = {
		.size = sizeof(o), .match = UNET_HOOK_ETHERTYPE, .ethertype = 192 << 8,
	};
	struct unet_connect_opts c = { .size = sizeof(c), .local = "192.0.2.1:9" };
	struct unet_hook_stats s = { .size = sizeof(s) };
	static u8 packet[FORGE_MAX];
	struct unet_hook *h;
	u32 i;

	frame[0].bytes = packet;
	frame[0].room = sizeof(packet);
	assert_non_null(unet_connect(st, "udp", "192.0.2.2:7", &c));
	h = unet_hook_add(st, keep, NULL, &o);
	assert_non_null(h);
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		frame[0].len = forge_udp(packet, "192.0.2.1", 9, "192.0.2.2", 7, "x", 1);
		assert_int_equal(unet_hook_frames(st, dirs[i], frame, 1), 0);
		assert_int_equal(unet_hook_inject_held(h, dirs[i], kept), -EINVAL);
	}
	unet_wire_run(w, unet_wire_now(w) + 10000);
	assert_int_equal(unet_hook_stats(h, &s), 0);
	assert_int_equal(s.refused, ARRAY_SIZE(dirs));
	assert_int_equal(st->counter[UNET_STAT_HOOK_INJECTED], 0);
}

static void pass_frames(struct unet_hook_batch *b, void *arg)
{
	int *err = arg;

	*err = unet_hook_frames(b->stack, UNET_HOOK_RX, frame, 1);
}

static void what_makes_no_sense_is_refused(void **state)
{
	int err = 0;

	make_frames(2, OWN);
	assert_int_equal(unet_hook_frames(st, 0, frame, 2), -EINVAL);
	assert_int_equal(unet_hook_frames(st, 3, frame, 2), -EINVAL);
	assert_non_null(strstr(unet_error_detail(), "dir 0x3"));
	frame[1].len = 13;
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, 2), -EINVAL);
	assert_non_null(strstr(unet_error_detail(), "frame 1: len 13"));
	frame[1].len = frame[1].room + 1;
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, 2), -EINVAL);
	frame[1].room = 70000;
	frame[1].len = 65536;
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, 2), -EINVAL);
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, 0), 0);
	/* without hooks they go on; from within one they do not */
	make_frames(2, OWN);
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, 2), 2);
	hang(pass_frames, &err, UNET_HOOK_RX, 0);
	assert_int_equal(unet_hook_frames(st, UNET_HOOK_RX, frame, 2), 2);
	assert_int_equal(err, -EDEADLK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hooks_of_an_ethertype_see_its_frames_both_ways),
		TEST(no_other_hook_does),
		TEST(they_see_no_packet_of_ip),
		TEST(every_verdict_is_good),
		TEST(frames_may_be_changed_and_grow_to_their_room),
		TEST(a_frame_stays_one_of_its_ethertype),
		TEST(what_took_itself_off_is_not_called_for_the_rest),
		TEST(what_was_taken_off_may_be_so_once_more),
		TEST(a_kept_frame_is_not_put_among_packets),
		TEST(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests_name("hook frame", tests, NULL, NULL);
}
