// SPDX-License-Identifier: MIT
/*
 * Description: what the owner of a flow is told unasked (R6.4, R6.8, D10): a flow
 * is suspended when qdisc or device drops or too much is on the way, resumed later, and
 * its sleeping owner woken; MTU, CE marks, sends and drops are counted; the entry of
 * a removed flow says so, and a flow the kernel removed ends with a slot.
 */
/* libs: -lpthread */
#include "feature.h"
#include "topo.h"
#include "chan.h"
#include "nexus.h"
#include "param.h"
#include "kselftest_harness.h"

#include <linux/if_tun.h>
#include <pthread.h>

#define PORT	7000
#define RPORT	9000

FIXTURE(advice) {
	struct topo t;
	struct chan c;
	int peer;
	struct unet_flow_req r;
	const struct unet_flow_adv *adv;
	struct pkt_spec p;
};

FIXTURE_VARIANT(advice) {
	int family;
	const char *ours;
	const char *theirs;
};

FIXTURE_VARIANT_ADD(advice, v4) { AF_INET, OUR_V4, PEER_V4 };
FIXTURE_VARIANT_ADD(advice, v6) { AF_INET6, OUR_V6, PEER_V6 };

FIXTURE_SETUP(advice)
{
	static const uint8_t data[1400];
	struct timeval tv = { .tv_sec = 10 };
	uint8_t buf[1400];

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->r = flow_req(IPPROTO_UDP, variant->family, variant->ours, PORT,
			   variant->theirs, RPORT);
	self->r.meta.tag = 0x7a6;
	ASSERT_EQ(0, chan_flow_add(&self->c, &self->r));
	self->adv = &self->c.adv[self->r.adv];
	self->p = (struct pkt_spec){
		.family = variant->family, .proto = IPPROTO_UDP,
		.src = variant->ours, .dst = variant->theirs,
		.sport = PORT, .dport = RPORT, .data = data, .bytes = 400,
	};
	self->peer = peer_socket(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, variant->theirs, RPORT));
	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ASSERT_EQ(0, chan_send(&self->c, self->r.flow, &self->p, 0));
	ASSERT_EQ(400, recv(self->peer, buf, sizeof(buf), 0));
}

FIXTURE_TEARDOWN(advice)
{
	close(self->peer);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

TEST_F(advice, a_drop_of_the_qdisc_suspends_and_the_resume_wakes)
{
	struct pollfd pfd = { .fd = self->c.fd, .events = POLLIN };
	const struct unet_rx_slot *s;
	int i, status = 0;

	/* Room for a few such packets, and then nothing leaves for a long time. */
	ASSERT_EQ(0, sh("tc qdisc add dev va root tbf rate 1kbit burst 1600 limit 1600"));
	for (i = 0; i < 20 && !status; i++)
		status = chan_send(&self->c, self->r.flow, &self->p, 0);
	ASSERT_EQ(UNET_CNT_TX_DROP_DEVICE, status);
	/* All DONE is taken: only the resume is left to wake anybody. */
	EXPECT_EQ(1, poll(&pfd, 1, 2000));
	EXPECT_EQ(1, self->adv->dropped);
	EXPECT_EQ(1, nexus_counter("va", "tx_pushback"));
	EXPECT_EQ(0, self->adv->flags & UNET_ADV_SUSPENDED);
	s = chan_rx_peek(&self->c, 0);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(UNET_RX_RESUMED, s->flags);
	EXPECT_EQ(self->r.flow, s->flow);
	EXPECT_EQ(self->r.meta.tag, s->tag);
	EXPECT_EQ(0, s->packets);
	EXPECT_EQ(UNET_NO_BUF, s->first);
	chan_rx_next(&self->c);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 100));
}

/* All flags that the entry ever had. */
struct watch {
	const struct unet_flow_adv *adv;
	uint32_t seen;
	int over;
};

static void *watch_flags(void *arg)
{
	struct watch *w = arg;

	while (!__atomic_load_n(&w->over, __ATOMIC_RELAXED))
		w->seen |= __atomic_load_n(&w->adv->flags, __ATOMIC_RELAXED);
	return NULL;
}

/* It is there from the drop until the resume, which comes soon: another CPU looks. */
TEST_F(advice, a_drop_of_the_qdisc_is_seen_in_the_entry)
{
	struct watch w = { .adv = self->adv };
	pthread_t thread;
	int i;

	ASSERT_EQ(0, sh("tc qdisc add dev va root tbf rate 1kbit burst 1600 limit 1600"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, watch_flags, &w));
	for (i = 0; i < 5000 && !(__atomic_load_n(&w.seen, __ATOMIC_RELAXED) &
				  UNET_ADV_SUSPENDED); i++)
		chan_send(&self->c, self->r.flow, &self->p, 0);
	__atomic_store_n(&w.over, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_TRUE(w.seen & UNET_ADV_SUSPENDED);
	for (i = 0; i < 1000 && self->adv->flags & UNET_ADV_SUSPENDED; i++)
		usleep(10 * 1000);
	EXPECT_EQ(0, self->adv->flags & UNET_ADV_SUSPENDED);
}

TEST_F(advice, a_sleeper_in_sync_is_woken_by_a_resume)
{
	struct unet_sync w = { .size = sizeof(w), .flags = UNET_SYNC_WAIT,
			       .timeout_ns = 5000000000ull };
	uint64_t t0;
	int i, status = 0;

	ASSERT_EQ(0, sh("tc qdisc add dev va root tbf rate 1kbit burst 1600 limit 1600"));
	for (i = 0; i < 20 && !status; i++)
		status = chan_send(&self->c, self->r.flow, &self->p, 0);
	ASSERT_EQ(UNET_CNT_TX_DROP_DEVICE, status);
	t0 = mono_ms();
	EXPECT_EQ(0, chan_ioctl(self->c.fd, UNET_IOC_SYNC, &w));
	EXPECT_GT(4000, mono_ms() - t0);
	EXPECT_EQ(1, w.ready);
}

/* @num sends of 1400 bytes, from TX of their own: they may be held for long. */
static int send_large(struct chan *c, uint32_t flow, struct pkt_spec *p, int num)
{
	int i;

	p->bytes = 1400;
	for (i = 0; i < num; i++) {
		uint32_t hdr = build_packet(c->tx_mem + i * 2048, p);
		struct unet_tx_slot s = {
			.flow = flow, .header_len = hdr, .extents = 1,
			.extent = { { i * 2048, hdr + p->bytes } },
			.cookie = i,
		};

		chan_tx_slot(c, &s);
	}
	return chan_sync(c, UNET_SYNC_TX);
}

/* Of what is large the device is given the owner's memory, not a copy of it. */
TEST_F(advice, what_is_large_goes_from_where_it_lies)
{
	static char data[1400];
	char got[2000];
	uint32_t hdr = variant->family == AF_INET ? 28 : 48;

	ASSERT_EQ(0, feature_set("va", TX_SUMS, true));
	ASSERT_EQ(0, sh("tc qdisc add dev va root netem delay 2s"));
	memset(data, 'a', sizeof(data));
	self->p.data = data;
	ASSERT_EQ(0, send_large(&self->c, self->r.flow, &self->p, 1));
	memset(self->c.tx_mem + hdr, 'b', 1400);
	ASSERT_EQ(1400, recv(self->peer, got, sizeof(got), 0));
	EXPECT_EQ('b', got[0]);
	EXPECT_EQ('b', got[1399]);
	ASSERT_NE(NULL, chan_done(&self->c, 5000));
}

/* Nobody has @text yet; then the peer does. */
#define LATE(family)	((family) == AF_INET ? "10.9.0.77" : "fd09::77")

/* The host keeps a copy while it looks for the neighbour: the owner has its memory back. */
TEST_F(advice, what_is_large_may_wait_for_its_neighbour)
{
	const char *late = LATE(variant->family);
	struct unet_flow_req r = flow_req(IPPROTO_UDP, variant->family, variant->ours,
					  PORT + 1, NULL, 0);
	struct timeval tv = { .tv_sec = 30 };
	const struct unet_done *d;
	static char data[1400];
	char got[2000];
	int fd;

	memset(data, 'a', sizeof(data));
	self->p.data = data;
	self->p.dst = late;
	self->p.sport = PORT + 1;
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	/* Asked for once a second, for as long as a slow machine takes. */
	ASSERT_EQ(0, sh("sysctl -qw net.ipv4.neigh.va.mcast_solicit=60 "
			"net.ipv6.neigh.va.mcast_solicit=60"));
	ASSERT_EQ(0, send_large(&self->c, r.flow, &self->p, 1));
	d = chan_done(&self->c, 10000);
	ASSERT_NE(NULL, d);
	EXPECT_EQ(0, d->status);
	memset(self->c.tx_mem, 'b', 2048);
	ASSERT_EQ(0, sh_peer(&self->t, "ip addr add %s/%d dev vb %s", late,
			     variant->family == AF_INET ? 24 : 64,
			     variant->family == AF_INET ? "" : "nodad"));
	fd = peer_socket(&self->t, variant->family, SOCK_DGRAM);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ASSERT_EQ(0, bind_to(fd, late, RPORT));
	ASSERT_EQ(1400, recv(fd, got, sizeof(got), 0));
	EXPECT_EQ('a', got[0]);
	EXPECT_EQ('a', got[1399]);
	EXPECT_EQ(NULL, chan_done(&self->c, 100));
	close(fd);
}

TEST_F(advice, too_much_on_the_way_suspends_until_half_is_left)
{
	uint32_t flags;
	int i;

	ASSERT_EQ(0, param_set("flight_kib", "8"));
	ASSERT_EQ(0, sh("tc qdisc add dev va root netem delay 1s"));
	EXPECT_EQ(0, send_large(&self->c, self->r.flow, &self->p, 8));
	flags = self->adv->flags;
	EXPECT_EQ(0, param_set("flight_kib", "512"));
	EXPECT_TRUE(flags & UNET_ADV_SUSPENDED);
	for (i = 0; i < 8; i++) {
		const struct unet_done *d = chan_done(&self->c, 5000);

		ASSERT_NE(NULL, d);
		EXPECT_EQ(0, d->status);
	}
	EXPECT_EQ(0, self->adv->flags & UNET_ADV_SUSPENDED);
	EXPECT_EQ(9, self->adv->sent);
}

TEST_F(advice, a_new_mtu_is_told)
{
	EXPECT_EQ(1500, self->adv->mtu);
	ASSERT_EQ(0, sh("ip link set va mtu 1300"));
	EXPECT_EQ(1300, self->adv->mtu);
	self->p.bytes = 1400;
	EXPECT_EQ(UNET_CNT_TX_TOO_BIG,
		  chan_send(&self->c, self->r.flow, &self->p, 0));
	self->p.bytes = 1200;
	EXPECT_EQ(0, chan_send(&self->c, self->r.flow, &self->p, 0));
}

TEST_F(advice, marks_of_congestion_are_counted)
{
	const struct unet_rx_slot *s;
	int ce = 3;

	ASSERT_EQ(0, send_to(self->peer, variant->ours, PORT, "none", 4));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(0, s->ce_count);
	chan_rx_next(&self->c);
	EXPECT_EQ(0, self->adv->ce_count);
	ASSERT_EQ(0, setsockopt(self->peer,
				variant->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
				variant->family == AF_INET ? IP_TOS : IPV6_TCLASS,
				&ce, sizeof(ce)));
	ASSERT_EQ(0, send_to(self->peer, variant->ours, PORT, "marked", 6));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(1, s->ce_count);
	chan_rx_next(&self->c);
	EXPECT_EQ(1, self->adv->ce_count);
}

TEST_F(advice, the_entry_of_a_removed_flow_is_cleared)
{
	EXPECT_EQ(self->r.flow, self->adv->flow);
	ASSERT_EQ(0, chan_flow_del(&self->c, self->r.flow, 0));
	EXPECT_EQ(UNET_NO_FLOW, self->adv->flow);
	EXPECT_EQ(0, self->adv->flags);
}

TEST_F(advice, a_flow_the_kernel_removed_says_so_and_ends_with_a_slot)
{
	uint32_t mask = self->c.bind.layout.params.rx_slots - 1;
	uint32_t head = self->c.uring->rx_head;

	ASSERT_EQ(0, nexus_detach("va"));
	EXPECT_TRUE(self->adv->flags & UNET_ADV_DEAD);
	EXPECT_EQ(self->r.flow, self->adv->flow);
	ASSERT_EQ(head + 1, load_acquire(&self->c.kring->rx_tail));
	EXPECT_EQ(UNET_RX_END, self->c.rx[head & mask].flags);
	EXPECT_EQ(self->r.flow, self->c.rx[head & mask].flow);
	EXPECT_EQ(self->r.meta.tag, self->c.rx[head & mask].tag);
}

/* ---- a device that is full ---- */

#define TAP_OURS	"10.8.0.2"
#define TAP_THEIRS	"10.8.0.1"
#define TAP_ROOM	4	/* frames that nobody has read */

FIXTURE(tap) {
	struct topo t;
	struct chan c;
	int tap;
	struct unet_flow_req r;
	const struct unet_flow_adv *adv;
	struct pkt_spec p;
};

static int open_tap(void)
{
	struct ifreq ifr = { .ifr_name = "ta", .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 || ioctl(fd, TUNSETIFF, &ifr) ? -1 : fd;
}

/* The host has nothing to say there: neither IPv6 nor a neighbour to look for. */
FIXTURE_SETUP(tap)
{
	static const uint8_t data[400];

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, sh("modprobe -q tun; "
			"echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"));
	self->tap = open_tap();
	ASSERT_LE(0, self->tap);
	ASSERT_EQ(0, sh("ip link set ta txqueuelen %d && "
			"ip addr add " TAP_OURS "/24 dev ta && "
			"tc qdisc replace dev ta root noqueue && ip link set ta up && "
			"ip neigh add " TAP_THEIRS " lladdr 02:00:00:00:00:01 dev ta",
			TAP_ROOM));
	ASSERT_EQ(0, nexus_attach("ta"));
	ASSERT_EQ(0, chan_open(&self->c, "ta", NULL));
	self->r = flow_req(IPPROTO_UDP, AF_INET, TAP_OURS, PORT, NULL, 0);
	ASSERT_EQ(0, chan_flow_add(&self->c, &self->r));
	self->adv = &self->c.adv[self->r.adv];
	self->p = (struct pkt_spec){
		.family = AF_INET, .proto = IPPROTO_UDP, .src = TAP_OURS,
		.dst = TAP_THEIRS, .sport = PORT, .dport = RPORT,
		.data = data, .bytes = sizeof(data),
	};
}

FIXTURE_TEARDOWN(tap)
{
	chan_close(&self->c);
	EXPECT_EQ(0, nexus_detach("ta"));
	close(self->tap);
	topo_teardown(&self->t);
}

/* Sends that went until the device took no more, or -1. */
static int fill(struct chan *c, uint32_t flow, const struct pkt_spec *p)
{
	int i, status;

	for (i = 0; i < 10 * TAP_ROOM; i++) {
		status = chan_send(c, flow, p, 0);
		if (status)
			return status == UNET_CNT_TX_DROP_DEVICE ? i : -1;
	}
	return -1;
}

/* Frames of our flow's. */
static int read_empty(int tap)
{
	uint8_t f[2048];
	int n, ours = 0;

	while ((n = read(tap, f, sizeof(f))) > 0)
		ours += n == 14 + 28 + 400 && f[12] == 8 && !f[13] &&
			f[14 + 9] == IPPROTO_UDP &&
			(f[14 + 20] << 8 | f[14 + 21]) == PORT;
	return ours;
}

/* The owner sleeps until the resume, which is all there is to wake it. */
static bool woken_by_resume(struct chan *c)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };
	const struct unet_rx_slot *s;
	bool resumed;

	if (poll(&pfd, 1, 20 * 1000) != 1)
		return false;
	s = chan_rx_peek(c, 0);
	resumed = s && s->flags == UNET_RX_RESUMED && !s->packets;
	if (s)
		chan_rx_next(c);
	return resumed;
}

TEST_F(tap, a_full_device_suspends_and_sends_go_on_when_it_was_read_empty)
{
	int round, refused = 0, went;

	for (round = 0; round < 3; round++) {
		went = fill(&self->c, self->r.flow, &self->p);
		EXPECT_EQ(TAP_ROOM, went);
		EXPECT_TRUE(woken_by_resume(&self->c));
		/* It was asked to wait, not told that there is room. */
		EXPECT_EQ(UNET_CNT_TX_DROP_DEVICE,
			  chan_send(&self->c, self->r.flow, &self->p, 0));
		EXPECT_TRUE(woken_by_resume(&self->c));
		refused += 2;
		EXPECT_EQ(0, self->adv->flags);
		EXPECT_EQ(refused, self->adv->dropped);
		EXPECT_EQ(refused, nexus_counter("ta", "tx_pushback"));
		EXPECT_EQ(refused, nexus_counter("ta", "tx_drop_device"));
		EXPECT_EQ(went, read_empty(self->tap));
	}
	EXPECT_EQ(3 * TAP_ROOM, self->adv->sent);
}

TEST_HARNESS_MAIN
