// SPDX-License-Identifier: MIT
/*
 * Description: what a look-up asks for (R1.3, R1.9): kinds of flows that nobody holds
 * are not looked for, and packets like one that came before are not looked up at all.
 */
#include "topo.h"
#include "chan.h"
#include "nexus.h"
#include "probe.h"
#include "kselftest_harness.h"

#define PORT	7000
#define RPORT	9000
#define PEERS	20	/* sockets of the peer's, each of another port */
#define CPUS	4	/* each remembers for itself */

FIXTURE(lookup) {
	struct topo t;
	struct chan c;
	int peer[PEERS];
};

FIXTURE_VARIANT(lookup) {
	int family;
	const char *ours;
	const char *theirs;
};

FIXTURE_VARIANT_ADD(lookup, v4) { AF_INET, OUR_V4, PEER_V4 };
FIXTURE_VARIANT_ADD(lookup, v6) { AF_INET6, OUR_V6, PEER_V6 };

FIXTURE_SETUP(lookup)
{
	int i;

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	for (i = 0; i < PEERS; i++) {
		self->peer[i] = peer_socket(&self->t, variant->family, SOCK_DGRAM);
		ASSERT_EQ(0, bind_to(self->peer[i], variant->theirs, RPORT + i));
	}
}

FIXTURE_TEARDOWN(lookup)
{
	int i;

	probes_remove();
	for (i = 0; i < PEERS; i++)
		close(self->peer[i]);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

/* @times datagrams of each socket. Return: packets that came. */
static int each_sends(struct _test_data_lookup *l, const char *to, int times)
{
	const struct unet_rx_slot *s;
	int i, n, got = 0;

	for (n = 0; n < times; n++)
		for (i = 0; i < PEERS; i++)
			if (send_to(l->peer[i], to, PORT, "x", 1))
				return -1;
	while (got < PEERS * times && (s = chan_rx_peek(&l->c, 5000))) {
		got += s->packets;
		chan_rx_next(&l->c);
	}
	return got;
}

static int start(void)
{
	return probes_start("unet_flow_find", "unet_flow_key_mask");
}

/* A listener on any address, and one on its own, have each a kind of key. */
TEST_F(lookup, kinds_that_nobody_holds_are_not_looked_for)
{
	struct unet_flow_req any = flow_req(IPPROTO_UDP, variant->family, NULL, PORT,
					    NULL, 0);
	struct unet_flow_req own = flow_req(IPPROTO_UDP, variant->family, variant->ours,
					    PORT, NULL, 0);
	struct unet_flow_req other = flow_req(IPPROTO_UDP, variant->family, variant->ours,
					      PORT + 1, NULL, 0);

	any.flags |= UNET_FLOW_V6ONLY * (variant->family == AF_INET6);
	ASSERT_EQ(0, chan_flow_add(&self->c, &any));
	ASSERT_EQ(0, start());
	ASSERT_EQ(PEERS, each_sends(self, variant->ours, 1));
	ASSERT_EQ(0, probes_stop());
	EXPECT_LE(PEERS, calls_noted("unet_flow_find"));
	EXPECT_EQ(PEERS, calls_noted("unet_flow_key_mask"));

	/* Now there is another kind, which is asked first. */
	ASSERT_EQ(0, chan_flow_add(&self->c, &other));
	ASSERT_EQ(0, start());
	ASSERT_EQ(PEERS, each_sends(self, variant->ours, 1));
	ASSERT_EQ(0, probes_stop());
	EXPECT_EQ(2 * PEERS, calls_noted("unet_flow_key_mask"));

	/* Its kind goes with the last of it. */
	ASSERT_EQ(0, chan_flow_del(&self->c, other.flow, 0));
	ASSERT_EQ(0, chan_flow_del(&self->c, any.flow, 0));
	ASSERT_EQ(0, chan_flow_add(&self->c, &own));
	ASSERT_EQ(0, start());
	ASSERT_EQ(PEERS, each_sends(self, variant->ours, 1));
	ASSERT_EQ(0, probes_stop());
	EXPECT_EQ(PEERS, calls_noted("unet_flow_key_mask"));
}

TEST_F(lookup, what_is_known_is_not_looked_up)
{
	struct unet_flow_req own = flow_req(IPPROTO_UDP, variant->family, variant->ours,
					    PORT, NULL, 0);

	ASSERT_EQ(0, chan_flow_add(&self->c, &own));
	ASSERT_EQ(PEERS * 2, each_sends(self, variant->ours, 2));
	ASSERT_EQ(0, start());
	ASSERT_EQ(PEERS * 20, each_sends(self, variant->ours, 20));
	ASSERT_EQ(0, probes_stop());
	/* Few share a place, and each CPU has its own. */
	EXPECT_GE(PEERS * CPUS, calls_noted("unet_flow_key_mask"));
}

TEST_HARNESS_MAIN
