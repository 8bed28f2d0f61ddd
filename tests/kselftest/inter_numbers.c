// SPDX-License-Identifier: MIT
/* libs: -lpthread */
/*
 * Description: intermediaries come into a live flow of numbered datagrams, both ways at
 * once, and leave it, 200 times (R4.8): at either end the next number is always the one
 * that has to come. Datagrams are not sent again: what is lost, doubled or overtaken is
 * seen. They leave having seen nothing, with answers given to some, to all, or with
 * all that is on its way held; revoked, closed before that, or claimed twice; alone
 * in the flow, or before and behind another. Fewer times by UNET_EFFORT.
 */
#include <pthread.h>

#include "effort.h"
#include "inter_bed.h"
#include "pin.h"

#define WINDOW	400	/* on their way at once: there is room for so many anywhere */
#define PATIENCE 60000	/* ms */

FIXTURE_VARIANT(inter) {
	bool beside;
};

FIXTURE_VARIANT_ADD(inter, alone) { false };
FIXTURE_VARIANT_ADD(inter, beside_another) { true };

#define get(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define put(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)

/* One of the two ways; each member has one writer, and is atomic. */
struct way {
	struct _test_data_inter *bed;
	uint32_t sent;
	uint32_t next;		/* number that has to come */
	uint32_t wrong;		/* another came */
	uint32_t failed;	/* could not be sent */
	bool stop;		/* no more is sent */
	bool over;		/* no more is taken */
	int (*send)(struct _test_data_inter *bed, uint32_t number);
};

static int send_in(struct _test_data_inter *bed, uint32_t number)
{
	return peer_sends(bed->peer, number, 1);
}

static int send_out(struct _test_data_inter *bed, uint32_t number)
{
	return owner_sends(&bed->c, bed->flow, number);
}

/*
 * As fast as they are taken. On one CPU, since veth hands a packet to the queue of the
 * CPU that sends: who moves overtakes himself.
 */
static void *send_all(void *arg)
{
	struct way *w = arg;
	uint32_t number = 0;

	run_on(1);
	while (!get(&w->stop)) {
		if (number - get(&w->next) >= WINDOW) {
			usleep(100);
			continue;
		}
		if (w->send(w->bed, number)) {
			put(&w->failed, 1);
			break;
		}
		put(&w->sent, ++number);
	}
	return NULL;
}

static void take(struct way *w, uint32_t number)
{
	if (number != w->next) {
		if (!w->wrong)
			printf("# %u instead of %u\n", number, w->next);
		put(&w->wrong, w->wrong + 1);
	}
	put(&w->next, number + 1);
}

static void *take_in(void *arg)
{
	struct way *w = arg;
	struct chan *c = &w->bed->c;
	const struct unet_rx_slot *s;
	uint32_t buf, number;

	while (!get(&w->over)) {
		s = chan_rx_peek(c, 50);
		if (!s)
			continue;
		for (buf = s->first; buf != UNET_NO_BUF; buf = c->desc[buf].next) {
			memcpy(&number, (uint8_t *)chan_buf(c, buf) + 28, 4);
			take(w, number);
		}
		chan_rx_next(c);
		chan_sync(c, UNET_SYNC_FREE);
	}
	return NULL;
}

static void *take_out(void *arg)
{
	struct way *w = arg;
	uint32_t number;

	while (!get(&w->over))
		if (recv(w->bed->peer, &number, sizeof(number), 0) == sizeof(number))
			take(w, number);
	return NULL;
}

/* ---- both ways at once ---- */

struct traffic {
	struct way way[2];	/* what comes, what goes */
	pthread_t thread[4];
};

static int begin(struct traffic *tr, struct _test_data_inter *bed)
{
	struct timeval tv = { .tv_usec = 50 * 1000 };
	int i;

	*tr = (struct traffic){ .way = { { .bed = bed, .send = send_in },
					 { .bed = bed, .send = send_out } } };
	setsockopt(bed->peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	/*
	 * What the peer has sent is its socket's until somebody takes it. Many CPUs send
	 * what goes: to the peer it comes through the queue of one.
	 */
	if (peer_room(bed->peer, 4 << 20) ||
	    sh_peer(&bed->t, "unshare -m sh -c \"mount -t sysfs none /sys && "
		    "echo 1 > /sys/class/net/vb/queues/rx-0/rps_cpus\""))
		return -1;
	for (i = 0; i < 2; i++)
		if (pthread_create(&tr->thread[i], NULL, send_all, &tr->way[i]))
			return -1;
	return pthread_create(&tr->thread[2], NULL, take_in, &tr->way[0]) ||
	       pthread_create(&tr->thread[3], NULL, take_out, &tr->way[1]) ? -1 : 0;
}

static bool all_right(const struct traffic *tr)
{
	int i, bad = 0;

	for (i = 0; i < 2; i++)
		bad += get(&tr->way[i].wrong) + get(&tr->way[i].failed);
	return !bad;
}

static bool is_by(const struct traffic *tr, const uint32_t *until)
{
	return (int32_t)(get(&tr->way[0].next) - until[0]) >= 0 &&
	       (int32_t)(get(&tr->way[1].next) - until[1]) >= 0;
}

/* So many more have come at both ends; @m, if any, accepts what it is shown meanwhile. */
static bool goes_on(struct traffic *tr, struct chan *m, uint32_t n)
{
	uint32_t until[2] = { get(&tr->way[0].next) + n, get(&tr->way[1].next) + n };
	uint64_t end = mono_ms() + PATIENCE;

	while (!is_by(tr, until) && mono_ms() < end && all_right(tr)) {
		if (!m)
			usleep(500);
		else if (inter_accept_some(m, 8, 2) < 0)
			return false;
	}
	return is_by(tr, until);
}

/* All that are on their way are held, as many as may be. */
static bool stands_still(struct traffic *tr)
{
	struct _test_data_inter *bed = tr->way[0].bed;
	uint64_t end = mono_ms() + PATIENCE;
	uint32_t held;

	do {
		held = inter_look(&bed->nl, bed->id).held;
	} while (held != 2 * WINDOW && mono_ms() < end && all_right(tr) &&
		 !usleep(1000));
	if (held != 2 * WINDOW)
		printf("# %u held, %u and %u on their way\n", held,
		       get(&tr->way[0].sent) - get(&tr->way[0].next),
		       get(&tr->way[1].sent) - get(&tr->way[1].next));
	return held == 2 * WINDOW;
}

/* Nothing more is sent; what was has come. */
static bool end(struct traffic *tr)
{
	uint64_t until = mono_ms() + PATIENCE;
	uint32_t sent[2];
	bool come;
	int i;

	for (i = 0; i < 2; i++)
		put(&tr->way[i].stop, true);
	for (i = 0; i < 2; i++) {
		pthread_join(tr->thread[i], NULL);
		sent[i] = tr->way[i].sent;
	}
	while (!is_by(tr, sent) && mono_ms() < until && all_right(tr))
		usleep(1000);
	come = is_by(tr, sent);
	/* and nothing twice */
	usleep(100 * 1000);
	for (i = 0; i < 2; i++)
		put(&tr->way[i].over, true);
	for (i = 0; i < 2; i++)
		pthread_join(tr->thread[2 + i], NULL);
	return come;
}

/* ---- who comes and goes ---- */

static int claim(struct _test_data_inter *bed)
{
	static const struct unet_params params = {
		.rx_slots = 4096, .tx_slots = 256, .rx_small = 4096,
	};

	return inter_open_with(&bed->m, bed->id, &params, &bed->o);
}

static int come(struct _test_data_inter *bed, int32_t priority)
{
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000,
		.backlog = 4096, .violations = -1, .priority = priority,
	};
	int err = inter_grant(&bed->nl, &g, &bed->id);

	return err ? err : claim(bed);
}

static void close_claim(struct _test_data_inter *bed)
{
	chan_close(&bed->m);
	bed->m.fd = -1;
}

/* What was done of all there is to see. */
struct done {
	uint64_t accepted;
	uint64_t missed;
};

/* Four ways to be there. */
static bool stay(struct traffic *tr, int how)
{
	struct _test_data_inter *bed = tr->way[0].bed;

	switch (how % 4) {
	case 0:
		return goes_on(tr, &bed->m, 50);
	case 1:
		return stands_still(tr);
	case 2:
		return inter_accept_some(&bed->m, 3, 20) >= 0;
	}
	return true;
}

/* Three ways to go. */
static bool leave(struct traffic *tr, int how, struct done *done)
{
	struct _test_data_inter *bed = tr->way[0].bed;
	struct inter_seen seen;
	int err = 0;

	if (how % 3)
		close_claim(bed);
	if (how % 3 == 2)
		err = !goes_on(tr, NULL, 20) || claim(bed) || !goes_on(tr, &bed->m, 20);
	seen = inter_look(&bed->nl, bed->id);
	done->accepted += seen.stats[UNET_INTER_CNT_ACCEPTED];
	done->missed += seen.stats[UNET_INTER_CNT_MISSED];
	err = inter_revoke(&bed->nl, bed->id) || err;
	if (how % 3 != 1)
		close_claim(bed);
	return !err;
}

static pid_t another(struct _test_data_inter *bed)
{
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000,
		.backlog = 4096, .violations = -1,
	};
	uint32_t id;

	return inter_grant(&bed->nl, &g, &id) ? -1 : inter_process(id);
}

TEST_F_TIMEOUT(inter, two_hundred_come_and_go_and_no_number_is_missed, 900)
{
	int round, rounds = effort(200);
	struct done done = { 0 };
	struct traffic tr;
	pid_t other = 0;

	if (variant->beside)
		other = another(self);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, begin(&tr, self));
	for (round = 0; round < rounds; round++) {
		/* Nobody is there, but for the other. */
		if (!goes_on(&tr, NULL, 20) || come(self, round % 2 ? 5 : -5) ||
		    !stay(&tr, round / 2) || !leave(&tr, round / 8, &done) ||
		    !all_right(&tr))
			break;
	}
	EXPECT_EQ(rounds, round) TH_LOG("it went no further, %s", self->nl.said);
	EXPECT_TRUE(end(&tr));
	EXPECT_EQ(0, tr.way[0].wrong);
	EXPECT_EQ(0, tr.way[1].wrong);
	EXPECT_EQ(0, tr.way[0].failed);
	EXPECT_EQ(0, tr.way[1].failed);
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(0, nexus_counter("va", "tx_drop_inter"));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_no_buffer"));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_ring_full"));
	TH_LOG("%u came, %u went, %llu of them accepted, %llu held by who left",
	       tr.way[0].next, tr.way[1].next, (unsigned long long)done.accepted,
	       (unsigned long long)done.missed);
	/* Else nothing was tried. */
	EXPECT_LT(0, done.accepted);
	if (rounds > 10)
		EXPECT_LT(WINDOW, done.missed);
	if (other) {
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
	}
}

TEST_HARNESS_MAIN
