// SPDX-License-Identifier: MIT
/*
 * IPv6 input: headers, extension headers and their limits; output: the header
 * that is built.
 */
#include "catcher.h"
#include "core/csum.h"
#include "core/flow_key.h"
#include "core/wire.h"
#include "forge.h"
#include "helpers.h"

#define ME	"2001:db8::1"
#define PEER	"2001:db8::2"
#define NOTHING	UNET_STAT_COUNT

struct row {
	const char *sentence;
	u32 at;
	u8 to;
	int cut;
	enum unet_stack_counter why;
};

static const struct row rows[] = {
	{ "a good packet is delivered", 7, 64, 0, NOTHING },
	{ "a payload length beyond the packet is truncated", 5, 13, 0, UNET_STAT_IP_TRUNCATED },
	{ "a payload length of 0 (a jumbogram) is malformed", 5, 0, 0, UNET_STAT_IP_MALFORMED },
	{ "a packet shorter than a header is truncated", 7, 64, 13, UNET_STAT_IP_TRUNCATED },
	{ "padding behind the payload is cut off", 7, 64, -6, NOTHING },
	{ "a multicast source is refused", 8, 0xff, 0, UNET_STAT_IP_NOT_OURS },
	{ "a multicast destination is refused", 24, 0xff, 0, UNET_STAT_IP_NOT_OURS },
	{ "a protocol nobody runs is refused", 6, 132, 0, UNET_STAT_IP_BAD_PROTO },
	{ "no next header is refused", 6, 59, 0, UNET_STAT_IP_BAD_EXT },
	{ "ICMP for IPv4 is refused", 6, 1, 0, UNET_STAT_IP_BAD_PROTO },
	{ "authentication is a protocol nobody runs", 6, 51, 0, UNET_STAT_IP_BAD_PROTO },
	{ "a wrong L4 checksum is refused", 50, 'x', 0, UNET_STAT_L4_BAD_CSUM },
	{ "a changed source fails the pseudo header", 23, 9, 0, UNET_STAT_L4_BAD_CSUM },
};

static void input_row(void **state)
{
	const struct row *r = *state;
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);

	packet[r->at] = r->to;
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

/* The checksum of all behind the extension header of 8 bytes. */
static void fix_udp_behind(u8 *packet, u32 total)
{
	u32 len = total - 48;
	u64 pseudo = unet_csum_pseudo6(packet + 8, packet + 24, 17, len);
	u16 sum;

	memset(packet + 54, 0, 2);
	sum = unet_csum_finish(unet_csum_add(packet + 48, len, pseudo));
	memcpy(packet + 54, &sum, 2);
}

/* BIG TCP: a super packet that never was on a wire. */
static void a_super_packet_above_64_KiB_says_so_in_an_option(void **state)
{
	static u8 packet[70000];
	static const u8 jumbo[8] = { 17, 0, 0xc2, 4, 0, 1, 0x11, 0x70 - 40 };

	forge_udp(packet, PEER, 7, ME, 8, "data", 4);
	memmove(packet + 48, packet + 40, 12);
	memcpy(packet + 40, jumbo, sizeof(jumbo));
	packet[5] = 0;
	packet[6] = 0;		/* hop-by-hop options */
	unet_store_u16(packet + 52, 0);		/* RFC 2675 section 4 */
	fix_udp_behind(packet, sizeof(packet));
	assert_int_equal(catcher_receive(packet, sizeof(packet)), 1);
	assert_int_equal(caught.got[0].len, sizeof(packet) - 48);
	/* and no other length than there is */
	assert_int_equal(catcher_receive(packet, sizeof(packet) - 1), 0);
	assert_int_equal(catcher_count(UNET_STAT_IP_BAD_EXT), 1);
}

static void a_zero_udp_checksum_is_refused(void **state)
{
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);

	packet[46] = 0;
	packet[47] = 0;
	assert_int_equal(catcher_receive(packet, len), 0);
	assert_int_equal(catcher_count(UNET_STAT_L4_BAD_CSUM), 1);
}

struct extension {
	const char *sentence;
	u8 type;
	u8 bytes[16];
	u32 n;
	bool good;
};

static const struct extension extensions[] = {
	{ "hop-by-hop padding is skipped", 0, { 0, 0, 1, 4 }, 8, true },
	{ "destination padding is skipped", 60, { 0, 0, 0, 0, 1, 2 }, 8, true },
	{ "an option that may be skipped is", 60, { 0, 0, 0x1e, 4 }, 8, true },
	{ "action 01 discards", 60, { 0, 0, 0x5e, 4 }, 8, false },
	{ "action 10 discards", 60, { 0, 0, 0x9e, 4 }, 8, false },
	{ "action 11 discards", 60, { 0, 0, 0xde, 4 }, 8, false },
	{ "action bits in hop-by-hop count, too", 0, { 0, 0, 0xc2, 4 }, 8, false },
	{ "an option past its header is refused", 60, { 0, 0, 1, 5 }, 8, false },
	{ "an option without length is refused", 60, { 0, 0, 1, 3, 0, 0, 0, 1 }, 8, false },
	{ "a header past the packet is refused", 60, { 0, 9, 1, 4 }, 8, false },
	{ "routing with nothing left is skipped", 43, { 0, 0, 0, 0 }, 8, true },
	{ "routing type 0 with something left is refused", 43, { 0, 0, 0, 1 }, 8, false },
	{ "routing type 4 with something left is refused", 43, { 0, 0, 4, 1 }, 8, false },
	{ "a header of two units is skipped", 60, { 0, 1, 1, 12 }, 16, true },
};

static void extension_row(void **state)
{
	const struct extension *e = *state;
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);

	len = forge_extension(packet, len, e->type, e->bytes, e->n);
	assert_int_equal(catcher_receive(packet, len), e->good);
	assert_int_equal(catcher_count(UNET_STAT_IP_BAD_EXT), !e->good);
	if (!e->good)
		return;
	assert_int_equal(caught.got[0].info.proto, 17);
	assert_int_equal(caught.got[0].info.l4_len, 12);
	assert_memory_equal(caught.got[0].bytes + 8, "data", 4);
}

static u32 many_extensions(u8 *packet, u32 n, u32 units)
{
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);
	u8 ext[2048] = { 0, (u8)(units - 1), 1, 4 };
	u32 i;

	/* PadN of at most 255 bytes, so several of them */
	for (i = 8; i < units * 8; i += 8)
		memcpy(ext + i, "\x01\x06\0\0\0\0\0\0", 8);
	while (n--)
		len = forge_extension(packet, len, 60, ext, units * 8);
	return len;
}

static void the_number_of_headers_is_limited(void **state)
{
	static u8 packet[FORGE_MAX];
	u32 len = many_extensions(packet, UNET_IP6_MAX_EXT, 1);

	assert_int_equal(catcher_receive(packet, len), 1);
	len = many_extensions(packet, UNET_IP6_MAX_EXT + 1, 1);
	assert_int_equal(catcher_receive(packet, len), 0);
	assert_int_equal(catcher_count(UNET_STAT_IP_BAD_EXT), 1);
}

static void the_bytes_of_headers_are_limited(void **state)
{
	static u8 packet[FORGE_MAX];
	u32 len = many_extensions(packet, 1, UNET_IP6_MAX_EXT_BYTES / 8);

	assert_int_equal(catcher_receive(packet, len), 1);
	len = many_extensions(packet, 1, UNET_IP6_MAX_EXT_BYTES / 8 + 1);
	assert_int_equal(catcher_receive(packet, len), 0);
	assert_int_equal(catcher_count(UNET_STAT_IP_BAD_EXT), 1);
}

static void hop_by_hop_must_be_first(void **state)
{
	static const u8 pad[8] = { 0, 0, 1, 4 };
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);

	len = forge_extension(packet, len, 0, pad, 8);
	len = forge_extension(packet, len, 60, pad, 8);
	assert_int_equal(catcher_receive(packet, len), 0);
	assert_int_equal(catcher_count(UNET_STAT_IP_BAD_EXT), 1);
}

static void an_atomic_fragment_is_a_whole_packet(void **state)
{
	static const u8 frag[8] = { 0, 0, 0, 0, 1, 2, 3, 4 };
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "data", 4);

	len = forge_extension(packet, len, 44, frag, 8);
	assert_int_equal(catcher_receive(packet, len), 1);
	assert_int_equal(catcher_count(UNET_STAT_REASS_FRAGMENTS), 0);
	/* a second one behind it, too, is none in the making */
	len = forge_extension(packet, len, 44, frag, 8);
	assert_int_equal(catcher_receive(packet, len), 1);
	assert_int_equal(unet_reass_datagrams(caught.st), 0);
}

static void headers_may_be_cut_anywhere_into_pieces(void **state)
{
	static const u8 pad[8] = { 0, 0, 1, 4 };
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, PEER, 7, ME, 8, "some data", 9);
	u32 at;

	len = forge_extension(packet, len, 60, pad, 8);
	len = forge_extension(packet, len, 0, pad, 8);
	for (at = 1; at < len; at++) {
		struct unet_pkt *pkt;

		fake_receive(&caught.fake, caught.st, 0, 0, packet, len);
		pkt = fake_last(&caught.fake);
		unet_pkt_append(pkt, unet_pkt_split(pkt, at));
		unet_stack_turn(caught.st, 2000000);
		assert_int_equal(caught.n, 1);
		assert_memory_equal(caught.got[0].bytes + 8, "some data", 9);
		catcher_forget();
	}
}

static void the_header_is_built(void **state)
{
	const struct unet_ip_out out = { .tos = 0xb9 };
	struct fake_sent *s = &caught.fake.sent[0];
	struct unet_flow f;
	struct unet_pkt *pkt;
	__be32 addr[4];

	unet_flow_init(&f, &catcher_proto, 6);
	forge_addr(PEER, f.key.remote);
	f.key.remote_port = cpu_to_be16(7);
	assert_int_equal(unet_flow_install(caught.st, &f, 0), 0);
	pkt = unet_pkt_heap(&caught.st->pool, 40, 10);
	unet_pkt_put(pkt, 10);
	assert_int_equal(unet_ip_output(caught.st, &f, &out, pkt, 8), 0);
	assert_int_equal(s->len, 50);
	assert_int_equal(s->header_len, 48);
	assert_int_equal(unet_load_u32(s->bytes) >> 20, 0x6b9);
	assert_int_equal(unet_load_u32(s->bytes) & 0xfffff, f.label);
	assert_int_not_equal(f.label, 0);
	assert_int_equal(unet_load_u16(s->bytes + 4), 10);
	assert_int_equal(s->bytes[6], 17);
	assert_int_equal(s->bytes[7], 64);
	forge_addr(ME, addr);
	assert_memory_equal(s->bytes + 8, addr, 16);
	forge_addr(PEER, addr);
	assert_memory_equal(s->bytes + 24, addr, 16);
	unet_flow_remove(caught.st, &f, 0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows) + ARRAY_SIZE(extensions)];
	const struct CMUnitTest more[] = {
		CATCHER_TEST(a_super_packet_above_64_KiB_says_so_in_an_option),
		CATCHER_TEST(a_zero_udp_checksum_is_refused),
		CATCHER_TEST(the_number_of_headers_is_limited),
		CATCHER_TEST(the_bytes_of_headers_are_limited),
		CATCHER_TEST(hop_by_hop_must_be_first),
		CATCHER_TEST(an_atomic_fragment_is_a_whole_packet),
		CATCHER_TEST(headers_may_be_cut_anywhere_into_pieces),
		CATCHER_TEST(the_header_is_built),
	};
	size_t n = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		tests[n++] = (struct CMUnitTest){ rows[i].sentence, input_row,
			catcher_open, catcher_close, (void *)&rows[i] };
	for (i = 0; i < ARRAY_SIZE(extensions); i++)
		tests[n++] = (struct CMUnitTest){ extensions[i].sentence,
			extension_row, catcher_open, catcher_close,
			(void *)&extensions[i] };
	return cmocka_run_group_tests_name("ip6 input", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("ip6", more, NULL, NULL);
}
