// SPDX-License-Identifier: MIT
/*
 * Description: flow batches (R1.4, R1.5, R1.10, R1.13, R1.14): a burst of N
 * packets of a flow arrives as one slot with a chain of N, over IPv4 and IPv6, with
 * either receive hook; flows of one burst
 * each get their own slot, all published at once; limits and "do not batch" are
 * kept; a super packet passes whole; a bad checksum is marked and spoils nothing;
 * order holds with two processors receiving, likewise; a full ring or an empty pool drops,
 * counted, and never another flow's packets.
 */
/* libs: -lpthread */
#include "feature.h"
#include "topo.h"
#include "chan.h"
#include "effort.h"
#include "pin.h"
#include "nexus.h"
#include "probe.h"
#include "raw.h"
#include "kselftest_harness.h"

#include <pthread.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

FIXTURE(batch) {
	struct topo t;
	struct chan c;
	int peer;
};

FIXTURE_SETUP(batch)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	/* The peer cuts in software: all pieces leave in one burst. */
	ASSERT_EQ(0, feature_set_peer(&self->t, USO, false));
	ASSERT_EQ(0, feature_set("va", GRO, true));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
}

FIXTURE_TEARDOWN(batch)
{
	close(self->peer);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

/* For what may depend on the family, or on the hook. */
FIXTURE(way) {
	struct topo t;
	struct chan c;
	int peer;
};

FIXTURE_VARIANT(way) {
	int family;
	const char *ours;
	uint32_t header;	/* bytes of IP's */
	int (*attach)(const char *dev);
};

FIXTURE_VARIANT_ADD(way, rx_handler_v4) { AF_INET, OUR_V4, 20, nexus_attach };
FIXTURE_VARIANT_ADD(way, rx_handler_v6) { AF_INET6, OUR_V6, 40, nexus_attach };
FIXTURE_VARIANT_ADD(way, ingress_v4) { AF_INET, OUR_V4, 20, nexus_attach_ingress };
FIXTURE_VARIANT_ADD(way, ingress_v6) { AF_INET6, OUR_V6, 40, nexus_attach_ingress };

FIXTURE_SETUP(way)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, feature_set_peer(&self->t, USO, false));
	ASSERT_EQ(0, feature_set("va", GRO, true));
	ASSERT_EQ(0, variant->attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->peer = peer_socket(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
}

FIXTURE_TEARDOWN(way)
{
	close(self->peer);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

static int udp_flow_of(struct chan *c, int family, const char *ours, int port,
		       uint32_t meta_flags, uint32_t limit, uint64_t tag)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, family, ours, port, NULL, 0);

	r.meta.flags = meta_flags;
	r.meta.batch_limit = limit;
	r.meta.tag = tag;
	return chan_flow_add(c, &r);
}

static int udp_flow(struct chan *c, int port, uint32_t meta_flags,
		    uint32_t limit, uint64_t tag)
{
	return udp_flow_of(c, AF_INET, OUR_V4, port, meta_flags, limit, tag);
}

/* Send n * bytes with a segment size: n packets in one go. */
static int burst_to(int fd, const char *ours, int port, const void *data,
		    size_t bytes, int seg)
{
	setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &seg, sizeof(seg));
	return send_to(fd, ours, port, data, bytes);
}

static int burst(int fd, int port, const void *data, size_t bytes, int seg)
{
	return burst_to(fd, OUR_V4, port, data, bytes, seg);
}

static uint8_t pattern[64 * 100];

static void fill_pattern(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = i / 100 * 3 + i;
}

/* Warm neighbours up, so that no burst is split by resolution. */
static void warm_to(struct chan *c, int peer, const char *ours, int port)
{
	burst_to(peer, ours, port, "warm", 4, 0);
	if (chan_rx_peek(c, 20 * 1000))
		chan_rx_next(c);
}

static void warm(struct chan *c, int peer, int port)
{
	warm_to(c, peer, OUR_V4, port);
}

TEST_F(way, a_burst_of_n_is_one_slot_of_n)
{
	const struct unet_rx_slot *s;
	uint32_t header = variant->header + 8, b, i = 0;
	uint64_t before;

	fill_pattern();
	ASSERT_EQ(0, udp_flow_of(&self->c, variant->family, variant->ours,
				 1000, 0, 0, 42));
	warm_to(&self->c, self->peer, variant->ours, 1000);
	before = mono_ns();
	ASSERT_EQ(0, burst_to(self->peer, variant->ours, 1000, pattern, 40 * 100,
			      100));
	s = chan_rx_peek(&self->c, 20 * 1000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(40, s->packets);
	EXPECT_EQ(40, s->segments);
	EXPECT_EQ(40 * (header + 100), s->bytes);
	EXPECT_EQ(42, s->tag);
	EXPECT_LT(before, s->tstamp);
	EXPECT_GT(mono_ns(), s->tstamp);
	for (b = s->first; b != UNET_NO_BUF; b = self->c.desc[b].next, i++) {
		EXPECT_EQ(header + 100, self->c.desc[b].len);
		EXPECT_EQ(variant->header, self->c.desc[b].l4_offset);
		EXPECT_TRUE(self->c.desc[b].flags & UNET_DESC_CSUM_OK);
		EXPECT_EQ(0, memcmp(chan_buf(&self->c, b) + header,
				    pattern + i * 100, 100));
	}
	EXPECT_EQ(40, i);
	chan_rx_next(&self->c);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 50));
	EXPECT_EQ(2, nexus_counter("va", "rx_batches"));
}

TEST_F(batch, do_not_batch_gives_a_slot_each)
{
	int i;

	ASSERT_EQ(0, udp_flow(&self->c, 1000, UNET_META_NO_BATCH, 0, 1));
	warm(&self->c, self->peer, 1000);
	ASSERT_EQ(0, burst(self->peer, 1000, pattern, 10 * 100, 100));
	for (i = 0; i < 10; i++) {
		const struct unet_rx_slot *s = chan_rx_peek(&self->c, 2000);

		ASSERT_NE(NULL, s);
		EXPECT_EQ(1, s->packets);
		chan_rx_next(&self->c);
	}
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 50));
}

TEST_F(batch, the_batch_limit_is_kept)
{
	static const uint32_t want[] = { 16, 16, 8 };
	unsigned int i;

	ASSERT_EQ(0, udp_flow(&self->c, 1000, 0, 16, 1));
	warm(&self->c, self->peer, 1000);
	ASSERT_EQ(0, burst(self->peer, 1000, pattern, 40 * 100, 100));
	for (i = 0; i < 3; i++) {
		const struct unet_rx_slot *s = chan_rx_peek(&self->c, 2000);

		ASSERT_NE(NULL, s);
		EXPECT_EQ(want[i], s->packets);
		chan_rx_next(&self->c);
	}
}

TEST_F(batch, mixed_flows_of_one_burst_are_sorted_into_their_own_slots)
{
	uint32_t got[2] = { 0, 0 }, slots = 0;
	int i;

	ASSERT_EQ(0, udp_flow(&self->c, 1000, 0, 0, 0));
	ASSERT_EQ(0, udp_flow(&self->c, 1001, 0, 0, 1));
	warm(&self->c, self->peer, 1000);
	/* A delaying qdisc collects the packets and lets them go together. */
	ASSERT_EQ(0, sh_peer(&self->t, "tc qdisc add dev vb root netem delay 100ms"));
	for (i = 0; i < 40; i++)
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, 1000 + i % 2, "mix", 3));
	while (got[0] + got[1] < 40) {
		const struct unet_rx_slot *s = chan_rx_peek(&self->c, 2000);

		ASSERT_NE(NULL, s);
		got[s->tag] += s->packets;
		slots++;
		chan_rx_next(&self->c);
	}
	EXPECT_EQ(20, got[0]);
	EXPECT_EQ(20, got[1]);
	/* The timer may let them go in a few bursts, not one by one. */
	EXPECT_GE(24, slots);
}

TEST_F(batch, one_publish_and_one_wakeup_at_most_per_poll)
{
	struct pollfd p = { .fd = self->c.fd, .events = POLLIN };
	long long wakeups;
	int publishes;

	ASSERT_EQ(0, udp_flow(&self->c, 1000, UNET_META_NO_BATCH, 0, 1));
	warm(&self->c, self->peer, 1000);
	wakeups = nexus_counter("va", "ch_wakeups");
	ASSERT_EQ(0, poll(&p, 1, 0));	/* asks to be woken */
	ASSERT_EQ(0, probes_start("unet_krings_rx_publish", "unet_channel_wake"));
	ASSERT_EQ(0, burst(self->peer, 1000, pattern, 60 * 100, 100));
	usleep(100 * 1000);
	ASSERT_EQ(0, probes_stop());
	EXPECT_EQ(61, nexus_counter("va", "rx_batches"));
	publishes = calls_noted("unet_krings_rx_publish");
	EXPECT_LE(1, publishes);
	/* A tick in between may cut the burst into two polls or three. */
	EXPECT_GE(3, publishes);
	EXPECT_GE(publishes, calls_noted("unet_channel_wake"));
	EXPECT_EQ(wakeups + 1, nexus_counter("va", "ch_wakeups"));
	EXPECT_EQ(publishes + 1, nexus_counter("va", "rx_publishes"));
	ASSERT_EQ(0, probes_remove());
}

/* ---- many flows of one poll ---- */

#define MANY	8

/* What came: the slots of one poll have one time. */
struct tally {
	uint32_t packets[MANY];
	uint32_t slots;
	uint32_t polls;
	uint64_t last;
};

/* Return: 0, -1: not all of so many more packets came. */
static int take_burst(struct chan *c, struct tally *t, uint32_t packets)
{
	const struct unet_rx_slot *s;
	uint32_t seen = 0;

	while (seen < packets) {
		s = chan_rx_peek(c, 20 * 1000);
		if (!s)
			return -1;
		seen += s->packets;
		t->packets[s->tag % MANY] += s->packets;
		t->slots++;
		t->polls += s->tstamp != t->last;
		t->last = s->tstamp;
		chan_rx_next(c);
	}
	return 0;
}

/* One packet of each flow in turn, five times. */
static int send_to_many(int peer)
{
	int i, err = 0;

	for (i = 0; i < 5 * MANY && !err; i++)
		err = send_to(peer, OUR_V4, 1000 + i % MANY, "many", 4);
	return err;
}

/*
 * However many polls a slow machine makes of a burst: no more publishes, and no more
 * looks for a sleeper, than there were polls. All is counted from the first packet
 * on, so a count that is late is only too small.
 */
TEST_F_TIMEOUT(batch, many_flows_of_a_poll_are_published_at_once, 120)
{
	struct tally t = { 0 }, before;
	long long wakeups, publishes;
	int i, round = 0;

	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, udp_flow(&self->c, 1000 + i, 0, 0, i));
	ASSERT_EQ(0, probes_start("unet_krings_rx_publish", "unet_channel_wake"));
	ASSERT_EQ(0, send_to_many(self->peer));
	ASSERT_EQ(0, take_burst(&self->c, &t, 5 * MANY));
	/* What is sent meanwhile leaves in one go. */
	ASSERT_EQ(0, sh_peer(&self->t, "tc qdisc add dev vb root netem slot 100ms"));
	do {
		before = t;
		ASSERT_EQ(0, send_to_many(self->peer));
		ASSERT_EQ(0, take_burst(&self->c, &t, 5 * MANY));
	} while (++round < 50 &&
		 t.slots - before.slots < MANY / 2 * (t.polls - before.polls));
	ASSERT_EQ(0, probes_stop());
	wakeups = nexus_counter("va", "ch_wakeups");
	publishes = nexus_counter("va", "rx_publishes");
	TH_LOG("%u slots of %u polls, %lld publishes, %lld wakeups; in the end %u of %u",
	       t.slots, t.polls, publishes, wakeups, t.slots - before.slots,
	       t.polls - before.polls);
	EXPECT_GT(50, round);
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(5 * (round + 1), t.packets[i]);
	EXPECT_LE(1, publishes);
	EXPECT_GE(t.polls, publishes);
	EXPECT_GE(t.polls, calls_noted("unet_channel_wake"));
	EXPECT_GE(publishes, wakeups);
	ASSERT_EQ(0, probes_remove());
}

TEST_F(batch, a_super_packet_of_64_kib_passes_whole)
{
	/* As much as a device takes in one: 65,535 bytes with all headers. */
	static uint8_t data[65535 - 14 - 28];
	const struct unet_rx_slot *s;
	const struct unet_desc *d;
	unsigned int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + (i >> 8);
	ASSERT_EQ(0, feature_set_peer(&self->t, USO, true));
	ASSERT_EQ(0, udp_flow(&self->c, 1000, 0, 0, 1));
	warm(&self->c, self->peer, 1000);
	ASSERT_EQ(0, burst(self->peer, 1000, data, sizeof(data), 1024));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(1, s->packets);
	EXPECT_EQ(64, s->segments);
	EXPECT_EQ(1024, s->seg_size);
	EXPECT_TRUE(s->flags & UNET_RX_SUPER);
	d = &self->c.desc[s->first];
	EXPECT_EQ(sizeof(data) + 28, d->len);
	EXPECT_EQ(64, d->segments);
	EXPECT_EQ(0, memcmp(chan_buf(&self->c, s->first) + 28, data, sizeof(data)));
	chan_rx_next(&self->c);
}

TEST_F(batch, a_super_packet_without_large_buffers_is_chained)
{
	struct unet_params p = { .rx_large = UNET_PARAM_NONE };
	static uint8_t data[30000];
	const struct unet_rx_slot *s;
	uint32_t at = 0, b, skip = 28;
	struct chan c;
	unsigned int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 11 + (i >> 8);
	ASSERT_EQ(0, feature_set_peer(&self->t, USO, true));
	ASSERT_EQ(0, chan_open(&c, "va", &p));
	ASSERT_EQ(0, udp_flow(&c, 1000, 0, 0, 1));
	warm(&c, self->peer, 1000);
	ASSERT_EQ(0, burst(self->peer, 1000, data, sizeof(data), 1000));
	s = chan_rx_peek(&c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(1, s->packets);
	EXPECT_EQ(30, s->segments);
	for (b = s->first; b != UNET_NO_BUF; b = c.desc[b].next) {
		const struct unet_desc *d = &c.desc[b];

		ASSERT_EQ(d->next != UNET_NO_BUF, !!(d->flags & UNET_DESC_MORE));
		ASSERT_EQ(0, memcmp(chan_buf(&c, b) + skip, data + at, d->len - skip));
		at += d->len - skip;
		skip = 0;
	}
	EXPECT_EQ(sizeof(data), at);
	chan_close(&c);
}

TEST_F(batch, a_bad_checksum_is_marked_and_spoils_nothing)
{
	uint32_t good = 0, bad = 0;

	ASSERT_EQ(0, udp_flow(&self->c, 1000, 0, 0, 1));
	warm(&self->c, self->peer, 1000);
	/* netem flips one bit of some packets; software checksums tell. */
	ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, false));
	ASSERT_EQ(0, sh_peer(&self->t, "tc qdisc add dev vb root netem corrupt 30%%"));
	while (good < 50 || !bad) {
		const struct unet_rx_slot *s;
		uint32_t b, marked = 0;

		ASSERT_EQ(0, send_to(self->peer, OUR_V4, 1000, pattern, 1000));
		s = chan_rx_peek(&self->c, 20);
		if (!s)
			continue;	/* the header was hit: not our flow's */
		for (b = s->first; b != UNET_NO_BUF; b = self->c.desc[b].next) {
			const uint8_t *p = chan_buf(&self->c, b);

			if (self->c.desc[b].flags & UNET_DESC_CSUM_BAD) {
				marked++;
				bad++;
			} else {
				ASSERT_EQ(0, memcmp(p + 28, pattern, 1000));
				good++;
			}
		}
		EXPECT_EQ(!!marked, !!(s->flags & UNET_RX_CSUM_BAD));
		chan_rx_next(&self->c);
	}
	EXPECT_EQ(bad, nexus_counter("va", "rx_csum_bad"));
}

/* ---- datagrams that end before their packets ---- */

/* UDP of @datagram bytes, header and all, in a packet of the peer's that has more. */
static uint32_t build_short(uint8_t *p, const struct pkt_spec *spec,
			    uint32_t datagram)
{
	uint32_t ip = spec->family == AF_INET ? 20 : 40;
	uint32_t bytes = build_packet(p, spec) + spec->bytes;
	struct udphdr *u = (void *)(p + ip);

	u->len = htons(datagram);
	u->check = raw_l4_sum(p, ip, IPPROTO_UDP, datagram);
	return bytes;
}

/* The next packet is @packet from byte @from on; its flags, ~0: it is not. */
static uint32_t flags_of(struct chan *c, const uint8_t *packet, uint32_t bytes,
			 uint32_t from)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 2000);
	uint32_t b, flags, at = 0;
	static uint8_t got[65536];

	if (!s || s->bytes != bytes)
		return ~0u;
	flags = c->desc[s->first].flags & ~UNET_DESC_MORE;
	for (b = s->first; b != UNET_NO_BUF; b = c->desc[b].next) {
		memcpy(got + at, chan_buf(c, b), c->desc[b].len);
		at += c->desc[b].len;
		if ((c->desc[b].flags & ~UNET_DESC_MORE) != flags)
			flags = ~0u;
	}
	if (!!(s->flags & UNET_RX_CSUM_BAD) != !!(flags & UNET_DESC_CSUM_BAD) ||
	    memcmp(got + from, packet + from, bytes - from))
		flags = ~0u;
	chan_rx_next(c);
	return flags;
}

/* Bytes behind the UDP header in the packet; those of the datagram, with its header. */
static const struct {
	uint32_t payload;
	uint32_t datagram;
} shorts[] = {
	{ 100, 108 },	/* all of it */
	{ 100, 107 },
	{ 100, 61 },
	{ 100, 8 },	/* nothing but the header */
	{ 6000, 3001 },	/* ends in the second of three small buffers */
	{ 6000, 2048 - 20 },
	{ 6000, 2048 - 40 },
	{ 6000, 6008 },
};

TEST_F_TIMEOUT(batch, a_datagram_shorter_than_its_packet_is_summed_to_its_end, 120)
{
	struct unet_params small = { .rx_large = UNET_PARAM_NONE };
	static uint8_t data[6000], buf[7000];
	struct unet_flow_req r;
	unsigned int i, k;
	struct chan c;
	int raw[2];

	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + (i >> 8);
	raw[0] = raw_socket(&self->t, AF_INET);
	raw[1] = raw_socket(&self->t, AF_INET6);
	ASSERT_EQ(0, sh("ip link set va mtu 9000"));
	ASSERT_EQ(0, sh_peer(&self->t, "ip link set vb mtu 9000 && ethtool -K vb tx off"));
	ASSERT_EQ(0, chan_open(&c, "va", &small));
	for (i = 0; i < 4; i++) {
		r = flow_req(IPPROTO_UDP, i & 1 ? AF_INET6 : AF_INET,
			     i & 1 ? OUR_V6 : OUR_V4, 1000 + i, NULL, 0);
		ASSERT_EQ(0, chan_flow_add(i & 2 ? &c : &self->c, &r));
	}
	for (i = 0; i < 4 * ARRAY_SIZE(shorts); i++) {
		const uint32_t datagram = shorts[i / 4].datagram;
		const uint32_t ip = i & 1 ? 40 : 20;
		struct chan *to = i & 2 ? &c : &self->c;
		struct pkt_spec p = {
			.family = i & 1 ? AF_INET6 : AF_INET, .proto = IPPROTO_UDP,
			.src = i & 1 ? PEER_V6 : PEER_V4,
			.dst = i & 1 ? OUR_V6 : OUR_V4,
			.sport = 9000, .dport = 1000 + i % 4,
			.data = data, .bytes = shorts[i / 4].payload,
		};
		uint32_t bytes = build_short(buf, &p, datagram);

		for (k = 0; k < 3; k++) {
			/* As it is; what is no part of it changed; its last byte. */
			if (k == 1)
				buf[bytes - 1] ^= datagram < 8 + p.bytes;
			if (k == 2)
				buf[ip + datagram - 1] ^= 1;
			ASSERT_EQ(0, send_to(raw[i & 1], p.dst, 0, buf, bytes));
			EXPECT_EQ(k == 2 ? UNET_DESC_CSUM_BAD : UNET_DESC_CSUM_OK,
				  flags_of(to, buf, bytes, ip))
				TH_LOG("family %d, datagram of %u, %u", p.family,
				       datagram, k);
		}
	}
	EXPECT_EQ((long long)i, nexus_counter("va", "rx_csum_bad"));
	chan_close(&c);
	close(raw[0]);
	close(raw[1]);
}

/* ---- super packets with CWR ---- */

#define CWR		0x80
#define SEGMENT		100

static uint32_t build_segment(uint8_t *p, uint32_t seq, uint8_t flags)
{
	const struct pkt_spec spec = {
		.family = AF_INET6, .proto = IPPROTO_TCP,
		.src = PEER_V6, .dst = OUR_V6, .sport = 9000, .dport = 2000,
		.data = pattern, .bytes = SEGMENT,
		.tcp_flags = flags, .seq = seq, .ack = 1,
	};
	uint32_t bytes = build_packet(p, &spec) + SEGMENT;
	struct tcphdr *t = (void *)(p + 40);

	t->check = raw_l4_sum(p, 40, IPPROTO_TCP, bytes - 40);
	return bytes;
}

/* What va receives waits for more of its kind. */
static int gro_waits(void)
{
	return sh("unshare -m sh -c 'mount -t sysfs none /sys && "
		  "echo 20000000 > /sys/class/net/va/gro_flush_timeout'");
}

/*
 * GRO puts together what has CWR in its first segment, or, since 6.15, in all of
 * them: of four segments two, whichever kernel it is. As long as they come in the
 * same tick.
 */
TEST_F_TIMEOUT(batch, a_super_packet_with_cwr_is_its_flows, 120)
{
	static const uint8_t cwr[] = { CWR, 0, CWR, CWR };
	struct unet_flow_req r = flow_req(IPPROTO_TCP, AF_INET6, OUR_V6, 2000,
					  NULL, 0);
	int raw = raw_socket(&self->t, AF_INET6), round;
	uint32_t i, b, bytes, seq = 0, supers = 0;
	const struct unet_rx_slot *s;
	uint8_t buf[256];

	ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, false));
	ASSERT_EQ(0, gro_waits());
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	for (round = 0; round < 100 && !supers; round++) {
		for (i = 0; i < ARRAY_SIZE(cwr); i++, seq += SEGMENT) {
			bytes = build_segment(buf, seq, TH_ACK | cwr[i]);
			ASSERT_EQ(0, send_to(raw, OUR_V6, 0, buf, bytes));
		}
		for (i = 0; i < ARRAY_SIZE(cwr);) {
			s = chan_rx_peek(&self->c, 2000);
			ASSERT_NE(NULL, s) TH_LOG("%u of a round did not come", 4 - i);
			for (b = s->first; b != UNET_NO_BUF; b = self->c.desc[b].next) {
				const uint8_t *p = chan_buf(&self->c, b);

				i += self->c.desc[b].segments;
				supers += self->c.desc[b].segments > 1 &&
					  p[40 + 13] & CWR;
			}
			chan_rx_next(&self->c);
		}
	}
	EXPECT_LE(1, supers);
	close(raw);
}

/* ---- order ---- */

struct sender {
	const char *ours;
	int fd;
	int cpu;
	uint32_t base;
	uint32_t n;
};

static void *send_numbers(void *arg)
{
	struct sender *s = arg;
	uint32_t i;

	run_on(s->cpu);
	for (i = 0; i < s->n; i++) {
		uint32_t v = s->base + i;

		send_to(s->fd, s->ours, 1000, &v, 4);
		if (!(i % 64))
			usleep(500);
	}
	return NULL;
}

/* Packets that a processor took off its own queue, which is where it put them. */
static unsigned long received_on(int cpu)
{
	FILE *f = fopen("/proc/net/softnet_stat", "r");
	unsigned long n = 0;

	while (f && cpu-- >= 0 && fscanf(f, "%lx%*[^\n]", &n) == 1)
		;
	if (f)
		fclose(f);
	return n;
}

/*
 * Two senders on two processors, one flow (a listener) in one channel: each
 * sender's numbers must come in order whatever processor received them. Without
 * GRO a veth has no queue of its own: each processor receives what it sent.
 */
TEST_F_TIMEOUT(way, two_receiving_processors_do_not_reorder_a_flow, 120)
{
	const uint32_t n = effort(20000);
	struct sender s[2] = {
		{ .ours = variant->ours, .cpu = 0, .n = n },
		{ .ours = variant->ours, .cpu = 1, .n = n, .base = 0x80000000 },
	};
	uint32_t next[2] = { 0, 0 }, lost = 0;
	unsigned long before[2];
	pthread_t th[2];
	int i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs two processors");
	ASSERT_EQ(0, udp_flow_of(&self->c, variant->family, variant->ours,
				 1000, 0, 0, 1));
	warm_to(&self->c, self->peer, variant->ours, 1000);
	ASSERT_EQ(0, feature_set("va", GRO, false));
	for (i = 0; i < 2; i++) {
		before[i] = received_on(i);
		s[i].fd = peer_socket(&self->t, variant->family, SOCK_DGRAM);
		ASSERT_EQ(0, pthread_create(&th[i], NULL, send_numbers, &s[i]));
	}
	for (;;) {
		const struct unet_rx_slot *slot = chan_rx_peek(&self->c, 1000);
		uint32_t b;

		if (!slot)
			break;
		for (b = slot->first; b != UNET_NO_BUF; b = self->c.desc[b].next) {
			uint32_t v, who;

			memcpy(&v, chan_buf(&self->c, b) + variant->header + 8, 4);
			who = v >> 31;
			v &= 0x7fffffff;
			ASSERT_LE(next[who], v) TH_LOG("sender %u", who);
			lost += v - next[who];
			next[who] = v + 1;
		}
		chan_rx_next(&self->c);
	}
	for (i = 0; i < 2; i++) {
		pthread_join(th[i], NULL);
		EXPECT_LE(s[i].n, received_on(i) - before[i]);
	}
	lost += 2 * n - next[0] - next[1];
	EXPECT_EQ(lost, nexus_counter("va", "rx_drop_no_buffer") +
			nexus_counter("va", "rx_drop_ring_full"));
	EXPECT_GT(n, lost);
}

/* ---- back-pressure ---- */

TEST_F(batch, a_full_ring_drops_only_its_own_and_counts)
{
	struct unet_params p = { .rx_slots = 64 };
	struct chan small;
	int i;

	ASSERT_EQ(0, chan_open(&small, "va", &p));
	ASSERT_EQ(0, udp_flow(&small, 1000, 0, 0, 1));
	ASSERT_EQ(0, udp_flow(&self->c, 2000, 0, 0, 2));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, 1000, "full", 4));
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, 2000, "free", 4));
		ASSERT_NE(NULL, chan_rx_peek(&self->c, 2000));
		chan_rx_next(&self->c);
	}
	EXPECT_EQ(36, nexus_counter("va", "rx_drop_ring_full"));
	for (i = 0; i < 64; i++) {
		ASSERT_NE(NULL, chan_rx_peek(&small, 1000));
		chan_rx_next(&small);
	}
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, 1000, "again", 5));
	EXPECT_NE(NULL, chan_rx_peek(&small, 1000));
	chan_close(&small);
}

/* Packets on RX that were not taken. */
static uint32_t packets_waiting(const struct chan *c)
{
	uint32_t mask = c->bind.layout.params.rx_slots - 1, n = 0, i;

	for (i = c->uring->rx_head; i != load_acquire(&c->kring->rx_tail); i++)
		n += c->rx[i & mask].packets;
	return n;
}

TEST_F(batch, an_empty_pool_drops_and_recovers)
{
	struct unet_params p = { .rx_small = 64, .rx_large = UNET_PARAM_NONE };
	uint32_t i, kept = 0;
	long long dropped = 0;
	struct chan c;

	ASSERT_EQ(0, chan_open(&c, "va", &p));
	ASSERT_EQ(0, udp_flow(&c, 1000, 0, 0, 1));
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, 1000, "hold", 4));
	for (i = 0; i < 50 && kept + dropped < 200; i++) {
		usleep(20 * 1000);
		dropped = nexus_counter("va", "rx_drop_no_buffer");
		kept = packets_waiting(&c);
	}
	EXPECT_LE(1, kept);
	EXPECT_GE(64, kept);
	EXPECT_EQ(200, kept + dropped);
	while (chan_rx_peek(&c, 0))
		chan_rx_next(&c);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, 1000, "again", 5));
	EXPECT_NE(NULL, chan_rx_peek(&c, 1000));
	chan_close(&c);
}

TEST_HARNESS_MAIN
