// SPDX-License-Identifier: MIT
/*
 * Description: a flow gets the IPv4 packets that came for it in fragments, whole
 * (R1.16): UDP and TCP, in whatever order, with either receive hook, and the peer is
 * not told that nobody listens. Fragments that overlap reach nobody, of what never is
 * whole its sender hears. A datagram that is nobody's is the host's; so is, as it
 * came, what is not for the host, or of IPv6, and all where there never was a flow. Flows
 * that come and go leave a datagram whole whose fragments come meanwhile. What an
 * intermediary holds of it nobody can change any more.
 */
#include "topo.h"
#include "chan.h"
#include "inter.h"
#include "nexus.h"
#include "raw.h"
#include "kselftest_harness.h"

#include <netinet/ip_icmp.h>
#include <sys/sendfile.h>

#define PORT	7000
#define RPORT	9000

FIXTURE(fragment) {
	struct topo t;
	struct chan c;
	uint32_t flow[3];
	int peer;	/* UDP socket of the peer */
	int raw;	/* it sends what we make up */
};

FIXTURE_VARIANT(fragment) {
	bool ingress;
};

FIXTURE_VARIANT_ADD(fragment, rx_handler) { false };
FIXTURE_VARIANT_ADD(fragment, ingress) { true };

static int add_flow(struct chan *c, int proto, int family, uint32_t *flow)
{
	struct unet_flow_req r = flow_req(proto, family,
					  family == AF_INET ? OUR_V4 : OUR_V6,
					  PORT, NULL, 0);
	int err = chan_flow_add(c, &r);

	*flow = r.flow;
	return err;
}

FIXTURE_SETUP(fragment)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, variant->ingress ? nexus_attach_ingress("va") :
					nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, add_flow(&self->c, IPPROTO_UDP, AF_INET, &self->flow[0]));
	ASSERT_EQ(0, add_flow(&self->c, IPPROTO_TCP, AF_INET, &self->flow[1]));
	ASSERT_EQ(0, add_flow(&self->c, IPPROTO_UDP, AF_INET6, &self->flow[2]));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	self->raw = raw_socket(&self->t, AF_INET);
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
}

FIXTURE_TEARDOWN(fragment)
{
	close(self->peer);
	close(self->raw);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

/* ---- packets ---- */

#define HEADERS	28	/* IPv4 and UDP */
#define BYTES	3000	/* of payload: three fragments */

static uint8_t data[BYTES];

/* Of the peer's, to @dst; its length. */
static uint32_t build(uint8_t *p, int proto, const char *dst)
{
	const struct pkt_spec spec = {
		.family = AF_INET, .proto = proto, .src = PEER_V4, .dst = dst,
		.sport = RPORT, .dport = PORT, .data = data, .bytes = BYTES,
		.tcp_flags = TH_ACK, .seq = 1000, .ack = 2000,
	};
	uint32_t i, bytes;
	uint16_t sum;

	for (i = 0; i < BYTES; i++)
		data[i] = i * 7 + (i >> 8);
	bytes = build_packet(p, &spec) + BYTES;
	sum = raw_l4_sum(p, 20, proto, bytes - 20);
	memcpy(p + 20 + (proto == IPPROTO_UDP ? 6 : 16), &sum, 2);
	return bytes;
}

/* L4 bytes from @from to @to of a packet. */
static int send_part(int raw, const uint8_t *p, uint32_t bytes, uint16_t id,
		     uint32_t from, uint32_t to)
{
	struct in_addr dst;
	uint8_t part[2048];
	uint16_t off = htons(from / 8 | (20 + to < bytes ? IP_MF : 0));

	id = htons(id);
	memcpy(part, p, 20);
	memcpy(part + 4, &id, 2);
	memcpy(part + 6, &off, 2);
	memcpy(part + 20, p + 20 + from, to - from);
	memcpy(&dst, p + 16, 4);
	return send_to(raw, inet_ntoa(dst), 0, part, 20 + to - from);
}

/* The next packet of the channel is @p, its checksum found good. */
static bool arrives(struct chan *c, const uint8_t *p, uint32_t bytes)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 2000);
	const uint8_t *got;
	bool same;

	if (!s)
		return false;
	got = chan_buf(c, s->first);
	same = s->packets == 1 && s->bytes == bytes &&
	       c->desc[s->first].len == bytes &&
	       c->desc[s->first].flags & UNET_DESC_CSUM_OK &&
	       !(got[6] & 0x3f) && !got[7] && !memcmp(got + 20, p + 20, bytes - 20);
	chan_rx_next(c);
	return same;
}

/* ---- a flow's ---- */

TEST_F(fragment, a_large_datagram_comes_whole)
{
	uint8_t p[BYTES + HEADERS];
	uint32_t bytes = build(p, IPPROTO_UDP, OUR_V4);

	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, BYTES));
	EXPECT_TRUE(arrives(&self->c, p, bytes));
	EXPECT_EQ(3, nexus_counter("va", "rx_fragment"));
	EXPECT_EQ(1, nexus_counter("va", "rx_delivered"));
	EXPECT_EQ(0, nexus_counter("va", "rx_host_fragment"));
}

#define LAST	(BYTES + 8)

static const struct {
	const char *name;
	uint32_t part[5][2];
} orders[] = {
	{ "in order", { { 0, 1000 }, { 1000, 2000 }, { 2000, LAST } } },
	{ "backwards", { { 2000, LAST }, { 1000, 2000 }, { 0, 1000 } } },
	{ "the middle first", { { 1000, 2000 }, { 0, 1000 }, { 2000, LAST } } },
	{ "one of them twice", { { 2000, LAST }, { 0, 1000 }, { 0, 1000 },
				 { 1000, 2000 } } },
	{ "no more than 8 bytes first", { { 0, 8 }, { 8, 1000 }, { 1000, 2000 },
					  { 2000, LAST } } },
	{ "and last", { { 2000, LAST }, { 1000, 2000 }, { 8, 1000 }, { 0, 8 } } },
};

TEST_F(fragment, in_any_order)
{
	uint8_t p[BYTES + HEADERS];
	uint32_t bytes = build(p, IPPROTO_UDP, OUR_V4);
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		for (k = 0; k < 5 && orders[i].part[k][1]; k++)
			ASSERT_EQ(0, send_part(self->raw, p, bytes, i + 1,
					       orders[i].part[k][0],
					       orders[i].part[k][1]));
		EXPECT_TRUE(arrives(&self->c, p, bytes))
			TH_LOG("%s", orders[i].name);
	}
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
}

/* What the peer receives of a protocol. */
static int peer_raw(struct topo *t, int proto)
{
	int fd;

	if (setns(t->ns_peer, CLONE_NEWNET))
		return -1;
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, proto);
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	return fd;
}

TEST_F(fragment, a_segment_comes_whole_and_is_not_reset)
{
	uint8_t p[BYTES + HEADERS + 12], got[128];
	uint32_t bytes = build(p, IPPROTO_TCP, OUR_V4);
	int tcp = peer_raw(&self->t, IPPROTO_TCP);

	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 0, 24));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 24, 1400));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 1400, 2800));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 2800, bytes - 20));
	EXPECT_TRUE(arrives(&self->c, p, bytes));
	usleep(100 * 1000);
	EXPECT_EQ(-1, recv(tcp, got, sizeof(got), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	close(tcp);
}

TEST_F(fragment, those_that_overlap_reach_nobody)
{
	uint8_t p[BYTES + HEADERS];
	uint32_t bytes = build(p, IPPROTO_UDP, OUR_V4);

	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 0, 1000));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 992, 2000));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 1000, 2000));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 2000, LAST));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 200));
	EXPECT_EQ(4, nexus_counter("va", "rx_fragment"));
	EXPECT_EQ(0, nexus_counter("va", "rx_delivered"));
	/* The next has nothing of it. */
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, BYTES));
	EXPECT_TRUE(arrives(&self->c, p, bytes));
}

TEST_F(fragment, the_sender_hears_of_what_never_was_whole)
{
	int icmp = peer_raw(&self->t, IPPROTO_ICMP);
	struct timeval patience = { .tv_sec = 20 };
	uint8_t p[BYTES + HEADERS], got[128] = { 0 };
	uint32_t bytes = build(p, IPPROTO_UDP, OUR_V4);

	ASSERT_EQ(0, sh("sysctl -qw net.ipv4.ipfrag_time=1"));
	setsockopt(icmp, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 0, 1000));
	ASSERT_LT(28, recv(icmp, got, sizeof(got), 0));
	EXPECT_EQ(ICMP_TIME_EXCEEDED, got[20]);
	EXPECT_EQ(ICMP_EXC_FRAGTIME, got[21]);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	close(icmp);
}

/* ---- the host's ---- */

/* A socket of ours gets what the peer sends it. */
static int host_gets(int peer, int port)
{
	struct timeval patience = { .tv_sec = 2 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	uint8_t got[BYTES + 1];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	err = bind_to(fd, OUR_V4, port);
	if (!err)
		err = send_to(peer, OUR_V4, port, data, BYTES);
	if (!err && (recv(fd, got, sizeof(got), 0) != BYTES ||
		     memcmp(got, data, BYTES)))
		err = -EIO;
	close(fd);
	return err;
}

TEST_F(fragment, nobodys_is_the_hosts)
{
	EXPECT_EQ(0, host_gets(self->peer, PORT + 1));
	EXPECT_EQ(3, nexus_counter("va", "rx_fragment"));
	EXPECT_EQ(0, nexus_counter("va", "rx_host_fragment"));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
}

TEST_F(fragment, where_there_never_was_a_flow_the_host_has_them_as_they_came)
{
	chan_close(&self->c);
	ASSERT_EQ(0, nexus_detach("va"));
	ASSERT_EQ(0, variant->ingress ? nexus_attach_ingress("va") :
					nexus_attach("va"));
	EXPECT_EQ(0, host_gets(self->peer, PORT));
	EXPECT_EQ(0, nexus_counter("va", "rx_fragment"));
	EXPECT_EQ(3, nexus_counter("va", "rx_host_fragment"));
}

static int del_flows(struct chan *c, const uint32_t *flow)
{
	return chan_flow_del(c, flow[0], 0) || chan_flow_del(c, flow[1], 0) ||
	       chan_flow_del(c, flow[2], 0) ? -EIO : 0;
}

/* The last flow goes, then the first comes, and half of a datagram each time before. */
TEST_F(fragment, flows_that_come_and_go_break_no_datagram)
{
	struct timeval patience = { .tv_sec = 20 };
	uint8_t p[BYTES + HEADERS], got[BYTES + 1];
	uint32_t bytes = build(p, IPPROTO_UDP, OUR_V4);
	int fd;

	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 0, 1400));
	ASSERT_EQ(0, del_flows(&self->c, self->flow));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	ASSERT_EQ(0, bind_to(fd, OUR_V4, PORT));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 1400, 2800));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 2800, LAST));
	EXPECT_EQ(BYTES, recv(fd, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(got, data, BYTES));
	close(fd);
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 2, 0, 1400));
	usleep(100 * 1000);
	ASSERT_EQ(0, add_flow(&self->c, IPPROTO_UDP, AF_INET, &self->flow[0]));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 2, 1400, 2800));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 2, 2800, LAST));
	EXPECT_TRUE(arrives(&self->c, p, bytes));
	EXPECT_EQ(6, nexus_counter("va", "rx_fragment"));
	EXPECT_EQ(0, nexus_counter("va", "rx_host_fragment"));
}

TEST_F(fragment, what_the_host_is_to_route_it_has_as_it_came)
{
	uint8_t p[BYTES + HEADERS];
	uint32_t bytes = build(p, IPPROTO_UDP, "10.9.7.7");

	ASSERT_EQ(0, sh_peer(&self->t, "ip route add 10.9.7.0/24 via " OUR_V4));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 0, 1400));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 1400, 2800));
	ASSERT_EQ(0, send_part(self->raw, p, bytes, 1, 2800, LAST));
	usleep(100 * 1000);
	EXPECT_EQ(0, nexus_counter("va", "rx_fragment"));
	EXPECT_EQ(3, nexus_counter("va", "rx_host_fragment"));
}

TEST_F(fragment, those_of_ipv6_are_the_hosts)
{
	int fd = peer_socket(&self->t, AF_INET6, SOCK_DGRAM);

	ASSERT_EQ(0, send_to(fd, OUR_V6, PORT, data, BYTES));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 200));
	EXPECT_EQ(3, nexus_counter("va", "rx_host_fragment"));
	close(fd);
}

/* ---- an intermediary's ---- */

#define COPIED	1472	/* with its headers all the first fragment has */

/* @data, what is behind the first fragment without a copy out of a file. */
static int send_file(int sock, int file)
{
	off_t at = COPIED;

	return connect_to(sock, OUR_V4, PORT) ||
	       send(sock, data, COPIED, MSG_MORE) != COPIED ||
	       sendfile(sock, file, &at, BYTES - COPIED) != BYTES - COPIED;
}

TEST_F(fragment, a_file_that_changes_while_its_bytes_are_held)
{
	struct grant g = { .rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000 };
	static uint8_t new[BYTES], p[BYTES + HEADERS];
	int file = memfd_create("page", MFD_CLOEXEC);
	uint32_t id, bytes = build(p, IPPROTO_UDP, OUR_V4);
	struct unet_inter_open o;
	uint64_t token;
	struct chan m;
	struct nl nl;

	memset(new, 'n', sizeof(new));
	ASSERT_EQ(BYTES, pwrite(file, data, BYTES, 0));
	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, inter_grant(&nl, &g, &id)) TH_LOG("%s", nl.said);
	ASSERT_EQ(0, inter_open(&m, id, &o));
	ASSERT_EQ(0, send_file(self->peer, file));
	token = inter_seen_bytes(&m);
	ASSERT_NE(0, token);
	EXPECT_EQ(0, memcmp(m.tx_mem + HEADERS, data, BYTES));
	ASSERT_EQ(BYTES, pwrite(file, new, BYTES, 0));
	close(file);
	ASSERT_EQ(0, inter_verdict(&m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_TRUE(arrives(&self->c, p, bytes));
	EXPECT_EQ(3, nexus_counter("va", "rx_fragment"));
	chan_close(&m);
	close(nl.fd);
}

TEST_HARNESS_MAIN
