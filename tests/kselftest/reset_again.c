// SPDX-License-Identifier: MIT
/*
 * Description: a process with established TCP connections is killed under load, 50
 * times (R7.4, R7.7): each time all its peers have their reset when it is reaped, its
 * port goes after a second of lingering, and nothing of it is left: the live counts
 * are what they were, and what was counted in was counted out.
 */
/* libs: $(UNET_LIB) */
#include "effort.h"
#include "live.h"
#include "nexus.h"
#include "param.h"
#include "pour.h"
#include "kselftest_harness.h"

#define CLIENTS		4

FIXTURE(again) {
	struct topo t;
	struct hand h;
	struct live before;
};

FIXTURE_VARIANT(again) {
	int family;
};

FIXTURE_VARIANT_ADD(again, v4) { AF_INET };
FIXTURE_VARIANT_ADD(again, v6) { AF_INET6 };

FIXTURE_SETUP(again)
{
	self->before = live_now();
	ASSERT_NE(0, self->before.text[0]) TH_LOG("cannot read what lives");
	self->h.family = variant->family;
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, param_linger("1"));
	ASSERT_EQ(0, nexus_attach("va"));
}

FIXTURE_TEARDOWN(again)
{
	struct live now;

	EXPECT_EQ(0, param_linger("60"));
	EXPECT_EQ(0, nexus_detach("va"));
	topo_teardown(&self->t);
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* Load goes on while clients read: @reads times each. */
static int read_on(const int *client, int reads)
{
	int i;

	while (reads--)
		for (i = 0; i < CLIENTS; i++)
			if (client_reads(client[i]) <= 0)
				return -1;
	return 0;
}

static void kill_one(struct __test_metadata *_metadata, struct topo *t, struct hand *h,
		     int round)
{
	int client[CLIENTS], status = 0, i;
	pid_t pid = topo_start(pour_for_ever, h);
	ssize_t end;

	ASSERT_LT(0, pid);
	for (i = 0; i < CLIENTS; i++) {
		client[i] = pour_client(t, h);
		ASSERT_LE(0, client[i]);
	}
	ASSERT_EQ(0, read_on(client, round % 8 * 16));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_EQ((round + 1) * CLIENTS, nexus_counter("va", "flow_reset"));
	for (i = 0; i < CLIENTS; i++) {
		drain(client[i], &end);
		EXPECT_EQ(-ECONNRESET, end) TH_LOG("client %d", i);
		close(client[i]);
	}
}

TEST_F_TIMEOUT(again, all_peers_are_reset_and_nothing_is_left, 600)
{
	const struct live attached = live_now();
	int i, rounds = effort(50);
	struct live now;

	for (i = 0; i < rounds; i++) {
		kill_one(_metadata, &self->t, &self->h, i);
		ASSERT_TRUE(live_returns_to(&attached, &now))
			TH_LOG("round %d, before: %s after: %s", i, attached.text,
			       now.text);
		EXPECT_EQ(i + 1, nexus_counter("va", "ch_opened"));
		EXPECT_EQ(i + 1, nexus_counter("va", "ch_closed"));
		EXPECT_EQ(nexus_counter("va", "flow_added"),
			  nexus_counter("va", "flow_removed"));
	}
	EXPECT_EQ(rounds, nexus_counter("va", "port_linger"));
	EXPECT_EQ(0, nexus_counter("va", "ch_poisoned"));
}

TEST_HARNESS_MAIN
