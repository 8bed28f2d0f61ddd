// SPDX-License-Identifier: MIT
/*
 * Description: an intermediary is shown just the packets its grant names (R4.10):
 * by both addresses and their prefixes, by bytes of the payload, by an eBPF program, by
 * bytes and program, in both directions; the
 * others pass, but do not overtake those it has not judged yet.
 * What is wrong with a predicate is named.
 */
/* libs: -lbpf */
#include "bpf_hand.h"
#include "inter_bed.h"

#define LAST_BYTE	31	/* of a numbered datagram: its number's highest */

/* The number's lowest byte is odd. */
#define ODD	{ .offset = 0, .bytes = 1, .value = { 1 }, .mask = { 1 } }
/* Its highest byte is @v. */
#define TOP(v)	{ .offset = 3, .bytes = 1, .value = { v }, .mask = { 0xff } }

TEST_F(inter, only_packets_with_the_bytes)
{
	uint64_t token;
	int i;

	IN(.rights = OBSERVE | UNET_INTER_DROP, .pattern = { ODD },
	   .num_patterns = 1);
	EXPECT_EQ(1, inter_look(&self->nl, self->id).flows);
	ASSERT_EQ(0, peer_sends(self->peer, 100, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 100, 1, 2000));
	/* Those it does not want wait behind those it has not judged. */
	ASSERT_EQ(0, peer_sends(self->peer, 101, 10));
	for (i = 101; i < 110; i += 2) {
		ASSERT_EQ(i, (int)number_shown(&self->m, &token));
		EXPECT_EQ(0, owner_takes(&self->c, i, 1, 20));
		ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_DROP, 1));
		EXPECT_EQ(1, owner_takes(&self->c, i + 1, 1, 2000));
	}
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(5, STAT(PACKETS));
	EXPECT_EQ(5, STAT(DROPPED));
	EXPECT_EQ(0, STAT(MISSED));
}

TEST_F(inter, all_patterns_must_hold)
{
	uint64_t token;

	IN(.rights = OBSERVE, .pattern = { ODD, TOP(7) }, .num_patterns = 2);
	ASSERT_EQ(0, peer_sends(self->peer, 0x07000000, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 0x07000000, 1, 2000));
	ASSERT_EQ(0, peer_sends(self->peer, 0x06000001, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 0x06000001, 1, 2000));
	ASSERT_EQ(0, peer_sends(self->peer, 0x07000001, 1));
	EXPECT_EQ(0x07000001, number_shown(&self->m, &token));
	EXPECT_EQ(1, STAT(PACKETS));
}

TEST_F(inter, a_packet_too_short_has_no_such_bytes)
{
	IN(.rights = OBSERVE, .pattern = { TOP(0) }, .num_patterns = 1);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "abc", 3));
	EXPECT_NE(NULL, chan_rx_peek(&self->c, 2000));
	EXPECT_EQ(0, STAT(PACKETS));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "abc", 4));
	EXPECT_NE(0, shown(&self->m, 1));
}

TEST_F(inter, what_a_program_wants)
{
	int prog = load_byte(LAST_BYTE);
	uint64_t token;

	ASSERT_GT(prog, 0);
	IN(.rights = OBSERVE, .prog = prog);
	close(prog);
	ASSERT_EQ(0, peer_sends(self->peer, 5, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 5, 1, 2000));
	EXPECT_EQ(0, STAT(PACKETS));
	ASSERT_EQ(0, peer_sends(self->peer, 0x01000005, 1));
	EXPECT_EQ(0x01000005, number_shown(&self->m, &token));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 0x01000005, 1, 2000));
	/* And on the way out. */
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 6));
	EXPECT_EQ(0, peer_takes(self->peer, 6, 1));
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 0x02000006));
	EXPECT_EQ(0x02000006, number_shown(&self->m, &token));
	EXPECT_TRUE(peer_has_nothing(self->peer));
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(0, peer_takes(self->peer, 0x02000006, 1));
	EXPECT_EQ(2, STAT(PACKETS));
}

TEST_F(inter, a_program_and_bytes)
{
	int prog = load_byte(LAST_BYTE);
	uint64_t token;

	ASSERT_GT(prog, 0);
	IN(.rights = OBSERVE, .prog = prog, .pattern = { ODD }, .num_patterns = 1);
	close(prog);
	ASSERT_EQ(0, peer_sends(self->peer, 0x01000002, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 0x01000002, 1, 2000));
	ASSERT_EQ(0, peer_sends(self->peer, 3, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 3, 1, 2000));
	ASSERT_EQ(0, peer_sends(self->peer, 0x01000003, 1));
	EXPECT_EQ(0x01000003, number_shown(&self->m, &token));
}

TEST_F(inter, closed_it_blocks_what_it_would_have_seen_alone)
{
	IN(.rights = OBSERVE, .policy = UNET_INTER_FAIL_CLOSED, .pattern = { ODD },
	   .num_patterns = 1);
	chan_close(&self->m);
	self->m.fd = -1;
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	ASSERT_EQ(0, peer_sends(self->peer, 2, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 2, 1, 2000));
	EXPECT_EQ(1, STAT(BLOCKED));
	EXPECT_EQ(0, STAT(MISSED));
}

/* ---- addresses ---- */

#define WILD	(PORT + 10)	/* of a flow from any address to any */
#define EXACT	(PORT + 20)	/* and on, of one of each pair of ends */
#define THEIRS	(RPORT + 1)

/* The last is in the upper half of each prefix of 25 or 113 bits. */
static const struct family {
	int family;
	const char *ours[2];
	const char *theirs[2];
	uint32_t header;
} families[] = {
	{ AF_INET, { OUR_V4, "10.9.0.130" }, { PEER_V4, "10.9.0.129" }, 28 },
	{ AF_INET6, { OUR_V6, "fd09::8002" }, { PEER_V6, "fd09::8001" }, 48 },
};

/* Between which ends packets are shown: a bit for each pair, 1 << (ours + 2 * theirs). */
enum { NONE = 0, LOW_TO_LOW = 1, TO_LOW = 5, TO_HIGH = 10, FROM_LOW = 3, FROM_HIGH = 12,
	ALL = 15 };

static const struct predicate {
	struct grant g;
	int shown[2];		/* by family */
} predicates[] = {
	{ { .remote = "10.9.0.0", .remote_bits = 25 }, { FROM_LOW, NONE } },
	{ { .remote = "10.9.0.128", .remote_bits = 25 }, { FROM_HIGH, NONE } },
	{ { .remote = PEER_V4 }, { FROM_LOW, NONE } },
	{ { .remote = "10.0.0.0", .remote_bits = 8 }, { ALL, NONE } },
	{ { .remote = "10.8.0.0", .remote_bits = 16 }, { NONE, NONE } },
	{ { .local = "10.9.0.0", .local_bits = 25 }, { TO_LOW, NONE } },
	{ { .local = "10.9.0.130", .local_bits = 32 }, { TO_HIGH, NONE } },
	{ { .local = "10.9.0.0", .local_bits = 29, .remote = PEER_V4 },
	  { LOW_TO_LOW, NONE } },
	{ { .remote = "fd09::", .remote_bits = 113 }, { NONE, FROM_LOW } },
	{ { .remote = "fd09::8001" }, { NONE, FROM_HIGH } },
	{ { .remote = "fd09::", .remote_bits = 64 }, { NONE, ALL } },
	{ { .remote = "fd08::", .remote_bits = 16 }, { NONE, NONE } },
	{ { .local = "fd09::8000", .local_bits = 113 }, { NONE, TO_HIGH } },
	{ { .local = OUR_V6 }, { NONE, TO_LOW } },
	{ { .local = OUR_V6, .remote = "fd09::", .remote_bits = 126 },
	  { NONE, LOW_TO_LOW } },
};

/* Both ends: a flow from any address to any, flows of each pair, and the peer's sockets. */
struct ends {
	uint32_t wild[2];
	uint32_t exact[2][4];
	int fd[2][2];
};

static int add_addresses(struct topo *t)
{
	return rtnl_addr("va", families[0].ours[1], 24) ||
	       rtnl_addr("va", families[1].ours[1], 64) ||
	       sh_peer(t, "ip addr add %s/24 dev vb && ip addr add %s/64 dev vb nodad",
		       families[0].theirs[1], families[1].theirs[1]);
}

static int add_flow(struct chan *c, int f, const char *ours, int port,
		    const char *theirs, uint32_t *flow)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, families[f].family, ours, port,
					  theirs, theirs ? THEIRS : 0);
	int err = chan_flow_add(c, &r);

	*flow = r.flow;
	return err;
}

static int make_ends(struct topo *t, struct chan *c, int f, struct ends *e)
{
	const struct timeval tv = { .tv_sec = 5 };
	const struct family *fam = &families[f];
	int k;

	for (k = 0; k < 2; k++) {
		e->fd[f][k] = peer_socket(t, fam->family, SOCK_DGRAM);
		setsockopt(e->fd[f][k], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		if (bind_to(e->fd[f][k], fam->theirs[k], THEIRS))
			return -1;
	}
	for (k = 0; k < 4; k++)
		if (add_flow(c, f, fam->ours[k % 2], EXACT + 4 * f + k,
			     fam->theirs[k / 2], &e->exact[f][k]))
			return -2;
	return add_flow(c, f, NULL, WILD + f, NULL, &e->wild[f]);
}

/* A packet of one of the flows, on its way: in, or out. */
struct trip {
	int f;
	int pair;
	bool wild;
	bool out;
};

static int depart(struct chan *c, const struct ends *e, const struct trip *t)
{
	const struct family *fam = &families[t->f];
	const char *ours = fam->ours[t->pair % 2], *theirs = fam->theirs[t->pair / 2];
	int port = t->wild ? WILD + t->f : EXACT + 4 * t->f + t->pair;
	struct pkt_spec p = {
		.family = fam->family, .proto = IPPROTO_UDP, .src = ours,
		.dst = theirs, .sport = port, .dport = THEIRS,
		.data = t, .bytes = sizeof(*t),
	};

	if (!t->out)
		return send_to(e->fd[t->f][t->pair / 2], ours, port, t, sizeof(*t));
	return chan_send(c, t->wild ? e->wild[t->f] : e->exact[t->f][t->pair], &p, 0);
}

static bool arrives(struct chan *c, const struct ends *e, const struct trip *t)
{
	const struct unet_rx_slot *s;
	uint8_t got[sizeof(*t)];

	if (t->out)
		return recv(e->fd[t->f][t->pair / 2], got, sizeof(got), 0) == sizeof(got) &&
		       !memcmp(got, t, sizeof(got));
	s = chan_rx_peek(c, 5000);
	if (!s)
		return false;
	memcpy(got, (uint8_t *)chan_buf(c, s->first) + families[t->f].header, sizeof(got));
	chan_rx_next(c);
	return !memcmp(got, t, sizeof(got));
}

/* One that is not wanted, but shown, waits there and does not arrive. */
static const char *travels(struct _test_data_inter *b, const struct ends *e,
			   const struct trip *t, bool wanted)
{
	uint64_t token;

	if (depart(&b->c, e, t))
		return "it did not depart";
	if (wanted) {
		token = inter_seen_bytes(&b->m);
		if (!token)
			return "it was not shown";
		if (memcmp(b->m.tx_mem + families[t->f].header, t, sizeof(*t)))
			return "another was shown";
		if (inter_verdict(&b->m, token, UNET_VERDICT_ACCEPT, 1))
			return "it was not accepted";
	}
	return arrives(&b->c, e, t) ? NULL : "it did not arrive";
}

TEST_F_TIMEOUT(inter, only_packets_of_flows_between_those_addresses, 120)
{
	unsigned int i, k, row;
	struct ends e;

	ASSERT_EQ(0, add_addresses(&self->t));
	for (k = 0; k < 2; k++)
		ASSERT_EQ(0, make_ends(&self->t, &self->c, k, &e));
	for (row = 0; row < sizeof(predicates) / sizeof(predicates[0]); row++) {
		const int *shown = predicates[row].shown;
		struct grant g = predicates[row].g;
		uint32_t n = 0;

		g.rights = OBSERVE | UNET_INTER_DELAY;
		g.hold_ms = 10000;
		ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id))
			TH_LOG("%u: %s", row, self->nl.said);
		ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));
		for (i = 0; i < 32; i++) {
			struct trip t = { i / 16, i / 4 % 4, i & 1, i & 2 };
			bool wanted = shown[t.f] >> t.pair & 1;
			const char *wrong = travels(self, &e, &t, wanted);

			ASSERT_EQ(NULL, wrong)
				TH_LOG("predicate %u, family %d, ends %d, %s, %s: %s",
				       row, t.f, t.pair, t.wild ? "wild" : "exact",
				       t.out ? "out" : "in", wrong);
			n += wanted;
		}
		EXPECT_EQ(n, STAT(PACKETS)) TH_LOG("predicate %u", row);
		chan_close(&self->m);
		self->m.fd = -1;
		ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	}
}

TEST_F(inter, what_is_wrong_with_a_predicate_is_named)
{
	static const struct unet_pattern bad[] = {
		{ .bytes = 0 },
		{ .bytes = 33, .mask = { 1 } },
		{ .bytes = 4, .offset = 997, .mask = { 1 } },
		{ .bytes = 1, .mask = { 0 } },
		{ .bytes = 1, .value = { 2 }, .mask = { 1 } },
		{ .bytes = 1, .mask = { 1, 1 } },
		{ .bytes = 1, .mask = { 1 }, .reserved = 1 },
	};
	const struct bpf_insn pass[] = {
		MOV64_IMM(BPF_REG_0, 2),
		EXIT(),
	};
	struct grant g = { .rights = OBSERVE, .num_patterns = 1 };
	uint32_t id;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		g.pattern[0] = bad[i];
		EXPECT_EQ(-EINVAL, inter_grant(&self->nl, &g, &id));
		EXPECT_NE(NULL, strstr(self->nl.said, "PATTERNS")) TH_LOG("%zu", i);
	}
	g.num_patterns = 0;
	g.prog = 12345;
	EXPECT_EQ(-EBADF, inter_grant(&self->nl, &g, &id));
	EXPECT_NE(NULL, strstr(self->nl.said, "PROG_FD"));
	g.prog = bpf_prog_load(BPF_PROG_TYPE_XDP, "xdp", "GPL", pass, 2, NULL);
	ASSERT_GT(g.prog, 0);
	EXPECT_EQ(-EINVAL, inter_grant(&self->nl, &g, &id));
	EXPECT_NE(NULL, strstr(self->nl.said, "PROG_FD"));
	close(g.prog);
}

TEST_HARNESS_MAIN
