// SPDX-License-Identifier: MIT
/*
 * Description: the owner of a connection with intermediaries dies (D9, R4.8, R7.7): its
 * peer gets what was sent before and is held, whatever it says meanwhile, and then the
 * reset, which nobody is asked about; when what is held is dropped the reset comes all
 * the same.
 */
#include "inter.h"
#include "live.h"
#include "param.h"
#include "tcp_hand.h"
#include "kselftest_harness.h"

FIXTURE(inter_reset) {
	struct live before;
	struct topo t;
	struct nl nl;
	struct chan c;		/* the owner */
	struct hand h;
	struct chan m;		/* the one in the middle */
	struct unet_inter_open o;
	uint32_t id;
};

FIXTURE_VARIANT(inter_reset) {
	int family;
};

FIXTURE_VARIANT_ADD(inter_reset, v4) { AF_INET };
FIXTURE_VARIANT_ADD(inter_reset, v6) { AF_INET6 };

FIXTURE_SETUP(inter_reset)
{
	struct timeval tv = { .tv_sec = 5 };

	self->before = live_now();
	self->m.fd = -1;
	self->h.family = variant->family;
	ASSERT_EQ(0, param_linger("0"));
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, hand_listen(&self->c, &self->h, 0));
	ASSERT_EQ(0, hand_accept(&self->t, &self->c, &self->h));
	setsockopt(self->h.client, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

FIXTURE_TEARDOWN(inter_reset)
{
	struct live now;

	close(self->h.client);
	if (self->m.fd >= 0)
		chan_close(&self->m);
	if (self->c.fd >= 0)
		chan_close(&self->c);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	EXPECT_EQ(0, param_linger("60"));
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* An intermediary that is in no hurry. 0 or -errno. */
static int put_in(struct _test_data_inter_reset *b, uint32_t policy)
{
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000,
		.policy = policy,
	};

	return inter_grant(&b->nl, &g, &b->id) ?:
	       inter_open(&b->m, b->id, &b->o);
}

/* The owner says "held" on the connection and is gone; 0 or -errno. */
static int last_words(struct _test_data_inter_reset *b)
{
	int err = hand_send(&b->c, &b->h, b->h.conn, TH_ACK | TH_PUSH, "held", 4);

	chan_close(&b->c);
	return err;
}

/* What a read of the client ends with: bytes, 0, or -errno. */
static ssize_t client_reads(int fd, int flags)
{
	char buf[16];
	ssize_t n = recv(fd, buf, sizeof(buf), flags);

	return n < 0 ? -errno : n;
}

static ssize_t client_has(int fd)
{
	usleep(100 * 1000);
	return client_reads(fd, MSG_DONTWAIT);
}

TEST_F(inter_reset, what_was_sent_comes_before_it)
{
	ASSERT_EQ(0, put_in(self, UNET_INTER_FAIL_OPEN));
	ASSERT_EQ(0, last_words(self));
	EXPECT_EQ(-EAGAIN, client_has(self->h.client));
	EXPECT_EQ(1, inter_accept_all(&self->m, 500));
	EXPECT_EQ(4, client_reads(self->h.client, 0));
	EXPECT_EQ(-ECONNRESET, client_reads(self->h.client, 0));
	EXPECT_EQ(1, nexus_counter("va", "flow_reset"));
}

/* The peer's answers to the first of them are not the host's to answer. */
TEST_F(inter_reset, what_was_sent_comes_one_by_one)
{
	ASSERT_EQ(0, put_in(self, UNET_INTER_FAIL_OPEN));
	ASSERT_EQ(0, hand_send(&self->c, &self->h, self->h.conn,
			       TH_ACK | TH_PUSH, "first", 5));
	ASSERT_EQ(0, last_words(self));
	ASSERT_EQ(1, inter_accept_some(&self->m, 1, 2000));
	EXPECT_EQ(5, client_reads(self->h.client, 0));
	EXPECT_EQ(-EAGAIN, client_has(self->h.client));
	EXPECT_EQ(0, nexus_counter("va", "flow_reset"));
	ASSERT_EQ(1, inter_accept_some(&self->m, 1, 2000));
	EXPECT_EQ(4, client_reads(self->h.client, 0));
	EXPECT_EQ(-ECONNRESET, client_reads(self->h.client, 0));
	EXPECT_LE(1, nexus_counter("va", "rx_drop_dead"));
	EXPECT_EQ(1, nexus_counter("va", "flow_reset"));
}

TEST_F(inter_reset, what_the_peer_says_meanwhile_ends_nothing)
{
	long long dropped;

	ASSERT_EQ(0, put_in(self, UNET_INTER_FAIL_OPEN));
	ASSERT_EQ(0, last_words(self));
	dropped = nexus_counter("va", "rx_drop_dead");
	ASSERT_EQ(1, send(self->h.client, "x", 1, 0));
	EXPECT_EQ(-EAGAIN, client_has(self->h.client));
	EXPECT_LT(dropped, nexus_counter("va", "rx_drop_dead"));
	EXPECT_EQ(1, inter_accept_all(&self->m, 500));
	EXPECT_EQ(4, client_reads(self->h.client, 0));
	EXPECT_EQ(-ECONNRESET, client_reads(self->h.client, 0));
}

/* When that has gone the key is anybody's again. */
TEST_F(inter_reset, then_the_flow_leaves_the_table)
{
	ASSERT_EQ(0, put_in(self, UNET_INTER_FAIL_OPEN));
	ASSERT_EQ(0, last_words(self));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, hand_listen(&self->c, &self->h, 0));
	EXPECT_EQ(-EADDRINUSE, hand_add_conn(&self->c, &self->h));
	EXPECT_EQ(1, inter_accept_some(&self->m, 1, 2000));
	EXPECT_EQ(4, client_reads(self->h.client, 0));
	EXPECT_EQ(-ECONNRESET, client_reads(self->h.client, 0));
	chan_close(&self->m);
	self->m.fd = -1;
	EXPECT_EQ(0, hand_add_conn(&self->c, &self->h));
}

/* What it holds is of one peer, but the key is all peers'. */
TEST_F(inter_reset, a_listener_leaves_it_at_once)
{
	uint32_t first = self->h.listener;

	ASSERT_EQ(0, put_in(self, UNET_INTER_FAIL_OPEN));
	ASSERT_EQ(0, hand_send(&self->c, &self->h, first, TH_SYN | TH_ACK, NULL, 0));
	ASSERT_EQ(0, chan_flow_del(&self->c, self->h.conn, 0));
	ASSERT_EQ(0, chan_flow_del(&self->c, first, 0));
	EXPECT_EQ(1, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(0, hand_listen(&self->c, &self->h, 0));
}

/* A reset that was not sent is not counted as one. */
TEST_F(inter_reset, without_its_source_nothing_goes)
{
	ASSERT_EQ(0, put_in(self, UNET_INTER_FAIL_OPEN));
	ASSERT_EQ(0, last_words(self));
	ASSERT_EQ(0, sh("ip addr flush dev va"));
	EXPECT_EQ(1, inter_accept_all(&self->m, 500));
	EXPECT_EQ(0, nexus_counter("va", "flow_reset"));
	EXPECT_EQ(2, nexus_counter("va", "tx_source_gone"));
}

TEST_F(inter_reset, with_nothing_held_it_comes_at_once)
{
	ASSERT_EQ(0, put_in(self, UNET_INTER_FAIL_CLOSED));
	chan_close(&self->c);
	EXPECT_EQ(-ECONNRESET, client_has(self->h.client));
	EXPECT_EQ(0, inter_accept_all(&self->m, 100));
}

TEST_F(inter_reset, when_the_chain_dies_open_both_come)
{
	ASSERT_EQ(0, put_in(self, UNET_INTER_FAIL_OPEN));
	ASSERT_EQ(0, last_words(self));
	chan_close(&self->m);
	self->m.fd = -1;
	EXPECT_EQ(4, client_reads(self->h.client, 0));
	EXPECT_EQ(-ECONNRESET, client_reads(self->h.client, 0));
}

/* The client takes a reset that does not follow what it has only when it asked. */
TEST_F(inter_reset, when_what_is_held_is_dropped_it_comes)
{
	ASSERT_EQ(0, put_in(self, UNET_INTER_FAIL_CLOSED));
	ASSERT_EQ(0, last_words(self));
	EXPECT_EQ(-EAGAIN, client_has(self->h.client));
	chan_close(&self->m);
	self->m.fd = -1;
	EXPECT_EQ(-ECONNRESET, client_reads(self->h.client, 0));
}

TEST_F(inter_reset, when_the_nexus_goes_it_comes)
{
	ASSERT_EQ(0, put_in(self, UNET_INTER_FAIL_OPEN));
	ASSERT_EQ(0, last_words(self));
	EXPECT_EQ(-EAGAIN, client_has(self->h.client));
	ASSERT_EQ(0, nexus_detach("va"));
	EXPECT_EQ(-ECONNRESET, client_reads(self->h.client, 0));
}

TEST_HARNESS_MAIN
