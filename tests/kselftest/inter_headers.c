// SPDX-License-Identifier: MIT
/*
 * Description: many packets changed by one verdict (R4.2, R4.5, R4.9): each of a run comes
 * with its own header and its own payload, or what takes its place, in its order, with
 * lengths and checksums that hold, in and out, whoever else has its bytes and whichever
 * flow of the grant it is of. One that is refused stays, one that nobody can change is let
 * be, and neither keeps the others; what makes no sense changes none.
 */
#include "feature.h"
#include "inter_bed.h"
#include "raw.h"
#include "sound.h"
#include "tcp_hand.h"
#include "tos.h"

#define HEADERS	(UNET_INTER_OBSERVE_HEADERS | UNET_INTER_MODIFY_HEADERS)

#define N	10	/* packets of a run */
#define ODD	4	/* the one among them that is another matter */
#define MANY	150	/* more than are changed at once */

#define DATA	16	/* bytes of payload, at most */
#define OTHER_DATA	9	/* of what takes its place */
#define UDP4	28	/* of headers */

/* A packet that has arrived. */
struct came {
	uint32_t bytes;
	uint32_t flags;		/* of its descriptor */
	uint8_t p[128];
};

FIXTURE(headers) {
	struct live before;
	struct topo t;
	struct nl nl;
	struct chan c;		/* the flows' owner */
	uint32_t flow[2];	/* at PORT, and the next */
	struct chan m;		/* the one in the middle */
	struct unet_inter_open o;
	uint32_t id;
	int peer;
	int tap;		/* sees what the peer is given */
	struct came came[MANY];
};

FIXTURE_VARIANT(headers) {
	bool outbound;
	int family;
	const char *ours;
	const char *theirs;
	uint32_t header;
};

FIXTURE_VARIANT_ADD(headers, v4_that_comes) { false, AF_INET, OUR_V4, PEER_V4, UDP4 };
FIXTURE_VARIANT_ADD(headers, v6_that_comes) { false, AF_INET6, OUR_V6, PEER_V6, 48 };
FIXTURE_VARIANT_ADD(headers, v4_that_goes) { true, AF_INET, OUR_V4, PEER_V4, UDP4 };
FIXTURE_VARIANT_ADD(headers, v6_that_goes) { true, AF_INET6, OUR_V6, PEER_V6, 48 };

static int add_flows(struct _test_data_headers *b, const struct _fixture_variant_headers *v)
{
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++) {
		struct unet_flow_req r = flow_req(IPPROTO_UDP, v->family, v->ours,
						  PORT + i, v->theirs, RPORT);

		err = chan_flow_add(&b->c, &r);
		b->flow[i] = r.flow;
	}
	return err;
}

/* A socket for what is sent and given, and one that sees each packet as it comes. */
static int peer_open(struct _test_data_headers *b, const struct _fixture_variant_headers *v)
{
	int type = v->family == AF_INET ? ETH_P_IP : ETH_P_IPV6;
	struct timeval tv = { .tv_sec = 5 };

	b->peer = peer_socket(&b->t, v->family, SOCK_DGRAM);
	b->tap = peer_socket_of(&b->t, AF_PACKET, SOCK_DGRAM, htons(type));
	setsockopt(b->peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(b->tap, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return peer_room(b->peer, 1 << 20) ?: peer_room(b->tap, 1 << 20) ?:
	       bind_to(b->peer, v->theirs, RPORT);
}

FIXTURE_SETUP(headers)
{
	ASSERT_EQ(0, param_linger("0"));
	self->before = live_now();
	self->m.fd = -1;
	ASSERT_EQ(0, topo_setup(&self->t));
	/* Checksums are made and looked at in software: a wrong one is seen. */
	ASSERT_EQ(0, feature_set("va", TX_SUMS, false));
	ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, false));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, add_flows(self, variant));
	ASSERT_EQ(0, peer_open(self, variant));
}

FIXTURE_TEARDOWN(headers)
{
	struct live now;

	close(self->tap);
	close(self->peer);
	if (self->m.fd >= 0)
		chan_close(&self->m);
	chan_close(&self->c);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	EXPECT_EQ(0, param_linger("60"));
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* ---- what is sent ---- */

/* Of the @i-th packet, which no other has, nor its length its neighbours. */
static uint32_t payload_of(uint32_t i, uint8_t *data)
{
	uint32_t bytes = 4 + i * 5 % 13;

	memset(data, 'a' + i % 26, bytes);
	memcpy(data, &i, 4);
	return bytes;
}

/* ... and of what takes its place. */
static uint32_t other_of(uint32_t i, uint8_t *data)
{
	memset(data, 'A' + i % 26, OTHER_DATA);
	memcpy(data, &i, 4);
	return OTHER_DATA;
}

static bool send_data(struct _test_data_headers *b, const struct _fixture_variant_headers *v,
		      const void *data, uint32_t bytes, int flow)
{
	struct pkt_spec p = {
		.family = v->family, .proto = IPPROTO_UDP, .src = v->ours,
		.dst = v->theirs, .sport = PORT + flow, .dport = RPORT,
		.data = data, .bytes = bytes,
	};

	return v->outbound ? !chan_send(&b->c, b->flow[flow], &p, 0) :
	       !send_to(b->peer, v->ours, PORT + flow, data, bytes);
}

static bool send_one(struct _test_data_headers *b, const struct _fixture_variant_headers *v,
		     uint32_t i, int flow)
{
	uint8_t data[DATA];
	uint32_t bytes = payload_of(i, data);

	return send_data(b, v, data, bytes, flow);
}

/* ---- headers, one after the other in TX ---- */

/*
 * Those of the next @n that @m is shown, to the place of the @at-th and on.
 * Return: token of the first, 0: not so many.
 */
static uint64_t headers_shown(struct chan *m, uint32_t h, uint32_t at, uint32_t n)
{
	const struct unet_rx_slot *s;
	uint32_t seen = 0, buf;
	uint64_t first = 0;

	while (seen < n && (s = chan_rx_peek(m, 2000))) {
		if (!seen)
			first = s->tag;
		else if (s->tag != first + seen)
			return 0;
		for (buf = s->first; buf != UNET_NO_BUF; buf = m->desc[buf].next) {
			memcpy(m->tx_mem + (at + seen) * h, chan_buf(m, buf), h);
			seen++;
		}
		chan_rx_next(m);
	}
	return seen == n ? first : 0;
}

/* The @from-th packet and on go and are held. Return: as headers_shown(). */
static uint64_t held(struct _test_data_headers *b, const struct _fixture_variant_headers *v,
		     uint32_t from, uint32_t n)
{
	uint32_t i;

	for (i = from; i < from + n; i++)
		if (!send_one(b, v, i, 0))
			return 0;
	return headers_shown(&b->m, v->header, from, n);
}

#define HELD(from, n)	held(self, variant, from, n)

/* Nothing of what the @i-th is to have does another. */
static void put_own(uint8_t *p, uint32_t i)
{
	tos_put(p, i % 64 * 4);
	if (p[0] >> 4 == 4) {
		p[4] = 0x70;	/* identification */
		p[5] = i;
		p[6] = i & 1 ? 0x40 : 0;	/* DF */
		p[8] = 10 + i;	/* TTL */
		return;
	}
	p[1] = (p[1] & 0xf0) | 5;	/* flow label */
	p[2] = 0x12;
	p[3] = i;
	p[7] = 10 + i;	/* hop limit */
}

static void put_all(struct chan *m, uint32_t h, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		put_own(m->tx_mem + i * h, i);
}

/* Behind each of the headers there are the bytes that take the place of the payload. */
static void put_payload(struct chan *m, uint32_t h, uint32_t n)
{
	uint32_t each = h + OTHER_DATA, i;

	for (i = n; i--;) {
		memmove(m->tx_mem + i * each, m->tx_mem + i * h, h);
		other_of(i, m->tx_mem + i * each + h);
	}
}

/*
 * From the @at-th on, of those whose first has @first; of @each bytes @h are headers.
 * Return: as inter_say().
 */
static int say_many(struct chan *m, uint64_t first, uint32_t at, uint32_t n, uint32_t h,
		    uint32_t each)
{
	struct unet_inter_verdict v = {
		.token = first + at, .action = UNET_VERDICT_MODIFY, .count = n,
		.header_len = h, .extents = 1, .extent = { { at * each, n * each } },
	};

	return inter_say(m, &v);
}

static int say_headers(struct chan *m, uint64_t first, uint32_t at, uint32_t n, uint32_t h)
{
	return say_many(m, first, at, n, h, h);
}

/* ---- what arrives ---- */

/* The next packet of @proto that a packet socket saw; 0: there is none. */
static uint32_t tap_next(int tap, int proto, int flags, uint8_t *p, uint32_t size)
{
	ssize_t n;

	do {
		n = recv(tap, p, size, flags);
	} while (n > 0 && p[p[0] >> 4 == 4 ? 9 : 6] != proto);
	return n > 0 ? n : 0;
}

static uint32_t tap_given(int tap, struct came *came, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		came[i].bytes = tap_next(tap, IPPROTO_UDP, 0, came[i].p, sizeof(came[i].p));
		came[i].flags = UNET_DESC_CSUM_OK;
		if (!came[i].bytes)
			break;
	}
	return i;
}

/* Its kernel looks at the checksum before its socket is given the payload. */
static uint32_t peer_given(struct _test_data_headers *b, uint32_t n, uint32_t h)
{
	uint32_t got = tap_given(b->tap, b->came, n), i;
	uint8_t data[128];

	for (i = 0; i < got; i++)
		if (recv(b->peer, data, sizeof(data), 0) != b->came[i].bytes - h)
			return i;
	usleep(50 * 1000);
	return got + !!tap_next(b->tap, IPPROTO_UDP, MSG_DONTWAIT, data, sizeof(data));
}

static void keep(struct chan *c, uint32_t buf, struct came *came)
{
	came->bytes = c->desc[buf].len;
	came->flags = c->desc[buf].flags;
	memcpy(came->p, chan_buf(c, buf), came->bytes < sizeof(came->p) ?
					  came->bytes : sizeof(came->p));
}

static uint32_t owner_given(struct _test_data_headers *b, uint32_t n)
{
	const struct unet_rx_slot *s;
	uint32_t got = 0, buf;

	while (got < n && (s = chan_rx_peek(&b->c, 2000))) {
		for (buf = s->first; buf != UNET_NO_BUF; buf = b->c.desc[buf].next) {
			if (got < n)
				keep(&b->c, buf, &b->came[got]);
			got++;
		}
		chan_rx_next(&b->c);
	}
	return got + !!chan_rx_peek(&b->c, 20);
}

/* @n arrive, and nothing else does. Return: @n, or how many there are. */
#define GIVEN(n)							\
	(variant->outbound ? peer_given(self, n, variant->header) :	\
			     owner_given(self, n))

/* How it is to be, by bits: with its own header, and without payload or with the other. */
#define AS_SENT	0u
#define CHANGED	1u
#define BARE	2u
#define OTHER	4u

static bool has_own(const uint8_t *p, uint32_t ip, uint32_t i)
{
	uint8_t own[40];

	memcpy(own, p, ip);
	put_own(own, i);
	return !memcmp(own, p, ip);
}

/* What is wrong with the @i-th; NULL: nothing. */
static const char *fault_of(const struct came *c, uint32_t i, uint32_t how)
{
	bool v4 = c->p[0] >> 4 == 4;
	uint32_t h = v4 ? UDP4 : 48, n;
	uint8_t data[DATA];

	n = how & OTHER ? other_of(i, data) : payload_of(i, data);
	if (how & BARE)
		n = 0;
	if (c->bytes != h + n || memcmp(c->p + h, data, n))
		return "another's payload";
	if (!(how & CHANGED) && (tos_of(c->p) || c->p[v4 ? 8 : 7] != 64))
		return "not the header it was sent with";
	if (how & CHANGED && !has_own(c->p, h - 8, i))
		return "another's header";
	if (!(c->flags & UNET_DESC_CSUM_OK))
		return "nobody vouches for the checksum";
	return sound_fault(c->p, c->bytes, h);
}

/* @n of those that came, the first of which is the @i-th. */
static const char *first_fault(const struct came *c, uint32_t i, uint32_t n, uint32_t how)
{
	const char *fault = NULL;

	for (; n && !fault; n--)
		fault = fault_of(c++, i++, how);
	return fault;
}

#define EXPECT_CAME(at, i, n, how)					\
do {									\
	const char *f_ = first_fault(&self->came[at], i, n, how);	\
									\
	EXPECT_EQ(NULL, f_) TH_LOG("%s", f_ ?: "nothing");		\
} while (0)

/* ---- each its own ---- */

/* By the device that they leave by, or in software. */
static int sums(struct _test_data_headers *b, const struct _fixture_variant_headers *v, bool device)
{
	return v->outbound ? feature_set("va", TX_SUMS, device) :
			     feature_set_peer(&b->t, TX_SUMS, device);
}

TEST_F(headers, each_of_a_run_has_its_own)
{
	uint32_t h = variant->header;
	uint64_t token;
	int device;

	IN(.rights = HEADERS);
	for (device = 0; device < 2; device++) {
		ASSERT_EQ(0, sums(self, variant, device));
		token = HELD(0, N);
		ASSERT_NE(0, token);
		EXPECT_EQ(0, GIVEN(0));
		put_all(&self->m, h, N);
		EXPECT_EQ(0, say_headers(&self->m, token, 0, N, h));
		ASSERT_EQ(N, GIVEN(N));
		EXPECT_CAME(0, 0, N, CHANGED);
	}
	EXPECT_EQ(2 * N, STAT(MODIFIED));
	EXPECT_EQ(0, STAT(ACCEPTED));
	EXPECT_EQ(0, STAT(MISSED));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
}

/* All but the first, then that: what is answered waits for what is not. */
TEST_F(headers, more_than_are_changed_at_once)
{
	uint32_t h = variant->header;
	uint64_t token;

	IN(.rights = HEADERS);
	token = HELD(0, MANY);
	ASSERT_NE(0, token);
	put_all(&self->m, h, MANY);
	EXPECT_EQ(0, say_headers(&self->m, token, 1, MANY - 1, h));
	EXPECT_EQ(0, GIVEN(0));
	EXPECT_EQ(0, say_headers(&self->m, token, 0, 1, h));
	ASSERT_EQ(MANY, GIVEN(MANY));
	EXPECT_CAME(0, 0, MANY, CHANGED);
	EXPECT_EQ(MANY, STAT(MODIFIED));
}

/* Lengths and checksums: 0: as shown; 1: of IP are anything, 2: of UDP, too, 3: or zero. */
static void spoil(uint8_t *p, uint32_t h, uint32_t how)
{
	bool v4 = h == UDP4;

	if (how)
		memset(p + (v4 ? 2 : 4), 0xee, 2);
	if (how && v4)
		memset(p + 10, 0xee, 2);
	if (how > 1)
		memset(p + h - 4, how == 2 ? 0xee : 0, 4);
}

TEST_F(headers, what_the_kernel_fills_in_may_be_anything)
{
	uint32_t h = variant->header, i;
	uint64_t token;

	IN(.rights = HEADERS);
	token = HELD(0, N);
	ASSERT_NE(0, token);
	put_all(&self->m, h, N);
	for (i = 0; i < N; i++)
		spoil(self->m.tx_mem + i * h, h, i % 4);
	EXPECT_EQ(0, say_headers(&self->m, token, 0, N, h));
	ASSERT_EQ(N, GIVEN(N));
	EXPECT_CAME(0, 0, N, CHANGED);
	EXPECT_EQ(N, STAT(MODIFIED));
}

/* Those that came before the tap did are changed where they lie. */
TEST_F(headers, who_else_has_their_bytes_sees_what_came)
{
	uint32_t h = variant->header;
	uint64_t token;
	int tap;

	if (variant->outbound)
		return;	/* a tap sees them behind the chain */
	IN(.rights = HEADERS);
	token = HELD(0, ODD);
	ASSERT_NE(0, token);
	tap = tos_tap();
	ASSERT_LE(0, tap);
	ASSERT_EQ(token + ODD, HELD(ODD, N - ODD));
	put_all(&self->m, h, N);
	EXPECT_EQ(0, say_headers(&self->m, token, 0, N, h));
	ASSERT_EQ(N, GIVEN(N));
	EXPECT_CAME(0, 0, N, CHANGED);
	ASSERT_EQ(N - ODD, tap_given(tap, self->came, N - ODD));
	EXPECT_CAME(0, ODD, N - ODD, AS_SENT);
	EXPECT_EQ(N, STAT(MODIFIED));
	EXPECT_EQ(0, STAT(NO_MEMORY));
	close(tap);
}

/* Each flow's come in their order, and as that flow's, however the two mix. */
static const char *fault_of_two(const struct came *c, uint32_t n,
				const struct _fixture_variant_headers *v)
{
	uint32_t next[2] = { 0, 1 }, at = v->header - 8 + (v->outbound ? 0 : 2), i;
	const char *fault = NULL;

	for (; n && !fault; n--, c++) {
		memcpy(&i, c->p + v->header, 4);
		if (i != next[i % 2])
			return "out of order";
		next[i % 2] += 2;
		if (sound_be16(c->p + at) != PORT + i % 2)
			return "another flow's";
		fault = fault_of(c, i, CHANGED);
	}
	return fault;
}

TEST_F(headers, two_flows_that_alternate)
{
	uint32_t h = variant->header, i;
	uint64_t token = 0, next;
	const char *fault;

	IN(.rights = HEADERS);
	for (i = 0; i < N; i++) {
		ASSERT_TRUE(send_one(self, variant, i, i % 2));
		next = headers_shown(&self->m, h, i, 1);
		ASSERT_NE(0, next);
		token = token ?: next;
		ASSERT_EQ(token + i, next);
	}
	EXPECT_EQ(2, inter_look(&self->nl, self->id).flows);
	put_all(&self->m, h, N);
	EXPECT_EQ(0, say_headers(&self->m, token, 0, N, h));
	ASSERT_EQ(N, GIVEN(N));
	fault = fault_of_two(self->came, N, variant);
	EXPECT_EQ(NULL, fault) TH_LOG("%s", fault ?: "nothing");
	EXPECT_EQ(N, STAT(MODIFIED));
}

TEST_F(headers, with_the_right_to_payload_they_go_without)
{
	uint32_t h = variant->header;
	uint64_t token;

	IN(.rights = OBSERVE | UNET_INTER_MODIFY_HEADERS | UNET_INTER_MODIFY_PAYLOAD);
	token = HELD(0, N);
	ASSERT_NE(0, token);
	put_all(&self->m, h, N);
	/* As one alone does. */
	EXPECT_EQ(0, say_headers(&self->m, token, 0, 1, h));
	EXPECT_EQ(0, say_headers(&self->m, token, 1, N - 1, h));
	ASSERT_EQ(N, GIVEN(N));
	EXPECT_CAME(0, 0, N, CHANGED | BARE);
	EXPECT_EQ(N, STAT(MODIFIED));
}

/* @n of as many bytes as what takes their place. Return: as headers_shown(). */
static uint64_t held_alike(struct _test_data_headers *b,
			   const struct _fixture_variant_headers *v, uint32_t n)
{
	static const uint8_t data[OTHER_DATA] = "whatever";
	uint32_t i;

	for (i = 0; i < n; i++)
		if (!send_data(b, v, data, sizeof(data), 0))
			return 0;
	return headers_shown(&b->m, v->header, 0, n);
}

/* Longer and shorter than it was, or as long; with the right to headers and without. */
TEST_F(headers, each_of_a_run_has_its_own_payload)
{
	uint32_t h = variant->header, way;
	uint64_t token;

	for (way = 0; way < 4; way++) {
		bool alike = way & 1, headers = way & 2;

		IN(.rights = OBSERVE | UNET_INTER_MODIFY_PAYLOAD |
			     (headers ? UNET_INTER_MODIFY_HEADERS : 0));
		token = alike ? held_alike(self, variant, N) : HELD(0, N);
		ASSERT_NE(0, token);
		if (headers)
			put_all(&self->m, h, N);
		put_payload(&self->m, h, N);
		EXPECT_EQ(0, say_many(&self->m, token, 0, N, h, h + OTHER_DATA));
		ASSERT_EQ(N, GIVEN(N));
		EXPECT_CAME(0, 0, N, OTHER | (headers ? CHANGED : 0));
		EXPECT_EQ(N, STAT(MODIFIED));
		chan_close(&self->m);
		self->m.fd = -1;
		ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	}
}

/* ---- TCP ---- */

static uint32_t window_of(uint32_t i)
{
	return i & 1 ? 0x1000 + i : 65535;
}

/* All of them go in one connection; 0, or what hand_send() said. */
static int send_segments(struct chan *c, struct hand *hand, uint32_t n)
{
	uint8_t data[DATA];
	uint32_t i, bytes;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		bytes = payload_of(i, data);
		err = hand_send(c, hand, hand->conn, TH_ACK | TH_PUSH, data, bytes);
	}
	return err;
}

/* What is wrong with the @i-th, which was held with the TCP header @tcp. */
static const char *segment_fault(const uint8_t *p, uint32_t bytes, uint32_t ip, uint32_t i,
				 const uint8_t *tcp)
{
	uint32_t addr = ip == 20 ? 12 : 8, n, sum;
	uint8_t data[DATA];

	n = payload_of(i, data);
	if (bytes != ip + 20 + n || memcmp(p + ip + 20, data, n))
		return "another's payload";
	if (!has_own(p, ip, i))
		return "another's header";
	if (sound_be16(p + ip + 14) != window_of(i))
		return "another's window";
	/* From the ports to the flags. */
	if (memcmp(p + ip, tcp, 14))
		return "another's place in the stream";
	sum = sound_sum(p + addr, ip - addr, IPPROTO_TCP + bytes - ip);
	return sound_sum(p + ip, bytes - ip, sum) != 0xffff ? "TCP checksum" : NULL;
}

/* The client is given the whole stream. */
static bool client_hears(int fd, uint32_t n)
{
	uint8_t want[N * DATA], got[N * DATA];
	struct timeval tv = { .tv_sec = 5 };
	uint32_t i, bytes = 0;

	for (i = 0; i < n; i++)
		bytes += payload_of(i, want + bytes);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return recv(fd, got, bytes, MSG_WAITALL) == bytes && !memcmp(got, want, bytes);
}

/* Every other one with a window of its own: what is behind IP is another there. */
TEST_F(headers, segments_of_a_run)
{
	uint32_t ip = variant->header - 8, h = ip + 20, i, bytes;
	struct hand hand = { .family = variant->family };
	uint64_t token;

	if (!variant->outbound)
		return;	/* a client sends again what waits, and corks what is small */
	ASSERT_EQ(0, hand_listen(&self->c, &hand, 0));
	ASSERT_EQ(0, hand_accept(&self->t, &self->c, &hand));
	IN(.rights = HEADERS, .directions = UNET_INTER_OUTBOUND, .proto = IPPROTO_TCP);
	ASSERT_EQ(0, send_segments(&self->c, &hand, N));
	token = headers_shown(&self->m, h, 0, N);
	ASSERT_NE(0, token);
	put_all(&self->m, h, N);
	for (i = 1; i < N; i += 2) {
		self->m.tx_mem[i * h + ip + 14] = window_of(i) >> 8;
		self->m.tx_mem[i * h + ip + 15] = window_of(i);
	}
	EXPECT_EQ(0, say_headers(&self->m, token, 0, N, h));
	for (i = 0; i < N; i++) {
		uint8_t *p = self->came[0].p;
		const char *fault;

		do {	/* not the handshake */
			bytes = tap_next(self->tap, IPPROTO_TCP, 0, p, 128);
		} while (bytes == h);
		ASSERT_NE(0, bytes);
		fault = segment_fault(p, bytes, ip, i, self->m.tx_mem + i * h + ip);
		EXPECT_EQ(NULL, fault) TH_LOG("%u: %s", i, fault ?: "nothing");
	}
	EXPECT_TRUE(client_hears(hand.client, N));
	EXPECT_EQ(N, STAT(MODIFIED));
	close(hand.client);
}

/* ---- one among them ---- */

/* Where it lies, and in a copy when a tap looks. */
TEST_F(headers, one_that_is_refused_stays_and_the_others_go_on)
{
	uint32_t h = variant->header, source = h == UDP4 ? 15 : 23;
	int tapped, ways = variant->outbound ? 1 : 2, tap = -1;
	uint64_t token;

	IN(.rights = HEADERS);
	for (tapped = 0; tapped < ways; tapped++) {
		if (tapped)
			ASSERT_LE(0, tap = tos_tap());
		token = HELD(0, N);
		ASSERT_NE(0, token);
		put_all(&self->m, h, N);
		self->m.tx_mem[ODD * h + source] ^= 1;
		EXPECT_EQ(UNET_INTER_CNT_SPOOF,
			  say_headers(&self->m, token, 0, N, h));
		ASSERT_EQ(ODD, GIVEN(ODD));
		EXPECT_CAME(0, 0, ODD, CHANGED);
		/* It is, and those behind it wait for it. */
		EXPECT_EQ(N - ODD, inter_look(&self->nl, self->id).held);
		EXPECT_EQ(tapped + 1, STAT(SPOOF));
		EXPECT_EQ((tapped + 1) * (N - 1), STAT(MODIFIED));
		EXPECT_EQ(tapped, STAT(ACCEPTED));
		ASSERT_EQ(0, inter_verdict(&self->m, token + ODD, UNET_VERDICT_ACCEPT, 1));
		ASSERT_EQ(N - ODD, GIVEN(N - ODD));
		EXPECT_CAME(0, ODD, 1, AS_SENT);
		EXPECT_CAME(1, ODD + 1, N - ODD - 1, CHANGED);
	}
	EXPECT_EQ(ways, STAT(SPOOF));
	EXPECT_EQ(ways, STAT(ACCEPTED));
	if (tap >= 0)
		close(tap);
}

/* The ODD-th of the peer's, all but its checksum as it should be; @p: as it is sent. */
static bool send_damaged(int raw, const struct _fixture_variant_headers *v, uint8_t *p)
{
	uint8_t data[DATA];
	struct pkt_spec s = {
		.family = v->family, .proto = IPPROTO_UDP, .src = v->theirs,
		.dst = v->ours, .sport = RPORT, .dport = PORT,
		.data = data, .bytes = payload_of(ODD, data),
	};
	uint32_t h = build_packet(p, &s);
	uint16_t sum = raw_l4_sum(p, h - 8, IPPROTO_UDP, 8 + s.bytes) ^ 0x0110;

	memcpy(p + h - 2, &sum, sizeof(sum));
	return !send_to(raw, v->ours, 0, p, h + s.bytes);
}

/* As held(), from the first to the last, and that one among them. */
static uint64_t held_damaged(struct _test_data_headers *b,
			     const struct _fixture_variant_headers *v, int raw, uint8_t *p)
{
	uint64_t token = held(b, v, 0, ODD);

	if (!token || !send_damaged(raw, v, p) ||
	    headers_shown(&b->m, v->header, ODD, 1) != token + ODD ||
	    held(b, v, ODD + 1, N - ODD - 1) != token + ODD + 1)
		return 0;
	return token;
}

/* The host filled in what IPv4 was sent without. */
static bool is_damaged(const struct came *c, const uint8_t *p, uint32_t h)
{
	uint8_t data[DATA];
	uint32_t n = payload_of(ODD, data);

	return c->bytes == h + n && !memcmp(c->p + h - 8, p + h - 8, 8 + n) &&
	       !tos_of(c->p) && c->p[h == UDP4 ? 8 : 7] == 64 &&
	       c->flags & UNET_DESC_CSUM_BAD && !(c->flags & UNET_DESC_CSUM_OK);
}

/* With the right to drop and without; each where it lies, and when a tap looks. */
TEST_F(headers, what_came_damaged_goes_on_as_it_was_or_is_dropped)
{
	uint32_t h = variant->header, way;
	uint8_t sent[128];
	int raw, tap = -1;
	uint64_t token;

	if (variant->outbound)
		return;	/* none is sent so */
	raw = raw_socket(&self->t, variant->family);
	for (way = 0; way < 4; way++) {
		uint32_t drops = way & 1;

		if (way == 2)
			ASSERT_LE(0, tap = tos_tap());
		IN(.rights = HEADERS | (drops ? UNET_INTER_DROP : 0), .violations = 1);
		token = held_damaged(self, variant, raw, sent);
		ASSERT_NE(0, token);
		put_all(&self->m, h, N);
		EXPECT_EQ(UNET_INTER_CNT_BAD_CSUM,
			  say_headers(&self->m, token, 0, N, h));
		ASSERT_EQ(N - drops, GIVEN(N - drops));
		EXPECT_CAME(0, 0, ODD, CHANGED);
		if (!drops)
			EXPECT_TRUE(is_damaged(&self->came[ODD], sent, h));
		EXPECT_CAME(ODD + !drops, ODD + 1, N - ODD - 1, CHANGED);
		EXPECT_EQ(1, STAT(BAD_CSUM));
		EXPECT_EQ(N - 1, STAT(MODIFIED));
		EXPECT_EQ(drops, STAT(DROPPED));
		EXPECT_EQ(!drops, STAT(ACCEPTED));
		EXPECT_EQ(UNET_INTER_SERVING, inter_look(&self->nl, self->id).state);
		chan_close(&self->m);
		self->m.fd = -1;
		ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	}
	close(tap);
	close(raw);
}

TEST_F(headers, one_that_was_answered_before)
{
	uint32_t h = variant->header;
	uint64_t token;

	IN(.rights = HEADERS);
	token = HELD(0, N);
	ASSERT_NE(0, token);
	put_all(&self->m, h, N);
	ASSERT_EQ(0, inter_verdict(&self->m, token + ODD, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(0, GIVEN(0));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_DOUBLE, say_headers(&self->m, token, 0, N, h));
	ASSERT_EQ(N, GIVEN(N));
	EXPECT_CAME(0, 0, ODD, CHANGED);
	EXPECT_CAME(ODD, ODD, 1, AS_SENT);
	EXPECT_CAME(ODD + 1, ODD + 1, N - ODD - 1, CHANGED);
	EXPECT_EQ(1, STAT(TOKEN_DOUBLE));
	EXPECT_EQ(N - 1, STAT(MODIFIED));
	EXPECT_EQ(1, STAT(ACCEPTED));
}

TEST_F(headers, more_than_are_held)
{
	uint32_t h = variant->header;
	uint64_t token;

	IN(.rights = HEADERS);
	token = HELD(0, N);
	ASSERT_NE(0, token);
	put_all(&self->m, h, N);
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_FOREIGN,
		  say_headers(&self->m, token, 0, N + 3, h));
	ASSERT_EQ(N, GIVEN(N));
	EXPECT_CAME(0, 0, N, CHANGED);
	EXPECT_EQ(3, STAT(TOKEN_FOREIGN));
	EXPECT_EQ(N, STAT(MODIFIED));
	/* Of two that are refused the first is told. */
	token = HELD(0, N);
	ASSERT_NE(0, token);
	put_all(&self->m, h, N);
	ASSERT_EQ(0, say_headers(&self->m, token, 0, 1, h));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_DOUBLE,
		  say_headers(&self->m, token, 0, N + 3, h));
	ASSERT_EQ(N, GIVEN(N));
	EXPECT_CAME(0, 0, N, CHANGED);
	EXPECT_EQ(1, STAT(TOKEN_DOUBLE));
	EXPECT_EQ(6, STAT(TOKEN_FOREIGN));
	EXPECT_EQ(2 * N, STAT(MODIFIED));
}

/* ---- what makes no sense ---- */

/* Of two packets; the second extent lies behind the first. */
struct senseless {
	int status;
	uint16_t action;
	uint32_t count;
	uint32_t offset;
	uint32_t len[2];
};

#define MODIFY(why, n, ...) \
	{ UNET_INTER_CNT_##why, UNET_VERDICT_MODIFY, n, __VA_ARGS__ }

static const struct senseless rows[] = {
	MODIFY(BAD_LENGTH, 2, 0, { UDP4 }),
	MODIFY(BAD_LENGTH, 2, 0, { 2 * UDP4 - 1 }),
	MODIFY(BAD_LENGTH, 2, 0, { 2 * UDP4 + 1 }),
	MODIFY(BAD_LENGTH, 2, 0, { UDP4, UDP4 }),
	MODIFY(BAD_LENGTH, 2, 0, { 2 * UDP4, 2 * UDP4 }),
	MODIFY(BAD_LENGTH, 16384, 0, { 2 * UDP4 }),
	/* No verdict has as many bytes. */
	MODIFY(BAD_LENGTH, 3000, 0, { 3000 * UDP4 }),
	MODIFY(BAD_VERDICT, 0, 0, { 2 * UDP4 }),
	MODIFY(BAD_VERDICT, 16385, 0, { 2 * UDP4 }),
	MODIFY(BAD_VERDICT, ~0u, 0, { 2 * UDP4 }),
	MODIFY(BAD_EXTENT, 2, ~0u, { 2 * UDP4 }),
	MODIFY(BAD_EXTENT, 2, 0, { ~0u }),
	{ UNET_INTER_CNT_BAD_VERDICT, UNET_VERDICT_INJECT, 2, 0, { 2 * UDP4 } },
};

static int say_senseless(struct chan *m, uint64_t token, const struct senseless *s)
{
	struct unet_inter_verdict v = {
		.token = token, .action = s->action, .count = s->count,
		.header_len = UDP4, .extents = s->len[1] ? 2 : 1,
		.extent = { { s->offset, s->len[0] }, { s->len[0], s->len[1] } },
	};

	return inter_say(m, &v);
}

TEST_F(inter, what_makes_no_sense_changes_none)
{
	uint64_t token, want[UNET_INTER_CNT_COUNT] = { 0 };
	struct inter_seen seen;
	unsigned int i;

	IN(.rights = HEADERS | UNET_INTER_INJECT, .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 2));
	token = headers_shown(&self->m, UDP4, 0, 2);
	ASSERT_NE(0, token);
	put_all(&self->m, UDP4, 2);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_EQ(rows[i].status, say_senseless(&self->m, token, &rows[i]))
			TH_LOG("row %u", i);
		want[rows[i].status]++;
	}
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	want[UNET_INTER_CNT_PACKETS] = 2;
	want[UNET_INTER_CNT_BYTES] = 2 * (UDP4 + 4);
	seen = inter_look(&self->nl, self->id);
	EXPECT_EQ(2, seen.held);
	EXPECT_EQ(0, memcmp(want, seen.stats, sizeof(want)));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 2));
	EXPECT_EQ(2, owner_takes(&self->c, 1, 2, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
}

struct lack {
	uint32_t rights;
	uint32_t more;		/* bytes behind each header */
	int status;
	uint32_t times;		/* of the verdict, or of each packet */
};

static const struct lack lacks[] = {
	{ OBSERVE | UNET_INTER_DROP, 0, UNET_INTER_CNT_RIGHT_PAYLOAD, 1 },
	{ HEADERS, OTHER_DATA, UNET_INTER_CNT_RIGHT_PAYLOAD, 2 },
	{ OBSERVE | UNET_INTER_MODIFY_PAYLOAD, OTHER_DATA, UNET_INTER_CNT_RIGHT_HEADERS, 2 },
};

TEST_F(inter, not_without_the_right)
{
	const struct lack *l = lacks;
	uint64_t token;

	for (; l < lacks + sizeof(lacks) / sizeof(lacks[0]); l++) {
		IN(.rights = l->rights);
		ASSERT_EQ(0, peer_sends(self->peer, 1, 2));
		token = headers_shown(&self->m, UDP4, 0, 2);
		ASSERT_NE(0, token);
		put_all(&self->m, UDP4, 2);
		if (l->more)
			put_payload(&self->m, UDP4, 2);
		EXPECT_EQ(l->status, say_many(&self->m, token, 0, 2, UDP4, UDP4 + l->more));
		EXPECT_EQ(l->times, inter_stat(&self->nl, self->id, l->status));
		EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
		ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 2));
		EXPECT_EQ(2, owner_takes(&self->c, 1, 2, 2000));
		EXPECT_EQ(0, STAT(MODIFIED));
		chan_close(&self->m);
		self->m.fd = -1;
		ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	}
}

TEST_HARNESS_MAIN
