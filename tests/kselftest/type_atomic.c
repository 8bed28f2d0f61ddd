// SPDX-License-Identifier: MIT
/* libs: -lpthread */
/*
 * Description: no packet falls between an old rule and a new one (R3.8). A generator
 * stamps 10^6 packets of one flow while a rule is modified and moved 200 times so
 * that it delivers with one tag or another rule does: none is missed, doubled, out
 * of order, left to the host, or treated by neither or both; with the other rule behind
 * it, no change shows for a moment what was not asked for, and with nobody behind it
 * nothing is missed either; nor is any between a rule and a flow, when the rule is moved
 * before all flows and behind them. So it is of a protocol and an ethertype of one's
 * own. Likewise two flows on two CPUs, while the rule comes to drop what it delivered
 * and to deliver what it dropped: each packet is in exactly one of the counts, and each
 * rule's in their order.
 */
#include "type_hand.h"
#include "effort.h"
#include "pin.h"
#include "nexus.h"
#include "kselftest_harness.h"

#include <pthread.h>

#define PORT	7000
#define RPORT	9000
#define CHANGES	200

static const struct unet_params large = { .rx_slots = 8192, .rx_small = 16384 };

FIXTURE(type_atomic) {
	struct topo t;
	struct chan c;
	int peer;
};

FIXTURE_SETUP(type_atomic)
{
	struct sockaddr_storage ss;

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", &large));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
	ASSERT_EQ(0, connect(self->peer, (void *)&ss, addr_of(&ss, OUR_V4, PORT)));
}

FIXTURE_TEARDOWN(type_atomic)
{
	close(self->peer);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

struct generator {
	int fd;
	uint8_t head[14];	/* before the number, of a frame */
	uint32_t head_len;
	uint32_t packets;
	uint32_t sent;		/* atomic */
	uint32_t taken;		/* atomic: by the receiver */
};

/*
 * As fast as the receiver follows: what is lost must be lost by a rule. On one CPU
 * all the time: veth hands a packet to the queue of the CPU that sends, so a sender
 * that moves overtakes itself before anybody looks at a rule.
 */
static void *generate(void *arg)
{
	struct generator *g = arg;
	uint8_t packet[sizeof(g->head) + sizeof(uint32_t)];
	ssize_t len = g->head_len + sizeof(uint32_t);
	uint32_t i;

	memcpy(packet, g->head, g->head_len);
	run_on(1);
	for (i = 0; i < g->packets; i++) {
		while (i > __atomic_load_n(&g->taken, __ATOMIC_RELAXED) + 4096)
			usleep(100);
		memcpy(packet + g->head_len, &i, sizeof(i));
		while (send(g->fd, packet, len, 0) != len)
			usleep(100);
		__atomic_store_n(&g->sent, i + 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

struct changer {
	struct chan *c;
	struct generator *g;
	struct unet_type_spec spec;
	int spread;		/* ranges of so many sizes */
	uint32_t id;
	uint32_t last;		/* packets sent when the last change was made */
	int failed;
	int done;
};

/*
 * Until it is time for change @i: they are spread over the stream, and none is made up
 * for at once: two changes within a burst are none.
 */
static void wait_for(struct changer *ch, int i)
{
	uint32_t step = ch->g->packets / (CHANGES + 1), sent;

	do {
		usleep(100);
		sent = __atomic_load_n(&ch->g->sent, __ATOMIC_RELAXED);
	} while (sent < ch->g->packets &&
		 (sent < (i + 1) * step || sent < ch->last + step / 2));
	ch->last = sent;
}

/* The rule by turns: before the other, behind it, of other numbers, and back. */
static void *change(void *arg)
{
	struct changer *ch = arg;
	struct unet_type_spec spec = ch->spec;
	struct unet_type_ref ref;
	struct unet_type_req r;
	int i;

	for (i = 0; i < CHANGES; i++) {
		wait_for(ch, i);
		if (i % 2) {
			spec.priority = i % 4 == 1 ? 1500 : 2500;
			spec.last = spec.first + 1 + i % ch->spread;
			ch->failed += !!type_modify(ch->c, ch->id, &spec, &r);
		} else {
			ch->failed += !!type_priority(ch->c, ch->id,
						      i % 4 ? 2500 : 1500, &ref);
		}
		ch->done++;
	}
	return NULL;
}

/* By turns before all flows and behind them. */
static void *cross(void *arg)
{
	struct changer *ch = arg;
	struct unet_type_ref ref;
	int i;

	for (i = 0; i < CHANGES; i++) {
		wait_for(ch, i);
		ch->failed += !!type_priority(ch->c, ch->id, i % 2 ? 2000 : 10, &ref);
		ch->done++;
	}
	return NULL;
}

/* What arrived, in its order. */
struct tally {
	uint32_t at;		/* of the number in a packet */
	uint32_t next;		/* number that has to come */
	uint32_t wrong;		/* came out of its place */
	uint32_t by[3];		/* by tag */
	uint32_t turns;		/* the other rule than the last time */
	uint64_t last_tag;
};

static void take_slot(struct chan *c, const struct unet_rx_slot *s, struct tally *t)
{
	uint32_t buf, number;

	for (buf = s->first; buf != UNET_NO_BUF; buf = c->desc[buf].next) {
		memcpy(&number, (uint8_t *)chan_buf(c, buf) + t->at, sizeof(number));
		t->wrong += number != t->next;
		t->next = number + 1;
	}
	t->by[s->tag < 3 ? s->tag : 0] += s->packets;
	t->turns += t->last_tag != s->tag;
	t->last_tag = s->tag;
	chan_rx_next(c);
}

/* Return: how many came, until all have or none does for long. */
static uint32_t take_stream(struct chan *c, struct generator *g, struct tally *t)
{
	const struct unet_rx_slot *s;
	uint32_t total = 0;

	while (total < g->packets && (s = chan_rx_peek(c, 10000))) {
		total += s->packets;
		take_slot(c, s, t);
		__atomic_store_n(&g->taken, total, __ATOMIC_RELAXED);
		chan_sync(c, UNET_SYNC_FREE);
	}
	__atomic_store_n(&g->taken, g->packets, __ATOMIC_RELAXED);
	return total;
}

/* Packets of rules that went elsewhere. */
static uint64_t gone_astray(void)
{
	static const char *const names[] = {
		"rx_host", "rx_type_host", "rx_type_drop", "rx_drop_dead",
		"rx_drop_ring_full", "rx_drop_no_buffer",
	};
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		sum += nexus_counter("va", names[i]);
	return sum;
}

/* The whole stream, while @how changes @ch's rule. Return: packets that came, -1: no threads. */
static int64_t stream_through(struct changer *ch, void *(*how)(void *), struct tally *t)
{
	pthread_t gen, chg;
	uint32_t total;

	if (pthread_create(&gen, NULL, generate, ch->g) ||
	    pthread_create(&chg, NULL, how, ch))
		return -1;
	total = take_stream(ch->c, ch->g, t);
	pthread_join(gen, NULL);
	pthread_join(chg, NULL);
	return total;
}

/* All changes were made meanwhile, and each packet came to the channel, in its order. */
static void all_come(struct __test_metadata *_metadata, struct changer *ch,
		     void *(*how)(void *), struct tally *t)
{
	EXPECT_EQ(ch->g->packets, stream_through(ch, how, t));
	EXPECT_EQ(CHANGES, ch->done);
	EXPECT_EQ(0, ch->failed);
	EXPECT_EQ(0, t->wrong);
	EXPECT_EQ(NULL, chan_rx_peek(ch->c, 100));
	EXPECT_EQ(0, gone_astray());
}

/* Another rule for the same takes what @ch's does not. */
static void between_two(struct __test_metadata *_metadata, struct changer *ch, uint32_t at)
{
	struct unet_type_spec one = ch->spec;
	struct tally t = { .at = at };
	struct unet_type_req r;

	one.priority = 2000;
	one.last = one.first;
	ASSERT_EQ(0, type_add(ch->c, &one, 1, &r));
	ch->spec.priority = 1500;
	ASSERT_EQ(0, type_add(ch->c, &ch->spec, 2, &r));
	ch->id = r.id;
	all_come(_metadata, ch, change, &t);
	EXPECT_EQ(0, t.by[0]);
	EXPECT_EQ(ch->g->packets, t.by[1] + t.by[2]);
	/* Both had their turns, else nothing was tried. */
	EXPECT_LT(0, t.by[1]);
	EXPECT_LT(0, t.by[2]);
	EXPECT_LT(CHANGES / 8, t.turns);
	/* The first packet's, and one for each other change: a gap would be two more. */
	EXPECT_GE(CHANGES / 2, t.turns);
	TH_LOG("%u packets, %u and %u by rule, %u turns", ch->g->packets, t.by[1], t.by[2],
	       t.turns);
}

/* What the rule lets fall while it is changed, nobody else takes. */
static void beside_one(struct __test_metadata *_metadata, struct changer *ch, uint32_t at)
{
	struct tally t = { .at = at };
	struct unet_type_req r;

	ch->spec.priority = 1500;
	ASSERT_EQ(0, type_add(ch->c, &ch->spec, 2, &r));
	ch->id = r.id;
	all_come(_metadata, ch, change, &t);
	EXPECT_EQ(ch->g->packets, t.by[2]);
}

/* In a packet of UDP. */
#define AT_UDP	28

static struct unet_type_spec of_port(void)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT + 1);

	spec.flags = UNET_TYPE_NO_HOLD;
	return spec_does(spec, UNET_TYPE_DELIVER);
}

TEST_F_TIMEOUT(type_atomic, no_packet_falls_between_two_rules, 900)
{
	struct generator g = { .fd = self->peer, .packets = effort(1000000) };
	struct changer ch = { .c = &self->c, .g = &g, .spec = of_port(), .spread = 8 };

	between_two(_metadata, &ch, AT_UDP);
}

TEST_F_TIMEOUT(type_atomic, no_packet_falls_beside_a_rule_that_is_alone, 900)
{
	struct generator g = { .fd = self->peer, .packets = effort(1000000) };
	struct changer ch = { .c = &self->c, .g = &g, .spec = of_port(), .spread = 8 };

	beside_one(_metadata, &ch, AT_UDP);
}

TEST_F_TIMEOUT(type_atomic, nor_of_an_own_protocol, 900)
{
	struct generator g = { .packets = effort(200000) };
	struct changer ch = { .c = &self->c, .g = &g, .spread = 1,
			      .spec = spec_proto(RAW_PROTO, RAW_PROTO + 1) };
	struct sockaddr_storage ss;

	g.fd = peer_socket_of(&self->t, AF_INET, SOCK_RAW, RAW_PROTO);
	ASSERT_EQ(0, connect(g.fd, (void *)&ss, addr_of(&ss, OUR_V4, 0)));
	between_two(_metadata, &ch, 20);
	close(g.fd);
}

TEST_F_TIMEOUT(type_atomic, nor_of_an_own_ethertype, 900)
{
	struct generator g = { .packets = effort(200000), .head_len = sizeof(g.head) };
	struct changer ch = { .c = &self->c, .g = &g, .spread = 8,
			      .spec = spec_ether(OWN_TYPE, OWN_TYPE + 1) };
	uint8_t ours[6], theirs[6];

	ASSERT_EQ(0, rtnl_mac("va", ours));
	g.fd = peer_frames(&self->t, OWN_TYPE, theirs);
	ASSERT_LE(0, g.fd);
	build_frame(g.head, ours, theirs, OWN_TYPE, "", 0);
	between_two(_metadata, &ch, sizeof(g.head));
	close(g.fd);
}

/* A rule that is before the flow of its packets, or behind it. */
TEST_F_TIMEOUT(type_atomic, no_packet_falls_between_a_rule_and_a_flow, 900)
{
	struct unet_type_spec spec = of_port();
	struct unet_flow_req f = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT, NULL, 0);
	struct generator g = { .fd = self->peer, .packets = effort(1000000) };
	struct changer ch = { .c = &self->c, .g = &g };
	struct tally t = { .at = AT_UDP };
	struct unet_type_req r;

	f.meta.tag = 1;
	ASSERT_EQ(0, chan_flow_add(&self->c, &f));
	spec.last = PORT;
	spec.priority = 2000;
	ASSERT_EQ(0, type_add(&self->c, &spec, 2, &r));
	ch.id = r.id;
	all_come(_metadata, &ch, cross, &t);
	EXPECT_EQ(g.packets, t.by[1] + t.by[2]);
	EXPECT_LT(CHANGES / 4, t.turns);
	EXPECT_GE(CHANGES + 1, t.turns);
}

/* ---- deliver or drop, from two CPUs ---- */

#define FLOWS	2

/* As fast as it can: what is lost for want of room is counted, too. */
struct racer {
	int fd;
	int cpu;
	uint32_t packets;
	uint32_t sent;		/* atomic */
};

static void *race(void *arg)
{
	struct racer *r = arg;
	uint32_t i;

	run_on(r->cpu);
	for (i = 1; i <= r->packets; i++) {
		while (send(r->fd, &i, sizeof(i), 0) != sizeof(i))
			usleep(100);
		__atomic_store_n(&r->sent, i, __ATOMIC_RELEASE);
	}
	return NULL;
}

struct dropper {
	struct chan *c;
	struct racer *racers;
	uint32_t id;
	int failed;
	int done;
};

static uint32_t sent_by(const struct racer *r)
{
	uint32_t i, n = 0;

	for (i = 0; i < FLOWS; i++)
		n += __atomic_load_n(&r[i].sent, __ATOMIC_ACQUIRE);
	return n;
}

/* By turns the rule drops, delivers, drops, and lets the one behind it deliver. */
static void *drop_or_not(void *arg)
{
	struct dropper *d = arg;
	struct unet_type_spec spec = spec_does(spec_port(IPPROTO_UDP, PORT, PORT + 1),
					       UNET_TYPE_DROP);
	uint32_t step = d->racers[0].packets * FLOWS / (CHANGES + 1);
	struct unet_type_ref ref;
	struct unet_type_req r;
	int i;

	spec.flags = UNET_TYPE_NO_HOLD;
	spec.priority = 1500;
	for (i = 0; i < CHANGES; i++) {
		while (sent_by(d->racers) < (i + 1) * step)
			usleep(100);
		spec.action = i % 4 == 1 ? UNET_TYPE_DELIVER : UNET_TYPE_DROP;
		if (i % 4 == 3)
			d->failed += !!type_priority(d->c, d->id, 2500, &ref);
		else
			d->failed += !!type_modify(d->c, d->id, &spec, &r);
		d->done++;
	}
	return NULL;
}

struct counted {
	uint32_t last[FLOWS];		/* number of the sender's last packet */
	uint32_t last_by[FLOWS][3];	/* and of the last by that rule */
	uint32_t behind;		/* came behind a later one, by whatever rule */
	uint32_t disorder;		/* came behind a later one by the same rule */
	uint32_t by[3];
};

/* Numbers begin with 1. */
static void count_packet(struct counted *t, uint32_t flow, uint32_t tag, uint32_t number)
{
	t->behind += number <= t->last[flow];
	t->last[flow] = number;
	t->disorder += number <= t->last_by[flow][tag];
	t->last_by[flow][tag] = number;
}

static uint32_t count_slot(struct chan *c, const struct unet_rx_slot *s,
			   struct counted *t)
{
	uint32_t buf, number, n = s->packets, tag = s->tag < 3 ? s->tag : 0;

	for (buf = s->first; buf != UNET_NO_BUF; buf = c->desc[buf].next) {
		const uint8_t *p = chan_buf(c, buf);
		uint32_t from = p[20] << 8 | p[21];

		memcpy(&number, p + 28, sizeof(number));
		count_packet(t, (from - RPORT) % FLOWS, tag, number);
	}
	t->by[tag] += n;
	chan_rx_next(c);
	return n;
}

static void count_all(struct chan *c, struct racer *racers, struct counted *t)
{
	const struct unet_rx_slot *s;
	uint32_t all = racers[0].packets * FLOWS;
	bool over;

	do {
		over = sent_by(racers) == all;
		while ((s = chan_rx_peek(c, over ? 300 : 10))) {
			count_slot(c, s, t);
			chan_sync(c, UNET_SYNC_FREE);
		}
	} while (!over);
}

/* What the host queues of a CPU that others keep busy: a number of the first namespace. */
static int set_backlog(int packets)
{
	return sh("nsenter --net=/proc/1/ns/net sh -c "
		  "'echo %d > /proc/sys/net/core/netdev_max_backlog'", packets);
}

/*
 * Each rule has a flow of its own, and between two flows there is no order: a batch that
 * is open on the other CPU is shown when that CPU is done, the next rule's here perhaps
 * before. So each change may show one burst of each sender late, and no more.
 */
TEST_F_TIMEOUT(type_atomic, each_packet_is_delivered_or_dropped, 900)
{
	struct unet_type_spec spec = spec_does(spec_port(IPPROTO_UDP, PORT, PORT),
					       UNET_TYPE_DELIVER);
	struct racer racers[FLOWS] = { { .fd = self->peer }, { .cpu = 1 } };
	struct dropper d = { .c = &self->c, .racers = racers };
	struct unet_type_req first, second;
	uint64_t dropped, lost, by_rule[2];
	pthread_t thread[FLOWS + 1];
	struct counted t = { 0 };
	uint32_t i, all;
	struct nl nl;

	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, set_backlog(1000000));
	racers[1].fd = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(racers[1].fd, PEER_V4, RPORT + 1));
	ASSERT_EQ(0, connect_to(racers[1].fd, OUR_V4, PORT));
	racers[0].packets = effort(400000);
	racers[1].packets = racers[0].packets;
	all = racers[0].packets * FLOWS;
	spec.flags = UNET_TYPE_NO_HOLD;
	spec.priority = 2000;
	ASSERT_EQ(0, type_add(&self->c, &spec, 1, &first));
	spec.priority = 1500;
	spec.last = PORT + 1;
	ASSERT_EQ(0, type_add(&self->c, &spec, 2, &second));
	d.id = second.id;
	for (i = 0; i < FLOWS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, race, &racers[i]));
	ASSERT_EQ(0, pthread_create(&thread[FLOWS], NULL, drop_or_not, &d));
	count_all(&self->c, racers, &t);
	for (i = 0; i <= FLOWS; i++)
		pthread_join(thread[i], NULL);
	dropped = nexus_counter("va", "rx_type_drop");
	lost = nexus_counter("va", "rx_drop_ring_full") +
	       nexus_counter("va", "rx_drop_no_buffer");
	by_rule[0] = tell(&nl, first.id).packets;
	by_rule[1] = tell(&nl, second.id).packets;
	TH_LOG("%u packets: %u and %u delivered by rule, %llu dropped, %llu without room, %u late",
	       all, t.by[1], t.by[2], (unsigned long long)dropped,
	       (unsigned long long)lost, t.behind);
	EXPECT_EQ(0, set_backlog(1000));
	EXPECT_EQ(CHANGES, d.done);
	EXPECT_EQ(0, d.failed);
	EXPECT_EQ(0, t.disorder);
	EXPECT_GE(CHANGES * FLOWS, t.behind);
	EXPECT_EQ(0, t.by[0]);
	EXPECT_EQ(all, t.by[1] + t.by[2] + dropped + lost);
	/* A rule counts what had room. */
	EXPECT_EQ(all - lost, by_rule[0] + by_rule[1]);
	EXPECT_LE(t.by[1], by_rule[0]);
	EXPECT_LE(t.by[2] + dropped, by_rule[1]);
	EXPECT_EQ(0, nexus_counter("va", "rx_type_host"));
	EXPECT_EQ(0, nexus_counter("va", "rx_host"));
	/* All three had their turns, else nothing was tried. */
	EXPECT_LT(0, t.by[1]);
	EXPECT_LT(0, t.by[2]);
	EXPECT_LT(0, dropped);
	close(racers[1].fd);
	close(nl.fd);
}

TEST_HARNESS_MAIN
