// SPDX-License-Identifier: MIT
/*
 * Description: who connected to a server and is killed leaves it no connection that
 * hangs (D9, R7.7). Such a flow has neither a parent nor a local address of its own:
 * what its reset says is what the kernel saw it send, and from where. Over IPv4 and
 * IPv6, idle and with data on its way in both directions; the port lingers. A client
 * that only asked has nothing to reset and nothing to hold.
 */
/* libs: $(UNET_LIB) */
#include <unet/unet.h>
#include "chan.h"
#include "nexus.h"
#include "topo.h"
#include "kselftest_harness.h"

#define PORT		8002
#define PATIENCE_S	20

FIXTURE(reset_client) {
	struct topo t;
	int listener;	/* the peer's */
	int server;	/* its end of the connection */
	int port;	/* the client's */
	pid_t client;
};

FIXTURE_VARIANT(reset_client) {
	int family;
	const char *ours;
	const char *theirs;
	const char *remote;
	const char *nobody;
};

FIXTURE_VARIANT_ADD(reset_client, v4) {
	AF_INET, OUR_V4, PEER_V4, PEER_V4 ":8002", "10.9.0.77:8002",
};

FIXTURE_VARIANT_ADD(reset_client, v6) {
	AF_INET6, OUR_V6, PEER_V6, "[" PEER_V6 "]:8002", "[fd09::77]:8002",
};

/* Calls of the peer's end that would block for ever fail after a while. */
static int be_patient(int fd)
{
	struct timeval tv = { .tv_sec = PATIENCE_S };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

FIXTURE_SETUP(reset_client)
{
	self->client = -1;
	self->server = -1;
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	self->listener = peer_socket(&self->t, variant->family, SOCK_STREAM);
	ASSERT_EQ(0, bind_to(self->listener, variant->theirs, PORT));
	ASSERT_EQ(0, listen(self->listener, 1));
	ASSERT_EQ(0, be_patient(self->listener));
}

static int end_client(pid_t *client)
{
	pid_t pid = *client;
	int status;

	*client = -1;
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? 0 : -1;
}

FIXTURE_TEARDOWN(reset_client)
{
	if (self->client > 0)
		end_client(&self->client);
	if (self->server >= 0)
		close(self->server);
	close(self->listener);
	topo_teardown(&self->t);
}

/* ---- the client, a process of its own ---- */

struct job {
	const char *remote;
	bool pours;	/* sends without end, else one byte */
};

static void send_some(struct unet_sock *s, uint32_t events, void *arg)
{
	static const char data[65536];
	const struct job *job = arg;

	if (!job->pours) {
		unet_send(s, "x", 1, 0);
		unet_sock_on(s, 0, NULL, NULL);
		return;
	}
	while (unet_send(s, data, sizeof(data), 0) > 0)
		;
}

/* It is ready when its SYN is out. What it is sent it does not read. */
static void client(int ready, void *arg)
{
	struct unet_stack *st = unet_stack_open("va", NULL);
	const struct job *job = arg;
	struct unet_sock *s;

	s = st ? unet_connect(st, "tcp", job->remote, NULL) : NULL;
	if (!s || unet_sock_on(s, UNET_WRITABLE, send_some, arg) ||
	    unet_stack_run(st, 0) < 0 || write(ready, "s", 1) != 1)
		_exit(1);
	while (unet_stack_run(st, -1) >= 0)
		;
}

/* ---- the server, of the peer's kernel ---- */

/* Its end of the connection, and the port the other comes from; -1. */
static int accept_from(int listener, int *port)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int fd = accept(listener, (void *)&from, &len);

	if (fd < 0 || be_patient(fd))
		return -1;
	/* At the same place in both families. */
	*port = ntohs(((struct sockaddr_in *)&from)->sin_port);
	return fd;
}

/* Read @bytes; 0 when all came. */
static int read_all(int fd, size_t bytes)
{
	char buf[4096];
	ssize_t n;

	for (; bytes; bytes -= n) {
		n = recv(fd, buf, bytes < sizeof(buf) ? bytes : sizeof(buf), 0);
		if (n <= 0)
			return -1;
	}
	return 0;
}

/* Read what there still is. What it ends with: 0 or -errno. */
static int read_to_the_end(int fd)
{
	char buf[4096];
	ssize_t n;

	do {
		n = recv(fd, buf, sizeof(buf), 0);
	} while (n > 0);
	return n ? -errno : 0;
}

/* What a program of the host's gets that asks for a port. */
static int host_bind(const char *ours, int family, int port)
{
	int fd = socket(family, SOCK_STREAM, 0);
	int err = bind_to(fd, ours, port);

	close(fd);
	return err;
}

/* The client does, and @first bytes of it have come. */
static void connects(struct __test_metadata *_metadata,
		     struct _test_data_reset_client *self, struct job *job,
		     size_t first)
{
	self->client = topo_start(client, job);
	ASSERT_GT(self->client, 0);
	self->server = accept_from(self->listener, &self->port);
	ASSERT_GE(self->server, 0);
	ASSERT_EQ(0, read_all(self->server, first));
}

TEST_F(reset_client, the_server_of_a_killed_idle_client_is_reset)
{
	struct job job = { .remote = variant->remote };

	connects(_metadata, self, &job, 1);
	EXPECT_EQ(0, nexus_counter("va", "flow_reset"));
	ASSERT_EQ(0, end_client(&self->client));
	/* No timer and no worker has a part in it. */
	EXPECT_EQ(1, nexus_counter("va", "flow_reset"));
	EXPECT_EQ(-ECONNRESET, read_to_the_end(self->server));
}

TEST_F(reset_client, the_server_of_a_client_killed_amid_data_is_reset)
{
	struct job job = { .remote = variant->remote, .pours = true };
	static const char data[300000];

	connects(_metadata, self, &job, 100000);
	ASSERT_LT(0, send(self->server, data, sizeof(data), MSG_DONTWAIT));
	ASSERT_EQ(0, read_all(self->server, 1000000));
	ASSERT_EQ(0, end_client(&self->client));
	EXPECT_EQ(1, nexus_counter("va", "flow_reset"));
	EXPECT_EQ(-ECONNRESET, read_to_the_end(self->server));
}

TEST_F(reset_client, the_port_of_a_killed_client_lingers)
{
	struct job job = { .remote = variant->remote };

	connects(_metadata, self, &job, 1);
	ASSERT_EQ(0, end_client(&self->client));
	EXPECT_EQ(1, nexus_counter("va", "port_linger"));
	EXPECT_EQ(-EADDRINUSE, host_bind(variant->ours, variant->family, self->port));
	/* It is that port, not the asking. */
	EXPECT_EQ(0, host_bind(variant->ours, variant->family, 0));
}

/* Nobody has that address: the SYN waits for a neighbour that never answers. */
TEST_F(reset_client, a_client_that_only_asked_leaves_nothing)
{
	struct job job = { .remote = variant->nobody };

	self->client = topo_start(client, &job);
	ASSERT_GT(self->client, 0);
	EXPECT_LE(1, nexus_counter("va", "tx_packets"));
	ASSERT_EQ(0, end_client(&self->client));
	EXPECT_EQ(1, nexus_counter("va", "flow_removed"));
	EXPECT_EQ(0, nexus_counter("va", "flow_reset"));
	EXPECT_EQ(0, nexus_counter("va", "port_linger"));
}

TEST_HARNESS_MAIN
