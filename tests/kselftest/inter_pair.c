// SPDX-License-Identifier: MIT
/*
 * Description: two intermediaries in a flow, each a process of its own, and one of them,
 * or both, killed while it holds packets (R4.6, R4.8): whichever stands next to the
 * device, in either direction, the other goes on and sees all there is, the order of
 * packets stays, and with the policy open none is lost. Where it is closed, or not yet
 * open, none passes the dead. Another one takes the place.
 */
#include "effort.h"
#include "feature.h"
#include "inter_bed.h"

FIXTURE_VARIANT(inter) {
	bool outbound;
	bool dies[2];		/* next to the device, next to the owner */
};

FIXTURE_VARIANT_ADD(inter, first_of_what_comes) { false, { true, false } };
FIXTURE_VARIANT_ADD(inter, second_of_what_comes) { false, { false, true } };
FIXTURE_VARIANT_ADD(inter, both_of_what_comes) { false, { true, true } };
FIXTURE_VARIANT_ADD(inter, first_of_what_goes) { true, { false, true } };
FIXTURE_VARIANT_ADD(inter, second_of_what_goes) { true, { true, false } };
FIXTURE_VARIANT_ADD(inter, both_of_what_goes) { true, { true, true } };

struct pair {
	uint32_t id[2];
	pid_t pid[2];
};

static int both_come(struct _test_data_inter *b, struct pair *p, uint32_t policy)
{
	struct nl *nl = &b->nl;
	int i;

	/*
	 * Else veth puts what is sent into a queue of the sender's CPU: with these it
	 * has one, and what comes is in the order that packets left the device in.
	 */
	if (feature_set_peer(&b->t, GRO, true) || feature_set("va", GRO, true) ||
	    feature_set_peer(&b->t, TSO, false) || feature_set("va", TSO, false))
		return -1;
	for (i = 0; i < 2; i++) {
		struct grant g = {
			.rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000,
			.priority = i, .policy = policy,
			.after_ms = policy == UNET_INTER_FAIL_AFTER ? 60000 : 0,
		};

		if (inter_grant(nl, &g, &p->id[i]))
			return -1;
		p->pid[i] = inter_process(p->id[i]);
		if (p->pid[i] < 0)
			return -1;
	}
	return 0;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Numbers @from to @from + @n on their way. */
static int go(struct _test_data_inter *b, bool outbound, uint32_t from, uint32_t n)
{
	if (!outbound)
		return peer_sends(b->peer, from, n);
	for (; n; n--)
		if (owner_sends(&b->c, b->flow, from++))
			return -1;
	return 0;
}

/* The peer is given these, and no others in between; what came is said if not. */
static bool peer_is_given(int fd, uint32_t from, uint32_t n)
{
	uint32_t number = 0, next;
	ssize_t got = 0;

	for (next = from; next < from + n; next++) {
		got = recv(fd, &number, sizeof(number), 0);
		if (got != sizeof(number) || number != next)
			break;
	}
	if (next == from + n)
		return true;
	printf("# instead of %u: %s %u\n", next, got < 0 ? strerror(errno) : "number",
	       number);
	while (recv(fd, &number, sizeof(number), MSG_DONTWAIT) > 0)
		printf("# then %u\n", number);
	fflush(stdout);
	return false;
}

/* Likewise the owner. */
static bool owner_is_given(struct chan *c, uint32_t from, uint32_t n)
{
	uint64_t begun = mono_ms();
	int came = owner_takes(c, from, n, 5000);

	if (came == (int)n)
		return true;
	printf("# %d of %u from %u on in %lld ms; dropped: inter %lld, dead %lld, full %lld\n",
	       came, n, from, (long long)(mono_ms() - begun),
	       nexus_counter("va", "rx_drop_inter"), nexus_counter("va", "rx_drop_dead"),
	       nexus_counter("va", "rx_drop_ring_full") +
	       nexus_counter("va", "rx_drop_no_buffer"));
	fflush(stdout);
	return false;
}

/* They come at the other end, in order, and nothing more. */
static bool arrive(struct _test_data_inter *b, bool outbound, uint32_t from, uint32_t n)
{
	if (outbound)
		return peer_is_given(b->peer, from, n) && peer_has_nothing(b->peer);
	return owner_is_given(&b->c, from, n) && !chan_rx_peek(&b->c, 50);
}

/* Packets that one of the dying is shown and holds. */
static uint32_t held_by_the_dying(struct nl *nl, const struct pair *p, const bool *dies)
{
	uint32_t held = 0;
	int i;

	for (i = 0; i < 2; i++)
		if (dies[i])
			held += inter_look(nl, p->id[i]).held;
	return held;
}

static bool come_to_hold(struct nl *nl, const struct pair *p, const bool *dies,
			 uint32_t n)
{
	uint64_t end = mono_ms() + 5000;

	while (held_by_the_dying(nl, p, dies) < n && mono_ms() < end)
		usleep(5 * 1000);
	return held_by_the_dying(nl, p, dies) == n;
}

static void all(const struct pair *p, const bool *dies, int sig)
{
	int i;

	for (i = 0; i < 2; i++)
		if (dies[i])
			kill(p->pid[i], sig);
}

static int all_end(const struct pair *p, const bool *dies)
{
	int i, status, n = 0;

	for (i = 0; i < 2; i++)
		if (dies[i] && waitpid(p->pid[i], &status, 0) == p->pid[i] &&
		    WIFSIGNALED(status))
			n++;
	return n;
}

#define LOOK(i)		inter_look(&self->nl, p.id[i])
#define ACCEPTED(i)	inter_stat(&self->nl, p.id[i], UNET_INTER_CNT_ACCEPTED)

/* Both of the dead held @held together; @more came after that. */
static void judge(struct __test_metadata *_metadata, struct nl *nl,
		  const struct pair *p, const bool *dies, uint32_t held, uint32_t more)
{
	uint32_t missed = 0, i;

	for (i = 0; i < 2; i++) {
		struct inter_seen s = inter_look(nl, p->id[i]);

		EXPECT_EQ(0, s.stats[UNET_INTER_CNT_BLOCKED]);
		EXPECT_EQ(0, s.held);
		EXPECT_EQ(dies[i] ? UNET_INTER_FAILED : UNET_INTER_SERVING, s.state);
		if (!dies[i]) {
			EXPECT_EQ(0, s.stats[UNET_INTER_CNT_MISSED]);
			EXPECT_EQ(20 + held + more, s.stats[UNET_INTER_CNT_ACCEPTED]);
			continue;
		}
		EXPECT_EQ(20, s.stats[UNET_INTER_CNT_ACCEPTED]);
		missed += s.stats[UNET_INTER_CNT_MISSED];
	}
	/* Two that die miss each packet both. */
	EXPECT_EQ((held + more) * (dies[0] + dies[1]), missed);
}

TEST_F(inter, killed_with_packets_held_none_is_lost)
{
	struct pair p;

	ASSERT_EQ(0, both_come(self, &p, UNET_INTER_FAIL_OPEN));
	ASSERT_EQ(0, go(self, variant->outbound, 0, 20));
	ASSERT_TRUE(arrive(self, variant->outbound, 0, 20));
	EXPECT_EQ(20, ACCEPTED(0));
	EXPECT_EQ(20, ACCEPTED(1));
	all(&p, variant->dies, SIGSTOP);
	ASSERT_EQ(0, go(self, variant->outbound, 20, 20));
	EXPECT_TRUE(come_to_hold(&self->nl, &p, variant->dies, 20));
	all(&p, variant->dies, SIGKILL);
	ASSERT_EQ(0, go(self, variant->outbound, 40, 20));
	EXPECT_EQ(variant->dies[0] + variant->dies[1], all_end(&p, variant->dies));
	EXPECT_TRUE(arrive(self, variant->outbound, 20, 40));
	ASSERT_EQ(0, go(self, variant->outbound, 60, 20));
	EXPECT_TRUE(arrive(self, variant->outbound, 60, 20));
	judge(_metadata, &self->nl, &p, variant->dies, 20, 40);
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(0, nexus_counter("va", "tx_drop_inter"));
	if (!variant->dies[0])
		end(p.pid[0]);
	if (!variant->dies[1])
		end(p.pid[1]);
}

/* What they held, and what comes, ends where the first of the dead stands. */
static void nothing_passes(struct __test_metadata *_metadata, struct _test_data_inter *b,
			   const struct _fixture_variant_inter *v, uint32_t policy)
{
	uint32_t blocked = 0, i, held = 0;
	struct pair p;

	ASSERT_EQ(0, both_come(b, &p, policy));
	ASSERT_EQ(0, go(b, v->outbound, 0, 20));
	ASSERT_TRUE(arrive(b, v->outbound, 0, 20));
	all(&p, v->dies, SIGSTOP);
	ASSERT_EQ(0, go(b, v->outbound, 20, 20));
	EXPECT_TRUE(come_to_hold(&b->nl, &p, v->dies, 20));
	all(&p, v->dies, SIGKILL);
	EXPECT_EQ(v->dies[0] + v->dies[1], all_end(&p, v->dies));
	ASSERT_EQ(0, go(b, v->outbound, 40, 20));
	EXPECT_TRUE(arrive(b, v->outbound, 40, 0));
	for (i = 0; i < 2; i++) {
		struct inter_seen s = inter_look(&b->nl, p.id[i]);

		EXPECT_EQ(0, s.stats[UNET_INTER_CNT_MISSED]);
		blocked += s.stats[UNET_INTER_CNT_BLOCKED];
		held += s.held;
	}
	EXPECT_EQ(40, blocked);
	EXPECT_EQ(0, held);
	EXPECT_EQ(40, nexus_counter("va", v->outbound ? "tx_drop_inter" : "rx_drop_inter"));
	for (i = 0; i < 2; i++) {
		if (v->dies[i])
			p.pid[i] = inter_process(p.id[i]);
		ASSERT_GT(p.pid[i], 0);
	}
	ASSERT_EQ(0, go(b, v->outbound, 60, 20));
	EXPECT_TRUE(arrive(b, v->outbound, 60, 20));
	end(p.pid[0]);
	end(p.pid[1]);
}

TEST_F(inter, killed_and_closed_nothing_passes)
{
	nothing_passes(_metadata, self, variant, UNET_INTER_FAIL_CLOSED);
}

TEST_F(inter, killed_and_not_yet_open_nothing_passes)
{
	nothing_passes(_metadata, self, variant, UNET_INTER_FAIL_AFTER);
}

/* Who dies while packets go through it, at whatever point. Another takes its place. */
TEST_F_TIMEOUT(inter, killed_in_the_midst_of_packets, 60)
{
	int i, round, rounds = effort(50);
	uint64_t before[2];
	struct pair p;

	ASSERT_EQ(0, both_come(self, &p, UNET_INTER_FAIL_OPEN));
	for (round = 0; round < rounds; round++) {
		uint32_t from = 1000 * round;

		for (i = 0; i < 2; i++)
			before[i] = ACCEPTED(i);
		ASSERT_EQ(0, go(self, variant->outbound, from, 50));
		usleep(500 * (round % 10));
		all(&p, variant->dies, SIGKILL);
		ASSERT_EQ(0, go(self, variant->outbound, from + 50, 50));
		EXPECT_EQ(variant->dies[0] + variant->dies[1], all_end(&p, variant->dies));
		ASSERT_TRUE(arrive(self, variant->outbound, from, 100))
			TH_LOG("round %d: %lld, %lld dropped", round,
			       nexus_counter("va", "tx_drop_inter"),
			       nexus_counter("va", "tx_drop_device"));
		for (i = 0; i < 2; i++) {
			if (!variant->dies[i]) {
				EXPECT_EQ(before[i] + 100, ACCEPTED(i));
				continue;
			}
			p.pid[i] = inter_process(p.id[i]);
			ASSERT_GT(p.pid[i], 0) TH_LOG("round %d", round);
			before[i] = ACCEPTED(i);
		}
		ASSERT_EQ(0, go(self, variant->outbound, from + 100, 10));
		ASSERT_TRUE(arrive(self, variant->outbound, from + 100, 10))
			TH_LOG("round %d", round);
		for (i = 0; i < 2; i++)
			EXPECT_EQ(UNET_INTER_SERVING, LOOK(i).state);
		for (i = 0; i < 2; i++)
			EXPECT_EQ(before[i] + (variant->dies[i] ? 10 : 110), ACCEPTED(i));
	}
	end(p.pid[0]);
	end(p.pid[1]);
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(0, nexus_counter("va", "tx_drop_inter"));
}

TEST_HARNESS_MAIN
