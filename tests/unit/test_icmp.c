// SPDX-License-Identifier: MIT
/*
 * ICMP errors: which flow they reach and what they say, for every type and code;
 * everything else is ignored and nothing is ever answered.
 */
#include <stdio.h>
#include "catcher.h"
#include "core/wire.h"
#include "forge.h"
#include "helpers.h"
#include "icmp.h"

#define ME4	"192.0.2.1"
#define PEER4	"192.0.2.2"
#define ME6	"2001:db8::1"
#define PEER6	"2001:db8::2"

static struct unet_flow flow;
static u8 sent[FORGE_MAX];	/* what the error quotes */
static u8 packet[FORGE_MAX];

static void connect_flow(u8 family)
{
	unet_flow_init(&flow, &catcher_proto, family);
	forge_addr(family == 4 ? PEER4 : PEER6, flow.key.remote);
	flow.key.remote_port = cpu_to_be16(7);
	flow.key.local_port = cpu_to_be16(5000);
	assert_int_equal(unet_flow_install(caught.st, &flow, 0), 0);
	if (family == 4)
		forge_udp(sent, ME4, 5000, PEER4, 7, "payload!", 8);
	else
		forge_udp(sent, ME6, 5000, PEER6, 7, "payload!", 8);
}

static int open4(void **state)
{
	int err = catcher_open(state);

	if (!err)
		connect_flow(4);
	return err;
}

static int open6(void **state)
{
	int err = catcher_open(state);

	if (!err)
		connect_flow(6);
	return err;
}

static int close_flow(void **state)
{
	u32 answered = caught.fake.n_sent;

	unet_flow_remove(caught.st, &flow, 0);
	return catcher_close(state) || answered;
}

struct row {
	u8 type;
	u8 code;
	u16 mtu;
	bool reaches;
	enum unet_icmp_kind kind;
	int err;
};

#define SOFT UNET_ICMP_SOFT
#define HARD UNET_ICMP_HARD
#define BIG UNET_ICMP_TOO_BIG

static const struct row rows4[] = {
	{ 3, 0, 0, true, SOFT, ENETUNREACH },
	{ 3, 1, 0, true, SOFT, EHOSTUNREACH },
	{ 3, 2, 0, true, HARD, ENOPROTOOPT },
	{ 3, 3, 0, true, HARD, ECONNREFUSED },
	{ 3, 4, 1280, true, BIG, EMSGSIZE },
	{ 3, 5, 0, true, SOFT, EOPNOTSUPP },
	{ 3, 9, 0, true, HARD, ENETUNREACH },
	{ 3, 10, 0, true, HARD, EHOSTUNREACH },
	{ 3, 13, 0, true, HARD, EHOSTUNREACH },
	{ 3, 15, 0, true, SOFT, EHOSTUNREACH },
	{ 3, 16, 0, false, 0, 0 },
	{ 3, 255, 0, false, 0, 0 },
	{ 4, 0, 0, false, 0, 0 },	/* source quench, RFC 6633 */
	{ 5, 0, 0, false, 0, 0 },	/* redirect: the host's business */
	{ 11, 0, 0, true, SOFT, EHOSTUNREACH },
	{ 11, 1, 0, true, SOFT, EHOSTUNREACH },
	{ 12, 0, 0, true, SOFT, EPROTO },
	{ 0, 0, 0, false, 0, 0 },	/* echo reply */
	{ 8, 0, 0, false, 0, 0 },	/* echo */
	{ 13, 0, 0, false, 0, 0 },	/* timestamp */
	{ 200, 0, 0, false, 0, 0 },
};

static const struct row rows6[] = {
	{ 1, 0, 0, true, SOFT, ENETUNREACH },
	{ 1, 1, 0, true, HARD, EACCES },
	{ 1, 2, 0, true, SOFT, EHOSTUNREACH },
	{ 1, 3, 0, true, SOFT, EHOSTUNREACH },
	{ 1, 4, 0, true, HARD, ECONNREFUSED },
	{ 1, 5, 0, true, HARD, EACCES },
	{ 1, 6, 0, true, HARD, EACCES },
	{ 1, 7, 0, false, 0, 0 },
	{ 2, 0, 1300, true, BIG, EMSGSIZE },
	{ 3, 0, 0, true, SOFT, EHOSTUNREACH },
	{ 4, 0, 0, true, SOFT, EPROTO },
	{ 4, 1, 0, true, HARD, EPROTO },
	{ 128, 0, 0, false, 0, 0 },
	{ 129, 0, 0, false, 0, 0 },
	{ 135, 0, 0, false, 0, 0 },
	{ 100, 0, 0, false, 0, 0 },
};

static void check_row(const struct row *r, const char *router, const char *me,
		      u32 quoted)
{
	u32 len = forge_icmp_error(packet, router, me, r->type, r->code,
				   r->mtu, sent, quoted);

	assert_int_equal(catcher_receive(packet, len), 0);
	assert_int_equal(caught.icmps, r->reaches);
	assert_int_equal(catcher_count(UNET_STAT_ICMP_ERRORS), r->reaches);
	assert_int_equal(catcher_count(UNET_STAT_ICMP_IGNORED), !r->reaches);
	if (!r->reaches)
		return;
	assert_ptr_equal(caught.icmp_flow, &flow);
	assert_int_equal(caught.icmp.kind, r->kind);
	assert_int_equal(caught.icmp.err, r->err);
	assert_int_equal(caught.icmp.mtu, r->mtu);
}

static void row4(void **state)
{
	check_row(*state, "198.51.100.1", ME4, 28);
}

static void row6(void **state)
{
	check_row(*state, "2001:db8:f::1", ME6, 48);
}

static void a_quote_of_8_bytes_is_enough_and_of_7_is_not(void **state)
{
	u32 len = forge_icmp_error(packet, "198.51.100.1", ME4, 3, 3, 0, sent,
				   27);

	catcher_receive(packet, len);
	assert_int_equal(caught.icmps, 0);
	assert_int_equal(catcher_count(UNET_STAT_ICMP_MALFORMED), 1);
	len = forge_icmp_error(packet, "198.51.100.1", ME4, 3, 3, 0, sent, 28);
	catcher_receive(packet, len);
	assert_int_equal(caught.icmps, 1);
}

static void a_message_shorter_than_its_header_is_malformed(void **state)
{
	u32 len = forge_ip(packet, PEER4, ME4, UNET_PROTO_ICMP, "\3\3\0\0\0\0\0", 7);

	catcher_receive(packet, len);
	assert_int_equal(catcher_count(UNET_STAT_ICMP_MALFORMED), 1);
}

static void a_wrong_checksum_is_refused(void **state)
{
	u32 len = forge_icmp_error(packet, "198.51.100.1", ME4, 3, 3, 0, sent,
				   28);

	packet[22] ^= 1;
	catcher_receive(packet, len);
	assert_int_equal(caught.icmps, 0);
	assert_int_equal(catcher_count(UNET_STAT_L4_BAD_CSUM), 1);
}

static void a_wrong_checksum_of_icmpv6_is_refused(void **state)
{
	u32 len = forge_icmp_error(packet, PEER6, ME6, 1, 4, 0, sent, 48);

	packet[9] ^= 1;		/* the pseudo header */
	catcher_receive(packet, len);
	assert_int_equal(caught.icmps, 0);
	assert_int_equal(catcher_count(UNET_STAT_L4_BAD_CSUM), 1);
}

static void a_quote_of_somebody_elses_flow_reaches_nobody(void **state)
{
	u32 len;

	forge_udp(sent, ME4, 5001, PEER4, 7, "payload!", 8);
	len = forge_icmp_error(packet, PEER4, ME4, 3, 3, 0, sent, 28);
	catcher_receive(packet, len);
	/* what the peer has sent is not ours either */
	forge_udp(sent, PEER4, 7, ME4, 5000, "payload!", 8);
	len = forge_icmp_error(packet, PEER4, ME4, 3, 3, 0, sent, 28);
	catcher_receive(packet, len);
	/* another protocol on the same ports */
	forge_udp(sent, ME4, 5000, PEER4, 7, "payload!", 8);
	sent[9] = UNET_PROTO_TCP;
	len = forge_icmp_error(packet, PEER4, ME4, 3, 3, 0, sent, 28);
	catcher_receive(packet, len);
	assert_int_equal(caught.icmps, 0);
	assert_int_equal(catcher_count(UNET_STAT_ICMP_IGNORED), 3);
}

static void a_tag_names_the_flow(void **state)
{
	u64 tag = caught.fake.req.meta.tag;
	u32 len = forge_icmp_error(packet, PEER4, ME4, 3, 3, 0, sent, 28);

	fake_receive(&caught.fake, caught.st, tag, UNET_RX_ICMP_ERROR, packet,
		     len);
	unet_stack_turn(caught.st, 2000000);
	assert_int_equal(caught.icmps, 1);
	assert_ptr_equal(caught.icmp_flow, &flow);
}

static void a_tag_of_another_protocol_than_the_quote_names_nobody(void **state)
{
	u64 tag = caught.fake.req.meta.tag;
	u32 len;

	sent[9] = UNET_PROTO_TCP;
	len = forge_icmp_error(packet, PEER4, ME4, 3, 3, 0, sent, 28);
	fake_receive(&caught.fake, caught.st, tag, UNET_RX_ICMP_ERROR, packet,
		     len);
	unet_stack_turn(caught.st, 2000000);
	assert_int_equal(caught.icmps, 0);
	assert_int_equal(catcher_count(UNET_STAT_ICMP_IGNORED), 1);
}

static void a_router_that_tells_no_mtu_is_guessed_for(void **state)
{
	u32 len;

	unet_store_u16(sent + 2, 1500);
	len = forge_icmp_error(packet, PEER4, ME4, 3, 4, 0, sent, 28);
	catcher_receive(packet, len);
	assert_int_equal(caught.icmp.mtu, 1492);
}

static void plateaus_go_down(void **state)
{
	assert_int_equal(unet_icmp4_plateau(65535), 32000);
	assert_int_equal(unet_icmp4_plateau(1501), 1492);
	assert_int_equal(unet_icmp4_plateau(1492), 1006);
	assert_int_equal(unet_icmp4_plateau(297), 296);
	assert_int_equal(unet_icmp4_plateau(296), 68);
	assert_int_equal(unet_icmp4_plateau(0), 68);
}

static void a_claimed_mtu_is_believed_within_limits(void **state)
{
	flow.mtu = 1500;
	assert_int_equal(unet_flow_lower_mtu(caught.st, &flow, 1500), 0);
	assert_int_equal(unet_flow_lower_mtu(caught.st, &flow, 9000), 0);
	assert_int_equal(unet_flow_lower_mtu(caught.st, &flow, 1400), 1);
	assert_int_equal(unet_flow_mtu(&flow), 1400);
	assert_int_equal(unet_flow_lower_mtu(caught.st, &flow, 68), 1);
	assert_int_equal(unet_flow_mtu(&flow), 552);
	assert_int_equal(unet_flow_lower_mtu(caught.st, &flow, 0), 0);
	assert_int_equal(catcher_count(UNET_STAT_PMTU_LOWERED), 2);
	assert_int_equal(catcher_count(UNET_STAT_PMTU_REFUSED), 3);
	flow.key.family = 6;
	flow.pmtu = 0;
	assert_int_equal(unet_flow_lower_mtu(caught.st, &flow, 1279), 0);
	assert_int_equal(unet_flow_lower_mtu(caught.st, &flow, 0), 0);
	assert_int_equal(unet_flow_mtu(&flow), 1500);
	assert_int_equal(unet_flow_lower_mtu(caught.st, &flow, 1280), 1);
	assert_int_equal(unet_flow_mtu(&flow), 1280);
	assert_int_equal(catcher_count(UNET_STAT_PMTU_LOWERED), 3);
	assert_int_equal(catcher_count(UNET_STAT_PMTU_REFUSED), 5);
	flow.key.family = 4;
}

static void a_fragmented_error_is_ignored(void **state)
{
	static u8 frag[FORGE_MAX];
	u32 len = forge_icmp_error(packet, PEER4, ME4, 3, 3, 0, sent, 36);
	u32 n = forge_fragment(frag, packet, 0, 24, true, 1);

	catcher_receive(frag, n);
	n = forge_fragment(frag, packet, 24, len - 44, false, 1);
	catcher_receive(frag, n);
	assert_int_equal(caught.icmps, 0);
	assert_int_equal(catcher_count(UNET_STAT_REASS_DONE), 1);
	assert_int_equal(catcher_count(UNET_STAT_ICMP_IGNORED), 1);
}

#define TEST4(f) cmocka_unit_test_setup_teardown(f, open4, close_flow)
#define TEST6(f) cmocka_unit_test_setup_teardown(f, open6, close_flow)

int main(void)
{
	static char name[ARRAY_SIZE(rows4) + ARRAY_SIZE(rows6)][64];
	struct CMUnitTest tests[ARRAY_SIZE(name)];
	const struct CMUnitTest more[] = {
		TEST4(a_quote_of_8_bytes_is_enough_and_of_7_is_not),
		TEST4(a_message_shorter_than_its_header_is_malformed),
		TEST4(a_wrong_checksum_is_refused),
		TEST6(a_wrong_checksum_of_icmpv6_is_refused),
		TEST4(a_quote_of_somebody_elses_flow_reaches_nobody),
		TEST4(a_tag_names_the_flow),
		TEST4(a_tag_of_another_protocol_than_the_quote_names_nobody),
		TEST4(a_router_that_tells_no_mtu_is_guessed_for),
		TEST4(plateaus_go_down),
		TEST4(a_claimed_mtu_is_believed_within_limits),
		TEST4(a_fragmented_error_is_ignored),
	};
	size_t n = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows4); i++, n++) {
		sprintf(name[n], "ICMP type %u code %u", rows4[i].type,
			rows4[i].code);
		tests[n] = (struct CMUnitTest){ name[n], row4, open4,
			close_flow, (void *)&rows4[i] };
	}
	for (i = 0; i < ARRAY_SIZE(rows6); i++, n++) {
		sprintf(name[n], "ICMPv6 type %u code %u", rows6[i].type,
			rows6[i].code);
		tests[n] = (struct CMUnitTest){ name[n], row6, open6,
			close_flow, (void *)&rows6[i] };
	}
	return cmocka_run_group_tests_name("icmp types", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("icmp", more, NULL, NULL);
}
