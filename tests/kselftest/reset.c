// SPDX-License-Identifier: MIT
/*
 * Description: death is part of the protocol (D9, R7.7): the peers of an
 * owner's established connections get a reset at once and with a sequence
 * number they must accept, over IPv4 and IPv6, also when it is killed under load;
 * closed ones do not; the port lingers for host and strangers, and can be taken over
 * by its user.
 */
/* libs: $(UNET_LIB) */
#include "tcp_hand.h"
#include "nexus.h"
#include "pour.h"
#include "kselftest_harness.h"

FIXTURE(reset) {
	struct topo t;
	struct chan c;
	struct hand h;
};

FIXTURE_VARIANT(reset) {
	int family;
};

FIXTURE_VARIANT_ADD(reset, v4) { AF_INET };
FIXTURE_VARIANT_ADD(reset, v6) { AF_INET6 };

FIXTURE_SETUP(reset)
{
	self->h.family = variant->family;
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, hand_listen(&self->c, &self->h, 0));
	ASSERT_EQ(0, hand_accept(&self->t, &self->c, &self->h));
}

FIXTURE_TEARDOWN(reset)
{
	close(self->h.client);
	if (self->c.fd >= 0)
		chan_close(&self->c);
	topo_teardown(&self->t);
}

TEST_F(reset, data_passes_on_the_connection)
{
	ASSERT_EQ(0, hand_send(&self->c, &self->h, self->h.conn,
			       TH_ACK | TH_PUSH, "hello", 5));
	EXPECT_EQ(5, client_reads(self->h.client));
}

TEST_F(reset, the_peer_of_an_idle_connection_is_reset)
{
	uint64_t t0 = mono_ms();

	chan_close(&self->c);
	EXPECT_EQ(-ECONNRESET, client_reads(self->h.client));
	EXPECT_GE(1000, mono_ms() - t0);
	EXPECT_EQ(1, nexus_counter("va", "flow_reset"));
}

TEST_F(reset, the_reset_follows_what_was_sent)
{
	static const char data[1200];

	/* Across the wrap of the sequence space: ISS is just below it. */
	ASSERT_EQ(0, hand_send(&self->c, &self->h, self->h.conn,
			       TH_ACK | TH_PUSH, data, sizeof(data)));
	EXPECT_EQ(sizeof(data), client_reads(self->h.client));
	chan_close(&self->c);
	EXPECT_EQ(-ECONNRESET, client_reads(self->h.client));
}

/*
 * Start a process that owns the port, and with @accept a connection, whose
 * other end is then its @h->client and ours. Return: pid, or -1.
 */
static pid_t server(struct topo *t, struct hand *h, bool accept)
{
	int ready[2];
	struct chan c;
	pid_t pid;
	char b;

	if (pipe(ready))
		return -1;
	/* Made before the fork, so that it outlives the server. */
	h->client = peer_socket(t, h->family, SOCK_STREAM | SOCK_NONBLOCK);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (chan_open(&c, "va", NULL) ||
		    hand_listen(&c, h, UNET_FLOW_REUSEADDR) ||
		    (accept && hand_accept_on(&c, h)) ||
		    write(ready[1], "l", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &b, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

TEST_F(reset, the_peer_of_a_killed_process_is_reset_at_once)
{
	struct hand h = { .family = variant->family };
	uint64_t t0;
	pid_t pid;

	chan_close(&self->c);
	pid = server(&self->t, &h, true);
	ASSERT_GT(pid, 0);
	fcntl(h.client, F_SETFL, 0);
	t0 = mono_ms();
	kill(pid, SIGKILL);
	EXPECT_EQ(-ECONNRESET, client_reads(h.client));
	EXPECT_GE(1000, mono_ms() - t0);
	waitpid(pid, NULL, 0);
	/* One for the fixture's connection, one for this. */
	EXPECT_EQ(2, nexus_counter("va", "flow_reset"));
	close(h.client);
}

TEST_F(reset, the_host_refuses_for_a_killed_listener)
{
	struct hand h = { .family = variant->family };
	pid_t pid;

	chan_close(&self->c);
	pid = server(&self->t, &h, false);
	ASSERT_GT(pid, 0);
	connect_to(h.client, hand_ours(&h), HAND_PORT);
	usleep(50 * 1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* The host answers for the port now: the next SYN is refused. */
	fcntl(h.client, F_SETFL, 0);
	EXPECT_EQ(-ECONNREFUSED, client_reads(h.client));
	close(h.client);
}

TEST_F(reset, a_connection_closed_both_ways_is_left_alone)
{
	const struct tcphdr *th;

	ASSERT_EQ(0, hand_send(&self->c, &self->h, self->h.conn,
			       TH_ACK | TH_FIN, NULL, 0));
	EXPECT_EQ(0, client_reads(self->h.client));
	shutdown(self->h.client, SHUT_RDWR);
	do {
		th = hand_segment(&self->c, 2000);
		ASSERT_NE(NULL, th);
		if (th->fin)
			self->h.rcv_nxt = ntohl(th->seq) + 1;
		chan_rx_next(&self->c);
	} while (self->h.rcv_nxt != ntohl(th->seq) + 1 || !th->fin);
	ASSERT_EQ(0, hand_send(&self->c, &self->h, self->h.conn, TH_ACK, NULL, 0));
	chan_close(&self->c);
	usleep(50 * 1000);
	EXPECT_EQ(0, nexus_counter("va", "flow_reset"));
}

TEST_F(reset, a_deleted_flow_resets_only_when_asked)
{
	ASSERT_EQ(0, chan_flow_del(&self->c, self->h.conn, UNET_DEL_RESET));
	EXPECT_EQ(-ECONNRESET, client_reads(self->h.client));
	EXPECT_EQ(1, nexus_counter("va", "flow_reset"));
}

TEST_F(reset, segments_for_a_dead_owner_are_reset_by_the_host)
{
	static const char data[3000];
	int i;

	/* Lose the kernel's reset on the way: the next segment must do. */
	ASSERT_EQ(0, sh("tc qdisc add dev va root netem loss 100%%"));
	chan_close(&self->c);
	ASSERT_EQ(0, sh("tc qdisc del dev va root"));
	for (i = 0; i < 20; i++) {
		if (send(self->h.client, data, sizeof(data), MSG_NOSIGNAL) < 0)
			break;
		usleep(20 * 1000);
	}
	EXPECT_GT(20, i);
}

static int host_listen(const struct hand *h, int port)
{
	int fd = socket(h->family, SOCK_STREAM, 0), err;

	err = bind_to(fd, hand_ours(h), port);
	if (!err && listen(fd, 1))
		err = -errno;
	close(fd);
	return err;
}

TEST_F(reset, the_port_lingers_after_death)
{
	struct hand h = { .family = variant->family };
	struct chan c;

	chan_close(&self->c);
	EXPECT_EQ(1, nexus_counter("va", "port_linger"));
	EXPECT_EQ(-EADDRINUSE, host_listen(&h, HAND_PORT));
	ASSERT_EQ(0, chan_open(&c, "va", NULL));
	EXPECT_EQ(-EADDRINUSE, hand_listen(&c, &h, 0));
	EXPECT_EQ(0, hand_listen(&c, &h, UNET_FLOW_REUSEADDR));
	chan_close(&c);
}

TEST_F(reset, a_lingering_port_is_not_for_other_users)
{
	int status;
	pid_t pid;

	chan_close(&self->c);
	pid = fork();
	if (!pid) {
		struct hand h = { .family = variant->family };
		struct chan c;

		if (setgid(65534) || setuid(65534) || chan_open(&c, "va", NULL))
			_exit(99);
		_exit(-hand_listen(&c, &h, UNET_FLOW_REUSEADDR));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EADDRINUSE, WEXITSTATUS(status));
}

TEST_F(reset, a_clean_end_frees_the_port_at_once)
{
	ASSERT_EQ(0, chan_flow_del(&self->c, self->h.conn, 0));
	ASSERT_EQ(0, chan_flow_del(&self->c, self->h.listener, 0));
	EXPECT_EQ(0, host_listen(&self->h, HAND_PORT));
}

#define LOADED_CLIENTS	16

/*
 * No timer and no worker has a part in it: by the time the process is reaped
 * its resets are out, however slow the machine is.
 */
TEST_F(reset, a_process_killed_under_load_has_reset_all_when_it_is_reaped)
{
	int client[LOADED_CLIENTS], status, i;
	uint64_t killed, reaped;
	ssize_t end;
	pid_t pid = topo_start(pour_for_ever, &self->h);

	ASSERT_LT(0, pid);
	for (i = 0; i < LOADED_CLIENTS; i++) {
		client[i] = pour_client(&self->t, &self->h);
		ASSERT_LE(0, client[i]);
	}
	killed = mono_ms();
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	reaped = mono_ms();
	EXPECT_EQ(LOADED_CLIENTS, nexus_counter("va", "flow_reset"));
	for (i = 0; i < LOADED_CLIENTS; i++) {
		EXPECT_LT(0, drain(client[i], &end));
		EXPECT_EQ(-ECONNRESET, end);
		close(client[i]);
	}
	TH_LOG("reaped %d ms after SIGKILL, all clients read to the reset %d ms later",
	       (int)(reaped - killed), (int)(mono_ms() - reaped));
}

TEST_HARNESS_MAIN
