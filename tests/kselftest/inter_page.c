// SPDX-License-Identifier: MIT
/*
 * Description: what an intermediary was shown is what goes on (R4.9): a sender on the
 * same host, who can still write where the bytes of its packets lie, or into the file
 * they are of, changes nothing that was judged. UDP and TCP, IPv4 and IPv6.
 */
#include "inter.h"
#include "live.h"
#include "param.h"
#include "tcp_hand.h"
#include "kselftest_harness.h"

#include <sys/sendfile.h>

#define JUDGED	1000	/* bytes */

FIXTURE(inter_page) {
	struct live before;
	struct topo t;
	struct nl nl;
	struct chan c;		/* the owner */
	struct hand h;		/* its end of TCP, and the sender's socket of either */
	struct chan m;		/* the one in the middle */
	struct unet_inter_open o;
	uint32_t id;
	int file;
	uint8_t *page;		/* of @file, in the sender's memory, too */
};

FIXTURE_VARIANT(inter_page) {
	int family;
	int proto;
};

FIXTURE_VARIANT_ADD(inter_page, udp4) { AF_INET, IPPROTO_UDP };
FIXTURE_VARIANT_ADD(inter_page, udp6) { AF_INET6, IPPROTO_UDP };
FIXTURE_VARIANT_ADD(inter_page, tcp4) { AF_INET, IPPROTO_TCP };
FIXTURE_VARIANT_ADD(inter_page, tcp6) { AF_INET6, IPPROTO_TCP };

static int shared_page(struct _test_data_inter_page *b)
{
	b->file = memfd_create("page", MFD_CLOEXEC);
	if (b->file < 0 || ftruncate(b->file, 4096))
		return -errno;
	b->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, b->file, 0);
	if (b->page == MAP_FAILED)
		return -errno;
	memset(b->page, 'o', 4096);
	return 0;
}

static int talk_udp(struct _test_data_inter_page *b)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, b->h.family, hand_ours(&b->h),
					  HAND_PORT, NULL, 0);
	int err = chan_flow_add(&b->c, &r);

	if (err)
		return err;
	b->h.client = peer_socket(&b->t, b->h.family, SOCK_DGRAM);
	return connect_to(b->h.client, hand_ours(&b->h), HAND_PORT);
}

static int talk_tcp(struct _test_data_inter_page *b)
{
	return hand_listen(&b->c, &b->h, 0) ?: hand_accept(&b->t, &b->c, &b->h);
}

FIXTURE_SETUP(inter_page)
{
	struct grant g = { .rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000 };

	ASSERT_EQ(0, param_linger("0"));
	self->before = live_now();
	self->h.family = variant->family;
	ASSERT_EQ(0, shared_page(self));
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, variant->proto == IPPROTO_TCP ? talk_tcp(self) : talk_udp(self));
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));
}

FIXTURE_TEARDOWN(inter_page)
{
	struct live now;

	close(self->h.client);
	chan_close(&self->m);
	chan_close(&self->c);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	munmap(self->page, 4096);
	close(self->file);
	EXPECT_EQ(0, param_linger("60"));
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* The next packet of @c that is no bare acknowledgment ends as the page was at first. */
static bool has_old(struct chan *c)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 2000);
	uint8_t old[JUDGED];

	for (; s && s->bytes <= JUDGED; s = chan_rx_peek(c, 2000))
		chan_rx_next(c);
	memset(old, 'o', sizeof(old));
	return s &&
	       !memcmp((uint8_t *)chan_buf(c, s->first) + s->bytes - JUDGED, old,
		       sizeof(old));
}

/* As it was when it was looked at; 0, or what went wrong. */
static int goes_on_as_seen(struct _test_data_inter_page *b)
{
	uint64_t token;

	if (!has_old(&b->m))
		return 1;
	token = chan_rx_peek(&b->m, 0)->tag;
	memset(b->page, 'n', 4096);
	if (inter_verdict(&b->m, token, UNET_VERDICT_ACCEPT, 1))
		return 2;
	return has_old(&b->c) ? 0 : 3;
}

TEST_F(inter_page, a_file_that_changes_while_its_bytes_are_held)
{
	off_t at = 0;

	ASSERT_EQ(JUDGED, sendfile(self->h.client, self->file, &at, JUDGED));
	EXPECT_EQ(0, goes_on_as_seen(self));
}

TEST_F(inter_page, a_sender_that_writes_where_its_bytes_are_held)
{
	int yes = 1;

	ASSERT_EQ(0, setsockopt(self->h.client, SOL_SOCKET, SO_ZEROCOPY, &yes,
				sizeof(yes)));
	ASSERT_EQ(JUDGED, send(self->h.client, self->page, JUDGED, MSG_ZEROCOPY));
	EXPECT_EQ(0, goes_on_as_seen(self));
}

TEST_HARNESS_MAIN
