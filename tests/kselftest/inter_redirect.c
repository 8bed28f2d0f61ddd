// SPDX-License-Identifier: MIT
/*
 * Description: an intermediary that redirects (R4.2, R4.9): a datagram is given to the
 * flow that has the grant's port, by that flow's rules and through its chain, with a
 * checksum that holds, once; where there is none it is dropped and counted. Only what
 * comes in, only by right. Flows that redirect to each other are no loop.
 */
/* libs: -lpthread */
#include "feature.h"
#include "inter_bed.h"
#include "effort.h"

#include <pthread.h>

#define TO	(PORT + 1)

/* A second owner, who listens at TO. */
static int listen_at(struct chan *c, int family, const char *addr, int port)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, family, addr, port, NULL, 0);

	return chan_open(c, "va", NULL) ?: chan_flow_add(c, &r);
}

#define REDIRECTS(...)							\
	IN(.rights = OBSERVE | UNET_INTER_REDIRECT, .proto = IPPROTO_UDP, \
	   .local_port = PORT, .redirect_port = TO, __VA_ARGS__)

/* The next packet of @c: to TO, with a checksum found good; it says @number. */
static bool is_redirected(struct chan *c, uint32_t number)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 2000);
	const uint8_t *p = s ? chan_buf(c, s->first) : NULL;
	bool good;

	if (!s || s->packets != 1)
		return false;
	good = ntohs(*(const uint16_t *)(p + 22)) == TO &&
	       ntohs(*(const uint16_t *)(p + 20)) == RPORT &&
	       c->desc[s->first].flags & UNET_DESC_CSUM_OK &&
	       !memcmp(p + 28, &number, sizeof(number));
	chan_rx_next(c);
	return good;
}

TEST_F(inter, what_is_redirected_goes_to_who_has_the_port)
{
	struct chan other;
	uint64_t token;
	uint32_t i;

	/* The sum is made by the sender and looked at here. */
	ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, false));
	ASSERT_EQ(0, listen_at(&other, AF_INET, OUR_V4, TO));
	REDIRECTS(.directions = UNET_INTER_INBOUND);
	for (i = 1; i < 30; i++) {
		ASSERT_EQ(0, peer_sends(self->peer, i * 0x10001, 1));
		token = shown(&self->m, 1);
		ASSERT_NE(0, token);
		ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 1));
		EXPECT_TRUE(is_redirected(&other, i * 0x10001)) TH_LOG("%u", i);
	}
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(29, STAT(REDIRECTED));
	EXPECT_EQ(0, STAT(REDIRECT_LOST));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(0, nexus_counter("va", "rx_csum_bad"));
	chan_close(&other);
}

TEST_F(inter, many_are_redirected_at_once_and_in_order)
{
	struct chan other;
	uint64_t token;

	ASSERT_EQ(0, listen_at(&other, AF_INET, OUR_V4, TO));
	REDIRECTS();
	ASSERT_EQ(0, peer_sends(self->peer, 100, 60));
	token = shown(&self->m, 60);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token + 1, UNET_VERDICT_REDIRECT, 59));
	EXPECT_EQ(NULL, chan_rx_peek(&other, 20));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 100, 1, 2000));
	EXPECT_EQ(59, owner_takes(&other, 101, 59, 2000));
	EXPECT_EQ(59, STAT(REDIRECTED));
	chan_close(&other);
}

TEST_F(inter, a_super_datagram_is_redirected_whole)
{
	const struct unet_rx_slot *s;
	uint8_t data[10000] = { 7 };
	struct chan other;
	uint64_t token;
	int seg = 1000;

	ASSERT_EQ(0, listen_at(&other, AF_INET, OUR_V4, TO));
	REDIRECTS();
	setsockopt(self->peer, IPPROTO_UDP, 103 /* UDP_SEGMENT */, &seg, sizeof(seg));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, sizeof(data)));
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 1));
	s = chan_rx_peek(&other, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(1, s->packets);
	EXPECT_EQ(10, s->segments);
	EXPECT_EQ(1000, s->seg_size);
	EXPECT_EQ(10028, s->bytes);
	EXPECT_NE(0, other.desc[s->first].flags & UNET_DESC_CSUM_OK);
	EXPECT_EQ(0, memcmp((uint8_t *)chan_buf(&other, s->first) + 28, data,
			    sizeof(data)));
	chan_close(&other);
}

TEST_F(inter, with_ip6_too)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET6, OUR_V6, PORT,
					  NULL, 0);
	int peer = peer_socket(&self->t, AF_INET6, SOCK_DGRAM);
	const struct unet_rx_slot *s;
	struct chan other;
	uint64_t token;

	ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, false));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	ASSERT_EQ(0, listen_at(&other, AF_INET6, OUR_V6, TO));
	REDIRECTS();
	ASSERT_EQ(0, send_to(peer, OUR_V6, PORT, "hello", 5));
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 1));
	s = chan_rx_peek(&other, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(53, s->bytes);
	EXPECT_NE(0, other.desc[s->first].flags & UNET_DESC_CSUM_OK);
	EXPECT_EQ(0, memcmp((uint8_t *)chan_buf(&other, s->first) + 48, "hello", 5));
	chan_close(&other);
	close(peer);
}

TEST_F(inter, what_nobody_has_a_flow_for_is_dropped_and_counted)
{
	int host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t number;
	uint64_t token;

	/* Not the host's either: it was the flow's. */
	ASSERT_EQ(0, bind_to(host, OUR_V4, TO));
	REDIRECTS();
	ASSERT_EQ(0, peer_sends(self->peer, 1, 3));
	token = shown(&self->m, 3);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 3));
	EXPECT_EQ(3, STAT(REDIRECTED));
	EXPECT_EQ(3, STAT(REDIRECT_LOST));
	EXPECT_EQ(3, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_GT(0, recv(host, &number, sizeof(number), MSG_DONTWAIT));
	/* That is no violation, however often. */
	EXPECT_EQ(UNET_INTER_SERVING, inter_look(&self->nl, self->id).state);
	close(host);
}

TEST_F(inter, without_the_right_it_is_a_violation)
{
	uint32_t reason = 0;
	uint64_t token;

	IN(.rights = UNET_INTER_ALL_RIGHTS & ~UNET_INTER_REDIRECT, .violations = 2);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	EXPECT_EQ(UNET_INTER_CNT_RIGHT_REDIRECT,
		  inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 1));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(1, STAT(RIGHT_REDIRECT));
	inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 1);
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->m, &reason));
	EXPECT_EQ(UNET_POISON_INTER_ABUSE, reason);
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
}

TEST_F(inter, what_goes_out_is_not_redirected)
{
	uint64_t token;

	REDIRECTS(.violations = -1);
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 5));
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	EXPECT_EQ(UNET_INTER_CNT_BAD_VERDICT,
		  inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 1));
	EXPECT_EQ(1, STAT(BAD_VERDICT));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(0, peer_takes(self->peer, 5, 1));
}

/* Who guards the other flow sees what is redirected there, and may refuse it. */
TEST_F(inter, the_chain_of_the_other_flow_is_not_passed_by)
{
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_DROP | UNET_INTER_DELAY,
		.hold_ms = 10000, .proto = IPPROTO_UDP, .local_port = TO,
	};
	struct unet_inter_open o;
	struct chan other, guard;
	uint64_t token;
	uint32_t id;

	ASSERT_EQ(0, listen_at(&other, AF_INET, OUR_V4, TO));
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &id));
	ASSERT_EQ(0, inter_open(&guard, id, &o));
	REDIRECTS();
	ASSERT_EQ(0, peer_sends(self->peer, 1, 2));
	token = shown(&self->m, 2);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 2));
	EXPECT_EQ(NULL, chan_rx_peek(&other, 20));
	token = shown(&guard, 2);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&guard, token, UNET_VERDICT_DROP, 1));
	ASSERT_EQ(0, inter_verdict(&guard, token + 1, UNET_VERDICT_ACCEPT, 1));
	EXPECT_TRUE(is_redirected(&other, 2));
	chan_close(&guard);
	chan_close(&other);
}

/* A rule that takes packets away from the other flow takes this one, too. */
TEST_F(inter, rules_of_the_other_flow_are_obeyed)
{
	struct unet_flow_req l = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, TO, NULL, 0);
	struct chan other, kid;
	uint32_t theirs;
	uint64_t token;

	ASSERT_EQ(0, chan_open(&other, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&other, &l));
	ASSERT_EQ(0, chan_open(&kid, "va", NULL));
	ASSERT_EQ(0, steer_ones(&other, l.flow, &kid, &theirs));
	REDIRECTS();
	ASSERT_EQ(0, peer_sends(self->peer, 1, 2));
	token = shown(&self->m, 2);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 2));
	EXPECT_TRUE(is_redirected(&kid, 1));
	EXPECT_TRUE(is_redirected(&other, 2));
	chan_close(&kid);
	chan_close(&other);
}

/* Two flows, each of which is redirected to the other: a packet goes once. */
TEST_F(inter, a_packet_is_redirected_once)
{
	struct grant back = {
		.rights = OBSERVE | UNET_INTER_REDIRECT | UNET_INTER_DELAY,
		.hold_ms = 10000, .proto = IPPROTO_UDP, .local_port = TO,
		.redirect_port = PORT,
	};
	struct unet_inter_open o;
	struct chan other, far;
	uint64_t token;
	uint32_t id;

	ASSERT_EQ(0, listen_at(&other, AF_INET, OUR_V4, TO));
	ASSERT_EQ(0, inter_grant(&self->nl, &back, &id));
	ASSERT_EQ(0, inter_open(&far, id, &o));
	REDIRECTS();
	ASSERT_EQ(0, peer_sends(self->peer, 1, 2));
	token = shown(&self->m, 2);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 2));
	token = shown(&far, 2);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&far, token, UNET_VERDICT_REDIRECT, 1));
	ASSERT_EQ(0, inter_verdict(&far, token + 1, UNET_VERDICT_ACCEPT, 1));
	EXPECT_TRUE(is_redirected(&other, 2));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 20));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(1, inter_stat(&self->nl, id, UNET_INTER_CNT_REDIRECT_LOST));
	EXPECT_EQ(0, inter_stat(&self->nl, id, UNET_INTER_CNT_REDIRECTED));
	EXPECT_EQ(1, nexus_counter("va", "rx_drop_inter"));
	chan_close(&far);
	chan_close(&other);
}

/* Two at work, each in the flow the other redirects to, locks both ways round. */
struct worker {
	struct chan *c;
	bool stop;
	int answered;
};

static void *redirect_all(void *arg)
{
	struct worker *w = arg;
	const struct unet_rx_slot *s;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		s = chan_rx_peek(w->c, 5);
		if (!s)
			continue;
		inter_verdict(w->c, s->tag, UNET_VERDICT_REDIRECT, s->packets);
		w->answered += s->packets;
		chan_rx_next(w->c);
		chan_sync(w->c, UNET_SYNC_FREE);
	}
	return NULL;
}

TEST_F_TIMEOUT(inter, two_that_redirect_to_each_other_are_no_loop, 120)
{
	struct grant back = {
		.rights = OBSERVE | UNET_INTER_REDIRECT, .proto = IPPROTO_UDP,
		.local_port = TO, .redirect_port = PORT, .violations = -1,
	};
	struct worker a = { .c = &self->m }, b = { 0 };
	int i, rounds = effort(2000);
	struct unet_inter_open o;
	struct chan other, far;
	pthread_t one, two;
	uint32_t id;

	ASSERT_EQ(0, listen_at(&other, AF_INET, OUR_V4, TO));
	ASSERT_EQ(0, inter_grant(&self->nl, &back, &id));
	ASSERT_EQ(0, inter_open(&far, id, &o));
	REDIRECTS(.violations = -1);
	b.c = &far;
	ASSERT_EQ(0, pthread_create(&one, NULL, redirect_all, &a));
	ASSERT_EQ(0, pthread_create(&two, NULL, redirect_all, &b));
	for (i = 0; i < rounds; i++) {
		uint32_t n = i;

		peer_sends(self->peer, i, 1);
		send_to(self->peer, OUR_V4, TO, &n, sizeof(n));
	}
	usleep(300 * 1000);
	a.stop = true;
	b.stop = true;
	pthread_join(one, NULL);
	pthread_join(two, NULL);
	/* Each packet is seen twice at most, and ends. */
	EXPECT_LT(0, STAT(REDIRECTED));
	EXPECT_LT(0, STAT(REDIRECT_LOST));
	EXPECT_LT(0, inter_stat(&self->nl, id, UNET_INTER_CNT_REDIRECTED));
	EXPECT_GE(4 * rounds, a.answered + b.answered);
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->m, NULL));
	chan_close(&far);
	chan_close(&other);
}

TEST_HARNESS_MAIN
