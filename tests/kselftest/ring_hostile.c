// SPDX-License-Identifier: MIT
/*
 * Description: a program that lies in every word it can write (D8, R7.1). Each
 * broken cursor or buffer index poisons its own channel with the right reason;
 * a second thread that scribbles over all writable memory while traffic runs
 * hurts nobody: the neighbour's packets stay whole and in order, and of what the
 * villain sends no packet has another source than its own, or another length than it
 * says, however fast headers and slots change (R6.1).
 * The scribbling takes 60 s, less by UNET_EFFORT.
 */
/* libs: -lpthread */
#include "topo.h"
#include "chan.h"
#include "effort.h"
#include "nexus.h"
#include "kselftest_harness.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <pthread.h>

FIXTURE(hostile) {
	struct topo t;
	struct chan c;		/* the villain */
	struct chan good;	/* its neighbour */
	int peer;
	uint32_t flow;
};

FIXTURE_SETUP(hostile)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1000,
					  NULL, 0);

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, chan_open(&self->good, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	self->flow = r.flow;
	r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 2000, NULL, 0);
	ASSERT_EQ(0, chan_flow_add(&self->good, &r));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
}

FIXTURE_TEARDOWN(hostile)
{
	close(self->peer);
	chan_close(&self->c);
	chan_close(&self->good);
	topo_teardown(&self->t);
}

static int neighbour_is_well(struct chan *good, int peer, int n)
{
	const struct unet_rx_slot *s;
	uint32_t i, seen = 0, b;

	for (i = 0; i < (uint32_t)n; i++)
		if (send_to(peer, OUR_V4, 2000, &i, 4))
			return -1;
	while (seen < (uint32_t)n) {
		s = chan_rx_peek(good, 20 * 1000);
		if (!s)
			return -2;
		for (b = s->first; b != UNET_NO_BUF; b = good->desc[b].next) {
			if (memcmp(chan_buf(good, b) + 28, &seen, 4))
				return -3;
			seen++;
		}
		chan_rx_next(good);
	}
	return 0;
}

static void poke(struct chan *c, int peer)
{
	int i;

	for (i = 0; i < 4; i++)
		send_to(peer, OUR_V4, 1000, "poke", 4);
	chan_sync(c, UNET_SYNC_TX | UNET_SYNC_FREE);
}

/* What poll() says at once, of all there is to be said. */
static int polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

#define EXPECT_POISON(why)						\
do {									\
	uint32_t reason = 0;						\
									\
	poke(&self->c, self->peer);					\
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->c, &reason));	\
	EXPECT_EQ(why, reason);						\
	EXPECT_EQ(why, self->c.info->reason);				\
	EXPECT_EQ(-EIO, chan_sync(&self->c, UNET_SYNC_TX));		\
	EXPECT_EQ(POLLERR | POLLHUP, polled(self->c.fd));		\
	EXPECT_EQ(1, nexus_counter("va", "ch_poisoned"));		\
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->good, NULL));	\
	EXPECT_EQ(0, neighbour_is_well(&self->good, self->peer, 50));	\
} while (0)

TEST_F(hostile, rx_head_past_tail_is_poison)
{
	/* Farther ahead than what is about to arrive. */
	self->c.uring->rx_head = self->c.kring->rx_tail + 100;
	EXPECT_POISON(UNET_POISON_RX_CURSOR);
}

TEST_F(hostile, rx_head_moved_backwards_is_poison)
{
	poke(&self->c, self->peer);
	ASSERT_NE(NULL, chan_rx_peek(&self->c, 2000));
	chan_rx_next(&self->c);
	poke(&self->c, self->peer);
	self->c.uring->rx_head = 0xfffffff0;
	EXPECT_POISON(UNET_POISON_RX_CURSOR);
}

TEST_F(hostile, done_head_past_tail_is_poison)
{
	self->c.uring->done_head = 7;
	EXPECT_POISON(UNET_POISON_DONE_CURSOR);
}

TEST_F(hostile, tx_tail_more_than_a_ring_ahead_is_poison)
{
	self->c.uring->tx_tail = self->c.bind.layout.params.tx_slots + 1;
	EXPECT_POISON(UNET_POISON_TX_CURSOR);
}

TEST_F(hostile, free_tail_more_than_a_ring_ahead_is_poison)
{
	self->c.uring->free_tail = self->c.bind.layout.free_entries + 1;
	EXPECT_POISON(UNET_POISON_FREE_CURSOR);
}

TEST_F(hostile, freeing_no_such_buffer_is_poison)
{
	self->c.free[0] = 0x7fffffff;
	store_release(&self->c.uring->free_tail, 1);
	EXPECT_POISON(UNET_POISON_FREE_INDEX);
}

TEST_F(hostile, freeing_a_buffer_of_the_kernel_is_poison)
{
	self->c.free[0] = 5;
	store_release(&self->c.uring->free_tail, 1);
	EXPECT_POISON(UNET_POISON_FREE_INDEX);
}

TEST_F(hostile, freeing_a_buffer_twice_is_poison)
{
	const struct unet_rx_slot *s;
	uint32_t b;

	poke(&self->c, self->peer);
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	b = s->first;
	self->c.free[0] = b;
	self->c.free[1] = b;
	store_release(&self->c.uring->free_tail, 2);
	EXPECT_POISON(UNET_POISON_FREE_INDEX);
}

struct sleeper {
	int fd;
	int said;	/* -errno of the sync, revents of the poll */
};

static void *sleep_in_sync(void *arg)
{
	struct unet_sync w = { .size = sizeof(w), .flags = UNET_SYNC_WAIT,
			       .timeout_ns = 60000000000ull };
	struct sleeper *s = arg;

	s->said = chan_ioctl(s->fd, UNET_IOC_SYNC, &w);
	return NULL;
}

static void *sleep_in_poll(void *arg)
{
	struct sleeper *s = arg;
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	s->said = poll(&p, 1, 60000) == 1 ? p.revents : 0;
	return NULL;
}

/* Whoever waits for a channel that ends must not wait on. */
TEST_F(hostile, poison_wakes_who_sleeps)
{
	struct sleeper sync = { .fd = self->c.fd }, polls = sync;
	uint64_t began = mono_ms();
	pthread_t thread[2];

	ASSERT_EQ(0, pthread_create(&thread[0], NULL, sleep_in_sync, &sync));
	ASSERT_EQ(0, pthread_create(&thread[1], NULL, sleep_in_poll, &polls));
	usleep(300 * 1000);
	self->c.uring->free_tail = self->c.bind.layout.free_entries + 1;
	/* No packet comes that would wake them, too. */
	EXPECT_EQ(-EIO, chan_sync(&self->c, UNET_SYNC_FREE));
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	EXPECT_EQ(-EIO, sync.said);
	EXPECT_EQ(POLLERR | POLLHUP, polls.said);
	/* Not because their time was over. */
	EXPECT_GT(50000, mono_ms() - began);
	EXPECT_POISON(UNET_POISON_FREE_CURSOR);
}

TEST_F(hostile, refused_slots_answer_with_their_reason)
{
	static const struct {
		struct unet_tx_slot s;
		int status;
	} rows[] = {
		{ { .extents = 0 }, UNET_CNT_TX_BAD_SLOT },
		{ { .extents = 7, .header_len = 28 }, UNET_CNT_TX_BAD_SLOT },
		{ { .extents = 1, .flags = 1, .header_len = 28 }, UNET_CNT_TX_BAD_SLOT },
		{ { .extents = 1, .header_len = 28, .extent = { { 0xffffffff, 100 } } }, UNET_CNT_TX_BAD_EXTENT },
		{ { .extents = 1, .header_len = 28, .extent = { { 0, 0xffffffff } } }, UNET_CNT_TX_BAD_EXTENT },
		{ { .extents = 1, .header_len = 28, .extent = { { 0xffffff00, 0x200 } } }, UNET_CNT_TX_BAD_EXTENT },
		{ { .extents = 2, .header_len = 28, .extent = { { 0, 100 }, { 0, 0 } } }, UNET_CNT_TX_BAD_EXTENT },
		{ { .extents = 1, .header_len = 28, .extent = { { 0, 100 } } }, UNET_CNT_TX_BAD_HEADER },
	};
	const struct unet_done *d;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct unet_tx_slot s = rows[i].s;

		s.flow = self->flow;
		s.cookie = i;
		chan_tx_slot(&self->c, &s);
		ASSERT_EQ(0, chan_sync(&self->c, UNET_SYNC_TX));
		d = chan_done(&self->c, 1000);
		ASSERT_NE(NULL, d);
		EXPECT_EQ(i, d->cookie);
		EXPECT_EQ(rows[i].status, d->status) TH_LOG("row %u", i);
	}
}

/* ---- the storm ---- */

#define VILLAIN_PORT	3000
#define SECOND_PORT	3002	/* its other flow's */
#define ENOUGH		20	/* sends that go out while memory is scribbled on */

/* What is scribbled on; the last of each, which poisons soon, once ENOUGH was sent. */
enum kind {
	MEMORY,		/* buffers and headers */
	CURSORS,	/* likewise, then cursors */
	SLOTS,		/* the slots of a flight, then what is on FREE */
};

/* A channel of the villain's, from its start to its end. */
struct life {
	struct chan c;
	enum kind kind;
	uint32_t flow[2];
	uint32_t seen;			/* of DONE */
	unsigned long sent;		/* out, says the kernel */
	unsigned long refused;
	unsigned long bad_slot;		/* of the refused */
	unsigned long bad_extent;
	volatile bool wild;		/* the last is scribbled on, too */
	volatile bool stop;
};

static int add_flow(struct life *v, int which, int port)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, port, NULL, 0);
	int err = chan_flow_add(&v->c, &r);

	v->flow[which] = r.flow;
	return err;
}

static int begin_life(struct life *v, enum kind kind)
{
	int err;

	memset(v, 0, sizeof(*v));
	v->kind = kind;
	err = chan_open(&v->c, "va", NULL);
	if (!err)
		err = add_flow(v, 0, VILLAIN_PORT);
	if (!err)
		err = add_flow(v, 1, SECOND_PORT);
	return err;
}

/* A random word of a region becomes @r; low ones, where the traffic is, mostly. */
static void scribble_in(struct chan *c, int region, uint64_t r)
{
	size_t words = c->bind.layout.region[region].bytes / 4;
	uint32_t *at = c->at[region];

	at[(r >> 8) % (r & 1 ? words : 4096)] = r >> 32;
}

/*
 * The source of the headers at the start of TX is true, forged, true: a check of one
 * copy says nothing of the next. Now and then any word of the first 64 bytes.
 */
static void scribble_header(struct chan *c, uint64_t r)
{
	static const uint8_t address[2][4] = { { 10, 9, 0, 2 }, { 10, 9, 0, 66 } };
	const uint16_t port = htons(VILLAIN_PORT + (r >> 32 & 1));

	if (!(r >> 33 & 1023))
		memcpy(c->tx_mem + (r >> 44) % 16 * 4, &r, 4);
	else if (r >> 43 & 1)
		memcpy(c->tx_mem + 12, address[r >> 32 & 1], 4);
	else
		memcpy(c->tx_mem + 20, &port, 2);
}

/* Mostly small steps: wild ones are caught at the door. */
static void scribble_cursors(struct chan *c, uint64_t r)
{
	uint32_t *words = c->at[UNET_REGION_URING];
	size_t n = c->bind.layout.region[UNET_REGION_URING].bytes / 4;

	if (!(r & 0xff))
		words[(r >> 8) % n] = r >> 32;
	else
		words[(r >> 8) % 4 * 16] += (r >> 40) & 3;
}

static void scribble_memory(struct chan *c, uint64_t r)
{
	scribble_header(c, r);
	scribble_in(c, UNET_REGION_TX, r);
	scribble_in(c, UNET_REGION_RX_SMALL, r * 5);
	scribble_in(c, UNET_REGION_RX_LARGE, r * 7);
}

static uint64_t next_random(uint64_t r)
{
	r ^= r << 13;
	r ^= r >> 7;
	return r ^ r << 17;
}

/* A sound slot, but for one field. */
static struct unet_tx_slot lie_of(const struct life *v,
				  const struct unet_tx_slot *truth, uint64_t r)
{
	static const uint32_t odd[] = {
		0, 1, 8, 20, 29, 127, 1000, 4096, 60000, 0x10000, 0x7ffffff0,
		0xffffff00, 0xffffffff,
	};
	uint32_t n = odd[(r >> 32) % ARRAY_SIZE(odd)], which = r >> 8 & 1;
	struct unet_tx_slot s = *truth;

	switch ((r >> 16) % 7) {
	case 0:
		s.flow = n & 1 ? v->flow[which] : n;
		break;
	case 1:
		s.seg_size = n;
		break;
	case 2:
		s.header_len = n;
		break;
	case 3:
		s.extents = r >> 24 & 7;
		break;
	case 4:
		s.flags = 1u << (r >> 24 & 15);
		break;
	case 5:
		s.extent[which].offset = n;
		break;
	case 6:
		s.extent[which].len = n;
		break;
	}
	return s;
}

static void stay(unsigned int moment)
{
	do
		__asm__ volatile("" : : : "memory");
	while (moment--);
}

/* All of a slot, for a moment. */
static void put_slot(struct unet_tx_slot *at, const struct unet_tx_slot *s,
		     unsigned int moment)
{
	memcpy(at, s, sizeof(*at));
	stay(moment);
}

/*
 * A slot of the flight that the kernel is at is true, a lie, true until it has taken
 * the flight: a check of one copy says nothing of the next.
 */
static void scribble_flight(struct life *v, uint64_t r)
{
	struct chan *c = &v->c;
	uint32_t mask = c->bind.layout.params.tx_slots - 1;
	uint32_t head = load_acquire(&c->kring->tx_head);
	uint32_t flight = load_acquire(&c->uring->tx_tail) - head;
	struct unet_tx_slot truth, lie, *at;

	if (!flight)
		return;
	at = &c->tx[(head + (r >> 40) % flight) & mask];
	truth = *at;
	while (!v->stop && load_acquire(&c->kring->tx_head) == head) {
		r = next_random(r);
		lie = lie_of(v, &truth, r);
		put_slot(at, &lie, r >> 52 & 31);
		put_slot(at, &truth, r >> 57 & 31);
	}
}

/* An entry of FREE that the kernel has not taken is no buffer of ours for a moment. */
static void scribble_free(struct chan *c, uint64_t r)
{
	uint32_t mask = c->bind.layout.free_entries - 1;
	uint32_t head = load_acquire(&c->kring->free_head);
	uint32_t num = load_acquire(&c->uring->free_tail) - head;
	volatile uint32_t *at;
	uint32_t truth;

	if (!num)
		return;
	at = &c->free[(head + (r >> 40) % num) & mask];
	truth = *at;
	*at = r & 1 ? r >> 32 : r >> 32 & mask;
	stay(r >> 57 & 31);
	*at = truth;
}

static void *scribble(void *arg)
{
	struct life *v = arg;
	uint64_t r = 88172645463325252ull;

	while (!v->stop) {
		r = next_random(r);
		if (v->wild && v->kind == CURSORS)
			scribble_cursors(&v->c, r);
		if (v->wild && v->kind == SLOTS)
			scribble_free(&v->c, r);
		if (v->kind == SLOTS)
			scribble_flight(v, r);
		else
			scribble_memory(&v->c, r);
	}
	return NULL;
}

/* What became of sends: these words the villain cannot write. */
static void count_done(struct life *v)
{
	uint32_t entries = v->c.bind.layout.done_entries;
	uint32_t tail = load_acquire(&v->c.kring->done_tail);

	if (tail - v->seen > entries)
		v->seen = tail - entries;
	for (; v->seen != tail; v->seen++) {
		uint16_t status = v->c.done[v->seen & (entries - 1)].status;

		v->sent += !status;
		v->refused += !!status;
		v->bad_slot += status == UNET_CNT_TX_BAD_SLOT;
		v->bad_extent += status == UNET_CNT_TX_BAD_EXTENT;
	}
	store_release(&v->c.uring->done_head, tail);
}

/*
 * A sound send, but that its slot and header change under the kernel. So much payload
 * stays in place: DONE comes by completion.
 */
static void send_while_scribbled(struct life *v)
{
	struct chan *c = &v->c;
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = VILLAIN_PORT, .dport = 9000,
		.data = c->at[UNET_REGION_RX_SMALL], .bytes = 1000,
	};
	uint32_t hdr = build_packet(c->tx_mem, &p);
	struct unet_tx_slot s = { .flow = v->flow[0], .header_len = hdr, .extents = 1,
				  .extent = { { 0, hdr + p.bytes } } };

	chan_tx_slot(c, &s);
	chan_sync(c, UNET_SYNC_TX | UNET_SYNC_FREE);
	count_done(v);
	store_release(&c->uring->rx_head, load_acquire(&c->kring->rx_tail));
}

#define FLIGHT		8	/* slots that are sent together */
#define HEADER_ROOM	2048
#define PIECE		1000

/* A sound slot of one of the two flows, every other a super one. */
static void add_to_flight(struct life *v, unsigned int i)
{
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = i & 2 ? SECOND_PORT : VILLAIN_PORT,
		.dport = 9000,
	};
	uint32_t at = (i & 2) * HEADER_ROOM;
	uint32_t hdr = build_packet(v->c.tx_mem + at, &p);
	struct unet_tx_slot s = {
		.flow = v->flow[i >> 1 & 1], .header_len = hdr, .extents = 1,
		.extent = { { at, hdr + PIECE } },
	};

	if (i & 1) {
		s.seg_size = PIECE;
		s.extents = 2;
		s.extent[1] = (struct unet_extent){ HEADER_ROOM, 2 * PIECE };
	}
	chan_tx_slot(&v->c, &s);
}

/* All cursors are sound, and buffers go back when they were seen. */
static void fly_while_scribbled(struct life *v)
{
	struct chan *c = &v->c;
	unsigned int i;

	for (i = 0; i < FLIGHT; i++)
		if (c->uring->tx_tail - load_acquire(&c->kring->tx_head) <
		    c->bind.layout.params.tx_slots)
			add_to_flight(v, i);
	chan_sync(c, UNET_SYNC_TX);
	while (load_acquire(&c->kring->rx_tail) != c->uring->rx_head)
		chan_rx_next(c);
	chan_sync(c, UNET_SYNC_FREE);
	count_done(v);
}

/* What comes to the peer. */
struct wire {
	int tap;
	unsigned long ours;	/* packets of UDP that are the villain's, and whole */
	unsigned long others;
	uint8_t first[32];	/* of the others */
};

static int wire_open(struct wire *w, struct topo *t)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_IP) };

	memset(w, 0, sizeof(*w));
	w->tap = peer_socket(t, AF_PACKET, SOCK_DGRAM);
	return bind(w->tap, (void *)&sll, sizeof(sll)) ? -errno : 0;
}

static int be16_at(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static bool villains_own(const uint8_t *p, int bytes)
{
	int h = (p[0] & 15) * 4;

	return p[0] >> 4 == 4 && bytes >= h + 8 && p[9] == IPPROTO_UDP &&
	       !memcmp(p + 12, "\x0a\x09\x00\x02", 4) &&
	       (be16_at(p + h) == VILLAIN_PORT || be16_at(p + h) == SECOND_PORT) &&
	       be16_at(p + 2) == bytes && be16_at(p + h + 4) == bytes - h;
}

/* The host's own part is ICMP and IGMP. */
static void wire_look(struct wire *w)
{
	uint8_t p[2048];
	int n;

	while ((n = recv(w->tap, p, sizeof(p), MSG_DONTWAIT | MSG_TRUNC)) > 0) {
		if (p[9] == IPPROTO_ICMP || p[9] == IPPROTO_IGMP)
			continue;
		if (villains_own(p, n))
			w->ours++;
		else if (!w->others++)
			memcpy(w->first, p, sizeof(w->first));
	}
}

/* The neighbour's traffic, all the while. */
struct neighbour {
	struct chan *good;
	int peer;
	int wrong;
	unsigned long rounds;
};

static volatile bool storm_over;

static void *watch_neighbour(void *arg)
{
	struct neighbour *n = arg;

	while (!storm_over && !n->wrong) {
		n->wrong = neighbour_is_well(n->good, n->peer, 20);
		n->rounds++;
	}
	return NULL;
}

static bool enough(const struct life *v)
{
	return v->sent >= ENOUGH &&
	       (v->kind != SLOTS || (v->bad_slot && v->bad_extent));
}

/*
 * Live until there was enough of all, and a second at least. What poisons sooner or
 * later begins then, but with cursors at once, and lasts until it does.
 * Return: rounds.
 */
static unsigned long live(struct life *v, int peer, struct wire *wire)
{
	uint64_t turn = mono_ms() + 1000, patience = turn + 60 * 1000;
	unsigned long rounds = 0;

	while (mono_ms() < (v->kind != MEMORY || !enough(v) ? patience : turn) &&
	       chan_state(&v->c, NULL) == UNET_CHANNEL_LIVE) {
		if (v->kind == SLOTS)
			fly_while_scribbled(v);
		else
			send_while_scribbled(v);
		send_to(peer, OUR_V4, VILLAIN_PORT, "storm", 5);
		wire_look(wire);
		v->wild = v->kind != MEMORY && enough(v) &&
			  (v->kind == CURSORS || mono_ms() >= turn);
		rounds++;
	}
	return rounds;
}

/* Of the numbers on a slot and of the buffers on FREE, and of nothing else. */
static void slots_were_scribbled_on(struct __test_metadata *_metadata, struct life *v,
				    long long bad_slot, long long bad_extent)
{
	uint32_t reason = 0;

	EXPECT_LE(bad_slot + (long long)v->bad_slot, nexus_counter("va", "tx_bad_slot"));
	EXPECT_LE(bad_extent + (long long)v->bad_extent,
		  nexus_counter("va", "tx_bad_extent"));
	EXPECT_LT(0, v->bad_slot);
	EXPECT_LT(0, v->bad_extent);
	EXPECT_LT(0, load_acquire(&v->c.kring->free_head));
	if (chan_state(&v->c, &reason) != UNET_CHANNEL_LIVE)
		EXPECT_TRUE(reason == UNET_POISON_FREE_INDEX ||
			    reason == UNET_POISON_TX_ABUSE)
			TH_LOG("poisoned for reason %u", reason);
	TH_LOG("slots: %lu sent, %lu refused (%lu slot, %lu extent), %u given back, then %u",
	       v->sent, v->refused, v->bad_slot, v->bad_extent,
	       load_acquire(&v->c.kring->free_head), reason);
}

TEST_F_TIMEOUT(hostile, scribbling_hurts_only_the_scribbler, 600)
{
	static const enum kind kinds[] = { SLOTS, CURSORS, MEMORY, CURSORS };
	struct neighbour next = { .good = &self->good };
	uint64_t end = mono_ms() + effort(60) * 1000ull;
	unsigned long lives = 0, rounds = 0, received = 0, sent = 0, refused = 0;
	unsigned long poisoned = 0;
	pthread_t thread, other;
	struct wire wire;

	ASSERT_EQ(0, wire_open(&wire, &self->t));
	next.peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	storm_over = false;
	ASSERT_EQ(0, pthread_create(&other, NULL, watch_neighbour, &next));

	while (mono_ms() < end || lives < 3) {
		long long bad_slot = nexus_counter("va", "tx_bad_slot");
		long long bad_extent = nexus_counter("va", "tx_bad_extent");
		struct life v;

		ASSERT_EQ(0, begin_life(&v, kinds[lives % ARRAY_SIZE(kinds)]));
		ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &v));
		rounds += live(&v, self->peer, &wire);
		poisoned += chan_state(&v.c, NULL) == UNET_CHANNEL_POISONED;
		v.stop = true;
		pthread_join(thread, NULL);
		count_done(&v);
		EXPECT_LE(ENOUGH, v.sent);
		if (v.kind == SLOTS)
			slots_were_scribbled_on(_metadata, &v, bad_slot, bad_extent);
		received += load_acquire(&v.c.kring->rx_tail);
		sent += v.sent;
		refused += v.refused;
		chan_close(&v.c);
		lives++;
	}
	storm_over = true;
	pthread_join(other, NULL);
	wire_look(&wire);
	close(wire.tap);
	close(next.peer);
	TH_LOG("%lu channels scribbled on, %lu poisoned, %lu rounds", lives,
	       poisoned, rounds);
	TH_LOG("%lu slots received, %lu sent, %lu refused, %lu rounds of the neighbour",
	       received, sent, refused, next.rounds);
	TH_LOG("%lu packets at the peer, %lu forged or not whole", wire.ours, wire.others);
	EXPECT_EQ(0, next.wrong);
	EXPECT_LT(0, next.rounds);
	EXPECT_LT(0, poisoned);
	EXPECT_LE(lives, received);
	EXPECT_LT(0, refused);
	EXPECT_LE(lives, wire.ours);
	EXPECT_EQ(0, wire.others)
		TH_LOG("protocol %u from %u.%u.%u.%u, port %d, says it has %d bytes",
		       wire.first[9], wire.first[12], wire.first[13],
		       wire.first[14], wire.first[15], be16_at(wire.first + 20),
		       be16_at(wire.first + 2));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->good, NULL));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->c, NULL));
}

TEST_HARNESS_MAIN
