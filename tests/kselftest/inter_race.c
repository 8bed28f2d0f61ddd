// SPDX-License-Identifier: MIT
/*
 * Description: what was checked is what goes on, and what is hidden is hidden at each
 * moment (R4.2, R4.5, R4.9): a verdict comes just as the time of its packet is over;
 * headers that are not to be seen are looked for while packets are shown; what is
 * injected has its own bytes only, whatever is in the packet that it goes before;
 * whatever verdicts say, what leaves is of the flow; and a flow is removed while its
 * packets come.
 */
/* libs: -lpthread */
#include "effort.h"
#include "inter_bed.h"
#include "pin.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <pthread.h>

#define HEADER	28	/* bytes of IPv4 and UDP */

static int owner_sends_bytes(struct chan *c, uint32_t flow, const void *data,
			     uint32_t bytes)
{
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = PORT, .dport = RPORT,
		.data = data, .bytes = bytes,
	};

	return chan_send(c, flow, &p, 0);
}

/* ---- injected ---- */

/* IPv4 and UDP headers at @p as those at @seen, with 40 bytes of options that do nothing. */
static void with_options(uint8_t *p, const uint8_t *seen)
{
	uint8_t udp[8];

	memcpy(udp, seen + 20, sizeof(udp));
	memmove(p, seen, 20);
	p[0] = 0x4f;
	memset(p + 20, 1, 40);
	memcpy(p + 60, udp, sizeof(udp));
}

/* Payload of the packet before which it goes: options, and headers of another port. */
TEST_F(inter, what_is_injected_is_not_filled_up_with_the_other_packet)
{
	uint8_t evil[40] = { 0 }, seen[HEADER], got[64];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint64_t token;

	memset(evil, 1, 32);
	evil[33] = 53;
	evil[34] = RPORT >> 8;
	evil[35] = RPORT & 255;
	evil[37] = 8;
	IN(.rights = OBSERVE | UNET_INTER_INJECT);
	ASSERT_EQ(0, owner_sends_bytes(&self->c, self->flow, evil, sizeof(evil)));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	memcpy(seen, self->m.tx_mem, HEADER);
	with_options(self->m.tx_mem, seen);
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_INJECT,
				     HEADER + 40, HEADER + 40));
	/* Before a packet that is shorter than its headers, too. */
	ASSERT_EQ(0, owner_sends_bytes(&self->c, self->flow, evil, 1));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	token = inter_seen_bytes(&self->m);
	ASSERT_NE(0, token);
	with_options(self->m.tx_mem, seen);
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_INJECT,
				     HEADER + 40, HEADER + 40));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(0, recvfrom(self->peer, got, sizeof(got), 0, (void *)&from, &len));
	EXPECT_EQ(PORT, ntohs(from.sin_port));
	EXPECT_EQ(40, recv(self->peer, got, sizeof(got), 0));
	EXPECT_EQ(0, recvfrom(self->peer, got, sizeof(got), 0, (void *)&from, &len));
	EXPECT_EQ(PORT, ntohs(from.sin_port));
	EXPECT_EQ(1, recv(self->peer, got, sizeof(got), 0));
}

/* ---- whatever ---- */

/* Verdicts at random about @token, most of them nearly right. */
static void babble(struct unet_inter_verdict *v, uint64_t token, struct chan *m)
{
	static const uint8_t lengths[] = { 28, 28, 28, 20, 27, 32, 60, 68, 0, 120, 128 };
	uint32_t i;

	*v = (struct unet_inter_verdict){
		.token = token + (rand() % 8 ? 0 : rand() % 5 - 2),
		.action = rand() % 4 ? UNET_VERDICT_MODIFY + 2 * (rand() % 2) :
				       rand() % (UNET_VERDICT_COUNT + 1),
		.count = rand() % 8 ? 1 : rand() % 4,
		.header_len = lengths[rand() % sizeof(lengths)],
		.extents = rand() % 8 ? 1 : rand() % 6,
	};
	if (!(rand() % 4)) {
		v->extents = 0;
		v->header_len = 0;
	}
	for (i = 0; i < v->extents && i < UNET_VERDICT_EXTENTS; i++) {
		v->extent[i].offset = i || !(rand() % 8) ? rand() % 200 : 0;
		v->extent[i].len = i ? rand() % 40 : v->header_len +
				   (rand() % 2 ? 0 : rand() % 60);
	}
	/* Options that do nothing, so that longer headers are headers. */
	if (v->header_len > 28 && rand() % 2)
		with_options(m->tx_mem, m->tx_mem);
	for (i = rand() % 3; i; i--)
		m->tx_mem[rand() % 80] = rand();
}

/* Of all that was sent, which is no packet of the flow's? Return: how many are. */
static int packets_of_flow(int tap, struct __test_metadata *_metadata)
{
	uint8_t p[2048];
	int n, good = 0;

	while ((n = recv(tap, p, sizeof(p), MSG_DONTWAIT)) > 0) {
		uint32_t h = (p[0] & 15) * 4;

		if (p[0] >> 4 != 4 || n < (int)h + 8 || p[9] == IPPROTO_IGMP)
			continue;
		ASSERT_EQ(IPPROTO_UDP, p[9]);
		ASSERT_EQ(0, memcmp(p + 12, "\x0a\x09\x00\x02\x0a\x09\x00\x01", 8));
		ASSERT_EQ(PORT, p[h] << 8 | p[h + 1]);
		ASSERT_EQ(RPORT, p[h + 2] << 8 | p[h + 3]);
		good++;
	}
	return good;
}

TEST_F_TIMEOUT(inter, whatever_it_says_what_leaves_is_of_the_flow, 200)
{
	int i, said, good = 0, rounds = effort(10000);
	int tap = peer_socket(&self->t, AF_PACKET, SOCK_DGRAM);
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_IP) };
	uint8_t data[48];

	ASSERT_EQ(0, bind(tap, (void *)&sll, sizeof(sll)));
	IN(.rights = UNET_INTER_ALL_RIGHTS & ~(UNET_INTER_REDIRECT | UNET_INTER_DELAY |
					       UNET_INTER_IDENTITY),
	   .hold_ms = 1, .backlog = 16384, .violations = -1);
	srand(1);
	for (i = 0; i < rounds; i++) {
		struct unet_inter_verdict v;
		uint64_t token;

		for (said = 0; said < (int)sizeof(data); said++)
			data[said] = rand() % 2;
		ASSERT_EQ(0, owner_sends_bytes(&self->c, self->flow, data,
					       1 + rand() % 47));
		token = inter_seen_bytes(&self->m);
		ASSERT_NE(0, token) TH_LOG("round %d", i);
		babble(&v, token, &self->m);
		said = inter_say(&self->m, &v);
		ASSERT_LE(0, said);
		good += packets_of_flow(tap, _metadata);
	}
	usleep(20 * 1000);
	good += packets_of_flow(tap, _metadata);
	TH_LOG("%d packets left in %d rounds", good, rounds);
	EXPECT_LT(rounds / 2, good);
	close(tap);
}

/* ---- in time or not ---- */

/* Up to two hold limits later, each time another moment. */
static void dawdle(int round)
{
	uint64_t end = mono_ms() + round % 9;

	while (mono_ms() < end)
		;
	usleep(round * 37 % 1000);
}

/*
 * The timer passes the packet on while it is looked at for a change: one or the other
 * has it, the peer once. Return: how many were late, -1: not so.
 */
static int late_of(struct chan *c, uint32_t flow, struct chan *m, int peer,
		   uint32_t payload, int rounds)
{
	int i, late = 0, said;
	uint32_t number;
	uint64_t token;

	for (i = 0; i < rounds; i++) {
		if (owner_sends(c, flow, i))
			return -1;
		token = inter_seen_bytes(m);
		if (!token)
			return -1;
		dawdle(i);
		said = inter_say_bytes(m, token, UNET_VERDICT_MODIFY, HEADER,
				       HEADER + payload);
		if (said && said != UNET_INTER_CNT_TOKEN_STALE)
			return -1;
		late += !!said;
		if (recv(peer, &number, sizeof(number), 0) != 4 || number != (uint32_t)i)
			return -1;
	}
	return late;
}

TEST_F_TIMEOUT(inter, a_verdict_at_the_last_moment, 200)
{
	int late, rounds = effort(1000);

	/* Its headers change where they are. */
	IN(.rights = OBSERVE | UNET_INTER_MODIFY_HEADERS, .hold_ms = 1,
	   .violations = -1);
	late = late_of(&self->c, self->flow, &self->m, self->peer, 0, rounds);
	TH_LOG("%d of %d were late", late, rounds);
	EXPECT_LT(0, late);
	EXPECT_GT(rounds, late);
	EXPECT_EQ(0, inter_revoke(&self->nl, self->id));
	chan_close(&self->m);

	/* Another packet takes its place. */
	IN(.rights = OBSERVE | UNET_INTER_MODIFY_PAYLOAD, .hold_ms = 1,
	   .violations = -1);
	late = late_of(&self->c, self->flow, &self->m, self->peer, 4, rounds);
	TH_LOG("%d of %d were late", late, rounds);
	EXPECT_LT(0, late);
	EXPECT_GT(rounds, late);
	EXPECT_TRUE(peer_has_nothing(self->peer));
}

/* ---- hidden ---- */

struct spy {
	const uint8_t *mem;
	uint32_t bytes;
	volatile bool stop;
	volatile uint32_t seen;	/* words that were no zero */
};

/* The source address of each small buffer, again and again. */
static void *spy_on(void *arg)
{
	struct spy *spy = arg;
	uint32_t at;

	run_on(1);
	while (!spy->stop)
		for (at = 0; at < spy->bytes; at += UNET_RX_SMALL_BYTES)
			if (*(volatile uint32_t *)(spy->mem + at + 12))
				spy->seen++;
	return NULL;
}

TEST_F_TIMEOUT(inter, headers_are_hidden_at_each_moment, 100)
{
	struct unet_params params = {
		.rx_slots = 256, .tx_slots = 256, .rx_small = 8,
		.rx_large = UNET_PARAM_NONE,
	};
	struct grant g = { .rights = UNET_INTER_OBSERVE_PAYLOAD | UNET_INTER_DELAY,
			   .hold_ms = 10000, .violations = -1 };
	int i, rounds = effort(5000);
	struct spy spy = { 0 };
	pthread_t thread;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	ASSERT_EQ(0, inter_open_with(&self->m, self->id, &params, &self->o));
	spy.mem = chan_buf(&self->m, 0);
	spy.bytes = 8 * UNET_RX_SMALL_BYTES;
	ASSERT_EQ(0, pthread_create(&thread, NULL, spy_on, &spy));
	run_on(0);
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, peer_sends(self->peer, i, 1));
		ASSERT_LT(0, inter_accept_some(&self->m, 1, 2000));
		ASSERT_EQ(1, owner_takes(&self->c, i, 1, 2000));
	}
	spy.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(0, spy.seen);
}

/* ---- removed ---- */

static void flood(int ready, void *peer)
{
	uint32_t number = 0;

	run_on(1);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		send_to(*(int *)peer, OUR_V4, PORT, &number, sizeof(number));
}

/* Take what is shown, and leave it waiting. Return: packets. */
static uint32_t take_shown(struct chan *m, int ms)
{
	const struct unet_rx_slot *s;
	uint32_t n = 0;

	while ((s = chan_rx_peek(m, ms))) {
		n += s->packets;
		chan_rx_next(m);
		ms = 0;
	}
	return n;
}

/* What is held of a flow goes with it, and what was on its way in, too. */
TEST_F_TIMEOUT(inter, a_flow_is_removed_while_its_packets_come, 200)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT,
					  PEER_V4, RPORT);
	int i, rounds = effort(1000);
	uint32_t shown = 0;
	pid_t pid;

	IN(.rights = OBSERVE, .directions = UNET_INTER_INBOUND, .backlog = 4096,
	   .violations = -1);
	pid = topo_start(flood, &self->peer);
	ASSERT_LT(0, pid);
	run_on(0);
	for (i = 0; i < rounds; i++) {
		shown += take_shown(&self->m, 2000);
		ASSERT_EQ(0, chan_flow_del(&self->c, self->flow, 0));
		take_shown(&self->m, 0);
		ASSERT_EQ(0, inter_look(&self->nl, self->id).held) TH_LOG("round %d", i);
		ASSERT_EQ(0, chan_flow_add(&self->c, &r));
		self->flow = r.flow;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_LE(rounds, shown);
}

TEST_HARNESS_MAIN
