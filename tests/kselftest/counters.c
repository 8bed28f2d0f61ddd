// SPDX-License-Identifier: MIT
/*
 * Description: each reason to leave a packet to the host, to drop or to refuse one
 * moves its own counter, and only that (R1.18, R7.5); the tracepoints at the
 * hand-overs fire (R7.9). Reasons that other tests bring about are not here: spoofing
 * (flow), full rings and pools, checksums (batch), push-back (advice).
 */
#include "feature.h"
#include "topo.h"
#include "chan.h"
#include "nexus.h"
#include "traced.h"
#include "effort.h"
#include "kselftest_harness.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <sys/wait.h>

#define PORT	7000
#define RPORT	9000

FIXTURE(counters) {
	struct topo t;
	struct chan c;
	int peer;
	struct unet_flow_req r;
};

FIXTURE_SETUP(counters)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	/* Nothing but the tests' own packets. */
	ASSERT_EQ(0, sh("sysctl -qw net.ipv6.conf.va.disable_ipv6=1"));
	ASSERT_EQ(0, sh_peer(&self->t, "sysctl -qw net.ipv6.conf.vb.disable_ipv6=1"));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT, NULL, 0);
	ASSERT_EQ(0, chan_flow_add(&self->c, &self->r));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
}

FIXTURE_TEARDOWN(counters)
{
	close(self->peer);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

#define COUNTER_NAME(id, name, text)	[UNET_CNT_##id] = name,
static const char *const names[UNET_CNT_COUNT] = {
	UNET_COUNTERS(COUNTER_NAME)
};

/* Reasons: of them one is to move, the others are not. */
static bool is_reason(int id)
{
	return (id >= UNET_CNT_RX_HOST && id <= UNET_CNT_RX_HOST_OTHER) ||
	       (id >= UNET_CNT_RX_DROP_NO_BUFFER && id <= UNET_CNT_RX_DROP_DEAD) ||
	       (id >= UNET_CNT_TX_BAD_SLOT && id <= UNET_CNT_TX_PUSHBACK) ||
	       id == UNET_CNT_RX_HOST_MARTIAN;
}

/* Packets of the peer come in a softirq of their own: not later than this. */
static void settle(void)
{
	usleep(100 * 1000);
}

#define MOVES(id, by, statement)						\
do {										\
	struct nexus_sums before, after;					\
	int n;									\
										\
	before = nexus_counters("va");						\
	ASSERT_TRUE(before.found);						\
	statement;								\
	settle();								\
	after = nexus_counters("va");						\
	ASSERT_TRUE(after.found);						\
	for (n = 1; n < UNET_CNT_COUNT; n++) {					\
		if (n == (id) || is_reason(n))					\
			EXPECT_EQ(n == (id) ? (by) : 0,				\
				  (int64_t)(after.value[n] - before.value[n]))	\
				TH_LOG("%s", names[n]);				\
	}									\
} while (0)

/* What unetctl says of each; -1: nothing. Return: how many it has. */
static int ask_unetctl(long long *said)
{
	char name[64];
	long long v;
	int i, seen = 0;
	FILE *f;

	memset(said, -1, UNET_CNT_COUNT * sizeof(*said));
	fflush(stdout);
	f = popen("unetctl stats -a va | awk 'NR > 1 { print $2, $3 }'", "r");
	while (f && fscanf(f, "%63s %lld%*[^\n]", name, &v) == 2) {
		for (i = 1; i < UNET_CNT_COUNT; i++)
			if (!strcmp(name, names[i]))
				said[i] = v;
		seen++;
	}
	return f && !pclose(f) ? seen : -1;
}

TEST_F(counters, unetctl_has_each_by_its_name)
{
	long long said[UNET_CNT_COUNT];
	struct nexus_sums all;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	ASSERT_NE(NULL, chan_rx_peek(&self->c, 2000));
	settle();
	all = nexus_counters("va");
	EXPECT_EQ(3, all.value[UNET_CNT_RX_DELIVERED]);
	EXPECT_EQ(UNET_CNT_COUNT - 1, ask_unetctl(said));
	for (i = 1; i < UNET_CNT_COUNT; i++)
		EXPECT_EQ(said[i], (long long)all.value[i]) TH_LOG("counter %d", i);
}

/* ---- received ---- */

/* The device address of va, or of everybody. */
static int device_address(bool all, uint8_t *mac)
{
	int err = rtnl_mac("va", mac);

	if (all)
		memset(mac, 0xff, 6);
	return err;
}

/* A frame of the peer's making. */
static int send_frame(struct topo *t, bool to_all, int protocol,
		      const void *data, size_t bytes)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(protocol),
		.sll_halen = 6,
	};
	int fd, err = 0;

	if (device_address(to_all, to.sll_addr) ||
	    setns(t->ns_peer, CLONE_NEWNET))
		return -errno;
	to.sll_ifindex = if_nametoindex("vb");
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	if (sendto(fd, data, bytes, 0, (void *)&to, sizeof(to)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void ip_sum(uint8_t *buf)
{
	uint32_t sum = 0;
	unsigned int i;

	buf[10] = 0;
	buf[11] = 0;
	for (i = 0; i < 20; i += 2)
		sum += buf[i] << 8 | buf[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	buf[10] = sum >> 8;
	buf[11] = sum;
}

static uint32_t ip_packet(uint8_t *buf, const char *dst, int dport)
{
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = PEER_V4,
		.dst = dst, .sport = RPORT, .dport = dport,
		.data = "data", .bytes = 4,
	};
	uint32_t bytes = build_packet(buf, &p) + p.bytes;

	ip_sum(buf);
	return bytes;
}

TEST_F(counters, what_is_left_to_the_host_says_why)
{
	static const uint8_t large[4000];
	uint8_t buf[128];
	uint32_t bytes;

	MOVES(UNET_CNT_RX_HOST, 1,
	      ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, "x", 1)));
	MOVES(UNET_CNT_RX_FRAGMENT, 3,
	      ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, large, sizeof(large))));
	/* It has no such address, so is not to put its fragments together. */
	bytes = ip_packet(buf, "10.9.0.77", PORT);
	buf[6] = 0x20;
	ip_sum(buf);
	MOVES(UNET_CNT_RX_HOST_FRAGMENT, 1,
	      ASSERT_EQ(0, send_frame(&self->t, false, ETH_P_IP, buf, bytes)));
	bytes = ip_packet(buf, OUR_V4, PORT);
	MOVES(UNET_CNT_RX_DELIVERED, 1,
	      ASSERT_EQ(0, send_frame(&self->t, false, ETH_P_IP, buf, bytes)));
	buf[10] ^= 1;
	MOVES(UNET_CNT_RX_HOST_MALFORMED, 1,
	      ASSERT_EQ(0, send_frame(&self->t, false, ETH_P_IP, buf, bytes)));
	bytes = ip_packet(buf, OUR_V4, PORT);
	MOVES(UNET_CNT_RX_HOST_OTHER, 1,
	      ASSERT_EQ(0, send_frame(&self->t, true, ETH_P_IP, buf, bytes)));
	MOVES(UNET_CNT_RX_HOST_OTHER, 1,
	      ASSERT_EQ(0, send_frame(&self->t, false, 0x88b5, buf, bytes)));
}

/* One that the owner of @c's flow never gets: the host drops it. */
#define NOT_OURS(id, statement)							\
do {										\
	MOVES(id, 1, statement);						\
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));				\
} while (0)

/*
 * Rules of the host's for IPv6 alone have seen it; or for IPv4. Where its flow is
 * remembered is looked for by bytes of the sender's choice: those of a good packet.
 */
TEST_F(counters, a_frame_that_says_it_is_of_the_other_ip_is_no_flows)
{
	static const uint8_t src[4] = { 10, 9, 0, 1 };
	struct unet_flow_req r6 = flow_req(IPPROTO_UDP, AF_INET6, OUR_V6, PORT,
					   NULL, 0);
	struct pkt_spec p6 = {
		.family = AF_INET6, .proto = IPPROTO_UDP, .src = PEER_V6,
		.dst = OUR_V6, .sport = RPORT, .dport = PORT,
		.data = "data", .bytes = 4,
	};
	uint8_t buf[128] = { 0 };
	uint32_t bytes = ip_packet(buf, OUR_V4, PORT);

	NOT_OURS(UNET_CNT_RX_HOST_MALFORMED,
		 ASSERT_EQ(0, send_frame(&self->t, false, ETH_P_IPV6, buf, bytes)));
	memcpy(buf + 40, src, sizeof(src));
	MOVES(UNET_CNT_RX_DELIVERED, 1,
	      ASSERT_EQ(0, send_frame(&self->t, false, ETH_P_IP, buf, 60)));
	ASSERT_NE(NULL, chan_rx_peek(&self->c, 0));
	chan_rx_next(&self->c);
	NOT_OURS(UNET_CNT_RX_HOST_MALFORMED,
		 ASSERT_EQ(0, send_frame(&self->t, false, ETH_P_IPV6, buf, 60)));
	buf[6] = 0x20;
	ip_sum(buf);
	NOT_OURS(UNET_CNT_RX_HOST_MALFORMED,
		 ASSERT_EQ(0, send_frame(&self->t, false, ETH_P_IPV6, buf, 60)));

	ASSERT_EQ(0, sh("sysctl -qw net.ipv6.conf.va.disable_ipv6=0 && "
			"ip addr replace " OUR_V6 "/64 dev va nodad"));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r6));
	bytes = build_packet(buf, &p6) + p6.bytes;
	NOT_OURS(UNET_CNT_RX_HOST_MALFORMED,
		 ASSERT_EQ(0, send_frame(&self->t, false, ETH_P_IP, buf, bytes)));
	MOVES(UNET_CNT_RX_DELIVERED, 1,
	      ASSERT_EQ(0, send_frame(&self->t, false, ETH_P_IPV6, buf, bytes)));
}

static int send_tagged(struct topo *t, int vlan, int type, const void *data,
		       uint32_t bytes)
{
	uint8_t buf[160] = { 0xa0 | vlan >> 8, vlan, type >> 8, type };

	memcpy(buf + 4, data, bytes);
	return send_frame(t, false, ETH_P_8021Q, buf, 4 + bytes);
}

TEST_F(counters, a_tagged_packet_is_the_hosts)
{
	uint8_t buf[128];
	uint32_t bytes = ip_packet(buf, OUR_V4, PORT);

	MOVES(UNET_CNT_RX_HOST_OTHER, 1,
	      ASSERT_EQ(0, send_tagged(&self->t, 5, ETH_P_IP, buf, bytes)));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
}

/* The nexus anew, by the ingress hook; the channel is another with the same flow. */
static int by_ingress(struct chan *c, struct unet_flow_req *r)
{
	chan_close(c);
	if (nexus_detach("va") || nexus_attach_ingress("va") ||
	    chan_open(c, "va", NULL))
		return -EIO;
	return chan_flow_add(c, r);
}

#define OWN_TYPE	0x88b5	/* IEEE 802: for experiments */

static int add_own_type(struct chan *c)
{
	struct unet_type_req r = {
		.size = sizeof(r),
		.spec = {
			.layer = UNET_TYPE_ETHERTYPE, .direction = UNET_TYPE_RX,
			.action = UNET_TYPE_DELIVER,
			.first = OWN_TYPE, .last = OWN_TYPE,
		},
	};

	return chan_ioctl(c->fd, UNET_IOC_TYPE_ADD, &r);
}

/* 802.1p: it is the flow's, and the frame of an own ethertype its rule's. */
TEST_F(counters, a_tag_that_only_tells_a_priority_is_none)
{
	const struct unet_rx_slot *s;
	const uint8_t *frame;
	uint8_t buf[128];
	uint32_t bytes = ip_packet(buf, OUR_V4, PORT);
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, i ? by_ingress(&self->c, &self->r) : 0);
		ASSERT_EQ(0, add_own_type(&self->c));
		MOVES(UNET_CNT_RX_DELIVERED, 1,
		      ASSERT_EQ(0, send_tagged(&self->t, 0, ETH_P_IP, buf, bytes)));
		s = chan_rx_peek(&self->c, 0);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(bytes, s->bytes);
		EXPECT_EQ(0, memcmp(chan_buf(&self->c, s->first), buf, bytes));
		chan_rx_next(&self->c);
		MOVES(UNET_CNT_RX_DELIVERED, 1,
		      ASSERT_EQ(0, send_tagged(&self->t, 0, OWN_TYPE, buf, bytes)));
		s = chan_rx_peek(&self->c, 0);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(UNET_RX_L2, s->flags);
		frame = chan_buf(&self->c, s->first);
		EXPECT_EQ(OWN_TYPE, frame[12] << 8 | frame[13]);
		EXPECT_EQ(0, memcmp(frame + 14, buf, bytes));
		chan_rx_next(&self->c);
		/* A tag within it names a VLAN, and that is the host's. */
		buf[0] = 0;
		buf[1] = 5;
		MOVES(UNET_CNT_RX_HOST_OTHER, 1,
		      ASSERT_EQ(0, send_tagged(&self->t, 0, ETH_P_8021Q, buf, bytes)));
		bytes = ip_packet(buf, OUR_V4, PORT);
	}
}

/* The ingress hook is before the host's VLAN devices, and looks whether there is one. */
TEST_F(counters, a_device_for_vlan_0_gets_what_is_tagged_so)
{
	uint8_t buf[128];
	uint32_t bytes = ip_packet(buf, OUR_V4, PORT);

	ASSERT_EQ(0, by_ingress(&self->c, &self->r));
	ASSERT_EQ(0, sh("ip link add link va name va0 type vlan id 0 && "
			"ip link set va0 up"));
	MOVES(UNET_CNT_RX_HOST_OTHER, 1,
	      ASSERT_EQ(0, send_tagged(&self->t, 0, ETH_P_IP, buf, bytes)));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	ASSERT_EQ(0, sh("ip link del va0"));
	MOVES(UNET_CNT_RX_DELIVERED, 1,
	      ASSERT_EQ(0, send_tagged(&self->t, 0, ETH_P_IP, buf, bytes)));
}

TEST_F(counters, a_wildcard_flow_leaves_foreign_addresses_to_the_host)
{
	struct unet_flow_req any = flow_req(IPPROTO_UDP, AF_INET, NULL, PORT + 5,
					    NULL, 0);
	uint8_t buf[128];
	uint32_t bytes = ip_packet(buf, "10.9.0.77", PORT + 5);

	ASSERT_EQ(0, chan_flow_add(&self->c, &any));
	MOVES(UNET_CNT_RX_HOST_NOT_LOCAL, 1,
	      ASSERT_EQ(0, send_frame(&self->t, false, ETH_P_IP, buf, bytes)));
}

/* The peer sends as fast as it can until it is killed. */
static pid_t flood(int peer, const char *to, int port)
{
	pid_t pid = fork();

	while (!pid)
		send_to(peer, to, port, "flood", 5);
	return pid;
}

/* Whatever is received meanwhile is read. Return: it moved, sooner or later. */
static bool moves_at_last(struct chan *c, const char *counter)
{
	uint64_t end = mono_ms() + 20000;
	long long first = nexus_counter("va", counter);

	do {
		while (chan_rx_peek(c, 0))
			chan_rx_next(c);
		if (nexus_counter("va", counter) > first)
			return true;
	} while (mono_ms() < end);
	return false;
}

/* A whole prefix is local, none of its addresses is. */
#define ANY_PREFIX	"192.0.2.0"
#define ANY_IP		"192.0.2.5"

/* While it goes there are those who ask for it. */
TEST_F_TIMEOUT(counters, a_local_route_that_goes_is_forgotten, 300)
{
	struct unet_flow_req any = flow_req(IPPROTO_UDP, AF_INET, NULL, PORT + 5,
					    NULL, 0);
	const char *failed = NULL;
	int i, rounds = effort(200);
	long long before;
	pid_t pid;

	ASSERT_EQ(0, chan_flow_add(&self->c, &any));
	ASSERT_EQ(0, sh_peer(&self->t, "ip route add 192.0.2.0/24 via " OUR_V4));
	pid = flood(self->peer, ANY_IP, PORT + 5);
	ASSERT_LT(0, pid);
	for (i = 0; i < rounds && !failed; i++) {
		if (rtnl_local(ANY_PREFIX, 24, true) ||
		    !moves_at_last(&self->c, "rx_delivered"))
			failed = "not found local";
		else if (rtnl_local(ANY_PREFIX, 24, false) ||
			 !moves_at_last(&self->c, "rx_host_not_local"))
			failed = "local for good";
		before = nexus_counter("va", "rx_delivered");
		if (!failed && (!moves_at_last(&self->c, "rx_host_not_local") ||
				nexus_counter("va", "rx_delivered") != before))
			failed = "local again";
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(NULL, failed) TH_LOG("round %d: %s", i, failed);
}

TEST_F(counters, larger_than_all_buffers_is_dropped_as_such)
{
	struct unet_params p = { .rx_small = 8, .rx_large = UNET_PARAM_NONE };
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 1,
					  NULL, 0);
	static const uint8_t data[30000];
	int seg = 1000;
	struct chan c;

	ASSERT_EQ(0, feature_set_peer(&self->t, USO, true));
	ASSERT_EQ(0, chan_open(&c, "va", &p));
	ASSERT_EQ(0, chan_flow_add(&c, &r));
	setsockopt(self->peer, IPPROTO_UDP, 103 /* UDP_SEGMENT */, &seg, sizeof(seg));
	MOVES(UNET_CNT_RX_DROP_TOO_BIG, 1,
	      ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, data, sizeof(data))));
	/* A channel with large buffers takes it whole. */
	MOVES(UNET_CNT_RX_SUPER, 1,
	      ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, sizeof(data))));
	chan_close(&c);
}

#define DEAD_ROUNDS	2000	/* one in about ten meets a packet on its way */

TEST_F_TIMEOUT(counters, a_flow_that_goes_drops_what_it_had_begun, 60)
{
	struct unet_flow_req r;
	pid_t pid = flood(self->peer, OUR_V4, PORT + 1);
	long long dead = 0;
	int i;

	ASSERT_LT(0, pid);
	for (i = 1; i <= DEAD_ROUNDS && !dead; i++) {
		r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 1, NULL, 0);
		ASSERT_EQ(0, chan_flow_add(&self->c, &r));
		ASSERT_NE(NULL, chan_rx_peek(&self->c, 2000));
		ASSERT_EQ(0, chan_flow_del(&self->c, r.flow, 0));
		while (chan_rx_peek(&self->c, 0))
			chan_rx_next(&self->c);
		if (!(i % 20))
			dead = nexus_counter("va", "rx_drop_dead");
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_LT(0, dead);
}

/* ---- sent ---- */

static struct pkt_spec packet(const char *dst, uint32_t bytes)
{
	static const uint8_t data[60000];

	return (struct pkt_spec){
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = dst, .sport = PORT, .dport = RPORT,
		.data = data, .bytes = bytes,
	};
}

TEST_F(counters, what_is_not_sent_says_why)
{
	struct pkt_spec p = packet(PEER_V4, 100), far = packet("192.0.2.1", 100);

	MOVES(UNET_CNT_TX_BYTES, 128,
	      EXPECT_EQ(0, chan_send(&self->c, self->r.flow, &p, 0)));
	/* More pieces than a send may have. */
	MOVES(UNET_CNT_TX_BAD_LENGTH, 1,
	      EXPECT_EQ(UNET_CNT_TX_BAD_LENGTH,
			chan_send(&self->c, self->r.flow, &p, 1)));
	MOVES(UNET_CNT_TX_NO_ROUTE, 1,
	      EXPECT_EQ(UNET_CNT_TX_NO_ROUTE,
			chan_send(&self->c, self->r.flow, &far, 0)));
	ASSERT_EQ(0, sh("ip link set va down"));
	MOVES(UNET_CNT_TX_DROP_DOWN, 1,
	      EXPECT_EQ(UNET_CNT_TX_DROP_DOWN,
			chan_send(&self->c, self->r.flow, &p, 0)));
}

/* ---- tracepoints ---- */

TEST_F_TIMEOUT(counters, hand_overs_are_traced, 90)
{
	struct pkt_spec p = packet(PEER_V4, 100), far = packet("192.0.2.1", 100);
	struct unet_params small = { .rx_slots = 8 };
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 1,
					  NULL, 0);
	uint32_t ifindex = if_nametoindex("va"), ours;
	struct chan c;
	int i;

	if (!trace_begin())
		SKIP(return, "needs tracefs");
	ASSERT_EQ(0, chan_open(&c, "va", &small));
	ASSERT_EQ(0, chan_flow_add(&c, &r));
	ours = c.bind.channel;
	for (i = 0; i < 12; i++)
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, "x", 1));
	EXPECT_EQ(0, chan_send(&self->c, self->r.flow, &p, 0));
	EXPECT_EQ(UNET_CNT_TX_NO_ROUTE,
		  chan_send(&self->c, self->r.flow, &far, 0));
	settle();
	c.uring->rx_head = 0x80000000;
	chan_sync(&c, UNET_SYNC_TX);
	chan_close(&c);
	ASSERT_EQ(0, sh("unetctl detach va && unetctl attach va"));
	ASSERT_TRUE(trace_end());
	EXPECT_LT(0, traced(" unet_rx_batch: channel=%u flow=%#x packets=", ours, r.flow));
	EXPECT_LT(0, traced(" unet_rx_drop: channel=%u flow=%#x bytes=29 "
			    "reason=rx_drop_ring_full", ours, r.flow));
	EXPECT_EQ(1, traced(" unet_tx_send: channel=%u flow=%#x bytes=128 seg_size=0",
			    self->c.bind.channel, self->r.flow));
	EXPECT_EQ(1, traced(" unet_tx_refuse: channel=%u flow=%#x bytes=128 "
			    "reason=tx_no_route", self->c.bind.channel, self->r.flow));
	EXPECT_EQ(1, traced(" unet_flow_add: channel=%u flow=%#x proto=17 ", ours, r.flow));
	EXPECT_EQ(1, traced(" unet_flow_del: channel=%u flow=%#x proto=17 ", ours, r.flow));
	EXPECT_EQ(1, traced(" unet_channel_open: channel=%u ifindex=%u", ours, ifindex));
	EXPECT_EQ(1, traced(" unet_channel_close: channel=%u ifindex=%u", ours, ifindex));
	EXPECT_EQ(1, traced(" unet_channel_poison: channel=%u reason=rx_cursor",
			    c.bind.channel));
	EXPECT_EQ(1, traced(" unet_nexus_attach: name=va ifindex=%u hook=", ifindex));
	EXPECT_EQ(1, traced(" unet_nexus_detach: name=va ifindex=%u hook=", ifindex));
}

TEST_HARNESS_MAIN
