// SPDX-License-Identifier: MIT
/*
 * TCP options: well-formed ones are read, malformed ones stop the parser without
 * harm, and what is built is read back as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include "tcp_opts.h"

#include <cmocka.h>

/**
 * struct row - one header's options and what they mean
 * @name:	sentence
 * @len:	bytes used of @bytes
 * @bytes:	as on the wire
 * @syn:	the segment has SYN
 * @present:	expected
 * @mss:	expected when present
 * @wscale:	expected when present
 * @sacks:	expected
 * @tsval:	expected when present
 */
struct row {
	const char *name;
	unsigned int len;
	u8 bytes[40];
	bool syn;
	u8 present;
	u16 mss;
	u8 wscale;
	u8 sacks;
	u32 tsval;
};

#define MSS	UNET_TCPOPT_MSS
#define WS	UNET_TCPOPT_WSCALE
#define SOK	UNET_TCPOPT_SACK_OK
#define TS	UNET_TCPOPT_TS
#define BAD	UNET_TCPOPT_BAD

static const struct row rows[] = {
	{ .name = "none", .len = 0 },
	{ .name = "a Linux SYN", 20, { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 2, 0, 0, 0,
	  0, 1, 3, 3, 7 }, true, MSS | WS | SOK | TS, 1460, 7, 0, 0x102 },
	{ .name = "SYN options on no SYN mean nothing", 8, { 2, 4, 5, 0xb4, 4, 2, 1, 1 } },
	{ .name = "timestamps the usual way", 12, { 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 1 },
	  .present = TS, .tsval = 9 },
	{ .name = "timestamps first, then padding", 12, { 8, 10, 0, 0, 0, 9, 0, 0, 0, 1 },
	  .present = TS, .tsval = 9 },
	{ .name = "a kind of length 0", 4, { 2, 0, 5, 0xb4 }, true, BAD },
	{ .name = "a kind of length 1", 4, { 3, 1, 7, 0 }, true, BAD },
	{ .name = "a kind without its length", 4, { 1, 1, 1, 8 }, true, BAD },
	{ .name = "length past the header", 4, { 2, 5, 5, 0xb4 }, true, BAD },
	{ .name = "a good option before a bad one counts", 8, { 2, 4, 1, 0, 3, 0, 0, 0 },
	  true, MSS | BAD, .mss = 256 },
	{ .name = "MSS of a wrong length is skipped", 4, { 2, 3, 5, 0 }, true, 0 },
	{ .name = "MSS 0 is reported as it is", 4, { 2, 4, 0, 0 }, true, MSS },
	{ .name = "a scale above 14 is taken as 14", 4, { 1, 3, 3, 200 }, true, WS,
	  .wscale = 14 },
	{ .name = "nothing counts behind the end", 8, { 0, 2, 4, 1, 0, 1, 1, 1 }, true },
	{ .name = "an unknown kind is skipped", 8, { 254, 4, 9, 9, 2, 4, 1, 0 }, true,
	  MSS, .mss = 256 },
	{ .name = "SACK with an odd length", 12, { 1, 1, 5, 9, 0, 0, 0, 1, 0, 0, 0, 1 } },
	{ .name = "SACK without a block", 4, { 1, 1, 5, 2 } },
	{ .name = "SACK with a block", 12, { 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2 },
	  .sacks = 1 },
	{ .name = "SACK with four blocks", 36, { 1, 1, 5, 34 }, .sacks = 4 },
	{ .name = "SACK on a SYN means nothing", 12, { 1, 1, 5, 10, 0, 0, 0, 1 }, true },
	{ .name = "timestamps cut short", 8, { 1, 1, 8, 10, 0, 0, 0, 9 }, .present = BAD },
};

static void check_row(const struct row *r)
{
	struct unet_tcp_opts o;
	u8 *exact = malloc(r->len ? r->len : 1);	/* ASan guards the end */

	memcpy(exact, r->bytes, r->len);
	unet_tcp_opts_parse(&o, exact, r->len, r->syn);
	free(exact);
	if (o.present != r->present || o.sacks != r->sacks)
		fail_msg("%s: present %#x sacks %u", r->name, o.present,
			 o.sacks);
	if ((o.present & MSS) && o.mss != r->mss)
		fail_msg("%s: MSS %u", r->name, o.mss);
	if ((o.present & WS) && o.wscale != r->wscale)
		fail_msg("%s: scale %u", r->name, o.wscale);
	if ((o.present & TS) && o.tsval != r->tsval)
		fail_msg("%s: TSval %u", r->name, o.tsval);
}

static void options_are_read_as_written(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

static void expect_round_trip(const struct unet_tcp_opts *in, unsigned int len)
{
	bool syn = in->present & (MSS | WS | SOK);
	u8 bytes[UNET_TCPOPT_MAX];
	struct unet_tcp_opts out;

	assert_int_equal(unet_tcp_opts_build(bytes, in), len);
	unet_tcp_opts_parse(&out, bytes, len, syn);
	assert_int_equal(out.present, in->present);
	assert_int_equal(out.sacks, in->sacks);
	if (in->present & TS) {
		assert_int_equal(out.tsval, in->tsval);
		assert_int_equal(out.tsecr, in->tsecr);
	}
	for (int i = 0; i < in->sacks; i++)
		assert_memory_equal(&out.sack[i], &in->sack[i], 8);
}

static void what_is_built_is_read_back(void **state)
{
	static const u8 syn_len[8] = { 0, 4, 4, 8, 4, 8, 8, 12 };
	struct unet_tcp_opts o = {
		.mss = 1460, .wscale = 9, .tsval = 0xfffffff0, .tsecr = 17,
		.sack = { { 1, 2 }, { 0xffffff00, 5 }, { 9, 10 }, { 20, 30 } },
	};

	for (int i = 1; i < 8; i++) {
		o.present = (i & 1 ? MSS : 0) | (i & 2 ? WS : 0) |
			    (i & 4 ? SOK : 0);
		expect_round_trip(&o, syn_len[i]);
		o.present |= TS;
		expect_round_trip(&o, (i & 1 ? 4 : 0) + 12 + (i & 2 ? 4 : 0));
	}
	for (o.sacks = 1; o.sacks <= 3; o.sacks++) {
		o.present = TS;
		expect_round_trip(&o, 12 + 4 + 8 * o.sacks);
		o.present = 0;
		expect_round_trip(&o, 4 + 8 * o.sacks);
	}
	expect_round_trip(&o, 4 + 8 * 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read_as_written),
		cmocka_unit_test(what_is_built_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
