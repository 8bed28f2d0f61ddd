// SPDX-License-Identifier: MIT
/*
 * The ABI is what it was: the pins of vectors/abi.h hold in this build, and a
 * 32-bit compiler agrees with them.
 */
#include <stdio.h>

#include "helpers.h"
#include "vectors/abi.h"

#define COMPILE_32 "${CC:-cc} -m32 -std=gnu11 -fsyntax-only -xc " \
	"-isystem include/uapi -Itests " \
	"-idirafter /usr/include/$(${CC:-cc} -dumpmachine) "

static bool compiles_32(const char *source)
{
	char command[512];

	snprintf(command, sizeof(command), COMPILE_32 "%s >/dev/null 2>&1", source);
	return system(command) == 0;
}

/* The pins are compile-time; a struct that holds all others is seen at run time. */
static void pinned_sizes_hold_at_run_time(void **state)
{
	struct unet_bind *bind = malloc(sizeof(*bind));

	assert_int_equal(sizeof(*bind), 288);
	assert_ptr_equal(&bind->ifindex, (char *)bind + 284);
	free(bind);
}

static void a_32_bit_compiler_agrees(void **state)
{
	if (!compiles_32("/dev/null") || system("test -e tests/vectors/abi.h"))
		skip();	/* no 32-bit compiler, or not run from the top folder */
	assert_true(compiles_32("include/uapi/linux/unet.h"));
	assert_true(compiles_32("tests/vectors/abi.h"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pinned_sizes_hold_at_run_time),
		cmocka_unit_test(a_32_bit_compiler_agrees),
	};

	return unit_run("abi", NULL, 0, tests, ARRAY_SIZE(tests));
}
