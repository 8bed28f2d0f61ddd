// SPDX-License-Identifier: MIT
/*
 * Description: which flow gets a packet (R1.2, R1.3, R1.9), who may send what
 * (R6.1): every mask, both families, most specific first, the rest to the host, in
 * order, though a burst has both, and with either receive hook; spoofed source,
 * port, protocol, destination and foreign handles are refused and counted.
 * Addresses that are not the host's, any more or by any right, are the host's to
 * deal with; ICMP errors come to the flow they quote. Changes of the host's
 * addresses are told to all channels of the namespace, and to no others.
 */
#include "feature.h"
#include "topo.h"
#include "chan.h"
#include "nexus.h"
#include "raw.h"
#include "kselftest_harness.h"

#define PORT	7000
#define RPORT	9000

FIXTURE(flow) {
	struct topo t;
	struct chan c;
	int peer;	/* UDP socket of the peer, bound to RPORT */
};

FIXTURE_VARIANT(flow) {
	int family;
	const char *ours;
	const char *theirs;
};

FIXTURE_VARIANT_ADD(flow, v4) { AF_INET, OUR_V4, PEER_V4 };
FIXTURE_VARIANT_ADD(flow, v6) { AF_INET6, OUR_V6, PEER_V6 };

FIXTURE_SETUP(flow)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->peer = peer_socket(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
	ASSERT_EQ(0, bind_to(self->peer, variant->theirs, RPORT));
}

FIXTURE_TEARDOWN(flow)
{
	close(self->peer);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

/* Tag of the batch one datagram from the peer arrived in, 0 when none did. */
static uint64_t tag_of_arrival(struct chan *c, int peer, const char *ours,
			       int ms)
{
	const struct unet_rx_slot *s;
	uint64_t tag;

	if (send_to(peer, ours, PORT, "ping", 4))
		return ~0ull;
	s = chan_rx_peek(c, ms);
	if (!s)
		return 0;
	tag = s->packets == 1 ? s->tag : ~0ull;
	chan_rx_next(c);
	return tag;
}

enum { LOCAL = 1, REMOTE = 2, PORTS = 4 };

/* The seven masks, most specific first; the tag is the row number plus one. */
static const unsigned int masks[] = {
	LOCAL | REMOTE | PORTS,		/* 5-tuple */
	REMOTE | PORTS,			/* 4-tuple: any local address */
	LOCAL | PORTS,			/* 3-tuple */
	PORTS,				/* 2-tuple */
	LOCAL | REMOTE,			/* IP only */
	LOCAL,
	0,
};

#define PROTO_RAW	253	/* RFC 3692: for experiments */

static struct unet_flow_req row_req(unsigned int row, int family,
				    const char *ours, const char *theirs)
{
	unsigned int m = masks[row];
	struct unet_flow_req r =
		flow_req(m & PORTS ? IPPROTO_UDP : PROTO_RAW, family,
			 m & LOCAL ? ours : NULL, m & PORTS ? PORT : 0,
			 m & REMOTE ? theirs : NULL,
			 m & PORTS && m & REMOTE ? RPORT : 0);

	if (!(m & PORTS))
		r.flags |= UNET_FLOW_NO_PORTS;
	r.flags |= family == AF_INET6 ? UNET_FLOW_V6ONLY : 0;
	r.meta.tag = row + 1;
	return r;
}

TEST_F(flow, most_specific_port_flow_wins)
{
	uint32_t handle[4];
	uint32_t parent = 0;
	int row;

	/* Least specific first, so that insertion order cannot help. */
	for (row = 3; row >= 0; row--) {
		struct unet_flow_req r = row_req(row, variant->family,
						 variant->ours, variant->theirs);

		r.parent = parent;
		ASSERT_EQ(0, chan_flow_add(&self->c, &r)) TH_LOG("row %d", row);
		handle[row] = r.flow;
		if (row == 3)
			parent = r.flow;
	}
	for (row = 0; row < 4; row++) {
		EXPECT_EQ((uint64_t)row + 1,
			  tag_of_arrival(&self->c, self->peer, variant->ours, 2000));
		ASSERT_EQ(0, chan_flow_del(&self->c, handle[row], 0));
	}
	EXPECT_EQ(0, tag_of_arrival(&self->c, self->peer, variant->ours, 200));
	EXPECT_LE(1, nexus_counter("va", "rx_host"));
}

/* Tag of the batch one TCP segment arrived in, 0 when none did. */
static uint64_t tag_of_segment(struct chan *c, int raw, const char *ours, int ms)
{
	struct pkt_spec p = {
		.proto = IPPROTO_TCP, .sport = RPORT, .dport = PORT,
		.tcp_flags = TH_ACK, .seq = 1, .ack = 1,
	};
	const struct unet_rx_slot *s;
	uint8_t segment[64];
	uint64_t tag;

	if (send_to(raw, ours, 0, segment, build_l4(segment, &p)))
		return ~0ull;
	s = chan_rx_peek(c, ms);
	if (!s)
		return 0;
	tag = s->packets == 1 ? s->tag : ~0ull;
	chan_rx_next(c);
	return tag;
}

/* A TCP flow, and one of UDP with the same numbers that must not be taken for it. */
static int add_both(struct chan *c, struct unet_flow_req *tcp,
		    struct unet_flow_req *udp)
{
	tcp->proto = IPPROTO_TCP;
	udp->meta.tag = 1000;
	return chan_flow_add(c, tcp) ?: chan_flow_add(c, udp);
}

TEST_F(flow, most_specific_tcp_flow_wins)
{
	uint32_t handle[4], parent = 0, udp_parent = 0;
	int raw, row;

	raw = peer_socket_of(&self->t, variant->family, SOCK_RAW, IPPROTO_TCP);
	ASSERT_GE(raw, 0);
	for (row = 3; row >= 0; row--) {
		struct unet_flow_req tcp = row_req(row, variant->family,
						   variant->ours, variant->theirs);
		struct unet_flow_req udp = tcp;

		tcp.parent = parent;
		udp.parent = udp_parent;
		ASSERT_EQ(0, add_both(&self->c, &tcp, &udp)) TH_LOG("row %d", row);
		handle[row] = tcp.flow;
		if (row == 3) {
			parent = tcp.flow;
			udp_parent = udp.flow;
		}
	}
	for (row = 0; row < 4; row++) {
		EXPECT_EQ((uint64_t)row + 1,
			  tag_of_segment(&self->c, raw, variant->ours, 2000));
		ASSERT_EQ(0, chan_flow_del(&self->c, handle[row], 0));
	}
	/* The host answers the last one: there is nobody. */
	EXPECT_EQ(0, tag_of_segment(&self->c, raw, variant->ours, 200));
	EXPECT_LE(1, nexus_counter("va", "rx_host"));
	close(raw);
}

TEST_F(flow, most_specific_ip_flow_wins)
{
	uint32_t handle[7];
	int raw, row;

	raw = peer_socket_of(&self->t, variant->family, SOCK_RAW, PROTO_RAW);
	ASSERT_GE(raw, 0);
	for (row = 6; row >= 4; row--) {
		struct unet_flow_req r = row_req(row, variant->family,
						 variant->ours, variant->theirs);

		ASSERT_EQ(0, chan_flow_add(&self->c, &r)) TH_LOG("row %d", row);
		handle[row] = r.flow;
	}
	for (row = 4; row < 7; row++) {
		const struct unet_rx_slot *s;

		ASSERT_EQ(0, send_to(raw, variant->ours, 0, "data", 4));
		s = chan_rx_peek(&self->c, 2000);
		ASSERT_NE(NULL, s);
		EXPECT_EQ((uint64_t)row + 1, s->tag);
		chan_rx_next(&self->c);
		ASSERT_EQ(0, chan_flow_del(&self->c, handle[row], 0));
	}
	ASSERT_EQ(0, send_to(raw, variant->ours, 0, "data", 4));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 200));
	close(raw);
}

TEST_F(flow, exact_duplicate_is_refused)
{
	struct unet_flow_req a = row_req(2, variant->family, variant->ours,
					 variant->theirs);
	struct unet_flow_req b = a;

	ASSERT_EQ(0, chan_flow_add(&self->c, &a));
	EXPECT_EQ(-EADDRINUSE, chan_flow_add(&self->c, &b));
	ASSERT_EQ(0, chan_flow_del(&self->c, a.flow, 0));
	EXPECT_EQ(-ENOENT, chan_flow_del(&self->c, a.flow, 0));
	EXPECT_EQ(0, chan_flow_add(&self->c, &b));
	EXPECT_NE(a.flow, b.flow);
}

TEST_F(flow, dual_stack_listener_hears_v4_unless_v6only)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET6, NULL, PORT,
					  NULL, 0);
	int v4 = peer_socket(&self->t, AF_INET, SOCK_DGRAM);

	ASSERT_EQ(0, bind_to(v4, PEER_V4, RPORT + 1));
	r.meta.tag = 77;
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	EXPECT_EQ(77, tag_of_arrival(&self->c, v4, OUR_V4, 2000));
	ASSERT_EQ(0, chan_flow_del(&self->c, r.flow, 0));
	r.flags |= UNET_FLOW_V6ONLY;
	r.flow = 0;
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	EXPECT_EQ(0, tag_of_arrival(&self->c, v4, OUR_V4, 200));
	close(v4);
}

/* ---- sending ---- */

static struct pkt_spec good_packet(int family, const char *src, const char *dst)
{
	return (struct pkt_spec){
		.family = family, .proto = IPPROTO_UDP, .src = src, .dst = dst,
		.sport = PORT, .dport = RPORT, .data = "hello", .bytes = 5,
	};
}

TEST_F(flow, a_send_reaches_the_peer_with_good_checksums)
{
	struct pkt_spec p = good_packet(variant->family, variant->ours,
					variant->theirs);
	struct unet_flow_req r = row_req(0, variant->family, variant->ours,
					 variant->theirs);
	struct timeval tv = { .tv_sec = 5 };
	char buf[16];

	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	/* Software checksums on both sides, so that a wrong one is seen. */
	ASSERT_EQ(0, feature_set("va", TX_SUMS, false));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	EXPECT_EQ(0, chan_send(&self->c, r.flow, &p, 0));
	ASSERT_EQ(5, recv(self->peer, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
	EXPECT_EQ(1, self->c.adv[r.adv].sent);
}

TEST_F(flow, a_large_send_is_cut_at_the_segment_size)
{
	static uint8_t data[10 * 1000];
	struct pkt_spec p = good_packet(variant->family, variant->ours,
					variant->theirs);
	struct unet_flow_req r = row_req(0, variant->family, variant->ours,
					 variant->theirs);
	struct timeval tv = { .tv_sec = 5 };
	uint8_t buf[2000];
	unsigned int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i / 1000 + i;
	p.data = data;
	p.bytes = sizeof(data);
	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	EXPECT_EQ(0, chan_send(&self->c, r.flow, &p, 1000));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(1000, recv(self->peer, buf, sizeof(buf), 0));
		ASSERT_EQ(0, memcmp(buf, data + i * 1000, 1000));
	}
}

TEST_F(flow, spoofed_sends_are_refused_and_counted)
{
	const char *alien = variant->family == AF_INET ? "10.9.0.77" : "fd09::77";
	struct pkt_spec good = good_packet(variant->family, variant->ours,
					   variant->theirs);
	struct unet_flow_req r = row_req(0, variant->family, variant->ours,
					 variant->theirs);
	struct pkt_spec bad;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	bad = good;
	bad.src = alien;
	EXPECT_EQ(UNET_CNT_TX_SPOOF_SOURCE, chan_send(&self->c, r.flow, &bad, 0));
	bad = good;
	bad.sport++;
	EXPECT_EQ(UNET_CNT_TX_SPOOF_PORT, chan_send(&self->c, r.flow, &bad, 0));
	bad = good;
	bad.dport++;
	EXPECT_EQ(UNET_CNT_TX_SPOOF_DEST, chan_send(&self->c, r.flow, &bad, 0));
	bad = good;
	bad.dst = alien;
	EXPECT_EQ(UNET_CNT_TX_SPOOF_DEST, chan_send(&self->c, r.flow, &bad, 0));
	bad = good;
	bad.proto = IPPROTO_TCP;
	EXPECT_EQ(UNET_CNT_TX_SPOOF_PROTO, chan_send(&self->c, r.flow, &bad, 0));
	EXPECT_EQ(UNET_CNT_TX_BAD_FLOW,
		  chan_send(&self->c, r.flow + 0x10000, &good, 0));
	EXPECT_EQ(UNET_CNT_TX_BAD_FLOW, chan_send(&self->c, 0, &good, 0));
	EXPECT_EQ(1, nexus_counter("va", "tx_spoof_source"));
	EXPECT_EQ(1, nexus_counter("va", "tx_spoof_port"));
	EXPECT_EQ(2, nexus_counter("va", "tx_spoof_dest"));
	EXPECT_EQ(1, nexus_counter("va", "tx_spoof_proto"));
	EXPECT_EQ(2, nexus_counter("va", "tx_bad_flow"));
	EXPECT_EQ(0, nexus_counter("va", "tx_packets"));
	EXPECT_EQ(5, self->c.adv[r.adv].dropped);
	/* None of it cost the channel its life, and the truth still passes. */
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->c, NULL));
	EXPECT_EQ(0, chan_send(&self->c, r.flow, &good, 0));
}

/* In another process, which knows the number, on a channel of its own. */
static int steal(uint32_t flow, const struct pkt_spec *p)
{
	struct chan thief;

	if (chan_open(&thief, "va", NULL))
		return 1;
	if (chan_send(&thief, flow, p, 0) != UNET_CNT_TX_BAD_FLOW)
		return 2;
	if (chan_flow_del(&thief, flow, 0) != -ENOENT)
		return 3;
	if (chan_state(&thief, NULL) != UNET_CHANNEL_LIVE)
		return 4;
	return 0;
}

TEST_F(flow, a_handle_is_worth_nothing_in_another_process)
{
	struct pkt_spec p = good_packet(variant->family, variant->ours,
					variant->theirs);
	struct unet_flow_req r = row_req(0, variant->family, variant->ours,
					 variant->theirs);
	int status;
	pid_t pid;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(steal(r.flow, &p));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status) TH_LOG("exit status %d", WEXITSTATUS(status));
	EXPECT_EQ(1, nexus_counter("va", "tx_bad_flow"));
	EXPECT_EQ(0, nexus_counter("va", "tx_packets"));
	/* Its owner still has it. */
	EXPECT_EQ(0, chan_send(&self->c, r.flow, &p, 0));
	EXPECT_EQ(1, nexus_counter("va", "tx_packets"));
	EXPECT_EQ(1, tag_of_arrival(&self->c, self->peer, variant->ours, 2000));
}

TEST_F(flow, abuse_poisons_only_the_abuser)
{
	struct unet_flow_req r = row_req(0, variant->family, variant->ours,
					 variant->theirs);
	struct chan bully;
	uint32_t reason = 0;
	int i;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	ASSERT_EQ(0, chan_open(&bully, "va", NULL));
	for (i = 0; i <= UNET_ABUSE_LIMIT; i++) {
		struct unet_tx_slot bad = { .flow = r.flow, .extents = 1 };

		chan_tx_slot(&bully, &bad);
		if (chan_sync(&bully, UNET_SYNC_TX))
			break;
		bully.uring->done_head = load_acquire(&bully.kring->done_tail);
	}
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&bully, &reason));
	EXPECT_EQ(UNET_POISON_TX_ABUSE, reason);
	EXPECT_EQ(-EIO, chan_sync(&bully, UNET_SYNC_TX));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->c, NULL));
	EXPECT_EQ(1, tag_of_arrival(&self->c, self->peer, variant->ours, 2000));
	chan_close(&bully);
}

TEST_F(flow, a_send_from_an_address_the_host_lost_is_refused)
{
	struct pkt_spec p = good_packet(variant->family, variant->ours,
					variant->theirs);
	struct unet_flow_req r = row_req(0, variant->family, variant->ours,
					 variant->theirs);

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	EXPECT_EQ(0, chan_send(&self->c, r.flow, &p, 0));
	ASSERT_EQ(0, sh("ip addr add %s dev va",
			variant->family == AF_INET ? "10.9.0.3/24" : "fd09::3/64 nodad"));
	ASSERT_EQ(0, sh("ip addr del %s dev va",
			variant->family == AF_INET ? OUR_V4 "/24" : OUR_V6 "/64"));
	EXPECT_EQ(UNET_CNT_TX_SOURCE_GONE, chan_send(&self->c, r.flow, &p, 0));
}

TEST_F(flow, an_address_the_host_lost_is_received_by_no_flow)
{
	struct unet_flow_req listener = row_req(2, variant->family,
						variant->ours, variant->theirs);
	struct unet_flow_req r = row_req(0, variant->family, variant->ours,
					 variant->theirs);
	const char *bits = variant->family == AF_INET ? "24" : "64 nodad";

	ASSERT_EQ(0, chan_flow_add(&self->c, &listener));
	r.parent = listener.flow;
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	ASSERT_EQ(1, tag_of_arrival(&self->c, self->peer, variant->ours, 2000));
	ASSERT_EQ(0, sh("ip addr del %s/%.2s dev va", variant->ours, bits));
	EXPECT_EQ(0, tag_of_arrival(&self->c, self->peer, variant->ours, 200));
	EXPECT_EQ(1, nexus_counter("va", "rx_host_not_local"));
	/* And comes back with it. */
	ASSERT_EQ(0, sh("ip addr add %s/%s dev va", variant->ours, bits));
	EXPECT_EQ(1, tag_of_arrival(&self->c, self->peer, variant->ours, 2000));
	ASSERT_EQ(0, chan_flow_del(&self->c, r.flow, 0));
	EXPECT_EQ(3, tag_of_arrival(&self->c, self->peer, variant->ours, 2000));
}

/* A datagram of the peer with a source it has no right to. */
static int send_forged(struct topo *t, int family, const char *src,
		       const char *dst)
{
	struct pkt_spec p = {
		.family = family, .proto = IPPROTO_UDP, .src = src, .dst = dst,
		.sport = RPORT, .dport = PORT, .data = "evil", .bytes = 4,
	};
	uint8_t buf[128];
	uint32_t bytes = build_packet(buf, &p) + p.bytes;
	int fd = raw_socket(t, family), err;

	/* No UDP checksum over IPv6 is a wrong one: marked, but delivered. */
	err = send_to(fd, dst, 0, buf, bytes);
	close(fd);
	return err;
}

TEST_F(flow, packets_from_loopback_addresses_are_left_to_the_host)
{
	const char *loop = variant->family == AF_INET ? "127.0.0.1" : "::1";
	struct unet_flow_req r = row_req(3, variant->family, variant->ours,
					 variant->theirs);

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	/* The way there works, with a source that could be. */
	ASSERT_EQ(0, send_forged(&self->t, variant->family, variant->theirs,
				 variant->ours));
	ASSERT_NE(NULL, chan_rx_peek(&self->c, 2000));
	chan_rx_next(&self->c);
	ASSERT_EQ(0, send_forged(&self->t, variant->family, loop, variant->ours));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 200));
	EXPECT_EQ(1, nexus_counter("va", "rx_host_martian"));
}

TEST_F(flow, an_icmp_error_comes_to_the_flow_it_quotes)
{
	uint8_t icmp = variant->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	int header = variant->family == AF_INET ? 20 : 40;
	struct unet_flow_req r = row_req(0, variant->family, variant->ours,
					 variant->theirs);
	struct unet_flow_req other = row_req(2, variant->family, variant->ours,
					     variant->theirs);
	struct pkt_spec p = good_packet(variant->family, variant->ours,
					variant->theirs);
	const struct unet_rx_slot *s;
	const uint8_t *pkt;

	ASSERT_EQ(0, chan_flow_add(&self->c, &other));
	r.parent = other.flow;
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	close(self->peer);	/* the port is closed from here on */
	ASSERT_EQ(0, chan_send(&self->c, r.flow, &p, 0));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(UNET_RX_ICMP_ERROR, s->flags);
	EXPECT_EQ(r.flow, s->flow);
	EXPECT_EQ(1, s->packets);
	pkt = chan_buf(&self->c, s->first);
	EXPECT_EQ(icmp, pkt[variant->family == AF_INET ? 9 : 6]);
	/* Behind the ICMP header what was sent, up to the ports. */
	EXPECT_EQ(PORT, pkt[2 * header + 8] << 8 | pkt[2 * header + 9]);
	EXPECT_EQ(RPORT, pkt[2 * header + 10] << 8 | pkt[2 * header + 11]);
	chan_rx_next(&self->c);
	EXPECT_EQ(1, nexus_counter("va", "rx_icmp_error"));
	/* The host sees it too. */
	EXPECT_LE(1, nexus_counter("va", "rx_host"));
	self->peer = -1;
}

TEST_F(flow, a_flow_without_ports_needs_the_right_to_raw_packets)
{
	struct unet_flow_req r = row_req(6, variant->family, variant->ours,
					 variant->theirs);
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(100);
		_exit(-chan_flow_add(&self->c, &r));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EPERM, WEXITSTATUS(status));
	EXPECT_EQ(0, chan_flow_add(&self->c, &r));
}

TEST_F(flow, too_large_for_the_route_is_refused_not_cut)
{
	static uint8_t data[3000];
	struct pkt_spec p = good_packet(variant->family, variant->ours,
					variant->theirs);
	struct unet_flow_req r = row_req(0, variant->family, variant->ours,
					 variant->theirs);

	p.data = data;
	p.bytes = sizeof(data);
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	EXPECT_EQ(1500, r.mtu);
	EXPECT_EQ(UNET_CNT_TX_TOO_BIG, chan_send(&self->c, r.flow, &p, 0));
}

/* ---- whom a change is told ---- */

struct ear {
	const struct chan *c;
	uint32_t gen;
};

/* Was it told of a change since it was last asked? */
static bool heard(struct ear *e)
{
	uint32_t gen = load_acquire(&e->c->info->addr_gen);
	bool yes = gen != e->gen;

	e->gen = gen;
	return yes;
}

/* Sooner or later: not in the change itself. */
static bool hears(struct ear *e)
{
	int i;

	for (i = 0; i < 2000; i++) {
		if (heard(e))
			return true;
		usleep(10 * 1000);
	}
	return false;
}

/* A new address, the @n-th, of a device in namespace @ns. */
static int change_in(struct topo *t, int ns, const char *dev, int n)
{
	char text[16];
	int err;

	snprintf(text, sizeof(text), "10.9.1.%d", n + 1);
	if (setns(ns, CLONE_NEWNET))
		return -errno;
	err = rtnl_addr(dev, text, 32);
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	return err;
}

static int open_at_peer(struct topo *t, struct chan *c)
{
	int err;

	if (setns(t->ns_peer, CLONE_NEWNET))
		return -errno;
	err = nexus_attach("vb");
	if (!err)
		err = chan_open(c, "vb", NULL);
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	return err;
}

#define OURS	3

TEST_F(flow, a_change_is_told_to_the_channels_of_its_namespace)
{
	struct chan same, other, far;
	struct ear ours[OURS] = { { &self->c, 0 }, { &same, 0 }, { &other, 0 } };
	struct ear theirs = { &far, 0 };
	bool loud[2] = { true, true };
	int i, k;

	ASSERT_EQ(0, rtnl_veth("vc", "vd", getpid()));
	ASSERT_EQ(0, nexus_attach("vc"));
	ASSERT_EQ(0, chan_open(&same, "va", NULL));
	ASSERT_EQ(0, chan_open(&other, "vc", NULL));
	ASSERT_EQ(0, open_at_peer(&self->t, &far));
	/* Links that still come up change something, too: one change alone will do. */
	for (i = 0; i < 20 && loud[0]; i++) {
		heard(&theirs);
		for (k = 0; k < OURS; k++)
			heard(&ours[k]);
		ASSERT_EQ(0, change_in(&self->t, self->t.ns_ours, "va", i));
		for (k = 0; k < OURS; k++) {
			bool told = hears(&ours[k]);

			EXPECT_TRUE(told) TH_LOG("%d", k);
		}
		usleep(100 * 1000);
		loud[0] = heard(&theirs);
	}
	for (i = 0; i < 20 && loud[1]; i++) {
		loud[1] = false;
		for (k = 0; k < OURS; k++)
			heard(&ours[k]);
		ASSERT_EQ(0, change_in(&self->t, self->t.ns_peer, "vb", i));
		EXPECT_TRUE(hears(&theirs));
		usleep(100 * 1000);
		for (k = 0; k < OURS; k++)
			loud[1] |= heard(&ours[k]);
	}
	EXPECT_FALSE(loud[0]);
	EXPECT_FALSE(loud[1]);
	/* And those that are left, when one has gone. */
	chan_close(&same);
	heard(&ours[0]);
	ASSERT_EQ(0, change_in(&self->t, self->t.ns_ours, "va", 100));
	EXPECT_TRUE(hears(&ours[0]));
	chan_close(&other);
	chan_close(&far);
}

/* ---- the host's packets among a flow's ---- */

FIXTURE(mix) {
	struct topo t;
	struct chan c;
	int peer;
	int host;	/* socket of the host's, beside the flow */
};

FIXTURE_VARIANT(mix) {
	int family;
	const char *ours;
	int (*attach)(const char *dev);
};

FIXTURE_VARIANT_ADD(mix, rx_handler_v4) { AF_INET, OUR_V4, nexus_attach };
FIXTURE_VARIANT_ADD(mix, rx_handler_v6) { AF_INET6, OUR_V6, nexus_attach };
FIXTURE_VARIANT_ADD(mix, ingress_v4) { AF_INET, OUR_V4, nexus_attach_ingress };
FIXTURE_VARIANT_ADD(mix, ingress_v6) { AF_INET6, OUR_V6, nexus_attach_ingress };

FIXTURE_SETUP(mix)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, variant->family,
					  variant->ours, PORT, NULL, 0);
	struct timeval tv = { .tv_sec = 20 };

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, variant->attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	self->host = socket(variant->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(self->host, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ASSERT_EQ(0, bind_to(self->host, variant->ours, PORT + 1));
	self->peer = peer_socket(&self->t, variant->family, SOCK_DGRAM);
	/* Else veth has a queue for each CPU that netem lets packets go on. */
	ASSERT_EQ(0, feature_set("va", GRO, true));
	ASSERT_EQ(0, feature_set_peer(&self->t, TSO, false));
	/* What is sent from here on leaves in bursts. */
	ASSERT_EQ(0, sh_peer(&self->t, "tc qdisc add dev vb root netem slot 100ms"));
}

FIXTURE_TEARDOWN(mix)
{
	close(self->peer);
	close(self->host);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

#define PAIRS	100	/* no queue on the way is too short for them */

/* Numbers from @first on: each to the host, then to the flow. */
static int send_pairs(int peer, const char *ours, uint32_t first)
{
	uint32_t i;

	for (i = first; i < first + PAIRS; i++)
		if (send_to(peer, ours, PORT + 1, &i, 4) ||
		    send_to(peer, ours, PORT, &i, 4))
			return -1;
	return 0;
}

/* Return: so many of the numbers from @first on came in order. */
static uint32_t host_hears(int host, uint32_t first)
{
	uint32_t n, got;

	for (n = 0; n < PAIRS; n++)
		if (recv(host, &got, 4, 0) != 4 || got != first + n)
			break;
	return n;
}

/* Likewise. @most: packets of one slot, with as many of the host's between them. */
static uint32_t flow_hears(struct chan *c, uint32_t first, uint32_t *most)
{
	const struct unet_rx_slot *s;
	uint32_t n = 0, b;

	while (n < PAIRS && (s = chan_rx_peek(c, 20 * 1000))) {
		if (s->packets > *most)
			*most = s->packets;
		for (b = s->first; b != UNET_NO_BUF; b = c->desc[b].next, n++) {
			const uint32_t number = first + n;

			if (memcmp(chan_buf(c, b) + c->desc[b].l4_offset + 8,
				   &number, 4))
				return n;
		}
		chan_rx_next(c);
	}
	return n;
}

TEST_F_TIMEOUT(mix, unmatched_packets_of_a_burst_reach_the_host_in_order, 120)
{
	uint32_t first, most = 0;

	for (first = 0; first < 50 * PAIRS && most < 8; first += PAIRS) {
		ASSERT_EQ(0, send_pairs(self->peer, variant->ours, first));
		ASSERT_EQ(PAIRS, host_hears(self->host, first))
			TH_LOG("in %u pairs before", first);
		ASSERT_EQ(PAIRS, flow_hears(&self->c, first, &most));
	}
	TH_LOG("%u packets of the flow in one slot", most);
	EXPECT_LE(8, most);
}

TEST_HARNESS_MAIN
