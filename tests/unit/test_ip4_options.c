// SPDX-License-Identifier: MIT
/*
 * IPv4 options: the rows of vectors/ip4_options.h, and every string of a few
 * bytes in memory of exactly its size.
 */
#include "helpers.h"
#include "vectors/ip4_options.h"

static void no_string_reads_past_its_end(void **state)
{
	static const u8 letters[] = { 0, 1, 2, 3, 4, 7, 131, 137, 148, 255 };
	const u32 n = ARRAY_SIZE(letters);
	u32 number;
	u32 len;
	u32 i;

	for (len = 0; len <= 4; len++) {
		u32 all = 1;

		for (i = 0; i < len; i++)
			all *= n;
		for (number = 0; number < all; number++) {
			u8 bytes[4];
			u32 rest = number;
			u8 *exact;

			for (i = 0; i < len; i++, rest /= n)
				bytes[i] = letters[rest % n];
			exact = unit_copy(bytes, len);
			/* a source route in front is never let through */
			if (unet_ip4_options_plain(exact, len) && len)
				assert_true(exact[0] != 131 && exact[0] != 137);
			/* what may be sent may be received */
			if (unet_ip4_options_sendable(exact, len))
				assert_true(unet_ip4_options_plain(exact, len));
			free(exact);
		}
	}
}

int main(void)
{
	static const struct vector_set *const sets[] = { &ip4_options_set };
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_string_reads_past_its_end),
	};

	return unit_run("ip4_options", sets, ARRAY_SIZE(sets), tests,
			ARRAY_SIZE(tests));
}
