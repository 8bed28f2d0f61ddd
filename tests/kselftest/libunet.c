// SPDX-License-Identifier: MIT
/*
 * Description: libunet on a real channel against kernel sockets (R1.8, R1.15,
 * R5.1, R7.6): datagrams and streams both ways over IPv4 and IPv6, equal-size
 * datagrams in one send, ICMP errors, a slow reader that starves nobody, waiting
 * on the stack's descriptor, and what is said when something cannot be had.
 */
/* libs: $(UNET_LIB) */
#include "topo.h"
#include "inter.h"
#include "nexus.h"
#include "raw.h"
#include "kselftest_harness.h"

#include <poll.h>
#include <time.h>
#include <unet/unet.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

FIXTURE(libunet) {
	struct topo t;
	struct unet_stack *st;
	int peer;
};

FIXTURE_SETUP(libunet)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	self->st = unet_stack_open("va", NULL);
	ASSERT_NE(NULL, self->st) TH_LOG("%s", unet_error_detail());
	self->peer = -1;
}

FIXTURE_TEARDOWN(libunet)
{
	if (self->peer >= 0)
		close(self->peer);
	unet_stack_close(self->st);
	topo_teardown(&self->t);
}

static char pattern[1 << 20];

static void fill(void)
{
	size_t i;

	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = (char)(i * 31 + i / 257);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Turns until @n bytes can be had from a socket, its end, or 5 s are over. */
static ssize_t take(struct unet_stack *st, struct unet_sock *s, void *buf,
		    size_t n)
{
	long end = now_ms() + 5000;
	ssize_t got;

	while ((got = unet_recv(s, buf, n, 0)) == -EAGAIN && now_ms() < end)
		unet_stack_run(st, 100);
	return got;
}

static void quiet(int fd)
{
	struct timeval tv = { .tv_sec = 5 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static void echo(struct unet_sock *s, uint32_t events, void *arg)
{
	static char buf[65536];
	struct sockaddr_storage from;
	int *n = arg;

	for (;;) {
		socklen_t len = sizeof(from);
		ssize_t got = unet_recvfrom(s, buf, sizeof(buf), 0,
					    (void *)&from, &len);

		if (got < 0)
			return;
		unet_sendto(s, buf, (size_t)got, 0, (void *)&from, len);
		++*n;
	}
}

FIXTURE_VARIANT(libunet) {
	int family;
	const char *ours;
	const char *peer;
	const char *our_text;	/* with a port of 7000 */
	const char *peer_text;
};

FIXTURE_VARIANT_ADD(libunet, ipv4) {
	.family = AF_INET, .ours = OUR_V4, .peer = PEER_V4,
	.our_text = OUR_V4 ":7000", .peer_text = PEER_V4 ":7000",
};

FIXTURE_VARIANT_ADD(libunet, ipv6) {
	.family = AF_INET6, .ours = OUR_V6, .peer = PEER_V6,
	.our_text = "[" OUR_V6 "]:7000", .peer_text = "[" PEER_V6 "]:7000",
};

static int peer_open(struct topo *t, int family, int type)
{
	int fd = peer_socket(t, family, type);

	quiet(fd);
	return fd;
}

TEST_F(libunet, datagrams_are_echoed)
{
	struct unet_sock *s = unet_udp_open(self->st, AF_INET6);
	char buf[2000];
	int echoed = 0;
	int i;

	fill();
	ASSERT_EQ(0, unet_udp_bind(s, ":7000"));
	unet_sock_on(s, UNET_READABLE, echo, &echoed);
	self->peer = peer_open(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_EQ(0, connect_to(self->peer, variant->ours, 7000));
	for (i = 0; i < 200; i++) {
		size_t len = (size_t)i * 7;
		int before = echoed;
		long end = now_ms() + 5000;

		ASSERT_EQ(len, send(self->peer, pattern + i, len, 0));
		while (echoed == before && now_ms() < end)
			ASSERT_LE(0, unet_stack_run(self->st, 100));
		ASSERT_LE(0, unet_stack_run(self->st, 0));
		ASSERT_EQ(len, recv(self->peer, buf, sizeof(buf), 0));
		ASSERT_EQ(0, memcmp(buf, pattern + i, len));
	}
}

TEST_F(libunet, a_connected_socket_comes_from_our_address)
{
	struct sockaddr_storage from;
	struct unet_sock *s;
	socklen_t len = sizeof(from);
	char text[80];
	char buf[16];

	self->peer = peer_open(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, variant->peer, 7000));
	s = unet_connect(self->st, "udp", variant->peer_text, NULL);
	ASSERT_NE(NULL, s);
	ASSERT_EQ(3, unet_send(s, "ask", 3, 0));
	unet_stack_run(self->st, 0);
	ASSERT_EQ(3, recvfrom(self->peer, buf, sizeof(buf), 0, (void *)&from,
			      &len));
	unet_addr_text((void *)&from, text, sizeof(text));
	ASSERT_NE(NULL, strstr(text, variant->ours)) TH_LOG("from %s", text);
	ASSERT_EQ(6, sendto(self->peer, "answer", 6, 0, (void *)&from, len));
	ASSERT_EQ(6, take(self->st, s, buf, sizeof(buf)));
	ASSERT_EQ(0, memcmp(buf, "answer", 6));
}

TEST_F(libunet, an_unbound_socket_finds_its_source)
{
	struct unet_sock *s = unet_udp_open(self->st, variant->family);
	struct sockaddr_storage to;
	struct sockaddr_storage from;
	socklen_t len = addr_of(&to, variant->peer, 7000);
	char text[80];
	char buf[16];

	self->peer = peer_open(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, variant->peer, 7000));
	ASSERT_EQ(2, unet_sendto(s, "hi", 2, 0, (void *)&to, len));
	unet_stack_run(self->st, 0);
	len = sizeof(from);
	ASSERT_EQ(2, recvfrom(self->peer, buf, sizeof(buf), 0, (void *)&from,
			      &len));
	unet_addr_text((void *)&from, text, sizeof(text));
	ASSERT_NE(NULL, strstr(text, variant->ours)) TH_LOG("from %s", text);
}

TEST_F(libunet, a_closed_port_is_told)
{
	struct unet_sock *s = unet_connect(self->st, "udp", variant->peer_text,
					   NULL);
	char buf[16];

	ASSERT_NE(NULL, s);
	ASSERT_EQ(1, unet_send(s, "x", 1, 0));
	unet_stack_run(self->st, 0);
	ASSERT_EQ(-ECONNREFUSED, take(self->st, s, buf, sizeof(buf)));
}

TEST_F(libunet, equal_datagrams_go_in_one_send)
{
	uint64_t before[UNET_STAT_COUNT];
	uint64_t after[UNET_STAT_COUNT];
	struct unet_sock *s;
	char buf[2000];
	int i;

	fill();
	self->peer = peer_open(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, variant->peer, 7000));
	s = unet_connect(self->st, "udp", variant->peer_text, NULL);
	unet_stack_stats(self->st, before, UNET_STAT_COUNT);
	ASSERT_EQ(40500, unet_sendto(s, pattern, 40500, 1000, NULL, 0));
	unet_stack_run(self->st, 0);
	unet_stack_stats(self->st, after, UNET_STAT_COUNT);
	EXPECT_EQ(1, after[UNET_STAT_TX_PACKETS] - before[UNET_STAT_TX_PACKETS]);
	for (i = 0; i < 41; i++) {
		int len = i < 40 ? 1000 : 500;

		ASSERT_EQ(len, recv(self->peer, buf, sizeof(buf), 0));
		ASSERT_EQ(0, memcmp(buf, pattern + i * 1000, len));
	}
}

TEST_F(libunet, datagrams_cut_by_the_peer_arrive_one_by_one)
{
	struct unet_sock *s = unet_udp_open(self->st, AF_INET6);
	int seg = 1200;
	char buf[2000];
	int i;

	fill();
	ASSERT_EQ(0, unet_udp_bind(s, ":7000"));
	self->peer = peer_open(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_EQ(0, connect_to(self->peer, variant->ours, 7000));
	ASSERT_EQ(0, setsockopt(self->peer, IPPROTO_UDP, UDP_SEGMENT, &seg,
				sizeof(seg)));
	ASSERT_EQ(36100, send(self->peer, pattern, 36100, 0));
	for (i = 0; i < 31; i++) {
		int len = i < 30 ? 1200 : 100;

		ASSERT_EQ(len, take(self->st, s, buf, sizeof(buf)));
		ASSERT_EQ(0, memcmp(buf, pattern + i * 1200, len));
	}
}

TEST_F(libunet, the_path_limits_a_datagram)
{
	struct unet_sock *s = unet_connect(self->st, "udp", variant->peer_text,
					   NULL);
	int most = 1500 - 8 - (variant->family == AF_INET ? 20 : 40);

	ASSERT_NE(NULL, s);
	fill();
	ASSERT_EQ(-EMSGSIZE, unet_send(s, pattern, most + 1, 0));
	ASSERT_EQ(most, unet_send(s, pattern, most, 0));
}

TEST_F(libunet, a_slow_reader_starves_nobody)
{
	struct unet_sock *slow = unet_udp_open(self->st, AF_INET6);
	struct unet_sock *fast = unet_udp_open(self->st, AF_INET6);
	char buf[2000];
	int i;

	fill();
	ASSERT_EQ(0, unet_udp_bind(slow, ":7000"));
	ASSERT_EQ(0, unet_udp_bind(fast, ":7001"));
	self->peer = peer_open(&self->t, variant->family, SOCK_DGRAM);
	for (i = 0; i < 3000; i++) {
		ASSERT_EQ(0, send_to(self->peer, variant->ours, 7000, pattern,
				     1000));
		if (i % 20 == 0)
			ASSERT_LE(0, unet_stack_run(self->st, 0));
	}
	ASSERT_EQ(0, send_to(self->peer, variant->ours, 7001, "here", 4));
	ASSERT_EQ(4, take(self->st, fast, buf, sizeof(buf)));
	/* and what the slow one was kept is right */
	ASSERT_EQ(1000, take(self->st, slow, buf, sizeof(buf)));
	ASSERT_EQ(0, memcmp(buf, pattern, 1000));
}

TEST_F(libunet, the_descriptor_wakes_and_the_deadline_holds)
{
	struct unet_sock *s = unet_udp_open(self->st, AF_INET6);
	struct pollfd p = { .fd = unet_stack_fd(self->st), .events = POLLIN };
	char buf[16];
	long start;

	ASSERT_EQ(0, unet_udp_bind(s, ":7000"));
	self->peer = peer_open(&self->t, variant->family, SOCK_DGRAM);
	unet_stack_run(self->st, 0);
	ASSERT_EQ(0, poll(&p, 1, 50));
	ASSERT_EQ(0, send_to(self->peer, variant->ours, 7000, "x", 1));
	ASSERT_EQ(1, poll(&p, 1, 5000));
	ASSERT_LT(0, unet_stack_run(self->st, 0));
	ASSERT_EQ(1, unet_recv(s, buf, sizeof(buf), 0));
	unet_stack_run(self->st, 0);
	ASSERT_EQ(0, poll(&p, 1, 50));
	start = now_ms();
	ASSERT_EQ(0, unet_stack_run(self->st, 100));
	EXPECT_LE(90, now_ms() - start);
}

/* ---- streams --------------------------------------------------------------- */

static void serve(struct unet_sock *s, uint32_t events, void *arg)
{
	static char buf[65536];
	ssize_t n;

	while ((n = unet_recv(s, buf, sizeof(buf), MSG_PEEK)) > 0) {
		ssize_t sent = unet_send(s, buf, (size_t)n, 0);

		if (sent <= 0)
			return;
		unet_consume(s, (size_t)sent);
	}
	if (n != -EAGAIN)
		unet_close(s);
}

static void welcome(struct unet_sock *ls, uint32_t events, void *arg)
{
	struct unet_sock *s;

	while ((s = unet_accept(ls)))
		unet_sock_on(s, UNET_READABLE | UNET_WRITABLE, serve, NULL);
}

/* The peer sends a megabyte and wants it back; in a process of its own. */
static pid_t peer_client(struct topo *t, int family, const char *ours)
{
	pid_t pid = fork();
	size_t sent = 0;
	size_t got = 0;
	char buf[65536];
	int fd;

	if (pid)
		return pid;
	fd = peer_open(t, family, SOCK_STREAM);
	if (connect_to(fd, ours, 7000))
		_exit(2);
	while (got < sizeof(pattern)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (sent < sizeof(pattern))
			p.events |= POLLOUT;
		if (poll(&p, 1, 10000) != 1)
			_exit(3);
		if (p.revents & POLLOUT) {
			n = send(fd, pattern + sent, sizeof(pattern) - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n > 0)
				sent += (size_t)n;
		}
		if (p.revents & POLLIN) {
			n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
			if (n <= 0 || memcmp(buf, pattern + got, (size_t)n))
				_exit(4);
			got += (size_t)n;
		}
	}
	_exit(0);
}

TEST_F(libunet, a_stream_is_echoed)
{
	struct unet_sock *ls = unet_listen(self->st, "tcp", ":7000", 8);
	long end = now_ms() + 20000;
	int status = -1;
	pid_t pid;

	ASSERT_NE(NULL, ls);
	fill();
	unet_sock_on(ls, UNET_READABLE, welcome, NULL);
	pid = peer_client(&self->t, variant->family, variant->ours);
	while (waitpid(pid, &status, WNOHANG) == 0 && now_ms() < end)
		ASSERT_LE(0, unet_stack_run(self->st, 50));
	EXPECT_EQ(0, status);
}

TEST_F(libunet, a_connection_to_the_peer_carries_bytes_both_ways)
{
	struct unet_sock *s;
	char buf[16];
	long end = now_ms() + 5000;
	int fd;

	self->peer = peer_open(&self->t, variant->family, SOCK_STREAM);
	ASSERT_EQ(0, bind_to(self->peer, variant->peer, 7000));
	ASSERT_EQ(0, listen(self->peer, 1));
	s = unet_connect(self->st, "tcp", variant->peer_text, NULL);
	ASSERT_NE(NULL, s);
	while (!unet_sock_events(s) && now_ms() < end)
		unet_stack_run(self->st, 100);
	ASSERT_EQ(UNET_WRITABLE, unet_sock_events(s));
	fd = accept(self->peer, NULL, NULL);
	ASSERT_LE(0, fd) TH_LOG("accept: %s", strerror(errno));
	quiet(fd);
	ASSERT_EQ(5, unet_send(s, "hello", 5, 0));
	unet_stack_run(self->st, 0);
	ASSERT_EQ(5, recv(fd, buf, sizeof(buf), 0));
	ASSERT_EQ(5, send(fd, "world", 5, 0));
	ASSERT_EQ(5, take(self->st, s, buf, sizeof(buf)));
	close(fd);
	ASSERT_EQ(0, take(self->st, s, buf, sizeof(buf)));
}

TEST_F(libunet, a_refused_connection_is_told)
{
	struct unet_sock *s = unet_connect(self->st, "tcp", variant->peer_text,
					   NULL);
	long end = now_ms() + 5000;

	ASSERT_NE(NULL, s);
	while (!unet_sock_events(s) && now_ms() < end)
		unet_stack_run(self->st, 100);
	ASSERT_EQ(-ECONNREFUSED, unet_send(s, "x", 1, 0));
}

/* ---- what cannot be had ------------------------------------------------------- */

TEST_F(libunet, refusals_have_reasons)
{
	struct unet_stack_opts o = { .size = sizeof(o) };
	int fd = socket(variant->family, SOCK_STREAM, 0);

	EXPECT_EQ(NULL, unet_stack_open("nosuch", NULL));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_NE(NULL, strstr(unet_error_detail(), "unetctl attach nosuch"));
	o.params.rx_slots = 3;
	EXPECT_EQ(NULL, unet_stack_open("va", &o));
	EXPECT_EQ(EINVAL, errno);
	/* the host has the port */
	ASSERT_EQ(0, bind_to(fd, variant->ours, 7000));
	ASSERT_EQ(0, listen(fd, 1));
	EXPECT_EQ(NULL, unet_listen(self->st, "tcp", variant->our_text, 1));
	EXPECT_EQ(EADDRINUSE, errno);
	close(fd);
	/* and we have it now */
	EXPECT_NE(NULL, unet_listen(self->st, "tcp", variant->our_text, 1));
	fd = socket(variant->family, SOCK_STREAM, 0);
	EXPECT_EQ(-EADDRINUSE, bind_to(fd, variant->ours, 7000));
	close(fd);
	EXPECT_EQ(NULL, unet_listen(self->st, "tcp", "192.0.2.77:80", 1));
	EXPECT_EQ(EADDRNOTAVAIL, errno);
	EXPECT_EQ(NULL, unet_connect(self->st, "udp", "192.0.2.77:80", NULL));
	EXPECT_EQ(ENETUNREACH, errno);
}

/* From port 0, which can be answered by nobody: each is one of @n to our port 7000. */
static int send_nowhere(int raw, int family, const char *theirs, const char *ours,
			uint8_t flags, int n)
{
	struct pkt_spec p = {
		.family = family, .proto = IPPROTO_TCP, .src = theirs, .dst = ours,
		.sport = 0, .dport = 7000, .tcp_flags = flags, .seq = 5, .ack = 77,
	};
	uint32_t ip = family == AF_INET ? 20 : 40, h;
	uint8_t buf[80];
	uint16_t sum;

	h = build_packet(buf, &p);
	memset(buf + ip + 16, 0, 2);
	sum = raw_l4_sum(buf, ip, IPPROTO_TCP, h - ip);
	memcpy(buf + ip + 16, &sum, sizeof(sum));
	while (n-- > 0)
		if (send_to(raw, ours, 0, buf, h))
			return -1;
	return 0;
}

static uint64_t counted(struct unet_stack *st, unsigned int id)
{
	uint64_t values[UNET_STAT_COUNT] = { 0 };

	unet_stack_stats(st, values, UNET_STAT_COUNT);
	return values[id];
}

/* As many as would end a channel that answered them. */
TEST_F(libunet, segments_from_port_0_are_answered_by_nobody)
{
	struct unet_sock *ls = unet_listen(self->st, "tcp", ":7000", 8);
	int raw = raw_socket(&self->t, variant->family), sent;
	long end = now_ms() + 60000;

	ASSERT_NE(NULL, ls);
	for (sent = 0; sent <= UNET_ABUSE_LIMIT; sent += 64) {
		ASSERT_EQ(0, send_nowhere(raw, variant->family, variant->peer,
					  variant->ours, TH_ACK, 32));
		ASSERT_EQ(0, send_nowhere(raw, variant->family, variant->peer,
					  variant->ours, TH_SYN, 32));
		while (counted(self->st, UNET_STAT_TCP_BAD) < sent + 64 && now_ms() < end)
			ASSERT_LE(0, unet_stack_run(self->st, 20));
	}
	EXPECT_EQ(sent, counted(self->st, UNET_STAT_TCP_BAD));
	EXPECT_EQ(0, nexus_counter("va", "tx_bad_header"));
	EXPECT_EQ(0, nexus_counter("va", "tx_packets"));
	EXPECT_EQ(UNET_CHANNEL_LIVE, unet_stack_channel_state(self->st, NULL));
	close(raw);
}

static uint32_t advice_of(struct unet_sock *s)
{
	uint32_t flags = ~0u;
	socklen_t len = sizeof(flags);

	return unet_getsockopt(s, SOL_SOCKET, UNET_SO_ADVICE, &flags, &len) ? ~0u : flags;
}

/* Who it is anybody may ask who sees the flow: the grant's number comes first. */
static int chain_as_nobody(uint32_t id)
{
	return sh("setpriv --reuid=65534 --regid=65534 --clear-groups unetctl -j flows | "
		  "jq -e '.[0].chain | startswith(\"%u:\")'", id);
}

TEST_F(libunet, the_owner_sees_that_somebody_is_in_its_flow)
{
	struct grant g = { .rights = OBSERVE };
	struct unet_sock *s = unet_connect(self->st, "udp", variant->peer_text, NULL);
	struct unet_inter_open o;
	struct chan m;
	struct nl nl;
	uint32_t id;

	ASSERT_NE(NULL, s);
	EXPECT_EQ(0, advice_of(s));
	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, inter_grant(&nl, &g, &id));
	EXPECT_EQ(0, advice_of(s));
	ASSERT_EQ(0, inter_open(&m, id, &o));
	EXPECT_EQ(UNET_ADV_INTERMEDIATED, advice_of(s));
	EXPECT_EQ(0, chain_as_nobody(id));
	chan_close(&m);
	ASSERT_EQ(0, inter_revoke(&nl, id));
	EXPECT_EQ(0, advice_of(s));
	close(nl.fd);
}

TEST_F(libunet, a_detached_device_ends_the_stack_in_good_order)
{
	struct unet_sock *s = unet_listen(self->st, "tcp", ":7000", 1);
	long end = now_ms() + 5000;
	int ret;

	ASSERT_NE(NULL, s);
	ASSERT_EQ(0, nexus_detach("va"));
	while ((ret = unet_stack_run(self->st, 100)) >= 0 && now_ms() < end)
		;
	EXPECT_EQ(-ENODEV, ret);
	EXPECT_EQ(UNET_CHANNEL_DETACHED,
		  unet_stack_channel_state(self->st, NULL));
	/* and its listener knows */
	EXPECT_EQ(NULL, unet_accept(s));
	EXPECT_EQ(ENETDOWN, errno);
}

TEST_HARNESS_MAIN
