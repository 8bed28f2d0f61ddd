// SPDX-License-Identifier: MIT
/*
 * Description: an intermediary that dies, stops or is slow (R4.5, R4.8) costs what
 * its policy says, and nothing once it is taken out: kill -9, SIGSTOP and silence
 * with each policy; being slow is counted, and in the end ends the claim. Flows of low
 * latency have none, and no filter is passed by so.
 */
#include "effort.h"
#include "inter_bed.h"
#include "pin.h"

TEST_F(inter, dead_and_open_what_is_held_passes_before_what_comes)
{
	IN(.rights = OBSERVE);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 20));
	ASSERT_NE(0, shown(&self->m, 20));
	chan_close(&self->m);
	self->m.fd = -1;
	ASSERT_EQ(0, peer_sends(self->peer, 21, 20));
	EXPECT_EQ(40, owner_takes(&self->c, 1, 40, 1000));
	EXPECT_EQ(UNET_INTER_FAILED, inter_look(&self->nl, self->id).state);
	EXPECT_EQ(40, STAT(MISSED));
	/* The next one may take over. */
	ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));
	ASSERT_EQ(0, peer_sends(self->peer, 41, 1));
	EXPECT_NE(0, shown(&self->m, 1));
}

TEST_F(inter, dead_and_closed_nothing_passes_until_it_is_revoked)
{
	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 20));
	ASSERT_NE(0, shown(&self->m, 20));
	chan_close(&self->m);
	self->m.fd = -1;
	ASSERT_EQ(0, peer_sends(self->peer, 21, 20));
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 1));
	EXPECT_EQ(0, owner_takes(&self->c, 1, 1, 300));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(41, STAT(BLOCKED));
	EXPECT_EQ(40, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(1, nexus_counter("va", "tx_drop_inter"));
	ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	EXPECT_EQ(0, self->c.adv[self->adv].flags & UNET_ADV_INTERMEDIATED);
	ASSERT_EQ(0, peer_sends(self->peer, 50, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 50, 1, 2000));
}

TEST_F(inter, dead_and_open_after_a_time)
{
	uint64_t start;

	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_AFTER, .after_ms = 500);
	start = mono_ms();
	chan_close(&self->m);
	self->m.fd = -1;
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	if (mono_ms() < start + 400)
		EXPECT_EQ(0, owner_takes(&self->c, 1, 1, 100));
	usleep(700 * 1000);
	ASSERT_EQ(0, peer_sends(self->peer, 2, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 2, 1, 2000));
	EXPECT_EQ(1, STAT(BLOCKED));
	EXPECT_EQ(1, STAT(MISSED));
}

TEST_F(inter, held_for_too_long_it_passes)
{
	uint64_t token, start;

	IN(.rights = OBSERVE, .hold_ms = 100, .violations = -1);
	start = mono_ms();
	ASSERT_EQ(0, peer_sends(self->peer, 1, 5));
	token = shown(&self->m, 5);
	ASSERT_NE(0, token);
	EXPECT_EQ(5, owner_takes(&self->c, 1, 5, 2000));
	/* By the kernel's ticks, which come late and then at once where the host is busy. */
	EXPECT_LE(50, mono_ms() - start);
	EXPECT_EQ(5, STAT(HELD_TOO_LONG));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_STALE,
		  inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, STAT(TOKEN_STALE));
	EXPECT_EQ(0, owner_takes(&self->c, 1, 1, 100));
}

TEST_F(inter, held_for_too_long_and_closed_it_is_dropped)
{
	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED, .hold_ms = 50,
	   .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 5));
	ASSERT_NE(0, shown(&self->m, 5));
	EXPECT_EQ(0, owner_takes(&self->c, 1, 1, 500));
	EXPECT_EQ(5, STAT(HELD_TOO_LONG));
	EXPECT_EQ(5, STAT(BLOCKED));
}

TEST_F(inter, over_the_backlog_the_order_stays)
{
	uint64_t token;

	IN(.rights = OBSERVE, .backlog = 8,
	   .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 20));
	token = shown(&self->m, 8);
	ASSERT_NE(0, token);
	EXPECT_EQ(0, owner_takes(&self->c, 1, 1, 100));
	EXPECT_EQ(12, STAT(BACKLOG));
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 8));
	EXPECT_EQ(20, owner_takes(&self->c, 1, 20, 2000));
	EXPECT_EQ(12, STAT(MISSED));
}

/* What is open loses nothing, however much comes: it passes on, one for one. */
TEST_F(inter, over_the_backlog_an_open_one_loses_nothing)
{
	struct inter_seen s;
	uint64_t token;
	int gone;

	IN(.rights = OBSERVE, .backlog = 8, .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 100));
	token = shown(&self->m, 8);
	ASSERT_NE(0, token);
	/* Those held and twice as many behind them: no more wait. */
	gone = owner_takes(&self->c, 1, 100, 500);
	EXPECT_LE(100 - 3 * 8, gone);
	while (inter_accept_all(&self->m, 100) > 0)
		;
	EXPECT_EQ(100 - gone, owner_takes(&self->c, 1 + gone, 100 - gone, 2000));
	s = inter_look(&self->nl, self->id);
	EXPECT_EQ(0, s.stats[UNET_INTER_CNT_BLOCKED]);
	EXPECT_EQ(100, s.stats[UNET_INTER_CNT_MISSED] + s.stats[UNET_INTER_CNT_ACCEPTED]);
	EXPECT_EQ(0, s.held);
}

/* Nor does it lose what its predicate does not want, behind one that is held. */
TEST_F(inter, what_is_not_wanted_is_not_lost_behind_what_is)
{
	struct unet_pattern first = { .bytes = 1, .value = { 1 }, .mask = { 255 } };

	IN(.rights = OBSERVE, .backlog = 8, .violations = -1, .num_patterns = 1,
	   .pattern = { first });
	ASSERT_EQ(0, peer_sends(self->peer, 1, 100));
	ASSERT_NE(0, shown(&self->m, 1));
	EXPECT_EQ(100, owner_takes(&self->c, 1, 100, 2000));
	EXPECT_EQ(1, STAT(MISSED));
	EXPECT_EQ(0, STAT(BLOCKED));
}

/* One that is to let nothing pass for a time has fallen behind then: what it holds stays. */
TEST_F(inter, what_is_not_wanted_lets_nothing_pass_that_is)
{
	struct unet_pattern first = { .bytes = 1, .value = { 1 }, .mask = { 255 } };
	uint64_t token;

	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_AFTER, .after_ms = 60000,
	   .backlog = 8, .violations = -1, .num_patterns = 1, .pattern = { first });
	ASSERT_EQ(0, peer_sends(self->peer, 1, 100));
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	EXPECT_EQ(0, owner_takes(&self->c, 1, 1, 100));
	EXPECT_EQ(0, STAT(MISSED));
	EXPECT_EQ(100 - 1 - 2 * 8, STAT(BLOCKED));
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1 + 2 * 8, owner_takes(&self->c, 1, 1 + 2 * 8, 2000));
}

TEST_F(inter, over_the_backlog_a_closed_one_lets_nothing_pass)
{
	uint64_t token;

	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED, .backlog = 8,
	   .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 100));
	token = shown(&self->m, 8);
	ASSERT_NE(0, token);
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 8));
	EXPECT_EQ(8, owner_takes(&self->c, 1, 8, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 100));
	EXPECT_EQ(92, STAT(BLOCKED));
}

/* Packets that lanes of the whole kernel keep, -1: not told. */
static int live_held(void)
{
	struct live now = live_now();
	const char *s = strstr(now.text, "held=");
	int n = -1;

	if (s)
		sscanf(s, "held=%d", &n);
	return n;
}

/* What is lost does not wait until those before it have gone: they may take long. */
TEST_F(inter, what_a_closed_one_drops_takes_no_memory)
{
	int many = effort(5000);

	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED, .backlog = 8,
	   .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, many));
	ASSERT_NE(0, shown(&self->m, 8));
	EXPECT_LE(0, live_held());
	EXPECT_GE(3 * 8, live_held());
	EXPECT_LE((uint64_t)many - 3 * 8, STAT(BLOCKED));
	EXPECT_EQ(STAT(BLOCKED), nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
}

/* Nor does it take the room of what is injected. */
TEST_F(inter, what_a_closed_one_drops_is_no_backlog)
{
	uint64_t token;

	IN(.rights = OBSERVE | UNET_INTER_INJECT, .backlog = 1,
	   .policy = UNET_INTER_FAIL_CLOSED, .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, peer_sends(self->peer, 2, 20));
	EXPECT_EQ(20, STAT(BLOCKED));
	EXPECT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_INJECT, 28, 32));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
}

/* Slow is not gone: for so long nothing passes, and then it does. */
TEST_F(inter, over_the_backlog_a_closed_one_opens_after_its_time)
{
	uint64_t token;

	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_AFTER, .after_ms = 1500,
	   .backlog = 8, .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 20));
	token = shown(&self->m, 8);
	ASSERT_NE(0, token);
	EXPECT_EQ(12, STAT(BLOCKED));
	usleep(1600 * 1000);
	ASSERT_EQ(0, peer_sends(self->peer, 21, 2));
	EXPECT_EQ(12, STAT(BLOCKED));
	EXPECT_EQ(2, STAT(MISSED));
	/* With an answer it is there again, and time begins anew. */
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 8));
	EXPECT_EQ(36 + 21 + 22, sum_taken(&self->c, 10));
	ASSERT_EQ(0, peer_sends(self->peer, 23, 10));
	EXPECT_EQ(14, STAT(BLOCKED));
}

/* ---- the backlog in bytes ---- */

#define HEADER	28	/* bytes of IPv4 and UDP */
#define LIMIT	65536u	/* the least that can be granted */
#define LARGE	1400u	/* bytes of payload */
#define FIT	(LIMIT / (HEADER + LARGE))
#define SOME	60u	/* more than fit, and less than fit twice */

/* Numbered datagrams with @bytes of payload from the peer. */
static int peer_sends_large(int fd, uint32_t from, uint32_t n, uint32_t bytes)
{
	uint8_t data[LARGE] = { 0 };
	uint32_t i;

	/* veth hands a packet to the queue of the CPU that sends: who moves overtakes himself. */
	run_on(0);
	for (i = from; i < from + n; i++) {
		memcpy(data, &i, sizeof(i));
		if (send_to(fd, OUR_V4, PORT, data, bytes))
			return -1;
	}
	return 0;
}

/* A counter of the grant's reaches @n: what was sent may be on its way. */
static bool comes_to(struct nl *nl, uint32_t id, int which, uint64_t n)
{
	uint64_t end = mono_ms() + 10000;

	while (inter_stat(nl, id, which) < n && mono_ms() < end)
		usleep(1000);
	return inter_stat(nl, id, which) == n;
}

TEST_F(inter, over_the_bytes_of_the_backlog_the_order_stays)
{
	uint64_t token;

	ASSERT_EQ(0, peer_room(self->peer, 8 << 20));
	IN(.rights = OBSERVE, .backlog = 256, .backlog_bytes = LIMIT, .violations = -1);
	EXPECT_EQ(LIMIT, self->o.backlog_bytes);
	ASSERT_EQ(0, peer_sends_large(self->peer, 1, SOME, LARGE));
	ASSERT_TRUE(inter_comes_to_hold(&self->nl, self->id, SOME));
	EXPECT_EQ(FIT, STAT(PACKETS));
	EXPECT_EQ(FIT * (HEADER + LARGE), STAT(BYTES));
	EXPECT_EQ(SOME - FIT, STAT(BACKLOG));
	EXPECT_EQ(SOME - FIT, STAT(MISSED));
	EXPECT_EQ(0, STAT(BLOCKED));
	token = shown(&self->m, FIT);
	ASSERT_NE(0, token);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, FIT));
	EXPECT_EQ(SOME, owner_takes(&self->c, 1, SOME, 2000));
	EXPECT_EQ(FIT, STAT(ACCEPTED));
}

/* What is one byte too large is not shown, what fits just so is, though it comes later. */
TEST_F(inter, the_backlog_is_full_to_the_byte)
{
	uint32_t left = LIMIT - FIT * (HEADER + LARGE);
	uint64_t token;

	ASSERT_EQ(0, peer_room(self->peer, 8 << 20));
	IN(.rights = OBSERVE, .backlog = 256, .backlog_bytes = LIMIT, .violations = -1);
	ASSERT_EQ(0, peer_sends_large(self->peer, 1, FIT, LARGE));
	ASSERT_EQ(0, peer_sends_large(self->peer, FIT + 1, 1, left - HEADER + 1));
	ASSERT_EQ(0, peer_sends_large(self->peer, FIT + 2, 1, left - HEADER));
	ASSERT_TRUE(inter_comes_to_hold(&self->nl, self->id, FIT + 2));
	EXPECT_EQ(LIMIT, STAT(BYTES));
	EXPECT_EQ(1, STAT(BACKLOG));
	token = shown(&self->m, FIT + 1);
	ASSERT_NE(0, token);
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, FIT + 1));
	EXPECT_EQ(FIT + 2, owner_takes(&self->c, 1, FIT + 2, 2000));
}

TEST_F(inter, over_the_bytes_of_the_backlog_a_closed_one_lets_nothing_pass)
{
	uint64_t token;

	ASSERT_EQ(0, peer_room(self->peer, 8 << 20));
	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED, .backlog = 256,
	   .backlog_bytes = LIMIT, .violations = -1);
	ASSERT_EQ(0, peer_sends_large(self->peer, 1, SOME, LARGE));
	ASSERT_TRUE(comes_to(&self->nl, self->id, UNET_INTER_CNT_BLOCKED, SOME - FIT));
	EXPECT_EQ(FIT, inter_look(&self->nl, self->id).held);
	token = shown(&self->m, FIT);
	ASSERT_NE(0, token);
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, FIT));
	EXPECT_EQ(FIT, owner_takes(&self->c, 1, FIT, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 100));
	EXPECT_EQ(SOME - FIT, STAT(BACKLOG));
	EXPECT_EQ(SOME - FIT, STAT(BLOCKED));
	EXPECT_EQ(SOME - FIT, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(0, STAT(MISSED));
}

/* Of those behind, which it does not want, so many wait that they come to the limit. */
TEST_F(inter, what_waits_unseen_is_bounded_in_bytes_too)
{
	struct unet_pattern first = { .bytes = 1, .value = { 1 }, .mask = { 255 } };
	uint32_t wait = FIT + 1;
	uint64_t token;

	ASSERT_EQ(0, peer_room(self->peer, 8 << 20));
	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED, .backlog = 256,
	   .backlog_bytes = LIMIT, .violations = -1, .num_patterns = 1,
	   .pattern = { first });
	ASSERT_EQ(0, peer_sends_large(self->peer, 1, SOME, LARGE));
	ASSERT_TRUE(comes_to(&self->nl, self->id, UNET_INTER_CNT_BLOCKED, SOME - 1 - wait));
	EXPECT_EQ(1 + wait, inter_look(&self->nl, self->id).held);
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1 + wait, owner_takes(&self->c, 1, 1 + wait, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 100));
	EXPECT_EQ(SOME - 1 - wait, STAT(BLOCKED));
	EXPECT_EQ(0, STAT(BACKLOG));
}

/* ---- killed, stopped, revoked ---- */

TEST_F(inter, killed_in_the_midst)
{
	struct grant g = { .rights = OBSERVE | UNET_INTER_DELAY,
			   .hold_ms = 10000 };
	pid_t pid;
	int i;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	for (i = 0; i < 10; i++) {
		pid = inter_process(self->id);
		ASSERT_GT(pid, 0) TH_LOG("round %d", i);
		ASSERT_EQ(0, peer_sends(self->peer, 200 * i, 100));
		kill(pid, SIGKILL);
		ASSERT_EQ(0, peer_sends(self->peer, 200 * i + 100, 100));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		ASSERT_EQ(200, owner_takes(&self->c, 200 * i, 200, 1000))
			TH_LOG("round %d", i);
	}
}

TEST_F(inter, stopped_the_hold_limit_acts)
{
	struct grant g = { .rights = OBSERVE, .hold_ms = 50, .violations = -1 };
	pid_t pid;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	pid = inter_process(self->id);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, peer_sends(self->peer, 0, 10));
	ASSERT_EQ(10, owner_takes(&self->c, 0, 10, 2000));
	kill(pid, SIGSTOP);
	usleep(20 * 1000);
	ASSERT_EQ(0, peer_sends(self->peer, 10, 10));
	EXPECT_EQ(10, owner_takes(&self->c, 10, 10, 2000));
	EXPECT_EQ(10, STAT(HELD_TOO_LONG));
	kill(pid, SIGCONT);
	usleep(100 * 1000);
	ASSERT_EQ(0, peer_sends(self->peer, 20, 10));
	EXPECT_EQ(10, owner_takes(&self->c, 20, 10, 2000));
	EXPECT_EQ(10, STAT(HELD_TOO_LONG));
	EXPECT_EQ(20, STAT(ACCEPTED));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_F(inter, revoked_what_is_held_passes_in_order)
{
	uint32_t reason = 0;

	IN(.rights = OBSERVE);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 10));
	ASSERT_NE(0, shown(&self->m, 10));
	ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->m, &reason));
	EXPECT_EQ(UNET_POISON_INTER_REVOKED, reason);
	ASSERT_EQ(0, peer_sends(self->peer, 11, 10));
	EXPECT_EQ(20, owner_takes(&self->c, 1, 20, 2000));
	EXPECT_EQ(-ENOENT, inter_revoke(&self->nl, self->id));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).found);
}

TEST_F(inter, the_owner_goes_with_packets_held)
{
	IN(.rights = OBSERVE);
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 7));
	ASSERT_EQ(0, peer_sends(self->peer, 1, 3));
	usleep(50 * 1000);
	chan_close(&self->c);
	EXPECT_EQ(3, nexus_counter("va", "rx_drop_dead"));
	EXPECT_EQ(1, inter_look(&self->nl, self->id).held);
	/* What was sent is not lost with its sender. */
	EXPECT_TRUE(peer_has_nothing(self->peer));
	while (chan_rx_peek(&self->m, 100)) {
		const struct unet_rx_slot *s = chan_rx_peek(&self->m, 0);

		inter_verdict(&self->m, s->tag, UNET_VERDICT_ACCEPT, s->packets);
		chan_rx_next(&self->m);
	}
	EXPECT_EQ(0, peer_takes(self->peer, 7, 1));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
}

TEST_F(inter, the_nexus_goes_with_packets_held)
{
	IN(.rights = OBSERVE);
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 7));
	ASSERT_EQ(0, peer_sends(self->peer, 1, 3));
	usleep(50 * 1000);
	ASSERT_EQ(0, nexus_detach("va"));
	EXPECT_NE(UNET_CHANNEL_LIVE, chan_state(&self->m, NULL));
	EXPECT_EQ(UNET_CHANNEL_DETACHED, chan_state(&self->c, NULL));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).found);
	ASSERT_EQ(0, nexus_attach("va"));
}

/* ---- kill -9 and SIGSTOP, by policy ---- */

/*
 * A process in the flow that has answered its first packets; -1: none. @after_ms is
 * for UNET_INTER_FAIL_AFTER.
 */
static pid_t serving_until(struct _test_data_inter *b, uint32_t policy,
			   uint32_t after_ms, uint32_t hold_ms)
{
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_DELAY, .policy = policy,
		.after_ms = policy == UNET_INTER_FAIL_AFTER ? after_ms : 0,
		.hold_ms = hold_ms, .violations = -1,
	};
	pid_t pid;

	if (inter_grant(&b->nl, &g, &b->id))
		return -1;
	pid = inter_process(b->id);
	if (pid > 0 && (peer_sends(b->peer, 0, 10) ||
			owner_takes(&b->c, 0, 10, 5000) != 10))
		pid = -1;
	return pid;
}

static pid_t serving(struct _test_data_inter *b, uint32_t policy, uint32_t hold_ms)
{
	return serving_until(b, policy, 1500, hold_ms);
}

TEST_F(inter, killed_and_closed_nothing_passes_until_another_serves)
{
	pid_t pid = serving(self, UNET_INTER_FAIL_CLOSED, 5000);

	ASSERT_GT(pid, 0);
	kill(pid, SIGSTOP);
	ASSERT_EQ(0, peer_sends(self->peer, 10, 10));
	usleep(50 * 1000);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_EQ(0, peer_sends(self->peer, 20, 10));
	EXPECT_EQ(0, owner_takes(&self->c, 10, 1, 300));
	EXPECT_EQ(UNET_INTER_FAILED, inter_look(&self->nl, self->id).state);
	EXPECT_EQ(20, STAT(BLOCKED));
	EXPECT_EQ(0, STAT(MISSED));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
	pid = inter_process(self->id);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, peer_sends(self->peer, 30, 10));
	EXPECT_EQ(10, owner_takes(&self->c, 30, 10, 5000));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_F(inter, killed_and_open_after_a_time)
{
	pid_t pid = serving(self, UNET_INTER_FAIL_AFTER, 5000);
	uint64_t start;

	ASSERT_GT(pid, 0);
	kill(pid, SIGKILL);
	start = mono_ms();
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_EQ(0, peer_sends(self->peer, 10, 10));
	EXPECT_EQ(0, owner_takes(&self->c, 10, 1, 100));
	EXPECT_GT(1500, mono_ms() - start) TH_LOG("too slow a machine to tell");
	EXPECT_EQ(10, STAT(BLOCKED));
	while (mono_ms() < start + 1700)
		usleep(10 * 1000);
	ASSERT_EQ(0, peer_sends(self->peer, 20, 10));
	EXPECT_EQ(10, owner_takes(&self->c, 20, 10, 2000));
	EXPECT_EQ(10, STAT(MISSED));
}

TEST_F(inter, stopped_and_closed_what_waits_for_too_long_is_dropped)
{
	pid_t pid = serving(self, UNET_INTER_FAIL_CLOSED, 300);

	ASSERT_GT(pid, 0);
	kill(pid, SIGSTOP);
	ASSERT_EQ(0, peer_sends(self->peer, 10, 10));
	EXPECT_EQ(0, owner_takes(&self->c, 10, 1, 700));
	EXPECT_EQ(10, STAT(HELD_TOO_LONG));
	EXPECT_EQ(10, STAT(BLOCKED));
	/* It comes too late with those, and is in time again with the next. */
	kill(pid, SIGCONT);
	usleep(100 * 1000);
	ASSERT_EQ(0, peer_sends(self->peer, 20, 10));
	EXPECT_EQ(10, owner_takes(&self->c, 20, 10, 5000));
	EXPECT_EQ(10, STAT(BLOCKED));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_F(inter, stopped_and_open_after_a_time)
{
	pid_t pid = serving(self, UNET_INTER_FAIL_AFTER, 200);
	uint32_t n, got = 0;

	ASSERT_GT(pid, 0);
	kill(pid, SIGSTOP);
	for (n = 0; n < 8; n++) {
		ASSERT_EQ(0, peer_sends(self->peer, 10 + n, 1));
		usleep(400 * 1000);
	}
	/* The first were dropped, the last passed: none of those before it are owed. */
	got = STAT(MISSED);
	EXPECT_LE(2, got);
	EXPECT_LE(2, STAT(BLOCKED));
	EXPECT_EQ(8, got + STAT(BLOCKED));
	EXPECT_EQ((int)got, owner_takes(&self->c, 18 - got, 8, 300));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* ---- and of what goes out ---- */

/* Numbered datagrams from the owner. */
static int owner_sends_some(struct _test_data_inter *b, uint32_t from, uint32_t n)
{
	uint32_t i;

	for (i = from; i < from + n; i++)
		if (owner_sends(&b->c, b->flow, i))
			return -1;
	return 0;
}

/* Return: 0: it does no more. */
static int stop(pid_t pid)
{
	return pid <= 0 || kill(pid, SIGSTOP) ||
	       waitpid(pid, NULL, WUNTRACED) != pid ? -1 : 0;
}

/* Ten that are sent while it is stopped, ten when it is dead. Return: 0. */
static int killed_between(struct _test_data_inter *b, pid_t pid)
{
	if (stop(pid) || owner_sends_some(b, 10, 10))
		return -1;
	if (inter_look(&b->nl, b->id).held != 10)
		return -2;
	if (kill(pid, SIGKILL) || waitpid(pid, NULL, 0) != pid)
		return -3;
	return owner_sends_some(b, 20, 10);
}

/* Ten that are sent while it is stopped, and held for as long as that may be. */
static int stopped_for_too_long(struct _test_data_inter *b, pid_t pid)
{
	uint64_t end = mono_ms() + 30000;

	if (stop(pid) || owner_sends_some(b, 10, 10))
		return -1;
	while (inter_stat(&b->nl, b->id, UNET_INTER_CNT_HELD_TOO_LONG) != 10)
		if (mono_ms() > end || usleep(10 * 1000))
			return -2;
	/* Decided on, and a moment later gone. */
	return inter_holds_nothing(&b->nl, b->id) ? 0 : -3;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_F(inter, killed_and_open_what_was_sent_leaves_in_order)
{
	pid_t pid = serving(self, UNET_INTER_FAIL_OPEN, 10000);

	ASSERT_EQ(0, killed_between(self, pid));
	EXPECT_EQ(0, peer_takes(self->peer, 10, 20));
	EXPECT_EQ(20, STAT(MISSED));
	EXPECT_EQ(0, STAT(BLOCKED));
	EXPECT_EQ(0, nexus_counter("va", "tx_drop_inter"));
}

TEST_F(inter, killed_and_closed_nothing_leaves_until_another_serves)
{
	pid_t pid = serving(self, UNET_INTER_FAIL_CLOSED, 10000);

	ASSERT_EQ(0, killed_between(self, pid));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(UNET_INTER_FAILED, inter_look(&self->nl, self->id).state);
	EXPECT_EQ(20, STAT(BLOCKED));
	EXPECT_EQ(20, nexus_counter("va", "tx_drop_inter"));
	EXPECT_EQ(0, STAT(MISSED));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
	pid = inter_process(self->id);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, owner_sends_some(self, 30, 10));
	EXPECT_EQ(0, peer_takes(self->peer, 30, 10));
	EXPECT_EQ(20, STAT(BLOCKED));
	end(pid);
}

TEST_F(inter, killed_and_before_its_time_nothing_leaves)
{
	pid_t pid = serving_until(self, UNET_INTER_FAIL_AFTER, 60000, 10000);

	ASSERT_EQ(0, killed_between(self, pid));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(20, STAT(BLOCKED));
	EXPECT_EQ(20, nexus_counter("va", "tx_drop_inter"));
	EXPECT_EQ(0, STAT(MISSED));
}

TEST_F(inter, killed_and_after_its_time_all_leaves)
{
	pid_t pid = serving_until(self, UNET_INTER_FAIL_AFTER, 200, 10000);

	ASSERT_GT(pid, 0);
	end(pid);
	usleep(300 * 1000);
	ASSERT_EQ(0, owner_sends_some(self, 20, 10));
	EXPECT_EQ(0, peer_takes(self->peer, 20, 10));
	EXPECT_EQ(10, STAT(MISSED));
	EXPECT_EQ(0, STAT(BLOCKED));
}

TEST_F(inter, stopped_and_open_what_was_sent_leaves_when_held_for_too_long)
{
	pid_t pid = serving(self, UNET_INTER_FAIL_OPEN, 2000);

	ASSERT_EQ(0, stopped_for_too_long(self, pid));
	EXPECT_EQ(0, peer_takes(self->peer, 10, 10));
	EXPECT_EQ(0, STAT(BLOCKED));
	EXPECT_EQ(UNET_INTER_SERVING, inter_look(&self->nl, self->id).state);
	end(pid);
}

TEST_F(inter, stopped_and_closed_what_was_sent_is_dropped_when_held_for_too_long)
{
	pid_t pid = serving(self, UNET_INTER_FAIL_CLOSED, 2000);

	ASSERT_EQ(0, stopped_for_too_long(self, pid));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(10, STAT(BLOCKED));
	EXPECT_EQ(10, nexus_counter("va", "tx_drop_inter"));
	EXPECT_EQ(UNET_INTER_SERVING, inter_look(&self->nl, self->id).state);
	end(pid);
}

TEST_F(inter, stopped_and_before_its_time_what_was_sent_is_dropped)
{
	pid_t pid = serving_until(self, UNET_INTER_FAIL_AFTER, 60000, 2000);

	ASSERT_EQ(0, stopped_for_too_long(self, pid));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(10, STAT(BLOCKED));
	EXPECT_EQ(10, nexus_counter("va", "tx_drop_inter"));
	end(pid);
}

/* Its time begins with the first that it did not answer. */
TEST_F(inter, stopped_and_after_its_time_what_is_sent_leaves)
{
	pid_t pid = serving_until(self, UNET_INTER_FAIL_AFTER, 200, 2000);

	ASSERT_EQ(0, stopped_for_too_long(self, pid));
	EXPECT_EQ(10, STAT(BLOCKED));
	usleep(300 * 1000);
	ASSERT_EQ(0, owner_sends_some(self, 20, 10));
	EXPECT_EQ(0, peer_takes(self->peer, 20, 10));
	EXPECT_EQ(10, STAT(MISSED));
	EXPECT_EQ(10, nexus_counter("va", "tx_drop_inter"));
	end(pid);
}

/* Of twenty that are sent over a backlog of eight, by who lets nothing pass now. */
static void only_eight_leave(struct __test_metadata *_metadata,
			     struct _test_data_inter *self)
{
	uint64_t token;

	ASSERT_EQ(0, owner_sends_some(self, 1, 20));
	EXPECT_EQ(12, STAT(BACKLOG));
	EXPECT_EQ(12, STAT(BLOCKED));
	EXPECT_EQ(12, nexus_counter("va", "tx_drop_inter"));
	token = shown(&self->m, 8);
	ASSERT_NE(0, token);
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 8));
	EXPECT_EQ(0, peer_takes(self->peer, 1, 8));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(0, STAT(MISSED));
}

TEST_F(inter, over_the_backlog_a_closed_one_lets_nothing_leave)
{
	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED, .backlog = 8,
	   .violations = -1);
	only_eight_leave(_metadata, self);
}

TEST_F(inter, over_the_backlog_nothing_leaves_before_its_time)
{
	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_AFTER, .after_ms = 60000,
	   .backlog = 8, .violations = -1);
	only_eight_leave(_metadata, self);
}

/* Its time begins with the ninth, whose turn never comes. */
TEST_F(inter, over_the_backlog_what_is_sent_leaves_after_its_time)
{
	uint64_t token;

	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_AFTER, .after_ms = 200,
	   .backlog = 8, .violations = -1);
	ASSERT_EQ(0, owner_sends_some(self, 1, 9));
	EXPECT_EQ(1, STAT(BLOCKED));
	usleep(300 * 1000);
	ASSERT_EQ(0, owner_sends_some(self, 10, 12));
	EXPECT_EQ(1, STAT(BLOCKED));
	EXPECT_EQ(12, STAT(MISSED));
	token = shown(&self->m, 8);
	ASSERT_NE(0, token);
	/* They wait behind those that are held. */
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 8));
	EXPECT_EQ(0, peer_takes(self->peer, 1, 8));
	EXPECT_EQ(0, peer_takes(self->peer, 10, 12));
	EXPECT_EQ(13, STAT(BACKLOG));
	EXPECT_EQ(1, nexus_counter("va", "tx_drop_inter"));
}

/* ---- being slow ---- */

/* One that holds 20 packets up is slow once, not 20 times. */
TEST_F(inter, a_stall_is_one_violation)
{
	uint64_t token;

	IN(.rights = OBSERVE, .hold_ms = 100, .violations = 3);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 20));
	token = shown(&self->m, 20);
	ASSERT_NE(0, token);
	EXPECT_EQ(20, owner_takes(&self->c, 1, 20, 2000));
	EXPECT_EQ(20, STAT(HELD_TOO_LONG));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_STALE,
		  inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 20));
	EXPECT_EQ(20, STAT(TOKEN_STALE));
	EXPECT_EQ(UNET_INTER_SERVING, inter_look(&self->nl, self->id).state);
}

TEST_F(inter, always_slow_it_ends)
{
	uint32_t reason = 0, n;

	IN(.rights = OBSERVE, .hold_ms = 100, .violations = 3);
	for (n = 0; n < 5; n++) {
		ASSERT_EQ(0, peer_sends(self->peer, n, 1));
		ASSERT_EQ(1, owner_takes(&self->c, n, 1, 2000));
		usleep(100 * 1000);
	}
	EXPECT_EQ(3, STAT(HELD_TOO_LONG));
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->m, &reason));
	EXPECT_EQ(UNET_POISON_INTER_ABUSE, reason);
	EXPECT_EQ(UNET_INTER_BARRED, inter_look(&self->nl, self->id).state);
}

/* ---- flows of low latency ---- */

static int low_latency_flow(struct chan *c, int port, uint32_t *flow)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, port,
					  NULL, 0);
	int err;

	r.meta.flags = UNET_META_LOW_LATENCY;
	err = chan_flow_add(c, &r);
	*flow = r.flow;
	return err;
}

TEST_F(inter, a_flow_of_low_latency_has_none)
{
	uint32_t flow, n = 5;

	IN(.rights = OBSERVE);
	ASSERT_EQ(0, low_latency_flow(&self->c, PORT + 3, &flow));
	EXPECT_EQ(1, inter_look(&self->nl, self->id).flows);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 3, &n, 4));
	EXPECT_EQ(1, owner_takes(&self->c, 5, 1, 2000));
	EXPECT_EQ(0, STAT(PACKETS));
}

TEST_F(inter, no_filter_is_passed_by)
{
	struct grant g = { .rights = OBSERVE, .proto = IPPROTO_UDP,
			   .policy = UNET_INTER_FAIL_CLOSED,
			   .local_port = PORT + 3 };
	uint32_t flow;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	EXPECT_EQ(-EPERM, low_latency_flow(&self->c, PORT + 3, &flow));
	EXPECT_EQ(0, low_latency_flow(&self->c, PORT + 4, &flow));
	ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	EXPECT_EQ(0, low_latency_flow(&self->c, PORT + 3, &flow));
}

TEST_F(inter, whose_flow_it_is_does_not_change)
{
	struct unet_flow_set set = { .size = sizeof(set), .flow = self->flow };
	uint32_t flow;

	set.meta.flags = UNET_META_LOW_LATENCY;
	EXPECT_EQ(-EINVAL, chan_ioctl(self->c.fd, UNET_IOC_FLOW_SET, &set));
	ASSERT_EQ(0, low_latency_flow(&self->c, PORT + 3, &flow));
	set.flow = flow;
	EXPECT_EQ(0, chan_ioctl(self->c.fd, UNET_IOC_FLOW_SET, &set));
	set.meta.flags = UNET_META_NO_BATCH;
	EXPECT_EQ(-EINVAL, chan_ioctl(self->c.fd, UNET_IOC_FLOW_SET, &set));
}

TEST_F(inter, each_packet_of_low_latency_is_a_batch)
{
	uint32_t flow, i;

	ASSERT_EQ(0, low_latency_flow(&self->c, PORT + 3, &flow));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 3, &i, 4));
	for (i = 0; i < 10; i++) {
		const struct unet_rx_slot *s = chan_rx_peek(&self->c, 2000);

		ASSERT_NE(NULL, s);
		EXPECT_EQ(1, s->packets);
		chan_rx_next(&self->c);
	}
}

TEST_HARNESS_MAIN
