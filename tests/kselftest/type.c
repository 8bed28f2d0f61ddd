// SPDX-License-Identifier: MIT
/* libs: -lpthread */
/*
 * Description: packet types of channels (R3.1 to R3.9): what a rule of an ethertype
 * delivers, what one drops and leaves to the host, in which order rules and flows are asked;
 * each request that is refused, with its reason and the rule in its way; what is
 * amended; who may; what is sent must match; that a refused change is never in force;
 * and that rules die with their owner.
 */
#include "type_hand.h"
#include "nexus.h"
#include "traced.h"
#include "kselftest_harness.h"

#include <pthread.h>

#define PORT	7000
#define RPORT	9000
#define SHOUT	"own protocol says something of some length"

static const uint8_t everybody[6] = { 255, 255, 255, 255, 255, 255 };

FIXTURE(type) {
	struct topo t;
	struct chan c;
	int peer;		/* UDP socket of the peer, bound to RPORT */
	int frames;		/* packet socket of the peer, OWN_TYPE */
	uint8_t ours[6];
	uint8_t theirs[6];
};

FIXTURE_SETUP(type)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
	ASSERT_EQ(0, rtnl_mac("va", self->ours));
	self->frames = peer_frames(&self->t, OWN_TYPE, self->theirs);
	ASSERT_GE(self->frames, 0);
}

FIXTURE_TEARDOWN(type)
{
	close(self->frames);
	close(self->peer);
	if (self->c.fd >= 0)
		chan_close(&self->c);
	topo_teardown(&self->t);
}

/* ---- layers ---- */

TEST_F(type, frames_of_an_own_ethertype_come_whole)
{
	struct unet_type_spec spec = spec_ether(OWN_TYPE, OWN_TYPE);
	const struct unet_rx_slot *s;
	struct unet_type_req r;
	const uint8_t *frame;
	int i;

	ASSERT_EQ(0, type_add(&self->c, &spec, 5, &r));
	EXPECT_EQ(0, r.reason);
	EXPECT_EQ(0, r.amended);
	EXPECT_EQ(1, r.generation);
	EXPECT_EQ(1514, r.mtu);
	EXPECT_EQ(UNET_TYPE_PRIORITY, r.spec.priority);
	for (i = 0; i < 2; i++) {
		const uint8_t *to = i ? everybody : self->ours;

		ASSERT_EQ(0, send_frame(self->frames, to, self->theirs, OWN_TYPE,
					SHOUT, sizeof(SHOUT)));
		s = chan_rx_peek(&self->c, 2000);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(5, s->tag);
		EXPECT_EQ(r.flow, s->flow);
		EXPECT_EQ(UNET_RX_L2, s->flags);
		EXPECT_EQ(1, s->packets);
		ASSERT_LE(14 + sizeof(SHOUT), s->bytes);
		EXPECT_EQ(14, self->c.desc[s->first].l4_offset);
		frame = chan_buf(&self->c, s->first);
		EXPECT_EQ(0, memcmp(frame, to, 6));
		EXPECT_EQ(0, memcmp(frame + 6, self->theirs, 6));
		EXPECT_EQ(OWN_TYPE, frame[12] << 8 | frame[13]);
		EXPECT_EQ(0, memcmp(frame + 14, SHOUT, sizeof(SHOUT)));
		chan_rx_next(&self->c);
	}
	/* Another ethertype is none of ours, nor is a frame for somebody else. */
	ASSERT_EQ(0, send_frame(self->frames, self->ours, self->theirs, OTHER_TYPE,
				SHOUT, sizeof(SHOUT)));
	ASSERT_EQ(0, send_frame(self->frames, (uint8_t *)"\x02stran", self->theirs,
				OWN_TYPE, SHOUT, sizeof(SHOUT)));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 200));
	EXPECT_EQ(2, nexus_counter("va", "rx_delivered"));
}

TEST_F(type, frames_larger_than_a_buffer_come_whole_too)
{
	struct unet_type_spec spec = spec_ether(OWN_TYPE, OWN_TYPE);
	const struct unet_rx_slot *s;
	struct unet_type_req r;
	static uint8_t big[1500];
	unsigned int i;

	for (i = 0; i < sizeof(big); i++)
		big[i] = i * 7;
	ASSERT_EQ(0, type_add(&self->c, &spec, 5, &r));
	ASSERT_EQ(0, send_frame(self->frames, self->ours, self->theirs, OWN_TYPE,
				big, sizeof(big)));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(1514, s->bytes);
	EXPECT_EQ(0, memcmp(chan_buf(&self->c, s->first) + 14, big, sizeof(big)));
	chan_rx_next(&self->c);
}

TEST_F(type, what_is_sent_on_an_ethertype_must_match_it)
{
	struct unet_type_spec spec = spec_ether(OWN_TYPE, OTHER_TYPE);
	static uint8_t data[2000], buf[2048];
	uint8_t *tx = self->c.tx_mem;
	struct unet_type_req r;
	uint32_t len;

	memset(data, 'x', sizeof(data));
	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r));
	len = build_frame(tx, self->theirs, self->ours, OWN_TYPE, data, 1500);
	EXPECT_EQ(0, chan_send_raw(&self->c, r.flow, 20, len, 0));
	ASSERT_EQ(1514, recv(self->frames, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, tx, 1514));
	len = build_frame(tx, self->theirs, self->ours, OWN_TYPE, data, 1501);
	EXPECT_EQ(UNET_CNT_TX_TOO_BIG, chan_send_raw(&self->c, r.flow, 20, len, 0));
	len = build_frame(tx, self->theirs, self->theirs, OWN_TYPE, data, 100);
	EXPECT_EQ(UNET_CNT_TX_SPOOF_SOURCE, chan_send_raw(&self->c, r.flow, 20, len, 0));
	len = build_frame(tx, self->theirs, self->ours, OTHER_TYPE + 1, data, 100);
	EXPECT_EQ(UNET_CNT_TX_SPOOF_PROTO, chan_send_raw(&self->c, r.flow, 20, len, 0));
	len = build_frame(tx, self->theirs, self->ours, ETH_P_IP, data, 100);
	EXPECT_EQ(UNET_CNT_TX_SPOOF_PROTO, chan_send_raw(&self->c, r.flow, 20, len, 0));
	len = build_frame(tx, self->theirs, self->ours, OWN_TYPE, data, 1500);
	EXPECT_EQ(UNET_CNT_TX_BAD_SLOT, chan_send_raw(&self->c, r.flow, 20, len, 100));
	EXPECT_EQ(1, nexus_counter("va", "tx_packets"));
	/* Modified to be received only, it may not be sent any more. */
	spec.direction = UNET_TYPE_RX;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	EXPECT_EQ(UNET_CNT_TX_TYPE_READ_ONLY,
		  chan_send_raw(&self->c, r.flow, 20, len, 0));
	ASSERT_EQ(0, type_del(&self->c, r.id));
	EXPECT_EQ(UNET_CNT_TX_BAD_FLOW, chan_send_raw(&self->c, r.flow, 20, len, 0));
}

/* ---- ports are held ---- */

TEST_F(type, ports_of_a_rule_and_the_hosts_exclude_each_other)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT + 9);
	struct unet_flow_req f = flow_req(IPPROTO_UDP, AF_INET, NULL, PORT + 1, NULL, 0);
	int host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct unet_type_req r;

	ASSERT_EQ(0, bind_to(host, OUR_V4, PORT + 5));
	EXPECT_EQ(-EADDRINUSE, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(UNET_TYPE_NO_PORT_TAKEN, r.reason);
	EXPECT_EQ(0, r.conflict);
	close(host);
	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r));
	host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	EXPECT_EQ(-EADDRINUSE, bind_to(host, OUR_V4, PORT + 5));
	EXPECT_EQ(-EADDRINUSE, chan_flow_add(&self->c, &f));
	/* A smaller range lets go of the others, and keeps its own. */
	spec.last = PORT + 3;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	EXPECT_EQ(0, bind_to(host, OUR_V4, PORT + 5));
	EXPECT_EQ(-EADDRINUSE, chan_flow_add(&self->c, &f));
	ASSERT_EQ(0, type_del(&self->c, r.id));
	EXPECT_EQ(0, chan_flow_add(&self->c, &f));
	spec = spec_port(IPPROTO_UDP, 20000, 20000 + UNET_TYPE_HELD_PORTS);
	EXPECT_EQ(-E2BIG, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(UNET_TYPE_NO_PORTS, r.reason);
	close(host);
}

/* What is widened is held anew: somebody may be there. */
TEST_F(type, a_change_takes_no_port_that_another_program_has)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT), wide = spec;
	int host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct unet_type_req r;

	ASSERT_EQ(0, bind_to(host, "0.0.0.0", PORT));
	spec.family = AF_INET6;
	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(-EADDRINUSE, type_modify(&self->c, r.id, &wide, &r));
	EXPECT_EQ(UNET_TYPE_NO_PORT_TAKEN, r.reason);
	EXPECT_EQ(0, r.conflict);
	wide.family = AF_INET;
	EXPECT_EQ(-EADDRINUSE, type_modify(&self->c, r.id, &wide, &r));
	ASSERT_EQ(0, type_del(&self->c, r.id));
	close(host);

	/* Nor from one address to all. */
	host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, bind_to(host, "127.0.0.1", PORT));
	spec.family = AF_INET;
	spec.local_bits = 32;
	ASSERT_EQ(1, inet_pton(AF_INET, OUR_V4, &spec.local));
	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(-EADDRINUSE, type_modify(&self->c, r.id, &wide, &r));
	close(host);

	/* What it has already it keeps, and narrows. */
	spec.priority = 2000;
	EXPECT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	ASSERT_EQ(0, type_del(&self->c, r.id));
	wide.family = 0;
	ASSERT_EQ(0, type_add(&self->c, &wide, 0, &r));
	EXPECT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	EXPECT_EQ(0, type_modify(&self->c, r.id, &wide, &r));
	ASSERT_EQ(0, type_del(&self->c, r.id));
}

/* ---- order ---- */

TEST_F(type, rules_are_asked_by_priority_specificity_and_id)
{
	struct unet_type_spec all = spec_proto(RAW_PROTO, RAW_PROTO);
	struct unet_type_spec one = all;
	int raw = peer_socket_of(&self->t, AF_INET, SOCK_RAW, RAW_PROTO);
	struct unet_type_req r[4];
	struct unet_type_ref ref;

	one.family = AF_INET;
	one.remote_bits = 32;
	inet_pton(AF_INET, PEER_V4, one.remote);
	ASSERT_EQ(0, type_add(&self->c, &all, 1, &r[0]));
	ASSERT_EQ(0, send_to(raw, OUR_V4, 0, "x", 1));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
	/* more specific */
	ASSERT_EQ(0, type_add(&self->c, &one, 2, &r[1]));
	ASSERT_EQ(0, send_to(raw, OUR_V4, 0, "x", 1));
	EXPECT_EQ(2, next_tag(&self->c, 2000));
	/* before it */
	all.priority = 2000;
	ASSERT_EQ(0, type_add(&self->c, &all, 3, &r[2]));
	ASSERT_EQ(0, send_to(raw, OUR_V4, 0, "x", 1));
	EXPECT_EQ(3, next_tag(&self->c, 2000));
	/* moved to the front, and behind again */
	ASSERT_EQ(0, type_priority(&self->c, r[0].id, 1999, &ref));
	EXPECT_EQ(2, ref.generation);
	EXPECT_EQ(1999, ref.priority);
	ASSERT_EQ(0, send_to(raw, OUR_V4, 0, "x", 1));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
	ASSERT_EQ(0, type_priority(&self->c, r[0].id, 2001, &ref));
	ASSERT_EQ(0, send_to(raw, OUR_V4, 0, "x", 1));
	EXPECT_EQ(3, next_tag(&self->c, 2000));
	/* where another is already, just so */
	EXPECT_EQ(-EEXIST, type_priority(&self->c, r[0].id, 2000, &ref));
	EXPECT_EQ(UNET_TYPE_NO_DUPLICATE, ref.reason);
	EXPECT_EQ(r[2].id, ref.conflict);
	EXPECT_EQ(-ERANGE, type_priority(&self->c, r[0].id, 0, &ref));
	EXPECT_EQ(-ERANGE, type_priority(&self->c, r[0].id, 65536, &ref));
	EXPECT_EQ(-ENOENT, type_priority(&self->c, r[2].id + 100, 2000, &ref));
	/* and gone, one after the other */
	ASSERT_EQ(0, type_del(&self->c, r[2].id));
	ASSERT_EQ(0, send_to(raw, OUR_V4, 0, "x", 1));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
	ASSERT_EQ(0, type_del(&self->c, r[0].id));
	ASSERT_EQ(0, send_to(raw, OUR_V4, 0, "x", 1));
	EXPECT_EQ(2, next_tag(&self->c, 2000));
	ASSERT_EQ(0, type_del(&self->c, r[1].id));
	ASSERT_EQ(0, send_to(raw, OUR_V4, 0, "x", 1));
	EXPECT_EQ(0, next_tag(&self->c, 200));
	close(raw);
}

TEST_F(type, flows_come_between_the_administrators_rules_and_others)
{
	struct unet_type_spec spec = spec_proto(IPPROTO_UDP, IPPROTO_UDP);
	struct unet_flow_req f = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT, NULL, 0);
	struct unet_type_req r;
	struct unet_type_ref ref;

	f.meta.tag = 99;
	ASSERT_EQ(0, chan_flow_add(&self->c, &f));
	spec = spec_does(spec, UNET_TYPE_DELIVER);
	ASSERT_EQ(0, type_add(&self->c, &spec, 1, &r));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(99, next_tag(&self->c, 2000));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, "x", 1));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
	ASSERT_EQ(0, type_priority(&self->c, r.id, UNET_TYPE_RESERVED - 1, &ref));
	EXPECT_EQ(0, ref.amended);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
	spec.action = UNET_TYPE_DROP;
	spec.priority = 10;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(0, next_tag(&self->c, 200));
	EXPECT_EQ(1, nexus_counter("va", "rx_type_drop"));
	spec.action = UNET_TYPE_HOST;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(0, next_tag(&self->c, 200));
	EXPECT_EQ(1, nexus_counter("va", "rx_type_host"));
	ASSERT_EQ(0, type_del(&self->c, r.id));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(99, next_tag(&self->c, 2000));
}

TEST_F(type, a_dropped_packet_is_not_the_hosts_and_one_passed_is)
{
	struct unet_type_spec spec = spec_does(spec_port(IPPROTO_UDP, PORT, PORT),
					       UNET_TYPE_DROP);
	int host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct timeval moment = { .tv_usec = 200000 };
	struct unet_type_req r;
	char c;
	int i;

	setsockopt(host, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
	ASSERT_EQ(0, bind_to(host, OUR_V4, PORT));
	spec.flags = UNET_TYPE_NO_HOLD;
	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(UNET_NO_FLOW, r.flow);
	/* Twice: the second is known from the first. */
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(-1, recv(host, &c, 1, 0));
	spec.action = UNET_TYPE_HOST;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "y", 1));
		ASSERT_EQ(1, recv(host, &c, 1, 0));
		EXPECT_EQ('y', c);
	}
	EXPECT_EQ(2, nexus_counter("va", "rx_type_drop"));
	EXPECT_EQ(2, nexus_counter("va", "rx_type_host"));
	close(host);
}

TEST_F(type, what_a_rule_does_is_traced)
{
	struct unet_type_spec spec = spec_does(spec_port(IPPROTO_UDP, PORT, PORT),
					       UNET_TYPE_DROP);
	struct unet_type_req r;

	if (!trace_begin())
		SKIP(return, "needs tracefs");
	spec.flags = UNET_TYPE_NO_HOLD;
	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	ASSERT_EQ(0, type_del(&self->c, r.id));
	ASSERT_TRUE(trace_end());
	EXPECT_EQ(1, traced("unet_type_set: type=%u generation=1 layer=%d proto=17 numbers=%d-%d ",
			    r.id, UNET_TYPE_PORT, PORT, PORT));
	EXPECT_EQ(1, traced("unet_type_match: type=%u bytes=29", r.id));
	EXPECT_EQ(1, traced("unet_type_set: type=%u generation=2 ", r.id));
	EXPECT_EQ(1, traced("unet_type_del: type=%u generation=2 ", r.id));
}

TEST_F(type, sends_of_flows_are_dropped_by_rules_of_their_direction)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_flow_req f = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT, NULL, 0);
	struct pkt_spec p = { .family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
			      .dst = PEER_V4, .sport = PORT, .dport = RPORT,
			      .data = "hello", .bytes = 5 };
	struct unet_type_req r;

	ASSERT_EQ(0, chan_flow_add(&self->c, &f));
	spec.action = UNET_TYPE_DROP;
	spec.direction = UNET_TYPE_TX;
	spec.flags = UNET_TYPE_NO_HOLD;
	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(UNET_CNT_TX_TYPE_DROP, chan_send(&self->c, f.flow, &p, 0));
	/* It says nothing of what is received. */
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_NE(NULL, chan_rx_peek(&self->c, 2000));
	spec.direction = UNET_TYPE_RX;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	EXPECT_EQ(0, chan_send(&self->c, f.flow, &p, 0));
}

TEST_F(type, all_patterns_of_a_rule_must_hold)
{
	struct unet_type_spec spec = spec_does(spec_port(IPPROTO_UDP, PORT, PORT),
					       UNET_TYPE_DELIVER);
	struct unet_type_spec rest = spec;
	static char big[1000];
	struct unet_type_req r;

	spec.num_patterns = 2;
	spec.pattern[0] = pattern_byte(0, 0x40, 0xc0);
	spec.pattern[1] = pattern_byte(999, 'z', 0xff);
	spec.flags = UNET_TYPE_NO_HOLD;
	ASSERT_EQ(0, type_add(&self->c, &spec, 1, &r));
	ASSERT_EQ(0, type_add(&self->c, &rest, 2, &r));
	big[0] = 0x7f;
	big[999] = 'z';
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, big, 1000));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
	/* of the same flow, and yet another's */
	big[999] = 'y';
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, big, 1000));
	EXPECT_EQ(2, next_tag(&self->c, 2000));
	big[999] = 'z';
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, big, 999));
	EXPECT_EQ(2, next_tag(&self->c, 2000));
	big[0] = 0x3f;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, big, 1000));
	EXPECT_EQ(2, next_tag(&self->c, 2000));
	big[0] = 0x40;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, big, 1000));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
}

/* ---- refused ---- */

static const struct {
	const char *name;
	struct unet_type_spec spec;
	int err;
	uint32_t reason;
} refused[] = {
#define E(n) { .layer = UNET_TYPE_ETHERTYPE, .direction = 1, .action = 1, .first = n, .last = n }
	{ "IPv4", E(0x0800), -EPERM, UNET_TYPE_NO_RESERVED },
	{ "ARP", E(0x0806), -EPERM, UNET_TYPE_NO_RESERVED },
	{ "RARP", E(0x8035), -EPERM, UNET_TYPE_NO_RESERVED },
	{ "VLAN", E(0x8100), -EPERM, UNET_TYPE_NO_RESERVED },
	{ "IPv6", E(0x86dd), -EPERM, UNET_TYPE_NO_RESERVED },
	{ "EAPOL", E(0x888e), -EPERM, UNET_TYPE_NO_RESERVED },
	{ "pre-authentication", E(0x88c7), -EPERM, UNET_TYPE_NO_RESERVED },
	{ "a length", E(1500), -EPERM, UNET_TYPE_NO_RESERVED },
	{ "nothing at all", { 0 }, -EINVAL, UNET_TYPE_NO_LAYER },
	{ "no direction", { .layer = 2, .action = 1 }, -EINVAL, UNET_TYPE_NO_DIRECTION },
	{ "no action", { .layer = 2, .direction = 1 }, -EINVAL, UNET_TYPE_NO_ACTION },
	{ "numbers turned round", { .layer = 2, .direction = 1, .action = 1, .first = 9,
	  .last = 8 }, -EINVAL, UNET_TYPE_NO_NUMBERS },
	{ "no protocol", { .layer = 3, .direction = 1, .action = 1, .first = 9,
	  .last = 9 }, -EINVAL, UNET_TYPE_NO_PROTOCOL },
	{ "no such family", { .layer = 2, .direction = 1, .action = 1, .first = 9,
	  .last = 9, .family = 7 }, -EINVAL, UNET_TYPE_NO_FAMILY },
	{ "an address of no family", { .layer = 2, .direction = 1, .action = 1,
	  .first = 9, .last = 9, .local = { 1 } }, -EINVAL, UNET_TYPE_NO_ADDRESS },
	{ "an empty pattern", { .layer = 2, .direction = 1, .action = 1, .first = 9,
	  .last = 9, .num_patterns = 1 }, -EINVAL, UNET_TYPE_NO_PATTERN },
	{ "unknown flags", { .layer = 2, .direction = 1, .action = 1, .first = 9,
	  .last = 9, .flags = 0x8000 }, -EINVAL, UNET_TYPE_NO_FLAGS },
	{ "a program for sends", { .layer = 2, .direction = 2, .action = 4, .first = 9,
	  .last = 9 }, -EOPNOTSUPP, UNET_TYPE_NO_RX_ONLY },
	{ "no program", { .layer = 2, .direction = 1, .action = 4, .first = 9,
	  .last = 9, .prog_fd = -1 }, -EBADF, UNET_TYPE_NO_PROGRAM },
	{ "a file that is no program", { .layer = 2, .direction = 1, .action = 4,
	  .first = 9, .last = 9, .prog_fd = 1 }, -EBADF, UNET_TYPE_NO_PROGRAM },
	{ "no such extension", { .layer = 2, .direction = 1, .action = 5, .first = 9,
	  .last = 9, .extension = "nobody" }, -ENOENT, UNET_TYPE_NO_EXTENSION },
	{ "an address the host has not", { .layer = 3, .proto = 17, .direction = 1,
	  .action = 1, .first = 9000, .last = 9000, .family = AF_INET, .local_bits = 32,
	  .local = { 10, 9, 0, 77 } }, -EADDRNOTAVAIL, UNET_TYPE_NO_NOT_LOCAL },
};

TEST_F(type, each_request_that_cannot_be_granted_says_why)
{
	struct unet_type_req r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(refused[i].err, type_add(&self->c, &refused[i].spec, 0, &r))
			TH_LOG("%s", refused[i].name);
		EXPECT_EQ(refused[i].reason, r.reason) TH_LOG("%s", refused[i].name);
		EXPECT_EQ(0, r.id);
		EXPECT_EQ(0, r.conflict);
	}
}

TEST_F(type, a_wrong_change_leaves_the_rule_as_it_was)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_type_req r, bad;
	unsigned int i;

	ASSERT_EQ(0, type_add(&self->c, &spec, 4, &r));
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(refused[i].err, type_modify(&self->c, r.id, &refused[i].spec,
						      &bad)) TH_LOG("%s", refused[i].name);
		EXPECT_EQ(refused[i].reason, bad.reason);
	}
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(4, next_tag(&self->c, 2000));
	EXPECT_EQ(-ENOENT, type_modify(&self->c, r.id + 1, &spec, &bad));
	EXPECT_EQ(-ENOENT, type_del(&self->c, r.id + 1));
	EXPECT_EQ(-ENOENT, type_del(&self->c, 0));
}

TEST_F(type, a_rule_of_another_channel_is_out_of_reach)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_type_ref ref;
	struct unet_type_req r;
	struct chan other;

	ASSERT_EQ(0, type_add(&self->c, &spec, 4, &r));
	ASSERT_EQ(0, chan_open(&other, "va", NULL));
	EXPECT_EQ(-ENOENT, type_del(&other, r.id));
	EXPECT_EQ(-ENOENT, type_priority(&other, r.id, 5000, &ref));
	EXPECT_EQ(-ENOENT, type_modify(&other, r.id, &spec, &r));
	chan_close(&other);
}

TEST_F(type, exact_duplicates_and_too_many_for_one_number_are_refused)
{
	struct unet_type_spec spec = spec_proto(RAW_PROTO, RAW_PROTO);
	struct unet_type_req first, r;
	int i;

	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &first));
	EXPECT_EQ(-EEXIST, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(UNET_TYPE_NO_DUPLICATE, r.reason);
	EXPECT_EQ(first.id, r.conflict);
	spec.direction = UNET_TYPE_RX;
	spec.family = AF_INET;
	spec.remote_bits = 32;
	spec.priority = 5000;
	for (i = 0; i < UNET_TYPE_OVERLAP - 1; i++) {
		spec.remote[0] = 11;
		spec.remote[3] = i;
		ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r)) TH_LOG("rule %d", i);
	}
	spec.remote[3] = i;
	EXPECT_EQ(-ENOSPC, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(UNET_TYPE_NO_OVERLAP, r.reason);
	EXPECT_NE(0, r.conflict);
}

/* ---- who may, and what is amended ---- */

static int ordinary(void *arg)
{
	struct unet_type_spec spec;
	struct unet_type_req r;
	struct chan c;

	CHECK(!chan_open(&c, "va", NULL));
	spec = spec_ether(OWN_TYPE, OWN_TYPE);
	CHECK(type_add(&c, &spec, 0, &r) == -EPERM && r.reason == UNET_TYPE_NO_RIGHT);
	spec = spec_proto(RAW_PROTO, RAW_PROTO);
	CHECK(type_add(&c, &spec, 0, &r) == -EPERM && r.reason == UNET_TYPE_NO_RIGHT);
	spec = spec_proto(IPPROTO_TCP, IPPROTO_TCP);
	CHECK(type_add(&c, &spec, 0, &r) == -EPERM &&
	      r.reason == UNET_TYPE_NO_PRIVILEGED);
	spec = spec_port(IPPROTO_UDP, 53, 53);
	CHECK(type_add(&c, &spec, 0, &r) == -EPERM && r.reason == UNET_TYPE_NO_RIGHT);
	spec = spec_port(IPPROTO_UDP, PORT, PORT);
	spec.flags = UNET_TYPE_NO_HOLD;
	CHECK(type_add(&c, &spec, 0, &r) == -EPERM && r.reason == UNET_TYPE_NO_RIGHT);
	spec.flags = 0;
	spec.action = UNET_TYPE_EXTENSION;
	spec.direction = UNET_TYPE_RX;
	strcpy(spec.extension, "x");
	CHECK(type_add(&c, &spec, 0, &r) == -EPERM && r.reason == UNET_TYPE_NO_RIGHT);

	/* A port is anybody's, narrowed to the host's addresses. */
	spec = spec_port(IPPROTO_UDP, PORT, PORT);
	spec.priority = 1;
	CHECK(!type_add(&c, &spec, 0, &r));
	CHECK(r.amended == (UNET_AMEND_NARROWED | UNET_AMEND_PRIORITY));
	CHECK(r.spec.flags == UNET_TYPE_LOCAL_ONLY);
	CHECK(r.spec.priority == UNET_TYPE_RESERVED);
	CHECK(!type_del(&c, r.id));
	spec.flags = UNET_TYPE_STRICT;
	CHECK(type_add(&c, &spec, 0, &r) == -EPERM && r.reason == UNET_TYPE_NO_AMENDED);
	spec.flags |= UNET_TYPE_LOCAL_ONLY;
	spec.priority = UNET_TYPE_RESERVED;
	CHECK(!type_add(&c, &spec, 0, &r) && !r.amended);
	CHECK(r.spec.flags == UNET_TYPE_LOCAL_ONLY);

	/* Another number: none asked for, or the one asked for taken. */
	spec = spec_port(IPPROTO_UDP, 0, 0);
	CHECK(!type_add(&c, &spec, 0, &r) && r.amended & UNET_AMEND_NUMBER);
	CHECK(r.spec.first && r.spec.first == r.spec.last);
	spec = spec_port(IPPROTO_UDP, r.spec.first, r.spec.first);
	spec.flags = UNET_TYPE_LOCAL_ONLY;
	CHECK(type_add(&c, &spec, 0, &r) == -EEXIST);
	spec.flags |= UNET_TYPE_ANY_NUMBER;
	CHECK(!type_add(&c, &spec, 0, &r) && r.amended == UNET_AMEND_NUMBER);
	CHECK(r.spec.first != spec.first);
	return 0;
}

TEST_F(type, an_ordinary_user_gets_ports_and_nothing_else)
{
	EXPECT_EQ(0, as_user(1000, ordinary, NULL));
}

TEST_F(type, free_numbers_are_assigned_until_there_are_none)
{
	struct unet_type_spec ether = spec_ether(0, 0), proto = spec_proto(0, 0);
	struct unet_type_req r;

	ASSERT_EQ(0, type_add(&self->c, &ether, 0, &r));
	EXPECT_EQ(UNET_AMEND_NUMBER, r.amended);
	EXPECT_EQ(0x88b5, r.spec.first);
	/* Taken: another will do. */
	ether = spec_ether(0x88b5, 0x88b5);
	ether.flags = UNET_TYPE_ANY_NUMBER;
	ASSERT_EQ(0, type_add(&self->c, &ether, 0, &r));
	EXPECT_EQ(0x88b6, r.spec.first);
	EXPECT_EQ(0x88b6, r.spec.last);
	EXPECT_EQ(-EADDRINUSE, type_add(&self->c, &ether, 0, &r));
	EXPECT_EQ(UNET_TYPE_NO_FREE_NUMBER, r.reason);
	ASSERT_EQ(0, type_add(&self->c, &proto, 0, &r));
	EXPECT_EQ(253, r.spec.first);
	ASSERT_EQ(0, type_add(&self->c, &proto, 0, &r));
	EXPECT_EQ(254, r.spec.last);
	EXPECT_EQ(-EADDRINUSE, type_add(&self->c, &proto, 0, &r));
}

static int too_many(void *arg)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, 0, 0);
	struct unet_type_req r;
	struct chan c[2];
	int i;

	CHECK(!chan_open(&c[0], "va", NULL) && !chan_open(&c[1], "va", NULL));
	for (i = 0; i < UNET_TYPE_MAX_OWNER; i++)
		CHECK(!type_add(&c[i % 2], &spec, 0, &r));
	CHECK(type_add(&c[0], &spec, 0, &r) == -EDQUOT);
	CHECK(r.reason == UNET_TYPE_NO_MANY_OWNER);
	chan_close(&c[0]);
	CHECK(!type_add(&c[1], &spec, 0, &r));
	return 0;
}

TEST_F(type, a_user_has_so_many_rules_and_no_more)
{
	EXPECT_EQ(0, as_user(1000, too_many, NULL));
}

static int wants_the_port_too(void *arg)
{
	const struct unet_type_req *first = arg;
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT - 5, PORT);
	struct unet_type_ref ref;
	struct unet_type_req r;
	struct chan c;

	CHECK(!chan_open(&c, "va", NULL));
	CHECK(type_add(&c, &spec, 0, &r) == -EBUSY);
	CHECK(r.reason == UNET_TYPE_NO_CONFLICT && r.conflict == first->id);
	CHECK(type_join(&c, first->id, &ref) == -EPERM);
	return 0;
}

TEST_F(type, another_users_packets_are_out_of_reach)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT + 5);
	struct unet_type_req r;

	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(0, as_user(1000, wants_the_port_too, &r));
}

/* ---- ends ---- */

/* One to deliver by port, one by ethertype, one to drop. */
#define VICTIMS	3

struct victim {
	int ready[2];
	struct unet_type_spec spec[VICTIMS];
};

static pid_t start_victim(struct victim *v)
{
	struct unet_type_req r;
	struct chan c;
	pid_t pid;
	char b;
	int i;

	if (pipe(v->ready))
		return -1;
	pid = fork();
	if (pid)
		return read(v->ready[0], &b, 1) == 1 && !b ? pid : -1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	b = !!chan_open(&c, "va", NULL);
	for (i = 0; i < VICTIMS && !b; i++)
		b = !!type_add(&c, &v->spec[i], 0, &r);
	if (write(v->ready[1], &b, 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static bool comes_to(const char *name, long long value)
{
	uint64_t end = mono_ms() + 10000;

	while (nexus_counter("va", name) != value && mono_ms() < end)
		usleep(10000);
	return nexus_counter("va", name) == value;
}

/* What no rule takes reaches these. */
struct host {
	int udp[2];		/* PORT, once bound, and PORT + 1 */
	int frames;		/* OWN_TYPE */
};

static void host_listen(struct host *h)
{
	struct timeval patience = { .tv_sec = 10 };
	int i;

	h->udp[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	h->udp[1] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	h->frames = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(OWN_TYPE));
	for (i = 0; i < 2; i++)
		setsockopt(h->udp[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(h->frames, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static void host_close(struct host *h)
{
	close(h->udp[0]);
	close(h->udp[1]);
	close(h->frames);
}

TEST_F(type, rules_die_with_their_owner_at_once)
{
	struct victim v = { .spec = {
		spec_port(IPPROTO_UDP, PORT, PORT), spec_ether(OWN_TYPE, OWN_TYPE),
		spec_does(spec_port(IPPROTO_UDP, PORT + 1, PORT + 1), UNET_TYPE_DROP),
	} };
	struct unet_type_req r;
	uint8_t buf[100];
	struct host h;
	struct nl nl;
	pid_t pid;

	ASSERT_EQ(0, nl_open(&nl));
	host_listen(&h);
	ASSERT_EQ(0, bind_to(h.udp[1], OUR_V4, PORT + 1));
	v.spec[2].flags = UNET_TYPE_NO_HOLD;
	pid = start_victim(&v);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, "x", 1));
	ASSERT_EQ(0, send_frame(self->frames, self->ours, self->theirs, OWN_TYPE, "x", 1));
	EXPECT_TRUE(comes_to("rx_delivered", 2));
	EXPECT_TRUE(comes_to("rx_type_drop", 1));
	EXPECT_EQ(-1, recv(h.udp[1], buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(-1, recv(h.frames, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(-EEXIST, type_add(&self->c, &v.spec[0], 0, &r));
	EXPECT_EQ(VICTIMS, tell(&nl, 0).rules);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	/* No wait: the file is closed when the process can be waited for. */
	EXPECT_EQ(0, tell(&nl, 0).rules);
	ASSERT_EQ(0, bind_to(h.udp[0], OUR_V4, PORT));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "y", 1));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, "z", 1));
	ASSERT_EQ(0, send_frame(self->frames, self->ours, self->theirs, OWN_TYPE, "f", 1));
	ASSERT_EQ(1, recv(h.udp[0], buf, sizeof(buf), 0));
	EXPECT_EQ('y', buf[0]);
	ASSERT_EQ(1, recv(h.udp[1], buf, sizeof(buf), 0));
	EXPECT_EQ('z', buf[0]);
	ASSERT_LE(15, recv(h.frames, buf, sizeof(buf), 0));
	EXPECT_EQ('f', buf[14]);
	EXPECT_EQ(2, nexus_counter("va", "rx_delivered"));
	EXPECT_EQ(1, nexus_counter("va", "rx_type_drop"));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	host_close(&h);
	close(nl.fd);
	EXPECT_EQ(0, type_add(&self->c, &v.spec[0], 0, &r));
}

TEST_F(type, rules_die_when_the_nexus_is_detached)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	int host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct unet_rx_slot *s;
	struct unet_type_req r;

	ASSERT_EQ(0, type_add(&self->c, &spec, 3, &r));
	ASSERT_EQ(0, nexus_detach("va"));
	s = chan_rx_peek(&self->c, 0);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(UNET_RX_END, s->flags);
	EXPECT_EQ(3, s->tag);
	EXPECT_EQ(-ENODEV, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(-ENODEV, type_del(&self->c, r.id));
	EXPECT_EQ(0, bind_to(host, OUR_V4, PORT));
	close(host);
}

TEST_F(type, rules_die_with_a_poisoned_channel)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_type_req r;
	struct chan bully;
	int i, err = -1;

	ASSERT_EQ(0, chan_open(&bully, "va", NULL));
	ASSERT_EQ(0, type_add(&bully, &spec, 3, &r));
	bully.uring->tx_tail = 0x80000000;
	EXPECT_EQ(-EIO, chan_sync(&bully, UNET_SYNC_TX));
	EXPECT_EQ(-EIO, type_del(&bully, r.id));
	for (i = 0; i < 100 && err; i++) {
		err = type_add(&self->c, &spec, 0, &r);
		usleep(20000);
	}
	EXPECT_EQ(0, err);
	chan_close(&bully);
}

/* ---- a change that is refused ---- */

#define CROWDED	8000

/* Sends by a rule as fast as it can: how many were refused? */
struct sender {
	struct chan *c;
	uint32_t flow;
	volatile bool stop;
	uint32_t sent;
	uint32_t refused;
};

static void *send_on(void *arg)
{
	struct sender *s = arg;
	struct pkt_spec p = { .family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
			      .dst = PEER_V4, .sport = PORT, .dport = RPORT,
			      .data = "hello", .bytes = 5 };

	while (!s->stop) {
		s->refused += !!chan_send(s->c, s->flow, &p, 0);
		s->sent++;
	}
	return NULL;
}

/* So many rules for CROWDED that there is no room for one more behind them. */
static int crowd(struct chan *c)
{
	struct unet_type_spec spec = spec_does(spec_port(IPPROTO_UDP, CROWDED, CROWDED),
					       UNET_TYPE_DROP);
	struct unet_type_req r;
	int i, err = 0;

	spec.flags = UNET_TYPE_NO_HOLD | UNET_TYPE_LOCAL_ONLY;
	for (i = 0; i < UNET_TYPE_OVERLAP && !err; i++) {
		spec.priority = 2000 + i;
		err = type_add(c, &spec, 0, &r);
	}
	return err;
}

/* That there is no room shows only when tables are compiled, and then nothing was changed. */
TEST_F_TIMEOUT(type, no_send_meets_a_change_that_is_refused, 60)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct sender s = { .c = &self->c };
	struct unet_type_req r, no;
	struct chan crowding;
	pthread_t thread;
	int i;

	ASSERT_EQ(0, chan_open(&crowding, "va", NULL));
	ASSERT_EQ(0, crowd(&crowding));
	spec.flags = UNET_TYPE_NO_HOLD;
	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r));
	s.flow = r.flow;
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_on, &s));
	spec.first = CROWDED;
	spec.last = CROWDED;
	for (i = 0; i < 3000; i++) {
		ASSERT_EQ(-ENOSPC, type_modify(&self->c, r.id, &spec, &no));
		ASSERT_EQ(UNET_TYPE_NO_OVERLAP, no.reason);
	}
	s.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(0, s.refused);
	EXPECT_LT(100, s.sent);
	chan_close(&crowding);
}

TEST_HARNESS_MAIN
