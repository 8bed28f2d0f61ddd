// SPDX-License-Identifier: MIT
/*
 * Description: an intermediary whose violations ended its claim (R4.5, R4.8) is out for
 * good: its policy acts, closed for ever or for a time, on what it held and what comes,
 * in both directions and on no other flow; nobody claims the grant again; once it is
 * revoked packets pass as if it had never been.
 */
/* libs: -lpthread */
#include "effort.h"
#include "inter_bed.h"

#include <pthread.h>

#define OTHER	(PORT + 1)	/* a port whose flow has nobody in it */
#define AFTER	3000u		/* ms */

static void offend(struct chan *m, int n)
{
	while (n--)
		inter_verdict(m, 0, UNET_VERDICT_ACCEPT, 1);
}

static int claim(uint32_t id)
{
	struct unet_inter_open o;
	struct chan again;
	int err = inter_open(&again, id, &o);

	if (!err)
		chan_close(&again);
	return err;
}

static int claim_as_another(uint32_t id)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(-claim(id));
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
	       -WEXITSTATUS(status) : -ECHILD;
}

/* The file is still open, then it is closed; and another process may not either. */
static void nobody_claims_it(struct __test_metadata *_metadata,
			     struct _test_data_inter *self)
{
	EXPECT_EQ(-EACCES, claim(self->id));
	chan_close(&self->m);
	self->m.fd = -1;
	EXPECT_EQ(-EACCES, claim(self->id));
	EXPECT_EQ(-EACCES, claim_as_another(self->id));
	EXPECT_EQ(UNET_INTER_BARRED, inter_look(&self->nl, self->id).state);
	EXPECT_EQ(1, inter_look(&self->nl, self->id).flows);
}

/* From @number on, both ways. */
static void revoked_packets_pass(struct __test_metadata *_metadata,
				 struct _test_data_inter *self, uint32_t number)
{
	uint64_t in = nexus_counter("va", "rx_drop_inter");
	uint64_t out = nexus_counter("va", "tx_drop_inter");
	uint32_t i;

	EXPECT_NE(0, self->c.adv[self->adv].flags & UNET_ADV_INTERMEDIATED);
	ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	EXPECT_EQ(0, self->c.adv[self->adv].flags & UNET_ADV_INTERMEDIATED);
	ASSERT_EQ(0, peer_sends(self->peer, number, 10));
	EXPECT_EQ(10, owner_takes(&self->c, number, 10, 2000));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, owner_sends(&self->c, self->flow, number + i));
	EXPECT_EQ(0, peer_takes(self->peer, number, 10));
	EXPECT_EQ(in, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(out, nexus_counter("va", "tx_drop_inter"));
	EXPECT_EQ(-ENOENT, claim(self->id));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).found);
}

/* Five come and two go, and are held. */
static void some_are_held(struct __test_metadata *_metadata,
			  struct _test_data_inter *self)
{
	ASSERT_EQ(0, peer_sends(self->peer, 1, 5));
	ASSERT_NE(0, shown(&self->m, 5));
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 1));
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 2));
	ASSERT_NE(0, shown(&self->m, 1));
	EXPECT_EQ(7, inter_look(&self->nl, self->id).held);
}

TEST_F(inter, barred_and_closed_nothing_passes_until_it_is_revoked)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, OTHER,
					  NULL, 0);
	uint32_t reason = 0, n = 77;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED, .violations = 3,
	   .proto = IPPROTO_UDP, .local_port = PORT);
	some_are_held(_metadata, self);
	offend(&self->m, 2);
	EXPECT_EQ(UNET_INTER_SERVING, inter_look(&self->nl, self->id).state);
	EXPECT_EQ(7, inter_look(&self->nl, self->id).held);
	offend(&self->m, 1);
	EXPECT_EQ(UNET_INTER_BARRED, inter_look(&self->nl, self->id).state);
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->m, &reason));
	EXPECT_EQ(UNET_POISON_INTER_ABUSE, reason);
	EXPECT_TRUE(inter_holds_nothing(&self->nl, self->id));
	EXPECT_EQ(7, STAT(BLOCKED));
	/* What comes is dropped likewise, and only that. */
	ASSERT_EQ(0, peer_sends(self->peer, 10, 20));
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 10));
	EXPECT_EQ(0, owner_takes(&self->c, 1, 1, 300));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, OTHER, &n, sizeof(n)));
	EXPECT_EQ(1, owner_takes(&self->c, 77, 1, 2000));
	EXPECT_EQ(28, STAT(BLOCKED));
	EXPECT_EQ(0, STAT(MISSED));
	EXPECT_EQ(7, STAT(PACKETS));
	EXPECT_EQ(25, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(3, nexus_counter("va", "tx_drop_inter"));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->c, NULL));
	nobody_claims_it(_metadata, self);
	revoked_packets_pass(_metadata, self, 100);
}

#define A_ROUND	200	/* packets: less than the backlog, however slow the machine */

static int to_send;	/* in this round; -1: no more */

static void *send_in_rounds(void *arg)
{
	uint32_t n = 0;
	int left;

	while ((left = __atomic_load_n(&to_send, __ATOMIC_RELAXED)) >= 0) {
		if (!left) {
			usleep(100);
			continue;
		}
		peer_sends(*(int *)arg, n++, 1);
		__atomic_compare_exchange_n(&to_send, &left, left - 1, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F_TIMEOUT(inter, who_leaves_amid_packets_is_to_blame_for_nothing, 120)
{
	struct grant g = { .rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000,
			   .violations = 1 };
	int i, rounds = effort(500);
	pthread_t thread;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_in_rounds, &self->peer));
	for (i = 0; i < rounds; i++) {
		if (inter_open(&self->m, self->id, &self->o))
			break;
		__atomic_store_n(&to_send, A_ROUND, __ATOMIC_RELAXED);
		usleep(200 + 100 * (i % 10));
		chan_close(&self->m);
	}
	__atomic_store_n(&to_send, -1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(rounds, i);
	EXPECT_LT(0, STAT(PACKETS));
	EXPECT_EQ(0, STAT(BACKLOG));
	EXPECT_EQ(0, STAT(HELD_TOO_LONG));
}

/* The first that is held for too long ends the claim of all. */
TEST_F(inter, barred_for_being_slow_and_closed_it_drops_all_it_held)
{
	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED, .hold_ms = 100,
	   .violations = 1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 20));
	EXPECT_EQ(0, owner_takes(&self->c, 1, 1, 500));
	EXPECT_EQ(UNET_INTER_BARRED, inter_look(&self->nl, self->id).state);
	EXPECT_TRUE(inter_holds_nothing(&self->nl, self->id));
	EXPECT_EQ(20, STAT(BLOCKED));
	EXPECT_LE(1, STAT(HELD_TOO_LONG));
	nobody_claims_it(_metadata, self);
	revoked_packets_pass(_metadata, self, 100);
}

/*
 * One packet each tenth of a second, from @number on, until one comes: it, or 0: none.
 * @last was sent by then.
 */
static uint32_t first_to_pass(struct _test_data_inter *self, uint32_t number,
			      uint32_t *last)
{
	uint64_t end = mono_ms() + 5 * AFTER;
	const struct unet_rx_slot *s = NULL;

	for (*last = number - 1; !s && mono_ms() < end; ++*last) {
		if (peer_sends(self->peer, *last + 1, 1))
			return 0;
		s = chan_rx_peek(&self->c, 100);
	}
	if (s)
		memcpy(&number, (uint8_t *)chan_buf(&self->c, s->first) + 28, 4);
	return s ? number : 0;
}

TEST_F(inter, barred_and_open_after_a_time)
{
	uint32_t first, last, dropped, i;
	uint64_t start;

	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_AFTER, .after_ms = AFTER,
	   .violations = 3);
	some_are_held(_metadata, self);
	start = mono_ms();
	offend(&self->m, 3);
	EXPECT_EQ(UNET_INTER_BARRED, inter_look(&self->nl, self->id).state);
	EXPECT_TRUE(inter_holds_nothing(&self->nl, self->id));
	EXPECT_EQ(UNET_INTER_BARRED, inter_look(&self->nl, self->id).state);
	first = first_to_pass(self, 10, &last);
	ASSERT_NE(0, first);
	/* A tick early, as it counts in them. */
	EXPECT_LE(AFTER - 10, mono_ms() - start);
	dropped = 7 + first - 10;
	EXPECT_EQ(dropped, STAT(BLOCKED));
	EXPECT_EQ(dropped - 2, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(2, nexus_counter("va", "tx_drop_inter"));
	/* From now on all pass. */
	ASSERT_EQ(0, peer_sends(self->peer, last + 1, 20));
	EXPECT_EQ(last + 21 - first,
		  owner_takes(&self->c, first, last + 21 - first, 2000));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, owner_sends(&self->c, self->flow, 1000 + i));
	EXPECT_EQ(0, peer_takes(self->peer, 1000, 5));
	EXPECT_EQ(last + 26 - first, STAT(MISSED));
	EXPECT_EQ(dropped, STAT(BLOCKED));
	EXPECT_EQ(7, STAT(PACKETS));
	nobody_claims_it(_metadata, self);
	revoked_packets_pass(_metadata, self, 2000);
}

TEST_HARNESS_MAIN
