// SPDX-License-Identifier: MIT
/*
 * Description: an intermediary is shown just the packets its grant names (R4.10):
 * by bytes of the payload, by an eBPF program, by both, in both directions; the
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
	EXPECT_EQ(2, inter_look(&self->nl, self->id).flows);
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
