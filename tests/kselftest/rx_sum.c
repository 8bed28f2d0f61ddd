// SPDX-License-Identifier: MIT
/*
 * Description: a device that adds up all bytes of a packet (CHECKSUM_COMPLETE; R1.16). The
 * sum vouches for a packet whose checksum holds by it; for one that is damaged it does
 * not, nor does a sum that is wrong itself, or has padding in it: then the packet's own
 * checksum counts. Also behind an intermediary that marked it (R4.9).
 */
#include "topo.h"
#include "inter.h"
#include "nexus.h"
#include "raw.h"
#include "tos.h"
#include "type_hand.h"
#include "kselftest_harness.h"

#define SUM_TEST	"/sys/module/sum_test/parameters/"
#define PADDING		6

FIXTURE(rx_sum) {
	struct topo t;
	struct chan c;
	uint8_t ours[6];
	uint8_t theirs[6];
	int fd;
};

FIXTURE_VARIANT(rx_sum) {
	int family;
	int ethertype;
	const char *ours;
	const char *theirs;
	uint32_t ip;	/* bytes of its header */
};

FIXTURE_VARIANT_ADD(rx_sum, ipv4) { AF_INET, ETH_P_IP, OUR_V4, PEER_V4, 20 };
FIXTURE_VARIANT_ADD(rx_sum, ipv6) { AF_INET6, ETH_P_IPV6, OUR_V6, PEER_V6, 40 };

FIXTURE_SETUP(rx_sum)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, variant->family, variant->ours,
					  PORT, NULL, 0);

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, sh("insmod $(dirname $EXT_TEST_KO)/sum_test.ko device=va"));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	ASSERT_EQ(0, rtnl_mac("va", self->ours));
	self->fd = peer_frames(&self->t, variant->ethertype, self->theirs);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(rx_sum)
{
	close(self->fd);
	chan_close(&self->c);
	nexus_detach("va");
	EXPECT_EQ(0, sh("rmmod sum_test"));
	topo_teardown(&self->t);
}

static unsigned int summed(void)
{
	FILE *f = fopen(SUM_TEST "summed", "r");
	unsigned int n = ~0u;

	if (f && fscanf(f, "%u", &n) != 1)
		n = ~0u;
	if (f)
		fclose(f);
	return n;
}

/* "hello", with a good checksum. Return: its bytes. */
static uint32_t hello(uint8_t *p, int family, const char *from, const char *to)
{
	struct pkt_spec s = {
		.family = family, .proto = IPPROTO_UDP, .src = from, .dst = to,
		.sport = RPORT, .dport = PORT, .data = "hello", .bytes = 5,
	};
	uint32_t h = build_packet(p, &s), ip = h - 8;
	uint16_t sum;

	if (family == AF_INET) {
		sum = htons(~sound_sum(p, ip, 0));
		memcpy(p + 10, &sum, 2);
	}
	memset(p + ip + 6, 0, 2);
	sum = raw_l4_sum(p, ip, IPPROTO_UDP, 8 + s.bytes);
	memcpy(p + ip + 6, &sum, 2);
	return h + s.bytes;
}

#define HELLO(p)	hello(p, variant->family, variant->theirs, variant->ours)
#define SEND(p, n)	send_frame(self->fd, self->ours, self->theirs, variant->ethertype, p, n)

/* One packet. Return: UNET_DESC_CSUM_* of it, or -1: none, or not those bytes. */
static int comes(struct chan *c, const uint8_t *p, uint32_t bytes)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 2000);
	int flags = -1;

	if (!s)
		return -1;
	if (s->packets == 1 && s->bytes == bytes && !memcmp(chan_buf(c, s->first), p, bytes))
		flags = c->desc[s->first].flags & (UNET_DESC_CSUM_OK | UNET_DESC_CSUM_BAD);
	chan_rx_next(c);
	return flags;
}

TEST_F(rx_sum, what_it_vouches_for)
{
	unsigned int before = summed();
	uint8_t p[128] = { 0 };
	uint32_t bytes = HELLO(p);
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, sh("echo %d > " SUM_TEST "wrong", i));
		ASSERT_EQ(0, SEND(p, bytes));
		EXPECT_EQ(UNET_DESC_CSUM_OK, comes(&self->c, p, bytes));
		memset(p + bytes, 0x55, PADDING);
		ASSERT_EQ(0, SEND(p, bytes + PADDING));
		EXPECT_EQ(UNET_DESC_CSUM_OK, comes(&self->c, p, bytes));
		p[bytes - 1] ^= 0x10;
		ASSERT_EQ(0, SEND(p, bytes));
		EXPECT_EQ(UNET_DESC_CSUM_BAD, comes(&self->c, p, bytes));
		ASSERT_EQ(0, SEND(p, bytes + PADDING));
		EXPECT_EQ(UNET_DESC_CSUM_BAD, comes(&self->c, p, bytes));
		p[bytes - 1] ^= 0x10;
	}
	EXPECT_LE(8, summed() - before);
	EXPECT_EQ(4, nexus_counter("va", "rx_csum_bad"));
}

/* The sum was of what it had been; only the sender's stays with it. */
TEST_F(rx_sum, what_was_marked_is_as_good_as_it_was)
{
	struct grant g = { .rights = UNET_INTER_OBSERVE_HEADERS | UNET_INTER_DELAY |
				     UNET_INTER_MODIFY_HEADERS, .hold_ms = 10000 };
	uint8_t p[128] = { 0 };
	uint32_t bytes = HELLO(p), id;
	const struct unet_rx_slot *s;
	struct unet_inter_open o;
	struct chan m;
	struct nl nl;
	int damaged;

	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, inter_grant(&nl, &g, &id));
	ASSERT_EQ(0, inter_open(&m, id, &o));
	for (damaged = 0; damaged < 2; damaged++) {
		p[bytes - 1] ^= damaged;
		ASSERT_EQ(0, SEND(p, bytes));
		ASSERT_EQ(0, inter_mark(&m, inter_seen_bytes(&m), 1, 0xfc, 0xb8));
		s = chan_rx_peek(&self->c, 2000);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(0xb8, tos_of(chan_buf(&self->c, s->first)));
		EXPECT_EQ(damaged ? UNET_DESC_CSUM_BAD : UNET_DESC_CSUM_OK,
			  self->c.desc[s->first].flags &
			  (UNET_DESC_CSUM_OK | UNET_DESC_CSUM_BAD));
		chan_rx_next(&self->c);
	}
	chan_close(&m);
	close(nl.fd);
}

TEST_HARNESS_MAIN
