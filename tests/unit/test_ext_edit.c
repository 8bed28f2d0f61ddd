// SPDX-License-Identifier: MIT
/*
 * Description: what unet-ext rewrite does to packets: the MSS of a SYN is found
 * behind any options and made smaller, never larger; options that lie about their
 * length end the search within the header, and the search always ends; the DSCP is
 * set and ECN stays, in both families; a text stands where another stood.
 */
#include "helpers.h"

#include <stdlib.h>

#include "tools/ext/edit.c"

/* Options behind a TCP header of 20 bytes; they end where the memory does. */
static bool clamp_in(const char *options, size_t n, unsigned int mss, uint8_t *after)
{
	uint8_t *hdr = calloc(1, 40 + n);
	bool ret;

	memcpy(hdr + 40, options, n);
	ret = ext_clamp_mss(hdr, 20, (uint32_t)(40 + n), mss);
	memcpy(after, hdr + 40, n);
	free(hdr);
	return ret;
}

static void the_mss_is_made_smaller(void **state)
{
	static const struct {
		const char *options;
		u32 n;
		u32 at;		/* of the MSS */
	} rows[] = {
		{ "\2\4\5\xb4", 4, 0 },
		{ "\1\1\2\4\5\xb4", 6, 2 },
		{ "\4\2\1\3\3\7\2\4\5\xb4", 10, 6 },
		{ "\1\xfe\2\4\5\xb4", 6, 0 },
		{ "\x8\xa" "12345678\2\4\5\xb4\0\0", 16, 10 },
		{ "\2\3\5\2\4\5\xb4", 7, 3 },
	};
	uint8_t after[40];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool found = i != 3;

		assert_int_equal(clamp_in(rows[i].options, rows[i].n, 1000, after),
				 found);
		if (found)
			assert_memory_equal(after + rows[i].at, "\2\4\3\xe8", 4);
		assert_false(clamp_in(rows[i].options, rows[i].n, 1460, after));
		assert_memory_equal(after, rows[i].options, rows[i].n);
	}
	/* nor a larger one, nor behind the end of options */
	assert_false(clamp_in("\2\4\1\0", 4, 1000, after));
	assert_false(clamp_in("\0\2\4\5\xb4", 5, 1000, after));
}

static void options_that_lie_end_the_search(void **state)
{
	static const char *const lies[] = {
		"\1\xfe\1\xfe\1\xfe\1\xfe",	/* once read far beyond the end */
		"\4\2\1\3\3\7\1\1",		/* and this never came to one */
		"\1\1\1\1\1\1\1\1", "\3\0\2\4\5\xb4\1\1", "\3\1\2\4\5\xb4\1\1",
		"\1\1\1\1\1\1\1\2", "\1\1\1\1\1\1\2\4", "\1\1\1\1\1\2\4\5",
		"\2\5\5\xb4\1\1\1\1", "\5\xff\2\4\5\xb4\1\1",
	};
	uint8_t after[40];
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		for (n = 0; n <= 8; n++) {
			assert_false(clamp_in(lies[i], n, 1000, after));
			assert_memory_equal(after, lies[i], n);
		}
	}
}

static void the_dscp_is_set_and_ecn_stays(void **state)
{
	uint8_t v4[2] = { 0x45, 0x03 };
	uint8_t v6[4] = { 0x60, 0x2a, 0xbc, 0xde };

	assert_true(ext_mark(v4, 4, 46));
	assert_int_equal(v4[0], 0x45);
	assert_int_equal(v4[1], 46 << 2 | 3);
	assert_false(ext_mark(v4, 4, 46));
	assert_true(ext_mark(v6, 6, 46));
	assert_memory_equal(v6, "\x6b\xaa\xbc\xde", 4);
	assert_false(ext_mark(v6, 6, 46));
	assert_true(ext_mark(v6, 6, 0));
	assert_memory_equal(v6, "\x60\x2a\xbc\xde", 4);
}

static void a_text_stands_where_another_stood(void **state)
{
	uint8_t out[8];

	assert_int_equal(ext_substitute((const u8 *)"a cat", 5, "cat", "dog", out, 8), 5);
	assert_memory_equal(out, "a dog", 5);
	assert_int_equal(ext_substitute((const u8 *)"catcat", 6, "cat", "x", out, 8), 4);
	assert_memory_equal(out, "xcat", 4);
	assert_int_equal(ext_substitute((const u8 *)"cat", 3, "cat", "", out, 8), 0);
	assert_int_equal(ext_substitute((const u8 *)"a cat", 5, "cat", "horse", out, 7), 7);
	assert_int_equal(ext_substitute((const u8 *)"a cat", 5, "cat", "horse", out, 6), -1);
	assert_int_equal(ext_substitute((const u8 *)"ca", 2, "cat", "dog", out, 8), -1);
	assert_int_equal(ext_substitute(NULL, 0, "cat", "dog", out, 8), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mss_is_made_smaller),
		cmocka_unit_test(options_that_lie_end_the_search),
		cmocka_unit_test(the_dscp_is_set_and_ecn_stays),
		cmocka_unit_test(a_text_stands_where_another_stood),
	};

	return cmocka_run_group_tests_name("ext edit", tests, NULL, NULL);
}
