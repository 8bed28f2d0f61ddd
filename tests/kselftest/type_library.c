// SPDX-License-Identifier: MIT
/*
 * Description: packet types by libunet's calls (R3.1, R3.2, R3.8): two hosts, each a channel
 * of the library, talk in an ethertype of their own; a rule is added, moved, changed,
 * joined and deleted, and what is denied says why.
 */
/* libs: $(UNET_LIB) */
#include "type_hand.h"
#include "nexus.h"
#include "kselftest_harness.h"

#include <unet/unet.h>

#define PORT	7000
#define SECOND	1000000000ull

FIXTURE(type_library) {
	struct topo t;
	struct unet_channel *ch[2];	/* on va, and on the peer's vb */
	uint8_t mac[2][6];
	int peer;
};

/* In the namespace this process is in. */
static int attach_and_open(const char *dev, struct unet_channel **ch, uint8_t *mac)
{
	int err = nexus_attach(dev);

	if (err)
		return err;
	*ch = unet_channel_open(dev, NULL);
	return *ch ? rtnl_mac(dev, mac) : -errno;
}

static int in_peer(struct topo *t, int (*fn)(void *arg), void *arg)
{
	int err;

	if (setns(t->ns_peer, CLONE_NEWNET))
		return -errno;
	err = fn(arg);
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	return err;
}

static int begin_there(void *arg)
{
	struct _test_data_type_library *self = arg;

	return attach_and_open("vb", &self->ch[1], self->mac[1]);
}

static int end_there(void *arg)
{
	return nexus_detach("vb");
}

FIXTURE_SETUP(type_library)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, attach_and_open("va", &self->ch[0], self->mac[0]));
	ASSERT_EQ(0, in_peer(&self->t, begin_there, self));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_LE(0, self->peer);
}

FIXTURE_TEARDOWN(type_library)
{
	close(self->peer);
	unet_channel_close(self->ch[0]);
	unet_channel_close(self->ch[1]);
	EXPECT_EQ(0, nexus_detach("va"));
	EXPECT_EQ(0, in_peer(&self->t, end_there, NULL));
	topo_teardown(&self->t);
}

/* DONE status of a frame of @bytes in TX memory; -1: none came. */
static int send_built(struct unet_channel *ch, uint32_t flow, uint32_t bytes)
{
	struct unet_rings *r = unet_channel_rings(ch);
	const struct unet_done *d;
	int status = -1, i;

	if (!unet_tx_space(r))
		return -1;
	*unet_tx_slot(r) = (struct unet_tx_slot){
		.flow = flow, .header_len = 20, .extents = 1,
		.extent = { { 0, bytes } },
	};
	unet_tx_next(r);
	unet_tx_publish(r);
	for (i = 0; i < 200 && status < 0; i++) {
		if (unet_channel_sync(ch, UNET_SYNC_TX, 0, NULL))
			return -1;
		d = unet_done_peek(r);
		if (!d) {
			usleep(10 * 1000);
			continue;
		}
		status = d->status;
		unet_done_next(r);
		unet_done_release(r);
	}
	return status;
}

/* What came next, from @skip on; its tag, or 0: nothing within two seconds. */
static uint64_t next_text(struct unet_channel *ch, uint32_t skip, char *text, size_t size)
{
	struct unet_rings *r = unet_channel_rings(ch);
	const struct unet_rx_slot *s;
	uint32_t bytes;
	uint64_t tag;

	if (!unet_rx_peek(r))
		unet_channel_sync(ch, UNET_SYNC_WAIT, 2 * SECOND, NULL);
	s = unet_rx_peek(r);
	if (!s || s->bytes < skip)
		return 0;
	bytes = s->bytes - skip < size - 1 ? s->bytes - skip : size - 1;
	memcpy(text, unet_rx_buffer(r, s->first) + r->desc[s->first].offset + skip, bytes);
	text[bytes] = 0;
	tag = s->tag;
	unet_free_put(r, s->first);
	unet_free_publish(r);
	unet_rx_next(r);
	unet_rx_release(r);
	return tag;
}

TEST_F(type_library, two_hosts_talk_in_a_type_of_their_own)
{
	struct unet_type_req r[2] = { { 0 } };
	char text[64];
	uint32_t len;
	int i;

	for (i = 0; i < 2; i++) {
		r[i].spec = spec_ether(OWN_TYPE, OWN_TYPE);
		r[i].meta.tag = 10 + i;
		ASSERT_EQ(0, unet_type_add(self->ch[i], &r[i]));
		EXPECT_EQ(1514, r[i].mtu);
	}
	for (i = 0; i < 2; i++) {
		len = build_frame(unet_channel_rings(self->ch[i])->tx_mem, self->mac[!i],
				  self->mac[i], OWN_TYPE, i ? "back, there" : "hello, here", 11);
		EXPECT_EQ(0, send_built(self->ch[i], r[i].flow, len));
		EXPECT_EQ(10 + !i, next_text(self->ch[!i], ETH_HLEN, text, sizeof(text)));
		EXPECT_STREQ(i ? "back, there" : "hello, here", text);
	}
}

#define TOLD(port, tag) do {							\
	char text_[64] = "";							\
										\
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, port, "hello", 5));		\
	EXPECT_EQ(tag, next_text(self->ch[0], 28, text_, sizeof(text_)));	\
	EXPECT_STREQ(tag ? "hello" : "", text_);				\
} while (0)

TEST_F(type_library, each_call_does_what_it_says)
{
	struct unet_channel *ch = self->ch[0], *other;
	struct unet_type_req r = { .spec = spec_port(IPPROTO_UDP, PORT, PORT) };
	struct unet_type_ref ref = { 0 };

	r.meta.tag = 7;
	r.spec.priority = 2000;
	ASSERT_EQ(0, unet_type_add(ch, &r));
	EXPECT_EQ(1, r.generation);
	TOLD(PORT, 7);
	ref.id = r.id;
	ref.priority = 3000;
	EXPECT_EQ(0, unet_type_priority(ch, &ref));
	EXPECT_EQ(3000, ref.priority);
	EXPECT_EQ(2, ref.generation);
	r.spec.first = PORT + 1;
	r.spec.last = PORT + 1;
	EXPECT_EQ(0, unet_type_modify(ch, &r));
	EXPECT_EQ(3, r.generation);
	TOLD(PORT + 1, 7);
	TOLD(PORT, 0);
	other = unet_channel_open("va", NULL);
	ASSERT_NE(NULL, other);
	ref = (struct unet_type_ref){ .id = r.id };
	EXPECT_EQ(0, unet_type_join(other, &ref));
	EXPECT_EQ(1, ref.member);
	EXPECT_NE(UNET_NO_FLOW, ref.flow);
	EXPECT_EQ(-EALREADY, unet_type_join(other, &ref));
	EXPECT_EQ(-ENOENT, unet_type_del(other, r.id));
	unet_channel_close(other);
	EXPECT_EQ(0, unet_type_del(ch, r.id));
	EXPECT_EQ(-ENOENT, unet_type_del(ch, r.id));
	EXPECT_EQ(-ENOENT, unet_type_modify(ch, &r));
	TOLD(PORT + 1, 0);
}

TEST_F(type_library, what_is_denied_says_why)
{
	struct unet_type_req r = { .spec = spec_ether(ETH_P_ARP, ETH_P_ARP) };

	EXPECT_EQ(-EPERM, unet_type_add(self->ch[0], &r));
	EXPECT_EQ(UNET_TYPE_NO_RESERVED, r.reason);
	EXPECT_NE(NULL, strstr(unet_type_reason_str(r.reason), "the host itself needs"));
	r = (struct unet_type_req){ .spec = spec_port(IPPROTO_UDP, PORT, PORT - 1) };
	EXPECT_EQ(-EINVAL, unet_type_add(self->ch[0], &r));
	EXPECT_EQ(UNET_TYPE_NO_NUMBERS, r.reason);
}

TEST_HARNESS_MAIN
