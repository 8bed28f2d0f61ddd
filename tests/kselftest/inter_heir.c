// SPDX-License-Identifier: MIT
/*
 * Description: what is held when its flow is removed (R4.2, R4.8): it comes as if just
 * now to the flow that is there for it, like a connection's when its listener goes, and
 * is shown anew to whoever is in that one, once. Verdicts that were given are obeyed. What
 * an intermediary has let go on already is shown to none twice, and what is for no flow
 * goes to nobody, the host neither: both are counted as dropped. Nothing passes who has
 * to see it, when flows, or the nexus, go while packets come.
 */
/* libs: -lpthread */
#include "effort.h"
#include "inter_bed.h"
#include "tos.h"

#include <pthread.h>

/* The port's flow, for all who have none of their own. */
static int listen_to_all(struct _test_data_inter *b, uint32_t *flow)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT, NULL, 0);
	int err = chan_flow_del(&b->c, b->flow, 0) ?: chan_flow_add(&b->c, &r);

	*flow = r.flow;
	return err;
}

/* The peer's, as a child of the @listener's. */
static int connect_to_peer(struct chan *c, uint32_t listener, uint32_t meta_flags,
			   uint32_t *conn)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT,
					  PEER_V4, RPORT);
	int err;

	r.parent = listener;
	r.meta.flags = meta_flags;
	err = chan_flow_add(c, &r);
	*conn = r.flow;
	return err;
}

#define OWNERS(...)							\
	IN(.rights = OBSERVE, .proto = IPPROTO_UDP, .local_port = PORT, __VA_ARGS__)

static void listener_goes(struct __test_metadata *_metadata,
			  struct _test_data_inter *self, uint32_t policy)
{
	uint64_t token, again = 0;
	uint32_t flow, conn;

	ASSERT_EQ(0, listen_to_all(self, &flow));
	OWNERS(.policy = policy);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 3));
	token = shown(&self->m, 3);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, 0, &conn));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, 0));
	/* Nothing passes by, and it is shown anew, in its order. */
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_STALE,
		  inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 3));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	again = shown(&self->m, 3);
	ASSERT_NE(0, again);
	EXPECT_NE(token, again);
	EXPECT_EQ(3, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(0, inter_verdict(&self->m, again, UNET_VERDICT_ACCEPT, 3));
	EXPECT_EQ(3, owner_takes(&self->c, 1, 3, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(0, STAT(MISSED));
	EXPECT_EQ(0, STAT(BLOCKED));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_dead"));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
}

TEST_F(inter, a_connections_come_to_it_when_its_listener_goes)
{
	listener_goes(_metadata, self, UNET_INTER_FAIL_OPEN);
}

TEST_F(inter, nothing_passes_by_who_fails_closed)
{
	listener_goes(_metadata, self, UNET_INTER_FAIL_CLOSED);
}

/* The grant says whose it sees: what comes to the next flow unseen comes at once. */
TEST_F(inter, where_nobody_is_in_the_next_it_is_given_to_it)
{
	uint32_t flow, conn;

	ASSERT_EQ(0, listen_to_all(self, &flow));
	OWNERS();
	ASSERT_EQ(0, peer_sends(self->peer, 7, 2));
	ASSERT_NE(0, shown(&self->m, 2));
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, UNET_META_LOW_LATENCY, &conn));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, 0));
	EXPECT_EQ(2, owner_takes(&self->c, 7, 2, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 20));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_dead"));
}

/* Datagrams the host had nobody for. */
static long no_ports(void)
{
	FILE *f = popen("awk '/^Udp:/ { n = $3 } END { print n }' /proc/net/snmp", "r");
	long n = -1;

	if (!f || fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		pclose(f);
	return n;
}

TEST_F(inter, what_is_for_no_flow_is_for_nobody)
{
	long unheard = no_ports();

	ASSERT_LE(0, unheard);
	OWNERS();
	ASSERT_EQ(0, peer_sends(self->peer, 7, 2));
	ASSERT_NE(0, shown(&self->m, 2));
	ASSERT_EQ(0, chan_flow_del(&self->c, self->flow, 0));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 20));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	EXPECT_EQ(unheard, no_ports());
	EXPECT_EQ(2, nexus_counter("va", "rx_drop_dead"));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
}

/* What is held a second time when its flow goes is not looked up a third time. */
TEST_F(inter, that_happens_once)
{
	uint32_t flow, conn;

	ASSERT_EQ(0, listen_to_all(self, &flow));
	OWNERS();
	ASSERT_EQ(0, peer_sends(self->peer, 7, 2));
	ASSERT_NE(0, shown(&self->m, 2));
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, 0, &conn));
	ASSERT_EQ(0, chan_flow_del(&self->c, conn, 0));
	/* Those were the listener's, and still are. */
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 20));
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, 0, &conn));
	ASSERT_EQ(0, peer_sends(self->peer, 9, 1));
	ASSERT_NE(0, shown(&self->m, 1));
	ASSERT_EQ(0, chan_flow_del(&self->c, conn, 0));
	/* It is the listener's now, and no more anybody's when that goes, too. */
	ASSERT_NE(0, shown(&self->m, 1));
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, 0, &conn));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, 0));
	/* Of the listener's three two come for the first time. */
	ASSERT_NE(0, shown(&self->m, 2));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 20));
	EXPECT_EQ(1, nexus_counter("va", "rx_drop_dead"));
	ASSERT_EQ(0, chan_flow_del(&self->c, conn, 0));
	EXPECT_EQ(3, nexus_counter("va", "rx_drop_dead"));
}

struct arrival {
	uint32_t number;
	uint8_t tos;
};

/* Return: how many came as said; what comes first and is not is none of them. */
static int come(struct chan *c, const struct arrival *said, int want)
{
	const struct unet_rx_slot *s;
	uint32_t buf;
	int n = 0;

	while (n < want && (s = chan_rx_peek(c, 2000))) {
		for (buf = s->first; buf != UNET_NO_BUF && n < want; buf = c->desc[buf].next) {
			const uint8_t *p = chan_buf(c, buf);

			if (memcmp(p + 28, &said[n].number, 4) || tos_of(p) != said[n].tos)
				return n;
			n++;
		}
		chan_rx_next(c);
	}
	return n;
}

/* Packets in what was published. */
static uint32_t packets_for(struct chan *c)
{
	const struct unet_rx_slot *s;
	uint32_t n = 0;

	for (; (s = chan_rx_peek(c, 0)); chan_rx_next(c))
		n += s->packets;
	return n;
}

/* What was said of those behind one that is held when their flow goes. */
TEST_F(inter, verdicts_that_were_given_are_obeyed)
{
	static const struct arrival obeyed[] = { { 3, 0 }, { 4, 0xb8 }, { 5, 0 }, { 5, 0 } };
	uint64_t token, again;
	uint32_t flow, conn;

	ASSERT_EQ(0, listen_to_all(self, &flow));
	IN(.rights = OBSERVE | UNET_INTER_DROP | UNET_INTER_MODIFY_HEADERS |
		     UNET_INTER_DUPLICATE, .proto = IPPROTO_UDP, .local_port = PORT);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 5));
	token = shown(&self->m, 5);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token + 1, UNET_VERDICT_DROP, 1));
	ASSERT_EQ(0, inter_verdict(&self->m, token + 2, UNET_VERDICT_ACCEPT, 1));
	ASSERT_EQ(0, inter_mark(&self->m, token + 3, 1, 0xfc, 0xb8));
	ASSERT_EQ(0, inter_verdict(&self->m, token + 4, UNET_VERDICT_DUPLICATE, 1));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, 0, &conn));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, 0));
	EXPECT_EQ(4, come(&self->c, obeyed, 4));
	EXPECT_EQ(1, number_shown(&self->m, &again));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 20));
	ASSERT_EQ(0, inter_verdict(&self->m, again, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(1, STAT(DROPPED));
	EXPECT_EQ(1, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_dead"));
}

/* ---- while packets come ---- */

/* The peer's packets until it is to stop. */
struct flood {
	int peer;
	volatile bool stop;
	uint32_t sent;
};

static void *pour_out(void *arg)
{
	struct flood *f = arg;

	while (!f->stop)
		if (!peer_sends(f->peer, f->sent, 1))
			f->sent++;
	return NULL;
}

/* Closed, and nobody answers: whichever flow a packet finds, its owner gets none. */
TEST_F_TIMEOUT(inter, none_passes_while_flows_come_and_go, 120)
{
	struct flood f = { .peer = self->peer };
	int i, rounds = effort(1000);
	uint32_t flow, conn;
	pthread_t thread;

	ASSERT_EQ(0, listen_to_all(self, &flow));
	OWNERS(.policy = UNET_INTER_FAIL_CLOSED, .violations = -1);
	ASSERT_EQ(0, pthread_create(&thread, NULL, pour_out, &f));
	for (i = 0; i < rounds; i++) {
		EXPECT_EQ(0, connect_to_peer(&self->c, flow, 0, &conn));
		if (i % 10 == 0)
			usleep(1000);
		EXPECT_EQ(0, chan_flow_del(&self->c, conn, 0));
		while (chan_rx_peek(&self->m, 0))
			chan_rx_next(&self->m);
		chan_sync(&self->m, UNET_SYNC_FREE);
	}
	f.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(0, STAT(MISSED));
	TH_LOG("%d rounds, %u packets", rounds, f.sent);
}

/* More than are looked up at once are on their way to another flow when all ends. */
TEST_F_TIMEOUT(inter, none_passes_when_the_nexus_goes_behind_its_flow, 120)
{
	struct unet_params params = { .rx_slots = 4096, .tx_slots = 256, .rx_small = 4096,
				      .rx_large = 128 };
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000, .backlog = 2048,
		.proto = IPPROTO_UDP, .local_port = PORT,
		.policy = UNET_INTER_FAIL_CLOSED, .violations = -1,
	};
	uint32_t flow, conn;

	ASSERT_EQ(0, peer_room(self->peer, 1 << 24));
	ASSERT_EQ(0, listen_to_all(self, &flow));
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	ASSERT_EQ(0, inter_open_with(&self->m, self->id, &params, &self->o));
	ASSERT_EQ(0, peer_sends(self->peer, 0, 1500));
	ASSERT_TRUE(inter_comes_to_hold(&self->nl, self->id, 1500));
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, 0, &conn));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, 0));
	ASSERT_EQ(0, nexus_detach("va"));
	EXPECT_EQ(0, packets_for(&self->c));
}

/* Of two the first has let the first go on, changed maybe: it is not asked again. */
TEST_F(inter, none_is_shown_twice_what_it_let_go_on)
{
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000,
		.proto = IPPROTO_UDP, .local_port = PORT, .priority = 1,
	};
	struct unet_inter_open o;
	struct chan second;
	uint64_t token;
	uint32_t id, flow, conn;

	ASSERT_EQ(0, listen_to_all(self, &flow));
	OWNERS();
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &id));
	ASSERT_EQ(0, inter_open(&second, id, &o));
	ASSERT_EQ(0, peer_sends(self->peer, 7, 2));
	token = shown(&self->m, 2);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	ASSERT_NE(0, shown(&second, 1));
	ASSERT_EQ(0, connect_to_peer(&self->c, flow, 0, &conn));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, 0));
	EXPECT_EQ(8, number_shown(&self->m, &token));
	EXPECT_EQ(1, nexus_counter("va", "rx_drop_dead"));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(8, number_shown(&second, &token));
	ASSERT_EQ(0, inter_verdict(&second, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 8, 1, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 0));
	chan_close(&second);
}

TEST_HARNESS_MAIN
