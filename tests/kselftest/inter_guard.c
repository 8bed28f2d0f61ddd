// SPDX-License-Identifier: MIT
/*
 * Description: what an intermediary cannot do, and what cannot be done to one (R4.2,
 * R4.5, R4.9): what it injects counts as its backlog; the hold limit is one, however
 * many packets are held; what it makes longer still fits the route; once its claim has
 * ended it is told nothing; a token that another was given, or the same by a claim that
 * has ended, is none; each kind of violation ends a claim; a damaged packet is
 * nobody's to change, and damaged it is for its owner; what it changed is looked at
 * again; a filter that is closed is passed by neither with a rule of packet types nor
 * while its nexus goes.
 */
/* libs: -lpthread */
#include "effort.h"
#include "feature.h"
#include "inter_bed.h"
#include "pin.h"
#include "raw.h"

#include <pthread.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif

#define HEADER	28	/* bytes of IPv4 and UDP */

/* ---- backlog ---- */

/* Packets of @bytes injected before @token until one is refused, at most @most. */
static int inject(struct chan *m, uint64_t token, uint32_t bytes, int most,
		  int *why)
{
	int n;

	*why = 0;
	for (n = 0; n < most; n++) {
		*why = inter_say_bytes(m, token, UNET_VERDICT_INJECT, HEADER, bytes);
		if (*why)
			break;
	}
	return n;
}

TEST_F(inter, what_is_injected_counts_as_backlog)
{
	uint64_t first, last;
	int why;

	IN(.rights = OBSERVE | UNET_INTER_INJECT, .backlog = 8, .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	first = inter_seen_bytes(&self->m);
	ASSERT_EQ(0, peer_sends(self->peer, 2, 1));
	last = inter_seen_bytes(&self->m);
	ASSERT_NE(0, last);
	EXPECT_EQ(7, inject(&self->m, last, HEADER + 4, 100, &why));
	EXPECT_EQ(UNET_INTER_CNT_BACKLOG, why);
	EXPECT_EQ(7, STAT(INJECTED));
	EXPECT_EQ(1, STAT(BACKLOG));
	ASSERT_EQ(0, inter_verdict(&self->m, first, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1 + 7 * 2, sum_taken(&self->c, 8));
	/* What has gone on counts no more: nothing waits before this one. */
	EXPECT_EQ(20, inject(&self->m, last, HEADER + 4, 20, &why));
	ASSERT_EQ(0, inter_verdict(&self->m, last, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(21 * 2, sum_taken(&self->c, 21));
	EXPECT_EQ(0, STAT(BLOCKED));
}

TEST_F(inter, bytes_that_are_injected_count_too)
{
	uint32_t bytes = 60000;
	uint64_t last;
	int n, why;

	IN(.rights = OBSERVE | UNET_INTER_INJECT, .violations = -1);
	ASSERT_GE(self->m.bind.layout.region[UNET_REGION_TX].bytes, bytes);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 2));
	ASSERT_NE(0, inter_seen_bytes(&self->m));
	last = self->o.backlog_bytes;
	EXPECT_EQ(4u << 20, last);
	last = inter_seen_bytes(&self->m);
	if (!last) {	/* both came in one slot */
		ASSERT_EQ(0, peer_sends(self->peer, 3, 1));
		last = inter_seen_bytes(&self->m);
	}
	ASSERT_NE(0, last);
	n = inject(&self->m, last, bytes, 200, &why);
	EXPECT_EQ((4 << 20) / 60000, n);
	EXPECT_EQ(UNET_INTER_CNT_BACKLOG, why);
}

/* ---- the hold limit ---- */

#define MANY	16384	/* as many as a backlog may be */
#define SLACK	2000	/* ms; sixteen of them a tick would take 4 seconds */

static int send_many(struct topo *t, int fd, int many)
{
	static uint8_t data[64 * 4];
	int seg = 4, i;

	if (peer_room(fd, 64 << 20) ||
	    feature_set_peer(t, USO, false) ||
	    setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &seg, sizeof(seg)))
		return -1;
	for (i = 0; i < many / 64; i++)
		if (send_to(fd, OUR_V4, PORT, data, sizeof(data)))
			return -1;
	return 0;
}

static const struct unet_params large = {
	.rx_slots = MANY, .rx_small = 2 * MANY,
};

/* They come to the second from the first, faster than from the peer. */
TEST_F(inter, held_for_too_long_all_go_at_once)
{
	struct grant first = { .rights = OBSERVE | UNET_INTER_DELAY,
			       .hold_ms = 10000, .backlog = MANY };
	struct grant second = {
		.rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 600,
		.policy = UNET_INTER_FAIL_CLOSED, .backlog = MANY,
		.violations = -1, .priority = 1,
	};
	/* A kernel full of checkers takes its time for each, and 10 seconds are the most. */
	bool slow = getenv("UNET_SLOW");
	int many = slow ? MANY / 8 : MANY;
	struct unet_inter_open o;
	uint64_t token, start, ms;
	struct chan m;
	uint32_t id;

	ASSERT_EQ(0, inter_grant(&self->nl, &first, &id));
	ASSERT_EQ(0, inter_open_with(&m, id, &large, &o));
	ASSERT_EQ(0, inter_grant(&self->nl, &second, &self->id));
	ASSERT_EQ(0, inter_open_with(&self->m, self->id, &large, &self->o));
	ASSERT_EQ(0, send_many(&self->t, self->peer, many));
	token = shown(&m, many);
	ASSERT_NE(0, token);
	start = mono_ms();
	ASSERT_EQ(0, inter_verdict(&m, token, UNET_VERDICT_ACCEPT, many));
	ms = mono_ms();
	TH_LOG("%d came within %d ms", many, (int)(ms - start));
	start = ms;
	while (inter_look(&self->nl, self->id).held && mono_ms() < start + 10000)
		usleep(5 * 1000);
	ms = mono_ms() - start;
	EXPECT_EQ(many, STAT(PACKETS));
	EXPECT_EQ(many, STAT(HELD_TOO_LONG));
	EXPECT_EQ(many, STAT(BLOCKED));
	TH_LOG("the last went %d ms after it came", (int)ms);
	EXPECT_GE(600 + SLACK * (slow ? 10 : 1), ms);
	chan_close(&m);
}

/* ---- length ---- */

TEST_F(inter, what_is_larger_than_the_route_takes_is_refused)
{
	static char buf[2000], data[10000];
	struct pkt_spec super = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = PORT, .dport = RPORT,
		.data = data, .bytes = sizeof(data),
	};
	uint64_t token;

	IN(.rights = OBSERVE | UNET_INTER_MODIFY_PAYLOAD | UNET_INTER_INJECT,
	   .violations = -1);
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 1));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	EXPECT_EQ(UNET_INTER_CNT_BAD_LENGTH,
		  inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, HEADER, 60000));
	EXPECT_EQ(UNET_INTER_CNT_BAD_LENGTH,
		  inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, HEADER, 1501));
	EXPECT_EQ(UNET_INTER_CNT_BAD_LENGTH,
		  inter_say_bytes(&self->m, token, UNET_VERDICT_INJECT, HEADER, 1501));
	EXPECT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_INJECT, HEADER, 1500));
	EXPECT_EQ(1500 - HEADER, recv(self->peer, buf, sizeof(buf), 0));
	EXPECT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, HEADER, 1500));
	EXPECT_EQ(1500 - HEADER, recv(self->peer, buf, sizeof(buf), 0));
	/* Before what is many datagrams one of its own is still one. */
	ASSERT_EQ(0, chan_send(&self->c, self->flow, &super, 1000));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	EXPECT_EQ(UNET_INTER_CNT_BAD_LENGTH,
		  inter_say_bytes(&self->m, token, UNET_VERDICT_INJECT, HEADER, 9000));
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	/* What comes in was the host's to take already. */
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	token = inter_seen_bytes(&self->m);
	EXPECT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, HEADER, 1501));
	EXPECT_EQ(4, STAT(BAD_LENGTH));
}

TEST_F(inter, what_no_longer_fits_the_route_is_not_sent)
{
	uint64_t token;

	IN(.rights = OBSERVE | UNET_INTER_MODIFY_PAYLOAD | UNET_INTER_INJECT);
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 1));
	ASSERT_NE(0, inter_seen_bytes(&self->m));
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 2));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	/* It waits behind the first. */
	EXPECT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, HEADER, 1500));
	ASSERT_EQ(0, sh("ip link set va mtu 1400"));
	EXPECT_EQ(0, inter_verdict(&self->m, token - 1, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(0, peer_takes(self->peer, 1, 1));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(1, nexus_counter("va", "tx_too_big"));
}

/* ---- packets that cannot be changed ---- */

/* How a datagram of the peer's is one that nobody may send. */
struct odd {
	uint16_t sport;
	uint8_t flags;
	uint8_t ttl;
	uint8_t option;		/* of 4 bytes, 0: none */
	uint8_t more;		/* bytes behind the datagram */
};

/* With a payload of 4 bytes, to PORT + 3. Return: bytes of its headers. */
static uint32_t send_odd(int raw, const struct odd *o)
{
	const uint16_t udp[4] = { htons(o->sport), htons(PORT + 3), htons(8 + 4) };
	uint32_t ip = o->option ? 24 : 20;
	uint8_t p[64] = {
		[0] = 0x40 | ip / 4, [6] = o->flags, [8] = o->ttl, [9] = IPPROTO_UDP,
		[20] = o->option, [21] = 4,
	};

	inet_pton(AF_INET, PEER_V4, p + 12);
	inet_pton(AF_INET, OUR_V4, p + 16);
	memcpy(p + ip, udp, sizeof(udp));
	return send_to(raw, OUR_V4, 0, p, ip + 8 + 4 + o->more) ?
	       0 : ip + 8;
}

static const struct odd odds[] = {
	{ .ttl = 64, .sport = 0 },
	{ .ttl = 64, .sport = RPORT, .flags = 0x80 },
	{ .ttl = 64, .sport = RPORT, .option = 136 },	/* a stream's number */
	{ .ttl = 0, .sport = RPORT },
};

/* A peer that sends such has nobody barred who would only mark them. */
TEST_F(inter, what_nobody_may_send_is_no_violation_of_who_changes_it)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 3,
					  NULL, 0);
	int raw = raw_socket(&self->t, AF_INET);
	uint64_t token = 0;
	unsigned int i, n = sizeof(odds) / sizeof(odds[0]);

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	IN(.rights = UNET_INTER_OBSERVE_HEADERS | UNET_INTER_MODIFY_HEADERS,
	   .violations = 1);
	for (i = 0; i < n; i++) {
		uint32_t header = send_odd(raw, &odds[i]);

		if (i)
			EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
		token = inter_seen_bytes(&self->m);
		ASSERT_NE(0, token) TH_LOG("row %u", i);
		self->m.tx_mem[1] = 0xb8;
		EXPECT_EQ(UNET_INTER_CNT_UNSENDABLE,
			  inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, header,
					  header)) TH_LOG("row %u", i);
	}
	/* It may be made one that can be sent. */
	self->m.tx_mem[8] = 64;
	EXPECT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, HEADER,
				     HEADER));
	EXPECT_EQ(n, STAT(UNSENDABLE));
	EXPECT_EQ(n - 1, STAT(ACCEPTED));
	EXPECT_EQ(UNET_INTER_SERVING, inter_look(&self->nl, self->id).state);
	close(raw);
}

/* What lies behind a datagram in its packet does not become its payload. */
TEST_F(inter, a_datagram_that_ends_before_its_packet_does_not_grow)
{
	static const struct odd plain = { .ttl = 64, .sport = RPORT, .more = 10 };
	uint32_t rights[] = {
		UNET_INTER_OBSERVE_HEADERS | UNET_INTER_MODIFY_HEADERS,
		OBSERVE | UNET_INTER_MODIFY_HEADERS | UNET_INTER_MODIFY_PAYLOAD,
	};
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 3,
					  NULL, 0);
	int raw = raw_socket(&self->t, AF_INET), i;
	const struct unet_rx_slot *s;
	uint64_t token;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	for (i = 0; i < 2; i++) {
		IN(.rights = rights[i], .violations = 1);
		ASSERT_EQ(HEADER, send_odd(raw, &plain));
		token = inter_seen_bytes(&self->m);
		ASSERT_NE(0, token);
		self->m.tx_mem[1] = 0xb8;
		EXPECT_EQ(UNET_INTER_CNT_UNSENDABLE,
			  inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, HEADER,
					  HEADER + i * (4 + 10)));
		EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
		s = chan_rx_peek(&self->c, 2000);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(HEADER + 4 + 10, s->bytes);
		EXPECT_EQ(8 + 4, sound_be16((uint8_t *)chan_buf(&self->c, s->first) + 24));
		chan_rx_next(&self->c);
		chan_close(&self->m);
		self->m.fd = -1;
		ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	}
	close(raw);
}

struct side {
	int family;
	const char *ours;
	const char *theirs;
	uint32_t header;
};

static const struct side sides[] = {
	{ AF_INET, OUR_V4, PEER_V4, 28 },
	{ AF_INET6, OUR_V6, PEER_V6, 48 },
};

/* With the checksum that goes with it, where the header has one. */
static void put_tos(uint8_t *p, int family, uint8_t tos)
{
	uint16_t sum;

	if (family == AF_INET6) {
		p[0] = 0x60 | tos >> 4;
		p[1] = tos << 4;
		return;
	}
	p[1] = tos;
	memset(p + 10, 0, 2);
	sum = htons(~sound_sum(p, 20, 0));
	memcpy(p + 10, &sum, sizeof(sum));
}

/* A datagram of the peer's to PORT + 3: all as it will be sent, and its checksum wrong. */
static uint32_t build_damaged(uint8_t *p, const struct side *s)
{
	struct pkt_spec spec = {
		.family = s->family, .proto = IPPROTO_UDP, .src = s->theirs,
		.dst = s->ours, .sport = RPORT, .dport = PORT + 3,
		.data = "hello", .bytes = 5,
	};
	uint32_t h = build_packet(p, &spec);
	uint16_t sum = raw_l4_sum(p, h - 8, IPPROTO_UDP, 8 + 5) ^ 0x0110;

	memcpy(p + h - 2, &sum, sizeof(sum));
	/* Else the host chooses an id. */
	if (s->family == AF_INET)
		p[5] = 1;
	put_tos(p, s->family, 0);
	return h + 5;
}

/* What is wrong with what @c is given next, which is to be @p, and no better than it. */
static const char *comes_damaged(struct chan *c, const uint8_t *p, uint32_t bytes)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 5000);
	const struct unet_desc *d;
	const char *wrong = NULL;

	if (!s)
		return "it did not come";
	d = &c->desc[s->first];
	if (s->packets != 1 || !(s->flags & UNET_RX_CSUM_BAD))
		wrong = "its slot does not say that it is damaged";
	else if (!(d->flags & UNET_DESC_CSUM_BAD) || d->flags & UNET_DESC_CSUM_OK)
		wrong = "its descriptor does not say that it is damaged";
	else if (d->len != bytes || memcmp(chan_buf(c, s->first), p, bytes))
		wrong = "it has other bytes";
	chan_rx_next(c);
	return wrong;
}

/* One to @s, in which @m may change the first @bytes: it must not, and passes it on. */
static const char *pass_damaged(int raw, struct chan *m, struct chan *c,
				const struct side *s, uint32_t bytes, bool marked)
{
	struct unet_inter_verdict v = {
		.action = marked ? UNET_VERDICT_MARK : UNET_VERDICT_ACCEPT,
		.count = 1, .tos = marked ? 0xb8 : 0, .tos_mask = marked ? 0xfc : 0,
	};
	uint8_t p[64];
	uint32_t all = build_damaged(p, s);

	if (send_to(raw, s->ours, 0, p, all))
		return "it was not sent";
	v.token = inter_seen_bytes(m);
	if (!v.token)
		return "it was not shown";
	put_tos(m->tx_mem, s->family, 0xb8);
	if (inter_say_bytes(m, v.token, UNET_VERDICT_MODIFY, s->header, bytes) !=
	    UNET_INTER_CNT_BAD_CSUM)
		return "to change it was not refused";
	if (inter_say(m, &v))
		return "it was not passed on";
	if (marked)
		put_tos(p, s->family, 0xb8);
	return comes_damaged(c, p, all);
}

/* The kernel would vouch for what it puts there: who sends such has nobody barred. */
TEST_F(inter, what_came_damaged_is_not_changed_and_stays_damaged)
{
	static const uint32_t rights[] = {
		UNET_INTER_OBSERVE_HEADERS | UNET_INTER_MODIFY_HEADERS,
		OBSERVE | UNET_INTER_MODIFY_HEADERS | UNET_INTER_MODIFY_PAYLOAD,
	};
	const char *wrong;
	unsigned int i, k;

	for (i = 0; i < 2; i++) {
		struct unet_flow_req r = flow_req(IPPROTO_UDP, sides[i].family,
						  sides[i].ours, PORT + 3, NULL, 0);
		int raw = raw_socket(&self->t, sides[i].family);

		ASSERT_EQ(0, chan_flow_add(&self->c, &r));
		for (k = 0; k < 4; k++) {
			IN(.rights = rights[k / 2], .violations = 1);
			wrong = pass_damaged(raw, &self->m, &self->c, &sides[i],
					     sides[i].header + k / 2 * 5, k % 2);
			EXPECT_EQ(NULL, wrong) TH_LOG("side %u, %u: %s", i, k, wrong);
			EXPECT_EQ(1, STAT(BAD_CSUM));
			EXPECT_EQ(UNET_INTER_SERVING,
				  inter_look(&self->nl, self->id).state);
			chan_close(&self->m);
			self->m.fd = -1;
			ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
		}
		close(raw);
	}
}

/* Nor does one have it barred by what makes the way narrower. */
TEST_F(inter, what_is_not_made_longer_is_no_violation)
{
	static uint8_t data[1400];
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = PORT, .dport = RPORT,
		.data = data, .bytes = sizeof(data),
	};
	uint64_t token;

	IN(.rights = OBSERVE | UNET_INTER_MODIFY_PAYLOAD, .violations = 1);
	ASSERT_EQ(0, chan_send(&self->c, self->flow, &p, 0));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, sh("ip link set va mtu 1300"));
	EXPECT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, HEADER,
				     HEADER + sizeof(data)));
	EXPECT_EQ(UNET_INTER_SERVING, inter_look(&self->nl, self->id).state);
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(1, nexus_counter("va", "tx_too_big"));
}

/* ---- who is told ---- */

static int whose(struct chan *m, uint32_t flow)
{
	struct unet_inter_flow q = { .size = sizeof(q), .flow = flow };

	return chan_ioctl(m->fd, UNET_IOC_INTER_FLOW, &q);
}

TEST_F(inter, who_is_barred_is_told_nothing)
{
	const struct unet_rx_slot *s;
	uint32_t flow;

	IN(.rights = OBSERVE | UNET_INTER_IDENTITY, .violations = 1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	s = chan_rx_peek(&self->m, 2000);
	ASSERT_NE(NULL, s);
	flow = s->flow;
	EXPECT_EQ(0, whose(&self->m, flow));
	inter_verdict(&self->m, s->tag + 1000, UNET_VERDICT_ACCEPT, 1);
	ASSERT_EQ(UNET_INTER_BARRED, inter_look(&self->nl, self->id).state);
	EXPECT_EQ(-EIO, whose(&self->m, flow));
}

TEST_F(inter, who_served_before_is_told_nothing)
{
	struct unet_inter_open o;
	struct chan other;
	uint32_t flow;

	IN(.rights = OBSERVE | UNET_INTER_IDENTITY);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	ASSERT_NE(NULL, chan_rx_peek(&self->m, 2000));
	flow = chan_rx_peek(&self->m, 0)->flow;
	EXPECT_EQ(0, whose(&self->m, flow));
	self->m.uring->tx_tail += 100000;
	EXPECT_EQ(-EIO, chan_sync(&self->m, UNET_SYNC_TX));
	while (inter_open(&other, self->id, &o) == -EBUSY)
		usleep(1000);
	EXPECT_EQ(0, whose(&other, flow));
	EXPECT_EQ(-EIO, whose(&self->m, flow));
	chan_close(&other);
}

/* ---- filters that are closed ---- */

static int rule_at(struct chan *c, int port, struct unet_type_req *r)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, port, port);

	spec.direction = UNET_TYPE_RX | UNET_TYPE_TX;
	spec = spec_does(spec, UNET_TYPE_DELIVER);
	return type_add(c, &spec, 0, r);
}

TEST_F(inter, no_filter_is_passed_by_with_a_rule)
{
	struct grant g = { .rights = OBSERVE, .proto = IPPROTO_UDP,
			   .policy = UNET_INTER_FAIL_CLOSED,
			   .local_port = PORT + 3 };
	struct grant lower = { .rights = OBSERVE, .local = OUR_V4,
			       .policy = UNET_INTER_FAIL_AFTER, .after_ms = 5 };
	struct unet_type_spec icmp = spec_proto(253, 253);
	struct unet_type_req r;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	EXPECT_EQ(-EPERM, rule_at(&self->c, PORT + 3, &r));
	EXPECT_EQ(UNET_TYPE_NO_FILTERED, r.reason);
	EXPECT_EQ(0, rule_at(&self->c, PORT + 4, &r));
	/* Nor with one that is there already. */
	r.spec.first = PORT + 2;
	r.spec.last = PORT + 5;
	EXPECT_EQ(-EPERM, type_modify(&self->c, r.id, &r.spec, &r));
	EXPECT_EQ(UNET_TYPE_NO_FILTERED, r.reason);
	icmp = spec_does(icmp, UNET_TYPE_DELIVER);
	EXPECT_EQ(0, type_add(&self->c, &icmp, 0, &r));
	EXPECT_EQ(0, type_del(&self->c, r.id));
	ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	EXPECT_EQ(0, rule_at(&self->c, PORT + 3, &r));
	/* One about any protocol is about this, too. */
	ASSERT_EQ(0, inter_grant(&self->nl, &lower, &self->id));
	EXPECT_EQ(-EPERM, type_add(&self->c, &icmp, 0, &r));
	icmp.family = AF_INET6;
	EXPECT_EQ(0, type_add(&self->c, &icmp, 0, &r));
}

static int port_sends(struct chan *c, uint32_t flow, int port)
{
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = port, .dport = RPORT,
		.data = "past", .bytes = 4,
	};

	return chan_send(c, flow, &p, 0);
}

/* A rule that delivers no more gives no right to send: it could be made any other. */
TEST_F(inter, no_filter_is_passed_by_with_a_rule_that_delivered)
{
	struct grant g = { .rights = OBSERVE, .proto = IPPROTO_UDP,
			   .policy = UNET_INTER_FAIL_CLOSED,
			   .local_port = PORT + 3 };
	struct unet_type_spec first = spec_port(IPPROTO_UDP, PORT + 4, PORT + 4);
	const int others[] = { UNET_TYPE_HOST, UNET_TYPE_DROP };
	struct unet_type_ref ref, other;
	struct unet_type_req r;
	struct chan member, late;
	uint32_t id, flow, i;
	char buf[16];

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	ASSERT_EQ(0, type_add(&self->c, &first, 0, &r));
	id = r.id;
	flow = r.flow;
	ASSERT_EQ(0, chan_open(&member, "va", NULL));
	ASSERT_EQ(0, chan_open(&late, "va", NULL));
	ASSERT_EQ(0, type_join(&member, id, &ref));
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		struct unet_type_spec spec = r.spec;

		spec.action = others[i];
		ASSERT_EQ(0, type_modify(&self->c, id, &spec, &r));
		EXPECT_EQ(UNET_NO_FLOW, r.flow);
		EXPECT_EQ(-EINVAL, type_join(&late, id, &other));
		EXPECT_EQ(UNET_CNT_TX_TYPE_READ_ONLY, port_sends(&self->c, flow, PORT + 4));
		spec.first = PORT + 3;
		spec.last = PORT + 3;
		ASSERT_EQ(0, type_modify(&self->c, id, &spec, &r));
		EXPECT_EQ(UNET_CNT_TX_TYPE_READ_ONLY, port_sends(&self->c, flow, PORT + 3));
		EXPECT_EQ(UNET_CNT_TX_TYPE_READ_ONLY, port_sends(&member, ref.flow, PORT + 3));
		EXPECT_TRUE(peer_has_nothing(self->peer));
		/* To deliver what must be seen it cannot be made. */
		spec.action = UNET_TYPE_DELIVER;
		EXPECT_EQ(-EPERM, type_modify(&self->c, id, &spec, &r));
		EXPECT_EQ(UNET_TYPE_NO_FILTERED, r.reason);
		spec.first = PORT + 4;
		spec.last = PORT + 4;
		ASSERT_EQ(0, type_modify(&self->c, id, &spec, &r));
		EXPECT_EQ(flow, r.flow);
		EXPECT_EQ(0, port_sends(&self->c, flow, PORT + 4));
		EXPECT_EQ(4, recv(self->peer, buf, sizeof(buf), 0));
		EXPECT_EQ(0, port_sends(&member, ref.flow, PORT + 4));
		EXPECT_EQ(4, recv(self->peer, buf, sizeof(buf), 0));
	}
	chan_close(&late);
	chan_close(&member);
}

/* Makes a rule and removes it; says what became of each try. */
struct maker {
	struct chan *c;
	volatile bool stop;
	volatile int made;
	int refused;
	int err;
};

static void *make_rules(void *arg)
{
	const struct sched_param plain = { .sched_priority = 0 };
	struct maker *m = arg;
	struct unet_type_req r;
	int err;

	m->err = -pthread_setschedparam(pthread_self(), SCHED_IDLE, &plain);
	while (!m->stop && !m->err) {
		err = rule_at(m->c, PORT + 3, &r);
		if (!err) {
			m->made++;
			err = type_del(m->c, r.id);
		} else if (err == -EPERM && r.reason == UNET_TYPE_NO_FILTERED) {
			m->refused++;
			err = 0;
		}
		m->err = err;
	}
	return NULL;
}

/*
 * What there is when the grant is made can be looked at; nothing is granted after it. A
 * rule that is about to be refused may be seen in a dump: what counts is the answer.
 */
TEST_F_TIMEOUT(inter, a_rule_is_made_before_a_closed_grant_or_not_at_all, 120)
{
	struct grant g = { .rights = OBSERVE, .proto = IPPROTO_UDP,
			   .policy = UNET_INTER_FAIL_CLOSED,
			   .local_port = PORT + 3 };
	struct maker m = { .c = &self->c };
	int i, before, late = 0, rounds = effort(1000);
	pthread_t thread;
	uint32_t seen;

	/* One CPU, and he only when we sleep: wherever he is then, he stands still. */
	run_on(0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, make_rules, &m));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
		before = m.made;
		seen = tell(&self->nl, 0).rules;
		usleep(500);	/* he goes on, and tries again */
		late += m.made - before > (int)seen;
		ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
		usleep(1 + i % 7 * 200);
	}
	m.stop = true;
	pthread_join(thread, NULL);
	TH_LOG("%d made, %d refused", m.made, m.refused);
	EXPECT_EQ(0, m.err);
	EXPECT_LT(0, m.made);
	EXPECT_LT(0, m.refused);
	EXPECT_EQ(0, late);
}

TEST_F(inter, an_open_one_does_not_keep_rules_away)
{
	struct unet_type_req r;

	IN(.rights = OBSERVE);
	EXPECT_EQ(0, rule_at(&self->c, PORT + 3, &r));
}

struct sender {
	struct chan *c;
	uint32_t flow;
	int sent;
};

static void *send_on(void *arg)
{
	struct sender *s = arg;

	while (chan_state(s->c, NULL) == UNET_CHANNEL_LIVE &&
	       owner_sends(s->c, s->flow, s->sent) >= 0)
		__atomic_fetch_add(&s->sent, 1, __ATOMIC_RELAXED);
	return NULL;
}

TEST_F(inter, while_the_nexus_goes_nothing_passes_a_closed_filter)
{
	struct sender s = { .c = &self->c, .flow = self->flow };
	pthread_t thread;

	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED);
	chan_close(&self->m);
	self->m.fd = -1;
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_on, &s));
	/* It is at it, however long that takes. */
	while (__atomic_load_n(&s.sent, __ATOMIC_RELAXED) < 10 &&
	       chan_state(&self->c, NULL) == UNET_CHANNEL_LIVE)
		usleep(1000);
	ASSERT_EQ(0, nexus_detach("va"));
	pthread_join(thread, NULL);
	EXPECT_LE(10, s.sent);
	EXPECT_TRUE(peer_has_nothing(self->peer)) TH_LOG("of %d sent", s.sent);
	ASSERT_EQ(0, nexus_attach("va"));
}

/* ---- what was judged is what goes on ---- */

TEST_F(inter, an_address_that_goes_while_its_packet_is_held)
{
	uint64_t token;

	IN(.rights = OBSERVE);
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 1));
	ASSERT_NE(0, inter_seen_bytes(&self->m));
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 2));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	EXPECT_EQ(0, inter_verdict(&self->m, token - 1, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(0, peer_takes(self->peer, 1, 1));
	ASSERT_EQ(0, sh("ip addr del " OUR_V4 "/24 dev va"));
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(1, nexus_counter("va", "tx_source_gone"));
}

/* ---- what was changed is looked at again ---- */

TEST_F(inter, what_was_changed_is_whose_it_now_is)
{
	struct chan other;
	uint32_t theirs;
	uint64_t token;

	ASSERT_EQ(0, chan_open(&other, "va", NULL));
	ASSERT_EQ(0, steer_ones(&self->c, self->flow, &other, &theirs));
	IN(.rights = OBSERVE | UNET_INTER_MODIFY_PAYLOAD | UNET_INTER_INJECT);
	/* Out of the rule ... */
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	self->m.tx_mem[HEADER] = 2;
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, HEADER,
				     HEADER + 4));
	EXPECT_EQ(1, owner_takes(&self->c, 2, 1, 2000));
	/* ... and into it, changed or injected; what was accepted stays where it was. */
	ASSERT_EQ(0, peer_sends(self->peer, 2, 1));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	self->m.tx_mem[HEADER] = 1;
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_INJECT, HEADER,
				     HEADER + 4));
	EXPECT_EQ(1, owner_takes(&other, 1, 1, 2000));
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, HEADER,
				     HEADER + 4));
	EXPECT_EQ(1, owner_takes(&other, 1, 1, 2000));
	ASSERT_EQ(0, peer_sends(self->peer, 2, 1));
	token = inter_seen_bytes(&self->m);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 2, 1, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&other, 50));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 50));
	chan_close(&other);
}

/* ---- tokens of others ---- */

/* Another grant in the same flow, which sees first what is sent, and last what comes. */
static int second_comes(struct nl *nl, struct chan *m, uint32_t *id)
{
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_DROP | UNET_INTER_DELAY, .hold_ms = 10000,
		.violations = -1, .priority = 1,
	};
	struct unet_inter_open o;

	return inter_grant(nl, &g, id) ?: inter_open(m, *id, &o);
}

#define IS_FOREIGN(m, token)						\
do {									\
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_FOREIGN,				\
		  inter_verdict(m, token, UNET_VERDICT_ACCEPT, 1));	\
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_FOREIGN,				\
		  inter_verdict(m, token, UNET_VERDICT_DROP, 1));	\
} while (0)

/* Each holds the first packet it was shown, on its way in or out: numbers are the same. */
TEST_F(inter, a_token_that_another_holds_is_foreign)
{
	uint64_t near, far;
	struct chan other;
	uint32_t id;

	IN(.rights = OBSERVE | UNET_INTER_DROP, .violations = -1);
	ASSERT_EQ(0, second_comes(&self->nl, &other, &id));
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	ASSERT_EQ(1, number_shown(&self->m, &near));
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 2));
	ASSERT_EQ(2, number_shown(&other, &far));
	IS_FOREIGN(&other, near);
	IS_FOREIGN(&self->m, far);
	EXPECT_EQ(2, inter_stat(&self->nl, id, UNET_INTER_CNT_TOKEN_FOREIGN));
	EXPECT_EQ(2, STAT(TOKEN_FOREIGN));
	EXPECT_EQ(1, inter_look(&self->nl, id).held);
	EXPECT_EQ(1, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	/* Where it was given out each is as good as before. */
	ASSERT_EQ(0, inter_verdict(&self->m, near, UNET_VERDICT_ACCEPT, 1));
	ASSERT_EQ(1, number_shown(&other, &near));
	ASSERT_EQ(0, inter_verdict(&other, near, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	ASSERT_EQ(0, inter_verdict(&other, far, UNET_VERDICT_ACCEPT, 1));
	ASSERT_EQ(2, number_shown(&self->m, &far));
	ASSERT_EQ(0, inter_verdict(&self->m, far, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(0, peer_takes(self->peer, 2, 1));
	chan_close(&other);
}

TEST_F(inter, a_token_of_a_claim_that_has_ended_is_foreign)
{
	uint64_t former, token;

	IN(.rights = OBSERVE | UNET_INTER_DROP, .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	ASSERT_EQ(1, number_shown(&self->m, &former));
	chan_close(&self->m);
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));
	ASSERT_EQ(0, peer_sends(self->peer, 2, 1));
	ASSERT_EQ(2, number_shown(&self->m, &token));
	IS_FOREIGN(&self->m, former);
	EXPECT_EQ(2, STAT(TOKEN_FOREIGN));
	EXPECT_EQ(1, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 2, 1, 2000));
}

/* ---- violations ---- */

/* A verdict that is one violation, of a packet that was sent out as @at shows it. */
struct sin {
	int stat;
	uint32_t rights;
	uint16_t action;
	uint64_t off;		/* of the token */
	uint16_t header;
	uint32_t bytes;
	uint16_t at;		/* header byte to be changed, 0: none */
	uint8_t count;
	bool again;		/* answered before */
};

#define CHANGE	(OBSERVE | UNET_INTER_MODIFY_PAYLOAD)
#define SIN(name, ...)	{ .stat = UNET_INTER_CNT_##name, .count = 1, __VA_ARGS__ }
#define MODIFY	.action = UNET_VERDICT_MODIFY, .header = HEADER

#pragma GCC diagnostic ignored "-Woverride-init"

static const struct sin sins[] = {
	SIN(TOKEN_FOREIGN, .rights = OBSERVE, .off = 1000),
	SIN(TOKEN_DOUBLE, .rights = OBSERVE, .again = true),
	SIN(BAD_VERDICT, .rights = OBSERVE, .action = UNET_VERDICT_COUNT),
	SIN(BAD_VERDICT, .rights = OBSERVE, .count = 0),
	SIN(BAD_EXTENT, .rights = CHANGE, MODIFY, .bytes = ~0u),
	SIN(BAD_HEADER, .rights = CHANGE, MODIFY, .bytes = HEADER + 4, .at = 0xffff),
	SIN(BAD_LENGTH, .rights = CHANGE, MODIFY, .bytes = 1501),
	SIN(SPOOF, .rights = CHANGE, MODIFY, .bytes = HEADER + 4, .at = 15),
	SIN(RIGHT_DROP, .rights = OBSERVE, .action = UNET_VERDICT_DROP),
	SIN(RIGHT_HEADERS, .rights = CHANGE, MODIFY, .bytes = HEADER + 4, .at = 8),
	SIN(RIGHT_PAYLOAD, .rights = OBSERVE | UNET_INTER_MODIFY_HEADERS, MODIFY,
	    .bytes = HEADER + 4),
	SIN(RIGHT_INJECT, .rights = OBSERVE, MODIFY,
	    .action = UNET_VERDICT_INJECT, .bytes = HEADER + 4),
	SIN(RIGHT_DUPLICATE, .rights = OBSERVE, .action = UNET_VERDICT_DUPLICATE),
	SIN(RIGHT_REDIRECT, .rights = OBSERVE, .action = UNET_VERDICT_REDIRECT),
};

static void commit(struct chan *m, const struct sin *sin, uint64_t token)
{
	struct unet_inter_verdict v = {
		.token = token + sin->off, .action = sin->action,
		.count = sin->count, .header_len = sin->header,
		.extents = sin->bytes ? 1 : 0,
		.extent = { { 0, sin->bytes } },
	};

	if (sin->at == 0xffff)
		m->tx_mem[0] = 0x15;
	else if (sin->at)
		m->tx_mem[sin->at] ^= 1;
	if (sin->again)
		inter_say(m, &v);
	inter_say(m, &v);
}

TEST_F(inter, each_kind_of_violation_ends_the_claim)
{
	unsigned int i;

	for (i = 0; i < sizeof(sins) / sizeof(sins[0]); i++) {
		uint32_t reason = 0;
		uint64_t token;

		IN(.rights = sins[i].rights, .violations = 1);
		ASSERT_EQ(0, owner_sends(&self->c, self->flow, i));
		token = inter_seen_bytes(&self->m);
		ASSERT_NE(0, token);
		commit(&self->m, &sins[i], token);
		EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->m, &reason))
			TH_LOG("row %u", i);
		EXPECT_EQ(UNET_POISON_INTER_ABUSE, reason) TH_LOG("row %u", i);
		EXPECT_EQ(UNET_INTER_BARRED, inter_look(&self->nl, self->id).state);
		EXPECT_EQ(1, inter_stat(&self->nl, self->id, sins[i].stat))
			TH_LOG("row %u", i);
		/* It went on, as it was. */
		EXPECT_EQ(0, peer_takes(self->peer, i, 1)) TH_LOG("row %u", i);
		chan_close(&self->m);
		self->m.fd = -1;
		ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	}
}

TEST_F(inter, a_full_backlog_is_a_violation)
{
	uint32_t reason = 0;

	IN(.rights = OBSERVE, .backlog = 2, .violations = 1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 4));
	EXPECT_EQ(4, owner_takes(&self->c, 1, 4, 2000));
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->m, &reason));
	EXPECT_EQ(UNET_POISON_INTER_ABUSE, reason);
	EXPECT_LE(1, STAT(BACKLOG));
}

TEST_F(inter, to_hold_for_too_long_is_a_violation)
{
	uint32_t reason = 0;

	IN(.rights = OBSERVE, .hold_ms = 50, .violations = 1);
	/* Once in a hold limit, so that the first does not count with the claim. */
	usleep(100 * 1000);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->m, &reason));
	EXPECT_EQ(UNET_POISON_INTER_ABUSE, reason);
	EXPECT_EQ(1, STAT(HELD_TOO_LONG));
}

TEST_HARNESS_MAIN
