// SPDX-License-Identifier: MIT
/*
 * Description: what is held when its flow is removed (R4.2, R4.8): it comes as if just
 * now to the flow that is there for it, like a connection's when its listener goes, and
 * is shown anew to whoever is in that one. What an intermediary has let go on already is
 * shown to none twice, and what is for no flow goes to nobody, the host neither: both
 * are counted as dropped.
 */
#include "inter_bed.h"

/* The port's flow, for all who have none of their own. */
static int listen_to_all(struct _test_data_inter *b, uint32_t *flow)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT, NULL, 0);
	int err = chan_flow_del(&b->c, b->flow, 0) ?: chan_flow_add(&b->c, &r);

	*flow = r.flow;
	return err;
}

/* The peer's, as a child of the @listener's. */
static int connect_to_peer(struct chan *c, uint32_t listener, uint32_t meta_flags)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT,
					  PEER_V4, RPORT);

	r.parent = listener;
	r.meta.flags = meta_flags;
	return chan_flow_add(c, &r);
}

#define OWNERS(...)							\
	IN(.rights = OBSERVE, .proto = IPPROTO_UDP, .local_port = PORT, __VA_ARGS__)

static void listener_goes(struct __test_metadata *_metadata,
			  struct _test_data_inter *self, uint32_t policy)
{
	uint64_t token, again = 0;
	uint32_t flow;

	ASSERT_EQ(0, listen_to_all(self, &flow));
	OWNERS(.policy = policy);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 3));
	token = shown(&self->m, 3);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, 0));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, 0));
	/* Nothing passes by, and it is shown anew, in its order. */
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_STALE,
		  inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 3));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	again = shown(&self->m, 3);
	ASSERT_NE(0, again);
	EXPECT_NE(token, again);
	EXPECT_EQ(3, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(0, inter_verdict(&self->m, again, UNET_VERDICT_ACCEPT, 3));
	EXPECT_EQ(3, owner_takes(&self->c, 1, 3, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(0, STAT(MISSED));
	EXPECT_EQ(0, STAT(BLOCKED));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_dead"));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
}

TEST_F(inter, a_connections_come_to_it_when_its_listener_goes)
{
	listener_goes(_metadata, self, UNET_INTER_FAIL_OPEN);
}

TEST_F(inter, nothing_passes_by_who_fails_closed)
{
	listener_goes(_metadata, self, UNET_INTER_FAIL_CLOSED);
}

/* The grant says whose it sees: what comes to the next flow unseen comes at once. */
TEST_F(inter, where_nobody_is_in_the_next_it_is_given_to_it)
{
	uint32_t flow;

	ASSERT_EQ(0, listen_to_all(self, &flow));
	OWNERS();
	ASSERT_EQ(0, peer_sends(self->peer, 7, 2));
	ASSERT_NE(0, shown(&self->m, 2));
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, UNET_META_LOW_LATENCY));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, 0));
	EXPECT_EQ(2, owner_takes(&self->c, 7, 2, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 20));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_dead"));
}

TEST_F(inter, what_is_for_no_flow_is_for_nobody)
{
	int host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ASSERT_LE(0, host);
	OWNERS();
	ASSERT_EQ(0, peer_sends(self->peer, 7, 2));
	ASSERT_NE(0, shown(&self->m, 2));
	ASSERT_EQ(0, chan_flow_del(&self->c, self->flow, 0));
	ASSERT_EQ(0, bind_to(host, OUR_V4, PORT));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 20));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	EXPECT_TRUE(peer_has_nothing(host));
	EXPECT_EQ(2, nexus_counter("va", "rx_drop_dead"));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
	close(host);
}

/* Of two the first has let the first go on, changed maybe: it is not asked again. */
TEST_F(inter, none_is_shown_twice_what_it_let_go_on)
{
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000,
		.proto = IPPROTO_UDP, .local_port = PORT, .priority = 1,
	};
	struct unet_inter_open o;
	struct chan second;
	uint64_t token;
	uint32_t id, flow;

	ASSERT_EQ(0, listen_to_all(self, &flow));
	OWNERS();
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &id));
	ASSERT_EQ(0, inter_open(&second, id, &o));
	ASSERT_EQ(0, peer_sends(self->peer, 7, 2));
	token = shown(&self->m, 2);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	ASSERT_NE(0, shown(&second, 1));
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, 0));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, 0));
	EXPECT_EQ(8, number_shown(&self->m, &token));
	EXPECT_EQ(1, nexus_counter("va", "rx_drop_dead"));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(8, number_shown(&second, &token));
	ASSERT_EQ(0, inter_verdict(&second, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 8, 1, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 0));
	chan_close(&second);
}

TEST_HARNESS_MAIN
