// SPDX-License-Identifier: MIT
/*
 * Description: copy on write between twins (R4.9): what one intermediary passes on twice
 * is two packets to the next, who changes the headers or the payload of one and lets
 * the other pass. The end is given both, one as it was to the last byte and one as it
 * was changed, with lengths and checksums that hold, whichever is changed and whichever
 * is judged first; super packets too.
 */
#include "feature.h"
#include "inter.h"
#include "live.h"
#include "sound.h"
#include "tos.h"
#include "kselftest_harness.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif

#define LONG	1400	/* bytes of payload; of what is sent not in one piece with the headers */
#define SEGS	10
#define SUPER	(SEGS * 1000)

FIXTURE(twin) {
	struct live before;
	struct topo t;
	struct nl nl;
	struct chan c;		/* the flow's owner */
	uint32_t flow;
	int peer;
	struct chan a;		/* passes packets on twice */
	struct chan b;		/* changes some of them */
	uint32_t id[2];
};

FIXTURE_VARIANT(twin) {
	bool outbound;
	int family;
	const char *ours;
	const char *theirs;
	uint32_t header;
};

FIXTURE_VARIANT_ADD(twin, v4_that_comes) { false, AF_INET, OUR_V4, PEER_V4, 28 };
FIXTURE_VARIANT_ADD(twin, v6_that_comes) { false, AF_INET6, OUR_V6, PEER_V6, 48 };
FIXTURE_VARIANT_ADD(twin, v4_that_goes) { true, AF_INET, OUR_V4, PEER_V4, 28 };
FIXTURE_VARIANT_ADD(twin, v6_that_goes) { true, AF_INET6, OUR_V6, PEER_V6, 48 };

/* The peer's socket tells the traffic class of what it is given. */
static int peer_open(struct topo *t, int family, const char *addr)
{
	int fd = peer_socket(t, family, SOCK_DGRAM);
	struct timeval tv = { .tv_sec = 5 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return tos_wanted(fd, family) || bind_to(fd, addr, RPORT) ? -1 : fd;
}

FIXTURE_SETUP(twin)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, variant->family,
					  variant->ours, PORT, variant->theirs,
					  RPORT);

	self->before = live_now();
	self->a.fd = -1;
	self->b.fd = -1;
	ASSERT_EQ(0, topo_setup(&self->t));
	/* Checksums are made and looked at in software: a wrong one is seen. */
	ASSERT_EQ(0, feature_set("va", TX_SUMS, false));
	ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, false));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	self->flow = r.flow;
	self->peer = peer_open(&self->t, variant->family, variant->theirs);
	ASSERT_GE(self->peer, 0);
}

FIXTURE_TEARDOWN(twin)
{
	struct live now;

	close(self->peer);
	chan_close(&self->a);
	chan_close(&self->b);
	chan_close(&self->c);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* ---- two in a row ---- */

static int comes_in(struct nl *nl, uint32_t rights, int priority, uint32_t *id,
		    struct chan *m)
{
	struct grant g = { .rights = rights | OBSERVE | UNET_INTER_DELAY,
			   .hold_ms = 10000, .violations = -1, .priority = priority };
	struct unet_inter_open o;
	int err = inter_grant(nl, &g, id);

	return err ? err : inter_open(m, *id, &o);
}

/* Who passes on twice is the first that packets come to. */
#define BOTH_COME(rights)						\
do {									\
	int p_ = variant->outbound ? 5 : -5;				\
									\
	ASSERT_EQ(0, comes_in(&self->nl, UNET_INTER_DUPLICATE, p_,	\
			      &self->id[0], &self->a));			\
	ASSERT_EQ(0, comes_in(&self->nl, rights, -p_, &self->id[1],	\
			      &self->b));				\
} while (0)

/* The next two @m is shown, and the bytes of the second at the start of its TX. */
static bool two_shown(struct chan *m, uint64_t token[2])
{
	const struct unet_rx_slot *s;
	uint32_t buf, n = 0;

	while (n < 2 && (s = chan_rx_peek(m, 2000))) {
		uint64_t of = s->tag;

		for (buf = s->first; buf != UNET_NO_BUF && n < 2; of++) {
			token[n++] = of;
			memcpy(m->tx_mem, chan_buf(m, buf), m->desc[buf].len);
			buf = m->desc[buf].next;
		}
		chan_rx_next(m);
	}
	return n == 2 && token[1] == token[0] + 1;
}

/* A packet with @data goes, is passed on twice and shown twice. */
static bool twins(struct _test_data_twin *t, const struct _fixture_variant_twin *v,
		  const void *data, uint32_t bytes, uint64_t token[2])
{
	struct pkt_spec p = {
		.family = v->family, .proto = IPPROTO_UDP, .src = v->ours,
		.dst = v->theirs, .sport = PORT, .dport = RPORT,
		.data = data, .bytes = bytes,
	};
	uint64_t one;

	if (v->outbound ? chan_send(&t->c, t->flow, &p, 0) :
			  send_to(t->peer, v->ours, PORT, data, bytes))
		return false;
	one = shown(&t->a, 1);
	return one && !inter_verdict(&t->a, one, UNET_VERDICT_DUPLICATE, 1) &&
	       two_shown(&t->b, token);
}

/* ---- what the end is given ---- */

struct given {
	uint32_t bytes;		/* of payload */
	uint32_t segments;
	uint8_t tos;
	uint8_t data[SUPER];
	const char *fault;
};

/* Of an owner's packet, which is in one buffer. */
static void read_given(struct chan *c, uint32_t buf, uint32_t header, struct given *g)
{
	const struct unet_desc *d = &c->desc[buf];
	const uint8_t *p = chan_buf(c, buf);

	g->bytes = d->len - header;
	g->segments = d->segments;
	g->tos = tos_of(p);
	memcpy(g->data, p + header, g->bytes);
	g->fault = sound_fault(p, d->len, header);
	if (!(d->flags & UNET_DESC_CSUM_OK) || d->flags & UNET_DESC_MORE)
		g->fault = "descriptor";
}

static uint32_t owner_given(struct chan *c, uint32_t header, struct given *g)
{
	const struct unet_rx_slot *s;
	uint32_t buf, n = 0;

	while (n < 2 && (s = chan_rx_peek(c, 2000))) {
		for (buf = s->first; buf != UNET_NO_BUF && n < 2; n++) {
			read_given(c, buf, header, &g[n]);
			buf = c->desc[buf].next;
		}
		chan_rx_next(c);
	}
	return n + !!chan_rx_peek(c, 50);
}

/* The peer's kernel looked at lengths and checksums. */
static uint32_t peer_given(int fd, struct given *g)
{
	uint8_t ctl[64];
	uint32_t n;

	for (n = 0; n < 2; n++) {
		struct iovec iov = { g[n].data, sizeof(g[n].data) };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
				      .msg_control = ctl,
				      .msg_controllen = sizeof(ctl) };
		ssize_t got = recvmsg(fd, &msg, 0);

		if (got < 0 || !CMSG_FIRSTHDR(&msg))
			return n;
		g[n].bytes = got;
		g[n].segments = 1;
		g[n].tos = *(uint8_t *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
		g[n].fault = NULL;
	}
	return n + !peer_has_nothing(fd);
}

static uint32_t given(struct _test_data_twin *t, const struct _fixture_variant_twin *v,
		      struct given *g)
{
	return v->outbound ? peer_given(t->peer, g) :
			     owner_given(&t->c, v->header, g);
}

#define EXPECT_GIVEN(g, text, n, t)					\
do {									\
	EXPECT_EQ(NULL, (g)->fault) TH_LOG("wrong: %s", (g)->fault);	\
	EXPECT_EQ(n, (g)->bytes);					\
	EXPECT_EQ(0, memcmp((g)->data, text, n));			\
	EXPECT_EQ(t, (g)->tos);						\
} while (0)

/* ---- one of them changes ---- */

static uint8_t plain[LONG], other[LONG];

static void fill(void)
{
	int i;

	for (i = 0; i < LONG; i++) {
		plain[i] = i * 7 + 1;
		other[i] = i * 11 + 3;
	}
}

/* Lets one pass and changes the other, first this or first that. */
static bool judge(struct chan *b, const uint64_t token[2], int changed, bool first,
		  uint32_t header, uint32_t bytes)
{
	bool good = true;

	if (!first)
		good = !inter_verdict(b, token[!changed], UNET_VERDICT_ACCEPT, 1);
	if (inter_say_bytes(b, token[changed], UNET_VERDICT_MODIFY, header, bytes))
		return false;
	if (first)
		good = !inter_verdict(b, token[!changed], UNET_VERDICT_ACCEPT, 1);
	return good;
}

/* Each of the two, each first. */
#define EACH_WAY(way)	for ((way) = 0; (way) < 4; (way)++)

TEST_F(twin, headers_of_one_change_and_the_other_stays)
{
	static const uint32_t lengths[] = { 5, LONG };
	uint32_t h = variant->header, way, i;
	static struct given g[2];
	uint64_t token[2];

	fill();
	BOTH_COME(UNET_INTER_MODIFY_HEADERS);
	for (i = 0; i < 2; i++) {
		EACH_WAY(way) {
			int changed = way & 1;

			ASSERT_TRUE(twins(self, variant, plain, lengths[i], token));
			tos_put(self->b.tx_mem, 0xb8);
			ASSERT_TRUE(judge(&self->b, token, changed, way & 2, h, h));
			ASSERT_EQ(2, given(self, variant, g)) TH_LOG("way %u", way);
			EXPECT_GIVEN(&g[changed], plain, lengths[i], 0xb8);
			EXPECT_GIVEN(&g[!changed], plain, lengths[i], 0);
		}
	}
	EXPECT_EQ(8, inter_stat(&self->nl, self->id[0], UNET_INTER_CNT_DUPLICATED));
	EXPECT_EQ(8, inter_stat(&self->nl, self->id[1], UNET_INTER_CNT_MODIFIED));
	EXPECT_EQ(8, inter_stat(&self->nl, self->id[1], UNET_INTER_CNT_ACCEPTED));
}

TEST_F(twin, payload_of_one_changes_and_the_other_stays)
{
	static const uint32_t lengths[] = { 5, LONG };
	static const uint32_t news[] = { 2, 5, 64, LONG };
	uint32_t h = variant->header, way, i;
	static struct given g[2];
	uint64_t token[2];

	fill();
	BOTH_COME(UNET_INTER_MODIFY_PAYLOAD);
	for (i = 0; i < 8; i++) {
		uint32_t old = lengths[i / 4], now = news[i % 4];

		EACH_WAY(way) {
			int changed = way & 1;

			ASSERT_TRUE(twins(self, variant, plain, old, token));
			memcpy(self->b.tx_mem + h, other, now);
			ASSERT_TRUE(judge(&self->b, token, changed, way & 2, h, h + now));
			ASSERT_EQ(2, given(self, variant, g)) TH_LOG("way %u", way);
			EXPECT_GIVEN(&g[changed], other, now, 0);
			EXPECT_GIVEN(&g[!changed], plain, old, 0);
		}
	}
}

TEST_F(twin, both_change_each_in_its_way)
{
	uint32_t h = variant->header;
	static struct given g[2];
	uint64_t token[2];

	fill();
	BOTH_COME(UNET_INTER_MODIFY_HEADERS | UNET_INTER_MODIFY_PAYLOAD);
	ASSERT_TRUE(twins(self, variant, plain, LONG, token));
	tos_put(self->b.tx_mem, 0xb8);
	ASSERT_EQ(0, inter_say_bytes(&self->b, token[1], UNET_VERDICT_MODIFY, h, h + LONG));
	tos_put(self->b.tx_mem, 0x20);
	memcpy(self->b.tx_mem + h, other, LONG);
	ASSERT_EQ(0, inter_say_bytes(&self->b, token[0], UNET_VERDICT_MODIFY, h, h + LONG));
	ASSERT_EQ(2, given(self, variant, g));
	EXPECT_GIVEN(&g[0], other, LONG, 0x20);
	EXPECT_GIVEN(&g[1], plain, LONG, 0xb8);
}

/* ---- and super packets ---- */

TEST_F(twin, headers_of_one_super_datagram_change)
{
	static uint8_t data[SUPER];
	uint32_t h = variant->header, way;
	int seg = SUPER / SEGS;
	static struct given g[2];
	uint64_t token[2];

	if (variant->outbound)
		return;	/* it is cut behind the chain */
	memset(data, 's', sizeof(data));
	BOTH_COME(UNET_INTER_MODIFY_HEADERS);
	setsockopt(self->peer, IPPROTO_UDP, UDP_SEGMENT, &seg, sizeof(seg));
	ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, true));
	EACH_WAY(way) {
		int changed = way & 1;

		ASSERT_TRUE(twins(self, variant, data, SUPER, token));
		tos_put(self->b.tx_mem, 0xb8);
		ASSERT_TRUE(judge(&self->b, token, changed, way & 2, h, h));
		ASSERT_EQ(2, given(self, variant, g)) TH_LOG("way %u", way);
		EXPECT_GIVEN(&g[changed], data, SUPER, 0xb8);
		EXPECT_GIVEN(&g[!changed], data, SUPER, 0);
		EXPECT_EQ(SEGS, g[0].segments);
		EXPECT_EQ(SEGS, g[1].segments);
	}
}

TEST_HARNESS_MAIN
