// SPDX-License-Identifier: MIT
/*
 * IPv4 input: each thing that can be wrong with a header moves its own counter,
 * and what is right arrives as it was. Output: the header that is built.
 */
#include "catcher.h"
#include "core/wire.h"
#include "forge.h"
#include "helpers.h"
#include "ip_version.h"

#define ME	"192.0.2.1"
#define PEER	"192.0.2.2"
#define NOTHING	UNET_STAT_COUNT		/* delivered */

struct row {
	const char *sentence;
	u32 at;			/* byte that is changed */
	u8 to;
	bool fix;		/* header checksum made right again */
	int cut;		/* bytes left out at the end; added when negative */
	enum unet_stack_counter why;
};

static const struct row rows[] = {
	{ "a good packet is delivered", 8, 64, true, 0, NOTHING },
	{ "TTL 0 is delivered, as RFC 1122 3.2.1.7 wants", 8, 0, true, 0, NOTHING },
	{ "a header length below 5 words is malformed", 0, 0x44, true, 0, UNET_STAT_IP_MALFORMED },
	{ "a header longer than the packet is malformed", 0, 0x4f, false, 0, UNET_STAT_IP_MALFORMED },
	{ "version 5 is malformed", 0, 0x55, true, 0, UNET_STAT_IP_MALFORMED },
	{ "a total length below the header is malformed", 3, 19, true, 0, UNET_STAT_IP_MALFORMED },
	{ "a total length beyond the packet is truncated", 3, 34, true, 0, UNET_STAT_IP_TRUNCATED },
	{ "a packet shorter than a header is truncated", 8, 64, true, 13, UNET_STAT_IP_TRUNCATED },
	{ "a packet of one byte is truncated", 8, 64, true, 31, UNET_STAT_IP_TRUNCATED },
	{ "a wrong header checksum is refused", 8, 63, false, 0, UNET_STAT_IP_BAD_CSUM },
	{ "padding behind the total length is cut off", 8, 64, true, -5, NOTHING },
	{ "a multicast source is refused", 12, 224, true, 0, UNET_STAT_IP_NOT_OURS },
	{ "a source of class E is refused", 12, 255, true, 0, UNET_STAT_IP_NOT_OURS },
	{ "a multicast destination is refused", 16, 239, true, 0, UNET_STAT_IP_NOT_OURS },
	{ "a destination that is this network is refused", 16, 0, true, 0, UNET_STAT_IP_NOT_OURS },
	{ "a protocol nobody runs is refused", 9, 132, true, 0, UNET_STAT_IP_BAD_PROTO },
	{ "ICMPv6 on IPv4 is refused", 9, 58, true, 0, UNET_STAT_IP_BAD_PROTO },
	{ "a wrong L4 checksum is refused", 30, 'x', false, 0, UNET_STAT_L4_BAD_CSUM },
	{ "a changed source fails the pseudo header", 15, 99, true, 0, UNET_STAT_L4_BAD_CSUM },
};

static void input_row(void **state)
{
	const struct row *r = *state;
	static u8 packet[FORGE_MAX];
	u32 len;

	len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);
	packet[r->at] = r->to;
	if (r->fix)
		forge_fix_ip4(packet);
	memset(packet + len, 0xee, 8);
	assert_int_equal(catcher_receive(packet, (u32)((int)len - r->cut)),
			 r->why == NOTHING);
	if (r->why != NOTHING) {
		assert_int_equal(catcher_count(r->why), 1);
		return;
	}
	assert_int_equal(caught.got[0].len, 12);
	assert_memory_equal(caught.got[0].bytes + 8, "data", 4);
}

/* BIG TCP: a super packet that never was on a wire. */
static void a_length_of_0_is_all_there_is_above_64_KiB(void **state)
{
	static u8 packet[70000];

	forge_udp(packet, PEER, 7, ME, 8, "data", 4);
	packet[3] = 0;
	packet[26] = 0;		/* UDP: no checksum */
	packet[27] = 0;
	forge_fix_ip4(packet);
	assert_int_equal(catcher_receive(packet, sizeof(packet)), 1);
	assert_int_equal(caught.got[0].len, sizeof(packet) - 20);
	assert_int_equal(catcher_receive(packet, 65535), 0);
	assert_int_equal(catcher_count(UNET_STAT_IP_MALFORMED), 1);
}

static void the_header_is_told(void **state)
{
	static u8 packet[FORGE_MAX];
	struct unet_ip_info *info = &caught.got[0].info;
	__be32 addr[4];
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);

	packet[1] = 0xb9;
	packet[8] = 17;
	forge_fix_ip4(packet);
	assert_int_equal(catcher_receive(packet, len), 1);
	assert_int_equal(info->family, 4);
	assert_int_equal(info->proto, 17);
	assert_int_equal(info->tos, 0xb9);
	assert_int_equal(info->ttl, 17);
	assert_int_equal(info->l4_len, 12);
	forge_addr(PEER, addr);
	assert_memory_equal(info->src, addr, 16);
	forge_addr(ME, addr);
	assert_memory_equal(info->dst, addr, 16);
}

/* A packet with options: 20 bytes, @n of options, UDP. */
static u32 with_options(u8 *packet, const u8 *options, u32 n)
{
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);

	memmove(packet + 20 + n, packet + 20, len - 20);
	memcpy(packet + 20, options, n);
	packet[0] = (u8)(0x45 + n / 4);
	unet_store_u16(packet + 2, (u16)(len + n));
	forge_fix_ip4(packet);
	return len + n;
}

struct options {
	const char *sentence;
	u8 bytes[12];
	u32 n;
	bool good;
};

static const struct options options[] = {
	{ "padding with NOP is fine", { 1, 1, 1, 1 }, 4, true },
	{ "an end of options is fine", { 0, 9, 9, 9 }, 4, true },
	{ "record route is fine", { 7, 7, 4, 0, 0, 0, 0, 0 }, 8, true },
	{ "router alert is fine", { 148, 4, 0, 0 }, 4, true },
	{ "loose source route is refused", { 131, 7, 4, 1, 2, 3, 4, 0 }, 8, false },
	{ "strict source route is refused", { 1, 137, 7, 4, 1, 2, 3, 4 }, 8, false },
	{ "length 0 is refused", { 7, 0, 0, 0 }, 4, false },
	{ "length 1 is refused", { 7, 1, 0, 0 }, 4, false },
	{ "length past the header is refused", { 1, 7, 4, 0 }, 4, false },
	{ "a type without length at the end is refused", { 1, 1, 1, 7 }, 4, false },
	{ "a source route behind an end is not looked at", { 0, 131, 3, 4 }, 4, true },
};

static void option_row(void **state)
{
	const struct options *o = *state;
	static u8 packet[FORGE_MAX];
	u32 len = with_options(packet, o->bytes, o->n);

	assert_int_equal(catcher_receive(packet, len), o->good);
	assert_int_equal(catcher_count(UNET_STAT_IP_BAD_OPTION), !o->good);
	if (o->good)
		assert_memory_equal(caught.got[0].bytes + 8, "data", 4);
}

static void what_the_backend_verified_is_not_summed_again(void **state)
{
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);

	packet[27] ^= 1;
	fake_receive(&caught.fake, caught.st, 0, 0, packet, len);
	fake_last(&caught.fake)->flags = UNET_PF_CSUM_OK;
	unet_stack_turn(caught.st, 2000000);
	assert_int_equal(caught.n, 1);
	fake_receive(&caught.fake, caught.st, 0, 0, packet, len);
	fake_last(&caught.fake)->flags = UNET_PF_CSUM_BAD;
	unet_stack_turn(caught.st, 2000000);
	assert_int_equal(caught.n, 1);
	assert_int_equal(catcher_count(UNET_STAT_L4_BAD_CSUM), 1);
}

static void headers_may_be_cut_anywhere_into_pieces(void **state)
{
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "some data", 9);
	u32 at;

	for (at = 1; at < len; at++) {
		struct unet_pkt *pkt;
		struct unet_pkt *rest;

		fake_receive(&caught.fake, caught.st, 0, 0, packet, len);
		pkt = fake_last(&caught.fake);
		rest = unet_pkt_split(pkt, at);
		unet_pkt_append(pkt, rest);
		unet_stack_turn(caught.st, 2000000);
		assert_int_equal(caught.n, 1);
		assert_memory_equal(caught.got[0].bytes + 8, "some data", 9);
		catcher_forget();
	}
}

static void an_untagged_packet_must_be_for_an_address_of_ours(void **state)
{
	static u8 packet[FORGE_MAX];
	__be32 addr[4];
	u32 len = forge_udp(packet, PEER, 7, "192.0.2.77", 8, "data", 4);

	assert_int_equal(catcher_receive(packet, len), 1);
	forge_addr(ME, addr);
	unet_iface_add(&caught.fake.be.iface, 4, addr);
	assert_int_equal(catcher_receive(packet, len), 0);
	assert_int_equal(catcher_count(UNET_STAT_IP_NOT_OURS), 1);
	len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);
	assert_int_equal(catcher_receive(packet, len), 1);
}

/* ---- output --------------------------------------------------------------- */

static struct unet_flow flow;

static struct unet_pkt *l4(u32 payload)
{
	struct unet_pkt *pkt = unet_pkt_heap(&caught.st->pool, 40,
					     8 + payload);

	memset(unet_pkt_put(pkt, 8 + payload), 0x55, 8 + payload);
	return pkt;
}

static void flow_to_peer(void)
{
	unet_flow_init(&flow, &catcher_proto, 4);
	forge_addr(PEER, flow.key.remote);
	flow.key.remote_port = cpu_to_be16(7);
	assert_int_equal(unet_flow_install(caught.st, &flow, 0), 0);
}

static void the_header_is_built(void **state)
{
	const struct unet_ip_out out = { .tos = 3, .ttl = 9 };
	const u8 *h;
	struct fake_sent *s = &caught.fake.sent[0];

	flow_to_peer();
	assert_int_equal(unet_ip_output(caught.st, &flow, &out, l4(2), 8), 0);
	h = s->bytes;
	assert_int_equal(s->len, 30);
	assert_int_equal(s->header_len, 28);
	assert_int_equal(s->handle, flow.handle);
	assert_int_equal(h[0], 0x45);
	assert_int_equal(h[1], 3);
	assert_int_equal(unet_load_u16(h + 2), 30);
	assert_int_equal(unet_load_u16(h + 6), UNET_IP4_DF);
	assert_int_equal(h[8], 9);
	assert_int_equal(h[9], 17);
	assert_memory_equal(h + 12, "\xc0\x00\x02\x01\xc0\x00\x02\x02", 8);
	unet_flow_remove(caught.st, &flow, 0);
}

static void too_large_is_refused_and_a_super_packet_is_not(void **state)
{
	const struct unet_ip_out out = { .tos = 0 };
	struct unet_pkt *pkt;

	flow_to_peer();
	assert_int_equal(unet_ip_output(caught.st, &flow, &out, l4(1472), 8),
			 0);
	assert_int_equal(unet_ip_output(caught.st, &flow, &out, l4(1473), 8),
			 -EMSGSIZE);
	pkt = l4(60000);
	pkt->seg_size = 1472;
	assert_int_equal(unet_ip_output(caught.st, &flow, &out, pkt, 8), 0);
	pkt = l4(60000);
	pkt->seg_size = 1473;
	assert_int_equal(unet_ip_output(caught.st, &flow, &out, pkt, 8),
			 -EMSGSIZE);
	pkt = l4(65535 - 27);
	pkt->seg_size = 1000;
	assert_int_equal(unet_ip_output(caught.st, &flow, &out, pkt, 8),
			 -EMSGSIZE);
	assert_int_equal(caught.fake.n_sent, 2);
	unet_flow_remove(caught.st, &flow, 0);
}

static void a_full_ring_is_told(void **state)
{
	const struct unet_ip_out out = { .tos = 0 };

	flow_to_peer();
	caught.fake.room = 1;
	assert_int_equal(unet_ip_output(caught.st, &flow, &out, l4(1), 8), 0);
	assert_int_equal(unet_ip_output(caught.st, &flow, &out, l4(1), 8),
			 -ENOBUFS);
	assert_int_equal(catcher_count(UNET_STAT_TX_FULL), 1);
	assert_int_equal(catcher_count(UNET_STAT_TX_PACKETS), 1);
	unet_flow_remove(caught.st, &flow, 0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows) + ARRAY_SIZE(options)];
	const struct CMUnitTest more[] = {
		CATCHER_TEST(a_length_of_0_is_all_there_is_above_64_KiB),
		CATCHER_TEST(the_header_is_told),
		CATCHER_TEST(what_the_backend_verified_is_not_summed_again),
		CATCHER_TEST(headers_may_be_cut_anywhere_into_pieces),
		CATCHER_TEST(an_untagged_packet_must_be_for_an_address_of_ours),
		CATCHER_TEST(the_header_is_built),
		CATCHER_TEST(too_large_is_refused_and_a_super_packet_is_not),
		CATCHER_TEST(a_full_ring_is_told),
	};
	size_t n = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		tests[n++] = (struct CMUnitTest){ rows[i].sentence, input_row,
			catcher_open, catcher_close, (void *)&rows[i] };
	for (i = 0; i < ARRAY_SIZE(options); i++)
		tests[n++] = (struct CMUnitTest){ options[i].sentence,
			option_row, catcher_open, catcher_close,
			(void *)&options[i] };
	return cmocka_run_group_tests_name("ip4 input", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("ip4", more, NULL, NULL);
}
