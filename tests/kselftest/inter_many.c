// SPDX-License-Identifier: MIT
/*
 * Description: many packets in an intermediary's hands (R4.5, R4.8). More than go on in
 * one go leave whole and in order when it is killed or revoked, either way; what was
 * answered out of turn counts until those before it have gone, and in bytes as it is
 * now; who holds one packet for long is shown all others. What is held of sends is the
 * sender's to pay for.
 */
/* libs: -lpthread */
#include "cgroup.h"
#include "effort.h"
#include "inter_bed.h"
#include "tos.h"

#include <pthread.h>

#define HEADER	28	/* bytes of IPv4 and UDP */

/* ---- whole and in order ---- */

#define BACKLOG	8192u
#define OUT	20000u	/* more than 16384, and less than three times the backlog */
#define IN_ALL	1000u
#define AT_ONCE	100u

#define ROOM	(64 << 20)

static const struct unet_params large = { .rx_slots = BACKLOG, .rx_small = 2 * BACKLOG };

#define IN_MANY(most)							\
do {									\
	struct grant g = { .rights = OBSERVE | UNET_INTER_DELAY,	\
			   .hold_ms = 10000, .backlog = most,		\
			   .violations = -1 };				\
									\
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));		\
	ASSERT_EQ(0, inter_open_with(&self->m, self->id, &large, &self->o)); \
} while (0)

static void put_number(struct chan *c, uint32_t flow, uint32_t number, uint32_t at)
{
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = PORT, .dport = RPORT,
		.data = &number, .bytes = sizeof(number),
	};
	struct unet_tx_slot slot = {
		.flow = flow, .cookie = number, .header_len = HEADER, .extents = 1,
		.extent = { { at, HEADER + sizeof(number) } },
	};

	build_packet((uint8_t *)c->tx_mem + at, &p);
	chan_tx_slot(c, &slot);
}

/* Numbers from @first on. Return: those that were taken. */
static uint32_t owner_sends_many(struct chan *c, uint32_t flow, uint32_t first,
				 uint32_t many)
{
	const struct unet_done *d;
	uint32_t n = 0, i;

	while (n < many) {
		for (i = 0; i < AT_ONCE; i++)
			put_number(c, flow, first + n + i, i * 64);
		if (chan_sync(c, UNET_SYNC_TX))
			return n;
		for (i = 0; i < AT_ONCE; i++, n++) {
			d = chan_done(c, 2000);
			if (!d || d->status)
				return n;
		}
	}
	return n;
}

/* Return: packets of ours that the device was given as 1, 2, ... */
static uint32_t tapped(int tap, uint32_t many)
{
	uint32_t number, n = 0;
	uint8_t p[128];

	while (n < many && recv(tap, p, sizeof(p), 0) > 0) {
		if (p[0] != 0x45 || p[9] != IPPROTO_UDP)
			continue;
		memcpy(&number, p + HEADER, sizeof(number));
		if (number != n + 1)
			break;
		n++;
	}
	return n;
}

/* Two processors may be on their way to it: each once, in whatever order. */
static bool peer_takes_all(int fd, uint32_t many)
{
	uint64_t sum = 0;
	uint32_t number, n;

	for (n = 0; n < many && recv(fd, &number, sizeof(number), 0) == 4; n++)
		sum += number;
	return n == many && sum == (uint64_t)many * (many + 1) / 2 &&
	       peer_has_nothing(fd);
}

/* A kernel full of checkers does not send so many in the time they may be held. */
TEST_F_TIMEOUT(inter, all_that_went_out_leaves_when_it_is_killed, 120)
{
	uint32_t out = getenv("UNET_SLOW") ? OUT / 10 : OUT;
	int tap;

	ASSERT_EQ(0, peer_room(self->peer, ROOM));
	IN_MANY(BACKLOG);
	tap = tos_tap();
	ASSERT_LE(0, tap);
	ASSERT_EQ(0, peer_room(tap, ROOM));
	ASSERT_EQ(out, owner_sends_many(&self->c, self->flow, 1, out));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(out, inter_look(&self->nl, self->id).held);
	chan_close(&self->m);
	EXPECT_EQ(out, tapped(tap, out));
	EXPECT_TRUE(peer_takes_all(self->peer, out));
	EXPECT_EQ(out, STAT(MISSED));
	EXPECT_EQ(0, nexus_counter("va", "tx_drop_device"));
	EXPECT_EQ(0, STAT(BLOCKED));
	close(tap);
}

struct sending {
	struct chan *c;
	uint32_t flow;
	uint32_t first;
	uint32_t many;
	uint32_t taken;
};

static void *go_on_sending(void *arg)
{
	struct sending *s = arg;

	s->taken = owner_sends_many(s->c, s->flow, s->first, s->many);
	return NULL;
}

#define TAPS	8	/* each makes the device slower */

/* What is sent last waits behind what was held, on another processor's way out. */
TEST_F_TIMEOUT(inter, what_is_sent_while_it_is_revoked_leaves_in_order, 120)
{
	uint32_t many = getenv("UNET_SLOW") ? 400 : 4000;
	struct sending s = { &self->c, self->flow, many / 2 + 1, many / 2, 0 };
	int tap[TAPS], i, round, rounds = effort(50);
	pthread_t thread;

	ASSERT_EQ(0, peer_room(self->peer, ROOM));
	for (round = 0; round < rounds; round++) {
		IN_MANY(BACKLOG);
		for (i = 0; i < TAPS; i++) {
			tap[i] = tos_tap();
			ASSERT_LE(0, tap[i]);
			ASSERT_EQ(0, peer_room(tap[i], ROOM));
		}
		ASSERT_EQ(many / 2, owner_sends_many(&self->c, self->flow, 1, many / 2));
		ASSERT_EQ(0, pthread_create(&thread, NULL, go_on_sending, &s));
		usleep(100 * (round % 20));
		chan_close(&self->m);
		EXPECT_EQ(0, inter_revoke(&self->nl, self->id));
		pthread_join(thread, NULL);
		EXPECT_EQ(many / 2, s.taken);
		ASSERT_EQ(many, tapped(tap[0], many)) TH_LOG("round %d", round);
		EXPECT_TRUE(peer_takes_all(self->peer, many));
		for (i = 0; i < TAPS; i++)
			close(tap[i]);
	}
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_dead"));
	EXPECT_EQ(0, nexus_counter("va", "tx_drop_device"));
}

/* Each takes an skb, its bytes, and what is kept of it: about 1 KiB. */
TEST_F_TIMEOUT(inter, what_its_sends_take_while_held_is_the_senders, 60)
{
	const char *missing = cgroup_enter();
	long long before, with;
	uint32_t sent;

	if (missing)
		SKIP(return, "%s", missing);
	IN_MANY(BACKLOG);
	before = cgroup_bytes();
	sent = owner_sends_many(&self->c, self->flow, 1, 4000);
	with = cgroup_bytes();
	chan_close(&self->m);
	EXPECT_EQ(0, cgroup_leave());
	ASSERT_EQ(4000, sent);
	EXPECT_LE(0, before);
	EXPECT_LE(2 << 20, with - before) TH_LOG("%lld bytes", with - before);
}

TEST_F(inter, all_that_came_in_goes_on_when_it_is_killed_or_revoked)
{
	int i;

	ASSERT_EQ(0, peer_room(self->peer, ROOM));
	for (i = 0; i < 2; i++) {
		IN_MANY(IN_ALL);
		ASSERT_EQ(0, peer_sends(self->peer, 1, IN_ALL));
		ASSERT_TRUE(inter_comes_to_hold(&self->nl, self->id, IN_ALL));
		if (i)
			ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
		chan_close(&self->m);
		EXPECT_EQ(IN_ALL, owner_takes(&self->c, 1, IN_ALL, 2000));
		if (!i)
			ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	}
}

/* Answered in one verdict behind the first, which then lets all of them go. */
TEST_F(inter, what_was_answered_behind_another_goes_with_it)
{
	uint64_t first;

	ASSERT_EQ(0, peer_room(self->peer, ROOM));
	IN_MANY(IN_ALL);
	ASSERT_EQ(0, peer_sends(self->peer, 1, IN_ALL));
	first = shown(&self->m, IN_ALL);
	ASSERT_NE(0, first);
	ASSERT_EQ(0, inter_verdict(&self->m, first + 1, UNET_VERDICT_ACCEPT, IN_ALL - 1));
	EXPECT_EQ(IN_ALL, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	ASSERT_EQ(0, inter_verdict(&self->m, first, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(IN_ALL, owner_takes(&self->c, 1, IN_ALL, 2000));
	EXPECT_TRUE(inter_holds_nothing(&self->nl, self->id));
	EXPECT_EQ(IN_ALL, STAT(ACCEPTED));
}

/* ---- what counts ---- */

TEST_F(inter, what_waits_for_others_counts_as_backlog)
{
	uint64_t first;

	IN(.rights = OBSERVE, .backlog = 8, .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 8));
	first = shown(&self->m, 8);
	ASSERT_NE(0, first);
	ASSERT_EQ(0, inter_verdict(&self->m, first + 1, UNET_VERDICT_ACCEPT, 7));
	EXPECT_EQ(8, inter_look(&self->nl, self->id).held);
	ASSERT_EQ(0, peer_sends(self->peer, 9, 1));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 50));
	EXPECT_EQ(1, STAT(BACKLOG));
	ASSERT_EQ(0, inter_verdict(&self->m, first, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(9, owner_takes(&self->c, 1, 9, 2000));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
	/* And counts no more. */
	ASSERT_EQ(0, peer_sends(self->peer, 10, 8));
	EXPECT_NE(0, shown(&self->m, 8));
	EXPECT_EQ(1, STAT(BACKLOG));
}

TEST_F(inter, what_grew_and_waits_counts_as_it_is)
{
	uint64_t first = 0, token = 0;
	int i;

	IN(.rights = OBSERVE | UNET_INTER_MODIFY_HEADERS | UNET_INTER_MODIFY_PAYLOAD,
	   .backlog_bytes = 65536, .violations = -1);
	ASSERT_GE(self->m.bind.layout.region[UNET_REGION_TX].bytes, 40000);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, peer_sends(self->peer, 1 + i, 1));
		token = inter_seen_bytes(&self->m);
		ASSERT_NE(0, token);
		first = first ?: token;
	}
	ASSERT_EQ(first + 3, token);
	EXPECT_EQ(0, inter_say_bytes(&self->m, first + 1, UNET_VERDICT_MODIFY, HEADER,
				     40000));
	EXPECT_EQ(UNET_INTER_CNT_BACKLOG,
		  inter_say_bytes(&self->m, first + 2, UNET_VERDICT_MODIFY, HEADER, 40000));
	EXPECT_EQ(0, inter_say_bytes(&self->m, first + 2, UNET_VERDICT_MODIFY, HEADER,
				     20000));
	EXPECT_EQ(1, STAT(BACKLOG));
	ASSERT_EQ(0, inter_verdict(&self->m, first, UNET_VERDICT_ACCEPT, 1));
	/* Nothing waits before it. */
	EXPECT_EQ(0, inter_say_bytes(&self->m, first + 3, UNET_VERDICT_MODIFY, HEADER,
				     40000));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(3, STAT(MODIFIED));
}

/* ---- tokens ---- */

#define OTHERS	200	/* many times the tokens that are remembered */

/* One of another flow. Return: its token when it was shown, accepted and taken; or 0. */
static uint64_t another(struct chan *m, struct chan *c, int peer, uint32_t number)
{
	uint64_t token;

	if (send_to(peer, OUR_V4, PORT + 1, &number, sizeof(number)))
		return 0;
	token = inter_seen_bytes(m);
	if (!token || inter_verdict(m, token, UNET_VERDICT_ACCEPT, 1) ||
	    owner_takes(c, number, 1, 2000) != 1)
		return 0;
	return token;
}

TEST_F(inter, one_that_is_held_keeps_no_others_from_being_shown)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 1,
					  PEER_V4, RPORT);
	uint64_t first, token, last;
	uint32_t i;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	IN(.rights = OBSERVE, .backlog = 4, .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	first = inter_seen_bytes(&self->m);
	ASSERT_NE(0, first);
	last = first;
	for (i = 0; i < OTHERS; i++) {
		token = another(&self->m, &self->c, self->peer, 100 + i);
		ASSERT_NE(0, token) TH_LOG("the %dth", i);
		ASSERT_GT(token, last);
		last = token;
	}
	EXPECT_EQ(0, STAT(BACKLOG));
	EXPECT_EQ(1, inter_look(&self->nl, self->id).held);
	/* Its number is a multiple of the window's ago, and still its own. */
	ASSERT_EQ(0, inter_verdict(&self->m, first, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_FOREIGN,
		  inter_verdict(&self->m, last + 1, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(OTHERS + 1, STAT(ACCEPTED));
}

/* Those of a run are numbered without a gap: a verdict on all of them is one. */
TEST_F(inter, a_run_is_numbered_without_a_gap)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 1,
					  PEER_V4, RPORT);
	uint64_t token;
	uint32_t i, n;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	IN(.rights = OBSERVE, .backlog = 4, .violations = -1);
	ASSERT_EQ(0, sh_peer(&self->t, "tc qdisc add dev vb root netem slot 20ms"));
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	ASSERT_NE(0, inter_seen_bytes(&self->m));
	for (i = 0; i < 30; i++) {
		const struct unet_rx_slot *s;

		for (n = 0; n < 3; n++)
			ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, &i, sizeof(i)));
		for (n = 0; n < 3; n += s->packets) {
			s = chan_rx_peek(&self->m, 2000);
			ASSERT_NE(NULL, s);
			token = s->tag;
			ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT,
						   s->packets));
			chan_rx_next(&self->m);
		}
	}
	EXPECT_EQ(90, STAT(ACCEPTED));
	EXPECT_EQ(0, STAT(TOKEN_FOREIGN));
	EXPECT_EQ(0, STAT(BACKLOG));
}

TEST_HARNESS_MAIN
