// SPDX-License-Identifier: MIT
/*
 * Description: how rules of packet types end, and what does not end them (R3.8, R7.4,
 * R7.5). The administrator deletes a channel's rule: packets no longer reach it, its
 * ports are free, its handle says so, members are told, and all else of the channel is
 * as it was. An owner that stands still loses its own packets, counted, and nobody
 * else's; it goes on where it was. A namespace goes while a process keeps the file of a
 * channel with rules there: all that the kernel made for them is gone, but the file.
 */
/* libs: -lpthread */
#include "ask.h"
#include "effort.h"
#include "live.h"
#include "nexus.h"
#include "type_hand.h"
#include "kselftest_harness.h"

#include <pthread.h>
#include <sys/mman.h>

#define PORT	7000
#define RPORT	9000
#define MINE	6	/* tag of the rule that ends */
#define STAYS	7	/* tags of what stays */
#define FLOW	8

FIXTURE(type_end) {
	struct live before;
	struct topo t;
	struct nl nl;
	struct chan c;
	int peer;		/* UDP socket of the peer, bound to RPORT */
	int home;		/* the namespace the test began in */
};

FIXTURE_SETUP(type_end)
{
	struct timeval tv = { .tv_sec = 5 };

	self->before = live_now();
	self->home = topo_open_ns(getpid());
	ASSERT_GE(self->home, 0);
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
}

FIXTURE_TEARDOWN(type_end)
{
	struct live now;

	close(self->peer);
	if (self->c.fd >= 0)
		chan_close(&self->c);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	close(self->home);
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* ---- the administrator's to delete ---- */

static int del_rule(struct nl *nl, uint32_t id, struct ask *a)
{
	const struct value one[] = { { UNET_A_TYPE, 4, &id }, { 0 } };

	ask_start(nl, a, UNET_CMD_TYPE_DEL);
	ask_fill(a, one, (const struct value[]){ { 0 } });
	return nl_ask(nl, &a->r, NULL, NULL);
}

static int host_socket(int port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	struct timeval tv = { .tv_sec = 5 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	err = bind_to(fd, OUR_V4, port);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static bool host_hears(int fd, const char *text)
{
	char buf[16];

	return recv(fd, buf, sizeof(buf), 0) == (ssize_t)strlen(text) &&
	       !memcmp(buf, text, strlen(text));
}

/* The advice on a handle; NULL: there is none. */
static const struct unet_flow_adv *advice_on(const struct chan *c, uint32_t flow)
{
	uint32_t i;

	for (i = 0; i < c->bind.layout.params.max_flows; i++)
		if (c->adv[i].flow == flow)
			return &c->adv[i];
	return NULL;
}

/* The next slot says that @flow ended, and nothing else. */
static bool told_the_end(struct chan *c, uint32_t flow, uint64_t tag)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 2000);
	bool end = s && s->flags == UNET_RX_END && s->flow == flow && s->tag == tag &&
		   !s->packets && s->first == UNET_NO_BUF;

	if (s)
		chan_rx_next(c);
	return end;
}

static int send_from(struct chan *c, uint32_t flow, int port)
{
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = port, .dport = RPORT,
		.data = "out", .bytes = 3,
	};

	return chan_send(c, flow, &p, 0);
}

/* A rule and a flow beside the one that ends: they hear, and the flow sends. */
static void the_channel_lives_on(struct __test_metadata *_metadata,
				 struct _test_data_type_end *self, uint32_t flow)
{
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->c, NULL));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 5, "x", 1));
	EXPECT_EQ(STAYS, next_tag(&self->c, 2000));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 9, "x", 1));
	EXPECT_EQ(FLOW, next_tag(&self->c, 2000));
	EXPECT_EQ(0, send_from(&self->c, flow, PORT + 9));
	EXPECT_TRUE(host_hears(self->peer, "out"));
}

/* No call of the owner finds it any more. */
static void nobody_knows(struct __test_metadata *_metadata, struct chan *c, uint32_t id)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT + 1);
	struct unet_type_req r;
	struct unet_type_ref ref;

	EXPECT_EQ(-ENOENT, type_modify(c, id, &spec, &r));
	EXPECT_EQ(-ENOENT, type_priority(c, id, 5000, &ref));
	EXPECT_EQ(-ENOENT, type_join(c, id, &ref));
	EXPECT_EQ(-ENOENT, type_del(c, id));
}

TEST_F(type_end, a_channels_rule_is_the_administrators_to_delete)
{
	struct unet_flow_req fr = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 9, NULL, 0);
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT + 1);
	struct unet_type_spec stays = spec_port(IPPROTO_UDP, PORT + 5, PORT + 5);
	const struct unet_flow_adv *adv;
	struct unet_type_req r, other;
	struct ask a;
	int host;

	fr.meta.tag = FLOW;
	ASSERT_EQ(0, type_add(&self->c, &spec, MINE, &r));
	ASSERT_EQ(0, type_add(&self->c, &stays, STAYS, &other));
	ASSERT_EQ(0, chan_flow_add(&self->c, &fr));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, "x", 1));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	EXPECT_EQ(0, send_from(&self->c, r.flow, PORT));
	EXPECT_TRUE(host_hears(self->peer, "out"));
	EXPECT_EQ(-EADDRINUSE, host_socket(PORT));
	adv = advice_on(&self->c, r.flow);
	ASSERT_NE(NULL, adv);
	/* Some are waiting to be read when it goes: they stay readable. */
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	ASSERT_NE(NULL, chan_rx_peek(&self->c, 2000));
	ASSERT_EQ(0, del_rule(&self->nl, r.id, &a)) TH_LOG("%s", self->nl.said);
	EXPECT_EQ(MINE, next_tag(&self->c, 0));
	EXPECT_TRUE(told_the_end(&self->c, r.flow, MINE));
	EXPECT_EQ(r.flow, adv->flow);
	EXPECT_NE(0, adv->flags & UNET_ADV_DEAD);
	EXPECT_FALSE(tell(&self->nl, r.id).there);
	EXPECT_EQ(1, tell(&self->nl, r.id).rules);
	nobody_knows(_metadata, &self->c, r.id);
	EXPECT_EQ(UNET_CNT_TX_BAD_FLOW, send_from(&self->c, r.flow, PORT));
	EXPECT_EQ(-ENOENT, del_rule(&self->nl, r.id, &a));
	EXPECT_TRUE(ask_named(&self->nl, &a, UNET_A_TYPE, "TYPE is not a rule"));
	/* The ports are the host's at once, and so are the packets. */
	host = host_socket(PORT);
	ASSERT_GE(host, 0);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "host", 4));
	EXPECT_TRUE(host_hears(host, "host"));
	close(host);
	host = host_socket(PORT + 1);
	EXPECT_GE(host, 0);
	close(host);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 50));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_dead"));
	the_channel_lives_on(_metadata, self, fr.flow);
	/* It may ask for the same again, which is another. */
	ASSERT_EQ(0, type_add(&self->c, &spec, MINE, &other));
	EXPECT_NE(r.id, other.id);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
}

TEST_F(type_end, members_of_a_deleted_rule_are_told)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_type_ref ref;
	struct unet_type_req r;
	struct chan member;
	struct ask a;

	ASSERT_EQ(0, type_add(&self->c, &spec, MINE, &r));
	ASSERT_EQ(0, chan_open(&member, "va", NULL));
	ASSERT_EQ(0, type_join(&member, r.id, &ref));
	ASSERT_EQ(0, del_rule(&self->nl, r.id, &a));
	EXPECT_TRUE(told_the_end(&self->c, r.flow, MINE));
	EXPECT_TRUE(told_the_end(&member, ref.flow, 0));
	EXPECT_EQ(UNET_CNT_TX_BAD_FLOW, send_from(&member, ref.flow, PORT));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&member, NULL));
	chan_close(&member);
}

/* ---- what is not its fault ---- */

#define QUEUED	(2 * UNET_ABUSE_LIMIT)	/* sends: more than would end a channel */

static const struct unet_params deep = { .tx_slots = QUEUED };

/* Put so many sends on TX, all of the same packet, without telling the kernel. */
static void queue_sends(struct chan *c, uint32_t flow, int port, uint32_t n)
{
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = port, .dport = RPORT,
		.data = "out", .bytes = 3,
	};
	uint32_t hdr = build_packet(c->tx_mem, &p);
	struct unet_tx_slot slot = {
		.flow = flow, .header_len = hdr, .extents = 1,
		.extent = { { 0, hdr + 3 } },
	};

	while (n--)
		chan_tx_slot(c, &slot);
}

/* How many of @n are answered with @status. */
static uint32_t answered(struct chan *c, uint32_t n, int status)
{
	const struct unet_done *d;
	uint32_t as = 0;

	while (n-- && (d = chan_done(c, 5000)))
		as += d->status == status;
	return as;
}

/* What was queued when the rule went is refused, and no more. */
TEST_F_TIMEOUT(type_end, who_had_sends_queued_when_a_rule_went_lives_on, 120)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_type_req r;
	struct unet_type_ref ref;
	struct chan owner, member;
	struct ask a;

	ASSERT_EQ(0, chan_open(&owner, "va", &deep));
	ASSERT_EQ(0, chan_open(&member, "va", &deep));
	ASSERT_EQ(0, type_add(&owner, &spec, MINE, &r));
	ASSERT_EQ(0, type_join(&member, r.id, &ref));
	queue_sends(&owner, r.flow, PORT, QUEUED);
	queue_sends(&member, ref.flow, PORT, QUEUED);
	ASSERT_EQ(0, del_rule(&self->nl, r.id, &a));
	EXPECT_EQ(0, chan_sync(&owner, UNET_SYNC_TX));
	EXPECT_EQ(0, chan_sync(&member, UNET_SYNC_TX));
	EXPECT_EQ(QUEUED, answered(&owner, QUEUED, UNET_CNT_TX_BAD_FLOW));
	EXPECT_EQ(QUEUED, answered(&member, QUEUED, UNET_CNT_TX_BAD_FLOW));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&owner, NULL));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&member, NULL));
	/* A handle that nobody was given is another thing. */
	queue_sends(&owner, r.flow + (1u << 16), PORT, UNET_ABUSE_LIMIT);
	chan_sync(&owner, UNET_SYNC_TX);
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&owner, NULL));
	chan_close(&member);
	chan_close(&owner);
}

/* So is what was queued for the ports a rule had, by those who did not change them. */
TEST_F_TIMEOUT(type_end, who_had_sends_queued_when_a_rule_changed_lives_on, 120)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_type_req r;
	struct unet_type_ref ref;
	struct chan member;

	ASSERT_EQ(0, chan_open(&member, "va", &deep));
	ASSERT_EQ(0, type_add(&self->c, &spec, MINE, &r));
	ASSERT_EQ(0, type_join(&member, r.id, &ref));
	queue_sends(&member, ref.flow, PORT, QUEUED);
	spec.first = PORT + 1;
	spec.last = PORT + 1;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	EXPECT_EQ(0, chan_sync(&member, UNET_SYNC_TX));
	EXPECT_EQ(QUEUED, answered(&member, QUEUED, UNET_CNT_TX_SPOOF_PORT));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&member, NULL));
	EXPECT_EQ(0, send_from(&member, ref.flow, PORT + 1));
	/* But what is queued afterwards is its own doing. */
	queue_sends(&member, ref.flow, PORT, QUEUED);
	chan_sync(&member, UNET_SYNC_TX);
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&member, NULL));
	chan_close(&member);
}

#define ROUND	64	/* sends to a change */

/* The owner's own change excuses nothing it sends; the administrator's does. */
TEST_F_TIMEOUT(type_end, who_changes_its_own_rule_is_forgiven_nothing, 120)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_type_ref ref;
	struct unet_type_req r;
	struct chan owner;
	int i;

	ASSERT_EQ(0, chan_open(&owner, "va", &deep));
	ASSERT_EQ(0, type_add(&owner, &spec, MINE, &r));
	queue_sends(&owner, r.flow, PORT + 1, QUEUED);
	ASSERT_EQ(0, sh("unetctl type priority %u priority 3000", r.id));
	EXPECT_EQ(0, chan_sync(&owner, UNET_SYNC_TX));
	EXPECT_EQ(QUEUED, answered(&owner, QUEUED, UNET_CNT_TX_SPOOF_PORT));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&owner, NULL));
	for (i = 0; i < UNET_ABUSE_LIMIT / ROUND; i++) {
		ASSERT_EQ(0, type_priority(&owner, r.id, 2000 + i, &ref));
		queue_sends(&owner, r.flow, PORT + 1, ROUND);
		EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&owner, NULL));
		chan_sync(&owner, UNET_SYNC_TX);
		answered(&owner, ROUND, UNET_CNT_TX_SPOOF_PORT);
	}
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&owner, NULL));
	chan_close(&owner);
}

/* Both may delete it, and one of them does. */
struct deleter {
	struct nl nl;
	volatile uint32_t id;
	volatile bool stop;
	int deleted;
	int wrong;
};

static void *delete_on(void *arg)
{
	struct deleter *d = arg;
	struct ask a;
	int err;

	while (!d->stop) {
		err = del_rule(&d->nl, d->id, &a);
		d->deleted += !err;
		if (err && err != -ENOENT)
			d->wrong = err;
	}
	return NULL;
}

static bool honest(int err)
{
	return !err || err == -ENOENT;
}

TEST_F_TIMEOUT(type_end, owner_and_administrator_delete_at_once, 60)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT + 3);
	int i, rounds = effort(500), deleted = 0, ends = 0, err;
	struct deleter d = { .id = INT32_MAX };	/* nobody has that many */
	struct unet_type_req r;
	struct unet_type_ref ref;
	pthread_t thread;

	ASSERT_EQ(0, nl_open(&d.nl));
	ASSERT_EQ(0, pthread_create(&thread, NULL, delete_on, &d));
	for (i = 0; i < rounds; i++) {
		/* Whoever deleted the last has let go of its ports. */
		ASSERT_EQ(0, type_add(&self->c, &spec, MINE, &r));
		d.id = r.id;
		sched_yield();
		EXPECT_TRUE(honest(type_priority(&self->c, r.id, 2000 + i, &ref)));
		EXPECT_TRUE(honest(type_modify(&self->c, r.id, &spec, &r)));
		if (i % 4 == 0)
			usleep(500);
		err = type_del(&self->c, r.id);
		EXPECT_TRUE(honest(err));
		deleted += !err;
		for (; chan_rx_peek(&self->c, 0); chan_rx_next(&self->c))
			ends++;
	}
	d.stop = true;
	pthread_join(thread, NULL);
	close(d.nl.fd);
	TH_LOG("%d by the owner, %d by the administrator", deleted, d.deleted);
	EXPECT_EQ(0, d.wrong);
	EXPECT_EQ(rounds, deleted + d.deleted);
	EXPECT_EQ(ends, d.deleted);
	EXPECT_LT(0, d.deleted);
	EXPECT_EQ(0, tell(&self->nl, 0).rules);
}

/* ---- an owner that stands still ---- */

#define SLOTS	16u

/* What the owner says of itself, in memory that both see. */
struct diary {
	uint32_t flow;
	uint32_t taken;
	uint32_t last;		/* number taken */
	uint32_t disorder;	/* numbers that were not above the one before */
};

/* Owns ports by a rule and takes what comes, until it is killed. */
static void own(int ready, void *arg)
{
	const struct unet_params small = {
		.rx_slots = SLOTS, .tx_slots = SLOTS, .rx_small = 4 * SLOTS,
		.rx_large = 1, .tx_bufs = SLOTS,
	};
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT + 1);
	struct diary *d = arg;
	const struct unet_rx_slot *s;
	struct unet_type_req r;
	uint32_t buf, number;
	struct chan c;

	if (chan_open(&c, "va", &small) || type_add(&c, &spec, MINE, &r) ||
	    write(ready, "r", 1) != 1)
		_exit(1);
	for (;;) {
		s = chan_rx_peek(&c, 1000);
		if (!s)
			continue;
		for (buf = s->first; buf != UNET_NO_BUF; buf = c.desc[buf].next) {
			memcpy(&number, (uint8_t *)chan_buf(&c, buf) + 28, 4);
			if (d->taken && number <= d->last)
				d->disorder++;
			d->last = number;
			store_release(&d->taken, d->taken + 1);
		}
		chan_rx_next(&c);
		chan_sync(&c, UNET_SYNC_FREE);
	}
}

static int send_numbers(int peer, int port, uint32_t from, uint32_t n)
{
	for (; n; n--, from++)
		if (send_to(peer, OUR_V4, port, &from, sizeof(from)))
			return -1;
	return 0;
}

static bool comes_to(uint32_t *value, uint32_t wanted)
{
	uint64_t end = mono_ms() + 5000;

	while (load_acquire(value) < wanted && mono_ms() < end)
		usleep(1000);
	return load_acquire(value) == wanted;
}

/* Numbers of ours that came, in order, from @from on. */
static uint32_t numbers_taken(struct chan *c, uint32_t from, uint32_t want)
{
	const struct unet_rx_slot *s;
	uint32_t buf, number, n = 0;

	while (n < want && (s = chan_rx_peek(c, 1000))) {
		for (buf = s->first; buf != UNET_NO_BUF; buf = c->desc[buf].next) {
			memcpy(&number, (uint8_t *)chan_buf(c, buf) + 28, 4);
			if (number != from + n)
				return n;
			n++;
		}
		chan_rx_next(c);
	}
	return n;
}

static uint32_t host_takes(int fd, uint32_t from, uint32_t want)
{
	uint32_t number, n;

	for (n = 0; n < want; n++)
		if (recv(fd, &number, sizeof(number), 0) != sizeof(number) ||
		    number != from + n)
			break;
	return n;
}

static uint64_t dropped(void)
{
	return nexus_counter("va", "rx_drop_ring_full") +
	       nexus_counter("va", "rx_drop_no_buffer");
}

#define STALL	400u	/* packets while it stands still: more than it has room for */

TEST_F_TIMEOUT(type_end, an_owner_that_stands_still_loses_its_own_packets_only, 60)
{
	struct unet_flow_req fr = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 9, NULL, 0);
	struct diary *d = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t i, kept, waits, sent;
	int host = host_socket(PORT + 8);
	pid_t pid;

	ASSERT_NE(MAP_FAILED, d);
	ASSERT_GE(host, 0);
	ASSERT_EQ(0, chan_flow_add(&self->c, &fr));
	pid = topo_start(own, d);
	ASSERT_GT(pid, 0);
	/* No more at once than there is room for. */
	for (sent = 0; sent < 20; sent += 10) {
		ASSERT_EQ(0, send_numbers(self->peer, PORT, 1 + sent, 10));
		EXPECT_TRUE(comes_to(&d->taken, sent + 10));
	}
	EXPECT_EQ(0, dropped());
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_EQ(pid, waitpid(pid, NULL, WUNTRACED));
	/* Theirs come in between: a flow's and the host's. */
	for (i = 0; i < STALL; i += 20) {
		ASSERT_EQ(0, send_numbers(self->peer, PORT + i / 20 % 2, 1 + sent + i, 20));
		ASSERT_EQ(0, send_numbers(self->peer, PORT + 9, i, 20));
		ASSERT_EQ(0, send_numbers(self->peer, PORT + 8, i, 20));
		EXPECT_EQ(20, numbers_taken(&self->c, i, 20)) TH_LOG("from %u", i);
		EXPECT_EQ(20, host_takes(host, i, 20)) TH_LOG("from %u", i);
	}
	sent += STALL;
	EXPECT_EQ(20, d->taken);
	/* Each waits, or was dropped and counted. */
	waits = STALL - dropped();
	EXPECT_LT(0, dropped());
	EXPECT_LE(SLOTS, waits);
	EXPECT_GE(4 * SLOTS, waits);
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_dead"));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	EXPECT_TRUE(comes_to(&d->taken, 20 + waits));
	/* From now on it has all again, in order behind what waited. */
	kept = dropped();
	ASSERT_EQ(0, send_numbers(self->peer, PORT, 1 + sent, 10));
	EXPECT_TRUE(comes_to(&d->taken, 20 + waits + 10));
	EXPECT_EQ(sent + 10, d->last);
	EXPECT_EQ(0, d->disorder);
	EXPECT_EQ(kept, dropped());
	EXPECT_EQ(1, tell(&self->nl, 0).rules);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(d, 4096);
	close(host);
}

/* And one that stands still can be taken its rule from. */
TEST_F(type_end, a_rule_of_one_that_stands_still_can_be_deleted)
{
	struct diary *d = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ask a;
	pid_t pid;
	int host;

	ASSERT_NE(MAP_FAILED, d);
	pid = topo_start(own, d);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_EQ(pid, waitpid(pid, NULL, WUNTRACED));
	ASSERT_EQ(0, send_numbers(self->peer, PORT, 1, STALL));
	EXPECT_LT(0, dropped());
	ASSERT_TRUE(tell(&self->nl, 1).there);
	ASSERT_EQ(0, del_rule(&self->nl, 1, &a));
	host = host_socket(PORT);
	ASSERT_GE(host, 0);
	ASSERT_EQ(0, send_numbers(self->peer, PORT, 7, 3));
	EXPECT_EQ(3, host_takes(host, 7, 3));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	close(host);
	munmap(d, 4096);
}

/* ---- a namespace that goes ---- */

/* Nothing of ours keeps it: neither this process, nor a descriptor, nor a socket. */
static int leave(struct _test_data_type_end *self)
{
	if (setns(self->home, CLONE_NEWNET))
		return -errno;
	close(self->peer);
	close(self->nl.fd);
	topo_teardown(&self->t);
	self->peer = -1;
	self->nl.fd = -1;
	self->t = (struct topo){ .ns_ours = -1, .ns_peer = -1 };
	return 0;
}

/* What there is of a kind, as the module counts it. */
static long alive(const struct live *l, const char *what)
{
	const char *at = strstr(l->text, what);

	return at ? atol(at + strlen(what)) : -1;
}

/* A channel is all that is left, with its memory and what it keeps of its nexus. */
static bool only_the_file_is_left(const struct live *before, struct live *now)
{
	static const char *const gone[] = {
		"flows=", " ports=", "types=", "grants=", "held=", "sends=",
	};
	uint32_t i, n = 0, left = 1;

	for (; left && n < 500; n++) {
		*now = live_now();
		for (i = 0, left = 0; i < ARRAY_SIZE(gone); i++)
			left += alive(now, gone[i]) != alive(before, gone[i]);
		usleep(20 * 1000);
	}
	return !left && alive(now, "channels=") == alive(before, "channels=") + 1 &&
	       alive(now, "nexuses=") == alive(before, "nexuses=") + 1;
}

/* Of the administrator's, one that has met its device and one that has not. */
static int admin_rule(struct nl *nl, const char *dev, uint32_t port)
{
	const struct value rule[] = {
		{ UNET_A_IFNAME, strlen(dev) + 1, dev },
		{ UNET_A_LAYER, 1, (const uint8_t[]){ UNET_TYPE_PORT } },
		{ UNET_A_ACTION, 1, (const uint8_t[]){ UNET_TYPE_DROP } },
		{ UNET_A_PROTO, 1, (const uint8_t[]){ IPPROTO_UDP } },
		{ UNET_A_FIRST, 4, &port }, { 0 }
	};
	struct ask a;

	ask_start(nl, &a, UNET_CMD_TYPE_ADD);
	ask_fill(&a, rule, (const struct value[]){ { 0 } });
	return nl_ask(nl, &a.r, NULL, NULL);
}

static int rule_of_flow(struct chan *c, uint32_t flow, struct unet_type_req *r)
{
	*r = (struct unet_type_req){ .size = sizeof(*r), .parent = flow,
				     .spec = spec_port(IPPROTO_UDP, 0, 0) };
	r->spec.flags = UNET_TYPE_OF_FLOW;
	r->spec.num_patterns = 1;
	r->spec.pattern[0] = pattern_byte(0, 'k', 0xff);
	return chan_ioctl(c->fd, UNET_IOC_TYPE_ADD, r);
}

/* Slots that say that something ended, of those that are there. */
static uint32_t ends_told(struct chan *c)
{
	uint32_t n = 0;

	for (; chan_rx_peek(c, 0); chan_rx_next(c))
		n += chan_rx_peek(c, 0)->flags == UNET_RX_END;
	return n;
}

/* A channel of a namespace that is gone: nothing works, and nothing breaks. */
static void is_a_shell(struct __test_metadata *_metadata, struct chan *c, uint32_t id,
		       uint32_t flow)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_type_ref ref;
	struct unet_type_req r;

	EXPECT_EQ(UNET_CHANNEL_DETACHED, chan_state(c, NULL));
	EXPECT_EQ(UNET_CHANNEL_DETACHED, c->info->state);
	EXPECT_EQ(-ENODEV, type_add(c, &spec, 0, &r));
	EXPECT_EQ(-ENODEV, type_modify(c, id, &spec, &r));
	EXPECT_EQ(-ENODEV, type_priority(c, id, 2000, &ref));
	EXPECT_EQ(-ENODEV, type_join(c, id, &ref));
	EXPECT_EQ(-ENODEV, type_del(c, id));
	EXPECT_EQ(-ENODEV, chan_flow_del(c, flow, 0));
	EXPECT_EQ(-ENODEV, chan_sync(c, UNET_SYNC_TX));
	memset(c->tx_mem, 0xa5, c->bind.layout.region[UNET_REGION_TX].bytes);
}

TEST_F_TIMEOUT(type_end, a_namespace_goes_and_the_file_is_kept, 60)
{
	struct unet_flow_req fr = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 9, NULL, 0);
	struct unet_type_spec ports = spec_port(IPPROTO_UDP, PORT, PORT + 3);
	struct unet_type_spec frames = spec_ether(OWN_TYPE, OWN_TYPE);
	struct unet_type_req r, child, rest;
	struct unet_type_ref ref;
	struct live now;

	ASSERT_EQ(0, chan_flow_add(&self->c, &fr));
	ASSERT_EQ(0, type_add(&self->c, &ports, MINE, &r));
	ASSERT_EQ(0, type_add(&self->c, &frames, STAYS, &rest));
	ASSERT_EQ(0, rule_of_flow(&self->c, fr.flow, &child));
	ASSERT_EQ(0, type_join(&self->c, child.id, &ref));
	ASSERT_EQ(0, admin_rule(&self->nl, "va", PORT + 20));
	ASSERT_EQ(0, admin_rule(&self->nl, "vz", PORT + 20));
	EXPECT_EQ(5, tell(&self->nl, 0).rules);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 3, "x", 1));
	EXPECT_EQ(MINE, next_tag(&self->c, 2000));
	ASSERT_EQ(0, leave(self));
	EXPECT_TRUE(only_the_file_is_left(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
	/* Two rules, the flow, and its rule's member. */
	EXPECT_EQ(4, ends_told(&self->c));
	is_a_shell(_metadata, &self->c, r.id, fr.flow);
}

/* A process that was given the file, in whatever namespace, has as much of it. */
TEST_F_TIMEOUT(type_end, a_namespace_goes_and_another_process_has_the_file, 60)
{
	struct unet_type_spec ports = spec_port(IPPROTO_UDP, PORT, PORT + 3);
	struct unet_type_req r;
	struct live now;
	pid_t pid;

	ASSERT_EQ(0, type_add(&self->c, &ports, MINE, &r));
	ASSERT_EQ(0, setns(self->home, CLONE_NEWNET));
	pid = fork();
	if (!pid) {
		/* It keeps nothing else. */
		close(self->nl.fd);
		close(self->peer);
		close(self->t.ns_ours);
		close(self->t.ns_peer);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, leave(self));
	chan_close(&self->c);
	EXPECT_TRUE(only_the_file_is_left(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

TEST_HARNESS_MAIN
