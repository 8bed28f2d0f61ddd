// SPDX-License-Identifier: MIT
/*
 * Description: an intermediary in somebody's flow (R4.1 to R4.10). It sees what
 * its grant shows and no more, both ways; what it accepts goes on in the order it
 * came, whatever the order of verdicts; each right that is missing is missed, each
 * lie is refused, counted by its own name and in the end stopped.
 */
#include "inter_bed.h"
#include "traced.h"

/* ---- seeing and passing on ---- */

TEST_F(inter, a_packet_is_held_until_it_is_accepted)
{
	const struct unet_rx_slot *s;
	uint64_t token;

	IN(.rights = OBSERVE | UNET_INTER_DROP);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	s = chan_rx_peek(&self->m, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(1, s->packets);
	EXPECT_EQ(0, s->flags);
	EXPECT_EQ(32, s->bytes);
	EXPECT_EQ(32, self->m.desc[s->first].len);
	token = s->tag;
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(1, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(1, STAT(ACCEPTED));
	EXPECT_EQ(0, STAT(MISSED));
}

TEST_F(inter, hand_overs_are_traced)
{
	unsigned long long token;

	if (!trace_begin())
		SKIP(return, "needs tracefs");
	IN(.rights = OBSERVE);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	EXPECT_NE(0, inter_verdict(&self->m, token, UNET_VERDICT_DROP, 1));
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	ASSERT_EQ(0, peer_sends(self->peer, 2, 1));
	ASSERT_NE(0, shown(&self->m, 1));
	chan_close(&self->m);
	self->m.fd = -1;
	EXPECT_EQ(2, owner_takes(&self->c, 1, 2, 2000));
	ASSERT_TRUE(trace_end());
	EXPECT_EQ(1, traced("unet_inter_show: grant=%u flow=%#x token=%#llx bytes=32 inbound",
			    self->id, self->flow, token));
	EXPECT_EQ(1, traced("unet_inter_blame: grant=%u reason=right_drop", self->id));
	EXPECT_EQ(1, traced("unet_inter_verdict: grant=%u token=%#llx action=accept",
			    self->id, token));
	EXPECT_EQ(1, traced("unet_inter_verdict: "));
	EXPECT_EQ(1, traced("unet_inter_miss: grant=%u flow=%#x bytes=32 missed",
			    self->id, self->flow));
}

/* A rule that takes packets away from the flow takes none past who is in it. */
/* @kid's go to it when they are let go on. What is dropped is left out. */
static void is_held_for(struct __test_metadata *_metadata,
			struct _test_data_inter *self, struct chan *kid)
{
	uint64_t token;

	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	EXPECT_EQ(NULL, chan_rx_peek(kid, 20));
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(kid, 1, 1, 2000));
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	token = shown(&self->m, 1);
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_DROP, 1));
	EXPECT_EQ(NULL, chan_rx_peek(kid, 20));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
}

TEST_F(inter, what_a_flows_rule_takes_away_is_held_too)
{
	struct chan kid;
	uint32_t theirs;

	ASSERT_EQ(0, chan_open(&kid, "va", NULL));
	ASSERT_EQ(0, steer_ones(&self->c, self->flow, &kid, &theirs));
	IN(.rights = OBSERVE | UNET_INTER_DROP);
	is_held_for(_metadata, self, &kid);
	chan_close(&kid);
}

/* Who joins when it is there already passes it neither way. */
TEST_F(inter, who_joins_a_flows_rule_later_is_seen_too)
{
	struct chan kid;
	uint32_t theirs;
	uint64_t token;

	IN(.rights = OBSERVE | UNET_INTER_DROP, .proto = IPPROTO_UDP, .local_port = PORT);
	ASSERT_EQ(0, chan_open(&kid, "va", NULL));
	ASSERT_EQ(0, steer_ones(&self->c, self->flow, &kid, &theirs));
	is_held_for(_metadata, self, &kid);
	ASSERT_EQ(0, owner_sends(&kid, theirs, 7));
	ASSERT_EQ(0, owner_sends(&kid, theirs, 8));
	token = shown(&self->m, 2);
	ASSERT_NE(0, token);
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_DROP, 1));
	EXPECT_EQ(0, inter_verdict(&self->m, token + 1, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(0, peer_takes(self->peer, 8, 1));
	EXPECT_EQ(1, nexus_counter("va", "tx_drop_inter"));
	chan_close(&kid);
}

TEST_F(inter, what_it_drops_nobody_gets)
{
	uint64_t token;

	IN(.rights = OBSERVE | UNET_INTER_DROP);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 2));
	token = shown(&self->m, 2);
	ASSERT_NE(0, token);
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_DROP, 1));
	EXPECT_EQ(0, inter_verdict(&self->m, token + 1, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 2, 1, 2000));
	EXPECT_EQ(1, STAT(DROPPED));
	EXPECT_EQ(1, nexus_counter("va", "rx_drop_inter"));
}

TEST_F(inter, verdicts_in_any_order_leave_the_order_of_packets)
{
	uint64_t token;
	int i;

	IN(.rights = OBSERVE);
	ASSERT_EQ(0, peer_sends(self->peer, 100, 50));
	token = shown(&self->m, 50);
	ASSERT_NE(0, token);
	for (i = 49; i > 0; i--)
		ASSERT_EQ(0, inter_verdict(&self->m, token + i,
					   UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(50, owner_takes(&self->c, 100, 50, 2000));
}

TEST_F(inter, what_the_owner_sends_is_held_too)
{
	const struct unet_rx_slot *s;
	uint32_t i;

	IN(.rights = OBSERVE | UNET_INTER_DROP);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, owner_sends(&self->c, self->flow, i));
	for (i = 0; i < 3; i++) {
		uint64_t token;

		s = chan_rx_peek(&self->m, 2000);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(UNET_RX_OUTBOUND, s->flags);
		EXPECT_TRUE(peer_has_nothing(self->peer));
		token = s->tag;
		ASSERT_EQ(1, s->packets);
		chan_rx_next(&self->m);
		ASSERT_EQ(0, inter_verdict(&self->m, token, i == 1 ?
			  UNET_VERDICT_DROP : UNET_VERDICT_ACCEPT, 1));
		if (i != 1)
			ASSERT_EQ(0, peer_takes(self->peer, i, 1));
	}
	EXPECT_EQ(1, nexus_counter("va", "tx_drop_inter"));
}

TEST_F(inter, one_direction_is_not_the_other)
{
	IN(.rights = OBSERVE, .directions = UNET_INTER_INBOUND);
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 5));
	EXPECT_EQ(0, peer_takes(self->peer, 5, 1));
	EXPECT_EQ(0, STAT(PACKETS));
	ASSERT_EQ(0, peer_sends(self->peer, 6, 1));
	EXPECT_NE(0, shown(&self->m, 1));
}

TEST_F(inter, headers_alone_without_the_right_to_see_payload)
{
	const struct unet_rx_slot *s;
	const uint8_t *p;

	IN(.rights = UNET_INTER_OBSERVE_HEADERS);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "secret", 6));
	s = chan_rx_peek(&self->m, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(28, self->m.desc[s->first].len);
	EXPECT_EQ(34, s->bytes);
	p = chan_buf(&self->m, s->first);
	EXPECT_EQ(0x45, p[0]);
	EXPECT_NE(0, memcmp(p + 28, "secret", 6));
}

TEST_F(inter, payload_alone_without_the_right_to_see_headers)
{
	const struct unet_rx_slot *s;
	static const uint8_t zero[28];
	const uint8_t *p;

	IN(.rights = UNET_INTER_OBSERVE_PAYLOAD);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "secret", 6));
	s = chan_rx_peek(&self->m, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(34, self->m.desc[s->first].len);
	p = chan_buf(&self->m, s->first);
	EXPECT_EQ(0, memcmp(p, zero, sizeof(zero)));
	EXPECT_EQ(0, memcmp(p + 28, "secret", 6));
}

TEST_F(inter, no_more_than_the_copy_range)
{
	static const uint8_t data[1000] = { 1, 2, 3 };
	const struct unet_rx_slot *s;

	IN(.rights = OBSERVE, .copy_bytes = 100);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, data, sizeof(data)));
	s = chan_rx_peek(&self->m, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(100, self->m.desc[s->first].len);
	EXPECT_EQ(1028, s->bytes);
	ASSERT_EQ(0, inter_verdict(&self->m, s->tag, UNET_VERDICT_ACCEPT, 1));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(1028, self->c.desc[s->first].len);
}

TEST_F(inter, flows_that_are_not_meant_are_not_seen)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4,
					  PORT + 1, NULL, 0);
	uint32_t n = 9;

	r.meta.tag = 77;
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	IN(.rights = OBSERVE, .proto = IPPROTO_UDP, .local_port = PORT);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, &n, 4));
	EXPECT_EQ(1, owner_takes(&self->c, 9, 1, 2000));
	EXPECT_EQ(0, STAT(PACKETS));
	EXPECT_EQ(0, self->c.adv[r.adv].flags & UNET_ADV_INTERMEDIATED);
	EXPECT_NE(0, self->c.adv[self->adv].flags & UNET_ADV_INTERMEDIATED);
}

TEST_F(inter, of_a_listener_only_the_packets_that_are_meant)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4,
					  PORT + 1, NULL, 0);
	int other = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	uint32_t n = 9;

	ASSERT_EQ(0, bind_to(other, PEER_V4, RPORT + 5));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	IN(.rights = OBSERVE, .proto = IPPROTO_UDP, .local_port = PORT + 1,
	   .remote = PEER_V4, .remote_port = RPORT + 5);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, &n, 4));
	EXPECT_EQ(1, owner_takes(&self->c, 9, 1, 2000));
	EXPECT_EQ(0, STAT(PACKETS));
	ASSERT_EQ(0, send_to(other, OUR_V4, PORT + 1, &n, 4));
	EXPECT_NE(0, shown(&self->m, 1));
	close(other);
}

TEST_F(inter, a_flow_that_comes_later_is_in_it_from_its_first_packet)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4,
					  PORT + 2, NULL, 0);
	uint32_t n = 1;

	IN(.rights = OBSERVE);
	EXPECT_EQ(1, inter_look(&self->nl, self->id).flows);
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	EXPECT_EQ(2, inter_look(&self->nl, self->id).flows);
	EXPECT_NE(0, self->c.adv[r.adv].flags & UNET_ADV_INTERMEDIATED);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 2, &n, 4));
	EXPECT_NE(0, shown(&self->m, 1));
}

TEST_F(inter, who_the_owner_is_only_by_right)
{
	struct unet_inter_flow q = { .size = sizeof(q), .pid = 99, .comm = "x" };
	const struct unet_rx_slot *s;

	IN(.rights = UNET_INTER_OBSERVE_HEADERS);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	s = chan_rx_peek(&self->m, 2000);
	ASSERT_NE(NULL, s);
	q.flow = s->flow;
	ASSERT_EQ(0, chan_ioctl(self->m.fd, UNET_IOC_INTER_FLOW, &q));
	EXPECT_EQ(AF_INET, q.family);
	EXPECT_EQ(IPPROTO_UDP, q.proto);
	EXPECT_EQ(htons(PORT), q.local_port);
	EXPECT_EQ(htons(RPORT), q.remote_port);
	EXPECT_EQ(0, q.pid);
	EXPECT_EQ(0, q.comm[0]);
	EXPECT_EQ(-EINVAL, chan_ioctl(self->c.fd, UNET_IOC_INTER_FLOW, &q));
	q.flow++;
	EXPECT_EQ(-ENOENT, chan_ioctl(self->m.fd, UNET_IOC_INTER_FLOW, &q));
	q.flow--;
	chan_close(&self->m);
	IN(.rights = UNET_INTER_IDENTITY);
	ASSERT_EQ(0, chan_ioctl(self->m.fd, UNET_IOC_INTER_FLOW, &q));
	EXPECT_EQ(0, q.family);
	EXPECT_EQ(0, q.local_port);
	EXPECT_EQ(getpid(), q.pid);
	EXPECT_EQ(0, strcmp(q.comm, "inter"));
}

/* ---- whose flow it is ---- */

#define USER	1000
#define OWNER	"an owner"	/* what it calls itself */
#define THEIRS	(PORT + 6)	/* its port */

/* A process of that user's with a flow to the peer. */
static void own_as_user(int ready, void *arg)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, THEIRS,
					  PEER_V4, RPORT);
	struct chan c;

	prctl(PR_SET_NAME, OWNER);
	/* To end with the parent is forgotten by who becomes another user. */
	if (become(USER, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL) ||
	    chan_open(&c, "va", NULL) || chan_flow_add(&c, &r) ||
	    write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* What is told of that flow, of process @pid, by these rights: the rest is zero. */
static struct unet_inter_flow told_by(uint32_t rights, uint32_t flow, pid_t pid)
{
	struct unet_inter_flow q = { .size = sizeof(q), .flow = flow };

	if (rights & UNET_INTER_OBSERVE_HEADERS) {
		q.family = AF_INET;
		q.proto = IPPROTO_UDP;
		q.local_port = htons(THEIRS);
		q.remote_port = htons(RPORT);
		inet_pton(AF_INET, OUR_V4, q.local);
		inet_pton(AF_INET, PEER_V4, q.remote);
	}
	if (rights & UNET_INTER_IDENTITY) {
		q.pid = pid;
		q.uid = USER;
		strcpy(q.comm, OWNER);
	}
	return q;
}

/* Into what was all ones, where the kernel does not want it zero. */
static struct unet_inter_flow ask_whose(struct chan *m, uint32_t flow)
{
	struct unet_inter_flow q;

	memset(&q, 0xff, sizeof(q));
	q.size = sizeof(q);
	q.flags = 0;
	q.flow = flow;
	q.reserved = 0;
	if (chan_ioctl(m->fd, UNET_IOC_INTER_FLOW, &q))
		q.size = 0;
	return q;
}

/* Rights, and bytes that are shown by them of a datagram of 4. */
static const struct {
	uint32_t rights;
	uint32_t bytes;
} lets_see[] = {
	{ UNET_INTER_IDENTITY, 0 },
	{ UNET_INTER_OBSERVE_HEADERS, 28 },
	{ UNET_INTER_OBSERVE_PAYLOAD, 28 + 4 },
	{ UNET_INTER_IDENTITY | UNET_INTER_OBSERVE_HEADERS, 28 },
};

TEST_F(inter, who_the_owner_is_when_it_is_another_user)
{
	pid_t pid = topo_start(own_as_user, NULL);
	struct unet_inter_flow told, should;
	const struct unet_rx_slot *s;
	unsigned int i;

	ASSERT_LT(0, pid);
	for (i = 0; i < sizeof(lets_see) / sizeof(lets_see[0]); i++) {
		IN(.rights = lets_see[i].rights, .proto = IPPROTO_UDP,
		   .local_port = THEIRS);
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, THEIRS, "what", 4));
		s = chan_rx_peek(&self->m, 5000);
		ASSERT_NE(NULL, s) TH_LOG("row %u", i);
		EXPECT_EQ(28 + 4, s->bytes);
		EXPECT_EQ(lets_see[i].bytes, self->m.desc[s->first].len) TH_LOG("row %u", i);
		told = ask_whose(&self->m, s->flow);
		should = told_by(lets_see[i].rights, s->flow, pid);
		EXPECT_EQ(0, memcmp(&should, &told, sizeof(told)))
			TH_LOG("row %u: size %u family %u pid %u uid %u comm %.16s", i,
			       told.size, told.family, told.pid, told.uid, told.comm);
		chan_close(&self->m);
		ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* ---- lies ---- */

TEST_F(inter, a_token_is_good_once)
{
	uint64_t token;

	IN(.rights = OBSERVE | UNET_INTER_DROP, .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_DOUBLE,
		  inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_DOUBLE,
		  inter_verdict(&self->m, token, UNET_VERDICT_DROP, 1));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_FOREIGN,
		  inter_verdict(&self->m, token + 1, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_FOREIGN,
		  inter_verdict(&self->m, token - 1, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(UNET_INTER_CNT_TOKEN_FOREIGN,
		  inter_verdict(&self->m, 0, UNET_VERDICT_ACCEPT, 16384));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 2, 100));
	EXPECT_EQ(2, STAT(TOKEN_DOUBLE));
	EXPECT_EQ(2 + 16384, STAT(TOKEN_FOREIGN));
}

TEST_F(inter, rights_that_are_missing_are_missed)
{
	struct unet_inter_verdict v = { .count = 1 };
	uint64_t token;

	IN(.rights = OBSERVE, .violations = -1);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	EXPECT_EQ(UNET_INTER_CNT_RIGHT_DROP,
		  inter_verdict(&self->m, token, UNET_VERDICT_DROP, 1));
	EXPECT_EQ(UNET_INTER_CNT_RIGHT_DUPLICATE,
		  inter_verdict(&self->m, token, UNET_VERDICT_DUPLICATE, 1));
	v.token = token;
	v.action = UNET_VERDICT_MODIFY;
	v.extents = 1;
	v.header_len = 28;
	v.extent[0].len = 32;
	EXPECT_EQ(UNET_INTER_CNT_RIGHT_PAYLOAD, inter_say(&self->m, &v));
	v.action = UNET_VERDICT_INJECT;
	EXPECT_EQ(UNET_INTER_CNT_RIGHT_INJECT, inter_say(&self->m, &v));
	v.action = UNET_VERDICT_COUNT;
	EXPECT_EQ(UNET_INTER_CNT_BAD_VERDICT, inter_say(&self->m, &v));
	EXPECT_EQ(UNET_INTER_CNT_BAD_VERDICT,
		  inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 0));
	/* It is still held, and still good. */
	EXPECT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	EXPECT_EQ(1, STAT(RIGHT_DROP));
	EXPECT_EQ(1, STAT(RIGHT_DUPLICATE));
	EXPECT_EQ(1, STAT(RIGHT_PAYLOAD));
	EXPECT_EQ(1, STAT(RIGHT_INJECT));
	EXPECT_EQ(2, STAT(BAD_VERDICT));
}

TEST_F(inter, bytes_written_after_the_look_go_nowhere)
{
	const struct unet_rx_slot *s;
	uint64_t token;
	uint32_t b;

	IN(.rights = OBSERVE);
	ASSERT_EQ(0, peer_sends(self->peer, 42, 1));
	s = chan_rx_peek(&self->m, 2000);
	ASSERT_NE(NULL, s);
	b = s->first;
	token = s->tag;
	memset(chan_buf(&self->m, b), 0xa5, 32);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 42, 1, 2000));
}

/* The owner changes what it sent after it was looked at: it must not go out (R4.9). */
TEST_F(inter, bytes_the_sender_changes_after_the_look_stay_at_home)
{
	static uint8_t data[1400];
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = PORT, .dport = RPORT,
		.data = data, .bytes = sizeof(data),
	};
	uint8_t got[1500];
	uint64_t token;

	IN(.rights = OBSERVE);
	memset(data, 0x11, sizeof(data));
	ASSERT_EQ(0, chan_send(&self->c, self->flow, &p, 0));
	token = shown(&self->m, 1);
	ASSERT_NE(0, token);
	memset(self->c.tx_mem, 0xee, 2000);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	ASSERT_EQ((ssize_t)sizeof(data), recv(self->peer, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(got, data, sizeof(data)));
}

TEST_F(inter, too_many_violations_end_the_claim)
{
	struct unet_inter_open o;
	struct chan again;
	uint32_t reason = 0;
	int i;

	IN(.rights = OBSERVE, .violations = 10);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	ASSERT_NE(0, shown(&self->m, 1));
	for (i = 0; i < 9; i++)
		ASSERT_EQ(UNET_INTER_CNT_TOKEN_FOREIGN,
			  inter_verdict(&self->m, 0, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(UNET_INTER_SERVING, inter_look(&self->nl, self->id).state);
	inter_verdict(&self->m, 0, UNET_VERDICT_ACCEPT, 1);
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->m, &reason));
	EXPECT_EQ(UNET_POISON_INTER_ABUSE, reason);
	EXPECT_EQ(UNET_INTER_BARRED, inter_look(&self->nl, self->id).state);
	/* Open: what was held passes, and what comes. */
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	ASSERT_EQ(0, peer_sends(self->peer, 2, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 2, 1, 2000));
	chan_close(&self->m);
	self->m.fd = -1;
	EXPECT_EQ(-EACCES, inter_open(&again, self->id, &o));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->c, NULL));
}

/* ---- two in a row ---- */

TEST_F(inter, the_lowest_priority_is_next_to_the_device)
{
	struct grant g = { .rights = OBSERVE | UNET_INTER_DELAY,
			   .hold_ms = 10000, .priority = 5 };
	struct unet_inter_open o;
	struct chan far;
	uint64_t token;
	uint32_t id;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &id));
	ASSERT_EQ(0, inter_open(&far, id, &o));
	IN(.rights = OBSERVE, .priority = -5);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	EXPECT_EQ(1, number_shown(&self->m, &token));
	EXPECT_EQ(NULL, chan_rx_peek(&far, 20));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, number_shown(&far, &token));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	ASSERT_EQ(0, inter_verdict(&far, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	/* The other way round on the way out. */
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 2));
	EXPECT_EQ(2, number_shown(&far, &token));
	EXPECT_EQ(NULL, chan_rx_peek(&self->m, 20));
	ASSERT_EQ(0, inter_verdict(&far, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(2, number_shown(&self->m, &token));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(0, peer_takes(self->peer, 2, 1));
	chan_close(&far);
}

TEST_F(inter, one_of_two_dies_and_the_other_goes_on)
{
	struct grant g = { .rights = OBSERVE | UNET_INTER_DELAY,
			   .hold_ms = 10000, .priority = 5 };
	struct unet_inter_open o;
	struct chan far;
	uint32_t id;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &id));
	ASSERT_EQ(0, inter_open(&far, id, &o));
	IN(.rights = OBSERVE);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 10));
	ASSERT_EQ(5, shown(&self->m, 10) ? 5 : 0);
	chan_close(&self->m);
	self->m.fd = -1;
	ASSERT_EQ(0, peer_sends(self->peer, 11, 10));
	EXPECT_EQ(20, inter_accept_all(&far, 300));
	EXPECT_EQ(20, owner_takes(&self->c, 1, 20, 2000));
	chan_close(&far);
}

TEST_HARNESS_MAIN
