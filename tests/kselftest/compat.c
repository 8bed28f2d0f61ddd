// SPDX-License-Identifier: MIT
/*
 * Description: a 32-bit program on a 64-bit kernel (R7.8): every ioctl, all
 * regions mapped, packets and streams both ways, by hand and with libunet. What
 * the kernel and the program share has the same layout for both, so nothing is
 * translated. (The harness prints pointers as integers of 64 bits.)
 */
/* cflags: -m32 -D_FILE_OFFSET_BITS=64 -Wno-pointer-to-int-cast */
/* libs: $(UNET_LIB_32) */
#include "topo.h"
#include "chan.h"
#include "nl.h"
#include "kselftest_harness.h"

#include <unet/unet.h>

#define PORT	7000
#define RPORT	9000
#define TAG	0xfedcba9876543210ull
#define MS	1000000ull

FIXTURE(compat) {
	struct topo t;
	struct nl nl;
	struct chan c;
};

FIXTURE_VARIANT(compat) {
	int family;
	const char *ours;
	const char *theirs;
	const char *listen;
};

FIXTURE_VARIANT_ADD(compat, v4) { AF_INET, OUR_V4, PEER_V4, OUR_V4 ":80" };
FIXTURE_VARIANT_ADD(compat, v6) { AF_INET6, OUR_V6, PEER_V6, "[" OUR_V6 "]:80" };

FIXTURE_SETUP(compat)
{
	ASSERT_EQ(4, sizeof(void *)) TH_LOG("built for 64 bits");
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
}

FIXTURE_TEARDOWN(compat)
{
	chan_close(&self->c);
	close(self->nl.fd);
	topo_teardown(&self->t);
}

static int peer_bound(struct topo *t, int family, const char *addr, int type)
{
	struct timeval tv = { .tv_sec = 5 };
	int fd = peer_socket(t, family, type);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return bind_to(fd, addr, RPORT) ? -1 : fd;
}

TEST_F(compat, packets_go_both_ways)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, variant->family,
					  variant->ours, PORT, variant->theirs,
					  RPORT);
	struct pkt_spec answer = {
		.family = variant->family, .proto = IPPROTO_UDP,
		.src = variant->ours, .dst = variant->theirs,
		.sport = PORT, .dport = RPORT, .data = "pong", .bytes = 4,
	};
	int peer = peer_bound(&self->t, variant->family, variant->theirs,
			      SOCK_DGRAM);
	uint32_t headers = variant->family == AF_INET ? 28 : 48;
	struct unet_flow_set set = { .size = sizeof(set) };
	const struct unet_rx_slot *s;
	char buf[16];

	r.meta.tag = 1;
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	EXPECT_EQ(htons(PORT), r.local_port_out);
	EXPECT_EQ(1500, r.mtu);
	EXPECT_EQ(r.flow, self->c.adv[r.adv].flow);
	set.flow = r.flow;
	set.meta.tag = TAG;
	ASSERT_EQ(0, chan_ioctl(self->c.fd, UNET_IOC_FLOW_SET, &set));
	ASSERT_EQ(0, send_to(peer, variant->ours, PORT, "ping", 4));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(TAG, s->tag);
	EXPECT_EQ(1, s->packets);
	EXPECT_EQ(0, memcmp(chan_buf(&self->c, s->first) + headers, "ping", 4));
	chan_rx_next(&self->c);
	EXPECT_EQ(0, chan_send(&self->c, r.flow, &answer, 0));
	EXPECT_EQ(4, recv(peer, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "pong", 4));
	EXPECT_EQ(0, chan_flow_del(&self->c, r.flow, 0));
	EXPECT_EQ(-ENOENT, chan_flow_del(&self->c, r.flow, 0));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->c, NULL));
	close(peer);
}

/* Cut to 32 bits, this wait would be over in 20 ms. */
TEST_F(compat, a_wait_has_all_its_64_bits)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, variant->family,
					  variant->ours, PORT, NULL, 0);
	struct unet_sync s = { .size = sizeof(s), .flags = UNET_SYNC_WAIT,
			       .timeout_ns = (1ull << 32) + 20 * MS };
	int peer = peer_bound(&self->t, variant->family, variant->theirs,
			      SOCK_DGRAM);
	pid_t pid;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	pid = fork();
	if (!pid) {
		usleep(300 * 1000);
		_exit(send_to(peer, variant->ours, PORT, "x", 1) ? 1 : 0);
	}
	EXPECT_EQ(0, chan_ioctl(self->c.fd, UNET_IOC_SYNC, &s));
	EXPECT_EQ(1, s.ready);
	waitpid(pid, NULL, 0);
	close(peer);
}

TEST_F(compat, bad_arguments_are_refused_as_ever)
{
	struct unet_query q = { .size = sizeof(q) };

	EXPECT_EQ(0, chan_ioctl(self->c.fd, UNET_IOC_QUERY, &q));
	EXPECT_EQ(UNET_ABI_VERSION, q.abi);
	q.size = sizeof(q) - 1;
	EXPECT_EQ(-EINVAL, chan_ioctl(self->c.fd, UNET_IOC_QUERY, &q));
	EXPECT_EQ(-EFAULT, chan_ioctl(self->c.fd, UNET_IOC_QUERY, NULL));
	/* The last page below 4 GiB, and an argument that would wrap around. */
	EXPECT_EQ(-EFAULT, chan_ioctl(self->c.fd, UNET_IOC_QUERY,
				      (void *)0xfffff000ul));
	EXPECT_EQ(-EFAULT, chan_ioctl(self->c.fd, UNET_IOC_QUERY,
				      (void *)0xfffffffcul));
	EXPECT_EQ(-ENOTTY, chan_ioctl(self->c.fd, 0, &q));
}

/* ---- the library ---- */

static void echo(struct unet_sock *s, uint32_t events, void *arg)
{
	static char buf[65536];
	ssize_t n;

	while ((n = unet_recv(s, buf, sizeof(buf), MSG_PEEK)) > 0) {
		ssize_t sent = unet_send(s, buf, n, 0);

		if (sent <= 0)
			return;
		unet_consume(s, sent);
	}
	if (n != -EAGAIN)
		unet_close(s);
}

static void welcome(struct unet_sock *ls, uint32_t events, void *arg)
{
	struct unet_sock *s;

	while ((s = unet_accept(ls)))
		unet_sock_on(s, UNET_READABLE | UNET_WRITABLE, echo, NULL);
}

/* A process of the peer that has 200,000 bytes echoed; status 0 when they are whole. */
static pid_t echo_client(struct topo *t, int family, const char *ours)
{
	static char sent[200000], got[sizeof(sent)];
	pid_t pid = fork();
	size_t i;
	int fd;

	if (pid)
		return pid;
	fd = peer_bound(t, family, family == AF_INET ? PEER_V4 : PEER_V6,
			SOCK_STREAM);
	for (i = 0; i < sizeof(sent); i++)
		sent[i] = i * 31 + i / 257;
	if (connect_to(fd, ours, 80))
		_exit(2);
	for (i = 0; i < sizeof(sent); i += 20000)
		if (send(fd, sent + i, 20000, 0) != 20000 ||
		    recv(fd, got + i, 20000, MSG_WAITALL) != 20000)
			_exit(3);
	_exit(memcmp(sent, got, sizeof(sent)) ? 4 : 0);
}

TEST_F(compat, libunet_echoes_a_stream)
{
	struct unet_stack *st = unet_stack_open("va", NULL);
	uint64_t end = mono_ms() + 20000;
	struct unet_sock *ls;
	int status = -1;
	pid_t pid;

	ASSERT_NE(NULL, st) TH_LOG("%s", unet_error_detail());
	ls = unet_listen(st, "tcp", variant->listen, 8);
	ASSERT_NE(NULL, ls) TH_LOG("%s", unet_error_detail());
	unet_sock_on(ls, UNET_READABLE, welcome, NULL);
	pid = echo_client(&self->t, variant->family, variant->ours);
	while (waitpid(pid, &status, WNOHANG) == 0 && mono_ms() < end)
		ASSERT_LE(0, unet_stack_run(st, 50));
	EXPECT_EQ(0, status);
	unet_stack_close(st);
}

TEST_HARNESS_MAIN
