// SPDX-License-Identifier: MIT
/*
 * Description: grants are made, claimed, served, left alone, listed and revoked by
 * several threads at once, with words good and bad at random, while a flow has traffic
 * (R4.5, R4.6, R4.10). Every answer is an honest one; the flow's packets come all the
 * while, in order; nothing is left in the end.
 */
/* libs: -lpthread */
#include "inter_bed.h"
#include "effort.h"

#include <pthread.h>
#include <sched.h>

#define THREADS		4
#define PATIENCE	10000	/* ms; a kernel full of checkers takes its time */
#define SECONDS		10
#define IDS		32	/* grants that anybody may revoke */

/* What the threads share; ids come and go as they like. */
static uint32_t ids[IDS];
static bool stop;

/**
 * struct stormer - a thread that asks for all kinds of things
 * @thread:	it
 * @seed:	of what it asks for
 * @nl:		its socket
 * @grants:	made
 * @refused:	requests for grants that were not good
 * @claims:	it had
 * @served:	packets it let pass
 * @revoked:	grants
 * @listed:	dumps
 * @wrong:	the first answer that nobody should have been given; 0: none
 * @said:	what was said of it
 */
struct stormer {
	pthread_t thread;
	unsigned int seed;
	struct nl nl;
	int grants;
	int refused;
	int claims;
	int served;
	int revoked;
	int listed;
	int wrong;
	char said[256];
};

static uint32_t any(struct stormer *s, uint32_t below)
{
	return rand_r(&s->seed) % below;
}

static void judge(struct stormer *s, int err, const int *honest)
{
	for (; *honest; honest++)
		if (err == *honest)
			return;
	if (!err || s->wrong)
		return;
	s->wrong = err;
	snprintf(s->said, sizeof(s->said), "%s", s->nl.said);
}

/*
 * A grant that is good, and lets the flow's packets pass in the end: open, or closed
 * for others' packets.
 */
static void good_terms(struct stormer *s, struct grant *g)
{
	*g = (struct grant){
		.rights = (1 + any(s, UNET_INTER_ALL_RIGHTS - 1)) | OBSERVE,
		.directions = UNET_INTER_INBOUND | any(s, 2) << 1,
		.proto = IPPROTO_UDP,
		.hold_ms = 1 + any(s, 10),
		.priority = any(s, 9) - 4,
		.violations = any(s, 2) ? -1 : 1 + any(s, 20),
	};
	if (g->rights == UNET_INTER_ALL_RIGHTS)
		g->rights &= ~UNET_INTER_IDENTITY;
	if (g->rights & UNET_INTER_REDIRECT)
		g->redirect_port = PORT;
	if (any(s, 4) == 0) {
		g->policy = UNET_INTER_FAIL_CLOSED;
		g->remote_port = RPORT + 1;
	}
}

/* Attributes at random, in place of those or besides. */
static void spoil(struct stormer *s, struct nl_req *r)
{
	uint8_t bytes[64];
	uint32_t n, i, type;

	for (n = 1 + any(s, 3); n; n--) {
		type = any(s, UNET_IA_COUNT + 3);
		/* Closed, by chance: the flow would stand still. */
		if (type == UNET_IA_POLICY)
			continue;
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = any(s, 3) ? 0 : any(s, 256);
		nl_put(r, type, bytes, any(s, 8) ? 4 : any(s, 65));
	}
}

static void ask_for_grant(struct stormer *s)
{
	static const int honest[] = { -EINVAL, -ERANGE, -ENODEV, -ENOSPC, -EBADF, 0 };
	struct nl_req r;
	struct grant g;
	uint32_t id = 0, old;
	int err;

	good_terms(s, &g);
	inter_grant_req(&s->nl, &r, &g);
	if (any(s, 2))
		spoil(s, &r);
	err = nl_ask(&s->nl, &r, inter_keep_id, &id);
	judge(s, err, honest);
	if (err) {
		s->refused++;
		return;
	}
	s->grants++;
	/* What is forgotten would be there to the end. */
	old = __atomic_exchange_n(&ids[any(s, IDS)], id, __ATOMIC_RELAXED);
	if (old)
		s->revoked += !inter_revoke(&s->nl, old);
}

static uint32_t some_id(struct stormer *s)
{
	uint32_t id = __atomic_load_n(&ids[any(s, IDS)], __ATOMIC_RELAXED);

	return any(s, 20) ? id : any(s, 1000);
}

/* Serve one well, or badly, or not at all. */
static void claim(struct stormer *s)
{
	static const struct unet_params small = {
		.rx_slots = 16, .tx_slots = 16, .rx_small = 64, .rx_large = 1,
		.tx_bufs = 16,
	};
	static const int honest[] = { -ENOENT, -EBUSY, -EACCES, -ENODEV, 0 };
	struct unet_inter_open o;
	struct chan c;
	int err = inter_open_with(&c, some_id(s), &small, &o), n;

	judge(s, err, honest);
	if (err)
		return;
	s->claims++;
	if (any(s, 4)) {
		n = inter_accept_some(&c, any(s, 8), 20);
		s->served += n > 0 ? n : 0;
	} else {
		inter_verdict(&c, any(s, 3), any(s, UNET_VERDICT_COUNT + 1), 1);
	}
	chan_close(&c);
}

static void take_back(struct stormer *s)
{
	static const int honest[] = { -ENOENT, 0 };
	int err = inter_revoke(&s->nl, some_id(s));

	judge(s, err, honest);
	s->revoked += !err;
}

static void count_one(const struct nl_reply *reply, void *arg)
{
	++*(int *)arg;
}

static void list(struct stormer *s)
{
	/* What changes while it is told may be told anew; lo is not attached. */
	static const int honest[] = { -EINTR, -ENODEV, 0 };
	struct nl_req r;
	int n = 0, err;

	nl_start(&s->nl, &r, s->nl.family, NLM_F_DUMP, UNET_CMD_INTER_GET);
	if (any(s, 2))
		nl_put_str(&r, UNET_IA_IFNAME, any(s, 2) ? "va" : "lo");
	err = nl_ask(&s->nl, &r, count_one, &n);
	judge(s, err, honest);
	s->listed += !err;
}

static void *storm(void *arg)
{
	struct stormer *s = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		switch (any(s, 8)) {
		case 0 ... 2:
			ask_for_grant(s);
			break;
		case 3 ... 4:
			claim(s);
			break;
		case 5 ... 6:
			take_back(s);
			break;
		default:
			list(s);
		}
	}
	return NULL;
}

/* Packets of the peer's, until the end. */
static void *send_numbers(void *arg)
{
	uint32_t n = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		peer_sends(*(int *)arg, n++, 1);
		usleep(500);
	}
	return NULL;
}

/*
 * Take what comes in @ms, and for @PATIENCE when nothing does: packets; -1: one that is
 * older than one before.
 */
static int take(struct chan *c, int ms, uint32_t *newest)
{
	uint64_t end = mono_ms() + ms;
	const struct unet_rx_slot *s;
	uint32_t b, i, number;
	int n = 0;

	while (mono_ms() < end + (n ? 0 : PATIENCE)) {
		s = chan_rx_peek(c, 20);
		if (!s)
			continue;
		for (b = s->first, i = 0; i < s->packets; i++, n++) {
			memcpy(&number, (uint8_t *)chan_buf(c, b) + 28, 4);
			/* Twice, it may be: there is a right to that. */
			if ((int32_t)(number - *newest) < 0)
				return -1;
			*newest = number;
			b = c->desc[b].next;
		}
		chan_rx_next(c);
		chan_sync(c, UNET_SYNC_FREE);
	}
	return n;
}

static struct stormer sum_of(const struct stormer *s)
{
	struct stormer sum = { 0 };
	int i;

	for (i = 0; i < THREADS; i++) {
		sum.grants += s[i].grants;
		sum.refused += s[i].refused;
		sum.claims += s[i].claims;
		sum.served += s[i].served;
		sum.revoked += s[i].revoked;
		sum.listed += s[i].listed;
	}
	return sum;
}

/* Has all happened that is to? A slow machine is given time for it. */
static bool has_all(const struct stormer *s)
{
	struct stormer sum = sum_of(s);

	return sum.grants && sum.refused && sum.claims && sum.served && sum.revoked &&
	       sum.listed;
}

TEST_F_TIMEOUT(inter, grants_come_and_go_in_a_storm, 200)
{
	static struct stormer stormers[THREADS];
	int i, n, tenth = effort(SECONDS * 100), taken = 0;
	struct stormer sum;
	uint32_t newest = 0;
	pthread_t sender;

	for (i = 0; i < THREADS; i++) {
		stormers[i].seed = 100 + i;
		ASSERT_EQ(0, nl_open(&stormers[i].nl));
		ASSERT_EQ(0, pthread_create(&stormers[i].thread, NULL, storm,
					    &stormers[i]));
	}
	ASSERT_EQ(0, pthread_create(&sender, NULL, send_numbers, &self->peer));
	for (i = 0; i < 10 || (i < 1000 && !has_all(stormers)); i++) {
		n = take(&self->c, tenth, &newest);
		EXPECT_LT(0, n) TH_LOG("tenth %d: packets %d", i, n);
		taken += n;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(sender, NULL);
	for (i = 0; i < THREADS; i++) {
		struct stormer *s = &stormers[i];

		pthread_join(s->thread, NULL);
		EXPECT_EQ(0, s->wrong) TH_LOG("%s: %s", strerror(-s->wrong), s->said);
		close(s->nl.fd);
	}
	sum = sum_of(stormers);
	n = inter_revoke_all(&self->nl);
	TH_LOG("%d packets; %d grants, %d refused, %d claims, %d served, %d + %d revoked, %d lists",
	       taken, sum.grants, sum.refused, sum.claims, sum.served, sum.revoked, n,
	       sum.listed);
	EXPECT_EQ(sum.grants, sum.revoked + n);
	EXPECT_LT(0, sum.grants);
	EXPECT_LT(0, sum.refused);
	EXPECT_LT(0, sum.claims);
	EXPECT_LT(0, sum.served);
	EXPECT_LT(0, sum.revoked);
	EXPECT_LT(0, sum.listed);
	/* The flow is as if nobody had ever been in it. */
	EXPECT_EQ(0, self->c.adv[self->adv].flags & UNET_ADV_INTERMEDIATED);
	take(&self->c, 100, &newest);
	ASSERT_EQ(0, peer_sends(self->peer, newest + 1, 20));
	EXPECT_EQ(20, owner_takes(&self->c, newest + 1, 20, 2000));
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 77));
	EXPECT_EQ(0, peer_takes(self->peer, 77, 1));
}

TEST_HARNESS_MAIN
