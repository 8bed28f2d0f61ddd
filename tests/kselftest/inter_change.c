// SPDX-License-Identifier: MIT
/*
 * Description: an intermediary that changes, doubles and adds packets (R4.2, R4.4,
 * R4.5, R4.9): what arrives has good checksums and lengths; what it has no right
 * to change stays as it was; addresses, ports and lengths that must stay do. What
 * netlink is told wrong it names (R4.2). One that scribbles over its own memory
 * ends itself, and its flow goes on by its policy.
 */
/* libs: -lpthread */
#include "effort.h"
#include "feature.h"
#include "inter.h"
#include "live.h"
#include "sound.h"
#include "tos.h"
#include "kselftest_harness.h"

#include <pthread.h>

FIXTURE(change) {
	struct topo t;
	struct nl nl;
	struct chan c;
	uint32_t flow;
	struct chan m;
	struct unet_inter_open o;
	uint32_t id;
	int peer;
};

FIXTURE_VARIANT(change) {
	int family;
	const char *ours;
	const char *theirs;
	uint32_t header;
};

FIXTURE_VARIANT_ADD(change, v4) { AF_INET, OUR_V4, PEER_V4, 28 };
FIXTURE_VARIANT_ADD(change, v6) { AF_INET6, OUR_V6, PEER_V6, 48 };

FIXTURE_SETUP(change)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, variant->family,
					  variant->ours, PORT, variant->theirs,
					  RPORT);
	struct timeval tv = { .tv_sec = 5 };

	self->m.fd = -1;
	ASSERT_EQ(0, topo_setup(&self->t));
	/* Checksums are made and looked at in software: a wrong one is seen. */
	ASSERT_EQ(0, feature_set("va", TX_SUMS, false));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	self->flow = r.flow;
	self->peer = peer_socket(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ASSERT_EQ(0, bind_to(self->peer, variant->theirs, RPORT));
}

FIXTURE_TEARDOWN(change)
{
	close(self->peer);
	if (self->m.fd >= 0)
		chan_close(&self->m);
	chan_close(&self->c);
	close(self->nl.fd);
	topo_teardown(&self->t);
}

#define IN(r)								\
do {									\
	struct grant g = { .rights = (r) | UNET_INTER_DELAY,		\
			   .hold_ms = 10000, .violations = -1 };	\
									\
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));		\
	ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));		\
} while (0)

#define STAT(name)	inter_stat(&self->nl, self->id, UNET_INTER_CNT_##name)

/* The owner sends @text, and @m is shown it: its bytes go to the start of @m's TX. */
static uint64_t seen_outbound(struct chan *c, struct chan *m, uint32_t flow,
			      int family, const char *ours, const char *theirs,
			      const char *text)
{
	struct pkt_spec p = {
		.family = family, .proto = IPPROTO_UDP, .src = ours,
		.dst = theirs, .sport = PORT, .dport = RPORT,
		.data = text, .bytes = strlen(text),
	};

	return chan_send(c, flow, &p, 0) ? 0 : inter_seen_bytes(m);
}

#define SEEN(text) \
	seen_outbound(&self->c, &self->m, self->flow, variant->family, \
		      variant->ours, variant->theirs, text)

static bool peer_hears(int fd, const char *text)
{
	char buf[64];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	return n == (ssize_t)strlen(text) && !memcmp(buf, text, n);
}

TEST_F(change, payload_by_right_longer_and_shorter)
{
	uint32_t h = variant->header;
	uint64_t token;

	IN(OBSERVE | UNET_INTER_MODIFY_PAYLOAD);
	token = SEEN("hello");
	ASSERT_NE(0, token);
	memcpy(self->m.tx_mem + h, "HELLO, YOU", 10);
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, h, h + 10));
	EXPECT_TRUE(peer_hears(self->peer, "HELLO, YOU"));
	token = SEEN("hello");
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, h, h + 2));
	EXPECT_TRUE(peer_hears(self->peer, "he"));
	EXPECT_EQ(2, STAT(MODIFIED));
}

#define EXPECT_SOUND(c, s)						\
do {									\
	const char *f_ = sound_fault(chan_buf(c, (s)->first),		\
				     (s)->bytes, variant->header);	\
									\
	EXPECT_EQ(NULL, f_) TH_LOG("wrong %s", f_);			\
} while (0)

/* Whatever length it comes to have. */
TEST_F(change, payload_on_the_way_in_longer_and_shorter)
{
	static const uint32_t lengths[] = { 5, 0, 1, 2, 7, 64, 1001 };
	const struct unet_rx_slot *s;
	uint32_t h = variant->header;
	unsigned int i;

	IN(OBSERVE | UNET_INTER_MODIFY_PAYLOAD);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint32_t n = lengths[i];

		ASSERT_EQ(0, send_to(self->peer, variant->ours, PORT, "hello", 5));
		s = chan_rx_peek(&self->m, 2000);
		ASSERT_NE(NULL, s);
		memcpy(self->m.tx_mem, chan_buf(&self->m, s->first), h);
		memset(self->m.tx_mem + h, 'x', n);
		/* The kernel fills these in, whatever they are. */
		memset(self->m.tx_mem + h - 4, 0xee, 4);
		memset(self->m.tx_mem + (variant->family == AF_INET ? 2 : 4), 0xee,
		       2);
		ASSERT_EQ(0, inter_say_bytes(&self->m, s->tag, UNET_VERDICT_MODIFY, h,
					     h + n));
		chan_rx_next(&self->m);
		s = chan_rx_peek(&self->c, 2000);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(h + n, s->bytes);
		EXPECT_EQ(h + n, self->c.desc[s->first].len);
		EXPECT_SOUND(&self->c, s);
		chan_rx_next(&self->c);
	}
}

TEST_F(change, payload_on_the_way_in)
{
	const struct unet_rx_slot *s;
	uint32_t h = variant->header;
	const uint8_t *p;

	IN(OBSERVE | UNET_INTER_MODIFY_PAYLOAD);
	ASSERT_EQ(0, send_to(self->peer, variant->ours, PORT, "hello", 5));
	s = chan_rx_peek(&self->m, 2000);
	ASSERT_NE(NULL, s);
	memcpy(self->m.tx_mem, chan_buf(&self->m, s->first), h);
	memcpy(self->m.tx_mem + h, "jolly", 5);
	ASSERT_EQ(0, inter_say_bytes(&self->m, s->tag, UNET_VERDICT_MODIFY, h, h + 5));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	p = chan_buf(&self->c, s->first);
	EXPECT_EQ(h + 5, self->c.desc[s->first].len);
	EXPECT_EQ(0, memcmp(p + h, "jolly", 5));
	EXPECT_SOUND(&self->c, s);
	EXPECT_NE(0, self->c.desc[s->first].flags & UNET_DESC_CSUM_OK);
}

TEST_F(change, headers_by_right_with_the_payload_that_was)
{
	uint32_t h = variant->header;
	uint64_t token;

	IN(UNET_INTER_OBSERVE_HEADERS | UNET_INTER_MODIFY_HEADERS);
	ASSERT_EQ(0, tos_wanted(self->peer, variant->family));
	token = SEEN("hello");
	ASSERT_NE(0, token);
	if (variant->family == AF_INET)
		self->m.tx_mem[1] = 0xb8;
	else
		memcpy(self->m.tx_mem, "\x6b\x80", 2);
	memcpy(self->m.tx_mem + h, "EVIL!", 5);
	EXPECT_EQ(UNET_INTER_CNT_RIGHT_PAYLOAD,
		  inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, h, h + 5));
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, h, h));
	EXPECT_EQ(0xb8, tos_of_hello(self->peer));
}

static void mark(int family, uint8_t *p)
{
	memcpy(p, family == AF_INET ? "\x45\xb8" : "\x6b\x80", 2);
}

/* Where it lies, and in a copy when a tap looks: that sees what came. */
TEST_F(change, headers_on_the_way_in)
{
	uint32_t h = variant->header;
	const struct unet_rx_slot *s;
	uint8_t came[100];
	int tapped, fd = -1, got;

	IN(UNET_INTER_OBSERVE_HEADERS | UNET_INTER_MODIFY_HEADERS);
	for (tapped = 0; tapped < 4; tapped++) {
		/* Checksums that the sender left to the device; then those it made. */
		if (tapped == 2)
			ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, false));
		if (tapped % 2)
			ASSERT_LE(0, fd = tos_tap());
		ASSERT_EQ(0, send_to(self->peer, variant->ours, PORT, "hello", 5));
		s = chan_rx_peek(&self->m, 2000);
		ASSERT_NE(NULL, s);
		memcpy(self->m.tx_mem, chan_buf(&self->m, s->first), h);
		EXPECT_EQ(0, tos_of(self->m.tx_mem));
		mark(variant->family, self->m.tx_mem);
		ASSERT_EQ(0, inter_say_bytes(&self->m, s->tag, UNET_VERDICT_MODIFY,
					     h, h));
		chan_rx_next(&self->m);
		s = chan_rx_peek(&self->c, 2000);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(h + 5, self->c.desc[s->first].len);
		EXPECT_EQ(0xb8, tos_of(chan_buf(&self->c, s->first)));
		EXPECT_EQ(0, memcmp(chan_buf(&self->c, s->first) + h, "hello", 5));
		EXPECT_SOUND(&self->c, s);
		EXPECT_NE(0, self->c.desc[s->first].flags & UNET_DESC_CSUM_OK);
		/* Its checksum is the sender's, not one that was made here. */
		if (!(tapped % 2))
			EXPECT_EQ(0, memcmp(chan_buf(&self->c, s->first) + h - 8,
					    self->m.tx_mem + h - 8, 8));
		chan_rx_next(&self->c);
		if (!(tapped % 2))
			continue;
		while ((got = recv(fd, came, sizeof(came), 0)) > 0 && got != (int)h + 5)
			;
		EXPECT_EQ(h + 5, got);
		EXPECT_EQ(0, tos_of(came));
		close(fd);
	}
}

/* The peer sends @text, and @m is shown it, as seen_outbound(). */
static uint64_t seen_inbound(int peer, struct chan *m, const char *ours,
			     const char *text)
{
	return send_to(peer, ours, PORT, text, strlen(text)) ? 0 : inter_seen_bytes(m);
}

/* @c is given a packet of @header bytes of headers and @text, with a good checksum. */
static bool owner_hears(struct chan *c, uint32_t header, const char *text)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 2000);
	uint32_t n = strlen(text);
	bool good;

	if (!s || s->packets != 1)
		return false;
	good = c->desc[s->first].len == header + n &&
	       c->desc[s->first].flags & UNET_DESC_CSUM_OK &&
	       !memcmp((uint8_t *)chan_buf(c, s->first) + header, text, n);
	chan_rx_next(c);
	return good;
}

#define SEEN_IN(text) \
	seen_inbound(self->peer, &self->m, variant->ours, text)

/* Each byte of both addresses, both ports and the protocol, by one bit. */
static int spoofs_refused(struct chan *m, uint64_t token, uint16_t action, int family,
			  uint32_t h)
{
	uint32_t addrs = family == AF_INET ? 12 : 8, ip = h - 8, at, n = 0;
	uint32_t proto = family == AF_INET ? 9 : 6;

	for (at = addrs; at < ip + 4; at++, n++) {
		m->tx_mem[at] ^= 1;
		if (inter_say_bytes(m, token, action, h, h + 3) !=
		    UNET_INTER_CNT_SPOOF)
			return -1;
		m->tx_mem[at] ^= 1;
	}
	m->tx_mem[proto] = IPPROTO_TCP;
	if (!inter_say_bytes(m, token, action, h, h + 3))
		return -2;
	m->tx_mem[proto] = IPPROTO_UDP;
	return n;
}

/* What is shown next goes on as "hello", and nothing else that @m makes of it does. */
static const char *only_payload_changes(struct chan *m, uint64_t token, int family,
					uint32_t h)
{
	uint32_t ttl = family == AF_INET ? 8 : 7;

	if (spoofs_refused(m, token, UNET_VERDICT_MODIFY, family, h) !=
	    (family == AF_INET ? 12 : 36))
		return "another flow's header was not refused";
	m->tx_mem[ttl]--;
	if (inter_say_bytes(m, token, UNET_VERDICT_MODIFY, h, h + 5) !=
	    UNET_INTER_CNT_RIGHT_HEADERS)
		return "another TTL was not refused";
	m->tx_mem[ttl]++;
	m->tx_mem[1] ^= 0x10;	/* both families' TOS */
	if (inter_say_bytes(m, token, UNET_VERDICT_MODIFY, h, h + 5) !=
	    UNET_INTER_CNT_RIGHT_HEADERS)
		return "another TOS was not refused";
	m->tx_mem[1] ^= 0x10;
	if (inter_say_bytes(m, token, UNET_VERDICT_MODIFY, h, ~0u) !=
	    UNET_INTER_CNT_BAD_EXTENT)
		return "bytes that are none of its memory were not refused";
	m->tx_mem[0] ^= 0x50;
	if (inter_say_bytes(m, token, UNET_VERDICT_MODIFY, h, h + 5) !=
	    UNET_INTER_CNT_BAD_HEADER)
		return "another version was not refused";
	m->tx_mem[0] ^= 0x50;
	if (inter_say_bytes(m, token, UNET_VERDICT_MODIFY, h, h + 5))
		return "what was shown was refused";
	if (inter_say_bytes(m, token, UNET_VERDICT_MODIFY, h, h + 5) !=
	    UNET_INTER_CNT_TOKEN_DOUBLE)
		return "a second verdict was not refused";
	return NULL;
}

/* On the way in, then on the way out. */
TEST_F(change, what_must_stay_stays)
{
	uint32_t h = variant->header, spoofs = variant->family == AF_INET ? 12 : 36;
	const char *wrong;
	uint64_t token;
	int out;

	IN(OBSERVE | UNET_INTER_MODIFY_PAYLOAD);
	for (out = 0; out < 2; out++) {
		token = out ? SEEN("hello") : SEEN_IN("hello");
		ASSERT_NE(0, token);
		wrong = only_payload_changes(&self->m, token, variant->family, h);
		EXPECT_EQ(NULL, wrong) TH_LOG("%s: %s", out ? "out" : "in", wrong);
		EXPECT_TRUE(out ? peer_hears(self->peer, "hello") :
				  owner_hears(&self->c, h, "hello"));
		EXPECT_LE((out + 1) * spoofs, STAT(SPOOF));
		EXPECT_EQ((out + 1) * 2, STAT(RIGHT_HEADERS));
		EXPECT_LE(out + 1, STAT(BAD_HEADER));
		EXPECT_EQ(out + 1, STAT(BAD_EXTENT));
	}
}

TEST_F(change, twice_and_in_between)
{
	uint32_t h = variant->header;
	uint64_t a, b;

	IN(OBSERVE | UNET_INTER_DUPLICATE | UNET_INTER_INJECT);
	a = SEEN("one");
	ASSERT_NE(0, a);
	b = SEEN("three");
	ASSERT_NE(0, b);
	memcpy(self->m.tx_mem + h, "two", 3);
	ASSERT_EQ(0, inter_say_bytes(&self->m, b, UNET_VERDICT_INJECT, h, h + 3));
	/* It stands behind what came before the packet it stands before. */
	ASSERT_EQ(0, inter_verdict(&self->m, b, UNET_VERDICT_DUPLICATE, 1));
	ASSERT_EQ(0, inter_verdict(&self->m, a, UNET_VERDICT_ACCEPT, 1));
	EXPECT_TRUE(peer_hears(self->peer, "one"));
	EXPECT_TRUE(peer_hears(self->peer, "two"));
	EXPECT_TRUE(peer_hears(self->peer, "three"));
	EXPECT_TRUE(peer_hears(self->peer, "three"));
	self->m.tx_mem[h - 8]++;	/* source port */
	a = SEEN("four");
	self->m.tx_mem[h - 8]++;
	EXPECT_EQ(UNET_INTER_CNT_SPOOF,
		  inter_say_bytes(&self->m, a, UNET_VERDICT_INJECT, h, h + 3));
	EXPECT_EQ(1, STAT(INJECTED));
	EXPECT_EQ(1, STAT(DUPLICATED));
}

/* ---- packets of its own ---- */

TEST_F(change, what_is_injected_reaches_the_owner_before_the_packet)
{
	uint32_t h = variant->header;
	uint64_t token;

	IN(OBSERVE | UNET_INTER_INJECT);
	token = SEEN_IN("second");
	ASSERT_NE(0, token);
	memcpy(self->m.tx_mem + h, "first of all", 12);
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_INJECT, h, h + 12));
	EXPECT_TRUE(owner_hears(&self->c, h, "first of all"));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_TRUE(owner_hears(&self->c, h, "second"));
	EXPECT_EQ(1, STAT(INJECTED));
	EXPECT_EQ(1, STAT(PACKETS));
}

TEST_F(change, what_is_injected_is_of_the_flow_and_no_other)
{
	uint32_t h = variant->header;
	int checked = variant->family == AF_INET ? 12 : 36;
	uint64_t token;

	IN(OBSERVE | UNET_INTER_INJECT);
	token = SEEN_IN("hello");
	ASSERT_NE(0, token);
	EXPECT_EQ(checked, spoofs_refused(&self->m, token, UNET_VERDICT_INJECT,
					  variant->family, h));
	EXPECT_LE(checked, STAT(SPOOF));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_TRUE(owner_hears(&self->c, h, "hello"));
	token = SEEN("hello");
	ASSERT_NE(0, token);
	EXPECT_EQ(checked, spoofs_refused(&self->m, token, UNET_VERDICT_INJECT,
					  variant->family, h));
	EXPECT_LE(2 * checked, STAT(SPOOF));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_TRUE(peer_hears(self->peer, "hello"));
	EXPECT_EQ(0, STAT(INJECTED));
}

TEST_F(change, to_inject_without_the_right_ends_the_claim)
{
	struct grant g = { .rights = OBSERVE, .violations = 1 };
	uint32_t h = variant->header, reason = 0;
	uint64_t token;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));
	token = SEEN("hello");
	ASSERT_NE(0, token);
	inter_say_bytes(&self->m, token, UNET_VERDICT_INJECT, h, h + 5);
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->m, &reason));
	EXPECT_EQ(UNET_POISON_INTER_ABUSE, reason);
	EXPECT_EQ(1, STAT(RIGHT_INJECT));
	EXPECT_TRUE(peer_hears(self->peer, "hello"));
	EXPECT_EQ(0, STAT(INJECTED));
}

/* ---- what netlink is told wrong ---- */

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static const struct wrong {
	const char *says;	/* begins so */
	struct grant g;
	int attr;		/* put as @value instead, or 0 */
	uint32_t bytes;
	uint64_t value;
} wrongs[] = {
	{ "RIGHTS must enable", { .rights = 0 } },
	{ "RIGHTS must forbid", { .rights = UNET_INTER_ALL_RIGHTS } },
	{ "RIGHTS has a bit", { .rights = 0x80000001 } },
	{ "RIGHTS to modify headers", { .rights = UNET_INTER_MODIFY_HEADERS } },
	{ "RIGHTS to modify payload", { .rights = UNET_INTER_MODIFY_PAYLOAD } },
	{ "IFNAME is not an attached", { .dev = "lo", .rights = OBSERVE } },
	{ "DIRECTIONS", { .rights = OBSERVE, .directions = 4 } },
	{ "POLICY", { .rights = OBSERVE, .policy = 3 } },
	{ "AFTER_MS must", { .rights = OBSERVE, .policy = 2 } },
	{ "AFTER_MS goes", { .rights = OBSERVE, .after_ms = 2 } },
	{ "HOLD_MS above", { .rights = OBSERVE, .hold_ms = 101 } },
	{ "HOLD_MS must", { .rights = OBSERVE, .hold_ms = 10001 } },
	{ "BACKLOG must", { .rights = OBSERVE, .backlog = 16385 } },
	{ "COPY_BYTES must", { .rights = OBSERVE, .copy_bytes = 65536 } },
	{ "LOCAL_PORT needs", { .rights = OBSERVE, .local_port = 80 } },
	{ "REMOTE_PORT needs", { .rights = OBSERVE, .proto = 1, .remote_port = 8 } },
	{ "REMOTE_ADDR must be of", { .rights = OBSERVE, .local = OUR_V4,
				      .remote = PEER_V6 } },
	{ "BACKLOG_BYTES must be 65536", { .rights = OBSERVE },
	  UNET_IA_BACKLOG_BYTES, 4, 1 },
	{ "LOCAL_PREFIX must fit", { .rights = OBSERVE, .local = OUR_V4 },
	  UNET_IA_LOCAL_PREFIX, 1, 33 },
	{ "LOCAL_PREFIX must fit", { .rights = OBSERVE, .local = OUR_V4 },
	  UNET_IA_LOCAL_PREFIX, 1, 24 },
	{ "REMOTE_PREFIX must fit", { .rights = OBSERVE, .remote = PEER_V4 },
	  UNET_IA_REMOTE_PREFIX, 1, 8 },
	{ "REMOTE_PREFIX needs", { .rights = OBSERVE }, UNET_IA_REMOTE_PREFIX, 1, 8 },
	{ "REMOTE_PREFIX needs", { .rights = OBSERVE, .local = OUR_V4 },
	  UNET_IA_REMOTE_PREFIX, 1, 8 },
	{ "LOCAL_PREFIX needs", { .rights = OBSERVE, .remote = PEER_V4 },
	  UNET_IA_LOCAL_PREFIX, 1, 24 },
	{ "UID is no user", { .rights = OBSERVE }, UNET_IA_UID, 4, 0xffffffff },
	{ "this command takes", { .rights = OBSERVE }, UNET_IA_GRANT, 4, 1 },
	{ "this command takes", { .rights = OBSERVE }, UNET_IA_STATE, 4, 1 },
	{ "PROTO must be UDP", { .rights = UNET_INTER_REDIRECT,
				  .redirect_port = 7001 } },
	{ "PROTO must be UDP", { .rights = UNET_INTER_REDIRECT, .proto = IPPROTO_TCP,
				  .redirect_port = 7001 } },
	{ "DIRECTIONS must have inbound", {
		.rights = UNET_INTER_REDIRECT, .proto = IPPROTO_UDP,
		.directions = UNET_INTER_OUTBOUND, .redirect_port = 7001 } },
	{ "REDIRECT_PORT must be 1 to", { .rights = UNET_INTER_REDIRECT,
					   .proto = IPPROTO_UDP } },
	{ "REDIRECT_PORT must be 1 to", { .rights = UNET_INTER_REDIRECT,
					   .proto = IPPROTO_UDP },
	  UNET_IA_REDIRECT_PORT, 2, 0 },
	{ "REDIRECT_PORT goes with", { .rights = OBSERVE },
	  UNET_IA_REDIRECT_PORT, 2, 0x591b },
#define SHORT(name)	{ #name " must be", { .rights = OBSERVE }, UNET_IA_##name, 3, 1 }
	SHORT(DIRECTIONS), SHORT(UID), SHORT(PRIORITY), SHORT(POLICY),
	SHORT(AFTER_MS), SHORT(HOLD_MS), SHORT(BACKLOG), SHORT(BACKLOG_BYTES),
	SHORT(COPY_BYTES), SHORT(VIOLATIONS), SHORT(PROTO), SHORT(LOCAL_ADDR),
	SHORT(LOCAL_PREFIX), SHORT(LOCAL_PORT), SHORT(REMOTE_ADDR),
	SHORT(REMOTE_PREFIX), SHORT(REMOTE_PORT), SHORT(REDIRECT_PORT),
};

#define NAMED(name)	{ #name, UNET_IA_##name }
static const struct named {
	const char *word;
	int attr;
} named[] = {
	NAMED(RIGHTS), NAMED(IFNAME), NAMED(DIRECTIONS), NAMED(POLICY),
	NAMED(AFTER_MS), NAMED(HOLD_MS), NAMED(BACKLOG), NAMED(BACKLOG_BYTES),
	NAMED(COPY_BYTES), NAMED(VIOLATIONS), NAMED(PRIORITY), NAMED(UID),
	NAMED(PROTO), NAMED(LOCAL_ADDR), NAMED(LOCAL_PREFIX), NAMED(LOCAL_PORT),
	NAMED(REMOTE_ADDR), NAMED(REMOTE_PREFIX), NAMED(REMOTE_PORT),
	NAMED(REDIRECT_PORT),
};

/* Where in @r the attribute is that a text begins with; 0: there is none. */
static uint32_t named_at(const struct nl_req *r, const char *says)
{
	uint32_t word = strcspn(says, " "), at, found = 0;
	const struct nlattr *a;
	unsigned int i;

	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strlen(named[i].word) == word &&
		    !strncmp(named[i].word, says, word))
			break;
	if (i == sizeof(named) / sizeof(named[0]))
		return ~0u;
	for (at = NLMSG_HDRLEN + GENL_HDRLEN; at < r->h.nlmsg_len;
	     at += NLA_ALIGN(a->nla_len)) {
		a = (const void *)((const uint8_t *)r + at);
		if (a->nla_type == named[i].attr)
			found = at;
	}
	return found;
}

TEST_F(change, what_is_wrong_with_a_grant_is_named)
{
	struct nl_req r;
	unsigned int i;
	uint32_t none;

	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *w = &wrongs[i];
		uint32_t at = 0;

		inter_grant_req(&self->nl, &r, &w->g);
		if (w->attr)
			at = nl_put(&r, w->attr, &w->value, w->bytes);
		if (strncmp(w->says, "this command", 12))
			at = named_at(&r, w->says);
		EXPECT_GT(0, nl_ask(&self->nl, &r, NULL, NULL))
			TH_LOG("%s", w->says);
		EXPECT_EQ(0, strncmp(self->nl.said, w->says, strlen(w->says)))
			TH_LOG("wanted '%s', said '%s'", w->says, self->nl.said);
		EXPECT_EQ(at, self->nl.bad) TH_LOG("%s", w->says);
	}
	nl_start(&self->nl, &r, self->nl.family, NLM_F_ACK, UNET_CMD_INTER_GRANT);
	EXPECT_EQ(-EINVAL, nl_ask(&self->nl, &r, NULL, NULL));
	EXPECT_EQ(0, strncmp(self->nl.said, "RIGHTS is missing", 17));
	nl_start(&self->nl, &r, self->nl.family, NLM_F_ACK, UNET_CMD_INTER_REVOKE);
	EXPECT_EQ(-EINVAL, nl_ask(&self->nl, &r, NULL, NULL));
	EXPECT_EQ(0, strncmp(self->nl.said, "GRANT is missing", 16));
	EXPECT_EQ(-ENOENT, inter_revoke(&self->nl, 0x7fffffff));
	EXPECT_EQ(0, strncmp(self->nl.said, "GRANT is no grant", 17));
	none = inter_look(&self->nl, 0).found;
	EXPECT_EQ(0, none);
}

TEST_F(change, sixty_four_grants_and_no_more)
{
	struct grant g = { .rights = OBSERVE };
	uint32_t id, i;

	for (i = 0; i < 64; i++)
		ASSERT_EQ(0, inter_grant(&self->nl, &g, &id));
	EXPECT_EQ(-ENOSPC, inter_grant(&self->nl, &g, &id));
	EXPECT_EQ(0, strncmp(self->nl.said, "a device may have 64", 20));
}

TEST_F(change, claims_that_are_refused)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1234,
					  NULL, 0);
	struct grant g = { .rights = OBSERVE };
	struct unet_inter_open o;
	struct chan other;
	int status;
	pid_t pid;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	EXPECT_EQ(-ENOENT, inter_open(&other, 0x7fffffff, &o));
	ASSERT_EQ(0, inter_open(&self->m, self->id, &o));
	EXPECT_EQ(-EBUSY, inter_open(&other, self->id, &o));
	o.size = sizeof(o);
	o.grant = self->id;
	EXPECT_EQ(-EBUSY, chan_ioctl(self->m.fd, UNET_IOC_INTER_OPEN, &o));
	EXPECT_EQ(-EBUSY, chan_ioctl(self->c.fd, UNET_IOC_INTER_OPEN, &o));
	EXPECT_EQ(-EOPNOTSUPP, chan_flow_add(&self->m, &r));
	chan_close(&self->m);
	self->m.fd = -1;
	pid = fork();
	if (!pid)
		_exit(setresuid(1000, 1000, 1000) ||
		      inter_open(&other, self->id, &o) != -EPERM);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* ---- scribbling ---- */

struct scribbler {
	struct chan *c;
	volatile bool stop;
};

static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	size_t bytes = s->c->bind.layout.region[UNET_REGION_URING].bytes;
	unsigned int seed = 7;

	while (!s->stop) {
		uint32_t at = rand_r(&seed) % (bytes / 4);

		((volatile uint32_t *)s->c->uring)[at] =
			rand_r(&seed) % 3 ? rand_r(&seed) % 64 : rand_r(&seed);
	}
	return NULL;
}

TEST_F_TIMEOUT(change, who_scribbles_ends_himself_and_the_flow_goes_on, 120)
{
	struct grant g = { .rights = UNET_INTER_ALL_RIGHTS & ~UNET_INTER_IDENTITY,
			   .proto = IPPROTO_UDP, .redirect_port = PORT,
			   .violations = -1 };
	int round, rounds = effort(40), poisoned = 0;

	if (variant->family == AF_INET6)
		return;	/* the rings are the same */
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	for (round = 0; round < rounds; round++) {
		struct scribbler s = { .c = &self->m };
		pthread_t thread;
		int i;

		ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));
		ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &s));
		for (i = 0; i < 50; i++) {
			peer_sends(self->peer, i, 2);
			chan_sync(&self->m, UNET_SYNC_TX | UNET_SYNC_FREE);
		}
		s.stop = true;
		pthread_join(thread, NULL);
		poisoned += chan_state(&self->m, NULL) == UNET_CHANNEL_POISONED;
		chan_close(&self->m);
		self->m.fd = -1;
		EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->c, NULL));
		while (chan_rx_peek(&self->c, 20))
			chan_rx_next(&self->c);
		ASSERT_EQ(0, peer_sends(self->peer, 1000 + round, 1));
		ASSERT_EQ(1, owner_takes(&self->c, 1000 + round, 1, 2000))
			TH_LOG("round %d", round);
	}
	EXPECT_LT(0, poisoned);
}

TEST_HARNESS_MAIN
