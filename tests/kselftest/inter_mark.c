// SPDX-License-Identifier: MIT
/*
 * Description: an intermediary that marks (R4.2, R4.5): the bits it names of the traffic
 * class are another, in all packets of a run, whoever else has their bytes, so is the
 * TTL, and nothing else is; what is CE by it counts as CE; who may not change headers may
 * not mark; a packet that cannot be sent can be marked. To libunet a header that differs
 * in these alone is such a mark, and comes to the same as one that is not.
 */
/* libs: $(UNET_LIB) */
#include "feature.h"
#include "inter.h"
#include "live.h"
#include "raw.h"
#include "sound.h"
#include "tos.h"
#include "kselftest_harness.h"

#include <unet/unet.h>

#define CE	3

FIXTURE(mark) {
	struct live before;
	struct topo t;
	struct nl nl;
	struct chan c;
	uint32_t flow;
	uint32_t adv;
	struct chan m;
	struct unet_inter_open o;
	uint32_t id;
	int peer;
};

FIXTURE_VARIANT(mark) {
	int family;
	const char *ours;
	const char *theirs;
	uint32_t header;
};

FIXTURE_VARIANT_ADD(mark, v4) { AF_INET, OUR_V4, PEER_V4, 28 };
FIXTURE_VARIANT_ADD(mark, v6) { AF_INET6, OUR_V6, PEER_V6, 48 };

FIXTURE_SETUP(mark)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, variant->family, variant->ours,
					  PORT, NULL, 0);
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
	self->peer = peer_socket(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ASSERT_EQ(0, bind_to(self->peer, variant->theirs, RPORT));
}

FIXTURE_TEARDOWN(mark)
{
	struct live now;

	close(self->peer);
	if (self->m.fd >= 0)
		chan_close(&self->m);
	chan_close(&self->c);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

#define IN(r)								\
do {									\
	struct grant g = { .rights = UNET_INTER_OBSERVE_HEADERS |	\
				     UNET_INTER_DELAY | (r),		\
			   .hold_ms = 10000, .violations = -1 };	\
									\
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));		\
	ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));		\
} while (0)

#define STAT(name)	inter_stat(&self->nl, self->id, UNET_INTER_CNT_##name)

/* What the peer's sends have from now on. */
static int peer_tos(int fd, int family, int tos)
{
	return family == AF_INET ? setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)) :
		setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
}

/* The tap sees such a packet with that TOS: nobody wrote where it looks. */
static bool tap_saw(int fd, ssize_t bytes, int tos)
{
	uint8_t came[200];
	ssize_t n;

	while ((n = recv(fd, came, sizeof(came), 0)) > 0)
		if (n == bytes)
			return tos_of(came) == tos;
	return false;
}

/* @n times "hello"; the token of the first when all are shown, in however many slots. */
static uint64_t hellos(struct chan *m, int peer, const char *ours, uint32_t n)
{
	const struct unet_rx_slot *s;
	uint64_t token = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (send_to(peer, ours, PORT, "hello", 5))
			return 0;
	for (i = 0; i < n; i += s->packets) {
		s = chan_rx_peek(m, 2000);
		if (!s)
			return 0;
		if (!token)
			token = s->tag;
		chan_rx_next(m);
	}
	return token;
}

/* @n of them come to @c, with that TTL and TOS, and all else as it was sent. */
static const char *hellos_come(struct chan *c, uint32_t h, uint32_t n, int ttl, int tos)
{
	const struct unet_rx_slot *s;
	const char *wrong = NULL;
	uint32_t buf, seen = 0;

	while (seen < n && !wrong) {
		s = chan_rx_peek(c, 2000);
		if (!s)
			return "not all came";
		seen += s->packets;
		for (buf = s->first; buf != UNET_NO_BUF; buf = c->desc[buf].next) {
			const uint8_t *p = chan_buf(c, buf);

			if (c->desc[buf].len != h + 5 || memcmp(p + h, "hello", 5))
				wrong = "other bytes";
			else if (tos_of(p) != tos)
				wrong = "another TOS";
			else if (p[h == 28 ? 8 : 7] != ttl)
				wrong = "another TTL";
			else if (!(c->desc[buf].flags & UNET_DESC_CSUM_OK))
				wrong = "nobody vouches for the checksum";
			else
				wrong = wrong ?: sound_fault(p, h + 5, h);
		}
		chan_rx_next(c);
	}
	return wrong;
}

#define TTLS_COME(n, ttl, tos)						\
do {									\
	const char *w_ = hellos_come(&self->c, variant->header, n, ttl, tos); \
									\
	EXPECT_EQ(NULL, w_) TH_LOG("%s", w_ ?: "nothing");		\
} while (0)

#define COME(n, tos)	TTLS_COME(n, 64, tos)

#define HELLOS(n)	hellos(&self->m, self->peer, variant->ours, n)

/*
 * Of four: checksums left to the device, then made by the sender; each also with a tap.
 * Return: the tap, -1: none; -2: it cannot be.
 */
static int begin_way(struct topo *t, int way)
{
	int fd;

	if (way == 2 && feature_set_peer(t, TX_SUMS, false))
		return -2;
	if (way % 2 == 0)
		return -1;
	fd = tos_tap();
	return fd < 0 ? -2 : fd;
}

/* A tap has seen one as it was sent. */
static bool end_way(int tap, uint32_t header)
{
	bool saw = tap < 0 || tap_saw(tap, header + 5, 0x22);

	if (tap >= 0)
		close(tap);
	return saw;
}

TEST_F(mark, a_run_on_the_way_in)
{
	uint64_t token;
	int way, tap;

	IN(UNET_INTER_MODIFY_HEADERS);
	ASSERT_EQ(0, peer_tos(self->peer, variant->family, 0x22));
	for (way = 0; way < 4; way++) {
		tap = begin_way(&self->t, way);
		ASSERT_LE(-1, tap);
		token = HELLOS(5);
		ASSERT_NE(0, token);
		ASSERT_EQ(0, inter_mark(&self->m, token, 5, 0xfc, 0xb8));
		COME(5, 0xba);
		EXPECT_TRUE(end_way(tap, variant->header));
	}
	EXPECT_EQ(20, STAT(MODIFIED));
	EXPECT_EQ(0, STAT(ACCEPTED));
	EXPECT_EQ(0, STAT(NO_MEMORY));
}

TEST_F(mark, only_the_bits_of_the_mask)
{
	static const uint8_t was[] = { 0x00, 0xfd, 0xaa }, mask[] = { 0x01, 0x80, 0x3c, 0xff };
	unsigned int i, k;

	IN(UNET_INTER_MODIFY_HEADERS);
	for (i = 0; i < sizeof(was); i++) {
		ASSERT_EQ(0, peer_tos(self->peer, variant->family, was[i]));
		for (k = 0; k < sizeof(mask); k++) {
			uint64_t token = HELLOS(2);

			ASSERT_NE(0, token);
			ASSERT_EQ(0, inter_mark(&self->m, token, 1, mask[k], mask[k]));
			ASSERT_EQ(0, inter_mark(&self->m, token + 1, 1, mask[k], 0));
			COME(1, was[i] | mask[k]);
			COME(1, was[i] & ~mask[k]);
		}
	}
}

TEST_F(mark, a_ttl_with_bits_and_without)
{
	uint64_t token;
	int way, tap;

	IN(UNET_INTER_MODIFY_HEADERS);
	ASSERT_EQ(0, peer_tos(self->peer, variant->family, 0x22));
	for (way = 0; way < 4; way++) {
		tap = begin_way(&self->t, way);
		ASSERT_LE(-1, tap);
		token = HELLOS(4);
		ASSERT_NE(0, token);
		ASSERT_EQ(0, inter_ttl(&self->m, token, 2, 255, 0, 0));
		TTLS_COME(2, 255, 0x22);
		ASSERT_EQ(0, inter_ttl(&self->m, token + 2, 1, 1, 0xfc, 0xb8));
		TTLS_COME(1, 1, 0xba);
		ASSERT_EQ(0, inter_ttl(&self->m, token + 3, 1, 0, 0x03, 0x01));
		TTLS_COME(1, 64, 0x21);
		EXPECT_TRUE(end_way(tap, variant->header));
	}
	EXPECT_EQ(16, STAT(MODIFIED));
	EXPECT_EQ(0, STAT(NO_MEMORY));
}

/* The kernel's own count, and the slot's. */
TEST_F(mark, what_is_marked_ce_counts_and_what_is_no_more_does_not)
{
	const struct unet_rx_slot *s;
	uint64_t token;

	IN(UNET_INTER_MODIFY_HEADERS);
	ASSERT_EQ(0, peer_tos(self->peer, variant->family, 2));
	token = HELLOS(1);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_mark(&self->m, token, 1, 3, CE));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(1, s->ce_count);
	chan_rx_next(&self->c);
	EXPECT_EQ(1, self->c.adv[self->adv].ce_count);
	ASSERT_EQ(0, peer_tos(self->peer, variant->family, CE));
	token = HELLOS(1);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_mark(&self->m, token, 1, 3, 2));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(0, s->ce_count);
	EXPECT_EQ(1, self->c.adv[self->adv].ce_count);
}

TEST_F(mark, on_the_way_out)
{
	struct pkt_spec p = {
		.family = variant->family, .proto = IPPROTO_UDP, .src = variant->ours,
		.dst = variant->theirs, .sport = PORT, .dport = RPORT,
		.data = "hello", .bytes = 5,
	};
	int i;
	uint64_t token = 0, first = 0;

	IN(UNET_INTER_MODIFY_HEADERS);
	ASSERT_EQ(0, tos_wanted(self->peer, variant->family));
	/* Summed here: a wrong checksum would be dropped there. */
	ASSERT_EQ(0, feature_set("va", TX_SUMS, false));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, chan_send(&self->c, self->flow, &p, 0));
		token = inter_seen_bytes(&self->m);
		ASSERT_NE(0, token);
		first = first ?: token;
	}
	ASSERT_EQ(first + 2, token);
	ASSERT_EQ(0, inter_mark(&self->m, first, 3, 0xff, 0x2f));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0x2f, tos_of_hello(self->peer));
	EXPECT_EQ(3, STAT(MODIFIED));
}

static int ttl_wanted(int fd, int family)
{
	int on = 1;

	return family == AF_INET ? setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)) :
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
}

TEST_F(mark, a_ttl_on_the_way_out)
{
	struct pkt_spec p = {
		.family = variant->family, .proto = IPPROTO_UDP, .src = variant->ours,
		.dst = variant->theirs, .sport = PORT, .dport = RPORT,
		.data = "hello", .bytes = 5,
	};
	uint64_t token;

	IN(UNET_INTER_MODIFY_HEADERS);
	ASSERT_EQ(0, ttl_wanted(self->peer, variant->family));
	ASSERT_EQ(0, feature_set("va", TX_SUMS, false));
	ASSERT_EQ(0, chan_send(&self->c, self->flow, &p, 0));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_ttl(&self->m, token, 1, 9, 0, 0));
	/* of an int, whose other bytes are 0 */
	EXPECT_EQ(9, tos_of_hello(self->peer));
}

TEST_F(mark, who_comes_after_sees_it)
{
	struct grant g = { .rights = UNET_INTER_OBSERVE_HEADERS | UNET_INTER_DELAY,
			   .hold_ms = 10000, .priority = 5 };
	const struct unet_rx_slot *s;
	struct unet_inter_open o;
	struct chan after;
	uint64_t token;
	uint32_t id;

	IN(UNET_INTER_MODIFY_HEADERS);
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &id));
	ASSERT_EQ(0, inter_open(&after, id, &o));
	token = HELLOS(1);
	ASSERT_NE(0, token);
	EXPECT_EQ(NULL, chan_rx_peek(&after, 50));
	ASSERT_EQ(0, inter_mark(&self->m, token, 1, 0xfc, 0xb8));
	s = chan_rx_peek(&after, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(0xb8, tos_of(chan_buf(&after, s->first)));
	ASSERT_EQ(0, inter_verdict(&after, s->tag, UNET_VERDICT_ACCEPT, 1));
	COME(1, 0xb8);
	chan_close(&after);
}

TEST_F(mark, not_without_the_right)
{
	uint64_t token;

	IN(UNET_INTER_DROP);
	token = HELLOS(2);
	ASSERT_NE(0, token);
	EXPECT_EQ(UNET_INTER_CNT_RIGHT_HEADERS, inter_mark(&self->m, token, 2, 0xfc, 0xb8));
	EXPECT_EQ(UNET_INTER_CNT_RIGHT_HEADERS, inter_ttl(&self->m, token, 2, 9, 0, 0));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 2));
	TTLS_COME(2, 64, 0);
	EXPECT_EQ(2, STAT(RIGHT_HEADERS));
}

TEST_F(mark, what_makes_no_sense_is_refused)
{
	uint64_t token;

	IN(UNET_INTER_MODIFY_HEADERS);
	token = HELLOS(2);
	ASSERT_NE(0, token);
	EXPECT_EQ(UNET_INTER_CNT_BAD_VERDICT, inter_mark(&self->m, token, 2, 0, 0));
	EXPECT_EQ(UNET_INTER_CNT_BAD_VERDICT, inter_mark(&self->m, token, 2, 0xfc, 0xb9));
	EXPECT_EQ(UNET_INTER_CNT_BAD_VERDICT, inter_ttl(&self->m, token, 2, 9, 0, 4));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_FOREIGN, inter_mark(&self->m, token + 2, 1, 0xfc, 0));
	/* Of a run that goes too far what is held is marked. */
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_FOREIGN, inter_mark(&self->m, token, 3, 0xfc, 0xb8));
	COME(2, 0xb8);
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_DOUBLE, inter_mark(&self->m, token, 1, 0xfc, 0));
	EXPECT_EQ(3, STAT(BAD_VERDICT));
	EXPECT_EQ(2, STAT(MODIFIED));
}

/* Its TTL is 0, which nobody may send: no header of anybody's making takes its place. */
TEST_F(mark, what_cannot_be_sent_can_be_marked)
{
	struct pkt_spec spec = {
		.family = variant->family, .proto = IPPROTO_UDP, .src = variant->theirs,
		.dst = variant->ours, .sport = RPORT, .dport = PORT,
		.data = "hello", .bytes = 5,
	};
	uint32_t h = variant->header, ttl = variant->family == AF_INET ? 8 : 7;
	int raw = raw_socket(&self->t, variant->family);
	const struct unet_rx_slot *s;
	uint8_t buf[64], *p;
	uint16_t sum;
	uint64_t token;

	ASSERT_EQ(h, build_packet(buf, &spec));
	buf[ttl] = 0;
	memset(buf + h - 2, 0, 2);
	sum = raw_l4_sum(buf, h - 8, IPPROTO_UDP, 8 + 5);
	memcpy(buf + h - 2, &sum, sizeof(sum));
	IN(UNET_INTER_MODIFY_HEADERS);
	ASSERT_EQ(0, send_to(raw, variant->ours, 0, buf, h + 5));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	EXPECT_EQ(UNET_INTER_CNT_UNSENDABLE,
		  inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, h, h));
	ASSERT_EQ(0, inter_mark(&self->m, token, 1, 0xfc, 0xb8));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	p = chan_buf(&self->c, s->first);
	EXPECT_EQ(0xb8, tos_of(p));
	EXPECT_EQ(0, p[ttl]);
	EXPECT_EQ(NULL, sound_fault(p, h + 5, h));
	close(raw);
}

/* ---- a header that says the same ---- */

#define EF	0xb8
#define FEW	9	/* hops */

static int to_ef(struct unet_intermediary *im, const struct unet_inter_packet *p, void *n)
{
	uint32_t bytes = p->l4_offset + 8;
	uint8_t header[48];

	memcpy(header, p->data, bytes);
	tos_put(header, EF);
	header[p->l4_offset == 20 ? 8 : 7] = FEW;
	++*(int *)n;
	return unet_intermediary_change(im, p->token, UNET_VERDICT_MODIFY, header, bytes,
					NULL, 0) ? UNET_VERDICT_DROP : UNET_VERDICT_LATER;
}

/* Return: packets given another header, by who has these rights, too. */
static int change_hellos(struct nl *nl, uint32_t more, int peer, const char *ours, int n,
			 uint32_t *id)
{
	struct grant g = { .rights = UNET_INTER_OBSERVE_HEADERS |
				     UNET_INTER_MODIFY_HEADERS | UNET_INTER_DELAY | more,
			   .hold_ms = 10000 };
	struct unet_intermediary *im;
	int seen = 0, i, err = 0;

	if (inter_grant(nl, &g, id))
		return -1;
	im = unet_intermediary_open(*id, NULL);
	if (!im)
		return -1;
	for (i = 0; i < n; i++)
		err |= send_to(peer, ours, PORT, "hello", 5);
	while (!err && seen < n)
		err = unet_intermediary_run(im, 2000, to_ef, &seen);
	if (unet_intermediary_refused(im, 0))
		err = -EPROTO;
	unet_intermediary_close(im);
	return err ?: seen;
}

TEST_F(mark, a_header_that_differs_in_these_alone)
{
	int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(20, change_hellos(&self->nl, i ? UNET_INTER_DROP : 0, self->peer,
					    variant->ours, 20, &self->id));
		TTLS_COME(20, FEW, EF);
		EXPECT_EQ(20, STAT(MODIFIED));
		ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	}
}

TEST_HARNESS_MAIN
