// SPDX-License-Identifier: MIT
/*
 * The Internet checksum: known answers, and random bytes at every alignment
 * against the sum as RFC 1071 words it.
 */
#include "core/csum.h"
#include "core/wire.h"
#include "helpers.h"
#include "vectors/csum.h"

static u64 seed = 2;

static void fill(u8 *p, size_t len)
{
	bool ones = unit_random(&seed) % 4 == 0;
	size_t i;

	/* all ones is where carries go wrong */
	for (i = 0; i < len; i++)
		p[i] = ones ? 0xff : (u8)unit_random(&seed);
}

static u16 as_number(u16 raw)
{
	u8 field[2];

	unet_store_raw16(field, raw);
	return unet_load_u16(field);
}

static void any_length_and_alignment_agrees(void **state)
{
	u8 bytes[2048];
	u32 len;

	for (len = 0; len < 1600; len++) {
		u32 shift = len % 8;
		u8 *p = bytes + shift;
		u8 *exact;
		u8 *copy;
		u64 sum;

		fill(p, len);
		exact = unit_copy(p, len);
		copy = malloc(len ? len : 1);
		sum = unet_csum_add(exact, len, 0);
		assert_int_equal(as_number(unet_csum_finish(sum)),
				 vector_checksum(p, len));
		assert_int_equal(unet_csum_finish(unet_csum_add(p, len, 0)),
				 unet_csum_finish(sum));
		sum = unet_csum_copy(copy, exact, len, 0);
		assert_int_equal(as_number(unet_csum_finish(sum)),
				 vector_checksum(p, len));
		if (len)
			assert_memory_equal(copy, exact, len);
		free(exact);
		free(copy);
	}
}

static void a_sum_can_be_made_of_many_pieces(void **state)
{
	u8 bytes[1500];
	int round;

	for (round = 0; round < 2000; round++) {
		u64 sum = 0;
		u32 at = 0;

		fill(bytes, sizeof(bytes));
		while (at < sizeof(bytes)) {
			u32 len = 1 + (u32)(unit_random(&seed) % 300);

			len = min_t(u32, len, sizeof(bytes) - at);
			sum = unet_csum_join(sum, unet_csum_add(bytes + at, len,
								0), at);
			at += len;
		}
		assert_int_equal(as_number(unet_csum_finish(sum)),
				 vector_checksum(bytes, sizeof(bytes)));
	}
}

static void carries_of_a_long_sum_are_kept(void **state)
{
	u64 sum = ~0ull - 3;
	u8 word[8] = { 0, 9 };

	/* 2^64 - 4 is -3 modulo 2^64 - 1, and 9 more is 6 */
	sum = unet_csum_add(word, 8, sum);
	assert_int_equal(unet_csum_fold(sum),
			 (unet_load_raw16(word) + 0xfffcu) % 0xffff);
}

/* The pseudo header spelled out, summed the slow way. */
static void pseudo_headers_are_what_the_rfcs_draw(void **state)
{
	u8 pseudo[40];
	u8 *p = pseudo;
	u64 sum;
	u32 len;
	int i;

	for (i = 0; i < 2000; i++) {
		fill(pseudo, sizeof(pseudo));
		len = (u32)unit_random(&seed) & 0xffff;
		p[8] = 0;
		p[9] = (u8)unit_random(&seed);
		unet_store_u16(p + 10, (u16)len);
		sum = unet_csum_pseudo4(p, p + 4, p[9], len);
		assert_int_equal(as_number(unet_csum_finish(sum)),
				 vector_checksum(p, 12));

		fill(pseudo, sizeof(pseudo));
		len = (u32)unit_random(&seed);
		unet_store_u32(p + 32, len);
		memset(p + 36, 0, 3);
		sum = unet_csum_pseudo6(p, p + 16, p[39], len);
		assert_int_equal(as_number(unet_csum_finish(sum)),
				 vector_checksum(p, 40));
	}
}

static void an_update_is_as_good_as_a_new_sum(void **state)
{
	u8 header[20];
	int i;

	for (i = 0; i < 20000; i++) {
		u32 at = 2 * (u32)(unit_random(&seed) % 9);
		u16 check16;
		u16 check32;
		u16 from16;
		u32 from32;

		fill(header, sizeof(header));
		check16 = unet_csum_finish(unet_csum_add(header, 20, 0));
		check32 = check16;
		from16 = unet_load_raw16(header + at);
		from32 = unet_load_raw32(header + at);
		unet_store_u16(header + at, (u16)unit_random(&seed));
		check16 = unet_csum_update16(check16, from16,
					     unet_load_raw16(header + at));
		/* with its checksum a packet sums to all ones */
		assert_int_equal(unet_csum_fold(unet_csum_add(header, 20,
							      check16)), 0xffff);
		unet_store_u16(header + at + 2, (u16)unit_random(&seed));
		check32 = unet_csum_update32(check32, from32,
					     unet_load_raw32(header + at));
		assert_int_equal(unet_csum_fold(unet_csum_add(header, 20,
							      check32)), 0xffff);
	}
}

int main(void)
{
	static const struct vector_set *const sets[] = {
		&csum_set, &csum_update_set,
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_length_and_alignment_agrees),
		cmocka_unit_test(a_sum_can_be_made_of_many_pieces),
		cmocka_unit_test(carries_of_a_long_sum_are_kept),
		cmocka_unit_test(pseudo_headers_are_what_the_rfcs_draw),
		cmocka_unit_test(an_update_is_as_good_as_a_new_sum),
	};

	return unit_run("csum", sets, ARRAY_SIZE(sets), tests,
			ARRAY_SIZE(tests));
}
