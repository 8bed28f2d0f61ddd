// SPDX-License-Identifier: MIT
/* libs: -lpthread */
/*
 * Description: rules of a flow take packets away from it by what their payload says
 * (R3.10): QUIC connection ids of one listener are steered to the processes that made
 * them; what matches none, and what was a dead process's, is the listener's; patterns
 * are looked at in full; who joined may send what the listener may; no packet falls
 * between two rules (R3.8); and each rule that there cannot be says why.
 */
#include "type_hand.h"
#include "effort.h"
#include "pin.h"
#include "nexus.h"
#include "kselftest_harness.h"

#include <pthread.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define PORT	4433
#define RPORT	9000
#define MINE	100	/* tag of the parent */

static const struct unet_params large = { .rx_slots = 8192, .rx_small = 16384 };

FIXTURE(type_flow) {
	struct topo t;
	struct chan c;
	uint32_t flow;		/* of @c, UDP port PORT, any peer */
	int peer;		/* UDP socket of the peer, bound to RPORT */
};

static int listen_on(struct chan *c, int family, const char *local, uint32_t *flow)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, family, local, PORT, NULL, 0);
	int err;

	r.meta.tag = MINE;
	err = chan_flow_add(c, &r);
	*flow = r.flow;
	return err;
}

FIXTURE_SETUP(type_flow)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", &large));
	ASSERT_EQ(0, listen_on(&self->c, AF_INET, OUR_V4, &self->flow));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
}

FIXTURE_TEARDOWN(type_flow)
{
	close(self->peer);
	if (self->c.fd >= 0)
		chan_close(&self->c);
	topo_teardown(&self->t);
}

/* ---- rules ---- */

static struct unet_type_spec spec_child(struct unet_pattern pattern)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, 0, 0);

	spec.flags = UNET_TYPE_OF_FLOW;
	spec.num_patterns = 1;
	spec.pattern[0] = pattern;
	return spec;
}

static int child_add(struct chan *c, uint32_t flow, const struct unet_type_spec *spec,
		     struct unet_type_req *r)
{
	*r = (struct unet_type_req){ .size = sizeof(*r), .spec = *spec, .parent = flow };
	return chan_ioctl(c->fd, UNET_IOC_TYPE_ADD, r);
}

/* Join, and have a tag to be known by. */
static int join_as(struct chan *c, uint32_t id, uint64_t tag, uint32_t *flow)
{
	struct unet_flow_set set = { .size = sizeof(set), .meta.tag = tag };
	struct unet_type_ref ref;
	int err = type_join(c, id, &ref);

	if (err)
		return err;
	if (flow)
		*flow = ref.flow;
	set.flow = ref.flow;
	return chan_ioctl(c->fd, UNET_IOC_FLOW_SET, &set);
}

/*
 * QUIC, RFC 9000, 17.3: of a packet with a short header, whose first bit is 0, the
 * destination connection id is behind the first byte. These are of 8 bytes, the first
 * of which says who made it. The pattern is that of unet_type_add(3).
 */
#define CID_BYTES	8

static struct unet_pattern pattern_cid(int maker)
{
	return (struct unet_pattern){
		.bytes = 2, .value = { 0x00, maker }, .mask = { 0x80, 0xff },
	};
}

static int send_quic(int peer, int maker, int number)
{
	uint8_t p[1 + CID_BYTES + 20] = { 0x40, maker, 1, 2, 3, 4, 5, 6, number };

	return send_to(peer, OUR_V4, PORT, p, sizeof(p));
}

/* A new connection: a long header with version 1 behind its first byte (17.2.2). */
static int send_initial(int peer)
{
	static const uint8_t p[1200] = { 0xc3, 0, 0, 0, 1, CID_BYTES, 9, 8, 7, 6, 5, 4, 3, 2 };

	return send_to(peer, OUR_V4, PORT, p, sizeof(p));
}

static bool told_the_end(struct chan *c)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 2000);
	bool end = s && s->flags == UNET_RX_END;

	if (s)
		chan_rx_next(c);
	return end;
}

/* ---- several processes ---- */

#define PROCESSES	4
#define EACH		8

struct worker {
	uint32_t rule;
	int maker;
	int ready[2];
};

/* Takes EACH packets of its own ids, answers each on the listener's port, and goes. */
static int work(void *arg)
{
	struct worker *w = arg;
	struct pkt_spec p = { .family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
			      .dst = PEER_V4, .sport = PORT, .dport = RPORT,
			      .data = &w->maker, .bytes = 1 };
	const struct unet_rx_slot *s;
	uint32_t flow, got = 0, buf;
	struct chan c;

	CHECK(!chan_open(&c, "va", NULL));
	CHECK(!join_as(&c, w->rule, 1 + w->maker, &flow));
	CHECK(write(w->ready[1], "r", 1) == 1);
	while (got < EACH) {
		s = chan_rx_peek(&c, 5000);
		CHECK(s && s->flow == flow && s->tag == 1 + w->maker);
		for (buf = s->first; buf != UNET_NO_BUF; buf = c.desc[buf].next, got++)
			CHECK(((uint8_t *)chan_buf(&c, buf))[28 + 1] == w->maker);
		chan_rx_next(&c);
	}
	CHECK(got == EACH);
	CHECK(!chan_send(&c, flow, &p, 0));
	/* Only what is its own came. */
	CHECK(!chan_rx_peek(&c, 200));
	/* It dies with all it has: nothing is closed here. */
	kill(getpid(), SIGKILL);
	return 1;
}

static pid_t start_worker(struct worker *w)
{
	pid_t pid;
	char b;

	if (pipe(w->ready))
		return -1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(work(w));
	}
	close(w->ready[1]);
	if (read(w->ready[0], &b, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(w->ready[0]);
	return pid;
}

TEST_F(type_flow, connection_ids_of_one_listener_go_to_the_processes_that_made_them)
{
	struct timeval patience = { .tv_sec = 5 };
	pid_t pid[PROCESSES];
	int i, round, status, answered = 0;
	uint8_t answer;

	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (i = 0; i < PROCESSES; i++) {
		struct unet_type_spec spec = spec_child(pattern_cid(i));
		struct worker w = { .maker = i };
		struct unet_type_req r;

		ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &r));
		EXPECT_EQ(0, r.amended);
		EXPECT_EQ(PORT, r.spec.first);
		EXPECT_EQ(PORT, r.spec.last);
		EXPECT_EQ(UNET_NO_FLOW, r.flow);
		/* Until somebody joins, nothing is taken away. */
		ASSERT_EQ(0, send_quic(self->peer, i, 0));
		EXPECT_EQ(MINE, next_tag(&self->c, 2000));
		w.rule = r.id;
		pid[i] = start_worker(&w);
		ASSERT_GT(pid[i], 0);
	}
	/* Of a long header, behind whose first byte is 0 as well, nobody is the maker. */
	ASSERT_EQ(0, send_initial(self->peer));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	for (round = 0; round < EACH; round++)
		for (i = 0; i < PROCESSES; i++)
			ASSERT_EQ(0, send_quic(self->peer, i, round));
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_EQ(1, recv(self->peer, &answer, 1, 0));
		answered |= 1 << answer;
	}
	EXPECT_EQ((1 << PROCESSES) - 1, answered);
	/* An id that nobody made is the listener's. */
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	ASSERT_EQ(0, send_quic(self->peer, PROCESSES, 0));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status)) TH_LOG("worker %d", i);
		/* What was the dead one's is the listener's from now on. */
		ASSERT_EQ(0, send_quic(self->peer, i, 0));
		EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	}
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_dead"));
	EXPECT_EQ(0, nexus_counter("va", "rx_type_verdict"));
}

/* ---- what is looked at ---- */

TEST_F(type_flow, four_patterns_of_32_bytes_must_hold_within_1000)
{
	static const int at[UNET_TYPE_PATTERNS] = { 0, 40, 500, 968 };
	struct unet_type_spec spec = spec_child(pattern_byte(0, 0, 0));
	static uint8_t data[1200];
	struct unet_type_req r;
	struct chan kid;
	int i, n;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + 1;
	spec.num_patterns = UNET_TYPE_PATTERNS;
	for (n = 0; n < UNET_TYPE_PATTERNS; n++) {
		spec.pattern[n] = (struct unet_pattern){ .offset = at[n], .bytes = 32 };
		memset(spec.pattern[n].mask, 0x5a, 32);
		for (i = 0; i < 32; i++)
			spec.pattern[n].value[i] = data[at[n] + i] & 0x5a;
	}
	ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &r));
	ASSERT_EQ(0, chan_open(&kid, "va", NULL));
	ASSERT_EQ(0, join_as(&kid, r.id, 1, NULL));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, sizeof(data)));
	EXPECT_EQ(1, next_tag(&kid, 2000));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, 1000));
	EXPECT_EQ(1, next_tag(&kid, 2000));
	/* one byte short, and each pattern's last byte wrong */
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, 999));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	for (n = 0; n < UNET_TYPE_PATTERNS; n++) {
		data[at[n] + 31] ^= 0x10;
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, 1000));
		EXPECT_EQ(MINE, next_tag(&self->c, 2000)) TH_LOG("pattern %d", n);
		data[at[n] + 31] ^= 0x10;
	}
	/* bits outside the mask */
	data[968 + 31] ^= 0x01;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, 1000));
	EXPECT_EQ(1, next_tag(&kid, 2000));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, 0));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	chan_close(&kid);
}

TEST_F(type_flow, listeners_of_both_families_and_connections_have_children)
{
	struct unet_type_spec spec = spec_child(pattern_byte(0, 'k', 0xff));
	struct unet_flow_req conn = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT, PEER_V4,
					     RPORT);
	int peer6 = peer_socket(&self->t, AF_INET6, SOCK_DGRAM);
	struct unet_type_req r;
	struct chan kid;

	/* of a connection, not of the listener whose port it is */
	conn.parent = self->flow;
	conn.meta.tag = 2;
	ASSERT_EQ(0, chan_flow_add(&self->c, &conn));
	ASSERT_EQ(0, child_add(&self->c, conn.flow, &spec, &r));
	ASSERT_EQ(0, chan_open(&kid, "va", NULL));
	ASSERT_EQ(0, join_as(&kid, r.id, 1, NULL));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "k", 1));
	EXPECT_EQ(1, next_tag(&kid, 2000));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(2, next_tag(&self->c, 2000));
	ASSERT_EQ(0, chan_flow_del(&self->c, conn.flow, 0));
	EXPECT_TRUE(told_the_end(&kid));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "k", 1));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	/* of an IPv6 listener that hears IPv4, too */
	ASSERT_EQ(0, chan_flow_del(&self->c, self->flow, 0));
	ASSERT_EQ(0, listen_on(&self->c, AF_INET6, NULL, &self->flow));
	ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &r));
	ASSERT_EQ(0, join_as(&kid, r.id, 3, NULL));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "k", 1));
	EXPECT_EQ(3, next_tag(&kid, 2000));
	ASSERT_EQ(0, send_to(peer6, OUR_V6, PORT, "k", 1));
	EXPECT_EQ(3, next_tag(&kid, 2000));
	ASSERT_EQ(0, send_to(peer6, OUR_V6, PORT, "x", 1));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	chan_close(&kid);
	close(peer6);
}

TEST_F(type_flow, the_first_that_somebody_joined_counts)
{
	struct unet_type_spec wide = spec_child(pattern_byte(0, 0x40, 0x40));
	struct unet_type_spec narrow = spec_child(pattern_byte(0, 0x41, 0xff));
	struct unet_type_req w, n;
	struct unet_type_ref ref;
	struct chan a, b;

	ASSERT_EQ(0, child_add(&self->c, self->flow, &wide, &w));
	ASSERT_EQ(0, child_add(&self->c, self->flow, &narrow, &n));
	ASSERT_EQ(0, chan_open(&a, "va", NULL));
	ASSERT_EQ(0, chan_open(&b, "va", NULL));
	ASSERT_EQ(0, join_as(&a, w.id, 1, NULL));
	/* The narrow one comes first, and nobody is there. */
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "A", 1));
	EXPECT_EQ(1, next_tag(&a, 2000));
	ASSERT_EQ(0, join_as(&b, n.id, 2, NULL));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "A", 1));
	EXPECT_EQ(2, next_tag(&b, 2000));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "B", 1));
	EXPECT_EQ(1, next_tag(&a, 2000));
	/* moved */
	ASSERT_EQ(0, type_priority(&self->c, w.id, 2000, &ref));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "A", 1));
	EXPECT_EQ(1, next_tag(&a, 2000));
	/* changed, and taken away */
	wide.pattern[0] = pattern_byte(0, 'z', 0xff);
	wide.priority = 2000;
	ASSERT_EQ(0, type_modify(&self->c, w.id, &wide, &w));
	EXPECT_EQ(3, w.generation);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "A", 1));
	EXPECT_EQ(2, next_tag(&b, 2000));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "z", 1));
	EXPECT_EQ(1, next_tag(&a, 2000));
	ASSERT_EQ(0, type_del(&self->c, w.id));
	EXPECT_NE(NULL, chan_rx_peek(&a, 2000));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "z", 1));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	/* A rule of the administrator's first ones comes before both. */
	ASSERT_EQ(0, sh("unetctl type add udp %d action drop priority 5", PORT));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "A", 1));
	EXPECT_EQ(0, next_tag(&b, 200));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	chan_close(&a);
	chan_close(&b);
}

/* Datagrams that came as one go to a child if they are all its own. */
TEST_F(type_flow, a_super_packet_goes_whole_and_only_where_all_of_it_belongs)
{
	struct unet_type_spec spec = spec_child(pattern_byte(0, 'k', 0xff));
	const struct unet_rx_slot *s;
	struct unet_type_req r;
	char data[4 * 100];
	int seg = 100, i, got = 0;
	struct chan kid;

	ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &r));
	ASSERT_EQ(0, chan_open(&kid, "va", NULL));
	ASSERT_EQ(0, join_as(&kid, r.id, 1, NULL));
	ASSERT_EQ(0, setsockopt(self->peer, IPPROTO_UDP, UDP_SEGMENT, &seg, sizeof(seg)));
	memset(data, 'k', sizeof(data));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, sizeof(data)));
	s = chan_rx_peek(&kid, 2000);
	ASSERT_NE(NULL, s);
	/* It did come as one. */
	EXPECT_EQ(100, kid.desc[s->first].seg_size);
	chan_rx_next(&kid);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	for (i = 0; i < 4; i++) {
		data[i * 100] = 'x';
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, sizeof(data)));
		EXPECT_EQ(MINE, next_tag(&self->c, 2000)) TH_LOG("datagram %d", i);
		got += !!chan_rx_peek(&kid, 0);
		data[i * 100] = 'k';
	}
	EXPECT_EQ(0, got);
	/* The last, shorter one is looked at like the others. */
	spec.pattern[0].offset = 50;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, 351));
	EXPECT_EQ(1, next_tag(&kid, 2000));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, 350));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	chan_close(&kid);
}

/* Of a rule that is no flow's the first datagram decides, and nothing behind it. */
TEST_F(type_flow, another_rule_looks_at_the_first_datagram_of_a_super_packet)
{
	struct unet_type_spec spec = spec_does(spec_port(IPPROTO_UDP, PORT + 1, PORT + 1),
					       UNET_TYPE_DELIVER);
	struct unet_type_spec rest = spec;
	struct unet_type_req r;
	int seg = 100, none = 0;
	char data[4 * 100];

	/* What the first leaves the second takes. */
	spec.num_patterns = 1;
	spec.pattern[0] = pattern_byte(150, 'k', 0xff);
	rest.flags = UNET_TYPE_NO_HOLD;
	ASSERT_EQ(0, type_add(&self->c, &spec, 1, &r));
	ASSERT_EQ(0, type_add(&self->c, &rest, 2, &r));
	memset(data, 'k', sizeof(data));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, data, 200));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
	ASSERT_EQ(0, setsockopt(self->peer, IPPROTO_UDP, UDP_SEGMENT, &seg, sizeof(seg)));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, data, sizeof(data)));
	EXPECT_EQ(2, next_tag(&self->c, 2000));
	/* The first has it up to its last byte. */
	spec.pattern[0].offset = 99;
	ASSERT_EQ(0, type_modify(&self->c, r.id - 1, &spec, &r));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, data, sizeof(data)));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
	spec.pattern[0].bytes = 2;
	spec.pattern[0].value[1] = 'k';
	spec.pattern[0].mask[1] = 0xff;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, data, sizeof(data)));
	EXPECT_EQ(2, next_tag(&self->c, 2000));
	setsockopt(self->peer, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof(none));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, data, sizeof(data)));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
}

/* ---- sends ---- */

TEST_F(type_flow, who_joined_may_send_what_the_parent_may)
{
	struct unet_type_spec spec = spec_child(pattern_byte(0, 'k', 0xff));
	struct unet_flow_req conn = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT, PEER_V4,
					     RPORT);
	struct pkt_spec p = { .family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
			      .dst = PEER_V4, .sport = PORT, .dport = RPORT,
			      .data = "hello", .bytes = 5 };
	struct timeval patience = { .tv_sec = 2 };
	uint32_t flow, flow2;
	struct unet_type_req r;
	struct chan kid;
	char buf[16];

	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &r));
	ASSERT_EQ(0, chan_open(&kid, "va", NULL));
	ASSERT_EQ(0, join_as(&kid, r.id, 1, &flow));
	EXPECT_EQ(0, chan_send(&kid, flow, &p, 0));
	EXPECT_EQ(5, recv(self->peer, buf, sizeof(buf), 0));
	p.sport = PORT + 1;
	EXPECT_EQ(UNET_CNT_TX_SPOOF_PORT, chan_send(&kid, flow, &p, 0));
	p.sport = PORT;
	p.src = "10.9.0.77";
	EXPECT_EQ(UNET_CNT_TX_SPOOF_SOURCE, chan_send(&kid, flow, &p, 0));
	p.src = OUR_V4;
	p.proto = IPPROTO_TCP;
	EXPECT_EQ(UNET_CNT_TX_SPOOF_PROTO, chan_send(&kid, flow, &p, 0));
	p.proto = IPPROTO_UDP;
	/* A connection's child is as tied to the peer as the connection. */
	conn.parent = self->flow;
	ASSERT_EQ(0, chan_flow_add(&self->c, &conn));
	ASSERT_EQ(0, child_add(&self->c, conn.flow, &spec, &r));
	ASSERT_EQ(0, join_as(&kid, r.id, 2, &flow2));
	EXPECT_EQ(0, chan_send(&kid, flow2, &p, 0));
	p.dport = RPORT + 1;
	EXPECT_NE(0, chan_send(&kid, flow2, &p, 0));
	EXPECT_EQ(0, chan_send(&kid, flow, &p, 0));
	p.dport = RPORT;
	/* One that is received only. */
	spec.direction = UNET_TYPE_RX;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	EXPECT_EQ(UNET_CNT_TX_TYPE_READ_ONLY, chan_send(&kid, flow2, &p, 0));
	/* The parent goes, and its children with it. */
	ASSERT_EQ(0, chan_flow_del(&self->c, self->flow, 0));
	EXPECT_EQ(UNET_CNT_TX_BAD_FLOW, chan_send(&kid, flow, &p, 0));
	EXPECT_EQ(-ENOENT, type_del(&self->c, r.id - 1));
	EXPECT_EQ(0, type_del(&self->c, r.id));
	chan_close(&kid);
}

/* ---- ends ---- */

TEST_F(type_flow, who_joined_is_told_the_end_of_rule_parent_and_owner)
{
	struct unet_type_spec spec = spec_child(pattern_byte(0, 'k', 0xff));
	struct unet_type_req r;
	struct chan kid;
	uint32_t own;

	ASSERT_EQ(0, chan_open(&kid, "va", NULL));
	ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &r));
	ASSERT_EQ(0, join_as(&kid, r.id, 1, NULL));
	ASSERT_EQ(0, type_del(&self->c, r.id));
	EXPECT_TRUE(told_the_end(&kid));
	/* from outside */
	ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &r));
	ASSERT_EQ(0, join_as(&kid, r.id, 1, NULL));
	ASSERT_EQ(0, sh("unetctl type list | grep -q 'udp 4433 of flow'"));
	ASSERT_EQ(0, sh("unetctl type priority %u priority 5", r.id));
	ASSERT_EQ(0, sh("unetctl type del %u", r.id));
	EXPECT_TRUE(told_the_end(&kid));
	/* with the parent, the owner being a member itself */
	ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &r));
	ASSERT_EQ(0, join_as(&self->c, r.id, 7, &own));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "k", 1));
	EXPECT_EQ(7, next_tag(&self->c, 2000));
	EXPECT_EQ(-EBUSY, chan_flow_del(&self->c, own, 0));
	ASSERT_EQ(0, chan_flow_del(&self->c, self->flow, 0));
	EXPECT_TRUE(told_the_end(&self->c));
	/* with the owner */
	ASSERT_EQ(0, listen_on(&self->c, AF_INET, OUR_V4, &self->flow));
	ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &r));
	ASSERT_EQ(0, join_as(&kid, r.id, 1, NULL));
	chan_close(&self->c);
	EXPECT_TRUE(told_the_end(&kid));
	chan_close(&kid);
}

/* ---- refused ---- */

static int wants_to_join(void *arg)
{
	const struct unet_type_req *r = arg;
	struct unet_type_ref ref;
	struct chan c;

	CHECK(!chan_open(&c, "va", NULL));
	CHECK(type_join(&c, r->id, &ref) == -EPERM);
	return 0;
}

/* An ordinary user needs nothing but the flow, and is amended nothing. */
static int has_a_flow(void *arg)
{
	struct unet_type_spec spec = spec_child(pattern_byte(0, 'k', 0xff));
	struct unet_type_req r;
	struct chan c;
	uint32_t flow;

	CHECK(!chan_open(&c, "va", NULL));
	CHECK(!listen_on(&c, AF_INET6, OUR_V6, &flow));
	spec.flags |= UNET_TYPE_STRICT;
	CHECK(!child_add(&c, flow, &spec, &r));
	CHECK(!r.amended && !(r.spec.flags & UNET_TYPE_LOCAL_ONLY));
	return 0;
}

#define REFUSED(err, why)						\
	do {								\
		EXPECT_EQ(err, child_add(&self->c, flow, &spec, &r));	\
		EXPECT_EQ(why, r.reason);				\
		spec = spec_child(pattern_byte(0, 'k', 0xff));		\
		flow = self->flow;					\
	} while (0)

TEST_F(type_flow, rules_there_cannot_be_say_why)
{
	struct unet_type_spec spec = spec_child(pattern_byte(0, 'k', 0xff)), plain;
	struct unet_flow_req tcp = flow_req(IPPROTO_TCP, AF_INET, OUR_V4, 80, NULL, 0);
	uint32_t flow = self->flow, others;
	struct unet_type_req r, first;
	struct unet_type_ref ref;
	struct chan other;
	int i;

	ASSERT_EQ(0, chan_open(&other, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &tcp));
	/* no parent: none, another's, one that went, of TCP, a rule's */
	flow = 0;
	REFUSED(-EINVAL, UNET_TYPE_NO_PARENT);
	flow = UNET_NO_FLOW;
	REFUSED(-EINVAL, UNET_TYPE_NO_PARENT);
	flow ^= 0x10000;
	REFUSED(-EINVAL, UNET_TYPE_NO_PARENT);
	flow = tcp.flow;
	REFUSED(-EINVAL, UNET_TYPE_NO_PARENT);
	EXPECT_EQ(-EINVAL, child_add(&other, self->flow, &spec, &r));
	EXPECT_EQ(UNET_TYPE_NO_PARENT, r.reason);
	plain = spec_port(IPPROTO_UDP, PORT + 1, PORT + 1);
	ASSERT_EQ(0, type_add(&self->c, &plain, 0, &r));
	flow = r.flow;
	REFUSED(-EINVAL, UNET_TYPE_NO_PARENT);
	/* a parent of what is no flow's */
	spec.flags = 0;
	spec.direction = UNET_TYPE_RX;
	REFUSED(-EINVAL, 0);
	/* what the flow says, said otherwise */
	spec.first = PORT + 1;
	spec.last = PORT + 1;
	REFUSED(-EINVAL, UNET_TYPE_NO_PARENT);
	spec.first = PORT;
	spec.last = PORT;
	spec.action = UNET_TYPE_DROP;
	REFUSED(-EINVAL, UNET_TYPE_NO_PARENT);
	spec.direction = UNET_TYPE_TX;
	REFUSED(-EINVAL, UNET_TYPE_NO_PARENT);
	spec.num_patterns = 0;
	memset(spec.pattern, 0, sizeof(spec.pattern));
	REFUSED(-EINVAL, UNET_TYPE_NO_PARENT);
	spec.pattern[0].offset = 1000;
	REFUSED(-EINVAL, UNET_TYPE_NO_PATTERN);
	/* twice, and one more than there may be */
	ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &first));
	EXPECT_EQ(-EEXIST, child_add(&self->c, self->flow, &spec, &r));
	EXPECT_EQ(first.id, r.conflict);
	ASSERT_EQ(0, join_as(&other, first.id, 1, NULL));
	EXPECT_EQ(-EALREADY, type_join(&other, first.id, &ref));
	EXPECT_EQ(-ENOSPC, type_join(&self->c, first.id, &ref));
	EXPECT_EQ(0, as_user(1000, wants_to_join, &first));
	EXPECT_EQ(0, as_user(1000, has_a_flow, NULL));
	for (i = 1; i < UNET_TYPE_OVERLAP; i++) {
		spec.pattern[0] = pattern_byte(i, 'k', 0xff);
		ASSERT_EQ(0, child_add(&self->c, self->flow, &spec, &r));
	}
	others = r.id;
	spec.pattern[0] = pattern_byte(i, 'k', 0xff);
	EXPECT_EQ(-ENOSPC, child_add(&self->c, self->flow, &spec, &r));
	EXPECT_EQ(UNET_TYPE_NO_OVERLAP, r.reason);
	EXPECT_EQ(others, r.conflict);
	/* What is a flow's stays so, and what is none's. */
	spec.flags = 0;
	spec.direction = UNET_TYPE_RX;
	EXPECT_EQ(-EINVAL, type_modify(&self->c, first.id, &spec, &r));
	EXPECT_EQ(UNET_TYPE_NO_PARENT, r.reason);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "k", 1));
	EXPECT_EQ(1, next_tag(&other, 2000));
	chan_close(&other);
}

/* ---- no packet falls between ---- */

#define CHANGES	100

struct stream {
	struct chan *c;
	int fd;
	uint32_t packets;
	uint32_t sent;		/* atomic */
	uint32_t taken;		/* atomic */
	uint32_t rule;
	bool always;		/* its patterns hold after each change */
	int failed;
	int done;
};

/* On one CPU: a sender that moves overtakes itself. */
static void *send_all(void *arg)
{
	struct stream *s = arg;
	uint8_t p[8] = { 'k' };
	uint32_t i;

	run_on(1);
	for (i = 0; i < s->packets; i++) {
		while (i > __atomic_load_n(&s->taken, __ATOMIC_RELAXED) + 2048)
			usleep(100);
		memcpy(p + 4, &i, sizeof(i));
		while (send_to(s->fd, OUR_V4, PORT, p, sizeof(p)))
			usleep(100);
		__atomic_store_n(&s->sent, i + 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* By turns: of another priority, of patterns that hold and do not, gone and back. */
static void *change_all(void *arg)
{
	struct stream *s = arg;
	struct unet_type_spec spec = spec_child(pattern_byte(0, 'k', 0xff));
	uint32_t step = s->packets / (CHANGES + 1);
	struct unet_type_ref ref;
	struct unet_type_req r;
	int i;

	for (i = 0; i < CHANGES; i++) {
		while (__atomic_load_n(&s->sent, __ATOMIC_RELAXED) < (i + 1) * step)
			usleep(100);
		spec.priority = i % 4 < 2 ? 1500 : 2500;
		if (s->always)
			spec.pattern[0] = pattern_byte(0, 'k' & i, i);
		else
			spec.pattern[0] = pattern_byte(0, i % 8 < 5 ? 'k' : 'x', 0xff);
		if (i % 2)
			s->failed += !!type_modify(s->c, s->rule, &spec, &r);
		else
			s->failed += !!type_priority(s->c, s->rule, spec.priority, &ref);
		s->done++;
	}
	return NULL;
}

struct count {
	uint8_t *seen;		/* by whom, for each packet: 1 or 2; 3: twice */
	uint32_t next[2];	/* smallest that may come */
	uint32_t got[2];
	uint32_t wrong;
};

static void take_all(struct chan *c, int kid, struct count *n)
{
	const struct unet_rx_slot *s;
	uint32_t buf, number;

	while ((s = chan_rx_peek(c, 0))) {
		for (buf = s->first; buf != UNET_NO_BUF; buf = c->desc[buf].next) {
			memcpy(&number, (uint8_t *)chan_buf(c, buf) + 28 + 4, sizeof(number));
			n->wrong += number < n->next[kid];
			n->next[kid] = number + 1;
			n->got[kid]++;
			n->seen[number] = n->seen[number] ? 3 : 1 + kid;
		}
		chan_rx_next(c);
	}
	chan_sync(c, UNET_SYNC_FREE);
}

/* Sends and changes and takes with @kids children, until all came or none does for long. */
static void stream(struct stream *st, struct chan *kid, int kids, struct count *n)
{
	pthread_t gen, chg;
	uint32_t total = 0;
	uint64_t end;
	int i;

	if (pthread_create(&gen, NULL, send_all, st) ||
	    pthread_create(&chg, NULL, change_all, st))
		abort();
	end = mono_ms() + 20000;
	while (total < st->packets && mono_ms() < end) {
		for (i = 0; i < kids; i++)
			take_all(&kid[i], i, n);
		if (n->got[0] + n->got[1] == total)
			usleep(100);
		else
			end = mono_ms() + 20000;
		total = n->got[0] + n->got[1];
		__atomic_store_n(&st->taken, total, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&st->taken, st->packets, __ATOMIC_RELAXED);
	pthread_join(gen, NULL);
	pthread_join(chg, NULL);
}

/* Return: how often a packet was another's than the one before; @missed: nobody's. */
static uint32_t turns_of(const struct count *n, uint32_t packets, uint32_t *missed)
{
	uint32_t i, turns = 0;

	*missed = 0;
	for (i = 0; i < packets; i++) {
		*missed += n->seen[i] != 1 && n->seen[i] != 2;
		turns += i && n->seen[i] != n->seen[i - 1];
	}
	return turns;
}

static int start_kid(struct chan *c, uint32_t flow, int priority, struct chan *kid,
		     uint32_t *rule)
{
	struct unet_type_spec spec = spec_child(pattern_byte(0, 'k', 0xff));
	struct unet_type_req r;

	spec.priority = priority;
	if (child_add(c, flow, &spec, &r) || chan_open(kid, "va", &large))
		return -1;
	*rule = r.id;
	return join_as(kid, r.id, 1, NULL);
}

TEST_F_TIMEOUT(type_flow, no_packet_falls_between_two_rules_of_a_flow, 300)
{
	struct stream st = { .c = &self->c, .fd = self->peer, .packets = effort(200000) };
	struct count n = { .seen = calloc(1, st.packets) };
	uint32_t other, turns, missed;
	struct chan kid[2];

	ASSERT_EQ(0, start_kid(&self->c, self->flow, 1500, &kid[0], &st.rule));
	ASSERT_EQ(0, start_kid(&self->c, self->flow, 2000, &kid[1], &other));
	stream(&st, kid, 2, &n);
	EXPECT_EQ(st.packets, n.got[0] + n.got[1]);
	EXPECT_EQ(0, n.wrong);
	turns = turns_of(&n, st.packets, &missed);
	EXPECT_EQ(0, missed);
	/* Each other change is one, and a gap would be two more. */
	EXPECT_LT(CHANGES / 8, turns);
	EXPECT_GE(CHANGES / 2, turns);
	/* Never the parent's: one of the two holds at all times. */
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	EXPECT_EQ(CHANGES, st.done);
	EXPECT_EQ(0, st.failed);
	EXPECT_LT(0, n.got[0]);
	EXPECT_LT(0, n.got[1]);
	TH_LOG("%u and %u packets by rule, %u turns", n.got[0], n.got[1], turns);
	free(n.seen);
	chan_close(&kid[0]);
	chan_close(&kid[1]);
}

/* What it lets fall while it is changed would be the parent's. */
TEST_F_TIMEOUT(type_flow, no_packet_falls_beside_the_only_rule_of_a_flow, 300)
{
	struct stream st = { .c = &self->c, .fd = self->peer, .packets = effort(200000),
			     .always = true };
	struct count n = { .seen = calloc(1, st.packets) };
	struct chan kid;
	uint32_t missed;

	ASSERT_EQ(0, start_kid(&self->c, self->flow, 1500, &kid, &st.rule));
	stream(&st, &kid, 1, &n);
	EXPECT_EQ(st.packets, n.got[0]);
	EXPECT_EQ(0, n.wrong);
	EXPECT_EQ(0, turns_of(&n, st.packets, &missed));
	EXPECT_EQ(0, missed);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	EXPECT_EQ(CHANGES, st.done);
	EXPECT_EQ(0, st.failed);
	EXPECT_EQ(0, nexus_counter("va", "rx_host"));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_dead"));
	free(n.seen);
	chan_close(&kid);
}

TEST_HARNESS_MAIN
