/* SPDX-License-Identifier: MIT */
/*
 * The bed of tests of intermediaries: a UDP flow of @c's, a peer's socket at its other
 * end, and @m for the one in the middle. What is alive in the kernel afterwards is
 * what was before.
 */
#ifndef UNET_TEST_INTER_BED_H
#define UNET_TEST_INTER_BED_H

#include "inter.h"
#include "live.h"
#include "param.h"
#include "type_hand.h"
#include "kselftest_harness.h"

FIXTURE(inter) {
	struct live before;
	struct topo t;
	struct nl nl;
	struct chan c;		/* the flow's owner */
	uint32_t flow;
	uint32_t adv;
	struct chan m;		/* the one in the middle */
	struct unet_inter_open o;
	uint32_t id;
	int peer;
};

FIXTURE_SETUP(inter)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT,
					  PEER_V4, RPORT);
	struct timeval tv = { .tv_sec = 5 };

	self->before = live_now();
	self->m.fd = -1;
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	self->flow = r.flow;
	self->adv = r.adv;
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
}

FIXTURE_TEARDOWN(inter)
{
	struct live now;

	close(self->peer);
	if (self->m.fd >= 0)
		chan_close(&self->m);
	chan_close(&self->c);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	/* A test may have wanted no port to stay. */
	EXPECT_EQ(0, param_linger("60"));
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

#define IN(...)								\
do {									\
	struct grant g = { __VA_ARGS__ };				\
									\
	/* A test that is slow is not to lose what it holds. */		\
	if (!g.hold_ms) {						\
		g.rights |= UNET_INTER_DELAY;				\
		g.hold_ms = 10000;					\
	}								\
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id))		\
		TH_LOG("%s", self->nl.said);				\
	ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));		\
} while (0)

/* Of a flow's packets those with a number whose lowest byte is 1 are @other's. */
static inline int steer_ones(struct chan *c, uint32_t flow, struct chan *other,
			     uint32_t *theirs)
{
	struct unet_type_req r = { .size = sizeof(r), .parent = flow };
	struct unet_type_ref ref;
	int err;

	r.spec = spec_port(IPPROTO_UDP, 0, 0);
	r.spec.flags = UNET_TYPE_OF_FLOW;
	r.spec.num_patterns = 1;
	r.spec.pattern[0] = pattern_byte(0, 1, 0xff);
	err = chan_ioctl(c->fd, UNET_IOC_TYPE_ADD, &r) ?: type_join(other, r.id, &ref);
	*theirs = err ? UNET_NO_FLOW : ref.flow;
	return err;
}

#define STAT(name)	inter_stat(&self->nl, self->id, UNET_INTER_CNT_##name)

#endif
