// SPDX-License-Identifier: MIT
/* include: tools/cat/pattern.c */
/*
 * Description: a piece of the pattern is the same however it is cut, differs
 * from its neighbours and other seeds, and the first wrong byte is found.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/cat/pattern.c"

static unsigned char whole[70000], piece[70000];

static void a_piece_is_the_same_however_it_is_cut(void **state)
{
	size_t offset, len;

	(void)state;
	unet_pattern_fill(7, 0, whole, sizeof(whole));
	for (offset = 0; offset < 40; offset++) {
		for (len = 0; len < 40; len++) {
			unet_pattern_fill(7, offset, piece, len);
			assert_memory_equal(piece, whole + offset, len);
		}
	}
	unet_pattern_fill(7, 12345, piece, 50000);
	assert_memory_equal(piece, whole + 12345, 50000);
}

static void nothing_repeats(void **state)
{
	size_t shift;

	(void)state;
	unet_pattern_fill(7, 0, whole, sizeof(whole));
	for (shift = 1; shift < 65536; shift++)
		assert_memory_not_equal(whole, whole + shift, 16);
	unet_pattern_fill(8, 0, piece, sizeof(piece));
	for (shift = 0; shift < 65536; shift++)
		assert_memory_not_equal(piece, whole + shift, 16);
	unet_pattern_fill(7, 1ull << 32, piece, 4096);
	assert_memory_not_equal(piece, whole, 16);
}

static void the_first_wrong_byte_is_found(void **state)
{
	size_t wrong;

	(void)state;
	unet_pattern_fill(7, 3, piece, 3000);
	assert_int_equal(unet_pattern_check(7, 3, piece, 3000), 3000);
	assert_int_equal(unet_pattern_check(7, 3, piece, 0), 0);
	for (wrong = 0; wrong < 3000; wrong += 13) {
		piece[wrong] ^= 1;
		assert_int_equal(unet_pattern_check(7, 3, piece, 3000), wrong);
		piece[wrong] ^= 1;
	}
	assert_int_not_equal(unet_pattern_check(7, 4, piece, 3000), 3000);
	assert_int_not_equal(unet_pattern_check(8, 3, piece, 3000), 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_piece_is_the_same_however_it_is_cut),
		cmocka_unit_test(nothing_repeats),
		cmocka_unit_test(the_first_wrong_byte_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
