// SPDX-License-Identifier: MIT
/*
 * Description: a packet of a flow that is known costs no allocation on the way from
 * device to channel (R3.4): thousands of them over both hooks, for connected flows and
 * listeners, over IPv4 and IPv6, small, large and super, with the kernel's allocation
 * tracepoints on; and likewise the segments of a TCP connection. None of those is hit by
 * unet nor under it; by a new flow and by a send they are.
 */
#include "topo.h"
#include "chan.h"
#include "nexus.h"
#include "tcp_hand.h"
#include "traced.h"
#include "kselftest_harness.h"

#include <sys/stat.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif

/* Buffers of its own, so that nothing stays behind. */
#define BUFFERS		TRACE "instances/unet_rx_alloc/"
#define OF_UNET		"[unet]"

/* ---- allocations ---- */

/* Not each kernel has the second three. */
static const char *const events[] = {
	"kmalloc", "kmem_cache_alloc", "kmalloc_node", "kmem_cache_alloc_node",
	"mm_page_alloc",
};

/* The kernel's own checkers, where it has them, remember who did what. */
static const char *const checkers[] = { "stack_depot_", "debug_object", "kmemleak_" };

static bool switch_events(const char *on)
{
	char path[256];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(path, sizeof(path), BUFFERS "events/kmem/%s/enable", events[i]);
		if (!trace_write(path, on, 0) && (i < 2 || !access(path, F_OK)))
			return false;
	}
	return true;
}

static bool watch_begin(void)
{
	rmdir(BUFFERS);
	return !mkdir(BUFFERS, 0700) &&
	       trace_write(BUFFERS "buffer_size_kb", "8192", 0) &&
	       trace_write(BUFFERS "options/stacktrace", "1", 0) &&
	       trace_write(BUFFERS "options/sym-offset", "1", 0) &&
	       switch_events("1");
}

static void watch_end(void)
{
	switch_events("0");
	rmdir(BUFFERS);
}

/* Forget what was seen, and look on. */
static bool watch(void)
{
	return trace_write(BUFFERS "trace", "\n", O_TRUNC) &&
	       trace_write(BUFFERS "tracing_on", "1", 0);
}

/**
 * struct seen - since watch()
 * @all:	allocations
 * @by:		whose caller is in unet
 * @under:	stacks that unet is in: as many as @by, and those of functions it called
 * @lost:	there was no room to remember
 */
struct seen {
	long all;
	long by;
	long under;
	long lost;
};

/* What could not be kept, of one CPU's "overrun: 0" and "dropped events: 0". */
static long lost_by(int cpu)
{
	char path[256], line[128];
	long n = 0, v;
	FILE *f;

	snprintf(path, sizeof(path), BUFFERS "per_cpu/cpu%d/stats", cpu);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "overrun: %ld", &v) == 1 ||
		    sscanf(line, "dropped events: %ld", &v) == 1)
			n += v;
	return f && !fclose(f) ? n : -1;
}

static long lost(void)
{
	int cpu, cpus = sysconf(_SC_NPROCESSORS_CONF);
	long n = 0;

	for (cpu = 0; cpu < cpus; cpu++)
		n += lost_by(cpu);
	return n;
}

/* One stack, after its first line; @next is the line behind it. */
static bool stack_of_unet(FILE *f, char *next, int room, char *text, size_t bytes)
{
	bool ours = false, checker = false;
	unsigned int i;

	text[0] = 0;
	while (fgets(next, room, f) && !strncmp(next, " => ", 4)) {
		ours |= !!strstr(next, OF_UNET);
		for (i = 0; i < ARRAY_SIZE(checkers); i++)
			checker |= !!strstr(next, checkers[i]);
		if (strlen(text) + strlen(next) < bytes)
			strcat(text, next);
	}
	return ours && !checker;
}

/* Entries of other CPUs may stand between an allocation and its stack. */
static struct seen read_seen(char *first, size_t bytes)
{
	FILE *f = fopen(BUFFERS "trace", "re");
	char line[512] = "", text[4096];
	struct seen s = { 0 };

	while (f && (line[0] || fgets(line, sizeof(line), f))) {
		if (strstr(line, "<stack trace>")) {
			line[0] = 0;
			if (stack_of_unet(f, line, sizeof(line), text, sizeof(text)) &&
			    !s.under++)
				snprintf(first, bytes, "%s", text);
			if (feof(f))
				break;
			continue;
		}
		s.all += !!strstr(line, "_alloc: ") || !!strstr(line, "kmalloc") ||
			 !!strstr(line, "_alloc_node: ");
		s.by += !!strstr(line, OF_UNET);
		line[0] = 0;
	}
	if (f)
		fclose(f);
	return s;
}

/* What there was; of that which unet is in, the first stack is printed if @tell. */
static struct seen seen(bool tell)
{
	char first[4096] = "";
	struct seen s;

	trace_write(BUFFERS "tracing_on", "0", 0);
	s = read_seen(first, sizeof(first));
	s.lost = lost();
	if (tell && s.under)
		printf("# an allocation under unet:\n%s", first);
	return s;
}

/* ---- packets ---- */

#define RPORT		9000
#define PLAIN		12	/* packets of a round, for each flow */
#define LARGE		4	/* likewise, of nearly an MTU */
#define SUPER		4	/* likewise, of three segments each */
#define ROUND		(PLAIN + LARGE + SUPER)
#define ROUNDS		8	/* that the buffers have room for */
#define TIMES		4

/* A flow, and what the peer sends to it from. */
static const struct end {
	int family;
	const char *ours;
	int port;
	const char *theirs;	/* NULL: a listener */
	int batch_limit;
} ends[] = {
	{ AF_INET, OUR_V4, 7000, PEER_V4, 0 },
	{ AF_INET, NULL, 7001, NULL, 0 },
	{ AF_INET6, OUR_V6, 7002, PEER_V6, 0 },
	{ AF_INET6, NULL, 7003, NULL, 0 },
	{ AF_INET, OUR_V4, 7004, PEER_V4, 1 },
};

FIXTURE(rx_alloc) {
	struct topo t;
	struct chan c;
	int peer[ARRAY_SIZE(ends)];
};

FIXTURE_VARIANT(rx_alloc) {
	int (*attach)(const char *dev);
};

FIXTURE_VARIANT_ADD(rx_alloc, rx_handler) { nexus_attach };
FIXTURE_VARIANT_ADD(rx_alloc, ingress) { nexus_attach_ingress };

static int add_end(struct chan *c, const struct end *e)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, e->family, e->ours, e->port,
					  e->theirs, e->theirs ? RPORT : 0);

	r.meta.batch_limit = e->batch_limit;
	return chan_flow_add(c, &r);
}

static int open_peer(struct topo *t, const struct end *e)
{
	const char *theirs = e->family == AF_INET ? PEER_V4 : PEER_V6;
	const char *ours = e->family == AF_INET ? OUR_V4 : OUR_V6;
	int fd = peer_socket(t, e->family, SOCK_DGRAM), on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind_to(fd, theirs, e->theirs ? RPORT : 0) ||
	    connect_to(fd, ours, e->port))
		return -1;
	return fd;
}

FIXTURE_SETUP(rx_alloc)
{
	unsigned int i;

	if (!trace_there() || access(TRACE "events/kmem/kmalloc", F_OK))
		SKIP(return, "this kernel does not trace allocations");
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, variant->attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ASSERT_EQ(0, add_end(&self->c, &ends[i])) TH_LOG("flow %u", i);
		self->peer[i] = open_peer(&self->t, &ends[i]);
		ASSERT_LE(0, self->peer[i]);
	}
	ASSERT_TRUE(watch_begin());
}

FIXTURE_TEARDOWN(rx_alloc)
{
	unsigned int i;

	watch_end();
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		close(self->peer[i]);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

/* Datagrams of @bytes, or a super packet of such when that is more than @cut > 0. */
static int send_each(int fd, int n, int bytes, int cut)
{
	static const char data[4096];

	if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &cut, sizeof(cut)))
		return -errno;
	while (n--)
		if (send(fd, data, bytes, 0) != bytes)
			return -errno;
	return 0;
}

/*
 * Take what came until @n packets have, or bytes behind headers of @header bytes, or
 * some seconds are over, and ask the kernel for nothing meanwhile: a call into unet may
 * be interrupted by anybody's work.
 */
static int take(struct chan *c, int n, int header)
{
	uint64_t end = mono_ms() + 20000;
	const struct unet_rx_slot *s;
	int got = 0;

	while (got < n && mono_ms() < end) {
		s = chan_rx_peek(c, 0);
		if (!s) {
			usleep(200);
			continue;
		}
		got += header ? (int)(s->bytes - header * s->packets) :
				(int)s->packets;
		chan_rx_next(c);
	}
	return got;
}

/* Return: packets that came of a round's, or -errno. */
static int round_trip(struct chan *c, const int *peer)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(ends) && !err; i++) {
		err = send_each(peer[i], PLAIN, 100, 0);
		if (!err)
			err = send_each(peer[i], LARGE, 1400, 0);
		if (!err)
			err = send_each(peer[i], SUPER, 3000, 1000);
	}
	return err ? err : take(c, ROUND * ARRAY_SIZE(ends), 0);
}

TEST_F_TIMEOUT(rx_alloc, a_packet_of_a_known_flow_costs_none, 120)
{
	int times, i;
	struct seen s;

	/* All are known from here on. */
	ASSERT_EQ(ROUND * ARRAY_SIZE(ends), round_trip(&self->c, self->peer));
	for (times = 0; times < TIMES; times++) {
		ASSERT_TRUE(watch());
		for (i = 0; i < ROUNDS; i++)
			ASSERT_EQ(ROUND * ARRAY_SIZE(ends),
				  round_trip(&self->c, self->peer));
		s = seen(true);
		EXPECT_EQ(0, s.by);
		EXPECT_EQ(0, s.under);
		EXPECT_EQ(0, s.lost);
		/* The peer's skbs were seen being made. */
		EXPECT_LT(ROUND * ROUNDS * ARRAY_SIZE(ends), s.all);
	}
	TH_LOG("with the last %d packets %ld allocations, %ld of unet",
	       (int)(ROUND * ROUNDS * ARRAY_SIZE(ends)), s.all, s.under);
}

/* ---- segments ---- */

#define HEADERS		40	/* of IPv4 and TCP */
#define SEGMENT		200
#define SEGMENTS	4	/* of those, in a round */
#define LONG		2500	/* and one send of that, which TSO makes a super packet of */
#define STREAM		(SEGMENTS * SEGMENT + LONG)

/* A client that hears of us late sends some again, on a kernel full of checkers. */
static bool is_stream(int bytes)
{
	return bytes == STREAM || (getenv("UNET_SLOW") && bytes > STREAM);
}

/* No more than the client may send before it hears of us. Return: bytes that came. */
static int stream_round(struct chan *c, const struct hand *h)
{
	static const char data[LONG];
	int i;

	for (i = 0; i < SEGMENTS; i++)
		if (send(h->client, data, SEGMENT, 0) != SEGMENT)
			return -errno;
	if (send(h->client, data, LONG, 0) != LONG)
		return -errno;
	return take(c, STREAM, HEADERS);
}

static int acknowledge(struct chan *c, struct hand *h)
{
	h->rcv_nxt += STREAM;
	return hand_send(c, h, h->conn, TH_ACK, NULL, 0);
}

TEST_F_TIMEOUT(rx_alloc, a_segment_of_a_known_connection_costs_none, 120)
{
	struct hand h = { .family = AF_INET };
	int times, on = 1;
	struct seen s;

	ASSERT_EQ(0, hand_listen(&self->c, &h, 0));
	ASSERT_EQ(0, hand_accept(&self->t, &self->c, &h));
	ASSERT_EQ(0, setsockopt(h.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	ASSERT_TRUE(is_stream(stream_round(&self->c, &h)));
	ASSERT_EQ(0, acknowledge(&self->c, &h));
	for (times = 0; times < TIMES * ROUNDS; times++) {
		ASSERT_TRUE(watch());
		ASSERT_TRUE(is_stream(stream_round(&self->c, &h)));
		s = seen(true);
		EXPECT_EQ(0, s.by);
		EXPECT_EQ(0, s.under);
		EXPECT_EQ(0, s.lost);
		EXPECT_LT(SEGMENTS, s.all);
		ASSERT_EQ(0, acknowledge(&self->c, &h));
	}
	close(h.client);
}

/* That the tests above can see something. */
TEST_F(rx_alloc, new_flows_and_sends_cost_some)
{
	static const struct end another = { AF_INET, OUR_V4, 7005, PEER_V4, 0 };
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP,
		.src = OUR_V4, .dst = PEER_V4, .sport = 7006, .dport = RPORT,
		.data = "x", .bytes = 1,
	};
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 7006,
					  PEER_V4, RPORT);
	struct seen s;

	ASSERT_TRUE(watch());
	ASSERT_EQ(0, add_end(&self->c, &another));
	s = seen(false);
	EXPECT_LE(1, s.by);
	EXPECT_LE(s.by, s.under);
	EXPECT_EQ(0, s.lost);
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	ASSERT_TRUE(watch());
	ASSERT_EQ(0, chan_send(&self->c, r.flow, &p, 0));
	s = seen(false);
	/* The skb is made by a function that unet called. */
	EXPECT_LT(s.by, s.under);
}

TEST_HARNESS_MAIN
