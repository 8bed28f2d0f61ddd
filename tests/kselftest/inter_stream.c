// SPDX-License-Identifier: MIT
/*
 * Description: intermediaries come into a TCP connection that moves data both ways,
 * and leave it, 200 times (R4.8): some are revoked, some die, two stand in a row
 * and either dies. Not a byte is lost, doubled or changed, by the SHA-256 of both
 * ends; what is sent again was late, not lost. Fewer times by UNET_EFFORT.
 */
#include "effort.h"
#include "inter.h"
#include "live.h"
#include "param.h"
#include "kselftest_harness.h"

#define BYTES	"20000000"
#define SAID	"/tmp/inter_stream."

/* What a program said of itself on standard error: "sent BYTES ... SHA". */
struct said {
	char sent[80];
	char received[80];
	int resent;
};

/* Run unet-cat with @words, to or at a port; its pid. */
static pid_t cat(struct topo *t, bool ours, const char *words, int port)
{
	const char *end = ours ? "server" : "client";
	char cmd[512];
	pid_t pid;

	snprintf(cmd, sizeof(cmd), "exec unet-cat -v -p -d -s " BYTES " -e " BYTES
		 " %s " OUR_V4 ":%d </dev/null >/dev/null 2>" SAID "%s",
		 words, port, end);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!ours && setns(t->ns_peer, CLONE_NEWNET))
		_exit(9);
	execl("/bin/sh", "sh", "-c", cmd, NULL);
	_exit(9);
}

static bool listens(void)
{
	int i;

	for (i = 0; i < 300; i++) {
		if (!system("grep -q listening " SAID "server 2>/dev/null"))
			return true;
		usleep(100 * 1000);
	}
	return false;
}

static struct said read_said(const char *end)
{
	char path[64], line[512], word[32], *last;
	struct said s = { "", "", -1 };
	FILE *f;

	snprintf(path, sizeof(path), SAID "%s", end);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (sscanf(line, "segments sent again: %d", &s.resent) == 1)
			continue;
		last = strrchr(line, ' ');
		if (!last || sscanf(line, "%31s", word) != 1 || strlen(last) != 65)
			continue;
		if (!strcmp(word, "sent"))
			snprintf(s.sent, sizeof(s.sent), "%s", last + 1);
		if (!strcmp(word, "received"))
			snprintf(s.received, sizeof(s.received), "%s", last + 1);
	}
	if (f)
		fclose(f);
	return s;
}

/* One in the middle; @id 0: none. */
struct middle {
	uint32_t id;
	struct chan c;
};

static int come(struct nl *nl, struct middle *m, int32_t priority, int port)
{
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000,
		.proto = IPPROTO_TCP, .local_port = port, .priority = priority,
		.backlog = 4096,
	};
	/* A whole window waits there when the machine stands still. */
	struct unet_params params = {
		.rx_slots = 4096, .tx_slots = 256, .rx_small = 4096, .rx_large = 128,
	};
	struct unet_inter_open o;
	int err = inter_grant(nl, &g, &m->id);

	return err ? err : inter_open_with(&m->c, m->id, &params, &o);
}

/* Three ways to go; none of them may be noticed. */
static int go(struct nl *nl, struct middle *m, int how)
{
	int err = 0;

	if (how % 3 == 0)
		err = inter_revoke(nl, m->id);
	chan_close(&m->c);
	if (how % 3)
		err = inter_revoke(nl, m->id);
	m->id = 0;
	return err;
}

/* Pass on what comes for a while. Return: packets. */
static int pass(struct middle *a, struct middle *b, int turns)
{
	int n = 0;

	while (turns--) {
		n += inter_accept_some(&a->c, 8, 2);
		if (b->id)
			n += inter_accept_some(&b->c, 8, 2);
	}
	return n;
}

static bool ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

FIXTURE(stream) {
	struct live before;
};

FIXTURE_SETUP(stream)
{
	/* Ports that linger are alive, and no loss. */
	ASSERT_EQ(0, param_linger("0"));
	self->before = live_now();
}

FIXTURE_TEARDOWN(stream)
{
	struct live now;

	EXPECT_EQ(0, param_linger("60"));
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* One without anybody in it: so much is sent again on such a machine anyway. */
static int resent_alone(struct topo *t, int port)
{
	pid_t ours, theirs;
	int one, other;

	unlink(SAID "server");
	ours = cat(t, true, "-i va -l -S 1", port);
	if (!listens())
		return -1;
	theirs = cat(t, false, "-k -S 2", port);
	if (waitpid(theirs, &one, 0) != theirs || waitpid(ours, &other, 0) != ours ||
	    one || other)
		return -1;
	one = read_said("server").resent;
	other = read_said("client").resent;
	return one < 0 || other < 0 ? -1 : one + other;
}

/*
 * Packets of a grant that went on without its verdict. What is dropped counts as
 * rx_drop_inter, or is of a flow that is gone.
 */
static uint64_t unjudged(struct nl *nl, const struct middle *m)
{
	struct inter_seen s = inter_look(nl, m->id);

	return s.found == 1 ? s.stats[UNET_INTER_CNT_HELD_TOO_LONG] +
			      s.stats[UNET_INTER_CNT_BACKLOG] : ~0ull;
}

TEST_F_TIMEOUT(stream, two_hundred_come_and_go_and_not_a_byte_is_lost, 600)
{
	struct middle a = { 0 }, b = { 0 };
	int round = 0, rounds = effort(200), streams = 0, packets = 0, resent = 0;
	int alone;
	struct topo t;
	struct nl nl;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&nl));
	alone = resent_alone(&t, 4999);
	ASSERT_LE(0, alone);
	while (round < rounds) {
		struct said server, client;
		pid_t ours, theirs;
		/* the last one's lingers */
		int status = -1, port = 5000 + streams;

		unlink(SAID "server");
		ours = cat(&t, true, "-i va -l -S 1", port);
		ASSERT_TRUE(listens());
		theirs = cat(&t, false, "-k -S 2", port);
		for (; round < rounds && !ended(theirs, &status); round++) {
			ASSERT_EQ(0, come(&nl, &a, 0, port));
			if (round % 4 == 0)
				ASSERT_EQ(0, come(&nl, &b, round % 8 ? 5 : -5,
						  port));
			packets += pass(&a, &b, 4);
			EXPECT_EQ(0, unjudged(&nl, &a));
			ASSERT_EQ(0, go(&nl, &a, round));
			if (b.id)
				packets += inter_accept_some(&b.c, 8, 2);
			if (b.id)
				ASSERT_EQ(0, go(&nl, &b, round + 1));
		}
		if (status == -1)
			ASSERT_EQ(theirs, waitpid(theirs, &status, 0));
		EXPECT_EQ(0, status);
		ASSERT_EQ(ours, waitpid(ours, &status, 0));
		EXPECT_EQ(0, status);
		server = read_said("server");
		client = read_said("client");
		EXPECT_EQ(64, strlen(server.sent));
		EXPECT_EQ(0, strcmp(server.sent, client.received));
		EXPECT_EQ(0, strcmp(client.sent, server.received));
		EXPECT_NE(0, strcmp(client.sent, server.sent));
		ASSERT_GE(server.resent, 0);
		ASSERT_GE(client.resent, 0);
		resent += server.resent + client.resent;
		streams++;
	}
	TH_LOG("%d rounds, %d packets through them, %d streams",
	       round, packets, streams);
	TH_LOG("%d segments sent again, %d by one alone", resent, alone);
	EXPECT_LT(rounds, packets);
	/*
	 * Nothing was lost, as the counters below and unjudged() say: what is sent again
	 * was late. Each coming and going may be that late on a machine that stands
	 * still: a probe and a timeout, of both ends.
	 */
	EXPECT_GE(4 * rounds + streams * (alone + 1), resent);
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_no_buffer"));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_ring_full"));
	/* The peer's last words to an end that has gone: no more than FIN and two ACKs. */
	EXPECT_GE(3 * streams, nexus_counter("va", "rx_drop_dead"));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(0, nexus_counter("va", "tx_drop_inter"));
	close(nl.fd);
	ASSERT_EQ(0, nexus_detach("va"));
	topo_teardown(&t);
}

TEST_HARNESS_MAIN
